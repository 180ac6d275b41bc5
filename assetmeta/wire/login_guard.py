"""A refused login is tried once: by one session as long as the server has accepted none, and by one batch for ever."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from assetmeta.model.contract import SupportsLoginCheck
from assetmeta.model.errors import AssetmetaError, AuthenticationFailed, Unreachable
from assetmeta.model.http import Request, Response
from assetmeta.model.processes import renew_in_child
from assetmeta.wire.auth import Credential
from assetmeta.wire.redact import redacted_line

_PUT_OFF = 16
"""Requests that are not sent before one more token is tried of a function that always returns another one."""


class LoginGuard:
    """What the server has shown about the login of a session. Safe to use from several threads.

    Until a login was accepted, requests are sent one at a time, and the first refusal ends it for all that come later,
    until the credentials change: servers lock an account after a few attempts. A function that returns another token at
    every call has not changed by that; one of its tokens is tried after 16 requests, after 32 more, 64 more ...
    Afterwards a refusal is about its own request, unless the login was to be renewed and that was refused as well.
    *check* is for servers that answer a wrong login as they answer a missing right.
    """

    def __init__(self, credential: Credential | None, check: SupportsLoginCheck | None = None) -> None:
        self._credential = credential
        self._check = check
        self._refusal: AuthenticationFailed | None = None
        self._refused: tuple[int, str | None] | None = None
        self._put_off, self._most_put_off = 0, _PUT_OFF
        self._has_untried = False
        self.after_fork()
        renew_in_child(self)

    def after_fork(self) -> None:
        """Wait for no request of the parent. What was refused stays refused. The first request of the child finds
        out again whether the login is accepted, since its connections and cookies are new.
        """
        self._accepted = self._credential is None
        self._lock = threading.Lock()
        self._turn: Future[None] | None = None
        self._thread = 0

    @property
    def is_open(self) -> bool:
        """True when requests need not wait for one another: a login was accepted, or the server gave out the token."""
        return self._accepted or (self._credential is not None and self._credential.is_granted)

    @contextmanager
    def turn(self, request: Request) -> Iterator[None]:
        """Wait until no other request tries the login. Raises Unreachable when the one waited for was never sent."""
        mine = self._next_turn(request)
        if mine is None:
            yield
            return
        try:
            yield
        except Unreachable as error:
            if not error.sent:
                mine.set_exception(error)
            raise
        finally:
            with self._lock:
                self._turn = None
            if not mine.done():
                mine.set_result(None)

    def _next_turn(self, request: Request) -> Future[None] | None:
        """The turn of this request; None when it needs none, as what a request's own body sends while it is read."""
        while True:
            with self._lock:
                if self.is_open or (self._turn is not None and self._thread == threading.get_ident()):
                    return None
                current = self._turn
                if current is None:
                    mine = self._turn = Future()
                    self._thread = threading.get_ident()
                    return mine
            error = current.exception()
            if isinstance(error, Unreachable):
                # The same dead end is not walked into again by everybody who waited.
                raise _for_request(error, request)

    def refuse_again(self, request: Request, renew: Callable[[], bool]) -> None:
        """Raise the refusal that holds for the credentials as they are; nothing is sent then.

        *renew* replaces them, and is called only where that takes no request.
        """
        credential, refusal = self._credential, self._refusal
        if credential is None or refusal is None or self._state() != self._refused:
            return
        self._has_untried = (credential.renews_locally and renew()) or self._has_untried
        if not self._has_untried or self._is_put_off(credential):
            self._refused = self._state()
            raise unsent(request, refusal, "of this session")
        self._has_untried = False

    def _is_put_off(self, credential: Credential) -> bool:
        """True when a renewed token shows nothing, and it is too early to try one nevertheless."""
        if not credential.is_restless:
            return False
        self._put_off += 1
        if self._put_off < self._most_put_off:
            return True
        self._put_off, self._most_put_off = 0, 2 * self._most_put_off
        return False

    @property
    def is_refused(self) -> bool:
        """True when the login was refused and none was accepted: what is tried now is tried once."""
        return self._refusal is not None

    def accept(self) -> None:
        """Note that the server takes the login."""
        self._accepted = True
        self._refusal = None
        self._put_off, self._most_put_off = 0, _PUT_OFF

    def refuse(self, error: AuthenticationFailed) -> None:
        """Note that the server refuses the login; after an accepted one that is kept only where none can be got any
        more.
        """
        exhausted = self._credential is not None and self._credential.is_exhausted
        if not self._accepted or exhausted:
            self._refused = self._state()
            # A copy: the error itself holds on to frames, and to the connections in them.
            self._refusal = copy.copy(error)

    def is_refusal(self, response: Response, send: Callable[[Request], Response]) -> bool:
        """Whether an answer refuses the login. Sends one request where that takes one and no login was accepted."""
        if response.status == 401:
            return True
        if self._check is None or self._accepted:
            return False
        refused = self._check.refuses_login(response)
        if refused is None:
            answer = send(self._check.login_check)
            if answer.ok:
                self.accept()
            refused = answer.status == response.status
        return refused

    def _state(self) -> tuple[int, str | None] | None:
        credential = self._credential
        return None if credential is None else (credential.version, credential.fingerprint)


class RequestBatch:
    """Answers requests that belong together, from several threads. It shuts at the first refused login. Once *is_over*,
    or left, nothing that waits is sent any more.
    """

    def __init__(
        self,
        deliver: Callable[[Request, Callable[[], bool]], Response],
        is_over: Callable[[], bool] = lambda: False,
    ) -> None:
        self._deliver = deliver
        self._is_over = is_over
        self._refusal: AuthenticationFailed | None = None
        self.is_left = False

    def answer(self, request: Request) -> Response | AssetmetaError:
        """Return the answer to a request, or its error as a value."""
        if self._refusal is not None:
            return unsent(request, self._refusal, "of the same batch")
        try:
            return self._deliver(request, lambda: self.is_left or self._is_over())
        except AuthenticationFailed as error:
            self._refusal = error
            return error
        except AssetmetaError as error:
            return error


def unsent(request: Request, refusal: AuthenticationFailed, where: str) -> AuthenticationFailed:
    """The error of a request that is not sent after a refused login."""
    line = redacted_line(request)
    return AuthenticationFailed(
        f"{line} was not sent, because {refusal.request} {where} came back: {refusal}",
        sent=False,
        status=refusal.status,
        request=line,
        server_message=refusal.server_message,
        code=refusal.code,
    )


def _for_request(error: Unreachable, request: Request) -> Unreachable:
    own = copy.copy(error)
    own.request = redacted_line(request)
    return own
