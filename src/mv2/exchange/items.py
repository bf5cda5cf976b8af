"""What readers of other programs' data hand over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from mv2.types import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedConversation:
    """Messages that belong together.

    Attributes:
        session: stable name of the session, the same in every export of it.
        title: what its program calls it.
        messages: in order; each with ``role``, ``content``, ``id`` and, where known, ``timestamp``
            (UTC seconds), ``name``, ``parent_id``, ``tool_calls``, ``tool_call_id``, ``metadata``.
        metadata: JSON values about the whole of it.
        created: when it began (UTC seconds).
    """

    session: str
    title: str | None = None
    messages: Sequence[Mapping[str, Any]] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    created: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Something of the source that was not taken.

    Attributes:
        where: its place in the source: a file and line, an id, a row.
        reason: why, for people.
    """

    where: str
    reason: str


Item: TypeAlias = Document | ImportedConversation | Skipped
