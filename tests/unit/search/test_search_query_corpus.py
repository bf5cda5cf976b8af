"""What the original engine accepts as a query is accepted here, with the documented meaning."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mv2.errors import QueryError
from mv2.search import find, parse
from mv2.testing.frames import ListFrame, ListSource, index_of

CORPUS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "fixtures" / "tracks" / "query-corpus.json").read_text()
)

# Hits of ours that the original had to give: it stems the index, then drops what is not there literally,
# never matches wildcards, and compares tags and scopes wrongly.
OURS = {
    "run": {1},
    "machine": {2, 3},
    "machines": {2, 3},
    "learn": {2, 3},
    "(apple OR banana) machine": {2},
    'tag:"x y"': {0},
    "scope:mv2://notes": {2, 3, 4},
    "scope:mv2://Notes": {2, 3, 4},
    # The whole end day and month belong to a range.
    "date:[2023-11-14 TO 2023-11-15]": {0, 1},
    "date:[* TO 2023-11]": {0, 1, 2, 3},
    # Plain words: those with all of them first, then those with any.
    "apple banana": {0, 1, 2, 4},
    # A compound is also found by its parts.
    "cherry-pie": {0, 3, 4},
    "http://x": {0},
    "the": {3},
}
# Where the original fails and a reader of its documentation expects hits.
REPAIRED = {
    "app*": {0, 1, 4},
    "*pple": {0, 1, 4},
    "ban?na": {0, 2},
    "date:2023": {0, 1, 2, 3},
    "-": set(),
    "()": set(),
    "apple (banana": {0, 1, 2, 4},
    '"apple': {0, 1, 4},
    "apple and": {0, 1, 4},
}


def memory(indexed: bool) -> ListSource:
    frames = [
        ListFrame(
            body=document["text"],
            title=document["title"],
            uri=document["uri"],
            tags=document["tags"],
            labels=document["labels"],
            track=document["track"],
            timestamp=document["timestamp"],
        )
        for document in CORPUS["documents"]
    ]
    reader = index_of(enumerate(frames)) if indexed else None
    return ListSource(frames, indexed_count=len(frames) if indexed else 0, reader=reader)


def found(query: str, indexed: bool) -> set[int]:
    return {hit.frame_id for hit in find(memory(indexed), query, k=20).hits}


RECORDED = {row["query"]: row for row in CORPUS["queries"] if "hits" in row and row["query"] != "apple"}


@pytest.mark.parametrize("indexed", [False, True])
@pytest.mark.parametrize("query", sorted(RECORDED))
def test_recorded_queries(query: str, indexed: bool) -> None:
    expected = OURS.get(query, {hit[0] for hit in RECORDED[query]["hits"]})
    assert found(query, indexed) == expected


@pytest.mark.parametrize("indexed", [False, True])
@pytest.mark.parametrize("query", sorted(REPAIRED))
def test_queries_that_the_original_refuses(query: str, indexed: bool) -> None:
    assert any(row["query"] == query and "error" in row for row in CORPUS["queries"])
    assert found(query, indexed) == REPAIRED[query]


@pytest.mark.parametrize("query", ["", "date:[2023-11-14]"])
def test_what_both_refuse(query: str) -> None:
    with pytest.raises(QueryError):
        parse(query)
