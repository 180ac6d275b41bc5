"""Watching: each change once and in order, over restarts, clocks that differ and lists that move."""

from __future__ import annotations

import json
import os
import random
import stat
import threading
from collections import deque
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from assetmeta import (
    UNREAD,
    BadValue,
    BrokenOff,
    Plan,
    ResultChanged,
    ServerFailed,
    SessionClosed,
    TestspaceMeta,
    Unreachable,
    UsageError,
    V1Meta,
    V1Poller,
    ValispaceMeta,
    ValohaiMeta,
)
from assetmeta.features import comparison_reader, history_reader
from assetmeta.features.asset_changes import AssetChange, comparable, from_json, to_json, without_moment
from assetmeta.features.poller import _Due as poller_due
from assetmeta.features.watch import Watcher
from assetmeta.model import paths
from assetmeta.model.conditions import And, Compare, Exists, Not, Or, RawFilter
from assetmeta.model.plans import Call, Delete, Update
from assetmeta.model.texts import JsonText
from assetmeta.model.values import ABSENT, Oid
from assetmeta.sandbox import Server
from assetmeta.sandbox.valohai import lists
from assetmeta.tools import valohai


@pytest.fixture
def v1(versionone_sandbox: Server) -> Iterator[V1Meta]:
    with V1Meta(**versionone_sandbox.credentials) as session:
        yield session


@pytest.fixture
def other(versionone_sandbox: Server) -> Iterator[V1Meta]:
    with V1Meta(**versionone_sandbox.credentials) as session:
        yield session


@pytest.fixture
def stories(other: V1Meta) -> list[Any]:
    made = [other.Story.new(Name=f"{number}", Scope=other.Scope(0)) for number in range(5)]
    other.commit().raise_if_failed()
    return made


def save(session: V1Meta) -> None:
    session.commit().raise_if_failed()


def told(changes: Iterator[AssetChange]) -> list[tuple[str, str]]:
    return [(change.kind, change.asset.idref) for change in changes]


def requests(session: Any, work: Callable[[], object]) -> int:
    before = len(session.ledger)
    work()
    return len(session.ledger) - before


# VersionOne: by history


def test_each_change_has_what_was_and_is_when_and_by_whom(v1: V1Meta, other: V1Meta, stories: list[Any]) -> None:
    watch = v1.watch(v1.Story.select("Name", "Owners", "Estimate"))
    assert told(watch.poll()) == []
    story = stories[0]
    story.Name = "first"
    save(other)
    story.set(Name="second", Owners=[other.Member(20)])
    save(other)
    story.Description = "not watched"
    save(other)
    new = other.Story.new(Name="new", Scope=other.Scope(0))
    save(other)
    other.delete(story)
    save(other)

    first, second, third, made, gone = watch.poll()

    assert [change.kind for change in (first, second, third, made, gone)] == [
        "changed",
        "changed",
        "changed",
        "created",
        "deleted",
    ]
    assert first.asset is v1.Story(story.intid)
    assert dict(first.attributes) == {"Name": ("0", "first")}
    assert second.attributes["Name"].before == "first"
    assert second.attributes["Owners"].before == ()
    assert second.attributes["Owners"].after == (v1.Member(20),)
    assert third.attributes == {}
    assert made.asset.idref == new.idref
    assert made.attributes["Name"] == (None, "new")
    assert gone.attributes["Name"] == ("second", None)
    assert first.by is v1.Member(20)
    assert first.at is not None
    assert first.at.utcoffset() == timedelta(0)
    assert made.asset.Name == "new"
    assert str(first) == f"{story.idref} changed by Member:20 at {first.at}: Name: '0' -> 'first'"
    assert told(watch.poll()) == []


def test_a_round_costs_one_request_however_many_are_watched_and_one_more_when_something_changed(
    v1: V1Meta, other: V1Meta, stories: list[Any]
) -> None:
    v1.types
    watches: list[Any] = []
    assert requests(v1, lambda: watches.append(v1.watch(v1.Story.select("Name")))) == 2
    [watch] = watches
    assert requests(v1, lambda: list(watch.poll())) == 1
    for story in stories:
        story.Name = f"{story.Name} again"
    save(other)
    found: list[AssetChange] = []
    assert requests(v1, lambda: found.extend(watch.poll())) == 2
    assert len(found) == 5
    assert requests(v1, lambda: [change.asset.Estimate for change in found]) == 1
    assert requests(v1, watch.explain) == 0
    assert "history" in watch.explain()


def test_what_satisfies_the_conditions_before_or_after_is_watched(
    v1: V1Meta, other: V1Meta, stories: list[Any]
) -> None:
    watch = v1.watch(v1.Story.where(v1.Story.Estimate > 3).select("Estimate"))
    one, two = stories[:2]
    two.Name = "of no interest"
    one.Estimate = 5
    save(other)
    one.Estimate = 1
    save(other)
    one.Estimate = 2
    save(other)
    assert [(change.kind, *change.attributes["Estimate"]) for change in watch.poll()] == [
        ("changed", None, 5),
        ("changed", 5, 1),
    ]


def test_a_deleted_asset_that_comes_back_is_created(v1: V1Meta, other: V1Meta, stories: list[Any]) -> None:
    watch = v1.watch("Story")
    other.delete(stories[0])
    save(other)
    assert [kind for kind, _ in told(watch.poll())] == ["deleted"]
    v1.Story.where(ID=stories[0].idref).deleted().execute("Undelete").raise_if_failed()
    assert told(watch.poll()) == [("created", stories[0].idref)]


def test_what_was_not_finished_comes_again(v1: V1Meta, other: V1Meta, stories: list[Any], tmp_path: Path) -> None:
    file = tmp_path / "deep" / "cursor"
    watch = v1.watch("Story", since=file)
    for story in stories[:3]:
        story.Name = "x"
        save(other)
    expected = [("changed", story.idref) for story in stories[:3]]
    changes = watch.poll()
    assert told(iter([next(changes), next(changes)])) == expected[:2]
    changes.close()

    assert told(watch.poll()) == expected[1:]
    assert told(v1.watch("Story", since=file).poll()) == []
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600


def test_the_loop_waits_between_rounds_and_ends_with_the_session(v1: V1Meta, other: V1Meta, stories: list[Any]) -> None:
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        stories[0].Name = f"round {len(waits)}"
        save(other)
        return len(waits) < 4

    v1._context.wait = wait
    found = [change.attributes["Name"].after for change in v1.watch("Story", every=7)]
    assert found == ["round 1", "round 2", "round 3"]
    assert waits == [7, 7, 7, 7]


def test_a_passing_fault_is_left_to_the_next_round(
    v1: V1Meta, other: V1Meta, stories: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    watch = v1.watch("Story")
    read, faults = watch._reader.read, [ServerFailed("out of order")]

    def failing() -> Any:
        if faults:
            raise faults.pop()
        return read()

    watch._reader.read = failing  # type: ignore[method-assign]
    stories[0].Name = "x"
    save(other)
    rounds = iter([True, False])
    v1._context.wait = lambda seconds: next(rounds)
    assert told(iter(watch)) == [("changed", stories[0].idref)]
    assert "out of order" in caplog.text


def test_hundreds_of_writes_over_six_restarts_are_each_seen_once(
    versionone_sandbox: Server, other: V1Meta, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages are small, so that each round reads several; consumers end in the middle of what is new."""
    monkeypatch.setattr(history_reader, "_PAGE", 60)
    chance = random.Random(16)
    stories = [other.Story.new(Name="start", Scope=other.Scope(0)) for _ in range(80)]
    save(other)
    file = tmp_path / "cursor"
    seen: list[tuple[str, str, Any]] = []
    made: list[tuple[str, str, Any]] = []

    def write(number: int) -> None:
        """Fifty writes, by which assets are created, changed and deleted."""
        waiting: list[tuple[str, Any, str]] = []
        chosen = chance.sample(stories, 40)
        for story in chosen:
            story.Name = f"{number}"
            waiting.append(("changed", story, f"{number}"))
        for place in range(6):
            story = other.Story.new(Name=f"new {number}.{place}", Scope=other.Scope(0))
            stories.append(story)
            waiting.append(("created", story, story.Name))
        for story in chance.sample([one for one in stories if one not in chosen and not one._state.oid.is_new], 4):
            stories.remove(story)
            other.delete(story)
            waiting.append(("deleted", story, None))
        save(other)
        made.extend((kind, story.idref, name) for kind, story, name in waiting)

    def session() -> V1Meta:
        return V1Meta(**versionone_sandbox.credentials)

    with session() as v1:
        v1.watch(v1.Story.select("Name"), since=file)
    for restart in range(6):
        write(restart)
        with session() as v1:
            stop = None if restart == 5 else chance.randrange(1, 100)
            for place, change in enumerate(v1.watch(v1.Story.select("Name"), since=file).poll(), 1):
                if place == stop:
                    break
                seen.append((change.kind, change.asset.idref, change.attributes["Name"].after))
    assert len(made) == 300
    assert sorted(seen, key=str) == sorted(made, key=str)
    for idref in {idref for _, idref, _ in made}:
        assert [one for one in seen if one[1] == idref] == [one for one in made if one[1] == idref]


def test_clocks_that_differ_by_five_minutes_lose_nothing(
    versionone_sandbox: Server, v1: V1Meta, other: V1Meta, stories: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = v1.watch("Story")
    engine = versionone_sandbox.face.engine
    clock, dates = engine._clock, []
    for minutes in (0, -5, 5, 0):
        monkeypatch.setattr(engine, "_clock", lambda off=minutes: clock() + timedelta(minutes=off))
        stories[0].Name = f"at {minutes} {random.random()}"
        save(other)
        [change] = watch.poll()
        assert (change.kind, change.asset.idref) == ("changed", stories[0].idref)
        dates.append(change.at)
    assert dates != sorted(dates)
    assert told(watch.poll()) == []


@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        (lambda query: query.page(3), "no page"),
        (lambda query: query.asof("2020-01-01"), "no past"),
        (lambda query: query.select("Owners.Name"), "of the asset itself"),
    ],
)
def test_what_cannot_be_watched_is_refused(v1: V1Meta, spoil: Callable[[Any], Any], match: str) -> None:
    query = spoil(v1.query("Story"))
    before = len(v1.ledger)
    with pytest.raises(BadValue, match=match):
        v1.watch(query)
    assert len(v1.ledger) == before
    with pytest.raises(BadValue, match="above 0"):
        v1.watch("Story", every=0)


def test_a_cursor_of_another_watch_is_refused(v1: V1Meta, tmp_path: Path) -> None:
    file = tmp_path / "cursor"
    v1.watch("Story", since=file)
    with pytest.raises(BadValue, match="another watch: its query"):
        v1.watch("Task", since=file)
    file.write_text("{}\n", encoding="utf-8")
    with pytest.raises(BadValue, match="no cursor file"):
        v1.watch("Story", since=file)


def test_a_line_that_was_not_written_whole_does_not_count(
    v1: V1Meta, other: V1Meta, stories: list[Any], tmp_path: Path
) -> None:
    file = tmp_path / "cursor"
    watch = v1.watch("Story", since=file)
    stories[0].Name = "x"
    save(other)
    changes = watch.poll()
    next(changes)
    with file.open("a", encoding="utf-8") as half:
        half.write('["Story:')
    assert told(v1.watch("Story", since=file).poll()) == [("changed", stories[0].idref)]


def test_values_of_a_cursor_read_back() -> None:
    oid = Oid("Story", 5)
    cells = [
        None,
        "a",
        3,
        True,
        JsonText('{"a": 1}'),
        Decimal("1.50"),
        oid,
        ("x", "y"),
        (oid, Oid("Story", "k")),
        UNREAD,
    ]
    again = [from_json(json.loads(json.dumps(to_json(cell)))) for cell in cells]
    assert again == cells
    assert [type(cell) for cell in again] == [type(cell) for cell in cells]
    assert "1.50" == str(again[5])
    assert from_json(to_json(ABSENT)) is UNREAD
    for odd in (
        {"asset": ["Story", None]},
        {"asset": ["Story"]},
        {"document": 5},
        {"number": 5},
        {"unread": False},
        {},
    ):
        with pytest.raises(BadValue, match="no value of a cursor"):
            from_json(odd)


def test_members_are_compared_in_any_order_and_texts_are_not() -> None:
    one, two = Oid("Member", 1), Oid("Member", 2)
    assert comparable((one, two)) == comparable((two, one)) != comparable((one,))
    assert comparable(("a", "b")) != comparable(("b", "a"))
    assert comparable(()) == comparable(None) != comparable("")
    assert (one, (one, "x"), UNREAD) == tuple(
        without_moment(cell) for cell in (Oid("Member", 1, 7), (Oid("Member", 1, 7), "x"), ABSENT)
    )


def test_conditions_on_what_an_asset_was_before() -> None:
    """Every kind of condition, the paths in its values among them."""
    name, other, prior = paths.Path.parse("Name"), paths.Path.parse("Super.Name"), paths.Step("Prior")
    both = Or((Exists(name), Not(And((Compare(name, "=", ("x", other)), Compare(other, ">", (1,)))))))
    behind = [paths.Path.parse(f"Prior.{path}") for path in (name, other)]
    expected = Or(
        (Exists(behind[0]), Not(And((Compare(behind[0], "=", ("x", behind[1])), Compare(behind[1], ">", (1,))))))
    )
    assert history_reader._beyond(both, prior) == expected
    raw = RawFilter("Name='x'")
    assert history_reader._beyond(And((raw, Exists(name))), prior) == And((raw, Exists(behind[0])))


def test_a_cursor_says_all_that_is_watched(v1: V1Meta, tmp_path: Path) -> None:
    v1.watch(v1.Story.select("Name", "Owners", "Estimate"), since=tmp_path / "cursor")
    about = json.loads((tmp_path / "cursor").read_text().splitlines()[0])["about"]
    assert (["Name", "Owners", "Estimate"], "history") == (about["selected"], about["way"])
    assert (v1._context.server, True) == (about["server"], "Story" in about["query"])


def test_one_thread_at_a_time_uses_the_watches_of_a_poller() -> None:
    held: list[tuple[str, bool]] = []

    def note(what: str) -> None:
        held.append((what, poller._lock.locked()))

    class Quiet:
        def poll(self) -> list[Any]:
            return note("poll") or []  # type: ignore[func-returns-value]

    def watch(query: Any, *, every: float) -> Quiet:
        note("watch")
        assert every == 3600
        return Quiet()

    session = SimpleNamespace(query=lambda what: what, watch=watch)
    with V1Poller(session, every=3600) as poller:  # type: ignore[arg-type]
        poller.run_on_new("Story", print)
        poller.run_on_change("Story", print)
        poller.run_on_delete("Task", print)
        assert poller._thread is not None and poller._thread.daemon
    # One watch for each of what is watched, and a last round at the end.
    assert held == [("watch", True)] * 2 + [("poll", True)] * 2
    assert not poller._lock.locked()


class Rounds:
    """A session whose watches raise or find nothing, and an event that lets a poller make so many rounds."""

    def __init__(self, *results: Exception | None) -> None:
        self.results, self.waited, self.made = list(results), 0, 0

    def query(self, what: Any) -> Any:
        return what

    def watch(self, query: Any, *, every: float) -> Any:
        return self

    def poll(self) -> list[Any]:
        self.made += 1
        result = self.results.pop(0) if self.results else None
        if result is not None:
            raise result
        return []

    read = poll

    def wait(self, seconds: float) -> bool:
        self.waited += 1
        return self.waited > 5

    def poller(self) -> V1Poller:
        found = V1Poller(self, every=1)  # type: ignore[arg-type]
        found._watches, found._callbacks = {"x": self}, {"x": []}  # type: ignore[dict-item]
        found._ended = SimpleNamespace(wait=self.wait, set=lambda: None, is_set=lambda: False)  # type: ignore[assignment]
        return found


@pytest.mark.parametrize("error", [Unreachable("x"), ServerFailed("x"), ResultChanged("x")], ids=repr)
def test_a_round_of_a_poller_that_cannot_be_read_is_left_to_the_next(error: Exception, caplog: Any) -> None:
    rounds = Rounds(error, error)
    rounds.poller()._run()
    assert (5, 2) == (rounds.made, caplog.text.count("is left to the next one"))


def test_a_poller_ends_with_its_session_and_with_what_it_does_not_know() -> None:
    closed = Rounds(None, SessionClosed("x"))
    with closed.poller() as poller:
        poller._run()
        assert (2, None) == (closed.made, poller._error)
    broken = Rounds(None, None, BadValue("odd"))
    with pytest.raises(BadValue, match="odd"), broken.poller() as poller:
        poller._run()
    assert 3 == broken.made
    # After an exception in the block nothing is polled any more.
    quiet = Rounds()
    with pytest.raises(ZeroDivisionError), quiet.poller():
        1 / 0
    assert 0 == quiet.made


def test_a_callback_has_three_attempts_and_its_changes_are_dropped() -> None:
    rounds, reverted = Rounds(), list[Any]()
    pending = [Update(Oid("Story", 1), ()), Delete(Oid("Story", 2)), Call(Oid("Story", 3), "Quick", ())]
    plans = iter([Plan(), Plan(tuple(pending))] * 3)
    session: Any = rounds
    session.plan, session.asset_from_oid = lambda: next(plans), lambda oid: oid
    session.revert = lambda *assets: reverted.append(assets)
    poller = rounds.poller()
    change = AssetChange(SimpleNamespace(idref="Story:1"), "created")

    def fail(asset: Any) -> None:
        raise ValueError("no")

    poller._due.append(poller_due(change, fail))
    for attempts in (1, 2):
        poller._call_due()
        assert ([attempts], []) == ([due.attempts for due in poller._due], poller.failed)
    poller._call_due()
    [failed] = poller.failed
    assert (change, fail, "no", 0) == (failed.change, failed.callback, str(failed.error), len(poller._due))
    assert [(Oid("Story", 1), Oid("Story", 2))] * 3 == reverted


def test_odd_values_of_a_cursor_are_refused() -> None:
    with pytest.raises(BadValue, match="no value of a cursor"):
        from_json({"odd": 1})


@pytest.mark.parametrize(
    ("condition", "kinds"),
    [
        (lambda v1: v1.Story.where(AssetState="Active"), ["created", "changed", "deleted"]),
        (lambda v1: v1.Story.where({"Owners.Name": "Administrator"}), ["created", "changed", "deleted"]),
        (lambda v1: v1.Story.where(~(v1.Story.Name == "after")), ["created", "changed"]),
        (lambda v1: v1.Story.filter("Name='before'"), ["created"]),
        (lambda v1: v1.Workitem.select("Name"), ["created", "changed", "deleted"]),
    ],
)
def test_conditions_hold_before_or_after_a_change(
    v1: V1Meta, other: V1Meta, condition: Callable[[V1Meta], Any], kinds: list[str]
) -> None:
    watch = v1.watch(condition(v1))
    story = other.Story.new(Name="before", Scope=other.Scope(0), Owners=[other.Member(20)])
    save(other)
    story.Name = "after"
    save(other)
    other.delete(story)
    save(other)
    found = list(watch.poll())
    assert [change.kind for change in found] == kinds
    assert {change.asset.idref for change in found} == {story.idref}
    assert found[-1].asset.Name == "after"


def test_conditions_that_are_checked_here_are_watched_by_comparison(v1: V1Meta, other: V1Meta) -> None:
    watch = v1.watch(v1.Story.where(v1.Story.Name.exact("Mine")).select("Name"))
    assert "comparison" in watch.explain()
    story = other.Story.new(Name="Mine", Scope=other.Scope(0))
    other.Story.new(Name="mine", Scope=other.Scope(0))
    save(other)
    assert told(watch.poll()) == [("created", story.idref)]
    story.Name = "mine"
    save(other)
    assert [(change.kind, *change.attributes["Name"]) for change in watch.poll()] == [("changed", "Mine", "mine")]


def test_types_without_deleted_assets_are_watched(v1: V1Meta) -> None:
    assert told(v1.watch("AssetType").poll()) == []


def test_a_list_that_moves_is_read_three_times() -> None:
    def reads(*results: object) -> tuple[object, int]:
        left = list(results)

        def read() -> object:
            result = left.pop(0)
            if isinstance(result, Exception):
                raise result
            return result

        try:
            return comparison_reader._with_retries(read), len(left)
        except ResultChanged:
            return "moved", len(left)

    moved = ResultChanged("x")
    assert (5, 1) == reads(5, 6)
    assert (5, 0) == reads(moved, moved, 5)
    assert ("moved", 1) == reads(moved, moved, moved, 5)


def test_what_is_compared_is_what_both_times_brought() -> None:
    differs = comparison_reader._differs
    assert not differs(("a", None, UNREAD, 3), ("a", (), 2, UNREAD))
    assert differs(("a", "b"), ("a", "c"))
    assert differs(("a", None), ("a", ""))


def test_only_what_an_asset_is_part_of_stays(v1: V1Meta) -> None:
    kind = SimpleNamespace(
        attributes={"project": SimpleNamespace(cascades=True), "owner": SimpleNamespace(cascades=False)}
    )
    project, oid = paths.Path.parse("project"), Oid("Project", 1)
    lasting: Any = comparison_reader._is_lasting
    assert lasting(kind, Compare(project, "=", (oid, oid)))
    for term in (
        Compare(project, "!=", (oid,)),
        Compare(project, "=", (oid, None)),
        Compare(paths.Path.parse("owner"), "=", (oid,)),
        Compare(paths.Path.parse("other"), "=", (oid,)),
        Compare(paths.Path.parse("project.owner"), "=", (oid,)),
        Exists(project),
    ):
        assert not lasting(kind, term), term


def test_odd_lines_of_a_cursor_are_refused(v1: V1Meta, tmp_path: Path) -> None:
    file = tmp_path / "cursor"
    v1.watch("Story", since=file)
    text = file.read_text()
    for odd in ("5", '["Story:1:2"]', '["Story:1:2", "yesterday"]', '["Story:1:2", 5]'):
        file.write_text(f"{text}{odd}\n")
        with pytest.raises(BadValue, match="no cursor file that can be read"):
            v1.watch("Story", since=file)


def test_which_faults_a_watch_leaves_to_its_next_round(caplog: Any) -> None:
    def fill(error: Exception, *, closed: bool = False) -> None:
        watch = Watcher.__new__(Watcher)
        watch._context = SimpleNamespace(closed=closed)  # type: ignore[assignment]
        watch._queue = deque()
        watch._reader = Rounds(error)  # type: ignore[assignment]
        watch._fill()

    for error in (Unreachable("x"), ServerFailed("x"), ResultChanged("x")):
        fill(error)
    assert 3 == caplog.text.count("is left to the next one")
    fill(Unreachable("x"), closed=True)
    assert 3 == caplog.text.count("is left to the next one")
    for lasting in (BrokenOff("x"), BadValue("x")):
        with pytest.raises(type(lasting)):
            fill(lasting)


# The others: by comparison


def test_valispace_by_comparison(valispace_sandbox: Server, tmp_path: Path) -> None:
    file = tmp_path / "cursor"
    with ValispaceMeta(**valispace_sandbox.credentials) as vs, ValispaceMeta(**valispace_sandbox.credentials) as other:
        project = other.Project.create(name="Watched")
        parts = [other.Component.create(name=f"Part{n}", project=project) for n in range(3)]
        query = vs.Component.where(project=vs.Project(project.intid)).select("name", "description")
        watch = vs.watch(query, since=file)
        assert "comparison" in watch.explain()
        parts[0].description = "new text"
        other.delete(parts[1])
        other.commit().raise_if_failed()
        added = other.Component.create(name="Part9", project=project)
        expected = [("changed", parts[0].idref), ("created", added.idref), ("deleted", parts[1].idref)]
        changes = watch.poll()
        first = next(changes)
        assert (first.kind, first.asset.idref) == expected[0]
        assert first.attributes["description"].after == "new text"
        next(changes)
        again = vs.watch(query, since=file)
        assert told(again.poll()) == expected[1:]
        assert len(file.read_text(encoding="utf-8").splitlines()) == 1
        assert told(vs.watch(query, since=file).poll()) == []


def test_what_satisfies_a_condition_no_more_is_changed_and_not_deleted(valispace_sandbox: Server) -> None:
    with ValispaceMeta(**valispace_sandbox.credentials) as vs:
        project = vs.Project.create(name="Left")
        part = vs.Component.create(name="Leaves", project=project)
        watch = vs.watch(vs.Component.where(name="Leaves", project=project).select("name"))
        part.name = "Left"
        vs.commit().raise_if_failed()
        [change] = watch.poll()
        assert (change.kind, tuple(change.attributes["name"])) == ("changed", ("Leaves", "Left"))
        assert told(watch.poll()) == []


def test_valohai_by_comparison_says_when(valohai_sandbox: Server) -> None:
    with ValohaiMeta(**valohai_sandbox.token_credentials, survey="none") as vh:
        project = vh.Project.create(name="watched")
        watch = vh.watch(vh.Project.select("description"))
        project.description = "else"
        vh.commit().raise_if_failed()
        [change] = watch.poll()
        assert (change.kind, change.attributes["description"].after) == ("changed", "else")
        assert str(change).startswith(f"{project.idref} changed")
        assert change.to_dict()["by"] is None
        assert (change.at is not None) == ("mtime" in vh.schema.types["Project"].basic)
        assert told(watch.poll()) == []


def test_a_deleted_run_of_valohai_is_deleted_though_its_key_still_shows_it(
    valohai_sandbox: Server, tmp_path: Path
) -> None:
    step = "- step:\n    name: train\n    image: python:3.11\n    command: python train.py\n"
    (tmp_path / "valohai.yaml").write_text(step, encoding="utf-8")
    valohai_sandbox.face.clock.hold()
    with ValohaiMeta(**valohai_sandbox.token_credentials, survey="none") as vh:
        project = vh.Project.create(name="watched")
        commit = valohai.upload_code(project, tmp_path)
        runs = [vh.Execution.create(project=project, commit=commit, step="train") for _ in range(2)]
        watch = vh.watch(vh.Execution.where(project=project).select("step"))
        vh.delete(runs[0])
        vh.commit().raise_if_failed()
        assert told(watch.poll()) == [("deleted", runs[0].idref)]
        assert told(watch.poll()) == []


@pytest.fixture
def vh(valohai_sandbox: Server) -> Iterator[ValohaiMeta]:
    valohai_sandbox.face.clock.hold()
    with ValohaiMeta(**valohai_sandbox.token_credentials, survey="none") as session:
        yield session


@pytest.fixture
def runs(vh: ValohaiMeta, tmp_path: Path) -> Callable[[int], list[Any]]:
    """Makes executions of one project."""
    step = "- step:\n    name: train\n    image: python:3.11\n    command: python train.py\n"
    (tmp_path / "valohai.yaml").write_text(step, encoding="utf-8")
    project = vh.Project.create(name="watched")
    commit = valohai.upload_code(project, tmp_path)

    def make(number: int) -> list[Any]:
        made = [vh.Execution.new(project=project, commit=commit, step="train") for _ in range(number)]
        save(vh)
        return made

    return make


def test_runs_of_valohai_cost_two_requests_a_round_however_many(
    valohai_sandbox: Server, vh: ValohaiMeta, runs: Callable[[int], list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison_reader, "_RECENT", 10)
    clock = valohai_sandbox.face.clock
    made = runs(30)
    clock.advance(3600)
    assert {run.status for run in vh.Execution.where(project=made[0].project)} == {"complete"}
    clock.advance(3600)
    made[0].title = "later than the others"
    save(vh)
    watch = vh.watch(vh.Execution.where(project=made[0].project).select("title", "tags"))
    assert requests(vh, lambda: list(watch.poll())) == 1 + 1
    assert "however many" in watch.explain()

    made[3].title = "x"
    save(vh)
    new = runs(2)
    vh.delete(made[4])
    save(vh)
    changes: list[AssetChange] = []
    assert requests(vh, lambda: changes.extend(watch.poll())) == 1 + 1
    assert {(change.kind, change.asset) for change in changes} == {
        ("changed", made[3]),
        ("created", new[0]),
        ("created", new[1]),
        ("deleted", made[4]),
    }
    assert told(watch.poll()) == []


def test_runs_that_satisfy_the_conditions_no_more(vh: ValohaiMeta, runs: Callable[[int], list[Any]]) -> None:
    made = runs(4)
    for run in made[:3]:
        run.title = "old"
    save(vh)
    watch = vh.watch(vh.Execution.where(project=made[0].project, title="old").select("title"))
    made[0].title, made[3].title = "else", "old"
    save(vh)
    assert {(change.kind, change.asset, change.attributes["title"]) for change in watch.poll()} == {
        ("changed", made[0], ("old", "else")),
        ("created", made[3], (None, "old")),
    }
    made[0].title = "of no interest"
    save(vh)
    assert told(watch.poll()) == []


@pytest.mark.parametrize("what", ["leaves", "comes", "goes"])
def test_what_changes_between_the_two_lists_of_a_round(
    valohai_sandbox: Server,
    vh: ValohaiMeta,
    runs: Callable[[int], list[Any]],
    monkeypatch: pytest.MonkeyPatch,
    what: str,
) -> None:
    made = runs(3)
    made[0].title = made[1].title = "old"
    save(vh)
    watch = vh.watch(vh.Execution.where(project=made[0].project, title="old").select("title"))
    recent, calls = comparison_reader.RecentReader._recent, list[Any]()

    def meanwhile(reader: Any, query: Any) -> Any:
        found = recent(reader, query)
        calls.append(query)
        if len(calls) == 1:
            with ValohaiMeta(**valohai_sandbox.credentials) as other:
                run = other.Execution(made[2 if what == "comes" else 0].id)
                if what == "goes":
                    other.delete(run)
                else:
                    run.title = "old" if what == "comes" else "new"
                save(other)
        return found

    monkeypatch.setattr(comparison_reader.RecentReader, "_recent", meanwhile)
    seen = [(change.kind, change.asset, change.attributes.get("title")) for _ in range(2) for change in watch.poll()]
    assert (
        seen
        == {
            "leaves": [("changed", made[0], ("old", "new"))],
            "comes": [("created", made[2], (None, "old"))],
            "goes": [("deleted", made[0], ("old", None))],
        }[what]
    )
    assert told(watch.poll()) == []


def test_runs_that_go_with_their_project(vh: ValohaiMeta, runs: Callable[[int], list[Any]], tmp_path: Path) -> None:
    made = runs(3)
    file = tmp_path / "cursor"
    watch = vh.watch(vh.Execution.select("title"), since=file)
    vh.delete(made[0].project)
    save(vh)
    gone = [("deleted", run.idref) for run in made]
    assert sorted(told(watch.poll())) == sorted(gone)
    assert told(vh.watch(vh.Execution.select("title"), since=file).poll()) == []


def test_a_list_in_another_order_is_read_as_a_whole(
    valohai_sandbox: Server, vh: ValohaiMeta, runs: Callable[[int], list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = runs(5)
    valohai_sandbox.face.clock.advance(3600)
    made[2].title = "x"
    save(vh)
    watch = vh.watch(vh.Execution.select("title"))
    monkeypatch.setattr(lists, "ordered", lambda call, kind, ids: list(ids))
    valohai_sandbox.face.clock.advance(3600)
    made[1].title = "y"
    save(vh)
    assert told(watch.poll()) == [("changed", made[1].idref)]


def test_a_list_that_moves_while_its_latest_changes_are_read_is_read_again(
    valohai_sandbox: Server, vh: ValohaiMeta, runs: Callable[[int], list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison_reader, "_RECENT", 3)
    made = runs(7)
    watch = vh.watch(vh.Execution.where(project=made[0].project).select("title"))
    made[1].title = "y"
    save(vh)
    ordered, reads = lists.ordered, []

    def moving(call: Any, kind: Any, ids: Any) -> list[Any]:
        found = list(ordered(call, kind, ids))
        reads.append(found)
        return [found[-1], *found[:-1]] if len(reads) == 2 else found

    monkeypatch.setattr(lists, "ordered", moving)
    assert told(watch.poll()) == [("changed", made[1].idref)]
    assert len(reads) > 3


def test_testspace_by_comparison(testspace_sandbox: Server) -> None:
    with TestspaceMeta(**testspace_sandbox.credentials) as ts:
        project = ts.Project.create(name="watched")
        watch = ts.watch(ts.Project.select("description"))
        project.description = "else"
        ts.commit().raise_if_failed()
        [change] = watch.poll()
        assert (change.kind, change.asset, change.attributes["description"].after) == ("changed", project, "else")
        assert change.at is not None
        assert told(watch.poll()) == []


# The poller


def test_callbacks_are_called_with_assets_that_they_may_change(v1: V1Meta, other: V1Meta, stories: list[Any]) -> None:
    called: list[tuple[str, str]] = []

    def describe(story: Any) -> None:
        called.append(("new", story.idref))
        story.Description = f"about {story.Name}"

    mine = v1.Story(stories[4].intid)
    mine.Name = "pending in the program"
    with V1Poller(v1, every=3600) as poller:
        poller.run_on_new("Story", describe)
        poller.run_on_change("Story", lambda story: called.append(("change", story.idref)))
        poller.run_on_delete("Story", lambda story: called.append(("delete", story.idref)))
        new = other.Story.new(Name="fresh", Scope=other.Scope(0))
        stories[0].Name = "x"
        save(other)
        other.delete(stories[1])
        save(other)
    assert sorted(called) == [("change", stories[0].idref), ("delete", stories[1].idref), ("new", new.idref)]
    assert poller.failed == []
    other.revert()
    assert other.Story.where(ID=new.idref).select("Description").one().Description == "about fresh"
    assert v1.pending == 1
    v1.revert()


def test_a_callback_that_raises_is_tried_again_and_then_kept(
    v1: V1Meta, other: V1Meta, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[str] = []

    def never(story: Any) -> None:
        tries.append("never")
        story.Name = "half done"
        raise RuntimeError("no luck")

    def later(story: Any) -> None:
        tries.append("later")
        if tries.count("later") < 2:
            raise ValueError("not yet")

    with V1Poller(v1, every=3600) as poller:
        poller.run_on_new("Story", never)
        poller.run_on_new("Story", later)
        story = other.Story.new(Name="fresh", Scope=other.Scope(0))
        save(other)
    assert (tries.count("never"), tries.count("later")) == (3, 2)
    [failed] = poller.failed
    assert (failed.change.asset.idref, failed.callback, str(failed.error)) == (story.idref, never, "no luck")
    assert "no luck" in caplog.text
    assert v1.pending == 0
    assert v1.Story(story.intid).Name == "fresh"


def test_the_thread_polls_and_ends_with_the_block(v1: V1Meta, other: V1Meta) -> None:
    called = threading.Event()
    with V1Poller(v1, every=0.01) as poller:
        assert poller._thread is None
        poller.run_on_new("Story", lambda story: called.set())
        thread = poller._thread
        # A program that ends does not wait for it.
        assert thread is not None and thread.daemon
        other.Story.new(Name="fresh", Scope=other.Scope(0))
        save(other)
        assert called.wait(60)
    assert not thread.is_alive()


def test_a_poller_is_used_in_its_block(v1: V1Meta) -> None:
    poller = V1Poller(v1)
    with pytest.raises(UsageError, match="inside of the poller's block"):
        poller.run_on_new("Story", print)
    with poller, pytest.raises(BadValue, match="function of one asset"):
        poller.run_on_new("Story", "print")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="one block"), poller:
        pass
    with pytest.raises(BadValue, match="above 0"):
        V1Poller(v1, every=-1)
