"""What stands at the head of an RTF document: fonts, styles, and facts about it."""

from __future__ import annotations

import datetime as dt
import re

from mv2._record import dataclass
from mv2.extract.readers._rtf_tokens import charset_encoding, page_encoding

_HEADING = re.compile(r"heading ?([1-9])")
_SYMBOLS = 2
_MOST = 10_000
_LONGEST_CHAIN = 30


@dataclass(slots=True)
class Font:
    """A font: its name, and the encoding of text in it (None is that of the document)."""

    name: str = ""
    encoding: str | None = None
    is_symbol: bool = False


_ANY = Font()


class Fonts:
    """The table of fonts.

    Attributes:
        default: number of the font of text that names none.
    """

    def __init__(self) -> None:
        self.default: int | None = None
        self._fonts: dict[int, Font] = {}
        self._font = Font()

    def get(self, number: int | None) -> Font:
        """The font of that number."""
        number = self.default if number is None else number
        return _ANY if number is None else self._fonts.get(number, _ANY)

    def word(self, word: str, number: int | None) -> None:
        """A word inside of the table."""
        if word == "f" and number is not None and len(self._fonts) < _MOST:
            self._font = self._fonts[number] = Font()
        elif word == "fcharset":
            self._font.encoding = charset_encoding(number)
            self._font.is_symbol = number == _SYMBOLS
        elif word == "cpg" and number:
            self._font.encoding = page_encoding(number)

    def name(self, text: str) -> None:
        """Text inside of the table."""
        if len(self._font.name) < 200:
            self._font.name = (self._font.name + text).split(";")[0].strip()


@dataclass(slots=True)
class _Style:
    number: int = 0
    name: str = ""
    outline: int | None = None
    parent: int | None = None
    is_paragraph: bool = True


class StyleSheet:
    """The styles of paragraphs."""

    def __init__(self) -> None:
        self._styles: dict[int, _Style] = {}
        self._open: list[_Style] = []

    def begin(self) -> None:
        """A group begins inside of the sheet."""
        self._open.append(_Style())

    def end(self) -> None:
        """A group ends inside of the sheet."""
        if self._open:
            style = self._open.pop()
            if style.is_paragraph and style.name and len(self._styles) < _MOST:
                self._styles.setdefault(style.number, style)

    def word(self, word: str, number: int | None) -> None:
        """A word inside of the sheet."""
        if not self._open:
            return
        style = self._open[-1]
        if word == "s":
            style.number = number or 0
        elif word in {"cs", "ds", "ts"}:
            style.is_paragraph = False
        elif word == "outlinelevel":
            style.outline = number
        elif word == "sbasedon":
            style.parent = number

    def name(self, text: str) -> None:
        """Text inside of the sheet."""
        if self._open and len(self._open[-1].name) < 200:
            self._open[-1].name += text

    def level(self, number: int) -> int:
        """1 to 6 of a style for headings, else 0."""
        seen = 0
        style = self._styles.get(number)
        while style is not None and seen < _LONGEST_CHAIN:
            if style.outline is not None:
                return min(style.outline + 1, 6) if 0 <= style.outline < 9 else 0
            name = style.name.split(";")[0].strip().lower()
            if name == "title":
                return 1
            if found := _HEADING.fullmatch(name):
                return min(int(found.group(1)), 6)
            style = None if style.parent is None else self._styles.get(style.parent)
            seen += 1
        return 0


class Info:
    """What the document says about itself.

    Attributes:
        texts: by their word, as ``title``; of several with one word, the first one.
    """

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self._times: dict[str, dict[str, int]] = {}
        self._word = ""
        self._known = False

    def word(self, word: str, number: int | None) -> None:
        """A word inside of the group."""
        if word in {"yr", "mo", "dy", "hr", "min", "sec"}:
            self._times.setdefault(self._word, {})[word] = number or 0
        elif number is None:
            self._word = word
            self._known = word in self.texts

    def add(self, text: str) -> None:
        """Text inside of the group."""
        if self._word and not self._known and len(self.texts.get(self._word, "")) < _MOST:
            self.texts[self._word] = self.texts.get(self._word, "") + text

    def time(self, word: str) -> int | None:
        """UTC seconds of a time, as ``creatim``; times without a zone are taken as UTC."""
        parts = self._times.get(word)
        if not parts or not parts.get("yr"):
            return None
        try:
            return int(
                dt.datetime(
                    parts["yr"],
                    parts.get("mo") or 1,
                    parts.get("dy") or 1,
                    parts.get("hr", 0),
                    parts.get("min", 0),
                    parts.get("sec", 0),
                    tzinfo=dt.UTC,
                ).timestamp()
            )
        except (ValueError, OverflowError):
            return None
