"""Pages that move, conditions as parameters, keys and aliases: the pieces of reading, one by one."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from assetmeta.backends.rest import pushdown
from assetmeta.backends.rest.pushdown import Pushdown
from assetmeta.backends.rest.spec import Resource
from assetmeta.backends.valohai import Valohai
from assetmeta.backends.valohai.codecs import Seconds
from assetmeta.backends.valohai.connection import Settings, bundled
from assetmeta.backends.valohai.keys import (
    commit_parts,
    condition_key,
    filter_text,
    member_parts,
    parse_key,
    require_key,
)
from assetmeta.backends.valohai.pages import count_rows, read_all
from assetmeta.model.conditions import And, Compare, Exists, Not, Or, RawFilter, Term
from assetmeta.model.errors import (
    AuthenticationFailed,
    BadValue,
    InvalidResponse,
    NotFound,
    Rejected,
    ResultChanged,
    ServerError,
    ServerFailed,
    Unsupported,
)
from assetmeta.model.http import Response
from assetmeta.model.paths import Path
from assetmeta.model.plans import Fetch
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid

PROJECT = "01943a8e-45d0-0006-89de-38def875223b"
OTHER = "01943a8e-45d0-0006-89de-38def875223c"


def push_down(resource: Resource, fetch: Fetch) -> Pushdown:
    return pushdown.push_down(resource, fetch, condition_key, filter_text)


def answer(document: Any, status: int = 200) -> Response:
    return Response(status, {"content-type": "application/json"}, json.dumps(document).encode())


def page(ids: str, count: int | None, *, more: bool = False) -> Response:
    link = "https://host/api/v0/data/?offset=2" if more else None
    return answer({"count": count, "next": link, "previous": None, "results": [{"id": each} for each in ids]})


class TestPaging:
    """A list that changes while it is read is whole, or said to have moved."""

    def read(self, play: Any, *pages: Response) -> str:
        found, made = play(read_all("api/v0/data/", (), Settings(sweep=2)), *pages)
        assert len(pages) == len(made)
        return "".join(item["id"] for item in found)

    def test_pages_overlap_by_one(self, play: Any) -> None:
        assert "abcd" == self.read(play, page("ab", 4, more=True), page("bcd", 4))

    def test_what_comes_in_before_is_passed_over(self, play: Any) -> None:
        assert "abcd" == self.read(play, page("ab", 4, more=True), page("abc", 5, more=True), page("cd", 5))

    def test_what_goes_before_is_noticed(self, play: Any) -> None:
        with pytest.raises(ResultChanged, match="after 2 of 4 rows"):
            self.read(play, page("ab", 4, more=True), page("cd", 3))

    def test_what_goes_behind_is_no_loss(self, play: Any) -> None:
        assert "abc" == self.read(play, page("ab", 4, more=True), page("bc", 3))

    def test_an_end_before_the_count_is_noticed(self, play: Any) -> None:
        with pytest.raises(ResultChanged, match="after 2 of 4 rows"):
            self.read(play, page("ab", 4))

    def test_a_next_page_that_brings_nothing_is_noticed(self, play: Any) -> None:
        with pytest.raises(ResultChanged):
            self.read(play, page("ab", 4, more=True), page("b", 4, more=True))

    def test_a_server_may_send_fewer_rows_than_were_requested(self, play: Any) -> None:
        assert "abc" == self.read(play, page("a", 3, more=True), page("ab", 3, more=True), page("bc", 3))

    def test_uncounted_lists_and_bare_arrays(self, play: Any) -> None:
        assert "abc" == self.read(play, page("ab", None, more=True), page("bc", None))
        assert "ab" == self.read(play, answer([{"id": "a"}, {"id": "b"}]))

    def test_a_start_beyond_the_end_is_no_loss(self, play: Any, vh_schema: Schema) -> None:
        wanted = Fetch("Datum", start=10, size=5)
        [rows], [request] = play(Valohai().fetch(vh_schema, [wanted]), page("", 4))
        assert ((), False) == (rows.rows, rows.more)
        assert {"offset": "10", "limit": "5", "no_count": "true"}.items() <= dict(request.query).items()


class TestFiltersThatAreRefused:
    """A list by an object that does not exist is empty; by nothing else does a refusal become an empty list."""

    PROJECT = (("project", "01943a8e-45d0-0006-89de-38def875223b"),)

    def test_an_object_that_does_not_exist_has_nothing(self, play: Any) -> None:
        refusal = answer({"project": [{"message": "Invalid pk.", "code": "does_not_exist"}]}, 400)
        assert [] == play(read_all("api/v0/data/", self.PROJECT, Settings()), refusal)[0]
        assert 0 == play(count_rows("api/v0/data/", self.PROJECT, Settings()), refusal)[0]

    @pytest.mark.parametrize(
        ("query", "blamed"),
        [
            ((("status", "error"), ("status", "crashed")), "status"),
            ((("status", "eror"),), "status"),
            ((("project", "a"), ("ordering", "-counter")), "ordering"),
        ],
    )
    def test_any_other_refusal_is_reported(self, play: Any, query: Any, blamed: str) -> None:
        refusal = answer({blamed: ["Select a valid choice."]}, 400)
        with pytest.raises(Rejected, match="valid choice"):
            play(read_all("api/v0/executions/", query, Settings()), refusal)
        with pytest.raises(Rejected, match="valid choice"):
            play(count_rows("api/v0/executions/", query, Settings()), refusal)

    def test_what_goes_away_between_two_pages_ends_no_list(self, play: Any) -> None:
        refusal = answer({"project": ["Invalid pk."]}, 400)
        with pytest.raises(Rejected, match="Invalid pk"):
            play(read_all("api/v0/data/", self.PROJECT, Settings(sweep=2)), page("ab", 4, more=True), refusal)


class TestNarrowing:
    """Only documented filters go along, and only values that have a spelling there."""

    def query(self, name: str, where: Term | None, **more: Any) -> list[str]:
        found = push_down(bundled().types[name], Fetch(name, where=where, **more))
        return ["&".join("=".join(pair) for pair in query) for query in found.queries]

    def equal(self, name: str, *values: object) -> Compare:
        return Compare(Path.parse(name), "=", values)

    def test_repeated_values_are_one_list_where_the_server_takes_them(self) -> None:
        assert ["counter=1&counter=2&deleted=false"] == self.query("Execution", self.equal("counter", 1, 2))

    def test_elsewhere_each_value_is_a_list(self) -> None:
        both = self.equal("project", Oid("Project", PROJECT), Oid("Project", OTHER))
        assert [f"project={PROJECT}", f"project={OTHER}"] == self.query("Deployment", both)

    def test_too_many_lists_are_none(self) -> None:
        many = self.equal("project", *(Oid("Project", str(number)) for number in range(21)))
        assert [""] == self.query("Deployment", many)

    @pytest.mark.parametrize("value", ["", "a,b", None, 1.5])
    def test_what_has_no_spelling_is_looked_at_here(self, value: object) -> None:
        assert ["deleted=false"] == self.query("Datum", self.equal("tags", value))

    def test_lists_that_may_overlap_are_not_split(self) -> None:
        assert ["deleted=false"] == self.query("Datum", self.equal("tags", "a", "b"))
        assert ["tag=a&deleted=false"] == self.query("Datum", self.equal("tags", "a"))

    def test_other_conditions_stay_here(self) -> None:
        for term in (
            Compare(Path.parse("counter"), ">", (5,)),
            Exists(Path.parse("task")),
            Or((self.equal("counter", 1), self.equal("status", "error"))),
            Not(self.equal("status", "error")),
            self.equal("step", "train"),
        ):
            assert ["deleted=false"] == self.query("Execution", term)

    def test_deleted_ones_come_when_they_are_requested(self) -> None:
        assert [""] == self.query("Execution", None, deleted=True)
        assert ["deleted=true"] == self.query("Execution", self.equal("deleted", True))

    def test_ids_are_read_as_such(self) -> None:
        found = push_down(bundled().types["Datum"], Fetch("Datum", where=self.equal("id", PROJECT.upper(), "nonsense")))
        assert (PROJECT,) == found.keys

    def test_a_count_is_exact_only_where_all_conditions_are(self) -> None:
        project = self.equal("project", Oid("Project", PROJECT))
        execution = bundled().types["Execution"]
        assert push_down(execution, Fetch("Execution", where=project)).exact
        assert not push_down(execution, Fetch("Execution", where=And((project, self.equal("step", "x"))))).exact
        assert not push_down(bundled().types["Datum"], Fetch("Datum", where=self.equal("name", "x"))).exact


class TestKeys:
    """Texts as keys, and what is none."""

    @pytest.mark.parametrize(
        ("name", "text", "key"),
        [
            ("Execution", PROJECT.upper(), PROJECT),
            ("Execution", f"{PROJECT}:4", None),
            ("Execution", "4", None),
            ("User", "12", 12),
            ("User", "ann", None),
            ("Commit", f"{PROJECT}/~f00d", f"{PROJECT}/~f00d"),
            ("Commit", "main", None),
            ("Commit", f"{PROJECT}/", None),
            ("PipelineNode", f"{PROJECT}/{OTHER}", f"{PROJECT}/{OTHER}"),
            ("PipelineNode", OTHER, None),
        ],
    )
    def test_texts_that_are_keys(self, name: str, text: str, key: object) -> None:
        assert key == parse_key(bundled().types[name], text)

    @pytest.mark.parametrize("key", ["new-1", "a/b", "../users", "..", "a b", "x?y"])
    def test_what_cannot_stand_in_a_path(self, key: str) -> None:
        with pytest.raises(BadValue):
            require_key(bundled().types["Execution"], key)

    @pytest.mark.parametrize("raw", [Decimal("1e300"), 10**400])
    def test_a_length_of_time_beyond_all_times_cannot_be_read(self, raw: Any) -> None:
        with pytest.raises(ValueError, match="too long a time"):
            Seconds().decode(raw)

    def test_keys_of_two_parts(self) -> None:
        assert (PROJECT, "~f00d") == commit_parts(f"{PROJECT}/~f00d")
        assert (None, "feature/x") == commit_parts("-/feature/x")
        assert (PROJECT, OTHER) == member_parts(f"{PROJECT}/{OTHER}", "PipelineNode")
        for broken in ("main", "x/main", f"{PROJECT}/"):
            with pytest.raises(BadValue, match="names no project"):
                commit_parts(broken)
        with pytest.raises(BadValue, match="what it is part of"):
            member_parts(OTHER, "PipelineNode")

    def test_a_number_is_a_key_once_it_was_met(self) -> None:
        backend = Valohai()
        assert backend.key_of("Task", f"{PROJECT}:4") is None
        backend.memory.remember(Oid("Task", OTHER), PROJECT, 4)
        assert OTHER == backend.key_of("Task", f"{PROJECT.upper()}:4")
        assert backend.key_of("Task", f"{PROJECT}:latest") is None

    def test_branches_slugs_and_owners_are_written_as_they_are_given(self) -> None:
        backend = Valohai()
        taken = {name: backend.taken_by_alias(name) for name in ("Commit", "Environment", "Owner", "Project")}
        assert {"Commit": True, "Environment": True, "Owner": True, "Project": False} == taken

    def test_two_of_a_name_are_distinguished_by_the_caller(self, vh_schema: Schema, play: Any) -> None:
        twins = answer([{"id": PROJECT, "name": "x"}, {"id": OTHER, "name": "x"}])
        with pytest.raises(BadValue, match="2 assets of type Project whose name is 'x'"):
            play(Valohai().look_up(vh_schema, "Project", "x"), twins)


class TestRefusals:
    """What no request could answer is refused before one is sent; what the server refuses is told in its words."""

    @pytest.mark.parametrize(
        "wanted",
        [
            Fetch("Execution", history=True),
            Fetch("Execution", asof="2026-01-01"),
            Fetch("Execution", where=RawFilter("step = 'x'")),
            Fetch("PipelineNode"),
            Fetch("DeploymentEndpoint"),
        ],
    )
    def test_what_cannot_be(self, vh_schema: Schema, wanted: Fetch) -> None:
        with pytest.raises(Unsupported):
            Valohai().fetch(vh_schema, [wanted])

    @pytest.mark.parametrize(
        ("status", "document", "error", "words"),
        [
            (401, {"detail": "Invalid token."}, AuthenticationFailed, "Invalid token"),
            (403, {"detail": "You may not."}, Rejected, "You may not"),
            (404, {"detail": "Not found."}, NotFound, "Not found"),
            (405, {"error": "Oh no!"}, Rejected, "Oh no!"),
            (429, {"detail": "Request was throttled. Expected available in 5 seconds."}, Rejected, "throttled"),
            (500, {"message": "broken", "code": None}, ServerFailed, "broken"),
            (400, {"limit": [{"message": "Too large.", "code": "invalid"}, "really"]}, Rejected, "Too large"),
        ],
    )
    def test_errors_in_json(
        self, vh_schema: Schema, play: Any, status: int, document: Any, error: type[ServerError], words: str
    ) -> None:
        with pytest.raises(error, match=words) as caught:
            play(Valohai().fetch(vh_schema, [Fetch("Project")]), answer(document, status))
        assert status == caught.value.status

    def test_pages_for_people_are_no_answers(self, vh_schema: Schema, play: Any) -> None:
        html = b"<!DOCTYPE html><title>Server Error</title>"
        for status, error in ((500, ServerFailed), (200, InvalidResponse)):
            with pytest.raises(error, match="HTML page"):
                play(
                    Valohai().fetch(vh_schema, [Fetch("Project")]),
                    Response(status, {"content-type": "text/html"}, html),
                )
