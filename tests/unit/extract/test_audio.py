"""Recordings: tags, length, chapters and lyrics."""

from __future__ import annotations

import io
import sys
import wave
from pathlib import Path

import pytest

from mv2.errors import DocumentError, MissingExtraError, UnsupportedDocumentError
from mv2.extract.model import Extraction, ReadOptions, Source
from mv2.extract.readers._audio_chapters import chapters_of
from mv2.extract.readers.audio import read

pytest.importorskip("tinytag")

SAMPLES = Path(__file__).parents[2] / "samples" / "audio"
TYPES = {"mp3": "audio/mpeg", "m4a": "audio/mp4", "opus": "audio/opus", "flac": "audio/flac"}


def extract(data: bytes, mime: str | None = None) -> Extraction:
    return read(Source(data=data, mime=mime), ReadOptions())


def sample(name: str) -> Extraction:
    return extract((SAMPLES / name).read_bytes(), TYPES[name.rpartition(".")[2]])


@pytest.mark.parametrize("name", ["talk.mp3", "talk.m4a", "talk.opus"])
def test_tags_and_lyrics(name: str) -> None:
    found = sample(name)
    assert (found.title, found.author) == ("The keeper of the lock", "Ann Example")
    facts = found.metadata
    assert facts["album"] == "Stories from the canal"
    assert facts["artist"] == "Ann Example"
    assert facts["year"] == "2023"
    assert facts["genre"] == "Speech"
    assert facts["comment"] == "Recorded at the lock"
    assert found.text.startswith("Recorded at the lock\n\n")
    assert found.text.endswith("\n\nFirst line of the story\nSecond line")


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("talk.mp3", "mp3", 8000),
        ("talk.m4a", "aac", 8000),
        ("talk.opus", "opus", 48000),
        ("song.flac", "flac", 8000),
    ],
)
def test_format(name: str, codec: str, rate: int) -> None:
    facts = sample(name).metadata
    assert facts["codec"] == codec
    assert facts["sample_rate"] == rate
    assert facts["channels"] == 1
    assert facts["duration_seconds"] == pytest.approx(1.4, abs=0.2)
    assert 5_000 < facts["bitrate"] < 100_000


@pytest.mark.parametrize("name", ["talk.mp3", "talk.m4a"])
def test_chapters_know_their_time(name: str) -> None:
    found = sample(name)
    chapters = [block for block in found.blocks if block.kind == "list"]
    assert [found.text[block.start : block.end] for block in chapters] == [
        "- 0:00:00 The gate opens",
        "- 0:00:00 The boat goes in",
    ]
    assert [block.seconds is not None and block.seconds[0] for block in chapters] == [0.0, 0.6]
    assert chapters[0].seconds == (0.0, 0.6)
    assert [chapter[2] for chapter in found.metadata["chapters"]] == ["The gate opens", "The boat goes in"]


def test_chapters_of_comments_are_in_order_of_time() -> None:
    tags = {
        "chapter002": ["00:10:00.500"],
        "chapter002name": ["Second"],
        "chapter001": ["00:00:00"],
        "chapter001name": ["First"],
        "chapter003": ["soon"],
    }
    assert chapters_of(b"OggS", tags, 700.0) == [(0.0, 600.5, "First"), (600.5, 700.0, "Second")]
    assert chapters_of(b"OggS", tags, 100.0)[1] == (600.5, None, "Second")


def test_timed_lyrics_are_lines_with_their_time() -> None:
    found = sample("song.flac")
    assert found.text == "The gate is open\nand the boat goes in"
    assert [block.seconds for block in found.blocks] == [(0.5, 1.0), (1.0, pytest.approx(1.371, abs=0.01))]


def test_a_plain_recording_has_no_text() -> None:
    out = io.BytesIO()
    with wave.open(out, "wb") as recording:
        recording.setnchannels(2)
        recording.setsampwidth(2)
        recording.setframerate(16_000)
        recording.writeframes(bytes(4 * 8_000))
    found = extract(out.getvalue(), "audio/wav")
    assert (found.text, found.title) == ("", None)
    assert found.metadata == {
        "codec": "pcm",
        "duration_seconds": 0.5,
        "sample_rate": 16_000,
        "channels": 2,
        "bits_per_sample": 16,
        "bitrate": 512_000,
    }


def test_bare_aac_frames_are_counted() -> None:
    size = 60
    frame = bytes(
        [0xFF, 0xF1, 0x50, 0x40 | size >> 11, size >> 3 & 255, (size & 7) << 5 | 0x1F, 0xFC]
    ) + bytes(size - 7)
    facts = extract(frame * 43, "audio/aac").metadata
    assert facts["codec"] == "aac"
    assert facts["sample_rate"] == 44_100
    assert facts["channels"] == 1
    assert facts["duration_seconds"] == pytest.approx(43 * 1024 / 44_100, abs=0.001)


@pytest.mark.parametrize("name", ["talk.mp3", "talk.m4a", "talk.opus", "song.flac"])
def test_bytes_changed_anywhere_end_in_facts_or_in_a_document_error(name: str) -> None:
    data = (SAMPLES / name).read_bytes()
    well = 0
    for at in range(0, len(data), max(1, len(data) // 200)):
        for value in (0, 0xFF):
            try:
                found = extract(data[:at] + bytes([value]) + data[at + 1 :], TYPES[name.rpartition(".")[2]])
            except DocumentError:
                continue
            well += bool(found.metadata)
    assert well > 100


@pytest.mark.parametrize(
    "data", [b"", b"fLaC" + bytes(10), b"RIFF\x04\0\0\0WAVE"], ids=["empty", "flac", "wav"]
)
def test_damage_is_said(data: bytes) -> None:
    with pytest.raises(DocumentError, match="damaged"):
        extract(data, "audio/flac" if data[:1] == b"f" else "audio/wav")


def test_what_is_no_known_recording() -> None:
    with pytest.raises(UnsupportedDocumentError, match="video/x-matroska"):
        extract(b"\x1a\x45\xdf\xa3" + bytes(200), "video/x-matroska")


def test_without_tinytag_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tinytag", None)
    with pytest.raises(MissingExtraError) as caught:
        sample("talk.mp3")
    assert "mv2[media]" in str(caught.value)
