"""Binary kinds, told by their first bytes and, for containers, by what is in them."""

from __future__ import annotations

from mv2.errors import Error
from mv2.extract._ole import SIGNATURE as _OLE
from mv2.extract._ole import top_names
from mv2.extract.guard import ZipGuard
from mv2.extract.model import Limits

ENCRYPTED = "application/x-encrypted-office"

# (offset, bytes, media type)
_PREFIXES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"%PDF-", "application/pdf"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"II+\x00", "image/tiff"),
    (0, b"MM\x00+", "image/tiff"),
    (0, b"\x00\x00\x01\x00", "image/x-icon"),
    (0, b"8BPS", "image/vnd.adobe.photoshop"),
    (0, b"\x00\x00\x00\x0cjP  \r\n\x87\n", "image/jp2"),
    (0, b"\x00\x00\x00\x0cJXL \r\n\x87\n", "image/jxl"),
    (0, b"\xff\x0a", "image/jxl"),
    (0, b"fLaC", "audio/flac"),
    (0, b"ID3\x02", "audio/mpeg"),
    (0, b"ID3\x03", "audio/mpeg"),
    (0, b"ID3\x04", "audio/mpeg"),
    (0, b"MThd", "audio/midi"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "audio/x-ms-wma"),
    (0, b"FLV\x01", "video/x-flv"),
    (0, b"\x00\x00\x01\xba", "video/mpeg"),
    (0, b"\x00\x00\x01\xb3", "video/mpeg"),
    (0, b"\x1f\x8b\x08", "application/gzip"),
    (0, b"\xfd7zXZ\x00", "application/x-xz"),
    (0, b"\x28\xb5\x2f\xfd", "application/zstd"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (257, b"ustar", "application/x-tar"),
    (0, b"SQLite format 3\x00", "application/vnd.sqlite3"),
    (0, b"PAR1\x15", "application/vnd.apache.parquet"),
    (0, b"MV2\x00", "application/x-mv2"),
    (0, b"\x7fELF", "application/x-executable"),
    (0, b"\xcf\xfa\xed\xfe", "application/x-executable"),
    (0, b"\xca\xfe\xba\xbe", "application/x-executable"),
    (0, b"\x00asm", "application/x-executable"),
    (0, b"%!PS", "application/postscript"),
    (0, b"wOFF", "font/sfnt"),
    (0, b"wOF2", "font/sfnt"),
    (0, b"OTTO\x00", "font/sfnt"),
    (0, b"\x00\x01\x00\x00\x00", "font/sfnt"),
)
_READERS = {
    "application/pdf": "pdf",
    "application/rtf": "rtf",
    "application/epub+zip": "epub",
    "application/zip": "archive",
    "application/x-tar": "archive",
    "application/gzip": "archive",
    "application/x-bzip2": "archive",
    "application/x-xz": "archive",
    "application/vnd.ms-excel": "sheets",
    **dict.fromkeys(
        ("png", "jpeg", "gif", "webp", "bmp", "tiff", "heic", "avif", "x-icon"),
        "image",
    ),
    **dict.fromkeys(
        ("mpeg", "wav", "flac", "ogg", "opus", "mp4", "aac", "aiff", "x-ms-wma"),
        "audio",
    ),
}
# By what [Content_Types].xml calls the main part.
_OOXML: tuple[tuple[bytes, str, str], ...] = (
    (b"wordprocessingml.document.main", "docx", ".wordprocessingml.document"),
    (b"wordprocessingml.template.main", "docx", ".wordprocessingml.template"),
    (b"ms-word.document.macroEnabled.main", "docx", "application/vnd.ms-word.document.macroenabled.12"),
    (
        b"ms-word.template.macroEnabledTemplate.main",
        "docx",
        "application/vnd.ms-word.template.macroenabled.12",
    ),
    (b"spreadsheetml.sheet.main", "sheets", ".spreadsheetml.sheet"),
    (b"spreadsheetml.template.main", "sheets", ".spreadsheetml.template"),
    (b"ms-excel.sheet.macroEnabled.main", "sheets", "application/vnd.ms-excel.sheet.macroenabled.12"),
    (b"ms-excel.template.macroEnabled.main", "sheets", "application/vnd.ms-excel.sheet.macroenabled.12"),
    (
        b"ms-excel.sheet.binary.macroEnabled.main",
        "sheets",
        "application/vnd.ms-excel.sheet.binary.macroenabled.12",
    ),
    (b"presentationml.presentation.main", "pptx", ".presentationml.presentation"),
    (b"presentationml.slideshow.main", "pptx", ".presentationml.slideshow"),
    (b"presentationml.template.main", "pptx", ".presentationml.template"),
    (
        b"ms-powerpoint.presentation.macroEnabled.main",
        "pptx",
        "application/vnd.ms-powerpoint.presentation.macroenabled.12",
    ),
    (
        b"ms-powerpoint.slideshow.macroEnabled.main",
        "pptx",
        "application/vnd.ms-powerpoint.slideshow.macroenabled.12",
    ),
)
_OOXML_PARTS = (
    ("word/document.xml", "docx", ".wordprocessingml.document"),
    ("xl/workbook.xml", "sheets", ".spreadsheetml.sheet"),
    ("xl/workbook.bin", "sheets", "application/vnd.ms-excel.sheet.binary.macroenabled.12"),
    ("ppt/presentation.xml", "pptx", ".presentationml.presentation"),
)
_OPEN = "application/vnd.oasis.opendocument"
_ODF = {"text": "odf", "presentation": "odf", "graphics": "odf", "spreadsheet": "sheets"}
_HEIF = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"}
_FIRST_LETTERS = frozenset(prefix[:1] for offset, prefix, _ in _PREFIXES if offset == 0) | {
    b"P", b"R", b"F", b"B", b"O", b"M", b"\x1a", b"\xff", b"\xd0", b"\x00", b"A",
}  # fmt: skip


def binary_type(data: bytes) -> tuple[str, str | None] | None:
    """Media type and reader of a document with a signature; None when it has none that is known."""
    head = data[:4096]
    if head[:1] in _FIRST_LETTERS or head[257:262] == b"ustar" or head[4:8] == b"ftyp":
        if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
            return _zip_type(data)
        if head.startswith(_OLE):
            return _ole_type(data)
        mime = _prefix_type(head) or _riff_type(head) or _media_type(head) or _other_type(head)
        if mime is not None:
            return mime, reader_of(mime)
    if (start := head.find(b"%PDF-", 0, 1024)) >= 0 and _is_junk(head[:start]):
        return "application/pdf", "pdf"
    return None


def reader_of(mime: str) -> str | None:
    """Name of the built-in reader of a binary media type."""
    kind, _, rest = mime.partition("/")
    if kind == "video":
        # The sound track's reader reads what the container says of it.
        return "audio" if rest == "mp4" else None
    name = _READERS.get(mime) or _READERS.get(rest if kind in {"image", "audio"} else "")
    return name if name not in {"image", "audio"} or name == kind else None


def _is_junk(start: bytes) -> bool:
    """What mail gateways and broken scripts leave in front; a text that speaks of the signature is none."""
    return (
        not start.strip() or any(byte < 9 or byte > 126 for byte in start) or start.endswith((b"\n", b"\r"))
    )


def _prefix_type(head: bytes) -> str | None:
    for offset, prefix, mime in _PREFIXES:
        if head.startswith(prefix, offset):
            return mime
    return None


def _riff_type(head: bytes) -> str | None:
    if head[:4] in {b"RIFF", b"RF64"}:
        return {b"WAVE": "audio/wav", b"WEBP": "image/webp", b"AVI ": "video/x-msvideo"}.get(head[8:12])
    if head[:4] == b"FORM" and head[8:12] in {b"AIFF", b"AIFC"}:
        return "audio/aiff"
    return None


def _media_type(head: bytes) -> str | None:
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in _HEIF:
            return "image/avif" if b"avif" in head[8:64] else "image/heic"
        if brand in {b"avif", b"avis"}:
            return "image/avif"
        return "audio/mp4" if brand in {b"M4A ", b"M4B ", b"M4P "} else "video/mp4"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    if head.startswith(b"OggS"):
        if b"theora" in head[:256]:
            return "video/ogg"
        return "audio/opus" if b"OpusHead" in head[:64] else "audio/ogg"
    return _frame_type(head)


def _frame_type(head: bytes) -> str | None:
    """Audio that begins with a frame: eleven set bits, then fields that may not have all values."""
    if len(head) < 4 or head[0] != 0xFF or head[1] in {0xFE, 0xFF}:
        return None
    if head[1] & 0xF6 == 0xF0 and (head[2] >> 2) & 0xF < 13:
        return "audio/aac"
    version, layer = (head[1] >> 3) & 3, (head[1] >> 1) & 3
    rate, frequency = head[2] >> 4, (head[2] >> 2) & 3
    if head[1] >= 0xE0 and version != 1 and layer != 0 and rate not in {0, 15} and frequency != 3:
        return "audio/mpeg"
    return None


def _other_type(head: bytes) -> str | None:
    if (
        head.startswith(b"BM")
        and len(head) > 18
        and int.from_bytes(head[14:18], "little") in {12, 40, 52, 56, 64, 108, 124}
    ):
        return "image/bmp"
    if head.startswith(b"BZh") and head[4:10] == b"1AY&SY":
        return "application/x-bzip2"
    if head.startswith(b"MZ") and b"\x00" in head[:64]:
        return "application/x-executable"
    return None


def _ole_type(data: bytes) -> tuple[str, str | None]:
    names = top_names(data)
    if "EncryptedPackage" in names:
        return ENCRYPTED, None
    if "WordDocument" in names:
        return "application/msword", None
    if "Workbook" in names or "Book" in names:
        return "application/vnd.ms-excel", "sheets"
    if "PowerPoint Document" in names:
        return "application/vnd.ms-powerpoint", None
    if any(name.startswith(("__substg1.0_", "__properties_version1.0")) for name in names):
        return "application/vnd.ms-outlook", None
    return "application/x-ole-storage", None


def _zip_type(data: bytes) -> tuple[str, str | None]:
    if data[30:38] == b"mimetype" and data[8:10] == b"\x00\x00":
        # Stored first and uncompressed, as OpenDocument and EPUB ask for; the archive may be damaged.
        length = min(int.from_bytes(data[18:22], "little"), 100)
        start = 38 + int.from_bytes(data[28:30], "little")
        if (found := _named_type(data[start : start + length])) is not None:
            return found
    try:
        archive = ZipGuard(data, Limits(expanded_bytes=4 << 20))
        if "[Content_Types].xml" in archive and (found := _ooxml_type(archive)) is not None:
            return found
        if "mimetype" in archive and (found := _named_type(archive.read("mimetype"))) is not None:
            return found
    except Error:
        return "application/zip", "archive"
    for part, reader, mime in _OOXML_PARTS:
        if part in archive:
            return _whole(mime), reader
    if "META-INF/container.xml" in archive and any(name.endswith(".opf") for name in archive.names()):
        return "application/epub+zip", "epub"
    if any(name.endswith(".iwa") or name == "index.apxl" for name in archive.names()):
        return "application/x-iwork", None
    return "application/zip", "archive"


def _ooxml_type(archive: ZipGuard) -> tuple[str, str | None] | None:
    types = archive.read("[Content_Types].xml")
    for mark, reader, mime in _OOXML:
        if mark in types:
            return _whole(mime), reader
    return None


def _whole(mime: str) -> str:
    return f"application/vnd.openxmlformats-officedocument{mime}" if mime.startswith(".") else mime


def _named_type(mimetype: bytes) -> tuple[str, str | None] | None:
    mime = mimetype.strip().decode("ascii", "replace")
    if mime == "application/epub+zip":
        return mime, "epub"
    if mime.startswith(f"{_OPEN}."):
        kind = mime.removeprefix(f"{_OPEN}.").partition("-")[0]
        return (f"{_OPEN}.{kind}", _ODF[kind]) if kind in _ODF else (_OPEN, None)
    return None
