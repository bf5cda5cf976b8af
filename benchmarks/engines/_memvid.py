"""The original engine, with its network use turned off; slow, so only for small sizes."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable
from typing import Any

from benchmarks.engines._base import Found
from benchmarks.workload import Doc

_QUICK: dict[str, Any] = {"enable_embedding": False, "auto_tag": False, "extract_dates": False}
_PLAIN: dict[str, Any] = {"label": "", "metadata": {}, **_QUICK}
os.environ.update(MEMVID_TELEMETRY="0", MEMVID_OFFLINE="1")


class MemvidHandle:
    """A memory, open."""

    def __init__(self, path: str, read_only: bool) -> None:
        import memvid_sdk

        self._memory = memvid_sdk.use("basic", path, mode="open", read_only=read_only)

    def put(self, doc: Doc) -> int:
        return int(self._memory.put(**doc._asdict(), **_PLAIN))

    def find(self, query: str, k: int = 10) -> list[Found]:
        import memvid_sdk

        try:
            hits = self._memory.find(query, k=k, mode="lex", snippet_chars=240)["hits"]
        except memvid_sdk.LexIndexDisabledError:  # its way of saying "nothing found", at times
            return []
        return [Found(int(hit["frame_id"]), hit.get("title"), hit["text"]) for hit in hits]

    def update(self, ident: int, doc: Doc) -> None:
        raise NotImplementedError

    def delete(self, ident: int) -> None:
        self._memory.remove(ident)

    def commit(self) -> None:
        self._memory.commit()

    def refresh(self) -> None:
        """Has none."""

    def close(self) -> None:
        self._memory.close()


class Memvid:
    """memvid-sdk."""

    name = "memvid"
    modules = "import memvid_sdk"
    cold = (
        "import sys\n"
        "from benchmarks.engines._memvid import ENGINE\n"
        "memory = ENGINE.open(sys.argv[1], read_only=True)\n"
        "for hit in memory.find(sys.argv[2]): print(hit.title, hit.snippet)\n"
    )

    def bulk(self, path: str, docs: Iterable[Doc], vectors: Iterable[bytes] | None = None) -> None:
        import memvid_sdk

        if os.path.exists(path):
            memory = memvid_sdk.use("basic", path, mode="open")
        else:
            memory = memvid_sdk.create(path, enable_vec=vectors is not None)
        requests: list[dict[str, Any]] = [{**doc._asdict(), "label": "", "metadata": {}} for doc in docs]
        embeddings = None if vectors is None else [array("f", vector).tolist() for vector in vectors]
        memory.put_many(requests, embeddings=embeddings, opts=_QUICK)
        memory.close()

    def open(self, path: str, *, read_only: bool = False, **_: Any) -> MemvidHandle:
        return MemvidHandle(path, read_only)

    def ident(self, position: int) -> int:
        return position


ENGINE = Memvid()
