"""Links that servers make: the user's address counts, and what is elsewhere stays elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from assetmeta.backends.rest.urls import address_of, origin, own_address
from assetmeta.backends.testspace import Testspace
from assetmeta.backends.testspace.files import body, download_link
from assetmeta.backends.valispace import Valispace
from assetmeta.backends.valohai import Valohai
from assetmeta.backends.valohai.connection import base_url, token_uri
from assetmeta.model.http import Response
from assetmeta.model.values import Oid

BASE = "https://host.example/app"


def fits(path: str) -> bool:
    return path.startswith("api/")


@pytest.mark.parametrize(
    ("link", "found"),
    [
        (f"{BASE}/api/files/1", "api/files/1"),
        (f"{BASE}/other/x?a=b&c=%20", "other/x?a=b&c=%20"),
        ("HTTPS://HOST.example:443/app/api/1", "api/1"),
        ("/app/api/1", "api/1"),
        ("api/1", "api/1"),
        ("some/where", "some/where"),
        # Without the proxy's path, which alone is no reason to leave the origin.
        ("https://host.example/api/1?x=y", "api/1?x=y"),
        ("/api/1", "api/1"),
        ("https://host.example/application/x", "https://host.example/application/x"),
        ("/files/1?a=b", "https://host.example/files/1?a=b"),
        # As the server sees itself.
        ("http://host.example/app/api/1", "api/1"),
        ("https://host.example:8443/api/1", "api/1"),
        ("http://10.0.0.7:8000/api/1?page=2", "api/1?page=2"),
        ("http://inner/deep/er/api/1", "api/1"),
        ("//inner/api/1", "api/1"),
        ("http://inner/api/api/1", "api/api/1"),
        # Elsewhere, or nowhere.
        ("http://inner/other/1", None),
        ("https://bucket.example/api/1?X-Amz-Signature=ab", None),
        ("https://bucket.example/api/1?a=b&Signature=ab", None),
        ("https://bucket.example/api/1?sv=1&sig=ab", None),
        ("https://[::1/api/1", None),
        ("https://host.example:port/api/1", None),
        ("javascript:alert(1)", None),
        ("ftp://host.example/app/api/1", None),
        (f"{BASE}/api/../admin", None),
        ("http://inner/api/%2e%2e/admin", None),
    ],
)
def test_what_is_requested_for_a_link(link: str, found: str | None) -> None:
    assert found == own_address(link, BASE, fits)


def test_a_signature_of_ones_own_origin_is_kept() -> None:
    assert "api/1?Signature=ab" == own_address(f"{BASE}/api/1?Signature=ab", BASE, fits)
    assert "api/1?design=ab" == own_address("http://inner/api/1?design=ab", BASE, fits)


@pytest.mark.parametrize(
    ("link", "base", "found"),
    [
        ("https://bucket.example/x?Signature=ab", BASE, "https://bucket.example/x?Signature=ab"),
        ("//bucket.example/x", BASE, "https://bucket.example/x"),
        ("//bucket.example/x", "", "https://bucket.example/x"),
        ("/files/a?b=c", "", "files/a?b=c"),
        ("http://inner/api/1", "", "api/1"),
        ("http://inner/x", "", "http://inner/x"),
    ],
)
def test_what_leads_elsewhere_is_a_whole_url(link: str, base: str, found: str) -> None:
    assert found == address_of(link, base, fits)


def test_origins() -> None:
    assert origin("https://a.example/x") == origin("HTTPS://A.example:443")
    assert origin("http://a.example") == origin("http://a.example:80")
    assert origin("http://a.example") != origin("https://a.example")
    assert origin("https://a.example") != origin("https://a.example:8443")


class TestDialects:
    """Each dialect knows which paths are its own."""

    def file(self, play: Any, link: str, **settings: Any) -> str:
        backend = Valispace(survey="none", base=BASE, **settings)
        item = Response(200, {"content-type": "application/json"}, b'{"id": 3, "download_url": "%s"}' % link.encode())
        _, made = play(backend.download(Oid("File", 3), None), item, Response(200))
        return str(made[1].path)

    @pytest.mark.parametrize(
        ("link", "path"),
        [
            ("http://inner/media/files/3/a.txt", "media/files/3/a.txt"),
            ("http://inner/rest/files/3/download/", "rest/files/3/download/"),
            ("http://inner/mediathek/a.txt", "http://inner/mediathek/a.txt"),
            ("https://bucket.example/media/a.txt?Signature=x", "https://bucket.example/media/a.txt?Signature=x"),
        ],
    )
    def test_valispace(self, play: Any, link: str, path: str) -> None:
        assert path == self.file(play, link)

    def test_valispace_with_other_places(self, play: Any) -> None:
        assert "uploads/a.txt" == self.file(play, "http://inner/uploads/a.txt", media="uploads")

    @pytest.mark.parametrize(
        ("link", "path"),
        [
            ("http://inner/api/v0/blobs/3", "api/v0/blobs/3"),
            ("http://inner/api/v1/blobs/3", "http://inner/api/v1/blobs/3"),
            ("/api/v0/blobs/3", "api/v0/blobs/3"),
        ],
    )
    def test_valohai(self, play: Any, link: str, path: str) -> None:
        class Sink:
            def seekable(self) -> bool:
                return False

        def named(request: Any) -> Response:
            request.sink.write(b'{"url": "%s"}' % link.encode())
            return Response(200, {"content-type": "application/json"})

        oid = Oid("Datum", "0190a000-0000-7000-8000-000000000003")
        flow = Valohai(survey="none", base=BASE).download(oid, Sink())  # type: ignore[arg-type]
        assert path == play(flow, named, Response(200))[1][1].path

    def test_testspace(self, play: Any) -> None:
        settings = Testspace(base=BASE)
        xml = Response(200, {"content-type": "application/xml"}, b"<test_suite/>")
        for link, path in (
            ("http://inner/api/files/12", "api/files/12"),
            ("http://inner/api/files/12/raw", "http://inner/api/files/12/raw"),
            ("http://inner/api/files/12?signature=x", "http://inner/api/files/12?signature=x"),
        ):
            assert path == play(body(link, settings), xml)[1][0].path
            assert path == play(download_link(link, None, settings), xml)[1][0].path  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ("https://app.valohai.com/p/acme/vision/execution/1/", "https://app.valohai.com"),
        ("APP.valohai.com/any/where", "https://APP.valohai.com"),
        ("https://ml.example/valohai", "https://ml.example/valohai"),
        ("https://ml.example/valohai/", "https://ml.example/valohai"),
        ("https://ml.example/tools/valohai/p/acme/vision/", "https://ml.example/tools/valohai"),
        ("https://ml.example/valohai/api/v0/", "https://ml.example/valohai"),
        ("https://ml.example/api/v0/projects/", "https://ml.example"),
        ("https://ml.example/auth/tokens/", "https://ml.example"),
        ("https://ml.example/valohai?next=/p/", "https://ml.example/valohai"),
        ("https://ml.example/#top", "https://ml.example"),
        ("ml.example:8443/x", "https://ml.example:8443/x"),
    ],
)
def test_an_installation_may_be_below_a_path(given: str, base: str) -> None:
    assert base == base_url(given)
    assert f"{base}/api/v0/get-token/" == token_uri(base_url(given))
