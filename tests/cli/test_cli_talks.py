"""``mv2 sessions`` and ``mv2 conversation``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import mv2 as library

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Command

CALL = {"id": "c1", "function": {"name": "book", "arguments": '{"train": "night"}'}}


@pytest.fixture
def chats(folder: Path) -> Path:
    """A memory with two conversations: frames 0 to 2 are the turns of the first."""
    path = folder / "chats.mv2"
    turns = [
        {"role": "user", "name": "Ada", "content": "Which train is best?", "timestamp": 1_700_000_000},
        {
            "role": "assistant",
            "content": "The night train.",
            "timestamp": 1_700_000_060,
            "tool_calls": [CALL],
        },
        {
            "role": "user",
            "content": [{"type": "text", "text": "See this."}, {"type": "image_url", "image_url": "x"}],
            "timestamp": 1_700_000_120,
        },
    ]
    with library.open(path) as memory:
        memory.add_messages(turns, session="trip", title="To Lisbon")
        later = [{"role": "user", "content": "Hello", "timestamp": 1_800_000_000}]
        memory.add_messages(later, session="greeting")
    return path


def test_sessions_are_listed_the_latest_last(chats: Path, mv2: Command) -> None:
    lines = mv2("sessions", chats.name).out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("trip  To Lisbon  3 turns, 2023-11-14 to 2023-11-14")
    assert lines[1].startswith("greeting")
    found = mv2("sessions", chats.name, "--json").json()["sessions"]
    assert [(info["session"], info["message_count"]) for info in found] == [("trip", 3), ("greeting", 1)]


def test_a_conversation_is_printed_in_order(chats: Path, mv2: Command) -> None:
    ran = mv2("conversation", chats.name, "trip")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "To Lisbon",
        "Ada  2023-11-14 22:13  frame 0",
        "    Which train is best?",
        "assistant  2023-11-14 22:14  frame 1",
        "    The night train.",
        '    -> book({"train": "night"})',
        "user  2023-11-14 22:15  frame 2",
        "    See this.",
        "    [image_url]",
    ]


def test_pages_backwards(chats: Path, mv2: Command) -> None:
    last = mv2("conversation", chats.name, "trip", "--limit", "1").out
    assert "the last 1 of 3 turns" in last
    assert "See this." in last
    assert "night" not in last
    before = mv2("conversation", chats.name, "trip", "--limit", "1", "--before", "2").out
    assert "The night train." in before
    assert "Which train" not in before


def test_a_conversation_as_json(chats: Path, mv2: Command) -> None:
    found = mv2("conversation", chats.name, "trip", "--json").json()
    assert (found["title"], found["total"]) == ("To Lisbon", 3)
    assert found["messages"][1]["tool_calls"] == [CALL]


def test_as_it_was(chats: Path, mv2: Command) -> None:
    assert mv2("sessions", chats.name, "--as-of-frame", "1").out.startswith("trip  2 turns")
    then = mv2("conversation", chats.name, "trip", "--as-of-frame", "1").out
    assert "The night train." in then
    assert "See this." not in then


def test_what_is_not_there(chats: Path, notes: Path, mv2: Command) -> None:
    ran = mv2("conversation", chats.name, "nobody")
    assert ran.code == 3
    assert "there is no conversation nobody" in ran.err
    assert mv2("conversation", chats.name, "nobody", "--json").error()["code"] == "MV010"
    assert mv2("conversation", chats.name, "trip", "--before", "99").code == 3
    assert mv2("sessions", notes.name).out == "no conversations\n"


def test_texts_cannot_obey_the_terminal(folder: Path, mv2: Command) -> None:
    with library.open(folder / "a.mv2") as memory:
        turns = [{"role": "user\x1b[2J", "content": "a\x1b]0;title\x07b", "tool_calls": "odd"}]
        memory.add_messages(turns, session="x\x1b[1m", title="t\x9b")
    for ran in (mv2("sessions", "a.mv2"), mv2("conversation", "a.mv2", "x\x1b[1m")):
        assert ran.code == 0
        assert "\x1b" not in ran.out
        assert "\x9b" not in ran.out
