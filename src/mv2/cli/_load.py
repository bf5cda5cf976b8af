"""Putting many documents: in batches, skipping what has not changed, going on after a bad file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import mv2
from mv2.cli._inputs import Source, UnreadableError, as_text
from mv2.cli._output import one_line
from mv2.types import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mv2.types import OnConflict

# One batch is one commit: large enough to be cheap, small enough to keep in memory.
_BATCH_COUNT: Final = 2_000
_BATCH_BYTES: Final = 32 * 1024 * 1024
# Errors about one document rather than about the memory.
_OF_THE_DOCUMENT: Final = (mv2.InvalidArgumentError, mv2.DuplicateUriError)
_OF_ALL: Final = (mv2.ModelMismatchError, mv2.VecDimensionMismatchError)


@dataclass(slots=True)
class Outcome:
    """What became of the sources.

    Attributes:
        put: those that were put.
        unchanged: names of those whose current content is the same already.
        failed: those that could not be read or put, with the reason.
        interrupted: True when the user stopped the work.
    """

    put: list[dict[str, Any]] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failed: list[dict[str, str]] = field(default_factory=list)
    interrupted: bool = False


def refusals(sources: Sequence[Source]) -> Outcome:
    """The outcome when none of the sources can be read."""
    return Outcome(failed=[{"source": source.name, "error": source.problem or ""} for source in sources])


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How documents are made of sources.

    Attributes:
        fields: arguments of ``Document`` that the user gave; the same for all.
        uri: identity of the only document, or None for the default.
        use_mtime: take each file's time of modification as its timestamp.
        on_conflict: as in ``Memvid.put``.
        dedup: as in ``Memvid.put``.
    """

    fields: Mapping[str, Any]
    uri: str | None = None
    use_mtime: bool = False
    on_conflict: OnConflict = "version"
    dedup: bool = False


class Loader:
    """Puts sources into a memory; ``outcome`` says how far it came, at any moment."""

    def __init__(self, memory: mv2.Memvid, plan: Plan, progress: Callable[[int, int | None], None]) -> None:
        self.outcome = Outcome()
        self._memory = memory
        self._plan = plan
        self._progress = progress
        self._seen = 0
        self._total = 0
        self._batch: list[tuple[Source, Document]] = []

    def run(self, sources: Sequence[Source]) -> Outcome:
        """Put all sources; an interrupt ends the work and is noted in the outcome."""
        self._total = len(sources)
        waiting = 0
        try:
            for source in sources:
                document = self._document(source)
                self._seen += 1
                if document is None:
                    self._progress(self._seen - len(self._batch), self._total)
                    continue
                self._batch.append((source, document))
                waiting += len(document.content) if isinstance(document.content, str | bytes) else 0
                if len(self._batch) >= _BATCH_COUNT or waiting >= _BATCH_BYTES:
                    self._flush()
                    waiting = 0
            self._flush()
        except KeyboardInterrupt:
            self.outcome.interrupted = True
            self._settle()
        return self.outcome

    def _document(self, source: Source) -> Document | None:
        """What to put for a source; None when there is nothing to put."""
        try:
            content = source.read()
        except UnreadableError as error:
            self._fail(source, str(error))
            return None
        fields = dict(self._plan.fields)
        if self._plan.use_mtime:
            fields["timestamp"] = source.modified()
        if source.path is not None:
            fields["source_path"] = as_text(str(source.path))
        uri = self._plan.uri or source.uri
        if self._plan.on_conflict == "version" and uri is not None and self._is_current(uri, content):
            self.outcome.unchanged.append(source.name)
            return None
        if source.path is not None:
            fields.setdefault("title", as_text(source.path.name))
        return Document(
            content=content,
            uri=uri,
            dedup=self._plan.dedup,
            on_conflict=self._plan.on_conflict,
            **fields,
        )

    def _is_current(self, uri: str, content: str | bytes) -> bool:
        """Whether the active frame of the uri has this content and the fields that were given."""
        wanted = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
        try:
            frame = self._memory.frame(uri)
            if frame.status != "active" or frame.length != len(wanted):
                return False
            for name, value in self._plan.fields.items():
                if name not in ("timestamp", "mime") and getattr(frame, name) != value:
                    return False
            return self._memory.content(frame.id) == wanted
        except mv2.FrameNotFoundError:
            return False

    def _flush(self) -> None:
        """Put the batch as one commit; if a document in it cannot be put, one by one."""
        if not self._batch:
            return
        before = self._seen - len(self._batch)
        documents = [document for _, document in self._batch]
        try:
            ids = self._memory.put_many(
                documents, progress=lambda done, _: self._progress(before + done, self._total)
            )
        except _OF_ALL:
            raise
        except _OF_THE_DOCUMENT:
            self._one_by_one()
            return
        self._acknowledge(ids)

    def _one_by_one(self) -> None:
        batch, self._batch = self._batch, []
        for source, document in batch:
            self._batch = [(source, document)]
            try:
                ids = self._memory.put_many([document])
            except _OF_THE_DOCUMENT as error:
                self._fail(source, error.message)
                self._batch = []
            else:
                self._acknowledge(ids)

    def _acknowledge(self, ids: Sequence[int]) -> None:
        for (source, document), frame_id in zip(self._batch, ids, strict=True):
            uri = document.uri or self._memory.frame(frame_id).uri
            self.outcome.put.append({"frame_id": frame_id, "uri": uri, "source": source.name})
        self._batch = []

    def _settle(self) -> None:
        """After an interrupt: a batch is there wholly or not at all; find out which."""
        if not self._batch:
            return
        uri, content = self._batch[-1][1].uri, self._batch[-1][1].content
        if uri is None or not isinstance(content, str | bytes):
            return
        try:
            if self._is_current(uri, content):
                self._acknowledge([self._memory.frame(d.uri or "").id for _, d in self._batch])
        except mv2.Error:
            return

    def _fail(self, source: Source, reason: str) -> None:
        self.outcome.failed.append({"source": source.name, "error": one_line(reason)})
