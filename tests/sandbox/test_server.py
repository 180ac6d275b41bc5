"""Hosting: ports, no delay within an answer, concurrency, a clean stop, several systems."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from assetmeta import sandbox
from assetmeta.sandbox import faces
from assetmeta.sandbox.face import Face, Setup
from assetmeta.sandbox.messages import Request, Response
from assetmeta.sandbox.server import ReachableProtocol, hosting


class Echo:
    """A face that answers with what it was sent."""

    name = "echo"
    root = ""
    user = "someone"
    secret = "something"
    token = "token"
    closed = 0
    meeting = threading.Barrier(6)

    def answer(self, request: Request) -> Response:
        if request.path == "/fail":
            return Response(500, b"no")
        if request.path == "/meet":
            Echo.meeting.wait(timeout=20)
        body = request.body or f"{request.method} {request.segments()} {request.parameters()}".encode()
        return Response(200, body, "text/plain")

    def credentials(self, url: str) -> dict[str, object]:
        return {"address": url, "user": self.user}

    def token_credentials(self, url: str) -> dict[str, object]:
        return {"address": url, "token": self.token}

    def oauth_login(self, url: str) -> dict[str, str]:
        return {"client_id": "echo", "token_uri": f"{url}/token"}

    def close(self) -> None:
        Echo.closed += 1


@pytest.fixture(autouse=True)
def echo(monkeypatch: pytest.MonkeyPatch) -> None:
    def make(setup: Setup) -> Face:
        return Echo()

    monkeypatch.setitem(faces.FACES, "echo", make)


@pytest.fixture
def server() -> Iterator[sandbox.Server]:
    with sandbox.running("echo") as running:
        yield running


def sandbox_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("sandbox")]


class TestHandle:
    def test_it_says_where_the_system_is_and_how_to_log_in(self, server: sandbox.Server) -> None:
        assert f"http://127.0.0.1:{server.port}" == server.url
        assert {"address": server.url, "user": "someone"} == server.credentials
        assert {"address": server.url, "token": "token"} == server.token_credentials
        assert {"client_id": "echo", "token_uri": f"{server.url}/token"} == server.oauth
        assert f"<sandbox echo at {server.url}>" == repr(server)

    def test_the_log_holds_method_path_and_status_in_order(self, server: sandbox.Server) -> None:
        requests.get(f"{server.url}/a?b=c", timeout=10)
        requests.post(f"{server.url}/fail", timeout=10)
        assert server.requests == [("GET", "/a?b=c", 200), ("POST", "/fail", 500)]

    def test_an_unknown_system_is_refused_by_name(self) -> None:
        with pytest.raises(ValueError, match="no system 'nosuch'"), sandbox.running("nosuch"):
            pass


class TestStart:
    def test_a_system_that_is_started_answers_until_it_is_stopped(self) -> None:
        before = sandbox_threads()
        server = sandbox.start("echo")
        assert requests.get(f"{server.url}/a", timeout=10).status_code == 200
        closed = Echo.closed
        server.stop()
        server.stop()
        assert Echo.closed == closed + 1
        assert sandbox_threads() == before
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{server.url}/a", timeout=10)

    def test_it_answers_though_nobody_holds_it(self) -> None:
        url = sandbox.start("echo").url
        gc.collect()
        assert requests.get(f"{url}/a", timeout=10).status_code == 200

    def test_settings_are_those_of_a_block(self) -> None:
        with pytest.raises(ValueError, match="no system 'nosuch'"):
            sandbox.start("nosuch")
        server = sandbox.start("echo", faults=["500"])
        try:
            assert requests.get(server.url, timeout=10).status_code == 500
        finally:
            server.stop()

    def test_a_system_of_a_block_ends_with_the_block(self, server: sandbox.Server) -> None:
        with pytest.raises(RuntimeError, match=r"ends with its block"):
            server.stop()
        assert requests.get(f"{server.url}/a", timeout=10).status_code == 200


class TestRequests:
    def test_doubled_slashes_are_one_and_an_encoded_slash_stays(self, server: sandbox.Server) -> None:
        text = requests.get(f"{server.url}//a//b%2Fc?X=%2B+&y", timeout=10).text
        assert text == "GET ['a', 'b/c'] [('x', '+ '), ('y', '')]"

    def test_a_large_body_is_read_to_its_end(self, server: sandbox.Server) -> None:
        body = bytes(range(256)) * 40_000
        assert body == requests.post(server.url, data=body, timeout=30).content

    def test_a_chunked_body_is_taken(self, server: sandbox.Server) -> None:
        assert requests.post(server.url, data=iter([b"a", b"bc"]), timeout=10).content == b"abc"

    def test_half_a_body_is_not_performed(self, server: sandbox.Server) -> None:
        with socket.create_connection(("127.0.0.1", server.port)) as line:
            line.sendall(b"POST /half HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nonly this")
        requests.get(f"{server.url}/next", timeout=10)
        assert [each.path for each in server.requests] == ["/next"]

    def test_a_large_upload_without_a_login_is_read_before_the_401(self, versionone_sandbox: sandbox.Server) -> None:
        url = f"{versionone_sandbox.url}/attachment.img/1"
        with requests.Session() as session:
            answers = [session.post(url, data=b"x" * 8_000_000, timeout=30) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [401, 401]

    def test_a_long_request_line_is_taken(self, server: sandbox.Server) -> None:
        assert requests.get(f"{server.url}/{'x' * 60_000}", timeout=10).status_code == 200

    def test_connections_stay_open(self, server: sandbox.Server) -> None:
        with requests.Session() as session:
            answers = [session.get(server.url, timeout=10) for _ in range(3)]
        assert all("date" in answer.headers for answer in answers)
        assert [answer.headers.get("Connection") for answer in answers] == [None] * 3


class TestDelay:
    @pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
    def test_connections_send_at_once(self, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Head and body leave in two writes: without TCP_NODELAY a client would wait between the two."""
        options: list[int] = []
        made = ReachableProtocol.connection_made

        def noted(self: ReachableProtocol, transport: asyncio.Transport) -> None:
            connection = transport.get_extra_info("socket")
            options.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            made(self, transport)

        monkeypatch.setattr(ReachableProtocol, "connection_made", noted)
        with sandbox.running("echo", host=host) as server:
            assert requests.post(server.url, data=b"some body", timeout=10).content == b"some body"
        assert len(options) == 1
        assert options[0] != 0


class TestConcurrency:
    def test_slow_requests_do_not_wait_for_each_other(self, server: sandbox.Server) -> None:
        with ThreadPoolExecutor(6) as pool:
            asked = [pool.submit(requests.get, f"{server.url}/meet", timeout=30) for _ in range(6)]
        assert [one.result().status_code for one in asked] == [200] * 6

    def test_many_clients_write_and_read_at_the_same_time(self, versionone_sandbox: sandbox.Server) -> None:
        url = f"{versionone_sandbox.url}/rest-1.v1/Data/Story"
        ids: list[str] = []

        def write() -> None:
            values = {"Name": {"value": "x", "act": "set"}, "Scope": {"value": "Scope:0", "act": "set"}}
            with requests.Session() as session:
                session.headers.update({"Authorization": f"Bearer {versionone_sandbox.token}"})
                session.headers["Accept"] = "application/json"
                for _ in range(15):
                    ids.append(session.post(url, json={"Attributes": values}, timeout=30).json()["id"])
                    session.get(f"{url}?sel=Name", timeout=30).json()

        threads = [threading.Thread(target=write) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        numbers = {each.split(":")[1] for each in ids}
        moments = {each.split(":")[2] for each in ids}
        assert (len(ids), len(numbers), len(moments)) == (120, 120, 120)
        assert {each.status for each in versionone_sandbox.requests} == {200}

    def test_latency_delays_every_answer_by_milliseconds(self) -> None:
        with sandbox.running("echo", latency=150) as server:
            started = time.monotonic()
            threads = [threading.Thread(target=requests.get, args=(server.url,)) for _ in range(10)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert time.monotonic() - started >= 0.15


class TestStop:
    def test_nothing_is_left_behind(self) -> None:
        closed, before = Echo.closed, sandbox_threads()
        with sandbox.running("echo") as server, requests.Session() as session:
            session.get(server.url, timeout=10)
            assert len(sandbox_threads()) > len(before)
        assert sandbox_threads() == before
        assert closed + 1 == Echo.closed
        with pytest.raises(requests.ConnectionError):
            requests.get(server.url, timeout=10)

    def test_the_port_can_be_used_again_at_once(self) -> None:
        with sandbox.running("echo") as first:
            requests.get(first.url, timeout=10)
        with sandbox.running("echo", port=first.port) as second:
            assert first.url == second.url
            assert requests.get(second.url, timeout=10).status_code == 200

    def test_a_taken_port_is_an_error(self, server: sandbox.Server) -> None:
        complaint = f"port {server.port} of 127.0.0.1 is in use; 0 takes a free one"
        with pytest.raises(OSError, match=complaint), sandbox.running("echo", port=server.port):
            pass

    def test_an_address_that_is_not_of_this_machine_is_an_error(self) -> None:
        with pytest.raises(OSError, match="'192.0.2.1' is no address of this machine"):
            sandbox.start("echo", host="192.0.2.1")

    def test_a_file_that_cannot_keep_data_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(sqlite3.DatabaseError, match=f"cannot keep data in {tmp_path}: "):
            sandbox.start("valohai", db=tmp_path)

    @pytest.mark.parametrize(
        ("settings", "complaint"),
        [
            ({"asetes": 3}, "no setting 'asetes'. Did you mean assets.*It takes host, port"),
            ({"clock": 3}, "no setting 'clock'. It takes host"),
            ({"assets": "300"}, "assets= takes a whole number, not '300'"),
            ({"assets": -3}, "assets= takes a number from 0 on, not -3"),
            ({"assets": None}, "assets= takes a whole number, not None"),
            ({"seed": 1.5}, "seed= takes a whole number"),
            ({"port": "8080"}, "port= takes a whole number, not '8080'"),
            ({"port": 65536}, "port= takes a number from 0 to 65535, not 65536"),
            ({"host": 3}, "host= takes a name or an address"),
            ({"latency": "5"}, "latency= takes milliseconds, a number, not '5'"),
            ({"latency": float("nan")}, "latency= takes milliseconds from 0 on, not nan"),
            ({"db": 3}, "db= takes the path of a file, or None"),
            ({"faults": "drop"}, "faults= takes a list: faults=..drop"),
            ({"faults": [3]}, "faults= takes a list of faults such as 'drop'"),
            ({"faults": 429}, "faults= takes a list of faults such as 'drop'"),
            ({"name": None}, "takes the name of a system, such as 'versionone', not None"),
        ],
        ids=str,
    )
    def test_settings_that_cannot_work_are_named(self, settings: dict[str, Any], complaint: str) -> None:
        with pytest.raises((TypeError, ValueError), match=complaint):
            sandbox.running(**settings)

    def test_the_nearest_system_is_named(self) -> None:
        with pytest.raises(ValueError, match="no system 'versoinone'; .*Did you mean versionone"):
            sandbox.start("versoinone")

    def test_a_request_that_hangs_is_cut_when_the_block_ends(self) -> None:
        """Its answer would take an hour: the block would run into the time limit of a test if it waited for that."""
        with sandbox.running("echo", latency=3_600_000) as server:
            host, port = server.host, server.port
            line = socket.create_connection((host, port), timeout=60)
            head = f"POST / HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"
            line.sendall(head.encode())
            assert line.recv(100).startswith(b"HTTP/1.1 100 "), "the request is under way"
            line.sendall(b"x")
        with line, contextlib.suppress(ConnectionResetError):
            assert line.recv(1) == b""


class TestSeveral:
    def test_each_system_has_its_own_port_and_log(self) -> None:
        with hosting(["echo", "versionone"], setups=[Setup(), Setup()]) as (echo, v1):
            requests.get(echo.url, timeout=10)
            assert requests.get(f"{v1.url}/config.v1/", timeout=10).status_code == 401
            assert (len(echo.requests), len(v1.requests)) == (1, 1)
            assert echo.port != v1.port

    def test_a_given_port_counts_up(self, two_ports: int) -> None:
        port = two_ports
        with hosting(["echo", "echo"], port=port, setups=[Setup(), Setup()]) as servers:
            assert [port, port + 1] == [server.port for server in servers]


class TestEqualData:
    @pytest.mark.parametrize("name", sorted(faces.FACES))
    def test_the_same_setup_gives_the_same_data_and_changes_stay_with_their_server(self, name: str) -> None:
        """The second face of a setup is made from a copy of the first one's data, as it was before any request."""
        setup = Setup(assets=60, seed=987)
        first = faces.factory(name)(setup)
        before = first.snapshot()
        path, method = WRITES[name]
        headers = {"authorization": f"{method} {first.token}", "content-type": "application/json"}
        made = first.answer(Request("POST", path, "", headers, BODIES[name]))
        assert made.status in (200, 201), made.body
        second = faces.factory(name)(setup)
        assert content(first.snapshot()) != content(before) == content(second.snapshot())
        for face in (first, second):
            face.close()

    def test_copies_of_few_setups_are_kept(self) -> None:
        snapshots = faces.Snapshots()
        for seed in range(faces.KEPT + 1):
            snapshots.keep("echo", Setup(seed=seed), b"%d" % seed)
        kept = [snapshots.get("echo", Setup(seed=seed)) for seed in range(faces.KEPT + 1)]
        assert kept == [None, *(b"%d" % seed for seed in range(1, faces.KEPT + 1))]

    def test_a_file_is_no_copy(self, tmp_path: Path) -> None:
        faces.factory("testspace")(Setup(assets=60, seed=987)).close()
        faces.factory("testspace")(Setup(assets=60, seed=987, db=str(tmp_path / "data.db"))).close()
        assert (tmp_path / "data.db").stat().st_size > 0


def content(snapshot: bytes) -> list[tuple[object, ...]]:
    """All rows of all tables of a database."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(snapshot)
        tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").fetchall()
        return [row for (table,) in tables for row in connection.execute(f'SELECT * FROM "{table}"')]


WRITES = {
    "versionone": ("/VersionOne/rest-1.v1/Data/Story", "Bearer"),
    "valispace": ("/rest/project/", "Bearer"),
    "valohai": ("/api/v0/projects/", "Token"),
    "testspace": ("/api/projects", "Token"),
}
BODIES = {
    "versionone": b"<Asset><Attribute name='Name' act='set'>x</Attribute>"
    b"<Relation name='Scope' act='set'><Asset idref='Scope:0'/></Relation></Asset>",
    "valispace": b'{"name": "Another", "workspace": 1}',
    "valohai": b'{"name": "another"}',
    "testspace": b'{"name": "another"}',
}
"""What makes an asset of each system."""


class TestFixtures:
    def test_the_fresh_one_is_empty_and_the_shared_one_is_filled(
        self, versionone_sandbox: sandbox.Server, versionone_sandbox_shared: sandbox.Server
    ) -> None:
        totals = []
        for server in (versionone_sandbox, versionone_sandbox_shared):
            headers = {"Authorization": f"Bearer {server.token}", "Accept": "application/json"}
            answer = requests.get(f"{server.url}/rest-1.v1/Data/Workitem?sel=", headers=headers, timeout=10)
            totals.append(answer.json()["total"])
        assert totals[0] == 0
        assert totals[1] > 100


class TestImport:
    def test_importing_the_package_loads_no_server(self) -> None:
        code = (
            "import sys, assetmeta.sandbox;"
            "print([m for m in ('uvicorn', 'typer', 'yaml', 'sqlite3') if m in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"
