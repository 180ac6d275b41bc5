"""What tools show of an error: with the local variables of every frame, also of errors that are not shown at first."""

from __future__ import annotations

import io
import traceback
from types import TracebackType

import pytest

from assetmeta.model.errors import AssetmetaError, BadValue
from assetmeta.model.http import Request
from assetmeta.wire.auth import Basic, Bearer
from assetmeta.wire.oauth import OAuth2, TokenExchange

from .conftest import Reply, one
from .test_transport import self_signed, unused_port

SECRETS = ("tok-s3cret", "pass-s3cret", "query-s3cret", "cGFzcy1zM2NyZXQ", "proxy-s3cret")
"""A token, a password, one in a query, one as Basic login has it, one of a proxy."""

GET = Request("GET", "/a", query=(("sig", "query-s3cret"),), idempotent=True)


def shown(error: BaseException) -> str:
    """Every error of the chain, shown or suppressed, with the local variables of all frames but those of tests."""
    texts: list[str] = []
    waiting, seen = [error], set()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        texts += [repr(each), str(each), repr(each.__dict__)]
        texts += _frames(each.__traceback__)
        waiting += [other for other in (each.__cause__, each.__context__) if other is not None]
    whole = traceback.TracebackException.from_exception(_without_tests(error), capture_locals=True)
    return "\n".join((*texts, *whole.format()))


def _frames(found: TracebackType | None) -> list[str]:
    texts = []
    while found is not None:
        if "/tests/" not in found.tb_frame.f_code.co_filename:
            texts += [f"{name}={value!r}" for name, value in found.tb_frame.f_locals.items()]
        found = found.tb_next
    return texts


def _without_tests(error: BaseException) -> BaseException:
    found = error.__traceback__
    while found is not None and "/tests/" in found.tb_frame.f_code.co_filename:
        found = found.tb_next
    return error.with_traceback(found)


def failing(driver, ask=GET) -> BaseException:
    with pytest.raises(AssetmetaError) as caught:
        driver.run(one(ask))
    return caught.value


def assert_nothing_shows(error: BaseException) -> None:
    text = shown(error)
    assert "Driver" in text
    for secret in SECRETS:
        assert secret not in text
    assert "Authorization" not in text


@pytest.mark.parametrize("auth", [Bearer("tok-s3cret"), Basic("joe", "pass-s3cret"), None])
@pytest.mark.parametrize(
    "reply",
    [
        Reply(cut=0),
        Reply(body=b"x" * 1000, cut=10),
        Reply(body=b"not gzip", headers={"Content-Encoding": "gzip"}),
        Reply(401),
        Reply(407),
        Reply(429),
        Reply(302, headers={"Location": "ftp://h/?token=query-s3cret"}),
        Reply(body=b"x" * 2000),
    ],
)
def test_a_failed_exchange(server, drive, reply, auth):
    server.answers = [reply]
    assert_nothing_shows(failing(drive(auth, retries=0, max_bytes=1000)))


def test_a_server_that_is_not_there(drive):
    assert_nothing_shows(failing(drive(Bearer("tok-s3cret"), url=f"http://127.0.0.1:{unused_port()}")))


def test_a_server_that_is_slow(server, drive, time):
    def answer(_):
        time.now += 1000
        return Reply(body=b"x" * 100_000)

    server.answers = [answer]
    assert_nothing_shows(failing(drive(Bearer("tok-s3cret"))))


def test_an_untrusted_server(servers, drive, tmp_path):
    server = servers(self_signed(tmp_path))
    assert_nothing_shows(failing(drive(Bearer("tok-s3cret"), url=server.url)))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there(drive, scheme):
    proxy = f"http://me:proxy-s3cret@127.0.0.1:{unused_port()}"
    driver = drive(Bearer("tok-s3cret"), url=f"{scheme}://api.example", proxies=proxy, retries=0)
    assert_nothing_shows(failing(driver))


def test_a_header_that_cannot_be_sent(drive):
    ask = Request("GET", "/a", headers=(("X-Token", "tok-s3cret\r\nX: 1"),))
    assert_nothing_shows(failing(drive(), ask))


def test_several_requests_at_once(server, drive):
    server.answers = [Reply(cut=0)]
    answers = drive(Bearer("tok-s3cret"), retries=0).run(one((GET, GET)))
    for answer in answers:
        for secret in SECRETS:
            assert secret not in shown(answer)


@pytest.mark.parametrize(
    "reply", [Reply(cut=0), Reply(400, b'{"error": "invalid_grant"}'), Reply(500), Reply(body=b"{")]
)
def test_a_token_that_is_not_granted(server, drive, reply):
    server.answers = [reply]
    logins = [
        OAuth2(client_id="a", token_uri=f"{server.url}/o/token/", username="joe", password="pass-s3cret"),
        OAuth2(client_id="a", token_uri=f"{server.url}/o/token/", refresh_token="tok-s3cret"),
        TokenExchange(uri=f"{server.url}/token", username="joe", password="pass-s3cret"),
    ]
    for login in logins:
        assert_nothing_shows(failing(drive(login, retries=0)))


def test_a_file_that_gets_shorter_while_it_is_sent(server, drive):
    class Shrinking(io.BytesIO):
        def read(self, size=-1):
            return b""

    ask = Request("POST", "/a", body=Shrinking(b"content"), writes=True)
    with pytest.raises(BadValue) as caught:
        drive(Bearer("tok-s3cret")).run(one(ask))
    assert_nothing_shows(caught.value)


def test_an_error_of_the_caller_s_own_keeps_its_frames(server, drive):
    class Full(io.BytesIO):
        def write(self, content):
            raise OSError("no space left")

    server.answers = [Reply(body=b"x")]
    with pytest.raises(OSError, match="no space left") as caught:
        drive(Bearer("tok-s3cret")).run(one(Request("GET", "/a", sink=Full())))
    frames = [each.name for each in traceback.extract_tb(caught.value.__traceback__)]
    assert "write" == frames[-1]
    assert_nothing_shows(caught.value)


def test_requests_and_answers_show_neither_values_nor_bodies(server, drive):
    ask = Request("POST", "http://u:pw@h/a?sig=query-s3cret", GET.query, (("X-Key", "tok-s3cret"),), b"pass-s3cret")
    assert "<Request POST h/a (X-Key), 11 bytes>" == repr(ask)
    server.answers = [Reply(200, b"tok-s3cret", {"Content-Type": "text/plain", "X-Key": "tok-s3cret"})]
    assert "<Response 200: text/plain, 10 bytes, <Request GET /a>>" == repr(drive().run(one(GET)))
