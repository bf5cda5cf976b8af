"""Words of a page become lines, and lines are put into the order in which they are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median
from typing import TypeAlias

from mv2.extract.readers._pdf_raw import Word, is_rtl

__all__ = ["Box", "Item", "Line", "joined", "lines_of", "reading_order", "segments_of"]

_FEWEST = 6
_FEWEST_IN_BAND = 4
_MOST_IN_BLOCK = 8
_MOST_ITEMS = 3_000
_MOST_CUTS = 12
_DEEPEST = 10
_LONG_LINE = 9
# Sizes of room that a line needs to take one more sign: one that cannot begin a line brings another.
_DENSE_ROOM = 1.5


class Box:
    """A range of the page that is read as one.

    Attributes:
        order: first of its characters on the page.
        content: what it holds.
    """

    __slots__ = ("bottom", "content", "order", "top", "x0", "x1")

    def __init__(
        self, x0: float, top: float, x1: float, bottom: float, words: Iterable[Word], content: object
    ) -> None:
        self.x0, self.top, self.x1, self.bottom, self.content = x0, top, x1, bottom, content
        self.order = min((word.first for word in words), default=0)


class Segment:
    """Neighbouring words of a line, in the order in which they are drawn."""

    __slots__ = ("bottom", "order", "size", "top", "words", "x0", "x1", "y")

    def __init__(self, word: Word, order: int) -> None:
        self.words = [word]
        self.x0, self.x1, self.y, self.size, self.order = word.x0, word.x1, word.y, word.style.size, order
        self.top, self.bottom = self.y - self.size * 0.75, self.y + self.size * 0.2

    def take(self, word: Word) -> None:
        self.words.append(word)
        self.x1 = max(self.x1, word.x1)
        self.x0 = min(self.x0, word.x0)
        if word.style.size > self.size:
            self.size, self.y = word.style.size, word.y
            self.top, self.bottom = self.y - self.size * 0.75, self.y + self.size * 0.2


Item: TypeAlias = Segment | Box


class Line:
    """A line of text.

    Attributes:
        text: its words; in a fixed pitch with as many spaces as there is room for.
        x0, x1, y, size: left and right end, base line and size of most of its characters.
        bold, mono: whether all of its words are.
        hyphen: whether its last word goes on in the next line.
        dot: whether a small mark is drawn before it.
        raised: whether it begins with a small raised sign, as notes do.
        room: width of its first word.
        words: its words, in their order, until its page is done.
        lead, slack: room between it and the side of its column where lines begin, and where they end.
    """

    __slots__ = (
        "bold", "bottom", "dot", "hyphen", "lead", "mono", "raised", "room", "size", "slack",
        "text", "top", "words", "x0", "x1", "y",
    )  # fmt: skip

    def __init__(self, words: Sequence[Word]) -> None:
        self.dot = self.raised = False
        self.x0 = min([word.x0 for word in words])
        self.x1 = max([word.x1 for word in words])
        self.lead = self.slack = 0.0
        style, self.y = words[0].style, words[0].y
        self.size, self.bold, self.mono = style.size, style.bold, style.mono
        self.top, self.bottom = self.y - self.size * 0.75, self.y + self.size * 0.2
        if any(word.style is not style or word.y != self.y for word in words):
            self._mixed(words)
        self.hyphen = words[-1].hyphen
        self.room = words[0].x1 - words[0].x0
        if _is_dense(words[0].text[:1]):
            self.room = min(self.room, _DENSE_ROOM * self.size)
        self.words = words
        self.text = _spaced(words) if self.mono else joined(word.text for word in words)

    def _mixed(self, words: Sequence[Word]) -> None:
        sizes: Counter[float] = Counter()
        bases: Counter[float] = Counter()
        for word in words:
            sizes[word.style.size] += len(word.text)
            bases[word.y] += len(word.text)
        self.size = sizes.most_common(1)[0][0]
        self.y = bases.most_common(1)[0][0]
        self.top = min(self.y - self.size * 0.75, *(word.y - word.style.size * 0.75 for word in words))
        self.bottom = max(self.y + self.size * 0.2, *(word.y + word.style.size * 0.2 for word in words))
        self.bold = all(word.style.bold or not word.text.isalnum() for word in words)
        self.bold = self.bold and any(word.style.bold for word in words)
        self.mono = all(word.style.mono for word in words)
        first = words[0]
        self.raised = first.style.size < 0.8 * self.size and first.y < self.y - 0.1 * self.size


def joined(texts: Iterable[str]) -> str:
    """The texts with a space between them, except between signs of scripts without spaces."""
    texts = list(texts)
    plain = " ".join(texts)
    if plain.isascii():
        return plain
    parts: list[str] = []
    before = ""
    for text in texts:
        if parts and not (_is_dense(before[-1:]) and _is_dense(text[:1])):
            parts.append(" ")
        parts.append(text)
        before = text
    return "".join(parts)


def _is_dense(sign: str) -> bool:
    return "\u2e80" <= sign <= "\ua4cf" or "\uff00" <= sign <= "\uffef"


def _count(words: Iterable[Word]) -> int:
    """How many words there are; of scripts without spaces, two signs count as one."""
    texts = [word.text for word in words]
    return sum((len(text) + 1) // 2 if _is_dense(text[:1]) else text[0].isalpha() for text in texts)


def _spaced(words: Sequence[Word]) -> str:
    parts = []
    before: Word | None = None
    for word in words:
        if before is not None:
            pitch = (word.x1 - word.x0) / len(word.text) or 1.0
            parts.append(" " * max(1, min(200, round((word.x0 - before.x1) / pitch))))
        parts.append(word.text)
        before = word
    return "".join(parts)


def segments_of(words: Iterable[Word]) -> list[Segment]:
    """Words drawn one after the other side by side, without a gap as wide as one between columns."""
    segments: list[Segment] = []
    current: Segment | None = None
    end = 0.0
    order = 0
    for word in words:
        order = word.first if word.first >= 0 else order
        size = word.style.size
        if current is not None and abs(word.y - current.y) < 0.35 * max(size, current.size):
            size = max(size, current.size)
            gap = word.x0 - end
            if -0.4 * size < gap < size or (is_rtl(word.text) and abs(current.x0 - word.x1) < size):
                current.take(word)
                end = word.x1
                continue
        current = Segment(word, order)
        end = word.x1
        segments.append(current)
    return segments


def reading_order(items: Sequence[Item]) -> list[list[Item]]:
    """Groups of items, each to be read from top to bottom, in the order in which they are read.

    Columns of text come one after the other. What runs across columns parts them into bands.
    """
    groups: list[list[Item]] = []
    pending: list[tuple[list[Item], int]] = [(sorted(items, key=lambda item: item.top), 0)]
    while pending:
        group, depth = pending.pop()
        cut = _best_cut(group) if _FEWEST <= len(group) <= _MOST_ITEMS and depth < _DEEPEST else None
        if cut is None:
            if group:
                groups.append(group)
            continue
        pending += [(part, depth + 1) for part in reversed(cut) if part]
    return groups


def _best_cut(items: list[Item]) -> tuple[list[Item], ...] | None:
    best: tuple[list[Item], ...] | None = None
    for at in _possible_cuts(items):
        for cut in _bands(items, at):
            if best is None or len(cut[1]) + len(cut[2]) > len(best[1]) + len(best[2]):
                best = cut
    return best


def _possible_cuts(items: Sequence[Item]) -> list[float]:
    """Middles of the x ranges that few items cross, the widest first."""
    left = min(item.x0 for item in items)
    width = int(max(item.x1 for item in items) - left) + 2
    if not 20 <= width <= 20_000:
        return []
    steps = [0] * (width + 2)
    for item in items:
        steps[max(0, int(item.x0 - left))] += 1
        steps[min(width, int(item.x1 - left) + 1)] -= 1
    crossed, depth = [], 0
    for step in steps[:width]:
        depth += step
        crossed.append(depth)
    limit = max(1, len(items) * 0.3)
    runs: list[tuple[int, int]] = []
    start = 0
    for at in range(1, width + 1):
        if at == width or crossed[at] != crossed[start]:
            below = start == 0 or crossed[start - 1] > crossed[start]
            above = at == width or crossed[at] > crossed[start]
            if below and above and crossed[start] <= limit and at - start >= 4 and start > 0 and at < width:
                runs.append((at - start, start))
            start = at
    runs.sort(reverse=True)
    return [left + start + length / 2 for length, start in runs[:_MOST_CUTS]]


def _bands(items: list[Item], at: float) -> Iterable[tuple[list[Item], ...]]:
    """(above, left, right, below) of each band between items that cross `at`, where columns stand in it."""
    runs: list[tuple[int, int]] = []
    start = 0
    for index, item in enumerate(items):
        if item.x0 < at < item.x1:
            runs.append((start, index))
            start = index + 1
    runs.append((start, len(items)))
    for band in runs:
        first, end = _dense_part(items, *band)
        if end - first < _FEWEST_IN_BAND:
            continue
        left, right = _sides(items[first:end], at)
        if end - first >= _FEWEST and _are_columns(left, right):
            yield items[:first], left, right, items[end:]
        elif left and right:
            low = max(_block_end(left), _block_end(right))
            while items[end - 1].top >= low:
                end -= 1
            left, right = _sides(items[first:end], at)
            if _are_blocks(left, right):
                yield items[:first], left, right, items[end:]


def _block_end(items: Sequence[Item]) -> float:
    """Bottom of the first lines of one size that follow one another closely."""
    bottom, height = items[0].bottom, items[0].bottom - items[0].top
    for item in items[1:]:
        if item.top - bottom > height or abs(item.bottom - item.top - height) > 0.1 * height:
            break
        bottom = max(bottom, item.bottom)
    return bottom


def _sides(items: Sequence[Item], at: float) -> tuple[list[Item], list[Item]]:
    return [item for item in items if item.x1 <= at], [item for item in items if item.x0 >= at]


def _dense_part(items: Sequence[Item], first: int, end: int) -> tuple[int, int]:
    """The most of a band that has no wide gap from top to bottom, as there is before running feet."""
    best = (first, first)
    start = first
    heights = [item.bottom - item.top for item in items[first:end]]
    far = max(20.0, 2.6 * median(heights)) if heights else 0.0
    bottom = items[first].bottom if first < end else 0.0
    for at in range(first, end + 1):
        if at == end or items[at].top - bottom > far:
            if at - start > best[1] - best[0]:
                best = (start, at)
            start = at
        if at < end:
            bottom = max(bottom, items[at].bottom)
    return best


class _Column:
    """What tells running text from the cells of a table."""

    def __init__(self, items: Sequence[Item]) -> None:
        texts = [item for item in items if isinstance(item, Segment)]
        rows: dict[int, list[Segment]] = {}
        for text in texts:
            rows.setdefault(round(text.y), []).append(text)
        self.rows = len(rows)
        self.bases = {round(text.y) for text in texts}
        ends = sorted(max(text.x1 for text in row) for row in rows.values())
        starts = sorted(min(text.x0 for text in row) for row in rows.values())
        self.size = median([text.size for text in texts]) if texts else 0.0
        self.width = ends[int(len(ends) * 0.9)] - starts[len(starts) // 10] if texts else 0.0
        filled = sum(
            max(text.x1 for text in row) - min(text.x0 for text in row) >= self.width * 0.75
            for row in rows.values()
        )
        words = [_count(word for text in row for word in text.words) for row in rows.values()]
        self.mono = all(text.words[0].style.mono for text in texts)
        wide = self.width >= self.size * 8
        self.is_prose = bool(rows) and wide and median(words) >= 3 and filled * 2 >= self.rows
        self.first = min(item.order for item in items)
        self.last = max(item.order for item in items)


def _are_columns(left: Sequence[Item], right: Sequence[Item]) -> bool:
    if not left or not right:
        return False
    overlap = min(max(item.bottom for item in left), max(item.bottom for item in right)) - max(
        left[0].top, right[0].top
    )
    heights = [max(item.bottom for item in side) - side[0].top for side in (left, right)]
    if overlap < 0.4 * min(heights) or overlap < 10:
        return False
    one, two = _Column(left), _Column(right)
    gap = min(item.x0 for item in right) - max(item.x1 for item in left)
    if one.rows < 2 or two.rows < 2 or gap < 0.5 * max(one.size, two.size):
        return False
    aligned = len(one.bases & two.bases) / min(len(one.bases), len(two.bases))
    if one.mono and two.mono and aligned >= 0.8:
        return False
    if one.is_prose and two.is_prose:
        return True
    if aligned < 0.6 and (one.is_prose or two.is_prose):
        return True
    apart = one.last < two.first or two.last < one.first
    return apart and aligned < 0.6 and gap >= max(one.size, two.size)


def _are_blocks(left: Sequence[Item], right: Sequence[Item]) -> bool:
    """Whether they are two addresses side by side, each drawn by itself, not labels and their values."""
    if not left or not right:
        return False
    one, two = _Column(left), _Column(right)
    gap = min(item.x0 for item in right) - max(item.x1 for item in left)
    if not 2 <= min(one.rows, two.rows) <= max(one.rows, two.rows) <= _MOST_IN_BLOCK:
        return False
    if gap < 5 * max(one.size, two.size) or not (one.last < two.first or two.last < one.first):
        return False
    for side in (left, right):
        rows = [item.words for item in side if isinstance(item, Segment)]
        if len(rows) < len(side) or sum(_count(words) > 0 for words in rows) < len(rows):
            return False
    return not any(isinstance(item, Segment) and item.words[-1].text.endswith(":") for item in left)


def lines_of(items: Sequence[Item]) -> list[Line | Box]:
    """Items of one column as lines and boxes, from top to bottom."""
    rows: list[list[Segment]] = []
    boxes: list[Line | Box] = []
    for item in sorted(items, key=lambda item: item.top + (item.bottom - item.top) / 2):
        if isinstance(item, Box):
            boxes.append(item)
        else:
            for row in rows[-3:]:
                if _same_line(row, item):
                    row.append(item)
                    break
            else:
                rows.append([item])
    lines = [Line(_ordered(row)) for row in rows]
    if lines:
        _measure_ends(lines)
    return sorted([*boxes, *lines], key=lambda item: (item.top + item.bottom) / 2)


def _measure_ends(lines: Sequence[Line]) -> None:
    """Note how much room the lines of a column leave; at their end no bound where they do not fill it."""
    mirrored = sum(is_rtl(line.text) for line in lines) * 2 > len(lines)
    spans = [(-line.x1, -line.x0) if mirrored else (line.x0, line.x1) for line in lines]
    start = min(one for one, _ in spans)
    ends = sorted(two for _, two in spans)
    end = ends[int(len(ends) * 0.95)]
    filled = sum(two - one >= 0.85 * (end - start) for one, two in spans)
    words = median([max(len(line.words), _count(line.words)) for line in lines])
    free = len(lines) > 1 and (words <= 3 or (words <= 5 and filled * 2 <= len(lines)))
    for line, (one, two) in zip(lines, spans, strict=True):
        line.lead, line.slack = one - start, max(0.0, end - two)
        # Where most lines end by themselves, a long one may still have run out of room.
        if free and (line.slack > 3 * line.size or _count(line.words) < _LONG_LINE):
            line.slack += 10_000


def _same_line(row: Sequence[Segment], other: Segment) -> bool:
    largest = max(row, key=lambda segment: segment.size)
    small, large = sorted((largest.size, other.size))
    shift = abs(largest.y - other.y)
    if shift <= 0.2 * small:
        return True
    raised = small <= 0.8 * large and shift <= 0.6 * large and small >= 0.4 * large
    beside = other.x0 >= largest.x1 - 1 or other.x1 <= largest.x0 + 1
    return (raised and beside) or (shift <= 0.35 * small and beside)


def _ordered(row: Sequence[Segment]) -> list[Word]:
    rtl = any(is_rtl(word.text) for segment in row for word in segment.words)
    if not rtl:
        words = [word for segment in row for word in segment.words]
        return sorted(words, key=lambda word: word.x0) if len(row) > 1 else words
    return [word for segment in sorted(row, key=lambda segment: segment.order) for word in segment.words]
