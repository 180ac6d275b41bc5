"""Commands put together into requests to api/asset: aliases for all, and a query for each new asset's identity.

    [{"@n1": {"AssetType": "Story", ...}}, {"@n2": {"from": "Story:5", "update": ...}}, {"from": "@n1", "select": ...}]

Every command has an alias, for failures are reported under it; the asset that an aliased update is about may come into
being in the same request (bulk: aliases, projection and deferral).
"""

from __future__ import annotations

from collections.abc import Mapping

from assetmeta.backends.responses import Json
from assetmeta.backends.versionone.bodies import HEADERS, yaml_safe_json
from assetmeta.backends.versionone.commands import command
from assetmeta.backends.versionone.identities import require_key
from assetmeta.backends.versionone.query_request import Query, SelectNode
from assetmeta.model.http import Request
from assetmeta.model.plans import Call, Change, Create, Update
from assetmeta.model.record import Record
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid

PATH = "api/asset"

LARGEST = 2_000_000
"""Bytes of one request, well below what web servers take by default."""

_NEVER_READ = frozenset({"Blob", "Password", "Rank"})


class Command(Record):
    """One change, spelled. *query* asks for what a create made."""

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
        """True for one change that rest-1.v1 takes as well; its answer tells more."""
        changes = [each.change for each in self.commands.values()]
        return len(changes) == 1 and not (isinstance(changes[0], Call) and changes[0].arguments)

    @property
    def queries(self) -> dict[str, Query]:
        """The queries for what the creates made, by the create's alias and in order."""
        return {alias: each.query for alias, each in self.commands.items() if each.query is not None}

    def name(self, oid: Oid) -> str:
        """How *oid* is called in this request. Raises BadValue for an asset that does not exist by then."""
        return self._aliases.get(oid) or require_key(self.real(oid)).token

    def real(self, oid: Oid) -> Oid:
        """The identity on the server, as far as it is known."""
        return self._known.get(oid, oid)

    def spell(self, index: int, change: Change) -> Command:
        """Spell a change as it would stand in this chunk. Raises BadValue."""
        alias = f"@n{index + 1}"
        text = yaml_safe_json({alias: command(self._schema, change, self.name)})
        return Command(index, change, alias, text, self._query(change) if isinstance(change, Create) else None)

    def has_room(self, command: Command) -> bool:
        """True when *command* may be added. An asset is updated once per request, and operated on more than once only
        by one operation with different arguments: the answer names the asset, not the command.
        """
        fits = self._cost + command.cost <= self._most and self._bytes + len(command.text) <= LARGEST
        return not self.commands or (fits and not self._is_blurred_by(command.change))

    def _is_blurred_by(self, change: Change) -> bool:
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
        """What to ask of a new asset: its name and number, and the stored values of what was written."""
        kind = self._schema.type(change.oid.type)
        names = (kind.display, kind.short, *(delta.name for delta in change.deltas))
        asked: dict[str, Json] = {}
        for name in names:
            attribute = kind.attributes.get(name or "")
            if attribute is not None and not attribute.multi and attribute.kind not in _NEVER_READ:
                asked[attribute.name] = None
        return Query({}, SelectNode({name: name for name in asked}), None)


def _repeated(change: Change) -> str | None:
    """The operation that may run several times on one asset: one with arguments."""
    return change.operation if isinstance(change, Call) and change.arguments else None
