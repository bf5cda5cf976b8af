"""Watching a folder: nothing that changes at an awkward moment is missed."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

import mv2

pytest.importorskip("watchfiles")


def test_what_changes_before_the_watching_begins_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notes").mkdir()
    Path("notes/first.txt").write_text("first")
    stop = threading.Event()
    with mv2.open("m.mv2", embedder="none") as memory:
        reports = memory.watch("notes", stop=stop)
        assert next(reports).count("added") == 1
        Path("notes/between.txt").write_text("between")  # nobody watches while a report is looked at
        given_up = threading.Timer(30, stop.set)
        given_up.start()
        second = next(reports, None)
        given_up.cancel()
        assert second is not None
        assert second.count("added") == 1
        stop.set()
        assert list(reports) == []
