"""Read by mypy only: answers and asynchronous twins have the types they promise."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import assert_type

import mv2


def asking(memory: mv2.Memvid) -> None:
    answer = memory.ask("Who?", k=3, model="ollama:llama3", filter={"year": 2024}, as_of="2024-01-01")
    assert_type(answer, mv2.Answer)
    assert_type(answer.citations, tuple[mv2.Citation, ...])
    assert_type(answer.passages, tuple[mv2.Passage, ...])
    assert_type(answer.usage, mv2.Usage | None)
    assert_type(answer.context, str)
    answer.text = "other"  # type: ignore[misc]
    memory.ask("Who?", prompt=mv2.Prompt(system="Be brief."), on_token=print)
    memory.ask("Who?", mode="guess")  # type: ignore[arg-type]
    assert_type(memory.correct("It is blue.", topics=["gate"], boost=3, source="Ann"), int)


async def waiting(path: Path) -> None:
    async with mv2.aio.open(path, "r", lock_timeout=1.0) as memory:
        assert_type(memory, mv2.aio.AsyncMemvid)
        assert_type(await memory.put("text", tags=["a"]), int)
        assert_type(await memory.find("words", k=3), mv2.SearchResult)
        assert_type(await memory.ask("Who?"), mv2.Answer)
        assert_type(memory.frames(), AsyncIterator[mv2.Frame])
        assert_type(memory.ask_stream("Who?", model=print), AsyncIterator[str | mv2.Answer])
        assert_type(await memory.history("mv2://x"), list[mv2.Frame])
        async with memory.batch():
            await memory.delete(0)
        await memory.find("words", k="3")  # type: ignore[arg-type]
        await memory.put()  # type: ignore[call-arg]
    assert_type(await mv2.aio.open(path), mv2.aio.AsyncMemvid)
    mv2.aio.open(path, "b")  # type: ignore[arg-type]
