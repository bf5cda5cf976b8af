"""ChatGPT's data export: ``conversations.json`` (also in parts), as a file, a folder or the zip."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any, Final

from mv2.errors import DocumentError
from mv2.exchange.importers._bundle import Bundle
from mv2.exchange.importers._chat import (
    Branches,
    Tools,
    call_of,
    check,
    in_time,
    message,
    path_to,
    result_of,
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
)
from mv2.exchange.items import ImportedConversation, Item, Skipped

_NAME: Final = re.compile(r"conversations(?:[-_][0-9]+)?\.json")
_HIDDEN: Final = "is_visually_hidden_from_conversation"
_THINKING: Final = ("thoughts", "reasoning_recap")
_ROLES: Final = ("user", "assistant", "system", "tool")
# Marks around references: a kind, then what it refers to.
_MARK: Final = re.compile("\ue200([^\ue200-\ue202]{1,40})((?:\ue202[^\ue200-\ue202]{0,4000}){0,50})\ue201")
_ASIDE: Final = {
    "conversation_id", "id", "title", "create_time", "update_time", "mapping", "current_node",
    "moderation_results", "safe_urls", "blocked_urls", "plugin_ids", "disabled_tool_ids", "context_scopes",
    "async_status", "conversation_origin", "memory_scope", "sugar_item_id", "sugar_item_visible",
}  # fmt: skip


def sniff(bundle: Bundle) -> float:
    """How sure it is that this is an export of ChatGPT, 0 to 1."""
    if bundle.kind == "file":
        if bundle.path.suffix.lower() != ".json":
            return 0.0
        return _sniff_head(bundle.head())
    return max((_sniff_head(bundle.head(name)) for name in _files(bundle)[:1]), default=0.0)


def _sniff_head(head: bytes) -> float:
    if b'"mapping"' in head:
        return 1.0 if b'"current_node"' in head or b'"children"' in head else 0.6
    return 0.0


def _files(bundle: Bundle) -> list[str]:
    return [name for name in bundle.names if _NAME.fullmatch(name.rpartition("/")[2])]


def read(
    source: str | os.PathLike[str],
    *,
    branches: Branches = "all",
    tools: Tools = "summary",
    thinking: bool = False,
    hidden: bool = False,
) -> Iterator[Item]:
    """Read the conversations of an export, one at a time.

    Messages of answers that were generated again and of questions that were edited have the
    metadata ``branch: true``. Messages without a time get one from their neighbours.

    Args:
        source: the zip, its unpacked folder, or a ``conversations.json``.
        branches: ``"all"``, or ``"current"`` for what the conversation shows at last only.
        tools: calls of tools and their results: ``"summary"`` shortens them, ``"full"`` keeps them,
            ``"none"`` leaves them out.
        thinking: keep what models thought before they answered.
        hidden: keep what the program does not show, as custom instructions.

    Raises:
        DocumentError: it cannot be read, or no conversations are in it.
        InvalidArgumentError: a value that is not listed above.
    """
    check("branches", branches, ("all", "current"))
    check("tools", tools, ("summary", "full", "none"))
    reader = _Reader(branches, tools, thinking, hidden)
    found = False
    for bundle in with_archives(Bundle(source)):
        names = [bundle.path.name] if bundle.kind == "file" else _files(bundle)
        for name in names:
            found = True
            with bundle.open(name) as file:
                for number, value in enumerate(array_items(file, name), 1):
                    yield reader.conversation(value, f"{name}, conversation {number}")
    if not found:
        raise DocumentError(
            f"{source} holds no conversations.json",
            path=source,
            remedy="Give the zip that ChatGPT's data export sends.",
        )


class _Reader:
    def __init__(self, branches: Branches, tools: Tools, thinking: bool, hidden: bool) -> None:
        self._branches = branches
        self._tools = tools
        self._thinking = thinking
        self._hidden = hidden

    def conversation(self, value: Any, where: str) -> Item:
        """A conversation, or why it is none."""
        talk = as_mapping(value)
        nodes = {key: as_mapping(node) for key, node in as_mapping(talk.get("mapping")).items()}
        if not nodes:
            return Skipped(where=where, reason="it has no messages")
        title = text_of(talk.get("title")).strip() or None
        where = f"{where} ({title})" if title else where
        try:
            messages = self._messages(talk, nodes)
            metadata = metadata_of({key: item for key, item in talk.items() if key not in _ASIDE})
        except ValueError as error:
            return Skipped(where=where, reason=str(error))
        if not messages:
            return Skipped(where=where, reason="it has no messages with text")
        own = text_of(talk.get("conversation_id") or talk.get("id"))
        if own:
            metadata["url"] = f"https://chatgpt.com/c/{own}"
        else:
            own = blake2b(f"{title}\0{text_of(talk.get('create_time'))}".encode(), digest_size=16).hexdigest()
        metadata |= metadata_of({"updated": iso_or_none(seconds_of(talk.get("update_time")))})
        created = seconds_of(talk.get("create_time"))
        return ImportedConversation(
            session=f"chatgpt/{own}",
            title=title or title_of(messages[0]["content"]),
            messages=messages,
            metadata=metadata,
            created=created if created is not None else messages[0].get("timestamp"),
        )

    def _messages(
        self, talk: Mapping[str, Any], nodes: Mapping[str, Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        parents = {key: _id_or_none(node.get("parent")) for key, node in nodes.items()}
        current = _id_or_none(talk.get("current_node"))
        leaf = current if current is not None and current in nodes else _last_leaf(nodes, parents)
        main = path_to(leaf, parents)
        on_main = set(main)
        order = main
        if self._branches == "all":
            order = main + [key for key in tree_order(nodes, parents) if key not in on_main]
        own = {key: seconds_of(as_mapping(nodes[key].get("message")).get("create_time")) for key in order}
        start, end = seconds_of(talk.get("create_time")), seconds_of(talk.get("update_time"))
        times = times_of(order, own, parents, on_main, start, end)
        order = in_time(order, parents, times)
        nearest: dict[str, str | None] = {}  # node id → id of its message, or of the one above it
        messages = []
        for key in order:
            above = parents.get(key)
            parent = None if above is None else nearest.get(above)
            made = self._message(key, nodes[key], times[key], parent)
            nearest[key] = parent if made is None else made["id"]
            if made is None:
                continue
            if key not in on_main:
                made["metadata"] = {**made.get("metadata", {}), "branch": True}
            messages.append(made)
        return messages

    def _message(
        self, key: str, node: Mapping[str, Any], time: int | None, parent: str | None
    ) -> dict[str, Any] | None:
        """The message of a node; None where it has none that is wanted."""
        own = as_mapping(node.get("message"))
        author, content = as_mapping(own.get("author")), as_mapping(own.get("content"))
        notes = as_mapping(own.get("metadata"))
        if not own or (notes.get(_HIDDEN) and not self._hidden):
            return None
        role = author.get("role") if author.get("role") in _ROLES else "assistant"
        kind = content.get("content_type")
        if kind in _THINKING and not self._thinking:
            return None
        if kind == "user_editable_context":
            role = "system"
        text = _text(content, notes)
        recipient = text_of(own.get("recipient") or "all")
        calls: list[dict[str, Any]] = []
        if role == "tool" or (role == "assistant" and recipient != "all"):
            if self._tools == "none" or not text:
                return None
            if role == "tool":
                text = result_of(text, self._tools)
            else:
                calls, text = [call_of(None, recipient, text, self._tools)], ""
        if not text and not calls:
            return None
        metadata = metadata_of(
            {
                "model": notes.get("model_slug"),
                "attachments": _attachments(notes),
                "content_type": None if kind in (None, "text", "multimodal_text") else kind,
                "language": content.get("language") if content.get("language") != "unknown" else None,
                "url": content.get("url"),
            }
        )
        return message(
            str(role),
            text,
            number=own.get("id") or key,
            timestamp=time,
            parent=parent,
            name=text_of(author.get("name")),
            tool_calls=calls,
            metadata=metadata,
        )


def _id_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _last_leaf(nodes: Mapping[str, Mapping[str, Any]], parents: Mapping[str, str | None]) -> str:
    """The newest node without children."""
    inner = set(parents.values())
    leaves = [key for key in nodes if key not in inner] or list(nodes)

    def time(key: str) -> int:
        found = seconds_of(as_mapping(nodes[key].get("message")).get("create_time"))
        return -1 if found is None else found

    return max(reversed(leaves), key=time)


def _text(content: Mapping[str, Any], notes: Mapping[str, Any]) -> str:
    """What a person reads of a content, whatever its type."""
    kind = content.get("content_type")
    if kind == "thoughts":
        thoughts = (as_mapping(item) for item in as_list(content.get("thoughts")))
        pieces = [f"{text_of(one.get('summary'))}\n{text_of(one.get('content'))}".strip() for one in thoughts]
    elif kind == "user_editable_context":
        pieces = [text_of(content.get("user_profile")), text_of(content.get("user_instructions"))]
    elif kind == "tether_browsing_display":
        pieces = [text_of(content.get("result")) or text_of(content.get("summary"))]
    elif kind in ("tether_quote", "sonic_webpage"):
        head = text_of(content.get("title") or content.get("domain"))
        pieces = [head, text_of(content.get("text"))]
    elif "parts" in content:
        names = _asset_names(notes)
        pieces = [_part(part, names) for part in as_list(content.get("parts"))]
    else:
        keys = ("text", "content", "result", "model_set_context")
        pieces = [content[key] for key in keys if isinstance(content.get(key), str)][:1]
    return _unmarked(clean("\n".join(piece for piece in pieces if piece))).strip()


def _part(part: Any, names: Mapping[str, str]) -> str:
    if isinstance(part, str):
        return part
    block = as_mapping(part)
    if isinstance(block.get("text"), str):
        return text_of(block["text"])
    kind = text_of(block.get("content_type"))
    if not kind:
        return ""
    pointer = text_of(block.get("asset_pointer")).rpartition("/")[2]
    label = kind.split("_")[0] if kind.endswith("asset_pointer") else kind
    label = "recording" if label in ("audio", "real") else label
    name = names.get(pointer)
    return f"[{label}: {name}]" if name else f"[{label}]"


def _asset_names(notes: Mapping[str, Any]) -> dict[str, str]:
    found = (as_mapping(item) for item in as_list(notes.get("attachments")))
    return {
        text_of(one.get("id")): text_of(one.get("name")) for one in found if one.get("id") and one.get("name")
    }


def _attachments(notes: Mapping[str, Any]) -> list[str]:
    found = (as_mapping(item).get("name") for item in as_list(notes.get("attachments")))
    return [clean(name) for name in found if isinstance(name, str) and name]


def _unmarked(text: str) -> str:
    """Text without the marks of references; of what is named by one, its name stays."""
    if "\ue200" not in text:
        return text

    def shown(found: re.Match[str]) -> str:
        if found[1] != "entity":
            return ""
        try:
            return str(as_list(json.loads(found[2].removeprefix("\ue202")))[1])
        except (ValueError, IndexError, RecursionError):
            return ""

    return _MARK.sub(shown, text)
