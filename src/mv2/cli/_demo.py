"""``mv2 demo``: a first look, with text that every Python carries.

The language reference behind ``help()`` (about half a megabyte in 79 topics)
becomes a memory; plain questions are asked, one is answered, and the file is left for
the user to go on with. Where the extra ``embed`` is installed, questions are looked up
by meaning as well as by words.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from mv2.cli import _exit
from mv2.cli._ask import print_answer
from mv2.cli._care import print_stats, print_verification
from mv2.cli._hits import print_hits, print_mode
from mv2.cli._options import open_to_read
from mv2.cli._output import Output, plural, size
from mv2.cli._timeline import print_timeline
from mv2.types import Document

if TYPE_CHECKING:
    import mv2

DEFAULT_FILE: Final = "python-reference.mv2"
URI_PREFIX: Final = "mv2://python/"

# Plain questions, and the topic that answers each; a test holds the engine to them.
QUESTIONS: Final[tuple[tuple[str, str], ...]] = (
    ("Which string methods remove whitespace?", "string-methods"),
    ("How do I set a breakpoint and step through my program?", "debugger"),
    ("What is the precedence of the operators?", "operator-summary"),
    ("How do I format a number with two decimals?", "formatstrings"),
    ("Where can global variables be assigned?", "global"),
)
# A plain question that sentences of the reference answer, and a word of the answer.
ANSWERED: Final = ("How are chained comparisons evaluated?", "chained")


@click.command(epilog="\b\nExample:\n  mv2 demo python-reference.mv2")
@click.argument("file", type=click.Path(dir_okay=False), default=DEFAULT_FILE)
@click.option("-q", "--quiet", is_flag=True, help="Only build the file.")
def demo(file: str, quiet: bool) -> int:
    """Build a memory and search it, as a first look.

    The memory is made from the Python language reference that Python carries
    for help(), and stays at FILE (default: python-reference.mv2), so that you
    can go on with it. A file that this command did not make is not replaced.
    """
    _refuse_strangers(file)
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    out = Output(quiet=quiet)
    with _build(file, out) as memory:
        if quiet:
            return _exit.OK
        _find(memory, out)
        _ask(memory, out)
        _heading("Timeline: the newest three", out)
        print_timeline(memory.timeline(limit=3, reverse=True), out)
        _heading("Stats", out)
        memory.commit()
        print_stats(memory.stats(), out)
    _heading("Verify: every byte, and the index against the documents", out)
    with open_to_read(file) as memory:
        report = memory.verify(deep=True)
    print_verification(report, out)
    _next_steps(file, out)
    return _exit.OK if report.ok else _exit.DAMAGED


_MODES: Final = {"hybrid": "by words and by meaning", "vec": "by meaning", "lex": "by words"}


def documents() -> list[Document]:
    """The topics of the language reference as documents; titles are topic names."""
    from pydoc_data.topics import topics

    return [
        Document(
            content=text,
            uri=URI_PREFIX + name,
            title=name,
            tags=("python", "reference"),
            metadata={"python": f"{sys.version_info.major}.{sys.version_info.minor}"},
        )
        for name, text in sorted(topics.items())
    ]


def _refuse_strangers(file: str) -> None:
    """Stop rather than replace a file that is not an earlier demo."""
    if not os.path.lexists(file):
        return
    with open_to_read(file) as memory:
        frame = memory.frame(0) if memory.stats().frame_count else None
    if frame is not None and not (frame.uri or "").startswith(URI_PREFIX):
        raise click.ClickException(f"{file} is not a file of this demo. Give another name: mv2 demo NAME.mv2")


def _build(file: str, out: Output) -> mv2.Memvid:
    import mv2
    from mv2.cli._progress import Progress

    found = documents()
    count = sum(len(document.content) for document in found if isinstance(document.content, str))
    if not out.quiet:
        out.line(f"Python's language reference, {plural(len(found), 'topic')} ({size(count)} of text)")
        out.line(f"goes into {file}")
    started = time.perf_counter()
    memory = mv2.open(file, "w")
    try:
        with Progress("Putting topics", quiet=out.quiet, at_once=True) as progress:
            memory.put_many(found, progress=progress)
    except BaseException:
        memory.close()
        raise
    if not out.quiet:
        out.line(f"put {plural(len(found), 'document')} in {time.perf_counter() - started:.2f} s")
    return memory


def _find(memory: mv2.Memvid, out: Output) -> None:
    for question, _ in QUESTIONS:
        _heading(question, out)
        result = memory.find(question, k=3)
        print_hits(result, out, limit=2)
        print_mode(result, out)


def _ask(memory: mv2.Memvid, out: Output) -> None:
    question, _ = ANSWERED
    _heading(f"Asked: {question}", out)
    answer = memory.ask(question)
    print_answer(answer, out)
    out.line()
    how = _MODES.get(answer.mode, answer.mode)
    out.line(f"looked up {how} and answered in {answer.took_ms:.0f} ms, without a language model")
    if answer.mode == "lex":
        out.note("with the offline embedder (pip install 'mv2[embed]') it is looked up by meaning, too")


def _heading(text: str, out: Output) -> None:
    out.line()
    out.styled(out.bold(text))


def _next_steps(file: str, out: Output) -> None:
    command, name = _command(), shlex.quote(file)
    _heading("Try next", out)
    for line in (
        f"{command} find {name} 'wait for a coroutine' -k 3",
        f"{command} ask {name} 'What does a lambda expression yield?'",
        f"{command} view {name} {URI_PREFIX}lambda",
        f"{command} put {name} --text 'Ask Ada about the walrus operator.' --tag todo",
        f"{command} find {name} walrus --json",
        f"{command} --help",
    ):
        out.line(f"  {line}")


def _command() -> str:
    """How this user can call the command: ``mv2`` if it is on the path, else in full."""
    beside = Path(sys.executable).with_name("mv2")
    found = shutil.which("mv2")
    if found is not None and Path(found).parent == beside.parent:
        return "mv2"
    if beside.exists():
        relative = os.path.relpath(beside)
        return shlex.quote(str(beside) if relative.startswith(os.pardir) else relative)
    return f"{shlex.quote(sys.executable)} -m mv2"
