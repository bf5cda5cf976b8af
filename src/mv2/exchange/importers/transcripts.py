"""Sessions of coding assistants as they keep them: line files of Claude Code and of Codex."""

from __future__ import annotations

import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, Literal, TypeAlias

from mv2.errors import DocumentError
from mv2.exchange.importers._blocks import messages_of_blocks
from mv2.exchange.importers._bundle import Bundle
from mv2.exchange.importers._chat import (
    Tools,
    blocks_text,
    call_of,
    check,
    fill_times,
    message,
    result_of,
    title_of,
)
from mv2.exchange.importers._json import json_lines
from mv2.exchange.importers._values import as_list, as_mapping, metadata_of, seconds_of, text_of
from mv2.exchange.items import ImportedConversation, Item, Skipped

Program: TypeAlias = Literal["claude-code", "codex"]

_CLAUDE_TYPES: Final = ("user", "assistant", "summary", "system", "file-history-snapshot", "queue-operation")
_CODEX_TYPES: Final = ("session_meta", "response_item", "turn_context", "event_msg", "compacted")
_COMMAND: Final = re.compile(r"<command-name>([^<]{1,200})</command-name>")
_ARGUMENTS: Final = re.compile(r"<command-args>([^<]{0,4000})</command-args>")
# What the programs put into the user's mouth.
_NOT_SAID: Final = (
    "<local-command-", "<environment_context>", "<user_instructions>", "<permissions instructions>",
    "<system-reminder>", "<bash-stdout>", "# AGENTS.md instructions", "<turn_aborted>",
    "Caveat: The messages below",
)  # fmt: skip
_CALLS: Final = ("function_call", "custom_tool_call", "local_shell_call", "web_search_call")


def sniff(bundle: Bundle) -> float:
    """How sure it is that these are sessions of a coding assistant, 0 to 1."""
    names = [name for name in bundle.names if name.endswith(".jsonl")]
    return 0.95 if any(_program(bundle, name) for name in names[:10]) else 0.0


def _program(bundle: Bundle, name: str) -> Program | None:
    """Which program wrote a file, by its first lines."""
    with bundle.open(name) as file:
        for _, value in islice(json_lines(file, name), 5):
            found = as_mapping(value)
            kind = found.get("type")
            if kind in _CODEX_TYPES and isinstance(found.get("payload"), Mapping):
                return "codex"
            if kind in _CLAUDE_TYPES and ({"sessionId", "leafUuid", "messageId"} & set(found)):
                return "claude-code"
            if kind is None and "instructions" in found and "timestamp" in found and "id" in found:
                return "codex"
    return None


def read(
    source: str | os.PathLike[str], *, tools: Tools = "summary", thinking: bool = False
) -> Iterator[Item]:
    """Read session files, one conversation each.

    What the programs add themselves (environment, reminders, output of their own commands) is left
    out. A session that went on is completed by the next import.

    Args:
        source: a session's ``.jsonl`` file, or a folder that holds some at any depth.
        tools: calls of tools and their results: ``"summary"`` shortens them, ``"full"`` keeps them,
            ``"none"`` leaves them out.
        thinking: keep what the model thought before it answered.

    Raises:
        DocumentError: it cannot be read, or holds no sessions.
        InvalidArgumentError: a value that is not listed above.
    """
    check("tools", tools, ("summary", "full", "none"))
    bundle = Bundle(source)
    found = False
    for name in bundle.names:
        if not name.endswith(".jsonl") and bundle.kind != "file":
            continue
        program = _program(bundle, name)
        if program is not None:
            found = True
            session = _ClaudeCode(tools, thinking) if program == "claude-code" else _Codex(tools, thinking)
            yield from _conversation(bundle, name, session)
    if not found:
        raise DocumentError(f"{source} holds no session of Claude Code or Codex", path=source)


def _conversation(bundle: Bundle, name: str, session: _Session) -> Iterator[Item]:
    stem = name.rpartition("/")[2].removesuffix(".jsonl")
    with bundle.open(name) as file:
        for number, value in json_lines(file, name):
            if isinstance(value, Skipped):
                yield value
                continue
            try:
                session.line(number, as_mapping(value))
            except ValueError as error:
                yield Skipped(where=f"{name}:{number}", reason=str(error))
    messages = session.messages
    if not messages:
        yield Skipped(where=name, reason="nothing was said in it")
        return
    times = fill_times([item.get("timestamp") for item in messages], None, None)
    for item, time in zip(messages, times, strict=True):
        if time is not None:
            item["timestamp"] = time
    said = (item["content"] for item in messages if item["role"] == "user")
    yield ImportedConversation(
        session=session.name(stem),
        title=session.title or title_of(next(said, messages[0]["content"])) or stem,
        messages=messages,
        metadata=metadata_of({**session.about, "models": list(session.models)}),
        created=messages[0].get("timestamp"),
    )


class _Session(ABC):
    """What is gathered from the lines of a file."""

    def __init__(self, tools: Tools, thinking: bool) -> None:
        self.messages: list[dict[str, Any]] = []
        self.about: dict[str, Any] = {}
        self.models: dict[str, None] = {}
        self.title: str | None = None
        self.tools: Tools = tools
        self.thinking = thinking
        self.tool_names: dict[str, str] = {}

    @abstractmethod
    def name(self, stem: str) -> str: ...

    @abstractmethod
    def line(self, number: int, value: Mapping[str, Any]) -> None: ...

    @property
    def last(self) -> str | None:
        return self.messages[-1]["id"] if self.messages else None


class _ClaudeCode(_Session):
    def __init__(self, tools: Tools, thinking: bool) -> None:
        super().__init__(tools, thinking)
        self._turn: str | None = None  # id the model gave the answer whose blocks are coming
        self._message_of: dict[str, str | None] = {}  # line id → id of the message it became, or its parent's
        self._titles: dict[int, str] = {}

    def name(self, stem: str) -> str:
        return f"claude-code/{stem}"

    def line(self, number: int, value: Mapping[str, Any]) -> None:
        """Take one line in."""
        kind = value.get("type")
        self._take_title(kind, value)
        if kind not in ("user", "assistant") or not isinstance(value.get("message"), Mapping):
            return
        for key in ("cwd", "gitBranch", "version"):
            if value.get(key):
                self.about.setdefault(key, value[key])
        if value.get("isSidechain"):
            self.about["sidechain"] = True
            self.about.setdefault("parent_session", value.get("sessionId"))
        own = text_of(value.get("uuid")) or str(number)
        parent = self._message_of.get(text_of(value.get("parentUuid")))
        self._message_of[own] = parent
        if value.get("isMeta") or value.get("isApiErrorMessage"):
            return
        made = self._messages(value, own, parent)
        if made:
            self._message_of[own] = made[-1]["id"]

    def _take_title(self, kind: Any, value: Mapping[str, Any]) -> None:
        """The user's own title goes before the program's, and that before its summaries."""
        for rank, (name, key) in enumerate(
            (("custom-title", "customTitle"), ("ai-title", "aiTitle"), ("summary", "summary"))
        ):
            if kind == name and isinstance(value.get(key), str) and value[key].strip():
                self._titles[rank] = text_of(value[key]).strip()
        if self._titles:
            self.title = self._titles[min(self._titles)]

    def _messages(self, value: Mapping[str, Any], own: str, parent: str | None) -> list[dict[str, Any]]:
        inner = as_mapping(value.get("message"))
        role = "assistant" if value.get("type") == "assistant" else "user"
        content = inner.get("content")
        blocks: Sequence[Any] = [content] if isinstance(content, str) else as_list(content)
        model = inner.get("model")
        if isinstance(model, str) and model and not model.startswith("<"):
            self.models[model] = None
        if role == "user":
            blocks = [_said(block) for block in blocks]
            if value.get("isCompactSummary"):
                role = "system"
        made = messages_of_blocks(
            blocks,
            role=role,
            number=own,
            timestamp=seconds_of(value.get("timestamp")),
            parent=parent,
            tools=self.tools,
            thinking=self.thinking,
            names=self.tool_names,
            metadata={"model": model} if role == "assistant" and model else None,
        )
        turn = text_of(inner.get("id")) if role == "assistant" else None
        if made and turn and turn == self._turn and self.messages and len(made) == 1:
            _join(self.messages[-1], made[0])
            return [self.messages[-1]]
        if made:
            self._turn = turn
            self.messages += made
        return made


def _said(block: Any) -> Any:
    """A block of the user's without what the program put there; commands as they were typed."""
    text = block if isinstance(block, str) else as_mapping(block).get("text")
    if not isinstance(text, str):
        return block
    command = _COMMAND.search(text[:2000])
    if command is not None:
        arguments = _ARGUMENTS.search(text)
        name = command[1] if command[1].startswith("/") else f"/{command[1]}"
        return f"{name} {arguments[1] if arguments else ''}".strip()
    return "" if text.lstrip().startswith(_NOT_SAID) else block


def _join(first: dict[str, Any], second: Mapping[str, Any]) -> None:
    """Add a further part of an answer to its beginning."""
    first["content"] = "\n\n".join(filter(None, (first["content"], second["content"])))
    if second.get("tool_calls"):
        first["tool_calls"] = [*first.get("tool_calls", []), *second["tool_calls"]]


class _Codex(_Session):
    def __init__(self, tools: Tools, thinking: bool) -> None:
        super().__init__(tools, thinking)
        self._own: str | None = None
        self._model: str | None = None

    def name(self, stem: str) -> str:
        return f"codex/{self._own or stem}"

    def line(self, number: int, value: Mapping[str, Any]) -> None:
        """Take one line in."""
        kind = value.get("type")
        payload = as_mapping(value.get("payload")) if "payload" in value else value
        if kind == "session_meta" or (kind is None and "instructions" in value):
            self._take_about(payload)
        elif kind == "turn_context":
            model = payload.get("model")
            if isinstance(model, str) and model:
                self._model = model
                self.models[model] = None
        elif kind == "response_item" or "payload" not in value:
            self._take_item(str(number), payload, seconds_of(value.get("timestamp")))
        elif kind == "compacted" and isinstance(payload.get("message"), str) and payload["message"].strip():
            self._add("system", payload["message"], str(number), seconds_of(value.get("timestamp")))

    def _take_about(self, payload: Mapping[str, Any]) -> None:
        if self._own is None:
            self._own = text_of(payload.get("id")) or None
            git = as_mapping(payload.get("git"))
            self.about = {
                "cwd": payload.get("cwd"),
                "version": payload.get("cli_version"),
                "gitBranch": git.get("branch"),
                "repository": git.get("repository_url"),
            }

    def _take_item(self, number: str, item: Mapping[str, Any], time: int | None) -> None:
        kind = text_of(item.get("type"))
        if kind == "message":
            role = item.get("role")
            blocks = as_list(item.get("content"))
            if role == "user":
                text = "\n\n".join(filter(None, (blocks_text([_said(block)]) for block in blocks)))
            else:
                text = blocks_text(blocks)
            if text and role in ("user", "assistant"):
                self._add(str(role), text, number, time)
        elif kind == "reasoning" and self.thinking:
            text = blocks_text([*as_list(item.get("summary")), *as_list(item.get("content"))])
            if text:
                self._add("assistant", text, number, time, metadata={"thinking": True})
        elif self.tools != "none" and kind in _CALLS:
            self._take_call(number, kind, item, time)
        elif self.tools != "none" and kind.endswith("_output"):
            text = result_of(_output(item.get("output")), self.tools)
            call = text_of(item.get("call_id"))
            if text:
                self._add("tool", text, number, time, tool_call_id=call, name=self.tool_names.get(call))

    def _take_call(self, number: str, kind: str, item: Mapping[str, Any], time: int | None) -> None:
        call = text_of(item.get("call_id") or item.get("id"))
        name = text_of(item.get("name")) or kind.removesuffix("_call")
        self.tool_names[call] = name
        arguments = item.get("arguments", item.get("input", item.get("action")))
        self._add("assistant", "", number, time, tool_calls=[call_of(call, name, arguments, self.tools)])

    def _add(self, role: str, text: str, number: str, time: int | None, **more: Any) -> None:
        if role == "assistant" and self._model:
            more["metadata"] = {"model": self._model, **more.get("metadata", {})}
        self.messages.append(
            message(role, text.strip(), number=number, timestamp=time, parent=self.last, **more)
        )


def _output(value: Any) -> Any:
    """The output of a call; some are JSON text with the output inside."""
    if isinstance(value, str) and value.startswith('{"output":'):
        import json

        try:
            return as_mapping(json.loads(value)).get("output", value)
        except (ValueError, RecursionError):
            return value
    return value
