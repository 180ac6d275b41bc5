"""What happens around a fork, without one."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest

from assetmeta.model import processes


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("_known", "_guards"):
        monkeypatch.setattr(processes, name, {})
    monkeypatch.setattr(processes, "_held", [])
    monkeypatch.setattr(processes, "_PATIENCE", 0.01)
    yield


class Thing:
    def __init__(self, seen: list[object]) -> None:
        self.lock, self.seen = threading.RLock(), seen

    def after_fork(self) -> None:
        self.seen.append(self)


def is_free(lock: threading.RLock) -> bool:
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(lock.acquire(blocking=False)))
    thread.start()
    thread.join()
    return found[0]


def test_locks_are_held_while_the_process_is_copied_and_free_afterwards() -> None:
    things = [Thing([]), Thing([])]
    for thing in things:
        processes.fork_outside(thing)
    for after in (processes._release, processes._in_child):
        processes._before()
        assert [is_free(thing.lock) for thing in things] == [False, False]
        after()
        with pytest.raises(RuntimeError):
            things[0].lock.release()
        with pytest.raises(RuntimeError):
            things[1].lock.release()


def test_a_lock_that_another_thread_keeps_does_not_hold_up_a_fork() -> None:
    kept, free = Thing([]), Thing([])
    for thing in (kept, free):
        processes.fork_outside(thing)
    taken, done = threading.Event(), threading.Event()

    def keep() -> None:
        with kept.lock:
            taken.set()
            done.wait(10)

    thread = threading.Thread(target=keep)
    thread.start()
    taken.wait(10)
    processes._before()
    assert processes._held == [free.lock]
    processes._release()
    done.set()
    thread.join()


def test_all_that_is_left_is_renewed_in_a_child_in_its_order() -> None:
    seen: list[object] = []
    things = [Thing(seen) for _ in range(3)]
    for thing in things:
        processes.renew_in_child(thing)
    processes._in_child()
    assert seen == things
    seen.clear()
    del things[1], thing
    gc.collect()
    assert len(processes._known) == 2
    processes._in_child()
    assert seen == things
