"""query.v1: read-only queries, answered as JSON with one result set per query."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import cast

from assetmeta.sandbox.messages import Response

from .call import Call, no_such_path
from .engine import Engine
from .problems import unknown_token
from .question import Group, Question, read_documents, read_question
from .requests import History, Query, Ref, Result, RowOut, Scalar, Value
from .spelling import query_value
from .tokens import Comparison, parse_sort, parse_token
from .types import AttributeDef

CONTENT_TYPE = "application/json; charset=utf-8"

Json = dict[str, object]
Spellers = Mapping[str, Callable[[Value], object]]


class QueryEndpoint:
    """query.v1 over one engine. One bad query fails the whole request."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def __call__(self, call: Call) -> Response:
        """Answer one request: an array of result sets, also for a single query."""
        if call.rest:
            raise no_such_path(call.request.path)
        call.only("POST")
        call.known(())
        questions = [read_question(each, call.member) for each in read_documents(call.request.body)]
        sets = [result_set(self.engine, question) for question in questions]
        return Response(200, json.dumps(sets).encode(), CONTENT_TYPE)


def result_set(engine: Engine, question: Question) -> list[Json]:
    """The rows of one query as JSON values, grouped where that was asked for. Raises problems as the engine does."""
    query = question.query
    asked = {each.text for each in query.select or () if not hasattr(each, "key")}
    hidden = {group.token.text: group.token for group in question.groups if group.token.text not in asked}
    result = engine.select(replace(query, select=(*(query.select or ()), *hidden.values())))
    momented = query.at is not None
    speller = Speller(result)
    rows = [speller.row(row, row.oid if momented else row.asset) for row in result.rows]
    for key in hidden:
        for spelled in rows:
            spelled.pop(key, None)
    if not question.groups:
        return rows
    for group in question.groups:
        definition = result.definitions[group.token.text]
        if not definition.is_relation or definition.multi:
            raise unknown_token("GROUP", group.token.text)
    return gather(engine, query, question.groups, result, list(zip(result.rows, rows, strict=True)))


def gather(
    engine: Engine,
    query: Query,
    groups: Sequence[Group],
    result: Result,
    rows: Sequence[tuple[RowOut, Json]],
) -> list[Json]:
    """The rows under their group's asset, the rows without one first, then by the related type's own order."""
    if not groups:
        return [spelled for _, spelled in rows]
    group, deeper = groups[0], groups[1:]
    members: dict[str, list[tuple[RowOut, Json]]] = {}
    for row, spelled in rows:
        value = row.values.get(group.token.text)
        members.setdefault(value.oid if isinstance(value, Ref) else "", []).append((row, spelled))
    related = result.definitions[group.token.text].related or ""
    heads = group_heads(engine, query, group, related, [oid for oid in members if oid])
    return [
        {**head, "_children": gather(engine, query, deeper, result, members[oid])}
        for oid, head in heads.items()
        if oid in members
    ]


def group_heads(engine: Engine, query: Query, group: Group, related: str, oids: list[str]) -> dict[str, Json]:
    """What is shown of each group's asset, by OID token and in order; the null group is under the empty text."""
    empty: Json = {"_oid": "NULL", **dict.fromkeys(token.text for token in group.select)}
    heads: dict[str, Json] = {"": empty}
    if oids:
        order = engine.catalogue.types[related].order_by
        found = engine.select(
            Query(
                related,
                group.select,
                where=Comparison(parse_token("ID"), "=", tuple(oids)),
                sort=group.sort or parse_sort(order or ""),
                at=None if isinstance(query.at, History) else query.at,
                member=query.member,
            )
        )
        spelled = Speller(found)
        heads |= {row.asset: spelled.row(row, row.asset) for row in found.rows}
    return heads | {oid: {**empty, "_oid": oid} for oid in oids if oid not in heads}


class Speller:
    """Makes JSON values of a result's rows. *nested* holds the definitions of nested queries by their key."""

    def __init__(self, result: Result) -> None:
        self._own = spellers_of(result.definitions)
        self._nested = {key: spellers_of(inner) for key, inner in result.nested.items()}

    def row(self, row: RowOut, oid: str, spellers: Spellers | None = None) -> Json:
        """One row under the token *oid*."""
        table = self._own if spellers is None else spellers
        return {"_oid": oid} | {key: self._value(key, value, table) for key, value in row.values.items()}

    def _value(self, key: str, value: Value, spellers: Spellers) -> object:
        """A nested query is an array of objects, also on a single relation; a key may be both, on different levels."""
        if isinstance(value, list) and (key not in spellers or (value and isinstance(value[0], RowOut))):
            inner = self._nested[key]
            return [self.row(each, each.asset, inner) for each in cast("list[RowOut]", value)]
        return spellers[key](value)


def spellers_of(definitions: Mapping[str, AttributeDef]) -> Spellers:
    """For each key of a row, the function that makes a JSON value of what the engine gives."""
    return {key: speller(definition) for key, definition in definitions.items()}


def speller(definition: AttributeDef) -> Callable[[Value], object]:
    """The speller of one attribute or path."""
    if definition.is_relation:
        return related_many if definition.multi else related_one
    spell = query_value(definition.kind)
    if definition.multi:
        return lambda value: [spell(item) for item in cast("list[Scalar]", value or [])]
    return lambda value: spell(cast("Scalar", value))


def related_one(value: Value) -> object:
    """A single relation: null is the NULL asset."""
    return {"_oid": value.oid if isinstance(value, Ref) else "NULL"}


def related_many(value: Value) -> object:
    """A multi-value relation."""
    return [{"_oid": ref.oid} for ref in cast("list[Ref]", value or [])]
