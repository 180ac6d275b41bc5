"""The vendor's command-line client for tests: real commands in a folder of their own, never the user's."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from click.testing import CliRunner
from valohai_cli.cli import cli
from valohai_cli.settings import settings
from valohai_cli.settings.persistence import FilePersistence

from assetmeta import sandbox

CONFIG = """\
- step:
    name: preprocess
    image: python:3.12
    command:
      - echo hello from the step
      - 'echo ''{"rows": {parameter-value:rows}}'''
      - echo "a,b" > /valohai/outputs/tables/train.csv
    parameters:
      - name: rows
        type: integer
        default: 10

- step:
    name: train
    image: python:3.12
    command:
      - 'echo ''{"loss": {parameter-value:rate}}'''
      - echo weights > /valohai/outputs/model.bin
    inputs:
      - name: dataset
        default: https://example.com/train.csv
    parameters:
      - name: rate
        type: float
        default: 0.5

- step:
    name: wait
    image: python:3.12
    command: sleep 600

- step:
    name: fail
    image: python:3.12
    command: exit 3

- task:
    name: sweep
    step: train
    type: grid_search
    on-child-error: continue-and-error
    parameters:
      - name: rate
        style: multiple
        rules:
          items: [0.1, 0.2, 0.3]

- pipeline:
    name: training
    parameters:
      - name: rate
        default: 0.25
        targets:
          - train.parameters.rate
    nodes:
      - name: preprocess
        type: execution
        step: preprocess
      - name: train
        type: execution
        step: train
    edges:
      - [preprocess.output.*.csv, train.input.dataset]

- endpoint:
    name: predict
    image: python:3.12
    server-command: python serve.py
    files:
      - name: model
        path: model.bin
"""


class Desk:
    """A folder with code and a client that is logged in to *server*. Calling it runs one command."""

    def __init__(self, server: sandbox.Server, home: Path) -> None:
        self.server = server
        self.home = home
        self.place = home / "code"
        self.place.mkdir()
        (home / "config").mkdir()
        (self.place / "valohai.yaml").write_text(CONFIG, encoding="utf-8")

    def __call__(self, *words: str, code: int = 0, text: str | None = None) -> str:
        """Run `vh` with *words*; what it prints. The exit code must be *code*; *text* answers what it asks."""
        with self.environment():
            settings.reset()
            settings.persistence = FilePersistence(lambda: str(self.home / "config" / "config.json"))
            result = CliRunner().invoke(cli, list(words), input=text)
        assert result.exit_code == code, (words, result.output, result.exception)
        return result.output

    @contextmanager
    def environment(self) -> Iterator[None]:
        """The folder of the code as current folder, and nobody's settings."""
        before, folder = dict(os.environ), Path.cwd()
        for name in [name for name in os.environ if name.startswith("VALOHAI_")]:
            del os.environ[name]
        os.environ |= {"HOME": str(self.home), "VALOHAI_CONFIG_DIR": str(self.home / "config"), "COLUMNS": "300"}
        os.chdir(self.place)
        try:
            yield
        finally:
            os.chdir(folder)
            os.environ.clear()
            os.environ |= before

    def log_in(self) -> None:
        """By user name and password."""
        who = ["--username", self.server.user, "--password", self.server.secret]
        self("login", "--yes", "--host", self.server.url, *who)

    def api(self, method: str, path: str, body: object = None) -> Any:
        """What the API itself says, beside the client."""
        headers = {"Authorization": f"Token {self.server.token}"}
        url = f"{self.server.url}/api/v0/{path}"
        answer = requests.request(method, url, json=body, headers=headers, timeout=30)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    @property
    def project(self) -> str:
        """The id of the linked project."""
        found: str = next(row["id"] for row in self.api("GET", "projects/")["results"] if row["name"] == self.linked)
        return found

    linked = "windmill"

    def hold_time(self) -> None:
        """Let time pass by `pass_time` alone, so that nothing ends before it is stopped."""
        self.server.face.clock.hold()  # type: ignore[attr-defined]

    def pass_time(self, seconds: float = 5) -> None:
        """Let the runs go on."""
        self.server.face.clock.advance(seconds)  # type: ignore[attr-defined]

    def git(self, *words: str) -> str:
        """Run Git in the folder of the code; what it prints."""
        more = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "HOME": str(self.home)}
        person = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        done = subprocess.run(
            ["git", *person, *words],
            cwd=self.place,
            env={**os.environ, **more},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()
