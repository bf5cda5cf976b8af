"""``Memvid``, the object people hold. It delegates and decides nothing."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mv2.facade.conversing import Conversing
from mv2.facade.exchanging import Exchanging
from mv2.facade.filing import Filing
from mv2.facade.handle import check_choice, check_number
from mv2.facade.searching import Searching
from mv2.facade.writing import Writing
from mv2.index.vectors import VectorDerivation
from mv2.ingest.times import now
from mv2.models.slot import EmbedderSlot
from mv2.storage.device import FileSystem
from mv2.storage.handle import Options
from mv2.storage.opening import open_store
from mv2.types import CloseMode, Document, Durability, LockMode, Mode

if TYPE_CHECKING:
    from mv2.format.wal import FrameEntry
    from mv2.storage.indexing import FrameIndexer


def _lost_documents(entries: list[FrameEntry]) -> Iterable[Document]:
    from mv2.ingest.unsaved import documents_of

    return documents_of(entries)


def _make_indexer(files: list[tuple[str, bytes]] | None, bulk: bool) -> FrameIndexer:
    from mv2.index.frames import FrameIndex

    return FrameIndex(files, bulk)


def open_memory(
    path: str | os.PathLike[str],
    mode: Mode = "a",
    *,
    durability: Durability = "full",
    lock: LockMode = "write",
    lock_timeout: float = 0.25,
    close: CloseMode = "checkpoint",
    embedder: Any = "default",
    transcriber: Any = None,
    file_system: FileSystem | None = None,
) -> Memvid:
    """Open a memory.

    Args:
        path: the ``.mv2`` file.
        mode: ``"r"`` read-only, ``"r+"`` must exist, ``"a"`` create if missing, ``"x"`` must
            not exist, ``"w"`` replace (atomically, and only if nobody writes to it).
        durability: ``"full"`` syncs each put before it returns, ``"batch"`` at most 100 ms
            later, ``"none"`` only at commit and close.
        lock: ``"write"`` takes turns with other writers, ``"handle"`` keeps them out.
        lock_timeout: seconds to wait for other writers.
        close: ``"checkpoint"`` leaves nothing pending in the log at close; ``"lazy"`` leaves
            it there, which is quicker, and is refused for files that the original engine
            would damage then (``"force-lazy"``: not refused).
        embedder: what turns texts into vectors. ``"default"`` is the offline model of the extra
            ``embed`` where that is installed (or what the environment variable MV2_EMBEDDER names),
            and steps aside in memories with vectors of others; ``"none"`` is none; a name such as
            ``"openai:text-embedding-3-small"`` or a folder, and any object with ``embed(texts)``,
            is used for everything (see ``resolve_embedder``). Nothing is loaded before it is needed.
            One that has ``embed_images(pictures: list[bytes])``, in the space of its texts, gives
            pictures their vectors.
        transcriber: what turns recordings into text: ``"whisper:MODEL"`` or an object with
            ``transcribe`` (see ``mv2.Transcriber``). None leaves them with their tags.
        file_system: where file calls go; for tests.

    Raises:
        MemoryNotFoundError, MemoryExistsError, NotAMemoryError, UnsupportedVersionError,
        EncryptedFileError, AuxiliaryFileError, CorruptFileError, LockedError, StorageError.
    """
    check_choice("durability", durability, ("full", "batch", "none"))
    check_choice("lock", lock, ("write", "handle"))
    check_choice("close", close, ("checkpoint", "lazy", "force-lazy"))
    check_number("lock_timeout", lock_timeout)
    options = Options(
        writable=mode != "r",
        indexer=_make_indexer,
        deriver=VectorDerivation(),
        lost_documents=_lost_documents,
        durability=durability,
        lock=lock,
        lock_timeout=lock_timeout,
        close=close,
        file_system=file_system or FileSystem(),
        clock=now,
    )
    slot = EmbedderSlot(embedder)
    if not isinstance(embedder, str) or embedder != "default":
        slot.get()  # a name that means nothing is told here
    listener = None
    if transcriber is not None:
        from mv2.models.transcribers import resolve_transcriber

        listener = resolve_transcriber(transcriber)
    return Memvid(open_store(path, mode, options), slot, listener)


class Memvid(Writing, Filing, Conversing, Exchanging, Searching):
    """One memory, open. Made by ``mv2.open``; a context manager; safe to share between threads.

    An exception inside ``with`` keeps everything that was acknowledged. After ``fork`` the
    child must open the memory again.
    """

    @classmethod
    def create(cls, path: str | os.PathLike[str], **options: Any) -> Memvid:
        """Create a memory; never overwrites one (MemoryExistsError)."""
        return open_memory(path, "x", **options)

    @classmethod
    def open(cls, path: str | os.PathLike[str], **options: Any) -> Memvid:
        """Open an existing memory for writing, with no other writer beside it."""
        return open_memory(path, "r+", **{"lock": "handle", **options})

    @classmethod
    def open_read_only(cls, path: str | os.PathLike[str], **options: Any) -> Memvid:
        """Open an existing memory for reading; needs no write permission and never writes."""
        return open_memory(path, "r", **options)

    @classmethod
    def try_open(cls, path: str | os.PathLike[str], **options: Any) -> Memvid:
        """As ``open``, but fails at once when another process has the file (LockedError)."""
        return open_memory(path, "r+", **{"lock": "handle", "lock_timeout": 0.0, **options})
