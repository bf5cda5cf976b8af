"""What Rich Text Format is made of: groups, characters in many encodings, and places where text goes."""

from __future__ import annotations

import dataclasses
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from typing import Any

from mv2._record import dataclass
from mv2.errors import DocumentLimitError
from mv2.extract.model import ReadOptions
from mv2.extract.readers._office import Draft, lowered, raised
from mv2.extract.readers._office_lines import Lines
from mv2.extract.readers._rtf_facts import Fonts, Info, StyleSheet
from mv2.extract.readers._rtf_story import CellShape, Paragraph, Story
from mv2.extract.readers._rtf_tokens import tokens
from mv2.extract.readers._rtf_words import CHARACTERS, HEEDED, SKIPPED, SYMBOLS
from mv2.extract.readers._symbol_fonts import is_symbol_font, symbol, with_symbols

_MOST_GROUPS = 1_000
_BREAKS = re.compile(r"\\(?:page|pagebb)(?![a-z])")


@dataclass(slots=True)
class Group:
    """What holds inside of a pair of braces; a copy is what holds inside of the next one.

    Attributes:
        target: ``text``, or where else its text goes: ``skip``, ``fonts``, ``styles``, ``info``, ``keep``.
        ends: what is to be done at the closing brace.
    """

    target: str = "text"
    form: Paragraph = dataclasses.field(default_factory=Paragraph)
    fallback: int = 1
    font: int | None = None
    hidden: bool = False
    change: str = ""
    shift: int = 0
    language: int = 0
    ends: Callable[[], None] | None = None

    def inner(self) -> Group:
        """What holds at the beginning of a group inside of this one."""
        return Group(
            self.target,
            self.form,
            self.fallback,
            self.font,
            self.hidden,
            self.change,
            self.shift,
            self.language,
        )


class Flow(ABC):
    """One document while it is read."""

    def __init__(self, options: ReadOptions) -> None:
        self._options = options
        self._draft = Draft(options.limits)
        self._fonts, self._styles, self._info = Fonts(), StyleSheet(), Info()
        self._story = self._new_story(self._draft)
        self._stories = [self._story]
        self._group = Group()
        self._groups: list[Group] = []
        self._kept: list[list[str]] = []
        self._bytes = bytearray()
        self._encoding = "cp1252"
        self._half = 0
        self._to_skip = 0
        self._ignorable = False
        self._row: list[CellShape] = []
        self._cell = CellShape(0)
        self._header_row = False
        self._notes = {"footnote": 0, "endnote": 0}
        self._author = ""
        self._before_forms = "text"
        self._instruction: list[str] = []
        self._languages: Counter[int] = Counter()
        self._language = 0
        self._feet: dict[str, Lines] = {}
        self._heads: set[str] = set()
        self._changes = 0

    def follow(self, text: str) -> None:
        """Take everything in, from the first brace to the last."""
        if _BREAKS.search(text):
            self._story.pages = 1
        for kind, value, number in tokens(text):
            if kind in {"text", "byte"}:
                self._characters(value)
            elif kind == "word":
                self._word(value, number)
            elif kind == "symbol":
                self._symbol(value)
            elif kind == "open":
                self._open()
            else:
                self._close()
                if not self._groups:
                    break
        self._flush()
        if self._groups:
            self._draft.warn("the file ends in the middle: text may be missing")
        while self._groups:
            self._close()
        self._stories[0].end(self._group.form)

    @abstractmethod
    def _obey(self, word: str, number: int | None) -> None:
        """Do what a word says that is not about characters."""

    def _new_story(self, sink: Draft | Lines) -> Story:
        return Story(sink, self._options, self._draft.spread, self._styles.level)

    # Groups

    def _open(self) -> None:
        self._flush()
        self._to_skip = 0
        if len(self._groups) >= _MOST_GROUPS:
            raise DocumentLimitError(f"has groups nested deeper than {_MOST_GROUPS}")
        self._groups.append(self._group)
        self._group = self._group.inner()
        self._ignorable = False
        if self._group.target == "styles":
            self._styles.begin()

    def _close(self) -> None:
        self._flush()
        self._to_skip = 0
        self._ignorable = False
        if not self._groups:
            return
        if self._group.target == "styles":
            self._styles.end()
        if self._group.ends is not None:
            self._group.ends()
        self._group = self._groups.pop()

    # Text

    def _characters(self, text: str) -> None:
        if self._group.target == "skip":
            return
        if self._to_skip:
            skipped = min(self._to_skip, len(text))
            self._to_skip -= skipped
            text = text[skipped:]
        self._ignorable = False
        self._bytes += text.encode("latin-1")

    def _flush(self) -> None:
        """Decode what has come in."""
        if not self._bytes:
            return
        data = bytes(self._bytes)
        self._bytes.clear()
        font = self._fonts.get(self._group.font)
        if font.is_symbol or is_symbol_font(font.name):
            self._deliver("".join(symbol(code, font.name or "symbol") if code >= 32 else "" for code in data))
        else:
            self._deliver(data.decode(font.encoding or self._encoding, "replace"))

    def _deliver(self, text: str) -> None:
        group = self._group
        if group.target == "text":
            if group.hidden and not self._options.hidden:
                return
            if self._is_dropped(group.change):
                return
            if group.shift:
                text = raised(text) if group.shift > 0 else lowered(text)
            self._story.add(text, group.change)
            if group.language:
                self._languages[group.language] += len(text)
        elif group.target == "fonts":
            self._fonts.name(text)
        elif group.target == "styles":
            self._styles.name(text)
        elif group.target == "info":
            self._info.add(text)
        elif group.target == "keep" and self._kept:
            self._kept[-1].append(text)

    def _is_dropped(self, change: str) -> bool:
        wanted = self._options.revisions
        return (change == "deleted" and wanted == "accepted") or (
            change == "inserted" and wanted == "original"
        )

    def _symbol(self, sign: str) -> None:
        self._flush()
        if self._group.target == "skip":
            return
        if self._to_skip:
            self._to_skip -= 1
        elif sign == "*":
            self._ignorable = True
        elif sign in "\r\n":
            self._word("par", None)
        elif sign in "\\{}":
            self._bytes += sign.encode()
        elif sign in SYMBOLS:
            self._deliver(SYMBOLS[sign])

    def _word(self, word: str, number: int | None) -> None:
        self._flush()
        ignorable, self._ignorable = self._ignorable, False
        if self._group.target == "skip":
            return
        if self._to_skip:
            self._to_skip -= 1
            return
        if word in SKIPPED or (ignorable and word not in HEEDED):
            self._group.target = "skip"
        elif word == "u":
            self._unicode(number or 0)
        elif self._group.target == "fonts":
            self._fonts.word(word, number)
            self._group.font = None
        elif self._group.target == "styles":
            self._styles.word(word, number)
        elif self._group.target == "info":
            self._info.word(word, number)
        elif word in CHARACTERS:
            self._deliver(CHARACTERS[word])
        else:
            self._obey(word, number)

    def _unicode(self, number: int) -> None:
        """A character, followed by so many that stand for it where it cannot be shown."""
        code = number & 0xFFFF if number < 0 else number
        self._to_skip = self._group.fallback
        if 0xD800 <= code < 0xDC00:
            self._half = code
            return
        if 0xDC00 <= code < 0xE000:
            code = 0x10000 + ((self._half - 0xD800) << 10) + (code - 0xDC00) if self._half else 0xFFFD
        self._half = 0
        if code < 0x110000:
            self._deliver(with_symbols(chr(code), self._fonts.get(self._group.font).name))

    # Places where text goes

    def _keep(self, done: Callable[[str], None]) -> None:
        """Hold the text of this group and hand it over at its end."""
        kept: list[str] = []
        self._kept.append(kept)

        def ends() -> None:
            self._kept.pop()
            done("".join(kept))

        self._group.target, self._group.ends = "keep", ends

    def _tell(self, done: Callable[[Lines], None]) -> None:
        """Read this group as a story of its own."""
        lines = Lines(self._options.limits)
        story = self._new_story(lines)
        self._stories.append(story)
        self._story = story
        row, self._row = self._row, []

        def ends() -> None:
            story.end(self._group.form)
            self._stories.pop()
            self._story = self._stories[-1]
            self._row = row
            done(lines)

        self._group.target, self._group.ends = "text", ends
        self._group.form, self._group.hidden, self._group.shift = Paragraph(), False, 0

    def _set_form(self, **changes: Any) -> None:
        self._group.form = dataclasses.replace(self._group.form, **changes)
