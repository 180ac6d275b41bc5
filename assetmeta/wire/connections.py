"""Connections that keep a deadline, for requests and urllib3."""

from __future__ import annotations

import functools
import http.client
import io
import ssl
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError

from assetmeta.model.errors import BadValue
from assetmeta.wire.deadline import Deadline, current

_SWITCHING, _FINAL, _PROXY_LOGIN = 101, 200, 407


class TunnelRefused(OSError):
    """A proxy makes no tunnel without a login; *challenge* is its Proxy-Authenticate header."""

    def __init__(self, *args: object, challenge: str) -> None:
        super().__init__(*args)
        self.challenge = challenge


class DeadlineAdapter(HTTPAdapter):
    """Connections, direct or through a proxy, that keep the deadline of the exchange that uses them.

    *context* are TLS settings to use in place of the library's own.
    """

    def __init__(self, pool: int, context: object = None) -> None:
        self._context = context
        super().__init__(pool_maxsize=pool)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **{**kwargs, **self._tls()})
        _keep_deadlines(self.poolmanager)

    def build_connection_pool_key_attributes(self, *args: Any, **kwargs: Any) -> Any:
        host, tls = super().build_connection_pool_key_attributes(*args, **kwargs)
        # requests 2.32 would put a context of its own here, which trusts its own bundle only.
        replaced = self._context is not None and "ssl_context" in tls
        return host, {**tls, "ssl_context": self._context} if replaced else tls

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs, **self._tls())
        _keep_deadlines(manager)
        return manager

    def send(self, *args: Any, **kwargs: Any) -> Any:
        answer = super().send(*args, **kwargs)
        deadline = current.get()
        if deadline is not None:
            deadline.opened(answer)
        return answer

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        try:
            super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]
        except OSError as error:
            raise BadValue(
                f"{error}. It comes from verify=, cert= or the environment (REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE)."
            ) from None

    def _tls(self) -> dict[str, object]:
        return {} if self._context is None else {"ssl_context": self._context}


def _keep_deadlines(manager: Any) -> None:
    """Let a manager of connections make ours. Each kind of manager (direct, proxy, SOCKS) has classes of its own."""
    manager.pool_classes_by_scheme = {
        scheme: _pool(kind) for scheme, kind in dict(manager.pool_classes_by_scheme).items()
    }


@functools.cache
def _pool(kind: type) -> type:
    return kind if issubclass(kind, _Pool) else type(kind.__name__, (_Pool, kind), {})


class _Pool:
    """What a pool of urllib3 does differently here: its connections keep deadlines.

    Read each time, because tests put other connections in the place of urllib3's (vcrpy does): those stay as they
    are, and only as long as they are there.
    """

    @property
    def ConnectionCls(self) -> type:
        connection: type = super().ConnectionCls  # type: ignore[misc]
        return _timed(connection) if connection.__module__.startswith("urllib3.") else connection


@functools.cache
def _timed(connection: type) -> type:
    return type(connection.__name__, (_Connection, connection), {})


class _Connection(http.client.HTTPConnection):
    """What a connection of urllib3 does differently here."""

    _is_connecting = False
    _reader: _Reader | None = None
    _tunnel_reply: _Response | None = None

    def connect(self) -> None:
        self._is_connecting = True
        try:
            super().connect()
        except TimeoutError as error:
            # A silent handshake: urllib3 would report it as a silent answer to the request, which was not sent.
            raise ConnectTimeoutError(self, "The connection was not ready in time.") from error
        except OSError as error:
            if self._tunnel_reply is None or not self._tunnel_reply.challenge:
                raise
            raise TunnelRefused(*error.args, challenge=self._tunnel_reply.challenge) from None
        finally:
            self._is_connecting = False
            self._tunnel_reply = None

    def send(self, data: Any) -> None:
        deadline = current.get()
        if deadline is None or self._is_connecting:
            super().send(data)
            return
        if self.sock is None and self.auto_open:
            self.connect()
        if self.sock is not None:
            self.sock.settimeout(deadline.bounded(self.timeout))
        deadline.sent = True
        try:
            super().send(data)
        except OSError as error:
            alert = None if isinstance(error, TimeoutError) else _alert(self.sock)
            if alert is None:
                raise
            raise alert from None

    def getresponse(self) -> Any:
        deadline = current.get()
        if deadline is not None:
            deadline.body_sent()
        response = super().getresponse()
        if self._reader is not None and self._reader.at_end:
            # The library takes headers that break off for whole ones.
            response.close()
            raise ConnectionResetError("the answer ended within its headers")
        return response

    def response_class(self, sock: Any, *args: Any, **kwargs: Any) -> http.client.HTTPResponse:  # type: ignore[override]
        response = _Response(sock, *args, **kwargs)
        deadline = current.get()
        if deadline is not None:
            self._reader = _Reader(response.fp.detach(), sock, deadline)
            response.fp = io.BufferedReader(self._reader)
        if self._is_connecting:
            self._tunnel_reply = response
        return response


class _Response(http.client.HTTPResponse):
    """An answer after any number of interim ones, of which the library handles `100 Continue` alone (RFC 9110, 15.2).

    *challenge* is what a proxy wants that refuses a tunnel (407), as far as it came together with the status.
    """

    challenge = ""

    def _read_status(self) -> tuple[str, int, str]:
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if status == _PROXY_LOGIN:
                # Only looked at: some versions of the library read the headers of a refused tunnel, others do not.
                self.challenge = _challenge(self.fp.peek())
            if status <= _SWITCHING or status >= _FINAL:
                return version, status, reason
            http.client.parse_headers(self.fp)


def _challenge(head: bytes) -> str:
    """The Proxy-Authenticate headers at the beginning of *head*, joined by commas."""
    headers = http.client.parse_headers(io.BytesIO(head))
    return ", ".join(headers.get_all("proxy-authenticate", []))


def _alert(sock: Any) -> ssl.SSLError | None:
    """Why the server closed a TLS connection that cannot be written to any more, if it gave a reason.

    In TLS 1.3 a server refuses a client's certificate after the handshake: its words are waiting to be read.
    """
    if not isinstance(sock, ssl.SSLSocket):
        return None
    try:
        sock.recv(1)
    except ssl.SSLError as error:
        return error if error.reason and "ALERT" in error.reason else None
    except (OSError, ValueError):
        return None
    return None


class _Reader(io.RawIOBase):
    """Reads from a socket as long as there is time.

    Raising when there is none, instead of closing the socket, is what distinguishes a broken-off answer from one that
    ends with its connection.
    """

    def __init__(self, inner: io.RawIOBase, sock: Any, deadline: Deadline) -> None:
        super().__init__()
        self._inner = inner
        self._sock = sock
        self._deadline = deadline
        self._silence: float | None = sock.gettimeout()
        self.at_end = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._deadline.bounded(self._silence))
        size = self._inner.readinto(buffer)
        self.at_end = size == 0
        return size

    def close(self) -> None:
        self._inner.close()
        super().close()
