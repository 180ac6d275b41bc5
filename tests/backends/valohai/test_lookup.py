"""Which requests reading by identity and by other names takes, and what odd answers to them mean."""

from __future__ import annotations

import json
from typing import Any

import pytest

from assetmeta.backends.valohai import Valohai
from assetmeta.backends.valohai.connection import bundled
from assetmeta.model.errors import BadValue, NotFound
from assetmeta.model.http import Request, Response
from assetmeta.model.paths import Path
from assetmeta.model.plans import Fetch
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid

UUID = "01943a8e-45d0-0006-89de-38def87522"
TABLE = bundled()


def key(number: int) -> str:
    return f"{UUID}{number:02}"


def answer(document: Any = None, status: int = 200) -> Response:
    body = b"" if document is None else json.dumps(document).encode()
    return Response(status, {"content-type": "application/json"}, body)


def page(*items: dict[str, Any]) -> Response:
    return answer({"count": len(items), "next": None, "results": list(items)})


def lines(made: list[Request]) -> list[str]:
    return [request.path.removeprefix("api/v0/").strip("/") for request in made]


def named(type_name: str, *keys: Any) -> Fetch:
    return Fetch(type_name, (Path.parse("name"),), oids=tuple(Oid(type_name, each) for each in keys))


class TestIdentities:
    @pytest.mark.parametrize("type_name", ["Project", "Team", "Store", "Environment"])
    def test_one_of_a_short_list_is_read_by_itself_and_two_by_their_list(
        self, type_name: str, vh_schema: Schema, play: Any
    ) -> None:
        path = TABLE.types[type_name].path
        item = {"id": key(1), "name": "a"}
        [found], made = play(Valohai().fetch(vh_schema, [named(type_name, key(1))]), answer(item))
        assert ([f"{path}/{key(1)}"], [key(1)]) == (lines(made), [row.oid.key for row in found.rows])
        two = page(item, {"id": key(2), "name": "b"}, {"id": key(3), "name": "c"})
        [found], made = play(Valohai().fetch(vh_schema, [named(type_name, key(1), key(2))]), two)
        assert ([path], [key(1), key(2)]) == (lines(made), [row.oid.key for row in found.rows])

    def test_who_is_logged_in_is_found_where_users_are_not_listed(self, vh_schema: Schema, play: Any) -> None:
        fetch = Fetch("User", (Path.parse("username"),), oids=(Oid("User", 7), Oid("User", 8)))
        me = answer({"id": 7, "username": "ann"})
        [found], made = play(Valohai().fetch(vh_schema, [fetch]), answer({}, 404), me, answer({}, 404))
        assert ["users", "users/me"] == lines(made)[:2]
        assert [7] == [row.oid.key for row in found.rows]


class TestOtherNames:
    def project(self, number: int, name: str) -> dict[str, Any]:
        return {"id": key(number), "name": name}

    def test_a_name_that_several_have_says_which(self, vh_schema: Schema, play: Any) -> None:
        seven = page(*(self.project(number, "same") for number in range(7)), self.project(8, "other"))
        with pytest.raises(BadValue, match="There are 7 assets of type Project whose name is 'same'") as caught:
            play(Valohai().look_up(vh_schema, "Project", "same"), seven)
        assert [True] * 5 + [False] * 2 == [key(number) in str(caught.value) for number in range(7)]
        row, _ = play(Valohai().look_up(vh_schema, "Project", "other"), seven)
        assert key(8) == row.oid.key
        with pytest.raises(NotFound, match="No Project has the name 'Other'"):
            play(Valohai().look_up(vh_schema, "Project", "Other"), seven)

    def test_an_answer_without_an_id_is_no_asset(self, vh_schema: Schema, play: Any) -> None:
        with pytest.raises(NotFound, match="has no id"):
            play(Valohai().look_up(vh_schema, "Project", "x"), page({"name": "x"}))

    @pytest.mark.parametrize(
        ("type_name", "alias", "why"),
        [
            ("Execution", "5", "give its UUID, <project>:<number> or <project>:latest"),
            ("Execution", f"{key(1)}:x", "give its UUID"),
            ("Execution", f"{key(1)}:-1", "give its UUID"),
            ("Commit", "main", "a commit is found within a project"),
            ("Commit", f"{key(1)}:", "a commit is found within a project"),
            ("PipelineNode", "x", "have no other key"),
        ],
    )
    def test_names_that_are_none_are_refused_unsent(
        self, type_name: str, alias: str, why: str, vh_schema: Schema, play: Any
    ) -> None:
        with pytest.raises(BadValue, match=why) as caught:
            play(Valohai().look_up(vh_schema, type_name, alias))
        assert caught.value.type_name in (type_name, None)

    def test_a_project_in_front_of_a_name_is_a_filter(self, vh_schema: Schema, play: Any) -> None:
        datum = {"name": "best", "datum": {"id": key(5), "name": "x"}}
        row, [request] = play(Valohai().look_up(vh_schema, "Datum", f"{key(1)}:best"), answer(datum))
        assert (key(5), {"name": "best", "project": key(1)}) == (row.oid.key, dict(request.query))
        row, [_, request] = play(
            Valohai().look_up(vh_schema, "Datum", "harbour:best"), page(self.project(1, "harbour")), answer(datum)
        )
        assert (key(5), {"name": "best", "project": key(1)}) == (row.oid.key, dict(request.query))
        row, [request] = play(Valohai().look_up(vh_schema, "Datum", "best"), answer(datum))
        assert {"name": "best"} == dict(request.query)
        for odd in ({"name": "best"}, {"name": "best", "datum": key(5)}, None):
            with pytest.raises(NotFound, match="There is no alias 'best'"):
                play(Valohai().look_up(vh_schema, "Datum", "best"), answer(odd, 200 if odd else 404))
