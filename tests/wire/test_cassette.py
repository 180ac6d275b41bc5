"""Cassettes: what was recorded is replayed without a server, and holds no secret."""

from __future__ import annotations

import io
import json

import pytest

from assetmeta.model.errors import Unreachable, Unreadable
from assetmeta.model.flows import Request
from assetmeta.wire.auth import Basic, Bearer
from assetmeta.wire.cassette import Cassette
from assetmeta.wire.oauth import OAuth2

from .conftest import Reply, one

ELSEWHERE = "http://replay.invalid/Instance"
READ = Request("GET", "/a", query=(("sel", "Name"),), headers=(("Accept", "text/xml"),), idempotent=True)
WRITE = Request("POST", "/b", body=b"<Asset>\n<x/>\n</Asset>", writes=True)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "tape.json"


@pytest.fixture
def record(server, drive, path):
    """Record the requests of one flow each, and return what the flows returned."""

    def run(*yielded, auth=None, secrets=(), base="/Instance"):
        driver = drive(auth, url=server.url + base, cassette=Cassette.record(path, secrets))
        answers = [driver.run(one(ask)) for ask in yielded]
        driver.close()
        return answers

    return run


@pytest.fixture
def replay(drive, path):
    return lambda auth=None, **settings: drive(auth, url=ELSEWHERE, cassette=Cassette.replay(path), **settings)


def test_what_was_recorded_is_replayed_without_a_server_in_any_order(server, record, replay):
    binary = bytes(range(256))
    server.answers = [Reply(body="<A>ü</A>\r\n<B/>".encode(), headers={"Content-Type": "text/xml"}), Reply(400, binary)]
    first, second = record(READ, WRITE)
    driver = replay()
    again_second, again_first = driver.run(one(WRITE)), driver.run(one(READ))
    for then, now in ((first, again_first), (second, again_second)):
        assert (then.status, then.body, then.media_type, then.request) == (
            now.status,
            now.body,
            now.media_type,
            now.request,
        )
    assert 2 == len(server.seen)
    assert [400, 200] == [entry.status for entry in driver.ledger]


def test_the_file_is_stable_and_reads_well(server, record, path):
    server.answers = [Reply(body=b'{\n "a": 1\n}')]
    record((WRITE, READ))
    written = path.read_text("utf-8")
    record((READ, WRITE))
    assert written == path.read_text("utf-8")
    read, write = json.loads(written)["exchanges"]
    assert {
        "method": "GET",
        "path": "/a",
        "query": [["sel", "Name"]],
        "headers": {"accept": "text/xml"},
        "body": None,
    } == (read["request"])
    assert ["<Asset>\n", "<x/>\n", "</Asset>"] == write["request"]["body"]
    assert ["{\n", ' "a": 1\n', "}"] == read["response"]["body"]
    assert "date" not in read["response"]["headers"]
    assert written.endswith("}\n")


def test_no_secret_and_no_address_is_kept(server, record, path):
    page = f'{{"next": "{server.url}/Instance/b?token=tok-s3cret", "echo": "tok-s3cret", "note": "given&secret"}}'
    server.answers = [
        Reply(body=page.encode(), headers={"Set-Cookie": "c=cookie-s3cret", "Location": server.url + "/x"})
    ]
    asked = Request("GET", f"{server.url}/Instance/a?token=t1", query=(("password", "pw1"), ("q", "given&secret")))
    record(asked, asked, auth=Bearer("tok-s3cret"), secrets=["given&secret"])
    written = path.read_text("utf-8")
    for secret in ("s3cret", "given&secret", "given%26secret", "pw1", "t1", "127.0.0.1", "Bearer"):
        assert secret not in written
    assert '"path": "/a?token=REDACTED"' in written


def test_addresses_in_answers_lead_to_the_replaying_session(server, record, replay):
    server.answers = [Reply(body=f"{server.url}/Instance/b?page=2".encode()), Reply(body=b"page two")]

    def pages():
        first = yield READ
        second = yield Request("GET", first.body.decode())
        return first.body.decode(), second.body

    record(READ, Request("GET", server.url + "/Instance/b?page=2"))
    driver = replay()
    assert (f"{ELSEWHERE}/b?page=2", b"page two") == driver.run(pages())


def test_equal_requests_get_their_answers_in_turn_and_then_no_more(server, record, replay):
    server.answers = [Reply(body=b"1"), Reply(body=b"2")]
    record(READ, READ)
    driver = replay()
    assert [b"1", b"2"] == [driver.run(one(READ)).body for _ in range(2)]
    with pytest.raises(Unreachable, match="recorded less often"):
        driver.run(one(READ))


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (Request("GET", "/a", query=(("sel", "Other"),)), "another query or body"),
        (Request("POST", "/b", body=b"<Asset/>"), "another query or body"),
        (Request("GET", "/b"), r"does not hold it. Did you mean GET /a, POST /b\?"),
        (Request("DELETE", "/zzzzzzzzzzzzzzz"), r"does not hold it\. Record"),
    ],
)
def test_a_request_that_was_not_recorded_is_named_and_not_repeated(record, replay, request_, why):
    record(READ, WRITE)
    driver = replay()
    with pytest.raises(Unreachable, match=why) as caught:
        driver.run(one(request_))
    assert str(caught.value).startswith(f"{request_.method} {request_.path} cannot be replayed: tape.json")
    assert (False, 1) == (caught.value.sent, len(driver.ledger))


def test_what_was_never_asked_for_is_told(record, drive, path):
    record(READ, WRITE)
    cassette = Cassette.replay(path)
    assert [] == cassette.unused
    driver = drive(url=ELSEWHERE, cassette=cassette)
    driver.run(one(READ))
    assert ["POST /b"] == cassette.unused


def test_files_are_recorded_whole_on_the_way_down_and_as_a_checksum_on_the_way_up(server, record, replay, path):
    server.answers = [Reply(body=b"\xff" * 1000)]
    sink = io.BytesIO()
    upload = io.BytesIO(b"private" * 100_000)
    record(Request("GET", "/file", sink=sink), Request("POST", "/file", body=upload))
    assert (b"\xff" * 1000, b"private" * 100_000) == (sink.getvalue(), server.seen[1].body)
    assert "private" not in path.read_text("utf-8")
    driver, again = replay(), io.BytesIO()
    driver.run(one((Request("GET", "/file", sink=again), Request("POST", "/file", body=upload))))
    assert b"\xff" * 1000 == again.getvalue()


def test_repeats_and_renewed_logins_are_replayed_as_they_were(server, record, replay, time):
    token = Reply(body=b'{"access_token": "a2-s3cret", "refresh_token": "r2-s3cret"}')
    server.answers = [Reply(401), token, Reply(429, headers={"Retry-After": "3"}), Reply(body=b"ok")]

    def login(base):
        return OAuth2(
            client_id="app", token_uri=f"{base}/o/token/", access_token="a1-s3cret", refresh_token="r1-s3cret"
        )

    record(READ, auth=login(server.url))
    driver = replay(login("http://replay.invalid"))
    assert b"ok" == driver.run(one(READ)).body
    assert [401, 200, 429, 200] == [entry.status for entry in driver.ledger]
    assert [3, 3] == time.slept
    assert 4 == len(server.seen)


def test_passwords_in_bodies_are_not_kept_and_any_of_them_is_replayed(server, record, replay, path):
    def body(password):
        return f'<Asset><Attribute name="Password" act="set">{password}</Attribute></Asset>'.encode()

    server.answers = [Reply(body=body("s3cret"))]
    record(Request("POST", "/b", body=body("s3cret"), writes=True))
    assert "s3cret" not in path.read_text("utf-8")
    assert body("REDACTED") == replay().run(one(Request("POST", "/b", body=body("other"), writes=True))).body


@pytest.mark.parametrize(
    "document",
    [
        '{"name": "K", "value": "s3\\"cret", "secret": true}',
        '{"vars": {"K": {"secret":true,"value":"s3cret"}, "L": {"value": "open", "secret": false}}}',
        '{"configuration": {"service_account_json": "s3cret", "version": "1"}}',
    ],
)
def test_what_an_object_calls_secret_is_not_kept(server, record, replay, path, document):
    server.answers = [Reply(body=document.encode())]
    asked = Request("POST", "/b", headers=(("X-Key", "s3cret"),), body=document.encode(), writes=True)
    record(asked)
    assert "s3" not in path.read_text("utf-8")
    assert ("open" in document) == ("open" in path.read_text("utf-8"))
    assert replay().run(one(asked)).ok


def test_a_short_password_does_not_blot_out_the_data(server, record, replay):
    server.answers = [Reply(body=b"administration")]
    record(READ, auth=Basic("admin", "admin"))
    assert b"administration" == replay().run(one(READ)).body


@pytest.mark.parametrize("content", [None, "", "{}", '{"format": "other", "exchanges": []}', '{"exchanges": [1]}'])
def test_a_file_that_is_no_cassette_is_refused(path, replay, content):
    path.parent.mkdir()
    if content is not None:
        path.write_text(content)
    with pytest.raises(Unreadable, match=r"tape\.json"):
        replay()
