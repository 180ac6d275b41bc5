"""Which requests reading by identity takes, which updates share one, and what odd answers to them mean."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from assetmeta.backends.rest.hooks import NO_CONTEXT
from assetmeta.backends.valispace import Valispace, calls, lookup
from assetmeta.backends.valispace.bulk import _objects, group_updates, notes
from assetmeta.backends.valispace.connection import Settings, bundled
from assetmeta.backends.valispace.keys import identities, identity, parse_key, require_key
from assetmeta.backends.valispace.lookup import _among
from assetmeta.backends.valispace.pages import read_all, search
from assetmeta.backends.valispace.variants import read_variants, sparse
from assetmeta.model.errors import BadValue, InvalidResponse
from assetmeta.model.http import Request, Response
from assetmeta.model.paths import Path
from assetmeta.model.plans import AttributeChange, Create, Delete, Done, Fetch, Row, Update
from assetmeta.model.schema import Schema
from assetmeta.model.values import UNREAD, Oid

TABLE = bundled()


def answer(document: Any, status: int = 200) -> Response:
    return Response(status, {"content-type": "application/json"}, json.dumps(document).encode())


def lines(made: Iterable[Request]) -> list[str]:
    return [f"{each.method} {each.path.removeprefix('rest/')}" for each in made]


def update(key: int, *deltas: AttributeChange) -> Update:
    return Update(Oid("Requirement", key), deltas)


class TestKeys:
    def test_identities(self) -> None:
        values: list[Any] = [
            5,
            "5",
            {"id": 7},
            {"id": "8"},
            0,
            True,
            False,
            "x",
            "",
            None,
            1.5,
            [5],
            {},
            {"id": {"id": 1}},
        ]
        assert [5, 5, 7, 8, 0, *[None] * 9] == [identity(value) for value in values]
        assert [1, None] == identities([{"id": 1}, {}])
        assert 5 == require_key("Vali", 5) == parse_key(TABLE.types["Vali"], 5)
        assert None is parse_key(TABLE.types["Vali"], "5")
        for key, why in (("new-1", "is not on the server yet"), ("x", r"an id is a number\. A query finds")):
            with pytest.raises(BadValue, match=why) as caught:
                require_key("Vali", key)
            assert (f"Vali:{key}", "Vali") == (caught.value.oid, caught.value.type_name)

    def test_the_project_that_is_in_use(self, vs_schema: Schema) -> None:
        keys, memory = Valispace().reader(vs_schema).keys, []
        for type_name, item in (
            ("Project", {"id": 24}),
            ("Component", {"id": 1, "project": 25}),
            ("Component", {"id": 2, "project": {"id": 24}}),
            ("Component", {"id": 3}),
            ("Tag", {"id": 4, "project": 99}),
        ):
            keys.identify(TABLE.types[type_name], item, NO_CONTEXT)  # type: ignore[arg-type]
            memory.append(keys.memory.recent_projects()[0])  # type: ignore[attr-defined]
        assert [24, 25, 24, 24] == memory[:4]


class TestIdentities:
    def read(self, vs_schema: Schema, play: Any, type_name: str, keys: Iterable[int], *answers: Response) -> Any:
        fetch = Fetch(type_name, (Path.parse("id"),), oids=tuple(Oid(type_name, key) for key in keys))
        [rows], made = play(Valispace().fetch(vs_schema, [fetch]), *answers)
        return [row.oid.key for row in rows.rows], lines(made)

    def test_one_alone_and_several_by_a_search_or_a_short_list(self, vs_schema: Schema, play: Any) -> None:
        one, two, three = ({"id": key} for key in (1, 2, 3))
        assert ([1], ["GET files/1/"]) == self.read(vs_schema, play, "File", [1], answer(one))
        found = answer({"data": [three, two, one, "odd"]})
        assert ([1, 2], ["POST files/search/"]) == self.read(vs_schema, play, "File", [1, 2], found)
        assert ([2, 1], ["GET tag/"]) == self.read(vs_schema, play, "Tag", [2, 1], answer([one, two, three]))
        assert ([1], ["GET tag/1/"]) == self.read(vs_schema, play, "Tag", [1], answer(one))

    def test_a_search_that_did_not_look_for_ids_is_completed_one_by_one(self, vs_schema: Schema, play: Any) -> None:
        found = answer({"data": [{"id": 8}, {"id": 2}]})
        assert ([1, 2], ["POST files/search/", "GET files/1/"]) == self.read(
            vs_schema, play, "File", [1, 2], found, answer({"id": 1})
        )

    def test_a_few_each_and_more_by_lists(self, vs_schema: Schema, play: Any) -> None:
        few = [answer({"id": key}) for key in range(1, 5)]
        assert ([1, 2, 3, 4], [f"GET components/{key}/" for key in range(1, 5)]) == self.read(
            vs_schema, play, "Component", range(1, 5), *few
        )
        sample = answer({"id": 1, "project": 24})
        listed = answer([{"id": key, "project": 24} for key in range(1, 7)])
        assert (list(range(1, 7)), ["GET components/1/", "GET components/"]) == self.read(
            vs_schema, play, "Component", range(1, 7), sample, listed
        )

    def by_project(self, vs_schema: Schema, play: Any, seen: list[int], *answers: Any, first: int = 1) -> list[str]:
        """The requests, with their project, by which components 1 to 9 are read after *seen* projects were used; they
        exist from *first* on.
        """
        reading = Valispace().reader(vs_schema)
        for project in seen:
            reading.options.memory.remember_project(project)
        found, made = play(reading.objects(TABLE.types["Component"], range(1, 10), (), (("a", "b"),)), *answers)
        assert set(range(first, 10)) == found.keys()
        assert all(("a", "b") in request.query for request in made)
        rest = [dict(request.query).get("project", "") for request in made]
        return [line.removeprefix("GET components/") + project for line, project in zip(lines(made), rest, strict=True)]

    @staticmethod
    def of(project: int | None, *ids: int) -> Response:
        return answer([{"id": key, "project": project} for key in ids])

    def test_three_projects_are_listed_and_then_one_is_read_for_its_own(self, vs_schema: Schema, play: Any) -> None:
        assert 3 == lookup._MISSES
        lists = [self.of(7), self.of(6), self.of(5)]
        sample = answer({"id": 1, "project": 8})
        made = self.by_project(vs_schema, play, [3, 4, 5, 6, 7], *lists, sample, self.of(8, *range(2, 10), 77))
        assert ["7", "6", "5", "1/", "8"] == made

    def test_the_list_ends_with_what_is_read_one_by_one(self, vs_schema: Schema, play: Any) -> None:
        singly = [answer({"id": key, "project": 6}) for key in range(6, 10)]
        made = self.by_project(vs_schema, play, [6, 7], self.of(7, 1, 2, 3, 4, 5), *singly)
        assert ["7", "6/", "7/", "8/", "9/"] == made

    def test_one_more_than_a_few_is_worth_another_list(self, vs_schema: Schema, play: Any) -> None:
        made = self.by_project(vs_schema, play, [6, 7], self.of(7, 1, 2, 3, 4), self.of(6, 5, 6, 7, 8, 9))
        assert ["7", "6"] == made

    @pytest.mark.parametrize("project", [None, 7])
    def test_one_without_a_project_or_of_a_listed_one_means_the_whole_list(
        self, project: int | None, vs_schema: Schema, play: Any
    ) -> None:
        sample = answer({"id": 1, "project": project})
        made = self.by_project(vs_schema, play, [7], self.of(7), sample, self.of(8, *range(2, 12)))
        assert ["7", "1/", ""] == made

    def test_the_next_is_read_where_the_first_does_not_exist(self, vs_schema: Schema, play: Any) -> None:
        sample = answer({"id": 2, "project": 8})
        made = self.by_project(vs_schema, play, [], answer({}, 404), sample, self.of(8, *range(3, 10)), first=2)
        assert ["1/", "2/", "8"] == made

    def test_many_without_a_list_are_read_one_by_one_and_without_projects_as_one_list(
        self, vs_schema: Schema, play: Any
    ) -> None:
        five = [answer({"id": key}) for key in range(1, 6)]
        path = TABLE.types["Dataset"].path
        made = [f"GET {path}/{key}/" for key in range(1, 6)]
        assert ([1, 2, 3, 4, 5], made) == self.read(vs_schema, play, "Dataset", range(1, 6), *five)
        path = TABLE.types["Matrix"].path
        whole = answer([{"id": key} for key in range(1, 8)])
        assert ([1, 2, 3, 4, 5], [f"GET {path}/"]) == self.read(vs_schema, play, "Matrix", range(1, 6), whole)

    def test_any_name_that_is_missing_makes_an_asset_incomplete(self, vs_schema: Schema) -> None:
        reading, oid = Valispace().reader(vs_schema), Oid("Component", 1)
        resource = TABLE.types["Component"]
        reading.known.add(oid, {"name": "x"})
        assert [False, True, True] == [
            reading.is_incomplete(resource, oid, names)
            for names in ((), ("name", "description"), ("description", "name"))
        ]
        reading.options.memory.remember_missing("Component", "description")
        assert not reading.is_incomplete(resource, oid, ("name", "description"))

    def test_what_was_not_wanted_is_left_out(self) -> None:
        assert {1: {"id": 1}, 3: {"id": "3"}} == _among([1, 3, 4], [{"id": 2}, {"id": 1}, {"id": "3"}, {}])


class TestLists:
    def test_odd_answers_to_a_search(self, play: Any) -> None:
        resource = TABLE.types["File"]
        found, [request] = play(search(resource, {"id__in": [1]}, Settings()), answer({"data": [{"id": 1}, 5, None]}))
        assert [{"id": 1}] == found
        assert {"query_filters": {"id__in": [1]}, "includes": [], "size": -1} == json.loads(request.body)
        for odd in ({}, {"data": {}}, {"data": None}):
            with pytest.raises(InvalidResponse, match="no list of data"):
                play(search(resource, {}, Settings()), answer(odd))
        with pytest.raises(InvalidResponse, match="twice"):
            play(search(resource, {}, Settings()), answer({"data": [{"id": 1}, {"id": 1}]}))

    def test_pages(self, play: Any) -> None:
        pages = [
            answer({"count": 3, "next": "http://inner/rest/tag/?page=2", "results": [{"id": 1}, {"id": 2}]}),
            answer({"count": 3, "next": None, "results": [{"id": 3}]}),
        ]
        found, made = play(read_all(TABLE.types["Tag"], (("a", "b"),), Settings()), *pages)
        assert [1, 2, 3] == [item["id"] for item in found]
        assert [{"a": "b"}, {"page": "2"}] == [dict(request.query) for request in made]


class TestVariants:
    def test_only_what_is_wanted_is_requested(self, vs_schema: Schema) -> None:
        vali, tag = TABLE.types["Vali"], TABLE.types["Tag"]
        assert (("fields", "id,name"),) == sparse(vali, vs_schema, ["name"])
        assert (("fields", "id,parent,is_part_of_matrix,project"),) == sparse(vali, vs_schema, ["parent"])
        assert () == sparse(tag, vs_schema, ["name"]) == sparse(vali, vs_schema, vs_schema.type("Vali").basic)

    def test_a_text_that_is_wanted_in_several_forms_takes_several_reads(self, vs_schema: Schema) -> None:
        resource = TABLE.types["Requirement"]

        def variants(*names: str) -> list[tuple[dict[str, str], tuple[str, ...]]]:
            return [(dict(each.query), each.names) for each in read_variants(resource, vs_schema, names)]

        assert [({}, ("text", "title"))] == variants("text", "title")
        assert [({"clean_text": "text"}, ("text", "title"))] == variants("text.@CleanText", "title")
        assert [({}, ("text",)), ({"clean_text": "text"}, ("text",))] == variants("text", "text.@CleanText")
        both = variants("text.@CleanText", "text.@CleanHtml")
        assert [({"clean_text": "text"}, ("text",)), ({"clean_html": "text"}, ("text",))] == both
        two = variants("text.@CleanText", "compliance_comment.@CleanHtml")
        assert [({"clean_text": "text", "clean_html": "compliance_comment"}, ("text", "compliance_comment"))] == two
        # Under either name that servers have.
        assert "comment,rationale" == variants("comment.@CleanText")[0][0]["clean_text"]


class TestSharedRequests:
    def test_three_updates_share_a_request_and_two_do_not(self, vs_schema: Schema) -> None:
        writer = Valispace().writer(vs_schema)
        title = AttributeChange("title", "a", "b")
        changes = [update(key, title) for key in range(3)]
        large, others = group_updates(writer, changes)
        assert ([changes], []) == ([[part.change for part in group] for group in large], others)
        assert ([], changes[:2]) == group_updates(writer, changes[:2])

    def test_what_takes_other_requests_is_sent_singly(self, vs_schema: Schema) -> None:
        writer = Valispace().writer(vs_schema)
        title = AttributeChange("title", "a", "b")
        parents = AttributeChange("parents", (), added=(Oid("Requirement", 9),), is_multi=True)
        tags = AttributeChange("tags", UNREAD, added=(Oid("Tag", 9),), is_multi=True)
        new = Create(Oid.new("Requirement", 1), (title,))
        others = [
            update(1, title, parents),
            update(2, parents, title),
            update(3, title, tags),
            new,
            Delete(Oid("Vali", 4)),
        ]
        fine = [update(key, title) for key in range(5, 8)]
        large, left = group_updates(writer, [*others, *fine])
        assert ([fine], others) == ([[part.change for part in group] for group in large], left)

    def test_an_answer_that_repeats_an_object_does_not_show_it(self) -> None:
        resource = TABLE.types["Requirement"]
        found = _objects(resource, [{"id": 1, "a": 1}, {"id": 2}, {"id": 2}, 5, {"id": None}])
        assert {Oid("Requirement", 1): {"id": 1, "a": 1}} == found
        assert {} == _objects(resource, {"id": 1})

    def test_what_the_answer_lacks_is_read(self, vs_schema: Schema, play: Any) -> None:
        title = AttributeChange("title", "a", "b")
        changes = [update(key, title) for key in (1, 2, 3)]
        told = [{"id": 1, "title": "b"}, {"id": 2}, {"id": 3, "title": "b"}]
        outcomes, made = play(Valispace().write(vs_schema, changes), answer(told), answer({"id": 2, "title": "b"}))
        assert all(isinstance(outcome, Done) for outcome in outcomes)
        assert ["POST requirements/bulk-update/", "GET requirements/2/"] == lines(made)
        assert {str(key): {"title": "b"} for key in (1, 2, 3)} == json.loads(made[0].body)

    def test_a_formula_without_a_value_is_noted(self) -> None:
        def noted(sent: tuple[str, ...], **cells: object) -> list[str]:
            return list(notes(Row(Oid("Vali", 1), tuple(cells), tuple(cells.values())), sent))  # type: ignore[arg-type]

        assert ["the formula '$x' gives no value in kg"] == noted(("formula",), formula="$x", unit="kg", value=None)
        assert ["the formula '$x' gives no value"] == noted(("unit",), formula="$x", unit="", value=None)
        for sent, cells in (
            (("name",), {"formula": "$x", "value": None}),
            (("formula",), {"formula": "", "value": None}),
            (("formula",), {"formula": "$x", "value": 1.0}),
            (("formula",), {"formula": "$x"}),
        ):
            assert [] == noted(sent, **cells)


class TestCalls:
    def test_what_if_and_impact(self, play: Any) -> None:
        one, two, settings = Oid("Vali", 1), Oid("Vali", 2), Settings()
        _, [request] = play(calls.impact(one, two, 0, 10, 0.5, settings), answer({}))
        assert "rest/valis/1/impact-analysis-graph-for/2/" == request.path
        assert {"range_min": "0", "range_max": "10", "range_step_size": "0.5"} == dict(request.query)
        for low, high, step in ((0, 10, 0), (0, 10, -1), (2, 1, 1)):
            with pytest.raises(BadValue, match="There are no steps"):
                play(calls.impact(one, two, low, high, step, settings))
        assert play(calls.impact(one, two, 1, 1, 1, settings), answer({}))[0] == {}
        _, [request] = play(calls.preview(one, two, "$3+1", settings), answer({}))
        assert ("rest/vali/1/impact-analysis/", True) == (request.path, request.idempotent)
        assert {"dependency": "2", "new_value": "$3+1"} == json.loads(request.body)
        with pytest.raises(BadValue, match="Component:1 is not a Vali") as caught:
            play(calls.preview(Oid("Component", 1), two, "1", settings))
        assert "Component:1" == caught.value.oid
        _, [request] = play(calls.assistant({"field": "text"}, settings), answer({}))
        assert ("PUT", "rest/vali-assistant/general-custom-prompt/") == (request.method, request.path)

    def test_names_in_paths(self, play: Any) -> None:
        assert None is play(calls.fuzzy("a/b", Settings()), answer({"id": "x"}))[0]
        found, [request] = play(calls.fuzzy("a/b c", Settings()), answer({"id": 5}))
        assert (Oid("Vali", 5), "rest/fuzzysearch/Vali/name/a%2Fb%20c/") == (found, request.path)
        for empty in ("", "  ", ".", ".."):
            with pytest.raises(BadValue, match="A name is needed"):
                play(calls.fuzzy(empty, Settings()))
