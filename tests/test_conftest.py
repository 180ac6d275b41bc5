"""What the suite itself promises: nothing is skipped unseen in CI, and random tests are repeatable."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CONFTEST = Path(__file__).parent / "conftest.py"
MAKEFILE = Path(__file__).parent.parent / "Makefile"
SKIPPED = """
import pytest

def test_needs_bodies():
    pytest.skip("the recorded bodies are not at hand")

@pytest.mark.skipif(True, reason="the recorded bodies are not at hand")
def test_is_marked():
    pass

def test_needs_something_else():
    pytest.skip("another system")
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """A suite of three tests that are skipped, below the conftest of this one."""
    shutil.copy(CONFTEST, pytester.path / "conftest.py")
    pytester.makepyfile(SKIPPED)
    return pytester


def test_what_is_skipped_without_the_recorded_bodies_fails_in_ci(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    suite.runpytest("-p", "no:cacheprovider").assert_outcomes(failed=1, errors=1, skipped=1)


def test_elsewhere_it_is_skipped(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    suite.runpytest("-p", "no:cacheprovider").assert_outcomes(skipped=3)


def test_random_tests_are_repeatable_in_make_test_and_make_quick() -> None:
    lines = [line for line in MAKEFILE.read_text(encoding="utf-8").splitlines() if "-m pytest" in line]
    assert 2 == len(lines)
    assert all("--hypothesis-profile=repeatable" in line for line in lines)
