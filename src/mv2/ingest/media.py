"""What models add to pictures and recordings: vectors and transcripts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mv2._record import dataclass
from mv2.errors import EmbeddingFailedError, Error, ModelFailedError
from mv2.extract.builder import TextBuilder
from mv2.extract.chunking import chunk
from mv2.extract.model import Extraction
from mv2.types import Chunking, Document

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mv2.extract.wire import Outcome
    from mv2.models.slot import EmbedderSlot
    from mv2.models.transcribers import Segment, Transcriber

AUDIO = "audio"
IMAGE = "image"


@dataclass(frozen=True, slots=True)
class MediaModels:
    """The models of a handle that look at more than text.

    Attributes:
        transcriber: None leaves recordings without text of what is said.
        slot: the embedder; pictures get vectors where it has ``embed_images``.
    """

    transcriber: Transcriber | None
    slot: EmbedderSlot | None

    def transcribed(self, outcome: Outcome, data: bytes, name: str, chunking: Chunking) -> Outcome:
        """What a reader found, with what is said in a recording as text.

        Raises:
            ModelFailedError: the model failed.
        """
        found = outcome.extraction
        if self.transcriber is None or outcome.reader != AUDIO or found is None:
            return outcome
        try:
            with_speech = _with_speech(found, self.transcriber.transcribe(data, name))
        except Error:
            raise
        except Exception as error:
            raise ModelFailedError(f"{name} could not be transcribed: {error}") from error
        model = getattr(self.transcriber, "name", None)
        if isinstance(model, str):
            with_speech = replace(with_speech, metadata={**with_speech.metadata, "transcribed_by": model})
        return replace(outcome, extraction=with_speech, chunks=chunk(with_speech, chunking))

    def pictured(self, outcome: Outcome, data: bytes, document: Document) -> Document:
        """A picture's document with its vector, where the embedder sees pictures.

        Raises:
            EmbeddingFailedError: the model failed.
        """
        embedder = None if self.slot is None or outcome.reader != IMAGE else self.slot.get()
        embed = getattr(None if embedder is None else embedder.embedder, "embed_images", None)
        if embedder is None or embed is None or document.embedding is not None:
            return document
        try:
            rows: Any = embed([data])
            (row,) = rows
        except Exception as error:
            raise EmbeddingFailedError(f"the picture could not be embedded: {error}") from error
        return replace(document, embedding=row, embedding_model=embedder.name)


def _with_speech(found: Extraction, segments: Iterable[Segment]) -> Extraction:
    """Text of a recording: what the file says of itself, then what is said in it."""
    builder = TextBuilder()
    builder.add("paragraph", found.text)
    for segment in segments:
        text = " ".join(segment.text.split())
        if segment.speaker:
            text = f"{segment.speaker}: {text}"
        builder.add("record", text, joint="\n", seconds=(float(segment.start), float(segment.end)))
    return replace(found, text=builder.text, exact=False, blocks=builder.blocks)
