"""The answer of api/asset as outcomes: every change is known by identity, and done only where the answer proves it.

create     the query for its alias found the asset, and `assetsCreated` names it
update     `assetsModified` names the asset
execute    `assetsOperatedOn` names the asset, as often as it was operated on
failure    `commandFailures` has its alias; with a create that it needs, it is skipped

The answer tells no stored values of updates, and not what an operation such as Copy made: its outcome names the asset
that was operated on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence

from assetmeta.backends.responses import Json
from assetmeta.backends.versionone.bulk_request import PATH, BulkRequest, Command
from assetmeta.backends.versionone.bulk_response import BulkResponse, identity, unreadable
from assetmeta.backends.versionone.query_response import Reader
from assetmeta.backends.versionone.violations import find_violation
from assetmeta.backends.versionone.write_state import WriteState
from assetmeta.model.errors import InvalidResponse, NotFound, Rejected
from assetmeta.model.ordering import references
from assetmeta.model.plans import Call, Change, Create, Delete, Done, Failed, Outcome, Row, Skipped, Unknown, Update
from assetmeta.model.values import Key, Oid

_LONGEST_WORDS = 500
"""Characters of the server's own words in a message; `server_message` holds them whole."""


def outcomes_from(chunk: BulkRequest, told: BulkResponse, state: WriteState) -> list[Outcome | None]:
    """Return the outcomes of a chunk, one per command, same order, and let *state* know of what was created.

    None stands for an update or a delete of which the answer says nothing for certain: its asset is not there, or the
    server had nothing to change, or, where it reports no failures, it refused, or the answer contradicts itself.
    """
    made = _made(chunk, told, state.taken)
    expected = _expected(chunk, told)
    lost: set[Oid] = set()
    outcomes: list[Outcome | None] = []
    for alias, each in chunk.commands.items():
        outcome = _outcome(chunk, told, alias, each, made, expected, lost)
        if outcome is None and not (told.finished and isinstance(each.change, Update | Delete)):
            outcome = Unknown(each.change, unreadable(told.contradiction or "the server says that it is still at work"))
        if isinstance(each.change, Create) and not isinstance(outcome, Done):
            lost.add(each.change.oid)
        state.take_over([outcome])
        outcomes.append(outcome)
    return outcomes


def _outcome(
    chunk: BulkRequest,
    told: BulkResponse,
    alias: str,
    command: Command,
    made: Mapping[str, dict[str, Json]],
    expected: Counter[Key],
    lost: Container[Oid],
) -> Outcome | None:
    change = command.change
    if told.contradiction is not None:
        return None
    words = (told.failures or {}).get(alias)
    if words is not None:
        needed = next((oid for oid in (change.oid, *references(change)) if oid in lost), None)
        return Failed(change, refused(change, words)) if needed is None else Skipped(change, needed)
    if isinstance(change, Create):
        return _created(command, made.get(alias), len(made) == len(told.created) and told.finished)
    oid = chunk.real(change.oid)
    if isinstance(change, Update):
        return Done(change, oid) if told.modified[oid.key] else None
    return _executed(change, oid, expected, told)


def refused(change: Change, words: str | None) -> Rejected:
    """The error for a change that the server turned down in *words*, or without any."""
    blamed = find_violation((words,))
    advice = f". {blamed.advice}" if blamed and blamed.advice else ""
    told = words[:_LONGEST_WORDS] if words else "it gave no reason"
    return Rejected(
        f"The server refused {_deed(change)} (POST {PATH}): {told}{advice}",
        request=f"POST {PATH}",
        server_message=words,
        oid=change.oid.token,
        type_name=blamed and blamed.type_name,
        attribute=blamed and blamed.attribute,
    )


def not_found(change: Change, oid: Oid) -> NotFound:
    """The error for a change of an asset that was not there: on the wire that is a success with nothing changed."""
    return NotFound(
        f"{oid.token} does not exist, was deleted or is not visible (POST {PATH}).",
        status=404,
        request=f"POST {PATH}",
        oid=change.oid.token,
    )


def _deed(change: Change) -> str:
    token = change.oid.token
    if isinstance(change, Call):
        return f"{change.operation} on {token}"
    return (
        f"to {'create' if isinstance(change, Create) else 'update' if isinstance(change, Update) else 'delete'} {token}"
    )


def _created(command: Command, found: dict[str, Json] | None, accounted: bool) -> Outcome:
    """*accounted* says that all new assets are known, so that one which is not found was not made."""
    if found is not None:
        oid = identity(found.get("_oid"))
        assert oid is not None
        return Done(command.change, oid, _row(command, found))
    if accounted:
        return Failed(command.change, refused(command.change, None))
    return Unknown(command.change, unreadable("it does not tell which of the new assets is which"))


def _row(command: Command, found: dict[str, Json]) -> Row | None:
    assert command.query is not None
    try:
        return Reader(command.query).rows([found])[0]
    except InvalidResponse:
        # The asset is there, which is what counts; its values can be read again.
        return None


def _executed(change: Change, oid: Oid, expected: Counter[Key], told: BulkResponse) -> Outcome | None:
    """Judge an operation. An answer without the asset means that the server found nothing to operate on."""
    if told.operated[oid.key] == expected[oid.key]:
        return Done(change, oid)
    if told.operated[oid.key]:
        return Unknown(change, unreadable(f"it does not tell which operations on {oid.token} were carried out"))
    if not told.finished:
        return None
    return Failed(change, refused(change, None) if told.failures is None else not_found(change, oid))


def _expected(chunk: BulkRequest, told: BulkResponse) -> Counter[Key]:
    """How often each asset is operated on, failures aside."""
    return Counter(
        chunk.real(each.change.oid).key
        for alias, each in chunk.commands.items()
        if not isinstance(each.change, Create | Update) and alias not in (told.failures or {})
    )


def _made(chunk: BulkRequest, told: BulkResponse, taken: Container[Key]) -> dict[str, dict[str, Json]]:
    """What each create made, by alias; nothing at all when the answer does not tell for certain.

    Results stand in the order of the queries, but whether a query that failed leaves an empty one behind is not
    documented; so the reading is taken whose number fits, and which agrees with `assetsCreated`.
    """
    if any(oid.key in taken for oid in told.created):
        return {}
    creates, failures = list(chunk.queries), told.failures or {}
    landed = [alias for alias in creates if alias not in failures]
    for asked in (creates, [alias for alias in creates if alias not in told.unfound], landed):
        found = _read(chunk, asked, told) if len(asked) == len(told.sets) else None
        if found is not None:
            return found
    if [chunk.commands[alias].change.oid.type for alias in landed] == [oid.type for oid in told.created]:
        return {alias: {"_oid": oid.token} for alias, oid in zip(landed, told.created, strict=True)}
    return {}


def _read(chunk: BulkRequest, asked: Sequence[str], told: BulkResponse) -> dict[str, dict[str, Json]] | None:
    """Give each create its result; None when one contradicts what else is known."""
    found: dict[str, dict[str, Json]] = {}
    left = set(told.created)
    for alias, objects in zip(asked, told.sets, strict=True):
        if not objects:
            continue
        oid = identity(objects[0].get("_oid"))
        if oid not in left or oid.type != chunk.commands[alias].change.oid.type:
            return None
        if len(objects) > 1 or alias in (told.failures or {}):
            return None
        left.discard(oid)
        found[alias] = objects[0]
    return found
