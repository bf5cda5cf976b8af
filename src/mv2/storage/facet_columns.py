"""Growing facets: values of one field, added frame by frame to what a commit has stored.

A field starts as codes into a table of its distinct values. Where nearly every
frame has a value of its own, it goes on as numbers, as codes of the members of
lists, as hashes, or as nothing but the ids, the first of these that can hold
its values; it never goes back.
"""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Protocol

from mv2.format.checksum import digest
from mv2.format.facets import CODED, HASHED, MEMBERS, NUMBERS, PRESENT, Facet, Ids, Items, table
from mv2.storage.user_metadata import decode_value

#: Facets of users' metadata are named with this in front of the key.
META: Final = "meta:"
#: Fields of a frame that are lists of strings.
LISTS: Final = ("tags", "labels")
#: Up to so many distinct values are a table, whatever else is known of them.
FEWEST_DISTINCT: Final = 4096
#: The text of a table has at most this many bytes, and as many again as below for each value.
TABLE_BYTES: Final = 64 << 10
TABLE_BYTES_EACH: Final = 8
#: A field that fewer than one in so many frames have is stored with the frames' ids.
SPARSE_SHARE: Final = 4
#: Tables are looked at before the end only when they have grown to this many values or bytes.
_MOST_DISTINCT: Final = 1 << 16
_MOST_BYTES: Final = 4 << 20
_EXACT: Final = 1 << 53
_INT64: Final = 1 << 63


class DoesNotFitError(Exception):
    """The encoding cannot hold the value."""


class Column(Protocol):
    """A field in one encoding. Texts are JSON as in the file, or plain strings."""

    def add(self, frame_id: int, text: str) -> None:
        """Add the value of a frame; ids only grow.

        Raises:
            DoesNotFitError: another encoding is needed; the value was not added.
        """

    def fits(self) -> bool:
        """Whether the encoding is still a good one."""

    def pairs(self) -> Iterator[tuple[int, str]]:
        """(frame id, value) in order, base included."""

    def finish(self, frame_count: int) -> Facet:
        """The stored form, base included."""


def scalar_hash(value: Any) -> int | None:
    """The u64 of a string, number, boolean or None; None for lists and dictionaries.

    Equal numbers have equal hashes, 1 and 1.0 too; 1, "1" and True have different ones.
    """
    if isinstance(value, str):
        raw = b'"' + value.encode("utf-8", "surrogatepass")
    elif value is None or isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raw = repr(value).encode()
    elif isinstance(value, int | float):
        raw = b"%x" % int(value)
    else:
        return None
    return int.from_bytes(digest(raw)[:8], "little")


def facet_value(name: str, text: str) -> Any:
    """The value that a text in the facet of that name stands for."""
    return decode_value(text) if name.startswith(META) or name in LISTS else text


def _is_list_of_scalars(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(one, list | dict) for one in value)


def _grown(code: str, base: Ids | Items | None, added: array[Any]) -> array[Any]:
    """A new array of that type: the stored items, then the added ones."""
    if base is None:
        return added if added.typecode == code else array(code, added)
    result: array[Any] = array(code)
    if isinstance(base, memoryview) and base.format == code:
        result.frombytes(base.tobytes())
    else:
        result.extend(iter(base))
    result.extend(added if added.typecode == code else iter(added))
    return result


def _code_type(most: int) -> str:
    return "B" if most < 1 << 8 else "H" if most < 1 << 16 else "I"


def _table_fits(distinct: int, present: int, text_bytes: int) -> bool:
    few = distinct <= FEWEST_DISTINCT or 2 * distinct <= present
    return few and text_bytes <= TABLE_BYTES + TABLE_BYTES_EACH * present


class CodedColumn:
    """Codes into a table of distinct values."""

    def __init__(self, name: str, base: Facet | None = None, base_count: int = 0) -> None:
        self._name = name
        self._base = base
        self._base_count = base_count
        self._codes = {} if base is None else {text: code for code, text in enumerate(base.values(), 1)}
        self._bytes = 0 if base is None else len(base.text)
        self._ids = array("I")
        self._items = array("I")

    def add(self, frame_id: int, text: str) -> None:
        code = self._codes.get(text)
        if code is None:
            code = self._new(text)
        self._ids.append(frame_id)
        self._items.append(code)

    def _new(self, text: str) -> int:
        if (len(self._codes) >= _MOST_DISTINCT or self._bytes >= _MOST_BYTES) and not self.fits():
            raise DoesNotFitError
        code = self._codes[text] = len(self._codes) + 1
        self._bytes += len(text)
        return code

    def fits(self) -> bool:
        base = self._base
        stored = 0 if base is None else len(base.items if base.ids is None else base.ids)
        return _table_fits(len(self._codes), stored + len(self._ids), self._bytes)

    def pairs(self) -> Iterator[tuple[int, str]]:
        values = list(self._codes)
        if self._base is not None:
            base, items = self._base, self._base.items
            ids: Iterable[int] = range(len(items)) if base.ids is None else base.ids
            yield from ((i, values[int(code) - 1]) for i, code in zip(ids, items, strict=True) if code)
        yield from ((i, values[code - 1]) for i, code in zip(self._ids, self._items, strict=True))

    def finish(self, frame_count: int) -> Facet:
        kind = _code_type(len(self._codes))
        ends, text = table(self._codes)
        base = self._base
        if base is not None and base.ids is None:
            return Facet(self._name, CODED, None, self._dense(kind, base.items, frame_count), ends, text)
        ids = _grown("I", None if base is None else base.ids, self._ids)
        items = _grown(kind, None if base is None else base.items, self._items)
        if len(ids) * SPARSE_SHARE < frame_count:
            return Facet(self._name, CODED, ids, items, ends, text)
        return Facet(self._name, CODED, None, _scattered(kind, ids, items, 0, frame_count), ends, text)

    def _dense(self, kind: str, stored: Items, frame_count: int) -> array[int]:
        added = _scattered(kind, self._ids, self._items, self._base_count, frame_count)
        return _grown(kind, stored, added)


def _ids_unless_all(base: Facet | None, added: array[int], frame_count: int) -> array[int] | None:
    """The frames of the stored items, then the added ones; None when each frame has one item."""
    stored: Ids | None = None if base is None else base.ids
    if stored is None:
        first = 0 if base is None else len(base.items)
        if added == array("I", range(first, frame_count)):
            return None
        stored = array("I", range(first))
    return _grown("I", stored, added)


def _scattered(kind: str, ids: Ids, items: Iterable[int], first: int, end: int) -> array[int]:
    """An item for each frame from ``first`` to ``end``, exclusive; 0 for those without one."""
    if len(ids) == end - first:
        return items if isinstance(items, array) and items.typecode == kind else array(kind, items)
    result = array(kind, bytes((end - first) * array(kind).itemsize))
    for frame_id, item in zip(ids, items, strict=True):
        result[frame_id - first] = item
    return result


class NumberColumn:
    """Numbers as they are: whole ones of 64 bits ('q'), or doubles ('d')."""

    def __init__(self, name: str, kind: str, base: Facet | None = None) -> None:
        self._name = name
        self._kind = kind
        self._base = base
        self._ids = array("I")
        self._items: array[Any] = array(kind)

    def add(self, frame_id: int, text: str) -> None:
        value = decode_value(text)
        if type(value) is int:
            bound = _INT64 if self._kind == "q" else _EXACT
            if not -bound <= value < bound:
                raise DoesNotFitError
        elif type(value) is not float or self._kind == "q" or math.isnan(value):
            raise DoesNotFitError
        self._ids.append(frame_id)
        self._items.append(value)

    def fits(self) -> bool:
        return True

    def pairs(self) -> Iterator[tuple[int, str]]:
        if self._base is not None:
            base, items = self._base, self._base.items
            ids: Iterable[int] = range(len(items)) if base.ids is None else base.ids
            yield from ((i, json.dumps(value)) for i, value in zip(ids, items, strict=True))
        yield from ((i, json.dumps(value)) for i, value in zip(self._ids, self._items, strict=True))

    def finish(self, frame_count: int) -> Facet:
        base = self._base
        items = _grown(self._kind, None if base is None else base.items, self._items)
        return Facet(self._name, NUMBERS, _ids_unless_all(base, self._ids, frame_count), items)


class MemberColumn:
    """Lists of scalars: codes of their members in order, 0 for an empty list."""

    def __init__(self, name: str, base: Facet | None = None) -> None:
        self._name = name
        self._base = base
        self._codes = {} if base is None else {text: code for code, text in enumerate(base.values(), 1)}
        self._bytes = 0 if base is None else len(base.text)
        self._ids = array("I")
        self._items = array("I")

    def add(self, frame_id: int, text: str) -> None:
        value = decode_value(text)
        if not _is_list_of_scalars(value):
            raise DoesNotFitError
        for member in value:
            one = json.dumps(member)
            code = self._codes.setdefault(one, len(self._codes) + 1)
            self._bytes += len(one) if code == len(self._codes) else 0
            self._ids.append(frame_id)
            self._items.append(code)
        if not value:
            self._ids.append(frame_id)
            self._items.append(0)

    def fits(self) -> bool:
        stored = 0 if self._base is None else len(self._base.items)
        return _table_fits(len(self._codes), stored + len(self._ids), self._bytes)

    def pairs(self) -> Iterator[tuple[int, str]]:
        facet = self.finish(0)
        return ((i, json.dumps(value)) for i, value in lists_of(facet))

    def finish(self, frame_count: int) -> Facet:  # noqa: ARG002 - as the others
        base = self._base
        ids = _grown("I", None if base is None else base.ids, self._ids)
        items = _grown(_code_type(len(self._codes)), None if base is None else base.items, self._items)
        return Facet(self._name, MEMBERS, ids, items, *table(self._codes))


def lists_of(facet: Facet) -> Iterator[tuple[int, list[Any]]]:
    """(frame id, list) of a facet of members, in order."""
    assert facet.ids is not None
    values = [decode_value(text) for text in facet.values()]
    current = -1
    members: list[Any] = []
    for frame_id, code in zip(facet.ids, facet.items, strict=True):
        if frame_id != current:
            if current >= 0:
                yield current, members
            current, members = frame_id, []
        if code:
            members.append(values[int(code) - 1])
    if current >= 0:
        yield current, members


class HashedColumn:
    """Hashes of scalars, and of lists' members."""

    def __init__(self, name: str, base: Facet | None = None) -> None:
        self._name = name
        self._base = base
        self._ids = array("I")
        self._items = array("Q")

    def add(self, frame_id: int, text: str) -> None:
        value = facet_value(self._name, text)
        if isinstance(value, dict) or (isinstance(value, list) and not _is_list_of_scalars(value)):
            raise DoesNotFitError
        hashes = (
            {scalar_hash(one) for one in value} or {0} if isinstance(value, list) else {scalar_hash(value)}
        )
        for one in hashes:
            assert one is not None
            self._ids.append(frame_id)
            self._items.append(one)

    def fits(self) -> bool:
        return True

    def pairs(self) -> Iterator[tuple[int, str]]:
        base = self._base
        every: Iterable[int] = () if base is None else range(len(base.items))
        stored = every if base is None or base.ids is None else base.ids
        return ((frame_id, "") for frame_id in dict.fromkeys((*stored, *self._ids)))

    def finish(self, frame_count: int) -> Facet:
        base = self._base
        items = _grown("Q", None if base is None else base.items, self._items)
        return Facet(self._name, HASHED, _ids_unless_all(base, self._ids, frame_count), items)


class PresentColumn:
    """Only which frames have the field."""

    def __init__(self, name: str, base: Facet | None = None) -> None:
        self._name = name
        self._base = base
        self._ids = array("I")

    def add(self, frame_id: int, text: str) -> None:  # noqa: ARG002 - as the others
        self._ids.append(frame_id)

    def fits(self) -> bool:
        return True

    def pairs(self) -> Iterator[tuple[int, str]]:
        facet = self.finish(0)
        assert facet.ids is not None
        return ((frame_id, "") for frame_id in facet.ids)

    def finish(self, frame_count: int) -> Facet:  # noqa: ARG002 - as the others
        ids = _grown("I", None if self._base is None else self._base.ids, self._ids)
        return Facet(self._name, PRESENT, ids, array("B"))


def stored_column(facet: Facet, base_count: int) -> Column:
    """The column that continues a stored facet."""
    if facet.encoding == CODED:
        return CodedColumn(facet.name, facet, base_count)
    if facet.encoding == NUMBERS:
        kind = facet.items.format if isinstance(facet.items, memoryview) else facet.items.typecode
        return NumberColumn(facet.name, kind, facet)
    if facet.encoding == MEMBERS:
        return MemberColumn(facet.name, facet)
    return HashedColumn(facet.name, facet) if facet.encoding == HASHED else PresentColumn(facet.name, facet)


def next_column(name: str, column: Column, more: Sequence[tuple[int, str]]) -> Column:
    """Another encoding of the same values, and ``more`` behind them: the first that can hold them."""
    pairs = [*column.pairs(), *more]
    candidates: list[Column] = [] if isinstance(column, HashedColumn | PresentColumn) else _candidates(name)
    for candidate in candidates:
        try:
            for frame_id, text in pairs:
                candidate.add(frame_id, text)
        except DoesNotFitError:
            continue
        if candidate.fits():
            return candidate
    last = PresentColumn(name)
    for frame_id, text in pairs:
        last.add(frame_id, text)
    return last


def _candidates(name: str) -> list[Column]:
    hashed = HashedColumn(name)
    if name.startswith(META):
        return [NumberColumn(name, "q"), NumberColumn(name, "d"), MemberColumn(name), hashed]
    return [MemberColumn(name), hashed] if name in LISTS else [hashed]
