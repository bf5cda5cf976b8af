"""What our engine says about a file, and how that compares with a story and with the original.

The comparing functions return sentences, one for each difference, so that a
failing test shows all of them at once.
"""

from __future__ import annotations

import inspect
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scenarios import open_ours
from stories import Entry, Story, Vector, decoded_metadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from peer import PeerSnapshot

SAMPLE = 25  # words asked of the original in a large file: it takes milliseconds for each
ALL = 1_000_000


@dataclass(frozen=True)
class OurSnapshot:
    """What our engine says, in the terms of ``PeerSnapshot``."""

    frame_count: int
    active_frame_count: int
    frames: Mapping[int, Any]
    contents: Mapping[int, bytes | None]
    texts: Mapping[int, str | None]
    timeline: list[int]
    found: Mapping[str, set[int]]
    nearest: list[list[int]] | None
    verify_ok: bool
    verify_findings: tuple[Any, ...]

    def chunks_of(self, frame_id: int) -> list[int]:
        chunks = [frame for frame in self.frames.values() if frame.parent_id == frame_id]
        return [frame.id for frame in sorted(chunks, key=lambda frame: frame.chunk_index)]

    @property
    def newest_by_uri(self) -> dict[str, Any]:
        return {frame.uri or f"mv2://frames/{frame.id}": frame for frame in self.frames.values()}


def finds_vectors(memory: Any) -> bool:
    return "vector" in inspect.signature(memory.find).parameters


def our_snapshot(
    path: Path, *, words: Iterable[str] = (), vectors: Sequence[Vector] = (), mode: str = "r"
) -> OurSnapshot:
    with open_ours(path, mode) as memory:
        stats = memory.stats()
        frames = {frame_id: memory.frame(frame_id) for frame_id in range(stats.frame_count)}
        report = memory.verify(deep=True)
        return OurSnapshot(
            frame_count=stats.frame_count,
            active_frame_count=stats.active_frame_count,
            frames=frames,
            contents={frame_id: _content(memory, frame_id) for frame_id in frames},
            texts={frame_id: _text(memory, frame_id) for frame_id in frames},
            timeline=[entry.frame_id for entry in memory.timeline(limit=ALL)],
            found={word: documents_found(memory, word) for word in words},
            nearest=[nearest_ids(memory, vector) for vector in vectors] if finds_vectors(memory) else None,
            verify_ok=report.ok,
            verify_findings=report.findings,
        )


def documents_found(memory: Any, word: str) -> set[int]:
    hits = memory.find(word, k=50, mode="lex").hits
    return {hit.frame_id if hit.parent_id is None else hit.parent_id for hit in hits}


def nearest_ids(memory: Any, vector: Vector, k: int = 3) -> list[int]:
    return [hit.frame_id for hit in memory.find("", k=k, mode="vec", vector=list(vector)).hits]


def _content(memory: Any, frame_id: int) -> bytes | None:
    """The content, or None where it is gone (the original's vacuum drops that of inactive frames)."""
    import mv2

    try:
        return memory.content(frame_id)
    except mv2.Error:
        return None


def _text(memory: Any, frame_id: int) -> str | None:
    import mv2

    try:
        return memory.text(frame_id)
    except (mv2.Error, UnicodeDecodeError):
        return None


def sample_words(story: Story, limit: int = SAMPLE) -> list[str]:
    """Some words spread over the file, those of inactive frames among them."""
    words = story.words
    inactive = [entry.word for entry in story.entries if entry.word and not entry.active]
    step = max(1, math.ceil(len(words) / limit))
    return list(dict.fromkeys([*words[::step], *inactive[:5]]))


def stored_vectors(story: Story, ours: OurSnapshot) -> list[tuple[int, Vector]]:
    """(frame id, vector) of all active frames; those of chunks belong to the chunks' frames."""
    pairs: list[tuple[int, Vector]] = []
    for entry in story.active:
        if entry.vector is not None:
            pairs.append((entry.frame_id, entry.vector))
        pairs.extend(zip(ours.chunks_of(entry.frame_id), entry.chunk_vectors, strict=False))
    return pairs


def sample_vectors(story: Story, limit: int = 6) -> list[Vector]:
    """Vectors to search with, those of inactive frames included."""
    vectors = [v for e in story.entries for v in ([e.vector] if e.vector else e.chunk_vectors)]
    return vectors[:: max(1, math.ceil(len(vectors) / limit))]


def by_distance(pairs: Sequence[tuple[int, Vector]], query: Vector, k: int) -> list[tuple[int, float]]:
    """The k nearest frames with the score that the original gives them: 1 minus half the distance."""
    scored = [(frame_id, 1.0 - math.dist(vector, query) / 2) for frame_id, vector in pairs]
    return sorted(scored, key=lambda item: (-item[1], item[0]))[:k]


def differences_from_story(
    ours: OurSnapshot, story: Story, *, inactive_contents: bool = True, vectors: Sequence[Vector] = ()
) -> list[str]:
    """Where our engine does not say what went in."""
    found: list[str] = []
    if not ours.verify_ok:
        found.append(f"our verify: {[f.message for f in ours.verify_findings if f.severity == 'error']}")
    if ours.timeline != story.timeline:
        found.append(f"our timeline {ours.timeline[:20]} is not {story.timeline[:20]}")
    for entry in story.entries:
        found.extend(_entry_differences(ours, entry, inactive_contents=inactive_contents))
    for word, documents in ours.found.items():
        if documents != story.owner_of(word):
            found.append(f"we find {word!r} in {sorted(documents)}, not in {sorted(story.owner_of(word))}")
    if vectors and ours.nearest is not None:
        pairs = stored_vectors(story, ours)
        for query, ids in zip(vectors, ours.nearest, strict=True):
            expected = [frame_id for frame_id, _ in by_distance(pairs, query, 3)]
            if ids[:1] != expected[:1]:
                found.append(f"our nearest frames are {ids}, not {expected}")
    return found


def _entry_differences(ours: OurSnapshot, entry: Entry, *, inactive_contents: bool) -> list[str]:
    frame = ours.frames.get(entry.frame_id)
    if frame is None:
        return [f"we have no frame {entry.frame_id}"]
    expected = {
        "uri": entry.known_uri if frame.uri is not None else None,
        "title": entry.title if entry.title is not None else frame.title,
        "kind": entry.kind if entry.kind is not None else frame.kind,
        "track": entry.track,
        "tags": tuple(entry.tags),
        "labels": tuple(entry.labels),
        "metadata": entry.metadata,
        "timestamp": entry.timestamp,
    }
    found = [
        f"our frame {entry.frame_id} has {name} {getattr(frame, name)!r}, not {value!r}"
        for name, value in expected.items()
        if (dict(frame.metadata) if name == "metadata" else getattr(frame, name)) != value
    ]
    if (frame.status == "active") != entry.active:
        found.append(f"our frame {entry.frame_id} is {frame.status}")
    if (entry.active or inactive_contents) and ours.contents[entry.frame_id] != entry.data:
        found.append(f"our frame {entry.frame_id} holds {_short(ours.contents[entry.frame_id])}")
    return found


def disagreements(
    ours: OurSnapshot, theirs: PeerSnapshot, story: Story, *, vectors: Sequence[Vector] = (), hidden: str = ""
) -> list[str]:
    """Where the original says something else than our engine.

    ``hidden`` names the known defect for which the original may miss text hits; wrong hits
    are a difference all the same.
    """
    found: list[str] = []
    counts = (theirs.stats["frame_count"], theirs.stats["active_frame_count"])
    if counts != (ours.frame_count, ours.active_frame_count):
        found.append(
            f"it counts {counts} frames and active ones, we {(ours.frame_count, ours.active_frame_count)}"
        )
    if theirs.timeline != ours.timeline:
        found.append(f"its timeline is {theirs.timeline[:20]}, ours {ours.timeline[:20]}")
    for uri, frame in ours.newest_by_uri.items():
        if uri in theirs.frames:
            found.extend(_frame_disagreements(frame, theirs.frames[uri], uri))
    for entry in story.active:
        found.extend(content_disagreements(ours, theirs, entry))
    for word in theirs.found:
        documents, owners = theirs.documents_found(word), story.owner_of(word)
        if documents != owners and not (hidden and documents < owners):
            found.append(f"it finds {word!r} in {sorted(documents)}, not in {sorted(owners)} {hidden}")
        missing = [text for text in theirs.found_texts[word] if word not in text]
        if missing:
            found.append(f"its hits for {word!r} show other text: {missing[0][:80]!r}")
    found.extend(_vector_disagreements(theirs, stored_vectors(story, ours), vectors))
    found.extend(health_problems(theirs))
    return found


def _frame_disagreements(ours: Any, theirs: Mapping[str, Any], uri: str) -> list[str]:
    if "error" in theirs:
        return [f"it cannot show {uri}: {theirs['error']}"]
    pairs: dict[str, tuple[Any, Any]] = {
        name: (theirs.get(name), getattr(ours, name)) for name in ("id", "kind", "track", "timestamp")
    }
    pairs["title"] = (theirs.get("title"), ours.title if ours.title is not None else theirs.get("title"))
    pairs["tags"] = (tuple(theirs.get("tags", ())), ours.tags)
    pairs["labels"] = (tuple(theirs.get("labels", ())), ours.labels)
    pairs["metadata"] = (decoded_metadata(theirs.get("extra_metadata", {})), dict(ours.metadata))
    return [
        f"{uri} has {name} {theirs_value!r} there and {ours_value!r} here"
        for name, (theirs_value, ours_value) in pairs.items()
        if theirs_value != ours_value
    ]


def content_disagreements(ours: OurSnapshot, theirs: PeerSnapshot, entry: Entry) -> list[str]:
    """Where the original's bytes of a document are not what was put, if it was asked for them."""
    if entry.known_uri not in theirs.blobs:
        return []
    if not entry.chunked:
        blob = theirs.blobs[entry.known_uri]
        return [] if blob == entry.data else [f"its bytes of {entry.known_uri} are {_short(blob)}"]
    chunks = ours.chunks_of(entry.frame_id)
    found = []
    if theirs.children.get(entry.frame_id) != chunks:
        found.append(f"its chunks of {entry.known_uri} are {theirs.children.get(entry.frame_id)}")
    parts = [theirs.blobs.get(ours.frames[chunk].uri) for chunk in chunks]
    if any(part is None for part in parts) or b"".join(part or b"" for part in parts) != entry.data:
        found.append(f"its chunks of {entry.known_uri} do not join to the text")
    return found


def _vector_disagreements(
    theirs: PeerSnapshot, pairs: Sequence[tuple[int, Vector]], vectors: Sequence[Vector]
) -> list[str]:
    found = []
    for query, hits in zip(vectors, theirs.nearest, strict=True):
        expected = by_distance(pairs, query, 3)
        close = len(hits) >= len(expected) and all(
            hit[0] == want[0] and math.isclose(hit[1], want[1], abs_tol=1e-3)
            for hit, want in zip(hits, expected, strict=False)
        )
        if not close:
            found.append(f"its nearest frames are {hits[:3]}, not {expected}")
    return found


def health_problems(theirs: PeerSnapshot, *, allowed: frozenset[str] = frozenset()) -> list[str]:
    """What its verification and its doctor complain about, the allowed findings left out."""
    found = []
    if theirs.verify.get("status") != "passed":
        found.append(f"its deep verification says {theirs.verify}")
    findings = set(theirs.doctor.get("findings", ())) - allowed
    if findings or theirs.doctor.get("status") not in ("clean", "plan_only" if allowed else "clean"):
        found.append(f"its doctor says {theirs.doctor}")
    return found


def _short(data: bytes | None) -> str:
    return "nothing" if data is None else f"{len(data)} bytes {data[:60]!r}"
