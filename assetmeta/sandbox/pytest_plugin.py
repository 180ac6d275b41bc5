"""Fixtures for tests of code that talks to one of the sandbox's systems. Nothing is started before a test asks.

def test_sprint_report(versionone_sandbox):
    with V1Meta(**versionone_sandbox.credentials) as v1: ...
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from assetmeta import sandbox


def _fresh(system: str, what: str) -> Any:
    """A fixture: a server for one test alone."""
    return pytest.fixture(_started(system, 0, f"A fresh {what}"))


def _shared(system: str, what: str) -> Any:
    """A fixture: a server for all tests of a run."""
    words = f"One {what} for all tests of the run: read it, do not change it."
    return pytest.fixture(_started(system, 300, words), scope="session")


def _started(system: str, assets: int, words: str) -> Any:
    def server() -> Iterator[sandbox.Server]:
        with sandbox.running(system, assets=assets) as running:
            yield running

    server.__doc__ = words
    return server


versionone_sandbox = _fresh("versionone", "VersionOne system for this test alone, empty.")
versionone_sandbox_shared = _shared("versionone", "VersionOne system with about 300 assets")
valispace_sandbox = _fresh("valispace", "Valispace deployment for this test alone, with nothing but what each one has.")
valispace_sandbox_shared = _shared("valispace", "Valispace deployment with about 300 objects")
valohai_sandbox = _fresh("valohai", "Valohai installation for this test alone, with nothing but what each one has.")
valohai_sandbox_shared = _shared("valohai", "Valohai installation with about 300 objects")
testspace_sandbox = _fresh("testspace", "Testspace organization for this test alone, with a few projects in it.")
testspace_sandbox_shared = _shared("testspace", "Testspace organization with about 300 objects")
