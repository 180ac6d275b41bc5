"""Logging in to all four servers with nothing but what every install has, and being refused once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from assetmeta import AuthenticationFailed, TestspaceMeta, V1Meta, ValispaceMeta, ValohaiMeta, sandbox

WRONG: dict[str, dict[str, Any]] = {
    "versionone": {"username": "admin", "password": "wrong"},
    "valispace": {"username": "admin", "password": "wrong"},
    "valohai": {"username": "admin", "password": "wrong"},
    "testspace": {"username": "admin", "password": "wrong"},
}
CLASSES: dict[str, Any] = {
    "versionone": V1Meta,
    "valispace": ValispaceMeta,
    "valohai": ValohaiMeta,
    "testspace": TestspaceMeta,
}
TYPES = {"versionone": "Story", "valispace": "Component", "valohai": "Project", "testspace": "Project"}
NAMES = [pytest.param((name, kind), id=f"{name}-{kind}") for name in WRONG for kind in ("password", "token")]


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, sandbox.Server]]:
    with (
        sandbox.running("versionone", assets=20) as versionone,
        sandbox.running("valispace", assets=20) as valispace,
        sandbox.running("valohai", assets=20) as valohai,
        sandbox.running("testspace", assets=20) as testspace,
    ):
        yield {server.name: server for server in (versionone, valispace, valohai, testspace)}


def wrong_session(server: sandbox.Server, kind: str) -> Any:
    given = WRONG[server.name] if kind == "password" else {"token": "wrong"}
    with CLASSES[server.name](**server.credentials) as session:
        schema = session.schema
    session = CLASSES[server.name](server.url, **given)
    # The schema is known, as it is from a cache: what is refused is the reading of assets.
    session._schemas.current = schema
    return session


@pytest.mark.parametrize("case", NAMES)
def test_a_loop_of_reads_makes_one_attempt(servers: dict[str, sandbox.Server], case: tuple[str, str]) -> None:
    server = servers[case[0]]
    session = wrong_session(server, case[1])
    before = len(server.requests)
    for _ in range(10):
        with pytest.raises(AuthenticationFailed):
            list(session.query(TYPES[server.name]))
    assert len(server.requests) - before == 1
    session.close()


@pytest.mark.parametrize("case", NAMES)
def test_ten_threads_make_one_attempt(servers: dict[str, sandbox.Server], case: tuple[str, str]) -> None:
    server = servers[case[0]]
    session = wrong_session(server, case[1])
    before = len(server.requests)

    def read(_: int) -> type[BaseException] | None:
        try:
            list(session.query(TYPES[server.name]))
        except AuthenticationFailed as error:
            return type(error)
        return None

    with ThreadPoolExecutor(10) as threads:
        assert list(threads.map(read, range(10))) == [AuthenticationFailed] * 10
    assert len(server.requests) - before == 1
    session.close()


@pytest.mark.parametrize("name", WRONG)
def test_a_schema_that_everybody_may_read_accepts_no_login(servers: dict[str, sandbox.Server], name: str) -> None:
    server = servers[name]
    session = CLASSES[name](server.url, **WRONG[name])
    before = len(server.requests)
    for _ in range(10):
        with pytest.raises(AuthenticationFailed):
            list(session.query(TYPES[name]))
    # VersionOne shows its schema to everybody; elsewhere it is refused as all else is.
    refusals = [entry for entry in server.requests[before:] if entry.status != 200]
    assert len(refusals) == 1
    session.close()


_BARE = """
import sys
for name in ("authlib", "requests_ntlm", "spnego", "truststore", "pandas", "pint", "yaml", "typer", "uvicorn"):
    sys.modules[name] = None
from assetmeta import connect
session = connect(sys.argv[1], username=sys.argv[2], password=sys.argv[3])
print(len(list(session.query(sys.argv[4]))) > 0)
"""


@pytest.mark.parametrize("name", WRONG)
def test_the_bare_install_logs_in(servers: dict[str, sandbox.Server], name: str) -> None:
    server = servers[name]
    arguments = (f"{name}+{server.url}", server.user, server.secret, TYPES[name])
    done = subprocess.run([sys.executable, "-c", _BARE, *arguments], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_a_client_of_its_own_asks_for_its_own_token(servers: dict[str, sandbox.Server]) -> None:
    server = servers["valispace"]
    before = len(server.requests)
    with ValispaceMeta(server.url, client_id="app", client_secret="wrong") as session:
        for _ in range(3):
            with pytest.raises(AuthenticationFailed, match="client id and secret.*invalid_client"):
                list(session.query("Component"))
    assert [entry.path for entry in server.requests[before:]] == ["/o/token/"]
