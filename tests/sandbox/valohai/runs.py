"""A project with code for tests of runs: its clock stands still until it is moved."""

from __future__ import annotations

from typing import Any

from assetmeta.sandbox import Server
from sandbox.valohai.web import Web

REPOSITORY = "https://git.example.org/ada/fan.git"
CODE = """\
- step:
    name: train
    image: python:3.12
    command:
      - echo start
      - sleep 10
      - 'echo ''{"loss": {parameter-value:rate}}'''
      - echo weights > /valohai/outputs/model.bin
      - sleep 5
    inputs:
      - name: dataset
        default: https://example.com/train.csv
    parameters:
      - name: rate
        type: float
        default: 0.5
        min: 0
        max: 10
      - name: mode
        choices: [fast, slow]
        default: fast
- step:
    name: act
    image: busybox
    command: "true"
    environment: harbour-gpu
    environment-variables:
      - name: COLOUR
        default: blue
- step:
    name: say
    image: busybox
    command: 'echo ''{"said": "{parameter-value:word}"}'''
    inputs:
      - name: dataset
    parameters:
      - name: word
        default: hello
- task:
    name: sweep
    step: train
    type: grid-search
    maximum-queued-executions: 1
    on-child-error: stop-all-and-error
    parameters:
      - name: rate
        style: linear
        rules: {start: 1, end: 3, step: 1}
- pipeline:
    name: whole
    parameters:
      - name: word
        default: ahoy
        targets: [second.parameters.word]
    nodes:
      - {name: first, type: execution, step: train}
      - {name: second, type: execution, step: say}
      - {name: many, type: task, task: sweep}
    edges:
      - [first.output.*.bin, second.input.dataset]
      - {source: first.metadata.loss, target: many.parameter.rate}
- endpoint:
    name: serve
    image: busybox
    server-command: serve
    files:
      - {name: model, path: model.bin}
"""


class Runs(Web):
    """A project whose commit on `main` holds CODE. States take whole seconds: created 1, queued 2, stopping 3."""

    def __init__(self, server: Server, user: str = "admin") -> None:
        super().__init__(server, user)
        self.face.clock.hold()
        settings = self.face.settings
        settings.creating_seconds, settings.queue_seconds, settings.stopping_seconds = 1, 2, 3
        settings.program_seconds = 4
        self.fan = self.project("Fan")
        self.patch(f"projects/{self.fan}/", {"repository": {"url": REPOSITORY}})
        self.face.remote.push(REPOSITORY, CODE)
        self.head = self.post(f"projects/{self.fan}/fetch/")["commits"][0]["identifier"]

    def pass_time(self, seconds: float = 3600) -> None:
        """Let *seconds* pass."""
        self.face.clock.advance(seconds)

    def order(self, step: str = "act", **more: Any) -> dict[str, Any]:
        """The body of an execution of *step*."""
        return {"project": self.fan, "commit": "main", "step": step, **more}

    def start(self, step: str = "act", **more: Any) -> str:
        """The id of a new execution."""
        return str(self.post("executions/", self.order(step, **more))["id"])

    def acted(self, command: str, **more: Any) -> Any:
        """An execution of *command*, finished."""
        made = self.start(command=command, **more)
        self.pass_time()
        return self.get(f"executions/{made}/")

    def state(self, execution: str) -> str:
        """Where an execution stands."""
        return str(self.get(f"executions/{execution}/", params={"exclude": "events,metadata"})["status"])

    def children(self, task: str) -> list[Any]:
        """The executions of a task in their order."""
        return self.rows(f"executions/?task={task}&ordering=counter")

    def refused(self, path: str, body: object) -> Any:
        """What a POST is refused with."""
        return self.post(path, body, 400)
