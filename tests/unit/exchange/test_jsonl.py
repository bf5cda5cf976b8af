"""Lines of JSON: all of a memory, for people and programs, and back without loss."""

from __future__ import annotations

import gzip
import io
import json
import random
import struct
from typing import TYPE_CHECKING, Any

import pytest
import zstandard
from exchange_stories import START, Clock, clock, new

import mv2
from mv2.errors import DocumentError, DuplicateUriError, InvalidArgumentError, MemoryNotFoundError
from mv2.exchange.jsonl import export_jsonl, import_jsonl, read_records

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["clock"]


@pytest.fixture
def memory(tmp_path: Path, clock: Clock) -> Iterator[mv2.Memvid]:
    with new(tmp_path / "m.mv2") as made:
        made.put("Grüße\u2028 \x00", uri="a", title="Ti\ntle", metadata={"x": [1, 2.0, None, {"ü": True}]})
        made.put(b"\xff\x00\xfe", uri="b", tags=["t"])
        clock.at(5)
        made.put("word " * 700, uri="a", embedding=[0.1, -2.5])
        made.delete("b")
        yield made


def exported(memory: mv2.Memvid, **options: Any) -> list[Any]:
    out = io.BytesIO()
    export_jsonl(memory, out, **options)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_what_the_lines_say(memory: mv2.Memvid) -> None:
    head, first, second, third, end = exported(memory)
    assert head == {"format": "mv2-jsonl", "version": 1, "history": True, "vectors": True, "counted": True}
    assert end == {"end": 3}
    assert list(first) == [
        "id", "uri", "content", "timestamp", "title", "metadata", "put_at", "status", "superseded_by",
        "replaced_at", "ended_before", "mime",
    ]  # fmt: skip
    assert (first["content"], first["title"]) == ("Grüße\u2028 \x00", "Ti\ntle")
    assert first["metadata"] == {"x": [1, 2.0, None, {"ü": True}]}
    assert (second["content_base64"], second["deleted_at"]) == ("/wD+", START + 5)
    assert third["chunks"][0]["range"][0] == 0
    assert "text" not in third["chunks"][0]


def test_vectors_as_bytes_and_as_numbers(memory: mv2.Memvid) -> None:
    import base64

    packed = exported(memory)[3]["vector"]
    assert struct.unpack("<2f", base64.b64decode(packed)) == struct.unpack(
        "<2f", struct.pack("<2f", 0.1, -2.5)
    )
    numbers = exported(memory, vector_form="list")[3]["vector"]
    assert struct.pack("<2f", *numbers) == base64.b64decode(packed)
    assert "vector" not in exported(memory, vectors=False)[3]
    with pytest.raises(InvalidArgumentError):
        exported(memory, vector_form="hex")


@pytest.mark.parametrize("form", ["base64", "list"])
@pytest.mark.parametrize("name", ["m.jsonl", "m.jsonl.gz", "m.ndjson.zst"])
def test_there_and_back(memory: mv2.Memvid, tmp_path: Path, name: str, form: Any) -> None:
    assert export_jsonl(memory, tmp_path / name, vector_form=form) == 3
    assert list(read_records(tmp_path / name)) == list(memory.records())
    with new(tmp_path / "copy.mv2") as copy:
        report = import_jsonl(copy, tmp_path / name)
        assert report.added == 3
        assert list(copy.records()) == list(memory.records())
        assert copy.verify(deep=True).ok


def test_packed_files_are_what_they_are_called(memory: mv2.Memvid, tmp_path: Path) -> None:
    export_jsonl(memory, tmp_path / "m.jsonl")
    plain = (tmp_path / "m.jsonl").read_bytes()
    export_jsonl(memory, str(tmp_path / "m.jsonl.gz"))
    assert gzip.decompress((tmp_path / "m.jsonl.gz").read_bytes()) == plain
    export_jsonl(memory, tmp_path / "m.jsonl.zst")
    packed = (tmp_path / "m.jsonl.zst").read_bytes()
    assert zstandard.ZstdDecompressor().stream_reader(packed).read() == plain


def test_the_same_memory_gives_the_same_bytes(memory: mv2.Memvid, tmp_path: Path) -> None:
    for name in ("one.jsonl.gz", "two.jsonl.gz"):
        export_jsonl(memory, tmp_path / name)
    assert (tmp_path / "one.jsonl.gz").read_bytes() == (tmp_path / "two.jsonl.gz").read_bytes()


def test_files_of_text_and_of_bytes(memory: mv2.Memvid, tmp_path: Path) -> None:
    text = io.StringIO()
    export_jsonl(memory, text)
    text.seek(0)
    with new(tmp_path / "copy.mv2") as copy:
        import_jsonl(copy, text)
        assert list(copy.records()) == list(memory.records())


def test_a_part_and_the_past(memory: mv2.Memvid) -> None:
    assert [line.get("id") for line in exported(memory, filter={"uri": "b"})] == [None, 1, None]
    assert [line.get("uri") for line in exported(memory, history=False)[1:-1]] == ["a"]
    assert [line.get("status") for line in exported(memory, as_of=START)[1:-1]] == [None, None]


def test_a_failed_export_leaves_the_old_file(memory: mv2.Memvid, tmp_path: Path) -> None:
    target = tmp_path / "m.jsonl"
    target.write_text("old")

    def stop(done: int, total: int | None) -> None:
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        export_jsonl(memory, target, progress=stop)
    assert target.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.jsonl", "m.mv2"]


HEAD = '{"format":"mv2-jsonl","version":1}'
GOOD = '{"id":0,"uri":"a","content":"x","timestamp":0}'


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "line 1: .*no mv2-jsonl"),
        (["", GOOD], "line 1: .*no mv2-jsonl"),
        (["{}"], "line 1: .*no mv2-jsonl"),
        (['{"format":"mv2-jsonl","version":2}'], "line 1: a newer mv2 wrote this: version 2"),
        ([HEAD, GOOD, "{"], "line 3: it is not JSON"),
        ([HEAD, GOOD, "[1]"], "line 3: it is no JSON object"),
        ([HEAD, "[" * 100_000], "line 2: it is not JSON"),
        ([HEAD, '{"id":NaN}'], "line 2: it is not JSON: NaN"),
        ([HEAD, '{"id":1,"timestamp":0}'], "line 2: .*either content or content_base64"),
        ([HEAD, '{"timestamp":1,"content":""}'], "line 2: the record has no id"),
        ([HEAD, '{"id":true,"timestamp":1,"content":""}'], "line 2: id is True, not a whole number"),
        ([HEAD, '{"id":0,"timestamp":1,"content":"","color":1}'], "line 2: a record has no field 'color'"),
        ([HEAD, '{"id":0,"timestamp":1,"content":"\\ud800"}'], "line 2: content holds a lone surrogate"),
        (
            [HEAD, '{"id":0,"timestamp":1,"content":"","title":"\\ud800"}'],
            "line 2: title holds a lone surrogate",
        ),
        ([HEAD, '{"id":0,"timestamp":1,"content_base64":"??"}'], "line 2: content_base64 is not base64"),
        ([HEAD, '{"id":0,"timestamp":1,"content":"","tags":"x"}'], "line 2: tags is 'x', not a list"),
        ([HEAD, '{"id":0,"timestamp":1,"content":"","vector":"AAA="}'], "line 2: vector has 2 bytes"),
        ([HEAD, '{"id":0,"timestamp":1,"content":"","vector":[1,"a"]}'], "line 2: vector is no list"),
        ([HEAD, '{"id":0,"timestamp":1,"content":"ab","chunks":[{"range":[0,1]}]}'], "line 2: .*chunks end"),
        (
            [HEAD, '{"id":0,"timestamp":1,"content":"ab","chunks":[{"range":[0]}]}'],
            r"line 2: chunks\[0\].range",
        ),
        ([HEAD, '{"id":0,"timestamp":1,"content":"ab","chunks":[{"range":[0,2],"x":1}]}'], "no field 'x'"),
        ([HEAD, '{"id":0,"timestamp":1,"content":"","origin":{"size":"1"}}'], "line 2: origin.size"),
        ([HEAD, '{"id":0,"timestamp":1,"content":"","media":{"caption":"\\ud800"}}'], "line 2: .*media"),
        ([HEAD, GOOD, GOOD], "line 3: record 0 comes behind record 0"),
        ([HEAD, GOOD, '{"end":2}'], "line 3: 2 records are announced, 1 are there"),
        ([HEAD, GOOD, '{"end":1}', GOOD], "line 4: something stands behind"),
        ([HEAD[:-1] + ',"counted":true}', GOOD], "the file ends after 1 records"),
    ],
)
def test_wrong_lines_are_named_and_nothing_is_kept(lines: list[str], message: str, tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text("\n".join(lines))
    with new(tmp_path / "n.mv2") as memory:
        with pytest.raises(DocumentError, match=message) as caught:
            import_jsonl(memory, path)
        assert str(path) in str(caught.value)
        assert memory.stats().frame_count == 0


def test_bytes_that_are_no_text_and_cut_archives(memory: mv2.Memvid, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(HEAD.encode() + b'\n{"id":0,"content":"\xff"}')
    export_jsonl(memory, tmp_path / "b.jsonl.gz")
    export_jsonl(memory, tmp_path / "c.jsonl.zst")
    for name in ("b.jsonl.gz", "c.jsonl.zst"):
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    (tmp_path / "d.jsonl.zst").write_bytes(b"no zstd at all")
    (tmp_path / "e.jsonl.gz").write_bytes(b"no gzip at all")
    with new(tmp_path / "n.mv2") as empty:
        for name in ("a.jsonl", "b.jsonl.gz", "c.jsonl.zst", "d.jsonl.zst", "e.jsonl.gz"):
            with pytest.raises(DocumentError):
                import_jsonl(empty, tmp_path / name)
        with pytest.raises(MemoryNotFoundError):
            import_jsonl(empty, tmp_path / "none.jsonl")
        assert empty.stats().frame_count == 0


def test_a_file_written_by_hand_needs_little(tmp_path: Path) -> None:
    path = tmp_path / "hand.jsonl"
    path.write_text(f"{HEAD}\n\n{GOOD}\n")
    with new(tmp_path / "n.mv2") as memory:
        assert import_jsonl(memory, path).added == 1
        assert memory.text("a") == "x"
        assert memory.frame("a").put_at is None


def test_uris_that_are_taken(memory: mv2.Memvid, tmp_path: Path) -> None:
    export_jsonl(memory, tmp_path / "m.jsonl")
    with new(tmp_path / "n.mv2") as other:
        other.put("mine", uri="a")
        with pytest.raises(DuplicateUriError):
            import_jsonl(other, tmp_path / "m.jsonl", on_conflict="error")
        assert import_jsonl(other, tmp_path / "m.jsonl", on_conflict="skip").skipped == 2
        assert other.text("a") == "mine"


def copied(memory: mv2.Memvid, path: Path) -> bytes:
    export_jsonl(memory, path)
    return path.read_bytes()


def test_windows_line_ends_and_a_byte_order_mark(memory: mv2.Memvid, tmp_path: Path) -> None:
    data = copied(memory, tmp_path / "out.jsonl")
    (tmp_path / "in.jsonl").write_bytes(b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n"))
    with new(tmp_path / "n.mv2") as again:
        import_jsonl(again, tmp_path / "in.jsonl")
        assert list(again.records()) == list(memory.records())


@pytest.mark.parametrize(
    ("old", "bad", "message"),
    [
        (b'"metadata":{', b'"metadata":{"k\\udc00":1,', "metadata holds a lone surrogate"),
        (b'"uri":"', b'"uri":"\\uD800', "uri holds a lone surrogate"),
        (b'"timestamp":', b'"chunk_size":-1,"timestamp":', "chunk_size is -1"),
        (b'"timestamp":', b'"chunk_size":99999999999999999999,"timestamp":', "chunk_size is 9999999999"),
    ],
)  # fmt: skip
def test_values_that_no_memory_can_hold_in_one_that_holds_something(
    memory: mv2.Memvid, tmp_path: Path, old: bytes, bad: bytes, message: str
) -> None:
    data = copied(memory, tmp_path / "out.jsonl")
    assert old in data
    (tmp_path / "in.jsonl").write_bytes(data.replace(old, bad, 1))
    with new(tmp_path / "n.mv2") as again:
        again.put("mine", uri="mine")
    with mv2.open(tmp_path / "n.mv2", embedder="none") as again:
        with pytest.raises(DocumentError, match=message):
            import_jsonl(again, tmp_path / "in.jsonl")
        assert [record.content for record in again.records()] == [b"mine"]


def test_mutated_copies_are_errors_or_whole(memory: mv2.Memvid, tmp_path: Path) -> None:
    data = copied(memory, tmp_path / "out.jsonl")
    choose = random.Random(11)
    outcomes = set()
    for number in range(50):
        bad = bytearray(data)
        for _ in range(choose.choice((1, 1, 3))):
            place = choose.randrange(len(bad))
            if choose.random() < 0.7:
                bad[place] = choose.randrange(256)
            else:
                del bad[place : place + choose.choice((1, 3, 40))]
        (tmp_path / "in.jsonl").write_bytes(bad)
        with mv2.open(tmp_path / f"{number}.mv2", "x", embedder="none", durability="none") as again:
            again.put("mine", uri="mine")
            try:
                report = import_jsonl(again, tmp_path / "in.jsonl")
                assert len(list(again.records())) == report.added + 1
                outcomes.add("whole")
            except mv2.errors.Error:
                assert [record.content for record in again.records()] == [b"mine"]
                outcomes.add("error")
            assert again.verify(deep=True).ok
    assert outcomes == {"whole", "error"}
