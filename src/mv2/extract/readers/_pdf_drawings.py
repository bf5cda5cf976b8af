"""Lines, boxes and pictures that are drawn on a page of a PDF."""

from __future__ import annotations

import ctypes
import math
from typing import Any, TypeAlias

__all__ = ["Bounds", "Drawings", "Frame", "Rule"]

# (position, start, end): x and y range of an upright rule, y and x range of a level one.
Rule: TypeAlias = tuple[float, float, float]
# Left, bottom, right and top; in the frame left, top, right and bottom.
Bounds: TypeAlias = tuple[float, float, float, float]
Matrix: TypeAlias = tuple[float, float, float, float, float, float]

_THIN = 3.0
_MAX_OBJECTS = 50_000
_MAX_RULES = 20_000
_MAX_NESTING = 8
_MAX_SEGMENTS = 2_000
_IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


class Frame:
    """Turns points of the page's own space so that text of a direction is upright.

    Its origin is the upper left corner, its unit the point, and y grows downwards.
    """

    def __init__(self, box: Bounds, turn: int) -> None:
        self.left, self.bottom, self.right, self.top = box
        self.turn = turn
        across, along = self.right - self.left, self.top - self.bottom
        self.width, self.height = (along, across) if turn % 2 else (across, along)

    def __call__(self, x: float, y: float) -> tuple[float, float]:
        if self.turn == 0:
            return x - self.left, self.top - y
        if self.turn == 1:
            return y - self.bottom, x - self.left
        if self.turn == 2:
            return self.right - x, y - self.bottom
        return self.top - y, self.right - x


class Drawings:
    """Lines, boxes and pictures of a page."""

    def __init__(self, frame: Frame) -> None:
        import pypdfium2.raw as pdfium

        self.pdfium = pdfium
        self.frame = frame
        self.level: list[Rule] = []
        self.upright: list[Rule] = []
        self.dots: list[tuple[float, float]] = []
        self.picture_share = 0.0
        self.crowded = False
        self.left_to_read = _MAX_OBJECTS
        self.edges = [ctypes.c_float() for _ in range(4)]
        self.fill, self.stroke = ctypes.c_int(), ctypes.c_int()

    def read(self, page: Any) -> None:
        pdfium = self.pdfium
        open_lists: list[tuple[Any, Any, int, Matrix, int]] = [
            (page.raw, pdfium.FPDFPage_GetObject, pdfium.FPDFPage_CountObjects(page), _IDENTITY, 0)
        ]
        while open_lists:
            holder, get, count, matrix, depth = open_lists.pop()
            for at in range(max(0, count)):
                if self.left_to_read <= 0 or len(self.level) + len(self.upright) > _MAX_RULES:
                    self.crowded = True
                    return
                self.left_to_read -= 1
                item = get(holder, at)
                kind = pdfium.FPDFPageObj_GetType(item)
                if kind == pdfium.FPDF_PAGEOBJ_PATH:
                    self._path(item, matrix)
                elif kind == pdfium.FPDF_PAGEOBJ_IMAGE:
                    self._picture(item, matrix)
                elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth < _MAX_NESTING:
                    inner = self._matrix(item, matrix)
                    size = pdfium.FPDFFormObj_CountObjects(item)
                    open_lists.append((item, pdfium.FPDFFormObj_GetObject, size, inner, depth + 1))

    def _matrix(self, item: Any, outer: Matrix) -> Matrix:
        own = self.pdfium.FS_MATRIX()
        if not self.pdfium.FPDFPageObj_GetMatrix(item, own):
            return outer
        a, b, c, d, e, f = outer
        return (
            own.a * a + own.b * c,
            own.a * b + own.b * d,
            own.c * a + own.d * c,
            own.c * b + own.d * d,
            own.e * a + own.f * c + e,
            own.e * b + own.f * d + f,
        )

    def _bounds(self, item: Any, matrix: Matrix) -> Bounds | None:
        left, bottom, right, top = self.edges
        if not self.pdfium.FPDFPageObj_GetBounds(item, left, bottom, right, top):
            return None
        return self._framed(left.value, bottom.value, right.value, top.value, matrix)

    def _framed(self, x0: float, y0: float, x1: float, y1: float, matrix: Matrix) -> Bounds | None:
        a, b, c, d, e, f = matrix
        u0, v0 = self.frame(a * x0 + c * y0 + e, b * x0 + d * y0 + f)
        u1, v1 = self.frame(a * x1 + c * y1 + e, b * x1 + d * y1 + f)
        box = min(u0, u1), min(v0, v1), max(u0, u1), max(v0, v1)
        return box if all(map(math.isfinite, box)) else None

    def _picture(self, item: Any, matrix: Matrix) -> None:
        box = self._bounds(item, matrix)
        if box is not None:
            width = min(box[2], self.frame.width) - max(box[0], 0)
            height = min(box[3], self.frame.height) - max(box[1], 0)
            share = max(0, width) * max(0, height) / (self.frame.width * self.frame.height)
            self.picture_share = max(self.picture_share, share)

    def _path(self, item: Any, matrix: Matrix) -> None:
        pdfium = self.pdfium
        pdfium.FPDFPath_GetDrawMode(item, self.fill, self.stroke)
        if not self.fill.value and not self.stroke.value:
            return
        box = self._bounds(item, matrix)
        if box is None:
            return
        x0, y0, x1, y1 = box
        width, height = x1 - x0, y1 - y0
        if 0.8 < width < 7 and 0.8 < height < 7 and abs(width - height) < 1.5:
            self.dots.append(((x0 + x1) / 2, (y0 + y1) / 2))
            return
        if width <= _THIN or height <= _THIN:
            self._thin(box)
            return
        if width > self.frame.width * 0.95 and height > self.frame.height * 0.9:
            return
        count = pdfium.FPDFPath_CountSegments(item)
        if 4 <= count <= 6 and self._is_box(item, count):
            self._box(box)
        elif count <= _MAX_SEGMENTS and (self.stroke.value or count > 6):
            self._strokes(item, count, self._matrix(item, matrix))

    def _thin(self, box: Bounds) -> None:
        x0, y0, x1, y1 = box
        width, height = x1 - x0, y1 - y0
        if height <= _THIN and width > _THIN:
            self.level.append(((y0 + y1) / 2, x0, x1))
        elif width <= _THIN and height > _THIN:
            self.upright.append(((x0 + x1) / 2, y0, y1))

    def _box(self, box: Bounds) -> None:
        x0, y0, x1, y1 = box
        self.level += [(y0, x0, x1), (y1, x0, x1)]
        self.upright += [(x0, y0, y1), (x1, y0, y1)]

    def _points(self, item: Any, count: int) -> list[tuple[int, float, float]]:
        x, y = ctypes.c_float(), ctypes.c_float()
        points = []
        for at in range(count):
            segment = self.pdfium.FPDFPath_GetPathSegment(item, at)
            self.pdfium.FPDFPathSegment_GetPoint(segment, x, y)
            points.append((self.pdfium.FPDFPathSegment_GetType(segment), x.value, y.value))
        return points

    def _is_box(self, item: Any, count: int) -> bool:
        points = self._points(item, count)
        curved = any(kind == self.pdfium.FPDF_SEGMENT_BEZIERTO for kind, _, _ in points)
        moves = sum(kind == self.pdfium.FPDF_SEGMENT_MOVETO for kind, _, _ in points)
        corners = {(round(x), round(y)) for _, x, y in points}
        across, along = {x for x, _ in corners}, {y for _, y in corners}
        return not curved and moves == 1 and len(across) == 2 and len(along) == 2 and len(corners) == 4

    def _strokes(self, item: Any, count: int, matrix: Matrix) -> None:
        start = before = (0.0, 0.0)
        corners: list[tuple[float, float]] = []
        for at, (kind, x, y) in enumerate(self._points(item, count)):
            here = (x, y)
            if kind == self.pdfium.FPDF_SEGMENT_MOVETO:
                self._closed(corners, matrix)
                corners, start = [], here
            elif kind == self.pdfium.FPDF_SEGMENT_LINETO and self.stroke.value:
                self._stroke(before, here, matrix)
            segment = self.pdfium.FPDFPath_GetPathSegment(item, at)
            if self.stroke.value and self.pdfium.FPDFPathSegment_GetClose(segment):
                self._stroke(here, start, matrix)
            corners.append(here)
            before = here
        self._closed(corners, matrix)

    def _closed(self, corners: list[tuple[float, float]], matrix: Matrix) -> None:
        """Filled figures of a path with many: thin ones are rules, others boxes."""
        if self.stroke.value or not 4 <= len(corners) <= 5:
            return
        across = [x for x, _ in corners]
        along = [y for _, y in corners]
        box = self._framed(min(across), min(along), max(across), max(along), matrix)
        if box is not None:
            x0, y0, x1, y1 = box
            if x1 - x0 <= _THIN or y1 - y0 <= _THIN:
                self._thin(box)
            elif len({(round(x, 1), round(y, 1)) for x, y in corners}) == 4:
                self._box(box)

    def _stroke(self, one: tuple[float, float], two: tuple[float, float], matrix: Matrix) -> None:
        box = self._framed(*one, *two, matrix)
        if box is not None:
            x0, y0, x1, y1 = box
            if y1 - y0 <= 0.5 and x1 - x0 > _THIN:
                self.level.append(((y0 + y1) / 2, x0, x1))
            elif x1 - x0 <= 0.5 and y1 - y0 > _THIN:
                self.upright.append(((x0 + x1) / 2, y0, y1))
