"""Pictures get vectors and recordings transcripts where a model is given."""

from __future__ import annotations

import io
import math
import sys
import types
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mv2
from mv2 import Segment


def tone(path: Path) -> None:
    """Half a second of a sine, as WAV."""
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        values = (int(8000 * math.sin(n / 5)) for n in range(4000))
        sound.writeframes(b"".join(value.to_bytes(2, "little", signed=True) for value in values))


class Listener:
    name = "listener-1"

    def transcribe(self, data: bytes, name: str, /) -> Iterator[Segment]:
        assert data.startswith(b"RIFF")
        yield Segment(start=0.0, end=1.5, text=" The kettle is on. ", speaker="Ann")
        yield Segment(start=1.5, end=3.0, text="Then we have tea.")


class Deaf:
    def transcribe(self, data: bytes, name: str, /) -> list[Segment]:
        raise RuntimeError("no ears")


class Seeing:
    """Texts and pictures in one space of three numbers."""

    name = "seeing-1"

    def embed(self, texts: Any, /) -> list[list[float]]:
        return [[1.0, 0.0, 0.0] if "red" in text else [0.0, 1.0, 0.0] for text in texts]

    def embed_images(self, pictures: list[bytes], /) -> list[list[float]]:
        assert all(picture.startswith(b"\x89PNG") for picture in pictures)
        return [[1.0, 0.0, 0.0] for _ in pictures]


def red_square() -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("way", ["put", "put_files", "sync"])
def test_what_is_said_becomes_text_that_knows_its_seconds(tmp_path: Path, way: str) -> None:
    folder = tmp_path / "sounds"
    folder.mkdir()
    tone(folder / "talk.wav")
    with mv2.open(tmp_path / "m.mv2", transcriber=Listener()) as memory:
        if way == "put":
            memory.put(folder / "talk.wav", chunking=mv2.Chunking(size=20, smallest=1))
        else:
            getattr(memory, way)(folder, chunking=mv2.Chunking(size=20, smallest=1))
        (hit,) = memory.find("tea").hits
        assert hit.snippet == "Then we have tea."
        assert hit.place is not None
        assert hit.place.seconds == (1.5, 3.0)
        frame = memory.frame(hit.parent_id or 0)
        assert memory.text(frame.id).endswith("Ann: The kettle is on.\nThen we have tea.")
        assert memory.content(frame.id) == (folder / "talk.wav").read_bytes()
        assert frame.metadata["transcribed_by"] == "listener-1"


def test_without_a_model_a_recording_is_its_tags(tmp_path: Path) -> None:
    tone(tmp_path / "talk.wav")
    with mv2.open(tmp_path / "m.mv2") as memory:
        frame_id = memory.put(tmp_path / "talk.wav")
        assert "transcribed_by" not in memory.frame(frame_id).metadata
        assert memory.frame(frame_id).metadata["sample_rate"] == 8000


def test_a_model_that_fails_costs_its_recording_only(tmp_path: Path) -> None:
    tone(tmp_path / "talk.wav")
    (tmp_path / "a.txt").write_text("text")
    with mv2.open(tmp_path / "m.mv2", transcriber=Deaf()) as memory:
        report = memory.put_files([tmp_path / "talk.wav", tmp_path / "a.txt"])
        assert [file.status for file in report.files] == ["failed", "added"]
        assert "no ears" in (report.failed[0].reason or "")
        with pytest.raises(mv2.ModelFailedError, match="no ears"):
            memory.put(tmp_path / "talk.wav")


def test_a_picture_is_found_by_words_where_the_embedder_sees(tmp_path: Path) -> None:
    (tmp_path / "square.png").write_bytes(red_square())
    (tmp_path / "note.txt").write_text("something green")
    with mv2.open(tmp_path / "m.mv2", embedder=Seeing()) as memory:
        memory.put_files([tmp_path / "square.png", tmp_path / "note.txt"])
        hit = memory.find("red", mode="vec", k=1).hits[0]
        assert hit.title == "square.png"
        assert list(memory.embedding(hit.frame_id) or ()) == [1.0, 0.0, 0.0]
        assert memory.stats().vector_model == "seeing-1"


def test_names_of_transcribers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert mv2.resolve_transcriber(None) is None
    with pytest.raises(mv2.InvalidArgumentError, match="no transcriber 'ear'"):
        mv2.resolve_transcriber("ear")
    with pytest.raises(mv2.InvalidArgumentError, match="no method"):
        mv2.open(tmp_path / "m.mv2", transcriber=object())
    whisper = mv2.resolve_transcriber("whisper:tiny")
    assert whisper is not None
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(mv2.MissingExtraError, match="faster-whisper"):
        list(whisper.transcribe(b"", "x.wav"))


def test_whisper_is_asked_as_its_package_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class WhisperModel:
        def __init__(self, name: str, device: str) -> None:
            assert (name, device) == ("tiny", "cpu")

        def transcribe(self, sound: io.BytesIO, language: str | None, vad_filter: bool) -> Any:
            if sound.read() != b"RIFF":
                raise ValueError("not a sound")
            said = [types.SimpleNamespace(start=0.0, end=2.0, text=" Hello. ")]
            return iter(said), types.SimpleNamespace(language=language)

    monkeypatch.setitem(sys.modules, "faster_whisper", types.SimpleNamespace(WhisperModel=WhisperModel))
    from mv2.models.transcribers import WhisperTranscriber

    whisper = WhisperTranscriber("tiny", device="cpu")
    assert list(whisper.transcribe(b"RIFF", "x.wav")) == [Segment(start=0.0, end=2.0, text="Hello.")]
    with pytest.raises(mv2.ModelFailedError, match="not a sound"):
        list(whisper.transcribe(b"", "x.wav"))
