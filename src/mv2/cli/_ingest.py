"""What ``put`` and ``sync`` say they did."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import click

from mv2.cli import _exit
from mv2.cli._output import Output, clean, one_line, plain, plural, size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import mv2

#: Of notes about single files so many are shown; ``--json`` has all.
_SHOWN: Final = 20
#: Kinds of files that a summary names.
_KINDS: Final = 6
#: Runs that took longer say how fast they were (seconds).
_WORTH_A_RATE: Final = 1.0
_ENOUGH_FOR_A_RATE: Final = 20


def is_url(path: str) -> bool:
    """Whether an argument is the address of a web page."""
    return path.lower().startswith(("http://", "https://"))


@dataclass(slots=True)
class Results:
    """What became of everything that was given."""

    path: str
    created: bool
    put: list[dict[str, Any]] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failed: list[dict[str, Any]] = field(default_factory=list)
    skipped: list[dict[str, Any]] = field(default_factory=list)
    duplicates: list[dict[str, Any]] = field(default_factory=list)
    near: list[list[str]] = field(default_factory=list)
    retired: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[dict[str, Any]] = field(default_factory=list)
    readers: Counter[str] = field(default_factory=Counter)
    size_bytes: int = 0
    seconds: float = 0.0
    tables: int = 0
    interrupted: bool = False
    #: What an interrupt left out, as far as that is known.
    left: int = 0
    dry_run: bool = False
    synced: bool = False

    def fail_all(self, failures: Iterable[tuple[str, str]]) -> None:
        """Note sources that cannot be read, as (name, reason)."""
        self.failed += [{"source": name, "error": reason} for name, reason in failures]

    def add(self, report: mv2.IngestReport, total: int | None = None) -> None:
        """Take a report in.

        Args:
            total: documents that there would have been, of a report that was interrupted.
        """
        self.left += max(0, (total or 0) - len(report.files))
        for file in report.files:
            self._add(file)
        names = {file.frame_id: file.uri or file.name for file in report.files}
        for group in report.duplicates:
            self.near.append([names.get(frame_id) or f"frame {frame_id}" for frame_id in group.frame_ids])
        self.size_bytes += report.size_bytes
        self.seconds += report.seconds
        self.interrupted = self.interrupted or report.interrupted
        self.dry_run = report.dry_run

    def _add(self, file: mv2.FileResult) -> None:
        place = {"frame_id": file.frame_id, "uri": file.uri, "source": file.name}
        if file.warnings:
            self.warnings.append({"source": file.name, "warnings": list(file.warnings)})
        self.tables += file.tables
        if file.status == "unchanged":
            self.unchanged.append(file.name)
        elif file.status == "failed":
            entry = {"source": file.name, "error": one_line(file.reason or ""), "code": file.code}
            self.failed.append(entry)
        elif file.status == "skipped":
            self.skipped.append({"source": file.name, "reason": one_line(file.reason or "")})
        elif file.status == "duplicate":
            self.duplicates.append({**place, "of": file.reason})
        elif file.status == "retired":
            self.retired.append(place)
        else:
            self.put.append({**place, "updated": file.status == "updated", "reader": file.reader})
            self.readers[file.reader or "bytes"] += 1

    @property
    def code(self) -> int:
        """The exit code."""
        if self.interrupted:
            return _exit.INTERRUPTED
        return _exit.ERROR if self.failed else _exit.OK


def report_ingest(results: Results, out: Output) -> int:
    """Print what was done; returns the exit code."""
    if out.json:
        out.document({name: plain(getattr(results, name)) for name in Results.__slots__})
        return results.code
    if results.created and not results.dry_run and (results.put or not results.failed):
        out.note(f"created {results.path}")
    if not out.quiet:
        for line in _would_do(results):
            out.line(line)
        out.line(_sync_summary(results) if results.synced else _summary(results))
        _notes((entry["source"], text) for entry in results.warnings for text in entry["warnings"][:3])
    for failure in results.failed:
        _note(f"failed: {failure['source']}", failure["error"])
    if not out.quiet:
        _notes((entry["source"], f"skipped: {entry['reason']}") for entry in results.skipped)
        _notes((entry["source"], f"same content as {entry['of']}") for entry in results.duplicates)
        _notes((group[0], f"nearly the same: {', '.join(group[1:])}") for group in results.near)
    if results.interrupted:
        rest = f", {results.left:,} not" if results.left else ""
        _say(
            f"interrupted: {plural(len(results.put), 'document')} put and kept{rest}. "
            "The same command goes on from here."
        )
    return results.code


def _summary(results: Results) -> str:
    if len(results.put) == 1:
        only = results.put[0]
        parts = [f"put frame {only['frame_id']} ({only['uri']})"]
    else:
        parts = [f"put {plural(len(results.put), 'document')}"]
        if len(results.readers) > 1:
            parts[0] += f" ({_kinds(results.readers)})"
        updated = sum(bool(entry.get("updated")) for entry in results.put)
        if updated:
            parts.append(f"{updated:,} of them new versions")
    return ", ".join([*parts, *_counts(results)]) + _rate(results)


def _counts(results: Results) -> Iterator[str]:
    """How many files did not become documents, and why."""
    for name, entries in (
        ("retired", results.retired),
        ("unchanged", results.unchanged),
        ("duplicate" if len(results.duplicates) == 1 else "duplicates", results.duplicates),
        ("skipped", results.skipped),
        ("failed", results.failed),
    ):
        if entries:
            yield f"{len(entries):,} {name}"


def _kinds(readers: Counter[str]) -> str:
    """How many of which kind, the rare ones together."""
    kinds = [
        f"{count:,} {'as bytes without text' if name == 'bytes' else name}"
        for name, count in readers.most_common(_KINDS)
    ]
    others = readers.total() - sum(count for _, count in readers.most_common(_KINDS))
    return ", ".join([*kinds, f"{others:,} others"] if others else kinds)


def _sync_summary(results: Results) -> str:
    updated = sum(bool(entry["updated"]) for entry in results.put)
    put = {"added": len(results.put) - updated, "updated": updated}
    parts = [f"{count:,} {name}" for name, count in put.items() if count]
    text = ", ".join([*parts, *_counts(results)]) or "no files"
    return ("dry run: " if results.dry_run else "") + text + _rate(results)


def _would_do(results: Results) -> Iterator[str]:
    """What a dry run would do with each file."""
    if results.dry_run:
        for entry in results.put:
            yield f"{'update' if entry['updated'] else 'add':<8}{entry['source']}"
        for entry in results.retired:
            yield f"{'retire':<8}{entry['source']}"


def _rate(results: Results) -> str:
    """How fast it was, where that says something."""
    if results.seconds >= _WORTH_A_RATE and len(results.put) >= _ENOUGH_FOR_A_RATE:
        rate = len(results.put) / results.seconds
        return f" in {results.seconds:.1f} s ({size(results.size_bytes)}, {rate:,.0f} documents/s)"
    return ""


def _notes(notes: Iterable[tuple[str, str]]) -> None:
    """Print notes about single files, unless there are very many."""
    listed = list(notes)
    for source, text in listed[:_SHOWN]:
        _note(source, text)
    if len(listed) > _SHOWN:
        _say(f"and {len(listed) - _SHOWN:,} more like these (--json lists all)")


def _note(source: str, text: str) -> None:
    _say(f"{source}: {text}")


def _say(text: str) -> None:
    click.echo(clean(f"mv2: {text}"), err=True)
