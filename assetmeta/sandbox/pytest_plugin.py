"""Fixtures for tests of code that talks to one of the sandbox's systems. Nothing is started before a test asks.

def test_sprint_report(versionone_sandbox):
    with V1Meta(**versionone_sandbox.credentials) as v1: ...
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assetmeta import sandbox


@pytest.fixture
def versionone_sandbox() -> Iterator[sandbox.Server]:
    """A fresh, empty VersionOne system for this test alone."""
    with sandbox.running("versionone") as server:
        yield server


@pytest.fixture(scope="session")
def versionone_sandbox_shared() -> Iterator[sandbox.Server]:
    """One VersionOne system with about 300 assets for all tests of the run: read it, do not change it."""
    with sandbox.running("versionone", assets=300) as server:
        yield server


@pytest.fixture
def valispace_sandbox() -> Iterator[sandbox.Server]:
    """A fresh Valispace deployment for this test alone, with nothing but what every deployment has."""
    with sandbox.running("valispace") as server:
        yield server


@pytest.fixture(scope="session")
def valispace_sandbox_shared() -> Iterator[sandbox.Server]:
    """One Valispace deployment with about 300 objects for all tests of the run: read it, do not change it."""
    with sandbox.running("valispace", assets=300) as server:
        yield server


@pytest.fixture
def valohai_sandbox() -> Iterator[sandbox.Server]:
    """A fresh Valohai installation for this test alone, with nothing but what every installation has."""
    with sandbox.running("valohai") as server:
        yield server


@pytest.fixture(scope="session")
def valohai_sandbox_shared() -> Iterator[sandbox.Server]:
    """One Valohai installation with about 300 objects for all tests of the run: read it, do not change it."""
    with sandbox.running("valohai", assets=300) as server:
        yield server


@pytest.fixture
def testspace_sandbox() -> Iterator[sandbox.Server]:
    """A fresh Testspace organization for this test alone, with the few projects that every one has."""
    with sandbox.running("testspace") as server:
        yield server


@pytest.fixture(scope="session")
def testspace_sandbox_shared() -> Iterator[sandbox.Server]:
    """One Testspace organization with about 300 objects for all tests of the run: read it, do not change it."""
    with sandbox.running("testspace", assets=300) as server:
        yield server
