"""The process that reads documents: one after the other, until its standard input ends.

It is started by ``mv2.extract.pool`` and talks to it as ``mv2.extract.wire`` says.
"""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
import warnings
from dataclasses import replace
from typing import IO, Any

from mv2.errors import DocumentError, DocumentLimitError, Error, UnsupportedDocumentError
from mv2.extract import sandbox, wire
from mv2.extract._plugins import Plugins
from mv2.extract.detect import FileType, detect
from mv2.extract.model import Extraction, Reader, ReadOptions, Source
from mv2.extract.registry import Registry, missing
from mv2.types import Chunk, Chunking

_MOST_DOCUMENTS = 1000
_MOST_GROWTH = 256 << 20
# The program that waits is the one that keeps time; this is for when it is gone.
_ALARM_AFTER = 15.0
_ANY_SIZE = 1 << 62


def main() -> None:
    """Serve requests until there are no more."""
    requests, replies = _take_streams()
    if hasattr(signal, "SIGINT"):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    try:
        first = wire.read_message(requests, _ANY_SIZE)
        if first is None:
            return
        serving = _Serving(first[0])
        wire.write_message(replies, wire.pack({"ready": True, "filter": serving.without_filter}))
        while (message := wire.read_message(requests, _ANY_SIZE)) is not None:
            reply, parts = serving.answer(*message)
            del message
            wire.write_message(replies, reply, *parts)
            if serving.is_worn:
                return
    except (OSError, wire.Wrong):
        return  # the other side is gone


def _take_streams() -> tuple[IO[bytes], IO[bytes]]:
    """Standard input and output for our own use; readers that print, print to nowhere."""
    requests = os.fdopen(os.dup(0), "rb", 1 << 16)
    replies = os.fdopen(os.dup(1), "wb", 1 << 16)
    with open(os.devnull, "r+b", 0) as nowhere:
        for stream in (0, 1, 2):
            os.dup2(nowhere.fileno(), stream)
    return requests, replies


class _Serving:
    """Reads documents as the first message said."""

    def __init__(self, config: dict[str, Any]) -> None:
        sandbox.live_with(config["parent"])
        sandbox.limit_files()
        self._options, self._chunking = wire.config_from(config)
        self._plugins = Plugins(tuple((name, place) for name, place in config["plugins"]))
        self._registry = Registry(self._plugins)
        self._memory = sandbox.MemoryLimit()
        self._tried, self.without_filter = sandbox.close_doors()
        self._broken_told: set[str] = set()
        self._count = 0
        # Set when another process should take the place of this one.
        self.is_worn = False
        gc.collect()
        gc.freeze()
        self._first_size = self._memory.resident()

    def answer(self, header: dict[str, Any], data: bytes) -> tuple[bytes, list[bytes]]:
        """What to reply about a document: a packed header, and bytes to go behind it."""
        limits = self._options.limits
        self._tried.clear()
        self._count += 1
        self._memory.allow(limits.memory_bytes + len(data))
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, limits.seconds + _ALARM_AFTER)
        started = time.perf_counter()
        reading = _Reading(self._registry, self._options, self._chunking, self._tried)

        def finish(found: dict[str, Any]) -> bytes:
            filetype, reader = reading.filetype, reading.reader
            return wire.pack(
                {
                    "id": header["id"],
                    **found,
                    "type": filetype and [filetype.mime, filetype.reader, filetype.encoding, filetype.shared],
                    "reader": reader and reader.name,
                    "seconds": time.perf_counter() - started,
                    "peak": self._memory.peak(),
                    "broken": self._news_of_plugins(),
                    "retire": self.is_worn,
                }
            )

        parts = list[bytes]()
        packed: bytes | None = None
        try:
            found, parts = wire.encode_success(*reading.read(data, header["name"], header["mime"]))
            self.is_worn = self._is_worn()
            packed = finish(found)
        except MemoryError:
            self.is_worn = True
        except BaseException as error:  # noqa: BLE001 - foreign code may raise anything, and native code does
            self.is_worn = self._is_worn()
            packed = finish(wire.encode_failure(reading.as_document_error(error)))
            parts = []
        if packed is None:
            # Not before: the error holds what has filled the memory.
            found, parts = {}, []
            packed = finish(wire.encode_failure(_too_much_memory(limits.memory_bytes)))
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
        return packed, parts

    def _is_worn(self) -> bool:
        """It grew, or a reader left a thread that would go on beside the next document."""
        return (
            self._count >= _MOST_DOCUMENTS
            or self._memory.resident() - self._first_size > _MOST_GROWTH
            or threading.active_count() > 1
        )

    def _news_of_plugins(self) -> dict[str, str]:
        news = {name: why for name, why in self._plugins.broken.items() if name not in self._broken_told}
        self._broken_told.update(news)
        return news


class _Reading:
    """The reading of one document; keeps what was found out when it fails."""

    def __init__(
        self, registry: Registry, options: ReadOptions, chunking: Chunking, tried: list[str]
    ) -> None:
        self._registry = registry
        self._options = options
        self._chunking = chunking
        self._tried = tried
        self.filetype: FileType | None = None
        self.reader: Reader | None = None

    def read(
        self, data: bytes, name: str, declared: str | None
    ) -> tuple[Extraction, tuple[Chunk, ...] | None]:
        """What is in a document, and how it is cut."""
        from mv2.extract.chunking import chunk

        self.filetype = detect(data, name, declared)
        if self._options.reader is None:
            self.reader = self._registry.reader_for(self.filetype, data, name)
        else:
            self.reader = self._registry.named(self._options.reader)
        function = self._registry.function(self.reader)
        source = Source(data=data, name=name, mime=_mime(self.filetype, self.reader, declared))
        extraction = function(source, self._options)
        if not isinstance(extraction, Extraction) or not isinstance(extraction.text, str):
            raise DocumentError(
                f"the reader {self.reader.name!r} returned a {type(extraction).__name__}, not an Extraction"
            )
        limit = self._options.limits.text_chars
        if len(extraction.text) > limit:
            raise DocumentLimitError(f"it has more than {limit:,} characters of text (limit text_chars)")
        extraction = _encodable(extraction)
        if self._tried:
            tried = [f"the reader tried to {what}, which it may not" for what in dict.fromkeys(self._tried)]
            extraction = replace(extraction, warnings=(*extraction.warnings, *tried))
        return extraction, chunk(extraction, self._chunking)

    def as_document_error(self, error: BaseException) -> Error:
        """What a program is told about whatever a reader raised."""
        if isinstance(error, Error):
            if isinstance(error, UnsupportedDocumentError) and (broken := self._registry.plugins.broken):
                reasons = "; ".join(f"{name}: {why}" for name, why in sorted(broken.items()))
                error.remedy = (
                    f"{error.remedy or ''} Reader plug-ins that cannot be loaded: {reasons}".strip()
                )
            return error
        who = f"the reader {self.reader.name!r}" if self.reader else "the reader"
        if isinstance(error, RecursionError):
            return DocumentLimitError("it is nested too deeply to be read (limit depth)")
        if isinstance(error, ModuleNotFoundError) and error.name and self.reader and self.reader.extra:
            return missing(self.reader, error.name)
        if isinstance(error, wire.Wrong):
            return DocumentError(f"{who} returned {error}")
        return DocumentError(f"{who} failed: {type(error).__name__}: {error}{_where(error)}")


def _too_much_memory(limit: int) -> DocumentLimitError:
    return DocumentLimitError(f"reading it takes more than {limit:,} bytes of memory (limit memory_bytes)")


def _mime(filetype: FileType, reader: Reader, declared: str | None) -> str:
    """The media type a reader is told; of pages with the encoding that the carrier states."""
    mime = filetype.mime
    if reader.name != filetype.reader and mime not in reader.mimes and reader.mimes:
        mime = reader.mimes[0]
    if declared and "charset" in declared.lower() and reader.name == "html":
        return f"{mime};{declared.partition(';')[2]}"
    return mime


def _encodable(extraction: Extraction) -> Extraction:
    """Half characters, which no encoding has, replaced one for one."""
    try:
        extraction.text.encode("utf-8")
    except UnicodeEncodeError:
        text = "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in extraction.text)
        return replace(extraction, text=text, exact=False)
    return extraction


def _where(error: BaseException) -> str:
    """The innermost line of code that it comes from."""
    trace = error.__traceback__
    if trace is None:
        return ""
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f" ({os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno})"


if __name__ == "__main__":
    main()
