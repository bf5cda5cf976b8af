"""The command as a process: pipes, terminals, interrupts and start-up time."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

import mv2 as library

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = [sys.executable, "-m", "mv2"]


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A memory with 3,000 documents that all match one word."""
    path = tmp_path / "many.mv2"
    with library.open(path) as memory:
        memory.put_many(
            [{"content": f"pebble number {n} on the beach", "title": f"{n}"} for n in range(3000)]
        )
    return path


def run(
    *arguments: object, env: dict[str, str], stdin: bytes | None = None
) -> subprocess.CompletedProcess[bytes]:
    words = [*COMMAND, *map(str, arguments)]
    return subprocess.run(words, capture_output=True, env=env, input=stdin or b"", timeout=60)


def test_python_dash_m(command_environment: dict[str, str]) -> None:
    ran = run("--version", env=command_environment)
    assert ran.stdout.decode() == f"mv2 {library.__version__}\n"
    assert run("nothing", env=command_environment).returncode == 2


def test_bytes_come_in_and_go_out_as_they_are(tmp_path: Path, command_environment: dict[str, str]) -> None:
    path, data = tmp_path / "a.mv2", bytes(range(256)) * 3
    assert run("put", path, "-", env=command_environment, stdin=data).returncode == 0
    assert run("view", path, 0, "--binary", env=command_environment).stdout == data


def test_text_goes_out_without_an_added_line_end(tmp_path: Path, command_environment: dict[str, str]) -> None:
    path = tmp_path / "a.mv2"
    assert run("put", path, "-", env=command_environment, stdin="schön\r\n\ttail".encode()).returncode == 0
    assert run("view", path, 0, env=command_environment).stdout == "schön\r\n\ttail".encode()


@pytest.mark.parametrize("form", ["", "--json", "--jsonl"])
def test_a_reader_that_leaves_early_is_no_error(
    many: Path, command_environment: dict[str, str], form: str
) -> None:
    script = f"set -o pipefail; mv2 find many.mv2 pebble -k 3000 {form} | head -c 10"
    ran = subprocess.run(
        ["bash", "-c", script], cwd=many.parent, env=command_environment, capture_output=True, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.decode().count("\n") <= 1  # the line that counts hits
    assert b"Error" not in ran.stderr


def holds_a_document(path: Path) -> bool:
    try:
        with library.open(path, "r") as memory:
            return memory.stats().document_count > 0
    except library.Error:  # it is being made
        return False


def test_ctrl_c_says_what_was_kept(tmp_path: Path, command_environment: dict[str, str]) -> None:
    (tmp_path / "a.txt").write_text("alpha")
    process = subprocess.Popen(
        [*COMMAND, "put", "a.mv2", "a.txt", "-"],
        cwd=tmp_path,
        env=command_environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 30
    while not holds_a_document(tmp_path / "a.mv2") and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)  # it waits for standard input now
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert b"interrupted: 1 document put and kept, 1 not" in err
    assert b"Traceback" not in err
    with library.open(tmp_path / "a.mv2", "r") as memory:
        assert memory.verify(deep=True).ok
        assert memory.text("mv2://files/a.txt") == "alpha"


def test_the_first_line_is_enough(many: Path, command_environment: dict[str, str]) -> None:
    for command in ("find many.mv2 pebble -k 3000 --jsonl", "timeline many.mv2 --limit 3000 --jsonl"):
        ran = subprocess.run(
            ["bash", "-c", f"set -o pipefail; mv2 {command} | head -1"],
            cwd=many.parent,
            env=command_environment,
            capture_output=True,
            timeout=60,
        )
        assert ran.returncode == 0, ran.stderr
        assert ran.stderr == b""
        assert json.loads(ran.stdout)["frame_id"] >= 0


def test_ctrl_c_while_a_model_is_silent(many: Path, command_environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        process = subprocess.Popen(
            [*COMMAND, "ask", "many.mv2", "how many pebbles?", "--model", "m", "--base-url", address],
            cwd=many.parent,
            env=command_environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        silent.settimeout(30)
        connection, _ = silent.accept()
        with connection:
            connection.recv(1)  # it has asked, and waits
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert (out, err.strip()) == (b"", b"mv2: interrupted")


def in_a_terminal(
    arguments: list[str], env: dict[str, str], cwd: Path, answer: bytes = b""
) -> tuple[int, str]:
    """Run a command on a terminal of its own; returns exit code and everything shown."""
    import pty

    pid, terminal = pty.fork() if hasattr(pty, "fork") else (0, 0)
    if pid == 0:
        try:
            os.chdir(cwd)
            os.execve(sys.executable, [*COMMAND, *arguments], env)
        finally:
            os._exit(127)
    shown = b""
    if answer:
        os.write(terminal, answer)
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode(errors="replace")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
class TestTerminal:
    @pytest.fixture
    def env(self, command_environment: dict[str, str]) -> dict[str, str]:
        environment = {**command_environment, "TERM": "xterm-256color"}
        del environment["NO_COLOR"]
        return environment

    def test_matches_are_bold(self, many: Path, env: dict[str, str]) -> None:
        code, shown = in_a_terminal(["find", "many.mv2", "beach", "-k", "1"], env, many.parent)
        assert code == 0
        assert "\x1b[1mbeach\x1b[0m" in shown

    def test_no_color(self, many: Path, env: dict[str, str]) -> None:
        code, shown = in_a_terminal(
            ["find", "many.mv2", "beach", "-k", "1"], {**env, "NO_COLOR": "1"}, many.parent
        )
        assert code == 0
        assert "\x1b" not in shown

    def test_lines_fit_the_terminal(self, tmp_path: Path, env: dict[str, str]) -> None:
        uri = "mv2://files/" + "a-long-folder/" * 8 + "note.md"
        with library.open(tmp_path / "a.mv2", embedder="none") as memory:
            memory.put("A pebble " + "on the beach " * 40, title="T" * 90, uri=uri)
        env = {**env, "COLUMNS": "80"}
        for command in (
            ["find", "a.mv2", "pebble", "--explain"],
            ["timeline", "a.mv2"],
            ["ask", "a.mv2", "where is the pebble?"],
        ):
            code, shown = in_a_terminal(command, env, tmp_path)
            assert code == 0
            plain = [re.sub(r"\x1b\[\d+m", "", line) for line in shown.splitlines()]
            assert max(map(len, plain)) <= 80, plain
        assert "note.md" in in_a_terminal(["find", "a.mv2", "pebble"], env, tmp_path)[1]
        piped = run("find", tmp_path / "a.mv2", "pebble", env=env).stdout.decode()
        assert uri in piped

    def test_what_is_beside_the_text_is_pale(self, many: Path, env: dict[str, str]) -> None:
        _, shown = in_a_terminal(["find", "many.mv2", "beach", "-k", "1"], env, many.parent)
        assert re.search(r"\x1b\[2mframe \d+\x1b\[0m", shown)

    def test_programs_on_a_terminal_get_plain_json(self, many: Path, env: dict[str, str]) -> None:
        _, shown = in_a_terminal(["find", "many.mv2", "beach", "-k", "2", "--jsonl"], env, many.parent)
        assert "\x1b" not in shown
        assert [json.loads(line)["rank"] for line in shown.splitlines()] == [1, 2]

    def test_delete_asks(self, many: Path, env: dict[str, str]) -> None:
        code, shown = in_a_terminal(["delete", "many.mv2", "7"], env, many.parent, b"n\n")
        assert code == 1
        assert "Delete 1 document?" in shown
        code, shown = in_a_terminal(["delete", "many.mv2", "7"], env, many.parent, b"y\n")
        assert code == 0
        assert "deleted 1 document" in shown

    def test_the_demo_shows_progress(self, tmp_path: Path, env: dict[str, str]) -> None:
        code, shown = in_a_terminal(["demo"], env, tmp_path)
        assert code == 0
        assert "Putting topics" in shown


LIGHT = """
import sys
before = set(sys.modules)
{statement}
heavy = {{"numpy", "tantivy", "rich", "click", "importlib.metadata"}} & (set(sys.modules) - before)
print(sorted(heavy))
"""


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ("import mv2", "[]"),
        ("import mv2.cli", "[]"),
        ("from mv2.cli import main; main(['--version'])", "['click']"),
        ("from mv2.cli import main; main(['find', '--help'])", "['click']"),
    ],
)
def test_heavy_imports_wait_until_they_are_needed(
    command_environment: dict[str, str], statement: str, allowed: str
) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LIGHT.format(statement=statement)],
        env=command_environment,
        capture_output=True,
        timeout=60,
    )
    assert ran.stdout.decode().splitlines()[-1] == allowed, ran.stderr


def test_finding_loads_nothing_it_does_not_need(many: Path, command_environment: dict[str, str]) -> None:
    script = (
        "import sys; from mv2.cli import main; main(['find', sys.argv[1], 'pebble', '-k', '1']);"
        "writing = {'mv2.ingest.mutations', 'mv2.storage.committer', 'mv2.storage.checkpoint'};"
        "others = {'tempfile', 'shutil', 'mv2.search.dates._parse', 'mv2.models.resolve'};"
        "print(sorted({'numpy', 'rich', 'importlib.metadata', *writing, *others} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, str(many)], env=command_environment, capture_output=True, timeout=60
    )
    assert ran.stdout.decode().splitlines()[-1] == "[]", ran.stderr
    ran = subprocess.run(
        [sys.executable, "-c", script.replace("'-k', '1'", "'--since', 'yesterday'"), str(many)],
        env=command_environment,
        capture_output=True,
        timeout=60,
    )
    assert "mv2.search.dates._parse" in ran.stdout.decode().splitlines()[-1], ran.stderr


def test_completion_of_commands_and_options(command_environment: dict[str, str]) -> None:
    def complete(words: str, position: int) -> list[str]:
        env = {"_MV2_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(position)}
        ran = run(env={**command_environment, **env})
        return [line.split(",")[1] for line in ran.stdout.decode().splitlines()]

    assert complete("mv2 ver", 1) == ["verify", "version"]
    assert complete("mv2 co", 1) == ["conversation", "correct", "commits", "completion"]
    assert complete("mv2 find a.mv2 key --mo", 4) == ["--mode"]
    assert complete("mv2 find a.mv2 key --on blorp --mode h", 7) == ["hybrid"]
    assert complete("mv2 ask a.mv2 key --no", 4) == ["--no-stream"]
    assert complete("mv2 put --on", 2) == ["--on-conflict"]
    assert complete("mv2 put a.mv2 --on-conflict k", 4) == ["keep_both"]
