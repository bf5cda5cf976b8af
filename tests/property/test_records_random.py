"""Random memories, and their equals made of their records: nothing is lost on the way."""

from __future__ import annotations

import os
import shutil
import tempfile
from array import array
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mv2
from mv2.errors import FrameNotFoundError
from mv2.exchange.jsonl import export_jsonl, import_jsonl
from mv2.ingest import times
from mv2.testing.check import scratch_directory
from mv2.testing.fixtures import quick_temporary_directory  # noqa: F401 - automatic
from mv2.testing.observe import unique_text, unique_word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mv2.memvid import Memvid

EXAMPLES = int(os.environ.get("MV2_RECORD_EXAMPLES", "40"))
DAY = 86_400
START = 1_700_000_000
URIS = ["mv2://a", "notes/b.md", "mv2://c"]
DIMENSION = 4

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8).filter(lambda text: text.isprintable()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
    max_leaves=5,
)


@st.composite
def fields(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "title": draw(st.none() | st.sampled_from(["", "Alpha", "Größe 1: „x“", "line\nbreak"])),
        "tags": draw(st.lists(st.sampled_from(["x", "y y", "Z", ""]), max_size=3)),
        "labels": draw(st.lists(st.sampled_from(["l", "m"]), max_size=2)),
        "metadata": draw(st.dictionaries(st.sampled_from(["n", "deep", "ключ"]), json_values, max_size=3)),
        "timestamp": draw(st.none() | st.integers(-3, 3).map(lambda days: days * DAY)),
        "track": draw(st.none() | st.sampled_from(["work", "home"])),
        "kind": draw(st.none() | st.sampled_from(["note", "mail"])),
    }


def vector(seed: int) -> array[float]:
    return array("f", [(seed * 7 + place * 3) % 11 / 11 - 0.4 for place in range(DIMENSION)])


class Story:
    """Builds a memory step by step; the clock moves now and then."""

    def __init__(self, memory: Memvid, clock: SimpleNamespace) -> None:
        self.memory = memory
        self.clock = clock
        self.number = 0

    def text(self, size: int) -> str:
        self.number += 1
        return unique_text(self.number, size)

    def pick(self, choice: int) -> int | None:
        active = [frame.id for frame in self.memory.frames()]
        return active[choice % len(active)] if active else None

    def put(self, size: int, given: dict[str, Any], uri: str | None, conflict: Any, embedded: bool) -> None:
        text = self.text(size)
        extra = {"embedding": vector(self.number), "embedding_model": "m"} if embedded else {}
        self.memory.put(text, uri=uri, on_conflict=conflict, **extra, **given)

    def put_rows(self, given: dict[str, Any]) -> None:
        """A long text with one vector a chunk."""
        text = self.text(3000)
        probe = mv2.open(self.memory.path + ".probe", "w", embedder="none")
        with probe:
            count = probe.frame(probe.put(text)).chunk_count
        Path(self.memory.path + ".probe").unlink()
        self.memory.put(text, embedding=[vector(place) for place in range(count or 1)], **given)

    def put_bytes(self, data: bytes, given: dict[str, Any]) -> None:
        self.memory.put(data, **given)

    def put_extracted(self, cut: bool, given: dict[str, Any]) -> None:
        """Bytes that are no text, with the text that was read out of them."""
        from mv2.types import Chunk, Document, Origin, Place

        text = self.text(300)
        middle = len(text) // 2
        head = "| a | b |\n"
        chunks = [
            Chunk(text=text[:middle], start=0, end=middle, place=Place(page=1, headings=("One", "Two"))),
            Chunk(
                text=head + text[middle:], start=middle, end=len(text), kind="table", place=Place(rows=(3, 9))
            ),
        ]
        self.memory.put_many(
            [
                Document(
                    content=b"%PDF\xff" + text.encode(),
                    text=text,
                    chunks=chunks if cut else None,
                    mime="application/pdf",
                    origin=Origin(reader="pdf", mime="application/pdf", size=9, modified_ns=5),
                    content_dates=["2024-01-02"],
                    source_path="/tmp/a.pdf",
                    **given,
                )
            ]
        )

    def put_batch(self, sizes: list[int], given: dict[str, Any]) -> None:
        with self.memory.batch():
            for size in sizes:
                self.memory.put(self.text(size), uri=URIS[size % 3], **given)

    def update(self, choice: int, changes: dict[str, Any], size: int | None) -> None:
        frame = self.pick(choice)
        if frame is not None:
            extra = {} if size is None else {"content": self.text(size)}
            self.memory.update(frame, **changes, **extra)

    def delete(self, choice: int) -> None:
        frame = self.pick(choice)
        if frame is not None:
            self.memory.delete(frame)

    def tick(self, seconds: int) -> None:
        self.clock.now += seconds

    def commit(self) -> None:
        self.memory.commit()


sizes = st.sampled_from([0, 20, 300, 2500, 4200])
steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("put"),
            sizes,
            fields(),
            st.none() | st.sampled_from(URIS),
            st.sampled_from(["version", "version", "keep_both"]),
            st.booleans(),
        ),
        st.tuples(st.just("put_rows"), fields()),
        st.tuples(st.just("put_bytes"), st.binary(max_size=60), fields()),
        st.tuples(st.just("put_extracted"), st.booleans(), fields()),
        st.tuples(st.just("put_batch"), st.lists(sizes, min_size=1, max_size=3), fields()),
        st.tuples(st.just("update"), st.integers(0, 9), fields(), st.none() | sizes),
        st.tuples(st.just("delete"), st.integers(0, 9)),
        st.tuples(st.just("tick"), st.integers(1, 100)),
        st.tuples(st.just("commit")),
    ),
    min_size=1,
    max_size=14,
)


def build(path: Path, story: list[tuple[Any, ...]], start: int = START) -> list[int]:
    """A memory with that story; returns the seconds at which something happened."""
    clock = SimpleNamespace(now=start)
    clock.time = lambda: clock.now
    moments = {start - 1, start}
    with (
        mock.patch.object(times, "time", clock),
        mv2.open(path, "x", embedder="none") as memory,
    ):
        teller = Story(memory, clock)
        for name, *arguments in story:
            getattr(teller, name)(*arguments)
            moments.add(clock.now)
    return sorted(moments)


def picture(memory: Memvid, **then: Any) -> dict[str, Any]:
    """What a memory shows, now or then, apart from the file it stands in."""
    stats = memory.stats(**then)
    history = {}
    for uri in {frame.uri for frame in memory.frames(**then)} | set(URIS):
        try:
            history[uri] = memory.history(uri, **then)
        except FrameNotFoundError:
            history[uri] = []
    return {
        "frames": list(memory.frames(**then)),
        "texts": [memory.text(frame.id) for frame in memory.frames(**then)],
        "history": history,
        "timeline": memory.timeline(limit=None, **then),
        "counts": (
            stats.active_frame_count,
            stats.document_count,
            stats.first_timestamp,
            stats.last_timestamp,
        ),
    }


def search_results(memory: Memvid, count: int, **then: Any) -> list[Any]:
    found = []
    for number in range(1, count + 1):
        hits = memory.find(unique_word(number), mode="lex", **then).hits
        found.append([(hit.frame_id, hit.uri, hit.snippet, round(hit.score, 4)) for hit in hits])
    return found


def assert_equal(first: Memvid, second: Memvid, moments: list[int]) -> None:
    """Equal in everything that a memory can be asked for."""
    assert list(second.records()) == list(first.records())
    assert picture(second) == picture(first)
    one, other = first.stats(), second.stats()
    for name in (
        "frame_count", "active_frame_count", "document_count", "deleted_frame_count",
        "superseded_frame_count", "logical_bytes", "vector_count", "vector_dimension", "vector_model",
    ):  # fmt: skip
        assert getattr(other, name) == getattr(one, name), name
    for moment in moments:
        assert picture(second, as_of=moment) == picture(first, as_of=moment), moment
        assert list(second.records(as_of=moment)) == list(first.records(as_of=moment))
    for frame_id in range(one.frame_count):
        assert second.frame(frame_id).place == first.frame(frame_id).place
        assert second.embedding(frame_id) == first.embedding(frame_id)
        assert second.text(frame_id) == first.text(frame_id)
        assert second.content(frame_id) == first.content(frame_id)
        then = {"as_of_frame": frame_id}
        assert picture(second, **then) == picture(first, **then)
    assert search_results(second, 20) == search_results(first, 20)
    assert search_results(second, 20, as_of=moments[0]) == search_results(first, 20, as_of=moments[0])
    if one.vector_count:
        query = vector(3)
        hits = [[hit.frame_id for hit in m.find("", vector=query, mode="vec").hits] for m in (first, second)]
        assert hits[0] == hits[1]
    report = second.verify(deep=True)
    assert report.ok, report.findings


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(dir=scratch_directory(), prefix="mv2-records-"))
    yield made
    shutil.rmtree(made)


quietly = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@quietly
@given(story=steps)
def test_a_memory_made_of_the_records_of_another_is_its_equal(folder: Path, story: Any) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        moments = build(Path(place) / "a.mv2", story)
        with mv2.open(Path(place) / "a.mv2", "r", embedder="none") as first:
            with mv2.open(Path(place) / "b.mv2", "x", embedder="none") as second:
                report = second.restore(first.records())
                assert report.ids == {i: i for i in range(first.stats().frame_count)}
                assert_equal(first, second, moments)
            with mv2.open(Path(place) / "b.mv2", "r", embedder="none") as second:
                assert_equal(first, second, moments)


@quietly
@given(story=steps, suffix=st.sampled_from(["", ".gz", ".zst"]), form=st.sampled_from(["base64", "list"]))
def test_lines_of_json_lose_nothing(folder: Path, story: Any, suffix: str, form: Any) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        moments = build(Path(place) / "a.mv2", story)
        lines = Path(place) / f"a.jsonl{suffix}"
        with (
            mv2.open(Path(place) / "a.mv2", "r", embedder="none") as first,
            mv2.open(Path(place) / "b.mv2", "x", embedder="none") as second,
        ):
            export_jsonl(first, lines, vector_form=form)
            import_jsonl(second, lines)
            assert_equal(first, second, moments)


@quietly
@given(
    mine=steps,
    theirs=steps,
    apart=st.integers(-50, 50),
    rule=st.sampled_from(["version", "keep_both", "skip"]),
)
def test_merging_keeps_both_sides_and_twice_is_once(
    folder: Path, mine: Any, theirs: Any, apart: int, rule: Any
) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        build(Path(place) / "a.mv2", mine)
        build(Path(place) / "b.mv2", theirs, START + apart)
        with (
            mv2.open(Path(place) / "a.mv2", embedder="none") as target,
            mv2.open(Path(place) / "b.mv2", "r", embedder="none") as other,
        ):
            before = {record.id: record for record in target.records()}
            report = target.restore(other.records(), on_conflict=rule)
            after = {record.id: record for record in target.records()}
            for frame_id, record in before.items():  # what was here is here, perhaps replaced or deleted
                ended = {name: getattr(after[frame_id], name) for name in ENDS}
                assert after[frame_id] == replace(record, **ended)
            for record in other.records():
                if record.id in report.ids:
                    twin = after[report.ids[record.id]]
                    assert (twin.content, twin.title, twin.metadata) == (
                        record.content,
                        record.title,
                        record.metadata,
                    )
                    assert (twin.put_at, twin.timestamp, twin.text) == (
                        record.put_at,
                        record.timestamp,
                        record.text,
                    )
            assert report.added + report.known + report.skipped == len(list(other.records()))
            uris = [frame.uri for frame in target.frames() if frame.uri in URIS]
            if rule == "version" and not any("keep_both" in step for step in [*mine, *theirs]):
                assert len(uris) == len(set(uris))
            again = target.restore(other.records(), on_conflict=rule)
            assert again.added == 0
            assert {record.id: record for record in target.records()} == after
            check = target.verify(deep=True)
            assert check.ok, check.findings
            with mv2.open(Path(place) / "c.mv2", "x", embedder="none") as copy:
                copy.restore(target.records())
                assert list(copy.records()) == list(target.records())


ENDS = ("status", "superseded_by", "deleted_at", "replaced_at", "ended_before")
