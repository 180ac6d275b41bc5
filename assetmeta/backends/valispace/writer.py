"""One change carried out: the requests that it takes, one after the other, and its outcome (reference 2.0, 5.5).

create      POST x/ (for files: POST files/create-empty/)                       201, the whole new object
update      PATCH x/{id}/ with the fields that changed                          200, the whole object
            PUT x/{id}/<action>/ for each new member of a list that takes no ids
delete      DELETE x/{id}/                                                      204
operation   POST or PUT x/{id}/<action>/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from assetmeta.backends.attempt import Attempt, attempt, send_write
from assetmeta.backends.local.records import RowStore
from assetmeta.backends.responses import confirm
from assetmeta.backends.rest.echo import EchoResult, SentValue, compare_echo, ignored_by_server
from assetmeta.backends.rest.http import Object, Sendable, argument, delete, read_object, send
from assetmeta.backends.rest.spec import Api, Resource
from assetmeta.backends.valispace.decode import identity
from assetmeta.backends.valispace.encode import document, resolve_oid, resolve_value
from assetmeta.backends.valispace.lookup import LookupReader, require_key
from assetmeta.backends.valispace.options import Settings
from assetmeta.backends.valispace.pages import one
from assetmeta.model.errors import AssetmetaError, InvalidResponse, Unsupported
from assetmeta.model.http import Flow, Request
from assetmeta.model.plans import AttributeChange, Call, Change, Create, Delete, Done, Failed, Outcome, Row, Update
from assetmeta.model.schema import Schema
from assetmeta.model.values import UNREAD, Oid


class ChangeWriter:
    """Carries out the changes of one write. Real identities of what it creates are kept in `settings.learned`."""

    def __init__(self, schema: Schema, table: Api, settings: Settings) -> None:
        self.schema = schema
        self.table = table
        self.settings = settings
        self.reading = LookupReader(schema, table, settings, RowStore(schema))
        self.real = settings.learned.created

    def write(self, change: Change) -> Flow[Outcome]:
        """Carry out one change; every failure is an outcome."""
        return attempt(change, lambda step: self._done(change, step))

    def _done(self, change: Change, step: Attempt) -> Flow[Outcome]:
        endpoint = self.reading.endpoint(change.oid.type)
        if isinstance(change, Create):
            return (yield from self._created(endpoint, change, step))
        oid = resolve_oid(change.oid, self.real)
        if isinstance(change, Update):
            return (yield from self._updated(endpoint, change, oid, step))
        if isinstance(change, Delete):
            yield from send_write(delete(self.settings.place(endpoint.path, oid.key)), step)
            return Done(change, oid)
        yield from self._called(endpoint, change, oid, step)
        return Done(change, oid)

    def _created(self, endpoint: Resource, change: Create, step: Attempt) -> Flow[Outcome]:
        """A field that the server ignored is a note here: the asset exists, and must not be created once more."""
        sent = self.sent(endpoint, change.deltas, {})
        place = self.settings.place(endpoint.path, *filter(None, [endpoint.create_path]))
        item = read_object((yield from send_write(send("POST", place, self.body(endpoint, sent)), step)))
        key = identity(item.get("id"))
        if key is None:
            raise InvalidResponse(f"The answer to POST {place} does not say which id the new {endpoint.type} has.")
        oid = Oid(endpoint.type, key)
        self.real[change.oid] = oid
        try:
            item = (yield from self._added(endpoint, change.deltas, oid, step)) or item
        except AssetmetaError as error:
            # The asset exists, and must not be created once more.
            return Done(change, oid, notes=(f"it was created, and not all members were added: {error}",), stale=True)
        row, verdict = self.judged(endpoint, oid, item, sent)
        return Done(change, oid, row, (*verdict.notes, *_without_value(row, sent)))

    def _updated(self, endpoint: Resource, change: Update, oid: Oid, step: Attempt) -> Flow[Outcome]:
        """A field that the server ignored makes the change fail: it stays pending, and the error names the field."""
        lists = yield from self._present(endpoint, change, oid)
        sent = self.sent(endpoint, change.deltas, lists)
        body = self.body(endpoint, sent)
        item: Object | None = None
        if body:
            request = send("PATCH", self.settings.place(endpoint.path, oid.key), body)
            item = _about(oid, read_object((yield from send_write(request, step))), request)
            again = self._renamed(endpoint, body, item)
            if again:
                request = send("PATCH", self.settings.place(endpoint.path, oid.key), again)
                item = _about(oid, read_object((yield from send_write(request, step))), request)
        item = (yield from self._added(endpoint, change.deltas, oid, step)) or item
        if item is None:
            return Done(change, oid)
        return self.outcome(endpoint, change, oid, item, sent)

    def outcome(
        self, endpoint: Resource, change: Update, oid: Oid, item: Object, sent: dict[str, SentValue]
    ) -> Outcome:
        """The outcome of an update that was answered with the object as it is now."""
        row, verdict = self.judged(endpoint, oid, item, sent)
        if not verdict.ignored:
            return Done(change, oid, row, (*verdict.notes, *_without_value(row, sent)))
        return Failed(change, ignored_by_server(oid, verdict, 200))

    def sent(
        self, endpoint: Resource, deltas: Sequence[AttributeChange], lists: dict[str, tuple[object, ...]]
    ) -> dict[str, SentValue]:
        """The deltas by name, each with the present members of its list."""
        return {
            delta.name: SentValue(self.schema.attribute(endpoint.type, delta.name), delta, lists.get(delta.name, ()))
            for delta in deltas
        }

    def body(self, endpoint: Resource, sent: dict[str, SentValue]) -> dict[str, Sendable]:
        """The document that makes what is *sent* so. Raises ReadOnly, BadValue."""
        deltas = [item.delta for item in sent.values()]
        lists = {name: item.before for name, item in sent.items()}
        return document(self.schema, self.table, endpoint, deltas, lists, self.settings.learned, self.real)

    def judged(self, endpoint: Resource, oid: Oid, item: Object, sent: dict[str, SentValue]) -> tuple[Row, EchoResult]:
        """What an answer tells of an asset, and how that compares with what was sent."""
        [told] = self.reading.take(endpoint, [{**item, "id": oid.key if isinstance(oid.key, int) else None}], {})
        row = self.reading.known.row(told)
        return row, compare_echo(
            sent, dict(zip(row.columns, row.values, strict=True)), lambda value: resolve_value(value, self.real)
        )

    def _present(self, endpoint: Resource, change: Update, oid: Oid) -> Flow[dict[str, tuple[object, ...]]]:
        """The present members of the lists that are to be written: as they were loaded, or read now."""
        lists = [delta for delta in change.deltas if delta.is_multi and not self._action(endpoint, delta)]
        unread = [delta for delta in lists if delta.old is UNREAD or self.settings.fresh_lists]
        if unread:
            item = yield from one(endpoint, require_key(oid.type, oid.key), (), self.settings)
            self.reading.take(endpoint, [item], {})
        found: dict[str, tuple[object, ...]] = {}
        for delta in lists:
            fresh = delta in unread
            found[delta.name] = self.reading.known.members(oid, delta.name) if fresh else _members(delta.old)
        return found

    def _renamed(self, endpoint: Resource, body: dict[str, Sendable], item: Object) -> dict[str, Sendable]:
        """Fields that the object has under their other name, and that have to be written once more under that."""
        found: dict[str, Sendable] = {}
        for name, value in body.items():
            known = endpoint.fields.get(name)
            if (
                known is not None
                and known.alternative_key in item
                and name not in item
                and known.alternative_key not in body
            ):
                found[str(known.alternative_key)] = value
        return found

    def _action(self, endpoint: Resource, delta: AttributeChange) -> str | None:
        known = endpoint.fields.get(delta.name)
        return known.action if known else None

    def _added(
        self, endpoint: Resource, deltas: Sequence[AttributeChange], oid: Oid, step: Attempt
    ) -> Flow[Object | None]:
        """Add members, one call each, to lists that are not written; return the object as the last answer shows it."""
        item: Object | None = None
        for request in self._calls(endpoint, deltas, oid):
            told = read_object((yield from send_write(request, step)))
            item = told if identity(told.get("id")) == oid.key else None
        return item

    def _calls(self, endpoint: Resource, deltas: Sequence[AttributeChange], oid: Oid) -> Iterator[Request]:
        for delta in deltas:
            known = endpoint.fields.get(delta.name)
            if known is None or known.action is None or known.argument is None:
                continue
            if delta.removed:
                raise Unsupported(
                    f"{oid.token}.{delta.name}: Valispace shows no way to take a member out.", attribute=delta.name
                )
            for value in delta.added:
                # Of a parent and a child, the call is always made on the parent.
                owner, member = (oid, resolve_value(value, self.real))
                if delta.name == "parents":
                    owner, member = (member, oid)  # type: ignore[assignment]
                key = member.key if isinstance(member, Oid) else None
                yield send("PUT", self.settings.place(endpoint.path, owner.key, known.action), {known.argument: key})

    def _called(self, endpoint: Resource, change: Call, oid: Oid, step: Attempt) -> Flow[None]:
        action = endpoint.actions.get(change.operation)
        if action is None:
            raise Unsupported(f"{oid.type} has no operation {change.operation}.", attribute=change.operation)
        body: dict[str, Sendable] = {}
        for name, value in change.arguments:
            body[name] = argument(resolve_value(value, self.real))
        place = self.settings.place(endpoint.path, oid.key, action.path)
        yield from send_write(send(action.method, place, body), step)


def _about(oid: Oid, item: Object, request: Request) -> Object:
    """The object that a write of *oid* is answered with. Raises InvalidResponse for another."""
    confirm(identity(item.get("id")) in (None, oid.key), oid.token, f"id {item.get('id')!r}", request.line)
    return item


def _without_value(row: Row, sent: Iterable[str]) -> Iterator[str]:
    """What there is to be said of a vali whose formula or unit was written, and that has no value then: the server
    takes both without a word (reference 4.1).
    """
    told = dict(zip(row.columns, row.values, strict=True))
    formula, unit = told.get("formula"), told.get("unit")
    if not {"formula", "unit"}.isdisjoint(sent) and formula and "value" in told and told["value"] is None:
        yield f"the formula {str(formula)!r:.80} gives no value{f' in {unit}' if unit else ''}"


def _members(old: object) -> tuple[object, ...]:
    return old if isinstance(old, tuple) else ()
