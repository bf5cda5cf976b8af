"""Electronic books. ``river`` was written by pandoc; the others are made here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from office_files import lines, shown, zipped

from mv2.errors import DocumentError, DocumentLimitError, EncryptedDocumentError
from mv2.extract.model import Extraction, Limits, ReadOptions, Source
from mv2.extract.readers.epub import read

pytest.importorskip("selectolax")

SAMPLES = Path(__file__).parents[2] / "samples" / "epub"
CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OPS/book.opf"/></rootfiles></container>'
)
FACTS = (
    "<dc:title>Small hours</dc:title><dc:creator>Ann Reed</dc:creator><dc:creator>Bo Lund</dc:creator>"
    "<dc:language>de</dc:language><dc:identifier>urn:isbn:123</dc:identifier><dc:subject>night</dc:subject>"
    "<dc:description>&lt;p&gt;About &lt;b&gt;night&lt;/b&gt;.&lt;/p&gt;</dc:description>"
    '<dc:date>2020-02-03</dc:date><meta property="dcterms:modified">2021-01-01T00:00:00Z</meta>'
)


def extract(data: bytes, **options: Any) -> Extraction:
    return read(Source(data=data, name="test.epub"), ReadOptions(**options))


def page(body: str) -> str:
    return (
        f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title></head><body>{body}</body></html>'
    )


def book(
    chapters: dict[str, str],
    *,
    spine: tuple[str, ...] | None = None,
    manifest: str = "",
    toc: str = "",
    more: dict[str, str] | None = None,
) -> bytes:
    """A book; ids in the spine are the names of its files."""
    items = "".join(
        f'<item id="{name}" href="{name.replace(" ", "%20")}" media-type="application/xhtml+xml"/>'
        for name in chapters
    )
    order = "".join(
        f'<itemref idref="{name.removeprefix("-")}" linear="{"no" if name[0] == "-" else "yes"}"/>'
        for name in spine or tuple(chapters)
    )
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<metadata>{FACTS}</metadata><manifest>{items}{manifest}"
        f"</manifest><spine {toc}>{order}</spine></package>"
    )
    files = {f"OPS/{name}": page(body) for name, body in chapters.items()}
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": CONTAINER,
            "OPS/book.opf": package,
            **files,
            **(more or {}),
        }
    )


def test_a_book_written_by_pandoc() -> None:
    found = extract((SAMPLES / "river.epub").read_bytes())
    assert shown(found)[0] == ("heading", 1, "River Survey")
    assert lines(found)[2] == "Aim"
    assert "1. Choose a site" in lines(found)
    assert found.tables[0].rows == (("A1", "2.5", "2024-03-01"), ("B2", "3.75", "2024-04-12"))
    assert found.blocks[lines(found).index("Depths by site") + 1].table == 0
    assert (found.title, found.author) == ("River Survey", "Ada Lind")


def test_facts() -> None:
    found = extract(book({"a.xhtml": "<p>x</p>"}))
    assert (found.title, found.author, found.language) == ("Small hours", "Ann Reed, Bo Lund", "de")
    assert found.keywords == ("night",)
    assert found.metadata["identifier"] == "urn:isbn:123"
    assert found.metadata["description"] == "About night."
    assert (found.created, found.modified) == (1_580_688_000, 1_609_459_200)


def test_a_title_that_the_text_has_is_not_repeated() -> None:
    nav = '<nav epub:type="toc" xmlns:epub="http://www.idpf.org/2007/ops"><ol>{}</ol></nav>'
    links = '<li><a href="one.xhtml">The craft</a></li><li><a href="two.xhtml">Tar</a></li>'
    manifest = '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
    chapters = {"one.xhtml": "<p>The\n craft</p><p>Yarns.</p>", "two.xhtml": "<p>It smells.</p>"}
    found = extract(book(chapters, manifest=manifest, more={"OPS/nav.xhtml": page(nav.format(links))}))
    assert found.text == "The craft\n\nYarns.\n\nTar\n\nIt smells."
    assert [block.kind for block in found.blocks] == ["heading", "paragraph", "heading", "paragraph"]


def test_notes_can_be_left_out() -> None:
    body = '<h1>One</h1><p>Calm.</p><aside epub:type="footnote"><p>Said the log.</p></aside>'
    whole = body.replace("<aside", '<aside xmlns:epub="http://www.idpf.org/2007/ops"')
    found = extract(book({"one.xhtml": whole}))
    assert [block.kind for block in found.blocks] == ["heading", "paragraph", "note"]
    assert extract(book({"one.xhtml": whole}), notes=False).text == "One\n\nCalm."


def test_chapters_follow_the_spine() -> None:
    chapters = {"a.xhtml": "<p>first file</p>", "b c.xhtml": "<p>second file</p>", "n.xhtml": "<p>aside</p>"}
    found = extract(book(chapters, spine=("-n.xhtml", "b c.xhtml", "a.xhtml")))
    assert lines(found) == ["second file", "first file", "aside"]


NAV = (
    '<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>',
    (
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><body>'
        '<nav epub:type="toc"><ol><li><a href="a.xhtml">Dusk</a>'
        '<ol><li><a href="a.xhtml#late">Late</a></li></ol></li>'
        '<li><a href="b.xhtml">Dawn</a></li><li><a href="c.xhtml">Cover</a></li></ol></nav></body></html>'
    ),
)
NCX = (
    '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>',
    (
        '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>Dusk</text></navLabel>'
        '<content src="a.xhtml"/></navPoint><navPoint><navLabel>'
        '<text>Dawn</text></navLabel><content src="b.xhtml#x"/>'
        "</navPoint></navMap></ncx>"
    ),
)


@pytest.mark.parametrize(("name", "contents"), [("nav.xhtml", NAV), ("toc.ncx", NCX)])
def test_titles_from_the_table_of_contents(name: str, contents: tuple[str, str]) -> None:
    data = book(
        {
            "a.xhtml": "<p>It darkens.</p>",
            "b.xhtml": "<h2>Morning</h2><p>Light.</p>",
            "c.xhtml": "<img src='c'/>",
        },
        manifest=contents[0],
        toc='toc="ncx"',
        more={f"OPS/{name}": contents[1]},
    )
    assert shown(extract(data)) == [
        ("heading", 1, "Dusk"),
        ("paragraph", 0, "It darkens."),
        ("heading", 2, "Morning"),
        ("paragraph", 0, "Light."),
    ]


def test_what_is_missing_is_said() -> None:
    data = book({"a.xhtml": "<p>here</p>"}, spine=("a.xhtml", "gone", "lost"), manifest=(
        '<item id="gone" href="gone.xhtml" media-type="application/xhtml+xml"/>'
    ))  # fmt: skip
    found = extract(data)
    assert found.text == "here"
    assert found.warnings == (
        "1 part of the book is named but not described",
        "OPS/gone.xhtml is missing",
    )


def test_chapters_that_are_not_well_formed() -> None:
    data = book({"a.xhtml": "<p>one<br>two & three <p>four"})
    assert lines(extract(data)) == ["one\ntwo & three", "four"]


def protection(algorithm: str, path: str) -> dict[str, str]:
    return {
        "META-INF/encryption.xml": '<encryption xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData>'
        f'<enc:EncryptionMethod Algorithm="{algorithm}"/><enc:CipherData><enc:CipherReference URI="{path}"/>'
        "</enc:CipherData></enc:EncryptedData></encryption>"
    }


def test_protected_books() -> None:
    cipher = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"
    with pytest.raises(EncryptedDocumentError):
        extract(book({"a.xhtml": "<p>x</p>"}, more=protection(cipher, "OPS/a.xhtml")))
    fonts = protection("http://www.idpf.org/2008/embedding", "OPS/f.otf")
    assert extract(book({"a.xhtml": "<p>x</p>"}, more=fonts)).text == "x"


def test_archives_that_are_no_book() -> None:
    for data in (b"", zipped({"a.txt": "x"}), zipped({"a.opf": "<x/>"}), zipped({"a.opf": "<"})):
        with pytest.raises(DocumentError):
            extract(data)
    with pytest.raises(DocumentLimitError, match="text_chars"):
        extract(book({"a.xhtml": "<p>" + "x" * 60 + "</p>"}), limits=Limits(text_chars=50))
