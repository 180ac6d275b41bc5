"""Finding one's way in a schema: search, describe, paths, and wrong names that a related type has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from assetmeta import Asset, BadValue, TestspaceMeta, UnknownName, V1Meta, ValispaceMeta, ValohaiMeta, inspect
from assetmeta.features.schema_map import attribute_text
from assetmeta.model.codecs import Text as TextCodec
from assetmeta.model.schema import Attribute
from assetmeta.sandbox import Server


@pytest.fixture
def v1(versionone_sandbox_shared: Server) -> Iterator[V1Meta]:
    with V1Meta(**versionone_sandbox_shared.credentials) as session:
        yield session


def test_search_finds_what_is_called_so_best_first(v1: V1Meta) -> None:
    found = v1.search("member")

    names = [name for name, _, _ in found.rows]
    assert names[0] == "Member"
    assert "MemberLabel" in names
    assert names.index("Member") < names.index("MemberLabel")
    assert len(found) == len(names) > 5


def test_search_finds_attributes_where_they_first_appear_operations_and_list_values(v1: V1Meta) -> None:
    assert ("Workitem.Owners", "attribute", "several Member") in v1.search("OWNER").rows
    assert "Story.Owners" not in [name for name, _, _ in v1.search("owner").rows]
    assert ("Story.QuickClose()", "operation") in [row[:2] for row in v1.search("quickclose").rows]
    assert ("StoryStatus 'In Progress'", "value", "a value of PrimaryWorkitem.Status") in v1.search("progress").rows


def test_the_lists_are_read_once(v1: V1Meta) -> None:
    v1.search("done")
    before = len(v1.ledger)
    v1.search("progress")
    v1.Story.where(Status="Done").first()
    assert len(v1.ledger) == before + 1


def test_an_attribute_in_a_few_words() -> None:
    codec = TextCodec()
    one = Attribute("Owner", "Relation", codec, related="Member", required=True, custom=True)
    assert "one Member, required, custom" == attribute_text(one)
    assert "several Member, read-only" == attribute_text(
        Attribute("Owners", "Relation", codec, related="Member", multi=True, writable=False)
    )
    assert "Text" == attribute_text(Attribute("Name", "Text", codec))


@pytest.mark.parametrize("word", ["", "  ", None, 3])
def test_search_for_nothing_is_refused(v1: V1Meta, word: Any) -> None:
    with pytest.raises(BadValue, match="a word to look for"):
        v1.search(word)


def test_describe_refuses_what_is_no_text(v1: V1Meta) -> None:
    with pytest.raises(BadValue, match=r"describe\(\) takes a part of a name, not 5"):
        v1.Story.describe(5)  # type: ignore[arg-type]


def test_describe_is_a_table_of_what_a_type_has(v1: V1Meta) -> None:
    v1.types
    before = len(v1.ledger)
    whole = v1.Story.describe()
    own = v1.Story.describe("own")

    assert len(whole) == len(v1.schema.types["Story"].attributes) + len(v1.schema.types["Story"].operations)
    assert ("Owners", "several Relation", "", "", "Member") in own.rows
    assert ("Name", "Text", "required", "", "") in whole.rows
    assert ("QuickClose()", "operation", "", "", "") in whole.rows
    assert 0 < len(own) < len(whole)
    assert "Owners" in str(own)
    assert len(v1.ledger) == before


def test_ways_are_paths_that_select_takes(v1: V1Meta) -> None:
    assert v1.paths(v1.Story, v1.Member)[:2] == ["Customer", "Owners"]
    assert v1.paths("Story", "Goal") == ["Goals"]
    assert v1.paths("Scope", "Task")[0] == "Workitems:Task"
    ways = v1.paths("Task", "ScopeLabel")
    assert "Scope.ScopeLabels" in ways
    for way in ways:
        v1.Task.select(way)
    assert v1.paths("Member", "Member") != []


def test_there_may_be_no_way(testspace_sandbox_shared: Server) -> None:
    with TestspaceMeta(**testspace_sandbox_shared.credentials) as ts:
        assert ts.paths("Result", "Project") == ["space.project"]
        assert ts.paths("Project", "Result") in ([], ts.paths(ts.Project, ts.Result))
        with pytest.raises(UnknownName, match="Result"):
            ts.paths("Resalt", "Project")


def test_the_other_servers_have_a_map_too(valispace_sandbox_shared: Server, valohai_sandbox_shared: Server) -> None:
    with ValispaceMeta(**valispace_sandbox_shared.credentials) as vs:
        assert vs.paths("Vali", "Project") == ["project"]
        assert "unit" in [name for name, *_ in vs.Vali.describe("unit").rows]
        assert [name for name, what, _ in vs.search("vali").rows if what == "type"][0] == "Vali"
    with ValohaiMeta(**valohai_sandbox_shared.credentials) as vh:
        assert "project" in vh.paths("Execution", "Project")
        assert ("Execution.status = 'error'", "value") in [row[:2] for row in vh.search("error").rows]


def test_a_wrong_name_that_a_related_type_has_says_so(v1: V1Meta) -> None:
    way = r"Member has Email: Customer\.Email, Owners\.Email"
    with pytest.raises(UnknownName, match=way):
        v1.Story.Email
    with pytest.raises(UnknownName, match=way):
        v1.Story.where(Email="ann@example.com")
    with pytest.raises(UnknownName, match=way):
        v1.Story(1005).Email
    with pytest.raises(UnknownName, match=way):
        v1.Story(1005).Email = "ann@example.com"
    with pytest.raises(UnknownName) as caught:
        v1.Story.Emial
    assert " has " not in str(caught.value).replace("Story has no", "")


def test_inspecting_a_type_is_its_description(v1: V1Meta) -> None:
    assert inspect(v1.Story).rows == v1.Story.describe().rows
    with pytest.raises(BadValue, match="an asset or an asset type"):
        inspect(Asset)
