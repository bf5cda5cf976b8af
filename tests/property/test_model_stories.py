"""Stories that random operations against the model brought to light, in their shortest form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import mv2
from mv2.testing.observe import observe, search_complaints, unique_text, unique_word

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("content", [unique_text(1, 300), unique_text(1, 3000), b"\xff\x00bytes"])
def test_fields_updated_twice_keep_the_content(tmp_path: Path, content: str | bytes) -> None:
    """The second update shares the bytes of a frame that is itself pending and shares them."""
    with mv2.open(tmp_path / "m.mv2", embedder="none") as memory:
        number = memory.put(content)
        for title in ("first", "second", "third"):
            number = memory.update(number, title=title)
        expected = content if isinstance(content, bytes) else content.encode()
        assert memory.content(number) == expected
        memory.commit()
        assert memory.content(number) == expected
        assert memory.verify(deep=True).ok


@pytest.mark.parametrize("size", [300, 2500])
@pytest.mark.parametrize("compacted", [False, True])
def test_bytes_that_several_versions_share_are_counted_once(
    tmp_path: Path, size: int, compacted: bool
) -> None:
    """New fields for a document at rest, chunked or not: the commit counts its payloads right."""
    with mv2.open(tmp_path / "m.mv2", embedder="none") as memory:
        number = memory.put(unique_text(1, size))
        memory.put(unique_text(2, size))
        memory.commit()
        if compacted:
            memory.vacuum()
        memory.update(number, title="new")
        memory.commit()
        assert memory.verify(deep=True).findings == ()
        memory.vacuum()
        assert memory.verify(deep=True).findings == ()


def test_a_compaction_does_not_make_an_old_index_new(tmp_path: Path) -> None:
    """A handle that compacts what another one committed must not go on with its own older index."""
    path = tmp_path / "m.mv2"
    with mv2.open(path, embedder="none") as one, mv2.open(path, embedder="none") as other:
        one.put(unique_text(1))
        one.commit()
        other.put(unique_text(2))
        other.commit()
        one.vacuum()
        one.put(unique_text(3))
        one.commit()
        for memory in (one, other):
            assert [memory.find(unique_word(number)).total for number in (1, 2, 3)] == [1, 1, 1]
            assert memory.verify(deep=True).ok


def test_handles_alternate_in_every_order(tmp_path: Path) -> None:
    """Puts, commits and compactions of two handles in all orders of four."""
    acts = [(handle, act) for handle in (0, 1) for act in ("put", "commit", "vacuum")]
    number = 0
    for index in range(len(acts) ** 3):
        path = tmp_path / f"{index}.mv2"
        with mv2.open(path, embedder="none") as one, mv2.open(path, embedder="none") as other:
            chosen = [acts[index // len(acts) ** place % len(acts)] for place in range(3)]
            story = [(0, "put"), (0, "commit"), (1, "put"), *chosen, (0, "put"), (0, "commit")]
            for handle, act in story:
                memory = (one, other)[handle]
                if act == "put":
                    number += 1
                    memory.put(unique_text(number, 80))
                else:
                    getattr(memory, act)()
            snapshot = observe(one)
            complaints = search_complaints(one, snapshot) + search_complaints(other, observe(other))
            report = one.verify(deep=True)
            assert report.ok, (story, report.findings)
            assert not complaints, (story, complaints)
        path.unlink()
