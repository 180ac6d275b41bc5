"""A server per dialect and module, sessions to it, and a scene for the modules that only read, which share a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from assetmeta import sandbox
from contract.dialect import Dialect
from contract.needs import fitting
from contract.scene import Scene, play

READERS = ("test_capabilities", "test_conditions", "test_identity", "test_loading", "test_queries")
"""The modules that leave the scene as it is: one server of a dialect is enough for them all."""


@dataclass(frozen=True, eq=False)
class Stage:
    """A server that tests share: its dialect, and a name. There is one object for each."""

    dialect: Dialect
    name: str


@cache
def stage(dialect: Dialect, module: str) -> Stage:
    """Where the tests of a module are run for a dialect."""
    return Stage(dialect, f"contract/{'readers' if module in READERS else module}/{dialect}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test for those of its module's `TYPES` that have what it needs; all *impossible* things for each."""
    if "dialect" not in metafunc.fixturenames:
        return
    module = metafunc.module.__name__.rpartition(".")[2]
    chosen = fitting(metafunc.function, metafunc.module.TYPES)
    if "impossible" in metafunc.fixturenames:
        pairs = [pytest.param(stage(one, module), what, id=f"{one}-{what}") for one in chosen for what in one.cannot]
        metafunc.parametrize(("dialect", "impossible"), pairs, indirect=["dialect"], scope="session")
    else:
        stages = [pytest.param(stage(one, module), id=str(one)) for one in chosen]
        metafunc.parametrize("dialect", stages, indirect=True, scope="session")


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where schemas are kept, so that sessions need no request for them."""
    return tmp_path_factory.mktemp("schemas")


@pytest.fixture(scope="session")
def dialect(request: pytest.FixtureRequest) -> Dialect:
    """Each dialect in turn. Another stage is another dialect to pytest, and gets a server of its own."""
    played: Stage = request.param
    return played.dialect


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def scene(dialect: Dialect, server: sandbox.Server, shelf: Path) -> Scene:
    """The items of the server. Tests that use it leave them, and their number, as they are."""
    # One request at a time, so that the server numbers the assets in the order in which they are made.
    with dialect.open(server, shelf, pool=1) as author:
        return play(dialect, author)
