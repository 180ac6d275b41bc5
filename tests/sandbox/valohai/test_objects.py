"""Objects: made, read, changed and deleted, the same way for every kind; what is refused, and in which words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from assetmeta import sandbox
from assetmeta.sandbox.rest.values import Invalid
from assetmeta.sandbox.valohai.model import Field
from assetmeta.sandbox.valohai.validation import from_form
from nonempty import nonempty
from sandbox.valohai.web import ORGANIZATION, Web

REQUIRED = [{"message": "This field is required.", "code": "required"}]
NOWHERE = "01900000-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with sandbox.running("valohai") as server:
        yield Web(server)


@pytest.fixture(scope="module")
def project(web: Web) -> str:
    return web.project()


class TestLife:
    BODIES: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
        ("projects", {"name": "P"}, {"name": "Q", "description": "d"}),
        ("teams", {"name": "T", "organization": 7}, {"name": "U"}),
        ("stores", {"name": "S", "type": "s3", "owner": 7}, {"name": "S2", "allow_read": False}),
        ("registry-credentials", {"type": "docker", "image_pattern": "x/*"}, {"image_pattern": "y/*"}),
        ("datasets", {"name": "D", "owner": 7}, {"name": "E"}),
        ("models", {"name": "M"}, {"name": "N", "tags": ["a"], "archived": True}),
    )

    @pytest.mark.parametrize(("path", "body", "changes"), BODIES)
    def test_from_post_to_delete(self, web: Web, path: str, body: dict[str, Any], changes: dict[str, Any]) -> None:
        made = web.post(f"{path}/", body)
        where = f"{path}/{made['id']}/"
        assert set(web.get(where)) == set(made)
        for changed in (web.put(where, changes), web.get(where)):
            assert {name: changed[name] for name in changes} == changes
        first, value = next(iter(body.items()))
        assert web.patch(where, {first: value})[first] == value
        assert made["id"] in [row["id"] for row in web.rows(f"{path}/")]
        web.delete(where)
        assert web.get(where, 404) == {"detail": "Not found."}
        assert web.send("DELETE", where).status_code == 404
        assert made["id"] not in [row["id"] for row in web.rows(f"{path}/")]

    def test_runs_are_only_marked(self, web: Web, project: str) -> None:
        execution = web.execution(project)
        counter = web.get(f"executions/{execution}/")["counter"]
        answer = web.send("DELETE", f"executions/{project}:{counter}/")
        assert (answer.status_code, answer.json()) == (200, {"ok": True})
        assert web.get(f"executions/{execution}/")["deleted"] is True
        assert execution not in [row["id"] for row in web.rows("executions/?deleted=false")]

    def test_times(self, web: Web) -> None:
        made = web.post("projects/", {"name": "Timed"})
        changed = web.patch(f"projects/{made['id']}/", {"name": "Timed 2"})
        assert made["ctime"] == made["mtime"] == changed["ctime"] < changed["mtime"]
        assert len(made["ctime"]) == len("2017-10-16T15:16:19.230872Z") and made["ctime"].endswith("Z")

    def test_read_only_and_unknown_keys_are_ignored(self, web: Web, project: str) -> None:
        before = web.get(f"projects/{project}/")
        sent = {"id": NOWHERE, "url": "x", "execution_count": 9, "owner": "ada", "environment_variables": {}, "nope": 1}
        after = web.put(f"projects/{project}/", sent)
        assert {**after, "mtime": None} == {**before, "mtime": None}

    def test_deleting_a_project_takes_everything_along(self, web: Web) -> None:
        project = web.project("Doomed")
        execution, datum = web.execution(project), web.datum(project)
        alias = web.post("datum-aliases/", {"name": "a", "datum": datum})["id"]
        deployment = web.post("deployments/", {"name": "d", "project": project})["id"]
        dataset = web.post("datasets/", {"name": "Survivor", "owner": 7})["id"]
        version = web.post("dataset-versions/", {"name": "1", "dataset": dataset, "files": [{"datum": datum}]})["id"]
        model = web.post("models/", {"name": "Model of it", "associated_project_ids": [project]})["id"]
        web.delete(f"projects/{project}/")
        gone = (f"executions/{execution}", f"data/{datum}", f"datum-aliases/{alias}", f"deployments/{deployment}")
        for path in (*gone, f"projects/{project}"):
            assert web.get(f"{path}/", 404) == {"detail": "Not found."}
        assert web.get(f"dataset-versions/{version}/")["files"] == [{"datum": None}]
        assert web.get(f"models/{model}/")["associated_project_ids"] == []


class TestDeleting:
    def test_an_alias_goes_with_the_version_that_it_needs(self, web: Web, project: str) -> None:
        deployment = web.put_in("deployment", name="serving", project=project)
        web.commit(project, "5e41")
        commit = web.face.space.store.pointing("commit", "project", project)[-1]
        kept, gone = (
            web.put_in("deployment_version", name=name, deployment=deployment, commit=commit) for name in ("1", "2")
        )
        for name, target in (("stays", kept), ("goes", gone)):
            web.put_in("deployment_version_alias", name=name, deployment=deployment, target=target)
        web.delete(f"deployment-versions/{gone}/")
        assert [row["name"] for row in web.rows(f"deployment-version-aliases/?project={project}")] == ["stays"]

    def test_an_optional_reference_to_what_goes_is_null(self, web: Web, project: str) -> None:
        store = web.post("stores/", {"name": "Short", "type": "s3", "owner": 7})["id"]
        web.patch(f"projects/{project}/", {"default_store": store})
        web.delete(f"stores/{store}/")
        assert web.get(f"projects/{project}/")["default_store"] is None


class TestLookUps:
    def test_by_project_and_counter(self, web: Web) -> None:
        project, other = web.project("A"), web.project("B")
        runs, strange = [web.execution(project) for _ in range(3)], web.execution(other)
        assert [web.get(f"executions/{project}:{number}/")["id"] for number in (1, 2, 3)] == runs
        assert web.get(f"executions/{project}:latest/")["id"] == runs[-1]
        assert web.get(f"executions/{other}:1/")["id"] == strange
        for text in (
            f"{project}:4",
            f"{project}:0",
            f"{project}:-1",
            f"{project}:x",
            f"{project}:",
            "x:1",
            f"{NOWHERE}:1",
        ):
            assert web.get(f"executions/{text}/", 404) == {"detail": "Not found."}

    def test_each_kind_of_run_is_counted_on_its_own(self, web: Web) -> None:
        project = web.project("C")
        web.execution(project)
        task = web.put_in("task", project=project, type="grid_search", creator=1)
        pipeline = web.put_in("pipeline", project=project, creator=1, nodes=[], edges=[])
        assert web.get(f"tasks/{project}:latest/")["id"] == task
        assert web.get(f"pipelines/{project}:1/")["id"] == pipeline
        assert web.get(f"tasks/{web.project('D')}:latest/", 404) == {"detail": "Not found."}

    def test_the_latest_is_not_a_deleted_one(self, web: Web) -> None:
        project = web.project("E")
        runs = [web.execution(project) for _ in range(2)]
        web.send("DELETE", f"executions/{runs[1]}/")
        assert web.get(f"executions/{project}:latest/")["id"] == runs[0]
        assert web.get(f"executions/{project}:2/")["id"] == runs[1]
        assert web.get(f"executions/{web.execution(project)}/")["counter"] == 3

    def test_commits_by_identifier_and_project(self, web: Web) -> None:
        one, two = web.project("F"), web.project("G")
        tarball = "~" + "0f" * 32
        for project in (one, two):
            web.commit(project, tarball, adhoc=True, ref="adhoc")
        assert web.get(f"commits/{tarball}/?project={one}")["project_id"] == one
        assert web.get(f"commits/{tarball}/?project={two}")["project_id"] == two
        assert web.get(f"commits/{tarball}/")["project_id"] == two
        for path in (f"commits/nope/?project={one}", f"commits/{tarball}/?project={NOWHERE}", "commits/999999/"):
            assert web.get(path, 404) == {"detail": "Not found."}

    def test_environments_by_slug(self, web: Web) -> None:
        default = web.get("environments/default/")
        assert (default["name"], default["slug"]) == ("The Default Environment", "default")
        assert web.get(f"environments/{default['id']}/") == default

    def test_keys_in_any_spelling(self, web: Web, project: str) -> None:
        for text in (project.upper(), project.replace("-", "")):
            assert web.get(f"projects/{text}/")["id"] == project

    @pytest.mark.parametrize("text", ["x", "1", NOWHERE, "%00", "a%2Fb", "~", "null", "%F0%9F%9A%A2", "a" * 500])
    @pytest.mark.parametrize("path", ["projects", "executions", "commits", "organizations", "repositories", "data"])
    def test_what_means_nothing_is_404(self, web: Web, path: str, text: str) -> None:
        if (path, text) not in (("commits", "1"), ("repositories", "1")):
            assert web.get(f"{path}/{text}/", 404) == {"detail": "Not found."}

    def test_keys_sort_by_time(self, web: Web) -> None:
        ids = [web.project("Sorted") for _ in range(5)]
        assert ids == sorted(ids) and all(len(id) == 36 and id == id.lower() for id in ids)


class TestRefusals:
    def test_what_is_missing(self, web: Web) -> None:
        assert web.post("projects/", {}, 400) == {"name": REQUIRED}
        assert web.post("datasets/", {}, 400) == {"name": REQUIRED, "owner": REQUIRED}
        assert web.post("stores/", {"name": "x"}, 400) == {"type": REQUIRED}
        assert web.post("deployments/", None, 400) == {"name": REQUIRED, "project": REQUIRED}

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"name": ""}, "blank"),
            ({"name": "  "}, "blank"),
            ({"name": None}, "null"),
            ({"name": ["x"]}, "invalid"),
            ({"name": {"a": 1}}, "invalid"),
            ({"name": True}, "invalid"),
            ({"name": "a\x00b"}, "null_characters_not_allowed"),
            ({"name": "x" * 256}, "max_length"),
        ],
    )
    def test_bad_names(self, web: Web, project: str, body: dict[str, Any], code: str) -> None:
        for answer in (web.post("projects/", body, 400), web.patch(f"projects/{project}/", body, 400)):
            assert [each["code"] for each in answer["name"]] == [code]

    @pytest.mark.parametrize(
        ("field", "value", "code"),
        [
            ("default_environment", "bluup", "does_not_exist"),
            ("default_environment", 5, "does_not_exist"),
            ("default_environment", ["default"], "does_not_exist"),
            ("default_store", NOWHERE, "does_not_exist"),
            ("default_notifications", "maybe", "invalid"),
            ("default_notifications", None, "null"),
            ("tags", "x", "not_a_list"),
            ("tags", ["x"], "invalid"),
            ("repository", "x", "not_a_dict"),
            ("repository", {"url": 1}, "invalid"),
            ("owner", "nobody", "does_not_exist"),
            ("owner", f"{ORGANIZATION}:nobody", "does_not_exist"),
            ("owner", 999, "does_not_exist"),
        ],
    )
    def test_other_values_of_a_project(self, web: Web, field: str, value: Any, code: str) -> None:
        body = web.post("projects/", {"name": "x", field: value}, 400)
        assert list(body) == [field] and [each["code"] for each in body[field]] == [code]

    def test_the_message_of_an_environment_that_is_not_there(self, web: Web, project: str) -> None:
        message = "Object with slug or primary key bluup does not exist."
        body = web.patch(f"projects/{project}/", {"default_environment": "bluup"}, 400)
        assert body == {"default_environment": [{"message": message, "code": "does_not_exist"}]}

    def test_all_fields_are_reported_at_once(self, web: Web) -> None:
        body = web.post("stores/", {"type": "tape", "allow_read": "x", "teams": [NOWHERE], "project": "y"}, 400)
        assert set(body) == {"name", "type", "allow_read", "teams", "project"}

    def test_leaves_nest_where_the_body_nests(self, web: Web, project: str) -> None:
        dataset = web.post("datasets/", {"name": "Nested", "owner": ORGANIZATION})["id"]
        files = [{"datum": web.datum(project)}, {"datum": NOWHERE}]
        body = web.post("dataset-versions/", {"name": "v", "dataset": dataset, "files": files}, 400)
        assert body["files"][0] == {} and body["files"][1]["datum"][0]["code"] == "does_not_exist"
        for files in ([1], [{}], [None]):
            body = web.post("dataset-versions/", {"name": "v", "dataset": dataset, "files": files}, 400)
            assert body == {"files": [{"datum": REQUIRED}]}

    def test_plain_texts_for_the_object_as_a_whole(self, web: Web) -> None:
        web.post("datasets/", {"name": "Twice", "owner": 7})
        body = web.post("datasets/", {"name": "Twice", "owner": 7}, 400)
        assert body == {"non_field_errors": ["The fields owner, name must make a unique set."]}

    def test_what_was_refused_has_changed_nothing(self, web: Web, project: str) -> None:
        before = web.get(f"projects/{project}/")
        web.patch(f"projects/{project}/", {"name": "New", "default_store": NOWHERE}, 400)
        assert web.get(f"projects/{project}/") == before


class TestReadAndWrite:
    def test_owner_is_written_as_a_name_and_read_as_an_object(self, web: Web) -> None:
        assert web.post("projects/", {"name": "x", "owner": ORGANIZATION})["owner"] == {
            "id": 7,
            "username": ORGANIZATION,
        }
        assert web.post("projects/", {"name": "x"})["owner"] == {"id": 1, "username": "admin"}

    def test_every_ownership_option_is_taken(self, web: Web) -> None:
        team = web.post("teams/", {"name": "crew", "organization": ORGANIZATION})
        options = web.get("projects/ownership_options/")
        assert f"{ORGANIZATION}:crew" in options
        made = [web.post("projects/", {"name": "x", "owner": option}) for option in options]
        rows = web.get(f"teams/{team['id']}/")["projects"]
        assert [row["id"] for row in rows] == [made[options.index(f"{ORGANIZATION}:crew")]["id"]]

    def test_a_team_tells_its_organization_in_two_ways(self, web: Web) -> None:
        made = web.post("teams/", {"name": "two ways", "organization": 7})
        assert made["organization"] == 7
        body = web.get(f"teams/{made['id']}/")
        assert body["organization"] == {"id": 7, "username": ORGANIZATION}
        assert body["members"][0]["user"] == {"id": 1, "username": "admin"}

    def test_money_is_text_and_prices_are_numbers(self, web: Web) -> None:
        for row in nonempty(web.rows("environments/")):
            assert isinstance(row["per_hour_price_usd"], str) and isinstance(row["spot_max_price"], float)
            assert isinstance(row["per_user_queue_quota"], int)

    def test_write_only_values_are_never_reported(self, web: Web) -> None:
        configuration = {"version": "1", "username": "u", "password": "hush-hush"}
        body = {"type": "docker", "image_pattern": "x", "configuration": configuration}
        made = web.post("registry-credentials/", body)
        assert "configuration" not in made and "hush" not in web.send("GET", "registry-credentials/").text
        project = web.post("projects/", {"name": "x", "template": "https://example.org/t"})
        assert "template" not in project

    def test_secrets_of_a_store_are_not_echoed(self, web: Web) -> None:
        configuration = {"bucket": "b", "region": "r", "secret_access_key": "hush-hush", "odd": "hush-hush"}
        made = web.post("stores/", {"name": "S", "type": "s3", "configuration": configuration})
        assert made["configuration"] == {"bucket": "b", "region": "r"} and made["uri_prefix"] == "s3://b/"
        web.put(f"stores/{made['id']}/", {"name": "S3"})
        assert web.face.space.row("store", made["id"])["configuration"] == configuration


def test_what_refers_to_several_keeps_the_others_when_one_is_deleted(web: Web) -> None:
    projects = [web.project(f"Several {number}") for number in range(4)]
    model = web.post("models/", {"name": "Model of several", "associated_project_ids": projects})["id"]
    web.delete(f"projects/{projects[1]}/")
    assert [projects[0], *projects[2:]] == web.get(f"models/{model}/")["associated_project_ids"]


@pytest.mark.parametrize("kind", ["map", "list", "json", "words", "refs"])
def test_nested_values_of_a_form_are_json(kind: str) -> None:
    field = Field("x", kind)
    assert ["a", 1] == from_form(field, '["a", 1]')
    assert {"a": 1} == from_form(field, {"a": 1})
    with pytest.raises(Invalid, match="valid JSON"):
        from_form(field, "[1")
    if kind in ("map", "json"):
        assert {"a": 1} == from_form(field, '{"a": 1}')
        with pytest.raises(Invalid, match="valid JSON"):
            from_form(field, "a")
    else:
        assert (["a"], []) == (from_form(field, "a"), from_form(field, ""))


@pytest.mark.parametrize(
    ("kind", "nullable", "found"), [("str", True, ""), ("str", False, ""), ("int", True, None), ("int", False, "")]
)
def test_an_empty_text_of_a_form_is_null_where_no_text_can_be_meant(kind: str, nullable: bool, found: object) -> None:
    field = Field("x", kind, nullable=nullable)
    assert found == from_form(field, "")
    assert "a" == from_form(field, "a")
