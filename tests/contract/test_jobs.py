"""Jobs: what was sent and never answered is looked up, and every asset is there exactly once in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from assetmeta import Done, JobError, UsageError
from assetmeta.backends import versionone, write_scheduler
from assetmeta.backends.versionone import VersionOne
from assetmeta.sandbox import Server
from contract.committed import Connect, loaded, stored
from contract.dialect import Dialect
from contract.needs import needs
from contract.systems import DISTINCT

TYPES = DISTINCT

ROUND = 4
"""Requests, or changes in a request, of one round here."""

NUMBER = 6


@pytest.fixture(autouse=True)
def faultless(server: Server) -> Iterator[None]:
    yield
    server.clear_faults()


@pytest.fixture(autouse=True)
def small_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_scheduler, "MOST", ROUND)
    monkeypatch.setattr(versionone, "VersionOne", partial(VersionOne, max_batch=ROUND, max_bulk=ROUND, max_lanes=1))


class Script:
    """What a user runs again and again: items with names of their own below one parent, and updates of others."""

    def __init__(self, dialect: Dialect, connect: Connect, folder: Path) -> None:
        self.dialect, self.connect, self.folder = dialect, connect, folder
        author = connect()
        above = dialect.above(author)
        author.commit().raise_if_failed()
        self.parent = None if above is None else above.idref
        self.names = [dialect.fresh("Job") for _ in range(NUMBER)]
        self.slept: list[float] = []

    def fill(self, session: Any, names: list[str] | None = None) -> list[Any]:
        parent = None if self.parent is None else session.asset_from_oid(self.parent)
        return [self.dialect.new_item(session, name, parent) for name in names or self.names]

    def run(self, names: list[str] | None = None, **settings: Any) -> tuple[Any, list[Any]]:
        session = self.connect(sleep=self.slept.append)
        with session.job("night", folder=self.folder, **settings) as job:
            made = self.fill(session, names)
        return job, made

    def there(self) -> Counter[str]:
        """How often each name is on the server."""
        every = [item[self.dialect.own] for item in self.connect()[self.dialect.item].select(self.dialect.own)]
        return Counter(name for name in every if name in self.names)

    def once(self) -> Counter[str]:
        return Counter(dict.fromkeys(self.names, 1))


@pytest.fixture
def script(dialect: Dialect, connect: Connect, tmp_path: Path) -> Script:
    return Script(dialect, connect, tmp_path)


def creating(dialect: Dialect, script: Script, server: Server) -> str:
    """The path of the request that creates items."""
    before = len(server.requests)
    probe = script.connect(**({"bulk": True} if dialect.sandbox == "versionone" else {}))
    name = dialect.fresh("Probe")
    parent = None if script.parent is None else probe.asset_from_oid(script.parent)
    dialect.new_item(probe, name, parent)
    dialect.new_item(probe, dialect.fresh("Probe"), parent)
    probe.commit().raise_if_failed()
    return str(next(entry.path for entry in server.requests[before:] if entry.method == "POST").partition("?")[0])


@pytest.mark.parametrize("fault", ["drop", "drop-before", "503"])
def test_creates_that_were_not_answered_are_looked_up(
    dialect: Dialect, server: Server, script: Script, fault: str
) -> None:
    path = creating(dialect, script, server)
    server.add_fault(fault, count=2, method="POST", path=path)
    job, made = script.run()
    assert script.once() == script.there()
    assert NUMBER == len(job.report.done)
    assert not job.report
    assert all(not item._state.oid.is_new for item in made)
    assert script.names == [item[dialect.own] for item in made]
    assert "finished" == job.status.state


def test_a_finished_job_sends_nothing(dialect: Dialect, server: Server, script: Script) -> None:
    _, made = script.run()
    writes = dialect.writes(server)
    job, again = script.run()
    assert writes == dialect.writes(server)
    assert [item.idref for item in made] == [item.idref for item in again]
    assert "finished before" in str(job.report)
    assert NUMBER == len(job.report.done)


def broken_off(script: Script, server: Server, writes: int) -> Any:
    """A run that Ctrl-C ends after that many writes were answered."""
    session = script.connect(pool=1)
    deliver, left = session._driver._sender.deliver, [writes]

    def delivered(request: Any, *given: Any) -> Any:
        answer = deliver(request, *given)
        left[0] -= request.writes
        if request.writes and left[0] < 0:
            raise KeyboardInterrupt
        return answer

    session._driver._sender.deliver = delivered
    with pytest.raises(KeyboardInterrupt), session.job("night", folder=script.folder) as job:
        script.fill(session)
    assert 0 == session.pending
    return job


@pytest.mark.parametrize("after", [0, 1])
def test_a_job_that_was_broken_off_goes_on(dialect: Dialect, server: Server, script: Script, after: int) -> None:
    job = broken_off(script, server, after)
    assert "unfinished" == job.status.state
    assert NUMBER == len(job.report.outcomes)
    assert len(job.report.unknown) + len(job.report.skipped) > 0
    job, made = script.run()
    assert script.once() == script.there()
    assert script.names == [item[dialect.own] for item in made]
    assert [Done] * NUMBER == [type(outcome) for outcome in job.report.outcomes]


def test_an_equal_asset_from_before_is_not_taken_for_a_new_one(
    dialect: Dialect, server: Server, connect: Connect, script: Script
) -> None:
    """Where the server takes two assets of one name."""
    path = creating(dialect, script, server)
    for _ in range(2):
        session = connect()
        script.fill(session, script.names[:1])
        report = session.commit()
        session.revert()
    for number, fault in enumerate(("drop-before", "drop"), start=3):
        server.add_fault(fault, method="POST", path=path)
        job, _ = script.run(script.names[:1], fresh=True)
        if report:
            assert (1, 1) == (len(job.report.failed), script.there()[script.names[0]])
        else:
            assert (1, number) == (len(job.report.done), script.there()[script.names[0]])
        server.clear_faults()


@needs("gauge")
def test_updates_and_deletes_go_on(dialect: Dialect, server: Server, connect: Connect, tmp_path: Path) -> None:
    mark, _, after = dialect.gauge
    made = connect()
    items = loaded(dialect, made, connect, 4)
    gone, *kept = items

    def run(session: Any) -> Any:
        with session.job("edits", folder=tmp_path) as job:
            for item in kept:
                session.asset_from_oid(item.idref)[mark] = after
            session.delete(session.asset_from_oid(gone.idref))
        return job

    session = connect(pool=1)
    deliver = session._driver._sender.deliver

    def delivered(request: Any, *given: Any) -> Any:
        answer = deliver(request, *given)
        if request.writes:
            raise KeyboardInterrupt
        return answer

    session._driver._sender.deliver = delivered
    with pytest.raises(KeyboardInterrupt):
        run(session)
    job = run(connect())
    assert [after] * 3 == stored(connect, kept, mark)
    assert not job.report
    writes = dialect.writes(server)
    job = run(connect())
    assert writes == dialect.writes(server)


def test_a_block_is_left_to_its_end(dialect: Dialect, server: Server, script: Script) -> None:
    session = script.connect()
    acts: list[Callable[[], Any]] = [session.commit, lambda: session[dialect.item].create()]
    writes = dialect.writes(server)
    for act in acts:
        with pytest.raises(UsageError, match="end of the block"), session.job("night", folder=script.folder):
            script.fill(session)
            act()
    assert (0, writes) == (session.pending, dialect.writes(server))
    assert "new" == session.job("night", folder=script.folder).status.state


def test_another_plan_is_refused(dialect: Dialect, server: Server, script: Script) -> None:
    script.run()
    writes = dialect.writes(server)
    with pytest.raises(JobError, match="does not fit"):
        script.run([*script.names[1:], dialect.fresh("Job")])
    assert writes == dialect.writes(server)
