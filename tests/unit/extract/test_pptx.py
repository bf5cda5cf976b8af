"""Presentations. ``orchard`` was saved by python-pptx; the others are made here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from office_files import lines, part, relations, shown, text_of, zipped

from mv2.errors import DocumentError, DocumentLimitError, EncryptedDocumentError
from mv2.extract.model import Extraction, Limits, ReadOptions, Source
from mv2.extract.readers.pptx import read

SAMPLES = Path(__file__).parents[2] / "samples" / "pptx"
CHART = "|  | Apple | Pear |\n| --- | --- | --- |\n| May | 1.5 | 2 |\n| June | 1.75 | 2.25 |"
YIELD = "| Kind | 2022 | 2023 |\n| --- | --- | --- |\n| Apple | 120 | 130 |\n| Pear | 80 | 75 |"


def extract(data: bytes, **options: Any) -> Extraction:
    return read(Source(data=data, name="test.pptx"), ReadOptions(**options))


def sample(**options: Any) -> Extraction:
    return extract((SAMPLES / "orchard.pptx").read_bytes(), **options)


def test_slides_in_the_order_they_are_shown() -> None:
    found = sample()
    assert [(block.page, *one) for block, one in zip(found.blocks, shown(found), strict=True)] == [
        (1, "heading", 1, "Orchard plan"),
        (1, "paragraph", 0, "Spring season"),
        (2, "heading", 1, "Trees"),
        (2, "list", 1, "- Apple"),
        (2, "list", 2, "- Early"),
        (2, "list", 2, "- Late"),
        (2, "list", 1, "- Pear"),
        (2, "note", 0, "Mention the frost."),
        (4, "heading", 1, "Prices"),
        (4, "caption", 0, "Price per kilo"),
        (4, "table", 0, CHART),
        (4, "paragraph", 0, "Grouped words"),
        (5, "heading", 1, "Yield"),
        (5, "paragraph", 0, "Left column"),
        (5, "paragraph", 0, "Right column"),
        (5, "table", 0, YIELD),
    ]


def test_facts_and_tables() -> None:
    found = sample()
    assert (found.title, found.author, found.pages) == ("Orchard plan", "Lea Brandt", 5)
    assert found.created == 1_706_933_106
    assert [one.name for one in found.tables] == ["Price per kilo", None]
    assert [one.page for one in found.tables] == [4, 5]
    assert found.tables[1].headers == ("Kind", "2022", "2023")


def test_hidden_slides_and_notes() -> None:
    assert "Secret" not in sample().text
    assert sample().warnings == ("1 hidden slide was left out",)
    found = sample(hidden=True, notes=False)
    assert [(text_of(found, one), one.page) for one in found.blocks if one.page == 3] == [("Secret", 3)]
    assert "frost" not in found.text


def shape(
    text: str,
    *,
    holder: str = "",
    place: tuple[int, int] | None = None,
    style: str = "",
    hidden: bool = False,
) -> str:
    """A shape; ``text`` is plain, or paragraphs."""
    offset = "" if place is None else f'<a:xfrm><a:off x="{place[0]}" y="{place[1]}"/></a:xfrm>'
    paragraphs = text if text.startswith("<a:p>") else f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>"
    seen = ' hidden="1"' if hidden else ""
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="1" name="x"{seen}/><p:nvPr>{holder}</p:nvPr></p:nvSpPr>'
        f"<p:spPr>{offset}</p:spPr><p:txBody><a:lstStyle>{style}</a:lstStyle>{paragraphs}</p:txBody></p:sp>"
    )


def tree(kind: str, inner: str) -> str:
    return part(kind, f"<p:cSld><p:spTree>{inner}</p:spTree></p:cSld>")


def deck(
    slide: str, *, related: tuple[tuple[str, ...], ...] = (), more: dict[str, str] | None = None
) -> bytes:
    """A presentation of one slide; ``related`` are relations of it from rId2 on."""
    members = {
        "_rels/.rels": relations(("officeDocument", "ppt/presentation.xml")),
        "ppt/presentation.xml": part("p:presentation", '<p:sldIdLst><p:sldId r:id="rId1"/></p:sldIdLst>'),
        "ppt/_rels/presentation.xml.rels": relations(
            ("slide", "slides/slide9.xml"), ("commentAuthors", "authors.xml")
        ),
        "ppt/slides/slide9.xml": tree("p:sld", slide),
        "ppt/slides/_rels/slide9.xml.rels": relations(("slideLayout", "../layouts/one.xml"), *related),
        "ppt/layouts/one.xml": tree(
            "p:sldLayout",
            shape("", holder='<p:ph type="body" idx="1"/>', place=(0, 5_000_000))
            + shape("", holder='<p:ph type="body" idx="2"/>', style="<a:lvl1pPr><a:buNone/></a:lvl1pPr>"),
        ),
        "ppt/layouts/_rels/one.xml.rels": relations(("slideMaster", "../masters/one.xml")),
        "ppt/masters/one.xml": part(
            "p:sldMaster",
            '<p:txStyles><p:bodyStyle><a:lvl1pPr><a:buChar char="•"/></a:lvl1pPr></p:bodyStyle></p:txStyles>',
        ),
    }
    return zipped({**members, **(more or {})})


def test_places_and_bullets_come_from_layout_and_master() -> None:
    slide = (
        shape("Below", holder='<p:ph idx="1"/>')
        + shape("Above", place=(0, 1_000_000))
        + shape("No bullet", holder='<p:ph type="body" idx="2"/>', place=(0, 2_000_000))
        + shape("The title", holder='<p:ph type="ctrTitle"/>', place=(0, 9_000_000))
    )
    assert shown(extract(deck(slide))) == [
        ("heading", 1, "The title"),
        ("paragraph", 0, "Above"),
        ("paragraph", 0, "No bullet"),
        ("list", 1, "- Below"),
    ]


def test_numbers_are_counted() -> None:
    def item(text: str, level: int, bullet: str) -> str:
        return f'<a:p><a:pPr lvl="{level}">{bullet}</a:pPr><a:r><a:t>{text}</a:t></a:r></a:p>'

    auto, roman = '<a:buAutoNum type="arabicPeriod" startAt="4"/>', '<a:buAutoNum type="romanLcParenR"/>'
    text = item("a", 0, auto) + item("b", 1, roman) + item("c", 1, roman) + item("d", 0, auto)
    assert lines(extract(deck(shape(text)))) == ["4. a", "i) b", "ii) c", "5. d"]


def test_merged_cells_of_a_table() -> None:
    def line(*cells: tuple[str, str]) -> str:
        inner = "".join(
            f"<a:tc {attributes}><a:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></a:txBody></a:tc>"
            for text, attributes in cells
        )
        return f"<a:tr>{inner}</a:tr>"

    rows = (
        line(("Plan", 'gridSpan="2"'), ("", 'hMerge="1"'))
        + line(("Who", ""), ("When", ""))
        + line(("Ann", 'rowSpan="2"'), ("May", ""))
        + line(("", 'vMerge="1"'), ("June", ""))
    )
    frame = (
        "<p:graphicFrame><p:nvGraphicFramePr/><a:graphic><a:graphicData>"
        f'<a:tbl><a:tblPr firstRow="1"/>{rows}</a:tbl></a:graphicData></a:graphic></p:graphicFrame>'
    )
    only = extract(deck(frame)).tables[0]
    assert (only.name, only.headers) == ("Plan", ("Who", "When"))
    assert only.rows == (("Ann", "May"), ("Ann", "June"))


def test_groups_are_read_where_they_stand() -> None:
    group = (
        '<p:grpSp><p:nvGrpSpPr/><p:grpSpPr><a:xfrm><a:off x="0" y="4000000"/><a:ext cx="100" cy="100"/>'
        '<a:chOff x="0" y="0"/><a:chExt cx="100" cy="100"/></a:xfrm></p:grpSpPr>'
        + shape("second", place=(0, 1_000_000))
        + shape("first", place=(0, 0))
        + "</p:grpSp>"
    )
    slide = group + shape("last", place=(0, 8_000_000)) + shape("top", place=(0, 10))
    assert lines(extract(deck(slide))) == ["top", "first", "second", "last"]


def test_feet_numbers_and_hidden_shapes() -> None:
    slide = (
        shape("Body", place=(0, 0))
        + shape("Page foot", holder='<p:ph type="ftr" idx="10"/>', place=(0, 90_000))
        + shape("Unseen", place=(0, 9_000_000), hidden=True)
    )
    assert lines(extract(deck(slide))) == ["Body"]
    assert lines(extract(deck(slide), headers_footers=True, hidden=True)) == ["Body", "Page foot", "Unseen"]


def test_comments() -> None:
    data = deck(
        shape("Body"),
        related=(("comments", "../comments/c1.xml"),),
        more={
            "ppt/authors.xml": part("p:cmAuthorLst", '<p:cmAuthor id="3" name="Kim"/>'),
            "ppt/comments/c1.xml": part("p:cmLst", '<p:cm authorId="3"><p:text>Too long</p:text></p:cm>'),
        },
    )
    assert lines(extract(data)) == ["Body"]
    assert shown(extract(data, comments=True))[1] == ("note", 0, "Comment by Kim: Too long")


def test_diagrams_are_lists() -> None:
    def point(name: str, text: str = "", kind: str = "node") -> str:
        words = f"<dgm:t><a:p><a:r><a:t>{text}</a:t></a:r></a:p></dgm:t>" if text else ""
        return f'<dgm:pt modelId="{name}" type="{kind}">{words}</dgm:pt>'

    links = "".join(
        f'<dgm:cxn srcId="{source}" destId="{target}" srcOrd="{order}"/>'
        for source, target, order in (("d", "b", 1), ("d", "a", 0), ("a", "c", 0))
    )
    points = point("d", kind="doc") + point("b", "Ship") + point("c", "Test") + point("a", "Build")
    frame = (
        "<p:graphicFrame><p:nvGraphicFramePr/><a:graphic><a:graphicData>"
        '<dgm:relIds r:dm="rId2"/></a:graphicData></a:graphic></p:graphicFrame>'
    )
    data = deck(
        frame,
        related=(("diagramData", "../diagrams/data1.xml"),),
        more={
            "ppt/diagrams/data1.xml": part(
                "dgm:dataModel", f"<dgm:ptLst>{points}</dgm:ptLst><dgm:cxnLst>{links}</dgm:cxnLst>"
            )
        },
    )
    assert shown(extract(data)) == [("list", 1, "- Build"), ("list", 2, "- Test"), ("list", 1, "- Ship")]


def test_a_missing_slide_is_said() -> None:
    data = zipped(
        {
            "_rels/.rels": relations(("officeDocument", "ppt/presentation.xml")),
            "ppt/presentation.xml": part("p:presentation", '<p:sldIdLst><p:sldId r:id="rId1"/></p:sldIdLst>'),
            "ppt/_rels/presentation.xml.rels": relations(("slide", "slides/gone.xml")),
        }
    )
    assert extract(data).warnings == ("slide 1 is missing or damaged",)


def test_presentations_that_cannot_be_read() -> None:
    with pytest.raises(DocumentError):
        extract(zipped({"ppt/presentation.xml": "<nothing/>"}))
    wrapped = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le")
    with pytest.raises(EncryptedDocumentError):
        extract(wrapped)
    group = shape("x")
    for _ in range(60):
        group = f"<p:grpSp><p:grpSpPr/>{group}</p:grpSp>"
    with pytest.raises(DocumentLimitError):
        extract(deck(group), limits=Limits(depth=1_000))
