"""Who has a memory open for writing: small notes in the user's state directory.

A note is a hint for error messages, never a lock. It names a process by id
and start time, so a note left by a dead process, or by a process whose id was
used again, is recognised and removed.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import mmap
import os
import sys
import time

from mv2.storage.device import FileIdentity
from mv2.types import LockHolder

_COUNTER = itertools.count()
_COMMAND_CHARS = 120
_NO_TURN, _TURN = b"01"


def state_directory() -> str:
    """Where notes are kept: ``$XDG_STATE_HOME/mv2/holders`` or its usual place."""
    base = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(base, "mv2", "holders")


def process_start(pid: int) -> str | None:
    """A value that differs between two processes that had the same id; None when the process is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rsplit(b")", 1)[1].split()[19].decode()
    except (OSError, IndexError):
        pass
    if sys.platform == "linux":
        return None
    try:
        os.kill(pid, 0)
    except PermissionError:
        return ""
    except OSError:
        return None
    return ""


def _command() -> str:
    return " ".join([os.path.basename(sys.executable or "python"), *sys.argv])[:_COMMAND_CHARS]


class HolderNote:
    """The note of one writing handle: first byte ``1`` while it has the turn, then JSON."""

    _flag: mmap.mmap | None = None

    def __init__(self, identity: FileIdentity) -> None:
        self._path = ""
        self._pid = os.getpid()
        directory = state_directory()
        name = f"{identity.device:x}-{identity.inode:x}-{os.getpid()}-{next(_COUNTER)}"
        body = {
            "pid": os.getpid(),
            "start": process_start(os.getpid()),
            "command": _command(),
            "since": int(time.time()),
        }
        with contextlib.suppress(OSError):
            os.makedirs(directory, mode=0o700, exist_ok=True)
            self._path = os.path.join(directory, name)
            flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_CLOEXEC", 0)
            descriptor = os.open(self._path, flags, 0o600)
            try:
                os.write(descriptor, b"0" + json.dumps(body).encode())
                self._flag = mmap.mmap(descriptor, 1)
            finally:
                os.close(descriptor)

    def set_turn(self, has_turn: bool) -> None:
        """Say so where other processes look; costs a byte in memory."""
        if self._flag is not None:
            self._flag[0] = _TURN if has_turn else _NO_TURN

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Remove the note; safe to call twice. A dropped one goes by itself."""
        flag, self._flag = self._flag, None
        if flag is not None:
            flag.close()
            if self._pid == os.getpid():  # a forked child has a copy of the object, not the note
                with contextlib.suppress(OSError):
                    os.unlink(self._path)


def _read_note(path: str) -> LockHolder | None:
    try:
        with open(path, "rb") as note:
            text = note.read(4096)
        body = json.loads(text[1:])
        pid = int(body["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    start = process_start(pid)
    if start is None or (body.get("start") is not None and start != body["start"]):
        with contextlib.suppress(OSError):
            os.unlink(path)
        return None
    return LockHolder(
        pid=pid,
        command=str(body.get("command", "")),
        since=body.get("since"),
        has_turn=text[:1] == b"1",
    )


def _from_lock_table(identity: FileIdentity) -> list[LockHolder]:
    """Processes with a lock on the inode, from the operating system's table (Linux)."""
    found: dict[int, LockHolder] = {}
    try:
        with open("/proc/locks", encoding="ascii", errors="replace") as table:
            lines = table.readlines()
    except OSError:
        return []
    for line in lines:
        parts = line.split()
        if len(parts) < 8 or "->" in parts[1]:
            continue
        place = parts[5].split(":")
        if len(place) != 3 or int(place[2]) != identity.inode:
            continue
        if os.makedev(int(place[0], 16), int(place[1], 16)) != identity.device:
            continue
        pid = int(parts[4])
        if pid > 0 and process_start(pid) is not None:
            found[pid] = LockHolder(pid=pid, command=_command_of(pid), since=None, has_turn=None)
    return list(found.values())


def _command_of(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as line:
            return line.read(4096).replace(b"\0", b" ").decode(errors="replace").strip()[:_COMMAND_CHARS]
    except OSError:
        return ""


def holders_of(identity: FileIdentity) -> list[LockHolder]:
    """Living processes that have the file open for writing, those with the turn first."""
    prefix = f"{identity.device:x}-{identity.inode:x}-"
    directory = state_directory()
    found: list[LockHolder] = []
    with contextlib.suppress(OSError):
        for name in os.listdir(directory):
            if name.startswith(prefix):
                note = _read_note(os.path.join(directory, name))
                if note is not None:
                    found.append(note)
    known = {holder.pid for holder in found}
    found += [holder for holder in _from_lock_table(identity) if holder.pid not in known]
    return sorted(found, key=lambda holder: (not holder.has_turn, holder.pid))


def describe(holders: list[LockHolder]) -> str:
    """``process 12 (python app.py)`` …, for messages."""
    if not holders:
        return "another process"
    first = holders[0]
    text = f"process {first.pid}" + (f" ({first.command})" if first.command else "")
    return text if len(holders) == 1 else f"{text} and {len(holders) - 1} more"
