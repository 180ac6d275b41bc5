"""Many changes in one request: POST api/asset (bulk). Each command has its own outcome, and nothing is undone.

404, 405   the server is older than its bulk API: this and all that follows is sent one by one
400 ...    the body was not understood, so nothing was done: the changes are sent one by one, which shows what is wrong
"""

from __future__ import annotations

from collections.abc import Sequence

from assetmeta.backends.attempt import Attempt, outcome_of
from assetmeta.backends.concurrency import send_one
from assetmeta.backends.responses import check
from assetmeta.backends.versionone.bulk_request import BulkRequest
from assetmeta.backends.versionone.bulk_response import (
    BulkResponse,
    not_found,
    outcomes_from,
    parse_response,
    refused,
    unreadable,
)
from assetmeta.backends.versionone.errors import parse_error
from assetmeta.backends.versionone.single_writes import WriteState
from assetmeta.backends.write_scheduler import Outcomes
from assetmeta.model.errors import AssetmetaError, ServerFailed
from assetmeta.model.http import Flow
from assetmeta.model.plans import Change, Delete, Done, Failed, Outcome, Row, Unknown, Update
from assetmeta.model.values import Oid

_MISSING = frozenset({404, 405})

_NOT_TAKEN = frozenset({400, 404, 405, 411, 413, 415})
"""Once a body is understood the status is 200, whatever becomes of its commands: these mean that nothing was done."""


def write_chunk(state: WriteState, chunk: BulkRequest) -> Flow[Outcomes]:
    """Perform the changes of a chunk. One outcome per change, same order; None for all when the body was not taken.

    Requests: one, and one more per type for updates and deletes whose outcome the answer does not prove.
    """
    changes = [each.change for each in chunk.commands.values()]
    try:
        response = yield from send_one(chunk.request())
        if response.status in _NOT_TAKEN:
            state.only_singly.update(chunk.indices)
            if response.status in _MISSING and state.settings.seen.bulk is None:
                state.settings.seen.bulk = False
            return [None] * len(changes)
        answer = parse_response(check(response, parse_error), chunk)
    except ServerFailed as error:
        # It may have done some of it.
        return [Unknown(change, error) for change in changes]
    except AssetmetaError as error:
        return [outcome_of(change, error, Attempt(wrote=True)) for change in changes]
    state.settings.seen.bulk = True
    outcomes = outcomes_from(chunk, answer, state)
    return (yield from _verified(state, changes, outcomes, answer))


def _verified(
    state: WriteState, changes: Sequence[Change], outcomes: Sequence[Outcome | None], answer: BulkResponse
) -> Flow[list[Outcome | None]]:
    """Read the assets of the updates and deletes without an outcome, and complete the outcomes.

    Assets that are deleted or hidden are not listed as modified (7.4); whether those are that already had the values is
    not documented (12.3).
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
        found = {change.oid: _compared(state, change, rows, answer) for change in open_}
    return [
        found[change.oid] if outcome is None else outcome for change, outcome in zip(changes, outcomes, strict=True)
    ]


def _compared(state: WriteState, change: Update | Delete, rows: dict[Oid, Row], answer: BulkResponse) -> Outcome:
    """The outcome by what a read returned. An asset that does not exist: an update failed, a delete is done. One that
    exists: an update is done when the asset has its values; else it was refused where the server reports no failures,
    and is unknown elsewhere, since a failure would have been listed.
    """
    oid = state.known.get(change.oid, change.oid)
    row = rows.get(oid)
    if row is None:
        return Done(change, oid) if isinstance(change, Delete) else Failed(change, not_found(change, oid))
    cells = dict(zip(row.columns, row.values, strict=True))
    if isinstance(change, Update) and state.verifier.holds(change, cells):
        return Done(change, oid, row)
    if answer.failures is None and answer.contradiction is None:
        return Failed(change, refused(change, None))
    return Unknown(change, unreadable(answer.contradiction or f"it lists neither success nor failure for {oid.token}"))
