"""The sketch track: written for the original engine's sake only, and where it hurts least.

The original lets only frames through whose sketch resembles the query's. Real
sketches cost it most of its true hits; entries that resemble everything, or
nothing at all, cost it the fewest (docs/design.md, "Sketch track").
"""

from __future__ import annotations

from mv2.format.checksum import digest
from mv2.format.contents import ContentsTail
from mv2.format.frame import STATUS_ACTIVE, FrameRecord
from mv2.format.manifests import SketchManifest
from mv2.format.sketch import SIZE_SMALL, SketchEntry, encode_entry, encode_zero_track
from mv2.storage.appender import Appender
from mv2.storage.assemble import Assembly

#: Up to this many frames every entry lets its frame through. The original keeps at most 500
#: candidates, so in larger files that would push true hits out, and zeros are better.
MOST_OPEN_ENTRIES = 480
_LARGE_PAYLOAD = 64 << 10
_CANDIDATES = 64


def encode_track(frame_count: int) -> bytes:
    """The track of a file with that many frames."""
    track = encode_zero_track(frame_count, SIZE_SMALL)
    if frame_count > MOST_OPEN_ENTRIES:
        return track
    entry = encode_entry(SketchEntry(term_filter=b"\xff" * 16), SIZE_SMALL)
    return track[: len(track) - frame_count * SIZE_SMALL] + entry * frame_count


def append_track(out: Appender, tail: ContentsTail, frame_count: int) -> None:
    """Write the track and name it; a file without frames has none, as the original's doctor wants."""
    if frame_count == 0:
        tail.sketch_track = None
        return
    track = encode_track(frame_count)
    body = track.rstrip(b"\0")
    offset = out.append(body)
    out.append_zeros(len(track) - len(body))
    tail.sketch_track = SketchManifest(offset, len(track), frame_count, SIZE_SMALL, 0, digest(track))


class SketchPlacer:
    """Puts the track in front of a commit's last payload.

    The original, replaying log records that bring no payload, writes from right behind the
    last payload on, and refuses the whole file when that destroyed the sketch track.
    """

    def __init__(self, out: Appender, assembly: Assembly, tail: ContentsTail) -> None:
        self._out = out
        self._assembly = assembly
        self._tail = tail
        self._smallest: tuple[int, int] | None = None
        self._held: tuple[int, bytes] | None = None
        self._shared: set[int] = set()

    def share(self, frame_id: int) -> FrameRecord:
        """A further frame uses the payload of this one; returns its record, payload in place."""
        self._write_held()
        record = self._assembly.record(frame_id)
        self._shared.add(record.payload_offset)
        return record

    def write_payload(self, frame_id: int, payload: bytes) -> int:
        """Write a frame's payload; returns its place. A large one is held back until the next."""
        if not payload:
            return self._out.position
        self._write_held()
        if self._smallest is None or len(payload) < self._smallest[0]:
            self._smallest = len(payload), frame_id
        if len(payload) >= _LARGE_PAYLOAD:
            self._held = frame_id, payload
            return self._out.position
        return self._out.append(payload)

    def read_back(self, record: FrameRecord) -> bytes:
        """The payload of a frame added here."""
        if self._held is not None and self._held[0] == record.id:
            return self._held[1]
        return self._out.read_back(record.payload_offset, record.payload_length, record.checksum)

    def _write_held(self) -> None:
        if self._held is not None:
            (frame_id, payload), self._held = self._held, None
            self._place(frame_id, payload)

    def _place(self, frame_id: int, payload: bytes) -> None:
        record = self._assembly.record(frame_id)
        record.payload_offset = self._out.append(payload)
        self._assembly.replace(record)

    def finish(self) -> int:
        """Write the track, then a payload: the one held back, or the smallest at hand once more.

        Returns the stored bytes that came to life this way.
        """
        count = self._assembly.frame_count
        track = self._tail.sketch_track
        if self._smallest is None and track is not None and track.entry_count == count:
            return 0
        append_track(self._out, self._tail, count)
        if self._held is not None:
            self._write_held()
            return 0
        frame_id = self._smallest_frame()
        if frame_id is None:
            return 0
        record = self._assembly.record(frame_id)
        shared = self._is_shared(record)
        self._place(frame_id, self.read_back(record))
        return record.payload_length if shared else 0

    def _is_shared(self, record: FrameRecord) -> bool:
        """Another frame uses the same stored bytes."""
        base = self._assembly.base
        if record.payload_offset in self._shared:
            return True
        if base is None or record.id >= base.frame_count:
            return False
        scanned = base.scanned()
        places = zip(scanned.payload_offsets, scanned.payload_lengths, strict=True)
        return sum(1 for offset, length in places if length and offset == record.payload_offset) > 1

    def _smallest_frame(self) -> int | None:
        """A frame with a small payload of its own: one of this commit, else of the commit before."""
        if self._smallest is not None:
            return self._smallest[1]
        base = self._assembly.base
        if base is None:
            return None
        lengths = base.directory.canonical_lengths
        order = sorted((length, i) for i, length in enumerate(lengths) if length)[:_CANDIDATES]
        for _, frame_id in order:
            record = self._assembly.record(frame_id)
            if record.payload_length and record.status == STATUS_ACTIVE:
                return frame_id
        return order[0][1] if order and self._assembly.record(order[0][1]).payload_length else None
