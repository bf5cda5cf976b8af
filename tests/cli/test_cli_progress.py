"""What people see while they wait: how far it is, how fast it goes, how long it will take."""

from __future__ import annotations

import io
import sys

import pytest

from mv2.cli import _progress
from mv2.cli._progress import Pace, Progress, duration


class Clock:
    """A time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(_progress, "time", made)
    return made


def test_the_rate_is_that_of_the_last_seconds(clock: Clock) -> None:
    pace = Pace()
    assert pace.words(0, 1000, clock.now) == ""  # too early to say
    for _ in range(20):
        clock.now += 1
        pace.words(0, 1000, clock.now)
    for done in range(10, 310, 10):
        clock.now += 1
        words = pace.words(done, 1000, clock.now)
    assert words == "10/s, 70 s left"


def test_slow_work_has_a_rate_a_minute_and_unknown_work_no_end(clock: Clock) -> None:
    pace = Pace()
    clock.now += 10
    assert pace.words(2, None, clock.now) == "12/min"
    assert Pace().words(2, None, clock.now + 1) == "2/s"


def test_nothing_done_is_no_rate(clock: Clock) -> None:
    assert Pace().words(0, 10, clock.now + 60) == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "1 s"), (12.4, "12 s"), (99, "99 s"), (200, "3 min"), (5940, "99 min"), (7800, "2 h 10 min")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_without_the_bar_it_is_a_line_that_fits_and_goes_away(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setitem(sys.modules, "rich.console", None)
    monkeypatch.setenv("COLUMNS", "40")
    with Progress("Putting files") as progress:
        progress(0, 100)
        assert shown.getvalue() == ""  # what is done at once shows nothing
        for done in (10, 20):
            clock.now += 1
            progress(done, 100)
    lines = shown.getvalue().replace("\x1b[K", "").split("\r")
    assert lines == [
        "",
        "Putting files 10 of 100  10/s, 9 s left",
        "Putting files 20 of 100  10/s, 8 s left",
        "",
    ]
    assert max(map(len, lines)) < 40


def test_quiet_shows_nothing(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    with Progress("Putting files", quiet=True, at_once=True) as progress:
        clock.now += 5
        progress(5, 10)
    assert (shown.getvalue(), progress.done, progress.total) == ("", 5, 10)
