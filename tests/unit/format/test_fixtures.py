"""Every golden file decodes to its last byte, as its JSON says, and encodes back to the same bytes."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from mv2.format import contents, footer, frame, header, sketch, time_index, vectors, wal
from mv2.format.checksum import digest
from mv2.format.compression import decompress
from mv2.format.lexical_batch import batch_digest, is_plain_file_name, lexical_batch

FIXTURES = Path(__file__).parents[2] / "fixtures"
CONTAINER = sorted(path.stem for path in (FIXTURES / "container").glob("*.mv2"))
ALL_FILES = sorted(FIXTURES.glob("*/*.mv2"))
# Their JSON lists some of a thousand frames and log records.
SAMPLED = {"hnsw_vectors"}

# What the JSON calls differently, and the words it uses for numbers.
NAMES = {
    "bytes_offset": "offset",
    "bytes_length": "length",
    "checksum": "digest",
}
WORDS = {
    "role": ["document", "document_chunk", "extracted_image"],
    "status": ["active", "superseded", "deleted"],
    "anchor_source": ["explicit", "frame_timestamp", "metadata", "ingestion_clock"],
    "enrichment_state": ["searchable", "enriched"],
    "op": ["insert", "tombstone"],
    "kind": ["Lexical", "Vector", "Time", "Temporal", "Tantivy"],
    "compression": ["none", "zstd", "lz4"],
    "vector_compression": ["none", "pq96"],
    "compression_mode": ["none", "pq96"],
}


class Golden:
    """A golden file with its newest contents decoded."""

    def __init__(self, path: Path) -> None:
        self.data = path.read_bytes()
        found = path.with_suffix(".json")
        self.expected: dict[str, Any] = json.loads(found.read_text()) if found.exists() else {}
        self.header = header.decode_header(self.data)
        self.footer_at, self.footer = next(footer.find_footers(self.data))
        self.contents_at = self.footer_at - self.footer.contents_length
        self.contents = self.data[self.contents_at : self.footer_at]
        self.head, self.columns, self.tail = contents.decode_contents(self.contents)
        starts = self.columns.starts
        self.frames = [
            frame.decode_frame(self.contents, starts[i], starts[i + 1]) for i in range(len(self.columns))
        ]

    def records(self) -> list[tuple[int, wal.RecordHead, bytes]]:
        """The log's records: offset in the region, head, payload."""
        found = []
        region = self.data[self.header.wal_offset : self.header.wal_offset + self.header.wal_size]
        position = 0
        while position + wal.RECORD_HEAD <= len(region):
            head = wal.decode_record_head(region, position)
            if head.is_sentinel:
                break
            start = position + wal.RECORD_HEAD
            found.append((position, head, region[start : start + head.length]))
            position = start + head.length
        return found

    def range(self, manifest: Any) -> bytes:
        return self.data[manifest.offset : manifest.offset + manifest.length]


def load(stem: str) -> Golden:
    return Golden(FIXTURES / "container" / f"{stem}.mv2")


def same(record: Any, expected: Any, where: str, word: str = "") -> None:
    """Assert that ``record`` holds every field of the JSON value ``expected``, and nothing more."""
    if isinstance(expected, dict) and dataclasses.is_dataclass(record):
        names = {field.name for field in dataclasses.fields(record)}
        for key, value in expected.items():
            name = key if key in names else NAMES[key]
            same(getattr(record, name), value, f"{where}.{key}", key)
            names.discard(name)
        assert names <= {"model"}, f"{where}: not in the JSON: {names}"
    elif isinstance(expected, list) and not isinstance(record, dict):
        assert len(record) == len(expected), where
        for index, value in enumerate(expected):
            same(record[index], value, f"{where}[{index}]")
    elif isinstance(record, bytes):
        assert record.hex() == expected, where
    elif isinstance(expected, str) and isinstance(record, int):
        assert record == WORDS[word].index(expected), where
    else:
        assert record == expected, where


def flat(descriptor: dict[str, Any]) -> dict[str, Any]:
    """A parallel builder's descriptor with its groups opened."""
    return {"kind": descriptor["kind"], **descriptor["common"], **descriptor["stats"]}


@pytest.mark.parametrize("stem", CONTAINER)
def test_header_and_footer(stem: str) -> None:
    golden = load(stem)
    expected = golden.expected["header"]
    assert expected.pop("version") == header.VERSION
    same(golden.header, expected, "header")
    assert header.encode_header(golden.header) == golden.data[: header.FIELDS_SIZE]
    assert golden.expected["footer"] == {
        "magic_offset": golden.footer_at,
        "toc_offset": golden.contents_at,
        "toc_len": golden.footer.contents_length,
        "generation": golden.footer.generation,
    }
    assert golden.footer.contents_digest == digest(golden.contents)
    raw = golden.data[golden.footer_at : golden.footer_at + footer.FOOTER_SIZE]
    assert footer.encode_footer(golden.footer) == raw
    assert footer.decode_footer(golden.data, golden.footer_at) == golden.footer


@pytest.mark.parametrize("stem", CONTAINER)
def test_frames(stem: str) -> None:
    golden = load(stem)
    listed = golden.expected["frames"]
    assert len(golden.frames) == len(listed) or stem in SAMPLED
    for expected in listed:
        record = golden.frames[expected["id"]]
        sha = expected.pop("canonical_sha256")
        whole = expected.pop("stored_bytes_blake3_matches_checksum")
        for list_name in ("exif", "audio", "media"):
            if expected["metadata"] and expected["metadata"][list_name] is None:
                assert getattr(record.metadata, list_name) is None
        manifest = expected.pop("chunk_manifest")
        if manifest is None:
            assert record.chunk_manifest is None
        else:
            assert record.chunk_manifest is not None
            assert record.chunk_manifest.chunk_chars == manifest["chunk_chars"]
            assert [list(one) for one in record.chunk_manifest.chunks] == manifest["chunks"]
        expected["chunk_manifest"] = record.chunk_manifest
        same_frame(record, expected)
        stored = golden.data[record.payload_offset : record.payload_offset + record.payload_length]
        assert (digest(stored) == record.checksum) is whole
        if record.canonical_encoding == frame.ENCODING_ZSTD:
            stored = decompress(stored, limit=record.canonical_length or 0)
        assert len(stored) == record.canonical_length
        assert hashlib.sha256(stored).hexdigest() == sha


def same_frame(record: frame.FrameRecord, expected: dict[str, Any]) -> None:
    names = [field.name for field in dataclasses.fields(record)]
    assert names == [name for name in names if name in expected]
    assert set(names) == set(expected)
    for name in names:
        if name == "kind":  # here a word of the user, not of the format
            assert record.kind == expected["kind"]
        else:
            same(getattr(record, name), expected[name], name, name)


@pytest.mark.parametrize("path", ALL_FILES, ids=lambda path: path.stem)
def test_every_frame_encodes_back(path: Path) -> None:
    golden = Golden(path)
    starts = golden.columns.starts
    for index, record in enumerate(golden.frames):
        raw = golden.contents[starts[index] : starts[index + 1]]
        assert frame.encode_frame(record) == raw
        assert frame.skip_frame(golden.contents, starts[index], len(golden.contents)) == starts[index + 1]
        at = frame.status_offset(golden.contents, starts[index], starts[index + 1])
        assert int.from_bytes(golden.contents[at : at + 4], "little") == record.status


@pytest.mark.parametrize("path", ALL_FILES, ids=lambda path: path.stem)
def test_columns_say_what_frames_say(path: Path) -> None:
    golden = Golden(path)
    columns = golden.columns
    for index, record in enumerate(golden.frames):
        assert columns.timestamps[index] == record.timestamp
        by_clock = record.anchor_source == frame.ANCHOR_CLOCK
        assert columns.put_times[index] == (record.anchor_ts if by_clock else frame.NEVER)
        assert (columns.status[index], columns.roles[index]) == (record.status, record.role)
        assert columns.parents[index] == (-1 if record.parent_id is None else record.parent_id)
        assert columns.payload_offsets[index] == record.payload_offset
        assert columns.payload_lengths[index] == record.payload_length
        assert columns.canonical_lengths[index] == record.canonical_length
        uri = columns.uri_bytes(golden.contents, index)
        assert (None if uri is None else uri.decode()) == record.uri


@pytest.mark.parametrize("stem", CONTAINER)
def test_tail(stem: str) -> None:
    golden = load(stem)
    tail, expected = golden.tail, golden.expected
    assert tail.layout == "current"
    same(tail.indexes, expected["indexes"], "indexes")
    same(tail.time_index, expected["time_index"], "time_index")
    same(tail.temporal_track, expected["temporal_track"], "temporal_track")
    same(tail.memories_track, expected["memories_track"], "memories_track")
    same(tail.logic_mesh, expected["logic_mesh"], "logic_mesh")
    same(tail.sketch_track, expected["sketch_track"], "sketch_track")
    catalogue = dict(expected["segment_catalog"])
    catalogue["index_segments"] = [flat(one) for one in catalogue["index_segments"]]
    same(tail.catalogue, catalogue, "catalogue")
    same(tail.ticket, expected["ticket_ref"], "ticket")
    same(tail.memory_binding, expected["memory_binding"], "memory_binding")
    same(tail.replay_manifest, expected["replay_manifest"], "replay_manifest")
    same(tail.enrichment_queue, expected["enrichment_queue"], "enrichment_queue")
    assert tail.merkle_root == bytes(32)
    older = expected["toc_dialect"].startswith("older")
    assert tail.vec_dialect == ("plain" if older else "model")


@pytest.mark.parametrize("path", ALL_FILES, ids=lambda path: path.stem)
def test_contents_encode_back(path: Path) -> None:
    golden = Golden(path)
    head = contents.encode_contents_head(*golden.head[:3])
    assert head == golden.contents[: golden.head.frames_start]
    assert golden.head.frames_start == golden.columns.starts[0]
    tail = contents.encode_contents_tail(golden.tail)
    assert tail == golden.contents[golden.columns.end : -contents.CHECKSUM_SIZE]
    state = contents.hasher()
    state.update(golden.contents[: -contents.CHECKSUM_SIZE])
    assert contents.contents_checksum(state) == golden.contents[-contents.CHECKSUM_SIZE :]


@pytest.mark.parametrize("stem", CONTAINER)
def test_log(stem: str) -> None:
    golden = load(stem)
    records = golden.records()
    listed = golden.expected["wal"]
    assert len(records) == len(listed) or stem in SAMPLED
    assert [head.sequence for _, head, _ in records] == list(range(1, len(records) + 1))
    for expected in listed:
        position, head, payload = records[expected["sequence"] - 1]
        assert (position, head.sequence) == (expected["offset_in_region"], expected["sequence"])
        assert head.length == expected["payload_len"] == len(payload)
        assert (head.sequence <= golden.header.wal_sequence) is expected["checkpointed"]
        assert head.digest == digest(payload)
        check_entry(wal.decode_wal_payload(payload), expected["entry"])
    if records:
        position, head, _ = records[-1]
        assert position + wal.RECORD_HEAD + head.length == golden.expected["wal_end_in_region"]


def check_entry(entry: wal.FrameEntry | wal.LexicalBatch, expected: dict[str, Any]) -> None:
    if expected["type"] == "lex_batch":
        assert isinstance(entry, wal.LexicalBatch)
        assert (entry.generation, entry.doc_count) == (expected["generation"], expected["doc_count"])
        assert [one.path for one in entry.segments] == expected["paths"]
        assert entry.digest == batch_digest(entry.segments)
        assert lexical_batch(entry.generation, entry.doc_count, entry.segments[::-1]) == entry
        return
    assert isinstance(entry, wal.FrameEntry)
    assert len(entry.payload) == expected.pop("payload_len")
    assert hashlib.sha256(entry.payload).hexdigest() == expected.pop("payload_sha256")
    assert entry.op == WORDS["op"].index(expected.pop("op"))
    assert expected.pop("type") == "frame"
    long = expected.get("search_text", "")
    if long.endswith(" characters)"):
        start, _, length = expected.pop("search_text").rpartition("...(")
        assert entry.search_text is not None
        assert entry.search_text.startswith(start)
        assert f"{len(entry.search_text)} characters)" == length
    for key, value in expected.items():
        assert getattr(entry, key) == value, key
    for key in (
        "uri",
        "title",
        "target_frame_id",
        "supersedes_frame_id",
        "reuse_payload_from",
        "parent_sequence",
    ):
        assert key in expected or getattr(entry, key) is None


@pytest.mark.parametrize("path", ALL_FILES, ids=lambda path: path.stem)
def test_every_log_record_encodes_back(path: Path) -> None:
    golden = Golden(path)
    for position, head, payload in golden.records():
        entry = wal.decode_wal_payload(payload)
        if isinstance(entry, wal.LexicalBatch):
            again = wal.encode_lexical_batch(entry)
        else:
            again = wal.encode_frame_entry(entry)
        assert again == payload
        record = wal.encode_record(head.sequence, again, head.reserved)
        start = golden.header.wal_offset + position
        assert record == golden.data[start : start + len(record)]


@pytest.mark.parametrize("path", ALL_FILES, ids=lambda path: path.stem)
def test_time_index(path: Path) -> None:
    golden = Golden(path)
    manifest = golden.tail.time_index
    if manifest is None:
        assert not golden.expected.get("time_entries")
        return
    raw = golden.range(manifest)
    assert digest(raw) == manifest.digest
    timestamps, ids = time_index.decode_time_index(raw)
    assert len(ids) == manifest.entry_count
    assert time_index.encode_time_arrays(timestamps, ids) == raw
    assert time_index.encode_time_index(zip(timestamps, ids, strict=True)) == raw
    if path.parent.name == "container":
        entries = [list(pair) for pair in zip(timestamps, ids, strict=True)]
        listed = golden.expected["time_entries"]
        assert entries[: len(listed)] == listed
        assert len(entries) == golden.expected["time_entry_count"]


@pytest.mark.parametrize("stem", CONTAINER)
def test_vectors(stem: str) -> None:
    golden = load(stem)
    found: dict[str, list[float]] = {}
    invalid = {name for name, _ in golden.expected["invalid_ranges"]}
    vec = golden.tail.indexes.vec
    if vec is not None and vec.length:
        raw = golden.range(vec)
        assert (digest(raw) != vec.digest) is ("vec" in invalid)
        if "vec" not in invalid and "hnsw" not in golden.expected:
            found.update(rows(vectors.decode_vectors(raw, vec.compression_mode)))
    for descriptor in golden.tail.catalogue.vec_segments:
        raw = golden.range(descriptor)
        assert digest(raw) == descriptor.digest
        segment = vectors.decode_vectors(raw, descriptor.vector_compression)
        assert (len(segment), segment.dimension) == (descriptor.vector_count, descriptor.dimension)
        packed = b"".join(bytes(segment.row_bytes(index)) for index in range(len(segment)))
        assert vectors.encode_vector_segment(segment.ids, packed, segment.dimension) == raw
        found.update(rows(segment))
    assert found == golden.expected["vectors"]


def rows(segment: vectors.VectorSegment) -> dict[str, list[float]]:
    return {str(ident): list(segment.row(index)) for index, ident in enumerate(segment.ids)}


def test_vectors_of_a_graph() -> None:
    golden = load("hnsw_vectors")
    expected = golden.expected["hnsw"]
    vec = golden.tail.indexes.vec
    assert vec is not None
    segment = vectors.decode_vectors(golden.range(vec), vec.compression_mode)
    assert (len(segment), segment.dimension) == (expected["nodes"], expected["dimension"])
    assert list(segment.ids[: len(expected["ids_first"])]) == expected["ids_first"]
    assert list(segment.ids[-len(expected["ids_last"]) :]) == expected["ids_last"]
    by_id = rows(segment)
    assert by_id["0"] == expected["vector_of_frame_0"]
    assert by_id["999"] == expected["vector_of_frame_999"]
    in_order = sorted(range(len(segment)), key=segment.ids.__getitem__)
    assert (
        digest(b"".join(bytes(segment.row_bytes(index)) for index in in_order)).hex()
        == (expected["all_vectors_blake3"])
    )


@pytest.mark.parametrize("path", ALL_FILES, ids=lambda path: path.stem)
def test_sketch_track(path: Path) -> None:
    golden = Golden(path)
    manifest = golden.tail.sketch_track
    if manifest is None:
        return
    raw = golden.range(manifest)
    if "sketch_track" in {name for name, _ in golden.expected.get("invalid_ranges", [])}:
        assert digest(raw) != manifest.digest
        return
    assert digest(raw) == manifest.digest
    track = sketch.decode_sketch_track(raw, manifest.entry_count)
    assert track.entry_size == manifest.entry_size
    assert sketch.encode_sketch_track(track.entries, track.entry_size) == raw
    texts = [record.search_text or "" for record in golden.frames]
    made = [sketch.make_entry(text, track.entry_size) for text in texts]
    assert sketch.encode_sketch_track(made, track.entry_size) == raw


@pytest.mark.parametrize("stem", CONTAINER)
def test_other_ranges(stem: str) -> None:
    golden = load(stem)
    manifests = [*golden.tail.catalogue.tantivy_segments, *golden.tail.catalogue.lex_segments]
    manifests += [*golden.tail.catalogue.time_segments, golden.tail.memories_track, golden.tail.logic_mesh]
    for manifest in manifests:
        if manifest is not None:
            assert digest(golden.range(manifest)) == manifest.digest
    names = [one.path for one in golden.tail.indexes.lex_segments]
    hostile = [name for name in names if not is_plain_file_name(name)]
    assert bool(hostile) is (stem == "hostile_paths")


def test_the_older_vector_manifest() -> None:
    path = FIXTURES / "tracks" / "toc-older-vec-manifest.mv2"
    golden = Golden(path)
    expected = golden.expected["vec_manifest"]
    vec = golden.tail.indexes.vec
    assert golden.tail.vec_dialect == "plain"
    assert vec is not None
    assert (vec.vector_count, vec.dimension, vec.offset, vec.length, vec.digest.hex()) == (
        expected["count"],
        expected["dim"],
        expected["off"],
        expected["len"],
        expected["ck"],
    )
    assert vec.model is None
