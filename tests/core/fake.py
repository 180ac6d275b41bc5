"""A backend over a dictionary, for tests of the core alone. Every request of a flow is counted, none is sent."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

from assetmeta.core.commit import Writer
from assetmeta.core.loading import Loader
from assetmeta.core.query import Query
from assetmeta.core.reflect import Classes
from assetmeta.core.unit import Unit
from assetmeta.core.workspace import Workspace
from assetmeta.model.codecs import DateTime, Number, Text
from assetmeta.model.contract import Can
from assetmeta.model.errors import AssetmetaError, Refused, Unreachable
from assetmeta.model.flows import Request, Response
from assetmeta.model.plans import Create, Delete, Done, Failed, Fetch, Outcome, Row, Rows, Skipped, Unknown, Update
from assetmeta.model.schema import AssetType, Attribute, Operation, Schema
from assetmeta.model.values import Oid


def attribute(name: str, kind: str = "Text", **flags: Any) -> Attribute:
    codec = {"Numeric": Number(), "Date": DateTime()}.get(kind, Text())
    flags.setdefault("basic", not flags.get("multi") and not flags.get("computed"))
    flags.setdefault("writable", not flags.get("computed"))
    return Attribute(name, kind, codec, **flags)


def asset_type(name: str, *attributes: Attribute, **flags: Any) -> AssetType:
    operations = {"Close": Operation("Close", "CheckClose")}
    return AssetType(name, {one.name: one for one in attributes}, operations, display="Name", **flags)


SCHEMA = Schema(
    {
        "Scope": asset_type("Scope", attribute("Name"), attribute("Stories", "Relation", related="Story", multi=True)),
        "Member": asset_type("Member", attribute("Name"), attribute("Owned", "Relation", related="Story", multi=True)),
        "Epic": asset_type(
            "Epic", attribute("Name"), attribute("data"), attribute("Scope", "Relation", related="Scope")
        ),
        "Story": asset_type(
            "Story",
            attribute("Name"),
            attribute("Estimate", "Numeric"),
            attribute("Description", basic=False),
            attribute("Super", "Relation", related="Epic"),
            attribute("Twin", "Relation", related="Story"),
            attribute("Owners", "Relation", related="Member", multi=True, reciprocal="Member.Owned"),
            attribute("Tags", multi=True),
            attribute("Number", computed=True),
            attribute("CheckClose", computed=True),
        ),
    }
)


ALL_ROUND = Can(
    asof=True,
    sort=True,
    paths=True,
    aggregates=True,
    count=True,
    operations=True,
    delete=True,
    raw_filter=True,
    find=True,
    max_keys=10,
    max_page=25,
)


@dataclass
class FakeBackend:
    """Assets by Oid; `refuse`, `lose` and `lose_applied` name the tokens of changes that go wrong."""

    assets: dict[Oid, dict[str, Any]] = field(default_factory=dict)
    refuse: set[str] = field(default_factory=set)
    lose: set[str] = field(default_factory=set)
    lose_applied: set[str] = field(default_factory=set)
    can: Can = ALL_ROUND
    name: str = "fake"
    fetched: list[Fetch] = field(default_factory=list)
    written: list[Any] = field(default_factory=list)
    numbers: int = 1000

    def reflect(self, names: Sequence[str] | None = None) -> Generator[Any, Any, Schema]:
        yield Request("GET", "schema")
        return SCHEMA

    def fetch(self, schema: Schema, fetches: Sequence[Fetch]) -> Generator[Any, Any, list[Rows]]:
        answers = []
        for fetch in fetches:
            yield Request("GET", "fetch")
            self.fetched.append(fetch)
            answers.append(self._answer(schema, fetch))
        return answers

    def _answer(self, schema: Schema, fetch: Fetch) -> Rows:
        if fetch.oids is not None:
            oids = [oid for oid in fetch.oids if oid.current in self.assets]
        else:
            every = [oid for oid in self.assets if oid.type == fetch.type_name]
            stop = None if fetch.size is None else fetch.start + fetch.size
            oids = [oid.at(fetch.asof) for oid in every[fetch.start : stop]]
        columns = tuple(dict.fromkeys(path.head for path in fetch.select))
        rows = [Row(oid, columns, tuple(self.assets[oid.current].get(name) for name in columns)) for oid in oids]
        total = len([oid for oid in self.assets if oid.type == fetch.type_name])
        return Rows(tuple(rows), total=total, more=fetch.size is not None and len(rows) == fetch.size)

    def write(self, schema: Schema, changes: Sequence[Any]) -> Generator[Any, Any, list[Outcome]]:
        outcomes: list[Outcome] = []
        real: dict[Oid, Oid] = {}
        failed: set[Oid] = set()
        for change in changes:
            yield Request("POST", "write", writes=True)
            self.written.append(change)
            outcomes.append(self._apply(change, real, failed))
        return outcomes

    def _apply(self, change: Any, real: dict[Oid, Oid], failed: set[Oid]) -> Outcome:
        token = change.oid.token
        for delta in getattr(change, "deltas", ()):
            for value in (delta.new, *delta.added):
                if value in failed:
                    return Skipped(change, value)
        if token in self.refuse:
            failed.add(change.oid)
            return Failed(change, Refused(f"{token} was refused", oid=token, status=400))
        if token in self.lose:
            return Unknown(change, Unreachable("the connection broke", oid=token))
        oid = self._store(change, real)
        if token in self.lose_applied:
            return Unknown(change, Unreachable("the connection broke", oid=token))
        return Done(change, oid)

    def _store(self, change: Any, real: dict[Oid, Oid]) -> Oid:
        oid: Oid = change.oid
        if isinstance(change, Create):
            self.numbers += 1
            oid = real[change.oid] = Oid(change.oid.type, self.numbers)
            self.assets[oid] = {"Number": f"N-{self.numbers}"}
        if isinstance(change, Create | Update):
            oid = real.get(oid, oid)
            values = self.assets[oid]
            for delta in change.deltas:
                if delta.is_multi:
                    kept = tuple(one for one in values.get(delta.name) or () if one not in delta.removed)
                    values[delta.name] = kept + tuple(real.get(one, one) for one in delta.added)
                else:
                    new = delta.new
                    values[delta.name] = real.get(new, new) if isinstance(new, Oid) or new is None else str(new)
        elif isinstance(change, Delete):
            del self.assets[oid]
        return oid

    def address(self, oid: Oid) -> str:
        return f"asset/{oid.key}"


class Bench:
    """A workspace over a FakeBackend, with the number of requests its flows made."""

    def __init__(self, backend: FakeBackend | None = None, *, keep: int = 100, page_size: int = 25) -> None:
        self.backend = backend or FakeBackend()
        self.requests = 0
        self.classes = Classes()
        self.workspace = Workspace(
            backend=self.backend,  # type: ignore[arg-type]
            run=self.run,
            schema=lambda: SCHEMA,
            make=self.classes.blank,
            link=lambda path: f"http://host/{path}",
            keep=keep,
            page_size=page_size,
        )
        self.classes.serve(self.workspace)
        self.loader = self.workspace.loader = Loader(self.workspace, "peers")
        self.unit = self.workspace.unit = Unit(self.workspace)
        self.writer = self.workspace.writer = Writer(self.workspace, self.unit)

    def run(self, flow: Any) -> Any:
        try:
            yielded = next(flow)
            while True:
                self.requests += 1
                yielded = flow.send(Response(200, request=yielded))
        except StopIteration as end:
            return end.value

    def __getattr__(self, name: str) -> Any:
        return self.classes.of(name)

    def query(self, name: str) -> Query:
        return Query(self.workspace, name)

    def add(self, token: str, **values: Any) -> Oid:
        oid = Oid.parse(token)
        self.backend.assets[oid] = values
        return oid

    def stories(self, number: int) -> None:
        """Stories 1..number, three to an epic, three epics to a scope."""
        for index in range(number):
            epic, scope = Oid("Epic", 500 + index // 3), Oid("Scope", 900 + index // 9)
            self.backend.assets.setdefault(epic, {"Name": f"Epic {epic.key}", "Scope": scope})
            self.backend.assets.setdefault(scope, {"Name": f"Scope {scope.key}"})
            self.add(f"Story:{index + 1}", Name=f"Story {index + 1}", Estimate=str(index), Super=epic)


__all__ = ["SCHEMA", "AssetmetaError", "Bench", "FakeBackend"]
