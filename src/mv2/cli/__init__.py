"""The command ``mv2``.

    _run.py         from arguments to exit code: errors, interrupts, closed pipes
    _app.py         the list of commands; each is imported only when it is used
    _options.py     options that several commands share, and how memories are opened
    _output.py      JSON, plain text and colour
    _progress.py    progress on a terminal
    _put.py, _inputs.py, _load.py     documents on their way in
    _select.py      options that say what to look at: filters, times, points of the past
    _find.py, _ask.py, _similar.py    searching; _hits.py prints what was found
    _timeline.py, _view.py            documents on their way out
    _history.py, _when.py             versions, commits, differences; date phrases
    _change.py, _correct.py, _care.py update, delete; correct, embed; create, stats, verify, vacuum
    _demo.py, _about.py               the demo; version and completion

Only the public package is used from here. Nothing is imported before it is
needed: a whole ``mv2 find`` takes less than a tenth of a second.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(args: Sequence[str] | None = None) -> int:
    """Run the command line; ``args`` None means the arguments of the process.

    Returns the exit code: 0 done, 1 error, 2 usage, 3 not found, 4 damaged
    file, 5 locked, 6 no answer, 130 interrupted.
    """
    from mv2.cli._run import run

    if args is not None:
        return run(args)
    # The process is ours. Collections while modules are imported find nothing, and at the end the operating
    # system is quicker than taking every object apart: together a sixth of a short command.
    gc.set_threshold(50_000, 20, 20)
    try:
        return run()
    finally:
        gc.freeze()
