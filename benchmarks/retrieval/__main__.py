"""``python -m benchmarks.retrieval``: see the package's docstring."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from types import ModuleType
from typing import Any

from benchmarks.peers import ROOT
from benchmarks.retrieval import __doc__ as about
from benchmarks.retrieval import harness as harness_file
from benchmarks.retrieval.hosted import Hosted, HostError, interpreter_with, interpreters
from benchmarks.retrieval.systems import System, systems
from benchmarks.retrieval.table import against_halves, record, table

_SHARED = os.path.join(os.path.dirname(ROOT), "shared")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.retrieval",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", default=os.path.join(_SHARED, "data"), metavar="DIR")
    parser.add_argument(
        "--eval",
        "--harness",
        metavar="DIR",
        default=os.environ.get("MV2_EVAL") or os.path.join(_SHARED, "eval"),
    )
    parser.add_argument("--model", metavar="FOLDER", help="a model of sentence-transformers, or a static one")
    parser.add_argument("--set", action="append", metavar="NAME", help="only these; may be repeated")
    parser.add_argument(
        "--view", action="append", help="what documents show: speaker+date (default), text, …"
    )
    parser.add_argument(
        "--system", action="append", metavar="KEY", help="those that begin so; may be repeated"
    )
    parser.add_argument(
        "--python", action="append", metavar="FILE", default=[], help="interpreter to try too"
    )
    parser.add_argument("--cache", metavar="DIR", default=os.path.join(_cache_home(), "mv2-benchmarks"))
    parser.add_argument("--limit", type=float, default=900.0, help="seconds for one system and set (900)")
    parser.add_argument("--json", metavar="FILE", help="write all figures there too, by kind of question")
    return parser.parse_args()


def _cache_home() -> str:
    return os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _installed(given: argparse.Namespace) -> list[tuple[System, str]]:
    """The systems that can run here, and with which interpreter."""
    pythons = interpreters(sys.executable, given.python)
    model = os.path.realpath(given.model) if given.model else None
    found = []
    for system in systems(model, model_is_static=model is not None and _is_static(model)):
        if given.system and not any(system.key.startswith(name) for name in given.system):
            continue
        python = interpreter_with(system.packages, pythons)
        if python is None:
            _say(f"{system.label}: left out, no interpreter here has {', '.join(system.packages)}")
        else:
            found.append((system, python))
    return found


def _is_static(model: str) -> bool:
    from mv2.models.static import static_folder

    return static_folder(model) is not None


class _Run:
    """The sets of one run, and what is measured on them."""

    def __init__(self, given: argparse.Namespace, harness: ModuleType, path: str) -> None:
        self._given = given
        self._harness = harness
        self._path = path
        self._chosen = _installed(given)
        self.records: list[dict[str, Any]] = []

    def measure_set(self, of: str, view: str) -> None:
        """Measure every system and print the table."""
        try:
            data = self._harness.load_set(self._given.data, of)
        except (OSError, ValueError, KeyError) as error:
            _say(f"{of}: cannot be read: {error}")
            return
        begin = len(self.records)
        for system, python in self._chosen:
            started = time.perf_counter()
            try:
                self.records.append(record(system, of, view, self._measure(system, python, data, view)))
                _say(f"{of}, {view}, {system.key}: {time.perf_counter() - started:.0f} s")
            except HostError as error:
                _say(f"{of}, {view}, {system.key}: left out: {error}")
        found = self.records[begin:]
        against_halves(found, [system for system, _ in self._chosen])
        documents, questions = (
            sum(len(getattr(one, name)) for one in data) for name in ("docs", "questions")
        )
        print(f"\n{of}, view {view}: {documents:,} documents, {questions:,} questions\n")
        print(table(found), flush=True)

    def _measure(self, system: System, python: str, data: Any, view: str) -> Any:
        settings = {**system.settings, "cache": self._given.cache}
        if system.settings["kind"] in ("harness", "model"):
            settings["harness"] = self._path
        hosted = Hosted(python, settings, self._given.limit)
        try:
            return self._harness.measure(hosted, data, view)[0]
        finally:
            hosted.end()


def main() -> int:
    given = _arguments()
    path = harness_file.find(given.eval)
    if path is None:
        _say(f"no harness at {given.eval}: name retrieval.py or its folder with --eval or MV2_EVAL")
        return 2
    names = given.set or harness_file.sets_in(given.data)
    if not names:
        _say(
            f"no sets in {given.data}: name the folder that holds locomo*, cranfield or BEIR sets with --data"
        )
        return 2
    run = _Run(given, harness_file.load(path), path)
    for name in names:
        for view in given.view or ["speaker+date"]:
            run.measure_set(name, view)
    if given.json:
        with open(given.json, "w", encoding="utf-8") as file:
            json.dump(run.records, file, indent=1)
    return 0 if run.records else 2


if __name__ == "__main__":
    sys.exit(main())
