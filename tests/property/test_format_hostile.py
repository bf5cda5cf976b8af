"""Any bytes decode or raise the typed error, in bounded time and memory; so does any damaged record."""

from __future__ import annotations

import contextlib
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mv2.errors import CorruptFileError
from mv2.format import (
    accelerator,
    commit_record,
    compression,
    contents,
    footer,
    frame,
    header,
    manifests,
    metadata,
    sketch,
    time_index,
    vectors,
    wal,
)
from mv2.format._codec import Reader

if TYPE_CHECKING:
    from collections.abc import Callable

DIGEST = b"d" * 32


def _frame() -> bytes:
    return frame.encode_frame(
        frame.FrameRecord(
            id=0,
            timestamp=5,
            anchor_ts=6,
            anchor_source=3,
            uri="mv2://a",
            title="T",
            metadata=metadata.DocMetadata(mime="text/plain", colors=["red"], audio=metadata.Audio()),
            tags=["a", "b"],
            extra_metadata={"k": "v"},
            chunk_manifest=metadata.TextChunkManifest(1200, [(0, 3)]),
            parent_id=1,
            source_sha256=DIGEST,
        )
    )


def _contents() -> bytes:
    tail = contents.fresh_tail()
    tail.indexes.vec = manifests.VecManifest(1, 2, 3, 4, DIGEST, 0, "m")
    tail.indexes.lex_segments = [manifests.LexSegment("a", 1, 2, DIGEST)]
    body = contents.encode_contents_head(0, [], 1) + _frame() + contents.encode_contents_tail(tail)
    state = contents.hasher()
    state.update(body)
    return body + contents.contents_checksum(state)


def _entry() -> bytes:
    return wal.encode_frame_entry(wal.FrameEntry(timestamp=1, payload=b"xy", embedding=bytes(8), tags=["t"]))


def _batch() -> bytes:
    return wal.encode_lexical_batch(wal.LexicalBatch(1, 2, DIGEST, [manifests.LexSegment("a", 1, 2, DIGEST)]))


def _commit() -> bytes:
    numbers = range(1, 30)
    n = iter(numbers)
    return commit_record.encode_commit_record(
        commit_record.CommitRecord(
            b"i" * 16,
            *[next(n) for _ in range(7)],
            DIGEST,
            1,
            2,
            DIGEST,
            3,
            4,
            DIGEST,
            *[next(n) for _ in range(5)],
        )
    )


def _accelerator() -> bytes:
    raw = _frame()
    columns = frame.scan_frames(raw, 0, 1, len(raw))
    uris = accelerator.make_uri_index(accelerator.uri_pairs(raw, columns))
    return accelerator.encode_accelerator(DIGEST, columns, uris)


def _walk(segment: vectors.VectorSegment) -> None:
    for index in range(len(segment)):
        segment.row(index)


def _tail(raw: bytes) -> None:
    contents.decode_contents_tail(raw, 0, len(raw))


def _contents_parts(raw: bytes) -> None:
    head = contents.decode_contents_head(raw)
    columns = frame.scan_frames(raw, head.frames_start, head.frame_count, len(raw))
    for index in range(len(columns)):
        frame.decode_frame(raw, columns.starts[index], columns.starts[index + 1])
    contents.decode_contents_tail(raw, columns.end, len(raw))


FIXTURES = Path(__file__).parents[1] / "fixtures" / "container"


def _graph() -> bytes:
    data = (FIXTURES / "hnsw_vectors.mv2").read_bytes()
    at, found = next(footer.find_footers(data))
    vec = contents.decode_contents(data[at - found.contents_length : at])[2].indexes.vec
    assert vec is not None
    return data[vec.offset : vec.offset + vec.length]


# What decodes, and an example of it.
CASES: dict[str, tuple[Callable[[bytes], object], bytes]] = {
    "header": (header.decode_header, header.encode_header(header.Header(1, 4096, 65536, 0, 0, DIGEST))),
    "commit record": (commit_record.decode_commit_record, _commit()),
    "footer": (footer.decode_footer, footer.encode_footer(footer.Footer(1, DIGEST, 1))),
    "footers": (
        lambda raw: list(footer.find_footers(raw)),
        footer.encode_footer(footer.Footer(1, DIGEST, 1)) * 3,
    ),
    "frame": (lambda raw: frame.decode_frame(raw, 0, len(raw)), _frame()),
    "frame skipped": (lambda raw: frame.skip_frame(raw, 0, len(raw)), _frame()),
    "frame scanned": (lambda raw: frame.scan_frames(raw, 0, 1, len(raw)), _frame()),
    "status": (lambda raw: frame.status_offset(raw, 0, len(raw)), _frame()),
    "metadata": (
        lambda raw: metadata.decode_metadata(Reader(raw)),
        metadata.encode_metadata(metadata.DocMetadata()),
    ),
    "entry": (wal.decode_wal_payload, _entry()),
    "batch": (wal.decode_wal_payload, _batch()),
    "record head": (lambda raw: wal.decode_record_head(raw, 0), wal.encode_record(1, b"x")),
    "contents": (contents.decode_contents, _contents()),
    "contents unchecked": (_contents_parts, _contents()),
    "tail": (_tail, contents.encode_contents_tail(contents.fresh_tail()) + DIGEST),
    "time index": (time_index.decode_time_index, time_index.encode_time_index([(1, 1), (2, 0)])),
    "vectors": (
        lambda raw: _walk(vectors.decode_vectors(raw)),
        vectors.encode_vector_segment([1, 2], bytes(24), 3),
    ),
    "sketches": (sketch.decode_sketch_track, sketch.encode_zero_track(3)),
    "accelerator": (lambda raw: accelerator.decode_accelerator(raw, DIGEST), _accelerator()),
    "compression": (
        lambda raw: compression.decompress(raw, limit=1 << 16),
        compression.compress(b"abc" * 99),
    ),
}
names = pytest.mark.parametrize("name", sorted(CASES))


def attempt(name: str, raw: bytes) -> None:
    with contextlib.suppress(CorruptFileError):
        CASES[name][0](raw)


@names
def test_the_example_itself_decodes(name: str) -> None:
    decode, example = CASES[name]
    decode(example)


@names
@given(raw=st.binary(max_size=700))
def test_any_bytes(name: str, raw: bytes) -> None:
    attempt(name, raw)


@names
@given(data=st.data())
def test_damaged(name: str, data: st.DataObject) -> None:
    raw = bytearray(CASES[name][1])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + 1] = data.draw(
            st.sampled_from([b"\xff", b"\0", b"\x01", b"\x02", b"", b"\xff" * 8, b"\0" * 8, b"\x80"])
        )
        if not raw:
            break
    attempt(name, bytes(raw))


@names
def test_cut_anywhere(name: str) -> None:
    example = CASES[name][1]
    for end in range(len(example)):
        attempt(name, example[:end])


@names
def test_one_number_anywhere_is_huge(name: str) -> None:
    # A count is refused before anything of that size is made.
    example = CASES[name][1]
    tracemalloc.start()
    try:
        for at in range(max(len(example) - 8, 0)):
            for number in (b"\xff" * 8, b"\xff\xff\xff\x7f\0\0\0\0", b"\0\0\0\0\0\0\x01\0"):
                attempt(name, example[:at] + number + example[at + 8 :])
        assert tracemalloc.get_traced_memory()[1] < 40 << 20
    finally:
        tracemalloc.stop()


@given(st.integers(0, 6000), st.binary(min_size=1, max_size=9))
def test_a_damaged_graph(at: int, patch: bytes) -> None:
    raw = bytearray(_GRAPH)
    place = at * len(raw) // 6001
    raw[place : place + len(patch)] = patch
    with contextlib.suppress(CorruptFileError):
        _walk(vectors.decode_vectors(bytes(raw)))


_GRAPH = _graph()


def test_a_bomb_stays_within_its_limit() -> None:
    bomb = compression.compress(bytes(200 << 20))
    bombs = (bomb, _without_size(), bomb[:-5])
    tracemalloc.start()
    try:
        for raw in bombs:
            with pytest.raises(CorruptFileError):
                compression.decompress(raw, limit=1 << 20)
        assert tracemalloc.get_traced_memory()[1] < 24 << 20
    finally:
        tracemalloc.stop()


def _without_size() -> bytes:
    import zstandard

    stream = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    return stream.compress(bytes(200 << 20)) + stream.flush()
