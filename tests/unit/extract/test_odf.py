"""OpenDocument. ``harbour`` and ``orchard`` were saved by LibreOffice; the others are made here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from office_files import lines, odt, shown, text_of, zipped

from mv2.errors import DocumentError, DocumentLimitError, EncryptedDocumentError
from mv2.extract.model import Extraction, Limits, ReadOptions, Source
from mv2.extract.readers.odf import read

SAMPLES = Path(__file__).parents[2] / "samples"


def extract(data: bytes, **options: Any) -> Extraction:
    return read(Source(data=data), ReadOptions(**options))


def report(**options: Any) -> Extraction:
    return extract((SAMPLES / "odt" / "harbour.odt").read_bytes(), **options)


def slides(**options: Any) -> Extraction:
    return extract((SAMPLES / "odp" / "orchard.odp").read_bytes(), **options)


def test_a_report() -> None:
    found = report()
    assert shown(found)[:12] == [
        ("heading", 1, "Harbour report"),
        ("heading", 1, "1. Tides"),
        ("paragraph", 0, "The tide rose quickly by 40 m² at\tdawn[1]. See the tables."),
        ("note", 0, "[1] Measured at the west pier."),
        ("heading", 2, "1.1 Method"),
        ("list", 1, "1. Read the gauge"),
        ("list", 2, "a) at noon"),
        ("list", 2, "b) at night"),
        ("list", 1, "2. Note the wind"),
        ("paragraph", 0, "Between the lists."),
        ("list", 1, "- buoys"),
        ("list", 1, "- lamps"),
    ]
    assert lines(found)[13:] == [
        "A box stands here.",
        "Boxed warning",
        "Page two begins.",
        "2. Outlook",
        "Time and tide wait for no one.",
    ]
    assert shown(found)[-1][0] == "quote"
    only = found.tables[0]
    assert only.headers == ("Berth", "Ship", "Tonnes")
    assert only.rows == (
        ("North", "Alba", "1200"),
        ("North", "Brio\n(repair)", "860"),
        ("Total", "Total", "2060"),
    )


def test_facts_and_pages_of_the_report() -> None:
    found = report()
    assert (found.title, found.author, found.language) == ("Harbour report", "Mara Olsen", "en-GB")
    assert found.keywords == ("harbour", "tide")
    assert (found.created, found.modified, found.pages) == (1_714_979_289, 1_717_243_200, 2)
    assert found.metadata["links"] == [{"text": "the tables", "url": "https://example.org/tides"}]
    pages = {text_of(found, block): block.page for block in found.blocks}
    assert (pages["Boxed warning"], pages["Page two begins."], pages["2. Outlook"]) == (1, 2, 2)


def test_options_of_the_report() -> None:
    original = report(revisions="original", comments=True)
    assert "The slow tide rose by 40" in original.text
    assert ("note", 0, "Comment by Ida: Check the gauge.") in shown(original)
    marked = report(revisions="marked", hidden=True, headers_footers=True)
    assert "The {--slow --}tide rose{++ quickly++} by" in marked.text
    assert "secret words" in marked.text
    assert (lines(marked)[0], lines(marked)[-1]) == ("Port Authority", "Internal use")
    plain = report(notes=False)
    assert "west pier" not in plain.text
    assert "secret" not in plain.text
    assert "gauge." not in plain.text


def test_slides() -> None:
    found = slides()
    assert [(block.page, text) for block, text in zip(found.blocks, lines(found), strict=True)][:10] == [
        (1, "Orchard plan"),
        (1, "Spring season"),
        (2, "Trees"),
        (2, "- Apple"),
        (2, "- Early"),
        (2, "- Late"),
        (2, "- Pear"),
        (2, "Mention the frost."),
        (4, "Prices"),
        (4, "Price per kilo"),
    ]
    assert found.pages == 5
    assert found.tables[0].rows == (("May", "1.5", "2"), ("June", "1.75", "2.25"))
    assert found.tables[1].rows == (("Apple", "120", "130"), ("Pear", "80", "75"))
    assert found.text.index("Left column") < found.text.index("Right column")


def test_hidden_slides_and_notes() -> None:
    assert "Secret" not in slides().text
    assert slides().warnings == ("1 hidden slide was left out",)
    found = slides(hidden=True, notes=False)
    assert "Secret" in found.text
    assert "frost" not in found.text


def test_white_space_is_what_the_file_says_it_is() -> None:
    body = (
        "<text:p>\n  One <text:span> two</text:span>\n three"
        '<text:s text:c="3"/>four<text:line-break/>five</text:p>'
    )
    assert extract(odt(body)).text == "One two three   four\nfive"
    huge = extract(odt('<text:p>a<text:s text:c="99999999"/>b</text:p>'))
    assert len(huge.text) < 1_000


NUMBERED = (
    '<text:list-style style:name="L"><text:list-level-style-number text:level="1" style:num-format="1"'
    ' style:num-suffix="."/><text:list-level-style-number text:level="2" style:num-format="i"'
    ' style:num-prefix="(" style:num-suffix=")" text:display-levels="1"/></text:list-style>'
)


def items(*texts: str, attributes: str = "") -> str:
    inner = "".join(f"<text:list-item><text:p>{text}</text:p></text:list-item>" for text in texts)
    return f'<text:list text:style-name="L" {attributes}>{inner}</text:list>'


def test_lists_count_and_continue() -> None:
    body = (
        items("a", "b</text:p>" + items("x", "y") + "<text:p>still b")
        + "<text:p>Between</text:p>"
        + items("c", attributes='text:continue-numbering="true"')
        + items("new")
        + '<text:list text:style-name="L"><text:list-item text:start-value="7">'
        "<text:p>seven</text:p></text:list-item>"
        "</text:list>"
    )
    assert shown(extract(odt(body, automatic=NUMBERED))) == [
        ("list", 1, "1. a"),
        ("list", 1, "2. b"),
        ("list", 2, "(i) x"),
        ("list", 2, "(ii) y"),
        ("list", 1, "still b"),
        ("paragraph", 0, "Between"),
        ("list", 1, "3. c"),
        ("list", 1, "1. new"),
        ("list", 1, "7. seven"),
    ]


def cells(*texts: str) -> str:
    inner = "".join(f"<table:table-cell><text:p>{text}</text:p></table:table-cell>" for text in texts)
    return f"<table:table-row>{inner}</table:table-row>"


def test_repeated_cells_and_rows_are_bounded() -> None:
    again = (
        '<table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-repeated="2">'
        "<text:p>x</text:p></table:table-cell>"
        '<table:table-cell table:number-columns-repeated="16000"/></table:table-row>'
        '<table:table-row table:number-rows-repeated="1000000"><table:table-cell/></table:table-row>'
    )
    only = extract(odt(f"<table:table>{cells('A', 'B')}{again}</table:table>")).tables[0]
    assert only.rows[-2:] == (("x", "x"), ("x", "x"))
    bomb = again.replace('"2"', '"99999999"')
    with pytest.raises(DocumentLimitError):
        extract(odt(f"<table:table>{cells('A', 'B')}{bomb}</table:table>"), limits=Limits(table_cells=10_000))


CHANGES = (
    "<text:tracked-changes>"
    '<text:changed-region text:id="d"><text:deletion><text:p>Gone one.</text:p><text:p>Gone two.</text:p>'
    '</text:deletion></text:changed-region><text:changed-region text:id="i">'
    "<text:insertion/></text:changed-region>"
    '</text:tracked-changes><text:p>Start <text:change text:change-id="d"/>stays'
    '<text:change-start text:change-id="i"/> and new</text:p>'
    '<text:p>words<text:change-end text:change-id="i"/> end.'
    "</text:p>"
)


@pytest.mark.parametrize(
    ("revisions", "expected"),
    [
        ("accepted", ["Start stays and new", "words end."]),
        ("original", ["Start Gone one.\nGone two.stays end."]),
        ("marked", ["Start {--Gone one.--}\n{--Gone two.--}stays{++ and new++}", "{++words++} end."]),
    ],
)
def test_changes_over_several_paragraphs(revisions: str, expected: list[str]) -> None:
    assert lines(extract(odt(CHANGES), revisions=revisions)) == expected


def test_hidden_text_and_sections() -> None:
    hidden = (
        '<style:style style:name="H" style:family="{}">'
        '<style:{}-properties text:display="none"/></style:style>'
    )
    automatic = hidden.format("text", "text") + hidden.format("section", "section")
    body = (
        '<text:p>Seen <text:span text:style-name="H">not </text:span>here'
        '<text:hidden-text text:is-hidden="true" text:string-value="!"/></text:p>'
        '<text:section text:style-name="H"><text:p>Behind</text:p></text:section>'
        '<text:section text:name="S"><text:p>In front</text:p></text:section>'
    )
    assert lines(extract(odt(body, automatic=automatic))) == ["Seen here", "In front"]
    assert lines(extract(odt(body, automatic=automatic), hidden=True)) == [
        "Seen not here!",
        "Behind",
        "In front",
    ]


def test_formulas_stand_in_their_line() -> None:
    formula = (
        '<math xmlns="http://www.w3.org/1998/Math/MathML"><semantics><mrow><mfrac><mn>1</mn><mn>2</mn></mfrac>'
        "<mi>m</mi><msup><mi>v</mi><mn>2</mn></msup></mrow><annotation>x</annotation></semantics></math>"
    )
    body = f"<text:p>E = <draw:frame><draw:object>{formula}</draw:object></draw:frame> joules</text:p>"
    assert extract(odt(body)).text == "E = (1/2)mv^2 joules"


def test_shapes_of_a_slide_in_reading_order() -> None:
    def box(text: str, x: str, y: str, kind: str = "") -> str:
        return (
            f'<draw:frame svg:x="{x}" svg:y="{y}" {kind}>'
            f"<draw:text-box><text:p>{text}</text:p></draw:text-box>"
            "</draw:frame>"
        )

    page = (
        box("low", "1cm", "12cm")
        + box("right", "12cm", "5.1cm")
        + f"<draw:g>{box('left', '10mm', '50mm')}</draw:g>"
        + box("Title", "0cm", "20cm", 'presentation:class="title"')
        + box("7", "0cm", "1cm", 'presentation:class="page-number"')
    )
    found = extract(odt(f"<draw:page>{page}</draw:page>", kind="presentation"))
    assert shown(found)[0] == ("heading", 1, "Title")
    assert lines(found)[1:] == ["left", "right", "low"]


def test_documents_that_cannot_be_read() -> None:
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        "<manifest:file-entry>"
        "<manifest:encryption-data/></manifest:file-entry></manifest:manifest>"
    )
    with pytest.raises(EncryptedDocumentError):
        extract(zipped({"META-INF/manifest.xml": manifest, "content.xml": b"\x01\x02"}))
    for data in (b"", b"<a/>", zipped({"a": ""}), odt("", kind="spreadsheet")):
        with pytest.raises(DocumentError):
            extract(data)


def test_lists_nested_too_deep_are_refused() -> None:
    body = "<text:p>x</text:p>"
    for _ in range(400):
        body = f"<text:list><text:list-item>{body}</text:list-item></text:list>"
    with pytest.raises(DocumentLimitError):
        extract(odt(body), limits=Limits(depth=5_000))


def test_a_flat_document_is_told_by_its_root() -> None:
    from mv2.extract.detect import detect

    root = (
        '<?xml version="1.0"?><office:document office:mimetype="application/vnd.oasis.opendocument.text"'
        ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0">'
    )
    found = detect(root.encode(), "x.xml")
    assert (found.reader, found.mime) == ("odf", "application/vnd.oasis.opendocument.text-flat-xml")
