"""The command: what it prints, how it stops, how it refuses."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from typer.testing import CliRunner

from assetmeta.sandbox import running
from assetmeta.sandbox.command import app
from assetmeta.sandbox.faces import FACES
from assetmeta.sandbox.valispace.applications import REST_CLIENT
from assetmeta.sandbox.versionone.oauth import CLIENT_ID, CLIENT_SECRET

COMMAND = [sys.executable, "-m", "assetmeta.sandbox"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command as a process of its own, ended at the end of the block if it has not ended itself."""
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def announced(process: subprocess.Popen[str]) -> list[list[str]]:
    """The lines before "ready", in words."""
    lines: list[list[str]] = []
    assert process.stdout is not None
    for line in process.stdout:
        if line == "ready\n":
            return lines
        lines.append(line.split())
    raise AssertionError(f"never ready: {process.communicate()}")


class TestServing:
    def test_it_prints_one_line_a_system_then_ready_and_stops_on_a_signal(self) -> None:
        with started("versionone", "--port", "0") as process:
            (name, url, user, secret, token) = announced(process)[0]
            assert (name, user) == ("versionone", "admin")
            answer = requests.get(f"{url}/config.v1/", auth=(user, secret), timeout=30)
            assert answer.status_code == 200
            answer = requests.get(f"{url}/config.v1/", headers={"Authorization": f"Bearer {token}"}, timeout=30)
            assert answer.status_code == 200
            process.send_signal(signal.SIGINT)
            rest, errors = process.communicate(timeout=10)
        assert (process.returncode, rest, errors) == (0, "", "")

    def test_all_systems_when_none_is_named_until_it_is_terminated(self) -> None:
        with started("--port", "0") as process:
            told = announced(process)
            process.send_signal(signal.SIGTERM)
            rest, errors = process.communicate(timeout=10)
        assert (process.returncode, rest, errors) == (0, "", "")
        assert list(FACES) == [words[0] for words in told]
        assert [len(words) for words in told] == [5] * len(FACES)

    def test_options_reach_the_system(self, tmp_path: Path) -> None:
        file = tmp_path / "kept.db"
        arguments = ("versionone", "--port", "0", "--assets", "60", "--seed", "3", "--db", str(file))
        with started(*arguments, "--fault", "429=9:1:/meta.v1", "--latency", "5") as process:
            (_, url, user, secret, _) = announced(process)[0]
            faulty = requests.get(f"{url}/meta.v1/Story", auth=(user, secret), timeout=30)
            assert (faulty.status_code, faulty.headers["Retry-After"]) == (429, "9")
            before = requests.get(f"{url}/rest-1.v1/Data/Workitem?sel=Name", auth=(user, secret), timeout=30).text
            assert "<Asset " in before
            process.terminate()
            process.wait(10)
        with running("versionone", db=str(file)) as again:
            login = {"Authorization": f"Bearer {again.token}"}
            after = requests.get(f"{again.url}/rest-1.v1/Data/Workitem?sel=Name", headers=login, timeout=30).text
        assert before == after

    def test_a_system_whose_port_is_taken_gets_the_next_free_one_and_that_is_reported(self, three_ports: int) -> None:
        arguments = ("versionone", "testspace", "--port", str(three_ports))
        with socket.create_server(("127.0.0.1", three_ports + 1)), started(*arguments) as process:
            ports = [int(words[1].split(":")[2].split("/")[0]) for words in announced(process)]
            process.terminate()
            _, errors = process.communicate(timeout=10)
        assert ports == [three_ports, three_ports + 2]
        taken, instead = three_ports + 1, three_ports + 2
        assert errors == f"port {taken} is taken: testspace is served on port {instead}\n"

    def test_a_taken_port_is_reported_on_stderr(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            result = CliRunner().invoke(app, ["versionone", "--port", str(port)])
        assert (result.exit_code, result.stdout) == (1, "")
        assert f"port {port}" in result.stderr


class TestRefusing:
    @pytest.mark.parametrize(
        ("arguments", "word"),
        [
            (["nosuch"], "nosuch"),
            (["--fault", "explode"], "explode"),
            (["--port", "70000"], "port"),
            (["--latency", "-1"], "latency"),
            (["--assets", "-5"], "assets"),
        ],
    )
    def test_a_wrong_argument_is_a_usage_error(self, arguments: list[str], word: str) -> None:
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 2
        assert word in result.output

    @pytest.mark.parametrize("name", list(FACES))
    def test_a_file_that_holds_no_data_is_reported_in_one_line(self, name: str, tmp_path: Path) -> None:
        file = tmp_path / "notes.txt"
        file.write_text("no database " * 100)
        for path in (file, tmp_path):
            result = CliRunner().invoke(app, [name, "--port", "0", "--db", str(path)])
            assert (result.exit_code, result.stdout) == (1, "")
            assert len(result.stderr.splitlines()) == 1
            assert f"cannot keep data in {path}" in result.stderr
        assert file.read_text() == "no database " * 100

    def test_help_tells_the_oauth2_clients(self) -> None:
        text = " ".join(CliRunner().invoke(app, ["--help"], terminal_width=200).output.split())
        assert [
            word
            for word in (CLIENT_ID, CLIENT_SECRET, "URL/oauth.v1/token", REST_CLIENT, "URL/o/token/")
            if word not in text
        ] == []

    def test_help_describes_the_faults(self) -> None:
        text = CliRunner().invoke(app, ["--help"], terminal_width=200).output
        words = ("--host", "--port", "--assets", "--seed", "--latency", "--db", "--fault", "drop-before")
        assert [word for word in words if word not in text] == []
