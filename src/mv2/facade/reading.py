"""What shows a memory as it is and as it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mv2.errors import FrameNotFoundError
from mv2.facade.handle import Handle, check_number
from mv2.ingest.frames import make_frame, make_timeline_entry
from mv2.ingest.times import to_seconds
from mv2.ingest.vectors import vector_values
from mv2.types import Commit, Diff, Frame, FrameRef, Moment, Stats, TimelineEntry, Timestamp, VerifyReport

if TYPE_CHECKING:
    from array import array


class Reading(Handle):
    """Frames, lists, the past, and the state of the file."""

    def commits(self) -> list[Commit]:
        """The commits that ``as_of_commit`` and ``diff`` can go back to, oldest first.

        A memory keeps some thousands of them; of more, every second of the older ones is forgotten.
        After the original engine has written, those are left whose traces it did not overwrite.
        """
        from mv2.storage.history import commit_points

        points = commit_points(self._store.view().base)
        return [Commit(number=p.number, at=p.at, frame_count=p.frame_count) for p in points]

    def diff(self, a: Moment, b: Moment | None = None) -> Diff:
        """What was added, replaced and removed between two points of the past; documents only.

        Several versions in between make one pair; so does a document that was deleted and put
        again under its uri. Frames are shown as they were at the point they belong to. The
        earlier of the two points counts as before, in whatever order they are given.

        Args:
            a, b: a ``Commit`` or its number (int), or a time (datetime, date or ISO string);
                None for now.

        Raises:
            InvalidArgumentError: not one of these.
            CommitNotFoundError: there is no such commit.
        """
        from mv2.ingest.differences import diff

        return diff(self._store.view(), a, b)

    def refresh(self) -> None:
        """Take the newest state; a reading handle stays a snapshot until this is called.

        Raises:
            FileReplacedError: the path is gone, or (for a writing handle) names another file.
        """
        self._store.refresh()

    def frame(
        self,
        frame: FrameRef,
        *,
        as_of: Timestamp | None = None,
        as_of_frame: int | None = None,
        as_of_commit: int | Commit | None = None,
    ) -> Frame:
        """A frame by id, or the newest by uri (an active one before others).

        Raises:
            FrameNotFoundError: there is none.
        """
        view = self._view_at(as_of, as_of_frame, as_of_commit)
        return make_frame(view, view.resolve(frame))

    def content(
        self,
        frame: FrameRef,
        *,
        as_of: Timestamp | None = None,
        as_of_frame: int | None = None,
        as_of_commit: int | Commit | None = None,
    ) -> bytes:
        """The exact bytes that were put.

        Raises:
            FrameNotFoundError: there is no such frame.
            ChecksumError: its stored bytes are damaged.
        """
        view = self._view_at(as_of, as_of_frame, as_of_commit)
        return view.content(view.resolve(frame))

    def text(
        self,
        frame: FrameRef,
        *,
        as_of: Timestamp | None = None,
        as_of_frame: int | None = None,
        as_of_commit: int | Commit | None = None,
    ) -> str:
        """The document's own text; empty when the content is not text.

        Raises: as ``content``.
        """
        view = self._view_at(as_of, as_of_frame, as_of_commit)
        return view.text(view.resolve(frame)) or ""

    def embedding(self, frame: FrameRef) -> array[float] | None:
        """The vector stored with a frame: ``array('f')`` of the file's dimension, or None."""
        view = self._store.view()
        data = view.embedding(view.resolve(frame))
        return None if data is None else vector_values(data)

    def frames(
        self,
        *,
        as_of: Timestamp | None = None,
        as_of_frame: int | None = None,
        as_of_commit: int | Commit | None = None,
    ) -> Iterator[Frame]:
        """Active documents in the order they were put (chunks are not listed)."""
        view = self._view_at(as_of, as_of_frame, as_of_commit)
        return (make_frame(view, frame_id) for frame_id in view.document_ids())

    def history(
        self,
        uri: str,
        *,
        as_of: Timestamp | None = None,
        as_of_frame: int | None = None,
        as_of_commit: int | Commit | None = None,
    ) -> list[Frame]:
        """Every version of a document, oldest first, deleted and superseded ones included.

        Raises:
            FrameNotFoundError: no frame ever had the uri.
        """
        view = self._view_at(as_of, as_of_frame, as_of_commit)
        ids = view.ids_of_uri(uri) if isinstance(uri, str) else []
        if not ids:
            raise FrameNotFoundError(f"no frame has the uri {uri!r}", path=self.path)
        return [make_frame(view, frame_id) for frame_id in ids]

    def timeline(
        self,
        *,
        limit: int | None = 100,
        since: Timestamp | None = None,
        until: Timestamp | None = None,
        reverse: bool = False,
        as_of: Timestamp | None = None,
        as_of_frame: int | None = None,
        as_of_commit: int | Commit | None = None,
    ) -> list[TimelineEntry]:
        """Active documents by timestamp, oldest first.

        Args:
            limit: at most so many; None for all.
            since: inclusive. until: exclusive.
            reverse: newest first.
        """
        if limit is not None:
            check_number("limit", limit, whole=True)
        view = self._view_at(as_of, as_of_frame, as_of_commit)
        low = None if since is None else to_seconds(since, "since")
        high = None if until is None else to_seconds(until, "until")
        entries: list[TimelineEntry] = []
        for frame_id in view.timeline_ids(low, high, reverse):
            if limit is not None and len(entries) >= limit:
                break
            entries.append(make_timeline_entry(view, frame_id))
        return entries

    def stats(
        self,
        *,
        as_of: Timestamp | None = None,
        as_of_frame: int | None = None,
        as_of_commit: int | Commit | None = None,
    ) -> Stats:
        """Counts and sizes.

        Of the past, the numbers of frames and documents and the first and last timestamp are those
        of that time; everything else is of the file as it is now.
        """
        from mv2.storage.stats import collect_stats

        return collect_stats(self._store, self._view_at(as_of, as_of_frame, as_of_commit))

    def verify(self, deep: bool = False) -> VerifyReport:
        """Check the file: checksums of everything, structure, counts.

        Args:
            deep: also decode every payload, and compare the indexes with the frames.
        """
        from mv2.search.check import check_index
        from mv2.storage.verify import verify_store

        return verify_store(self._store, deep=deep, check_index=check_index)
