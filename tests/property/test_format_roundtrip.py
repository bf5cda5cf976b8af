"""Any record that can be made decodes to itself, and whatever decodes encodes to the same bytes."""

from __future__ import annotations

import struct
from array import array

from hypothesis import given
from hypothesis import strategies as st

from mv2.format import (
    accelerator,
    catalogue,
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
from mv2.format.checksum import digest

u8 = st.integers(0, 255)
u16 = st.integers(0, (1 << 16) - 1)
u32 = st.integers(0, (1 << 32) - 1)
u64 = st.integers(0, (1 << 64) - 1)
i63 = st.integers(0, (1 << 63) - 1)
i64 = st.integers(-(1 << 63), (1 << 63) - 1)
f32 = st.floats(width=32, allow_nan=False)
f64 = st.floats(allow_nan=False)
text = st.text(max_size=12)
texts = st.lists(text, max_size=4)
pairs = st.dictionaries(text, text, max_size=4)
hash32 = st.binary(min_size=32, max_size=32)


def maybe(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | strategy


exif = st.builds(
    metadata.Exif,
    maybe(text),
    maybe(text),
    maybe(text),
    maybe(text),
    maybe(st.builds(metadata.Gps, f64, f64)),
)
audio = st.builds(
    metadata.Audio,
    maybe(f32),
    maybe(u32),
    maybe(u8),
    maybe(u32),
    maybe(text),
    st.lists(st.builds(metadata.AudioSegment, f32, f32, maybe(text)), max_size=3),
    pairs,
)
media = st.builds(
    metadata.Media, text, text, u64, maybe(text), maybe(u64), maybe(u32), maybe(u32), maybe(text)
)
doc_metadata = st.builds(
    metadata.DocMetadata,
    maybe(text),
    maybe(u64),
    maybe(text),
    maybe(u32),
    maybe(u32),
    maybe(texts),
    maybe(text),
    maybe(exif),
    maybe(audio),
    maybe(media),
)
chunk_manifest = st.builds(metadata.TextChunkManifest, u64, st.lists(st.tuples(u64, u64), max_size=4))
frames = st.builds(
    frame.FrameRecord,
    id=u64,
    timestamp=i64,
    anchor_ts=maybe(i64),
    anchor_source=maybe(st.integers(0, 3)),
    kind=maybe(text),
    track=maybe(text),
    payload_offset=u64,
    payload_length=u64,
    checksum=hash32,
    uri=maybe(text),
    title=maybe(text),
    canonical_encoding=u32,
    canonical_length=maybe(u64),
    metadata=maybe(doc_metadata),
    search_text=maybe(text),
    tags=texts,
    labels=texts,
    extra_metadata=pairs,
    content_dates=texts,
    chunk_manifest=maybe(chunk_manifest),
    role=st.integers(0, 2),
    parent_id=maybe(i63),
    chunk_index=maybe(u32),
    chunk_count=maybe(u32),
    status=st.integers(0, 2),
    supersedes=maybe(u64),
    superseded_by=maybe(u64),
    source_sha256=maybe(hash32),
    source_path=maybe(text),
    enrichment_state=st.integers(0, 1),
)
entries = st.builds(
    wal.FrameEntry,
    timestamp=i64,
    kind=maybe(text),
    track=maybe(text),
    payload=st.binary(max_size=20),
    embedding=maybe(st.lists(f32, max_size=4).map(lambda row: array("f", row).tobytes())),
    uri=maybe(text),
    title=maybe(text),
    canonical_encoding=u32,
    canonical_length=maybe(u64),
    metadata=maybe(doc_metadata),
    search_text=maybe(text),
    tags=texts,
    labels=texts,
    extra_metadata=pairs,
    content_dates=texts,
    chunk_manifest=maybe(chunk_manifest),
    role=st.integers(0, 2),
    parent_sequence=maybe(u64),
    chunk_index=maybe(u32),
    chunk_count=maybe(u32),
    op=st.integers(0, 1),
    target_frame_id=maybe(u64),
    supersedes_frame_id=maybe(u64),
    reuse_payload_from=maybe(u64),
    source_sha256=maybe(hash32),
    source_path=maybe(text),
    enrichment_state=st.integers(0, 1),
)
lex_files = st.lists(st.builds(manifests.LexSegment, text, u64, u64, hash32), max_size=3)
vec_manifests = st.builds(manifests.VecManifest, u64, u32, u64, u64, hash32, st.integers(0, 1))
indexes = st.builds(
    manifests.IndexManifests,
    maybe(st.builds(manifests.LexManifest, u64, u64, u64, u64, hash32)),
    lex_files,
    maybe(vec_manifests),
    maybe(st.builds(manifests.ClipManifest, u64, u64, u64, u32, hash32, text)),
)
span = st.builds(catalogue.SegmentSpan, u64, u64, u32, u32, u64, u64)
common = (u64, u64, u64, hash32, u64, u16, st.integers(0, 2), maybe(span))


def listed(kind: type, *extra: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.lists(st.builds(kind, *common, *extra), max_size=2)


catalogues = st.builds(
    catalogue.SegmentCatalogue,
    u64,
    u32,
    st.booleans(),
    listed(catalogue.LexSegmentDescriptor, u64),
    listed(catalogue.VecSegmentDescriptor, u64, u32, u32),
    listed(catalogue.TimeSegmentDescriptor, u64),
    listed(catalogue.TemporalSegmentDescriptor, u64, u64, u32),
    listed(catalogue.TantivySegmentDescriptor, text),
    listed(catalogue.IndexSegmentDescriptor, u64, u64, u64, u64, u64, st.integers(0, 4)),
)
tails = st.builds(
    contents.ContentsTail,
    indexes=indexes,
    time_index=maybe(st.builds(manifests.TimeIndexManifest, u64, u64, u64, hash32)),
    temporal_track=maybe(st.builds(manifests.TemporalManifest, u64, u64, u64, u64, hash32, u32)),
    memories_track=maybe(st.builds(manifests.MemoriesManifest, u64, u64, u64, u64, hash32)),
    logic_mesh=maybe(st.builds(manifests.MeshManifest, u64, u64, u64, u64, hash32)),
    sketch_track=maybe(st.builds(manifests.SketchManifest, u64, u64, u64, u16, u32, hash32)),
    catalogue=catalogues,
    ticket=st.builds(manifests.TicketRef, text, i64, u64, u64, st.booleans()),
    memory_binding=maybe(
        st.builds(manifests.MemoryBinding, st.binary(min_size=16, max_size=16), text, text, text)
    ),
    replay_manifest=maybe(st.builds(manifests.ReplayManifest, u64, u64, u32, u64, u32)),
    enrichment_queue=st.builds(
        manifests.EnrichmentQueue,
        st.lists(st.builds(manifests.EnrichmentTask, u64, u64, u32, u32), max_size=2),
        u64,
    ),
    merkle_root=hash32,
    contents_checksum=hash32,
)
commits = st.builds(
    commit_record.CommitRecord,
    st.binary(min_size=16, max_size=16),
    *[u64] * 7,
    hash32,
    u64,
    u64,
    hash32,
    u64,
    u64,
    hash32,
    *[u64] * 5,
    u16,
)


@given(frames)
def test_frame(record: frame.FrameRecord) -> None:
    raw = frame.encode_frame(record)
    assert len(raw) >= frame.MIN_FRAME_SIZE
    padded = b"\xff" * 7 + raw + b"\xff" * 9
    decoded = frame.decode_frame(padded, 7, 7 + len(raw))
    assert decoded == record
    assert frame.encode_frame(decoded) == raw
    assert frame.decode_frame(memoryview(raw), 0, len(raw)) == record
    assert frame.skip_frame(padded, 7, len(padded)) == 7 + len(raw)
    at = frame.status_offset(raw, 0, len(raw))
    assert raw[at : at + 4] == struct.pack("<I", record.status)


@given(st.lists(frames, max_size=5))
def test_scan(records: list[frame.FrameRecord]) -> None:
    for index, record in enumerate(records):
        record.id = 10 + index
    raw = [frame.encode_frame(record) for record in records]
    buffer = b"".join(raw)
    columns = frame.scan_frames(buffer, 0, len(records), len(buffer), first_id=10)
    assert len(columns) == len(records)
    assert columns.end == len(buffer)
    for index, record in enumerate(records):
        assert buffer[columns.starts[index] : columns.starts[index + 1]] == raw[index]
        assert columns.timestamps[index] == record.timestamp
        clocked = record.anchor_source == frame.ANCHOR_CLOCK and record.anchor_ts is not None
        assert columns.put_times[index] == (record.anchor_ts if clocked else frame.NEVER)
        assert columns.status[index] == record.status
        assert columns.roles[index] == record.role
        assert columns.parents[index] == (-1 if record.parent_id is None else record.parent_id)
        assert columns.payload_offsets[index] == record.payload_offset
        assert columns.payload_lengths[index] == record.payload_length
        length = record.payload_length if record.canonical_length is None else record.canonical_length
        assert columns.canonical_lengths[index] == length
        uri = columns.uri_bytes(buffer, index)
        assert uri == (None if record.uri is None else record.uri.encode())


@given(entries, u64, u32)
def test_log_record(entry: wal.FrameEntry, sequence: int, reserved: int) -> None:
    payload = wal.encode_frame_entry(entry)
    assert wal.decode_wal_payload(payload) == entry
    record = wal.encode_record(sequence, payload, reserved)
    head = wal.decode_record_head(b"??" + record, 2)
    assert head == (sequence, len(payload), reserved, digest(payload))
    assert wal.decode_wal_payload(record, wal.RECORD_HEAD, len(record)) == entry


@given(u64, u64, hash32, lex_files)
def test_lexical_batch(
    generation: int, count: int, checksum: bytes, files: list[manifests.LexSegment]
) -> None:
    batch = wal.LexicalBatch(generation, count, checksum, files)
    assert wal.decode_wal_payload(wal.encode_lexical_batch(batch)) == batch


@given(tails, st.sampled_from(["model", "plain"]), maybe(text))
def test_tail(tail: contents.ContentsTail, dialect: contents.VecDialect, model: str | None) -> None:
    if tail.indexes.vec is None:
        dialect = "model"
    elif dialect == "model":
        tail.indexes.vec.model = model
    tail.vec_dialect = dialect
    raw = contents.encode_contents_tail(tail) + tail.contents_checksum
    buffer = b"xyz" + raw
    decoded = contents.decode_contents_tail(buffer, 3, len(buffer))
    assert contents.encode_contents_tail(decoded) + decoded.contents_checksum == raw
    if decoded.layout == "current" and decoded.vec_dialect == dialect:
        assert decoded == tail


@given(tails, st.lists(frames, max_size=3))
def test_whole_contents(tail: contents.ContentsTail, records: list[frame.FrameRecord]) -> None:
    for index, record in enumerate(records):
        record.id = index
    body = b"".join(
        (
            contents.encode_contents_head(0, [], len(records)),
            *map(frame.encode_frame, records),
            contents.encode_contents_tail(tail),
        )
    )
    state = contents.hasher()
    state.update(body)
    raw = body + contents.contents_checksum(state)
    assert state.digest() == digest(body)
    assert contents.verify_contents_checksum(raw)
    head, columns, found = contents.decode_contents(raw)
    assert (head.frame_count, len(columns)) == (len(records), len(records))
    assert found.indexes == tail.indexes
    assert found.catalogue == tail.catalogue


@given(commits)
def test_commit_record(record: commit_record.CommitRecord) -> None:
    raw = commit_record.encode_commit_record(record)
    assert len(raw) == commit_record.RECORD_SIZE
    assert commit_record.decode_commit_record(raw + b"more") == record


@given(u64, st.integers(1, (1 << 64) - 1), hash32)
def test_footer(generation: int, length: int, checksum: bytes) -> None:
    record = footer.Footer(length, checksum, generation)
    assert footer.decode_footer(b"abc" + footer.encode_footer(record), 3) == record


@given(st.integers(0, 1 << 40), st.integers(4096, 1 << 40), st.integers(1, 1 << 40), u64, u64, hash32)
def test_header(where: int, log: int, size: int, position: int, sequence: int, checksum: bytes) -> None:
    record = header.Header(where, log, size, position, sequence, checksum)
    assert header.decode_header(header.encode_header(record)) == record


@given(st.lists(st.tuples(i64, i63), max_size=30))
def test_time_index(found: list[tuple[int, int]]) -> None:
    found.sort()
    raw = time_index.encode_time_index(found)
    timestamps, ids = time_index.decode_time_index(raw)
    assert list(zip(timestamps, ids, strict=True)) == found
    assert time_index.encode_time_arrays(timestamps, ids) == raw
    assert time_index.encode_time_arrays(timestamps, array("Q", ids)) == raw


@given(
    st.integers(1, 9).flatmap(
        lambda d: st.tuples(
            st.just(d), st.lists(st.tuples(u64, st.lists(f32, min_size=d, max_size=d)), max_size=6)
        )
    )
)
def test_vectors(case: tuple[int, list[tuple[int, list[float]]]]) -> None:
    dimension, items = case
    packed = b"".join(array("f", row).tobytes() for _, row in items)
    raw = vectors.encode_vector_segment([ident for ident, _ in items], packed, dimension)
    segment = vectors.decode_vectors(raw, 1)
    assert list(segment.ids) == [ident for ident, _ in items]
    assert [list(segment.row(index)) for index in range(len(segment))] == [row for _, row in items]
    assert segment.dimension == (dimension if items else 0)


@given(st.lists(st.tuples(u64, st.lists(f32, max_size=5)), max_size=6))
def test_vectors_of_different_dimensions(items: list[tuple[int, list[float]]]) -> None:
    raw = struct.pack("<Q", len(items))
    for ident, row in items:
        raw += struct.pack(f"<QQ{len(row)}f", ident, len(row), *row)
    segment = vectors.decode_vector_segment(raw)
    assert list(segment.ids) == [ident for ident, _ in items]
    assert [list(segment.row(index)) for index in range(len(segment))] == [row for _, row in items]


@given(st.lists(frames, max_size=6), hash32)
def test_accelerator(records: list[frame.FrameRecord], bound_to: bytes) -> None:
    for index, record in enumerate(records):
        record.id = index
        if record.parent_id is not None:
            record.parent_id %= 1 << 20
    buffer = b"".join(map(frame.encode_frame, records))
    columns = frame.scan_frames(buffer, 0, len(records), len(buffer))
    uris = accelerator.make_uri_index(accelerator.uri_pairs(buffer, columns))
    raw = accelerator.encode_accelerator(bound_to, columns, uris)
    view = accelerator.decode_accelerator(raw, bound_to)
    assert len(view) == len(records)
    assert view.starts.tolist() == columns.starts.tolist()
    assert view.timestamps.tolist() == columns.timestamps.tolist()
    assert view.put_times.tolist() == columns.put_times.tolist()
    assert [view.status(i) for i in range(len(view))] == columns.status.tolist()
    assert [view.role(i) for i in range(len(view))] == columns.roles.tolist()
    none = accelerator.NO_PARENT
    assert [-1 if parent == none else parent for parent in view.parents] == columns.parents.tolist()
    most = accelerator.MAX_LENGTH
    assert view.canonical_lengths.tolist() == [min(most, one) for one in columns.canonical_lengths]
    for record in records:
        if record.uri is not None:
            assert record.id in view.uris.find(record.uri)
    assert view.uris.find("mv2://no/such/uri/at/all") == []


@given(st.lists(st.text(max_size=60), max_size=5), st.sampled_from([32, 64, 96]))
def test_sketches(found: list[str], size: int) -> None:
    made = [sketch.make_entry(one, size) for one in found]
    raw = sketch.encode_sketch_track(made, size)
    track = sketch.decode_sketch_track(raw, len(found))
    assert sketch.encode_sketch_track(track.entries, size) == raw
    if size != sketch.SIZE_SMALL:
        assert track.entries == made


@given(st.binary(max_size=3000), st.integers(1, 9))
def test_compression(data: bytes, level: int) -> None:
    packed = compression.compress(data, level)
    assert compression.decompress(packed, limit=len(data)) == data
    assert (
        compression.decompress(packed + compression.compress(b"more"), limit=len(data) + 4) == data + b"more"
    )


FORBIDDEN = footer.FOOTER_MAGIC
with_magic = st.lists(st.binary(max_size=400) | st.sampled_from([FORBIDDEN, FORBIDDEN[:4], FORBIDDEN[4:]]))


@given(with_magic)
def test_splitting(parts: list[bytes]) -> None:
    data = b"".join(parts)
    packed = compression.compress_splitting(data, FORBIDDEN)
    assert FORBIDDEN not in packed
    assert compression.decompress(packed, limit=len(data)) == data
