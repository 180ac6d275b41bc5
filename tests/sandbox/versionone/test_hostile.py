"""Thousands of odd requests, reproducible by seed: refused or answered, but never a failure of the server's own."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from urllib.parse import quote

import pytest

from assetmeta.sandbox.versionone.population import populate
from assetmeta.sandbox.versionone.types import Catalogue

from ..conftest import Instance

REQUESTS = 500
AGGREGATES = ("Count", "DistinctCount", "Sum", "Min", "Max", "MinDate", "MaxDate", "And", "Or", "MaxState")
OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "~=")
TEXTS = (
    *("", "0", "1", "-1.5", "1e400", "nan", "99999999999999999999", "true", "NULL", "Dead", "Active", "64"),
    *("Scope:0", "Scope:0:1", "Member:20", "Story:1005", "it''s", "%", "*", "\\", "[", "5 Days", "a\u0000b"),
    *("2024-01-01", "2024-01-01T00:00:00Z", "0001-01-01", "9999-12-31T23:59:59.999", "02/30/2024"),
)
VALUES: tuple[object, ...] = (
    *TEXTS,
    *(5, 2.5, 10**30, True, False, None, [], ["x"], [None], {"value": "x"}, {"idref": "Member:20"}),
    *([{"idref": "Member:20", "act": "add"}], [{"idref": "Story:1", "act": "remove"}], [{"value": "t", "act": "add"}]),
)


class Dice:
    """Makes tokens, filters and documents that are mostly legal and sometimes odd."""

    def __init__(self, catalogue: Catalogue, seed: int) -> None:
        self.catalogue = catalogue
        self.random = random.Random(seed)
        self.types = list(catalogue.types)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def type_name(self) -> str:
        common = ("Story", "Task", "Workitem", "Scope", "Member", "BaseAsset", "Epic", "Timebox")
        return self.random.choice(self.types if self.chance(0.6) else common)

    def token(self, type_name: str, steps: int = 3) -> str:
        kind, parts = self.catalogue.types[type_name], []
        for _ in range(self.random.randint(1, steps)):
            attribute = kind.attributes[self.random.choice(list(kind.attributes))]
            part = attribute.name + ("#" if self.chance(0.05) else "")
            related = self.catalogue.types.get(attribute.related or "")
            if related is not None and related.concrete and self.chance(0.2):
                related = self.catalogue.types[self.random.choice(sorted(related.concrete))]
                part += f":{related.name}"
            if related is not None and self.chance(0.15):
                part += f"[{self.filter(related.name)}]"
            parts.append(part)
            if related is None:
                break
            kind = related
        return ".".join(parts) + (f".@{self.random.choice(AGGREGATES)}" if self.chance(0.2) else "")

    def tokens(self, type_name: str, most: int = 4) -> str:
        return ",".join(self.token(type_name) for _ in range(self.random.randint(1, most)))

    def filter(self, type_name: str) -> str:
        return self.random.choice(";|").join(self.term(type_name) for _ in range(self.random.randint(1, 2)))

    def term(self, type_name: str) -> str:
        token = self.token(type_name, 2)
        if self.chance(0.25):
            return self.random.choice(("+", "-", "")) + token
        values = ",".join(f"'{self.random.choice(TEXTS)}'" for _ in range(self.random.randint(1, 2)))
        return f"{token}{self.random.choice(OPERATORS)}{values}"

    def number(self) -> int:
        return self.random.randint(990, 1180)


def read(v1: Instance, dice: Dice) -> int:
    name = dice.type_name()
    wanted: dict[str, tuple[float, Callable[[], str]]] = {
        "sel": (0.7, lambda: dice.tokens(name)),
        "where": (0.6, lambda: dice.filter(name)),
        "sort": (0.3, lambda: dice.random.choice("+-") + dice.token(name, 2)),
        "page": (0.3, lambda: f"{dice.random.randint(0, 5)},{dice.random.randint(0, 5)}"),
        "asof": (0.2, lambda: dice.random.choice(TEXTS)),
        "find": (0.2, lambda: dice.random.choice(TEXTS)),
        "findin": (0.2, lambda: dice.token(name, 2)),
        "with": (0.1, lambda: f"$x={dice.random.choice(TEXTS)}"),
    }
    query = "&".join(f"{key}={quote(make())}" for key, (share, make) in wanted.items() if dice.chance(share))
    accept = dice.random.choice(("", "application/json"))
    return v1.get(f"rest-1.v1/{dice.random.choice(('Data', 'Hist'))}/{name}?{query}", accept=accept).status


def ask(v1: Instance, dice: Dice) -> int:
    name = dice.type_name()
    relations = [each for each in dice.catalogue.types[name].attributes.values() if each.related]
    document: dict[str, object] = {"from": name, "select": [dice.token(name) for _ in range(3)]}
    if relations and dice.chance(0.7):
        relation = dice.random.choice(relations)
        nested = {"from": relation.name, "select": [dice.token(str(relation.related), 2)]}
        document["select"] = [nested | ({"filter": [dice.filter(str(relation.related))]} if dice.chance(0.3) else {})]
    if relations and dice.chance(0.3):
        document["group"] = [{"from": dice.random.choice(relations).name, "select": []}]
    if dice.chance(0.4):
        document["where"] = {dice.token(name, 2): dice.random.choice(VALUES)}
    if dice.chance(0.3):
        document["asof"] = dice.random.choice(("All", "2024-01-01"))
    return v1.post("query.v1", json.dumps(document)).status


def write(v1: Instance, dice: Dice) -> int:
    name = dice.random.choice(dice.types)
    attributes = dice.catalogue.types[name].attributes
    names = [each.name for each in attributes.values() if each.required and not each.readonly]
    names += dice.random.sample(list(attributes), min(3, len(attributes)))
    acts = ("set", "set", "set", "add", "remove")
    entries = {each: {"value": dice.random.choice(VALUES), "act": dice.random.choice(acts)} for each in names}
    where = f"/{dice.number()}" if dice.chance(0.5) else f"?ctx={quote(dice.random.choice(TEXTS))}"
    return v1.post(f"rest-1.v1/Data/{name}{where}", json.dumps({"Attributes": entries})).status


def operate(v1: Instance, dice: Dice) -> int:
    name = dice.type_name()
    operation = dice.random.choice([*dice.catalogue.types[name].operations, "Explode"])
    return v1.post(f"rest-1.v1/Data/{name}/{dice.number()}?op={operation}").status


def look(v1: Instance, dice: Dice) -> int:
    name = dice.type_name()
    paths = (
        f"meta.v1/{name}/{quote(dice.token(name))}",
        f"rest-1.v1/Data/{name}/{dice.number()}/{quote(dice.token(name))}",
        f"rest-1.v1/New/{name}?ctx={dice.random.choice(dice.types)}:{dice.number()}",
        f"rest-1.v1/Data/{name}/{dice.number()}/{dice.random.randint(0, 400)}",
    )
    return v1.get(dice.random.choice(paths)).status


@pytest.mark.parametrize("seed", range(4))
def test_no_request_makes_the_server_fail(v1: Instance, seed: int, caplog: pytest.LogCaptureFixture) -> None:
    populate(v1.face.engine, 150, seed)
    dice = Dice(v1.face.engine.catalogue, seed)
    kinds = (read, read, read, ask, ask, write, write, operate, look)
    statuses = [dice.random.choice(kinds)(v1, dice) for _ in range(REQUESTS)]
    assert set(statuses) <= {200, 400, 404}, caplog.text
    assert statuses.count(200) > REQUESTS // 10
