"""Both engines at one file at the same time."""

from __future__ import annotations

import sys

import pytest
from known_defects import NO_LOCK_AFTER_COMMIT
from peer import PeerError
from scenarios import Author, note, open_ours
from stories import Story

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the original's locks are flock's")


@pytest.fixture
def filled(tmp_path):
    path = tmp_path / "shared.mv2"
    story = Story()
    with open_ours(path, "x") as memory:
        Author(memory, story).put(**note(1))
    return path, story


def test_its_reader_works_while_we_write(peer, filled):
    path, story = filled
    with open_ours(path) as memory:
        author = Author(memory, story)
        author.put(**note(2))
        assert peer.snapshot(path).timeline == [0]
        memory.commit()
        assert peer.snapshot(path).timeline == [0, 1]


def test_its_writer_is_kept_out_while_we_write(peer, filled):
    path, story = filled
    with open_ours(path) as memory:
        author = Author(memory, story)
        author.put(**note(2))
        memory.commit()
        with pytest.raises(PeerError) as caught:  # it tries for ten seconds
            peer.call("open", path=path, read_only=False, timeout=30)
        assert "MV007" in caught.value.message
        author.put(**note(3))
    assert peer.snapshot(path).timeline == [0, 1, 2]


def test_we_are_kept_out_while_its_writer_is_in(peer, filled):
    import mv2

    path, _ = filled
    peer.call("open", path=path, read_only=False)
    with pytest.raises(mv2.LockedError):
        open_ours(path, lock_timeout=0.1)
    with open_ours(path, "r") as memory:
        assert memory.stats().frame_count == 1


def test_we_notice_that_its_commit_replaced_the_file(peer, filled):
    """The original renames a new file over the old one, so an open reader keeps its snapshot."""
    path, _ = filled
    with open_ours(path, "r") as memory:
        peer.call("open", path=path, read_only=False)
        peer.call("put", document={"text": "A velgrumbotq.", "uri": "mv2://new", "title": "New"})
        peer.call("close")
        assert memory.stats().frame_count == 1
        memory.refresh()
        assert memory.stats().frame_count == 2, NO_LOCK_AFTER_COMMIT
