"""Folders of Markdown notes, and Obsidian vaults: a document a note."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from mv2.exchange.importers._bundle import Bundle
from mv2.exchange.importers._own_notes import ATTACHMENTS, own_note
from mv2.exchange.importers._rows import Place, own_uri
from mv2.exchange.importers._values import clean, seconds_of, uri_path
from mv2.exchange.items import Item, Skipped
from mv2.types import Document

_ENDINGS: Final = (".md", ".markdown", ".mdown", ".mkd")
_MAX_BYTES: Final = 64 << 20
_MAX_ATTACHED: Final = 256 << 20
_MAX_FRONT: Final = 64 << 10
_MAX_LINKS: Final = 1_000
_TIMES: Final = ("created", "created_at", "date", "date created", "published", "date_created")
_FIELD: Final = re.compile(r"([A-Za-z][A-Za-z _-]{0,40}):[ \t]+(\S.{0,500})")
_LINK: Final = re.compile(r"\[\[([^\[\]|#\n]{1,300})")


def sniff(bundle: Bundle) -> float:
    """How sure it is that these are notes, 0 to 1."""
    if bundle.kind == "folder":
        if (bundle.path / ".obsidian").is_dir():
            return 1.0
        return 0.5 if any(_is_note(name) for name in bundle.names) else 0.0
    return 0.5 if bundle.kind == "file" and _is_note(bundle.path.name) else 0.0


def _is_note(name: str) -> bool:
    return name.lower().endswith(_ENDINGS)


def read(source: str | os.PathLike[str], *, name: str | None = None) -> Iterator[Item]:
    """Read the notes of a folder; hidden folders (``.obsidian``, ``.trash``) are left out.

    The front matter gives title, tags and other fields; a note without a title has the name of its
    file. Its time is the one its front matter names (``created``, ``date``), else that of the file's
    last change. Metadata ``links`` are the uris of the notes that its ``[[links]]`` lead to.

    Of notes that ``export`` wrote, the front matter becomes again what it was made of: uri, title, tags,
    labels, times, metadata; and the text behind it, or the attachment, is the content.

    Args:
        name: of the vault, part of the uris ``mv2://vault/<name>/<path>``; None takes the folder's.

    Raises:
        DocumentError: the folder cannot be read.
    """
    bundle = Bundle(source)
    top = bundle.path if bundle.kind == "folder" else bundle.path.parent
    base = f"mv2://vault/{uri_path(name or top.name)}/"
    notes = [note for note in bundle.names if _is_note(note)]
    targets = _targets(notes)
    attached: set[str] = set()
    for note in notes:
        yield _exported(top, note, base, attached) or _note(top / note, note, base, targets)
    others = len(set(bundle.names) - set(notes) - attached)
    if others:
        what = "1 other file is no note" if others == 1 else f"{others:,} other files are no notes"
        yield Skipped(where=str(top), reason=f"{what}; putting the folder itself takes all files")


def _exported(top: Path, note: str, base: str, attached: set[str]) -> Document | None:
    """The document of a note that ``export`` wrote; None for other notes, and where it cannot be read."""
    try:
        if (top / note).stat().st_size > _MAX_BYTES:
            return None
        data = (top / note).read_bytes()
        found = own_note(data.removeprefix(b"\xef\xbb\xbf").decode())
        if found is None:
            return None
        place = Place(name="", where=note, scheme=base.removesuffix("/"))
        document = replace(found.document, uri=own_uri(found.document.uri, note, 0, place))
        if found.attachment is None:
            return document
        content = _attachment(top, found.attachment)
    except (OSError, ValueError):
        return None
    attached.add(found.attachment)
    return replace(document, content=content, text=str(document.content) or None)


def _attachment(top: Path, name: str) -> bytes:
    """The bytes of an attachment, which lies in the folder of attachments of this vault."""
    folder, _, last = name.partition("/")
    path = top / ATTACHMENTS / last
    if folder != ATTACHMENTS or not last or "/" in last or "\\" in last or last in (".", ".."):
        raise ValueError("the attachment is not in the vault")
    if path.is_symlink() or path.stat().st_size > _MAX_ATTACHED:
        raise ValueError("the attachment is no file of the vault, or too large")
    return path.read_bytes()


def _targets(notes: list[str]) -> dict[str, str]:
    """Notes by what links call them: path or name, without ending, in any case. Short paths win."""
    found: dict[str, str] = {}
    for note in sorted(notes, key=lambda note: (note.count("/"), note)):
        stem = note.rpartition(".")[0].casefold()
        found.setdefault(stem, note)
        found.setdefault(stem.rpartition("/")[2], note)
    return found


def _note(path: Path, note: str, base: str, targets: Mapping[str, str]) -> Item:
    try:
        status = path.stat()
        if status.st_size > _MAX_BYTES:
            return Skipped(where=note, reason=f"it is larger than {_MAX_BYTES >> 20} MiB")
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        return Skipped(where=note, reason=f"it cannot be read: {error.strerror}")
    if not text.strip():
        return Skipped(where=note, reason="it is empty")
    front = _front(text)
    dated = (seconds_of(front[key]) for key in _TIMES if key in front)
    timestamp = next((time for time in dated if time is not None), int(status.st_mtime))
    links = _links(text, note, base, targets)
    return Document(
        content=path,
        uri=base + uri_path(note),
        title=clean(front.get("title") or path.stem),
        timestamp=timestamp,
        metadata={"links": links} if links else {},
        source_path=clean(str(path)),
    )


def _front(text: str) -> dict[str, str]:
    """The plain ``name: value`` lines of a front matter, names in lower case."""
    if not text.startswith("---"):
        return {}
    found: dict[str, str] = {}
    for place, line in enumerate(text[:_MAX_FRONT].splitlines()):
        if place and line.rstrip() in ("---", "..."):
            return found
        field = _FIELD.fullmatch(line.rstrip())
        if field is not None:
            found.setdefault(field[1].lower(), _unquoted(field[2]))
    return {}


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1].strip()
    return value.split(" #", maxsplit=1)[0].strip()


def _links(text: str, note: str, base: str, targets: Mapping[str, str]) -> list[str]:
    found: dict[str, None] = {}
    for link in _LINK.finditer(text):
        name = link[1].strip().rstrip("\\").casefold()
        target = targets.get(name.removesuffix(".md"))
        if target is not None and target != note:
            found[base + uri_path(target)] = None
            if len(found) >= _MAX_LINKS:
                break
    return list(found)
