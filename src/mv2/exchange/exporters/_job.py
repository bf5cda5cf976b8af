"""What is to be exported, and how it goes."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mv2.types import Commit, Timestamp

if TYPE_CHECKING:
    from mv2 import Memvid, Record

Progress = Callable[[int, "int | None"], object]
encode_json: Final = json.JSONEncoder(ensure_ascii=False, separators=(", ", ": ")).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One export.

    Attributes:
        memory: what is exported.
        path: where to.
        filter, as_of, as_of_frame, as_of_commit: which part of it, and when.
        progress: called now and then with (documents done, None).
    """

    memory: Memvid
    path: Path
    filter: Mapping[str, Any] | None = None
    as_of: Timestamp | None = None
    as_of_frame: int | None = None
    as_of_commit: int | Commit | None = None
    progress: Progress | None = None

    def records(self, *, history: bool = False, vectors: bool = False) -> Iterator[Record]:
        """The documents, one after the other."""
        found = self.memory.records(
            filter=self.filter,
            as_of=self.as_of,
            as_of_frame=self.as_of_frame,
            as_of_commit=self.as_of_commit,
            history=history,
            vectors=vectors,
        )
        count = 0
        for count, record in enumerate(found, 1):
            yield record
            if self.progress is not None and count % 100 == 0:
                self.progress(count, None)
        if self.progress is not None:
            self.progress(count, count)


def iso_time(seconds: int | None) -> str | None:
    """A time in ISO 8601 (UTC); the number itself where the calendar ends; None for none."""
    if seconds is None:
        return None
    try:
        return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")
    except (ValueError, OverflowError, OSError):
        return str(seconds)


def shown_title(record: Record) -> str:
    """What to call a document: its title, the end of its uri, or its number."""
    title = " ".join((record.title or "").split())
    if title:
        return title
    uri = record.uri or ""
    if uri and not uri.startswith("mv2://frames/"):
        return uri.rstrip("/").rpartition("/")[2] or uri
    return f"Document {record.id}"
