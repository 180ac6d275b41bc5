"""Filters, search, sparse fields, cleaned texts, files, people and look-ups by name."""

from __future__ import annotations

from typing import Any

import pytest

from assetmeta.sandbox.rest.refusals import Missing, Refused
from assetmeta.sandbox.valispace.engine import Engine
from assetmeta.sandbox.valispace.files import Upload


@pytest.fixture(scope="module")
def engine() -> Engine:
    """Two projects; the first has Fan with Blade below it, a vali in each, and a tag on one of them."""
    engine = Engine()
    engine.create("workspace", {"name": "Second"}, user=1)
    for endpoint, body in (
        ("project", {"name": "Fan"}),
        ("project", {"name": "Other & more", "workspace": 2}),
        ("tag", {"name": "budget"}),
        ("components", {"name": "Fan", "project": 1, "tags": [1]}),
        ("components", {"name": "Blade", "parent": 1}),
        ("components", {"name": "Fan", "project": 2}),
        ("valis", {"shortname": "Mass", "parent": 1, "formula": "2 kg", "tags": [1]}),
        ("valis", {"shortname": "Mass", "parent": 2, "formula": "1 kg"}),
        ("valis", {"shortname": "Mass", "parent": 3, "formula": "9 kg"}),
    ):
        engine.create(endpoint, body, user=1)
    return engine


@pytest.mark.parametrize(
    ("endpoint", "query", "ids"),
    [
        ("valis", {}, [1, 2, 3]),
        ("valis", {"project": "1"}, [1, 2]),
        ("valis", {"_project": "2"}, [3]),
        ("valis", {"parent": "2"}, [2]),
        ("valis", {"parent": ""}, [1, 2, 3]),
        ("valis", {"parent__unique_name": "Fan.Blade"}, [2]),
        ("valis", {"parent__unique_name": "Blade"}, []),
        ("valis", {"parent__project__workspace": "2"}, [3]),
        ("valis", {"parent__project__workspace__name": "Second"}, [3]),
        ("valis", {"tags__id": "1"}, [1]),
        ("valis", {"tags__name": "budget", "project": "2"}, []),
        ("valis", {"tags__name": "nosuch"}, []),
        ("valis", {"valis_marked_as_impacted": "1"}, []),
        ("valis", {"shortname": "x", "parent__isnull": "true"}, [1, 2, 3]),
        ("components", {"project__name": "Fan"}, [1, 2]),
        ("components", {"project__name": "Other & more"}, [3]),
        ("components", {"project__workspace": "1"}, [1, 2]),
        ("components", {"workspace__name": "Second"}, [3]),
        ("components", {"parent": "1"}, [2]),
        ("components", {"parent__unique_name": "Fan"}, [2]),
        ("components", {"tags__id": "1", "project": "1"}, [1]),
        ("project", {"name": "Fan"}, [1]),
        ("project", {"workspace": "2"}, [2]),
        ("project", {"workspace__name": "Default Workspace"}, [1]),
        ("requirements/states", {"project": "2"}, [4, 5, 6]),
    ],
)
def test_filters(engine: Engine, endpoint: str, query: dict[str, str], ids: list[int]) -> None:
    assert [one["id"] for one in engine.find(endpoint, query)] == ids


@pytest.mark.parametrize("text", ["99", "abc", "null", "-1", "1.0", "²"])
def test_a_filter_of_a_reference_needs_an_id_that_exists(engine: Engine, text: str) -> None:
    with pytest.raises(Refused) as refused:
        engine.find("components", {"parent": text})
    message = "Select a valid choice. That choice is not one of the available choices."
    assert refused.value.body == {"parent": [message]}


def test_sparse_fields(engine: Engine) -> None:
    assert engine.find("valis", {"fields": "id,name,nosuch", "project": "2"}) == [{"id": 3, "name": "Fan.Mass"}]
    assert engine.get("valis", 2, {"fields": "name,unit"}) == {"name": "Fan.Blade.Mass", "unit": "kg"}


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ({}, [1, 2, 3]),
        ({"id__in": [1, "3", 99]}, [1, 3]),
        ({"project_id": 1}, [1, 2]),
        ({"parent__project__name": "Fan"}, [1, 2]),
        ({"tags__name": "budget"}, [1]),
        ({"shortname__icontains": "MAS", "value__gt": 1}, [1, 3]),
        ({"tags__isnull": True}, [2, 3]),
        ({"name__startswith": "Fan.B"}, [2]),
        ({"value": 9}, [3]),
    ],
)
def test_search(engine: Engine, asked: dict[str, Any], ids: list[int]) -> None:
    assert engine.search("valis", {"query_filters": asked, "includes": ["id"]}) == {"data": [{"id": id} for id in ids]}


@pytest.mark.parametrize(
    ("lookup", "wanted", "ids"),
    [
        ("exact", 5, [2]),
        ("exact", "5", []),
        ("gt", 1, [2]),
        ("gte", 1, [1, 2]),
        ("gte", 5.5, []),
        ("lt", 5, [1]),
        ("lte", 5, [1, 2]),
        ("lte", "5", []),
        ("in", [1, 7], [1]),
        ("in", [], []),
        ("isnull", True, [3]),
        ("isnull", False, [1, 2]),
        ("iexact", "none", [3]),
    ],
)
def test_comparisons_of_numbers(engine: Engine, lookup: str, wanted: object, ids: list[int]) -> None:
    """The minimums are 1, 5 and none; none is neither more nor less than anything."""
    for id, minimum in ((1, 1), (2, 5)):
        engine.update("valis", id, {"minimum": minimum}, user=1)
    found = engine.search("valis", {"query_filters": {f"minimum__{lookup}": wanted}, "includes": ["id"]})
    assert [one["id"] for one in found["data"]] == ids


@pytest.mark.parametrize(
    ("lookup", "wanted", "ids"),
    [
        ("gte", "Fan.Mass", [1, 3]),
        ("gt", "Fan.Mass", []),
        ("lt", "Fan.Mass", [2]),
        ("contains", "Blade", [2]),
        ("contains", "blade", []),
        ("icontains", "blade", [2]),
        ("endswith", ".Mass", [1, 2, 3]),
        ("startswith", "fan", []),
        ("iexact", "fan.mass", [1, 3]),
    ],
)
def test_comparisons_of_texts(engine: Engine, lookup: str, wanted: str, ids: list[int]) -> None:
    found = engine.search("valis", {"query_filters": {f"name__{lookup}": wanted}, "includes": ["id"]})
    assert [one["id"] for one in found["data"]] == ids


def test_search_sizes_and_refusals(engine: Engine) -> None:
    assert [len(engine.search("valis", {"size": size})["data"]) for size in (0, 1, 2, 9)] == [0, 1, 2, 3]
    assert engine.search("valis", {"size": -1, "includes": []})["data"] == engine.find("valis")
    for body in (
        [],
        {"query_filters": 5},
        {"query_filters": {"nosuch": 1}},
        {"query_filters": {"id__in": 5}},
        {"size": "x"},
        {"includes": "id"},
    ):
        with pytest.raises(Refused):
            engine.search("valis", body)


def reference(host: str, item: int, field: str, text: str) -> str:
    inner = f'<{host} editable="true" itemid="{item}" field="{field}">{text}</{host}>'
    return f'<span class="quill-autocomplete" host="{host}" itemid="{item}" name="x" field="{field}">{inner}</span>'


def test_cleaned_texts(engine: Engine) -> None:
    html = (
        f"<p>A &lt; B &amp; <b>bold</b> {reference('vali', 1, 'value', '$Fan.Mass')}</p><p>by"
        f" {reference('user', 1, 'displayName', '@admin')} in {reference('project', 2, 'name', '$x')}"
        f" not {reference('vali', 99, 'value', '$gone')}</p>"
    )
    made = engine.create("textvalis", {"shortname": "Note", "parent": 1, "text": html}, user=1)
    assert made["text"] == html
    plain = engine.get("textvalis", made["id"], {"clean_text": "text,nosuch"})["text"]
    assert plain == "A < B & bold 2.0 kg\nby admin in Other & more not $gone"
    (listed,) = engine.find("textvalis", {"clean_html": "text"})
    assert listed["text"] == "<p>A &lt; B &amp; <b>bold</b> 2.0 kg</p><p>by admin in Other &amp; more not $gone</p>"
    assert engine.get("textvalis", made["id"])["text"] == html


def test_files(engine: Engine) -> None:
    made = engine.upload(
        {"project": "1", "content_type": "13", "object_id": "1"}, Upload("a b.pdf", b"%PDF", ""), user=1
    )
    assert (made["name"], made["mimetype"], made["file_type"]) == ("a b.pdf", "application/pdf", 1)
    assert made["download_url"] == f"/media/files/{made['id']}/a%20b.pdf"
    assert (made["current_version"], made["preview_ready"], made["object_id"]) == (1, True, 1)
    assert engine.content("files", made["id"]) == ("a b.pdf", "application/pdf", b"%PDF")
    again = engine.replace_content("files", made["id"], Upload("b.txt", b"text", "text/plain"), user=1)
    assert (again["current_version"], again["mimetype"]) == (2, "text/plain")
    link = engine.create_empty({"name": "L", "link": "https://example.org/x", "project": 1, "contenttype": 171}, user=1)
    assert (link["file_type"], link["download_url"], link["current_version"]) == (2, "https://example.org/x", None)
    with pytest.raises(Missing):
        engine.content("files", link["id"])
    with pytest.raises(Refused):
        engine.upload({"project": "1"}, None, user=1)
    with pytest.raises(Refused):
        engine.create_empty({"name": "L", "project": 1}, user=1)


def test_people_and_tasks(engine: Engine) -> None:
    assert (engine.login("admin", "admin"), engine.login("admin", "x"), engine.login("nobody", "")) == (1, None, None)
    assert engine.profile(1)["username"] == "admin"
    assert "secret" not in engine.profile(1)
    task = engine.create("user-tasks", {"title": "Do", "project": 1, "start_date": "2024-01-31", "duration": 5}, user=1)
    assert engine.add_member(task["id"], {"member": "1"}, user=1)["members"] == [1]
    with pytest.raises(Refused):
        engine.add_member(task["id"], {"member": "77"}, user=1)


@pytest.mark.parametrize(
    ("text", "name"), [("Fan.Blade.Mass", "Fan.Blade.Mass"), ("blade.mas", "Fan.Blade.Mass"), ("fan mass", "Fan.Mass")]
)
def test_fuzzy(engine: Engine, text: str, name: str) -> None:
    assert engine.fuzzy(text)["name"] == name
    assert engine.fuzzy("zzzzzzzzzzz") == {}
