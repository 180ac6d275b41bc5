"""One change performed: the requests that it takes, one after the other, and its outcome.

create      POST to the list                        the new object, or at least its address
update      PATCH of the object with what changed   the object; without it, what is loaded of it is dropped
            PUT where PATCH is refused with 405 (remembered): what changed and what every PUT needs, for which the
            object is read before
            one call for each new member of a list that is not written but has an action
delete      DELETE of the object
operation   a call below the object
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assetmeta.backends.attempt import Attempt, outcome_of, send_write, with_asset
from assetmeta.backends.concurrency import send_one
from assetmeta.backends.echo import EchoResult, SentValue, compare_echo, ignored_by_server
from assetmeta.backends.error_documents import parse_error
from assetmeta.backends.responses import ErrorDetail, Json, parse_json
from assetmeta.backends.rest.decode import Decoder
from assetmeta.backends.rest.encode import Encoder, Names, Real, as_read, secrets_of
from assetmeta.backends.rest.hooks import ParseContext
from assetmeta.backends.rest.http import JSON, Object, Sendable, argument, delete, get, read_object, send
from assetmeta.backends.rest.spec import Action, Resource
from assetmeta.backends.rest.urls import own_address
from assetmeta.backends.write_scheduler import Outcomes
from assetmeta.model.errors import AssetmetaError, BadValue, InvalidResponse, NotFound, Rejected, Unsupported, nearest
from assetmeta.model.http import Flow, Request, Response
from assetmeta.model.plans import AttributeChange, Call, Change, Create, Delete, Done, Failed, Outcome, Row, Update
from assetmeta.model.values import Key, Oid

_METHOD_UNKNOWN = 405
_WORDS = {Create: "create", Update: "update", Delete: "delete"}
_LAST_NUMBER = re.compile(r"/([0-9]{1,60})/?(?:[?#].*)?\Z")
_BRIEF = (("exclude", "events,metadata,outputs"),)

Prepare = Callable[[Resource, Sequence[AttributeChange], Encoder], Flow[Names]]
"""Reads what a body needs to know of other assets: the names of those that are written by name. May add to
`encoder.aliases`."""

AnswerObject = Callable[[Response], Object | None]
"""Returns the object in the answer to a write; None where it has none."""


def _no_names(resource: Resource, deltas: Sequence[AttributeChange], encoder: Encoder) -> Flow[Names]:
    yield from ()
    return {}


def _no_notes(row: Row, names: Iterable[str]) -> Iterator[str]:
    return iter(())


@dataclass(frozen=True, slots=True)
class WriteRules:
    """How a server is written to, beyond its description.

    *answer_object* and *parse_error* read answers. *verbatim* and *completes* are about the comparison with what was
    sent (`compare_echo`): plain texts are kept as they are, new assets get defaults inside of documents. *notes* are
    remarks on an answer; *instead* is what to do where there is no request, by type. *fresh_lists* reads a list before
    it is written, also where it is loaded. *brief* answers may not contain all keys of an object.
    """

    server: str
    answer_object: AnswerObject = read_object
    parse_error: Callable[[Response], ErrorDetail] = parse_error
    prepare: Prepare = _no_names
    resolve_text: Callable[[str, Real], str] | None = None
    notes: Callable[[Row, Iterable[str]], Iterator[str]] = _no_notes
    instead: Mapping[str, str] = field(default_factory=dict)
    verbatim: bool = False
    completes: bool = False
    fresh_lists: bool = False
    brief: bool = False


class ChangeWriter:
    """Performs the changes of one write. Real identities of what it creates are kept in the memory of the dialect."""

    def __init__(self, decoder: Decoder, rules: WriteRules) -> None:
        self.decoder = decoder
        decoder.learns = not rules.brief
        self.schema, self.keys, self.options = decoder.schema, decoder.keys, decoder.options
        self.rules = rules
        self.encoder = Encoder(decoder.schema, decoder.api, decoder.keys, decoder.options.memory, rules.resolve_text)

    def write(self, change: Change) -> Flow[Outcome]:
        """Perform one change; every error is an outcome."""
        step = Attempt()
        try:
            return (yield from self._perform(change, step))
        except AssetmetaError as error:
            return outcome_of(change, with_asset(change, error), step)

    def write_alone(self, change: Change) -> Flow[Outcomes]:
        """Perform one change as a batch of its own."""
        return [(yield from self.write(change))]

    def _perform(self, change: Change, step: Attempt) -> Flow[Outcome]:
        resource = self.decoder.resource(change.oid.type)
        action = self._action(resource, change) if isinstance(change, Call) else None
        step.secrets = secrets_of(change, action.concealed if action else ())
        self._require(resource, change)
        try:
            if isinstance(change, Create):
                return (yield from self._create(resource, change, step))
            oid = self.encoder.oid(change.oid)
            if isinstance(change, Update):
                return (yield from self._update(resource, change, oid, step))
            if action is not None and isinstance(change, Call):
                return Done(change, (yield from self._call(resource, action, change, oid, step)))
            accept((yield from self._send(delete(self._path(resource, oid)), step)))
            return Done(change, oid)
        except Rejected as error:
            # The server may name the key that an attribute is written under.
            written = {known.written_key: name for name, known in resource.fields.items() if known.written_key}
            error.attribute = written.get(error.attribute or "", error.attribute)
            raise

    def _require(self, resource: Resource, change: Change) -> None:
        """Raise Unsupported for what the server has no request for."""
        word = _WORDS.get(type(change))
        if word is not None and word not in resource.writes:
            instead = self.rules.instead.get(resource.type)
            raise Unsupported(
                f"{self.rules.server} has no request to {word} a {resource.type}{f': {instead}' if instead else ''}.",
                type_name=resource.type,
            )

    def _send(self, request: Request, step: Attempt) -> Flow[Response]:
        return send_write(request, step, self.rules.parse_error)

    def _path(self, resource: Resource, oid: Oid, *parts: str) -> str:
        return self.options.endpoint_path(self.keys.item_path(resource, oid.key), *parts)

    def _create(self, resource: Resource, change: Create, step: Attempt) -> Flow[Outcome]:
        """A field that the server ignored is a note here: the asset exists, and must not be created once more."""
        names = yield from self.rules.prepare(resource, change.deltas, self.encoder)
        parent = self._parent(resource, change)
        sent = self.sent(resource, change.deltas, {})
        body = self.encoder.document(resource, change.deltas, {}, names, creating=True)
        more = [resource.create_path] if resource.create_path else []
        path = self.options.endpoint_path(self.keys.list_path(resource, parent), *more)
        response = yield from self._send(send("POST", path, body), step)
        item = self.rules.answer_object(response)
        context = ParseContext(owner=parent)
        key = None if item is None else self.keys.identify(resource, item, context).key
        if key is None:
            found = _LAST_NUMBER.search(response.headers.get("location", ""))
            key = self.keys.parse(resource, {resource.own: found[1]}, context) if found else None
        if key is None:
            raise InvalidResponse(f"The answer to POST {path} does not contain the id of the new {resource.type}.")
        oid = Oid.of(resource.type, key)
        self.encoder.memory.remember_created(change.oid, oid)
        try:
            item = (yield from self._add_members(resource, change.deltas, oid, step)) or item
        except AssetmetaError as error:
            # The asset exists, and must not be created once more.
            return Done(change, oid, notes=(f"it was created, and not all members were added: {error}",), stale=True)
        if item is None:
            return Done(change, oid, stale=True)
        row, echo = self._echo(resource, oid, item, sent, context, is_new=True)
        return Done(change, oid, row, (*echo.notes, *self.rules.notes(row, sent)))

    def _parent(self, resource: Resource, change: Create) -> Key | None:
        """The key of the asset that a new one is created below; None for what has no parent. Raises BadValue."""
        if resource.up is None:
            return None
        given = next((delta.new for delta in change.deltas if delta.name == resource.up), None)
        if not isinstance(given, Oid):
            why = f"A new {resource.type} is created below a {resource.parent}: give {resource.up}=."
            raise BadValue(why, type_name=resource.type, attribute=resource.up)
        return self.encoder.oid(given).key

    def _update(self, resource: Resource, change: Update, oid: Oid, step: Attempt) -> Flow[Outcome]:
        """A field that the server ignored makes the change fail: it stays pending, and the error names the field."""
        lists = yield from self._current_lists(resource, change, oid)
        names = yield from self.rules.prepare(resource, change.deltas, self.encoder)
        sent = self.sent(resource, change.deltas, lists)
        body = self.encoder.document(resource, change.deltas, lists, names, creating=False)
        item = (yield from self._patch(resource, oid, body, step)) if body else None
        item = (yield from self._add_members(resource, change.deltas, oid, step)) or item
        if item is None:
            return Done(change, oid, stale=bool(body))
        return self.outcome(resource, change, oid, item, sent)

    def outcome(
        self, resource: Resource, change: Update, oid: Oid, item: Object, sent: Mapping[str, SentValue]
    ) -> Outcome:
        """The outcome of an update, given the object as it is now."""
        row, echo = self._echo(resource, oid, item, sent, ParseContext())
        if echo.ignored:
            return Failed(change, ignored_by_server(oid, echo, 200))
        return Done(change, oid, row, (*echo.notes, *self.rules.notes(row, sent)))

    def _patch(self, resource: Resource, oid: Oid, body: dict[str, Sendable], step: Attempt) -> Flow[Object | None]:
        """Write by PATCH, or by PUT where the server does not know that; return the object in the answer."""
        path = self._path(resource, oid)
        if resource.type not in self.options.memory.only_put:
            try:
                item = yield from self._send_for_object(resource, oid, send("PATCH", path, body), step)
                again = _other_names(resource, body, item)
                if again:
                    item = yield from self._send_for_object(resource, oid, send("PATCH", path, again), step)
                return item
            except Rejected as error:
                if error.status != _METHOD_UNKNOWN:
                    raise
                self.options.memory.only_put.add(resource.type)
        whole = yield from self._whole(resource, oid, body)
        return (yield from self._send_for_object(resource, oid, send("PUT", path, {**whole, **body}), step))

    def _send_for_object(self, resource: Resource, oid: Oid, request: Request, step: Attempt) -> Flow[Object | None]:
        """Send a write of an object; return the object in the answer. Raises InvalidResponse for another one."""
        item = self.rules.answer_object((yield from self._send(request, step)))
        if item is not None:
            self.keys.confirm(resource, oid, item, request.line)
        return item

    def _whole(self, resource: Resource, oid: Oid, body: Mapping[str, Sendable]) -> Flow[dict[str, Sendable]]:
        """What a PUT needs besides *body*, as the object has it; it is read unless nothing is missing."""
        needed = {
            name: known
            for name, known in resource.fields.items()
            if known.is_updatable and (known.always_sent or known.required) and (known.written_key or name) not in body
        }
        if not needed:
            return {}
        yield from self._read(resource, oid)
        cells = self.decoder.known.cells.get(oid, {})
        return {
            known.written_key or name: as_read(self.schema.attribute(resource.type, name), known, cells[name])
            for name, known in needed.items()
            if name in cells and not known.secret
        }

    def _read(self, resource: Resource, oid: Oid) -> Flow[None]:
        """Read the object as it is now. One request."""
        request = get(self._path(resource, oid))
        item = read_object((yield from send_one(request)))
        self.keys.confirm(resource, oid, item, request.line)
        self.decoder.take_one(resource, item, oid=oid)

    def sent(
        self, resource: Resource, deltas: Sequence[AttributeChange], lists: Mapping[str, tuple[object, ...]]
    ) -> dict[str, SentValue]:
        """The deltas that can be compared with what was stored: no secrets, and nothing that the server resolves."""
        found: dict[str, SentValue] = {}
        for delta in deltas:
            known = resource.fields.get(delta.name)
            resolved = isinstance(delta.new, Oid) and not delta.new.is_new and self.keys.is_alias(delta.new)
            if not resolved and not (known and known.secret):
                attribute = self.schema.attribute(resource.type, delta.name)
                found[delta.name] = SentValue(attribute, delta, lists.get(delta.name, ()))
        return found

    def _echo(
        self,
        resource: Resource,
        oid: Oid,
        item: Object,
        sent: Mapping[str, SentValue],
        context: ParseContext,
        *,
        is_new: bool = False,
    ) -> tuple[Row, EchoResult]:
        """What an answer contains of an asset, and how that compares with what was sent."""
        self.decoder.take_one(resource, item, context, oid)
        row = self.decoder.known.row(oid)
        cells = dict(zip(row.columns, row.values, strict=True))
        is_new = is_new and self.rules.completes
        return row, compare_echo(sent, cells, self.encoder.value, verbatim=self.rules.verbatim, is_new=is_new)

    def _current_lists(self, resource: Resource, change: Update, oid: Oid) -> Flow[dict[str, tuple[object, ...]]]:
        """The present members of the lists that are to be written: as they were loaded, or read now."""
        written = [delta for delta in change.deltas if delta.is_multi and not _has_action(resource, delta)]
        found = {delta.name: delta.old for delta in written if isinstance(delta.old, tuple)}
        if written and (len(found) < len(written) or self.rules.fresh_lists):
            yield from self._read(resource, oid)
            cells = self.decoder.known.cells.get(oid, {})
            for name in [each.name for each in written if self.rules.fresh_lists or each.name not in found]:
                if name not in cells:
                    # A write replaces the whole list: without its present members it would lose them.
                    why = f"{oid.token}.{name}: the server does not send its members, so that nothing can be added."
                    raise Unsupported(why, oid=oid.token, attribute=name)
                found[name] = self.decoder.known.members(oid, name)
        return found

    def _add_members(
        self, resource: Resource, deltas: Sequence[AttributeChange], oid: Oid, step: Attempt
    ) -> Flow[Object | None]:
        """Add members, one call each, to lists that are not written; return the object in the last answer."""
        item: Object | None = None
        for request in self._additions(resource, deltas, oid):
            answer = read_object((yield from self._send(request, step)))
            item = answer if self.keys.parse(resource, answer, ParseContext()) == oid.key else None
        return item

    def _additions(self, resource: Resource, deltas: Sequence[AttributeChange], oid: Oid) -> Iterator[Request]:
        for delta in deltas:
            known = resource.fields.get(delta.name)
            if known is None or known.action is None or known.argument is None:
                continue
            if delta.removed:
                why = f"{oid.token}.{delta.name}: {self.rules.server} has no request to remove a member."
                raise Unsupported(why, attribute=delta.name)
            for value in delta.added:
                member = self.encoder.value(value)
                assert isinstance(member, Oid)
                # Of a parent and a child, the call is always made on the parent.
                owner, member = (member, oid) if delta.name == "parents" else (oid, member)
                yield send("PUT", self._path(resource, owner, known.action), {known.argument: member.key})

    def _action(self, resource: Resource, change: Call) -> Action:
        action = resource.actions.get(change.operation)
        if action is None:
            near = nearest(change.operation, resource.actions)
            raise Unsupported(f"{resource.type} has no operation {change.operation}.{near}", attribute=change.operation)
        return action

    def _call(self, resource: Resource, action: Action, change: Call, oid: Oid, step: Attempt) -> Flow[Oid]:
        """Perform an operation; return the asset that the answer names, mostly *oid* itself.

        One request; two more where an installation has the call at another address only, which the object contains.
        """
        body = self._arguments(resource, action, change)
        path = self._path(resource, oid, action.path)
        try:
            response = yield from self._send(_call_request(action, path, body), step)
        except NotFound:
            linked = yield from self._linked_path(resource, action, oid)
            if linked is None or linked == path:
                raise
            response = yield from self._send(_call_request(action, linked, body), step)
        return _asset_in(action, accept(response), oid)

    def _arguments(self, resource: Resource, action: Action, change: Call) -> Sendable:
        """The arguments as the body; None where there are none. Raises BadValue for what the call does not take."""
        given: dict[str, Sendable] = {}
        possible = action.arguments
        for name, value in change.arguments:
            if possible is not None and name not in possible:
                near = nearest(name, possible) or f" It takes {', '.join(possible) or 'nothing'}."
                raise BadValue(f"{resource.type}.{change.operation}() has no argument {name!r}.{near}", attribute=name)
            given[name] = argument(self.encoder.value(value))
        missing = [name for name in action.needed if given.get(name) is None]
        if missing:
            raise BadValue(f"{resource.type}.{change.operation}() needs {', '.join(missing)}.", attribute=missing[0])
        if action.bare and possible:
            return given[possible[0]]
        return given if given or possible is None else None

    def _linked_path(self, resource: Resource, action: Action, oid: Oid) -> Flow[str | None]:
        """The path of the call in the object itself; None when it does not contain one."""
        if action.link is None:
            return None
        request = get(self._path(resource, oid), _BRIEF)
        item = read_object((yield from send_one(request)))
        self.keys.confirm(resource, oid, item, request.line)
        links = item.get("urls")
        link = links.get(action.link) if isinstance(links, dict) else None
        found = own_address(link, self.options.base, self.options.is_own) if isinstance(link, str) else None
        path = (found or "").partition("?")[0]
        return path if self.options.is_own(path) else None


def _has_action(resource: Resource, delta: AttributeChange) -> bool:
    known = resource.fields.get(delta.name)
    return known is not None and known.action is not None


def _other_names(resource: Resource, body: Mapping[str, Sendable], item: Object | None) -> dict[str, Sendable]:
    """Fields that the object has under their other name, and that have to be written once more under that."""
    found: dict[str, Sendable] = {}
    for name, value in body.items() if item is not None else ():
        known = resource.fields.get(name)
        other = known.alternative_key if known else None
        if item is not None and other is not None and other in item and name not in item and other not in body:
            found[other] = value
    return found


def _call_request(action: Action, path: str, body: Sendable) -> Request:
    return Request(action.method, path, (), JSON, writes=True) if body is None else send(action.method, path, body)


def accept(response: Response) -> Json:
    """What a 2xx answer to a write contains: its document, or None where it has no body or only words.

    Raises InvalidResponse for a page: a proxy or a login page has answered then, and not the API.
    """
    if not response.body.strip():
        return None
    if "json" in response.media_type or response.body.lstrip().startswith(b"<"):
        return parse_json(response)
    return None


def _asset_in(action: Action, document: Json, oid: Oid) -> Oid:
    """The asset that an answer names: a new one of the same type, or data that were adopted, by their address."""
    key = document.get("id") if isinstance(document, dict) and action.makes else None
    if isinstance(key, str):
        return Oid(oid.type, key)
    created = document.get("created") if isinstance(document, dict) else None
    ids = [one for one in created.values() if isinstance(one, str)] if isinstance(created, dict) else []
    return Oid("Datum", ids[0]) if len(ids) == 1 else oid
