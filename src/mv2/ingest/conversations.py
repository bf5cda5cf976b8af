"""Conversations: turns as documents of a track, in their order, with roles and tool calls kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from mv2.errors import InvalidArgumentError
from mv2.format.frame import ROLE_CHUNK
from mv2.ingest import mutations
from mv2.ingest.metadata import decode_metadata
from mv2.reports import Conversation, Message, SessionInfo
from mv2.types import Document

if TYPE_CHECKING:
    from mv2.models.slot import EmbedderSlot
    from mv2.storage.store import Store
    from mv2.storage.view import View

MESSAGE: Final = "message"
SESSION: Final = "session"
_PREFIX: Final = "mv2://sessions/"
_MIME: Final = "text/plain"
#: From so many messages on they become a commit of their own instead of records of the log.
_MANY: Final = 64
_FIELDS: Final = frozenset(
    {"role", "content", "name", "timestamp", "id", "parent_id", "tool_calls", "tool_call_id", "metadata"}
)
#: Under these names the parts of a message stand in its document's metadata.
_KEPT: Final = ("role", "name", "parent_id", "tool_calls", "tool_call_id")


def session_uri(session: str) -> str:
    """The uri of the document that describes a session."""
    return _PREFIX + quote(session, safe="")


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
    view = store.view()
    documents = [_document(message, session, place) for place, message in enumerate(messages)]
    known = [_known(view, document) for document in documents]
    new = [document for document, found in zip(documents, known, strict=True) if found is None]
    if title is not None or metadata:
        header = _header(view, session, title, metadata)
        new += [] if header is None else [header]
    ids = iter(_put(store, slot, new))
    return [next(ids) if found is None else found for found in known]


def _put(store: Store, slot: EmbedderSlot | None, documents: Sequence[Document]) -> list[int]:
    if len(documents) > _MANY:
        return mutations.put_many(store, documents, None, None, slot)
    with store.batch():
        return [mutations.put(store, document, slot) for document in documents]


def _header(
    view: View, session: str, title: str | None, metadata: Mapping[str, Any] | None
) -> Document | None:
    """What describes a session, where that is new."""
    uri = session_uri(session)
    found = view.active_id_of_uri(uri)
    wanted = {"session": session, **(metadata or {})}
    if found is not None:
        record = view.record(found)
        title = record.title if title is None else title
        wanted = {**decode_metadata(record.extra_metadata), **wanted}
        if record.title == title and decode_metadata(record.extra_metadata) == wanted:
            return None
    return Document(content="", uri=uri, title=title, kind=SESSION, metadata=wanted)


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
    metadata = {**(message.get("metadata") or {}), "session": session}
    metadata |= {name: message[name] for name in _KEPT if message.get(name) is not None}
    if parts is not None:
        metadata["content"] = parts
    if identity is not None:
        metadata["message_id"] = str(identity)
    called = _calls_text(message.get("tool_calls"))
    return Document(
        content=content,
        text="\n".join(filter(None, (content, called))) if called else None,
        uri=None if identity is None else f"{session_uri(session)}/{quote(str(identity), safe='')}",
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
    if not isinstance(content, Sequence) or isinstance(content, bytes):
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


def _known(view: View, document: Document) -> int | None:
    """The frame of a turn that is there already as it is."""
    found = None if document.uri is None else view.active_id_of_uri(document.uri)
    if found is None:
        return None
    record = view.record(found)
    same = view.content(found, record) == str(document.content).encode()
    return found if same and decode_metadata(record.extra_metadata) == document.metadata else None


# Reading


def turns(view: View, session: str) -> list[int]:
    """The active frames of a session's turns, in the order in which they were first put."""
    ids = [
        frame_id
        for frame_id in view.facets().having("track", session)
        if view.role(frame_id) != ROLE_CHUNK and view.is_active(frame_id)
    ]
    return sorted(ids, key=lambda frame_id: (_first_version(view, frame_id), frame_id))


def _first_version(view: View, frame_id: int) -> int:
    """The frame that a document began with: a turn that was changed keeps its place."""
    while (older := view.record(frame_id).supersedes) is not None and older < frame_id:
        frame_id = older
    return frame_id


def conversation(view: View, session: str, limit: int | None, before: int | None) -> Conversation:
    """A window of a session; see ``Memvid.conversation``."""
    ids = turns(view, session)
    end = len(ids)
    if before is not None:
        end = next((place for place, frame_id in enumerate(ids) if frame_id == before), 0)
    start = 0 if limit is None else max(0, end - limit)
    header = view.active_id_of_uri(session_uri(session))
    record = None if header is None else view.record(header)
    metadata = {} if record is None else decode_metadata(record.extra_metadata)
    metadata.pop("session", None)
    return Conversation(
        session=session,
        title=None if record is None else record.title,
        metadata=metadata,
        messages=tuple(_message(view, frame_id) for frame_id in ids[start:end]),
        total=len(ids),
    )


def _message(view: View, frame_id: int) -> Message:
    record = view.record(frame_id)
    metadata = decode_metadata(record.extra_metadata)
    metadata.pop("session", None)
    parts = metadata.pop("content", None)
    kept = {name: metadata.pop(name, None) for name in _KEPT}
    role = kept.pop("role") or (record.labels[0] if record.labels else "user")
    return Message(
        frame_id=frame_id,
        role=role,
        content=parts if parts is not None else view.content(frame_id, record).decode(errors="replace"),
        timestamp=record.timestamp,
        id=metadata.pop("message_id", None),
        metadata=metadata,
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
    metadata = {} if record is None else decode_metadata(record.extra_metadata)
    metadata.pop("session", None)
    return SessionInfo(
        session=session,
        title=None if record is None else record.title,
        message_count=len(ids),
        first_timestamp=min(times),
        last_timestamp=max(times),
        metadata=metadata,
    )
