"""A service on the loopback that speaks like an OpenAI-compatible one, and stops by itself."""

from __future__ import annotations

import contextlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Service:
    """What the service says, and what it was asked.

    Attributes:
        text: the model's answer.
        statuses: answers to the first requests, before it answers properly.
        hang: say nothing until the test is over.
        break_off: end a stream in the middle.
        refuse_temperature: answer 400 to a request with a temperature.
    """

    text: str = "The kettle is descaled with vinegar [1]."
    statuses: list[int] = field(default_factory=list)
    hang: bool = False
    break_off: bool = False
    refuse_temperature: bool = False
    raw: bytes | None = None
    usage: bool = True
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    url: str = ""


_USAGE = {"prompt_tokens": 11, "completion_tokens": 4, "total_tokens": 15}


def _handler(service: Service) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            service.requests.append(payload)
            service.headers.append(dict(self.headers))
            if service.hang:
                service.over.wait(30)
                self.close_connection = True
                return
            if service.statuses and (status := service.statuses.pop(0)) != 200:
                self._send(status, json.dumps({"error": {"message": f"no {status}"}}).encode())
            elif service.refuse_temperature and "temperature" in payload:
                self._send(400, b'{"error": {"message": "temperature is not supported"}}')
            elif service.raw is not None:
                self._send(200, service.raw)
            elif payload.get("stream"):
                self._stream()
            else:
                answer: dict[str, Any] = {"choices": [{"message": {"content": service.text}}]}
                if service.usage:
                    answer["usage"] = _USAGE
                self._send(200, json.dumps(answer).encode())

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _stream(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            words = service.text.split(" ")
            for place, word in enumerate(words):
                if service.break_off and place == 2:
                    self._chunk(b"")
                    return
                self._event({"choices": [{"delta": {"content": word if place == 0 else f" {word}"}}]})
            self._event({"choices": [{"delta": {}, "finish_reason": "stop"}]})
            if service.usage:
                self._event({"choices": [], "usage": _USAGE})
            self._chunk(b": a comment\n\ndata: [DONE]\n\n")
            self._chunk(b"")

        def _event(self, value: dict[str, Any]) -> None:
            self._chunk(f"data: {json.dumps(value)}\n\n".encode())

        def _chunk(self, data: bytes) -> None:
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()

    return Handler


@contextlib.contextmanager
def serving() -> Iterator[Service]:
    """A service, as long as the block lasts."""
    service = Service()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(service))
    server.daemon_threads = True
    service.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield service
    finally:
        service.over.set()
        server.shutdown()
        server.server_close()
        thread.join(10)
