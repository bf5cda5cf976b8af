"""A parsed filter, and what it says of one frame's record.

Fields are named as facets are: ``tags``, ``meta:lang``. The path in a metadata
field may lead into dictionaries, and through lists of them; where a key has
dots itself, every way of reading the path counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mv2._record import dataclass
from mv2.format.frame import ROLE_CHUNK, ROLE_IMAGE
from mv2.search._predicates import Predicate
from mv2.storage.facet_columns import META
from mv2.storage.facets import ABSENT, record_value

if TYPE_CHECKING:
    from mv2.format.frame import FrameRecord

OWN_FIELDS: Final = (
    "uri", "title", "kind", "track", "tags", "labels", "timestamp", "id", "role", "mime",
)  # fmt: skip
ROLES: Final = {ROLE_CHUNK: "chunk", ROLE_IMAGE: "image"}


@dataclass(frozen=True, slots=True)
class Test:
    """The field has a value of which the predicate is true."""

    field: str
    predicate: Predicate


@dataclass(frozen=True, slots=True)
class Every:
    """All of them."""

    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of them."""

    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class No:
    """Not that."""

    child: Node


Node: TypeAlias = Test | Every | Some | No


def role_name(role: int) -> str:
    """What people call a ROLE_*."""
    return ROLES.get(role, "document")


def readings(path: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(key, what follows) for every way to read a dotted path."""
    parts = path.split(".")
    for count in range(1, len(parts) + 1):
        yield ".".join(parts[:count]), tuple(parts[count:])


def reached(value: Any, rest: tuple[str, ...]) -> Iterator[Any]:
    """The values that the rest of a path leads to from a value."""
    if not rest:
        yield value
    elif isinstance(value, dict):
        for count in range(1, len(rest) + 1):
            key = ".".join(rest[:count])
            if key in value:
                yield from reached(value[key], rest[count:])
    elif isinstance(value, list):
        for member in value:
            if isinstance(member, dict):
                yield from reached(member, rest)


def holds(node: Node, record: FrameRecord) -> bool:
    """Whether the filter is true of a frame."""
    match node:
        case Test():
            return any(map(node.predicate, _values(node.field, record)))
        case Every():
            return all(holds(child, record) for child in node.children)
        case Some():
            return any(holds(child, record) for child in node.children)
        case No():
            return not holds(node.child, record)


def _values(field: str, record: FrameRecord) -> Iterator[Any]:
    if field.startswith(META):
        for key, rest in readings(field[len(META) :]):
            value = record_value(META + key, record)
            if value is not ABSENT:
                yield from reached(value, rest)
        return
    value = role_name(record.role) if field == "role" else record_value(field, record)
    if value is not ABSENT:
        yield value
