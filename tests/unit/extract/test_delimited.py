"""Delimited text is read whatever parts its cells, quotes them and encodes it."""

from pathlib import Path

import pytest

from mv2.errors import DocumentError, DocumentLimitError
from mv2.extract.model import Limits, ReadOptions, Source
from mv2.extract.readers.delimited import find_dialect, read

SAMPLES = Path(__file__).parents[2] / "samples" / "csv"


def extract(data, name="some.csv", **options):
    raw = data.encode() if isinstance(data, str) else data
    return read(Source(data=raw, name=name), ReadOptions(**options))


def rows(data, **options):
    table = extract(data, **options).tables[0]
    return [table.headers, *table.rows]


def test_a_stock_list():
    found = extract((SAMPLES / "stock.csv").read_bytes(), "stock.csv")
    assert found.text.startswith("# exported from the store on 2 May 2024\n\n| sku | name | price |")
    assert "| A-1 | Lamp, small | 19.90 | 12 | 2023-01-15 |" in found.text
    assert '| A-2 | Desk "Oslo" | 249.00 | 3 | 2022-11-02 |' in found.text
    assert "| B-7 | Chair (two colours) | 89.50 |  | 2024-02-29 |" in found.text
    table = found.tables[0]
    assert table.name == "stock"
    assert table.mode == "delimited"
    assert table.types == ("text", "text", "number", "integer", "date")
    assert table.rows[2] == ("B-7", "Chair\n(two colours)", "89.50", None, "2024-02-29")
    assert found.warnings == ()
    remark, block = found.blocks
    assert (remark.kind, remark.lines) == ("caption", (1, 1))
    assert (block.kind, block.table, block.rows) == ("table", 0, (3, 5))


def test_a_german_file_with_semicolons_and_an_old_encoding():
    found = extract((SAMPLES / "umsatz.csv").read_bytes())
    assert found.tables[0].headers == ("Kunde", "Betrag", "Datum", "Anteil")
    assert found.tables[0].types == ("text", "number", "date", "percent")
    assert "| Müller | 1.234,50 | 31.12.2024 | 12,5 % |" in found.text
    assert found.metadata["delimiter"] == "semicolon"
    assert not found.exact


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b\n1,2\n3,4\n", ","),
        ("a;b\n1,5;2,5\n3,5;4,5\n", ";"),
        ("a\tb, c\n1\t2, 3\n", "\t"),
        ("a|b\n1|2,3\n4|5,6\n", "|"),
        ('x,"a;b;c",y\n1,"d;e;f",2\n', ","),
        ("# a;b;c\nx,y\n1,2\n3,4\n", ","),
        ("one column\nof words, mostly\nin lines\n", "\x1f"),
        ("", "\x1f"),
    ],
)
def test_the_delimiter_is_the_one_that_gives_steady_rows(text, delimiter):
    assert find_dialect(text).delimiter == delimiter


def test_a_tab_separated_file_by_name():
    assert extract("a\tb,c\n1\t2,3\n", "x.tsv").tables[0].headers == ("a", "b,c")


def test_the_line_that_names_the_delimiter_is_obeyed():
    found = extract("sep=|\na,b|c\n1,2|3\n")
    assert found.tables[0].headers == ("a,b", "c")
    assert "sep=" not in found.text
    assert found.blocks[0].rows == (3, 3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a,b\n"x ""q"" y",1\n', ('x "q" y', "1")),
        ('a,b\n"x \\"q\\" y",1\n', ('x "q" y', "1")),
        ("a,b\n'x, y','1'\n'z','2'\n", ("x, y", "1")),
        ('a, b\n"x, y", "z"\n', ("x, y", "z")),
        ("a,b\r\nx,1\r\ny,2\r\n", ("x", "1")),
        ("a,b\rx,1\ry,2\r", ("x", "1")),
    ],
)
def test_quotes_and_line_ends(text, expected):
    assert rows(text)[1] == expected


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_encodings(encoding):
    assert rows("name,city\r\nZoë,Århus\r\n".encode(encoding)) == [("name", "city"), ("Zoë", "Århus")]


def test_rows_of_other_lengths_are_kept_and_told_of():
    found = extract("a,b\n1,2\n3,4,5\n6\n")
    assert found.tables[0].rows == (("1", "2", None), ("3", "4", "5"), ("6", None, None))
    assert found.warnings == ("2 rows have not 2 cells, the first one on line 3",)
    assert found.tables[0].warnings == found.warnings


def test_a_quotation_mark_without_end_does_not_swallow_the_rest():
    found = extract('a,b\n1,"2\n3,4\n5,6\n')
    assert len(found.tables[0].rows) == 3
    assert "line 2" in found.warnings[0]


def test_a_file_without_header_gets_none():
    found = extract("1,2\n3,4\n")
    assert found.tables[0].rows == (("1", "2"), ("3", "4"))
    assert found.text == "|  |  |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |"
    assert found.blocks[0].rows == (1, 2)


def test_a_header_alone():
    found = extract("name,city\n")
    assert found.tables[0].headers == ("name", "city")
    assert found.tables[0].rows == ()


def test_words_in_one_column_keep_their_commas():
    assert rows("fruit\napple, red\nplum\npear\n") == [("fruit",), ("apple, red",), ("plum",), ("pear",)]


def test_what_stands_above_the_header_is_kept():
    found = extract("people\nname,age\nAnn,30\nBob,41\n")
    assert found.text.startswith("people\n\n| name | age |")
    assert found.blocks[1].rows == (3, 4)


def test_a_header_that_begins_with_a_hash():
    assert rows("##source=x\n#CHROM\tPOS\nchr1\t100\nchr2\t200\n")[0] == ("#CHROM", "POS")


def test_a_title_above_the_table():
    found = extract('Report of May,,\n\nregion,amount,share\nNorth,1,"25 %"\nSouth,2,3 %\n')
    assert found.text.startswith("Report of May")
    assert found.tables[0].headers == ("region", "amount", "share")
    assert found.blocks[-1].rows == (4, 5)


def test_control_characters_and_hard_spaces_are_gone():
    found = extract("a,b\nx\x00y,1\xa0000\n")
    assert found.tables[0].rows == (("xy", "1 000"),)
    assert found.text.isascii()


@pytest.mark.parametrize("text", ["", "\n \n\n", "\ufeff"])
def test_an_empty_file_is_empty(text):
    assert extract(text).text == ""


def test_a_single_line_of_words():
    assert extract("just some words").text == "just some words"


def test_limits():
    with pytest.raises(DocumentLimitError, match="table_cells"):
        extract("a,b\n" + "1,2\n" * 100, limits=Limits(table_cells=100))
    with pytest.raises(DocumentLimitError, match="table_cells"):
        extract("1,2\n" * 3_000 + "," * 3_000 + "x", limits=Limits(table_cells=1_000_000))
    with pytest.raises(DocumentLimitError, match="text_chars"):
        extract("a,b\n" * 100, limits=Limits(text_chars=100))


def test_a_cell_without_end_in_a_large_file_is_no_cell():
    found = extract('a,b\n1,"' + f"{'x' * 60},y\n" * 300_000)
    assert len(found.tables[0].rows) == 300_001


def test_an_endless_cell_is_refused():
    with pytest.raises(DocumentError, match="line 2"):
        extract("a,b\n1," + "x" * 17_000_000)
