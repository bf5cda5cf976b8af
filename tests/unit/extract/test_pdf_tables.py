"""Tables in PDF documents, ruled and not: their cells are read exactly as they stand."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from mv2.extract.model import Extraction, Limits, ReadOptions, Source, Table
from mv2.extract.readers.pdf import read

pytest.importorskip("pypdfium2")
pytest.importorskip("reportlab")

from reportlab.lib import colors
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen import canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer
from reportlab.platypus import Table as Drawn

SAMPLES = Path(__file__).parents[2] / "samples" / "pdf"
STYLES = getSampleStyleSheet()
PEOPLE = [["Name", "City", "Amount"], ["Ann", "Oslo", "100"], ["Bob", "Rome", "250"], ["Cid", "Lima", "75"]]
GRID = ("GRID", (0, 0), (-1, -1), 0.5, colors.black)


def extract(data: bytes, **options: Any) -> Extraction:
    return read(Source(data=data, name="a.pdf"), ReadOptions(**options))


def sample(name: str) -> Extraction:
    return extract((SAMPLES / name).read_bytes())


def built(*parts: Any, **options: Any) -> Extraction:
    out = io.BytesIO()
    SimpleDocTemplate(out, pagesize=(500, 500)).build(list(parts))
    return extract(out.getvalue(), **options)


def prose(text: str = "Some text stands around the table, so that it is not alone on its page.") -> Paragraph:
    return Paragraph(text, STYLES["Normal"])


def ruled(*style: Any, rows: Sequence[Sequence[Any]] = PEOPLE, **more: Any) -> Drawn:
    return Drawn([list(row) for row in rows], style=list(style), **more)


def cells(table: Table) -> list[list[Any]]:
    return [list(table.headers), *map(list, table.rows)]


def only(found: Extraction) -> Table:
    assert len(found.tables) == 1
    return found.tables[0]


def test_a_ruled_table_is_read_exactly_and_stands_once_in_the_text() -> None:
    found = built(prose("Before the table."), Spacer(1, 10), ruled(GRID), Spacer(1, 10), prose("After it."))
    table = only(found)
    assert cells(table) == PEOPLE
    assert table.types == ("text", "text", "integer")
    assert (table.mode, table.page, table.last_page) == ("lattice", 1, None)
    assert table.confidence >= 0.9
    assert found.text == (
        "Before the table.\n\n"
        "| Name | City | Amount |\n| --- | --- | --- |\n| Ann | Oslo | 100 |\n| Bob | Rome | 250 |\n"
        "| Cid | Lima | 75 |\n\n"
        "After it."
    )
    block = found.blocks[1]
    assert (block.kind, block.table, block.page) == ("table", 0, 1)
    assert block.header is not None
    assert found.text[slice(*block.header)].startswith("| Name | City | Amount |\n| --- |")


@pytest.mark.parametrize(
    "style",
    [
        [("GRID", (0, 0), (-1, -1), 0.5, colors.black, 0, (3, 3))],
        [("GRID", (0, 0), (-1, -1), 2.5, colors.grey)],
        [("BACKGROUND", (0, 0), (-1, -1), colors.lightblue), ("GRID", (0, 0), (-1, -1), 1, colors.white)],
        [
            ("LINEABOVE", (0, 0), (-1, -1), 0.5, colors.black),
            ("LINEBELOW", (0, -1), (-1, -1), 0.5, colors.black),
            ("LINEBEFORE", (1, 0), (-1, -1), 0.5, colors.black),
        ],
        [
            ("BOX", (0, 0), (-1, -1), 0.5, colors.black),
            ("LINEBELOW", (0, 0), (-1, 0), 0.5, colors.black),
            ("LINEBEFORE", (1, 0), (-1, -1), 0.5, colors.black),
        ],
    ],
    ids=["dashed", "thick", "white on colour", "open at the sides", "rows without lines"],
)
def test_lines_of_many_kinds(style: list[Any]) -> None:
    table = only(built(prose(), ruled(*style), prose()))
    assert table.mode == "lattice"
    assert cells(table) == PEOPLE


def test_cells_drawn_as_boxes_and_as_thin_fills() -> None:
    for draw in (_boxes, _thin_fills):
        out = io.BytesIO()
        page = canvas.Canvas(out, pagesize=(500, 500))
        draw(page)
        for at, row in enumerate(PEOPLE):
            for column, text in enumerate(row):
                page.drawString(104 + 80 * column, 386 - 20 * at, text)
        page.save()
        table = only(extract(out.getvalue()))
        assert (table.mode, cells(table)) == ("lattice", PEOPLE)


def _boxes(page: Any) -> None:
    for row in range(4):
        for column in range(3):
            page.rect(100 + 80 * column, 380 - 20 * row, 78, 18)


def _thin_fills(page: Any) -> None:
    for row in range(5):
        page.rect(100, 400 - 20 * row, 240, 0.75, stroke=0, fill=1)
    for column in range(4):
        page.rect(100 + 80 * column, 320, 0.75, 80, stroke=0, fill=1)


def test_merged_cells_repeat_their_value() -> None:
    rows = [
        ["Region", "Sales", "", "Total"],
        ["", "2023", "2024", ""],
        ["North", "10", "20", "30"],
        ["", "11", "21", "32"],
        ["South", "5", "6", "11"],
    ]
    spans = [((0, 0), (0, 1)), ((1, 0), (2, 0)), ((3, 0), (3, 1)), ((0, 2), (0, 3))]
    table = only(built(prose(), ruled(GRID, *(("SPAN", *span) for span in spans), rows=rows)))
    assert table.headers == ("Region", "Sales 2023", "Sales 2024", "Total")
    assert [list(row) for row in table.rows] == [
        ["North", "10", "20", "30"],
        ["North", "11", "21", "32"],
        ["South", "5", "6", "11"],
    ]


def test_wrapped_cells_are_one_row() -> None:
    style = STYLES["Normal"]
    rows = [
        ["Key", "Text"],
        ["a", Paragraph("This text runs over several lines in its cell, since there is much of it.", style)],
        [
            "b",
            Paragraph("This one is as long, or a little longer, and it is set over many lines too.", style),
        ],
    ]
    table = only(built(prose(), ruled(GRID, rows=rows, colWidths=[40, 110])))
    assert cells(table)[1:] == [
        ["a", "This text runs over several lines in its cell, since there is much of it."],
        ["b", "This one is as long, or a little longer, and it is set over many lines too."],
    ]


def test_empty_cells_stay_empty() -> None:
    rows = [["Day", "Early", "Late"], ["Mon", "", "x"], ["Tue", "x", ""], ["Wed", "", ""]]
    assert cells(only(built(prose(), ruled(GRID, rows=rows)))) == rows


def test_a_word_through_a_line_is_parted() -> None:
    out = io.BytesIO()
    page = canvas.Canvas(out, pagesize=(500, 500))
    _thin_fills(page)
    page.setFont("Courier", 10)
    for at, row in enumerate(
        [["Left", "Mid", "Right"], ["aaaa", "bbbb", "cccc"], ["dd", "ee", "ff"], ["g", "h", "i"]]
    ):
        if at == 1:
            page.drawString(156, 366, "aaaabbbb")
            page.drawString(270, 366, row[2])
            continue
        for column, text in enumerate(row):
            page.drawString(104 + 80 * column, 386 - 20 * at, text)
    page.save()
    assert only(extract(out.getvalue())).rows[0] == ("aaaa", "bbbb", "cccc")


def test_a_table_over_pages_is_one() -> None:
    rows = [["No", "Item", "Price"], *([str(at), f"Thing {at}", f"{at * 1.25:.2f}"] for at in range(1, 101))]
    found = built(prose("A list of things."), ruled(GRID, rows=rows, repeatRows=1), prose("The end."))
    table = only(found)
    assert cells(table) == rows
    assert table.page == 1
    assert table.last_page == found.pages
    assert found.pages is not None
    assert found.pages >= 4
    block = next(block for block in found.blocks if block.kind == "table")
    assert (block.page, block.last_page, block.rows) == (1, found.pages, (1, 100))
    assert found.text.count("| No | Item | Price |") == 1


def test_a_table_over_pages_without_a_repeated_header_is_one_too() -> None:
    rows = [["No", "Item", "Price"], *([str(at), f"Thing {at}", f"{at * 1.25:.2f}"] for at in range(1, 61))]
    assert cells(only(built(ruled(GRID, rows=rows)))) == rows


def test_a_merged_cell_that_the_page_divides_goes_on() -> None:
    rows = [["Bed", "Plant"], *(["Bed 1" if at == 1 else "", f"Plant {at}"] for at in range(1, 31))]
    rows += [["Bed 2" if at == 31 else "", f"Plant {at}"] for at in range(31, 41)]
    out = io.BytesIO()
    page = canvas.Canvas(out, pagesize=(500, 500))
    for start in (0, 24):
        for at, (bed, plant) in enumerate(rows[start : start + 24]):
            top = 480 - at * 19
            page.rect(150, top - 19, 100, 19)
            page.drawString(155, top - 14, plant)
            page.drawString(55, top - 14, bed)
        # The first column has a line below the header and where the second bed begins.
        marks = {0: (0, 1, 24), 24: (0, 7, len(rows) - 24)}[start]
        for one, two in pairwise(marks):
            page.rect(50, 480 - two * 19, 100, (two - one) * 19)
        page.showPage()
    page.save()
    table = only(extract(out.getvalue()))
    assert table.headers == ("Bed", "Plant")
    assert [row[0] for row in table.rows] == ["Bed 1"] * 30 + ["Bed 2"] * 10


def test_tables_of_their_own_on_following_pages_stay_apart() -> None:
    bold = ("FONTNAME", (0, 0), (-1, 0), "Helvetica-Bold")
    rows = [["No", "Item", "Price"], *([str(at), f"Thing {at}", "1.50"] for at in range(1, 19))]
    others = [["No", "Town", "Level"], *([str(at), f"Place {at}", "2.50"] for at in range(1, 9))]
    widths = [60, 100, 60]
    found = built(
        ruled(GRID, bold, rows=rows, colWidths=widths), ruled(GRID, bold, rows=others, colWidths=widths)
    )
    assert [table.page for table in found.tables] == [1, 2]
    assert [cells(table) for table in found.tables] == [rows, others]


def test_tables_of_a_word_processor() -> None:
    table = only(sample("rivers.pdf"))
    assert table.headers == ("Place", "Date", "Level", "Remark")
    assert [row[0] for row in table.rows] == [f"Place {at}" for at in range(1, 71)]
    assert table.rows[3] == ("Place 4", "2024-03-04", "1.5", "after rain, when the water was brown")
    assert table.rows[4] == ("Place 5", "2024-03-05", "2.0", "")
    assert table.types == ("text", "date", "number", "text")
    assert (table.page, table.last_page) == (2, 4)
    assert table.name == "Table 1: Levels by place"


def test_tables_of_a_browser() -> None:
    found = sample("report.pdf")
    assert [cells(table) for table in found.tables] == [
        PEOPLE,
        [
            ["Guest", "Room"],
            ["Ann", "12"],
            ["Bob", "14, with a view of the sea"],
            ["Cid", "14, with a view of the sea"],
        ],
        [
            ["Product", "Units", "Price"],
            ["Apples", "12", "3.50"],
            ["Pears", "7", "4.25"],
            ["Plums and damsons", "31", "1.10"],
        ],
    ]
    assert [table.mode for table in found.tables] == ["lattice", "lattice", "stream"]


@pytest.mark.parametrize(
    "style",
    [
        [
            ("LINEABOVE", (0, 0), (-1, 0), 1, colors.black),
            ("LINEBELOW", (0, 0), (-1, 0), 0.5, colors.black),
            ("LINEBELOW", (0, -1), (-1, -1), 1, colors.black),
        ],
        [("ROWBACKGROUNDS", (0, 1), (-1, -1), [colors.white, colors.lightgrey])],
        [("FONTNAME", (0, 0), (-1, 0), "Helvetica-Bold"), ("ALIGN", (2, 0), (2, -1), "RIGHT")],
    ],
    ids=["rules above and below", "stripes", "bold header"],
)
def test_columns_without_lines_between_them(style: list[Any]) -> None:
    table = only(built(prose(), Spacer(1, 12), ruled(*style, colWidths=[80, 80, 80]), Spacer(1, 12), prose()))
    assert table.mode == "stream"
    assert table.confidence < 0.8
    assert cells(table) == PEOPLE


def test_what_is_no_table() -> None:
    found = sample("columns.pdf")
    assert found.tables == ()
    boxed = ruled(("BOX", (0, 0), (-1, -1), 1, colors.black), rows=[[prose("A remark in a box, no table.")]])
    framed = built(prose(), boxed, prose())
    assert framed.tables == ()
    assert "A remark in a box, no table." in framed.text


@pytest.mark.parametrize(
    "rows",
    [
        [["1.", "Ask the neighbours"], ["2.", "Call the office"], ["3.", "Write it down"], ["4.", "Go home"]],
        [["Invoice no.:", "2024-17"], ["Date:", "2024-03-01"], ["Due:", "2024-04-01"], ["Customer:", "88"]],
        [
            ["Introduction . . . . . . . . . .", "1"],
            ["Methods . . . . . . . . . . . .", "7"],
            ["End . . . . . . . . . .", "9"],
        ],
    ],
    ids=["numbered list", "labels", "contents"],
)
def test_aligned_text_that_is_no_table(rows: list[list[str]]) -> None:
    found = built(prose(), Spacer(1, 20), ruled(rows=rows, colWidths=[150, 150]), Spacer(1, 20), prose())
    assert found.tables == ()
    for row in rows:
        assert row[1] in found.text


def test_a_frame_around_the_page_is_no_cell() -> None:
    out = io.BytesIO()
    frame = lambda page, _: page.rect(10, 10, 480, 480)  # noqa: E731
    SimpleDocTemplate(out, pagesize=(500, 500)).build([prose(), ruled(GRID), prose()], onFirstPage=frame)
    assert cells(only(extract(out.getvalue()))) == PEOPLE


def test_tables_stand_where_they_are_between_headings() -> None:
    heading = STYLES["Heading1"]
    found = built(
        Paragraph("First", heading),
        ruled(GRID),
        Paragraph("Second", heading),
        ruled(GRID),
        Paragraph("Third", heading),
    )
    shown = [found.text[block.start : block.end].split("\n")[0] for block in found.blocks]
    assert shown == ["First", "| Name | City | Amount |", "Second", "| Name | City | Amount |", "Third"]


def test_too_many_cells_are_read_as_text() -> None:
    found = built(prose(), ruled(GRID), limits=Limits(table_cells=5))
    assert [table.mode for table in found.tables if table.mode == "lattice"] == []
    for text in ("Oslo", "Rome", "Lima"):
        assert found.text.count(text) == 1
