"""What a reader process gives up before it reads its first document. For good: nothing here can be undone.

Everywhere: an audit hook refuses network, new processes and changes to files to Python code.
On Linux (x86-64 and ARM 64) a filter of system calls refuses them to native code as well,
memory is limited, and the process dies with the one that started it. macOS knows memory limits
but does not hold them, Windows has none; there the time limit and the hook remain. Files may
be read, as imports do.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from mv2.extract._seccomp import refuse_calls

_NETWORK = "open a network connection"
_PROCESS = "start a program"
_FILES = "change files"
_REFUSED = {
    **dict.fromkeys(
        (
            "socket.__new__",
            "socket.bind",
            "socket.connect",
            "socket.getaddrinfo",
            "socket.gethostbyname",
            "socket.gethostbyaddr",
            "socket.sendto",
            "socket.sendmsg",
        ),
        _NETWORK,
    ),
    **dict.fromkeys(
        (
            "subprocess.Popen",
            "os.system",
            "os.exec",
            "os.fork",
            "os.forkpty",
            "os.posix_spawn",
            "os.spawn",
            "os.startfile",
            "os.kill",
            "os.killpg",
            "pty.spawn",
            "webbrowser.open",
            "_winapi.CreateProcess",
            "_winapi.OpenProcess",
        ),
        _PROCESS,
    ),
    **dict.fromkeys(
        (
            "os.remove",
            "os.rename",
            "os.rmdir",
            "os.mkdir",
            "os.link",
            "os.symlink",
            "os.truncate",
            "os.chmod",
            "os.chown",
            "os.chflags",
            "os.utime",
            "os.setxattr",
            "os.removexattr",
            "shutil.rmtree",
            "sqlite3.connect",
            "winreg.CreateKey",
            "winreg.SetValue",
            "winreg.DeleteKey",
        ),
        _FILES,
    ),
}
_LIBRARY = "load a library from outside the installed packages"
_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_LARGE = 2 << 30


def close_doors() -> tuple[list[str], str | None]:
    """Give up network, programs, and changes to files, in this process and for good.

    Returns:
        A list that grows with each thing that code tries to do and may not, and why native code
        is not held to the same (None when it is).
    """
    tried = list[str]()
    without_filter = refuse_calls()
    places = tuple(
        os.path.realpath(place) + os.sep for place in {*sys.path, sys.prefix, sys.base_prefix} if place
    )

    def refuse(what: str) -> None:
        if len(tried) < 100:
            tried.append(what)
        raise PermissionError(f"a reader may not {what}")

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            if _is_writing(arguments):
                refuse(_FILES)
        elif event in _REFUSED:
            refuse(_REFUSED[event])
        elif event == "ctypes.dlopen" and not _is_installed(arguments[0], places):
            refuse(_LIBRARY)

    sys.addaudithook(watch)
    return tried, without_filter


def _is_writing(arguments: tuple[Any, ...]) -> bool:
    _, mode, flags = arguments
    if isinstance(mode, str) and not set("wax+").isdisjoint(mode):
        return True
    return isinstance(flags, int) and bool(flags & _WRITE_FLAGS)


def _is_installed(name: Any, places: tuple[str, ...]) -> bool:
    """Libraries of packages are loaded by path, those of the system by name; None is the program itself."""
    if name is None:
        return True
    path = os.fsdecode(name)
    return not os.path.dirname(path) or os.path.realpath(path).startswith(places)


def live_with(parent: int) -> None:
    """Die when the process that started this one dies; elsewhere than on Linux the closed pipe tells."""
    if sys.platform == "linux":
        import ctypes
        import signal

        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(0)


def limit_files() -> None:
    """No memory dumps, and no byte into any file."""
    try:
        import resource
    except ImportError:
        return
    for limit in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
        resource.setrlimit(limit, (0, 0))


class MemoryLimit:
    """How much memory this process may take on top of what it has; nothing where that is not known."""

    def __init__(self) -> None:
        # Stays open: it is asked before each document.
        self._file = open("/proc/self/statm", "rb", 0) if sys.platform == "linux" else None  # noqa: SIM115
        self._status = self._file.fileno() if self._file else -1
        self._page = os.sysconf("SC_PAGE_SIZE") if self._status >= 0 else 0

    def resident(self) -> int:
        """Bytes in memory now; 0 where it is not known."""
        return self._sizes()[1]

    def _sizes(self) -> tuple[int, int, int]:
        """Address space, memory in use, and data of its own, in bytes."""
        if self._status < 0:
            return 0, 0, 0
        found = os.pread(self._status, 200, 0).split()
        return int(found[0]) * self._page, int(found[1]) * self._page, int(found[5]) * self._page

    def allow(self, more: int) -> None:
        """From now on, so many bytes more than there are."""
        if self._status < 0:
            return
        import resource

        space, _, own = self._sizes()
        # Address space is taken in advance by threads and libraries, so it is held loosely.
        for limit, size in ((resource.RLIMIT_DATA, own + more), (resource.RLIMIT_AS, space + more + _LARGE)):
            _, hard = resource.getrlimit(limit)
            resource.setrlimit(limit, (size if hard < 0 else min(size, hard), hard))


def peak() -> int:
    """The most memory this process has had, in bytes; 0 where it is not known."""
    try:
        import resource
    except ImportError:
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
