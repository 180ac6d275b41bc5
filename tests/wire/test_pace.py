"""A stated rate in the driver: every exchange with the session's server waits for its turn, and nothing else does."""

from __future__ import annotations

import logging
import threading

from assetmeta.features.rate import Limit, SharedRate
from assetmeta.model.errors import SessionClosed
from assetmeta.model.http import Request
from assetmeta.wire.auth import Basic

from .conftest import Reply, one

READ = Request("GET", "/a", idempotent=True)


class Turns:
    """A pace that holds each request back as often as it is told to, and counts them."""

    def __init__(self, *delays: float) -> None:
        self.delays = list(delays)
        self.taken = 0

    def delay(self) -> float:
        seconds = self.delays.pop(0) if self.delays else 0.0
        self.taken += not seconds
        return seconds


def test_a_request_waits_until_it_has_its_turn(server, drive, time):
    turns = Turns(3.0, 2.0)
    driver = drive(pace=turns, patience=1)
    assert 200 == driver.run(one(READ)).status
    assert ([3.0, 2.0], 1) == (time.slept, turns.taken)


def test_repeats_and_redirects_take_turns_of_their_own(server, drive):
    turns = Turns()
    server.answers = [Reply(503), Reply(302, headers={"Location": "/b"}), Reply(body=b"ok")]
    assert b"ok" == drive(pace=turns).run(one(READ)).body
    assert 3 == turns.taken == len(server.seen)


def test_other_servers_are_not_counted(servers, server, drive):
    elsewhere, turns = servers(), Turns()
    driver = drive(pace=turns)
    driver.run(one(Request("GET", f"{elsewhere.url}/file", idempotent=True)))
    assert (1, 0) == (len(elsewhere.seen), turns.taken)
    driver.run(one(READ))
    assert 1 == turns.taken


def test_the_server_may_ask_for_a_pause_while_a_request_waits_for_its_turn(server, drive, time):
    class Asked(Turns):
        def delay(self) -> float:
            seconds = super().delay()
            if seconds:
                driver._policy.pause_all(7, "rate limited by the server")
            return seconds

    driver = drive(pace=Asked(2.0))
    driver.run(one(READ))
    assert [2.0, 5.0] == time.slept


def test_a_request_that_waits_for_its_turn_when_the_session_ends_is_not_sent(server, drive):
    import time

    begun = threading.Event()

    class Endless:
        def delay(self) -> float:
            begun.set()
            return 3600.0

    driver = drive(pace=Endless(), sleep=time.sleep, clock=time.monotonic)
    failures: list[BaseException] = []

    def read() -> None:
        try:
            driver.run(one(READ))
        except SessionClosed as error:
            failures.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    assert begun.wait(60)
    driver.close()
    thread.join(60)
    assert [False] == [error.sent for error in failures]
    assert [] == server.seen


def test_a_server_that_answers_429_beyond_its_rate_never_does(server, drive, time, tmp_path):
    """100 a minute, counted as strictly as can be."""
    arrived: list[float] = []

    def answer(seen):
        arrived.append(time.now)
        recent = [moment for moment in arrived if time.now - moment < 60]
        return Reply(429, headers={"Retry-After": "60"}) if len(recent) > 100 else Reply(201)

    server.answers = [answer]
    shared = [SharedRate([Limit(100, 60_000)], tmp_path / "rate.sqlite", time.clock) for _ in range(3)]
    drivers = [drive(Basic("ann", "secret"), pace=each) for each in shared]
    for number in range(250):
        write = Request("POST", f"/assets/{number}", body=b"{}", writes=True)
        assert 201 == drivers[number % 3].run(one(write)).status
    assert 250 == len(arrived)
    assert 2.4 * 60 < arrived[-1] - arrived[0] < 2.6 * 60
    gaps = [later - earlier for earlier, later in zip(arrived, arrived[2:], strict=False)]
    assert max(gaps) < 2 * 0.6 * 1.1


def test_pauses_are_logged_with_their_reason(server, drive, caplog):
    caplog.set_level(logging.INFO, logger="assetmeta")
    server.answers = [Reply(429, headers={"Retry-After": "3"}), Reply(503), Reply(503), Reply(cut=0), Reply()]
    drive(retries=5, pace=Turns(1.0)).run(one(READ))
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.INFO]
    assert "rate limited by the server, 3.0 s" == told[0]
    assert told[1].startswith("the server answered 503, ")
    assert told[-1].startswith("the server was not reached, ")
    assert not any("rate=" in line for line in told)


def test_a_pause_that_several_requests_get_is_logged_once(drive, time, caplog):
    caplog.set_level(logging.INFO, logger="assetmeta")
    policy = drive()._policy
    for seconds in (30, 30.2, 29, 45):
        policy.pause_all(seconds, "rate limited by the server")
    time.now += 60
    policy.pause_all(30, "rate limited by the server")
    ends = [30.0, 45.0, 30.0]
    assert [f"rate limited by the server, {end} s" for end in ends] == [one.getMessage() for one in caplog.records]
