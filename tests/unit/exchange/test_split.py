"""Splitting: parts that together are the whole, each with its history."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from exchange_stories import START, Clock, clock, new, texts

import mv2
from mv2.errors import InvalidArgumentError, LimitError, MemoryExistsError
from mv2.exchange.splitting import split

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["clock"]


@pytest.fixture
def memory(tmp_path: Path, clock: Clock) -> Iterator[mv2.Memvid]:
    with new(tmp_path / "m.mv2") as made:
        made.put("plan", uri="p", track="work/2024", timestamp="2023-05-01", embedding=[1, 2])
        made.put("recipe", uri="r", track="home", timestamp="2024-05-01")
        made.put("loose")
        clock.at(7)
        made.put("plan, better", uri="p", track="home", timestamp="2024-01-01")
        made.delete("r")
        yield made


def contents(paths: list[Path]) -> dict[str, list[tuple[bytes, str]]]:
    found = {}
    for path in paths:
        with mv2.open(path, "r", embedder="none") as part:
            assert part.verify(deep=True).ok
            found[path.name] = [(record.content, record.status) for record in part.records()]
    return found


def test_by_track_every_version_goes_with_the_newest(memory: mv2.Memvid, tmp_path: Path) -> None:
    parts = split(memory, tmp_path / "parts", by="track")
    assert contents(parts) == {
        "home.mv2": [(b"plan", "superseded"), (b"recipe", "deleted"), (b"plan, better", "active")],
        "none.mv2": [(b"loose", "active")],
    }
    with mv2.open(parts[0], "r", embedder="none") as home:
        assert texts(home, as_of=START) == ["plan", "recipe"]
        assert list(home.embedding(0) or ()) == [1.0, 2.0]


def test_by_year_by_function_and_by_pattern(memory: mv2.Memvid, tmp_path: Path) -> None:
    names = [path.name for path in split(memory, tmp_path / "y", by="year")]
    assert names == ["2023.mv2", "2024.mv2"]
    by_length = split(memory, tmp_path / "part-{}.mv2", by=lambda record: len(record.content) > 6)
    assert [path.name for path in by_length] == ["part-False.mv2", "part-True.mv2"]


def test_by_filters_the_first_that_fits_and_a_rest(memory: mv2.Memvid, tmp_path: Path) -> None:
    parts = split(
        memory, tmp_path, filters={"plans": {"uri": "p"}, "home": {"track": "home"}, "none": {"kind": "x"}}
    )
    found = contents(parts)
    assert {name: [text for text, _ in rows] for name, rows in found.items()} == {
        "plans.mv2": [b"plan", b"plan, better"],
        "home.mv2": [b"recipe"],
        "rest.mv2": [b"loose"],
    }


def test_by_size_no_part_is_larger_and_nothing_is_lost(tmp_path: Path) -> None:
    choose = random.Random(5)
    with new(tmp_path / "m.mv2") as memory:
        for number in range(40):
            memory.put(choose.randbytes(20_000), uri=f"u{number % 15}")
        parts = split(memory, tmp_path / "parts", max_bytes=260_000)
        assert [path.name for path in parts] == [f"{n:03}.mv2" for n in range(1, len(parts) + 1)]
        assert 4 <= len(parts) <= 10
        assert all(path.stat().st_size <= 260_000 for path in parts)
        found = contents(parts)
        rows = [row for part in found.values() for row in part]
        assert sorted(rows) == sorted((r.content, r.status) for r in memory.records())
        with pytest.raises(LimitError, match="alone"):
            split(memory, tmp_path / "small", max_bytes=100_000)
        assert list((tmp_path / "small").iterdir()) == []


def test_parts_are_full_and_the_progress_only_grows(tmp_path: Path) -> None:
    choose = random.Random(3)
    with new(tmp_path / "m.mv2") as memory:
        memory.put_many(
            [
                mv2.Document(
                    content=choose.randbytes(choose.randint(10, 9_000)) if n % 5 else f"word {n} " * 400
                )
                for n in range(600)
            ]
        )
        told: list[tuple[int, int | None]] = []
        parts = split(
            memory, tmp_path / "p", max_bytes=500_000, progress=lambda done, all_: told.append((done, all_))
        )
        assert len(parts) > 3
        assert all(425_000 <= path.stat().st_size <= 500_000 for path in parts[:-1])
        assert parts[-1].stat().st_size <= 500_000
        assert told == sorted(told)
        assert told[-1] == (600, 600)
        told.clear()
        split(memory, tmp_path / "q", by="kind", progress=lambda done, all_: told.append((done, all_)))
        assert told[-1] == (600, 600)


def test_the_parts_merge_to_the_whole(memory: mv2.Memvid, tmp_path: Path) -> None:
    from mv2.exchange.merging import merge

    parts = split(memory, tmp_path / "parts", by="year")
    with new(tmp_path / "again.mv2") as again:
        for path in parts:
            merge(again, path)
        assert texts(again) == texts(memory)
        assert texts(again, as_of=START) == texts(memory, as_of=START)


def test_names_of_parts_are_safe(tmp_path: Path) -> None:
    with new(tmp_path / "m.mv2") as memory:
        for track in ("../../etc", "CON", "a/b", "A b", "a B", "", "x" * 300):
            memory.put(f"in {track}", track=track)
        parts = split(memory, tmp_path / "parts", by="track")
    assert len(parts) == 7
    assert {path.parent for path in parts} == {tmp_path / "parts"}
    assert len({path.name.lower() for path in parts}) == 7
    assert all(len(path.name) < 140 for path in parts)
    assert "con.mv2" not in {path.name.lower() for path in parts}


@pytest.mark.parametrize(
    "options", [{}, {"by": "track", "max_bytes": 5}, {"by": "colour"}, {"max_bytes": 0}, {"max_bytes": True}]
)
def test_what_means_nothing_is_refused(memory: mv2.Memvid, tmp_path: Path, options: Any) -> None:
    with pytest.raises(InvalidArgumentError):
        split(memory, tmp_path / "parts", **options)


def test_nothing_is_overwritten(memory: mv2.Memvid, tmp_path: Path) -> None:
    (tmp_path / "none.mv2").write_bytes(b"precious")
    with pytest.raises(MemoryExistsError):
        split(memory, tmp_path, by="track")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.mv2", "none.mv2"]
    assert (tmp_path / "none.mv2").read_bytes() == b"precious"
