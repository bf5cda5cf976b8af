"""Files into documents: one at a time, many at once, or only to look at."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mv2.errors import DocumentError, InvalidArgumentError, MissingExtraError, UnsupportedDocumentError
from mv2.extract.model import Extraction, Part, ReadOptions, Source
from mv2.ingest.documents import FoundMetadata, chunks_of, read_content
from mv2.ingest.files import MAX_DEPTH, FileIngest
from mv2.ingest.inside import Inside, source_of
from mv2.ingest.media import MediaModels
from mv2.ingest.plan import Plan
from mv2.ingest.reading import documents_of, found_mime, listing, with_chunks
from mv2.ingest.tables import ROW
from mv2.ingest.twins import check_threshold, settle_near
from mv2.ingest.walking import as_text, names_of, walk
from mv2.reports import IngestReport
from mv2.types import Chunk, Chunking, Content, Document, Origin, Place

if TYPE_CHECKING:
    from mv2.extract.pool import ReaderPool
    from mv2.storage.store import Store


def put_files(
    store: Store,
    models: MediaModels,
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    plan: Plan,
    *,
    uri: str | None = None,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    gitignore: bool = False,
    hidden: bool = False,
    near: float | None = None,
    progress: Callable[[int, int | None], object] | None = None,
) -> IngestReport:
    """Take files and folders in; see ``Memvid.put_files``."""
    if near is not None:
        check_threshold(near)
    found = list(
        walk(
            names_of(paths),
            include=include,
            exclude=exclude,
            gitignore=gitignore,
            hidden=hidden,
            leave_out=store.path,
        )
    )
    if uri is not None:
        if len(found) != 1:
            raise InvalidArgumentError(f"uri is given for {len(found)} files", remedy="Give it for one file.")
        found = [replace(found[0], uri=uri)]
    report = FileIngest(store, models, plan, progress).run(found)
    return report if near is None else settle_near(store, report, near, plan.duplicates)


class ReadingDocuments:
    """Makes of documents whose content is a path those that stand for what is in the file.

    The process that reads is kept for the next one.
    """

    def __init__(self, options: ReadOptions, chunking: Chunking | None, models: MediaModels) -> None:
        self._options = options
        self._models = models
        self._chunking = chunking
        self._pool: ReaderPool | None = None
        self._turn = threading.Lock()

    def expand(self, document: Document) -> list[Document]:
        """The document to store, and behind it those of its tables and parts.

        Raises:
            DocumentError: and its kinds: the file cannot be read.
            MissingExtraError: its reader needs something that is not installed.
        """
        path, modified_ns = document.source_path or "", None
        if isinstance(document.content, os.PathLike):
            path = os.fspath(document.content)
        raw, _, source = read_content(document.content)
        if source is not None:
            modified_ns = os.stat(source).st_mtime_ns
        base = replace(
            document,
            source_path=document.source_path or as_text(path) or None,
            origin=document.origin or Origin(modified_ns=modified_ns),
        )
        with self._turn:
            return self._read(raw, os.path.basename(path), base, path, Inside(self._options.limits))

    def _read(
        self, raw: bytes, name: str, base: Document, path: str, uris: Inside, depth: int = 0
    ) -> list[Document]:
        outcome = self._pool_now().read_one(Source(data=raw, name=name))
        if isinstance(outcome.error, UnsupportedDocumentError):
            return [replace(base, content=raw, text="", chunks=(), mime=base.mime or found_mime(outcome))]
        if outcome.error is not None:
            outcome.error.path = as_text(path)
            raise outcome.error
        outcome = self._models.transcribed(outcome, raw, name, self._chunking or Chunking())
        source = source_of(base.uri, as_text(name))
        documents = documents_of(raw, outcome, base, self._options, source)
        documents[0] = self._models.pictured(outcome, raw, documents[0])
        found = () if outcome.extraction is None or depth >= MAX_DEPTH else outcome.extraction.parts
        parts = self._parts(found, source, base, path, uris, depth)
        inside = [d.uri for d in (*documents[1:], *(part[0] for part in parts)) if d.kind != ROW]
        if inside:
            documents[0] = listing(documents[0], inside)
        return documents + [document for part in parts for document in part]

    def _parts(
        self, parts: Sequence[Part], source: str, base: Document, path: str, uris: Inside, depth: int
    ) -> list[list[Document]]:
        """The documents inside a document; those that cannot be read stay inside only."""
        made = []
        for part in parts:
            with contextlib.suppress(DocumentError, MissingExtraError):
                inner = replace(
                    base,
                    uri=uris.take(f"{source}!/{part.name}", len(part.data)),
                    title=None,
                    embedding=None,
                    embedding_model=None,
                    mime=None,
                    source_path=None,
                    dedup=False,
                    on_conflict="keep_both" if base.on_conflict == "keep_both" else "version",
                    metadata=FoundMetadata(part.metadata, base.metadata),
                    origin=Origin(part_of=source),
                )
                name = part.name.rpartition("/")[2]
                made.append(self._read(part.data, name, inner, path, uris, depth + 1))
        return made

    def _pool_now(self) -> ReaderPool:
        if self._pool is None:
            from mv2.extract.pool import ReaderPool

            self._pool = ReaderPool(1, self._options, self._chunking or Chunking())
        return self._pool

    def close(self) -> None:
        """End the process that reads."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None


def preview_chunks(
    content: Content,
    *,
    name: str = "",
    mime: str | None = None,
    reading: ReadOptions | None = None,
    chunking: Chunking | None = None,
) -> list[Chunk]:
    """How ``put`` would cut a document; nothing is stored. One that is kept whole is one chunk.

    Args:
        content: text, the bytes of a file, or its path (``pathlib.Path``).
        name: name of the file that bytes are of, where their kind cannot be told from them.
        mime: media type of text: ``text/markdown`` is cut at its headings.

    Raises: as ``Memvid.put``.
    """
    if isinstance(content, str):
        document = with_chunks(Document(content=content, mime=mime), chunking)
    else:
        found, cut = _read(content, name, reading, chunking)
        document = Document(content=found.text, chunks=cut or ())
    text = str(document.content)
    chunks = list(chunks_of(document, text))
    whole = Chunk(text=text, start=0, end=len(text), place=Place(range=(0, len(text))))
    return chunks or ([whole] if text else [])


def read_document(
    content: bytes | os.PathLike[str], *, name: str = "", reading: ReadOptions | None = None
) -> Extraction:
    """What is in a file: text, structure, tables, facts. Read in a process of its own; nothing is stored.

    Args:
        content: the bytes of a file, or its path (``pathlib.Path``; text would be taken for neither).
        name: name of the file that bytes are of, where their kind cannot be told from them.

    Raises:
        InvalidArgumentError: ``content`` is neither.
        DocumentError: and its kinds: it cannot be read.
        MissingExtraError: its reader needs something that is not installed.
    """
    if isinstance(content, str):
        raise InvalidArgumentError(
            "content is text, neither bytes nor a path", remedy="Give pathlib.Path(...), or the bytes."
        )
    return _read(content, name, reading, Chunking(rule="none"))[0]


def _read(
    content: bytes | os.PathLike[str], name: str, reading: ReadOptions | None, chunking: Chunking | None
) -> tuple[Extraction, Sequence[Chunk] | None]:
    """What is in a file, and how its text is cut (None: not at all)."""
    from mv2.extract.pool import ReaderPool

    raw, _, path = read_content(content)
    name = name or os.path.basename(path or "")
    with ReaderPool(1, reading or ReadOptions(), chunking or Chunking()) as pool:
        outcome = pool.read_one(Source(data=raw, name=name))
    if outcome.error is not None:
        outcome.error.path = path or name or None
        raise outcome.error
    assert outcome.extraction is not None
    return outcome.extraction, outcome.chunks
