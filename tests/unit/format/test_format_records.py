"""The fixed structures, the contents' layouts and the limits."""

from __future__ import annotations

import struct

import pytest

from mv2 import errors
from mv2.format import (
    accelerator,
    commit_record,
    contents,
    footer,
    frame,
    header,
    lexical_batch,
    manifests,
    wal,
)
from mv2.format._codec import U64, Reader, put_optional, put_texts
from mv2.format.catalogue import SegmentCatalogue

DIGEST = b"d" * 32


def a_header(**changes: int) -> header.Header:
    fields = {"footer_offset": 70_000, "wal_offset": 4096, "wal_size": 65_536}
    return header.Header(**{**fields, **changes}, wal_checkpoint_pos=0, wal_sequence=0, toc_checksum=DIGEST)


def test_header_errors_are_told_apart() -> None:
    raw = header.encode_header(a_header())
    with pytest.raises(errors.EncryptedFileError):
        header.decode_header(b"MV2E" + raw[4:])
    with pytest.raises(errors.UnsupportedVersionError):
        header.decode_header(raw[:4] + b"\x01\x03" + raw[6:])
    with pytest.raises(errors.UnsupportedVersionError):
        header.decode_header(raw[:6] + b"\x03" + raw[7:])
    for other in (b"", b"SQLi" + raw[4:], b"MV3\0" + raw[4:], b"PK"):
        with pytest.raises(errors.NotAMemoryError) as caught:
            header.decode_header(other)
        assert type(caught.value) is errors.NotAMemoryError
    with pytest.raises(errors.FormatError):
        header.decode_header(raw[:79])
    for bad in (
        {"wal_offset": 4095},
        {"wal_size": 0},
        {"wal_size": (1 << 64) - 1},
        {"footer_offset": 1 << 63},
    ):
        with pytest.raises(errors.FormatError):
            header.decode_header(header.encode_header(a_header(**bad)))


def a_commit() -> commit_record.CommitRecord:
    none = commit_record.NO_DIGEST
    return commit_record.CommitRecord(
        b"0123456789abcdef",
        3,
        4096,
        65536,
        0,
        9,
        80000,
        500,
        DIGEST,
        0,
        0,
        none,
        0,
        0,
        none,
        80556,
        4,
        3,
        2,
        99,
    )


def test_commit_record_is_one_sector_and_sealed() -> None:
    raw = commit_record.encode_commit_record(a_commit())
    assert len(raw) == 512
    assert raw.startswith(b"MV2COMMT\x01\0\0\0")
    for at in (0, 8, 10, 100, 470, 480, 511):
        broken = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        with pytest.raises(errors.FormatError):
            commit_record.decode_commit_record(broken)
    with pytest.raises(errors.FormatError):
        commit_record.decode_commit_record(bytes(512))


@pytest.mark.parametrize("at", [8, 400], ids=["version", "padding"])
def test_commit_record_of_another_kind(at: int) -> None:
    raw = bytearray(commit_record.encode_commit_record(a_commit())[:480])
    raw[at] = 7
    sealed = bytes(raw)
    with pytest.raises(errors.FormatError):
        commit_record.decode_commit_record(sealed + commit_record.digest(sealed))


def test_footers_are_found_last_first() -> None:
    one, two = footer.Footer(5, DIGEST, 1), footer.Footer(70, DIGEST, 2)
    data = (
        b"12345"
        + footer.encode_footer(one)
        + b"MV2FOOT!"
        + bytes(9)
        + footer.encode_footer(two)
        + b"MV2FOOT!"
    )
    at = 5 + footer.FOOTER_SIZE + 17
    assert list(footer.find_footers(data)) == [(at, two), (5, one)]
    assert list(footer.find_footers(memoryview(data), 1000)) == [(1000 + at, two), (1005, one)]
    assert list(footer.find_footers(data[5:])) == [(at - 5, two)]


def the_layouts() -> list[tuple[str, bytes]]:
    """One tail in each layout and dialect."""
    made = []
    for layout in ("current", "v2", "v1"):
        for dialect in ("model", "plain"):
            vec = manifests.VecManifest(1, 2, 3, 4, DIGEST, 0, "m" if dialect == "model" else None)
            indexes = manifests.IndexManifests(vec=vec).encode(dialect == "model")
            time = put_optional(
                manifests.TimeIndexManifest(1, 2, 3, DIGEST), manifests.TimeIndexManifest.encode
            )
            memories = put_optional(
                manifests.MemoriesManifest(1, 2, 3, 4, DIGEST), manifests.MemoriesManifest.encode
            )
            parts = [indexes, time, b"\0"]
            parts += [memories, b"\0"] if layout != "v1" else []
            parts += [b"\0"] if layout == "current" else []
            parts += [SegmentCatalogue(7).encode(), manifests.TicketRef().encode(), b"\0"]
            parts += [b"\0", manifests.EnrichmentQueue().encode()] if layout == "current" else []
            made.append((f"{layout} {dialect}", b"".join(parts) + bytes(32) + DIGEST))
    return made


@pytest.mark.parametrize(("name", "raw"), the_layouts(), ids=[name for name, _ in the_layouts()])
def test_every_layout_is_recognised(name: str, raw: bytes) -> None:
    tail = contents.decode_contents_tail(raw, 0, len(raw))
    assert f"{tail.layout} {tail.vec_dialect}" == name
    assert tail.catalogue.next_segment_id == 7
    assert tail.contents_checksum == DIGEST
    assert (tail.memories_track is None) is name.startswith("v1")
    again = contents.encode_contents_tail(tail) + tail.contents_checksum
    current = contents.decode_contents_tail(again, 0, len(again))
    assert (current.layout, current.vec_dialect) == ("current", tail.vec_dialect)
    for wrong in (raw + b"\0", raw[:-1]):
        with pytest.raises(errors.FormatError):
            contents.decode_contents_tail(wrong, 0, len(wrong))


def test_a_new_files_tail() -> None:
    tail = contents.fresh_tail()
    assert tail.ticket == manifests.TicketRef("free-tier", 1, 0, 52_428_800, False)
    assert (tail.catalogue.next_segment_id, tail.catalogue.version, tail.catalogue.lex_enabled) == (
        0,
        1,
        True,
    )
    assert tail.merkle_root == bytes(32)


def test_contents_with_a_wrong_checksum() -> None:
    body = contents.encode_contents_head(0, [], 0) + contents.encode_contents_tail(contents.fresh_tail())
    with pytest.raises(errors.ChecksumError):
        contents.decode_contents(body + bytes(32))
    with pytest.raises(errors.ChecksumError):
        contents.decode_contents(b"")


def test_contents_of_an_unknown_version() -> None:
    with pytest.raises(errors.FormatError):
        contents.decode_contents_head(contents.encode_contents_head(33, [], 0))


def test_segments_of_the_early_format_are_kept() -> None:
    segments = [manifests.SegmentMeta(1, 2, 3, DIGEST, 0, 5, 6)]
    raw = contents.encode_contents_head(1, segments, 0)
    assert contents.decode_contents_head(raw) == (1, segments, 0, len(raw))


def test_frame_ids_must_be_consecutive() -> None:
    raw = frame.encode_frame(frame.FrameRecord(id=3, timestamp=5))
    assert len(raw) == frame.MIN_FRAME_SIZE
    with pytest.raises(errors.FormatError):
        frame.scan_frames(raw, 0, 1, len(raw))
    assert len(frame.scan_frames(raw, 0, 1, len(raw), first_id=3)) == 1


def test_frames_beyond_what_readers_accept() -> None:
    for record in (
        frame.FrameRecord(id=1, timestamp=1, tags=["t"] * 1025),
        frame.FrameRecord(id=1, timestamp=1, extra_metadata={str(n): "" for n in range(4097)}),
    ):
        with pytest.raises(errors.LimitError):
            frame.encode_frame(record)
    with pytest.raises(errors.LimitError):
        wal.encode_frame_entry(wal.FrameEntry(timestamp=1, labels=["t"] * 1025))


def test_numbers_out_of_range() -> None:
    fields = {"role": 3, "status": 3, "enrichment_state": 2}
    for name, value in fields.items():
        record = frame.FrameRecord(id=0, timestamp=1)
        setattr(record, name, value)
        raw = frame.encode_frame(record)
        with pytest.raises(errors.FormatError):
            frame.decode_frame(raw, 0, len(raw))
        with pytest.raises(errors.FormatError):
            frame.scan_frames(raw, 0, 1, len(raw))


def test_text_that_is_not_utf8() -> None:
    raw = frame.encode_frame(frame.FrameRecord(id=0, timestamp=1, title="AAAA")).replace(
        b"AAAA", b"\xff\xfe\xfd\xfc"
    )
    with pytest.raises(errors.FormatError):
        frame.decode_frame(raw, 0, len(raw))
    entry = wal.encode_frame_entry(wal.FrameEntry(timestamp=1, title="AAAA")).replace(
        b"AAAA", b"\xff\xfe\xfd\xfc"
    )
    with pytest.raises(errors.FormatError):
        wal.decode_wal_payload(entry)


def test_log_payload_without_its_kind() -> None:
    entry = wal.FrameEntry(timestamp=1_700_000_000, uri="mv2://old", payload=b"bytes")
    assert wal.decode_wal_payload(wal.encode_frame_entry(entry)[4:]) == entry


def test_log_flags_do_not_meet_the_count() -> None:
    assert wal.FLAG_GROUP_START & wal.FLAG_SYNCED == 0
    assert (wal.FLAG_GROUP_START | wal.FLAG_SYNCED) & wal.REMAINING_MASK == 0
    head = wal.decode_record_head(wal.encode_record(7, b"payload", wal.FLAG_GROUP_START | 5))
    assert head.reserved & wal.REMAINING_MASK == 5
    assert not head.is_sentinel
    assert wal.decode_record_head(wal.SENTINEL).is_sentinel


def test_an_embedding_is_whole_values() -> None:
    with pytest.raises(ValueError, match="4 bytes"):
        wal.encode_frame_entry(wal.FrameEntry(timestamp=1, embedding=b"abc"))


def test_accelerator_passes_over_columns_it_does_not_know() -> None:
    raw = frame.encode_frame(frame.FrameRecord(id=0, timestamp=5, uri="mv2://x"))
    columns = frame.scan_frames(raw, 0, 1, len(raw))
    uris = accelerator.make_uri_index(accelerator.uri_pairs(raw, columns))
    block = accelerator.encode_accelerator(DIGEST, columns, uris)
    count = struct.unpack_from("<I", block, 12)[0]
    table = 56 + 24 * count
    listed = []
    for at in range(56, table, 24):
        kind, width, offset, length = struct.unpack_from("<IIQQ", block, at)
        listed.append((kind, width, offset + 24, length))
    listed.insert(3, (999, 3, 0, 5))
    grown = block[:12] + struct.pack("<I", count + 1) + block[16:56]
    grown += b"".join(struct.pack("<IIQQ", *one) for one in listed) + block[table:]
    assert accelerator.decode_accelerator(grown, DIGEST).uris.find("mv2://x") == [0]
    with pytest.raises(errors.FormatError):
        accelerator.decode_accelerator(block, b"e" * 32)
    missing = accelerator.encode_columns(DIGEST, 1, [(accelerator.KIND_STATES, b"\0")])
    with pytest.raises(errors.FormatError):
        accelerator.decode_accelerator(missing, DIGEST)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("meta.json", True),
        (".managed.json", True),
        ("0f.store", True),
        ("", False),
        (".", False),
        ("..", False),
        ("../x", False),
        ("a/b", False),
        ("a\\b", False),
        ("/etc/passwd", False),
        ("C:x", False),
        ("a\0", False),
        ("é", False),
        ("x" * 256, False),
    ],
)
def test_plain_file_names(name: str, plain: bool) -> None:
    assert lexical_batch.is_plain_file_name(name) is plain


def test_reader_limits() -> None:
    raw = put_texts(["one", "two"])
    assert Reader(raw).strings(2, 3) == ["one", "two"]
    for limits in ((1, 3), (2, 2)):
        with pytest.raises(errors.FormatError):
            Reader(raw).strings(*limits)
    with pytest.raises(errors.FormatError) as caught:
        Reader(b"ab" + U64.pack(1 << 60), 2).bytes_(1 << 62)
    assert caught.value.offset == 2
    with pytest.raises(errors.FormatError):
        Reader(b"abc", 2, 9)
