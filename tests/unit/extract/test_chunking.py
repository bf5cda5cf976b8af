"""How documents are cut into chunks."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import pytest

from mv2.errors import InvalidArgumentError
from mv2.extract._chunk_pieces import whole_pieces
from mv2.extract.builder import TextBuilder
from mv2.extract.chunking import chunk, looks_structured, uses_structure
from mv2.extract.model import Block, Extraction, Limits, ReadOptions, Source
from mv2.extract.plain import chunk_ranges
from mv2.extract.readers._markdown_blocks import MarkdownBlocks
from mv2.types import Chunk, Chunking

SENTENCE = "The harbour was quiet and the boats lay still. "


def prose(chars: int) -> str:
    return (SENTENCE * (chars // len(SENTENCE) + 1))[:chars].strip()


def built(*pieces: tuple[str, str] | tuple[str, str, dict[str, Any]], exact: bool = False) -> Extraction:
    builder = TextBuilder()
    for kind, text, *rest in pieces:
        builder.add(kind, text, **(rest[0] if rest else {}))  # type: ignore[arg-type]
    return Extraction(text=builder.text, blocks=builder.blocks, exact=exact)


def markdown(text: str) -> Extraction:
    found = MarkdownBlocks(text, 0, Limits())
    return Extraction(text=text, exact=True, blocks=tuple(found.blocks), tables=tuple(found.tables))


def cut(extraction: Extraction, **fields: Any) -> tuple[Chunk, ...]:
    chunks = chunk(extraction, Chunking(**fields))
    assert chunks is not None
    assert chunks[0].start == 0
    assert chunks[-1].end == len(extraction.text)
    assert all(one.end == other.start for one, other in pairwise(chunks))
    assert all(one.text.endswith(extraction.text[one.start : one.end]) for one in chunks)
    return chunks


def own(extraction: Extraction, one: Chunk) -> str:
    return extraction.text[one.start : one.end]


def table_of(rows: int, width: int = 40) -> tuple[str, int]:
    header = "| Name | Place |\n| --- | --- |"
    body = "".join(f"\n| row {number:04} | {'x' * width} |" for number in range(1, rows + 1))
    return header + body, len(header)


# What is cut at all.


def test_short_documents_stay_whole() -> None:
    assert chunk(built(("heading", "A", {"level": 1}), ("paragraph", prose(2000))), Chunking()) is None
    assert chunk(Extraction(text=prose(2390)), Chunking()) is None
    assert chunk(Extraction(text=prose(2410)), Chunking()) is not None
    assert chunk(Extraction(text=""), Chunking(smallest=0)) is None


def test_white_space_does_not_make_plain_text_long() -> None:
    assert chunk(Extraction(text="word" + " " * 5000), Chunking()) is None


def test_rule_none_keeps_everything_whole() -> None:
    assert chunk(Extraction(text=prose(50_000)), Chunking(rule="none")) is None


def test_smallest_decides_what_is_cut() -> None:
    document = built(("heading", "A", {"level": 1}), ("paragraph", prose(2000)))
    assert chunk(document, Chunking(smallest=1000)) is not None
    assert chunk(document, Chunking(smallest=5000)) is None


def test_a_document_of_one_piece_stays_whole() -> None:
    assert chunk(built(("code", "x = 1\n" * 500)), Chunking()) is None


@pytest.mark.parametrize(
    "fields",
    [{"size": 0}, {"overlap": -1}, {"overlap": 1200}, {"rule": "magic"}, {"smallest": -1}],
)
def test_settings_that_cannot_work(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgumentError):
        chunk(Extraction(text="x"), Chunking(**fields))


def test_auto_takes_structure_where_there_is_some() -> None:
    text = prose(5000)
    plain = Extraction(text=text, blocks=(Block(kind="paragraph", start=0, end=len(text)),))
    assert not uses_structure(plain, Chunking())
    assert [(one.start, one.end) for one in cut(plain)] == chunk_ranges(text)
    assert uses_structure(built(("quote", text)), Chunking())
    assert not uses_structure(built(("quote", text)), Chunking(rule="plain"))


@pytest.mark.parametrize(
    ("text", "structured"),
    [
        ("plain words | and bars\n---\n", False),
        ("| a | b |\n| --- | :-: |\n| 1 | 2 |", True),
        ("before\n\n| a |\n|---|\n", True),
        ("| --- | --- |\n| a | b |", False),
        ("| a | b\n| --- | --- |", False),
        ("```python\nx = 1\n```\n", True),
        ("~~~~\nx\n~~~~~\n", True),
        ("```\nnever closed", False),
        ("```\nx\n~~~\n", False),
        ("````\nx\n```\n", False),
        ("text ``` in a line ```", False),
        ("# heading\n\n- item\n", False),
    ],
)
def test_text_that_looks_structured(text: str, structured: bool) -> None:
    assert looks_structured(text) is structured


# Headings and sections.


def test_a_heading_starts_a_chunk_and_stays_with_its_text() -> None:
    document = built(
        ("heading", "Boats", {"level": 1}),
        ("paragraph", prose(900)),
        ("heading", "Piers", {"level": 1}),
        ("paragraph", prose(900)),
        ("heading", "Crew", {"level": 2}),
        ("paragraph", prose(900)),
    )
    chunks = cut(document)
    assert [own(document, one).split("\n")[0] for one in chunks] == ["Boats", "Piers", "Crew"]
    assert [one.place.headings for one in chunks] == [("Boats",), ("Piers",), ("Piers", "Crew")]


def test_small_sections_share_a_chunk() -> None:
    pieces = [
        piece
        for number in range(8)
        for piece in (("heading", f"Part {number}", {"level": 2}), ("paragraph", prose(280)))
    ]
    chunks = cut(built(*pieces), smallest=0)  # type: ignore[arg-type]
    assert 2 <= len(chunks) <= 4
    assert chunks[0].place.headings == ("Part 0",)
    assert "Part 1" in chunks[0].text


def test_top_sections_of_some_size_are_not_mixed() -> None:
    pieces = [("heading", "Report", {"level": 1})]
    for number in range(4):
        pieces += [("heading", f"Part {number}", {"level": 2}), ("paragraph", prose(500))]  # type: ignore[list-item]
    chunks = cut(built(*pieces), smallest=0)
    assert [one.place.headings for one in chunks] == [("Report", f"Part {number}") for number in range(4)]


def test_no_chunk_ends_with_a_heading() -> None:
    document = built(
        ("paragraph", prose(1150)),
        ("heading", "One", {"level": 1}),
        ("heading", "Two", {"level": 2}),
        ("paragraph", prose(1190)),
    )
    chunks = cut(document, smallest=0)
    assert own(document, chunks[1]).startswith("One\n\nTwo\n\nThe harbour")
    assert chunks[1].place.headings == ("One", "Two")


def test_a_sentence_with_a_colon_stays_with_its_list() -> None:
    document = built(
        ("heading", "Stores", {"level": 1}),
        ("paragraph", prose(1000)),
        ("paragraph", "The boat carried these things:"),
        ("list", "\n".join(f"- thing number {number}" for number in range(40)), {"level": 1}),
    )
    chunks = cut(document, smallest=0)
    assert own(document, chunks[1]).startswith("The boat carried these things:\n\n- thing number 0")


def test_titles_are_shown_without_marks() -> None:
    text = f"# Boats #\n\n{prose(1500)}\n\nPiers\n=====\n\n{prose(1500)}\n\n## C# code\n\n{prose(1500)}\n"
    chunks = cut(markdown(text))
    paths = list(dict.fromkeys(one.place.headings for one in chunks))
    assert paths == [("Boats",), ("Piers",), ("Piers", "C# code")]


# Large blocks.


def test_long_paragraphs_are_cut_at_sentences() -> None:
    document = built(("heading", "A", {"level": 1}), ("paragraph", prose(6000)))
    chunks = cut(document)
    assert all(own(document, one).rstrip().endswith(".") for one in chunks[:-1])
    assert all(800 <= one.end - one.start <= 1440 for one in chunks[:-1])


def test_a_paragraph_a_little_too_long_stays_whole() -> None:
    document = built(("quote", prose(1400)), ("paragraph", prose(1400)))
    assert [one.end - one.start > 1300 for one in cut(document)] == [True, True]


def test_lists_are_cut_between_items() -> None:
    items = "\n".join(f"- {prose(90)}\n  and its second line" for _ in range(60))
    document = built(("list", items, {"level": 1}))
    chunks = cut(document)
    assert len(chunks) > 4
    assert all(own(document, one).startswith("- ") for one in chunks)
    assert {one.kind for one in chunks} == {"list"}


def test_tables_repeat_their_header() -> None:
    text, header = table_of(200)
    document = built(("table", text, {"header": header, "rows": (1, 200), "table": 0}))
    chunks = cut(document)
    last = 0
    for number, one in enumerate(chunks):
        assert one.text.startswith("| Name | Place |\n| --- | --- |\n| row ")
        assert one.text.count("| Name |") == 1
        assert len(one.text) <= 1440
        assert one.kind == "table"
        assert one.place.rows is not None
        assert one.place.rows[0] == last + 1
        assert f"| row {one.place.rows[0]:04} |" in one.text
        assert f"| row {one.place.rows[1]:04} |" in one.text
        assert (one.start == 0) == (number == 0)
        last = one.place.rows[1]
    assert last == 200


def test_rows_that_count_the_header() -> None:
    text, header = table_of(100)
    document = built(("table", text, {"header": header, "rows": (3, 103), "sheet": "Harbour"}))
    chunks = cut(document)
    assert chunks[0].place.rows is not None
    assert chunks[0].place.rows[0] == 4
    assert chunks[-1].place.rows is not None
    assert chunks[-1].place.rows[1] == 103
    assert {one.place.sheet for one in chunks} == {"Harbour"}


def test_rows_that_cannot_be_told_apart_are_given_whole() -> None:
    text, header = table_of(100)
    chunks = cut(built(("table", text, {"header": header, "rows": (1, 500)})))
    assert {one.place.rows for one in chunks} == {(1, 500)}


def test_text_behind_a_table_has_no_header() -> None:
    text, header = table_of(60)
    document = built(("table", text, {"header": header}), ("paragraph", prose(2400)))
    chunks = cut(document)
    assert not chunks[-1].text.startswith("| Name")


def test_a_monstrous_header_is_not_repeated() -> None:
    header = "| " + "h" * 100_000 + " |\n| --- |"
    document = built(("table", header + "\n| x |" * 2000, {"header": len(header)}))
    chunks = cut(document)
    assert sum(len(one.text) for one in chunks) == len(document.text)


def test_a_row_larger_than_a_chunk_is_cut_under_its_header() -> None:
    header = "| A |\n| --- |"
    document = built(
        ("table", f"{header}\n| {prose(5000)} |\n| z |", {"header": len(header), "rows": (1, 2)})
    )
    chunks = cut(document)
    assert all(one.text.startswith("| A |\n| --- |\n") for one in chunks)
    assert [one.place.rows for one in chunks[:2]] == [(1, 1), (1, 1)]


def test_code_stays_whole_up_to_a_bound() -> None:
    function = "def f():\n" + "".join(f"    x = {number}\n\n" for number in range(200))
    document = built(("paragraph", prose(1000)), ("code", function), ("paragraph", prose(1000)))
    assert [one.kind for one in cut(document)] == ["text", "code", "text"]
    chunks = cut(built(("code", function * 5)))
    assert all(one.end - one.start <= 4 * 1200 for one in chunks)
    assert all(one.text.endswith("\n\n") for one in chunks[:-1])


def test_code_without_blank_lines_is_cut_at_lines() -> None:
    document = built(("code", "\n".join(f"call_of_a_function({number})" for number in range(1000))))
    chunks = cut(document)
    assert all(own(document, one).startswith("call_of_a_function(") for one in chunks)


@pytest.mark.parametrize("kind", ["heading", "paragraph", "list", "table", "code", "record", "quote"])
def test_ten_megabytes_in_one_line(kind: str) -> None:
    document = built((kind, "x" * 10_000_000, {"level": 1}))
    started = time.process_time()
    chunks = cut(document, rule="structure")
    assert time.process_time() - started < 5
    assert all(one.end - one.start <= 4800 for one in chunks)


def test_records_are_packed() -> None:
    pieces = [
        ("record", f"message {number}: {prose(200)}", {"rows": (number, number)}) for number in range(1, 41)
    ]
    chunks = cut(built(*pieces))
    assert {one.kind for one in chunks} == {"record"}
    assert chunks[0].place.rows == (1, 5)
    assert all(
        one.place.rows[1] + 1 == other.place.rows[0]
        for one, other in pairwise(chunks)
        if one.place.rows and other.place.rows
    )


def test_a_short_end_goes_to_the_chunk_before() -> None:
    document = built(("quote", prose(1190)), ("quote", prose(1190)), ("quote", "So it ended."))
    _, second = cut(document, smallest=0)
    assert second.end - second.start > 1200


def test_sheets_are_not_mixed() -> None:
    document = built(*(("record", prose(300), {"sheet": sheet}) for sheet in ("One", "One", "Two", "Three")))
    chunks = cut(document, smallest=0)
    assert [one.place.sheet for one in chunks] == ["One", "Two", "Three"]


def test_text_that_no_block_claims_is_text() -> None:
    table, header = table_of(4)
    text = f"{table}\n\n{prose(3000)}"
    blocks = (Block(kind="table", start=0, end=len(table), header=(0, header)),)
    chunks = cut(Extraction(text=text, blocks=blocks))
    assert [one.kind for one in chunks[1:]] == ["text"] * (len(chunks) - 1)
    assert "".join(one.text for one in chunks) == text


def test_blocks_that_overlap_are_left_out() -> None:
    text = prose(300)
    blocks = [
        Block(kind="list", start=start, end=end) for start, end in ((0, 48), (150, 200), (50, 60), (190, 250))
    ]
    pieces = whole_pieces(text, blocks)
    assert [(one.start, one.end, one.block.kind) for one in pieces] == [
        (0, 48, "list"),
        (48, 150, "paragraph"),
        (150, 200, "list"),
        (200, len(text), "paragraph"),
    ]


# Places.


def test_pages_and_seconds_are_gathered() -> None:
    document = built(
        ("quote", prose(500), {"page": 1, "seconds": (0.0, 4.0)}),
        ("quote", prose(500), {"page": 2, "last_page": 3, "seconds": (4.0, 9.5)}),
        ("quote", prose(1100), {"page": 4}),
        ("quote", prose(1100)),
    )
    first, second, third = cut(document)
    assert (first.place.page, first.place.last_page, first.place.seconds) == (1, 3, (0.0, 9.5))
    assert (second.place.page, second.place.last_page, second.place.seconds) == (4, 4, None)
    assert (third.place.page, third.place.last_page) == (None, None)
    assert third.place.range == (third.start, third.end)


def test_plain_chunks_know_their_pages() -> None:
    document = built(*(("paragraph", prose(1000), {"page": page}) for page in range(1, 6)))
    chunks = cut(document)
    assert chunks[0].place.page == 1
    assert chunks[-1].place.last_page == 5
    assert [one.place.page for one in chunks] == sorted(one.place.page or 0 for one in chunks)


def test_a_chunk_of_two_sheets_has_no_sheet() -> None:
    document = built(*(("record", prose(700), {"sheet": sheet}) for sheet in ("One", "Two", "Two", "Two")))
    assert [one.place.sheet for one in cut(document, rule="plain")] == [None, "Two", "Two"]


def test_lines_of_exact_text_are_counted() -> None:
    text = "".join(f"{number:03} {prose(60)}\n\n" for number in range(200))
    for rule in ("plain", "structure"):
        for one in cut(Extraction(text=text, exact=True), rule=rule):
            lines = text[one.start : one.end].strip().split("\n")
            assert one.place.lines is not None
            first, last = one.place.lines
            assert text.split("\n")[first - 1] == lines[0]
            assert text.split("\n")[last - 1] == lines[-1]


def test_lines_of_a_part_are_counted_in_a_block_of_so_many_lines() -> None:
    text = "\n".join(f"{number:03} {prose(60)}" for number in range(200))
    for piece in ({"lines": (11, 210)}, {"lines": (11, 400)}):
        document = built(("paragraph", text, piece))
        for one in cut(document, rule="plain"):
            shown = own(document, one).strip()
            counted = (int(shown[:3]) + 11, int(shown.rsplit("\n", 1)[-1][:3]) + 11)
            assert one.place.lines == (counted if piece["lines"][1] == 210 else (11, 400))


def test_lines_of_rendered_text_come_from_the_blocks() -> None:
    pieces = [("record", prose(700), {"lines": (number * 10, number * 10 + 5)}) for number in range(1, 6)]
    assert [one.place.lines for one in cut(built(*pieces))][:2] == [(10, 15), (20, 25)]


def test_symbols() -> None:
    def code(symbol: str | None, chars: int = 300) -> tuple[str, str, dict[str, Any]]:
        return ("code", "x" * chars, {"symbol": symbol})

    document = built(
        code("Cart.add"), code("Cart.drop"), code("Cart.total", 500), code("main", 1000), code(None, 900)
    )
    assert [one.place.symbol for one in cut(document)] == ["Cart", "main", None]
    assert [
        one.place.symbol for one in cut(built(code("a", 700), code("b", 200), code("c", 700)), smallest=0)
    ] == ["a", None]


def test_kind_is_what_most_of_it_is() -> None:
    document = built(("paragraph", prose(300)), ("code", "x = 1\n" * 130), ("quote", prose(1100)))
    assert [one.kind for one in cut(document, smallest=0)] == ["code", "text"]


# Overlap.


@pytest.mark.parametrize("rule", ["plain", "structure"])
def test_overlap_repeats_whole_words(rule: str) -> None:
    text = prose(6000)
    document = Extraction(text=text)
    for before, one in pairwise(cut(document, overlap=100, rule=rule)):
        prefix = one.text.removesuffix(own(document, one))
        assert 80 <= len(prefix) <= 100
        assert own(document, before).endswith(prefix)
        assert prefix.split()[0] in SENTENCE.split()


def test_overlap_is_not_longer_than_the_chunk_before() -> None:
    sheets = {"One": prose(400), "Two": "few words", "Three": prose(400)}
    document = built(*(("record", text, {"sheet": sheet}) for sheet, text in sheets.items()))
    chunks = cut(document, overlap=200, smallest=0)
    assert chunks[2].text == "few words\n\n" + own(document, chunks[2])


def test_overlap_of_text_without_spaces() -> None:
    document = Extraction(text="海" * 6000)
    assert cut(document, overlap=50)[1].text == "海" * 1250
    assert cut(Extraction(text="x" * 6000), overlap=50)[1].text == "x" * 1200


def test_a_table_is_not_an_overlap() -> None:
    text, header = table_of(25)
    document = built(("table", text, {"header": header}), ("quote", prose(1200)))
    chunks = cut(document, overlap=100)
    assert chunks[-1].text == own(document, chunks[-1])


# Readers and chunking together.


def test_a_program_is_cut_between_its_functions() -> None:
    from mv2.extract.readers.code import read

    source = "".join(f"def task_{number}(x):\n" + "    x += 1\n" * 30 + "\n\n" for number in range(30))
    document = read(Source(data=source.encode(), name="tasks.py"), ReadOptions())
    for one in cut(document):
        assert one.text.startswith("def task_")
        assert one.place.lines is not None
        assert one.kind == "code"


def test_a_markdown_file() -> None:
    text, _ = table_of(80)
    code = "```\nx = 1\n\n\ny = 2\n```"
    head = f"# Harbour\n\n{prose(800)}\n\n## Ships\n\nThese came in:"
    source = f"{head}\n\n{text}\n\n{code}\n\n{prose(900)}\n"
    document = markdown(source)
    chunks = cut(document)
    assert chunks[0].kind == "text"
    tables = [one for one in chunks if one.kind == "table"]
    assert len(tables) >= 3
    assert all("| Name | Place |\n| --- | --- |\n" in one.text for one in tables)
    assert all(one.place.headings == ("Harbour", "Ships") for one in tables)
    assert any("x = 1\n\n\ny = 2" in one.text for one in chunks)
