"""The parts of a parsed query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Terms:
    """Words (lower case) that must all occur, or any of them if `any` is set."""

    words: tuple[str, ...]
    any: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words one after the other."""

    text: str


@dataclass(frozen=True, slots=True)
class Prefix:
    """Words that begin with `start` (lower case)."""

    start: str


@dataclass(frozen=True, slots=True)
class Field:
    """A condition on the record: `name` is uri, scope, title, tag, label, track or kind."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class During:
    """start <= timestamp < end in UTC seconds; None is open."""

    start: int | None
    end: int | None


@dataclass(frozen=True, slots=True)
class Not:
    """Frames that do not match `child`."""

    child: Node


@dataclass(frozen=True, slots=True)
class And:
    """Frames that match all of `children`."""

    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Frames that match one or more of `children`."""

    children: tuple[Node, ...]


Node: TypeAlias = Terms | Phrase | Prefix | Field | During | Not | And | Or


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query.

    Attributes:
        text: as it was given.
        root: None when it holds nothing that could be searched for ("???").
        plain: there are no explicit operators, so words may be relaxed.
    """

    text: str
    root: Node | None
    plain: bool

    def relaxed(self) -> Node | None:
        """The same with any of the words instead of all; None if that is no different."""
        if not self.plain:
            return None
        parts = self.root.children if isinstance(self.root, And) else (self.root,)
        if not any(isinstance(part, Terms) and len(part.words) > 1 for part in parts):
            return None
        loose = [Terms(part.words, any=True) if isinstance(part, Terms) else part for part in parts]
        return And(tuple(node for node in loose if node is not None)) if len(loose) > 1 else loose[0]


def ranks(node: Node) -> bool:
    """Whether `node` has text to rank by (a word, phrase or prefix that is not negated)."""
    if isinstance(node, Terms | Phrase | Prefix):
        return True
    if isinstance(node, And | Or):
        return any(ranks(child) for child in node.children)
    return False


def text_leaves(node: Node) -> list[Terms | Phrase | Prefix]:
    """Words, phrases and prefixes that are not negated, in order."""
    if isinstance(node, Terms | Phrase | Prefix):
        return [node]
    if isinstance(node, And | Or):
        return [leaf for child in node.children for leaf in text_leaves(child)]
    return []


def reads_text(node: Node) -> bool:
    """Whether telling if a frame matches takes its text, not only its record."""
    match node:
        case Terms() | Phrase() | Prefix():
            return True
        case And() | Or():
            return any(reads_text(child) for child in node.children)
        case Not():
            return reads_text(node.child)
        case _:
            return False
