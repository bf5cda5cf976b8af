"""Claude's data export: conversations, project documents and memories; files, folder or zip."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from mv2.errors import DocumentError
from mv2.exchange.importers._blocks import messages_of_blocks
from mv2.exchange.importers._bundle import Bundle
from mv2.exchange.importers._chat import (
    Branches,
    Tools,
    check,
    in_time,
    path_to,
    times_of,
    title_of,
    tree_order,
    with_archives,
)
from mv2.exchange.importers._json import array_items
from mv2.exchange.importers._values import (
    as_list,
    as_mapping,
    clean,
    iso_or_none,
    metadata_of,
    seconds_of,
    text_of,
    uri_part,
)
from mv2.exchange.items import ImportedConversation, Item, Skipped
from mv2.types import Document

# Name of a file in the export → what it holds. One per project, and parts, in newer exports.
_KINDS: Final = (
    (re.compile(r"(?:.*/)?conversations(?:[-_][0-9]+)?\.json"), "conversations"),
    (re.compile(r"(?:.*/)?projects\.json|(?:.*/)?projects/[^/]+\.json"), "projects"),
    (re.compile(r"(?:.*/)?memories\.json|(?:.*/)?memories/[^/]+\.json"), "memories"),
)
_ROLES: Final = {"human": "user", "user": "user", "assistant": "assistant"}
_ASIDE: Final = {
    "uuid", "name", "chat_messages", "created_at", "updated_at", "account", "current_leaf_message_uuid",
    "settings",
}  # fmt: skip


def sniff(bundle: Bundle) -> float:
    """How sure it is that this is an export of Claude, 0 to 1."""
    if bundle.kind == "file":
        return 1.0 if bundle.path.suffix.lower() == ".json" and _holds(bundle.head()) else 0.0
    names = [name for name in bundle.names if _kind(name) is not None]
    return 1.0 if any(_holds(bundle.head(name)) for name in names[:5]) else 0.0


def _holds(head: bytes) -> bool:
    marks = (b'"chat_messages"', b'"prompt_template"', b'"conversations_memory"')
    return any(mark in head for mark in marks)


def _kind(name: str) -> str | None:
    return next((kind for pattern, kind in _KINDS if pattern.fullmatch(name)), None)


def read(
    source: str | os.PathLike[str],
    *,
    branches: Branches = "all",
    tools: Tools = "summary",
    thinking: bool = False,
) -> Iterator[Item]:
    """Read an export: conversations one at a time, what was attached to them, projects, memories.

    Messages that were edited or generated again have the metadata ``branch: true``. Text that Claude
    extracted from attached files becomes documents of their own.

    Args:
        source: the zip, its unpacked folder, or one of its JSON files.
        branches: ``"all"``, or ``"current"`` for what the conversation shows at last only.
        tools: calls of tools and their results: ``"summary"`` shortens them, ``"full"`` keeps them,
            ``"none"`` leaves them out.
        thinking: keep what the model thought before it answered.

    Raises:
        DocumentError: it cannot be read, or nothing of the export is in it.
        InvalidArgumentError: a value that is not listed above.
    """
    check("branches", branches, ("all", "current"))
    check("tools", tools, ("summary", "full", "none"))
    found = False
    for bundle in with_archives(Bundle(source)):
        for name in bundle.names:
            kind = _kind(name) or ("any" if bundle.kind == "file" else None)
            if kind is None:
                continue
            found = True
            with bundle.open(name) as file:
                for number, value in enumerate(array_items(file, name), 1):
                    yield from _items(as_mapping(value), f"{name}, item {number}", branches, tools, thinking)
    if not found:
        raise DocumentError(
            f"{source} holds no conversations.json",
            path=source,
            remedy="Give the zip that Claude's data export sends.",
        )


def _items(
    value: Mapping[str, Any], where: str, branches: Branches, tools: Tools, thinking: bool
) -> Iterator[Item]:
    try:
        if "chat_messages" in value:
            yield from _conversation(value, where, branches, tools, thinking)
        elif "docs" in value or "prompt_template" in value:
            yield from _project(value, where)
        elif "conversations_memory" in value or "project_memories" in value:
            yield from _memories(value)
        else:
            yield Skipped(where=where, reason="it is no conversation, project or memory")
    except ValueError as error:
        yield Skipped(where=where, reason=str(error))


def _conversation(
    talk: Mapping[str, Any], where: str, branches: Branches, tools: Tools, thinking: bool
) -> Iterator[Item]:
    own = text_of(talk.get("uuid"))
    title = text_of(talk.get("name")).strip() or None
    where = f"{where} ({title})" if title else where
    entries = [as_mapping(item) for item in as_list(talk.get("chat_messages"))]
    by_id = {text_of(entry.get("uuid")) or str(index): entry for index, entry in enumerate(entries, 1)}
    created = seconds_of(talk.get("created_at"))
    parents = {key: _parent(entry, by_id) for key, entry in by_id.items()}
    main, others = _paths(talk, parents)
    order = main + (others if branches == "all" else [])
    own_times = {key: seconds_of(by_id[key].get("created_at")) for key in order}
    updated = seconds_of(talk.get("updated_at"))
    times = times_of(order, own_times, parents, set(main), created, updated)
    aside = set(others)
    messages: list[dict[str, Any]] = []
    last_of: dict[str, str] = {}  # entry id → id of the last message made of it
    for key in in_time(order, parents, times):
        entry, time = by_id[key], times[key]
        made = messages_of_blocks(
            _blocks(entry),
            role=_ROLES.get(text_of(entry.get("sender")), "assistant"),
            number=key,
            timestamp=time,
            parent=last_of.get(text_of(entry.get("parent_message_uuid"))),
            tools=tools,
            thinking=thinking,
            metadata=metadata_of({"files": _names(entry), "branch": True if key in aside else None}),
        )
        if made:
            last_of[key] = made[-1]["id"]
            messages += made
        yield from _attachments(entry, own, key, time, title)
    if not messages:
        yield Skipped(where=where, reason="it has no messages with text")
        return
    metadata = metadata_of({key: item for key, item in talk.items() if key not in _ASIDE})
    metadata |= metadata_of({"updated": iso_or_none(updated)})
    if own:
        metadata["url"] = f"https://claude.ai/chat/{own}"
    yield ImportedConversation(
        session=f"claude/{own or where}",
        title=title or title_of(messages[0]["content"]),
        messages=messages,
        metadata=metadata,
        created=created if created is not None else messages[0].get("timestamp"),
    )


def _parent(entry: Mapping[str, Any], by_id: Mapping[str, Any]) -> str | None:
    parent = entry.get("parent_message_uuid")
    return parent if isinstance(parent, str) and parent in by_id else None


def _paths(talk: Mapping[str, Any], parents: Mapping[str, str | None]) -> tuple[list[str], list[str]]:
    """Ids of what is shown at last, and of the rest. Without parents everything is shown."""
    if not any(parents.values()):
        return list(parents), []
    leaf = talk.get("current_leaf_message_uuid")
    main = path_to(leaf if isinstance(leaf, str) and leaf in parents else list(parents)[-1], parents)
    shown = set(main)
    return main, [key for key in tree_order(parents, parents) if key not in shown]


def _blocks(entry: Mapping[str, Any]) -> Sequence[Any]:
    """The content of a message; older exports have only its text."""
    blocks = as_list(entry.get("content"))
    if any(as_mapping(block).get("type") != "text" or as_mapping(block).get("text") for block in blocks):
        return blocks
    return [{"type": "text", "text": text_of(entry.get("text"))}]


def _names(entry: Mapping[str, Any]) -> list[str]:
    """Names of what is attached to a message."""
    entries = [*as_list(entry.get("attachments")), *as_list(entry.get("files"))]
    names = (as_mapping(item).get("file_name") for item in entries)
    return list(dict.fromkeys(clean(name) for name in names if isinstance(name, str) and name))


def _attachments(
    entry: Mapping[str, Any], talk: str, key: str, time: int | None, title: str | None
) -> Iterator[Document]:
    for number, item in enumerate(as_list(entry.get("attachments")), 1):
        attachment = as_mapping(item)
        text = text_of(attachment.get("extracted_content"))
        if text.strip():
            name = text_of(attachment.get("file_name"))
            file = uri_part(name or "attachment")
            yield Document(
                content=text,
                uri=f"mv2://claude/{uri_part(talk)}/{uri_part(key)}/{number}-{file}",
                title=name or (f"Attachment of {title}" if title else None),
                kind="attachment",
                metadata=metadata_of(
                    {"conversation": talk, "message": key, "type": attachment.get("file_type")}
                ),
                timestamp=time,
            )


def _project(project: Mapping[str, Any], where: str) -> Iterator[Item]:
    name, own = text_of(project.get("name")), text_of(project.get("uuid"))
    if project.get("is_starter_project"):
        yield Skipped(where=f"{where} ({name})", reason="it is the sample project that every account has")
        return
    base = f"mv2://claude/projects/{uri_part(own or name)}"
    about = metadata_of({"project": name, "description": project.get("description")})
    instructions = text_of(project.get("prompt_template"))
    if instructions.strip():
        yield Document(
            content=instructions,
            uri=f"{base}/instructions",
            title=f"Instructions of {name}",
            kind="instructions",
            metadata=about,
            timestamp=seconds_of(project.get("created_at")),
        )
    for number, item in enumerate(as_list(project.get("docs")), 1):
        doc = as_mapping(item)
        text = text_of(doc.get("content"))
        file = text_of(doc.get("filename"))
        if not text.strip():
            yield Skipped(
                where=f"{where} ({name}), document {file or number}", reason="there is no text in it"
            )
            continue
        yield Document(
            content=text,
            uri=f"{base}/{uri_part(doc.get('uuid') or file or number)}",
            title=file or None,
            labels=(name,) if name else (),
            metadata=about,
            timestamp=seconds_of(doc.get("created_at")),
        )


def _memories(value: Mapping[str, Any]) -> Iterator[Item]:
    account = uri_part(value.get("account_uuid") or "account")
    texts = {"": value.get("conversations_memory"), **as_mapping(value.get("project_memories"))}
    for project, memory in texts.items():
        text = text_of(memory)
        if text.strip():
            yield Document(
                content=text,
                uri=f"mv2://claude/memories/{account}" + (f"/{uri_part(project)}" if project else ""),
                title="What Claude remembers" + (" of a project" if project else ""),
                kind="memory",
                metadata=metadata_of({"project": project}),
            )
