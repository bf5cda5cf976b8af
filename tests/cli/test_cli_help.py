"""Help: every command has one, documents itself in docs/cli.md, and ends with an example that runs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

import mv2 as library
from mv2.cli._app import COMMANDS, app

if TYPE_CHECKING:
    from conftest import Command

TESTS = Path(__file__).parents[1]
DOCS = TESTS.parent / "docs" / "cli.md"


def command(name: str) -> click.Command:
    found = app.get_command(click.Context(app), name)
    assert found is not None
    return found


@pytest.fixture
def examples(notes: Path, mv2: Command) -> Path:
    """A folder with what the examples name: a memory with a table, a PDF, a memory with a conversation."""
    folder = notes.parent
    shutil.copy(TESTS / "samples" / "pdf" / "report.pdf", folder / "report.pdf")
    (folder / "notes" / "prices.csv").write_text("thing,price\nkettle,20\ncup,3\n")
    ran = mv2("put", notes.name, "notes/prices.csv", "--tables")
    assert ran.code == 0, ran.err
    with library.open(folder / "chats.mv2") as memory:
        memory.add_messages([{"role": "user", "content": "Where to?"}], session="trip-planning")
    return folder


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_the_command_says(name: str) -> None:
    assert command(name).get_short_help_str(limit=200) == COMMANDS[name][1]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_ends_with_an_example_that_runs(
    name: str, examples: Path, mv2: Command, command_environment: dict[str, str]
) -> None:
    ran = mv2(name, "--help")
    assert ran.code == 0
    _, marker, example = ran.out.rpartition("Example:\n")
    assert marker
    line = example.strip()
    assert line.startswith(f"mv2 {name}")
    done = subprocess.run(
        ["bash", "-c", line], cwd=examples, env=command_environment, capture_output=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


def test_the_example_of_the_whole_command_runs(folder: Path, mv2: Command) -> None:
    assert "mv2 put notes.mv2 --text" in mv2("--help").out
    assert mv2("put", "notes.mv2", "--text", "The cellar key hangs behind the door.").code == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_help_and_every_command_is_documented(name: str) -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert f"\n## mv2 {name}\n" in text
    section = text.split(f"\n## mv2 {name}\n")[1].split("\n## ")[0]
    for parameter in command(name).params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
            if parameter.name not in ("help", "quiet", "as_json", "as_jsonl", "lock_timeout"):
                assert parameter.opts[-1] in section, f"{parameter.opts[-1]} is missing in docs/cli.md"


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("demo", "completion")])
def test_all_commands_speak_json(name: str) -> None:
    assert "--json" in {word for parameter in command(name).params for word in parameter.opts}
