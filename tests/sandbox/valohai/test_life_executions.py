"""Executions from their creation to their end, moment by moment, and what they leave."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import requests

from assetmeta import sandbox
from nonempty import nonempty
from sandbox.valohai.runs import Runs

ABSENT = "01890000-0000-7000-8000-000000000001"


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    """One project for the module: every test makes the runs that it looks at."""
    with sandbox.running("valohai") as server:
        yield Runs(server)


class TestCreating:
    def test_what_is_left_out_comes_from_the_step(self, runs: Runs) -> None:
        made = runs.post("executions/", runs.order("train"))
        assert (made["status"], made["image"], made["parameters"]) == (
            "created",
            "python:3.12",
            {"rate": 0.5, "mode": "fast"},
        )
        assert made["inputs"] == [{"name": "dataset", "urls": ["https://example.com/train.csv"]}]
        assert made["environment"]["slug"] == "default"
        assert made["interpolated_command"].startswith("echo start && sleep 10 && ")

    def test_the_step_may_name_environment_and_variables(self, runs: Runs) -> None:
        made = runs.post("executions/", runs.order("act", environment_variables={"SIZE": 3}))
        assert (made["environment"]["slug"], made["environment_variables"]) == (
            "harbour-gpu",
            {"COLOUR": "blue", "SIZE": "3"},
        )

    def test_counters_go_up_by_one(self, runs: Runs) -> None:
        first, second = (runs.post("executions/", runs.order())["counter"] for _ in range(2))
        assert second == first + 1

    @pytest.mark.parametrize("commit", ["main", "head"])
    def test_by_branch_and_by_hash(self, runs: Runs, commit: str) -> None:
        name = runs.head if commit == "head" else commit
        assert runs.post("executions/", runs.order(commit=name))["commit"]["identifier"] == runs.head

    @pytest.mark.parametrize("environment", ["PROJECT_DEFAULT", "default", "id"])
    def test_ways_to_name_the_environment(self, runs: Runs, environment: str) -> None:
        first = next(row for row in runs.rows("environments/") if row["slug"] == "default")
        name = first["id"] if environment == "id" else environment
        assert runs.post("executions/", runs.order(environment=name))["environment"]["id"] == first["id"]

    def test_the_default_environment_of_the_project(self, runs: Runs) -> None:
        large = next(row["id"] for row in runs.rows("environments/") if row["slug"] == "harbour-large-cpu")
        runs.patch(f"projects/{runs.fan}/", {"default_environment": large})
        try:
            assert runs.post("executions/", runs.order("say"))["environment"]["id"] == large
        finally:
            runs.patch(f"projects/{runs.fan}/", {"default_environment": None})

    def test_a_form(self, runs: Runs) -> None:
        form = {"project": runs.fan, "commit": "main", "step": "train", "parameters": '{"rate": 2}', "tags": ["a", "b"]}
        answer = runs.send("POST", "executions/", data=form)
        assert (answer.status_code, answer.json()["parameters"]["rate"], answer.json()["tags"]) == (
            201,
            2.0,
            ["a", "b"],
        )

    @pytest.mark.parametrize(
        ("more", "place", "code"),
        [
            ({"commit": "nowhere"}, "commit", "does_not_exist"),
            ({"commit": None}, "commit", "required"),
            ({"step": "none"}, "step", "does_not_exist"),
            ({"step": ""}, "step", "blank"),
            ({"environment": "bluup"}, "environment", "does_not_exist"),
            ({"project": ABSENT}, "project", "does_not_exist"),
            ({"project": None}, "project", "required"),
            ({"parameters": {"rate": 11}}, "parameters", "invalid"),
            ({"parameters": {"rate": "much"}}, "parameters", "invalid"),
            ({"parameters": {"mode": "odd"}}, "parameters", "invalid"),
            ({"parameters": {"mode": {"a": 1}}}, "parameters", "invalid"),
            ({"parameters": [1]}, "parameters", "not_a_dict"),
            ({"inputs": {"dataset": "no address"}}, "inputs", "invalid"),
            ({"inputs": {"dataset": [1]}}, "inputs", "invalid"),
            ({"tags": [1]}, "tags", "not_a_list"),
            ({"time_limit": -1}, "time_limit", "min_value"),
            ({"time_limit": "long"}, "time_limit", "invalid"),
            ({"priority": 1.5}, "priority", "invalid"),
            ({"title": {"a": 1}}, "title", "invalid"),
            ({"inherit_environment_variables": "perhaps"}, "inherit_environment_variables", "invalid"),
            ({"environment_variables": {"A": [1]}}, "environment_variables", "invalid"),
        ],
    )
    def test_what_is_wrong_is_reported_by_field(self, runs: Runs, more: dict[str, Any], place: str, code: str) -> None:
        problems = runs.refused("executions/", runs.order("train") | more)
        assert {place: code} == {field: leaves[0]["code"] for field, leaves in problems.items()}

    def test_all_that_is_wrong_is_reported_at_once(self, runs: Runs) -> None:
        problems = runs.refused("executions/", runs.order("none", environment="bluup", tags=3))
        assert problems.keys() == {"step", "environment", "tags"}

    def test_readers_may_not(self, runs: Runs) -> None:
        reader = requests.post(
            runs.url("executions/"),
            json=runs.order(),
            headers={"Authorization": f"Token {runs.face.user_token('reader')}"},
            timeout=30,
        )
        assert reader.status_code == 403

    def test_strangers_see_no_project(self, runs: Runs) -> None:
        headers = {"Authorization": f"Token {runs.face.user_token('outsider')}"}
        answer = requests.post(runs.url("executions/"), json=runs.order(), headers=headers, timeout=30)
        assert (answer.status_code, answer.json()["project"][0]["code"]) == (400, "does_not_exist")


class TestStates:
    def test_every_state_in_turn(self, runs: Runs) -> None:
        """Created for 1 second, queued for 2, and then as long as the command takes."""
        made = runs.start("train")
        seen = []
        for seconds in (0, 0.9, 0.2, 1.8, 0.2, 14.8, 0.2):
            runs.pass_time(seconds)
            seen.append(runs.state(made))
        assert seen == ["created", "created", "queued", "queued", "started", "started", "complete"]
        assert runs.get(f"executions/{made}/")["duration"] == 15

    def test_what_was_missed_happened_at_its_time(self, runs: Runs) -> None:
        made = runs.start("train")
        begun = runs.face.clock.now()
        runs.pass_time(86400)
        ended = datetime.fromisoformat(runs.get(f"executions/{made}/")["end_time"])
        assert abs((ended - begun).total_seconds() - 18) < 0.01

    @pytest.mark.parametrize(
        ("command", "state"),
        [("true", "complete"), ("exit 3", "error"), ("kill -9 1", "crashed"), ("nonesuch", "complete")],
    )
    def test_the_command_decides_the_end(self, runs: Runs, command: str, state: str) -> None:
        assert runs.acted(command)["status"] == state

    def test_the_time_limit_stops(self, runs: Runs) -> None:
        made = runs.acted("echo a; sleep 60; echo b", time_limit=30)
        assert (made["status"], made["duration"]) == ("stopped", 30)
        assert "b" not in [line["message"] for line in made["events"]]

    def test_an_input_that_is_nowhere_ends_in_error(self, runs: Runs) -> None:
        assert runs.acted("true", inputs={"dataset": f"datum://{ABSENT}"})["status"] == "error"

    def test_the_price_follows_from_the_environment(self, runs: Runs) -> None:
        assert runs.acted("sleep 30m", environment="harbour-gpu")["price"] == 1.653

    def test_without_a_hand_on_the_clock_time_passes_by_itself(self) -> None:
        with sandbox.running("valohai") as server:
            runs = Runs(server)
            runs.face.settings.creating_seconds = runs.face.settings.queue_seconds = 0
            runs.face.clock.run()
            assert runs.state(runs.start(command="true")) == "complete"

    def test_the_clock_does_not_go_back(self, runs: Runs) -> None:
        with pytest.raises(ValueError, match="back"):
            runs.face.clock.advance(-1)

    def test_runs_go_on_after_a_restart(self, tmp_path: Any) -> None:
        file = str(tmp_path / "data")
        with sandbox.running("valohai", db=file) as server:
            made = Runs(server).start("train")
        with sandbox.running("valohai", db=file) as server:
            server.face.clock.advance(3600)  # type: ignore[attr-defined]
            headers = {"Authorization": f"Token {server.token}"}
            answer = requests.get(f"{server.url}/api/v0/executions/{made}/", headers=headers, timeout=30)
            assert answer.json()["status"] == "complete"


class TestStopping:
    def test_stopping_takes_a_while(self, runs: Runs) -> None:
        made = runs.start("train")
        runs.pass_time(5)
        assert runs.post(f"executions/{made}/stop/", status=200) == {"message": "OK"}
        assert runs.state(made) == "stopping"
        assert "already" in runs.post(f"executions/{made}/stop/", status=200)["message"]
        runs.pass_time(3)
        assert runs.state(made) == "stopped"
        assert runs.get(f"executions/{made}/")["duration"] == 5

    def test_one_that_has_not_begun(self, runs: Runs) -> None:
        made = runs.start("train")
        runs.post(f"executions/{made}/stop/", status=200)
        runs.pass_time()
        stopped = runs.get(f"executions/{made}/")
        assert (stopped["status"], stopped["duration"], stopped["outputs"]) == ("stopped", 0, [])

    def test_one_that_has_ended_stays_as_it_is(self, runs: Runs) -> None:
        made = runs.acted("true")["id"]
        assert "complete already" in runs.post(f"executions/{made}/stop/", status=200)["message"]
        assert runs.state(made) == "complete"

    def test_by_counter_and_by_link(self, runs: Runs) -> None:
        runs.start("train")
        assert runs.post(f"executions/{runs.fan}:latest/stop/", status=200) == {"message": "OK"}
        link = runs.get(f"executions/{runs.start('train')}/")["urls"]["stop"]
        assert runs.post(link, status=200) == {"message": "OK"}


class TestWhatIsWritten:
    def test_the_log_grows_with_time(self, runs: Runs) -> None:
        made = runs.start("train")
        runs.pass_time(4)
        early = runs.get(f"executions/{made}/events/")
        assert [line["message"] for line in early["events"] if line["stream"] == "stdout"] == ["start"]
        runs.pass_time(10)
        late = runs.get(f"executions/{made}/events/")
        assert late["events"][: early["total"]] == early["events"]
        assert late["total"] == early["total"] + 1

    def test_times_have_no_zone(self, runs: Runs) -> None:
        for line in nonempty(runs.acted("echo a")["events"]):
            assert len(line["time"]) == 26
            assert line["time"].endswith("000")

    def test_the_end_of_a_long_log(self, runs: Runs) -> None:
        lines = "; ".join(f"echo {n}" for n in range(2500))
        made = runs.acted(lines)["id"]
        usual = runs.get(f"executions/{made}/events/")
        assert (len(usual["events"]), usual["truncated"], usual["limit"]) == (2000, True, 2000)
        few = runs.get(f"executions/{made}/events/?limit=3")["events"]
        assert few == usual["events"][-3:]
        whole = runs.get(f"executions/{made}/events/?limit=0")
        assert (len(whole["events"]), whole["truncated"]) == (whole["total"], False)

    def test_status_events_are_the_first_ones(self, runs: Runs) -> None:
        made = runs.acted("echo a")["id"]
        told = runs.get(f"executions/{made}/status-events/?limit=2")
        assert [told["total"], 2] == [4, len(told["status_events"])]
        assert {line["stream"] for line in told["status_events"]} == {"status"}

    def test_json_lines_are_metadata(self, runs: Runs) -> None:
        command = """echo '{"epoch": 1, "loss": 0.5}'; sleep 1; echo '{"loss": 0.25}'; echo '[1]'; echo '{"a": NaN}'"""
        made = runs.acted(command)
        assert made["cumulative_metadata"] == {"epoch": 1, "loss": 0.25}
        points = runs.get(f"executions/{made['id']}/metadata/")
        assert [{"epoch", "loss", "_time"}, {"loss", "_time"}] == [set(point) for point in points]

    def test_errors_on_the_other_stream_are_none(self, runs: Runs) -> None:
        made = runs.acted("""echo '{"a": 1}' >&2""")
        assert made["cumulative_metadata"] is None

    def test_outputs_come_at_the_end(self, runs: Runs) -> None:
        made = runs.start("train")
        runs.pass_time(14)
        assert runs.get(f"executions/{made}/outputs/") == []
        runs.pass_time(10)
        (output,) = runs.get(f"executions/{made}/outputs/")
        assert (output["name"], output["size"], output["output_execution"]["id"]) == ("model.bin", 8, made)
        assert [output["id"]] == [row["id"] for row in runs.rows(f"data/?output_execution={made}")]
        assert runs.get(f"executions/{made}/")["n_outputs"] == 1

    def test_a_failed_one_saves_its_files_too(self, runs: Runs) -> None:
        assert runs.acted("echo a > /valohai/outputs/a; exit 1")["n_outputs"] == 1
        assert runs.acted("echo a > /valohai/outputs/a; kill -9 1")["n_outputs"] == 0

    def test_a_sidecar_holds_the_properties(self, runs: Runs) -> None:
        sidecar = """echo '{"valohai.tags": ["best"]}' > /valohai/outputs/a.metadata.json"""
        (output,) = runs.acted(f"echo a > /valohai/outputs/a; {sidecar}")["outputs"]
        assert (output["name"], output["tags"]) == ("a", ["best"])

    def test_variables_of_the_project_are_inherited(self, runs: Runs) -> None:
        runs.post(f"projects/{runs.fan}/environment_variable/", {"name": "TEAM", "value": "blue", "secret": True}, 200)
        with_it, without = runs.acted("echo =$TEAM"), runs.acted("echo =$TEAM", inherit_environment_variables=False)
        assert "=blue" in [line["message"] for line in with_it["events"]]
        assert "=" in [line["message"] for line in without["events"]]

    def test_the_table_of_metadata(self, runs: Runs) -> None:
        made = [runs.acted(f"""echo '{{"x": {n}}}'""", title=f"t{n}") for n in range(2)]
        body = {"ids": [each["id"] for each in made]}
        by_post = runs.send("POST", "executions/multi_download_metadata_csv/", body)
        by_get = runs.send("GET", "executions/multi_download_metadata_csv/", body)
        assert by_post.text == by_get.text
        assert by_get.text.splitlines()[0] == "execution_id,execution_counter,execution_title,_time,x"
        assert [line.split(",")[2::2] for line in by_get.text.splitlines()[1:]] == [["t0", "0"], ["t1", "1"]]
        runs.refused("executions/multi_download_metadata_csv/", {"ids": [ABSENT]})


class TestMore:
    def test_a_copy(self, runs: Runs) -> None:
        made = runs.acted("exit 1", title="First", parameters={"word": "x"}, step="say")
        copy = runs.post(f"executions/{made['id']}/copy/")
        same = ("title", "parameters", "inputs", "command", "environment", "commit")
        assert [made[name] for name in same] == [copy[name] for name in same]
        assert (copy["status"], copy["counter"] > made["counter"]) == ("created", True)

    def test_tags_are_added(self, runs: Runs) -> None:
        made = runs.start(tags=["a"])
        assert runs.post(f"executions/{made}/tags/", {"tags": ["b", "a", "c"]}, 200) == {"tags": ["a", "b", "c"]}
        runs.refused(f"executions/{made}/tags/", {})
        runs.refused(f"executions/{made}/tags/", {"tags": [1]})

    def test_a_deleted_one_is_hidden(self, runs: Runs) -> None:
        made = runs.acted("true")
        assert runs.send("DELETE", f"executions/{made['id']}/").json() == {"ok": True}
        assert made["id"] not in [row["id"] for row in runs.rows(f"executions/?project={runs.fan}&deleted=false")]
        assert made["id"] in [row["id"] for row in runs.rows(f"executions/?project={runs.fan}&deleted=True")]

    def test_a_notebook_runs_until_it_is_stopped(self, runs: Runs) -> None:
        made = runs.post(
            "notebook-executions/", {"project": runs.fan, "image": "jupyter", "environment": "PROJECT_DEFAULT"}
        )
        runs.pass_time(86400)
        assert (made["url"], runs.state(made["id"])) == (runs.url(f"executions/{made['id']}/"), "started")
        runs.post(f"executions/{made['id']}/stop/", status=200)
        runs.pass_time()
        assert runs.state(made["id"]) == "stopped"
        runs.refused("notebook-executions/", {"project": runs.fan})

    def test_the_project_counts(self, runs: Runs) -> None:
        runs.pass_time(86400 * 400)
        before = runs.get(f"projects/{runs.fan}/")["execution_summary"]
        runs.acted("exit 1")
        runs.start("train")
        after = runs.get(f"projects/{runs.fan}/")["execution_summary"]
        grown = {name: after[name] - before[name] for name in after if after[name] != before[name]}
        assert grown == {"count": 2, "error_count": 1, "created_count": 1}
