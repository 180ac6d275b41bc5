"""The first phase of a request: hierarchies and queries expanded into a flat list of aliased commands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

from ..engine import Engine
from ..literals import parse_oid
from ..problems import Problem, invalid_oid
from ..question import checked, malformed
from ..templates import back_relation
from ..types import AttributeDef, Link, Reverse, TypeDef
from .document import CONTEXT, Command, Document, kind_of, unwrapped
from .edits import listed, normal
from .values import Values

AUTO = "$auto-aliased"
Child = tuple[AttributeDef, str, Document]


def fresh(suffix: str = "") -> str:
    """An alias nobody has."""
    return f"@{uuid4()}{suffix}"


class Projector:
    """Expands the commands of one request."""

    def __init__(self, engine: Engine, values: Values) -> None:
        self.catalogue = engine.catalogue
        self.values = values

    def project(self, command: Command) -> list[Command]:
        """What a posted command becomes in the projection. Aliased commands wait until they are carried out."""
        if command.alias:
            return [command]
        try:
            kind = kind_of(command.body)
            if kind == "config":
                return [command]
            if kind == "query":
                return [replace(command, alias=fresh())]
            return list(self.expand(command))
        except Problem as problem:
            return [replace(command, alias=fresh(), problem=problem)]

    def expand(self, command: Command) -> Iterator[Command]:
        """The commands one command stands for, each about one asset. Raises a 400 problem."""
        if command.single:
            yield command
            return
        kind = kind_of(command.body)
        if kind == "create":
            yield from self._flat(command.alias or fresh(AUTO), command.body, command.source)
        elif kind == "update":
            yield from self._updates(command)
        elif kind == "execute":
            calls = list(_calls(command.body["execute"]))
            for oid in self._targets(command.body, "execute"):
                for call in calls:
                    yield Command(command.alias or fresh(), {"oid": oid, "execute": call}, command.source, single=True)
        else:
            yield command

    def _targets(self, body: Document, verb: str) -> list[str]:
        """The assets a command is about: the one it names, or those its query finds."""
        if "oid" not in body:
            return self.values.found({key: value for key, value in body.items() if key != verb})
        text = checked(body, {"oid", verb}, "root")["oid"]
        oid = self.values.aliases.oid(text) if isinstance(text, str) else str(text)
        try:
            parsed = parse_oid(oid)
        except ValueError:
            parsed = None
        if parsed is None:
            raise invalid_oid(oid)
        return [f"{parsed[0]}:{parsed[1]}"]

    def _flat(self, alias: str, body: Document, source: int) -> Iterator[Command]:
        """A create and the creates nested in it, the parent first. A child points to its parent by the context."""
        kind = self.catalogue.types.get(str(body["AssetType"]))
        flat: dict[str, Any] = {}
        children: list[Child] = []
        for name, value in body.items():
            flat[name], nested = self._parted(kind, name, value)
            children += nested
            if nested and flat[name] == []:
                del flat[name]
        yield Command(alias, flat, source, single=True)
        yield from self._nested(kind, alias, children, source)

    def _nested(self, kind: TypeDef | None, parent: str, children: list[Child], source: int) -> Iterator[Command]:
        for attribute, alias, body in children:
            linked = {CONTEXT: parent} | (self._link(kind, attribute, body, parent) if kind else {})
            yield from self._flat(alias or fresh(AUTO), {**body, **linked}, source)

    def _link(self, kind: TypeDef, attribute: AttributeDef, body: Document, parent: str) -> dict[str, Any]:
        """The relation back to the parent, where the context alone would not give it."""
        back = (attribute.reciprocal or "").partition(".")[2]
        child = self.catalogue.types.get(str(body["AssetType"]))
        if child is None or not back or back_relation(child, kind, self.catalogue) == back:
            return {}
        return {back: [*listed(body[back]), parent] if back in body else parent}

    def _parted(self, kind: TypeDef | None, name: str, value: Any) -> tuple[Any, list[Child]]:
        """The value of an attribute without the new assets in it, and those."""
        attribute = kind.attributes.get(name) if kind else None
        if attribute is None or not attribute.multi or not isinstance(attribute.storage, (Link, Reverse)):
            return value, []
        children: list[Child] = []
        kept = []
        for item in listed(value):
            alias, body = unwrapped(item) if isinstance(item, Mapping) else ("", {})
            if "AssetType" in body:
                children.append((attribute, alias, body))
            else:
                kept.append(item)
        return (kept if children else value), children

    def _updates(self, command: Command) -> Iterator[Command]:
        values = command.body["update"]
        if not isinstance(values, Mapping):
            raise malformed("update must be a map")
        expanded: dict[str, tuple[Document, list[Child]]] = {}
        for oid in self._targets(command.body, "update"):
            name = oid.partition(":")[0]
            if name not in expanded:
                expanded[name] = self._normal(self.catalogue.types.get(name), values)
            form, children = expanded[name]
            yield Command(command.alias or fresh(), {"oid": oid, "update": form}, command.source, single=True)
            yield from self._nested(self.catalogue.types.get(name), oid, children, command.source)

    def _normal(self, kind: TypeDef | None, values: Document) -> tuple[Document, list[Child]]:
        """The values of an update in their normal form, and the new assets among them."""
        found: dict[str, Any] = {}
        children: list[Child] = []
        for name, value in values.items():
            form = normal(value)
            if isinstance(form, Mapping) and "add" in form:
                add, nested = self._parted(kind, name, form["add"])
                form = {**form, "add": add}
                children += nested
            found[name] = form
        return found, children


def _calls(value: object) -> Iterator[Document]:
    """The runs of an operation in their normal form: one, or one for each entry of a list."""
    if isinstance(value, str):
        yield {"op": value, "args": {}}
        return
    node = checked(value, {"op", "args", "list"}, "root->execute")
    if not isinstance(node.get("op"), str):
        raise malformed("execute must name an operation")
    if "args" in node and "list" in node:
        raise malformed("Invalid key at node(s): root->execute->list")
    entries = node["list"] if "list" in node else [node.get("args") or {}]
    if not isinstance(entries, list) or not all(isinstance(each, Mapping) for each in entries):
        raise malformed("The arguments of an operation must be maps")
    for arguments in entries:
        yield {"op": node["op"], "args": arguments}
