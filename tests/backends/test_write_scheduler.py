"""The order of writes and what becomes of them, without a dialect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assetmeta.backends.verification import Verifier
from assetmeta.backends.write_scheduler import MOST, Batch, WriteSchedule, alone, in_rounds, run_writes
from assetmeta.model.contract import UNOBSERVED
from assetmeta.model.errors import BadValue, NotFound, Rejected, SessionClosed, Unreachable
from assetmeta.model.http import Pause, Request, Response
from assetmeta.model.ordering import in_order, needs, references_in
from assetmeta.model.plans import (
    AttributeChange,
    Change,
    Create,
    Delete,
    Done,
    Failed,
    Outcome,
    Skipped,
    Unknown,
    Update,
)
from assetmeta.model.schema import Schema
from assetmeta.model.values import UNREAD, Oid

EMPTY = Verifier(Schema({}), lambda fetches: iter(()), lambda value: value)  # type: ignore[arg-type, return-value]


def new(number: int, *parents: int) -> Create:
    return Create(
        Oid.new("A", number), tuple(AttributeChange(f"p{parent}", None, Oid.new("A", parent)) for parent in parents)
    )


def update(key: int, *named: int) -> Update:
    return Update(Oid("A", key), tuple(AttributeChange(f"n{other}", UNREAD, Oid("A", other)) for other in named))


class Log:
    """An observer that keeps what it hears; *full* raises before that many rounds are sent."""

    def __init__(self, full: int | None = None) -> None:
        self.sent: list[list[Change]] = []
        self.outcomes: list[Outcome] = []
        self.full = full

    def on_send(self, changes: Sequence[Change]) -> None:
        if self.full == len(self.sent):
            raise OSError(28, "No space left on device")
        self.sent.append(list(changes))

    def on_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        self.outcomes += outcomes


def singly(answers: dict[Oid, Any] | None = None) -> Any:
    def write(change: Change) -> Any:
        sent = yield Request("POST", str(change.oid))
        assert isinstance(sent, Response)
        found = (answers or {}).get(change.oid, Done(change, change.oid))
        return found.pop(0) if isinstance(found, list) else found

    return in_rounds(lambda ready: [([change], alone(write(change))) for change in ready])


def play(flow: Any) -> tuple[list[Outcome], list[list[str]], int]:
    """Run a flow; return its outcomes, the paths of each round, and how often it paused."""
    rounds: list[list[str]] = []
    pauses = 0
    try:
        yielded = next(flow)
        while True:
            if isinstance(yielded, Pause):
                pauses += 1
                yielded = flow.send(())
                continue
            rounds.append([request.path for request in yielded])
            yielded = flow.send(tuple(Response(200) for _ in yielded))
    except StopIteration as end:
        return end.value, rounds, pauses


def written(changes: list[Change], answers: dict[Oid, Any] | None = None, log: Any = UNOBSERVED) -> Any:
    return play(run_writes(WriteSchedule(changes), singly(answers), EMPTY, log))


def test_the_observer_hears_of_each_round_before_and_after() -> None:
    log = Log()
    changes: list[Change] = [new(1), new(2, 1), new(3), Delete(Oid("A", 9))]
    outcomes, rounds, _ = written(changes, log=log)
    assert [[changes[0], changes[2]], [changes[1]], [changes[3]]] == log.sent
    assert sorted(map(str, outcomes)) == sorted(map(str, log.outcomes))
    assert [2, 1, 1] == [len(each) for each in rounds]


def test_an_observer_that_cannot_keep_its_journal_ends_the_write_before_anything_more_is_sent() -> None:
    log = Log(full=1)
    flow = run_writes(WriteSchedule([new(1), new(2, 1)]), singly(), EMPTY, log)
    next(flow)
    with pytest.raises(OSError, match="No space left"):
        flow.send((Response(200),))
    assert [Done, Skipped] == [type(outcome) for outcome in log.outcomes]
    assert not log.outcomes[1].error.sent  # type: ignore[union-attr]


def test_a_write_that_is_left_in_a_round_reports_what_was_under_way_as_unknown() -> None:
    log = Log()
    flow = run_writes(WriteSchedule([new(1), new(2), new(3, 1)]), singly(), EMPTY, log)
    next(flow)
    flow.close()
    assert [Unknown, Unknown, Skipped] == [type(outcome) for outcome in log.outcomes]


def test_what_keeps_the_first_round_from_being_sent_is_raised_and_its_changes_are_skipped() -> None:
    """The observer has heard that they are sent."""
    log = Log()
    flow = run_writes(WriteSchedule([new(1), new(2)]), singly(), EMPTY, log)
    next(flow)
    with pytest.raises(SessionClosed):
        flow.throw(SessionClosed("closed"))
    assert [Skipped, Skipped] == [type(outcome) for outcome in log.outcomes]


def test_what_needs_a_lost_create_is_skipped_at_any_distance() -> None:
    changes: list[Change] = [new(1), new(2, 1), new(3, 2), Update(Oid.new("A", 3), ()), new(4)]
    outcomes, rounds, _ = written(changes, {changes[0].oid: Failed(changes[0], Rejected("no"))})
    assert [Failed, Skipped, Skipped, Skipped, Done] == [type(outcome) for outcome in outcomes]
    assert [Oid.new("A", 1), Oid.new("A", 2), Oid.new("A", 3)] == [outcome.needs for outcome in outcomes[1:4]]  # type: ignore[union-attr]
    assert [["A:new-1", "A:new-4"]] == rounds


def test_creates_that_need_each_other_fail_and_nothing_hangs() -> None:
    changes: list[Change] = [new(1, 2), new(2, 1), new(3)]
    outcomes, rounds, _ = written(changes)
    assert [Failed, Failed, Done] == [type(outcome) for outcome in outcomes]
    assert isinstance(outcomes[0].error, BadValue)  # type: ignore[union-attr]
    assert [["A:new-3"]] == rounds


def test_a_create_that_was_not_sent_is_sent_again_and_what_needs_it_waits() -> None:
    changes: list[Change] = [new(1), new(2, 1), new(3)]
    fault = Failed(changes[0], Unreachable("refused", sent=False))
    outcomes, rounds, pauses = written(changes, {changes[0].oid: [fault, Done(changes[0], Oid("A", 1))]})
    assert [Done] * 3 == [type(outcome) for outcome in outcomes]
    assert ([["A:new-1", "A:new-3"], ["A:new-1"], ["A:new-2"]], 1) == (rounds, pauses)


def test_a_create_that_did_not_arrive_whole_is_sent_again() -> None:
    changes: list[Change] = [new(1), new(2, 1)]
    fault = Failed(changes[0], Rejected("slow", status=408, sent=False))
    outcomes, rounds, pauses = written(changes, {changes[0].oid: [fault, Done(changes[0], Oid("A", 1))]})
    assert [Done] * 2 == [type(outcome) for outcome in outcomes]
    assert ([["A:new-1"], ["A:new-1"], ["A:new-2"]], 1) == (rounds, pauses)


def test_after_a_passing_fault_one_change_goes_first() -> None:
    changes: list[Change] = [new(number) for number in range(1, 2 * MOST + 1)]
    lost = Unknown(changes[3], Unreachable("dropped"))
    outcomes, rounds, pauses = written(changes, {changes[3].oid: lost})
    assert [MOST, 1, MOST - 1] == [len(each) for each in rounds]
    assert (1, 1) == (sum(isinstance(outcome, Unknown) for outcome in outcomes), pauses)


def test_a_server_that_breaks_at_everything_is_left_alone() -> None:
    changes: list[Change] = [new(number) for number in range(1, MOST + 3)]
    broken = {change.oid: Unknown(change, Rejected("boom", status=500)) for change in changes}
    outcomes, rounds, _ = written(changes, broken)
    assert [Unknown] * MOST + [Skipped] * 2 == [type(outcome) for outcome in outcomes]
    assert 1 == len(rounds)


def test_a_group_takes_what_waits_only_for_its_members() -> None:
    changes: list[Change] = [new(1), new(2, 1), new(3), update(7), Delete(Oid("A", 9))]
    schedule = WriteSchedule(changes)
    schedule.open_group()
    drawn = []
    while (index := schedule.take()) is not None:
        schedule.join(index)
        drawn.append(index)
    assert [0, 1, 2, 3, 4] == drawn
    schedule = WriteSchedule(changes)
    assert [0, 2, 3] == schedule.take_several(lambda change: False, MOST)


@settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_changes_are_sent_once_each_in_an_order_that_works(data: st.DataObject) -> None:
    number = data.draw(st.integers(1, 40))
    changes: list[Change] = []
    for index in range(1, number + 1):
        kind = data.draw(st.sampled_from(["create", "update", "delete"]))
        others = data.draw(st.lists(st.integers(1, number), max_size=3, unique=True))
        if kind == "create":
            changes.append(new(index, *(other for other in others if other != index)))
        elif kind == "update":
            changes.append(update(data.draw(st.integers(1, 5)), *others))
        else:
            changes.append(Delete(Oid("A", 100 + index)))
    plan = in_order(changes)
    for _ in plan:
        there = {change.oid for change in plan if isinstance(change, Create)}
        plan = [change for change in plan if needs(change) <= there]
    log = Log()
    outcomes, _, _ = written(plan, log=log)
    assert [id(change) for change in plan] == [id(outcome.change) for outcome in outcomes]
    sent = [change for batch in log.sent for change in batch]
    assert len({id(change) for change in sent}) == len(sent)
    made: set[Oid] = set()
    for batch in log.sent:
        for change in batch:
            assert needs(change) & there <= made | ({change.oid} if isinstance(change, Create) else set())
        made |= {change.oid for change in batch if isinstance(change, Create)}
        assert len({change.oid for change in batch}) == len(batch)
    skipped = [outcome for outcome in outcomes if not isinstance(outcome, Done)]
    assert not [outcome for outcome in skipped if not isinstance(outcome.change, Create | Update)]


def test_references_in_a_delta_are_those_set_added_and_removed() -> None:
    one, two, three = (Oid("A", number) for number in (1, 2, 3))
    assert [one] == references_in(AttributeChange("x", None, one))
    assert [one, two, three] == references_in(AttributeChange("x", None, (one,), (two, "t"), (three,), True))
    assert [] == references_in(AttributeChange("x", one, "text"))


def test_a_batch_may_put_changes_back() -> None:
    changes: list[Change] = [update(1), update(2)]
    calls: list[list[int]] = []

    def refuse_first(schedule: WriteSchedule) -> list[Batch]:
        drawn = schedule.take_several(lambda change: False, MOST)
        calls.append(drawn)

        def flow(indices: list[int], back: bool) -> Any:
            yield Request("POST", "x")
            return [None if back else Done(changes[index], changes[index].oid) for index in indices]

        return [Batch(drawn, flow(drawn, len(calls) == 1))]

    outcomes, _, _ = play(run_writes(WriteSchedule(changes), refuse_first, EMPTY, UNOBSERVED))
    assert [Done, Done] == [type(outcome) for outcome in outcomes]
    assert [[0, 1], [0, 1]] == calls


def pauses_of(changes: list[Change], answers: dict[Oid, Any]) -> tuple[list[int], list[Outcome]]:
    """The number of each pause of a write, and its outcomes."""
    flow = run_writes(WriteSchedule(changes), singly(answers), EMPTY, UNOBSERVED)
    found: list[int] = []
    try:
        yielded = next(flow)
        while True:
            if isinstance(yielded, Pause):
                found.append(yielded.attempt)
                yielded = flow.send(())
            else:
                assert isinstance(yielded, tuple)
                yielded = flow.send(tuple(Response(200) for _ in yielded))
    except StopIteration as end:
        return found, list(end.value)


def test_pauses_grow_until_a_change_is_answered() -> None:
    changes: list[Change] = [new(number) for number in range(1, MOST + 3)]
    fault = Unreachable("refused", sent=False)

    def answers(several: list[Change], times: int) -> dict[Oid, Any]:
        found = {change.oid: [Failed(change, fault), Done(change, change.oid)] for change in several}
        return found | {several[0].oid: [Failed(several[0], fault)] * times + [Done(several[0], several[0].oid)]}

    found, outcomes = pauses_of(changes, answers(changes[:MOST], 3))
    assert [1, 2, 3] == found
    assert [Done] * len(changes) == [type(outcome) for outcome in outcomes]
    # The first round has answers beside the fault.
    found, outcomes = pauses_of(changes, answers(changes[:1], 2))
    assert [1, 2] == found
    assert [Done] * len(changes) == [type(outcome) for outcome in outcomes]


def test_a_refusal_is_no_reason_to_pause() -> None:
    changes: list[Change] = [new(number) for number in range(1, MOST + 3)]
    found, outcomes = pauses_of(changes, {changes[0].oid: Failed(changes[0], Rejected("no", status=400))})
    assert [] == found
    assert [Failed] + [Done] * (MOST + 1) == [type(outcome) for outcome in outcomes]


def test_what_is_being_sent_last_is_not_sent_again() -> None:
    """Without anything that was never sent, one change is one request: the outcome of the fault stays."""
    for fault in (Failed(new(1), Unreachable("refused", sent=False)), Unknown(new(1), Unreachable("dropped"))):
        outcomes, rounds, pauses = written([fault.change], {fault.change.oid: fault})
        assert ([fault], [["A:new-1"]], 0) == (outcomes, rounds, pauses)


def test_a_permanent_fault_ends_the_write() -> None:
    changes: list[Change] = [new(number) for number in range(1, MOST + 3)]
    fault = Unreachable("no such host", sent=False, permanent=True)
    outcomes, rounds, pauses = written(changes, {changes[0].oid: Failed(changes[0], fault)})
    assert ([Failed] + [Done] * (MOST - 1) + [Skipped] * 2, 1, 0) == (
        [type(outcome) for outcome in outcomes],
        len(rounds),
        pauses,
    )


def test_how_many_changes_are_taken() -> None:
    def taken(number: int, most: int, shared: int = 0) -> int:
        schedule = WriteSchedule([update(key) for key in range(number)])
        return len(schedule.take_several(lambda change: change.oid.key in range(shared), most))

    assert (64, 64, 63) == (taken(70, 1000), taken(64, 1000), taken(63, 1000))
    assert (10, 9) == (taken(70, 10), taken(9, 10))
    assert (100, 164, 120) == (taken(200, 100, 200), taken(200, 1000, 100), taken(200, 120, 100))


def test_deletes_are_free_when_nothing_else_is_open() -> None:
    schedule = WriteSchedule([update(1), Delete(Oid("A", 2)), Delete(Oid("A", 3))])
    assert [True, False, False] == [schedule.is_free(index) for index in range(3)]
    assert [0] == schedule.take_several(lambda change: False, MOST)
    schedule.settle([Batch([0], iter(()))], [[Done(schedule.changes[0], Oid("A", 1))]])  # type: ignore[arg-type]
    assert [True, True] == [schedule.is_free(index) for index in (1, 2)]
    assert [1, 2] == schedule.take_several(lambda change: False, MOST)


def test_an_asset_that_was_deleted_with_another_one_is_done() -> None:
    gone = NotFound("gone", status=404)
    for changes, expected in (
        ([Delete(Oid("A", 1)), Delete(Oid("A", 2))], [Done, Done]),
        ([Delete(Oid("A", 1))], [Failed]),
        ([update(1), Delete(Oid("A", 2)), Delete(Oid("A", 3))], [Failed, Done, Done]),
        ([update(1), Delete(Oid("A", 2))], [Failed, Failed]),
    ):
        outcomes, _, _ = written(list(changes), {change.oid: Failed(change, gone) for change in changes})
        assert expected == [type(outcome) for outcome in outcomes]
    refused = {Oid("A", 1): Failed(Delete(Oid("A", 1)), Rejected("no", status=400))}
    outcomes, _, _ = written([Delete(Oid("A", 1)), Delete(Oid("A", 2))], refused)
    assert [Failed, Done] == [type(outcome) for outcome in outcomes]
