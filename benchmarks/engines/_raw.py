"""The limit: tantivy, a file that is appended to and one fdatasync, with nothing around them.

No stemming, no checksums, no snippets worth the name, no way to recover; puts
are not searchable before a commit. Nothing that keeps promises can be quicker.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from benchmarks.engines._base import EVERYWHERE, Found, Within, content_words, mixed
from benchmarks.workload import DIMENSION, Doc

_SNIPPET = 240


def _index(path: str) -> Any:
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("body", stored=False, tokenizer_name="plain", index_option="position")
    builder.add_text_field("tags", stored=False, tokenizer_name="plain", index_option="basic")
    builder.add_unsigned_field("ident", stored=False, indexed=True, fast=True)
    builder.add_unsigned_field("place", stored=False, fast=True)
    builder.add_integer_field("time", stored=False, indexed=True, fast=True)
    index = tantivy.Index(builder.build(), path=path)
    analyzer = (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple()).filter(tantivy.Filter.lowercase()).build()
    )
    index.register_tokenizer("plain", analyzer)
    return index


def _record(doc: Doc) -> bytes:
    return f"{doc.title}\0{','.join(doc.tags)}\0{doc.timestamp}\0{doc.text}".encode()


class _Vectors:
    """A scan over sign bits, and an exact look at the best by them; all in memory, without checks.

    The centre is taken off and the dimensions are turned first, or a scan hands on far too many.
    """

    depth = 400  # at least; a fortieth of large sets, for a recall of 0.99

    def __init__(self, path: str) -> None:
        import numpy as np

        self._rows = np.memmap(os.path.join(path, "vectors"), "<f4", "r").reshape(-1, DIMENSION)
        bits = os.path.join(path, "bits.npz")
        if not os.path.exists(bits):
            self._make(bits)
        with np.load(bits) as made:
            self._bits, self._centre, self._turn = made["bits"], made["centre"], made["turn"]
            self.places: list[int] = made["places"].tolist()
        count = len(self._rows)
        self._scratch = np.empty(count, np.uint64), np.empty(count, np.uint8), np.empty(count, np.uint16)

    def _make(self, path: str) -> None:
        import numpy as np

        centre = self._rows.mean(axis=0)
        turn = np.linalg.qr(np.random.default_rng(1).standard_normal((DIMENSION, DIMENSION)))[0]
        turn = turn.astype(np.float32)
        signs = np.packbits((self._rows - centre) @ turn > 0, axis=1)
        bits = np.ascontiguousarray(signs.view(np.uint64).T)
        at, places = 0, []
        with open(os.path.join(os.path.dirname(path), "bodies"), "rb") as file:
            while head := file.read(4):
                places.append(at)
                at += 4 + int.from_bytes(head, "little")
                file.seek(at)
        np.savez(path, bits=bits, centre=centre, turn=turn, places=np.array(places))

    def best(self, vector: bytes, k: int) -> dict[int, float]:
        """Cosine by document, best first."""
        import numpy as np

        query = np.frombuffer(vector, "<f4")
        query = query / np.linalg.norm(query)
        if len(self._rows) <= 4096:
            near = np.arange(len(self._rows))
            scores = self._rows @ query
        else:
            near = self._likely(query)
            scores = self._rows[near] @ query
        best = np.argpartition(-scores, k)[:k]
        best = best[np.argsort(-scores[best])]
        return dict(zip(near[best].tolist(), scores[best].tolist(), strict=True))

    def _likely(self, query: Any) -> Any:
        import numpy as np

        wanted = np.packbits((query - self._centre) @ self._turn > 0).view(np.uint64)
        differing, counts, total = self._scratch
        total[:] = 0
        for column, word in zip(self._bits, wanted, strict=True):
            np.bitwise_xor(column, word, out=differing)
            np.bitwise_count(differing, out=counts)
            np.add(total, counts, out=total)
        reached = np.cumsum(np.bincount(total, minlength=DIMENSION + 1))
        return np.flatnonzero(total <= np.searchsorted(reached, max(self.depth, len(total) // 40)))


class RawHandle:
    """An open index and its file."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._vectors: _Vectors | None = None
        self._index = _index(path)
        self._file = os.open(os.path.join(path, "bodies"), os.O_RDWR | os.O_CREAT, 0o600)
        self._end = os.fstat(self._file).st_size
        self._searcher: Any = None

    def put(self, doc: Doc) -> int:
        record = _record(doc)
        os.pwrite(self._file, len(record).to_bytes(4, "little") + record, self._end)
        os.fdatasync(self._file)
        self._end += 4 + len(record)
        return 0

    def find(self, query: str, k: int = 10) -> list[Found]:
        import tantivy

        return self._words(query.lower().split(), tantivy.Occur.Must, k, [])

    def ask(self, question: str, k: int = 10) -> list[Found]:
        import tantivy

        return self._words(content_words(question), tantivy.Occur.Should, k, [])

    def find_within(self, query: str, within: Within, k: int = 10) -> list[Found]:
        import tantivy

        words, more = query.lower().split(), self._conditions(within)
        found = self._words(words, tantivy.Occur.Must, k, more)
        return found if len(found) == k else self._words(words, tantivy.Occur.Should, k, more)

    def _searching(self) -> Any:
        if self._searcher is None:
            self._searcher = self._index.searcher()
        return self._searcher

    def _conditions(self, within: Within) -> list[Any]:
        """Queries that all must hold."""
        import tantivy

        schema, parts = self._index.schema, []
        if within.tags is not None:
            parts.append(tantivy.Query.term_set_query(schema, "tags", list(within.tags)))
        if within.since is not None or within.until is not None:
            since, until = within.since or 0, within.until or 1 << 62
            kind = tantivy.FieldType.Integer
            parts.append(tantivy.Query.range_query(schema, "time", kind, since, until, True, False))
        return [tantivy.Query.const_score_query(part, 0.0) for part in parts]

    def _query(self, words: list[str], occur: Any, more: list[Any]) -> Any:
        import tantivy

        schema = self._index.schema
        parts = [(occur, tantivy.Query.term_query(schema, "body", word)) for word in words]
        if not more:
            return tantivy.Query.boolean_query(parts)
        must = [(tantivy.Occur.Must, one) for one in (tantivy.Query.boolean_query(parts), *more)]
        return tantivy.Query.boolean_query(must)

    def _words(self, words: list[str], occur: Any, k: int, more: list[Any]) -> list[Found]:
        searcher = self._searching()
        hits = searcher.search(self._query(words, occur, more), k, False).hits
        addresses = [address for _, address in hits]
        places = searcher.fast_field_values("place", addresses)
        idents = searcher.fast_field_values("ident", addresses)
        return [self._shown(ident, place, words[0]) for place, ident in zip(places, idents, strict=True)]

    def _shown(self, ident: int, place: int, word: str) -> Found:
        record = os.pread(self._file, 4096, place)
        length = int.from_bytes(record[:4], "little")
        title, _, _, text = record[4 : 4 + length].decode(errors="replace").split("\0", 3)
        at = max(0, text.lower().find(word) - 40) if word else 0
        return Found(ident, title, text[at : at + _SNIPPET])

    def _near(self) -> _Vectors:
        if self._vectors is None:
            self._vectors = _Vectors(self._path)
        return self._vectors

    def nearest(self, vector: bytes, k: int = 10, within: Within = EVERYWHERE) -> list[Found]:
        if within != EVERYWHERE:
            raise NotImplementedError
        near = self._near()
        return [self._shown(number, near.places[number], "") for number in near.best(vector, k)]

    def hybrid(self, query: str, vector: bytes, k: int = 10) -> list[Found]:
        import tantivy

        words, searcher = query.lower().split(), self._searching()
        hits = searcher.search(self._query(words, tantivy.Occur.Should, []), 100, False).hits
        idents = searcher.fast_field_values("ident", [address for _, address in hits])
        lexical = {ident: score for ident, (score, _) in zip(idents, hits, strict=True)}
        near = self._near()
        best = mixed(lexical, near.best(vector, 100))[:k]
        return [self._shown(number, near.places[number], words[0]) for number in best]

    def update(self, ident: int, doc: Doc) -> None:
        del ident
        self.put(doc)

    def delete(self, ident: int) -> None:
        os.pwrite(self._file, ident.to_bytes(8, "little"), self._end)
        os.fdatasync(self._file)
        self._end += 8

    def commit(self) -> None:
        os.fdatasync(self._file)

    def refresh(self) -> None:
        self._index.reload()

    def close(self) -> None:
        os.close(self._file)


class Raw:
    """tantivy and a file."""

    name = "raw"
    modules = "import tantivy"
    cold = (
        "import sys\n"
        "from benchmarks.engines._raw import ENGINE\n"
        "for hit in ENGINE.open(sys.argv[1]).find(sys.argv[2]): print(hit.title, hit.snippet)\n"
    )

    def bulk(self, path: str, docs: Iterable[Doc], vectors: Iterable[bytes] | None = None) -> None:
        from tantivy import Document

        os.makedirs(path, exist_ok=True)
        writer = _index(path).writer(80_000_000, 2)
        number = 0
        with open(os.path.join(path, "bodies"), "ab") as file:
            for doc in docs:
                entry = Document()
                entry.add_text("body", doc.text)
                entry.add_text("body", doc.title)
                for tag in doc.tags:
                    entry.add_text("tags", tag)
                entry.add_unsigned("ident", number)
                entry.add_unsigned("place", file.tell())
                entry.add_integer("time", doc.timestamp)
                writer.add_document(entry)
                record = _record(doc)
                file.write(len(record).to_bytes(4, "little") + record)
                number += 1
            file.flush()
            os.fdatasync(file.fileno())
        if vectors is not None:
            with open(os.path.join(path, "vectors"), "ab") as file:
                file.writelines(vectors)
                file.flush()
                os.fdatasync(file.fileno())
        writer.commit()
        writer.wait_merging_threads()

    def open(self, path: str, **_: Any) -> RawHandle:
        return RawHandle(path)

    def ident(self, position: int) -> int:
        return position


ENGINE = Raw()
