"""What several threads share is changed under the lock of the context only, whatever a session does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from assetmeta.core import attributes, class_builder, context, edits, loading, plan_names, unit_of_work
from assetmeta.core.attachments import upload as upload_file
from assetmeta.core.commit import Committer
from assetmeta.core.identity_map import IdentityMap
from assetmeta.core.inspect import inspect
from assetmeta.core.plan_names import annotated
from assetmeta.core.state import State
from assetmeta.core.unit_of_work import PendingChanges, UnitOfWork
from assetmeta.model.plans import Done
from assetmeta.model.values import Oid
from core.fake import Bench, FakeBackend, attribute

SHARED = ("cells", "changed", "cohort", "layout", "oid", "sending")
"""What a state holds that reads and commits of other threads change."""


class Checked(dict[Any, Any]):
    """A dict that is changed while *is_held* only."""

    def __init__(self, is_held: Callable[[], bool]) -> None:
        super().__init__()
        self.is_held = is_held

    def _check(self, change: Any, *given: Any) -> Any:
        assert self.is_held()
        return change(self, *given)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._check(dict.__setitem__, key, value)

    def __delitem__(self, key: Any) -> None:
        self._check(dict.__delitem__, key)

    def pop(self, *given: Any) -> Any:
        return self._check(dict.pop, *given)

    def update(self, *given: Any) -> None:  # type: ignore[override]
        self._check(dict.update, *given)


class Cache(Checked):
    """Checked, with what else a cache has."""

    def clear(self) -> None:
        self._check(dict.clear)


def under_lock(function: Any, is_held: Callable[[], bool]) -> Any:
    """A function that is called while the lock is held only."""

    def called(*given: Any, **named: Any) -> Any:
        assert is_held(), f"{function.__qualname__} is called without the lock"
        return function(*given, **named)

    return called


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    bench = Bench(FakeBackend())
    bench.stories(6)
    for number in (20, 21):
        bench.add(f"Member:{number}", Name=f"M{number}")
    bench.backend.assets[Oid("Story", 1)]["Owners"] = (Oid("Member", 20),)
    is_owned = bench.context.lock._is_owned  # type: ignore[attr-defined]
    bench.unit._pending = PendingChanges(*(Checked(is_owned) for _ in PendingChanges().tables()))
    bench.context.identity._assets = Checked(is_owned)
    bench.context.identity._kept = Cache(bench.context.identity._lock.locked)  # type: ignore[assignment]

    bench.classes._made = Checked(is_owned)
    set_field = State.__setattr__
    held: tuple[tuple[Any, str], ...] = (
        (attributes, "keep_row"),
        (class_builder, "members_of"),
        (loading, "join"),
        (loading.Loader, "_members_missing"),
        (edits, "drop_edits"),
        (edits, "restore"),
        (plan_names, "taken_along"),
        (plan_names, "name_of"),
        (unit_of_work, "name_of"),
        (context, "merge_rows"),
        (IdentityMap, "get_or_create"),
        (Committer, "_take_over"),
    )
    for place, name in held:
        monkeypatch.setattr(place, name, under_lock(getattr(place, name), is_owned))

    def set_shared(state: State, name: str, value: object) -> None:
        assert name not in SHARED or is_owned()
        set_field(state, name, value)

    monkeypatch.setattr(State, "__setattr__", set_shared)
    return bench


def read(bench: Bench) -> None:
    for story in bench.query("Story").select("Name"):
        assert story.Super.Scope.Name
        assert story.Estimate is not None
        assert all(member.Name for member in story.Owners)
        assert inspect(story).refresh() is story
    bench.loader.populate(list(bench.query("Story")), ["Super.Scope.Name", "Owners.Name"])
    assert bench.Story(6).with_data({"Name": "known"}).Name == "known"


def write(bench: Bench) -> None:
    story, other = bench.Story(1), bench.Story(2)
    assert (story.Name, len(story.Owners)) == ("Story 1", 1)
    new = bench.Story.new(Name="new", Super=bench.Epic(500), Twin=other)
    story.Estimate, story.Twin = 7, new
    story.Owners.add("Member:21")
    other.Name = "other"
    bench.unit.delete(bench.Story(3))
    inspect(bench.Story.new(Name="never")).revert()
    annotated(bench.context, bench.unit.plan())
    assert not bench.writer.commit(conflicts="merge")
    assert new.Name == "new"


def fail(bench: Bench) -> None:
    bench.backend.refuse.add("Story:1")
    bench.backend.lose |= {"Story:2", "Story:3", "Story:new-1"}
    new = bench.Story.new(Name="new")
    bench.Story(1).Name = bench.Story(2).Name = "mine"
    bench.unit.delete(bench.Story(3))
    assert bench.writer.commit()
    bench.backend.lose.clear()
    inspect(new).retry()
    assert bench.writer.commit()
    inspect(bench.Story(1)).revert()
    assert not len(bench.unit)


def call(bench: Bench) -> None:
    assert bench.Story(4).Name == "Story 4"
    bench.Story.create(Name="at once")
    assert bench.Story(4).Close() is bench.Story(4)
    assert bench.query("Story").page(size=2).execute("Close") is not None


def upload(bench: Bench) -> None:
    bench.backend.files[Oid("Epic", 500)] = b"old"
    bench.backend.can = replace(bench.backend.can, file_types=frozenset({"Epic"}))
    epic = bench.Epic(500)
    assert epic.Name
    upload_file(epic, b"new")
    assert b"new" == bench.backend.files[Oid("Epic", 500)]


def take_over(bench: Bench) -> None:
    story = bench.Story(1)
    story.Name = "mine"
    [change] = bench.unit.plan()
    bench.writer.take_over([Done(change, story._state.oid)])
    assert not len(bench.unit)


def renew(bench: Bench) -> None:
    kind = bench.context.schema.types["Story"]
    changed = replace(kind, attributes={**kind.attributes, "Fresh": attribute("Fresh")})
    made = bench.Story
    bench.context.schema.types["Story"] = changed  # type: ignore[index]
    try:
        bench.classes.renew()
        assert made is bench.Story
        assert made.Fresh is not None
    finally:
        bench.context.schema.types["Story"] = kind  # type: ignore[index]


def set_aside(bench: Bench) -> None:
    bench.Story(1).Name = "mine"
    new = bench.Story.new(Name="new")
    bench.unit.set_aside()
    assert bench.Story(1).Name == "Story 1"
    bench.Story(2).Name = "other"
    bench.unit.put_back()
    assert (bench.Story(1).Name, bench.Story(2).Name, new.Name) == ("mine", "Story 2", "new")


WORKS = (read, write, fail, call, upload)
UNSENT = (take_over, renew, set_aside)


@pytest.mark.parametrize("work", WORKS + UNSENT, ids=lambda work: work.__name__)
def test_states_and_maps_are_changed_under_the_lock(bench: Bench, work: Callable[[Bench], None]) -> None:
    work(bench)
    assert not bench.context.lock._is_owned()  # type: ignore[attr-defined]


def test_a_plan_and_the_edits_that_it_sends_are_of_one_moment(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    held = []
    plan, tracked = UnitOfWork.plan, UnitOfWork.tracked

    def noted(real: Callable[..., Any]) -> Callable[..., Any]:
        def noting(unit: UnitOfWork, *given: Any) -> Any:
            found = real(unit, *given)
            held.append(bench.context.lock._is_owned())  # type: ignore[attr-defined]
            return found

        return noting

    monkeypatch.setattr(UnitOfWork, "plan", noted(plan))
    monkeypatch.setattr(UnitOfWork, "tracked", noted(tracked))
    bench.Story(1).Name = "mine"
    assert not bench.writer.commit()
    assert held == [True, True]


def test_an_identity_is_looked_up_and_made_under_the_lock(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    get_or_create, held = IdentityMap.get_or_create, []

    def noting(identity: IdentityMap, *given: Any) -> Any:
        held.append(bench.context.lock._is_owned())  # type: ignore[attr-defined]
        return get_or_create(identity, *given)

    monkeypatch.setattr(IdentityMap, "get_or_create", noting)
    read(bench)
    write(bench)
    assert held
    assert all(held)


@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.__name__)
def test_no_lock_is_held_while_requests_are_made(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, work: Callable[[Bench], None]
) -> None:
    run, held = bench.context._run, []

    def noting(flow: Any) -> Any:
        held.append(bench.context.lock._is_owned())  # type: ignore[attr-defined]
        return run(flow)

    monkeypatch.setattr(bench.context, "_run", noting)
    work(bench)
    assert held
    assert not any(held)


@pytest.mark.parametrize("first", ["commit", "create"])
def test_of_two_commits_the_second_waits_for_the_first(bench: Bench, first: str) -> None:
    """An edit is sent once, though a second commit begins while the first one is on its way."""
    reports: list[Any] = []
    second = threading.Thread(target=lambda: reports.append(bench.writer.commit()))

    def begin() -> None:
        second.start()
        # What does not wait has sent the edit again by then.
        second.join(0.05)

    bench.backend.meanwhile += [begin]
    if first == "commit":
        bench.Story(1).Name = "mine"
        assert not bench.writer.commit()
    else:
        bench.Story.create(Name="mine")
    second.join(10)
    assert len(bench.backend.written) == 1
    assert [list(report.outcomes) for report in reports] == [[]]
