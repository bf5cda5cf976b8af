"""What exports of conversations have in common: missing times, branches, tools, titles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import pairwise
from typing import Any, Final, Literal, TypeAlias

from mv2.errors import InvalidArgumentError
from mv2.exchange.importers._bundle import Bundle
from mv2.exchange.importers._values import as_list, as_mapping, clean, plain, shortened, text_of

Tools: TypeAlias = Literal["summary", "full", "none"]
Branches: TypeAlias = Literal["all", "current"]

_CALL_CHARS: Final = 400
_RESULT_CHARS: Final = 800
_TITLE_CHARS: Final = 80
_LONG_AGO: Final = -(1 << 62)


def check(name: str, value: str, choices: Sequence[str]) -> None:
    """Refuse a value that is none of the choices.

    Raises:
        InvalidArgumentError: naming them.
    """
    if value not in choices:
        raise InvalidArgumentError(f"{name} {value!r} is unknown", remedy=f"Use one of {', '.join(choices)}.")


def call_of(call_id: Any, name: Any, arguments: Any, tools: Tools) -> dict[str, Any]:
    """A call of a tool as messages hold it; long arguments are shortened unless all is wanted."""
    text = arguments if isinstance(arguments, str) else text_of(arguments)
    text = clean(text) if tools == "full" else shortened(clean(text), _CALL_CHARS)
    found = {"name": text_of(name) or "tool", "arguments": text}
    return {"id": text_of(call_id), **found} if call_id else found


def result_of(value: Any, tools: Tools) -> str:
    """The text of what a tool gave back: a string, or blocks of text and images."""
    text = blocks_text(value)
    return text if tools == "full" else shortened(text, _RESULT_CHARS)


def blocks_text(value: Any) -> str:
    """Text of a string, of a block, or of a list of them; what is no text is named in brackets."""
    if isinstance(value, str):
        return clean(value).strip()
    if isinstance(value, Mapping):
        if isinstance(value.get("text"), str):
            return clean(value["text"]).strip()
        inner = value.get("content", value.get("output"))
        if isinstance(inner, str | list):
            return "\n".join(filter(None, (_block(item) for item in _listed(inner))))
        kind = value.get("type")
        return f"[{clean(kind)}]" if isinstance(kind, str) and kind else text_of(value)
    return "\n".join(filter(None, (_block(item) for item in as_list(value))))


def _listed(value: Any) -> Sequence[Any]:
    return [value] if isinstance(value, str) else as_list(value)


def _block(item: Any) -> str:
    """One block of a list; lists inside of it are not followed."""
    if isinstance(item, str):
        return clean(item).strip()
    block = as_mapping(item)
    if isinstance(block.get("text"), str):
        return clean(block["text"]).strip()
    kind = block.get("type")
    title = block.get("title") or block.get("file_name")
    if isinstance(title, str) and title:
        return clean(title)
    return f"[{clean(kind)}]" if isinstance(kind, str) and kind else ""


def fill_times(times: Sequence[int | None], start: int | None, end: int | None) -> list[int | None]:
    """Times of messages in order, missing ones spread evenly between their neighbours.

    What stands before the first known time gets that one, or ``start`` if it is earlier; what stands
    after the last one gets that.
    """
    filled = list(times)
    known = [index for index, time in enumerate(filled) if time is not None]
    if not known:
        value = start if start is not None else end
        return [value] * len(filled)
    first, last = known[0], known[-1]
    first_time = filled[first]
    assert first_time is not None
    for index in range(first):
        filled[index] = first_time if start is None else min(start, first_time)
    for index in range(last + 1, len(filled)):
        filled[index] = filled[last]
    for left, right in pairwise(known):
        low, high = filled[left], filled[right]
        assert low is not None
        assert high is not None
        for index in range(left + 1, right):
            filled[index] = low + (high - low) * (index - left) // (right - left)
    return filled


def times_of(
    order: Sequence[str],
    own: Mapping[str, int | None],
    parents: Mapping[str, str | None],
    main: Set[str],
    start: int | None,
    end: int | None,
) -> dict[str, int | None]:
    """The time of each message; what is missing comes from its neighbours, on branches from its parent."""
    shown = [key for key in order if key in main]
    filled = fill_times([own[key] for key in shown], start, end)
    found: dict[str, int | None] = dict(zip(shown, filled, strict=True))
    for key in order:
        if key not in main:
            parent = parents.get(key)
            above = found.get(parent) if parent is not None else None
            found[key] = next((time for time in (own[key], above, start) if time is not None), None)
    return found


def path_to(leaf: str, parents: Mapping[str, str | None]) -> list[str]:
    """Ids from the root to a leaf; a loop in the parents ends it."""
    path: dict[str, None] = {}
    here: str | None = leaf
    while here is not None and here in parents and here not in path:
        path[here] = None
        here = parents[here]
    return list(reversed(path))


def tree_order(ids: Iterable[str], parents: Mapping[str, str | None]) -> list[str]:
    """Ids so that each stands after its parent, branches one after another; loops come last."""
    children: dict[str | None, list[str]] = {}
    listed = list(ids)
    for item in listed:
        parent = parents.get(item)
        children.setdefault(parent if parent in parents else None, []).append(item)
    ordered: dict[str, None] = {}
    waiting = list(reversed(children.get(None, [])))
    while waiting:
        item = waiting.pop()
        if item in ordered:
            continue
        ordered[item] = None
        waiting += reversed(children.get(item, []))
    return list(ordered) + [item for item in listed if item not in ordered]


def in_time(
    order: Sequence[str], parents: Mapping[str, str | None], times: Mapping[str, int | None]
) -> list[str]:
    """Ids by their times, none before its parent; ``order`` decides where times are equal.

    Branches stand where they happened, so a conversation that went on only grows at its end.
    """
    latest: dict[str, int] = {}
    for key in order:
        parent = parents.get(key)
        above = latest.get(parent, _LONG_AGO) if parent is not None else _LONG_AGO
        time = times.get(key)
        latest[key] = above if time is None else max(above, time)
    return sorted(order, key=latest.__getitem__)


def message(
    role: str, content: str, *, number: Any, timestamp: int | None, parent: str | None = None, **more: Any
) -> dict[str, Any]:
    """A message as ``add_messages`` takes it, without the fields that are empty."""
    values = {"timestamp": timestamp, "parent_id": parent, **more}
    found = {"role": role, "content": content, "id": text_of(number)}
    return found | {key: plain(value) for key, value in values.items() if value not in (None, "", [], {}, ())}


def title_of(text: str) -> str | None:
    """A title made of the beginning of a text."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    if len(line) <= _TITLE_CHARS:
        return line or None
    return line[:_TITLE_CHARS].rsplit(" ", 1)[0].rstrip(" ,;:.") + " …"


def with_archives(bundle: Bundle) -> Iterator[Bundle]:
    """A bundle, and the zip archives that lie in it if it is a folder."""
    yield bundle
    if bundle.kind == "folder":
        for name in bundle.names:
            if name.lower().endswith(".zip"):
                yield Bundle(bundle.path / name)
