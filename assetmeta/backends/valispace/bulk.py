"""Several updates in one request, where published scripts show it (reference 5.5).

requirements    POST requirements/bulk-update/                               {id: {field: value}}
                (the vendor's example requirement_position_ordering)
component-vms   PATCH requirements/component-vms/bulk-update/?save_history=true   {"ids": [...], "data": {field: value}}
                (Epsilon3's script create_check_run.py)

What such a request answers is not known. Objects in it are used where it is a plain list of them; all else is read, and
compared with what was sent. Where that read fails, the outcome is unknown. A change that is not there then, or that was
refused with the others, is repeated singly, which gives it an outcome of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from assetmeta.backends.attempt import Attempt, outcome_of
from assetmeta.backends.concurrency import send_one
from assetmeta.backends.echo import SentValue
from assetmeta.backends.error_documents import parse_error
from assetmeta.backends.responses import Json, check, parse_json
from assetmeta.backends.rest.http import Object, Sendable, send
from assetmeta.backends.rest.spec import Resource
from assetmeta.backends.rest.writer import ChangeWriter
from assetmeta.backends.valispace.keys import identity
from assetmeta.backends.valispace.lookup import LookupReader
from assetmeta.backends.write_scheduler import Batches, Outcomes, in_rounds, sequentially
from assetmeta.model.errors import AssetmetaError, NotFound, Rejected, UsageError
from assetmeta.model.http import Flow, Request
from assetmeta.model.plans import Change, Done, Outcome, Row, Unknown, Update
from assetmeta.model.values import UNREAD, Oid

_HISTORY = (("save_history", "true"),)

WORTH_IT = 3
"""Updates from which on one request for all, and perhaps one to read them, is less than one for each."""


@dataclass(frozen=True, slots=True)
class Part:
    """One update in a bulk request."""

    change: Update
    oid: Oid
    sent: dict[str, SentValue]
    body: dict[str, Sendable]


def batches(writer: ChangeWriter) -> Batches:
    """Each change its own request, but for updates that share one."""

    def divide(ready: list[Change]) -> Iterator[tuple[list[Change], Flow[Outcomes]]]:
        groups, singles = group_updates(writer, ready)
        for change in singles:
            yield [change], writer.write_alone(change)
        for group in groups:
            yield [part.change for part in group], write(writer, group)

    return in_rounds(divide)


def group_updates(writer: ChangeWriter, changes: Sequence[Change]) -> tuple[list[list[Part]], list[Change]]:
    """Divide *changes* into groups that share a request and those that are sent singly."""
    groups: dict[tuple[str, str], list[Part]] = {}
    others: list[Change] = []
    for change in changes:
        resource = writer.decoder.resource(change.oid.type)
        part = _part(writer, resource, change) if resource.bulk and isinstance(change, Update) else None
        if part is None:
            others.append(change)
            continue
        alike = json.dumps(part.body, sort_keys=True) if resource.bulk == "same" else ""
        groups.setdefault((resource.path, alike), []).append(part)
    large = [group for group in groups.values() if len(group) >= WORTH_IT]
    small = [part.change for group in groups.values() if len(group) < WORTH_IT for part in group]
    return large, others + small


def _part(writer: ChangeWriter, resource: Resource, change: Update) -> Part | None:
    """The update as a part of a bulk request; None where it takes other requests, or cannot be sent at all."""
    lists = [delta for delta in change.deltas if delta.is_multi]
    fields = [resource.fields.get(delta.name) for delta in change.deltas]
    is_fresh = any(delta.old is UNREAD or writer.rules.fresh_lists for delta in lists)
    if is_fresh or any(known is not None and known.action for known in fields):
        return None
    before = {delta.name: delta.old for delta in lists if isinstance(delta.old, tuple)}
    try:
        sent = writer.sent(resource, change.deltas, before)
        body = writer.encoder.document(resource, change.deltas, before, {}, creating=False)
        return Part(change, writer.encoder.oid(change.oid), sent, body)
    except UsageError:
        return None


def write(writer: ChangeWriter, parts: Sequence[Part]) -> Flow[Outcomes]:
    """Perform a group. One outcome per part, same order; None for one that was not sent. One request, and what reading
    takes.
    """
    reader = writer.decoder
    assert isinstance(reader, LookupReader), "updates are compared by a read"
    resource = reader.resource(parts[0].oid.type)
    lost: AssetmetaError | None = None
    try:
        response = yield from send_one(_request(writer, resource, parts))
        items = _objects(resource, parse_json(check(response, parse_error)))
    except (Rejected, NotFound):
        items = {}
    except AssetmetaError as error:
        return [outcome_of(part.change, error, Attempt(wrote=True)) for part in parts]
    else:
        missing = [part.oid.key for part in parts if not _is_whole(resource, items.get(part.oid), part)]
        try:
            read = (yield from reader.objects(resource, missing, (), ())) if missing else {}
        except AssetmetaError as error:
            lost = error
        else:
            items |= {Oid(resource.type, key): item for key, item in read.items()}
    found: dict[Oid, Outcome] = {}
    for part in parts:
        item = items.get(part.oid)
        outcome = writer.outcome(resource, part.change, part.oid, item, part.sent) if item is not None else None
        if isinstance(outcome, Done):
            found[part.oid] = outcome
        elif lost is not None:
            found[part.oid] = Unknown(part.change, lost)
    rest = iter((yield from sequentially([part.change for part in parts if part.oid not in found], writer.write)))
    return [found[part.oid] if part.oid in found else next(rest) for part in parts]


def _request(writer: ChangeWriter, resource: Resource, parts: Sequence[Part]) -> Request:
    path = writer.options.endpoint_path(resource.path, "bulk-update")
    if resource.bulk == "each":
        return send("POST", path, {str(part.oid.key): part.body for part in parts})
    return send("PATCH", path, {"ids": [part.oid.key for part in parts], "data": parts[0].body}, _HISTORY)


def _objects(resource: Resource, document: Json) -> dict[Oid, Object]:
    """The objects in an answer that is a plain list of them, except those that are in it twice."""
    found: dict[Oid, list[Object]] = {}
    for item in document if isinstance(document, list) else ():
        key = identity(item.get("id")) if isinstance(item, dict) else None
        if isinstance(item, dict) and key is not None:
            found.setdefault(Oid(resource.type, key), []).append(item)
    return {oid: several[0] for oid, several in found.items() if len(several) == 1}


def _is_whole(resource: Resource, item: Object | None, part: Part) -> bool:
    """True when an object in the answer has all that was sent."""
    if item is None:
        return False
    fields = {name: resource.fields.get(name) for name in part.sent}
    return all(name in item or (known is not None and known.alternative_key in item) for name, known in fields.items())


def notes(row: Row, sent: Iterable[str]) -> Iterator[str]:
    """Notes on a vali whose formula or unit was written, and that has no value then: the server
    takes both without an error (reference 4.1).
    """
    cells = dict(zip(row.columns, row.values, strict=True))
    formula, unit = cells.get("formula"), cells.get("unit")
    if not {"formula", "unit"}.isdisjoint(sent) and formula and "value" in cells and cells["value"] is None:
        yield f"the formula {str(formula)!r:.80} gives no value{f' in {unit}' if unit else ''}"
