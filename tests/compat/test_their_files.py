"""Our engine opens, changes and compacts files that the original wrote."""

from __future__ import annotations

import dataclasses

import pytest
from agreement import (
    disagreements,
    health_problems,
    our_snapshot,
    sample_vectors,
    stored_vectors,
)
from known_defects import (
    EMPTY_VECTOR_MANIFEST_FINDING,
    PENDING_NOT_SHOWN,
    PUT_INDEXED_UNDER_LOG_SEQUENCE,
    SKETCHES_HIDE_FRAMES,
    TEXT_NOT_KEPT,
)
from peer_files import PEER_FILES, PeerAuthor
from scenarios import Author, note, open_ours, unique_word, unit_vector
from stories import Story

each_file = pytest.mark.parametrize("name", list(PEER_FILES))


@pytest.fixture(scope="session")
def written_by_peer(running_peer, tmp_path_factory):
    """Lets the original write a file once; the file must not be changed."""
    ready = {}

    def write(name):
        if name not in ready:
            path = tmp_path_factory.mktemp(f"theirs-{name}") / f"{name}.mv2"
            ready[name] = (path, PEER_FILES[name](running_peer, path))
        return ready[name]

    return write


def copy_of(story):
    return Story([dataclasses.replace(entry) for entry in story.entries])


def differences(ours, story):
    """Where our engine does not say what the original was given, its known losses allowed."""
    found = []
    if not ours.verify_ok:
        found.append(f"our verify: {[f.message for f in ours.verify_findings if f.severity == 'error']}")
    if ours.timeline != story.timeline:
        found.append(f"our timeline is {ours.timeline}, not {story.timeline}")
    for entry in story.entries:
        frame = ours.frames[entry.frame_id]
        got = (frame.uri, frame.tags, frame.labels, dict(frame.metadata), frame.timestamp)
        want = (entry.known_uri, entry.tags, entry.labels, entry.metadata, entry.timestamp)
        if got != want:
            found.append(f"our frame {entry.frame_id} is {got}, not {want}")
        if (frame.title, frame.kind, frame.track) != (entry.title, entry.kind, entry.track):
            found.append(f"our frame {entry.frame_id} is {(frame.title, frame.kind, frame.track)}")
        if (frame.status == "active") != entry.active:
            found.append(f"our frame {entry.frame_id} is {frame.status}")
        if entry.active and not _text_is_kept(ours, entry):
            found.append(f"our text of {entry.frame_id} is {(ours.texts[entry.frame_id] or '')[:80]!r}")
    for word, documents in ours.found.items():
        if documents != story.owner_of(word):
            found.append(f"we find {word!r} in {documents} {PUT_INDEXED_UNDER_LOG_SEQUENCE}")
    return found


def _text_is_kept(ours, entry):
    """Short text survives normalised, with other fields after it (TEXT_NOT_KEPT); chunks hold slices."""
    text = ours.texts[entry.frame_id] or ""
    if not entry.chunked:
        return text.startswith(entry.content)
    return " ".join(text.split()) == " ".join(entry.content.split())


@each_file
def test_our_engine_reads_it(peer, written_by_peer, name):
    path, story = written_by_peer(name)
    before = path.read_bytes()
    vectors = sample_vectors(story)
    ours = our_snapshot(path, words=story.words, vectors=vectors)
    assert differences(ours, story) == [], TEXT_NOT_KEPT
    assert path.read_bytes() == before, "a reader wrote into the file"

    uris = list(ours.newest_by_uri)
    theirs = peer.snapshot(path, vectors=vectors, uris=uris)
    without_contents = copy_of(story)
    for entry in without_contents.entries:
        entry.uri = "mv2://not-asked"  # contents are compared above: TEXT_NOT_KEPT
    assert health_problems(theirs, allowed=EMPTY_VECTOR_MANIFEST_FINDING) == []
    theirs = dataclasses.replace(theirs, doctor={"status": "clean", "findings": []})
    assert disagreements(ours, theirs, without_contents, vectors=vectors) == []


@each_file
def test_our_engine_goes_on_writing_in_it(peer, written_by_peer, copied, name):
    built, story = written_by_peer(name)
    path, story = copied(built, "ours"), copy_of(story)
    with open_ours(path) as memory:
        author = Author(memory, story)
        added = author.put(**note(700))
        gone = story.deletable() if len(story.active) > 2 else None
        if gone is not None:
            author.delete(gone)
    assert differences(our_snapshot(path, words=story.words), story) == []

    theirs = peer.snapshot(path, words=story.words, uris=[added.known_uri])
    assert theirs.timeline == story.timeline
    assert theirs.blobs[added.known_uri] == added.data
    for word in story.words:
        assert theirs.documents_found(word) <= story.owner_of(word), SKETCHES_HIDE_FRAMES
    assert health_problems(theirs, allowed=EMPTY_VECTOR_MANIFEST_FINDING) == []


@each_file
def test_our_vacuum_keeps_it_readable_for_both(peer, written_by_peer, copied, name):
    built, story = written_by_peer(name)
    path = copied(built, "vacuumed")
    with open_ours(path) as memory:
        memory.vacuum()
    ours = our_snapshot(path, words=story.words)
    assert differences(ours, story) == []
    theirs = peer.snapshot(path, words=story.words)
    assert theirs.timeline == story.timeline
    for word in story.words:
        assert theirs.documents_found(word) == story.owner_of(word), word
    assert health_problems(theirs, allowed=EMPTY_VECTOR_MANIFEST_FINDING) == []


def test_its_vectors_survive_our_writing(peer, written_by_peer, copied):
    built, story = written_by_peer("vectors")
    path, story = copied(built, "vectors"), copy_of(story)
    with open_ours(path) as memory:
        author = Author(memory, story)
        author.put(**note(60, vector=unit_vector(60)))
        author.delete(story.entries[3])
    vectors = sample_vectors(story)
    ours = our_snapshot(path, vectors=vectors)
    assert differences(ours, story) == []
    theirs = peer.snapshot(path, vectors=vectors)
    for query, hits in zip(vectors, theirs.nearest, strict=True):
        nearest = min(stored_vectors(story, ours), key=lambda pair: _distance(pair[1], query))
        assert hits[0][0] == nearest[0]


def _distance(one, other):
    import math

    return math.dist(one, other)


@pytest.fixture
def interrupted(peer, tmp_path):
    """A file whose last two documents are only in the log of the original."""
    author = PeerAuthor(peer, tmp_path / "interrupted.mv2")
    author.create()
    author.put(**note(1))
    story = author.close()
    lost = [note(2), note(3)]
    requests = [{"text": n["content"], **{k: n[k] for k in ("uri", "title", "timestamp")}} for n in lost]
    peer.put_then_die(author.path, requests)
    return author.path, story


def test_our_engine_shows_what_the_original_left_in_its_log(peer, interrupted):
    path, _ = interrupted
    assert peer.snapshot(path).timeline == [0], PENDING_NOT_SHOWN
    words = [unique_word(k) for k in (1, 2, 3)]
    for mode in ("r", "a", "r"):
        ours = our_snapshot(path, words=words, mode=mode)
        assert ours.timeline == [0, 1, 2], mode
        assert [ours.found[word] for word in words] == [{0}, {1}, {2}], mode
    theirs = peer.snapshot(path)
    assert theirs.timeline == [0, 1, 2]
    assert health_problems(theirs, allowed=EMPTY_VECTOR_MANIFEST_FINDING) == []
