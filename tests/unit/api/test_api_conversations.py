"""Conversations: turns, their order, sessions, and search over them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mv2
from mv2 import Message

TURNS: list[dict[str, Any]] = [
    {"role": "user", "name": "Ann", "content": "Where is the cellar key?", "timestamp": 100, "id": "t1"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "c1", "function": {"name": "look_up", "arguments": '{"thing": "key"}'}}],
        "timestamp": 101,
        "id": "t2",
        "parent_id": "t1",
    },
    {"role": "tool", "content": "behind the door", "tool_call_id": "c1", "timestamp": 101, "id": "t3"},
    {"role": "assistant", "content": "It hangs behind the door.", "timestamp": 90, "id": "t4"},
]


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[mv2.Memvid]:
    with mv2.open(tmp_path / "m.mv2") as opened:
        yield opened


def texts(conversation: mv2.Conversation) -> list[Any]:
    return [message.content for message in conversation.messages]


def test_turns_come_back_as_they_were_given_and_in_their_order(memory: mv2.Memvid) -> None:
    ids = memory.add_messages(TURNS, session="home/1", title="Keys", metadata={"model": "m"})
    memory.commit()
    found = memory.conversation("home/1")
    assert [message.frame_id for message in found.messages] == ids
    assert (found.title, found.metadata, found.total) == ("Keys", {"model": "m"}, 4)
    for message, turn in zip(found.messages, TURNS, strict=True):
        assert message.to_dict() == {**turn, "content": turn["content"] or ""}


def test_message_objects_and_parts_are_kept(memory: mv2.Memvid) -> None:
    parts = [{"type": "text", "text": "a heron"}, {"type": "image_url", "image_url": {"url": "x"}}]
    message = Message(role="user", content=parts, metadata={"mood": 3}, timestamp=5)
    memory.add_messages([message], session="s")
    assert memory.conversation("s").messages[0].to_dict() == message.to_dict()
    assert memory.find("heron").hits[0].snippet == "a heron"


def test_the_same_turns_again_add_nothing_and_changed_ones_keep_their_place(memory: mv2.Memvid) -> None:
    first = memory.add_messages(TURNS, session="s")
    assert memory.add_messages(TURNS, session="s") == first
    changed = {**TURNS[0], "content": "Where is the attic key?"}
    again = memory.add_messages([changed, {"role": "user", "content": "thanks"}], session="s")
    assert again[0] not in first
    found = memory.conversation("s")
    said = ["Where is the attic key?", "", "behind the door", "It hangs behind the door.", "thanks"]
    assert texts(found) == said
    assert len(memory.history("mv2://sessions/s/t1")) == 2


def test_windows_page_backwards(memory: mv2.Memvid) -> None:
    memory.add_messages([{"role": "user", "content": str(n)} for n in range(10)], session="s")
    last = memory.conversation("s", limit=4)
    assert (texts(last), last.total) == (["6", "7", "8", "9"], 10)
    before = memory.conversation("s", limit=4, before=last.messages[0].frame_id)
    assert texts(before) == ["2", "3", "4", "5"]


@pytest.mark.parametrize("count", [3, 200])
def test_all_turns_or_none(memory: mv2.Memvid, count: int) -> None:
    turns: list[Any] = [{"role": "user", "content": str(n)} for n in range(count)]
    with pytest.raises(mv2.InvalidArgumentError, match=f"message {count} has no role"):
        memory.add_messages([*turns, {"content": "no role"}], session="s")
    with pytest.raises(mv2.InvalidArgumentError):
        memory.add_messages([*turns, {"role": "user", "metadata": {"bad": {1, 2}}}], session="s")
    assert memory.stats().frame_count == 0
    assert len(memory.add_messages(turns, session="s")) == memory.conversation("s").total == count


def test_sessions_are_listed_by_their_latest_turn(memory: mv2.Memvid) -> None:
    memory.add_messages([{"role": "user", "content": "late", "timestamp": 300}], session="b", title="B")
    memory.add_messages(TURNS, session="a")
    memory.put("a note in a track", track="a")
    listed = memory.sessions()
    assert [(s.session, s.title, s.message_count) for s in listed] == [("a", None, 4), ("b", "B", 1)]
    assert (listed[0].first_timestamp, listed[0].last_timestamp) == (90, 101)
    memory.delete(memory.conversation("b").messages[0].frame_id or 0)
    assert [s.session for s in memory.sessions()] == ["a"]


def test_search_over_turns_shows_their_neighbours(memory: mv2.Memvid) -> None:
    memory.add_messages(TURNS, session="a")
    memory.add_messages([{"role": "user", "content": "hangs elsewhere"}], session="b")
    hits = memory.find("hangs", filter={"track": "a"}, context=1).hits
    assert [hit.snippet for hit in hits] == ["It hangs behind the door."]
    assert [neighbour.text for neighbour in hits[0].neighbours] == ["behind the door"]
    assert memory.find("look_up", filter={"labels": "assistant"}).hits[0].snippet.startswith("look_up(")


def test_the_past_of_a_conversation(memory: mv2.Memvid) -> None:
    ids = memory.add_messages(TURNS, session="a")
    memory.add_messages([{"role": "user", "content": "later"}], session="a")
    assert memory.conversation("a", as_of_frame=ids[-1]).total == 4
    assert memory.conversation("a").total == 5
    assert memory.sessions(as_of_frame=ids[0])[0].message_count == 1


def test_long_turns_are_cut_and_come_back_whole(memory: mv2.Memvid) -> None:
    long = "A sentence about nothing. " * 300
    memory.add_messages(
        [{"role": "user", "content": long}, {"role": "user", "content": "short"}], session="a"
    )
    memory.commit()
    assert texts(memory.conversation("a")) == [long, "short"]
    assert memory.sessions()[0].message_count == 2


@pytest.mark.parametrize(
    ("message", "match"),
    [
        ({"role": "user", "text": "x"}, "unknown field 'text'"),
        ({"role": "", "content": "x"}, "no role"),
        ("hello", "not a dictionary"),
        ({"role": "user", "content": 5}, "content of message 0"),
    ],
)
def test_wrong_messages_are_refused_by_place(memory: mv2.Memvid, message: Any, match: str) -> None:
    with pytest.raises(mv2.InvalidArgumentError, match=match):
        memory.add_messages([message], session="a")
    with pytest.raises(mv2.InvalidArgumentError, match="session"):
        memory.add_messages([], session="")


def test_metadata_may_have_the_names_of_fields(memory: mv2.Memvid) -> None:
    given = {"content": "other", "name": "N", "session": "z", "message_id": 4, "metadata": {"a": 1}, "own": 2}
    memory.add_messages(
        [{"role": "user", "content": "hello", "metadata": given}], session="s", metadata=given
    )
    memory.add_messages([], session="s", metadata={"own": 3, "name": "M"})
    found = memory.conversation("s")
    (message,) = found.messages
    assert (message.content, message.name, message.id) == ("hello", None, None)
    assert message.metadata == given
    assert found.metadata == {**given, "own": 3, "name": "M"}
    assert memory.sessions()[0].metadata == found.metadata


def test_a_turn_given_twice_is_one(memory: mv2.Memvid) -> None:
    turn = {"role": "user", "content": "hello", "id": "1", "tool_calls": ({"a": (1, 2)},)}
    first = memory.add_messages([turn, turn], session="s")
    assert len(set(first)) == 1
    assert memory.add_messages([turn], session="s") == first[:1]
    changed = {**turn, "content": "changed"}
    assert len(set(memory.add_messages([turn, changed, changed, turn], session="s"))) == 3
    assert texts(memory.conversation("s")) == ["hello"]


def test_only_turns_are_turns(memory: mv2.Memvid) -> None:
    memory.add_messages(TURNS, session="tables")
    memory.put("a note in a track", track="tables")
    memory.put_many([{"content": "{}", "track": "tables", "kind": "table_row"}])
    assert memory.conversation("tables").total == memory.sessions()[0].message_count == 4


@pytest.mark.parametrize("committed", [False, True])
def test_pages_go_on_from_turns_that_are_gone(memory: mv2.Memvid, committed: bool) -> None:
    ids = memory.add_messages(
        [{"role": "user", "content": str(n), "id": str(n)} for n in range(6)], session="s"
    )
    for content in ("three", "3!"):
        memory.add_messages([{"role": "user", "content": content, "id": "3"}], session="s")
    memory.delete(ids[4])
    if committed:
        memory.commit()
    assert texts(memory.conversation("s")) == ["0", "1", "2", "3!", "5"]
    assert texts(memory.conversation("s", before=ids[4], limit=2)) == ["2", "3!"]
    assert texts(memory.conversation("s", before=ids[3], limit=2)) == ["1", "2"]
    newest = memory.conversation("s").messages[3].frame_id
    assert texts(memory.conversation("s", before=newest, limit=2)) == ["1", "2"]
    assert texts(memory.conversation("s", limit=0)) == []
    with pytest.raises(mv2.FrameNotFoundError):
        memory.conversation("s", before=999)
    with pytest.raises(mv2.InvalidArgumentError):
        memory.conversation("s", before="3")  # type: ignore[arg-type]


def test_turns_can_be_added_inside_a_batch(memory: mv2.Memvid) -> None:
    turns = [{"role": "user", "content": str(n)} for n in range(100)]
    with memory.batch():
        memory.put("a note")
        ids = memory.add_messages(turns, session="s", title="T")
        memory.add_messages(turns[:3], session="s")
    assert memory.conversation("s").total == 103
    assert [m.frame_id for m in memory.conversation("s").messages[:100]] == ids
    with pytest.raises(mv2.InvalidArgumentError), memory.batch():  # noqa: PT012 - an error after a put
        memory.add_messages(turns, session="s")
        memory.add_messages([{"content": "no role"}], session="s")
    assert memory.conversation("s").total == 103


def test_writers_of_one_session_add_its_turns_once(memory: mv2.Memvid) -> None:
    memory.commit()
    with mv2.open(memory.path) as other:
        real, calls = other._store.turn, []

        def turn() -> Any:  # the other one comes first, when this one has looked already
            if not calls:
                calls.append(memory.add_messages(TURNS, session="s", metadata={"a": 1}))
            return real()

        other._store.turn = turn
        ids = other.add_messages([*TURNS, {"role": "user", "content": "new"}], session="s", metadata={"b": 2})
    assert ids[:4] == calls[0]
    found = memory.conversation("s")
    assert found.total == 5
    assert found.metadata == {"a": 1, "b": 2}
    assert len(memory.history("mv2://sessions/s/t1")) == 1


@pytest.mark.parametrize("name", ["a/b", "a%2Fb", "a#page-1", "a b", "ü", "../x", "x" * 500])
def test_any_name_makes_a_session_of_its_own(memory: mv2.Memvid, name: str) -> None:
    for session in ("a", "b", name):
        memory.add_messages([{"role": "user", "content": session, "id": name}], session=session, title="T")
    assert texts(memory.conversation(name)) == [name]
    assert memory.conversation(name).title == "T"
    assert len(memory.sessions()) == 3


def test_what_is_no_unicode_or_no_mapping_is_refused(memory: mv2.Memvid) -> None:
    memory.add_messages([{"role": "user", "content": "x", "id": "1"}], session="s")
    wrong: list[Any] = [
        {"role": "user", "content": "\ud800", "id": "1"},
        {"role": "user", "content": "x", "id": "\ud800"},
        {"role": "user", "content": "x", "metadata": [1]},
        {"role": "user", "content": bytearray(b"x")},
    ]
    for message in wrong:
        with pytest.raises(mv2.InvalidArgumentError):
            memory.add_messages([message], session="s")
    with pytest.raises(mv2.InvalidArgumentError):
        memory.add_messages([{"role": "user"}], session="\ud800")
    with pytest.raises(mv2.InvalidArgumentError):
        memory.add_messages([{"role": "user"}], session="s", metadata=[1])  # type: ignore[arg-type]
    with pytest.raises(mv2.InvalidArgumentError):
        memory.conversation(5)  # type: ignore[arg-type]
    assert memory.conversation("\ud800").total == 0
    assert memory.stats().frame_count == 1


def test_a_window_of_a_long_session_reads_no_other_turns(
    memory: mv2.Memvid, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.add_messages([{"role": "user", "content": str(n), "id": str(n)} for n in range(300)], session="s")
    memory.add_messages([{"role": "user", "content": "new", "id": "5"}], session="s")
    memory.commit()
    from mv2.storage.view import View

    real, read = View.record, []

    def record(self: View, frame_id: int) -> Any:
        read.append(frame_id)
        return real(self, frame_id)

    monkeypatch.setattr(View, "record", record)
    assert len(memory.conversation("s", limit=10).messages) == 10
    assert len(set(read)) < 20
