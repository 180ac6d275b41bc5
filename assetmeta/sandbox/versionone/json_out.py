"""Documents of rest-1.v1 in JSON, the twin of `xml_out`, and the error document that query.v1 shares."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from json.encoder import encode_basestring_ascii as encode
from typing import cast

from .problems import Problem
from .requests import Change, Ref, Result, RowOut, Scalar, Value
from .spelling import rest_json
from .types import AttributeDef
from .xml_out import grouped, path, ref_of, scalar_of

CONTENT_TYPE = "application/json; charset=utf-8"

Column = Callable[[Value], str]


class JsonWriter:
    """Writes documents whose asset links start with *base* ("/VersionOne/rest-1.v1/Data/")."""

    content_type = CONTENT_TYPE

    def __init__(self, base: str) -> None:
        self.base = base

    def listing(
        self, root: str, result: Result, start: int, size: int, *, momented: bool = False, counted: bool = True
    ) -> bytes:
        """A list: *root* is "Assets" or "History", with the assets under "Assets". *counted* False: without total."""
        columns = self._columns(result.definitions)
        body = ",".join([self._asset(row, columns, momented) for row in result.rows])
        total = f'"total":{result.total},' if counted else ""
        head = f'"_type":"{root}",{total}"pageSize":{size},"pageStart":{start}'
        return f'{{{head},"Assets":[{body}]}}'.encode()

    def single(self, row: RowOut, definitions: Mapping[str, AttributeDef], momented: bool) -> bytes:
        """One asset."""
        return self._asset(row, self._columns(definitions), momented).encode()

    def attribute(self, row: RowOut, key: str, definition: AttributeDef, momented: bool) -> bytes:
        """One attribute as a document of its own, linked to itself and to its asset."""
        of = self.base + path(row.oid if momented else row.asset)
        links = f'"href":{encode(f"{of}/{key}")},"of":{encode(of)},'
        return f"{{{self._inside(key, definition, links)(row.values[key])}}}".encode()

    def template(self, href: str, changes: list[Change], definitions: Mapping[str, AttributeDef]) -> bytes:
        """A new asset, not yet stored: every suggested value carries its act."""
        groups = grouped(changes)
        attributes = ",".join(self._suggested(name, group, definitions[name]) for name, group in groups.items())
        return f'{{"_type":"Asset","href":{encode(href)},"Attributes":{{{attributes}}}}}'.encode()

    def _asset(self, row: RowOut, columns: Mapping[str, Column], momented: bool) -> str:
        oid = row.oid if momented else row.asset
        body = ",".join([columns[key](value) for key, value in row.values.items()])
        return f'{{"_type":"Asset","href":"{self.base}{path(oid)}","id":"{oid}","Attributes":{{{body}}}}}'

    def _columns(self, definitions: Mapping[str, AttributeDef]) -> dict[str, Column]:
        return {key: self._column(key, definition) for key, definition in definitions.items()}

    def _column(self, key: str, definition: AttributeDef) -> Column:
        start, inside = f"{encode(key)}:{{", self._inside(key, definition)
        return lambda value: f"{start}{inside(value)}}}"

    def _inside(self, key: str, definition: AttributeDef, links: str = "") -> Column:
        tag = "Relation" if definition.is_relation else "Attribute"
        head = f'"_type":"{tag}","name":{encode(key)},{links}"value":'
        if definition.is_relation:
            return lambda value: f"{head}{self._related(value, definition.multi)}"
        spell = rest_json(definition.kind)
        if definition.multi:
            return lambda value: f"{head}[{','.join([spell(item) for item in cast('list[Scalar]', value or [])])}]"
        return lambda value: f"{head}{spell(cast('Scalar', value))}"

    def _related(self, value: Value, multi: bool) -> str:
        if isinstance(value, Ref):
            return self._link(value)
        links = ",".join([self._link(ref) for ref in cast("list[Ref]", value or [])])
        return f"[{links}]" if multi else links or "null"

    def _link(self, ref: Ref, act: str = "") -> str:
        return f'{{"_type":"Asset","href":"{self.base}{path(ref.oid)}","idref":"{ref.oid}"{act}}}'

    def _suggested(self, name: str, changes: list[Change], definition: AttributeDef) -> str:
        spell = rest_json(definition.kind)
        if definition.multi:
            pieces = []
            for change in changes:
                act = f',"act":"{change.act}"'
                value = f'{{"value":{spell(scalar_of(change))}{act}}}'
                pieces.append(self._link(ref_of(change), act) if definition.is_relation else value)
            value, act = f"[{','.join(pieces)}]", ""
        else:
            relation = definition.is_relation
            value = self._link(ref_of(changes[0])) if relation else spell(scalar_of(changes[0]))
            act = ',"act":"set"'
        tag = "Relation" if definition.is_relation else "Attribute"
        return f'{encode(name)}:{{"_type":"{tag}","name":{encode(name)},"value":{value}{act}}}'


def json_error(problem: Problem) -> bytes:
    """The error document: the status in words, the summary, the causes with the innermost last."""
    causes = [{"class": cause.kind, "message": cause.message} for cause in problem.causes]
    phrase = problem.error or HTTPStatus(problem.status).phrase
    return json.dumps({"error": phrase, "message": problem.message, "exceptions": causes}).encode()
