"""Markdown: the text is the file, the blocks are where a person sees them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mv2.errors import DocumentLimitError
from mv2.extract.model import Extraction, Limits, ReadOptions, Source
from mv2.extract.readers.markdown import parse_front_matter, read

SAMPLES = Path(__file__).parents[2] / "samples" / "md"


def note(text: str, **options: object) -> Extraction:
    found = read(Source(data=text.encode()), ReadOptions(**options))  # type: ignore[arg-type]
    check(found)
    return found


def check(found: Extraction) -> None:
    """Blocks are in order, and all that is between them is white space."""
    assert found.exact
    place = 0
    for block in found.blocks:
        assert place <= block.start < block.end
        assert not found.text[place : block.start].strip()
        place = block.end
    assert not found.text[place:].strip()


def kinds(found: Extraction) -> list[tuple[str, str]]:
    return [(block.kind, found.text[block.start : block.end]) for block in found.blocks]


def test_what_another_program_wrote() -> None:
    data = (SAMPLES / "pandoc.md").read_bytes()
    found = read(Source(data=data), ReadOptions())
    check(found)
    assert found.text == data.decode()
    assert found.title == "Boat log"
    assert kinds(found) == [
        ("heading", "# Boat *log*"),
        ("paragraph", "Left the quay at `six`, see [the log](https://log.example/(1))."),
        ("list", "-   rope"),
        ("list", "-   blue"),
        ("list", "-   oil"),
        ("table", "| Part   | Cost |\n|--------|------|\n| sail   | 120  |\n| a \\| b | 7    |"),
        ("code", "``` py\ndef f():\n\n    return 1\n```"),
        ("quote", "> Calm seas"),
        ("heading", "## Later"),
        ("paragraph", "Done."),
    ]
    assert [block.level for block in found.blocks] == [1, 0, 1, 2, 1, 0, 0, 0, 2, 0]
    assert found.blocks[6].lines == (14, 18)
    assert found.tables[0].headers == ("Part", "Cost")
    assert found.tables[0].rows == (("sail", "120"), ("a | b", "7"))
    header = found.blocks[5].header
    assert header is not None
    assert found.text[slice(*header)] == "| Part   | Cost |\n|--------|------|"
    assert found.metadata["links"] == [{"text": "the log", "url": "https://log.example/(1)"}]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A\n==\n\nPart\n---\nx", [("heading", "A\n=="), ("heading", "Part\n---"), ("paragraph", "x")]),
        ("a\n\n---\n\nb", [("paragraph", "a"), ("rule", "---"), ("paragraph", "b")]),
        ("* * *", [("rule", "* * *")]),
        ("#no heading\n#", [("paragraph", "#no heading"), ("heading", "#")]),
        ("text\n# head\nmore", [("paragraph", "text"), ("heading", "# head"), ("paragraph", "more")]),
        ("text\n- item\n- two", [("paragraph", "text"), ("list", "- item"), ("list", "- two")]),
        ("1. a\n   more\nlazy\n2) b", [("list", "1. a\n   more\nlazy"), ("list", "2) b")]),
        ("- a\n\n  b\n\nc", [("list", "- a"), ("list", "b"), ("paragraph", "c")]),
        ("- a\n\n  ~~~\n\n  ~~~\n- b", [("list", "- a"), ("code", "  ~~~\n\n  ~~~"), ("list", "- b")]),
        ("p\n\n    c\n\n     d\nq", [("paragraph", "p"), ("code", "    c\n\n     d"), ("paragraph", "q")]),
        ("p\n    not code", [("paragraph", "p\n    not code")]),
        ("```\nnever\n# closed", [("code", "```\nnever\n# closed")]),
        ("````\n```\n````\nx", [("code", "````\n```\n````"), ("paragraph", "x")]),
        ("> a\nlazy\n\n> b", [("quote", "> a\nlazy"), ("quote", "> b")]),
        ("<div>\n<p>x\n</div>\n\ny", [("paragraph", "<div>\n<p>x\n</div>"), ("paragraph", "y")]),
        ("<!-- a\n\nb -->\nc", [("paragraph", "<!-- a\n\nb -->"), ("paragraph", "c")]),
        ("<b>bold</b> start\nof text", [("paragraph", "<b>bold</b> start\nof text")]),
        ("a | b\n--|--\n1 | 2\n\nx", [("table", "a | b\n--|--\n1 | 2"), ("paragraph", "x")]),
        ("a | b\n--|--|--\n", [("paragraph", "a | b\n--|--|--")]),
        ("[^1]: a note\n", [("note", "[^1]: a note")]),
        ("a\r\nb\r\n\r\n# c\r\n", [("paragraph", "a\r\nb"), ("heading", "# c")]),
        ("", []),
        (" \n\t\n", []),
    ],
)  # fmt: skip
def test_blocks(text: str, expected: list[tuple[str, str]]) -> None:
    assert kinds(note(text)) == expected


def test_a_note_with_front_matter() -> None:
    found = note(
        "---\ntitle: \"Tide: a note\"\ntags: [sea, 'low tide']\n"
        "date: 2024-05-01\nupdated: 2024-05-02T10:00:00Z\n"
        "author: Ana\nlang: en_GB\naliases:\n"
        "  - ebb\n  - flow # both\nrating: 4\nfinal: true\nwhen: someday\n---\n"
        "# Other\n\nSee [[Moon|the moon]], [[Sun#Rays]] and #harbour/east but not `#code` or page#1.\n\n"
        "```\n#nor [[this]]\n```\n"
    )
    assert found.title == "Tide: a note"
    assert found.author == "Ana"
    assert found.language == "en-GB"
    assert found.keywords == ("sea", "low tide", "harbour/east")
    assert (found.created, found.modified) == (1714521600, 1714644000)
    assert found.metadata["front_matter"] == {
        "aliases": ["ebb", "flow"],
        "rating": 4,
        "final": True,
        "when": "someday",
    }
    assert found.metadata["wikilinks"] == ["Moon", "Sun#Rays"]
    assert found.blocks[0].kind == "record"
    assert found.blocks[1].lines == (15, 15)


@pytest.mark.parametrize(
    ("yaml", "facts"),
    [
        ("a: 1\nb: -2.5\nc: ~\nd: no\ne: '1'", {"a": 1, "b": -2.5, "c": None, "d": "no", "e": "1"}),
        ("a:\nb: true", {"a": None, "b": True}),
        ("a: 'it''s'\nb: \"line\\nend \\u00e9\"", {"a": "it's", "b": "line\nend é"}),
        ("a: |\n  one\n\n    two\nb: >\n  three\n  four", {"a": "one\n\n  two", "b": "three four"}),
        ("a:\n- x\n- y: z", {"a": ["x", "y: z"]}),
        ("a: [x, [y]]\nb: {c: d}\ne:\n  f: g\n  h: i", {"a": "[x, [y]]", "b": "{c: d}", "e": "f: g\nh: i"}),
        ("a: [x,\n  y]", {"a": ["x", "y"]}),
        ("a: &x !!python/object:os.system ls\nb: *x", {"a": "&x !!python/object:os.system ls", "b": "*x"}),
        ("# comment\na: b # said\nc: '#d' # e\nurl: http://x/#y", {"a": "b", "c": "#d", "url": "http://x/#y"}),
        (f"day: 2024-05-01\nid: 0123\nbig: {'9' * 20}", {"day": "2024-05-01", "id": "0123", "big": "9" * 20}),
        ("'a b': c\nπ: d\n", {"a b": "c", "π": "d"}),
        ("", {}),
    ],
)  # fmt: skip
def test_front_matter(yaml: str, facts: dict[str, object]) -> None:
    text = f"---\n{yaml}\n---\nbody"
    found, end = parse_front_matter(text)
    assert found == facts
    assert text[end:] == "body"


@pytest.mark.parametrize(
    "text",
    [
        "a\n---\nb: c\n---\n",
        "---\nno key here\n---\n",
        "---\na: b\n",
        "--- \nx",
        " ---\na: b\n---\n",
        "+++\n= 1\n+++\n",
    ],
)
def test_what_is_no_front_matter_is_text(text: str) -> None:
    assert parse_front_matter(text) == ({}, 0)
    assert note(text).text == text


def test_front_matter_in_toml() -> None:
    found, end = parse_front_matter('+++\ntitle = "T"\ndate = 2024-05-01\n[x]\ny = [1, 2]\n+++\nbody')
    assert found == {"title": "T", "date": "2024-05-01", "x": {"y": [1, 2]}}
    assert end == len('+++\ntitle = "T"\ndate = 2024-05-01\n[x]\ny = [1, 2]\n+++\n')


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# A [link](x) and `code` ##\n", "A link and code"),
        ("## Two\n\n# One {#id}\n", "One"),
        ("Under\n===\n", "Under"),
        ("just text", None),
        ("# [[Note|shown]]", "shown"),
    ],
)
def test_the_title(text: str, title: str | None) -> None:
    assert note(text).title == title


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        "[a](" * 100_000,
        "`" * 200_000,
        "`a" * 100_000,
        "> " * 100_000,
        "    x\n\n" * 50_000,
        "|" * 100_000 + "\n" + "|-" * 100_000 + "|",
        "a|b\n-|-\n" * 20_000,
        "# " + "#" * 100_000 + " " * 100_000 + "x",
        "<!--\n\n" * 50_000,
        "-\n" * 50_000,
        "\n".join("  " * depth + "- x" for depth in range(1_000)),
        "[[" * 100_000,
        "#" * 200_000,
        "---\n" + "a: [\n" * 10_000 + "---\n",
        "---\na: |\n" + " x\n" * 20_000 + "---\n",
        "---\na: " + "\\" * 60_000 + "\n---\n",
        "---\na: \"" + "\\\"" * 30_000 + "\n---\n",
        " " * 500_000 + "x",
        "http://" * 50_000,
    ],
    ids=range(20),
)  # fmt: skip
def test_hostile_notes_are_read_in_time(text: str) -> None:
    start = time.process_time()
    note(text)
    assert time.process_time() - start < 3


def test_limits_and_encodings() -> None:
    with pytest.raises(DocumentLimitError, match="text_chars"):
        note("x" * 100, limits=Limits(text_chars=99))
    with pytest.raises(DocumentLimitError, match="table_cells"):
        note("a|b\n-|-\n" + "c|d\n" * 50, limits=Limits(table_cells=100))
    assert read(Source(data="# Größe".encode("utf-16")), ReadOptions()).title == "Größe"
    marked = read(Source(data=b"\xef\xbb\xbf---\na: b\n---\n# T"), ReadOptions())
    assert marked.metadata == {"front_matter": {"a": "b"}}
