"""A server per dialect and module, sessions to it, and a scene for the modules that only read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assetmeta import sandbox
from contract.dialect import Dialect
from contract.needs import fitting
from contract.scene import Scene, play
from contract.systems import DIALECTS


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test for the dialects that have what it needs; a test of *impossible* things for each of these."""
    if "dialect" not in metafunc.fixturenames:
        return
    chosen = fitting(metafunc.function, DIALECTS)
    if "impossible" in metafunc.fixturenames:
        pairs = [pytest.param(one, what, id=f"{one}-{what}") for one in chosen for what in one.cannot]
        metafunc.parametrize(("dialect", "impossible"), pairs, indirect=["dialect"], scope="module")
    else:
        metafunc.parametrize("dialect", chosen, ids=str, indirect=True, scope="module")


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where schemas are kept, so that sessions need no request for them."""
    return tmp_path_factory.mktemp("schemas")


@pytest.fixture(scope="module")
def dialect(request: pytest.FixtureRequest) -> Dialect:
    """Each dialect in turn."""
    return request.param


@pytest.fixture(scope="module")
def server(dialect: Dialect) -> Iterator[sandbox.Server]:
    """An empty server of the dialect."""
    with sandbox.running(dialect.sandbox) as running:
        if dialect.prepare:
            dialect.prepare(running)
        yield running


@pytest.fixture
def connect(dialect: Dialect, server: sandbox.Server, shelf: Path) -> Iterator[Callable[..., Any]]:
    """Opens another session to the server; its schema is known already."""
    opened: list[Any] = []

    def another(**options: Any) -> Any:
        session = dialect.open(server, shelf, **options)
        assert dialect.item in session.types
        opened.append(session)
        return session

    yield another
    for session in opened:
        session.close()


@pytest.fixture
def session(connect: Callable[..., Any]) -> Any:
    """A session for this test alone."""
    return connect()


@pytest.fixture(scope="module")
def scene(dialect: Dialect, server: sandbox.Server, shelf: Path) -> Scene:
    """The items of the server. Tests of a module that uses it leave them, and their number, as they are."""
    # One request at a time, so that the server numbers the assets in the order in which they are made.
    with dialect.open(server, shelf, pool=1) as author:
        return play(dialect, author)
