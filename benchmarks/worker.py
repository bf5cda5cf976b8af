"""Runs one measurement: a job as JSON in, its numbers as one line of JSON out."""

from __future__ import annotations

import json
import sys
from importlib import import_module

from benchmarks.measures._common import Job

_MEASURES = {
    "startup": "import_cost cold_find open_first open_put_close",
    "bulk": "prepare bulk memory commit",
    "puts": "put many_puts findable change some_puts syncs",
    "finds": "find question narrowed write_on beside_writer",
    "nearest": "nearest hybrid",
    "sizes": "size small_commits",
}
MODULES = {measure: module for module, names in _MEASURES.items() for measure in names.split()}


def main() -> None:
    job = Job(**json.loads(sys.argv[1]))
    if job.measure == "generate":
        from benchmarks.workload import make

        make(job.data.directory, job.base, job.options["extra"])
        numbers = {}
    else:
        module = import_module(f"benchmarks.measures.{MODULES[job.measure]}")
        numbers = getattr(module, job.measure)(job)
    print(json.dumps(numbers))


if __name__ == "__main__":
    main()
