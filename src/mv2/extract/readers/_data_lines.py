"""YAML, TOML and INI: the text stays as it is, and its parts are found line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from mv2._late import late_pattern
from mv2.extract.model import Block, Extraction, ReadOptions

_LONGEST_SYMBOL = 200
_KEY = late_pattern(
    r"""(?:"([^"\n]{1,200})"|'([^'\n]{1,200})'"""
    r"""|([^\s#\-'"\[\]{}&*!|>%@`,?:][^\n:#]{0,200}))[ \t]*:(?:\s|$)"""
)
_DASH = late_pattern(r"-(?:\s|$)")


def read_yaml(text: str, _: ReadOptions) -> Extraction:
    """Blocks for each key and list item at the left edge, in each document of the stream."""

    def symbol(line: str) -> str | None:
        found = _KEY.match(line)
        if found is not None:
            return next(group for group in found.groups() if group).strip()
        return "" if _DASH.match(line) or line.startswith(("{", "[")) else None

    return Extraction(text=text, exact=True, blocks=_blocks(text, _yaml_lines(text, symbol), comment="#-"))


def _yaml_lines(text: str, symbol: Callable[[str], str | None]) -> Iterator[tuple[str, str | None]]:
    for line in text.splitlines(keepends=True):
        yield line, symbol(line)


def _section_name(line: str) -> str | None:
    """The name in ``[name]`` or ``[[name]]``, alone on its line but for a comment."""
    line = line.strip()
    if not line.startswith("["):
        return None
    name, end, rest = line.strip("[").partition("]")
    rest = rest.lstrip("] \t")
    return name.strip() if end and name.strip() and (not rest or rest[0] in "#;") else None


def read_toml(text: str, _: ReadOptions) -> Extraction:
    """Blocks for each table, and one for the keys above the first."""
    return Extraction(text=text, exact=True, blocks=_blocks(text, _toml_lines(text), comment="#"))


def _toml_lines(text: str) -> Iterator[tuple[str, str | None]]:
    """Lines with the table that begins there; lines inside of long strings begin none."""
    inside = ""
    depth = 0
    for line in text.splitlines(keepends=True):
        begins = None
        if not inside and depth <= 0:
            begins = _section_name(line)
        yield line, begins
        if begins is None:
            inside, depth = _toml_state(line, inside, depth)


def _toml_state(line: str, inside: str, depth: int) -> tuple[str, int]:
    """Whether a long string or a list is open behind a line."""
    at = 0
    while at < len(line):
        if inside:
            end = line.find(inside, at)
            if end < 0:
                return inside if len(inside) == 3 else "", depth
            escaped = inside[0] == '"' and (end - len(line[:end].rstrip("\\"))) % 2 == 1
            at = end + (1 if escaped else len(inside))
            inside = inside if escaped else ""
            continue
        char = line[at]
        if char == "#":
            break
        if char in "\"'":
            inside = char * 3 if line.startswith(char * 3, at) else char
            at += len(inside)
            continue
        depth += (char == "[") - (char == "]")
        at += 1
    return inside if len(inside) == 3 else "", depth


def read_ini(text: str, _: ReadOptions) -> Extraction:
    """Blocks for each section, and one for what stands above the first."""

    def lines() -> Iterator[tuple[str, str | None]]:
        for line in text.splitlines(keepends=True):
            yield line, _section_name(line)

    return Extraction(text=text, exact=True, blocks=_blocks(text, lines(), comment="#;"))


def _blocks(text: str, lines: Iterator[tuple[str, str | None]], *, comment: str) -> tuple[Block, ...]:
    """Blocks that begin where a line has a symbol, with the comments right above it."""
    starts: list[tuple[int, int, str]] = []
    at, number, remarks = 0, 0, (-1, 0)
    for number, (line, symbol) in enumerate(lines, 1):
        if symbol is not None:
            starts.append((*(remarks if remarks[0] >= 0 else (at, number)), symbol))
            remarks = (-1, 0)
        elif line[:1] and line[0] in comment:
            remarks = remarks if remarks[0] >= 0 else (at, number)
        else:
            remarks = (-1, 0)
        at += len(line)
    head = starts[0][0] if starts else at
    if text[:head].strip():
        starts.insert(0, (0, 1, ""))
    starts.append((len(text), number + 1, ""))
    blocks = []
    for (start, first, symbol), (end, next_first, _) in pairwise(starts):
        body = text[start:end]
        lead, trail = len(body) - len(body.lstrip()), len(body) - len(body.rstrip())
        if lead == len(body):
            continue
        first_line = first + body[:lead].count("\n")
        last_line = next_first - 1 - max(0, body[len(body) - trail :].count("\n") - 1)
        blocks.append(
            Block(
                kind="record",
                start=start + lead,
                end=end - trail,
                lines=(first_line, max(first_line, last_line)),
                symbol=symbol[:_LONGEST_SYMBOL] or None,
            )
        )
    return tuple(blocks)
