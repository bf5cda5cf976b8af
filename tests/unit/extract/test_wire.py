"""What comes back from a reader process is checked before it is believed."""

from __future__ import annotations

import copy
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mv2.errors import (
    DocumentError,
    DocumentLimitError,
    EncryptedDocumentError,
    MissingExtraError,
    StorageError,
)
from mv2.extract import wire
from mv2.extract.model import Block, Extraction, Limits, Part, ReadOptions, Table
from mv2.extract.wire import Wrong
from mv2.types import Chunk, Chunking, Place

LIMITS = Limits()
FULL = Extraction(
    text="Head\n\n| a | b |\n| --- | --- |\n| 1 | x |\n\nüber",
    exact=True,
    blocks=(
        Block(kind="heading", start=0, end=4, level=1, page=1, lines=(1, 1)),
        Block(
            kind="table",
            start=6,
            end=39,
            sheet="S",
            rows=(2, 3),
            table=0,
            header=(6, 29),
            symbol="x",
            seconds=(0.5, 2),
        ),
        Block(kind="note", start=41, end=45, page=2, last_page=3),
    ),
    tables=(
        Table(
            headers=("a", "b"),
            rows=((1, "x"), (None, True), (1.5, "")),
            types=("integer", "text"),
            name="T",
            page=1,
            last_page=2,
            sheet="S",
            range="A1:B4",
            confidence=0.5,
            mode="stream",
            warnings=("w",),
        ),
    ),
    parts=(
        Part(name="a/b.txt", data=b"\x00\xff", mime="text/plain", modified=5, metadata={"x": [1]}),
        Part(name="c", data=b""),
    ),
    title="T",
    author="A",
    language="de",
    subject="S",
    keywords=("k", "l"),
    created=1,
    modified=-2,
    pages=3,
    metadata={"width": 1, "nested": {"a": [None, 1.5, "x"]}},
    warnings=("careful",),
)
CHUNKS = (
    Chunk(text=FULL.text[:6], start=0, end=6, place=Place(page=1, headings=("Head",), range=(0, 6))),
    Chunk(
        text="again " + FULL.text[6:],
        start=6,
        end=45,
        kind="table",
        place=Place(rows=(2, 3), seconds=(0.5, 2.0)),
    ),
)


def message(
    extraction: Extraction = FULL, chunks: tuple[Chunk, ...] | None = CHUNKS
) -> tuple[dict[str, Any], bytes]:
    """A reply as it comes out of the pipe."""
    found, parts = wire.encode_success(extraction, chunks)
    more = {"id": 1, "type": ["text/plain", "text", None, False], "reader": "text", "seconds": 0.5, "peak": 7}
    pipe = io.BytesIO()
    wire.write_message(pipe, wire.pack({**found, **more}), *parts)
    pipe.seek(0)
    read = wire.read_message(pipe, 1 << 30)
    assert read is not None
    return read


def test_extractions_come_back_as_they_were() -> None:
    reply = wire.decode_reply(*message(), LIMITS)
    assert reply.outcome.extraction == FULL
    assert reply.outcome.chunks == CHUNKS
    assert reply.outcome.reader == "text"
    assert reply.outcome.filetype is not None
    assert reply.outcome.filetype.mime == "text/plain"
    assert (reply.outcome.seconds, reply.outcome.peak_bytes, reply.retire, reply.broken) == (
        0.5,
        7,
        False,
        {},
    )


def test_whole_and_empty_documents_come_back() -> None:
    for extraction in (Extraction(text=""), Extraction(text="\x00 😀 \u2028")):
        reply = wire.decode_reply(*message(extraction, None), LIMITS)
        assert reply.outcome.extraction == extraction
        assert reply.outcome.chunks is None


def test_options_reach_the_process() -> None:
    options = ReadOptions(reader="pdf", notes=False, limits=Limits(seconds=5, members=3))
    chunking = Chunking(size=500, overlap=20, rule="plain")
    assert wire.config_from(wire.config_header(options, chunking)) == (options, chunking)


@pytest.mark.parametrize(
    "error",
    [
        DocumentError("bad", offset=5),
        EncryptedDocumentError("closed"),
        DocumentLimitError("big", remedy="Make it small"),
        MissingExtraError("gone", remedy="pip install x"),
    ],
)
def test_errors_come_back_as_they_were(error: Any) -> None:
    back = wire.error_of(wire.encode_failure(error)["error"])
    assert type(back) is type(error)
    assert (back.message, back.offset, back.remedy) == (error.message, error.offset, error.remedy)


def test_errors_of_other_kinds_become_errors_of_the_document() -> None:
    back = wire.error_of(wire.encode_failure(StorageError("disk" * 10_000))["error"])
    assert type(back) is DocumentError
    assert len(back.message) == 2000


@pytest.mark.parametrize("name", ["SystemExit", "StorageError", "Error", "", None, 5])
def test_no_other_class_of_error_is_made(name: object) -> None:
    with pytest.raises(Wrong):
        wire.error_of({"class": name, "message": "x"})


WRONG: dict[str, tuple[tuple[Any, ...], Any]] = {
    "text too long": (("found", "text"), 10_000),
    "text too short": (("found", "text"), 3),
    "text in the middle of a character": (("found", "text"), 42),
    "negative text": (("found", "text"), -1),
    "text a number in words": (("found", "text"), "45"),
    "no blocks": (("found", "blocks"), None),
    "block kind": (("found", "blocks", 0, 0), "evil"),
    "block kind no text": (("found", "blocks", 0, 0), ["heading"]),
    "block end": (("found", "blocks", 2, 2), 46),
    "block order": (("found", "blocks", 1, 1), 2),
    "block reversed": (("found", "blocks", 0, 1), 5),
    "block start a truth": (("found", "blocks", 0, 1), False),
    "block start a fraction": (("found", "blocks", 0, 1), 0.5),
    "block no list": (("found", "blocks", 0), {"kind": "heading"}),
    "block page": (("found", "blocks", 0, 3, "page"), -1),
    "block page text": (("found", "blocks", 0, 3, "page"), "1"),
    "block field": (("found", "blocks", 0, 3, "__class__"), 1),
    "block table": (("found", "blocks", 1, 3, "table"), 1),
    "block header": (("found", "blocks", 1, 3, "header"), [0, 29]),
    "block rows": (("found", "blocks", 1, 3, "rows"), [3, 2]),
    "block rows three": (("found", "blocks", 1, 3, "rows"), [1, 2, 3]),
    "block seconds": (("found", "blocks", 1, 3, "seconds"), [0, float("nan")]),
    "table no object": (("found", "tables", 0), []),
    "table row short": (("found", "tables", 0, "rows", 0), [1]),
    "table cell": (("found", "tables", 0, "rows", 0), [1, ["x"]]),
    "table type": (("found", "tables", 0, "types"), ["integer", "evil"]),
    "table types": (("found", "tables", 0, "types"), ["integer"]),
    "table headers": (("found", "tables", 0, "headers"), ["a", "a"]),
    "table confidence": (("found", "tables", 0, "confidence"), 1.5),
    "table without headers": (("found", "tables", 0), {"rows": []}),
    "table confidence endless": (("found", "tables", 0, "confidence"), 10**400),
    "table mode": (("found", "tables", 0, "mode"), "magic"),
    "part no list": (("found", "parts", 0), "x"),
    "part length": (("found", "parts", 0, 1), 3),
    "part shorter": (("found", "parts", 0, 1), 1),
    "part name": (("found", "parts", 0, 0), 5),
    "part time": (("found", "parts", 0, 3), 1 << 60),
    "metadata": (("found", "metadata"), [1]),
    "title": (("found", "title"), 5),
    "keywords": (("found", "keywords"), "words"),
    "created": (("found", "created"), True),
    "pages": (("found", "pages"), -1),
    "exact": (("found", "exact"), 1),
    "warnings": (("found", "warnings"), [1]),
    "chunk no list": (("found", "chunks", 0), 5),
    "chunk gap": (("found", "chunks", 1, 1), 7),
    "chunk end": (("found", "chunks", 1, 2), 46),
    "chunks that stop early": (("found", "chunks", 1, 2), 44),
    "chunk text": (("found", "chunks", 0, 0), None),
    "chunk kind": (("found", "chunks", 0, 3), None),
    "chunk place": (("found", "chunks", 0, 4), {"evil": 1}),
    "chunk headings": (("found", "chunks", 0, 4), {"headings": "x"}),
    "found": (("found",), None),
    "type": (("type",), ["a"]),
    "type mime": (("type", 0), 5),
    "reader": (("reader",), 5),
    "seconds": (("seconds",), "1"),
    "seconds endless": (("seconds",), 10**400),
    "peak": (("peak",), None),
    "broken": (("broken",), [1]),
    "broken reason": (("broken",), {"x": 1}),
    "error": (("error",), "x"),
    "error class": (("error",), {"class": "OSError", "message": "x"}),
}


@pytest.mark.parametrize("case", WRONG)
def test_whatever_is_wrong_is_refused(case: str) -> None:
    header, raw = copy.deepcopy(message())
    path, value = WRONG[case]
    target: Any = header
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    with pytest.raises(Wrong):
        wire.decode_reply(header, raw, LIMITS)


def test_names_of_parts_are_made_safe() -> None:
    part = Part(name="../../etc/passwd", data=b"")
    reply = wire.decode_reply(*message(Extraction(text="", parts=(part,)), None), LIMITS)
    assert reply.outcome.extraction is not None
    assert reply.outcome.extraction.parts[0].name == "etc/passwd"


@pytest.mark.parametrize(
    "limits",
    [Limits(text_chars=44), Limits(table_cells=5), Limits(members=1)],
    ids=["text", "cells", "parts"],
)
def test_limits_hold_on_this_side_too(limits: Limits) -> None:
    with pytest.raises(Wrong, match="limit"):
        wire.decode_reply(*message(), limits)


def test_chunks_must_end_with_their_text() -> None:
    with pytest.raises(Wrong, match="from 0 to 5"):
        wire.encode_success(FULL, (Chunk(text="else", start=0, end=5),))


@pytest.mark.parametrize("metadata", [{"x": object()}, {"x": b"bytes"}, {(1, 2): 3}, {"x": 1 << 20_000}])
def test_what_json_has_no_form_for_is_refused(metadata: Any) -> None:
    found, _ = wire.encode_success(Extraction(text="", metadata=metadata), None)
    with pytest.raises(Wrong, match="cannot be sent"):
        wire.pack(found)


def test_parts_must_be_bytes() -> None:
    with pytest.raises(Wrong, match="no bytes"):
        wire.encode_success(Extraction(text="", parts=(Part(name="a", data="text"),)), None)  # type: ignore[arg-type]


def test_lone_halves_of_characters_do_not_break_the_message() -> None:
    header, _ = message(Extraction(text="", title="a\ud800b"), None)
    assert header["found"]["title"] == "a?b"


def test_messages_are_bounded_and_whole() -> None:
    pipe = io.BytesIO()
    wire.write_message(pipe, b'{"a":1}', b"raw", b"more")
    data = pipe.getvalue()
    assert wire.read_message(io.BytesIO(data), 14) == ({"a": 1}, b"rawmore")
    assert wire.read_message(io.BytesIO(b""), 14) is None
    with pytest.raises(Wrong, match="14 bytes"):
        wire.read_message(io.BytesIO(data), 13)
    for length in range(1, len(data)):
        with pytest.raises(Wrong, match="cut off"):
            wire.read_message(io.BytesIO(data[:length]), 14)


@pytest.mark.parametrize("header", [b"", b"{", b"[]", b"5", b"[" * 100_000, b"\xff", b"1" * 5000])
def test_headers_that_are_no_objects_are_refused(header: bytes) -> None:
    pipe = io.BytesIO()
    wire.write_message(pipe, header)
    with pytest.raises(Wrong):
        wire.read_message(io.BytesIO(pipe.getvalue()), 1 << 20)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
STEPS = [path for path, _ in WRONG.values()]


@given(path=st.sampled_from(STEPS), value=JSON)
def test_any_value_anywhere_is_refused_or_fits(path: tuple[Any, ...], value: Any) -> None:
    header, raw = copy.deepcopy(message())
    target: Any = header
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    try:
        reply = wire.decode_reply(header, raw, LIMITS)
    except Wrong:
        return
    assert reply.outcome.error is not None or reply.outcome.extraction is not None


@pytest.mark.parametrize("piece", [b"[],", b"{},", b'"",', b"1.5,"])
def test_answers_that_would_take_far_more_memory_than_bytes_are_refused(piece: bytes) -> None:
    header = b'{"a":[' + piece * 300_000 + b"0]}"
    pipe = io.BytesIO()
    wire.write_message(pipe, header)
    pipe.seek(0)
    with pytest.raises(Wrong, match="values"):
        wire.read_message(pipe, 1 << 21)
    pipe.seek(0)
    assert wire.read_message(pipe, 1 << 30) is not None


def test_remedies_are_of_bounded_length() -> None:
    back = wire.error_of({"class": "DocumentError", "message": "m", "remedy": "x" * 10_000})
    assert back.remedy is not None
    assert len(back.remedy) == 2000


def test_errors_do_not_speak_to_the_terminal() -> None:
    stated = {"class": "DocumentError", "message": "bad \x1b]0;title\x07\nend", "remedy": "\x9b31m ü"}
    back = wire.error_of(stated)
    assert back.message == "bad  ]0;title  end"
    assert back.remedy == " 31m ü"


def test_metadata_is_json_of_bounded_depth() -> None:
    nested: dict[str, Any] = {"end": [float("inf"), 1.5]}
    for _ in range(LIMITS.depth - 2):
        nested = {"a": nested}
    found = wire.decode_reply(*message(Extraction(text="", metadata=nested), None), LIMITS).outcome.extraction
    assert found is not None
    inner = found.metadata
    for _ in range(LIMITS.depth - 2):
        inner = inner["a"]
    assert inner == {"end": [None, 1.5]}
    for extraction in (
        Extraction(text="", metadata={"a": nested}),
        Extraction(text="", parts=(Part(name="a", data=b"", metadata={"a": nested}),)),
    ):
        with pytest.raises(Wrong, match="limit depth"):
            wire.decode_reply(*message(extraction, None), LIMITS)
