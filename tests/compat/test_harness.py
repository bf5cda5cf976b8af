"""The harness itself: these tests need the original only."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from peer import Peer, PeerCrashed, PeerError, PeerTimeout
from peer_env import PeerMissingError, find_peer_python, peer_environment
from scenarios import unit_vector


def test_output_of_the_original_does_not_reach_the_protocol(peer):
    peer.call("noise")
    assert peer.call("info")["version"]


def test_a_call_that_takes_too_long_is_killed_and_the_next_one_works(tmp_path):
    with Peer(tmp_path) as own:
        own.call("info")
        with pytest.raises(PeerTimeout):
            own.call("sleep", seconds=60, timeout=0.2)
        assert own.call("info")["version"]


def test_an_error_of_the_original_keeps_its_kind(peer, tmp_path):
    with pytest.raises(PeerError) as caught:
        peer.call("open", path=tmp_path / "absent.mv2", read_only=True)
    assert "MV013" in caught.value.message


def test_a_process_that_ends_is_noticed(peer, tmp_path):
    path = tmp_path / "ended.mv2"
    peer.call("create", path=path)
    with pytest.raises(PeerCrashed):
        peer.call("put_then_die", path=path, documents=[])


def test_a_snapshot_holds_what_was_put(peer, tmp_path):
    path = tmp_path / "first.mv2"
    peer.call("create", path=path, enable_vec=True)
    peer.call("put", document={"text": "A copper comet.", "uri": "mv2://a", "title": "A", "timestamp": 1000})
    documents = [{"text": f"Stone {k}", "uri": f"mv2://s/{k}", "title": "S"} for k in range(2)]
    peer.call("put_many", documents=documents, embeddings=[unit_vector(1), unit_vector(2)])
    peer.call("close")
    seen = peer.snapshot(path, words=["comet"], vectors=[unit_vector(2)], uris=["mv2://absent"])
    assert seen.stats["frame_count"] == 3
    assert seen.timeline == [0, 1, 2]
    assert seen.frames["mv2://a"]["title"] == "A"
    assert "error" in seen.frames["mv2://absent"]
    assert "comet" in seen.found_texts["comet"][0]
    assert seen.nearest[0][0] == (2, pytest.approx(1.0))
    assert seen.verify["status"] == "passed"


def test_a_missing_peer_is_explained(monkeypatch):
    monkeypatch.setenv("MV2_PEER_PYTHON", "/nowhere/python")
    with pytest.raises(PeerMissingError, match="make peer"):
        find_peer_python()


def test_the_peer_gets_no_keys_and_no_network(monkeypatch, tmp_path):
    monkeypatch.setenv("MEMVID_API_KEY", "secret")
    environment = peer_environment(tmp_path)
    assert "secret" not in environment.values()
    assert environment["MEMVID_TELEMETRY"] == "0"
    assert environment["MEMVID_OFFLINE"] == "1"


def test_the_worker_needs_nothing_of_ours():
    worker = Path(__file__).with_name("peer_worker.py")
    code = f"import sys; sys.argv=['w']; exec(open({str(worker)!r}).read().split('if __name__')[0])"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)
