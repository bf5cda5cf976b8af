"""What commands print: JSON for programs, plain text and a little bold for people.

Text from documents goes through ``clean`` before it reaches a terminal, so
that a document cannot send it control sequences.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from typing import Any, Final, TextIO

import click

# Control characters except line feed and tab, and the marks that reorder text.
_UNSAFE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_SPACE: Final = re.compile(r"\s+")
_UNITS: Final = ("bytes", "KiB", "MiB", "GiB", "TiB")


class Output:
    """Where one command's results go.

    ``json`` and ``quiet`` are the options of the same names.
    """

    def __init__(self, *, json: bool = False, quiet: bool = False) -> None:
        self.json = json
        self.quiet = quiet
        self.bold_is_on = not json and wants_colour(sys.stdout)

    def document(self, value: object) -> None:
        """Print one JSON document."""
        write_json(value)

    def line(self, text: str = "") -> None:
        """Print a line for people."""
        click.echo(clean(text))

    def styled(self, text: str) -> None:
        """Print a line that holds our own bold marks; its parts must be clean."""
        click.echo(text, color=True if self.bold_is_on else None)

    def note(self, text: str) -> None:
        """Print a line beside the results, unless the command is to be quiet."""
        if not self.quiet and not self.json:
            click.echo(clean(text), err=True)

    def bold(self, text: str) -> str:
        """The text in bold where the terminal can show it."""
        return f"\x1b[1m{text}\x1b[0m" if self.bold_is_on else text

    def faint(self, text: str) -> str:
        """The text paler than the rest where the terminal can show it."""
        return f"\x1b[2m{text}\x1b[0m" if self.bold_is_on and text else text


def wants_colour(stream: TextIO) -> bool:
    """Whether ``stream`` is a terminal that may get colour (``NO_COLOR`` says no)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def write_json(value: object, stream: TextIO | None = None) -> None:
    """Write one JSON document and a line end (stream None: standard output); dataclasses become objects."""
    import json

    (stream or sys.stdout).write(json.dumps(plain(value), ensure_ascii=False) + "\n")


def plain(value: object) -> Any:
    """The value in terms of JSON: objects, arrays, strings, numbers, null."""
    import dataclasses

    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    return value


def clean(text: str) -> str:
    """The text without characters that a terminal would obey."""
    return _UNSAFE.sub("\ufffd", text)


def one_line(text: str) -> str:
    """The text with every run of white space as one space."""
    return _SPACE.sub(" ", text).strip()


def caret(text: str, position: int) -> list[str]:
    """Two lines: the text around a character, and a caret under it; nothing for an empty text."""
    if not text.strip():
        return []
    flat = clean(re.sub(r"\s", " ", text))
    room = terminal_width() - 4
    start = 0 if columns(flat) <= room else max(0, position - room // 2)
    end = len(flat)
    while columns(flat[start:end]) > room:
        end -= 1
    before, after = "…" if start else "", "…" if end < len(flat) else ""
    shown = f"{before}{flat[start:end]}{after}"
    return [f"  {shown}", " " * (2 + len(before) + columns(flat[start:position])) + "^"]


def columns(text: str) -> int:
    """How wide a terminal shows the text: wide characters take two columns, combining ones none."""
    if text.isascii():
        return len(text)
    import unicodedata

    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)


def shorten(text: str, width: int) -> str:
    """At most ``width`` characters of the text, on one line."""
    flat = clean(one_line(text))
    return flat if len(flat) <= width else flat[: max(width - 1, 0)].rstrip() + "…"


def terminal_width() -> int:
    """Columns to use for running text."""
    try:
        columns = int(os.environ.get("COLUMNS", "0")) or os.get_terminal_size(sys.stdout.fileno()).columns
    except (ValueError, OSError):
        columns = 0
    return min(columns or 96, 100)


def is_terminal() -> bool:
    """Whether people see standard output at once, so that lines must fit their screen."""
    return sys.stdout.isatty()


def moment(timestamp: int | None, *, with_time: bool = False) -> str:
    """A UTC time in seconds as ``2026-11-22`` or ``2026-11-22 14:05``."""
    if timestamp is None:
        return "-"
    import datetime as dt

    try:
        value = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=timestamp)
    except OverflowError:
        return str(timestamp)
    return value.strftime("%Y-%m-%d %H:%M" if with_time else "%Y-%m-%d")


def size(count: int) -> str:
    """A number of bytes for people: ``812 bytes``, ``1.4 MiB``."""
    amount = float(count)
    for unit in _UNITS:
        if amount < 1024 or unit == _UNITS[-1]:
            return f"{count} bytes" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1024
    raise AssertionError("unreachable")


def plural(count: int, noun: str) -> str:
    """``1 document``, ``1,204 documents``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def snippet_lines(
    text: str, ranges: tuple[tuple[int, int], ...], out: Output, *, width: int, limit: int = 4
) -> list[str]:
    """A snippet as lines of at most ``width`` columns with the matches in bold."""
    marked = _words_with_marks(text, ranges)
    lines: list[str] = []
    current: list[str] = []
    used = 0
    for word, pieces in marked:
        if current and used + 1 + len(word) > width:
            lines.append(" ".join(current))
            if len(lines) == limit:
                lines[-1] += " …"
                return lines
            current, used = [], 0
        current.append("".join(out.bold(clean(part)) if hit else clean(part) for part, hit in pieces))
        used += len(word) + (1 if used else 0)
    if current:
        lines.append(" ".join(current))
    return lines


def _words_with_marks(
    text: str, ranges: tuple[tuple[int, int], ...]
) -> list[tuple[str, list[tuple[str, bool]]]]:
    """Words of the text, each cut into (part, is it a match)."""
    words = []
    for match in re.finditer(r"\S+", text):
        start, end = match.span()
        pieces: list[tuple[str, bool]] = []
        at = start
        for low, high in sorted(ranges):
            low, high = max(low, at), min(high, end)  # noqa: PLW2901 - clipped to this word
            if low >= high:
                continue
            if low > at:
                pieces.append((text[at:low], False))
            pieces.append((text[low:high], True))
            at = high
        if at < end:
            pieces.append((text[at:end], False))
        words.append((match.group(), pieces))
    return words
