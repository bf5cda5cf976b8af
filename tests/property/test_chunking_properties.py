"""Chunks of any document: they cover it, in order, within bounds."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mv2.extract.builder import TextBuilder
from mv2.extract.chunking import chunk
from mv2.extract.model import Block, Extraction
from mv2.extract.plain import chunk_ranges, needs_chunking
from mv2.types import Chunk, Chunking

SIZE = 200
LONGEST = SIZE + SIZE // 5
CODE_LONGEST = 4 * SIZE + SIZE // 2

words = st.sampled_from(
    ["a", "word", "sentence.", "Überlänge", "x" * 60, "漢字かな", "e\u0301", "why?", "3.14", "\t", "end.\n"]
)
paragraphs = st.lists(words, min_size=1, max_size=120).map(" ".join)
lines = st.lists(words, min_size=1, max_size=6).map(
    lambda some: " ".join(some).replace("\n", " ").strip() or "-"
)


@st.composite
def documents(draw: st.DrawFn) -> Extraction:
    builder = TextBuilder()
    for page in range(1, draw(st.integers(1, 3)) + 1):
        builder.at(page=page)
        for _ in range(draw(st.integers(0, 8))):
            kind = draw(
                st.sampled_from(["heading", "paragraph", "paragraph", "list", "table", "code", "record"])
            )
            if kind == "heading":
                builder.add("heading", draw(lines), level=draw(st.integers(1, 4)))
            elif kind == "list":
                items = draw(st.lists(lines, min_size=1, max_size=30))
                builder.add("list", "\n".join(f"- {item}" for item in items), level=1)
            elif kind == "table":
                rows = draw(st.lists(lines, min_size=1, max_size=30))
                header = "| Name |\n| --- |"
                body = "".join(f"\n| {row} |" for row in rows)
                builder.add("table", header + body, header=len(header), rows=(1, len(rows)))
            elif kind == "code":
                body = draw(st.lists(lines | st.just(""), min_size=1, max_size=80))
                builder.add("code", "\n".join(body), symbol=draw(st.sampled_from(["A.f", "A.g", "h", None])))
            else:
                builder.add("paragraph" if kind == "paragraph" else "record", draw(paragraphs))
    return Extraction(text=builder.text, blocks=builder.blocks)


def cut(extraction: Extraction, **fields: object) -> tuple[Chunk, ...]:
    return chunk(extraction, Chunking(size=SIZE, smallest=0, **fields)) or ()  # type: ignore[arg-type]


def assert_covered(text: str, chunks: tuple[Chunk, ...]) -> None:
    assert chunks[0].start == 0
    assert chunks[-1].end == len(text)
    assert all(one.end == other.start for one, other in pairwise(chunks))
    for one in chunks:
        assert one.start < one.end
        assert one.text.endswith(text[one.start : one.end])
        assert one.place.range == (one.start, one.end)


def prefix_of(one: Chunk) -> str:
    return one.text[: len(one.text) - (one.end - one.start)]


def overlapping(extraction: Extraction, one: Chunk) -> list[Block]:
    return [block for block in extraction.blocks if block.start < one.end and block.end > one.start]


@given(documents(), st.integers(0, 60), st.sampled_from(["auto", "plain", "structure"]))
def test_chunks_cover_the_text_in_order(extraction: Extraction, overlap: int, rule: str) -> None:
    chunks = cut(extraction, overlap=overlap, rule=rule)
    if chunks:
        assert len(chunks) > 1
        assert_covered(extraction.text, chunks)
    else:
        assert len(extraction.text) <= CODE_LONGEST
    assert chunks == cut(extraction, overlap=overlap, rule=rule)


@given(documents())
def test_chunks_are_not_too_long(extraction: Extraction) -> None:
    for one in cut(extraction, rule="structure"):
        coded = any(block.kind == "code" for block in overlapping(extraction, one))
        assert one.end - one.start <= (CODE_LONGEST if coded else LONGEST)


@given(documents(), st.integers(0, 60))
def test_what_stands_before_a_chunk_is_repeated_text(extraction: Extraction, overlap: int) -> None:
    chunks = cut(extraction, overlap=overlap, rule="structure")
    for before, one in pairwise(chunks):
        prefix = prefix_of(one)
        first = overlapping(extraction, one)[:1]
        if first and first[0].kind == "table" and first[0].start < one.start:
            assert prefix == "| Name |\n| --- |\n"
        else:
            assert len(prefix) <= overlap
            assert extraction.text[: one.start].endswith(prefix)
            assert len(prefix) <= before.end - before.start
            assert prefix == prefix.lstrip()
    assert not chunks or prefix_of(chunks[0]) == ""


@given(documents())
def test_no_chunk_ends_with_a_heading(extraction: Extraction) -> None:
    blocks = extraction.blocks
    for one in cut(extraction, rule="structure")[:-1]:
        inside = [block for block in blocks if block.start < one.end and block.start >= one.start]
        if inside and inside[-1].kind == "heading" and inside[-1] is not blocks[-1]:
            run = 0  # only a heap of headings may be parted
            for block in reversed(blocks[: blocks.index(inside[-1]) + 1]):
                if block.kind != "heading":
                    break
                run += block.end - block.start + 2
            assert run > SIZE // 2


@given(documents())
def test_rows_of_tables_are_counted(extraction: Extraction) -> None:
    """Every row that is whole in a chunk has its number in the place of the chunk."""
    text = extraction.text
    for one in cut(extraction, rule="structure"):
        tables = [block for block in overlapping(extraction, one) if block.kind == "table"]
        if len(tables) != 1:
            continue
        table = tables[0]
        assert table.header is not None
        row_starts = [place + 1 for place in range(table.header[1], table.end) if text[place] == "\n"]
        mine = [number for number, start in enumerate(row_starts, 1) if one.start <= start < one.end]
        if mine:
            assert one.place.rows is not None
            assert one.place.rows[0] <= mine[0]
            assert one.place.rows[1] == mine[-1]


@given(st.text(max_size=1500), st.integers(1, 120))
def test_text_without_structure_is_cut_by_the_plain_rule(text: str, size: int) -> None:
    chunks = chunk(Extraction(text=text, exact=True), Chunking(size=size))
    ranges = chunk_ranges(text, size)
    if needs_chunking(text, 2 * size) and len(ranges) > 1:
        assert chunks is not None
        assert [(one.start, one.end) for one in chunks] == ranges
    else:
        assert chunks is None


@given(
    st.text(alphabet="ab. \n", max_size=900),
    st.lists(st.tuples(st.integers(-5, 900), st.integers(-5, 950)), max_size=12),
    st.sampled_from(["heading", "paragraph", "list", "table", "code", "record", "quote"]),
    st.integers(1, 90),
)
def test_wrong_blocks_lose_no_text(text: str, ranges: list[tuple[int, int]], kind: str, size: int) -> None:
    """A reader of somebody else may hand over blocks that overlap or leave text out."""
    blocks = tuple(Block(kind=kind, start=start, end=end, header=(start, start + 3)) for start, end in ranges)  # type: ignore[arg-type]
    chunks = chunk(Extraction(text=text, blocks=blocks), Chunking(size=size, smallest=0, rule="structure"))
    if chunks is not None:
        assert_covered(text, chunks)
