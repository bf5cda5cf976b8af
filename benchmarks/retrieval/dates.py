"""How many date phrases of a labelled set resolve to their meaning, and what they cost.

    python benchmarks/retrieval/dates.py --data DIR [--show]

Reads every ``times/phrases*.jsonl`` below DIR: one phrase a line with ``text``, ``start`` (local time; null:
must not match), ``grain`` and sometimes ``end``. The set's reference moment is 2013-02-12 04:30, two hours
behind UTC. Right means the same start, end (where none is given, one grain after the start) and grain.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from mv2.errors import DatePhraseError
from mv2.search.dates import DateRange, find_ranges, parse_range
from mv2.search.dates._units import span_of

ZONE = dt.timezone(dt.timedelta(hours=-2))
NOW = dt.datetime(2013, 2, 12, 4, 30)  # noqa: DTZ001
PLAIN = "how does the engine keep its vectors, and why are they read before anything else?"


def meaning(row: dict[str, Any]) -> tuple[int, int, str] | None:
    if row["start"] is None:
        return None
    start = dt.datetime.fromisoformat(row["start"])
    end = dt.datetime.fromisoformat(row["end"]) if row.get("end") else span_of(start, row["grain"]).end
    seconds = [round(moment.replace(tzinfo=ZONE).timestamp()) for moment in (start, end)]
    return seconds[0], seconds[1], row["grain"]


def understood(text: str) -> DateRange | None:
    try:
        return parse_range(text, now=NOW, tz=ZONE)
    except DatePhraseError:
        return None


def microseconds(work: Any, text: str, rounds: int = 200) -> float:
    times = []
    for _ in range(rounds):
        begin = time.perf_counter_ns()
        work(text)
        times.append((time.perf_counter_ns() - begin) / 1000)
    return statistics.median(times)


def main() -> int:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--data", type=Path, required=True, help="folder that holds times/phrases*.jsonl")
    options.add_argument("--show", action="store_true", help="print what is not right")
    given = options.parse_args()
    files = sorted(given.data.glob("times/phrases*.jsonl"))
    if not files:
        print(f"no times/phrases*.jsonl below {given.data}", file=sys.stderr)
        return 2
    rows = [
        json.loads(line) for file in files for line in file.read_text("utf-8").splitlines() if line.strip()
    ]
    counts = {"right": 0, "wrong": 0, "refused": 0, "rightly refused": 0, "wrongly matched": 0}
    for row in rows:
        wanted, found = meaning(row), understood(row["text"])
        if wanted is None:
            verdict = "rightly refused" if found is None else "wrongly matched"
        elif found is None:
            verdict = "refused"
        else:
            verdict = "right" if (found.start, found.end, found.grain) == wanted else "wrong"
        counts[verdict] += 1
        if given.show and verdict in ("wrong", "refused", "wrongly matched"):
            print(f"{verdict:16} {row['text']!r} wanted {wanted} found {found}")
    phrases = counts["right"] + counts["wrong"] + counts["refused"]
    for name, count in counts.items():
        whole = phrases if name in ("right", "wrong", "refused") else len(rows) - phrases
        print(f"{name:16} {count:5} of {whole:5}  {100 * count / max(1, whole):5.1f} %")
    parse = [microseconds(understood, row["text"], 3) for row in rows]
    print(f"parse_range      {statistics.median(parse):7.0f} µs median, {max(parse):7.0f} µs most")
    print(f"find_ranges      {microseconds(find_ranges, PLAIN):7.1f} µs for a question without a date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
