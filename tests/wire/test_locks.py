"""What the threads of a session share is changed under its lock only."""

from __future__ import annotations

import pytest

from assetmeta.model.errors import Unreachable
from assetmeta.model.http import Request
from assetmeta.wire import cassette
from assetmeta.wire.auth import Basic, SharedAttempt, TokenCallable
from assetmeta.wire.cassette import Cassette
from assetmeta.wire.driver import Driver
from assetmeta.wire.ledger import Ledger, RequestBudget
from assetmeta.wire.login_guard import LoginGuard
from assetmeta.wire.retry import RetryPolicy

from .conftest import Reply, one

SHARED = {
    Driver: {"_traces", "_budgets", "_closed", "_threads"},
    Ledger: {"_count", "_sent", "_received", "_milliseconds"},
    RetryPolicy: {"_until"},
    LoginGuard: {"_turn"},
    SharedAttempt: {"_current"},
}


@pytest.fixture(autouse=True)
def changes(monkeypatch):
    """The names that were changed, each of them under the lock of its object once that was made."""
    found = set()

    def checked(names):
        def set_shared(self, name, value):
            if name in names and getattr(self, "is_made", False):
                assert self._lock.locked(), f"{type(self).__name__}.{name} is changed without the lock"
                found.add(name)
            object.__setattr__(self, name, value)

        return set_shared

    for kind, names in SHARED.items():
        monkeypatch.setattr(kind, "__setattr__", checked(names), raising=False)

        def made(self, *given, __init=kind.__init__, **named):
            __init(self, *given, **named)
            self.is_made = True

        monkeypatch.setattr(kind, "__init__", made)
    return found


def several(number):
    return (yield tuple(Request("GET", "a", idempotent=True) for _ in range(number)))


def test_of_a_driver(server, drive, changes):
    driver = drive(auth=Basic("user", "pw"))
    with driver.trace() as trace, driver.budget(5):
        driver.run(several(3))
    assert len(trace) == 3
    driver.close()
    assert SHARED[Driver] | SHARED[Ledger] | SHARED[LoginGuard] <= changes


def test_of_a_login_that_is_renewed(server, drive, changes):
    server.answers = [Reply(401), Reply()]
    tokens = iter(["old", "new"])
    driver = drive(auth=TokenCallable(lambda: next(tokens)))
    driver.run(several(1))
    assert SHARED[SharedAttempt] <= changes


def test_of_what_holds_requests_back(server, drive, changes):
    server.answers = [Reply(429, headers={"Retry-After": "3"}), Reply()]
    drive().run(several(1))
    assert {"_until"} <= changes


def test_a_wait_is_read_under_the_lock():
    patience = RetryPolicy(3, 60.0, lambda seconds: None, lambda: float(patience._lock.locked()))
    with patience._lock:
        patience._until = 5.0
    assert patience.left() == 4.0


def test_budgets_are_read_and_spent_under_one_lock(server, drive, monkeypatch):
    driver, held = drive(), []
    for name in ("check", "consume"):
        real = getattr(RequestBudget, name)

        def noted(self, number, real=real):
            held.append(driver._lock.locked())
            return real(self, number)

        monkeypatch.setattr(RequestBudget, name, noted)
    with driver.budget(2), driver.budget(2):
        driver.run(several(1))
    assert held == [True] * 4


class Entries(list):
    """A list that is changed and gone through while *is_held* only."""

    def __init__(self, is_held, entries=()):
        super().__init__(entries)
        self.is_held = is_held

    def append(self, value):
        assert self.is_held()
        super().append(value)

    def __iter__(self):
        assert self.is_held()
        return super().__iter__()


def test_entries_of_a_ledger(server, drive):
    driver = drive()
    driver.ledger._entries = Entries(driver.ledger._lock.locked)
    driver.run(several(1))
    assert len(list(driver.ledger)) == 1


class Store:
    """A cassette's store, whose members are reached while *lock* is held only."""

    def __init__(self, store, transport):
        self.__dict__.update(_store=store, _transport=transport)

    def __getattr__(self, name):
        assert self._transport._lock.locked(), f"{name} is reached without the lock"
        return getattr(self._store, name)

    def __setattr__(self, name, value):
        assert self._transport._lock.locked(), f"{name} is changed without the lock"
        setattr(self._store, name, value)

    def __len__(self):
        assert self._transport._lock.locked()
        return len(self._store)


@pytest.mark.parametrize("mode", ["all", "none"])
def test_of_a_cassette(server, drive, tmp_path, mode):
    path = tmp_path / "cassette.yaml"
    if mode == "none":
        first = drive(cassette=Cassette.record(path))
        first.run(several(2))
        first.close()
    made = []
    real = cassette._CassetteTransport.__init__

    def guarded(self, *given):
        real(self, *given)
        self._store = Store(self._store, self)
        made.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cassette._CassetteTransport, "__init__", guarded)
        driver = drive(cassette=Cassette.record(path) if mode == "all" else Cassette.replay(path))
    assert 2 == len(driver.run(several(2)))
    [transport] = made
    assert [] == transport.unused
    if mode == "none":
        with pytest.raises(Unreachable, match="cannot be replayed"):
            driver.run(one(Request("GET", "b", idempotent=True)))
    driver.close()
    assert path.exists()
    assert not transport._lock.locked()
