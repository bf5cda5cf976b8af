"""What you put is what you get: text and bytes come back byte for byte.

Trimming, normalising, re-encoding or re-joining chunks with other white space
would each be seen here.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from life import chunks_of, live_through, long_text

import mv2
from mv2.errors import InvalidArgumentError, LimitError, MemoryNotFoundError

MAGIC = b"MV2FOOT!"
NOISE = random.Random(5).randbytes

TEXTS = {
    "plain": "The kettle is descaled with vinegar.",
    "empty": "",
    "one space": " ",
    "white space around": "\n\t  padded  \n\n",
    "windows lines": "one\r\ntwo\r\n\r\nthree\r\n",
    "old mac lines": "one\rtwo\r",
    "mixed lines": "a\nb\r\nc\rd\n\re",
    "zero bytes": "a\0b\0\0c",
    "control characters": "".join(map(chr, range(32))) + "\x7f\x85\u2028\u2029",
    "byte order mark": "\ufeffmarked",
    "composed and decomposed": "é e\u0301 \u212b \u00c5",
    "lone combining marks": "\u0301\u0308 and \u0327",
    "compatibility characters": "ﬁ ² ½ ＡＢＣ ﷺ ㎏",
    "scripts": "Ünïcödé, Ελληνικά, русский, עברית, हिन्दी, 東京, 🦊👩‍👩‍👧‍👦🇦🇹",
    "right to left marks": "\u202eabc\u202c\u200f",
    "not a character": "\uffff\ufdd0\U0010ffff",
    "tabs and spaces": "a  b\t\tc   d\u00a0\u2003e",
    "footer magic": "MV2FOOT!" * 3,
    "json": '{"text": "not unpacked"}',
    "a path": "/etc/hostname",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_text_comes_back_exactly(path: Path, text: str) -> None:
    def check(memory: mv2.Memvid, number: int) -> None:
        assert memory.text(number) == text
        assert memory.content(number) == text.encode()
        assert memory.frame(number).length == len(text.encode())

    live_through(path, lambda memory: memory.put(text), check)


LONG_TEXTS = {
    "sentences": long_text(9000),
    "windows lines": "A line of words, then an end.\r\n" * 300,
    "odd white space": "  \t words \r\n\r\n\x0b and \u2003 more\u00a0\n   \n" * 300,
    "white space at the ends": " \n" * 40 + long_text(4000) + "\t \r\n" * 40,
    "one word": "x" * 7000,
    "one letter and marks": "a" + "\u0301" * 6000,
    "no spaces": "東京都は日本の首都。" * 500,
    "emoji": "👩‍👩‍👧‍👦🇦🇹🏽" * 500,
    "newlines only between": "\n".join(["word"] * 2000),
    "compatibility characters": "ﬁnd the ½ ㎏ of ﷺ. " * 300,
    "zero bytes": "words\0with\0zeros. " * 300,
    "footer magic": "MV2FOOT! " * 600,
    "tabs": "col\tcol\tcol\n" * 400,
}


@pytest.mark.parametrize("text", LONG_TEXTS.values(), ids=LONG_TEXTS)
def test_long_text_comes_back_exactly(path: Path, text: str) -> None:
    """It is kept in chunks; their join is the text."""

    def check(memory: mv2.Memvid, number: int) -> None:
        assert memory.text(number) == text
        assert memory.content(number) == text.encode()
        assert memory.frame(number).length == len(text.encode())
        chunks = chunks_of(memory, number)
        assert len(chunks) > 1
        assert "".join(memory.text(chunk.id) for chunk in chunks) == text
        assert b"".join(memory.content(chunk.id) for chunk in chunks) == text.encode()
        assert sum(chunk.length for chunk in chunks) == len(text.encode())

    live_through(path, lambda memory: memory.put(text), check)


@pytest.mark.parametrize(("size", "chunked"), [(2399, False), (2400, True), (2401, True)])
def test_text_is_cut_from_2400_characters_on(path: Path, size: int, chunked: bool) -> None:
    text = long_text(size)
    assert len(text) == size

    def check(memory: mv2.Memvid, number: int) -> None:
        assert memory.text(number) == text
        assert bool(chunks_of(memory, number)) == chunked
        assert (memory.frame(number).chunk_count is not None) == chunked

    live_through(path, lambda memory: memory.put(text), check)


def test_white_space_does_not_make_a_text_long(memory: mv2.Memvid) -> None:
    """What counts is the length of the tidy text, as in the original."""
    number = memory.put(" " * 10_000)
    assert chunks_of(memory, number) == []
    assert memory.text(number) == " " * 10_000


CONTENTS = {
    "binary": NOISE(5000),
    "empty": b"",
    "one byte": b"\xff",
    "utf-8": "Zürich\r\n東京".encode(),
    "long utf-8": long_text(5000, "bytes").encode(),
    "latin-1": "Zürich".encode("latin-1"),
    "text, then bytes": b"text and then \xff\xfe\x00" * 10,
    "utf-16": "text".encode("utf-16"),
    "zeros": bytes(100_000),
    "footer magic, incompressible": NOISE(3000) + MAGIC + NOISE(3000),
    "footer magic at the ends": MAGIC + NOISE(999) + MAGIC,
    "footer magic, compressible": (MAGIC + b"\xff") * 2000,
    "nothing but footer magic": MAGIC,
    "larger than the log": NOISE(90_000),
    "footer magic, larger than the log": NOISE(50_000) + MAGIC + NOISE(50_000),
    "footer magic in every kilobyte": b"".join(NOISE(1016) + MAGIC for _ in range(40)),
    "half of the magic": b"MV2F" + NOISE(20) + b"OOT!",
    "zstd data": bytes.fromhex("28b52ffd") + NOISE(100),
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_bytes_come_back_exactly(path: Path, content: bytes) -> None:
    def check(memory: mv2.Memvid, number: int) -> None:
        assert memory.content(number) == content
        assert memory.frame(number).length == len(content)

    live_through(path, lambda memory: memory.put(content), check)


def test_bytes_and_text_are_told_apart_by_their_bytes(memory: mv2.Memvid) -> None:
    """Bytes that are UTF-8 are text, which can be read and searched; others have none."""
    readable = memory.put("grüne Äpfel".encode())
    binary = memory.put(b"\xff\xfe apples")
    assert memory.text(readable) == "grüne Äpfel"
    assert memory.text(binary) == ""
    assert [hit.frame_id for hit in memory.find("Äpfel").hits] == [readable]


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_other_kinds_of_bytes(memory: mv2.Memvid, kind: type) -> None:
    source = bytearray(b"\x00\xff\x01")
    number = memory.put(kind(source))
    source[0] = 9
    assert memory.content(number) == b"\x00\xff\x01"


class TestMemoryInsideAMemory:
    """The inner file's footers must never be taken for those of the outer one."""

    @pytest.fixture
    def inner(self, tmp_path: Path) -> bytes:
        place = tmp_path / "inner.mv2"
        with mv2.open(place) as memory:
            memory.put("the inner document", uri="mv2://inner")
            memory.put(NOISE(1000))
            memory.commit()
            memory.put("one more")
        return place.read_bytes()

    def test_comes_back(self, path: Path, inner: bytes) -> None:
        live_through(
            path,
            lambda memory: memory.put(inner),
            lambda memory, number: _equal(memory.content(number), inner),
        )

    @pytest.mark.parametrize("way", ["put", "put_many", "batch"])
    def test_leaves_no_footer_in_the_clear(self, path: Path, inner: bytes, way: str) -> None:
        with mv2.open(path, close="lazy") as memory:
            before = path.read_bytes().count(MAGIC)
            if way == "put_many":
                memory.put_many([{"content": inner}])
                before += 1  # of its own commit
            elif way == "batch":
                with memory.batch():
                    memory.put(inner[:30_000])
            else:
                memory.put(inner[:30_000])
            assert path.read_bytes().count(MAGIC) == before

    def test_is_not_found_when_the_header_is_lost(self, path: Path, inner: bytes) -> None:
        """The search for the newest contents goes by footers."""
        with mv2.open(path) as memory:
            memory.put("the outer document", uri="mv2://outer")
            memory.put_many([{"content": inner, "uri": "mv2://file"}])
        data = bytearray(path.read_bytes())
        data[:1024] = bytes(1024)
        path.write_bytes(data)
        with pytest.warns(mv2.RecoveryWarning):
            opened = mv2.open(path, "r")
        with opened as memory:
            assert [frame.uri for frame in memory.frames()] == ["mv2://outer", "mv2://file"]
            assert memory.content("mv2://file") == inner

    @pytest.mark.parametrize("name", [name for name in CONTENTS if "magic" in name and "half" not in name])
    def test_content_with_the_magic_leaves_none_in_the_clear(self, path: Path, name: str) -> None:
        """Neither in the log nor in the data, compressible or not."""
        with mv2.open(path, close="lazy") as memory:
            before = path.read_bytes().count(MAGIC)
            generation = memory.stats().generation
            memory.put(CONTENTS[name])
            commits = memory.stats().generation - generation
            assert path.read_bytes().count(MAGIC) == before + commits
            memory.commit()
            commits = memory.stats().generation - generation
            assert path.read_bytes().count(MAGIC) == before + commits
            memory.vacuum()
            assert path.read_bytes().count(MAGIC) == 1

    @pytest.mark.parametrize("field", ["title", "uri", "track", "kind"])
    def test_magic_in_a_field(self, path: Path, field: str) -> None:
        value = f"before {MAGIC.decode()} after"
        live_through(
            path,
            lambda memory: memory.put("content", **{field: value}),
            lambda memory, number: _equal(getattr(memory.frame(number), field), value),
        )

    def test_magic_in_metadata_and_tags(self, path: Path) -> None:
        def check(memory: mv2.Memvid, number: int) -> None:
            frame = memory.frame(number)
            assert (frame.metadata, frame.tags, frame.labels) == (
                {"MV2FOOT!": "MV2FOOT!"},
                ("MV2FOOT!",),
                ("MV2FOOT!",),
            )

        live_through(
            path,
            lambda memory: memory.put(
                "x", metadata={"MV2FOOT!": "MV2FOOT!"}, tags=["MV2FOOT!"], labels=["MV2FOOT!"]
            ),
            check,
        )


def _equal(first: object, second: object) -> None:
    assert first == second


class TestPaths:
    def test_the_file_is_read(self, memory: mv2.Memvid, tmp_path: Path) -> None:
        source = tmp_path / "picture.bin"
        source.write_bytes(NOISE(700))
        number = memory.put(source)
        assert memory.content(number) == source.read_bytes()
        assert memory.frame(number).source_path == str(source)

    def test_text_of_a_file_keeps_its_line_ends(self, memory: mv2.Memvid, tmp_path: Path) -> None:
        source = tmp_path / "notes.txt"
        source.write_bytes(b"one\r\ntwo\r\n")
        assert memory.text(memory.put(source)) == "one\r\ntwo\r\n"

    def test_any_path_like_object(self, memory: mv2.Memvid, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("hello")
        with os.scandir(tmp_path) as entries:
            entry = next(entry for entry in entries if entry.name == "a.txt")
        assert memory.text(memory.put(entry)) == "hello"

    def test_source_path_can_be_given(self, memory: mv2.Memvid, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("hello")
        number = memory.put(tmp_path / "a.txt", source_path="elsewhere/a.txt")
        assert memory.frame(number).source_path == "elsewhere/a.txt"

    def test_a_string_is_never_a_path(self, memory: mv2.Memvid, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("hello")
        number = memory.put(str(tmp_path / "a.txt"))
        assert memory.text(number) == str(tmp_path / "a.txt")
        assert memory.frame(number).source_path is None

    def test_a_name_that_is_not_utf8(self, memory: mv2.Memvid, tmp_path: Path) -> None:
        """Nobody asked for the name to be kept, so it must not stand in the way."""
        source = tmp_path / os.fsdecode(b"caf\xe9.txt")
        try:
            source.write_text("hello")
        except OSError:
            pytest.skip("the file system takes UTF-8 names only")
        number = memory.put(source)
        assert memory.text(number) == "hello"
        assert (memory.frame(number).source_path or "").startswith(f"{tmp_path}/caf")

    def test_missing(self, memory: mv2.Memvid, tmp_path: Path) -> None:
        with pytest.raises(MemoryNotFoundError) as refusal:
            memory.put(tmp_path / "none.txt")
        assert isinstance(refusal.value, FileNotFoundError)
        assert memory.stats().frame_count == 0

    def test_a_directory(self, memory: mv2.Memvid, tmp_path: Path) -> None:
        with pytest.raises(InvalidArgumentError):
            memory.put(tmp_path)


class TestRefused:
    @pytest.mark.parametrize("content", [None, 5, 1.5, True, ["text"], {"a": 1}, {"text"}], ids=repr)
    def test_other_types(self, memory: mv2.Memvid, content: object) -> None:
        with pytest.raises(InvalidArgumentError):
            memory.put(content)  # type: ignore[arg-type]
        assert memory.stats().frame_count == 0

    def test_a_lone_surrogate_in_the_content(self, memory: mv2.Memvid) -> None:
        with pytest.raises(InvalidArgumentError, match="character 3") as refusal:
            memory.put("abc\ud800def")
        assert refusal.value.remedy
        assert memory.stats().frame_count == 0

    @pytest.mark.parametrize("field", ["uri", "title", "track", "kind", "mime", "source_path"])
    def test_a_lone_surrogate_in_a_field(self, memory: mv2.Memvid, field: str) -> None:
        with pytest.raises(InvalidArgumentError, match=field):
            memory.put("x", **{field: "a\udfff"})
        assert memory.put("next") == 0

    @pytest.mark.parametrize("field", ["uri", "title", "track", "kind", "mime", "source_path"])
    @pytest.mark.parametrize("value", [5, b"bytes", ["list"]], ids=repr)
    def test_fields_of_other_types(self, memory: mv2.Memvid, field: str, value: object) -> None:
        with pytest.raises(InvalidArgumentError, match=field):
            memory.put("x", **{field: value})  # type: ignore[arg-type]
        assert memory.put("next") == 0


class TestLargestContent:
    @pytest.fixture(autouse=True)
    def _small_limit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("mv2.ingest.documents.MAX_FRAME_BYTES", 1000)

    def test_the_limit_itself_is_allowed(self, memory: mv2.Memvid) -> None:
        assert len(memory.content(memory.put(b"\xff" * 1000))) == 1000

    @pytest.mark.parametrize(
        "content", [b"\xff" * 1001, "x" * 1001, "ü" * 501], ids=["bytes", "text", "wide text"]
    )
    def test_more_is_refused(self, memory: mv2.Memvid, content: str | bytes) -> None:
        with pytest.raises(LimitError):
            memory.put(content)
        with pytest.raises(LimitError):
            memory.put_many([{"content": "fine"}, {"content": content}])
        assert memory.stats().frame_count == 0

    def test_a_file_is_not_read_to_find_out(self, memory: mv2.Memvid, tmp_path: Path) -> None:
        large = tmp_path / "large.bin"
        with large.open("wb") as file:
            file.truncate(1 << 40)  # a sparse file: reading it would take all memory
        with pytest.raises(LimitError):
            memory.put(large)

    @pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="needs /dev/zero")
    def test_a_device_without_end(self, path: Path) -> None:
        """Its size is said to be 0."""
        program = (
            "import resource, sys, pathlib, mv2, mv2.ingest.documents as documents\n"
            "documents.MAX_FRAME_BYTES = 1000\n"
            "resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\n"
            "with mv2.open(sys.argv[1]) as memory:\n"
            "    try: memory.put(pathlib.Path('/dev/zero'))\n"
            "    except mv2.LimitError: print('refused')\n"
        )
        run = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True)
        assert run.stdout.strip() == "refused", run.stderr


class TestPlainFields:
    """Title, track, kind, mime: free text, as given, or None."""

    @pytest.mark.parametrize("value", ["", " padded ", "with\nnewline", "ünï\u0301", "x" * 5000], ids=repr)
    @pytest.mark.parametrize("field", ["title", "track", "kind", "mime"])
    def test_exact(self, path: Path, field: str, value: str) -> None:
        with mv2.open(path) as memory:
            number = memory.put("content", **{field: value})
            assert getattr(memory.frame(number), field) == value
        with mv2.open(path, "r") as memory:
            assert getattr(memory.frame(number), field) == value

    def test_absent(self, path: Path) -> None:
        def check(memory: mv2.Memvid, number: int) -> None:
            frame = memory.frame(number)
            assert (frame.title, frame.track, frame.kind, frame.source_path) == (None, None, None, None)
            assert (frame.tags, frame.labels, frame.metadata) == ((), (), {})
            assert (frame.parent_id, frame.chunk_index, frame.chunk_count) == (None, None, None)
            assert (frame.status, frame.role) == ("active", "document")

        live_through(path, lambda memory: memory.put("content"), check)

    def test_text_has_a_textual_type_and_bytes_none(self, memory: mv2.Memvid) -> None:
        assert memory.frame(memory.put("text")).mime == "text/plain"
        assert memory.frame(memory.put(b"\xff")).mime is None
        assert memory.frame(memory.put(b"\xff", mime="image/png")).mime == "image/png"
        assert memory.frame(memory.put("# x", mime="text/markdown")).mime == "text/markdown"
