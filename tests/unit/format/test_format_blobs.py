"""Compression, vectors in old forms, sketches, the time index."""

from __future__ import annotations

import json
import random
import struct
import subprocess
import sys
import threading
from array import array
from pathlib import Path

import pytest
import zstandard

from mv2.errors import FormatError
from mv2.format import compression, sketch, time_index, vectors
from mv2.format.checksum import EMPTY, digest, hasher
from mv2.format.footer import FOOTER_MAGIC

TRACKS = Path(__file__).parents[2] / "fixtures" / "tracks"


def test_digests() -> None:
    assert digest(b"") == EMPTY
    assert EMPTY.hex().startswith("af1349b9")
    large = bytes(range(256)) * 9000
    state = hasher()
    state.update(large[:1000])
    copy = state.copy()
    copy.update(large[1000:])
    assert copy.digest() == digest(large) == digest(memoryview(large))
    assert state.digest() == digest(large[:1000])


def test_frames_with_and_without_their_size() -> None:
    text = b"the same words again and again " * 5000
    stream = zstandard.ZstdCompressor(level=3, write_content_size=False).compressobj()
    unsized = stream.compress(text) + stream.flush()
    assert zstandard.frame_content_size(compression.compress(text)) == len(text)
    assert compression.decompress(unsized, limit=len(text)) == text
    several = unsized + compression.compress(b"") + compression.compress(b"end") + unsized
    assert compression.decompress(several, limit=2 * len(text) + 3) == text + b"end" + text
    skippable = b"\x50\x2a\x4d\x18\x03\0\0\0abc"
    assert compression.decompress(skippable + unsized, limit=len(text)) == text
    assert compression.decompress(b"", limit=0) == b""
    assert compression.decompress(memoryview(unsized), limit=len(text)) == text


@pytest.mark.parametrize("sized", [True, False])
def test_broken_frames(sized: bool) -> None:
    noise = random.Random(1).randbytes(5000)
    stream = zstandard.ZstdCompressor(write_content_size=sized).compressobj(size=len(noise) if sized else -1)
    packed = stream.compress(noise) + stream.flush()
    for raw in (packed[:-1], packed + b"x", packed[:20], b"not zstd", packed + packed[:9]):
        with pytest.raises(FormatError):
            compression.decompress(raw, limit=20_000)
    with pytest.raises(FormatError):
        compression.decompress(packed, limit=len(noise) - 1)
    with pytest.raises(FormatError):
        compression.decompress(packed + packed, limit=2 * len(noise) - 1)


def test_a_claimed_size_is_not_believed() -> None:
    claims = b"\x28\xb5\x2f\xfd\xe0" + (1 << 40).to_bytes(8, "little") + b"\x01\0\0"
    with pytest.raises(FormatError):
        compression.decompress(claims, limit=1 << 50)


def test_the_magic_never_stands_together() -> None:
    noise = random.Random(2)
    for data in (
        FOOTER_MAGIC,
        FOOTER_MAGIC * 1000,
        b"".join(noise.randbytes(noise.randrange(300)) + FOOTER_MAGIC for _ in range(200)),
        noise.randbytes(300_000) + FOOTER_MAGIC + noise.randbytes(300_000),
        noise.randbytes((128 << 10) - 4) + FOOTER_MAGIC,
        # The middle repeats, so the halves become neighbours among the literals.
        b"middle part that repeats; MV2Fmiddle part that repeats; OOT!" + FOOTER_MAGIC,
        b"",
    ):
        packed = compression.compress_splitting(data, FOOTER_MAGIC)
        assert FOOTER_MAGIC not in packed
        assert compression.decompress(packed, limit=len(data)) == data
        assert zstandard.ZstdDecompressor().decompress(packed) == data


def test_stored_blocks_are_a_valid_frame() -> None:
    data = random.Random(3).randbytes(200_000) + FOOTER_MAGIC + b"tail"
    for case in (data, b"", b"x", FOOTER_MAGIC):
        packed = compression._stored(case, FOOTER_MAGIC, compression._cuts(case, FOOTER_MAGIC))
        assert FOOTER_MAGIC not in packed
        assert zstandard.ZstdDecompressor().decompress(packed) == case


def test_threads_do_not_share_contexts() -> None:
    texts = [str(n).encode() * 20_000 for n in range(8)]
    failures: list[int] = []

    def work(index: int) -> None:
        for _ in range(20):
            packed = compression.compress(texts[index])
            if compression.decompress(packed, limit=1 << 20) != texts[index]:
                failures.append(index)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.parametrize("first", ["", "import zstandard; "])
def test_the_library_is_one_however_it_is_loaded(first: str) -> None:
    program = (
        first + "from mv2.format import compression as c; from mv2.errors import FormatError; import sys; "
        "packed = c.compress(b'x'); lean = 'zstandard' not in sys.modules; import zstandard; "
        "assert c._library().ZstdError is zstandard.ZstdError; "
        "assert zstandard.ZstdDecompressor().decompress(packed) == b'x'\n"
        "try: c.decompress(packed[:-1] + b'\\xff\\xff\\xff', limit=9)\n"
        "except FormatError: print(lean)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in {"True", "False"}


def a_quantised_segment(with_dimension: bool) -> bytes:
    """96 codebooks whose centroid k of part p is (p, k, p + k, 1), and two rows."""
    raw = struct.pack("<Q", 96)
    for part in range(96):
        raw += struct.pack("<Q", 1024)
        raw += b"".join(struct.pack("<4f", part, code, part + code, 1) for code in range(256))
    raw += struct.pack("<I", 384) if with_dimension else b""
    raw += struct.pack("<Q", 2)
    for ident in (7, 9):
        raw += struct.pack("<QQ", ident, 96) + bytes((ident * part) % 256 for part in range(96))
    return raw


@pytest.mark.parametrize("with_dimension", [True, False])
@pytest.mark.parametrize("said", [0, 1])
def test_quantised_rows(with_dimension: bool, said: int) -> None:
    segment = vectors.decode_vectors(a_quantised_segment(with_dimension), said)
    assert (list(segment.ids), segment.dimension) == ([7, 9], 384)
    for index, ident in enumerate((7, 9)):
        expected: list[float] = []
        for part in range(96):
            code = (ident * part) % 256
            expected += [part, code, part + code, 1]
        assert list(segment.row(index)) == expected


def test_vectors_over_the_limit() -> None:
    raw = vectors.encode_vector_segment([1], bytes(16), 4)
    assert vectors.decode_vectors(raw, limit=len(raw)).row(0).tolist() == [0.0] * 4
    with pytest.raises(FormatError):
        vectors.decode_vectors(raw, limit=len(raw) - 1)
    with pytest.raises(ValueError, match="rows"):
        vectors.encode_vector_segment([1, 2], bytes(16), 4)
    with pytest.raises(IndexError):
        vectors.decode_vectors(raw).row(1)


def test_time_index_out_of_order() -> None:
    with pytest.raises(ValueError, match="order"):
        time_index.encode_time_index([(2, 0), (1, 1)])
    raw = bytearray(time_index.encode_time_index([(1, 0), (1, 1), (2, 0)]))
    raw[12:28], raw[28:44] = raw[28:44], raw[12:28]
    with pytest.raises(FormatError):
        time_index.decode_time_index(raw)
    assert time_index.decode_time_index(time_index.encode_time_index([])) == (array("q"), array("q"))


def test_sketches_as_the_original_makes_them() -> None:
    expected = json.loads((TRACKS / "sketch-small.json").read_text())
    raw = (TRACKS / "sketch-small.mvsk").read_bytes()
    assert sketch.encode_sketch_track([sketch.make_entry(text) for text in expected["texts"]]) == raw
    track = sketch.decode_sketch_track(raw, expected["manifest"]["entry_count"])
    for entry, wanted in zip(track.entries, expected["entries"], strict=True):
        assert str(entry.simhash) == wanted["simhash"]
        assert entry.term_filter.hex() == wanted["term_filter_hex"]
        assert list(entry.top_terms) == wanted["top_terms"]


def test_sketch_vectors() -> None:
    expected = json.loads((TRACKS / "sketch-vectors.json").read_text())
    for word, value in expected["token_hash"].items():
        assert int.from_bytes(digest(word.encode())[:8], "little") == int(value)
    for case in expected["cases"]:
        words = sketch.tokens(case["text"])
        assert words[:8] == case["tokens"][:8]
        assert len(words) == case["token_count"]
        for name, size in (("small", 32), ("medium", 64)):
            wanted = case[name]
            assert sketch.make_entry(case["text"], size) == sketch.SketchEntry(
                int(wanted["simhash"]),
                bytes.fromhex(wanted["filt"]),
                tuple(wanted["top"]),
                wanted["wsum"],
                wanted["flags"],
                wanted["lh"],
            )


@pytest.mark.parametrize(("name", "size"), [("small", 32), ("medium", 64), ("large", 96)])
def test_sketch_blobs(name: str, size: int) -> None:
    raw = (TRACKS / f"sketch-{name}.mvsk").read_bytes()
    track = sketch.decode_sketch_track(raw)
    assert track.entry_size == size
    assert sketch.encode_sketch_track(track.entries, size) == raw
    for wrong in (raw[:-1], raw + b"\0", b"MVSX" + raw[4:], raw[:6] + b"\x21" + raw[7:], raw[:10]):
        with pytest.raises(FormatError):
            sketch.decode_sketch_track(wrong)
    with pytest.raises(FormatError):
        sketch.decode_sketch_track(raw, len(track.entries) + 1)


def test_a_track_of_zeros() -> None:
    raw = sketch.encode_zero_track(3)
    assert raw[24:] == bytes(96)
    entries = sketch.decode_sketch_track(raw, 3).entries
    assert [(entry.simhash, entry.term_filter, entry.top_terms) for entry in entries] == [
        (0, bytes(16), (0, 0))
    ] * 3


def test_a_text_without_words() -> None:
    entry = sketch.make_entry("… a ?", 64)
    assert entry == sketch.SketchEntry(0, bytes(32), (0, 0, 0, 0), 0, sketch.FLAG_SHORT, 0)
