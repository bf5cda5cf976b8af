"""Rates of the format package: encoding, walking and decoding frames, and the blobs.

python benchmarks/bench_format.py [frames]
"""

from __future__ import annotations

import sys
import time
from array import array
from typing import TYPE_CHECKING

from mv2.extract.normalise import normalise
from mv2.extract.plain import chunk_ranges
from mv2.format import accelerator, compression, frame, time_index, vectors, wal

if TYPE_CHECKING:
    from collections.abc import Callable

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
SENTENCE = "The harbour lights were lit before the storm came over the hill. "


def best(call: Callable[[], object], times: int = 3) -> float:
    """Seconds of the quickest of some calls."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return min(found)


def show(what: str, seconds: float, items: int = 1) -> None:
    if items == 1:
        print(f"{what:44} {seconds * 1e3:10.3f} ms")
    else:
        print(f"{what:44} {seconds / items * 1e6:10.2f} µs each {items / seconds:12,.0f} /s")


def a_frame(ident: int) -> frame.FrameRecord:
    return frame.FrameRecord(
        id=ident,
        timestamp=1_700_000_000 + ident,
        anchor_ts=1_700_000_000,
        anchor_source=frame.ANCHOR_CLOCK,
        payload_offset=70_000 + 600 * ident,
        payload_length=600,
        checksum=b"c" * 32,
        uri=f"mv2://notes/{ident}",
        title=f"Note {ident}",
        canonical_encoding=frame.ENCODING_ZSTD,
        canonical_length=1200,
        tags=["alpha", "beta"],
        source_sha256=b"s" * 32,
    )


def frames() -> None:
    records = [a_frame(ident) for ident in range(COUNT)]
    show("encode a frame", best(lambda: [frame.encode_frame(one) for one in records]), COUNT)
    raw = b"".join(map(frame.encode_frame, records))
    columns = frame.scan_frames(raw, 0, COUNT, len(raw))
    starts = columns.starts
    show(f"walk {COUNT:,} frames", best(lambda: frame.scan_frames(raw, 0, COUNT, len(raw))))
    some = range(min(COUNT, 20_000))
    decode = frame.decode_frame
    show("decode a frame", best(lambda: [decode(raw, starts[i], starts[i + 1]) for i in some]), len(some))
    uris = accelerator.make_uri_index(accelerator.uri_pairs(raw, columns))
    block = accelerator.encode_accelerator(bytes(32), columns, uris)
    show("make the accelerator block", best(lambda: accelerator.encode_accelerator(bytes(32), columns, uris)))
    show("load the accelerator block", best(lambda: accelerator.decode_accelerator(block, bytes(32))))
    print(f"{'accelerator block':44} {len(block) / COUNT:10.1f} bytes a frame")
    index = time_index.encode_time_arrays(columns.timestamps, array("q", range(COUNT)))
    pairs = (columns.timestamps, array("q", range(COUNT)))
    show("encode the time index", best(lambda: time_index.encode_time_arrays(*pairs)))
    show("decode the time index", best(lambda: time_index.decode_time_index(index)))


def log() -> None:
    entry = wal.FrameEntry(
        timestamp=1,
        payload=b"x" * 600,
        uri="mv2://notes/1",
        title="Note",
        canonical_encoding=1,
        canonical_length=1200,
        tags=["alpha", "beta"],
        source_sha256=b"s" * 32,
    )
    payload = wal.encode_frame_entry(entry)
    show("encode a log entry", best(lambda: [wal.encode_frame_entry(entry) for _ in range(5000)]), 5000)
    show("decode a log entry", best(lambda: [wal.decode_wal_payload(payload) for _ in range(5000)]), 5000)


def blobs() -> None:
    ids = list(range(10_000))
    rows = bytes(4 * 384 * len(ids))
    segment = vectors.encode_vector_segment(ids, rows, 384)
    show("encode 10,000 vectors of 384", best(lambda: vectors.encode_vector_segment(ids, rows, 384)))
    show("decode 10,000 vectors of 384", best(lambda: vectors.decode_vector_segment(segment)))
    text = SENTENCE * 18
    packed = compression.compress(text.encode())
    limit = len(text)
    unpack = compression.decompress
    show("compress 1.2 KB", best(lambda: [compression.compress(text.encode()) for _ in range(3000)]), 3000)
    show(
        "decompress it",
        best(lambda: [unpack(packed, limit=limit) for _ in range(3000)]),
        3000,
    )
    clean = text.strip()
    show("normalise 1.2 KB of clean ASCII", best(lambda: [normalise(clean) for _ in range(3000)]), 3000)
    dirty = clean + " é"
    show("normalise 1.2 KB with an accent", best(lambda: [normalise(dirty) for _ in range(3000)]), 3000)
    show("cut 1 MB into chunks", best(lambda: chunk_ranges(SENTENCE * 16_000)))


if __name__ == "__main__":
    frames()
    log()
    blobs()
