"""Bytes to text when nobody can be trusted to know the encoding."""

from __future__ import annotations

import codecs
import re

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What writers of the narrower name mean, as browsers read them.
_MEANT = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "ks_c_5601-1987": "cp949",
}
# No encodings of texts, or ones whose decoders take quadratic time.
_REFUSED = {"idna", "punycode", "utf-7", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"}
_SAMPLE = 1 << 16
_SWITCH = re.compile(rb"\x1b\$[@B]")
# Inside a word, these show that the text was not written in the western code page.
_ODD = re.compile(r"[^\W\d_][¡¢¤¥¦§¨©¬®¯°±²³´µ¶·¸¹º¼½¾¿×÷¹]+[^\W\d_]|[\x80-\x9f]")


def decode_text(data: bytes, declared: str | None = None) -> tuple[str, str]:
    """Text of bytes, and the name of the encoding it was in; never fails.

    Tried in order: byte order mark, ``declared``, UTF-16 by its zero bytes, ISO-2022-JP by its
    escapes, UTF-8, what ``charset-normalizer`` finds where it is installed, Windows-1252. A few broken
    sequences in otherwise good text become U+FFFD. Line ends stay as they are.

    Args:
        declared: encoding the document or its carrier names; names that do not exist are ignored.
    """
    if (marked := mark_of(data)) is not None:
        return data.decode(marked, "replace").removeprefix("\ufeff"), marked
    named = _codec(declared)
    if named is not None and not named.startswith("utf-8"):
        text = _mostly(data, named)
        # What is valid UTF-8 beyond ASCII is nothing else.
        if text is not None and not (_MEANT.get(named, named) == "cp1252" and _is_utf8(data)):
            return text, named
    if (wide := wide_encoding(data)) is not None:
        return data.decode(wide, "replace"), wide
    if (text := _escaped(data)) is not None:
        return text, "iso2022_jp"
    if (text := _mostly(data, "utf-8")) is not None:
        return text, "utf-8"
    return _guess(data)


def mark_of(data: bytes) -> str | None:
    """The encoding that a byte order mark at the start stands for."""
    return next((encoding for mark, encoding in _MARKS if data.startswith(mark)), None)


def _escaped(data: bytes) -> str | None:
    """Japanese in seven bits, which is valid UTF-8 as well, though nobody can read that."""
    if _SWITCH.search(data) is None:
        return None
    try:
        return data.decode("iso2022_jp")
    except UnicodeDecodeError:
        return None


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _codec(name: str | None) -> str | None:
    """Python's name of a declared encoding, if it is one of texts."""
    if not name:
        return None
    try:
        info = codecs.lookup(name.strip().strip("\"'").lower())
    except (LookupError, ValueError):
        return None
    if not info._is_text_encoding or info.name.replace("_", "-") in _REFUSED:
        return None
    return _MEANT.get(info.name, info.name)


def _mostly(data: bytes, encoding: str) -> str | None:
    """The text, unless much of it is not in that encoding."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        near_end = error.start >= len(data) - 4
    except (UnicodeError, ValueError):
        return None
    text = data.decode(encoding, "replace")
    broken = text.count("\ufffd")
    foreign = len(text) - len(text.encode("ascii", "ignore"))
    if (near_end and foreign > broken) or broken * 20 <= foreign - broken:
        return text
    return None


def wide_encoding(data: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark, known by where its zero bytes stand."""
    sample = data[:4096]
    if len(sample) < 4 or b"\x00" not in sample:
        return None
    quarter = len(sample) // 4
    zeros = [sample[place::4].count(0) for place in range(4)]
    few, most = quarter * 0.1, quarter * 0.7
    if min(zeros[1:]) > most and zeros[0] <= few:
        encoding = "utf-32-le"
    elif min(zeros[:3]) > most and zeros[3] <= few:
        encoding = "utf-32-be"
    elif zeros[1] + zeros[3] > quarter * 0.5 and zeros[0] + zeros[2] <= few:
        encoding = "utf-16-le"
    elif zeros[0] + zeros[2] > quarter * 0.5 and zeros[1] + zeros[3] <= few:
        encoding = "utf-16-be"
    else:
        return None
    text = sample[: quarter * 4].decode(encoding, "replace")
    readable = sum(char.isprintable() or char.isspace() for char in text)
    return encoding if readable >= len(text) * 0.97 else None


def _guess(data: bytes) -> tuple[str, str]:
    western = data.decode("cp1252", "replace") if len(data) <= _SAMPLE else ""
    sample = data[:_SAMPLE].decode("cp1252", "replace")
    letters = sum(char.isalpha() for char in sample)
    foreign = sum(char.isalpha() and char > "\x7f" for char in sample)
    if foreign * 3 > letters or "\ufffd" in sample or _ODD.search(sample):
        encoding = _normalizer_guess(data[:_SAMPLE])
        if encoding is not None:
            return data.decode(encoding, "replace"), encoding
    return western or data.decode("cp1252", "replace"), "cp1252"


def _normalizer_guess(sample: bytes) -> str | None:
    try:
        from charset_normalizer import from_bytes
    except ImportError:
        return None
    best = from_bytes(sample).best()
    return None if best is None else _codec(best.encoding)
