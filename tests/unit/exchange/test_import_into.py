"""Imports as a whole: what a memory holds afterwards, and after the next one."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

import mv2
from mv2 import exchange
from mv2.exchange import IMPORT_FORMATS, ImportInterrupted, Skipped, import_into
from mv2.exchange.importers import FORMATS, choose

SAMPLES = Path(__file__).parents[2] / "samples" / "exchange"


@pytest.fixture(name="memory")
def _memory(tmp_path):
    with mv2.open(tmp_path / "memory.mv2", mode="x") as memory:
        yield memory


def counts(report):
    return report.documents, report.updated, report.conversations, report.messages, report.unchanged


# Every format, twice


@pytest.mark.parametrize(
    ("source", "format", "first"),
    [
        ("chatgpt_conversations.json", "chatgpt", (0, 0, 2, 10, 0)),
        ("claude_conversations.json", "claude", (1, 0, 2, 8, 0)),
        ("claude_projects.json", "claude", (2, 0, 0, 0, 0)),
        ("claude_memories.json", "claude", (2, 0, 0, 0, 0)),
        ("claude_code_session.jsonl", "transcripts", (0, 0, 1, 5, 0)),
        ("codex_rollout.jsonl", "transcripts", (0, 0, 1, 6, 0)),
        ("mcp_memory.jsonl", "mcp-memory", (2, 0, 0, 0, 0)),
        ("mem0_get_all.json", "mem0", (3, 0, 0, 0, 0)),
        ("chroma", "chroma", (3, 0, 0, 0, 0)),
    ],
)
def test_the_format_is_found_and_a_second_import_changes_nothing(
    memory: mv2.Memvid, source: str, format: str, first: Any
) -> None:
    path = SAMPLES / source
    options = {"collection": "notes"} if format == "chroma" else {}
    report = import_into(memory, path, **options)
    assert report.format == format
    assert counts(report) == first
    generation = memory.stats().frame_count
    again = import_into(memory, str(path), **options)
    assert counts(again) == (0, 0, 0, 0, first[0] + first[3])
    assert again.skipped == report.skipped
    assert memory.stats().frame_count == generation
    memory.commit()
    assert memory.verify(deep=True).ok


def test_what_was_said_is_found(memory: mv2.Memvid) -> None:
    import_into(memory, SAMPLES / "chatgpt_conversations.json")
    hit = memory.find("cold system bar").hits[0]
    assert "usually sits at 1.5 bar" in hit.snippet
    talk = memory.conversation("chatgpt/68a1c0de-0001")
    assert talk.title == "Boiler pressure"
    assert talk.metadata["created"] == "2024-05-03T10:00:00Z"
    assert [m.id for m in talk.messages] == ["u1", "a1-old", "a1", "u2", "call", "out", "a2"]
    assert talk.messages[1].metadata == {"branch": True, "model": "gpt-4o"}
    assert talk.messages[3].timestamp == 1714730465
    assert talk.messages[4].tool_calls[0]["name"] == "python"


def test_a_newer_export_adds_only_what_is_new(memory: mv2.Memvid, tmp_path: Path) -> None:
    talks = json.loads((SAMPLES / "chatgpt_conversations.json").read_text(encoding="utf-8"))
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps(talks[:1]), encoding="utf-8")
    assert import_into(memory, path).messages == 7
    boiler = talks[0]
    reply = {
        "id": "u3", "author": {"role": "user"}, "create_time": 1714740000, "recipient": "all",
        "content": {"content_type": "text", "parts": ["Thank you, it works."]}, "metadata": {},
    }  # fmt: skip
    boiler["mapping"]["u3"] = {"id": "u3", "parent": "a2", "children": [], "message": reply}
    boiler["mapping"]["a2"]["children"] = ["u3"]
    boiler["current_node"] = "u3"
    path.write_text(json.dumps(talks), encoding="utf-8")
    report = import_into(memory, path)
    assert counts(report) == (0, 0, 2, 4, 7)
    assert memory.conversation("chatgpt/68a1c0de-0001").messages[-1].content == "Thank you, it works."


def talk(*messages):
    """An export of Claude with one conversation of (id, text) pairs."""
    made = [{"uuid": own, "text": text, "sender": "human"} for own, text in messages]
    return [{"uuid": "c", "name": "T", "created_at": "2024-01-01T00:00:00Z", "chat_messages": made}]


def test_messages_whose_ids_come_twice_lose_nothing(tmp_path: Path, memory: mv2.Memvid) -> None:
    path = tmp_path / "session.jsonl"
    line = {"type": "user", "sessionId": "s", "uuid": "u", "timestamp": "2024-01-01T00:00:00Z"}
    said = ("one", "two", "one", "three")
    path.write_text("".join(json.dumps({**line, "message": {"content": text}}) + "\n" for text in said))
    assert import_into(memory, path).messages == 3
    found = memory.conversation("claude-code/session").messages
    assert [(m.id, m.content) for m in found] == [("u", "one"), ("u~2", "two"), ("u~3", "three")]
    assert counts(import_into(memory, path)) == (0, 0, 0, 0, 3)


def test_messages_that_are_there_can_be_left_as_they_are(tmp_path: Path, memory: mv2.Memvid) -> None:
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps(talk(("1", "one"), ("2", "two"))))
    import_into(memory, path)
    path.write_text(json.dumps(talk(("1", "one"), ("2", "two, edited"), ("3", "three"))))
    assert counts(import_into(memory, path, on_conflict="skip")) == (0, 0, 1, 1, 2)
    said = [m.content for m in memory.conversation("claude/c").messages]
    assert said == ["one", "two", "three"]
    assert counts(import_into(memory, path)) == (0, 0, 1, 1, 2)
    said = [m.content for m in memory.conversation("claude/c").messages]
    assert said == ["one", "two, edited", "three"]


# Documents that change


def rows(*texts):
    return [{"id": n, "text": text, "tags": ["t"], "n": n} for n, text in enumerate(texts)]


def test_changed_rows_get_a_new_version(memory: mv2.Memvid) -> None:
    assert counts(import_into(memory, rows("one", "two", "three"))) == (3, 0, 0, 0, 0)
    changed = rows("one", "two, changed", "three", "four")
    changed[2]["n"] = 30  # only the metadata
    assert counts(import_into(memory, changed)) == (4 - 1, 2, 0, 0, 1)
    assert memory.text("mv2://import/rows/1") == "two, changed"
    assert memory.frame("mv2://import/rows/2").metadata == {"n": 30}
    assert len(memory.history("mv2://import/rows/1")) == 2
    assert counts(import_into(memory, changed)) == (0, 0, 0, 0, 4)


@pytest.mark.parametrize("field", ["tags", "title", "timestamp", "labels", "kind", "track"])
def test_every_field_counts_as_a_change(memory: mv2.Memvid, field: str) -> None:
    row = {"id": 1, "text": "one", "tags": ["t"], "title": "T", "timestamp": 5, "labels": ["l"], "kind": "k"}
    import_into(memory, [{**row, "track": "r"}])
    new = {"tags": ["u"], "title": "U", "timestamp": 6, "labels": ["m"], "kind": "j", "track": "s"}
    assert import_into(memory, [{**row, "track": "r", field: new[field]}]).updated == 1


def test_rows_that_are_there_can_be_left_as_they_are(memory: mv2.Memvid) -> None:
    import_into(memory, rows("one", "two"))
    report = import_into(memory, rows("other", "two", "three"), on_conflict="skip")
    assert counts(report) == (1, 0, 0, 0, 2)
    assert memory.text("mv2://import/rows/0") == "one"
    with pytest.raises(mv2.InvalidArgumentError, match="on_conflict 'error'"):
        import_into(memory, rows("one"), on_conflict="error")


def test_ids_that_come_twice_lose_nothing(memory: mv2.Memvid) -> None:
    twice = [{"id": "a", "text": text} for text in ("one", "two", "one", "three")]
    assert counts(import_into(memory, twice)) == (3, 0, 0, 0, 1)
    assert [memory.text(f"mv2://import/rows/a{end}") for end in ("", "~2", "~3")] == ["one", "two", "three"]
    assert counts(import_into(memory, twice)) == (0, 0, 0, 0, 4)


def test_a_document_that_was_deleted_comes_back(memory: mv2.Memvid) -> None:
    import_into(memory, rows("one"))
    memory.delete("mv2://import/rows/0")
    assert counts(import_into(memory, rows("one"))) == (1, 0, 0, 0, 0)
    assert memory.frame("mv2://import/rows/0").status == "active"


# Vectors


def test_vectors_are_taken_with_the_name_of_their_model(memory: mv2.Memvid) -> None:
    given = [{"id": "a", "text": "one", "embedding": [1.0, 0.0]}, {"id": "b", "text": "two"}]
    import_into(memory, given, embedding_model="tiny")
    assert list(memory.embedding("mv2://import/rows/a")) == [1.0, 0.0]
    assert memory.embedding("mv2://import/rows/b") is None
    assert memory.stats().vector_model == "tiny"
    assert import_into(memory, given, embedding_model="tiny").unchanged == 2
    given[1]["embedding"] = [0.0, 1.0]
    assert counts(import_into(memory, given, embedding_model="tiny")) == (1, 1, 0, 0, 1)


def test_vectors_that_do_not_fit_say_what_to_do(memory: mv2.Memvid) -> None:
    import_into(memory, [{"text": "one", "embedding": [1.0, 0.0]}])
    other = [{"id": "x", "text": "two", "embedding": [1.0, 0.0, 2.0]}]
    with pytest.raises(mv2.VecDimensionMismatchError, match="vectors=False"):
        import_into(memory, other)
    assert import_into(memory, other, vectors=False).documents == 1
    assert memory.embedding("mv2://import/rows/x") is None


# Faults


def test_a_document_that_cannot_be_put_stops_nothing(memory: mv2.Memvid) -> None:
    bad = {f"key {n}": n for n in range(5_000)}
    given = [{"text": f"note {n}", "metadata": bad if n in (1, 6) else {}} for n in range(9)]
    report = import_into(memory, given)
    assert report.documents == 7
    assert [one.where for one in report.skipped] == ["mv2://import/rows/2", "mv2://import/rows/7"]
    assert "4088" in report.skipped[0].reason
    assert report.skipped_count == 2


def test_what_came_before_damage_is_kept(memory: mv2.Memvid, tmp_path: Path) -> None:
    path = tmp_path / "cut.json"
    path.write_text('[{"text": "one"}, {"text": "two"}, {"te')
    with pytest.raises(mv2.DocumentError, match="not whole JSON"):
        import_into(memory, path)
    assert memory.stats().document_count == 2


def test_an_interrupt_keeps_finished_batches(memory: mv2.Memvid) -> None:
    def stopped():
        yield from rows
        yield {"id": 300, "text": "note 300"}
        raise KeyboardInterrupt

    rows = [{"id": n, "text": f"note {n}"} for n in range(300)]
    with pytest.raises(ImportInterrupted) as caught:
        import_into(memory, stopped(), batch_size=100)
    assert caught.value.report.documents == 300
    assert memory.stats().document_count == 300
    assert import_into(memory, [*rows, {"id": 300, "text": "note 300"}]).documents == 1


def test_many_skipped_ones_are_counted_but_not_all_kept(memory: mv2.Memvid) -> None:
    report = import_into(memory, ({"text": ""} for _ in range(10_050)))
    assert (len(report.skipped), report.skipped_count) == (10_000, 10_050)


def test_progress(memory: mv2.Memvid) -> None:
    seen = []
    import_into(memory, rows(*map(str, range(250))), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(100, None), (200, None), (250, 250)]


# Formats


def test_formats_are_listed_and_known_by_name(memory: mv2.Memvid) -> None:
    assert set(IMPORT_FORMATS) == set(FORMATS)
    assert all(line and "\n" not in line for line in IMPORT_FORMATS.values())
    assert sorted(exchange.__all__) == sorted(set(dir(exchange)))
    assert all(getattr(exchange, name).__class__ is not None for name in exchange.__all__)
    with pytest.raises(AttributeError, match="importt"):
        exchange.importt  # noqa: B018 - the access is the test
    with pytest.raises(mv2.InvalidArgumentError, match="jsonl, csv, arrow"):
        import_into(memory, SAMPLES / "mem0_get_all.json", format="yaml")
    with pytest.raises(mv2.InvalidArgumentError, match="csv has no option 'colour'") as caught:
        import_into(memory, SAMPLES / "mem0_get_all.json", format="csv", colour=1)
    assert "delimiter" in str(caught.value)


def test_a_format_can_be_chosen_against_what_it_looks_like(memory: mv2.Memvid) -> None:
    report = import_into(memory, SAMPLES / "mem0_get_all.json", format="jsonl")
    assert report.format == "jsonl"


def write_zip(path, name, data):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, data)
    return path


def test_sources_are_known_by_what_is_in_them(tmp_path: Path) -> None:
    def of(name, data=b""):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return choose(path).name

    assert of("notes.csv", b"a,b\n1,2\n") == "csv"
    assert of("notes.tsv", b"a\tb\n1\t2\n") == "csv"
    assert of("docs.jsonl", b'{"text": "x"}\n') == "jsonl"
    assert of("docs.json", b' [{"text": "x"}]') == "jsonl"
    assert of("data.bin", b"PAR1....") == "arrow"
    assert of("some.db", b"SQLite format 3\0") == "sqlite"
    assert of("note.md", b"# Note") == "markdown"
    export = write_zip(tmp_path / "a.zip", "conversations.json", b'[{"mapping": {"a": {"children": []}}}]')
    assert choose(export).name == "chatgpt"
    export = write_zip(tmp_path / "b.zip", "data/conversations.json", b'[{"uuid": "x", "chat_messages": []}]')
    assert choose(export).name == "claude"
    (tmp_path / "vault" / ".obsidian").mkdir(parents=True)
    assert choose(tmp_path / "vault").name == "markdown"
    (tmp_path / "lance" / "t.lance" / "_versions").mkdir(parents=True)
    assert choose(tmp_path / "lance").name == "lancedb"
    sessions = tmp_path / "sessions" / "2025"
    sessions.mkdir(parents=True)
    shutil.copy(SAMPLES / "codex_rollout.jsonl", sessions)
    assert choose(tmp_path / "sessions").name == "transcripts"
    with pytest.raises(mv2.InvalidArgumentError, match="is not known"):
        of("picture.png", b"\x89PNG")
    with pytest.raises(mv2.MemoryNotFoundError):
        choose(tmp_path / "nothing")


def test_objects_are_known_by_their_shape() -> None:
    pa = pytest.importorskip("pyarrow")
    assert choose(pa.table({"text": ["a"]})).name == "arrow"
    assert choose({"ids": [], "documents": []}).name == "chroma"
    assert choose({"results": []}).name == "mem0"
    assert choose([{"text": "a"}]).name == "jsonl"
    for nothing in (5, b"bytes", {"a": 1}):
        with pytest.raises(mv2.InvalidArgumentError, match="cannot be imported"):
            choose(nothing)


def test_memories_and_their_copies_are_no_sources(memory: mv2.Memvid, tmp_path: Path) -> None:
    memory.put("one")
    with pytest.raises(mv2.InvalidArgumentError, match=r"exchange\.merge"):
        choose(memory.path)
    exchange.export_jsonl(memory, tmp_path / "copy.jsonl")
    with pytest.raises(mv2.InvalidArgumentError, match=r"exchange\.import_jsonl"):
        choose(tmp_path / "copy.jsonl")


@pytest.mark.parametrize("name", ["all.csv", "all.parquet", "all.arrow"])
def test_our_own_tables_come_back(memory: mv2.Memvid, tmp_path: Path, name: str) -> None:
    pytest.importorskip("pyarrow")
    fields = {"title": "Kettle", "tags": ["tea"], "labels": ["l"], "metadata": {"n": [1]}, "timestamp": 5}
    memory.put('Descale it, "slowly".', uri="notes://kettle", kind="note", **fields)
    exchange.export(memory, tmp_path / name)
    with mv2.open(tmp_path / "other.mv2", mode="x") as other:
        assert import_into(other, tmp_path / name).documents == 1
        frame = other.frame("notes://kettle")
        assert other.text("notes://kettle") == 'Descale it, "slowly".'
        assert (frame.title, frame.tags, frame.labels, frame.kind) == ("Kettle", ("tea",), ("l",), "note")
        assert frame.timestamp == 5
        assert frame.metadata["n"] == [1]


# Notes


def test_a_vault(memory: mv2.Memvid, tmp_path: Path) -> None:
    shutil.copytree(SAMPLES / "vault", tmp_path / "House")
    report = import_into(memory, tmp_path / "House")
    assert (report.format, report.documents) == ("markdown", 3)
    assert Skipped(where="Empty.md", reason="it is empty") in report.skipped
    assert any("1 other file is no note" in one.reason for one in report.skipped)
    roof = memory.frame("mv2://vault/House/Roof repair.md")
    assert (roof.title, roof.timestamp) == ("Roof repair", 1714730400)
    assert {"house", "repairs", "urgent"} <= set(roof.tags)
    assert roof.metadata["links"] == [
        "mv2://vault/House/Ortega.md",
        "mv2://vault/House/Daily notes/2024-05-04.md",
    ]
    day = memory.frame("mv2://vault/House/Daily notes/2024-05-04.md")
    assert (day.title, day.timestamp) == ("2024-05-04", 1714780800)
    assert memory.find("roofer from Valencia").hits[0].uri == "mv2://vault/House/Ortega.md"
    assert counts(import_into(memory, tmp_path / "House")) == (0, 0, 0, 0, 3)
    os.utime(tmp_path / "House" / "Ortega.md", (5, 5))
    assert import_into(memory, tmp_path / "House").unchanged == 3
    (tmp_path / "House" / "Ortega.md").write_text("A roofer from Sevilla.\n")
    assert counts(import_into(memory, tmp_path / "House")) == (1, 1, 0, 0, 2)
    assert memory.text("mv2://vault/House/Ortega.md") == "A roofer from Sevilla.\n"


def test_what_an_import_would_take_is_seen_without_a_memory(tmp_path: Path) -> None:
    from mv2.exchange import import_format_of, import_options, read_items

    path = tmp_path / "rows.csv"
    path.write_text("id,remark\n1,tea\n2,\n")
    assert import_format_of(path) == "csv"
    assert {"text", "delimiter", "header"} <= set(import_options("csv"))
    first, second = read_items(path, text="remark")
    assert (first.content, second.reason) == ("tea", "there is no text in it")
    for call in (lambda: import_options("word"), lambda: read_items(path, colour=1)):
        with pytest.raises(mv2.InvalidArgumentError):
            call()


def test_one_broken_conversation_does_not_take_others_with_it(memory: mv2.Memvid, tmp_path: Path) -> None:
    talks = []
    for number in range(9):
        message = {"id": f"m{number}", "author": {"role": "user"}, "create_time": 1.7e9,
                   "content": {"content_type": "text", "parts": [f"Talk {number}"]}}  # fmt: skip
        node = {"id": f"m{number}", "parent": None, "children": [], "message": message}
        talks.append(
            {
                "id": f"c{number}",
                "title": f"T{number}",
                "mapping": {f"m{number}": node},
                "current_node": f"m{number}",
            }
        )
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps(talks))
    real = memory.add_messages

    def refusing(messages: Any, *, session: str, **given: Any) -> list[int]:
        if "c4" in session:
            raise mv2.InvalidArgumentError("too odd")
        return real(messages, session=session, **given)

    memory.add_messages = refusing  # type: ignore[method-assign]
    report = import_into(memory, path, format="chatgpt")
    assert (report.conversations, report.messages, report.skipped_count) == (8, 8, 1)
    assert report.skipped[0] == Skipped(where="T4", reason="too odd")
    assert len(memory.sessions()) == 8


def test_conversations_are_written_many_at_a_time(
    memory: mv2.Memvid, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = []
    real = memory.batch
    monkeypatch.setattr(memory, "batch", lambda: batches.append(1) or real())
    report = import_into(memory, SAMPLES / "chatgpt_conversations.json")
    assert report.conversations > 1
    assert len(batches) == 1
