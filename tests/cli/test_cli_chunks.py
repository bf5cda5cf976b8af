"""``mv2 chunks`` and ``mv2 tables``: how documents are cut, and the tables that were stored."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from mv2.cli._places import place_words
from mv2.types import Place

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Command

STOCK = "Article;Price;Since\nTea pot;12.50;2024-03-01\nKettle;20.00;2023-11-15\n"


@pytest.fixture
def guide(folder: Path) -> Path:
    path = folder / "guide.md"
    parts = ("# Kettle", "Descale it with vinegar. " * 40, "## Cups", "Wash them by hand. " * 40)
    path.write_text("\n\n".join(parts))
    return path


@pytest.fixture
def stock(folder: Path, mv2: Command) -> str:
    """A memory with one table of two rows; returns the table's id."""
    (folder / "stock.csv").write_text(STOCK)
    assert mv2("put", "stock.mv2", "stock.csv", "--tables").code == 0
    (info,) = mv2("tables", "stock.mv2", "--json").json()["tables"]
    return str(info["id"])


def test_chunks_are_shown_with_their_places(guide: Path, mv2: Command) -> None:
    ran = mv2("chunks", guide.name, "--chunk-size", "600")
    assert ran.code == 0
    heads = [line for line in ran.out.splitlines() if line.startswith("chunk ")]
    assert "Kettle  lines 1-3" in heads[0]
    assert "Kettle > Cups" in heads[-1]
    assert ran.out.endswith(f"{len(heads)} chunks\n")
    assert [path.name for path in guide.parent.iterdir()] == ["guide.md"]  # nothing is stored


def test_chunks_as_json_cover_the_text(guide: Path, mv2: Command) -> None:
    found = mv2("chunks", guide.name, "--chunk-size", "600", "--json").json()["chunks"]
    text = guide.read_text()
    assert "".join(text[chunk["start"] : chunk["end"]] for chunk in found) == text
    assert found[0]["place"]["headings"] == ["Kettle"]
    whole = mv2("chunks", guide.name, "--chunking", "none", "--json").json()["chunks"]
    assert [chunk["text"] for chunk in whole] == [text]


def test_chunks_of_standard_input(mv2: Command) -> None:
    ran = mv2("chunks", "-", "--reader", "markdown", stdin=b"# Tea\n\nGreen tea at 80 degrees.\n")
    assert ran.code == 0
    assert "Green tea at 80 degrees." in ran.out
    assert ran.out.endswith("1 chunk\n")


def test_chunks_of_what_cannot_be_read(folder: Path, mv2: Command) -> None:
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nthe rest is missing")
    ran = mv2("chunks", "broken.pdf")
    assert (ran.code, ran.out) == (1, "")
    assert "broken.pdf" in ran.err
    assert "damaged" in ran.err
    assert mv2("chunks", "missing.pdf").code == 2
    assert mv2("chunks", "broken.pdf", "--reader", "nonsense").code == 2


def test_tables_are_listed_and_printed(stock: str, mv2: Command) -> None:
    listed = mv2("tables", "stock.mv2").out
    assert stock in listed
    assert "mv2://files/stock.csv" in listed
    assert "2 rows: Article | Price | Since" in listed
    shown = mv2("tables", "stock.mv2", stock).out.splitlines()
    assert shown[0].split() == ["Article", "Price", "Since"]
    assert shown[2].split() == ["Kettle", "20.00", "2023-11-15"]


def test_a_table_as_csv_and_as_json(stock: str, mv2: Command) -> None:
    rows = list(csv.DictReader(io.StringIO(mv2("tables", "stock.mv2", stock, "--csv").out)))
    assert rows[1] == {"Article": "Kettle", "Price": "20.00", "Since": "2023-11-15"}
    table = mv2("tables", "stock.mv2", stock, "--json").json()
    assert table["types"] == ["text", "number", "date"]
    assert len(table["rows"]) == 2


def test_a_document_with_one_table_names_it(stock: str, mv2: Command, folder: Path) -> None:
    by_id = mv2("tables", "stock.mv2", stock).out
    assert mv2("tables", "stock.mv2", "mv2://files/stock.csv").out == by_id
    assert mv2("tables", "stock.mv2", "0").out == by_id
    page = "".join(
        f"<table><tr><th>a</th><th>b</th></tr><tr><td>{n}</td><td>x</td></tr></table>" for n in "12"
    )
    (folder / "two.html").write_text(f"<h1>Two</h1><p>Two tables of numbers are here.</p>{page}")
    assert mv2("put", "stock.mv2", "two.html", "--tables").code == 0
    ran = mv2("tables", "stock.mv2", "mv2://files/two.html")
    assert ran.code == 2
    assert "has 2 tables" in ran.err
    assert mv2("tables", "stock.mv2", "--of", "mv2://files/two.html").out.endswith("2 tables\n")


def test_tables_that_are_not_there(stock: str, mv2: Command, notes: Path) -> None:
    assert mv2("tables", "stock.mv2", "tbl_other_1").code == 3
    assert mv2("tables", "stock.mv2", "--of", "mv2://nothing").code == 3
    assert mv2("tables", "stock.mv2", "--csv").code == 2
    assert mv2("tables", notes.name, "0").code == 3
    assert "put --tables" in mv2("tables", notes.name).out


def test_a_hit_says_where_it_stands(guide: Path, mv2: Command) -> None:
    assert mv2("put", "a.mv2", guide.name, "--chunk-size", "600").code == 0
    ran = mv2("find", "a.mv2", "wash cups by hand")
    assert "    Kettle > Cups, lines 5-7\n" in ran.out


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (Place(page=3), ["page 3"]),
        (Place(page=3, last_page=5, headings=("Costs", "Travel")), ["pages 3-5", "Costs > Travel"]),
        (Place(sheet="May", rows=(2, 1400)), ["sheet May", "rows 2-1,400"]),
        (Place(lines=(7, 7), symbol="Kettle.boil"), ["Kettle.boil", "line 7"]),
        (Place(seconds=(65.0, 3725.5)), ["1:05-1:02:05"]),
        (Place(range=(0, 9)), []),
        (None, []),
    ],
)
def test_places_in_words(place: Place | None, words: list[str]) -> None:
    assert place_words(place) == words
