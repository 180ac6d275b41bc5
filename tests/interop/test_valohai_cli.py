"""The vendor's own command-line client drives the sandbox, command by command."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assetmeta import sandbox

pytest.importorskip("valohai_cli", minversion="0.37")

from interop.vh import CONFIG, Desk

REPOSITORY = "https://git.example.org/ada/windmill.git"


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A client that nobody has logged in with, and a server without projects."""
    with sandbox.running("valohai") as server:
        yield Desk(server, tmp_path_factory.mktemp("bare"))


@pytest.fixture(scope="module")
def vh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A client with a project of its own: every test makes the runs that it looks at."""
    with sandbox.running("valohai") as server:
        desk = Desk(server, tmp_path_factory.mktemp("desk"))
        desk.log_in()
        desk("project", "create", "--name", desk.linked, "--owner", "admin")
        desk.git("init", "-q", "-b", "main")
        desk.git("add", ".")
        desk.git("commit", "-q", "-m", "The first")
        server.face.remote.push(REPOSITORY, CONFIG, identifier=desk.git("rev-parse", "HEAD"))  # type: ignore[attr-defined]
        desk.api("PATCH", f"projects/{desk.project}/", {"repository": {"url": REPOSITORY}})
        desk("project", "fetch")
        yield desk


@pytest.fixture(scope="module")
def model(vh: Desk) -> str:
    """The name of a model with one version, made by an execution."""
    made = execution(vh)
    model = vh.api("POST", "models/", {"name": "windmill-bert", "owner": "harbour-lab", "tags": ["nlp"]})
    source = {"type": "execution", "id": made["id"]}
    vh.api("POST", "model-versions/", {"model": model["id"], "source": source, "tags": ["v1"]})
    return str(model["name"])


def execution(vh: Desk, *words: str, step: str = "train", finished: bool = True) -> dict[str, Any]:
    """A new execution made by the client, as the API shows it."""
    counter = created("#", vh("execution", "run", step, *words))
    if finished:
        vh.pass_time()
    found: dict[str, Any] = vh.api("GET", f"executions/{vh.project}:{counter}/")
    return found


def created(sign: str, printed: str) -> str:
    """The counter in what the client says about something new."""
    match = re.search(rf"{re.escape(sign)}(\d+) (?:created|queued)", printed)
    assert match, printed
    return match[1]


class TestLoggingIn:
    def test_by_name_and_password(self, bare: Desk) -> None:
        bare.log_in()
        saved = json.loads((bare.home / "config" / "config.json").read_text())
        assert (saved["host"], saved["user"]["username"]) == (bare.server.url, "admin")

    def test_by_token(self, bare: Desk) -> None:
        printed = bare("login", "--yes", "--host", bare.server.url, "--token", bare.server.token)
        assert "Hey admin" in printed

    def test_wrong_password(self, bare: Desk) -> None:
        printed = bare("login", "--yes", "--host", bare.server.url, "-u", "admin", "-p", "wrong", code=1)
        assert "Unable to log in with provided credentials" in printed

    def test_wrong_token(self, bare: Desk) -> None:
        printed = bare("login", "--yes", "--host", bare.server.url, "--token", "wrong", code=1)
        assert "Invalid token" in printed

    @pytest.mark.parametrize("user", ["secured", "external"])
    def test_a_second_factor_asks_for_a_token(self, bare: Desk, user: str) -> None:
        printed = bare(
            "login", "--yes", "--host", bare.server.url, "-u", user, "-p", user, text=f"{bare.server.token}\n"
        )
        assert "username + password authentication is not possible" in printed
        assert "Hey" in printed

    def test_log_out(self, bare: Desk) -> None:
        bare.log_in()
        bare("logout", "--yes")
        assert "not logged in" in bare("project", "list", code=1)

    def test_as_a_program_of_its_own(self, bare: Desk) -> None:
        """The installed script with a home folder of its own, since the other tests call it in this process."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("VALOHAI_", "XDG_"))}
        script = Path(sys.executable).with_name("vh")
        if not script.exists():
            pytest.skip("the script vh is not beside the interpreter")
        words = [str(script), "--valohai-host", bare.server.url, "--valohai-token", bare.server.token, "environments"]
        own = bare.home / "script"
        own.mkdir()
        done = subprocess.run(
            words,
            cwd=own,
            env={**environment, "HOME": str(own)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, "default" in done.stdout) == (0, True), done.stderr


class TestProjects:
    def test_create_asks_for_the_owner(self, bare: Desk) -> None:
        bare.log_in()
        printed = bare("project", "create", "--name", "asked", "--no-link", text="harbour-lab\n")
        assert "Project harbour-lab/asked created" in printed

    def test_create_links(self, bare: Desk) -> None:
        bare.log_in()
        assert "Linked" in bare("project", "create", "-n", "mine", "-d", "A try", "--yes", "--owner", "admin")
        assert "A try" in bare("project", "list")
        assert "Unlinked" in bare("project", "unlink", "--yes")

    def test_link_by_name_and_unlink(self, bare: Desk) -> None:
        bare.log_in()
        bare("project", "create", "-n", "second", "--no-link", "--owner", "admin")
        assert "second" in bare("project", "link", "second", "--yes")
        assert "Unlinked" in bare("project", "unlink", "--yes")

    def test_an_unknown_owner(self, bare: Desk) -> None:
        bare.log_in()
        printed = bare("project", "create", "-n", "third", "--no-link", "--owner", "nobody", code=1)
        assert 'Invalid pk "nobody"' in printed

    def test_environments(self, vh: Desk) -> None:
        printed = vh("environments", "--gpu", "--price", "--queue")
        assert "harbour-gpu" in printed
        assert "unlimited" in printed

    def test_status(self, vh: Desk) -> None:
        execution(vh)
        waiting = execution(vh, step="wait")
        printed = vh("project", "status")
        assert re.search(rf"{waiting['counter']} .*started .*wait", printed), printed
        vh("execution", "stop", str(waiting["counter"]))

    def test_environment_variables(self, vh: Desk) -> None:
        vh("project", "environment-variables", "create", "COLOUR=blue")
        vh("project", "environment-variables", "create", "--secret", "KEY=hidden")
        printed = vh("--output-format", "json", "project", "environment-variables", "list")
        assert json.loads(printed)["COLOUR"] == {"value": "blue", "secret": False}
        assert json.loads(printed)["KEY"] == {"value": None, "secret": True}
        vh("project", "environment-variables", "delete", "COLOUR", "KEY")
        vh("project", "environment-variables", "delete", "COLOUR", code=1)

    def test_fetch_and_commits(self, vh: Desk) -> None:
        head = vh.git("rev-parse", "HEAD")
        assert f"{head} (current)" in vh("project", "commits")
        other = vh.server.face.remote.push(REPOSITORY, CONFIG, message="Another")  # type: ignore[attr-defined]
        assert f"Fetched: main ({other})" in vh("project", "fetch")
        assert "Fetched" not in vh("project", "fetch")


class TestExecutions:
    def test_run_by_commit_and_info(self, vh: Desk) -> None:
        made = execution(vh, "--rate", "0.125", "--dataset", "https://example.com/other.csv")
        printed = vh("execution", "info", str(made["counter"]))
        assert re.search(r"status +complete", printed), printed
        assert re.search(r"dataset +https://example.com/other.csv", printed), printed
        assert re.search(r"rate +0.125", printed), printed
        assert made["commit"]["identifier"] == vh.git("rev-parse", "HEAD")

    def test_run_with_everything(self, vh: Desk) -> None:
        group = "01890000-0000-7000-8000-000000000001"
        options = ["--title", "Full", "--tag", "one", "--tag", "two", "-v", "COLOUR=red", "--image", "busybox"]
        more = ["--environment", "harbour-gpu", "--priority", "3", "--time-limit", "1h"]
        groups = ["--environment-variable-groups", group]
        counter = created("#", vh("execution", "run", *options, *more, *groups, "train"))
        made = vh.api("GET", f"executions/{vh.project}:{counter}/")
        kept = {name: made[name] for name in ("title", "tags", "image", "environment_variables", "priority")}
        wanted = {
            "title": "Full",
            "tags": ["one", "two"],
            "image": "busybox",
            "environment_variables": {"COLOUR": "red"},
        }
        assert kept == {**wanted, "priority": 3}
        assert made["environment"]["slug"] == "harbour-gpu"

    def test_an_unknown_environment_gets_the_hint(self, vh: Desk) -> None:
        printed = vh("execution", "run", "--environment", "bluup", "train", code=1)
        assert "Object with slug or primary key bluup does not exist." in printed
        assert "vh environments" in printed

    def test_run_ad_hoc_twice(self, vh: Desk) -> None:
        first = vh("execution", "run", "--adhoc", "preprocess", "--rows", "7")
        assert "Uploaded ad-hoc code ~" in first
        again = vh("execution", "run", "--adhoc", "preprocess")
        assert "already uploaded" in again
        vh.pass_time()
        made = vh.api("GET", f"executions/{vh.project}:{created('#', first)}/")
        assert (made["status"], made["cumulative_metadata"], made["commit"]["adhoc"]) == ("complete", {"rows": 7}, True)

    def test_run_ad_hoc_with_another_yaml(self, vh: Desk) -> None:
        (vh.place / "other.yaml").write_text(CONFIG.replace("hello from", "greetings from"), encoding="utf-8")
        counter = created("#", vh("execution", "run", "--adhoc", "--yaml", "other.yaml", "preprocess"))
        vh.pass_time()
        assert "greetings from the step" in vh("execution", "logs", counter)

    def test_run_in_a_remote_project(self, vh: Desk) -> None:
        """The client reads the steps from the commit that the server knows."""
        mode = ["--project", vh.project, "--project-mode", "remote"]
        commit = vh.git("rev-parse", "HEAD")
        assert created("#", vh(*mode, "execution", "run", "--commit", commit, "preprocess", "--rows", "3"))

    def test_a_parameter_of_the_wrong_type(self, vh: Desk) -> None:
        printed = vh("execution", "run", "preprocess", "--rows", "many", code=2)
        assert "'many' is not a valid integer" in printed

    def test_list(self, vh: Desk) -> None:
        failed = execution(vh, step="fail")
        rows = json.loads(vh("--output-format", "json", "execution", "list", "--status", "error", "--owned"))
        assert {row["status"] for row in rows} == {"error"}
        assert failed["counter"] in [row["counter"] for row in rows]
        assert "fail" in vh("execution", "list", "--count", "1")

    def test_logs(self, vh: Desk) -> None:
        counter = str(execution(vh, step="preprocess")["counter"])
        assert "hello from the step" in vh("execution", "logs", counter)
        assert "hello" not in vh("execution", "logs", "--no-stdout", counter)
        assert "hello from the step" in vh("execution", "logs", "--all", counter)
        assert "The execution has finished" in vh("execution", "logs", "--stream", counter)

    def test_lines_that_are_written_twice(self, vh: Desk) -> None:
        """The client drops lines that it has seen, so the same line has another time."""
        body = {"project": vh.project, "commit": "main", "step": "wait", "command": "echo same; echo same; echo same"}
        counter = str(vh.api("POST", "executions/", body)["counter"])
        vh.pass_time()
        assert vh("execution", "logs", counter).count("same") == 3

    def test_outputs_are_downloaded_without_the_token(self, vh: Desk) -> None:
        counter = str(execution(vh, step="preprocess")["counter"])
        storage = vh.server.face.storage  # type: ignore[attr-defined]
        storage.fetched.clear()
        vh("execution", "outputs", counter, "--download", "got/{counter}")
        assert (vh.place / "got" / counter / "tables" / "train.csv").read_text() == "a,b\n"
        assert [(200, None)] == [(each.status, each.authorization) for each in storage.fetched]

    def test_outputs_that_the_api_streams(self, vh: Desk) -> None:
        counter = str(execution(vh, step="train")["counter"])
        vh.server.face.settings.streams_downloads = True  # type: ignore[attr-defined]
        try:
            vh("execution", "outputs", counter, "--download", "streamed", "--filter-download", "*.bin")
        finally:
            vh.server.face.settings.streams_downloads = False  # type: ignore[attr-defined]
        assert (vh.place / "streamed" / "model.bin").read_text() == "weights\n"

    def test_outputs_as_they_come(self, vh: Desk) -> None:
        made = execution(vh, step="train", finished=False)
        vh.pass_time()
        vh("execution", "outputs", str(made["counter"]), "--sync", "--download", "synced")
        assert (vh.place / "synced" / "model.bin").exists()

    def test_run_and_download_and_watch(self, vh: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        """The watch ends by an interrupt alone, which the first pause between two looks brings."""
        import valohai_cli.commands.execution.watch as watching

        looks: list[float] = []

        def pause(seconds: float) -> None:
            looks.append(seconds)
            vh.pass_time()
            if len(looks) > 1:
                raise KeyboardInterrupt

        monkeypatch.setattr(watching.time, "sleep", pause)
        printed = vh("execution", "run", "--watch", "preprocess")
        assert "hello from the step" in printed
        assert "Status: complete" in printed

    def test_stop(self, vh: Desk) -> None:
        vh.hold_time()
        made = [execution(vh, step="wait") for _ in range(3)]
        first, second, _ = (str(each["counter"]) for each in made)
        vh("execution", "stop", f"{first}-{second}")
        vh("execution", "stop", "latest")
        vh.pass_time()
        states = [vh.api("GET", f"executions/{each['id']}/")["status"] for each in made]
        assert ["stopped"] * 3 == states
        assert "Nothing to stop" in vh("execution", "stop", "--all")

    def test_delete_with_outputs(self, vh: Desk) -> None:
        made = execution(vh)
        datum = made["outputs"][0]["id"]
        assert "Deleted 1 executions" in vh("execution", "delete", "--purge-outputs", str(made["counter"]))
        assert vh.api("GET", f"data/{datum}/")["purged"] is True
        counters = [row["counter"] for row in json.loads(vh("--output-format", "json", "execution", "list"))]
        assert made["counter"] not in counters
        vh("execution", "delete", "999999", code=1)

    def test_ssh(self, vh: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        """The client learns the address from the status events; the program it calls is ours."""
        (vh.home / "bin").mkdir()
        program = vh.home / "bin" / "ssh"
        program.write_text(f'#!/bin/sh\necho "$@" > {vh.home}/called\n', encoding="utf-8")
        program.chmod(0o755)
        (vh.home / "key.pub").write_text("ssh-ed25519 AAAA", encoding="utf-8")
        monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
        words = ["--debug-port", "2222", "--debug-key-file", str(vh.home / "key.pub")]
        counter = created("#", vh("execution", "run", *words, "wait"))
        vh.pass_time()
        vh("execution", "ssh", counter, "--private-key-file", str(vh.home / "key.pub"))
        assert "root@127.0.0.1 -p 2222" in (vh.home / "called").read_text()
        vh("execution", "stop", counter)

    def test_summarize(self, vh: Desk) -> None:
        made = execution(vh, "--rate", "0.75")
        printed = vh("--output-format", "json", "execution", "summarize", str(made["counter"]))
        (row,) = json.loads(printed[printed.index("[") :])
        assert row["loss"] == 0.75


class TestData:
    def test_list(self, vh: Desk) -> None:
        made = execution(vh)
        rows = json.loads(vh("--output-format", "json", "data", "list"))
        assert made["outputs"][0]["id"] in [row["id"] for row in rows]
        assert f"#{made['counter']}" in vh("data", "list", "-n", "5")

    def test_aliases(self, vh: Desk) -> None:
        datum = execution(vh)["outputs"][0]["id"]
        vh.api("POST", f"data/{datum}/metadata/", {"valohai.alias": "best-model"})
        assert "datum://best-model" in vh("alias", "list")

    def test_an_alias_as_input(self, vh: Desk) -> None:
        datum = execution(vh)["outputs"][0]["id"]
        vh.api("POST", f"data/{datum}/metadata/", {"valohai.alias": "as-input"})
        assert execution(vh, "--dataset", "datum://as-input")["status"] == "complete"
        assert execution(vh, "--dataset", "datum://nowhere")["status"] == "error"


class TestTasks:
    def test_run(self, vh: Desk) -> None:
        counter = created("!", vh("task", "run", "--max-queued", "2", "--title", "Three rates", "sweep"))
        vh.pass_time(10)
        task = vh.api("GET", f"tasks/{vh.project}:{counter}/")
        children = vh.api("GET", f"executions/?task={task['id']}&ordering=counter")["results"]
        assert [0.1, 0.2, 0.3] == [child["cumulative_metadata"]["loss"] for child in children]
        assert (task["status"], task["configuration"]["maximum_queued_executions"]) == ("complete", 2)
        assert "Three rates" in vh("task", "list")

    def test_run_ad_hoc(self, vh: Desk) -> None:
        assert created("!", vh("task", "run", "--adhoc", "sweep"))

    def test_stop(self, vh: Desk) -> None:
        vh.hold_time()
        vh.pass_time()
        counter = created("!", vh("task", "run", "sweep"))
        vh("task", "stop", counter)
        vh.pass_time()
        assert vh.api("GET", f"tasks/{vh.project}:{counter}/")["status"] == "stopped"


class TestPipelines:
    def test_run(self, vh: Desk) -> None:
        words = ["--adhoc", "--tag", "nightly", "training", "--rate=0.0625", "--preprocess.rows=5"]
        counter = created("=", vh("pipeline", "run", *words))
        vh.pass_time(10)
        made = vh.api("GET", f"pipelines/{vh.project}:{counter}/")
        preprocess, train = (node["execution"] for node in made["nodes"])
        assert (made["status"], made["tags"]) == ("complete", ["nightly"])
        assert (preprocess["parameters"], train["parameters"]) == ({"rows": 5}, {"rate": 0.0625})
        assert train["inputs"] == [{"name": "dataset", "urls": [f"datum://{preprocess['outputs'][0]['id']}"]}]
        assert "training" in vh("pipeline", "list")

    def test_reuse(self, vh: Desk) -> None:
        counter = created("=", vh("pipeline", "run", "training"))
        vh.pass_time(10)
        printed = vh("pipeline", "run", "--reuse", f"{counter}:preprocess", "training")
        vh.pass_time(10)
        first = vh.api("GET", f"pipelines/{vh.project}:{counter}/")["nodes"]
        again = vh.api("GET", f"pipelines/{vh.project}:{created('=', printed)}/")
        assert again["status"] == "complete"
        assert again["nodes"][0]["execution"]["id"] == first[0]["execution"]["id"]
        assert again["nodes"][1]["execution"]["id"] != first[1]["execution"]["id"]

    def test_stop(self, vh: Desk) -> None:
        """The client puts two slashes into the address."""
        vh.hold_time()
        counter = created("=", vh("pipeline", "run", "training"))
        vh("pipeline", "stop", counter)
        vh.pass_time()
        assert vh.api("GET", f"pipelines/{vh.project}:{counter}/")["status"] == "stopped"

    def test_the_body_for_the_api_is_accepted(self, vh: Desk) -> None:
        body = json.loads(vh("pipeline", "convert-to-api", "--commit", "main", "training"))
        made = vh.api("POST", "pipelines/", {**body, "project": vh.project, "title": "By hand"})
        assert (made["title"], len(made["edges"])) == ("By hand", 1)


class TestNotebooks:
    def test_run(self, vh: Desk) -> None:
        counter = created("#", vh("notebook", "run", "--image", "jupyter", "-v", "A=1").replace("execution ", "#"))
        vh.pass_time(3600)
        assert vh.api("GET", f"executions/{vh.project}:{counter}/")["status"] == "started"
        vh("execution", "stop", counter)


class TestModels:
    def test_list(self, vh: Desk, model: str) -> None:
        assert model in vh("model", "list")
        assert model in vh("model", "list", "--tag", "nlp", "--name", "windmill", "--quiet")
        assert "No models found" in vh("model", "list", "--tag", "vision")

    def test_info_and_describe(self, vh: Desk, model: str) -> None:
        assert re.search(r"1 +Pending +train +v1", vh("model", "info", "windmill"))
        assert f"# Model: {model}" in vh("model", "describe", model)

    def test_versions(self, vh: Desk, model: str) -> None:
        assert "v1" in vh("model", "versions", model, "--tag", "v1")
        assert "train" in vh("model", "version", model, "1")
        assert "## Source Data" in vh("model", "version", model, "1", "--describe")


class TestDeployments:
    def test_create_version(self, vh: Desk) -> None:
        datum = execution(vh)["outputs"][0]["id"]
        deployment = vh.api("POST", "deployments/", {"name": "prod", "project": vh.project})
        words = ["deployment", "create-version", "-d", "prod", "-e", "predict", "-v", "MODE=fast"]
        assert "created" in vh(*words, "--predict-model", f"datum://{datum}")
        vh(*words, "--adhoc", "--predict-model", f"datum://{datum}")
        versions = vh.api("GET", f"deployments/{deployment['id']}/")["versions"]
        assert [".0", ".1"] == [version["name"][-2:] for version in versions]
        detail = vh.api("GET", f"deployment-versions/{versions[0]['id']}/")
        assert detail["endpoints"][0]["files"][0]["datum"]["id"] == datum


class TestFolders:
    @pytest.mark.parametrize("kind", ["bundle", "archive", "tarball"])
    def test_parcel(self, vh: Desk, kind: str) -> None:
        """Images and further packages would come from elsewhere, so they are left out."""
        words = ["parcel", "--destination", str(vh.home / f"parcel-{kind}"), "--code", kind]
        vh(*words, "--no-docker-images", "--no-valohai-local-run")
        assert len(list((vh.home / f"parcel-{kind}").iterdir())) == 2

    def test_lint(self, vh: Desk) -> None:
        assert "valohai.yaml" in vh("lint")

    def test_init(self, bare: Desk) -> None:
        bare.log_in()
        bare("project", "create", "-n", "from-init", "--no-link", "--owner", "admin")
        printed = bare("init", text="y\nl\nfrom-init\n")
        assert "Linked" in printed
        bare("project", "unlink", "--yes")

    def test_yaml_step(self, vh: Desk) -> None:
        script = vh.place / "prepared.py"
        script.write_text("import valohai\nvalohai.prepare(step='prepared', image='python:3.12')\n", encoding="utf-8")
        vh("yaml", "step", "--yaml", "made.yaml", "prepared.py")
        assert "prepared" in (vh.place / "made.yaml").read_text()
        assert created("#", vh("execution", "run", "--adhoc", "--yaml", "made.yaml", "prepared"))
