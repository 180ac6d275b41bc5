"""The transport: URLs, bodies, limits, cookies, redirects, proxies and what a failure says."""

from __future__ import annotations

import gzip
import io
import logging
import os
import socket
import ssl
import sys
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from types import ModuleType

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from assetmeta.model.errors import (
    AuthenticationFailed,
    BadValue,
    InvalidResponse,
    Rejected,
    SessionClosed,
    TimedOut,
    Unreachable,
    Unsupported,
)
from assetmeta.model.http import Request
from assetmeta.wire.auth import Basic, Bearer
from assetmeta.wire.failures import Limits, translated

from .conftest import Reply, one


class Unseekable(io.RawIOBase):
    """A stream that can be read, or written, once."""

    def __init__(self, content: bytes = b"") -> None:
        self._inner = io.BytesIO(content)
        self.written = b""

    def readable(self):
        return True

    def read(self, size=-1):
        return self._inner.read(size)

    def write(self, chunk):
        self.written += bytes(chunk)
        return len(chunk)

    def seekable(self):
        return False


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def self_signed(folder) -> ssl.SSLContext:
    """A server's TLS settings with a certificate that nobody signed but itself; it is left in server.pem."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    day, now = timedelta(days=1), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem = certificate.public_bytes(plain[0]) + key.private_bytes(*plain)
    (folder / "server.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


class TestUrls:
    def test_a_path_goes_below_the_base_url_with_or_without_a_slash(self, server, drive):
        driver = drive(url=server.url + "/Instance/")
        for path in ("a/b", "/a/b", "//a/b"):
            driver.run(one(Request("GET", path)))
        assert ["/Instance/a/b"] * 3 == [seen.target for seen in server.seen]

    def test_query_pairs_keep_their_order_and_are_encoded(self, server, drive):
        query = (("where", "Name='a+b&c'"), ("sel", ""), ("x", "ü #"), ("x", "2"))
        drive().run(one(Request("GET", "/q?first=1", query=query)))
        assert "/q?first=1&where=Name%3D%27a%2Bb%26c%27&sel=&x=%C3%BC+%23&x=2" == server.seen[0].target

    def test_a_whole_url_is_asked_as_it_is(self, servers, drive):
        elsewhere = servers()
        drive().run(one(Request("GET", elsewhere.url + "/next?page=2")))
        assert ["/next?page=2"] == [seen.target for seen in elsewhere.seen]

    def test_a_whole_url_that_parsers_read_differently_is_not_asked(self, server, drive):
        with pytest.raises(BadValue):
            drive(Bearer("tok")).run(one(Request("GET", f"{server.url}\\@elsewhere.example/")))
        assert [] == server.seen

    def test_the_user_agent_names_the_caller_and_the_library(self, server, drive):
        drive(user_agent="nightly/2").run(one(Request("GET", "/")))
        assert server.seen[0].headers["user-agent"].startswith("nightly/2 assetmeta/")

    def test_a_header_with_a_line_break_is_refused(self, server, drive):
        with pytest.raises(BadValue):
            drive().run(one(Request("GET", "/", headers=(("X-A", "1\r\nX-B: 2"),))))
        assert [] == server.seen


class TestBodies:
    def test_bytes_are_sent_as_they_are_without_a_made_up_content_type(self, server, drive):
        drive().run(one(Request("POST", "/", body=b"<Asset/>")))
        assert b"<Asset/>" == server.seen[0].body
        assert "content-type" not in server.seen[0].headers

    @pytest.mark.parametrize("size", [0, 1, 200_000])
    def test_a_file_is_sent_from_where_it_stands_with_its_length(self, server, drive, size):
        file = io.BytesIO(b"skip" + b"x" * size)
        file.seek(4)
        driver = drive()
        driver.run(one(Request("POST", "/", body=file)))
        assert b"x" * size == server.seen[0].body
        assert str(size) == server.seen[0].headers["content-length"]
        assert size == driver.ledger.bytes_sent

    def test_a_stream_without_a_length_is_sent_in_chunks(self, server, drive):
        drive().run(one(Request("POST", "/", body=Unseekable(b"y" * 100_000))))
        assert b"y" * 100_000 == server.seen[0].body
        assert "chunked" == server.seen[0].headers["transfer-encoding"]

    def test_a_file_open_as_text_is_refused(self, drive):
        with pytest.raises(BadValue, match="'rb'"):
            drive().run(one(Request("POST", "/", body=io.StringIO("text"))))

    def test_an_error_while_reading_the_file_is_not_taken_for_a_broken_connection(self, drive):
        class Broken(Unseekable):
            def read(self, size=-1):
                raise OSError("bad sector")

        with pytest.raises(OSError, match="bad sector"):
            drive().run(one(Request("POST", "/", body=Broken())))

    def test_a_compressed_answer_is_unpacked_and_counted_as_it_came(self, server, drive):
        packed = gzip.compress(b"a" * 50_000)
        server.answers = [
            Reply(body=packed, headers={"Content-Encoding": "gzip", "Content-Type": "text/XML; charset=x"})
        ]
        driver = drive()
        answer = driver.run(one(Request("GET", "/")))
        assert (b"a" * 50_000, "text/xml") == (answer.body, answer.media_type)
        assert len(packed) == driver.ledger.bytes_received

    @pytest.mark.parametrize("packed", [True, False])
    def test_an_answer_larger_than_allowed_is_refused_by_its_unpacked_size(self, server, drive, packed):
        body = gzip.compress(b"a" * 2_000_000) if packed else b"a" * 2_000_000
        server.answers = [Reply(body=body, headers={"Content-Encoding": "gzip"} if packed else {})]
        with pytest.raises(InvalidResponse, match="max_bytes="):
            drive(max_bytes=1_000_000).run(one(Request("GET", "/")))
        assert 2_000_000 == len(drive(max_bytes=2_000_000).run(one(Request("GET", "/"))).body)

    def test_a_damaged_compression_is_unreadable(self, server, drive):
        server.answers = [Reply(body=b"not gzip", headers={"Content-Encoding": "gzip"})]
        with pytest.raises(InvalidResponse, match="decompressed"):
            drive().run(one(Request("GET", "/")))

    def test_a_download_goes_into_the_sink_whatever_its_size(self, server, drive):
        server.answers = [Reply(body=b"z" * 300_000)]
        sink = io.BytesIO()
        answer = drive(max_bytes=1000).run(one(Request("GET", "/", sink=sink)))
        assert (b"", b"z" * 300_000) == (answer.body, sink.getvalue())

    def test_an_error_page_does_not_go_into_the_sink(self, server, drive):
        server.answers = [Reply(404, b"no such file")]
        sink = io.BytesIO()
        answer = drive().run(one(Request("GET", "/", sink=sink)))
        assert (b"no such file", b"") == (answer.body, sink.getvalue())

    def test_a_page_goes_into_the_sink_only_when_it_is_marked_as_a_file(self, server, drive):
        page, sink = b"<html>Sign in</html>", io.BytesIO()
        server.answers = [
            Reply(302, headers={"Location": "/login"}),
            Reply(body=page, headers={"Content-Type": "text/html"}),
            Reply(body=page, headers={"Content-Type": "text/html", "Content-Disposition": "attachment"}),
        ]
        driver = drive()
        answer = driver.run(one(Request("GET", "/f", sink=sink, idempotent=True)))
        assert (page, b"") == (answer.body, sink.getvalue())
        answer = driver.run(one(Request("GET", "/f", sink=sink)))
        assert (b"", page) == (answer.body, sink.getvalue())

    def test_a_download_that_broke_starts_again_from_its_beginning(self, server, drive):
        server.answers = [Reply(body=b"z" * 1000, cut=400), Reply(body=b"y" * 10)]
        sink = io.BytesIO(b"head")
        sink.seek(4)
        drive().run(one(Request("GET", "/", sink=sink, idempotent=True)))
        assert b"head" + b"y" * 10 == sink.getvalue()
        assert 2 == len(server.seen)

    def test_a_broken_download_into_a_stream_is_not_repeated_once_some_of_it_came(self, server, drive):
        server.answers = [Reply(body=b"z" * 200_000, cut=150_000)]
        with pytest.raises(Unreachable):
            drive().run(one(Request("GET", "/", sink=Unseekable(), idempotent=True)))
        assert 1 == len(server.seen)

    def test_a_download_of_which_nothing_came_yet_is_repeated_into_a_stream(self, server, drive):
        server.answers = [Reply(body=b"z" * 10, cut=4), Reply(body=b"z" * 10)]
        sink = Unseekable()
        drive().run(one(Request("GET", "/", sink=sink, idempotent=True)))
        assert b"z" * 10 == sink.written


class TestCookies:
    def test_cookies_are_kept_for_the_origin_and_stay_there(self, server, servers, drive):
        elsewhere = servers()
        for one_of_both in (server, elsewhere):
            one_of_both.answers = [Reply(headers={"Set-Cookie": "ticket=s3cret; Path=/"})]
        driver = drive()
        for url in ("/a", elsewhere.url + "/b", "/c", elsewhere.url + "/d"):
            answer = driver.run(one(Request("GET", url)))
            assert "set-cookie" not in answer.headers
        assert [None, "ticket=s3cret"] == [seen.headers.get("cookie") for seen in server.seen]
        assert [None, None] == [seen.headers.get("cookie") for seen in elsewhere.seen]


class TestRedirects:
    def test_a_redirect_elsewhere_carries_no_credentials_and_no_cookies(self, server, servers, drive):
        elsewhere = servers()
        elsewhere.answers = [Reply(body=b"file")]
        headers = {"Location": elsewhere.url + "/file?sig=x", "Set-Cookie": "ticket=1"}
        server.answers = [Reply(302, headers=headers), Reply(body=b"back")]
        driver = drive(Basic("joe", "pw"))
        assert b"file" == driver.run(one(Request("GET", "/a", idempotent=True))).body
        assert "authorization" in server.seen[0].headers
        assert "/file?sig=x" == elsewhere.seen[0].target
        assert not {"authorization", "cookie"} & set(elsewhere.seen[0].headers)
        assert [302, 200] == [entry.status for entry in driver.ledger]

    def test_a_whole_url_elsewhere_carries_no_credentials_not_even_a_backend_s(self, servers, drive):
        elsewhere = servers()
        headers = (("Authorization", "Token t"), ("Cookie", "a=b"), ("Accept", "text/xml"))
        drive(Basic("joe", "pw")).run(one(Request("GET", elsewhere.url + "/x", headers=headers)))
        assert not {"authorization", "cookie"} & set(elsewhere.seen[0].headers)
        assert "text/xml" == elsewhere.seen[0].headers["accept"]

    def test_a_redirect_within_the_origin_keeps_the_credentials(self, server, drive):
        server.answers = [Reply(301, headers={"Location": "/b?x=1"}), Reply(body=b"ok")]
        answer = drive(Bearer("tok")).run(one(Request("GET", "/a", query=(("q", "1"),), idempotent=True)))
        assert (b"ok", "/a") == (answer.body, answer.request.path)
        assert [("/a?q=1", "Bearer tok"), ("/b?x=1", "Bearer tok")] == [
            (seen.target, seen.headers["authorization"]) for seen in server.seen
        ]

    def test_an_idempotent_post_is_redirected_only_within_its_origin_and_with_its_body(self, server, servers, drive):
        elsewhere = servers()
        ask = Request("POST", "/q", body=b"from: Story", idempotent=True)
        server.answers = [
            Reply(307, headers={"Location": "/q2"}),
            Reply(body=b"ok"),
            Reply(302, headers={"Location": "/q2"}),
            Reply(307, headers={"Location": elsewhere.url}),
        ]
        driver = drive()
        assert b"ok" == driver.run(one(ask)).body
        for _ in range(2):
            with pytest.raises(Rejected):
                driver.run(one(ask))
        assert [b"from: Story"] * 4 == [seen.body for seen in server.seen]
        assert [] == elsewhere.seen

    @pytest.mark.parametrize("status", [307, 308])
    def test_an_idempotent_put_of_a_file_is_not_redirected(self, server, drive, status):
        server.answers = [Reply(status, headers={"Location": "/elsewhere"}), Reply()]
        with pytest.raises(Rejected, match="PUT /f to"):
            drive().run(one(Request("PUT", "/f", body=io.BytesIO(b"content"), idempotent=True)))
        assert [("PUT", b"content")] == [(seen.method, seen.body) for seen in server.seen]

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_write_is_never_redirected(self, server, drive, status):
        server.answers = [Reply(status, headers={"Location": "/elsewhere?secret=1"})]
        with pytest.raises(Rejected, match=r"POST /w to http://127.0.0.1:\d+/elsewhere, and") as caught:
            drive().run(one(Request("POST", "/w", body=b"x", writes=True)))
        assert status == caught.value.status
        assert 1 == len(server.seen)

    @pytest.mark.parametrize(("status", "sent"), [(301, False), (302, True), (303, True), (307, False), (308, False)])
    def test_a_redirected_write_may_have_been_performed(self, server, drive, status, sent):
        server.answers = [Reply(status, headers={"Location": "/elsewhere"})]
        with pytest.raises(Rejected) as caught:
            drive().run(one(Request("POST", "/w", body=b"x", writes=True)))
        assert sent is caught.value.sent
        assert sent is ("may have been performed" in str(caught.value))

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    @pytest.mark.parametrize(
        "location",
        [
            "/Account.mvc/LogIn?ReturnUrl=%2Fw",
            "/login",
            "/accounts/login/?next=/w",
            "/users/sign_in",
            "/Sign-In.aspx",
            "/logon.html#x",
            "/oauth2/start?rd=/w",
            "https://login.example.org/tenant/x",
            "https://sso.example.org/",
            "https://id.example.org/app?SAMLRequest=abc",
            "https://id.example.org/adfs/ls/?wa=wsignin1.0",
            "https://id.example.org/auth?client_id=a&response_type=code",
        ],
    )
    def test_a_write_that_is_led_to_a_sign_in_page_is_a_login_problem(self, server, drive, status, location):
        server.answers = [Reply(status, headers={"Location": location})]
        with pytest.raises(AuthenticationFailed, match="sign-in page .*; nothing was done") as caught:
            drive().run(one(Request("POST", "/w", body=b"x", writes=True)))
        assert status == caught.value.status
        assert "SAMLRequest" not in str(caught.value)
        assert 1 == len(server.seen)

    @pytest.mark.parametrize("location", ["/logins_of_today/5", "/w/5", "/catalogin/", "/w?next=login", "/blog/in"])
    def test_other_places_are_no_sign_in_pages(self, server, drive, location):
        server.answers = [Reply(303, headers={"Location": location})]
        with pytest.raises(Rejected, match="may have been performed"):
            drive().run(one(Request("POST", "/w", body=b"x", writes=True)))

    def test_what_the_request_has_in_its_path_makes_no_sign_in_page(self, server, drive):
        server.answers = [Reply(302, headers={"Location": "/login/w/5"})]
        with pytest.raises(Rejected):
            drive().run(one(Request("POST", "/login/w", body=b"x", writes=True)))

    @pytest.mark.parametrize("location", ["ftp://h/x", "http://a\\@b/", "http://h:port/", "http://[::1/"])
    def test_a_redirect_to_what_is_no_url_is_refused(self, server, drive, location):
        server.answers = [Reply(302, headers={"Location": location})]
        with pytest.raises(Rejected, match="to nowhere"):
            drive().run(one(Request("GET", "/a", idempotent=True)))
        assert 1 == len(server.seen)

    def test_a_redirect_may_be_written_in_utf_8(self, server, drive):
        server.answers = [Reply(302, headers={"Location": "/ü x".encode().decode("latin-1")}), Reply()]
        drive().run(one(Request("GET", "/a", idempotent=True)))
        assert "/%C3%BC%20x" == server.seen[1].target

    def test_going_round_in_circles_ends(self, server, drive):
        server.answers = [Reply(302, headers={"Location": "/a"})]
        with pytest.raises(Rejected, match="more than 5 times"):
            drive().run(one(Request("GET", "/a", idempotent=True)))
        assert 6 == len(server.seen)

    def test_a_login_wanted_elsewhere_is_explained(self, server, servers, drive):
        elsewhere = servers()
        elsewhere.answers = [Reply(401)]
        server.answers = [Reply(302, headers={"Location": elsewhere.url})]
        with pytest.raises(AuthenticationFailed, match="are not sent there"):
            drive(Bearer("tok")).run(one(Request("GET", "/a", idempotent=True)))
        assert (1, 1) == (len(server.seen), len(elsewhere.seen))


class TestFailures:
    def test_nobody_listening_is_unreachable_and_nothing_was_sent(self, drive, time):
        port = unused_port()
        driver = drive(url=f"http://127.0.0.1:{port}")
        with pytest.raises(Unreachable, match=f"http://127.0.0.1:{port} takes no connection: .*refused") as caught:
            driver.run(one(Request("POST", "/w", query=(("user", "data"),), body=b"x")))
        assert not caught.value.sent
        assert "data" not in str(caught.value)
        assert [("Unreachable", None)] == [(entry.error, entry.status) for entry in driver.ledger]

    def test_a_pool_that_was_closed_just_now_is_the_end_of_the_session(self, server, drive):
        driver = drive()
        assert 200 == driver.run(one(Request("GET", "a"))).status
        pools = driver._transport._session().get_adapter(server.url).poolmanager.pools
        [key] = pools.keys()
        pools[key].close()
        with pytest.raises(SessionClosed, match="before POST w was sent") as caught:
            driver.run(one(Request("POST", "w", body=b"x")))
        assert not caught.value.sent
        assert 1 == len(server.seen)

    def test_a_server_that_takes_no_connection_in_time_was_sent_nothing(self, drive):
        asked = Request("GET", "/a")
        error = translated(requests.ConnectTimeout("x"), asked, "http://h/a?token=t", Limits(3.5, 9))
        assert (TimedOut, False) == (type(error), error.sent)
        assert "http://h took no connection within 3.5 s" in str(error)

    def test_a_server_that_says_nothing_times_out_and_may_have_acted(self, server, drive):
        go_on = threading.Event()

        def answer(_):
            go_on.wait(5)
            return Reply()

        server.answers = [answer]
        driver = drive(timeout=(1, 0.05))
        with pytest.raises(TimedOut, match=r"sent nothing for 0.05 s after GET /a\.") as caught:
            driver.run(one(Request("GET", "/a", query=(("q", "secret"),), idempotent=True)))
        go_on.set()
        assert caught.value.sent
        assert "secret" not in f"{caught.value} {caught.value.__cause__}"
        assert 1 == len(server.seen)

    def test_a_connection_that_breaks_may_have_acted(self, server, drive):
        for reply in (Reply(cut=0), Reply(body=b"x" * 100, cut=10)):
            server.answers = [reply]
            with pytest.raises(Unreachable, match="broke during POST /w") as caught:
                drive().run(one(Request("POST", "/w")))
            assert caught.value.sent
        assert 2 == len(server.seen)

    def test_a_port_that_speaks_no_tls_is_explained_and_tried_once(self, server, drive):
        driver = drive(url=server.url.replace("http:", "https:"))
        with pytest.raises(Unreachable, match="serves https") as caught:
            driver.run(one(Request("GET", "/", idempotent=True)))
        assert not caught.value.sent
        assert 1 == len(driver.ledger)

    def test_an_untrusted_certificate_names_both_ways_out_and_is_tried_once(self, servers, drive, tmp_path):
        server = servers(self_signed(tmp_path))
        driver = drive(url=server.url)
        with pytest.raises(Unreachable, match=r"is not trusted: self.signed certificate") as caught:
            driver.run(one(Request("GET", "/a", idempotent=True)))
        assert "verify='ca-bundle.pem'" in str(caught.value)
        assert "assetmeta[truststore]" in str(caught.value)
        assert (False, 1, 0) == (caught.value.sent, len(driver.ledger), len(server.seen))

    def test_a_certificate_given_as_verify_is_trusted(self, servers, drive, tmp_path):
        server = servers(self_signed(tmp_path))
        driver = drive(Bearer("tok"), url=server.url, verify=str(tmp_path / "server.pem"))
        assert 200 == driver.run(one(Request("GET", "/a"))).status
        assert "Bearer tok" == server.seen[0].headers["authorization"]

    def test_a_client_certificate_is_shown_to_the_session_s_origin_only(self, servers, drive, tmp_path):
        context, pem = self_signed(tmp_path), str(tmp_path / "server.pem")
        context.verify_mode = ssl.CERT_OPTIONAL
        context.load_verify_locations(pem)
        home, elsewhere = servers(context), servers(context)
        driver = drive(url=home.url, cert=pem, verify=pem)
        for url in ("/a", elsewhere.url + "/b"):
            driver.run(one(Request("GET", url)))
        assert ([True], [False]) == (
            [seen.certified for seen in home.seen],
            [seen.certified for seen in elsewhere.seen],
        )

    def test_the_environment_s_ca_bundle_is_trusted(self, servers, drive, tmp_path, monkeypatch):
        server = servers(self_signed(tmp_path))
        driver = drive(url=server.url)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "server.pem"))
        assert 200 == driver.run(one(Request("GET", "/a"))).status

    def test_truststore_brings_trust_of_its_own(self, servers, drive, tmp_path, monkeypatch):
        server = servers(self_signed(tmp_path))

        def of_the_system(protocol):
            context = ssl.SSLContext(protocol)
            context.load_verify_locations(tmp_path / "server.pem")
            return context

        package = ModuleType("truststore")
        package.SSLContext = of_the_system
        monkeypatch.setitem(sys.modules, "truststore", package)
        assert 200 == drive(url=server.url, truststore=True).run(one(Request("GET", "/a"))).status
        monkeypatch.setitem(sys.modules, "truststore", None)
        with pytest.raises(Unsupported, match=r'pip install "assetmeta\[truststore\]"'):
            drive(url=server.url, truststore=True)

    def test_the_traceback_does_not_quote_the_query(self, drive):
        with pytest.raises(Unreachable) as caught:
            drive(url=f"http://127.0.0.1:{unused_port()}").run(one(Request("GET", "/a", query=(("token", "s3cret"),))))
        error, texts = caught.value, []
        while error is not None:
            texts.append(repr(error))
            error = error.__cause__ if error.__cause__ or error.__suppress_context__ else error.__context__
        assert 2 <= len(texts)
        assert "s3cret" not in " ".join(texts)


class TestProxies:
    def test_a_proxy_gets_its_credentials_and_nobody_else_hears_of_them(self, server, drive, caplog):
        caplog.set_level(logging.DEBUG)
        proxy = server.url.replace("http://", "http://me:s3cret@")
        driver = drive(url="http://api.example/base", proxies=proxy)
        driver.run(one(Request("GET", "/a")))
        assert "http://api.example/base/a" == server.seen[0].target
        assert "Basic bWU6czNjcmV0" == server.seen[0].headers["proxy-authorization"]
        assert "s3cret" not in caplog.text + str(driver.ledger) + repr(driver)

    def test_a_proxy_that_wants_a_login_is_explained_and_tried_once(self, server, drive):
        server.answers = [Reply(407)]
        with pytest.raises(Unreachable, match="proxy wants a login"):
            drive(url="http://api.example", proxies=server.url).run(one(Request("GET", "/a", idempotent=True)))
        assert 1 == len(server.seen)

    def test_a_proxy_that_is_not_there_was_sent_nothing(self, drive):
        proxy = f"http://me:s3cret@127.0.0.1:{unused_port()}"
        with pytest.raises(Unreachable, match=r"proxy could not reach http://api\.example") as caught:
            drive(url="http://api.example", proxies=proxy, retries=0).run(one(Request("GET", "/a", idempotent=True)))
        assert not caught.value.sent
        assert "s3cret" not in f"{caught.value!r} {caught.value.__cause__!r}"

    def test_the_environment_s_proxy_is_used_unless_proxies_says_none(self, server, servers, drive, monkeypatch):
        proxy = servers()
        monkeypatch.setenv("http_proxy", proxy.url)
        drive().run(one(Request("GET", "/a")))
        drive(proxies={}).run(one(Request("GET", "/b")))
        assert [server.url + "/a"] == [seen.target for seen in proxy.seen]
        assert ["/b"] == [seen.target for seen in server.seen]


def test_one_connection_serves_one_request_after_the_other(server, drive, caplog):
    caplog.set_level(logging.DEBUG, "urllib3")
    driver = drive()
    for _ in range(3):
        driver.run(one(Request("GET", "/a")))
    assert 1 == caplog.text.count("Starting new HTTP connection")


def test_a_netrc_file_never_replaces_or_adds_credentials(server, servers, drive, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login mallory password s3cret\n")
    os.chmod(netrc, 0o600)
    drive()
    monkeypatch.setenv("NETRC", str(netrc))
    assert ("mallory", "s3cret") == requests.utils.get_netrc_auth(server.url)
    elsewhere = servers()
    server.answers = [Reply(), Reply(), Reply(302, headers={"Location": elsewhere.url})]
    drive().run(one(Request("GET", "/anonymous")))
    driver = drive(Bearer("tok"))
    for _ in range(2):
        driver.run(one(Request("GET", "/mine", idempotent=True)))
    assert [None, "Bearer tok", "Bearer tok"] == [seen.headers.get("authorization") for seen in server.seen]
    assert [None] == [seen.headers.get("authorization") for seen in elsewhere.seen]


def test_a_malformed_answer_to_a_write_is_not_taken_for_a_request_that_was_never_sent(server, drive):
    server.answers = [Reply(201, b"done", {"Content-Length": "1, 2"})]
    with pytest.raises(InvalidResponse, match="answer of .* to POST w is malformed: .*Content-Length") as raised:
        drive().run(one(Request("POST", "w", writes=True)))
    assert raised.value.sent
    assert 1 == len(server.seen)
