"""The handle: what it holds, and its end."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from mv2.errors import ClosedError, InvalidArgumentError, ReadOnlyError
from mv2.types import Chunking, Commit, Timestamp

if TYPE_CHECKING:
    from mv2.extract.model import ReadOptions
    from mv2.ingest.filing import ReadingDocuments
    from mv2.ingest.media import MediaModels
    from mv2.models.slot import EmbedderSlot
    from mv2.models.transcribers import Transcriber
    from mv2.search.memory import MemorySearch
    from mv2.storage.store import Store
    from mv2.storage.view import View


class _Absent:
    """Stands for an argument that was not given, where None means something."""

    def __repr__(self) -> str:
        return "..."


ABSENT: Any = _Absent()


def check_choice(name: str, value: object, choices: Sequence[str]) -> None:
    """Refuse what is none of the choices."""
    if value not in choices:
        raise InvalidArgumentError(f"{name} {value!r} is unknown", remedy=f"Use one of {', '.join(choices)}.")


def check_kind(name: str, value: object, kinds: Any) -> None:
    """Refuse what is none of the types."""
    if not isinstance(value, kinds):
        wanted = getattr(kinds, "__name__", None) or str(kinds).replace("mv2.types.", "mv2.")
        raise InvalidArgumentError(f"{name} is {type(value).__name__}, not {wanted}")


def check_number(name: str, value: object, *, whole: bool = False) -> None:
    """Refuse what is no number from 0 on."""
    kinds = int if whole else (int, float)
    if not isinstance(value, kinds) or isinstance(value, bool) or not value >= 0:
        raise InvalidArgumentError(f"{name} {value!r} is not a number from 0 on")


class Handle:
    """What every part of ``Memvid`` stands on: the store, its end, and views of it."""

    def __init__(
        self, store: Store, embedder: EmbedderSlot | None = None, transcriber: Transcriber | None = None
    ) -> None:
        self._store = store
        self._transcriber = transcriber
        self._embedder = embedder
        self._search: MemorySearch | None = None
        self._readings: dict[tuple[ReadOptions, Chunking | None], ReadingDocuments] = {}

    @property
    def path(self) -> str:
        """The file, links resolved."""
        return self._store.path

    @property
    def closed(self) -> bool:
        return self._store.closed

    @property
    def read_only(self) -> bool:
        return not self._store.writable

    def _check_writable(self) -> None:
        """Refuse work whose result could not be stored, before it is done.

        Raises:
            ClosedError, ReadOnlyError
        """
        if self.closed:
            raise ClosedError("the memory is closed", path=self.path, remedy="Open it again.")
        if self.read_only:
            raise ReadOnlyError(
                "the memory is open for reading only", path=self.path, remedy='Open it with mode "r+" or "a".'
            )

    def close(self) -> None:
        """Finish what is pending and let go of the file. Safe to call twice.

        Raises:
            PoisonedError: with ``durability="batch"``, a sync behind the last puts had failed.
        """
        if self._store.closed:
            return
        try:
            self._store.close()
        finally:
            if self._search is not None:
                self._search.close()
            for reading in self._readings.values():
                reading.close()

    def _reading_documents(self, options: ReadOptions | None, chunking: Chunking | None) -> ReadingDocuments:
        """What reads files one by one; the processes it starts end with the handle."""
        from mv2.extract.model import ReadOptions
        from mv2.ingest.filing import ReadingDocuments

        key = (options or ReadOptions(), chunking)
        found = self._readings.get(key)
        if found is None:
            found = self._readings[key] = ReadingDocuments(*key, self._media)
        return found

    @property
    def _media(self) -> MediaModels:
        """The models that look at pictures and listen to recordings."""
        from mv2.ingest.media import MediaModels

        return MediaModels(self._transcriber, self._embedder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self.closed else "read-only" if self.read_only else "open"
        return f"<mv2.Memvid {self.path!r} {state}>"

    def _view_at(
        self,
        as_of: Timestamp | None = None,
        as_of_frame: int | None = None,
        as_of_commit: int | Commit | None = None,
    ) -> View:
        """The newest state, or one of the past.

        Args:
            as_of: all that had happened up to this second, inclusive (a time as ``put`` takes it).
            as_of_frame: right after the frame with this id was put, its chunks included.
            as_of_commit: as that commit left it; one of ``commits()``, or its number.

        Raises:
            InvalidArgumentError: more than one is given, or one is not what it must be.
            FrameNotFoundError, CommitNotFoundError: there is no such frame or commit.
        """
        view = self._store.view()
        if as_of is None and as_of_frame is None and as_of_commit is None:
            return view
        from mv2.ingest.moments import view_then

        return view_then(view, as_of, as_of_frame, as_of_commit)
