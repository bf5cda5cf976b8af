"""The process of one system: settings as an argument, requests and answers as lines of JSON."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

_ROW = re.compile(r"mv2://d/(\d+)")
_ORIGINALS_BATCH = 90
_SOURCES = ("format", "index", "ingest", "models", "storage")


class Mv2:
    """mv2 with its defaults.

    Args:
        embedder: as ``mv2.open`` takes it. mode: as ``find`` takes it.
        cache: folder where memories are kept, one for the documents, the embedder and the code.
    """

    def __init__(self, embedder: str, mode: str, cache: str) -> None:
        self._embedder = embedder
        self._mode: Any = mode
        self._cache = cache

    def build(self, rows: list[dict[str, Any]]) -> None:
        import mv2

        mark = [json.dumps(rows), os.path.realpath(self._embedder), _code_mark(Path(mv2.__file__).parent)]
        path = _cached(self._cache, "mv2", mark)
        if not os.path.exists(path):
            part = f"{path}.part"
            with mv2.open(part, "w", embedder=self._embedder) as memory:
                memory.put_many(
                    {
                        "content": row["text"],
                        "title": row["title"] or None,
                        "uri": f"mv2://d/{number}",
                        "track": row["session"] or None,
                        "timestamp": row["timestamp"],
                    }
                    for number, row in enumerate(rows)
                )
            os.replace(part, path)
        self._memory = mv2.open(path, "r", embedder=self._embedder)

    def search(self, query: str, k: int) -> list[tuple[int, float]]:
        hits = self._memory.find(query, k=k, mode=self._mode).hits
        return [(int(_ROW.match(hit.uri or "")[1]), hit.score) for hit in hits]  # type: ignore[index]

    def close(self) -> None:
        self._memory.close()


def _code_mark(package: Path) -> str:
    """Changes when the code that makes memories does."""
    files = sorted(path for part in _SOURCES for path in (package / part).rglob("*.py"))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()


def _cached(folder: str, kind: str, marks: Sequence[str]) -> str:
    digest = hashlib.sha256("\0".join(marks).encode()).hexdigest()[:24]
    return os.path.join(folder, f"{kind}-{digest}.mv2")


class Original:
    """The original engine through its published package; a call that raises counts as an empty answer."""

    def __init__(self, verb: str, cache: str) -> None:
        self._verb = verb
        self._cache = cache

    def build(self, rows: list[dict[str, Any]]) -> None:
        import memvid_sdk  # type: ignore[import-not-found]

        path = _cached(self._cache, "original", [json.dumps(rows)])
        if not os.path.exists(path):
            # It takes the name of the file for granted, so the unfinished one has a folder of its own.
            with tempfile.TemporaryDirectory(dir=self._cache) as folder:
                part = os.path.join(folder, "memory.mv2")
                memory = memvid_sdk.create(part, enable_lex=True)
                for start in range(0, len(rows), _ORIGINALS_BATCH):
                    batch = enumerate(rows[start : start + _ORIGINALS_BATCH], start)
                    memory.put_many([_request(number, row) for number, row in batch])
                memory.commit()
                memory.close()
                os.replace(part, path)
        self._memory = memvid_sdk.use("basic", path)

    def search(self, query: str, k: int) -> list[tuple[int, float]]:
        try:
            if self._verb == "ask":
                found = self._memory.ask(query, k=k, mode="lex", context_only=True, snippet_chars=40)
            else:
                found = self._memory.find(query, k=k, mode="lex", snippet_chars=40)
        except Exception:  # noqa: BLE001  whatever it raises, its user has no answer
            return []
        places = [_ROW.match(hit.get("uri") or "") for hit in found["hits"]]
        numbers = dict.fromkeys(int(place[1]) for place in places if place)
        return [(number, -float(rank)) for rank, number in enumerate(numbers)]

    def close(self) -> None:
        self._memory.close()


def _request(number: int, row: dict[str, Any]) -> dict[str, Any]:
    made = {"title": f"d{number}", "label": "turn", "text": row["text"] or ".", "uri": f"mv2://d/{number}"}
    return made if row["timestamp"] is None else {**made, "timestamp": row["timestamp"]}


class OfHarness:
    """A system of the harness."""

    def __init__(self, system: Any) -> None:
        self._system = system
        if not hasattr(system, "warm"):
            self.warm: Callable[[list[str]], None] = lambda _: None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._system, name)

    def build(self, rows: list[dict[str, Any]]) -> None:
        docs = [SimpleNamespace(title=row["title"], session=row["session"], when=None) for row in rows]
        self._system.build(docs, [row["text"] for row in rows])


def _of_harness(harness: str, expression: str, **_: Any) -> OfHarness:
    from benchmarks.retrieval.harness import load

    return OfHarness(load(harness).make(expression))


def _model(harness: str, folder: str, cache: str) -> OfHarness:
    """The vectors of a model alone, by exact cosine."""
    from benchmarks.retrieval.harness import load

    base = load(harness).Dense

    class Model(base):  # type: ignore[misc, valid-type]
        name = os.path.basename(os.path.realpath(folder)) + hashlib.sha256(folder.encode()).hexdigest()[:8]
        cache_dir = cache
        _loaded: Any = None

        def encode(self, texts: list[str]) -> Any:
            if self._loaded is None:
                from sentence_transformers import SentenceTransformer

                self._loaded = SentenceTransformer(folder, device="cpu")
            return self._loaded.encode(texts, batch_size=64, show_progress_bar=False)

    return OfHarness(Model())


_KINDS: dict[str, Callable[..., Any]] = {
    "mv2": Mv2,
    "original": Original,
    "harness": _of_harness,
    "model": _model,
}


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # libraries that print do not get between the answers
    settings = json.loads(sys.argv[1])
    os.makedirs(settings["cache"], exist_ok=True)
    system = _KINDS[settings.pop("kind")](**settings)
    for line in sys.stdin:
        request = json.loads(line)
        answer: Any = None
        if "search" in request:
            answer = [
                (int(number), float(score))
                for number, score in system.search(request["search"], request["k"])
            ]
        elif "build" in request:
            system.build(request["build"])
        elif "warm" in request and hasattr(system, "warm"):
            system.warm(request["warm"])
        elif "close" in request:
            system.close()
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
