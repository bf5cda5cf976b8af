"""``mv2 ask``: answers of the memory itself and of a model, streams, exit codes, keys."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

import mv2 as library

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Command

KEY = "sk-not-for-anyone"


class Service:
    """A stand-in for a model's service: says ``pieces``, keeps what it was asked."""

    def __init__(self) -> None:
        self.pieces = ["The key hangs ", "behind the door ", "[2]."]
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                service.asked.append(body)
                service.keys.append(self.headers["Authorization"])
                self.send_response(200)
                self.end_headers()
                if not body.get("stream"):
                    message = {"message": {"content": "".join(service.pieces)}}
                    self.wfile.write(json.dumps({"choices": [message]}).encode())
                    return
                for piece in service.pieces:
                    event = {"choices": [{"delta": {"content": piece}}]}
                    self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
                self.wfile.write(b"data: [DONE]\n\n")

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture
def house(folder: Path) -> Path:
    path = folder / "house.mv2"
    with library.open(path, embedder="none") as memory:
        memory.put(
            "The cellar key hangs behind the door.", title="Key", uri="mv2://key", timestamp=1_700_000_000
        )
        memory.put("The attic key is lost.", title="Attic", metadata={"floor": 3}, timestamp=1_600_000_000)
        memory.put("We drink more tea than coffee.", title="Tea")
    return path


QUESTION = ("where", "does", "the", "cellar", "key", "hang?")


def test_the_answer_its_citations_and_where_they_are_from(house: Path, mv2: Command) -> None:
    ran = mv2("ask", house, *QUESTION)
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "The cellar key hangs behind the door. [1]",
        "",
        "[1] Key  2023-11-14  mv2://key  frame 0",
        '    "The cellar key hangs behind the door."',
    ]
    assert ran.err == ""


def test_no_answer_has_an_exit_code_of_its_own(house: Path, mv2: Command) -> None:
    ran = mv2("ask", house, "who won the world cup in 1998?")
    assert ran.code == 6
    assert ran.out.count("\n") == 1
    ran = mv2("ask", house, "who won the world cup in 1998?", "--json")
    assert (ran.code, ran.json()["found"]) == (6, False)
    assert mv2("ask", house, *QUESTION, "--min-confidence", 1).code in (0, 6)
    assert mv2("ask", "missing.mv2", "x").code == 1


def test_for_programs(house: Path, mv2: Command) -> None:
    answer = mv2("ask", house, *QUESTION, "--json").json()
    assert answer["citations"][0]["uri"] == "mv2://key"
    (line,) = mv2("ask", house, *QUESTION, "--jsonl").out.splitlines()
    assert json.loads(line)["answer"]["text"] == answer["text"]
    lines = mv2("ask", house, *QUESTION, "--jsonl", "--context-only").out.splitlines()
    assert [json.loads(line)["passage"]["number"] for line in lines] == list(range(1, len(lines) + 1))


def test_the_context_for_a_prompt(house: Path, mv2: Command) -> None:
    ran = mv2("ask", house, *QUESTION, "--context-only")
    assert ran.code == 0
    assert "[2] Key · 2023-11-14\nThe cellar key hangs behind the door." in ran.out
    empty = mv2("ask", house, "cellar key", "--context-only", "--scope", "mv2://nothing/")
    assert (empty.code, empty.out) == (6, "")


def test_where_to_look(house: Path, mv2: Command) -> None:
    question = "which key is lost?"
    assert "attic" in mv2("ask", house, question).out
    for options in (
        ["--filter", "title=Key"],
        ["--scope", "mv2://key"],
        ["--since", "2023"],
        ["--on", "2023-11-14"],
        ["--as-of-frame", 0],
    ):
        assert "attic" not in mv2("ask", house, question, *options).out, options
    assert "attic" in mv2("ask", house, question, "--until", "2021").out
    assert mv2("ask", house, question, "--as-of", "2001-01-01").code == 6
    assert mv2("ask", house, question, "--as-of-commit", 77).code == 3
    assert mv2("ask", house, question, "--mode", "vec").code == 1
    assert mv2("ask", house, question, "--embedder", "nobody:knows").code == 2


def test_verbose_tells_how_it_came_about(house: Path, mv2: Command) -> None:
    err = mv2("ask", house, *QUESTION, "-v").err
    assert "asked for: where; searched by lex; answered by the memory itself; confidence" in err


def test_hits_and_budget_arrive(house: Path, mv2: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, Any]] = []
    real = library.Memvid.ask

    def ask(self: library.Memvid, question: str, **named: Any) -> library.Answer:
        seen.append(named)
        return real(self, question, **named)

    monkeypatch.setattr(library.Memvid, "ask", ask)
    assert mv2("ask", house, *QUESTION, "--k", 3, "--token-budget", 50, "--min-confidence", 0.2).code == 0
    assert {"k": 3, "token_budget": 50, "min_confidence": 0.2}.items() <= seen[0].items()


class TestModel:
    def test_its_answer_is_cited(self, house: Path, mv2: Command, service: Service) -> None:
        ran = mv2("ask", house, *QUESTION, "--model", "small", "--base-url", service.url, "-v")
        assert ran.code == 0, ran.err
        assert ran.out.startswith("The key hangs behind the door [2].\n\n[2] Key  2023-11-14")
        assert "answered by small" in ran.err
        assert not service.asked[0].get("stream")  # no terminal

    def test_settings_arrive(self, house: Path, mv2: Command, service: Service) -> None:
        options = ("--model", "small", "--base-url", service.url, "--max-tokens", 77, "--timeout", 5)
        assert mv2("ask", house, *QUESTION, *options).code == 0
        assert service.asked[0]["max_tokens"] == 77
        assert service.asked[0]["model"] == "small"

    def test_it_streams_when_asked_to(self, house: Path, mv2: Command, service: Service) -> None:
        options = ("--model", "small", "--base-url", service.url, "--stream")
        ran = mv2("ask", house, *QUESTION, *options)
        assert ran.out.startswith("The key hangs behind the door [2].\n\n[2] Key  2023-11-14")
        assert ran.out.count("The key hangs") == 1
        assert service.asked[0]["stream"] is True
        lines = [
            json.loads(line) for line in mv2("ask", house, *QUESTION, *options, "--jsonl").out.splitlines()
        ]
        assert [line["piece"] for line in lines[:-1]] == service.pieces
        assert lines[-1]["answer"]["found"] is True

    def test_not_found_is_not_shown_as_an_answer(self, house: Path, mv2: Command, service: Service) -> None:
        service.pieces = ["NOT", " FOU", "ND."]
        for form in ("--stream", "--no-stream"):
            ran = mv2("ask", house, *QUESTION, "--model", "small", "--base-url", service.url, form)
            assert ran.code == 6
            assert "NOT FOUND" not in ran.out
            assert ran.out.count("\n") == 1
        service.pieces = ["Not", "hing hangs there [1]."]
        ran = mv2("ask", house, *QUESTION, "--model", "small", "--base-url", service.url, "--stream")
        assert ran.out.startswith("Nothing hangs there [1].")

    def test_a_citation_of_nothing_is_a_warning(self, house: Path, mv2: Command, service: Service) -> None:
        service.pieces = ["The key hangs behind the door [9]."]
        ran = mv2("ask", house, *QUESTION, "--model", "small", "--base-url", service.url)
        assert "[9]" not in ran.out
        assert "warning: [9]" in ran.err

    def test_control_sequences_of_a_model_do_not_reach_the_terminal(
        self, house: Path, mv2: Command, service: Service
    ) -> None:
        service.pieces = ["The key \x1b[2J", "hangs there [1]."]
        ran = mv2("ask", house, *QUESTION, "--model", "small", "--base-url", service.url, "--stream")
        assert "\x1b" not in ran.out

    def test_keys_come_from_the_environment_and_are_never_shown(
        self, house: Path, mv2: Command, service: Service, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("OPENAI_BASE_URL", service.url)
        ran = mv2("ask", house, *QUESTION, "--model", "openai:small", "-v")
        assert ran.code == 0, ran.err
        assert service.keys == [f"Bearer {KEY}"]
        assert KEY not in ran.out + ran.err
        monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
        monkeypatch.setattr("time.sleep", lambda _: None)
        ran = mv2("ask", house, *QUESTION, "--model", "openai:small", "--timeout", 1)
        assert ran.code == 1
        assert KEY not in ran.out + ran.err
        monkeypatch.delenv("OPENAI_API_KEY")
        ran = mv2("ask", house, *QUESTION, "--model", "openai:small", "--json")
        assert ran.error()["code"] == "MV008"
        assert "OPENAI_API_KEY" in ran.error()["remedy"]

    def test_options_that_do_not_go_together(self, house: Path, mv2: Command, service: Service) -> None:
        for options in (
            ["--stream"],
            ["--base-url", service.url],
            ["--model", "small"],
            ["--model", "small", "--base-url", service.url, "--stream", "--json"],
            ["--model", "small", "--base-url", service.url, "--context-only"],
        ):
            assert mv2("ask", house, *QUESTION, *options).code == 2, options
        assert service.asked == []
