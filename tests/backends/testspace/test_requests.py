"""Testspace's requests one by one: lists that are worth it, what an object tells, what is remembered of a server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from assetmeta.backends.rest.hooks import ParseContext
from assetmeta.backends.rest.options import ServerMemory
from assetmeta.backends.rest.pushdown import rebase
from assetmeta.backends.testspace import Testspace
from assetmeta.backends.testspace import lookup as ts_reading
from assetmeta.backends.testspace.aliases import look_up
from assetmeta.backends.testspace.connection import Settings, resource_of
from assetmeta.backends.testspace.keys import key_of, number
from assetmeta.backends.testspace.lookup import LookupReader
from assetmeta.backends.testspace.pages import Pages, objects_of, page_of, row_key
from assetmeta.model.conditions import And, Compare, Exists, Not, Or, RawFilter
from assetmeta.model.errors import BadValue, InvalidResponse, NotFound
from assetmeta.model.http import Response
from assetmeta.model.paths import Path
from assetmeta.model.plans import AttributeChange, Fetch, RawValue, Update
from assetmeta.model.schema import Schema
from assetmeta.model.values import Key, Oid

BASE = "https://abccorp.testspace.com"


def answer(document: Any, status: int = 200, **headers: str) -> Response:
    return Response(status, {"content-type": "application/json", **headers}, json.dumps(document).encode())


def page(ids: list[int], following: int = 0, **fields: Any) -> Response:
    link = f'<{BASE}/api/projects?page={following}>; rel="next"' if following else ""
    return answer([{"id": number, "name": f"n{number}", **fields} for number in ids], link=link)


@pytest.fixture
def reading(ts_schema: Schema) -> LookupReader:
    return Testspace(base=BASE).reader(ts_schema)


class TestByIdentity:
    def read(
        self, reading: LookupReader, play: Any, type_name: str, keys: list[Any], *answers: Any
    ) -> tuple[Any, list[str]]:
        found, made = play(reading.by_keys(resource_of(type_name), keys), *answers)
        query = ["?" + "&".join("=".join(pair) for pair in each.query) if each.query else "" for each in made]
        return [oid.key for oid in found], [each.line[4:] + end for each, end in zip(made, query, strict=True)]

    def test_one_or_two_are_requested_themselves(self, reading: LookupReader, play: Any) -> None:
        found = self.read(reading, play, "Project", [2, 1, 2], answer({"id": 2}), answer({"id": 1}))
        assert ([2, 1], ["api/projects/2", "api/projects/1"]) == found

    def test_what_is_not_there_is_left_out_and_not_requested_again(self, reading: LookupReader, play: Any) -> None:
        found, made = self.read(reading, play, "Project", [1, 2], answer({"id": 1}), answer({}, 404))
        assert ([1], 2) == (found, len(made))
        assert {Oid("Project", 2)} == reading.absent
        assert ([1], []) == self.read(reading, play, "Project", [1, 2])

    def test_several_are_a_list_for_no_more_pages_than_assets(self, reading: LookupReader, play: Any) -> None:
        pages = page([9, 3], 2), page([8, 1], 3), page([2, 7], 4)
        found = self.read(reading, play, "Project", [1, 2, 3], *pages)
        assert ([1, 2, 3], ["api/projects", "api/projects?page=2", "api/projects?page=3"]) == found
        assert Oid("Project", 9) not in reading.known.cells

    def test_what_the_list_had_not_shown_by_then_is_requested_itself(self, reading: LookupReader, play: Any) -> None:
        pages = page([9, 3], 2), page([8, 1], 3), page([6, 7], 4)
        found = self.read(reading, play, "Project", [1, 2, 3], *pages, answer({"id": 2}))
        assert ([1, 2, 3], "api/projects/2", 4) == (found[0], found[1][-1], len(found[1]))

    def test_two_results_of_a_space_are_its_list(self, reading: LookupReader, play: Any) -> None:
        found = self.read(
            reading, play, "Result", ["4/8", "4/9", "5/1"], page([9, 8]), answer({"id": 1, "space_id": 5})
        )
        assert (["4/8", "4/9", "5/1"], ["api/spaces/4/results", "api/spaces/5/results/1"]) == found

    def test_an_answer_about_another_asset_is_not_believed(self, reading: LookupReader, play: Any) -> None:
        for type_name, key, document in (
            ("Project", 1, {"id": 2}),
            ("Result", "4/8", {"id": 9}),
            ("Result", "4/8", {"id": 8, "space_id": 5}),
        ):
            with pytest.raises(InvalidResponse, match=f"{type_name}:{key}"):
                self.read(reading, play, type_name, [key], answer(document))

    def test_a_name_alone_does_not_make_it_another_one(self, reading: LookupReader, play: Any) -> None:
        for alias, document in (("App", {"id": 1, "name": "app"}), ("17", {"id": 17, "name": "x"}), ("x", {"id": 1})):
            reading.known.cells.clear()
            row, _ = play(look_up(reading, "Project", alias), answer(document))
            assert document["id"] == row.oid.key
        for alias, document in (("App", {"id": 1, "name": "other"}), ("17", {"id": 18, "name": "x"})):
            with pytest.raises(InvalidResponse):
                play(look_up(reading, "Project", alias), answer(document))

    def test_what_was_kept_is_bounded_and_the_oldest_goes_first(
        self, reading: LookupReader, play: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ts_reading, "_KEPT", 2)
        for key in (1, 2, 3):
            self.read(reading, play, "Project", [key], answer({"id": key}))
        several = range(4, 9)
        self.read(reading, play, "Project", several, answer([{"id": key, "name": str(key)} for key in several]))
        assert [Oid("Project", 7), Oid("Project", 8)] == [*reading._kept]
        reading.known.cells.clear()
        assert ([8, 7], []) == self.read(reading, play, "Project", [8, 7])
        assert ([1], ["api/projects/1"]) == self.read(reading, play, "Project", [1], answer({"id": 1}))

    def test_the_spaces_of_a_project_are_its_list(self, reading: LookupReader, play: Any) -> None:
        for space in (1, 2, 3):
            reading.options.memory.remember(Oid("Space", space), 12)
        found = self.read(reading, play, "Space", [1, 2, 3], page([3, 2, 1], project_id=12))
        assert ([1, 2, 3], ["api/projects/12/spaces"]) == found

    def test_of_spaces_that_nobody_knows_one_is_requested_and_names_the_project(
        self, reading: LookupReader, play: Any
    ) -> None:
        first = answer({"id": 1, "name": "a", "project_id": 12})
        found = self.read(reading, play, "Space", [1, 2, 3, 4], first, page([4, 3, 2], project_id=12))
        assert ([1, 2, 3, 4], ["api/spaces/1", "api/projects/12/spaces"]) == found

    @pytest.mark.parametrize(("known", "paths"), [(2, ["api/projects/12/spaces"]), (1, [])])
    def test_two_spaces_of_a_project_are_worth_its_list_and_one_is_not(
        self, reading: LookupReader, play: Any, known: int, paths: list[str]
    ) -> None:
        keys = [1, 2, 3, 4]
        for key in keys[:known]:
            reading.options.memory.remember(Oid("Space", key), 12)
        for key in keys[known:]:
            reading.options.memory.remember(Oid("Space", key), 20 + key)
        listed = [page([2, 1], project_id=12)] if paths else []
        left = keys[known:] if paths else keys
        singly = [answer({"id": key, "name": "a", "project_id": 20 + key}) for key in left]
        found = self.read(reading, play, "Space", keys, *listed, *singly)
        assert (keys, [*paths, *(f"api/spaces/{key}" for key in left)]) == found

    def test_a_path_that_leads_to_nothing_is_not_found(self, reading: LookupReader, play: Any) -> None:
        for alias in ("app/master/result.6", "4/result.6"):
            with pytest.raises(NotFound, match="There is no Result"):
                play(look_up(reading, "Result", alias), *[answer([])] * 2)


class TestWhatIsReadAhead:
    SPACE = Oid("Space", 4)
    RESULTS = (Oid("Result", "4/8"), Oid("Result", "4/9"))

    def tell(self, reading: LookupReader, play: Any, names: Any, *answers: Any) -> list[str]:
        first, second = self.RESULTS
        reading.known.add(self.SPACE, {"id": 4, "active_result_set": first, "latest_result_set": second})
        return [each.line for each in play(reading.load_missing("Space", [self.SPACE], names), *answers)[1]]

    def test_what_several_relations_lead_to_is_one_list(self, reading: LookupReader, play: Any) -> None:
        several = {"active_result_set": {"name": {}}, "latest_result_set": {"name": {}}}
        assert ["GET api/spaces/4/results"] == self.tell(reading, play, several, page([9, 8]))
        assert set(self.RESULTS) <= reading.known.cells.keys()

    def test_relations_to_another_type_before_them_change_nothing(self, reading: LookupReader, play: Any) -> None:
        reading.known.add(self.SPACE, {"project": Oid("Project", 1)})
        reading.known.add(Oid("Project", 1), {"id": 1, "name": "p"})
        several = {"project": {"name": {}}, "active_result_set": {"name": {}}, "latest_result_set": {"name": {}}}
        assert ["GET api/spaces/4/results"] == self.tell(reading, play, several, page([9, 8]))

    def test_the_lists_of_what_is_gone_are_empty(self, reading: LookupReader, play: Any) -> None:
        gone = Response(404, {"content-type": "application/json"}, b'{"message": "Not found"}')
        oids = [Oid("Space", 4), Oid("Space", 5)]
        for oid in oids:
            reading.known.add(oid, {"id": oid.key})
        known = resource_of("Space").fields["results"]
        flow = reading.load_sublists(resource_of("Space"), "results", known, oids)
        _, made = play(flow, gone, page([9, 8]))
        assert ["api/spaces/4/results", "api/spaces/5/results"] == [request.path for request in made]
        assert [(), (Oid("Result", "5/9"), Oid("Result", "5/8"))] == [
            reading.known.cells[oid].get("results", ()) for oid in oids
        ]

    def test_nothing_where_nothing_of_them_is_wanted(self, reading: LookupReader, play: Any) -> None:
        for names in (
            {"active_result_set": {}, "latest_result_set": {}},
            {"active_result_set": {"name": {}}, "latest_result_set": {}},
            {"active_result_set": {"name": {}}},
            {"active_result_set": {"unheard_of": {}}, "latest_result_set": {"unheard_of": {}}},
        ):
            assert [] == self.tell(reading, play, names)

    @pytest.mark.parametrize(
        ("type_name", "alias", "words"),
        [
            ("Space", "master", "project/space"),
            ("Result", "result.6", "space id/result or project/space/result"),
        ],
    )
    def test_what_is_no_name_says_what_is(
        self, reading: LookupReader, play: Any, type_name: str, alias: str, words: str
    ) -> None:
        with pytest.raises(BadValue, match=f"or names: {words}"):
            play(look_up(reading, type_name, alias))


class TestConditionsOnWhatIsAbove:
    @pytest.mark.parametrize("text", ["space.id", "space"])
    def test_one_on_the_key_of_a_parent_is_one_list(self, ts_schema: Schema, play: Any, text: str) -> None:
        value = Oid("Space", 4) if text == "space" else 4
        where = Compare(Path.parse(text), "=", (value,))
        space = [answer({"id": 4})] if text == "space.id" else []
        [rows], made = play(Testspace(base=BASE).fetch(ts_schema, [Fetch("Result", where=where)]), page([9, 8]), *space)
        assert ["Result:4/9", "Result:4/8"] == [row.oid.token for row in rows.rows]
        assert ["GET api/spaces/4/results", *(["GET api/spaces/4"] if space else [])] == [each.line for each in made]

    def test_they_are_seen_from_there(self) -> None:
        def equal(text: str) -> Compare:
            return Compare(Path.parse(text), "=", ("a",))

        above, other = equal("space.name"), equal("name")
        mixed = And((above, Not(Or((above, Exists(Path.parse("space.description")))))))
        found = list(rebase(resource_of("Space"), "space.", [other, above, mixed, Or((above, other)), RawFilter("x")]))
        seen = equal("name")
        assert [seen, And((seen, Not(Or((seen, Exists(Path.parse("description")))))))] == found

    def test_what_has_no_names_mentions_none(self, reading: LookupReader, play: Any) -> None:
        with pytest.raises(BadValue) as caught:
            play(look_up(reading, "Metric", "Test Cases"))
        assert "names" not in str(caught.value)


class TestListsThatRepeat:
    def read(self, play: Any, stale: int, *, ends: bool) -> list[Any]:
        """The ids of a list whose first page is followed by pages with nothing new."""
        pages = [page([1, 2], number + 2) for number in range(stale + 1)]
        if ends:
            pages[-1] = page([1, 2])
        found, _ = play(Pages.of("projects", Settings(base=BASE)).all(), *pages)
        return [item["id"] for item in found]

    def test_it_may_end_with_any_number_of_them_and_goes_on_after_ten(self, play: Any) -> None:
        assert [1, 2] == self.read(play, 10, ends=True) == self.read(play, 11, ends=True)
        with pytest.raises(InvalidResponse, match="does not end"):
            self.read(play, 11, ends=False)
        with pytest.raises(AssertionError, match="unexpected request"):
            self.read(play, 10, ends=False)

    def test_what_is_known_is_not_read_again(self, reading: LookupReader, play: Any) -> None:
        one, other = Oid("Space", 4), Oid("Space", 5)
        reading.known.add(one, {"id": 4, "project": Oid("Project", 12)})
        reading.known.add(other, {"project": Oid("Project", 12)})
        _, made = play(reading.load_missing("Space", [one, other], {"name": {}}), answer({"id": 5, "name": "b"}))
        assert ["GET api/spaces/5"] == [each.line for each in made]


class TestObjects:
    def test_numbers(self) -> None:
        assert [5, 5, None, None, None, None, None] == [
            number(value) for value in (5, "5", True, "5x", "", None, "9" * 61)
        ]
        assert int("9" * 60) == number("9" * 60)

    def test_keys(self) -> None:
        cases: list[tuple[str, dict[str, Any], Any, Any]] = [
            ("Project", {"id": "7"}, None, 7),
            ("Project", {}, None, None),
            ("Result", {"id": 8}, 4, "4/8"),
            ("Result", {"id": 8}, None, None),
            ("Result", {"id": "x"}, 4, None),
            ("Content", {"path": "a b"}, "4/8", "4/8/a%20b"),
            ("Content", {"path": ""}, "4/8", None),
            ("Content", {"path": 5}, "4/8", None),
            ("Failure", {"key": "a/b"}, "4/8", "4/8/a%2Fb"),
            ("ProjectUser", {"user_id": 3}, 12, "12/3"),
        ]
        for type_name, item, parent, key in cases:
            assert key == key_of(resource_of(type_name), item, parent), (type_name, item)

    def test_what_follows_from_where_an_object_is(self, ts_schema: Schema) -> None:
        reading = Testspace(base=BASE).reader(ts_schema)

        def cells(type_name: str, item: dict[str, Any], owner: Key) -> Mapping[str, RawValue]:
            oid = reading.take_one(resource_of(type_name), item, ParseContext(owner=owner))
            assert oid is not None
            return reading.known.cells[oid]

        found = cells("Result", {"id": 8, "odd": [1], "odder": "x"}, 4)
        assert (Oid("Space", 4), "[1]", "x") == tuple(found[name] for name in ("space", "odd", "odder"))
        assert "name" not in found
        link = f"{BASE}/api/files/5"
        content = cells("Content", {"path": "a/b", "name": "b", "download_url": link}, "4/8")
        assert (Oid("Content", "4/8/a"), Oid("File", 5)) == (content["folder"], content["file"])
        assert {"id": 5, "name": "b", "download_url": link} == reading.known.cells[Oid("File", 5)]
        top = cells("Content", {"path": "a"}, "4/8")
        assert top["folder"] is None and top["file"] is None

    def test_what_tells_objects_apart(self) -> None:
        same = [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]
        assert row_key(same[0]) == row_key(same[1])
        for one, other in (({"id": 1}, {"id": 2}), ({"key": 1}, {"id": 1}), ({"user_id": 1}, {"user_id": 2})):
            assert row_key(one) != row_key(other)
        assert row_key({"id": [1]}) != row_key({"id": [2]})
        assert row_key({"name": "a"}) != row_key({"name": "b"})

    def test_pages_by_number(self) -> None:
        links = ("/p?page=3", "/p?a=1&page=12", "/p", "/p?page=x", "/p?page=1234567890", None, "")
        assert [3, 12, 0, 0, 0, 0, 0] == [page_of(link) for link in links]
        assert 123456789 == page_of("/p?page=123456789")

    def test_an_answer_holds_objects(self) -> None:
        assert [{"id": 1}] == objects_of(answer({"id": 1})) == objects_of(answer([{"id": 1}]))
        for document in ("text", 5, None, [{"id": 1}, 5]):
            with pytest.raises(InvalidResponse):
                objects_of(answer(document))


class TestMemory:
    def test_keys_that_no_object_had(self) -> None:
        memory = ServerMemory()
        assert not memory.is_unseen("Space", "name")
        memory.remember_keys("Space", ["id", "name"])
        memory.remember_keys("Space", ["badge"])
        assert [False, False, True] == [memory.is_unseen("Space", name) for name in ("name", "badge", "other")]
        assert not memory.is_unseen("Project", "other")

    def test_reads_are_remembered_and_answers_to_writes_are_not(self, ts_schema: Schema, play: Any) -> None:
        space = Oid("Space", 4)
        for is_read in (True, False):
            testspace = Testspace(base=BASE)
            item = answer({"id": 4, "project_id": 12, "name": "b"}, 200 if is_read else 205)
            if is_read:
                play(testspace.fetch(ts_schema, [Fetch("Space", oids=(space,))]), item)
            else:
                play(testspace.write(ts_schema, [Update(space, (AttributeChange("name", "a", "b"),))]), item)
            assert is_read is testspace.memory.is_unseen("Space", "other")
            assert {space: (12, None)} == testspace.memory.places
