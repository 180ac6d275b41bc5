"""An answer about another asset than the one that was asked for is refused, in every dialect, read and written."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from assetmeta.backends.responses import confirm, each_once
from assetmeta.backends.testspace import Testspace
from assetmeta.backends.valispace import Valispace
from assetmeta.backends.valispace.bulk import WORTH_IT
from assetmeta.backends.valohai import Valohai, calls
from assetmeta.backends.versionone import VersionOne
from assetmeta.model.errors import AssetmetaError, InvalidResponse
from assetmeta.model.http import Request, Response
from assetmeta.model.paths import Path
from assetmeta.model.plans import AttributeChange, Done, Fetch, Unknown, Update
from assetmeta.model.schema import Schema
from assetmeta.model.values import UNREAD, Oid

Play = Callable[..., tuple[Any, list[Request]]]
PROJECT, OTHER, RUN = (f"01943a8e-45d0-0006-89de-38def875223{letter}" for letter in "bcd")


def js(document: object, status: int = 200) -> Response:
    return Response(status, {"content-type": "application/json"}, json.dumps(document).encode())


def xml(document: str) -> Response:
    return Response(200, {"content-type": "text/xml"}, document.encode())


def fetch(type_name: str, *keys: int | str, select: str = "name", **more: Any) -> Fetch:
    oids = tuple(Oid(type_name, key) for key in keys) or None
    return Fetch(type_name, (Path.parse(select),), oids=oids, **more)


def renamed(type_name: str, key: int | str, name: str = "name") -> Update:
    return Update(Oid(type_name, key), (AttributeChange(name, UNREAD, "new"),))


def refused(play: Play, flow: Any, *answers: Any) -> str:
    with pytest.raises(AssetmetaError) as caught:
        play(flow, *answers)
    assert isinstance(caught.value, InvalidResponse), caught.value
    return str(caught.value)


def test_the_message_names_both_and_the_request() -> None:
    with pytest.raises(InvalidResponse) as caught:
        confirm(False, "Story:5", "Story:6", "GET x")
    assert "GET x cannot be trusted: it is about Story:6 and should be about Story:5" in str(caught.value)
    confirm(True, "Story:5", "Story:5", "GET x")


def test_what_has_no_identity_may_come_twice() -> None:
    each_once([1, None, 2, None], "GET x")
    with pytest.raises(InvalidResponse, match="lists 1 twice"):
        each_once([1, None, 1], "GET x")


class TestVersionOne:
    def test_another_story_in_place_of_the_one_requested(self, v1_schema: Schema, play: Play) -> None:
        asked = fetch("Story", 5, select="Name")
        for token in ("Story:6", "Scope:5", "Story:6:77"):
            told = refused(play, VersionOne().fetch(v1_schema, [asked]), xml(f'<Asset id="{token}"/>'))
            assert "Story:5" in told

    def test_a_more_exact_type_is_the_same_asset(self, v1_schema: Schema, play: Play) -> None:
        [rows], _ = play(
            VersionOne().fetch(v1_schema, [fetch("Workitem", 5, select="Name")]), xml('<Asset id="Story:5"/>')
        )
        assert [Oid("Story", 5)] == [row.oid for row in rows.rows]

    def test_another_story_as_of_a_change(self, v1_schema: Schema, play: Play) -> None:
        asked = fetch("Story", 5, select="Name", asof=77)
        assert "cannot be trusted" in refused(
            play, VersionOne().fetch(v1_schema, [asked]), xml('<Asset id="Story:6:77"/>')
        )

    @pytest.mark.parametrize("keys", [[1, 3], [1, 2, 3], [1, 1], [3]])
    def test_other_assets_among_several(self, v1_schema: Schema, play: Play, keys: list[int]) -> None:
        asked = fetch("Story", 1, 2, select="Name")
        assert "cannot be trusted" in refused(
            play, VersionOne().fetch(v1_schema, [asked]), js([[{"_oid": f"Story:{key}"} for key in keys]])
        )

    def test_fewer_are_no_reason_to_doubt(self, v1_schema: Schema, play: Play) -> None:
        [rows], _ = play(
            VersionOne().fetch(v1_schema, [fetch("Story", 1, 2, select="Name")]), js([[{"_oid": "Story:2"}]])
        )
        assert [2] == [row.oid.key for row in rows.rows]

    def test_the_same_asset_twice_in_a_result(self, v1_schema: Schema, play: Play) -> None:
        asked = fetch("Story", select="Name")
        assert "Story:1 twice" in refused(
            play, VersionOne().fetch(v1_schema, [asked]), js([[{"_oid": "Story:1"}, {"_oid": "Story:1"}]])
        )

    @pytest.mark.parametrize("ids", [["Story:6:1"], ["Story:5:1", "Story:6:2"], ["Story:5:1", "Story:5:1"]])
    def test_records_of_another_asset(self, v1_schema: Schema, play: Play, ids: list[str]) -> None:
        asked = fetch("Story", 5, select="Name", history=True)
        records = "".join(f'<Asset id="{token}"/>' for token in ids)
        assert "cannot be trusted" in refused(
            play, VersionOne().fetch(v1_schema, [asked]), xml(f"<History>{records}</History>")
        )


class TestValispace:
    @pytest.mark.parametrize("item", [{"id": 6, "name": "x"}, {"name": "x"}, {"id": None, "name": "x"}])
    def test_another_object_in_place_of_the_one_requested(self, vs_schema: Schema, play: Play, item: Any) -> None:
        assert "cannot be trusted" in refused(play, Valispace().fetch(vs_schema, [fetch("Component", 5)]), js(item))

    def test_another_object_among_several_read_singly(self, vs_schema: Schema, play: Play) -> None:
        items = [js({"id": 1, "name": "a"}), js({"id": 3, "name": "b"})]
        assert "cannot be trusted" in refused(play, Valispace().fetch(vs_schema, [fetch("Component", 1, 2)]), *items)

    def test_a_search_that_answers_others_is_not_the_last_word(self, vs_schema: Schema, play: Play) -> None:
        keys = range(1, 7)
        found = js({"data": [{"id": key, "name": "a"} for key in (1, 2, 3, 4, 5, 99)]})
        [rows], made = play(Valispace().fetch(vs_schema, [fetch("File", *keys)]), found, js({"id": 6, "name": "z"}))
        assert list(keys) == [row.oid.key for row in rows.rows]
        assert ["rest/files/search/", "rest/files/6/"] == [request.path for request in made]

    def test_the_same_object_twice_in_a_list(self, vs_schema: Schema, play: Play) -> None:
        twice = js([{"id": 1, "name": "a"}, {"id": 1, "name": "b"}])
        assert "twice" in refused(play, Valispace().fetch(vs_schema, [fetch("Component")]), twice)

    def test_an_update_that_is_answered_with_another_object_is_unknown(self, vs_schema: Schema, play: Play) -> None:
        [outcome], _ = play(Valispace().write(vs_schema, [renamed("Component", 5)]), js({"id": 6, "name": "new"}))
        assert isinstance(outcome, Unknown)

    def test_what_a_bulk_answer_tells_twice_is_read_back(self, vs_schema: Schema, play: Play) -> None:
        changes = [renamed("Requirement", key, "title") for key in range(1, WORTH_IT + 1)]
        told = [{"id": key, "title": "new"} for key in range(1, WORTH_IT + 1)]
        outcomes, made = play(
            Valispace().write(vs_schema, changes), js([*told, {"id": 1, "title": "theirs"}]), js(told[0])
        )
        assert all(isinstance(outcome, Done) for outcome in outcomes)
        assert ["rest/requirements/bulk-update/", "rest/requirements/1/"] == [request.path for request in made]

    def test_a_bulk_answer_that_cannot_be_compared_is_unknown(self, vs_schema: Schema, play: Play) -> None:
        changes = [renamed("Requirement", key, "title") for key in range(1, WORTH_IT + 1)]
        refusal = js({"detail": "The server failed."}, 500)
        outcomes, made = play(Valispace().write(vs_schema, changes), js({"updated": 3}), *[refusal] * WORTH_IT)
        assert all(isinstance(outcome, Unknown) for outcome in outcomes)
        assert 1 + WORTH_IT == len(made)


class TestValohai:
    @pytest.mark.parametrize("key", [OTHER, 7])
    def test_another_object_in_place_of_the_one_requested(self, vh_schema: Schema, play: Play, key: Any) -> None:
        assert "cannot be trusted" in refused(
            play, Valohai().fetch(vh_schema, [fetch("Project", PROJECT)]), js({"id": key, "name": "x"})
        )

    def test_ids_are_the_same_in_capitals(self, vh_schema: Schema, play: Play) -> None:
        [rows], _ = play(
            Valohai().fetch(vh_schema, [fetch("Project", PROJECT)]), js({"id": PROJECT.upper(), "name": "x"})
        )
        assert [PROJECT] == [row.oid.key for row in rows.rows]

    @pytest.mark.parametrize(
        "item", [{"identifier": "ffff", "project": PROJECT}, {"identifier": "abcd", "project": {"id": OTHER}}]
    )
    def test_another_commit(self, vh_schema: Schema, play: Play, item: Any) -> None:
        asked = fetch("Commit", f"{PROJECT}/abcd", select="ref")
        assert "cannot be trusted" in refused(play, Valohai().fetch(vh_schema, [asked]), js(item))
        assert "cannot be trusted" in refused(play, Valohai().look_up(vh_schema, "Commit", f"{PROJECT}:abcd"), js(item))

    @pytest.mark.parametrize(
        "item",
        [
            {"identifier": "abcdef", "project": PROJECT},
            {"identifier": "ffff", "ref": "abcd"},
            {"identifier": "ffff", "ref_names": ["refs/heads/abcd"]},
        ],
    )
    def test_a_commit_by_its_beginning_or_its_branch(self, vh_schema: Schema, play: Play, item: Any) -> None:
        row, _ = play(Valohai().look_up(vh_schema, "Commit", f"{PROJECT}:abcd"), js(item))
        assert row.oid == Oid("Commit", f"{PROJECT}/{item['identifier']}")

    @pytest.mark.parametrize("item", [{"counter": 8}, {"counter": 7, "project": OTHER}, {"project": {"id": OTHER}}])
    def test_another_number_or_project(self, vh_schema: Schema, play: Play, item: Any) -> None:
        assert "cannot be trusted" in refused(
            play, Valohai().look_up(vh_schema, "Execution", f"{PROJECT}:7"), js({"id": RUN, **item})
        )

    def test_another_alias(self, vh_schema: Schema, play: Play) -> None:
        found = js({"name": "other", "datum": {"id": RUN}})
        assert "cannot be trusted" in refused(play, Valohai().look_up(vh_schema, "Datum", "latest-model"), found)
        assert "cannot be trusted" in refused(
            play, calls.resolve_alias("latest-model", Oid("Project", PROJECT), Valohai()), found
        )

    def test_the_same_object_twice_in_a_page(self, vh_schema: Schema, play: Play) -> None:
        page = js({"count": 2, "next": None, "results": [{"id": PROJECT}, {"id": PROJECT}]})
        assert "twice" in refused(play, Valohai().fetch(vh_schema, [fetch("Project")]), page)

    def test_an_update_that_is_answered_with_another_object_is_unknown(self, vh_schema: Schema, play: Play) -> None:
        [outcome], _ = play(Valohai().write(vh_schema, [renamed("Project", PROJECT)]), js({"id": OTHER, "name": "new"}))
        assert isinstance(outcome, Unknown)

    def test_what_is_read_before_a_put_is_compared(self, vh_schema: Schema, play: Play) -> None:
        change = renamed("Project", PROJECT, "description")
        answers = [js({"detail": "?"}, 405), js({"id": OTHER, "name": "theirs"})]
        [outcome], made = play(Valohai().write(vh_schema, [change]), *answers)
        assert not isinstance(outcome, Done)
        assert ["PATCH", "GET"] == [request.method for request in made]


class TestTestspace:
    @pytest.mark.parametrize(
        ("type_name", "key", "item"),
        [
            ("Project", 5, {"id": 6, "name": "x"}),
            ("Space", 5, {"id": 6, "name": "x"}),
            ("Result", "12/5", {"id": 6, "space_id": 12}),
            ("Result", "12/5", {"id": 5, "space_id": 13}),
            ("Metric", "12/5", {"id": 6, "name": "x"}),
        ],
    )
    def test_another_object_in_place_of_the_one_requested(
        self, ts_schema: Schema, play: Play, type_name: str, key: Any, item: Any
    ) -> None:
        assert "cannot be trusted" in refused(play, Testspace().fetch(ts_schema, [fetch(type_name, key)]), js(item))

    @pytest.mark.parametrize(
        ("type_name", "alias", "item"),
        [
            ("Project", "acme:app", {"id": 6, "name": "acme:other"}),
            ("Space", "acme:app/main", {"id": 6, "name": "master"}),
            ("Result", "12/nightly", {"id": 6, "name": "hourly", "space_id": 12}),
        ],
    )
    def test_another_name(self, ts_schema: Schema, play: Play, type_name: str, alias: str, item: Any) -> None:
        assert "cannot be trusted" in refused(play, Testspace().look_up(ts_schema, type_name, alias), js(item))

    def test_the_same_object_twice_in_a_page(self, ts_schema: Schema, play: Play) -> None:
        assert "twice" in refused(play, Testspace().fetch(ts_schema, [fetch("Project")]), js([{"id": 1}, {"id": 1}]))

    def test_an_update_that_is_answered_with_another_object_is_unknown(self, ts_schema: Schema, play: Play) -> None:
        [outcome], _ = play(Testspace().write(ts_schema, [renamed("Space", 5)]), js({"id": 6, "name": "new"}, 205))
        assert isinstance(outcome, Unknown)
