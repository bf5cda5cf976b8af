"""Conversations: turns as documents of a track, in their order, with roles and tool calls kept."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from mv2.errors import InvalidArgumentError
from mv2.format.frame import ROLE_CHUNK, STATUS_SUPERSEDED
from mv2.ingest import mutations
from mv2.ingest.documents import Prepared, prepare
from mv2.ingest.metadata import check_mapping, decode_metadata, encode_metadata
from mv2.reports import Conversation, Message, SessionInfo
from mv2.storage.reserved import PREFIX
from mv2.types import Document

if TYPE_CHECKING:
    from mv2.models.slot import EmbedderSlot
    from mv2.storage.store import Store
    from mv2.storage.view import View

MESSAGE: Final = "message"
SESSION: Final = "session"
_PREFIX: Final = "mv2://sessions/"
_MIME: Final = "text/plain"
_FIELDS: Final = frozenset(
    {"role", "content", "name", "timestamp", "id", "parent_id", "tool_calls", "tool_call_id", "metadata"}
)
#: Under these names the parts of a message stand in its document's metadata.
_KEPT: Final = ("role", "name", "parent_id", "tool_calls", "tool_call_id")
#: Metadata that was given under names which mean something else there stands below this one.
_BELOW: Final = "metadata"
_OWN: Final = frozenset({*_KEPT, "content", "message_id", "session", _BELOW})


def session_uri(session: str) -> str:
    """The uri of the document that describes a session."""
    return _PREFIX + _quoted(session)


def _quoted(name: str) -> str:
    return quote(name, safe="", errors="surrogatepass")


def add_messages(
    store: Store,
    slot: EmbedderSlot | None,
    messages: Iterable[Mapping[str, Any] | Message],
    session: str,
    title: str | None,
    metadata: Mapping[str, Any] | None,
) -> list[int]:
    """Add turns to a session; see ``Memvid.add_messages``."""
    if not isinstance(session, str) or not session:
        raise InvalidArgumentError("session is empty or no string", remedy="Give each conversation a name.")
    given = check_mapping(metadata)
    turns = [_Turn(_document(message, session, place)) for place, message in enumerate(messages)]
    view = store.view()
    waiting = [[turn.prepared] for turn in turns if turn.known(view) is None]
    embedder = mutations.embed_new(store, waiting, slot)
    with store.turn() as view:
        new: list[list[Prepared]] = []
        newest: dict[str | None, tuple[_Turn, int]] = {}
        found: list[tuple[int | None, int]] = []  # the frame of what is there, else its place among the new
        for turn in turns:
            uri = turn.document.uri
            earlier, place = newest.get(uri, (None, 0))
            if earlier is not None and turn.is_like(earlier.raw, earlier.metadata):
                found.append((None, place))
                continue
            known = turn.known(view) if earlier is None else None
            found.append((known, len(new)))
            if known is None:
                if uri is not None:
                    newest[uri] = turn, len(new)
                new.append([turn.prepared])
        if title is not None or given:
            header = _header(view, session, title, given)
            new += [] if header is None else [[prepare(header)]]
        ids = mutations.put_group(store, new, embedder)
    return [ids[place] if known is None else known for known, place in found]


class _Turn:
    """A turn on its way."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.raw = str(document.content).encode(errors="surrogatepass")
        self.metadata = encode_metadata(document.metadata)
        self._known: int | None = None

    @cached_property
    def prepared(self) -> Prepared:
        return prepare(self.document)

    def known(self, view: View) -> int | None:
        """The frame of the turn, where it is there already as it is."""
        found = None if self.document.uri is None else view.active_id_of_uri(self.document.uri)
        if found is not None and found != self._known:
            record = view.record(found)
            if not self.is_like(view.content(found, record), _of_users(record.extra_metadata)):
                return None
        self._known = found
        return found

    def is_like(self, raw: bytes, metadata: Mapping[str, str]) -> bool:
        """Whether it has that content and metadata."""
        return self.raw == raw and self.metadata == metadata


def _of_users(metadata: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in metadata.items() if not key.startswith(PREFIX)}


def _header(view: View, session: str, title: str | None, metadata: Mapping[str, Any]) -> Document | None:
    """What describes a session, where that is new."""
    uri = session_uri(session)
    found = view.active_id_of_uri(uri)
    if found is not None:
        record = view.record(found)
        title = record.title if title is None else title
        stored = decode_metadata(record.extra_metadata)
        metadata = {**_unpacked(stored), **metadata}
        if record.title == title and stored == _packed(metadata, session):
            return None
    return Document(content="", uri=uri, title=title, kind=SESSION, metadata=_packed(metadata, session))


def _packed(given: Mapping[str, Any], session: str) -> dict[str, Any]:
    """Metadata as it stands in a document of a session."""
    below = {name: given[name] for name in given if name in _OWN}
    kept = {name: value for name, value in given.items() if name not in _OWN}
    return {**kept, "session": session, **({_BELOW: below} if below else {})}


def _unpacked(stored: dict[str, Any]) -> dict[str, Any]:
    """Metadata as it was given, from what is left when a message's own fields are taken out."""
    kept = {name: value for name, value in stored.items() if name not in _OWN}
    below = stored.get(_BELOW)
    return {**kept, **below} if isinstance(below, dict) else kept


def _document(message: Mapping[str, Any] | Message, session: str, place: int) -> Document:
    """The document of a turn."""
    if isinstance(message, Message):
        message = message.to_dict()
    if not isinstance(message, Mapping):
        raise InvalidArgumentError(f"message {place} is {type(message).__name__}, not a dictionary")
    unknown = set(message) - _FIELDS
    if unknown:
        raise InvalidArgumentError(
            f"message {place} has the unknown field {min(unknown, key=str)!r}",
            remedy=f"Fields: {', '.join(sorted(_FIELDS))}; more belongs into metadata.",
        )
    role = message.get("role")
    if not isinstance(role, str) or not role:
        raise InvalidArgumentError(
            f"message {place} has no role", remedy="Give user, assistant, system or tool."
        )
    content, parts = _content(message.get("content"), place)
    identity = message.get("id")
    metadata = _packed(check_mapping(message.get("metadata")), session)
    metadata |= {name: message[name] for name in _KEPT if message.get(name) is not None}
    if parts is not None:
        metadata["content"] = parts
    if identity is not None:
        metadata["message_id"] = str(identity)
    called = _calls_text(message.get("tool_calls"))
    return Document(
        content=content,
        text="\n".join(filter(None, (content, called))) if called else None,
        uri=None if identity is None else f"{session_uri(session)}/{_quoted(str(identity))}",
        title=message.get("name") or role,
        track=session,
        kind=MESSAGE,
        labels=(role,),
        timestamp=message.get("timestamp"),
        metadata=metadata,
    )


def _content(content: Any, place: int) -> tuple[str, Any]:
    """The text of a turn, and its parts where it is made of parts."""
    if content is None:
        return "", None
    if isinstance(content, str):
        return content, None
    if not isinstance(content, Sequence) or isinstance(content, bytes | bytearray | memoryview):
        raise InvalidArgumentError(f"the content of message {place} is {type(content).__name__}")
    texts = [part.get("text") if isinstance(part, Mapping) else part for part in content]
    return "\n".join(text for text in texts if isinstance(text, str) and text), list(content)


def _calls_text(calls: Any) -> str:
    """What tool calls say, to be searched."""
    lines = []
    for call in calls if isinstance(calls, Sequence) and not isinstance(calls, str) else ():
        function = call.get("function", call) if isinstance(call, Mapping) else None
        if not isinstance(function, Mapping):
            continue
        arguments = function.get("arguments", function.get("input", function.get("args", "")))
        shown = (
            arguments
            if isinstance(arguments, str)
            else json.dumps(arguments, ensure_ascii=False, default=str)
        )
        lines.append(f"{function.get('name', 'tool')}({shown})")
    return "\n".join(lines)


# Reading


def _turns(view: View, session: str) -> tuple[list[tuple[int, int]], dict[int, int]]:
    """(frame it began with, active frame) of a session's turns in order, and what other frames began with.

    A turn that was changed keeps its place.
    """
    facets = view.facets()
    kinds = facets.codes("kind")
    began: dict[int, int] = {}
    found = []
    for frame_id in facets.having("track", session):
        if kinds.name(frame_id) != MESSAGE or view.role(frame_id) == ROLE_CHUNK:
            continue
        if view.is_active(frame_id):
            found.append((began.get(frame_id, frame_id), frame_id))
        elif view.status(frame_id) == STATUS_SUPERSEDED:
            newer = view.record(frame_id).superseded_by
            if newer is not None:
                began[newer] = began.get(frame_id, frame_id)
    return sorted(found), began


def conversation(view: View, session: str, limit: int | None, before: int | None) -> Conversation:
    """A window of a session; see ``Memvid.conversation``."""
    places, began = _turns(view, session)
    end = len(places)
    if before is not None:
        view.check_id(before)
        end = bisect_left(places, (began.get(before, before),))
    start = 0 if limit is None else max(0, end - limit)
    header = view.active_id_of_uri(session_uri(session))
    record = None if header is None else view.record(header)
    metadata = {} if record is None else _unpacked(decode_metadata(record.extra_metadata))
    return Conversation(
        session=session,
        title=None if record is None else record.title,
        metadata=metadata,
        messages=tuple(_message(view, frame_id) for _, frame_id in places[start:end]),
        total=len(places),
    )


def _message(view: View, frame_id: int) -> Message:
    record = view.record(frame_id)
    stored = decode_metadata(record.extra_metadata)
    parts = stored.get("content")
    kept = {name: stored.get(name) for name in _KEPT}
    role = kept.pop("role") or (record.labels[0] if record.labels else "user")
    return Message(
        frame_id=frame_id,
        role=role,
        content=parts if parts is not None else view.content(frame_id, record).decode(errors="replace"),
        timestamp=record.timestamp,
        id=stored.get("message_id"),
        metadata=_unpacked(stored),
        **kept,
    )


def sessions(view: View) -> list[SessionInfo]:
    """Every session with its size and time, the latest last; see ``Memvid.sessions``."""
    facets = view.facets()
    tracks = facets.codes("track")
    found: dict[str, list[int]] = {}
    for frame_id in facets.having("kind", MESSAGE):
        session = tracks.name(frame_id)
        if session is not None and view.role(frame_id) != ROLE_CHUNK and view.is_active(frame_id):
            found.setdefault(session, []).append(frame_id)
    listed = [_session(view, session, ids) for session, ids in found.items()]
    return sorted(listed, key=lambda info: (info.last_timestamp, info.session))


def _session(view: View, session: str, ids: Sequence[int]) -> SessionInfo:
    times = [view.timestamp(frame_id) for frame_id in ids]
    header = view.active_id_of_uri(session_uri(session))
    record = None if header is None else view.record(header)
    metadata = {} if record is None else _unpacked(decode_metadata(record.extra_metadata))
    return SessionInfo(
        session=session,
        title=None if record is None else record.title,
        message_count=len(ids),
        first_timestamp=min(times),
        last_timestamp=max(times),
        metadata=metadata,
    )
