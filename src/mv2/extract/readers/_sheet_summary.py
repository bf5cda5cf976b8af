"""What a workbook of the old binary kind says of itself: its stream of properties."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from mv2.extract._values import clean
from mv2.extract.readers._office import words_of
from mv2.extract.readers._sheet_binary import compound_stream

_MARK = b"\xfe\xff"
_CODE_PAGE = 1
_TEXTS = {2: "title", 3: "subject", 4: "author", 5: "keywords"}
_TIMES = {12: "created", 13: "modified"}
_SHORT, _TEXT, _WIDE_TEXT, _TIME = 0x02, 0x1E, 0x1F, 0x40
_MOST = 200
_LONGEST = 10_000
_TO_1970 = 11_644_473_600


def summary_properties(data: bytes) -> dict[str, Any]:
    """Fields of ``Extraction`` from the properties of a compound file; empty where they are damaged."""
    try:
        values = dict(_values(compound_stream(data, ("\x05SummaryInformation",))))
    except (struct.error, IndexError, LookupError):
        return {}
    code_page = values.get(_CODE_PAGE, 1252)
    found: dict[str, Any] = {}
    for number, name in _TEXTS.items():
        value = values.get(number)
        text = _decoded(value, code_page) if isinstance(value, bytes) else value
        if isinstance(text, str) and (text := clean(text).strip("\0 \r\n\t")):
            found[name] = words_of(text) if name == "keywords" else text
    for number, name in _TIMES.items():
        seconds = values.get(number)
        if isinstance(seconds, int) and seconds > 0:
            found[name] = seconds
    return found


def _values(stream: bytes) -> Iterator[tuple[int, int | str | bytes]]:
    if not stream.startswith(_MARK):
        return
    (section,) = struct.unpack_from("<I", stream, 44)
    (count,) = struct.unpack_from("<I", stream, section + 4)
    for at in range(min(count, _MOST)):
        number, offset = struct.unpack_from("<II", stream, section + 8 + 8 * at)
        place = section + offset
        (kind,) = struct.unpack_from("<I", stream, place)
        if kind == _SHORT:
            yield number, struct.unpack_from("<H", stream, place + 4)[0]
        elif kind == _TEXT:
            (size,) = struct.unpack_from("<I", stream, place + 4)
            yield number, stream[place + 8 : place + 8 + min(size, _LONGEST)]
        elif kind == _WIDE_TEXT:
            (size,) = struct.unpack_from("<I", stream, place + 4)
            yield (
                number,
                stream[place + 8 : place + 8 + 2 * min(size, _LONGEST)].decode("utf-16-le", "replace"),
            )
        elif kind == _TIME:
            (ticks,) = struct.unpack_from("<Q", stream, place + 4)
            yield number, ticks // 10_000_000 - _TO_1970


def _decoded(text: bytes, code_page: object) -> str:
    names = {65001: "utf-8", 1200: "utf-16-le", 10000: "mac-roman"}
    encoding = names.get(code_page, f"cp{code_page}") if isinstance(code_page, int) else "cp1252"
    try:
        return text.split(b"\0")[0].decode(encoding) if encoding != "utf-16-le" else text.decode(encoding)
    except (LookupError, UnicodeDecodeError):
        return text.split(b"\0")[0].decode("latin-1")
