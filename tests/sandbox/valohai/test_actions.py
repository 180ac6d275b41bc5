"""What can be done beside reading and writing: variables, properties, aliases, adoption, deployments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from assetmeta import sandbox
from sandbox.valohai.web import ORGANIZATION, Web, keys_missing, recorded, told

NOWHERE = "01900000-0000-7000-8000-000000000000"
REQUIRED = [{"message": "This field is required.", "code": "required"}]


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with sandbox.running("valohai") as server:
        yield Web(server)


@pytest.fixture
def project(web: Web) -> str:
    return web.project()


class TestVariables:
    def path(self, project: str) -> str:
        return f"projects/{project}/environment_variable/"

    def variables(self, web: Web, project: str) -> Any:
        return web.get(f"projects/{project}/")["environment_variables"]

    def test_set_and_delete_with_a_body(self, web: Web, project: str) -> None:
        assert web.post(self.path(project), {"name": "A", "value": "1", "secret": False}, 200) == {}
        web.post(self.path(project), {"name": "B", "value": "hush", "secret": True}, 200)
        web.post(self.path(project), {"name": "A", "value": 2}, 200)
        shown = {"A": {"value": "2", "secret": False}, "B": {"value": None, "secret": True}}
        assert self.variables(web, project) == shown
        assert told(web.send("DELETE", self.path(project), {"name": "A"}), 200) == {}
        assert list(self.variables(web, project)) == ["B"]

    def test_what_is_not_there(self, web: Web, project: str) -> None:
        assert told(web.send("DELETE", self.path(project), {"name": "A"}), 404) == {"detail": "Not found."}
        assert web.post(self.path(NOWHERE), {"name": "A", "value": "1"}, 404) == {"detail": "Not found."}

    def test_what_is_refused(self, web: Web, project: str) -> None:
        assert told(web.send("DELETE", self.path(project)), 400) == {"name": REQUIRED}
        assert web.post(self.path(project), {"value": "1"}, 400) == {"name": REQUIRED}
        assert web.post(self.path(project), {"name": "A"}, 400) == {"value": REQUIRED}
        for body in ({"name": "A", "value": []}, {"name": "A", "value": "1", "secret": "maybe"}, {"name": ["A"]}):
            web.post(self.path(project), body, 400)
        assert self.variables(web, project) == {}


class TestProject:
    def test_repository(self, web: Web) -> None:
        repository = {"url": "https://git.example.org/fan.git", "ref": "main"}
        made = web.post("projects/", {"name": "With code", "owner": ORGANIZATION, "repository": repository})
        number = made["repository"]["id"]
        assert made["repository"] == {"id": number, **repository} and isinstance(number, int)
        changed = web.patch(f"projects/{made['id']}/", {"repository": {"ref": "dev"}})
        assert changed["repository"] == {"id": number, **repository, "ref": "dev"}
        row = web.get(f"repositories/{number}/")
        assert (row["project"]["id"], row["ref"]) == (made["id"], "dev")
        assert row in web.rows("repositories/?limit=10000")

    def test_every_project_has_one(self, web: Web, project: str) -> None:
        assert web.get(f"projects/{project}/")["repository"]["ref"] == "master, main"

    def test_its_own_environment_and_store(self, web: Web, project: str) -> None:
        store = web.post("stores/", {"name": "Own", "type": "google", "owner": 7})["id"]
        changed = web.patch(f"projects/{project}/", {"default_environment": "harbour-gpu", "default_store": store})
        assert changed["default_environment"] == web.get("environments/harbour-gpu/")["id"]
        assert changed["default_store"] == changed["upload_store_id"] == store
        web.delete(f"stores/{store}/")
        after = web.get(f"projects/{project}/")
        assert after["default_store"] is None and after["upload_store_id"] == web.rows("stores/")[0]["id"]


class TestData:
    def test_purge_keeps_the_record(self, web: Web, project: str) -> None:
        datum = web.datum(project)
        with web.face.space.store.lock, web.face.space.store.transaction():
            web.face.space.store.write_blob("datum", datum, "x", "text/plain", b"bytes")
        assert web.post(f"data/{datum}/purge/", None, 200) == {"ok": True}
        assert web.get(f"data/{datum}/")["purged"] is True
        assert web.face.space.store.read_blob("datum", datum) is None

    def test_properties_of_one(self, web: Web, project: str) -> None:
        datum = web.datum(project)
        sent = {"valohai.tags": ["a", "b", "a"], "valohai.alias": "best", "metaC": 1, "deep": {"x": [None]}}
        web.post(f"data/{datum}/metadata/", sent, 200)
        body = web.get(f"data/{datum}/")
        assert body["tags"] == ["a", "b"] and [alias["name"] for alias in body["aliases"]] == ["best"]
        assert web.face.space.row("datum", datum)["properties"] == sent

    def test_properties_of_many(self, web: Web, project: str) -> None:
        data = [web.datum(project, str(number)) for number in range(3)]
        sent = {id: {"valohai.tags": [id[-1]], "valohai.alias": "moving"} for id in data}
        web.post("data/metadata/apply/", {"datum_metadata": sent}, 200)
        assert [web.get(f"data/{id}/")["tags"] for id in data] == [[id[-1]] for id in data]
        found = web.get(f"datum-aliases/resolve/?name=moving&project={project}")
        assert found["datum"]["id"] == data[-1]
        assert [row["name"] for row in web.rows(f"datum-aliases/?project={project}")] == ["moving"]

    def test_all_or_nothing(self, web: Web, project: str) -> None:
        datum = web.datum(project)
        sent = {datum: {"valohai.tags": ["x"]}, NOWHERE: {"a": 1}, "odd": {}}
        body = web.post("data/metadata/apply/", {"datum_metadata": sent}, 400)
        assert set(body["datum_metadata"]) == {NOWHERE, "odd"}
        assert web.get(f"data/{datum}/")["tags"] == []

    @pytest.mark.parametrize(
        "sent", [{"valohai.tags": "x"}, {"valohai.tags": [1]}, {"valohai.alias": ""}, {"valohai.alias": 1}]
    )
    def test_bad_properties(self, web: Web, project: str, sent: dict[str, Any]) -> None:
        datum = web.datum(project)
        assert list(web.post(f"data/{datum}/metadata/", sent, 400)) == list(sent)
        web.post("data/metadata/apply/", {"datum_metadata": {datum: 1}}, 400)
        web.post("data/metadata/apply/", {"datum_metadata": []}, 400)
        web.post("data/metadata/apply/", {}, 400)
        assert web.face.space.row("datum", datum)["properties"] == {}

    def test_tags_by_patch(self, web: Web, project: str) -> None:
        datum = web.datum(project)
        assert web.patch(f"data/{datum}/", {"tags": ["x", "ä/b"], "name": "other"})["tags"] == ["x", "ä/b"]
        assert web.get(f"data/{datum}/")["name"] == "model.pkl"

    @pytest.mark.parametrize(
        "name", ["a/b/c.txt", "../../escape", "q\"u'o\\te", "数据/测量.csv", "100%.txt", "<b>&amp;", "x" * 300]
    )
    def test_names_are_kept_letter_by_letter(self, web: Web, project: str, name: str) -> None:
        datum = web.datum(project, name)
        answer = web.send("GET", "data/", params={"name": name, "project": project})
        assert [(row["id"], row["name"]) for row in answer.json()["results"]] == [(datum, name)]


class TestAliases:
    def test_from_post_to_delete(self, web: Web, project: str) -> None:
        first, second = web.datum(project, "1"), web.datum(project, "2")
        made = web.post("datum-aliases/", {"name": "best model/v1", "datum": first})
        where = f"datum-aliases/{made['id']}/"
        assert made["project"]["id"] == project and made["datum"]["id"] == first
        assert web.put(where, {"datum": second})["datum"]["id"] == second
        assert web.patch(where, {"datum": None})["datum"] is None
        found = web.send("GET", "datum-aliases/resolve/", params={"name": "best model/v1", "project": project})
        assert told(found, 404) == {"detail": "Not found."}
        web.patch(where, {"datum": first})
        assert web.send("DELETE", where).status_code == 200
        assert web.rows(f"datum-aliases/?project={project}&deleted=false") == []
        assert len(web.rows(f"datum-aliases/?project={project}&deleted=true")) == 1
        assert web.get(f"data/{first}/")["aliases"] == []
        assert web.post("datum-aliases/", {"name": "best model/v1", "project": project})["datum"] is None

    def test_resolve(self, web: Web, project: str) -> None:
        for query in ("", "name=x", f"project={project}", f"name=x&project={project}", "name=x&project=nope"):
            assert web.get(f"datum-aliases/resolve/?{query}", 404) == {"detail": "Not found."}

    def test_refused(self, web: Web, project: str) -> None:
        datum = web.datum(web.project("Other"))
        assert web.post("datum-aliases/", {"name": "a"}, 400) == {"project": REQUIRED}
        body = web.post("datum-aliases/", {"name": "a", "datum": datum, "project": project}, 400)
        assert list(body) == ["datum"]
        web.post("datum-aliases/", {"name": "a", "project": project})
        assert "non_field_errors" in web.post("datum-aliases/", {"name": "a", "project": project}, 400)


class TestDatasets:
    def test_versions(self, web: Web, project: str) -> None:
        dataset = web.post("datasets/", {"name": f"D {project}", "owner": ORGANIZATION})
        assert (dataset["owner"], dataset["latest_version"]) == (7, None)
        data = [web.datum(project, str(number)) for number in range(2)]
        first = web.post("dataset-versions/", {"name": "1", "dataset": dataset["id"], "files": [{"datum": data[0]}]})
        assert [file["datum"]["id"] for file in first["files"]] == [data[0]]
        request = {"name": "2", "dataset": dataset["id"], "files": [{"datum": id} for id in data]}
        second = web.post("dataset-versions/", {**request, "previous_version": first["id"]})
        assert second["previous_version"] == first["id"] and len(second["files"]) == 2
        assert web.get(f"datasets/{dataset['id']}/")["latest_version"]["id"] == second["id"]
        rows = web.rows(f"dataset-versions/?dataset={dataset['id']}")
        assert [row["name"] for row in rows] == ["1", "2"]
        assert "non_field_errors" in web.post("dataset-versions/", request, 400)
        other = web.post("datasets/", {"name": f"E {project}", "owner": 7})["id"]
        body = web.post("dataset-versions/", {**request, "dataset": other, "previous_version": first["id"]}, 400)
        assert list(body) == ["previous_version"]
        web.delete(f"dataset-versions/{first['id']}/")
        assert web.get(f"dataset-versions/{second['id']}/")["previous_version"] is None


class TestStores:
    def test_adopt(self, web: Web, project: str) -> None:
        store, url = web.rows("stores/")[0]["id"], f"s3://harbour-data/{project}/my file.txt"
        answer = web.post(f"stores/{store}/adopt/", {"url": url, "project": project}, 200)
        datum = web.get(f"data/{answer['created'][url]}/")
        assert answer == {"ok": True, "created": {url: datum["id"]}}
        assert (datum["uri"], datum["name"], datum["output_execution"]) == (url, f"{project}/my file.txt", None)
        again = web.post(f"stores/{store}/adopt/", {"url": url, "project": project}, 400)
        lost = web.post(f"stores/{store}/adopt/", {"url": "s3://elsewhere/x", "project": project}, 400)
        assert again == {"message": f"{url} already exists in harbour-data", "code": None}
        assert lost == {"message": "Not found in harbour-data: 's3://elsewhere/x'", "code": "adoptable_file_not_found"}
        for known, told_now in zip(recorded("docs_store_adopt_errors.json") or (), (again, lost), strict=False):
            assert keys_missing(known, told_now) == []

    def test_refused(self, web: Web, project: str) -> None:
        store = web.rows("stores/")[0]["id"]
        assert web.post(f"stores/{store}/adopt/", {}, 400) == {"url": REQUIRED, "project": REQUIRED}
        body = web.post(f"stores/{store}/adopt/", {"url": "s3://harbour-data/a", "project": NOWHERE}, 400)
        assert body["project"][0]["code"] == "does_not_exist"

    def test_teams_and_a_project_exclude_each_other(self, web: Web, project: str) -> None:
        team = web.post("teams/", {"name": "T", "organization": 7})["id"]
        made = web.post("stores/", {"name": "S", "type": "s3", "owner": 7, "teams": [team], "access_mode": "teams"})
        assert (made["teams"], made["project"], made["access_mode"]) == ([team], None, "teams")
        text, leaf = web.patch(f"stores/{made['id']}/", {"project": project}, 400)["non_field_errors"]
        assert isinstance(text, str) and leaf["code"] == "access_mode_conflict"
        changed = web.put(f"stores/{made['id']}/", {"teams": [], "project": project, "access_mode": "single_project"})
        assert (changed["teams"], changed["project"]) == ([], project)
        web.delete(f"teams/{team}/")


class TestModels:
    def test_slugs_and_versions(self, web: Web, project: str) -> None:
        first = web.post("models/", {"name": f"Ärger: früh {project}", "owner": 7})
        second = web.post("models/", {"name": f"rger fr h {project}"})
        assert first["slug"] == f"rger-fr-h-{project}" and second["slug"] == f"{first['slug']}-2"
        assert first["creator"] == {"id": 1, "username": "admin"} and first["owner"]["id"] == 7
        run = web.execution(project)
        source = {"type": "execution", "id": run}
        made = web.post("model-versions/", {"model": first["id"], "source": source, "status": "Approved"})
        assert (made["counter"], made["status"], made["execution_count"]) == (1, "Approved", 1)
        assert made["source"] == {**source, "title": "train"}
        assert made["model"] == {"id": first["id"], "name": first["name"], "slug": first["slug"]}
        assert web.get(f"models/{first['id']}/")["version_summary"] == [{"counter": 1, "status": "Approved"}]
        changed = web.patch(
            f"model-versions/{made['id']}/", {"status": "rejected", "notes": [{"title": "a", "body": "b"}]}
        )
        assert changed["status"] == "Rejected" and changed["notes"] == [{"title": "a", "body": "b"}]
        assert web.post("model-versions/", {"model": first["id"]})["counter"] == 2
        assert web.post("model-versions/", {"model": second["id"]})["counter"] == 1

    @pytest.mark.parametrize(
        "source", [{"type": "nope"}, {}, {"type": "execution"}, {"type": "pipeline", "id": NOWHERE}, {"type": []}]
    )
    def test_odd_sources(self, web: Web, source: Any) -> None:
        model = web.post("models/", {"name": f"M {source}"})["id"]
        assert list(web.post("model-versions/", {"model": model, "source": source}, 400)) == ["source"]

    def test_unknown_versions(self, web: Web) -> None:
        for path in ("source-executions", "source-data"):
            assert web.get(f"model-versions/{NOWHERE}/{path}/", 404) == {"detail": "Not found."}


class TestDeployments:
    def test_versions_with_endpoints(self, web: Web, project: str) -> None:
        commit, datum = web.commit(project), web.datum(project)
        deployment = web.post("deployments/", {"name": "svc", "project": project})
        assert deployment["owner"] == 7 and deployment["versions"] == [] and deployment["target"]
        files = {"model": datum}
        request = {
            "commit": "main",
            "deployment": deployment["id"],
            "name": "20250101.0",
            "enabled": True,
            "environment_variables": {"A": "1"},
            "inherit_environment_variables": True,
            "endpoint_configurations": {"digits": {"enabled": True, "files": files, "replicas": 1, "memory_limit": 64}},
        }
        made = web.post("deployment-versions/", request)
        assert made["commit"]["identifier"] == commit and made["deployment"] == deployment["id"]
        assert "endpoint_configurations" not in made and list(made["endpoint_urls"]) == ["digits"]
        endpoint = made["endpoints"][0]
        assert (endpoint["name"], endpoint["memory_limit"], endpoint["version"]) == ("digits", 64, made["id"])
        assert endpoint["files"][0]["datum"]["id"] == datum and endpoint["status"] == "BUILDING_IMAGE"
        alone = web.get(endpoint["url"])
        assert alone["files"][0]["datum"]["project"]["id"] == project
        assert web.get(f"projects/{project}/")["enabled_endpoint_count"] == 1
        web.patch(f"deployments/{deployment['id']}/", {"enabled": False})
        after = web.get(f"deployment-versions/{made['id']}/")
        assert after["enabled"] and not after["effective_enabled"]
        assert "non_field_errors" in web.post("deployment-versions/", request, 400)

    def test_aliases(self, web: Web, project: str) -> None:
        web.commit(project)
        deployments = [web.post("deployments/", {"name": name, "project": project})["id"] for name in "ab"]
        versions = [
            web.post("deployment-versions/", {"name": "1", "deployment": each, "commit": "main"})["id"]
            for each in deployments
        ]
        alias = web.post(
            "deployment-version-aliases/", {"deployment": deployments[0], "target": versions[0], "name": "p"}
        )
        where = f"deployment-version-aliases/{alias['id']}/"
        assert web.put(where, {"target": versions[0], "name": "prod"})["name"] == "prod"
        assert list(web.put(where, {"target": versions[1]}, 400)) == ["target"]
        assert [row["id"] for row in web.rows(f"deployment-version-aliases/?project={project}")] == [alias["id"]]
        assert web.rows(f"deployment-version-aliases/?project={NOWHERE}") == []
        shown = web.get(f"deployments/{deployments[0]}/")["version_aliases"]
        assert [(each["name"], each["target"]) for each in shown] == [("prod", versions[0])]
        web.delete(f"deployment-versions/{versions[0]}/")
        assert web.get(where, 404) == {"detail": "Not found."}

    def test_bad_configurations_are_reported_where_they_are(self, web: Web, project: str) -> None:
        web.commit(project)
        deployment = web.post("deployments/", {"name": "bad", "project": project})["id"]
        configurations = {
            "a": {"files": {"model": NOWHERE}},
            "b": 5,
            "c": {"cpu_request": "much"},
            "d": {"files": ["x"]},
            "e": {"files": {"model": {}}},
            "good": {},
        }
        request = {"commit": "main", "deployment": deployment, "name": "1", "endpoint_configurations": configurations}
        body = web.post("deployment-versions/", request, 400)
        assert set(body["endpoint_configurations"]) == {"a", "b", "c", "d", "e"}
        assert body["endpoint_configurations"]["a"]["files"]["model"][0]["code"] == "does_not_exist"
        assert web.get(f"deployments/{deployment}/")["versions"] == []
        body = web.post("deployment-versions/", {**request, "commit": "nope", "endpoint_configurations": {}}, 400)
        assert body["commit"][0]["code"] == "does_not_exist"

    def test_logs(self, web: Web, project: str) -> None:
        web.commit(project)
        deployment = web.post("deployments/", {"name": "logs", "project": project})["id"]
        request = {"commit": "main", "deployment": deployment, "name": "1", "endpoint_configurations": {"e": {}}}
        version = web.post("deployment-versions/", request)
        path = f"deployment-endpoints/{version['endpoints'][0]['id']}/logs/"
        logs = web.get(path)
        assert [list(line)[0] for lines in logs.values() for line in lines] == ["time"]
        assert web.get(f"{path}?start=2001-01-01T00:00&end=2001-02-01T00:00") == {name: [] for name in logs}
        assert web.get(f"{path}?start=2001-01-01T00:00&end=2101-02-01T00:00") == logs
        assert list(web.get(f"{path}?start=yesterday", 400)) == ["start"]
