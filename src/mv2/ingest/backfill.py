"""Vectors for frames that are there already without: ids and versions stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from mv2.errors import ChecksumError, FormatError, InvalidArgumentError, ModelMismatchError
from mv2.format.frame import ROLE_CHUNK
from mv2.ingest.embedding import WINDOW_TEXTS, FileVectors, embedded_text, text_rows
from mv2.models.slot import EmbedderSlot
from mv2.storage.store import Store
from mv2.storage.view import View

if TYPE_CHECKING:
    from mv2.models.text_embedder import TextEmbedder

#: Vectors that share a commit.
_COMMIT_ROWS: Final = 10_000


def embed_missing(
    store: Store, slot: EmbedderSlot | None, progress: Callable[[int, int], object] | None
) -> int:
    """Embed active frames that have text and no vector; see ``Memvid.embed``."""
    embedder = None if slot is None else slot.get()
    if embedder is None:
        raise InvalidArgumentError(
            "the memory has no embedder",
            remedy="Open it with embedder=…, or install the offline one: pip install 'mv2[embed]'",
        )
    with store.turn() as view:
        _check(view, embedder)
    missing = _without_vector(view)
    given = 0
    for start in range(0, len(missing), _COMMIT_ROWS):
        ids, rows = missing[start : start + _COMMIT_ROWS], []
        for place in range(0, len(ids), WINDOW_TEXTS):
            texts = [_titled(view, frame_id) for frame_id in ids[place : place + WINDOW_TEXTS]]
            rows += text_rows(embedder, texts)
            if progress is not None:
                progress(start + len(rows), len(missing))
        given += _write(store, embedder, ids, rows)
    return given


def _write(store: Store, embedder: TextEmbedder, ids: Sequence[int], rows: Sequence[bytes]) -> int:
    """Commit vectors of frames, leaving out those that got one from another process meanwhile."""
    given = []
    with store.bulk() as bulk:
        _check(bulk.view, embedder)
        for frame_id, row in zip(ids, rows, strict=True):
            if bulk.view.embedding(frame_id) is None:
                bulk.give_vector(frame_id, row)
                given.append(frame_id)
        if given and embedder.name is not None:
            bulk.name_vector_model(given[-1], embedder.name)
    return len(given)


def _check(view: View, embedder: TextEmbedder) -> None:
    """Refuse a memory whose vectors are of another model, or perhaps are.

    Raises:
        ModelMismatchError, VecDimensionMismatchError: they do not belong together.
    """
    vectors = FileVectors.of(view)
    if not vectors.allows(embedder):
        raise ModelMismatchError(
            f"the memory has vectors of {vectors.dimension} numbers by the model "
            f"{vectors.model or 'that nobody named'!r}, and the default embedder is {embedder.label!r}",
            remedy="Open it with the embedder that made them.",
        )


def _without_vector(view: View) -> list[int]:
    """Active frames with text and without a vector; chunks whose document has one do not lack it."""
    found = []
    for frame_id in view.active_ids():
        if view.embedding(frame_id) is not None:
            continue
        if view.role(frame_id) == ROLE_CHUNK:
            parent = view.record(frame_id).parent_id
            if parent is not None and view.embedding(parent) is not None:
                continue
        elif view.children(frame_id):
            continue
        if _text(view, frame_id).strip():
            found.append(frame_id)
    return found


def _titled(view: View, frame_id: int) -> str:
    parent = view.parent(frame_id) if view.role(frame_id) == ROLE_CHUNK else None
    return embedded_text(view.record(frame_id if parent is None else parent).title, _text(view, frame_id))


def _text(view: View, frame_id: int) -> str:
    try:
        return view.text(frame_id) or ""
    except (ChecksumError, FormatError):
        return ""  # verify reports it
