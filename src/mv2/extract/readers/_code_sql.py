"""Statements of SQL: each ``CREATE`` is a definition."""

from __future__ import annotations

import re

from mv2._late import late_pattern
from mv2.extract.readers._code_definitions import MAX_DEFINITIONS, Definition
from mv2.extract.readers._code_mask import Masked

_NAME = r'(?:"[^"\n]{1,100}"|`[^`\n]{1,100}`|\[[^\]\n]{1,100}\]|[\w$#@]+)'
_CREATE = late_pattern(
    r"\s*(?:CREATE|ALTER)\s+(?:OR\s+(?:REPLACE|ALTER)\s+)?(?:DEFINER\s*=\s*\S+\s+)?"
    r"(?:(?:GLOBAL|LOCAL|TEMP|TEMPORARY|UNIQUE|MATERIALIZED|UNLOGGED|EXTERNAL|VIRTUAL|CLUSTERED|RECURSIVE)\s+){0,3}"
    r"(TABLE|VIEW|FUNCTION|PROCEDURE|PROC|TRIGGER|INDEX|TYPE|SEQUENCE|SCHEMA|DOMAIN|PACKAGE|DATABASE|EXTENSION)\s+"
    rf"(?:BODY\s+)?(?:CONCURRENTLY\s+)?(?:IF\s+NOT\s+EXISTS\s+)?({_NAME}(?:\.{_NAME}){{0,3}})",
    re.IGNORECASE,
)
_SPACE = late_pattern(r"\s*")
_WITH_BODY = frozenset({"FUNCTION", "PROCEDURE", "PROC", "TRIGGER", "PACKAGE"})
_MARKS = late_pattern(
    r";|^[ \t]*GO[ \t]*$|\b(?:BEGIN|CASE|END(?:[ \t]+(?:IF|LOOP|WHILE|REPEAT|FOR|CASE))?)\b",
    re.IGNORECASE | re.MULTILINE,
)


def scan_sql(source: Masked) -> list[Definition]:
    """Return what the statements of a file create, in their order."""
    found: list[Definition] = []
    current: Definition | None = None
    start, depth, body = 0, 0, False
    fresh = True
    for mark in _MARKS.finditer(source.code):
        if fresh:
            current, body = _created(source, start)
            depth, fresh = 0, False
        word = mark.group().strip().upper()
        if word in {"BEGIN", "CASE"}:
            depth += body
        elif word == "END" or word.endswith("CASE"):
            depth = max(depth - 1, 0)
        elif word in {";", "GO"} and (depth == 0 or word == "GO"):
            start = mark.end()
            if current is not None and len(found) < MAX_DEFINITIONS:
                current.end = start if word == ";" else mark.start()
                found.append(current)
            current, fresh = None, True
    if fresh:
        current, _ = _created(source, start)
    if current is not None and len(found) < MAX_DEFINITIONS:
        current.end = len(source.code.rstrip())
        found.append(current)
    return found


def _created(source: Masked, start: int) -> tuple[Definition | None, bool]:
    """The definition that starts at the next word, and whether it has statements inside."""
    code = source.code
    first = _SPACE.match(code, start)
    begin = start if first is None else first.end()
    # Names may be quoted, and quotes are blanked in the code.
    created = _CREATE.match(source.text, begin, begin + 1000)
    if created is None:
        return None, False
    kind = created.group(1).upper()
    name = ".".join(part.strip('"`[]') for part in created.group(2).split("."))
    return Definition(name, begin, len(code)), kind in _WITH_BODY
