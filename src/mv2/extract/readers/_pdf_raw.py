"""One page of a PDF as words, ruled lines and pictures, in a frame where its text is upright.

Most of the
time goes into calls to pdfium, so it is asked for the text of a page at once and for positions by
word, not by character.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from mv2._late import late_pattern
from mv2._record import dataclass
from mv2.extract.readers._pdf_drawings import Bounds, Drawings, Frame, Rule

__all__ = ["RawPage", "Rule", "Style", "Word", "is_rtl", "read_page"]

_HYPHEN = "\ufffe"
_WORDS = late_pattern(rf"[^\s\x00-\x1f\x7f-\x9f{_HYPHEN}]+{_HYPHEN}?")
_RTL = late_pattern("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_BOLD = late_pattern(
    r"bold|black|heavy|demi|[-,]bd|bdmt|^(?:[a-z]{6}\+)?(?:cmbx|sfbx|ecbx|cmssbx)|-medi$", re.IGNORECASE
)
_MONO = late_pattern(
    r"mono|courier|consol|typewriter|menlo|nimbusmon|cmtt|sftt|ectt|fixed|lettergothic", re.IGNORECASE
)
_DIGITS = frozenset("0123456789")
_NOTE_SIGNS = _DIGITS | frozenset("ivx")
_NOTE_NUMBER = late_pattern(r"(?<=[^\d])(?:\d{1,3}|(?<=[^a-z])[ivx]{1,5})\Z")
_BEFORE_NOTES = frozenset(".,;:!?)\"'’”»…")
_FIXED_PITCH, _FORCE_BOLD = 1, 1 << 18
_PLAIN = {
    0xAD: None, 0x200B: None, 0x2060: None, 0xFEFF: None, 0x2010: "-", 0x2011: "-",
    0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st",
}  # fmt: skip


class Style:
    """How a run of text is set: size in points, bold, fixed pitch and quarter turns (None: askew)."""

    __slots__ = ("bold", "mono", "size", "turn")

    def __init__(self, size: float, bold: bool, mono: bool, turn: int | None) -> None:
        self.size, self.bold, self.mono, self.turn = size, bold, mono, turn


class Word:
    """Characters without space between them.

    ``y`` is the base line, ``hyphen`` says that the word was broken at the end of its line, and
    ``first`` and ``last`` are its characters on the page (-1: they are not text of the page).
    """

    __slots__ = ("first", "hyphen", "last", "style", "text", "x0", "x1", "y")

    def __init__(
        self, text: str, x0: float, x1: float, y: float, style: Style, first: int, last: int, hyphen: bool
    ) -> None:
        self.text, self.x0, self.x1, self.y, self.style = text, x0, x1, y, style
        self.first, self.last, self.hyphen = first, last, hyphen


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPage:
    """What stands on a page.

    Attributes:
        width, height: of the frame, in points.
        frame: turns a point of the page's own space into one of the frame.
        words: upright ones, in the order in which the file draws them.
        turned: text in other directions, one string a line.
        level, upright: ruled lines, among them edges of boxes.
        dots: middles of small drawn marks, as they stand before list items.
        picture_share: share of the page that its largest picture covers.
        characters: visible characters.
        split: takes a word apart at an x position into the words left and right of it.
        crowded: too much is drawn on it to look for rules.
    """

    width: float
    height: float
    frame: Callable[[float, float], tuple[float, float]]
    words: list[Word]
    turned: list[str]
    level: list[Rule]
    upright: list[Rule]
    dots: list[tuple[float, float]]
    picture_share: float
    characters: int
    split: Callable[[Word, float], tuple[Word, ...]]
    crowded: bool


def is_rtl(text: str) -> bool:
    """Whether it holds letters that are written from right to left."""
    return not text.isascii() and _RTL.search(text) is not None


class _Characters:
    """The characters of a page, asked from pdfium."""

    def __init__(self, text_page: Any, fonts: dict[int, tuple[bool, bool]]) -> None:
        import pypdfium2.raw as pdfium

        self.pdfium = pdfium
        self.page = text_page.raw  # the helper object would cost a call with every use
        self.fonts = fonts
        self.count = max(0, pdfium.FPDFText_CountChars(self.page))
        self.styles: dict[int, Style] = {}
        self.rect = pdfium.FS_RECTF()
        self.x, self.y = ctypes.c_double(), ctypes.c_double()
        self.find_origin = pdfium.FPDFText_GetCharOrigin
        self.find_box = pdfium.FPDFText_GetLooseCharBox
        self.find_object = pdfium.FPDFText_GetTextObject

    def text(self) -> str:
        """One character for each that pdfium counts."""
        if not self.count:
            return ""
        buffer = (ctypes.c_ushort * (self.count * 2 + 2))()
        taken = self.pdfium.FPDFText_GetText(self.page, 0, self.count, buffer)
        text = bytes(buffer)[: max(0, taken - 1) * 2].decode("utf-16-le", "replace")
        if len(text) == self.count:
            return text
        codes = (self.pdfium.FPDFText_GetUnicode(self.page, at) for at in range(self.count))
        return "".join(
            _HYPHEN
            if code == 2
            else chr(code)
            if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000
            else " "
            for code in codes
        )

    def origin(self, at: int) -> tuple[float, float]:
        self.find_origin(self.page, at, self.x, self.y)
        return self.x.value, self.y.value

    def box(self, at: int) -> Bounds:
        rect = self.rect
        self.find_box(self.page, at, rect)
        return rect.left, rect.bottom, rect.right, rect.top

    def style(self, at: int) -> Style:
        drawn = self.find_object(self.page, at)
        key = ctypes.addressof(drawn.contents) if drawn else 0
        style = self.styles.get(key)
        if style is None:
            style = self.styles[key] = self._read_style(at, drawn)
        return style

    def _read_style(self, at: int, drawn: Any) -> Style:
        matrix = self.pdfium.FS_MATRIX()
        size = self.pdfium.FPDFText_GetFontSize(self.page, at)
        turn: int | None = 0
        if self.pdfium.FPDFText_GetMatrix(self.page, at, matrix):
            size *= math.hypot(matrix.c, matrix.d)
            quarters = math.atan2(matrix.b, matrix.a) / (math.pi / 2)
            turn = round(quarters) % 4 if abs(quarters - round(quarters)) < 0.06 else None
        bold, mono = self._font(drawn) if drawn else (False, False)
        return Style(round(size, 1) if 0.1 <= size < 10_000 else 1.0, bold, mono, turn)

    def _font(self, drawn: Any) -> tuple[bool, bool]:
        font = self.pdfium.FPDFTextObj_GetFont(drawn)
        if not font:
            return False, False
        key = ctypes.addressof(font.contents)
        known = self.fonts.get(key)
        if known is None:
            name = ctypes.create_string_buffer(256)
            self.pdfium.FPDFFont_GetBaseFontName(font, name, 256)
            shown = name.value.decode("utf-8", "replace")
            flags = max(0, self.pdfium.FPDFFont_GetFlags(font))
            bold = bool(flags & _FORCE_BOLD) or _BOLD.search(shown) is not None
            known = self.fonts[key] = (bold, bool(flags & _FIXED_PITCH) or _MONO.search(shown) is not None)
        return known


def read_page(page: Any, text_page: Any, fonts: dict[int, tuple[bool, bool]]) -> RawPage:
    """Read a page that pypdfium2 has loaded.

    Args:
        fonts: what is known of the fonts of the document, kept from page to page.
    """
    box = _page_box(page)
    characters = _Characters(text_page, fonts)
    text = characters.text()
    spans: defaultdict[int | None, list[tuple[str, int, int, Style]]] = defaultdict(list)
    amounts: defaultdict[int | None, int] = defaultdict(int)
    for match in _WORDS.finditer(text):
        first, end = match.span()
        style = characters.style(first)
        spans[style.turn].append((match.group(), first, end, style))
        amounts[style.turn] += end - first
    straight = {turn: amount for turn, amount in amounts.items() if turn is not None}
    turn = max(straight, key=lambda key: (straight[key], key == 0)) if straight else 0
    frame = Frame(box, turn)
    words = _placed_words(characters, text, spans.pop(turn, []), frame)
    drawings = Drawings(frame)
    drawings.read(page)

    def split(word: Word, at: float) -> tuple[Word, ...]:
        return _split_at(characters, text, word, frame, at)

    return RawPage(
        width=frame.width,
        height=frame.height,
        frame=frame,
        words=words,
        turned=_turned_lines(spans),
        level=drawings.level,
        upright=drawings.upright,
        dots=drawings.dots,
        picture_share=drawings.picture_share,
        characters=sum(amounts.values()),
        split=split,
        crowded=drawings.crowded,
    )


def _page_box(page: Any) -> Bounds:
    try:
        left, bottom, right, top = page.get_bbox()
    except (RuntimeError, ValueError):
        left, bottom, right, top = 0.0, 0.0, 612.0, 792.0
    if not (math.isfinite(right - left) and right > left and math.isfinite(top - bottom) and top > bottom):
        return 0.0, 0.0, 612.0, 792.0
    return left, bottom, right, top


def _placed_words(
    characters: _Characters, text: str, spans: list[tuple[str, int, int, Style]], frame: Frame
) -> list[Word]:
    words: list[Word] = []
    seen: set[tuple[str, int, int]] = set()
    width, height = frame.width + 1, frame.height
    for shown, first, end, style in spans:
        word = _place(characters, shown, first, end, style, frame)
        ordered = word.x0 <= word.x1 <= word.x0 + style.size * 1.6 * len(word.text) + 4
        for piece in (word,) if ordered else _pieces(characters, text, word, frame):
            if (
                not piece.text
                or piece.x1 < -1
                or piece.x0 > width
                or not -1 <= piece.y <= height + style.size
            ):
                continue
            key = (piece.text, int(piece.x0), int(piece.y))
            if key not in seen:
                seen.add(key)
                words.append(piece)
    return words


def _place(characters: _Characters, shown: str, first: int, end: int, style: Style, frame: Frame) -> Word:
    if frame.turn == 0 and shown.isascii():
        # The usual case, kept short: it runs for every word.
        x, y, rect = characters.x, characters.y, characters.rect
        characters.find_origin(characters.page, first, x, y)
        characters.find_box(characters.page, end - 1, rect)
        x0, x1, base = x.value - frame.left, rect.right - frame.left, y.value
        if shown[-1] in _NOTE_SIGNS and shown[0] not in _DIGITS:
            shown = _with_mark(characters, shown, end - 1, style, base)
        return Word(shown, x0, x1, frame.top - base, style, first, end - 1, False)
    return _place_any(characters, shown, first, end, style, frame)


def _place_any(characters: _Characters, shown: str, first: int, end: int, style: Style, frame: Frame) -> Word:
    hyphen = shown.endswith(_HYPHEN)
    if hyphen:
        shown = shown[:-1] + "-"
        end -= 1
    rtl = is_rtl(shown)
    if rtl:
        shown = _as_read(characters, shown, first, frame)
    if not shown.isascii():
        shown = shown.translate(_PLAIN)
    x0, y = frame(*characters.origin(first))
    if frame.turn == 0 and not rtl and shown[-1:] in _NOTE_SIGNS and shown[0] not in _DIGITS:
        shown = _with_mark(characters, shown, end - 1, style, characters.origin(first)[1])
    left, bottom, right, top = characters.box(end - 1)
    ends = [frame(left, bottom)[0], frame(right, top)[0]]
    x1 = max(ends)
    if rtl:
        left, bottom, right, top = characters.box(first)
        ends += [frame(left, bottom)[0], frame(right, top)[0]]
        x0, x1 = min(ends), max(ends)
    return Word(shown, x0, x1, y, style, first, end - 1, hyphen)


def _with_mark(characters: _Characters, shown: str, last: int, style: Style, base: float) -> str:
    """The word with the raised number of a note in brackets, lest it seems to be part of the word."""
    end = characters.style(last)
    if end.size > 0.8 * style.size or characters.origin(last)[1] < base + 0.15 * style.size:
        return shown
    found = _NOTE_NUMBER.search(shown)
    if found is None:
        return shown
    word, number = shown[: found.start()], found.group()
    letters = not number.isdecimal() and word[-1].isalpha()
    if letters or not (word[-1] in _BEFORE_NOTES or (len(word) > 3 and word.isalpha())):
        return shown
    return f"{word}[{number}]"


def _as_read(characters: _Characters, shown: str, first: int, frame: Frame) -> str:
    """A word of letters that go from right to left as it is read, if the file has it from left to right."""
    rtl = [at for at, sign in enumerate(shown) if is_rtl(sign)]
    start, end = rtl[0], rtl[-1] + 1
    before, letters, behind = shown[:start], shown[start:end], shown[end:]
    if any(sign.isalnum() for sign in before + behind):
        return shown

    def place(at: int) -> float:
        return frame(*characters.origin(first + at))[0]

    if end - start > 1 and place(start) < place(end - 1):
        letters = letters[::-1]
    left = min(place(start), place(end - 1))
    # Signs left of the letters are read after them, wherever the file has them.
    if (before and place(0) < left) or (behind and place(end) > left):
        before, behind = behind[::-1], before[::-1]
    return before + letters + behind


def _pieces(characters: _Characters, text: str, word: Word, frame: Frame) -> list[Word]:
    """The word taken apart where its characters jump to another place."""
    pieces: list[Word] = []
    start = word.first
    size = word.style.size
    last_x = last_y = 0.0
    for at in range(word.first, word.last + 1):
        x, y = frame(*characters.origin(at))
        left, bottom, right, top = characters.box(at)
        jumped = x - last_x > size * 0.5 or last_x - x > size * 3 or abs(y - last_y) > size * 0.6
        if at > start and jumped:
            pieces.append(_place(characters, text[start:at], start, at, word.style, frame))
            start = at
        last_x, last_y = max(frame(left, bottom)[0], frame(right, top)[0]), y
    end = word.last + 1
    rest = _place(
        characters,
        text[start:end] + (_HYPHEN if word.hyphen else ""),
        start,
        end + word.hyphen,
        word.style,
        frame,
    )
    return [*pieces, rest]


def _split_at(characters: _Characters, text: str, word: Word, frame: Frame, at: float) -> tuple[Word, ...]:
    if word.first < 0 or is_rtl(word.text):
        return (word,)
    for index in range(word.first + 1, word.last + 1):
        left, bottom, right, top = characters.box(index)
        middle = (frame(left, bottom)[0] + frame(right, top)[0]) / 2
        if middle > at:
            one = _place(characters, text[word.first : index], word.first, index, word.style, frame)
            end = word.last + 1
            two = _place(characters, text[index:end], index, end, word.style, frame)
            return one, two
    return (word,)


def _turned_lines(spans: dict[int | None, list[tuple[str, int, int, Style]]]) -> list[str]:
    """Text that is not upright, in the order in which it is drawn; a line is what has the same style."""
    lines: list[str] = []
    for words in spans.values():
        before: Style | None = None
        for shown, _, _, style in words:
            piece = shown.replace(_HYPHEN, "-")
            if style is before:
                lines[-1] += f" {piece}"
            else:
                lines.append(piece)
            before = style
    return lines
