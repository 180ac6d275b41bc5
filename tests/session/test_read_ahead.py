"""Pages read ahead, against the sandboxes: a loop finds the same in as many requests, whatever happens meanwhile."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from assetmeta import BadValue, TestspaceMeta, V1Meta, ValispaceMeta, ValohaiMeta
from assetmeta import sandbox as sandboxes

CLASSES: dict[str, Any] = {
    "versionone": V1Meta,
    "valispace": ValispaceMeta,
    "valohai": ValohaiMeta,
    "testspace": TestspaceMeta,
}
TYPES = {"versionone": "Story", "valispace": "Component", "valohai": "Execution", "testspace": "Result"}
LABELS = {"versionone": "Name", "valispace": "name", "valohai": "title", "testspace": "name"}


@pytest.fixture(scope="module", params=CLASSES)
def server(request: pytest.FixtureRequest) -> Iterator[sandboxes.Server]:
    with sandboxes.running(request.param, assets=300, seed=7) as running:
        yield running


def pages_of(session: Any, server: sandboxes.Server) -> Iterator[list[Any]]:
    name = next(name for name in CLASSES if isinstance(session, CLASSES[name]))
    found: Iterator[list[Any]] = session[TYPES[name]].select(LABELS[name]).pages()
    return found


def connect(server: sandboxes.Server, name: str, **settings: Any) -> Any:
    return CLASSES[name](**server.credentials, page_size=5, **settings)


@pytest.fixture
def name(request: pytest.FixtureRequest, server: sandboxes.Server) -> str:
    found: str = request.node.callspec.params["server"]
    return found


def test_a_loop_to_the_end_finds_the_same_in_as_many_requests(server: sandboxes.Server, name: str) -> None:
    found, requests = [], []
    for prefetch in (0, 1, 3):
        session = connect(server, name, prefetch=prefetch)
        assert TYPES[name] in session.types
        with session.trace() as trace:
            found.append([[asset.idref for asset in page] for page in pages_of(session, server)])
        requests.append(len(trace))
    assert len(found[0]) > 1
    assert found[0] == found[1] == found[2]
    assert requests[0] == requests[1] == requests[2]


def test_pages_from_before_a_write_are_read_again_and_none_is_missing(server: sandboxes.Server, name: str) -> None:
    whole = [asset.idref for page in pages_of(connect(server, name, prefetch=0), server) for asset in page]
    session = connect(server, name, prefetch=1)
    found = []
    for place, page in enumerate(pages_of(session, server)):
        if place % 2:
            # Nothing is different on the server, but the session cannot know that.
            session._context.writes += 1
        found += [asset.idref for asset in page]
    assert whole == found


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_a_forked_process_goes_on_with_a_loop_by_itself(server: sandboxes.Server, name: str) -> None:
    whole = [asset.idref for page in pages_of(connect(server, name, prefetch=0), server) for asset in page]
    session = connect(server, name, prefetch=2)
    pages = pages_of(session, server)
    begun = [asset.idref for _ in range(2) for asset in next(pages, [])]
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        rest = []
        try:
            rest = [asset.idref for page in pages for asset in page]
        finally:
            with os.fdopen(writing, "w") as pipe:
                pipe.write("\n".join(rest))
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        theirs = pipe.read().split()
    os.waitpid(child, 0)
    assert whole == begun + theirs
    assert whole == begun + [asset.idref for page in pages for asset in page]


def test_no_thread_is_left_when_a_loop_and_its_session_end(server: sandboxes.Server, name: str) -> None:
    session = connect(server, name, prefetch=2)
    pages = pages_of(session, server)
    next(pages), next(pages)
    pages.close()  # type: ignore[attr-defined]
    session.close()
    for thread in threading.enumerate():
        if thread.name == "assetmeta-ahead":
            thread.join(20)
            assert not thread.is_alive()


@pytest.mark.parametrize("value", [-1, 1.5, "1", None])
def test_a_number_of_pages_that_is_none_is_refused(value: Any) -> None:
    with pytest.raises(BadValue, match="prefetch= takes a whole number"):
        V1Meta("https://host/Instance", token="t", prefetch=value)
