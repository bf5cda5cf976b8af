"""Documents are read in processes of their own; what one of them does costs nobody else anything."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from plugin_package import install

from mv2.errors import (
    ClosedError,
    DocumentError,
    DocumentLimitError,
    InvalidArgumentError,
    MissingExtraError,
    Mv2Warning,
    UnsupportedDocumentError,
)
from mv2.extract.model import Limits, ReadOptions, Source
from mv2.extract.pool import Outcome, ReaderPool
from mv2.types import Chunking

LINUX = sys.platform == "linux"

# One reader for each way to go wrong; the content of the document is not looked at.
GUESTS = """
    import ctypes, json, os, signal, struct, sys, threading, time

    def good(source, options):
        return Extraction(text="good " + source.data.decode(), metadata={"pid": os.getpid()})

    def loop(source, options):
        while True:
            pass

    def sleep(source, options):
        time.sleep(float(source.data.strip(b"\\x00") or b"600"))
        return Extraction(text="slept")

    def hungry(source, options):
        taken = [bytearray(64 << 20) for _ in range(160)]
        return Extraction(text=str(len(taken)))

    def hungry_in_small_steps(source, options):
        kept = []
        while True:
            kept.append(bytearray(400))

    def recursive(source, options):
        return recursive(source, options)

    def leave(source, options):
        os._exit(0)

    def abort(source, options):
        os.abort()

    def crash(source, options):
        ctypes.string_at(0)

    def kill(source, options):
        signal.raise_signal(signal.SIGKILL)

    def talk(source, options):
        print("loud and clear")
        print("loud and clear", file=sys.stderr)
        os.write(1, b"loud and clear")
        os.write(2, b"loud and clear")
        return Extraction(text="said")

    def garbage(source, options):
        return {"text": "none"}

    def half(source, options):
        return Extraction(text="abc", blocks=(Block(kind="paragraph", start=2, end=9),))

    def unsendable(source, options):
        return Extraction(text="abc", metadata={"x": object()})

    def surrogate(source, options):
        return Extraction(text="a" + chr(0xD800) + "b")

    def endless(source, options):
        return Extraction(text="x" * 1_000_001)

    def fail(source, options):
        raise KeyError("what it stumbled on")

    def quit(source, options):
        raise SystemExit(3)

    def unready(source, options):
        import no_such_package_for_reading

    def flood(source, options):
        # Whatever file descriptors there are, something wrong is written to them.
        for number in range(3, 20):
            try:
                os.write(number, b"\\xff" * 4096)
            except OSError:
                pass
        return Extraction(text="flooded")

    def answer_twice(source, options):
        # An answer of its own, and one for the document after this one.
        frame = sys._getframe()
        while "header" not in frame.f_locals:
            frame = frame.f_back
        own = frame.f_locals["header"]["id"]
        evil = {"class": "DocumentError", "message": "evil", "offset": None, "remedy": None}
        for number in (own, own + 1):
            answer = {"id": number, "type": None, "reader": None, "seconds": 0, "peak": 0, "error": evil}
            packed = json.dumps(answer).encode()
            for stream in range(3, 20):
                try:
                    os.write(stream, struct.pack("<QQ", len(packed), 0) + packed)
                except OSError:
                    pass
        return Extraction(text="answered")

    def leave_later(source, options):
        threading.Timer(0.3, os._exit, (9,)).start()
        return Extraction(text="left")

    def busy_later(source, options):
        threading.Thread(target=loop, args=(source, options), daemon=True).start()
        return Extraction(text="busy")

    def grow(source, options):
        global KEPT
        KEPT = bytearray(300 << 20)
        return Extraction(text="grown", metadata={"pid": os.getpid()})

    def environment(source, options):
        return Extraction(text=repr(sorted(os.environ)))

    NAMES = [name for name, value in list(globals().items())
             if callable(value) and getattr(value, "__module__", "") == __name__ and name != "reader"]
    for name in NAMES:
        more = {"extra": "web"} if name == "unready" else {}
        globals()["r_" + name] = reader(name, globals()[name], **more)
"""
NAMES = [
    "good",
    "loop",
    "sleep",
    "hungry",
    "hungry_in_small_steps",
    "recursive",
    "leave",
    "abort",
    "crash",
    "kill",
    "talk",
    "garbage",
    "half",
    "unsendable",
    "surrogate",
    "endless",
    "fail",
    "quit",
    "unready",
    "answer_twice",
    "leave_later",
    "busy_later",
    "flood",
    "grow",
    "environment",
]


@pytest.fixture(scope="module", autouse=True)
def _guests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("guests")
    places = {name: f"pool_guests:r_{name}" for name in NAMES}
    install(folder, GUESTS, package="pool_guests", **places)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield


@pytest.fixture
def pool() -> Iterator[ReaderPool]:
    limits = Limits(seconds=2, memory_bytes=512 << 20, text_chars=1_000_000)
    with ReaderPool(1, ReadOptions(limits=limits)) as made:
        yield made


def guest(name: str, data: bytes = b"") -> Source:
    """A document that only the plug-in of that name reads."""
    return Source(data=data or b"\x00", name=f"document.{name}")


def text_of(outcome: Outcome) -> str:
    assert outcome.error is None, outcome.error
    assert outcome.extraction is not None
    return outcome.extraction.text


def words(number: int) -> Source:
    return Source(data=f"a,b\n{number},x\n".encode(), name=f"{number}.csv")


def test_a_document_is_read_and_cut(pool: ReaderPool) -> None:
    outcome = pool.read_one(Source(data=b"name,age\n" + b"Ann,41\n" * 2000, name="people.csv"))
    assert "| Ann | 41 |" in text_of(outcome)
    assert outcome.reader == "delimited"
    assert outcome.filetype is not None
    assert outcome.filetype.mime == "text/csv"
    assert outcome.chunks is not None
    assert len(outcome.chunks) > 5
    assert 0 < outcome.seconds < 30
    assert outcome.peak_bytes > 1 << 20 or not hasattr(signal, "setitimer")


def test_short_documents_stay_whole(pool: ReaderPool) -> None:
    assert pool.read_one(words(1)).chunks is None


def test_options_and_chunking_reach_the_reader() -> None:
    options = ReadOptions(reader="good")
    with ReaderPool(1, options, Chunking(size=100, smallest=0, rule="plain")) as pool:
        outcome = pool.read_one(Source(data=b"word " * 100, name="a.csv"))
    assert text_of(outcome).startswith("good word")
    assert outcome.chunks is not None
    assert outcome.reader == "good"


def test_outcomes_come_in_the_order_of_the_items() -> None:
    with ReaderPool(2, ReadOptions()) as pool:
        found = list(pool.map((number, words(number)) for number in range(100)))
    assert [key for key, _ in found] == list(range(100))
    for number, outcome in found:
        assert f"| {number} | x |" in text_of(outcome)


def test_two_workers_work_at_the_same_time() -> None:
    with ReaderPool(2, ReadOptions()) as pool:
        items = [(number, guest("sleep", b"1.5")) for number in range(2)]
        list(pool.map([(0, words(0)), (1, words(1))]))
        started = time.monotonic()
        assert [text_of(outcome) for _, outcome in pool.map(items)] == ["slept", "slept"]
        assert time.monotonic() - started < 2.9


def test_items_are_taken_as_there_is_room() -> None:
    taken = []

    def items() -> Iterator[tuple[int, Source]]:
        for number in range(50):
            taken.append(number)
            yield number, words(number)

    with ReaderPool(1, in_flight=4) as pool:
        results = pool.map(items())
        assert taken == []
        next(results)
        assert len(taken) <= 4
        next(results)
        assert len(taken) <= 5
        assert len(list(results)) == 48


def test_bytes_in_flight_are_bounded() -> None:
    taken = []

    def items() -> Iterator[tuple[int, Source]]:
        for number in range(10):
            taken.append(number)
            yield number, Source(data=b"x" * 1_000_000, name="a.csv")

    with ReaderPool(1, budget=2_500_000) as pool:
        results = pool.map(items())
        next(results)
        assert len(taken) <= 3
        # One that is larger than the budget is read all the same.
    with ReaderPool(1, budget=10) as pool:
        assert len(list(pool.map((number, words(number)) for number in range(3)))) == 3


def test_what_items_raise_reaches_the_caller(pool: ReaderPool) -> None:
    def items() -> Iterator[tuple[int, Source]]:
        yield 0, words(0)
        raise LookupError("no more")

    with pytest.raises(LookupError, match="no more"):
        list(pool.map(items()))
    text_of(pool.read_one(words(1)))


def test_parts_can_be_read_while_others_wait(pool: ReaderPool) -> None:
    """A container's parts go before what was taken in advance."""
    seen = []
    for key, outcome in pool.map((number, words(number)) for number in range(5)):
        text_of(outcome)
        seen.append((key, text_of(pool.read_one(guest("good", b"part")))))
    assert seen == [(number, "good part") for number in range(5)]


def test_several_threads_share_a_pool() -> None:
    found: list[str] = []
    with ReaderPool(2) as pool:

        def read(number: int) -> None:
            found.extend(text_of(pool.read_one(words(number))) for _ in range(10))

        threads = [threading.Thread(target=read, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(found) == 60
    assert all(sum(f"| {number} | x |" in text for text in found) == 10 for number in range(6))


def test_a_job_can_be_waited_for_later(pool: ReaderPool) -> None:
    jobs = [pool.submit(words(number)) for number in range(5)]
    assert all(f"| {number} |" in text_of(job.result()) for number, job in enumerate(jobs))


SURVIVED: dict[str, tuple[type[Exception], str]] = {
    "loop": (DocumentLimitError, "longer than 2 seconds"),
    "sleep": (DocumentLimitError, "longer than 2 seconds"),
    "recursive": (DocumentLimitError, "nested too deeply"),
    "leave": (DocumentError, r"crashed \(exit code 0\)"),
    "garbage": (DocumentError, "returned a dict, not an Extraction"),
    "half": (DocumentError, "returned a block from 2 to 9"),
    "unsendable": (DocumentError, "'unsendable' returned something that cannot be sent"),
    "endless": (DocumentLimitError, r"1,000,000 characters of text \(limit text_chars\)"),
    "fail": (DocumentError, r"'fail' failed: KeyError: 'what it stumbled on' \(pool_guests.py:\d+\)"),
    "quit": (DocumentError, "'quit' failed: SystemExit: 3"),
    "unready": (MissingExtraError, r"no_such_package_for_reading.*pip install 'mv2\[web\]'"),
    "flood": (DocumentError, "returned"),
}
if os.name == "posix":
    SURVIVED["abort"] = (DocumentError, r"crashed \(signal 6, SIGABRT\)")
    SURVIVED["crash"] = (DocumentError, r"crashed \(signal 11, SIGSEGV\)")
    SURVIVED["kill"] = (DocumentError, r"crashed \(signal 9, SIGKILL\)")
if LINUX:
    SURVIVED["hungry"] = (DocumentLimitError, r"536,870,912 bytes of memory \(limit memory_bytes\)")
    SURVIVED["hungry_in_small_steps"] = SURVIVED["hungry"]


@pytest.mark.parametrize("name", SURVIVED)
def test_what_goes_wrong_costs_one_document(pool: ReaderPool, name: str) -> None:
    kind, message = SURVIVED[name]
    items = [words(1), guest(name), words(2), guest("good", b"day")]
    before, bad, after, other = (outcome for _, outcome in pool.map(enumerate(items)))
    assert bad.extraction is None
    assert type(bad.error) is kind
    with pytest.raises(kind, match=message):
        raise bad.error
    assert bad.error.path == f"document.{name}"
    assert "| 1 | x |" in text_of(before)
    assert "| 2 | x |" in text_of(after)
    assert text_of(other) == "good day"


def test_time_of_the_document_before_does_not_count(pool: ReaderPool) -> None:
    for _ in range(3):
        assert text_of(pool.read_one(guest("sleep", b"1.2"))) == "slept"


@pytest.mark.parametrize("name", ["answer_twice", "leave_later", "busy_later", "abort", "flood"])
def test_what_a_reader_leaves_behind_is_not_the_next_document_s(name: str) -> None:
    with ReaderPool(1, ReadOptions(limits=Limits(seconds=5))) as pool:
        pool.read_one(guest(name))
        time.sleep(0.5)
        started = time.monotonic()
        assert text_of(pool.read_one(guest("good", b"one"))) == "good one"
        assert text_of(pool.read_one(guest("good", b"two"))) == "good two"
        assert time.monotonic() - started < 3


@pytest.mark.skipif(not LINUX, reason="the peak of a process is known on Linux")
def test_the_peak_is_that_of_the_reader_and_not_of_the_program() -> None:
    ballast = bytearray(b"x") * (300 << 20)
    with ReaderPool(1) as pool:
        outcome = pool.read_one(guest("good"))
    assert len(ballast) > outcome.peak_bytes > 5 << 20


def test_half_characters_are_replaced(pool: ReaderPool) -> None:
    assert text_of(pool.read_one(guest("surrogate"))) == "a\ufffdb"


def test_readers_that_print_are_not_heard(pool: ReaderPool, capfd: pytest.CaptureFixture[str]) -> None:
    assert text_of(pool.read_one(guest("talk"))) == "said"
    assert text_of(pool.read_one(guest("good", b"after"))) == "good after"
    assert capfd.readouterr() == ("", "")


def test_what_nobody_reads_is_said(pool: ReaderPool) -> None:
    outcome = pool.read_one(Source(data=b"\x00\x01\x02", name="a.bin"))
    assert type(outcome.error) is UnsupportedDocumentError
    assert outcome.filetype is not None
    assert outcome.filetype.mime == "application/octet-stream"
    assert outcome.reader is None


@pytest.mark.skipif(not LINUX, reason="what a process holds is known on Linux")
def test_a_process_that_grew_is_replaced() -> None:
    with ReaderPool(1) as pool:
        first = pool.read_one(guest("grow")).extraction
        second = pool.read_one(guest("good")).extraction
    assert first is not None
    assert second is not None
    assert first.metadata["pid"] != second.metadata["pid"]


def test_a_process_reads_many_documents() -> None:
    with ReaderPool(1) as pool:
        pids = [
            outcome.extraction.metadata["pid"]
            for _, outcome in pool.map((n, guest("good")) for n in range(20))
            if outcome.extraction
        ]
    assert len(pids) == 20
    assert len(set(pids)) == 1


def test_keys_of_services_do_not_reach_readers(pool: ReaderPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_API_KEY", "secret")
    assert "SERVICE_API_KEY" not in text_of(pool.read_one(guest("environment")))


def test_broken_plugins_are_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "", package="broken_guests", brewer="no_such_module_anywhere:reader")
    monkeypatch.syspath_prepend(str(tmp_path))
    with ReaderPool(1) as pool:
        text_of(pool.read_one(words(1)))
        with pytest.warns(Mv2Warning, match="'brewer' cannot be loaded: ModuleNotFoundError"):
            outcome = pool.read_one(Source(data=b"\x00", name="a.brew"))
        assert isinstance(outcome.error, UnsupportedDocumentError)
        assert "brewer" in str(outcome.error)
        pool.read_one(Source(data=b"\x00", name="a.brew"))
        assert list(pool.broken_plugins) == ["brewer"]


def test_a_closed_pool_reads_nothing() -> None:
    pool = ReaderPool(1)
    text_of(pool.read_one(words(1)))
    pool.close()
    pool.close()
    with pytest.raises(ClosedError):
        pool.read_one(words(1))
    with pytest.raises(ClosedError):
        list(pool.map([(1, words(1))]))


def test_closing_gives_up_what_is_being_read() -> None:
    pool = ReaderPool(1)
    text_of(pool.read_one(words(1)))
    jobs = [pool.submit(guest("sleep", b"30")) for _ in range(3)]
    time.sleep(0.3)
    started = time.monotonic()
    pool.close()
    for job in jobs:
        with pytest.raises(ClosedError):
            job.result()
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("arguments", [{"workers": 0}, {"in_flight": 0}, {"budget": 0}])
def test_numbers_that_mean_nothing_are_refused(arguments: dict[str, int]) -> None:
    with pytest.raises(InvalidArgumentError):
        ReaderPool(**arguments)


def test_a_python_that_does_not_start_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with ReaderPool(1) as pool:
        outcome = pool.read_one(words(1))
    with pytest.raises(DocumentError, match="no reader process could be started"):
        raise outcome.error or AssertionError
    monkeypatch.setattr(sys, "executable", "/bin/false" if os.name == "posix" else "where.exe")
    with ReaderPool(1) as pool:
        outcome = pool.read_one(words(1))
    with pytest.raises(DocumentError, match=r"could not be started.*can import mv2"):
        raise outcome.error or AssertionError


def children() -> set[int]:
    """Processes that this one has, living or not yet taken away."""
    listed = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return {int(pid) for path in listed for pid in path.read_text().split()}


@pytest.mark.skipif(not LINUX, reason="counts processes in /proc")
def test_nothing_is_left_behind() -> None:
    before = children()
    with ReaderPool(2) as pool:
        list(pool.map((number, words(number)) for number in range(10)))
        assert len(children() - before) == 2
    assert children() == before
    forgotten = ReaderPool(1)
    text_of(forgotten.read_one(words(1)))
    del forgotten
    gc.collect()
    deadline = time.monotonic() + 10
    while children() != before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert children() == before


@pytest.mark.skipif(not LINUX, reason="counts processes in /proc")
def test_an_error_in_the_loop_leaves_nothing_behind() -> None:
    before = children()

    def interrupted() -> None:
        with ReaderPool(2) as pool:
            for _ in pool.map((number, words(number)) for number in range(1000)):
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert children() == before


PROGRAM = """
    import os, signal, sys, time
    sys.path[:0] = {path!r}
    from mv2.extract.pool import ReaderPool
    from mv2.extract.model import Source
    pool = ReaderPool(1)
    print(pool.read_one(Source(data=b"x", name="a.good")).extraction.metadata["pid"], flush=True)
    job = pool.submit(Source(data=b"{seconds}", name="a.sleep"))
    {then}
"""


def program(then: str, seconds: int = 60) -> subprocess.Popen[str]:
    source = textwrap.dedent(PROGRAM).format(path=sys.path, seconds=seconds, then=then)
    return subprocess.Popen(
        [sys.executable, "-c", source], stdout=subprocess.PIPE, text=True, start_new_session=True
    )


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def assert_dies(pid: int) -> None:
    deadline = time.monotonic() + 10
    while is_alive(pid):
        assert time.monotonic() < deadline, "the reader outlives its program"
        time.sleep(0.02)


@pytest.mark.skipif(not LINUX, reason="looks at processes in /proc")
@pytest.mark.parametrize("then", ["time.sleep(60)", "os._exit(0)", "sys.exit(0)", "raise SystemError"])
def test_readers_die_with_their_program(then: str) -> None:
    """Also in the middle of a document, and when the program is killed."""
    with program(then) as running:
        assert running.stdout is not None
        reader = int(running.stdout.readline())
        if then.startswith("time"):
            assert is_alive(reader)
            time.sleep(0.2)
            running.kill()
    assert_dies(reader)


@pytest.mark.skipif(os.name != "posix", reason="sends a signal to a group of processes")
def test_ctrl_c_does_not_reach_the_readers() -> None:
    handler = "signal.signal(signal.SIGINT, lambda *_: print('heard', flush=True))"
    then = f"{handler}; print('ready', flush=True); print(job.result().extraction.text, flush=True)"
    with program(then, seconds=2) as running:
        assert running.stdout is not None
        int(running.stdout.readline())
        assert running.stdout.readline() == "ready\n"
        os.killpg(running.pid, signal.SIGINT)
        assert running.stdout.read() == "heard\nslept\n"


def test_programs_without_a_main_guard_work(tmp_path: Path) -> None:
    """Processes are not made by importing the program again."""
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
            print("started")
            from mv2.extract.pool import ReaderPool
            from mv2.extract.model import Source
            with ReaderPool(1) as pool:
                print(pool.read_one(Source(data=b"a,b", name="a.csv")).error)
        """)
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, env=env, check=True)
    assert run.stdout == "started\nNone\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_forked_program_is_told_that_the_pool_is_not_its_own() -> None:
    source = """
        import os, sys
        sys.path[:0] = {path!r}
        from mv2.errors import ForkedHandleError
        from mv2.extract.pool import ReaderPool
        from mv2.extract.model import Source
        pool = ReaderPool(1)
        document = Source(data=b"a,b", name="a.csv")
        pool.read_one(document)
        child = os.fork()
        if not child:
            try:
                pool.read_one(document)
            except ForkedHandleError:
                pool.close()
                os._exit(7)
            os._exit(1)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), pool.read_one(document).error)
    """
    source = textwrap.dedent(source).format(path=sys.path)
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", source], capture_output=True, text=True, check=True
    )
    assert run.stdout == "7 None\n"
