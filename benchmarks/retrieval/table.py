"""Figures as rows with their marks, and as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.retrieval.systems import MEASURES, System

_DIGITS = 1


def record(system: System, of: str, view: str, groups: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """What one system reached on one set, in percent; ``groups``: the harness's means by kind of question."""
    everything = groups["ALL"]
    values = {name: 100 * everything[measure] for name, measure in MEASURES.items()}
    values["returns"] = 100 * (1 - everything["none"])
    return {
        "system": system.key,
        "label": system.label,
        "set": of,
        "view": view,
        "questions": int(everything["n"]),
        "values": values,
        "goal": system.goal(of),
        "missed": missed(values, system.goal(of)),
        "groups": {name: dict(means) for name, means in groups.items()},
    }


def missed(values: Mapping[str, float], goal: Mapping[str, float]) -> list[str]:
    """Names of the figures that are below their target."""
    return [name for name, least in goal.items() if values[name] < least]


def against_halves(records: Sequence[dict[str, Any]], systems: Sequence[System]) -> None:
    """Note in each hybrid's record by how many points each figure is above the better of its halves."""
    by_key = {(one["system"], one["set"], one["view"]): one for one in records}
    halves_of = {system.key: system.halves for system in systems}
    for one in records:
        halves = [by_key.get((key, one["set"], one["view"])) for key in halves_of[one["system"]]]
        if not halves or None in halves:
            continue
        one["above_better_half"] = {
            name: one["values"][name] - max(half["values"][name] for half in halves if half is not None)
            for name in MEASURES
        }


def table(records: Sequence[dict[str, Any]]) -> str:
    """The records of one set and view, in Markdown."""
    heads = ["system", *MEASURES, "returns", "target", "", "hybrid − better half", ""]
    lines = [heads, ["---", *["---:"] * (len(MEASURES) + 1), *["---"] * 4]]
    for one in records:
        goal, above = one["goal"], one.get("above_better_half")
        wanted = " / ".join(f"{goal[name]:g}" if name in goal else "–" for name in MEASURES)
        judged = any(name in goal for name in MEASURES)
        lines.append(
            [
                one["label"],
                *(f"{value:.{_DIGITS}f}" for value in one["values"].values()),
                f"≥ {wanted}" if judged else "",
                _mark(one["missed"]) if goal else "",
                " / ".join(f"{value:+.{_DIGITS}f}" for value in above.values()) if above else "",
                _mark([name for name, value in above.items() if value < 0]) if above else "",
            ]
        )
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return "\n".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |"
        for line in lines
    )


def _mark(failed: list[str]) -> str:
    return f"MISS {', '.join(failed)}" if failed else "ok"
