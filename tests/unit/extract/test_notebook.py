"""Jupyter notebooks."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from mv2.errors import DocumentError
from mv2.extract.model import Extraction, ReadOptions, Source
from mv2.extract.readers.notebook import MAX_OUTPUT_CHARS, read

SAMPLES = Path(__file__).parents[2] / "samples" / "notebook"


def read_sample(name: str) -> Extraction:
    return read(Source(data=(SAMPLES / name).read_bytes(), name=name), ReadOptions())


def read_cells(*cells: dict[str, Any]) -> Extraction:
    return read(Source(data=json.dumps({"cells": cells, "metadata": {}}).encode()), ReadOptions())


def shown(extraction: Extraction) -> list[tuple[str, str | None, str]]:
    return [(one.kind, one.symbol, extraction.text[one.start : one.end]) for one in extraction.blocks]


def test_what_a_person_sees() -> None:
    extraction = read_sample("harvest.ipynb")
    assert shown(extraction) == [
        ("heading", None, "# Apple harvest"),
        ("paragraph", None, "How much **each orchard** gave."),
        ("list", None, "- north"),
        ("list", None, "- south"),
        ("table", None, "| Orchard | Tonnes |\n| --- | --- |\n| North | 12 |\n| South | 9 |"),
        ("paragraph", None, "![map](data:image/png)"),
        (
            "code",
            "cell 2",
            "import pandas as pd\n\nfrom tqdm import tqdm\nfor _ in tqdm(range(2)):\n    pass",
        ),
        ("code", "cell 2.output", "100%|##########| 2/2"),
        ("code", "cell 2.output", "loaded 2 orchards"),
        ("code", "cell 3", "frame.head()"),
        ("code", "cell 3.output", "  orchard  tonnes\n0   North      12"),
        ("code", "cell 4", "frame.plot()"),
        ("heading", None, "## What went wrong"),
        ("code", "cell 6", "1 / 0"),
        ("code", "cell 6.output", "---------\nZeroDivisionError: division by zero"),
        ("paragraph", None, "Kept as it is."),
    ]
    assert "- north\n- south" in extraction.text
    assert not extraction.exact


def test_facts_of_a_notebook() -> None:
    extraction = read_sample("harvest.ipynb")
    assert extraction.title == "Apple harvest"
    assert extraction.author == "Mira Holm"
    assert extraction.metadata == {"cells": 8, "language": "python", "kernel": "Python 3 (ipykernel)"}
    assert extraction.warnings == ("images among the outputs are left out (1)",)


def test_tables_are_found() -> None:
    extraction = read_sample("harvest.ipynb")
    (table,) = extraction.tables
    block = next(one for one in extraction.blocks if one.kind == "table")
    assert table.headers == ("Orchard", "Tonnes")
    assert block.table == 0
    assert block.rows == (1, 2)
    assert block.header is not None
    assert extraction.text[slice(*block.header)] == "| Orchard | Tonnes |\n| --- | --- |"


def test_format_3() -> None:
    extraction = read_sample("old.ipynb")
    assert shown(extraction) == [
        ("heading", None, "Old notes"),
        ("paragraph", None, "Some *text*."),
        ("code", "cell 3", "print 'hi'"),
        ("code", "cell 3.output", "hi"),
        ("code", "cell 3.output", "42"),
        ("code", "cell 3.output", "NameError: x"),
    ]
    assert extraction.title == "Old notes"
    assert extraction.blocks[0].level == 2


def test_what_is_shown_as_markdown() -> None:
    data = {"text/plain": ["<IPython.core.display.Markdown object>"], "text/markdown": "**42** units"}
    output = {"output_type": "display_data", "data": data}
    extraction = read_cells({"cell_type": "code", "source": "show()", "outputs": [output]})
    assert extraction.text == "show()\n\n**42** units"


def test_error_without_trace() -> None:
    output = {"output_type": "error", "ename": "KeyError", "evalue": "'x'", "traceback": []}
    extraction = read_cells({"cell_type": "code", "source": "d['x']", "outputs": [output]})
    assert extraction.text.endswith("KeyError: 'x'")


def test_outputs_are_bounded() -> None:
    output = {"output_type": "stream", "text": "x" * 1_000_000}
    extraction = read_cells({"cell_type": "code", "source": "spam()", "outputs": [output]})
    assert len(extraction.text) < MAX_OUTPUT_CHARS + 100
    assert extraction.text.endswith("…")
    assert extraction.warnings == (f"outputs are shortened to {MAX_OUTPUT_CHARS:,} characters (1)",)


def test_odd_values_do_no_harm() -> None:
    extraction = read_cells(
        {"cell_type": "code", "source": 7, "outputs": [None, {"output_type": "stream", "text": {}}]},
        {"cell_type": "heading", "level": "x", "source": ["a", None]},
        {"cell_type": "markdown", "source": "lone \ud800 half"},
        {},
    )
    assert [kind for kind, _, _ in shown(extraction)] == ["heading", "paragraph"]
    assert extraction.text.encode()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "damaged"),
        (b'{"cells": [', "damaged"),
        (b"[1, 2]", "no cells"),
        (b'{"a": 1}', "no cells"),
        (b'{"cells": ' + b"[" * 200_000, "deeply"),
        (b'{"cells": ' + b"1" * 10_000 + b"}", "damaged"),
    ],
)
def test_no_notebooks(data: bytes, words: str) -> None:
    with pytest.raises(DocumentError, match=words):
        read(Source(data=data), ReadOptions())


@pytest.mark.parametrize(
    "piece", ["\x1b", "\x1b[", "\x1b[0;", "\x1b]", "\r", "data:a/b;base64,", "<", "# a\n"]
)
def test_hostile_cells_take_linear_time(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    output = {"output_type": "stream", "text": text}
    started = time.process_time()
    read_cells({"cell_type": "markdown", "source": text}, {"cell_type": "code", "outputs": [output]})
    assert time.process_time() - started < 4
