"""What a memory shows of itself, as plain values that can be compared.

``observe`` asks a handle for everything it lists; ``search_complaints`` checks
that search agrees with the list. Texts made by ``unique_text`` carry words that
stand nowhere else, so that "found, and found once" can be asked of each of them.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mv2.testing._random import chooser

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mv2.memvid import Memvid

_UNIQUE = re.compile(r"\buniq[0-9]{9}\b")
_COMMON = [
    "river",
    "stone",
    "winter",
    "market",
    "garden",
    "letter",
    "window",
    "captain",
    "harvest",
    "lantern",
]


def unique_word(number: int, part: int = 0) -> str:
    """A word that stands in part ``part`` of text ``number`` and nowhere else."""
    return f"uniq{number:06d}{part:03d}"


def unique_text(number: int, size: int = 300) -> str:
    """A text of about ``size`` characters with a unique word every 400; hard to compress."""
    choose = chooser("text", number)
    words = [unique_word(number)]
    length, part = len(words[0]), 0
    while length < size:
        if length > 400 * (part + 1):
            part += 1
            words.append(unique_word(number, part))
        else:
            words.append(choose.choice(_COMMON) if choose.random() < 0.5 else f"{choose.getrandbits(60):x}")
        length += len(words[-1]) + 1
    return " ".join(words) + "."


@functools.lru_cache(maxsize=10_000)
def _unique_words(content: bytes) -> tuple[str, ...]:
    return tuple(_UNIQUE.findall(content.decode("utf-8", "replace")))


@dataclass(frozen=True, slots=True)
class Seen:
    """One frame as a memory shows it."""

    id: int
    uri: str | None
    status: str
    role: str
    parent_id: int | None
    chunk: tuple[int | None, int | None]
    links: tuple[int | None, int | None]
    times: tuple[int | None, ...]
    labels: tuple[object, ...]
    content: bytes

    def __str__(self) -> str:
        return f"frame {self.id} ({self.status} {self.role} {self.uri!r}, {len(self.content)} bytes)"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a memory lists, by frame id."""

    frames: tuple[Seen, ...]

    @property
    def active(self) -> list[Seen]:
        """The frames that are neither deleted nor replaced."""
        return [seen for seen in self.frames if seen.status == "active"]

    def words(self) -> dict[str, int]:
        """The unique words of active documents, and the document each stands in."""
        found: dict[str, int] = {}
        for seen in self.active:
            if seen.role == "document":
                found.update(dict.fromkeys(_unique_words(seen.content), seen.id))
        return found

    def gone_words(self) -> set[str]:
        """The unique words that stand in deleted or replaced frames only."""
        everywhere = {word for seen in self.frames for word in _unique_words(seen.content)}
        return everywhere - set(self.words())

    def difference(self, other: Snapshot) -> str:
        """In words, how ``self`` (what is there) differs from ``other`` (what should be)."""
        parts = []
        if len(self.frames) != len(other.frames):
            parts.append(f"{len(self.frames)} frames instead of {len(other.frames)}")
        for mine, theirs in zip(self.frames, other.frames, strict=False):
            if mine != theirs:
                fields = [name for name in Seen.__slots__ if getattr(mine, name) != getattr(theirs, name)]
                values = [
                    f"{name} {getattr(mine, name)!r:.80} instead of {getattr(theirs, name)!r:.80}"
                    for name in fields
                ]
                parts.append(f"{mine}: " + ", ".join(values))
        longer, word = (self, "too many") if len(self.frames) > len(other.frames) else (other, "missing")
        extra = longer.frames[min(len(self.frames), len(other.frames)) :]
        parts.extend(f"{seen} is {word}" for seen in extra[:5])
        return "; ".join(parts[:8]) or "no difference"


def observe(memory: Memvid) -> Snapshot:
    """Everything ``memory`` lists: every frame, whatever its state, with its content."""
    frames = []
    for number in range(memory.stats().frame_count):
        frame = memory.frame(number)
        frames.append(
            Seen(
                id=frame.id,
                uri=frame.uri,
                status=frame.status,
                role=frame.role,
                parent_id=frame.parent_id,
                chunk=(frame.chunk_index, frame.chunk_count),
                links=(frame.supersedes, frame.superseded_by),
                times=(frame.timestamp, frame.put_at, frame.deleted_at, frame.replaced_at),
                labels=(
                    frame.title,
                    frame.kind,
                    frame.track,
                    frame.tags,
                    frame.labels,
                    *_pairs(frame.metadata.items()),
                ),
                content=memory.content(number),
            )
        )
    return Snapshot(tuple(frames))


def search_complaints(
    memory: Memvid, snapshot: Snapshot, *, limit: int | None = None, seed: object = 0
) -> list[str]:
    """Ways in which search disagrees with what is listed.

    Args:
        memory: the handle to ask.
        snapshot: what it lists.
        limit: ask for at most this many words (the newest, then random ones); None for all.
        seed: decides which ones.
    """
    complaints = []
    words = snapshot.words()
    for word in _sample(list(words), limit, seed):
        hits = {
            hit.parent_id if hit.parent_id is not None else hit.frame_id for hit in memory.find(word).hits
        }
        if hits != {words[word]}:
            complaints.append(
                f"{word} of document {words[word]} was found in {sorted(hits) or 'no document'}"
            )
    for word in _sample(sorted(snapshot.gone_words()), limit, seed):
        hits = {hit.frame_id for hit in memory.find(word).hits}
        if hits:
            complaints.append(f"{word}, deleted or replaced, was found in {sorted(hits)}")
    return complaints


def listing_complaints(memory: Memvid, snapshot: Snapshot) -> list[str]:
    """Ways in which the other listings disagree with the frames."""
    complaints = []
    active = [seen.id for seen in snapshot.active]
    documents = {seen.id for seen in snapshot.active if seen.role == "document"}
    listed = [frame.id for frame in memory.frames()]
    if sorted(listed) != sorted(active) and set(listed) != documents:
        complaints.append(f"frames() lists {listed}, active are {active}")
    timeline = [entry.frame_id for entry in memory.timeline(limit=len(snapshot.frames) + 1)]
    if sorted(timeline) != sorted(documents):
        complaints.append(f"timeline() lists {sorted(timeline)}, documents are {sorted(documents)}")
    stats = memory.stats()
    if (stats.frame_count, stats.active_frame_count) != (len(snapshot.frames), len(active)):
        counts = f"{stats.frame_count} frames and {stats.active_frame_count} active ones"
        complaints.append(f"stats() counts {counts} instead of {len(snapshot.frames)} and {len(active)}")
    return complaints


def _sample(words: list[str], limit: int | None, seed: object) -> list[str]:
    if limit is None or len(words) <= limit:
        return words
    newest, older = words[-(limit // 2) :], words[: -(limit // 2)]
    return newest + chooser(seed).sample(older, limit - len(newest))


def _pairs(items: Iterable[tuple[str, object]]) -> list[str]:
    return [f"{key}={value!r}" for key, value in sorted(items)]
