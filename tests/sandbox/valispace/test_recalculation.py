"""Valis that depend on each other: what a write changes downstream, names, circles, datasets, what-if."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from assetmeta.sandbox.rest.refusals import Missing, Refused
from assetmeta.sandbox.valispace.engine import Engine
from assetmeta.sandbox.valispace.settings import Switches

Document = dict[str, Any]


class Desk:
    """An engine with a project, and short ways to write."""

    def __init__(self, switches: Switches | None = None, path: str = ":memory:") -> None:
        self.time = datetime(2025, 3, 1, tzinfo=UTC)
        self.engine = Engine(path, switches=switches, clock=lambda: self.time)
        self.project = self.make("project", name="Fan")["id"]

    def make(self, endpoint: str, **values: Any) -> Document:
        return self.engine.create(endpoint, values, user=1)

    def component(self, name: str, parent: int | None = None) -> int:
        return int(self.make("components", name=name, parent=parent, project=self.project)["id"])

    def vali(self, parent: int, shortname: str, formula: object = "", unit: str = "", **more: Any) -> int:
        return int(self.make("valis", parent=parent, shortname=shortname, formula=formula, unit=unit, **more)["id"])

    def change(self, endpoint: str, id: int, **values: Any) -> Document:
        return self.engine.update(endpoint, id, values, user=1)

    def read(self, id: int) -> Document:
        return self.engine.get("valis", id)

    def value(self, id: int) -> float | None:
        found = self.read(id)["value"]
        return None if found is None else float(found)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_the_sample_of_the_reference(desk: Desk) -> None:
    fan = desk.component("Fan")
    blade, motor = desk.component("Blade", fan), desk.component("Motor", fan)
    one = desk.vali(blade, "Mass", "0.05", "kg", margin_plus=10, margin_minus="10")
    two = desk.vali(motor, "Mass", 0.4, "kg", margin_plus=5, margin_minus=5)
    whole = desk.read(desk.vali(fan, "Mass", f"3*${one}+${two}", "kg", maximum=0.6))
    assert whole["value"] == pytest.approx(0.55)
    assert whole["wc_plus"] == pytest.approx(0.585)
    assert whole["wc_minus"] == pytest.approx(0.515)
    assert whole["totalmargin_plus"] == whole["totalmargin_minus"] == pytest.approx(6.3636363636)
    assert (whole["baseunit"], whole["value_baseunit"]) == ("kilogram", pytest.approx(0.55))
    assert (whole["name"], whole["path"], whole["project"], whole["project_name"]) == ("Fan.Mass", "Fan", 1, "Fan")
    assert whole["valis_used"] == [one, two]
    assert desk.read(one)["used_by_valis"] == [whole["id"]]
    assert desk.read(two)["formula"] == "0.4"


def test_own_margins_come_on_top_and_follow_the_sign(desk: Desk) -> None:
    top = desk.component("Top")
    one = desk.vali(top, "a", "-10", "m", margin_plus=10, margin_minus=20)
    two = desk.read(desk.vali(top, "b", f"2*${one}", "m", margin_plus=50))
    assert (desk.read(one)["wc_plus"], desk.read(one)["wc_minus"]) == (pytest.approx(-11), pytest.approx(-8))
    assert (two["wc_plus"], two["wc_minus"]) == (pytest.approx(-33), pytest.approx(-16))
    assert two["totalmargin_plus"] == pytest.approx(65)


def test_zero_has_no_total_margin_in_percent(desk: Desk) -> None:
    top = desk.component("Top")
    one = desk.vali(top, "a", "5", margin_plus=10, margin_minus=10)
    zero = desk.read(desk.vali(top, "z", f"${one} - 5"))
    assert (zero["value"], zero["wc_plus"], zero["totalmargin_plus"]) == (0, pytest.approx(0.5), None)
    assert desk.read(desk.vali(top, "n", "0"))["totalmargin_plus"] == 0


def test_the_six_properties(desk: Desk) -> None:
    top = desk.component("Top")
    desk.vali(top, "v", "100", "g", margin_plus=10, margin_minus=20, minimum=50, maximum=200)
    parts = ("max", "min", "margin_plus", "margin_minus", "wc_plus", "wc_minus")
    values = [desk.value(desk.vali(top, part, f"$Top.v\\{part}")) for part in parts]
    assert values == [pytest.approx(number) for number in (200, 50, 10, 20, 110, 80)]
    assert desk.value(desk.vali(top, "none", "$Top.v\\nosuch")) is None


def test_display_units(desk: Desk) -> None:
    top = desk.component("Top")
    length = desk.vali(top, "Length", "10 meter + 100 cm", "yd")
    assert desk.value(length) == pytest.approx(12.0297, abs=1e-4)
    assert desk.change("valis", length, unit="cm")["value"] == pytest.approx(1100)
    assert desk.change("valis", length, unit="kg")["value"] is None
    assert desk.change("valis", length, unit="")["unit"] == "meter"
    warm = desk.read(desk.vali(top, "T", "21.26degC"))
    assert (warm["value"], warm["unit"], warm["value_baseunit"]) == (21.26, "degC", pytest.approx(294.41))
    twice = desk.read(desk.vali(top, "warmer", "$Top.T + 5", "degC"))
    assert twice["value"] == pytest.approx(26.26)
    assert desk.value(desk.vali(top, "plain", "20", "%")) == 20
    assert desk.read(desk.vali(top, "nounit", "5", "wibble"))["value"] is None


def test_a_chain_is_recalculated_to_its_end(desk: Desk) -> None:
    top = desk.component("Top")
    chain = [desk.vali(top, "v0", "1")]
    for number in range(1, 300):
        chain.append(desk.vali(top, f"v{number}", f"${chain[-1]} + 1"))
    assert desk.value(chain[-1]) == 300
    desk.change("valis", chain[0], formula="100")
    assert desk.value(chain[-1]) == 399
    desk.change("valis", chain[0], formula="nonsense(")
    assert desk.value(chain[-1]) is None
    desk.change("valis", chain[0], formula="0")
    assert desk.value(chain[-1]) == 299


def test_a_tree_can_be_deep(desk: Desk) -> None:
    ids = [desk.component("C0")]
    for number in range(1, 1500):
        ids.append(desk.component(f"C{number}", ids[-1]))
    leaf = desk.vali(ids[-1], "x", "1")
    assert desk.read(leaf)["name"].count(".") == 1500
    desk.change("components", ids[0], name="Top")
    assert desk.read(leaf)["name"].startswith("Top.C1.")
    desk.engine.delete("components", ids[0], user=1)
    assert desk.engine.find("valis") == []


def test_circles_are_refused_and_nothing_is_changed(desk: Desk) -> None:
    top = desk.component("Top")
    one = desk.vali(top, "a", "1")
    two = desk.vali(top, "b", f"${one}")
    before = desk.engine.find("valis")
    for formula in (f"${two}", "$Top.a", "$Top.b*2", f"${one}"):
        with pytest.raises(Refused) as refused:
            desk.change("valis", one, formula=formula)
        assert list(refused.value.errors) == ["formula"]
        assert desk.engine.find("valis") == before
    desk.change("valis", one, formula="7")
    assert desk.value(two) == 7


def test_a_formula_may_name_what_comes_later(desk: Desk) -> None:
    top = desk.component("Top")
    user = desk.vali(top, "user", "$Top.Sub.x * 2")
    assert (desk.value(user), desk.read(user)["valis_used"]) == (None, [])
    x = desk.vali(desk.component("Sub", top), "x", "4")
    assert (desk.value(user), desk.read(user)["valis_used"]) == (8, [x])
    desk.engine.delete("valis", x, user=1)
    assert (desk.value(user), desk.read(user)["valis_used"]) == (None, [])
    other = desk.vali(desk.component("Other", top), "x", "5")
    desk.change("components", desk.read(other)["parent"], name="Sub2")
    assert desk.value(user) is None
    sub = next(one for one in desk.engine.find("components") if one["name"] == "Sub")
    desk.engine.delete("components", sub["id"], user=1)
    desk.change("components", desk.read(other)["parent"], name="Sub")
    assert desk.value(user) == 10


def test_names_follow_renames_and_moves(desk: Desk) -> None:
    top = desk.component("Top")
    sub, other = desk.component("Sub", top), desk.component("Other", top)
    x = desk.vali(sub, "x", "3", margin_plus=10)
    full = desk.vali(top, "full", "$Top.Sub.x + $Top.Sub.x\\wc_plus")
    short = desk.vali(top, "short", "$Sub.x")
    by_id = desk.vali(top, "by_id", f"${x}")
    desk.change("components", sub, name="Renamed")
    assert desk.read(full)["formula"] == "$Top.Renamed.x + $Top.Renamed.x\\wc_plus"
    assert desk.read(short)["formula"] == "$Top.Renamed.x"
    assert desk.read(by_id)["formula"] == f"${x}"
    desk.change("components", sub, parent=other)
    assert desk.read(x)["name"] == "Top.Other.Renamed.x"
    desk.change("valis", x, shortname="y")
    assert desk.read(full)["formula"] == "$Top.Other.Renamed.y + $Top.Other.Renamed.y\\wc_plus"
    assert desk.value(full) == pytest.approx(6.3)
    desk.change("components", top, name="Tip")
    assert desk.engine.get("components", sub)["unique_name"] == "Tip.Other.Renamed"
    assert [desk.value(id) for id in (full, short, by_id)] == [pytest.approx(6.3), 3, 3]


def test_a_short_name_keeps_its_meaning(desk: Desk) -> None:
    top = desk.component("Top")
    x = desk.vali(desk.component("Sub", top), "x", "3")
    user = desk.vali(top, "user", "$Sub.x")
    second = desk.component("Sub", desk.component("More", top))
    desk.vali(second, "x", "4")
    desk.change("valis", x, formula="5")
    assert desk.value(user) == 5
    assert desk.value(desk.vali(top, "late", "$Sub.x")) is None


def test_sums_of_children_follow_the_tree(desk: Desk) -> None:
    top, spare = desk.component("Top"), desk.component("Spare")
    one, two = desk.component("One", top), desk.component("Two", top)
    total = desk.vali(top, "Mass", "soc()", "kg")
    assert desk.value(total) == 0
    first = desk.vali(one, "Mass", "1", "kg")
    desk.vali(two, "Mass", "2000", "g")
    named = desk.vali(two, "Other", "7", "kg")
    assert desk.value(total) == 3
    desk.change("valis", named, shortname="Weight")
    desk.change("valis", first, formula="4")
    assert desk.value(total) == 6
    desk.change("components", one, parent=spare)
    assert desk.value(total) == 2
    desk.change("components", one, parent=top)
    assert desk.value(total) == 6
    desk.change("components", top, current_alternative=one)
    assert desk.value(total) == 4
    assert desk.engine.get("components", top)["alternatives"] == [one, two]
    desk.change("components", top, current_alternative=None)
    desk.engine.delete("components", one, user=1)
    assert desk.value(total) == 2
    desk.engine.delete("components", two, user=1)
    assert desk.value(total) == 0


def test_types_give_name_unit_and_formula(desk: Desk) -> None:
    kind = desk.make("valitype", name="Mass", unit="kg", formula="10 kg")["id"]
    top = desk.component("Top")
    typed = desk.read(desk.vali(top, "whatever", "3", type=kind, uses_default_formula=True))
    assert (typed["shortname"], typed["unit"], typed["formula"], typed["value"]) == ("Mass", "kg", "10 kg", 10)
    desk.engine.update("valitype", kind, {"formula": "12 kg", "name": "Weight"}, user=1)
    assert (desk.read(typed["id"])["value"], desk.read(typed["id"])["name"]) == (12, "Top.Weight")
    with pytest.raises(Refused) as refused:
        desk.change("valis", typed["id"], unit="m")
    assert list(refused.value.errors) == ["unit"]


def test_late_recalculation_calculates_the_written_vali_at_once() -> None:
    desk = Desk(Switches(late=2.0))
    top = desk.component("Top")
    one = desk.vali(top, "a", "1")
    two = desk.vali(top, "b", f"${one} * 10")
    assert desk.change("valis", one, formula="5")["value"] == 5
    assert desk.value(two) == 10
    desk.time += timedelta(seconds=3)
    assert desk.value(two) == 50


def test_closing_calculates_what_was_put_off(tmp_path: Path) -> None:
    path = str(tmp_path / "late.db")
    desk = Desk(Switches(late=60.0), path)
    top = desk.component("Top")
    one = desk.vali(top, "a", "1")
    two = desk.vali(top, "b", f"${one} * 10")
    desk.change("valis", one, formula="5")
    desk.engine.close()
    assert Engine(path).get("valis", two)["value"] == 50


def test_strict_units_refuse(desk: Desk) -> None:
    desk = Desk(Switches(strict_units=True))
    top = desk.component("Top")
    for formula, unit in (("5 kg", "m"), ("5 kg + 3 m", ""), ("5", "wibble")):
        with pytest.raises(Refused):
            desk.vali(top, "x", formula, unit)
    assert desk.engine.find("valis") == []


def test_matrices_have_a_vali_per_cell(desk: Desk) -> None:
    top = desk.component("Top")
    matrix = desk.make("matrices", name="I", parent=top, number_of_rows=2, number_of_columns="3", unit="kg")
    assert [len(row) for row in matrix["cells"]] == [3, 3]
    cell = matrix["cells"][1][2]
    assert desk.read(cell)["name"] == "Top.I.2_3"
    assert desk.read(cell)["is_part_of_matrix"] is True
    user = desk.vali(top, "user", f"${cell} + $Top.I.1_1")
    changed = desk.change("valis", cell, formula="2", shortname="Izz", parent=matrix["id"])
    desk.change("valis", matrix["cells"][0][0], formula="1")
    assert (changed["name"], desk.value(user)) == ("Top.I.Izz", 3)
    assert desk.change("matrices", matrix["id"], unit="g")["unit"] == "g"
    assert desk.read(user)["value_baseunit"] == pytest.approx(0.003)
    smaller = desk.change("matrices", matrix["id"], number_of_columns=2)
    assert [len(row) for row in smaller["cells"]] == [2, 2]
    assert desk.value(user) is None
    with pytest.raises(Missing):
        desk.read(cell)
    assert desk.change("matrices", matrix["id"], name="J")["unique_name"] == "Top.J"
    assert desk.read(user)["formula"].endswith("$Top.J.1_1")
    with pytest.raises(Refused):
        desk.change("matrices", matrix["id"], number_of_rows=0)
    desk.engine.delete("matrices", matrix["id"], user=1)
    assert [one["id"] for one in desk.engine.find("valis")] == [user]


def test_datasets_by_both_ways(desk: Desk) -> None:
    top = desk.component("Top")
    thrust = desk.vali(top, "Thrust", "1", "N")
    at = desk.vali(top, "at", "$Top.Thrust(1.5)", "N")
    mean = desk.vali(top, "mean", "aod($Top.Thrust)", "N")
    assert desk.value(at) is None
    made = desk.engine.import_dataset(thrust, {"headers": ["t", "F"], "data": [[1, 10], ["2", 20]]}, user=1)
    assert (made["data_type"], made["function_data"]) == (1, {"headers": ["t", "F"], "data": [[1, 10], [2, 20]]})
    assert (desk.value(at), desk.value(mean)) == (15, 15)
    other = desk.vali(top, "Other", "1")
    dataset = desk.make("datasets", vali=other)
    (point,) = dataset["points"]
    desk.change("vali/functions/datasets/points", point["id"], value=3)
    desk.change("vali/functions/datasets/points/variables", point["variables"][0]["id"], value_number=7)
    more = desk.make("vali/functions/datasets/points", dataset=dataset["id"])
    assert len(more["variables"]) == 1
    reading = desk.vali(top, "reading", f"${other}(3)")
    assert desk.value(reading) == 7
    desk.change("vali/functions/datasets/points/variables", point["variables"][0]["id"], value_number=8)
    assert desk.value(reading) == 8
    desk.engine.delete("datasets", dataset["id"], user=1)
    assert (desk.value(reading), desk.read(other)["datasets"]) == (None, [])
    assert desk.engine.convert_to_dataset(other, user=1)["data_type"] == 1


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"data": []},
        {"data": [[1]]},
        {"data": [[1, 2], [3]]},
        {"data": [[1, "x"]]},
        {"data": [[1, 2]], "headers": ["a"]},
    ],
)
def test_bad_tables_are_refused(desk: Desk, body: object) -> None:
    vali = desk.vali(desk.component("Top"), "x", "1")
    with pytest.raises(Refused):
        desk.engine.import_dataset(vali, body, user=1)


def test_what_would_be_leaves_no_trace(desk: Desk) -> None:
    top = desk.component("Top")
    one = desk.vali(top, "a", "2", "m")
    two = desk.vali(top, "b", f"${one}^2", "m^2")
    before = desk.engine.find("valis")
    graph = desk.engine.impact_graph(one, two, {"range_min": "0", "range_max": "1", "range_step_size": "0.5"})
    assert graph["data"] == [[0.0, 0.0], [0.5, 0.25], [1.0, 1.0]]
    assert desk.engine.impact_analysis(two, {"dependency": str(one), "new_value": "30 cm"})["result"] == pytest.approx(
        0.09
    )
    assert desk.engine.what_if("Top.a", "Top.b", "5")["result"] == 25
    assert desk.engine.what_if("Top.a", "b", "nonsense(")["result"] is None
    assert desk.engine.find("valis") == before
    with pytest.raises(Missing):
        desk.engine.what_if("Top.a", "nosuch", "5")
    for query in (
        {},
        {"range_min": "0", "range_max": "1", "range_step_size": "0"},
        {"range_min": "0", "range_max": "1e9", "range_step_size": "1"},
    ):
        with pytest.raises(Refused):
            desk.engine.impact_graph(one, two, query)


def test_many_random_changes_leave_what_a_full_calculation_gives(desk: Desk) -> None:
    random = Random(5)
    top = desk.component("Top")
    parts = [desk.component(f"C{number}", top) for number in range(5)]
    valis = [desk.vali(random.choice(parts), f"v{number}", str(number), "m") for number in range(25)]
    refused = 0
    for _ in range(300):
        vali, other, third = random.sample(valis, 3)
        action = random.randrange(4)
        try:
            if action == 0:
                desk.change("valis", vali, formula=f"{random.randint(1, 9)} m", margin_plus=random.choice((0, 5)))
            elif action == 1:
                desk.change("valis", vali, formula=f"${other} + ${desk.read(third)['name']} / 2")
            elif action == 2:
                desk.change("components", random.choice(parts), name=f"C{random.randrange(1000, 9999)}")
            else:
                desk.change("valis", vali, parent=random.choice(parts))
        except Refused:
            refused += 1
    assert 0 < refused < 200
    before = desk.engine.find("valis")
    space = desk.engine.workspace
    with space.writing(None):
        space.names.forget()
        space.calculator.changed(space.store.ids("valis"))
    assert desk.engine.find("valis") == before


def test_threads_do_not_get_into_each_others_way(desk: Desk) -> None:
    top = desk.component("Top")
    base = desk.vali(top, "base", "1")
    total = desk.vali(top, "total", "+".join(f"$Top.v{number}" for number in range(40)))

    def work(number: int) -> float | None:
        vali = desk.vali(top, f"v{number}", f"${base} + {number}")
        with pytest.raises(Refused):
            desk.vali(top, f"v{number}", "again")
        desk.engine.find("valis")
        return desk.value(vali)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(40))) == [number + 1 for number in range(40)]
    assert desk.value(total) == sum(range(41))
    assert len(desk.read(base)["used_by_valis"]) == 40
