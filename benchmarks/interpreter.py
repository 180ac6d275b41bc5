"""Fresh interpreters that find everything compiled, also where the environment forbids Python to keep that."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from functools import cache


@cache
def _compiled() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


def told_by(*arguments: str) -> str:
    """Run a fresh interpreter and return what it prints. The first run of a program compiles for all later ones."""
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = _compiled().name
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
