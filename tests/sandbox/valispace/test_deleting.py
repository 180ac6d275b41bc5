"""Deleting: what goes with an object, and what stays."""

from __future__ import annotations

from typing import Any

import pytest

from assetmeta.sandbox.valispace.catalogue import CONTENT_TYPES, KINDS
from assetmeta.sandbox.valispace.engine import Engine
from assetmeta.sandbox.valispace.files import Upload
from assetmeta.sandbox.valispace.population import populate


@pytest.fixture
def engine() -> Engine:
    engine = Engine()
    make(engine, "project", name="P")
    return engine


def make(engine: Engine, endpoint: str, **values: Any) -> int:
    return int(engine.create(endpoint, values, user=1)["id"])


def test_a_component_goes_with_all_below_it(engine: Engine) -> None:
    top = make(engine, "components", name="Top", project=1)
    sub = make(engine, "components", name="Sub", parent=top)
    x = make(engine, "valis", shortname="x", parent=sub, formula="3")
    user = make(engine, "valis", shortname="user", parent=top, formula=f"${x}")
    matrix = make(engine, "matrices", name="M", parent=sub)
    make(engine, "textvalis", shortname="t", parent=sub)
    make(engine, "discussions", title="?", project=1, content_type=CONTENT_TYPES["vali"], object_id=x)
    file = make(engine, "files", name="f", project=1, content_type=CONTENT_TYPES["component"], object_id=sub)
    engine.import_dataset(x, {"data": [[1, 2]]}, user=1)
    engine.delete("components", sub, user=1)
    assert [one["id"] for one in engine.find("valis")] == [user]
    assert engine.get("valis", user)["value"] is None
    for endpoint in ("matrices", "textvalis", "discussions", "datasets", "vali/functions/datasets/points"):
        assert engine.find(endpoint) == [], endpoint
    kept = engine.get("files", file)
    assert (kept["content_type"], kept["object_id"]) == (None, None)
    assert matrix not in [one["id"] for one in engine.find("components")]
    assert engine.get("components", top)["children"] == []
    assert make(engine, "components", name="Sub", parent=top) > matrix


def test_optional_references_become_null_and_lists_lose_what_goes(engine: Engine) -> None:
    tag, other = make(engine, "tag", name="a"), make(engine, "tag", name="b")
    kind = make(engine, "components/types", name="Unit")
    top = make(engine, "components", name="Top", project=1, tags=[tag, other], type=kind)
    engine.delete("tag", tag, user=1)
    engine.delete("components/types", kind, user=1)
    assert (engine.get("components", top)["tags"], engine.get("components", top)["type"]) == ([other], None)
    specification = make(engine, "requirements/specifications", name="S", project=1, components=[top])
    group = make(engine, "requirements/groups", name="G", specification=specification)
    one = make(engine, "requirements", identifier="1", specification=specification, group=group)
    two = make(engine, "requirements", identifier="2", specification=specification)
    engine.add_child(one, {"child": two}, user=1)
    engine.delete("requirements/groups", group, user=1)
    assert engine.get("requirements", one)["group"] is None
    engine.delete("requirements", one, user=1)
    assert engine.get("requirements", two)["parents"] == []
    engine.delete("components", top, user=1)
    assert engine.get("requirements/specifications", specification)["components"] == []
    engine.delete("requirements/specifications", specification, user=1)
    assert engine.find("requirements") == []


def test_the_cell_of_a_deleted_vali_is_empty(engine: Engine) -> None:
    top = make(engine, "components", name="Top", project=1)
    matrix = engine.create("matrices", {"name": "M", "parent": top, "number_of_columns": 2}, user=1)
    engine.delete("valis", matrix["cells"][0][0], user=1)
    assert engine.get("matrices", matrix["id"])["cells"] == [[None, matrix["cells"][0][1]]]


def test_bytes_go_with_their_file(engine: Engine) -> None:
    made = engine.upload({"project": "1"}, Upload("a.txt", b"abc", "text/plain"), user=1)
    assert engine.content("files", made["id"]).content == b"abc"
    engine.delete("files", made["id"], user=1)
    assert engine.workspace.store.read_blob("files", made["id"]) is None
    assert engine.find("files/versions") == []


def test_a_project_goes_with_everything_and_leaves_no_dangling_id() -> None:
    engine = Engine()
    populate(engine, 1500, 3)
    other = make(engine, "project", name="Other")
    engine.delete("project", 1, user=1)
    for endpoint in ("components", "valis", "requirements", "files", "requirements/component-vms", "discussions"):
        assert engine.find(endpoint) == [], endpoint
    assert [one["id"] for one in engine.find("project")] == [other]
    for endpoint, kind in KINDS.items():
        for row in engine.workspace.store.rows(endpoint).values():
            for field in kind.relations:
                ids = row[field.name] if field.type == "many" else [row[field.name]]
                for id in ids:
                    assert id is None or any(engine.workspace.store.get(target, id) for target in field.targets)
