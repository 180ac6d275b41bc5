"""Deadlines: an answer that never ends is broken off, whatever comes meanwhile, and is never taken for a whole one."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from assetmeta.model.errors import BadValue, TimedOut, Unreachable
from assetmeta.model.http import Request

from .conftest import Reply, one

GET = Request("GET", "/slow", query=(("token", "s3cret"),), idempotent=True)
STEP = 0.5
"""Seconds on the test's clock between two pieces of an answer. Nobody waits for them."""

AT_ONCE, MOST = 40, 1000


class Dripping:
    """A server that answers every connection with *head* and then piece by piece, time passing in between, until the
    other side has gone. The first 20 seconds pass at once, the others at a pace that the other side can follow.
    """

    def __init__(self, head: bytes, piece: bytes, time) -> None:
        self.gone = threading.Event()
        self.connections = 0
        self._head, self._piece, self._time = head, piece, time
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(65536)
        try:
            connection.sendall(self._head)
            for number in range(MOST):
                self._time.now += STEP
                connection.sendall(self._piece)
                self.gone.wait(0 if number < AT_ONCE else 0.02)
        except ConnectionError:
            pass
        self.gone.set()

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def dripping(time) -> Iterator[Callable[..., Dripping]]:
    made: list[Dripping] = []

    def make(head: bytes, piece: bytes) -> Dripping:
        made.append(Dripping(head, piece, time))
        return made[-1]

    yield make
    for server in made:
        server.close()


CASES = {
    "slow headers": (b"HTTP/1.1 200 OK\r\n", b"X-A: 1\r\n"),
    "a header without an end": (b"HTTP/1.1 200 OK\r\nX-A: ", b"a"),
    "endless 100 Continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "endless 103 Early Hints": (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
    "a body of known length": (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n", b"x"),
    "a body in chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "a body that ends with the connection": (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
    "an error page": (b"HTTP/1.1 500 Oops\r\n\r\n", b"x"),
}


@pytest.mark.parametrize("case", CASES)
def test_an_answer_without_an_end_is_broken_off(dripping, drive, case):
    server = dripping(*CASES[case])
    driver = drive(url=server.url, timeout=(10, 10), deadline=20)
    with pytest.raises(TimedOut, match=r"had not finished its answer to GET /slow after 20 s.*deadline=") as caught:
        driver.run(one(GET))
    assert (True, 1) == (caught.value.sent, server.connections)
    assert "s3cret" not in f"{caught.value!r} {caught.value.__cause__!r}"
    assert server.gone.wait(10)
    assert ["TimedOut"] == [entry.error for entry in driver.ledger]


@pytest.mark.parametrize("status", ["100 Continue", "102 Processing", "103 Early Hints"])
def test_interim_answers_are_not_the_answer(drive, status):
    interim = f"HTTP/1.1 {status}\r\nLink: </a>\r\n\r\n".encode()

    def serve():
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(interim * 2 + b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        answer = drive(url=f"http://127.0.0.1:{listener.getsockname()[1]}").run(one(Request("POST", "/w")))
    assert (201, b"ok") == (answer.status, answer.body)


@pytest.mark.parametrize("cut", [10, 17, 25, 40])
def test_an_answer_that_ends_within_its_headers_is_not_whole(drive, cut):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-A: 1\r\n\r\n"

    def serve():
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(head[:cut])

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(Unreachable, match="broke during POST /w"):
            drive(url=url).run(one(Request("POST", "/w", writes=True)))


def test_the_deadline_is_five_times_the_read_timeout_unless_given(dripping, drive):
    server = dripping(*CASES["a body of known length"])
    with pytest.raises(TimedOut, match="after 25 s"):
        drive(url=server.url, timeout=(10, 5)).run(one(GET))


def test_a_write_may_have_acted_and_is_not_repeated(dripping, drive):
    server = dripping(*CASES["slow headers"])
    with pytest.raises(TimedOut) as caught:
        drive(url=server.url, deadline=20).run(one(Request("POST", "/w", body=b"x", writes=True)))
    assert (True, 1) == (caught.value.sent, server.connections)


def test_a_download_that_makes_progress_may_take_long(server, drive, time):
    content, sink = b"x" * 300_000, Slow(b"", time)
    server.answers = [Reply(body=content)]
    drive(deadline=20).run(one(Request("GET", "/f", sink=sink)))
    assert (content, True) == (sink.getvalue(), time.now > 20)


@pytest.mark.parametrize("case", ["slow headers", "endless 100 Continue", "an error page"])
def test_a_download_does_not_wait_for_its_beginning_for_ever(dripping, drive, case):
    server = dripping(*CASES[case])
    with pytest.raises(TimedOut, match="after 20 s"):
        drive(url=server.url, deadline=20).run(one(Request("GET", "/f", sink=io.BytesIO())))


class Slow(io.BytesIO):
    """A file that takes long to be read and to be written."""

    def __init__(self, content: bytes, time) -> None:
        super().__init__(content)
        self._time = time

    def read(self, size: int | None = -1) -> bytes:
        self._time.now += 15
        return super().read(size)

    def write(self, content) -> int:
        self._time.now += 15
        return super().write(content)


def test_an_upload_that_makes_progress_may_take_long(server, drive, time):
    content = b"x" * 300_000
    drive(deadline=20).run(one(Request("PUT", "/f", body=Slow(content, time))))
    assert ([content], True) == ([seen.body for seen in server.seen], time.now > 20)


def test_the_answer_to_an_upload_is_bounded(dripping, drive):
    server = dripping(*CASES["slow headers"])
    with pytest.raises(TimedOut, match="after 20 s"):
        drive(url=server.url, deadline=20).run(one(Request("PUT", "/f", body=io.BytesIO(b"x"))))


def test_a_connection_serves_on_after_an_answer_in_time(server, drive, time):
    driver = drive(deadline=20)
    for _ in range(3):
        time.now += 19
        assert 200 == driver.run(one(GET)).status
    assert 3 == len(server.seen)


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan")])
def test_a_deadline_is_a_number_of_seconds(drive, seconds):
    with pytest.raises(BadValue, match="deadline="):
        drive(deadline=seconds)
