"""The rows of the table: what is measured at which size, and what counts as good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

ALL = ("mv2", "raw", "sqlite", "lancedb", "memvid")
FOUR = ("mv2", "raw", "sqlite", "lancedb")
SQL = ("mv2", "raw", "sqlite")
PAIR = ("mv2", "sqlite")
ALONE = ("mv2",)
#: What ``--quick`` runs.
QUICK = ("mv2", "raw", "sqlite")
#: Too slow to be repeated.
ONCE = ("memvid",)
#: The largest store an engine is measured on, where it is slow.
MOST = {"memvid": 1000, "lancedb": 10_000}


@dataclass(frozen=True)
class Goal:
    """What a number must be: at most, at least, or at most so many times another engine's in the same run."""

    most: float | None = None
    least: float | None = None
    times: float | None = None
    of: str = "sqlite"

    def text(self) -> str:
        parts = []
        if self.most is not None:
            parts.append(f"≤ {self.most:g}")
        if self.least is not None:
            parts.append(f"≥ {self.least:g}")
        if self.times is not None:
            parts.append(f"≤ {self.times:g}× {self.of}")
        return ", ".join(parts)

    def met(self, value: float, ratio: float | None) -> bool:
        good = (self.most is None or value <= self.most) and (self.least is None or value >= self.least)
        return good and (self.times is None or ratio is None or ratio <= self.times)


@dataclass(frozen=True)
class Line:
    """One line of the table: a number that a row's measurement returns."""

    metric: str
    label: str
    unit: str
    goal: Goal | None = None
    digits: int = 2
    engines: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Row:
    """One measurement of several engines.

    Attributes:
        key: name for ``--only``.
        measure: function of ``benchmarks.measures``.
        n: documents in the store; quick_n: with ``--quick``, None leaves the row out.
        rounds: times it is repeated, engines taking turns; medians count.
        stores: whether it works on the prepared store of ``n``.
    """

    key: str
    measure: str
    engines: tuple[str, ...]
    lines: Sequence[Line]
    n: int = 0
    quick_n: int | None = None
    rounds: int = 3
    options: dict[str, Any] = field(default_factory=dict)
    quick: dict[str, Any] = field(default_factory=dict)
    stores: bool = True


def thousands(n: int) -> str:
    return f"{n // 1000}k" if n >= 1000 else str(n)


def _startup() -> list[Row]:
    first = {10_000: Goal(most=15), 100_000: Goal(most=45)}
    return [
        Row(
            "import", "import_cost", ALL, [Line("cpu", "import, CPU", "ms", Goal(most=10), 1)],
            quick_n=0, rounds=5, stores=False,
        ),
        Row(
            "cold", "cold_find", ALL,
            [
                Line("script", "cold process, open + find (script)", "ms", None, 0),
                Line("command", "cold process, `mv2 find`", "ms", Goal(most=100), 0, ALONE),
                Line("bare", "bare Python, for comparison", "ms", None, 0, ALONE),
            ],
            n=10_000, quick_n=1000,
        ),
        *(
            Row(
                f"open-{thousands(n)}", "open_first", ALL,
                [
                    Line("first", "open → first answer, {n}", "ms", first.get(n)),
                    Line("open", "open alone, {n}", "ms"),
                ],
                n=n, quick_n=quick,
            )
            for n, quick in ((1000, 1000), (10_000, None), (100_000, None))
        ),
    ]  # fmt: skip


def _loading() -> list[Row]:
    return [
        Row(
            f"bulk-{thousands(n)}", "bulk", engines,
            [
                Line("cpu_us", "bulk text {n}, CPU a document", "µs", Goal(most=110), 0),
                Line("docs_s", "bulk text {n}, documents a second", "/s", Goal(least=12_000), 0),
            ],
            n=n, quick_n=quick, stores=False,
        )
        for n, quick, engines in ((1000, 2000, ALL), (10_000, None, FOUR), (50_000, None, FOUR))
    ] + [
        Row(
            "vectors", "bulk", FOUR,
            [
                Line("cpu_us", "bulk text + vectors {n}, CPU a document", "µs", Goal(most=125), 0),
                Line("docs_s", "bulk text + vectors {n}, documents a second", "/s", None, 0),
            ],
            n=10_000, quick_n=2000, options={"vectors": True}, stores=False,
        ),
        Row(
            "load-100k", "bulk", SQL,
            [Line("wall", "bulk load of {n} with vectors", "s", Goal(most=10), 1)],
            n=100_000, rounds=2, options={"vectors": True}, stores=False,
        ),
        Row(
            "memory", "memory", ("mv2", "raw", "sqlite", "lancedb"),
            [Line("peak", "peak memory of loading {n} + vectors", "MB", Goal(most=120), 0)],
            n=10_000, quick_n=2000, rounds=1, options={"vectors": True}, stores=False,
        ),
        Row(
            "memory-text", "memory", SQL,
            [Line("peak", "peak memory of loading {n}, text", "MB", None, 0)],
            n=100_000, rounds=1, stores=False,
        ),
        Row(
            "commit", "commit", PAIR,
            [
                Line("put_commit", "commit of 1,000 puts onto {n}", "s", Goal(most=0.3), 3, ALONE),
                Line("put_commit_cpu", "… its CPU", "s", None, 3, ALONE),
                Line("load", "load of 1,000 onto {n}, open to close", "s", None, 3),
            ],
            n=100_000, rounds=3,
        ),
    ]  # fmt: skip


def _writing() -> list[Row]:
    rows = []
    for n, quick in ((100, 100), (1000, None), (10_000, None), (100_000, None)):
        engines = ALL if n == 1000 else FOUR if n == 10_000 else SQL
        size = thousands(n)
        rows.append(
            Row(
                f"put-{size}", "put", engines,
                [
                    Line("p50", "durable put p50, {n} frames", "ms", Goal(most=0.4, times=0.7)),
                    Line("p99", "durable put p99, {n} frames", "ms", Goal(most=50)),
                    Line("cpu", "durable put, mean CPU, {n} frames", "ms"),
                ],
                n=n, quick_n=quick, rounds=5, quick={"count": 100},
            )
        )  # fmt: skip
    return [
        *rows,
        Row(
            "syncs", "syncs", ALL,
            [Line("syncs", "syncs of a durable put (strace)", "", Goal(most=1, least=1), 1)],
            n=1000, quick_n=100, rounds=1,
        ),
        Row(
            "bytes", "many_puts", PAIR,
            [
                Line("written", "bytes written a put, many puts onto {n}", "B", Goal(most=8192), 0),
                Line("p50", "… p50", "ms"),
                Line("p99", "… p99", "ms", Goal(most=50), 1),
                Line("worst", "… slowest put", "ms", None, 0),
                Line("cpu", "… mean CPU", "ms"),
                Line("syncs", "… syncs a put, checkpoints included", "", Goal(most=1.05), 3, ALONE),
            ],
            n=10_000, quick_n=1000, rounds=2, quick={"count": 500},
        ),
        Row(
            "findable", "findable", (*PAIR, "lancedb", "memvid"),
            [
                Line("mean", "find a document right after its put, mean", "ms", Goal(most=1)),
                Line("once", "… found exactly once", "%", Goal(least=100), 0),
            ],
            n=1000, quick_n=1000, rounds=2, options={"count": 100},
        ),
        Row(
            "lazy", "open_put_close", FOUR,
            [Line("wall", "open → put → close(lazy), {n}", "ms", Goal(most=3))],
            n=10_000, quick_n=1000, options={"lazy": True},
        ),
        Row(
            "lazy-100k", "open_put_close", PAIR,
            [Line("wall", "open → put → close(lazy), {n}", "ms", Goal(most=3))],
            n=100_000, options={"lazy": True},
        ),
        Row(
            "close", "open_put_close", PAIR,
            [Line("wall", "open → put → close, {n}", "ms", Goal(most=60))],
            n=10_000, quick_n=1000,
        ),
        Row(
            "change", "change", FOUR,
            [
                Line("update", "update p50, {n}", "ms", Goal(times=1.0)),
                Line("delete", "delete p50, {n}", "ms", Goal(times=1.0)),
            ],
            n=10_000, quick_n=1000,
        ),
        Row(
            "commits", "small_commits", PAIR,
            [
                Line("ratio", "many commits of 200 bytes / one commit, size", "×", Goal(most=3), 2, ALONE),
                Line("vacuumed", "… after vacuum", "×", Goal(most=1.1), 2, ALONE),
                Line("once_ratio", "… one commit / text", "×", None, 2),
                Line("growth", "… commit time, last tenth / first", "×", Goal(most=2)),
                Line("last", "… commit time, last tenth", "ms"),
                Line("syncs", "… syncs a put + commit", "", Goal(most=3), 2, ALONE),
            ],
            rounds=1, quick_n=0, quick={"count": 60}, stores=False,
        ),
    ]  # fmt: skip


_SIZES = ((1000, 1000), (10_000, None), (50_000, None), (100_000, None))
_NARROWED = {"half": "half of all", "some": "5 %", "few": "0.5 %", "time": "a tenth by time"}


def _ranked() -> list[Row]:
    """Questions, filters, vectors, and words with vectors, at every size."""
    found = []
    for n, quick in _SIZES:
        size = thousands(n)
        vectors: dict[str, Any] = {"vectors": True}
        found += [
            Row(
                f"question-{size}", "question", SQL,
                [Line("p50", "question p50, {n}", "ms"), Line("cpu", "… mean CPU", "ms")],
                n=n, quick_n=quick,
            ),
            Row(
                f"narrowed-{size}", "narrowed", SQL,
                [
                    Line("all", "lexical, top 10 of any words, p50, {n}", "ms"),
                    *(Line(name, f"… filter: {label}", "ms") for name, label in _NARROWED.items()),
                    Line("few_all", "… 0.5 % / no filter", "×", Goal(most=1.0), 2, ALONE),
                    Line("all_cpu", "… mean CPU, no filter", "ms"),
                ],
                n=n, quick_n=quick,
            ),
            Row(
                f"nearest-{size}", "nearest", SQL,
                [
                    Line("all", "vector p50, {n}", "ms", Goal(times=1.2, of="raw")),
                    Line("all_cpu", "… mean CPU", "ms"),
                    Line("all_recall", "… recall@10", "%", Goal(least=99), 1),
                    *(Line(name, f"… filter: {label}", "ms") for name, label in _NARROWED.items()),
                    *(
                        Line(f"{name}_recall", f"… recall@10, filter: {label}", "%", Goal(least=99), 1, ALONE)
                        for name, label in _NARROWED.items()
                    ),
                    Line("few_full", "… full pages, filter: 0.5 %", "%", Goal(least=100), 0, ALONE),
                    Line("few_all", "… 0.5 % / no filter", "×", Goal(most=1.0), 2, ALONE),
                ],
                n=n, quick_n=quick, rounds=2, options=vectors,
            ),
            Row(
                f"hybrid-{size}", "hybrid", SQL,
                [
                    Line("p50", "hybrid p50, {n}", "ms", Goal(most=0.6 if n <= 10_000 else 1.5)),
                    Line("p95", "hybrid p95, {n}", "ms"),
                    Line("cpu", "… mean CPU", "ms"),
                ],
                n=n, quick_n=quick, rounds=2, options=vectors,
            ),
            Row(
                f"open-vectors-{size}", "open_first", SQL,
                [Line("first", "open → first answer by vector, {n}", "ms", Goal(most=15))],
                n=n, quick_n=quick, options=vectors,
            ),
        ]  # fmt: skip
    return found


def _searching() -> list[Row]:
    return [
        *(
            Row(
                f"find-{thousands(n)}", "find", ALL,
                [
                    Line("p50", "lexical find p50, {n}", "ms", Goal(most=0.30)),
                    Line("p95", "lexical find p95, {n}", "ms"),
                    Line("cpu", "… mean CPU, {n}", "ms"),
                    Line("hits", "… hits a query, {n}", "", None, 1),
                ],
                n=n, quick_n=quick, rounds=3,
            )
            for n, quick in _SIZES
        ),
        *_ranked(),
        Row(
            "reader", "beside_writer", PAIR,
            [
                Line("ratio", "find p50 beside a writing process / alone", "×", Goal(most=1.15)),
                Line("alone", "… alone", "ms"),
                Line("refresh", "… refresh after it", "ms"),
            ],
            n=10_000, quick_n=1000, rounds=2, quick={"seconds": 0.2, "turns": 2},
        ),
    ]  # fmt: skip


def _sizes() -> list[Row]:
    ten = "… after ten commits"
    kinds = [
        ("short", "800-byte documents", 10_000, 1.4, 1.4),
        ("long", "4 KB documents, chunked", 2000, 1.4, 1.4),
        ("topics", "English reference pages", 1, 1.4, 1.4),
        ("docstrings", "English docstrings", 1, 1.4, 1.4),
    ]
    rows = [
        Row(
            f"size-{kind}", "size", FOUR,
            [
                Line("ratio1", f"file / text, {label}", "×", Goal(most=once)),
                Line("ratio10", ten, "×", Goal(most=often)),
            ],
            n=n, quick_n=1000 if kind == "short" else None, rounds=1, options={"kind": kind}, stores=False,
        )
        for kind, label, n, once, often in kinds
    ]  # fmt: skip
    return [
        *rows,
        Row(
            "size-vectors", "size", FOUR,
            [
                Line("ratio1", "file / (text + vectors)", "×", Goal(most=1.2)),
                Line("ratio10", ten, "×", Goal(most=1.2)),
            ],
            n=10_000, quick_n=None, rounds=1, options={"kind": "short", "vectors": True}, stores=False,
        ),
        Row(
            "notes", "size", ALL,
            [
                Line("bytes1", "60 one-line notes", "B", Goal(most=150_000), 0),
                Line("bytes10", ten, "B", None, 0),
            ],
            n=60, quick_n=60, rounds=1, options={"kind": "notes"}, stores=False,
        ),
    ]  # fmt: skip


ROWS: tuple[Row, ...] = (*_startup(), *_loading(), *_writing(), *_searching(), *_sizes())
