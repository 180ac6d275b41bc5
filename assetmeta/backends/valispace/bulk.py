"""Several updates in one request, where an endpoint takes them (reference 5.5).

requirements    POST requirements/bulk-update/                               {id: {field: value}}
component-vms   PATCH requirements/component-vms/bulk-update/?save_history=true   {"ids": [...], "data": {field: value}}

What such a request answers is not known. So the objects are taken from the answer where it has them, and read back
otherwise; what did not come out as it was sent, or was refused as a whole, is sent again singly, by which each change
gets a verdict of its own.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from assetmeta.backends.attempt import Attempt, outcome_of
from assetmeta.backends.concurrency import send_one
from assetmeta.backends.responses import Json, check, parse_json
from assetmeta.backends.rest.echo import SentValue
from assetmeta.backends.rest.http import Object, Sendable, parse_error, send
from assetmeta.backends.rest.spec import Resource
from assetmeta.backends.valispace.decode import identity, present
from assetmeta.backends.valispace.encode import resolve_oid
from assetmeta.backends.valispace.writer import ChangeWriter
from assetmeta.backends.write_scheduler import Outcomes, sequentially
from assetmeta.model.errors import AssetmetaError, InvalidResponse, NotFound, Rejected, ServerError, UsageError
from assetmeta.model.http import Flow, Request
from assetmeta.model.plans import Change, Done, Outcome, Unknown, Update
from assetmeta.model.values import UNREAD, Key

WORTH_IT = 3
"""Updates from which on one request for all, and perhaps one to read them back, is less than one for each."""


@dataclass(frozen=True, slots=True)
class Part:
    """One update in a bulk request."""

    change: Update
    key: Key
    sent: dict[str, SentValue]
    body: dict[str, Sendable]


def grouped(changer: ChangeWriter, changes: Sequence[Change]) -> tuple[list[list[Part]], list[Change]]:
    """Divide *changes* into groups that go out together and those that go singly."""
    groups: dict[tuple[str, str], list[Part]] = {}
    others: list[Change] = []
    for change in changes:
        part = _part(changer, change) if isinstance(change, Update) else None
        if part is None:
            others.append(change)
            continue
        endpoint = changer.reading.endpoint(change.oid.type)
        alike = json.dumps(part.body, sort_keys=True) if endpoint.bulk == "same" else ""
        groups.setdefault((endpoint.path, alike), []).append(part)
    large = [group for group in groups.values() if len(group) >= WORTH_IT]
    small = [part.change for group in groups.values() if len(group) < WORTH_IT for part in group]
    return large, others + small


def _part(changer: ChangeWriter, change: Update) -> Part | None:
    """The update as a part of a bulk request; None where one does not serve, or the update cannot be sent at all."""
    endpoint = changer.reading.endpoint(change.oid.type)
    lists = [delta for delta in change.deltas if delta.is_multi]
    fresh = any(delta.old is UNREAD or changer.settings.fresh_lists for delta in lists)
    called = any(known is not None and known.action for known in map(endpoint.fields.get, _names(change)))
    if endpoint.bulk is None or fresh or called:
        return None
    before = {delta.name: delta.old for delta in lists if isinstance(delta.old, tuple)}
    try:
        sent = changer.sent(endpoint, change.deltas, before)
        return Part(change, resolve_oid(change.oid, changer.real).key, sent, changer.body(endpoint, sent))
    except UsageError:
        return None


def _names(change: Update) -> list[str]:
    return [delta.name for delta in change.deltas]


def write(changer: ChangeWriter, parts: Sequence[Part]) -> Flow[Outcomes]:
    """Carry out a group. One outcome per part, same order; None for one that was not sent. One request, and what
    reading back takes.
    """
    endpoint = changer.reading.endpoint(parts[0].change.oid.type)
    try:
        response = yield from send_one(_request(changer, endpoint, parts))
        told = _objects(parse_json(check(response, parse_error)))
    except (InvalidResponse, Rejected, NotFound):
        told = {}
    except AssetmetaError as error:
        return [outcome_of(part.change, error, Attempt(wrote=True)) for part in parts]
    else:
        try:
            told = yield from _read_back(changer, endpoint, parts, told)
        except ServerError:
            # Without a verdict each change is sent once more, which does no harm: it sets the same values.
            pass
        except AssetmetaError as error:
            shown = [part for part in parts if _tells(endpoint, told.get(part.key), part)]
            found = _done(changer, endpoint, shown, told)
            return [found.get(part.key) or Unknown(part.change, error) for part in parts]
    return (yield from _verdicts(changer, endpoint, parts, told))


def _request(changer: ChangeWriter, endpoint: Resource, parts: Sequence[Part]) -> Request:
    place = changer.settings.place(endpoint.path, "bulk-update")
    if endpoint.bulk == "each":
        return send("POST", place, {str(part.key): part.body for part in parts})
    ids: list[Sendable] = [part.key for part in parts]
    return send("PATCH", place, {"ids": ids, "data": parts[0].body}, (("save_history", "true"),))


def _objects(document: Json) -> dict[Key, Object]:
    """The objects in an answer, however it holds them: a list, a list under `data`, or an object by id."""
    if isinstance(document, dict) and isinstance(document.get("data"), list):
        document = document["data"]
    items = list(document.values()) if isinstance(document, dict) else document if isinstance(document, list) else []
    found: dict[Key, list[Object]] = {}
    for item in items:
        key = identity(item.get("id")) if isinstance(item, dict) else None
        if isinstance(item, dict) and key is not None:
            found.setdefault(key, []).append(item)
    # What stands there twice is not believed, and read back.
    return {key: several[0] for key, several in found.items() if len(several) == 1}


def _read_back(
    changer: ChangeWriter, endpoint: Resource, parts: Sequence[Part], told: dict[Key, Object]
) -> Flow[dict[Key, Object]]:
    """Read what the answer did not tell."""
    missing = [part.key for part in parts if not _tells(endpoint, told.get(part.key), part)]
    return {**told, **(yield from changer.reading.by_keys(endpoint, missing, (), ()))} if missing else told


def _tells(endpoint: Resource, item: Object | None, part: Part) -> bool:
    if item is None:
        return False
    fields = ((name, endpoint.fields.get(name)) for name in part.sent)
    return all(known is not None and present(item, name, known) is not None for name, known in fields)


def _verdicts(
    changer: ChangeWriter, endpoint: Resource, parts: Sequence[Part], told: dict[Key, Object]
) -> Flow[Outcomes]:
    """What came out as it was sent is done, the rest is sent singly."""
    found = _done(changer, endpoint, parts, told)
    again = [part.change for part in parts if part.key not in found]
    rest = iter((yield from sequentially(again, changer.write)))
    return [found[part.key] if part.key in found else next(rest) for part in parts]


def _done(
    changer: ChangeWriter, endpoint: Resource, parts: Sequence[Part], told: dict[Key, Object]
) -> dict[Key, Outcome]:
    found: dict[Key, Outcome] = {}
    for part in parts:
        if (item := told.get(part.key)) is not None:
            oid = resolve_oid(part.change.oid, changer.real)
            outcome = changer.outcome(endpoint, part.change, oid, item, part.sent)
            if isinstance(outcome, Done):
                found[part.key] = outcome
    return found
