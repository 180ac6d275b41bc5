"""Errors without the frames in which secrets are: tools that show local variables would show headers and addresses."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import TracebackType
from typing import ParamSpec, TypeVar

_HIDDEN = ("requests", "urllib3", "http", "ssl", "socket", "socks", "requests_ntlm", "assetmeta.wire")


P = ParamSpec("P")
T = TypeVar("T")


def without_frames(error: BaseException, hidden: tuple[str, ...] = _HIDDEN) -> BaseException:
    """Return an error, and all that it was raised from, without the frames of the HTTP libraries and of this layer, or
    of the modules and packages in *hidden*.

    The frames of others, such as an auth object or a file of the caller's, are kept.
    """
    seen: list[BaseException] = []
    _strip(error, seen, hidden)
    return error


def discreet(function: Callable[P, T]) -> Callable[P, T]:
    """Let the errors of a function that takes passwords and tokens come without the frames of this package."""

    @functools.wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except BaseException as error:  # noqa: BLE001 - raised below, where the arguments are no more
            failure = without_frames(error, (*_HIDDEN, "assetmeta"))
        del args, kwargs
        raise failure

    return called


def _strip(error: BaseException | None, seen: list[BaseException], hidden: tuple[str, ...]) -> None:
    if error is None or any(error is other for other in seen):
        return
    seen.append(error)
    error.__traceback__ = _kept(error.__traceback__, hidden)
    _strip(error.__cause__, seen, hidden)
    _strip(error.__context__, seen, hidden)


def _kept(traceback: TracebackType | None, hidden: tuple[str, ...]) -> TracebackType | None:
    frames: list[TracebackType] = []
    while traceback is not None:
        if not _is_hidden(traceback.tb_frame.f_globals.get("__name__") or "", hidden):
            frames.append(traceback)
        traceback = traceback.tb_next
    found: TracebackType | None = None
    for each in reversed(frames):
        found = TracebackType(found, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return found


def _is_hidden(module: str, hidden: tuple[str, ...]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in hidden)
