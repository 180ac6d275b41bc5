"""A backend over a dictionary, for tests of the core alone. Every request of a flow is counted, none is sent."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from assetmeta.core.class_builder import ClassRegistry
from assetmeta.core.commit import Committer
from assetmeta.core.context import SessionContext
from assetmeta.core.loading import Loader
from assetmeta.core.query import Query
from assetmeta.core.unit_of_work import UnitOfWork
from assetmeta.model.codecs import DateTime, Number, Text
from assetmeta.model.conditions import Compare, leaves
from assetmeta.model.contract import UNOBSERVED, Capabilities, WriteObserver
from assetmeta.model.errors import AssetmetaError, NotFound, Rejected, Unreachable
from assetmeta.model.http import Request, Response
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


ALL_ROUND = Capabilities(
    asof=True,
    sort=True,
    paths=True,
    aggregates=True,
    count=True,
    operations=True,
    context=True,
    delete=True,
    raw_filter=True,
    find=True,
    max_keys=10,
    max_page=25,
)


@dataclass
class FakeBackend:
    """Assets by Oid; `refuse`, `lose` and `lose_applied` name the tokens of changes that go wrong.

    Each of `meanwhile` is called once, for one request: after the server carried it out, before its answer is there.
    `hidden` names attributes that no answer holds, `deleted` keeps what was deleted for those who ask for it.
    """

    assets: dict[Oid, dict[str, Any]] = field(default_factory=dict)
    refuse: set[str] = field(default_factory=set)
    lose: set[str] = field(default_factory=set)
    lose_applied: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    deleted: dict[Oid, dict[str, Any]] = field(default_factory=dict)
    files: dict[Oid, bytes] = field(default_factory=dict)
    meanwhile: list[Callable[[], object]] = field(default_factory=list)
    file_name_attribute: str = "Name"
    file_facts: dict[str, str] = field(default_factory=dict)
    can: Capabilities = ALL_ROUND
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
            self._let_others()
        return answers

    def _let_others(self) -> None:
        if self.meanwhile:
            self.meanwhile.pop(0)()

    def _answer(self, schema: Schema, fetch: Fetch) -> Rows:
        known = {**self.assets, **self.deleted} if fetch.deleted else self.assets
        if fetch.oids is not None:
            oids = [oid for oid in fetch.oids if oid.current in known]
        else:
            after = self._beyond(fetch)
            every = [oid for oid in known if oid.type == fetch.type_name and (after is None or oid.key > after)]
            stop = None if fetch.size is None else fetch.start + fetch.size
            oids = [oid.at(fetch.asof) for oid in every[fetch.start : stop]]
        # A path is answered by its first step, a text that the server works out by itself.
        names = dict.fromkeys(path.head if path.is_plain else str(path) for path in fetch.select)
        columns = tuple(name for name in names if name not in self.hidden)
        rows = [Row(oid, columns, tuple(known[oid.current].get(name) for name in columns)) for oid in oids]
        total = len([oid for oid in known if oid.type == fetch.type_name])
        return Rows(tuple(rows), total=total, more=fetch.size is not None and len(rows) == fetch.size)

    def _beyond(self, fetch: Fetch) -> Any:
        """The key after which the list is to begin, where lists go on by key."""
        terms = leaves(fetch.where) if self.can.keyset_column and fetch.where is not None else ()
        keys = [
            term.values[0] for term in terms if isinstance(term, Compare) and str(term.path) == self.can.keyset_column
        ]
        return keys[0] if keys else None

    def write(
        self, schema: Schema, changes: Sequence[Any], observer: WriteObserver = UNOBSERVED
    ) -> Generator[Any, Any, list[Outcome]]:
        outcomes: list[Outcome] = []
        real: dict[Oid, Oid] = {}
        failed: set[Oid] = set()
        observer.on_send(changes)
        for change in changes:
            yield Request("POST", "write", writes=True)
            self.written.append(change)
            outcomes.append(self._apply(change, real, failed))
            self._let_others()
        return outcomes

    def _apply(self, change: Any, real: dict[Oid, Oid], failed: set[Oid]) -> Outcome:
        token = change.oid.token
        if change.oid in failed:
            return Skipped(change, change.oid)
        for delta in getattr(change, "deltas", ()):
            for value in (delta.new, *delta.added):
                if value in failed:
                    return Skipped(change, value)
        if token in self.refuse:
            failed.add(change.oid)
            return Failed(change, Rejected(f"{token} was refused", oid=token, status=400))
        if not change.oid.is_new and change.oid not in self.assets:
            return Failed(change, NotFound(f"{token} is not there", oid=token, status=404))
        if token in self.lose:
            failed.add(change.oid)
            return Unknown(change, Unreachable("the connection broke", oid=token))
        oid = self._store(change, real)
        if token in self.lose_applied:
            failed.add(change.oid)
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
            self.deleted[oid] = self.assets.pop(oid)
            for values in self.assets.values():
                values.update({name: _without(cell, oid) for name, cell in values.items()})
        return oid

    def safe_name(self, given: str) -> str:
        return given

    def download(self, oid: Oid, sink: BinaryIO) -> Generator[Any, Any, str]:
        yield Request("GET", "file")
        sink.write(self.files[oid])
        self._let_others()
        return "text/plain"

    def upload(self, oid: Oid, source: BinaryIO) -> Generator[Any, Any, None]:
        yield Request("POST", "file", writes=True)
        self.files[oid] = source.read()

    def address(self, oid: Oid) -> str:
        return f"asset/{oid.key}"


def _without(cell: Any, gone: Oid) -> Any:
    if isinstance(cell, tuple) and not isinstance(cell, Oid):
        return tuple(one for one in cell if one != gone)
    return None if cell == gone else cell


class KnownSchema:
    """A schema that takes no request."""

    def __init__(self, schema: Schema) -> None:
        self.current = schema

    def __call__(self) -> Schema:
        return self.current


class Bench:
    """A context over a FakeBackend, with the number of requests its flows made."""

    def __init__(
        self,
        backend: FakeBackend | None = None,
        *,
        keep: int = 100,
        page_size: int = 25,
        schema: Schema = SCHEMA,
        max_bytes: int = 1000,
        prefetch: int = 0,
        start: Callable[[Callable[[], Any]], Any] | None = None,
    ) -> None:
        self.backend = backend or FakeBackend()
        self.requests = 0
        self.classes = ClassRegistry()
        self.context = SessionContext(
            backend=self.backend,  # type: ignore[arg-type]
            run=self.run,
            schema=KnownSchema(schema),
            make=self.classes.new_instance,
            link=lambda path: f"http://host/{path}",
            keep=keep,
            page_size=page_size,
            max_bytes=max_bytes,
            prefetch=prefetch,
            start=start,
        )
        self.classes.bind(self.context)
        self.loader = self.context.loader = Loader(self.context, "peers")
        self.unit = self.context.unit = UnitOfWork(self.context)
        self.writer = self.context.writer = Committer(self.context, self.unit)

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
        return Query(self.context, name)

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
