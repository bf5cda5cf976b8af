"""Sets of spans in time: one span, or one that comes again and again, and what can be made of them.

A pattern yields its spans on both sides of a moment. So "Friday", "Christmas", "the 15th" and "8am" are the
same kind of thing as "tomorrow", and can be intersected, counted and shifted alike.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final, Protocol

from mv2._record import dataclass
from mv2.search.dates._units import FIRST, LAST, Span, floor, shift

# So many containers without a single span inside, and there is none: a Monday the 30th of February.
_BARREN: Final = 60
_CALENDAR: Final = (OverflowError, ValueError)


class Pattern(Protocol):
    """Spans in time; `grain` is their precision."""

    @property
    def grain(self) -> str: ...

    def after(self, moment: dt.datetime) -> Iterator[Span]:
        """Spans that end after `moment`, earliest first."""

    def before(self, moment: dt.datetime) -> Iterator[Span]:
        """Spans that have ended by `moment`, latest first."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """One span."""

    span: Span

    @property
    def grain(self) -> str:
        return self.span.grain

    def after(self, moment: dt.datetime) -> Iterator[Span]:
        if self.span.end > moment:
            yield self.span

    def before(self, moment: dt.datetime) -> Iterator[Span]:
        if self.span.end <= moment:
            yield self.span


@dataclass(frozen=True, slots=True)
class Recurring:
    """The spans that begin in each `unit` of the calendar, as `spans` lists them for the unit's beginning."""

    unit: str
    grain: str
    spans: Callable[[dt.datetime], Sequence[Span]]

    def after(self, moment: dt.datetime) -> Iterator[Span]:
        for span in self._walk(moment, 1):
            if span.end > moment:
                yield span

    def before(self, moment: dt.datetime) -> Iterator[Span]:
        for span in self._walk(moment, -1):
            if span.end <= moment:
                yield span

    def _walk(self, moment: dt.datetime, step: int) -> Iterator[Span]:
        """From one unit before `moment` on, or from its own unit backwards."""
        barren = 0
        try:
            place = floor(moment, self.unit)
            if step > 0:
                place = _earlier(place, self.unit)
            while barren < _BARREN:
                found = self._listed(place)
                barren = 0 if found else barren + 1
                yield from found if step > 0 else reversed(found)
                place = shift(place, step, self.unit)
        except _CALENDAR:
            return

    def _listed(self, place: dt.datetime) -> Sequence[Span]:
        try:
            return self.spans(place)
        except _CALENDAR:
            return ()


@dataclass(frozen=True, slots=True)
class Within:
    """Spans of `inner` that begin inside a span of `outer`."""

    outer: Pattern
    inner: Pattern

    @property
    def grain(self) -> str:
        return self.inner.grain

    def after(self, moment: dt.datetime) -> Iterator[Span]:
        if isinstance(self.inner, Fixed):
            if self.inner.span.end > moment and self._holds(self.inner.span):
                yield self.inner.span
            return
        barren = 0
        for outer in self.outer.after(moment):
            found = self._inside(outer)
            barren = 0 if found else barren + 1
            yield from (span for span in found if span.end > moment)
            if barren >= _BARREN:
                return

    def before(self, moment: dt.datetime) -> Iterator[Span]:
        if isinstance(self.inner, Fixed):
            if self.inner.span.end <= moment and self._holds(self.inner.span):
                yield self.inner.span
            return
        begun = []
        for outer in self.outer.after(moment):
            if outer.start >= moment:
                break
            begun.append(outer)
        barren = 0
        for outer in _chain(reversed(begun), self.outer.before(moment)):
            found = self._inside(outer)
            barren = 0 if found else barren + 1
            yield from (span for span in reversed(found) if span.end <= moment)
            if barren >= _BARREN:
                return

    def _inside(self, outer: Span) -> list[Span]:
        found = []
        for span in self.inner.after(outer.start):
            if span.start >= outer.end:
                break
            if span.start >= outer.start:
                found.append(span)
        return found

    def _holds(self, span: Span) -> bool:
        return any(outer.start <= span.start for outer in islice(self.outer.after(span.start), 1))


@dataclass(frozen=True, slots=True)
class Mapped:
    """What `change` makes of each span of `base`, where it makes something; it keeps their order.

    `reach` bounds how far a span may move.
    """

    base: Pattern
    grain: str
    change: Callable[[Span], Span | None]
    reach: dt.timedelta = dt.timedelta(days=800)

    def after(self, moment: dt.datetime) -> Iterator[Span]:
        try:
            start = max(FIRST + self.reach, moment) - self.reach
        except OverflowError:
            return
        barren = 0
        for span in self.base.after(start):
            changed = self._changed(span)
            barren = barren + 1 if changed is None else 0
            if changed is not None and changed.end > moment:
                yield changed
            if barren >= _BARREN:
                return

    def before(self, moment: dt.datetime) -> Iterator[Span]:
        try:
            start = min(LAST - self.reach, moment) + self.reach
        except OverflowError:
            return
        later = []
        for span in self.base.after(start):
            if span.start >= start:
                break
            later.append(span)
        barren = 0
        for span in _chain(reversed(later), self.base.before(start)):
            changed = self._changed(span)
            barren = barren + 1 if changed is None else 0
            if changed is not None and changed.end <= moment:
                yield changed
            if barren >= _BARREN:
                return

    def _changed(self, span: Span) -> Span | None:
        try:
            return self.change(span)
        except _CALENDAR:
            return None


def anchored(pattern: Pattern) -> bool:
    """It lies in one span of time, so it does not come again."""
    if isinstance(pattern, Within):
        return anchored(pattern.outer) or isinstance(pattern.inner, Fixed)
    return anchored(pattern.base) if isinstance(pattern, Mapped) else isinstance(pattern, Fixed)


def nth_after(pattern: Pattern, moment: dt.datetime, count: int) -> Span | None:
    """The `count`-th span (from 1) that begins at or after `moment`."""
    begun = (span for span in pattern.after(moment) if span.start >= moment)
    return next(islice(begun, count - 1, None), None)


def nth_before(pattern: Pattern, moment: dt.datetime, count: int) -> Span | None:
    """The `count`-th span (from 1) that has ended by `moment`, counted backwards."""
    return next(islice(pattern.before(moment), count - 1, None), None)


def _chain(first: Iterator[Span], second: Iterator[Span]) -> Iterator[Span]:
    yield from first
    yield from second


def _earlier(place: dt.datetime, unit: str) -> dt.datetime:
    try:
        return shift(place, -1, unit)
    except _CALENDAR:
        return place
