"""Snippets for people: safe in a page and on a terminal."""

from __future__ import annotations

import pytest

import mv2
from mv2.errors import InvalidArgumentError
from mv2.search import find
from mv2.search.rendering import highlight_ansi, highlight_html
from mv2.testing.frames import ListFrame, ListSource


def hit_of(body: str, query: str) -> mv2.Hit:
    (hit,) = find(ListSource([ListFrame(body=body)]), query).hits
    return hit


def test_html_is_escaped_around_and_inside_marks() -> None:
    hit = hit_of('<b>Fish & chips</b> with fish\'s "sauce"', "fish")
    assert highlight_html(hit) == (
        "&lt;b&gt;<mark>Fish</mark> &amp; chips&lt;/b&gt; with <mark>fish</mark>&#x27;s &quot;sauce&quot;"
    )
    assert highlight_html(hit, "em").count("<em>") == 2
    for tag in ("", "a b", "script>", "1"):
        with pytest.raises(InvalidArgumentError):
            highlight_html(hit, tag)


def test_control_characters_do_not_reach_the_terminal() -> None:
    hit = hit_of("a \x1b[31mred\x07 fish\tswims\nhere\r", "fish")
    assert highlight_ansi(hit, "<", ">") == "a [31mred <fish>\tswims\nhere"
    assert highlight_ansi(hit).count("\x1b") == 2


def test_without_matches_the_snippet_is_plain() -> None:
    hit = find(ListSource([ListFrame(body="1 < 2", tags=["x"])]), "tag:x").hits[0]
    assert highlight_html(hit) == "1 &lt; 2"
    assert highlight_ansi(hit) == "1 < 2"
