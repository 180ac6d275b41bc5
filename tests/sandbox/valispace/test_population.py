"""The generated data set: of the size asked for, the same for the same seed, connected, and calculated."""

from __future__ import annotations

from pathlib import Path

import pytest

from assetmeta.sandbox.valispace.catalogue import KINDS
from assetmeta.sandbox.valispace.engine import Engine
from assetmeta.sandbox.valispace.population import populate
from digest import digest


@pytest.fixture(scope="module")
def engine() -> Engine:
    engine = Engine()
    populate(engine, 4000, 7)
    return engine


def everything(engine: Engine) -> dict[str, object]:
    return {endpoint: engine.find(endpoint) for endpoint in KINDS}


def test_same_seed_same_data() -> None:
    engines = [Engine(), Engine(), Engine()]
    for engine, seed in zip(engines, (1, 1, 2), strict=True):
        populate(engine, 800, seed)
    assert everything(engines[0]) == everything(engines[1])
    # In every version: what changes it is meant to.
    assert "0a68d8d80ae21972" == digest(everything(engines[0]))
    assert everything(engines[0]) != everything(engines[2])


@pytest.mark.parametrize("assets", [1, 500, 4000])
def test_sizes(assets: int) -> None:
    engine = Engine()
    before = engine.count()
    count = populate(engine, assets, 1)
    assert engine.count() - before == count
    assert count == pytest.approx(max(assets, 300), abs=100)


def test_ten_thousand_objects() -> None:
    assert populate(Engine(), 10_000, 1) == pytest.approx(10_000, abs=500)


def test_every_kind_but_few_is_there(engine: Engine) -> None:
    assert [endpoint for endpoint in KINDS if not engine.find(endpoint)] == ["attachments"]


def test_every_formula_has_a_value(engine: Engine) -> None:
    valis = engine.find("valis")
    assert [vali["name"] for vali in valis if vali["value"] is None] == []
    assert sum(bool(vali["valis_used"]) for vali in valis) > len(valis) / 5
    assert len({vali["name"] for vali in valis if vali["project"] == 1}) == sum(vali["project"] == 1 for vali in valis)


def test_budgets_roll_up(engine: Engine) -> None:
    by_name = {vali["name"]: vali for vali in engine.find("valis", {"project": "1"})}
    parents = {one["id"] for one in engine.find("components") if one["children"]}
    leaves = [vali for vali in by_name.values() if vali["shortname"] == "Mass" and vali["parent"] not in parents]
    whole = by_name["Aurora.Mass"]
    assert whole["value"] == pytest.approx(sum(vali["value"] for vali in leaves))
    assert whole["wc_plus"] == pytest.approx(sum(vali["wc_plus"] for vali in leaves))
    leaf = leaves[0]
    engine.update("valis", leaf["id"], {"formula": f"{leaf['value'] + 1}"}, user=1)
    assert engine.get("valis", whole["id"])["value"] == pytest.approx(whole["value"] + 1)
    engine.update("valis", leaf["id"], {"formula": leaf["formula"]}, user=1)


def test_the_bulk_load_gives_what_single_writes_give(engine: Engine) -> None:
    before = engine.find("valis")
    for vali in before[::97]:
        engine.update("valis", vali["id"], {"formula": vali["formula"]}, user=1)
    assert engine.find("valis") == before


def test_a_file_keeps_everything(tmp_path: Path) -> None:
    path = str(tmp_path / "valispace.db")
    first = Engine(path)
    populate(first, 600, 3)
    kept = everything(first)
    text = first.content("files", 1)
    last = first.find("valis")[-1]["id"]
    first.close()
    second = Engine(path)
    assert everything(second) == kept
    assert second.content("files", 1) == text
    made = second.create("valis", {"shortname": "new", "parent": 1, "formula": "$Aurora.Mass"}, user=1)
    assert made["id"] == last + 1
    assert made["value"] is not None
    second.close()
