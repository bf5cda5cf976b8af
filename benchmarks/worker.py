"""Runs one measurement: a job as JSON in, its numbers as one line of JSON out."""

from __future__ import annotations

import json
import sys
from importlib import import_module

from benchmarks.measures._common import Job

MODULES = {
    "import_cost": "startup", "cold_find": "startup", "open_first": "startup", "open_put_close": "startup",
    "prepare": "bulk", "bulk": "bulk", "memory": "bulk", "commit": "bulk",
    "put": "puts", "many_puts": "puts", "findable": "puts", "change": "puts", "some_puts": "puts", "syncs": "puts",
    "find": "finds", "write_on": "finds", "beside_writer": "finds",
    "size": "sizes", "small_commits": "sizes",
}  # fmt: skip


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
