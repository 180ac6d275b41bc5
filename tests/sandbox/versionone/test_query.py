"""query.v1: documents in JSON and YAML, nested queries, grouping, values, errors."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ..conftest import Clock, Instance


@pytest.fixture
def backlog(v1: Instance) -> dict[str, str]:
    """An epic with two stories; the first has two tasks, an estimate and an owner."""
    epic = v1.create("Epic", Name="Epic")
    first = v1.create("Story", Name="First", Super=epic, Estimate=3, Owners=["Member:20"], Status="StoryStatus:134")
    second = v1.create("Story", Name="Second", Super=epic, Estimate=8)
    one = v1.create("Task", Name="One", Parent=first, ToDo=0)
    two = v1.create("Task", Name="Two", Parent=first, ToDo=4)
    return {"epic": epic, "first": first, "second": second, "one": one, "two": two}


class TestForms:
    def test_an_array_of_result_sets_also_for_one_query(self, v1: Instance, backlog: dict[str, str]) -> None:
        assert v1.ask({"from": backlog["first"], "select": ["Name"]}) == [[{"_oid": backlog["first"], "Name": "First"}]]

    def test_without_select_only_the_oid(self, v1: Instance, backlog: dict[str, str]) -> None:
        assert v1.ask({"from": "Epic"}) == [[{"_oid": backlog["epic"]}]]

    def test_several_queries_in_a_json_array(self, v1: Instance, backlog: dict[str, str]) -> None:
        sets = v1.ask([{"from": "Epic"}, {"from": "Defect"}, {"from": "Story"}])
        assert [len(each) for each in sets] == [1, 0, 2]

    def test_several_yaml_documents(self, v1: Instance, backlog: dict[str, str]) -> None:
        sets = v1.ask("from: Epic\n---\nfrom: Story\nselect:\n  - Name\nsort: -Name\n")
        assert sets == [
            [{"_oid": backlog["epic"]}],
            [{"_oid": backlog["second"], "Name": "Second"}, {"_oid": backlog["first"], "Name": "First"}],
        ]

    def test_yaml_in_braces(self, v1: Instance, backlog: dict[str, str]) -> None:
        assert v1.ask("{from: Epic, select: [Name]}") == [[{"_oid": backlog["epic"], "Name": "Epic"}]]

    def test_a_missing_or_deleted_oid_is_an_empty_set(self, v1: Instance, backlog: dict[str, str]) -> None:
        v1.operate(backlog["one"], "Delete")
        assert v1.ask([{"from": "Story:99999"}, {"from": backlog["one"]}]) == [[], []]

    def test_yaml_texts_keep_their_spelling(self, v1: Instance) -> None:
        for name in ("yes", "012", "1e3", "12:30:00", "2024-01-01", "0x1F"):
            v1.create("Story", Name=name)
            assert len(v1.ask(f"from: Story\nwhere:\n  Name: {name}\n")[0]) == 1


class TestValues:
    def test_scalars_are_strings_and_states_have_names(self, v1: Instance, backlog: dict[str, str]) -> None:
        names = ["Estimate", "Owners.@Count", "AssetState", "IsClosed", "Value", "Owners.Name", "Key"]
        row = v1.ask({"from": backlog["first"], "select": names})[0][0]
        assert row == {
            "_oid": backlog["first"],
            "Estimate": "3",
            "Owners.@Count": "1",
            "AssetState": "Active",
            "IsClosed": "False",
            "Value": None,
            "Owners.Name": ["Administrator"],
            "Key": backlog["first"][6:],
        }

    def test_relations(self, v1: Instance, backlog: dict[str, str]) -> None:
        names = ["Super", "Super.Scope", "Status.ID", "Team", "Owners", "Goals", "ID"]
        row = v1.ask({"from": backlog["first"], "select": names})[0][0]
        assert row == {
            "_oid": backlog["first"],
            "Super": {"_oid": backlog["epic"]},
            "Super.Scope": {"_oid": "Scope:0"},
            "Status.ID": {"_oid": "StoryStatus:134"},
            "Team": {"_oid": "NULL"},
            "Owners": [{"_oid": "Member:20"}],
            "Goals": [],
            "ID": {"_oid": backlog["first"]},
        }

    def test_utc_dates_have_seven_decimals(self, v1: Instance, backlog: dict[str, str]) -> None:
        row = v1.ask({"from": backlog["first"], "select": ["ChangeDateUTC"]})[0][0]
        assert row["ChangeDateUTC"] == "2024-05-01T12:00:00.0000000Z"

    def test_closed(self, v1: Instance, backlog: dict[str, str]) -> None:
        v1.operate(backlog["second"], "Inactivate")
        assert v1.ask({"from": backlog["second"], "select": ["AssetState"]})[0][0]["AssetState"] == "Closed"

    def test_keys_are_the_tokens_as_written(self, v1: Instance, backlog: dict[str, str]) -> None:
        token = "Subs:Story[Estimate>'3'].Estimate.@Sum"
        assert v1.ask({"from": backlog["epic"], "select": [token]})[0][0][token] == "8"


class TestNested:
    def test_a_nested_query_is_an_array_on_many_and_on_single_relations(
        self, v1: Instance, backlog: dict[str, str]
    ) -> None:
        select = [
            "Name",
            {"from": "Children:Task", "select": ["Name", "ToDo"], "sort": ["-Name"]},
            {"from": "Super", "select": ["Name"]},
            {"from": "Team", "select": ["Name"]},
        ]
        row = v1.ask({"from": backlog["first"], "select": select})[0][0]
        assert row == {
            "_oid": backlog["first"],
            "Name": "First",
            "Children:Task": [
                {"_oid": backlog["two"], "Name": "Two", "ToDo": "4"},
                {"_oid": backlog["one"], "Name": "One", "ToDo": "0"},
            ],
            "Super": [{"_oid": backlog["epic"], "Name": "Epic"}],
            "Team": [],
        }

    def test_nested_filters(self, v1: Instance, backlog: dict[str, str]) -> None:
        for nested in (
            {"from": "Children[ToDo='0']", "select": ["Name"]},
            {"from": "Children", "select": ["Name"], "where": {"ToDo": 0}},
            {"from": "Children", "select": ["Name"], "filter": ["ToDo='0'"]},
        ):
            row = v1.ask({"from": backlog["first"], "select": [nested]})[0][0]
            assert row[str(nested["from"])] == [{"_oid": backlog["one"], "Name": "One"}]

    def test_nesting_goes_deep_and_the_same_key_may_be_both(self, v1: Instance, backlog: dict[str, str]) -> None:
        inner = {"from": "Subs:Story", "select": ["Owners", {"from": "Children:Task", "select": ["ToDo"]}]}
        query = {"from": backlog["epic"], "select": [inner, {"from": "Owners", "select": ["Name"]}]}
        row = v1.ask(query)[0][0]
        assert row["Owners"] == []
        first = row["Subs:Story"][0]
        assert first["Owners"] == [{"_oid": "Member:20"}]
        assert [each["ToDo"] for each in first["Children:Task"]] == ["0", "4"]

    def test_author_as_member(self, v1: Instance) -> None:
        conversation = v1.create("Conversation")
        post = v1.create("Expression", Author="Member:20", Content="hello", BelongsTo=conversation)
        row = v1.ask({"from": post, "select": [{"from": "Author as Member", "select": ["Nickname"]}]})[0][0]
        assert row == {"_oid": post, "Author": [{"_oid": "Member:20", "Nickname": "Admin"}]}


class TestConditions:
    @pytest.mark.parametrize("name", ["it's", 'say "x"', "a,b|c;d", "$5", "[x]", "''", "%", "ünï"])
    def test_values_of_where_are_data(self, v1: Instance, name: str) -> None:
        story = v1.create("Story", Name=name)
        v1.create("Story", Name="other")
        assert v1.ask({"from": "Story", "where": {"Name": name}}) == [[{"_oid": story}]]
        query = {"from": "Story", "where": {"Name": "$n"}, "with": {"$n": name}}
        assert v1.ask(query) == [[{"_oid": story}]]
        assert v1.ask({"from": "Story", "filter": ["Name=$n"], "with": {"$n": name}}) == [[{"_oid": story}]]

    def test_numbers_and_booleans(self, v1: Instance, backlog: dict[str, str]) -> None:
        assert v1.ask({"from": "Story", "where": {"Estimate": 3.0}}) == [[{"_oid": backlog["first"]}]]
        assert v1.ask({"from": "Member", "where": {"IsSelf": True}}) == [[{"_oid": "Member:20"}]]
        assert v1.ask({"from": "Story", "where": {"Value": None, "Estimate": "8"}}) == [[{"_oid": backlog["second"]}]]

    def test_deleted_assets_on_request(self, v1: Instance, backlog: dict[str, str]) -> None:
        v1.operate(backlog["one"], "Delete")
        assert v1.ask({"from": backlog["one"], "where": {"IsDeleted": True}}) == [[{"_oid": backlog["one"]}]]

    def test_filter_sort_and_page(self, v1: Instance, backlog: dict[str, str]) -> None:
        query = {
            "from": "PrimaryWorkitem",
            "filter": ["Estimate>'2'", "AssetState='64','128'"],
            "sort": ["-Estimate", "+Name"],
        }
        assert [row["_oid"] for row in v1.ask(query)[0]] == [backlog["second"], backlog["first"]]
        assert v1.ask(query | {"page": {"start": "1", "size": 1}}) == [[{"_oid": backlog["first"]}]]

    def test_lists_of_values_in_variables(self, v1: Instance, backlog: dict[str, str]) -> None:
        query: dict[str, Any] = {"from": "Story", "filter": ["Name=$n"], "with": {"$n": ["First", "Second"]}}
        assert len(v1.ask(query)[0]) == 2

    @pytest.mark.parametrize("key", ["findin", "findIn"])
    def test_find(self, v1: Instance, backlog: dict[str, str], key: str) -> None:
        assert v1.ask({"from": "Story", "find": "second", key: ["Name"]}) == [[{"_oid": backlog["second"]}]]


class TestPast:
    def test_asof_a_time_and_all(self, v1: Instance, clock: Clock) -> None:
        story = v1.create("Story", Name="first")
        clock.pass_days(1)
        v1.update(story, Name="second")
        clock.pass_days(1)
        past = v1.ask({"from": "Story", "select": ["Name"], "asof": "2024-05-02"})[0]
        assert [(row["Name"], row["_oid"].count(":")) for row in past] == [("first", 2)]
        every = v1.ask({"from": story, "select": ["Name"], "asof": "All"})[0]
        assert [row["Name"] for row in every] == ["first", "second"]
        assert v1.ask("from: Story\nselect: [Name]\nasof: 2024-05-02\n") == [past]


class TestGroup:
    def test_groups_come_in_order_null_first(self, v1: Instance, backlog: dict[str, str]) -> None:
        first = {"_oid": backlog["first"], "Name": "First"}
        third = v1.create("Story", Name="Third", Status="StoryStatus:133")
        query = {"from": "Story", "select": ["Name"], "group": [{"from": "Status", "select": ["Name"]}]}
        assert v1.ask(query)[0] == [
            {"_oid": "NULL", "Name": None, "_children": [{"_oid": backlog["second"], "Name": "Second"}]},
            {"_oid": "StoryStatus:133", "Name": "Future", "_children": [{"_oid": third, "Name": "Third"}]},
            {"_oid": "StoryStatus:134", "Name": "In Progress", "_children": [first]},
        ]

    def test_groups_nest(self, v1: Instance, backlog: dict[str, str]) -> None:
        group = [{"from": "Super", "select": ["Name"]}, {"from": "Status", "select": []}]
        rows = v1.ask({"from": "Story", "select": ["Name", "Status"], "group": group})[0]
        assert [row["Name"] for row in rows] == ["Epic"]
        assert [row["_oid"] for row in rows[0]["_children"]] == ["NULL", "StoryStatus:134"]
        assert rows[0]["_children"][0]["_children"][0]["Status"] == {"_oid": "NULL"}

    @pytest.mark.parametrize("relation", ["Owners", "Name", "Nonsense"])
    def test_only_a_single_relation_groups(self, v1: Instance, backlog: dict[str, str], relation: str) -> None:
        error = v1.ask({"from": "Story", "select": ["Name"], "group": [{"from": relation, "select": []}]}, status=400)
        assert error["error"] == "Bad Request"


class TestErrors:
    def test_unknown_keys_are_named(self, v1: Instance) -> None:
        error = v1.ask({"from": "Story", "whereWOLF": {"Name": "x"}}, status=400)
        assert error["message"] == "Invalid key at node(s): root->whereWOLF"
        assert error["exceptions"][0]["message"] == "Invalid key at node(s): root->whereWOLF"
        assert error["error"] == "Bad Request"

    def test_where_takes_scalars_only(self, v1: Instance) -> None:
        error = v1.ask({"from": "Story", "where": {"ID": ["Story:1"]}}, status=400)
        assert error["message"] == 'Key "ID" must have corresponding scalar value\r\nParameter name: ID'

    @pytest.mark.parametrize(
        ("document", "message"),
        [
            ({"from": "Animal"}, "Unknown AssetType: Animal"),
            ({"from": "Scope", "select": ["MuddleBubble"]}, "Unknown AttributeDefinition: Scope.MuddleBubble"),
            (
                {"from": "Scope", "where": {"MuddleBubble": "BubbleMuddle"}},
                "Invalid QueryFilter2 token MuddleBubble='BubbleMuddle'",
            ),
        ],
    )
    def test_recorded_messages(self, v1: Instance, document: object, message: str) -> None:
        assert message in json.dumps(v1.ask(document, status=400), ensure_ascii=False)

    @pytest.mark.parametrize("document", ["", "hello", "from: Story\n  bad: indent", "{from: [", b"\xff"])
    def test_a_document_that_cannot_be_parsed_is_a_server_error_in_words(
        self, v1: Instance, document: str | bytes
    ) -> None:
        answer = v1.post("query.v1", document)
        error = json.loads(answer.body)
        assert (answer.status, error["error"], error["message"]) == (400, "Server Error", "Server Error")
        assert error["exceptions"][-1]["message"]

    @pytest.mark.parametrize("document", ["from: Story\nselect: Name", "from: Animal"])
    def test_a_document_that_can_be_is_not(self, v1: Instance, document: str) -> None:
        assert v1.ask(document, status=400)["error"] == "Bad Request"

    @pytest.mark.parametrize(
        "document",
        [
            "",
            "hello",
            "5",
            "[1]",
            "from: [Story]",
            "select: [Name]",
            "from: Story\nselect: Name",
            "from: Story\nselect:\n  - page: 1",
            "from: Story\nselect: [{from: Owners, page: {size: 1}}]",
            "from: Story\nselect: [{from: Name}]",
            "from: Story\nwhere: [Name]",
            'from: Story\nwhere: {"Name=": x}',
            'from: Story\nfilter: ["Name="]',
            "from: Story\nwith: {n: x}",
            "from: Story\nwith: [n]",
            "from: Story\nsort: [Nonsense]",
            "from: Story\npage: {size: x}",
            "from: Story\npage: {size: -1}",
            "from: Story\npage: {length: 1}",
            "from: Story\nasof: sometime",
            "from: Story\nfind: x\nfindin: [Name]\nfindIn: [Name]",
            "from: Story\nfind: x\nfindin: [Nonsense]",
            "from: Story\ngroup: [{from: Status, page: 1}]",
            "from: Story\n  bad: indent",
            "from: !!python/object/apply:os.getcwd []",
            "from: Story:x",
            "from: Scope\n---\nfrom: Animal",
        ],
    )
    def test_what_is_wrong_fails_the_whole_request(self, v1: Instance, document: str) -> None:
        assert "exceptions" in v1.ask(document, status=400)

    def test_xml_errors_on_request_and_only_posts(self, v1: Instance) -> None:
        answer = v1.post("query.v1", "from: Animal", accept="text/xml")
        assert (answer.status, answer.content_type) == (400, "text/xml; charset=utf-8")
        assert v1.get("query.v1").status == 405
        assert v1.post("query.v1?query=x", "from: Story").status == 400
        assert v1.post("query.v1/Story", "from: Story").status == 404
