"""The parts of a parsed query."""

from __future__ import annotations

from typing import Final, TypeAlias

from mv2._record import dataclass
from mv2.index.lexical import fold, tokens
from mv2.search._forms import forms, loose_stems


@dataclass(frozen=True, slots=True)
class Terms:
    """Words that must all occur, or any of them if `any` is set.

    A word is in lower case, unless its capitals tell its parts ("getUserName"), and may hold
    signs ("e-mail", "o'brien"): `mv2.search._forms` knows how it may stand in a document.
    """

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
class Wildcard:
    """Words that look like `pattern` (lower case): ``*`` is any characters, ``?`` is one."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """Words at most `distance` (1 or 2) edits from `word` (lower case).

    An edit changes, adds or leaves out a letter, or swaps two neighbours.
    """

    word: str
    distance: int


@dataclass(frozen=True, slots=True)
class Near:
    """Words of `text` in any order, with at most `gap` other words between the first and the last."""

    text: str
    gap: int


Leaf: TypeAlias = Terms | Phrase | Prefix | Wildcard | Fuzzy | Near
LEAVES: Final = (Terms, Phrase, Prefix, Wildcard, Fuzzy, Near)


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


@dataclass(frozen=True, slots=True)
class Prefer:
    """Exactly the frames that match `child`; each of `wishes` that a frame matches too adds to its score.

    Attributes:
        wishes: (words or phrase, weight); none needs more than the index to be decided.
    """

    child: Node
    wishes: tuple[tuple[Terms | Phrase, float], ...]


Node: TypeAlias = Leaf | Field | During | Not | And | Or | Prefer


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query.

    Attributes:
        text: as it was given.
        root: None when it holds nothing that could be searched for ("???").
        plain: there are no explicit operators, so words may be relaxed.
        words: of a plain query, what is left without fields, phrases and signs.
        sentence: a plain query has words that do not count, as questions have.
    """

    text: str
    root: Node | None
    plain: bool
    words: str = ""
    sentence: bool = False

    def stems(self) -> list[str]:
        """Stems of the words that are looked for, each once, as the index has them."""
        leaves = text_leaves(self.root) if self.root is not None else []
        found = loose_stems(word for leaf in leaves if isinstance(leaf, Terms) for word in leaf.words)
        found += [stem for leaf in leaves if isinstance(leaf, Phrase) for stem in tokens(fold(leaf.text))]
        return list(dict.fromkeys(found))

    def relaxed(self) -> Node | None:
        """The same with any of the words instead of all; None if that is no different."""
        if not self.plain:
            return None
        parts = self.root.children if isinstance(self.root, And) else (self.root,)
        if not any(isinstance(part, Terms) and not part.any and _can_be_parted(part) for part in parts):
            return None
        loose = [Terms(part.words, any=True) if isinstance(part, Terms) else part for part in parts]
        return And(tuple(node for node in loose if node is not None)) if len(loose) > 1 else loose[0]


def _can_be_parted(terms: Terms) -> bool:
    """Whether a document with any of the words need not have all: they are several, or one is compound."""
    return len(terms.words) > 1 or any(len(way) > 1 for word in terms.words for way in forms(word).ways)


def ranks(node: Node) -> bool:
    """Whether `node` has text to rank by: a word, phrase or pattern that is not negated."""
    if isinstance(node, LEAVES):
        return True
    if isinstance(node, And | Or):
        return any(ranks(child) for child in node.children)
    return isinstance(node, Prefer) and ranks(node.child)


def text_leaves(node: Node) -> list[Leaf]:
    """Words, phrases and patterns that are not negated, in order."""
    if isinstance(node, LEAVES):
        return [node]
    if isinstance(node, And | Or):
        return [leaf for child in node.children for leaf in text_leaves(child)]
    return text_leaves(node.child) if isinstance(node, Prefer) else []


def reads_text(node: Node) -> bool:
    """Whether telling if a frame matches takes its text, not only its record."""
    match node:
        case Terms() | Phrase() | Prefix() | Wildcard() | Fuzzy() | Near():
            return True
        case And() | Or():
            return any(reads_text(child) for child in node.children)
        case Not() | Prefer():
            return reads_text(node.child)
        case _:
            return False
