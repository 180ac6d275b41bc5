"""What may be sent again, after how long a wait, and when patience ends."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable
from typing import Protocol

from urllib3.exceptions import HTTPError, InvalidHeader, MaxRetryError
from urllib3.util import Retry

from assetmeta.model.errors import AssetmetaError, BadValue, RateLimited, SessionClosed, TimedOut, Unreachable
from assetmeta.model.http import INCOMPLETE, NO_WORD, Pause, Request, Response
from assetmeta.model.processes import renew_in_child
from assetmeta.model.scalars import is_seconds, whole_number
from assetmeta.wire.body import BodyPosition
from assetmeta.wire.download import Download
from assetmeta.wire.redact import redacted_line

log = logging.getLogger(__name__)

_UNPROCESSED = frozenset({None, INCOMPLETE, 429})
"""Statuses of a try by which nothing was done; None is for none yet."""

BACKOFF = 1.0
BACKOFF_MAX = 30.0
JITTER = 0.25

LONGEST = 21_600.0
"""Seconds for which a server can hold back the requests of a session, so that no slip of a server ends it for good."""

_SECONDS = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?", re.ASCII)

_SAME = 1.0
"""Seconds within which the ends of two pauses are one end to the log."""


class Pace(Protocol):
    """A rate that requests keep to, shared with whoever else counts by it."""

    def delay(self) -> float:
        """Count one more request and return 0; where it would be one too many, count nothing and return the seconds
        after which to send it again.
        """
        ...


class RetryPolicy:
    """How often a request is repeated and how long one may wait in all, in seconds; shared by a session's requests.

    When a server answers with Retry-After, every request of the session waits for that moment, not only the one that
    was answered so; a moment that is past leaves the pauses to the client. With a *pace* each request waits for its
    turn, however long that takes. *sleep* and *clock* (monotonic, seconds) can be replaced in tests.
    """

    def __init__(
        self,
        retries: int = 3,
        seconds: float = 60.0,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        pace: Pace | None = None,
    ) -> None:
        times = whole_number(retries)
        if times is None or times < 0 or not is_seconds(seconds):
            raise BadValue("retries= is a whole number, 0 or more, and patience= a number of seconds.")
        self.retries = times
        self.seconds = seconds
        self.sleep = sleep
        self.clock = clock
        self.pace = pace
        self._until = float("-inf")
        self._is_ended = False
        self.after_fork()
        renew_in_child(self)

    def after_fork(self) -> None:
        """Free the locks, which another thread may have held."""
        self._lock = threading.Lock()
        self._woken = threading.Condition()

    def pause_all(self, seconds: float, why: str) -> None:
        """Let no request be sent for that many seconds; *why* is for the log."""
        with self._lock:
            now = self.clock()
            # Requests that were sent together all have to wait, one shortly after the other.
            is_news = self._until <= now or now + seconds > self._until + _SAME
            self._until = max(self._until, now + seconds)
        if is_news:
            log.info("%s, %.1f s", why, seconds)

    def take_turn(self, is_over: Callable[[], bool] = lambda: False) -> bool:
        """Wait until the stated rate has room for one more request, and count it. False when the wait was cut short."""
        while self.pace is not None and (seconds := self.pace.delay()) > 0:
            log.debug("held back by rate=, %.1f s", seconds)
            if not self.wait(seconds, is_over):
                return False
        return True

    def pause(self, pause: Pause) -> None:
        """Wait before a flow goes on after a passing fault. Raises the pause's error when that was tried as often as
        one request is, or takes longer than patience lasts.
        """
        backoff = min(BACKOFF * 2.0 ** (pause.attempt - 1), BACKOFF_MAX)
        seconds = max(backoff, self.left())
        if pause.attempt > self.retries or seconds > self.seconds:
            raise pause.error
        log.info("%s, %.1f s", _reason(pause.error), seconds)
        self.wait(seconds)

    def wait(self, seconds: float, is_over: Callable[[], bool] = lambda: False) -> bool:
        """Wait that long, or until the session ends or *is_over*. True when the wait was not cut short."""
        if self.sleep is not time.sleep:
            self.sleep(seconds)
        else:
            until = time.monotonic() + seconds
            with self._woken:
                while (left := until - time.monotonic()) > 0 and not (self._is_ended or is_over()):
                    self._woken.wait(left)
        return not (self._is_ended or is_over())

    def wake(self, *, is_ended: bool = False) -> None:
        """Let those who wait look whether that is over; with *is_ended* it is for all of them."""
        with self._woken:
            self._is_ended = self._is_ended or is_ended
            self._woken.notify_all()

    def left(self) -> float:
        """Return how many seconds requests are held back from now."""
        with self._lock:
            return max(0.0, self._until - self.clock())


class RetryState:
    """The tries of one request.

    Repeated are, while retries and patience last:

    - idempotent requests: when no connection could be made or it broke, and after 408, 429
      and gateways' statuses (NO_WORD);
    - any request after 429 with a Retry-After, which means that the server did nothing, and when to send it again.

    Not repeated are writes in any other case (a 503 may come from a proxy whose server went on working), requests that
    ran into the read timeout (more of them would burden a slow server) before any of a file came, and bodies that
    cannot be read twice.
    """

    def __init__(
        self,
        request: Request,
        patience: RetryPolicy,
        download: Download | None = None,
        is_over: Callable[[], bool] = lambda: False,
    ) -> None:
        """*is_over* is True once the answer is no longer awaited: a request that still waits is not sent then."""
        self.attempt = 1
        self._is_over = is_over
        self._request = request
        self._download = download
        self._policy = patience
        self._waited = 0.0
        self._status: int | None = None
        self._position = BodyPosition(request)
        self._backoff = Retry(
            total=patience.retries,
            allowed_methods=None,
            backoff_factor=BACKOFF,
            backoff_max=BACKOFF_MAX,
            backoff_jitter=JITTER,
        )

    def wait_for_turn(self) -> None:
        """Wait while the server limits the rate. Raises RateLimited when that takes too long, SessionClosed
        when the answer is no longer awaited; nothing is sent then.
        """
        held = self._policy.left()
        if held > 0 and not self._paused(held):
            raise self._busy(held, sent=self._status not in _UNPROCESSED)

    def take_turn(self) -> None:
        """Wait for a turn at the stated rate, and then as `wait_for_turn` does. Raises SessionClosed, RateLimited."""
        if not self._policy.take_turn(self._is_over):
            raise self._closed()
        self.wait_for_turn()

    def after_failure(self, error: Unreachable) -> None:
        """Return after a pause when the request may be sent again; raise *error* when not."""
        download = self._download
        timed_out = isinstance(error, TimedOut) and error.sent and not (download and download.has_advanced)
        lost = error.sent and not (self._position.is_possible and (download is None or download.can_go_on))
        if not self._request.idempotent or error.permanent or timed_out or lost:
            raise error
        if not self._counted() or not self._backed_off(_reason(error)):
            raise error

    def after_answer(self, response: Response) -> bool:
        """True when the request may be sent again, which `wait_for_turn` may put off; False when the answer is final.

        Raises RateLimited for a 429, or a 503 with Retry-After, that may not be repeated any more.
        """
        seconds = _retry_after(response)
        asked_to_wait = response.status == 429 or (response.status == 503 and seconds is not None)
        if not asked_to_wait and response.status not in NO_WORD and response.status != INCOMPLETE:
            return False
        self._status = response.status
        if seconds is not None:
            self._policy.pause_all(seconds, _status_reason(response.status))
        if (
            self._may_repeat(seconds)
            and self._counted()
            and (seconds or self._backed_off(_status_reason(response.status)))
        ):
            return True
        if asked_to_wait:
            # 429 means that the request was turned away before anything was done with it.
            raise self._busy(seconds, sent=response.status != 429)
        return False

    def for_reauthentication(self) -> bool:
        """Take the request's files back for a try with new credentials; False when they cannot be read twice."""
        if not self._position.is_possible:
            return False
        self._position.rewind()
        self.attempt += 1
        return True

    def _may_repeat(self, seconds: float | None) -> bool:
        unprocessed = self._status == 429 and seconds is not None
        return (self._request.idempotent or unprocessed) and self._position.is_possible

    def _counted(self) -> bool:
        """Count one more try and take the request's files back for it; False when there are no more."""
        try:
            self._backoff = self._backoff.increment(self._request.method, error=HTTPError())
        except MaxRetryError:
            return False
        self.attempt += 1
        self._position.rewind()
        return True

    def _backed_off(self, why: str) -> bool:
        seconds = self._backoff.get_backoff_time()
        if seconds > 0:
            log.info("%s, %.1f s", why, seconds)
        return self._paused(seconds)

    def _paused(self, seconds: float) -> bool:
        """Wait; False, at once, when that would take longer than patience lasts."""
        if self._waited + seconds > self._policy.seconds:
            return False
        self._waited += seconds
        if seconds > 0 and not self._policy.wait(seconds, self._is_over):
            raise self._closed()
        return True

    def _closed(self) -> SessionClosed:
        line = redacted_line(self._request)
        # 429 means that an earlier try was turned away before anything was done with it.
        return SessionClosed(
            f"{line} was waiting when the session was closed or the work broken off; it was not sent again.",
            request=line,
            sent=self._status not in _UNPROCESSED,
        )

    def _busy(self, seconds: float | None, *, sent: bool) -> RateLimited:
        how_long = "" if seconds is None else f" for {seconds:.0f} s"
        status = f"HTTP {self._status}" if self._status else "not sent"
        return RateLimited(
            f"Rate limited by the server{how_long} ({redacted_line(self._request)}: {status}, attempt"
            f" {self.attempt}; patience={self._policy.seconds:g} s). Come back later, send less at a time,"
            " or raise patience=.",
            sent=sent,
            status=self._status,
            request=redacted_line(self._request),
            retry_after=seconds,
        )


def _status_reason(status: int) -> str:
    """Why requests pause after an answer of that status."""
    return "rate limited by the server" if status == 429 else f"the server answered {status}"


def _reason(error: AssetmetaError) -> str:
    """Why requests pause after an error."""
    if isinstance(error, RateLimited):
        return "rate limited by the server"
    if error.status is not None:
        return _status_reason(error.status)
    return "no answer in time" if isinstance(error, TimedOut) else "the server was not reached"


def _retry_after(response: Response) -> float | None:
    """Return the seconds of a Retry-After header, given as seconds, also with a fraction, or as an HTTP date; None
    without a readable one. What is past is 0, and never more than LONGEST.
    """
    text = response.headers.get("retry-after", "").strip()
    try:
        seconds = float(text) if _SECONDS.fullmatch(text) else Retry().parse_retry_after(text)
    except (InvalidHeader, ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST)
