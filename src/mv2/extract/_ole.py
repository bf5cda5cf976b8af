"""The directory of a compound file (OLE2), which old office programs write."""

from __future__ import annotations

import struct

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LAST_SECTOR = 0xFFFFFFFA
_MOST_SECTORS = 4096
_NONE = 0xFFFFFFFF


def top_names(data: bytes) -> set[str]:
    """Names of the streams and folders at the top of a compound file; empty when it is damaged.

    Names deeper down do not count: a document may hold other documents.
    """
    try:
        entries = _entries(data)
        if not entries:
            return set()
        pending, seen = [struct.unpack_from("<I", entries[0], 76)[0]], set[int]()
        names = set[str]()
        while pending:
            number = pending.pop()
            if number in seen or number >= len(entries):
                continue
            seen.add(number)
            entry = entries[number]
            length = min(struct.unpack_from("<H", entry, 64)[0], 64)
            names.add(entry[: max(0, length - 2)].decode("utf-16-le", "replace"))
            pending += struct.unpack_from("<II", entry, 68)
    except struct.error:
        return set()
    return names


def _entries(data: bytes) -> list[bytes]:
    """The records of the directory, of 128 bytes each."""
    (shift,) = struct.unpack_from("<H", data, 30)
    if shift not in {9, 12}:
        return []
    size = 1 << shift
    (sector,) = struct.unpack_from("<I", data, 48)
    tables = struct.unpack_from("<109I", data, 76)
    parts, seen = list[bytes](), set[int]()
    while sector < _LAST_SECTOR and sector not in seen and len(seen) < _MOST_SECTORS:
        seen.add(sector)
        at = (sector + 1) * size
        parts.append(data[at : at + size])
        table, place = divmod(sector, size // 4)
        if table >= len(tables) or tables[table] == _NONE:
            break
        (sector,) = struct.unpack_from("<I", data, (tables[table] + 1) * size + place * 4)
    joined = b"".join(parts)
    return [joined[at : at + 128] for at in range(0, len(joined) - 127, 128)]
