"""Vectors for documents that come without: which texts get one, and whose model may make it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from mv2._record import dataclass
from mv2.errors import InvalidArgumentError, ModelMismatchError, VecDimensionMismatchError
from mv2.format.footer import FOOTER_MAGIC
from mv2.ingest.documents import Prepared, name_model
from mv2.ingest.vectors import vector_bytes
from mv2.models.slot import EmbedderSlot
from mv2.storage.reserved import MODEL
from mv2.storage.vector_model import vector_model
from mv2.storage.view import View

if TYPE_CHECKING:
    from mv2.models.text_embedder import TextEmbedder

#: A vector stands for at most so many characters of a text, from its start.
MAX_CHARS: Final = 20_000
#: Texts and characters that a bulk load embeds at a time.
WINDOW_TEXTS: Final = 512
WINDOW_CHARS: Final = 512 << 10

T = TypeVar("T")


@dataclass(slots=True)
class FileVectors:
    """What a memory's vectors are.

    Attributes:
        dimension: their length, 0 as long as there are none.
        model: what made them, None when nobody said.
    """

    dimension: int
    model: str | None

    @classmethod
    def of(cls, view: View) -> FileVectors:
        """Those of one state of a memory."""
        dimension = view.vector_dimension
        return cls(dimension, vector_model(view) if dimension else None)

    def allows(self, embedder: TextEmbedder) -> bool:
        """Whether an embedder's vectors belong beside these; False when it is the default one
        and there are others, which may be of any model.

        Raises:
            ModelMismatchError: an embedder that was asked for is not the model of these.
            VecDimensionMismatchError: its vectors are of another length.
        """
        if not self.dimension:
            return True
        try:
            check_model(embedder.name, self.model)
            if embedder.dimension and embedder.dimension != self.dimension:
                raise dimension_error(embedder.dimension, self)
        except InvalidArgumentError:
            if embedder.is_default:
                return False
            raise
        return self.model is not None or not embedder.is_default

    def take(self, prepared: Prepared) -> None:
        """Count a document's vectors in.

        Raises:
            ModelMismatchError: they are of another model.
            VecDimensionMismatchError: they are of another length, or not all of one.
        """
        dimension, model = self.dimension, self.model
        for entry in prepared.entries:
            if entry.embedding is None:
                continue
            check_model(entry.extra_metadata.get(MODEL), model)
            model = entry.extra_metadata.get(MODEL, model)
            given = len(entry.embedding) // 4
            dimension = dimension or given
            if given != dimension:
                raise dimension_error(given, FileVectors(dimension, model))
        self.dimension, self.model = dimension, model


def check_model(given: str | None, known: str | None) -> None:
    """Refuse vectors of another model; those whose model nobody named pass.

    Raises:
        ModelMismatchError: the message says both names.
    """
    if given is not None and known is not None and given != known:
        raise ModelMismatchError(
            f"the vectors are of the model {given!r}, those of the memory of {known!r}",
            remedy=f"Use {known!r}, open with embedder='none', or use another memory.",
        )


def dimension_error(given: int, others: FileVectors) -> VecDimensionMismatchError:
    """The error for a vector of another length than the memory's."""
    made_by = f" (made by {others.model})" if others.model else ""
    return VecDimensionMismatchError(
        f"the embedding has {given} numbers, those of the memory have {others.dimension}{made_by}",
        remedy="Use the model that made the others, or another memory.",
    )


def has_vectors(prepared: Prepared) -> bool:
    """Whether any entry of a document carries a vector."""
    return any(entry.embedding is not None for entry in prepared.entries)


def wanted(prepared: Prepared) -> list[int]:
    """Places of the entries to embed: those with text, of a document that brings no vector."""
    if has_vectors(prepared):
        return []
    return [place for place, text in enumerate(prepared.texts) if text and not text.isspace()]


def embedder_for(slot: EmbedderSlot | None, view: View) -> TextEmbedder | None:
    """The handle's embedder where its vectors belong into the memory, else None.

    Raises:
        ModelMismatchError, VecDimensionMismatchError: it was asked for, and the memory has other vectors.
    """
    embedder = None if slot is None else slot.get()
    return embedder if embedder is not None and FileVectors.of(view).allows(embedder) else None


def embed_documents(documents: Sequence[Prepared], embedder: TextEmbedder) -> None:
    """Give vectors to documents without any.

    Raises:
        EmbeddingFailedError: the model failed; no document was changed.
    """
    places = [(prepared, place) for prepared in documents for place in wanted(prepared)]
    rows = text_rows(
        embedder,
        [embedded_text(prepared.head.title, prepared.texts[place] or "") for prepared, place in places],
    )
    for (prepared, place), row in zip(places, rows, strict=True):
        entry = prepared.entries[place]
        entry.embedding = row
        if embedder.name is not None:
            name_model(entry, embedder.name)


def embedded_text(title: str | None, text: str) -> str:
    """What stands for a document, or a chunk of it, before the model: its title, then its text."""
    return text if not title or text.startswith(title) else f"{title}\n{text}"


def text_rows(embedder: TextEmbedder, texts: Sequence[str]) -> list[bytes]:
    """The vectors of texts as little-endian float32 bytes.

    Raises:
        EmbeddingFailedError: the model failed.
    """
    if not texts:
        return []
    matrix = embedder.embed([text[:MAX_CHARS] for text in texts])
    data = matrix.tobytes()
    if FOOTER_MAGIC in data:
        return [vector_bytes(row) for row in matrix]  # says which cannot be stored
    width = 4 * matrix.shape[1]
    return [data[start : start + width] for start in range(0, len(data), width)]


def fit_vectors(prepared: Prepared, view: View, embedder: TextEmbedder | None) -> None:
    """Compare a document's vectors with those of the memory.

    Args:
        embedder: what made them, None for vectors that were given. Those of the default one
            are dropped where others came in between.

    Raises:
        ModelMismatchError, VecDimensionMismatchError: they do not belong there.
    """
    if not has_vectors(prepared):
        return
    vectors = FileVectors.of(view)
    if embedder is None or vectors.allows(embedder):
        vectors.take(prepared)
        return
    for entry in prepared.entries:
        entry.embedding = None
        entry.extra_metadata = {k: v for k, v in entry.extra_metadata.items() if k != MODEL}


class BulkEmbedding:
    """Embeds the documents of a bulk load, one lot while the lot before is written.

    Args:
        view: the memory as it was before.
        is_known: whether a document will not be added, because it is there already.
    """

    def __init__(self, slot: EmbedderSlot | None, view: View, is_known: Callable[[Prepared], bool]) -> None:
        self._slot = slot
        self._view = view
        self._is_known = is_known
        self._chosen = self._given = False
        self.embedder: TextEmbedder | None = None

    def embed(self, documents: Iterable[Prepared]) -> Iterator[Prepared]:
        """The documents in their order, with vectors."""
        if self._slot is None or self._slot.get() is None:
            yield from documents
            return
        begun: _Task[list[Prepared]] | None = None
        for lot in _lots(documents):
            todo = [prepared for prepared in lot if wanted(prepared) and not self._is_known(prepared)]
            self._choose(lot, todo)
            done = begun.result() if begun is not None else []
            begun = _Task(self._embedding(lot, todo))
            yield from done
        if begun is not None:
            yield from begun.result()

    def _choose(self, lot: list[Prepared], todo: list[Prepared]) -> None:
        """Choose the embedder at the first text; the default one leaves a new memory to given vectors."""
        self._given = self._given or any(has_vectors(prepared) for prepared in lot)
        if self._chosen or not todo:
            return
        self._chosen = True
        embedder = embedder_for(self._slot, self._view)
        if embedder is not None and embedder.is_default and self._given and not self._view.vector_dimension:
            return
        self.embedder = embedder

    def _embedding(self, lot: list[Prepared], todo: list[Prepared]) -> Callable[[], list[Prepared]]:
        embedder = self.embedder

        def run() -> list[Prepared]:
            if embedder is not None:
                embed_documents(todo, embedder)
            return lot

        return run


def _lots(documents: Iterable[Prepared]) -> Iterator[list[Prepared]]:
    """Runs of documents with about as much text as is embedded at a time."""
    lot: list[Prepared] = []
    texts = chars = 0
    for prepared in documents:
        lot.append(prepared)
        texts += len(prepared.texts)
        chars += sum(len(text) for text in prepared.texts if text)
        if texts >= WINDOW_TEXTS or chars >= WINDOW_CHARS:
            yield lot
            lot, texts, chars = [], 0, 0
    if lot:
        yield lot


class _Task(Generic[T]):
    """Runs something in a thread that does not keep the program from ending."""

    def __init__(self, run: Callable[[], T]) -> None:
        self._run = run
        self._value: T | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="mv2-embed", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            self._value = self._run()
        except BaseException as error:  # noqa: BLE001 (raised where the result is asked for)
            self._error = error

    def result(self) -> T:
        """What came out, waited for; raises what it raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]
