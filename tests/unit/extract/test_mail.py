"""Mails and mailboxes, well-formed and not."""

from __future__ import annotations

import mailbox
import time
from email.message import EmailMessage
from pathlib import Path

import pytest

from mv2.errors import DocumentError, DocumentLimitError
from mv2.extract.model import Extraction, Limits, ReadOptions, Source
from mv2.extract.readers.mail import read


def open_mail(data: bytes, **options: object) -> Extraction:
    return read(Source(data=data), ReadOptions(**options))  # type: ignore[arg-type]


def kinds(found: Extraction) -> list[tuple[str, str]]:
    return [(block.kind, found.text[block.start : block.end]) for block in found.blocks]


def letter(subject: str = "Größe der Äpfel", **headers: str) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = subject
    mail["From"] = "Jürgen Müller <jm@example.org>"
    mail["To"] = '"Reyes, Ana" <ana@example.org>, bo@example.org'
    mail["Date"] = "Fri, 03 May 2024 10:00:00 +0200"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    return mail


def raw(body: str, *headers: str, encoding: str = "utf-8") -> bytes:
    return "\r\n".join(["From: a@example.org", "Subject: s", *headers, "", body]).encode(encoding)


def body_of(found: Extraction) -> str:
    """What stands below subject and sender."""
    return "\n\n".join(text for _, text in kinds(found)[2:])


def test_a_mail_with_everything() -> None:
    mail = letter(
        Cc="Ó Broin <ob@example.org>",
        Message_ID="<two@x>",
        In_Reply_To="<one@x>",
        References="<zero@x> <one@x>",
    )
    mail.set_content(
        "Hallo Ana,\n\nja, gut.\n\nAm Montag schrieb Ana:\n"
        "> Wie groß?\n>> Was?\n> Ja.\n\n-- \nJürgen\nTel. 12\n"
    )
    mail.add_alternative("<p>Hallo <b>Ana</b>, ja, gut.</p>", subtype="html")
    mail.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="Äpfel/../Größe.pdf")
    mail.add_attachment("a,b\n", subtype="csv", filename="x.csv")
    found = open_mail(mail.as_bytes())
    assert found.title == found.subject == "Größe der Äpfel"
    assert found.author == "Jürgen Müller <jm@example.org>"
    assert found.created == 1714723200
    assert found.metadata == {
        "message_id": "two@x",
        "in_reply_to": "one@x",
        "references": ["zero@x", "one@x"],
        "from": "Jürgen Müller <jm@example.org>",
        "to": ["Reyes, Ana <ana@example.org>", "bo@example.org"],
        "cc": ["Ó Broin <ob@example.org>"],
        "attachments": ["Größe.pdf", "x.csv"],
    }
    assert kinds(found) == [
        ("heading", "Größe der Äpfel"),
        (
            "record",
            """From: Jürgen Müller <jm@example.org>
To: Reyes, Ana <ana@example.org>, bo@example.org
Cc: Ó Broin <ob@example.org>
Date: Fri, 03 May 2024 10:00:00 +0200""",
        ),
        ("paragraph", "Hallo Ana,"),
        ("paragraph", "ja, gut."),
        ("paragraph", "Am Montag schrieb Ana:"),
        ("quote", "Wie groß?\n> Was?\nJa."),
        ("note", "Jürgen\nTel. 12"),
    ]
    assert [(part.name, part.mime, part.data) for part in found.parts] == [
        ("Größe.pdf", "application/pdf", b"%PDF-1.7"),
        ("x.csv", "text/csv", b"a,b\n"),
    ]
    assert open_mail(mail.as_bytes(), attachments=False).parts == ()


def test_html_when_the_plain_text_is_nothing() -> None:
    html = (
        "<p>The real <i>letter</i></p><nav><p>kept</p></nav><div hidden>preview</div>"
        + "<p>word word</p>" * 30
    )
    for stub in ("", "Your program cannot show HTML."):
        mail = letter()
        mail.set_content(stub)
        mail.add_alternative(html, subtype="html")
        found = body_of(open_mail(mail.as_bytes()))
        assert found.startswith("The real letter\n\nkept\n\nword word")
        assert "preview" not in found
        assert "cannot show" not in found


def test_a_mail_of_html_with_a_table_and_pictures() -> None:
    mail = letter()
    mail.set_content(
        "<p>See</p><table><tr><th>a<th>b<tr><td>1<td>2</table><img src=cid:p alt=Logo>", subtype="html"
    )
    mail.add_related(b"\x89PNG", maintype="image", subtype="png", cid="<p>")
    mail.add_attachment(b"\x89PNG2", maintype="image", subtype="png", filename="photo.png")
    found = open_mail(mail.as_bytes())
    assert found.tables[0].rows == (("1", "2"),)
    assert body_of(found).endswith("Logo")
    assert [part.name for part in found.parts] == ["photo.png"]


def test_a_mail_in_a_mail_is_a_part_as_it_was_sent() -> None:
    inner = letter("Inner: one/two")
    inner.set_content("inside")
    inner_bytes = inner.as_bytes().replace(b"\n", b"\r\n")
    data = (
        b"From: a@b\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nsee below\r\n"
        b"--x\r\nContent-Type: message/rfc822\r\n\r\n" + inner_bytes + b"\r\n--x--\r\n"
    )
    found = open_mail(data)
    assert found.text.endswith("see below")
    assert [(part.name, part.mime) for part in found.parts] == [("Inner- one-two.eml", "message/rfc822")]
    assert found.parts[0].data == inner_bytes
    assert open_mail(found.parts[0].data).title == "Inner: one/two"


def test_names_of_attachments_are_safe_and_differ() -> None:
    stated = ("../../etc/passwd", "C:\\\\x\\\\a.txt", "a.txt", "..", "n" * 300 + ".pdf", "a\x01b.txt")
    pieces = (f'--x\r\nContent-Disposition: attachment; filename="{name}"\r\n\r\n1\r\n' for name in stated)
    found = open_mail(raw("".join(pieces) + "--x--", "Content-Type: multipart/mixed; boundary=x"))
    names = [part.name for part in found.parts]
    assert names[:3] == ["passwd", "a.txt", "a (2).txt"]
    assert len(names[4]) == 150
    assert names[4].endswith(".pdf")
    assert all("/" not in name and "\\" not in name and name.isprintable() for name in names)
    assert len(set(names)) == 6


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("attachment; filename*=utf-8''%C3%84pfel%20%E2%82%AC.txt", "Äpfel €.txt"),
        ("attachment; filename*0*=utf-8''%C3%84p; filename*1=fel; filename*2*=%20x.txt", "Äpfel x.txt"),
        ('attachment; filename="=?utf-8?Q?=C3=84pfel?=.txt"', "Äpfel.txt"),
        ('attachment; filename="a \\"b\\".txt"', 'a "b".txt'),
        ("attachment; filename=a b.txt", "a b.txt"),
        ('attachment; filename="unclosed.txt', "unclosed.txt"),
        ("attachment", "attachment 1.txt"),
    ],
)
def test_names_as_programs_write_them(header: str, name: str) -> None:
    data = raw(
        "--x\r\n\r\nbody\r\n--x\r\n"
        f"Content-Type: text/plain\r\nContent-Disposition: {header}\r\n\r\nz\r\n--x--",
        "Content-Type: multipart/mixed; boundary=x",
    )
    assert [part.name for part in open_mail(data).parts] == [name]


@pytest.mark.parametrize(
    ("subject", "read_as"),
    [
        ("=?utf-8?b?R3LDvMOfZQ==?=", "Grüße"),
        ("=?UTF-8?Q?Gr=C3=BC=C3=9Fe_an?= =?utf-8?q?_alle?= now", "Grüße an alle now"),
        ("=?utf-8?B?R3LD?= =?utf-8?B?vMOfZQ==?=", "Grüße"),
        ("=?utf-8*de?Q?x=C3=A4?=", "xä"),
        ("=?koi8-r?B?8NLJ18XU?=", "Привет"),
        ("=?nosuch?Q?abc?=", "abc"),
        ("=?utf-8?B?!!!?= =?utf-8?X?a?=", "=?utf-8?X?a?="),
        ("Grüße roh", "Grüße roh"),
        ("two\r\n\tlines", "two lines"),
        ("bell\x07 and \x00 zero", "bell and zero"),
    ],
)
def test_subjects(subject: str, read_as: str) -> None:
    assert open_mail(f"From: a@b\r\nSubject: {subject}\r\n\r\nx".encode()).title == read_as


def test_a_text_that_flows() -> None:
    data = raw(
        "This goes \r\non and \r\non.\r\n\r\n> So does \r\n> this.\r\nMine.\r\n -- not cut\r\n",
        "Content-Type: text/plain; format=flowed",
    )
    assert body_of(open_mail(data)) == "This goes on and on.\n\nSo does this.\n\nMine.\n-- not cut"
    joined = raw("東 \r\n京\r\n", "Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes")
    assert body_of(open_mail(joined)) == "東京"


@pytest.mark.parametrize(
    ("headers", "body", "read_as"),
    [
        (["Content-Type: text/plain; charset=iso-8859-1"], "Grüße".encode("latin-1"), "Grüße"),
        (["Content-Type: text/plain; charset=windows-1252"], b"\x80 5 \x96 6", "€ 5 – 6"),
        (["Content-Type: text/plain; charset=nosuch"], "Grüße".encode(), "Grüße"),
        (["Content-Type: text/plain; charset=us-ascii"], "Grüße".encode(), "Grüße"),
        (["Content-Transfer-Encoding: quoted-printable"], b"Gr=C3=BC=C3=9Fe=\r\n =41=ZZ", "Grüße A=ZZ"),
        (["Content-Transfer-Encoding: base64"], b"R3LD\r\nvMOfZQ\r\n!", "Grüße"),
        (["Content-Type: nonsense", "Content-Transfer-Encoding: what"], b"text", "text"),
        (["Content-Type: multipart/mixed"], b"text", "text"),
        (["Content-Type: multipart/mixed; boundary=zz"], b"text", "text"),
        (["Content-Type: multipart/mixed; boundary=zz"], b"--zz\r\n\r\nnever closed", "never closed"),
    ],
)
def test_bodies_as_programs_write_them(headers: list[str], body: bytes, read_as: str) -> None:
    found = open_mail(raw("", *headers) + body)
    assert body_of(found) == read_as


def test_the_mail_that_is_answered_below_a_rule_is_a_quote() -> None:
    data = raw(
        "My answer.\r\n\r\n-----Original Message-----\r\nFrom: Ana\r\nSent: Monday\r\n"
        "Subject: x\r\n\r\nThe question\r\n"
    )
    assert kinds(open_mail(data))[2:] == [
        ("paragraph", "My answer."),
        ("quote", "-----Original Message-----\nFrom: Ana\nSent: Monday\nSubject: x"),
        ("quote", "The question"),
    ]


def test_an_invitation() -> None:
    calendar = (
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Boat day\\, at\r\n  last\r\n"
        "DTSTART;TZID=Europe/Paris:20240503T100000\r\n"
        "DTEND:20240503T120000Z\r\nLOCATION:Quay 4\r\n"
        "ORGANIZER;CN=Ana Reyes:mailto:ana@example.org\r\nEND:VEVENT\r\nEND:VCALENDAR"
    )
    mail = letter()
    mail.set_content("Join us")
    mail.add_alternative(calendar, subtype="calendar")
    assert open_mail(mail.as_bytes()).text.endswith(
        "Join us\n\nEvent: Boat day, at last\nStart: 2024-05-03 10:00 Europe/Paris\n"
        "End: 2024-05-03 12:00 UTC\nPlace: Quay 4\nOrganizer: Ana Reyes"
    )


def test_what_is_left_out_is_said() -> None:
    tnef = letter()
    tnef.set_content("x")
    tnef.add_attachment(b"\x78\x9f", maintype="application", subtype="ms-tnef", filename="winmail.dat")
    found = open_mail(tnef.as_bytes())
    assert found.parts == ()
    assert "winmail.dat" in found.warnings[0]
    encoded = raw("Look:\r\nbegin 644 a.bin\r\n#0V%T\r\n`\r\nend\r\nDone.\r\n")
    assert body_of(open_mail(encoded)) == "Look:\nDone."
    assert "uuencode" in open_mail(encoded).warnings[0]
    sealed = raw("MIIB", "Content-Type: application/pkcs7-mime; smime-type=enveloped-data")
    assert "encrypted" in open_mail(sealed).warnings[0]


def test_a_mail_as_macos_keeps_it() -> None:
    mail = raw("words")
    kept = b"%d      \n" % len(mail) + mail + b"<?xml version='1.0'?><plist/>"
    assert open_mail(kept).text == open_mail(mail).text


def test_a_web_page_that_a_browser_saved() -> None:
    data = (
        b"From: <Saved by a browser>\r\nSnapshot-Content-Location: https://h.example/fog\r\nSubject: Fog\r\n"
        b"Content-Type: multipart/related; type=text/html; boundary=x\r\n\r\n"
        b"--x\r\nContent-Type: text/html\r\nContent-Location: https://h.example/fog\r\n\r\n"
        b"<nav><a href=/>Home</a></nav><main><p>Nothing sails today.</p></main>\r\n"
        b"--x\r\nContent-Type: image/png\r\nContent-Location: https://h.example/a.png\r\n\r\nPNG\r\n"
        b"--x\r\nContent-Type: text/css\r\nContent-Location: cid:css\r\n\r\np {}\r\n--x--\r\n"
    )
    found = open_mail(data)
    assert found.text == "Fog\n\nNothing sails today."
    assert found.metadata["url"] == "https://h.example/fog"
    assert found.parts == ()
    assert "Home" in open_mail(data, boilerplate=True).text


def test_signatures_are_no_attachments() -> None:
    data = raw(
        "--x\r\n\r\nsigned words\r\n--x\r\n"
        "Content-Type: application/pgp-signature; name=s.asc\r\n\r\nabc\r\n--x--",
        "Content-Type: multipart/signed; boundary=x",
    )
    found = open_mail(data)
    assert (body_of(found), found.parts) == ("signed words", ())


def test_when_it_came_if_it_does_not_say_when_it_was_sent() -> None:
    data = raw(
        "x", "Received: from a by b with SMTP; Fri, 3 May 2024 08:00:00 +0000 (UTC)", "Date: yesterday"
    )
    assert open_mail(data).created == 1714723200


def box(path: Path) -> bytes:
    written = mailbox.mbox(path / "box.mbox")
    first = letter(Message_ID="<one/a@x>")
    first.set_content("First.\n\nFrom here on it rains.\nFrom a@b 10:10\nbye\n")
    second = letter("Later", Message_ID="<two@x>")
    second.replace_header("Date", "Sat, 04 May 2024 10:00:00 +0000")
    second.set_content("Second.\n")
    for mail in (first, second):
        written.add(mail)
    written.close()
    return (path / "box.mbox").read_bytes()


def test_a_mailbox(tmp_path: Path) -> None:
    found = open_mail(box(tmp_path))
    assert found.text == (
        "2024-05-03 Jürgen Müller <jm@example.org>: Größe der Äpfel\n"
        "2024-05-04 Jürgen Müller <jm@example.org>: Later"
    )
    assert found.metadata == {"messages": 2}
    assert [part.name for part in found.parts] == ["one_a@x.eml", "two@x.eml"]
    assert found.parts[1].modified == 1714816800
    first = open_mail(found.parts[0].data)
    assert "From here on it rains.\nFrom a@b 10:10\nbye" in first.text
    assert first.title == "Größe der Äpfel"


def test_mails_of_one_id_stay_apart(tmp_path: Path) -> None:
    found = open_mail(box(tmp_path) * 2)
    assert len({part.name for part in found.parts}) == 4


@pytest.mark.parametrize("data", [b"", b"hello", bytes(range(256)) * 20, b"\n\n\n", b"X-Other: 1\n\nbody"])
def test_what_is_no_mail(data: bytes) -> None:
    with pytest.raises(DocumentError, match="not a mail"):
        open_mail(data)


def nested(levels: int) -> bytes:
    return b"Subject: x\n" + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level) for level in range(levels)
    )


@pytest.mark.parametrize(
    "data",
    [
        nested(10_000),
        b"From: x\nContent-Type: multipart/mixed; boundary=a\n\n"
        + b"--a\nContent-Type: multipart/mixed; boundary=a\n\n" * 15_000,
        b"Subject: " + b"x" * 5_000_000 + b"\n\nhi",
        b"Subject: " + b"=?utf-8?q?" * 300_000 + b"\n\nhi",
        b"Subject: a\n" + b" x\n" * 500_000 + b"\n\nhi",
        b"From: " + b'"<(' * 200_000 + b"\n\nhi",
        b"From: x\nContent-Type: text/plain" + b"; a*1*=x" * 100_000 + b"\n\nhi",
        b"From: x\n" + b"X: y\n" * 200_000 + b"\nhi",
        b"From: x\n\n" + b">" * 1_000_000,
        b"From: x\n\n" + b"> \n" * 200_000,
        b"From: x\n\n" + b"begin 644 a\nM\n" * 100_000,
        b"From: x\nContent-Type: text/calendar\n\nBEGIN:VEVENT\n" + b"SUMMARY:x\n y\n" * 100_000,
        b"From a@b 10:10\nSubject: x\n\nhi\n\n" * 15_000,
    ],
    ids=range(13),
)  # fmt: skip
def test_hostile_mails_are_read_in_time(data: bytes) -> None:
    start = time.process_time()
    open_mail(data)
    assert time.process_time() - start < 5


def test_limits() -> None:
    assert "too deep" in open_mail(nested(200)).warnings[0]
    many = raw("--x\r\n\r\na\r\n" * 50, "Content-Type: multipart/mixed; boundary=x")
    with pytest.raises(DocumentLimitError, match="limit members"):
        open_mail(many, limits=Limits(members=20))
    with pytest.raises(DocumentLimitError, match="limit text_chars"):
        open_mail(raw("word " * 1000), limits=Limits(text_chars=1000))
    with pytest.raises(DocumentLimitError, match="limit members"):
        open_mail(b"From a@b 10:10\nSubject: x\n\nhi\n\n" * 5, limits=Limits(members=4))
