"""The line to a real server: requests and urllib3, with limits on time, size and where credentials go."""

from __future__ import annotations

import importlib.metadata
import ssl
import threading
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar, extract_cookies_to_jar, get_cookie_header

from assetmeta.model.errors import BadValue, Unreadable
from assetmeta.model.flows import Request, Response
from assetmeta.wire.auth import Bound, NoLogin, checked_text
from assetmeta.wire.body import CHUNK, Upload, is_file
from assetmeta.wire.download import begin
from assetmeta.wire.extras import load_extra
from assetmeta.wire.failures import cause_of, translated
from assetmeta.wire.line import Answer
from assetmeta.wire.origin import resolved
from assetmeta.wire.redact import redacted_line

DEFAULT_TIMEOUT = (10.0, 120.0)
MAX_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True)
class Settings:
    """How to reach the server.

    *timeout*: seconds, one number or (connect, read); read is the longest silence, not the whole answer. *pool*:
    connections kept. *proxies*: a URL, or a mapping by scheme; None takes those of the environment, {} takes none.
    *verify*: True (also honours REQUESTS_CA_BUNDLE), False, or a CA file or folder. *cert*: a client certificate, or
    (certificate, key); like all credentials it is shown to the session's origin only. *max_bytes*: the largest answer
    to hold in memory, after decompression; a download into a file has no limit. *truststore*: trust what the operating
    system trusts (extra `truststore`).
    """

    timeout: float | tuple[float, float] = DEFAULT_TIMEOUT
    pool: int = 8
    proxies: Mapping[str, str] | str | None = None
    verify: bool | str = True
    cert: str | tuple[str, str] | None = None
    max_bytes: int = MAX_BYTES
    user_agent: str | None = None
    truststore: bool = False

    def __post_init__(self) -> None:
        if not all(isinstance(part, int | float) and 0 < part < float("inf") for part in self.both_timeouts):
            raise BadValue("timeout= takes seconds above 0, or a pair (connect, read): no request may wait forever.")
        if self.pool < 1 or self.max_bytes < 1:
            raise BadValue("pool= and max_bytes= must be at least 1.")
        if self.user_agent is not None:
            _check_agent(self.user_agent)

    @property
    def both_timeouts(self) -> tuple[float, float]:
        """(connect, read) in seconds."""
        return self.timeout if isinstance(self.timeout, tuple) else (self.timeout, self.timeout)

    @property
    def all_proxies(self) -> dict[str, str] | None:
        """Proxies by scheme, or None for those of the environment."""
        if isinstance(self.proxies, str):
            return {"http": self.proxies, "https": self.proxies}
        return None if self.proxies is None else dict(self.proxies)

    @property
    def agent(self) -> str:
        """The User-Agent header: the caller's own name first, then this library's."""
        try:
            version = importlib.metadata.version("assetmeta")
        except importlib.metadata.PackageNotFoundError:
            version = "0"
        return " ".join(filter(None, (self.user_agent, f"assetmeta/{version}", f"requests/{requests.__version__}")))


class Transport:
    """Sends single requests over pooled connections. Safe to use from several threads."""

    def __init__(self, base: str, auth: Bound, settings: Settings) -> None:
        self._base = base
        self._auth = auth
        self._settings = settings
        self._agent = settings.agent
        self._cookies = RequestsCookieJar()
        self._own = threading.local()
        self._lock = threading.Lock()
        self._sessions: list[requests.Session] = []
        self._shared = None if auth.credential and auth.credential.per_connection else self._open()

    def exchange(self, request: Request, *, login: bool = True) -> Answer:
        """Send one request, once; see Line."""
        url = resolved(self._base, request.path)
        body = _body(request)
        session = self._session()
        try:
            prepared = self._prepared(session, request, body, login)
            with closing(session.send(prepared, **self._options(session, str(prepared.url)))) as raw:
                self._keep_cookies(prepared, raw)
                content = self._read(raw, request)
        except requests.RequestException as error:
            if isinstance(body, Upload) and body.failure is not None:
                raise body.failure from None
            cause = cause_of(error)
            failure = translated(error, request, url, self._settings.both_timeouts)
            # The outer errors quote the whole URL; only the innermost one is passed on.
            raise failure from (None if cause is error else cause)
        response = Response(raw.status_code, _headers(raw), content, request)
        return Answer(response, str(prepared.url), _size(body), _received(raw))

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            for session in self._sessions:
                session.close()

    def _session(self) -> requests.Session:
        if self._shared is not None:
            return self._shared
        if not hasattr(self._own, "session"):
            self._own.session = self._open()
        session: requests.Session = self._own.session
        return session

    def _open(self) -> requests.Session:
        session = _Session()
        adapter = _adapter(self._settings)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        # requests compares cookies by host alone; the jar of this class is used at the origin only.
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.headers["User-Agent"] = self._agent
        with self._lock:
            self._sessions.append(session)
        return session

    def _prepared(
        self, session: requests.Session, request: Request, body: bytes | Upload | None, login: bool
    ) -> requests.PreparedRequest:
        asked = requests.Request(
            request.method,
            resolved(self._base, request.path),
            params=list(request.query),
            headers=dict(request.headers),
            data=body,
            auth=self._auth if login else NoLogin(),
        )
        prepared = session.prepare_request(asked)
        if login and self._auth.covers(str(prepared.url)):
            cookies = get_cookie_header(self._cookies, prepared)  # type: ignore[no-untyped-call]
            if cookies:
                prepared.headers["Cookie"] = cookies
        return prepared

    def _options(self, session: requests.Session, url: str) -> dict[str, Any]:
        settings = self._settings
        cert = settings.cert if self._auth.covers(url) else None
        options = dict(session.merge_environment_settings(url, {}, True, settings.verify, cert))
        if settings.all_proxies is not None:
            options["proxies"] = settings.all_proxies
        return {**options, "timeout": settings.both_timeouts, "allow_redirects": False}

    def _keep_cookies(self, prepared: requests.PreparedRequest, raw: requests.Response) -> None:
        if self._auth.covers(str(prepared.url)):
            for answer in (*raw.history, raw):
                extract_cookies_to_jar(self._cookies, answer.request, answer.raw)  # type: ignore[no-untyped-call]

    def _read(self, raw: requests.Response, request: Request) -> bytes:
        if request.sink is not None and is_file(request, Response(raw.status_code, _headers(raw))):
            begin(request.sink, raw.status_code, _headers(raw))
            for chunk in raw.iter_content(CHUNK):
                request.sink.write(chunk)
            return b""
        content = bytearray()
        for chunk in raw.iter_content(CHUNK):
            content += chunk
            if len(content) > self._settings.max_bytes:
                raise Unreadable(
                    f"The answer to {redacted_line(request)} is larger than {self._settings.max_bytes} bytes."
                    " Ask for less at a time, or raise max_bytes=.",
                    status=raw.status_code,
                    request=redacted_line(request),
                )
        return bytes(content)


class _Session(requests.Session):
    """Leaves redirects alone, which would otherwise be prepared, with .netrc credentials, even when not followed."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None


class _Adapter(HTTPAdapter):
    """Connections, direct or through a proxy, that use the TLS settings given."""

    def __init__(self, context: object, pool: int) -> None:
        self._context = context
        super().__init__(pool_maxsize=pool)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

    def build_connection_pool_key_attributes(self, *args: Any, **kwargs: Any) -> Any:
        host, tls = super().build_connection_pool_key_attributes(*args, **kwargs)
        # requests 2.32 would put a context of its own here, which trusts its own bundle only.
        return host, {**tls, "ssl_context": self._context} if "ssl_context" in tls else tls

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)


def _adapter(settings: Settings) -> HTTPAdapter:
    if not settings.truststore:
        return HTTPAdapter(pool_maxsize=settings.pool)
    package = load_extra("truststore", "truststore")
    return _Adapter(package.SSLContext(ssl.PROTOCOL_TLS_CLIENT), settings.pool)


def _check_agent(text: str) -> None:
    try:
        checked_text(text, "user agent").encode("latin-1")
    except UnicodeEncodeError:
        raise BadValue(f"user_agent={text!r} cannot be sent: a header carries Latin-1 letters only.") from None


def _body(request: Request) -> bytes | Upload | None:
    if request.body is None or isinstance(request.body, bytes):
        return request.body
    upload = Upload(request.body)
    return b"" if getattr(upload, "len", None) == 0 else upload


def _size(body: bytes | Upload | None) -> int:
    return body.sent if isinstance(body, Upload) else len(body or b"")


def _received(raw: requests.Response) -> int:
    received: int = raw.raw.tell()
    return received


def _headers(raw: requests.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in raw.headers.items() if name.lower() != "set-cookie"}
