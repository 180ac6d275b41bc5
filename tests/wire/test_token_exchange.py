"""Token exchange: one login, remembered, at its own origin, and never a word of the password."""

from __future__ import annotations

import json
import pickle
from urllib.parse import parse_qs

import pytest

from assetmeta.model.errors import AuthenticationFailed, BadValue, RateLimited, ServerFailed, Unreachable
from assetmeta.model.http import Request
from assetmeta.wire.oauth import TokenExchange

from .conftest import Reply, one

GET = Request("GET", "/a", idempotent=True)
SECRET = 'pa&ss="wörd'


def granted(token: str) -> Reply:
    return Reply(body=json.dumps({"token": token}).encode())


def refused(document: object, status: int = 400) -> Reply:
    return Reply(status, json.dumps(document).encode(), {"Content-Type": "application/json"})


def login(server, **details) -> TokenExchange:
    given = {"uri": server.url + "/get-token/", "username": "ann", "password": SECRET, **details}
    return TokenExchange(**given)


def lines(server) -> list[tuple[str, str | None]]:
    return [(seen.target, seen.headers.get("authorization")) for seen in server.seen]


def test_one_exchange_before_the_first_request_serves_them_all(server, drive):
    server.answers = [granted("t1"), Reply()]
    driver = drive(login(server))
    driver.run(one(GET))
    driver.run(one(GET))
    assert [("/get-token/", None), ("/a", "Token t1"), ("/a", "Token t1")] == lines(server)
    assert {"username": ["ann"], "password": [SECRET]} == parse_qs(server.seen[0].body.decode())
    assert "application/x-www-form-urlencoded" == server.seen[0].headers["content-type"]


def test_a_token_that_is_refused_is_got_again_once(server, drive):
    server.answers = [granted("t1"), Reply(401), granted("t2"), Reply()]
    drive(login(server)).run(one(GET))
    assert ["/get-token/", "/a", "/get-token/", "/a"] == [seen.target for seen in server.seen]
    assert "Token t2" == server.seen[-1].headers["authorization"]


def test_the_same_token_again_is_not_sent_again(server, drive):
    server.answers = [granted("t1"), Reply(401), granted("t1"), Reply()]
    with pytest.raises(AuthenticationFailed):
        drive(login(server)).run(one(GET))
    assert 3 == len(server.seen)


def test_a_refused_exchange_is_tried_once(server, drive):
    server.answers = [refused({"non_field_errors": [{"message": "Unable to log in.", "code": "authorization"}]})]
    driver = drive(login(server))
    for _ in range(2):
        with pytest.raises(AuthenticationFailed, match=r"Unable to log in.*Check user name and password") as caught:
            driver.run(one(GET))
    assert 1 == len(server.seen)
    assert caught.value.sent is False


@pytest.mark.parametrize(
    "document",
    [
        {"detail": "no", "code": "has_2fa"},
        {"non_field_errors": [{"message": "no", "code": "has_2fa"}]},
        {"code": "invalid", "non_field_errors": [{"message": "no", "code": "has_2fa"}]},
    ],
)
def test_a_code_is_answered_with_advice(server, drive, document):
    server.answers = [refused(document)]
    with pytest.raises(AuthenticationFailed, match="Make a token instead") as caught:
        drive(login(server, advice={"has_2fa": "Make a token instead."})).run(one(GET))
    assert ("has_2fa", 400) == (caught.value.code, caught.value.status)


def test_failures_of_the_server_are_not_held_against_the_password(server, drive):
    server.answers = [Reply(500, b"<html>"), Reply(429), granted("t1"), Reply()]
    driver = drive(login(server))
    with pytest.raises(ServerFailed):
        driver.run(one(GET))
    with pytest.raises(RateLimited):
        driver.run(one(GET))
    driver.run(one(GET))
    assert ("/a", "Token t1") == lines(server)[-1]


@pytest.mark.parametrize("body", [b"", b"<html>hello", b"[]", b'{"token": 5}', b'{"token": ""}'])
def test_an_answer_without_a_token_is_a_refusal(server, drive, body):
    server.answers = [Reply(200, body)]
    with pytest.raises(AuthenticationFailed):
        drive(login(server)).run(one(GET))
    assert 1 == len(server.seen)


@pytest.mark.parametrize(
    "reply",
    [Reply(404, b'{"detail": "Not found."}'), Reply(200, b"<html>hello"), Reply(302, headers={"Location": "/"})],
)
def test_what_is_no_refusal_is_not_blamed_on_the_password(server, drive, reply):
    server.answers = [reply]
    with pytest.raises(AuthenticationFailed, match="check the address") as caught:
        drive(login(server)).run(one(GET))
    assert "Check user name" not in str(caught.value)


def test_secrets_are_in_no_text(server, drive):
    echo = {"detail": f"wrong: {SECRET}", "password": [SECRET]}
    server.answers = [refused(echo)]
    auth = login(server)
    driver = drive(auth)
    with pytest.raises(AuthenticationFailed) as caught:
        driver.run(one(GET))
    told = [repr(auth), str(caught.value), repr(vars(caught.value)), repr(driver), repr(list(driver.ledger))]
    assert not [text for text in told if SECRET in text or "wörd" in text]
    assert SECRET.encode() not in pickle.dumps(caught.value)
    with pytest.raises(TypeError):
        pickle.dumps(auth)


def test_the_token_stays_at_its_origin(server, servers, drive):
    other_server = servers()
    server.answers = [granted("t1"), Reply()]
    driver = drive(login(server))
    driver.run(one(GET))
    driver.run(one(Request("GET", other_server.url + "/file", idempotent=True)))
    assert [("/file", None)] == lines(other_server)


def test_a_redirect_elsewhere_leaves_the_token_behind(server, servers, drive):
    other_server = servers()
    server.answers = [granted("t1"), Reply(302, headers={"Location": other_server.url + "/file"})]
    drive(login(server)).run(one(GET))
    assert [("/file", None)] == lines(other_server)


@pytest.mark.parametrize("details", [{"username": ""}, {"password": ""}, {"password": "a\nb"}, {"uri": "ftp://x"}])
def test_unusable_logins_are_refused_at_once(server, details):
    with pytest.raises(BadValue):
        login(server, **details)


def test_an_exchange_that_may_have_arrived_is_not_repeated(server, drive):
    server.answers = [Reply(cut=0)]
    with pytest.raises(Unreachable):
        drive(login(server)).run(one(GET))
    assert 1 == len(server.seen)


def test_after_an_accepted_login_a_refused_exchange_ends_it_for_all_later_requests(server, drive):
    server.answers = [granted("t1"), Reply(), Reply(401), Reply(400, b'{"code": "locked"}')]
    driver = drive(login(server))
    driver.run(one(GET))
    errors = []
    for _ in range(10):
        with pytest.raises(AuthenticationFailed) as caught:
            driver.run(one(GET))
        errors.append(caught.value)
    assert ["/get-token/", "/a", "/a", "/get-token/"] == [target for target, _ in lines(server)]
    assert [True] + [False] * 9 == [error.sent for error in errors]
