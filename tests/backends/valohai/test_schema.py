"""The bundled table, and what the API root and OPTIONS add to it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path as File
from typing import Any, ClassVar

import pytest

from assetmeta.backends.rest.codecs import status_kind
from assetmeta.backends.rest.spec import ACCESSES
from assetmeta.backends.valohai import Valohai
from assetmeta.backends.valohai.codecs import codec_for
from assetmeta.backends.valohai.connection import bundled
from assetmeta.model.codecs import Secret
from assetmeta.model.errors import AuthenticationFailed, BadValue, InvalidResponse, UnknownName
from assetmeta.model.http import Response
from assetmeta.model.plans import Fetch
from assetmeta.model.schema import Schema
from assetmeta.model.schema_json import from_text, to_text
from assetmeta.model.values import Oid

REFERENCE = File(__file__).resolve().parents[3].parent / "shared" / "reference" / "valohai.md"

FIELD_TABLES = {"7.1": "projects", "7.2": "executions", "7.4": "pipelines"}
WRITTEN = {"ro": {"ro"}, "act": {"ro"}, "req": {"rw", "new"}, "opt": {"rw", "new"}, "wo": {"wo", "wn"}}


def answer(document: Any, status: int = 200) -> Response:
    return Response(status, {"content-type": "application/json"}, json.dumps(document).encode())


def rows(heading: str) -> list[list[str]]:
    """The rows of the first table below a heading of the reference, without the line of dashes."""
    _, _, text = REFERENCE.read_text(encoding="utf-8").partition(heading)
    table = re.search(r"(?m)^\|.*\n\|-.*\n((?:\|.*\n)+)", text)
    assert table is not None
    return [[cell.strip() for cell in line.strip("|\n").split("|")] for line in table[1].splitlines()]


@pytest.mark.skipif(not REFERENCE.exists(), reason="the recorded bodies are not at hand")
class TestTable:
    """The table holds what the reference says."""

    def test_every_type_is_there_with_its_path(self) -> None:
        _, _, text = REFERENCE.read_text(encoding="utf-8").partition("| type | path | key | create |")
        found = re.findall(r"(?m)^\| (\w+) \| `([\w-]+)/` \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|", text)
        assert len(found) == 22
        for name, path, key, create, _, delete in found:
            endpoint = bundled().paths[path]
            assert name.replace("_", "") == endpoint.type.lower()
            assert ("int" in key) is (endpoint.key == "int"), name
            if create.strip() in ("yes", "no", "via action"):
                assert (create.strip() == "yes") is ("create" in endpoint.writes), name
            if delete.strip() in ("yes", "no", "purge"):
                assert (delete.strip() == "yes") is ("delete" in endpoint.writes), name

    def test_every_filter_is_known(self) -> None:
        counted = 0
        for path, told, *_ in rows("**Filters** are plain query parameters"):
            endpoint = bundled().paths[path.strip("`/")]
            named = set(re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", told))) - {"limit", "no_count", "ordering"}
            lower_trust = (
                {"step"} if endpoint.type == "Execution" else {"project"} if endpoint.type == "Dataset" else set()
            )
            if endpoint.type == "Environment":
                continue
            counted += 1
            assert named - lower_trust <= {known.parameter for known in endpoint.filters.values()} | {"incomplete"}, (
                path
            )
        assert counted >= 12

    @pytest.mark.parametrize(("section", "path"), FIELD_TABLES.items())
    def test_every_field_of_the_large_types_is_there(self, section: str, path: str) -> None:
        endpoint, counted = bundled().paths[path], 0
        written = {known.written_key for known in endpoint.fields.values()}
        for names, _, mode, *_ in rows(f"### {section} "):
            for name in re.sub(r"\*[^*]*\*", "", names).replace(" ", "").split(","):
                known = endpoint.fields[name]
                counted += 1
                if name not in written and mode.split("/")[0].split(" ")[0] in WRITTEN:
                    assert known.access in WRITTEN[mode.split("/")[0].split(" ")[0]] | (
                        {"ro"} if "inferred" in mode or "/act" in mode else set()
                    ), name
        assert counted >= 15


class TestItself:
    """The table fits together."""

    def test_every_name_in_it_exists(self) -> None:
        table = bundled()
        for endpoint in table.types.values():
            assert set(endpoint.orders) <= endpoint.fields.keys()
            assert {path.partition(".")[0] for path in endpoint.filters} <= endpoint.fields.keys()
            for name, known in endpoint.fields.items():
                place = f"{endpoint.path}.{name}"
                assert known.access in ACCESSES and (known.kind == "Relation") is bool(known.to), place
                assert set(known.to) <= table.types.keys(), place
                assert known.union is None or known.union in table.unions, place
                if known.reciprocal:
                    assert known.reciprocal in table.types[known.to[0]].fields, place
                if known.reverse_of and known.reverse_of not in table.types[known.to[0]].filters:
                    assert table.types[known.to[0]].short_list, place


class TestSchema:
    """The table alone is enough."""

    def test_reflecting_without_a_survey_sends_nothing(self, vh_schema: Schema, play: Any) -> None:
        schema, made = play(Valohai(survey="none").reflect())
        assert [] == made
        assert vh_schema.types.keys() == schema.types.keys()

    def test_a_survey_that_there_is_not_is_refused(self) -> None:
        with pytest.raises(BadValue, match="full, root, none"):
            Valohai(survey="all")

    @pytest.mark.parametrize(
        ("owner", "name", "related", "multi", "writable"),
        [
            ("Execution", "project", "Project", False, True),
            ("Execution", "creator", "User", False, False),
            ("Execution", "outputs", "Datum", True, False),
            ("Project", "executions", "Execution", True, False),
            ("Project", "owner", "Owner", False, True),
            ("Project", "upload_store", "Store", False, False),
            ("Commit", "project", "Project", False, False),
            ("Pipeline", "nodes", "PipelineNode", True, False),
            ("PipelineEdge", "source_node", "PipelineNode", False, False),
            ("DatasetVersion", "files", "Datum", True, True),
            ("DeploymentEndpoint", "data", "Datum", True, False),
        ],
    )
    def test_relations(
        self, vh_schema: Schema, owner: str, name: str, related: str, multi: bool, writable: bool
    ) -> None:
        attribute = vh_schema.attribute(owner, name)
        assert (related, multi, writable) == (attribute.related, attribute.multi, attribute.writable)

    def test_an_owner_is_a_user_or_an_organization(self, vh_schema: Schema) -> None:
        assert vh_schema.type("Owner").abstract
        assert [True, True, False] == [vh_schema.is_a(n, "Owner") for n in ("User", "Organization", "Team")]
        with pytest.raises(UnknownName, match="comprises several types"):
            bundled().resource(vh_schema, "Owner")

    def test_what_lists_lack_is_not_loaded_without_being_requested(self, vh_schema: Schema) -> None:
        basic = set(vh_schema.type("Project").basic)
        assert {"name", "owner"} <= basic
        assert basic.isdisjoint({"environment_variables", "executions", "template"})

    def test_operations(self, vh_schema: Schema) -> None:
        assert {"stop", "copy", "add_tags"} == vh_schema.type("Execution").operations.keys()

    def test_configurations_with_keys_in_them_are_secrets(self, vh_schema: Schema) -> None:
        assert vh_schema.attribute("Store", "configuration").is_secret

    def test_a_kept_schema_is_the_same_again(self, vh_schema: Schema) -> None:
        kept = from_text(to_text(vh_schema), Valohai().codec)
        assert {name: dict(kind.attributes) for name, kind in vh_schema.types.items()} == {
            name: dict(kept.type(name).attributes) for name in kept.types
        }


class TestKinds:
    """What comes over the wire, as Python values and back."""

    def test_times_are_aware_also_those_of_events_which_name_no_zone(self) -> None:
        codec = codec_for("DateTime")
        assert datetime(2017, 2, 16, 15, 25, 33, 37000, UTC) == codec.decode("2017-02-16T15:25:33.037000")
        assert datetime(2017, 2, 15, 8, 46, 58, tzinfo=UTC) == codec.decode("2017-02-15T08:46:58Z")

    def test_prices_are_exact(self) -> None:
        assert Decimal("0.00000") == codec_for("Decimal").decode("0.00000")

    def test_lengths_of_time_are_seconds(self) -> None:
        codec = codec_for("Duration")
        assert timedelta(minutes=12, seconds=57) == codec.decode(777) == codec.parse(777) == codec.parse("777")
        assert "777.0" == codec.encode(timedelta(seconds=777))
        with pytest.raises(ValueError, match="not a number"):
            codec.parse("soon")
        with pytest.raises(ValueError, match="too long"):
            codec.parse(1e300)

    def test_a_status_is_read_and_written_in_any_case_and_unknown_ones_pass(self) -> None:
        codec = codec_for(status_kind(("Approved", "Rejected")))
        assert ["Approved", "Approved", "archived"] == [
            codec.parse(text) for text in ("approved", "APPROVED", "archived")
        ]
        assert ["Approved", None] == [codec.decode(raw) for raw in ("approved", None)]
        with pytest.raises(ValueError, match="not a status"):
            codec.parse(5)

    def test_ids_are_texts_whatever_their_version(self) -> None:
        codec = codec_for("Uuid")
        assert "017a849e-9652-e750-d4af-ee173561bffd" == codec.parse("017A849E-9652-E750-D4AF-EE173561BFFD")
        assert "not-really-one" == codec.decode("not-really-one")

    def test_secrets_can_be_read_as_far_as_the_server_tells_them(self) -> None:
        codec = codec_for("SecretJson")
        assert isinstance(codec, Secret)
        assert {"bucket": "b"} == codec.decode('{"bucket":"b"}') == codec.parse({"bucket": "b"})


class TestReflection:
    """What the server says is merged with the table."""

    root: ClassVar[dict[str, str]] = {
        "executions": "http://inner/api/v0/executions/",
        "triggers": "https://proxy/api/v0/triggers/",
        "get-token": "https://proxy/api/v0/get-token/",
    }
    options: ClassVar[dict[str, Any]] = {
        "actions": {
            "POST": {
                "id": {"type": "field", "read_only": True},
                "title": {"type": "string", "required": True, "label": "Title"},
                "kind": {"type": "choice", "choices": [{"value": "webhook", "display_name": "Webhook"}]},
                "enabled": {"type": "boolean"},
            }
        }
    }

    def test_the_root_alone_is_asked_when_it_lists_nothing_new(self, play: Any) -> None:
        schema, made = play(Valohai().reflect(), answer({"executions": self.root["executions"]}))
        assert ["GET api/v0/"] == [request.line for request in made]
        assert "Execution" in schema.types

    def test_an_unknown_collection_becomes_a_type(self, play: Any) -> None:
        schema, made = play(Valohai().reflect(), answer(self.root), answer(self.options))
        assert ["GET api/v0/", "OPTIONS api/v0/triggers/"] == [request.line for request in made]
        trigger = schema.type("Trigger")
        assert ("triggers", "title") == (trigger.endpoint, trigger.display)
        assert [True, False] == [trigger.attributes[name].writable for name in ("enabled", "id")]
        assert "brandnew" == trigger.attributes["kind"].codec.parse("brandnew")
        assert "GetToken" not in schema.types

    def test_one_object_is_looked_at_where_options_are_refused(self, play: Any) -> None:
        sample = {"id": 7, "ctime": "2026-01-01T00:00:00Z", "project": "017a849e-9652-e750-d4af-ee173561bffd", "x": {}}
        page = answer({"count": 1, "next": None, "previous": None, "results": [sample]})
        schema, made = play(Valohai().reflect(), answer(self.root), answer({"detail": "no"}, 403), page)
        assert "GET api/v0/triggers/" == made[-1].line
        attributes = schema.type("Trigger").attributes
        assert "Project" == attributes["project"].related
        assert {"id": "Integer", "ctime": "DateTime", "project": "Relation", "x": "Json"} == {
            name: attributes[name].kind for name in sample
        }
        assert "int" == bundled().resource(schema, "Trigger").key

    def test_assets_of_an_unknown_collection_are_read_like_others(self, play: Any) -> None:
        backend = Valohai()
        schema, _ = play(backend.reflect(), answer(self.root), answer(self.options))
        item = {"id": "t", "title": "Nightly", "enabled": True, "extra": [1]}
        [rows], [request] = play(
            backend.fetch(schema, [Fetch("Trigger")]), answer({"count": 1, "next": None, "results": [item]})
        )
        assert "GET api/v0/triggers/" == request.line
        [row] = rows.rows
        assert {**item, "extra": "[1]"} == dict(zip(row.columns, row.values, strict=True))
        [rows], [request] = play(backend.fetch(schema, [Fetch("Trigger", oids=(Oid("Trigger", "t"),))]), answer(item))
        assert "GET api/v0/triggers/t/" == request.line

    def test_options_of_every_list_add_labels_and_fields(self, play: Any) -> None:
        listed = [path for path, endpoint in bundled().paths.items() if endpoint.listed]
        said = {"actions": {"POST": {"name": {"type": "string", "label": "Its name"}, "colour": {"type": "string"}}}}
        answers = [answer(said) if path == "projects" else answer({}, 405) for path in listed]
        schema, made = play(Valohai(survey="full").reflect(), answer({}), *answers)
        assert [f"OPTIONS api/v0/{path}/" for path in listed] == [request.line for request in made[1:]]
        project = schema.type("Project").attributes
        assert ("Its name", True) == (project["name"].label, project["colour"].writable)

    @pytest.mark.parametrize("status", [403, 404, 405])
    def test_a_root_that_is_not_shown_leaves_the_table(self, play: Any, status: int) -> None:
        schema, _ = play(Valohai().reflect(), answer({"detail": "no"}, status))
        assert "Execution" in schema.types

    def test_a_refused_login_and_another_site_are_reported(self, play: Any) -> None:
        with pytest.raises(AuthenticationFailed, match="Invalid token"):
            play(Valohai().reflect(), answer({"detail": "Invalid token."}, 401))
        with pytest.raises(InvalidResponse, match="HTML page"):
            play(Valohai().reflect(), Response(200, {"content-type": "text/html"}, b"<!DOCTYPE html><p>Welcome"))
