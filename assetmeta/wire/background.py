"""Calls in threads of their own: what is read ahead of the loop that works on what came before."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from contextvars import copy_context
from typing import Generic

from assetmeta.model.http import T


class BackgroundCall(Generic[T]):
    """A call that runs concurrently with the thread that starts it, with a copy of that thread's context variables.

    The thread is a daemon: a program that ends does not wait for it. Where no thread can be started,
    and in a process that was forked meanwhile, `result()` makes the call itself.
    """

    def __init__(self, call: Callable[[], T], on_leave: Callable[[], object] = lambda: None) -> None:
        self.is_left = False
        self._call = call
        self._on_leave = on_leave
        self._process = os.getpid()
        self._future: Future[T] = Future()

    def start(self) -> None:
        """Start the thread."""
        thread = threading.Thread(target=copy_context().run, args=(self._perform,), name="assetmeta-ahead", daemon=True)
        # Python raises RuntimeError when there are no more threads to be had, and while it ends.
        with suppress(RuntimeError):
            thread.start()
            return
        self._process = -1

    def result(self) -> T:
        """Wait for the call, and return what it returns or raise what it raises."""
        return self._future.result() if self._process == os.getpid() else self._call()

    def leave(self) -> None:
        """Give the call up: it sends nothing from now on, and its pauses before a request end at once. What was sent
        already is received and dropped.
        """
        self.is_left = True
        if self._process == os.getpid():
            self._on_leave()

    def _perform(self) -> None:
        try:
            value = self._call()
        except BaseException as error:  # noqa: BLE001 - raised where the result is awaited
            self._future.set_exception(error)
        else:
            self._future.set_result(value)
