"""Whether the facets of a commit say what its frames say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from mv2.errors import FormatError
from mv2.format.facets import CODED, HASHED, MEMBERS, NUMBERS, Facet, decode_facets
from mv2.format.frame_fields import decode_fields
from mv2.storage.facet_builder import SEPARATOR, rest_of
from mv2.storage.facet_columns import LISTS, META, lists_of, scalar_hash
from mv2.storage.facets import TEXT_FIELDS, StoredFacets, coded_values
from mv2.storage.reserved import MODEL, PREFIX

if TYPE_CHECKING:
    from mv2.storage.base import Base


def fault_of_facets(base: Base) -> str | None:
    """What is wrong with the stored facets; None when nothing is, or there are none."""
    stored = base.directory.facets
    if not stored:
        return None
    try:
        block = decode_facets(stored)
    except FormatError as error:
        return error.message
    if block.frame_count != base.frame_count:
        return f"they are of {block.frame_count} frames"
    facets = StoredFacets(base, block)
    for name in block.facets.keys() | _fields_of(base):
        if not _is_right(facets, name):
            return f"those of {name!r} differ from the frames"
    return None


def _fields_of(base: Base) -> set[str]:
    """Every field that a frame has."""
    found: set[str] = set()
    contents, starts = base.contents, base.directory.starts
    for frame_id in range(base.frame_count):
        try:
            fields = decode_fields(contents, starts[frame_id], starts[frame_id + 1])
        except FormatError:
            continue
        found.update(META + key for key in fields.metadata if not key.startswith(PREFIX))
        if MODEL in fields.metadata:
            found.add(MODEL)
        found.update(name for name in (*TEXT_FIELDS[:3], *LISTS) if getattr(fields, name))
    return found


def _is_right(facets: StoredFacets, name: str) -> bool:
    facet = facets.facet(name)
    if facet is None:
        return not facets.tells_all(name)
    if name.endswith(SEPARATOR):
        return True  # which frames to read; the facets beside it are checked with it
    expected = dict(facets.read(name))
    told = dict(_told(facets, facet))
    if any(i not in expected or not _agrees(facet, told[i], expected[i]) for i in told):
        return False
    untold = expected.keys() - told.keys()
    while SEPARATOR in name and untold:  # frames of dictionaries that are not told wholly are read
        name = name.rpartition(SEPARATOR)[0]
        rest = facets.facet(rest_of(name))
        untold -= set(() if rest is None or rest.ids is None else rest.ids)
    return not untold


def _told(facets: StoredFacets, facet: Facet) -> Iterator[tuple[int, Any]]:
    """(id, what the facet says of it)."""
    ids: Iterable[int] = range(len(facet.items)) if facet.ids is None else facet.ids
    if facet.encoding == CODED:
        yield from coded_values(facets, facet)
    elif facet.encoding == NUMBERS:
        yield from zip(ids, facet.items, strict=True)
    elif facet.encoding == MEMBERS:
        yield from lists_of(facet)
    elif facet.encoding == HASHED:
        hashes: dict[int, set[Any]] = {}
        for frame_id, one in zip(ids, facet.items, strict=True):
            hashes.setdefault(frame_id, set()).add(one)
        yield from hashes.items()
    else:
        yield from ((frame_id, None) for frame_id in ids)


def _agrees(facet: Facet, told: Any, value: Any) -> bool:
    if facet.encoding == HASHED:
        values = value if isinstance(value, list) else [value]
        return bool(told == ({scalar_hash(one) for one in values} or {0}))
    if facet.encoding == NUMBERS:
        return type(value) in (int, float) and bool(told == value)
    if facet.encoding in (CODED, MEMBERS):
        try:
            return json.dumps(told, sort_keys=True) == json.dumps(value, sort_keys=True)
        except RecursionError:
            return True
    return True
