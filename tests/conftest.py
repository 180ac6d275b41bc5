"""Shared helpers of the tests can be imported by their path below tests/."""

from __future__ import annotations

import gc
import logging
import os
import sys
import tempfile
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

# `make test` runs the same examples each time, whatever the machine's speed: --hypothesis-profile=repeatable.
settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=40)

# What sessions keep by default is kept for this run alone.
os.environ["ASSETMETA_CACHE"] = os.path.join(tempfile.gettempdir(), f"assetmeta-tests-{os.getpid()}")

FOLDERS = (
    "contract",
    "sandbox",
    "session",
    "docs",
    "interop",
    "backends",
    "features",
    "tools",
    "",
    "wire",
    "core",
    "model",
)
"""The order in which tests are run, "" for files beside these: what takes long first, so that no process waits for
one that began a long file at the end."""

NO_BODIES = "the recorded bodies are not at hand"
"""Why tests are skipped where what real servers once sent does not lie beside the project."""


def stage(item: pytest.Item) -> str:
    """What a test shares its servers with: its file, or the tests of several files that name the stage they play on."""
    chosen = getattr(item, "callspec", None)
    name: str | None = getattr(chosen and chosen.params.get("dialect"), "name", None)
    return name or item.nodeid.partition("::")[0]


def folder(item: pytest.Item) -> int:
    """Where the folder of a test stands in the order."""
    parts = item.path.relative_to(Path(__file__).parent).parts
    name = parts[0] if len(parts) > 1 else ""
    return FOLDERS.index(name) if name in FOLDERS else len(FOLDERS)


@cache
def imports_sandbox(module: object) -> bool:
    """Whether a file of tests imports something of the sandbox."""
    words = vars(module).values()
    return "assetmeta.sandbox" in {
        getattr(word, "__module__", None) or getattr(word, "__name__", None) for word in words
    }


def is_served(item: pytest.Item) -> bool:
    """Whether a test starts a server: a fixture that does, or what its file imports."""
    fixtures = set(getattr(item, "fixturenames", ()))
    return imports_sandbox(getattr(item, "module", item)) or not fixtures.isdisjoint({"server", "servers"})


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Let every other process begin with the last file, so that each compiles one half of them for both."""
    report = yield
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    if isinstance(collector, pytest.Session | pytest.Directory) and int(worker.removeprefix("gw")) % 2:
        report.result.reverse()
    return report


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect tests without the garbage collector, and leave what is there then out of its later rounds: modules and
    tests stay to the end, and to look through them takes a tenth of a second for each `gc.collect()`.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()
        # Tests make and drop many objects: to look for circles after every 700 of them is a twentieth of the time.
        gc.set_threshold(20_000, 20, 10)


@pytest.fixture(autouse=True, scope="module")
def small_collections(request: pytest.FixtureRequest) -> None:
    """Leave out what other files left behind, too, where tests have the collector run: it takes half a second else."""
    if vars(request.module).get("gc") is gc:
        gc.collect()
        gc.freeze()


@pytest.fixture(autouse=True, scope="module")
def short_pauses(request: pytest.FixtureRequest) -> Iterator[None]:
    """Requests are repeated at once where tests do not look at the pauses, as those of other folders do."""
    retry = sys.modules.get("assetmeta.wire.retry")
    if retry is None or not {"backends", "docs"} & set(request.path.parts):
        yield
        return
    usual, retry.BACKOFF = retry.BACKOFF, 0.001  # type: ignore[attr-defined]
    yield
    retry.BACKOFF = usual  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def usual_root_logger() -> None:
    """The vendor's SDK sets the level of the root logger, which hides warnings from the tests that follow."""
    logging.getLogger().setLevel(logging.WARNING)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None, None, None]:
    """Keep tests together that share a server, in one process (`--dist loadgroup`) and one after the other."""
    items.sort(key=lambda item: item.path)
    for item in items:
        item.add_marker(pytest.mark.xdist_group(stage(item)))
        if not is_served(item):
            item.add_marker(pytest.mark.quick)
    yield
    items.sort(key=lambda item: (folder(item), stage(item)))


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
