"""``verify``: quiet on good files, and no byte that matters can change without a finding."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from memory_files import codes, flip, noise, quiet

import mv2
from mv2.format.commit_record import HEADER_POSITION
from mv2.testing.live import LiveRange, live_ranges

LONG = "A sentence of some length, again and again. " * 120


def build(path: Path, *, pending: bool) -> None:
    """A file with something of every kind in it."""
    with mv2.open(path, close="force-lazy" if pending else "checkpoint") as memory:
        memory.put("first word", uri="mv2://a", title="T", tags=["t"], metadata={"n": 1}, embedding=[1, 2])
        memory.put(LONG, uri="mv2://long")
        memory.put(noise(3000))
        memory.commit()
        memory.put("second word", uri="mv2://a", embedding=[3, 4])
        memory.update("mv2://long", title="L")
        memory.delete(memory.put("gone"))
        memory.commit()
        if pending:
            memory.put("pending word", embedding=[5, 6])
            memory.delete("mv2://a")
            with memory.batch():
                memory.put(LONG + "x")
                memory.put("last")


@pytest.fixture(scope="module", params=["committed", "pending"])
def image(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("image") / "m.mv2"
    build(path, pending=request.param == "pending")
    return path.read_bytes()


class TestGoodFiles:
    @pytest.mark.parametrize("deep", [False, True])
    def test_have_no_findings(self, path: Path, deep: bool) -> None:
        with mv2.open(path) as memory:
            assert memory.verify(deep=deep).findings == ()
        build(path, pending=False)
        with mv2.open(path, "r") as memory:
            report = memory.verify(deep=deep)
            assert (report.ok, report.deep, report.findings) == (True, deep, ())
            assert report.path == str(path)
            assert report.frames_checked == memory.stats().frame_count
            assert report.bytes_checked > 0
            assert report.took_ms >= 0

    def test_at_every_step_of_their_life(self, path: Path) -> None:
        choose = random.Random(11)
        with mv2.open(path) as memory:
            for step in range(60):
                uris = [frame.uri or "" for frame in memory.frames()]
                kind = choose.randrange(9)
                if kind == 0 and uris:
                    memory.delete(choose.choice(uris))
                elif kind == 1 and uris:
                    memory.update(choose.choice(uris), title=f"T{step}")
                elif kind == 2:
                    memory.put(LONG + str(step), uri=f"mv2://{choose.randrange(5)}")
                elif kind == 3:
                    memory.put_many(
                        [{"content": f"bulk {step} {n}", "embedding": [1.0, step]} for n in range(4)]
                    )
                elif kind == 4:
                    memory.commit()
                elif kind == 5:
                    memory.vacuum()
                else:
                    memory.put(f"text {step}", uri=f"mv2://{choose.randrange(5)}")
                if step % 4 == 3:
                    assert codes(memory) == set(), f"after step {step}"

    def test_it_changes_nothing(self, path: Path, image: bytes) -> None:
        path.write_bytes(image)
        stamp = path.stat().st_mtime_ns
        with mv2.open(path, "r") as memory:
            assert memory.verify(deep=True).ok
        assert path.read_bytes() == image
        assert path.stat().st_mtime_ns == stamp


KINDS = {
    "header", "commit record", "commit record before the contents", "contents", "footer", "payload",
    "lexical file", "vectors", "time index", "sketch track", "accelerator block",
}  # fmt: skip


def damaged(path: Path) -> set[str]:
    """What verify finds, or that the file is refused altogether."""
    try:
        with quiet(), mv2.open(path, "r") as memory:
            return codes(memory, deep=False)
    except mv2.CorruptFileError:
        return {"refused"}


@pytest.mark.parametrize("kind", sorted(KINDS | {"pending record"}))
def test_a_byte_of_every_kind(path: Path, image: bytes, kind: str) -> None:
    """First, last and some in between, one bit at a time."""
    ranges = [found for found in live_ranges(image) if found.kind == kind]
    if kind == "pending record" and not ranges:
        return
    assert ranges
    choose = random.Random(kind)
    for found in choose.sample(ranges, min(4, len(ranges))):
        inner = [choose.randrange(found.start, found.end) for _ in range(6)]
        for offset in {found.start, found.end - 1, *inner}:
            path.write_bytes(image)
            flip(path, offset, 1 << choose.randrange(8))
            assert damaged(path), f"byte {offset} of {found} was changed and nobody noticed"


def test_every_kind_is_there(image: bytes) -> None:
    assert {found.kind for found in live_ranges(image)} >= KINDS


def test_bytes_that_nobody_reads_do_not_matter(path: Path, image: bytes) -> None:
    """Dead ranges of earlier commits, and padding."""
    live = bytearray(len(image))
    for found in [
        *live_ranges(image),
        LiveRange("header block", 0, 4096),
        LiveRange("log", 4096, 4096 + 65_536),
    ]:
        live[found.start : found.end] = b"\1" * (found.end - found.start)
    dead = [offset for offset in range(len(image)) if not live[offset]]
    assert len(dead) > 1000
    choose = random.Random(2)
    for offset in choose.sample(dead, 25):
        path.write_bytes(image)
        flip(path, offset, 0xFF)
        with mv2.open(path, "r") as memory:
            assert codes(memory) == set(), offset


CODES = {
    "header": {"header_damaged"},
    "commit record": {"commit_record_damaged"},
    "commit record before the contents": {"commit_copy_damaged"},
    "footer": {"footer_damaged"},
    "payload": {"frame_damaged"},
    "lexical file": {"range_damaged"},
    "vectors": {"range_damaged"},
    "time index": {"range_damaged"},
    "sketch track": {"range_damaged"},
    "accelerator block": {"accelerator_damaged"},
    "contents": {"contents_damaged"},
}


class TestFindings:
    @pytest.mark.parametrize("kind", sorted(CODES))
    def test_say_what_is_damaged_and_where(self, path: Path, kind: str) -> None:
        build(path, pending=False)
        found = next(one for one in live_ranges(path.read_bytes()) if one.kind == kind)
        place = {"header": 33, "commit record": HEADER_POSITION + 40}.get(
            kind, (found.start + found.end) // 2
        )
        flip(path, place)
        with quiet(), mv2.open(path, "r") as memory:
            report = memory.verify()
            errors = [finding for finding in report.findings if finding.severity == "error"]
            assert CODES[kind] <= {finding.code for finding in errors}
            assert all(finding.message for finding in errors)
            named = next(finding for finding in errors if finding.code in CODES[kind])
            assert named.offset is not None
            assert 0 <= named.offset <= place

    def test_a_damaged_frame_is_named(self, path: Path) -> None:
        with mv2.open(path) as memory:
            memory.put(noise(2000))
            number = memory.put(noise(3000))
            memory.put(noise(2500))
        payload = next(one for one in live_ranges(path.read_bytes()) if one.end - one.start == 3000)
        flip(path, payload.start)
        with mv2.open(path, "r") as memory:
            (finding,) = memory.verify().findings
            assert (finding.code, finding.frame_id, finding.offset) == (
                "frame_damaged",
                number,
                payload.start,
            )

    def test_all_of_them_are_found(self, path: Path) -> None:
        """It does not stop at the first."""
        build(path, pending=False)
        ranges = live_ranges(path.read_bytes())
        for kind in ("payload", "footer", "time index", "accelerator block", "vectors"):
            flip(path, next(one for one in ranges if one.kind == kind).start)
        with mv2.open(path, "r") as memory:
            assert codes(memory) >= {
                "frame_damaged",
                "footer_damaged",
                "range_damaged",
                "accelerator_damaged",
            }
            offsets = {f.offset for f in memory.verify().findings if f.code == "range_damaged"}
            assert len(offsets) >= 2
