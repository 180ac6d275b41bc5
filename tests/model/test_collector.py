"""The garbage collector waits while a page is read, and only then."""

from __future__ import annotations

import gc
from collections.abc import Generator, Iterator

import pytest

from assetmeta.model.http import perform
from assetmeta.model.processes import collector_paused


@pytest.fixture(autouse=True)
def collecting() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.enable()
    yield
    (gc.enable if was_on else gc.disable)()


def test_the_collector_goes_on_after_a_page_and_after_an_error() -> None:
    with collector_paused():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ValueError, match="torn"), collector_paused():
        raise ValueError("torn")
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    with collector_paused():
        pass
    assert not gc.isenabled()


def test_the_collector_waits_while_a_flow_works_on_an_answer_and_not_while_it_waits_for_one() -> None:
    during: list[bool] = []

    def flow() -> Generator[str, str, str]:
        answer = yield "request"
        during.append(gc.isenabled())
        return answer

    def answer(request: str) -> str:
        during.append(gc.isenabled())
        return request

    assert perform(flow(), answer) == "request"
    assert [True, False, True] == [*during, gc.isenabled()]
