"""The night job of the examples: killed and run again, as cron would; what it returns, and what the log says."""

from __future__ import annotations

import logging
import os
import runpy
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assetmeta import connect, sandbox

sys.path.append(str(Path(__file__).parents[2]))
from benchmarks.kills import Events, in_process, kill

JOB = runpy.run_path(str(Path(__file__).parents[2] / "examples" / "nightly_job.py"), run_name="nightly_job")


@pytest.fixture(scope="module")
def server() -> Iterator[sandbox.VersionOneServer]:
    with sandbox.running("versionone") as running:
        yield running


@pytest.fixture
def address(server: sandbox.VersionOneServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A profile of the server, as a user has one, and a state folder of its own."""
    (tmp_path / "profiles.toml").write_text(f'[work]\nurl = "versionone+{server.url}"\ntoken_env = "WORK_TOKEN"\n')
    (tmp_path / "profiles.toml").chmod(0o600)
    monkeypatch.setenv("ASSETMETA_PROFILES", str(tmp_path / "profiles.toml"))
    monkeypatch.setenv("WORK_TOKEN", server.token)
    monkeypatch.setenv("ASSETMETA_STATE", str(tmp_path / "state"))
    return "work"


def tasks(v1: Any, tmp_path: Path, name: str, *wrong: str) -> Path:
    story = v1.Story.create(Name=name, Scope="Scope:0")
    file = tmp_path / f"{name}.csv"
    lines = [f"{story.Number},{name} task {number},{number},8" for number in range(6)]
    file.write_text("\n".join(["story,task,hours,estimate", *lines, *(f"{story.Number},{line}" for line in wrong)]))
    return file


def names(v1: Any, name: str) -> Counter[str]:
    return Counter(task.Name for task in v1.Task.select("Name") if task.Name.startswith(f"{name} task"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
@pytest.mark.parametrize("at", [6, 9, 12])
def test_it_is_killed_and_goes_on(address: str, tmp_path: Path, at: int) -> None:
    with connect(address) as v1:
        file = tasks(v1, tmp_path, f"Killed{at}")

        def killed() -> None:
            with connect(address) as session:
                assert session.types
                Events(at, kill).watch(session)
                JOB["night"](session, file)

        assert -9 == in_process(killed)
        assert 0 == JOB["main"]([str(file), address])
        assert {f"Killed{at} task {number}": 1 for number in range(6)} == names(v1, f"Killed{at}")
        before = len(v1.ledger)
        assert 0 == JOB["main"]([str(file), address])
        assert {1} == set(names(v1, f"Killed{at}").values())
        assert before < len(v1.ledger)


def test_its_exit_code_says_how_it_went(address: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with connect(address) as v1:
        file = tasks(v1, tmp_path, "Coded", ",1,8")
        assert 1 == JOB["main"]([str(file), address])
        assert "7 of 8 done, 1 failed" in caplog.text
        file.write_text(file.read_text().replace("task 0", "task X"))
        assert 2 == JOB["main"]([str(file), address])
        assert "does not fit the journal" in caplog.text


def test_it_prints_a_plan_and_writes_nothing(
    address: str, tmp_path: Path, server: sandbox.VersionOneServer, capsys: pytest.CaptureFixture[str]
) -> None:
    with connect(address) as v1:
        file = tasks(v1, tmp_path, "Planned")
        server.requests.clear()
        assert 0 == JOB["main"](["--plan", str(file), address])
        assert not [entry for entry in server.requests if entry.method == "POST" and "query" not in entry.path]
    assert "7 changes: 6 create, 1 update" in capsys.readouterr().out
