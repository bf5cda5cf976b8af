"""A reader may read its document, and nothing else."""

from __future__ import annotations

import os
import platform
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from plugin_package import install

from mv2.extract import _landlock, sandbox
from mv2.extract._seccomp import refuse_calls
from mv2.extract.model import ReadOptions, Source
from mv2.extract.pool import ReaderPool
from mv2.extract.wire import Outcome

FILTERED = sys.platform == "linux" and platform.machine() in {"x86_64", "aarch64"}

# Each takes its target from the document.
GUESTS = """
    import ctypes, os, socket, sqlite3, subprocess, sys, tempfile, threading

    def connect(target):
        host, port = target.split(":")
        socket.create_connection((host, int(port)), timeout=5)

    def look_up(target):
        socket.getaddrinfo("localhost", 80)

    def write(target):
        open(target, "w").write("was here")

    def append(target):
        open(target, "ab").close()

    def update(target):
        os.open(target, os.O_RDWR)

    def remove(target):
        os.remove(target)

    def rename(target):
        os.rename(target, target + "2")

    def make_folder(target):
        os.mkdir(target + "3")

    def mode(target):
        os.chmod(target, 0)

    def cut(target):
        os.truncate(target, 0)

    def temporary(target):
        tempfile.TemporaryFile()

    def database(target):
        sqlite3.connect(target + ".db").execute("create table t (a)")

    def run(target):
        subprocess.run([sys.executable, "-c", "pass"])

    def shell(target):
        os.system("true")

    def fork(target):
        if os.fork() == 0:
            os._exit(0)

    def replace(target):
        os.execv(sys.executable, [sys.executable, "-c", "pass"])

    def signal_parent(target):
        os.kill(os.getppid(), 0)

    def library(target):
        ctypes.CDLL(target)

    def quiet(target):
        try:
            open(target, "w")
        except OSError:
            pass

    def read(target):
        open(target).read()

    def read_low(target):
        os.open(target, os.O_RDONLY)

    def read_of_parent(target):
        open(f"/proc/{os.getppid()}/environ").read()

    def read_around(target):
        open(f"/proc/self/root{target}").read()

    # The same by calls that Python does not see.
    native = ctypes.CDLL(None, use_errno=True)

    def outcome(result):
        if result == -1:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    def native_socket(target):
        outcome(native.socket(2, 1, 0))

    def native_write(target):
        outcome(native.open(target.encode(), os.O_WRONLY | os.O_CREAT, 0o600))

    def native_update(target):
        outcome(native.open(target.encode(), os.O_RDWR))

    def native_remove(target):
        outcome(native.unlink(target.encode()))

    def native_run(target):
        outcome(-1 if native.system(b"exit 0") else 0)

    def native_exec(target):
        outcome(native.execv(sys.executable.encode(), None))

    def native_fork(target):
        found = native.fork()
        if found == 0:
            os._exit(0)
        outcome(found)

    def native_kill(target):
        outcome(native.kill(os.getppid(), 0))

    def native_ptrace(target):
        outcome(native.ptrace(16, os.getppid(), 0, 0))

    def native_ring(target):
        outcome(native.syscall(425, 1, ctypes.create_string_buffer(200)))

    def native_read(target):
        outcome(native.open(target.encode(), os.O_RDONLY))

    def native_list(target):
        os.listdir(os.path.dirname(target))

    def native_environ(target):
        outcome(native.open(f"/proc/{os.getppid()}/environ".encode(), os.O_RDONLY))

    def native_limit(target):
        import resource
        resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE)

    def native_owner(target):
        import fcntl
        fcntl.fcntl(1, 8, os.getppid())

    def native_outlive(target):
        outcome(native.prctl(1, 0, 0, 0, 0))

    def native_flags(target):
        import array, fcntl
        fcntl.ioctl(os.open(sys.executable, os.O_RDONLY), 0x80086601, array.array("l", [0]))

    # What must still work.
    def use_files(target):
        found = [open(target).read(), open(os.devnull).read()]
        thread = threading.Thread(target=lambda: found.append("thread"))
        thread.start()
        thread.join()
        import colorsys, wave
        return "".join(found)

    HELPERS = ("reader", "outcome")
    NAMES = [name for name, value in list(globals().items())
             if getattr(value, "__module__", "") == __name__ and name not in HELPERS]

    def made(name, function):
        def read(source, options):
            return Extraction(text=str(function(source.data.decode())))
        return reader(name, read)

    for name in NAMES:
        globals()["r_" + name] = made(name, globals()[name])
"""
REFUSED = [
    "connect",
    "look_up",
    "write",
    "append",
    "update",
    "remove",
    "rename",
    "make_folder",
    "mode",
    "cut",
    "temporary",
    "database",
    "run",
    "shell",
    "library",
    "read",
    "read_low",
]
REFUSED_POSIX = ["fork", "replace", "signal_parent"]
REFUSED_LINUX = ["read_of_parent", "read_around"]
REFUSED_NATIVE = [
    "native_socket",
    "native_write",
    "native_update",
    "native_remove",
    "native_run",
    "native_exec",
    "native_fork",
    "native_kill",
    "native_ptrace",
    "native_ring",
    "native_limit",
    "native_owner",
    "native_outlive",
    "native_flags",
]
REFUSED_BY_KERNEL = ["native_read", "native_list", "native_environ"]
NAMES = [
    *REFUSED,
    *REFUSED_POSIX,
    *REFUSED_LINUX,
    *REFUSED_NATIVE,
    *REFUSED_BY_KERNEL,
    "quiet",
    "use_files",
]


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReaderPool]:
    folder = tmp_path_factory.mktemp("guests")
    install(folder, GUESTS, package="sandbox_guests", **{name: f"sandbox_guests:r_{name}" for name in NAMES})
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        with ReaderPool(1, ReadOptions()) as made:
            yield made


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    path = tmp_path / "precious"
    path.write_text("as it was")
    return path


def run(pool: ReaderPool, name: str, target: object) -> Outcome:
    # A zero byte would be no text for the readers of mv2; plug-ins are asked by the ending.
    return pool.read_one(Source(data=str(target).encode(), name=f"document.{name}"))


@pytest.mark.parametrize(
    "name",
    [
        *REFUSED,
        *(REFUSED_POSIX if os.name == "posix" else []),
        *(REFUSED_LINUX if sys.platform == "linux" else []),
    ],
)
def test_readers_may_not(pool: ReaderPool, precious: Path, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        target: object = precious
        if name == "connect":
            target = f"127.0.0.1:{server.getsockname()[1]}"
        outcome = run(pool, name, target)
        with pytest.raises(TimeoutError):
            server.accept()
    assert outcome.error is not None
    assert "PermissionError: a reader may not" in str(outcome.error) or name == "temporary"
    assert precious.read_text() == "as it was"
    assert [path.name for path in precious.parent.iterdir()] == ["precious"]
    assert os.access(precious, os.R_OK)


@pytest.mark.skipif(not FILTERED, reason="system calls are filtered on Linux only")
@pytest.mark.parametrize("name", REFUSED_NATIVE)
def test_native_code_may_not_either(pool: ReaderPool, precious: Path, name: str) -> None:
    outcome = run(pool, name, precious if name != "native_write" else f"{precious}2")
    assert outcome.error is not None
    assert "Error: [Errno" in str(outcome.error)
    assert precious.read_text() == "as it was"
    assert [path.name for path in precious.parent.iterdir()] == ["precious"]


@pytest.mark.skipif(not _landlock.version(), reason="the kernel has no rules for files")
@pytest.mark.parametrize("name", REFUSED_BY_KERNEL)
def test_native_code_may_not_read_what_is_not_installed(pool: ReaderPool, precious: Path, name: str) -> None:
    outcome = run(pool, name, precious)
    assert outcome.error is not None
    assert "PermissionError: [Errno 13]" in str(outcome.error)


def test_packages_in_the_home_folder_do_not_open_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A program that is run there has the folder on its path."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "packages").mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(tmp_path.parent), str(tmp_path / "packages")])
    places = sandbox._places_of_packages()
    assert os.path.realpath(tmp_path / "packages") in places
    assert not {os.path.realpath(tmp_path), os.path.realpath(tmp_path.parent)} & set(places)


@pytest.mark.skipif(not FILTERED, reason="system calls are filtered on Linux only")
def test_the_filter_is_set(pool: ReaderPool) -> None:
    assert run(pool, "use_files", os.__file__).error is None
    process = pool._crew._members[0]._process
    assert process is not None
    assert process.without_filter is None
    status = Path(f"/proc/{process._popen.pid}/status").read_text()
    assert "\nSeccomp:\t2\n" in status
    assert "\nNoNewPrivs:\t1\n" in status


def test_what_was_tried_is_reported(pool: ReaderPool, precious: Path) -> None:
    outcome = run(pool, "quiet", precious)
    assert outcome.extraction is not None
    assert outcome.extraction.warnings == ("the reader tried to change files, which it may not",)
    assert precious.read_text() == "as it was"


def test_installed_files_threads_and_imports_still_work(pool: ReaderPool) -> None:
    outcome = run(pool, "use_files", os.__file__)
    assert outcome.error is None, outcome.error
    assert outcome.extraction is not None
    assert outcome.extraction.text == Path(os.__file__).read_text() + "thread"
    assert outcome.extraction.warnings == ()


@pytest.mark.skipif(FILTERED, reason="there is a filter here")
def test_platforms_without_a_filter_say_so() -> None:
    assert "platform" in str(refuse_calls())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="patches the machine's name")
def test_unknown_machines_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert "platform" in str(refuse_calls())
