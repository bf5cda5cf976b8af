"""Data files say what is in them, record by record."""

from pathlib import Path

import pytest

from mv2.errors import DocumentError, DocumentLimitError
from mv2.extract.model import Limits, ReadOptions, Source
from mv2.extract.readers.data import read

SAMPLES = Path(__file__).parents[2] / "samples"


def extract(data, name="some.json", mime=None, **options):
    raw = data.encode() if isinstance(data, str) else data
    return read(Source(data=raw, name=name, mime=mime), ReadOptions(**options))


def sample(path):
    return extract((SAMPLES / path).read_bytes(), path)


def pieces(found):
    return [(block.symbol, found.text[block.start : block.end]) for block in found.blocks]


def test_json_is_a_line_for_each_value():
    found = sample("json/config.json")
    assert found.text.startswith("name: harbour\nversion: 3\nratio: 1.5\ndebug: false\nowner: null\n\n")
    assert "server.host: localhost\nserver.ports: 8080, 8443\nserver.tls.enabled: true" in found.text
    assert "motto: first line\nsecond line" in found.text
    assert not found.exact
    assert pieces(found)[-3:] == [
        ("ships[0]", "id: 1\nname: Ada\ntons: 120.5"),
        ("ships[1]", "id: 2\nname: Bea\ntons: 98"),
        ("ships[2]", "id: 3\nname: Cleo\ntons: 77.25"),
    ]
    assert found.blocks[-1].rows == (3, 3)
    assert found.text.count("ships") == 1
    table = found.tables[0]
    assert (table.name, table.headers) == ("ships", ("id", "name", "tons"))
    assert table.rows[1] == (2, "Bea", 98)
    assert table.types == ("integer", "text", "number")


def test_a_list_of_objects_is_a_record_each():
    found = extract('[{"id": 1, "tags": ["a", "b"], "deep": {"x": [{"y": 1}]}}, {"id": 2}]')
    assert pieces(found) == [("[0]", "id: 1\ntags: a, b\ndeep.x[0].y: 1"), ("[1]", "id: 2")]
    assert found.tables == ()


def test_lists_further_down_are_split_too():
    found = extract('{"data": {"total": 2, "orders": [{"id": 1}, {"id": 2}]}, "end": true}')
    assert pieces(found) == [
        ("data", "data.total: 2"),
        (None, "data.orders"),
        ("data.orders[0]", "id: 1"),
        ("data.orders[1]", "id: 2"),
        ("end", "end: true"),
    ]


def test_repeated_names_are_kept():
    assert extract('{"a": 1, "a": 2}').text == "a: 1\na: 2"


def test_numbers_beyond_what_machines_hold_stay_as_written():
    found = extract('{"a": NaN, "b": 1e999, "c": 12345678901234567890, "d": ' + "9" * 5_000 + "}")
    assert found.text.startswith("a: NaN\nb: 1e999\nc: 12345678901234567890\nd: 999")


def test_comments_and_trailing_commas_are_tolerated():
    found = extract('{ // one\n "a": "x // no, ]", /* two, */ "b": [1, 2,],\n}')
    assert found.text == "a: x // no, ]\n\nb: 1, 2"


@pytest.mark.parametrize(("text", "shown"), [("[1, 2]", "1, 2"), ('"word"', "word"), ("{}", "{}"), (" ", "")])
def test_small_values(text, shown):
    assert extract(text).text == shown


def test_broken_json_says_where():
    with pytest.raises(DocumentError, match="line 2, column 6"):
        extract('{"a": 1,\n "b" 2}')


@pytest.mark.parametrize("depth", [101, 900, 200_000])
def test_deep_nesting_is_refused(depth):
    with pytest.raises(DocumentLimitError, match="depth"):
        extract("[" * depth + "]" * depth)
    with pytest.raises(DocumentLimitError, match="depth"):
        extract('{"a":' * depth + "1" + "}" * depth)


def test_long_paths_do_not_multiply():
    lists = ",".join(["[1, [2]]"] * 10_000)
    text = f'{{"one": {{"two": {{"{"k" * 10_000}": [{lists}]}}}}}}'
    assert len(text) < 200_000
    with pytest.raises(DocumentLimitError, match="text_chars"):
        extract(text, limits=Limits(text_chars=1_000_000))


@pytest.mark.parametrize("text", ["/*" * 200_000, "," * 400_000, '"' * 400_001, "[" + "/" * 300_000])
def test_broken_comments_cost_no_time(text):
    with pytest.raises(DocumentError):
        extract(text)


def test_json_lines():
    found = sample("json/events.jsonl")
    assert found.warnings == ("1 line is not valid JSON and left out: 3",)
    assert [block.lines for block in found.blocks] == [(1, 1), (2, 2), (4, 4)]
    assert found.text.startswith("time: 2024-05-01T08:00:00Z\nlevel: info\nmessage: pump started\n\n")
    assert found.tables[0].types == ("datetime", "text", "text")
    assert len(found.tables[0].rows) == 3


def test_json_lines_under_the_name_of_json():
    assert extract('{"a": 1}\n{"a": 2}\n').text == "a: 1\n\na: 2"
    assert extract('{"a": 1}\n{"a": 2}\n', mime="application/x-ndjson").text == "a: 1\n\na: 2"


def test_no_line_is_json():
    with pytest.raises(DocumentError, match="2 lines"):
        extract("one\ntwo\n", "x.jsonl")


def test_yaml_stays_as_it_is_with_a_block_for_each_key():
    found = sample("yaml/deploy.yaml")
    assert found.exact
    assert found.text == (SAMPLES / "yaml/deploy.yaml").read_text()
    assert [block.symbol for block in found.blocks] == [
        "apiVersion",
        "kind",
        "metadata",
        "open ports",
        None,
        None,
        "kind",
        "text",
    ]
    assert found.blocks[0].lines == (1, 2)
    assert pieces(found)[2] == ("metadata", "metadata:\n  name: harbour")
    assert pieces(found)[6] == ("kind", "---\nkind: Note")
    assert pieces(found)[7][1].endswith("of the document")


def test_yaml_that_would_explode_is_only_text():
    pairs = zip("abcde", "bcdef", strict=True)
    text = "a: &a [x]\n" + "".join(f"{new}: &{new} [*{old}, *{old}, *{old}]\n" for old, new in pairs)
    assert extract(text, "x.yml").text == text


def test_toml_has_a_block_for_each_table():
    found = sample("toml/project.toml")
    assert found.exact
    assert [(block.symbol, block.lines) for block in found.blocks] == [
        (None, (1, 1)),
        ("owner", (3, 12)),
        ("ships", (14, 15)),
        ("ships", (17, 18)),
    ]
    assert pieces(found)[2][1] == '[[ships]]\nname = "Ada"  # [first]'


def test_ini_has_a_block_for_each_section():
    found = extract("; settings\n[net]\nport = 1\n\n[disk]\nsize=[2]\n", "x.ini")
    assert [(block.symbol, block.lines) for block in found.blocks] == [("net", (1, 3)), ("disk", (5, 6))]


def test_xml_is_a_record_for_each_child():
    found = extract(
        '<?xml version="1.0"?><catalog xmlns="urn:x" made="2024"><book id="b1"><title>Tom &amp; Jo</title>'
        "<author><name>Ann</name></author></book>"
        '<book id="b2"><title>A <b>bold</b>\n word</title></book></catalog>',
        "x.xml",
    )
    assert pieces(found) == [
        ("catalog", "made: 2024"),
        ("book[0]", "book.id: b1\nbook.title: Tom & Jo\nbook.author.name: Ann"),
        ("book[1]", "book.id: b2\nbook.title: A bold word"),
    ]


def test_xml_with_entities_or_damage_is_refused():
    with pytest.raises(DocumentError, match="entities"):
        extract('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "x.xml")
    with pytest.raises(DocumentError, match="well-formed"):
        extract("<a><b></a>", "x.xml")


def test_too_much_text_is_refused():
    with pytest.raises(DocumentLimitError, match="text_chars"):
        extract("a: 1\n" * 100, "x.yaml", limits=Limits(text_chars=100))
