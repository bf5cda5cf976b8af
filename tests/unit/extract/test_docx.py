"""Word documents. ``harbour`` was saved by LibreOffice, ``river`` by pandoc; the others are made here."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from office_files import (
    STRICT_W,
    W,
    cell,
    docx,
    lines,
    p,
    part,
    relations,
    row,
    run,
    shown,
    table,
    text_of,
    zipped,
)

from mv2.errors import DocumentError, DocumentLimitError, EncryptedDocumentError
from mv2.extract.model import Extraction, Limits, ReadOptions, Source
from mv2.extract.readers.docx import read

SAMPLES = Path(__file__).parents[2] / "samples" / "docx"
BERTHS = """| Berth | Ship | Tonnes |
| --- | --- | --- |
| North | Alba | 1200 |
| North | Brio (repair) | 860 |
| Total | Total | 2060 |"""
HEADINGS = """
<w:style w:type="paragraph" w:default="1" w:styleId="Standard"><w:name w:val="Normal"/></w:style>
<w:style w:type="paragraph" w:styleId="berschrift1"><w:name w:val="heading 1"/><w:basedOn w:val="Standard"/>
<w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="Kapitel"><w:name w:val="Kapitel"/><w:basedOn w:val="berschrift1"/>
</w:style>
<w:style w:type="paragraph" w:styleId="Titre3"><w:name w:val="Titre 3"/></w:style>
<w:style w:type="paragraph" w:styleId="Beschriftung"><w:name w:val="caption"/></w:style>
<w:style w:type="character" w:styleId="Geheim"><w:name w:val="Secret"/><w:rPr><w:vanish/></w:rPr></w:style>
"""


def extract(data: bytes, **options: Any) -> Extraction:
    return read(Source(data=data, name="test.docx"), ReadOptions(**options))


def sample(name: str, **options: Any) -> Extraction:
    return extract((SAMPLES / name).read_bytes(), **options)


def test_a_report_saved_by_libreoffice() -> None:
    found = sample("harbour.docx")
    assert shown(found) == [
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
        ("table", 0, BERTHS),
        ("paragraph", 0, "A box stands here."),
        ("paragraph", 0, "Boxed warning"),
        ("paragraph", 0, "Page two begins."),
        ("heading", 1, "2. Outlook"),
        ("quote", 0, "Time and tide wait for no one."),
    ]


def test_facts_about_the_report() -> None:
    found = sample("harbour.docx")
    assert (found.title, found.author, found.language) == ("Harbour report", "Mara Olsen", "en-GB")
    assert (found.created, found.modified) == (1_714_979_289, 1_717_243_200)
    assert found.metadata["links"] == [{"text": "the tables", "url": "https://example.org/tides"}]
    assert found.metadata["tracked_changes"] == 2


def test_pages_of_the_report() -> None:
    found = sample("harbour.docx")
    pages = {text_of(found, block): block.page for block in found.blocks}
    assert found.pages == 2
    assert pages["Boxed warning"] == 1
    assert pages["Page two begins."] == 2
    assert found.tables[0].page == 1


def test_options_of_the_report() -> None:
    original = sample("harbour.docx", revisions="original", comments=True)
    assert "The slow tide rose by 40" in original.text
    assert ("note", 0, "Comment by Ida: Check the gauge.") in shown(original)
    marked = sample("harbour.docx", revisions="marked", hidden=True, headers_footers=True)
    assert "The {--slow --}tide rose{++ quickly++} by" in marked.text
    assert "secret words" in marked.text
    assert lines(marked)[0] == "Port Authority"
    assert lines(marked)[-1] == "Internal use"
    plain = sample("harbour.docx", notes=False)
    assert "west pier" not in plain.text
    assert "dawn. See" in plain.text
    assert "Port Authority" not in plain.text


def test_a_plan_written_by_pandoc() -> None:
    found = sample("river.docx")
    assert lines(found)[5:13] == [
        "Method",
        "1. Choose a site",
        "2. Measure depth",
        "a. near the bank",
        "b. in the middle",
        "3. Write it down",
        "- boat",
        "- rope",
    ]
    assert ("code", 0, "depth = read()\n    if depth > 3: stop") in shown(found)
    assert ("caption", 0, "Depths by site") in shown(found)
    assert found.tables[0].name == "Depths by site"
    assert found.tables[0].types == ("text", "number", "date")
    assert "Energy is E=(1/2)mv^2." in found.text
    assert found.keywords == ("river", "survey")
    assert found.pages is None


def test_headings_by_style_whatever_its_language() -> None:
    found = extract(
        docx(
            p("Eins", '<w:pStyle w:val="berschrift1"/>')
            + p("Kapitel zwei", '<w:pStyle w:val="Kapitel"/>')
            + p("Trois", '<w:pStyle w:val="Titre3"/>')
            + p("By outline level", '<w:outlineLvl w:val="3"/>')
            + p("Only looks like one", '<w:pStyle w:val="Kapitel"/><w:outlineLvl w:val="9"/>')
            + p("Bild 1", '<w:pStyle w:val="Beschriftung"/>'),
            styles=HEADINGS,
        )
    )
    assert shown(found) == [
        ("heading", 1, "Eins"),
        ("heading", 1, "Kapitel zwei"),
        ("heading", 3, "Trois"),
        ("heading", 4, "By outline level"),
        ("paragraph", 0, "Only looks like one"),
        ("caption", 0, "Bild 1"),
    ]


def numbered(level: int, number: int = 1) -> str:
    return f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'


NUMBERS = """
<w:abstractNum w:abstractNumId="7">
<w:lvl w:ilvl="0"><w:start w:val="3"/><w:numFmt w:val="upperRoman"/><w:lvlText w:val="%1."/></w:lvl>
<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1.%2"/><w:isLgl/></w:lvl>
<w:lvl w:ilvl="2"><w:numFmt w:val="bullet"/><w:lvlText w:val="&#xF0B7;"/></w:lvl></w:abstractNum>
<w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num>
<w:num w:numId="2"><w:abstractNumId w:val="7"/>
<w:lvlOverride w:ilvl="0"><w:startOverride w:val="9"/></w:lvlOverride></w:num>
"""


def test_numbers_of_lists_are_computed() -> None:
    body = [
        p("third", numbered(0)),
        p("below", numbered(1)),
        p("below too", numbered(1)),
        p("dot", numbered(2)),
        p("fourth", numbered(0)),
        p("below again", numbered(1)),
        p("begins anew", numbered(0, 2)),
        p("no list any more", '<w:numPr><w:numId w:val="0"/></w:numPr>'),
    ]
    assert shown(extract(docx("".join(body), numbering=NUMBERS))) == [
        ("list", 1, "III. third"),
        ("list", 2, "3.1 below"),
        ("list", 2, "3.2 below too"),
        ("list", 3, "- dot"),
        ("list", 1, "IV. fourth"),
        ("list", 2, "4.1 below again"),
        ("list", 1, "IX. begins anew"),
        ("paragraph", 0, "no list any more"),
    ]


def test_merged_cells_repeat_their_value() -> None:
    start, more = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    found = extract(
        docx(
            table(
                row(cell("Sales", '<w:gridSpan w:val="3"/>')),
                row("Region", "Year", "Sum", properties="<w:tblHeader/>"),
                row(cell("North", start), "2023", "5"),
                row(cell("", more), "2024", "6"),
                row(cell("All", '<w:gridSpan w:val="2"/>'), "11"),
            )
        )
    )
    only = found.tables[0]
    assert only.name == "Sales"
    assert only.headers == ("Region", "Year", "Sum")
    assert only.rows == (("North", "2023", "5"), ("North", "2024", "6"), ("All", "All", "11"))
    assert lines(found)[0] == "Sales"


def test_nested_tables_stand_behind_the_outer_one() -> None:
    inner = table(row("x", "1"), row("y", "2"))
    found = extract(docx(table(row("A", "B"), row("C", f"<w:tc>{p('D')}{inner}</w:tc>"))))
    outer, inside = found.tables
    assert "D" in [*outer.headers, *outer.rows[-1]]
    assert "x" not in "".join(map(str, outer.rows))
    assert inside.rows[-1] == ("y", "2")
    assert found.text.count("x") == 1
    assert found.text.index("D") < found.text.index("x")


def test_a_frame_of_a_single_cell_is_no_table() -> None:
    found = extract(docx(table(row(f"<w:tc>{p('Note')}{p('Keep dry.')}</w:tc>"))))
    assert shown(found) == [("paragraph", 0, "Note"), ("paragraph", 0, "Keep dry.")]
    assert found.tables == ()


def test_characters_that_are_not_letters() -> None:
    inner = (
        "<w:r><w:t>co</w:t><w:softHyphen/><w:t>operate</w:t><w:tab/><w:t>now</w:t><w:br/><w:t>well</w:t>"
        '<w:noBreakHyphen/><w:t>known&#xA0;</w:t><w:sym w:font="Wingdings" w:char="F0FC"/>'
        '<w:sym w:font="Symbol" w:char="F061"/></w:r>'
        '<w:r><w:rPr><w:vertAlign w:val="subscript"/></w:rPr><w:t>2</w:t></w:r>'
    )
    assert extract(docx(p(inner))).text == "cooperate\tnow\nwell-known ✓α₂"


def field(kind: str) -> str:
    return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'


def test_fields_show_their_result() -> None:
    instruction = '<w:r><w:instrText> HYPERLINK "https://example.org/a" </w:instrText></w:r>'
    inner = (
        run("See ")
        + field("begin")
        + instruction
        + field("separate")
        + run("this page")
        + field("end")
        + run(" on ")
        + f'<w:fldSimple w:instr="DATE">{run("May 5")}</w:fldSimple>'
    )
    found = extract(
        docx(p(inner) + p(field("begin") + "<w:r><w:instrText>BROKEN</w:instrText></w:r>") + p("after"))
    )
    assert lines(found) == ["See this page on May 5", "after"]
    assert found.metadata["links"] == [{"text": "this page", "url": "https://example.org/a"}]


def test_links_by_relation() -> None:
    data = docx(
        p(f'{run("Read ")}<w:hyperlink r:id="rId3" w:anchor="top">{run("more")}</w:hyperlink>'),
        related=(("hyperlink", "https://example.org/b", "External"),),
    )
    assert extract(data).metadata["links"] == [{"text": "more", "url": "https://example.org/b#top"}]


CHANGED = (
    p(
        run("We ")
        + '<w:del w:id="1"><w:r><w:delText>never</w:delText></w:r></w:del>'
        + f'<w:ins w:id="2">{run("always")}</w:ins>'
        + run(" agree.")
    )
    + p(run("First half"), "<w:rPr><w:del/></w:rPr>")
    + p(" and second half.")
    + p(f"<w:moveFrom>{run('Moved words.')}</w:moveFrom>")
    + p("Middle.")
    + p(f"<w:moveTo>{run('Moved words.')}</w:moveTo>")
)


@pytest.mark.parametrize(
    ("revisions", "expected"),
    [
        ("accepted", ["We always agree.", "First half and second half.", "Middle.", "Moved words."]),
        ("original", ["We never agree.", "First half", "and second half.", "Moved words.", "Middle."]),
        (
            "marked",
            [
                "We {--never--}{++always++} agree.",
                "First half",
                "and second half.",
                "{--Moved words.--}",
                "Middle.",
                "{++Moved words.++}",
            ],
        ),
    ],
)
def test_tracked_changes(revisions: str, expected: list[str]) -> None:
    assert lines(extract(docx(CHANGED), revisions=revisions)) == expected


def test_rows_that_were_inserted_or_deleted() -> None:
    rows = table(
        row("Name", "Age"), row("Ann", "41", properties="<w:del/>"), row("Bob", "52", properties="<w:ins/>")
    )
    assert extract(docx(rows)).tables[0].rows == (("Bob", "52"),)
    assert extract(docx(rows), revisions="original").tables[0].rows == (("Ann", "41"),)
    assert "{--Ann--}" in extract(docx(rows), revisions="marked").text


def test_hidden_text() -> None:
    body = p(
        run("Open ")
        + run("closed ", "<w:vanish/>")
        + run("sealed ", '<w:rStyle w:val="Geheim"/>')
        + run("end")
    )
    assert extract(docx(body, styles=HEADINGS)).text == "Open end"
    assert extract(docx(body, styles=HEADINGS), hidden=True).text == "Open closed sealed end"


def test_notes_and_comments_stand_behind_the_paragraph() -> None:
    data = docx(
        p(
            run("Fact")
            + '<w:r><w:footnoteReference w:id="2"/></w:r>'
            + run(" and end")
            + '<w:r><w:endnoteReference w:id="2"/></w:r><w:r><w:commentReference w:id="0"/></w:r>'
        )
        + p("Next."),
        related=(("footnotes", "footnotes.xml"), ("endnotes", "endnotes.xml"), ("comments", "comments.xml")),
        more={
            "word/footnotes.xml": part(
                "w:footnotes",
                '<w:footnote w:type="separator" w:id="0"><w:p/></w:footnote>'
                f'<w:footnote w:id="2">{p("Source one.")}{p("And two.")}</w:footnote>',
            ),
            "word/endnotes.xml": part("w:endnotes", f'<w:endnote w:id="2">{p("At the end.")}</w:endnote>'),
            "word/comments.xml": part(
                "w:comments", f'<w:comment w:id="0" w:author="Kim">{p("Really?")}</w:comment>'
            ),
        },
    )
    assert shown(extract(data, comments=True)) == [
        ("paragraph", 0, "Fact[1] and end[i]"),
        ("note", 0, "[1] Source one.\nAnd two."),
        ("note", 0, "[i] At the end."),
        ("note", 0, "Comment by Kim: Really?"),
        ("paragraph", 0, "Next."),
    ]
    assert lines(extract(data, notes=False)) == ["Fact and end", "Next."]


def test_a_note_that_refers_to_itself_ends() -> None:
    again = '<w:r><w:footnoteReference w:id="2"/></w:r>'
    data = docx(
        p(run("Fact") + again + again),
        related=(("footnotes", "footnotes.xml"),),
        more={
            "word/footnotes.xml": part(
                "w:footnotes", f'<w:footnote w:id="2">{p(run("Loop") + again)}</w:footnote>'
            )
        },
    )
    assert extract(data).text.count("Loop") == 1


def test_text_boxes_are_read_once() -> None:
    box = f"<w:txbxContent>{p('In the box')}</w:txbxContent>"
    both = (
        '<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:wsp><wps:txbx>'
        f"{box}</wps:txbx></wps:wsp></w:drawing></mc:Choice>"
        f"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    assert lines(extract(docx(p(run("Before") + both)))) == ["Before", "In the box"]


def test_formulas() -> None:
    inner = (
        "<m:oMath><m:r><m:t>x=</m:t></m:r><m:f><m:num><m:r><m:t>a+b</m:t></m:r></m:num>"
        "<m:den><m:r><m:t>2</m:t></m:r></m:den></m:f><m:r><m:t>+</m:t></m:r>"
        "<m:rad><m:deg/><m:e><m:r><m:t>c</m:t></m:r></m:e></m:rad></m:oMath>"
    )
    assert extract(docx(p(inner))).text == "x=(a+b)/2+√c"


def test_charts_become_tables() -> None:
    def points(*values: str) -> str:
        return "".join(f'<c:pt idx="{at}"><c:v>{value}</c:v></c:pt>' for at, value in enumerate(values))

    chart = part(
        "c:chartSpace",
        "<c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>Rainfall</a:t></a:r></a:p></c:rich></c:tx></c:title>"
        f"<c:plotArea><c:barChart><c:ser><c:tx><c:strRef>{points('mm')}</c:strRef></c:tx>"
        f"<c:cat><c:strRef>{points('May', 'June')}</c:strRef></c:cat>"
        f"<c:val><c:numRef>{points('12', '30')}</c:numRef></c:val>"
        "</c:ser></c:barChart></c:plotArea></c:chart>",
    )
    data = docx(
        p(
            '<w:r><w:drawing><a:graphic><a:graphicData><c:chart r:id="rId3"/></a:graphicData></a:graphic>'
            "</w:drawing></w:r>"
        ),
        related=(("chart", "charts/chart1.xml"),),
        more={"word/charts/chart1.xml": chart},
    )
    found = extract(data)
    assert found.tables[0].name == "Rainfall"
    assert found.tables[0].rows == (("May", "12"), ("June", "30"))


def test_computed_page_breaks() -> None:
    mark = "<w:r><w:lastRenderedPageBreak/></w:r>"
    found = extract(docx(p("One") + p(run("Two ") + mark + run("goes on")) + p(mark + run("Three"))))
    assert [(block.page, block.last_page) for block in found.blocks] == [(1, None), (1, 2), (3, None)]
    assert found.pages == 3
    assert extract(docx(p("One"))).blocks[0].page is None


def test_the_strict_form() -> None:
    data = docx(p("Strictly") + table(row("a", "b"), row("1", "2")))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {
            name: archive.read(name).replace(W.encode(), STRICT_W.encode()) for name in archive.namelist()
        }
    found = extract(zipped(members))
    assert lines(found)[0] == "Strictly"
    assert found.tables[0].rows == (("1", "2"),)


def test_content_controls_and_the_main_part_by_relation() -> None:
    inner = f"<w:sdt><w:sdtPr/><w:sdtContent>{p('Controlled')}</w:sdtContent></w:sdt>"
    data = zipped(
        {
            "_rels/.rels": relations(("officeDocument", "/word/other.xml")),
            "word/other.xml": part("w:document", f"<w:body>{inner}</w:body>"),
        }
    )
    assert extract(data).text == "Controlled"


def test_documents_that_cannot_be_read() -> None:
    wrapped = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")
    with pytest.raises(EncryptedDocumentError):
        extract(wrapped)
    for data in (b"", b"PK\x03\x04 no zip", zipped({"a.txt": "x"}), zipped({"word/document.xml": "<w"})):
        with pytest.raises(DocumentError):
            extract(data)


def test_limits() -> None:
    wide = table(*[row("a", "b", "c") for _ in range(5)])
    with pytest.raises(DocumentLimitError, match="table_cells"):
        extract(docx(wide), limits=Limits(table_cells=10))
    with pytest.raises(DocumentLimitError, match="text_chars"):
        extract(docx(p("x" * 50)), limits=Limits(text_chars=40))
    spread = table(row(cell("x" * 2_000, '<w:gridSpan w:val="16000"/>')), row("a", "b"), row("c", "d"))
    with pytest.raises(DocumentLimitError, match="text_chars"):
        extract(docx(spread), limits=Limits(text_chars=1_000_000))
    deep = p("x")
    for _ in range(200):
        deep = table(row(f"<w:tc>{deep}</w:tc>"))
    with pytest.raises(DocumentLimitError):
        extract(docx(deep), limits=Limits(depth=5_000))


def test_merged_cells_of_all_tables_together_are_bounded() -> None:
    wide = table(row(cell("", '<w:gridSpan w:val="9000"/>')), row("a", "b"))
    assert len(extract(docx(wide)).tables) <= 1
    with pytest.raises(DocumentLimitError, match="merged"):
        extract(docx(wide * 5), limits=Limits(table_cells=20_000))


def test_fields_that_are_buttons_show_their_name() -> None:
    button = "<w:r><w:instrText>MACROBUTTON None Enter a name</w:instrText></w:r>"
    assert extract(docx(p(run("To: ") + field("begin") + button + field("end")))).text == "To: Enter a name"
