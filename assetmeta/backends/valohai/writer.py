"""One change carried out: the requests that it takes, one after the other, and its outcome (reference 7, 9, 11).

create      POST x/ in the form in which things are written               201, the whole new object
update      PATCH x/{id}/ with the fields that changed                    200, the whole object
            PUT x/{id}/ where PATCH is not known (405, learned once): what changed and what every PUT needs, for which
            the object is read before
delete      DELETE x/{id}/                                                2xx; runs stay and are marked
operation   POST or DELETE x/{id}/<action>/
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Sequence

from assetmeta.backends.attempt import Attempt, attempt, send_write
from assetmeta.backends.concurrency import send_one
from assetmeta.backends.local.records import RowStore
from assetmeta.backends.rest.echo import EchoResult, SentValue, compare_echo, ignored_by_server
from assetmeta.backends.rest.http import Object, Sendable, delete, get, read_object, send
from assetmeta.backends.rest.spec import Api, Resource
from assetmeta.backends.valohai import owners
from assetmeta.backends.valohai.aliases import look_up, taken_by_alias
from assetmeta.backends.valohai.decode import Reader
from assetmeta.backends.valohai.encode import (
    as_read,
    document,
    identified_by_alias,
    is_alias,
    named_by_id,
    path_key,
    resolve_oid,
    resolve_value,
    secrets_of,
)
from assetmeta.backends.valohai.keys import about
from assetmeta.backends.valohai.operations import called, said
from assetmeta.backends.valohai.options import Settings
from assetmeta.model.errors import InvalidResponse, Rejected, Unsupported
from assetmeta.model.http import Flow, Response
from assetmeta.model.plans import AttributeChange, Call, Change, Create, Delete, Done, Failed, Outcome, Row, Update
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid

_METHOD_UNKNOWN = 405

_INSTEAD = {
    "Commit": "commits come from project.fetch() or from code that is uploaded (assetmeta.tools.valohai.upload_code)",
    "Datum": "data come from executions and from files that are adopted; purge() removes the bytes of one",
    "PipelineNode": "nodes are made with their pipeline (new_nodes)",
    "PipelineEdge": "edges are made with their pipeline (new_edges)",
    "DeploymentEndpoint": "endpoints are made with their deployment version (endpoint_configurations)",
}


class ChangeWriter:
    """Carries out the changes of one write. Real identities of what it creates are kept in `settings.learned`."""

    def __init__(self, schema: Schema, table: Api, settings: Settings) -> None:
        self.schema = schema
        self.table = table
        self.settings = settings
        self.known = RowStore(schema)
        self.reader = Reader(schema, table, self.known, settings.learned)
        self.real = settings.learned.created

    def write(self, change: Change) -> Flow[Outcome]:
        """Carry out one change; every failure is an outcome."""
        return attempt(change, lambda step: self._done(change, step))

    def _done(self, change: Change, step: Attempt) -> Flow[Outcome]:
        endpoint = self.table.resource(self.schema, change.oid.type)
        action = endpoint.actions.get(change.operation) if isinstance(change, Call) else None
        step.secrets = secrets_of(change, action.concealed if action else ())
        try:
            if isinstance(change, Create):
                return (yield from self._created(endpoint, change, step))
            oid = resolve_oid(change.oid, self.real)
            if isinstance(change, Update):
                return (yield from self._updated(endpoint, change, oid, step))
            if isinstance(change, Delete):
                return (yield from self._deleted(endpoint, change, oid, step))
            return Done(change, (yield from called(endpoint, change, oid, self.real, self.settings, step)))
        except Rejected as error:
            raise _blaming(endpoint, error) from None

    def _created(self, endpoint: Resource, change: Create, step: Attempt) -> Flow[Outcome]:
        """A field that the server ignored is a note here: the asset exists, and must not be created once more."""
        if "create" not in endpoint.writes:
            raise _impossible(endpoint, "created")
        body = yield from self._body(endpoint, change.deltas, {}, creating=True)
        place = self.settings.place(endpoint.path)
        item = read_object((yield from send_write(send("POST", place, body), step)))
        key = item.get("id")
        if not isinstance(key, int | str) or isinstance(key, bool) or not key:
            raise InvalidResponse(f"The answer to POST {place} does not say which id the new {endpoint.type} has.")
        oid = Oid.of(endpoint.type, key)
        self.real[change.oid] = oid
        row, verdict = self._judged(endpoint, oid, item, self._sent(endpoint, change.deltas, {}), is_new=True)
        return Done(change, oid, row, verdict.notes)

    def _updated(self, endpoint: Resource, change: Update, oid: Oid, step: Attempt) -> Flow[Outcome]:
        """A field that the server ignored makes the change fail: it stays pending, and the error names the field."""
        lists = yield from self._present(endpoint, change, oid)
        body = yield from self._body(endpoint, change.deltas, lists, creating=False)
        item = yield from self._written(endpoint, oid, body, step)
        about(endpoint, oid, item, f"the update of {oid.token}")
        if "id" not in item and "identifier" not in item:
            # An answer in words tells nothing of the object, which is read again when it is looked at.
            return Done(change, oid)
        row, verdict = self._judged(endpoint, oid, item, self._sent(endpoint, change.deltas, lists))
        if not verdict.ignored:
            return Done(change, oid, row, verdict.notes)
        return Failed(change, ignored_by_server(oid, verdict, 200))

    def _written(self, endpoint: Resource, oid: Oid, body: dict[str, Sendable], step: Attempt) -> Flow[Object]:
        """Write by PATCH, or by PUT where the server does not know that; return the object in the answer."""
        place = self.settings.place(endpoint.path, path_key(oid))
        if endpoint.path not in self.settings.learned.only_put:
            try:
                return _object((yield from send_write(send("PATCH", place, body), step)))
            except Rejected as error:
                if error.status != _METHOD_UNKNOWN:
                    raise
                self.settings.learned.only_put.add(endpoint.path)
        whole = yield from self._whole(endpoint, oid, body)
        return _object((yield from send_write(send("PUT", place, {**whole, **body}), step)))

    def _whole(self, endpoint: Resource, oid: Oid, body: dict[str, Sendable]) -> Flow[dict[str, Sendable]]:
        """What a PUT needs besides *body*, as the object has it; it is read unless nothing is missing."""
        needed = {
            name: known
            for name, known in endpoint.fields.items()
            if known.is_updatable and (known.always_sent or known.required) and (known.written_key or name) not in body
        }
        if not needed:
            return {}
        yield from self._read(endpoint, oid)
        cells = self.known.cells.get(oid, {})
        return {
            known.written_key or name: as_read(self.schema.attribute(endpoint.type, name), known, cells[name])
            for name, known in needed.items()
            if name in cells and not known.secret
        }

    def _read(self, endpoint: Resource, oid: Oid) -> Flow[None]:
        """Read the object as it is now. One request."""
        place = self.settings.place(endpoint.path, path_key(oid))
        item = about(endpoint, oid, read_object((yield from send_one(get(place)))), f"GET {place}")
        self.reader.take(endpoint, item, oid=oid)

    def _deleted(self, endpoint: Resource, change: Delete, oid: Oid, step: Attempt) -> Flow[Outcome]:
        if "delete" not in endpoint.writes:
            raise _impossible(endpoint, "deleted")
        said((yield from send_write(delete(self.settings.place(endpoint.path, path_key(oid))), step)))
        return Done(change, oid)

    def _body(
        self,
        endpoint: Resource,
        deltas: Sequence[AttributeChange],
        lists: dict[str, tuple[object, ...]],
        *,
        creating: bool,
    ) -> Flow[dict[str, Sendable]]:
        """The document that makes *deltas* so. Raises ReadOnly, BadValue."""
        names = yield from owners.names(named_by_id(self.table, endpoint, deltas), self.settings)
        real = ChainMap((yield from self._ids(endpoint, deltas)), self.real)
        return document(self.schema, self.table, endpoint, deltas, lists, real, names, creating=creating)

    def _ids(self, endpoint: Resource, deltas: Sequence[AttributeChange]) -> Flow[dict[Oid, Oid]]:
        """The identities of assets that are given by an alias where the server takes ids alone. One request each."""
        found: dict[Oid, Oid] = {}
        for oid in identified_by_alias(self.table, endpoint, deltas):
            if oid.type in self.table.unions:
                found[oid] = yield from owners.numbered(str(oid.key), self.settings)
            elif taken_by_alias(self.table, oid.type):
                found[oid] = (yield from look_up(self.schema, oid.type, str(oid.key), self.table, self.settings)).oid
        return found

    def _sent(
        self, endpoint: Resource, deltas: Sequence[AttributeChange], lists: dict[str, tuple[object, ...]]
    ) -> dict[str, SentValue]:
        """The deltas that can be compared with what was stored: no secrets, and nothing that the server resolves."""
        found: dict[str, SentValue] = {}
        for delta in deltas:
            known = endpoint.fields.get(delta.name)
            resolved = isinstance(delta.new, Oid) and not delta.new.is_new and is_alias(self.table, delta.new)
            if not resolved and not (known and known.secret):
                attribute = self.schema.attribute(endpoint.type, delta.name)
                found[delta.name] = SentValue(attribute, delta, lists.get(delta.name, ()))
        return found

    def _judged(
        self, endpoint: Resource, oid: Oid, item: Object, sent: dict[str, SentValue], *, is_new: bool = False
    ) -> tuple[Row, EchoResult]:
        """What an answer tells of an asset, and how that compares with what was sent."""
        self.reader.take(endpoint, item, oid=oid)
        row = self.known.row(oid)
        cells = dict(zip(row.columns, row.values, strict=True))
        return row, compare_echo(sent, cells, lambda value: resolve_value(value, self.real), is_new=is_new)

    def _present(self, endpoint: Resource, change: Update, oid: Oid) -> Flow[dict[str, tuple[object, ...]]]:
        """The present members of the lists that are to be written: as they were loaded, or read now."""
        lists = [delta for delta in change.deltas if delta.is_multi]
        found = {delta.name: delta.old for delta in lists if isinstance(delta.old, tuple)}
        if len(found) == len(lists):
            return found
        yield from self._read(endpoint, oid)
        for name in [delta.name for delta in lists if delta.name not in found]:
            if name not in self.known.cells.get(oid, {}):
                # A write replaces the whole list: without its present members it would lose them.
                why = f"{oid.token}.{name}: the server does not tell what is in it, so that nothing can be added."
                raise Unsupported(why, oid=oid.token, attribute=name)
            found[name] = self.known.members(oid, name)
        return found


def _impossible(endpoint: Resource, what: str) -> Unsupported:
    instead = _INSTEAD.get(endpoint.type)
    return Unsupported(
        f"{endpoint.type}: none can be {what} through the API{f': {instead}' if instead else ''}.",
        type_name=endpoint.type,
    )


def _blaming(endpoint: Resource, error: Rejected) -> Rejected:
    """Name the attribute where the server blames the key that it is written under."""
    written = {known.written_key: name for name, known in endpoint.fields.items() if known.written_key}
    error.attribute = written.get(error.attribute or "", error.attribute)
    return error


def _object(response: Response) -> Object:
    """The object that an update is answered with; an empty one where the answer has none."""
    found = said(response)
    return found if isinstance(found, dict) else {}
