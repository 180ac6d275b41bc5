"""What became of a schema: random mutations of real schemas, each reported once."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from assetmeta import TestspaceMeta, V1Meta, ValispaceMeta, ValohaiMeta
from assetmeta.model.codecs import Text
from assetmeta.model.schema import AssetType, Attribute, Operation, Schema, SchemaChange
from assetmeta.sandbox import Server

SYSTEMS: dict[str, Any] = {
    "versionone": V1Meta,
    "valispace": ValispaceMeta,
    "valohai": ValohaiMeta,
    "testspace": TestspaceMeta,
}


@pytest.fixture(scope="module", params=sorted(SYSTEMS))
def schema(request: pytest.FixtureRequest) -> Iterator[Schema]:
    server: Server = request.getfixturevalue(f"{request.param}_sandbox_shared")
    with SYSTEMS[request.param](**server.credentials) as session:
        yield session.schema


Change = Callable[[dict[str, AssetType], str, random.Random], SchemaChange]


def descendants(types: dict[str, AssetType], name: str) -> list[str]:
    known = Schema(types)
    return [one for one in types if name in known.lineage(one)]


def declared(types: dict[str, AssetType], name: str) -> list[str]:
    """Attributes that only this type declares, so that one change is one change."""
    kind = types[name]
    base = types.get(kind.base or "")
    own = [one for one in kind.attributes if base is None or one not in base.attributes]
    below = [types[one].attributes for one in descendants(types, name)]
    same = [one for one in own if all(attributes.get(one) == kind.attributes[one] for attributes in below)]
    return sorted(same)


def put(types: dict[str, AssetType], name: str, attribute: str, value: Attribute | None) -> None:
    for below in descendants(types, name):
        attributes = {one: known for one, known in types[below].attributes.items() if one != attribute}
        if value is not None:
            attributes[value.name] = value
        types[below] = replace(types[below], attributes=attributes)


def add_attribute(types: dict[str, AssetType], name: str, chance: random.Random) -> SchemaChange:
    put(types, name, "", Attribute("Custom_new", "Text", Text(), label="Brand new"))
    return SchemaChange("added", "attribute", f"{name}.Custom_new", "", "Text")


def remove_attribute(types: dict[str, AssetType], name: str, chance: random.Random) -> SchemaChange:
    gone = chance.choice(declared(types, name))
    put(types, name, gone, None)
    return SchemaChange("removed", "attribute", f"{name}.{gone}")


def rename_attribute(types: dict[str, AssetType], name: str, chance: random.Random) -> SchemaChange:
    known = types[name].attributes
    labels = [one.label for one in known.values()]
    able = [one for one in declared(types, name) if known[one].label and labels.count(known[one].label) == 1]
    if not able:
        return add_attribute(types, name, chance)
    was = chance.choice(able)
    put(types, name, was, _with(known[was], name=f"{was}_now"))
    return SchemaChange("renamed", "attribute", f"{name}.{was}_now", was, f"{was}_now")


def _with(attribute: Attribute, **changes: Any) -> Attribute:
    fields = getattr(Attribute, "__dataclass_fields__", None) or Attribute.__struct_fields__
    return Attribute(**{**{field: getattr(attribute, field) for field in fields}, **changes})


def require(types: dict[str, AssetType], name: str, chance: random.Random) -> SchemaChange:
    chosen = chance.choice(declared(types, name))
    before = types[name].attributes[chosen]
    put(types, name, chosen, _with(before, required=not before.required))
    return SchemaChange("changed", "required", f"{name}.{chosen}", str(before.required), str(not before.required))


def protect(types: dict[str, AssetType], name: str, chance: random.Random) -> SchemaChange:
    chosen = chance.choice(declared(types, name))
    before = types[name].attributes[chosen]
    put(types, name, chosen, _with(before, writable=not before.writable))
    return SchemaChange("changed", "read-only", f"{name}.{chosen}", str(not before.writable), str(before.writable))


def add_operation(types: dict[str, AssetType], name: str, chance: random.Random) -> SchemaChange:
    for below in descendants(types, name):
        types[below] = replace(types[below], operations={**types[below].operations, "Launch": Operation("Launch")})
    return SchemaChange("added", "operation", f"{name}.Launch()")


def add_type(types: dict[str, AssetType], name: str, chance: random.Random) -> SchemaChange:
    types["Newcomer"] = AssetType("Newcomer", {})
    return SchemaChange("added", "type", "Newcomer")


def remove_type(types: dict[str, AssetType], name: str, chance: random.Random) -> SchemaChange:
    leaf = chance.choice([one for one in types if descendants(types, one) == [one]])
    del types[leaf]
    return SchemaChange("removed", "type", leaf)


CHANGES: list[Change] = [
    add_attribute, remove_attribute, rename_attribute, require, protect, add_operation, add_type, remove_type,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_each_mutation_is_reported_once(schema: Schema, change: Change) -> None:
    chance = random.Random(change.__name__)
    for _ in range(5):
        types = dict(schema.types)
        name = next(one for one in chance.sample(sorted(types), len(types)) if declared(types, one))
        expected = change(types, name, chance)
        found = list(schema.diff(Schema(types)))
        assert [one[:3] for one in found] == [expected[:3]], (expected, found)
        if expected.before or expected.after:
            assert found[0] == expected


def test_a_schema_does_not_differ_from_itself(schema: Schema) -> None:
    found = schema.diff(Schema(dict(schema.types)))
    assert not found
    assert str(found) == "No change."
    assert len(schema.types) > 5


def test_choices_that_come_and_go(valohai_sandbox_shared: Server) -> None:
    with ValohaiMeta(**valohai_sandbox_shared.credentials) as session:
        known = session.schema
    types = dict(known.types)
    status = types["Execution"].attributes["status"]
    codec = replace(status.codec, names=(*status.codec.names[1:], "paused"))
    types["Execution"] = replace(
        types["Execution"], attributes={**types["Execution"].attributes, "status": _with(status, codec=codec)}
    )
    [change] = known.diff(Schema(types))
    assert change == SchemaChange("changed", "choices", "Execution.status", status.codec.names[0], "paused")
    assert "Execution.status" in known.diff(Schema(types))._repr_html_()
