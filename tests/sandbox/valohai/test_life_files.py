"""Where files are read, where commits come from, what is launched from outside, and what deployments are called."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from assetmeta import sandbox
from assetmeta.sandbox.messages import Request
from sandbox.valohai.runs import CODE, REPOSITORY, Runs
from sandbox.valohai.test_life_code import packed

ABSENT = "01890000-0000-7000-8000-000000000001"


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    """One project for the module: every test makes what it looks at."""
    with sandbox.running("valohai") as server:
        yield Runs(server)


@pytest.fixture
def datum(runs: Runs) -> Any:
    """An output with a folder and a blank in its name."""
    return runs.acted("echo hello > '/valohai/outputs/a b/c.txt'")["outputs"][0]


def fetched(url: str, **more: Any) -> requests.Response:
    return requests.get(url, timeout=30, **more)


class TestDownloading:
    def test_by_an_address_of_another_origin(self, runs: Runs, datum: Any) -> None:
        url = runs.get(f"data/{datum['id']}/download/")["url"]
        answer = fetched(url)
        assert (answer.status_code, answer.text) == (200, "hello\n")
        assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''c.txt"
        assert url.startswith(f"http://127.0.0.1:{runs.face.storage.port}/")
        assert runs.face.storage.port != runs.server.port

    def test_the_host_is_the_one_the_client_named(self, runs: Runs, datum: Any) -> None:
        url = runs.get(f"data/{datum['id']}/download/", headers={"Host": f"localhost:{runs.server.port}"})["url"]
        assert url.startswith("http://localhost:")

    @pytest.mark.parametrize(
        ("part", "other"), [("X-Amz-Expires=3600", "X-Amz-Expires=9999"), ("c.txt?", "d.txt?"), ("", "&a=b")]
    )
    def test_a_changed_address_is_refused(self, runs: Runs, datum: Any, part: str, other: str) -> None:
        url = runs.get(f"data/{datum['id']}/download/")["url"]
        answer = fetched(url.replace(part, other) if part else url + other)
        assert (answer.status_code, "SignatureDoesNotMatch" in answer.text) == (403, True)

    def test_an_address_without_a_signature_is_refused(self, runs: Runs, datum: Any) -> None:
        answer = fetched(runs.get(f"data/{datum['id']}/download/")["url"].partition("?")[0])
        assert (answer.status_code, "AccessDenied" in answer.text) == (403, True)

    def test_an_address_is_good_for_reading_only(self, runs: Runs, datum: Any) -> None:
        assert requests.put(runs.get(f"data/{datum['id']}/download/")["url"], data="x", timeout=30).status_code == 403

    def test_an_address_is_good_for_a_while(self, runs: Runs, datum: Any) -> None:
        url = runs.get(f"data/{datum['id']}/download/")["url"]
        runs.pass_time(3599)
        assert fetched(url).ok
        runs.pass_time(2)
        answer = fetched(url)
        assert (answer.status_code, "Request has expired" in answer.text) == (403, True)

    def test_a_token_is_refused_and_remembered(self, runs: Runs, datum: Any) -> None:
        url = runs.get(f"data/{datum['id']}/download/")["url"]
        runs.face.storage.fetched.clear()
        answer = fetched(url, headers={"Authorization": "Token secret"})
        assert (answer.status_code, "Only one auth mechanism allowed" in answer.text) == (400, True)
        assert ["Token secret"] == [each.authorization for each in runs.face.storage.fetched]

    @pytest.mark.parametrize(
        ("wanted", "status", "body", "part"),
        [
            ("bytes=0-", 206, "hello\n", "bytes 0-5/6"),
            ("bytes=2-", 206, "llo\n", "bytes 2-5/6"),
            ("bytes=1-3", 206, "ell", "bytes 1-3/6"),
            ("bytes=5-5", 206, "\n", "bytes 5-5/6"),
            ("bytes=2-99", 206, "llo\n", "bytes 2-5/6"),
            ("bytes=-2", 206, "o\n", "bytes 4-5/6"),
            ("bytes=-99", 206, "hello\n", "bytes 0-5/6"),
            ("bytes=6-", 416, None, None),
            ("bytes=-0", 416, None, None),
            ("bytes=3-1", 200, "hello\n", None),
            ("bytes=-", 200, "hello\n", None),
            ("bytes=0-1,3-4", 200, "hello\n", None),
            ("lines=1-2", 200, "hello\n", None),
        ],
    )
    def test_a_part_of_a_file(
        self, runs: Runs, datum: Any, wanted: str, status: int, body: str | None, part: str | None
    ) -> None:
        answer = fetched(runs.get(f"data/{datum['id']}/download/")["url"], headers={"Range": wanted})
        assert (status, part) == (answer.status_code, answer.headers.get("Content-Range"))
        assert answer.text == body if body is not None else "InvalidRange" in answer.text

    def test_a_part_of_another_content_is_the_whole(self, runs: Runs, datum: Any) -> None:
        url = runs.get(f"data/{datum['id']}/download/")["url"]
        whole = fetched(url)
        assert "bytes" == whole.headers["Accept-Ranges"]
        for tag, status in ((whole.headers["ETag"], 206), ('"other"', 200)):
            assert status == fetched(url, headers={"Range": "bytes=2-", "If-Range": tag}).status_code

    def test_purged_bytes_are_gone_from_both(self, runs: Runs, datum: Any) -> None:
        url = runs.get(f"data/{datum['id']}/download/")["url"]
        runs.post(f"data/{datum['id']}/purge/", status=200)
        assert (fetched(url).status_code, "NoSuchKey" in fetched(url).text) == (404, True)
        runs.get(f"data/{datum['id']}/download/", 404)

    def test_the_api_may_stream(self, runs: Runs, datum: Any) -> None:
        runs.face.settings.streams_downloads = True
        try:
            answer = runs.send("GET", f"data/{datum['id']}/download/")
        finally:
            runs.face.settings.streams_downloads = False
        assert (answer.content, answer.headers["Content-Disposition"][:10]) == (b"hello\n", "attachment")

    def test_strangers_get_no_address(self, runs: Runs, datum: Any) -> None:
        headers = {"Authorization": f"Token {runs.face.user_token('outsider')}"}
        assert fetched(runs.url(f"data/{datum['id']}/download/"), headers=headers).status_code == 404

    def test_without_a_port_the_api_streams(self, runs: Runs, datum: Any) -> None:
        """A face that is asked without a server has no second origin."""
        port, runs.face.storage.port = runs.face.storage.port, None
        try:
            headers = {"authorization": f"Token {runs.face.token}"}
            path = f"/api/v0/data/{datum['id']}/download/"
            answer = runs.face.answer(Request("GET", path, headers=headers, origin="http://x"))
        finally:
            runs.face.storage.port = port
        assert answer.body == b"hello\n"

    def test_digests(self, datum: Any) -> None:
        assert datum["sha256"] == hashlib.sha256(b"hello\n").hexdigest()
        assert datum["uri"].startswith("s3://")


class TestCommits:
    def test_fetching_brings_what_is_new_once(self, runs: Runs) -> None:
        other = runs.face.remote.push(REPOSITORY, CODE, message="Next")
        told = runs.post(f"projects/{runs.fan}/fetch/")
        assert [(other, "main", "Next")] == [
            (row["identifier"], row["ref"], row["description"]) for row in told["commits"]
        ]
        assert runs.post(f"projects/{runs.fan}/fetch/") == {"commits": [], "errors": []}

    def test_other_branches_are_not_wanted(self, runs: Runs) -> None:
        runs.face.remote.push(REPOSITORY, CODE, branch="trial")
        assert runs.post(f"projects/{runs.fan}/fetch/")["commits"] == []

    def test_a_broken_configuration_is_reported(self, runs: Runs) -> None:
        bad = runs.face.remote.push(REPOSITORY, "- step: {name: a}")
        told = runs.post(f"projects/{runs.fan}/fetch/")
        assert (told["commits"][0]["has_config"], bad in told["errors"][0]) == (False, True)
        assert runs.refused("executions/", runs.order(commit=bad))["commit"][0]["code"] == "no_config"
        runs.face.remote.push(REPOSITORY, CODE)
        runs.post(f"projects/{runs.fan}/fetch/")

    def test_a_project_without_a_repository(self, runs: Runs) -> None:
        project = runs.project("Bare")
        assert runs.post(f"projects/{project}/fetch/")["errors"] == ["The project has no repository."]

    def test_a_repository_nobody_pushed_to_has_an_example(self, runs: Runs) -> None:
        project = runs.project("Example")
        runs.patch(f"projects/{project}/", {"repository": {"url": "https://git.example.org/new.git"}})
        (commit,) = runs.post(f"projects/{project}/fetch/")["commits"]
        config = runs.get(f"commits/{commit['identifier']}/?include=config&project={project}")["config"]
        steps = [item["step"]["name"] for item in config if "step" in item]
        made = [runs.post("executions/", {"project": project, "commit": "main", "step": step}) for step in steps]
        assert [execution["step"] for execution in made] == steps != []

    def upload(self, runs: Runs, package: bytes | None, status: int = 201, **more: str) -> Any:
        files = None if package is None else {"data": ("data.tgz", package, "application/gzip")}
        answer = runs.send("POST", f"projects/{runs.fan}/import-package/", files=files, data=more)
        assert answer.status_code == status, answer.text
        return answer.json()

    def test_a_package_becomes_a_commit(self, runs: Runs) -> None:
        package = packed({"valohai.yaml": CODE.encode()})
        told = self.upload(runs, package, description="A try")
        name = f"~{hashlib.sha256(package).hexdigest()}"
        assert (told["identifier"], told["ref"], told["adhoc"], told["description"]) == (name, "adhoc", True, "A try")
        assert runs.get(f"commits/{name}/?project={runs.fan}") == told
        assert runs.post("executions/", runs.order(commit=name))["commit"]["identifier"] == name
        assert self.upload(runs, package)["ctime"] == told["ctime"]

    def test_the_configuration_may_lie_elsewhere(self, runs: Runs) -> None:
        package = packed({"deep/own.yaml": CODE.encode()})
        assert self.upload(runs, package, yaml_path="deep/own.yaml")["has_config"] is True
        assert self.upload(runs, packed({"x": b""}))["has_config"] is False

    def test_what_is_no_package(self, runs: Runs) -> None:
        assert set(self.upload(runs, b"nonsense", 400)) == {"data"}
        assert set(self.upload(runs, packed({"valohai.yaml": b"a: b"}), 400)) == {"yaml_path"}
        assert set(self.upload(runs, None, 400, description="x")) == {"data"}
        assert set(self.upload(runs, packed({}), 400, yaml_path="x" * 2000)) == {"yaml_path"}

    def test_a_branch_means_its_newest_commit(self, runs: Runs) -> None:
        head = runs.face.remote.push(REPOSITORY, CODE, message="Newest")
        runs.pass_time(1)
        runs.post(f"projects/{runs.fan}/fetch/")
        assert runs.post("executions/", runs.order())["commit"]["identifier"] == head


class TestLaunching:
    def launch(self, runs: Runs, trigger: Any, status: int = 200, **more: Any) -> requests.Response:
        more.setdefault("headers", {"Authorization": trigger.secret})
        answer = requests.post(runs.url(f"launch/{trigger.id}/"), timeout=30, **more)
        assert answer.status_code == status, answer.text
        return answer

    def told(self, runs: Runs, trigger: Any, run: str, status: int = 200) -> Any:
        url, headers = runs.url(f"launch/{trigger.id}/run/"), {"Authorization": trigger.secret}
        answer = requests.get(url, params={"run_id": run}, headers=headers, timeout=30)
        assert answer.status_code == status
        return answer.json()

    def test_an_execution(self, runs: Runs) -> None:
        trigger = runs.face.triggers.add("admin", ("run_execution", runs.order("say")))
        run = self.launch(runs, trigger, data=b"\x00 any body").json()["run_id"]
        found = self.told(runs, trigger, run)
        (done,) = found["result"]
        assert (found["status"], done["action"], done["execution_step"]) == ("completed", "run_execution", "say")
        assert runs.state(done["execution_id"]) == "created"

    def test_a_pipeline(self, runs: Runs) -> None:
        body = {"project": runs.fan, "commit": "main", "name": "whole"}
        trigger = runs.face.triggers.add("admin", ("run_pipeline", body))
        (done,) = self.told(runs, trigger, self.launch(runs, trigger).json()["run_id"])["result"]
        assert runs.get(f"pipelines/{done['pipeline_id']}/")["title"] == "whole"

    def test_what_fails_is_reported_afterwards(self, runs: Runs) -> None:
        good, bad = ("run_execution", runs.order("say")), ("run_execution", runs.order("none"))
        for bodies, status in (((bad,), "error"), ((good, bad), "complete_with_error")):
            trigger = runs.face.triggers.add("admin", *bodies)
            assert self.told(runs, trigger, self.launch(runs, trigger).json()["run_id"])["status"] == status

    def test_nobody_else_gets_in(self, runs: Runs) -> None:
        trigger = runs.face.triggers.add("admin")
        self.launch(runs, trigger, 401, headers={"Authorization": f"Token {runs.face.token}"})
        assert requests.post(runs.url(f"launch/{ABSENT}/"), timeout=30).status_code == 404
        self.told(runs, trigger, ABSENT, 404)

    def test_a_condition_that_fails(self, runs: Runs) -> None:
        trigger = runs.face.triggers.add("admin", conditions={"ref": "main"})
        self.launch(runs, trigger, json={"ref": "main"})
        assert self.launch(runs, trigger, 400, json={"ref": "other"}).json()["code"] == "condition_failed"
        self.launch(runs, trigger, 400, data="[")


def test_the_storage_takes_the_port_after_the_systems(two_ports: int) -> None:
    with sandbox.running("valohai", port=two_ports) as server:
        assert (server.port, server.face.storage.port) == (two_ports, two_ports + 1)  # type: ignore[attr-defined]


def test_names_of_versions_count_within_the_day(runs: Runs) -> None:
    deployment = runs.post("deployments/", {"name": "names", "project": runs.fan})["id"]
    day = f"{runs.face.clock.now():%Y%m%d}"
    for number in range(2):
        name = runs.get(f"deployments/{deployment}/suggest_version_name/")["name"]
        assert name == f"{day}.{number}"
        runs.post("deployment-versions/", {"deployment": deployment, "commit": "main", "name": name})
