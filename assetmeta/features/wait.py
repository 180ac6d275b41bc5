"""Waiting until assets reach a state: one reading of all of them per interval, however many there are."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from assetmeta.core.cohort import Cohort
from assetmeta.core.context import ProgressOption, SessionContext
from assetmeta.core.state import Instance, forget
from assetmeta.core.values import require_asset
from assetmeta.features import INTERVAL
from assetmeta.features.progress import metered
from assetmeta.model.errors import BadValue, SessionClosed, StillWaiting
from assetmeta.model.scalars import is_seconds, shown

_NAMED = 5
"""Assets that an error names."""

Until = Callable[[Any], object]


def wanted(context: SessionContext, assets: object) -> list[Any]:
    """The assets to wait for, given as such or by their tokens, one or several. Raises BadValue. Sends nothing."""
    several = assets if isinstance(assets, Iterable) and not isinstance(assets, str | Instance) else [assets]
    return [require_asset(context, asset, "wait()") for asset in several]


def as_completed(
    context: SessionContext,
    assets: Iterable[Any],
    until: Until,
    interval: float = INTERVAL,
    timeout: float | None = None,
    progress: ProgressOption = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Any]:
    """Yield each asset as soon as *until* is true of it; see Session.as_completed."""
    if not callable(until):
        raise BadValue(f"until= takes a function of an asset, not {shown(until)}.")
    if not is_seconds(interval) or not interval or not (timeout is None or is_seconds(timeout)):
        raise BadValue(
            f"interval={shown(interval, 40)} takes seconds above 0, and timeout={shown(timeout, 40)} seconds from 0 on,"
            " or None."
        )
    remaining = list(dict.fromkeys(assets))
    number, end = len(remaining), None if timeout is None else clock() + timeout
    with metered(progress, "wait", number, "assets") as show:
        while remaining:
            _forget(context, remaining)
            done = [asset for asset in remaining if until(asset)]
            remaining = [asset for asset in remaining if asset not in done]
            show(number - len(remaining))
            yield from done
            left = interval if end is None else min(interval, end - clock())
            if remaining and left <= 0:
                raise StillWaiting(_left(remaining, number, timeout), remaining=tuple(remaining))
            if remaining and context.wait(left) is False:
                raise SessionClosed("The session was closed while it was waited for assets.")


def _left(remaining: list[Any], number: int, timeout: float | None) -> str:
    named = ", ".join(asset._state.oid.token for asset in remaining[:_NAMED])
    more = f" and {len(remaining) - _NAMED} more" if len(remaining) > _NAMED else ""
    return f"{len(remaining)} of {number} are not there after {timeout:g} seconds: {named}{more}."


def _forget(context: SessionContext, assets: list[Instance]) -> None:
    """Mark assets to be read again: the first read of one reads all of its type together."""
    groups: dict[str, list[Instance]] = {}
    for asset in assets:
        groups.setdefault(asset._state.oid.type, []).append(asset)
    with context.lock:
        for members in groups.values():
            cohort = Cohort([asset._state.oid for asset in members])
            for asset in members:
                forget(asset)
                asset._state.cohort = cohort
