"""Servers behind a reverse proxy, which has them below a path of its own while they see themselves elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import requests

from assetmeta import TestspaceMeta, V1Meta, ValispaceMeta, ValohaiMeta, inspect, sandbox
from assetmeta.model.errors import InvalidResponse
from assetmeta.tools import testspace, valispace, valohai
from nonempty import nonempty

HOP = {"connection", "transfer-encoding", "content-length", "content-encoding", "host", "date", "server"}
PREFIX = "/company/app"


@dataclass
class Proxy:
    """Where the proxy is, which requests came by it, and what it does to the bodies of answers."""

    url: str
    inner: str
    seen: list[str] = field(default_factory=list)
    host: str | None = None
    rewrites: list[tuple[bytes, bytes]] = field(default_factory=list)


@contextmanager
def proxied(inner: str, *, host: str | None = None, rewrites: tuple[tuple[bytes, bytes], ...] = ()) -> Iterator[Proxy]:
    """Forward what comes below the prefix to *inner*, which sees the request as if it came to *host*."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            assert self.path.startswith(f"{PREFIX}/"), self.path
            found.seen.append(f"{self.command} {self.path}")
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
            answer = requests.request(
                self.command,
                inner + self.path.removeprefix(PREFIX),
                headers=headers | {"Host": host or urlsplit(inner).netloc},
                data=body,
                allow_redirects=False,
                timeout=60,
            )
            content = answer.content
            given = {name: value for name, value in answer.headers.items() if name.lower() not in HOP}
            for old, new in rewrites:
                content = content.replace(old, new)
                given = {name: value.replace(old.decode(), new.decode()) for name, value in given.items()}
            self.send_response(answer.status_code)
            for name, value in given.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_HEAD = _forward

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        found = Proxy(f"http://127.0.0.1:{server.server_port}{PREFIX}", inner)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield found
        server.shutdown()


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, sandbox.Server]]:
    with (
        sandbox.running("versionone", assets=30) as first,
        sandbox.running("valispace", assets=30) as second,
        sandbox.running("valohai", assets=60) as third,
        sandbox.running("testspace", assets=300) as fourth,
    ):
        yield {server.name: server for server in (first, second, third, fourth)}


def root(server: sandbox.Server) -> str:
    return f"http://127.0.0.1:{server.port}"


INNER = [
    (None, ()),
    ("inner.internal:8000", ()),
    ("inner.internal", ((b"http://inner.internal", b"https://10.0.0.7:8443/deeper"),)),
]
"""How the server sees itself: at its own address, at one that nobody else knows, below a path of its own."""


@pytest.mark.parametrize(("host", "rewrites"), INNER, ids=["own", "inner", "inner path"])
class TestFiles:
    """Files go by the user's address, and nothing goes anywhere else."""

    def test_valispace(self, servers: Any, tmp_path: Path, host: str | None, rewrites: Any) -> None:
        server = servers["valispace"]
        with (
            proxied(root(server), host=host, rewrites=rewrites) as proxy,
            ValispaceMeta(**server.credentials | {"url": proxy.url}, survey="none", schema_cache=None) as vs,
        ):
            file = valispace.upload(vs.Project.first(), b"payload", "a.txt")
            assert not file.download_url.startswith(proxy.url)
            server.requests.clear()
            proxy.seen.clear()
            assert b"payload" == file.file_data
            assert b"payload" == inspect(file).save(tmp_path).read_bytes()
            assert len(proxy.seen) == len(server.requests)
            assert 2 == sum(f"GET {PREFIX}/media/" in line for line in proxy.seen)

    def test_testspace(self, servers: Any, tmp_path: Path, host: str | None, rewrites: Any) -> None:
        server = servers["testspace"]
        with (
            proxied(root(server), host=host, rewrites=rewrites) as proxy,
            TestspaceMeta(**server.token_credentials | {"url": proxy.url}) as ts,
        ):
            server.requests.clear()
            results = [result for space in ts.Space.all() for result in space.results]
            suites = (content for result in results for content in result.contents if content.download_url)
            content = next(suites)
            assert not content.download_url.startswith(proxy.url)
            assert content.file
            data = content.file.file_data
            assert testspace.suite(content).cases
            assert data == testspace.download(content, tmp_path).read_bytes()
            assert len(proxy.seen) == len(server.requests)
            assert 3 == sum("/api/files/" in line for line in proxy.seen)

    def test_lists_of_testspace(self, servers: Any, host: str | None, rewrites: Any) -> None:
        server = servers["testspace"]
        with TestspaceMeta(**server.token_credentials) as direct:
            project = direct.Project.create(name=f"acme:{uuid4()}")
            for number in range(35):
                direct.Space.new(name=f"s{number}", project=project)
            direct.commit().raise_if_failed()
            name, expected = project.name, sorted(space.idref for space in project.spaces)
        assert len(expected) > 30, "more than one page"
        with (
            proxied(root(server), host=host, rewrites=rewrites) as proxy,
            TestspaceMeta(**server.token_credentials | {"url": proxy.url}) as ts,
        ):
            server.requests.clear()
            assert expected == sorted(space.idref for space in ts.Project(name).spaces)
            assert len(proxy.seen) == len(server.requests)
            assert any("page=2" in line for line in proxy.seen)

    def test_valohai(self, servers: Any, tmp_path: Path, host: str | None, rewrites: Any) -> None:
        server = servers["valohai"]
        with (
            proxied(root(server), rewrites=rewrites) as proxy,
            ValohaiMeta(**server.token_credentials | {"url": proxy.url}) as vh,
        ):
            server.requests.clear()
            server.face.storage.fetched.clear()
            finished = next(one for one in vh.Execution.where(status="complete") if one.n_outputs)
            [path, *_] = valohai.download(finished, tmp_path)
            assert path.read_bytes() == next(iter(finished.outputs)).file_data
            assert len(proxy.seen) == len(server.requests)
            assert all(line.split()[1].startswith(f"{PREFIX}/api/v0/") for line in nonempty(proxy.seen))
            fetched = server.face.storage.fetched
            assert fetched
            assert [None] * len(fetched) == [one.authorization for one in fetched]

    def test_valohai_lists(self, servers: Any, host: str | None, rewrites: Any) -> None:
        server = servers["valohai"]
        with (
            proxied(root(server), host=host, rewrites=rewrites) as proxy,
            ValohaiMeta(**server.token_credentials | {"url": proxy.url}, page_size=3) as vh,
            ValohaiMeta(**server.token_credentials) as direct,
        ):
            assert {one.id for one in direct.Execution.all()} == {one.id for one in vh.Execution}
            proxy.seen.clear()
            server.requests.clear()
            assert len(list(vh.Execution)) > 3
            assert len(proxy.seen) == len(server.requests) > 1

    def test_versionone(self, servers: Any, tmp_path: Path, host: str | None, rewrites: Any) -> None:
        server = servers["versionone"]
        with proxied(root(server), host=host, rewrites=rewrites) as proxy:
            credentials = server.credentials | {"instance_url": proxy.url + urlsplit(server.url).path}
            with V1Meta(**credentials) as v1:
                server.requests.clear()
                proxy.seen.clear()
                story = v1.Story.first()
                attachment = v1.Attachment.create(
                    Name="log", Filename="log.txt", ContentType="text/plain", Asset=story, Content=""
                )
                attachment.file_data = b"payload"
                assert b"payload" == inspect(attachment).save(tmp_path).read_bytes()
                assert len(proxy.seen) == len(server.requests)


def test_memory_is_bounded_and_files_are_not(servers: Any, tmp_path: Path) -> None:
    with ValispaceMeta(**servers["valispace"].credentials, survey="none", max_bytes=500_000) as vs:
        file = valispace.upload(vs.Project.first(), b"x" * 500_001, "large.bin")
        with pytest.raises(InvalidResponse, match="max_bytes=500000"):
            file.file_data
        assert 500_001 == inspect(file).save(tmp_path).stat().st_size
        assert 500_000 == len(valispace.upload(vs.Project.first(), b"x" * 500_000, "large.bin").file_data)
