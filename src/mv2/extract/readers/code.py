"""Source code, as it is: each function, class and section is a block with its name."""

from __future__ import annotations

import re

from mv2.extract.model import Extraction, ReadOptions, Source
from mv2.extract.readers._code_definitions import lay_out
from mv2.extract.readers._code_languages import find_definitions, language_of
from mv2.extract.readers._code_mask import mask
from mv2.extract.readers.text import decode

_DECLARED = re.compile(rb"coding[:=]\s{0,9}([-\w.]{1,40})")
_DECLARED_WITHIN = 300

MAX_SYMBOLS = 500
"""Names that the metadata holds; more are in the blocks."""


def read(source: Source, options: ReadOptions) -> Extraction:
    """Read a program or a file of settings.

    The definitions are found by the look of the code, not by a compiler, so broken and unfinished
    programs are read too.

    Raises:
        DocumentLimitError: it has more characters than the limits allow.
    """
    declared = _DECLARED.search(source.data, 0, _DECLARED_WITHIN)
    encoding = None if declared is None else declared.group(1).decode("ascii")
    decoded = decode(source.data, options.limits, encoding)
    language = language_of(source.mime, source.name)
    masked = mask(decoded.text, language.lexis)
    layout = lay_out(masked, find_definitions(masked, language))
    metadata: dict[str, object] = {"language": language.name}
    if layout.symbols:
        metadata["symbols"] = layout.symbols[:MAX_SYMBOLS]
    if decoded.encoding != "utf-8":
        metadata["encoding"] = decoded.encoding
    return Extraction(
        text=decoded.text,
        exact=decoded.exact,
        blocks=tuple(layout.blocks),
        metadata=metadata,
        warnings=decoded.warnings,
    )
