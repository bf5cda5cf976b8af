"""Files of ours with log records that no checkpoint has moved into frames yet.

At rest there are none. After a crash, or with ``close="lazy"``, there are, and
then the original does what known_defects says; our engine loses nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
import warnings

import pytest
from agreement import content_disagreements, differences_from_story, our_snapshot
from known_defects import (
    PENDING_FAILS_VERIFY,
    PENDING_NOT_SHOWN,
    REPLAY_LOSES_VECTORS,
    REPLAY_NEEDS_SEARCH_TEXT,
    REPLAY_OVERWRITES_SKETCHES,
)
from peer import PeerError
from scenarios import (
    EPOCH,
    Author,
    long_text,
    new_entry,
    note,
    open_ours,
    put_arguments,
    unique_word,
    unit_vector,
)
from stories import Entry, Story

KILLED_WRITER = """
import json, os, sys
import mv2
memory = mv2.open(sys.argv[1], "a", embedder="none")
for document in json.load(sys.stdin):
    content = document.pop("content").encode("latin-1")
    if document.pop("text"):
        content = content.decode()
    print(memory.put(content, **document), flush=True)
os._exit(0)
"""


def put_and_die(path, entries: list[Entry]) -> None:
    """Put documents in another process that ends without closing."""
    documents = [
        {
            "content": entry.data.decode("latin-1"),
            "text": isinstance(entry.content, str),
            **put_arguments(entry),
        }
        for entry in entries
    ]
    done = subprocess.run(
        [sys.executable, "-c", KILLED_WRITER, str(path)],
        input=json.dumps(documents),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    for entry, line in zip(entries, done.stdout.split(), strict=True):
        entry.frame_id = int(line)


def at_rest(path, *, vectors: bool) -> Story:
    story = Story()
    with open_ours(path, "x") as memory:
        author = Author(memory, story)
        for number in range(3):
            author.put(**note(number, vector=unit_vector(number) if vectors else None))
    return story


@pytest.fixture(params=["killed", "lazy"])
def leave_pending(request):
    """Two ways to leave log records behind."""

    def lazily(path, entries):
        with open_ours(path, close="lazy") as memory:
            for entry in entries:
                entry.frame_id = memory.put(entry.content, **put_arguments(entry))

    return put_and_die if request.param == "killed" else lazily


def pending_entries() -> list[Entry]:
    """Text short and long, and bytes that are no text (known_defects.REPLAY_NEEDS_SEARCH_TEXT)."""
    word = unique_word(21)
    return [
        new_entry(**note(20)),
        new_entry(long_text(word), uri="mv2://books/mill", word=word, chunked=True, timestamp=EPOCH + 5),
        new_entry(bytes(range(256)) * 4, uri="mv2://files/bytes", timestamp=EPOCH + 6),
        new_entry("", uri="mv2://notes/empty", timestamp=EPOCH + 7),
        new_entry(**note(22)),
    ]


def test_read_only_it_shows_the_last_commit(peer, tmp_path, leave_pending):
    path = tmp_path / "pending.mv2"
    story = at_rest(path, vectors=False)
    added = pending_entries()
    leave_pending(path, added)
    theirs = peer.snapshot(path, words=story.words)
    assert theirs.timeline == story.timeline, PENDING_NOT_SHOWN
    assert "MV006" in theirs.verify["error"], PENDING_FAILS_VERIFY
    whole = Story([*story.entries, *added])
    assert differences_from_story(our_snapshot(path, words=whole.words), whole) == []


def test_writable_it_replays_what_we_put(peer, tmp_path, leave_pending):
    path = tmp_path / "pending.mv2"
    story = at_rest(path, vectors=False)
    added = pending_entries()
    leave_pending(path, added)
    whole = Story([*story.entries, *added])
    ours_before = our_snapshot(path, words=whole.words)
    uris = list(ours_before.newest_by_uri)

    theirs = peer.snapshot(path, read_only=False, words=whole.words, uris=uris)
    assert theirs.timeline == whole.timeline
    assert theirs.stats["frame_count"] == ours_before.frame_count
    assert {uri: frame["id"] for uri, frame in theirs.frames.items()} == {
        uri: frame.id for uri, frame in ours_before.newest_by_uri.items()
    }
    for word in whole.words:
        assert theirs.documents_found(word) <= whole.owner_of(word), word
    assert [
        line for entry in whole.active for line in content_disagreements(ours_before, theirs, entry)
    ] == []
    assert theirs.verify["status"] == "passed"

    ours = our_snapshot(path, words=whole.words)
    assert differences_from_story(ours, whole) == []


def test_writable_it_destroys_vectors(peer, tmp_path):
    path = tmp_path / "pending.mv2"
    story = at_rest(path, vectors=True)
    added = [new_entry(**note(20, vector=unit_vector(20)))]
    put_and_die(path, added)
    whole = Story([*story.entries, *added])
    assert differences_from_story(our_snapshot(path), whole) == []

    theirs = peer.snapshot(path, read_only=False, vectors=[unit_vector(0)])
    assert [frame_id for frame_id, _ in theirs.nearest[0]] == [added[0].frame_id], REPLAY_LOSES_VECTORS
    with open_ours(path, "r") as memory:
        assert memory.stats().vector_count == 1, REPLAY_LOSES_VECTORS
    assert differences_from_story(our_snapshot(path, words=whole.words), whole) == []


def test_lazy_closing_is_refused_where_the_original_would_destroy_vectors(tmp_path):
    path = tmp_path / "pending.mv2"
    at_rest(path, vectors=True)
    import mv2

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", mv2.errors.CompatibilityWarning)
        try:
            with open_ours(path, close="lazy") as memory:
                memory.put("a late note")
        except mv2.Error:
            return
    with open_ours(path, "r") as memory:
        assert memory.stats().pending_count == 0


def test_a_memory_in_the_log_is_not_taken_for_the_file(peer, tmp_path):
    inner = tmp_path / "inner.mv2"
    at_rest(inner, vectors=False)
    data = inner.read_bytes()
    inner.unlink()
    path = tmp_path / "outer.mv2"
    story = Story()
    with open_ours(path, "x") as memory:
        Author(memory, story).put(**note(50))
    with open_ours(path) as memory:
        entry = Author(memory, story).put(data, uri="mv2://files/inner.mv2", timestamp=EPOCH)
        killed = tmp_path / "killed.mv2"
        killed.write_bytes(path.read_bytes())  # what a crash before the close leaves
    theirs = peer.snapshot(killed)
    assert theirs.timeline == [0], PENDING_NOT_SHOWN
    assert differences_from_story(our_snapshot(killed), story) == []
    theirs = peer.snapshot(killed, read_only=False, uris=[entry.known_uri])
    assert theirs.blobs[entry.known_uri] == data


@pytest.mark.parametrize("which", [0, -1], ids=["first", "last"])
def test_a_pending_delete_alone_does_not_ruin_the_file(peer, tmp_path, which):
    path = tmp_path / "pending.mv2"
    story = at_rest(path, vectors=True)
    with open_ours(path) as memory:
        Author(memory, story).delete(story.entries[which])
        killed = tmp_path / "killed.mv2"
        killed.write_bytes(path.read_bytes())
    try:
        theirs = peer.snapshot(killed, read_only=False)
    except PeerError as error:
        pytest.fail(f"{error}: {REPLAY_OVERWRITES_SKETCHES}")
    assert theirs.timeline == story.timeline
    assert differences_from_story(our_snapshot(killed, words=story.words), story) == []


def test_pending_deletes_and_updates_are_replayed(peer, tmp_path):
    path = tmp_path / "pending.mv2"
    story = at_rest(path, vectors=False)
    with open_ours(path) as memory:
        author = Author(memory, story)
        author.delete(story.entries[0])
        author.update(story.entries[1], f"Now {unique_word(41)} is here.", unique_word(41))
        killed = tmp_path / "killed.mv2"
        killed.write_bytes(path.read_bytes())
    try:
        theirs = peer.snapshot(killed, read_only=False, words=story.words)
    except PeerError as error:
        pytest.fail(f"{error}: {REPLAY_NEEDS_SEARCH_TEXT}")
    assert theirs.timeline == story.timeline
    for word in story.words:
        assert theirs.documents_found(word) <= story.owner_of(word), word
    assert differences_from_story(our_snapshot(killed, words=story.words), story) == []
