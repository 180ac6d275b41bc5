"""A refused login is tried once: by threads and loops, until one was accepted or the credentials change."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth

from assetmeta.model.errors import AuthenticationFailed, Unreachable, UsageError
from assetmeta.model.http import Request, Response
from assetmeta.wire.auth import Basic, Bearer, TokenCallable
from assetmeta.wire.login_guard import LoginGuard

from .conftest import Reply, one

GET = Request("GET", "/a", idempotent=True)
HTML = {"Content-Type": "text/html; charset=utf-8"}


def refused(driver, request=GET) -> AuthenticationFailed:
    with pytest.raises(AuthenticationFailed) as caught:
        driver.run(one(request))
    return caught.value


@pytest.mark.parametrize("auth", [Basic("joe", "wrong"), Bearer("wrong"), HTTPBasicAuth("joe", "wrong")])
def test_a_loop_tries_a_wrong_login_once(server, drive, auth):
    server.answers = [Reply(401)]
    driver = drive(auth)
    errors = [refused(driver) for _ in range(10)]
    assert [True] + [False] * 9 == [error.sent for error in errors]
    assert "GET /a was not sent, because GET /a of this session came back" in str(errors[9])
    assert (1, 1) == (len(server.seen), len(driver.ledger))


def test_threads_try_a_wrong_login_once(server, drive):
    start = threading.Barrier(10, timeout=5)
    server.answers = [Reply(401)]
    driver = drive(Basic("joe", "wrong"))

    def read(_):
        start.wait()
        return refused(driver)

    with ThreadPoolExecutor(10) as threads:
        errors = list(threads.map(read, range(10)))
    assert 1 == len(server.seen)
    assert 1 == sum(error.sent for error in errors)


def test_threads_go_together_once_a_login_is_accepted(server, drive):
    start, together = threading.Barrier(3, timeout=5), threading.Barrier(2, timeout=5)
    first = threading.Lock()

    def answer(_):
        if not first.acquire(blocking=False):
            together.wait()
        return Reply()

    server.answers = [answer]
    driver = drive(Basic("joe", "pw"))

    def read(_):
        start.wait()
        return driver.run(one(GET)).status

    with ThreadPoolExecutor(3) as threads:
        assert [200] * 3 == list(threads.map(read, range(3)))


def test_answers_that_say_nothing_about_the_login_leave_it_untried(server, drive):
    server.answers = [Reply(404), Reply(500), Reply(200, b"<html>", HTML), Reply(200), Reply(401)]
    driver = drive(Basic("joe", "wrong"))
    for request in (Request("GET", "/a"), Request("GET", "/b"), GET, Request("GET", "/meta", public=True)):
        driver.run(one(request))
    for _ in range(3):
        refused(driver)
    assert 5 == len(server.seen)


def test_after_an_accepted_login_a_refusal_is_about_its_own_request(server, drive):
    server.answers = [Reply(), Reply(401), Reply(401), Reply()]
    driver = drive(Basic("joe", "pw"))
    driver.run(one(GET))
    for _ in range(2):
        assert refused(driver).sent
    assert 200 == driver.run(one(GET)).status
    assert 4 == len(server.seen)


def test_a_token_function_is_tried_again_when_it_returns_another_token(server, drive):
    tokens = ["old"]
    server.answers = [lambda seen: Reply(200 if seen.headers["authorization"] == "Bearer new" else 401)]
    driver = drive(TokenCallable(lambda: tokens[-1]))
    for _ in range(5):
        refused(driver)
    assert 1 == len(server.seen)
    tokens.append("new")
    assert 200 == driver.run(one(GET)).status
    assert 2 == len(server.seen)


class Header(AuthBase):
    """Reads its token with every request, from a place that it does not hold itself."""

    def __init__(self, token: list[str]) -> None:
        self.token = token

    def __call__(self, r):
        r.headers["Authorization"] = f"Bearer {self.token[-1]}"
        return r


def test_an_auth_object_is_tried_again_when_it_was_changed(server, drive):
    token = ["wrong"]
    for auth, change in (
        (HTTPBasicAuth("joe", "wrong"), lambda auth: setattr(auth, "password", "right")),
        (HTTPDigestAuth("joe", "wrong"), lambda auth: setattr(auth, "password", "right")),
        (Header(token), lambda _: token.append("right")),
    ):
        server.seen.clear()
        server.answers = [Reply(401), Reply()]
        driver = drive(auth)
        for _ in range(3):
            refused(driver)
        assert 1 == len(server.seen)
        change(auth)
        assert 200 == driver.run(one(GET)).status


def authorizations(server):
    return [seen.headers["authorization"] for seen in server.seen]


def read(driver, times):
    """The number of refused reads among so many."""
    refused = 0
    for _ in range(times):
        try:
            driver.run(one(GET))
        except AuthenticationFailed:
            refused += 1
    return refused


def test_a_token_function_that_returns_ever_new_wrong_tokens_is_tried_twice(server, drive):
    numbers = itertools.count()
    driver = drive(TokenCallable(lambda: f"t{next(numbers)}"))
    server.answers = [Reply(401)]
    assert 10 == read(driver, 10)
    assert ["Bearer t0", "Bearer t1"] == authorizations(server)
    # One of its tokens is tried after a while, and again after twice as long: what was wrong may have been mended.
    assert 100 == read(driver, 100)
    assert ["Bearer t17", "Bearer t49"] == authorizations(server)[2:]
    server.answers = [Reply()]
    # The next try is that of the 113th read, the 3rd of these.
    assert 2 == read(driver, 20)


def test_a_token_function_whose_token_was_replaced_is_tried_with_that_at_once(server, drive):
    tokens = ["wrong"]
    driver = drive(TokenCallable(lambda: tokens[-1]))
    server.answers = [lambda seen: Reply(200 if seen.headers["authorization"] == "Bearer right" else 401)]
    assert 3 == read(driver, 3)
    tokens.append("wrong too")
    assert 3 == read(driver, 3)
    assert ["Bearer wrong", "Bearer wrong too"] == authorizations(server)
    tokens.append("right")
    assert 0 == read(driver, 3)


def test_a_token_function_that_settles_is_tried_with_what_it_settles_on(server, drive):
    tokens = iter(["a", "b", "c", "d", "right", "right"])
    driver = drive(TokenCallable(lambda: next(tokens, "right")))
    server.answers = [lambda seen: Reply(200 if seen.headers["authorization"] == "Bearer right" else 401)]
    assert 4 == read(driver, 8)
    assert ["a", "b", *["right"] * 4] == [each.removeprefix("Bearer ") for each in authorizations(server)]


def test_a_token_function_that_uses_its_own_session_gets_an_error(server, drive):
    driver = drive(TokenCallable(lambda: driver.run(one(GET)).body.decode()))
    with pytest.raises(UsageError, match="token function cannot use the session"):
        driver.run(one(GET))
    assert [] == server.seen


def test_whoever_waited_for_a_request_that_was_never_sent_is_not_sent_either():
    guard = LoginGuard(Basic("joe", "pw"))
    before: Future[None] = Future()
    before.set_exception(Unreachable("no way", sent=False, request="GET /first"))
    guard._turn = before
    with pytest.raises(Unreachable, match="no way") as caught, guard.turn(GET):
        pytest.fail("it is sent")
    assert ("GET /a", False) == (caught.value.request, caught.value.sent)


def test_one_that_was_sent_and_not_answered_leaves_the_turn_to_the_next(server, drive):
    server.answers = [Reply(cut=0), Reply()]
    driver = drive(Basic("joe", "pw"))
    with pytest.raises(Unreachable):
        driver.run(one(Request("POST", "/w")))
    assert 200 == driver.run(one(GET)).status


class Ambiguous:
    """A server that answers 403 to everything it does not like."""

    login_check = Request("GET", "/root", idempotent=True)

    def refuses_login(self, response: Response) -> bool | None:
        if response.status != 403:
            return False
        return True if b"login" in response.body else None


@pytest.mark.parametrize(
    ("replies", "sent"),
    [([Reply(403, b"no login")], ["/a"]), ([Reply(403), Reply(403)], ["/a", "/root"])],
)
def test_a_403_that_refuses_the_login_ends_it(server, drive, replies, sent):
    server.answers = replies
    driver = drive(Basic("joe", "wrong"), login_check=Ambiguous())
    for _ in range(3):
        assert 403 == refused(driver).status
    assert sent == [seen.target for seen in server.seen]


def test_a_403_about_a_right_does_not(server, drive):
    server.answers = [Reply(403), Reply(), Reply(403)]
    driver = drive(Basic("joe", "pw"), login_check=Ambiguous())
    assert [403, 403] == [driver.run(one(GET)).status for _ in range(2)]
    assert ["/a", "/root", "/a"] == [seen.target for seen in server.seen]


class Restless:
    """A function that returns another token at every call."""

    version, fingerprint = 1, None
    renews_locally = is_restless = True
    is_granted = is_exhausted = False


def test_one_of_ever_new_tokens_is_tried_after_sixteen_requests_and_then_after_twice_as_many():
    guard = LoginGuard(Restless())
    error = AuthenticationFailed("no", request="GET /a", status=401)

    def is_tried() -> bool:
        try:
            guard.refuse_again(GET, lambda: True)
        except AuthenticationFailed as unsent:
            assert (unsent.sent, unsent.status, unsent.request) == (False, 401, "GET /a")
            return False
        return True

    def until_the_next_try() -> int:
        guard.refuse(error)
        return next(number for number in itertools.count(1) if is_tried())

    assert [until_the_next_try() for _ in range(3)] == [16, 32, 64]
    guard.accept()
    assert guard.is_open
    assert not guard.is_refused
    again = LoginGuard(Restless())
    again._put_off, again._most_put_off = 5, 64
    again.accept()
    assert (again._put_off, again._most_put_off) == (0, 16)


def test_a_forked_process_knows_what_was_refused_and_finds_out_what_is_accepted():
    for guard, is_open in ((LoginGuard(None), True), (LoginGuard(Restless()), False)):
        assert guard.is_open is is_open
        guard.after_fork()
        assert guard.is_open is is_open
    accepted, refused = LoginGuard(Restless()), LoginGuard(Restless())
    accepted.accept()
    refused.refuse(AuthenticationFailed("no"))
    for guard in (accepted, refused):
        guard.after_fork()
    assert (accepted.is_open, refused.is_open, refused.is_refused) == (False, False, True)
    accepted.accept()
    assert accepted.is_open
