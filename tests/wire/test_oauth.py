"""OAuth2: tokens are got and renewed with as few requests as can be."""

from __future__ import annotations

import base64
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs

import pytest

from assetmeta.model.errors import AuthenticationFailed, BadValue, RateLimited, ServerFailed, Unreachable
from assetmeta.model.http import Request
from assetmeta.wire.auth import SharedAttempt
from assetmeta.wire.oauth import OAuth2, _seconds

from .conftest import Reply, one

GET = Request("GET", "/a", idempotent=True)


def granted(**token) -> Reply:
    return Reply(body=json.dumps({"token_type": "Bearer", **token}).encode())


def login(server, **details) -> OAuth2:
    return OAuth2(**{"client_id": "app", "token_uri": server.url + "/o/token/", **details})


def form(seen) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(seen.body.decode()).items()}


def lines(server) -> list[tuple[str, str | None]]:
    return [(seen.target, seen.headers.get("authorization")) for seen in server.seen]


def test_a_refresh_token_is_turned_into_an_access_token_before_the_first_request(server, drive):
    kept = []
    auth = login(server, client_secret="cs", refresh_token="r1", on_renewed=kept.append)
    server.answers = [granted(access_token="a1", refresh_token="r2", expires_in=3600), Reply()]
    driver = drive(auth)
    driver.run(one(GET))
    driver.run(one(GET))
    assert [("/o/token/", None), ("/a", "Bearer a1"), ("/a", "Bearer a1")] == lines(server)
    asked = {"grant_type": "refresh_token", "refresh_token": "r1", "client_id": "app", "client_secret": "cs"}
    assert asked == form(server.seen[0])
    assert ("a1", "r2") == (kept[0]["access_token"], kept[0]["refresh_token"])
    assert ["/o/token/", "/a", "/a"] == [entry.path.removeprefix(server.url) for entry in driver.ledger]


def test_the_client_can_be_named_by_basic_login(server, drive):
    server.answers = [granted(access_token="a1"), Reply()]
    drive(login(server, client_secret="cs", refresh_token="r1", client_auth="client_secret_basic")).run(one(GET))
    assert [("/o/token/", "Basic YXBwOmNz"), ("/a", "Bearer a1")] == lines(server)


def test_a_refused_token_is_renewed_once_and_a_write_repeated_once(server, drive):
    server.answers = [Reply(401), granted(access_token="a2"), Reply(body=b"ok")]
    auth = login(server, access_token="a1", refresh_token="r1")
    answer = drive(auth).run(one(Request("POST", "/w", body=b"content", writes=True)))
    assert b"ok" == answer.body
    assert [("/w", "Bearer a1"), ("/o/token/", None), ("/w", "Bearer a2")] == lines(server)
    assert [b"content", b"content"] == [server.seen[0].body, server.seen[2].body]


def test_an_expired_token_is_renewed_before_it_is_sent(server, drive):
    server.answers = [granted(access_token="a2", expires_in=3600), Reply()]
    drive(login(server, access_token="a1", refresh_token="r1", expires_at=1)).run(one(GET))
    assert [("/o/token/", None), ("/a", "Bearer a2")] == lines(server)


def test_without_a_way_to_renew_a_token_is_used_until_it_is_refused(server, drive):
    server.answers = [Reply(), Reply(401)]
    driver = drive(login(server, access_token="a1", expires_at=1))
    assert 200 == driver.run(one(GET)).status
    with pytest.raises(AuthenticationFailed, match="refused the OAuth2 token"):
        driver.run(one(GET))
    assert [("/a", "Bearer a1")] * 2 == lines(server)


def test_the_password_grant_logs_in_and_logs_in_again_when_the_refresh_token_is_refused(server, drive):
    refused = Reply(400, b'{"error": "invalid_grant"}')
    server.answers = [
        granted(access_token="a1", refresh_token="r1"),
        Reply(401),
        refused,
        granted(access_token="a2"),
        Reply(),
    ]
    drive(login(server, username="joe", password="s3cret")).run(one(GET))
    assert ["/o/token/", "/a", "/o/token/", "/o/token/", "/a"] == [seen.target for seen in server.seen]
    asked = {"grant_type": "password", "username": "joe", "password": "s3cret", "client_id": "app"}
    assert [asked, asked] == [form(server.seen[0]), form(server.seen[3])]
    assert "Bearer a2" == server.seen[4].headers["authorization"]


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(400, b'{"error": "invalid_grant"}'), "refused the refresh token .* log in again"),
        (Reply(401, b"<html>"), "refused the refresh token"),
        (Reply(200, b'{"error": "bad_verification_code"}'), "refused the refresh token .* log in again"),
        (Reply(200, b"[]"), r"gave no token for the refresh token \(HTTP 200\). .* check the address"),
        (Reply(200, b"<html>"), r"gave no token for the refresh token \(HTTP 200\). .* check the address"),
        (Reply(200, b""), r"gave no token for the refresh token \(HTTP 200\). .* check the address"),
    ],
)
def test_a_refused_refresh_token_is_a_refused_login_tried_once(server, drive, reply, words):
    server.answers = [reply]
    with pytest.raises(AuthenticationFailed, match=words) as caught:
        drive(login(server, refresh_token="s3cret")).run(one(GET))
    assert "s3cret" not in str(caught.value)
    assert reply.status == caught.value.status
    assert 1 == len(server.seen)


def test_a_refusal_says_what_the_server_said_and_no_secret(server, drive):
    body = {"error": "invalid_grant", "error_description": "Expired: s3cret-token (bad)"}
    server.answers = [Reply(400, json.dumps(body).encode())]
    with pytest.raises(AuthenticationFailed) as caught:
        drive(login(server, refresh_token="s3cret-token")).run(one(GET))
    assert "invalid_grant: Expired: REDACTED (bad)" in str(caught.value)
    assert "s3cret" not in str(caught.value) + str(caught.value.server_message)


def test_a_broken_token_endpoint_is_the_server_s_failure_and_not_asked_again(server, drive):
    server.answers = [Reply(500)]
    with pytest.raises(ServerFailed):
        drive(login(server, refresh_token="r1")).run(one(GET))
    server.answers = [Reply(cut=0)]
    with pytest.raises(Unreachable):
        drive(login(server, refresh_token="r1")).run(one(GET))
    assert 2 == len(server.seen)


def test_threads_get_one_token_between_them(server, drive):
    started = threading.Barrier(4, timeout=5)

    def answer(seen):
        if seen.target == "/o/token/":
            return granted(access_token="a1")
        started.wait()
        return Reply()

    server.answers = [answer]
    driver = drive(login(server, refresh_token="r1"))
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: driver.run(one(GET)), range(4)))
    assert [200] * 4 == [answer.status for answer in answers]
    assert ["/a"] * 4 + ["/o/token/"] == sorted(seen.target for seen in server.seen)


def test_the_token_goes_to_the_session_s_origin_and_the_secret_to_the_token_endpoint_only(server, servers, drive):
    elsewhere = servers()
    elsewhere.answers = [granted(access_token="a1")]
    drive(login(elsewhere, refresh_token="r1")).run(one(GET))
    assert [("/o/token/", None)] == lines(elsewhere)
    assert [("/a", "Bearer a1")] == lines(server)


def test_the_contents_of_a_client_secrets_file_are_understood(server):
    inner = {"client_id": "app", "client_secret": "cs", "token_uri": server.url + "/token", "redirect_uris": []}
    for document in ({"installed": inner}, {"web": inner}, inner):
        assert isinstance(OAuth2.from_client_secrets(document, refresh_token="r"), OAuth2)
    with pytest.raises(BadValue, match="no client_id"):
        OAuth2.from_client_secrets({"installed": {"token_uri": "http://h"}}, refresh_token="r")
    with pytest.raises(BadValue, match="needs a refresh_token="):
        OAuth2.from_client_secrets(inner)


def test_its_repr_shows_no_secret(server):
    auth = login(server, client_secret="s3cret", refresh_token="s3cret", access_token="s3cret")
    assert "<OAuth2: OAuth2 token>" == repr(auth)


def test_what_was_refused_is_not_asked_again_for_every_read(server, drive):
    server.answers = [Reply(400, b'{"error": "invalid_grant"}')]
    for details in ({"refresh_token": "r1"}, {"username": "joe", "password": "wrong"}):
        server.seen.clear()
        driver = drive(login(server, **details))
        sent = []
        for _ in range(50):
            with pytest.raises(AuthenticationFailed, match="invalid_grant") as caught:
                driver.run(one(GET))
            sent.append(caught.value.sent)
        assert [True] + [False] * 49 == sent
        assert ["/o/token/"] == [seen.target for seen in server.seen]


def test_a_refused_refresh_token_leaves_the_access_token_in_use_until_its_end(server, drive, time):
    server.answers = [Reply(400, b'{"error": "invalid_grant"}'), Reply()]
    driver = drive(login(server, access_token="a1", refresh_token="r1", expires_at=100, clock=time.clock))
    time.now = 95
    with pytest.raises(AuthenticationFailed):
        driver.run(one(GET))
    assert 200 == driver.run(one(GET)).status
    time.now = 100
    with pytest.raises(AuthenticationFailed):
        driver.run(one(GET))
    assert [("/o/token/", None), ("/a", "Bearer a1")] == lines(server)


@pytest.mark.parametrize("early", [False, True])
def test_after_an_accepted_login_a_refused_renewal_ends_it_for_all_later_requests(server, drive, time, early):
    """Also where the renewal was refused before the token's end, and the token itself only later."""
    auth = login(server, access_token="a1", refresh_token="r1", expires_at=100, clock=time.clock)
    driver = drive(auth)
    assert 200 == driver.run(one(GET)).status
    refused = Reply(400, b'{"error": "invalid_grant", "error_description": "Token was revoked."}')
    if early:
        time.now = 95
        server.answers = [refused, Reply(401)]
        with pytest.raises(AuthenticationFailed):
            driver.run(one(GET))
        time.now = 96
    else:
        server.answers = [Reply(401), refused]
    errors = []
    for _ in range(20):
        with pytest.raises(AuthenticationFailed, match="refused the refresh token.*Token was revoked") as caught:
            driver.run(one(GET))
        errors.append(caught.value)
    assert [("/a", "Bearer a1")] * 2 + [("/o/token/", None)] == sorted(lines(server), key=lambda line: line[0])
    assert [False] * 19 == [error.sent for error in errors[1:]]
    assert {(400, "invalid_grant")} == {(error.status, error.code) for error in errors}
    assert "GET /a was not sent" in str(errors[19])


def test_threads_share_a_refused_renewal_after_an_accepted_login(server, drive):
    driver = drive(login(server, access_token="a1", username="joe", password="old"), pool=4)
    driver.run(one(GET))
    server.answers = [lambda seen: Reply(400 if seen.target == "/o/token/" else 401)]
    for _ in range(5):
        assert {AuthenticationFailed} == {type(answer) for answer in driver.run(one((GET,) * 4))}
    targets = [seen.target for seen in server.seen]
    assert 1 == targets.count("/o/token/")
    # The accepted one, and those that were under way together.
    assert targets.count("/a") <= 1 + 4


def test_a_renewal_that_fails_otherwise_is_tried_again_with_the_next_request(server, drive):
    driver = drive(login(server, access_token="a1", refresh_token="r1"))
    driver.run(one(GET))
    server.answers = [Reply(401), Reply(500), Reply(401), granted(access_token="a2"), Reply()]
    with pytest.raises(ServerFailed):
        driver.run(one(GET))
    assert 200 == driver.run(one(GET)).status


def test_a_page_in_between_does_not_end_a_login_that_worked(server, drive):
    server.answers = [granted(access_token="a1"), Reply(), Reply(401), Reply(200, b"<html>")]
    driver = drive(login(server, refresh_token="r1"))
    driver.run(one(GET))
    with pytest.raises(AuthenticationFailed, match="gave no token for the refresh token"):
        driver.run(one(GET))
    server.answers = [Reply(401), granted(access_token="a2"), Reply()]
    assert 200 == driver.run(one(GET)).status


@pytest.mark.parametrize(("life", "used_for"), [(60, 54), (3600, 3540), (5, 4.5)])
def test_a_token_is_used_for_most_of_its_life(server, drive, time, life, used_for):
    server.answers = [
        granted(access_token="a1", expires_in=life),
        Reply(),
        Reply(),
        granted(access_token="a2"),
        Reply(),
    ]
    driver = drive(login(server, refresh_token="r1", clock=time.clock))
    driver.run(one(GET))
    time.now = used_for - 0.1
    driver.run(one(GET))
    time.now = used_for
    driver.run(one(GET))
    assert ["/o/token/", "/a", "/a", "/o/token/", "/a"] == [seen.target for seen in server.seen]


@pytest.mark.parametrize(
    "life", [b"1e400", b"-5", b"0", b'"soon"', b'"nan"', b"null", b"true", b"[]", b"9" * 5000, b"NaN", b'""']
)
def test_a_life_that_makes_no_sense_leaves_the_token_in_use(server, drive, life):
    kept = []
    answer = b'{"access_token": "a1", "expires_in": ' + life + b"}"
    server.answers = [Reply(body=answer), Reply()]
    driver = drive(login(server, refresh_token="r1", on_renewed=kept.append))
    for _ in range(3):
        driver.run(one(GET))
    assert ["/o/token/"] + ["/a"] * 3 == [seen.target for seen in server.seen]
    assert [{"access_token": "a1", "refresh_token": "r1"}] == kept


def test_a_life_in_a_text_counts(server, drive, time):
    kept = []
    server.answers = [granted(access_token="a1", expires_in="600"), Reply()]
    drive(login(server, refresh_token="r1", clock=time.clock, on_renewed=kept.append)).run(one(GET))
    assert (600, 600) == (kept[0]["expires_in"], kept[0]["expires_at"])


@pytest.mark.parametrize("moment", [float("nan"), float("inf"), "soon", True, 10**400])
def test_an_end_that_is_no_moment_is_refused(server, moment):
    with pytest.raises(BadValue, match="expires_at="):
        login(server, access_token="a1", expires_at=moment)


@pytest.mark.parametrize("again", [None, "", 5])
def test_no_refresh_token_in_the_answer_keeps_the_old_one(server, drive, again):
    kept = []
    server.answers = [
        granted(access_token="a1", refresh_token=again),
        Reply(401),
        granted(access_token="a2", refresh_token="r2"),
        Reply(),
    ]
    driver = drive(login(server, refresh_token="r1", on_renewed=kept.append))
    driver.run(one(GET))
    forms = [form(seen)["refresh_token"] for seen in server.seen if seen.target == "/o/token/"]
    assert ["r1", "r1"] == forms
    assert ["r1", "r2"] == [token["refresh_token"] for token in kept]


def test_a_client_alone_asks_for_a_token_of_its_own(server, drive):
    server.answers = [granted(access_token="a1", expires_in=3600), Reply()]
    drive(login(server, client_secret="cs", scope="read write")).run(one(GET))
    assert {
        "grant_type": "client_credentials",
        "client_id": "app",
        "client_secret": "cs",
        "scope": "read write",
    } == form(server.seen[0])
    assert "Bearer a1" == server.seen[1].headers["authorization"]


def test_a_client_in_a_header_is_form_encoded(server, drive):
    server.answers = [granted(access_token="a1"), Reply()]
    named = {"client_id": "my:app", "client_secret": "c s/ü%", "client_auth": "client_secret_basic"}
    auth = login(server, refresh_token="r1", **named)
    drive(auth).run(one(GET))
    pair = base64.b64decode(server.seen[0].headers["authorization"].removeprefix("Basic "))
    assert b"my%3Aapp:c+s%2F%C3%BC%25" == pair
    assert {"grant_type": "refresh_token", "refresh_token": "r1"} == form(server.seen[0])
    assert base64.b64encode(pair).decode() in auth.secrets


def test_an_unknown_way_to_name_the_client_is_refused(server):
    with pytest.raises(BadValue, match="client_secret_basic"):
        login(server, client_secret="cs", refresh_token="r1", client_auth="basic")


@pytest.mark.parametrize(("status", "kind"), [(500, ServerFailed), (429, RateLimited), (400, AuthenticationFailed)])
def test_errors_of_the_token_endpoint_carry_status_and_address(server, drive, status, kind):
    server.answers = [Reply(status)]
    with pytest.raises(kind) as caught:
        drive(login(server, refresh_token="r1")).run(one(GET))
    line = f"POST {server.url}/o/token/"
    assert (status, line) == (caught.value.status, caught.value.request)
    assert server.url + "/o/token/" in str(caught.value)
    assert str(status) in str(caught.value)


def test_threads_that_wait_share_one_refusal(server, drive):
    start = threading.Barrier(8, timeout=5)
    server.answers = [Reply(400, b'{"error": "invalid_grant"}')]
    driver = drive(login(server, refresh_token="r1"))

    def read(_):
        start.wait()
        with pytest.raises(AuthenticationFailed, match="invalid_grant"):
            driver.run(one(GET))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(read, range(8)))
    assert 1 == len(server.seen)


def test_whoever_waits_for_an_attempt_takes_its_outcome():
    attempts, outcomes = SharedAttempt(), []
    running, go_on, asked = threading.Event(), threading.Event(), threading.Semaphore(0)

    def attempt():
        running.set()
        go_on.wait(5)
        raise ServerFailed("down", status=503)

    def is_done():
        asked.release()
        return False

    def run():
        try:
            attempts.run(is_done, attempt)
        except ServerFailed as error:
            outcomes.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert asked.acquire(timeout=5)
    assert running.wait(5)
    go_on.set()
    for thread in threads:
        thread.join(5)
    assert 4 == len(outcomes)
    assert 4 == len({id(error) for error in outcomes})


def test_an_attempt_that_is_interrupted_is_made_by_the_next_one():
    attempts = SharedAttempt()
    with pytest.raises(KeyboardInterrupt):
        attempts.run(lambda: False, lambda: (_ for _ in ()).throw(KeyboardInterrupt()))
    assert attempts.run(lambda: False, lambda: True)


def test_a_callback_that_fails_leaves_the_new_token_in_use(server, drive):
    server.answers = [granted(access_token="a1", refresh_token="r2"), Reply()]

    def full_disk(_):
        raise OSError("disk full")

    driver = drive(login(server, refresh_token="r1", on_renewed=full_disk))
    with pytest.raises(OSError, match="disk full"):
        driver.run(one(GET))
    assert 200 == driver.run(one(GET)).status
    assert [("/o/token/", None), ("/a", "Bearer a1")] == lines(server)


def test_every_token_is_known_once_as_a_secret():
    login = OAuth2(client_id="c", token_uri="http://host/token", refresh_token="r1")
    for access, refresh in (("a1", "r1"), ("a1", None), ("a2", "r2"), ("a2", "r2")):
        login._taken({"access_token": access, "refresh_token": refresh})
    assert set(login.secrets) >= {"a1", "a2", "r1", "r2"}
    assert len(login._known) == len(set(login._known)) == 4


def test_how_long_a_token_may_live():
    lives = {1: 1.0, "60": 60.0, 0.5: 0.5, 99_999_999_999: 99_999_999_999.0}
    assert {life: _seconds(life) for life in lives} == lives
    for none in (0, -1, 1e11, "1e400", 10**400, "soon", True, None, [], "nan"):
        assert _seconds(none) is None
    for bad in (1e11, -1e11, float("nan"), float("inf"), True, "5", 10**400):
        with pytest.raises(BadValue, match="seconds since 1970"):
            OAuth2(client_id="c", token_uri="http://host/token", refresh_token="r", expires_at=bad)
    for fine in (None, 0, 99_999_999_999, 1.5, -1):
        OAuth2(client_id="c", token_uri="http://host/token", refresh_token="r", expires_at=fine)
