"""``mv2 peek``: files searched at once, in a memory that is gone afterwards."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from mv2.cli import _exit
from mv2.cli._hits import print_correction
from mv2.cli._options import json_option, quiet_option, verbose_option
from mv2.cli._output import (
    Output,
    clean,
    is_terminal,
    moment,
    one_line,
    plain,
    plural,
    shorten,
    snippet_lines,
    terminal_width,
)
from mv2.cli._places import place_words
from mv2.cli._portion import say
from mv2.cli._progress import Progress
from mv2.cli._reading import selection_options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import mv2

_INDENT: Final = "    "
#: Where a hit stands is looked up in files of up to so many bytes.
_COUNTED: Final = 4 << 20


@dataclass(frozen=True, slots=True)
class _Found:
    """A hit: the file's name, and the line that matches best, if lines can be counted."""

    hit: mv2.types.Hit
    path: str
    line: int | None


@click.command(epilog="\b\nExample:\n  mv2 peek notes/ 'where is the cellar key'")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.argument("query", metavar="QUERY")
@click.option("-k", "--k", type=click.IntRange(min=1), default=10, show_default=True, help="Hits to show.")
@selection_options
@click.option("--no-gitignore", is_flag=True, help="Take what .gitignore files name, too.")
@click.option(
    "--embedder",
    metavar="NAME",
    default="none",
    show_default=True,
    help="Search by meaning, too: default, wordllama, a folder … Takes longer.",
)
@click.option("-e", "--exit-status", is_flag=True, help="Exit with 3 when there is no hit.")
@verbose_option
@quiet_option
@json_option
def peek(
    paths: tuple[str, ...],
    query: str,
    k: int,
    no_gitignore: bool,
    embedder: str,
    exit_status: bool,
    verbose: bool,
    quiet: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Search files and folders without making a memory.

    All kinds of files are read that put reads, and QUERY is what find takes;
    quote it when it has several words. What was read is kept in a private
    temporary folder until the search is done. To search again and again, put or
    sync the files into a memory: it is searched in milliseconds.
    """
    _check(paths, query)
    out = Output(json=as_json, quiet=quiet)
    given["gitignore"] = not no_gitignore
    with (
        _private_folder() as (folder, ending),
        Progress("Reading files", quiet=quiet) as bar,
    ):

        def progress(done: int, total: int | None) -> None:
            ending.check()
            bar(done, total)

        report, result, found = _searched(folder, paths, query, k, embedder, given, progress)
    code = _exit.NOT_FOUND if exit_status and not found else _exit.OK
    if not any(file.status == "added" for file in report.files) and any(
        file.status == "failed" for file in report.files
    ):
        code = _exit.ERROR
    if as_json:
        out.document(_as_json(report, result, found))
        return code
    print_correction(result, out)
    for one in found:
        _print(one, out)
    if verbose:
        for file in report.files:
            if file.status in ("failed", "skipped"):
                say(f"{file.name}: {file.status}: {one_line(file.reason or '')}")
        out.note(f"searched: {result.reason or result.mode}; reading took {report.seconds:.1f} s")
    _print_footer(report, result, found, out)
    return code


def _check(paths: tuple[str, ...], query: str) -> None:
    for path in paths:
        if not os.path.lexists(path):
            raise click.UsageError(
                f"{path}: there is no such file or folder. The last argument is the query; "
                "one of several words needs quotes."
            )
    if not query.strip():
        raise click.UsageError("The query is empty.")


class _Ending:
    """Ends the process in order when it is asked to end: what stands around a place is left properly.

    An exception in a signal handler may get lost in foreign code; ``check`` raises it again.
    """

    def __init__(self) -> None:
        self._number: int | None = None

    def __call__(self, number: int, _: object) -> None:
        self._number = number
        self.check()

    def check(self) -> None:
        if self._number is not None:
            raise SystemExit(128 + self._number)


@contextlib.contextmanager
def _private_folder() -> Iterator[tuple[str, _Ending]]:
    """A folder for this user alone, gone in the end; also when the process is asked to end."""
    ending = _Ending()
    asked = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    main = threading.current_thread() is threading.main_thread()
    before = {number: signal.signal(number, ending) for number in asked} if main else {}
    try:
        with tempfile.TemporaryDirectory(prefix="mv2-peek-") as folder:
            yield folder, ending
            ending.check()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _searched(
    folder: str,
    paths: tuple[str, ...],
    query: str,
    k: int,
    embedder: str,
    given: dict[str, Any],
    progress: Callable[[int, int | None], object],
) -> tuple[mv2.IngestReport, mv2.SearchResult, list[_Found]]:
    import mv2

    with mv2.open(
        os.path.join(folder, "peek.mv2"), "x", durability="none", close="lazy", embedder=embedder
    ) as memory:
        memory.find(query, k=1)  # a query that is malformed is told before anything is read
        report = memory.put_files(
            paths,
            reading=mv2.ReadOptions(keep="text"),
            use_mtime=True,
            store_unknown=False,
            progress=progress,
            **given,
        )
        result = memory.find(query, k=k)
        names = {file.uri: file.name for file in report.files}
        found = [
            _Found(hit, path := names.get(hit.uri, hit.uri or ""), _line(memory, hit, path))
            for hit in result.hits
        ]
    return report, result, found


def _line(memory: mv2.Memvid, hit: mv2.types.Hit, path: str) -> int | None:
    """The line of the file that matches best; None where the text is not that of the file."""
    try:
        if os.path.getsize(path) > _COUNTED:
            return None
        with open(path, encoding="utf-8-sig", newline="") as file:
            whole = file.read()
    except (OSError, ValueError):
        return None
    text = memory.text(hit.frame_id)
    start = 0
    if hit.place is not None and hit.place.range is not None:
        start = hit.place.range[0]
    elif hit.parent_id is not None:
        return None
    at = start + hit.range[0] + _offset(hit, text)
    end = start + hit.range[1]
    if whole[at:end] != text[at - start : hit.range[1]] or not whole[at:end]:
        return None
    return whole.count("\n", 0, at) + 1


def _offset(hit: mv2.types.Hit, text: str) -> int:
    """How far into the snippet the line with most matches has its first one."""
    if not hit.highlights or text[hit.range[0] : hit.range[1]] != hit.snippet:
        return 0
    lines: dict[int, list[int]] = {}
    for start, _ in hit.highlights:
        lines.setdefault(hit.snippet.count("\n", 0, start), []).append(start)
    return max(lines.values(), key=len)[0]


# --- what is printed --------------------------------------------------------------------


def _print(one: _Found, out: Output) -> None:
    hit = one.hit
    head = f"{hit.rank:>2}. "
    name = clean(one.path) + (f":{one.line}" if one.line is not None else "")
    words = [*_words(hit, lines=one.line is None), moment(hit.timestamp)]
    if is_terminal():
        room = terminal_width() - len(head) - len(name)
        words = [shorten(word, max(room // 2, 16)) for word in words]
        while words and len("  ".join(["", *words])) > room:
            words.pop()
    out.styled(head + "  ".join([out.bold(name), *(out.faint(clean(word)) for word in words)]))
    for line in snippet_lines(hit.snippet, hit.highlights, out, width=terminal_width() - len(_INDENT)):
        out.styled(_INDENT + line)


def _words(hit: mv2.types.Hit, *, lines: bool) -> list[str]:
    place = hit.place
    if place is not None and not lines:
        from dataclasses import replace

        place = replace(place, lines=None)
    return place_words(place)


def _print_footer(
    report: mv2.IngestReport, result: mv2.SearchResult, found: list[_Found], out: Output
) -> None:
    counts = Counter(file.status for file in report.files)
    where = f"in {plural(counts['added'], 'file')}"
    aside = [f"{counts['skipped']:,} of unknown kind" if counts["skipped"] else ""]
    aside += [f"{counts['failed']:,} that cannot be read" if counts["failed"] else ""]
    without = ", ".join(filter(None, aside))
    where += f" (without {without}{'' if out.quiet else '; -v lists them'})" if without else ""
    if not found:
        out.note(f"no hits {where}")
        return
    total = plural(result.total, "hit")
    about = total if result.total_is_exact else f"at least {total}"
    relaxed = ", for any of the words" if result.relaxed else ""
    out.note(f"{len(found)} of {about}{relaxed} {where}")


def _as_json(report: mv2.IngestReport, result: mv2.SearchResult, found: list[_Found]) -> dict[str, Any]:
    counts = Counter(file.status for file in report.files)
    hits = []
    for one in found:
        hit = one.hit
        hits.append(
            {
                "rank": hit.rank,
                "path": one.path,
                "line": one.line,
                "title": hit.title,
                "score": hit.score,
                "snippet": hit.snippet,
                "highlights": hit.highlights,
                "place": hit.place,
                "timestamp": hit.timestamp,
                "tags": hit.tags,
                "metadata": hit.metadata,
            }
        )
    return {
        "query": result.query,
        "mode": result.mode,
        "reason": result.reason,
        "total": result.total,
        "total_is_exact": result.total_is_exact,
        "relaxed": result.relaxed,
        "did_you_mean": result.did_you_mean,
        "files": {"read": counts["added"], "skipped": counts["skipped"], "failed": counts["failed"]},
        "problems": [
            {
                "source": file.name,
                "status": file.status,
                "reason": one_line(file.reason or ""),
                "code": file.code,
            }
            for file in report.files
            if file.status in ("failed", "skipped")
        ],
        "hits": plain(hits),
    }
