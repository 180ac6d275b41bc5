"""Valohai's kinds of values, and what a read is explained as."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from assetmeta.backends.valohai import Valohai, calls, pushdown
from assetmeta.backends.valohai.codecs import Inputs, JsonDocument, Seconds, SecretDocument, Source, Uuid, is_uuid
from assetmeta.backends.valohai.connection import Settings, bundled
from assetmeta.backends.valohai.files import local_name, local_parts
from assetmeta.model.conditions import And, Compare, Exists, Not, Or, Term
from assetmeta.model.errors import BadValue, InvalidResponse
from assetmeta.model.http import Response
from assetmeta.model.paths import Path
from assetmeta.model.plans import Fetch, Sort
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid

KEY = "01943a8e-45d0-0006-89de-38def875223b"
RUN, DATUM = Oid("Execution", KEY), Oid("Datum", KEY)


class TestUuids:
    @pytest.mark.parametrize(
        ("text", "holds"),
        [(KEY, True), (KEY.upper(), True), (KEY[:-1], False), (KEY + "0", False), (KEY.replace("-", ""), False),
         (KEY[:-1] + "ä", False), ("", False)],
    )  # fmt: skip
    def test_the_form_of_a_uuid(self, text: str, holds: bool) -> None:
        assert holds is is_uuid(text)

    def test_values(self) -> None:
        codec = Uuid()
        assert [KEY, KEY, KEY, "Another", None] == [
            codec.parse(value) for value in (uuid.UUID(KEY), f" {KEY.upper()} ", KEY, " Another ", None)
        ]
        assert [None, "5", KEY.upper()] == [codec.decode(raw) for raw in (None, 5, KEY.upper())]
        assert ["", KEY] == [codec.encode(value) for value in (None, KEY)]
        for bad in (5, "", "  ", True, [KEY]):
            with pytest.raises(ValueError, match="is not a UUID"):
                codec.parse(bad)


class TestSeconds:
    def test_values(self) -> None:
        codec, minute = Seconds(), timedelta(seconds=60)
        assert [minute, minute, timedelta(), timedelta(seconds=0.5), None] == [
            codec.parse(value) for value in (60, minute, 0, "0.5", None)
        ]
        assert [minute, minute, timedelta(), None, None] == [codec.decode(raw) for raw in (60, "60", 0, None, "")]
        assert ["60.0", "0.0", "", ""] == [codec.encode(value) for value in (minute, timedelta(), None, 5)]

    @pytest.mark.parametrize("bad", [-1, timedelta(microseconds=-1), 1e300, "x", True])
    def test_what_is_no_length_of_time(self, bad: object) -> None:
        with pytest.raises(ValueError, match="negative|too long|not a number"):
            Seconds().parse(bad)


class TestSources:
    """Who made a version of a model."""

    @pytest.mark.parametrize(
        ("given", "found"),
        [
            (RUN, {"type": "execution", "id": KEY}),
            (Oid("Pipeline", KEY), {"type": "pipeline", "id": KEY}),
            ({"execution": KEY}, {"type": "execution", "id": KEY}),
            ({"pipeline": RUN}, {"type": "pipeline", "id": KEY}),
            ({"type": "manual"}, {"type": "manual"}),
            ({"type": "execution", "id": KEY}, {"type": "execution", "id": KEY}),
            (None, None),
        ],
    )
    def test_what_is_taken(self, given: object, found: object) -> None:
        assert found == Source().parse(given)

    @pytest.mark.parametrize(
        "bad", [{}, [], DATUM, {"execution": 5}, {"task": KEY}, {"execution": KEY, "pipeline": KEY}]
    )
    def test_what_is_none(self, bad: object) -> None:
        with pytest.raises(ValueError, match="the execution or pipeline"):
            Source().parse(bad)


class TestDocuments:
    def test_inputs_name_files_by_their_address(self) -> None:
        given = {"a": [DATUM, "s3://x"], "b": DATUM}
        assert {"a": [f"datum://{KEY}", "s3://x"], "b": f"datum://{KEY}"} == Inputs().parse(given)
        with pytest.raises(ValueError, match="is not a file"):
            Inputs().parse({"a": [RUN]})

    def test_commits_are_named_by_their_identifier(self) -> None:
        assert {"a": "abc", "b": KEY} == JsonDocument().parse({"a": Oid("Commit", f"{KEY}/abc"), "b": RUN})

    @pytest.mark.parametrize("read", [True, False])
    def test_variables_at_any_depth_are_concealed(self, read: bool) -> None:
        document = {
            "nodes": [{"environment_variables": {"A": "quiet"}}],
            "environment_variables": ["quiet"],
            "b": "loud",
        }
        codec = JsonDocument()
        found = codec.decode(codec.encode(document)) if read else codec.parse(document)
        assert document == found
        assert "quiet" not in repr(found)
        assert "loud" in repr(found)

    def test_secret_documents_show_their_keys(self) -> None:
        codec = SecretDocument()
        for found in (codec.parse({"key": "quiet"}), codec.decode('{"key":"quiet"}')):
            assert {"key": "quiet"} == found
            assert "quiet" not in repr(found) and "key" in repr(found)
            assert '{"key":"quiet"}' == codec.encode(found)
        assert "quiet" not in repr(codec.parse("quiet"))
        assert codec.parse(None) is None


class TestFileNames:
    def test_what_the_bytes_are_compared_with(self) -> None:
        assert {name: name for name in ("size", "sha256", "sha1", "md5")} == Valohai().file_facts

    def test_the_last_part_and_all_parts(self) -> None:
        assert ["b.txt", "a.txt", "datum"] == [local_name(given) for given in ("a/b.txt", "a.txt", "")]
        assert ["a", "b.txt"] == local_parts("a/b.txt") == local_parts("/a//../b.txt") == local_parts("a\\.\\b.txt")
        assert ["datum"] == local_parts("") == local_parts("../..") == local_parts(" / ")


def path(text: str) -> Path:
    return Path.parse(text)


class TestExplanation:
    """A read in words."""

    def told(self, schema: Schema, fetch: Fetch) -> list[str]:
        return Valohai().explain(schema, fetch).splitlines()

    def test_a_window_that_the_server_cuts(self, vh_schema: Schema) -> None:
        where = Compare(path("project"), "=", (Oid("Project", KEY),))
        select = path("title"), path("metadata"), path("commit.project.name"), path("outputs.name")
        assert [
            f"GET api/v0/executions/?project={KEY}&deleted=false&ordering=-counter&limit=13,"
            " and on until the window is full",
            "then metadata: each Execution by itself, concurrently; lists do not contain it",
            "then what commit leads to, as far as it is not there already, for all at once",
            "then what commit.project leads to, as far as it is not there already, for all at once",
            "then outputs: a list by output_execution for each Execution, or one for all of a project",
            f"the server filters: project='Project:{KEY}'",
            f"filtered here, again: project='Project:{KEY}'",
            "sorted by the server: -counter",
            "cut by the server: 10 from 3",
        ] == self.told(vh_schema, Fetch("Execution", select, where, (Sort(path("counter"), True),), 3, 10))

    def test_a_window_that_is_cut_here(self, vh_schema: Schema) -> None:
        where = Compare(path("duration"), ">", (timedelta(1),))
        told = self.told(vh_schema, Fetch("Execution", (path("title"),), where, (Sort(path("duration")),), 5))
        assert "GET api/v0/executions/?deleted=false&" in told[0]
        assert ["the server filters nothing: the whole list is read", f"filtered here: {where}"] == told[1:3]
        assert ["sorted here: duration", "cut here: all from 5"] == told[3:]

    def test_a_whole_list(self, vh_schema: Schema) -> None:
        assert [
            "GET api/v0/projects/?limit=1000, and on until the end",
            "the server filters nothing: the whole list is read",
        ] == self.told(vh_schema, Fetch("Project", (path("name"),)))

    def test_what_is_read_by_identity_or_as_a_part_of_others(self, vh_schema: Schema) -> None:
        oids = (RUN, RUN, Oid("Execution", KEY.replace("b", "c")))
        assert ["read 2 Execution by identity"] == self.told(vh_schema, Fetch("Execution", (path("id"),), oids=oids))
        where = Compare(path("pipeline"), "=", (Oid("Pipeline", KEY), Oid("Pipeline", KEY.replace("b", "c"))))
        [told, *rest] = self.told(vh_schema, Fetch("PipelineNode", (path("name"),), where))
        assert "read 2 Pipeline that they are part of" == told
        assert "whole list" not in "\n".join(rest)

    def test_lists_below_an_object_and_what_must_be_requested(self, vh_schema: Schema) -> None:
        told = self.told(vh_schema, Fetch("ModelVersion", (path("source_data.name"),)))
        assert "then source_data: a list for each ModelVersion, concurrently" in told
        assert "include=config&" in self.told(vh_schema, Fetch("Commit", (path("config"),)))[0]

    def test_relations_by_name(self, vh_schema: Schema) -> None:
        where = And((Compare(path("project.name"), "=", ("x",)),))
        first, second, *_ = self.told(vh_schema, Fetch("Execution", (path("title"),), where))
        assert first.startswith("GET api/v0/projects/, for the project that project.name='x' means")
        assert second.startswith("GET api/v0/executions/?")


class TestAddresses:
    def test_where_people_see_an_object(self) -> None:
        addressed = Valohai().address
        assert f"api/v0/executions/{KEY}/" == addressed(RUN)
        assert "api/v0/commits/abc/" == addressed(Oid("Commit", f"{KEY}/abc"))
        assert f"api/v0/pipelines/{KEY}/" == addressed(Oid("PipelineNode", f"{KEY}/5"))
        assert f"api/v0/deployment-endpoints/{KEY}/" == addressed(Oid("DeploymentEndpoint", KEY))
        assert "api/v0/" == addressed(Oid("Unheard", 5))


class TestCalls:
    """What is read besides assets."""

    @pytest.mark.parametrize(
        ("flow", "line"),
        [
            (calls.profile(Settings()), "users/me/"),
            (calls.metadata(RUN, Settings()), f"executions/{KEY}/metadata/"),
            (
                calls.endpoint_logs(Oid("DeploymentEndpoint", KEY), None, None, Settings()),
                f"deployment-endpoints/{KEY}/logs/",
            ),
        ],
    )
    def test_answers_as_they_come(self, play: Any, flow: Any, line: str) -> None:
        found, [request] = play(flow, json_answer('{"a": 1}'))
        assert ({"a": 1}, f"GET api/v0/{line}", ()) == (found, request.line, request.query)

    def test_the_logs_of_an_endpoint_between_moments(self, play: Any) -> None:
        oid = Oid("DeploymentEndpoint", KEY)
        for start, end, query in (("a", None, (("start", "a"),)), ("a", "b", (("start", "a"), ("end", "b")))):
            _, [request] = play(calls.endpoint_logs(oid, start, end, Settings()), json_answer("{}"))
            assert query == request.query

    def test_a_name_for_the_next_version(self, play: Any) -> None:
        oid = Oid("Deployment", KEY)
        assert "20260301.0" == play(calls.suggested_name(oid, Settings()), json_answer('{"name": "20260301.0"}'))[0]
        with pytest.raises(InvalidResponse, match="suggests no name"):
            play(calls.suggested_name(oid, Settings()), json_answer('{"name": 5}'))

    def test_who_can_own_a_project(self, play: Any) -> None:
        assert ("a", "5") == play(calls.ownership_options(Settings()), json_answer('["a", 5]'))[0]
        assert () == play(calls.ownership_options(Settings()), json_answer("{}"))[0]

    def test_the_datum_that_an_alias_means(self, play: Any) -> None:
        project = Oid("Project", KEY)
        for body in ('{"name": "latest", "datum": {"id": 5}}', '{"datum": {"id": 5}}'):
            found, [request] = play(calls.resolve_alias("latest", project, Settings()), json_answer(body))
            assert ({"id": 5}, (("name", "latest"), ("project", KEY))) == (found, request.query)
        for body in ('{"name": "other", "datum": {"id": 5}}', '{"name": "latest", "datum": 5}'):
            with pytest.raises(InvalidResponse):
                play(calls.resolve_alias("latest", project, Settings()), json_answer(body))

    def test_a_table_of_metadata_is_of_some_execution(self, play: Any) -> None:
        with pytest.raises(BadValue, match="at least one"):
            play(calls.metadata_csv([], Settings()))


def json_answer(text: str) -> Response:
    return Response(200, {"content-type": "application/json"}, text.encode())


class TestConditions:
    """Conditions are checked with what their words and owners mean."""

    def interpret(self, schema: Schema, term: Term) -> Term:
        return pushdown.interpret(schema, bundled(), bundled().types["Execution"], term)

    def test_a_word_stands_for_its_states_wherever_it_is(self, vh_schema: Schema) -> None:
        words = bundled().types["Execution"].words["status"]
        status = Compare(path("status"), "=", ("incomplete",))
        plain = Compare(path("status"), "=", tuple(words["incomplete"]))
        title = Compare(path("title"), "=", ("incomplete",))
        assert len(words["incomplete"]) > 1
        for given, found in (
            (status, plain),
            (title, title),
            (Not(status), Not(plain)),
            (And((title, status)), And((title, plain))),
            (Or((Not(status), title)), Or((Not(plain), title))),
            (Exists(path("status")), Exists(path("status"))),
        ):
            assert found == self.interpret(vh_schema, given)

    def test_every_owner_may_be_a_user_or_an_organization(self, vh_schema: Schema) -> None:
        owners = (Oid("User", 1), Oid("Organization", 2), Oid("User", 1))
        found = self.interpret(vh_schema, Compare(path("project.owner"), "=", owners))
        assert isinstance(found, Compare)
        assert {Oid(name, key) for name in ("User", "Organization") for key in (1, 2)} == set(found.values)
        assert 4 == len(found.values)
        creators = Compare(path("creator"), "=", (Oid("User", 1), Oid("User", 2)))
        assert creators == self.interpret(vh_schema, creators)

    def test_pieces_of_json_are_compared_as_they_are(self, vh_schema: Schema) -> None:
        term = Compare(path("inputs"), "=", ([1], [1]))
        assert term == self.interpret(vh_schema, term)
