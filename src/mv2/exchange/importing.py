"""Taking other programs' data in: what is new or changed is put, what is there already stays."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b, sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from mv2.errors import (
    DocumentError,
    FrameNotFoundError,
    InvalidArgumentError,
    MemoryNotFoundError,
    ModelMismatchError,
    VecDimensionMismatchError,
)
from mv2.exchange.importers import FORMATS, choose, find, open_source, options_of
from mv2.exchange.importers._values import iso_of
from mv2.exchange.items import ImportedConversation, Item, Skipped
from mv2.types import Document, Frame

if TYPE_CHECKING:
    from mv2 import Memvid

__all__ = [
    "IMPORT_FORMATS",
    "ImportInterrupted",
    "ImportReport",
    "import_format_of",
    "import_into",
    "import_options",
    "read_items",
]

OnKnown: TypeAlias = Literal["version", "skip"]
Progress: TypeAlias = Callable[[int, "int | None"], object]

#: Formats that ``import_into`` reads, with a line about each.
IMPORT_FORMATS: Final[Mapping[str, str]] = {name: form.description for name, form in FORMATS.items()}

_BATCH_CHARS: Final = 16_000_000
#: Messages of conversations that are written together, at least those of one.
_BATCH_MESSAGES: Final = 1_000
_MAX_SKIPPED: Final = 10_000
# Errors of these kinds are about the memory or all of the import, not about one document.
_OF_ALL: Final = (ModelMismatchError, VecDimensionMismatchError)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did.

    Attributes:
        format: the format that was read.
        documents: documents that were put, as new ones or new versions.
        updated: how many of these were new versions.
        conversations: conversations of which messages were put.
        messages: messages that were put.
        unchanged: documents and messages that were in the memory already, just so.
        skipped: what could not be taken, the first 10,000 of it.
        skipped_count: how much that was in all.
    """

    format: str
    documents: int = 0
    updated: int = 0
    conversations: int = 0
    messages: int = 0
    unchanged: int = 0
    skipped: tuple[Skipped, ...] = ()
    skipped_count: int = 0


class ImportInterrupted(KeyboardInterrupt):
    """The user stopped an import; what ``report`` counts is done and kept.

    The same call goes on from there.
    """

    def __init__(self, report: ImportReport) -> None:
        super().__init__("interrupted")
        self.report = report


def import_into(
    memory: Memvid,
    source: str | os.PathLike[str] | Any,
    *,
    format: str = "auto",
    on_conflict: OnKnown = "version",
    batch_size: int = 5_000,
    vectors: bool = True,
    embedding_model: str | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> ImportReport:
    """Import what another program exported.

    Every document and message has a uri made of the source's own ids, so that importing the same thing
    again changes nothing, and importing a newer export adds only what is new or changed. What cannot be
    taken is reported, the rest goes on. Batches that are finished stay when an error or an interrupt
    ends the work.

    Args:
        source: a file or folder, or for some formats an object in memory; ``IMPORT_FORMATS``.
        format: a key of ``IMPORT_FORMATS``; ``"auto"`` finds it.
        on_conflict: what a document means whose uri is there with other content: ``"version"`` makes
            a new version of it, ``"skip"`` leaves the one that is there.
        batch_size: documents in a commit; of conversations at most 1,000 messages, or one conversation.
        vectors: take the vectors of the source. Without them, or where there are none, the memory's
            embedder makes them, if it has one.
        embedding_model: name of the model that made the source's vectors.
        progress: called now and then with (items done, None).
        options: those of the format's ``read`` function.

    Raises:
        InvalidArgumentError: an unknown format or option, or a source whose format is not clear.
        MemoryNotFoundError: there is no such file or folder.
        DocumentError: the source cannot be read; what could be read before is kept.
        ImportInterrupted: Ctrl-C; its ``report`` says what was done.
        MissingExtraError: the format needs something that is not installed.
        ModelMismatchError, VecDimensionMismatchError: the source's vectors are not of the memory's model.
        and what ``Memvid.put_many`` raises.
    """
    form = choose(source) if format == "auto" else find(format)
    importer = _Importer(
        memory,
        format=form.name,
        on_conflict=on_conflict,
        batch_size=batch_size,
        vectors=vectors,
        embedding_model=embedding_model,
        progress=progress,
    )
    try:
        return importer.run(open_source(form, source, options))
    except KeyboardInterrupt:
        raise ImportInterrupted(importer.report) from None


def import_format_of(source: str | os.PathLike[str] | Any) -> str:
    """The format that a source most likely has, a key of ``IMPORT_FORMATS``.

    Raises:
        InvalidArgumentError: none is likely, or the source is nothing that can be read.
        MemoryNotFoundError: there is no such file or folder.
        DocumentError: it cannot be read.
    """
    return choose(source).name


def import_options(format: str) -> tuple[str, ...]:
    """Names of the options that ``import_into`` and ``read_items`` take for a format.

    Raises:
        InvalidArgumentError: there is no such format.
    """
    return options_of(find(format))


def read_items(
    source: str | os.PathLike[str] | Any, *, format: str = "auto", **options: Any
) -> Iterator[Document | ImportedConversation | Skipped]:
    """What ``import_into`` would take from a source, one after the other; no memory is needed.

    Args:
        source, format, options: as in ``import_into``.

    Raises: as ``import_into``, about the source and the options.
    """
    form = choose(source) if format == "auto" else find(format)
    return open_source(form, source, options)


class _Importer:
    """Puts items into a memory; ``report`` says what it did, at any moment."""

    def __init__(
        self,
        memory: Memvid,
        *,
        format: str,
        on_conflict: OnKnown,
        batch_size: int,
        vectors: bool,
        embedding_model: str | None,
        progress: Progress | None,
    ) -> None:
        if on_conflict not in ("version", "skip"):
            raise InvalidArgumentError(
                f"on_conflict {on_conflict!r} is unknown", remedy="Use version or skip."
            )
        if batch_size < 1:
            raise InvalidArgumentError("batch_size must be at least 1")
        self._memory = memory
        self._format = format
        self._keep = on_conflict == "skip"
        self._batch_size = batch_size
        self._vectors = vectors
        self._model = embedding_model
        self._progress = progress
        self._seen: dict[str, bytes] = {}  # uri → digest of what it has become in this import
        self._waiting: list[tuple[Document, bool]] = []  # with whether it is a new version
        self._chars = 0
        self._talks: list[ImportedConversation] = []
        self._waiting_messages = 0
        self._items = 0
        self._last_id = memory.stats().frame_count - 1  # ids beyond are of this import
        self._documents = self._updated = self._conversations = self._messages = self._unchanged = 0
        self._skipped: list[Skipped] = []
        self._skipped_count = 0

    @property
    def report(self) -> ImportReport:
        """What was done so far."""
        return ImportReport(
            format=self._format,
            documents=self._documents,
            updated=self._updated,
            conversations=self._conversations,
            messages=self._messages,
            unchanged=self._unchanged,
            skipped=tuple(self._skipped),
            skipped_count=self._skipped_count,
        )

    def run(self, items: Iterable[Item]) -> ImportReport:
        """Put all items.

        Raises:
            DocumentError: what the items come from cannot be read on; those before it are put.
            and what ``Memvid.put_many`` raises.
        """
        try:
            for item in items:
                self._take(item)
                self._items += 1
                if self._progress is not None and self._items % 100 == 0:
                    self._progress(self._items, None)
        except DocumentError:
            self._flush()
            raise
        self._flush()
        if self._progress is not None:
            self._progress(self._items, self._items)
        return self.report

    def _take(self, item: Item) -> None:
        if isinstance(item, Skipped):
            self._skip(item)
        elif isinstance(item, ImportedConversation):
            self._take_conversation(item)
        else:
            self._take_document(item)

    def _skip(self, item: Skipped) -> None:
        self._skipped_count += 1
        if len(self._skipped) < _MAX_SKIPPED:
            self._skipped.append(item)

    def _take_document(self, document: Document) -> None:
        if document.embedding is not None:
            if not self._vectors:
                document = replace(document, embedding=None)
            elif self._model is not None:
                document = replace(document, embedding_model=self._model)
        there = False
        if document.uri is not None:
            named = self._with_own_uri(document)
            if named is None:
                self._unchanged += 1
                return
            document = named
            there = self._is_there(document)
            if there and (self._keep or _is_same(self._memory, document)):
                self._unchanged += 1
                return
        self._waiting.append((document, there))
        self._chars += len(document.content) if isinstance(document.content, str | bytes) else 10_000
        if len(self._waiting) >= self._batch_size or self._chars >= _BATCH_CHARS:
            self._flush()

    def _with_own_uri(self, document: Document) -> Document | None:
        """The document with a uri that none before it has; None if one before it is the same.

        Ids that come twice in a source get ``~2`` and so on, so that none is lost and every
        import names them alike.
        """
        assert document.uri is not None
        digest = _digest(document)
        uri, count = document.uri, 1
        while uri in self._seen:
            if self._seen[uri] == digest:
                return None
            count += 1
            uri = f"{document.uri}~{count}"
        self._seen[uri] = digest
        return document if count == 1 else replace(document, uri=uri)

    def _is_there(self, document: Document) -> bool:
        try:
            return self._memory.frame(document.uri or "").status == "active"
        except FrameNotFoundError:
            return False

    def _flush(self) -> None:
        """Put what waits, the documents as one commit."""
        if self._talks:
            self._flush_talks()
        waiting, self._waiting, self._chars = self._waiting, [], 0
        if waiting:
            self._put(waiting)

    def _put(self, waiting: Sequence[tuple[Document, bool]]) -> None:
        """Put documents; if one of them cannot be put, those before and behind it are."""
        try:
            ids = self._memory.put_many([document for document, _ in waiting])
        except _OF_ALL as error:
            _add_remedy(error)
            raise
        except (InvalidArgumentError, DocumentError, MemoryNotFoundError) as error:
            middle = len(waiting) // 2
            if middle:
                self._put(waiting[:middle])
                self._put(waiting[middle:])
            else:
                document = waiting[0][0]
                where = document.uri or document.title or "a document"
                self._skip(Skipped(where=where, reason=str(error)))
            return
        self._last_id = max([self._last_id, *ids])
        self._documents += len(waiting)
        self._updated += sum(there for _, there in waiting)

    def _take_conversation(self, talk: ImportedConversation) -> None:
        self._talks.append(talk)
        self._waiting_messages += len(talk.messages)
        if self._waiting_messages >= min(_BATCH_MESSAGES, self._batch_size):
            self._flush_talks()

    def _flush_talks(self) -> None:
        """Put the conversations that wait, together or else one by one."""
        talks, self._talks, self._waiting_messages = self._talks, [], 0
        try:
            with self._memory.batch():
                done = [self._put_conversation(talk) for talk in talks]
        except _OF_ALL as error:
            _add_remedy(error)
            raise
        except InvalidArgumentError as error:
            if len(talks) == 1:
                self._skip(Skipped(where=talks[0].title or talks[0].session, reason=str(error)))
                return
            middle = len(talks) // 2
            for half in (talks[:middle], talks[middle:]):
                self._talks = half
                self._flush_talks()
            return
        for ids, known in done:
            new = sum(number > self._last_id for number in ids)
            self._last_id = max([self._last_id, *ids])
            self._conversations += new > 0
            self._messages += new
            self._unchanged += len(ids) - new + known

    def _put_conversation(self, talk: ImportedConversation) -> tuple[list[int], int]:
        """The frames of its messages, and how many of them were left as they are there."""
        metadata = dict(talk.metadata)
        if talk.created is not None:
            metadata["created"] = iso_of(talk.created)
        messages, title, left = _with_own_ids(talk.messages), talk.title, 0
        if self._keep:
            known = {message.id for message in self._memory.conversation(talk.session).messages}
            if known:
                title, metadata = None, {}
                left = sum(message["id"] in known for message in messages)
                messages = [message for message in messages if message["id"] not in known]
        ids = self._memory.add_messages(messages, session=talk.session, title=title, metadata=metadata)
        return ids, left


def _with_own_ids(messages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Messages without those that come twice; others whose ids come twice get ids of their own."""
    found: dict[str, Mapping[str, Any]] = {}
    for message in messages:
        own = key = str(message["id"])
        count = 1
        while key in found and found[key] != {**message, "id": key}:
            count += 1
            key = f"{own}~{count}"
        found[key] = {**message, "id": key}
    return list(found.values())


def _digest(document: Document) -> bytes:
    """What tells documents of one uri apart."""
    content = document.content
    data = content if isinstance(content, bytes) else str(content).encode()
    told = repr((document.title, document.tags, document.labels, document.timestamp, document.metadata))
    return blake2b(told.encode(errors="replace") + b"\0" + data, digest_size=16).digest()


def _is_same(memory: Memvid, document: Document) -> bool:
    """Whether the active document of its uri says the same."""
    frame = memory.frame(document.uri or "")
    if any(getattr(frame, name) != getattr(document, name) for name in ("title", "kind", "track")):
        return False
    if list(document.labels) != list(frame.labels):
        return False
    if isinstance(document.content, os.PathLike):
        return _is_same_file(Path(document.content), document, frame)
    if document.timestamp is not None and document.timestamp != frame.timestamp:
        return False
    if list(document.tags) != list(frame.tags) or dict(document.metadata) != dict(frame.metadata):
        return False
    content = document.content.encode() if isinstance(document.content, str) else document.content
    if memory.content(frame.id) != content or not _has_vector(memory, frame.id, document):
        return False
    return document.text is None or memory.text(frame.id) == document.text


def _is_same_file(path: Path, document: Document, frame: Frame) -> bool:
    """Whether a frame was read from a file as it is now.

    Its reader may have added tags and metadata; and its time is in it, or is that of the last change,
    which copying and checking out move.
    """
    if frame.origin is None or not document.metadata.items() <= frame.metadata.items():
        return False
    try:
        data = path.read_bytes()
    except OSError:
        return False
    return frame.origin.sha256 == sha256(data).hexdigest()


def _has_vector(memory: Memvid, frame_id: int, document: Document) -> bool:
    """Whether the vectors are there, too; their numbers may have been compressed since."""
    given: Any = document.embedding
    if given is None:
        return True
    of_chunks = len(given) > 0 and hasattr(given[0], "__len__")
    stored = memory.embedding(frame_id + 1 if of_chunks else frame_id)
    return stored is not None and len(stored) == len(given[0] if of_chunks else given)


def _add_remedy(error: ModelMismatchError | VecDimensionMismatchError) -> None:
    """Say what can be done about it here."""
    error.remedy = (
        "Import with vectors=False, so that the memory's own model makes them, or into a new memory."
    )
