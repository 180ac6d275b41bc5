"""The flow of every write: one POST to rest-1.v1 per change, independent ones together (writing).

Changes keep their order where it matters: a change waits for the create of every asset it refers to, for earlier
changes of the same asset and of assets that name it, and for earlier moves within a rank. What does not depend on each
other is yielded as one tuple.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from assetmeta.backends.base import check
from assetmeta.backends.versionone.complaints import explain
from assetmeta.backends.versionone.documents import references, write_request
from assetmeta.backends.versionone.rest import Wanted, identity, read_asset, row
from assetmeta.backends.versionone.settings import Settings
from assetmeta.model.errors import AssetmetaError, LoginRefused, Misuse, ServerError, Unreadable, Unsupported
from assetmeta.model.flows import Flow, Request, Response
from assetmeta.model.plans import Call, Change, Create, Done, Failed, Outcome, Skipped, Unknown, Update
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid

_NO_WORD = frozenset({502, 504})
"""A gateway speaks here, which does not know what the server did."""

_RANKS = Oid("", "ranks")
"""Stands for all ranks: a move changes those of other assets too."""


def write(schema: Schema, changes: Sequence[Change], settings: Settings) -> Flow[list[Outcome]]:
    """Write. One outcome per change, same order; one request per change.

    After a refused login or a server that gave no answer nothing more is sent: the rest fails with the same error.
    Raises Unsupported, before anything is sent, for an operation with arguments: only its bulk API takes them.
    """
    for change in changes:
        if isinstance(change, Call) and change.arguments:
            raise Unsupported(
                f"{change.operation} cannot be called with arguments here.",
                oid=change.oid.token,
                attribute=change.operation,
            )
    work = _Work(schema, settings, changes)
    place = 0
    while place < len(changes):
        batch = _batch(schema, changes[place : place + settings.max_batch])
        asked = {index: work.prepare(index) for index in range(place, place + len(batch))}
        requests = {index: request for index, request in asked.items() if request is not None}
        if requests:
            try:
                sent = yield tuple(requests.values())
            except AssetmetaError as error:
                work.lose(requests, error)
            else:
                for index, answer in zip(requests, sent if isinstance(sent, tuple) else (sent,), strict=True):
                    work.settle(index, answer)
        place += len(batch)
    return [work.outcomes[index] for index in range(len(changes))]


def _batch(schema: Schema, changes: Sequence[Change]) -> Sequence[Change]:
    """The longest run of *changes* from the first on in which none has to wait for another."""
    own: set[Oid] = set()
    named: set[Oid] = set()
    for count, change in enumerate(changes):
        mine = {change.oid} | ({_RANKS} if _moves_rank(schema, change) else set())
        others = set(references(change))
        if mine & (own | named) or others & own:
            return changes[:count]
        own |= mine
        named |= others
    return changes


def _moves_rank(schema: Schema, change: Change) -> bool:
    deltas = change.deltas if isinstance(change, Create | Update) else ()
    return any(schema.attribute(change.oid.type, delta.name).kind == "Rank" for delta in deltas)


@dataclass(slots=True)
class _Work:
    """The state of one write: outcomes by index, real identities by provisional ones, creates that did not land, and
    the error after which nothing more is sent.
    """

    schema: Schema
    settings: Settings
    changes: Sequence[Change]
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    known: dict[Oid, Oid] = field(default_factory=dict)
    lost: set[Oid] = field(default_factory=set)
    stopped: AssetmetaError | None = None

    def prepare(self, index: int) -> Request | None:
        """Return the request of a change, or None when its outcome is clear without one."""
        change = self.changes[index]
        needs = next((oid for oid in (change.oid, *references(change)) if oid in self.lost), None)
        if needs is not None:
            self._end(index, Skipped(change, needs))
        elif self.stopped is not None:
            self._end(index, Failed(change, self.stopped))
        else:
            try:
                return write_request(self.schema, change, self.known, self.settings)
            except Misuse as error:
                self._end(index, Failed(change, error))
        return None

    def settle(self, index: int, answer: Response | AssetmetaError) -> None:
        """Take the answer to a change's request."""
        change = self.changes[index]
        if isinstance(answer, AssetmetaError):
            self._end(index, Unknown(change, answer) if answer.sent else Failed(change, answer))
            self._stop(answer)
            return
        try:
            self._end(index, self._done(change, check(answer, explain)))
        except Unreadable as error:
            # It was applied or it was not: a page of a proxy in place of the answer does not tell.
            self._end(index, Unknown(change, error))
        except ServerError as error:
            error.oid = change.oid.token
            self._end(index, Unknown(change, error) if error.status in _NO_WORD else Failed(change, error))
            if isinstance(error, LoginRefused):
                self._stop(error)

    def lose(self, indices: Iterable[int], error: AssetmetaError) -> None:
        """Take that a batch came to nothing as a whole, as when the session was closed meanwhile.

        Before anything has landed the error is the caller's; later on, the outcomes are worth more.
        """
        if not any(isinstance(outcome, Done) for outcome in self.outcomes.values()):
            raise error
        for index in indices:
            self._end(index, Unknown(self.changes[index], error))
        self._stop(error)

    def _end(self, index: int, outcome: Outcome) -> None:
        self.outcomes[index] = outcome
        if isinstance(outcome.change, Create) and not isinstance(outcome, Done):
            self.lost.add(outcome.change.oid)

    def _stop(self, error: AssetmetaError) -> None:
        """Remember why the rest stays unsent: each would be refused or would wait for its own timeout."""
        if self.stopped is None:
            self.stopped = type(error)(
                f"It was not sent, after an earlier change: {error}", status=error.status, sent=False
            )

    def _done(self, change: Change, response: Response) -> Done:
        """Read the answer: the identity of the asset, and the attributes written with their stored values.

        Multi-value attributes are left out, since the answer may tell the added values or all of them, and ranks,
        since the next move changes them.
        """
        asset = read_asset(response)
        oid = identity(asset, response).current
        if isinstance(change, Create):
            self.known[change.oid] = oid
        if not isinstance(change, Create | Update):
            return Done(change, oid)
        attributes = [self.schema.attribute(change.oid.type, delta.name) for delta in change.deltas]
        told = {
            each.name: Wanted(each.name, multi=False) for each in attributes if not each.multi and each.kind != "Rank"
        }
        return Done(change, oid, row(asset, told, oid, None))
