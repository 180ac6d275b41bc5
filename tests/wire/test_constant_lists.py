"""Lists of names and numbers, each written out: a member that is lost is noticed."""

from __future__ import annotations

import dataclasses
import inspect
import json
from contextlib import suppress

import pytest

from assetmeta.model.errors import AuthenticationFailed, Rejected
from assetmeta.model.http import Request
from assetmeta.wire import bodies, cassette, download, failures, redact
from assetmeta.wire.auth import Basic
from assetmeta.wire.driver import Driver
from assetmeta.wire.oauth import OAuth2
from assetmeta.wire.transport import Settings

from .conftest import Reply, one

GET = Request("GET", "/a", idempotent=True)
SECRET_HEADERS = ["authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"]


def test_the_list_of_secret_headers_is_whole():
    assert set(SECRET_HEADERS) == redact.SECRET_HEADERS


@pytest.mark.parametrize("name", SECRET_HEADERS)
def test_a_secret_header_is_shown_nowhere_and_sent_to_its_own_server_only(servers, drive, name):
    home, elsewhere = servers(), servers()
    assert {name: "REDACTED"} == redact.redacted_headers({name.title(): "s3cret"})
    headers = ((name.title(), "s3cret"), ("X-Other", "kept"))
    drive(Basic("user", "pw"), url=home.url).run(one(Request("GET", f"{elsewhere.url}/a", (), headers)))
    [seen] = elsewhere.seen
    assert name not in seen.headers
    assert seen.headers["x-other"] == "kept"
    assert home.seen == []


def test_what_a_cassette_keeps_of_headers():
    harmless = {"accept", "accept-language", "content-disposition", "content-type", "if-match", "range"}
    unstable = {"connection", "content-encoding", "content-length", "date", "keep-alive", "set-cookie"}
    assert harmless == cassette.HARMLESS
    assert unstable | {"transfer-encoding"} == cassette.UNSTABLE


@pytest.mark.parametrize(
    ("status", "is_final"), [(400, True), (401, True), (403, True), (422, True), (404, False), (200, False)]
)
def test_a_renewal_that_is_refused_is_final_and_a_page_in_between_is_not(server, drive, status, is_final):
    token = json.dumps({"access_token": "a1", "refresh_token": "r1", "expires_in": 1}).encode()
    times = iter([0.0, 0.0, *[1e6] * 20])
    server.answers = [Reply(body=token), Reply(body=b"ok"), Reply(status, b'{"error": "no"}')]
    login = OAuth2(client_id="c", token_uri=f"{server.url}/token", refresh_token="r0", clock=lambda: next(times, 1e6))
    driver = drive(login)
    sent = []
    for _ in range(3):
        before = sum(seen.target == "/token" for seen in server.seen)
        with suppress(AuthenticationFailed):
            driver.run(one(GET))
        sent.append(sum(seen.target == "/token" for seen in server.seen) - before)
    assert sent[1] == 1
    assert is_final is (sent[2] == 0)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_read_is_redirected(server, drive, method, status):
    server.answers = [Reply(status, headers={"Location": "/there"}), Reply()]
    assert drive().run(one(Request(method, "/a", idempotent=True))).status == 200
    assert [seen.target for seen in server.seen] == ["/a", "/there"]
    assert {seen.method for seen in server.seen} == {method}


@pytest.mark.parametrize("status", [200, 201, 300, 304, 404])
def test_other_answers_with_an_address_stand(server, drive, status):
    server.answers = [Reply(status, headers={"Location": "/there"}), Reply(500)]
    assert drive().run(one(GET)).status == status
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_an_idempotent_write_is_sent_on_where_its_method_is_kept(server, drive, status):
    server.answers = [Reply(status, headers={"Location": "/there"}), Reply()]
    request = Request("PUT", "/a", body=b"x", idempotent=True)
    if status in (307, 308):
        assert drive().run(one(request)).status == 200
        assert [(seen.method, seen.body) for seen in server.seen] == [("PUT", b"x")] * 2
    else:
        with pytest.raises(Rejected, match="not sent on"):
            drive().run(one(request))
        assert len(server.seen) == 1


def test_what_a_session_does_by_default() -> None:
    """The same in the driver, which users' arguments go through, and in the transport."""
    driver = {name: each.default for name, each in inspect.signature(Driver).parameters.items()}
    usual = {
        "timeout": (10.0, 120.0),
        "deadline": None,
        "pool": 8,
        "proxies": None,
        "verify": True,
        "cert": None,
        "max_bytes": 512 * 1024 * 1024,
        "user_agent": None,
        "truststore": False,
    }
    assert usual == {field.name: field.default for field in dataclasses.fields(Settings)}
    assert usual == {name: driver[name] for name in usual}
    assert {"patience": 60.0, "retries": 3, "read_only": False} == {
        name: driver[name] for name in ("patience", "retries", "read_only")
    }


def test_what_is_kept_to_go_on_with_a_file_and_what_holds_values_in_bodies():
    kept = ("etag", "last-modified", "date", "content-length", "repr-digest", "digest", "content-md5")
    assert kept == download._KEPT
    assert {"sha-256": "sha256", "sha-512": "sha512", "md5": "md5"} == download._ALGORITHMS
    assert {"value", "set", "add", "new", "old"} == bodies._VALUE_KEYS
    assert ({"true", "false", ""}, {"true", "false", "null"}) == (bodies._FLAGS, bodies._LITERALS)
    rules = bodies.rules_of(["pin"], ())
    for key in sorted(bodies._VALUE_KEYS):
        assert "s3cret" not in bodies.redacted_body(json.dumps({"pin": {key: "s3cret"}}), rules)


@pytest.mark.parametrize(
    ("sent", "words"), [(False, "broke before GET /a was sent: "), (True, "broke during GET /a: ")]
)
def test_a_broken_connection_names_its_request(sent, words):
    error = failures._broken(ConnectionResetError("reset"), "GET /a", "http://host", sent)
    assert (error.request, error.sent) == ("GET /a", sent)
    assert f"The connection to http://host {words}" in str(error)
