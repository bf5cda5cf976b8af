"""A mail as a tree of its parts, each a range of its bytes."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import field

from mv2._record import dataclass
from mv2.errors import DocumentLimitError
from mv2.extract.guard import decode_text
from mv2.extract.model import Limits
from mv2.extract.readers._mail_headers import Headers, decode_base64

DEEPEST = 50
_BLANK_LINE = re.compile(rb"\r?\n[ \t]*\r?\n")
_MIME_NAME = re.compile(r"[a-z0-9!#$&^_.+-]{1,80}/[a-z0-9!#$&^_.+-]{1,80}\Z")


@dataclass(slots=True, kw_only=True)
class Entity:
    """A mail or a part of one.

    Attributes:
        headers: its own headers.
        body: what stands below them, as it was sent.
        mime: its media type; ``text/plain`` when none is stated.
        parameters: those of its Content-Type.
        children: what a multipart consists of.
        too_deep: it is a multipart nested too deeply to be read.
    """

    headers: Headers
    body: bytes
    mime: str
    parameters: dict[str, str]
    children: list[Entity] = field(default_factory=list)
    too_deep: bool = False

    @property
    def disposition(self) -> str:
        """``attachment``, ``inline``, or empty when it does not say."""
        return self.headers.value("content-disposition")[0]

    @property
    def filename(self) -> str:
        """The name that its sender gave it; empty if none."""
        return self.headers.value("content-disposition")[1].get("filename") or self.parameters.get("name", "")

    def data(self) -> bytes:
        """Its content with the transfer encoding undone."""
        encoding = self.headers.value("content-transfer-encoding")[0]
        if encoding == "base64":
            return decode_base64(self.body)
        if encoding == "quoted-printable":
            return binascii.a2b_qp(self.body)
        return self.body

    def text(self) -> str:
        """Its content as text with line feeds."""
        text, _ = decode_text(self.data(), self.parameters.get("charset"))
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def walk(self) -> Iterator[Entity]:
        """It and all parts inside of it, in order."""
        stack = [self]
        while stack:
            entity = stack.pop()
            yield entity
            stack.extend(reversed(entity.children))


def parse_mail(data: bytes, limits: Limits) -> Entity:
    """The tree of a mail. Mails inside of it stay whole.

    Raises:
        DocumentLimitError: more than ``limits.members`` parts.
    """
    root = _entity(data)
    waiting = [(root, 1)]
    count = 0
    while waiting:
        entity, depth = waiting.pop()
        if not entity.mime.startswith("multipart/"):
            continue
        boundary = entity.parameters.get("boundary", "").rstrip()
        if not boundary:
            entity.mime = "text/plain"
            continue
        if depth > min(DEEPEST, limits.depth):
            entity.too_deep = True
            continue
        default = "message/rfc822" if entity.mime == "multipart/digest" else "text/plain"
        for piece in _split(entity.body, boundary.encode("utf-8", "replace")):
            count += 1
            if count > limits.members:
                raise DocumentLimitError(f"the mail has more than {limits.members:,} parts (limit members)")
            child = _entity(piece, default)
            entity.children.append(child)
            waiting.append((child, depth + 1))
        if not entity.children:
            entity.mime = "text/plain"
    return root


def _entity(data: bytes, default: str = "text/plain") -> Entity:
    head, body = _parted(data)
    headers = Headers(head)
    mime, parameters = headers.value("content-type")
    if not _MIME_NAME.match(mime):
        mime = default
    return Entity(headers=headers, body=body, mime=mime, parameters=parameters)


def _parted(data: bytes) -> tuple[bytes, bytes]:
    """Headers and body; the line between them is blank."""
    if data.startswith((b"\n", b"\r\n")):
        return b"", data.lstrip(b"\r").removeprefix(b"\n")
    end = _BLANK_LINE.search(data)
    return (data, b"") if end is None else (data[: end.start()], data[end.end() :])


def _split(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """The pieces between the delimiter lines of a multipart."""
    delimiter = b"--" + boundary
    begin: int | None = None
    place = 0
    while (found := body.find(delimiter, place)) >= 0:
        place = found + len(delimiter)
        if found and body[found - 1] != 0x0A:
            continue
        last = body.startswith(b"--", place)
        line_end = body.find(b"\n", place)
        line_end = len(body) if line_end < 0 else line_end
        if not last and body[place : min(line_end, place + 100)].strip(b" \t\r"):
            continue
        if begin is not None:
            yield body[begin:found].removesuffix(b"\n").removesuffix(b"\r")
        if last:
            return
        begin = place = min(line_end + 1, len(body))
    if begin is not None and begin < len(body):
        yield body[begin:]
