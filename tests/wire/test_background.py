"""Calls in threads of their own: what their requests count for, and how they end."""

from __future__ import annotations

import threading
import time

import pytest

from assetmeta.model.errors import BrokenOff, BudgetExceeded, SessionClosed
from assetmeta.model.http import Request
from assetmeta.wire.background import BackgroundCall

from .conftest import Reply, one

SECONDS = 20
GET = Request("GET", "/a", idempotent=True)


def pair():
    yield (GET, Request("GET", "/b", idempotent=True))


def test_a_call_returns_and_raises_where_its_result_is_awaited(server, drive):
    driver = drive()
    assert 200 == driver.start(lambda: driver.run(one(GET))).result().status
    with pytest.raises(ZeroDivisionError):
        driver.start(lambda: 1 // 0).result()


def test_requests_count_for_the_blocks_that_were_open_when_the_call_was_started(server, drive):
    may_answer = threading.Event()
    server.answers = [lambda seen: Reply() if may_answer.wait(SECONDS) else Reply(500)]
    driver = drive()
    with driver.trace() as before:
        call = driver.start(lambda: driver.run(one(GET)))
    with driver.trace() as after:
        may_answer.set()
        assert 200 == call.result().status
    assert (1, 0, 1) == (len(before), len(after), len(driver.ledger))


def test_several_requests_of_a_call_count_for_its_blocks_as_well(server, drive):
    driver = drive()
    with driver.trace() as before, driver.budget(3):
        call = driver.start(lambda: driver.run(pair()))
        call.result()
        again = driver.start(lambda: driver.run(pair()))
        with pytest.raises(BudgetExceeded):
            again.result()
    with driver.trace() as after, driver.budget(1):
        driver.run(one(GET))
    assert (2, 1) == (len(before), len(after))


def test_a_budget_that_is_opened_later_is_not_spent(server, drive):
    may_begin = threading.Event()
    driver = drive()
    call = driver.start(lambda: may_begin.wait(SECONDS) and driver.run(one(GET)))
    with driver.budget(0):
        may_begin.set()
        assert 200 == call.result().status


def test_what_is_left_sends_nothing_any_more(server, drive):
    may_begin = threading.Event()
    driver = drive()
    for flow in (one(GET), pair()):
        may_begin.clear()
        call = driver.start(lambda flow=flow: may_begin.wait(SECONDS) and driver.run(flow))
        call.leave()
        may_begin.set()
        with pytest.raises(BrokenOff, match="no longer awaited"):
            call.result()
    assert [] == server.seen
    assert 200 == driver.run(one(GET)).status


def test_what_waits_before_it_is_sent_is_left_at_once(server, drive):
    has_answered = threading.Event()
    server.answers = [lambda seen: (has_answered.set(), Reply(429, headers={"Retry-After": "3000"}))[1]]
    driver = drive(patience=10_000.0, sleep=time.sleep, clock=time.monotonic)
    call = driver.start(lambda: driver.run(one(GET)))
    assert has_answered.wait(SECONDS)
    call.leave()
    with pytest.raises(SessionClosed):
        call.result()
    assert 1 == len(server.seen)


def test_closing_ends_what_waits(server, drive):
    has_answered = threading.Event()
    server.answers = [lambda seen: (has_answered.set(), Reply(429, headers={"Retry-After": "3000"}))[1]]
    driver = drive(patience=10_000.0, sleep=time.sleep, clock=time.monotonic)
    call = driver.start(lambda: driver.run(one(GET)))
    assert has_answered.wait(SECONDS)
    driver.close()
    with pytest.raises(SessionClosed):
        call.result()


def test_without_a_thread_the_call_is_made_where_its_result_is_awaited(monkeypatch):
    def refused(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    call = BackgroundCall(threading.get_ident)
    call.start()
    assert threading.get_ident() == call.result()


def test_a_program_that_ends_does_not_wait():
    may_end = threading.Event()
    call = BackgroundCall(lambda: may_end.wait(SECONDS) and threading.current_thread().daemon)
    call.start()
    may_end.set()
    assert call.result() is True
