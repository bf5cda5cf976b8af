"""The commit point: which contents the file holds now, and how that is found out.

The header is the only commit point. Resolution order:

1. header and our commit record agree: use them;
2. no commit record: the original engine wrote last, so its rules hold;
3. header, record or contents damaged: the previous contents the record names,
   else the newest footer that has a matching commit record, else the newest
   valid footer. That is a fallback, and it is reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import Literal, TypeAlias

from mv2._record import dataclass
from mv2.errors import ChecksumError, CorruptFileError, FormatError, NotAMemoryError
from mv2.format.checksum import digest
from mv2.format.commit_record import (
    HEADER_POSITION,
    RECORD_SIZE,
    CommitRecord,
    decode_commit_record,
    encode_commit_record,
)
from mv2.format.footer import FOOTER_MAGIC, FOOTER_SIZE, Footer, decode_footer, find_footers
from mv2.format.header import HEADER_SIZE, Header, decode_header, encode_header
from mv2.storage.device import File
from mv2.types import Finding

#: Bytes of the header that say which commit is current; read before every turn.
SECTOR_SIZE = HEADER_POSITION + RECORD_SIZE
#: What the header of a file that was replaced by compaction begins with.
GHOST_MAGIC = b"MV2\xffGONE"
#: Flags of a commit record: the file has tracks that pending records would cost in the
#: original; its ticket sets a limit.
FLAG_FRAGILE = 1
FLAG_LIMITED = 2
_WINDOW = 16 << 20
#: Hashing budget of a fallback search, so that a hostile file cannot make it slow.
_BUDGET_FACTOR = 4
_BUDGET_FLOOR = 64 << 20

Source: TypeAlias = Literal["header", "original", "fallback"]


@dataclass(slots=True)
class Anchor:
    """The commit that is current.

    Attributes:
        source: how it was found.
        record: our commit record, None in files the original wrote last.
        contents_offset, contents_length, contents_digest: where the contents are (bytes).
        log_offset, log_size, log_used_end: the log region, and the end of its used part.
        checkpoint_sequence: log records with a larger sequence are pending.
        generation: number of the commit, and the largest number seen anywhere.
        data_end: byte behind the footer.
        findings: what was wrong on the way here.
    """

    source: Source
    record: CommitRecord | None
    contents_offset: int
    contents_length: int
    contents_digest: bytes
    log_offset: int
    log_size: int
    log_used_end: int
    checkpoint_sequence: int
    generation: int
    data_end: int
    findings: list[Finding] = field(default_factory=list)

    @property
    def file_id(self) -> bytes | None:
        return None if self.record is None else self.record.file_id


class GhostError(Exception):
    """The open file was replaced by a compaction; the path names the living one."""


def _anchor_of_record(record: CommitRecord, source: Source) -> Anchor:
    return Anchor(
        source=source,
        record=record,
        contents_offset=record.contents_offset,
        contents_length=record.contents_length,
        contents_digest=record.contents_digest,
        log_offset=record.log_offset,
        log_size=record.log_size,
        log_used_end=record.log_used_end,
        checkpoint_sequence=record.checkpoint_sequence,
        generation=record.generation,
        data_end=record.data_end,
    )


def resolve(file: File) -> Anchor:
    """Find the current commit of an open file.

    Raises:
        NotAMemoryError: and its kinds, when the file is not an .mv2 file.
        CorruptFileError: it is one, and no contents can be found.
        GhostError: the file was replaced while it was open.
    """
    size = file.size()
    sector = file.read(0, SECTOR_SIZE)
    if sector.startswith(GHOST_MAGIC):
        raise GhostError
    if not sector:
        raise NotAMemoryError(
            f"{file.path} is empty", path=file.path, remedy='Open it with mode "a" to make a memory of it.'
        )
    header, header_error = _try_header(sector, file.path)
    record = _try_record(sector)
    if record is not None:
        anchor = _anchor_of_record(record, "header")
        if header is None:
            anchor.findings.append(_header_finding(header_error))
        elif (header.footer_offset, header.wal_sequence) != (
            record.contents_offset,
            record.checkpoint_sequence,
        ):
            anchor.findings.append(
                Finding(
                    code="header_torn",
                    severity="warning",
                    message="the header and its commit record name different commits; the record counts",
                    offset=8,
                )
            )
        return anchor
    ours = any(sector[HEADER_POSITION:])
    if header is not None and not ours:
        return _resolve_original(file, header, size)
    return _search(file, size, header, header_error)


def _header_finding(error: Exception | None) -> Finding:
    return Finding(
        code="header_damaged", severity="error", message=f"the header is damaged: {error}", offset=0
    )


def _try_header(sector: bytes, path: str) -> tuple[Header | None, CorruptFileError | None]:
    """The header, or why there is none. Capsules and newer versions are refused at once."""
    try:
        return decode_header(sector), None
    except NotAMemoryError as error:
        error.path = path
        if type(error) is not NotAMemoryError:
            raise
        return None, error
    except FormatError as error:
        return None, error


def _try_record(sector: bytes) -> CommitRecord | None:
    try:
        return decode_commit_record(sector[HEADER_POSITION:SECTOR_SIZE])
    except FormatError:
        return None


def _resolve_original(file: File, header: Header, size: int) -> Anchor:
    """The original's rules: contents at the header's offset up to the footer at the end."""
    end = size - FOOTER_SIZE
    if 0 < header.footer_offset < end:
        footer = _footer_at(file, end)
        if footer is not None and footer.contents_length == end - header.footer_offset:
            contents = file.read(header.footer_offset, footer.contents_length)
            if digest(contents) == footer.contents_digest:
                return _anchor_of_header(header, header.footer_offset, footer, "original")
    found = next(_valid_footers(file, size), None)
    if found is None:
        raise CorruptFileError(
            f"no contents could be found in {file.path}", path=file.path, remedy="Restore it from a copy."
        )
    offset, footer = found
    anchor = _anchor_of_header(header, offset, footer, "original")
    if offset != header.footer_offset:
        anchor.findings.append(
            Finding(
                code="header_footer_offset_mismatch",
                severity="warning",
                message="the header does not point at the last contents; the last valid footer counts",
                offset=8,
            )
        )
    return anchor


def _anchor_of_header(header: Header, offset: int, footer: Footer, source: Source) -> Anchor:
    return Anchor(
        source=source,
        record=None,
        contents_offset=offset,
        contents_length=footer.contents_length,
        contents_digest=footer.contents_digest,
        log_offset=header.wal_offset,
        log_size=header.wal_size,
        log_used_end=min(header.wal_checkpoint_pos, header.wal_size),
        checkpoint_sequence=header.wal_sequence,
        generation=footer.generation,
        data_end=offset + footer.contents_length + FOOTER_SIZE,
    )


def _footer_at(file: File, position: int) -> Footer | None:
    try:
        return decode_footer(file.read(position, FOOTER_SIZE))
    except FormatError:
        return None


def _valid_footers(file: File, end: int) -> Iterator[tuple[int, Footer]]:
    """(contents offset, footer) of every footer whose contents hash right, last first.

    Raises:
        CorruptFileError: so much would have to be hashed that the file must be hostile.
    """
    budget = max(_BUDGET_FLOOR, end * _BUDGET_FACTOR)
    high = end
    while high > 0:
        low = max(0, high - _WINDOW)
        window = file.read(low, high - low + FOOTER_SIZE)
        for place, footer in find_footers(window, low):
            position = place
            if position >= high:
                continue
            offset = position - footer.contents_length
            budget -= footer.contents_length
            if budget < 0:
                raise CorruptFileError(
                    f"{file.path} holds too many false footers to search", path=file.path, offset=position
                )
            if digest(file.read(offset, footer.contents_length)) == footer.contents_digest:
                yield offset, footer
        high = low


def record_before(file: File, contents_offset: int, contents_digest: bytes) -> CommitRecord | None:
    """The commit record that stands right before a contents, if it belongs to it."""
    if contents_offset < HEADER_SIZE + RECORD_SIZE:
        return None
    try:
        record = decode_commit_record(file.read(contents_offset - RECORD_SIZE, RECORD_SIZE))
    except FormatError:
        return None
    same = record.contents_offset == contents_offset and record.contents_digest == contents_digest
    return record if same else None


def _search(file: File, size: int, header: Header | None, error: CorruptFileError | None) -> Anchor:
    """Header or record damaged: the newest footer with a matching record, else the newest valid one."""
    first: tuple[int, Footer] | None = None
    for offset, footer in _valid_footers(file, size):
        first = first or (offset, footer)
        record = record_before(file, offset, footer.contents_digest)
        if record is not None:
            anchor = _anchor_of_record(record, "fallback")
            anchor.findings.append(
                _header_finding(error)
                if header is None
                else Finding(
                    code="commit_record_damaged",
                    severity="error",
                    message="the commit record in the header is damaged; the copy before the contents counts",
                    offset=HEADER_POSITION,
                )
            )
            return anchor
    if first is None or header is None:
        if first is None and isinstance(error, NotAMemoryError):
            raise error
        raise CorruptFileError(
            f"header and contents of {file.path} are damaged" if first is None else f"{error}",
            path=file.path,
            remedy="Restore it from a copy.",
        )
    anchor = _anchor_of_header(header, first[0], first[1], "fallback")
    anchor.findings.append(
        Finding(
            code="commit_record_damaged",
            severity="error",
            message="no commit record could be read; the newest valid footer counts",
            offset=HEADER_POSITION,
        )
    )
    return anchor


def previous(file: File, anchor: Anchor, reason: str) -> Anchor:
    """The newest contents older than the damaged ones of ``anchor``.

    Raises:
        ChecksumError: there is none.
    """
    record = anchor.record
    finding = Finding(
        code="contents_damaged",
        severity="error",
        message=f"the newest contents are damaged ({reason}); an earlier commit is shown",
        offset=anchor.contents_offset,
    )
    generation = anchor.generation
    if record is not None and record.previous_length:
        copy = record_before(file, record.previous_offset, record.previous_digest)
        data = file.read(record.previous_offset, record.previous_length)
        if copy is not None and digest(data) == record.previous_digest:
            return _older(_anchor_of_record(copy, "fallback"), generation, anchor, finding)
    best: Anchor | None = None
    for offset, footer in _valid_footers(file, file.size()):
        if offset == anchor.contents_offset:
            continue
        copy = record_before(file, offset, footer.contents_digest)
        if copy is not None and (record is None or copy.file_id == record.file_id):
            best = _anchor_of_record(copy, "fallback")
            break
        if best is None:
            best = Anchor(
                "fallback", None, offset, footer.contents_length, footer.contents_digest,
                anchor.log_offset, anchor.log_size, anchor.log_used_end,
                anchor.checkpoint_sequence, footer.generation, anchor.data_end,
            )  # fmt: skip
    if best is None:
        raise ChecksumError(
            f"the contents of {file.path} are damaged and no earlier ones are left",
            path=file.path,
            offset=anchor.contents_offset,
            remedy="Restore it from a copy; payloads can still be carved.",
        )
    return _older(best, generation, anchor, finding)


def _older(found: Anchor, generation: int, damaged: Anchor, finding: Finding) -> Anchor:
    found.generation = max(found.generation, generation)
    found.data_end = max(found.data_end, damaged.data_end)
    found.findings = [*damaged.findings, finding]
    return found


def encode_header_page(record: CommitRecord, contents_checksum: bytes) -> bytes:
    """The whole 4 KiB header for a commit; writing it is the commit.

    Args:
        contents_checksum: the checksum field of the contents (32 bytes), which the
            format copies into the header.
    """
    header = Header(
        footer_offset=record.contents_offset,
        wal_offset=record.log_offset,
        wal_size=record.log_size,
        wal_checkpoint_pos=record.log_used_end,
        wal_sequence=record.checkpoint_sequence,
        toc_checksum=contents_checksum,
    )
    page = bytearray(HEADER_SIZE)
    head = encode_header(header)
    page[: len(head)] = head
    page[HEADER_POSITION : HEADER_POSITION + RECORD_SIZE] = encode_commit_record(record)
    return bytes(page)


__all__ = ["FOOTER_MAGIC", "GHOST_MAGIC", "SECTOR_SIZE", "Anchor", "GhostError", "previous", "resolve"]
