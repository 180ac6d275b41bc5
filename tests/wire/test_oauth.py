"""OAuth2: tokens are got and renewed with as few requests as can be."""

from __future__ import annotations

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs

import pytest

from assetmeta.model.errors import BadValue, LoginRefused, ServerFailed, Unreachable, Unsupported
from assetmeta.model.flows import Request
from assetmeta.wire.oauth import OAuth2

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
    with pytest.raises(LoginRefused, match="refused the OAuth2 token"):
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
    "reply", [Reply(400, b'{"error": "invalid_grant"}'), Reply(401, b"<html>"), Reply(200, b"[]"), Reply(200, b"{}")]
)
def test_a_refused_refresh_token_is_a_refused_login_tried_once(server, drive, reply):
    server.answers = [reply]
    with pytest.raises(LoginRefused, match="refused the refresh token") as caught:
        drive(login(server, refresh_token="s3cret")).run(one(GET))
    assert "s3cret" not in str(caught.value)
    assert reply.status == caught.value.status
    assert 1 == len(server.seen)


def test_a_refusal_says_what_the_server_said_and_no_secret(server, drive):
    body = {"error": "invalid_grant", "error_description": "Expired: s3cret-token (bad)"}
    server.answers = [Reply(400, json.dumps(body).encode())]
    with pytest.raises(LoginRefused) as caught:
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


def test_a_missing_package_is_named_with_its_extra(server, monkeypatch):
    monkeypatch.setitem(sys.modules, "authlib.oauth2.client", None)
    with pytest.raises(Unsupported, match=r"pip install assetmeta\[oauth\]"):
        login(server, refresh_token="r")
