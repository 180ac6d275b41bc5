"""One request delivered: login, redirects, repeats, and an entry in the ledger for everything that was sent."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial

from assetmeta.model.errors import AssetmetaError, AuthenticationFailed, Rejected, Unreachable, quoted
from assetmeta.model.http import Request, Response, T, perform
from assetmeta.model.printable import printable
from assetmeta.wire.auth import Basic, Credential, LoginFlow, OriginBoundAuth
from assetmeta.wire.challenge import read_challenge, windows_advice
from assetmeta.wire.download import Download
from assetmeta.wire.failures import proxy_login
from assetmeta.wire.ledger import Entry
from assetmeta.wire.login_guard import LoginGuard
from assetmeta.wire.ntlm import Ntlm
from assetmeta.wire.redact import redacted_line, redacted_query, redacted_url, split_query, unquoting
from assetmeta.wire.redirect import MOST, redirected
from assetmeta.wire.retry import RetryPolicy, RetryState
from assetmeta.wire.tracebacks import without_frames
from assetmeta.wire.transport_base import Answer, BaseTransport
from assetmeta.wire.urls import Origin, resolved

log = logging.getLogger(__name__)


class Sender:
    """Turns one request into one response, however many exchanges on the *line* that takes.

    *record* is called with an Entry for each exchange. *guard* keeps what the server has shown about the login. Safe to
    use from several threads.
    """

    def __init__(
        self,
        base: str,
        auth: OriginBoundAuth,
        transport: BaseTransport,
        patience: RetryPolicy,
        record: Callable[[Entry], None],
        guard: LoginGuard,
    ) -> None:
        self._base = base
        self._auth = auth
        self._transport = transport
        self._policy = patience
        self._record = record
        self._guard = guard

    def deliver(self, request: Request, is_over: Callable[[], bool] = lambda: False) -> Response:
        """Return the answer, of any status that does not raise an error. Once *is_over*, it is no longer awaited any
        more, and it is not sent after a wait.

        Raises AuthenticationFailed (401), RateLimited (429, 503), TimedOut, Unreachable, Rejected (a redirect that is
        not followed), InvalidResponse (too large, damaged), BadValue (an unusable URL or file).
        """
        download = None if request.sink is None else Download(request, request.sink)
        state = RetryState(request, self._policy, download, is_over)
        while True:
            state.wait_for_turn()
            try:
                response = self._follow(request if download is None else download.request(), state)
                if download is not None:
                    response = download.finished(response)
            except Unreachable as error:
                state.after_failure(error)
            else:
                if not state.after_answer(response):
                    url = "" if response.ok else redacted_url(resolved(self._base, request.path))
                    return Response(response.status, response.headers, response.body, request, url)

    def _follow(self, request: Request, state: RetryState) -> Response:
        asked = request
        for _ in range(MOST + 1):
            answer = self._logged_in(asked, state)
            target = self._unseen(partial(redirected, asked, answer))
            if target is None:
                return answer.response
            asked = target
        line = redacted_line(request)
        raise Rejected(
            f"The server redirected {line} more than {MOST} times. Check the URL of the session.",
            status=answer.response.status,
            request=line,
        )

    def _logged_in(self, request: Request, state: RetryState) -> Answer:
        """Exchange once, and once more with a renewed token if there is one. Other logins are not repeated."""
        credential = self._auth.credential
        if credential is None or not self._auth.covers(resolved(self._base, request.path)):
            answer = self._exchange(request, state)
            if answer.response.status == 401:
                raise self._login_refused(answer, request)
            return self._admitted(answer, request)
        # Read first: a token that another thread gets in between is not got once more.
        version = credential.version
        if credential.is_due:
            self._renewed(credential, version)
        with self._guard.turn(request):
            try:
                return self._admitted(self._tried(request, state, credential), request)
            except AuthenticationFailed as error:
                if error.sent:
                    self._guard.refuse(error)
                raise

    def _tried(self, request: Request, state: RetryState, credential: Credential) -> Answer:
        """Exchange with the login as it is, or as it is once it was renewed, and take what that shows about it."""
        self._guard.refuse_again(request, lambda: self._renewed(credential, credential.version))
        first = credential.first_request(request)
        if first is not None:
            try:
                self._answered(first, state, credential)
            except Unreachable as error:
                # What broke is this one: of the request itself nothing was sent.
                error.sent = False
                raise
        return self._answered(request, state, credential)

    def _answered(self, request: Request, state: RetryState, credential: Credential) -> Answer:
        version = credential.version
        answer = self._exchange(request, state)
        # Of a function whose token was refused before, the next one is tried by itself.
        is_last = credential.renews_locally and self._guard.is_refused
        outdated = answer.response.status in credential.outdated and not is_last
        if outdated and self._replaced(credential, version) and state.for_reauthentication():
            answer = self._exchange(request, state)
        quiet = Answer(unquoting(answer.response, credential.secrets), answer.url, answer.sent, answer.received)
        if self._guard.is_refusal(quiet.response, lambda check: self._exchange(check).response):
            raise self._login_refused(quiet, request)
        # A sign-in page is no answer of the server, and what is public shows nothing about the login.
        if quiet.response.ok and not request.public and not quiet.response.is_page:
            self._guard.accept()
        return quiet

    def _replaced(self, credential: Credential, version: int) -> bool:
        """Renew what the server has just refused. When that is refused as well, there is nothing to try later."""
        try:
            return self._renewed(credential, version)
        except AuthenticationFailed as error:
            self._guard.refuse(error)
            raise

    def _renewed(self, credential: Credential, version: int) -> bool:
        return self._unseen(lambda: credential.renewed(version, self._log_in))

    def _log_in(self, flow: LoginFlow[bool]) -> bool:
        return perform(flow, self._send_bare)

    def _unseen(self, step: Callable[[], T]) -> T:
        """Take a step of a login or a redirect; its errors come without the frames that hold passwords and tokens."""
        try:
            return step()
        except BaseException as error:  # noqa: BLE001 - raised below, outside of the context of this one
            failure = without_frames(error)
        raise failure

    def _admitted(self, answer: Answer, request: Request) -> Answer:
        if answer.response.status == 407:
            raise proxy_login(redacted_line(request), answer.response.headers.get("proxy-authenticate", ""))
        return answer

    def _login_refused(self, answer: Answer, request: Request) -> AuthenticationFailed:
        origin, credential = Origin.of(answer.url), self._auth.credential
        header = answer.response.headers.get("www-authenticate", "")
        if origin != self._auth.origin:
            what = f"{origin} wants a login, and the credentials of {self._auth.origin} are not sent there."
            advice = "If it is the same server, use that address as the URL of the session."
        elif credential is None:
            what = f"{origin} wants a login, and the session has no credentials."
            advice = windows_advice(header) or "Pass username= and password=, or token=."
        else:
            by_token, by_ntlm = not isinstance(credential, Basic), isinstance(credential, Ntlm)
            words, advice = read_challenge(header, credential.secrets, token=by_token, ntlm=by_ntlm)
            status = answer.response.status
            what = f"{origin} refused the {credential.kind} (HTTP {status}{words and f': {words}'}). It was tried once."
        return AuthenticationFailed(
            f"{what} {advice}",
            status=answer.response.status,
            request=redacted_line(request),
            server_message=quoted(answer.response.body),
        )

    def _send_bare(self, request: Request) -> Response:
        try:
            return self._exchange(request, login=False).response
        except Unreachable as error:
            # A renewal that may have arrived is not repeated: many refresh tokens are good for one use only.
            error.permanent = error.permanent or error.sent
            raise

    def _exchange(self, request: Request, state: RetryState | None = None, *, login: bool = True) -> Answer:
        self._take_turn(request, state)
        attempt = 1 if state is None else state.attempt
        start = time.perf_counter()
        try:
            answer = self._transport.exchange(request, login=login)
        except AssetmetaError as error:
            self._note(request, attempt, start, error=type(error).__name__)
            raise
        self._note(request, attempt, start, answer)
        return answer

    def _take_turn(self, request: Request, state: RetryState | None) -> None:
        """Wait for a turn at the stated rate, which is that of the session's own server."""
        if self._policy.pace is None or not self._auth.covers(resolved(self._base, request.path)):
            return
        if state is None:
            self._policy.take_turn()
        else:
            state.take_turn()

    def _note(
        self, request: Request, attempt: int, start: float, answer: Answer | None = None, error: str | None = None
    ) -> None:
        path, in_path = split_query(request.path)
        entry = Entry(
            request.method,
            path,
            in_path + redacted_query(request.query),
            status=None if answer is None else answer.response.status,
            milliseconds=(time.perf_counter() - start) * 1000,
            bytes_sent=0 if answer is None else answer.sent,
            bytes_received=0 if answer is None else answer.received,
            attempt=attempt,
            error=error,
        )
        self._record(entry)
        log.debug(
            "%s %s: %s, %.0f ms, %d bytes out, %d bytes in",
            entry.method,
            printable(entry.path),
            entry.outcome,
            entry.milliseconds,
            entry.bytes_sent,
            entry.bytes_received,
        )
