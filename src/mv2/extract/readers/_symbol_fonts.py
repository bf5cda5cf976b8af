"""Characters of the fonts whose letters are pictures: Symbol and Wingdings."""

from __future__ import annotations

import re

_SYMBOL_LOW = (
    " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼"
)
_SYMBOL_HIGH = (
    "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐―↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪\0〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭"
)
_SYMBOL = {
    **{0x20 + at: char for at, char in enumerate(_SYMBOL_LOW)},
    **{0xA0 + at: char for at, char in enumerate(_SYMBOL_HIGH)},
}
_WINGDINGS = {
    0x28: "☎", 0x2A: "✉", 0x4A: "☺", 0x4B: "😐", 0x4C: "☹", 0x6C: "●", 0x6D: "❍", 0x6E: "■", 0x6F: "□",
    0x71: "❑", 0x72: "❒", 0x73: "⬧", 0x74: "⧫", 0x75: "◆", 0x76: "❖", 0x77: "⬥", 0x9F: "•", 0xA7: "▪",
    0xA8: "◻", 0xAB: "★", 0xD8: "➢", 0xDF: "←", 0xE0: "→", 0xE1: "↑", 0xE2: "↓", 0xE8: "➔", 0xEF: "⇦",
    0xF0: "⇨", 0xF3: "⬄", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑",
}  # fmt: skip
_WINGDINGS_2 = {0x4F: "✗", 0x50: "✓", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0xA3: "□", 0x97: "●"}
_FONTS = {"symbol": _SYMBOL, "wingdings": _WINGDINGS, "wingdings 2": _WINGDINGS_2}


_USUAL = {0xF0B7: "•", 0xF0A7: "▪", 0xF0D8: "➢", 0xF0E0: "→", 0xF0FC: "✓", 0xF0A8: "◻", 0xF0FE: "☒"}
_PRIVATE = re.compile("[\uf000-\uf0ff]")


def symbol(code: int, font: str | None) -> str:
    """The character that ``code`` shows in ``font``; empty where that is not known.

    Codes from F000 on are those of the font shifted into the private area.
    """
    known = _FONTS.get((font or "").strip().lower())
    private = 0xF000 <= code <= 0xF0FF
    if known is not None and (private or code <= 0xFF):
        return known.get(code & 0xFF, "").replace("\0", "")
    if private:
        return _USUAL.get(code, chr(code - 0xF000) if 0xF020 <= code < 0xF07F else "")
    return chr(code) if 0x20 <= code < 0x110000 and not 0xD800 <= code < 0xE000 else ""


def with_symbols(text: str, font: str | None) -> str:
    """Text whose characters of the private area are those that ``font`` shows."""
    if text.isascii():
        return text
    return _PRIVATE.sub(lambda found: symbol(ord(found.group()), font), text)


def is_symbol_font(font: str | None) -> bool:
    """Whether the codes of that font mean pictures."""
    return (font or "").strip().lower() in _FONTS
