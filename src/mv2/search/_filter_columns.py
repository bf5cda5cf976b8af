"""Evaluating a filter on the columns of a commit: one byte a frame, 1 where it is true.

Every distinct value is looked at once; frames are read only where their values
are not told by the facets.
"""

from __future__ import annotations

import operator
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator
from itertools import islice, repeat
from typing import TYPE_CHECKING, Any, Final

from mv2.format.facets import CODED, HASHED, MEMBERS, NUMBERS, Facet
from mv2.search._filter_nodes import Every, No, Node, Some, Test, reached, readings, role_name
from mv2.search._predicates import COMPARISONS, Among, Anything, Compared, Predicate, Starts
from mv2.storage.facet_builder import SEPARATOR, rest_of
from mv2.storage.facet_columns import META, lists_of, scalar_hash
from mv2.storage.frame_set import FrameSet

if TYPE_CHECKING:
    from mv2.storage.base import Base

#: More than one in so many frames to be read, and all are.
_READ_ALL_SHARE: Final = 4
#: For so many codes or hashes a search for each is quicker than a look at every item.
_FEW: Final = 8
_RARE: Final = 1024


def evaluate(node: Node, base: Base) -> bytes:
    """The mask of a filter over all frames of a commit, whatever their status."""
    match node:
        case Test():
            return _tested(node.field, node.predicate, base)
        case Every():
            return _every(node.children, base)
        case Some():
            return _some([evaluate(child, base) for child in node.children], base.frame_count)
        case No():
            return FrameSet(evaluate(node.child, base)).complement().mask


def _every(children: Iterable[Node], base: Base) -> bytes:
    found = FrameSet.every(base.frame_count)
    for child in children:
        found &= FrameSet(evaluate(child, base))
        if not found:
            break
    return found.mask


def _some(masks: Iterable[bytes], size: int) -> bytes:
    found = FrameSet(bytes(size))
    for mask in masks:
        found |= FrameSet(mask)
    return found.mask


def _tested(field: str, predicate: Predicate, base: Base) -> bytes:
    if field.startswith(META):
        masks = [
            _Columns(base).mask(META + key, rest, predicate) for key, rest in readings(field[len(META) :])
        ]
        return masks[0] if len(masks) == 1 else _some(masks, base.frame_count)
    if field == "timestamp":
        return _time_mask(predicate, base)
    if field == "id":
        return _number_mask(range(base.frame_count), predicate)
    if field == "role":
        states = bytes(base.directory.states)
        return states.translate(bytes(predicate(role_name(state >> 4)) for state in range(256)))
    if field == "uri":
        return _uri_mask(predicate, base)
    if field == "title":
        return _Columns(base).read("title", (), predicate)
    return _Columns(base).mask(field, (), predicate)


def _mask_of(ids: Iterable[int], size: int) -> bytes:
    return FrameSet.of(ids, size).mask


def _uri_mask(predicate: Predicate, base: Base) -> bytes:
    if isinstance(predicate, Among) and len(predicate.texts) <= _RARE and not predicate.moments:
        return _mask_of((i for uri in predicate.texts for i in base.ids_of_uri(uri)), base.frame_count)
    uris = base.facets.uris
    if isinstance(predicate, Starts):
        beginning = predicate.beginning.encode("utf-8", "surrogatepass")
        return bytes([uri is not None and uri.startswith(beginning) for uri in uris])
    return bytes([uri is not None and predicate(uri.decode(errors="replace")) for uri in uris])


def _time_mask(predicate: Predicate, base: Base) -> bytes:
    """Where times only grow with the ids, which is usual, a comparison is a cut."""
    times = base.directory.timestamps
    if not isinstance(predicate, Compared) or isinstance(predicate.operand, str):
        return _number_mask(times, predicate)
    grows = base.derived.get("times grow")
    if grows is None:
        grows = base.derived["times grow"] = all(map(operator.le, times, islice(times, 1, None)))
    if not grows:
        return _number_mask(times, predicate)
    cut = (bisect_left if predicate.name in ("$gte", "$lt") else bisect_right)(times, predicate.operand)
    later = predicate.name in ("$gt", "$gte")
    return (b"\0" if later else b"\1") * cut + (b"\1" if later else b"\0") * (len(times) - cut)


def _number_mask(numbers: Iterable[int | float], predicate: Predicate) -> bytes:
    if isinstance(predicate, Compared) and not isinstance(predicate.operand, str):
        return bytes(map(COMPARISONS[predicate.name], numbers, repeat(predicate.operand)))
    if isinstance(predicate, Among):
        return bytes(map(predicate.numbers.__contains__, numbers))
    return bytes(map(predicate, numbers))


class _Columns:
    """The facets of a commit."""

    def __init__(self, base: Base) -> None:
        self._facets = base.facets
        self._size = base.frame_count

    def mask(self, name: str, rest: tuple[str, ...], predicate: Predicate) -> bytes:
        """Frames with a value of which the predicate is true, where the rest of the path leads."""
        facet = self._facets.facet(name)
        if facet is None:
            return bytes(self._size) if self._facets.tells_all(name) else self.read(name, rest, predicate)
        if facet.encoding == CODED:
            return self._coded(facet, rest, predicate)
        if facet.encoding in (NUMBERS, MEMBERS, HASHED) and rest:
            return bytes(self._size)  # no dictionaries in there
        if isinstance(predicate, Anything) and not rest:
            return self._spread(facet, b"\1" * (self._size if facet.ids is None else len(facet.ids)))
        if facet.encoding == NUMBERS:
            return self._spread(facet, _number_mask(facet.items, predicate))
        if facet.encoding == MEMBERS:
            return self._members(facet, predicate)
        if facet.encoding == HASHED:
            return self._hashed(facet, predicate)
        return self._present(facet, rest, predicate)

    def read(
        self, name: str, rest: tuple[str, ...], predicate: Predicate, ids: Collection[int] | None = None
    ) -> bytes:
        """By reading the frames; all of them where that is not much more than the ids asked for."""
        pairs: Iterable[tuple[int, Any]]
        if ids is None or len(ids) * _READ_ALL_SHARE > self._size:
            pairs = zip(*self._facets.read_all(name), strict=True)
        else:
            pairs = self._facets.read(name, ids)
        found = (i for i, value in pairs if any(map(predicate, reached(value, rest))))
        return _mask_of(found, self._size)

    def _spread(self, facet: Facet, flags: Iterable[int]) -> bytes:
        """A mask from a flag for each item."""
        if facet.ids is None:
            return flags if isinstance(flags, bytes) else bytes(flags)
        return _mask_of((i for i, flag in zip(facet.ids, flags, strict=True) if flag), self._size)

    def _coded(self, facet: Facet, rest: tuple[str, ...], predicate: Predicate) -> bytes:
        values = self._facets.values(facet)
        if rest:
            flags = [any(map(predicate, reached(value, rest))) for value in values]
        else:
            flags = list(map(predicate, values))
        if not any(flags):
            return bytes(self._size)
        return self._spread(facet, _flagged(facet.items, bytes([False, *flags])))

    def _members(self, facet: Facet, predicate: Predicate) -> bytes:
        if isinstance(predicate, Among) and not predicate.only_scalars:
            return _mask_of((i for i, value in lists_of(facet) if predicate(value)), self._size)
        flags = [predicate([value]) for value in self._facets.values(facet)]
        return self._spread(facet, _flagged(facet.items, bytes([False, *flags])))

    def _hashed(self, facet: Facet, predicate: Predicate) -> bytes:
        ids: Collection[int]
        if isinstance(predicate, Among) and predicate.only_scalars:
            ids = _holders(facet, {scalar_hash(value) for value in predicate.scalars()})
        else:
            ids = range(self._size) if facet.ids is None else dict.fromkeys(facet.ids)
        return self.read(facet.name, (), predicate, ids)

    def _present(self, facet: Facet, rest: tuple[str, ...], predicate: Predicate) -> bytes:
        others = self._facets.facet(rest_of(facet.name))
        ids = range(self._size) if facet.ids is None else facet.ids
        if not rest or others is None or others.ids is None:
            return self.read(facet.name, rest, predicate, ids)
        masks = [self.read(facet.name, rest, predicate, others.ids)]
        for key, following in readings(".".join(rest)):
            below = self._facets.facet(facet.name + SEPARATOR + key)
            if below is not None:
                masks.append(self.mask(below.name, following, predicate))
        return _some(masks, self._size)


def _flagged(codes: Any, flags: bytes) -> bytes:
    """The flag of each code; ``flags`` has one for every code."""
    if codes.itemsize == 1:
        return codes.tobytes().translate(flags.ljust(256, b"\0"))  # type: ignore[no-any-return]
    wanted = [code for code, flag in enumerate(flags) if flag] if flags.count(1) <= _RARE else []
    if codes.itemsize == 2 and len({code >> 8 for code in wanted}) in range(1, _FEW + 1):
        return _flagged_pairs(codes.tobytes(), flags, {code >> 8 for code in wanted})
    if codes.itemsize == 4 and 0 < len(wanted) <= _FEW:
        return _mask_of(_places(codes, wanted), len(codes))
    return bytes(map(flags.__getitem__, codes))


def _flagged_pairs(raw: bytes, flags: bytes, highs: Iterable[int]) -> bytes:
    """The same for codes of two bytes, of which those with a flag have one of some high bytes."""
    lower, upper = raw[::2], raw[1::2]
    masks = []
    for high in highs:
        there = upper.translate(bytes(high) + b"\1" + bytes(255 - high))
        flagged = lower.translate(flags[high << 8 : (high + 1) << 8].ljust(256, b"\0"))
        masks.append((FrameSet(there) & FrameSet(flagged)).mask)
    return _some(masks, len(lower))


def _places(items: Any, wanted: Iterable[int]) -> Iterator[int]:
    """Where the wanted numbers stand among unsigned items."""
    raw, width = items.tobytes(), items.itemsize
    for number in wanted:
        pattern = number.to_bytes(width, "little")
        at = raw.find(pattern)
        while at >= 0:
            if at % width == 0:
                yield at // width
            at = raw.find(pattern, at + 1)


def _holders(facet: Facet, hashes: set[int | None]) -> list[int]:
    """Frames that have one of the hashes, ascending."""
    wanted = [one for one in hashes if one is not None]
    if len(wanted) <= _FEW:
        places: Iterable[int] = _places(facet.items, wanted)
    else:
        places = (place for place, one in enumerate(facet.items) if one in hashes)
    return sorted(places if facet.ids is None else {facet.ids[place] for place in places})
