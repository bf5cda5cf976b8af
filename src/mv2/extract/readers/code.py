"""Source code, as it is: each function, class and section is a block with its name."""

from __future__ import annotations

from mv2.extract.model import Extraction, ReadOptions, Source
from mv2.extract.readers._code_definitions import lay_out
from mv2.extract.readers._code_languages import find_definitions, language_of
from mv2.extract.readers._code_mask import mask
from mv2.extract.readers.text import decode

MAX_SYMBOLS = 500
"""Names that the metadata holds; more are in the blocks."""


def read(source: Source, options: ReadOptions) -> Extraction:  # noqa: ARG001 - all readers are called alike
    """Read a program or a file of settings.

    The definitions are found by the look of the code, not by a compiler, so broken and unfinished
    programs are read too.
    """
    decoded = decode(source.data)
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
