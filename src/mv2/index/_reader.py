"""Reading an embedded index."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Final

from mv2.errors import ClosedError
from mv2.index import _schema as schema
from mv2.index._analysis import clean
from mv2.index._files import materialise
from mv2.index._queries import Queries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import tantivy

    from mv2.index._workdir import Buffer, WorkDir

# As they stand in the index. Going through all its words for one takes longer than a search.
_LIKELY: Final = ("a", "i", "the", "to", "in", "be", "is", "de", "en", "1")


_MOST_FREQUENCIES = 50_000


class LexicalReader:
    """An opened index. Safe to share between threads; never changes."""

    def __init__(self, index: tantivy.Index, directory: WorkDir, meta: dict[str, Any]) -> None:
        self._searcher: tantivy.Searcher | None = index.searcher()
        self._directory = directory
        self._fast_ids = bool(meta["fields"][schema.FRAME_ID].get("fast"))
        self._mean_length: float | None = None
        self._frequencies: dict[tuple[str, str], int] = {}
        self.sorted_by_time = bool(meta["fields"][schema.TIMESTAMP].get("fast"))
        self.trusted = bool(meta["native"])
        self.queries = Queries(index.schema)
        self.num_docs: int = self._searcher.num_docs
        self.num_segments: int = self._searcher.num_segments

    @classmethod
    def open(cls, files: Iterable[tuple[str, Buffer]], *, trusted: bool | None = None) -> LexicalReader:
        """Open an embedded index.

        Where the platform allows, nothing of it is left in the file system on return.

        Args:
            files: name and contents of each of its files.
            trusted: whether each entry's frame id is right and each frame stands in it
                once; if not, every hit is checked against its frame. None trusts an
                index that has the schema we write.

        Raises:
            CorruptFileError: a name that is not plain, or contents that are no such index.
            DiskFullError, StorageError: no temporary directory can take the files.
        """
        directory, meta = materialise(files)
        try:
            with schema.damage_is_an_error:
                reader = cls(schema.open_index(directory.path), directory, meta)
        except BaseException:
            directory.remove()
            raise
        if trusted is not None:
            reader.trusted = trusted
        if os.name == "posix":
            directory.remove()
        return reader

    def search(self, query: tantivy.Query, limit: int, offset: int = 0) -> list[tuple[float, int]]:
        """(score, frame id) of hits, best first; a frame that the index holds twice appears once.

        `offset` and `limit` count index entries, so duplicates make the result shorter.
        """
        return self.top(query, limit + offset, offset=offset)[0]

    def top(
        self, query: tantivy.Query, limit: int, *, newest: bool = False, offset: int = 0
    ) -> tuple[list[tuple[float, int]], int]:
        """The first `limit` entries as `search` returns them, and how many match at all.

        Args:
            query: made by `queries`.
            limit: entries to look at, duplicates counted; any number is safe.
            offset: entries to leave out first; they count for `limit`.
            newest: order by timestamp, latest first, instead of score; the first
                item of each pair is then the timestamp.

        Raises:
            CorruptFileError: the index turns out to be damaged.
        """
        searcher = self._open_searcher()
        if limit <= 0 or self.num_docs == 0:
            return [], self.count(query) if self.num_docs else 0
        # The limit is allocated at once: an unbounded one ends the process.
        limit = min(limit, self.num_docs)
        options: dict[str, Any] = {"order_by_field": schema.TIMESTAMP} if newest else {}
        with schema.damage_is_an_error:
            result: Any = searcher.search(query, limit, True, offset=min(offset, limit), **options)
            hits = result.hits
            ids = self._frame_ids(searcher, [address for _, address in hits])
        seen: set[int] = set()
        found = []
        for (score, _), frame_id in zip(hits, ids, strict=True):
            if frame_id is not None and frame_id not in seen:
                seen.add(frame_id)
                found.append((score, frame_id))
        return found, result.count

    def count(self, query: tantivy.Query) -> int:
        """Number of index entries that match."""
        with schema.damage_is_an_error:
            result: Any = self._open_searcher().search(query, 1, True)
        return int(result.count)

    def doc_freq(self, field: str, term: str) -> int:
        """Number of entries whose `field` has the exact term, deleted ones not yet merged away included."""
        searcher = self._open_searcher()
        found = self._frequencies.get((field, term))
        if found is None:
            if len(self._frequencies) >= _MOST_FREQUENCIES:
                self._frequencies.clear()
            found = self._frequencies[field, term] = searcher.doc_freq(field, clean(term))
        return found

    def terms_with_prefix(self, field: str, prefix: str, limit: int) -> list[tuple[str, int]]:
        """Up to `limit` terms that begin with `prefix`, the most frequent first, with their frequency."""
        return self._open_searcher().terms_with_prefix(field, clean(prefix), limit=limit)

    @property
    def mean_length(self) -> float:
        """Mean number of words in ``content``; 0 for an empty index."""
        if self._mean_length is None:
            self._mean_length = self._find_mean_length()
        return self._mean_length

    def close(self) -> None:
        """Let go of the index; using it afterwards raises ClosedError. Closing twice is harmless."""
        self._searcher = None
        self._directory.remove()

    def _open_searcher(self) -> tantivy.Searcher:
        searcher = self._searcher
        if searcher is None:
            raise ClosedError("the lexical index was closed")
        return searcher

    def _frame_ids(
        self, searcher: tantivy.Searcher, addresses: list[tantivy.DocAddress]
    ) -> Sequence[int | None]:
        if self._fast_ids:
            values: Any = searcher.fast_field_values(schema.FRAME_ID, addresses)
            return values  # type: ignore[no-any-return]
        return [searcher.doc(address).get_first(schema.FRAME_ID) for address in addresses]

    def _find_mean_length(self) -> float:
        # tantivy tells the mean only where it explains a score, of whichever word.
        searcher = self._open_searcher()
        for word in self._some_words(searcher):
            query = self.queries.term(schema.CONTENT, word)
            for _, address in searcher.search(query, 1).hits:
                for detail in _details(json.loads(query.explain(searcher, address).to_json())):
                    if detail["description"].startswith("avgdl"):
                        return float(detail["value"])
        return 0.0

    def _some_words(self, searcher: tantivy.Searcher) -> Iterator[str]:
        """Words of the index, those first that are likely and found at once."""
        for word in _LIKELY:
            if searcher.doc_freq(schema.CONTENT, word):
                yield word
        for word, _ in searcher.terms_with_prefix(schema.CONTENT, "", limit=1):
            yield word


def _details(node: dict[str, Any]) -> list[dict[str, Any]]:
    found = [node]
    for child in node.get("details", ()):
        found += _details(child)
    return found
