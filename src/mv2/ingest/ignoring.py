"""Patterns that leave files out, as Git reads them in ``.gitignore`` (gitignore(5))."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from mv2._record import dataclass

#: A longer file of patterns is read up to here (bytes).
MAX_FILE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line.

    Attributes:
        matches: tells paths relative to the folder of the file, with ``/`` between names.
        keeps: it takes back what an earlier line left out (``!``).
        folders_only: it is about folders (``name/``).
    """

    matches: re.Pattern[str]
    keeps: bool
    folders_only: bool


def read_patterns(lines: Iterable[str]) -> list[Pattern]:
    """The patterns of some lines; blank ones, comments and those that mean nothing are left out."""
    return [pattern for line in lines if (pattern := _pattern(line)) is not None]


def _pattern(line: str) -> Pattern | None:
    line = line.rstrip("\r\n")
    if line.startswith("#"):
        return None
    while line.endswith(" ") and not line.endswith("\\ "):
        line = line[:-1]
    keeps = line.startswith("!")
    line = line[1:] if keeps else line
    folders_only = line.endswith("/") and not line.endswith("\\/")
    line = line.rstrip("/") if folders_only else line
    anchored = "/" in line
    line = line.removeprefix("/")
    if not line:
        return None
    expression = _expression(line)
    if not anchored:
        expression = f"(?:.*/)?{expression}"
    try:
        return Pattern(re.compile(expression, re.DOTALL), keeps, folders_only)
    except re.error:
        return None  # as Git does with a range that is none


_FOLDERS: Final = "(?:[^/]+/)*"


def _expression(pattern: str) -> str:
    """A regular expression for a pattern of names with ``/`` between them."""
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        part, at = _next_part(pattern, at)
        if part != _FOLDERS or parts[-1:] != [_FOLDERS]:  # more of the same would only take time
            parts.append(part)
    return "".join(parts)


def _next_part(pattern: str, at: int) -> tuple[str, int]:
    """The expression for what stands at a place, and the place behind it."""
    char = pattern[at]
    if char == "*":
        end = at
        while pattern.startswith("*", end):
            end += 1
        whole_name = end - at > 1 and (at == 0 or pattern[at - 1] == "/")
        if whole_name and end == len(pattern):
            return ".*" if at == 0 else ".+", end
        if whole_name and pattern[end] == "/":
            return _FOLDERS, end + 1
        return "[^/]*", end
    if char == "?":
        return "[^/]", at + 1
    if char == "[":
        end = _class_end(pattern, at)
        return (r"\[", at + 1) if end < 0 else (_class(pattern[at + 1 : end]), end + 1)
    if char == "\\" and at + 1 < len(pattern):
        return re.escape(pattern[at + 1]), at + 2
    return re.escape(char), at + 1


def _class(inside: str) -> str:
    negated = inside[0] in "!^"
    inside = inside[1:] if negated else inside
    inside = inside.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    return f"[^/{inside}]" if negated else f"(?!/)[{inside}]"


def _class_end(pattern: str, start: int) -> int:
    """Place of the bracket that closes the class opened at ``start``; -1 when none does."""
    at = start + 1
    if pattern[at : at + 1] in ("!", "^"):
        at += 1
    if pattern[at : at + 1] == "]":
        at += 1
    return pattern.find("]", at)


class Ignoring:
    """The patterns that hold in a folder: its own, and those of the folders above it."""

    def __init__(self, rules: tuple[tuple[str, list[Pattern]], ...] = ()) -> None:
        self._rules = rules

    def within(self, folder: str, patterns: list[Pattern]) -> Ignoring:
        """What holds in ``folder`` (relative, ending in ``/``, or empty), which has these patterns."""
        return Ignoring((*self._rules, (folder, patterns))) if patterns else self

    def leaves_out(self, path: str, is_folder: bool) -> bool:
        """Whether a path (relative to where the walk began) is left out; the last word counts."""
        for folder, patterns in reversed(self._rules):
            if not path.startswith(folder):
                continue
            relative = path[len(folder) :]
            for pattern in reversed(patterns):
                if (is_folder or not pattern.folders_only) and pattern.matches.fullmatch(relative):
                    return not pattern.keeps
        return False
