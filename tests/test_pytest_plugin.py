"""The fixtures for tests of users' own code."""

from __future__ import annotations

import pytest

from assetmeta import OverBudget, V1Meta

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
