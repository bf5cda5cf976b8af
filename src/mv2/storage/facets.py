"""What filters know of frames without reading them: the facets of a commit, and of a view of it."""

from __future__ import annotations

import threading
import weakref
from array import array
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from mv2._record import dataclass
from mv2.errors import FormatError
from mv2.format.facets import CODED, Facet, FacetBlock, decode_facets
from mv2.format.frame import ROLE_CHUNK
from mv2.format.frame_fields import FrameFields, decode_fields, frame_uris
from mv2.storage.facet_builder import SEPARATOR, FacetBuilder, can_have_facet
from mv2.storage.facet_columns import META, facet_value
from mv2.storage.reserved import MODEL, mime_of
from mv2.storage.user_metadata import decode_value

if TYPE_CHECKING:
    from mv2.format.frame import FrameRecord
    from mv2.storage.base import Base
    from mv2.storage.overlay import Overlay
    from mv2.storage.view import View

#: Fields of a frame that are one string, and those that are lists of strings.
TEXT_FIELDS: Final = ("kind", "track", "mime", MODEL)
#: Neighbours in a track are looked for among so many frames on each side, and so many of them are checked.
REACH: Final = 4096
MOST_CHECKED: Final = 256
#: Fields that had to be read from the frames are kept in memory, so many of them.
FIELDS_KEPT: Final = 2
ABSENT: Final[Any] = object()
"""Stands for the value of a field that a frame does not have."""


@dataclass(frozen=True, slots=True)
class FacetCodes:
    """A value for each frame, as a code.

    Attributes:
        raw: a little-endian unsigned number of ``width`` bytes for each frame.
        names: the value of each code; None for code 0, which is no value.
    """

    raw: bytes
    width: int
    names: tuple[str | None, ...]

    def code(self, frame_id: int) -> int:
        """The frame's code."""
        at = frame_id * self.width
        return int.from_bytes(self.raw[at : at + self.width], "little")

    def name(self, frame_id: int) -> str | None:
        """The frame's value."""
        return self.names[self.code(frame_id)]


class StoredFacets:
    """The facets of one commit: those it stores, or made from its frames. Safe to share between threads."""

    def __init__(self, base: Base, block: FacetBlock) -> None:
        self._base = base
        self.block = block
        self.frame_count = base.frame_count
        self._values: dict[str, list[Any]] = {}
        self._codes: dict[str, FacetCodes] = {}
        self._pending: weakref.WeakKeyDictionary[Overlay, dict[str, _PendingCodes]] = (
            weakref.WeakKeyDictionary()
        )
        self._read: dict[str, tuple[array[int], list[Any]]] = {}
        self._lock = threading.Lock()

    def facet(self, name: str) -> Facet | None:
        """The facet of that name."""
        return self.block.facets.get(name)

    def tells_all(self, name: str) -> bool:
        """Whether no frame has the field when there is no facet of that name."""
        return not name.startswith(META) or (not self.block.partial and can_have_facet(name[len(META) :]))

    def values(self, facet: Facet) -> list[Any]:
        """The distinct values of a facet; that of code c is number c - 1."""
        found = self._values.get(facet.name)
        if found is None:
            found = self._values[facet.name] = [facet_value(facet.name, text) for text in facet.values()]
        return found

    def read(self, name: str, ids: Iterable[int] | None = None) -> Iterator[tuple[int, Any]]:
        """(id, value) of the frames, read from the frames themselves; None reads all of them.

        Frames without the field are left out, and frames that do not decode.
        """
        contents, starts = self._base.contents, self._base.directory.starts
        for frame_id in range(self.frame_count) if ids is None else ids:
            try:
                fields = decode_fields(contents, starts[frame_id], starts[frame_id + 1])
            except FormatError:
                continue
            value = field_value(name, fields)
            if value is not ABSENT:
                yield frame_id, value

    def read_all(self, name: str) -> tuple[array[int], list[Any]]:
        """Ids and values of all frames that have a field, as ``read``; those of the last fields are kept."""
        with self._lock:
            found = self._read.pop(name, None)
        if found is None:
            found = array("I"), []
            for frame_id, value in self.read(name):
                found[0].append(frame_id)
                found[1].append(value)
        with self._lock:
            self._read[name] = found
            while len(self._read) > FIELDS_KEPT:
                del self._read[next(iter(self._read))]
        return found

    @cached_property
    def uris(self) -> list[bytes | None]:
        """The uri of each frame in UTF-8."""
        return frame_uris(self._base.contents, self._base.directory.starts, self.frame_count)

    def codes(self, name: str) -> FacetCodes:
        """A code for each frame; ``name`` is one of TEXT_FIELDS."""
        found = self._codes.get(name)
        if found is None:
            found = self._codes[name] = self._make_codes(name)
        return found

    def having(self, name: str, value: str) -> Iterator[int]:
        """Frames of the view with that value, ascending, whatever their role and status.

        Args:
            name: as in ``codes``.
        """
        codes = self.codes(name)
        try:
            code = codes.names.index(value)
        except ValueError:
            return iter(())
        wanted = code.to_bytes(codes.width, "little")
        return _forward(codes.raw, wanted, 0, len(codes.raw))

    def _make_codes(self, name: str) -> FacetCodes:
        facet = self.facet(name)
        if facet is not None and facet.encoding == CODED and facet.ids is None:
            return FacetCodes(facet.items.tobytes(), facet.items.itemsize, (None, *facet.values()))
        if facet is None:
            return FacetCodes(bytes(self.frame_count), 1, (None,))
        known: dict[str | None, int] = {None: 0}
        codes = array("I", bytes(4 * self.frame_count))
        for frame_id, value in coded_values(self, facet):
            codes[frame_id] = known.setdefault(value, len(known))
        return _packed(codes, known)

    def pending_codes(self, overlay: Overlay, name: str, count: int) -> FacetCodes:
        """Codes of the first ``count`` frames of an overlay; they continue those of the commit."""
        with self._lock:
            by_name = self._pending.setdefault(overlay, {})
            pending = by_name.get(name)
            if pending is None:
                pending = by_name[name] = _PendingCodes(self.codes(name))
            return pending.of(overlay, name, count)


class _PendingCodes:
    """Codes of an overlay's frames, which never change; more of them come."""

    def __init__(self, base: FacetCodes) -> None:
        self._known: dict[str | None, int] = {name: code for code, name in enumerate(base.names)}
        self._codes = array("I")

    def of(self, overlay: Overlay, name: str, count: int) -> FacetCodes:
        known = self._known
        for frame in overlay.frames[len(self._codes) : count]:
            value = record_value(name, frame.record)
            self._codes.append(known.setdefault(None if value is ABSENT else value, len(known)))
        return _packed(self._codes[:count], known)


def _packed(codes: array[int], known: dict[str | None, int]) -> FacetCodes:
    kind = "B" if len(known) <= 1 << 8 else "H" if len(known) <= 1 << 16 else "I"
    narrow = array(kind, codes)
    return FacetCodes(narrow.tobytes(), narrow.itemsize, tuple(known))


def coded_values(facets: StoredFacets, facet: Facet) -> Iterator[tuple[int, Any]]:
    """(id, value) of every frame that has the facet's field."""
    if facet.encoding != CODED:
        ids = facet.ids
        yield from facets.read(facet.name, None if ids is None else dict.fromkeys(ids))
        return
    values = facets.values(facet)
    holders: Iterable[int] = range(len(facet.items)) if facet.ids is None else facet.ids
    yield from ((i, values[int(code) - 1]) for i, code in zip(holders, facet.items, strict=True) if code)


def field_value(name: str, fields: FrameFields) -> Any:
    """The value of a field in a frame, or ABSENT; ``name`` as that of a facet, or uri or title.

    No tags, or no labels, are no value.
    """
    if name.startswith(META):
        return _metadata_value(name, fields.metadata)
    if name == MODEL:
        return fields.metadata.get(MODEL, ABSENT)
    value = mime_of(fields.mime, fields.metadata) if name == "mime" else getattr(fields, name)
    return ABSENT if value is None or value == [] else value


def record_value(name: str, record: FrameRecord) -> Any:
    """The same of a whole record."""
    if name.startswith(META):
        return _metadata_value(name, record.extra_metadata)
    if name == MODEL:
        return record.extra_metadata.get(MODEL, ABSENT)
    value: Any
    if name == "mime":
        value = mime_of(None if record.metadata is None else record.metadata.mime, record.extra_metadata)
    else:
        value = getattr(record, name)
    return ABSENT if value is None or value == [] else value


def _metadata_value(name: str, stored: dict[str, str]) -> Any:
    key = name[len(META) :]
    text = stored.get(key)
    if text is not None or SEPARATOR not in key:
        return ABSENT if text is None else decode_value(text)
    first, *rest = key.split(SEPARATOR)
    text = stored.get(first)
    value = ABSENT if text is None else decode_value(text)
    for part in rest:
        value = value.get(part, ABSENT) if isinstance(value, dict) else ABSENT
    return value


def load_facets(base: Base) -> StoredFacets:
    """The facets a commit stores; made from its frames where there are none, or damaged ones."""
    stored = base.directory.facets
    if stored:
        try:
            block = decode_facets(stored)
            if block.frame_count == base.frame_count:
                return StoredFacets(base, block)
        except FormatError:
            pass
    return StoredFacets(base, decode_facets(facets_of_frames(base)))


def facets_of_frames(base: Base) -> bytes:
    """Encoded facets made from a walk over the frames; one that does not decode has none."""
    builder = FacetBuilder(None)
    contents, starts = base.contents, base.directory.starts
    for frame_id in range(base.frame_count):
        try:
            fields = decode_fields(contents, starts[frame_id], starts[frame_id + 1])
        except FormatError:
            continue
        builder.add(frame_id, fields, mime_of(fields.mime, fields.metadata), fields.metadata)
    return builder.finish(base.frame_count)


class Facets:
    """The facets of a view, pending frames included."""

    def __init__(self, view: View) -> None:
        self._view = view
        self.frame_count = view.frame_count
        self._codes: dict[str, FacetCodes] = {}

    @property
    def stored(self) -> StoredFacets | None:
        """The facets of the frames in the contents; None when it has none."""
        return self._view.base.facets if self._view.base.frame_count else None

    def codes(self, name: str) -> FacetCodes:
        """A code for each frame of the view.

        Args:
            name: ``"track"``, ``"kind"``, ``"mime"`` or ``"mv2:model"``.
        """
        found = self._codes.get(name)
        if found is None:
            if name not in TEXT_FIELDS:
                raise ValueError(f"{name!r} is none of {', '.join(TEXT_FIELDS)}")
            found = self._codes[name] = self._make_codes(name)
        return found

    def having(self, name: str, value: str) -> Iterator[int]:
        """Frames of the view with that value, ascending, whatever their role and status.

        Args:
            name: as in ``codes``.
        """
        codes = self.codes(name)
        try:
            code = codes.names.index(value)
        except ValueError:
            return iter(())
        wanted = code.to_bytes(codes.width, "little")
        return _forward(codes.raw, wanted, 0, len(codes.raw))

    def _make_codes(self, name: str) -> FacetCodes:
        view, stored = self._view, self.stored
        base_count = view.base.frame_count
        base = FacetCodes(b"", 1, (None,)) if stored is None else stored.codes(name)
        if view.frame_count <= base_count:
            return FacetCodes(base.raw[: view.frame_count * base.width], base.width, base.names)
        count = view.frame_count - base_count
        if stored is None:
            return _PendingCodes(base).of(view.overlay, name, count)
        added = stored.pending_codes(view.overlay, name, count)
        width = max(base.width, added.width)
        return FacetCodes(_widened(base, width) + _widened(added, width), width, added.names)

    def track_neighbours(self, frame_id: int, before: int, after: int) -> list[int]:
        """Active documents next to a frame in its track, by frame id, ascending; without the frame.

        At most REACH frames are looked at on each side. Chunks are no neighbours, nor is a
        chunk's own document.

        Args:
            before, after: at most so many on each side.
        """
        codes = self.codes("track")
        width, at = codes.width, frame_id * codes.width
        wanted = codes.raw[at : at + width]
        if not any(wanted):
            return []
        own = self._view.parent(frame_id) if self._view.role(frame_id) == ROLE_CHUNK else None
        low, high = max(0, at - REACH * width), at + (REACH + 1) * width
        earlier = self._first(_backward(codes.raw, wanted, low, at), before, own)
        later = self._first(_forward(codes.raw, wanted, at + width, high), after, own)
        return [*reversed(earlier), *later]

    def _first(self, candidates: Iterator[int], count: int, own: int | None) -> list[int]:
        view, found = self._view, []
        if count <= 0:
            return []
        for checked, frame_id in enumerate(candidates, 1):
            if frame_id != own and view.role(frame_id) != ROLE_CHUNK and view.is_active(frame_id):
                found.append(frame_id)
            if len(found) >= count or checked >= MOST_CHECKED:
                break
        return found


def _widened(codes: FacetCodes, width: int) -> bytes:
    if codes.width == width:
        return codes.raw
    kinds = {1: "B", 2: "H", 4: "I"}
    return array(kinds[width], memoryview(codes.raw).cast(kinds[codes.width])).tobytes()  # type: ignore[call-overload]


def _forward(raw: bytes, wanted: bytes, start: int, end: int) -> Iterator[int]:
    """Frames that have the code, from one byte to another."""
    width = len(wanted)
    at = raw.find(wanted, start, end)
    while at >= 0:
        if at % width == 0:
            yield at // width
        at = raw.find(wanted, at + 1, end)


def _backward(raw: bytes, wanted: bytes, start: int, end: int) -> Iterator[int]:
    width = len(wanted)
    at = raw.rfind(wanted, start, end)
    while at >= 0:
        if at % width == 0:
            yield at // width
        at = raw.rfind(wanted, start, at + width - 1)
