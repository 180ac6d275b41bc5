"""Commands put together into requests to api/asset: aliases for all, and a query for each new asset's identity.

    [{"@n1": {"AssetType": "Story", ...}}, {"@n2": {"from": "Story:5", "update": ...}}, {"from": "@n1", "select": ...}]

Every command has an alias, because failures are reported under it, and because an aliased update may change an asset
that is created in the same request (bulk: aliases, projection and deferral).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal

from msgspec import Struct

from assetmeta.backends.responses import Json
from assetmeta.backends.versionone.query_request import HEADERS, Query, SelectNode, yaml_safe_json
from assetmeta.backends.versionone.rest_request import moves
from assetmeta.backends.versionone.tokens import require_key
from assetmeta.model.codecs import plain_decimal
from assetmeta.model.errors import BadValue, UsageError
from assetmeta.model.http import Request
from assetmeta.model.plans import AttributeChange, Call, Change, Create, Delete, Update
from assetmeta.model.schema import Attribute, Schema
from assetmeta.model.values import Oid

PATH = "api/asset"

LARGEST = 2_000_000
"""Bytes of one request, well below what web servers take by default."""


Name = Callable[[Oid], str]
"""Returns the name of an asset in the request, its token or an alias. Raises BadValue for one that is not saved yet."""

_SINGLY = frozenset({"Blob", "Rank"})
_CONTEXT = "#ContextOid"
"""The asset in whose context another is created, as in the projection of nested creates, which can be posted."""

_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML cannot contain: sent in JSON they may be stored, and could not be read again."""


def fits(schema: Schema, change: Change) -> bool:
    """True when api/asset does exactly what *change* means. It clears no values, stores no comments, takes neither
    bytes nor ranks as numbers, and could take a text that begins with @ for an alias.
    """
    if change.oid.moment is not None:
        return False
    if isinstance(change, Delete | Call):
        return True
    created = isinstance(change, Create)
    if change.comment is not None or not (created or change.deltas):
        return False
    try:
        return all(_fits(schema.attribute(change.oid.type, delta.name), delta, created) for delta in change.deltas)
    except (UsageError, ValueError):
        # What cannot be sent at all goes to rest-1.v1, whose error names the reason.
        return False


def _fits(attribute: Attribute, delta: AttributeChange, created: bool) -> bool:
    if attribute.kind in _SINGLY or (delta.is_multi and not attribute.multi):
        return False
    if not attribute.multi:
        return _is_safe(attribute, delta.new)
    added, removed = moves(delta)
    values = (*added, *removed)
    return bool(values) and not (created and removed) and all(_is_safe(attribute, value) for value in values)


def _is_safe(attribute: Attribute, value: object) -> bool:
    if attribute.is_relation:
        return isinstance(value, Oid)
    text = attribute.codec.encode(value)
    return bool(text) and not text.lstrip().startswith("@") and not _UNWRITABLE.search(text)


def command(schema: Schema, change: Change, name: Name) -> dict[str, Json]:
    """Return the command for a change that fits. Raises BadValue."""
    if isinstance(change, Create):
        context: dict[str, Json] = {} if change.context is None else {_CONTEXT: name(change.context)}
        return {"AssetType": change.oid.type, **_values(schema, change, name), **context}
    if isinstance(change, Update):
        return {"from": name(change.oid), "update": _values(schema, change, name)}
    operation = change.operation if isinstance(change, Call) else "Delete"
    # Deleted assets are hidden from a command without a condition on IsDeleted.
    hidden: dict[str, Json] = {"where": {"IsDeleted": True}} if operation == "Undelete" else {}
    return {"from": name(change.oid), **hidden, "execute": _execution(change, operation, name)}


def _execution(change: Call | Delete, operation: str, name: Name) -> Json:
    if not isinstance(change, Call) or not change.arguments:
        return operation
    return {"op": operation, "args": {key: _argument(change, key, value, name) for key, value in change.arguments}}


def _argument(call: Call, key: str, value: object, name: Name) -> Json:
    if isinstance(value, Oid):
        return name(value)
    if isinstance(value, bool | int) or (isinstance(value, str) and not value.lstrip().startswith("@")):
        return value
    if isinstance(value, Decimal | float):
        return plain_decimal(Decimal(str(value)))
    if isinstance(value, date):
        return value.isoformat()
    raise BadValue(
        f"{call.oid.token}.{call.operation}: {key}={value!r:.80} cannot be an argument; give an asset, a number, a"
        " date, True, False, or text that does not begin with @.",
        oid=call.oid.token,
        attribute=call.operation,
    )


def _values(schema: Schema, change: Create | Update, name: Name) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for delta in change.deltas:
        attribute = schema.attribute(change.oid.type, delta.name)
        if not attribute.multi:
            found[delta.name] = _value(attribute, delta.new, name)
            continue
        added, removed = (_several(attribute, values, name) for values in moves(delta))
        acts: dict[str, Json] = {"add": added, "remove": removed}
        found[delta.name] = added if isinstance(change, Create) else {act: acts[act] for act in acts if acts[act]}
    return found


def _several(attribute: Attribute, values: Iterable[object], name: Name) -> list[Json]:
    return [_value(attribute, value, name) for value in values]


def _value(attribute: Attribute, value: object, name: Name) -> Json:
    """One value: an asset by its name, a Boolean as such, all else as the text that rest-1.v1 takes too."""
    if isinstance(value, Oid):
        return name(value)
    text = attribute.codec.encode(value)
    return text == "true" if attribute.kind == "Boolean" else text


class Command(Struct, frozen=True):
    """One change as text. *query* reads what a create made."""

    index: int
    change: Change
    alias: str
    text: str
    query: Query | None = None

    @property
    def cost(self) -> int:
        """How many commands the server counts."""
        return 1 if self.query is None else 2


class BulkRequest:
    """The commands of one request, by alias and in order. *known* are real identities by provisional ones."""

    def __init__(self, schema: Schema, known: Mapping[Oid, Oid], most: int) -> None:
        self.commands: dict[str, Command] = {}
        self._schema = schema
        self._known = known
        self._most = most
        self._aliases: dict[Oid, str] = {}
        self._updated: set[Oid] = set()
        self._executed: dict[Oid, str | None] = {}
        self._cost = 0
        self._bytes = 0

    @property
    def indices(self) -> list[int]:
        """The changes of this chunk."""
        return [each.index for each in self.commands.values()]

    @property
    def is_simple(self) -> bool:
        """True for one change that rest-1.v1 takes as well; its answer contains more."""
        changes = [each.change for each in self.commands.values()]
        return len(changes) == 1 and not (isinstance(changes[0], Call) and changes[0].arguments)

    @property
    def queries(self) -> dict[str, Query]:
        """The queries for what the creates made, by the create's alias and in order."""
        return {alias: each.query for alias, each in self.commands.items() if each.query is not None}

    def name(self, oid: Oid) -> str:
        """The name of *oid* in this request. Raises BadValue for an asset that does not exist by then."""
        return self._aliases.get(oid) or require_key(self.real(oid)).token

    def real(self, oid: Oid) -> Oid:
        """The identity on the server, where it is known."""
        return self._known.get(oid, oid)

    def build(self, index: int, change: Change) -> Command:
        """Return a change as a command of this chunk. Raises BadValue."""
        alias = f"@n{index + 1}"
        text = yaml_safe_json({alias: command(self._schema, change, self.name)})
        return Command(index, change, alias, text, self._query(change) if isinstance(change, Create) else None)

    def has_room(self, command: Command) -> bool:
        """True when *command* may be added. An asset is updated once per request, and operated on more than once only
        by one operation with different arguments: the answer names the asset, not the command.
        """
        fits = self._cost + command.cost <= self._most and self._bytes + len(command.text) <= LARGEST
        return not self.commands or (fits and not self._is_ambiguous_with(command.change))

    def _is_ambiguous_with(self, change: Change) -> bool:
        if isinstance(change, Update):
            return self.real(change.oid) in self._updated
        if isinstance(change, Create):
            return False
        again, real = _repeated(change), self.real(change.oid)
        return real in self._executed and (again is None or self._executed[real] != again)

    def add(self, command: Command) -> None:
        """Put *command* at the end."""
        change = command.change
        self.commands[command.alias] = command
        self._cost += command.cost
        self._bytes += len(command.text)
        if isinstance(change, Create):
            self._aliases[change.oid] = command.alias
        elif isinstance(change, Update):
            self._updated.add(self.real(change.oid))
        else:
            self._executed[self.real(change.oid)] = _repeated(change)

    def request(self) -> Request:
        """The POST: first all commands, then all queries."""
        texts = [each.text for each in self.commands.values()]
        texts += [yaml_safe_json({"from": alias, **query.layout.body()}) for alias, query in self.queries.items()]
        body = f"[{', '.join(texts)}]".encode()
        return Request("POST", PATH, headers=HEADERS, body=body, writes=True)

    def _query(self, change: Create) -> Query:
        """The query for a new asset: its name and number, and the stored values of what was written."""
        kind = self._schema.type(change.oid.type)
        names = (kind.display, kind.short, *(delta.name for delta in change.deltas))
        selected: dict[str, None] = {}
        for name in names:
            attribute = kind.attributes.get(name or "")
            if attribute is not None and not attribute.multi and attribute.kind != "Password":
                selected[attribute.name] = None
        return Query({}, SelectNode({name: name for name in selected}), None)


def _repeated(change: Change) -> str | None:
    """The operation of a change that may run several times on one asset: one with arguments."""
    return change.operation if isinstance(change, Call) and change.arguments else None
