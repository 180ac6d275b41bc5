"""The process that the package runs in: what a forked child must not share with its parent is recreated in it, and the
garbage collector waits where it only gets in the way.
"""

from __future__ import annotations

import gc
import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

_PATIENCE = 1.0
"""Seconds for which a fork waits until another thread has finished what it is changing in memory."""


class Forkable(Protocol):
    """Holds locks, connections, threads or pending work."""

    def after_fork(self) -> None:
        """Recreate what the process that just began must not share with its parent. No I/O, no lock is taken."""
        ...


class Guarded(Protocol):
    """Holds a lock under which its state is consistent, and under which no I/O happens."""

    @property
    def lock(self) -> threading.RLock: ...


_T = TypeVar("_T")
_Living = dict[int, "weakref.ref[_T]"]

_known: _Living[Forkable] = {}
_guards: _Living[Guarded] = {}
_held: list[threading.RLock] = []


def renew_in_child(thing: Forkable) -> None:
    """Let `after_fork` be called in every child process, in the order in which things were registered here."""
    _add(_known, thing)


def fork_outside(thing: Guarded) -> None:
    """Let a fork wait for the lock of *thing*, so that the child finds no state that is half changed."""
    _add(_guards, thing)


def _add(living: _Living[_T], thing: _T) -> None:
    # A plain dictionary: a weak set cannot be walked through while another thread adds to it.
    key = id(thing)

    def forget(_: object) -> None:
        living.pop(key, None)

    living[key] = weakref.ref(thing, forget)


def _before() -> None:
    for known in list(_guards.values()):
        thing = known()
        if thing is not None and thing.lock.acquire(timeout=_PATIENCE):
            _held.append(thing.lock)


def _release() -> None:
    while _held:
        _held.pop().release()


def _in_child() -> None:
    _release()
    for known in list(_known.values()):
        thing = known()
        if thing is not None:
            thing.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_release, after_in_child=_in_child)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Let the garbage collector wait while a page is read: tens of thousands of objects are made, nearly all of which
    stay, and it would look through them time and again. No I/O happens inside.

    Of threads that overlap here, whichever ends first lets it go on.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
