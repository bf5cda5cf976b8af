"""Tables with ruled lines: cells are what the lines enclose."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from mv2.extract.readers._pdf_drawings import Rule
from mv2.extract.readers._pdf_grid import FoundTable, cell_text, header_depth
from mv2.extract.readers._pdf_layout import Box
from mv2.extract.readers._pdf_raw import RawPage, Word

__all__ = ["ruled_tables"]

_NEAR = 3.0
_WIDEST_LINE = 6.0
_DASH = 4.5
_SHORTEST = 5.0
_MOST_RULES = 2_000
_MOST_CELLS = 50_000
_NARROW = 12.0
_LONGEST_CELL = 2_000


def ruled_tables(page: RawPage, cells_left: int) -> tuple[list[Box], list[Word]]:
    """The tables of a page, and the words that stand outside of them.

    Args:
        cells_left: how many cells tables may have.
    """
    level, upright = merged_rules(page.level), merged_rules(page.upright)
    if len(level) < 2 or not upright or len(level) > _MOST_RULES or len(upright) > _MOST_RULES:
        return [], page.words
    tables: list[Box] = []
    words = page.words
    for grid in _grids(level, upright):
        if grid.columns < 2 or grid.rows < 2 or grid.columns * grid.rows > min(_MOST_CELLS, cells_left):
            continue
        inside = [word for word in words if grid.holds(word)]
        if len(inside) < 3:
            continue
        table = _read_grid(grid, inside, page)
        if table is not None:
            taken = set(map(id, inside))
            words = [word for word in words if id(word) not in taken]
            tables.append(Box(grid.across[0], grid.along[0], grid.across[-1], grid.along[-1], inside, table))
            cells_left -= grid.columns * grid.rows
    return tables, words


def merged_rules(rules: Sequence[Rule]) -> list[Rule]:
    """Rules in one line become one: double lines, dashes and the borders of neighbouring cells."""
    merged: list[Rule] = []
    group: list[Rule] = []
    for rule in sorted(rules):
        if group and (rule[0] - group[-1][0] > _NEAR or rule[0] - group[0][0] > _WIDEST_LINE):
            merged += _in_one_line(group)
            group = []
        group.append(rule)
    merged += _in_one_line(group)
    return [rule for rule in merged if rule[2] - rule[1] >= _SHORTEST]


def _in_one_line(group: Sequence[Rule]) -> list[Rule]:
    runs: list[list[float]] = []
    for place, start, end in sorted(group, key=lambda rule: rule[1]):
        if runs and start - runs[-1][1] <= _DASH:
            run = runs[-1]
            run[1] = max(run[1], end)
            run[2] += place
            run[3] += 1
        else:
            runs.append([start, end, place, 1])
    return [(total / count, start, end) for start, end, total, count in runs]


class _Grid:
    """Lines that cross one another, and the positions they give."""

    def __init__(self, level: Sequence[Rule], upright: Sequence[Rule]) -> None:
        self.across = _positions(upright)
        self.along = _positions(level)
        left, right = min(rule[1] for rule in level), max(rule[2] for rule in level)
        top, bottom = min(rule[1] for rule in upright), max(rule[2] for rule in upright)
        self.open_sides: list[Rule] = []
        self.open_ends: list[Rule] = []
        for side, place in ((left, 0), (right, len(self.across))):
            edge = self.across[min(place, len(self.across) - 1)]
            if abs(side - edge) > _NARROW and (side < edge) == (place == 0):
                self.across.insert(0 if place == 0 else len(self.across), side)
                self.open_sides.append((side, self.along[0], self.along[-1]))
        for end, place in ((top, 0), (bottom, len(self.along))):
            edge = self.along[min(place, len(self.along) - 1)]
            if abs(end - edge) > _NARROW and (end < edge) == (place == 0):
                self.along.insert(0 if place == 0 else len(self.along), end)
                self.open_ends.append((end, self.across[0], self.across[-1]))
        self.columns, self.rows = len(self.across) - 1, len(self.along) - 1
        self.level = [*level, *self.open_ends]
        sides = [(place, self.along[0], self.along[-1]) for place, _, _ in self.open_sides]
        self.upright = [*upright, *sides]

    def holds(self, word: Word) -> bool:
        middle, height = (word.x0 + word.x1) / 2, word.y - word.style.size * 0.3
        return (
            self.across[0] <= middle <= self.across[-1] and self.along[0] - 1 <= height <= self.along[-1] + 1
        )

    def parted(self) -> tuple[list[list[bool]], list[list[bool]]]:
        """Whether a line stands right of and below each cell."""
        right = [[False] * self.columns for _ in range(self.rows)]
        below = [[False] * self.columns for _ in range(self.rows)]
        for covered, lines, places, steps in (
            (right, self.upright, self.across, self.along),
            (below, self.level, self.along, self.across),
        ):
            lengths: defaultdict[tuple[int, int], float] = defaultdict(float)
            for place, start, end in lines:
                line = _nearest(places, place)
                for step, (one, two) in enumerate(pairwise(steps)):
                    shared = min(end, two) - max(start, one)
                    if shared > 0:
                        lengths[line, step] += shared / (two - one)
            for (line, step), share in lengths.items():
                if line > 0 and share >= 0.5:
                    row, column = (step, line - 1) if covered is right else (line - 1, step)
                    covered[row][column] = True
        return right, below


def _nearest(places: Sequence[float], place: float) -> int:
    at = bisect_right(places, place)
    if at == 0 or at == len(places):
        return max(0, at - 1)
    return at if places[at] - place < place - places[at - 1] else at - 1


def _positions(rules: Sequence[Rule]) -> list[float]:
    positions: list[float] = []
    for place, _, _ in sorted(rules):
        if not positions or place - positions[-1] > _NEAR:
            positions.append(place)
    return positions


def _grids(level: Sequence[Rule], upright: Sequence[Rule]) -> list[_Grid]:
    """Lines that hang together, the largest grid first."""
    import numpy as np

    flat, tall = np.array(level), np.array(upright)
    touches = (
        (flat[:, 1, None] - _NEAR <= tall[None, :, 0])
        & (tall[None, :, 0] <= flat[:, 2, None] + _NEAR)
        & (tall[None, :, 1] - _NEAR <= flat[:, 0, None])
        & (flat[:, 0, None] <= tall[None, :, 2] + _NEAR)
    )
    grids: list[_Grid] = []
    seen = np.zeros(len(level), dtype=bool)
    for start in range(len(level)):
        if seen[start]:
            continue
        rows = np.zeros(len(level), dtype=bool)
        rows[start] = True
        columns: Any = touches[start].copy()
        while True:
            wider = touches[:, columns].any(axis=1) | rows
            if wider.sum() == rows.sum():
                break
            rows = wider
            columns = touches[rows].any(axis=0)
        seen |= rows
        if rows.sum() >= 2 and columns.any():
            grids.append(
                _Grid(
                    [level[at] for at in rows.nonzero()[0].tolist()],
                    [upright[at] for at in columns.nonzero()[0].tolist()],
                )
            )
    grids.sort(key=lambda grid: -(grid.across[-1] - grid.across[0]) * (grid.along[-1] - grid.along[0]))
    return grids


def _merged_cells(grid: _Grid) -> tuple[list[list[int]], bool]:
    """A number for each cell, the same for cells that are one; and whether all of those are oblong."""
    right, below = grid.parted()
    numbers = [[-1] * grid.columns for _ in range(grid.rows)]
    oblong = True
    count = 0
    for row in range(grid.rows):
        for column in range(grid.columns):
            if numbers[row][column] >= 0:
                continue
            last = column
            while last + 1 < grid.columns and not right[row][last] and numbers[row][last + 1] < 0:
                last += 1
            end = row
            span = range(column, last + 1)
            while end + 1 < grid.rows and not any(below[end][at] for at in span):
                inner = any(right[end + 1][at] for at in range(column, last))
                if inner or any(numbers[end + 1][at] >= 0 for at in span):
                    oblong = False
                    break
                end += 1
            for taken in range(row, end + 1):
                for at in span:
                    numbers[taken][at] = count
            count += 1
    return numbers, oblong


def _read_grid(grid: _Grid, words: Sequence[Word], page: RawPage) -> FoundTable | None:
    numbers, oblong = _merged_cells(grid)
    held: defaultdict[int, list[Word]] = defaultdict(list)
    for word in words:
        for piece in _parted_words(word, grid, numbers, page):
            row = _place(grid.along, piece.y - piece.style.size * 0.3)
            held[numbers[row][_place(grid.across, (piece.x0 + piece.x1) / 2)]].append(piece)
    texts = {number: cell_text(group) for number, group in held.items()}
    distinct = len({number for row in numbers for number in row})
    if len(texts) < 3 or len(texts) * 6 < distinct or max(map(len, texts.values())) > _LONGEST_CELL:
        return None
    across = _without_gaps(grid.across, numbers, held)
    numbers = [row for row in numbers if any(number in held for number in row)]
    numbers = [row for at, row in enumerate(numbers) if at == 0 or row != numbers[at - 1]]
    if len(across) < 3:
        return None
    rows = [[texts.get(number, "") for number in row] for row in numbers]
    depth = _spanned_depth(numbers)
    confidence = 0.95 if oblong else 0.7
    if depth is None:
        split = _split_rows(held, numbers)
        if len(split) > len(rows):
            rows = [[cell_text(cell) for cell in row] for row in split]
            confidence = min(confidence, 0.85)
        depth = header_depth(rows, [[_is_bold(cell) for cell in row] for row in split])
    if len(rows) < 2:
        return None
    warnings = () if oblong else ("cells of irregular shape",)
    table = FoundTable(rows, depth, across, words, "lattice", confidence, warnings)
    if len(rows) == len(numbers):
        table.cells = numbers
    return table


def _without_gaps(
    places: Sequence[float], numbers: list[list[int]], held: dict[int, list[Word]]
) -> list[float]:
    """Takes out columns that no cell has for itself and gaps between cells; returns what parts the rest."""
    across = list(places)
    for column in range(len(across) - 2, -1, -1):
        twin = column > 0 and all(row[column] == row[column - 1] for row in numbers)
        narrow = across[column + 1] - across[column] < _NARROW
        if twin or (narrow and not any(row[column] in held for row in numbers)):
            for row in numbers:
                del row[column]
            del across[column]
    return across


def _is_bold(words: Sequence[Word]) -> bool:
    return bool(words) and all(word.style.bold for word in words)


def _place(places: Sequence[float], at: float) -> int:
    return min(max(0, bisect_right(places, at) - 1), len(places) - 2)


def _parted_words(word: Word, grid: _Grid, numbers: Sequence[Sequence[int]], page: RawPage) -> list[Word]:
    """The word, in two where a line runs through it."""
    first, last = _place(grid.across, word.x0 + 1), _place(grid.across, word.x1 - 1)
    if first == last:
        return [word]
    row = numbers[_place(grid.along, word.y - word.style.size * 0.3)]
    pieces = [word]
    for column in range(first, last):
        if row[column] != row[column + 1]:
            pieces[-1:] = page.split(pieces[-1], grid.across[column + 1])
    return pieces


def _spanned_depth(numbers: Sequence[Sequence[int]]) -> int | None:
    """So many rows are the header, where its first row has cells over columns beside cells over rows."""
    first = numbers[0]
    if not any(one == other for one, other in pairwise(first)) or len(set(first)) < 2:
        return None
    depth = 1
    for column, number in enumerate(first):
        down = 1
        while down < len(numbers) and numbers[down][column] == number:
            down += 1
        depth = max(depth, down)
    return depth if 1 < depth < len(numbers) and depth <= 3 else None


def _split_rows(held: dict[int, list[Word]], numbers: Sequence[Sequence[int]]) -> list[list[list[Word]]]:
    """The words of the cells by row, where rows without a line between them are parted.

    Those are parted where the texts of all columns stand on the same base lines.
    """
    split: list[list[list[Word]]] = []
    for row in numbers:
        cells = [held.get(number, []) for number in row]
        bases = sorted({round(word.y) for words in cells for word in words})
        steps = bases[:1] + [two for one, two in pairwise(bases) if two - one > 2]
        parts = [[[word for word in words if abs(word.y - base) <= 2.5] for words in cells] for base in steps]
        full = all(bool(part[0]) and sum(map(bool, part)) >= max(2, len(part) - 1) for part in parts)
        alone = len(set(row)) == len(row) and sum(row[0] in other for other in numbers) == 1
        split += parts if alone and len(steps) >= 3 and full else [cells]
    return split
