"""Assignments, additions and removals: what becomes pending, what is refused, what drops out again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import pytest

from assetmeta.core.inspect import inspect
from assetmeta.model.codecs import Number
from assetmeta.model.errors import BadValue, ReadOnly
from assetmeta.model.plans import AttributeChange
from assetmeta.model.values import UNREAD, Oid
from core.fake import Bench


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.stories(6)
    for number in (20, 21, 22):
        bench.add(f"Member:{number}", Name=f"M{number}")
    bench.backend.assets[Oid("Story", 1)]["Owners"] = (Oid("Member", 20),)
    return bench


def test_an_assignment_is_read_back_and_not_sent(bench: Bench) -> None:
    story = bench.Story(1)
    story.Estimate = "7.50"
    assert Decimal("7.50") == story.Estimate
    assert bench.requests == 0
    assert (AttributeChange("Estimate", UNREAD, Decimal("7.50")),) == inspect(story).changes


def test_a_delta_carries_the_loaded_value_it_replaces(bench: Bench) -> None:
    story = bench.Story(2)
    assert Decimal(1) == story.Estimate
    story.Estimate = 3
    assert (AttributeChange("Estimate", Decimal(1), Decimal(3)),) == inspect(story).changes


def test_setting_the_loaded_value_back_drops_the_edit(bench: Bench) -> None:
    story = bench.Story(2)
    assert Decimal(1) == story.Estimate
    story.Estimate = 3
    story.Estimate = 1
    assert Decimal(1) == story.Estimate
    assert inspect(story).changes == ()
    assert not inspect(story).pending


def test_revert_restores_the_loaded_value(bench: Bench) -> None:
    story = bench.Story(2)
    assert story.Name == "Story 2"
    story.Name = "other"
    inspect(story).revert()
    assert story.Name == "Story 2"
    assert len(bench.unit) == 0


def test_loading_does_not_overwrite_a_pending_value(bench: Bench) -> None:
    story = bench.Story(2)
    story.Name = "mine"
    assert Decimal(1) == story.Estimate
    assert story.Name == "mine"


def test_a_wrong_value_names_attribute_reason_and_what_is_taken(bench: Bench) -> None:
    story = bench.Story(1)
    with pytest.raises(BadValue, match=r"Story\.Estimate does not take 'many'.*It takes a number"):
        story.Estimate = "many"
    with pytest.raises(BadValue, match="Story.Super takes assets of type Epic"):
        story.Super = bench.Member(20)
    with pytest.raises(BadValue, match="Story.Owners holds several Member"):
        story.Owners = bench.Member(20)
    assert len(bench.unit) == 0


def test_a_computed_attribute_is_read_only(bench: Bench) -> None:
    with pytest.raises(ReadOnly, match="Story:1.Number is read-only"):
        bench.Story(1).Number = "S-1"


def test_an_asset_of_the_past_is_read_only(bench: Bench) -> None:
    past = bench.context.asset(Oid("Story", 1, 77))
    with pytest.raises(ReadOnly, match="as of 77"):
        past.Name = "x"
    assert past is not bench.Story(1)


def test_add_and_remove_need_no_reading(bench: Bench) -> None:
    story = bench.Story(1)
    story.Owners.add(bench.Member(21))
    story.Owners.remove(bench.Member(20))
    assert bench.requests == 0
    delta = AttributeChange("Owners", UNREAD, None, (Oid("Member", 21),), (Oid("Member", 20),), is_multi=True)
    assert (delta,) == inspect(story).changes
    assert [bench.Member(21)] == story.Owners
    assert "Member:20" not in repr(story.Owners)


def test_adding_what_is_there_and_removing_what_is_not_comes_to_nothing(bench: Bench) -> None:
    story = bench.Story(1)
    assert len(story.Owners) == 1
    story.Owners.add(bench.Member(20))
    story.Owners.remove(bench.Member(22))
    assert not inspect(story).pending


def test_add_after_remove_leaves_no_edit_when_the_members_are_known(bench: Bench) -> None:
    story = bench.Story(1)
    assert [bench.Member(20)] == story.Owners
    story.Owners.remove(bench.Member(20))
    story.Owners.add(bench.Member(20))
    assert [bench.Member(20)] == story.Owners
    assert not inspect(story).pending


def test_assigning_a_list_becomes_the_difference(bench: Bench) -> None:
    story = bench.Story(1)
    story.Owners = [bench.Member(21), "Member:22"]
    [delta] = inspect(story).changes
    assert (Oid("Member", 21), Oid("Member", 22)) == delta.added
    assert (Oid("Member", 20),) == delta.removed
    story.Owners = [bench.Member(20)]
    assert not inspect(story).pending


def test_clear_and_none_empty_a_relation(bench: Bench) -> None:
    story = bench.Story(1)
    story.Owners.clear()
    assert story.Owners == []
    story.Super = None
    assert not story.Super
    assert {"Owners", "Super"} == {delta.name for delta in inspect(story).changes}


def test_a_query_can_be_assigned_to_a_relation(bench: Bench) -> None:
    bench.Story(1).Owners = bench.query("Member").select("Name")
    [delta] = inspect(bench.Story(1)).changes
    assert (Oid("Member", 21), Oid("Member", 22)) == delta.added


def test_several_plain_values_are_edited_like_members(bench: Bench) -> None:
    bench.backend.assets[Oid("Story", 1)]["Tags"] = ("ux",)
    story = bench.Story(1)
    story.Tags.add("api", "it's")
    assert story.Tags == ["ux", "api", "it's"]
    story.Tags = ["api"]
    assert story.Tags == ["api"]


def test_deleting_an_attribute_clears_it(bench: Bench) -> None:
    story = bench.Story(2)
    del story.Estimate
    assert story.Estimate is None
    assert (AttributeChange("Estimate", UNREAD, None),) == inspect(story).changes


def test_an_asset_of_another_session_is_refused(bench: Bench) -> None:
    other = Bench()
    with pytest.raises(BadValue, match="Member:20 .* belongs to another session"):
        bench.Story(1).Owners.add(other.Member(20))
    with pytest.raises(BadValue, match="Epic:500 .* belongs to another session"):
        bench.Story(1).Super = other.Epic(500)


def test_a_naive_datetime_is_refused_with_advice() -> None:
    from assetmeta.model.codecs import DateTime

    with pytest.raises(ValueError, match="has no time zone: give it one"):
        DateTime().parse(datetime(2026, 3, 1, 12))


def test_a_repr_shows_name_and_pending_and_sends_nothing(bench: Bench) -> None:
    story = bench.Story(2)
    story.Estimate = 3
    story.Owners.add(bench.Member(21))
    assert repr(story) == "Story(2).pending({'Estimate': Decimal('3'), 'Owners': [+Member:21]})"
    assert bench.requests == 0
    inspect(story).revert()
    assert Decimal(1) == story.Estimate
    assert repr(story) == "Story(2, Name='Story 2')"


def test_what_a_codec_raises_is_the_outcome_of_that_change_alone(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values are checked when they are assigned; a codec that fails later on fails one change."""
    one, two, new = bench.Story(1), bench.Story(2), bench.Story.new(Estimate=7)
    one.Estimate, two.Estimate, two.Tags = 5, 6, ["a"]
    codec, encode = type(bench.Story._type.attributes["Estimate"].codec), Number.encode

    def failing(self: Number, value: object) -> str:
        if value in (5, 7):
            raise OverflowError("too far")
        return encode(self, value)

    monkeypatch.setattr(codec, "encode", failing)
    child = bench.Story.new(Name="child", Twin=new)
    report = bench.writer.commit()
    assert [outcome.change.oid.token for outcome in report.done] == ["Story:2"]
    assert all("Estimate cannot be sent: OverflowError: too far" in str(one.error) for one in report.failed)
    assert len(report.failed) == 2
    assert [outcome.change.oid for outcome in report.skipped] == [child._state.oid]
    assert bench.backend.assets[Oid("Story", 2)]["Estimate"] is not None
    assert one.Estimate == 5


class Breaking:
    """Members that an interrupt breaks off."""

    def __iter__(self) -> Iterator[str]:
        yield "red"
        raise KeyboardInterrupt


def test_setting_several_is_all_or_nothing_when_it_is_interrupted(bench: Bench) -> None:
    story = bench.Story(1)
    story.Name = "before"
    with pytest.raises(KeyboardInterrupt):
        story.set(Name="after", Estimate=3, Tags=Breaking())
    assert story.Name == "before"
    assert ["Name"] == [delta.name for delta in inspect(story).changes]
    fresh = bench.Story(2)
    with pytest.raises(KeyboardInterrupt):
        fresh.set(Name="after", Tags=Breaking())
    assert not inspect(fresh).pending
    assert len(bench.unit) == 1


@pytest.mark.parametrize("value, clears", [("many", False), ("", True), (" ", True), (["x"], False)])
def test_only_the_error_about_nothing_names_how_to_clear(bench: Bench, value: object, clears: bool) -> None:
    with pytest.raises(BadValue) as caught:
        bench.Story(1).Estimate = value
    assert clears is ("None clears it" in str(caught.value))
