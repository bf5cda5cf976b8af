"""Source code: exact text, and a block for each function, class and section."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mv2.extract.model import Extraction, ReadOptions, Source
from mv2.extract.readers.code import MAX_SYMBOLS, read

SAMPLES = Path(__file__).parents[2] / "samples" / "code"


def read_sample(name: str) -> Extraction:
    return read(Source(data=(SAMPLES / name).read_bytes(), name=name), ReadOptions())


def read_text(text: str, name: str) -> Extraction:
    return read(Source(data=text.encode(), name=name), ReadOptions())


def places(extraction: Extraction) -> list[tuple[str, tuple[int, int] | None]]:
    return [(block.symbol, block.lines) for block in extraction.blocks if block.symbol]


def assert_well_formed(extraction: Extraction) -> None:
    """Blocks are in order, leave out nothing but white space, and know their lines."""
    text, reached = extraction.text, 0
    for block in extraction.blocks:
        assert reached <= block.start < block.end <= len(text)
        assert not text[reached : block.start].strip()
        own = text[block.start : block.end]
        first = text.count("\n", 0, block.start + len(own) - len(own.lstrip())) + 1
        assert block.lines == (first, text.count("\n", 0, block.end - 1) + 1)
        reached = block.end
    assert not text[reached:].strip()


EXPECTED = {
    "ledger.py": [
        ("Entry", (19, 22)),
        ("Entry.__init__", (24, 26)),
        ("Entry.is_large", (28, 31)),
        ("Total", (34, 38)),
        ("add_up", (41, 52)),
        ("fetch", (55, 59)),
    ],
    "broken.py": [
        ("whole", (1, 2)),
        ("after_the_mistake", (5, 6)),
        ("Unfinished", (9, 9)),
        ("Unfinished.method", (10, 11)),
    ],
    "cart.js": [
        ("withTax", (6, 12)),
        ("Cart", (14, 15)),
        ("Cart.constructor", (17, 20)),
        ("Cart.load", (22, 27)),
        ("Cart.total", (29, 35)),
        ("isEmpty", (37, 39)),
        ("exports.clear", (41, 43)),
        ("Cart.rename", (45, 47)),
    ],
    "shapes.ts": [
        ("Shape", (3, 5)),
        ("Colour", (7, 9)),
        ("Circle", (11, 11)),
        ("Circle.constructor", (12, 12)),
        ("Circle.area", (14, 18)),
        ("scale", (20, 22)),
        ("draw", (24, 26)),
    ],
    "Lamp.java": [
        ("Lamp", (5, 9)),
        ("Lamp.Lamp", (11, 13)),
        ("Lamp.compareTo", (15, 23)),
        ("Lamp.Room", (25, 26)),
        ("Lamp.all", (28, 31)),
    ],
    "queue.c": [
        ("queue", (7, 10)),
        ("queue_new", (14, 24)),
        ("queue_push", (26, 28)),
        ("queue_push_slow", (29, 33)),
        ("queue_pop", (35, 38)),
    ],
    "window.cpp": [
        ("ui", (3, 3)),
        ("ui.Window", (5, 6)),
        ("ui.Window.Window", (7, 10)),
        ("ui.Window.~Window", (11, 11)),
        ("ui.Window.operator==", (13, 15)),
        ("ui.Window", (17, 19)),
        ("ui.Frame.title", (21, 26)),
        ("start", (29, 30)),
    ],
    "store.go": [
        ("Store", (10, 14)),
        ("Reader", (16, 18)),
        ("New", (20, 22)),
        ("Store.Get", (24, 32)),
        ("Map", (34, 39)),
    ],
    "tree.rs": [
        ("Node", (5, 9)),
        ("Node", (11, 11)),
        ("Node.new", (12, 16)),
        ("Node.label", (18, 21)),
        ("Node", (23, 26)),
        ("Node.fmt", (27, 30)),
        ("tests", (32, 34)),
        ("tests.has_a_name", (36, 40)),
    ],
    "Orders.cs": [
        ("Shop.Orders", (3, 5)),
        ("Shop.Orders.Order", (7, 9)),
        ("Shop.Orders.Order.Order", (11, 14)),
        ("Shop.Orders.Order.FindAsync", (16, 22)),
    ],
    "account.rb": [
        ("Bank", (4, 4)),
        ("Bank.Account", (5, 6)),
        ("Bank.Account.initialize", (8, 10)),
        ("Bank.Account.open", (12, 12)),
        ("Bank.Account.withdraw!", (14, 24)),
        ("helper", (26, 28)),
    ],
    "Mailer.php": [
        ("Mailer", (7, 9)),
        ("Mailer.__construct", (10, 10)),
        ("Mailer.send", (12, 23)),
        ("helper", (25, 27)),
    ],
    "Garden.kt": [
        ("Plant", (5, 7)),
        ("Plant.grow", (9, 11)),
        ("Plant.Companion", (13, 16)),
        ("String.shout", (18, 20)),
        ("water", (22, 27)),
    ],
    "Player.swift": [
        ("Playing", (3, 5)),
        ("Player", (7, 8)),
        ("Player.init", (10, 12)),
        ("Player.play", (14, 18)),
        ("Player", (20, 20)),
        ("Player.==", (21, 24)),
    ],
    "deploy.sh": [("log", (7, 9)), ("upload", (11, 18))],
    "schema.sql": [
        ("public.books", (1, 5)),
        ("books_title", (7, 7)),
        ("count_books", (12, 16)),
        ("on_insert", (18, 22)),
        ("titles", (24, 24)),
    ],
    "site.css": [
        (":root", (1, 4)),
        (".card > a:hover, .card > a:focus", (6, 9)),
        ("@media (max-width: 600px)", (11, 11)),
        ("@media (max-width: 600px)..card", (12, 15)),
    ],
    "counter.lua": [("Counter.new", (4, 11)), ("Counter.add", (13, 17)), ("twice", (19, 21))],
    "main.tf": [("resource.aws_s3_bucket.pictures", (1, 8)), ("variable.stage", (10, 12))],
}


def test_every_sample_is_expected() -> None:
    assert {path.name for path in SAMPLES.iterdir()} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_definitions_have_blocks(name: str) -> None:
    extraction = read_sample(name)
    assert extraction.exact
    assert extraction.text.encode() == (SAMPLES / name).read_bytes()
    assert places(extraction) == EXPECTED[name]
    assert_well_formed(extraction)
    assert list(extraction.metadata["symbols"]) == list(dict.fromkeys(name for name, _ in EXPECTED[name]))


@pytest.mark.parametrize(
    ("name", "language"),
    [("a.py", "python"), ("a.cxx", "c++"), ("a.tsx", "typescript"), ("Makefile", "make"), ("a.nix", "nix")],
)
def test_language_by_name(name: str, language: str) -> None:
    assert read_text("x = 1\n", name).metadata["language"] == language


def test_media_type_counts_more_than_the_name() -> None:
    source = Source(data=b"#!/bin/sh\nrun() {\n  true\n}\n", name="tool", mime="text/x-shellscript")
    extraction = read(source, ReadOptions())
    assert extraction.metadata == {"language": "shell", "symbols": ["run"]}


def test_opening_comment_is_text() -> None:
    extraction = read_sample("ledger.py")
    words = [
        extraction.text[block.start : block.end] for block in extraction.blocks if block.kind == "paragraph"
    ]
    assert len(words) == 1
    assert words[0].startswith("# Kept by the accounts team.")
    assert words[0].endswith('amount.\n"""')


def test_comment_of_a_function_belongs_to_it() -> None:
    extraction = read_sample("queue.c")
    block = next(block for block in extraction.blocks if block.symbol == "queue_new")
    assert extraction.text[block.start : block.end].startswith("/* Takes memory for a queue. */\nstatic")


def test_code_between_definitions_is_kept_together_by_blank_lines() -> None:
    extraction = read_text("a = 1\nb = 2\n\nif a:\n    c = 3\n\n    d = 4\n\ne = 5\n", "a.py")
    assert [block.lines for block in extraction.blocks] == [(1, 2), (4, 7), (9, 9)]


def test_other_languages() -> None:
    def found(text: str, name: str) -> list[str | None]:
        extraction = read_text(text, name)
        assert_well_formed(extraction)
        return [symbol for symbol, _ in places(extraction)]

    assert found("[core]\na = 1\n[user]\nname = me\n", "a.conf") == ["core", "user"]
    assert found("all: build\n\nbuild: a.o\n\tcc a.o\nX := 1\n", "Makefile") == ["all", "build"]
    assert found('defmodule Shop do\n  @doc "x"\n  def buy(x) do\n    x\n  end\nend\n', "a.ex") == [
        "Shop",
        "Shop.buy",
    ]
    assert found("(defun area (r)\n  (* r r))\n\n(defvar x 1)\n", "a.el") == ["area", "x"]
    assert found("sub greet {\n  print 'hi';\n}\n", "a.pl") == ["greet"]
    assert found("mean2 <- function(x) {\n  sum(x)\n}\n", "a.r") == ["mean2"]
    assert found("function Get-It {\n  1\n}\n", "a.ps1") == ["Get-It"]
    assert found("object Main extends App {\n  def run(x: Int): Int = {\n    x\n  }\n}\n", "a.scala") == [
        "Main",
        "Main.run",
    ]
    assert found('syntax = "proto3";\nmessage Book {\n  string title = 1;\n}\n', "a.proto") == ["Book"]
    assert found("type Book {\n  title: String!\n}\n", "a.graphql") == ["Book"]
    assert found("module Shop\n  function buy(x)\n    x\n  end\nend\n", "a.jl") == ["Shop", "Shop.buy"]
    assert found("Public Sub Go()\n  x = 1 ' End\nEnd Sub\n", "a.bas") == ["Go"]
    assert found("diff --git a/x.py b/x.py\n+a\ndiff --git a/y.py b/y.py\n-b\n", "a.diff") == ["x.py", "y.py"]
    assert found("@implementation Car\n- (void)drive:(int)far {\n  go(far);\n}\n@end\n", "a.m") == ["drive"]


def test_carriage_returns() -> None:
    extraction = read_text("class A {\r\n  void f() {\r\n    g();\r\n  }\r\n}\r\n", "A.java")
    assert places(extraction) == [("A", (1, 1)), ("A.f", (2, 5))]
    assert extraction.exact


def test_minified_code_has_definitions() -> None:
    extraction = read_text("function a(){return 1}function b(){if(x){y()}}class C{m(){}}", "a.min.js")
    assert [
        (symbol, extraction.text[block.start : block.end])
        for block in extraction.blocks
        if (symbol := block.symbol)
    ] == [
        ("a", "function a(){return 1}"),
        ("b", "function b(){if(x){y()}}"),
        ("C", "class C{"),
        ("C.m", "m(){}}"),
    ]


def test_other_encodings_are_said() -> None:
    extraction = read(Source(data="# Größe\nx = 1\n".encode("latin-1"), name="a.py"), ReadOptions())
    assert "Größe" in extraction.text
    assert not extraction.exact
    assert extraction.warnings


def test_declared_encoding_counts() -> None:
    data = "# -*- coding: koi8-r -*-\nname = 'Привет'\n".encode("koi8-r")
    extraction = read(Source(data=data, name="a.py"), ReadOptions())
    assert "Привет" in extraction.text
    assert extraction.metadata["encoding"] == "koi8-r"


def test_empty_file() -> None:
    extraction = read_text("", "a.py")
    assert extraction.text == ""
    assert extraction.blocks == ()
    assert "symbols" not in extraction.metadata


def test_names_in_metadata_are_limited() -> None:
    text = "".join(f"def f{number}():\n    pass\n\n" for number in range(MAX_SYMBOLS + 10))
    extraction = read_text(text, "a.py")
    assert len(extraction.metadata["symbols"]) == MAX_SYMBOLS
    assert len(places(extraction)) == MAX_SYMBOLS + 10


def test_functions_of_javascript_with_defaults_and_without_braces() -> None:
    text = (
        "class Basket {\n  #lines = [];\n\n  add(article, count = 1) {\n    return this;\n  }\n\n"
        "  has = (article) => this.#lines.includes(article);\n}\n\n"
        "export const free = (basket) => basket.total() >= 40;\n"
        "const pick = async ({ a, b } = {}) => ({ a, b })\nconst size = 3;\n"
    )
    assert places(read_text(text, "a.js")) == [
        ("Basket", (1, 2)),
        ("Basket.add", (4, 6)),
        ("Basket.has", (8, 9)),
        ("free", (11, 11)),
        ("pick", (12, 12)),
    ]


@pytest.mark.parametrize("name", ["a.py", "a.js", "a.cpp", "a.sql", "a.rb", "a.rs"])
@pytest.mark.parametrize(
    "piece",
    [
        "{",
        "}",
        "(",
        "/*",
        '"',
        "'",
        "`",
        "class A {\n",
        "def f(\n",
        "a = (",
        "\n",
        "\\",
        "new A ",
        "//a\n",
        "#a\n",
    ],
)
def test_hostile_code_takes_linear_time(name: str, piece: str) -> None:
    text = piece * (60_000 // len(piece))
    started = time.process_time()
    assert_well_formed(read_text(text, name)) if len(text) < 500 else read_text(text, name)
    assert time.process_time() - started < 3
