"""Counts and sizes of a memory."""

from __future__ import annotations

import itertools

from mv2.format.frame import ROLE_CHUNK, STATUS_ACTIVE
from mv2.storage.capacity import live_bytes, payload_bytes
from mv2.storage.directory import pack_state
from mv2.storage.store import Store
from mv2.storage.vector_model import vector_model
from mv2.storage.view import View
from mv2.types import Stats


def collect_stats(store: Store, view: View) -> Stats:
    """The figures of a view: of the past only frames are counted, all else is of the file as it is."""
    base, overlay = view.base, view.overlay
    active, superseded, deleted = view.status_counts()
    ends = [
        view.timestamp(frame_id)
        for reverse in (False, True)
        for frame_id in itertools.islice(view.timeline_ids(None, None, reverse), 1)
    ]
    size = view.file.size()
    live = live_bytes(base)
    tail = base.tail
    return Stats(
        path=store.path,
        frame_count=active + superseded + deleted,
        active_frame_count=active,
        document_count=active - view.states.count(pack_state(STATUS_ACTIVE, ROLE_CHUNK)),
        deleted_frame_count=deleted,
        superseded_frame_count=superseded,
        pending_count=len(overlay.frames) + len(overlay.changes),
        size_bytes=size,
        live_bytes=live,
        dead_bytes=max(0, size - live),
        payload_bytes=payload_bytes(base) + sum(len(f.payload) for f in overlay.frames),
        logical_bytes=_logical_bytes(view),
        contents_bytes=base.anchor.contents_length,
        lexical_bytes=sum(segment.length for segment in tail.indexes.lex_segments),
        vector_bytes=sum(segment.length for segment in tail.catalogue.vec_segments)
        + (tail.indexes.vec.length if tail.indexes.vec is not None else 0),
        log_bytes=base.anchor.log_size,
        log_used_bytes=store.state.log.head,
        vector_count=base.vector_count + sum(1 for f in overlay.frames if f.embedding is not None),
        vector_dimension=view.vector_dimension,
        vector_model=vector_model(view),
        first_timestamp=ends[0] if ends else None,
        last_timestamp=ends[-1] if ends else None,
        generation=base.anchor.generation,
        read_only=not store.writable,
    )


def _logical_bytes(view: View) -> int:
    stored = sum(view.base.directory.canonical_lengths) if view.base.frame_count else 0
    return stored + sum(f.record.canonical_length or 0 for f in view.overlay.frames)
