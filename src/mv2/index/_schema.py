"""Schema, seed and opening of the embedded tantivy index.

tantivy creates indexes whose document store is lz4-compressed, which other
readers of the format cannot read, and its binding has no setting for it. So a
new index is a directory with a ``meta.json`` of our own that is then *opened*.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from mv2.errors import CorruptFileError, Error
from mv2.index._analysis import make_analyzer

if TYPE_CHECKING:
    from collections.abc import Iterable

    import tantivy

META: Final = "meta.json"
MANAGED: Final = ".managed.json"
CONTENT: Final = "content"
TAGS: Final = "tags"
LABELS: Final = "labels"
TRACK: Final = "track"
URI: Final = "uri"
TIMESTAMP: Final = "timestamp"
FRAME_ID: Final = "frame_id"
TOKENIZER: Final = "memvid_default"
RAW: Final = "raw"


def _text(name: str, tokenizer: str, record: str) -> dict[str, Any]:
    indexing = {"record": record, "fieldnorms": True, "tokenizer": tokenizer}
    return {"name": name, "type": "text", "options": {"indexing": indexing, "stored": False, "fast": False}}


def _number(name: str, kind: str, *, stored: bool) -> dict[str, Any]:
    options = {"indexed": True, "fieldnorms": False, "fast": True, "stored": stored}
    return {"name": name, "type": kind, "options": options}


SCHEMA: Final[list[dict[str, Any]]] = [
    _text(CONTENT, TOKENIZER, "position"),
    _text(TAGS, TOKENIZER, "basic"),
    _text(LABELS, TOKENIZER, "basic"),
    _text(TRACK, TOKENIZER, "basic"),
    _text(URI, RAW, "basic"),
    _number(TIMESTAMP, "i64", stored=False),
    _number(FRAME_ID, "u64", stored=True),
]
FIELDS: Final = tuple(field["name"] for field in SCHEMA)


def seed() -> list[tuple[str, bytes]]:
    """The files of an empty index."""
    meta = {
        "index_settings": {"docstore_compression": "none", "docstore_blocksize": 16384},
        "segments": [],
        "schema": SCHEMA,
        "opstamp": 0,
    }
    return [(META, json.dumps(meta).encode())]


def managed_list(names: Iterable[str]) -> bytes:
    """``.managed.json`` for files called `names`.

    Always made anew: tantivy deletes what stands in it when it collects garbage,
    and the one in a memory file could name anything.
    """
    return json.dumps(sorted(name for name in names if name != MANAGED)).encode()


def read_meta(data: bytes) -> dict[str, Any]:
    """Decode ``meta.json``; raises CorruptFileError if it has not the fields that search needs."""
    try:
        meta = json.loads(data)
        by_name = {field["name"]: field["options"] for field in meta["schema"]}
        missing = [name for name in FIELDS if name not in by_name]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise CorruptFileError(f"meta.json of the lexical index does not decode: {error}") from error
    if missing:
        raise CorruptFileError(f"the lexical index has no field {missing[0]!r}", remedy="Rebuild the index.")
    return {"fields": by_name, "native": meta["schema"] == SCHEMA}


def open_index(path: str) -> tantivy.Index:
    """Open the index in directory `path` with the format's tokenizers.

    Raises CorruptFileError if tantivy refuses the files.
    """
    import tantivy

    with damage_is_an_error:
        index = tantivy.Index.open(path)
    index.register_tokenizer(TOKENIZER, make_analyzer())
    index.register_tokenizer(RAW, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.raw()).build())
    return index


class _Guard:
    """Turns what tantivy raises over damaged files into CorruptFileError.

    A panic of its code is no Exception; on bytes from a file it means the same as
    a ValueError. Everything else passes.
    """

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if error is None or isinstance(error, Error):
            return
        panicked = type(error).__name__ == "PanicException"
        if panicked or isinstance(error, ValueError | OSError | RuntimeError):
            message = f"the lexical index cannot be used: {error}"
            raise CorruptFileError(message, remedy="Rebuild the index.") from error


damage_is_an_error: Final = _Guard()
