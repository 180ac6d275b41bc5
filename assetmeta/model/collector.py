"""Python's garbage collector, and when it only gets in the way."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


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
