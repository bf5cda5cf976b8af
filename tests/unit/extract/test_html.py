"""Web pages: what a person reads on them, and nothing of what is around it."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from mv2.errors import DocumentLimitError
from mv2.extract.builder import TextBuilder
from mv2.extract.model import Extraction, Limits, ReadOptions, Source, Table
from mv2.extract.readers.html import html_blocks, html_title, read

JSON = '<script type="application/ld+json">{}</script>'
SAMPLES = Path(__file__).parents[2] / "samples" / "html"


def sample(name: str, **options: object) -> Extraction:
    return read(Source(data=(SAMPLES / f"{name}.html").read_bytes()), ReadOptions(**options))  # type: ignore[arg-type]


def page(body: str, *, mime: str | None = None, **options: object) -> Extraction:
    return read(Source(data=body.encode(), mime=mime), ReadOptions(**options))  # type: ignore[arg-type]


def kinds(found: Extraction) -> list[tuple[str, str]]:
    return [(block.kind, found.text[block.start : block.end]) for block in found.blocks]


def whole(fragment: str) -> str:
    return page(fragment, boilerplate=True).text


def test_a_blog_post() -> None:
    found = sample("blog")
    assert found.title == "Keeping bees on a balcony"
    assert found.author == "Mara Lindqvist"
    assert found.language == "en-GB"
    assert found.keywords == ("bees", "balcony", "honey")
    assert (found.created, found.modified) == (1715927400, 1717236000)
    assert found.metadata["url"] == "https://garden.example/2024/bees"
    assert found.metadata["description"] == "What two summers with a single hive taught us."
    assert found.metadata["site_name"] == "Quiet Garden"
    assert {"text": "Mara Lindqvist", "url": "https://garden.example/mara"} in found.metadata["links"]
    for said in (
        "came to look. We had sixtyfive frames of foundation and no idea where to put them all.",
        "- a smoker, and something to burn in it:\n  1. dry grass\n  2. old sacking\n- patience",
        "The hive in its second summer",
        "Leave them alone, and they will leave you alone.",
        "which is 10⁴ grams and a bit.",
    ):
        assert said in found.text
    for around in ("About us", "Tweet", "Tomatoes", "Archives", "powered", "dataLayer", "Skip to", "#"):
        assert around not in found.text
    assert ("heading", "What you need") in kinds(found)
    assert ("quote", "Leave them alone, and they will leave you alone.") in kinds(found)
    assert ("caption", "Eleven kilos of honey came out of this box.") in kinds(found)


def test_a_page_of_documentation() -> None:
    found = sample("docs")
    assert found.title == "Retrying requests"
    code = [text for kind, text in kinds(found) if kind == "code"]
    assert code[0].splitlines() == [
        "from ferry import Client",
        "",
        "with Client(retries=3) as client:",
        "    if client < 1:",
        '        print("never")',
    ]
    assert code[1] == "retries = 3\ndelay = 0.5"
    assert "POST requests are never repeated" in found.text
    assert "Delays are random within ten per cent" in found.text
    assert "ferry.get(url, retries=0): Fetch a page." in found.text
    assert found.tables[0].name == "Options of the client"
    assert found.tables[0].headers == ("Name", "Type", "Default")
    assert found.tables[0].rows[1] == ("max_delay", "float", "30.0")
    assert found.tables[0].rows[2] == ("on", "any of 500|502|503", "any of 500|502|503")
    for around in ("¶", "genindex", "Quick search", "Copyright", "Copy\n", "Table of Contents", "Navigation"):
        assert around not in found.text


def test_a_news_story_with_comments() -> None:
    found = sample("news")
    assert found.title == "Old harbour bridge to close for two years"
    assert found.author == "Ines Okafor, Tom Reyes"
    assert (found.created, found.modified) == (1738562400, 1738574100)
    for said in (
        "Ferries will run every ten minutes",
        "opened in 1934",
        "a loaf of bread",
        "harbourmouse",
        "when the fog",
    ):
        assert said in found.text
    for around in (
        "partners",
        "Sign in",
        "Advertisement",
        "tram",
        "morning mail",
        "Goat",
        "Imprint",
        "Facebook",
        "Reply",
    ):
        assert around not in found.text


def test_a_forum_made_of_tables() -> None:
    found = sample("forum")
    for said in (
        "Do I have to strip it again?",
        "Knock the pins out",
        "old_hinge",
        "14 Mar 2019, 08:40",
        "it is silent",
    ):
        assert said in found.text
    assert not found.tables
    assert ("quote", "Do I have to strip it again?") in kinds(found)
    for around in ("FAQ", "Members", "Archive", "Next"):
        assert around not in found.text


def test_a_wiki_article() -> None:
    found = sample("wiki")
    assert "freezes over in most winters.[1]" in found.text
    assert "flood of 1893.[2] Its wheel" in found.text
    assert "- Gull Island\n- Monk Rock\n- The Twins" in found.text
    assert "1. Survey of 1998, sheet 14." in found.text
    assert found.tables[0].name == "Lake Orvo"
    assert ("Depth", "61 m") in found.tables[0].rows
    for around in (
        "edit",
        "Contents",
        "Alba",
        "Categories",
        "Jump to",
        "What links here",
        "last edited",
        "Navigation",
    ):
        assert around not in found.text


def test_a_shop_page() -> None:
    found = sample("shop")
    assert found.title == "Kestrel 12 l day pack"
    for said in (
        "€79.90",
        "Colour slate",
        "nothing that dangles",
        "recycled nylon, 210 denier",
        "flask pocket is too narrow",
    ):
        assert said in found.text
    for around in ("Boots", "Cart", "Steel flask", "Returns", "rust", "IMG_0002", "Add to"):
        assert around not in found.text


def test_a_page_of_links_keeps_them() -> None:
    found = sample("front")
    assert "Goat elected mayor of a village of ninety people" in found.text
    assert "Weather" not in found.text


def test_an_old_page_in_its_own_encoding() -> None:
    found = sample("old")
    assert found.title == "Café Lumière – menu of the day"
    assert "“Soup of the day” is onion soup with gruyère. It comes with bread and costs € 6." in found.text
    assert "cooked for seven hours" in found.text


@pytest.mark.parametrize("name", ["blog", "docs", "news", "forum", "wiki", "shop", "front", "old"])
def test_boilerplate_can_be_kept(name: str) -> None:
    """Then every word is there."""
    every = set(re.findall(r"\w+", sample(name, boilerplate=True).text))
    assert set(re.findall(r"\w+", sample(name).text)) < every


@pytest.mark.parametrize(
    ("fragment", "text"),
    [
        ("<b>foo</b>bar", "foobar"),
        ("<p>foo <b> bar</b> baz</p>", "foo bar baz"),
        ("<div>a</div><div>b</div>", "a\n\nb"),
        ("a<div>b</div>c", "a\n\nb\n\nc"),
        ("<p>one<br>two<br/>three</p>", "one\ntwo\nthree"),
        ("<span>foo</span><span>bar</span>", "foobar"),
        ("<a href=x>Home</a><a href=y>About</a>", "Home About"),
        ("un<wbr>break<wbr>able", "unbreakable"),
        ("soft\u00adhyphen zero\u200bwidth", "softhyphen zerowidth"),
        ("a&nbsp;b&amp;c &lt;d&gt; &eacute; &#x1F600; &nosuch;", "a b&c <d> é 😀 &nosuch;"),
        ("a\n\n  b\tc", "a b c"),
        ("x<!-- no -->y", "xy"),
        ("x<script>no</script><style>no</style>y", "xy"),
        ("E=mc<sup>2</sup>, 1<sup>st</sup>, H<sub>2</sub>O", "E=mc², 1st, H2O"),
        ("word<sup><a href='#n'>3</a></sup>", "word[3]"),
        ("<ruby>漢<rt>kan</rt>字<rt>ji</rt></ruby>", "漢(kan)字(ji)"),
        ("<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>", "漢(kan)"),
        ("<q>yes</q>", "“yes”"),
        ("<p>see <img src=a.png alt='the map'> here</p>", "see the map here"),
        ("<img src=a.png alt=photo.jpg>", ""),
        ("<label>Name <input value='Ana'></label><input type=hidden value=secret>", "Name Ana"),
        ("<textarea>a\n  b</textarea>", "a\nb"),
        ("<details><summary>More</summary><p>inside</p></details>", "More\n\ninside"),
        ("<math><mi>x</mi><annotation encoding='application/x-tex'>x^{2}</annotation></math>", "x^{2}"),
        ("<svg><title>icon</title><text>Label</text><text>Two</text></svg>", "Label Two"),
        ("<pre>\n  a\n    b  \n</pre>", "  a\n    b"),
        ("<pre>a<br>b</pre>", "a\nb"),
        ("<div style='white-space: pre-wrap'>a\nb</div>", "a\nb"),
        ("<span style='display:block'>a</span><span style='display:block'>b</span>", "a\n\nb"),
        ("<div><template shadowrootmode=open><p>shown</p></template></div>", "shown"),
        ("<h1>a <small>b</small></h1>", "a b"),
        ("<ol start=3><li>x<li value=7>y<li>z</ol>", "3. x\n7. y\n8. z"),
        ("<ol reversed><li>x<li>y</ol>", "2. x\n1. y"),
        ("<ol type=i start=4><li>x<li>y</ol>", "iv. x\nv. y"),
        ("<ol type=A><li>x<li>y</ol>", "A. x\nB. y"),
        ("<ul><li>a<ul><li>b<ul><li>c</ul></ul><li>d</ul>", "- a\n  - b\n    - c\n- d"),
        ("<ul><li><p>a</p><p>more</p></li></ul>", "- a\n  more"),
        ("<ul><li><input type=checkbox checked>a<li><input type=checkbox>b</ul>", "- [x] a\n- [ ] b"),
        ("<dl><dt>T<dt>U<dd>means<dt>V</dl>", "T, U: means\nV"),
    ],
)  # fmt: skip
def test_text_as_it_is_read(fragment: str, text: str) -> None:
    assert whole(fragment) == text


@pytest.mark.parametrize(
    "hiding",
    [
        "<p hidden>secret</p>",
        "<p style='color:red;DISPLAY : none'>secret</p>",
        "<p style='visibility:hidden'>secret</p>",
        "<p aria-hidden=true>secret</p>",
        "<noscript>secret</noscript>",
        "<template>secret</template>",
    ],
)
def test_hidden_text_only_when_asked_for(hiding: str) -> None:
    body = f"<p>{'plain ' * 80}</p>{hiding}"
    assert "secret" not in page(body).text
    assert "secret" not in page(body, boilerplate=True).text
    assert "secret" in page(body, hidden=True).text


def test_a_page_that_hides_everything_until_a_script_runs_is_read() -> None:
    body = f"<body style='display:none'><div aria-hidden=true><p>{'Real words. ' * 40}</p></div>"
    assert page(body).text.count("Real words.") == 40


def test_text_in_navigation_is_kept_when_there_is_no_other() -> None:
    assert "Everything is here" in page("<nav><p>Everything is here, in the wrong element.</p></nav>").text


def test_a_recipe_for_cookies_is_no_cookie_banner() -> None:
    recipe = "<p>Mix butter and sugar, add the flour and bake for nine minutes.</p>" * 4
    assert page(f"<div class='post cookies-category'><h1>Cookies</h1>{recipe}</div>").text.count("Mix") == 4


def test_an_empty_page_says_why() -> None:
    found = page("<!doctype html><div id=app></div><script>render()</script>")
    assert found.text == ""
    assert "scripts" in found.warnings[0]


def test_spans_and_captions_of_a_table() -> None:
    found = page(
        "<table><caption>Ferries</caption><thead><tr><th rowspan=2>Line<th colspan=2>Boats"
        "<tr><th>old<th>new<tbody><tr><td rowspan=2>North<td>3<td>1<tr><td colspan=2>none</table>"
    )
    table = found.tables[0]
    assert table.name == "Ferries"
    assert table.headers == ("Line", "Boats old", "Boats new")
    assert table.rows == (("North", "3", "1"), ("North", "none", "none"))
    assert [kind for kind, _ in kinds(found)] == ["caption", "table"]
    block = found.blocks[1]
    assert block.table == 0
    assert block.header is not None
    assert found.text[slice(*block.header)] == "| Line | Boats old | Boats new |\n| --- | --- | --- |"


PANDOC_NOTES = """<p>Sow in May.<a href="#fn1" class="footnote-ref" role="doc-noteref"><sup>1</sup></a>
Water it.<a href="#fn2" role="doc-noteref">2</a></p>
<section class="footnotes" role="doc-endnotes"><hr><ol>
<li id="fn1" role="doc-endnote"><p>After the frost.<a href="#fnref1" role="doc-backlink">↩︎</a></p></li>
<li id="fn2" role="doc-endnote"><p>In the evening.</p><p>Never at noon.</p></li></ol></section>"""


def test_footnotes_are_notes_and_can_be_left_out() -> None:
    assert kinds(page(PANDOC_NOTES)) == [
        ("paragraph", "Sow in May.[1] Water it.[2]"),
        ("note", "[1] After the frost."),
        ("note", "[2] In the evening."),
        ("note", "Never at noon."),
    ]
    assert kinds(page(PANDOC_NOTES, notes=False)) == [("paragraph", "Sow in May.[1] Water it.[2]")]


def test_pages_of_a_word_processor() -> None:
    found = page(
        '<div title="header"><p>Parish of Little Wickham</p></div>'
        '<p>The line leaks.<a class="sdfootnoteanc" href="#sdfootnote1sym"><sup>1</sup></a> It was laid'
        ' <del>in May</del><ins>in June</ins>.<span><a href="#_ftn2" name="_ftnref2">2</a></span></p>'
        '<div id="sdfootnote1"><p><a class="sdfootnotesym" href="#sdfootnote1anc">1</a>Since 1974.</p></div>'
        '<div id="ftn2"><p><a href="#_ftnref2" name="_ftn2">2</a>By the council.</p></div>'
        '<div title="footer"><p>Page 1</p></div>'
    )
    assert kinds(found) == [
        ("paragraph", "The line leaks.[1] It was laid in May in June.[2]"),
        ("note", "[1] Since 1974."),
        ("note", "[2] By the council."),
    ]


def test_footnotes_of_books() -> None:
    body = (
        '<article><p>The tide turned<a epub:type="noteref" href="notes.xhtml#n1">1</a>.</p>'
        '<aside epub:type="footnote" id="n1"><p>At four.</p></aside>'
        '<p class="footnotes">Two pages.</p></article>'
    )
    assert kinds(page(body)) == [
        ("paragraph", "The tide turned[1]."),
        ("note", "At four."),
        ("paragraph", "Two pages."),
    ]


def test_tables_inside_of_tables_place_things() -> None:
    found = page(
        "<table><tr><td><p>Left words</p></td><td><table><tr><th>a</th><th>b</th></tr>"
        "<tr><td>1</td><td>2</td></tr></table></td></tr></table>",
        boilerplate=True,
    )
    assert [table.headers for table in found.tables] == [("a", "b")]
    assert found.text.startswith("Left words")


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("<title>Plain</title>", "Plain"),
        ("<title> Two\n words </title>", "Two words"),
        ("<title>Story | Site</title><meta property=og:site_name content=Site>", "Story"),
        ("<title>Story - Part two</title>", "Story - Part two"),
        ("<title>A</title><meta property=og:title content=B>", "B"),
        ("", "Heading"),
        ("<title>Heading – My Site</title>", "Heading"),
    ],
)
def test_the_title(head: str, title: str) -> None:
    assert page(f"<head>{head}</head><body><h1>Heading</h1><p>text").title == title


@pytest.mark.parametrize(
    ("head", "seconds"),
    [
        ("<meta property=article:published_time content=2024-05-01T12:00:00Z>", 1714564800),
        ("<meta name=date content='2024-05-01'>", 1714521600),
        ("<meta name=citation_publication_date content='2024/05/01'>", 1714521600),
        (JSON.format('{"@type":"BlogPosting","datePublished":"2024-05-01T12:00:00.123+0200"}'), 1714557600),
        (JSON.format('{"@type":"BlogPosting","datePublished":'), None),
        ("<meta name=date content='soon'>", None),
    ],
)  # fmt: skip
def test_when_it_was_published(head: str, seconds: int | None) -> None:
    assert page(f"<head>{head}</head><body><p>text").created == seconds


def test_a_time_element_dates_the_page() -> None:
    assert page("<article><time datetime=2024-05-01>today</time><p>text</article>").created == 1714521600


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        ("<p>Grüße, Łódź, 東京</p>".encode(), None),
        (b"\xef\xbb\xbf" + "<p>Grüße, Łódź, 東京</p>".encode(), "text/html; charset=latin1"),
        ("<p>Grüße, Łódź, 東京</p>".encode("utf-16"), None),
        ("<meta charset='shift_jis'><p>Grusse, Lodz, 東京</p>".encode("shift_jis"), None),
        ("<p>Grusse, Lodz, 東京</p>".encode("euc_jp"), "text/html;charset=EUC-JP"),
        (b"<meta charset=utf-16><p>\xe6\x9d\xb1\xe4\xba\xac</p>", None),
    ],
)
def test_encodings(data: bytes, mime: str | None) -> None:
    assert "東京" in read(Source(data=data, mime=mime), ReadOptions()).text


def test_xhtml_closes_its_elements_by_itself() -> None:
    data = (
        b'<?xml version="1.0"?>\n<html xmlns="http://www.w3.org/1999/xhtml">\n'
        b'<head><title/><script src="x"/></head>'
        b'<body><p id="a"/><p>one <a id="b"/>two</p><![CDATA[three < four]]></body></html>'
    )
    builder, tables = TextBuilder(), list[Table]()
    assert html_blocks(data, builder, tables) is None
    assert builder.text == "one two\n\nthree < four"
    assert html_title("<title>T &amp; U</title>") == "T & U"


def test_blocks_go_on_in_a_builder_that_has_some() -> None:
    builder, tables = TextBuilder(), list[Table]()
    builder.add("heading", "Chapter", level=1)
    html_blocks("<nav>kept</nav><table><tr><th>a<th>b<tr><td>1<td>2</table>", builder, tables)
    html_blocks("<table><tr><th>c<th>d<tr><td>3<td>4</table>", builder, tables)
    assert builder.text.startswith("Chapter\n\nkept\n\n| a | b |")
    assert [block.table for block in builder.blocks if block.kind == "table"] == [0, 1]


@pytest.mark.parametrize(
    "source",
    [
        "<div>" * 10_000 + "deep",
        "<div>" * 200_000 + "deep",
        "<ul><li>" * 30_000 + "deep",
        "<table><tr><td>" * 20_000 + "deep",
        "<table><tr><th>a<th>" * 10_000 + "deep",
        "<p>" + "".join(f"<font id={n}>" for n in range(300)) + "</p><p>deep</p>" * 10_000,
        "<p " + " ".join(f"a{n}" for n in range(60_000)) + ">deep",
        "".join(f"<body a{n}>" for n in range(40_000)) + "deep",
        "<sup>" * 20_000 + "deep",
        "<blockquote>" * 20_000 + "deep",
        "<header>" * 10_000 + "<h1>deep",
        "<a href=x itemprop=author>" * 20_000 + "deep",
        "<div itemprop=author>" * 5_000 + "deep " * 200,
        "<ruby>" + "a<rt>b" * 50_000 + "deep",
        "<figure><figcaption>c</figcaption>" + "<img alt=deep>" * 20_000,
        "<div class='menu share related'>" * 5_000 + "deep",
        "deep" + "<a " * 200_000,
        "deep" + "<" * 500_000,
        "deep" + "&" * 500_000,
        "deep<script>" * 20_000,
        "deep<!--" * 50_000,
        "<dl>" + "<dt>deep" * 50_000,
        "<select>" + "<option>deep" * 50_000,
    ],
    ids=range(23),
)  # fmt: skip
def test_hostile_pages_are_read_in_time(source: str) -> None:
    start = time.process_time()
    found = page(source, boilerplate=True)
    page(source)
    assert "deep" in found.text
    assert time.process_time() - start < 12


def test_limits() -> None:
    with pytest.raises(DocumentLimitError, match="text_chars"):
        page("<p>" + "word " * 1000, limits=Limits(text_chars=1000))
    with pytest.raises(DocumentLimitError, match="table_cells"):
        page("<table>" + "<tr><th colspan=1000>a<td>b" * 20 + "</table>", limits=Limits(table_cells=5000))
    wide = f"<table><tr><th>a<th>b<tr><td>1<td colspan=1000>{'x' * 10_000}</table>"
    with pytest.raises(DocumentLimitError, match="characters"):
        page(wide, limits=Limits(text_chars=1_000_000))
