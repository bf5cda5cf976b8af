"""Corrections on their way in, stored where the original engine stores them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from mv2.errors import InvalidArgumentError
from mv2.format.checksum import digest
from mv2.types import Document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mv2.types import Timestamp

LABEL: Final = "correction"
URI: Final = "mv2://correction/"
MARK: Final = "memvid.correction"
BOOST: Final = "memvid.correction.boost"
SOURCE: Final = "memvid.correction.source"
DEFAULT_BOOST: Final = 2.0
_TITLE_CHARS: Final = 50


def correction(
    statement: str,
    *,
    topics: Sequence[str] = (),
    boost: float = DEFAULT_BOOST,
    source: str | None = None,
    timestamp: Timestamp | None = None,
) -> Document:
    """The document of a correction. Its uri is made of the statement, so stating it again makes
    a new version, and its topics are its tags.

    Raises:
        InvalidArgumentError: the statement is empty, or the boost is no number above 0.
    """
    if not isinstance(statement, str) or not statement.strip():
        raise InvalidArgumentError("a correction needs a statement", remedy="Say what is true instead.")
    if isinstance(boost, bool) or not isinstance(boost, int | float) or not 0 < boost < math.inf:
        raise InvalidArgumentError(f"boost {boost!r} is not a number above 0")
    if isinstance(topics, str):
        raise InvalidArgumentError("topics is one string", remedy="Give a list of strings.")
    plain = " ".join(statement.split())
    metadata: dict[str, Any] = {MARK: True, BOOST: float(boost)}
    if source is not None:
        metadata[SOURCE] = source
    return Document(
        content=statement,
        uri=URI + digest(plain.casefold().encode(errors="surrogatepass")).hex()[:32],
        title=f"Correction: {plain[:_TITLE_CHARS]}",
        tags=tuple(topics),
        labels=(LABEL,),
        metadata=metadata,
        timestamp=timestamp,
    )
