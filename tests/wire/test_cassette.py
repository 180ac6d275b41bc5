"""Cassettes: what was recorded is replayed without a server, and holds no secret."""

from __future__ import annotations

import io
import os
import sys

import pytest
import vcr
import yaml
from urllib3 import HTTPSConnectionPool

from assetmeta.model.errors import BadValue, InvalidResponse, Unreachable, Unsupported
from assetmeta.model.http import Request
from assetmeta.wire import connections
from assetmeta.wire.auth import Basic, Bearer
from assetmeta.wire.cassette import Cassette
from assetmeta.wire.oauth import OAuth2

from .conftest import Reply, one

ELSEWHERE = "http://replay.invalid/Instance"
READ = Request("GET", "/a", query=(("sel", "Name"),), headers=(("Accept", "text/xml"),), idempotent=True)
WRITE = Request("POST", "/b", body=b"<Asset>\n<x/>\n</Asset>", writes=True)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "cassette.yaml"


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
    read, write = yaml.safe_load(written)["interactions"]
    assert {
        "method": "GET",
        "uri": "https://server.example/Instance/a?sel=Name",
        "headers": {"accept": ["text/xml"]},
        "body": None,
    } == read["request"]
    assert write["request"]["body"] == "<Asset>\n<x/>\n</Asset>"
    assert read["response"] == {
        "status": {"code": 200, "message": "OK"},
        "headers": {"server": read["response"]["headers"]["server"]},
        "body": {"string": '{\n "a": 1\n}'},
    }


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
    assert "uri: https://server.example/Instance/a?token=REDACTED&password=REDACTED&q=REDACTED" in written


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
    record(READ, READ, WRITE)
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
    assert str(caught.value).startswith(f"{request_.method} {request_.path} cannot be replayed: cassette.yaml")
    assert (False, 1) == (caught.value.sent, len(driver.ledger))


def test_what_was_never_requested_is_reported(record, drive, path):
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


@pytest.mark.parametrize(
    "content",
    [
        None,
        "",
        "{}",
        "a: b: c",
        "\xff",
        "interactions: [1]",
        "interactions: [{request: {method: GET, uri: x, body: null, headers: {}}, response: {status: {}}}]",
        "interactions: [{request: {method: GET}, response: {status: {code: 200}, headers: {}, body: {string: x}}}]",
        "interactions: !!python/object/apply:os.getpid []",
    ],
)
def test_a_file_that_is_no_cassette_is_refused(path, replay, content):
    path.parent.mkdir()
    if content is not None:
        path.write_text(content, encoding="latin-1")
    with pytest.raises(InvalidResponse, match=r"cassette\.yaml"):
        replay()


class TestModes:
    """The record modes of vcrpy."""

    def test_once_records_when_there_is_no_file_and_replays_from_then_on(self, server, drive, path):
        for _ in range(2):
            driver = drive(url=f"{server.url}/Instance", cassette=Cassette(path))
            assert driver.run(one(READ)).ok
            driver.close()
        assert len(server.seen) == 1
        with pytest.raises(Unreachable, match=r"does not hold it\.") as caught:
            drive(url=f"{server.url}/Instance", cassette=Cassette(path)).run(one(WRITE))
        assert 'mode="new_episodes"' in str(caught.value)

    def test_new_episodes_replays_what_there_is_and_records_the_rest(self, server, drive, record, path):
        server.answers = [Reply(body=b"1"), Reply(body=b"2"), Reply(body=b"3")]
        record(READ)
        cassette = Cassette(path, "new_episodes")
        driver = drive(url=f"{server.url}/Instance", cassette=cassette)
        # The second is recorded; the third is a new question, not an answer to the second once more.
        assert [driver.run(one(READ)).body for _ in range(3)] == [b"1", b"2", b"3"]
        assert cassette.unused == []
        driver.close()
        again = drive(url=ELSEWHERE, cassette=Cassette.replay(path))
        assert [again.run(one(READ)).body for _ in range(3)] == [b"1", b"2", b"3"]
        assert len(server.seen) == 3

    def test_a_recording_replaces_the_file(self, server, record, path):
        record(READ)
        record(WRITE)
        assert [each["request"]["method"] for each in yaml.safe_load(path.read_text())["interactions"]] == ["POST"]

    def test_others_are_refused(self, path):
        with pytest.raises(BadValue, match="'sometimes' is no record mode; there are 'all', .*'once'"):
            Cassette(path, "sometimes")


def test_many_threads_lose_nothing(server, drive, path):
    server.answers = [lambda seen: Reply(body=seen.target.encode())]
    asked = [Request("GET", f"/a/{number}", idempotent=True) for number in range(200)]
    driver = drive(url=f"{server.url}/Instance", cassette=Cassette.record(path), pool=8)
    driver.run(one(asked[0]))
    driver.run(one(tuple(asked[1:])))
    driver.close()
    cassette = Cassette.replay(path)
    again = drive(url=ELSEWHERE, cassette=cassette, pool=8)
    answers = again.run(one(tuple(asked)))
    assert [answer.body for answer in answers] == [f"/Instance/a/{number}".encode() for number in range(200)]
    assert (cassette.unused, len(server.seen)) == ([], 200)


def test_what_is_recorded_so_far_is_written_on_request(server, drive, path):
    cassette = Cassette.record(path)
    cassette.save()
    driver = drive(url=f"{server.url}/Instance", cassette=cassette)
    driver.run(one(READ))
    assert not path.exists()
    cassette.save()
    first = path.stat().st_ino
    driver.close()
    assert first == path.stat().st_ino, "nothing new was recorded"
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_second_session_does_not_replace_what_the_first_recorded(server, drive, record, path):
    cassette = Cassette.record(path)
    driver = drive(url=f"{server.url}/Instance", cassette=cassette)
    driver.run(one(READ))
    driver.close()
    with pytest.raises(BadValue, match=r"Another session records on the cassette cassette\.yaml"):
        drive(url=f"{server.url}/Instance", cassette=cassette)
    again = Cassette.replay(path)
    assert [drive(url=ELSEWHERE, cassette=again).run(one(READ)).ok for _ in range(2)] == [True, True]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_leaves_the_file_to_the_one_that_began_it(server, drive, path):
    cassette = Cassette.record(path)
    driver = drive(url=f"{server.url}/Instance", cassette=cassette)
    driver.run(one(READ))
    child = os.fork()
    if child == 0:
        driver.run(one(WRITE))
        driver.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert not path.exists()
    assert len(server.seen) == 2
    driver.close()
    assert [each["request"]["method"] for each in yaml.safe_load(path.read_text())["interactions"]] == ["GET"]


def test_a_secret_that_is_learnt_later_is_not_kept_either(server, record, path):
    """Bodies that are no text hide it, too."""
    token = Reply(body=b'{"access_token": "a2-s3cret", "refresh_token": "r2-s3cret"}')
    server.answers = [Reply(body=b"\xfc a2-s3cret"), Reply(401, b"a2-s3cret"), token, Reply(body=b"ok")]
    login = OAuth2(
        client_id="app", token_uri=f"{server.url}/o/token/", access_token="a1-s3cret", refresh_token="r1-s3cret"
    )
    record(READ, Request("POST", "/b", body=b"\xfc a2-s3cret", idempotent=True), auth=login)
    kept = [text for each in yaml.safe_load(path.read_text())["interactions"] for text in strings(each)]
    assert "\xfc REDACTED".encode("latin-1") in kept
    assert not [text for text in kept if "s3cret" in (text.decode("latin-1") if isinstance(text, bytes) else text)]


def strings(value):
    """All texts and bytes of a document."""
    if isinstance(value, dict | list):
        items = [*value, *value.values()] if isinstance(value, dict) else value
        return [text for item in items for text in strings(item)]
    return [value] if isinstance(value, str | bytes) else []


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("{url}/x", "https://server.example/x"),
        ('{{"next": "{escaped}\\/x"}}', '{{"next": "https://server.example\\/x"}}'),
        ("see {url}.", "see https://server.example."),
        ("{url}0/x", "{url}0/x"),
        ("{url}.org/x", "{url}.org/x"),
    ],
)
def test_the_address_alone_is_replaced(server, record, replay, path, text, kept):
    def written(form):
        return form.format(url=server.url, escaped=server.url.replace("/", "\\/"))

    server.answers = [Reply(body=written(text).encode())]
    record(READ)
    [exchange] = yaml.safe_load(path.read_text())["interactions"]
    assert exchange["response"]["body"]["string"] == written(kept)
    there = written(kept).replace("https://server.example", "http://replay.invalid")
    assert replay().run(one(READ)).body.decode() == there


def test_without_vcrpy_the_extra_is_named(monkeypatch, path):
    monkeypatch.setitem(sys.modules, "vcr.record_mode", None)
    with pytest.raises(Unsupported, match=r'pip install "assetmeta\[vcr\]"'):
        Cassette.replay(path)


class TestPlainVcr:
    """What a cassette of ours holds, vcrpy replays by itself, and the other way round; its patches come and go."""

    MATCH_ON = ("method", "path", "query", "body")

    def test_our_files(self, server, record, drive, path):
        server.answers = [Reply(body=b"<A>1</A>"), Reply(400, bytes(range(256)))]
        record(READ, WRITE)
        with vcr.use_cassette(str(path), record_mode="none", match_on=self.MATCH_ON) as store:
            driver = drive(Basic("ann", "secret"), url="https://server.example/Instance")
            assert driver.run(one(READ)).body == b"<A>1</A>"
            assert driver.run(one(WRITE)).body == bytes(range(256))
            assert store.all_played
        assert len(server.seen) == 2

    def test_its_own_files(self, server, drive, path):
        path.parent.mkdir()
        server.answers = [Reply(body=b"1")]
        with vcr.use_cassette(str(path)):
            drive(url=f"{server.url}/Instance").run(one(READ))
        assert drive(url=ELSEWHERE, cassette=Cassette.replay(path)).run(one(READ)).body == b"1"

    def test_a_session_that_was_made_within_a_block_keeps_deadlines_behind_it(self, server, record, drive, path):
        record(READ)
        pool = connections._pool(HTTPSConnectionPool)("server.example")
        with vcr.use_cassette(str(path), record_mode="none"):
            assert drive(url="https://server.example/Instance").run(one(READ)).ok
            assert not issubclass(pool.ConnectionCls, connections._Connection)
        assert issubclass(pool.ConnectionCls, connections._Connection)
        assert len(server.seen) == 1
