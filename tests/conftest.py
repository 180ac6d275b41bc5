"""Shared helpers of the tests can be imported by their path below tests/."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

# `make test` runs the same examples each time, whatever the machine's speed: --hypothesis-profile=repeatable.
settings.register_profile("repeatable", derandomize=True, deadline=None)

NO_BODIES = "the recorded bodies are not at hand"
"""Why tests are skipped where what real servers once sent does not lie beside the project."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let tests fail in CI that would be skipped without the recorded bodies: there they have to be at hand."""
    report = yield
    if report.skipped and os.environ.get("CI") and NO_BODIES in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: {NO_BODIES}, and CI runs without them"
    return report
