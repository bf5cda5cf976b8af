"""Writing records into a memory: documents with their ids, times, versions and ends.

Into an empty memory they come as they were. Into another one they are merged: ids move, what
is there already is recognised, and versions made on both sides meet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from heapq import heappop, heappush
from typing import Final, Literal, TypeAlias

from mv2._record import dataclass
from mv2.errors import DuplicateUriError, InvalidArgumentError
from mv2.format.checksum import digest
from mv2.format.frame import (
    ANCHOR_CLOCK,
    ROLE_CHUNK,
    STATUS_ACTIVE,
    STATUS_DELETED,
    STATUS_SUPERSEDED,
    FrameRecord,
)
from mv2.ingest.documents import Prepared
from mv2.ingest.embedding import FileVectors, has_vectors
from mv2.ingest.metadata import decode_metadata
from mv2.ingest.mutations import capacity_limit, check_room, name_chunks
from mv2.ingest.record_entries import ROLES, prepared_record
from mv2.ingest.records import Record, RecordChunk
from mv2.ingest.times import to_seconds
from mv2.storage.bulk import BulkWriter, End
from mv2.storage.overlay import Change
from mv2.storage.reserved import mime_of
from mv2.storage.store import Store
from mv2.storage.view import View

RestoreConflict: TypeAlias = Literal["version", "keep_both", "skip", "error"]
Progress: TypeAlias = Callable[[int, "int | None"], object]
_CONFLICTS: Final = ("version", "keep_both", "skip", "error")
_AUTO_URI: Final = "mv2://frames/"
_LARGEST_ID: Final = 1 << 53


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A uri that was active on both sides of a merge.

    Attributes:
        uri: the uri.
        source_id, target_id: the two documents, each by its id in its own memory.
        kept: which is active now: ``"source"``, ``"target"`` or ``"both"``.
    """

    uri: str
    source_id: int
    target_id: int
    kept: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreReport:
    """What ``restore`` did.

    Attributes:
        ids: the id in this memory by the id in the records; chunks are among them.
        added: documents and versions that were written.
        known: those that were there already.
        skipped: those that were left out for the sake of a document with their uri.
        conflicts: uris that were active on both sides.
    """

    ids: Mapping[int, int] = field(default_factory=dict)
    added: int = 0
    known: int = 0
    skipped: int = 0
    conflicts: tuple[Conflict, ...] = ()


def restore(
    store: Store, records: Iterable[Record], *, on_conflict: RestoreConflict, progress: Progress | None
) -> RestoreReport:
    """Write records in one commit; see ``Memvid.restore``."""
    if on_conflict not in _CONFLICTS:
        raise InvalidArgumentError(
            f"on_conflict {on_conflict!r} is unknown", remedy=f"Use one of {', '.join(_CONFLICTS)}."
        )
    total = len(records) if isinstance(records, Sequence) else None
    done = 0
    with store.bulk() as bulk:
        restorer = _Restorer(bulk, on_conflict)
        for done, record in enumerate(records, 1):
            restorer.take(record)
            if progress is not None and done % 100 == 0:
                progress(done, total)
        restorer.finish()
    if progress is not None:
        progress(done, done)
    return restorer.report()


class _Restorer:
    """Takes the records of one call, in ascending order of their ids."""

    def __init__(self, bulk: BulkWriter, on_conflict: RestoreConflict) -> None:
        self._bulk = bulk
        self._on_conflict = on_conflict
        self._ids: dict[int, int] = {}
        self._named: set[int] = set()
        self._last = -1
        self._ends = _Ends(bulk)
        self._there = _There(bulk.view) if bulk.view.frame_count else None
        self._vectors = FileVectors.of(bulk.view) if bulk.view.vector_dimension else None
        self._limited = capacity_limit(bulk.view) is not None
        self._added = self._known = self._skipped = 0
        self._conflicts: list[Conflict] = []

    def report(self) -> RestoreReport:
        return RestoreReport(
            ids=self._ids,
            added=self._added,
            known=self._known,
            skipped=self._skipped,
            conflicts=tuple(self._conflicts),
        )

    def finish(self) -> None:
        """The last record came: what was still open is decided."""
        self._ends.finish()

    def take(self, record: Record) -> None:
        """Write one record, or recognise it.

        Raises:
            InvalidArgumentError: it is no record, out of order, or cannot be stored.
            DuplicateUriError: its uri is taken, and conflicts are errors.
        """
        if not isinstance(record, Record):
            raise InvalidArgumentError(f"{type(record).__name__} is not a record", remedy="Give mv2.Record.")
        _check_numbers(record)
        if record.id <= self._last:
            raise InvalidArgumentError(
                f"record {record.id} comes behind record {self._last}",
                remedy="Give records in ascending order of their ids, as records() does.",
            )
        self._last = record.id
        self._ends.arrived(record.id)
        uri = self._uri(record)
        known = self._there.find(record, uri) if self._there is not None else None
        if known is not None:
            self._recognise(record, known)
        elif self._is_unwanted(uri):
            self._skipped += 1
        else:
            self._add(record, prepared_record(record, uri))
            self._added += 1
        if record.id in self._ids:
            self._ends.mapped(record.id, self._ids[record.id])

    def _uri(self, record: Record) -> str | None:
        """The uri in this memory: one that only named a frame by its id names it by the new one."""
        uri = record.uri
        if uri is None:
            return None
        if uri == f"{_AUTO_URI}{record.id}":
            self._named.add(record.id)
            return None
        number = uri.removeprefix(_AUTO_URI)
        if number != uri and number.isdecimal() and int(number) in self._named and int(number) in self._ids:
            return f"{_AUTO_URI}{self._ids[int(number)]}"
        return uri

    # --- what is there already ----------------------------------------------------------

    def _recognise(self, record: Record, known: int) -> None:
        """The document is there; its deletion may be news."""
        self._known += 1
        self._map(record, known, self._bulk.children(known))
        if record.status == "deleted" and self._on_conflict != "skip" and self._bulk.is_active(known):
            at = record.deleted_at if record.deleted_at is not None else _moment(record)
            self._retire(known, Change(STATUS_DELETED, at, self._bulk.next_id()))

    def _is_unwanted(self, uri: str | None) -> bool:
        if self._on_conflict != "skip" or uri is None or self._there is None:
            return False
        return self._bulk.view.active_id_of_uri(uri) is not None

    def _retire(self, frame_id: int, change: Change) -> None:
        """End a document of this memory, and its chunks with it."""
        self._bulk.retire(frame_id, change)
        for child in self._bulk.children(frame_id):
            if self._bulk.is_active(child):
                self._bulk.retire(child, replace(change, status=STATUS_DELETED, superseded_by=None))

    # --- what is new --------------------------------------------------------------------

    def _add(self, record: Record, prepared: Prepared) -> None:
        bulk = self._bulk
        if self._limited:
            check_room(bulk.view, prepared, bulk.size())
        if self._vectors is not None and has_vectors(prepared):
            self._vectors.take(prepared)
        new = bulk.next_id()
        older = None if record.supersedes is None else self._ids.get(record.supersedes)
        rivals = self._rivals(record, prepared.head.uri, older)
        supersedes, loser = older, None
        if rivals:
            target = rivals[-1]
            wins = self._settle(record, rivals)
            loser = None if wins else target
            if wins and older is None and self._on_conflict == "version":
                supersedes = target
        ends = self._ends_of(record, new)
        if loser is not None:
            ends = self._lost(record, new, loser)
        self._share(prepared, older)
        name_chunks(prepared.entries, f"{_AUTO_URI}{new}")
        ids = bulk.add_past(prepared.entries, prepared.texts, supersedes=supersedes, ends=ends)
        self._map(record, ids[0], ids[1:])
        self._replace_older(record, new, older)
        if rivals and loser is None and self._on_conflict == "version":
            for rival in rivals:
                successor = new if rival == supersedes else None
                self._retire(rival, Change(STATUS_SUPERSEDED, _moment(record), new, successor))
        if record.status != "active":
            self._ends.expect(record, ids)

    def _map(self, record: Record, head: int, children: Sequence[int]) -> None:
        self._ids[record.id] = head
        for chunk, child in zip(record.chunks, children, strict=False):
            self._ids[chunk.id] = child

    def _ends_of(self, record: Record, new: int) -> list[End | None]:
        """Ends of a document and its chunks, their ids as they will be if nothing else moves."""
        shift = new - record.id
        if record.status == "active":
            return [None, *(_own_end(chunk) for chunk in record.chunks)]
        deleted = record.status == "deleted"
        status = STATUS_DELETED if deleted else STATUS_SUPERSEDED
        at = record.deleted_at if deleted else record.replaced_at
        position = None if record.ended_before is None else record.ended_before + shift
        end = End(status, at, position, self._successor(record, shift))
        return [end, *[End(STATUS_DELETED, at, position)] * len(record.chunks)]

    def _successor(self, record: Record, shift: int) -> int | None:
        newer = record.superseded_by
        if newer is None or newer > record.id:
            return None if newer is None else newer + shift
        return _successor_here(self._bulk, self._ids.get(newer))

    def _replace_older(self, record: Record, new: int, older: int | None) -> None:
        """The version before ends with this one, where it was there and still active."""
        if older is not None and self._bulk.is_active(older):
            self._retire(older, Change(STATUS_SUPERSEDED, _moment(record), new, new))

    def _rivals(self, record: Record, uri: str | None, older: int | None) -> list[int]:
        """Active documents of this memory that a new active one meets under its uri."""
        if self._there is None or uri is None or record.status != "active" or self._on_conflict == "skip":
            return []
        view = self._bulk.view
        found = [i for i in view.ids_of_uri(uri) if i != older and view.role(i) != ROLE_CHUNK]
        return [i for i in found if self._bulk.is_active(i)]

    def _settle(self, record: Record, rivals: Sequence[int]) -> bool:
        """Whether a new document is active beside, or instead of, those with its uri."""
        target, uri = rivals[-1], record.uri or ""
        if self._on_conflict == "error":
            raise DuplicateUriError(
                f"frame {target} has the uri {uri}, as record {record.id} has",
                remedy='Use on_conflict="version", "keep_both" or "skip".',
            )
        newest = max(_frame_moment(self._bulk.record(rival)) for rival in rivals)
        wins = self._on_conflict == "keep_both" or _moment(record) >= newest
        kept = "both" if self._on_conflict == "keep_both" else "source" if wins else "target"
        self._conflicts.append(Conflict(uri=uri, source_id=record.id, target_id=target, kept=kept))
        return wins

    def _lost(self, record: Record, new: int, winner: int) -> list[End | None]:
        """Ends of a document whose uri has a newer one already."""
        rival = self._bulk.record(winner)
        at, position = _frame_moment(rival), new + 1 + len(record.chunks)
        successor = winner if rival.supersedes is None else None
        end = End(STATUS_SUPERSEDED, at, position, successor)
        return [end, *[End(STATUS_DELETED, at, position)] * len(record.chunks)]

    def _share(self, prepared: Prepared, older: int | None) -> None:
        """Content that the version before has, too, is stored once."""
        if older is None or older < self._bulk.view.frame_count:
            return
        before = self._bulk.record(older)
        if before.status == STATUS_ACTIVE:
            return
        sources = [older, *self._bulk.children(older)]
        for entry, source in zip(prepared.entries, sources, strict=False):
            stored = before if source == older else self._bulk.record(source)
            same = (
                entry.payload
                and stored.status != STATUS_ACTIVE
                and stored.payload_length == len(entry.payload)
                and stored.canonical_encoding == entry.canonical_encoding
                and stored.checksum == digest(entry.payload)
            )
            if same:
                entry.payload, entry.reuse_payload_from = b"", source


def _check_numbers(record: Record) -> None:
    """Refuse ids and times that no memory can have."""
    ids = (record.id, record.supersedes, record.superseded_by, record.ended_before)
    for number in (*ids, *(chunk.id for chunk in record.chunks)):
        if number is not None and not (isinstance(number, int) and 0 <= number <= _LARGEST_ID):
            raise InvalidArgumentError(f"record {record.id!r} has the id {number!r}")
    for moment in (record.put_at, record.deleted_at, record.replaced_at):
        if moment is not None:
            to_seconds(moment, f"a time of record {record.id}")


def _successor_here(bulk: BulkWriter, frame_id: int | None) -> int | None:
    """A newer version as a link, unless it was here before and names another one as its predecessor."""
    was_here = frame_id is not None and frame_id < bulk.view.frame_count
    return None if was_here and bulk.record(frame_id or 0).supersedes is not None else frame_id


def _own_end(chunk: RecordChunk) -> End | None:
    return End(STATUS_DELETED, chunk.own["deleted_at"], None) if "deleted_at" in chunk.own else None


def _moment(record: Record) -> int:
    return record.timestamp if record.put_at is None else record.put_at


def _frame_moment(record: FrameRecord) -> int:
    put_at = record.anchor_ts if record.anchor_source == ANCHOR_CLOCK else None
    return record.timestamp if put_at is None else put_at


class _Ends:
    """Ends whose places in this memory are known only when later records have come.

    Frames are written with the places they have if ids move as evenly as at that moment; only
    what turns out otherwise is corrected.
    """

    def __init__(self, bulk: BulkWriter) -> None:
        self._bulk = bulk
        self._positions: list[tuple[int, int, int]] = []
        self._successors: defaultdict[int, list[int]] = defaultdict(list)
        self._expected: dict[int, int] = {}

    def expect(self, record: Record, ids: Sequence[int]) -> None:
        """A document that had ended was written under these ids, its chunks' included."""
        if record.ended_before is not None:
            place = record.ended_before + ids[0] - record.id
            for frame_id in ids:
                heappush(self._positions, (record.ended_before, frame_id, place))
        if record.superseded_by is not None and record.superseded_by > record.id:
            self._successors[record.superseded_by].append(ids[0])
            self._expected[ids[0]] = record.superseded_by + ids[0] - record.id

    def arrived(self, source_id: int) -> None:
        """A record is about to be written: what ended before it came ended at this point."""
        while self._positions and self._positions[0][0] <= source_id:
            self._place(self._bulk.next_id())

    def mapped(self, source_id: int, frame_id: int) -> None:
        """A record has got its id."""
        for older in self._successors.pop(source_id, ()):
            if self._expected.pop(older) != frame_id:
                self._bulk.correct_end(older, None, _successor_here(self._bulk, frame_id))

    def finish(self) -> None:
        """No more records come; successors that never came are none."""
        for older in self._expected:
            self._bulk.correct_end(older, None, None)
        while self._positions:
            self._place(self._bulk.next_id())

    def _place(self, position: int) -> None:
        _, frame_id, expected = heappop(self._positions)
        if expected != position:
            self._bulk.correct_end(frame_id, position, self._bulk.record(frame_id).superseded_by)


class _There:
    """Recognises documents that a memory has already, from an earlier merge say."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._taken: set[int] = set()
        self._by_time: dict[tuple[int, int], list[int]] | None = None

    def find(self, record: Record, uri: str | None) -> int | None:
        """The document that is the same in all that does not change with time, or None."""
        candidates = self._unnamed(record) if uri is None else self._view.ids_of_uri(uri)
        for frame_id in candidates:
            if frame_id not in self._taken and self._is_same(self._view.record(frame_id), record, uri):
                self._taken.add(frame_id)
                return frame_id
        return None

    def _unnamed(self, record: Record) -> Sequence[int]:
        """Documents without a uri of their own that were put at the same moment."""
        if self._by_time is None:
            self._by_time = defaultdict(list)
            for frame_id in range(self._view.frame_count):
                if self._view.role(frame_id) != ROLE_CHUNK:
                    frame = self._view.record(frame_id)
                    if frame.uri == f"{_AUTO_URI}{frame_id}":
                        self._by_time[_frame_moment(frame), frame.timestamp].append(frame_id)
        return self._by_time.get((_moment(record), record.timestamp), ())

    def _is_same(self, frame: FrameRecord, record: Record, uri: str | None) -> bool:
        uri = f"{_AUTO_URI}{frame.id}" if uri is None else uri
        mime = mime_of(None if frame.metadata is None else frame.metadata.mime, frame.extra_metadata)
        put_at = frame.anchor_ts if frame.anchor_source == ANCHOR_CLOCK else None
        ours = (frame.uri, frame.timestamp, put_at, frame.title, frame.kind, frame.track, mime, frame.role)
        theirs = (
            uri, record.timestamp, record.put_at, record.title, record.kind, record.track, record.mime,
            ROLES.get(record.role),
        )  # fmt: skip
        return (
            ours == theirs
            and (tuple(frame.tags), tuple(frame.labels)) == (tuple(record.tags), tuple(record.labels))
            and decode_metadata(frame.extra_metadata) == dict(record.metadata)
            and self._view.content(frame.id, frame) == record.content
        )
