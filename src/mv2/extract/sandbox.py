"""What a reader process gives up before it reads its first document. For good: nothing here can be undone.

Everywhere: an audit hook refuses network, new processes, changes to files, and files that are
neither of Python, nor of an installed package, nor of the system, to Python code. On Linux
(x86-64 and ARM 64) a filter of system calls and, since 5.13, the kernel's own rules for files
refuse them to native code as well, memory is limited, and the process dies with the one that
started it. macOS knows memory limits but does not hold them, Windows has none; there the time
limit and the hook remain.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from mv2.extract._landlock import allow_reading
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
_READING = "read files other than those of Python, of installed packages and of the system"
# What libraries look at: other libraries, fonts, time zones, locales, and how many processors there are.
_SYSTEM = (
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/opt",
    "/nix/store",
    "/gnu/store",
    "/System",
    "/Library",
    "/var/db/timezone",
    "/var/cache/fontconfig",
    "/dev/null",
    "/dev/zero",
    "/dev/random",
    "/dev/urandom",
    "/proc/self",
    "/proc/cpuinfo",
    "/proc/filesystems",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/sys",
    "/sys/devices/system",
    "/etc/alternatives",
    "/etc/apache2/mime.types",
    "/etc/fonts",
    "/etc/group",
    "/etc/httpd/mime.types",
    "/etc/httpd/conf/mime.types",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/locale.alias",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/os-release",
    "/etc/passwd",
    "/etc/timezone",
)
_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_LARGE = 2 << 30


def close_doors() -> tuple[list[str], str | None]:
    """Give up network, programs, and all files but those to read, in this process and for good.

    Returns:
        A list that grows with each thing that code tries to do and may not, and why native code
        is not held to the same (None when it is).
    """
    tried = list[str]()
    libraries = _places_of_packages()
    readable = None if _has_hooks_of_its_own() else _Readable((*libraries, *_places_of_system()))
    if readable is not None:
        allow_reading(readable.places)
    without_filter = refuse_calls()

    def refuse(what: str) -> None:
        if len(tried) < 100:
            tried.append(what)
        raise PermissionError(f"a reader may not {what}")

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            if _is_writing(arguments):
                refuse(_FILES)
            if readable is not None and arguments[0] not in readable:
                refuse(_READING)
        elif event in _REFUSED:
            refuse(_REFUSED[event])
        elif event == "ctypes.dlopen" and not _is_installed(arguments[0], libraries):
            refuse(_LIBRARY)

    sys.addaudithook(watch)
    return tried, without_filter


def _places_of_packages() -> tuple[str, ...]:
    """Where imports come from; not the home folder or what it is in, though a program may run there."""
    home = os.path.realpath(os.path.expanduser("~"))
    paths = (os.path.realpath(place) for place in sys.path if place)
    return (
        *(place for place in paths if not _is_in(home, place)),
        *map(os.path.realpath, (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix)),
        os.path.dirname(os.path.realpath(os.__file__)),
        os.path.dirname(os.path.dirname(os.path.realpath(__file__))),
    )


def _places_of_system() -> tuple[str, ...]:
    named = (os.environ.get(name, "") for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT"))
    places = (place for one in named for place in one.split(os.pathsep) if place)
    return (*_SYSTEM, *map(os.path.abspath, (os.devnull, *places)))


def _has_hooks_of_its_own() -> bool:
    """Packages under development may be found by hooks, in places that are not known here."""
    return any((getattr(one, "__module__", "") or "").startswith("__editable__") for one in sys.meta_path)


def _is_in(path: str, place: str) -> bool:
    path, place = os.path.normcase(path), os.path.normcase(place)
    return path == place or path.startswith(place.rstrip(os.sep) + os.sep)


class _Readable:
    """Places whose files may be opened to read, with all that is below."""

    def __init__(self, places: tuple[str, ...]) -> None:
        self.places = places
        self._exact = frozenset(map(os.path.normcase, places))
        self._starts = tuple(place.rstrip(os.sep) + os.sep for place in self._exact)
        # The same, by its number.
        self._own = f"{os.sep}proc{os.sep}{os.getpid()}{os.sep}"

    def __contains__(self, path: Any) -> bool:
        """Numbers stand for files that are open already."""
        if isinstance(path, int) or path is None:
            return True
        asked = os.path.normcase(os.path.abspath(os.fsdecode(path)))
        real = os.path.normcase(os.path.realpath(asked))
        # Where the way leads out of these places, both its ends count.
        return self._has(real) or (self._has(asked) and not self._is_of_process(asked))

    def _has(self, path: str) -> bool:
        return path in self._exact or path.startswith((*self._starts, self._own))

    def _is_of_process(self, path: str) -> bool:
        """Below it are links to everything: the root of all files, what is open elsewhere."""
        return path.startswith(os.path.normcase(f"{os.sep}proc{os.sep}"))


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
    return not os.path.dirname(path) or any(_is_in(os.path.realpath(path), place) for place in places)


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
        self._facts = open("/proc/self/status", "rb", 0) if self._file else None  # noqa: SIM115
        self._page = os.sysconf("SC_PAGE_SIZE") if self._status >= 0 else 0

    def resident(self) -> int:
        """Bytes in memory now; 0 where it is not known."""
        return self._sizes()[1]

    def peak(self) -> int:
        """The most memory this process has had, in bytes; 0 where it is not known."""
        if self._facts is not None:
            # What the system counts for children begins with what the program had that started them.
            found = os.pread(self._facts.fileno(), 4096, 0).partition(b"\nVmHWM:")[2].split(maxsplit=1)
            return int(found[0]) * 1024 if found else 0
        try:
            import resource
        except ImportError:
            return 0
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024

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
