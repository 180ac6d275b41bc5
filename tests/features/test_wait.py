"""Waiting for assets: one reading of all per look, however many, and an end that says what is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from assetmeta import BadValue, SessionClosed, StillWaiting, Unsupported, V1Meta, ValohaiMeta
from assetmeta.features import wait
from assetmeta.features.wait import as_completed
from assetmeta.model.values import Oid
from assetmeta.sandbox import Server
from assetmeta.tools import valohai

CONFIG = "- step:\n    name: train\n    image: python:3.11\n    command: python train.py\n"


class Looks:
    """A clock that moves when somebody waits, and what happens between two looks."""

    def __init__(self, context: Any, *steps: Callable[[], object]) -> None:
        self.now = 0.0
        self.waits: list[float] = []
        self._steps = list(steps)
        context.wait = self.wait

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        if self._steps:
            self._steps.pop(0)()
        return True

    def clock(self) -> float:
        return self.now


@pytest.fixture
def v1(versionone_sandbox: Server) -> Iterator[V1Meta]:
    with V1Meta(**versionone_sandbox.credentials) as session:
        yield session


@pytest.fixture
def other(versionone_sandbox: Server) -> Iterator[V1Meta]:
    with V1Meta(**versionone_sandbox.credentials) as session:
        yield session


@pytest.fixture
def stories(other: V1Meta) -> list[str]:
    made = [other.Story.new(Name=f"{number}", Scope=other.Scope(0)) for number in range(5)]
    other.commit().raise_if_failed()
    return [story.idref for story in made]


def rename(session: V1Meta, tokens: list[str], name: str) -> None:
    for token in tokens:
        session.asset_from_oid(token).Name = name
    session.commit().raise_if_failed()


def test_one_request_per_look_for_all_that_are_not_there(v1: V1Meta, other: V1Meta, stories: list[str]) -> None:
    wanted = [v1.asset_from_oid(token) for token in stories]
    looks = Looks(
        v1._context,
        lambda: rename(other, stories[:2], "there"),
        lambda: None,
        lambda: rename(other, stories[2:], "there"),
    )
    before = len(v1.ledger)

    found = v1.wait(wanted, until=lambda story: story.Name == "there", interval=7)

    assert found == wanted
    assert looks.waits == [7, 7, 7]
    assert len(v1.ledger) - before == 4


def test_each_is_given_as_soon_as_it_is_there(v1: V1Meta, other: V1Meta, stories: list[str]) -> None:
    wanted = [v1.asset_from_oid(token) for token in stories]
    Looks(
        v1._context,
        lambda: rename(other, stories[3:4], "there"),
        lambda: rename(other, [*stories[:3], stories[4]], "there"),
    )
    order = [story.idref for story in v1.as_completed(wanted, lambda story: story.Name == "there")]
    assert order[0] == stories[3]
    assert sorted(order) == sorted(stories)


def test_a_timeout_names_what_is_left(v1: V1Meta, other: V1Meta, stories: list[str]) -> None:
    rename(other, stories[:1], "there")
    wanted = [v1.asset_from_oid(token) for token in stories]
    looks = Looks(v1._context)
    waiting = as_completed(v1._context, wanted, lambda story: story.Name == "there", 10, 25, clock=looks.clock)

    with pytest.raises(StillWaiting, match=r"4 of 5 are not there after 25 seconds: Story:\d+") as caught:
        list(waiting)

    assert isinstance(caught.value, TimeoutError)
    assert [asset.idref for asset in caught.value.remaining] == stories[1:]
    assert looks.waits == [10, 10, 5]


def test_pending_changes_stay(v1: V1Meta, stories: list[str]) -> None:
    story = v1.asset_from_oid(stories[0])
    story.Description = "mine"
    v1.wait([story], until=lambda one: one.Number)
    assert story.Description == "mine"
    assert v1.pending == 1
    v1.revert()


def test_closing_ends_the_wait(v1: V1Meta, stories: list[str]) -> None:
    v1._context.wait = lambda seconds: False
    with pytest.raises(SessionClosed, match="while it was waited"):
        v1.wait([v1.asset_from_oid(stories[0])], until=lambda story: False)


@pytest.mark.parametrize(
    "options",
    [
        {"interval": 0},
        {"interval": -1},
        {"timeout": -1},
        {"interval": float("nan"), "timeout": 0},
        {"interval": "x"},
        {"timeout": True},
        {"timeout": float("nan")},
    ],
)
def test_bad_times_are_refused(v1: V1Meta, stories: list[str], options: dict[str, Any]) -> None:
    v1.types
    before = len(v1.ledger)
    with pytest.raises(BadValue, match="interval="):
        v1.wait([v1.asset_from_oid(stories[0])], until=lambda story: True, **options)
    assert len(v1.ledger) == before


def test_one_asset_may_stand_alone_and_a_name_is_no_question(v1: V1Meta, stories: list[str]) -> None:
    story = v1.asset_from_oid(stories[0])
    assert v1.wait(story, until=lambda one: one.Name) == [story]
    for wrong in (None, "IsClosed"):
        with pytest.raises(BadValue, match="takes a function of an asset"):
            v1.wait([story], until=wrong)  # type: ignore[arg-type]


def test_assets_by_their_tokens_come_as_assets(v1: V1Meta, stories: list[str]) -> None:
    assert v1.wait(stories, until=lambda one: one.Name) == [v1.asset_from_oid(token) for token in stories]
    assert v1.wait(stories[0], until=lambda one: one.Name) == [v1.asset_from_oid(stories[0])]
    assert list(v1.as_completed(stories[1], until=lambda one: one.Name)) == [v1.asset_from_oid(stories[1])]
    before = len(v1.ledger)
    with pytest.raises(BadValue, match=r"wait\(\)"):
        v1.wait(["Story"], until=lambda one: one.Name)
    assert len(v1.ledger) == before


def test_progress_says_how_many_are_there(v1: V1Meta, other: V1Meta, stories: list[str]) -> None:
    Looks(v1._context, lambda: rename(other, stories[:2], "there"), lambda: rename(other, stories[2:], "there"))
    seen: list[tuple[int, int | None, str]] = []
    v1.wait(stories, lambda story: story.Name == "there", progress=lambda *shown: seen.append(shown))
    assert seen == [(0, 5, "wait"), (0, 5, "wait"), (2, 5, "wait"), (5, 5, "wait")]


def test_nothing_to_wait_for_is_no_wait(v1: V1Meta) -> None:
    assert v1.wait([], until=lambda story: False) == []
    assert valohai.wait([]) == []


def test_runs_of_valohai_are_one_list_per_look(valohai_sandbox: Server, tmp_path: Path) -> None:
    (tmp_path / "valohai.yaml").write_text(CONFIG, encoding="utf-8")
    server = valohai_sandbox
    server.face.clock.hold()
    with ValohaiMeta(**server.token_credentials, survey="none") as vh:
        project = vh.Project.create(name="waits")
        commit = valohai.upload_code(project, tmp_path)
        runs = [vh.Execution.create(project=project, commit=commit, step="train") for _ in range(40)]
        looks = Looks(vh._context, lambda: None, lambda: server.face.clock.run())
        before = len(server.requests)

        found = valohai.wait(runs, interval=30)

        assert {run.status for run in found} <= {"complete", "error", "crashed", "stopped"}
        assert len(server.requests) - before == len(looks.waits) + 1
        assert [run.intid for run in found] == [run.intid for run in runs]
        assert list(valohai.as_completed(runs[0])) == [runs[0]]


def test_a_deployment_version_is_waited_for_until_its_endpoints_are_ready(
    valohai_sandbox: Server, tmp_path: Path
) -> None:
    endpoints = "- endpoint:\n    name: {0}\n    image: python:3.11\n    server-command: python {0}.py\n"
    (tmp_path / "valohai.yaml").write_text(endpoints.format("one") + endpoints.format("two"), encoding="utf-8")
    with ValohaiMeta(**valohai_sandbox.token_credentials, survey="none") as vh:
        project = vh.Project.create(name="waits")
        commit = valohai.upload_code(project, tmp_path)
        deployment = vh.Deployment.create(project=project, name="live")
        enabled = {"one": {"enabled": True}, "two": {"enabled": True}}
        version = vh.DeploymentVersion.create(
            deployment=deployment, commit=commit, name="first", endpoint_configurations=enabled
        )

        keys = [endpoint.intid for endpoint in version.endpoints]

        def build(place: int) -> None:
            key = keys[place]
            with valohai_sandbox.face.space.store.transaction():
                valohai_sandbox.face.space.change("deployment_endpoint", key, is_ready_to_deploy=True)

        looks = Looks(vh._context, lambda: build(0), lambda: build(1))
        assert valohai.wait(version, interval=30) == [version]
        assert looks.waits == [30, 30]


def test_only_runs_of_valohai_are_waited_for(v1: V1Meta, stories: list[str]) -> None:
    with pytest.raises((BadValue, Unsupported)):
        valohai.wait([v1.asset_from_oid(stories[0])])


def test_five_that_are_left_are_named() -> None:
    def left(number: int) -> str:
        assets: list[Any] = [SimpleNamespace(_state=SimpleNamespace(oid=Oid("Story", key))) for key in range(number)]
        return wait._left(assets, 9, 2.5)

    five = ", ".join(f"Story:{key}" for key in range(5))
    assert f"5 of 9 are not there after 2.5 seconds: {five}." == left(5)
    assert f"7 of 9 are not there after 2.5 seconds: {five} and 2 more." == left(7)
