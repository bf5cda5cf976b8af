"""Random operations on several handles, compared with a plain dictionary after every step.

Two writers, sometimes closed and opened again, and one reader that refreshes
now and then work on one file. A few dozen lines of Python know what must be
there; whatever the handles show in any other way is a fault of the engine.
"""

from __future__ import annotations

import copy
import os
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import mv2
from mv2.errors import DuplicateUriError, FrameInactiveError, FrameNotFoundError
from mv2.testing.check import scratch_directory
from mv2.testing.fixtures import quick_temporary_directory  # noqa: F401 - automatic
from mv2.testing.model import DAY, URIS, Doc, Model, compare, compare_document, compare_search
from mv2.testing.observe import unique_text

if TYPE_CHECKING:
    from mv2.memvid import Memvid

EXAMPLES = int(os.environ.get("MV2_MODEL_EXAMPLES", "120"))
STEPS = int(os.environ.get("MV2_MODEL_STEPS", "30"))


@st.composite
def fields(draw: st.DrawFn) -> dict[str, Any]:
    """Fields of a document other than its content and uri."""
    return {
        "title": draw(st.none() | st.sampled_from(["Alpha", "Größe"])),
        "tags": draw(st.lists(st.sampled_from(["x", "y y", "Z"]), max_size=2, unique=True)),
        "metadata": draw(
            st.dictionaries(
                st.sampled_from(["n", "deep"]),
                st.integers(-3, 3) | st.just(1.5) | st.just({"a": [1, None, "ü"]}) | st.booleans(),
                max_size=2,
            )
        ),
        "timestamp": draw(st.integers(-3, 3)) * DAY,
    }


SIZES = st.sampled_from([20, 120, 700, 1900, 2500, 4200])


class MemoryMachine(RuleBasedStateMachine):
    """The engine on one side, ``Model`` on the other."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.mkdtemp(dir=scratch_directory(), prefix="mv2-model-")
        self.path = Path(self.directory) / "m.mv2"
        self.model = Model()
        self.seen = Model()
        self.writers: list[Memvid] = []
        self.reader: Memvid
        self.numbers = 0
        self.last = 0

    @initialize()
    def start(self) -> None:
        self.writers = [self._open(), self._open()]
        self.reader = mv2.open(self.path, "r", embedder="none")

    def _open(self) -> Memvid:
        return mv2.open(self.path, "a", embedder="none", lock_timeout=5)

    def teardown(self) -> None:
        for memory in [*self.writers, *([self.reader] if hasattr(self, "reader") else [])]:
            memory.close()
        if self.writers:
            assert os.listdir(self.directory) == [self.path.name]
            with mv2.open(self.path, embedder="none") as memory:
                compare(memory, self.model)
                assert memory.verify(deep=True).ok, memory.verify(deep=True).findings
        shutil.rmtree(self.directory)

    # --- making documents -----------------------------------------------------------

    def _text(self, size: int) -> tuple[int, str]:
        self.numbers += 1
        return self.numbers, unique_text(self.numbers, size)

    def _doc(
        self,
        memory: Memvid,
        number: int | None,
        frame_id: int,
        uri: str | None,
        content: bytes,
        given: dict[str, Any],
    ) -> Doc:
        return Doc(
            id=frame_id,
            uri=uri if uri is not None else f"mv2://frames/{frame_id}",
            content=content,
            number=number,
            timestamp=given["timestamp"],
            title=given["title"],
            tags=tuple(given["tags"]),
            metadata=given["metadata"],
            chunks=memory.frame(frame_id).chunk_count or 0,
        )

    # --- writing ----------------------------------------------------------------------

    @rule(writer=st.integers(0, 1), size=SIZES, given=fields())
    def put(self, writer: int, size: int, given: dict[str, Any]) -> None:
        number, text = self._text(size)
        memory = self.writers[writer]
        frame_id = memory.put(text, **given)
        self.model.add(self._doc(memory, number, frame_id, None, text.encode(), given))
        self.last = writer

    @rule(writer=st.integers(0, 1), data=st.binary(max_size=300), given=fields())
    def put_bytes(self, writer: int, data: bytes, given: dict[str, Any]) -> None:
        memory = self.writers[writer]
        data = b"\xff\x00" + data
        frame_id = memory.put(data, **given)
        self.model.add(self._doc(memory, None, frame_id, None, data, given))
        self.last = writer

    @rule(
        writer=st.integers(0, 1),
        uri=st.sampled_from(URIS),
        size=SIZES,
        given=fields(),
        conflict=st.sampled_from(["version", "keep_both", "error", "skip"]),
    )
    def put_uri(self, writer: int, uri: str, size: int, given: dict[str, Any], conflict: Any) -> None:
        memory, number_text = self.writers[writer], self._text(size)
        number, text = number_text
        old = self.model.newest(uri)
        self.last = writer
        if old is not None and conflict == "error":
            with pytest.raises(DuplicateUriError):
                memory.put(text, uri=uri, on_conflict=conflict, **given)
            return
        frame_id = memory.put(text, uri=uri, on_conflict=conflict, **given)
        if old is not None and conflict == "skip":
            assert frame_id == old.id
            return
        doc = self._doc(memory, number, frame_id, uri, text.encode(), given)
        if old is not None and conflict == "version":
            self.model.replace(old, doc)
        else:
            self.model.add(doc)

    @rule(writer=st.integers(0, 1), sizes=st.lists(SIZES, min_size=1, max_size=5), given=fields())
    def put_many(self, writer: int, sizes: list[int], given: dict[str, Any]) -> None:
        memory = self.writers[writer]
        made = [self._text(size) for size in sizes]
        ids = memory.put_many([{"content": text, **given} for _, text in made])
        for frame_id, (number, text) in zip(ids, made, strict=True):
            self.model.add(self._doc(memory, number, frame_id, None, text.encode(), given))
        self.last = writer

    @precondition(lambda self: bool(self.model.active()))
    @rule(writer=st.integers(0, 1), pick=st.randoms(use_true_random=False), size=SIZES, by_uri=st.booleans())
    def update_text(self, writer: int, pick: Any, size: int, by_uri: bool) -> None:
        memory = self.writers[writer]
        old = pick.choice(self.model.active())
        assume(not by_uri or self.model.newest(old.uri) is old)
        number, text = self._text(size)
        try:
            frame_id = memory.update(old.uri if by_uri else old.id, content=text)
        except DuplicateUriError:
            assert self.model.newest(old.uri) is not old, "only a twin of the same uri may be in the way"
            return
        new = copy.copy(old)
        new.id, new.content, new.number = frame_id, text.encode(), number
        new.chunks = memory.frame(frame_id).chunk_count or 0
        self._supersede(memory, old, new)
        self.last = writer

    @precondition(lambda self: bool(self.model.active()))
    @rule(
        writer=st.integers(0, 1), pick=st.randoms(use_true_random=False), given=fields(), merge=st.booleans()
    )
    def update_fields(self, writer: int, pick: Any, given: dict[str, Any], merge: bool) -> None:
        memory = self.writers[writer]
        old = pick.choice(self.model.active())
        try:
            frame_id = memory.update(old.id, merge=merge, **given)
        except DuplicateUriError:
            assert self.model.newest(old.uri) is not old, "only a twin of the same uri may be in the way"
            return
        new = copy.copy(old)
        new.id, new.title, new.tags = frame_id, given["title"], tuple(given["tags"])
        new.metadata = {**old.metadata, **given["metadata"]} if merge else given["metadata"]
        new.timestamp = given["timestamp"]
        self._supersede(memory, old, new)
        self.last = writer

    def _supersede(self, memory: Memvid, old: Doc, new: Doc) -> None:
        if old.uri == f"mv2://frames/{old.id}":
            new.uri = memory.frame(new.id).uri or ""
            assert new.uri in {old.uri, f"mv2://frames/{new.id}"}
        self.model.replace(old, new)

    @precondition(lambda self: bool(self.model.active()))
    @rule(writer=st.integers(0, 1), pick=st.randoms(use_true_random=False), by_uri=st.booleans())
    def delete(self, writer: int, pick: Any, by_uri: bool) -> None:
        doc = pick.choice(self.model.active())
        assume(not by_uri or self.model.newest(doc.uri) is doc)
        self.writers[writer].delete(doc.uri if by_uri else doc.id)
        doc.status = "deleted"
        self.last = writer

    @precondition(lambda self: len(self.model.active()) < len(self.model.docs))
    @rule(writer=st.integers(0, 1), pick=st.randoms(use_true_random=False), update=st.booleans())
    def touch_what_is_gone(self, writer: int, pick: Any, update: bool) -> None:
        doc = pick.choice([doc for doc in self.model.docs.values() if doc.status != "active"])
        memory = self.writers[writer]
        change = (lambda: memory.update(doc.id, title="never")) if update else (lambda: memory.delete(doc.id))
        with pytest.raises(FrameInactiveError):
            change()
        self.last = writer

    @rule(writer=st.integers(0, 1))
    def touch_what_never_was(self, writer: int) -> None:
        memory = self.writers[writer]
        for reference in (self.model.count, -1, "mv2://never"):
            for call in (memory.frame, memory.content, memory.text, memory.delete):
                with pytest.raises(FrameNotFoundError):
                    call(reference)  # type: ignore[operator]

    @rule(
        writer=st.integers(0, 1),
        sizes=st.lists(SIZES, min_size=1, max_size=4),
        given=fields(),
        roll_back=st.booleans(),
        delete_one=st.booleans(),
    )
    def batch(
        self, writer: int, sizes: list[int], given: dict[str, Any], roll_back: bool, delete_one: bool
    ) -> None:
        memory = self.writers[writer]
        model = copy.deepcopy(self.model)
        try:
            with memory.batch():
                if delete_one and model.active():
                    gone = model.active()[0]
                    memory.delete(gone.id)
                    gone.status = "deleted"
                ids = []
                for size in sizes:
                    number, text = self._text(size)
                    ids.append((memory.put(text, **given), number, text))
                if roll_back:
                    raise InterruptedError
        except InterruptedError:
            pass
        else:
            for frame_id, number, text in ids:
                model.add(self._doc(memory, number, frame_id, None, text.encode(), given))
            self.model = model
        self.last = writer

    # --- upkeep -----------------------------------------------------------------------

    @rule(writer=st.integers(0, 1))
    def commit(self, writer: int) -> None:
        self.writers[writer].commit()
        assert self.writers[writer].stats().pending_count == 0
        self.last = writer

    @rule(writer=st.integers(0, 1))
    def vacuum(self, writer: int) -> None:
        self.writers[writer].vacuum()
        self.last = writer

    @rule(writer=st.integers(0, 1))
    def reopen(self, writer: int) -> None:
        self.writers[writer].close()
        self.writers[writer] = self._open()
        self.last = writer

    @rule()
    def refresh_reader(self) -> None:
        self.reader.refresh()
        self.seen = copy.deepcopy(self.model)

    @rule()
    def reopen_reader(self) -> None:
        self.reader.close()
        self.reader = mv2.open(self.path, "r", embedder="none")
        self.seen = copy.deepcopy(self.model)

    # --- looking ----------------------------------------------------------------------

    @rule(writer=st.integers(0, 1))
    def look_at_everything(self, writer: int) -> None:
        compare(self.writers[writer], self.model)

    @rule()
    def read_everything(self) -> None:
        compare(self.reader, self.seen)

    @rule(writer=st.integers(0, 1), pick=st.randoms(use_true_random=False))
    def find(self, writer: int, pick: Any) -> None:
        for memory, model in ((self.writers[writer], self.model), (self.reader, self.seen)):
            numbered = [doc for doc in model.docs.values() if doc.number is not None]
            if numbered:
                compare_search(memory, model, pick.choice(numbered))

    @invariant()
    def counts_agree(self) -> None:
        if not self.writers:
            return
        for memory, model in ((self.writers[self.last], self.model), (self.reader, self.seen)):
            stats = memory.stats()
            active = model.active()
            assert stats.frame_count == model.count
            assert stats.active_frame_count == sum(1 + doc.chunks for doc in active)
            assert stats.document_count == len(active)
        newest = max(self.model.docs, default=None)
        if newest is not None:
            compare_document(self.writers[self.last], self.model, self.model.docs[newest])


warnings.filterwarnings("ignore", category=mv2.errors.Mv2Warning)
TestModel = pytest.mark.timeout(120 + 3 * EXAMPLES)(MemoryMachine.TestCase)
MemoryMachine.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=os.environ.get("MV2_HYPOTHESIS", "ci") == "ci" and "MV2_MODEL_EXAMPLES" not in os.environ,
    print_blob=True,
)
