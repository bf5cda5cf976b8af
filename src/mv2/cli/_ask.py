"""``mv2 ask``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import click

from mv2.cli import _exit
from mv2.cli._hits import heading
from mv2.cli._options import (
    embedder_option,
    file_argument,
    json_option,
    jsonl_option,
    open_to_read,
    quiet_option,
    verbose_option,
)
from mv2.cli._output import Output, clean, is_terminal, one_line, shorten, terminal_width, write_json
from mv2.cli._select import filter_options, mode_option, past_options, time_options, within

if TYPE_CHECKING:
    from collections.abc import Callable

    from mv2.types import Answer

# What a model is told to write when the passages hold no answer.
_NOTHING: Final = "NOT FOUND"
_QUOTE_LINES: Final = 3


@click.command(epilog="\b\nExample:\n  mv2 ask notes.mv2 'Where does the cellar key hang?'")
@file_argument
@click.argument("question", nargs=-1, required=True, metavar="QUESTION...")
@click.option(
    "--model", metavar="NAME", help="A language model: openai:gpt-…, ollama:llama3 …; by default none."
)
@click.option("--base-url", metavar="URL", help="Where the model is, if not at its provider's.")
@click.option("--context-only", is_flag=True, help="Print the passages of an answer, and no answer.")
@click.option("-k", "--k", type=click.IntRange(min=1), default=8, show_default=True, help="Hits to look at.")
@mode_option
@filter_options
@time_options
@past_options
@embedder_option
@click.option(
    "--token-budget",
    type=click.IntRange(min=1),
    default=2000,
    show_default=True,
    metavar="N",
    help="Tokens of all passages together.",
)
@click.option(
    "--min-confidence",
    type=click.FloatRange(0, 1),
    metavar="0-1",
    help="Below it nothing counts as found.",
)
@click.option(
    "--max-tokens", type=click.IntRange(min=1), metavar="N", help="Tokens of the model's answer, at most."
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Give up on a model that says nothing for so long; default 60.",
)
@click.option(
    "--stream/--no-stream",
    default=None,
    help="Print what the model writes as it comes; by default on a terminal.",
)
@verbose_option
@quiet_option
@json_option
@jsonl_option
def ask(
    file: str,
    question: tuple[str, ...],
    embedder: str | None,
    stream: bool | None,
    verbose: bool,
    quiet: bool,
    as_json: bool,
    as_jsonl: bool,
    **options: Any,
) -> int:
    """Answer a question from a memory, with the passages the answer rests on.

    Without --model the answer is made of the memory's own sentences. The key of
    a model's service is taken from the environment (OPENAI_API_KEY …), never
    from the command line. When the memory does not hold an answer, it says so,
    and the exit code is 6.
    """
    given = within(options)
    live = _is_live(stream, given, as_json=as_json, as_jsonl=as_jsonl)
    out = Output(json=as_json or as_jsonl, quiet=quiet)
    shown = _Shown(_write_piece if as_jsonl else _write_text)
    with open_to_read(file, embedder) as memory:
        try:
            answer = memory.ask(" ".join(question), on_token=shown if live else None, **given)
        finally:
            shown.end()
    if as_json:
        out.document(answer)
    elif as_jsonl:
        _write_lines(answer, context_only=options["context_only"])
    elif options["context_only"]:
        out.line(answer.context) if answer.passages else out.note("no passages")
    else:
        print_answer(answer, out, streamed=shown.anything)
    if verbose:
        out.note(_account(answer))
    found = bool(answer.passages) if options["context_only"] else answer.found
    return _exit.OK if found else _exit.NO_ANSWER


def _is_live(stream: bool | None, given: dict[str, Any], *, as_json: bool, as_jsonl: bool) -> bool:
    """Whether the text is printed as it comes."""
    if stream and "model" not in given:
        raise click.UsageError("--stream needs --model: without one the answer comes at once.")
    if stream and as_json:
        raise click.UsageError("--json prints one document at the end; --jsonl streams.")
    if stream is None:
        return "model" in given and not as_json and not as_jsonl and is_terminal()
    return stream


class _Shown:
    """Passes on what a model writes, but for the words that only say that there is no answer."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._held = ""
        self.anything = False

    def __call__(self, piece: str) -> None:
        if self.anything:
            self._write(piece)
            return
        self._held += piece
        start = self._held.strip().strip("\"'.*`").upper()
        if not start.startswith(_NOTHING) and not _NOTHING.startswith(start):
            self.anything = True
            self._write(self._held.lstrip())

    def end(self) -> None:
        """Finish the line that was begun."""
        if self.anything and self._write is _write_text:
            click.echo()


def _write_text(piece: str) -> None:
    click.echo(clean(piece), nl=False)
    sys.stdout.flush()


def _write_piece(piece: str) -> None:
    write_json({"piece": piece})
    sys.stdout.flush()


def _write_lines(answer: Answer, *, context_only: bool) -> None:
    if context_only:
        for passage in answer.passages:
            write_json({"passage": passage})
    else:
        write_json({"answer": answer})


def print_answer(answer: Answer, out: Output, *, streamed: bool = False) -> None:
    """Print the answer, unless that was streamed, and what it rests on."""
    if not streamed:
        for line in _wrapped(answer.text) if is_terminal() else answer.text.splitlines():
            out.line(line)
    for warning in answer.warnings:
        out.note(f"warning: {warning}")
    if answer.citations:
        out.line()
    for citation in answer.citations:
        head = f"[{citation.number}] "
        out.styled(heading(head, citation.title, citation.uri, citation.timestamp, citation.frame_id, out))
        quote = one_line(citation.quote)
        if is_terminal():
            quote = shorten(quote, _QUOTE_LINES * (terminal_width() - 6))
        for line in _wrapped(f'"{quote}"', indent=4) if is_terminal() else [f'    "{quote}"']:
            out.line(line)


def _wrapped(text: str, indent: int = 0) -> list[str]:
    import textwrap

    lines = []
    for line in text.splitlines():
        lines += textwrap.wrap(
            line,
            terminal_width(),
            initial_indent=" " * indent,
            subsequent_indent=" " * indent,
            break_on_hyphens=False,
        ) or [""]
    return lines


def _account(answer: Answer) -> str:
    """How the answer came about, in a line."""
    parts = [
        f"asked for: {answer.kind}",
        f"searched by {answer.mode}",
        f"answered by {answer.model or 'the memory itself'}",
        f"confidence {answer.confidence:.2f}",
    ]
    if answer.grounding is not None:
        parts.append(f"grounding {answer.grounding:.2f}")
    if answer.usage is not None:
        parts.append(f"{answer.usage.total_tokens:,} tokens")
    return "; ".join([*parts, f"{answer.took_ms:.0f} ms"])
