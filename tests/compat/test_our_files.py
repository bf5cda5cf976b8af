"""The original opens, changes and mends files that our engine wrote.

For each scenario both engines are asked the same questions; then the original
writes into a copy and our engine has to find everything in the result.
"""

from __future__ import annotations

import dataclasses

import pytest
from agreement import (
    differences_from_story,
    disagreements,
    health_problems,
    our_snapshot,
    sample_vectors,
    sample_words,
)
from known_defects import (
    CHUNKS_OUTLIVE_PARENT,
    DELETE_LOSES_VECTORS,
    SKETCHES_HIDE_FRAMES,
)
from scenarios import EPOCH, SCENARIOS, note, open_ours
from stories import Story

each_scenario = pytest.mark.parametrize(
    "scenario",
    [pytest.param(s, id=s.name, marks=[pytest.mark.slow] if s.slow else []) for s in SCENARIOS],
)

NEW_WORD = "velgrumbotq"
NEW_TEXT = f"An appended {NEW_WORD} from the original."
NEW_URI = "mv2://theirs/new"


def neighbours(path):
    return sorted(p.name for p in path.parent.iterdir() if p != path)


def ask_both(peer, path, story, *, read_only, vectors=None):
    words, vectors = sample_words(story), sample_vectors(story) if vectors is None else vectors
    ours = our_snapshot(path, words=words, vectors=vectors)
    uris = _asked_uris(ours)
    theirs = peer.snapshot(path, read_only=read_only, words=words, vectors=vectors, uris=uris)
    return ours, theirs, vectors


def _asked_uris(ours):
    """All uris of a small file, a sample of a large one."""
    uris = list(ours.newest_by_uri)
    return uris[:: max(1, len(uris) // 200)]


@each_scenario
def test_our_engine_agrees_with_the_story(built_scenario, scenario):
    path, story = built_scenario(scenario)
    words, vectors = sample_words(story), sample_vectors(story)
    ours = our_snapshot(path, words=words, vectors=vectors)
    assert differences_from_story(ours, story, vectors=vectors) == []
    assert neighbours(path) == []


@each_scenario
@pytest.mark.parametrize("read_only", [True, False], ids=["read-only", "writable"])
def test_the_original_agrees(peer, built_scenario, copied, scenario, read_only):
    built, story = built_scenario(scenario)
    path = copied(built, "read")
    ours, theirs, vectors = ask_both(peer, path, story, read_only=read_only)
    assert disagreements(ours, theirs, story, vectors=vectors) == []
    assert neighbours(path) == []
    again = our_snapshot(path, words=theirs.found, vectors=vectors)
    assert differences_from_story(again, story, vectors=vectors) == []


@each_scenario
def test_its_doctor_has_nothing_to_heal(peer, built_scenario, copied, scenario):
    built, story = built_scenario(scenario)
    path = copied(built, "doctor")
    assert peer.call("doctor", path=path) == {"status": "clean", "findings": []}
    ours = our_snapshot(path, words=sample_words(story))
    assert differences_from_story(ours, story) == []


@each_scenario
def test_its_rebuild_keeps_everything(peer, built_scenario, copied, scenario):
    """Text that only the payload holds must be found again by the original's own indexing.

    Vectors are left out: its rebuild of the text index drops those of segments (docs/compatibility.md).
    """
    built, story = built_scenario(scenario)
    path = copied(built, "rebuilt")
    assert peer.call("doctor", path=path, rebuild_lex_index=True, rebuild_time_index=True)["status"] in (
        "clean",
        "healed",
    )
    ours, theirs, _ = ask_both(peer, path, story, read_only=True, vectors=())
    assert differences_from_story(ours, story) == []
    assert theirs.timeline == story.timeline
    for word in theirs.found:
        # its rebuild indexes the parent of a chunked document, too: fewer or more windows, same document
        assert theirs.documents_found(word) == story.owner_of(word), word


@each_scenario
def test_it_appends_and_deletes(peer, built_scenario, copied, scenario):
    built, story = built_scenario(scenario)
    story = Story([_copy(entry) for entry in story.entries])
    path = copied(built, "written")
    vectors = sample_vectors(story)

    peer.call("open", path=path, read_only=False, timeout=120)
    if vectors:
        peer.call("find_vector", vector=vectors[0])  # DELETE_LOSES_VECTORS otherwise
    document = {"text": NEW_TEXT, "uri": NEW_URI, "title": "New", "tags": ["new"], "timestamp": EPOCH - 7}
    new_id = peer.call("put", document=document, timeout=120)
    victim = story.deletable()
    if victim is not None:
        peer.call("remove", frame_id=victim.frame_id, timeout=120)
        victim.active = False
    peer.call("close", timeout=120)

    words = [*sample_words(story), NEW_WORD]
    ours = our_snapshot(path, words=words, vectors=vectors)
    new = ours.frames[new_id]
    assert (new.uri, new.title, new.tags, new.timestamp) == (NEW_URI, "New", ("new",), EPOCH - 7)
    assert NEW_WORD in ours.texts[new_id]
    assert ours.found.pop(NEW_WORD) == {new_id}
    assert ours.timeline.pop(0) == new_id
    assert differences_from_story(ours, story, vectors=vectors) == [], DELETE_LOSES_VECTORS

    theirs = peer.snapshot(path, words=words, uris=[NEW_URI])
    assert theirs.timeline == [new_id, *ours.timeline]
    assert theirs.documents_found(NEW_WORD) == {new_id}
    for word in sample_words(story):
        assert theirs.documents_found(word) <= story.owner_of(word), SKETCHES_HIDE_FRAMES
    assert health_problems(theirs) == []

    _we_write_again_and_it_reads(peer, path, new_id)


def _we_write_again_and_it_reads(peer, path, new_id):
    """The third leg: our engine goes on in the file that the original changed."""
    ours_again = note(777)
    content, word = ours_again.pop("content"), ours_again.pop("word")
    with open_ours(path) as memory:
        last_id = memory.put(content, **ours_again)
        memory.delete(new_id)
    theirs = peer.snapshot(path, words=[word, NEW_WORD], uris=[ours_again["uri"]])
    assert theirs.frames[ours_again["uri"]]["id"] == last_id
    assert theirs.blobs[ours_again["uri"]] == content.encode()
    assert last_id in theirs.timeline
    assert new_id not in theirs.timeline
    assert theirs.documents_found(NEW_WORD) == set()
    assert theirs.documents_found(word) <= {last_id}, SKETCHES_HIDE_FRAMES
    assert health_problems(theirs) == []
    assert our_snapshot(path, words=[word]).found[word] == {last_id}


@each_scenario
def test_its_vacuum_keeps_active_frames(peer, built_scenario, copied, scenario):
    built, story = built_scenario(scenario)
    path = copied(built, "vacuumed")
    assert peer.call("doctor", path=path, vacuum=True, timeout=120)["status"] == "healed"
    words = sample_words(story)
    ours = our_snapshot(path, words=words)
    assert differences_from_story(ours, story, inactive_contents=False) == []


def test_it_deletes_a_chunked_document(peer, built_scenario, copied):
    scenario = next(s for s in SCENARIOS if s.name == "long_text")
    built, story = built_scenario(scenario)
    path = copied(built, "deleted")
    book = next(entry for entry in story.entries if entry.chunked)
    peer.call("open", path=path, read_only=False)
    peer.call("remove", frame_id=book.frame_id)
    peer.call("close")
    ours = our_snapshot(path, words=story.words)
    assert ours.frames[book.frame_id].status == "deleted"
    assert book.frame_id not in ours.timeline
    assert ours.found[book.word] == set(), CHUNKS_OUTLIVE_PARENT
    others = Story([entry for entry in story.entries if entry is not book])
    rest = [line for line in differences_from_story(ours, others) if repr(book.word) not in line]
    assert rest == []


def test_it_deletes_and_loses_vectors(peer, built_scenario, copied):
    """The loss is the original's; our engine has to read what is left without a wrong answer."""
    scenario = next(s for s in SCENARIOS if s.name == "document_vectors")
    built, story = built_scenario(scenario)
    path = copied(built, "bare")
    peer.call("open", path=path, read_only=False)
    peer.call("remove", frame_id=story.entries[0].frame_id)
    peer.call("close")
    story = Story([_copy(entry) for entry in story.entries])
    story.entries[0].active = False
    with open_ours(path, "r") as memory:
        assert memory.stats().vector_count == 0, DELETE_LOSES_VECTORS
    assert differences_from_story(our_snapshot(path, words=story.words), story) == []


def _copy(entry):
    return dataclasses.replace(entry)
