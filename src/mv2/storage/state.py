"""What a handle knows of its file: the commit it stands on, and the log laid over.

``catch_up`` compares a few bytes with what is known and reads what is new. It
takes no lock: the header is read before and after, and when it changed in
between the reading is done again.
"""

from __future__ import annotations

import warnings

from mv2.errors import ChecksumError, CorruptFileError, FormatError, NotAMemoryError, RecoveryWarning
from mv2.format.wal import FrameEntry
from mv2.storage.base import Base
from mv2.storage.commit import SECTOR_SIZE, Anchor, previous, resolve
from mv2.storage.device import File
from mv2.storage.log import LogAppender, LogRegion, LogScan, first_pending, scan
from mv2.storage.overlay import Overlay
from mv2.storage.view import View
from mv2.types import Finding

_ATTEMPTS = 100


class LiveState:
    """The state of one open file.

    Attributes:
        anchor, base, overlay: the commit, its contents, and the pending entries.
        log: where the next record goes.
        unfinished: bytes behind the log's head belong to a write that was cut short.
        findings: what was wrong with the file when it was read.
    """

    anchor: Anchor
    base: Base
    overlay: Overlay
    log: LogAppender
    _unbound: bool

    def __init__(self, file: File, *, eager: bool) -> None:
        self.file = file
        self.unfinished = False
        self.findings: list[Finding] = []
        self._eager = eager
        self._sector: bytes | None = None
        self.catch_up()

    def view(self) -> View:
        return View(self.file, self.base, self.overlay)

    @property
    def needs_commit(self) -> bool:
        """The header does not name a commit of ours that the log could continue."""
        return self.anchor.source != "header" or self._unbound

    # --- reading ------------------------------------------------------------------

    def catch_up(self) -> None:
        """Read what other handles committed or appended since the last time.

        Raises:
            GhostError: the file was replaced by a compaction.
            CorruptFileError: it cannot be read any more.
        """
        for _ in range(_ATTEMPTS):
            sector = self.file.read(0, SECTOR_SIZE)
            if sector == self._sector:
                self._read_log_tail()
            else:
                self._load()
            if self.file.read(0, SECTOR_SIZE) == sector:
                self._sector = sector
                return
        raise CorruptFileError(f"{self.file.path} changes faster than it can be read", path=self.file.path)

    def forget(self) -> None:
        """Make the next ``catch_up`` read everything again."""
        self._sector = None

    def committed(self, anchor: Anchor, header: bytes) -> None:
        """Continue from a commit this handle has just written; reads nothing, so it cannot fail."""
        self._stand_on(anchor)
        self.overlay = Overlay(self.base.frame_count)
        self.log = self._appender(0, anchor.checkpoint_sequence + 1)
        self.unfinished = False
        self._unbound = False
        self._sector = header[:SECTOR_SIZE]

    def _stand_on(self, anchor: Anchor) -> None:
        self.anchor = anchor
        self.base = Base(self.file, anchor)
        self.findings = list(anchor.findings)

    def _load(self) -> None:
        self._stand_on(resolve(self.file))
        if self._eager or self.anchor.record is None:
            self._load_contents()
        self.overlay = Overlay(self.base.frame_count)
        self._load_log()
        self._report()

    def _load_contents(self) -> None:
        """Verify the contents; fall back to earlier ones when they are damaged."""
        for _ in range(_ATTEMPTS):
            try:
                self.base.load()
                return
            except (ChecksumError, FormatError) as error:
                findings = self.findings
                self._stand_on(previous(self.file, self.anchor, error.message))
                self.findings = [*findings, *(f for f in self.findings if f not in findings)]
        raise CorruptFileError(f"no contents of {self.file.path} can be read", path=self.file.path)

    def _report(self) -> None:
        serious = [finding for finding in self.findings if finding.severity == "error"]
        if serious:
            warnings.warn(
                f"{self.file.path}: " + "; ".join(finding.message for finding in serious),
                RecoveryWarning,
                stacklevel=2,
            )

    # --- the log ------------------------------------------------------------------

    def _appender(self, head: int, next_sequence: int) -> LogAppender:
        region = LogRegion(self.file, self.anchor.log_offset, self.anchor.log_size)
        return LogAppender(region, head, next_sequence)

    def _load_log(self) -> None:
        """Scan the whole log; what is pending is laid over the contents."""
        anchor = self.anchor
        if anchor.log_offset + anchor.log_size > self.file.size():
            raise NotAMemoryError(
                f"{self.file.path} is cut off inside its log", path=self.file.path, offset=self.file.size()
            )
        expected = anchor.checkpoint_sequence + 1
        self.log = self._appender(0, expected)
        self._unbound = False
        by_original = anchor.record is None
        position = first_pending(self.log.region, anchor.checkpoint_sequence, by_original=by_original)
        if position is None:
            self.unfinished = False
            return
        found = self._scan(position, expected)
        self.log.head = found.head if found.records or found.unfinished else 0
        self.log.synced = not found.records
        self._take(found)

    def _read_log_tail(self) -> None:
        """Read the records that were appended behind the known head."""
        log = self.log
        if not any(log.region.read(log.head, 16)):
            self.unfinished = False
            return
        found = self._scan(log.head, log.next_sequence)
        if found.records:
            log.synced = False
        self._take(found)

    def _scan(self, position: int, expected: int) -> LogScan:
        by_original = self.anchor.record is None
        found = scan(self.log.region, position, expected, synced_by_default=by_original)
        if found.damaged or found.unfinished:
            # A writer may be in the middle of it: what stays the same is so.
            found = scan(self.log.region, position, expected, synced_by_default=by_original)
        return found

    def _take(self, found: LogScan) -> None:
        for record in found.records:
            if record.entry is None:
                self.overlay.apply_damaged(record.sequence)
            elif isinstance(record.entry, FrameEntry):
                self.overlay.apply(record.sequence, record.entry)
        if found.records or found.unbound:
            self.log.head, self.log.next_sequence = found.head, found.next_sequence
        self.unfinished = found.unfinished
        if found.unfinished:
            self.log.clean = False
        self._unbound = found.unbound
        if found.unbound:
            self.findings.append(
                Finding(
                    code="log_unbound",
                    severity="error",
                    message="the log continues a later commit that cannot be read; its records are not shown",
                    offset=self.anchor.log_offset,
                )
            )
        for sequence in found.damaged:
            self.findings.append(
                Finding(
                    code="log_record_damaged",
                    severity="error",
                    message=f"log record {sequence} was acknowledged and cannot be read; its id is held",
                    offset=self.anchor.log_offset,
                )
            )
        if found.damaged:
            self._report()
