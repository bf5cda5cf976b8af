"""The dump: text that changes only where documents do."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import TYPE_CHECKING

from exchange_stories import START, Clock, clock, new

import mv2
from mv2.exchange.dumping import dump

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["clock"]


def dumped(memory: mv2.Memvid, **options: object) -> str:
    out = io.StringIO()
    dump(memory, out, **options)  # type: ignore[arg-type]
    return out.getvalue()


def test_what_it_says(tmp_path: Path, clock: Clock) -> None:
    with new(tmp_path / "m.mv2") as memory:
        text = "line one\n\n  line two\x1b[31m\r"
        metadata = {"z": 1, "a": {"k": [True]}}
        memory.put(
            text, uri="b", title="Two\nlines", tags=["x", "y"], timestamp=0, metadata=metadata, track="t"
        )
        memory.put(b"\xff\x00", uri="a", mime="image/x", timestamp="2024-02-03T04:05:06")
        memory.put("named by its number", timestamp=0)
        assert dumped(memory) == (
            "mv2 memory: 3 documents, 47 bytes of content\n"
            "\n"
            "a\n"
            "  time: 2024-02-03T04:05:06Z\n"
            "  mime: image/x\n"
            "  content: 2 bytes, sha256 ea5dbf9596d187e9500f23e9a680109475341cf4e81f7e043f7d97152c10772f\n"
            "\n"
            "b\n"
            "  title: Two\\x0alines\n"
            "  track: t\n"
            '  tags: ["x", "y"]\n'
            "  time: 1970-01-01T00:00:00Z\n"
            '  metadata a: {"k": [true]}\n'
            "  metadata z: 1\n"
            "  text:\n"
            "    line one\n"
            "\n"
            "      line two\\x1b[31m\\x0d\n"
            "\n"
            "mv2://frames/2\n"
            "  time: 1970-01-01T00:00:00Z\n"
            "  text:\n"
            "    named by its number\n"
        )


def test_the_file_itself_leaves_no_trace(tmp_path: Path, clock: Clock) -> None:
    with new(tmp_path / "m.mv2") as memory:
        memory.put("kept", uri="k", timestamp=1)
        before = dumped(memory)
        memory.put("gone", uri="g")
        clock.at(50)
        memory.delete("g")
        memory.commit()
        memory.vacuum()
        assert dumped(memory) == before
        assert "gone" in dumped(memory, as_of=START)
        assert dumped(memory, filter={"uri": "nothing"}).startswith("mv2 memory: 0 documents")


def test_two_orders_of_putting_give_one_text(tmp_path: Path) -> None:
    for name, order in (("one", "abc"), ("two", "cab")):
        with new(tmp_path / f"{name}.mv2") as memory:
            for letter in order:
                memory.put(f"text {letter}", uri=letter, timestamp=0)
    out = io.BytesIO(), io.BytesIO()
    for name, file in zip(("one", "two"), out, strict=True):
        dump(tmp_path / f"{name}.mv2", file)
    assert out[0].getvalue() == out[1].getvalue()


def test_git_shows_changes_of_documents(tmp_path: Path) -> None:
    with new(tmp_path / "m.mv2") as memory:
        memory.put("The kettle is blue.\nIt is old.", uri="kettle", timestamp=0)
        first = dumped(memory).splitlines()
        memory.put("The kettle is red.\nIt is old.", uri="kettle", timestamp=0)
        second = dumped(memory).splitlines()
    changed = [pair for pair in zip(first[1:], second[1:], strict=True) if pair[0] != pair[1]]
    assert changed == [("    The kettle is blue.", "    The kettle is red.")]


def test_importing_it_loads_no_engine() -> None:
    code = (
        "import mv2.exchange.dumping, sys; assert 'numpy' not in sys.modules and 'tantivy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
