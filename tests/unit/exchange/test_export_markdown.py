"""A folder of notes: names every system takes, front matter every program reads, texts as they are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from exchange_stories import new

import mv2
from mv2.errors import InvalidArgumentError
from mv2.exchange.exporting import export

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[mv2.Memvid]:
    with new(tmp_path / "m.mv2") as made:
        yield made


def vault(memory: mv2.Memvid, tmp_path: Path, **options: object) -> dict[str, bytes]:
    target = tmp_path / "vault"
    export(memory, target, format="markdown", **options)  # type: ignore[arg-type]
    return {
        path.relative_to(target).as_posix(): path.read_bytes() for path in target.rglob("*") if path.is_file()
    }


def split_note(data: bytes) -> tuple[dict[str, object], str]:
    """Front matter and body; every value is JSON, which is YAML too."""
    head, _, body = data.decode().removeprefix("---\n").partition("---\n\n")
    pairs = (line.partition(": ") for line in head.splitlines())
    return {name: json.loads(value) for name, _, value in pairs}, body


def test_a_note_has_front_matter_and_its_text(memory: mv2.Memvid, tmp_path: Path) -> None:
    text = "# Tea\n\nSee [[Kettle]] and [[Kettle|the kettle]] #hot\n"
    memory.put(text, uri="notes/Tea.md", title='Tea: "green"', tags=["a b", "#x"], metadata={"n": [1, None]},
               timestamp=0)  # fmt: skip
    notes = vault(memory, tmp_path)
    assert list(notes) == ["notes/Tea.md"]
    front, body = split_note(notes["notes/Tea.md"])
    assert body == text
    assert (front["uri"], front["title"], front["tags"]) == ("notes/Tea.md", 'Tea: "green"', ["a b", "#x"])
    assert (front["timestamp"], front["metadata"]) == ("1970-01-01T00:00:00Z", {"n": [1, None]})
    assert "mime" not in front


def test_the_front_matter_is_yaml(memory: mv2.Memvid, tmp_path: Path) -> None:
    yaml = pytest.importorskip("yaml")
    hostile = "a: b\n---\n- x\u2028\u0085\x07 'q' \"d\" \U0001f600 #c"
    memory.put(
        "text", uri="u", title=hostile, tags=[hostile, "yes", "1"], metadata={hostile: hostile, "t": True}
    )
    head = next(iter(vault(memory, tmp_path).values())).decode().split("---\n")[1]
    values = yaml.safe_load(head)
    assert (values["title"], values["tags"]) == (hostile, [hostile, "yes", "1"])
    assert values["metadata"] == {hostile: hostile, "t": True}


def test_names_are_safe_and_unique(memory: mv2.Memvid, tmp_path: Path) -> None:
    titles = [
        "A/B",
        "a b",
        "A B",
        "CON",
        "..",
        "x" * 400,
        "ends with dot.",
        'q?*<>|:"',
        "\u202eevil",
        "nul.txt",
    ]
    for title in titles:
        memory.put(f"text of {title}", title=title)
    memory.put("up", uri="../../outside.md")
    memory.put("deep", uri="/etc/passwd")
    memory.put("in the way", uri="attachments/note.md")
    memory.put("plain")
    notes = vault(memory, tmp_path)
    assert len(notes) == len(titles) + 4
    assert len({name.casefold() for name in notes}) == len(notes)
    assert not (tmp_path / "outside.md").exists()
    for name in notes:
        for part in name.split("/"):
            assert not set(part) & set('<>:"\\|?*')
            assert part.removesuffix(".md").strip(". ") == part.removesuffix(".md")
            assert part.split(".")[0].lower() not in ("con", "nul")
            assert len(part.encode()) <= 130
    assert split_note(notes["outside.md"])[1] == "up"
    assert "etc/passwd.md" in notes
    assert "attachments_/note.md" in notes


def test_bytes_are_attached_and_linked(memory: mv2.Memvid, tmp_path: Path) -> None:
    from mv2.types import Document

    memory.put(b"\x89PNG\xff", uri="img/my photo.png", title="My [photo]", mime="image/png")
    memory.put_many([Document(content=b"%PDF\xff", text="Read out.", mime="application/pdf", title="Paper")])
    notes = vault(memory, tmp_path)
    assert notes["attachments/My photo.png"] == b"\x89PNG\xff"
    assert notes["attachments/Paper.pdf"] == b"%PDF\xff"
    assert split_note(notes["img/my photo.png.md"])[1] == "![My (photo)](../attachments/My%20photo.png)\n\n"
    front, body = split_note(notes["Paper.md"])
    assert body == "[Paper](attachments/Paper.pdf)\n\nRead out."
    assert front["attachment"] == "attachments/Paper.pdf"


def test_without_front_matter_and_only_what_is_active(memory: mv2.Memvid, tmp_path: Path) -> None:
    memory.put("old", uri="n")
    memory.put("new", uri="n")
    memory.put("gone", uri="g")
    memory.delete("g")
    assert vault(memory, tmp_path, front_matter=False) == {"n.md": b"new"}


def test_a_folder_with_files_is_left_alone(memory: mv2.Memvid, tmp_path: Path) -> None:
    (tmp_path / "vault").mkdir()
    (tmp_path / "vault" / "mine.md").write_text("mine")
    memory.put("x")
    with pytest.raises(InvalidArgumentError, match="not empty"):
        vault(memory, tmp_path)
    assert [path.name for path in (tmp_path / "vault").iterdir()] == ["mine.md"]
