"""Credentials: objects that put a secret on a request, and the binding that keeps them at one origin."""

from __future__ import annotations

import base64
import copy
import hashlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import Any, NoReturn, Self, TypeVar

import requests
from requests.auth import AuthBase, HTTPDigestAuth

from assetmeta.model.errors import AssetmetaError, BadValue, UsageError
from assetmeta.model.http import Request, Response
from assetmeta.model.processes import renew_in_child
from assetmeta.wire.redact import SECRET_HEADERS
from assetmeta.wire.urls import Origin

Prepared = requests.PreparedRequest
T = TypeVar("T")

LoginFlow = Generator[Request, Response, T]
"""What a login has to send, as a flow: each request is sent once, without the credentials of the session."""

_FIXED_SCHEMES = frozenset({"basic", "bearer", "token"})
"""Schemes whose header is the same for every request, so that another header is another login."""

_CONNECTION_LOGINS = frozenset(
    {"requests_gssapi", "requests_kerberos", "requests_negotiate_sspi", "requests_ntlm", "requests_ntlm2"}
)
"""Packages whose auth objects take several requests over one connection, between which no other thread may use it."""


class Unpicklable:
    """Holds a secret, which a pickle would write down in clear. Copies are the object itself, which never changes."""

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__} holds a secret and is not pickled. Create it in the other process,"
            " from where its secret is kept."
        )

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self


class Credential(Unpicklable, AuthBase, ABC):
    """A way to log in. Its repr shows what kind it is, never the secret; it cannot be pickled.

    *kind* is what error messages call it. *version* changes with every renewed secret, and *outdated* are the statuses
    that may mean that one is due. *per_connection* is True for schemes that log in a connection and not a request, so
    that threads must not share connections. *is_granted* is True once the server itself has handed out the secret.
    *renews_locally* is set where `login()` sends no request, and *is_restless* that the latest two secrets were each
    another one than before, so that one more is no sign that the credentials have changed. *is_exhausted* is True once
    every way to a new secret was refused.
    """

    kind = "credentials"
    outdated = frozenset({401})
    per_connection = False
    is_granted = False
    renews_locally = False
    is_restless = False
    version = 0

    @property
    def is_exhausted(self) -> bool:
        """True when no other secret can be got any more, because each way to one was tried and refused."""
        return False

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts that must never be recorded."""
        return ()

    @property
    def identity(self) -> str | None:
        """A text that differs between users of a server, as far as the credential shows who logs in. No secret."""
        return None

    @property
    def is_due(self) -> bool:
        """True when a secret has to be got before the next request."""
        return False

    @property
    def fingerprint(self) -> str | None:
        """A text that changes when the secret is changed from outside. Never a secret."""
        return None

    def renewed(self, version: int, run: Callable[[LoginFlow[bool]], bool]) -> bool:
        """Replace the secret of that *version*; False when there is no other one. *run* performs a login's flow."""
        return False

    def first_request(self, request: Request) -> Request | None:
        """A small request to be sent before *request*, on the same connection, which logs that in; None where the
        request itself does so.
        """
        return None

    @abstractmethod
    def __call__(self, r: Prepared) -> Prepared:
        """Put the secret on a request."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.kind}>"


class Basic(Credential):
    """User name and password (RFC 7617, UTF-8)."""

    kind = "user name and password"

    def __init__(self, user: str, password: str) -> None:
        self._user = checked_text(user, "user name")
        self._password = checked_text(password, "password")
        if ":" in user:
            raise BadValue("A user name with a colon cannot be sent as Basic login.")
        pair = f"{user}:{password}".encode()
        self._header = "Basic " + base64.b64encode(pair).decode("ascii")

    @property
    def identity(self) -> str:
        """The user name."""
        return f"user {self._user}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The password, and both as they are sent."""
        return (self._password, self._header.partition(" ")[2])

    def __call__(self, r: Prepared) -> Prepared:
        """Set the Authorization header."""
        r.headers["Authorization"] = self._header
        return r


class Bearer(Credential):
    """An access token: `Authorization: <scheme> <token>`. Some servers want another *scheme* word, such as "Token"."""

    kind = "access token"

    def __init__(self, token: str, scheme: str = "Bearer") -> None:
        self._token = checked_token(token)
        self._scheme = checked_token(scheme)

    @property
    def identity(self) -> str:
        """A digest of the token, which belongs to one user."""
        return f"token {hashlib.sha256(self._token.encode()).hexdigest()}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The token."""
        return (self._token,)

    def __call__(self, r: Prepared) -> Prepared:
        """Set the Authorization header."""
        r.headers["Authorization"] = f"{self._scheme} {self._token}"
        return r


class SharedAttempt:
    """One attempt to log in at a time: whoever comes while it is under way waits, and takes its outcome, which may be
    an error. No lock is held meanwhile.
    """

    def __init__(self) -> None:
        self.after_fork()
        renew_in_child(self)

    def after_fork(self) -> None:
        """Wait for no attempt of the parent."""
        self._lock = threading.Lock()
        self._current: Future[bool | None] | None = None
        self._thread = 0

    def run(self, is_done: Callable[[], bool], attempt: Callable[[], bool]) -> bool:
        """Return True at once when *is_done*, else what *attempt* returns or raises, here or in another thread.

        Raises UsageError when the attempt itself comes back here, as a token function does that uses its own session.
        """
        while True:
            with self._lock:
                if is_done():
                    return True
                current = self._current
                if current is None:
                    mine = self._current = Future()
                    self._thread = threading.get_ident()
            if current is None:
                return self._lead(mine, attempt)
            if self._thread == threading.get_ident():
                raise UsageError("A token function cannot use the session that waits for its token.")
            error = current.exception()
            if error is not None:
                raise copy.copy(error) if isinstance(error, AssetmetaError) else error
            outcome = current.result()
            if outcome is not None:
                return outcome

    def _lead(self, mine: Future[bool | None], attempt: Callable[[], bool]) -> bool:
        outcome: bool | None = None
        try:
            outcome = attempt()
        except Exception as error:
            mine.set_exception(error)
            raise
        finally:
            with self._lock:
                self._current = None
            if not mine.done():
                # None after an interrupt, which ends one thread: the next one makes the attempt.
                mine.set_result(outcome)
        return outcome


class RefreshableToken(Credential):
    """A token that can be renewed: once before the first request, and once after each 401.

    Threads that need one at the same time share one attempt and its outcome.
    """

    def __init__(self, token: str | None = None, scheme: str = "Bearer") -> None:
        self._token = None if token is None else checked_token(token)
        self._scheme = checked_token(scheme)
        self._attempts = SharedAttempt()
        self._was_replaced = False
        renew_in_child(self)

    def after_fork(self) -> None:
        """Log in again, with a token of its own."""
        self._token = None
        self._was_replaced = self.is_restless = False
        self.is_granted = False

    @property
    def secrets(self) -> tuple[str, ...]:
        """The token, if there is one by now."""
        return () if self._token is None else (self._token,)

    @property
    def is_due(self) -> bool:
        """True as long as there is no token."""
        return self._token is None

    def renewed(self, version: int, run: Callable[[LoginFlow[bool]], bool]) -> bool:
        """Get another token, unless another thread just has. False when it is the same token again."""
        return self._attempts.run(lambda: version != self.version, lambda: run(self.login()))

    def login(self) -> LoginFlow[bool]:
        """Get a token; return whether it is another one than before. The requests are those of `fetch`."""
        token = yield from self.fetch()
        is_other = token is not None and token != self._token
        is_replaced = is_other and self._token is not None
        self._was_replaced, self.is_restless = is_replaced, is_replaced and self._was_replaced
        if token is None or not is_other:
            return False
        self._token = checked_token(token)
        self.version += 1
        return True

    def __call__(self, r: Prepared) -> Prepared:
        """Set the Authorization header."""
        token = self._token
        if token is not None:
            r.headers["Authorization"] = f"{self._scheme} {token}"
        return r

    @abstractmethod
    def fetch(self) -> LoginFlow[str | None]:
        """Return a new token, or None when none can be obtained."""


class TokenCallable(RefreshableToken):
    """A token from your own function, called before the first request and after each 401. Its errors are passed on."""

    kind = "token function"
    renews_locally = True

    def __init__(self, source: Callable[[], str], scheme: str = "Bearer") -> None:
        super().__init__(scheme=scheme)
        self._source = source

    def fetch(self) -> LoginFlow[str | None]:
        """Call the function; sends nothing. Raises BadValue when it returns no usable token."""
        yield from ()
        return checked_token(self._source())


class RequestsAuth(Credential):
    """Any auth object of requests, such as `requests.auth.HTTPDigestAuth`.

    It may hook the answer; in the ledger, what its hooks send counts as one with the request.
    """

    kind = "auth object"

    def __init__(self, auth: AuthBase) -> None:
        self._auth = auth
        self.per_connection = type(auth).__module__.partition(".")[0] in _CONNECTION_LOGINS
        renew_in_child(self)

    def after_fork(self) -> None:
        """Answer no challenge of the parent's: servers refuse a digest whose number was used before."""
        if isinstance(self._auth, HTTPDigestAuth):
            self._auth._thread_local = threading.local()  # type: ignore[attr-defined]

    @property
    def fingerprint(self) -> str:
        """A digest of the texts that the object holds, and of the header that it sets where that is always the same."""
        empty = requests.PreparedRequest()
        empty.prepare("GET", "http://localhost/")
        header = str(self._auth(empty).headers.get("Authorization", ""))
        texts: list[Any] = [header] if header.partition(" ")[0].lower() in _FIXED_SCHEMES else []
        texts += sorted(item for item in getattr(self._auth, "__dict__", {}).items() if isinstance(item[1], str))
        return hashlib.sha256(repr(texts).encode("utf-8", "backslashreplace")).hexdigest()

    def __call__(self, r: Prepared) -> Prepared:
        """Let the object do its work."""
        return self._auth(r)


class NoLogin(AuthBase):
    """Adds nothing. It is set because requests would otherwise look for credentials in a .netrc file."""

    def __call__(self, r: Prepared) -> Prepared:
        """Return the request as it is."""
        return r


class OriginBoundAuth(Unpicklable, AuthBase):
    """The auth object of every request: the credential at its own origin, nothing secret anywhere else.

    Like NoLogin it is set on every request, with a credential or without one.
    """

    def __init__(self, credential: AuthBase | None, origin: Origin) -> None:
        is_ours = credential is None or isinstance(credential, Credential)
        self.credential: Credential | None = credential if is_ours else RequestsAuth(credential)  # type: ignore[assignment,arg-type]
        self.origin = origin

    def covers(self, url: str) -> bool:
        """True when the URL belongs to the origin."""
        return Origin.of(url) == self.origin

    def __call__(self, r: Prepared) -> Prepared:
        """Set credentials at the origin; at other origins remove what a backend may have set."""
        if not self.covers(str(r.url)):
            for name in SECRET_HEADERS:
                r.headers.pop(name, None)
        elif self.credential is not None:
            return self.credential(r)
        return r

    def __repr__(self) -> str:
        return f"<Bound {self.credential!r} to {self.origin}>"


def choose(
    *,
    username: str | None = None,
    password: str | None = None,
    token: str | Callable[[], str] | None = None,
    use_password_as_token: bool = False,
    auth: AuthBase | tuple[str, str] | None = None,
    scheme: str = "Bearer",
) -> AuthBase | None:
    """Return the auth object for the usual keyword arguments, or None when there are none.

    *auth* is taken as it is, a pair of texts as user name and password; *token* is a text or a function returning one;
    *username* and *password* are Basic. With *use_password_as_token* the password is a token, and a username is of no
    use. *scheme* is the word in front of a token. Raises BadValue when they contradict each other. Sends nothing.
    """
    if sum((auth is not None, token is not None, bool(username) or password is not None)) > 1:
        raise BadValue("Pass one of auth=, token=, or username= and password=; not several.")
    if auth is not None:
        return _given(auth)
    if use_password_as_token:
        if password is None:
            raise BadValue("use_password_as_token=True takes the token as password=.")
        return Bearer(password, scheme)
    if token is not None:
        return TokenCallable(token, scheme) if callable(token) else Bearer(token, scheme)
    if not username and password is None:
        return None
    if not username or password is None:
        raise BadValue("username= and password= belong together; an access token is passed as token=.")
    return Basic(username, password)


def _given(auth: object) -> AuthBase:
    if isinstance(auth, tuple) and len(auth) == 2 and all(isinstance(part, str) for part in auth):
        return Basic(*auth)
    if not callable(auth):
        raise BadValue(
            f"auth= takes an auth object of requests or a pair of user name and password, no {type(auth).__name__}."
        )
    return auth  # type: ignore[return-value]


def checked_token(text: object) -> str:
    """Return a text that fits into a header as it is. Raises BadValue, without showing the text, when it does not."""
    if not isinstance(text, str):
        raise BadValue(f"The token must be a text, or token= a function that returns one, not {_kind(text)}.")
    if not text or not text.isascii() or not text.isprintable() or text != text.strip():
        raise BadValue(
            "The token is empty, or has blanks around it, a line break or a character that no header can carry."
            " If it was read from a file, strip() it."
        )
    return text


def checked_text(text: str, what: str) -> str:
    """Return a user name or password. Raises BadValue, without showing it, when it is no text or has control
    characters.
    """
    if not isinstance(text, str):
        raise BadValue(f"The {what} must be a text, not {_kind(text)}.")
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise BadValue(f"The {what} has a line break or another control character.")
    return text


def _kind(value: object) -> str:
    """What a value is, without showing it."""
    return "None" if value is None else type(value).__name__
