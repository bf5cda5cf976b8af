"""Facets: what a commit stores of its frames' fields, how it grows, and what happens without it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from memory_files import commit_record, flip, overwrite

import mv2
from mv2.errors import FormatError
from mv2.format import facets as codec
from mv2.format.accelerator import KIND_FACETS, decode_accelerator
from mv2.format.checksum import digest
from mv2.format.facets import CODED, HASHED, MEMBERS, NUMBERS, PRESENT, Facet, decode_facets, encode_facets
from mv2.format.frame import FrameRecord, encode_frame
from mv2.format.frame_fields import decode_fields, frame_uris
from mv2.format.metadata import DocMetadata, Media
from mv2.search.filters import parse_filter
from mv2.storage import facet_builder, facet_check, facet_columns
from mv2.storage.base import Base
from mv2.storage.facet_columns import scalar_hash
from mv2.storage.facets import facets_of_frames
from mv2.storage.view import View


@pytest.fixture
def memory(path: Path) -> Iterator[mv2.Memvid]:
    with mv2.open(path, durability="none", embedder="none") as opened:
        yield opened


@pytest.fixture
def crowded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables overflow after a few values."""
    monkeypatch.setattr(facet_columns, "FEWEST_DISTINCT", 2)


def view(memory: mv2.Memvid) -> View:
    return memory._store.view()


def stored(memory: mv2.Memvid) -> dict[str, Facet]:
    memory.commit()
    return decode_facets(view(memory).base.directory.facets).facets


def put(memory: mv2.Memvid, *metadata: dict[str, Any]) -> None:
    memory.put_many([{"content": "text", "metadata": one} for one in metadata])


def passing(memory: mv2.Memvid, wanted: dict[str, Any]) -> list[int]:
    return list(parse_filter(wanted).evaluate(view(memory)))


# --- encodings ------------------------------------------------------------------------


def test_fields_are_codes_into_tables(memory: mv2.Memvid) -> None:
    memory.put("a", tags=["red", "deep blue"], labels=["x"], kind="note", track="t", metadata={"n": 1})
    memory.put("b", tags=["red", "deep blue"], metadata={"n": "1"})
    facets = stored(memory)
    assert set(facets) == {"tags", "labels", "kind", "track", "mime", "meta:n"}
    assert facets["tags"].values() == ['["red", "deep blue"]']
    assert list(facets["tags"].items) == [1, 1]
    assert facets["meta:n"].values() == ["1", '"1"']
    assert list(facets["track"].items) == [1, 0]


def test_rare_fields_are_stored_with_their_frames(memory: mv2.Memvid) -> None:
    put(memory, *[{}] * 8, {"rare": 5})
    facet = stored(memory)["meta:rare"]
    assert facet.ids is not None
    assert list(facet.ids) == [8]
    put(memory, *[{"rare": 6}] * 8)
    facet = stored(memory)["meta:rare"]
    assert facet.ids is None
    assert list(facet.items) == [0] * 8 + [1] + [2] * 8


@pytest.mark.parametrize(
    ("values", "encoding", "kind"),
    [
        ([1, 2, 3, 4], NUMBERS, "q"),
        ([1, 2.5, 3, 4], NUMBERS, "d"),
        ([1, 2.5, 3, 1 << 60], HASHED, "Q"),
        ([1, 2, 3, 1 << 70], HASHED, "Q"),
        (["a", "b", "c", "d"], HASHED, "Q"),
        ([1, "b", None, True], HASHED, "Q"),
        ([["a", "b"], ["b"], ["b", "a"], []], MEMBERS, "B"),
        ([["a", "b"], ["c"], ["d", "e"], ["f"]], HASHED, "Q"),
        ([["a"], "b", [], "c"], HASHED, "Q"),
        ([{"a": 1}, 2, 3, 4], PRESENT, "B"),
        ([[["a"]], 2, 3, 4], PRESENT, "B"),
    ],
)
def test_values_of_their_own_leave_the_table(
    memory: mv2.Memvid, crowded: None, values: list[Any], encoding: int, kind: str
) -> None:
    put(memory, *[{"v": value} for value in values])
    facet = stored(memory)["meta:v"]
    assert (facet.encoding, facet.items.format) == (encoding, kind)  # type: ignore[union-attr]
    for place, value in enumerate(values):
        assert place in passing(memory, {"v": {"$eq": value}})


def test_a_field_that_no_longer_fits_goes_on_otherwise(memory: mv2.Memvid, crowded: None) -> None:
    put(memory, {"v": 1}, {"v": 2}, {"v": 3})
    assert stored(memory)["meta:v"].encoding == NUMBERS
    put(memory, {"v": 2.5})
    assert stored(memory)["meta:v"].items.format == "d"  # type: ignore[union-attr]
    put(memory, {"v": "2"})
    assert stored(memory)["meta:v"].encoding == HASHED
    put(memory, {"v": {"w": 2}})
    assert stored(memory)["meta:v"].encoding == PRESENT
    assert passing(memory, {"v": {"$gte": 2}}) == [1, 2, 3]
    assert passing(memory, {"v": "2"}) == [4]
    assert passing(memory, {"v.w": 2}) == [5]


def test_unique_dictionaries_get_a_facet_for_each_key(memory: mv2.Memvid, crowded: None) -> None:
    put(memory, *[{"place": {"lat": i / 3, "name": f"p{i}", "in": {"eu": True}}} for i in range(5)])
    facets = stored(memory)
    assert facets["meta:place\0lat"].encoding == NUMBERS
    assert facets["meta:place\0in"].encoding == CODED
    assert facets["meta:place"].encoding == PRESENT
    deep = "[" * 900 + "]" * 900
    put(
        memory,
        {"place": {"lat": 7}},
        {"place": [{"lat": 8}]},
        {"place": "none"},
        {"place": {"lat": json.loads(deep)}},
    )
    memory.commit()
    assert passing(memory, {"place.lat": {"$gte": 1}}) == [3, 4, 5, 6]
    assert passing(memory, {"place.in.eu": True}) == [0, 1, 2, 3, 4]
    assert passing(memory, {"place": {"$exists": True}}) == list(range(9))


@pytest.mark.parametrize("last", [["x", "y", "z"], "single"])
def test_frames_with_several_items_exist_once(memory: mv2.Memvid, crowded: None, last: Any) -> None:
    """There are more members, or hashes, than frames."""
    lists = [["x", "y", "z"], ["y", "z", "x"], ["z", "x", "y"], ["z", "y", "x"], last]
    put(memory, *[{"v": value} for value in lists], {})
    assert stored(memory)["meta:v"].encoding in (MEMBERS, HASHED)
    assert passing(memory, {"v": {"$exists": True}}) == [0, 1, 2, 3, 4]
    assert passing(memory, {"v": {"$exists": False}}) == [5]


def test_no_tags_are_no_value_wherever_they_are_read(
    memory: mv2.Memvid, crowded: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.put_many([{"content": "t", "tags": [f"a{i}"] * (i % 3)} for i in range(9)])
    assert stored(memory)["tags"].encoding == HASHED
    assert passing(memory, {"tags": []}) == []
    assert passing(memory, {"tags": {"$contains": ["x"]}}) == []
    assert passing(memory, {"tags": None}) == [0, 3, 6]


def test_numbers_are_hashed_by_value_and_kinds_apart() -> None:
    assert scalar_hash(1) == scalar_hash(1.0)
    assert scalar_hash(0) == scalar_hash(-0.0)
    assert len({scalar_hash(one) for one in (1, "1", True, None, "None", "True", 1.5, "1.5")}) == 8
    assert scalar_hash([1]) is None


def test_a_hash_is_only_a_hint(memory: mv2.Memvid, crowded: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facet_columns, "scalar_hash", lambda value: 7)
    monkeypatch.setattr("mv2.search._filter_columns.scalar_hash", lambda value: 7)
    put(memory, *[{"v": f"value {i}"} for i in range(4)])
    assert stored(memory)["meta:v"].encoding == HASHED
    assert passing(memory, {"v": "value 2"}) == [2]


# --- growth and bounds ------------------------------------------------------------------


def test_codes_grow_wider(memory: mv2.Memvid) -> None:
    put(memory, *[{"v": i} for i in range(200)])
    assert stored(memory)["meta:v"].items.itemsize == 1
    put(memory, *[{"v": i} for i in range(100, 400)])
    facet = stored(memory)["meta:v"]
    assert facet.items.itemsize == 2
    assert passing(memory, {"v": 150}) == [150, 250]
    assert passing(memory, {"v": 399}) == [499]


def test_untouched_facets_are_copied_and_extended(memory: mv2.Memvid, crowded: None) -> None:
    put(memory, *[{"code": "x", "number": i, "hashed": f"h{i}"} for i in range(4)])
    memory.commit()
    put(memory, {}, {})
    facets = stored(memory)
    assert list(facets["meta:code"].items) == [1, 1, 1, 1, 0, 0]
    assert passing(memory, {"number": {"$exists": True}}) == [0, 1, 2, 3]
    assert passing(memory, {"hashed": "h3"}) == [3]


def test_ten_thousand_keys_stay_bounded(memory: mv2.Memvid) -> None:
    put(memory, *[{f"key {i * 10 + j}": j for j in range(10)} for i in range(1000)])
    facets = stored(memory)
    assert len(facets) <= facet_builder.MAX_KEYS + 10
    assert len(view(memory).base.directory.facets) < 100_000
    assert passing(memory, {"key 9995": 5}) == [999]
    assert passing(memory, {"key 15": {"$exists": True}}) == [1]
    put(memory, {"key 9995": 5}, {"key 15": 5})
    memory.commit()
    assert passing(memory, {"key 9995": 5}) == [999, 1000]
    assert passing(memory, {"key 15": 5}) == [1, 1001]


def test_long_values_do_not_stand_in_the_file_twice(memory: mv2.Memvid) -> None:
    put(memory, *[{"summary": f"{i} " + "long " * 400} for i in range(100)])
    assert len(view(memory).base.directory.facets) < 10_000
    assert passing(memory, {"summary": {"$startswith": "42 "}}) == [42]


def test_bytes_a_frame(memory: mv2.Memvid) -> None:
    """With title, tags and timestamp only, facets cost two bytes a frame."""
    colours = ["red", "green", "blue"]
    memory.put_many([{"content": "t", "title": f"T {i}", "tags": [colours[i % 3]]} for i in range(2000)])
    assert len(view(memory).base.directory.facets) <= 2.2 * 2000


def test_compaction_keeps_facets(memory: mv2.Memvid) -> None:
    put(memory, {"v": 1}, {"v": "x"})
    before = bytes(view(memory).base.directory.facets)
    assert memory.vacuum().compacted
    assert bytes(view(memory).base.directory.facets) == before
    assert before


def test_growing_and_making_anew_say_the_same(memory: mv2.Memvid) -> None:
    for number in range(6):
        memory.put("t", tags=["a"] * (number % 3), metadata={"n": number, "m": {"x": [number]}})
        memory.commit()
    grown = stored(memory)
    anew = decode_facets(facets_of_frames(view(memory).base)).facets
    assert {name: (list(f.items), f.values()) for name, f in grown.items()} == {
        name: (list(f.items), f.values()) for name, f in anew.items()
    }


# --- without them, or with bad ones -------------------------------------------------------


def facets_place(path: Path) -> tuple[int, bytes]:
    """Where the facets of the newest commit stand in the file, and their bytes."""
    data = path.read_bytes()
    record = commit_record(data)
    block = data[record.accelerator_offset :][: record.accelerator_length]
    facets = bytes(decode_accelerator(block, record.contents_digest).facets)
    assert facets
    return record.accelerator_offset + block.index(facets), facets


def test_a_damaged_column_falls_back_in_silence(path: Path) -> None:
    with mv2.open(path, embedder="none") as memory:
        put(memory, {"v": 1}, {"v": 2})
    place, _ = facets_place(path)
    flip(path, place + 40)
    with mv2.open(path, embedder="none") as memory:
        assert passing(memory, {"v": 2}) == [1]
        put(memory, {"v": 2})
        memory.commit()
        assert passing(memory, {"v": 2}) == [1, 2]
        assert stored(memory)["meta:v"].values() == ["1", "2"]


@pytest.mark.parametrize("facets", [b"", b"\x63" * 60, encode_facets(1, [], partial=False)])
def test_facets_that_do_not_fit_are_made_from_the_frames(memory: mv2.Memvid, facets: bytes) -> None:
    put(memory, {"v": 1}, {"v": 2})
    known = view(memory)
    base = Base(known.file, known.base.anchor)
    base.__dict__["directory"] = dataclasses.replace(known.base.directory, facets=facets)
    assert list(parse_filter({"v": 2}).evaluate(View(known.file, base, known.overlay))) == [1]


def test_a_block_without_facets_is_valid(memory: mv2.Memvid) -> None:
    """As older versions wrote it; and they pass over a kind they do not know."""
    put(memory, {"v": 1})
    directory = dataclasses.replace(view(memory).base.directory, facets=b"")
    assert not decode_accelerator(directory.encode(bytes(32)), bytes(32)).facets
    assert KIND_FACETS == 9


@pytest.mark.parametrize("overflow", [False, True])
def test_verify_compares_facets_with_the_frames(
    memory: mv2.Memvid, monkeypatch: pytest.MonkeyPatch, overflow: bool
) -> None:
    if overflow:
        monkeypatch.setattr(facet_columns, "FEWEST_DISTINCT", 2)
    for number in range(4):
        put(
            memory,
            {"n": number, "s": f"s{number}", "l": [number, "x"], "d": {"n": number, "m": [{}]}, "p": "é"},
        )
        memory.put("t", tags=["a", f"b{number}"], labels=["l"], track="t", kind="k", metadata={"d": [1]})
        memory.commit()
    assert facet_check.fault_of_facets(view(memory).base) is None
    assert memory.verify(deep=True).ok
    block = view(memory).base.facets.block
    for name, facet in block.facets.items():
        if name.endswith("\0"):
            continue
        for changed in spoiled(facet):
            facets = encode_facets(
                block.frame_count, [*(block.facets | {name: changed}).values()], partial=False
            )
            base = Base(view(memory).file, view(memory).base.anchor)
            base.__dict__["directory"] = dataclasses.replace(base.directory, facets=facets)
            assert repr(name) in (facet_check.fault_of_facets(base) or ""), changed


def spoiled(facet: Facet) -> Iterator[Facet]:
    """The facet without its last frame, and with another last value."""
    array = codec.array
    kind = facet.items.format  # type: ignore[union-attr]
    items = array(kind, facet.items.tolist())
    ids = array("I", range(len(items)) if facet.ids is None else facet.ids)
    last = ids[max(i for i, item in enumerate(items) if item)] if facet.encoding == CODED else ids[-1]
    keep = [i for i, frame_id in enumerate(ids) if frame_id != last]
    fewer = array(kind, [items[i] for i in keep] if items else [])
    yield Facet(facet.name, facet.encoding, array("I", [ids[i] for i in keep]), fewer, facet.ends, facet.text)
    if facet.encoding in (NUMBERS, HASHED):
        items[-1] += 1
        yield Facet(facet.name, facet.encoding, ids, items)
    elif len(facet.ends) > 1:
        at = max(i for i, code in enumerate(items) if code)
        items[at] = items[at] % len(facet.ends) + 1
        yield Facet(facet.name, facet.encoding, ids, items, facet.ends, facet.text)


def test_verify_notices_a_field_without_facet(memory: mv2.Memvid) -> None:
    put(memory, {"n": 1})
    base = view(memory).base
    base.__dict__["directory"] = dataclasses.replace(
        base.directory, facets=encode_facets(1, [], partial=False)
    )
    assert "differ" in (facet_check.fault_of_facets(base) or "")
    base.__dict__["directory"] = dataclasses.replace(
        base.directory, facets=encode_facets(2, [], partial=False)
    )
    assert "2 frames" in (facet_check.fault_of_facets(base) or "")


# --- the codec ----------------------------------------------------------------------------


def sample() -> bytes:
    ends, text = codec.table(["one", "zwei"])
    array = codec.array
    return encode_facets(
        3,
        [
            Facet("a", CODED, None, array("B", [0, 2, 1]), ends, text),
            Facet("b", MEMBERS, array("I", [1, 1]), array("H", [1, 2]), ends, text),
            Facet("c", NUMBERS, None, array("d", [1, 2, 3])),
            Facet("d", HASHED, array("I", [0]), array("Q", [5])),
            Facet("e", PRESENT, array("I", [2]), array("B")),
        ],
        partial=True,
    )


def test_the_codec_gives_back_what_it_got() -> None:
    block = decode_facets(sample())
    assert (block.frame_count, block.partial, list(block.facets)) == (3, True, list("abcde"))
    assert block.facets["a"].values() == ["one", "zwei"]
    assert list(block.facets["b"].ids or ()) == [1, 1]
    assert list(block.facets["c"].items) == [1.0, 2.0, 3.0]


def test_every_changed_byte_is_refused_or_harmless() -> None:
    good = sample()
    for place in range(len(good)):
        for mask in (1, 0x80, 0xFF):
            bad = bytearray(good)
            bad[place] ^= mask
            try:
                block = decode_facets(bytes(bad))
            except FormatError:
                continue
            for facet in block.facets.values():
                facet.values()
                assert all(i < block.frame_count for i in facet.ids or ())
                if facet.encoding in (CODED, MEMBERS):
                    assert all(code <= len(facet.ends) for code in facet.items)


@pytest.mark.parametrize("size", [0, 5, 15, 40, -1])
def test_cut_off_facets_are_refused(size: int) -> None:
    with pytest.raises(FormatError):
        decode_facets(sample()[:size])


@pytest.mark.parametrize("width", ["B", "H", "I"])
@pytest.mark.parametrize("most", [0, 1, 254, 255, 256, 300, 65_535])
def test_codes_beyond_the_table_are_seen(width: str, most: int) -> None:
    largest = (1 << 8 * codec.array(width).itemsize) - 1
    for code in {0, 1, most, min(most + 1, largest), min(most + 256, largest), largest}:
        if code <= largest:
            codes = codec.array(width, [0, code, 0])
            assert codec._all_at_most(codes, most) == (code <= most)


@pytest.mark.parametrize(
    "record",
    [
        FrameRecord(id=0, timestamp=1),
        FrameRecord(id=0, timestamp=1, anchor_ts=5, kind="k", track="t", uri="u", title="é", tags=["a", "b"]),
        FrameRecord(id=0, timestamp=1, anchor_ts=5, anchor_source=3, uri="", labels=["l"],
                    extra_metadata={"k": "1"}, search_text="text", canonical_length=7),
        FrameRecord(id=0, timestamp=1, metadata=DocMetadata("image/png", 5, media=Media("a", "b", 1)),
                    content_dates=["2024"], source_path="x"),
    ],
)  # fmt: skip
def test_describing_fields_are_those_of_the_record(record: FrameRecord) -> None:
    raw = b"abc" + encode_frame(record) + b"xyz"
    found = decode_fields(raw, 3, len(raw) - 3)
    mime = None if record.metadata is None else record.metadata.mime
    assert found == (record.kind, record.track, record.uri, record.title, mime, record.tags, record.labels,
                     record.extra_metadata)  # fmt: skip
    assert frame_uris(raw, [3], 1) == [None if record.uri is None else record.uri.encode()]


@pytest.mark.parametrize("cut", [1, 20, 60, 90])
def test_cut_off_frames_have_no_fields(cut: int) -> None:
    raw = encode_frame(FrameRecord(id=0, timestamp=1, uri="u" * 40, tags=["a"] * 9))
    with pytest.raises(FormatError):
        decode_fields(raw[:cut], 0, cut)


# --- tracks -------------------------------------------------------------------------------


def neighbours(memory: mv2.Memvid, frame_id: int, before: int = 1, after: int = 1) -> list[int]:
    return view(memory).facets().track_neighbours(frame_id, before, after)


@pytest.mark.parametrize("tracks", [3, 300])
@pytest.mark.parametrize("committed", [0, 700, 1200])
def test_neighbours_in_interleaved_tracks(memory: mv2.Memvid, tracks: int, committed: int) -> None:
    documents = [{"content": "t", "track": f"t{i % tracks}"} for i in range(1200)]
    memory.put_many(documents[:committed])
    with memory.batch():
        for one in documents[committed:]:
            memory.put(**one)
    assert (
        neighbours(memory, 610, 2, 1) == [610 - 2 * tracks, 610 - tracks, 610 + tracks][-3:] or tracks == 300
    )
    assert neighbours(memory, 610, 1, 1) == [610 - tracks, 610 + tracks]
    assert neighbours(memory, 0, 3, 1) == [tracks]
    assert neighbours(memory, 1199, 1, 3) == [1199 - tracks]
    assert neighbours(memory, 610, 0, 0) == []


def test_neighbours_are_active_documents(memory: mv2.Memvid) -> None:
    for number in range(6):
        memory.put(f"t {number}", track="a")
    memory.put("elsewhere", track="b")
    memory.put("nowhere")
    memory.delete(2)
    assert neighbours(memory, 3, 2, 2) == [0, 1, 4, 5]
    memory.commit()
    memory.delete(4)
    assert neighbours(memory, 3, 1, 2) == [1, 5]
    assert neighbours(memory, 7) == []
    assert neighbours(memory, 6) == []


def test_chunks_are_no_neighbours_and_their_document_is_none_of_theirs(memory: mv2.Memvid) -> None:
    memory.put("before", track="a")
    parent = memory.put("A long sentence of several words. " * 200, track="a")
    after = memory.put("after", track="a")
    for _ in range(2):
        assert after - parent > 2
        assert neighbours(memory, parent) == [0, after]
        assert neighbours(memory, parent + 2, 2, 2) == [0, after]
        assert neighbours(memory, after, 2, 0) == [0, parent]
        memory.commit()


def test_neighbours_without_facets(path: Path) -> None:
    with mv2.open(path, embedder="none") as memory:
        for number in range(4):
            memory.put("t", track="ab"[number % 2])
    place, facets = facets_place(path)
    overwrite(path, place, bytes(len(facets)))
    with mv2.open(path, embedder="none") as memory:
        assert neighbours(memory, 1) == [3]


def test_codes_name_the_value_of_each_frame(memory: mv2.Memvid) -> None:
    memory.put("a", kind="x")
    memory.commit()
    memory.put("b", kind="y")
    memory.put("c")
    codes = view(memory).facets().codes("kind")
    assert [codes.name(i) for i in range(3)] == ["x", "y", None]
    with pytest.raises(ValueError, match="none of"):
        view(memory).facets().codes("tags")


def test_codes_of_a_field_that_is_no_table(memory: mv2.Memvid, crowded: None) -> None:
    memory.put_many([{"content": "t", "track": f"t{i}"} for i in range(5)])
    assert stored(memory)["track"].encoding == HASHED
    codes = view(memory).facets().codes("track")
    assert [codes.name(i) for i in range(5)] == [f"t{i}" for i in range(5)]


def test_pending_tracks_widen_the_codes(memory: mv2.Memvid) -> None:
    memory.put_many([{"content": "t", "track": f"t{i}"} for i in range(250)])
    older = view(memory)
    with memory.batch():
        for number in range(250, 300):
            memory.put("t", track=f"t{number}")
    codes = view(memory).facets().codes("track")
    assert codes.width == 2
    assert [codes.name(i) for i in (0, 249, 299)] == ["t0", "t249", "t299"]
    assert len(older.facets().codes("track").raw) == 250


def test_the_digest_of_the_block_covers_facets(path: Path) -> None:
    with mv2.open(path, embedder="none") as memory:
        put(memory, {"v": 1})
    data = path.read_bytes()
    record = commit_record(data)
    place, facets = facets_place(path)
    assert record.accelerator_offset < place < record.accelerator_offset + record.accelerator_length
    assert digest(data[record.accelerator_offset :][: record.accelerator_length]) == record.accelerator_digest
    assert len(facets) < 200
