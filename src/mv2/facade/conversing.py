"""What keeps conversations and shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mv2.facade.handle import Handle, check_kind, check_number
from mv2.types import Commit, Timestamp

if TYPE_CHECKING:
    from mv2.reports import Conversation, Message, SessionInfo


class Conversing(Handle):
    """Turns, sessions and their order."""

    def add_messages(
        self,
        messages: Iterable[Mapping[str, Any] | Message],
        *,
        session: str,
        title: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> list[int]:
        """Add turns to a conversation, in order; returns the frame id of each.

        Each turn becomes a document: its track is the session, its title the speaker's name (else
        the role), its label the role. All of them are added or none. A turn whose ``id`` is there
        already with the same content is left as it is; with other content it gets a new version.

        Args:
            messages: dictionaries with ``role``, ``content`` (text, or the list of parts that chat
                services use), ``name``, ``timestamp``, ``id``, ``parent_id``, ``tool_calls``,
                ``tool_call_id`` and ``metadata``; or ``Message`` objects. Only ``role`` is needed.
            session: the conversation's name.
            title, metadata: of the whole conversation; metadata is added to what it has.

        Raises: as ``put_many``.
        """
        from mv2.ingest.conversations import add_messages

        return add_messages(self._store, self._embedder, messages, session, title, metadata)

    def conversation(
        self,
        session: str,
        *,
        limit: int | None = None,
        before: int | None = None,
        as_of: Timestamp | None = None,
        as_of_frame: int | None = None,
        as_of_commit: int | Commit | None = None,
    ) -> Conversation:
        """The turns of a conversation in order; one that does not exist has none.

        Search in it with ``find(..., filter={"track": session}, context=2)``, which shows the turns
        around each hit.

        Args:
            limit: the last so many turns; None for all.
            before: only turns before that frame, which pages backwards. It may be gone meanwhile.

        Raises:
            FrameNotFoundError: there has never been a frame ``before``.
        """
        from mv2.ingest.conversations import conversation

        if limit is not None:
            check_number("limit", limit, whole=True)
        if before is not None:
            check_number("before", before, whole=True)
        check_kind("session", session, str)
        return conversation(self._view_at(as_of, as_of_frame, as_of_commit), session, limit, before)

    def sessions(
        self,
        *,
        as_of: Timestamp | None = None,
        as_of_frame: int | None = None,
        as_of_commit: int | Commit | None = None,
    ) -> list[SessionInfo]:
        """Every conversation, the one with the latest turn last."""
        from mv2.ingest.conversations import sessions

        return sessions(self._view_at(as_of, as_of_frame, as_of_commit))
