"""Fixtures that keep an eye on requests in tests of code that uses assetmeta. They start nothing by themselves.

def test_report(v1, request_budget):
    request_budget(v1, 5)               # from here on; the sixth request fails the test
    ...

def test_no_request_per_story(v1, request_trace):
    trace = request_trace(v1)           # from here on
    ...
    assert not trace.repeats, trace
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from assetmeta import Session, Trace


@pytest.fixture
def request_trace() -> Iterator[Callable[[Session], Trace]]:
    """A function that traces a session's requests until the end of the test, and returns the Trace at once."""
    with ExitStack() as stack:
        yield lambda session: stack.enter_context(session.trace())


@pytest.fixture
def request_budget() -> Iterator[Callable[[Session, int], None]]:
    """A function that allows a session so many requests until the end of the test; one more raises OverBudget."""
    with ExitStack() as stack:
        yield lambda session, requests: stack.enter_context(session.budget(requests))
