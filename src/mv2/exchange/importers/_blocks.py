"""Messages whose content is a list of blocks: text, thinking, calls of tools and their results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mv2.exchange.importers._chat import Tools, call_of, message, result_of
from mv2.exchange.importers._values import as_mapping, text_of


def messages_of_blocks(
    blocks: Sequence[Any],
    *,
    role: str,
    number: str,
    timestamp: int | None,
    parent: str | None,
    tools: Tools,
    thinking: bool = False,
    metadata: Mapping[str, Any] | None = None,
    names: dict[str, str] | None = None,
) -> list[dict[str, Any]]:
    """The messages that blocks mean: one, or several where results of tools stand between others.

    The first one has the id ``number``, the next ones ``number/2`` and so on; each is the parent of the next.

    Args:
        names: tool by id of call; calls found here are added.
    """
    names = {} if names is None else names
    made: list[dict[str, Any]] = []
    texts: list[str] = []
    calls: list[dict[str, Any]] = []

    def add(own_role: str, text: str, **more: Any) -> None:
        own = number if not made else f"{number}/{len(made) + 1}"
        above = made[-1]["id"] if made else parent
        made.append(
            message(own_role, text, number=own, timestamp=timestamp, parent=above, metadata=metadata, **more)
        )

    def flush() -> None:
        text = "\n\n".join(filter(None, texts)).strip()
        if text or calls:
            add(role, text, tool_calls=list(calls))
        texts.clear()
        calls.clear()

    for item in blocks:
        block = {"type": "text", "text": item} if isinstance(item, str) else as_mapping(item)
        kind = block.get("type")
        if kind in ("tool_use", "server_tool_use", "mcp_tool_use"):
            names[text_of(block.get("id"))] = text_of(block.get("name"))
            if tools != "none":
                calls.append(call_of(block.get("id"), block.get("name"), block.get("input"), tools))
        elif isinstance(kind, str) and kind.endswith("tool_result"):
            call = text_of(block.get("tool_use_id"))
            text = result_of(block.get("content"), tools)
            if tools != "none" and text:
                flush()
                name = names.get(call) or text_of(block.get("name"))
                add("tool", text, tool_call_id=call, name=name)
        else:
            texts.append(_text(block, thinking))
    flush()
    return made


def _text(block: Mapping[str, Any], thinking: bool) -> str:
    kind = block.get("type")
    if kind == "thinking":
        return text_of(block.get("thinking")).strip() if thinking else ""
    if isinstance(block.get("text"), str):
        return text_of(block["text"]).strip()
    if kind in ("image", "document"):
        return f"[{text_of(block.get('title')) or kind}]"
    return ""
