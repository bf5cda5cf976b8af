"""A folder of Markdown files, as Obsidian and other note programs keep them."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from mv2.exchange._files import temporary
from mv2.exchange._names import Names, safe_name
from mv2.exchange.exporters._job import Job, encode_json, iso_time, shown_title

if TYPE_CHECKING:
    from mv2 import Record

ATTACHMENTS: Final = "attachments"
_DEEPEST: Final = 8
_IMAGES: Final = ("image/",)


def write(job: Job, *, front_matter: bool = True) -> int:
    """Write the active documents into a new or empty folder; returns how many.

    Each is one file: front matter in YAML, then its text as it is, links included. A uri that is a
    path names the file, else the title does; names are safe on every system, and unique. Content
    that is no text stands in ``attachments`` and is linked.

    Args:
        front_matter: write uri, title, tags, times and metadata on top.

    Raises:
        InvalidArgumentError: the folder has files in it.
    """
    count = 0
    taken: dict[str, Names] = {}
    with temporary(job.path, folder=True) as draft:
        for record in job.records():
            count += 1
            folder = _folder(record)
            names = taken.setdefault("/".join(folder).casefold(), Names())
            name = names.take(_stem(record), ".md")
            attachment = _attach(draft, record, taken.setdefault(ATTACHMENTS, Names()))
            place = draft.joinpath(*folder)
            place.mkdir(parents=True, exist_ok=True)
            text = "".join(_lines(record, attachment, len(folder), front_matter))
            (place / name).write_text(text, encoding="utf-8", newline="\n")
    return count


def _is_path(uri: str | None) -> bool:
    return uri is not None and "://" not in uri and "/" in uri


def _folder(record: Record) -> list[str]:
    """The folders of a uri that is a path; never out of the target, and never the attachments'."""
    if not _is_path(record.uri):
        return []
    parts = [part for part in PurePosixPath(record.uri or "").parts[:-1] if part not in ("/", "..", ".")]
    folders = [safe_name(part, "folder") for part in parts[:_DEEPEST]]
    if folders and folders[0].casefold() == ATTACHMENTS:
        folders[0] = f"{folders[0]}_"
    return folders


def _stem(record: Record) -> str:
    if _is_path(record.uri) or (record.uri or "").lower().endswith((".md", ".markdown")):
        last = PurePosixPath(record.uri or "").name
        stem, dot, suffix = last.rpartition(".")
        return safe_name(stem if dot and suffix.lower() in ("md", "markdown", "txt") else last)
    return safe_name(shown_title(record))


def _attach(draft: Path, record: Record, names: Names) -> str | None:
    """Write content that is no text beside the notes; returns the path in the folder."""
    try:
        record.content.decode()
        return None
    except UnicodeDecodeError:
        pass
    suffix = PurePosixPath((record.uri or record.source_path or "").partition("#")[0]).suffix
    if not suffix.lstrip(".").isalnum() or len(suffix) > 8:
        suffix = mimetypes.guess_extension(record.mime or "") or ".bin"
    stem = safe_name(shown_title(record)).removesuffix(suffix)
    name = names.take(stem or "file", suffix)
    place = draft / ATTACHMENTS
    place.mkdir(exist_ok=True)
    (place / name).write_bytes(record.content)
    return f"{ATTACHMENTS}/{name}"


def _lines(record: Record, attachment: str | None, depth: int, front_matter: bool) -> Iterator[str]:
    if front_matter:
        yield "---\n"
        for name, value in _front(record, attachment):
            yield f"{name}: {value}\n"
        yield "---\n\n"
    if attachment is not None:
        mark = "!" if (record.mime or "").startswith(_IMAGES) else ""
        label = shown_title(record).replace("[", "(").replace("]", ")")
        yield f"{mark}[{label}]({'../' * depth}{quote(attachment)})\n\n"
    yield record.full_text


def _front(record: Record, attachment: str | None) -> Iterator[tuple[str, str]]:
    """Names and values, these in JSON, which YAML is a superset of."""
    fields: dict[str, Any] = {
        "uri": record.uri,
        "title": record.title,
        "tags": list(record.tags) or None,
        "labels": list(record.labels) or None,
        "kind": record.kind,
        "track": record.track,
        "timestamp": iso_time(record.timestamp),
        "put_at": iso_time(record.put_at),
        "mime": record.mime if record.mime != "text/plain" else None,
        "source": record.source_path,
        "attachment": attachment,
        "metadata": dict(record.metadata) or None,
    }
    for name, value in fields.items():
        if value is not None:
            yield name, _yaml(value)


def _yaml(value: Any) -> str:
    """JSON in which the line ends of YAML that JSON does not know are escaped."""
    text = encode_json(value)
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    number = ord(char)
    if number < 0x10000:
        return f"\\u{number:04x}"
    high, low = divmod(number - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
