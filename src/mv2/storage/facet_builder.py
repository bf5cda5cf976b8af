"""Making facets: those of a commit, extended by the frames that are added to it.

Stored facets that get no new value are copied as they are. Facets never change
for a frame that has them, because what describes a frame never does.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from mv2.format.facets import CODED, PRESENT, Facet, FacetBlock, encode_facets
from mv2.storage.facet_columns import (
    META,
    CodedColumn,
    Column,
    DoesNotFitError,
    PresentColumn,
    next_column,
    stored_column,
)
from mv2.storage.reserved import MODEL, PREFIX
from mv2.storage.user_metadata import decode_value

#: Further keys have no facet, and filters on them read the frames.
MAX_KEYS: Final = 512
MAX_NAME: Final = 512
#: Stands between the keys in the name of a facet of a nested value.
SEPARATOR: Final = "\0"
_MEMO: Final = 4096


class Described(Protocol):
    """What describes a frame: a ``FrameRecord``, or ``FrameFields``."""

    @property
    def kind(self) -> str | None: ...
    @property
    def track(self) -> str | None: ...
    @property
    def tags(self) -> Sequence[str]: ...
    @property
    def labels(self) -> Sequence[str]: ...


class FacetBuilder:
    """Facets in the making.

    Args:
        base: the facets to extend, None for a new file.
    """

    def __init__(self, base: FacetBlock | None) -> None:
        self._base = FacetBlock(0, False, {}) if base is None else base
        self._columns: dict[str, Column] = {}
        self._keys: dict[str, str | None] = {}
        self._lists: dict[tuple[str, ...], str] = {}
        self._open = sum(name.startswith(META) for name in self._base.facets)
        self._partial = self._base.partial

    def add(self, frame_id: int, frame: Described, mime: str | None, metadata: Mapping[str, str]) -> None:
        """Add a frame; ids only grow.

        Args:
            mime: its media type.
            metadata: its metadata as stored, reserved keys included.
        """
        put = self._put
        if frame.kind is not None:
            put("kind", frame_id, frame.kind)
        if frame.track is not None:
            put("track", frame_id, frame.track)
        if mime is not None:
            put("mime", frame_id, mime)
        if frame.tags:
            put("tags", frame_id, self._list(frame.tags))
        if frame.labels:
            put("labels", frame_id, self._list(frame.labels))
        for key, text in metadata.items():
            name = self._keys[key] if key in self._keys else self._name_of(key)
            if name is not None:
                put(name, frame_id, text)

    def _put(self, name: str, frame_id: int, text: str) -> None:
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = self._column(name)
        try:
            column.add(frame_id, text)
        except DoesNotFitError:
            self._replace(name, column, [(frame_id, text)])

    def _list(self, values: Sequence[str]) -> str:
        """The JSON text of some strings."""
        key = tuple(values)
        text = self._lists.get(key)
        if text is None:
            if len(self._lists) >= _MEMO:
                self._lists.clear()
            text = self._lists[key] = json.dumps(key)
        return text

    def _name_of(self, key: str) -> str | None:
        """The facet of a metadata key; None for one that has none, now and later."""
        name: str | None = META + key
        if key.startswith(PREFIX):
            name = MODEL if key == MODEL else None
        elif not can_have_facet(key):
            name = None
        elif name not in self._base.facets:
            if self._partial or self._open >= MAX_KEYS:
                name, self._partial = None, True
            else:
                self._open += 1
        if len(self._keys) < 16 * MAX_KEYS or name is not None:
            self._keys[key] = name
        return name

    def _column(self, name: str) -> Column:
        stored = self._base.facets.get(name)
        if stored is None:
            return CodedColumn(name)
        if stored.encoding == PRESENT and rest_of(name) in self._base.facets:
            return _SplitColumn(self, name, stored)
        return stored_column(stored, self._base.frame_count)

    def _replace(self, name: str, column: Column, more: Sequence[tuple[int, str]] = ()) -> None:
        """Give a field another encoding, and add to it what the old one could not hold."""
        changed = next_column(name, column, more)
        if isinstance(changed, PresentColumn) and isinstance(column, CodedColumn) and name.startswith(META):
            self._columns[name] = split = _SplitColumn(self, name, None)
            for frame_id, text in (*column.pairs(), *more):
                split.add(frame_id, text)
        else:
            self._columns[name] = changed

    def put_member(self, name: str, key: str, frame_id: int, text: str) -> bool:
        """Add the value under a key of a dictionary; False when there can be no facet for it."""
        full = name + SEPARATOR + key
        known = full in self._base.facets or full in self._columns
        if not can_have_facet(key) or len(full) > MAX_NAME or (not known and self._open >= MAX_KEYS):
            return False
        self._open += not known
        self._put(full, frame_id, text)
        return True

    def open_rest(self, name: str) -> None:
        """See to it that the facet ``rest_of(name)`` is there."""
        if rest_of(name) not in self._columns:
            self._columns[rest_of(name)] = PresentColumn(rest_of(name), self._base.facets.get(rest_of(name)))

    def put_rest(self, name: str, frame_id: int) -> None:
        """Note that the facets below ``name`` do not tell a frame's value wholly."""
        self._columns[rest_of(name)].add(frame_id, "")

    def finish(self, frame_count: int) -> bytes:
        """The encoded facets of that many frames."""
        settled: set[str] = set()
        while unsettled := self._columns.keys() - settled:
            for name in sorted(unsettled):
                settled.add(name)
                if not self._columns[name].fits():
                    self._replace(name, self._columns[name])
        facets = {name: _extended(facet, frame_count) for name, facet in self._base.facets.items()
                  if name not in self._columns}  # fmt: skip
        facets.update({name: column.finish(frame_count) for name, column in self._columns.items()})
        return encode_facets(frame_count, list(facets.values()), partial=self._partial)


def can_have_facet(key: str) -> bool:
    """Whether there may be a facet for a metadata key."""
    return 0 < len(key) <= MAX_NAME and SEPARATOR not in key


def rest_of(name: str) -> str:
    """The facet that lists the frames whose value the facets below ``name`` do not tell wholly."""
    return name + SEPARATOR


class _SplitColumn(PresentColumn):
    """A field of dictionaries: each key has a facet of its own."""

    def __init__(self, builder: FacetBuilder, name: str, base: Facet | None) -> None:
        super().__init__(name, base)
        self._builder = builder
        builder.open_rest(name)

    def add(self, frame_id: int, text: str) -> None:
        super().add(frame_id, text)
        value = decode_value(text)
        if isinstance(value, list) or (isinstance(value, dict) and not self._add_members(frame_id, value)):
            self._builder.put_rest(self._name, frame_id)

    def _add_members(self, frame_id: int, value: dict[str, Any]) -> bool:
        """Whether all of a dictionary went to the facets of its keys."""
        try:
            texts = {key: json.dumps(item) for key, item in value.items()}
        except RecursionError:
            return False
        return all(self._builder.put_member(self._name, key, frame_id, text) for key, text in texts.items())


def _extended(facet: Facet, frame_count: int) -> Facet:
    """A stored facet of which no added frame has a value."""
    if facet.ids is not None or len(facet.items) == frame_count:
        return facet
    if facet.encoding == CODED:
        kind = facet.items.format if isinstance(facet.items, memoryview) else facet.items.typecode
        items = array(kind)
        items.frombytes(facet.items.tobytes())
        items.frombytes(bytes((frame_count - len(items)) * items.itemsize))
        return Facet(facet.name, CODED, None, items, facet.ends, facet.text)
    ids = array("I", range(len(facet.items)))
    return Facet(facet.name, facet.encoding, ids, facet.items, facet.ends, facet.text)
