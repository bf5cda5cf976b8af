"""What is derived from vectors: kept beside them through commits, merges and compactions, never trusted."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from memory_files import commit_record

import mv2
from mv2.errors import ChecksumError, CorruptFileError, InvalidArgumentError
from mv2.format.vectors import decode_vectors
from mv2.index import vectors
from mv2.index.vectors import derive as deriving
from mv2.index.vectors.index import VectorIndex
from mv2.storage.appender import Appender
from mv2.storage.base import vector_ranges
from mv2.storage.device import FileSystem
from mv2.storage.frame_set import FrameSet
from mv2.storage.indexing import VectorDeriver
from mv2.storage.vector_copy import VectorCopier
from mv2.storage.vector_store import MAX_SEGMENTS
from mv2.testing.live import live_ranges

DIMENSION = 64
SMALLEST = 600
FIXTURES = Path(__file__).parents[2] / "fixtures" / "container"


@pytest.fixture(autouse=True)
def _small_sets_count_as_large(monkeypatch):
    monkeypatch.setattr(vectors.VectorDerivation, "smallest", SMALLEST)


def some_rows(count, seed=0, dimension=DIMENSION):
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((30, dimension))
    rows = centres[random.integers(0, 30, count)] + 0.5 * random.standard_normal((count, dimension))
    return rows.astype(np.float32)


def add(memory, rows):
    return memory.put_many([{"content": f"note {row[0]}", "embedding": row} for row in rows])


def base_of(memory):
    return memory._store.view().base


def place_of(memory):
    return base_of(memory).vector_place


def assert_right(memory, rows):
    """The index finds by the rows that were put, frame i by row i."""
    index = VectorIndex(base_of(memory))
    assert index.ids.tolist() == list(range(len(rows)))
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    for query in some_rows(5, seed=8, dimension=rows.shape[1]):
        true = units @ (query / np.linalg.norm(query))
        ids, scores = index.search(query, 10)
        assert len(np.intersect1d(ids, np.argsort(-true)[:10])) >= 9
        assert scores == pytest.approx(true[ids], abs=1e-5)
        assert index.scores(query, range(len(rows))) == pytest.approx(true, abs=1e-5)


def no_numpy(script, *arguments):
    """Run a script in a fresh process, which must not load numpy."""
    tail = "\nimport sys\nassert 'numpy' not in sys.modules, 'numpy was loaded'\n"
    subprocess.run([sys.executable, "-c", script + tail, *map(str, arguments)], check=True, timeout=60)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "memory.mv2"


@pytest.fixture
def rows():
    return some_rows(900)


@pytest.fixture
def filled(path, rows):
    with mv2.open(path, embedder="none") as memory:
        add(memory, rows)
    return path


def test_the_deriver_is_what_storage_asks_for():
    deriver: VectorDeriver = vectors.VectorDerivation()
    assert deriver.smallest == SMALLEST


def test_few_vectors_have_none(path, rows):
    with mv2.open(path, embedder="none") as memory:
        add(memory, rows[: SMALLEST - 1])
        assert place_of(memory) is None
        assert_right(memory, rows[: SMALLEST - 1])


def test_it_is_used_instead_of_being_made_again(filled, rows, monkeypatch):
    def fail(*_):
        raise AssertionError("derived again")

    with mv2.open(filled, "r") as memory:
        block = base_of(memory).vector_block
        assert len(block) == 900
        assert len(block.bits) == 1
        monkeypatch.setattr("mv2.index.vectors.index.block_of_parts", fail)
        monkeypatch.setattr("mv2.index.vectors.index.part_of_rows", fail)
        assert_right(memory, rows)


def test_a_commit_without_vectors_names_it_again_and_loads_no_numpy(filled, rows):
    with mv2.open(filled, "r") as memory:
        before = place_of(memory)
    no_numpy(
        "import sys, mv2\n"
        "from mv2.index.vectors import VectorDerivation\n"
        f"VectorDerivation.smallest = {SMALLEST}\n"
        "with mv2.open(sys.argv[1], embedder='none') as memory:\n"
        "    memory.put('words only'); memory.delete(0); memory.commit()\n",
        filled,
    )
    with mv2.open(filled, "r") as memory:
        assert memory.stats().frame_count == 901
        assert place_of(memory) == before
        assert base_of(memory).vector_block is not None
        assert_right(memory, rows)


def test_a_search_for_words_loads_no_numpy(filled):
    no_numpy(
        "import sys, mv2\n"
        "with mv2.open(sys.argv[1], 'r', embedder='none') as memory:\n"
        "    assert memory.find('note', mode='lex').hits\n",
        filled,
    )


def test_new_vectors_are_added_to_it(filled, rows, monkeypatch):
    def fail(*_):
        raise AssertionError("made anew")

    more = some_rows(50, seed=3)
    with mv2.open(filled, embedder="none") as memory:
        monkeypatch.setattr(deriving, "block_of_parts", fail)
        add(memory, more)
        memory.put("pending at first", embedding=more[0])
        memory.commit()
        assert base_of(memory).vector_block.trained_rows == 900
        assert len(base_of(memory).vector_block) == 951
        assert_right(memory, np.concatenate([rows, more, more[:1]]))


def test_many_commits_are_merged_with_their_bits(filled, rows):
    every = [rows]
    with mv2.open(filled, embedder="none") as memory:
        for step in range(MAX_SEGMENTS + 3):
            every.append(some_rows(7, seed=100 + step))
            add(memory, every[-1])
        segments = base_of(memory).tail.catalogue.vec_segments
        assert 1 < len(segments) <= MAX_SEGMENTS
        block = base_of(memory).vector_block
        assert block.trained_rows == 900
        assert len(block) == 900 + 7 * (MAX_SEGMENTS + 3)
        assert_right(memory, np.concatenate(every))
        assert memory.verify(deep=True).findings == ()


def test_a_vacuum_takes_it_along_and_loads_no_numpy(filled, rows):
    with mv2.open(filled, embedder="none") as memory:
        add(memory, some_rows(20, seed=4))
    no_numpy(
        "import sys, mv2\n"
        "from mv2.index.vectors import VectorDerivation\n"
        f"VectorDerivation.smallest = {SMALLEST}\n"
        "with mv2.open(sys.argv[1], embedder='none') as memory:\n"
        "    assert memory.vacuum().compacted\n"
        "    assert memory.stats().dead_bytes < 4096\n",
        filled,
    )
    with mv2.open(filled, "r") as memory:
        assert len(base_of(memory).vector_block) == 920
        assert_right(memory, np.concatenate([rows, some_rows(20, seed=4)]))
        assert memory.verify(deep=True).findings == ()


def test_a_file_without_it_works_and_gets_one_with_the_next_vectors(path, rows, monkeypatch):
    monkeypatch.setattr(vectors.VectorDerivation, "smallest", 1 << 60)
    with mv2.open(path, embedder="none") as memory:
        add(memory, rows)
        assert place_of(memory) is None
        assert_right(memory, rows)
    monkeypatch.setattr(vectors.VectorDerivation, "smallest", SMALLEST)
    with mv2.open(path, embedder="none") as memory:
        memory.put("words only")
        memory.commit()
        assert place_of(memory) is None
        memory.put("with a vector", embedding=rows[0])
        memory.commit()
        assert len(base_of(memory).vector_block) == 901


def test_it_counts_as_live(filled):
    with mv2.open(filled, "r") as memory:
        offset, length, _ = place_of(memory)
        assert memory.stats().dead_bytes < length
    ranges = [(r.start, r.end) for r in live_ranges(filled.read_bytes()) if r.kind == "vector block"]
    assert ranges == [(offset, offset + length)]


class TestDamage:
    @pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.99])
    def test_a_damaged_block_is_made_again(self, filled, rows, share):
        with mv2.open(filled, "r") as memory:
            offset, length, _ = place_of(memory)
        data = bytearray(filled.read_bytes())
        data[offset + int(share * length)] ^= 0x10
        filled.write_bytes(data)
        with mv2.open(filled, "r") as memory:
            assert base_of(memory).vector_block is None
            assert [f.code for f in memory.verify().findings] == ["vector_block_damaged"]
            assert_right(memory, rows)
        with mv2.open(filled, embedder="none") as memory:
            memory.put("one more", embedding=rows[0])
            memory.commit()
            assert len(base_of(memory).vector_block) == 901
            assert_right(memory, np.concatenate([rows, rows[:1]]))

    def test_a_damaged_accelerator_loses_it(self, filled, rows):
        data = bytearray(filled.read_bytes())
        data[commit_record(bytes(data)).accelerator_offset + 60] ^= 1
        filled.write_bytes(data)
        with mv2.open(filled, "r") as memory:
            assert place_of(memory) is None
            assert_right(memory, rows)

    def test_a_block_of_other_vectors_is_not_used(self, filled, rows):
        with mv2.open(filled, embedder="none") as memory:
            before = place_of(memory)
            add(memory, some_rows(5, seed=5))
            base = base_of(memory)
            base.directory.vector_place = mv2.format.vector_block.PLACE.pack(*before)
            assert base.vector_block is None
            assert_right(memory, np.concatenate([rows, some_rows(5, seed=5)]))

    def test_a_damaged_vector_is_never_answered_with(self, filled, rows):
        with mv2.open(filled, "r") as memory:
            segment = base_of(memory).tail.catalogue.vec_segments[0]
        data = bytearray(filled.read_bytes())
        stride = 16 + 4 * DIMENSION
        data[segment.offset + 8 + 5 * stride + 16 + 40] ^= 0x40
        filled.write_bytes(data)
        with mv2.open(filled, "r") as memory:
            index = VectorIndex(base_of(memory))
            assert len(index) == 900  # the others can be used
            others = FrameSet.of([i for i in range(900) if i != 5], 900)
            assert index.search(rows[7], 3, FrameSet.of([1, 7, 9], 900))[0][0] == 7
            assert index.vector(6).tolist() == rows[6].tolist()
            for ask in (
                lambda: index.vector(5),
                lambda: index.scores(rows[0], [3, 5]),
                lambda: index.search(rows[5], 3, FrameSet.of([5, 6], 900)),
                lambda: index.search(rows[5], 3),
            ):
                with pytest.raises(ChecksumError):
                    ask()
            assert others
        with mv2.open(filled, embedder="none") as memory:
            memory.put("still possible", embedding=rows[0])
            memory.commit()
            assert memory.stats().vector_count == 901


def test_a_vector_is_not_read_from_a_file_that_was_cut_off(path):
    """Reading a map behind the end of its file would kill the process."""
    with mv2.open(path, embedder="none") as memory:
        add(memory, some_rows(3000, dimension=128))
    with mv2.open(path, "r", embedder="none") as memory:
        assert memory.embedding(0) is not None
        os.truncate(path, 100_000)
        with pytest.raises(CorruptFileError, match="cut off"):
            memory.embedding(2900)


class TestQuantised:
    @pytest.fixture
    def rows(self):
        return some_rows(700, dimension=384)

    def test_on_request(self, filled, rows):
        with mv2.open(filled, embedder="none") as memory:
            before = memory.stats().vector_bytes
            assert memory.vacuum(vector_compression="pq96").compacted
            assert memory.stats().vector_bytes < before * 0.5
            assert memory.stats().vector_count == 700
            assert memory.verify(deep=True).findings == ()
            near = np.array(memory.embedding(3))
            assert near @ rows[3] / np.linalg.norm(near) / np.linalg.norm(rows[3]) > 0.9
            held = [memory.embedding(i).tolist() for i in range(700)]
            # Every later way to write the file keeps them as they are.
            memory.put("later", embedding=rows[0])
            memory.commit()
            assert memory.vacuum().compacted
            assert memory.stats().vector_count == 701
            assert [memory.embedding(i).tolist() for i in range(700)] == held
            assert memory.embedding(700).tolist() == rows[0].tolist()
            assert memory.verify(deep=True).findings == ()
            assert len(base_of(memory).vector_block) == 701
            index = VectorIndex(base_of(memory))
            found = [index.search(np.array(held[i]), 1)[0][0] for i in range(0, 700, 50)]
            assert found == list(range(0, 700, 50))

    @pytest.mark.parametrize("compression", [None, "none", "pq96"])
    def test_none_of_several_quantised_sets_is_lost(self, filled, compression):
        """A set in the catalogue, behind which others stand, beside that of a full rebuild."""
        with mv2.open(filled, embedder="none") as memory:
            assert memory.vacuum(vector_compression="pq96").compacted
            base = base_of(memory)
            whole = vector_ranges(base.tail)[0]
            tail = base.fresh_tail()
            tail.catalogue.vec_segments = [replace(whole, segment_id=900)]
            with closing(FileSystem().open_file(f"{filled}.copy", writable=True, create=True)) as target:
                out = Appender(target, 4096)
                VectorCopier(base, tail, out, target, vectors.VectorDerivation(), compression).run(1)
                out.flush()
                found = [
                    decode_vectors(target.read(one.offset, one.length), one.vector_compression)
                    for one in vector_ranges(tail)
                ]
        assert sorted(i for one in found for i in one.ids) == sorted([*range(700)] * 2)

    def test_again_and_back(self, filled, rows):
        with mv2.open(filled, embedder="none") as memory:
            memory.vacuum(vector_compression="pq96")
            held = [memory.embedding(i).tolist() for i in range(700)]
            memory.put("later", embedding=rows[0])
            memory.vacuum(vector_compression="pq96")
            assert memory.stats().vector_count == 701
            assert [memory.embedding(i).tolist() for i in range(700)] == held
            memory.vacuum(vector_compression="none")
            assert [memory.embedding(i).tolist() for i in range(700)] == held
            assert memory.stats().vector_bytes > 700 * 4 * 384
            assert memory.verify(deep=True).findings == ()
            assert_right(memory, np.array([memory.embedding(i) for i in range(701)]))

    def test_what_cannot_be_is_refused_and_changes_nothing(self, path):
        with mv2.open(path, embedder="none") as memory:
            add(memory, some_rows(120))
            with pytest.raises(InvalidArgumentError, match="384"):
                memory.vacuum(vector_compression="pq96")
            with pytest.raises(InvalidArgumentError, match="pq96"):
                memory.vacuum(vector_compression="pq8")
            assert memory.stats().vector_count == 120
        assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "name", ["hnsw_vectors", "vectors_d8", "several_commits", "stale_vec_manifest", "raw_update_old_dialect"]
)
def test_files_of_the_original(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        memory = mv2.open(FIXTURES / f"{name}.mv2", "r", embedder="none")
    with memory:
        base = base_of(memory)
        held = {i: base.embedding(i) for i in range(base.frame_count) if base.embedding(i) is not None}
        index = VectorIndex(base)
        assert index.ids.tolist() == sorted(held)
        if not held:
            return
        rows = np.array([np.frombuffer(held[i], "<f4") for i in sorted(held)], np.float64)
        query = rows[0] + 0.1
        true = rows @ query / np.linalg.norm(rows, axis=1) / np.linalg.norm(query)
        _, scores = index.search(query, 10)
        assert scores == pytest.approx(np.sort(true)[::-1][:10], abs=1e-6)
        assert index.scores(query, sorted(held)) == pytest.approx(true, abs=1e-6)
