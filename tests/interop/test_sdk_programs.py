"""Programs for the VersionOne Python SDK print the same on v1pysdk 0.6.2 and on assetmeta.v1pysdk."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import assetmeta.v1pysdk
from assetmeta import sandbox
from tests.interop.sdk_programs import PROGRAMS

peer = pytest.importorskip("v1pysdk")
pytest.importorskip("v1pysdk.client")

# The peer leaves the answers of refused requests open.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def servers() -> Iterator[list[sandbox.Server]]:
    """Two servers that begin with the same data: what programs write on one they write on the other."""
    with contextlib.ExitStack() as opened:
        yield [opened.enter_context(sandbox.running("versionone", assets=200, seed=3)) for _ in range(2)]


def printed(program: Callable[..., None], sdk: Any, server: sandbox.Server) -> str:
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        program(sdk, server)
    return output.getvalue()


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_is_printed_with_fewer_requests(name: str, servers: list[sandbox.Server]) -> None:
    program, requests = PROGRAMS[name]
    expected = printed(program, peer, servers[0])
    servers[1].requests.clear()
    assert printed(program, assetmeta.v1pysdk, servers[1]) == expected
    assert expected
    assert len(servers[1].requests) == requests
