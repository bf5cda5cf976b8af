"""The block of facts above a note: a small part of YAML, or TOML.

Understood are the shapes that notes have: scalars, lists on one line or with dashes, and text
blocks. What is none of these, such as an inner mapping, stays the text it is.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from mv2._late import late_pattern

_LONGEST = 65_536
_MOST_KEYS = 500
_MOST_ITEMS = 5_000
_OPEN = late_pattern(r"\ufeff?---[ \t]*\r?\n")
_CLOSE = late_pattern(r"^(?:---|\.\.\.)[ \t]*\r?$", re.MULTILINE)
_TOML = late_pattern(r"\ufeff?\+\+\+[ \t]*\r?\n")
_TOML_CLOSE = late_pattern(r"^\+\+\+[ \t]*\r?$", re.MULTILINE)
_KEY = late_pattern(
    r"(\"[^\"\n]{1,200}\"|'[^'\n]{1,200}'|[^\s:#\-\[\]{}&*!|>'\"%@`,][^:\n]{0,200}?)[ \t]*:(?:[ \t]+(.*))?$"
)
_ITEM = late_pattern(r"[ \t]*-(?:[ \t]+(.*))?$")
_INTEGER = late_pattern(r"[+-]?(?:0|[1-9]\d{0,17})")
_NUMBER = late_pattern(r"[+-]?\d{1,17}\.\d{0,17}(?:[eE][+-]?\d{1,3})?")
_ESCAPE = late_pattern(r"\\(u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|.)")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "0": "", "e": "", "a": "", "b": "", "f": "", "v": ""}
_WORDS = {"true": True, "false": False, "null": None, "~": None}


def parse_front_matter(text: str) -> tuple[dict[str, Any], int]:
    """The facts at the start of a note as JSON values, and the character where the note begins.

    Dates stay text. Without such a block, or with one that is not closed, nothing and 0.
    """
    if opened := _OPEN.match(text):
        found = _block(text, opened.end(), _CLOSE)
        if found is not None:
            lines = text[opened.end() : found[0]].splitlines()
            facts = _mapping(lines)
            if facts is not None:
                return facts, found[1]
    elif opened := _TOML.match(text):
        found = _block(text, opened.end(), _TOML_CLOSE)
        facts = None if found is None else _toml(text[opened.end() : found[0]])
        if found is not None and facts is not None:
            return facts, found[1]
    return {}, 0


def _block(text: str, start: int, close: re.Pattern[str]) -> tuple[int, int] | None:
    """Where the block ends, and where the text behind its last line starts."""
    end = close.search(text, start, start + _LONGEST)
    if end is None:
        return None
    behind = text.find("\n", end.end())
    return end.start(), len(text) if behind < 0 else behind + 1


def _mapping(lines: list[str]) -> dict[str, Any] | None:
    """None if a line at the left edge is no key: then it was no block of facts but two rules."""
    facts: dict[str, Any] = {}
    index = 0
    while index < len(lines):
        line = lines[index]
        index += 1
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _KEY.match(line)
        if match is None:
            return None
        start = index
        while index < len(lines) and _belongs_to_key(lines[index]):
            index += 1
        if len(facts) < _MOST_KEYS:
            facts[_scalar_text(match.group(1))] = _value(match.group(2) or "", lines[start:index])
    return facts


def _belongs_to_key(line: str) -> bool:
    return not line.strip() or line[0] in " \t" or line.startswith("- ") or line.rstrip() == "-"


def _value(stated: str, below: list[str]) -> Any:
    stated = _without_comment(stated)
    if stated[:1] in {"|", ">"} and len(stated) <= 3:
        return _text_block(below, folded=stated[0] == ">")
    below = [line for line in below if line.strip() and not line.lstrip().startswith("#")]
    if stated.startswith("[") and not stated.endswith("]"):
        stated = " ".join([stated, *(line.strip() for line in below)])
        below = []
    if below and not stated:
        items = [_ITEM.match(line) for line in below[:_MOST_ITEMS]]
        indents = {len(line) - len(line.lstrip()) for line in below}
        if all(items) and len(indents) == 1:
            return [_scalar(_without_comment(item.group(1) or "")) for item in items if item]
        return _dedented(below)
    if below:
        return " ".join([stated, *(line.strip() for line in below)])
    if stated.startswith("[") and stated.endswith("]"):
        return _inline_list(stated[1:-1])
    return _scalar(stated)


def _without_comment(text: str) -> str:
    text = text.strip()
    if text[:1] in {'"', "'"}:
        end = text.find(text[0], 1)
        while end > 0 and text[end - 1] == "\\" and text[0] == '"':
            end = text.find(text[0], end + 1)
        rest = text[end + 1 :].lstrip()
        return text[: end + 1] if end > 0 and rest.startswith("#") else text
    if text.startswith("#"):
        return ""
    if text.startswith("["):
        return text[: text.rfind("]") + 1] or text
    at = text.find(" #")
    return text if at < 0 else text[:at].rstrip()


def _text_block(lines: list[str], *, folded: bool) -> str:
    text = _dedented(lines).rstrip("\n")
    if not folded:
        return text
    return "\n".join(" ".join(part.split("\n")) for part in text.split("\n\n"))


def _dedented(lines: list[str]) -> str:
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(line[indent:].rstrip() for line in lines)


def _inline_list(text: str) -> list[Any] | str:
    """Items of ``a, "b, c"``; a list in it makes all of it text."""
    items, current, quote = list[str](), list[str](), ""
    for char in text:
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'" and not "".join(current).strip():
            quote = char
        elif char in "[]{}":
            return f"[{text}]"
        elif char == ",":
            items.append("".join(current))
            current = []
            continue
        current.append(char)
    items.append("".join(current))
    return [_scalar(item.strip()) for item in items[:_MOST_ITEMS] if item.strip()]


def _scalar(text: str) -> Any:
    if text[:1] in {'"', "'"}:
        return _scalar_text(text)
    if not text:
        return None
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


def _scalar_text(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return _ESCAPE.sub(_unescaped, text[1:-1])
    if len(text) >= 2 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    return text.strip()


def _unescaped(match: re.Match[str]) -> str:
    code = match.group(1)
    if len(code) > 1:
        char = chr(int(code[1:], 16))
        return "\ufffd" if "\ud800" <= char <= "\udfff" else char
    return _ESCAPED.get(code, code)


def _toml(text: str) -> dict[str, Any] | None:
    import tomllib

    try:
        return {key: _json_value(value, 0) for key, value in tomllib.loads(text).items()}
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return None


def _json_value(value: Any, depth: int) -> Any:
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if depth > 20:
        return str(value)
    if isinstance(value, list):
        return [_json_value(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {key: _json_value(item, depth + 1) for key, item in value.items()}
    return value
