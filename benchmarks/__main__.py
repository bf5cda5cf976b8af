"""``python -m benchmarks``: see the package's docstring."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile

from benchmarks import __doc__ as about
from benchmarks.engines import NAMES
from benchmarks.peers import install
from benchmarks.report import machine, records, table
from benchmarks.rows import ROWS
from benchmarks.runner import Runner


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small sizes: a look, not a verdict")
    parser.add_argument("--only", action="append", metavar="ROW", help="rows that begin so; may be repeated")
    parser.add_argument("--engine", action="append", choices=NAMES, help="only these; may be repeated")
    parser.add_argument("--json", metavar="FILE", help="write everything measured there too")
    parser.add_argument("--work", metavar="DIR", help="keep data and prepared stores there for the next run")
    parser.add_argument("--list", action="store_true", help="show the names of the rows")
    parser.add_argument("--install-peers", action="store_true", help="make .venv-bench")
    return parser.parse_args()


def main() -> int:
    given = _arguments()
    if given.install_peers:
        install()
        return 0
    rows = [row for row in ROWS if not given.only or any(row.key.startswith(name) for name in given.only)]
    if given.list or not rows:
        print("\n".join(row.key for row in ROWS))
        return 0 if rows else 2
    with tempfile.TemporaryDirectory(prefix="mv2-bench-") as temporary:
        largest = 2000 if given.quick else 100_000
        runner = Runner(
            given.work or temporary,
            largest,
            3000 if given.quick else 25_000,
            given.engine or NAMES,
            quick=given.quick,
            say=lambda line: print(line, file=sys.stderr, flush=True),
        )
        for row in rows:
            runner.run(row)
        lines = records(runner.results)
        print(table(lines))
        missed = sum(line["verdict"] == "MISS" for line in lines)
        judged = sum(bool(line["verdict"]) for line in lines)
        print(
            f"\n{judged - missed} of {judged} targets met; engines: {', '.join(runner.engines)}; {machine()}"
        )
        if given.json:
            rounds = {f"{key} {engine}": found for (key, engine), found in runner.results.rounds.items()}
            failures = {f"{key} {engine}": why for (key, engine), why in runner.results.failures.items()}
            with open(given.json, "w", encoding="utf-8") as file:
                json.dump(
                    {"machine": machine(), "lines": lines, "rounds": rounds, "failures": failures},
                    file,
                    indent=1,
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
