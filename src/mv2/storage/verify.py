"""``verify``: every checksum, the structure, and the counts; it changes nothing."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable

from mv2.errors import ChecksumError, CorruptFileError, Error
from mv2.format.checksum import digest
from mv2.format.commit_record import HEADER_POSITION, RECORD_SIZE, encode_commit_record
from mv2.format.contents import ContentsTail, verify_contents_checksum
from mv2.format.footer import FOOTER_SIZE, Footer, encode_footer
from mv2.format.frame import ROLE_CHUNK, ROLE_DOCUMENT, STATUS_ACTIVE, STATUS_SUPERSEDED, FrameRecord
from mv2.format.header import HEADER_SIZE
from mv2.format.sketch import decode_sketch_track
from mv2.format.time_index import decode_time_index
from mv2.format.vectors import decode_vectors
from mv2.storage.assemble import count_states
from mv2.storage.base import Base, vector_ranges
from mv2.storage.capacity import payload_bytes
from mv2.storage.commit import SECTOR_SIZE, encode_header_page
from mv2.storage.directory import from_scan
from mv2.storage.facet_check import fault_of_facets
from mv2.storage.state import LiveState
from mv2.storage.store import Store
from mv2.storage.view import View
from mv2.types import Finding, VerifyReport


def verify_store(
    store: Store, *, deep: bool, check_index: Callable[[View], Iterable[Finding]]
) -> VerifyReport:
    """Check the newest state of an open store; see ``Memvid.verify``.

    Args:
        check_index: compares the embedded index with the frames; called when ``deep``.
    """
    started = time.perf_counter()
    view = store.view()
    check = _Check(store.state, view, deep)
    check.run()
    if deep:
        check.findings += check_index(view)
    errors = [finding for finding in check.findings if finding.severity == "error"]
    return VerifyReport(
        path=store.path,
        ok=not errors,
        deep=deep,
        findings=tuple(check.findings),
        frames_checked=check.frames_checked,
        bytes_checked=check.bytes_checked,
        took_ms=(time.perf_counter() - started) * 1000,
    )


class _Check:
    """One run; collects findings instead of stopping at the first."""

    def __init__(self, state: LiveState, view: View, deep: bool) -> None:
        self.state = state
        self.view = view
        self.base: Base = view.base
        self.deep = deep
        self.findings: list[Finding] = list(state.findings)
        self.frames_checked = 0
        self.bytes_checked = 0

    def run(self) -> None:
        """All checks, the cheap ones first."""
        checks: list[Callable[[], None]] = [
            self._header, self._contents, self._accelerator, self._log, self._tracks, self._vectors,
            self._time_index, self._frames,
        ]  # fmt: skip
        for check in checks:
            try:
                check()
            except Error as error:
                self._error("unreadable", error.message, offset=error.offset)

    def _error(self, code: str, message: str, *, offset: int | None = None, frame: int | None = None) -> None:
        self.findings.append(
            Finding(code=code, severity="error", message=message, offset=offset, frame_id=frame)
        )

    def _note(self, code: str, message: str, offset: int | None = None) -> None:
        self.findings.append(Finding(code=code, severity="info", message=message, offset=offset))

    # --- header and contents --------------------------------------------------------

    def _header(self) -> None:
        """The header is exactly what the commit wrote, all 4 KiB of it."""
        record = self.base.anchor.record
        page = self.view.file.read(0, HEADER_SIZE)
        self.bytes_checked += len(page)
        if record is None:
            self._note("foreign_commit", "the original engine wrote this file last; some checks do not apply")
            return
        checksum = bytes(self.base.contents[-32:])
        if page != encode_header_page(record, checksum):
            wanted = encode_header_page(record, checksum)
            place = next(i for i, (a, b) in enumerate(zip(page, wanted, strict=False)) if a != b)
            where = "commit record" if HEADER_POSITION <= place < SECTOR_SIZE else "header"
            self._error("header_damaged", f"the {where} is not what the commit wrote", offset=place)

    def _contents(self) -> None:
        anchor, base = self.base.anchor, self.base
        contents = base.contents
        self.bytes_checked += len(contents)
        if not verify_contents_checksum(contents):
            self._error(
                "contents_checksum", "the contents fail their own checksum", offset=anchor.contents_offset
            )
        footer = base.file.read(anchor.contents_offset + anchor.contents_length, FOOTER_SIZE)
        wanted = encode_footer(Footer(anchor.contents_length, anchor.contents_digest, self._generation()))
        if footer != wanted:
            place = anchor.contents_offset + anchor.contents_length
            self._error("footer_damaged", "the commit footer is not what the commit wrote", offset=place)
        record = anchor.record
        if record is not None:
            place = anchor.contents_offset - RECORD_SIZE
            if base.file.read(place, RECORD_SIZE) != encode_commit_record(record):
                self._error("commit_copy_damaged", "the copy of the commit record is damaged", offset=place)

    def _generation(self) -> int:
        record = self.base.anchor.record
        return self.base.anchor.generation if record is None else record.generation

    def _accelerator(self) -> None:
        """The frame directory says what a walk over the contents says."""
        record = self.base.anchor.record
        scanned = from_scan(self.base.contents, self.base.scanned())
        scanned.vector_place = self.base.directory.vector_place
        scanned.commits = self.base.directory.commits  # the frames say nothing of them
        scanned.facets = self.base.directory.facets  # looked at below
        if record is None:
            return
        self.bytes_checked += record.accelerator_length
        data = self.base.file.read(record.accelerator_offset, record.accelerator_length)
        if digest(data) != record.accelerator_digest:
            self._error(
                "accelerator_damaged", "the accelerator block is damaged; it is not used and will be rebuilt",
                offset=record.accelerator_offset,
            )  # fmt: skip
        elif data != scanned.encode(self.base.anchor.contents_digest):
            self._error(
                "accelerator_wrong", "the accelerator block does not describe the contents",
                offset=record.accelerator_offset,
            )  # fmt: skip
        elif self.deep and (fault := fault_of_facets(self.base)) is not None:
            self._error(
                "facets_wrong", f"the columns of filters do not describe the contents: {fault}",
                offset=record.accelerator_offset,
            )  # fmt: skip
        active, documents = count_states(scanned)
        counted = (len(scanned), active, documents)
        if counted != (record.frame_count, record.active_count, record.document_count):
            self._error(
                "counts_differ", f"the commit record counts other frames than the contents hold ({counted})"
            )

    def _log(self) -> None:
        if self.state.unfinished:
            self._error(
                "log_unfinished",
                "the log ends in a record that was not written whole: a crash during a write that was never "
                "acknowledged, or damage; the next writer clears it",
                offset=self.base.anchor.log_offset + self.state.log.head,
            )

    # --- tracks -----------------------------------------------------------------------

    def _range(self, what: str, offset: int, length: int, wanted: bytes) -> bytes | None:
        self.bytes_checked += length
        try:
            return self.base.read_verified(offset, length, wanted, what)
        except ChecksumError as error:
            self._error("range_damaged", error.message, offset=offset)
            return None

    def _tracks(self) -> None:
        tail: ContentsTail = self.base.tail
        for descriptor in tail.catalogue.tantivy_segments:
            self._range(
                f"the index file {descriptor.path}", descriptor.offset, descriptor.length, descriptor.digest
            )
        listed = [(s.path, s.offset, s.length, s.digest) for s in tail.indexes.lex_segments]
        if listed != [(d.path, d.offset, d.length, d.digest) for d in tail.catalogue.tantivy_segments]:
            self._error("lexical_catalogue", "the two lists of index files differ")
        for name, manifest in (("memories track", tail.memories_track), ("logic mesh", tail.logic_mesh)):
            if manifest is not None:
                self._range(f"the {name}", manifest.offset, manifest.length, manifest.digest)
        sketch = tail.sketch_track
        if sketch is not None:
            data = self._range("the sketch track", sketch.offset, sketch.length, sketch.digest)
            if data is not None:
                decode_sketch_track(data, sketch.entry_count)
            if self.base.anchor.record is not None and sketch.entry_count != self.base.frame_count:
                self._error(
                    "sketch_count", "the sketch track has not one entry per frame", offset=sketch.offset
                )

    def _vectors(self) -> None:
        ours = self.base.anchor.record is not None
        for descriptor in vector_ranges(self.base.tail) if ours else self.base.tail.catalogue.vec_segments:
            data = self._range("a vector segment", descriptor.offset, descriptor.length, descriptor.digest)
            if data is None:
                continue
            segment = decode_vectors(data, descriptor.vector_compression)
            if len(segment.ids) != descriptor.vector_count:
                self._error(
                    "vector_count", "a vector segment has another number of vectors", offset=descriptor.offset
                )
            if any(frame_id >= self.base.frame_count for frame_id in segment.ids):
                self._error("vector_frame", "a vector belongs to no frame", offset=descriptor.offset)
        place = self.base.vector_place
        if place is not None:
            self.bytes_checked += place[1]
            if self.base.vector_block is None:
                self._error(
                    "vector_block_damaged",
                    "what was derived from the vectors is damaged, or of others; it is not used and will be "
                    "rebuilt",
                    offset=place[0],
                )
        manifest = self.base.tail.indexes.vec
        if not ours and manifest is not None and manifest.length:
            try:
                self.base.read_verified(manifest.offset, manifest.length, manifest.digest, "the vector index")
            except ChecksumError:
                self._error(
                    "stale_vectors", "the vector index points at other bytes: its vectors are lost",
                    offset=manifest.offset,
                )  # fmt: skip

    def _time_index(self) -> None:
        manifest = self.base.tail.time_index
        if manifest is None:
            return
        data = self._range("the time index", manifest.offset, manifest.length, manifest.digest)
        if data is None:
            return
        times, ids = decode_time_index(data)
        directory = self.base.directory
        wanted = sorted(
            (directory.timestamps[i], i) for i in self.base.active_ids() if directory.role(i) == ROLE_DOCUMENT
        )
        if list(zip(times, ids, strict=True)) != wanted:
            self._error(
                "time_index_wrong",
                "the time index does not list the active documents",
                offset=manifest.offset,
            )

    # --- frames -----------------------------------------------------------------------

    def _frames(self) -> None:
        ranges: list[tuple[int, int, int]] = []
        stored: dict[int, int] = {}
        for frame_id in range(self.view.frame_count):
            self.frames_checked += 1
            try:
                record = self.view.record(frame_id)
            except CorruptFileError as error:
                self._error("frame_damaged", error.message, offset=error.offset, frame=frame_id)
                continue
            try:
                self._frame(frame_id, record)
            except CorruptFileError as error:
                self._error("frame_damaged", error.message, offset=error.offset, frame=frame_id)
            if frame_id < self.base.frame_count and record.payload_length:
                stored[record.payload_offset] = record.payload_length
                if record.status == STATUS_ACTIVE:
                    ranges.append((record.payload_offset, record.payload_length, frame_id))
        ranges.sort()
        for (start, length, first), (other, _, second) in itertools.pairwise(ranges):
            if start + length > other:
                self._error(
                    "payload_overlap", f"frames {first} and {second} overlap", offset=other, frame=second
                )
        if self.base.anchor.record is not None and sum(stored.values()) != payload_bytes(self.base):
            self._error("payload_bytes", "the commit record counts other payload bytes than the frames have")

    def _frame(self, frame_id: int, record: FrameRecord) -> None:
        if record.id != frame_id:
            self._error("frame_id", f"frame {frame_id} calls itself {record.id}", frame=frame_id)
        payload = self.view.payload(frame_id)
        self.bytes_checked += len(payload)
        if self.deep:
            raw = self.view.content(frame_id, record)
            if record.canonical_length is not None and payload and len(raw) != record.canonical_length:
                self._error("content_length", f"frame {frame_id} decodes to {len(raw)} bytes", frame=frame_id)
            self._links(frame_id, record, raw)

    def _links(self, frame_id: int, record: FrameRecord, raw: bytes) -> None:
        """Parents, successors and digests agree."""
        for other in (record.parent_id, record.supersedes, record.superseded_by):
            if other is not None and other >= self.view.frame_count:
                self._error(
                    "frame_link", f"frame {frame_id} names frame {other}, which is not there", frame=frame_id
                )
                return
        if record.status == STATUS_SUPERSEDED and record.superseded_by is not None:
            newer = self.view.record(record.superseded_by)
            if newer.supersedes not in (frame_id, None):
                self._error("history", f"frame {frame_id} and its successor disagree", frame=frame_id)
        is_parent = record.chunk_manifest is not None and record.role != ROLE_CHUNK
        if is_parent and self.base.anchor.record is not None:
            if len(self.view.children(frame_id, record)) != record.chunk_count:
                self._error("chunks_missing", f"frame {frame_id} lacks some of its chunks", frame=frame_id)
            if record.source_sha256 is not None and digest(raw) != record.source_sha256:
                self._error(
                    "content_digest", f"the chunks of frame {frame_id} are not its text", frame=frame_id
                )
