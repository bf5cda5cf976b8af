"""Tables are made from rows with the right names and types, and written so that they can be read back."""

import csv
import io
import json
import sys

import pytest

from mv2.errors import MissingExtraError
from mv2.extract._values import common_type, duration_text, number_text, value_text, value_type
from mv2.extract.builder import TextBuilder
from mv2.extract.model import Table
from mv2.extract.tables import (
    find_header,
    make_table,
    render_table,
    split_title,
    table_csv,
    table_json,
    table_markdown,
)


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("Lamp", "text"),
        ("", "empty"),
        (None, "empty"),
        ("n/a", "empty"),
        ("-", "empty"),
        (3, "integer"),
        (True, "boolean"),
        (2.5, "number"),
        ("3", "integer"),
        ("1,234", "integer"),
        ("1'234", "integer"),
        ("-12", "integer"),
        ("1,234.50", "number"),
        ("1.234,50", "number"),
        ("12,5", "number"),
        ("(1,234.00)", "number"),
        ("1.5e-3", "number"),
        ("25 %", "percent"),
        ("12.5%", "percent"),
        ("€ 3,20", "currency"),
        ("3.20 €", "currency"),
        ("$1,234.56", "currency"),
        ("-$5", "currency"),
        ("CHF 12.00", "currency"),
        ("2024-01-31", "date"),
        ("31.01.2024", "date"),
        ("1/31/2024", "date"),
        ("31 January 2024", "date"),
        ("14:30", "time"),
        ("2:05 PM", "time"),
        ("2024-01-31 14:30", "datetime"),
        ("2024-01-31T14:30:00Z", "datetime"),
        ("true", "boolean"),
        ("007", "text"),
        ("1234567890123456", "text"),
        ("0170 1234", "text"),
        ("+49 170", "text"),
        ("5 kg", "text"),
        ("A-1", "text"),
        ("1.2.3", "text"),
    ],
)
def test_a_cell_has_the_type_a_person_sees(cell, kind):
    assert value_type(cell) == kind


def test_long_digits_and_signs_are_classified_in_no_time():
    for cell in ("1," * 500_000, "9" * 1_000_000, "1 " * 500_000, "-" * 1_000_000):
        assert value_type(cell) == "text"


@pytest.mark.parametrize(
    ("kinds", "common"),
    [
        (["integer", "number", "empty"], "number"),
        (["date", "datetime"], "datetime"),
        (["integer", "currency"], "currency"),
        (["text"] * 7 + ["integer"] * 3, "text"),
        (["text"] * 6 + ["integer"] * 4, "mixed"),
        (["number", "integer", "number", "text"], "number"),
        (["empty", "empty"], "empty"),
        ([], "empty"),
    ],
)
def test_a_column_has_the_type_of_most_of_its_cells(kinds, common):
    assert common_type(kinds) == common


def test_names_of_columns_are_unique_and_never_empty():
    table = make_table([["price", "price", "", "price (2)", "price"], [1, 2, 3, 4, 5]], header=0)
    assert table.headers == ("price", "price (3)", "column 3", "price (2)", "price (4)")


def test_rows_are_as_long_as_the_header():
    table = make_table([["a", "b"], [1], [1, 2, 3], []], header=0)
    assert table.headers == ("a", "b", "column 3")
    assert table.rows == ((1, None, None), (1, 2, 3), (None, None, None))


def test_columns_without_name_and_cells_at_the_end_are_dropped():
    table = make_table([["a", "b", "", None], [1, 2, "", None]], header=0)
    assert table.headers == ("a", "b")
    assert table.rows == ((1, 2),)


def test_numbers_in_text_stay_as_shown():
    names = ["item", "price", "share", "cost"]
    table = make_table([names, ["a", "1,234.50", "25 %", "€ 3,20"], ["b", "7.00", "5 %", "€ 1,00"]])
    assert table.types == ("text", "number", "percent", "currency")
    assert table.rows[0] == ("a", "1,234.50", "25 %", "€ 3,20")
    assert table.confidence > 0.9


def test_what_is_known_of_cells_says_the_type():
    table = make_table([["share"], [0.25], [1]], header=0, kinds=[[None], ["percent"], ["percent"]])
    assert table.types == ("percent",)
    assert "| 25 % |" in table_markdown(table)
    assert "| 100 % |" in table_markdown(table)


def test_a_column_of_many_rows_is_typed_from_all_over():
    rows = [["n"], *[[1]] * 5_000, *[["word"]] * 5_000]
    assert make_table(rows, header=0).types == ("mixed",)


@pytest.mark.parametrize(
    ("rows", "row", "count"),
    [
        ([["name", "age"], ["Ann", 30], ["Bob", 41]], 0, 1),
        ([["People of May", None], ["name", "age"], ["Ann", 30], ["Bob", 41]], 1, 1),
        ([["city", "2022", "2023"], ["Bergen", 1, 2], ["Turku", 3, 4]], 0, 1),
        ([["", "2023", "2023", "2024", "2024"], ["item", "a", "b", "a", "b"], ["x", 1, 2, 3, 4]], 0, 2),
        ([["name", "city"], ["Ann", "Bergen"], ["Bob", "Turku"]], 0, 1),
        ([["Ann", 30], ["Bob", 41]], None, 1),
        ([["red", "blue"], ["blue", "red"], ["red", "green"]], None, 1),
        ([["Phone:", "0170 1"], ["Mail:", "a@b"], ["Fax:", "x y"]], None, 1),
        ([[1, 2], [3, 4]], None, 1),
        ([["alone"]], None, 1),
        ([], None, 1),
        ([[None, None], ["", ""]], None, 1),
    ],
)
def test_the_header_is_the_row_of_names(rows, row, count):
    found = find_header(rows)
    assert found.row == row
    if row is not None:
        assert found.count == count


def test_where_a_header_is_expected_a_single_row_below_is_enough():
    assert find_header([["name", "city"], ["Ann", "Bergen"]]).row is None
    assert find_header([["name", "city"], ["Ann", "Bergen"]], expected=True).row == 0
    assert find_header([["1", "2"], ["3", "4"]], expected=True).row is None


def test_names_above_names_are_joined():
    table = make_table([["", "2023", "2023"], ["item", "Q1", "Q2"], ["pump", 1, 2]])
    assert table.headers == ("item", "2023 Q1", "2023 Q2")


def test_a_title_above_the_header_is_kept():
    rows = [["Staff of May", None], ["name", "age"], ["Ann", 30], ["Bob", 41]]
    assert split_title(rows) == ("Staff of May", rows[1:])
    assert split_title(rows[1:]) == ("", rows[1:])
    assert "Staff of May" in table_markdown(make_table(rows))


def test_a_table_is_one_line_a_row_and_says_where_its_header_is():
    builder = TextBuilder()
    builder.at(page=4)
    builder.add("paragraph", "Before.")
    table = make_table([["a|b", "c"], ["x\ny", "  two   words "], ["\x00p\xa0q", None]], header=0, sheet="S")
    render_table(builder, table, 7, first_row=12)
    block = builder.blocks[1]
    lines = builder.text[block.start : block.end].split("\n")
    assert lines == ["| a\\|b | c |", "| --- | --- |", "| x y | two words |", "| p q |  |"]
    assert builder.text[slice(*block.header)] == "| a\\|b | c |\n| --- | --- |"
    assert (block.kind, block.table, block.rows, block.page, block.sheet) == ("table", 7, (12, 13), 4, "S")


def test_names_that_were_made_up_are_not_written():
    assert table_markdown(make_table([[1, 2]], header=None)) == "|  |  |\n| --- | --- |\n| 1 | 2 |"


def test_cells_are_written_as_they_are_shown():
    builder = TextBuilder()
    render_table(builder, make_table([["price"], [3.2]], header=0), 0, shown=[["3,20 €"]])
    assert builder.text.endswith("| 3,20 € |")


def test_csv_reads_back():
    table = make_table([["a", "b,c"], ['say "hi"', "two\nlines"], [None, 0.1]], header=0)
    assert list(csv.reader(io.StringIO(table_csv(table)))) == [
        ["a", "b,c"],
        ['say "hi"', "two\nlines"],
        ["", "0.1"],
    ]


def test_json_reads_back_with_types():
    table = make_table([["a", "b"], ["ü", 1.5], [True, None], [float("nan"), 2]], header=0)
    first, *rest = json.loads(table_json(table))
    assert first == {"a": "ü", "b": 1.5}
    assert rest == [{"a": True, "b": None}, {"a": None, "b": 2}]
    assert "ü" in table_json(table)


def test_an_empty_table_writes_nothing():
    builder = TextBuilder()
    render_table(builder, make_table([]), 0)
    assert builder.text == ""
    assert json.loads(table_json(make_table([]))) == []


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.1 + 0.2, "0.3"),
        (1250.0, "1250"),
        (1e15, "1e+15"),
        (0.00001, "0.00001"),
        (-0.0, "0"),
        (float("nan"), "NaN"),
        (10**30, "1" + "0" * 30),
    ],
)
def test_numbers_are_written_without_noise(number, text):
    assert number_text(number) == text


def test_spans_and_truth_are_written_as_people_do():
    assert duration_text(27.25 * 3600) == "27:15:00"
    assert duration_text(-61) == "-0:01:01"
    assert value_text(True) == "true"


def test_a_table_as_arrow_and_as_a_data_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = (("kettle", 20, 1.5, True, "x"), ("cup", None, 2, False, 3))
    table = Table(headers=("thing", "price", "weight", "in stock", "code"), rows=rows)
    arrow = table.to_arrow()
    assert arrow.column_names == list(table.headers)
    assert [str(field.type) for field in arrow.schema] == ["string", "int64", "double", "bool", "string"]
    assert arrow.to_pylist()[1] == {
        "thing": "cup",
        "price": None,
        "weight": 2.0,
        "in stock": False,
        "code": "3",
    }
    frame = table.to_pandas()
    assert list(frame.columns) == list(table.headers)
    assert frame["thing"].tolist() == ["kettle", "cup"]
    for name, call in (("pyarrow", table.to_arrow), ("pandas", table.to_pandas)):
        monkeypatch.setitem(sys.modules, name, None)
        with pytest.raises(MissingExtraError, match=name):
            call()
