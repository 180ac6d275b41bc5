"""The field rules: what bodies may hold, what is ignored, and the messages of what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assetmeta.sandbox.rest.refusals import Missing, Problem, Refused
from assetmeta.sandbox.valispace.catalogue import ALIASES, CONTENT_TYPES, KINDS
from assetmeta.sandbox.valispace.engine import Engine

HINTS = Path(__file__).parents[4] / "shared/reference/data/valispace/schema_hints.json"
REQUESTS = HINTS.parent / "requests"


@pytest.fixture
def engine() -> Engine:
    """One project with a component, a child of it, a vali and a tag; all of them have the id 1, the child 2."""
    engine = Engine()
    for endpoint, body in (
        ("project", {"name": "Fan"}),
        ("components", {"name": "Fan", "project": 1}),
        ("components", {"name": "Blade", "parent": 1}),
        ("valis", {"shortname": "Mass", "parent": 1, "formula": "5", "unit": "kg"}),
        ("tag", {"name": "a"}),
    ):
        engine.create(endpoint, body, user=1)
    return engine


def refusal(engine: Engine, endpoint: str, body: object, id: int | None = None, *, partial: bool = True) -> object:
    """The body of the refusal of a create, or of an update of *id*. Nothing may be changed by it."""
    before = engine.find(endpoint)
    with pytest.raises(Refused) as refused:
        if id is None:
            engine.create(endpoint, body, user=1)
        else:
            engine.update(endpoint, id, body, user=1, partial=partial)
    assert refused.value.status == 400
    assert engine.find(endpoint) == before
    return refused.value.body


VALI = {"shortname": "L", "parent": 1}
PK = "Incorrect type. Expected pk value, received {}."


@pytest.mark.parametrize(
    ("endpoint", "body", "errors"),
    [
        ("valis", {}, {"shortname": ["This field is required."], "parent": ["This field is required."]}),
        ("valis", {**VALI, "parent": 99}, {"parent": ['Invalid pk "99" - object does not exist.']}),
        ("valis", {**VALI, "parent": "abc"}, {"parent": [PK.format("str")]}),
        ("valis", {**VALI, "parent": {"id": 1}}, {"parent": [PK.format("dict")]}),
        ("valis", {**VALI, "parent": True}, {"parent": [PK.format("bool")]}),
        (
            "valis",
            {"shortname": None, "parent": None},
            {"shortname": ["This field may not be null."], "parent": ["This field may not be null."]},
        ),
        ("valis", {**VALI, "shortname": "  "}, {"shortname": ["This field may not be blank."]}),
        ("valis", {**VALI, "shortname": True}, {"shortname": ["Not a valid string."]}),
        ("valis", {**VALI, "shortname": ["x"]}, {"shortname": ["Not a valid string."]}),
        ("valis", {**VALI, "formula": {}}, {"formula": ["Not a valid string."]}),
        ("valis", {**VALI, "description": "a\x00b"}, {"description": ["Null characters are not allowed."]}),
        (
            "valis",
            {**VALI, "margin_plus": "ten", "minimum": "", "uses_default_formula": "maybe", "unit": "m" * 101},
            {
                "unit": ["Ensure this field has no more than 100 characters."],
                "minimum": ["A valid number is required."],
                "margin_plus": ["A valid number is required."],
                "uses_default_formula": ["Must be a valid boolean."],
            },
        ),
        ("valis", {**VALI, "margin_plus": None}, {"margin_plus": ["This field may not be null."]}),
        ("valis", {**VALI, "minimum": "nan"}, {"minimum": ["A valid number is required."]}),
        ("valis", {**VALI, "minimum": 10**999}, {"minimum": ["A valid number is required."]}),
        ("valis", [VALI], {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
        ("valis", None, {"non_field_errors": ["Invalid data. Expected a dictionary, but got NoneType."]}),
        (
            "valis",
            {"shortname": "Mass", "parent": 1},
            {"non_field_errors": ["The fields parent, shortname must make a unique set."]},
        ),
        ("components", {"name": "N"}, {"project": ["This field is required."]}),
        ("components", {"name": "a b", "project": 1}, {"name": ["This value does not match the required pattern."]}),
        (
            "components",
            {"name": "N", "project": 1, "tags": [1, 99]},
            {"tags": ['Invalid pk "99" - object does not exist.']},
        ),
        (
            "components",
            {"name": "N", "project": 1, "tags": 5},
            {"tags": ['Expected a list of items but got type "int".']},
        ),
        (
            "components",
            {"name": "N", "project": 1, "tags": "1"},
            {"tags": ['Expected a list of items but got type "str".']},
        ),
        (
            "components",
            {"name": "Fan", "project": 1},
            {"non_field_errors": ["The fields project, name must make a unique set."]},
        ),
        (
            "components",
            {"name": "Blade", "parent": 1},
            {"non_field_errors": ["The fields parent, name must make a unique set."]},
        ),
        ("tag", {"name": "a"}, {"name": ["tag with this name already exists."]}),
        ("files", {"project": 1, "file_type": 7}, {"file_type": ['"7" is not a valid choice.']}),
        ("files", {"project": 1, "link": "no address"}, {"link": ["Enter a valid URL."]}),
        (
            "files",
            {"project": 1, "content_type": 9999},
            {"content_type": ['Invalid pk "9999" - object does not exist.']},
        ),
        (
            "project",
            {"name": "P", "start_date": "31.01.2024"},
            {"start_date": ["Date has wrong format. Use one of these formats instead: YYYY-MM-DD."]},
        ),
        (
            "matrices",
            {"name": "M", "parent": 1, "number_of_rows": "x"},
            {"number_of_rows": ["A valid integer is required."]},
        ),
        (
            "matrices",
            {"name": "M", "parent": 1, "number_of_rows": 1.5},
            {"number_of_rows": ["A valid integer is required."]},
        ),
    ],
)
def test_refused_creates(engine: Engine, endpoint: str, body: object, errors: object) -> None:
    assert refusal(engine, endpoint, body) == errors


def test_put_needs_what_create_needs_and_patch_nothing(engine: Engine) -> None:
    assert refusal(engine, "valis", {"formula": "6"}, 1, partial=False) == {
        "shortname": ["This field is required."],
        "parent": ["This field is required."],
    }
    before = engine.get("valis", 1)
    assert engine.update("valis", 1, {}, user=1) == before
    put = engine.update("valis", 1, {"shortname": "Mass", "parent": 1, "formula": "6"}, user=1, partial=False)
    assert (put["value"], put["unit"]) == (6, "kg")


def test_strangers_and_read_only_keys_are_ignored(engine: Engine) -> None:
    made = engine.create("valis", {**VALI, "id": 500, "value": 77, "name": "x", "zzz": 1, "valis_used": [1]}, user=1)
    assert (made["id"], made["value"], made["name"], made["valis_used"]) == (2, None, "Fan.L", [])
    assert "zzz" not in made
    component = engine.update("components", 1, {"children": [], "valis": [], "unique_name": "x"}, user=1)
    assert (component["children"], component["valis"], component["unique_name"]) == ([2], [1, 2], "Fan")


def test_texts_for_numbers_and_numbers_for_texts(engine: Engine) -> None:
    body = {
        "shortname": "L",
        "parent": "1",
        "formula": 10,
        "margin_plus": "0",
        "minimum": "1.5",
        "uses_default_formula": "off",
    }
    made = engine.create("valis", body, user=1)
    assert (made["parent"], made["formula"], made["margin_plus"], made["minimum"]) == (1, "10", 0.0, 1.5)
    assert engine.update("valis", made["id"], {"minimum": None, "formula": ""}, user=1)["value"] is None


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
@settings(max_examples=20, deadline=None)
def test_html_comes_back_letter_by_letter(text: str) -> None:
    engine = Engine()
    engine.create("project", {"name": "P", "description": text}, user=1)
    assert engine.get("project", 1)["description"] == text


def test_missing_objects(engine: Engine) -> None:
    for call in (
        lambda: engine.get("valis", 99),
        lambda: engine.update("valis", 99, {}, user=1),
        lambda: engine.delete("valis", 99, user=1),
    ):
        with pytest.raises(Missing) as missing:
            call()
        assert missing.value.body == {"detail": "No Vali matches the given query."}


def test_trees_have_no_circles(engine: Engine) -> None:
    assert list(refusal(engine, "components", {"parent": 2}, 1)) == ["parent"]  # type: ignore[call-overload]
    assert list(refusal(engine, "components", {"parent": 1}, 1)) == ["parent"]  # type: ignore[call-overload]


def test_a_component_takes_the_project_of_its_parent(engine: Engine) -> None:
    other = engine.create("project", {"name": "Other"}, user=1)["id"]
    made = engine.create("components", {"name": "Hub", "parent": 1, "project": other}, user=1)
    assert made["project"] == 1
    top = engine.create("components", {"name": "Top", "project": other}, user=1)["id"]
    assert engine.update("components", 1, {"parent": top}, user=1)["project"] == other
    assert engine.get("components", 2)["project"] == other
    assert engine.get("valis", 1)["project"] == other


def test_old_names_of_endpoints(engine: Engine) -> None:
    for alias, endpoint in ALIASES.items():
        assert engine.find(alias) == engine.find(endpoint)
    assert engine.kind("nosuch") is None


def test_every_endpoint_and_field_of_the_hint_table_is_declared() -> None:
    if not HINTS.exists():
        pytest.skip("the recorded bodies are not at hand")
    for endpoint, hint in json.loads(HINTS.read_text()).items():
        kind = KINDS[ALIASES.get(endpoint, endpoint)]
        for name, field in hint["fields"].items():
            if name == "image_1024":
                continue
            assert name in kind.by_name, (endpoint, name)
            assert kind.by_name[name].access == field["access"], (endpoint, name)
            relation = field.get("relation", {})
            target = relation.get("target")
            targets = target if isinstance(target, list) else [target]
            if name != "cells" and relation.get("kind") in ("to_one", "to_one_of", "to_many", "reverse"):
                assert set(targets) == set(kind.by_name[name].targets), (endpoint, name)
    assert CONTENT_TYPES["requirement"] == 120


def test_every_kind_can_be_read_when_it_is_empty_and_when_it_is_not(engine: Engine) -> None:
    for endpoint, kind in KINDS.items():
        for found in engine.find(endpoint):
            assert set(found) == {field.name for field in kind.fields if field.access != "wo"}
            assert engine.get(endpoint, found["id"]) == found
            json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("endpoint", [name for name, kind in KINDS.items() if "POST" in kind.methods])
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_any_body_is_taken_or_refused(endpoint: str, data: st.DataObject) -> None:
    engine = Engine()
    engine.create("project", {"name": "P"}, user=1)
    engine.create("components", {"name": "C", "project": 1}, user=1)
    values: Any = st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just(1), st.just([1]), st.just({})
    )
    names = [field.name for field in KINDS[endpoint].fields]
    body = data.draw(st.dictionaries(st.sampled_from(names), values))
    before = engine.count()
    try:
        made = engine.create(endpoint, body, user=1)
    except Problem as problem:
        assert problem.status in (400, 404)
        assert engine.count() == before
        return
    json.dumps(made, allow_nan=False)
    assert engine.update(endpoint, made["id"], {}, user=1)["id"] == made["id"]
    engine.delete(endpoint, made["id"], user=1)


def test_assembled_objects_have_the_keys_of_answers(engine: Engine) -> None:
    if not HINTS.exists():
        pytest.skip("the recorded bodies are not at hand")
    files = {
        "component": "components",
        "vali": "valis",
        "textvali": "textvalis",
        "matrix": "matrices",
        "project": "project",
        "requirement": "requirements",
        "requirement_group": "requirements/groups",
        "requirement_vm": "requirements/requirement-vms",
        "component_vm": "requirements/component-vms",
        "specification": "requirements/specifications",
        "specification_folder": "requirements/specifications/folders",
    }
    for name, endpoint in files.items():
        sample = json.loads((HINTS.parent / f"assembled/{name}.json").read_text())
        assert set(sample) <= {field.name for field in KINDS[endpoint].fields}, name


def sent(name: str, **placeholders: object) -> dict[str, Any]:
    """A body that clients send, with ids that are here."""
    if not HINTS.exists():
        pytest.skip("the recorded bodies are not at hand")
    found: dict[str, Any] = json.loads((REQUESTS / f"{name}.json").read_text())
    return found | placeholders


def test_bodies_that_clients_send(engine: Engine) -> None:
    make = engine.create
    tags = [make("tag", {"name": name}, user=1)["id"] for name in "bc"]
    assert make("components", sent("component_create", project=1, tags=tags), user=1)["parent"] is None
    assert make("valis", sent("vali_create", parent=2), user=1)["value"] == 5
    assert make("textvalis", sent("textvali_create", parent=1), user=1)["name"] == "Fan.Message"
    assert make("tag", sent("tag_create"), user=1)["color"] == "#FFFFFF"
    assert len(make("matrices", sent("matrix_create", parent=1), user=1)["cells"]) == 2
    assert make("datasets", sent("dataset_create", vali=1), user=1)["points"][0]["variables"]
    assert len(engine.import_dataset(1, sent("dataset_import"), user=1)["function_data"]["data"]) == 5
    specification = make("requirements/specifications", {"name": "S", "project": 1}, user=1)["id"]
    body = sent("requirement_create", specification=specification)
    ids = [make("requirements", {**body, "identifier": name}, user=1)["id"] for name in "12"]
    assert engine.add_child(ids[0], sent("requirement_add_child", child=ids[1]), user=1)["children"] == [ids[1]]
    assert engine.create_empty(sent("file_create_empty", project=1), user=1)["file_type"] == 2
    assert make("files/folders", sent("file_folder_create", project=1), user=1)["parent"] is None
    assert make("discussions", sent("discussion_create", project=1), user=1)["group"] == 1
    task = make("user-tasks", sent("user_task_create", project=1, content_type=120), user=1)["id"]
    assert engine.add_member(task, sent("user_task_add_member", member="1"), user=1)["members"] == [1]
    assert make("requirements/verification-statuses", sent("verification_status_create"), user=1)["project"] is None
    assert make("data/custom-fields", sent("custom_field_create", projects=[1]), user=1)["multi"] is False
    for endpoint, name in (
        ("requirements/versions", "requirement_versions_search"),
        ("requirements/verification-methods", "verification_methods_search"),
        ("requirements/component-vms", "component_vms_search"),
        ("requirements/component-vms", "component_vms_search_all_fields"),
        ("requirements/component-vms", "component_vms_search_by_object"),
        ("files", "files_search"),
    ):
        assert set(engine.search(endpoint, sent(name))) == {"data"}
