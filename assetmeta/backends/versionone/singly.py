"""One POST to rest-1.v1 per change, independent ones together (writing).

Changes keep their order where it matters: a change waits for the create of every asset it refers to, for earlier
changes of the same asset and of assets that name it, and for earlier moves within a rank; deletes wait for all else.
What does not depend on each other is yielded as one tuple.
"""

from __future__ import annotations

from collections.abc import Sequence

from assetmeta.backends.base import check
from assetmeta.backends.versionone.complaints import explain
from assetmeta.backends.versionone.documents import write_request
from assetmeta.backends.versionone.progress import Progress
from assetmeta.backends.versionone.rest import Wanted, identity, read_asset, row
from assetmeta.backends.versionone.waiting import Footprint
from assetmeta.model.errors import AssetmetaError, LoginRefused, Misuse, ServerError, Unreadable
from assetmeta.model.flows import Flow, Request, Response
from assetmeta.model.plans import Call, Change, Create, Done, Failed, Unknown, Update
from assetmeta.model.values import Oid

_NO_WORD = frozenset({502, 503, 504})
"""A gateway may speak here, which does not know what the server did."""


def singly(progress: Progress, indices: Sequence[int]) -> Flow[None]:
    """Send these changes, one request each, and note their outcomes.

    After a refused login or a server that gave no answer nothing more is sent: the rest fails with the same error.
    """
    place = 0
    while place < len(indices):
        batch = _batch(progress, indices[place : place + progress.settings.max_batch])
        asked = {index: _prepared(progress, index) for index in batch}
        requests = {index: request for index, request in asked.items() if request is not None}
        if requests:
            try:
                sent = yield tuple(requests.values())
            except AssetmetaError as error:
                progress.lose(requests, error)
            else:
                for index, answer in zip(requests, sent if isinstance(sent, tuple) else (sent,), strict=True):
                    _settle(progress, index, answer)
        place += len(batch)


def _batch(progress: Progress, indices: Sequence[int]) -> Sequence[int]:
    """The longest run of changes from the first on in which none has to wait for another."""
    before = Footprint(progress.schema)
    for count, index in enumerate(indices):
        if before.holds_up(progress.changes[index]):
            return indices[:count]
        before.add(progress.changes[index])
    return indices


def _prepared(progress: Progress, index: int) -> Request | None:
    """Return the request of a change, or None when its outcome is clear without one."""
    if not progress.is_due(index):
        return None
    change = progress.changes[index]
    try:
        return write_request(progress.schema, change, progress.known, progress.settings)
    except Misuse as error:
        progress.end(index, Failed(change, error))
        return None


def _settle(progress: Progress, index: int, answer: Response | AssetmetaError) -> None:
    """Take the answer to a change's request."""
    change = progress.changes[index]
    if isinstance(answer, AssetmetaError):
        progress.unanswered([index], answer)
        return
    try:
        progress.end(index, _done(progress, change, check(answer, explain)))
    except Unreadable as error:
        # It was applied or it was not: a page of a proxy in place of the answer does not tell.
        progress.end(index, Unknown(change, error))
    except ServerError as error:
        error.oid = change.oid.token
        progress.end(index, Unknown(change, error) if error.status in _NO_WORD else Failed(change, error))
        if isinstance(error, LoginRefused):
            progress.stop(error)


def _done(progress: Progress, change: Change, response: Response) -> Done:
    """Read the answer: the identity of the asset, and the attributes written with their stored values.

    Multi-value attributes are left out, since the answer may tell the added values or all of them, and ranks, since the
    next move changes them.
    """
    asset = read_asset(response)
    oid = identity(asset, response).current
    _verify(progress, change, oid, response)
    if not isinstance(change, Create | Update):
        return Done(change, oid)
    attributes = [progress.schema.attribute(change.oid.type, delta.name) for delta in change.deltas]
    told = {each.name: Wanted(each.name, multi=False) for each in attributes if not each.multi and each.kind != "Rank"}
    return Done(change, oid, row(asset, told, oid, None))


def _verify(progress: Progress, change: Change, oid: Oid, response: Response) -> None:
    """Raise Unreadable when the answer to *change* names an asset that it cannot be about: another one than was
    changed, or, for a create, one of another type or one that is known already. An operation may name what it made.
    """
    if isinstance(change, Call):
        return
    if isinstance(change, Create):
        is_it, meant = oid.type == change.oid.type and oid.key not in progress.taken, f"a new {change.oid.type}"
    else:
        asked = progress.known.get(change.oid, change.oid)
        related = progress.schema.is_a(oid.type, asked.type) or progress.schema.is_a(asked.type, oid.type)
        is_it, meant = related and oid.key == asked.key, asked.current.token
    if not is_it:
        line = response.request.line if response.request else "the request"
        raise Unreadable(
            f"The answer to {line} cannot be believed: it is about {oid.token} and should be about {meant}. "
            "Look whether the change landed before doing it again.",
            status=response.status,
            request=line,
            oid=change.oid.token,
        )
