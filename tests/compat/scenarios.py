"""Files that our engine writes, each with the story of what is in it."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stories import Entry, Story, Vector

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EPOCH = 1_700_000_000
_SYLLABLES_A = ("ka", "mo", "ze", "ri", "tu", "lu", "ba", "no")
_SYLLABLES_B = ("xat", "wol", "dun", "fik", "gor", "pim", "vob", "hul")


@dataclass(frozen=True)
class Scenario:
    """A way to write a file.

    ``build`` fills the path and returns the story; ``slow`` ones take long with the original.
    """

    name: str
    build: Callable[[Path], Story]
    slow: bool = False


def unique_word(number: int) -> str:
    """A made-up word without an English ending, so that stemming leaves it alone."""
    first, second = divmod(number, len(_SYLLABLES_B))
    tail = _SYLLABLES_A[first % len(_SYLLABLES_A)]
    return f"{_SYLLABLES_A[number % len(_SYLLABLES_A)]}{_SYLLABLES_B[second]}{tail}{number}q"


def unit_vector(number: int, dimension: int = 8) -> Vector:
    """A vector of length one, different for each number, exact in 32 bits of float."""
    import struct

    source = random.Random(number)
    raw = [source.gauss(0, 1) for _ in range(dimension)]
    length = math.sqrt(sum(x * x for x in raw))
    return struct.unpack(f"<{dimension}f", struct.pack(f"<{dimension}f", *(x / length for x in raw)))


class Author:
    """Puts documents through the public API and keeps the story."""

    def __init__(self, memory: Any, story: Story) -> None:
        self.memory = memory
        self.story = story

    def put(self, content: str | bytes, **fields: Any) -> Entry:
        entry = new_entry(content, **fields)
        entry.frame_id = self.memory.put(content, **put_arguments(entry))
        self.story.entries.append(entry)
        return entry

    def delete(self, entry: Entry) -> None:
        self.memory.delete(entry.frame_id)
        entry.active = False

    def update(self, entry: Entry, content: str, word: str) -> Entry:
        """A new version with other text; everything else stays."""
        frame_id = self.memory.update(entry.frame_id, content=content)
        entry.active = False
        newer = Entry(
            frame_id=frame_id,
            content=content,
            word=word,
            **{
                name: getattr(entry, name)
                for name in ("uri", "title", "kind", "track", "tags", "labels", "metadata", "timestamp")
            },
        )
        self.story.entries.append(newer)
        return newer


def new_entry(content: str | bytes, **fields: Any) -> Entry:
    return Entry(frame_id=-1, content=content, **fields)


def put_arguments(entry: Entry) -> dict[str, Any]:
    """The keyword arguments of ``put`` that make this entry."""
    arguments: dict[str, Any] = {
        "uri": entry.uri,
        "title": entry.title,
        "kind": entry.kind,
        "track": entry.track,
        "tags": list(entry.tags),
        "labels": list(entry.labels),
        "metadata": dict(entry.metadata),
        "timestamp": entry.timestamp,
    }
    if entry.vector is not None:
        arguments["embedding"] = list(entry.vector)
    elif entry.chunk_vectors:
        arguments["embedding"] = [list(vector) for vector in entry.chunk_vectors]
    return arguments


def note(number: int, **fields: Any) -> dict[str, Any]:
    """Arguments for ``Author.put``: a short note with a word of its own."""
    word = unique_word(number)
    return {
        "content": f"The {word} note tells of rivers, lanterns and stones.",
        "uri": f"mv2://notes/{number}",
        "title": f"Note {number}",
        "timestamp": EPOCH + 60 * number,
        "word": word,
        **fields,
    }


def long_text(word: str, characters: int = 7000) -> str:
    """Plain sentences in paragraphs; the word stands near the end."""
    sentence = "Slow water carries fine sand past the old mill and leaves it in the bend. "
    lines = [sentence * 3 + f"Paragraph {k} ends.\n" for k in range(characters // 250)]
    lines.insert(-1, f"Only here stands {word} among the reeds.\n")
    return "".join(lines).strip()


def open_ours(path: Path, mode: str = "a", **options: Any) -> Any:
    """Our engine without an embedder, so that no vectors appear that a story does not know."""
    import mv2

    return mv2.open(path, mode, embedder="none", **options)


def _few_texts(path: Path) -> Story:
    story = Story()
    with open_ours(path, "x") as memory:
        author = Author(memory, story)
        author.put(
            **note(
                1,
                kind="note",
                track="geo",
                tags=("water", "stone"),
                labels=("travel",),
                metadata={"lang": "en", "year": 2023, "ratio": 1.5, "flags": [True, None], "deep": {"a": 1}},
                timestamp=EPOCH + 500,
            )
        )
        author.put(**note(2, timestamp=EPOCH + 100, tags=("water",)))
        author.put(**note(3, timestamp=EPOCH + 100, title=None, uri=None))
    return story


def _long_text(path: Path) -> Story:
    story = Story()
    with open_ours(path, "x") as memory:
        author = Author(memory, story)
        author.put(**note(1))
        word = unique_word(2)
        author.put(
            long_text(word),
            uri="mv2://books/mill",
            title="The mill",
            tags=("book",),
            word=word,
            chunked=True,
            timestamp=EPOCH + 10,
        )
        author.put(**note(3))
    return story


def _document_vectors(path: Path) -> Story:
    story = Story()
    with open_ours(path, "x") as memory:
        author = Author(memory, story)
        for number in range(12):
            author.put(**note(number, vector=None if number == 5 else unit_vector(number)))
    with open_ours(path) as memory:  # a second segment
        author = Author(memory, story)
        author.put(**note(12, vector=unit_vector(12)))
    return story


def _chunk_vectors(path: Path) -> Story:
    story = Story()
    word = unique_word(2)
    text = long_text(word)
    with open_ours(path, "x") as memory:
        probe = memory.put(text)
        chunks = memory.frame(probe).chunk_count
        memory.delete(probe)
    path.unlink()
    with open_ours(path, "x") as memory:
        author = Author(memory, story)
        author.put(**note(1, vector=unit_vector(500)))
        author.put(
            text,
            uri="mv2://books/mill",
            title="The mill",
            word=word,
            chunked=True,
            timestamp=EPOCH,
            chunk_vectors=tuple(unit_vector(k) for k in range(chunks)),
        )
        author.put(**note(3))
    return story


def _updates(path: Path) -> Story:
    story = Story()
    with open_ours(path, "x") as memory:
        author = Author(memory, story)
        first = author.put(**note(1, tags=("kept",), metadata={"n": 1}))
        author.put(**note(2))
        second = author.update(first, f"Now {unique_word(11)} replaces it.", unique_word(11))
    with open_ours(path) as memory:
        author = Author(memory, story)
        author.update(second, f"At last {unique_word(12)} is written.", unique_word(12))
        author.put(**note(3))
    return story


def _deletes(path: Path) -> Story:
    story = Story()
    with open_ours(path, "x") as memory:
        author = Author(memory, story)
        entries = [author.put(**note(number)) for number in range(6)]
        author.delete(entries[1])
    with open_ours(path) as memory:
        author = Author(memory, story)
        author.delete(entries[4])
    return story


def _inactive_at_the_end(path: Path) -> Story:
    """Nothing active stands behind the contents of these frames, yet they must survive."""
    story = Story()
    with open_ours(path, "x") as memory:
        author = Author(memory, story)
        author.put(**note(1))
        author.put(**note(2))
        old = author.put(**note(3))
        author.update(old, f"New {unique_word(40)}.", unique_word(40))
        author.delete(author.put(**note(5)))
    return story


def _deleted_long_text(path: Path) -> Story:
    story = Story()
    word = unique_word(2)
    with open_ours(path, "x") as memory:
        author = Author(memory, story)
        author.put(**note(1))
        book = author.put(long_text(word), uri="mv2://books/mill", word=word, chunked=True, timestamp=EPOCH)
        author.put(**note(3))
        author.delete(book)
    return story


def _several_commits(path: Path) -> Story:
    story = Story()
    for number in range(5):
        with open_ours(path) as memory:
            author = Author(memory, story)
            author.put(**note(2 * number))
            memory.commit()
            author.put(**note(2 * number + 1))
    return story


def _after_vacuum(path: Path) -> Story:
    story = Story()
    with open_ours(path, "x") as memory:
        author = Author(memory, story)
        entries = [author.put(**note(k, vector=unit_vector(k))) for k in range(8)]
        author.delete(entries[2])
        author.update(entries[3], f"Now {unique_word(33)} stands here.", unique_word(33))
        memory.commit()
        memory.vacuum()
        author.put(**note(9))
    return story


def _many_frames(path: Path) -> Story:
    story = Story()
    entries = [new_entry(**note(number)) for number in range(2000)]
    with open_ours(path, "x") as memory:
        ids = memory.put_many([{"content": e.content, **put_arguments(e)} for e in entries])
        for entry, frame_id in zip(entries, ids, strict=True):
            entry.frame_id = frame_id
        story.entries.extend(entries)
        memory.vacuum()
        Author(memory, story).delete(entries[1234])
    return story


def _memory_inside_memory(path: Path) -> Story:
    """A complete file of ours as content: its structure must never be taken for the outer one's."""
    inner = path.with_name("inner.mv2")
    _few_texts(inner)
    data = inner.read_bytes()
    inner.unlink()
    story = Story()
    with open_ours(path, "x") as memory:
        author = Author(memory, story)
        author.put(**note(1))
        author.put(data, uri="mv2://files/inner.mv2", title="inner.mv2", timestamp=EPOCH)
        author.put(data[-4096:] + b"\0" * 100, uri="mv2://files/tail", timestamp=EPOCH)
        author.put(**note(2, content=f"Text with MV2FOOT! inside and {unique_word(2)}."))
    return story


def _binary_contents(path: Path) -> Story:
    story = Story()
    source = random.Random(7)
    contents = {
        "zeros": bytes(5000),
        "noise": source.randbytes(20_000),
        "latin": "café".encode("latin-1"),
        "log-head": bytes([1, 0, 0, 0, 0, 0, 0, 0]) + b"\xff" * 40,
        "empty": b"",
    }
    with open_ours(path, "x") as memory:
        author = Author(memory, story)
        author.put(**note(1))
        for number, (name, data) in enumerate(contents.items()):
            author.put(data, uri=f"mv2://files/{name}", title=name, timestamp=EPOCH + number)
    return story


def _unicode(path: Path) -> Story:
    story = Story()
    texts = {
        "мореплаватель": "Старый мореплаватель видел северное сияние.",
        "wörterbuchq": "Ein wörterbuchq für Straßen und Flüsse.",
        "emojiq": "emojiq 🦀 crab and e\u0301 composed later,\ttabs\r\nand lines",
        "ελληνικα": "τα ελληνικα γράμματα",
    }
    with open_ours(path, "x") as memory:
        author = Author(memory, story)
        for number, (word, text) in enumerate(texts.items()):
            author.put(
                text,
                uri=f"mv2://слова/{number}",
                title=f"Слово № {number} 🦀",
                tags=("мир",),
                metadata={"ключ": "зна́чение"},
                word=word,
                timestamp=EPOCH + number,
            )
    return story


def _empty(path: Path) -> Story:
    open_ours(path, "x").close()
    return Story()


SCENARIOS = (
    Scenario("few_texts", _few_texts),
    Scenario("long_text", _long_text),
    Scenario("document_vectors", _document_vectors),
    Scenario("chunk_vectors", _chunk_vectors),
    Scenario("updates", _updates),
    Scenario("deletes", _deletes),
    Scenario("inactive_at_the_end", _inactive_at_the_end),
    Scenario("deleted_long_text", _deleted_long_text),
    Scenario("several_commits", _several_commits),
    Scenario("after_vacuum", _after_vacuum),
    Scenario("memory_inside_memory", _memory_inside_memory),
    Scenario("binary_contents", _binary_contents),
    Scenario("unicode", _unicode),
    Scenario("empty", _empty),
    Scenario("many_frames", _many_frames, slow=True),
)
