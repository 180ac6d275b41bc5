"""OPTIONS: what every path says about itself, in the shape of Django REST framework."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from assetmeta import sandbox
from nonempty import nonempty
from sandbox.valispace.web import Web, recorded, told

CASES = {case["case"]: case for case in recorded("framework/options_metadata.json") or []}
TYPES = {
    *("field", "boolean", "string", "url", "email", "regex", "slug", "integer", "float", "decimal", "date"),
    *("datetime", "time", "duration", "choice", "multiple choice", "file upload", "image upload", "list"),
    "nested object",
}


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with sandbox.running("valispace") as server:
        yield Web(server)


def options(web: Web, path: str) -> Any:
    return told(web.send("OPTIONS", path), 200)


class TestShape:
    def test_the_root(self, web: Web) -> None:
        assert options(web, "") == {
            "name": "Api Root",
            "description": "The default basic root view for DefaultRouter",
            "renders": ["application/json", "text/html"],
            "parses": ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"],
        }

    @pytest.mark.parametrize(("case", "path"), [("OPTIONS components", "components/"), ("OPTIONS valis", "valis/")])
    def test_recorded_fields_look_the_same(self, web: Web, case: str, path: str) -> None:
        if case not in CASES:
            pytest.skip("the recorded bodies are not at hand")
        expected, got = CASES[case]["body"], options(web, path)
        assert {key: got[key] for key in ("name", "renders", "parses")} == {
            key: expected[key] for key in ("name", "renders", "parses")
        }
        common = expected["actions"]["POST"].keys() & got["actions"]["POST"].keys()
        for name in common - {"project", "data_type", "owner"}:
            left, right = expected["actions"]["POST"][name], got["actions"]["POST"][name]
            if right["type"] == "string" == left["type"] or right == left:
                assert (left["required"], left["read_only"], left["label"]) == (
                    right["required"],
                    right["read_only"],
                    right["label"],
                )
            else:
                assert name == "name" and path == "valis/", (name, left, right)

    def test_every_list_of_the_root(self, web: Web) -> None:
        for name in nonempty(web.get("")):
            answer = web.send("OPTIONS", f"{name}/")
            told(answer, 200)
            about, writable = answer.json(), "POST" in answer.headers["Allow"]
            assert ("actions" in about) is writable, name
            for field, described in about.get("actions", {}).get("POST", {}).items():
                assert described["type"] in TYPES, (name, field)
                assert list(described)[:4] == ["type", "required", "read_only", "label"], (name, field)

    def test_one_object(self, web: Web) -> None:
        component = web.component("Meta", web.project("meta"))
        about = options(web, f"components/{component}/")
        assert about["name"] == "Component Instance"
        assert about["actions"]["PUT"] == options(web, "components/")["actions"]["POST"]
        assert web.send("OPTIONS", f"components/{component}/").headers["Allow"] == (
            "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"
        )

    def test_an_object_that_is_not_there_has_no_fields(self, web: Web) -> None:
        assert "actions" not in options(web, "components/999999/")


class TestFields:
    def test_relations_are_plain_fields(self, web: Web) -> None:
        fields = options(web, "components/")["actions"]["POST"]
        for name in ("parent", "project", "tags", "children", "valis"):
            assert fields[name]["type"] == "field", name
        assert (fields["tags"]["read_only"], fields["children"]["read_only"]) == (False, True)

    def test_owners_are_nested(self, web: Web) -> None:
        owner = options(web, "requirements/")["actions"]["POST"]["owner"]
        assert owner["type"] == "nested object"
        assert owner["children"]["contenttype"] == {
            "type": "integer",
            "required": True,
            "read_only": False,
            "label": "Contenttype",
        }

    def test_lengths_and_choices(self, web: Web) -> None:
        assert options(web, "components/")["actions"]["POST"]["name"] == {
            "type": "string",
            "required": True,
            "read_only": False,
            "label": "Name",
            "max_length": 100,
        }
        choices = options(web, "files/")["actions"]["POST"]["file_type"]["choices"]
        assert [choice["value"] for choice in choices] == [1, 2, 3]

    def test_names_of_views(self, web: Web) -> None:
        assert options(web, "requirements/requirement-vms/")["name"] == "Requirement VM List"
        assert options(web, "testing/test-procedure-steps/")["name"] == "Test Procedure Step List"
        assert options(web, "requirements/bulk-update/")["name"] == "Bulk Update"

    def test_required_fields_are_those_that_a_post_misses(self, web: Web) -> None:
        for name in ("valis", "tag", "requirements", "matrices", "files/folders"):
            fields = options(web, f"{name}/")["actions"]["POST"]
            required = {field for field, about in fields.items() if about["required"]}
            assert set(web.post(f"{name}/", {}, 400)) == required, name

    def test_keys_of_objects_are_the_fields(self, web: Web) -> None:
        component = web.component("Keys", web.project("keys"))
        vali = web.vali("Mass", component)
        for path in (f"components/{component}/", f"valis/{vali}/"):
            assert list(web.get(path)) == list(options(web, path)["actions"]["PUT"])
