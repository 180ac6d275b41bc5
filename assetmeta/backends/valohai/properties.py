"""Properties of many data at once (reference 6, 12): `POST data/metadata/apply/` with one map per datum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assetmeta.backends.attempt import Attempt, outcome_of, send_write
from assetmeta.backends.rest.http import Sendable, body, send
from assetmeta.backends.rest.writer import accept
from assetmeta.backends.valohai.connection import Settings
from assetmeta.backends.valohai.keys import path_key
from assetmeta.model.errors import AssetmetaError
from assetmeta.model.http import Flow
from assetmeta.model.plans import Call, Change, Done, Outcome
from assetmeta.model.values import Key

OPERATION = "set_metadata"
MOST = 1000
"""Data in one request at most."""

_ARGUMENT = "metadata"
_REFUSED = 400
_TRIES = 4


def check(properties: Mapping[str, Any]) -> None:
    """Raise BadValue for properties that are not JSON."""
    body(dict(properties))


def group_calls(changes: Sequence[Change]) -> tuple[list[Call], list[Change]]:
    """Divide *changes* into properties of different data, which can share a request, and all else."""
    calls: dict[Key, Call] = {}
    others: list[Change] = []
    for change in changes:
        if isinstance(change, Call) and is_whole(change) and change.oid.key not in calls:
            calls[change.oid.key] = change
        else:
            others.append(change)
    return (list(calls.values()), others) if len(calls) > 1 else ([], [*calls.values(), *others])


def is_whole(change: Change) -> bool:
    """True for a call that sets the properties of one datum, which may share a request."""
    if not isinstance(change, Call) or change.oid.type != "Datum" or change.oid.is_new or change.operation != OPERATION:
        return False
    return [name for name, _ in change.arguments] == [_ARGUMENT] and isinstance(change.arguments[0][1], dict)


def set_properties(calls: Sequence[Call], settings: Settings, tries: int = _TRIES) -> Flow[list[Outcome]]:
    """Set the properties of many data, at most MOST. One outcome per call, same order; one request.

    A request is taken or refused as a whole. Where the refusal names the data that are to blame, only those fail and
    the others are sent again, a few times at most: setting the same once more does no harm.
    """
    step = Attempt()
    named = {str(call.oid.key) for call in calls}
    try:
        properties: dict[str, Sendable] = {str(path_key(call.oid)): call.arguments[0][1] for call in calls}  # type: ignore[misc]
        request = send("POST", settings.endpoint_path("data", "metadata", "apply"), {"datum_metadata": properties})
        accept((yield from send_write(request, step)))
    except AssetmetaError as error:
        blamed = {part for finding in error.findings for part in finding.path.split(".")} & named
        rest = [call for call in calls if str(call.oid.key) not in blamed]
        if error.status != _REFUSED or not blamed or not rest or tries == 1:
            return [outcome_of(call, error, step) for call in calls]
        others = iter((yield from set_properties(rest, settings, tries - 1)))
        return [outcome_of(call, error, step) if str(call.oid.key) in blamed else next(others) for call in calls]
    return [Done(call, call.oid) for call in calls]
