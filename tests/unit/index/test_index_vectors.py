"""The vector index against brute force in float64, on data of many shapes."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mv2.errors import (
    ChecksumError,
    CorruptFileError,
    FormatError,
    InvalidArgumentError,
    VecDimensionMismatchError,
)
from mv2.format.manifests import COMPRESSION_NONE, COMPRESSION_PQ96
from mv2.format.vector_block import decode_vector_block
from mv2.format.vectors import decode_vectors, encode_vector_segment
from mv2.index.vectors.bits import nearest, sign_bits, turned
from mv2.index.vectors.derive import derive
from mv2.index.vectors.index import VectorIndex
from mv2.index.vectors.quantise import quantise
from mv2.index.vectors.rows import open_rows
from mv2.storage.frame_set import FrameSet
from mv2.storage.indexing import VectorPiece


def segment(ids, rows):
    rows = np.ascontiguousarray(rows, "<f4")
    return encode_vector_segment(list(ids), rows.tobytes(), rows.shape[1])


def base_of(*segments, compression=COMPRESSION_NONE):
    """Stands for a commit without a vector block."""
    return SimpleNamespace(
        anchor=SimpleNamespace(record=None, data_end=0),
        file=SimpleNamespace(path="memory.mv2", closed=True),
        vector_block=None,
        frame_count=1 << 31,
        vector_data=lambda: [(memoryview(data), compression) for data in segments],
    )


def index_of(rows, ids=None):
    return VectorIndex(base_of(segment(range(len(rows)) if ids is None else ids, rows)))


def cosine(rows, query):
    rows, query = np.asarray(rows, np.float64), np.asarray(query, np.float64)
    lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(query)
    return np.divide(rows @ query, lengths, out=np.zeros(len(rows)), where=lengths > 0)


def best(scores, k, allowed=None):
    """(ids, scores) of brute force; equals by id."""
    ids = [i for i in range(len(scores)) if allowed is None or i in allowed]
    ids.sort(key=lambda i: (-round(scores[i], 6), i))
    return ids[:k]


small = st.integers(-3, 3).map(float)


@st.composite
def collections(draw):
    dimension = draw(st.integers(1, 5))
    vectors = draw(st.lists(st.lists(small, min_size=dimension, max_size=dimension), min_size=1, max_size=40))
    query = draw(st.lists(small, min_size=dimension, max_size=dimension))
    chosen = draw(st.none() | st.sets(st.integers(0, len(vectors) - 1)))
    return np.array(vectors), np.array(query), chosen, draw(st.integers(0, 45))


class TestExactly:
    @settings(max_examples=200, deadline=None)
    @given(collections())
    def test_small_sets_are_as_brute_force(self, case):
        rows, query, chosen, k = case
        allowed = None if chosen is None else FrameSet.of(chosen, len(rows))
        index = index_of(rows)
        ids, scores = index.search(query, k, allowed)
        true = cosine(rows, query)
        assert ids.tolist() == best(true, k, allowed)
        assert scores == pytest.approx(true[ids], abs=1e-6)
        assert index.scores(query, range(len(rows))) == pytest.approx(true, abs=1e-6)

    def test_the_newest_vector_of_a_frame_counts(self):
        old, new = [[1, 0], [0, 1], [1, 1]], [[0, 1]]
        index = VectorIndex(base_of(segment([7, 8, 9], old), segment([7], new)))
        assert len(index) == 3
        assert index.ids.tolist() == [7, 8, 9]
        ids, scores = index.search(np.array([0, 1]), 10)
        assert ids.tolist() == [7, 8, 9]
        assert scores[:2].tolist() == [1, 1]
        only = index.search(np.array([1, 0]), 10, FrameSet.of([7, 9], 10))[0]
        assert only.tolist() == [9, 7]

    def test_frames_without_a_vector_have_no_score(self):
        index = index_of([[1, 0], [0, 2]], ids=[3, 5])
        scores = index.scores(np.array([0, 1]), [5, 4, 3, 99, -1])
        assert np.isnan(scores).tolist() == [False, True, False, True, True]
        assert scores[[0, 2]].tolist() == [1, 0]
        assert index.vector(5).tolist() == [0, 2]
        assert index.vector(4) is None

    def test_sizes_of_any_order_do_not_matter(self):
        rows = np.array([[3e18, 0], [1e-12, 1e-12], [0, 5e-3]])
        ids, scores = index_of(rows).search(np.array([1e-9, 1e-9]), 3)
        assert ids[0] == 1
        assert scores == pytest.approx([1, 2**-0.5, 2**-0.5])

    @pytest.mark.parametrize("query", [np.ones(3), np.ones((1, 2)), np.array(1.0)])
    def test_another_dimension_is_refused_with_both_numbers(self, query):
        with pytest.raises(VecDimensionMismatchError, match=rf"{query.size} numbers.* 2"):
            index_of([[1, 0]]).search(query, 1)

    def test_masks_of_another_size_than_the_frames(self):
        index = index_of(np.eye(6), ids=[2, 3, 4, 5, 6, 7])
        assert index.search(np.ones(6), 9, FrameSet.of([0, 2, 4], 5))[0].tolist() == [2, 4]
        assert index.search(np.ones(6), 9, FrameSet.of([7, 40], 50))[0].tolist() == [7]
        assert index.search(np.ones(6), 9, FrameSet(b""))[0].tolist() == []


COUNT, DIMENSION = 6000, 128


def _units(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def _clustered(random, count):
    centres = np.random.default_rng(1).standard_normal((60, DIMENSION))
    return centres[random.integers(0, 60, count)] + 0.5 * random.standard_normal((count, DIMENSION))


def _anisotropic(random, count):
    scales = np.arange(1, DIMENSION + 1) ** -1.5
    shift = 0.05 * np.random.default_rng(2).standard_normal(DIMENSION)
    return random.standard_normal((count, DIMENSION)) * scales + shift


def _low_rank(random, count):
    basis = np.random.default_rng(3).standard_normal((20, DIMENSION))
    return random.standard_normal((count, 20)) @ basis + 0.3 * random.standard_normal((count, DIMENSION))


def _random(random, count):
    return random.standard_normal((count, DIMENSION))


def _lengths_differ(random, count):
    return _clustered(random, count) * random.uniform(0.01, 50, (count, 1))


SHAPES = {f.__name__: f for f in (_clustered, _anisotropic, _low_rank, _random, _lengths_differ)}


@pytest.fixture(scope="module", params=SHAPES)
def large(request):
    """(index, stored rows, queries that are none of them, whether bits are used)."""
    make = SHAPES[request.param]
    random = np.random.default_rng(11)
    rows = make(random, COUNT).astype(np.float32)
    return index_of(rows), rows, make(random, 60).astype(np.float32), request.param != "_random"


def recall(index, rows, queries, k, allowed=None):
    units = _units(rows)
    found = wanted = 0
    for query in queries:
        scores = units @ (query / np.linalg.norm(query))
        if allowed is not None:
            scores[~np.frombuffer(allowed.mask, np.bool_)] = -2
        most = k if allowed is None else min(k, len(allowed))
        ids, given_scores = index.search(query, k, allowed)
        assert len(set(ids.tolist())) == len(ids) == most  # pages are full
        assert (np.diff(given_scores) <= 1e-7).all()
        assert given_scores == pytest.approx(scores[ids], abs=2e-5)
        found += np.isin(ids, np.argpartition(-scores, most - 1)[:most]).sum()
        wanted += most
    return found / wanted


class TestScan:
    def test_bits_are_used_where_they_help(self, large):
        index, _, _, helps = large
        assert bool(index._bits) is helps

    @pytest.mark.parametrize("k", [1, 10, 50])
    def test_held_out_queries_find_the_nearest(self, large, k):
        index, rows, queries, _ = large
        assert recall(index, rows, queries, k) >= 0.99

    @pytest.mark.parametrize("share", [0.9, 0.5, 0.2, 0.02, 0.001])
    def test_filters_keep_recall_and_full_pages(self, large, share):
        index, rows, queries, _ = large
        mask = np.random.default_rng(5).random(COUNT) < share
        assert recall(index, rows, queries, 10, FrameSet(mask.tobytes())) >= 0.99

    @pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
    def test_a_filter_that_leaves_only_what_is_far_away(self, large, part):
        """Made against each query anew: all that is near it is not allowed."""
        index, rows, queries, _ = large
        found = []
        for query in queries[:, None]:
            near = _units(rows) @ _units(query)[0]
            allowed = FrameSet((near < np.quantile(near, part)).tobytes())
            found.append(recall(index, rows, query, 10, allowed))
        assert np.mean(found) >= 0.97

    def test_a_filter_that_leaves_only_what_is_near(self, large):
        index, rows, queries, _ = large
        near = _units(rows) @ _units(queries[:1])[0]
        allowed = FrameSet((near > np.quantile(near, 0.7)).tobytes())
        assert recall(index, rows, queries[:5], 10, allowed) >= 0.98

    def test_many_equal_vectors_come_by_id(self):
        rows = _clustered(np.random.default_rng(0), COUNT)
        rows[1000:5000:2] = rows[1000]
        ids, scores = index_of(rows).search(rows[1000], 20)
        assert ids.tolist() == list(range(1000, 1040, 2))
        assert scores == pytest.approx(np.ones(20))

    def test_a_query_of_zeros_scores_nothing(self):
        rows = _clustered(np.random.default_rng(0), COUNT)
        ids, scores = index_of(rows).search(np.zeros(DIMENSION), 5)
        assert ids.tolist() == [0, 1, 2, 3, 4]
        assert scores.tolist() == [0] * 5

    def test_zero_vectors_among_many(self):
        rows = _clustered(np.random.default_rng(0), COUNT)
        rows[::7] = 0
        index = index_of(rows)
        query = _clustered(np.random.default_rng(9), 1)[0]
        true = cosine(rows, query)
        assert index.search(query, 10)[0].tolist() == best(true, 10)
        assert index.scores(query, [0, 7])[0] == 0

    def test_segments_and_repeated_frames(self):
        random = np.random.default_rng(4)
        rows = _clustered(random, COUNT)
        changed = random.permutation(COUNT)[:500]
        newer = _clustered(random, 500)
        index = VectorIndex(
            base_of(
                segment(range(2500, COUNT), rows[2500:]), segment(range(2500), rows[:2500]),
                segment(changed, newer),
            )
        )  # fmt: skip
        assert len(index) == COUNT
        rows[changed] = newer
        queries = _clustered(random, 40)
        assert recall(index, rows, queries, 10) >= 0.99
        mask = np.random.default_rng(5).random(COUNT) < 0.3
        assert recall(index, rows, queries, 10, FrameSet(mask.tobytes())) >= 0.99


class TestBits:
    def test_turning_keeps_lengths_and_angles(self):
        rows = np.random.default_rng(0).standard_normal((20, 100)).astype(np.float32)
        wide = turned(rows, 2)
        assert wide.shape == (20, 128)
        assert wide @ wide.T == pytest.approx(rows @ rows.T, abs=1e-4)

    @pytest.mark.parametrize(
        ("dimension", "digest"),
        [(64, "b48ab50cc6b5bab8"), (100, "e8c5854258af8ac4"), (384, "9322fb63d6bd556d")],
    )
    def test_bits_are_the_same_for_ever(self, dimension, digest):
        """They are stored: what an older version wrote must fit the query's of this one."""
        rows = np.sin(np.arange(7 * dimension, dtype=np.float64) ** 1.5).reshape(7, dimension)
        bits = sign_bits(rows.astype(np.float32), np.zeros(dimension, np.float32))
        assert hashlib.sha256(bits.tobytes()).hexdigest()[:16] == digest

    @given(st.lists(st.integers(0, 64), min_size=1, max_size=300), st.integers(0, 320))
    def test_the_nearest_are_never_too_few_nor_torn(self, distances, depth):
        counted = np.array(distances, np.uint16)
        found = nearest(counted, depth, 64)
        assert len(found) >= min(depth, len(counted))
        limit = max((distances[i] for i in found), default=-1)
        assert found.tolist() == [i for i, d in enumerate(distances) if d <= limit]


def piece_of(ids, rows):
    data = segment(ids, rows)
    name = hashlib.sha256(data).digest()
    return VectorPiece(name, len(rows), rows.shape[1], COMPRESSION_NONE, lambda: data)


def listed(*pieces):
    return [(piece.digest, piece.count) for piece in pieces]


class TestDeriving:
    def test_new_rows_are_put_behind_what_is_known(self):
        random = np.random.default_rng(0)
        first, second = _clustered(random, 1500), _clustered(random, 300)
        one, two = piece_of(range(1500), first), piece_of(range(1500, 1800), second)
        known = decode_vector_block(derive(listed(one), [one], None).encode())
        more = derive(listed(one, two), [one, two], known)
        whole = derive(listed(one, two), [one, two], None)
        assert more.trained_rows == known.trained_rows == 1500
        assert whole.trained_rows == 1800
        for name in ("ids", "checks", "norms"):
            assert bytes(getattr(more, name)) == bytes(getattr(whole, name)), name
        assert np.frombuffer(more.total, np.float64) == pytest.approx(np.frombuffer(whole.total, np.float64))
        assert len(more.bits) == 2
        for old, new in zip(known.bits, more.bits, strict=True):
            assert bytes(new)[: len(bytes(old))] == bytes(old)
        expected = sign_bits(_units(second), np.frombuffer(known.centre, np.float32))
        assert [bytes(word)[8 * 1500 :] for word in more.bits] == [word.tobytes() for word in expected]

    def test_merged_segments_bring_their_rows_along(self):
        random = np.random.default_rng(0)
        pieces = [piece_of(range(i, i + 400), _clustered(random, 400)) for i in range(0, 1600, 400)]
        known = derive(listed(*pieces), pieces, None)
        order = [pieces[3], pieces[0], pieces[2], pieces[1]]
        moved = derive([(b"m" * 32, 800), *listed(*order[2:])], order, known)
        wanted = [i for k in (3, 0, 2, 1) for i in range(400 * k, 400 * k + 400)]
        assert np.frombuffer(moved.ids, np.uint32).tolist() == wanted
        for old, new in zip(known.bits, moved.bits, strict=True):
            assert np.array_equal(np.frombuffer(new, np.uint64), np.frombuffer(old, np.uint64)[wanted])

    def test_twice_as_many_rows_are_a_new_beginning(self):
        random = np.random.default_rng(0)
        one, two = (piece_of(range(i, i + 900), _clustered(random, 900)) for i in (0, 900))
        known = derive(listed(one), [one], None)
        assert derive(listed(one, two), [one, two], known).trained_rows == 1800

    def test_so_is_a_centre_that_has_moved(self):
        random = np.random.default_rng(0)
        one = piece_of(range(1500), _clustered(random, 1500))
        two = piece_of(range(1500, 2500), _clustered(random, 1000) + 5)
        known = derive(listed(one), [one], None)
        assert derive(listed(one, two), [one, two], known).trained_rows == 2500

    def test_a_new_beginning_trusts_no_segment_without_a_look(self):
        def fail():
            raise ChecksumError("damaged")

        random = np.random.default_rng(0)
        one, two = (piece_of(range(i, i + 900), _clustered(random, 900)) for i in (0, 900))
        known = derive(listed(one), [one], None)
        bad = VectorPiece(one.digest, one.count, one.dimension, one.compression, fail)
        with pytest.raises(ChecksumError):
            derive(listed(bad, two), [bad, two], known)

    @pytest.mark.parametrize("words_and_depths", [(3, 128, 512), (1, 128, 512), (2, 0, 512), (2, 600, 512)])
    def test_words_and_depths_that_cannot_be_are_refused(self, words_and_depths):
        piece = piece_of(range(1500), _clustered(np.random.default_rng(0), 1500))
        block = derive(listed(piece), [piece], None)
        assert len(block.bits) == 2
        words, block.depth_ten, block.depth_hundred = words_and_depths
        block.bits = [block.bits[0]] * words
        with pytest.raises(FormatError, match=r"words|depths"):
            decode_vector_block(block.encode())

    def test_vectors_of_several_lengths_have_none(self):
        random = np.random.default_rng(0)
        one = piece_of(range(900), _clustered(random, 900))
        two = piece_of(range(900, 905), np.ones((5, 3)))
        assert derive(listed(one, two), [one, two], None) is None

    def test_a_damaged_new_segment_is_not_vouched_for(self):
        def fail():
            raise ChecksumError("damaged")

        good = piece_of(range(900), _clustered(np.random.default_rng(0), 900))
        bad = VectorPiece(good.digest, good.count, good.dimension, good.compression, fail)
        with pytest.raises(ChecksumError):
            derive(listed(bad), [bad], None)


@pytest.fixture(scope="module")
def rows():
    random = np.random.default_rng(0)
    centres = random.standard_normal((30, 384))
    return _units(centres[random.integers(0, 30, 900)] + 0.4 * random.standard_normal((900, 384)))


@pytest.fixture(scope="module")
def data(rows):
    return quantise(rows.tobytes(), range(10, 910), 384)


class TestQuantising:
    def test_both_readers_agree_on_it(self, data):
        segment_ = decode_vectors(data, COMPRESSION_PQ96)
        opened = open_rows(data, COMPRESSION_PQ96)
        assert list(segment_.ids) == opened.ids().tolist() == list(range(10, 910))
        rows = np.array([segment_.row(i) for i in range(900)])
        assert np.array_equal(opened.block(0, 900), rows)
        assert np.array_equal(opened.take(np.array([3, 800])), rows[[3, 800]])
        query = rows[5].copy()
        out = np.empty(900, np.float32)
        opened.dot(query, out)
        assert out == pytest.approx(rows @ query, abs=1e-5)

    def test_it_is_a_good_approximation(self, rows, data):
        near = open_rows(data, COMPRESSION_PQ96).block(0, 900)
        assert (near * rows).sum(axis=1).mean() > 0.95

    def test_an_index_finds_by_it(self, rows, data):
        index = VectorIndex(base_of(data, compression=COMPRESSION_PQ96))
        ids, _ = index.search(rows[4], 5)
        assert ids[0] == 14

    def test_known_codes_stay(self, rows, data):
        more = quantise(rows[:3].tobytes(), [910, 911, 912], 384, data)
        old, new = (open_rows(each, COMPRESSION_PQ96) for each in (data, more))
        assert new.ids().tolist() == list(range(10, 913))
        assert np.array_equal(new.codes[:900], old.codes)
        assert np.array_equal(new.codes[900:], old.codes[:3])

    @pytest.mark.parametrize(("count", "dimension"), [(99, 384), (200, 383)])
    def test_others_are_refused(self, count, dimension):
        with pytest.raises(InvalidArgumentError, match=f"{count} vectors of {dimension}"):
            quantise(bytes(4 * count * dimension), range(count), dimension)


def test_a_file_that_was_cut_off_is_noticed_before_its_map_is_read():
    base = base_of(segment(range(3), np.eye(3)))
    index = VectorIndex(base)
    base.anchor.data_end = 1000
    base.file = SimpleNamespace(path="memory.mv2", closed=False, size=lambda: 999)
    with pytest.raises(CorruptFileError, match="cut off"):
        index.search(np.ones(3), 1)


def test_rows_of_no_frame_are_never_found_and_cost_nothing():
    """A frame number near the end of what fits must not make a table of that length."""
    rows = np.eye(3)
    base = base_of(segment([0, (1 << 32) - 1, 1], rows))
    base.frame_count = 2
    index = VectorIndex(base)
    assert (len(index), index.ids.tolist()) == (2, [0, 1])
    assert index.search(rows[1], 3)[0].tolist() == [0, 1]
    assert index.search(rows[2], 1, FrameSet.every(2))[0].tolist() == [1]
    assert index.vector((1 << 32) - 1) is None
    assert len(index._row_of) == 2
