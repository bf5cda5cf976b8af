"""Archives, XML and text from strangers."""

from __future__ import annotations

import io
import struct
import time
import warnings
import zipfile
import zlib

import pytest

from mv2.errors import DocumentError, DocumentLimitError, EncryptedDocumentError
from mv2.extract.guard import ZipGuard, decode_text, parse_xml, read_bounded, safe_member_name
from mv2.extract.model import Limits

LIMITS = Limits()


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return target.getvalue()


def with_field(data: bytes, signature: bytes, offset: int, value: bytes) -> bytes:
    """A field of the first record with that signature replaced."""
    at = data.index(signature) + offset
    return data[:at] + value + data[at + len(value) :]


def test_members_are_read_by_name() -> None:
    guard = ZipGuard(zipped({"a/b.txt": b"one", "c.txt": b"two" * 1000, "folder/": b""}), LIMITS)
    assert guard.names() == ["a/b.txt", "c.txt"]
    assert "c.txt" in guard
    assert "d.txt" not in guard
    assert guard.read("a/b.txt") == b"one"
    assert guard.read("c.txt") == b"two" * 1000
    entry = guard.entries()[1]
    assert (entry.name, entry.size, entry.encrypted) == ("c.txt", 3000, False)
    assert entry.stored < 100


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_every_usual_compression_is_read(method: int) -> None:
    assert ZipGuard(zipped({"a": b"text " * 500}, method), LIMITS).read("a") == b"text " * 500


def test_times_of_members_are_utc_seconds() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(zipfile.ZipInfo("dated", (2024, 5, 6, 7, 8, 10)), b"")
        archive.writestr(zipfile.ZipInfo("undated", (1980, 1, 1, 0, 0, 0)), b"")
    dated, undated = ZipGuard(target.getvalue(), LIMITS).entries()
    assert dated.modified == 1_714_979_290
    assert undated.modified is None


def test_backslashes_in_names_are_folders() -> None:
    data = zipped({"word/document.xml": b"x"}).replace(b"word/document.xml", b"word\\document.xml")
    assert ZipGuard(data, LIMITS).read("word/document.xml") == b"x"


def test_of_members_with_one_name_the_last_counts() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("twice", b"first")
        archive.writestr("twice", b"second")
    guard = ZipGuard(target.getvalue(), LIMITS)
    assert guard.names() == ["twice"]
    assert guard.duplicates == 1
    assert guard.read("twice") == b"second"


def test_a_missing_member_is_named() -> None:
    with pytest.raises(DocumentError, match="no member 'b'"):
        ZipGuard(zipped({"a": b""}), LIMITS).read("b")


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"PK\x03\x04" + b"\x00" * 100, b"no archive at all", zipped({"a": b"b"})[:-30]]
)
def test_what_is_no_archive_is_refused(data: bytes) -> None:
    with pytest.raises(DocumentError, match="damaged"):
        ZipGuard(data, LIMITS)


def test_damaged_contents_are_refused() -> None:
    data = bytearray(zipped({"a": b"some text to keep " * 50}))
    data[40] ^= 0xFF
    with pytest.raises(DocumentError, match="'a' in the zip archive is damaged"):
        ZipGuard(bytes(data), LIMITS).read("a")


def test_encrypted_members_are_told_apart() -> None:
    data = zipped({"a": b"secret"})
    data = with_field(data, b"PK\x01\x02", 8, b"\x01\x00")
    guard = ZipGuard(data, LIMITS)
    assert guard.entries()[0].encrypted
    with pytest.raises(EncryptedDocumentError, match="'a'"):
        guard.read("a")


def test_too_many_members_are_refused() -> None:
    data = zipped({str(number): b"" for number in range(30)})
    assert len(ZipGuard(data, Limits(members=30)).names()) == 30
    with pytest.raises(DocumentLimitError, match="more than 29 members"):
        ZipGuard(data, Limits(members=29))


def test_members_are_counted_before_objects_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """The directory may be nearly all of a large file."""

    def fail(*_: object) -> None:
        pytest.fail("the directory was read")

    data = zipped({str(number): b"" for number in range(100)})
    monkeypatch.setattr(zipfile, "ZipFile", fail)
    with pytest.raises(DocumentLimitError):
        ZipGuard(data, Limits(members=50))


def test_the_ratio_is_held_above_a_megabyte() -> None:
    small, large = zipped({"a": bytes(1 << 20)}), zipped({"a": bytes(8 << 20)})
    assert len(ZipGuard(small, LIMITS).read("a")) == 1 << 20
    with pytest.raises(DocumentLimitError, match="limit ratio"):
        ZipGuard(large, LIMITS).read("a")
    assert len(ZipGuard(large, Limits(ratio=2000)).read("a")) == 8 << 20


def test_expanded_bytes_add_up_over_all_reads() -> None:
    guard = ZipGuard(zipped({"a": b"x" * 600, "b": b"y" * 600}), Limits(expanded_bytes=1000))
    assert len(guard.read("a")) == 600
    with pytest.raises(DocumentLimitError, match="1,000 bytes"):
        guard.read("b")


def test_a_size_that_is_stated_too_small_is_not_believed() -> None:
    """What the header says is neither a promise nor a limit."""
    data = zipped({"a": bytes(50 << 20)})
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        data = with_field(data, signature, offset, struct.pack("<I", 10))
    with pytest.raises(DocumentError):
        ZipGuard(data, Limits(ratio=10_000)).read("a")


def test_members_that_share_bytes_are_refused() -> None:
    """A thousand directory entries for one compressed member make a bomb without any nesting."""
    data = zipped({"a": bytes(100_000), "b": b""})
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
    shared = data[: second + 42] + struct.pack("<I", 0) + data[second + 46 :]
    with pytest.raises(DocumentLimitError, match="share the same bytes"):
        ZipGuard(shared, LIMITS)


def test_members_nested_in_one_another_are_refused() -> None:
    """The first member's stored bytes reach over the header of the second."""
    data = zipped({"a": b"x" * 10, "b": b"y" * 10}, zipfile.ZIP_STORED)
    data = with_field(data, b"PK\x01\x02", 20, struct.pack("<II", 60, 60))
    with pytest.raises(DocumentLimitError, match="share the same bytes"):
        ZipGuard(data, LIMITS)


def test_streams_are_read_within_limits() -> None:
    packed = zlib.compress(bytes(4 << 20))
    stream = io.BytesIO(zlib.decompress(packed))
    with pytest.raises(DocumentLimitError, match="limit ratio"):
        read_bounded(stream, len(packed), LIMITS)
    assert stream.tell() <= 3 << 20


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a/b.txt", "a/b.txt"),
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("C:\\Users\\me\\x.txt", "Users/me/x.txt"),
        ("C:D:/x", "x"),
        ("\\\\server\\share\\x", "server/share/x"),
        ("a/./b/../c", "a/b/c"),
        ("..", "unnamed"),
        ("", "unnamed"),
        ("bad\x00name\n.txt", "bad_name_.txt"),
        ("right\u202eto-left", "right_to-left"),
        ("Übersicht 2024.pdf", "Übersicht 2024.pdf"),
        (".hidden", ".hidden"),
    ],
)
def test_names_of_members_are_made_safe(name: str, safe: str) -> None:
    assert safe_member_name(name) == safe


def test_xml_becomes_elements() -> None:
    root = parse_xml(b"<?xml version='1.0'?><a x='1'><!-- not this --><b>t&amp;u</b>v</a>", LIMITS)
    assert (root.tag, root.get("x"), "".join(root.itertext())) == ("a", "1", "t&uv")


@pytest.mark.parametrize("start", [b"", b"<!DOCTYPE w:a>"])
def test_namespaces_are_kept_with_and_without_a_document_type(start: bytes) -> None:
    root = parse_xml(start + b"<w:a xmlns:w='urn:w' w:x='1' y='2'><w:b/></w:a>", LIMITS)
    assert root.tag == "{urn:w}a"
    assert root.attrib == {"{urn:w}x": "1", "y": "2"}
    assert root[0].tag == "{urn:w}b"


@pytest.mark.parametrize(
    "start",
    [b"", b"<!DOCTYPE html>", b'<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://x/xhtml11.dtd">'],
)
def test_entities_of_html_are_understood(start: bytes) -> None:
    root = parse_xml(start + b"<p>a&nbsp;b &eacute;</p>", LIMITS)
    assert "".join(root.itertext()) == "a\xa0b é"


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "doctype",
    [
        f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]>',
        f'<!DOCTYPE a [<!ENTITY b "{"x" * 50_000}">]>',
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a [<!ENTITY % b SYSTEM "http://127.0.0.1:9/x"> %b;]>',
        '<!DOCTYPE a [<!ENTITY b PUBLIC "x" "file:///etc/passwd" NDATA c>]>',
    ],
    ids=["laughs", "quadratic", "file", "parameter", "unparsed"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_of_the_document_are_refused(doctype: str, encoding: str) -> None:
    started = time.monotonic()
    with pytest.raises(DocumentError, match="entities"):
        parse_xml(f"{doctype}<a>{'&b;' * 1000}&l9;</a>".encode(encoding), LIMITS)
    assert time.monotonic() - started < 5


def test_external_document_types_are_not_fetched() -> None:
    root = parse_xml(b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a>&root;</a>', LIMITS)
    assert root.text == "&root;"


@pytest.mark.parametrize("start", ["", "<!DOCTYPE a>"])
@pytest.mark.parametrize("depth", [101, 10_000, 500_000])
def test_deep_elements_are_refused_and_do_not_crash(start: str, depth: int) -> None:
    with pytest.raises(DocumentLimitError, match="deeper than 100"):
        parse_xml((start + "<a>" * depth + "</a>" * depth).encode(), LIMITS)
    parse_xml((start + "<a>" * 100 + "</a>" * 100).encode(), LIMITS)


def test_endless_elements_are_refused() -> None:
    with pytest.raises(DocumentLimitError, match="2,000,000 elements"):
        parse_xml(b"<a>" + b"<b/>" * 4_000_001 + b"</a>", LIMITS)


@pytest.mark.parametrize(
    "data", [b"", b"<a>", b"<a></b>", b"<a/>more", b"text", b"<a>\x00</a>", b"<a b=1/>", b"\xff\xfe\x00"]
)
@pytest.mark.parametrize("start", [b"", b"<!DOCTYPE a>"])
def test_what_is_no_xml_is_refused(data: bytes, start: bytes) -> None:
    with pytest.raises(DocumentError, match="not well-formed"):
        parse_xml(start + data, LIMITS)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252", "shift_jis"])
def test_the_encoding_of_xml_is_the_declared_one(encoding: str) -> None:
    text = "日本" if encoding == "shift_jis" else "naïve"
    assert (
        parse_xml(f"<?xml version='1.0' encoding='{encoding}'?><a>{text}</a>".encode(encoding), LIMITS).text
        == text
    )


@pytest.mark.parametrize(
    ("data", "declared", "text", "encoding"),
    [
        (b"plain", None, "plain", "utf-8"),
        ("\ufeffmarked é".encode(), None, "marked é", "utf-8"),
        ("\ufeffwide é".encode("utf-16-le"), None, "wide é", "utf-16-le"),
        ("\ufeffwide é".encode("utf-16-be"), None, "wide é", "utf-16-be"),
        ("\ufeffwider é".encode("utf-32-le"), None, "wider é", "utf-32-le"),
        ("unmarked wide".encode("utf-16-le"), None, "unmarked wide", "utf-16-le"),
        ("unmarked wide".encode("utf-16-be"), None, "unmarked wide", "utf-16-be"),
        ("Grüße, naïve".encode("cp1252"), None, "Grüße, naïve", "cp1252"),
        ("“quoted” – café".encode("cp1252"), "iso-8859-1", "“quoted” – café", "cp1252"),
        ("Привет".encode("koi8-r"), "koi8-r", "Привет", "koi8-r"),
        ("日本語".encode("cp932"), "shift_jis", "日本語", "cp932"),
        ("Grüße".encode(), "iso-8859-1", "Grüße", "utf-8"),
        ("Grüße".encode(), "us-ascii", "Grüße", "utf-8"),
        ("Grüße".encode(), "no-such-code", "Grüße", "utf-8"),
        (b"abc", "base64", "abc", "utf-8"),
        (b"a\\u0041 +AGE-", "unicode_escape", "a\\u0041 +AGE-", "utf-8"),
        (b"a\\u0041 +AGE-", "raw_unicode_escape", "a\\u0041 +AGE-", "utf-8"),
        (b"a\\u0041 +AGE-", "utf-7", "a\\u0041 +AGE-", "utf-8"),
        (b"xn--mnchen-3ya", "idna", "xn--mnchen-3ya", "utf-8"),
        (
            "viele Umlaute: äöüßÄÖÜéèàçñ äöüß".encode() + b"\xff",
            None,
            "viele Umlaute: äöüßÄÖÜéèàçñ äöüß\ufffd",
            "utf-8",
        ),
        ("これは港の記録です".encode("iso2022_jp"), None, "これは港の記録です", "iso2022_jp"),
        (b"\x1b$B is no switch \xff\xfe", None, "\x1b$B is no switch ÿþ", "cp1252"),
        ("cut at the end: ü".encode() + "é".encode()[:1], None, "cut at the end: ü\ufffd", "utf-8"),
        (b"", None, "", "utf-8"),
    ],
)
def test_text_is_decoded(data: bytes, declared: str | None, text: str, encoding: str) -> None:
    assert decode_text(data, declared) == (text, encoding)


def test_any_bytes_become_text_quickly() -> None:
    data = bytes(range(256)) * 8_000
    started = time.monotonic()
    for declared in (None, "utf-16", "punycode", "euc-jp", "utf-7", "unicode_escape", "hz"):
        text, _ = decode_text(data, declared)
        assert text
    assert time.monotonic() - started < 20


def test_old_encodings_are_guessed_where_the_package_for_it_is_installed() -> None:
    pytest.importorskip("charset_normalizer")
    russian = "Это обычный русский текст, записанный в старой кодировке. Он довольно длинный."
    assert decode_text(russian.encode("cp1251"))[0] == russian
