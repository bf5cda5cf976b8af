"""Reads mails (``.eml``, ``.emlx``), mailboxes (``.mbox``) and web pages saved as mails (``.mhtml``)."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from mv2.errors import DocumentError, DocumentLimitError, MissingExtraError
from mv2.extract.builder import TextBuilder
from mv2.extract.guard import safe_member_name
from mv2.extract.model import Block, Extraction, Part, ReadOptions, Source, Table
from mv2.extract.readers._html_time import parse_time
from mv2.extract.readers._mail_body import add_plain_body, calendar_text, tidy_text
from mv2.extract.readers._mail_headers import Headers, addresses
from mv2.extract.readers._mail_mime import Entity, parse_mail
from mv2.extract.readers._mail_parts import Choice, as_part, carried, identifier, sort_parts

__all__ = ["read"]

_MOST_ADDRESSES = 500
_MOST_REFERENCES = 100
_KNOWN = (
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "received",
    "return-path",
    "mime-version",
    "content-type",
)
_ID = re.compile(r"<([^<>\s]{1,998})>")
_MBOX_LINE = re.compile(
    rb"^From [^\r\n]{0,300}(?:\d\d:\d\d|@)[^\r\n]{0,300}\r?\n(?=>?[A-Za-z][A-Za-z0-9-]{0,60}[: ])",
    re.MULTILINE,
)
#: Mail of macOS (.emlx) counts the bytes of the mail above it, and keeps notes of its own below it.
_COUNT_LINE = re.compile(rb"\s{0,9}(\d{1,12})[ \t]{0,99}\r?\n")
_ESCAPED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_STUB_SHARE = 0.2
_STUB_WORDS = 40


def read(source: Source, options: ReadOptions) -> Extraction:
    """Read a mail, or a mailbox: its mails become parts.

    Raises:
        DocumentError: there are no headers, so that it is no mail.
        DocumentLimitError: more mails, parts or text than the limits allow.
        MissingExtraError: the mail is HTML only, and selectolax is not installed.
    """
    data = source.data.removeprefix(b"\xef\xbb\xbf")
    if _MBOX_LINE.match(data):
        return _read_mailbox(data, options)
    counted = _COUNT_LINE.match(data)
    if counted:
        data = data[counted.end() : counted.end() + int(counted.group(1))]
    return _read_mail(data.lstrip(b"\r\n"), options)


def _read_mail(data: bytes, options: ReadOptions) -> Extraction:
    root = parse_mail(data, options.limits)
    headers = root.headers
    if not any(name in headers for name in _KNOWN):
        raise DocumentError("not a mail: it has none of the headers that every mail has")
    found = sort_parts(root)
    builder, tables = TextBuilder(), list[Table]()
    # A web page that a browser saved has the form of a mail.
    is_page = "snapshot-content-location" in headers
    builder.add("heading", headers.text("subject"), level=1)
    if not is_page:
        builder.add("record", _head_lines(headers))
    for choice in found.body:
        _add_stretch(builder, tables, choice, options, found.warnings, is_page=is_page)
    for entity in found.calendars[:1]:
        builder.add("record", calendar_text(entity.text()))
    if len(builder) > options.limits.text_chars:
        raise DocumentLimitError(
            f"the mail has more than {options.limits.text_chars:,} characters of text (limit text_chars)"
        )
    named = carried(found.attachments)
    metadata = _metadata(headers)
    if named:
        metadata["attachments"] = [name for name, _ in named]
    return Extraction(
        text=builder.text,
        blocks=builder.blocks,
        tables=tuple(tables),
        parts=tuple(as_part(name, entity) for name, entity in named) if options.attachments else (),
        title=headers.text("subject") or None,
        subject=headers.text("subject") or None,
        author=next(iter(addresses(headers.raw("from"))), None),
        language=_language(headers),
        keywords=tuple(word.strip() for word in headers.text("keywords").split(",") if word.strip()),
        created=parse_time(_date(headers)),
        metadata=metadata,
        warnings=tuple(dict.fromkeys(found.warnings)),
    )


def _head_lines(headers: Headers) -> str:
    lines = [f"{name}: {', '.join(addresses(headers.raw(name.lower())))}" for name in ("From", "To", "Cc")]
    lines.append(f"Date: {headers.text('date')}")
    return tidy_text("\n".join(line for line in lines if not line.endswith(": ")))


def _add_stretch(
    builder: TextBuilder,
    tables: list[Table],
    choice: Choice,
    options: ReadOptions,
    warnings: list[str],
    *,
    is_page: bool,
) -> None:
    """Write the plain text, unless there is next to nothing in it and more in the HTML."""
    texts = [(entity, entity.text()) for entity in choice.plain]
    words = sum(len(text.split()) for _, text in texts)
    if choice.html and (words == 0 or _is_stub(words, choice.html, options)):
        for entity in choice.html:
            _add_html(builder, tables, entity, options, main=is_page and not options.boilerplate)
        return
    for entity, text in texts:
        files = add_plain_body(
            builder,
            text,
            flowed=entity.parameters.get("format", "").lower() == "flowed",
            joined=entity.parameters.get("delsp", "").lower() == "yes",
        )
        if files:
            warnings.append(f"{files} files written into the text (uuencode) were left out")


def _is_stub(words: int, html: list[Entity], options: ReadOptions) -> bool:
    """Whether the plain text only says that there is HTML to look at."""
    trial = TextBuilder()
    try:
        for entity in html:
            _add_html(trial, [], entity, options)
    except MissingExtraError:
        return False
    whole = len(trial.text.split())
    return whole >= _STUB_WORDS and words < whole * _STUB_SHARE


def _add_html(
    builder: TextBuilder, tables: list[Table], entity: Entity, options: ReadOptions, *, main: bool = False
) -> None:
    from mv2.extract.readers.html import html_blocks

    mime = f"text/html; charset={entity.parameters.get('charset', '')}"
    html_blocks(entity.data(), builder, tables, options.limits, mime=mime, main=main, hidden=options.hidden)


def _metadata(headers: Headers) -> dict[str, Any]:
    found: dict[str, Any] = {
        "message_id": identifier(headers.raw("message-id")),
        "in_reply_to": next(iter(_ID.findall(headers.raw("in-reply-to"))), ""),
        "references": _ID.findall(headers.raw("references"))[-_MOST_REFERENCES:],
        "from": ", ".join(addresses(headers.raw("from"))),
        "to": addresses(headers.raw("to"))[:_MOST_ADDRESSES],
        "cc": addresses(headers.raw("cc"))[:_MOST_ADDRESSES],
        "bcc": addresses(headers.raw("bcc"))[:_MOST_ADDRESSES],
        "reply_to": ", ".join(addresses(headers.raw("reply-to"))[:_MOST_ADDRESSES]),
        "list_id": headers.text("list-id"),
        "url": headers.text("snapshot-content-location"),
    }
    return {name: value for name, value in found.items() if value}


def _date(headers: Headers) -> str:
    """When it was sent, else when the last server got it."""
    stated = headers.text("date")
    if parse_time(stated) is not None:
        return stated.split("(", 1)[0].strip() if len(stated) > 40 else stated
    return headers.text("received").rpartition(";")[2].split("(", 1)[0].strip()


def _language(headers: Headers) -> str | None:
    stated = headers.text("content-language").split(",", 1)[0].strip()
    return stated if re.fullmatch(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}", stated) else None


def _read_mailbox(data: bytes, options: ReadOptions) -> Extraction:
    starts = _message_starts(data)
    if len(starts) > options.limits.members:
        raise DocumentLimitError(
            f"the mailbox has more than {options.limits.members:,} mails (limit members)",
            remedy="raise limits.members, or split the mailbox",
        )
    ends = [start for start, _ in starts[1:]] + [len(data)]
    parts, lines, taken = list[Part](), list[str](), set[str]()
    for number, ((_, begin), end) in enumerate(zip(starts, ends, strict=True), 1):
        message = _ESCAPED_FROM.sub(rb"\1", data[begin:end])
        part, line = _mailbox_part(message, number, taken)
        parts.append(part)
        lines.append(line)
    text, blocks = "\n".join(lines), list[Block]()
    place = 0
    for line in lines:
        blocks.append(Block(kind="record", start=place, end=place + len(line)))
        place += len(line) + 1
    dates = [part.modified for part in parts if part.modified is not None]
    return Extraction(
        text=text,
        blocks=tuple(blocks),
        parts=tuple(parts),
        created=min(dates, default=None),
        modified=max(dates, default=None),
        metadata={"messages": len(parts)},
    )


def _message_starts(data: bytes) -> list[tuple[int, int]]:
    """Where the line before each mail starts, and where the mail does."""
    return [
        (found.start(), found.end())
        for found in _MBOX_LINE.finditer(data)
        if found.start() == 0
        or data[max(found.start() - 4, 0) : found.start()].endswith((b"\n\n", b"\n\r\n"))
    ]


def _mailbox_part(message: bytes, number: int, taken: set[str]) -> tuple[Part, str]:
    """A mail of a mailbox, named by its id so that the name stays when mails before it go."""
    end = re.search(rb"\r?\n\r?\n", message)
    headers = Headers(message if end is None else message[: end.start()])
    name = safe_member_name(identifier(headers.raw("message-id")).replace("/", "_") or f"message {number}")
    if name in taken:
        name = f"{name} {number}"
    taken.add(name)
    subject, sender = headers.text("subject"), next(iter(addresses(headers.raw("from"))), "")
    sent = parse_time(_date(headers))
    day = "" if sent is None else dt.datetime.fromtimestamp(sent, dt.UTC).strftime("%Y-%m-%d ")
    part = Part(
        name=f"{name[:200]}.eml",
        data=message,
        mime="message/rfc822",
        modified=sent,
        metadata={"subject": subject} if subject else {},
    )
    return part, tidy_text(f"{day}{sender or 'unknown sender'}: {subject or 'no subject'}".replace("\n", " "))
