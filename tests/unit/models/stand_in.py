"""A service on the loopback interface that answers what a test tells it, and remembers what it was asked."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Asked:
    path: str
    headers: dict[str, str]
    payload: Any


@dataclass
class Reply:
    """``close``: the connection ends without an answer; ``lines`` are sent one by one."""

    value: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    length: int | None = None
    close: bool = False
    lines: Sequence[bytes] = ()


class StandIn:
    """``replies`` come first, one a call; then ``answer`` makes them."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        self.asked: list[Asked] = []
        self.replies: list[Reply] = []
        self.answer: Callable[[Any], Any] = lambda payload: {"echo": payload}
        self._turn = threading.Lock()

    def reply(self, asked: Asked) -> Reply:
        with self._turn:
            self.asked.append(asked)
            if self.replies:
                return self.replies.pop(0)
        return Reply(self.answer(asked.payload))


@contextlib.contextmanager
def stand_in() -> Iterator[StandIn]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            reply = service.reply(Asked(self.path, {k.lower(): v for k, v in self.headers.items()}, payload))
            if reply.close:
                self.close_connection = True
                return
            body = reply.raw if reply.raw is not None else json.dumps(reply.value).encode()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if not reply.lines:
                self.send_header("Content-Length", str(len(body) if reply.length is None else reply.length))
            self.end_headers()
            self.wfile.write(b"" if reply.lines else body)
            for line in reply.lines:
                self.wfile.write(line)
                self.wfile.flush()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    service = StandIn(server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
