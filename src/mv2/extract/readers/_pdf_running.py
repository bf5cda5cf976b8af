"""Running heads, running feet and page numbers: lines that stand at one place of many pages."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from mv2._late import late_pattern
from mv2.extract.readers._pdf_layout import Box, Line
from mv2.extract.readers._pdf_pages import PageContent

__all__ = ["take_running"]

_ZONE = 0.15
_OUTERMOST = 4
_FEWEST = 3
_SMALL, _LARGE = 0.95, 1.12
_MOST_PAGES = 0.6
_NUMBER = late_pattern(r"(?<![^\W_])(?:\d{1,5}|[ivxlc]{1,8}|[IVXLC]{1,8})(?![^\W_])")
_PAGE_NUMBER = late_pattern(
    r"\W*(?:(?:page|seite|pagina|página|p\.)\s*)?(\d{1,5})(?:\s*(?:/|of|von|de|sur|di)\s*(\d{1,5}))?\W*", 2
)
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}

# A line with what makes it the same as those on other pages.
Key: TypeAlias = tuple[str, int, int | None]


def take_running(pages: Sequence[PageContent]) -> list[str]:
    """Take the running lines off the pages; returns their texts, each once."""
    outer = {page.number: list(_outer_lines(page)) for page in pages}
    seen = _Seen(pages, outer)
    texts: dict[str, None] = {}
    for page in pages:
        dropped: set[int] = set()
        for line, side in outer[page.number]:
            if seen.is_running(line, side, page.number):
                dropped.add(id(line))
                texts[" ".join(line.text.split())] = None
        if dropped:
            page.groups = [[item for item in group if id(item) not in dropped] for group in page.groups]
    return _turned(pages, texts)


class _Seen:
    """On which pages the first and last lines stand, and how."""

    def __init__(self, pages: Sequence[PageContent], outer: dict[int, list[tuple[Line, int]]]) -> None:
        self.pages = len(pages)
        self.body = _usual_size(pages)
        self.places: defaultdict[Key, set[int]] = defaultdict(set)
        self.slots: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
        for number, lines in outer.items():
            for line, side in lines:
                for key in _keys(line, side, number):
                    self.places[key].add(number)
                    if key[2] is not None:
                        self.slots[key[1], key[2]].add(number)

    def is_running(self, line: Line, side: int, page: int) -> bool:
        place = side * round(line.y)
        exact = (line.text, place, None)
        if line.size > _LARGE * self.body:
            # A title: only if it names the whole document.
            return len(self.places[exact]) >= max(_FEWEST, _MOST_PAGES * self.pages)
        enough = min(_FEWEST, max(2, self.pages))
        # The first page may have none, or the last one.
        few = min(_FEWEST, max(2, self.pages - 1)) if line.size < _SMALL * self.body else _FEWEST
        if len(self.places[exact]) >= few:
            return True
        for key in _keys(line, side, page):
            if key[2] is None:
                continue
            if len(self.places[key]) >= enough:
                return True
            at_end = key[0].startswith("#") or key[0].endswith("#")
            if at_end and len(self.slots[place, key[2]]) >= _FEWEST:
                return True
        own = _PAGE_NUMBER.fullmatch(line.text)
        return own is not None and int(own[1]) == page and (own[2] is None or int(own[2]) >= page)


def _usual_size(pages: Sequence[PageContent]) -> float:
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page.lines():
            sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _turned(pages: Sequence[PageContent], texts: dict[str, None]) -> list[str]:
    marks: defaultdict[str, int] = defaultdict(int)
    for page in pages:
        for text in set(page.turned):
            marks[text] += 1
    repeated = {text for text, count in marks.items() if count >= _FEWEST}
    for page in pages:
        page.turned = [text for text in page.turned if text not in repeated]
    return [*texts, *sorted(repeated)]


def _outer_lines(page: PageContent) -> Iterator[tuple[Line, int]]:
    """The first and last lines of a page with -1 and 1."""
    lines = sorted((line for line in page.lines()), key=lambda line: line.y)
    boxes = [item for group in page.groups for item in group if isinstance(item, Box)]
    for line in lines[:_OUTERMOST]:
        if line.bottom < page.height * _ZONE and not any(box.bottom < line.y for box in boxes):
            yield line, -1
    for line in lines[-_OUTERMOST:]:
        if line.top > page.height * (1 - _ZONE) and not any(box.top > line.y for box in boxes):
            yield line, 1


def _keys(line: Line, side: int, number: int) -> Iterator[Key]:
    place = side * round(line.y)
    yield line.text, place, None
    for found in _numbers(line.text):
        text = f"{line.text[: found.start()]}#{line.text[found.end() :]}"
        yield text, place, _value(found.group()) - number


def _numbers(text: str) -> list[re.Match[str]]:
    return list(_NUMBER.finditer(text[:300]))[:6]


def _value(text: str) -> int:
    if text.isdecimal():
        return int(text)
    digits = [_ROMAN[sign] for sign in text.lower()]
    return sum(
        -digit if any(later > digit for later in digits[at + 1 : at + 2]) else digit
        for at, digit in enumerate(digits)
    )
