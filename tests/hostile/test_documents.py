"""Documents made to harm: every one of them ends in text or in a typed error, in bounded time and memory.

An error that says that a reader "failed" or "crashed" is a bug of the reader: it met something
that it did not expect. Here nothing may be unexpected.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import struct
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mv2.errors import DocumentError, DocumentLimitError, EncryptedDocumentError, MissingExtraError
from mv2.extract._kinds import BUILT_IN
from mv2.extract.model import Limits, ReadOptions, Source
from mv2.extract.pool import Outcome, ReaderPool

SAMPLES = Path(__file__).parents[1] / "samples"
# Generous: what is asserted is that there is a bound, not how fast the machine is.
SECONDS = 60.0
MEMORY = 1 << 30
OFFICE = "application/vnd.openxmlformats-officedocument"
OPEN = "application/vnd.oasis.opendocument"
LAUGHS = (
    '<!DOCTYPE r [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, 10))
    + "]>"
)
PASSWD = '<!DOCTYPE r [<!ENTITY a9 SYSTEM "file:///etc/passwd">]>'


@pytest.fixture(scope="module")
def pool() -> Iterator[ReaderPool]:
    options = ReadOptions(archives=True, tables=True, limits=Limits(seconds=SECONDS, memory_bytes=MEMORY))
    with ReaderPool(1, options) as made:
        yield made


def read(pool: ReaderPool, data: bytes, name: str) -> Outcome:
    """The outcome, which is an extraction or an error that a reader meant."""
    outcome = pool.read_one(Source(data=data, name=name))
    assert outcome.peak_bytes < MEMORY + 2 * len(data) + (256 << 20)
    assert outcome.seconds < SECONDS
    if outcome.error is not None:
        assert isinstance(outcome.error, DocumentError | MissingExtraError)
        message = str(outcome.error)
        for sign in (" failed: ", "crashed", "returned a", "longer than", "cannot be imported", "tried to"):
            assert sign not in message, message
    return outcome


def text_of(outcome: Outcome) -> str:
    if isinstance(outcome.error, MissingExtraError):
        pytest.skip(str(outcome.error))
    assert outcome.error is None, outcome.error
    assert outcome.extraction is not None
    return outcome.extraction.text


def error_of(outcome: Outcome) -> Exception:
    if isinstance(outcome.error, MissingExtraError):
        pytest.skip(str(outcome.error))
    assert outcome.error is not None, "it was read"
    return outcome.error


def zipped(members: dict[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return target.getvalue()


def types(main: str, part: str) -> str:
    return (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/{part}" ContentType="{OFFICE}.{main}.main+xml"/></Types>'
    )


def relations(kind: str, target: str) -> str:
    base = "http://schemas.openxmlformats.org"
    return (
        f'<Relationships xmlns="{base}/package/2006/relationships"><Relationship Id="rId1" '
        f'Type="{base}/officeDocument/2006/relationships/{kind}" Target="{target}"/></Relationships>'
    )


W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
P = "http://schemas.openxmlformats.org/presentationml/2006/main"
A = "http://schemas.openxmlformats.org/drawingml/2006/main"
S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
OFFICE_NS = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
TABLE_NS = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"


def docx(inner: str, doctype: str = "") -> bytes:
    body = f'{doctype}<w:document xmlns:w="{W}"><w:body>{inner}</w:body></w:document>'
    return zipped(
        {
            "[Content_Types].xml": types("wordprocessingml.document", "word/document.xml"),
            "_rels/.rels": relations("officeDocument", "word/document.xml"),
            "word/document.xml": body,
        }
    )


def pptx(inner: str, doctype: str = "") -> bytes:
    shape = f"<p:sp><p:txBody><a:p>{inner}</a:p></p:txBody></p:sp>"
    slide = (
        f'{doctype}<p:sld xmlns:p="{P}" xmlns:a="{A}"><p:cSld><p:spTree>{shape}</p:spTree></p:cSld></p:sld>'
    )
    slides = '<p:sldIdLst><p:sldId id="256" r:id="rId1"/></p:sldIdLst>'
    show = f'<p:presentation xmlns:p="{P}" xmlns:r="{R}">{slides}</p:presentation>'
    return zipped(
        {
            "[Content_Types].xml": types("presentationml.presentation", "ppt/presentation.xml"),
            "_rels/.rels": relations("officeDocument", "ppt/presentation.xml"),
            "ppt/presentation.xml": show,
            "ppt/_rels/presentation.xml.rels": relations("slide", "slides/slide1.xml"),
            "ppt/slides/slide1.xml": slide,
        }
    )


def xlsx(inner: str, doctype: str = "") -> bytes:
    sheet = f'{doctype}<worksheet xmlns="{S}"><sheetData>{inner}</sheetData></worksheet>'
    sheets = '<sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets>'
    book = f'<workbook xmlns="{S}" xmlns:r="{R}">{sheets}</workbook>'
    return zipped(
        {
            "[Content_Types].xml": types("spreadsheetml.sheet", "xl/workbook.xml"),
            "_rels/.rels": relations("officeDocument", "xl/workbook.xml"),
            "xl/workbook.xml": book,
            "xl/_rels/workbook.xml.rels": relations("worksheet", "worksheets/sheet1.xml"),
            "xl/worksheets/sheet1.xml": sheet,
        }
    )


def odt(inner: str, doctype: str = "") -> bytes:
    content = (
        f'{doctype}<office:document-content xmlns:office="{OFFICE_NS}" xmlns:text="{TEXT}"><office:body>'
        f"<office:text>{inner}</office:text></office:body></office:document-content>"
    )
    return zipped({"mimetype": f"{OPEN}.text", "content.xml": content})


def ods(inner: str, doctype: str = "") -> bytes:
    names = f'xmlns:office="{OFFICE_NS}" xmlns:table="{TABLE_NS}" xmlns:text="{TEXT}"'
    content = (
        f"{doctype}<office:document-content {names}><office:body><office:spreadsheet>"
        f'<table:table table:name="S">{inner}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    return zipped({"mimetype": f"{OPEN}.spreadsheet", "content.xml": content})


def epub(inner: str, doctype: str = "") -> bytes:
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><manifest><item id="a" href="a.xhtml" '
        'media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/></spine></package>'
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="book.opf"/></rootfiles></container>'
    )
    page = f'{doctype}<html xmlns="http://www.w3.org/1999/xhtml"><body>{inner}</body></html>'
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": container,
            "book.opf": package,
            "a.xhtml": page,
        }
    )


# How each kind says "word", so that what is put around it is in a place where a reader looks.
CONTAINERS = {
    "docx": (docx, "<w:p><w:r><w:t>word{}</w:t></w:r></w:p>"),
    "pptx": (pptx, "<a:r><a:t>word{}</a:t></a:r>"),
    "xlsx": (xlsx, '<row r="1"><c r="A1" t="inlineStr"><is><t>word{}</t></is></c></row>'),
    "odt": (odt, "<text:p>word{}</text:p>"),
    "ods": (
        ods,
        "<table:table-row><table:table-cell><text:p>word{}</text:p></table:table-cell></table:table-row>",
    ),
    "epub": (epub, "<p>word{}</p>"),
}


@pytest.mark.parametrize("kind", CONTAINERS)
def test_the_small_files_made_here_are_read(pool: ReaderPool, kind: str) -> None:
    """Or the bombs below would not explode where they should."""
    make, inner = CONTAINERS[kind]
    assert "word" in text_of(read(pool, make(inner.format("")), f"a.{kind}"))


@pytest.mark.parametrize("doctype", [LAUGHS, PASSWD], ids=["laughs", "external"])
@pytest.mark.parametrize("kind", CONTAINERS)
def test_entities_are_not_expanded(pool: ReaderPool, kind: str, doctype: str) -> None:
    make, inner = CONTAINERS[kind]
    outcome = read(pool, make(inner.format("&a9;"), doctype), f"a.{kind}")
    if outcome.extraction is not None:
        assert "root:" not in outcome.extraction.text
        assert outcome.extraction.text.count("ha") < 100


@pytest.mark.parametrize("doctype", [LAUGHS, PASSWD], ids=["laughs", "external"])
@pytest.mark.parametrize("name", ["a.xml", "a.svg", "a.rss", "a.html", "a.xhtml", "a.kml"])
def test_entities_of_plain_xml_are_not_expanded(pool: ReaderPool, name: str, doctype: str) -> None:
    bodies = {
        "a.rss": '<rss version="2.0"><channel><item><title>&a9;</title></item></channel></rss>',
        "a.svg": '<svg xmlns="http://www.w3.org/2000/svg"><text>&a9;</text></svg>',
    }
    body = bodies.get(name, "<html><body><p>&a9;</p></body></html>" if "html" in name else "<r>&a9;</r>")
    outcome = read(pool, f'<?xml version="1.0"?>{doctype}{body}'.encode(), name)
    if outcome.extraction is not None:
        assert "root:" not in outcome.extraction.text
        assert outcome.extraction.text.count("ha") < 1000


@pytest.mark.parametrize("kind", CONTAINERS)
def test_members_that_expand_without_end_are_refused(pool: ReaderPool, kind: str) -> None:
    """A hundred megabytes of spaces in a hundred kilobytes."""
    make, inner = CONTAINERS[kind]
    bomb = make(inner.format(" " * (100 << 20)))
    assert len(bomb) < 1 << 18
    assert isinstance(error_of(read(pool, bomb, f"a.{kind}")), DocumentLimitError)


def overlapping(base: bytes, copies: int = 1000) -> bytes:
    """All entries of the directory point to the same stored bytes."""
    start = base.index(b"PK\x01\x02")
    end = base.index(b"PK\x05\x06")
    entry = base[start:end]
    size = struct.pack("<HHI", copies, copies, len(entry) * copies)
    return base[:start] + entry * copies + base[end : end + 8] + size + base[end + 16 :]


def test_members_that_share_their_bytes_are_refused(pool: ReaderPool) -> None:
    bomb = overlapping(zipped({"a.txt": b"x" * 900_000}))
    assert len(bomb) < 1 << 17
    assert isinstance(error_of(read(pool, bomb, "a.zip")), DocumentLimitError)


def test_bombs_in_bombs_open_one_level_at_a_time(pool: ReaderPool) -> None:
    """Each level is a document of its own, read under limits of its own."""
    data = zipped({"inner.txt": b" " * (100 << 20)})
    for level in range(5):
        data = zipped({f"{level}-{number}.zip": data for number in range(16)}, zipfile.ZIP_STORED)
        if len(data) > 16 << 20:
            break
    outcome = read(pool, data, "a.zip")
    if outcome.extraction is not None:
        assert sum(len(part.data) for part in outcome.extraction.parts) <= len(data)


@pytest.mark.parametrize("name", ["a.gz", "a.tgz", "a.tar.gz", "a.bz2", "a.xz"])
def test_compressed_streams_that_expand_without_end_are_refused(pool: ReaderPool, name: str) -> None:
    import bz2
    import lzma

    pack = {"bz2": bz2.compress, "xz": lzma.compress}.get(name.rpartition(".")[2], gzip.compress)
    bomb = pack(bytes(100 << 20))
    assert isinstance(error_of(read(pool, bomb, name)), DocumentLimitError)


def test_archives_of_very_many_files_are_refused(pool: ReaderPool) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for number in range(20_001):
            archive.writestr(zipfile.ZipInfo(str(number)), b"")
    assert isinstance(error_of(read(pool, target.getvalue(), "a.zip")), DocumentLimitError)


EVIL_NAMES = [
    "../../evil",
    "/etc/evil",
    "C:\\evil",
    "..\\..\\evil",
    "a/../../evil",
    "evil\x00.txt",
    "./././evil",
    "//host/evil",
]


def evil_tar() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name in EVIL_NAMES:
            info = tarfile.TarInfo(name.replace("\x00", "_"))
            info.size = 4
            archive.addfile(info, io.BytesIO(b"evil"))
        for kind, link in (
            (tarfile.SYMTYPE, "/etc/passwd"),
            (tarfile.LNKTYPE, "/etc/passwd"),
            (tarfile.CHRTYPE, ""),
        ):
            info = tarfile.TarInfo("link" + kind.decode())
            info.type, info.linkname = kind, link
            archive.addfile(info)
    return target.getvalue()


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_in_archives_lead_nowhere(pool: ReaderPool, kind: str) -> None:
    data = evil_tar() if kind == "tar" else zipped(dict.fromkeys(EVIL_NAMES, b"evil"))
    outcome = read(pool, data, f"a.{kind}")
    text_of(outcome)
    assert outcome.extraction is not None
    parts = outcome.extraction.parts
    assert parts
    for part in parts:
        assert not part.name.startswith("/")
        assert not {"..", "", "."} & set(part.name.split("/"))
        assert ":" not in part.name
        assert "\\" not in part.name
        assert part.name.isprintable()
        assert b"root:" not in part.data


def deep(kind: str, depth: int) -> tuple[bytes, str]:
    """Something nested so deep, and what it is called."""
    made: dict[str, tuple[str, str]] = {
        "json list": ("[" * depth + "]" * depth, "a.json"),
        "json object": ('{"a":' * depth + "1" + "}" * depth, "a.json"),
        "json lines": ('{"a":1}\n' + "[" * depth + "]" * depth + "\n", "a.jsonl"),
        "json open": ("[" * depth, "a.json"),
        "yaml flow": ("[" * depth + "]" * depth, "a.yaml"),
        "yaml block": ("".join(" " * level + "a:\n" for level in range(min(depth, 2000))), "a.yaml"),
        "yaml list": ("- " * depth + "x", "a.yaml"),
        "toml": ("a = " + "[" * depth + "]" * depth, "a.toml"),
        "toml table": (f"[{'a.' * depth}a]\nb = 1", "a.toml"),
        "notebook": ('{"nbformat": 4, "cells": ' + "[" * depth + "]" * depth + "}", "a.ipynb"),
        "xml": ("<a>" * depth + "</a>" * depth, "a.xml"),
        "html div": ("<!DOCTYPE html><body>" + "<div>" * depth + "word" + "</div>" * depth, "a.html"),
        "html list": ("<!DOCTYPE html><body>" + "<ul><li>" * depth + "word", "a.html"),
        "html table": ("<!DOCTYPE html><body>" + "<table><tr><td>" * depth + "word", "a.html"),
        "html inline": ("<!DOCTYPE html><body>" + "<b><i>" * depth + "word", "a.html"),
        "html quote": ("<!DOCTYPE html><body>" + "<blockquote>" * depth + "word", "a.html"),
        "svg": (
            '<svg xmlns="http://www.w3.org/2000/svg">' + "<g>" * depth + "</g>" * depth + "</svg>",
            "a.svg",
        ),
        "feed": ('<rss version="2.0"><channel>' + "<item>" * depth, "a.rss"),
        "markdown quote": (">" * depth + " word", "a.md"),
        "markdown list": ("".join("  " * level + "- word\n" for level in range(min(depth, 1000))), "a.md"),
        "markdown brackets": ("[" * depth + "word" + "](x)" * depth, "a.md"),
        "markdown stars": ("*" * depth + "word", "a.md"),
        "markdown ticks": ("`" * depth + "word", "a.md"),
        "markdown html": ("<div>" * depth, "a.md"),
        "mail quote": (f"From: a@b.c\nTo: d@e.f\nDate: x\nSubject: s\n\n{'>' * depth} word\n", "a.eml"),
        "mail parts": (
            "From: a@b.c\nMIME-Version: 1.0\n"
            + "".join(
                f'Content-Type: multipart/mixed; boundary="{n}"\n\n--{n}\n' for n in range(min(depth, 3000))
            ),
            "a.eml",
        ),
        "mail in mail": (
            "From: a@b.c\nMIME-Version: 1.0\n" + "Content-Type: message/rfc822\n\n" * depth,
            "a.eml",
        ),
        "mail addresses": (f"From: {'(' * depth}\nTo: {'<' * depth}\nDate: x\nSubject: s\n\nword", "a.eml"),
        "mail words": (f"From: a@b.c\nDate: x\nTo: d\nSubject: {'=?utf-8?q?a?= ' * depth}\n\nword", "a.eml"),
        "rtf": ("{\\rtf1 " + "{" * depth + "word" + "}" * depth + "}", "a.rtf"),
        "python brackets": ("(" * depth + ")" * depth, "a.py"),
        "python blocks": ("".join(" " * n + "if x:\n" for n in range(min(depth, 500))), "a.py"),
        "python minus": ("x = " + "-" * depth + "1", "a.py"),
        "code braces": ("void f() " + "{" * depth + "}" * depth, "a.c"),
        "css": ("a{" * depth, "a.css"),
        "csv quotes": ('"' * depth + "\na,b\n", "a.csv"),
        "csv wide": ("," * depth + "\n" + "," * depth + "\n", "a.csv"),
        "subtitles": ("WEBVTT\n\n00:01.000 --> 00:02.000\n" + "<v a><i>" * depth, "a.vtt"),
        "pdf": (
            "%PDF-1.4\n1 0 obj\n" + "[" * depth + "]" * depth + "\nendobj\ntrailer<</Root 1 0 R>>",
            "a.pdf",
        ),
    }
    text, name = made[kind]
    return text.encode(), name


DEEP = [
    "json list",
    "json object",
    "json lines",
    "json open",
    "yaml flow",
    "yaml block",
    "yaml list",
    "toml",
    "toml table",
    "notebook",
    "xml",
    "html div",
    "html list",
    "html table",
    "html inline",
    "html quote",
    "svg",
    "feed",
    "markdown quote",
    "markdown list",
    "markdown brackets",
    "markdown stars",
    "markdown ticks",
    "markdown html",
    "mail quote",
    "mail parts",
    "mail in mail",
    "mail addresses",
    "mail words",
    "rtf",
    "python brackets",
    "python blocks",
    "python minus",
    "code braces",
    "css",
    "csv quotes",
    "csv wide",
    "subtitles",
    "pdf",
]


@pytest.mark.parametrize("kind", DEEP)
def test_nesting_without_end_is_survived(pool: ReaderPool, kind: str) -> None:
    data, name = deep(kind, 10_000)
    started = time.monotonic()
    read(pool, data, name)
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("kind", ["docx", "pptx", "xlsx", "odt", "ods", "epub"])
def test_nesting_without_end_in_office_files_is_survived(pool: ReaderPool, kind: str) -> None:
    nests = {
        "docx": "<w:tbl><w:tr><w:tc>",
        "pptx": "<a:r>",
        "xlsx": "<row>",
        "odt": "<text:list><text:list-item>",
        "ods": "<table:table-row-group>",
        "epub": "<div>",
    }
    opening = nests[kind] * 10_000
    closing = "".join(f"</{name[:-1]}>" for name in reversed(nests[kind].split("<")[1:])) * 10_000
    make, _ = CONTAINERS[kind]
    started = time.monotonic()
    read(pool, make(opening + closing), f"a.{kind}")
    assert time.monotonic() - started < 30


REPEATED = {
    "spaces": b" ",
    "lines": b"\n",
    "letters": b"a",
    "words": b"word ",
    "opening": b"<",
    "comments": b"<!--",
    "entities": b"&amp",
    "brackets": b"[",
    "stars": b"**a ",
    "ticks": b"`",
    "pipes": b"|",
    "quotes": b'"',
    "backslashes": b"\\",
    "dollars": b"$",
    "equals": b"=\n",
    "dashes": b"- ",
    "headings": b"# a\n",
    "colons": b"a: \n",
    "links": b"[a](",
    "images": b"![",
    "carets": b"[^a]: ",
    "tags": b"<a>",
    "braces": b"{\\a",
    "returns": b"\r",
    "zeros": b"0",
    "high": b"\xe9",
    "marks": "\u0301".encode(),
}


LONG = [
    "a.txt",
    "a.md",
    "a.html",
    "a.csv",
    "a.json",
    "a.yaml",
    "a.toml",
    "a.py",
    "a.js",
    "a.eml",
    "a.mbox",
    "a.rtf",
    "a.srt",
    "a.vtt",
    "a.xml",
    "a.rss",
    "a.ini",
    "a.tex",
]
# Where quadratic time was once, or is near; every fourth of the others. The rest is for --slow.
SUSPECT = {
    ("a.md", "equals"),
    ("a.md", "headings"),
    ("a.md", "lines"),
    ("a.md", "links"),
    ("a.md", "stars"),
    ("a.toml", "quotes"),
    ("a.yaml", "colons"),
    ("a.js", "equals"),
}


def everything_repeated() -> Iterator[Any]:
    for row, name in enumerate(LONG):
        for column, what in enumerate(REPEATED):
            chosen = (name, what) in SUSPECT or (row + column) % 4 == 0
            yield pytest.param(name, what, marks=() if chosen else pytest.mark.slow)


@pytest.mark.parametrize(("name", "what"), list(everything_repeated()))
def test_half_a_megabyte_of_one_thing_takes_bounded_time(pool: ReaderPool, name: str, what: str) -> None:
    """What takes quadratic time shows here."""
    unit = REPEATED[what]
    prefix = {
        "a.html": b"<!DOCTYPE html><body>",
        "a.rtf": b"{\\rtf1 ",
        "a.eml": b"From: a@b.c\nTo: d@e.f\nDate: x\nSubject: s\n\n",
        "a.vtt": b"WEBVTT\n\n00:01.000 --> 00:02.000\n",
    }.get(name, b"")
    started = time.monotonic()
    read(pool, prefix + unit * ((1 << 19) // len(unit)), name)
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.csv", "a.html", "a.json", "a.log"])
def test_a_hundred_megabytes_of_spaces_are_refused_or_read(pool: ReaderPool, name: str) -> None:
    started = time.monotonic()
    outcome = read(pool, b" " * (100 << 20), name)
    assert time.monotonic() - started < 60
    if outcome.extraction is None:
        assert isinstance(outcome.error, DocumentLimitError)


@pytest.mark.slow
@pytest.mark.serial
def test_a_gigabyte_of_spaces_is_refused() -> None:
    started = time.monotonic()
    with ReaderPool(1) as pool:
        outcome = pool.read_one(Source(data=b" " * (1 << 30), name="a.txt"))
    assert time.monotonic() - started < 120
    assert isinstance(outcome.error, DocumentLimitError)
    assert outcome.peak_bytes < 4 << 30


def test_encrypted_documents_are_told(pool: ReaderPool) -> None:
    encrypted = (SAMPLES / "pdf" / "encrypted.pdf").read_bytes()
    assert isinstance(error_of(read(pool, encrypted, "a.pdf")), EncryptedDocumentError)


@pytest.mark.parametrize("kind", CONTAINERS)
def test_encrypted_members_are_told(pool: ReaderPool, kind: str) -> None:
    make, inner = CONTAINERS[kind]
    data = bytearray(make(inner.format("")))
    member = {
        "docx": b"word/document.xml",
        "pptx": b"ppt/slides/slide1.xml",
        "xlsx": b"xl/worksheets/sheet1.xml",
        "odt": b"content.xml",
        "ods": b"content.xml",
        "epub": b"a.xhtml",
    }[kind]
    entry = data.rindex(member) - 46
    assert data[entry : entry + 4] == b"PK\x01\x02"
    data[entry + 8] |= 1
    outcome = read(pool, bytes(data), f"a.{kind}")
    if kind != "epub":
        assert isinstance(error_of(outcome), EncryptedDocumentError)


def test_encrypted_archives_are_told(pool: ReaderPool) -> None:
    data = bytearray(zipped({"a.txt": b"secret", "b.txt": b"open"}))
    entry = data.index(b"PK\x01\x02")
    data[entry + 8] |= 1
    outcome = read(pool, bytes(data), "a.zip")
    if outcome.extraction is None:
        assert isinstance(outcome.error, EncryptedDocumentError)
    else:
        assert all(part.data != b"secret" for part in outcome.extraction.parts)
        assert outcome.extraction.warnings


def samples() -> list[Path]:
    return sorted(
        path for path in SAMPLES.glob("*/*.*") if path.suffix != ".py" and path.parent.name != "exchange"
    )


@pytest.mark.parametrize("path", samples(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_files_that_are_cut_off_are_survived(pool: ReaderPool, path: Path) -> None:
    data = path.read_bytes()
    for cut in {
        0,
        1,
        4,
        10,
        100,
        512,
        len(data) // 4,
        len(data) // 2,
        len(data) * 3 // 4,
        len(data) - 100,
        len(data) - 1,
    }:
        if 0 <= cut < len(data):
            read(pool, data[:cut], path.name)


@pytest.mark.parametrize("path", samples(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_files_with_wrong_bytes_are_survived(pool: ReaderPool, path: Path) -> None:
    data = path.read_bytes()
    dice = random.Random(path.name)
    for _ in range(10):
        damaged = bytearray(data)
        for _ in range(dice.choice([1, 10, 100])):
            if damaged:
                damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        read(pool, bytes(damaged), path.name)


@pytest.mark.parametrize("path", samples(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_archives_with_wrong_members_are_survived(pool: ReaderPool, path: Path) -> None:
    """Damage behind the compression, where no checksum catches it."""
    data = path.read_bytes()
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return
    dice = random.Random(path.name)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()}
    for name, member in members.items():
        for _ in range(2):
            damaged = bytearray(member)
            for _ in range(dice.choice([1, 20])):
                if damaged:
                    damaged[dice.randrange(len(damaged))] = dice.randrange(32, 127)
            read(pool, zipped({**members, name: bytes(damaged)}), path.name)
        read(pool, zipped({other: data for other, data in members.items() if other != name}), path.name)
        read(pool, zipped({**members, name: member[: len(member) // 2]}), path.name)


ENDINGS = sorted({ending for reader in BUILT_IN for ending in reader.extensions})


@pytest.mark.parametrize("ending", ENDINGS)
def test_random_bytes_with_any_ending_are_survived(pool: ReaderPool, ending: str) -> None:
    dice = random.Random(ending)
    for size in (0, 1, 3, 100, 5000):
        read(pool, dice.randbytes(size), f"a.{ending}")


STARTS = [
    b"%PDF-1.7\n",
    b"PK\x03\x04",
    b"{\\rtf1 ",
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff\xe0",
    b"GIF89a",
    b"II*\x00",
    b"RIFF\x00\x00\x00\x00WAVE",
    b"RIFF\x00\x00\x00\x00WEBP",
    b"BM" + bytes(12) + b"\x28\x00\x00\x00",
    b"ID3\x04\x00",
    b"\xff\xfb\x90\x64",
    b"fLaC\x00\x00\x00\x22",
    b"OggS\x00\x02",
    b"\x00\x00\x00\x20ftypM4A ",
    b"\x1f\x8b\x08\x00",
    b"BZh91AY&SY",
    b"\xfd7zXZ\x00",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"\x00\x00\x01\x00",
    b"FORM\x00\x00\x00\x00AIFF",
    b"\x00\x00\x00\x18ftypheic",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
    b"<html>",
    b"<?xml version='1.0'?><rss>",
    b"WEBVTT\n\n",
    b"From a@b.c Mon Jan  1 10:00:00 2024\nFrom: x\n",
    b"Received: x\nFrom: y\n\n",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"#!/bin/sh\n",
]


@pytest.mark.parametrize("start", STARTS, ids=lambda start: repr(start[:12]))
def test_random_bytes_behind_any_signature_are_survived(pool: ReaderPool, start: bytes) -> None:
    dice = random.Random(start)
    for size in (0, 10, 300, 5000, 100_000):
        read(pool, start + dice.randbytes(size), "")


def test_tables_without_end_are_bounded() -> None:
    options = ReadOptions(limits=Limits(table_cells=10_000, text_chars=1_000_000))
    wide = ("x," * 200 + "x\n") * 1000
    sheet = xlsx("".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in (1, 1_048_576)))
    cell = '<c r="{}"><v>1</v></c>'
    far = xlsx(
        f'<row r="1">{cell.format("A1")}{cell.format("XFD1")}</row>'
        f'<row r="1048576">{cell.format("XFD1048576")}</row>'
    )
    repeated = ods(
        '<table:table-row table:number-rows-repeated="1048576"><table:table-cell '
        'table:number-columns-repeated="16384"><text:p>x</text:p></table:table-cell></table:table-row>'
    )
    lists = json.dumps([{str(column): row for column in range(100)} for row in range(1000)])
    with ReaderPool(1, options) as pool:
        for data, name in (
            (wide.encode(), "a.csv"),
            (sheet, "a.xlsx"),
            (far, "a.xlsx"),
            (repeated, "a.ods"),
            (lists.encode(), "a.json"),
            (b"<!DOCTYPE html><table>" + b"<tr>" + b"<td colspan=1000 rowspan=1000>x" * 1000, "a.html"),
        ):
            outcome = read(pool, data, name)
            if outcome.extraction is None:
                assert isinstance(outcome.error, DocumentLimitError | MissingExtraError), outcome.error
            else:
                assert len(outcome.extraction.text) <= 1_000_000


def png(*chunks: tuple[bytes, bytes], size: int = 1) -> bytes:
    header = (b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0))
    packed = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in (header, *chunks, (b"IDAT", zlib.compress(bytes(5))), (b"IEND", b""))
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def sparse_tar() -> bytes:
    """A file of eight gigabytes that are nowhere."""
    info = tarfile.TarInfo("sparse")
    info.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[386:410] = b"00000000000\0" * 2
    header[483:495] = b"77777777777\0"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + bytes(1024)


def lying_tar() -> bytes:
    info = tarfile.TarInfo("a")
    info.size = 8**11 - 1
    return info.tobuf() + bytes(1024)


def book_of_one_page_many_times() -> bytes:
    base = epub("<p>" + "word " * 20_000 + "</p>")
    with zipfile.ZipFile(io.BytesIO(base)) as archive:
        members: dict[str, bytes | str] = {name: archive.read(name) for name in archive.namelist()}
    items = "".join(f'<itemref idref="a" id="i{number}"/>' for number in range(20_000))
    package = members["book.opf"]
    assert isinstance(package, bytes)
    members["book.opf"] = package.replace(b'<itemref idref="a"/>', items.encode())
    return zipped(members, zipfile.ZIP_STORED)


def frames(kind: bytes, size: int, inner: bytes) -> bytes:
    """A tag of music with a frame that says it has so many bytes."""

    def seven_bits(number: int) -> bytes:
        return bytes((number >> shift) & 127 for shift in (21, 14, 7, 0))

    return b"ID3\4\0\0" + seven_bits(size + 10) + kind + seven_bits(size) + b"\0\0" + inner


def aliases() -> str:
    return "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1},' * 9}]\n" for n in range(1, 20))


M4A = b"\0\0\0\x20ftypM4A \0\0\0\0M4A mp42isom\0\0\0\0"
CELL = {"cell_type": "code", "source": ["a = 1"], "outputs": [], "metadata": {}, "execution_count": 1}
GIF = b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff"
MANY: dict[str, tuple[Callable[[], bytes], str]] = {
    "image of 1e18 pixels": (lambda: png(size=10**9), "a.png"),
    "image with packed text": (lambda: png((b"zTXt", b"a\0\0" + zlib.compress(bytes(100 << 20)))), "a.png"),
    "gif of many frames": (
        lambda: GIF + b",\0\0\0\0\1\0\1\0\0\2\2D\1\0" * 200_000 + b";",
        "a.gif",
    ),
    "jpeg of many comments": (lambda: b"\xff\xd8" + b"\xff\xfe\0\6abcd" * 200_000 + b"\xff\xd9", "a.jpg"),
    "sparse tar": (sparse_tar, "a.tar"),
    "lying tar": (lying_tar, "a.tar"),
    "tar of links in a circle": (
        lambda: b"".join(
            tarfile.TarInfo(f"l{number}").tobuf()[:156] + b"1" + bytes(355) for number in range(5000)
        ),
        "a.tar",
    ),
    "lying wav": (
        lambda: b"RIFF\xff\xff\xff\xffWAVELIST\xff\xff\xff\xffINFOICMT\xff\xff\xff\xff" + bytes(999),
        "a.wav",
    ),
    "wav of empty chunks": (lambda: b"RIFF\xff\xff\xff\xffWAVE" + b"abcd\0\0\0\0" * 500_000, "a.wav"),
    "lying frame": (lambda: frames(b"TIT2", (1 << 28) - 100, b"\3aaaa"), "a.mp3"),
    "long frame": (lambda: frames(b"TIT2", 60 << 20, b"\3" + b"a" * (60 << 20)), "a.mp3"),
    "atoms of no size": (lambda: M4A + b"\0\0\0\0moov" + b"\0\0\0\0udta" * 100_000, "a.m4a"),
    "atoms in atoms": (
        lambda: M4A + b"".join(struct.pack(">I", 8 * left) + b"moov" for left in range(50_000, 0, -1)),
        "a.m4a",
    ),
    "endless atoms": (lambda: M4A + b"\0\0\0\1moov" + b"\xff" * 8, "a.m4a"),
    "notebook of many cells": (
        lambda: json.dumps({"nbformat": 4, "cells": [CELL] * 30_000}).encode(),
        "a.ipynb",
    ),
    "book of one page many times": (book_of_one_page_many_times, "a.epub"),
    "groups of rtf": (lambda: b"{\\rtf1 " + b"{\\b a}" * 100_000 + b"}", "a.rtf"),
    "pictures of rtf": (lambda: b"{\\rtf1 {\\pict\\bin2147483647 " + bytes(1 << 20), "a.rtf"),
    "list of very many lists": (lambda: b"[" + b"[]," * 1_000_000 + b"0]", "a.json"),
    "number of very many digits": (lambda: b"[" + b"9" * 1_000_000 + b"]", "a.json"),
    "spaces by number": (lambda: odt('<text:p>a<text:s text:c="999999999"/>b</text:p>'), "a.odt"),
    "aliases in aliases": (lambda: aliases().encode(), "a.yaml"),
}


@pytest.mark.parametrize("what", MANY)
def test_much_from_little_is_survived(pool: ReaderPool, what: str) -> None:
    make, name = MANY[what]
    outcome = read(pool, make(), name)
    assert outcome.seconds < 30
    if outcome.extraction is not None:
        assert len(outcome.extraction.text) < 20 << 20
