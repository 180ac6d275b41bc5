"""The driver runs flows: it sends answers in, throws failures in, and closes what is left early."""

from __future__ import annotations

import threading

import pytest

from assetmeta.model.errors import (
    AuthenticationFailed,
    BadValue,
    BrokenOff,
    BudgetExceeded,
    ReadOnly,
    SessionClosed,
    Unreachable,
)
from assetmeta.model.http import Pause, Request, Response
from assetmeta.wire.auth import Basic, TokenCallable
from assetmeta.wire.driver import Driver
from assetmeta.wire.retry import RetryPolicy

from .conftest import Reply, one

GET = Request("GET", "/a", idempotent=True)


def test_a_flow_is_sent_each_answer_and_its_value_is_returned(server, drive):
    server.answers = [Reply(body=b"1"), Reply(404, b"2")]

    def flow():
        first = yield GET
        second = yield Request("GET", "b")
        return [(first.status, first.body), (second.status, second.body), second.request]

    assert [(200, b"1"), (404, b"2"), Request("GET", "b")] == drive().run(flow())
    assert ["/a", "/b"] == [seen.target for seen in server.seen]


def test_an_error_s_answer_tells_its_address_without_secrets(server, drive):
    server.answers = [Reply(404), Reply(404)]
    driver = drive(url=server.url + "/Instance")
    assert f"{server.url}/Instance/a" == driver.run(one(GET)).url
    assert f"{server.url}/b?token=REDACTED" == driver.run(one(Request("GET", f"{server.url}/b?token=t"))).url


def test_a_flow_that_yields_nothing_sends_nothing(server, drive):
    def flow():
        return 5
        yield

    assert 5 == drive().run(flow())
    assert [] == server.seen


def test_the_failure_of_a_single_request_is_thrown_into_the_flow(server, drive):
    server.answers = [Reply(cut=0), Reply(body=b"ok")]

    def flow():
        try:
            yield Request("POST", "/w", body=b"x")
        except Unreachable as error:
            answer = yield GET
            return error.sent, answer.body

    assert (True, b"ok") == drive().run(flow())
    assert 2 == len(server.seen)


def test_requests_of_a_tuple_run_concurrently_and_keep_their_order(server, drive):
    together = threading.Barrier(3, timeout=5)

    def answer(seen):
        together.wait()
        return Reply(body=seen.target.encode())

    server.answers = [answer]
    requests = tuple(Request("GET", f"/{number}") for number in range(3))
    answers = drive(pool=3).run(one(requests))
    assert [b"/0", b"/1", b"/2"] == [answer.body for answer in answers]


def test_no_more_requests_run_concurrently_than_the_pool_allows(server, drive):
    running, most, lock = [0], [0], threading.Lock()
    pair = threading.Barrier(2, timeout=5)

    def answer(_):
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        pair.wait()
        with lock:
            running[0] -= 1
        return Reply()

    server.answers = [answer]
    drive(pool=2).run(one(tuple(Request("GET", f"/{number}") for number in range(8))))
    assert (2, 8) == (most[0], len(server.seen))


def test_failures_within_a_tuple_come_back_as_values(server, drive):
    server.answers = [lambda seen: Reply(cut=0) if seen.target == "/bad" else Reply(body=b"ok")]
    good, bad = drive().run(one((Request("POST", "/good"), Request("POST", "/bad"))))
    assert b"ok" == good.body
    assert isinstance(bad, Unreachable)
    assert "POST /bad" == bad.request


def test_a_wrong_password_is_tried_once_however_many_requests_there_are(server, drive):
    server.answers = [Reply(401)]
    writes = tuple(Request("POST", f"/{number}", writes=True) for number in range(64))
    answers = drive(Basic("joe", "wrong")).run(one(writes))
    assert 1 == len(server.seen)
    assert all(isinstance(answer, AuthenticationFailed) for answer in answers)
    assert [True] + [False] * 63 == [answer.sent for answer in answers]
    assert "POST /9 was not sent, because POST /0" in str(answers[9])


def test_a_login_that_ends_meanwhile_stops_what_was_not_started(server, drive):
    server.answers = [Reply(), Reply(), Reply(401)]
    driver = drive(Basic("joe", "pw"), pool=1)
    answers = driver.run(one(tuple(Request("GET", f"/{number}") for number in range(9))))
    assert 3 == len(server.seen)
    assert [True, False] == [answer.sent for answer in answers[2:4]]


def test_an_accepted_login_lets_requests_run_concurrently(server, drive):
    together = threading.Barrier(3, timeout=5)

    def answer(seen):
        if seen.target != "/a":
            together.wait()
        return Reply()

    server.answers = [answer]
    driver = drive(TokenCallable(lambda: "t"), pool=3)
    driver.run(one(GET))
    answers = driver.run(one(tuple(Request("GET", f"/{number}") for number in range(3))))
    assert [200] * 3 == [answer.status for answer in answers]


def test_what_an_inner_budget_stops_an_outer_one_does_not_count(server, drive):
    driver = drive()
    with driver.budget(2):
        with driver.budget(0), pytest.raises(BudgetExceeded):
            driver.run(one((GET, GET)))
        driver.run(one((GET, GET)))
    with driver.budget(1), driver.budget(2), pytest.raises(BudgetExceeded):
        driver.run(one((GET, GET)))
    assert 2 == len(server.seen)


def test_of_so_many_requests_against_one_less_exactly_one_is_refused(server, drive):
    driver, number = drive(pool=4), 12
    together, refused = threading.Barrier(number, timeout=10), []

    def ask():
        together.wait()
        try:
            driver.run(one(GET))
        except BudgetExceeded as error:
            refused.append(error)

    with driver.budget(number - 1):
        threads = [threading.Thread(target=ask) for _ in range(number)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (1, number - 1) == (len(refused), len(server.seen))


def test_each_open_budget_block_can_refuse_a_request_of_any_thread(server, drive):
    driver = drive()
    opened, done = threading.Event(), threading.Event()

    def hold():
        with driver.budget(1):
            opened.set()
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    opened.wait(10)
    try:
        with driver.budget(5):
            driver.run(one(GET))
            with pytest.raises(BudgetExceeded, match="may send 1 requests"):
                driver.run(one(GET))
    finally:
        done.set()
        thread.join()
    driver.run(one((GET, GET)))
    assert 3 == len(server.seen)


def test_tuples_of_none_and_of_one_are_answered_by_tuples(server, drive):
    driver = drive()
    assert () == driver.run(one(()))
    (answer,) = driver.run(one((GET,)))
    assert 200 == answer.status
    assert 1 == len(server.seen)


def test_a_flow_left_by_an_error_is_closed(server, drive):
    closed = []

    def flow():
        try:
            yield Request("GET", "/a", sink=BadSink())
        finally:
            closed.append(True)

    class BadSink:
        def seekable(self):
            return False

        def write(self, chunk):
            raise OSError("disk full")

    server.answers = [Reply(body=b"x")]
    with pytest.raises(OSError, match="disk full"):
        drive().run(flow())
    assert [True] == closed


def test_errors_a_flow_raises_itself_pass_through(drive):
    def flow():
        yield GET
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        drive().run(flow())


def test_a_read_only_session_sends_no_write_and_nothing_of_a_tuple_that_holds_one(server, drive):
    driver = drive(read_only=True)
    write = Request("POST", "/w", writes=True)
    for yielded in (write, (GET, write)):
        with pytest.raises(ReadOnly) as caught:
            driver.run(one(yielded))
        assert not caught.value.sent
    assert [] == server.seen
    assert 200 == driver.run(one(GET)).status


def test_a_closed_session_refuses_flows(server, drive):
    driver = drive()
    driver.close()
    driver.close()
    with pytest.raises(SessionClosed):
        driver.run(one(GET))
    assert [] == server.seen


def test_closing_the_session_stops_what_has_not_been_sent(server, drive):
    started, go_on, answers = threading.Event(), threading.Event(), []

    def answer(_):
        started.set()
        go_on.wait(5)
        return Reply()

    def run():
        answers.extend(driver.run(one((GET, GET, GET))))

    server.answers = [answer]
    driver = drive(pool=1)
    thread = threading.Thread(target=run)
    thread.start()
    assert started.wait(5)
    driver.close()
    go_on.set()
    thread.join(5)
    assert [Response, SessionClosed, SessionClosed] == [type(answer) for answer in answers]
    assert not answers[1].sent
    assert 1 == len(server.seen)


@pytest.mark.parametrize("auth", [None, Basic("me", "secret")], ids=["side-by-side", "first-alone"])
@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), SystemExit(1), RuntimeError("odd")], ids=lambda e: type(e).__name__
)
def test_what_breaks_off_several_requests_leaves_the_answers_that_came(server, drive, auth, error):
    """The flow learns of each request what came of it, sends no more, and ends; then the interrupt is raised."""
    driver, told, answered = drive(auth=auth, pool=1), [], []
    broken = 1 if auth is None else 0
    deliver = driver._sender.deliver

    def delivered(request, *given):
        answered.append(deliver(request))
        if len(answered) == broken + 1:
            raise error
        return answered[-1]

    def flow():
        told.extend((yield (GET,) * 20))
        for several in (GET, (GET, GET)):
            with pytest.raises(BrokenOff, match="before anything more|before GET") as raised:
                yield several
            assert not raised.value.sent

    driver._sender.deliver = delivered
    with pytest.raises(type(error)):
        driver.run(flow())
    assert [Response] * broken == [type(each) for each in told[:broken]]
    assert told[broken].sent
    assert type(error).__name__ in str(told[broken])
    assert told[broken].permanent
    unsent = [each for each in told if isinstance(each, BrokenOff) and not each.sent]
    # The thread may have begun with others before it is told; what is called unsent was not among them.
    assert 20 == len(told)
    assert len(answered) <= 20 - len(unsent)
    driver._sender.deliver = deliver
    assert 200 == driver.run(one(GET)).status


def test_a_session_that_is_closed_just_before_sending_says_so(server, drive):
    driver = drive()
    driver.run(one((GET, GET)))
    driver._threads.shutdown()
    answers = driver.run(one((GET, GET)))
    assert [SessionClosed, SessionClosed] == [type(answer) for answer in answers]
    assert 2 == len(server.seen)


def test_a_pause_waits_longer_each_time_until_retries_are_used_up(drive, time):
    driver = drive(retries=3)
    fault = Unreachable("gone", sent=False)
    for attempt in (1, 2, 3):
        assert () == driver.run(one(Pause(attempt, fault)))
    with pytest.raises(Unreachable) as raised:
        driver.run(one(Pause(4, fault)))
    assert fault is raised.value
    assert [1.0, 2.0, 4.0] == time.slept
    with pytest.raises(Unreachable):
        drive(patience=1.5).run(one(Pause(2, fault)))


def test_making_a_driver_sends_nothing_and_its_repr_shows_no_secret(server):
    with Driver(server.url + "/Instance/", user_agent="nightly/2") as driver:
        assert f"{server.url}/Instance" == driver.base_url
        assert f"<Driver {server.url}/Instance: <Ledger: 0 requests, 0 ms, 0 B out, 0 B in>>" == repr(driver)
    assert [] == server.seen


@pytest.mark.parametrize(
    "settings",
    [
        {"timeout": 0},
        {"timeout": None},
        {"timeout": (3, None)},
        {"pool": 0},
        {"pool": 1.5},
        {"max_bytes": 0},
        {"max_bytes": float("nan")},
        {"retries": -1},
        {"patience": float("inf")},
        {"user_agent": "a\r\nX-Evil: 1"},
        {"user_agent": "ночь"},
    ],
)
def test_settings_that_cannot_work_are_refused(settings):
    with pytest.raises(BadValue):
        Driver("http://127.0.0.1:1", **settings)


@pytest.mark.parametrize(
    "url",
    [
        "host/x",
        "ftp://host/x",
        "http://",
        "http://user:pw@host/x",
        "http://host/x?a=1",
        "http://a.b\\@c.d/",
        "http://h:x",
        "http://[::1/x",
        "user:pw@host/x",
        "//user:pw@host/x",
    ],
)
def test_base_urls_that_cannot_work_are_refused_without_showing_secrets(url):
    with pytest.raises(BadValue) as caught:
        Driver(url)
    assert "pw" not in str(caught.value)


def test_a_request_that_waits_is_not_sent_once_the_session_is_closed(server):
    """The server's Retry-After holds requests back; closing the session ends the wait, and nothing more is sent."""
    server.answers = [Reply(429, headers={"Retry-After": "50"})]
    driver = Driver(server.url)
    answers, waiting = [], threading.Event()
    wait = driver._policy.wait

    def waited(*given):
        waiting.set()
        return wait(*given)

    driver._policy.wait = waited
    thread = threading.Thread(target=lambda: answers.extend(driver.run(one((GET, GET)))))
    thread.start()
    assert waiting.wait(10)
    driver.close()
    thread.join(10)
    assert not thread.is_alive()
    assert {SessionClosed} == {type(answer) for answer in answers} - {Response}
    assert not any(answer.sent for answer in answers if isinstance(answer, SessionClosed))
    assert len(server.seen) <= 2


def test_a_wait_of_work_that_was_broken_off_ends_and_others_go_on_waiting():
    policy = RetryPolicy()
    over, ended = threading.Event(), []
    threads = [
        threading.Thread(target=lambda: ended.append(("left", policy.wait(50, over.is_set)))),
        threading.Thread(target=lambda: ended.append(("kept", policy.wait(50)))),
    ]
    for thread in threads:
        thread.start()
    over.set()
    policy.wake()
    threads[0].join(10)
    assert [("left", False)] == ended
    policy.wake(is_ended=True)
    threads[1].join(10)
    assert [("left", False), ("kept", False)] == ended
    assert RetryPolicy(sleep=lambda seconds: None).wait(5)
