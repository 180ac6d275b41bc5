"""Queries against the engine: paths, filters, aggregates, order, pages, search, and what is said about bad ones."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from assetmeta.sandbox.versionone.bindings import Binding
from assetmeta.sandbox.versionone.catalogue import catalogue
from assetmeta.sandbox.versionone.compile import compile_main
from assetmeta.sandbox.versionone.problems import Problem
from assetmeta.sandbox.versionone.requests import History, LoadLink, LoadRow, Moment, Query, Ref, SubSelect
from assetmeta.sandbox.versionone.tokens import parse_filter, parse_selection, parse_sort, parse_token

Desk = Any


@pytest.fixture
def story(desk: Desk) -> str:
    return str(desk.make("Story", Name="Login page", Estimate=5, Status="StoryStatus:134", Owners=["Member:20"]))


class TestPaths:
    def test_a_path_follows_single_relations(self, desk: Desk, story: str) -> None:
        assert "In Progress" == desk.get(story, "Status.Name")
        assert "System (All Projects)" == desk.get(story, "Scope.Name")
        assert desk.get(story, "Super.Super.Name") is None

    def test_a_path_over_a_list_has_one_value_an_asset_in_the_same_order(self, desk: Desk, story: str) -> None:
        tasks = [
            desk.make("Task", Name=name, Parent=story, ToDo=todo) for name, todo in (("b", 3), ("a", None), ("b", 1))
        ]
        assert tasks == desk.get(story, "Children")
        assert [3, None, 1] == desk.get(story, "Children.ToDo")
        assert ["b", "a", "b"] == desk.get(story, "Children.Name")

    def test_a_downcast_keeps_one_type_and_opens_its_attributes(self, desk: Desk, story: str) -> None:
        desk.make("Task", Name="code", Parent=story)
        test = desk.make("Test", Name="try", Parent=story, Steps="1. try")
        assert [test] == desk.get(story, "Children:Test")
        assert ["1. try"] == desk.get(story, "Children:Test.Steps")

    def test_a_filter_in_brackets_is_evaluated_on_the_related_assets(self, desk: Desk, story: str) -> None:
        desk.make("Task", Name="done", Parent=story, ToDo=0)
        left = desk.make("Task", Name="left", Parent=story, ToDo=2, Owners=["Member:20"])
        assert [left] == desk.get(story, "Children[ToDo>'0';+Owners]")
        assert ["left"] == desk.get(story, "Children:Task[ToDo!='0'].Name")

    def test_many_to_many_relations_are_read_from_both_ends(self, desk: Desk, story: str) -> None:
        assert ["Member:20"] == desk.get(story, "Owners")
        assert [story] == desk.get("Member:20", "OwnedWorkitems")

    def test_id_is_a_relation_to_the_asset_itself(self, desk: Desk, story: str) -> None:
        assert story == desk.get(story, "ID")
        assert "Scope:0" == desk.get(story, "Scope.ID")
        assert "Login page" == desk.get(story, "ID.Name")

    def test_every_computed_attribute_of_every_type_can_be_read(self, desk: Desk) -> None:
        for kind in catalogue().types.values():
            found = desk.ask(kind.name, ",".join(kind.attributes), size=3)
            assert all(len(row.values) == len(kind.attributes) for row in found.rows), kind.name

    def test_passwords_are_never_returned_nor_found(self, desk: Desk) -> None:
        assert desk.get("Member:20", "Password") is None
        assert [] == desk.ids("Member", "Password='admin'")

    def test_texts_come_back_character_for_character(self, desk: Desk) -> None:
        text = " two  blanks\r\n\ttab <b>&amp;</b> 'q' \"q\" \U0001f600 é '; DROP TABLE record; --"
        made = desk.make("Story", Name=text)
        assert text == desk.get(made, "Name")


class TestClosures:
    @pytest.fixture
    def scopes(self, desk: Desk) -> list[str]:
        made = ["Scope:0"]
        for name in "abc":
            made.append(desk.make("Scope", Name=name, Parent=made[-1], BeginDate="2024-01-01"))
        return made

    @pytest.mark.parametrize(
        ("token", "places"),
        [
            ("ParentAndUp", [0, 1]),
            ("ParentMeAndUp", [0, 1, 2]),
            ("ParentAndMe", [1, 2]),
            ("ChildrenAndDown", [3]),
            ("ChildrenMeAndDown", [2, 3]),
            ("ChildrenAndMe", [2, 3]),
        ],
    )
    def test_closures_hold_what_their_names_say(
        self, desk: Desk, scopes: list[str], token: str, places: list[int]
    ) -> None:
        assert [scopes[place] for place in places] == desk.get(scopes[2], token)

    @pytest.mark.parametrize(
        ("token", "places"),
        [
            ("ParentAndUp", [2, 3]),
            ("ParentMeAndUp", [1, 2, 3]),
            ("ParentAndMe", [1, 2]),
            ("ChildrenAndDown", [0]),
            ("ChildrenMeAndDown", [0, 1]),
            ("ChildrenAndMe", [0, 1]),
        ],
    )
    def test_a_closure_can_be_filtered_by(self, desk: Desk, scopes: list[str], token: str, places: list[int]) -> None:
        assert [scopes[place] for place in places] == desk.ids("Scope", f"{token}='{scopes[1]}'")

    def test_workitems_in_a_project_or_below(self, desk: Desk, scopes: list[str]) -> None:
        inside = [desk.make("Story", Scope=scope) for scope in scopes]
        assert inside[2:] == desk.ids("Story", f"Scope.ParentMeAndUp='{scopes[2]}'")

    def test_the_context_asset_is_the_one_whose_attribute_is_computed(self, desk: Desk, scopes: list[str]) -> None:
        top = desk.make("Epic", Scope=scopes[1])
        below = desk.make("Epic", Scope=scopes[2], Super=top)
        token = "Workitems:Epic[-SuperAndUp[Scope.ParentMeAndUp=$]]"
        assert [[], [top], [below], []] == [desk.get(scope, token) for scope in scopes]


FILTERS = [
    ("Estimate='2.0'", ["two"]),
    ("Estimate>'9'", ["ten"]),
    ("Estimate>='2'", ["two", "ten"]),
    ("Estimate<'10'", ["two"]),
    ("Estimate!='2'", ["ten", "Ärger"]),
    ("Estimate=''", ["Ärger"]),
    ("Estimate!=''", ["two", "ten"]),
    ("Name='ÄRGER'", ["Ärger"]),
    ("Name='TWO','ten'", ["two", "ten"]),
    ("Name!='two','ten'", ["Ärger"]),
    ("Name~='RG'", ["Ärger"]),
    ("Name~='%'", []),
    ("Status='StoryStatus:133'", ["two"]),
    ("Status='StoryStatus:133:0'", ["two"]),
    ("Status=''", ["Ärger"]),
    ("Status='NULL'", ["Ärger"]),
    ("Status!=''", ["two", "ten"]),
    ("Status!='StoryStatus:133'", ["ten", "Ärger"]),
    ("Status.Name='in progress'", ["ten"]),
    ("Status.Name!='In Progress'", ["two", "Ärger"]),
    ("Status.Name=''", ["Ärger"]),
    ("Owners='Member:20'", ["ten"]),
    ("Owners!='Member:20'", ["two", "Ärger"]),
    ("-Owners[ID='Member:20']", ["two", "Ärger"]),
    ("Owners[ID='Member:20'].@Count='0'", ["two", "Ärger"]),
    ("Owners.@Count>'0'", ["ten"]),
    ("+Owners", ["ten"]),
    ("-Owners", ["two", "Ärger"]),
    ("Owners.IsSelf='true'", ["ten"]),
    ("Owners.IsSelf", ["ten"]),
    ("Owners.Username='ADMIN'", ["ten"]),
    ("TaggedWith='UX'", ["Ärger"]),
    ("TaggedWith!='ux'", ["two", "ten"]),
    ("+TaggedWith", ["Ärger"]),
    ("+Estimate;-Owners", ["two"]),
    ("-Estimate|+Owners", ["ten", "Ärger"]),
    ("Name='two'|Name='ten';Estimate='10'", ["ten"]),
    ("Name='two'|(Name='ten';Estimate='10')", ["two", "ten"]),
    ("Story.Name='two'", ["two"]),
    ("Workitem.Name='two'", ["two"]),
    ("AssetState='64','128'", ["two", "ten", "Ärger"]),
    ("AssetState='Active'", ["two", "ten", "Ärger"]),
    ("AssetState!='Dead'", ["two", "ten", "Ärger"]),
    ("AssetState>'64'", []),
    ("IsClosed='false'", ["two", "ten", "Ärger"]),
    ("IsClosed='0'", ["two", "ten", "Ärger"]),
    ("AssetType='story'", ["two", "ten", "Ärger"]),
    ("ChangeDate>='2024-05-01'", ["two", "ten", "Ärger"]),
    ("ChangeDate>'2024-05-01T12:00:00Z'", []),
    ("CreatedBy='Member:20'", ["two", "ten", "Ärger"]),
    ("Name='x'';DROP'", []),
]


class TestFilters:
    @pytest.fixture
    def names(self, desk: Desk) -> dict[str, str]:
        rows: dict[str, dict[str, Any]] = {
            "two": {"Estimate": 2, "Status": "StoryStatus:133"},
            "ten": {"Estimate": 10, "Status": "StoryStatus:134", "Owners": ["Member:20"]},
            "Ärger": {"TaggedWith": ["ux", "api"]},
        }
        return {desk.make("Story", Name=name, **values): name for name, values in rows.items()}

    @pytest.mark.parametrize(("where", "found"), FILTERS)
    def test_a_filter_finds_what_it_says(self, desk: Desk, names: dict[str, str], where: str, found: list[str]) -> None:
        assert found == [names[oid] for oid in desk.ids("Story", where)]

    @pytest.mark.parametrize(("where", "found"), FILTERS)
    def test_the_present_is_the_latest_moment_and_the_last_of_the_history(
        self, desk: Desk, names: dict[str, str], where: str, found: list[str]
    ) -> None:
        """Each of the three is another SQL form of the same filter."""
        latest = Moment(max(desk.get(oid, "Moment") for oid in names))
        for at in (latest, History()):
            assert found == [names[oid] for oid in desk.ids("Story", where, at=at)]

    def test_variables_stand_for_several_values_and_are_not_parsed(self, desk: Desk, names: dict[str, str]) -> None:
        given = {"N": ("two", "Ärger", "'; DROP TABLE record; --")}
        assert ["two", "Ärger"] == [names[oid] for oid in desk.ids("Story", "Name=$N", variables=given)]
        with pytest.raises(Problem, match="Invalid WITH parameter"):
            desk.ids("Story", "Name=$n", variables=given)

    def test_a_long_list_of_ids_and_a_long_chain_of_terms_are_fine(self, desk: Desk, names: dict[str, str]) -> None:
        listed = ",".join(f"'Story:{number}'" for number in range(100000))
        chained = "|".join(f"Key='{number}'" for number in range(3000))
        assert list(names) == desk.ids("Story", f"ID={listed}")
        assert list(names) == desk.ids("Story", chained)

    @pytest.mark.parametrize(
        "where",
        [
            "Nope='1'",
            "Status.Nope='1'",
            "Estimate='many'",
            "IsClosed='perhaps'",
            "ChangeDate='soon'",
            "Status='done'",
            "AssetState='Asleep'",
            "Owners>'Member:20'",
            "Owners[Nope='1'].@Count='1'",
            "Name.Name='x'",
            "Owners.Name.@Sum>'1'",
        ],
    )
    def test_a_filter_that_means_nothing_is_refused(self, desk: Desk, where: str) -> None:
        with pytest.raises(Problem) as caught:
            desk.ids("Story", where)
        assert (400, "Invalid WHERE parameter") == (caught.value.status, caught.value.message)
        assert caught.value.reason.startswith("Invalid QueryFilter2 token ")

    def test_a_filter_given_as_data_is_reported_as_it_would_be_written(self, desk: Desk) -> None:
        with pytest.raises(Problem) as caught:
            desk.ids("Scope", "MuddleBubble='BubbleMuddle'")
        assert "Invalid QueryFilter2 token MuddleBubble='BubbleMuddle'" == caught.value.reason


class TestAlternatives:
    """Comparisons of one token that are joined are one comparison with a list of values."""

    @pytest.fixture(autouse=True)
    def stories(self, desk: Desk) -> None:
        """Six stories of one to six points, named after them but for the last two."""
        for points in range(1, 7):
            desk.make("Story", Name=f"p{points}", Estimate=points, Reference=f"r{points}" if points < 5 else None)

    @pytest.mark.parametrize(
        ("where", "found"),
        [
            ("Name='p1'|Name='P3'|Name='nobody'", "p1 p3"),
            ("Name='p1'|Estimate='2'|Name='p3','p4'", "p1 p2 p3 p4"),
            ("Reference='r1'|Reference=''", "p1 p5 p6"),
            ("Reference!='r1';Reference!='r2';Reference!=''", "p3 p4"),
            ("Name!='p1'|Name!='p2'", "p1 p2 p3 p4 p5 p6"),
            ("Name='p1';Name='p2'", ""),
            ("Name='p1'|Name!='p2'", "p1 p3 p4 p5 p6"),
            ("Name=$x|Name='p2'|Name=$y", "p1 p2 p4 p5"),
            ("Name!=$x;Name!=$y", "p2 p3 p6"),
            ("Estimate<'2'|Estimate<'4'|Estimate<'3'", "p1 p2 p3"),
            ("Estimate<='2'|Estimate<='4'", "p1 p2 p3 p4"),
            ("Estimate>'5'|Estimate>'3'", "p4 p5 p6"),
            ("Estimate>='5','6'", "p5 p6"),
            ("Name>'p5'|Name>'p4'", "p5 p6"),
            ("Name~='1'|Name~='P2','6'", "p1 p2 p6"),
            ("Estimate~='1','2'", "p1 p2"),
            ("Reference~='','zzz'", "p1 p2 p3 p4 p5 p6"),
            ("Scope.Name='nobody'|Scope.Name='System (All Projects)'", "p1 p2 p3 p4 p5 p6"),
            ("AssetState='Closed'|AssetState='Dead'|AssetState='Active'", "p1 p2 p3 p4 p5 p6"),
        ],
    )
    def test_alternatives_find_what_each_of_them_finds(self, desk: Desk, where: str, found: str) -> None:
        rows = desk.ask("Story", "Name", where, variables={"x": ("p1", "p5"), "y": ("p4",)}).rows
        assert " ".join(row.values["Name"] for row in rows) == found

    @pytest.mark.parametrize(
        ("where", "wrong"),
        [
            ("Estimate='1'|Estimate='many'|Estimate='x'", "Estimate='many'"),
            ("Nothing='1'|Nothing='2'", "Nothing='1'"),
            ("Owners>'Member:20'|Owners>'Member:21'", "Owners>'Member:20'"),
        ],
    )
    def test_the_one_that_is_wrong_is_named(self, desk: Desk, where: str, wrong: str) -> None:
        with pytest.raises(Problem) as caught:
            desk.ids("Story", where)
        assert caught.value.reason == f"Invalid QueryFilter2 token {wrong}"

    @pytest.mark.parametrize("op", ["=", ">=", "~="])
    @pytest.mark.parametrize("token", ["Number", "Owners.Name", "Estimate", "Workitems[Name='x'].Number"])
    @pytest.mark.parametrize("join", ["{t}{o}" + ",".join(f"'{n}'" for n in range(2500)), "terms"])
    def test_thousands_of_them_cost_no_more_than_one(self, token: str, op: str, join: str) -> None:
        terms = "|".join(f"{token}{op}'{number}'" for number in range(2500))
        text = terms if join == "terms" else join.format(t=token, o=op)
        binding = Binding(catalogue(), "Member:20", "2024-05-01T12:00:00.000")
        kind = catalogue().types["Scope" if token.startswith("Workitems") else "Story"]
        main = compile_main(Query(kind.name, (), where=parse_filter(text)), kind, None, binding)
        assert len(binding.values) <= 4
        assert len(main.where) < 1500


class TestSecurityScope:
    def test_a_regression_suite_is_secured_by_its_plans_project(self, desk: Desk) -> None:
        project = desk.make("Scope", Name="p", Parent="Scope:0", BeginDate="2024-05-01")
        plan = desk.make("RegressionPlan", Name="plan", Scope=project)
        suite = desk.make("RegressionSuite", Name="suite", RegressionPlan=plan)
        other = desk.make("RegressionPlan", Name="other", Scope="Scope:0")
        assert desk.get(suite, "SecurityScope") == project
        assert desk.get(suite, "SecurityScope.Name") == "p"
        assert desk.ids("RegressionSuite", f"SecurityScope='{project}'") == [suite]
        assert desk.get(project, "SecuredAssets") == [project, plan, suite]
        assert desk.get("Scope:0", "SecuredAssets.@Count") == 2
        assert desk.ids("Scope", f"SecuredAssets='{suite}'") == [project]
        before = desk.change(suite, Name="renamed")
        desk.change(suite, RegressionPlan=other)
        assert desk.get(suite, "SecurityScope") == "Scope:0"
        assert desk.get(project, "SecuredAssets") == [project, plan]
        assert desk.get(suite, "SecurityScope", at=Moment(before)) == project
        assert desk.get(project, "SecuredAssets", at=Moment(before)) == [project, plan, suite]


class TestDeleted:
    def test_deleted_assets_are_nowhere_unless_requested(self, desk: Desk) -> None:
        epic = desk.make("Epic")
        kept, gone = (
            desk.make("Story", Super=epic, Estimate=1),
            desk.make("Story", Super=epic, Estimate=2, Owners=["Member:20"]),
        )
        desk.do(gone, "Delete")
        assert [kept] == desk.ids("Story")
        assert [] == desk.ids("Story", "AssetState='255'")
        assert [gone] == desk.ids("Story", "IsDeleted='true'")
        assert [kept] == desk.get(epic, "Subs")
        assert [1] == desk.get(epic, "SubsAndDown:Story.Estimate")
        assert (1, 1) == (desk.get(epic, "Subs.@Count"), desk.get(epic, "Subs:Story.Estimate.@Sum"))
        assert [] == desk.get("Member:20", "OwnedWorkitems")
        assert [gone] == desk.get(epic, "Subs[IsDeleted='true']")
        with pytest.raises(Problem) as caught:
            desk.get(gone, "Name")
        assert 404 == caught.value.status

    def test_only_the_assets_own_is_deleted_ends_the_hiding(self, desk: Desk) -> None:
        kept, gone = desk.make("Story"), desk.make("Story")
        desk.do(gone, "Delete")
        assert [gone] == desk.ids("Story", "Story.IsDeleted='true'")
        assert [kept, gone] == desk.ids("Workitem", "IsDeleted='true','false'")
        assert [kept] == desk.ids("Story", "Scope.IsDeleted='false'")

    def test_a_relation_to_a_deleted_asset_is_null(self, desk: Desk) -> None:
        epic = desk.make("Epic")
        story = desk.make("Story", Super=epic)
        desk.do(epic, "Delete")
        assert desk.get(story, "Super") is None
        assert [story] == desk.ids("Story", "Super=''")

    def test_closed_assets_are_shown(self, desk: Desk, story: str) -> None:
        desk.do(story, "Inactivate")
        assert [story] == desk.ids("Story", "IsClosed='true'")
        assert [] == desk.ids("Story", "Inactive='False'")


class TestAggregates:
    def test_each_aggregate(self, desk: Desk) -> None:
        epic = desk.make("Epic")
        for estimate, planned in ((1.5, "2024-03-01"), (2, "2024-01-01"), (None, None)):
            desk.make("Story", Super=epic, Estimate=estimate, Custom_AnticipatedBODDate2=planned)
        closed = desk.make("Story", Super=epic)
        desk.do(closed, "Inactivate")
        found = {
            "Subs.@Count": 4,
            "Subs.Scope.@Count": 4,
            "Subs.Scope.@DistinctCount": 1,
            "Subs:Story.Estimate.@Sum": 3.5,
            "Subs:Story.Estimate.@Min": 1.5,
            "Subs:Story.Estimate.@Max": 2,
            "Subs:Story.Custom_AnticipatedBODDate2.@MinDate": "2024-01-01",
            "Subs:Story.Custom_AnticipatedBODDate2.@MaxDate": "2024-03-01",
            "Subs.IsClosed.@Or": True,
            "Subs.IsClosed.@And": False,
            "Subs.AssetState.@MaxState": 128,
            "Subs:Defect.@Count": 0,
            "Subs:Defect.Estimate.@Sum": None,
            "Super.@Count": 0,
        }
        assert found == {token: desk.get(epic, token) for token in found}

    def test_an_aggregate_is_one_value(self, desk: Desk) -> None:
        definition = desk.ask("Scope", "Workitems.@Count,Workitems.Name").definitions
        assert ("Numeric", False) == (definition["Workitems.@Count"].kind, definition["Workitems.@Count"].multi)
        assert ("Text", True) == (definition["Workitems.Name"].kind, definition["Workitems.Name"].multi)

    def test_an_aggregate_can_be_filtered_and_sorted_by(self, desk: Desk) -> None:
        low, high = desk.make("Epic"), desk.make("Epic")
        for epic, estimate in ((low, 1), (high, 1), (high, 2)):
            desk.make("Story", Super=epic, Estimate=estimate)
        assert [high] == desk.ids("Epic", "Subs:Story.Estimate.@Sum>'1'")
        assert [high, low] == desk.ids("Epic", sort="-Subs:Story.Estimate.@Sum")


class TestOrderAndPages:
    def test_the_default_order_is_by_id_whatever_the_type(self, desk: Desk) -> None:
        made = [desk.make("Story"), desk.make("Epic"), desk.make("Defect")]
        assert made == desk.ids("Workitem")

    def test_nulls_come_first_but_for_ranks(self, desk: Desk) -> None:
        one, none, two = desk.make("Story", Estimate=1), desk.make("Story"), desk.make("Story", Estimate=2)
        assert [none, one, two] == desk.ids("Story", sort="Estimate")
        assert [two, one, none] == desk.ids("Story", sort="-Estimate")

    def test_texts_sort_without_case(self, desk: Desk) -> None:
        b, a, c = (desk.make("Story", Name=name) for name in ("Éb", "éa", "ÉC"))
        assert [a, b, c] == desk.ids("Story", sort="Name")

    def test_a_relation_sorts_by_the_order_of_its_assets(self, desk: Desk) -> None:
        done, none, future = (
            desk.make("Story", Status="StoryStatus:135"),
            desk.make("Story"),
            desk.make("Story", Status="StoryStatus:133"),
        )
        assert [none, future, done] == desk.ids("Story", sort="Status")
        assert [done, future, none] == desk.ids("Story", sort="-Status")

    def test_equal_keys_fall_back_to_the_next_and_to_the_id(self, desk: Desk) -> None:
        a, b, c = (
            desk.make("Story", Name=name, Estimate=estimate) for name, estimate in (("y", 1), ("x", 1), ("x", 2))
        )
        assert [b, c, a] == desk.ids("Story", sort="Name")
        assert [c, b, a] == desk.ids("Story", sort="Name,-Estimate")

    def test_a_page_knows_the_total(self, desk: Desk) -> None:
        made = [desk.make("Story") for _ in range(5)]
        page = desk.ask("Story", size=2, start=2)
        assert (made[2:4], 5) == ([row.asset for row in page.rows], page.total)
        beyond = desk.ask("Story", size=2, start=10)
        assert ([], 5) == (beyond.rows, beyond.total)

    @pytest.mark.parametrize("sort", ["Nope", "Status.Nope", "Owners.Name"])
    def test_what_cannot_be_sorted_by_is_refused(self, desk: Desk, sort: str) -> None:
        with pytest.raises(Problem, match="Invalid SORT parameter"):
            desk.ids("Story", sort=sort)


class TestSelection:
    def test_an_unknown_token_is_reported_with_its_causes(self, desk: Desk) -> None:
        with pytest.raises(Problem) as caught:
            desk.ask("Scope", "Name,Number")
        assert "Invalid SEL parameter" == caught.value.message
        assert [
            ("VersionOne.MetaException", "Unknown token: Number"),
            ("VersionOne.MultipleException", "(1) Unknown AttributeDefinition: Scope.Number (2) Unknown token: Number"),
        ] == [(cause.kind, cause.message) for cause in caught.value.causes]
        assert "Unknown AttributeDefinition: Scope.Number" == caught.value.reason

    def test_an_unknown_type_is_reported(self, desk: Desk) -> None:
        with pytest.raises(Problem, match="Unknown AssetType: Animal"):
            desk.ask("Animal")

    def test_qualified_tokens_go_to_the_assets_that_have_them(self, desk: Desk) -> None:
        story = desk.make("Story", Status="StoryStatus:133")
        task = desk.make("Task", Name="t", Parent=story, Status="TaskStatus:123")
        epic = desk.make("Epic")
        rows = {row.asset: row.values for row in desk.ask("Workitem", "Story.Status,Task.Status,Workitem.Name").rows}
        assert {"Name", "Status"} == set(rows[story])
        assert (Ref("StoryStatus:133"), Ref("TaskStatus:123")) == (rows[story]["Status"], rows[task]["Status"])
        assert {"Name": "unnamed"} == rows[epic]

    def test_extras_name_selected_relations_only_where_requested(self, desk: Desk, story: str) -> None:
        (plain,) = desk.ask("Story", "Owners,Scope,Name").rows
        (rich,) = desk.ask("Story", "Owners,Scope,Name", extras=True).rows
        assert {"Owners", "Scope", "Name"} == set(plain.values)
        assert {"Owners", "Owners.Name", "Owners.Nickname", "Scope", "Scope.Name", "Name"} == set(rich.values)
        assert ["Administrator"] == rich.values["Owners.Name"]

    def test_the_default_selection_is_the_basic_attributes_and_the_names_of_their_relations(self, desk: Desk) -> None:
        (row,) = desk.ask("Scope", None, oid="Scope:0").rows
        basic = {each.name for each in catalogue().types["Scope"].attributes.values() if each.basic}
        assert basic <= set(row.values)
        assert {"Parent.Name", "Owner.Name", "Owner.Nickname"} <= set(row.values)
        assert not {"ChangeDate", "Workitems", "Children"} & set(row.values)

    def test_a_nested_query_is_a_list_of_rows_even_for_a_single_relation(self, desk: Desk, story: str) -> None:
        inner = SubSelect("W", parse_token("OwnedWorkitems:Story"), parse_selection("Number"))
        owners = SubSelect("Owners", parse_token("Owners"), (*parse_selection("Name"), inner))
        scope = SubSelect("Scope", parse_token("Scope"), parse_selection("Name"))
        none = SubSelect("Super", parse_token("Super"))
        result = desk.engine.select(Query("Story", (owners, scope, none)))
        values = result.rows[0].values
        assert ("Member:20", "Administrator") == (values["Owners"][0].asset, values["Owners"][0].values["Name"])
        assert ["S-01001"] == [row.values["Number"] for row in values["Owners"][0].values["W"]]
        assert ["Scope:0"] == [row.asset for row in values["Scope"]]
        assert [] == values["Super"]
        assert "Text" == result.nested["W"]["Number"].kind

    def test_a_nested_query_has_its_own_filter_and_order(self, desk: Desk, story: str) -> None:
        tasks = [desk.make("Task", Name=name, Parent=story, ToDo=todo) for name, todo in (("a", 1), ("b", 2), ("c", 0))]
        nested = SubSelect("Children", parse_token("Children"), (), parse_filter("ToDo>'0'"), parse_sort("-ToDo"))
        (row,) = desk.engine.select(Query("Story", (nested,))).rows
        assert [tasks[1], tasks[0]] == [each.asset for each in row.values["Children"]]


class TestSingleAssets:
    def test_a_base_type_reaches_the_asset_and_another_type_does_not(self, desk: Desk, story: str) -> None:
        key = story.partition(":")[2]
        assert [story] == desk.ids("Workitem", oid=f"Workitem:{key}")
        for wrong in ("Epic", "Scope"):
            with pytest.raises(Problem) as caught:
                desk.ask(wrong, oid=f"{wrong}:{key}")
            assert 404 == caught.value.status
        assert [] == desk.ids("Epic", oid=f"Epic:{key}", lenient=True)

    def test_ids_may_be_zero_and_negative(self, desk: Desk) -> None:
        assert "Role.Name'No Access" == desk.get("Role:0", "Name")
        (first,) = desk.ask("AttributeDefinition", "Name", size=1).rows
        assert first.values["Name"] == desk.get(first.asset, "Name")
        assert ":-" in first.asset


class TestFind:
    def test_find_takes_whole_words_without_case_and_prefixes_with_a_star(self, desk: Desk) -> None:
        a, b = desk.make("Story", Name="Größe ändern", Description="Cogs"), desk.make("Story", Name="Cog wheel")
        found = {
            words: desk.ids("Story", find=words)
            for words in ("GRÖSSE", "cog", "cog*", "ndern", "wheel cog", "cogs größe", "wheel cogs")
        }
        assert {
            "GRÖSSE": [a],
            "cog": [b],
            "cog*": [a, b],
            "ndern": [],
            "wheel cog": [b],
            "cogs größe": [a],
            "wheel cogs": [],
        } == found

    def test_findin_names_the_only_attributes_searched(self, desk: Desk) -> None:
        made = desk.make("Story", Name="Cog", Description="Sprocket", Owners=["Member:20"])
        assert [] == desk.ids("Story", find="Sprocket", find_in=parse_selection("Name"))
        assert [made] == desk.ids("Story", find="Sprocket", find_in=parse_selection("Story.Description"))
        assert [made] == desk.ids("Story", find="administrator", find_in=parse_selection("Owners.Name"))
        with pytest.raises(Problem, match="Invalid FINDIN parameter"):
            desk.ids("Story", find="x", find_in=parse_selection("Nope"))


class TestScale:
    def test_ten_thousand_stories_take_a_handful_of_statements(self, desk: Desk) -> None:
        moment = desk.engine.tick(datetime(2024, 5, 1, tzinfo=UTC))
        first = desk.engine.reserve(10000)
        rows = (
            LoadRow(
                f"Story:{first + place}",
                moment,
                64,
                {
                    "Name": f"Story {place}",
                    "Number": f"S-{place:05d}",
                    "Scope": "Scope:0",
                    "Estimate": place % 9,
                    "Status": "StoryStatus:133",
                },
            )
            for place in range(10000)
        )
        desk.engine.load(
            rows, [LoadLink("Workitem.Owners", f"Story:{first + p}", "Member:20", moment) for p in range(0, 10000, 2)]
        )
        statements: list[str] = []
        desk.engine._store._connection.set_trace_callback(statements.append)
        result = desk.ask("Story", "Name,Estimate,Status.Name,Scope.Name,Owners.Name,Number")
        assert (10000, 3) == (result.total, len(statements))
        assert {
            "Name": "Story 2",
            "Estimate": 2,
            "Status.Name": "Future",
            "Scope.Name": "System (All Projects)",
            "Owners.Name": ["Administrator"],
            "Number": "S-00002",
        } == result.rows[2].values
        assert "S-10000" == desk.get(desk.make("Story"), "Number")


class TestLimits:
    @pytest.mark.parametrize(
        "where",
        [
            "(" * 40 + "Name='x'" + ")" * 40,
            "Super[" * 40 + "Name='x'" + "].Name='x'" * 40,
            "Super." * 50 + "Name='x'",
            "SubsAndDown." * 40 + "@Count>'1'",
            ";".join("+Owners[Name='x']" for _ in range(2000)),
            "Estimate='99999999999999999999999'",
        ],
    )
    def test_a_heavy_filter_is_answered_or_refused_but_never_breaks(self, desk: Desk, where: str) -> None:
        try:
            assert [] == desk.ids("Epic", where)
        except Problem as problem:
            assert 400 == problem.status

    def test_a_selection_wider_than_the_database_allows_is_refused(self, desk: Desk) -> None:
        with pytest.raises(Problem, match="too complex"):
            desk.ask("Story", ",".join(["Name"] * 3000))

    def test_a_path_longer_than_anyone_needs_is_refused(self, desk: Desk) -> None:
        with pytest.raises(Problem, match="Invalid SEL parameter"):
            desk.ask("Story", "Super." * 5000 + "Name")

    def test_pages_of_any_size_are_fine(self, desk: Desk, story: str) -> None:
        assert [story] == desk.ids("Story", size=10**30)
        assert [] == desk.ids("Story", size=10**30, start=10**30)

    def test_an_oid_may_carry_a_moment(self, desk: Desk, story: str) -> None:
        assert [story] == desk.ids("Story", oid=f"{story}:17")
        with pytest.raises(Problem, match="Invalid OID token: Story"):
            desk.ids("Story", oid="Story")


def test_the_total_counts_what_stands_before_the_start(desk: Desk) -> None:
    """Also where no size is given."""
    for name in ("a", "b", "c"):
        desk.make("Story", Name=name)
    found = desk.ask("Story", "Name", start=2)
    assert (len(found.rows), found.total) == (1, 3)
