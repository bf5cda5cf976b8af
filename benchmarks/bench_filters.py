"""Filters: what facets cost at ingest and in the file, and how quick filters are.

    python benchmarks/bench_filters.py [frames ...]

"first" is the first filter after opening, its facet loaded and checked; "new" a filter that was not
asked before, "again" the same once more. Everything is measured in one run.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mv2
from mv2.format.facets import decode_facets
from mv2.format.frame import FrameRecord
from mv2.format.metadata import plain_text
from mv2.search.filters import parse_filter, scope_set, time_set
from mv2.storage.base import Base
from mv2.storage.facet_builder import FacetBuilder
from mv2.storage.overlay import Overlay
from mv2.storage.view import View

if TYPE_CHECKING:
    from mv2.storage.frame_set import FrameSet

START = 1_700_000_000
COLOURS = ["red", "green", "deep blue", "amber", "teal", "pink", "grey", "white"]
REPEATS = 5


def documents(count: int) -> list[dict[str, Any]]:
    rng = random.Random(1)
    return [
        {
            "content": f"note {number} about {rng.choice(COLOURS)}",
            "uri": f"mv2://docs/{number % 50}/{number}",
            "title": f"Note {number}",
            "tags": rng.sample(COLOURS, 2),
            "timestamp": START + number * 60,
            "track": f"session {number % 300}",
            "metadata": {
                "colour": COLOURS[number % 8],
                "score": rng.random(),
                "author": f"user {rng.randrange(500)}",
                "key": f"key {number}",
            },
        }
        for number in range(count)
    ]


def ingest(count: int) -> None:
    """What facets cost while frames are added, and in bytes."""
    rng = random.Random(1)
    plain = [
        FrameRecord(id=i, timestamp=i, title="t", metadata=plain_text(), tags=rng.sample(COLOURS, 2))
        for i in range(count)
    ]
    full = [
        FrameRecord(id=i, timestamp=i, metadata=plain_text(), extra_metadata={"a": '"x"', "n": str(i)})
        for i in range(count)
    ]
    for what, records in (("tags and title", plain), ("two metadata keys", full)):
        begun = time.process_time()
        builder = FacetBuilder(None)
        for record in records:
            builder.add(record.id, record, "text/plain", record.extra_metadata)
        raw = builder.finish(count)
        each = (time.process_time() - begun) / count
        print(f"  facets of {what:<18} {each * 1e6:5.2f} µs CPU and {len(raw) / count:5.2f} bytes a frame")
        begun = time.perf_counter()
        block = decode_facets(raw)
        loaded = time.perf_counter() - begun
        begun = time.process_time()
        again = FacetBuilder(block)
        for record in records[:1000]:
            again.add(count + record.id, record, "text/plain", record.extra_metadata)
        again.finish(count + 1000)
        print(
            f"    load {loaded * 1e3:.2f} ms; 1,000 onto it {(time.process_time() - begun) * 1e3:.1f} ms CPU"
        )


def view_of(memory: mv2.Memvid) -> View:
    """A view of the commit that nothing was computed of yet."""
    known = memory._store.view()
    base = Base(known.file, known.base.anchor)
    base.load()
    return View(known.file, base, Overlay(base.frame_count))


def show(memory: mv2.Memvid, what: str, run: Callable[[View, int], FrameSet]) -> None:
    first, new, again = [], [], []
    size = 0
    for repeat in range(REPEATS):
        view = view_of(memory)
        for times, variant in ((first, repeat), (new, repeat + REPEATS), (again, repeat + REPEATS)):
            begun = time.perf_counter()
            size = len(run(view, variant))
            times.append(time.perf_counter() - begun)
    shown = "   ".join(
        f"{name} {sorted(times)[REPEATS // 2] * 1e3:7.3f}"
        for name, times in (("first", first), ("new", new), ("again", again))
    )
    print(f"  {what:<36} {shown} ms   {size:,} frames")


def filters(memory: mv2.Memvid, count: int) -> None:
    def asked(make: Callable[[int], dict[str, Any]]) -> Callable[[View, int], FrameSet]:
        return lambda view, variant: parse_filter(make(variant)).evaluate(view)

    part = count // 100
    show(memory, "equality, 8 values", asked(lambda v: {"colour": COLOURS[v % 8]}))
    show(memory, "equality, 500 values", asked(lambda v: {"author": f"user {v}"}))
    show(memory, "equality, unique strings", asked(lambda v: {"key": f"key {v}"}))
    show(
        memory, "range of unique numbers", asked(lambda v: {"score": {"$gte": v / 20, "$lt": v / 20 + 0.01}})
    )
    show(memory, "$in of 3", asked(lambda v: {"colour": {"$in": [COLOURS[(v + i) % 8] for i in range(3)]}}))
    show(memory, "tags contain", asked(lambda v: {"tags": {"$contains": COLOURS[v % 8]}}))
    show(memory, "part of unique strings", asked(lambda v: {"key": {"$contains": f"9{v}"}}))
    times = (lambda v: START + v * part * 60), (lambda v: START + (v + 1) * part * 60)
    show(memory, "time range", lambda view, v: time_set(view, times[0](v), times[1](v)))
    show(memory, "scope (uri begins with)", lambda view, v: scope_set(view, f"mv2://docs/{v}/"))
    facets = view_of(memory).facets()
    begun = time.perf_counter()
    facets.codes("track")
    loaded = time.perf_counter() - begun
    ids = random.Random(3).sample(range(count), min(256, count))
    begun = time.perf_counter()
    for frame_id in ids:
        facets.track_neighbours(frame_id, 1, 1)
    each = (time.perf_counter() - begun) / len(ids)
    print(f"  track codes {loaded * 1e3:.2f} ms, then {each * 1e6:.1f} µs for the neighbours of a frame")


def main() -> None:
    for count in [int(argument) for argument in sys.argv[1:]] or [10_000, 100_000]:
        print(f"{count:,} frames")
        ingest(count)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "m.mv2"
            with mv2.open(path, embedder="none") as memory:
                memory.put_many(documents(count))
                facets = memory._store.view().base.directory.facets
                print(
                    f"  in the file {len(facets) / count:.1f} bytes a frame, four metadata keys and a track"
                )
                filters(memory, count)


if __name__ == "__main__":
    main()
