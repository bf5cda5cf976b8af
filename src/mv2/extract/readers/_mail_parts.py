"""Which parts of a mail are its words, and which it carries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from mv2._record import dataclass
from mv2.extract.guard import safe_member_name
from mv2.extract.model import Part
from mv2.extract.readers._html_time import parse_time
from mv2.extract.readers._mail_headers import Headers
from mv2.extract.readers._mail_mime import Entity

_ENDINGS = {
    "message/rfc822": ".eml",
    "text/plain": ".txt",
    "text/html": ".html",
    "text/calendar": ".ics",
    "text/vcard": ".vcf",
    "text/csv": ".csv",
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "application/json": ".json",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
}
_SIGNATURES = frozenset(
    [
        "application/pgp-signature",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/pgp-keys",
    ]
)
_SEALED = frozenset(["application/pkcs7-mime", "application/x-pkcs7-mime"])
_BODIES = frozenset(["text/plain", "text/html", "message/delivery-status"])
_NOT_IN_NAMES = str.maketrans(dict.fromkeys('/\\:*?"<>|', "-"))
_LONGEST_NAME = 150


@dataclass(slots=True)
class Choice:
    """One stretch of the body, as plain text, as HTML, or both."""

    plain: list[Entity] = field(default_factory=list)
    html: list[Entity] = field(default_factory=list)


@dataclass(slots=True)
class Sorted:
    """The parts of a mail by what they are for.

    Attributes:
        body: stretches of the body in order.
        calendars: invitations.
        attachments: what is carried.
        warnings: what was skipped and why.
    """

    body: list[Choice] = field(default_factory=list)
    calendars: list[Entity] = field(default_factory=list)
    attachments: list[Entity] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def sort_parts(root: Entity) -> Sorted:
    """Tell body, invitations and attachments apart."""
    found = Sorted()
    for entity, choice, resource in _leaves(root):
        _sort_leaf(found, entity, choice, resource=resource)
    unique = {id(choice): choice for choice in found.body}
    found.body = list(unique.values())
    return found


def _leaves(root: Entity) -> Iterator[tuple[Entity, Choice | None, bool]]:
    """Parts without parts: with the stretch they offer another form of, and whether they are only
    there to be shown inside another one.
    """
    stack: list[tuple[Entity, Choice | None, bool]] = [(root, None, False)]
    while stack:
        entity, choice, resource = stack.pop()
        if not entity.children:
            yield entity, choice, resource
            continue
        if entity.mime == "multipart/alternative" and choice is None:
            choice = Choice()
        related = entity.mime == "multipart/related"
        stack.extend(
            (child, choice, resource or (related and index > 0))
            for index, child in reversed(list(enumerate(entity.children)))
        )


def _sort_leaf(found: Sorted, entity: Entity, choice: Choice | None, *, resource: bool) -> None:
    mime, attached = entity.mime, entity.disposition == "attachment"
    if entity.too_deep:
        found.warnings.append("parts nested too deeply were skipped")
    elif mime in _SIGNATURES:
        return
    elif mime in _SEALED and "signed" not in entity.parameters.get("smime-type", ""):
        found.warnings.append("the mail is encrypted; its content was not read")
    elif mime == "application/ms-tnef" or entity.filename.lower() == "winmail.dat":
        found.warnings.append("winmail.dat (a private format of Outlook) was skipped")
    elif mime == "text/calendar":
        found.calendars.append(entity)
        if attached and entity.filename:
            found.attachments.append(entity)
    elif mime in _BODIES and not attached and not (entity.filename and (resource or choice is None)):
        stretch = choice or Choice()
        (stretch.html if mime == "text/html" else stretch.plain).append(entity)
        found.body.append(stretch)
    elif mime.startswith("multipart/"):
        return
    elif attached or not (resource or _is_shown_inside(entity)):
        found.attachments.append(entity)


def _is_shown_inside(entity: Entity) -> bool:
    """Pictures that the HTML of the mail shows."""
    inside = entity.disposition == "inline" or not entity.filename
    return entity.mime.startswith("image/") and (inside or "content-id" in entity.headers)


def carried(entities: list[Entity]) -> list[tuple[str, Entity]]:
    """Attachments with their names: safe, without folders, each name once."""
    named, taken = list[tuple[str, Entity]](), dict[str, int]()
    for number, entity in enumerate(entities, 1):
        name = _safe_name(entity) or f"attachment {number}{_ENDINGS.get(entity.mime, '')}"
        count = taken.get(name.lower(), 0) + 1
        taken[name.lower()] = count
        if count > 1:
            stem, dot, ending = name.rpartition(".")
            name = f"{stem} ({count}).{ending}" if dot and stem else f"{name} ({count})"
        named.append((name, entity))
    return named


def _safe_name(entity: Entity) -> str:
    name = entity.filename
    if not name and entity.mime == "message/rfc822":
        subject = _inner_subject(entity)
        name = f"{subject}.eml" if subject else ""
    if not name.strip():
        return ""
    name = safe_member_name(name.replace("\\", "/").rsplit("/", 1)[-1])
    if len(name) > _LONGEST_NAME:
        stem, dot, ending = name.rpartition(".")
        keep = f".{ending}" if dot and len(ending) <= 10 else ""
        name = (stem if keep else name)[: _LONGEST_NAME - len(keep)].rstrip() + keep
    if entity.mime == "message/rfc822" and not name.lower().endswith(".eml"):
        name += ".eml"
    return name


def _inner_subject(entity: Entity) -> str:
    return Headers(entity.data()[:100_000]).text("subject")[:100].translate(_NOT_IN_NAMES).strip(" .")


def as_part(name: str, entity: Entity) -> Part:
    """An attachment as a document of its own."""
    stated = entity.headers.value("content-disposition")[1]
    metadata = {"content_id": identifier(entity.headers.raw("content-id"))}
    return Part(
        name=name,
        data=entity.data(),
        mime=None if entity.mime == "application/octet-stream" else entity.mime,
        modified=parse_time(stated.get("modification-date")),
        metadata={key: value for key, value in metadata.items() if value},
    )


def identifier(value: str) -> str:
    """A message id without its brackets."""
    return value.strip().split(" ", 1)[0].removeprefix("<").removesuffix(">")[:998]
