"""The fixtures for tests of users' own code."""

from __future__ import annotations

import pytest

from assetmeta import OverBudget, V1Meta, connect

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
    with pytest.raises(OverBudget):
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


def test_the_plugin_is_installed_with_the_package(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from assetmeta import V1Meta

        def test_report(versionone_sandbox, request_budget):
            v1 = V1Meta(**versionone_sandbox.credentials)
            request_budget(v1, 2)
            assert v1.Member(20).Name == "Administrator"
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
