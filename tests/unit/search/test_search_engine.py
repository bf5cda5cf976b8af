"""`find`: totals, order, paging, explanations, pending frames, and indexes of the original engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from mv2.errors import CorruptFileError, CursorError, InvalidArgumentError, QueryError
from mv2.format.compression import decompress
from mv2.format.contents import decode_contents
from mv2.format.footer import find_footers
from mv2.format.frame import decode_frame
from mv2.index.lexical import LexicalReader, LexicalWriter
from mv2.search import Overlay, find
from mv2.search.engine import HEAD
from mv2.search.pending import SPLIT_PER_QUERY
from mv2.testing.frames import ListFrame, ListSource, index_of

FIXTURES = Path(__file__).parents[2] / "fixtures" / "container"


def source_of(frames: list[ListFrame], indexed: int = 0, *, inactive: tuple[int, ...] = ()) -> ListSource:
    reader = index_of(enumerate(frames[:indexed])) if indexed else None
    return ListSource(frames, indexed_count=indexed, reader=reader, inactive=inactive)


def ids(source: ListSource, query: str, k: int = 10) -> list[int]:
    return [hit.frame_id for hit in find(source, query, k=k).hits]


ANIMALS = [
    ListFrame(body="The quick brown fox", title="Fox", tags=["red"], timestamp=10, uri="mv2://a/1"),
    ListFrame(body="A lazy dog sleeps", title="Dog", tags=["Deep red"], timestamp=30, uri="mv2://a/2"),
    ListFrame(body="The fox and the dog play", title=None, track="Games", timestamp=20, uri="mv2://b/3"),
    ListFrame(body=None, title="A picture of a fox", tags=["red"], kind="image", timestamp=5),
]


@pytest.mark.parametrize("indexed", range(5))
def test_the_same_answers_wherever_the_frames_are(indexed: int) -> None:
    source = source_of(ANIMALS, indexed)
    assert sorted(ids(source, "fox")) == [0, 2, 3]
    assert ids(source, "fox dog")[0] == 2
    assert sorted(ids(source, "fox dog")) == [0, 1, 2, 3]
    assert not find(source, "fox dog").relaxed
    assert find(source, "fox unicorn").relaxed
    assert sorted(ids(source, "lazy unicorn")) == [1]
    assert ids(source, "sleeping") == [1]
    assert ids(source, '"lazy dog"') == [1]
    assert ids(source, "tag:red") == [0, 3]
    assert ids(source, 'tag:"deep RED"') == [1]
    assert ids(source, "-fox") == [1]
    assert ids(source, "NOT (fox OR dog)") == []
    assert ids(source, "date:[1970 TO *]") == [1, 2, 0, 3]
    assert ids(source, "kind:IMAGE") == [3]
    assert ids(source, "title:fox") == [0, 3]
    assert ids(source, "scope:mv2://a") == [1, 0]
    assert ids(source, "uri:mv2://b/3 fox") == [2]
    assert ids(source, "game") == [2]
    assert ids(source, "unicorn") == []
    assert ids(source, "🎉") == []
    nothing = find(source, "unicorn")
    assert (nothing.total, nothing.total_is_exact, nothing.next_cursor, nothing.relaxed) == (
        0,
        True,
        None,
        False,
    )


def test_a_hit_tells_about_its_frame() -> None:
    frame = ListFrame(
        "Some fox.", 7, "u", "T", track="c", tags=["a"], labels=["b"], role=1, parent_id=4, fields={"n": 1}
    )
    for indexed in (0, 1):
        result = find(source_of([frame], indexed), "foxes")
        (hit,) = result.hits
        assert (hit.frame_id, hit.rank, hit.uri, hit.title, hit.track) == (0, 1, "u", "T", "c")
        assert (hit.tags, hit.labels, hit.timestamp, hit.parent_id) == (("a",), ("b",), 7, 4)
        assert (hit.snippet, hit.highlights, dict(hit.metadata)) == ("Some fox.", ((5, 8),), {"n": 1})
        assert (hit.score > 0, dict(hit.scores)) == (True, {})
        assert (result.query, result.mode, result.total, result.total_is_exact) == ("foxes", "lex", 1, True)
        assert result.took_ms >= 0


def test_scores_of_pending_frames_are_close_to_those_of_the_index() -> None:
    frames = [ListFrame(body=f"common word{n % 7} " + "filler " * (n % 5)) for n in range(60)]
    for query in ("common", "word3", "common word3", '"common word3"', "filler"):
        whole = {hit.frame_id: hit.score for hit in find(source_of(frames, 60), query, k=100).hits}
        parts = {hit.frame_id: hit.score for hit in find(source_of(frames), query, k=100).hits}
        assert whole.keys() == parts.keys()
        for frame_id, score in whole.items():
            assert parts[frame_id] == pytest.approx(score, rel=0.05)


def test_explanations_add_up() -> None:
    frames = [
        ListFrame(body="fox and dog", tags=["fox"]),
        ListFrame(body="fox on a hill"),
        ListFrame(body="dogs"),
    ]
    for indexed in (0, 3):
        result = find(source_of(frames, indexed), 'fox OR dog* OR "on a hill"', explain=True)
        assert len(result.hits) == 3
        for hit in result.hits:
            parts = dict(hit.scores)
            assert parts.pop("words") == pytest.approx(hit.score)
            bm25 = parts.pop("lexical")
            assert sum(parts.values()) == pytest.approx(bm25, rel=1e-4)
            assert parts.keys() <= {"lexical:fox", "lexical:dog*", 'lexical:"on a hill"'}
            assert hit.matched == tuple(name.removeprefix("lexical:") for name in parts)
    assert find(source_of(frames), "tag:fox", explain=True).hits[0].scores == {}


def test_deleted_frames_neither_appear_nor_shorten_pages() -> None:
    frames = [ListFrame(body=f"common {n}") for n in range(300)]
    inactive = tuple(range(200))
    source = source_of(frames, 250, inactive=inactive)
    result = find(source, "common", k=20)
    assert len(result.hits) == 20
    assert (result.total, result.total_is_exact) == (100, True)
    assert all(hit.frame_id >= 200 for hit in result.hits)
    assert sorted(ids(source, "common", 1000)) == list(range(200, 300))


def test_totals_that_would_cost_much_are_lower_bounds() -> None:
    frames = [ListFrame(body="common", tags=["red hot" if n % 2 else "red"]) for n in range(HEAD * 4)]
    source = source_of(frames, len(frames))
    result = find(source, "common tag:red", k=10)
    assert len(result.hits) == 10
    assert not result.total_is_exact
    assert 10 <= result.total <= HEAD
    assert sorted(ids(source, "common tag:red", 2000)) == list(range(0, len(frames), 2))
    assert find(source, "common tag:red", k=2000).total_is_exact


def test_lists_leave_out_chunks() -> None:
    frames = [
        ListFrame(body=None, tags=["x"]),
        *[ListFrame(body="part", tags=["x"], role=1, parent_id=0)] * 3,
    ]
    for indexed in (0, 4):
        assert ids(source_of(frames, indexed), "tag:x") == [0]
        source = source_of(frames, indexed)
        assert ids(source, "tag:x part") == [1]
        passages = find(source, "tag:x part", passages=True).hits
        assert sorted(hit.frame_id for hit in passages) == [1, 2, 3]


@pytest.mark.parametrize("indexed", [0, 40, 100])
def test_lists_are_newest_first_by_time_then_id(indexed: int) -> None:
    frames = [ListFrame(body="x", tags=["t"], timestamp=n * 7 % 3) for n in range(100)]
    with LexicalWriter(None) as writer:
        for part in (range(1, indexed, 2), range(0, indexed, 2)):
            for n in part:
                writer.add(n, "x", tags=["t"], timestamp=frames[n].timestamp)
            files = [(file.name, file.read()) for file in writer.commit()]
    source = ListSource(frames, indexed_count=indexed, reader=LexicalReader.open(files))
    wanted = sorted(range(100), key=lambda n: (frames[n].timestamp, n), reverse=True)
    for k in (1, 3, 30, 100):
        assert ids(source, "tag:t", k) == wanted[:k]
        assert ids(source, "date:[* TO *]", k) == wanted[:k]


def test_pages_and_cursors() -> None:
    frames = [ListFrame(body="same words here") for _ in range(25)]
    source = source_of(frames, 17)
    seen: list[int] = []
    cursor = None
    for number in range(3):
        page = find(source, "same words", k=10, cursor=cursor)
        assert page.total == 25
        assert [hit.rank for hit in page.hits] == list(
            range(number * 10 + 1, number * 10 + 1 + len(page.hits))
        )
        seen += [hit.frame_id for hit in page.hits]
        cursor = page.next_cursor
    assert cursor is None
    assert sorted(seen) == list(range(25))
    cursor = find(source, "same words", k=10).next_cursor
    assert cursor is not None
    assert find(source, "same words", k=3, cursor=cursor).hits[0].rank == 11
    for wrong in ("", "x", cursor[:-1], cursor + "A", "Ä", "bnVsbA", "W10", cursor + "=", " " + cursor):
        with pytest.raises(CursorError):
            find(source, "same words", cursor=wrong)
    with pytest.raises(CursorError, match="another query"):
        find(source, "other words", cursor=cursor)
    smaller = source_of(frames[:5])
    assert find(smaller, "same words", cursor=cursor).hits == ()


@pytest.mark.parametrize(("k", "width"), [(0, 10), (-1, 10), (10**9, 10), (1, -1)])
def test_arguments_out_of_range(k: int, width: int) -> None:
    with pytest.raises(InvalidArgumentError):
        find(source_of(ANIMALS), "fox", k=k, snippet_chars=width)
    with pytest.raises(QueryError):
        find(source_of(ANIMALS), " ")


def test_the_overlay_reads_each_pending_frame_once_and_follows_checkpoints() -> None:
    frames = [ListFrame(body=f"note number{n}") for n in range(10)]
    overlay = Overlay()
    source = source_of(frames)
    reads: list[int] = []
    plain_text = source.text
    source.text = lambda frame_id: reads.append(frame_id) or plain_text(frame_id)  # type: ignore[func-returns-value,method-assign]

    def search(query: str) -> list[int]:
        reads.clear()
        return [hit.frame_id for hit in find(source, query, overlay=overlay, snippet_chars=0).hits]

    assert search("number3") == [3]
    assert set(reads) == set(range(10))
    assert search("number4") == [4]
    assert reads == []
    frames.append(ListFrame(body="note number10"))
    assert search("number10") == [10]
    assert set(reads) == {10}
    # A checkpoint moves the first eight into the index.
    source.reader, source.indexed_count = index_of(enumerate(frames[:8])), 8
    assert search("number9") == [9]
    assert search("number2") == [2]
    assert reads == []
    assert len(search("note")) == 10
    # A rollback takes the last ones back, and their ids are given to others.
    overlay.discard(9)
    frames[9:] = [ListFrame(body="another text")]
    assert search("number9") == []
    assert search("another") == [9]
    # An older view of the same memory.
    older = source_of(frames[:5])
    assert [hit.frame_id for hit in find(older, "number1", overlay=overlay).hits] == [1]
    assert [hit.frame_id for hit in find(source, "another", overlay=overlay).hits] == [9]


def test_many_pending_frames_are_scanned_at_first() -> None:
    count = SPLIT_PER_QUERY * 3
    old = [ListFrame(body="already indexed")] * count
    new = [
        ListFrame(body=f"ordinary text {n} skies" if n % 50 else f"Rarely dying {n}") for n in range(count)
    ]
    source, overlay = source_of(old + new, count), Overlay()
    rare = [count + n for n in range(count) if n % 50 == 0]
    first: dict[str, list[tuple[int, float]]] = {}
    for _ in range(5):
        for query in ("rare die", "die*", "rarely", '"rarely dying"', "tag:x OR rarely", "rare text"):
            found = [
                (hit.frame_id, hit.score) for hit in find(source, query, overlay=overlay, k=3 * count).hits
            ]
            if query != "rare text":
                assert sorted(frame_id for frame_id, _ in found) == rare, query
            # Scores must not depend on what was split before: pages would overlap.
            assert first.setdefault(query, found) == found
    assert len(find(source, "sky", overlay=overlay, k=count).hits) == count - len(rare)


def test_an_index_that_is_damaged_in_use_is_a_typed_error() -> None:
    with LexicalWriter(None) as writer:
        for n in range(300):
            writer.add(n, f"some words {n} " * 20)
        files = [(file.name, file.read()) for file in writer.commit()]
    damaged = [
        (name, data if not name.endswith((".idx", ".pos")) else bytes(len(data))) for name, data in files
    ]
    source = ListSource([ListFrame(body="some words")] * 300, indexed_count=300)
    try:
        source.reader = LexicalReader.open(damaged)
        find(source, '"some words"')
    except CorruptFileError:
        pass


# --- files of the original engine ----------------------------------------------------------


def original(name: str) -> ListSource:
    data = (FIXTURES / f"{name}.mv2").read_bytes()
    offset, footer = next(find_footers(data))
    contents = data[offset - footer.contents_length : offset]
    head, columns, tail = decode_contents(contents)
    files = [(part.path, data[part.offset : part.offset + part.length]) for part in tail.indexes.lex_segments]
    frames, inactive = [], []
    for frame_id in range(head.frame_count):
        record = decode_frame(contents, columns.starts[frame_id], columns.starts[frame_id + 1])
        body = record.search_text
        if record.payload_length:
            stored = data[record.payload_offset : record.payload_offset + record.payload_length]
            body = (decompress(stored, limit=1 << 20) if record.canonical_encoding == 1 else stored).decode(
                "utf-8", "replace"
            )
        frames.append(
            ListFrame(
                body,
                record.timestamp,
                record.uri,
                record.title,
                record.kind,
                record.track,
                record.tags,
                record.labels,
            )
        )
        if record.status:
            inactive.append(frame_id)
    return ListSource(
        frames, inactive=inactive, indexed_count=len(frames), reader=LexicalReader.open(files), retired=()
    )


@pytest.mark.parametrize(
    "name", ["three_docs", "several_commits", "deleted", "vectors_d8", "memory_cards", "session"]
)
def test_indexes_of_the_original_engine(name: str) -> None:
    """They hold frames twice and under wrong numbers: a word must find frames that have it, each once."""
    source = original(name)
    assert source.reader is not None
    assert not source.reader.trusted
    pending = ListSource(source.frames, inactive=source.inactive)
    vocabulary = sorted({word for frame in source.frames for word in (frame.body or "").split()})
    for word in vocabulary[:60]:
        found = ids(source, f'"{word}"', 100)
        assert len(found) == len(set(found))
        assert set(found) <= set(ids(pending, f'"{word}"', 100))
    assert ids(source, "date:[1900 TO *]", 100) == ids(pending, "date:[1900 TO *]", 100)


def test_hostile_index_names_are_refused() -> None:
    with pytest.raises(CorruptFileError, match="plain file name"):
        original("hostile_paths")
