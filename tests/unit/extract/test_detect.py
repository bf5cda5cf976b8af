"""What a document is, by content first and by name second."""

from __future__ import annotations

import io
import struct
import tarfile
import time
import wave
import zipfile
from pathlib import Path

import pytest

from mv2.extract.detect import detect

OFFICE = "application/vnd.openxmlformats-officedocument"
OPEN = "application/vnd.oasis.opendocument"
MAIL = (
    b"Received: from here\r\nFrom: Ann <ann@example.org>\r\nTo: Bob <bob@example.org>\r\n"
    b"Subject: Tea\r\n\r\nHello"
)
PAGE = b"<!DOCTYPE html>\n<html><head><title>T</title></head><body><p>Hi</p></body></html>"
SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SAMPLES = Path(__file__).parents[2] / "samples"


def zipped(members: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return target.getvalue()


def office(main_type: str) -> bytes:
    part = f'<Types><Override PartName="/main.xml" ContentType="{main_type}+xml"/></Types>'.encode()
    return zipped({"[Content_Types].xml": part, "docProps/core.xml": b"<x/>"})


def compound(*names: str) -> bytes:
    """A compound file (OLE2) with empty streams of these names at its top."""
    free, end, table = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    count = sectors(names)
    header = struct.pack("<8s16x5H10x", SIGNATURE, 62, 3, 0xFFFE, 9, 6)
    header += struct.pack("<8I", 1, 1, 0, 4096, end, 0, end, 0)
    header += struct.pack("<109I", 0, *[free] * 108)
    chain = [table, *range(2, count + 1), end]
    fat = struct.pack("<128I", *chain, *[free] * (128 - len(chain)))
    entries = [entry("Root Entry", 5, child=1 if names else free)]
    for number, name in enumerate(names, 1):
        entries.append(entry(name, 2, right=number + 1 if number < len(names) else free))
    return header + fat + b"".join(entries).ljust(count * 512, b"\0")


def sectors(names: tuple[str, ...]) -> int:
    return -(-(len(names) + 1) // 4)


def entry(name: str, kind: int, *, right: int = 0xFFFFFFFF, child: int = 0xFFFFFFFF) -> bytes:
    encoded = name.encode("utf-16-le")
    made = encoded.ljust(64, b"\0") + struct.pack(
        "<HBBIII", len(encoded) + 2, kind, 1, 0xFFFFFFFF, right, child
    )
    return made.ljust(128, b"\0")


def tar() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"), io.BytesIO())
    return target.getvalue()


def sound() -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(8000)
        made.writeframes(bytes(100))
    return target.getvalue()


@pytest.mark.parametrize(
    ("data", "mime", "reader"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "application/pdf", "pdf"),
        (b"\x00\x01gateway junk\n%PDF-1.4\n", "application/pdf", "pdf"),
        (b"\n\n  %PDF-1.4\n", "application/pdf", "pdf"),
        (b"{\\rtf1\\ansi hello}", "application/rtf", "rtf"),
        (office(f"{OFFICE}.wordprocessingml.document.main"), f"{OFFICE}.wordprocessingml.document", "docx"),
        (
            office("application/vnd.ms-word.document.macroEnabled.main"),
            "application/vnd.ms-word.document.macroenabled.12",
            "docx",
        ),
        (office(f"{OFFICE}.spreadsheetml.sheet.main"), f"{OFFICE}.spreadsheetml.sheet", "sheets"),
        (
            office("application/vnd.ms-excel.sheet.binary.macroEnabled.main"),
            "application/vnd.ms-excel.sheet.binary.macroenabled.12",
            "sheets",
        ),
        (
            office(f"{OFFICE}.presentationml.presentation.main"),
            f"{OFFICE}.presentationml.presentation",
            "pptx",
        ),
        (zipped({"word/document.xml": b"<x/>"}), f"{OFFICE}.wordprocessingml.document", "docx"),
        (zipped({"mimetype": f"{OPEN}.text".encode(), "content.xml": b""}), f"{OPEN}.text", "odf"),
        (zipped({"mimetype": f"{OPEN}.presentation".encode()}), f"{OPEN}.presentation", "odf"),
        (zipped({"mimetype": f"{OPEN}.spreadsheet".encode()}), f"{OPEN}.spreadsheet", "sheets"),
        (zipped({"content.xml": b"", "mimetype": f"{OPEN}.text-template\n".encode()}), f"{OPEN}.text", "odf"),
        (zipped({"mimetype": b"application/epub+zip"}), "application/epub+zip", "epub"),
        (zipped({"META-INF/container.xml": b"", "OPS/book.opf": b""}), "application/epub+zip", "epub"),
        (zipped({"Index/Document.iwa": b""}), "application/x-iwork", None),
        (zipped({"notes.txt": b"hi"}), "application/zip", "archive"),
        (zipped({}), "application/zip", "archive"),
        (tar(), "application/x-tar", "archive"),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", "application/gzip", "archive"),
        (b"BZh91AY&SY\x00\x00", "application/x-bzip2", "archive"),
        (b"\xfd7zXZ\x00\x00", "application/x-xz", "archive"),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", "application/x-7z-compressed", None),
        (b"Rar!\x1a\x07\x01\x00", "application/vnd.rar", None),
        (compound("WordDocument", "1Table"), "application/msword", None),
        (compound("Workbook"), "application/vnd.ms-excel", "sheets"),
        (compound("Book", "a", "b", "c", "d"), "application/vnd.ms-excel", "sheets"),
        (compound("x", "y", "z", "w", "PowerPoint Document"), "application/vnd.ms-powerpoint", None),
        (compound("EncryptionInfo", "EncryptedPackage"), "application/x-encrypted-office", None),
        (compound("__properties_version1.0"), "application/vnd.ms-outlook", None),
        (compound(), "application/x-ole-storage", None),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "image/png", "image"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg", "image"),
        (b"GIF89a\x01\x00\x01\x00", "image/gif", "image"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "image/webp", "image"),
        (b"II*\x00\x08\x00\x00\x00", "image/tiff", "image"),
        (b"BM" + bytes(12) + struct.pack("<I", 40) + bytes(40), "image/bmp", "image"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00", "image/heic", "image"),
        (b"8BPS\x00\x01", "image/vnd.adobe.photoshop", None),
        (sound(), "audio/wav", "audio"),
        (b"ID3\x04\x00\x00\x00\x00\x00\x00", "audio/mpeg", "audio"),
        (b"\xff\xfb\x90\x64" + bytes(100), "audio/mpeg", "audio"),
        (b"\xff\xf1\x50\x80" + bytes(100), "audio/aac", "audio"),
        (b"fLaC\x00\x00\x00\x22", "audio/flac", "audio"),
        (b"OggS\x00\x02" + bytes(22) + b"OpusHead", "audio/opus", "audio"),
        (b"\x00\x00\x00\x20ftypM4A \x00\x00", "audio/mp4", "audio"),
        (b"\x00\x00\x00\x20ftypisom\x00\x00", "video/mp4", "audio"),
        (b"\x1a\x45\xdf\xa3\x01\x00webm", "video/webm", None),
        (b"SQLite format 3\x00\x10", "application/vnd.sqlite3", None),
        (b"MV2\x00\x02\x01", "application/x-mv2", None),
        (b"\x7fELF\x02\x01\x01\x00", "application/x-executable", None),
        (bytes(range(256)), "application/octet-stream", None),
        (PAGE, "text/html", "html"),
        (b"<!-- saved from a browser -->\n<HTML><BODY>x", "text/html", "html"),
        (
            b'<?xml version="1.0"?>\n<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml">',
            "application/xhtml+xml",
            "html",
        ),
        (b"<div class='x'><p>a piece</p></div>", "text/html", "html"),
        (b'<?xml version="1.0"?><rss version="2.0"><channel>', "application/rss+xml", "feed"),
        (b'<feed xmlns="http://www.w3.org/2005/Atom"><title>', "application/atom+xml", "feed"),
        (b'<?xml version="1.0"?><!-- c --><note><to>x</to></note>', "application/xml", "data"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><text>', "image/svg+xml", "image"),
        (b'{"a": [1, 2], "b": null}', "application/json", "data"),
        (b"[1, 2, 3]\n", "application/json", "data"),
        (b'{"a": 1}\n{"a": 2}\n', "application/x-ndjson", "data"),
        (
            b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
            "application/x-ipynb+json",
            "notebook",
        ),
        (MAIL, "message/rfc822", "mail"),
        (b"From ann@example.org Mon Jan  1 10:00:00 2024\n" + MAIL, "application/mbox", "mail"),
        (b"1\n00:00:01,000 --> 00:00:02,500\nHello\n", "application/x-subrip", "subtitles"),
        (b"WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n", "text/vtt", "subtitles"),
        (b"#!/usr/bin/env python3\nprint(1)\n", "text/x-python", "code"),
        (b"#!/bin/sh -e\n", "text/x-shellscript", "code"),
        (b"", "text/plain", "text"),
        (b"Just words.", "text/plain", "text"),
        ("Nur Wörter".encode("cp1252"), "text/plain", "text"),
    ],
)
@pytest.mark.parametrize("name", ["", "mystery.zzz"])
def test_content_tells_what_it_is(data: bytes, mime: str, reader: str | None, name: str) -> None:
    found = detect(data, name)
    assert (found.mime, found.reader) == (mime, reader)


@pytest.mark.parametrize(
    ("data", "name", "reader"),
    [
        (b"%PDF-1.7\n", "report.txt", "pdf"),
        (PAGE, "report.pdf", "html"),
        (PAGE, "notes.txt", "html"),
        (PAGE, "feed.xml", "html"),
        (b"{\\rtf1 x}", "letter.doc", "rtf"),
        (compound("Workbook"), "table.xlsx", "sheets"),
        (office(f"{OFFICE}.wordprocessingml.document.main"), "table.zip", "docx"),
        (b"plain words", "picture.png", "text"),
        (b"a,b\n1,2\n", "book.xlsx", "text"),
        (b'{"a": 1}', "page.html", "data"),
        (MAIL, "saved.txt", "mail"),
        (b"WEBVTT\n\n", "talk.srt", "subtitles"),
    ],
)
def test_a_wrong_name_follows_the_content(data: bytes, name: str, reader: str) -> None:
    assert detect(data, name).reader == reader


@pytest.mark.parametrize(
    ("data", "name", "mime", "reader"),
    [
        (b"# Title\n", "a.md", "text/markdown", "markdown"),
        (b"<div align='center'>logo</div>\n\n# Title\n", "README.md", "text/markdown", "markdown"),
        (b"a,b\n1,2\n", "a.csv", "text/csv", "delimited"),
        (b"a\tb\n", "a.tsv", "text/tab-separated-values", "delimited"),
        (b"a: 1\n", "a.yaml", "application/yaml", "data"),
        (b'{"a": 1}\n', "a.yml", "application/yaml", "data"),
        (b"[a]\nb = 1\n", "a.toml", "application/toml", "data"),
        (b"[[a]]\nb = 1\n[[a]]\n", "a.toml", "application/toml", "data"),
        (b"x = 1\n", "a.PY", "text/x-python", "code"),
        (b"<?php ?>", "a.php", "text/x-php", "code"),
        (PAGE, "view.jinja", "text/x-template", "code"),
        (b"<template></template>", "a.vue", "text/x-vue", "code"),
        (b"all:\n", "src/Makefile", "text/x-makefile", "code"),
        (b"FROM x\n", "Dockerfile", "text/x-dockerfile", "code"),
        (b"2024-01-01 INFO started\n", "app.log", "text/plain", "text"),
        (b'{"level": "info"}\n{"level": "warn"}\n', "app.log", "application/x-ndjson", "data"),
        (b'{"a": 1}\n{"a": 2}\n', "a.json", "application/x-ndjson", "data"),
        (b'{"a": 1}', "a.jsonl", "application/x-ndjson", "data"),
        (b"[1] Smith 2001, pages 1-3 [online]", "refs.txt", "text/plain", "text"),
        (b"{broken", "a.json", "application/json", "data"),
        (b"Subject: a note to myself\nmore", "note.txt", "text/plain", "text"),
        (b"no headers", "a.eml", "message/rfc822", "mail"),
        (b"words", "a.html", "text/html", "html"),
        (b"words", "README", "text/plain", "text"),
        (b"words", "a.b.c", "text/x-c", "code"),
        (b"PK\x03\x04 broken", "a.docx", f"{OFFICE}.wordprocessingml.document", "docx"),
        (bytes(range(256)), "a.docx", f"{OFFICE}.wordprocessingml.document", "docx"),
        (bytes(range(256)), "a.txt", "application/octet-stream", None),
    ],
)
def test_the_name_says_more_about_text(data: bytes, name: str, mime: str, reader: str | None) -> None:
    found = detect(data, name)
    assert (found.mime, found.reader) == (mime, reader)


@pytest.mark.parametrize(
    "text",
    [
        "From here on, at 12:30, we walked.\nNote: it rained.\n",
        "From Anna 12:30\nSubject: lunch\n",
    ],
)
def test_prose_that_begins_like_a_mailbox_is_text(text: str) -> None:
    assert detect(text.encode()).mime == "text/plain"


@pytest.mark.parametrize(
    "line",
    [
        "From ann@example.org Mon Jan  1 10:00:00 2024",
        "From 1786@xxx Mon Jan 01 10:00:00 +0000 2024",
        "From MAILER-DAEMON Mon Jan  1 10:00 2024 +0100",
    ],
)
def test_mailboxes_of_several_programs_are_told(line: str) -> None:
    assert detect(f"{line}\nX-GM-THRID: 17\nFrom: a@b.c\n\nhi".encode()).mime == "application/mbox"


def test_the_carrier_is_asked_last() -> None:
    assert detect(b"# Title", "", "text/markdown; charset=utf-8").reader == "markdown"
    assert detect(b"# Title", "a.txt", "text/markdown").reader == "text"
    assert detect(PAGE, "", "text/markdown").reader == "html"
    assert detect(b"words", "", "application/pdf").reader == "text"
    assert detect(b"words", "", "nonsense").reader == "text"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_text_is_text(encoding: str) -> None:
    found = detect("Ein längerer Text, breit gespeichert.".encode(encoding), "a.txt")
    assert (found.reader, found.mime) == ("text", "text/plain")
    assert found.encoding is not None
    assert found.encoding.startswith(encoding[:6])
    assert detect(PAGE.decode().encode(encoding), "a.txt").reader == "html"


def test_numbers_with_zero_bytes_between_are_no_wide_text() -> None:
    assert detect(struct.pack("<200h", *range(7, 207)), "").reader is None


def test_zero_bytes_far_inside_are_noticed() -> None:
    assert detect(b"text " * 100_000 + b"\x00" + b"text " * 100_000, "").reader is None


def test_encoding_is_hinted() -> None:
    assert detect("größer".encode(), "").encoding == "utf-8"
    assert detect("größer".encode("cp1252"), "").encoding is None
    assert detect(("x" + "é" * 20_000).encode(), "").encoding == "utf-8"


def test_shared_kinds_are_marked() -> None:
    assert detect(b"words", "a.zzz").shared
    assert detect(zipped({"a": b""}), "a.zzz").shared
    assert not detect(b"words", "a.md").shared


def test_compound_files_that_point_in_circles_end() -> None:
    data = bytearray(compound("a", "b"))
    struct.pack_into("<I", data, 512 + 4, 1)  # the directory's sector follows itself
    struct.pack_into("<I", data, 1024 + 2 * 128 + 72, 1)  # an entry is the right neighbour of itself
    assert detect(bytes(data)).mime == "application/x-ole-storage"


@pytest.mark.parametrize("length", [0, 1, 3, 8, 30, 75, 76, 77, 512, 1000, 1535])
def test_cut_compound_files_are_no_trouble(length: int) -> None:
    assert detect(compound("WordDocument")[:length]).mime


HARD = {
    "comments": b"<!--" * 100_000,
    "instructions": b"<?a?>" * 100_000,
    "spaces": b" " * 5_000_000,
    "spaces in markup": b"<?xml?>" + b" " * 1_000_000 + b"<",
    "brackets": b"[" * 1_000_000,
    "braces": b'{"a":' * 200_000,
    "headers": b"A-a: \n" * 200_000,
    "long header": b"a" * 1_000_000,
    "from": b"From " * 200_000,
    "digits": b"1" * 1_000_000,
    "shebang": b"#!" + b"/env" * 100_000,
    "elements": b"<div " + b"a" * 1_000_000,
    "doctype": b"<!DOCTYPE " * 100_000,
}


@pytest.mark.parametrize("kind", HARD)
def test_hard_beginnings_take_no_time(kind: str) -> None:
    started = time.monotonic()
    detect(HARD[kind], "x")
    assert time.monotonic() - started < 1


@pytest.mark.serial
def test_ordinary_text_takes_microseconds() -> None:
    text = ("The quick brown fox jumps over the lazy dog. " * 100).encode()
    detect(text, "a.txt")
    started = time.perf_counter()
    for _ in range(1000):
        detect(text, "a.txt")
    assert (time.perf_counter() - started) / 1000 < 200e-6


KINDS = {
    "csv": "delimited",
    "feed": "feed",
    "html": "html",
    "json": "data",
    "mail": "mail",
    "md": "markdown",
    "notebook": "notebook",
    "ods": "sheets",
    "subtitles": "subtitles",
    "toml": "data",
    "xls": "sheets",
    "xlsx": "sheets",
    "yaml": "data",
    "docx": "docx",
    "pptx": "pptx",
    "odt": "odf",
    "odp": "odf",
    "rtf": "rtf",
    "epub": "epub",
    "pdf": "pdf",
    "code": "code",
    "image": "image",
    "audio": "audio",
}


def samples() -> list[Path]:
    return sorted(path for kind in KINDS for path in (SAMPLES / kind).glob("*.*") if path.suffix != ".py")


@pytest.mark.parametrize("path", samples(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_samples_are_told(path: Path) -> None:
    assert detect(path.read_bytes(), path.name).reader == KINDS[path.parent.name]
