"""Wire cases as data: given this plan, these requests; given these answers, these rows or outcomes."""

from __future__ import annotations

import json
from pathlib import Path as File
from typing import Any

import pytest

from assetmeta.backends.versionone import VersionOne
from assetmeta.model.flows import Request, Response
from assetmeta.model.paths import Path, counts, resolve
from assetmeta.model.plans import Call, Create, Delete, Delta, Done, Fetch, Find, Row, Sort, Update
from assetmeta.model.schema import Schema
from assetmeta.model.terms import And, Compare, Exists, Not, Or, RawFilter, Term
from assetmeta.model.values import UNREAD, Oid

FILES = sorted((File(__file__).parent / "cases" / "versionone").glob("*.json"))
CASES = [(file.stem, name, case) for file in FILES for name, case in json.loads(file.read_text()).items()]


@pytest.mark.parametrize(("name", "case"), [pytest.param(n, c, id=f"{f}: {n}") for f, n, c in CASES])
def test_wire_case(name: str, case: dict[str, Any], v1_schema: Schema, play: Any) -> None:
    backend = VersionOne(**case.get("server", {}))
    steps = case["exchanges"]
    if "fetch" in case:
        flow = backend.fetch(v1_schema, [_fetch(v1_schema, item) for item in case["fetch"]])
    else:
        flow = backend.write(v1_schema, [_change(v1_schema, item) for item in case["write"]])
    result, made = play(flow, *[_response(step["response"]) for step in steps])
    assert [step["request"] for step in steps] == [_shown(request) for request in made]
    if "fetch" in case:
        assert case["rows"] == [
            {
                "rows": [_row(row) for row in rows.rows],
                **({"related": [_row(row) for row in rows.related]} if rows.related else {}),
                **({} if rows.total is None else {"total": rows.total}),
                **({"more": True} if rows.more else {}),
            }
            for rows in result
        ]
    else:
        assert case["outcomes"] == [_outcome(outcome) for outcome in result]


def _fetch(schema: Schema, item: dict[str, Any]) -> Fetch:
    given = dict(item)
    owner = given.pop("type")
    paths = {"select": tuple(Path.parse(text) for text in given.pop("select", ()))}
    if "where" in given:
        given["where"] = _term(schema, owner, given["where"])
    if "sort" in given:
        given["sort"] = tuple(Sort(Path.parse(text.lstrip("-")), text.startswith("-")) for text in given["sort"])
    if "find" in given:
        text, *fields = given["find"]
        given["find"] = Find(text, tuple(Path.parse(field) for field in fields))
    if "oids" in given:
        given["oids"] = tuple(Oid.parse(token) for token in given["oids"])
    return Fetch(owner, **paths, **given)


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


def _change(schema: Schema, item: dict[str, Any]) -> Any:
    given = dict(item)
    kind, oid = given.pop("change"), Oid.parse(given.pop("oid"))
    if kind == "delete":
        return Delete(oid)
    if kind == "call":
        arguments = {name: _argument(value) for name, value in given.get("arguments", {}).items()}
        return Call(oid, given["operation"], tuple(arguments.items()))
    deltas = tuple(_delta(schema, oid.type, *pair) for pair in given.pop("set", {}).items())
    if "context" in given:
        given["context"] = Oid.parse(given["context"])
    return (Create if kind == "create" else Update)(oid, deltas, **given)


def _argument(value: Any) -> Any:
    return Oid.parse(value[1:-1]) if isinstance(value, str) and value.startswith("<") else value


def _delta(schema: Schema, owner: str, name: str, value: Any) -> Delta:
    codec = schema.attribute(owner, name).codec
    if isinstance(value, dict):
        added, removed = (tuple(map(codec.parse, value.get(act, ()))) for act in ("add", "remove"))
        return Delta(name, UNREAD, added=added, removed=removed, is_multi=True)
    return Delta(name, UNREAD, codec.parse(value))


def _response(item: dict[str, Any]) -> Response:
    status = item.get("status", 200)
    if "json" in item:
        return Response(status, {"content-type": "application/json"}, json.dumps(item["json"]).encode())
    return Response(status, {"content-type": "text/xml; charset=utf-8"}, item["xml"].encode())


def _shown(request: Request) -> dict[str, Any]:
    shown: dict[str, Any] = {"line": request.line}
    if request.query:
        shown["query"] = [list(pair) for pair in request.query]
    if request.path in ("query.v1", "api/asset"):
        assert isinstance(request.body, bytes)
        shown["json"] = json.loads(request.body)
    elif request.body:
        assert isinstance(request.body, bytes)
        shown["xml"] = request.body.decode()
    assert request.idempotent is not request.writes
    return shown


def _row(row: Row) -> list[Any]:
    return [_cell(row.oid), {column: _cell(value) for column, value in zip(row.columns, row.values, strict=True)}]


def _cell(value: Any) -> Any:
    if isinstance(value, Oid):
        return f"<{value.type}:{value.key}{'' if value.moment is None else f' at {value.moment}'}>"
    return [_cell(item) for item in value] if isinstance(value, tuple) else value


def _outcome(outcome: Any) -> list[Any]:
    kind = type(outcome).__name__
    if isinstance(outcome, Done):
        told = _row(outcome.row)[1] if outcome.row else {}
        return [kind, _cell(outcome.oid), told]
    return [kind, str(getattr(outcome, "error", None) or outcome.needs)]
