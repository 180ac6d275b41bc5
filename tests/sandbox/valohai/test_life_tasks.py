"""Tasks and pipelines: who starts when, what is carried from one to the next, and how the whole ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from assetmeta import sandbox
from sandbox.valohai.runs import Runs

ABSENT = "01890000-0000-7000-8000-000000000001"
Body = dict[str, Any]


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    """One project for the module: every test makes the runs that it looks at."""
    with sandbox.running("valohai") as server:
        yield Runs(server)


def several(*values: object) -> Body:
    return {"style": "multiple", "rules": {"items": list(values)}}


def saying(*words: str) -> Body:
    """The parameters of a task whose children run each of *words* as its command."""
    return {"word": several(*words)}


def task(runs: Runs, **more: Any) -> Body:
    """A new task."""
    made: Body = runs.post(
        "tasks/", runs.order("say", **{"type": "grid_search", "parameters": saying("a", "b")} | more)
    )
    return made


class TestTasks:
    def test_children_have_the_values_of_the_styles(self, runs: Runs) -> None:
        made = task(runs)
        children = runs.children(made["id"])
        assert [("created", {"word": "a"}), ("created", {"word": "b"})] == [
            (child["status"], child["parameters"]) for child in children
        ]
        assert (made["n_children"], made["project"], children[0]["task_counter"]) == (2, runs.fan, made["counter"])

    def test_links_lead_to_the_children(self, runs: Runs) -> None:
        made = task(runs)
        rows = runs.get(made["urls"]["executions"])["results"]
        assert [row["id"] for row in rows] == runs.get(f"tasks/{made['id']}/execution_ids/")
        assert runs.get(made["urls"]["pipelines"])["count"] == 0

    def test_its_states(self, runs: Runs) -> None:
        made = task(runs)["id"]
        seen = []
        for seconds in (0, 1, 2, 60):
            runs.pass_time(seconds)
            seen.append(runs.get(f"tasks/{made}/")["status"])
        assert seen == ["created", "started", "complete", "complete"]
        assert runs.get(f"tasks/{made}/")["status_summary"]["complete_count"] == 2

    def test_no_more_than_wanted_are_on_their_way(self, runs: Runs) -> None:
        made = task(runs, command="sleep 10", parameters=saying("a", "b", "c"), maximum_queued_executions=2)["id"]
        runs.pass_time(5)
        assert ["started", "started", "created"] == [child["status"] for child in runs.children(made)]
        runs.pass_time(9)
        assert ["complete", "complete", "queued"] == [child["status"] for child in runs.children(made)]

    @pytest.mark.parametrize(
        ("rule", "state", "children"),
        [
            ("continue_and_complete", "complete", ["error", "complete"]),
            ("continue_and_error", "error", ["error", "complete"]),
            ("stop_all_and_error", "error", ["error", "stopped"]),
        ],
    )
    def test_the_failure_of_a_child(self, runs: Runs, rule: str, state: str, children: list[str]) -> None:
        command = "sleep 2; exit {parameter-value:word}"
        made = task(runs, command=command, parameters=saying("1", "0"), on_child_error=rule)["id"]
        runs.pass_time()
        assert (runs.get(f"tasks/{made}/")["status"], [child["status"] for child in runs.children(made)]) == (
            state,
            children,
        )

    def test_stopping(self, runs: Runs) -> None:
        made = task(runs, command="sleep 60", maximum_queued_executions=1)["id"]
        runs.pass_time(5)
        assert runs.post(f"tasks/{made}/stop/", status=200) == {"message": "OK"}
        assert runs.get(f"tasks/{made}/")["status"] == "stopping"
        runs.pass_time()
        assert ["stopped", "stopped"] == [child["status"] for child in runs.children(made)]
        assert runs.get(f"tasks/{made}/")["status"] == "stopped"
        assert "already" in runs.post(f"tasks/{made}/stop/", status=200)["message"]

    def test_a_copy(self, runs: Runs) -> None:
        made = task(runs, title="Again")
        copy = runs.post(f"tasks/{made['id']}/copy/")
        assert (copy["title"], copy["n_children"], copy["counter"]) == ("Again", 2, made["counter"] + 1)

    def test_a_copy_of_a_child_joins_the_task(self, runs: Runs) -> None:
        made = task(runs)["id"]
        child = runs.children(made)[0]
        runs.post(child["urls"]["copy_to_task"])
        runs.pass_time()
        task_now = runs.get(f"tasks/{made}/")
        assert (task_now["n_children"], task_now["status_summary"]["complete_count"]) == (3, 3)
        refused = runs.refused(f"executions/{child['id']}/copy_to_task/", {})
        assert refused["code"] == "task_ended"
        assert runs.refused(f"executions/{runs.start()}/copy_to_task/", {})["code"] == "no_task"

    def test_keys_of_the_children(self, runs: Runs) -> None:
        made = task(runs)["id"]
        runs.pass_time()
        assert runs.get(f"tasks/{made}/property-keys/") == {"parameters": ["word"], "metadata": ["said"]}

    @pytest.mark.parametrize(
        ("more", "place"),
        [
            ({"type": "odd"}, "type"),
            ({"parameters": {"word": {"style": "odd"}}}, "parameters"),
            ({"parameters": {"word": several({"a": 1})}}, "parameters"),
            ({"on_child_error": "continue-and-error"}, "on_child_error"),
            ({"configuration": {"execution_count": 0}}, "configuration"),
            ({"configuration": []}, "configuration"),
            ({"maximum_queued_executions": "few"}, "maximum_queued_executions"),
            ({"step": "none"}, "step"),
            ({"type": "random_search", "configuration": {"execution_count": 5000}}, "parameters"),
        ],
    )
    def test_what_is_wrong_is_reported(self, runs: Runs, more: Body, place: str) -> None:
        body = runs.order("say", type="grid_search", parameters=saying("a")) | more
        assert set(runs.refused("tasks/", body)) == {place}

    def test_parameters_are_checked_like_those_of_executions(self, runs: Runs) -> None:
        body = runs.order("train", type="grid_search", parameters={"rate": several(1, 99)})
        assert "maximum" in runs.refused("tasks/", body)["parameters"][0]["message"]


def node(name: str, command: str = "true", **more: Any) -> Body:
    template = {"commit": "main", "step": "say", "command": command}
    return {"name": name, "type": "execution", "template": template | more.pop("template", {})} | more


def edge(source: str, target: str) -> Body:
    """An edge written as `node.type.key` twice."""
    ends = {}
    for end, text in (("source", source), ("target", target)):
        ends[f"{end}_node"], ends[f"{end}_type"], ends[f"{end}_key"] = text.split(".", 2)
    return ends


def pipeline(runs: Runs, nodes: list[Body], *edges: Body, **more: Any) -> Body:
    """A new pipeline."""
    made: Body = runs.post("pipelines/", {"project": runs.fan, "nodes": nodes, "edges": list(edges)} | more)
    return made


def finished(runs: Runs, made: Body) -> Body:
    """The pipeline when nothing happens any more."""
    runs.pass_time()
    found: Body = runs.get(f"pipelines/{made['id']}/")
    return found


def states(made: Body) -> list[str]:
    return [each["status"] for each in made["nodes"]]


class TestPipelines:
    def test_a_node_waits_for_those_before_it(self, runs: Runs) -> None:
        nodes = [node("a", "sleep 10"), node("b"), node("c")]
        made = pipeline(runs, nodes, edge("a.dependency.x", "b.dependency.x"), edge("b.dependency.x", "c.dependency.x"))
        assert states(made) == ["started", "created", "created"]
        runs.pass_time(13)
        assert states(runs.get(f"pipelines/{made['id']}/")) == ["complete", "started", "created"]
        done = finished(runs, made)
        assert (done["status"], states(done)) == ("complete", ["complete"] * 3)
        assert ["complete", "started"] == [done["log"][0]["identifier"], done["log"][-1]["identifier"]]

    def test_a_node_starts_when_the_one_before_it_ended(self, runs: Runs) -> None:
        """Also where nobody asked in between."""
        done = finished(runs, pipeline(runs, [node("a", "sleep 10"), node("b")], edge("a.output.*", "b.input.dataset")))
        first, second = (each["execution"] for each in done["nodes"])
        assert runs.get(first["url"])["end_time"] == second["ctime"]

    def test_edges_have_the_ids_of_their_nodes(self, runs: Runs) -> None:
        made = pipeline(runs, [node("a"), node("b")], edge("a.output.model*", "b.input.dataset"))
        ids = [each["id"] for each in made["nodes"]]
        (drawn,) = made["edges"]
        assert (drawn["source_node"], drawn["target_node"], drawn["pipeline"]) == (ids[0], ids[1], made["id"])

    def test_what_edges_carry(self, runs: Runs) -> None:
        first = node(
            "a", """echo x > /valohai/outputs/m.bin; echo '{"k": "v"}'""", template={"parameters": {"word": "w"}}
        )
        first["template"]["inputs"] = {"dataset": ["https://example.com/x"]}
        nodes = [first, *(node(name) for name in "bcde")]
        edges = [
            edge("a.output.*.bin", "b.input.dataset"),
            edge("a.metadata.k", "c.parameter.word"),
            edge("a.parameter.word", "d.parameter.word"),
            edge("a.input.dataset", "e.input.dataset"),
            edge("a.metadata.k", "e.environment-variable.KEY"),
        ]
        done = finished(runs, pipeline(runs, nodes, *edges))
        a, b, c, d, e = (runs.get(each["execution"]["url"]) for each in done["nodes"])
        assert b["inputs"][0]["urls"] == [f"datum://{a['outputs'][0]['id']}"]
        assert (c["parameters"], d["parameters"]) == ({"word": "v"}, {"word": "w"})
        assert (e["inputs"][0]["urls"], e["environment_variables"]) == (["https://example.com/x"], {"KEY": "v"})

    def test_merge_modes(self, runs: Runs) -> None:
        own = {"inputs": {"dataset": ["https://example.com/own"]}}
        nodes = [node("a", "echo x > /valohai/outputs/x"), node("b", template=own), node("c", template=own)]
        nodes[2]["edge_merge_mode"] = "append"
        edges = [edge("a.output.*", "b.input.dataset"), edge("a.output.*", "c.input.dataset")]
        done = finished(runs, pipeline(runs, nodes, *edges))
        counts = [len(each["execution"]["inputs"][0]["urls"]) for each in done["nodes"][1:]]
        assert counts == [1, 2]

    @pytest.mark.parametrize(
        ("rule", "state", "nodes"),
        [
            ("stop-all", "error", ["error", "stopped", "stopped"]),
            ("stop-next", "error", ["error", "stopped", "complete"]),
            ("continue", "complete", ["error", "complete", "complete"]),
            ("retry", "error", ["error", "stopped", "stopped"]),
        ],
    )
    def test_the_failure_of_a_node(self, runs: Runs, rule: str, state: str, nodes: list[str]) -> None:
        written = [node("a", "exit 1", on_error=rule), node("b"), node("c", "sleep 100")]
        done = finished(runs, pipeline(runs, written, edge("a.output.*", "b.input.dataset")))
        assert (done["status"], states(done)) == (state, nodes)

    def test_a_retried_node_runs_twice(self, runs: Runs) -> None:
        made = pipeline(runs, [node("a", "exit 1", on_error="retry")])
        finished(runs, made)
        rows = runs.rows(f"executions/?project={runs.fan}&limit=1000")
        assert len([row for row in rows if row["pipeline"] == made["id"]]) == 2

    def test_stopping(self, runs: Runs) -> None:
        made = pipeline(runs, [node("a", "sleep 60"), node("b")], edge("a.output.*", "b.input.dataset"))
        runs.pass_time(5)
        assert runs.post(f"pipelines/{made['id']}//stop/", status=200) == {"message": "OK"}
        assert runs.get(f"pipelines/{made['id']}/")["status"] == "stopping"
        done = finished(runs, made)
        assert (done["status"], states(done)) == ("stopped", ["stopped", "stopped"])

    def test_a_task_node(self, runs: Runs) -> None:
        template = {"commit": "main", "step": "say", "type": "grid_search", "parameters": saying("x", "y")}
        many = {"name": "many", "type": "task", "template": template}
        done = finished(runs, pipeline(runs, [many, node("b")], edge("many.metadata.said", "b.parameter.word")))
        assert states(done) == ["complete", "complete"]
        (found,) = (
            row for row in runs.rows(f"tasks/?project={runs.fan}&limit=1000") if row["counter"] == self.last(runs)
        )
        assert [done["id"]] == [row["id"] for row in runs.get(found["urls"]["pipelines"])["results"]]

    def last(self, runs: Runs) -> int:
        """The counter of the latest task."""
        return int(runs.get(f"tasks/{runs.fan}:latest/")["counter"])

    def test_a_mimic_takes_over(self, runs: Runs) -> None:
        first = finished(runs, pipeline(runs, [node("a", "echo x > /valohai/outputs/x")]))["nodes"][0]
        again = pipeline(
            runs,
            [{"type": "mimic", "name": "a", "source": first["id"]}, node("b")],
            edge("a.output.*", "b.input.dataset"),
        )
        done = finished(runs, again)
        assert (done["status"], done["nodes"][0]["execution"]["id"]) == ("complete", first["execution"]["id"])
        assert done["nodes"][1]["execution"]["inputs"][0]["urls"] == [
            f"datum://{first['execution']['outputs'][0]['id']}"
        ]

    def test_executions_are_reused_on_request(self, runs: Runs) -> None:
        """Only where nothing differs that could matter."""
        nodes = [node("a", "echo reuse > /valohai/outputs/x"), node("b", "echo other")]
        drawn = edge("a.output.*", "b.input.dataset")
        first = finished(runs, pipeline(runs, nodes, drawn))
        again = finished(runs, pipeline(runs, nodes, drawn, reuse_executions=True))
        without = finished(runs, pipeline(runs, nodes, drawn))
        ids = [[each["execution"]["id"] for each in made["nodes"]] for made in (first, again, without)]
        assert (ids[0], again["status"]) == (ids[1], "complete")
        assert set(ids[2]).isdisjoint(ids[0])
        nodes[1]["template"]["parameters"] = {"word": "changed"}
        changed = finished(runs, pipeline(runs, nodes, drawn, reuse_executions=True))
        assert changed["nodes"][1]["execution"]["id"] not in (ids[0][1], ids[2][1])

    def test_endpoints_that_the_commit_does_not_list_are_refused(self, runs: Runs) -> None:
        deployment = runs.post("deployments/", {"name": "strict", "project": runs.fan})["id"]
        endpoints = {"serve": {"enabled": True}, "nope": {"enabled": True}}
        release = {"commit": "main", "deployment": deployment, "name": "1", "endpoint_configurations": endpoints}
        body = runs.refused("deployment-versions/", release)
        assert list(body["endpoint_configurations"]) == ["nope"]
        serve = {"name": "out", "type": "deployment", "deployment": "strict", "commit": "main"}
        nodes = [node("a", "true"), {**serve, "endpoint_configurations": endpoints}]
        order = {"project": runs.fan, "title": "t", "nodes": nodes, "edges": []}
        assert "nope: the commit has no such endpoint." in str(runs.refused("pipelines/", order))
        assert runs.get(f"deployments/{deployment}/")["versions"] == []
        del endpoints["nope"]
        assert list(runs.post("deployment-versions/", release)["endpoint_urls"]) == ["serve"]

    def test_parameters_that_the_step_does_not_list_are_refused(self, runs: Runs) -> None:
        before = (runs.rows("executions/"), runs.rows("tasks/"))
        order = runs.order("train", parameters={"rate": 1, "speed": 2})
        assert "speed: the step has no such parameter" in str(runs.refused("executions/", order)["parameters"])
        style = {"style": "multiple", "rules": {"items": [1, 2]}}
        order = runs.order("train", type="grid_search", parameters={"speed": style})
        assert "speed: the step has no such parameter" in str(runs.refused("tasks/", order)["parameters"])
        assert (runs.rows("executions/"), runs.rows("tasks/")) == before
        # The step "act" lists none, and takes any.
        made = runs.start("act", parameters={"speed": 2})
        assert runs.get(f"executions/{made}/")["parameters"] == {"speed": 2}

    def test_a_deployment_node(self, runs: Runs) -> None:
        deployment = runs.post("deployments/", {"name": "prod", "project": runs.fan})["id"]
        serve = {"name": "out", "type": "deployment", "deployment": "prod", "commit": "main", "aliases": ["live"]}
        serve["endpoint_configurations"] = {"serve": {"enabled": True, "files": {}}}
        nodes = [node("a", "echo x > /valohai/outputs/x"), serve]
        done = finished(runs, pipeline(runs, nodes, edge("a.output.x", "out.file.serve.model")))
        (version,) = runs.get(f"deployments/{deployment}/")["versions"]
        detail = runs.get(f"deployment-versions/{version['id']}/")
        (file,) = detail["endpoints"][0]["files"]
        assert (file["name"], file["datum"]["id"]) == ("model", done["nodes"][0]["execution"]["outputs"][0]["id"])
        (alias,) = runs.rows(f"deployment-version-aliases/?project={runs.fan}")
        assert (alias["name"], alias["target"]) == ("live", version["id"])

    def test_a_deployment_that_was_deleted_meanwhile(self, runs: Runs) -> None:
        deployment = runs.post("deployments/", {"name": "short", "project": runs.fan})["id"]
        last = {"name": "out", "type": "deployment", "deployment": deployment, "commit": "main"}
        made = pipeline(runs, [node("a", "sleep 9"), last], edge("a.dependency.x", "out.dependency.x"))
        runs.delete(f"deployments/{deployment}/")
        done = finished(runs, made)
        assert (done["status"], states(done)) == ("error", ["complete", "error"])

    def test_a_project_that_was_deleted_meanwhile(self, runs: Runs) -> None:
        project = runs.project("Short")
        runs.patch(f"projects/{project}/", {"repository": {"url": "https://git.example.org/ada/fan.git"}})
        runs.post(f"projects/{project}/fetch/")
        runs.post("pipelines/create-from-template/", {"project": project, "commit": "main", "name": "whole"})
        runs.delete(f"projects/{project}/")
        runs.pass_time()
        assert runs.get(f"executions/?project={project}")["count"] == 0

    def test_parameters_reach_the_nodes(self, runs: Runs) -> None:
        parameter = {"config": {"name": "word", "targets": ["b.parameters.word"]}, "expression": "deep"}
        made = pipeline(runs, [node("a"), node("b")], parameters={"word": parameter})
        assert ["hello", "deep"] == [each["execution"]["parameters"]["word"] for each in made["nodes"]]

    @pytest.mark.parametrize(
        ("condition", "state"),
        [
            ("metadata.k >= 0.8", "stopped"),
            (["metadata.k >= 0.8", "parameter.word == hello"], "stopped"),
            (["metadata.k >= 0.8", "parameter.word == 'other'"], "complete"),
            ("metadata.k < 0.8", "complete"),
            ("metadata.none == 1", "complete"),
            ("metadata.k > x", "complete"),
            ("k", "complete"),
            (None, "stopped"),
        ],
    )
    def test_an_action_stops_on_a_condition(self, runs: Runs, condition: object, state: str) -> None:
        action = {"when": ["node-complete"], "if": condition, "then": "stop-pipeline"}
        nodes = [node("a", """echo '{"k": 0.9}'""", actions=[action]), node("b")]
        done = finished(runs, pipeline(runs, nodes, edge("a.dependency.x", "b.dependency.x")))
        assert (done["status"], states(done)) == (state, ["complete", state])

    def test_an_action_on_failure(self, runs: Runs) -> None:
        action = {"when": "node-error", "then": ["noop", "error-pipeline"]}
        nodes = [node("a", "exit 1", on_error="continue", actions=[action]), node("b")]
        done = finished(runs, pipeline(runs, nodes, edge("a.dependency.x", "b.dependency.x")))
        assert (done["status"], states(done)) == ("error", ["error", "stopped"])

    def test_a_node_may_need_approval(self, runs: Runs) -> None:
        action = {"when": "node-starting", "then": "require-approval"}
        made = pipeline(runs, [node("a", actions=[action])])
        waiting = finished(runs, made)
        assert (waiting["status"], states(waiting), waiting["log"][0]["identifier"]) == (
            "started",
            ["created"],
            "approval_required",
        )
        runs.face.approve(made["id"], "a")
        assert finished(runs, made)["status"] == "complete"
        with pytest.raises(LookupError, match="waits for approval"):
            runs.face.approve(made["id"], "a")

    def test_a_waiting_pipeline_can_be_stopped(self, runs: Runs) -> None:
        made = pipeline(runs, [node("a", actions=[{"when": "node-starting", "then": "require-approval"}])])
        runs.post(f"pipelines/{made['id']}/stop/", status=200)
        assert finished(runs, made)["status"] == "stopped"

    def test_from_a_template(self, runs: Runs) -> None:
        body = {"project": runs.fan, "commit": "main", "name": "whole", "parameters": {"word": "mine"}}
        done = finished(runs, runs.post("pipelines/create-from-template/", body))
        first, second, _ = done["nodes"]
        assert (done["status"], done["title"], states(done)) == ("complete", "whole", ["complete"] * 3)
        assert second["execution"]["parameters"] == {"word": "mine"}
        assert second["execution"]["inputs"][0]["urls"] == [f"datum://{first['execution']['outputs'][0]['id']}"]
        latest = runs.get(f"tasks/{runs.fan}:latest/")
        assert [0.5] * 3 == [child["parameters"]["rate"] for child in runs.children(latest["id"])]
        assert runs.refused("pipelines/create-from-template/", body | {"name": "none"}).keys() == {"name"}

    @pytest.mark.parametrize(
        ("nodes", "edges", "problems"),
        [
            ([], [], {"nodes"}),
            ([{"name": "a", "type": "odd"}], [], {"nodes"}),
            ([node("a", template={"step": "none"})], [], {"nodes"}),
            ([node("a", template={"environment": "bluup"})], [], {"nodes"}),
            ([node("a"), node("a")], [], {"non_field_errors"}),
            ([node("a", on_error="ignore")], [], {"nodes"}),
            ([{"name": "a", "type": "mimic", "source": ABSENT}], [], {"nodes"}),
            ([{"name": "a", "type": "deployment", "deployment": "none", "commit": "main"}], [], {"nodes"}),
            ([node("a")], [edge("a.output.*", "b.input.x")], {"edges"}),
            ([node("a"), node("b")], [edge("a.odd.*", "b.input.x")], {"edges"}),
            ([node("a"), node("b")], [edge("a.output.*", "b.input.x"), edge("b.output.*", "a.input.x")], {"edges"}),
            ([node("a")], [edge("a.output.*", "a.input.x")], {"edges"}),
            ("none", [], {"nodes"}),
            ([1], [2], {"nodes", "edges"}),
        ],
    )
    def test_what_is_wrong_is_reported(self, runs: Runs, nodes: Any, edges: Any, problems: set[str]) -> None:
        body = {"project": runs.fan, "nodes": nodes, "edges": edges}
        assert problems == set(runs.refused("pipelines/", body))

    def test_problems_of_templates_stand_in_their_place(self, runs: Runs) -> None:
        body = {"project": runs.fan, "nodes": [node("a"), node("b", template={"environment": "bluup"})], "edges": []}
        first, second = runs.refused("pipelines/", body)["nodes"]
        assert (first, second["template"]["environment"][0]["code"]) == ({}, "does_not_exist")

    def test_the_edges_are_needed_even_if_there_are_none(self, runs: Runs) -> None:
        assert runs.refused("pipelines/", {"project": runs.fan, "nodes": [node("a")]})["edges"][0]["code"] == "required"
