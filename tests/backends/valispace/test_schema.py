"""The bundled table, and what OPTIONS adds to it."""

from __future__ import annotations

import json
from pathlib import Path as File
from typing import Any, ClassVar

import pytest

from assetmeta.backends.rest.discovery import class_name
from assetmeta.backends.valispace import Valispace
from assetmeta.backends.valispace.connection import bundled
from assetmeta.model.errors import AuthenticationFailed, NotFound, UnknownName
from assetmeta.model.http import Response
from assetmeta.model.schema import Schema

SHARED = File(__file__).resolve().parents[3].parent / "shared" / "reference" / "data" / "valispace"
HINTS = SHARED / "schema_hints.json"
FRAMEWORK = SHARED / "framework" / "options_metadata.json"

KINDS = {
    "to_one": (False, None),
    "to_one_of": (False, None),
    "to_many": (True, None),
    "reverse": (True, None),
    "content_type": (False, None),
    "generic_id": (False, None),
    "generic_object": (False, "object"),
}


def answer(document: Any, status: int = 200) -> Response:
    return Response(status, {"content-type": "application/json"}, json.dumps(document).encode())


@pytest.mark.skipif(not HINTS.exists(), reason="the recorded bodies are not at hand")
class TestTable:
    """The table holds what the reference says."""

    hints = json.loads(HINTS.read_text()) if HINTS.exists() else {}

    def test_every_endpoint_and_field_is_there(self) -> None:
        for path, endpoint in self.hints.items():
            known = bundled().paths[path]
            assert endpoint["model"] == known.model
            assert endpoint["display_field"] == known.display
            assert set() == endpoint["fields"].keys() - known.fields.keys(), path

    def test_every_relation_leads_where_the_reference_says(self) -> None:
        counted = 0
        for path, endpoint in self.hints.items():
            for name, given in endpoint["fields"].items():
                if "relation" not in given:
                    continue
                counted += 1
                relation, known = given["relation"], bundled().paths[path].fields[name]
                many, shape = KINDS[relation["kind"]]
                assert ("Relation", many) == (known.kind, known.many), (path, name)
                assert (relation.get("shape") or shape) == known.shape
                assert relation.get("type_field") == known.type_in
                target = relation.get("target", [])
                paths = [target] if isinstance(target, str) else target
                assert [bundled().paths[each].type for each in paths] == list(known.to), (path, name)
        assert counted >= 117

    def test_access_is_that_of_the_reference_but_for_lists_that_an_action_writes(self) -> None:
        for path, endpoint in self.hints.items():
            for name, given in endpoint["fields"].items():
                known = bundled().paths[path].fields[name]
                assert (given["access"] == "ro") is (known.access == "ro" or known.action is not None), (path, name)

    def test_every_name_in_the_table_exists(self) -> None:
        table = bundled()
        for endpoint in table.types.values():
            for known in endpoint.fields.values():
                assert set(known.to) <= table.types.keys()
                if known.reciprocal and not known.union:
                    assert known.reciprocal in table.types[known.to[0]].fields, (endpoint.path, known)
                if known.reverse_of:
                    assert known.reverse_of in table.types[known.to[0]].filters


class TestSchema:
    """The table alone is enough."""

    def test_reflecting_without_a_survey_sends_nothing(self, vs_schema: Schema) -> None:
        assert {"Vali", "Component", "Requirement", "RequirementVm", "ComponentVm", "Project"} <= set(vs_schema.types)

    def test_a_type_knows_its_wire_path(self, vs_schema: Schema) -> None:
        assert "requirements/component-vms" == vs_schema.type("ComponentVm").endpoint

    def test_values_are_read_only_and_formulas_are_not(self, vs_schema: Schema) -> None:
        vali = vs_schema.type("Vali").attributes
        assert [True, True, False, False] == [vali[n].writable for n in ("formula", "margin_plus", "value", "wc_plus")]
        assert vali["value"].computed and vali["formula"].affects_related

    def test_a_parent_may_be_of_several_types(self, vs_schema: Schema) -> None:
        union = vs_schema.type("ValiParent")
        assert "ValiParent" == vs_schema.attribute("Vali", "parent").related
        assert [True, True, False] == [vs_schema.is_a(n, "ValiParent") for n in ("Component", "Matrix", "Project")]
        assert union.abstract and "unique_name" in union.attributes

    def test_reverse_relations_are_attributes(self, vs_schema: Schema) -> None:
        for owner, name, related in [
            ("Component", "valis", "Vali"),
            ("Component", "children", "Component"),
            ("Project", "requirements", "Requirement"),
            ("Requirement", "verification", "RequirementVm"),
            ("Requirement", "vms", "RequirementVm"),
            ("RequirementVm", "component_vms", "ComponentVm"),
        ]:
            attribute = vs_schema.attribute(owner, name)
            assert (related, True, False) == (attribute.related, attribute.multi, attribute.writable)

    @pytest.mark.parametrize(
        ("path", "name"),
        [
            ("comparison/matrix", "ComparisonMatrix"),
            ("data/custom-states", "DataCustomState"),
            ("valihistory", "Valihistory"),
            ("status", "Status"),
            ("entries", "Entry"),
        ],
    )
    def test_unknown_endpoints_get_singular_names(self, path: str, name: str) -> None:
        assert name == class_name(path)


class TestReflection:
    """What the server says is merged with the table."""

    root: ClassVar[dict[str, str]] = {
        "valis": "http://inner/rest/valis/",
        "requirements/specifications": "https://proxy/base/rest/requirements/specifications/",
        "extras/gadgets": "http://inner/rest/extras/gadgets/",
    }
    types: ClassVar[list[Any]] = [{"id": 171, "model": "file"}, {"id": 61, "model": "vali"}]
    options: ClassVar[dict[str, Any]] = {
        "actions": {
            "POST": {
                "id": {"type": "integer", "read_only": True, "label": "ID"},
                "formula": {"type": "string", "required": True, "label": "Formula"},
                "value": {"type": "float", "read_only": False},
                "unit": {"type": "string", "read_only": True},
                "data_type": {"type": "choice", "choices": [{"value": 0, "display_name": "Scalar"}]},
                "brand_new": {"type": "datetime", "read_only": True, "label": "Brand new"},
            }
        }
    }

    def reflect(self, play: Any, survey: str, *answers: Any) -> tuple[Schema, list[Any]]:
        return play(Valispace(survey=survey).reflect(), answer(self.root), answer(self.types), *answers)

    def test_options_of_every_endpoint_and_a_sample_of_the_unknown(self, play: Any) -> None:
        schema, made = self.reflect(
            play,
            "full",
            answer(self.options),
            answer({}, 405),
            answer({"name": "Gadgets"}),
            answer([{"id": 1, "label": "x", "weight": 1.5, "on": True, "parts": [1], "project": 24}]),
        )
        assert [
            "GET rest/",
            "GET rest/contenttypes/",
            "OPTIONS rest/valis/",
            "OPTIONS rest/requirements/specifications/",
            "OPTIONS rest/extras/gadgets/",
            "GET rest/extras/gadgets/",
        ] == [request.line for request in made]
        gadget = schema.type("ExtraGadget")
        assert "extras/gadgets" == gadget.endpoint
        assert ["Integer", "Text", "Number", "Boolean", "Json", "Relation"] == [
            gadget.attributes[name].kind for name in ("id", "label", "weight", "on", "parts", "project")
        ]
        assert "Project" == gadget.attributes["project"].related

    def test_the_server_says_which_fields_there_are_and_the_table_what_stays_read_only(self, play: Any) -> None:
        schema, _ = self.reflect(play, "full", answer(self.options), answer({}, 405), answer({}), answer([]))
        vali = schema.type("Vali").attributes
        assert [True, False, False] == [vali[name].writable for name in ("formula", "value", "unit")]
        assert [True, False] == [vali[name].basic for name in ("formula", "latex_formula")]
        assert ("DateTime", False, "Brand new") == (
            vali["brand_new"].kind,
            vali["brand_new"].writable,
            vali["brand_new"].label,
        )
        assert 0 == vali["data_type"].codec.parse("scalar")
        assert (61, 171) == (schema.type("Vali").number, schema.type("File").number)

    def test_a_short_survey_asks_about_the_unknown_only(self, play: Any) -> None:
        _, made = self.reflect(play, "root", answer({}, 403), answer([]))
        assert ["OPTIONS rest/extras/gadgets/", "GET rest/extras/gadgets/"] == [request.line for request in made[2:]]

    def test_a_refused_login_is_raised(self, play: Any) -> None:
        with pytest.raises(AuthenticationFailed):
            play(Valispace().reflect(), AuthenticationFailed("no", status=401), answer([]))

    def test_another_site_is_not_taken_for_a_server(self, play: Any) -> None:
        page = Response(404, {"content-type": "text/html"}, b"<!doctype html><html></html>")
        with pytest.raises(NotFound, match="HTML page"):
            play(Valispace().reflect(), page, page)

    def test_a_root_that_is_forbidden_leaves_the_table(self, play: Any) -> None:
        backend = Valispace(survey="root")
        schema, made = play(backend.reflect(), answer({"detail": "no"}, 403), answer({"detail": "no"}, 403))
        assert 2 == len(made)
        assert schema.type("Vali").number is None

    def test_codecs_can_be_made_from_kinds(self, play: Any) -> None:
        schema, _ = self.reflect(play, "full", answer(self.options), answer({}, 405), answer({}), answer([]))
        for kind in schema.types.values():
            for attribute in kind.attributes.values():
                assert attribute.codec == Valispace().codec(attribute.kind, attribute.name, attribute.related)

    @pytest.mark.skipif(not FRAMEWORK.exists(), reason="the recorded bodies are not at hand")
    def test_recorded_metadata_is_understood(self, play: Any) -> None:
        cases = {case["case"]: case["body"] for case in json.loads(FRAMEWORK.read_text())}
        root: ClassVar[dict[str, str]] = {
            name: url for name, url in cases["root"].items() if name in ("components", "valis", "readonly")
        }
        schema, _ = play(
            Valispace().reflect(),
            answer(root),
            answer([]),
            answer(cases["OPTIONS components"]),
            answer(cases["OPTIONS valis"]),
            answer(cases["OPTIONS readonly"]),
            answer([{"id": 1, "name": "a"}]),
        )
        assert schema.attribute("Component", "name").required
        assert "children" in schema.type("Component").attributes
        assert "Text" == schema.attribute("Readonly", "name").kind


def test_an_abstract_type_is_not_read(vs_schema: Schema) -> None:
    with pytest.raises(UnknownName, match="several types"):
        bundled().resource(vs_schema, "ValiParent")
