"""The line to a real server: requests and urllib3, with limits on time, size and where credentials go."""

from __future__ import annotations

import os
import queue
import ssl
import threading
import time
import weakref
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from itertools import chain
from typing import Any, Self

import requests
from msgspec.structs import replace
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar, extract_cookies_to_jar, get_cookie_header
from requests.structures import CaseInsensitiveDict

from assetmeta.model import optional
from assetmeta.model.errors import BadValue, InvalidResponse
from assetmeta.model.http import Request, Response
from assetmeta.model.processes import renew_in_child
from assetmeta.model.scalars import is_seconds
from assetmeta.version import __version__
from assetmeta.wire.auth import NoLogin, OriginBoundAuth, checked_text
from assetmeta.wire.body import CHUNK, StreamedBody, beginning, is_file
from assetmeta.wire.certificates import as_text, check_client, check_environment, check_trust
from assetmeta.wire.connections import DeadlineAdapter
from assetmeta.wire.deadline import Clock, Deadline, current
from assetmeta.wire.download import begin
from assetmeta.wire.failures import Limits, cause_of, translated
from assetmeta.wire.proxies import checked_proxies, has_password
from assetmeta.wire.redact import redacted_line
from assetmeta.wire.tracebacks import without_frames
from assetmeta.wire.transport_base import Answer
from assetmeta.wire.urls import Origin, resolved

DEFAULT_TIMEOUT = (10.0, 120.0)
DEADLINE_FACTOR = 5
"""How many times the read timeout one exchange may take, unless `deadline=` is given."""

MAX_BYTES = 512 * 1024 * 1024

_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_ENVIRONMENT = (*_PROXIES, *map(str.upper, _PROXIES), "REQUEST_METHOD", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""What of the environment decides on proxies and trusted certificates."""

File = str | os.PathLike[str]


@dataclass(frozen=True)
class Settings:
    """How to reach the server.

    *timeout*: seconds, one number or (connect, read); read is the longest silence, not the whole answer. *deadline*:
    seconds for one try of a request with its whole answer, five times the read timeout unless given. The body of a
    download into a file and that of an upload are not bounded by it as long as they make progress. *pool*: connections
    kept. *proxies*: a URL, or a mapping by scheme; None takes those of the environment, {} takes none. *verify*: True
    (also honours REQUESTS_CA_BUNDLE), False, or a CA file or folder. *cert*: a client certificate, or (certificate,
    key); like all credentials it is shown to the session's origin only. *max_bytes*: the largest answer to hold in
    memory, after decompression; a download into a file has no limit. *truststore*: trust what the operating system
    trusts (extra `truststore`).

    Its repr shows no proxies, and it does not pickle with a proxy's password in it. Raises BadValue for settings that
    cannot work: files that are missing or of another kind, an encrypted key, unknown proxies. Unsupported for a missing
    extra.
    """

    timeout: float | tuple[float, float] = DEFAULT_TIMEOUT
    pool: int = 8
    proxies: Mapping[str, str] | str | None = field(default=None, repr=False)
    verify: bool | str | os.PathLike[str] = True
    cert: File | tuple[File, File] | None = None
    max_bytes: int = MAX_BYTES
    user_agent: str | None = None
    truststore: bool = False
    deadline: float | None = None

    def __post_init__(self) -> None:
        if len(self.both_timeouts) != 2 or not all(is_seconds(part) and part for part in self.both_timeouts):
            raise BadValue("timeout= takes seconds above 0, or a pair (connect, read): no request may wait forever.")
        if self.deadline is not None and not (is_seconds(self.deadline) and self.deadline):
            raise BadValue("deadline= takes seconds above 0: no request may go on forever.")
        if not all(hasattr(size, "__index__") and size >= 1 for size in (self.pool, self.max_bytes)):
            raise BadValue("pool= and max_bytes= are whole numbers, at least 1.")
        if self.user_agent is not None:
            _check_agent(self.user_agent)
        checked_proxies(self.proxies)
        self._check_trust()
        if self.certificate is not None:
            certificate, key = self.certificate if isinstance(self.certificate, tuple) else (self.certificate, None)
            check_client(certificate, key)

    def _check_trust(self) -> None:
        if not isinstance(self.verify, bool | str | os.PathLike):
            raise BadValue("verify= takes True, False, or the path of a CA file or folder.")
        if self.truststore and self.trusted is False:
            raise BadValue("truststore=True and verify=False contradict each other: pass one of them.")
        if isinstance(self.trusted, str):
            check_trust(self.trusted, "verify=")

    @property
    def trusted(self) -> bool | str:
        """*verify*, a path as text."""
        return self.verify if isinstance(self.verify, bool) else as_text(self.verify)

    @property
    def certificate(self) -> str | tuple[str, str] | None:
        """*cert*, paths as text."""
        if self.cert is None or isinstance(self.cert, str | os.PathLike):
            return None if self.cert is None else as_text(self.cert)
        if not isinstance(self.cert, tuple) or len(self.cert) != 2:
            raise BadValue("cert= takes the file of a certificate, or a pair: (certificate, key).")
        return as_text(self.cert[0]), as_text(self.cert[1])

    @property
    def limit(self) -> float:
        """Seconds that one try of a request may take in all."""
        return self.both_timeouts[1] * DEADLINE_FACTOR if self.deadline is None else self.deadline

    @property
    def both_timeouts(self) -> tuple[float, float]:
        """(connect, read) in seconds."""
        return self.timeout if isinstance(self.timeout, tuple) else (self.timeout, self.timeout)

    @property
    def all_proxies(self) -> dict[str, str] | None:
        """Proxies by scheme, or None for those of the environment."""
        return checked_proxies(self.proxies)

    @property
    def agent(self) -> str:
        """The User-Agent header: the caller's own name first, then this library's."""
        own = f"assetmeta/{__version__} requests/{requests.__version__}"
        return f"{self.user_agent} {own}" if self.user_agent else own

    def __reduce_ex__(self, protocol: object) -> Any:
        if has_password(self.all_proxies):
            raise TypeError(
                "These settings hold a proxy's password and are not pickled: create them where they are needed."
            )
        return super().__reduce_ex__(protocol)  # type: ignore[arg-type]

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self


class Transport:
    """Sends single requests over pooled connections. Safe to use from several threads.

    *clock* (monotonic, seconds) is what deadlines go by. Raises BadValue when the CA bundle that the environment names
    cannot be used for an https address.
    """

    def __init__(self, base: str, auth: OriginBoundAuth, settings: Settings, clock: Clock = time.monotonic) -> None:
        if base.startswith("https:") and settings.trusted is True and not settings.truststore:
            check_environment()
        self._clock = clock
        self._base = base
        self._auth = auth
        self._settings = settings
        self._agent = settings.agent
        self._surroundings: tuple[object, Mapping[str, Any]] = (None, {})
        self._sessions: set[requests.Session] = set()
        self._begin()
        renew_in_child(self)

    def _begin(self) -> None:
        self._cookies = RequestsCookieJar()
        self._own = threading.local()
        credential = self._auth.credential
        self._shared = None if credential and credential.per_connection else self._open()

    def after_fork(self) -> None:
        """Open connections of its own: over those of the parent answers would cross. Cookies are new, too."""
        inherited, self._sessions = self._sessions, set()
        for session in inherited:
            _abandon(session)
        self._begin()

    def exchange(self, request: Request, *, login: bool = True) -> Answer:
        """Send one request, once; see BaseTransport. What it raises has no frames and no context in which secrets
        could be.
        """
        answer = self._attempted(request, login)
        if isinstance(answer, Answer):
            return answer
        raise answer

    def _attempted(self, request: Request, login: bool) -> Answer | BaseException:
        """Return the answer, or the error to be raised."""
        body: bytes | StreamedBody | None = None
        deadline: Deadline | None = None
        try:
            body = _body(request)
            deadline = Deadline(self._settings.limit, self._clock, after_body=isinstance(body, StreamedBody))
            return self._sent(request, body, login, deadline)
        except requests.RequestException as error:
            if isinstance(body, StreamedBody) and body.failure is not None:
                return _bare(body.failure)
            return self._failure(error, request, deadline)
        except BaseException as error:  # noqa: BLE001 - raised by the caller
            return without_frames(error)

    def _sent(self, request: Request, body: bytes | StreamedBody | None, login: bool, deadline: Deadline) -> Answer:
        session = self._session()
        mark = current.set(deadline)
        try:
            prepared = self._prepared(session, request, body, login)
            with closing(session.send(prepared, **self._options(session, str(prepared.url)))) as raw:
                self._keep_cookies(prepared, raw)
                content = self._read(raw, request, deadline)
        except BaseException:
            deadline.close()
            raise
        finally:
            current.reset(mark)
        response = Response(raw.status_code, _headers(raw), content, request)
        return Answer(response, str(prepared.url), _size(body), _received(raw))

    def _failure(self, error: requests.RequestException, request: Request, deadline: Deadline | None) -> BaseException:
        """Our error for one of requests'. The outer errors contain the whole URL, their cause the system's error."""
        connect, read = self._settings.both_timeouts
        sent = True
        if deadline is not None:
            deadline.check()
            sent = deadline.sent
        limits = Limits(connect, read, deadline.seconds if deadline is not None and deadline.over else None)
        failure = translated(error, request, resolved(self._base, request.path), limits, sent=sent)
        cause = cause_of(error)
        reasons = (each for each in (cause, cause.__cause__) if isinstance(each, OSError) and each is not error)
        failure.__cause__ = next(map(_bare, reasons), None)
        failure.__suppress_context__ = True
        return failure

    def close(self) -> None:
        """Close every connection."""
        for session in tuple(self._sessions):
            _close(session)

    def _session(self) -> requests.Session:
        if self._shared is not None:
            return self._shared
        own: _OfThread | None = getattr(self._own, "session", None)
        if own is None:
            own = self._own.session = _OfThread(self._open(), self._sessions)
        return own.session

    def _open(self) -> requests.Session:
        session = _Session()
        adapter = _adapter(self._settings)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        # requests compares cookies by host alone; the jar of this class is used at the origin only.
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.headers["User-Agent"] = self._agent
        self._sessions.add(session)
        return session

    def _prepared(
        self, session: requests.Session, request: Request, body: bytes | StreamedBody | None, login: bool
    ) -> requests.PreparedRequest:
        # The session has nothing to add but its headers: neither parameters nor cookies nor hooks, nor a login.
        headers = CaseInsensitiveDict(session.headers)
        headers.update(request.headers)
        prepared = requests.PreparedRequest()
        prepared.prepare(
            method=request.method.upper(),
            url=resolved(self._base, request.path),
            params=list(request.query),
            headers=headers,
            data=body,
            auth=self._auth if login else NoLogin(),
        )
        if login and self._auth.covers(str(prepared.url)):
            cookies = get_cookie_header(self._cookies, prepared)  # type: ignore[no-untyped-call]
            if cookies:
                prepared.headers["Cookie"] = cookies
        return prepared

    def _options(self, session: requests.Session, url: str) -> dict[str, Any]:
        settings = self._settings
        cert = settings.certificate if self._auth.covers(url) else None
        options = {**self._from_environment(session, url), "cert": cert}
        if settings.all_proxies is not None:
            options["proxies"] = settings.all_proxies
        return {**options, "timeout": settings.both_timeouts, "allow_redirects": False}

    def _from_environment(self, session: requests.Session, url: str) -> Mapping[str, Any]:
        """Return what requests takes from the environment for a server. It is read again for another server, and where
        the environment has changed: to search all of it takes as long as most of a request.
        """
        key = (Origin.of(url), *map(os.environ.get, _ENVIRONMENT))
        known, options = self._surroundings
        if known != key:
            options = session.merge_environment_settings(url, {}, True, self._settings.trusted, None)
            self._surroundings = key, options
        return options

    def _keep_cookies(self, prepared: requests.PreparedRequest, raw: requests.Response) -> None:
        if self._auth.covers(str(prepared.url)):
            for answer in (*raw.history, raw):
                extract_cookies_to_jar(self._cookies, answer.request, answer.raw)  # type: ignore[no-untyped-call]

    def _read(self, raw: requests.Response, request: Request, deadline: Deadline) -> bytes:
        pieces, head = raw.iter_content(CHUNK), Response(raw.status_code, _headers(raw))
        if is_file(request, head):
            deadline.lift()
        first = beginning(request, head, pieces)
        pieces = chain([first] if first else [], pieces)
        if request.sink is not None and is_file(request, replace(head, body=first)):
            begin(request.sink, head.status, head.headers)
            for chunk in pieces:
                request.sink.write(chunk)
            return b""
        content = bytearray()
        for chunk in pieces:
            content += chunk
            if len(content) > self._settings.max_bytes:
                raise InvalidResponse(
                    f"The answer to {redacted_line(request)} is larger than {self._settings.max_bytes} bytes."
                    " Request less at a time, or raise max_bytes=.",
                    status=raw.status_code,
                    request=redacted_line(request),
                )
        return bytes(content)


class _Session(requests.Session):
    """Leaves redirects alone, which would otherwise be prepared, with .netrc credentials, even when not followed."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None


class _OfThread:
    """The connections of one thread, which are closed when it ends; *sessions* are those to be closed with the rest."""

    def __init__(self, session: requests.Session, sessions: set[requests.Session]) -> None:
        self.session = session
        # Kept in a threading.local, this object ends with its thread.
        weakref.finalize(self, _let_go, session, sessions, os.getpid()).atexit = False


def _let_go(session: requests.Session, sessions: set[requests.Session], process: int) -> None:
    """Close connections, but not in a forked process: there, they are abandoned with those of all other threads."""
    if process == os.getpid():
        sessions.discard(session)
        _close(session)


def _adapter(settings: Settings) -> DeadlineAdapter:
    if not settings.truststore:
        return DeadlineAdapter(settings.pool)
    package = optional.load("truststore", extra="truststore")
    return DeadlineAdapter(settings.pool, package.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


def _bare(error: BaseException) -> BaseException:
    """An error alone: without frames, and without what it was raised from."""
    error.__traceback__ = error.__cause__ = error.__context__ = None
    return error


def _close(session: requests.Session) -> None:
    """Close connections now. The library only lets go of them, and each is part of a circle of references."""
    for manager in _managers(session):
        for pool in _pools(manager):
            pool.close()
    session.close()


def _abandon(session: requests.Session) -> None:
    """Close this process's side of inherited connections, whatever other threads of the parent did with the pools."""
    for manager in _managers(session):
        manager.pools.lock = threading.RLock()
        for pool in _pools(manager):
            _free(pool.pool)
    session.close()


def _managers(session: requests.Session) -> list[Any]:
    """What keeps connections: directly to servers, and by way of each proxy."""
    adapters = {id(each): each for each in session.adapters.values() if isinstance(each, HTTPAdapter)}
    return [manager for each in adapters.values() for manager in (each.poolmanager, *each.proxy_manager.values())]


def _pools(manager: Any) -> list[Any]:
    keys = list(manager.pools.keys())
    return [pool for pool in map(manager.pools.get, keys) if pool is not None]


def _free(idle: queue.LifoQueue[Any] | None) -> None:
    """Give a queue locks that are free."""
    if idle is not None:
        idle.mutex = threading.Lock()
        idle.not_empty = threading.Condition(idle.mutex)
        idle.not_full = threading.Condition(idle.mutex)
        idle.all_tasks_done = threading.Condition(idle.mutex)


def _check_agent(text: str) -> None:
    try:
        checked_text(text, "user agent").encode("latin-1")
    except UnicodeEncodeError:
        raise BadValue(f"user_agent={text!r} cannot be sent: a header carries Latin-1 letters only.") from None


def _body(request: Request) -> bytes | StreamedBody | None:
    if request.body is None or isinstance(request.body, bytes):
        return request.body
    upload = StreamedBody(request.body)
    return b"" if getattr(upload, "len", None) == 0 else upload


def _size(body: bytes | StreamedBody | None) -> int:
    return body.sent if isinstance(body, StreamedBody) else len(body or b"")


def _received(raw: requests.Response) -> int:
    received: int = raw.raw.tell()
    return received


def _headers(raw: requests.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in raw.headers.items() if name.lower() != "set-cookie"}
