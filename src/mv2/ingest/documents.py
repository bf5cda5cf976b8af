"""From a document to log entries: content stored so that it comes back byte for byte."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mv2._record import dataclass
from mv2.errors import InvalidArgumentError, LimitError, MemoryNotFoundError
from mv2.extract.plain import chunk_ranges, needs_chunking
from mv2.format.checksum import digest
from mv2.format.compression import compress, compress_splitting
from mv2.format.footer import FOOTER_MAGIC
from mv2.format.frame import ENCODING_PLAIN, ENCODING_ZSTD, ROLE_CHUNK
from mv2.format.metadata import DocMetadata, TextChunkManifest
from mv2.format.wal import FrameEntry
from mv2.ingest.metadata import check_mapping, encode_metadata
from mv2.ingest.places import encode_origin, encode_place
from mv2.ingest.times import now, to_seconds
from mv2.ingest.vectors import is_matrix, vector_bytes
from mv2.storage.reserved import EXTRACTED, MIME, MODEL, ORIGIN, PLACE, PUT_AT
from mv2.types import Chunk, Document

#: One frame of the format holds at most this many bytes (docs/format.md, "Limits").
MAX_FRAME_BYTES = 256 << 20
MAX_LABELS = 1024
CHUNK_CHARS = 1200
#: Given to all text: the original re-indexes frames by their payload only if they are text.
TEXT_MIME = "text/plain"
#: Characters of a metadata value that a reader found, beyond which chunks do not carry it.
LONG_VALUE = 256
_ENRICHED = 1
_CONFLICTS = ("version", "keep_both", "error", "skip")


@dataclass(slots=True)
class Prepared:
    """A document ready to be written.

    Attributes:
        entries: the document's own entry, then its chunks. A chunk's
            ``parent_sequence`` is 0, its parent's place in this list.
        texts: the text to index of each entry, None where there is none.
        raw: the exact content.
        document: what it was made of.
        outer: the document that it is inside of, which comes before it; it is stored only with that.
        known: whether it was there already, so that nothing is added; None before that is known.
        frame_id: its frame, or that of what was there, once it was put.
    """

    entries: list[FrameEntry]
    texts: list[str | None]
    raw: bytes
    document: Document
    outer: Prepared | None = None
    known: bool | None = None
    frame_id: int | None = None

    @property
    def head(self) -> FrameEntry:
        return self.entries[0]


class FoundMetadata(dict[str, Any]):
    """Metadata that a reader found, beside what was given.

    Attributes:
        found: keys of what was found; long values of these stay with the document.
    """

    __slots__ = ("found",)

    def __init__(self, found: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        super().__init__({**found, **given})
        self.found: set[str] = (found.keys() - given.keys()) | found_keys(given)


def found_keys(metadata: Mapping[str, Any]) -> set[str]:
    """Keys of the metadata that a reader found and nobody gave."""
    return metadata.found if isinstance(metadata, FoundMetadata) else set()


def store_payload(raw: bytes, is_text: bool) -> tuple[bytes, int]:
    """Stored bytes and their encoding: zstd where it saves bytes, plain otherwise.

    The footer magic never stands in the result, so that a memory kept inside a
    memory cannot be taken for the file's own structure.
    """
    if is_text or FOOTER_MAGIC in raw:
        packed = compress(raw)
        if FOOTER_MAGIC in packed:
            return compress_splitting(raw, FOOTER_MAGIC), ENCODING_ZSTD
        if len(packed) < len(raw) or FOOTER_MAGIC in raw:
            return packed, ENCODING_ZSTD
    return raw, ENCODING_PLAIN


def read_content(content: Any) -> tuple[bytes, str | None, str | None]:
    """(exact bytes, text or None, path it was read from or None).

    Raises:
        InvalidArgumentError: not text, bytes or a path, or text that is not Unicode.
        MemoryNotFoundError: there is no such file.
        LimitError: larger than a frame can be.
    """
    source = None
    if isinstance(content, str):
        try:
            raw = content.encode()
        except UnicodeEncodeError as error:
            raise InvalidArgumentError(
                f"the text holds a lone surrogate at character {error.start}",
                remedy="Give bytes, or text that was decoded with errors='replace'.",
            ) from error
        text: str | None = content
    else:
        if isinstance(content, os.PathLike):
            source = os.fspath(content)
            raw = _read_file(source)
        elif isinstance(content, bytes | bytearray | memoryview):
            raw = bytes(content)
        else:
            raise InvalidArgumentError(
                f"content of type {type(content).__name__} cannot be put", remedy="Give str, bytes or a Path."
            )
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            text = None
    if len(raw) > MAX_FRAME_BYTES:
        raise LimitError(f"{len(raw)} bytes are more than the {MAX_FRAME_BYTES} a frame can hold")
    return raw, text, source


def _readable(path: str | None) -> str | None:
    """A path as text; bytes of its name that are not UTF-8 are replaced."""
    return None if path is None else os.fsencode(path).decode(errors="replace")


def _read_file(path: str) -> bytes:
    try:
        size = os.stat(path).st_size
        if size > MAX_FRAME_BYTES:
            raise LimitError(f"{path} has {size} bytes, more than the {MAX_FRAME_BYTES} a frame can hold")
        with open(path, "rb") as file:
            data = file.read(MAX_FRAME_BYTES + 1)  # what has no size, a device say, may have no end
            if len(data) > MAX_FRAME_BYTES:
                raise LimitError(f"{path} has more than the {MAX_FRAME_BYTES} bytes a frame can hold")
            return data
    except FileNotFoundError as error:
        raise MemoryNotFoundError(f"there is no file {path}", path=path) from error
    except OSError as error:
        raise InvalidArgumentError(f"{path} cannot be read: {error.strerror}") from error


def prepare(document: Document, *, put_at: int | None = None) -> Prepared:
    """Check a document and encode it; nothing is written.

    Args:
        put_at: the moment of the put (UTC seconds), None for the present one.

    Raises:
        InvalidArgumentError: and its kinds, for values that can never be stored.
    """
    if document.on_conflict not in _CONFLICTS:
        raise InvalidArgumentError(
            f"on_conflict {document.on_conflict!r} is unknown", remedy=f"Use one of {', '.join(_CONFLICTS)}."
        )
    raw, text, source = read_content(document.content)
    put_at = now() if put_at is None else put_at
    metadata = encode_metadata(check_mapping(document.metadata), document.track)
    metadata[PUT_AT] = str(put_at)
    entry = FrameEntry(
        timestamp=put_at if document.timestamp is None else to_seconds(document.timestamp),
        kind=optional_text(document.kind, "kind"),
        track=optional_text(document.track, "track"),
        uri=optional_text(document.uri, "uri"),
        title=optional_text(document.title, "title"),
        tags=read_texts(document.tags, "tags"),
        labels=read_texts(document.labels, "labels"),
        extra_metadata=metadata,
        source_path=optional_text(document.source_path, "source_path") or _readable(source),
        search_text="",  # the original destroys a file whose log has a payload without one
        enrichment_state=_ENRICHED,
    )
    entry.content_dates = read_texts(document.content_dates, "content_dates")
    prepared = Prepared([entry], [text], raw, document)
    own_text = text if document.text is None else optional_text(document.text, "text")
    chunks = chunks_of(document, own_text)
    extracted = own_text != text or any(len(chunk.text) != chunk.end - chunk.start for chunk in chunks)
    _describe_source(entry, document, text is not None, extracted)
    if chunks:
        _add_chunks(prepared, chunks, CHUNK_CHARS if document.chunks is None else 0)
        entry.source_sha256 = digest(raw)
        prepared.texts[0] = None
    elif extracted:
        entry.search_text, prepared.texts[0] = own_text, own_text
    if extracted or not chunks:
        entry.payload, entry.canonical_encoding = store_payload(raw, text is not None)
        entry.canonical_length = len(raw)
    if document.embedding is not None:
        _give_embedding(prepared, document.embedding)
    name_given_vectors(prepared)
    return prepared


def chunks_of(document: Document, text: str | None) -> Sequence[Chunk]:
    """How the text is cut: as the document says, else at the original's places; empty for not at all.

    Raises:
        InvalidArgumentError: the given chunks do not follow one another, or do not cover the text.
    """
    if text is None:
        if document.chunks:
            raise InvalidArgumentError("chunks are given for content without text", remedy="Give text too.")
        return ()
    if document.chunks is None:
        if not needs_chunking(text):
            return ()
        ranges = chunk_ranges(text, CHUNK_CHARS)
        return [Chunk(text=text[start:end], start=start, end=end) for start, end in ranges]
    at = 0
    for number, chunk in enumerate(document.chunks):
        if not isinstance(chunk, Chunk) or not isinstance(chunk.text, str):
            raise InvalidArgumentError(f"chunk {number} is {type(chunk).__name__}, not mv2.Chunk")
        own = text[chunk.start : chunk.end]
        if chunk.start != at or chunk.end <= at or not own or not chunk.text.endswith(own):
            raise InvalidArgumentError(
                f"chunk {number} does not end with the characters {at} and following of the text",
                remedy="Chunks follow one another and cover the text; what they repeat stands in front.",
            )
        at = chunk.end
    if document.chunks and at != len(text):
        raise InvalidArgumentError(f"the chunks end at character {at} of {len(text)}")
    return document.chunks


def prepare_whole(documents: Iterable[Document]) -> list[Prepared]:
    """A document, and behind it those of what is inside of it, which are stored only with it.

    Raises: as ``prepare``.
    """
    main, *inner = map(prepare, documents)
    for prepared in inner:
        prepared.outer = main
    return [main, *inner]


def _describe_source(entry: FrameEntry, document: Document, is_text: bool, extracted: bool) -> None:
    """Media type, origin, and whether the text is another than the content.

    The original keeps text only under the type ``text/plain``, so that of other text stands beside it.
    """
    mime = optional_text(document.mime, "mime")
    if extracted:
        reader = None if document.origin is None else document.origin.reader
        entry.extra_metadata[EXTRACTED] = reader or "given"
        entry.metadata = (
            None if mime is None and not is_text else DocMetadata(mime=TEXT_MIME if mime is None else mime)
        )
    elif document.origin is not None and is_text:
        entry.metadata = DocMetadata(mime=TEXT_MIME)
        if mime is not None and mime != TEXT_MIME:
            entry.extra_metadata[MIME] = mime
    elif mime is not None or is_text:
        entry.metadata = DocMetadata(mime=TEXT_MIME if mime is None else mime)
    if document.origin is not None:
        entry.extra_metadata[ORIGIN] = encode_origin(document.origin)


def _add_chunks(prepared: Prepared, chunks: Sequence[Chunk], chunk_chars: int) -> None:
    """Cut a long text: the parent keeps the plan, the children the pieces."""
    parent = prepared.head
    parent.canonical_length = 0
    parent.chunk_manifest = TextChunkManifest(chunk_chars, [(chunk.start, chunk.end) for chunk in chunks])
    parent.chunk_count = len(chunks)
    shared = _shared_metadata(prepared)
    for index, chunk in enumerate(chunks):
        raw = chunk.text.encode()
        payload, encoding = store_payload(raw, is_text=True)
        place = encode_place(chunk)
        prepared.entries.append(
            FrameEntry(
                timestamp=parent.timestamp,
                kind=parent.kind,
                track=parent.track,
                payload=payload,
                uri=None if parent.uri is None else chunk_uri(parent.uri, index),
                title=parent.title and f"{parent.title} (page {index + 1}/{len(chunks)})",
                canonical_encoding=encoding,
                canonical_length=len(raw),
                metadata=DocMetadata(mime=TEXT_MIME),
                search_text="",
                tags=parent.tags,
                labels=parent.labels,
                extra_metadata=shared if place is None else {**shared, PLACE: place},
                content_dates=[],
                role=ROLE_CHUNK,
                parent_sequence=0,
                chunk_index=index,
                chunk_count=len(chunks),
                enrichment_state=_ENRICHED,
            )
        )
        prepared.texts.append(chunk.text)


def _shared_metadata(prepared: Prepared) -> dict[str, str]:
    """What the chunks of a document carry of its metadata: all that filters may ask for.

    Long values that a reader found (links, outlines) stay with the document.
    """
    document = prepared.document
    found, mime = found_keys(document.metadata), document.mime
    shared = {
        key: value
        for key, value in prepared.head.extra_metadata.items()
        if key not in (EXTRACTED, ORIGIN) and (key not in found or len(value) <= LONG_VALUE)
    }
    return shared if mime in (None, TEXT_MIME) else {**shared, MIME: mime or ""}


def _give_embedding(prepared: Prepared, embedding: Any) -> None:
    """Give a document its vectors: one for all of it, or one a chunk."""
    chunks = prepared.entries[1:]
    if not chunks:
        prepared.head.embedding = single_vector(embedding)
        return
    vectors = chunk_vectors(embedding, len(chunks), prepared.head)
    for entry, vector in zip(chunks, vectors, strict=False):
        entry.embedding = vector


def name_given_vectors(prepared: Prepared) -> None:
    """Note the model that the user names for the vectors given with a document.

    Raises:
        InvalidArgumentError: the name is no string, or empty.
    """
    model = optional_text(prepared.document.embedding_model, "embedding_model")
    if model is None:
        return
    if not model:
        raise InvalidArgumentError("embedding_model is empty")
    for entry in prepared.entries:
        if entry.embedding is not None:
            name_model(entry, model)


def name_model(entry: FrameEntry, model: str) -> None:
    """Note the model of an entry's vector in its metadata."""
    entry.extra_metadata = {**entry.extra_metadata, MODEL: model}


def chunk_uri(uri: str, index: int) -> str:
    """The uri of a chunk; ``index`` counts from 0, pages from 1."""
    return f"{uri}#page-{index + 1}"


def single_vector(embedding: Any) -> bytes:
    """The bytes of the one vector a document of one piece has."""
    if is_matrix(embedding):
        if len(embedding) != 1:
            raise InvalidArgumentError(
                f"{len(embedding)} vectors were given for a document of one piece", remedy="Give one vector."
            )
        embedding = embedding[0]
    return vector_bytes(embedding)


def chunk_vectors(embedding: Any, count: int, parent: FrameEntry) -> list[bytes]:
    """One vector for the document stays with the parent; a matrix has a row per chunk."""
    if not is_matrix(embedding):
        parent.embedding = vector_bytes(embedding)
        return []
    if len(embedding) != count:
        raise InvalidArgumentError(
            f"{len(embedding)} vectors were given for a document of {count} chunks",
            remedy="Give one vector for the document, or one per chunk.",
        )
    return [vector_bytes(row) for row in embedding]


def optional_text(value: Any, name: str) -> str | None:
    """A string as given, or None.

    Raises:
        InvalidArgumentError: something else, or a string that is not Unicode.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidArgumentError(f"{name} is {type(value).__name__}, not a string")
    return _encodable(value, name)


def _encodable(value: str, name: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidArgumentError(f"{name} holds a lone surrogate at character {error.start}") from error
    return value


def read_texts(values: Iterable[str] | None, name: str) -> list[str]:
    """A checked copy of tags or labels; None means none."""
    if values is None:
        return []
    if isinstance(values, str):
        raise InvalidArgumentError(f"{name} is one string", remedy=f"Give a list: {name}=[{values!r}].")
    if not isinstance(values, Iterable):
        raise InvalidArgumentError(f"{name} is {type(values).__name__}, not a list of strings")
    texts = list(values)
    for value in texts:
        if not isinstance(value, str):
            raise InvalidArgumentError(f"{name} holds {type(value).__name__}, not only strings")
        if not value.isascii():
            _encodable(value, name)
    if len(texts) > MAX_LABELS:
        raise LimitError(f"{len(texts)} {name} are more than the {MAX_LABELS} a frame can hold")
    return texts
