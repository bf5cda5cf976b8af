"""Plain text, as it is."""

from __future__ import annotations

from mv2._record import dataclass
from mv2.errors import DocumentLimitError
from mv2.extract.guard import decode_text
from mv2.extract.model import Block, Extraction, Limits, ReadOptions, Source

_PAGE_BREAK = "\f"


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file.

    Attributes:
        text: without a byte order mark.
        exact: ``text.encode()`` is the file.
        encoding: the encoding of the file.
        warnings: what was guessed or lost.
    """

    text: str
    exact: bool
    encoding: str
    warnings: tuple[str, ...]


def decode(data: bytes, limits: Limits, declared: str | None = None) -> Decoded:
    """Decode a file that is text and nothing else.

    Args:
        declared: encoding the file says it is in; it counts where the file is not UTF-8.

    Raises:
        DocumentLimitError: it has more characters than ``limits`` allow.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text, encoding = decode_text(data, declared)
    else:
        if text.startswith("\ufeff") or "\0" in text:
            text, encoding = decode_text(data, declared)
        else:
            encoding = "utf-8"
    if len(text) > limits.text_chars:
        raise DocumentLimitError(
            f"the file has more than {limits.text_chars:,} characters (limit text_chars)"
        )
    warnings = []
    if not encoding.startswith("utf-8"):
        warnings.append(f"decoded as {encoding}")
    broken = text.count("\ufffd")
    if broken and encoding.startswith("utf"):
        warnings.append(f"{broken} character{'s' if broken > 1 else ''} could not be decoded")
    return Decoded(text, text.encode() == data, encoding, tuple(warnings))


def read(source: Source, options: ReadOptions) -> Extraction:
    """Read a text file; form feeds separate its pages.

    Raises:
        DocumentLimitError: it has more characters than the limits allow.
    """
    decoded = decode(source.data, options.limits)
    blocks, pages = _pages(decoded.text)
    if not blocks and not decoded.exact:
        blocks = _whole(decoded.text)
    return Extraction(
        text=decoded.text,
        exact=decoded.exact,
        blocks=blocks,
        pages=pages,
        metadata={} if decoded.encoding == "utf-8" else {"encoding": decoded.encoding},
        warnings=decoded.warnings,
    )


def _whole(text: str) -> tuple[Block, ...]:
    """One block that says in which lines of the file the text stands."""
    shown = text.strip()
    if not shown:
        return ()
    start = len(text) - len(text.lstrip())
    first = 1 + text.count("\n", 0, start)
    lines = (first, first + shown.count("\n"))
    return (Block(kind="paragraph", start=start, end=start + len(shown), lines=lines),)


def _pages(text: str) -> tuple[tuple[Block, ...], int | None]:
    """One block a page, none when the text has no pages."""
    if _PAGE_BREAK not in text:
        return (), None
    blocks: list[Block] = []
    start = number = 0
    last = 0
    while start <= len(text):
        end = text.find(_PAGE_BREAK, start)
        end = len(text) if end < 0 else end
        number += 1
        page = text[start:end]
        shown = page.strip()
        if shown:
            first = start + len(page) - len(page.lstrip())
            blocks.append(Block(kind="paragraph", start=first, end=first + len(shown), page=number))
            last = number
        start = end + 1
    if text.strip() == "" or last < 2:
        return (), None
    return tuple(blocks), last
