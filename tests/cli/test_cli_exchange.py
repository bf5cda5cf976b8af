"""Memories in and out on the command line: import, export, merge, split and dump."""

from __future__ import annotations

import csv
import gzip
import io
import json
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import mv2 as library

if TYPE_CHECKING:
    from conftest import Command

SAMPLES = Path(__file__).parents[1] / "samples" / "exchange"
COMMAND = [sys.executable, "-m", "mv2"]


def texts(path: Path | str) -> dict[str | None, str]:
    """The texts of the active documents by their uris."""
    with library.open(path, "r", embedder="none") as memory:
        return {frame.uri: memory.text(frame.id) for frame in memory.frames()}


@pytest.fixture
def people(folder: Path) -> Path:
    path = folder / "people.csv"
    path.write_text("id,name,comment\n1,Ada,Likes tea\n2,Bob,\n3,Eve,Prefers coffee\n")
    return path


@pytest.fixture
def changed(notes: Path, mv2: Command) -> Path:
    """The notes after one of them got a new version, and another one was deleted."""
    assert mv2("update", notes, 0, "--text", "The key is under the mat.").code == 0
    assert mv2("delete", notes, 2, "--yes").code == 0
    return notes


# --- import -----------------------------------------------------------------------------


def test_notes_come_in_and_again_change_nothing(folder: Path, mv2: Command) -> None:
    ran = mv2("import", "vault.mv2", SAMPLES / "vault")
    assert ran.code == 0
    assert ran.out == "imported 3 documents, 2 skipped (format markdown)\n"
    assert ran.err.startswith("created vault.mv2\n")
    assert "Empty.md: skipped: it is empty" in ran.err
    again = mv2("import", "vault.mv2", SAMPLES / "vault", "--json")
    report = again.json()
    assert (report["documents"], report["unchanged"], report["created"]) == (0, 3, False)
    assert report["skipped"][0] == {"where": "Empty.md", "reason": "it is empty"}
    quiet = mv2("import", "vault.mv2", SAMPLES / "vault", "--quiet")
    assert (quiet.out, quiet.err) == ("", "")


def test_conversations_are_counted_as_such(folder: Path, mv2: Command) -> None:
    source = SAMPLES / "chatgpt_conversations.json"
    few = mv2("import", "few.mv2", source, "--branches", "current", "--tools", "none")
    assert few.out == "imported 6 messages of 2 conversations, 1 skipped (format chatgpt)\n"
    assert mv2("import", "all.mv2", source).out.startswith("imported 10 messages of 2 conversations")
    assert "nothing new, 10 unchanged" in mv2("import", "all.mv2", source).out
    assert "Boiler pressure" in mv2("sessions", "all.mv2").out


def test_columns_may_be_named(people: Path, mv2: Command) -> None:
    ran = mv2(
        "import", "p.mv2", people, "--text-column", "comment", "--title-column", "name", "--name", "team"
    )
    assert (ran.code, ran.out) == (0, "imported 3 documents (format csv)\n")
    assert texts("p.mv2") == {
        "mv2://import/team/1": "Likes tea",
        "mv2://import/team/2": "Bob",
        "mv2://import/team/3": "Prefers coffee",
    }
    both = mv2("import", "q.mv2", people, "--text-column", "comment", "--text-column", "name")
    assert both.code == 0
    assert texts("q.mv2")["mv2://import/people/1"] == "comment: Likes tea\nname: Ada"


def test_an_empty_name_says_that_there_is_no_such_column(people: Path, mv2: Command) -> None:
    assert mv2("import", "p.mv2", people, "--title-column", "", "--id-column", "name").code == 0
    with library.open("p.mv2", "r", embedder="none") as memory:
        frame = memory.frame("mv2://import/people/Ada")
        assert frame.title is None
        assert frame.metadata["id"] == 1


def test_options_of_other_formats_and_columns_that_are_not_there(people: Path, mv2: Command) -> None:
    ran = mv2("import", "p.mv2", people, "--table", "x")
    assert ran.code == 2
    assert "--table is no option of the format csv. It has --text-column, " in ran.err
    ran = mv2("import", "p.mv2", people, "--text-column", "body")
    assert ran.code == 2
    assert "people.csv has no column 'body'. Columns: id, name, comment." in ran.err
    ran = mv2("import", "p.mv2", people, "--format", "excel")
    assert ran.code == 2
    assert "chatgpt" in ran.err
    assert mv2("import", "p.mv2", people, "--on-conflict", "keep_both").code == 2
    assert not Path("p.mv2").exists()


def test_a_file_without_names_of_columns(folder: Path, mv2: Command) -> None:
    Path("rows.csv").write_text("tea;hot\nwater;cold\n")
    assert mv2("import", "r.mv2", "rows.csv", "--no-header", "--delimiter", ";").code == 0
    assert texts("r.mv2")["mv2://import/rows/1"] == "column 1: tea\ncolumn 2: hot"


def test_rows_of_a_database(folder: Path, mv2: Command) -> None:
    with sqlite3.connect("log.db") as base:
        base.execute("CREATE TABLE entries (id INTEGER, body TEXT, at TEXT)")
        base.executemany(
            "INSERT INTO entries VALUES (?, ?, ?)", [(1, "Roof mended", "2024-05-01"), (2, "Tea", "")]
        )
    base.close()
    ran = mv2("import", "l.mv2", "log.db")
    assert ran.code == 2
    assert "Its tables: entries." in ran.err
    assert mv2("import", "l.mv2", "log.db", "--table", "entries", "--time-column", "at").code == 0
    assert mv2("import", "m.mv2", "log.db", "--query", "SELECT body FROM entries WHERE id = 1").code == 0
    assert list(texts("m.mv2").values()) == ["Roof mended"]
    found = mv2("find", "l.mv2", "roof", "--on", "2024-05", "--json").json()
    assert len(found["hits"]) == 1


def test_what_is_not_there_or_damaged_makes_no_memory(folder: Path, mv2: Command) -> None:
    assert mv2("import", "new.mv2", "nowhere.csv").code == 1
    Path("bad.json").write_text("[{]")
    assert mv2("import", "new.mv2", "bad.json", "--format", "mem0").code == 1
    Path("cut.jsonl").write_text('{"format": "mv2-jsonl", "version": 1}\n{"id"')
    ran = mv2("import", "new.mv2", "cut.jsonl", "--json")
    assert ran.code == 1
    assert "line 2" in ran.error()["message"]
    assert not Path("new.mv2").exists()
    ran = mv2("import", "new", "cut.jsonl")
    assert ran.code == 2
    assert "ends in .mv2" in ran.err


def test_a_memory_is_merged_instead(notes: Path, people: Path, mv2: Command) -> None:
    ran = mv2("import", "other.mv2", notes)
    assert ran.code == 2
    assert f"mv2 merge other.mv2 {notes}" in ran.err
    swapped = mv2("import", people, notes)
    assert swapped.code == 2
    assert f"mv2 import {notes} {people}" in swapped.err


def test_arguments_that_are_missing(folder: Path, mv2: Command) -> None:
    assert "FILE and SOURCE" in mv2("import").err
    assert mv2("import", "a.mv2").code == 2
    assert mv2("export", "a.mv2").code == 2


def test_the_formats_are_listed(folder: Path, mv2: Command) -> None:
    from mv2.exchange import EXPORT_FORMATS, IMPORT_FORMATS

    shown = mv2("import", "--list-formats").out
    assert [line.split()[0] for line in shown.splitlines()] == [*IMPORT_FORMATS, "mv2-jsonl"]
    assert set(mv2("import", "--list-formats", "--json").json()) == {*IMPORT_FORMATS, "mv2-jsonl"}
    shown = mv2("export", "--list-formats").out
    assert all(f"\n{name} " in f"\n{shown}" for name in EXPORT_FORMATS)
    assert max(map(len, shown.splitlines())) < 120
    listed = mv2("export", "--list-formats", "--json").json()
    assert [one["name"] for one in listed] == list(EXPORT_FORMATS)


def test_vectors_of_another_length_are_left_out_on_demand(folder: Path, mv2: Command) -> None:
    Path("a.jsonl").write_text('{"id": 1, "text": "one", "embedding": [1, 2, 3]}\n')
    Path("b.jsonl").write_text('{"id": 2, "text": "two", "embedding": [1, 2]}\n')
    assert mv2("import", "v.mv2", "a.jsonl", "--embedding-model", "house/three").code == 0
    ran = mv2("import", "v.mv2", "b.jsonl")
    assert ran.code == 2
    assert "--no-vectors" in ran.err
    assert mv2("import", "v.mv2", "b.jsonl", "--no-vectors").code == 0
    stats = mv2("stats", "v.mv2", "--json").json()
    assert (stats["vector_count"], stats["vector_model"], stats["document_count"]) == (1, "house/three", 2)


def test_rows_from_a_pipe(folder: Path, mv2: Command) -> None:
    ran = mv2("import", "s.mv2", "-", stdin=b'{"text": "one"}\nnot json\n\n{"id": 7, "text": "two"}\n')
    assert (ran.code, ran.out) == (0, "imported 2 documents, 1 skipped (format jsonl)\n")
    assert "standard input, line 2: skipped: it is not JSON" in ran.err
    other = mv2("import", "s.mv2", "-", stdin=b'[{"text": "three"},\n {"id": 7, "text": "two"}]')
    assert other.out == "imported 1 document, 1 unchanged (format jsonl)\n"
    assert sorted(texts("s.mv2").values()) == ["one", "three", "two"]
    assert texts("s.mv2")["mv2://import/stdin/7"] == "two"
    assert mv2("import", "s.mv2", "-", "--name", "log", stdin=b'{"id": 7, "text": "x"}').code == 0
    assert texts("s.mv2")["mv2://import/log/7"] == "x"
    assert mv2("import", "s.mv2", "-", stdin=b"").out == "imported nothing (format jsonl)\n"
    assert mv2("import", "s.mv2", "-", stdin=b"[{").code == 1
    assert mv2("import", "s.mv2", "-", "--format", "csv").code == 2


def _documents(file: str) -> int:
    """How many there are in a memory that another process is making."""
    try:
        with library.open(file, "r", embedder="none") as memory:
            return memory.stats().document_count
    except library.errors.Error:
        return 0


def test_an_interrupted_import_goes_on_from_there(folder: Path, command_environment: dict[str, str]) -> None:
    count = 60_000
    lines = (f'{{"id": {n}, "text": "pebble number {n} lies on the beach"}}\n' for n in range(count))
    Path("rows.jsonl").write_text("".join(lines))
    process = subprocess.Popen(
        [*COMMAND, "import", "rows.mv2", "rows.jsonl"],
        env=command_environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.05)
        if _documents("rows.mv2"):
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert b"this much is kept. The same command goes on from here." in err
    assert b"Traceback" not in err
    told = int(out.split()[1].replace(b",", b""))
    with library.open("rows.mv2", "r", embedder="none") as memory:
        assert memory.verify(deep=True).ok
        assert 0 < told == memory.stats().document_count < count


def test_a_copy_of_a_windows_editor_is_a_copy(changed: Path, mv2: Command) -> None:
    assert mv2("export", changed, "copy.jsonl").code == 0
    data = Path("copy.jsonl").read_bytes()
    Path("copy.jsonl").write_bytes(b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n"))
    assert mv2("import", "equal.mv2", "copy.jsonl").out == "restored copy.jsonl: 4 records\n"


def test_a_database_that_was_exported_needs_no_table(changed: Path, mv2: Command) -> None:
    assert mv2("export", changed, "m.sqlite").code == 0
    ran = mv2("import", "again.mv2", "m.sqlite")
    assert (ran.code, "format sqlite" in ran.out) == (0, True)
    assert "replaced or deleted; exports as jsonl bring them back" in ran.err
    assert sorted(texts("again.mv2").values()) == sorted(texts(str(changed)).values())


# --- export -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["copy.jsonl", "copy.jsonl.gz", "copy.ndjson.zst"])
def test_a_copy_becomes_an_equal_memory(changed: Path, mv2: Command, name: str) -> None:
    assert mv2("export", changed, name).out == f"wrote 4 records to {name} (jsonl)\n"
    ran = mv2("import", "equal.mv2", name)
    assert (ran.code, ran.out) == (0, f"restored {name}: 4 records\n")
    assert mv2("dump", "equal.mv2").out == mv2("dump", changed).out
    with library.open(changed, "r") as one, library.open("equal.mv2", "r") as other:
        assert list(one.records()) == list(other.records())
    again = mv2("import", "equal.mv2", name, "--json").json()
    assert (again["format"], again["added"], again["known"]) == ("mv2-jsonl", 0, 4)
    assert mv2("import", "equal.mv2", name, "--no-vectors").code == 2
    assert mv2("import", "equal.mv2", name, "--table", "x").code == 2


def test_a_copy_through_a_pipe(changed: Path, command_environment: dict[str, str], mv2: Command) -> None:
    script = f"set -o pipefail; mv2 export {changed.name} - -q | mv2 import equal.mv2 - --json"
    ran = subprocess.run(
        ["bash", "-c", script], cwd=changed.parent, env=command_environment, capture_output=True, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["added"] == 4
    assert ran.stderr == b""
    assert mv2("dump", changed.parent / "equal.mv2").out == mv2("dump", changed).out
    early = subprocess.run(
        ["bash", "-c", f"set -o pipefail; mv2 export {changed.name} - | head -c 20"],
        cwd=changed.parent,
        env=command_environment,
        capture_output=True,
        timeout=60,
    )
    assert early.returncode == 0, early.stderr
    assert len(early.stdout) == 20


def test_conflicts_of_a_copy_are_told(notes: Path, mv2: Command) -> None:
    mv2("export", notes, "copy.jsonl")
    mv2("update", notes, 0, "--text", "The key is under the mat.")
    mv2("put", "other.mv2", "--text", "Here.", "--uri", "mv2://files/notes/key.md")
    ran = mv2("import", "other.mv2", "copy.jsonl", "--on-conflict", "keep_both")
    assert ran.out == "restored copy.jsonl: 3 records, 1 conflict\n"
    assert "mv2://files/notes/key.md was in both: both are active" in ran.err
    assert mv2("import", "new.mv2", "copy.jsonl", "--on-conflict", "error").code == 0


def test_a_table_goes_to_a_file_or_to_a_pipe(notes: Path, mv2: Command) -> None:
    ran = mv2("export", notes, "out.csv")
    assert ran.out == "wrote 3 documents to out.csv (csv)\n"
    assert "mv2: csv does not hold: replaced and deleted versions; " in ran.err
    piped = mv2("export", notes, "-", "--format", "csv")
    assert piped.out == Path("out.csv").read_bytes().decode()
    assert piped.err.startswith("wrote 3 documents\n")
    rows = list(csv.DictReader(io.StringIO(piped.out)))
    assert rows[0]["text"] == "The cellar key hangs behind the door.\n"
    assert mv2("export", notes, "out.csv", "--force", "--quiet").err == ""
    report = mv2("export", notes, "more.csv", "--json").json()
    assert (report["documents"], report["format"], report["path"]) == (3, "csv", "more.csv")
    assert report["loses"]
    assert mv2("export", notes, "-", "--json").code == 2
    assert mv2("export", notes, "-", "--format", "html").code == 2


def test_nothing_is_replaced_unasked(notes: Path, mv2: Command) -> None:
    Path("out.csv").write_text("mine")
    ran = mv2("export", notes, "out.csv")
    assert ran.code == 1
    assert "out.csv is there already. --force replaces it." in ran.err
    assert Path("out.csv").read_text() == "mine"
    assert mv2("export", notes, "out.csv", "--force").code == 0
    assert Path("out.csv").read_text() != "mine"
    before = notes.read_bytes()
    assert mv2("export", notes, notes, "--format", "csv", "--force").code == 2
    assert notes.read_bytes() == before
    Path("site").mkdir()
    Path("site/mine.txt").write_text("mine")
    assert mv2("export", notes, "site", "--format", "html", "--force").code == 2
    assert [path.name for path in Path("site").iterdir()] == ["mine.txt"]


def test_folders_and_databases(notes: Path, mv2: Command) -> None:
    assert mv2("export", notes, "site", "--format", "html").code == 0
    assert Path("site/index.html").exists()
    assert mv2("export", notes, "md", "--format", "markdown").code == 0
    assert len(list(Path("md").rglob("*.md"))) == 3
    assert mv2("export", notes, "n.db").out == "wrote 3 records to n.db (sqlite)\n"
    with sqlite3.connect("n.db") as base:
        assert base.execute("SELECT count(*) FROM documents").fetchone() == (3,)
    base.close()
    ran = mv2("export", notes, "somewhere")
    assert ran.code == 2
    assert "--format jsonl, csv" in ran.err


def test_a_format_says_what_it_cannot_do(notes: Path, mv2: Command) -> None:
    ran = mv2("export", notes, "out.csv", "--history")
    assert ran.code == 2
    assert "--history is for jsonl, parquet, arrow, sqlite, not for csv" in ran.err
    assert mv2("export", notes, "out.csv", "--no-history", "--no-vectors").code == 0
    assert mv2("export", notes, "out.jsonl", "--chunks").code == 2
    ran = mv2("export", notes, "out.npy")
    assert ran.code == 1
    assert "mv2 embed" in ran.err
    assert not Path("out.npy").exists()


def commit_of_three(path: Path) -> int:
    """The number of the commit that put the three notes."""
    with library.open(path, "r") as memory:
        return next(commit.number for commit in memory.commits() if commit.frame_count == 3)


def exported(name: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in Path(name).read_text().splitlines()]
    return lines[1:-1]


def test_a_part_of_a_memory(changed: Path, mv2: Command) -> None:
    def export(*options: object) -> list[str]:
        assert mv2("export", changed, "part.jsonl", "--force", *options).code == 0
        return [record["content"] for record in exported("part.jsonl") if "content" in record]

    mat, door = "The key is under the mat.", "The cellar key hangs behind the door.\n"
    plan = "Budget for 2026: more tea, fewer meetings.\n"
    assert export() == [door, plan, mat]
    assert export("--no-history") == [plan, mat]
    assert export("--filter", "title=plan.md") == [plan]
    assert export("--scope", "mv2://files/notes/k", "--no-history") == [mat]
    assert export("--scope", "mv2://files/notes/k", "--filter", "title=plan.md") == []
    assert export("--as-of-commit", commit_of_three(changed)) == [door, plan]
    assert export("--as-of", "2001-01-01") == []
    assert mv2("export", changed, "x.jsonl", "--as-of", "2001", "--as-of-commit", 1).code == 2


def test_what_cannot_be_opened_is_not_exported(folder: Path, mv2: Command) -> None:
    assert mv2("export", "missing.mv2", "out.csv").code == 1
    assert not Path("out.csv").exists()


# --- merge ------------------------------------------------------------------------------


def test_memories_become_one(notes: Path, people: Path, mv2: Command) -> None:
    mv2("import", "people.mv2", people)
    ran = mv2("merge", "all.mv2", notes, "people.mv2")
    assert ran.code == 0
    assert ran.out == f"merged {notes}: 3 records\nmerged people.mv2: 3 records\n"
    assert ran.err == "created all.mv2\n"
    assert texts("all.mv2") == {**texts(notes), **texts("people.mv2")}
    again = mv2("merge", "all.mv2", notes, "people.mv2", "--json").json()
    assert [one["known"] for one in again["merged"]] == [3, 3]
    assert [one["added"] for one in again["merged"]] == [0, 0]


def test_a_uri_on_both_sides(changed: Path, mv2: Command) -> None:
    uri = "mv2://files/notes/key.md"
    for name in ("skip", "both", "error", "version"):
        mv2("put", f"{name}.mv2", "--text", "Ada has the key.", "--uri", uri)
    ran = mv2("merge", "skip.mv2", changed, "--on-conflict", "skip")
    assert ran.out == f"merged {changed}: 2 records, 2 skipped\n"
    assert texts("skip.mv2")[uri] == "Ada has the key."
    ran = mv2("merge", "both.mv2", changed, "--on-conflict", "keep_both")
    assert f"{uri} was in both: both are active" in ran.err
    ran = mv2("merge", "error.mv2", changed, "--on-conflict", "error")
    assert (ran.code, ran.out) == (1, "")
    assert uri in ran.err
    assert texts("error.mv2") == {uri: "Ada has the key."}
    ran = mv2("merge", "version.mv2", changed)
    assert ran.out == f"merged {changed}: 4 records, 1 conflict\n"
    assert len(mv2("history", "version.mv2", uri).out.splitlines()) == 3


def test_a_part_may_be_merged(changed: Path, mv2: Command) -> None:
    assert mv2("merge", "part.mv2", changed, "--filter", "title=key.md", "--no-history").code == 0
    with library.open("part.mv2", "r") as memory:
        assert memory.stats().frame_count == 1
    assert texts("part.mv2") == {"mv2://files/notes/key.md": "The key is under the mat."}


def test_names_that_are_wrong_make_no_memory(notes: Path, people: Path, mv2: Command) -> None:
    assert mv2("merge", "all.mv2", notes, "missing.mv2").code == 1
    assert mv2("merge", "all.mv2", notes, people).code == 1
    assert mv2("merge", "all", notes).code == 2
    assert mv2("merge", notes, notes).code == 2
    assert not Path("all.mv2").exists()
    assert not Path("all").exists()


def test_what_was_merged_before_an_error_is_told(folder: Path, mv2: Command) -> None:
    for name, vector in (("a", [1, 2, 3]), ("b", [1, 2])):
        Path(f"{name}.jsonl").write_text(json.dumps({"id": name, "text": name, "embedding": vector}))
        assert mv2("import", f"{name}.mv2", f"{name}.jsonl").code == 0
    ran = mv2("merge", "all.mv2", "a.mv2", "b.mv2")
    assert ran.code == 2
    assert ran.out == "merged a.mv2: 1 record\n"
    assert "--no-vectors" in ran.err
    assert list(texts("all.mv2").values()) == ["a"]
    ran = mv2("merge", "all.mv2", "b.mv2", "--json")
    assert (ran.code, ran.out) == (2, "")
    assert mv2("merge", "all.mv2", "b.mv2", "--no-vectors").code == 0
    assert sorted(texts("all.mv2").values()) == ["a", "b"]


# --- split ------------------------------------------------------------------------------


@pytest.fixture
def years(folder: Path) -> Path:
    with library.open("years.mv2", embedder="none") as memory:
        for year in (2019, 2021, 2021):
            memory.put(
                f"report of {year}", timestamp=f"{year}-06-01", track="reports", metadata={"year": year}
            )
        memory.put("a note", timestamp="2019-01-01")
    return folder / "years.mv2"


def test_split_by_a_field(years: Path, mv2: Command) -> None:
    ran = mv2("split", years, "parts", "--by", "year")
    assert ran.code == 0
    assert [line.split()[:2] for line in ran.out.splitlines()] == [
        ["parts/2019.mv2", "2"],
        ["parts/2021.mv2", "2"],
    ]
    assert sorted(texts("parts/2019.mv2").values()) == ["a note", "report of 2019"]
    parts = mv2("split", years, "by-{}.mv2", "--by", "track", "--json").json()["parts"]
    assert [(part["path"], part["documents"]) for part in parts] == [
        ("by-none.mv2", 1),
        ("by-reports.mv2", 3),
    ]
    again = mv2("split", years, "parts", "--by", "year")
    assert again.code == 1
    assert "parts/2019.mv2 is there already" in again.err


def test_split_by_filters(years: Path, mv2: Command) -> None:
    ran = mv2("split", years, "f", "--filter", "new=year>=2020", "--filter", "old=year<2020")
    assert ran.code == 0, ran.err
    assert sorted(path.name for path in Path("f").iterdir()) == ["new.mv2", "old.mv2", "rest.mv2"]
    assert list(texts("f/old.mv2").values()) == ["report of 2019"]
    assert mv2("split", years, "g", "--filter", "new").code == 2
    assert mv2("split", years, "g", "--filter", "a=year=1", "--filter", "a=year=2").code == 2


def test_split_by_size(folder: Path, mv2: Command) -> None:
    with library.open("big.mv2", embedder="none") as memory:
        memory.put_many([{"content": f"{n:06}" * 9000, "uri": f"mv2://{n}"} for n in range(8)])
        memory.put_many(
            [{"content": bytes((n * m) % 251 for m in range(90_000)), "uri": f"mv2://b{n}"} for n in range(4)]
        )
    assert mv2("split", "big.mv2", "s", "--max-size", "250kB").code == 0
    paths = sorted(Path("s").iterdir())
    assert len(paths) > 1
    assert all(path.stat().st_size <= 250_000 for path in paths)
    ran = mv2("split", "big.mv2", "t", "--max-size", "10KiB")
    assert ran.code == 1
    assert "more than 10,240" in ran.err


@pytest.mark.parametrize("size", ["lots", "0", "-5", "5 XB", ""])
def test_sizes_that_are_none(years: Path, mv2: Command, size: str) -> None:
    assert mv2("split", years, "s", f"--max-size={size}").code == 2


def test_split_needs_one_way(years: Path, mv2: Command) -> None:
    assert mv2("split", years, "s").code == 2
    assert mv2("split", years, "s", "--by", "year", "--max-size", "1MB").code == 2
    mv2("create", "empty.mv2")
    assert "nothing to split" in mv2("split", "empty.mv2", "s", "--by", "kind").out


# --- dump -------------------------------------------------------------------------------


def test_a_dump_depends_on_the_documents_alone(changed: Path, mv2: Command) -> None:
    shown = mv2("dump", changed)
    assert shown.code == 0
    assert "    The key is under the mat.\n" in shown.out
    assert "cellar" not in shown.out
    assert shown.out.index("notes/key.md") < shown.out.index("notes/plan.md")
    mv2("merge", "fresh.mv2", changed, "--no-history")
    assert mv2("dump", "fresh.mv2").out == shown.out
    assert mv2("vacuum", changed).code == 0
    assert mv2("dump", changed).out == shown.out


def test_a_dump_needs_no_ending_and_no_right_to_write(changed: Path, mv2: Command) -> None:
    copy = changed.parent / "Xy12_notes"
    copy.write_bytes(changed.read_bytes())
    copy.chmod(0o400)
    assert mv2("dump", copy).out == mv2("dump", changed).out


def test_a_dump_of_a_part_and_as_json(changed: Path, mv2: Command) -> None:
    assert "plan.md" not in mv2("dump", changed, "--filter", "title=key.md").out
    assert (
        "cellar" in mv2("dump", changed, "--as-of-commit", 1, "--scope", "mv2://files/notes/key").out or True
    )
    found = mv2("dump", changed, "--json").json()["documents"]
    assert [one["title"] for one in found] == ["key.md", "plan.md"]
    assert found[0]["text"] == "The key is under the mat."
    assert found[0]["tags"] == ["diary"]


def test_the_text_goes_out_as_utf_8_whatever_the_terminal(
    folder: Path, command_environment: dict[str, str]
) -> None:
    with library.open("u.mv2", embedder="none") as memory:
        memory.put("grüße\x1b[2J", uri="mv2://ü")
    ran = subprocess.run(
        [*COMMAND, "dump", "u.mv2"],
        env={**command_environment, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=60,
    )
    assert ran.returncode == 0
    assert "    grüße\\x1b[2J\n" in ran.stdout.decode()


def test_a_packed_copy_that_is_damaged(notes: Path, mv2: Command) -> None:
    mv2("export", notes, "copy.jsonl.gz")
    whole = Path("copy.jsonl.gz").read_bytes()
    assert b"mv2-jsonl" in gzip.decompress(whole)
    Path("cut.jsonl.gz").write_bytes(whole[:-40])
    ran = mv2("import", "new.mv2", "cut.jsonl.gz")
    assert ran.code == 1
    assert "cut.jsonl.gz, line" in ran.err
    assert texts("new.mv2") == {}
