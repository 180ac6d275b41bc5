"""Jobs: recognition, the journal, what ends a job and what does not, and what is left to people."""

from __future__ import annotations

import os
import stat
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from assetmeta import (
    AuthenticationFailed,
    BadValue,
    BrokenOff,
    Conflict,
    Done,
    JobError,
    ReadOnly,
    Rejected,
    UnknownName,
    UsageError,
    V1Meta,
    inspect,
    sandbox,
)
from assetmeta.features import job_lookup
from assetmeta.features.journal import Journal
from assetmeta.model.folders import STATE_VARIABLE


@pytest.fixture(scope="module")
def server() -> Iterator[sandbox.VersionOneServer]:
    with sandbox.running("versionone") as running:
        yield running


class Bench:
    """Sessions to one server, and a folder of journals."""

    def __init__(self, server: sandbox.VersionOneServer, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.slept: list[float] = []
        self.opened: list[V1Meta] = []

    def open(self, **settings: Any) -> Any:
        given: dict[str, Any] = {"sleep": self.slept.append, **self.server.token_credentials, **settings}
        session = V1Meta(**given)
        self.opened.append(session)
        return session

    def job(self, v1: Any, name: str = "night", **settings: Any) -> Any:
        return v1.job(name, folder=self.folder, **settings)

    def interrupted(self, v1: Any, writes: int = 0, *, arrives: bool = True) -> Any:
        """A session that breaks off at one more write than that: before its answer is seen, or before it is sent."""
        deliver, left = v1._driver._sender.deliver, [writes]

        def delivered(request: Any, *given: Any) -> Any:
            left[0] -= request.writes
            is_last = request.writes and left[0] < 0
            answer = deliver(request, *given) if arrives or not is_last else None
            if is_last:
                raise KeyboardInterrupt
            return answer

        v1._driver._sender.deliver = delivered
        return v1

    def writes(self) -> int:
        return sum(entry.method == "POST" and "query.v1" not in entry.path for entry in self.server.requests)

    def names(self, prefix: str, kind: str = "Story") -> Counter[str]:
        found = (asset.Name for asset in self.open()[kind].select("Name"))
        return Counter(name for name in found if name.startswith(prefix))


@pytest.fixture
def bench(server: sandbox.VersionOneServer, tmp_path: Path) -> Iterator[Bench]:
    found = Bench(server, tmp_path / "jobs")
    yield found
    server.clear_faults()
    for session in found.opened:
        session.close()


def stories(v1: Any, *names: str) -> list[Any]:
    return [v1.Story.new(Name=name, Scope="Scope:0") for name in names]


class TestRecognition:
    def test_a_key_is_known_again_whatever_the_values_are(self, bench: Bench) -> None:
        tokens = []
        for run in range(2):
            v1 = bench.open()
            with bench.job(v1) as job:
                [story] = stories(v1, f"Keyed at {run}")
                assert story is job.key(story, "row-17")
            tokens.append(story.idref)
        assert (tokens[0], {"Keyed at 0": 1}) == (tokens[1], bench.names("Keyed"))
        assert "have other values now" in str(job.report)

    def test_a_keyed_asset_that_never_arrived_is_sent_with_its_present_values(self, bench: Bench) -> None:
        for run in range(2):
            v1 = bench.open()
            if not run:
                bench.interrupted(v1, arrives=False)
            try:
                with bench.job(v1) as job:
                    job.key(stories(v1, f"Late at {run}")[0], 1)
            except KeyboardInterrupt:
                pass
        assert {"Late at 1": 1} == bench.names("Late")

    def test_a_natural_key_is_looked_up(self, bench: Bench) -> None:
        for run in range(2):
            v1 = bench.open()
            if not run:
                bench.interrupted(v1)
            try:
                with bench.job(v1, keys={"Story": "Reference"}) as job:
                    v1.Story.new(Name=f"Natural {run}", Scope="Scope:0", Reference="R-1")
                    v1.Story.new(Name=f"Natural {run}", Scope="Scope:0", Reference="R-2")
            except KeyboardInterrupt:
                assert 2 == len(job.report.unknown)
        assert {"Natural 0": 2} == bench.names("Natural")
        assert 2 == len(job.report.done)

    def test_keys_are_checked(self, bench: Bench) -> None:
        v1 = bench.open()
        with pytest.raises(UnknownName), bench.job(v1, keys={"Story": "Referenz"}):
            pass
        with pytest.raises(JobError, match="has no Reference"), bench.job(v1, keys={"Story": "Reference"}):
            stories(v1, "No key")
        with pytest.raises(JobError, match="have the key 'key=1'"), bench.job(v1) as job:
            for story in stories(v1, "Two", "Two"):
                job.key(story, 1)
        outside = stories(v1, "outside")[0]
        with pytest.raises(UsageError, match="new asset of this block"), bench.job(v1) as job:
            job.key(outside, 1)
        with pytest.raises(UsageError, match="inside of the block"):
            job.key(outside, 1)
        v1.revert()

    def test_equal_creates_are_counted(self, bench: Bench) -> None:
        with pytest.raises(KeyboardInterrupt), bench.job(bench.interrupted(bench.open(bulk=False, pool=1), 1)):
            stories(bench.opened[-1], "Equal", "Equal", "Equal")
        v1 = bench.open()
        with bench.job(v1) as job:
            made = stories(v1, "Equal", "Equal", "Equal")
        assert {"Equal": 3} == bench.names("Equal")
        assert 3 == len({story.idref for story in made}) == len(job.report.done)

    def test_an_asset_of_the_job_is_the_same_new_or_found(self, bench: Bench) -> None:
        with pytest.raises(KeyboardInterrupt), bench.job(bench.interrupted(bench.open(bulk=False), 1)):
            [parent] = stories(bench.opened[-1], "Found")
            bench.opened[-1].Task.new(Name="Found task 1", Parent=parent)
            bench.opened[-1].Task.new(Name="Found task 2", Parent=parent)
        v1 = bench.open()
        with bench.job(v1) as job:
            parent = v1.Story.where(Name="Found").one()
            for number in (1, 2):
                v1.Task.new(Name=f"Found task {number}", Parent=parent)
        assert {"Found task 1": 1, "Found task 2": 1} == bench.names("Found", "Task")
        assert 3 == len(job.report.done)

    def test_parents_that_are_alike_keep_their_own_parts(self, bench: Bench) -> None:
        """All in one request that was not answered: which parent is which is told by the parts."""
        for run in range(2):
            v1 = bench.open()
            if not run:
                bench.interrupted(v1)
            try:
                with bench.job(v1):
                    for part in ("b", "a"):
                        [parent] = stories(v1, "Alike")
                        v1.Task.new(Name=f"Alike {part}", Parent=parent)
            except KeyboardInterrupt:
                continue
        assert {"Alike a": 1, "Alike b": 1} == bench.names("Alike", "Task")
        assert {"Alike": 2} == bench.names("Alike")

    def test_a_circle_goes_on(self, bench: Bench) -> None:
        def fill(v1: Any) -> list[Any]:
            one, other = stories(v1, "Circle 1", "Circle 2")
            one.Dependencies.add(other)
            other.Dependencies.add(one)
            return [one, other]

        with pytest.raises(KeyboardInterrupt), bench.job(bench.interrupted(bench.open(bulk=False), 1)):
            fill(bench.opened[-1])
        v1 = bench.open()
        with bench.job(v1) as job:
            one, other = fill(v1)
        assert not job.report
        assert ([other], [one]) == (list(one.Dependencies), list(other.Dependencies))
        assert {"Circle 1": 1, "Circle 2": 1} == bench.names("Circle")

    def test_what_was_cut_out_of_a_create_is_done_with_it_when_it_is_cut_no_more(self, bench: Bench) -> None:
        """Run 1 saves the circle and not what refers to it, which refers to what is there in run 2."""

        def fill(v1: Any) -> list[Any]:
            three = stories(v1, "Uncut 1", "Uncut 2", "Uncut 3")
            for one, other in ((0, 1), (1, 2), (2, 1)):
                three[one].Dependencies.add(three[other])
            return three

        v1 = bench.open(bulk=False, pool=1)
        deliver, left = v1._driver._sender.deliver, [1]

        def delivered(request: Any, *given: Any) -> Any:
            left[0] -= request.writes
            if request.writes and not left[0]:
                raise Rejected("Not now.", status=400)
            return deliver(request, *given)

        v1._driver._sender.deliver = delivered
        with bench.job(v1) as job:
            fill(v1)
        assert 1 == len(job.report.failed)
        v1 = bench.open(bulk=False, pool=1)
        with bench.job(v1) as job:
            first, second, _ = fill(v1)
        assert ("finished", []) == (job.status.state, job.report.errors)
        assert [second] == list(first.Dependencies)

    def test_a_plan_that_does_not_fit_says_what_differs(self, bench: Bench) -> None:
        v1 = bench.open()
        story = v1.Story.create(Name="Fits", Scope="Scope:0", Estimate=1)
        with bench.job(v1):
            stories(v1, "Fit 1", "Fit 2")
            story.Estimate = 3
        before = bench.writes()
        with pytest.raises(JobError) as caught, bench.job(v1):
            stories(v1, "Fit 1", "Fit 3")
            story.Estimate = 5
        text = str(caught.value)
        assert "1 to create are new: Story 'Fit 3'" in text
        assert "1 to create are in the journal and not in the plan: Story 'Fit 2'" in text
        assert f"{story.idref}.Estimate was to become Decimal('3'), and now Decimal('5')" in text
        assert (before, 0, 3) == (bench.writes(), v1.pending, story.Estimate)
        with bench.job(v1, extend=True) as job:
            stories(v1, "Fit 1", "Fit 3")
            story.Estimate = 5
        assert {"Fit 1": 1, "Fit 2": 1, "Fit 3": 1} == bench.names("Fit ")
        assert (5, 4) == (story.Estimate, len(job.report.done))
        with bench.job(v1, fresh=True) as job:
            stories(v1, "Fit 1")
        assert (2, 1) == (bench.names("Fit ")["Fit 1"], len(job.report.outcomes))

    def test_extending_does_not_replace_what_was_never_sent(self, bench: Bench) -> None:
        with pytest.raises(KeyboardInterrupt), bench.job(bench.interrupted(bench.open(bulk=False, pool=1), 1)):
            stories(bench.opened[-1], "Time 1a", "Time 1b", "Time 1c")
        v1 = bench.open()
        with pytest.raises(JobError, match="does not fit"), bench.job(v1, extend=True):
            stories(v1, "Time 2a", "Time 2b", "Time 2c")

    def test_a_job_that_was_killed_behind_its_last_write_is_finished(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        note = Journal.note
        # The process ends before the end is noted.
        monkeypatch.setattr(Journal, "note", lambda self, **told: "ended" in told or note(self, **told))
        with bench.job(v1 := bench.open()):
            stories(v1, "Last write")
        monkeypatch.setattr(Journal, "note", note)
        with bench.job(v1 := bench.open()) as job:
            stories(v1, "Last write")
        assert {"Last write": 1} == bench.names("Last write")
        assert "was finished before: nothing is sent" in str(job.report)

    def test_what_landed_and_is_not_planned_any_more_is_no_difference(self, bench: Bench) -> None:
        v1 = bench.open()
        story = v1.Story.create(Name="Once", Scope="Scope:0")
        for _ in range(2):
            v1 = bench.open()
            with bench.job(v1) as job:
                one = v1.Story(story.intid)
                if one.Estimate != 3:
                    one.Estimate = 3
                if not v1.Story.where(Name="Once more").exists():
                    stories(v1, "Once more")
        assert ({"Once more": 1}, 2) == (bench.names("Once m"), len(job.report.done))
        assert "finished before" in str(job.report)

    def test_rows_within_a_job_go_on(self, bench: Bench) -> None:
        rows = [{"Reference": f"UP-{number}", "Name": f"Upserted {number}", "Scope": "Scope:0"} for number in range(4)]

        def run(v1: Any) -> Any:
            with bench.job(v1) as job:
                v1.Story.upsert(rows, key="Reference")
            return job

        with pytest.raises(KeyboardInterrupt):
            run(bench.interrupted(bench.open(bulk=False, pool=1), 1))
        job = run(bench.open())
        assert {f"Upserted {number}": 1 for number in range(4)} == bench.names("Upserted")
        assert (4, 0) == (len(job.report.done), len(job.report))


class TestResume:
    """Going on from the journal alone."""

    def resumed(self, bench: Bench, **settings: Any) -> Any:
        job = bench.job(bench.open(**settings))
        job.resume()
        return job

    @pytest.mark.parametrize("arrives", [True, False])
    @pytest.mark.parametrize("writes", range(5))
    def test_everything_is_there_once(self, bench: Bench, writes: int, arrives: bool) -> None:
        prefix = f"Resumed {writes} {arrives}"
        setting_up = bench.open()
        old, gone = (setting_up.Story.create(Name=f"{prefix} {word}", Scope="Scope:0") for word in ("old", "gone"))
        v1 = bench.interrupted(bench.open(bulk=False, pool=1), writes, arrives=arrives)
        with pytest.raises(KeyboardInterrupt), bench.job(v1) as job:
            [story] = stories(v1, f"{prefix} story")
            for _ in range(2):
                v1.Task.new(Name=f"{prefix} task", Parent=story)
            job.key(v1.Task.new(Name=f"{prefix} keyed", Parent=v1.Story(old.intid)), "row 1")
            v1.Story(old.intid).Estimate = 3
            v1.delete(v1.Story(gone.intid))
        job = self.resumed(bench)
        assert ("finished", 6, 0) == (job.status.state, len(job.report.done), len(job.report))
        assert {f"{prefix} story": 1, f"{prefix} old": 1} == bench.names(prefix)
        assert {f"{prefix} task": 2, f"{prefix} keyed": 1} == bench.names(prefix, "Task")
        v1 = bench.open()
        assert 3 == v1.Story(old.intid).Estimate
        assert {f"{prefix} story"} == {task.Parent.Name for task in v1.Task.where(Name=f"{prefix} task")}
        before = bench.writes()
        assert "nothing is sent" in str(self.resumed(bench).report)
        assert before == bench.writes()

    @pytest.mark.parametrize("writes", range(3))
    def test_a_circle_and_equal_assets(self, bench: Bench, writes: int) -> None:
        with pytest.raises(KeyboardInterrupt), bench.job(bench.interrupted(bench.open(bulk=False, pool=1), writes)):
            v1 = bench.opened[-1]
            one, other, *equal = stories(v1, f"Round {writes} 1", f"Round {writes} 2", *[f"Round {writes} equal"] * 2)
            one.Dependencies.add(other)
            other.Dependencies.add(one)
            for number, story in enumerate(equal):
                v1.Task.new(Name=f"Round {writes} task {number}", Parent=story)
        assert not self.resumed(bench).report
        names = bench.names(f"Round {writes}")
        assert {f"Round {writes} 1": 1, f"Round {writes} 2": 1, f"Round {writes} equal": 2} == names
        v1 = bench.open()
        one, other = (v1.Story.where(Name=f"Round {writes} {number}").one() for number in (1, 2))
        assert ([other], [one]) == (list(one.Dependencies), list(other.Dependencies))
        tasks = v1.Task.where(v1.Task.Name.in_([f"Round {writes} task 0", f"Round {writes} task 1"])).all()
        assert 2 == len({task.Parent.idref for task in tasks}) == len(tasks)

    def test_secrets_are_left_with_what_needs_them(self, bench: Bench) -> None:
        def script(v1: Any) -> Any:
            with bench.job(v1) as job:
                stories(v1, "Beside a secret")
                member = v1.Member.new(
                    Name="Mallory", Nickname="mallory", Username="mallory", Password="opensesame", DefaultRole="Role:1"
                )
                v1.Story.new(Name="Below a secret", Scope="Scope:0", Owners=[member])
            return job

        with pytest.raises(KeyboardInterrupt):
            script(bench.interrupted(bench.open(bulk=False, pool=1), arrives=False))
        for _ in range(2):
            job = self.resumed(bench)
            assert ("unfinished", 1, 2) == (job.status.state, len(job.report.done), len(job.report.skipped))
            assert "2 changes have secret values" in str(job.report)
            assert "Member:new-2.Password, Story:new-3" in str(job.report)
        assert ({"Beside a secret": 1}, {}) == (bench.names("Beside"), bench.names("Mallory", "Member"))
        assert not script(bench.open()).report
        assert ({"Below a secret": 1}, {"Mallory": 1}) == (bench.names("Below a s"), bench.names("Mallory", "Member"))
        assert "nothing is sent" in str(self.resumed(bench).report)

    def test_the_conflicts_are_those_with_the_values_that_were_planned_for(self, bench: Bench) -> None:
        v1 = bench.interrupted(bench.open(bulk=False, pool=1), 0, arrives=False)
        [asset] = stories(v1_too := bench.open(), "Resumed conflict")
        v1_too.commit().raise_if_failed()
        mine = v1.Story(asset.intid)
        assert mine.Estimate is None
        with pytest.raises(KeyboardInterrupt), bench.job(v1):
            mine.Estimate = 3
        asset.Estimate = 4
        v1_too.commit().raise_if_failed()
        [error] = self.resumed(bench).report.errors
        assert isinstance(error, Conflict)

    def test_changes_that_were_taken_along_later_and_what_they_need(self, bench: Bench) -> None:
        v1 = bench.open(bulk=False, pool=1)
        with bench.job(v1):
            stories(v1, "Earlier")
        v1 = bench.interrupted(bench.open(bulk=False, pool=1), arrives=False)
        with pytest.raises(KeyboardInterrupt), bench.job(v1, extend=True):
            v1.Task.new(Name="Later", Parent=v1.Story.where(Name="Earlier").one())
        assert not self.resumed(bench).report
        assert ({"Earlier": 1}, {"Later": 1}) == (bench.names("Earlier"), bench.names("Later", "Task"))

    def test_without_a_journal_there_is_nothing_to_go_on_with(self, bench: Bench) -> None:
        with pytest.raises(JobError, match="no journal to go on with"):
            self.resumed(bench)
        with pytest.raises(UsageError, match="inside of the block"):
            bench.job(bench.open()).add(bench.open().plan())

    def test_a_plan_of_another_server_is_refused(self, bench: Bench) -> None:
        v1 = bench.open()
        stories(v1, "Elsewhere")
        plan = v1.plan()
        plan = msgspec.structs.replace(plan, origin=msgspec.structs.replace(plan.origin, server="https://elsewhere"))
        with pytest.raises(UsageError, match="elsewhere"), bench.job(bench.open()) as job:
            job.add(plan)
        assert {} == bench.names("Elsewhere")


class TestTheBlock:
    def test_what_was_pending_before_is_neither_sent_nor_lost(self, bench: Bench) -> None:
        v1 = bench.open()
        story = v1.Story.create(Name="Outer", Scope="Scope:0")
        story.Estimate, story.Name = 3, "Outer changed"
        new = stories(v1, "Outer new")[0]
        with bench.job(v1) as job:
            assert 0 == v1.pending
            stories(v1, "Inner")
            story.Name = "Inner changed"
        assert 2 == len(job.report.done)
        assert {new.idref, story.idref} == {change.oid.token for change in v1.plan()}
        assert {"Estimate"} == {change.name for change in inspect(story).changes}
        assert "Inner changed" == bench.open().Story(story.intid).Name
        with pytest.raises(UsageError, match="none of the job"), bench.job(v1, "other"):
            v1.Task.new(Name="Inner task", Parent=new)
        v1.revert()

    def test_what_did_not_land_is_in_the_journal_and_not_in_the_session(self, bench: Bench) -> None:
        v1 = bench.open()
        with bench.job(v1) as job:
            [good] = stories(v1, "Half good")
            bad = v1.Story.new(Name="Half bad", Scope="Scope:0", Super="Epic:999999")
        assert (0, 1, 1) == (v1.pending, len(job.report.done), len(job.report.failed))
        assert isinstance(job.report.failed[0].error, Rejected)
        assert not good._state.oid.is_new
        with pytest.raises(ReadOnly):
            bad.Name = "x"
        again = bench.open()
        assert isinstance(bench.job(again).report.failed[0].error, Rejected)
        with pytest.raises(Exception, match="1 done, 1 failed"):
            bench.job(again).report.raise_if_failed()
        with bench.job(again) as job:
            stories(again, "Half good")
            again.Story.new(Name="Half bad", Scope="Scope:0", Super="Epic:999999")
        assert {"Half good": 1} == bench.names("Half")
        assert "unfinished; 1 of 2 done, 1 failed; 2 runs" in str(job.status)

    def test_an_exception_inside_sends_nothing(self, bench: Bench) -> None:
        v1 = bench.open()
        before = bench.writes()
        with pytest.raises(ZeroDivisionError), bench.job(v1):
            stories(v1, "Never")
            1 / 0
        assert (before, 0) == (bench.writes(), v1.pending)
        assert "new" == bench.job(v1).status.state

    def test_blocks_within_blocks(self, bench: Bench) -> None:
        v1 = bench.open()
        with pytest.raises(UsageError, match="another block"), bench.job(v1), bench.job(v1, "inner"):
            pass
        with pytest.raises(ReadOnly), v1.planning(), bench.job(v1):
            pass
        with pytest.raises(UsageError), bench.job(v1), v1:
            stories(v1, "x")

    def test_a_conflict_is_with_the_value_that_was_planned_for(self, bench: Bench) -> None:
        v1 = bench.open()
        one, other = (v1.Story.create(Name=f"Hours {n}", Scope="Scope:0", Estimate=1) for n in (1, 2))
        for story in (one, other):
            assert story.Estimate == 1

        def run(session: Any, **settings: Any) -> Any:
            with bench.job(session, **settings) as job:
                for story in (one, other):
                    found = session.Story(story.intid)
                    if found.Estimate != 5:
                        found.Estimate = 5
            return job

        with pytest.raises(KeyboardInterrupt):
            run(bench.interrupted(bench.open(bulk=False, pool=1), 1))
        colleague = bench.open()
        done, waiting = (one, other) if bench.open().Story(one.intid).Estimate == 5 else (other, one)
        assert 5 == done.AssetState or done.idref
        colleague.Story(waiting.intid).Estimate = 4
        colleague.commit().raise_if_failed()
        landed = {story.idref for story in (one, other) if bench.open().Story(story.intid).Estimate == 5}
        job = run(bench.open())
        assert (len(landed), 2 - len(landed)) == (len(job.report.done), len(job.report.failed))
        [error] = job.report.errors
        assert isinstance(error, Conflict)
        assert [(1, 5, 4)] == [(clash.was, clash.mine, clash.theirs) for clash in error.clashes]  # type: ignore[attr-defined]
        assert not run(bench.open(), conflicts="overwrite").report
        assert [5, 5] == [bench.open().Story(story.intid).Estimate for story in (one, other)]

    def test_a_refused_create_is_replaced_by_one_that_the_server_takes(self, bench: Bench) -> None:
        for name in ("", "Mended"):
            v1 = bench.open()
            with bench.job(v1, extend=bool(name)) as job:
                stories(v1, "Was right")
                v1.Story.new(Name=name, Scope="Scope:0", Reference="R")
        assert not job.report
        assert "not done and are not planned any more: 1" in str(job.report)
        assert (2, "finished") == (len(job.report.done), job.status.state)
        assert ({"Mended": 1}, {"Was right": 1}) == (bench.names("Mended"), bench.names("Was right"))

    def test_what_was_not_sent_is_not_in_doubt(self, bench: Bench) -> None:
        v1 = bench.open(read_only=True)
        stories(v1, "Read only")
        with pytest.raises(ReadOnly):
            v1.commit()
        assert v1.last_report is None
        v1.revert()
        with pytest.raises(ReadOnly), bench.job(v1) as job:
            stories(v1, "Read only")
        assert (1, {"planned": 1}) == (len(job.report.skipped), job.status.counts)

    def test_a_script_that_plans_less_leaves_a_note(self, bench: Bench) -> None:
        with (
            pytest.raises(KeyboardInterrupt),
            bench.job(bench.interrupted(bench.open(bulk=False, pool=1), arrives=False)),
        ):
            stories(bench.opened[-1], "Less 1", "Less 2")
        v1 = bench.open()
        for _ in range(2):
            with bench.job(v1) as job:
                stories(v1, "Less 1")
            assert "not planned any more: 1" in str(job.report)
        assert ({"Less 1": 1}, "finished") == (bench.names("Less"), job.status.state)


class TestTheJournal:
    def test_it_is_private_and_holds_no_secret(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(STATE_VARIABLE, str(bench.folder))
        v1 = bench.open()
        for _ in range(2):
            with v1.job("secret") as job:
                v1.Member.new(
                    Name="Eve",
                    Nickname="eve",
                    Username="eve",
                    Password="opensesame",
                    DefaultRole="Role:1",
                )
        files = list((bench.folder / "jobs").iterdir())
        assert "secret" in files[0].name
        for file in files:
            assert 0o600 == stat.S_IMODE(file.stat().st_mode)
            assert b"opensesame" not in file.read_bytes()
        assert 0o700 == stat.S_IMODE(files[0].parent.stat().st_mode)
        assert "***" in repr(job.report.outcomes)
        assert not job.report, job.report
        job.forget()
        assert [] == list((bench.folder / "jobs").iterdir())

    def test_a_round_is_on_the_disk_before_it_is_sent(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        """Outcomes may be lost with the power: what was sent is looked up."""
        statements: list[str] = []
        opened = Journal.open

        def traced(journal: Journal) -> None:
            opened(journal)
            journal._connection.set_trace_callback(statements.append)

        monkeypatch.setattr(Journal, "open", traced)
        with bench.job(v1 := bench.open()):
            stories(v1, "Durable")
        synchronous, level = {}, ""
        for statement in statements:
            level = statement.partition("synchronous=")[2] or level
            for word in ("INSERT INTO items", "state='sent'", "SET state='done'"):
                synchronous |= {word: level} if word in statement else {}
        assert {"INSERT INTO items": "FULL", "state='sent'": "FULL", "SET state='done'": "NORMAL"} == synchronous

    def test_what_is_forgotten_is_not_looked_up(self, bench: Bench) -> None:
        with pytest.raises(KeyboardInterrupt), bench.job(bench.interrupted(bench.open(), arrives=False)):
            stories(bench.opened[-1], "Forgotten")
        with bench.job(v1 := bench.open(), fresh=True) as job:
            stories(v1, "Forgotten anew")
        assert ([], 1) == (bench.slept, len(job.report.outcomes))
        assert {"Forgotten anew": 1} == bench.names("Forgotten")

    def test_one_process_at_a_time(self, bench: Bench) -> None:
        v1, other = bench.open(), bench.open()
        with bench.job(v1) as job:
            with pytest.raises(JobError, match=f"is being run by process {os.getpid()} on "), bench.job(other):
                pass
            with pytest.raises(JobError, match="is being run by"):
                bench.job(other).forget()
            assert ("new", "new") == (bench.job(other).status.state, job.status.state)
            stories(v1, "Locked")
        with bench.job(other):
            stories(other, "Locked")
        assert {"Locked": 1} == bench.names("Locked")

    def test_a_running_job_can_be_watched(self, bench: Bench) -> None:
        v1, seen = bench.open(bulk=False), []
        deliver = v1._driver._sender.deliver

        def delivered(request: Any, *given: Any) -> Any:
            if request.writes:
                status = bench.job(bench.opened[-1]).status
                seen.append((status.state, status.counts, f"process {os.getpid()}" in (status.process or "")))
            return deliver(request, *given)

        v1._driver._sender.deliver = delivered
        bench.open()
        with bench.job(v1):
            stories(v1, "Watched")
        assert [("running", {"sent": 1}, True)] == seen

    def test_a_journal_of_another_server_or_user_is_refused(self, bench: Bench) -> None:
        v1 = bench.open()
        with bench.job(v1):
            stories(v1, "Owned")
        with sandbox.running("versionone") as elsewhere:
            there = Bench(elsewhere, bench.folder)
            with pytest.raises(JobError, match="belongs to the server http"), bench.job(there.open()):
                pass
            there.opened[0].close()
        with V1Meta(**bench.server.credentials) as by_name:
            with pytest.raises(JobError, match="belongs to the user token "), bench.job(by_name):
                pass
            bench.job(by_name).forget()
            with bench.job(by_name):
                pass

    def test_a_file_that_is_no_journal_is_left_alone(self, bench: Bench) -> None:
        v1 = bench.open()
        with bench.job(v1):
            stories(v1, "Broken")
        [file] = bench.folder.glob("*.sqlite")
        file.write_bytes(b"no database" * 1000)
        with pytest.raises(JobError, match=r"Cannot .* the journal of the job 'night'"), bench.job(v1):
            pass
        assert file.read_bytes().startswith(b"no database")

    @pytest.mark.parametrize("is_planned", [False, True])
    def test_a_full_disk_ends_the_job_and_loses_nothing(
        self, bench: Bench, is_planned: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With the first transaction, and with a later one: what was sent then is looked up."""
        place = "begin" if is_planned else "open"
        done, names = getattr(Journal, place), [f"Full {is_planned} {number}" for number in range(30)]

        def fill(v1: Any) -> None:
            stories(v1, *names)
            for name in names:
                # What is noted of these is long.
                v1.Story.new(Name=f"{name} bad", Scope="Scope:0", Super="Epic:999999")

        def limited(journal: Journal, *given: Any, **named: Any) -> None:
            done(journal, *given, **named)
            journal._connection.execute("VACUUM")
            used = journal._connection.execute("PRAGMA page_count").fetchone()[0]
            journal._connection.execute(f"PRAGMA max_page_count={used + 1}")

        with monkeypatch.context() as patch:
            patch.setattr(Journal, place, limited)
            before = bench.writes()
            v1 = bench.open(bulk=False, pool=1)
            with pytest.raises(JobError, match="full"), bench.job(v1):
                fill(v1)
        assert (0, is_planned) == (v1.pending, before < bench.writes())
        v1 = bench.open()
        with bench.job(v1) as job:
            fill(v1)
        assert dict.fromkeys(names, 1) == bench.names(f"Full {is_planned}")
        assert (30, 30) == (len(job.report.done), len(job.report.failed))

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
    def test_a_forked_process_leaves_the_job_to_its_maker(self, bench: Bench) -> None:
        v1 = bench.open()
        with bench.job(v1) as job:
            stories(v1, "Forked")
            child = os.fork()
            if not child:
                code = 1
                try:
                    job.__exit__(None, None, None)
                    code = 0
                finally:
                    os._exit(code)
            assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            with pytest.raises(JobError), bench.job(bench.open()):
                pass
        assert {"Forked": 1} == bench.names("Forked")

    def test_names_of_jobs_are_any_text(self, bench: Bench) -> None:
        v1 = bench.open()
        for name in ("../up", "a/b", "Größe", "x" * 500):
            with bench.job(v1, name):
                pass
        assert 4 == len(list(bench.folder.glob("*.sqlite")))
        assert [bench.folder] == list(bench.folder.parent.iterdir())
        for wrong in ("", " ", None):
            with pytest.raises(BadValue):
                v1.job(wrong)
        with pytest.raises(BadValue):
            v1.job("x", fresh=True, extend=True)
        with pytest.raises(BadValue):
            v1.job("x", conflicts="maybe")


class TestFaults:
    def test_a_server_that_goes_away_is_waited_for(self, bench: Bench) -> None:
        slept: list[float] = []

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            if len(slept) == 3:
                bench.server.clear_faults()

        v1 = bench.open(retries=0, bulk=False, sleep=sleep)
        with bench.job(v1) as job:
            stories(v1, *(f"Away {number}" for number in range(3)))
            bench.server.add_fault("503", count=None)
        assert {f"Away {number}": 1 for number in range(3)} == bench.names("Away")
        assert not job.report
        assert [1.0, 2.0] == slept[:2]

    def test_a_job_gives_up_after_a_time_without_progress(self, bench: Bench) -> None:
        v1 = bench.open()
        [gone] = [v1.Story.create(Name="Giving up", Scope="Scope:0")]
        bench.slept.clear()
        bench.server.add_fault("503", count=None, method="POST")
        with bench.job(v1, give_up_after=300) as job:
            gone.Name = "Giving up changed"
        assert "gave up after 300 s" in str(job.report)
        assert 300 <= sum(bench.slept) < 420
        assert (0, 1) == (v1.pending, len(job.report.outcomes))
        bench.server.clear_faults()
        with bench.job(v1) as job:
            gone.Name = "Giving up changed"
        assert not job.report
        assert "Giving up changed" == bench.open().Story(gone.intid).Name

    @pytest.mark.parametrize("writes", [0, 1])
    def test_a_refused_login_ends_the_job_at_once(self, bench: Bench, writes: int) -> None:
        names = [f"Refused {writes} {number}" for number in range(3)]
        v1 = bench.open(bulk=False, pool=1)
        deliver, left = v1._driver._sender.deliver, [writes]

        def delivered(request: Any, *given: Any) -> Any:
            left[0] -= request.writes
            if left[0] < 0:
                raise AuthenticationFailed("The server refused the access token.", status=401)
            return deliver(request, *given)

        v1._driver._sender.deliver = delivered
        with pytest.raises(AuthenticationFailed), bench.job(v1) as job:
            stories(v1, *names)
        assert ([], 0) == (bench.slept, v1.pending)
        assert ("unfinished", writes) == (job.status.state, len(job.report.done))
        v1 = bench.open()
        with bench.job(v1):
            stories(v1, *names)
        assert dict.fromkeys(names, 1) == bench.names(f"Refused {writes}")

    def test_what_nobody_can_tell_is_left_to_people(self, bench: Bench) -> None:
        """An asset like the one in doubt, but for a value: somebody changed it, or it is another one."""
        with pytest.raises(KeyboardInterrupt), bench.job(bench.interrupted(bench.open())):
            bench.opened[-1].Story.new(Name="Like", Scope="Scope:0", Estimate=3)
            bench.opened[-1].Story.new(Name="Like too", Scope="Scope:0", Estimate=3)
        colleague = bench.open()
        colleague.Story.where(Name="Like").one().Estimate = 4
        gone = colleague.Story.where(Name="Like too").one()
        gone.Estimate = 4
        colleague.commit().raise_if_failed()

        def run() -> Any:
            v1 = bench.open()
            with bench.job(v1) as job:
                v1.Story.new(Name="Like", Scope="Scope:0", Estimate=3)
                v1.Story.new(Name="Like too", Scope="Scope:0", Estimate=3)
            return job

        job = run()
        assert {"Like": 1, "Like too": 1} == bench.names("Like")
        [first, second] = job.report.unknown
        assert "retry()" not in str(job.report)
        assert "looked up by the next run" in str(job.report)
        token = first.change.oid.token
        assert f"job.settle('{token}', 'Story:<id>')" in str(first.error)
        for wrong in (("Story:new-99", None), (token, "Scope:0")):
            with pytest.raises(BadValue, match="in doubt in this journal"):
                job.settle(*wrong)
        job.settle(token, colleague.Story.where(Name="Like").one().idref)
        colleague.delete(gone)
        colleague.commit().raise_if_failed()
        job.settle(second.change.oid.token, None)
        job = run()
        assert [Done, Done] == [type(outcome) for outcome in job.report.outcomes]
        assert {"Like": 1, "Like too": 1} == bench.names("Like")

    def test_what_is_below_an_asset_in_doubt_is_in_doubt_until_that_is_settled(self, bench: Bench) -> None:
        def run(v1: Any) -> Any:
            with bench.job(v1) as job:
                parent = v1.Story.new(Name="Above", Scope="Scope:0", Estimate=3)
                v1.Task.new(Name="Below", Parent=parent)
            return job

        with pytest.raises(KeyboardInterrupt):
            run(bench.interrupted(bench.open()))
        colleague = bench.open()
        above = colleague.Story.where(Name="Above").one()
        above.Estimate = 4
        colleague.commit().raise_if_failed()
        job = run(bench.open())
        assert 2 == len(job.report.unknown)
        job.settle(job.report.unknown[0].change.oid.token, above.idref)
        assert not run(bench.open()).report
        assert ({"Above": 1}, {"Below": 1}) == (bench.names("Above"), bench.names("Below", "Task"))

    def test_a_dialect_that_cannot_be_asked_leaves_creates_unknown(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(job_lookup, "SupportsLookup", type(None))
        for run in range(2):
            v1 = bench.open() if run else bench.interrupted(bench.open())
            try:
                with bench.job(v1) as job:
                    [story] = stories(v1, "Silent")
                    v1.Task.new(Name="Silent task", Parent=story)
            except KeyboardInterrupt:
                continue
        assert [] == bench.slept
        assert 2 == len(job.report.unknown)
        assert "cannot be asked" in str(job.report)
        assert {"Silent": 1} == bench.names("Silent")

    def test_a_request_that_is_still_running_is_waited_for(self, bench: Bench) -> None:
        """The first look finds nothing, the second one finds what arrived meanwhile."""
        with pytest.raises(KeyboardInterrupt), bench.job(bench.interrupted(bench.open(), arrives=False)):
            stories(bench.opened[-1], "Running")
        late, slept = bench.open(), []

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            if len(slept) == 1:
                late.Story.create(Name="Running", Scope="Scope:0")

        v1 = bench.open(sleep=sleep)
        with bench.job(v1) as job:
            [story] = stories(v1, "Running")
        assert [2.0] == slept
        assert {"Running": 1} == bench.names("Running")
        assert not job.report
        assert "Running" == story.Name


def test_the_report_is_that_of_all_runs(bench: Bench) -> None:
    with pytest.raises(KeyboardInterrupt), bench.job(bench.interrupted(bench.open(bulk=False, pool=1), 1)) as job:
        stories(bench.opened[-1], "All 1", "All 2", "All 3")
    kinds = Counter(type(outcome).__name__ for outcome in job.report.outcomes)
    assert 1 <= kinds["Done"] < 3
    assert 1 <= kinds["Unknown"] <= 2
    fresh = bench.job(bench.open())
    assert kinds == Counter(type(outcome).__name__ for outcome in fresh.report.outcomes)
    assert all(isinstance(outcome.error, BrokenOff) for outcome in fresh.report.unknown)
    assert str(job.status) == str(fresh.status)
    assert f"<JobStatus {job.status}>" == repr(job.status)
    assert repr(job).startswith(f"<Job 'night' in {bench.folder}")
    # What to do about it is what a job does, not what a commit leaves to people.
    for report in (job.report, fresh.report):
        assert "retry()" not in str(report) + str(report._table().rows)
        assert "looked up by the next run" in str(report)


def test_sqlite_is_loaded_when_a_job_is_made() -> None:
    assert "assetmeta.features.jobs" in sys.modules
