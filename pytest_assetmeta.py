"""The pytest plugin of assetmeta. Nothing of the library is imported, and no server started, before a test asks.

def test_sprint_report(versionone_sandbox, request_budget):
    v1 = V1Meta(**versionone_sandbox.credentials)
    request_budget(v1, requests=5)      # from here on; the sixth request raises BudgetExceeded
    ...

def test_no_request_per_story(versionone_sandbox_shared, request_trace):
    v1 = V1Meta(**versionone_sandbox_shared.credentials)
    trace = request_trace(v1)           # from here on
    ...
    assert len(trace) <= 3, trace
    assert not trace.repeats, trace

It stands beside the package, since importing a module of the package imports all of the client.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from assetmeta import Session, Trace


class RequestTrace(Protocol):
    """What the fixture `request_trace` gives a test."""

    def __call__(self, session: Session) -> Trace:
        """Trace a session's requests until the end of the test; the Trace is returned at once."""


class RequestBudget(Protocol):
    """What the fixture `request_budget` gives a test."""

    def __call__(self, session: Session, requests: int) -> None:
        """Allow a session so many requests until the end of the test; one more raises BudgetExceeded."""


@pytest.fixture
def request_trace() -> Iterator[RequestTrace]:
    """`request_trace(session)` traces a session's requests until the end of the test, and returns the Trace at once."""
    with ExitStack() as stack:

        def traced(session: Session) -> Trace:
            return stack.enter_context(session.trace())

        yield traced


@pytest.fixture
def request_budget() -> Iterator[RequestBudget]:
    """`request_budget(session, requests=5)` allows 5 requests until the end of the test, no more."""
    with ExitStack() as stack:

        def bounded(session: Session, requests: int) -> None:
            stack.enter_context(session.budget(requests))

        yield bounded


def _fresh(system: str, what: str) -> Any:
    """A fixture: a server for one test alone."""
    return pytest.fixture(_server(system, 0, f"A fresh {what}"))


def _shared(system: str, what: str) -> Any:
    """A fixture: a server for all tests of a run."""
    words = f"One {what} for all tests of the run: read it, do not change it."
    return pytest.fixture(_server(system, 300, words), scope="session")


def _server(system: str, assets: int, words: str) -> Any:
    def server() -> Iterator[Any]:
        with importlib.import_module("assetmeta.sandbox").running(system, assets=assets) as running:
            yield running

    server.__doc__ = words
    return server


versionone_sandbox = _fresh("versionone", "VersionOne system for this test alone, empty.")
versionone_sandbox_shared = _shared("versionone", "VersionOne system with about 300 assets")
valispace_sandbox = _fresh("valispace", "Valispace deployment for this test alone, with nothing but what each one has.")
valispace_sandbox_shared = _shared("valispace", "Valispace deployment with about 300 objects")
valohai_sandbox = _fresh("valohai", "Valohai installation for this test alone, with nothing but what each one has.")
valohai_sandbox_shared = _shared("valohai", "Valohai installation with about 300 objects")
testspace_sandbox = _fresh("testspace", "Testspace organization for this test alone, with a few projects in it.")
testspace_sandbox_shared = _shared("testspace", "Testspace organization with about 300 objects")
