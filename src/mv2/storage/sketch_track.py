"""The sketch track: written for the original engine's sake only, and where it hurts least.

The original lets only frames through whose sketch resembles the query's. Real
sketches cost it most of its true hits; entries that resemble everything, or
nothing at all, cost it the fewest (docs/design.md, "Sketch track").
"""

from __future__ import annotations

from mv2.format.checksum import digest
from mv2.format.contents import ContentsTail
from mv2.format.manifests import SketchManifest
from mv2.format.sketch import SIZE_SMALL, SketchEntry, encode_entry, encode_zero_track
from mv2.storage.appender import Appender
from mv2.storage.assemble import Assembly

#: Up to this many frames every entry lets its frame through. The original keeps at most 500
#: candidates, so in larger files that would push true hits out, and zeros are better.
MOST_OPEN_ENTRIES = 480
_LARGE_PAYLOAD = 64 << 10


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
    tail.sketch_track = SketchManifest(
        out.append(track), len(track), frame_count, SIZE_SMALL, 0, digest(track)
    )


class SketchPlacer:
    """Puts the track in front of a commit's last payload.

    The original, replaying log records that bring no payload, writes from right behind the
    last payload on, and refuses the whole file when that destroyed the sketch track.
    """

    def __init__(self, out: Appender, assembly: Assembly, tail: ContentsTail) -> None:
        self._out = out
        self._assembly = assembly
        self._tail = tail
        self._last: int | None = None
        self._payload = b""
        self._held = False

    def write_payload(self, frame_id: int, payload: bytes) -> int:
        """Write a frame's payload; returns its place. A large one is held back until the next."""
        if not payload:
            return self._out.position
        self._write_held()
        self._last, self._payload = frame_id, payload
        self._held = len(payload) >= _LARGE_PAYLOAD
        return self._out.position if self._held else self._out.append(payload)

    def shared(self, frame_id: int) -> None:
        """A frame that uses another one's payload came last."""
        self._write_held()
        self._last, self._payload = frame_id, b""

    def _write_held(self) -> None:
        if self._held and self._last is not None:
            self._held = False
            self._place(self._last, self._payload)

    def _place(self, frame_id: int, payload: bytes) -> None:
        record = self._assembly.record(frame_id)
        record.payload_offset = self._out.append(payload)
        self._assembly.replace(record)

    def finish(self) -> int:
        """Write the track, then the last payload (once more, if it stands in front already).

        Returns the stored bytes that came to live this way, beyond those the caller counted.
        """
        count = self._assembly.frame_count
        track = self._tail.sketch_track
        if self._last is None and track is not None and track.entry_count == count:
            return 0
        append_track(self._out, self._tail, count)
        if self._last is None:
            return 0
        if self._payload:
            self._place(self._last, self._payload)
            return 0
        record = self._assembly.record(self._last)
        self._place(
            self._last, self._out.read_back(record.payload_offset, record.payload_length, record.checksum)
        )
        return record.payload_length
