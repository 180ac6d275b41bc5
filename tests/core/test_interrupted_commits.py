"""Commits that are broken off or raced: nothing is created twice, nothing that was edited meanwhile is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NoReturn

import pytest

from assetmeta.core.inspect import inspect
from assetmeta.model import ordering
from assetmeta.model.errors import NotFound, Rejected, Unreachable
from assetmeta.model.ordering import in_order
from assetmeta.model.plans import AttributeChange, Create, Delete, Done, Failed, Skipped, Unknown, Update
from assetmeta.model.values import Oid
from core.fake import Bench


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.stories(6)
    for number in (20, 21):
        bench.add(f"Member:{number}", Name=f"M{number}")
    return bench


def breaking(error: BaseException) -> Callable[..., NoReturn]:
    def broken(*given: object) -> NoReturn:
        raise error

    return broken


def pause() -> None:
    pass


def stored(bench: Bench, type_name: str, **values: object) -> int:
    """How many assets of a type the server has with these values."""
    return sum(oid.type == type_name and values.items() <= cells.items() for oid, cells in bench.backend.assets.items())


INTERRUPTS = [KeyboardInterrupt(), SystemExit(1), RuntimeError("the vault is down"), Unreachable("broken off")]


@pytest.mark.parametrize("error", INTERRUPTS, ids=lambda error: type(error).__name__)
def test_creates_of_a_commit_that_was_broken_off_are_not_sent_again(bench: Bench, error: BaseException) -> None:
    news = [bench.Story.new(Name="once", Estimate=index) for index in range(3)]
    bench.backend.meanwhile += [pause, breaking(error)]
    with pytest.raises(type(error)):
        bench.writer.commit()
    assert stored(bench, "Story", Name="once") == 2
    for _ in range(2):
        report = bench.writer.commit()
        assert [Unknown] * 3 == [type(outcome) for outcome in report.outcomes]
        assert type(error).__name__ in str(report.errors[0])
    assert len(bench.backend.written) == 2
    assert len(bench.unit) == 3
    assert all(isinstance(inspect(story).error, Unreachable) for story in news)


def test_a_create_that_was_broken_off_is_sent_again_by_retry_or_given_up_by_revert(bench: Bench) -> None:
    kept, dropped = bench.Story.new(Name="kept"), bench.Story.new(Name="dropped")
    bench.backend.meanwhile += [breaking(KeyboardInterrupt())]
    with pytest.raises(KeyboardInterrupt):
        bench.writer.commit()
    inspect(kept).retry()
    inspect(dropped).revert()
    assert not bench.writer.commit()
    assert len(bench.unit) == 0
    assert stored(bench, "Story", Name="kept") == 2
    assert stored(bench, "Story", Name="dropped") == 0


def test_updates_and_deletes_of_a_commit_that_was_broken_off_are_compared_by_a_read(bench: Bench) -> None:
    for number in (1, 2, 3):
        bench.Story(number).Estimate = 50 + number
    bench.unit.delete(bench.Story(4))
    bench.backend.meanwhile += [pause, breaking(KeyboardInterrupt())]
    with pytest.raises(KeyboardInterrupt):
        bench.writer.commit()
    assert len(bench.backend.written) == 2
    before = len(bench.backend.fetched)
    assert not bench.writer.commit()
    assert [Oid("Story", number) for number in (1, 2, 3, 4)] == [change.oid for change in bench.backend.written]
    assert [3, 1] == [len(fetch.oids or ()) for fetch in bench.backend.fetched[before:]]
    assert ["51", "52", "53"] == [bench.backend.assets[Oid("Story", number)]["Estimate"] for number in (1, 2, 3)]
    assert Oid("Story", 4) not in bench.backend.assets
    assert len(bench.unit) == 0


def test_an_error_that_was_not_sent_leaves_everything_simply_pending(bench: Bench) -> None:
    bench.Story.new(Name="new")
    bench.Story(1).Estimate = 50
    whole = bench.context._run
    bench.context._run = breaking(Unreachable("nobody there", sent=False))
    with pytest.raises(Unreachable):
        bench.writer.commit()
    assert len(bench.unit) == 2
    assert bench.unit.unanswered == {}
    bench.context._run = whole
    before = bench.requests
    assert not bench.writer.commit()
    assert bench.requests == before + 2
    assert stored(bench, "Story", Name="new") == 1


def test_an_interrupted_create_is_raised_and_leaves_nothing_pending(bench: Bench) -> None:
    bench.backend.meanwhile += [breaking(KeyboardInterrupt())]
    with pytest.raises(KeyboardInterrupt):
        bench.Story.create(Name="once")
    assert len(bench.unit) == 0
    assert not bench.writer.commit()
    assert stored(bench, "Story", Name="once") == 1


def test_a_create_and_a_commit_at_the_same_time_create_once(bench: Bench) -> None:
    reports = []
    commit = threading.Thread(target=lambda: reports.append(bench.writer.commit()))

    def meanwhile() -> None:
        commit.start()
        commit.join(0.05)
        assert commit.is_alive()

    bench.backend.meanwhile += [meanwhile]
    story = bench.Story.create(Name="once")
    commit.join()
    assert [()] == [report.outcomes for report in reports]
    assert [Create] == [type(change) for change in bench.backend.written]
    assert stored(bench, "Story", Name="once") == 1
    assert story.idref == "Story:1001"
    assert len(bench.unit) == 0


@pytest.mark.parametrize("others", [0, 1])
def test_an_unanswered_update_of_an_asset_that_was_deleted_meanwhile_fails(bench: Bench, others: int) -> None:
    for number in range(1, 2 + others):
        bench.Story(number).Super = None
    bench.backend.lose |= {"Story:1", "Story:2"}
    assert len(bench.writer.commit().unknown) == 1 + others
    del bench.backend.assets[Oid("Story", 1)]
    bench.backend.lose.clear()
    report = bench.writer.commit()
    assert [Failed, *[Done] * others] == [type(outcome) for outcome in report.outcomes]
    assert isinstance(report.errors[0], NotFound)
    assert len(bench.backend.written) == 1 + 2 * others
    inspect(bench.Story(1)).revert()
    assert not bench.writer.commit()


def test_an_unanswered_update_of_what_the_server_leaves_out_is_not_done(bench: Bench) -> None:
    bench.backend.hidden.add("Description")
    story = bench.Story(1)
    story.Description = None
    bench.backend.lose.add("Story:1")
    assert bench.writer.commit().unknown
    assert bench.writer.commit().unknown
    bench.backend.lose.clear()
    assert not bench.writer.commit()
    assert len(bench.backend.written) == 3


def test_setting_the_old_value_back_during_a_commit_stays_pending(bench: Bench) -> None:
    story = bench.Story(2)
    assert Decimal(1) == story.Estimate
    story.Estimate = 5
    bench.backend.meanwhile += [lambda: setattr(story, "Estimate", 1)]
    assert not bench.writer.commit()
    assert Decimal(1) == story.Estimate
    assert (AttributeChange("Estimate", Decimal(5), Decimal(1)),) == inspect(story).changes
    assert not bench.writer.commit()
    assert bench.backend.assets[Oid("Story", 2)]["Estimate"] == "1"
    assert len(bench.unit) == 0


MEMBERS = {
    "add": (lambda story: story.Owners.add("Member:21"), lambda story: story.Owners.remove("Member:21"), [20]),
    "remove": (lambda story: story.Owners.remove("Member:20"), lambda story: story.Owners.add("Member:20"), [20]),
    "assign": (
        lambda story: setattr(story, "Owners", ["Member:21"]),
        lambda story: setattr(story, "Owners", ["Member:20"]),
        [20],
    ),
    "clear": (lambda story: story.Owners.clear(), lambda story: setattr(story, "Owners", ["Member:20"]), [20]),
}


@pytest.mark.parametrize("edit, undo, wanted", MEMBERS.values(), ids=MEMBERS)
def test_undoing_an_edit_of_members_during_a_commit_stays_pending(
    bench: Bench, edit: Callable, undo: Callable, wanted: list[int]
) -> None:
    bench.backend.assets[Oid("Story", 2)]["Owners"] = (Oid("Member", 20),)
    story = bench.Story(2)
    assert len(story.Owners) == 1
    edit(story)
    bench.backend.meanwhile += [lambda: undo(story)]
    assert not bench.writer.commit()
    assert inspect(story).pending
    assert wanted == [member.intid for member in story.Owners]
    assert not bench.writer.commit()
    assert tuple(Oid("Member", number) for number in wanted) == bench.backend.assets[Oid("Story", 2)]["Owners"]
    assert len(bench.unit) == 0


def test_a_value_set_back_after_the_commit_drops_the_edit_as_ever(bench: Bench) -> None:
    story = bench.Story(2)
    assert Decimal(1) == story.Estimate
    story.Estimate = 5
    assert not bench.writer.commit()
    story.Estimate = 6
    story.Estimate = 5
    assert not inspect(story).pending


def test_an_unanswered_delete_that_landed_is_done_and_not_sent_again(bench: Bench) -> None:
    bench.unit.delete(bench.Story(3))
    bench.unit.delete(bench.Story(4))
    bench.backend.lose_applied.add("Story:3")
    bench.backend.lose.add("Story:4")
    assert len(bench.writer.commit().unknown) == 2
    bench.backend.lose.clear()
    report = bench.writer.commit()
    assert [Done, Done] == [type(outcome) for outcome in report.outcomes]
    assert [Oid("Story", number) for number in (3, 4, 4)] == [change.oid for change in bench.backend.written]
    assert len(bench.unit) == 0
    with pytest.raises(NotFound):
        bench.Story(3).Name


def test_a_conflict_check_of_an_asset_that_vanished_sends_the_rest(bench: Bench) -> None:
    story = bench.Story(1)
    assert Decimal(0) == story.Estimate
    story.Estimate = 5
    bench.Story.new(Name="new")
    del bench.backend.assets[Oid("Story", 1)]
    # A server answers a read of a single asset that is gone with 404.
    bench.backend.meanwhile += [breaking(NotFound("Story:1 is not there", status=404))]
    report = bench.writer.commit(conflicts="error")
    assert [Done, Failed] == [type(outcome) for outcome in report.outcomes]
    assert isinstance(report.errors[0], NotFound)
    assert report.errors[0].oid == "Story:1"
    assert stored(bench, "Story", Name="new") == 1
    assert len(bench.unit) == 1


def test_a_circle_of_new_assets_can_be_committed_again_after_a_refusal(bench: Bench) -> None:
    first, second = bench.Story.new(Name="first"), bench.Story.new(Name="second")
    first.Twin, second.Twin = second, first
    bench.backend.refuse.add("Story:new-1")
    report = bench.writer.commit()
    assert [Failed, Skipped, Skipped] == [type(outcome) for outcome in report.outcomes]
    assert isinstance(report.errors[0], Rejected)
    bench.backend.refuse.clear()
    assert not bench.writer.commit()
    assert first.Twin is second
    assert second.Twin is first


def test_a_circle_with_an_unanswered_second_create_is_held_without_an_error(bench: Bench) -> None:
    first, second = bench.Story.new(Name="first"), bench.Story.new(Name="second")
    first.Twin, second.Twin = second, first
    bench.backend.lose.add("Story:new-2")
    report = bench.writer.commit()
    assert [Done, Unknown, Skipped] == [type(outcome) for outcome in report.outcomes]
    before = len(bench.backend.written)
    for _ in range(2):
        report = bench.writer.commit()
        assert {Unknown, Skipped} == {type(outcome) for outcome in report.outcomes}
    assert before == len(bench.backend.written)
    bench.backend.lose.clear()
    inspect(second).retry()
    assert not bench.writer.commit()
    assert first.Twin is second
    assert len(bench.unit) == 0


def test_a_circle_whose_last_reference_is_refused_goes_on(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is still pending names the other asset as it is now, though both were created by the same commit."""
    first, second = bench.Story.new(Name="first"), bench.Story.new(Name="second")
    first.Twin, second.Twin = second, first
    apply = bench.backend._apply

    def refusing(change: Any, *given: Any) -> Any:
        return Failed(change, Rejected("refused", status=400)) if isinstance(change, Update) else apply(change, *given)

    with monkeypatch.context() as patch:
        patch.setattr(bench.backend, "_apply", refusing)
        report = bench.writer.commit()
        assert [Done, Done, Failed] == [type(outcome) for outcome in report.outcomes]
    assert not bench.writer.commit()
    assert first.Twin is second
    assert len(bench.unit) == 0


@pytest.mark.parametrize("backwards", [False, True])
def test_a_long_chain_of_new_assets_is_ordered_in_one_pass(backwards: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Oid] = []

    def needs(change: Create | Update, *within: object) -> set[Oid]:
        asked.append(change.oid)
        return real(change, *within)

    real = ordering.needs
    monkeypatch.setattr(ordering, "needs", needs)
    number = 400
    oids = [Oid("Epic", f"new-{index}") for index in range(number)]
    chain = [
        Create(oid, (AttributeChange("Super", None, oids[index - 1]),) if index else ())
        for index, oid in enumerate(oids)
    ]
    changes = [*(reversed(chain) if backwards else chain), Delete(Oid("Epic", 5)), Update(Oid("Epic", 6), ())]
    assert [*chain, changes[-1], changes[-2]] == in_order(changes)
    assert len(asked) <= 2 * number


def test_a_long_circle_is_cut_once(bench: Bench) -> None:
    news = [bench.Story.new(Name=f"story {index}") for index in range(50)]
    for index, story in enumerate(news):
        story.Twin = news[index - 1]
    assert [*[Create] * 50, Update] == [type(change) for change in bench.unit.plan()]
    assert not bench.writer.commit()
    assert all(story.Twin is news[index - 1] for index, story in enumerate(news))


@pytest.mark.parametrize(
    "before, meanwhile, wanted",
    [
        ([21], [20, 22], [20, 22]),
        ([21], [21, 22], [21, 22]),
        ([20, 21], [21], [21]),
        ([20, 21], [20, 21, 22], [20, 21, 22]),
        ([], [20], [20]),
        ([21], [], []),
    ],
)
def test_members_that_are_assigned_while_others_are_sent_are_those_in_the_end(
    bench: Bench, before: list[int], meanwhile: list[int], wanted: list[int]
) -> None:
    bench.add("Member:22", Name="M22")
    bench.backend.assets[Oid("Story", 2)]["Owners"] = (Oid("Member", 20),)
    story = bench.Story(2)
    assert len(story.Owners) == 1

    def assign(numbers: list[int]) -> None:
        story.Owners = [f"Member:{number}" for number in numbers]

    assign(before)
    bench.backend.meanwhile += [lambda: assign(meanwhile)]
    assert not bench.writer.commit()
    assert set(wanted) == {member.intid for member in story.Owners}
    assert not bench.writer.commit()
    assert set(wanted) == {oid.key for oid in bench.backend.assets[Oid("Story", 2)]["Owners"]}
    assert set(wanted) == {member.intid for member in story.Owners}
    assert len(bench.unit) == 0
