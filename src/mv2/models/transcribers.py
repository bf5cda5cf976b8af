"""From recordings to text: what a transcriber is, and the one that runs here."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable, Iterator
from typing import Any, Final, Protocol, runtime_checkable

from mv2._record import dataclass
from mv2.errors import InvalidArgumentError, MissingExtraError, ModelFailedError

_WHISPER: Final = "whisper"
_DEFAULT_MODEL: Final = "base"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of speech.

    Attributes:
        start, end: seconds from the start of the recording.
        text: what is said.
        speaker: who says it, where that is known.
    """

    start: float
    end: float
    text: str
    speaker: str | None = None


@runtime_checkable
class Transcriber(Protocol):
    """Turns recordings into text. It may have ``name: str``, the model, which is noted."""

    def transcribe(self, data: bytes, name: str, /) -> Iterable[Segment]:
        """The speech in a recording, in order.

        Args:
            data: the bytes of an audio file.
            name: its file name.
        """
        ...


class WhisperTranscriber:
    """A Whisper model run here by faster-whisper, from a folder or by the name of one on its hub.

    Nothing is loaded before the first recording. Safe to share between threads.

    Args:
        model: name (``base``, ``small`` …) or folder.
        language: as ``en``; None lets the model find out.
        options: further arguments of ``faster_whisper.WhisperModel``.
    """

    def __init__(self, model: str = _DEFAULT_MODEL, *, language: str | None = None, **options: Any) -> None:
        self.name = f"{_WHISPER}:{model}"
        self._model = model
        self._language = language
        self._options = options
        self._loaded: Any = None
        self._turn = threading.Lock()

    def transcribe(self, data: bytes, name: str, /) -> Iterator[Segment]:
        """As ``Transcriber``.

        Raises:
            MissingExtraError: faster-whisper is not installed.
            ModelFailedError: the model cannot be loaded, or the recording not be decoded.
        """
        with self._turn:
            try:
                if self._loaded is None:
                    self._loaded = _whisper_model(self._model, self._options)
                found, _ = self._loaded.transcribe(io.BytesIO(data), language=self._language, vad_filter=True)
                segments = [Segment(start=s.start, end=s.end, text=s.text.strip()) for s in found]
            except MissingExtraError:
                raise
            except Exception as error:
                raise ModelFailedError(f"{self.name} could not transcribe {name}: {error}") from error
        yield from segments


def _whisper_model(name: str, options: dict[str, Any]) -> Any:
    try:
        from faster_whisper import WhisperModel
    except ImportError as error:
        raise MissingExtraError(
            "transcribing needs the package faster-whisper", remedy="pip install 'mv2[audio]'"
        ) from error
    return WhisperModel(name, **options)


def resolve_transcriber(spec: Any) -> Transcriber | None:
    """The transcriber that a name means; nothing is loaded yet.

    Args:
        spec: ``"whisper"`` or ``"whisper:MODEL"`` (a name or folder); None and ``"none"`` are none; an
            object with ``transcribe`` is taken as it is.

    Raises:
        InvalidArgumentError: nothing of that name.
    """
    if spec is None or spec == "none":
        return None
    if isinstance(spec, str):
        kind, _, model = spec.partition(":")
        if kind == _WHISPER:
            return WhisperTranscriber(model or _DEFAULT_MODEL)
        raise InvalidArgumentError(
            f"there is no transcriber {spec!r}", remedy="Use 'whisper:MODEL', or an object with transcribe()."
        )
    if isinstance(spec, Transcriber):
        return spec
    raise InvalidArgumentError(f"{type(spec).__name__} has no method transcribe")
