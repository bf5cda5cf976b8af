"""The text of elements inside a line, without gluing or splitting words."""

from __future__ import annotations

import re
from itertools import islice

from mv2._late import late_pattern
from mv2.extract.readers._html_tame import words_of
from mv2.extract.readers._html_tree import Child, Node

BREAK = "\0"
"""Stands for a line break among collected pieces; no page can contain it."""

BLOCKS = words_of(
    "address article aside blockquote body center dd details dialog dir div dl dt fieldset figcaption figure"
    " footer form h1 h2 h3 h4 h5 h6 header hgroup hr legend li main menu nav ol p pre search section summary"
    " table tbody td tfoot th thead tr ul caption xmp listing plaintext optgroup"
)
PREFORMATTED = frozenset(["pre", "xmp", "listing", "plaintext"])
#: Things that stand apart on the screen even where no space is written between them.
_APART = frozenset(
    ["a", "button", "label", "select", "input", "textarea", "output", "img", "text", "tspan", "del", "ins"]
)
_FORMULA_NODES = 1_000
_ALL_FORMULA_NODES = 200_000
_SILENT_INPUTS = frozenset(
    ["hidden", "password", "submit", "button", "image", "reset", "file", "radio", "color"]
)
_RAISED = {ord(plain): raised for plain, raised in zip("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ", strict=True)}
_RAISED_TEXT = late_pattern(r"[0-9+\-−=()]{1,8}|n")
_FILE_NAME = late_pattern(r"\S{0,200}\.(?:jpe?g|png|gif|webp|svg|avif|bmp)", re.IGNORECASE)
_SPACES = late_pattern(r"[\s\u00a0\u2007\u202f\u3000\ufffc]+")
_CONTROLS = {code: None for code in (*range(9), 11, 12, *range(14, 32), *range(127, 160)) if code}
_CONTROLS.update(dict.fromkeys((0xAD, 0x200B, 0x2060, 0xFEFF, 0x200E, 0x200F, *range(0x202A, 0x202F))))
#: What leads from a footnote back to the text.
_BACK = frozenset(["↩", "↩︎", "↩\ufe0e", "↵", "^", "↑"])
_GUTTER = frozenset(
    [
        "linenos",
        "lineno",
        "gutter",
        "line-numbers",
        "line-number",
        "linenumber",
        "blob-num",
        "hljs-ln-numbers",
    ]
)
_NOTE_PARTS = frozenset(["footnote", "footnotes", "endnote", "endnotes", "rearnote", "rearnotes"])
#: How word processors name footnotes in the pages they write.
_NOTE_NAME = late_pattern(r"(?:sdfootnote|sdendnote|footnote-?|ftn|edn|fn)\d{1,5}")
_NOTE_LINK = late_pattern(
    r"#(?:body)?_{0,2}(?:sdfootnote|sdendnote|footnote-?|ftn|edn|fn)(?:ref)?\d{1,5}(?:sym|anc)?"
)
_MARKS = frozenset(["¶", "#", "§", "🔗", "⚓", "link"])


def tidy(pieces: list[str]) -> list[str]:
    """The lines that collected pieces make, with single spaces, none of them empty."""
    text = "".join(pieces).translate(_CONTROLS)
    lines = (_SPACES.sub(" ", line).strip() for line in text.split(BREAK))
    return [line for line in lines if line]


def in_gutter(node: Node) -> bool:
    """Whether it holds line numbers of code."""
    return "class" in node.attrs and not _GUTTER.isdisjoint(node.get("class").split())


def is_permalink(node: Node) -> bool:
    """Whether it is the mark beside a heading that links to the heading."""
    return node.tag == "a" and node.get("href").startswith("#") and node.text().lower() in _MARKS


def holds_notes(node: Node) -> bool:
    """Whether it is a footnote, or holds those of the page."""
    stated = {node.get("role").removeprefix("doc-"), *node.get("epub:type").split()}
    if node.tag in {"section", "div", "aside", "ol"}:
        stated.update(node.get("class").split())
        if _NOTE_NAME.fullmatch(node.get("id")):
            return True
    return not stated.isdisjoint(_NOTE_PARTS)


def _refers_to_note(node: Node) -> bool:
    return (
        node.get("role") == "doc-noteref"
        or "noteref" in node.get("epub:type").split()
        or "footnote-ref" in node.get("class").split()
        or _NOTE_LINK.fullmatch(node.get("href")) is not None
    )


class Inline:
    """Collects the pieces of lines.

    Args:
        controls: also collect words on buttons, and every choice of a list.
    """

    def __init__(self, *, controls: bool = False) -> None:
        self.pieces: list[str] = []
        self._controls = controls
        self._closed: str | None = None
        self._bracketed = False
        self._looked = 0

    def take(self) -> list[str]:
        """The lines so far; collecting starts anew."""
        lines = tidy(self.pieces) if self.pieces else []
        self.pieces = []
        self._closed = None
        return lines

    def text(self, text: str, *, keep_lines: bool = False) -> None:
        """A piece of text; its line ends are breaks if they are to be kept."""
        if text:
            self.pieces.append(text.replace("\n", BREAK) if keep_lines else text)
            self._closed = None

    def enter(self, node: Node) -> bool:
        """Take note that an inline element starts; whether its content is to be visited."""
        tag = node.tag
        before = self._closed
        if before in _APART and tag in _APART:
            self.pieces.append(" ")
        self._bracketed = before == "rp"
        self._closed = None
        handler = _HANDLERS.get(tag)
        return True if handler is None else handler(self, node)

    def leave(self, node: Node) -> None:
        """Take note that it ends."""
        if node.tag == "rt" and not self._bracketed:
            self.pieces.append(")")
        if node.tag == "q":
            self.pieces.append("”")
        self._closed = node.tag

    def _break(self, _: Node) -> bool:
        self.pieces.append(BREAK)
        return False

    def _image(self, node: Node) -> bool:
        words = node.get("alt")
        if words and not _FILE_NAME.fullmatch(words) and not _repeats_caption(node, words):
            self.pieces.append(f" {words} ")
        self._closed = "img"
        return False

    def _input(self, node: Node) -> bool:
        kind = node.get("type").lower()
        if kind == "checkbox":
            self.pieces.append("[x] " if "checked" in node.attrs else "[ ] ")
        elif kind not in _SILENT_INPUTS and node.get("value"):
            self.pieces.append(f" {node.get('value')} ")
        self._closed = "input"
        return False

    def _button(self, _: Node) -> bool:
        return self._controls

    def _select(self, node: Node) -> bool:
        choices = [one for one in node.walk() if one.tag == "option"]
        if not self._controls:
            chosen = [one for one in choices if "selected" in one.attrs]
            choices = chosen or choices[:1]
        self.pieces.append(f" {', '.join(one.text() for one in choices)} ")
        self._closed = "select"
        return False

    def _raised(self, node: Node) -> bool:
        inner = node.children[0] if len(node.children) == 1 else ""
        link = None if isinstance(inner, str) else inner
        if link is not None:
            inner = link.children[0] if len(link.children) == 1 else ""
        elif node.parent is not None and node.parent.tag == "a":
            link = node.parent
        words = inner.strip() if isinstance(inner, str) else ""
        if link is not None and link.get("href").startswith("#") and words.isalnum() and len(words) <= 4:
            self._number(words)
        elif link is None and _RAISED_TEXT.fullmatch(words):
            self.pieces.append(words.translate(_RAISED))
        else:
            return True
        return False

    def _number(self, words: str) -> None:
        """The number of a note; a note begins with its own."""
        begins = not any(piece.strip() for piece in self.pieces)
        self.pieces.append(f"[{words}] " if begins else f"[{words}]")

    def _link(self, node: Node) -> bool:
        inner = node.children[0] if len(node.children) == 1 else ""
        words = inner.strip() if isinstance(inner, str) else ""
        if words.isalnum() and len(words) <= 4 and _refers_to_note(node):
            self._number(words)
            return False
        return words not in _BACK or not node.get("href").startswith("#")

    def _reading(self, _: Node) -> bool:
        if not self._bracketed:
            self.pieces.append("(")
        return True

    def _formula(self, node: Node) -> bool:
        for one in islice(node.walk(), _FORMULA_NODES if self._looked < _ALL_FORMULA_NODES else 0):
            self._looked += 1
            if one.tag == "annotation" and "tex" in one.get("encoding"):
                self.pieces.append(f" {one.text()} ")
                return False
        if node.get("alttext"):
            self.pieces.append(f" {node.get('alttext')} ")
            return False
        return True

    def _quoted(self, _: Node) -> bool:
        self.pieces.append("“")
        return True

    def _drawing_words(self, node: Node) -> bool:
        return node.parent is None or node.parent.tag != "svg" or node.tag not in {"title", "desc"}

    def _apart(self, _: Node) -> bool:
        self.pieces.append(" ")
        return True


_HANDLERS = {
    "a": Inline._link,
    "br": Inline._break,
    "img": Inline._image,
    "input": Inline._input,
    "button": Inline._button,
    "select": Inline._select,
    "sup": Inline._raised,
    "rt": Inline._reading,
    "math": Inline._formula,
    "q": Inline._quoted,
    "title": Inline._drawing_words,
    "desc": Inline._drawing_words,
    "text": Inline._apart,
    "foreignobject": Inline._apart,
}


def _repeats_caption(node: Node, words: str) -> bool:
    parent = node.parent
    for _ in range(3):
        if parent is None:
            return False
        if parent.tag == "figure":
            return len(parent.children) <= 20 and any(
                one.tag == "figcaption" and one.text() == words for one in parent.elements()
            )
        parent = parent.parent
    return False


def inline_text(node: Node, *, separator: str = " ") -> str:
    """All visible text inside an element as one piece; blocks and breaks are parted by ``separator``."""
    inline = Inline()
    stack: list[tuple[Child, bool]] = [(child, False) for child in reversed(node.children)]
    while stack:
        item, leaving = stack.pop()
        if isinstance(item, str):
            inline.text(item)
        elif leaving:
            if item.tag in BLOCKS:
                inline.pieces.append(BREAK)
            else:
                inline.leave(item)
        elif not item.hidden and not item.dropped:
            if item.tag in BLOCKS:
                inline.pieces.append(BREAK)
            elif not inline.enter(item):
                continue
            stack.append((item, True))
            stack.extend((child, False) for child in reversed(item.children))
    return separator.join(inline.take())


def code_text(node: Node) -> str:
    """The lines of preformatted text as they stand, without line numbers."""
    parts = list[str]()
    stack: list[tuple[Child, bool]] = [(child, False) for child in reversed(node.children)]
    while stack:
        item, leaving = stack.pop()
        if isinstance(item, str):
            parts.append(item)
        elif leaving or item.tag == "br":
            if not parts or not parts[-1].endswith("\n") or item.tag == "br":
                parts.append("\n")
        elif not item.hidden and item.tag != "button" and not in_gutter(item):
            if item.tag in BLOCKS:
                stack.append((item, True))
            stack.extend((child, False) for child in reversed(item.children))
    text = "".join(parts).replace("\r\n", "\n").translate(_CONTROLS).replace("\u00a0", " ")
    return "\n".join(line.rstrip() for line in text.split("\n"))
