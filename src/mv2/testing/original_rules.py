"""Whether the original engine would open a file, judged by its own rules.

The original refuses a file for one bad log record, checkpointed or not, and
destroys tracks when it finds records pending. These checks read the bytes
without any of this engine's storage code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mv2.format.checksum import digest
from mv2.format.contents import decode_contents
from mv2.format.footer import Footer, find_footers
from mv2.format.header import decode_header
from mv2.format.wal import RECORD_HEAD, decode_record_head

if TYPE_CHECKING:
    from collections.abc import Iterator


def complaints(data: bytes) -> list[str]:
    """Why the original would refuse a file at rest, or harm it; empty when all is well."""
    header = decode_header(data)
    found = _log_complaints(
        data[header.wal_offset : header.wal_offset + header.wal_size], header.wal_size, header.wal_sequence
    )
    last = next(_valid_footers(data), None)
    if last is None:
        return [*found, "no valid footer stands in the file"]
    offset, footer = last
    if offset != header.footer_offset:
        named = f"the header names contents at {header.footer_offset}"
        return [*found, f"{named}, the last valid footer others at {offset} (generation {footer.generation})"]
    decode_contents(data[offset : offset + footer.contents_length])
    return found


def _valid_footers(data: bytes) -> Iterator[tuple[int, Footer]]:
    """Contents that hash right, as (offset, footer), from the end of the file backwards."""
    for position, footer in find_footers(data):
        offset = position - footer.contents_length
        if digest(data[offset:position]) == footer.contents_digest:
            yield offset, footer


def _log_complaints(region: bytes, size: int, checkpointed: int) -> list[str]:
    if len(region) < size:
        return [f"the log region has {len(region)} of {size} bytes"]
    position, last = 0, 0
    while position + RECORD_HEAD <= size:
        head = decode_record_head(region, position)
        if head.is_sentinel:
            return []
        end = position + RECORD_HEAD + head.length
        if head.length == 0 or end > size or digest(region[position + RECORD_HEAD : end]) != head.digest:
            return [f"the log record at byte {position} of the region is bad (sequence {head.sequence})"]
        if head.sequence > checkpointed:
            return [f"the log record {head.sequence} is pending at rest (checkpointed: {checkpointed})"]
        if last and head.sequence != last + 1:
            return [f"log record {head.sequence} follows record {last}"]
        last, position = head.sequence, end
    return [f"no sentinel ends the log; only {size - position} bytes are left behind the last record"]
