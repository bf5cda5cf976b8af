"""Exports of conversations: what a person finds in them afterwards."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

import mv2
from mv2.exchange import ImportedConversation, Skipped
from mv2.exchange.importers import chatgpt, claude, transcripts
from mv2.exchange.importers._chat import fill_times

SAMPLES = Path(__file__).parents[2] / "samples" / "exchange"


def talks(items):
    return [item for item in items if isinstance(item, ImportedConversation)]


def skipped(items):
    return [item for item in items if isinstance(item, Skipped)]


def documents(items):
    return [item for item in items if isinstance(item, mv2.Document)]


def said(talk, role=None):
    return [m["content"] for m in talk.messages if role in (None, m["role"])]


def by_id(talk):
    return {m["id"]: m for m in talk.messages}


# ChatGPT


@pytest.fixture(name="boiler")
def _boiler():
    return talks(chatgpt.read(SAMPLES / "chatgpt_conversations.json"))[0]


def test_chatgpt_conversation_and_what_is_known_of_it(boiler: ImportedConversation) -> None:
    assert boiler.session == "chatgpt/68a1c0de-0001"
    assert boiler.title == "Boiler pressure"
    assert boiler.created == 1714730400
    assert boiler.metadata["default_model_slug"] == "gpt-4o"
    assert boiler.metadata["is_starred"] is True
    assert boiler.metadata["url"] == "https://chatgpt.com/c/68a1c0de-0001"


def test_chatgpt_keeps_the_other_branch_marked_and_in_its_place(boiler: ImportedConversation) -> None:
    ids = [m["id"] for m in boiler.messages]
    assert ids == ["u1", "a1-old", "a1", "u2", "call", "out", "a2"]
    assert [m["id"] for m in boiler.messages if m.get("metadata", {}).get("branch")] == ["a1-old"]
    assert by_id(boiler)["a1-old"]["parent_id"] == "u1"
    (current, *_) = talks(chatgpt.read(SAMPLES / "chatgpt_conversations.json", branches="current"))
    assert "a1-old" not in by_id(current)


def test_chatgpt_text_is_what_was_shown(boiler: ImportedConversation) -> None:
    messages = by_id(boiler)
    assert messages["u1"]["content"] == "[image: gauge.jpg]\nWhat pressure should this boiler have?"
    assert messages["u1"]["metadata"]["attachments"] == ["gauge.jpg"]
    assert messages["a1"]["content"] == "A cold system usually sits at 1.5 bar, as Vaillant advises."
    assert messages["a1"]["metadata"]["model"] == "gpt-4o"


def test_chatgpt_hidden_messages_and_thoughts_only_when_asked(boiler: ImportedConversation) -> None:
    assert not any("Answer briefly" in text or "Planning" in text for text in said(boiler))
    path = SAMPLES / "chatgpt_conversations.json"
    (whole, *_) = talks(chatgpt.read(path, hidden=True, thinking=True))
    assert by_id(whole)["ctx"]["role"] == "system"
    assert by_id(whole)["ctx"]["content"] == "I live in an old house.\nAnswer briefly."
    assert "Use a line chart." in by_id(whole)["think"]["content"]


def test_chatgpt_a_missing_time_comes_from_its_neighbours(boiler: ImportedConversation) -> None:
    # Between the answer at 430 and the thought at 500.
    assert by_id(boiler)["u2"]["timestamp"] == 1714730465
    old = talks(chatgpt.read(SAMPLES / "chatgpt_conversations.json"))[1]
    assert by_id(old)["x"]["timestamp"] == 1680000020


def test_chatgpt_tools(boiler: ImportedConversation) -> None:
    messages = by_id(boiler)
    (call,) = messages["call"]["tool_calls"]
    assert call["name"] == "python"
    assert "statistics.mean" in call["arguments"]
    assert messages["call"]["content"] == ""
    assert messages["out"] | {"metadata": None} == {
        "role": "tool", "content": "1.2", "id": "out", "timestamp": 1714730540, "parent_id": "call",
        "name": "python", "metadata": None,
    }  # fmt: skip
    (bare, *_) = talks(chatgpt.read(SAMPLES / "chatgpt_conversations.json", tools="none"))
    assert {m["role"] for m in bare.messages} == {"user", "assistant"}
    assert by_id(bare)["a2"]["parent_id"] == "u2"  # the nearest message that is left


def test_chatgpt_without_id_and_title_gets_stable_ones() -> None:
    first = talks(chatgpt.read(SAMPLES / "chatgpt_conversations.json"))[1]
    again = talks(chatgpt.read(SAMPLES / "chatgpt_conversations.json"))[1]
    assert first.session == again.session != "chatgpt/"
    assert first.title == "Who wrote the roof report?"
    assert said(first, "tool") == ["Roof report\nRoof report by Ortega"]


def test_chatgpt_an_empty_conversation_is_reported() -> None:
    (one,) = skipped(chatgpt.read(SAMPLES / "chatgpt_conversations.json"))
    assert "Nothing yet" in one.where
    assert one.reason == "it has no messages with text"


@pytest.mark.parametrize("name", ["conversations.json", "ChatGPT export/conversations-000.json"])
def test_chatgpt_zip_and_folder(tmp_path: Path, name: str) -> None:
    data = (SAMPLES / "chatgpt_conversations.json").read_bytes()
    zipped = tmp_path / "export.zip"
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
        archive.writestr("user.json", "{}")
    folder = tmp_path / "unpacked"
    (folder / name).parent.mkdir(parents=True)
    (folder / name).write_bytes(data)
    plain = [talk.session for talk in talks(chatgpt.read(SAMPLES / "chatgpt_conversations.json"))]
    assert [talk.session for talk in talks(chatgpt.read(zipped))] == plain
    assert [talk.session for talk in talks(chatgpt.read(folder))] == plain


def test_chatgpt_parents_that_run_in_a_circle_end(tmp_path: Path) -> None:
    def node(key, parent):
        message = {"id": key, "author": {"role": "user"}, "content": {"content_type": "text", "parts": [key]}}
        return {"id": key, "parent": parent, "children": [], "message": message}

    talk = {
        "id": "loop",
        "create_time": 5,
        "current_node": "a",
        "mapping": {"a": node("a", "b"), "b": node("b", "a")},
    }
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([talk]))
    (found,) = talks(chatgpt.read(path))
    assert sorted(said(found)) == ["a", "b"]
    assert all(m["timestamp"] == 5 for m in found.messages)


def test_chatgpt_long_chains_take_no_time(tmp_path: Path) -> None:
    def node(number):
        text = {"content_type": "text", "parts": ["" if number else "begin"]}
        message = {"id": f"m{number}", "author": {"role": "user"}, "content": text}
        return {"parent": f"n{number - 1}" if number else None, "message": message}

    mapping = {f"n{number}": node(number) for number in range(60_000)}
    mapping["end"] = {**node(0), "parent": "n59999"}
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([{"id": "c", "mapping": mapping, "current_node": "end"}]))
    (found,) = talks(chatgpt.read(path))
    assert [m.get("parent_id") for m in found.messages] == [None, "m0"]


def test_chatgpt_a_file_that_is_cut_off_gives_what_came_before(tmp_path: Path) -> None:
    text = (SAMPLES / "chatgpt_conversations.json").read_text(encoding="utf-8")
    path = tmp_path / "conversations.json"
    path.write_text(text[: text.index("Roof report by Ortega")], encoding="utf-8")
    items = chatgpt.read(path)
    assert next(items).title == "Boiler pressure"
    with pytest.raises(mv2.DocumentError, match="not whole JSON"):
        list(items)


def test_chatgpt_half_a_character_is_replaced(tmp_path: Path) -> None:
    text = (SAMPLES / "chatgpt_conversations.json").read_text(encoding="utf-8")
    path = tmp_path / "conversations.json"
    path.write_text(
        text.replace("Plot the last week", "Plot \\ud83d the \\ud83d\\ude00 week"), encoding="utf-8"
    )
    message = by_id(talks(chatgpt.read(path))[0])["u2"]
    assert message["content"].startswith("Plot \ufffd the 😀 week")


def test_chatgpt_odd_times_still_make_a_session(tmp_path: Path) -> None:
    said = {"author": {"role": "user"}, "content": {"content_type": "text", "parts": ["hello"]}}
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([{"create_time": "\ud800", "mapping": {"a": {"message": said}}}]))
    (found,) = talks(chatgpt.read(path))
    assert found.session.startswith("chatgpt/")
    assert found.messages[0].get("timestamp") is None


def test_a_zip_that_is_a_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations.json", "[" + " " * 30_000_000)
    with pytest.raises(mv2.DocumentLimitError, match=r"conversations\.json"):
        list(chatgpt.read(path))


def test_a_zip_without_conversations_says_what_to_give(tmp_path: Path) -> None:
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(mv2.DocumentError, match=r"holds no conversations\.json"):
        list(chatgpt.read(path))
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(mv2.DocumentError, match="damaged"):
        list(chatgpt.read(path))


def test_choices_are_checked() -> None:
    with pytest.raises(mv2.InvalidArgumentError, match="branches 'most'"):
        list(chatgpt.read(SAMPLES / "chatgpt_conversations.json", branches="most"))
    with pytest.raises(mv2.InvalidArgumentError, match="tools 'some'"):
        list(claude.read(SAMPLES / "claude_conversations.json", tools="some"))


# Claude


def test_claude_conversation() -> None:
    items = list(claude.read(SAMPLES / "claude_conversations.json"))
    tax, lentils = talks(items)
    assert (tax.session, tax.title) == ("claude/5d2a7a10-0000-4000-8000-00000000000a", "Tax papers")
    assert tax.metadata["url"] == "https://claude.ai/chat/5d2a7a10-0000-4000-8000-00000000000a"
    assert [m["id"] for m in tax.messages] == ["m1", "m2-old", "m2", "m2/2", "m2/3", "m3"]
    assert [m["id"] for m in tax.messages if m.get("metadata", {}).get("branch")] == ["m2-old"]
    assert tax.messages[0]["metadata"]["files"] == ["receipts 2024.txt", "scan.pdf"]
    assert lentils.title == "How long do lentils cook?"
    assert said(lentils) == ["How long do lentils cook?", "About 25 minutes."]
    assert [one.reason for one in skipped(items)] == ["it has no messages with text"]


def test_claude_an_answer_with_a_tool_is_cut_where_the_result_stands() -> None:
    (tax, _) = talks(claude.read(SAMPLES / "claude_conversations.json"))
    first, result, last = (by_id(tax)[key] for key in ("m2", "m2/2", "m2/3"))
    assert first["content"] == "Let me look that up."
    assert first["tool_calls"] == [
        {"id": "toolu_1", "name": "web_search", "arguments": '{"query": "deductible travel receipts"}'}
    ]
    assert result["role"] == "tool"
    assert result["tool_call_id"] == "toolu_1"
    assert result["content"] == "Travel expenses guide\nTickets must be kept for ten years."
    assert last["content"] == "You need the train ticket; paper counts as office supplies."
    assert by_id(tax)["m3"]["parent_id"] == "m2/3"
    (thought, _) = talks(claude.read(SAMPLES / "claude_conversations.json", thinking=True))
    assert "tax receipts" in by_id(thought)["m2"]["content"]


def test_claude_a_missing_time_is_the_one_before() -> None:
    (tax, _) = talks(claude.read(SAMPLES / "claude_conversations.json"))
    assert by_id(tax)["m3"]["timestamp"] == by_id(tax)["m2"]["timestamp"]


def test_claude_attached_text_becomes_a_document() -> None:
    (receipts,) = documents(claude.read(SAMPLES / "claude_conversations.json"))
    assert receipts.title == "receipts 2024.txt"
    assert "Train to Leipzig" in receipts.content
    assert receipts.uri.startswith("mv2://claude/5d2a7a10-0000-4000-8000-00000000000a/m1/")
    assert receipts.metadata["message"] == "m1"


def test_claude_zip_with_projects_and_memories(tmp_path: Path) -> None:
    path = tmp_path / "data.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(SAMPLES / "claude_conversations.json", "conversations.json")
        projects = json.loads((SAMPLES / "claude_projects.json").read_text())
        for project in projects:
            archive.writestr(f"projects/{project['uuid']}.json", json.dumps(project))
        archive.write(SAMPLES / "claude_memories.json", "memories.json")
        archive.writestr("users.json", '[{"uuid": "acc-1", "full_name": "Ada Vogel"}]')
    items = list(claude.read(path))
    assert len(talks(items)) == 2
    found = {doc.uri: doc for doc in documents(items)}
    assert found["mv2://claude/projects/p-1/d-1"].content.startswith("# Windows")
    assert found["mv2://claude/projects/p-1/d-1"].labels == ("House",)
    assert found["mv2://claude/projects/p-1/instructions"].content == "Always give sizes in centimetres."
    assert "old houses" in found["mv2://claude/memories/acc-1"].content
    assert found["mv2://claude/memories/acc-1/p-1"].content == "The house was built in 1911."
    assert not any("p-0" in uri for uri in found)
    reasons = [one.reason for one in skipped(items)]
    assert "it is the sample project that every account has" in reasons
    assert "there is no text in it" in reasons


# Coding assistants


def test_claude_code_session() -> None:
    items = list(transcripts.read(SAMPLES / "claude_code_session.jsonl"))
    (talk,) = talks(items)
    assert talk.session == "claude-code/claude_code_session"
    assert talk.title == "Fix the price rounding"
    assert talk.metadata["cwd"] == "/home/ada/shop"
    assert talk.metadata["gitBranch"] == "main"
    assert talk.metadata["models"] == ["claude-opus-4-1"]
    assert said(talk, "user") == ["/model opus", "Prices are rounded wrongly in the cart"]
    assert said(talk, "assistant") == [
        "I will look at the cart.",
        "The cart used floats; it uses Decimal now.",
    ]
    (broken,) = skipped(items)
    assert broken.where.endswith(":11")
    assert "not JSON" in broken.reason


def test_claude_code_blocks_of_one_answer_are_one_message() -> None:
    (talk,) = talks(transcripts.read(SAMPLES / "claude_code_session.jsonl"))
    answer = by_id(talk)["c5"]
    assert [call["name"] for call in answer["tool_calls"]] == ["Read"]
    assert answer["parent_id"] == "c3"
    result = by_id(talk)["c7"]
    assert (result["role"], result["name"], result["tool_call_id"]) == ("tool", "Read", "toolu_9")
    assert result["parent_id"] == "c5"
    assert by_id(talk)["c8"]["parent_id"] == "c7"


def test_results_of_tools_are_shortened_kept_or_left_out() -> None:
    def result(tools):
        (talk,) = talks(transcripts.read(SAMPLES / "claude_code_session.jsonl", tools=tools))
        return [m["content"] for m in talk.messages if m["role"] == "tool"]

    (short,), (whole,) = result("summary"), result("full")
    assert len(whole) > 2000
    assert whole.startswith("def total(items):")
    assert len(short) < 900
    assert "characters left out" in short
    assert result("none") == []


def test_codex_session() -> None:
    (talk,) = talks(transcripts.read(SAMPLES / "codex_rollout.jsonl"))
    assert talk.session == "codex/019a2d7a-41c4"
    assert talk.title == "How often does the drip line run?"
    assert talk.metadata["gitBranch"] == "water"
    assert talk.metadata["models"] == ["gpt-5-codex"]
    assert said(talk, "user") == ["How often does the drip line run?"]
    assert [text for text in said(talk, "assistant") if text] == ["Every 36 hours."]
    assert said(talk, "tool") == ["[drip]\nevery_hours = 36", "Success."]
    calls = [call for m in talk.messages for call in m.get("tool_calls", ())]
    assert [call["name"] for call in calls] == ["shell", "apply_patch"]
    assert [m.get("name") for m in talk.messages if m["role"] == "tool"] == ["shell", "apply_patch"]
    assert talk.messages[0]["timestamp"] == 1761699580
    (thought,) = talks(transcripts.read(SAMPLES / "codex_rollout.jsonl", thinking=True))
    assert "**Reading the schedule**" in said(thought)


def test_a_folder_of_sessions_leaves_other_line_files_alone(tmp_path: Path) -> None:
    deep = tmp_path / "projects" / "-home-ada-shop"
    deep.mkdir(parents=True)
    (deep / "3f1c.jsonl").write_bytes((SAMPLES / "claude_code_session.jsonl").read_bytes())
    (tmp_path / "rollout.jsonl").write_bytes((SAMPLES / "codex_rollout.jsonl").read_bytes())
    (tmp_path / "prices.jsonl").write_text('{"text": "bread 3.20"}\n')
    assert {talk.session for talk in talks(transcripts.read(tmp_path))} == {
        "claude-code/3f1c",
        "codex/019a2d7a-41c4",
    }
    with pytest.raises(mv2.DocumentError, match="holds no session"):
        list(transcripts.read(tmp_path / "prices.jsonl"))


# Times


@pytest.mark.parametrize(
    ("times", "filled"),
    [
        ([None, None], [10, 10]),
        ([None, 20, None], [10, 20, 20]),
        ([0, None, None, 9], [0, 3, 6, 9]),
        ([None, 5], [5, 5]),  # a message is not later than the one after it
    ],
)
def test_missing_times(times: Any, filled: Any) -> None:
    assert fill_times(times, 10, 99) == filled


def test_without_any_time_there_is_none() -> None:
    assert fill_times([None, None], None, None) == [None, None]
    assert fill_times([None], None, 7) == [7]
