"""The table: mv2, the limit and the peers, ratios, targets, and whether they are met."""

from __future__ import annotations

import math
import platform
from typing import Any

from benchmarks.rows import ROWS, Goal, Line, Row, thousands
from benchmarks.runner import Results

_PEERS = ("raw", "sqlite", "lancedb", "memvid")


def _number(value: float | None, digits: int) -> str:
    if value is None:
        return "–"
    if value == 0 or (abs(value) >= 10 and digits < 1):
        return f"{value:,.0f}"
    return f"{value:,.{digits}f}" if abs(value) >= 10**-digits else f"{value:.2g}"


def _verdict(line: Line, value: float | None, ratio: float | None) -> str:
    if line.goal is None or value is None:
        return ""
    return "ok" if line.goal.met(value, ratio) else "MISS"


def _record(row: Row, line: Line, results: Results) -> dict[str, Any] | None:
    engines = line.engines or row.engines
    values = {engine: results.value(row.key, engine, line.metric) for engine in engines}
    if all(value is None for value in values.values()):
        return None
    ratios = {peer: results.ratio(row.key, line.metric, peer) for peer in _PEERS if peer in engines}
    goal = line.goal
    against = ratios.get(goal.of) if goal is not None else None
    return {
        "row": row.key,
        "metric": line.metric,
        "label": line.label.replace("{n}", thousands(results.sizes.get(row.key, row.n))),
        "unit": line.unit,
        "values": values,
        "ratios": ratios,
        "target": goal.text() if goal is not None else "",
        "verdict": _verdict(line, values.get("mv2"), against),
        "digits": line.digits,
    }


def _growth(results: Results) -> dict[str, Any] | None:
    """Exponent of the growth of find's p50 from 10k to 100k documents."""
    values = {}
    for engine in ("mv2", "raw", "sqlite", "lancedb"):
        small, large = (results.value(key, engine, "p50") for key in ("find-10k", "find-100k"))
        if small and large:
            values[engine] = math.log(large / small) / math.log(10)
    if "mv2" not in values:
        return None
    goal = Goal(most=0.15)
    return {
        "row": "find-growth",
        "metric": "exponent",
        "label": "growth of find p50 from 10k to 100k, N^…",
        "unit": "",
        "values": values,
        "ratios": {},
        "target": goal.text(),
        "verdict": "ok" if goal.met(values["mv2"], None) else "MISS",
        "digits": 2,
    }


def records(results: Results) -> list[dict[str, Any]]:
    """Every line of the table as plain data."""
    found = [
        record for row in ROWS for line in row.lines if (record := _record(row, line, results)) is not None
    ]
    growth = _growth(results)
    return found if growth is None else [*found, growth]


def table(lines: list[dict[str, Any]]) -> str:
    """The lines as text, columns aligned."""
    heads = ["measure", "", "mv2", *_PEERS, "mv2/raw", "mv2/sqlite", "mv2/lancedb", "target", ""]
    cells = [heads]
    for line in lines:
        values, ratios, digits = line["values"], line["ratios"], line["digits"]
        cells.append(
            [
                line["label"],
                line["unit"],
                *(_number(values.get(engine), digits) for engine in ("mv2", *_PEERS)),
                *(_number(ratios.get(peer), 2) for peer in ("raw", "sqlite", "lancedb")),
                line["target"],
                line["verdict"],
            ]
        )
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    left = {0, 1, len(heads) - 2, len(heads) - 1}
    text = []
    for row in cells:
        parts = [
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        text.append("  ".join(parts).rstrip())
    text.insert(1, "-" * max(map(len, text)))
    return "\n".join(text)


def machine() -> dict[str, Any]:
    """What the numbers were taken on."""
    import os

    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }
