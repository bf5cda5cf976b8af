"""Whatever was done to a memory, every point of its past shows what a plain dictionary noted at that time.

Random acts with a clock that moves when told. After each one the model copies what it knows;
at the end every view (by frame, by commit, by second) is compared with the copy of
that moment: while records are pending, read by another handle, committed and compacted.
"""

from __future__ import annotations

import copy
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mv2
from mv2.errors import CommitNotFoundError, FrameNotFoundError
from mv2.ingest import times
from mv2.testing.check import scratch_directory
from mv2.testing.fixtures import quick_temporary_directory  # noqa: F401 - automatic
from mv2.testing.observe import unique_text

EXAMPLES = int(os.environ.get("MV2_PAST_EXAMPLES", "25"))
URIS = ["mv2://a", "mv2://b"]
START = 1_800_000_000


@dataclass
class Doc:
    """One version of a document; its chunks have the ids behind it."""

    id: int
    uri: str
    text: str
    title: str | None
    timestamp: int
    put_at: int
    chunks: int
    supersedes: int | None = None
    status: str = "active"
    superseded_by: int | None = None
    deleted_at: int | None = None
    replaced_at: int | None = None


@dataclass
class State:
    """A memory at one moment."""

    docs: dict[int, Doc] = field(default_factory=dict)
    count: int = 0

    def active(self) -> list[Doc]:
        return [doc for doc in self.docs.values() if doc.status == "active"]

    def newest(self, uri: str) -> Doc | None:
        return next((doc for doc in reversed(self.active()) if doc.uri == uri), None)

    def add(self, doc: Doc, old: Doc | None) -> None:
        assert doc.id == self.count
        self.docs[doc.id] = doc
        self.count += 1 + doc.chunks
        if old is not None:
            doc.supersedes = old.id
            old.status, old.superseded_by, old.replaced_at = "superseded", doc.id, doc.put_at


class World:
    """A memory, what the model knows of it now, and what it knew at each moment."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.now = START
        self.state = State()
        self.by_frame: dict[int, State] = {}
        self.by_commit: dict[int, State] = {}
        self.by_second: dict[int, State] = {START - 1: State()}
        self.number = 0
        self.memory = self.open("checkpoint")

    def open(self, close: Any) -> mv2.Memvid:
        return mv2.open(self.path, embedder="none", close=close)

    def note(self) -> None:
        """Keep what is known under the second it is now, and under commits that were made meanwhile."""
        state = copy.deepcopy(self.state)
        self.by_second[self.now] = state
        for commit in self.memory.commits():
            if commit.number not in self.by_commit:
                self.by_commit[commit.number] = state
                assert (commit.at, commit.frame_count) == (self.now, state.count)

    # --- acts ---------------------------------------------------------------------------

    def do(self, act: tuple[Any, ...]) -> None:
        getattr(self, act[0])(*act[1:])
        self.note()

    def tick(self, seconds: int) -> None:
        self.now += seconds

    def text(self, size: int) -> str:
        self.number += 1
        return unique_text(self.number, size)

    def put(self, uri: str | None, size: int, title: str | None, days: int) -> None:
        text = self.text(size)
        timestamp = START + days * 86_400
        frame_id = self.memory.put(text, uri=uri, title=title, timestamp=timestamp)
        chunks = self.memory.frame(frame_id).chunk_count or 0
        self._put(frame_id, uri, text, title, timestamp, chunks)

    def _put(
        self, frame_id: int, uri: str | None, text: str, title: str | None, timestamp: int, chunks: int
    ) -> None:
        old = None if uri is None else self.state.newest(uri)
        uri = f"mv2://frames/{frame_id}" if uri is None else uri
        self.state.add(Doc(frame_id, uri, text, title, timestamp, self.now, chunks), old)
        for own in range(frame_id, frame_id + 1 + chunks):
            self.by_frame[own] = copy.deepcopy(self.state)

    def put_many(self, documents: list[tuple[str | None, int, str | None, int]]) -> None:
        given = []
        for uri, size, title, days in documents:
            text, timestamp = self.text(size), START + days * 86_400
            given.append({"content": text, "uri": uri, "title": title, "timestamp": timestamp})
        for frame_id, one in zip(self.memory.put_many(given), given, strict=True):
            chunks = self.memory.frame(frame_id).chunk_count or 0
            self._put(frame_id, one["uri"], one["content"], one["title"], one["timestamp"], chunks)

    def update(self, pick: int, size: int | None, title: str) -> None:
        active = self.state.active()
        if not active:
            return
        old = active[pick % len(active)]
        changes: dict[str, Any] = {"title": title}
        if size is not None:
            changes["content"] = self.text(size)
        frame_id = self.memory.update(old.id, **changes)
        frame = self.memory.frame(frame_id)
        text = changes.get("content", old.text)
        new = Doc(frame_id, frame.uri or "", text, title, old.timestamp, self.now, frame.chunk_count or 0)
        self.state.add(new, old)
        for own in range(frame_id, frame_id + 1 + new.chunks):
            self.by_frame[own] = copy.deepcopy(self.state)

    def delete(self, pick: int) -> None:
        active = self.state.active()
        if active:
            gone = active[pick % len(active)]
            self.memory.delete(gone.id)
            gone.status, gone.deleted_at = "deleted", self.now

    def batch(self, acts: list[tuple[Any, ...]], roll_back: bool) -> None:
        state, frames = copy.deepcopy(self.state), dict(self.by_frame)
        try:
            with self.memory.batch():
                for act in acts:
                    getattr(self, act[0])(*act[1:])
                if roll_back:
                    raise InterruptedError
        except InterruptedError:
            self.state, self.by_frame = state, frames

    def commit(self) -> None:
        self.memory.commit()

    def vacuum(self) -> None:
        self.memory.vacuum()

    def reopen(self, close: Any) -> None:
        self.memory.close()
        self.memory = self.open(close)


# --- comparing ----------------------------------------------------------------------------


def compare(memory: mv2.Memvid, state: State, **at: Any) -> None:
    """Everything a view shows against what the model knew."""
    active = state.active()
    assert [frame.id for frame in memory.frames(**at)] == [doc.id for doc in active]
    ordered = [doc.id for doc in sorted(active, key=lambda doc: (doc.timestamp, doc.id))]
    assert [entry.frame_id for entry in memory.timeline(limit=None, **at)] == ordered
    assert [entry.frame_id for entry in memory.timeline(limit=None, reverse=True, **at)] == ordered[::-1]
    for doc in state.docs.values():
        check_frame(memory.frame(doc.id, **at), doc)
        assert memory.text(doc.id, **at) == doc.text
        for chunk in range(doc.id + 1, doc.id + 1 + doc.chunks):
            assert (memory.frame(chunk, **at).status == "active") == (doc.status == "active")
    with pytest.raises(FrameNotFoundError):
        memory.frame(state.count, **at)
    for uri in URIS:
        versions = [doc for doc in state.docs.values() if doc.uri == uri]
        if not versions:
            with pytest.raises(FrameNotFoundError):
                memory.history(uri, **at)
            continue
        for frame, doc in zip(memory.history(uri, **at), versions, strict=True):
            check_frame(frame, doc)
        newest = state.newest(uri) or versions[-1]
        assert memory.frame(uri, **at).id == newest.id
        assert memory.content(uri, **at) == newest.text.encode()
    check_stats(memory.stats(**at), state)
    for doc in list(state.docs.values())[-2:]:
        check_search(memory, state, doc.text, **at)


def check_search(memory: mv2.Memvid, state: State, text: str, **at: Any) -> None:
    """The word that stands only in this text finds the documents that had it and were active."""
    hits = memory.find(text.split(maxsplit=1)[0], mode="lex", **at).hits
    found = {hit.frame_id if hit.parent_id is None else hit.parent_id for hit in hits}
    assert found == {doc.id for doc in state.active() if doc.text == text}


def check_frame(frame: mv2.Frame, doc: Doc) -> None:
    for name in (
        "id", "uri", "title", "timestamp", "put_at", "status", "supersedes", "superseded_by", "replaced_at",
        "deleted_at",
    ):  # fmt: skip
        assert getattr(frame, name) == getattr(doc, name), (name, doc)


def check_stats(stats: mv2.Stats, state: State) -> None:
    active = state.active()
    assert stats.frame_count == state.count
    assert stats.document_count == len(active)
    assert stats.active_frame_count == sum(1 + doc.chunks for doc in active)
    inactive = state.count - stats.active_frame_count
    assert stats.deleted_frame_count + stats.superseded_frame_count == inactive
    superseded = [doc for doc in state.docs.values() if doc.status == "superseded"]
    assert stats.superseded_frame_count == len(superseded)
    stamps = [doc.timestamp for doc in active]
    ends = (min(stamps), max(stamps)) if stamps else (None, None)
    assert (stats.first_timestamp, stats.last_timestamp) == ends


def expected_diff(before: State, after: State) -> tuple[set[int], set[tuple[int, int]], set[int]]:
    """(added, replaced, removed) ids."""
    old = {doc.id for doc in before.active()}
    new = {doc.id for doc in after.active()}
    added, removed = sorted(new - old), sorted(old - new)
    pairs = {}
    for frame_id in added:
        line = [frame_id]
        while (older := after.docs[line[-1]].supersedes) is not None:
            line.append(older)
        kin = [one for one in line if one in removed and one not in pairs.values()]
        if kin:
            pairs[frame_id] = kin[0]
    for frame_id in added:
        same = [
            one
            for one in removed
            if one not in pairs.values() and before.docs[one].uri == after.docs[frame_id].uri
        ]
        if frame_id not in pairs and same:
            pairs[frame_id] = same[0]
    replaced = {(one, frame_id) for frame_id, one in pairs.items()}
    return set(added) - set(pairs), replaced, set(removed) - set(pairs.values())


def compare_diff(memory: mv2.Memvid, world: World, a: int, b: int | None) -> None:
    after = world.state if b is None else world.by_commit[b]
    diff = memory.diff(a, b)
    found = (
        {frame.id for frame in diff.added},
        {(one.id, other.id) for one, other in diff.replaced},
        {frame.id for frame in diff.removed},
    )
    assert found == expected_diff(world.by_commit[a], after)
    assert b is None or memory.diff(b, a) == diff
    for frame in [*diff.removed, *(one for one, _ in diff.replaced)]:
        check_frame(frame, world.by_commit[a].docs[frame.id])
    for frame in [*diff.added, *(other for _, other in diff.replaced)]:
        check_frame(frame, after.docs[frame.id])


def compare_everything(memory: mv2.Memvid, world: World, numbers: list[int]) -> None:
    for frame_id, state in world.by_frame.items():
        compare(memory, state, as_of_frame=frame_id)
    known = [commit.number for commit in memory.commits()]
    assert known[: len(numbers)] == numbers
    for number in numbers:
        compare(memory, world.by_commit[number], as_of_commit=number)
    for second in range(START - 1, world.now + 2):
        state = world.by_second[max(noted for noted in world.by_second if noted <= second)]
        compare(memory, state, as_of=second)
    for a, b in zip(numbers, [*numbers[2:], None, None], strict=False):
        compare_diff(memory, world, a, b)
    with pytest.raises(CommitNotFoundError):
        memory.frames(as_of_commit=known[-1] + 1)


# --- the acts -------------------------------------------------------------------------------

SIZES = st.sampled_from([20, 120, 2600, 4200])
TITLES = st.sampled_from([None, "Alpha", "Beta"])
DOCUMENTS = st.tuples(st.sampled_from([None, *URIS]), SIZES, TITLES, st.integers(-2, 2))
CHANGES = (
    st.tuples(st.just("put"), *(DOCUMENTS.map(lambda d, i=i: d[i]) for i in range(4))),
    st.tuples(st.just("update"), st.integers(0, 9), st.none() | SIZES, st.sampled_from(["New", "Newer"])),
    st.tuples(st.just("delete"), st.integers(0, 9)),
)
ACTS = st.one_of(
    *CHANGES,
    st.tuples(st.just("put_many"), st.lists(DOCUMENTS, min_size=1, max_size=3)),
    st.tuples(st.just("batch"), st.lists(st.one_of(*CHANGES), min_size=1, max_size=4), st.booleans()),
    st.tuples(st.just("tick"), st.integers(1, 3)),
    st.tuples(st.just("commit")),
    st.tuples(st.just("vacuum")),
    st.tuples(st.just("reopen"), st.sampled_from(["checkpoint", "lazy"])),
)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize="MV2_PAST_EXAMPLES" not in os.environ,
)
@given(acts=st.lists(ACTS, min_size=4, max_size=20))
def test_every_point_of_the_past_is_as_it_was(acts: list[tuple[Any, ...]]) -> None:
    with (
        tempfile.TemporaryDirectory(dir=scratch_directory()) as directory,
        pytest.MonkeyPatch.context() as patch,
    ):
        world: World | None = None
        patch.setattr(times, "time", SimpleNamespace(time=lambda: (world.now if world else START) + 0.5))
        world = World(Path(directory) / "m.mv2")
        world.note()
        for act in acts:
            world.do(act)
        numbers = sorted(world.by_commit)
        compare_everything(world.memory, world, numbers)
        with mv2.open(world.path, "r", embedder="none") as reader:
            compare_everything(reader, world, numbers)
        world.memory.commit()
        compare_everything(world.memory, world, numbers)
        world.memory.vacuum()
        compare_everything(world.memory, world, numbers)
        world.memory.close()


def test_the_model_is_not_blind(tmp_path: Path) -> None:
    """A view that shows the present instead of the past does not pass."""
    world = World(tmp_path / "m.mv2")
    world.now = times.now()
    for act in (("put", URIS[0], 20, None, 0), ("commit",), ("put", URIS[0], 20, None, 0), ("commit",)):
        getattr(world, act[0])(*act[1:])
    with pytest.raises(AssertionError):
        compare(world.memory, world.by_frame[0])
    world.memory.close()
