"""Properties of many data at once (reference 6, 12): `POST data/metadata/apply/` with one map per datum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assetmeta.backends.carrying import Step, answered_write
from assetmeta.backends.jsonrest import Sendable, send
from assetmeta.backends.valohai.calling import said
from assetmeta.backends.valohai.encoding import path_key
from assetmeta.backends.valohai.settings import Settings
from assetmeta.model.errors import AssetmetaError, LoginRefused, Misuse, ServerError, Unreadable
from assetmeta.model.flows import Flow
from assetmeta.model.plans import Call, Change, Done, Failed, Outcome, Unknown
from assetmeta.model.values import Key

OPERATION = "set_metadata"
MOST = 1000
"""Data in one request at most."""

_ARGUMENT = "metadata"
_REFUSED = 400
_TRIES = 4


def grouped(changes: Sequence[Change]) -> tuple[list[Call], list[Change]]:
    """Divide *changes* into properties of different data, which can go out together, and all else."""
    calls: dict[Key, Call] = {}
    others: list[Change] = []
    for change in changes:
        if isinstance(change, Call) and _is_whole(change) and change.oid.key not in calls:
            calls[change.oid.key] = change
        else:
            others.append(change)
    return (list(calls.values()), others) if len(calls) > 1 else ([], [*calls.values(), *others])


def _is_whole(change: Call) -> bool:
    if change.oid.type != "Datum" or change.oid.is_new or change.operation != OPERATION:
        return False
    return [name for name, _ in change.arguments] == [_ARGUMENT] and isinstance(change.arguments[0][1], dict)


def applied(calls: Sequence[Call], settings: Settings) -> Flow[list[Outcome]]:
    """Set the properties of many data. One outcome per call, same order; one request per MOST of them.

    A request is taken or refused as a whole. Where the refusal names the data that are to blame, only those fail and
    the others are sent again, a few times at most: setting the same once more does no harm. After a refused login or a
    server that gave no answer nothing more is sent: the rest fails with the same error. Raises Misuse for a closed or
    read-only session, if nothing has landed.
    """
    outcomes: list[Outcome] = []
    stopped: AssetmetaError | None = None
    for part in _parts(calls):
        if stopped is not None:
            outcomes += [Failed(call, type(stopped)(f"It was not sent: {stopped}", sent=False)) for call in part]
            continue
        try:
            found, stopped = yield from _sent(part, settings)
        except Misuse as error:
            # A closed or read-only session: before anything has landed that is the caller's.
            if not outcomes:
                raise
            found, stopped = [Failed(call, error) for call in part], error
        outcomes += found
    return outcomes


def _parts(calls: Sequence[Call]) -> Iterator[Sequence[Call]]:
    for start in range(0, len(calls), MOST):
        yield calls[start : start + MOST]


def _sent(
    calls: Sequence[Call], settings: Settings, tries: int = _TRIES
) -> Flow[tuple[list[Outcome], AssetmetaError | None]]:
    """Send one request, and those without what it was refused for; return the outcomes, and the error after which no
    other is worth sending.
    """
    try:
        properties: dict[str, Sendable] = {str(path_key(call.oid)): call.arguments[0][1] for call in calls}  # type: ignore[misc]
        request = send("POST", settings.place("data", "metadata", "apply"), {"datum_metadata": properties})
        said((yield from answered_write(request, Step())))
    except LoginRefused as error:
        return [Failed(call, error) for call in calls], error
    except Misuse:
        raise
    except ServerError as error:
        blamed = {part for finding in error.findings for part in finding.path.split(".")} & properties.keys()
        rest = [call for call in calls if str(call.oid.key) not in blamed]
        if error.status == _REFUSED and blamed and rest and tries > 1:
            others, stopped = yield from _sent(rest, settings, tries - 1)
            of_others = iter(others)
            return [Failed(call, error) if str(call.oid.key) in blamed else next(of_others) for call in calls], stopped
        lost = isinstance(error, Unreadable) or (error.status or 0) >= 500
        return [Unknown(call, error) if lost else Failed(call, error) for call in calls], None
    except AssetmetaError as error:
        return [Unknown(call, error) if error.sent else Failed(call, error) for call in calls], error
    return [Done(call, call.oid) for call in calls], None
