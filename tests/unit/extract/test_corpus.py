"""Files of many programs, held against what a person finds in them (``tests/samples/corpus``)."""

from __future__ import annotations

import shutil
import tomllib
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mv2
from mv2.extract.model import Block, Extraction, ReadOptions, Source, Table
from mv2.extract.pool import Outcome, ReaderPool
from mv2.types import Chunking, Hit, Place

#: Pieces so small that most of them stand under one heading, on one page.
SMALL = Chunking(size=120, smallest=120)
CORPUS = Path(__file__).parents[2] / "samples" / "corpus"
FILES = CORPUS / "files"
EXPECTED: dict[str, dict[str, Any]] = {}
for part in sorted((CORPUS / "expected").glob("*.toml")):
    EXPECTED.update(tomllib.loads(part.read_text(encoding="utf-8")))

#: What is wanted of a file: by default, with all that can be included, and with as little as can be.
OPTIONS = {
    "usual": ReadOptions(tables=True, archives=True),
    "all": ReadOptions(
        headers_footers=True, comments=True, revisions="marked", hidden=True, boilerplate=True, archives=True
    ),
    "bare": ReadOptions(notes=False, revisions="original", archives=True),
}
READABLE = sorted(name for name, wanted in EXPECTED.items() if "error" not in wanted)
VARIANTS = [(name, variant) for name in READABLE for variant in ("all", "bare") if variant in EXPECTED[name]]
#: Modules that readers need for these files.
NEEDED = {
    "pdf": "pypdfium2",
    "sheets": "python_calamine",
    "html": "selectolax",
    "epub": "selectolax",
    "feed": "selectolax",
    "mail": "selectolax",
    "image": "PIL",
    "audio": "tinytag",
}
#: What no rendered text may hold: marks of formats, and characters that show nothing.
MARKS = ("</", "<script", "&nbsp;", "&amp;", "&#", "\\par", "mso-", "\ufffd", "\u00ad", "\u00a0", "\ufeff")


@pytest.fixture(scope="module")
def outcomes() -> Iterator[Any]:
    """Reads a corpus file, each one once for each set of options."""
    pools: dict[str, ReaderPool] = {}
    read: dict[tuple[str, str], Outcome] = {}

    def outcome(name: str, variant: str = "usual") -> Outcome:
        for module in (NEEDED.get(EXPECTED[name].get("reader", "")), EXPECTED[name].get("needs")):
            if module is not None:
                pytest.importorskip(module)
        if variant not in pools:
            pools[variant] = ReaderPool(1, OPTIONS[variant], SMALL)
        if (name, variant) not in read:
            source = Source(data=(FILES / name).read_bytes(), name=name)
            read[name, variant] = pools[variant].read_one(source)
        return read[name, variant]

    yield outcome
    for pool in pools.values():
        pool.close()


def extraction_of(outcome: Outcome) -> Extraction:
    if outcome.error is not None:
        raise outcome.error
    assert outcome.extraction is not None
    return outcome.extraction


def squeezed(text: str) -> str:
    return " ".join(text.split())


def title_of(found: Extraction, block: Block) -> str:
    text = found.text[block.start : block.end]
    return squeezed(text.lstrip("#") if block.level else text)


def headings(found: Extraction) -> list[list[Any]]:
    return [[block.level, title_of(found, block)] for block in found.blocks if block.kind == "heading"]


def path_to(found: Extraction, wanted: Block) -> tuple[str, ...]:
    """The headings above a block."""
    path: list[tuple[int, str]] = []
    for block in found.blocks:
        if block is wanted:
            break
        if block.kind == "heading":
            path = [(level, title) for level, title in path if level < block.level]
            path.append((block.level, title_of(found, block)))
    return tuple(title for _, title in path)


def block_with(found: Extraction, text: str) -> Block:
    for block in found.blocks:
        if text in squeezed(found.text[block.start : block.end]):
            return block
    raise AssertionError(f"no block holds {text!r}")


def as_written(value: Any) -> Any:
    return tuple(as_written(one) for one in value) if isinstance(value, list | tuple) else value


# --- what the corpus is ------------------------------------------------------------------------------


def test_every_file_is_described_and_small() -> None:
    names = {path.name for path in FILES.iterdir()}
    assert names == set(EXPECTED)
    assert len(names) >= 75
    sizes = {path.name: path.stat().st_size for path in FILES.iterdir()}
    assert {name: size for name, size in sizes.items() if size > 60_000} == {}
    assert sum(sizes.values()) < 1_500_000


# --- what is in the files ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_kind_is_known(outcomes: Any, name: str) -> None:
    wanted, outcome = EXPECTED[name], outcomes(name)
    if "error" in wanted:
        assert type(outcome.error).__name__ == wanted["error"]
        for text in wanted["message"]:
            assert text in str(outcome.error)
        return
    extraction_of(outcome)
    assert outcome.reader == wanted["reader"]
    assert outcome.filetype is not None
    if "mime" in wanted:
        assert outcome.filetype.mime == wanted["mime"]


@pytest.mark.parametrize("name", READABLE)
def test_the_text_is_what_a_person_reads(outcomes: Any, name: str) -> None:
    wanted, found = EXPECTED[name], extraction_of(outcomes(name))
    assert found.exact == wanted.get("exact", False)
    check_text(wanted, found)
    if wanted.get("empty"):
        assert found.text.strip() == ""


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_options_include_and_leave_out(outcomes: Any, name: str, variant: str) -> None:
    check_text(EXPECTED[name][variant], extraction_of(outcomes(name, variant)))


def check_text(wanted: dict[str, Any], found: Extraction) -> None:
    text = squeezed(found.text)
    counts = {sentence: text.count(sentence) for sentence in wanted.get("once", ())}
    assert {sentence: count for sentence, count in counts.items() if count != 1} == {}
    assert [sentence for sentence in wanted.get("has", ()) if sentence not in text] == []
    assert [word for word in wanted.get("absent", ()) if word in found.text] == []
    places = [text.find(words) for words in wanted.get("order", ())]
    assert -1 not in places, dict(zip(wanted["order"], places, strict=True))
    # The first one may be found before its turn (a title repeats words of the text), the rest not.
    reached = -1
    for words in wanted.get("order", ()):
        at = text.find(words, reached + 1)
        assert at > reached, f"{words!r} does not come after what stands before it"
        reached = at


@pytest.mark.parametrize("name", READABLE)
def test_the_facts_are_those_of_the_file(outcomes: Any, name: str) -> None:
    wanted, found = EXPECTED[name], extraction_of(outcomes(name))
    for fact in ("title", "author", "language", "subject", "pages"):
        if fact in wanted:
            assert getattr(found, fact) == wanted[fact], fact
    if "keywords" in wanted:
        assert list(found.keywords) == wanted["keywords"]
    for moment in ("created", "modified"):
        if moment in wanted:
            assert getattr(found, moment) == wanted[moment].timestamp(), moment
    for key, value in wanted.get("facts", {}).items():
        expected = pytest.approx(value, abs=0.06) if isinstance(value, float) else as_written(value)
        assert as_written(found.metadata[key]) == expected, key
    for facts in wanted.get("entry_facts", ()):
        entry = next(one for one in found.metadata["entries"] if one["title"] == facts["title"])
        assert {key: entry.get(key) for key in facts} == facts
    urls = [link[1] if isinstance(link, list) else link["url"] for link in found.metadata.get("links", ())]
    for url in wanted.get("links", ()):
        assert url in urls
    assert len(found.warnings) == len(wanted.get("warnings", ()))
    for warning, words in zip(found.warnings, wanted.get("warnings", ()), strict=True):
        assert words in warning


@pytest.mark.parametrize("name", [name for name in READABLE if "headings" in EXPECTED[name]])
def test_headings_stand_in_order(outcomes: Any, name: str) -> None:
    assert headings(extraction_of(outcomes(name))) == EXPECTED[name]["headings"]


@pytest.mark.parametrize("name", [name for name in READABLE if "places" in EXPECTED[name]])
def test_sentences_stand_where_they_are(outcomes: Any, name: str) -> None:
    found = extraction_of(outcomes(name))
    for place in EXPECTED[name]["places"]:
        block = block_with(found, place["text"])
        for key, value in place.items():
            if key == "headings":
                assert path_to(found, block) == tuple(value), place
            elif key == "page":
                assert block.page is not None, place
                assert block.page <= value <= (block.last_page or block.page), place
            elif key != "text":
                assert getattr(block, key) == as_written(value), place


@pytest.mark.parametrize("name", [name for name in READABLE if "tables" in EXPECTED[name]])
def test_tables_are_whole(outcomes: Any, name: str) -> None:
    tables, wanted = extraction_of(outcomes(name)).tables, EXPECTED[name]["tables"]
    assert len(tables) == len(wanted)
    for table, expected in zip(tables, wanted, strict=True):
        check_table(table, expected)


def check_table(table: Table, expected: dict[str, Any]) -> None:
    if "headers" in expected:
        assert list(table.headers) == expected["headers"]
    assert len(table.rows) == expected["rows"]
    if "types" in expected:
        assert list(table.types) == expected["types"]
    for key in ("page", "last_page", "sheet", "range", "name"):
        if key in expected:
            assert getattr(table, key) == expected[key], key
    for row, header, value in expected["cells"]:
        assert table.rows[row - 1][table.headers.index(header)] == value, (row, header)


@pytest.mark.parametrize("name", [name for name in READABLE if "parts" in EXPECTED[name]])
def test_what_is_inside_is_listed(outcomes: Any, name: str) -> None:
    found = extraction_of(outcomes(name))
    assert sorted(part.name for part in found.parts) == sorted(EXPECTED[name]["parts"])
    assert all(part.data for part in found.parts)


# --- what holds for every file -------------------------------------------------------------------------


@pytest.mark.parametrize("name", READABLE)
def test_text_blocks_and_chunks_are_well_formed(outcomes: Any, name: str) -> None:
    outcome = outcomes(name)
    found = extraction_of(outcome)
    controls = {c for c in found.text if unicodedata.category(c) == "Cc" and c not in "\n\r\t"}
    assert controls == set()
    if not found.exact:
        assert [mark for mark in MARKS if mark in found.text] == []
    reached = 0
    for block in found.blocks:
        assert reached <= block.start < block.end <= len(found.text)
        assert found.text[reached : block.start].strip() == ""
        assert block.page is None or 1 <= block.page <= (found.pages or 0)
        reached = block.end
    assert not found.blocks or found.text[reached:].strip() == ""
    if outcome.chunks is not None:
        assert "".join(found.text[chunk.start : chunk.end] for chunk in outcome.chunks) == found.text


@pytest.mark.parametrize("name", READABLE)
def test_every_cell_of_a_table_stands_in_the_text(outcomes: Any, name: str) -> None:
    found = extraction_of(outcomes(name))
    text = squeezed(found.text.replace("\\|", "|"))
    for table in found.tables:
        assert len(set(table.headers)) == len(table.headers)
        assert all(table.headers)
        assert all(len(row) == len(table.headers) for row in table.rows)
        cells = {squeezed(cell) for row in table.rows for cell in row if isinstance(cell, str)}
        assert {cell for cell in cells if cell not in text} == set()


# --- the whole folder in a memory ------------------------------------------------------------------------


def test_the_folder_in_a_memory(outcomes: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in EXPECTED:
        outcomes(name)
    monkeypatch.chdir(tmp_path)
    shutil.copytree(FILES, "corpus")
    with mv2.open("corpus.mv2") as memory:
        reading = ReadOptions(tables=True, archives=True)
        report = memory.put_files("corpus", reading=reading, chunking=SMALL)
        status = {file.name: file.status for file in report.files}
        for path in sorted(FILES.iterdir()):
            encrypted = EXPECTED[path.name].get("error") == "EncryptedDocumentError"
            assert status[f"corpus/{path.name}"] == ("failed" if encrypted else "added"), path.name
            if not encrypted:
                assert stored_whole(memory, path, outcomes(path.name)), path.name
        wrong = [problem for name in READABLE if (problem := not_found(memory, name))]
        assert "\n".join(wrong) == ""
        verified = memory.verify(deep=True)
        assert verified.ok, verified.findings

        again = memory.put_files("corpus", reading=reading, chunking=SMALL)
        assert {file.status for file in again.files} == {"unchanged", "failed"}
        assert len(again.failed) == len(report.failed)
    with mv2.open("corpus.mv2", mode="r") as memory:
        assert memory.verify(deep=True).ok
        assert not_found(memory, "protokoll.docx") is None


def stored_whole(memory: mv2.Memvid, path: Path, outcome: Outcome) -> bool:
    """Whether the bytes of a file come back; of an archive or mailbox, those of all that is inside."""
    uri = f"mv2://files/corpus/{path.name}"
    parts = () if outcome.extraction is None else outcome.extraction.parts
    whole = all(memory.content(f"{uri}!/{part.name}") == part.data for part in parts)
    is_list = outcome.reader == "archive" or EXPECTED[path.name].get("mime") == "application/mbox"
    return whole and (bool(parts) if is_list else memory.content(uri) == path.read_bytes())


def not_found(memory: mv2.Memvid, name: str) -> str | None:
    """What is wrong with the answers to the words by which a file, and what is inside of it, is sought."""
    wanted, uri = EXPECTED[name]["find"], f"mv2://files/corpus/{name}"
    result = memory.find(wanted["words"], k=3, mode="lex")
    hit = next((hit for hit in result.hits if hit.uri == uri), None)
    if hit is None:
        return f"{name}: {wanted['words']!r} finds {[hit.uri for hit in result.hits]}"
    # A short document is one piece; its place is known where it has several.
    place = memory.frame(hit.frame_id).place
    problems = [f"{name}: {wrong}" for wrong in wrong_places(wanted, place)] if place is not None else []
    for inner in EXPECTED[name].get("inside", ()):
        problems += wrong_inside(memory, name, inner)
    return "; ".join(problems) or None


def wrong_places(wanted: dict[str, Any], place: Place) -> Iterator[str]:
    ranges = {
        "page": (place.page, place.last_page),
        "row": place.rows,
        "line": place.lines,
        "second": place.seconds,
    }
    for key, found in ranges.items():
        if key in wanted and not (found and (found[0] or 0) <= wanted[key] <= (found[1] or found[0] or 0)):
            yield f"{key} {found} instead of {wanted[key]}"
    for key in ("headings", "sheet", "symbol"):
        if key in wanted and getattr(place, key) != as_written(wanted[key]):
            yield f"{key} {getattr(place, key)} instead of {wanted[key]}"


def wrong_inside(memory: mv2.Memvid, name: str, inner: dict[str, Any]) -> list[str]:
    hits: tuple[Hit, ...] = memory.find(inner["words"], k=3, mode="lex").hits
    for hit in hits:
        origin = memory.frame(hit.uri or hit.frame_id).origin
        if origin is None or origin.part_of is None or name not in origin.part_of:
            continue
        if "part" in inner and not (hit.uri or "").endswith(inner["part"]):
            continue
        if "subject" in inner and hit.title != inner["subject"]:
            continue
        return []
    return [f"{name}: {inner} finds {[(hit.uri, hit.title) for hit in hits]}"]
