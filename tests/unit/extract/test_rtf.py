"""Rich Text Format. ``harbour`` was saved by LibreOffice; the others are made here."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from office_files import lines, shown, text_of

from mv2.errors import DocumentError, DocumentLimitError
from mv2.extract.model import Extraction, Limits, ReadOptions, Source
from mv2.extract.readers.rtf import read

SAMPLES = Path(__file__).parents[2] / "samples" / "rtf"


def extract(data: bytes | str, **options: Any) -> Extraction:
    data = data.encode("latin-1") if isinstance(data, str) else data
    return read(Source(data=data, name="test.rtf"), ReadOptions(**options))


def sample(**options: Any) -> Extraction:
    return extract((SAMPLES / "harbour.rtf").read_bytes(), **options)


def rtf(body: str, head: str = "") -> str:
    return rf"{{\rtf1\ansi\ansicpg1252\deff0{head} {body}}}"


def test_a_report() -> None:
    found = sample()
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
    assert found.text.count("Boxed warning") == 1
    assert lines(found)[-3:] == ["Page two begins.", "2. Outlook", "Time and tide wait for no one."]
    only = found.tables[0]
    assert only.rows == (
        ("North", "Alba", "1200"),
        ("North", "Brio\n(repair)", "860"),
        ("Total", "Total", "2060"),
    )


def test_facts_and_pages_of_the_report() -> None:
    found = sample()
    assert (found.title, found.author, found.language) == ("Harbour report", "Mara Olsen", "en-GB")
    assert found.keywords == ("harbour", "tide")
    assert found.modified == 1_717_243_200
    assert found.metadata["links"] == [{"text": "the tables", "url": "https://example.org/tides"}]
    pages = {text_of(found, block): block.page for block in found.blocks}
    assert (pages["A box stands here."], pages["Page two begins."], found.pages) == (1, 2, 2)


def test_options_of_the_report() -> None:
    original = sample(revisions="original", comments=True)
    assert "The slow tide rose by 40" in original.text
    assert ("note", 0, "Comment by Ida: Check the gauge.") in shown(original)
    marked = sample(revisions="marked", hidden=True, headers_footers=True)
    assert "The {--slow --}tide rose{++ quickly++} by" in marked.text
    assert "secret words" in marked.text
    assert (lines(marked)[0], lines(marked)[-1]) == ("Port Authority", "Internal use")
    plain = sample(notes=False)
    assert "west pier" not in plain.text
    assert "dawn. See" in plain.text


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        ("", r"na\'efve \'93quoted\'94", "naïve “quoted”"),
        ("", r"\u1055?\u1088?\u1080?", "При"),
        ("", r"{\uc2\u8364\'80\'80} euro {\uc0\u8364}5", "€ euro €5"),
        ("", r"\u-10179?\u-8704? smile", "😀 smile"),
        (
            r"{\fonttbl{\f0\fcharset204 Arial;}{\f1\fcharset128 Gothic;}}",
            r"\f0 \'cf\'f0\'e8 {\f1 \'93\'fa}",
            "При 日",
        ),
        (r"{\fonttbl{\f0 Arial;}{\f1\fcharset2 Symbol;}}", r"{\f1 a\'b7} is alpha", "α• is alpha"),
        ("", r"a\~b\_c\-d \emdash \bullet\tab x", "a b-cd —•\tx"),
        ("", r"\{braces\} and \\ slash", "{braces} and \\ slash"),
        ("", r"one\line two", "one\ntwo"),
        ("", "split\r\n over lines", "split over lines"),
        ("", r"10{\super 3} H{\sub 2}O", "10³ H₂O"),
    ],
)
def test_characters(head: str, body: str, expected: str) -> None:
    assert extract(rtf(body, head)).text == expected


def test_a_fact_stated_twice_is_the_first_one() -> None:
    info = r"{\info{\author Noor}{\creatim\yr2024\mo11\dy8}{\author Ben}{\title Log}}"
    found = extract(rtf(r"\pard x\par", info))
    assert (found.author, found.title) == ("Noor", "Log")


def test_code_page_of_the_document() -> None:
    assert (
        extract(rb"{\rtf1\ansi\ansicpg1251 \'cf\'f0\'e8 " + "вет".encode("cp1251") + b"}").text == "При вет"
    )
    assert extract(rb"{\rtf1\mac \'8e}").text == "é"


def test_what_is_not_text_is_left_out() -> None:
    body = (
        r"Seen{\pict\pngblip 89504e470d0a}{\*\unknown secret}{\*\bkmkstart x}{\v hidden}"
        r"{\object{\*\objdata 0102}{\result shown}}{\xe index} end{\header top}"
    )
    assert extract(rtf(body)).text == "Seenshown end"
    binary = rb"{\rtf1 A{\pict\bin11 \par}{\x y}}B}"
    assert extract(binary).text == "AB"


def test_two_forms_of_one_text() -> None:
    assert extract(rtf(r"{\upr{ansi}{\*\ud{\u1055?\u1088?}}} end")).text == "Пр end"


def test_styles_make_headings() -> None:
    head = (
        r"{\stylesheet{\s0 Normal;}{\s1 heading 2;}{\s2\sbasedon1 Own;}"
        r"{\s3\outlinelevel0 Top;}{\*\cs4 heading 1;}}"
    )
    body = r"\pard\s1 A\par\pard\s2 B\par\pard\s3 C\par\pard\s0 D\par\pard\outlinelevel4 E\par"
    assert shown(extract(rtf(body, head))) == [
        ("heading", 2, "A"),
        ("heading", 2, "B"),
        ("heading", 1, "C"),
        ("paragraph", 0, "D"),
        ("heading", 5, "E"),
    ]


def test_lists_by_their_written_labels() -> None:
    body = (
        r"\pard\ls1\ilvl0{\listtext 1.\tab}one\par{\listtext 2.\tab}two\par"
        r"\pard\ls1\ilvl1{\listtext\f0 \'b7\tab}dot\par"
        r"\pard\li360\fi-360 \bullet\tab plain\par\pard\li720\fi-360 a)\tab deeper\par\pard no list\par"
    )
    assert shown(extract(rtf(body))) == [
        ("list", 1, "1. one"),
        ("list", 1, "2. two"),
        ("list", 2, "- dot"),
        ("list", 1, "- plain"),
        ("list", 2, "a) deeper"),
        ("paragraph", 0, "no list"),
    ]


def test_tables_with_merged_and_nested_cells() -> None:
    body = (
        r"Before\par\trowd\cellx1000\cellx2000\cellx3000\pard\intbl Kind\cell A\cell B\cell\row"
        r"\trowd\clvmgf\cellx1000\cellx3000\pard\intbl Fruit\cell both\cell\row"
        r"\trowd\clvmrg\cellx1000\cellx2000\cellx3000\pard\intbl\cell 1\cell 2\cell\row\pard After\par"
    )
    found = extract(rtf(body))
    assert lines(found)[0] == "Before"
    assert lines(found)[-1] == "After"
    cells = [found.tables[0].headers, *found.tables[0].rows]
    assert cells[-2:] == [("Fruit", "both", "both"), ("Fruit", "1", "2")]
    nested = (
        r"\trowd\cellx1000\cellx2000\pard\intbl outer\cell\pard\intbl\itap2 x\nestcell y\nestcell"
        r"{\*\nesttableprops\trowd\cellx500\cellx900\nestrow}{\nonesttables\par}"
        r"\itap2 1\nestcell 2\nestcell{\*\nesttableprops\trowd\cellx500\cellx900\nestrow}"
        r"\pard\intbl\itap1 words\cell\row\trowd\cellx1000\cellx2000\pard\intbl p\cell q\cell\row\pard"
    )
    found = extract(rtf(nested))
    assert [text for table in found.tables[:1] for text in (*table.headers, *table.rows[0])].count(
        "words"
    ) == 1
    assert ("1", "2") in found.tables[1].rows
    assert found.text.count("words") == 1


def test_notes_at_the_foot_and_at_the_end() -> None:
    body = (
        r"Fact{\super\chftn}{\footnote\pard\plain\chftn  Source.} and"
        r"{\footnote\ftnalt Later.} more.\par Next.\par"
    )
    assert shown(extract(rtf(body))) == [
        ("paragraph", 0, "Fact[1] and[i] more."),
        ("note", 0, "[1] Source."),
        ("note", 0, "[i] Later."),
        ("paragraph", 0, "Next."),
    ]


def test_links() -> None:
    body = (
        r'{\field{\*\fldinst HYPERLINK "https://example.org/x"}'
        r"{\fldrslt the page}} and {\field{\*\fldinst PAGE}{\fldrslt 3}}"
    )
    found = extract(rtf(body))
    assert found.text == "the page and 3"
    assert found.metadata["links"] == [{"text": "the page", "url": "https://example.org/x"}]


def test_a_file_that_ends_in_the_middle() -> None:
    found = extract(r"{\rtf1 Half a {\b sent")
    assert found.text == "Half a sent"
    assert found.warnings == ("the file ends in the middle: text may be missing",)


def test_files_that_are_no_rtf() -> None:
    for data in (b"", b"plain text", b"{\\rt"):
        with pytest.raises(DocumentError):
            extract(data)


def test_hostile_files_end_soon() -> None:
    started = time.monotonic()
    with pytest.raises(DocumentLimitError):
        extract("{\\rtf1" + "{" * 200_000)
    extract("{\\rtf1" + "}" * 200_000)
    extract("{\\rtf1 " + "\\u8364" * 50_000)
    extract("{\\rtf1 \\bin99999999999 x}")
    extract("{\\rtf1 " + r"\trowd\cellx1\intbl x\cell" * 20_000 + "}")
    with pytest.raises(DocumentLimitError):
        extract(rtf("x" * 100), limits=Limits(text_chars=50))
    assert time.monotonic() - started < 10


def test_fields_that_are_buttons_show_their_name() -> None:
    named, shown = (
        r"{\field{\*\fldinst MACROBUTTON None Enter a name}}",
        r"{\field{\*\fldinst PAGE}{\fldrslt 3}}",
    )
    assert extract(rtf(f"To: {named} at {shown}")).text == "To: Enter a name at 3"
