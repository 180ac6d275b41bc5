"""Writes that are broken off or meet passing faults: each outcome says what the server has, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

import pytest

from assetmeta import Done, Skipped, Unknown
from assetmeta.backends import versionone, write_scheduler
from assetmeta.backends.versionone import VersionOne
from assetmeta.model.errors import SessionClosed
from assetmeta.sandbox import Server
from contract.committed import Connect, kinds, loaded, stored
from contract.dialect import Dialect
from contract.needs import needs
from contract.systems import ONE_EACH

TYPES = ONE_EACH

ROUND = 8
"""Requests in one round here: what the tests are about shows after a few, too."""

NUMBER = ROUND + 6
"""More changes than one round holds."""

SECOND = ROUND + 4
"""An answer of the second round."""


@pytest.fixture(autouse=True)
def small_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_scheduler, "MOST", ROUND)
    monkeypatch.setattr(versionone, "VersionOne", partial(VersionOne, max_batch=ROUND))


def one_by_one(dialect: Dialect) -> dict[str, Any]:
    """Settings with which every change is a request of its own."""
    return {"bulk": False} if dialect.sandbox == "versionone" else {}


def interrupting(session: Any, number: int, act: Callable[[], object]) -> None:
    """Call *act* as soon as the answer to that many requests is there, before anybody has seen the last one."""
    numbers, deliver = count(1), session._driver._sender.deliver

    def delivered(request: Any, *given: Any) -> Any:
        answer = deliver(request, *given)
        if next(numbers) == number:
            act()
        return answer

    session._driver._sender.deliver = delivered


def names_on(connect: Connect, dialect: Dialect) -> set[str]:
    return {item[dialect.own] for item in connect()[dialect.item].select(dialect.own)}


def writing(dialect: Dialect) -> str:
    """The method of an update."""
    return "POST" if dialect.sandbox == "versionone" or dialect.item == "Requirement" else "PATCH"


def pending(dialect: Dialect, connect: Connect, word: str, **settings: Any) -> tuple[Any, list[str]]:
    """A session with new items, more than one round holds, below one parent; and the items' names."""
    author = connect()
    above = dialect.above(author)
    author.commit().raise_if_failed()
    session = connect(**one_by_one(dialect), **settings)
    parent = None if above is None else session.asset_from_oid(above.idref)
    news = [dialect.new_item(session, dialect.fresh(word), parent) for _ in range(NUMBER)]
    return session, [new[dialect.own] for new in news]


@pytest.mark.parametrize("after", [5, SECOND])
def test_a_session_closed_meanwhile_says_of_each_create_what_the_server_has(
    dialect: Dialect, connect: Connect, after: int
) -> None:
    """Closed in the first round and in the second: what was answered is done, what was not sent is skipped."""
    session, names = pending(dialect, connect, "Closed", pool=2)
    interrupting(session, after, session.close)
    report = session.commit()
    there = names_on(connect, dialect)
    assert 0 < len(there.intersection(names)) < NUMBER
    assert [Done if name in there else Skipped for name in names] == kinds(report)
    assert {SessionClosed} == {type(error) for error in report}
    assert not any(error.sent for error in report)
    assert report is session.last_report


@pytest.mark.parametrize("number", [3, SECOND])
def test_an_interrupt_keeps_all_answers_that_came(
    dialect: Dialect, server: Server, connect: Connect, number: int
) -> None:
    """In the first round and in the second: only what was under way is unknown, what was not sent is sent later."""
    session, names = pending(dialect, connect, "Stopped", pool=1)

    def interrupt() -> None:
        raise KeyboardInterrupt

    before = len(dialect.writes(server))
    interrupting(session, number, interrupt)
    with pytest.raises(KeyboardInterrupt):
        session.commit()
    report = session.last_report
    there = names_on(connect, dialect)
    found = dict(zip(names, kinds(report), strict=True))
    assert number - 1 <= len(report.done)
    # The thread may have begun with the next one before it is told.
    assert len(report.unknown) in (1, 2)
    assert [Done, Unknown] == [found[name] for name in names[number - 2 : number]]
    assert not [name for name in names if found[name] is (Skipped if name in there else Done)]
    assert not any(outcome.error.sent for outcome in report.skipped)
    assert NUMBER - len(report.done) == session.pending
    assert len(report.unknown) == len(session.commit().unknown)
    assert len(dialect.writes(server)) - before <= NUMBER
    assert names_on(connect, dialect).issuperset(name for name in names if found[name] is not Unknown)


@needs("gauge")
@pytest.mark.parametrize("fault", ["503", "drop", "drop-before"])
def test_updates_go_on_after_passing_faults(dialect: Dialect, server: Server, connect: Connect, fault: str) -> None:
    """What landed without an answer is found by a read, and only what did not land is sent again."""
    slept: list[float] = []
    session = connect(sleep=slept.append, **one_by_one(dialect))
    mark, _, after = dialect.gauge
    items = loaded(dialect, session, connect, NUMBER)
    for item in items:
        item[mark] = after
    before = len(dialect.writes(server))
    is_bulk = dialect.item == "Requirement"
    server.add_fault(fault, count=1 if is_bulk else 2, method=writing(dialect))
    assert not session.commit()
    assert [after] * NUMBER == stored(connect, items, mark)
    if is_bulk:
        # Several in one request.
        assert [1.0] == slept
    else:
        assert [1.0] == slept
        assert NUMBER + (0 if fault == "drop" else 2) == len(dialect.writes(server)) - before


@pytest.mark.parametrize("fault", ["503", "drop"])
def test_creates_in_doubt_stay_unknown_and_the_rest_goes_on(
    dialect: Dialect, server: Server, connect: Connect, fault: str
) -> None:
    slept: list[float] = []
    session, names = pending(dialect, connect, "Doubtful", sleep=slept.append)
    server.add_fault(fault, method="POST")
    report = session.commit()
    assert (NUMBER - 1, 1) == (len(report.done), len(report.unknown))
    assert [1.0] == slept
    found = [item[dialect.own] for item in connect()[dialect.item].select(dialect.own)]
    assert NUMBER - (fault == "503") == sum(found.count(name) for name in names)
    writes = dialect.writes(server)
    assert [Unknown] == kinds(session.commit())
    assert writes == dialect.writes(server)


@needs("gauge")
def test_a_server_that_stays_away_leaves_the_rest_skipped(dialect: Dialect, server: Server, connect: Connect) -> None:
    slept: list[float] = []
    session = connect(sleep=slept.append, **one_by_one(dialect))
    mark, before, after = dialect.gauge
    items = loaded(dialect, session, connect, NUMBER)
    for item in items:
        item[mark] = after
    server.add_fault("503", count=None)
    report = session.commit()
    server.clear_faults()
    assert not report.done
    assert NUMBER == len(report.unknown) + len(report.skipped)
    assert NUMBER - ROUND <= len(report.skipped)
    assert not any(outcome.error.sent for outcome in report.skipped)
    assert [before] * NUMBER == stored(connect, items, mark)
    assert not session.commit()
    assert [after] * NUMBER == stored(connect, items, mark)
