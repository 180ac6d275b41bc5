"""Small rules of the wire at their limits."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from assetmeta.model.errors import BadValue, Unreachable
from assetmeta.model.http import Request
from assetmeta.wire.auth import Basic, SharedAttempt
from assetmeta.wire.connections import _alert, _Connection
from assetmeta.wire.deadline import Deadline, current
from assetmeta.wire.ledger import RequestBudget

from .conftest import one

GET = Request("GET", "/a", idempotent=True)


@pytest.mark.parametrize("limit", [-1, True, False, 1.0, "1", None])
def test_a_budget_is_a_number_of_requests(limit):
    with pytest.raises(BadValue, match="number of requests"):
        RequestBudget(limit)
    RequestBudget(0)


@pytest.mark.parametrize(("now", "is_over"), [(9.9, False), (10.0, True), (10.1, True)])
def test_a_deadline_is_over_at_its_end(now, is_over):
    times = iter([0.0, now, now])
    deadline = Deadline(10.0, lambda: next(times))
    deadline.check()
    assert is_over is deadline.over
    if is_over:
        with pytest.raises(TimeoutError):
            deadline.bounded(None)
    else:
        assert deadline.bounded(None) == pytest.approx(0.1)


def test_what_has_no_deadline_is_never_over():
    deadline = Deadline(None, lambda: 1e12)
    deadline.check()
    assert not deadline.over
    assert (deadline.bounded(None), deadline.bounded(3.0)) == (None, 3.0)


def test_threads_share_connections_where_a_login_is_not_bound_to_one(server, drive):
    driver = drive(Basic("user", "pw"))
    driver.run(one(GET))
    together = threading.Barrier(3, timeout=5)

    def read(_):
        together.wait()
        return driver.run(one(GET))

    with ThreadPoolExecutor(3) as threads:
        assert len(list(threads.map(read, range(3)))) == 3
    assert len(driver._transport._sessions) == 1


def test_whoever_waits_for_an_attempt_takes_its_error(monkeypatch):
    """The follower arrives while the leader's attempt is under way, and makes none of its own."""
    shared, attempts, errors = SharedAttempt(), [], []
    begun, waiting = threading.Event(), threading.Event()

    def attempt():
        attempts.append(threading.get_ident())
        begun.set()
        assert waiting.wait(10)
        raise Unreachable("broken off")

    def run(before):
        before()
        try:
            shared.run(lambda: False, attempt)
        except Unreachable as error:
            errors.append(error)

    leader = threading.Thread(target=run, args=(lambda: None,))
    leader.start()
    assert begun.wait(10)
    current = shared._current
    real = current.exception

    def exception():
        waiting.set()
        return real()

    monkeypatch.setattr(current, "exception", exception)
    follower = threading.Thread(target=run, args=(lambda: None,))
    follower.start()
    for thread in (leader, follower):
        thread.join(10)
    assert len(attempts) == 1
    assert ["broken off"] * 2 == [str(error) for error in errors]
    assert errors[0] is not errors[1]


def test_what_is_no_tls_has_no_alert():
    one_end, other = socket.socketpair()
    with one_end, other:
        other.sendall(b"x")
        assert _alert(one_end) is None
        assert one_end.recv(1) == b"x"


@pytest.mark.parametrize("error", [BrokenPipeError("gone"), TimeoutError("slow"), OSError("odd")])
def test_what_breaks_while_it_is_sent_stays_what_it_is(error):
    class Breaking:
        def settimeout(self, seconds):
            assert seconds == 10.0

        def sendall(self, data):
            raise error

    connection = _Connection("localhost", timeout=60.0)
    connection.sock = Breaking()
    deadline = Deadline(10.0, lambda: 0.0)
    mark = current.set(deadline)
    try:
        with pytest.raises(type(error)) as caught:
            connection.send(b"x")
    finally:
        current.reset(mark)
    assert caught.value is error
    assert deadline.sent
