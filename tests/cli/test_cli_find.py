"""``mv2 find``: every option has an effect, results read well, and errors show the place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import mv2 as library
from mv2.cli._output import columns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conftest import Command

DAY = 86_400


class Colours:
    """An embedder of three numbers: how often a text says red, green and blue."""

    name = "colours"
    dimension = 3

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [[text.lower().count(word) + 0.01 for word in ("red", "green", "blue")] for text in texts]


@pytest.fixture
def diary(folder: Path) -> Path:
    """Ten days of a track, three frames with vectors, two years of timestamps."""
    path = folder / "diary.mv2"
    with library.open(path, embedder="none") as memory:
        for day in range(10):
            memory.put(
                f"On day {day} we walked along the river." + (" A heron stood there." if day == 4 else ""),
                uri=f"mv2://walks/{day}",
                title=f"Walk {day}",
                track="walks",
                timestamp=1_700_000_000 + day * DAY,
                metadata={"day": day, "wet": day % 2 == 0},
                tags=["walk"],
            )
        for place, colour in enumerate(("red", "green", "blue")):
            memory.put(
                f"The house is painted {colour}.",
                uri=f"mv2://houses/{colour}",
                title=colour,
                timestamp=1_600_000_000 + place * DAY,
                embedding=Colours().embed([colour])[0],
                embedding_model="colours",
            )
    return path


def uris(ran: Any) -> list[str]:
    assert ran.code == 0, ran.err
    return [json.loads(line)["uri"] for line in ran.out.splitlines()]


def test_words_of_a_query_need_no_quotes(diary: Path, mv2: Command) -> None:
    assert uris(mv2("find", diary, "heron", "stood", "--jsonl")) == uris(
        mv2("find", diary, "heron stood", "--jsonl")
    )
    assert mv2("find", diary, "heron", "stood", "--json").json()["query"] == "heron stood"


def test_filters(diary: Path, mv2: Command) -> None:
    def found(*options: str) -> list[str]:
        return uris(mv2("find", diary, "river", "--jsonl", *options))

    assert len(found()) == 10
    assert found("--filter", "day=3") == ["mv2://walks/3"]
    assert sorted(found("--filter", "day>=8")) == ["mv2://walks/8", "mv2://walks/9"]
    assert found("--filter", "day>=7", "--filter", "wet=true") == ["mv2://walks/8"]
    assert sorted(found("--filter", '{"$or": [{"day": 1}, {"day": 2}]}')) == [
        "mv2://walks/1",
        "mv2://walks/2",
    ]
    assert found("--scope", "mv2://walks/7") == ["mv2://walks/7"]
    assert found("--scope", "mv2://houses/") == []


def test_times(diary: Path, mv2: Command) -> None:
    def days(*options: object) -> list[int]:
        return sorted(int(uri[-1]) for uri in uris(mv2("find", diary, "river", "--jsonl", *options)))

    assert days("--since", "2023-11-22") == [8, 9]
    assert days("--until", "2023-11-16") == [0, 1]
    assert days("--since", 1_700_000_000 + 9 * DAY) == [9]
    assert days("--since", "2023-11-16", "--until", "2023-11-17") == [2]
    assert days("--on", "2023-11-16") == [2]
    assert days("--on", "november 2023") == list(range(10))
    assert days("--on", "november 2022") == []
    assert days("--since", "20 november 2023") == [6, 7, 8, 9]


def test_the_zone_of_phrases(diary: Path, mv2: Command) -> None:
    def days(*options: object) -> list[int]:
        return sorted(int(uri[-1]) for uri in uris(mv2("find", diary, *options, "--jsonl")))

    # They are put at 22:13 UTC.
    assert days("river", "--on", "16 november 2023", "--tz", "UTC") == [2]
    assert days("river", "--tz", "+05:00", "--on", "16 november 2023") == [1]
    assert days('river date:"16 november 2023"', "--tz", "+05:00") == [1]
    assert days("river", "--on", "2023-11-16", "--tz", "+05:00") == [2]  # figures are UTC
    titles = [
        e["title"]
        for e in mv2("timeline", diary, "--on", "16 november 2023", "--tz", "+05:00", "--json").json()
    ]
    assert titles == ["Walk 1"]
    assert mv2("find", diary, "river", "--on", "today", "--tz", "Nowhere").code == 2


def test_listing_without_a_query_needs_something_to_choose_by(diary: Path, mv2: Command) -> None:
    assert uris(mv2("find", diary, "--on", "2023-11-16", "--jsonl")) == ["mv2://walks/2"]
    assert uris(mv2("find", diary, "--scope", "mv2://houses/r", "--jsonl")) == ["mv2://houses/red"]
    assert mv2("find", diary).code == 2
    assert mv2("find", diary, " ").code == 2


def test_the_past(diary: Path, mv2: Command) -> None:
    with library.open(diary, embedder="none") as memory:
        before = memory.commits()[-1].number
        memory.update("mv2://walks/4", content="Nothing was seen.")
        now = memory.frame("mv2://walks/4").put_at
        assert now is not None
    assert uris(mv2("find", diary, "heron", "--jsonl")) == []
    assert uris(mv2("find", diary, "heron", "--jsonl", "--as-of-commit", before)) == ["mv2://walks/4"]
    assert uris(mv2("find", diary, "heron", "--jsonl", "--as-of-frame", 12)) == ["mv2://walks/4"]
    assert uris(mv2("find", diary, "heron", "--jsonl", "--as-of-frame", 3)) == []
    assert uris(mv2("find", diary, "heron", "--jsonl", "--as-of", now + DAY)) == []
    assert uris(mv2("find", diary, "river", "--jsonl", "--as-of", "2020-01-01")) == []
    assert mv2("find", diary, "heron", "--as-of-commit", 999).code == 3
    assert mv2("find", diary, "heron", "--as-of-frame", 999).code == 3
    ran = mv2("find", diary, "heron", "--as-of-frame", 1, "--as-of-commit", 1)
    assert ran.code == 2
    assert "--as-of-frame and --as-of-commit" in ran.err


def test_modes_and_a_given_vector(diary: Path, folder: Path, mv2: Command) -> None:
    (folder / "v.json").write_text("[0, 1, 0]")
    by_vector = mv2("find", diary, "--vector", "v.json", "--json").json()
    assert by_vector["mode"] == "vec"
    assert by_vector["hits"][0]["uri"] == "mv2://houses/green"
    piped = mv2("find", diary, "--vector", "-", "--json", stdin=b"[0, 0, 1]").json()
    assert piped["hits"][0]["uri"] == "mv2://houses/blue"
    both = mv2("find", diary, "painted", "--vector", "v.json", "--json").json()
    assert both["mode"] == "hybrid"
    assert both["hits"][0]["uri"] == "mv2://houses/green"
    words = mv2("find", diary, "painted red", "--vector", "v.json", "--mode", "lex", "--json").json()
    assert (words["mode"], words["hits"][0]["uri"]) == ("lex", "mv2://houses/red")
    ran = mv2("find", diary, "red", "--mode", "vec", "--json")
    assert (ran.code, ran.error()["code"]) == (1, "MV015")


@pytest.mark.parametrize("text", ["{", '"red"', "[1, true, 2]", "[]", '["a"]'])
def test_a_vector_that_is_none(diary: Path, folder: Path, mv2: Command, text: str) -> None:
    (folder / "v.json").write_text(text)
    ran = mv2("find", diary, "--vector", "v.json")
    assert ran.code == 2
    assert "v.json" in ran.err
    assert mv2("find", diary, "--vector", "missing.json").code == 2


def test_an_embedder_by_name(diary: Path, mv2: Command) -> None:
    ran = mv2("find", diary, "red", "--embedder", "nobody:knows")
    assert ran.code == 2
    assert "nobody:knows" in ran.err
    assert mv2("find", diary, "red", "--embedder", "none").code == 0


def test_passages(folder: Path, mv2: Command) -> None:
    with library.open("long.mv2", embedder="none") as memory:
        memory.put("\n\n".join(f"Chapter {n}. " + "The whale swims. " * 60 for n in range(20)))
    assert len(uris(mv2("find", "long.mv2", "whale", "--jsonl"))) == 1
    assert len(uris(mv2("find", "long.mv2", "whale", "--jsonl", "--passages", "--k", 50))) > 3


def test_context_and_snippet(diary: Path, mv2: Command) -> None:
    (hit,) = mv2("find", diary, "heron", "--no-neighbours", "--context", 2, "--json").json()["hits"]
    assert [near["offset"] for near in hit["neighbours"]] == [-2, -1, 1, 2]
    shown = mv2("find", diary, "heron", "--no-neighbours", "--context", 1)
    assert "-1  frame 3  On day 3" in shown.out
    assert "+1  frame 5  On day 5" in shown.out
    assert mv2("find", diary, "heron", "--json").json()["hits"][0]["neighbours"] == []
    (hit, *_) = mv2("find", diary, "heron", "--snippet", 20, "--json").json()["hits"]
    assert 0 < len(hit["snippet"]) <= 20
    assert mv2("find", diary, "heron", "--snippet", 0, "--json").json()["hits"][0]["snippet"] == ""


def test_explain(diary: Path, mv2: Command) -> None:
    plain = mv2("find", diary, "heron river", "-k", 1)
    assert "score" not in plain.out
    assert "searched" not in plain.err
    ran = mv2("find", diary, "heron river", "-k", 1, "--explain")
    assert " = " in ran.out
    assert "matched heron, river" in ran.out
    assert "searched: words only" in ran.err
    hit = mv2("find", diary, "heron river", "-k", 1, "--explain", "--json").json()["hits"][0]
    assert hit["matched"] == ["heron", "river"]
    assert hit["scores"]


def test_verbose_says_what_ran(diary: Path, mv2: Command) -> None:
    assert "searched: words only" in mv2("find", diary, "heron", "-v").err
    assert "as asked for" in mv2("find", diary, "heron", "-v", "--mode", "lex").err
    assert mv2("find", diary, "heron", "-v", "-q").err == ""


def test_what_was_searched_for_instead_is_said(diary: Path, mv2: Command) -> None:
    ran = mv2("find", diary, "heorn")
    assert "did you mean: heron" in ran.err
    assert "heron stood" in ran.out
    assert "did you mean" not in mv2("find", diary, "heron").err


@pytest.mark.parametrize(
    ("options", "field", "value"),
    [
        (["--cutoff", "elbow"], "cutoff", "elbow"),
        (["--cutoff", "relative", "--min-relevancy", "0.8"], "min_relevancy", 0.8),
        (["--diversity", "0.5"], "diversity", 0.5),
        (["--recency", "0.25"], "recency", 0.25),
        (["--no-neighbours"], "neighbours", 0.0),
    ],
)
def test_options_of_the_ranking_arrive(
    diary: Path,
    mv2: Command,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    field: str,
    value: object,
) -> None:
    seen: list[Any] = []
    real = library.Memvid.find

    def find(self: library.Memvid, *arguments: Any, **named: Any) -> library.SearchResult:
        seen.append(named["ranking"])
        return real(self, *arguments, **named)

    monkeypatch.setattr(library.Memvid, "find", find)
    assert mv2("find", diary, "river", *options).code == 0
    assert mv2("find", diary, "river").code == 0
    usual = library.Ranking()
    assert getattr(seen[0], field) == value
    assert getattr(usual, field) != value
    assert seen[1] is None


def test_the_cutoff_drops_the_weak_end(diary: Path, mv2: Command) -> None:
    everything = uris(mv2("find", diary, "heron river", "--jsonl"))
    strong = uris(mv2("find", diary, "heron river", "--cutoff", "relative", "--min-relevancy", 1, "--jsonl"))
    assert strong == everything[:1]
    assert len(everything) > 1
    assert mv2("find", diary, "river", "--min-relevancy", 1).code == 2


def test_pages_with_filters(diary: Path, mv2: Command) -> None:
    options = ("find", diary, "river", "--filter", "wet=true", "-k", 3)
    first = mv2(*options, "--json").json()
    second = mv2(*options, "--cursor", first["next_cursor"], "--json").json()
    assert len({hit["uri"] for hit in first["hits"] + second["hits"]}) == 5
    ran = mv2("find", diary, "another", "--cursor", first["next_cursor"])
    assert ran.code == 2
    assert "^" not in ran.err  # the cursor is wrong, not a place in the query


@pytest.mark.parametrize(
    ("query", "at_fault"), [("tag:home AND (tea OR", "OR"), ("日本 AND", "AND"), ("a" * 300 + " AND", "AND")]
)
def test_a_caret_stands_under_the_fault(diary: Path, mv2: Command, query: str, at_fault: str) -> None:
    ran = mv2("find", diary, query)
    assert ran.code == 2
    first, shown, caret = ran.err.splitlines()
    assert first.startswith("mv2: ")
    assert caret.strip() == "^"
    assert len(shown) <= 96
    place = next(n for n in range(len(shown)) if columns(shown[:n]) == caret.index("^"))
    assert shown[place:].startswith(at_fault)
    as_json = mv2("find", diary, query, "--json")
    assert as_json.error()["position"] == query.index(at_fault)
    assert as_json.err.count("\n") == 1


def test_a_time_that_is_none(diary: Path, mv2: Command) -> None:
    ran = mv2("find", diary, "river", "--since", "blorp day")
    assert ran.code == 2
    assert ran.err.splitlines()[0].startswith("mv2: --since 'blorp day'")
    assert ran.err.splitlines()[1:] == ["  blorp day", "  ^"]
    assert "--on and --since" in mv2("find", diary, "x", "--on", "2024", "--since", "2024").err
    ran = mv2("find", diary, "river", "--since", "before 2024")
    assert (ran.code, "no beginning" in ran.err) == (2, True)


def test_a_filter_that_is_none(diary: Path, mv2: Command) -> None:
    for text in ("day", "{", '{"day": {"$near": 3}}'):
        ran = mv2("find", diary, "river", "--filter", text, "--json")
        assert (ran.code, ran.error()["code"]) == (2, "MV045"), text
