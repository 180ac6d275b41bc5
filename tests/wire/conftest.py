"""A small local server that does what a test tells it, and flows to drive it with."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from assetmeta.wire.driver import Driver


@dataclass
class Seen:
    """A request as it reached the server. Header names are lower case; *certified* is by a client certificate."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    certified: bool = False


@dataclass
class Reply:
    """What the server answers. *cut* closes the connection after that many bytes of the body, 0 before any answer."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None


class _Listener(ThreadingHTTPServer):
    """A client that connects while five others wait would try again after a second."""

    request_queue_size = 64


class Server:
    """A server on a port of its own; it notes what it saw and answers with *answers* in turn, the last one for ever."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.seen: list[Seen] = []
        self.answers: list[Reply | Callable[[Seen], Reply]] = [Reply()]
        self._lock = threading.Lock()
        self._http = _Listener(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        # A client that hangs up early is part of some tests.
        self._http.handle_error = lambda *_: None  # type: ignore[method-assign]
        if tls is not None:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True)
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, seen: Seen) -> Reply:
        with self._lock:
            self.seen.append(seen)
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer if isinstance(answer, Reply) else answer(seen)

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            certified = isinstance(self.connection, ssl.SSLSocket) and bool(self.connection.getpeercert())
            reply = server.answer(Seen(self.command, self.path, headers, self._content(headers), certified))
            if reply.cut == 0:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body[: reply.cut])
            self.close_connection = self.close_connection or reply.cut is not None

        def _content(self, headers: dict[str, str]) -> bytes:
            if headers.get("transfer-encoding") != "chunked":
                return self.rfile.read(int(headers.get("content-length", 0)))
            content = b""
            while size := int(self.rfile.readline(), 16):
                content += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return content

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_CONNECT = _serve

        def log_message(self, format: str, *args: Any) -> None:
            return

    return Handler


class Time:
    """A clock that only moves when somebody sleeps, and remembers the sleeps (seconds)."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def clock(self) -> float:
        return self.now


@pytest.fixture
def servers() -> Iterator[Callable[..., Server]]:
    """Make as many servers as a test needs."""
    made: list[Server] = []

    def make(tls: ssl.SSLContext | None = None) -> Server:
        made.append(Server(tls))
        return made[-1]

    yield make
    for server in made:
        server.close()


@pytest.fixture
def server(servers: Callable[[], Server]) -> Server:
    return servers()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def drive(server: Server, time: Time, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Driver]]:
    """Make a driver for the server (or another *url*) that never really sleeps."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    made: list[Driver] = []

    def make(auth: Any = None, url: str | None = None, **settings: Any) -> Driver:
        made.append(Driver(url or server.url, auth, **{"sleep": time.sleep, "clock": time.clock, **settings}))
        return made[-1]

    yield make
    for driver in made:
        driver.close()


def one(yielded: Any) -> Any:
    """A flow that yields one thing and returns what it is sent."""
    return (yield yielded)
