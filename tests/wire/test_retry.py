"""Repeats: only what is safe, only as long as patience lasts."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from assetmeta.model.errors import RateLimited, Unreachable
from assetmeta.model.http import Request
from assetmeta.wire.retry import BACKOFF, JITTER, RetryPolicy, RetryState

from .conftest import Reply, one
from .test_transport import Unseekable, unused_port

READ = Request("GET", "/a", idempotent=True)
WRITE = Request("POST", "/w", body=b"content", writes=True)


@pytest.mark.parametrize(
    "trouble", [Reply(cut=0), Reply(body=b"abc", cut=1), Reply(408), Reply(502), Reply(503), Reply(504), Reply(524)]
)
def test_a_read_is_repeated_when_the_trouble_may_pass(server, drive, trouble):
    server.answers = [trouble, trouble, Reply(body=b"ok")]
    driver = drive()
    assert b"ok" == driver.run(one(READ)).body
    assert [1, 2, 3] == [entry.attempt for entry in driver.ledger]
    assert 3 == len(server.seen)


@pytest.mark.parametrize("status", [400, 404, 500, 501])
def test_other_answers_stand(server, drive, status):
    server.answers = [Reply(status, b"no")]
    assert (status, b"no") == ((answer := drive().run(one(READ))).status, answer.body)
    assert 1 == len(server.seen)


def test_a_write_is_sent_once_whatever_happens(server, drive, time):
    server.answers = [Reply(cut=0)]
    with pytest.raises(Unreachable) as caught:
        drive().run(one(WRITE))
    assert caught.value.sent
    server.answers = [Reply(503, b"sorry")]
    assert b"sorry" == drive().run(one(WRITE)).body
    server.answers = [Reply(503, headers={"Retry-After": "1"})]
    with pytest.raises(RateLimited) as caught:
        drive().run(one(WRITE))
    assert caught.value.sent
    server.answers = [Reply(429)]
    with pytest.raises(RateLimited) as caught:
        drive().run(one(WRITE))
    assert not caught.value.sent
    server.answers = [Reply(408, b"too slow")]
    assert b"too slow" == drive().run(one(WRITE)).body
    assert 5 == len(server.seen)
    assert [] == time.slept


def test_a_write_turned_away_by_429_with_a_time_is_sent_again_then(server, drive, time):
    server.answers = [Reply(429, headers={"Retry-After": "7"}), Reply(body=b"done")]
    request = Request("POST", "/w", body=io.BytesIO(b"content"), writes=True)
    assert b"done" == drive().run(one(request)).body
    assert [b"content", b"content"] == [seen.body for seen in server.seen]
    assert [7] == time.slept


def test_a_body_that_cannot_be_read_twice_is_sent_once(server, drive):
    server.answers = [Reply(429, headers={"Retry-After": "1"})]
    with pytest.raises(RateLimited):
        drive().run(one(Request("PUT", "/w", body=Unseekable(b"content"), idempotent=True)))
    server.answers = [Reply(cut=0)]
    with pytest.raises(Unreachable):
        drive().run(one(Request("PUT", "/w", body=Unseekable(b"content"), idempotent=True)))
    assert 2 == len(server.seen)


def test_connections_that_cannot_be_made_are_tried_again_for_reads_only(drive):
    driver = drive(url=f"http://127.0.0.1:{unused_port()}", retries=2)
    for request, tries in ((READ, 3), (WRITE, 1)):
        with driver.trace() as trace, pytest.raises(Unreachable):
            driver.run(one(request))
        assert tries == len(trace)


def test_the_pauses_grow_and_the_first_repeat_comes_at_once(server, drive, time):
    server.answers = [Reply(503)]
    assert 503 == drive(retries=4).run(one(READ)).status
    assert 5 == len(server.seen)
    assert 3 == len(time.slept)
    for seconds, least in zip(time.slept, (2 * BACKOFF, 4 * BACKOFF, 8 * BACKOFF), strict=True):
        assert least <= seconds <= least + JITTER


def test_without_retries_nothing_is_repeated(server, drive):
    server.answers = [Reply(502)]
    assert 502 == drive(retries=0).run(one(READ)).status
    assert 1 == len(server.seen)


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_in_seconds_is_waited_for(server, drive, time, status):
    server.answers = [Reply(status, headers={"Retry-After": "12"}), Reply(body=b"ok")]
    assert b"ok" == drive().run(one(READ)).body
    assert [12] == time.slept


def test_retry_after_as_a_date_is_waited_for(server, drive, time):
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    server.answers = [Reply(503, headers={"Retry-After": moment}), Reply()]
    drive().run(one(READ))
    (seconds,) = time.slept
    assert 30 <= seconds <= 40


@pytest.mark.parametrize("text", ["soon", "", "nan", "inf", "1e3", "1,5", "0x10", "Fri, 99 Foo 2026", "\xb2"])
def test_an_unreadable_retry_after_counts_as_none(server, drive, time, text):
    server.answers = [
        Reply(503, headers={"Retry-After": text}),
        Reply(body=b"ok"),
        Reply(429, headers={"Retry-After": text}),
    ]
    driver = drive()
    assert b"ok" == driver.run(one(READ)).body
    assert [] == time.slept
    with pytest.raises(RateLimited) as caught:
        driver.run(one(WRITE))
    assert caught.value.retry_after is None


def test_retry_after_with_a_fraction_is_waited_for(server, drive, time):
    server.answers = [Reply(429, headers={"Retry-After": " 2.5 "}), Reply(503, headers={"Retry-After": "+3."}), Reply()]
    drive().run(one(READ))
    assert [2.5, 3] == time.slept


PAST = "Fri, 31 Dec 1999 23:59:59 GMT"


@pytest.mark.parametrize("text", ["0", "-5", "-0.5", "0.0", PAST, "-" + "9" * 400])
def test_a_moment_that_is_past_leaves_the_pauses_to_the_client(server, drive, time, text):
    server.answers = [Reply(429, headers={"Retry-After": text})]
    with pytest.raises(RateLimited) as caught:
        drive(retries=2).run(one(WRITE))
    assert caught.value.retry_after == 0
    assert 3 == len(server.seen)
    [seconds] = time.slept
    assert seconds >= 2 * BACKOFF


@pytest.mark.parametrize("text", ["9" * 30, "9" * 400, "9" * 5000, "1" * 20 + ".5", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_no_server_holds_a_session_back_for_longer_than_six_hours(server, drive, time, text):
    server.answers = [Reply(429, headers={"Retry-After": text}), Reply(body=b"ok")]
    driver = drive()
    with pytest.raises(RateLimited, match="for 21600 s") as caught:
        driver.run(one(READ))
    assert caught.value.retry_after == 21_600
    time.now += 21_600
    assert b"ok" == driver.run(one(READ)).body


def test_a_wait_longer_than_patience_is_busy_at_once(server, drive, time):
    server.answers = [Reply(429, headers={"Retry-After": "61"})]
    with pytest.raises(RateLimited, match="for 61 s") as caught:
        drive(patience=60).run(one(READ))
    assert (429, 61, "GET /a") == (caught.value.status, caught.value.retry_after, caught.value.request)
    assert (1, []) == (len(server.seen), time.slept)


def test_all_waits_of_one_request_together_are_bounded_by_patience(server, drive, time):
    server.answers = [Reply(429, headers={"Retry-After": "25"})]
    with pytest.raises(RateLimited):
        drive(patience=60, retries=10).run(one(READ))
    assert (3, [25, 25]) == (len(server.seen), time.slept)


def test_patience_bounds_the_pauses_between_broken_connections_too(server, drive, time):
    server.answers = [Reply(cut=0)]
    with pytest.raises(Unreachable):
        drive(patience=0, retries=10).run(one(READ))
    assert (2, []) == (len(server.seen), time.slept)


def test_when_one_request_has_to_wait_the_others_wait_too(server, drive, time):
    server.answers = [Reply(429, headers={"Retry-After": "9"}), Reply()]
    driver = drive(retries=0)
    with pytest.raises(RateLimited):
        driver.run(one(READ))
    driver.run(one(WRITE))
    assert (2, [9]) == (len(server.seen), time.slept)


def test_a_request_held_back_longer_than_patience_is_not_sent(server, drive):
    server.answers = [Reply(503, headers={"Retry-After": "900"})]
    driver = drive()
    for request in (READ, WRITE):
        with pytest.raises(RateLimited) as caught:
            driver.run(one(request))
    assert not caught.value.sent
    assert "not sent" in str(caught.value)
    assert 1 == len(server.seen)


def test_without_a_stated_rate_there_is_always_a_turn():
    assert RetryPolicy().take_turn()


def test_new_credentials_are_tried_where_the_body_can_be_sent_again():
    for body, is_possible in ((None, True), (b"x", True), (io.BytesIO(b"abc"), True), (Unseekable(b"abc"), False)):
        state = RetryState(Request("PUT", "/a", body=body, idempotent=True), RetryPolicy())
        if isinstance(body, io.BytesIO):
            body.read()
        assert state.for_reauthentication() is is_possible
        assert state.attempt == 1 + is_possible
        assert not isinstance(body, io.BytesIO) or body.tell() == 0 or not is_possible
