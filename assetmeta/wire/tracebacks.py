"""Errors without the frames in which secrets are: tools that show local variables would show headers and addresses."""

from __future__ import annotations

from types import TracebackType

_HIDDEN = ("requests", "urllib3", "http", "ssl", "socket", "socks", "requests_ntlm", "assetmeta.wire")


def without_frames(error: BaseException) -> BaseException:
    """Return an error, and all that it was raised from, without the frames of the HTTP libraries and of this layer.

    The frames of others, such as an auth object or a file of the caller's, are kept.
    """
    seen: list[BaseException] = []
    _strip(error, seen)
    return error


def _strip(error: BaseException | None, seen: list[BaseException]) -> None:
    if error is None or any(error is other for other in seen):
        return
    seen.append(error)
    error.__traceback__ = _kept(error.__traceback__)
    _strip(error.__cause__, seen)
    _strip(error.__context__, seen)


def _kept(traceback: TracebackType | None) -> TracebackType | None:
    frames: list[TracebackType] = []
    while traceback is not None:
        if not _is_hidden(traceback.tb_frame.f_globals.get("__name__") or ""):
            frames.append(traceback)
        traceback = traceback.tb_next
    found: TracebackType | None = None
    for each in reversed(frames):
        found = TracebackType(found, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return found


def _is_hidden(module: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in _HIDDEN)
