"""What a document is: by its content first, then by its name, then by what its carrier says.

Needs no package besides the standard library, so the answer is the same everywhere.
"""

from __future__ import annotations

from mv2._record import dataclass
from mv2.extract._kinds import BUILT_IN, NAMES, TEXT_KINDS
from mv2.extract._signatures import binary_type
from mv2.extract._sniff import is_html_piece, sure_kind
from mv2.extract._text import mark_of, wide_encoding

_SNIFFED = 4096
_CHECKED = 1 << 14
# What no text holds; tab, line ends, form feed, escape and the end mark of old systems may be there.
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r\f\x1b\x1a\x08\x0b") + b"\x7f"
_BINARY = "application/octet-stream"
_TEXT = "text/plain"
_JSON = "application/json"
_LINES = "application/x-ndjson"
# Kinds that many formats share, so that the name may still say more.
_SHARED = {"application/zip", "application/xml", _BINARY, "application/x-ole-storage"}
_ZIPPED = {"docx", "pptx", "odf", "epub", "sheets"}
_BY_MIME = {mime: reader.name for reader in reversed(BUILT_IN) for mime in reader.mimes}
_TEXT_READERS = {reader for reader, _ in TEXT_KINDS.values()}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileType:
    """What a document is.

    Attributes:
        mime: media type, always one.
        reader: name of the reader of mv2 for it; None when there is none.
        encoding: of text, as far as its first bytes show it.
        shared: it is of a kind that many formats share; one of them may be meant.
    """

    mime: str
    reader: str | None
    encoding: str | None = None
    shared: bool = False


def detect(data: bytes, name: str = "", declared: str | None = None) -> FileType:
    """What a document is; never fails.

    Args:
        data: all of its bytes.
        name: file name; where it contradicts the content, the content is right.
        declared: media type its carrier states; used where content and name leave it open.
    """
    found = binary_type(data)
    if found is not None:
        mime, reader = found
        return _by_name(FileType(mime=mime, reader=reader, shared=mime in _SHARED), name)
    wide = mark_of(data) or wide_encoding(data)
    if wide is None and not _is_text(data):
        return _by_name(FileType(mime=_BINARY, reader=None, shared=True), name)
    if wide is None or wide == "utf-8":
        head = data[: _SNIFFED + 3].removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
        encoding = wide or _encoding(data)
    else:
        head, encoding = data[:_SNIFFED].decode(wide, "replace").removeprefix("\ufeff"), wide
    reader, mime, shared = _text_kind(head.lstrip(), data, name, declared)
    return FileType(mime=mime, reader=reader, encoding=encoding, shared=shared)


def _by_name(found: FileType, name: str) -> FileType:
    """What a damaged file was is known by its name, and its own reader says best what is wrong."""
    ending = _ending(name)
    if found.mime not in {"application/zip", _BINARY} or ending in TEXT_KINDS:
        return found
    for reader in BUILT_IN:
        if ending in reader.extensions and (found.mime == _BINARY or reader.name in _ZIPPED):
            return FileType(mime=reader.mimes[0], reader=reader.name, shared=True)
    return found


def _is_text(data: bytes) -> bool:
    start, end = data[:_CHECKED], data[-_CHECKED:] if len(data) > _CHECKED else b""
    clean = start.translate(None, _CONTROLS) + end.translate(None, _CONTROLS)
    return len(clean) == len(start) + len(end) and b"\x00" not in data


def _encoding(data: bytes) -> str | None:
    try:
        data[:_CHECKED].decode("utf-8")
    except UnicodeDecodeError as error:
        cut = len(data) > _CHECKED and error.start >= _CHECKED - 4
        return "utf-8" if cut else None
    return "utf-8"


def _ending(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


def _text_kind(head: str, data: bytes, name: str, declared: str | None) -> tuple[str, str, bool]:
    """Reader, media type, and whether other formats look the same."""
    base = name.replace("\\", "/").rpartition("/")[2].lower()
    named = NAMES.get(base) or TEXT_KINDS.get(_ending(base))
    sure = sure_kind(head, data)
    if sure is not None and not _is_finer(sure, named):
        return (*sure, sure[1] in _SHARED)
    if named is not None and named[0] not in {"notebook", "feed", "mail"}:
        return (*named, named[1] in _SHARED)
    if declared is not None:
        mime = declared.partition(";")[0].strip().lower()
        reader = _BY_MIME.get(mime)
        if reader in _TEXT_READERS and reader != "text":
            return reader, mime, False
    if is_html_piece(head) and named is None:
        return "html", "text/html", True
    if named is not None and named[0] == "mail":
        return (*named, False)
    return "text", _TEXT, True


def _is_finer(sure: tuple[str, str], named: tuple[str, str] | None) -> bool:
    """Whether the name says more than the content, and does not contradict it."""
    if named is None or named[1] == _TEXT or sure[0] in {"feed", "notebook"}:
        return False
    if named[0] == "code":
        return True  # programs may begin with a page, a list or a value: templates and listings do
    if named[0] == "data":
        # Lines of records are often called JSON; YAML may look like it.
        return sure[1] in {_JSON, _LINES} and named[1] not in {_JSON, "application/xml"}
    return named[0] == "markdown" and sure[0] in {"data", "mail", "code"}
