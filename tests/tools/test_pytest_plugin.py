"""The fixtures for tests of users' own code."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from assetmeta import BudgetExceeded, V1Meta, connect

pytest_plugins = ["pytester"]


def test_a_trace_lasts_until_the_end_of_the_test(versionone_sandbox_shared, request_trace) -> None:
    v1 = V1Meta(**versionone_sandbox_shared.credentials)
    trace = request_trace(v1)
    assert [story.Scope.Name for story in v1.Story]
    assert len(trace) == 3
    assert not trace.repeats


def test_a_budget_fails_the_request_too_many(versionone_sandbox_shared, request_budget) -> None:
    v1 = V1Meta(**versionone_sandbox_shared.credentials)
    request_budget(v1, 1)
    assert v1.types
    with pytest.raises(BudgetExceeded):
        v1.Story.first()


@pytest.mark.parametrize("system", ["versionone", "valispace", "valohai", "testspace"])
@pytest.mark.parametrize("shared", ["", "_shared"])
def test_every_system_has_fixtures(request: pytest.FixtureRequest, system: str, shared: str) -> None:
    server = request.getfixturevalue(f"{system}_sandbox{shared}")
    settings = {name: value for name, value in server.credentials.items() if name not in ("url", "instance_url")}
    with connect(f"{system}+{server.url}", **settings) as session:
        kind = {"versionone": "Story", "valispace": "Vali", "valohai": "Execution", "testspace": "Result"}[system]
        found = session[kind].count()
    assert server.name == system
    assert found > 20 if shared else found <= 20


def test_a_budget_that_is_exceeded_fails_the_test_and_ends_with_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        from assetmeta import V1Meta

        @pytest.fixture(scope="module")
        def v1(versionone_sandbox_shared):
            return V1Meta(**versionone_sandbox_shared.credentials)

        def test_too_many(v1, request_budget):
            request_budget(v1, requests=1)
            assert v1.Story.count()

        def test_afterwards(v1):
            assert v1.Story.count()
        """
    )
    done = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:xdist")
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["*BudgetExceeded*"])


def test_a_run_that_does_not_use_the_fixtures_imports_nothing_of_the_library(pytester: pytest.Pytester) -> None:
    """Only the plugin itself is loaded: what it costs is the import of one small file."""
    pytester.makepyfile(
        """
        import sys

        def test_mine():
            assert "pytest_assetmeta" in sys.modules
            loaded = {name.partition(".")[0] for name in sys.modules}
            assert not loaded & {"assetmeta", "requests", "urllib3", "lxml", "cachetools", "typer", "uvicorn", "yaml"}
        """
    )
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "pytest", "-p", "pytest_assetmeta", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=pytester.path, env=environment, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_one_plugin_is_installed_with_the_package() -> None:
    [plugin] = metadata.distribution("assetmeta").entry_points.select(group="pytest11")
    assert (plugin.name, plugin.value) == ("assetmeta", "pytest_assetmeta")
