"""Requirements, their documents, verification, versions and lists."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from assetmeta.sandbox.rest.refusals import Missing, Refused
from assetmeta.sandbox.valispace.catalogue import CONTENT_TYPES
from assetmeta.sandbox.valispace.engine import Engine
from assetmeta.sandbox.valispace.settings import Switches
from nonempty import nonempty

Document = dict[str, Any]
SPECIFICATIONS, GROUPS = "requirements/specifications", "requirements/groups"
METHODS, ITEMS = "requirements/requirement-vms", "requirements/component-vms"


class Desk:
    """A fan of two components and a specification with a section and a section in it."""

    def __init__(self) -> None:
        self.time = datetime(2025, 3, 1, 12, tzinfo=UTC)
        self.engine = Engine(clock=lambda: self.time)
        self.project = self.make("project", name="Fan")
        self.fan = self.make("components", name="Fan", project=1)
        self.motor = self.make("components", name="Motor", parent=self.fan)
        self.specification = self.make(SPECIFICATIONS, name="Fan specs", project=1)
        self.outer = self.make(GROUPS, name="Mass", specification=self.specification)
        self.inner = self.make(GROUPS, name="More", specification=self.specification, parent=self.outer)

    def make(self, endpoint: str, **values: Any) -> int:
        return int(self.engine.create(endpoint, values, user=1)["id"])

    def requirement(self, identifier: str, **more: Any) -> int:
        return self.make("requirements", identifier=identifier, specification=self.specification, **more)

    def read(self, id: int) -> Document:
        return self.engine.get("requirements", id)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_new_projects_have_states_and_methods(desk: Desk) -> None:
    states = [one["name"] for one in desk.engine.find("vstates", {"project": "1"})]
    methods = [one["name"] for one in desk.engine.find("requirements/verification-methods", {"project": "1"})]
    statuses = desk.engine.find("requirements/verification-statuses", {"project": "1"})
    assert states == ["Draft", "In Review", "Final"]
    assert methods == ["Analysis", "Inspection", "Review", "Rules", "Test"]
    assert [(one["id"], one["name"]) for one in statuses[:3]] == [
        (1, "Not Verified"),
        (2, "Verified"),
        (4, "In Progress"),
    ]


def test_the_lists_of_documents_are_redundant(desk: Desk) -> None:
    direct, one, two = (desk.requirement(str(group), group=group) for group in (None, desk.outer, desk.inner))
    specification = desk.engine.get(SPECIFICATIONS, desk.specification)
    assert specification["requirements"] == [direct, one, two]
    assert specification["requirement_groups"] == [desk.outer, desk.inner]
    assert desk.engine.get(GROUPS, desk.outer)["requirements"] == [one, two]
    assert desk.engine.get(GROUPS, desk.outer)["children"] == [desk.inner]
    assert desk.engine.get(GROUPS, desk.inner)["project"] == desk.read(one)["project"] == 1
    folder = desk.make(f"{SPECIFICATIONS}/folders", name="Documents", project=1)
    desk.engine.update(SPECIFICATIONS, desk.specification, {"folder": folder}, user=1)
    assert desk.engine.get(f"{SPECIFICATIONS}/folders", folder)["items"] == [desk.specification]


def test_a_section_belongs_to_the_specification(desk: Desk) -> None:
    other = desk.make(SPECIFICATIONS, name="Other", project=1)
    with pytest.raises(Refused) as refused:
        desk.make("requirements", identifier="x", specification=other, group=desk.outer)
    assert list(refused.value.errors) == ["group"]
    moved = desk.requirement("y", group=desk.outer)
    assert desk.engine.update("requirements", moved, {"specification": other}, user=1)["group"] is None


def test_a_section_is_in_the_specification_of_the_section_above(desk: Desk) -> None:
    other = desk.make(SPECIFICATIONS, name="Other", project=1)
    with pytest.raises(Refused) as refused:
        desk.make(GROUPS, name="x", specification=other, parent=desk.outer)
    assert {"parent": ["The parent is not part of the specification."]} == refused.value.errors
    with pytest.raises(Refused):
        desk.engine.update(GROUPS, desk.inner, {"specification": other, "parent": desk.outer}, user=1)
    assert desk.outer == desk.engine.get(GROUPS, desk.inner)["parent"]
    assert desk.engine.update(GROUPS, desk.inner, {"specification": other}, user=1)["parent"] is None


def test_a_new_requirement_is_behind_the_last_one(desk: Desk) -> None:
    def next_position() -> Any:
        return desk.read(desk.requirement(f"r{len(desk.engine.find('requirements'))}"))["position"]

    first = desk.requirement("first", position=0)
    assert 1 == next_position()
    desk.engine.update("requirements", first, {"position": 6.8}, user=1)
    assert 7 == next_position()
    other = desk.make(SPECIFICATIONS, name="Other", project=1)
    alone = desk.make("requirements", identifier="x", specification=other)
    assert 1 == desk.read(alone)["position"]


def test_times_users_and_positions(desk: Desk) -> None:
    one = desk.read(desk.requirement("1"))
    desk.time += timedelta(hours=1)
    two = desk.engine.update("requirements", one["id"], {"title": "T"}, user=1)
    assert (one["created"], one["updated"]) == ("2025-03-01T12:00:00.000000Z",) * 2
    assert (two["created"], two["updated"], two["updated_by"]) == (one["created"], "2025-03-01T13:00:00.000000Z", 1)
    assert (one["position"], desk.read(desk.requirement("2"))["position"]) == (1, 2)


def test_rationale_under_both_names(desk: Desk) -> None:
    one = desk.requirement("1", comment="because")
    assert (desk.read(one)["comment"], desk.read(one)["rationale"]) == ("because", "because")
    desk.engine.update("requirements", one, {"rationale": "so"}, user=1)
    assert (desk.read(one)["comment"], desk.read(one)["rationale"]) == ("so", "so")
    desk.engine.switches.rationale = "comment"
    assert "rationale" not in desk.read(one)


def test_children_go_through_actions(desk: Desk) -> None:
    one, two, three = (desk.requirement(name) for name in "123")
    parent = desk.engine.add_child(one, {"child": two}, user=1)
    assert (parent["children"], parent["total_children"], desk.read(two)["parents"]) == ([two], 1, [one])
    desk.engine.add_child(two, {"child": str(three)}, user=1)
    assert desk.engine.add_child(one, {"child": two}, user=1)["children"] == [two]
    for parent_id, body in ((three, {"child": one}), (one, {"child": one}), (one, {"child": 99}), (one, {}), (one, [])):
        with pytest.raises(Refused):
            desk.engine.add_child(parent_id, body, user=1)
    assert desk.engine.remove_child(one, {"child": two}, user=1)["children"] == []
    with pytest.raises(Missing):
        desk.engine.add_child(999, {"child": one}, user=1)
    ignored = desk.engine.update("requirements", one, {"children": [three], "parents": [three]}, user=1)
    assert (ignored["children"], ignored["parents"]) == ([], [])


def test_verification_counts(desk: Desk) -> None:
    one, two = desk.requirement("1"), desk.requirement("2")
    desk.engine.add_child(two, {"child": one}, user=1)
    assert (desk.read(one)["verified"], desk.read(one)["total_items"]) == (None, 0)
    method = desk.make(METHODS, requirement=one, method=4, text="<p>Compare</p>")
    first = desk.make(ITEMS, component=desk.fan, method=method, status=2)
    second = desk.make(ITEMS, component=desk.motor, method=method)
    found = desk.read(one)
    assert (found["verified"], found["verified_items"], found["total_items"]) == (False, 1, 2)
    assert (found["linked_components"], found["verification_methods"]) == ([desk.fan, desk.motor], [method])
    fan = desk.engine.get("components", desk.fan)
    assert (fan["verified_requirement_vms"], fan["total_requirement_vms"], fan["verified"]) == (1, 2, False)
    assert fan["linked_requirements"] == [one]
    assert desk.engine.get(METHODS, method)["component_vms"] == [first, second]
    item = desk.engine.update(ITEMS, second, {"status": 2}, user=1)
    assert (item["verification_method"], item["verified_on"]) == (4, "2025-03-01T12:00:00.000000Z")
    assert (desk.read(one)["verified"], desk.read(two)["verified_children"]) == (True, 1)
    assert desk.engine.get("components", desk.fan)["verified"] is True
    desk.engine.delete("requirements", one, user=1)
    assert desk.engine.find(ITEMS) == desk.engine.find(METHODS) == []


def test_complete_nests_and_names(desk: Desk) -> None:
    tag = desk.make("tag", name="budget")
    one = desk.requirement("1", tags=[tag], text="<p>a &amp; b</p>")
    method = desk.make(METHODS, requirement=one, method=4, text="<p>Compare</p>")
    desk.make(ITEMS, component=desk.fan, method=method, status=2, comment="<p>ok</p>", tags=[tag])
    (found,) = desk.engine.complete({"project": "1", "clean_text": "text,comment,nosuch"})
    assert (found["tags"], found["text"]) == (["budget"], "a & b")
    (nested,) = found["verification_methods"]
    assert (nested["id"], nested["method"], nested["text"]) == (method, {"id": 4, "name": "Rules"}, "<p>Compare</p>")
    (item,) = nested["component_vms"]
    assert (item["status"], item["component"], item["comment"], item["tags"]) == (
        "Verified",
        desk.fan,
        "<p>ok</p>",
        ["budget"],
    )
    (listed,) = desk.engine.full_list("requirements", {"project": "1"})
    assert (listed["tags"], listed["verification_methods"], listed["image_64"]) == ([tag], [method], None)


def test_versions_and_the_past(desk: Desk) -> None:
    one = desk.requirement("1", title="old")
    desk.time += timedelta(days=2)
    desk.engine.update("requirements", one, {"title": "new"}, user=1)
    two = desk.requirement("2")
    data = desk.engine.search("requirements/versions", {"size": 10, "query_filters": {"object_id": one}})["data"]
    assert [version["data"]["title"] for version in data] == ["old", "new"]
    assert {version["content_type"] for version in data} == {CONTENT_TYPES["requirement"]}
    past = desk.engine.complete({"project": "1"}, date(2025, 3, 1))
    assert [(found["id"], found["title"]) for found in past] == [(one, "old")]
    assert [found["id"] for found in desk.engine.complete({}, date(2025, 3, 3))] == [one, two]
    assert desk.engine.complete({}, date(2020, 1, 1)) == []


def test_bulk_updates_are_all_or_nothing(desk: Desk) -> None:
    one, two = desk.requirement("1"), desk.requirement("2")
    done = desk.engine.bulk_update_requirements({str(one): {"position": 1.1}, str(two): {"position": "1.2"}}, user=1)
    assert [found["position"] for found in done] == [1.1, 1.2]
    with pytest.raises(Refused) as refused:
        desk.engine.bulk_update_requirements({str(one): {"position": 9}, str(two): {"position": "x"}, "77": {}}, user=1)
    assert refused.value.errors == {
        str(two): {"position": ["A valid number is required."]},
        "77": ['Invalid pk "77" - object does not exist.'],
    }
    assert desk.read(one)["position"] == 1.1
    method = desk.make(METHODS, requirement=one)
    items = [desk.make(ITEMS, component=id, method=method) for id in (desk.fan, desk.motor)]
    changed = desk.engine.bulk_update_component_vms({"ids": items, "data": {"status": 2}}, user=1)
    assert [found["status"] for found in changed] == [2, 2]
    for body in (
        [],
        {},
        {"ids": 5, "data": {}},
        {"ids": [999], "data": {}},
        {"ids": items, "data": {"status": 99}},
        {"ids": items, "data": 3},
    ):
        with pytest.raises(Refused):
            desk.engine.bulk_update_component_vms(body, user=1)


def test_custom_fields_by_both_ways(desk: Desk) -> None:
    own = CONTENT_TYPES["requirement"]
    field = desk.make("data/custom-fields", projects=[1], target_content_type=own, name="Priority", type=1)
    one = desk.requirement("1", custom_field_rows=[{"custom_field": field, "value": "High"}])
    (row,) = desk.engine.find("data/custom-field-row", {"project": "1"})
    assert (row["object_id"], row["value"]) == (one, "High")
    assert desk.read(one)["custom_field_rows"] == [{"id": row["id"], "custom_field": field, "value": "High"}]
    with pytest.raises(Refused):
        desk.engine.update("requirements", one, {"custom_field_rows": [{"custom_field": 99}]}, user=1)
    assert desk.engine.update("requirements", one, {"custom_field_rows": []}, user=1)["custom_field_rows"] == []


def test_owners(desk: Desk) -> None:
    one = desk.requirement("1", owner={"id": 1, "contenttype": CONTENT_TYPES["user"]})
    assert desk.read(one)["owner"] == {"id": 1, "contenttype": CONTENT_TYPES["user"]}
    for owner in (5, {"id": 99, "contenttype": CONTENT_TYPES["user"]}, {"id": 1, "contenttype": 13}, {}):
        with pytest.raises(Refused):
            desk.requirement("2", owner=owner)
    assert desk.engine.update("requirements", one, {"owner": None}, user=1)["owner"] is None


def test_a_requirement_owns_valis(desk: Desk) -> None:
    one = desk.requirement("LIMIT")
    vali = desk.engine.create("valis", {"shortname": "max", "parent": one, "formula": "5 kg"}, user=1)
    user = desk.make("valis", shortname="user", parent=desk.fan, formula="$LIMIT.max * 2")
    assert (vali["name"], vali["project"]) == ("LIMIT.max", 1)
    desk.engine.update("requirements", one, {"identifier": "TOP"}, user=1)
    assert desk.engine.get("valis", user)["formula"] == "$TOP.max * 2"
    assert desk.engine.get("valis", user)["value"] == 10


def test_switches() -> None:
    engine = Engine(switches=Switches(shortest_names=True, bare_lists=True))
    engine.create("project", {"name": "P"}, user=1)
    for body in (
        {"name": "A", "project": 1},
        {"name": "B", "parent": 1},
        {"name": "C", "project": 1},
        {"name": "B", "parent": 3},
        {"name": "D", "parent": 4},
    ):
        engine.create("components", body, user=1)
    assert [one["unique_name"] for one in engine.find("components")] == ["A", "A.B", "C", "C.B", "D"]
    assert all("valis" not in one for one in nonempty(engine.find("components")))
    assert "valis" in engine.get("components", 1)
