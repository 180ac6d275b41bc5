"""Wire cases as data, for every dialect: given this plan, these requests; given these answers, these rows or outcomes.

    cases/<dialect>/*.json      {"what is shown": {"fetch" or "write": [...], "exchanges": [...], "rows" or "outcomes"}}

An exchange is a request as it goes out and the answer to it; "lost" stands for none. A request's query is an object, or
a list of pairs where a name comes twice. "columns" names those that a case is about. "server" are settings, "knows"
is what the dialect has learned before.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path as File
from typing import Any

import pytest

from assetmeta.backends.testspace import Testspace
from assetmeta.backends.valispace import Valispace
from assetmeta.backends.valohai import Valohai
from assetmeta.backends.versionone import VersionOne
from assetmeta.model.conditions import And, Compare, Exists, Not, Or, RawFilter, Term
from assetmeta.model.errors import AssetmetaError, Unreachable
from assetmeta.model.http import Request, Response
from assetmeta.model.paths import Path, counts, resolve
from assetmeta.model.plans import AttributeChange, Call, Create, Delete, Done, Fetch, Find, Row, Sort, Update
from assetmeta.model.schema import Schema
from assetmeta.model.values import UNREAD, Oid

CASES = File(__file__).parent / "cases"
Case = dict[str, Any]


@dataclass(frozen=True)
class Dialect:
    """How a dialect is made for a case, whose schema it plays with, and what all of its requests have in common."""

    make: Callable[[Case], Any]
    schema: str
    proper: Callable[[Request], bool] = lambda request: True


def _valispace(case: Case) -> Valispace:
    backend = Valispace(**case.get("server", {}))
    backend.memory.projects.update(dict.fromkeys(case.get("knows", {}).get("projects", ())))
    return backend


def _valohai(case: Case) -> Valohai:
    backend = Valohai(**case.get("server", {}))
    for token, (project, counter) in case.get("knows", {}).get("numbered", {}).items():
        backend.memory.remember(Oid.parse(token), project, counter)
    return backend


def _testspace(case: Case) -> Testspace:
    backend = Testspace(**{"base": "https://abccorp.testspace.com", **case.get("server", {})})
    for space, project in case.get("knows", {}).get("projects", {}).items():
        backend.memory.remember(Oid("Space", int(space)), project)
    return backend


def _asks_for_json(request: Request) -> bool:
    return ("Accept", "application/json") in request.headers


DIALECTS = {
    "versionone": Dialect(lambda case: VersionOne(**case.get("server", {})), "v1_schema"),
    "valispace": Dialect(_valispace, "vs_schema", lambda each: _asks_for_json(each) and each.path.endswith("/")),
    "valohai": Dialect(_valohai, "vh_schema", lambda each: _asks_for_json(each) and each.path.endswith("/")),
    "testspace": Dialect(_testspace, "ts_schema", lambda each: _asks_for_json(each) and each.path.startswith("api")),
}
FOUND = [
    pytest.param(dialect, case, id=f"{dialect}/{file.stem}: {name}")
    for dialect in DIALECTS
    for file in sorted((CASES / dialect).glob("*.json"))
    for name, case in json.loads(file.read_text()).items()
]


@pytest.mark.parametrize(("dialect", "case"), FOUND)
def test_wire_case(dialect: str, case: Case, request: pytest.FixtureRequest, play: Any) -> None:
    spoken = DIALECTS[dialect]
    schema: Schema = request.getfixturevalue(spoken.schema)
    backend = spoken.make(case)
    if "fetch" in case:
        flow = backend.fetch(schema, [_fetch(schema, item) for item in case["fetch"]])
    else:
        flow = backend.write(schema, [_change(schema, item) for item in case["write"]])
    steps = case["exchanges"]
    result, made = play(flow, *[_response(step["response"]) for step in steps])
    assert [step["request"] for step in steps] == [_shown(each) for each in made]
    assert all(each.idempotent is not each.writes and spoken.proper(each) for each in made)
    if "fetch" in case:
        assert case["rows"] == [_answer(rows, case) for rows in result]
    else:
        assert case["outcomes"] == [_outcome(outcome, case) for outcome in result]


def test_every_dialect_has_cases() -> None:
    assert {folder.name for folder in CASES.iterdir()} == DIALECTS.keys()
    assert {param.values[0] for param in FOUND} == DIALECTS.keys()


def _fetch(schema: Schema, item: Case) -> Fetch:
    given = dict(item)
    owner = given.pop("type")
    select = tuple(Path.parse(text) for text in given.pop("select", ()))
    if "where" in given:
        given["where"] = _term(schema, owner, given["where"])
    if "sort" in given:
        given["sort"] = tuple(Sort(Path.parse(text.lstrip("-")), text.startswith("-")) for text in given["sort"])
    if "find" in given:
        text, *fields = given["find"]
        given["find"] = Find(text, tuple(Path.parse(field) for field in fields))
    if "oids" in given:
        given["oids"] = tuple(Oid.parse(token) for token in given["oids"])
    return Fetch(owner, select=select, **given)


def _term(schema: Schema, owner: str, item: list[Any]) -> Term:
    word, *rest = item
    if word in ("and", "or"):
        return (And if word == "and" else Or)(tuple(_term(schema, owner, part) for part in rest))
    if word == "not":
        return Not(_term(schema, owner, rest[0]))
    if word == "raw":
        return RawFilter(rest[0])
    path = Path.parse(rest[0])
    if word in "+-":
        return Exists(path, word == "+")
    codec = resolve(schema, owner, path).attribute.codec
    return Compare(path, word, tuple(value if counts(path) else codec.parse(value) for value in rest[1:]))


def _change(schema: Schema, item: Case) -> Any:
    given = dict(item)
    kind, oid = given.pop("change"), Oid.parse(given.pop("oid"))
    if kind == "delete":
        return Delete(oid)
    if kind == "call":
        arguments = {name: _argument(value) for name, value in given.get("arguments", {}).items()}
        return Call(oid, given["operation"], tuple(arguments.items()))
    old = given.pop("old", {})
    deltas = tuple(_delta(schema, oid.type, *pair, old) for pair in given.pop("set", {}).items())
    if "context" in given:
        given["context"] = Oid.parse(given["context"])
    return (Create if kind == "create" else Update)(oid, deltas, **given)


def _argument(value: Any) -> Any:
    return Oid.parse(value[1:-1]) if isinstance(value, str) and value.startswith("<") else value


def _delta(schema: Schema, owner: str, name: str, value: Any, old: Case) -> AttributeChange:
    attribute = schema.attribute(owner, name)
    codec = attribute.codec
    if attribute.multi and isinstance(value, dict):
        added, removed = (tuple(map(codec.parse, value.get(act, ()))) for act in ("add", "remove"))
        before = tuple(map(codec.parse, old[name])) if name in old else UNREAD
        return AttributeChange(name, before, added=added, removed=removed, is_multi=True)
    return AttributeChange(name, codec.parse(old[name]) if name in old else UNREAD, codec.parse(value))


def _response(item: Any) -> Response | AssetmetaError:
    if item == "lost":
        return Unreachable("the connection broke")
    status, headers = item.get("status", 200), item.get("headers", {})
    if "html" in item:
        return Response(status, {"content-type": "text/html", **headers}, item["html"].encode())
    if "xml" in item:
        return Response(status, {"content-type": "text/xml; charset=utf-8", **headers}, item["xml"].encode())
    body = b"" if "json" not in item else json.dumps(item["json"]).encode()
    return Response(status, {"content-type": "application/json", **headers}, body)


def _shown(request: Request) -> Case:
    shown: Case = {"line": request.line}
    if request.query:
        distinct = len(dict(request.query)) == len(request.query)
        shown["query"] = dict(request.query) if distinct else [list(pair) for pair in request.query]
    if request.body:
        assert isinstance(request.body, bytes)
        if request.body.startswith(b"<"):
            shown["xml"] = request.body.decode()
        else:
            shown["json"] = json.loads(request.body)
    return shown


def _answer(rows: Any, case: Case) -> Case:
    return {
        "rows": [_row(row, case) for row in rows.rows],
        **({"related": [_row(row, case) for row in rows.related]} if rows.related else {}),
        **({} if rows.total is None else {"total": rows.total}),
        **({"more": True} if rows.more else {}),
    }


def _row(row: Row, case: Case) -> list[Any]:
    """The columns that the case is about: all of them, or those named by "columns"."""
    told = {column: _cell(value) for column, value in zip(row.columns, row.values, strict=True)}
    names = case.get("columns")
    return [_cell(row.oid), told if names is None else {name: told[name] for name in names if name in told}]


def _cell(value: Any) -> Any:
    if isinstance(value, Oid):
        return f"<{value.type}:{value.key}{'' if value.moment is None else f' at {value.moment}'}>"
    if isinstance(value, Decimal):
        return float(value)
    return [_cell(item) for item in value] if isinstance(value, tuple) else value


def _outcome(outcome: Any, case: Case) -> list[Any]:
    kind = type(outcome).__name__
    if isinstance(outcome, Done):
        told = _row(outcome.row, case)[1] if outcome.row else {}
        return [kind, _cell(outcome.oid), told, *outcome.notes, *(["stale"] if outcome.stale else [])]
    error = getattr(outcome, "error", None)
    blamed = [error.attribute] if error and error.attribute else []
    return [kind, str(error) if error else str(outcome.needs), *blamed]
