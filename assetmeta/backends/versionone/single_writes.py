"""One change in one POST to rest-1.v1, and its outcome (writing); what one write knows besides the outcomes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assetmeta.backends.attempt import Attempt, attempt
from assetmeta.backends.concurrency import send_one
from assetmeta.backends.responses import check
from assetmeta.backends.verification import Verifier
from assetmeta.backends.versionone.errors import parse_error
from assetmeta.backends.versionone.options import Settings
from assetmeta.backends.versionone.reads import fetch
from assetmeta.backends.versionone.rest_request import write_request
from assetmeta.backends.versionone.rest_response import Column, identity, read_asset, row
from assetmeta.model.errors import InvalidResponse
from assetmeta.model.http import Flow, Response
from assetmeta.model.plans import Call, Change, Create, Done, Outcome, Update
from assetmeta.model.schema import Schema
from assetmeta.model.values import Key, Oid


class WriteState:
    """What one write knows besides the outcomes: *known* are real identities by provisional ones, *known_keys* the
    keys of the assets of changes and outcomes (unique over all types), *only_singly* the changes that api/asset did
    not take.
    """

    def __init__(self, schema: Schema, settings: Settings, changes: Sequence[Change]) -> None:
        self.schema = schema
        self.settings = settings
        self.known: dict[Oid, Oid] = {}
        self.known_keys: set[Key] = {change.oid.key for change in changes}
        self.only_singly: set[int] = set()

    def real(self, value: object) -> object:
        """Return the real identity for a provisional one."""
        return self.known.get(value, value) if isinstance(value, Oid) else value

    @property
    def verifier(self) -> Verifier:
        """Compares changes in doubt with the server's values."""
        return Verifier(self.schema, lambda fetches: fetch(self.schema, fetches, self.settings), self.real)

    @property
    def may_bulk(self) -> bool:
        """Whether api/asset may be used: it is not turned off, and not known to be missing."""
        return self.settings.bulk and self.settings.seen.bulk is not False

    def take_over(self, outcomes: Iterable[Outcome | None]) -> None:
        """Note the assets that writes have created or named."""
        for outcome in outcomes:
            if isinstance(outcome, Done):
                self.known_keys.add(outcome.oid.key)
                if isinstance(outcome.change, Create):
                    self.known[outcome.change.oid] = outcome.oid


def write_singly(state: WriteState, change: Change) -> Flow[Outcome]:
    """Perform one change; every failure is an outcome. One request."""
    outcome = yield from attempt(change, lambda step: _written(state, change, step))
    state.take_over([outcome])
    return outcome


def _written(state: WriteState, change: Change, step: Attempt) -> Flow[Outcome]:
    request = write_request(state.schema, change, state.known, state.settings)
    step.wrote = True
    return _done(state, change, check((yield from send_one(request)), parse_error))


def _done(state: WriteState, change: Change, response: Response) -> Done:
    """Read the answer: the identity of the asset, and the attributes written with their stored values.

    Multi-value attributes are left out, since the answer may contain the added values or all of them, and ranks, since
    the next move changes them.
    """
    asset = read_asset(response)
    oid = identity(asset, response).current
    _verify(state, change, oid, response)
    if not isinstance(change, Create | Update):
        return Done(change, oid)
    attributes = [state.schema.attribute(change.oid.type, delta.name) for delta in change.deltas]
    written = {
        each.name: Column(each.name, multi=False) for each in attributes if not each.multi and each.kind != "Rank"
    }
    return Done(change, oid, row(asset, written, oid, None))


def _verify(state: WriteState, change: Change, oid: Oid, response: Response) -> None:
    """Raise InvalidResponse when the answer to *change* names an asset that it cannot be about: not the one that was
    changed, or, for a create, one of another type or one that is known already. An operation may name what it created.
    """
    if isinstance(change, Call):
        return
    if isinstance(change, Create):
        is_it, meant = oid.type == change.oid.type and oid.key not in state.known_keys, f"a new {change.oid.type}"
    else:
        target = state.known.get(change.oid, change.oid)
        related = state.schema.is_a(oid.type, target.type) or state.schema.is_a(target.type, oid.type)
        is_it, meant = related and oid.key == target.key, target.current.token
    if not is_it:
        line = response.request.line if response.request else "the request"
        raise InvalidResponse(
            f"The answer to {line} cannot be trusted: it is about {oid.token} and should be about {meant}. "
            "Check whether the change was saved before repeating it.",
            status=response.status,
            request=line,
            oid=change.oid.token,
        )
