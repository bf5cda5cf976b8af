"""What a program did to a directory of files, in order, as values.

A record is the files that stood there at the start plus a list of events. From
it ``mv2.testing.power`` rebuilds what a power cut would have left. Files are
known by number, because names come and go; names are relative to the root.
"""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import blake3

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Write:
    """``data`` was written to ``file`` at byte ``offset``."""

    file: int
    offset: int
    data: bytes

    def __str__(self) -> str:
        return f"write of {len(self.data)} bytes at {self.offset} to file {self.file}"


@dataclass(frozen=True, slots=True)
class Resize:
    """``file`` was made ``size`` bytes long."""

    file: int
    size: int

    def __str__(self) -> str:
        return f"resize of file {self.file} to {self.size}"


@dataclass(frozen=True, slots=True)
class Sync:
    """Everything done to ``file`` so far is durable."""

    file: int

    def __str__(self) -> str:
        return f"sync of file {self.file}"


@dataclass(frozen=True, slots=True)
class Entry:
    """The name ``name`` came to stand for ``file`` (created or linked)."""

    name: str
    file: int

    def __str__(self) -> str:
        return f"name {self.name!r} given to file {self.file}"


@dataclass(frozen=True, slots=True)
class Removal:
    """The name ``name`` was removed."""

    name: str

    def __str__(self) -> str:
        return f"name {self.name!r} removed"


@dataclass(frozen=True, slots=True)
class Rename:
    """``source`` became ``target`` in one step; ``file`` is what it stands for."""

    source: str
    target: str
    file: int

    def __str__(self) -> str:
        return f"rename of {self.source!r} to {self.target!r} (file {self.file})"


@dataclass(frozen=True, slots=True)
class DirectorySync:
    """All names of ``directory`` (relative to the root, "" is the root) are durable."""

    directory: str

    def __str__(self) -> str:
        return f"sync of directory {self.directory or '.'!r}"


@dataclass(frozen=True, slots=True)
class Note:
    """The program said something at this point: ``kind`` is "begin" or "done" of operation ``number``."""

    kind: str
    number: int

    def __str__(self) -> str:
        return f"{self.kind} of operation {self.number}"


FileEvent: TypeAlias = Write | Resize
NameEvent: TypeAlias = Entry | Removal | Rename
Event: TypeAlias = Write | Resize | Sync | Entry | Removal | Rename | DirectorySync | Note


def directories_of(event: NameEvent) -> tuple[str, ...]:
    """The directories whose sync makes ``event`` durable."""
    if isinstance(event, Rename):
        return tuple(sorted({os.path.dirname(event.source), os.path.dirname(event.target)}))
    return (os.path.dirname(event.name),)


@dataclass(frozen=True, slots=True)
class Image:
    """The regular files of a directory: relative name to content."""

    files: Mapping[str, bytes]

    @classmethod
    def of(cls, directory: str) -> Image:
        """Read every file under ``directory``."""
        files: dict[str, bytes] = {}
        for name, path in _walk(directory):
            with open(path, "rb") as stream:
                files[name] = stream.read()
        return cls(files)

    def digest(self) -> bytes:
        """Equal for equal images."""
        hasher = blake3.blake3()
        for name in sorted(self.files):
            content = self.files[name]
            hasher.update(f"{len(name)}:{name}:{len(content)}:".encode())
            hasher.update(content)
        return hasher.digest()

    def write_to(self, directory: str) -> None:
        """Create the files under ``directory``, which must be empty or absent."""
        os.makedirs(directory, exist_ok=True)
        for name, content in self.files.items():
            path = os.path.join(directory, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "xb") as stream:
                stream.write(content)

    def __str__(self) -> str:
        inside = ", ".join(f"{name} ({len(content)} bytes)" for name, content in sorted(self.files.items()))
        return inside or "no files"


@dataclass(slots=True)
class Record:
    """A start image and everything that happened after it.

    Attributes:
        contents: bytes of each file number that existed at the start (durable).
        names: what each name stood for at the start (durable).
        events: what happened, in order.
    """

    contents: dict[int, bytes] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def final_image(self) -> Image:
        """The files as the running program left them, nothing lost."""
        contents = {number: bytearray(data) for number, data in self.contents.items()}
        names = dict(self.names)
        for event in self.events:
            apply_to_contents(event, contents)
            apply_to_names(event, names)
        return Image({name: bytes(contents.get(number, b"")) for name, number in names.items()})

    def without(self, *dropped: int) -> Record:
        """A copy that lacks the events at these positions (to simulate a forgotten sync)."""
        gone = set(dropped)
        kept = [event for position, event in enumerate(self.events) if position not in gone]
        return dataclasses.replace(self, events=kept)

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)


def apply_to_contents(event: Event, contents: dict[int, bytearray]) -> None:
    """Carry out a write or a resize on ``contents``."""
    if isinstance(event, Write):
        target = contents.setdefault(event.file, bytearray())
        end = event.offset + len(event.data)
        if len(target) < end:
            target.extend(bytes(end - len(target)))
        target[event.offset : end] = event.data
    elif isinstance(event, Resize):
        target = contents.setdefault(event.file, bytearray())
        if len(target) > event.size:
            del target[event.size :]
        else:
            target.extend(bytes(event.size - len(target)))


def apply_to_names(event: Event, names: dict[str, int]) -> None:
    """Carry out a change of names on ``names``."""
    if isinstance(event, Entry):
        names[event.name] = event.file
    elif isinstance(event, Removal):
        names.pop(event.name, None)
    elif isinstance(event, Rename):
        names.pop(event.source, None)
        names[event.target] = event.file


def _walk(directory: str) -> Iterator[tuple[str, str]]:
    for here, _, names in os.walk(directory):
        for name in sorted(names):
            path = os.path.join(here, name)
            if os.path.isfile(path) and not os.path.islink(path):
                yield os.path.relpath(path, directory), path
