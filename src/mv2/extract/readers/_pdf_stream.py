"""Tables without ruled lines: rows of short texts that stand in columns.

Text is only taken for one where it is clear; running text in two columns, lists, directories with
dot leaders and listings of programs are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from mv2._late import late_pattern
from mv2.extract._values import value_type
from mv2.extract.readers._pdf_drawings import Rule
from mv2.extract.readers._pdf_grid import FoundTable, continued, header_depth
from mv2.extract.readers._pdf_layout import Box, Line, joined
from mv2.extract.readers._pdf_raw import is_rtl

__all__ = ["aligned_tables"]

_WIDE, _SPACE = 0.6, 0.4
_MOST_ROWS = 400
_MOST_LOOKS = 20_000
_LEADER = late_pattern(r"\.{4}|(?:\. ){3}|…{2}|·{4}|_{4}")
_MARKER = late_pattern(r"[•◦▪▫■□●○‣⁃–—\-*·\uf000-\uf0ff]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)]")
_DATA = frozenset(["integer", "number", "percent", "currency", "date", "time", "datetime"])


def aligned_tables(lines: Sequence[Line | Box], rules: Sequence[Rule]) -> list[Line | Box]:
    """The lines of one column, with a box in the place of those that make a table."""
    result: list[Line | Box] = []
    at = 0
    looked_at = 0
    while at < len(lines):
        end = _run(lines, at) if looked_at < _MOST_LOOKS else at
        looked_at += end - at
        box = (
            _read_run([line for line in lines[at:end] if isinstance(line, Line)], rules)
            if end - at >= 3
            else None
        )
        if box is None:
            result.append(lines[at])
            at += 1
        else:
            result.append(box)
            at = end
    return result


def _run(lines: Sequence[Line | Box], start: int) -> int:
    """End of the longest run of lines from `start` on whose words leave the same columns."""
    first = lines[start]
    if not isinstance(first, Line) or not _can_be_row(first):
        return start
    columns = _parts(first, _SPACE)
    if len(columns) < 2:
        return start
    end = complete = start + 1
    before = first
    pitch = 0.0
    while end < len(lines) and end - start < _MOST_ROWS:
        line = lines[end]
        if not isinstance(line, Line) or not _can_be_row(line):
            break
        step = line.y - before.y
        far = line.top - before.bottom > 1.8 * first.size
        if (far and not (step < 4 * first.size and abs(step - (pitch or step)) < 0.2 * step)) or (
            not 0.75 < line.size / first.size < 1.34
        ):
            break
        pitch = pitch or step
        parts = _parts(line, _SPACE)
        wider = _united([*columns, *parts], _SPACE * first.size)
        if len(wider) < max(2, len(columns)) and not (end == start + 1 and len(wider) >= 2):
            break
        end += 1
        if len(parts) > 1:
            complete = end
        columns, before = wider, line
    return complete


def _can_be_row(line: Line) -> bool:
    return not line.mono and not _LEADER.search(line.text) and not is_rtl(line.text)


def _parts(line: Line, gap: float) -> list[tuple[float, float]]:
    return _united([(word.x0, word.x1) for word in line.words], gap * line.size)


def _united(ranges: Sequence[tuple[float, float]], gap: float) -> list[tuple[float, float]]:
    united: list[tuple[float, float]] = []
    for start, end in sorted(ranges):
        if united and start - united[-1][1] < gap:
            united[-1] = (united[-1][0], max(end, united[-1][1]))
        else:
            united.append((start, end))
    return united


class _Candidate:
    """Lines with the columns that all of their words leave."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self.size = median([line.size for line in lines])
        ranges = [(word.x0, word.x1) for line in lines for word in line.words]
        self.columns = _united(ranges, _SPACE * self.size)
        self.edges: list[list[tuple[float, float]]] = [[] for _ in self.columns]
        self.texts: list[list[str]] = []
        self.bold: list[list[bool]] = []
        self.wide = 0
        for line in lines:
            self._add(line)

    def _add(self, line: Line) -> None:
        texts, bold = [], []
        end: float | None = None
        gaps = []
        for at, (start, stop) in enumerate(self.columns):
            words = [word for word in line.words if start <= (word.x0 + word.x1) / 2 <= stop]
            texts.append(joined(word.text for word in words))
            bold.append(bool(words) and all(word.style.bold for word in words))
            if words:
                left, right = min(word.x0 for word in words), max(word.x1 for word in words)
                self.edges[at].append((left, right))
                if end is not None:
                    gaps.append(left - end)
                end = right
        self.texts.append(texts)
        self.bold.append(bold)
        self.wide += bool(gaps) and min(gaps) >= _WIDE * self.size

    def is_aligned(self) -> bool:
        """Whether the cells of every column start, end or are centred at one place."""
        for edges in self.edges:
            kinds = (
                [left for left, _ in edges],
                [right for _, right in edges],
                [(left + right) / 2 for left, right in edges],
            )
            best = max(sum(abs(value - median(kind)) <= 2.0 for value in kind) for kind in kinds)
            if best < 0.75 * len(edges):
                return False
        return True

    def is_regular(self) -> bool:
        filled = [sum(map(bool, row)) for row in self.texts]
        full = sum(count >= max(2, 0.6 * len(self.columns)) for count in filled)
        return full >= 3 and full >= 0.7 * len(filled) and self.wide >= 0.6 * full

    def is_prose(self) -> bool:
        words = [[len(row[at].split()) for row in self.texts if row[at]] for at in range(len(self.columns))]
        long = sum(median(counts) >= 4 for counts in words)
        lengths = [max(len(row[at]) for row in self.texts) for at in range(len(self.columns))]
        return long >= 2 or long == len(words) or max(lengths) > 90

    def is_list(self) -> bool:
        first = [row[0] for row in self.texts if row[0]]
        marked = sum(_MARKER.fullmatch(text) is not None for text in first)
        colons = sum(text.endswith(":") for text in first)
        return len(self.columns) == 2 and max(marked, colons) * 2 > len(first)


def _read_run(lines: Sequence[Line], rules: Sequence[Rule]) -> Box | None:
    candidate = _Candidate(lines)
    count = len(candidate.columns)
    if count < 2 or not candidate.is_regular() or not candidate.is_aligned():
        return None
    if candidate.is_prose() or candidate.is_list():
        return None
    left, right = candidate.columns[0][0], candidate.columns[-1][1]
    top, bottom = lines[0].top, lines[-1].bottom
    reach = candidate.size * 1.2
    ruled = sum(
        top - reach <= y <= bottom + reach and min(end, right) - max(start, left) >= 0.7 * (right - left)
        for y, start, end in rules
    )
    depth = header_depth(candidate.texts, candidate.bold)
    data = any(_holds_data(candidate.texts, at) for at in range(count))
    signs = data + (depth is not None) + (ruled >= 2)
    if signs < (1 if count > 2 else 2):
        return None
    rows = _whole_rows(candidate)
    if len(rows) < 3:
        return None
    words = [word for line in lines for word in line.words]
    across = [left - 1, *((one[1] + two[0]) / 2 for one, two in pairwise(candidate.columns)), right + 1]
    return Box(
        left, top, right, bottom, words, FoundTable(rows, depth, across, words, "stream", 0.6 + 0.05 * signs)
    )


def _holds_data(texts: Sequence[Sequence[str]], column: int) -> bool:
    values = [row[column] for row in texts[1:] if row[column]]
    return len(values) >= 2 and sum(value_type(value) in _DATA for value in values) >= 0.7 * len(values)


def _whole_rows(candidate: _Candidate) -> list[list[str]]:
    """Rows; a line without a first cell and without data goes on with the row above."""
    rows: list[list[str]] = []
    for row in candidate.texts:
        filled = [text for text in row if text]
        goes_on = (
            rows
            and not row[0]
            and len(filled) * 2 <= len(row)
            and not any(value_type(text) in _DATA for text in filled)
        )
        if goes_on and len(rows) > 1:
            rows[-1] = [
                continued(one, False, two) if two else one for one, two in zip(rows[-1], row, strict=True)
            ]
        else:
            rows.append(list(row))
    return rows
