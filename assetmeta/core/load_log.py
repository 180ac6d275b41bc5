"""Watching lazy loads: which reads sent requests, from which line of code, and what would have saved them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path as FilePath
from types import FrameType

from msgspec import Struct

from assetmeta.model.errors import NotLoaded
from assetmeta.model.printable import printable

_PACKAGE = str(FilePath(__file__).parent.parent)


class LazyLoad(Struct, frozen=True):
    """One lazy load: *name* of *number* assets of *type_name*, read at *place* ("report.py:14 in main").

    *advice* is the call that would have brought it along.
    """

    type_name: str
    name: str
    number: int
    place: str
    advice: str


class RepeatedLoad(Struct, frozen=True):
    """Loads that differ in nothing but the asset: the same attribute, at the same line, *times* over."""

    load: LazyLoad
    times: int

    def __str__(self) -> str:
        load = self.load
        return printable(
            f"{self.times} times {load.type_name}.{load.name}, read at {load.place}, took a request each: {load.advice}"
        )


def repeats(loads: Sequence[LazyLoad]) -> list[RepeatedLoad]:
    """Group like loads; groups of one are left out. Most repeated first."""
    groups: dict[tuple[str, str, str], list[LazyLoad]] = {}
    for load in loads:
        groups.setdefault((load.place, load.type_name, load.name), []).append(load)
    found = [RepeatedLoad(group[0], len(group)) for group in groups.values() if len(group) > 1]
    return sorted(found, key=lambda repeat: -repeat.times)


class LoadLog:
    """Hands every lazy load to the lists of the blocks that are open."""

    def __init__(self) -> None:
        # By identity, since equal lists are distinct; one step each, so that threads lose no block of each other.
        self._open: dict[int, list[LazyLoad]] = {}

    @property
    def is_on(self) -> bool:
        """True while a block collects loads; finding the place of a read is not free."""
        return bool(self._open)

    def note(self, load: LazyLoad) -> None:
        """Record a load."""
        for loads in tuple(self._open.values()):
            loads.append(load)

    @contextmanager
    def watching(self) -> Iterator[list[LazyLoad]]:
        """Collect the loads of a block, from all threads."""
        loads: list[LazyLoad] = []
        self._open[id(loads)] = loads
        try:
            yield loads
        finally:
            del self._open[id(loads)]


_LOOKING = (
    "IPython.core.oinspect",
    "IPython.core.completer",
    "IPython.core.guarded_eval",
    "jedi",
    "rich._inspect",
    "_pydevd_bundle",
)
"""Modules, and packages, that read attributes only to show them or to complete names."""

_FINDING = ("IPython.core.interactiveshell", "_ofind")
"""Where IPython finds what help is wanted for; the same module also runs what the user writes."""


_COMPLETING = ("IPython.utils.dir2", "IPython.core.completer", "jedi", "rlcompleter")
"""What lists names to complete one."""

_DESCRIBING = ("inspect", "pydoc")
"""What help() asks each base of a class for the members of the class."""


class LookedAt(NotLoaded):
    """What is not loaded was read by a program that only shows it: that sends no request."""


def is_looked_at() -> bool:
    """Whether the reader is help, completion, rich.inspect() or a debugger's list of variables."""
    frame = _outside()
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name.startswith(_LOOKING) or (name == _FINDING[0] and frame.f_code.co_name.startswith(_FINDING[1])):
            return True
        # What finds an object goes through helpers in the same module.
        if name != _FINDING[0]:
            return False
        frame = frame.f_back
    return False


def is_completing() -> bool:
    """Whether names are listed to complete one, at a prompt."""
    frame = _outside()
    return frame is not None and frame.f_globals.get("__name__", "").startswith(_COMPLETING)


def is_described() -> bool:
    """Whether a class is looked at: as `is_looked_at()`, or by help()."""
    frame = _outside()
    return is_looked_at() or (frame is not None and frame.f_globals.get("__name__", "") in _DESCRIBING)


def refuse_inspection() -> None:
    """Raise TypeError when help reads a length only to show it: that sends no request."""
    if is_looked_at():
        raise TypeError("it is not loaded, and looking loads nothing")


def place_of_read() -> str:
    """The innermost line outside this package, as "file.py:14 in function"."""
    frame = _outside()
    if frame is None:
        return "an unknown place"
    return f"{FilePath(frame.f_code.co_filename).name}:{frame.f_lineno} in {frame.f_code.co_name}"


def is_internal(frame: FrameType) -> bool:
    """Whether a frame is of this package."""
    return frame.f_code.co_filename.startswith(_PACKAGE)


def _outside() -> FrameType | None:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and is_internal(frame):
        frame = frame.f_back
    return frame
