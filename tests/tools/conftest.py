"""The console command, run in this process as a user would in a shell."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from assetmeta.tools.cli import main


class Result(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[list[str]]:
        return [line.split("\t") for line in self.out.splitlines()]


Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `assetmeta ARGUMENTS`."""
    for name in ("ASSETMETA_PROFILE", "ASSETMETA_TOKEN", "ASSETMETA_USERNAME", "ASSETMETA_PASSWORD"):
        monkeypatch.delenv(name, raising=False)

    def command(*arguments: str, **environment: str) -> Result:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["assetmeta", *arguments])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
        out, err = capsys.readouterr()
        return Result(code, out, err)

    return command
