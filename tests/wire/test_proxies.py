"""Proxies and names: what is given is looked at at once, and each failure says whose it is."""

from __future__ import annotations

import copy
import pickle
import socket
import sys
import threading
from urllib.parse import urlsplit

import pytest
import requests

from assetmeta.model.errors import BadValue, Unreachable, Unsupported
from assetmeta.model.http import Request
from assetmeta.wire.transport import Settings

from .conftest import Reply, one

GET = Request("GET", "/a", idempotent=True)
SECRET = "proxy-s3cret"


@pytest.fixture
def resolver(monkeypatch):
    """Let looking up names fail in a given way."""
    real = socket.getaddrinfo

    def fail(code: int) -> None:
        def look_up(host, *args, **kwargs):
            if host == "127.0.0.1":
                return real(host, *args, **kwargs)
            raise socket.gaierror(code, "words of the resolver")

        monkeypatch.setattr(socket, "getaddrinfo", look_up)

    return fail


class TestSettings:
    @pytest.mark.parametrize("key", ["htps", "HTTPS", "no_proxy", "", "https:", "https://", "ftp", 5])
    def test_unknown_keys_are_refused(self, drive, key):
        with pytest.raises(BadValue, match="'http', 'https' and 'all'"):
            drive(proxies={key: "http://proxy:3128"})

    def test_a_key_that_is_nearly_right_is_corrected(self, drive):
        with pytest.raises(BadValue, match=r"Did you mean https"):
            drive(proxies={"htps": "http://proxy:3128"})

    @pytest.mark.parametrize("key", ["http", "https", "all", "https://host.example", "all://host.example"])
    def test_known_keys_are_taken(self, drive, key):
        for proxy in ("http://proxy:3128", None):
            assert {key: proxy} == Settings(proxies={key: proxy}).proxies
            assert drive(proxies={key: proxy})

    @pytest.mark.parametrize(
        "address", [f"ftp://me:{SECRET}@proxy", f"http://me:{SECRET}@", f"http://me:{SECRET}@h:port", "http://", "", 5]
    )
    def test_what_is_no_address_of_a_proxy_is_refused_and_not_shown(self, drive, address):
        with pytest.raises(BadValue, match="proxies=") as caught:
            drive(proxies={"https": address})
        assert SECRET not in str(caught.value)

    @pytest.mark.parametrize("given", ["socks5h://me:pw@proxy:1080", {"https": "socks4://proxy"}])
    def test_socks_says_which_extra_to_install(self, drive, monkeypatch, given):
        monkeypatch.setitem(sys.modules, "socks", None)
        with pytest.raises(Unsupported, match=r'pip install "assetmeta\[socks\]"'):
            drive(proxies=given)

    def test_socks_of_the_environment_says_so_too(self, drive, monkeypatch):
        def missing(*args, **kwargs):
            raise requests.exceptions.InvalidSchema("Missing dependencies for SOCKS support.")

        driver = drive(url="http://host.example")
        monkeypatch.setenv("http_proxy", "socks5h://127.0.0.1:1")
        monkeypatch.setattr(requests.adapters, "SOCKSProxyManager", missing)
        with pytest.raises(Unsupported, match=r'pip install "assetmeta\[socks\]"'):
            driver.run(one(GET))

    def test_a_password_is_neither_shown_nor_pickled(self):
        for proxies in (f"http://me:{SECRET}@proxy", {"https": f"http://me:{SECRET}@proxy"}):
            settings = Settings(proxies=proxies)
            assert SECRET not in f"{settings!r} {settings}"
            with pytest.raises(TypeError, match="proxy's password"):
                pickle.dumps(settings)
            assert copy.deepcopy(copy.copy(settings)).all_proxies == settings.all_proxies

    def test_settings_without_one_pickle(self):
        settings = Settings(proxies="http://proxy:3128", timeout=5, deadline=7)
        assert settings == pickle.loads(pickle.dumps(settings))


class Socks:
    """A SOCKS 5 proxy for one connection, to wherever that is asked to go, which is always the *server*."""

    def __init__(self, server: str) -> None:
        parts = urlsplit(server)
        self.asked = b""
        self._target = (parts.hostname, parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"socks5h://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        client, _ = self._listener.accept()
        with client, socket.create_connection(self._target, timeout=10) as server:
            client.recv(262)
            client.sendall(b"\x05\x00")
            self.asked = client.recv(262)
            client.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
            for source, target in ((client, server), (server, client)):
                target.sendall(source.recv(65536))

    def close(self) -> None:
        self._listener.close()


def test_a_socks_proxy_carries_requests_and_looks_up_names(server, drive):
    server.answers = [Reply(headers={"Connection": "close"})]
    proxy = Socks(server.url)
    try:
        answer = drive(url="http://host.example", proxies=proxy.url, deadline=30).run(one(GET))
    finally:
        proxy.close()
    assert (200, ["/a"]) == (answer.status, [seen.target for seen in server.seen])
    assert b"host.example" in proxy.asked


def test_a_socks_proxy_that_is_not_there_was_sent_nothing(drive):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    driver = drive(url="http://host.example", proxies=f"socks5h://me:{SECRET}@127.0.0.1:{port}", retries=0)
    with pytest.raises(Unreachable) as caught:
        driver.run(one(GET))
    assert not caught.value.sent
    assert SECRET not in str(caught.value)


class TestLogins:
    def test_a_tunnel_that_wants_a_login_says_how_and_is_tried_once(self, server, drive):
        server.answers = [Reply(407)]
        proxy = server.url.replace("http://", f"http://me:{SECRET}@")
        driver = drive(url="https://api.example", proxies=proxy)
        with pytest.raises(Unreachable, match=r"proxy wants a login.*user:password@host:port") as caught:
            driver.run(one(GET))
        assert (407, False, True) == (caught.value.status, caught.value.sent, caught.value.permanent)
        assert 1 == len(driver.ledger)
        assert SECRET not in f"{caught.value!r} {caught.value.__cause__!r}"

    @pytest.mark.parametrize("scheme", ["http", "https"])
    @pytest.mark.parametrize(
        ("header", "advice"),
        [
            ("Negotiate", r"logs in by Negotiate only.*such as Px or Cntlm.*proxies="),
            ("NTLM", r"logs in by NTLM only.*such as Px or Cntlm.*proxies="),
            ("Negotiate, NTLM", r"logs in by NTLM or Negotiate only.*such as Px or Cntlm.*proxies="),
            ('Negotiate, Basic realm="p"', r"user:password@host:port"),
            ('Basic realm="NTLM"', r"user:password@host:port"),
        ],
    )
    def test_a_windows_login_is_named_with_what_to_use(self, server, drive, scheme, header, advice):
        server.answers = [Reply(407, headers={"Proxy-Authenticate": header})]
        driver = drive(url=f"{scheme}://api.example", proxies=server.url)
        with pytest.raises(Unreachable, match=advice) as caught:
            driver.run(one(GET))
        assert (407, False, True) == (caught.value.status, caught.value.sent, caught.value.permanent)
        assert 1 == len(server.seen)


class TestNames:
    @pytest.mark.parametrize("code", [socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)])
    def test_a_name_that_does_not_exist_is_looked_up_once(self, drive, resolver, code):
        resolver(code)
        driver = drive(url="http://mispelt.example", retries=3)
        with pytest.raises(Unreachable, match=r"http://mispelt\.example is unknown here.*spelling") as caught:
            driver.run(one(GET))
        assert (False, True, 1) == (caught.value.sent, caught.value.permanent, len(driver.ledger))

    @pytest.mark.parametrize("code", [socket.EAI_AGAIN, socket.EAI_FAIL])
    def test_a_resolver_that_fails_is_distinguished_and_tried_again(self, drive, resolver, code):
        resolver(code)
        driver = drive(url="http://host.example", retries=2)
        with pytest.raises(Unreachable, match=r"could not be looked up: the resolver \(DNS\) fails") as caught:
            driver.run(one(GET))
        assert (False, 3) == (caught.value.sent, len(driver.ledger))

    @pytest.mark.parametrize("scheme", ["http", "https"])
    def test_an_unknown_proxy_is_distinguished_from_an_unknown_server(self, drive, resolver, scheme):
        resolver(socket.EAI_NONAME)
        driver = drive(url=f"{scheme}://api.example", proxies="http://proxy.example:3128")
        with pytest.raises(Unreachable, match=r"The host of the proxy.* is unknown here.*proxies=") as caught:
            driver.run(one(GET))
        assert "api.example" not in str(caught.value)
        assert (False, 1) == (caught.value.sent, len(driver.ledger))
