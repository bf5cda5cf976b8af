"""Whether the original engine would open a file, judged by its own rules.

The original refuses a file for one bad log record, checkpointed or not, and
destroys tracks when it finds records pending. These checks read the bytes
without any of this engine's storage code.
"""

from __future__ import annotations

from mv2.format.checksum import digest
from mv2.format.contents import decode_contents
from mv2.format.footer import FOOTER_SIZE, decode_footer
from mv2.format.header import decode_header
from mv2.format.wal import RECORD_HEAD, decode_record_head


def complaints(data: bytes) -> list[str]:
    """Why the original would refuse a file at rest, or harm it; empty when all is well."""
    header = decode_header(data)
    found = _log_complaints(
        data[header.wal_offset : header.wal_offset + header.wal_size], header.wal_size, header.wal_sequence
    )
    end = len(data) - FOOTER_SIZE
    if not 0 < header.footer_offset < end:
        return [
            *found,
            f"the header names contents at {header.footer_offset}, the file has {len(data)} bytes",
        ]
    contents = data[header.footer_offset : end]
    footer = decode_footer(data, end)
    if footer.contents_length != len(contents) or footer.contents_digest != digest(contents):
        return [*found, "the footer at the end of the file does not belong to the contents the header names"]
    decode_contents(contents)
    return found


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
