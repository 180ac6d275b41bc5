"""An instance of the VersionOne face without a socket: requests go straight into it. Free ports."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest

from assetmeta.sandbox.messages import Request, Response
from assetmeta.sandbox.versionone.app import VersionOne
from assetmeta.sandbox.versionone.catalogue import catalogue
from assetmeta.sandbox.versionone.engine import Engine
from assetmeta.sandbox.versionone.requests import Change, Query, Ref, Result
from assetmeta.sandbox.versionone.tokens import parse_filter, parse_selection, parse_sort

BASIC = "Basic " + base64.b64encode(b"admin:admin").decode()


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_days(self, days: float) -> None:
        self.now += timedelta(days=days)


class Instance:
    """A client and its instance in one. Paths are below the instance, queries as they stand in a URL."""

    def __init__(self, face: VersionOne, clock: Clock) -> None:
        self.face = face
        self.clock = clock

    def send(self, method: str, path: str, body: bytes | str = b"", **headers: str) -> Response:
        where, _, query = path.partition("?")
        sent = {"authorization": BASIC} | {name.replace("_", "-"): value for name, value in headers.items()}
        content = body.encode() if isinstance(body, str) else body
        answer = self.face.answer(Request(method, f"{self.face.root}/{where}", query, sent, content))
        assert isinstance(answer, Response)
        return answer

    def get(self, path: str, **headers: str) -> Response:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: bytes | str = b"", **headers: str) -> Response:
        return self.send("POST", path, body, **headers)

    def xml(self, path: str, body: bytes | str | None = None, status: int = 200) -> ElementTree.Element:
        answer = self.get(path) if body is None else self.post(path, body)
        assert (answer.status, answer.content_type) == (status, "text/xml; charset=utf-8"), answer.body
        return ElementTree.fromstring(answer.body)

    def json(self, path: str, body: object = None, status: int = 200) -> Any:
        accept = "application/json"
        sent = body if isinstance(body, str) else json.dumps(body)
        answer = self.get(path, accept=accept) if body is None else self.post(path, sent, accept=accept)
        assert (answer.status, answer.content_type) == (status, "application/json; charset=utf-8"), answer.body
        return json.loads(answer.body)

    def create(self, type_name: str, **values: object) -> str:
        """Create an asset (in Scope:0 where the type needs one) and return its OID token."""
        if type_name in ("Story", "Defect", "Epic", "Goal", "Issue", "Request"):
            values = {"Scope": "Scope:0", "Name": "unnamed"} | values
        oid = self.json(f"rest-1.v1/Data/{type_name}", {"Attributes": changes(values)})["id"]
        return str(oid).rpartition(":")[0]

    def update(self, oid: str, **values: object) -> str:
        """Update an asset and return its OID token with the new moment."""
        path = f"rest-1.v1/Data/{oid.replace(':', '/')}"
        return str(self.json(path, {"Attributes": changes(values)})["id"])

    def operate(self, oid: str, operation: str) -> str:
        """Execute an operation and return the OID token with the new moment."""
        path = f"rest-1.v1/Data/{oid.replace(':', '/')}?op={operation}"
        return str(self.xml(path, b"").get("id"))

    def read(self, oid: str, *names: str) -> dict[str, Any]:
        """The JSON values of some attributes of an asset."""
        path = f"rest-1.v1/Data/{oid.replace(':', '/')}?sel={','.join(names)}"
        return {key: each["value"] for key, each in self.json(path)["Attributes"].items()}

    def ids(self, path: str) -> list[str]:
        """The ids of a list."""
        return [str(each.get("id")) for each in self.xml(f"rest-1.v1/{path}")]

    def ask(self, document: object, status: int = 200) -> Any:
        """What query.v1 answers to a document, given as YAML text or as data."""
        answer = self.post("query.v1", document if isinstance(document, str) else json.dumps(document))
        assert (answer.status, answer.content_type) == (status, "application/json; charset=utf-8"), answer.body
        return json.loads(answer.body)


def changes(values: dict[str, object]) -> dict[str, object]:
    """Values as JSON changes: a list adds, None clears, anything else sets."""
    return {name: change(value) for name, value in values.items()}


def change(value: object) -> dict[str, object]:
    if isinstance(value, list):
        key = "idref" if all(":" in str(each) for each in value) else "value"
        return {"value": [{key: each, "act": "add"} for each in value]}
    return {"act": "set"} if value is None else {"value": value, "act": "set"}


@pytest.fixture
def clock() -> Clock:
    """Noon of 2024-05-01, UTC."""
    return Clock()


@pytest.fixture
def v1(clock: Clock) -> Iterator[Instance]:
    """A fresh instance with the shipped rows only."""
    face = VersionOne(Engine(catalogue(), clock=clock))
    yield Instance(face, clock)
    face.close()


class Desk:
    """The engine without a face, driven in the grammar's own words."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self.engine = engine
        self.clock = clock

    def make(self, type_name: str, /, *, ctx: str | None = None, **values: Any) -> str:
        """Create an asset, in Scope:0 where the type needs one, and return its OID token."""
        if type_name in ("Story", "Defect", "Epic", "Goal", "Issue", "Request", "Theme", "RegressionTest") and not ctx:
            values = {"Scope": "Scope:0", "Name": "unnamed"} | values
        return self.engine.create(type_name, said(values), member="Member:20", context=ctx).asset

    def change(self, oid: str, /, *, comment: str | None = None, **values: Any) -> int:
        """Update an asset and return the moment. A list adds, `{"remove": [...]}` removes, anything else sets."""
        type_name, _, key = oid.partition(":")
        return self.engine.update(type_name, int(key), said(values), member="Member:20", comment=comment).moment

    def do(self, oid: str, operation: str, **arguments: object) -> str:
        """Execute an operation as the administrator and return the token it gives."""
        type_name, _, key = oid.partition(":")
        return self.engine.execute(type_name, int(key), operation, arguments, member="Member:20").asset

    def ask(self, type_name: str, sel: str | None = "", where: str = "", sort: str = "", **more: Any) -> Result:
        """Run a query whose parts are written as in a URL."""
        select = None if sel is None else parse_selection(sel)
        found = Query(type_name, select, parse_filter(where) if where else None, parse_sort(sort), **more)
        return self.engine.select(found)

    def ids(self, type_name: str, where: str = "", sort: str = "", **more: Any) -> list[str]:
        """The tokens of the assets a query finds."""
        return [row.asset for row in self.ask(type_name, "", where, sort, **more).rows]

    def get(self, oid: str, token: str, **more: Any) -> Any:
        """One value of one asset: tokens of related assets as texts."""
        (row,) = self.ask(oid.partition(":")[0], token, oid=oid, **more).rows
        value = next(iter(row.values.values()))
        return [plain(each) for each in value] if isinstance(value, list) else plain(value)


def plain(value: Any) -> Any:
    return value.oid if isinstance(value, Ref) else value


def said(values: dict[str, Any]) -> list[Change]:
    made: list[Change] = []
    for name, value in values.items():
        if isinstance(value, list):
            made += [Change(name, "add", each) for each in value]
        elif isinstance(value, dict):
            made += [Change(name, "remove", each) for each in value["remove"]]
        else:
            made.append(Change(name, "set", value))
    return made


@pytest.fixture
def desk(clock: Clock) -> Iterator[Desk]:
    """A fresh engine with the shipped rows only."""
    engine = Engine(catalogue(), clock=clock)
    yield Desk(engine, clock)
    engine.close()


def free_ports(many: int) -> int:
    """The first of some free ports in a row, below those that the system gives out to others meanwhile."""
    # Processes that test at the same time begin at different places.
    for port in range(20_000 + os.getpid() % 500 * 20, 32_000, many):
        with contextlib.suppress(OSError), contextlib.ExitStack() as all_of_them:
            for number in range(port, port + many):
                all_of_them.enter_context(socket.create_server(("127.0.0.1", number)))
            return port
    raise AssertionError(f"no {many} ports in a row are free")


@pytest.fixture
def two_ports() -> int:
    """The first of two free ports in a row."""
    return free_ports(2)


@pytest.fixture
def three_ports() -> int:
    """The first of three free ports in a row."""
    return free_ports(3)
