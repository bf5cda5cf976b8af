"""Chapters of a recording, as MP4, ID3 and Vorbis comments hold them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

__all__ = ["Chapter", "chapters_of"]

# Start and end in seconds and title; the end is None where nothing says it.
Chapter: TypeAlias = tuple[float, float | None, str]

_MOST = 2_000
_LONGEST = 10 * 24 * 3600.0
_STAMP = re.compile(r"(\d{1,3}):([0-5]?\d):([0-5]?\d(?:\.\d{1,6})?)")


def chapters_of(data: bytes, tags: Mapping[str, Sequence[str]], duration: float | None) -> list[Chapter]:
    """The chapters in order of time; each ends where the next one starts unless it says so itself."""
    found = _id3(data) if data[:3] == b"ID3" else _mp4(data) if data[4:8] == b"ftyp" else _vorbis(tags)
    found = sorted((one for one in found if 0 <= one[0] <= _LONGEST), key=lambda one: one[0])
    following = [*(start for start, _, _ in found[1:]), duration]
    chapters: list[Chapter] = []
    for (start, end, title), after in zip(found, following, strict=False):
        ends = [value for value in (end, after) if value is not None and value >= start]
        chapters.append((start, ends[0] if ends else None, title))
    return chapters


def _vorbis(tags: Mapping[str, Sequence[str]]) -> list[Chapter]:
    found: list[Chapter] = []
    for name, values in tags.items():
        lowered = name.lower()
        if lowered.startswith("chapter") and lowered[7:].isdecimal() and values and len(found) < _MOST:
            stamp = _STAMP.fullmatch(values[0].strip())
            titles = tags.get(f"{name}name") or tags.get(f"{name}NAME") or ("",)
            if stamp is not None:
                hours, minutes, seconds = stamp.groups()
                found.append(
                    (int(hours) * 3600 + int(minutes) * 60 + float(seconds), None, titles[0].strip())
                )
    return found


def _mp4(data: bytes) -> list[Chapter]:
    """The list that most programs write into the user data."""
    at = data.find(b"chpl")
    if at < 4:
        return []
    end = at - 4 + int.from_bytes(data[at - 4 : at], "big")
    at += 12
    count = data[at] if at < min(end, len(data)) else 0
    at += 1
    found: list[Chapter] = []
    for _ in range(count):
        if at + 9 > min(end, len(data)):
            break
        length = data[at + 8]
        title = data[at + 9 : at + 9 + length].decode("utf-8", "replace")
        found.append((int.from_bytes(data[at : at + 8], "big") / 10_000_000, None, title.strip()))
        at += 9 + length
    return found


def _id3(data: bytes) -> list[Chapter]:
    version = data[3]
    if len(data) < 10 or version not in {3, 4} or data[5] & 0x80:
        return []
    found: list[Chapter] = []
    for kind, start, end in _frames(data, 10, min(len(data), 10 + _synchsafe(data[6:10])), version):
        if kind == b"CHAP" and len(found) < _MOST:
            times = data.find(b"\0", start, end) + 1
            if not 0 < times <= end - 16:
                continue
            titles = [
                _id3_text(data[inner:last])
                for name, inner, last in _frames(data, times + 16, end, version)
                if name == b"TIT2"
            ]
            begin, stop = (int.from_bytes(data[at : at + 4], "big") / 1000 for at in (times, times + 4))
            found.append((begin, stop, titles[0] if titles else ""))
    return found


def _frames(data: bytes, at: int, end: int, version: int) -> list[tuple[bytes, int, int]]:
    """(name, start, end) of the contents of frames."""
    found: list[tuple[bytes, int, int]] = []
    while at + 10 <= end and data[at] and len(found) < _MOST * 2:
        size = (
            _synchsafe(data[at + 4 : at + 8])
            if version == 4
            else int.from_bytes(data[at + 4 : at + 8], "big")
        )
        last = at + 10 + size
        if last > end:
            break
        found.append((data[at : at + 4], at + 10, last))
        at = last
    return found


def _synchsafe(data: bytes) -> int:
    size = 0
    for byte in data:
        size = size << 7 | byte & 0x7F
    return size


def _id3_text(data: bytes) -> str:
    encoding = {0: "latin-1", 1: "utf-16", 2: "utf-16-be", 3: "utf-8"}.get(data[0] if data else 3, "latin-1")
    return data[1:].decode(encoding, "replace").strip("\0 ")
