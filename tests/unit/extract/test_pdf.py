"""PDF documents: what a person reads on their pages, in that order."""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mv2.errors import DocumentError, DocumentLimitError, EncryptedDocumentError, MissingExtraError
from mv2.extract.model import Extraction, Limits, ReadOptions, Source
from mv2.extract.readers._pdf_raw import _as_read
from mv2.extract.readers.pdf import read

pytest.importorskip("pypdfium2")
canvas_module = pytest.importorskip("reportlab.pdfgen.canvas")

SAMPLES = Path(__file__).parents[2] / "samples" / "pdf"


def extract(data: bytes, **options: object) -> Extraction:
    return read(Source(data=data, name="a.pdf"), ReadOptions(**options))  # type: ignore[arg-type]


def sample(name: str, **options: object) -> Extraction:
    return extract((SAMPLES / name).read_bytes(), **options)


def texts(found: Extraction, kind: str) -> list[str]:
    return [found.text[block.start : block.end] for block in found.blocks if block.kind == kind]


def headings(found: Extraction) -> list[tuple[int, str]]:
    return [
        (block.level, found.text[block.start : block.end])
        for block in found.blocks
        if block.kind == "heading"
    ]


class Drawn:
    """A PDF drawn line by line, with the origin in the upper left corner."""

    def __init__(self, **options: object) -> None:
        self.out = io.BytesIO()
        self.canvas = canvas_module.Canvas(self.out, pagesize=(600, 800), **options)

    def text(self, x: float, y: float, text: str, size: float = 11, font: str = "Helvetica") -> None:
        self.canvas.setFont(font, size)
        self.canvas.drawString(x, 800 - y, text)

    def lines(self, x: float, y: float, *texts: str, size: float = 11, step: float = 14) -> None:
        for at, text in enumerate(texts):
            self.text(x, y + at * step, text, size)

    def page(self) -> None:
        self.canvas.showPage()

    def data(self) -> bytes:
        self.canvas.save()
        return self.out.getvalue()

    def read(self, **options: object) -> Extraction:
        return extract(self.data(), **options)


def test_a_printed_web_page_reads_as_it_looks() -> None:
    found = sample("report.pdf")
    assert headings(found) == [
        (1, "Annual report"),
        (2, "Payments"),
        (2, "Rooms"),
        (2, "Fruit"),
        (2, "Plans"),
    ]
    assert texts(found, "paragraph") == [
        (
            "Here is what happened, with a link to the figures and enough text to be broken over more "
            "than one line when it is printed on a page of the usual size."
        )
    ]
    assert texts(found, "code") == ["def total(rows):\n    return sum(rows)"]
    assert found.title == "Annual report"
    assert found.language == "en"
    assert found.metadata["links"] == [{"url": "https://example.org/figures"}]
    assert [block.page for block in found.blocks] == [1] * len(found.blocks)
    assert all(found.text[block.start : block.end].strip() for block in found.blocks)
    assert found.warnings == ()


def test_lists_keep_their_items_and_depth_even_when_their_bullets_are_drawn() -> None:
    found = sample("report.pdf")
    assert texts(found, "list") == [
        "- Plant trees",
        (
            "- Mend the fence along the road, which has been broken since the storm in the spring of the "
            "year before last"
        ),
        "- Buy nails",
        "1. Ask",
        "2. Decide",
    ]
    assert [block.level for block in found.blocks if block.kind == "list"] == [1, 1, 2, 1, 1]


def test_columns_are_read_one_after_the_other_and_broken_words_are_whole() -> None:
    found = sample("columns.pdf")
    assert headings(found) == [(1, "How fields are measured"), (2, "1 Chains"), (2, "2 Wheels")]
    paragraphs = texts(found, "paragraph")
    assert len(paragraphs) == 4
    assert paragraphs[0].startswith(
        "Land was measured with chains long before there were better instruments."
    )
    assert paragraphs[1].endswith("keep the same pull all day long.")
    assert paragraphs[2].startswith("The wheel came later.")
    assert paragraphs[3].endswith(
        "a notebook in which the surveyor wrote his remarks about the weather and the dogs."
    )
    assert "-" not in found.text


def test_a_paragraph_over_a_page_break_is_one_and_running_lines_are_gone() -> None:
    found = sample("rivers.pdf")
    over = [block for block in found.blocks if block.kind == "paragraph" and block.last_page is not None]
    assert [(block.page, block.last_page) for block in over] == [(1, 2)]
    text = found.text[over[0].start : over[0].end]
    assert text.count("at the mill") == 13
    assert text.endswith("This one ends on the second page.")
    assert "\n" not in text
    assert "draft" not in found.text
    assert "Page 1" not in found.text
    assert "Survey of rivers, draft" in found.metadata["running_lines"]
    assert found.pages == 4


def test_running_lines_stay_when_asked_for() -> None:
    found = sample("rivers.pdf", headers_footers=True)
    assert found.text.count("Survey of rivers, draft") == 4
    assert "Page 3 of 4" in found.text


def test_the_outline_gives_headings_their_level() -> None:
    found = sample("rivers.pdf")
    assert found.metadata["outline"] == [[1, "Introduction", 1], [2, "Methods", 1], [1, "Results", 2]]
    assert headings(found) == [
        (1, "Survey of rivers"),
        (1, "Introduction"),
        (2, "Methods"),
        (1, "Results"),
    ]
    assert (found.title, found.author, found.subject) == ("Survey of rivers", "Ann Example", "Hydrology")
    assert found.keywords == ("rivers", "levels")


def test_footnotes_are_notes_and_their_numbers_do_not_stick_to_words() -> None:
    found = sample("notes.pdf")
    assert texts(found, "note") == [
        "1 It was built in 1790 and repaired twice.",
        "2 Times are local times.",
    ]
    assert "north of the town.[1] Ships come in" in found.text
    assert [block.level for block in found.blocks if block.kind == "list"] == [1, 1, 2, 2, 1]
    without = sample("notes.pdf", notes=False)
    assert "1790" not in without.text
    assert texts(without, "note") == []


def test_scripts_from_right_to_left_and_without_spaces() -> None:
    found = sample("scripts.pdf")
    assert texts(found, "paragraph") == ["שלום עולם זה משפט", "مرحبا بالعالم هذا نص", "中文段落没有空格。"]


def test_scanned_pages_are_named() -> None:
    found = sample("scanned.pdf")
    assert found.text == ""
    assert found.pages == 2
    assert found.warnings == ("pages 1-2 are scanned images without text",)
    assert found.metadata["scanned_pages"] == [1, 2]


def test_an_empty_page_is_no_scan() -> None:
    drawn = Drawn()
    drawn.text(70, 80, "Only the first page has text.")
    drawn.page()
    drawn.canvas.line(10, 10, 20, 20)
    drawn.page()
    found = drawn.read()
    assert found.pages == 2
    assert found.warnings == ()


def test_a_password_is_needed() -> None:
    with pytest.raises(EncryptedDocumentError, match="password"):
        sample("encrypted.pdf")


def test_an_empty_password_opens() -> None:
    encryption = pytest.importorskip("reportlab.lib.pdfencrypt")
    drawn = Drawn(encrypt=encryption.StandardEncryption("", ownerPassword="owner", strength=128))
    drawn.text(70, 80, "Protected from changes only")
    assert drawn.read().text == "Protected from changes only"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"%PDF-1.7\n",
        b"%PDF-1.7\nnothing of use",
        (SAMPLES / "columns.pdf").read_bytes()[:300],
        b"\0" * 5000,
    ],
    ids=["empty", "header", "text", "cut", "zeros"],
)
def test_damage_is_said(data: bytes) -> None:
    with pytest.raises(DocumentError, match="damaged"):
        extract(data)


def test_bytes_changed_anywhere_end_in_text_or_in_a_document_error() -> None:
    data = (SAMPLES / "notes.pdf").read_bytes()
    read_well = 0
    for at in range(0, len(data), len(data) // 60):
        changed = data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]
        with contextlib.suppress(DocumentError):
            read_well += extract(changed).pages == 1
    assert read_well > 20


def test_text_is_bounded() -> None:
    with pytest.raises(DocumentLimitError, match="text_chars"):
        sample("columns.pdf", limits=Limits(text_chars=200))


def test_turned_text_comes_last_and_turned_pages_are_upright() -> None:
    drawn = Drawn()
    drawn.canvas.saveState()
    drawn.canvas.translate(30, 300)
    drawn.canvas.rotate(90)
    drawn.text(0, 800, "In the margin")
    drawn.canvas.restoreState()
    drawn.lines(70, 60, "Upright text stands first, and", "it has a second line.")
    drawn.page()
    drawn.canvas.setPageRotation(90)
    drawn.canvas.translate(600, 0)
    drawn.canvas.rotate(90)
    drawn.lines(50, 300, "A page that lies on its side", "reads from top to bottom too.")
    found = drawn.read()
    assert texts(found, "paragraph") == [
        "Upright text stands first, and it has a second line.",
        "In the margin",
        "A page that lies on its side reads from top to bottom too.",
    ]


def test_hyphens_stay_where_they_belong() -> None:
    drawn = Drawn()
    drawn.lines(
        70,
        60,
        "The mech-",
        "anism is well-",
        "known, and a long-term plan was made in the Smith-",
        "Jones house in 1990-",
        "1995 for the long-",
        "term, as they said there once more and then again.",
    )
    assert drawn.read().text == (
        "The mechanism is well-known, and a long-term plan was made in the Smith-Jones house in 1990- 1995 "
        "for the long-term, as they said there once more and then again."
    )


def test_blocks_beside_one_another_are_read_one_by_one() -> None:
    drawn = Drawn()
    drawn.lines(70, 60, "Acme Trading Ltd", "5 Harbour Street", "1234 Oslo")
    drawn.lines(380, 65, "Invoice 2024-17", "Date: 3 March", "Due: 2 April", "Customer 88", step=15)
    drawn.lines(
        70,
        180,
        "Thank you for your order. We send the goods that are listed below, and hope that",
        "they arrive well.",
    )
    assert texts(drawn.read(), "paragraph") == [
        "Acme Trading Ltd\n5 Harbour Street\n1234 Oslo",
        "Invoice 2024-17\nDate: 3 March\nDue: 2 April\nCustomer 88",
        "Thank you for your order. We send the goods that are listed below, and hope that they arrive well.",
    ]


def test_addresses_on_common_base_lines_are_read_one_by_one() -> None:
    drawn = Drawn()
    drawn.lines(400, 60, "Falk Bindery", "Long Lane 8", "90403 Nuremberg")
    drawn.lines(70, 60, "To the", "Town Library")
    drawn.text(70, 140, "Invoice", 18)
    drawn.lines(70, 170, "Dated 12 April, to be paid within 14 days.")
    assert drawn.read().text == (
        "To the\nTown Library\n\nFalk Bindery\nLong Lane 8\n90403 Nuremberg\n\n"
        "Invoice\n\nDated 12 April, to be paid within 14 days."
    )


def test_labels_stay_with_their_values() -> None:
    drawn = Drawn()
    drawn.lines(70, 60, "Ship:", "Home port:", "Built at:")
    drawn.lines(300, 60, "Halcyon", "Lowestoft", "Cowes")
    drawn.lines(70, 140, "She was rescued from a mudbank and", "repaired by volunteers.")
    assert [line.split() for line in drawn.read().text.splitlines()[:3]] == [
        ["Ship:", "Halcyon"],
        ["Home", "port:", "Lowestoft"],
        ["Built", "at:", "Cowes"],
    ]


def test_numbers_of_notes_do_not_stick_to_words() -> None:
    drawn = Drawn()
    for at, (text, sign) in enumerate(
        (("before the church was built.", "i"), ("aus dem Jahr der Größe.", "12"))
    ):
        drawn.text(70, 60 + 40 * at, text)
        drawn.text(70 + drawn.canvas.stringWidth(text, "Helvetica", 11), 56 + 40 * at, sign, 6)
    drawn.text(70, 180, "The 5 ships of Olaf iv")
    assert drawn.read().text.split("\n\n") == [
        "before the church was built.[i]",
        "aus dem Jahr der Größe.[12]",
        "The 5 ships of Olaf iv",
    ]


def test_small_heads_go_though_the_last_page_has_none() -> None:
    drawn = Drawn()
    for at in range(3):
        if at < 2:
            drawn.text(70, 40, "Papers of the Harbour Committee", 8)
        drawn.lines(70, 200, f"The minutes of meeting {at} begin here and", "go on for two lines.")
        drawn.page()
    found = drawn.read()
    assert "Papers" not in found.text
    assert found.metadata["running_lines"] == ["Papers of the Harbour Committee"]


def test_numbers_at_the_foot_of_a_chart_are_no_notes() -> None:
    drawn = Drawn()
    drawn.lines(70, 60, *["Passengers by month, as the harbour office counted them at the gate"] * 6)
    drawn.text(70, 600, "4000", 8)
    drawn.text(70, 640, "1000", 8)
    assert texts(drawn.read(), "note") == []


def test_a_long_line_among_short_ones_goes_on() -> None:
    drawn = Drawn()
    full = "This agreement is made between the parish council and the Wickham"
    drawn.lines(70, 60, full, "Players.")
    for at, text in enumerate(("Parties", "Terms", "Signed", "Dominic Lyle", "3 June")):
        drawn.text(70, 120 + 40 * at, text)
    assert texts(drawn.read(), "paragraph")[0] == f"{full} Players."


def test_numbers_in_words_keep_their_hyphen() -> None:
    drawn = Drawn()
    full = "Of all the boxes under the eaves, it was found after two years that sixty-"
    drawn.lines(70, 60, full, "three were taken by swifts, and ninety were not looked at again that year.")
    assert "that sixty-three were taken" in drawn.read().text


def test_lines_of_scripts_without_spaces_are_joined_without_one() -> None:
    pdfmetrics = pytest.importorskip("reportlab.pdfbase.pdfmetrics")
    fonts = pytest.importorskip("reportlab.pdfbase.cidfonts")
    pdfmetrics.registerFont(fonts.UnicodeCIDFont("STSong-Light"))
    drawn = Drawn()
    for at, line in enumerate(
        ("我们的茶园位于山坡上，每年清明前后开始采摘", "第一批嫩芽，全部由附近的老人手工完成。")
    ):
        drawn.text(70, 60 + at * 14, line, font="STSong-Light")
    for at, line in enumerate(("联系人：林秀芳。", "电话：六一二三。")):
        drawn.text(70, 120 + at * 14, line, font="STSong-Light")
    assert texts(drawn.read(), "paragraph") == [
        "我们的茶园位于山坡上，每年清明前后开始采摘第一批嫩芽，全部由附近的老人手工完成。",
        "联系人：林秀芳。",
        "电话：六一二三。",
    ]


class Placed:
    """Characters that stand beside one another, from the left in the order given."""

    def __init__(self, shown: str) -> None:
        self.places = {sign: float(at * 6) for at, sign in enumerate(shown)}

    def of(self, text: str) -> Any:
        places = [self.places[sign] for sign in text]
        return SimpleNamespace(origin=lambda at: (places[at], 0.0))


@pytest.mark.parametrize(
    "held",
    ["كتب.", "بتك.", ".بتك"],
)
def test_words_from_right_to_left_come_as_they_are_read(held: str) -> None:
    characters = Placed(".بتك").of(held)
    assert _as_read(characters, held, 0, lambda x, y: (x, y)) == "كتب."


def test_paragraphs_are_told_by_space_and_by_indent() -> None:
    full = "A line of text that goes on up to the end of the column, as most lines do"
    drawn = Drawn()
    drawn.lines(70, 60, full, "and then it ends.")
    drawn.lines(70, 110, full, "and ends again.")
    drawn.lines(90, 138, full[:68])
    drawn.lines(70, 152, "and a third end.")
    assert texts(drawn.read(), "paragraph") == [
        f"{full} and then it ends.",
        f"{full} and ends again.",
        f"{full[:68]} and a third end.",
    ]


def test_headings_by_size_and_weight() -> None:
    drawn = Drawn()
    body = "This is the text of the section, which is longer than any heading would ever be in print."
    drawn.text(70, 60, "The title", 20, "Helvetica-Bold")
    drawn.text(70, 100, "A chapter", 15, "Helvetica-Bold")
    drawn.text(70, 130, body)
    drawn.text(70, 160, "A section", 11, "Helvetica-Bold")
    drawn.text(70, 180, body)
    drawn.text(70, 210, "Bold words in front of a sentence end with a full stop.", 11, "Helvetica-Bold")
    drawn.text(70, 230, body)
    assert headings(drawn.read()) == [(1, "The title"), (2, "A chapter"), (3, "A section")]


def test_contents_with_dot_leaders_are_lines() -> None:
    drawn = Drawn()
    drawn.lines(
        70, 60, "Introduction" + " ." * 40 + " 1", "Methods" + "." * 90 + "12", "Results" + " ." * 42 + " 30"
    )
    assert drawn.read().text == "Introduction … 1\nMethods … 12\nResults … 30"


def test_page_numbers_go_and_other_numbers_stay() -> None:
    drawn = Drawn()
    for page in range(1, 6):
        drawn.text(70, 60, f"Item {page * 7} of the store costs {page * 3} crowns.")
        drawn.text(70, 400, "Nothing else is on this page.")
        drawn.text(300, 770, f"- {page} -")
        drawn.page()
    found = drawn.read()
    assert [f"Item {page * 7}" in found.text for page in range(1, 6)] == [True] * 5
    assert found.metadata["running_lines"] == [f"- {page} -" for page in range(1, 6)]
    assert "- 3 -" not in found.text


def test_chapter_heads_with_page_numbers_go_even_in_short_chapters() -> None:
    drawn = Drawn()
    for page in range(1, 7):
        drawn.text(70, 40, f"Chapter {(page + 1) // 2}: Things     {page + 10}")
        drawn.text(70, 200, f"Text of the page with the letter {'abcdef'[page - 1]}.")
        drawn.page()
    found = drawn.read()
    assert "Chapter" not in found.text
    assert found.text.count("Text of the page") == 6


def test_titles_of_slides_stay() -> None:
    drawn = Drawn()
    for page in range(1, 8):
        drawn.text(70, 60, "Results" if 3 <= page <= 5 else f"Question {page}", 24)
        drawn.lines(
            70, 200, f"There is much to say here about the letter {'abcdefg'[page - 1]}.", "And more."
        )
        drawn.page()
    shown = [text for _, text in headings(drawn.read())]
    assert shown == ["Question 1", "Question 2", "Results", "Results", "Results", "Question 6", "Question 7"]


def test_text_drawn_twice_for_weight_is_there_once() -> None:
    drawn = Drawn()
    drawn.text(70, 60, "Heavy")
    drawn.text(70.3, 60, "Heavy")
    drawn.text(70.3, 60.2, "Heavy")
    assert drawn.read().text == "Heavy"


def test_text_beyond_the_page_is_not_read() -> None:
    drawn = Drawn()
    drawn.text(70, 60, "Seen")
    drawn.text(-300, 60, "Unseen")
    drawn.text(70, 1200, "Below")
    assert drawn.read().text == "Seen"


def test_filled_forms() -> None:
    drawn = Drawn()
    form = drawn.canvas.acroForm
    drawn.text(70, 60, "Name:")
    form.textfield(name="name", x=150, y=735, width=200, height=20, value="Ann Example")
    drawn.text(70, 90, "Member:")
    form.checkbox(name="member", x=150, y=705, checked=True)
    drawn.text(70, 120, "City:")
    form.choice(name="city", x=150, y=675, width=100, height=20, options=["Oslo", "Rome"], value="Rome")
    found = drawn.read()
    assert found.metadata["fields"] == {"name": "Ann Example", "member": True, "city": "Rome"}
    assert found.text == "Name: Ann Example\n\nMember: ☒\n\nCity: Rome"


def test_dates_with_zones_and_placeholders() -> None:
    drawn = Drawn()
    drawn.text(70, 60, "Words")
    data = drawn.data()
    start = data.index(b"/CreationDate (") + len(b"/CreationDate (")
    end = data.index(b")", start)
    stamp = b"D:20240229133000+02'00'"
    assert len(stamp) == end - start
    found = extract(data[:start] + stamp + data[end:])
    assert found.created == 1709206200
    assert (found.title, found.author, found.subject) == (None, None, None)


def test_attachments_are_parts() -> None:
    import pypdfium2

    document = pypdfium2.PdfDocument(SAMPLES / "scanned.pdf")
    document.new_attachment("../prices.csv").set_data(b"a,b\n1,2\n")
    out = io.BytesIO()
    document.save(out)
    document.close()
    found = extract(out.getvalue())
    assert [(part.name, part.data) for part in found.parts] == [("prices.csv", b"a,b\n1,2\n")]
    assert extract(out.getvalue(), attachments=False).parts == ()
    with pytest.raises(DocumentLimitError, match="expanded_bytes"):
        extract(out.getvalue(), limits=Limits(expanded_bytes=4))


def test_remarks_of_reviewers_only_when_asked_for() -> None:
    import pypdfium2
    import pypdfium2.raw as pdfium

    document = pypdfium2.PdfDocument(SAMPLES / "columns.pdf")
    page = document[0]
    mark = pdfium.FPDFPage_CreateAnnot(page, pdfium.FPDF_ANNOT_TEXT)
    remark = ("Is this so?" + "\0").encode("utf-16-le")
    import ctypes

    words = (ctypes.c_ushort * (len(remark) // 2)).from_buffer_copy(remark)
    pdfium.FPDFAnnot_SetStringValue(mark, b"Contents", words)
    pdfium.FPDFPage_CloseAnnot(mark)
    out = io.BytesIO()
    document.save(out)
    document.close()
    assert "Is this so?" not in extract(out.getvalue()).text
    assert texts(extract(out.getvalue(), comments=True), "note") == ["Is this so?"]


def test_an_outline_that_loops_ends() -> None:
    objects = (
        "<</Type/Catalog/Pages 2 0 R/Outlines 4 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]>>",
        "<</First 5 0 R/Last 6 0 R/Count 2>>",
        "<</Title(One)/Parent 4 0 R/Next 6 0 R/First 6 0 R/Dest[3 0 R/Fit]>>",
        "<</Title(Two)/Parent 4 0 R/Next 5 0 R/First 5 0 R>>",
    )
    body = "".join(f"{number} 0 obj{text}endobj\n" for number, text in enumerate(objects, 1))
    found = extract(f"%PDF-1.4\n{body}trailer<</Root 1 0 R>>\n%%EOF".encode())
    assert found.metadata["outline"] == [[1, "One", 1], [2, "Two", None]]


def test_a_page_full_of_scattered_words_takes_no_long_time() -> None:
    import time

    drawn = Drawn(pageCompression=1)
    for at in range(6_000):
        drawn.canvas.drawString((at * 7919) % 590, (at * 104729) % 790, f"w{at}")
        drawn.canvas.line(at % 600, 0, at % 600, 790)
    data = drawn.data()
    start = time.process_time()
    found = extract(data)
    assert time.process_time() - start < 8
    assert "w5999" in found.text


def test_without_pdfium_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    with pytest.raises(MissingExtraError) as caught:
        sample("columns.pdf")
    assert "mv2[docs]" in str(caught.value)
