"""A forked child has copies of our objects; their ends must not touch what is the parent's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import gc, os, sys
import mv2
from mv2.storage.holders import state_directory

memory = mv2.open(sys.argv[1])
before = os.listdir(state_directory())
child = os.fork()
if child == 0:
    del memory
    gc.collect()
    sys.exit(0)
os.waitpid(child, 0)
assert before and os.listdir(state_directory()) == before, (before, os.listdir(state_directory()))
memory.put("still ours")
memory.close()
assert os.listdir(state_directory()) == []
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_the_childs_end_leaves_the_parents_note(tmp_path: Path) -> None:
    env = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")}
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "m.mv2")], env=env, capture_output=True, timeout=60
    )
    assert ran.returncode == 0, ran.stderr.decode()
