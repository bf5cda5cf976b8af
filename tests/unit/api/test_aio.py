"""The asynchronous twins: same arguments, same results, and no handle left in use."""

from __future__ import annotations

import asyncio
import inspect
import threading
from typing import TYPE_CHECKING, Any

import pytest

import mv2

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

# What does not wait, or opens (mv2.aio.open does that), or never ends.
WITHOUT_TWIN = {"create", "open", "open_read_only", "try_open", "path", "closed", "read_only", "watch"}


def run(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 30))


def test_everything_that_waits_has_a_twin_with_the_same_arguments() -> None:
    for name, method in inspect.getmembers(mv2.Memvid):
        if name.startswith("_") or name in WITHOUT_TWIN:
            continue
        twin = getattr(mv2.aio.AsyncMemvid, name)
        assert list(inspect.signature(twin).parameters) == list(inspect.signature(method).parameters), name
        assert inspect.getdoc(twin), name


def test_opening_takes_what_opening_takes() -> None:
    assert inspect.signature(mv2.aio.open).parameters == inspect.signature(mv2.open).parameters


def test_a_life(path: Path) -> None:
    async def story() -> None:
        async with mv2.aio.open(path, embedder="none") as memory:
            first = await memory.put("The kettle is descaled with vinegar.", uri="mv2://kettle")
            many = await memory.put_many([{"content": f"note {n}"} for n in range(300)])
            assert (first, len(many)) == (0, 300)
            assert (await memory.find("vinegar")).hits[0].frame_id == first
            assert (await memory.ask("How is the kettle descaled?")).found
            newer = await memory.update("mv2://kettle", title="Kettle")
            assert (await memory.frame("mv2://kettle")).id == newer
            assert await memory.text(newer) == "The kettle is descaled with vinegar."
            assert len([frame async for frame in memory.frames()]) == 301
            assert len(await memory.timeline(limit=None)) == 301
            await memory.delete(newer)
            assert len(await memory.history("mv2://kettle")) == 2
            assert await memory.correct("The kettle is new.")
            await memory.commit()
            assert (await memory.verify()).ok
            assert (await memory.stats()).document_count == 301
            assert not memory.closed
            assert memory.path == str(path)
            assert not memory.read_only
        assert memory.closed
        with pytest.raises(mv2.ClosedError):
            await memory.find("note")
        await memory.close()

    run(story)


def test_opening_can_be_awaited_and_fails_as_usual(path: Path) -> None:
    async def story() -> None:
        with pytest.raises(mv2.MemoryNotFoundError):
            await mv2.aio.open(path, "r")
        memory = await mv2.aio.open(path)
        with pytest.raises(mv2.FrameNotFoundError):
            await memory.frame(7)
        await memory.close()

    run(story)


def test_the_event_loop_goes_on_while_a_model_thinks(path: Path) -> None:
    thinking, go_on = threading.Event(), threading.Event()

    def model(_: object) -> str:
        thinking.set()
        assert go_on.wait(20)
        return "With vinegar [1]."

    async def story() -> None:
        async with mv2.aio.open(path, embedder="none") as memory:
            await memory.put("The kettle is descaled with vinegar.")
            asked = asyncio.ensure_future(memory.ask("How is the kettle descaled?", model=model))
            assert await asyncio.to_thread(thinking.wait, 20)
            await memory.put("Written meanwhile.")
            assert (await memory.find("meanwhile")).total == 1
            go_on.set()
            assert (await asked).text == "With vinegar [1]."

    run(story)


def test_an_answer_streams(path: Path) -> None:
    async def story() -> None:
        async with mv2.aio.open(path, embedder="none") as memory:
            await memory.put("The kettle is descaled with vinegar.")
            question = "How is the kettle descaled?"
            stream = memory.ask_stream(question, model=lambda _: iter(["With ", "vinegar ", "[1]."]))
            *pieces, answer = [piece async for piece in stream]
            assert pieces == ["With ", "vinegar ", "[1]."]
            assert isinstance(answer, mv2.Answer)
            assert answer.text == "With vinegar [1]."
            assert [type(piece) async for piece in memory.ask_stream(question)] == [mv2.Answer]
            with pytest.raises(mv2.InvalidArgumentError, match="on_token"):
                await anext(memory.ask_stream(question, model=lambda _: "", on_token=print))

    run(story)


def test_a_stream_that_fails_tells_it_at_its_end(path: Path) -> None:
    def model(_: object) -> Any:
        yield "With "
        raise mv2.ModelFailedError("it broke off")

    async def story() -> None:
        async with mv2.aio.open(path, embedder="none") as memory:
            await memory.put("The kettle is descaled with vinegar.")
            stream = memory.ask_stream("How is the kettle descaled?", model=model)
            assert await anext(stream) == "With "
            with pytest.raises(mv2.ModelFailedError, match="broke off"):
                await anext(stream)

    run(story)


def test_a_stream_that_nobody_listens_to_ends(path: Path) -> None:
    ended = threading.Event()

    def model(_: object) -> Any:
        try:
            while True:
                yield "more "
        finally:
            ended.set()

    async def story() -> None:
        async with mv2.aio.open(path, embedder="none") as memory:
            await memory.put("The kettle is descaled with vinegar.")
            stream = memory.ask_stream("How is the kettle descaled?", model=model)
            async for piece in stream:
                assert piece == "more "
                break
            await stream.aclose()  # type: ignore[attr-defined]
        assert ended.is_set()

    run(story)


def test_closing_waits_for_what_was_cancelled(path: Path) -> None:
    begun, go_on, closed_then = threading.Event(), threading.Event(), []

    async def story() -> None:
        memory = await mv2.aio.open(path, embedder="none")
        inner = memory._memory

        def documents() -> Any:
            begun.set()
            assert go_on.wait(20)
            closed_then.append(inner.closed)
            yield {"content": "a document that came late"}

        putting = asyncio.ensure_future(memory.put_many(documents()))
        assert await asyncio.to_thread(begun.wait, 20)
        putting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await putting
        closing = asyncio.ensure_future(memory.close())
        await asyncio.sleep(0.02)
        assert not closing.done()
        with pytest.raises(mv2.ClosedError):
            await memory.find("late")
        go_on.set()
        await closing

    run(story)
    assert closed_then == [False]
    with mv2.open(path, "r") as reader:
        assert reader.find("late").total == 1


def test_what_was_cancelled_before_it_began_is_dropped(path: Path) -> None:
    go_on = threading.Event()

    async def story() -> None:
        async with mv2.aio.open(path, embedder="none") as memory:

            def documents() -> Any:
                assert go_on.wait(20)
                yield {"content": "first"}

            putting = asyncio.ensure_future(memory.put_many(documents()))
            waiting = asyncio.ensure_future(memory.put("never"))
            await asyncio.sleep(0.01)
            waiting.cancel()
            go_on.set()
            await putting
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert (await memory.stats()).document_count == 1

    run(story)


def test_a_cancelled_close_still_closes(path: Path) -> None:
    async def story() -> None:
        memory = await mv2.aio.open(path)
        closing = asyncio.ensure_future(memory.close())
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        await memory.close()
        assert memory._memory.closed

    run(story)


def test_a_batch_is_kept_or_lost_together(path: Path) -> None:
    async def story() -> None:
        async with mv2.aio.open(path, embedder="none") as memory:
            async with memory.batch():
                await asyncio.gather(memory.put("one"), memory.put("two"))
                assert (await memory.find("two")).total == 1

            async def lost() -> None:
                async with memory.batch():
                    await memory.put("three")
                    raise ZeroDivisionError

            with pytest.raises(ZeroDivisionError):
                await lost()
            assert (await memory.stats()).document_count == 2
            async with memory.batch():
                with pytest.raises(mv2.HandleError, match="nest"):
                    async with memory.batch():
                        pass
                with pytest.raises(mv2.HandleError, match="close"):
                    await memory.close()
            await memory.put("four")
            assert (await memory.stats()).document_count == 3

    run(story)


def test_other_tasks_wait_for_a_batch(path: Path) -> None:
    async def story() -> None:
        async with mv2.aio.open(path, embedder="none") as memory:
            inside, leave = asyncio.Event(), asyncio.Event()

            async def lost() -> None:
                async with memory.batch():
                    await memory.put("taken back")
                    inside.set()
                    await leave.wait()
                    raise ZeroDivisionError

            batch = asyncio.ensure_future(lost())
            await inside.wait()
            others = [asyncio.ensure_future(memory.put(f"kept {n}")) for n in range(3)]
            others.append(asyncio.ensure_future(memory.find("taken")))  # type: ignore[arg-type]
            await asyncio.sleep(0.02)
            assert not any(other.done() for other in others)
            leave.set()
            with pytest.raises(ZeroDivisionError):
                await batch
            assert (await asyncio.gather(*others))[-1].total == 0  # type: ignore[attr-defined]
            assert (await memory.stats()).document_count == 3

    run(story)


def test_many_tasks_at_once(path: Path) -> None:
    async def story() -> None:
        async with mv2.aio.open(path, embedder="none") as memory:
            await asyncio.gather(*(memory.put(f"note number {n}") for n in range(60)))
            found = await asyncio.gather(*(memory.find(f"number {n}") for n in range(60)))
            assert all(result.total >= 1 for result in found)

    run(story)
