"""So many requests of one user within a minute."""

from __future__ import annotations

import pytest

from assetmeta.sandbox.rest.throttle import Throttle


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_one_more_than_the_most_waits_until_the_oldest_is_a_minute_old() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    assert [None, None, 60] == [throttle.wait(1, 2) for _ in range(3)]
    clock.now += 20.5
    assert 40 == throttle.wait(1, 2)
    clock.now += 39.4
    assert 1 == throttle.wait(1, 2)
    # Those that were refused do not count.
    clock.now += 0.1
    assert [None, None, 60] == [throttle.wait(1, 2) for _ in range(3)]


def test_each_user_has_a_count_of_their_own() -> None:
    throttle = Throttle(Clock())
    assert [None, None, 60, 60] == [throttle.wait(user, 1) for user in (1, 2, 1, 2)]


def test_without_a_limit_nothing_is_counted_and_with_none_left_everything_waits() -> None:
    throttle = Throttle(Clock())
    assert [None] * 5 == [throttle.wait(1, None) for _ in range(5)]
    assert [None, 60] == [throttle.wait(1, 1), throttle.wait(1, 0)]
    assert 60 == throttle.wait(2, 0)


def test_one_thread_counts_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    throttle = Throttle(Clock())

    class Watched(dict[int, object]):
        def __missing__(self, user: int) -> object:
            assert throttle._lock.locked()
            raise KeyError(user)

    monkeypatch.setattr(throttle, "_history", Watched())
    with pytest.raises(KeyError):
        throttle.wait(1, 1)
    assert not throttle._lock.locked()
