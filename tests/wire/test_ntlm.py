"""Windows login against a real acceptor: one try, large bodies once, connections that end with their threads."""

from __future__ import annotations

import base64
import io
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests_ntlm
import spnego
from spnego.exceptions import SpnegoError

from assetmeta.model.errors import AuthenticationFailed, Unreachable, Unsupported
from assetmeta.model.http import Request
from assetmeta.wire.ntlm import Ntlm

from .conftest import Reply, one
from .test_transport import self_signed

USER, PASSWORD = "CORP\\joe", "pass-s3cret"
GET = Request("GET", "/a", idempotent=True)
LARGE = b"x" * 300_000


class Acceptor:
    """A server that logs in each connection by NTLM (MS-NTHT), offering *schemes*. `seen` has a tuple for each request:
    method, target, size of its body, whether the connection was logged in when it was answered, and the connection's
    number. `open` are the numbers of the connections that were not closed yet, and *keeps* is False for a server that
    wants the login for each request anew.
    """

    def __init__(
        self, schemes: tuple[str, ...] = ("NTLM",), *, keeps: bool = True, tls: ssl.SSLContext | None = None
    ) -> None:
        self.schemes = schemes
        self.keeps = keeps
        self.seen: list[tuple[str, str, int, bool, int]] = []
        self.open: set[int] = set()
        self.closed = threading.Condition()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._http.handle_error = lambda *_: None  # type: ignore[method-assign]
        if tls is not None:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True)
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def answered(self) -> list[tuple[str, str, int]]:
        """Method, target and size of what was answered with the login."""
        return [each[:3] for each in self.seen if each[3]]

    @property
    def refused(self) -> list[tuple[str, str, int]]:
        """Method, target and size of what was answered by 401."""
        return [each[:3] for each in self.seen if not each[3]]

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


def _handler(acceptor: Acceptor) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            self._context: Any = None
            self._is_in = False
            self._number = self.client_address[1]
            acceptor.open.add(self._number)

        def finish(self) -> None:
            super().finish()
            with acceptor.closed:
                acceptor.open.discard(self._number)
                acceptor.closed.notify_all()

        def _serve(self) -> None:
            size = self._body_size()
            scheme, _, token = self.headers.get("Authorization", "").partition(" ")
            challenges = list(acceptor.schemes)
            if token:
                self._is_in, told = self._stepped(base64.b64decode(token))
                challenges = [f"{scheme} {told}"] if told else challenges
            acceptor.seen.append((self.command, self.path, size, self._is_in, self._number))
            self.send_response(200 if self._is_in else 401)
            for challenge in () if self._is_in else challenges:
                self.send_header("WWW-Authenticate", challenge)
            self.send_header("Content-Length", "2" if self._is_in else "0")
            self.end_headers()
            self.wfile.write(b"in" if self._is_in else b"")
            self._is_in = self._is_in and acceptor.keeps

        def _stepped(self, token: bytes) -> tuple[bool, str]:
            """Whether the login is complete, and the token to answer."""
            if token.startswith(b"NTLMSSP\0\x01"):
                self._context = spnego.server(protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
            try:
                answer = self._context.step(token)
            except SpnegoError:
                return False, ""
            return self._context.complete, base64.b64encode(answer or b"").decode()

        def _body_size(self) -> int:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return len(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            whole = 0
            while size := int(self.rfile.readline(), 16):
                whole += len(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return whole

        do_GET = do_POST = do_PUT = _serve

        def log_message(self, format: str, *args: Any) -> None:
            return

    return Handler


@pytest.fixture
def accept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Acceptor]]:
    """Make as many acceptors as a test needs; they know one user."""
    users = tmp_path / "users"
    users.write_text(f"CORP:joe:{PASSWORD}\n")
    monkeypatch.setenv("NTLM_USER_FILE", str(users))
    made: list[Acceptor] = []

    def make(*args: Any, **kwargs: Any) -> Acceptor:
        made.append(Acceptor(*args, **kwargs))
        return made[-1]

    yield make
    for acceptor in made:
        acceptor.close()


class Unseekable:
    """A file that can be read once, as a pipe."""

    def __init__(self, content: bytes) -> None:
        self._file = io.BytesIO(content)

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)


@pytest.mark.parametrize("schemes", [("NTLM",), ("Negotiate", "NTLM"), ("Negotiate",)])
def test_each_connection_is_logged_in_once(accept, drive, schemes):
    acceptor = accept(schemes)
    driver = drive(Ntlm(USER, PASSWORD), acceptor.url)
    assert [b"in"] * 3 == [driver.run(one(GET)).body for _ in range(3)]
    assert (2, 3) == (len(acceptor.refused), len(acceptor.answered))
    assert 3 == len(driver.ledger)


def test_a_connection_by_tls_is_logged_in_with_its_certificate(accept, drive, tmp_path):
    acceptor = accept(tls=self_signed(tmp_path))
    driver = drive(Ntlm(USER, PASSWORD), acceptor.url, verify=str(tmp_path / "server.pem"))
    for _ in range(2):
        assert 200 == driver.run(one(Request("POST", "/w", body=LARGE, writes=True))).status
    assert [("POST", "/w", len(LARGE))] * 2 == [each for each in acceptor.answered if each[0] == "POST"]
    assert 2 == len(acceptor.refused)


def test_an_auth_object_that_logs_in_connections_shares_none(accept, drive):
    acceptor, together = accept(), threading.Barrier(3, timeout=10)
    driver = drive(requests_ntlm.HttpNtlmAuth(USER, PASSWORD), acceptor.url)
    driver.run(one(GET))
    acceptor.seen.clear()

    def read() -> None:
        together.wait()
        driver.run(one(GET))
        together.wait()

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    together.wait()
    together.wait()
    for thread in threads:
        thread.join()
    numbers = [number for *_, number in acceptor.seen]
    assert [3, 3] == [numbers.count(number) for number in set(numbers)]


def test_a_loop_tries_a_wrong_password_once(accept, drive):
    acceptor = accept()
    driver = drive(Ntlm(USER, "wrong"), acceptor.url)
    errors = []
    for _ in range(10):
        with pytest.raises(AuthenticationFailed, match="refused the Windows login.*tried once") as caught:
            driver.run(one(GET))
        errors.append(caught.value)
    assert [True] + [False] * 9 == [error.sent for error in errors]
    # Without a login, and the two halves of one.
    assert 3 == len(acceptor.seen)


def test_threads_try_a_wrong_password_once(accept, drive):
    acceptor, start, errors = accept(), threading.Barrier(8, timeout=10), []
    driver = drive(Ntlm(USER, "wrong"), acceptor.url)

    def read() -> None:
        start.wait()
        try:
            driver.run(one(GET))
        except AuthenticationFailed as error:
            errors.append(error.sent)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [False] * 7 + [True] == sorted(errors)
    assert 3 == len(acceptor.seen)


@pytest.mark.parametrize("ask", [GET, Request("POST", "/w", body=LARGE, writes=True)])
def test_a_login_that_the_server_breaks_off_is_tried_once(server, drive, ask):
    server.answers = [Reply(401, headers={"WWW-Authenticate": "NTLM"})]
    driver = drive(Ntlm(USER, PASSWORD))
    for _ in range(5):
        with pytest.raises(AuthenticationFailed, match="Windows login was broken off"):
            driver.run(one(ask))
    assert 2 == len(server.seen)


@pytest.mark.parametrize("make", [bytes, io.BytesIO, Unseekable])
def test_a_large_body_is_sent_once(accept, drive, make):
    acceptor = accept()
    driver = drive(Ntlm(USER, PASSWORD), acceptor.url)
    for _ in range(2):
        answer = driver.run(one(Request("POST", "/w?x=1", body=make(LARGE), writes=True)))
        assert b"in" == answer.body
    assert [("GET", "/w", 0)] * 2 == acceptor.refused
    assert [("GET", "/w", 0), ("POST", "/w?x=1", len(LARGE))] * 2 == acceptor.answered


def test_a_large_body_is_sent_once_on_each_thread_s_connection(accept, drive):
    acceptor = accept()
    driver = drive(Ntlm(USER, PASSWORD), acceptor.url, pool=4)
    asks = tuple(Request("POST", f"/{number}", body=io.BytesIO(LARGE), writes=True) for number in range(6))
    assert [200] * 6 == [answer.status for answer in driver.run(one(asks))]
    assert {("GET", 0)} == {(method, size) for method, _, size in acceptor.refused}
    assert [f"/{number}" for number in range(6)] == sorted(at for how, at, _ in acceptor.answered if how == "POST")


def test_a_small_body_takes_no_request_of_its_own(accept, drive):
    acceptor = accept()
    assert b"in" == drive(Ntlm(USER, PASSWORD), acceptor.url).run(one(Request("POST", "/w", body=b"small"))).body
    assert [("POST", "/w", 5)] == acceptor.answered


def test_a_refused_login_sends_no_large_body(accept, drive):
    acceptor = accept()
    source = io.BytesIO(LARGE)
    driver = drive(Ntlm(USER, "wrong"), acceptor.url)
    for _ in range(3):
        with pytest.raises(AuthenticationFailed):
            driver.run(one(Request("POST", "/w", body=source, writes=True)))
    assert [("GET", "/w", 0)] * 3 == acceptor.refused
    assert ([], 0) == (acceptor.answered, source.tell())


def test_a_server_that_wants_the_login_for_each_request_gets_a_file_whole(accept, drive):
    acceptor = accept(keeps=False)
    answer = drive(Ntlm(USER, PASSWORD), acceptor.url).run(one(Request("PUT", "/w", body=io.BytesIO(LARGE))))
    assert b"in" == answer.body
    assert ("PUT", "/w", len(LARGE)) == acceptor.answered[-1]


def test_when_the_login_breaks_a_write_was_not_sent(server, drive):
    server.answers = [Reply(cut=0)]
    with pytest.raises(Unreachable) as caught:
        drive(Ntlm(USER, PASSWORD)).run(one(Request("POST", "/w", body=LARGE, writes=True)))
    assert not caught.value.sent
    assert ["GET"] == [seen.method for seen in server.seen]


def test_connections_of_threads_that_have_ended_are_closed(accept, drive):
    acceptor = accept()
    driver = drive(Ntlm(USER, PASSWORD), acceptor.url)
    driver.run(one(GET))
    kept = set(acceptor.open)
    for _ in range(5):
        thread = threading.Thread(target=driver.run, args=(one(GET),))
        thread.start()
        thread.join()
        with acceptor.closed:
            assert acceptor.closed.wait_for(lambda: acceptor.open == kept, 10)
    assert 6 == len({number for *_, number in acceptor.seen})
    driver.run(one(GET))
    assert kept == acceptor.open
    driver.close()
    with acceptor.closed:
        assert acceptor.closed.wait_for(lambda: not acceptor.open, 10)


def test_a_proxy_is_not_logged_in_to(server, drive):
    server.answers = [Reply(407, headers={"Proxy-Authenticate": "NTLM"})]
    with pytest.raises(Unreachable, match="The proxy logs in by NTLM only"):
        drive(Ntlm(USER, PASSWORD), url="http://api.example", proxies=server.url).run(one(GET))
    assert [None] == [seen.headers.get("proxy-authorization") for seen in server.seen]


def test_a_kerberos_server_is_named(server, drive):
    server.answers = [Reply(401, headers={"WWW-Authenticate": "Negotiate"})]
    with pytest.raises(
        AuthenticationFailed, match=r"broken off.*HTTPKerberosAuth\(\) of the package requests-kerberos"
    ):
        drive(Ntlm(USER, PASSWORD)).run(one(GET))


@pytest.mark.parametrize("missing", ["requests_ntlm", "spnego.exceptions"])
def test_a_missing_package_is_named_with_its_extra(monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(Unsupported, match=r'pip install "assetmeta\[ntlm\]"'):
        Ntlm("joe", "pw")
