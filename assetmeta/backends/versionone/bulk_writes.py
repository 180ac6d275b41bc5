"""Many changes in one request: POST api/asset (bulk). Each command has its own outcome, and nothing is undone.

404, 405   the server is older than its bulk API: this and all that follows goes one by one
400 ...    the body was not taken, so nothing was done: the changes go one by one, which shows what is wrong
"""

from __future__ import annotations

from collections.abc import Sequence

from assetmeta.backends.attempt import Attempt, outcome_of
from assetmeta.backends.concurrency import send_one
from assetmeta.backends.responses import check
from assetmeta.backends.versionone.bulk_outcomes import not_found, outcomes_from, refused
from assetmeta.backends.versionone.bulk_request import BulkRequest
from assetmeta.backends.versionone.bulk_response import BulkResponse, parse_response, unreadable
from assetmeta.backends.versionone.errors import parse_error
from assetmeta.backends.versionone.write_state import WriteState
from assetmeta.backends.write_scheduler import Outcomes
from assetmeta.model.errors import AssetmetaError, ServerFailed
from assetmeta.model.http import Flow
from assetmeta.model.plans import Change, Delete, Done, Failed, Outcome, Row, Unknown, Update
from assetmeta.model.values import Oid

_MISSING = frozenset({404, 405})

_NOT_TAKEN = frozenset({400, 404, 405, 411, 413, 415})
"""Once a body is understood the status is 200, whatever becomes of its commands: these say that nothing was done."""


def write_chunk(state: WriteState, chunk: BulkRequest) -> Flow[Outcomes]:
    """Perform the changes of a chunk. One outcome per change, same order; None for all when the body was not taken.

    Requests: one, and one more for changes of which the answer says nothing.
    """
    changes = [each.change for each in chunk.commands.values()]
    try:
        response = yield from send_one(chunk.request())
        if response.status in _NOT_TAKEN:
            state.only_singly.update(chunk.indices)
            if response.status in _MISSING and state.settings.seen.bulk is None:
                state.settings.seen.bulk = False
            return [None] * len(changes)
        told = parse_response(check(response, parse_error), chunk)
    except ServerFailed as error:
        # It may have done some of it.
        return [Unknown(change, error) for change in changes]
    except AssetmetaError as error:
        return [outcome_of(change, error, Attempt(wrote=True)) for change in changes]
    state.settings.seen.bulk = True
    outcomes = outcomes_from(chunk, told, state)
    return (yield from _look_again(state, changes, outcomes, told))


def _look_again(
    state: WriteState, changes: Sequence[Change], outcomes: Sequence[Outcome | None], told: BulkResponse
) -> Flow[list[Outcome | None]]:
    """Read the assets of the updates and deletes without an outcome, and complete the outcomes.

    The server counts no asset that is gone or hidden as modified, and is not known to count one that already was as it
    should be (bulk: update).
    """
    open_ = [
        change
        for change, outcome in zip(changes, outcomes, strict=True)
        if outcome is None and isinstance(change, Update | Delete)
    ]
    found: dict[Oid, Outcome] = {}
    try:
        rows = (yield from state.verifier.read(open_)) if open_ else {}
    except AssetmetaError as error:
        found = {change.oid: Unknown(change, error) for change in open_}
    else:
        found = {change.oid: _looked_at(state, change, rows, told) for change in open_}
    return [
        found[change.oid] if outcome is None else outcome for change, outcome in zip(changes, outcomes, strict=True)
    ]


def _looked_at(state: WriteState, change: Update | Delete, rows: dict[Oid, Row], told: BulkResponse) -> Outcome:
    """Gone: an update failed, a delete is done. There: an update is done when its values are what they should be, or
    when the server would have reported a failure; else it was refused, or nobody knows.
    """
    oid = state.known.get(change.oid, change.oid)
    row = rows.get(oid)
    if row is None:
        return Done(change, oid) if isinstance(change, Delete) else Failed(change, not_found(change, oid))
    cells = dict(zip(row.columns, row.values, strict=True))
    is_reported = told.failures is not None and told.contradiction is None
    if isinstance(change, Update) and (is_reported or state.verifier.holds(change, cells)):
        return Done(change, oid, row)
    if told.contradiction is not None:
        return Unknown(change, unreadable(told.contradiction))
    return Failed(change, refused(change, None))
