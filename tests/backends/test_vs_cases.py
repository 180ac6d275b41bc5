"""Wire cases as data: given this plan, these requests; given these answers, these rows or outcomes."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path as File
from typing import Any

import pytest

from assetmeta.backends.valispace import Valispace
from assetmeta.model.errors import AssetmetaError, Unreachable
from assetmeta.model.flows import Request, Response
from assetmeta.model.paths import Path, counts, resolve
from assetmeta.model.plans import Call, Create, Delete, Delta, Done, Fetch, Row, Sort, Update
from assetmeta.model.schema import Schema
from assetmeta.model.terms import And, Compare, Exists, Not, Or, Term
from assetmeta.model.values import UNREAD, Oid

FILES = sorted((File(__file__).parent / "cases" / "valispace").glob("*.json"))
CASES = [(file.stem, name, case) for file in FILES for name, case in json.loads(file.read_text()).items()]


@pytest.mark.parametrize("case", [pytest.param(c, id=f"{f}: {n}") for f, n, c in CASES])
def test_wire_case(case: dict[str, Any], vs_schema: Schema, play: Any) -> None:
    backend = Valispace(**case.get("server", {}))
    backend.learned.projects.update(dict.fromkeys(case.get("projects", ())))
    backend.learned.searches.update(case.get("searches", {}))
    steps = case["exchanges"]
    if "fetch" in case:
        flow = backend.fetch(vs_schema, [_fetch(vs_schema, item) for item in case["fetch"]])
    else:
        flow = backend.write(vs_schema, [_change(vs_schema, item) for item in case["write"]])
    result, made = play(flow, *[_response(step["response"]) for step in steps])
    assert [step["request"] for step in steps] == [_shown(request) for request in made]
    if "fetch" in case:
        assert case["rows"] == [
            {
                "rows": [_row(row, case) for row in rows.rows],
                **({"related": [_row(row, case) for row in rows.related]} if rows.related else {}),
                **({} if rows.total is None else {"total": rows.total}),
                **({"more": True} if rows.more else {}),
            }
            for rows in result
        ]
    else:
        assert case["outcomes"] == [_outcome(outcome, case) for outcome in result]


def _fetch(schema: Schema, item: dict[str, Any]) -> Fetch:
    given = dict(item)
    owner = given.pop("type")
    select = tuple(Path.parse(text) for text in given.pop("select", ()))
    if "where" in given:
        given["where"] = _term(schema, owner, given["where"])
    if "sort" in given:
        given["sort"] = tuple(Sort(Path.parse(text.lstrip("-")), text.startswith("-")) for text in given["sort"])
    if "oids" in given:
        given["oids"] = tuple(Oid.parse(token) for token in given["oids"])
    return Fetch(owner, select=select, **given)


def _term(schema: Schema, owner: str, item: list[Any]) -> Term:
    word, *rest = item
    if word in ("and", "or"):
        return (And if word == "and" else Or)(tuple(_term(schema, owner, part) for part in rest))
    if word == "not":
        return Not(_term(schema, owner, rest[0]))
    path = Path.parse(rest[0])
    if word in "+-":
        return Exists(path, word == "+")
    codec = resolve(schema, owner, path).attribute.codec
    return Compare(path, word, tuple(value if counts(path) else codec.parse(value) for value in rest[1:]))


def _change(schema: Schema, item: dict[str, Any]) -> Any:
    given = dict(item)
    kind, oid = given.pop("change"), Oid.parse(given.pop("oid"))
    if kind == "delete":
        return Delete(oid)
    if kind == "call":
        return Call(oid, given["operation"], tuple(given.get("arguments", {}).items()))
    old = given.pop("old", {})
    deltas = tuple(_delta(schema, oid.type, name, value, old) for name, value in given.pop("set", {}).items())
    return (Create if kind == "create" else Update)(oid, deltas)


def _delta(schema: Schema, owner: str, name: str, value: Any, old: dict[str, Any]) -> Delta:
    attribute = schema.attribute(owner, name)
    codec = attribute.codec
    if attribute.multi:
        added, removed = (tuple(map(codec.parse, value.get(act, ()))) for act in ("add", "remove"))
        before = tuple(map(codec.parse, old[name])) if name in old else UNREAD
        return Delta(name, before, added=added, removed=removed, is_multi=True)
    return Delta(name, codec.parse(old[name]) if name in old else UNREAD, codec.parse(value))


def _response(item: Any) -> Response | AssetmetaError:
    if item == "lost":
        return Unreachable("the connection broke")
    status = item.get("status", 200)
    if "html" in item:
        return Response(status, {"content-type": "text/html"}, item["html"].encode())
    body = b"" if "json" not in item else json.dumps(item["json"]).encode()
    return Response(status, {"content-type": "application/json"}, body)


def _shown(request: Request) -> dict[str, Any]:
    shown: dict[str, Any] = {"line": request.line}
    if request.query:
        shown["query"] = dict(request.query)
    if request.body:
        assert isinstance(request.body, bytes)
        shown["json"] = json.loads(request.body)
    assert request.idempotent is not request.writes
    assert request.path.endswith("/")
    assert ("Accept", "application/json") in request.headers
    return shown


def _row(row: Row, case: dict[str, Any]) -> list[Any]:
    """The columns that the case is about: all of them, or those named by "columns"."""
    told = {column: _cell(value) for column, value in zip(row.columns, row.values, strict=True)}
    names = case.get("columns")
    return [_cell(row.oid), told if names is None else {name: told[name] for name in names if name in told}]


def _cell(value: Any) -> Any:
    if isinstance(value, Oid):
        return f"<{value.type}:{value.key}>"
    if isinstance(value, Decimal):
        return float(value)
    return [_cell(item) for item in value] if isinstance(value, tuple) else value


def _outcome(outcome: Any, case: dict[str, Any]) -> list[Any]:
    kind = type(outcome).__name__
    if isinstance(outcome, Done):
        told = _row(outcome.row, case)[1] if outcome.row else {}
        return [kind, _cell(outcome.oid), told, *outcome.notes]
    error = getattr(outcome, "error", None)
    return [
        kind,
        str(error) if error else str(outcome.needs),
        *([error.attribute] if error and error.attribute else []),
    ]
