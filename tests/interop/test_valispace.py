"""The vendor's own Python client, valispace 0.1.24.1, drives the sandbox through each of its public functions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from assetmeta import sandbox

valispace = pytest.importorskip("valispace")


def connected(server: sandbox.Server, **changed: Any) -> Any:
    arguments: dict[str, Any] = {"url": server.url, "username": server.user, "password": server.secret}
    return valispace.API(**(arguments | {"warn_https": False} | changed))


class Plant:
    """A connection and what it made at first: a project with a component tree and a few valis."""

    def __init__(self, server: sandbox.Server) -> None:
        self.server = server
        self.api = api = connected(server)
        self.space = api.post("workspace/", {"name": "Works"})["id"]
        self.project = api.post("project/", {"name": "Fan project", "workspace": self.space})["id"]
        self.tag = self.made("tag", name="white-tag", color="#FFFFFF")["id"]
        self.fan = self.made("component", name="Fan", parent=None, project=self.project, tags=[self.tag])["id"]
        self.blade = self.made("component", name="Blade", parent=self.fan)["id"]
        self.mass = self.made("vali", parent=self.fan, shortname="Mass", unit="kg", formula="5", tags=[self.tag])["id"]
        self.length = self.made("vali", parent=self.blade, shortname="Length", unit="kg", formula="2*$Fan.Mass")["id"]

    def made(self, kind: str, **body: Any) -> Any:
        """What `post_data` makes of a JSON text."""
        return self.api.post_data(kind, json.dumps(body))


@pytest.fixture(scope="module")
def plant() -> Iterator[Plant]:
    """One deployment for the module: every test makes what it changes."""
    with sandbox.running("valispace", assets=120) as server:
        yield Plant(server)


@pytest.fixture
def api(plant: Plant) -> Any:
    return plant.api


class TestConnecting:
    def test_by_name_and_password(self, plant: Plant) -> None:
        assert connected(plant.server, url=f" {plant.server.url}/ ").get("own-profile/")["username"] == "admin"

    def test_by_user_token(self, plant: Plant) -> None:
        api = connected(plant.server, username=None, password=None, session_token=f"Bearer {plant.server.token}")
        assert api.get("own-profile/")["username"] == "admin"

    def test_wrong_password_is_an_http_error(self, plant: Plant) -> None:
        with pytest.raises(requests.HTTPError) as caught:
            connected(plant.server, password="wrong")
        assert caught.value.response.status_code == 400
        assert caught.value.response.json()["error_description"] == "Invalid credentials given."

    def test_log_in_again_by_hand(self, api: Any) -> None:
        assert api.login("admin", "admin") is True

    def test_the_assistants_settings(self, plant: Plant) -> None:
        plant.server.face.settings.offline_assistant = True
        try:
            plant.api.get_configs()
            assert plant.api.offline_assistant is True
        finally:
            plant.server.face.settings.offline_assistant = False
            plant.api.get_configs()

    def test_an_expired_token_is_renewed_in_silence(self, plant: Plant) -> None:
        settings = plant.server.face.settings
        settings.token_lifetime = 0.0
        try:
            with pytest.raises(requests.HTTPError):
                connected(plant.server, keep_credentials=True)
        finally:
            settings.token_lifetime = 36000.0
        api = connected(plant.server, keep_credentials=True)
        api._session.headers["Authorization"] = "Bearer revoked"
        assert api.get("project/")
        assert [each.status for each in plant.server.requests[-3:]] == [401, 200, 200]


class TestReadingEverything:
    @pytest.mark.parametrize("kind", ["component", "vali", "textvali", "tag"])
    def test_all_data(self, api: Any, kind: str) -> None:
        found = api.get_all_data(kind)
        assert all(key == str(each["id"]) for key, each in found.items())

    def test_requirements_and_their_documents(self, plant: Plant) -> None:
        api, project = plant.api, plant.api.get_project_list()[0]["id"]
        for read in (api.get_folders, api.get_specifications, api.get_groups, api.get_requirements):
            rows = read(project)
            assert isinstance(rows, list) and all(row.get("project") == project for row in rows)
        assert api.get_requirements(project) and api.get_specifications(project)


class TestValis:
    @pytest.mark.parametrize(
        ("arguments", "names"),
        [
            ({"workspace_id": "space"}, ["mass", "length"]),
            ({"workspace_name": "Works"}, ["mass", "length"]),
            ({"project_id": "project"}, ["mass", "length"]),
            ({"project_name": "Fan project"}, ["mass", "length"]),
            ({"parent_id": "blade"}, ["length"]),
            ({"parent_name": "Fan.Blade", "project_id": "project"}, ["length"]),
            ({"tag_id": "tag"}, ["mass"]),
            ({"tag_name": "white-tag"}, ["mass"]),
            ({"project_id": "project", "tag_name": "white-tag", "parent_name": "Fan"}, ["mass"]),
        ],
    )
    def test_lists(self, plant: Plant, arguments: dict[str, str], names: list[str]) -> None:
        given = {name: getattr(plant, value, value) for name, value in arguments.items()}
        found = plant.api.get_vali_list(**given)
        assert [each["id"] for each in found] == [getattr(plant, name) for name in names]

    def test_a_refused_list_is_printed_and_none(self, plant: Plant, capsys: pytest.CaptureFixture[str]) -> None:
        assert plant.api.get_vali_list(project_id=999_999) is None
        assert "400" in capsys.readouterr().out

    def test_valis_marked_as_impacted(self, plant: Plant) -> None:
        assert plant.api.get_vali_list(vali_marked_as_impacted=plant.mass) == []

    def test_names(self, plant: Plant) -> None:
        wanted = [{"id": plant.mass, "name": "Fan.Mass"}, {"id": plant.length, "name": "Fan.Blade.Length"}]
        assert plant.api.get_vali_names("Fan project") == wanted
        assert {tuple(each) for each in plant.api.get_vali_names()} == {("id", "name")}

    def test_one(self, plant: Plant) -> None:
        api = plant.api
        assert api.get_vali(plant.mass) == api.get_vali_by_name("Fan.Mass", "Fan project")
        assert api.get_vali_value(plant.length) == 10.0
        with pytest.raises(Exception, match="no Vali with this name"):
            api.get_vali_by_name("Fan.Nope", "Fan project")
        with pytest.raises(Exception, match="Could not retrieve"):
            api.get_vali_value(999_999)

    def test_fuzzy_search(self, plant: Plant) -> None:
        assert plant.api.fuzzysearch_vali("Fan.Blade.Lengt")["id"] == plant.length
        with pytest.raises(Exception, match="Could not find"):
            plant.api.fuzzysearch_vali("qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq")

    def test_update(self, plant: Plant) -> None:
        vali = plant.made("vali", parent=plant.fan, shortname="Width", formula=1)["id"]
        changed = plant.api.update_vali(vali, shortname="Breadth", formula="3 + 4", data={"margin_plus": "10"})
        assert (changed["name"], changed["value"], changed["margin_plus"]) == ("Fan.Breadth", 7.0, 10.0)

    def test_impact(self, plant: Plant) -> None:
        assert plant.api.impact_analysis(plant.mass, plant.length, 1, 3, 1)
        assert plant.api.what_if("Fan.Mass", "Fan.Blade.Length", 7)["result"] == 14.0
        with pytest.raises(Exception, match="Invalid Request"):
            plant.api.what_if("Fan.Nope", "Fan.Blade.Length", 7)


class TestComponents:
    @pytest.mark.parametrize(
        ("arguments", "names"),
        [
            ({"workspace_id": "space"}, ["fan", "blade"]),
            ({"workspace_name": "Works"}, ["fan", "blade"]),
            ({"project_id": "project"}, ["fan", "blade"]),
            ({"project_name": "Fan project"}, ["fan", "blade"]),
            ({"parent_id": "fan"}, ["blade"]),
            ({"tag_id": "tag"}, ["fan"]),
            ({"tag_name": "white-tag"}, ["fan"]),
        ],
    )
    def test_lists(self, plant: Plant, arguments: dict[str, str], names: list[str]) -> None:
        given = {name: getattr(plant, value, value) for name, value in arguments.items()}
        assert [each["id"] for each in plant.api.get_component_list(**given)] == [
            getattr(plant, name) for name in names
        ]

    def test_children_by_the_parents_name(self, plant: Plant) -> None:
        assert plant.blade in [each["id"] for each in plant.api.get_component_list(parent_name="Fan")]

    def test_one(self, plant: Plant) -> None:
        api = plant.api
        assert api.get_component(plant.blade) == api.get_component_by_name("Fan.Blade", "Fan project")
        assert plant.length in api.get_component(plant.blade)["valis"]
        with pytest.raises(Exception, match="does not exist"):
            api.get_component_by_name("Blade", "Fan project")


class TestProjects:
    def test_lists_and_one(self, plant: Plant) -> None:
        api, wanted = plant.api, [plant.api.get_project(plant.project)]
        assert api.get_project_list(workspace_id=plant.space) == wanted
        assert api.get_project_list(workspace_name="Works") == wanted
        assert api.get_project_by_name("Fan project") == wanted
        assert wanted[0] in api.get_project_list()
        with pytest.raises(Exception, match="does not exist"):
            api.get_project_by_name("Nobody's")


class TestPosting:
    def test_text_values(self, plant: Plant) -> None:
        made = plant.made("textvali", shortname="Message", text="Message text", parent=plant.fan)
        assert made["id"] in plant.api.get_component(plant.fan)["textvalis"]

    def test_the_bodies_of_the_readme(self, plant: Plant) -> None:
        body = {"parent": plant.fan, "shortname": "mass", "description": "", "unit": "kg", "formula": "5"}
        more = {
            "minimum": None,
            "maximum": None,
            "margin_minus": "0",
            "margin_plus": "0",
            "reference": "",
            "type": None,
        }
        made = plant.made("vali", **body, **more, uses_default_formula=False)
        assert (made["value"], made["margin_minus"]) == (5.0, 0.0)

    def test_a_refusal_has_its_status(self, plant: Plant) -> None:
        with pytest.raises(Exception, match=r"status code: 400.*already exists"):
            plant.made("tag", name="white-tag")

    def test_a_text_under_a_user_token_has_no_type(self, plant: Plant) -> None:
        api = connected(plant.server, session_token=f"Bearer {plant.server.token}")
        with pytest.raises(Exception, match="status code: 415"):
            api.post_data("tag", json.dumps({"name": "never"}))
        assert api.post("tag/", {"name": "by post"})["name"] == "by post"

    def test_a_deletion_works_and_then_fails_to_parse(self, plant: Plant) -> None:
        tag = plant.made("tag", name="doomed")["id"]
        with pytest.raises(requests.JSONDecodeError):
            plant.api.request("DELETE", f"tag/{tag}/")
        with pytest.raises(requests.HTTPError):
            plant.api.get(f"tag/{tag}/")

    def test_data_of_get_is_no_filter(self, plant: Plant) -> None:
        assert plant.api.get("project/", {"name": "Fan project"}) == plant.api.get_project_list()


class TestMatricesAndDatasets:
    @pytest.fixture
    def matrix(self, plant: Plant, request: pytest.FixtureRequest) -> Any:
        name = f"M{abs(hash(request.node.name))}"
        body = {"name": name, "number_of_rows": 2, "number_of_columns": 2, "parent": plant.fan, "unit": "kg"}
        return plant.api.post("matrices/", body)

    def test_matrix(self, api: Any, matrix: Any) -> None:
        api.update_matrix_formulas(matrix["id"], [["1", "2"], ["3", "4"]])
        assert [[cell["value"] for cell in row] for row in api.get_matrix_str(matrix["id"])] == [[1.0, 2.0], [3.0, 4.0]]
        assert [[cell["id"] for cell in row] for row in api.get_matrix(matrix["id"])] == matrix["cells"]

    def test_import(self, plant: Plant) -> None:
        vali = plant.made("vali", parent=plant.fan, shortname="Curve", formula="")["id"]
        plant.api.vali_import_dataset(vali, [[1, 2], [3, 4]])
        assert plant.api.get_vali(vali)["function_data"]["data"]

    def test_conversion_by_the_right_path(self, plant: Plant) -> None:
        vali = plant.made("vali", parent=plant.fan, shortname="Converted", formula="2")["id"]
        with pytest.raises(requests.HTTPError):
            plant.api.vali_create_dataset(str(vali))
        assert plant.api.post(f"valis/{vali}/convert-to-dataset/", {})

    def test_setting_values_breaks_in_the_client(self, plant: Plant) -> None:
        vali = plant.made("vali", parent=plant.fan, shortname="Broken", formula="")["id"]
        with pytest.raises(TypeError):
            plant.api.create_dataset_and_set_values(vali, [[1, 2]])
        assert len(plant.api.get_vali(vali)["datasets"]) == 1


class TestAssistant:
    def test_the_first_content_type_comes_back_for_any_model(self, api: Any) -> None:
        assert api.get_content_type_id("requirement") == api.get("contenttypes/")[0]["id"]

    def test_prompt_about_the_first_content_type(self, plant: Plant) -> None:
        """The client asks for the wrong type, so the request is refused by name."""
        with pytest.raises(requests.HTTPError) as caught:
            plant.api.general_prompt("Shorten", "vali", "description", [plant.mass], True)
        assert caught.value.response.status_code == 400

    def test_prompt(self, plant: Plant) -> None:
        types = {each["model"]: each["id"] for each in plant.api.get("contenttypes/")}
        body = {"custom_prompt": "Shorten", "content_type_id": types["vali"], "field": "description"}
        answer = plant.api.request("PUT", "vali-assistant/general-custom-prompt/", body | {"objects_ids": [plant.mass]})
        assert [each["id"] for each in answer["results"]] == [plant.mass]
