"""The limit: tantivy, a file that is appended to and one fdatasync, with nothing around them.

No stemming, no checksums, no snippets worth the name, no way to recover; puts
are not searchable before a commit. Nothing that keeps promises can be quicker.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from benchmarks.engines._base import Found
from benchmarks.workload import Doc

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


class RawHandle:
    """An open index and its file."""

    def __init__(self, path: str) -> None:
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

        if self._searcher is None:
            self._searcher = self._index.searcher()
        schema = self._index.schema
        words = query.lower().split()
        parts = [(tantivy.Occur.Must, tantivy.Query.term_query(schema, "body", word)) for word in words]
        hits = self._searcher.search(tantivy.Query.boolean_query(parts), k, False).hits
        places = self._searcher.fast_field_values("place", [address for _, address in hits])
        idents = self._searcher.fast_field_values("ident", [address for _, address in hits])
        found = []
        for place, ident in zip(places, idents, strict=True):
            record = os.pread(self._file, 4096, place)
            length = int.from_bytes(record[:4], "little")
            title, _, _, text = record[4 : 4 + length].decode(errors="replace").split("\0", 3)
            at = max(0, text.lower().find(words[0]) - 40)
            found.append(Found(ident, title, text[at : at + _SNIPPET]))
        return found

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
