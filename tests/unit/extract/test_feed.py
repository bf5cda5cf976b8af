"""Feeds: every entry with its text and its date."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mv2.errors import DocumentError, DocumentLimitError
from mv2.extract.model import Extraction, Limits, ReadOptions, Source
from mv2.extract.readers.feed import FeedEntry, entries, read

SAMPLES = Path(__file__).parents[2] / "samples" / "feed"
RSS = (SAMPLES / "harbour.rss").read_text(encoding="utf-8")
ATOM = (SAMPLES / "kai.atom").read_text(encoding="utf-8")
JSON = (SAMPLES / "j.json").read_text(encoding="utf-8")
RDF = (SAMPLES / "old.rdf").read_text(encoding="utf-8")


def open_feed(text: str, **options: object) -> Extraction:
    return read(Source(data=text.encode()), ReadOptions(**options))  # type: ignore[arg-type]


def listed(text: str) -> list[FeedEntry]:
    return entries(text.encode(), Limits())


def test_rss() -> None:
    found = open_feed(RSS)
    assert found.text == (
        "Harbour & sea\n\nNews of the quay\n\nFog again\n\nNothing sails.\n\n- ferry\n\n"
        "https://h.example/two\n\nPlain & simple"
    )
    assert [(block.kind, block.level) for block in found.blocks][:4] == [
        ("heading", 1),
        ("paragraph", 0),
        ("heading", 2),
        ("paragraph", 0),
    ]
    assert (found.title, found.language, found.created) == ("Harbour & sea", "en", 1714723200)
    assert found.metadata["url"] == "https://h.example/"
    assert found.metadata["entries"][0] == {
        "id": "id-1",
        "title": "Fog again",
        "link": "https://h.example/fog",
        "published": 1714723200,
        "author": "Ana",
    }
    first, second = listed(RSS)
    assert (first.author, first.tags, first.attachments) == (
        "Ana",
        ("weather",),
        ("https://h.example/fog.mp3",),
    )
    assert first.is_html
    assert first.content == "<p>Nothing <b>sails</b>.</p><ul><li>ferry</li></ul>"
    assert (second.link, second.author, second.published) == ("https://h.example/two", "Bo", None)


def test_atom() -> None:
    found = open_feed(ATOM)
    assert found.text == "Kai\n\nEbbe & Flut\n\nDas Meer.\n\n1 < 2\n\na < b"
    assert (found.author, found.language, found.modified) == ("Eva", "de", 1704164645)
    first, second = listed(ATOM)
    assert first.link == "https://k.example/p/1"
    assert (first.published, first.modified) == (1704067200, 1704153600)
    assert (second.id, second.is_html, second.content) == ("tag:2", False, "a < b")


def test_json_feed() -> None:
    assert open_feed(JSON).text.startswith("J\n\nT\n\nx")
    first, second = listed(JSON)
    assert (first.id, first.link, first.author) == ("7", "https://j.example/a", "Q")
    assert (first.tags, first.attachments, first.published) == (
        ("t",),
        ("https://j.example/a.mp3",),
        1704063600,
    )
    assert (second.content, second.is_html) == ("y", False)


def test_rss_1() -> None:
    assert [(one.title, one.link, one.published) for one in listed(RDF)] == [
        ("First", "https://o.example/1", 1083542400)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "<html><body/></html>",
        "<rss",
        '{"items": []}',
        '{"a": ',
        "[" * 100_000,
        '{"items":' + "[" * 100_000,
    ],
)
def test_what_is_no_feed(text: str) -> None:
    with pytest.raises(DocumentError):
        open_feed(text)


def test_entities_of_its_own_are_refused() -> None:
    bomb = '<!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss><title>&b;</title></rss>'
    with pytest.raises(DocumentError, match="entities"):
        open_feed(bomb)


def test_limits() -> None:
    many = "<rss><channel>" + "<item><title>x</title></item>" * 50 + "</channel></rss>"
    with pytest.raises(DocumentLimitError, match="limit members"):
        open_feed(many, limits=Limits(members=49))
    with pytest.raises(DocumentLimitError, match="limit text_chars"):
        open_feed(many, limits=Limits(text_chars=100))


def test_hostile_feeds_are_read_in_time() -> None:
    start = time.process_time()
    open_feed(
        "<rss><channel><title>" + "&lt;" * 200_000 + "</title>" + "<item/>" * 15_000 + "</channel></rss>"
    )
    open_feed("<rss><channel><item>" + "<link>x</link>" * 50_000 + "</item></channel></rss>")
    assert time.process_time() - start < 6
