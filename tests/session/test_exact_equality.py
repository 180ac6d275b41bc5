"""Equality that tells letter case apart, where the server's own does not, and where it does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from assetmeta import BadValue, Unsupported, V1Meta, ValohaiMeta, sandbox

NAMES = ["Rocket", "rocket", "ROCKET", "Rocket", "Rockets", "rOCKET"]


@pytest.fixture(scope="module")
def server() -> Iterator[sandbox.Server]:
    with sandbox.running("versionone") as running:
        with V1Meta(**running.credentials) as author:
            epic, other = (author.Epic.create(Name=name, Scope="Scope:0") for name in ("Top", "TOP"))
            for index, name in enumerate(NAMES):
                author.Story.create(
                    Name=name, Scope="Scope:0", Estimate=index, Reference=name[:3], Super=(epic, other)[index % 2]
                )
        yield running


@pytest.fixture
def v1(server: sandbox.Server) -> Iterator[V1Meta]:
    with V1Meta(**server.credentials, page_size=2) as session:
        yield session
        session.revert()


def numbers(assets: Any) -> list[int]:
    return [int(asset.Estimate) for asset in assets]


def test_the_servers_own_equality_ignores_letter_case(v1: V1Meta) -> None:
    assert [0, 1, 2, 3, 5] == numbers(v1.Story.where(Name="rocket"))
    assert [4] == numbers(v1.Story.where(v1.Story.Name != "rocket"))


def test_an_exact_condition_is_answered_letter_by_letter(v1: V1Meta) -> None:
    Story = v1.Story
    exact = Story.where(Story.Name.exact("Rocket"))
    assert [0, 3] == numbers(exact) == numbers(exact.select("Estimate")) == [int(n) for n in exact.Estimate]
    assert (2, 2, True, 3) == (exact.count(), len(exact), exact.exists(), exact.Estimate.sum())
    assert [3, 0] == numbers(exact.sort("-Estimate"))
    assert [3] == numbers(exact[1:5]) == numbers(exact.page(size=1, start=1)) == numbers([exact[1]])
    assert (0, 1) == (int(exact.first().Estimate), int(Story.where(Story.Name.exact("rocket")).one().Estimate))
    assert [[0], [3]] == [numbers(page) for page in exact.pages(1)]
    assert not Story.where(Story.Name.exact("ROCKETs")).exists()
    assert Story.where(Story.Name.exact("nobody")).first() is None


def test_exact_conditions_combine(v1: V1Meta) -> None:
    name, Story = v1.Story.Name, v1.Story
    assert [0, 1, 3] == numbers(Story.where(name.exact("Rocket", "rocket")))
    assert [1, 2] == numbers(Story.where(name.exact("ROCKET") | name.exact("rocket")))
    assert [1, 2, 4, 5] == numbers(Story.where(~name.exact("Rocket")))
    assert [3] == numbers(Story.where(name.exact("Rocket") & (Story.Estimate > 1)))
    assert [3] == numbers(Story.where(name.exact("Rocket"), Story.Estimate > 1, Story.Reference.exact("Roc")))
    assert [] == numbers(Story.where(name.exact("Rocket"), ~Story.Reference.exact("Roc")))
    assert [1, 3, 5] == numbers(Story.where(Story.Super.exact("TOP")))
    assert [1] == numbers(Story.where(Story.Super.Name.exact("TOP"), name.exact("rocket")))
    assert 6 == Story.where(Story.Description.exact(None)).count()
    for checked in (name.exact("Rocket"), name.startswith("Rocket"), name.endswith("Rocket")):
        with pytest.raises(Unsupported, match=r"exact\(\), startswith\(\) and endswith\(\) go together"):
            Story.where(checked | (Story.Estimate > 1))
    with pytest.raises(Unsupported, match="does not support it"):
        v1.Epic.Subs[name.exact("Rocket")]
    with pytest.raises(BadValue, match="takes the value"):
        name.exact()


def test_numbers_and_assets_have_no_letter_case(v1: V1Meta) -> None:
    assert v1.Story.Estimate.exact(1) == (v1.Story.Estimate == 1)
    assert str(v1.Story.Super.exact("Epic:5")) == str(v1.Story.Super == "Epic:5")


def test_what_changes_all_that_match_changes_no_other(v1: V1Meta) -> None:
    exact = v1.Story.where(v1.Story.Name.exact("rocket"))
    [story] = exact
    assert 1 == exact.set(Description="here")
    assert [story.idref] == [change.oid.token for change in v1.plan()]
    v1.revert()
    assert 1 == exact.reQueryAll().delete()
    assert [story.idref] == [change.oid.token for change in v1.plan()]
    v1.revert()
    report = v1.Story.where(v1.Story.Name.exact("rocket")).execute("Inactivate")
    assert [story.idref] == [done.change.oid.token for done in report.done]
    v1.Story.where(v1.Story.Name.exact("rocket")).execute("Reactivate")


def test_no_more_is_requested_than_is_wanted(v1: V1Meta) -> None:
    assert v1.types
    exact = v1.Story.select("Name").where(v1.Story.Name.exact("rOCKET"))
    with v1.trace() as trace:
        found = exact.first()
    # One is wanted: pages of one, two and four are what it takes to come to the fifth.
    assert (5, 3) == (int(found.Estimate), [entry.path for entry in trace].count("query.v1"))
    with v1.trace() as trace:
        assert numbers(v1.Story.select("Estimate").where(v1.Story.Name.exact("Rocket"))[:1]) == [0]
    assert 1 == len(trace)


def test_an_explanation_says_what_is_checked_again(v1: V1Meta) -> None:
    assert "ignores letter case" in v1.Story.where(Name="x").explain()
    assert "letter" not in v1.Story.where(v1.Story.Estimate > 3).explain()
    told = v1.Story.where(v1.Story.Name.exact("Rocket"), v1.Story.Estimate > 3).explain()
    assert "checked again here: Name=='Rocket'" in told


def test_where_equality_is_exact_anyway_it_is_the_same() -> None:
    with sandbox.running("valohai", assets=60, seed=2) as running, ValohaiMeta(**running.token_credentials) as vh:
        name = vh.Project.first().name
        assert vh.Project.name.exact(name) == (vh.Project.name == name)
        assert 1 == vh.Project.where(vh.Project.name.exact(name)).count()
        assert 0 == vh.Project.where(vh.Project.name.exact(name.upper())).count()
