"""One change carried out: the request that it takes, and its outcome (reference 6.2).

create      POST to the list below the parent       201, the whole new object; at least its address
update      PATCH with the fields that changed      205, the whole object; without it, what is loaded of it is dropped
delete      DELETE                                  204

There is no version field: the last write wins. Projects that are connected to a repository follow it, and may take a
change without making it; what came back is therefore compared with what was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from assetmeta.backends.attempt import Attempt, attempt
from assetmeta.backends.local.records import RowStore
from assetmeta.backends.responses import confirm
from assetmeta.backends.rest.echo import EchoResult, SentValue, compare_echo, ignored_by_server
from assetmeta.backends.rest.http import Object, delete, send
from assetmeta.backends.rest.spec import Resource
from assetmeta.backends.testspace.decode import key_of
from assetmeta.backends.testspace.encode import document, parent_of, resolve_oid, resolve_value
from assetmeta.backends.testspace.errors import send_write
from assetmeta.backends.testspace.keys import below, divided, item_path, list_path
from assetmeta.backends.testspace.lookup import LookupReader
from assetmeta.backends.testspace.options import Settings, resource_of
from assetmeta.backends.testspace.pages import objects_of
from assetmeta.model.errors import InvalidResponse, Unsupported
from assetmeta.model.http import Flow, Response
from assetmeta.model.plans import AttributeChange, Call, Change, Create, Delete, Done, Failed, Outcome, Row, Update
from assetmeta.model.schema import Schema
from assetmeta.model.values import Key, Oid

_LAST_NUMBER = re.compile(r"/([0-9]{1,60})/?(?:[?#].*)?\Z")
_WORDS = {Create: "create", Update: "update", Delete: "delete"}


class ChangeWriter:
    """Carries out the changes of one write. Real identities of what it creates are kept in `settings.learned`."""

    def __init__(self, schema: Schema, settings: Settings) -> None:
        self.schema = schema
        self.settings = settings
        self.reading = LookupReader(schema, settings, RowStore(schema), teaches=False)
        self.real = settings.learned.created

    def write(self, change: Change) -> Flow[Outcome]:
        """Carry out one change; every failure is an outcome."""
        return attempt(change, lambda step: self._done(change, step))

    def _done(self, change: Change, step: Attempt) -> Flow[Outcome]:
        kind = resource_of(change.oid.type)
        refuse(kind, change)
        if isinstance(change, Create):
            return (yield from self._created(kind, change, step))
        oid = resolve_oid(change.oid, self.real)
        place = self.settings.place(item_path(kind, oid.key))
        if isinstance(change, Update):
            return (yield from self._updated(kind, change, oid, place, step))
        yield from send_write(delete(place), step)
        return Done(change, oid)

    def _created(self, kind: Resource, change: Create, step: Attempt) -> Flow[Outcome]:
        """A field that the server ignored is a note here: the asset exists, and must not be created once more."""
        parent = parent_of(kind, change.deltas, self.real)
        body = document(kind, change.deltas, self.real, new=True)
        place = self.settings.place(list_path(kind, parent))
        response = yield from send_write(send("POST", place, body), step)
        item = _object(response)
        key = None if item is None else key_of(kind, item, parent)
        if key is None:
            key = _located(kind, response, parent)
        if key is None:
            raise InvalidResponse(f"The answer to POST {place} does not say which id the new {kind.type} has.")
        oid = Oid(kind.type, key)
        self.real[change.oid] = oid
        if item is None:
            return Done(change, oid, stale=True)
        row, verdict = self._judged(kind, oid, item, change.deltas, parent)
        return Done(change, oid, row, verdict.notes)

    def _updated(self, kind: Resource, change: Update, oid: Oid, place: str, step: Attempt) -> Flow[Outcome]:
        """A field that the server ignored makes the change fail: it stays pending, and the error names the field."""
        body = document(kind, change.deltas, self.real, new=False)
        response = yield from send_write(send("PATCH", place, body), step)
        item = _object(response)
        parent = divided(kind, oid.key)[0]
        if item is None:
            return Done(change, oid, stale=True)
        is_it = key_of(kind, item, parent) == oid.key
        confirm(is_it, oid.token, f"{kind.type} {item.get(kind.own)!r}", f"PATCH {place}", response.status)
        row, verdict = self._judged(kind, oid, item, change.deltas, parent)
        if verdict.ignored:
            return Failed(change, ignored_by_server(oid, verdict, response.status))
        return Done(change, oid, row, verdict.notes)

    def _judged(
        self, kind: Resource, oid: Oid, item: Object, deltas: Iterable[AttributeChange], parent: Key | None
    ) -> tuple[Row, EchoResult]:
        """What an answer tells of an asset, and how that compares with what was sent."""
        self.reading.take(kind, [item], parent)
        row = self.reading.known.row(oid)
        sent = {delta.name: SentValue(self.schema.attribute(kind.type, delta.name), delta) for delta in deltas}
        cells = dict(zip(row.columns, row.values, strict=True))
        return row, compare_echo(sent, cells, lambda value: resolve_value(value, self.real), verbatim=True)


def refuse(kind: Resource, change: Change) -> None:
    """Raise Unsupported for what the server has no request for."""
    if isinstance(change, Call):
        raise Unsupported(f"{kind.type} has no operation {change.operation}.", attribute=change.operation)
    word = _WORDS[type(change)]
    if word not in kind.writes:
        raise Unsupported(f"Testspace has no way to {word} a {kind.type}.", type_name=kind.type)


def _object(response: Response) -> Object | None:
    """The object in the answer to a write; None for an empty one, which HTTP wants of a 205."""
    if not response.body.strip():
        return None
    found = objects_of(response)
    return found[0] if len(found) == 1 else None


def _located(kind: Resource, response: Response, parent: Key | None) -> Key | None:
    """The key of a new asset by the address that the answer gives."""
    found = _LAST_NUMBER.search(response.headers.get("location", ""))
    return below(None if kind.is_flat else parent, found[1]) if found else None
