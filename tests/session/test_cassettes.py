"""Whole conversations with all four servers, recorded once and replayed without a server.

`ASSETMETA_RECORD=1 python -m pytest tests/session/test_cassettes.py` records them anew from the sandbox.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import vcr
import yaml

from assetmeta import Cassette, Rejected, TestspaceMeta, V1Meta, ValispaceMeta, ValohaiMeta, inspect, v1pysdk
from assetmeta import sandbox as sandboxes
from assetmeta.tools import testspace, valohai
from nonempty import nonempty

FOLDER = Path(__file__).parents[2] / "cassettes"
RECORDING = bool(os.environ.get("ASSETMETA_RECORD"))


def v1_reading(v1: V1Meta) -> None:
    """Reflection type by type, a single asset, a query with related assets, a walk, an aggregate."""
    story = v1.Story.where(v1.Story.Super.exists()).sort("ID").select("Name", "Estimate", "Owners.Name")[0]
    assert story.idref.startswith("Story:")
    assert isinstance(story.Estimate, Decimal)
    assert [member.Name for member in story.Owners] == story["Owners.Name"]
    assert isinstance(story.Super.Scope.Name, str)
    total = "Workitems:Story.Estimate.@Sum"
    assert any(scope.data[total] for scope in v1.Scope.select(total))
    assert v1.Member(20).Name == "Administrator"


def v1_writing(v1: V1Meta) -> None:
    """A create, an update of several attributes, a refused change, an operation, the history of it all."""
    story = v1.Story.create(Name='It\'s "recorded" & kept 😀', Scope="Scope:0")
    story.Estimate = Decimal("2.5")
    story.Owners.add(v1.Member(20))
    assert not v1.commit()
    story.Scope = None
    [error] = v1.commit()
    assert isinstance(error, Rejected)
    v1.revert()
    story.Inactivate()
    assert story.IsClosed
    assert [past.Estimate for past in inspect(story).history("Estimate")] == [None, Decimal("2.5"), Decimal("2.5")]


def vs_reading(vs: ValispaceMeta) -> None:
    """Components and what they hold, a vali and what is worked out from it, a text without its markup."""
    component = vs.Component.where(vs.Component.name != "").sort("name").first()
    assert all(vali.parent is component for vali in component.valis)
    vali = next(vali for vali in vs.Vali if len(vali.used_by_valis))
    assert isinstance(vali.used_by_valis[0].value, float)
    assert all("<" not in requirement.text.plain for requirement in vs.Requirement.select("text", "specification.name"))


def vs_writing(vs: ValispaceMeta) -> None:
    """Two valis, one from the other, a change of the first, a refused one, a delete."""
    component = vs.Component.create(name="Recorder", description="kept 😀", project=vs.Project.first())
    mass = vs.Vali.new(shortname="Mass", parent=component, formula="5", unit="kg")
    vs.commit().raise_if_failed()
    twice = vs.Vali.create(shortname="Twice", parent=component, formula=f"${mass.name} * 2", unit="kg")
    assert twice.value == 10.0
    mass.set(formula="6", margin_plus=10)
    assert not vs.commit()
    assert (twice.value, mass.wc_plus) == (12.0, pytest.approx(6.6))
    vs.Component.new(name="no name 😀", project=component.project)
    [error] = vs.commit()
    assert isinstance(error, Rejected)
    vs.revert()
    vs.delete(twice)
    vs.commit().raise_if_failed()
    assert not vs.Vali.where(shortname="Twice").all()


def vh_reading(vh: ValohaiMeta) -> None:
    """Executions, what they were made of and what they made, what one wrote, names instead of keys."""
    runs = vh.Execution.where(step="train").sort("-ctime").all()
    assert all(run.project.name and run.commit.repository for run in runs)
    assert any(datum.name for run in runs for datum in run.outputs)
    assert valohai.logs(runs[0], limit=5)
    assert vh.Execution(f"{runs[0].project.name}:{runs[0].counter}") is runs[0]


def vh_writing(vh: ValohaiMeta) -> None:
    """A project, an execution, tags, a refused change, an operation, a delete."""
    project = vh.Project.create(name="recorded", description="kept 😀")
    run = vh.Execution.create(project=vh.Project("harbour-vision"), commit="main", step="train")
    run.tags = ["recorded"]
    project.description = "kept, too"
    assert not vh.commit()
    assert run.tags == ["recorded"]
    other = vh.Execution.new(project=run.project, commit="main", step="no such step")
    [error] = vh.commit()
    assert isinstance(error, Rejected)
    assert inspect(other).error is error
    vh.revert()
    vh.delete(project)
    vh.commit().raise_if_failed()


def ts_reading(ts: TestspaceMeta) -> None:
    """Results walked down from the projects, failures, cases with what they wrote."""
    names = {(result.space.project.name, result.space.name) for result in ts.Result}
    result = ts.Result("abccorp:application/master/result.6")
    assert (result.space.project.name, result.space.name) in names
    assert all(failure.history for failure in ts.Failure.where(result=result))
    assert any(case.annotations for _, case in testspace.cases(result) if case.status == "failed")


def ts_writing(ts: TestspaceMeta) -> None:
    """A space made, another renamed, a refused one, a delete."""
    made = ts.Space.new(project=ts.Project("samples"), name="recorded", description="kept 😀")
    ts.Space("samples/by hand").name = "manual tests"
    assert not ts.commit()
    ts.Space.new(project=ts.Project("samples"), name="recorded")
    [error] = ts.commit()
    assert isinstance(error, Rejected)
    ts.revert()
    made.description = "gone soon"
    ts.commit().raise_if_failed()
    ts.delete(made)
    ts.commit().raise_if_failed()


CONVERSATIONS: dict[str, tuple[type[Any], Callable[[Any], None], dict[str, Any]]] = {
    "versionone/reading": (V1Meta, v1_reading, {"reflect": "types"}),
    "versionone/writing": (V1Meta, v1_writing, {"reflect": "types"}),
    "valispace/reading": (ValispaceMeta, vs_reading, {"survey": "root"}),
    "valispace/writing": (ValispaceMeta, vs_writing, {"survey": "none"}),
    "valohai/reading": (ValohaiMeta, vh_reading, {"survey": "root"}),
    "valohai/writing": (ValohaiMeta, vh_writing, {"survey": "none"}),
    "testspace/reading": (TestspaceMeta, ts_reading, {}),
    "testspace/writing": (TestspaceMeta, ts_writing, {}),
}
PATHS = {"versionone": "/VersionOne", "valispace": "", "valohai": "", "testspace": ""}
names = pytest.mark.parametrize("name", CONVERSATIONS)


@names
def test_a_recorded_conversation_is_replayed(name: str) -> None:
    if RECORDING:
        record(name, FOLDER / f"{name}.yaml")
    cassette = Cassette.replay(FOLDER / f"{name}.yaml")
    converse(name, f"http://sandbox.invalid{path_of(name)}", allow_http=True, cassette=cassette)
    assert not cassette.unused


@names
def test_vcrpy_replays_it_by_itself_in_a_session_that_sends_one_request_at_a_time(name: str) -> None:
    path = FOLDER / f"{name}.yaml"
    with vcr.use_cassette(str(path), record_mode="none") as store:
        converse(name, f"https://{name.partition('/')[0]}.example{path_of(name)}", pool=1)
        assert store.all_played


@names
def test_a_cassette_holds_no_secret_and_no_address(name: str) -> None:
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    for secret in ("Basic ", "Bearer ", "Token ", "YWRtaW46YWRtaW4", "127.0.0.1", "sandbox.invalid"):
        assert secret not in text
    server = name.partition("/")[0]
    interactions = yaml.safe_load(text)["interactions"]
    assert all(each["request"]["uri"].startswith(f"https://{server}.example/") for each in nonempty(interactions))


@names
def test_the_token_of_a_recording_is_in_no_file(name: str, tmp_path: Path) -> None:
    token = record(name, tmp_path / "recorded.yaml")
    [written] = tmp_path.iterdir()
    assert len(token) > 20
    assert token not in written.read_text(encoding="utf-8")


class TestBlocks:
    """A recording is written when a block ends, however it ends, and goes on behind it."""

    def test_at_its_end_and_at_close(self, tmp_path: Path) -> None:
        path = tmp_path / "recorded.yaml"
        with sandboxes.running("versionone") as server:
            with V1Meta(**server.credentials, reflect="types", cassette=Cassette.record(path)) as v1:
                assert v1.Member(20).Name
                assert not path.exists()
            within = len(v1.ledger)
            assert within == len(yaml.safe_load(path.read_text())["interactions"])
            assert v1.Scope(0).Name
            v1.close()
        assert within < len(v1.ledger) == len(yaml.safe_load(path.read_text())["interactions"])

    def test_also_by_an_error(self, tmp_path: Path) -> None:
        path = tmp_path / "recorded.yaml"
        with sandboxes.running("versionone") as server:
            with (
                pytest.raises(ZeroDivisionError),
                V1Meta(**server.credentials, reflect="types", cassette=Cassette.record(path)) as v1,
            ):
                raise ZeroDivisionError(v1.Member(20).Name)
            assert path.exists()
            v1.close()

    def test_under_the_names_of_the_vendors_client(self, tmp_path: Path) -> None:
        path = tmp_path / "recorded.yaml"
        with sandboxes.running("versionone") as server:
            with v1pysdk.V1Meta(**server.credentials, reflect="types", cassette=Cassette.record(path)) as v1:
                assert v1.Member(20).Name
            assert path.exists()
            v1.close()


def converse(name: str, url: str, **settings: Any) -> None:
    """Hold a conversation with what is at *url*, under a token that nobody knows."""
    kind, conversation, options = CONVERSATIONS[name]
    address = {"instance_url": url} if kind is V1Meta else {"url": url}
    with kind(**address, **{"token": "marker-of-no-server", **options, **settings}) as session:
        conversation(session)
        session.close()


def record(name: str, path: Path) -> str:
    """Hold a conversation with a fresh sandbox and keep it, requests one at a time. The token that was used."""
    with sandboxes.running(name.partition("/")[0], assets=40, seed=1) as server:
        url, token = server.credentials.get("instance_url", server.url), server.token_credentials["token"]
        converse(name, str(url), token=token, pool=1, cassette=Cassette.record(path))
    return str(token)


def path_of(name: str) -> str:
    return PATHS[name.partition("/")[0]]
