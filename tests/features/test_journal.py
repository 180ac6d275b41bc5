"""The file of a job by itself: what is in it, who may use it, and what a later run makes of it."""

from __future__ import annotations

import stat
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from assetmeta.core.plan import Plan
from assetmeta.core.report import error_of
from assetmeta.features.job_draft import Draft
from assetmeta.features.job_record import JobRecord, _outcomes
from assetmeta.features.job_recorder import Recorder
from assetmeta.features.job_run import JobOptions, Run, _is_passing, _Pauses
from assetmeta.features.journal import (
    DONE,
    FAILED,
    KEPT,
    PLANNED,
    SENT,
    UNKNOWN,
    Item,
    Journal,
    journals,
    secret_digest,
)
from assetmeta.features.recognition import Match, Part
from assetmeta.model.errors import (
    AuthenticationFailed,
    BadValue,
    BrokenOff,
    JobError,
    Rejected,
    ServerFailed,
    TimedOut,
    Unreachable,
)
from assetmeta.model.plans import AttributeChange, Change, Create, Delete, Done, Failed, Skipped, Unknown, Update
from assetmeta.model.values import UNREAD, Oid
from assetmeta.version import __version__

ABOUT = {"salt": "ab", "runs": "1", "job": "night", "server": "https://host", "user": "ann", "started": "now"}


def update(key: int, **values: object) -> Update:
    return Update(Oid("Story", key), tuple(AttributeChange(name, UNREAD, values[name]) for name in values))


def items(*changes: Change, run: int = 1) -> list[Item]:
    return [Item(number, run, number, change) for number, change in enumerate(changes, start=1)]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """The journal of a run that planned five changes."""
    made = Journal("night", tmp_path / "jobs")
    made.lock()
    made.open()
    planned: list[Change] = [Create(Oid.new("Story", 1), ()), *(update(key, Name="a") for key in (5, 6, 7))]
    made.begin(ABOUT, items(*planned, Delete(Oid("Story", 8))), (), (), fresh=True)
    return made


class TestTheFile:
    def test_what_is_known_of_the_job(self, journal: Journal) -> None:
        assert {**ABOUT, "format": "1", "version": __version__} == journal.about
        journal.note(ended="later")
        assert ("later", "night") == (journal.about["ended"], journal.about["job"])
        journal.close()

    def test_one_of_a_later_version_is_refused_by_that(self, journal: Journal) -> None:
        journal.note(format="2", version="99.0")
        journal.close()
        with pytest.raises(JobError, match=r"written by assetmeta 99\.0, which is newer"):
            journal.open()
        assert not journal.is_open

    def test_states_of_items(self, journal: Journal) -> None:
        changes = [item.change for item in journal.items()]
        assert [PLANNED] * 5 == [item.state for item in journal.items()]
        journal.mark_sent([(1, '{"after": 3}'), (2, None), (3, None)])
        real = Oid("Story", 9, 77)
        failed = Failed(changes[1], Rejected("no", status=400, oid="Story:5", attribute="Name"))
        journal.record_outcomes([(1, Done(changes[0], real, notes=("a", "b"))), (2, failed), (3, None)])
        assert {1: (DONE, real.current), 2: (FAILED, None), 3: (PLANNED, None)}.items() <= journal.states().items()
        assert {changes[0].oid: real.current} == journal.assets()
        assert {DONE: 1, FAILED: 1, PLANNED: 3} == journal.counts(1)
        assert {} == journal.counts(2)
        assert [1, 2] == [item.id for item in journal.items(DONE, FAILED)]
        first, second, third, *_ = journal.items()
        assert ({"after": 3}, {"notes": ["a", "b"]}) == (first.mark, first.error)
        error = {"kind": "Rejected", "text": "no", "status": 400, "oid": "Story:5", "attribute": "Name"}
        assert error == second.error
        assert (None, None, None) == (third.error, third.mark, third.oid)
        # What is sent again has no error of an earlier time.
        journal.mark_sent([(2, None)])
        assert [(2, None)] == [(item.id, item.error) for item in journal.items(SENT)]
        journal.close()

    def test_a_later_run_keeps_what_it_does_not_replace(self, journal: Journal) -> None:
        changes = [item.change for item in journal.items()]
        journal.record_outcomes([(2, Failed(changes[1], Rejected("no")))])
        new = Item(6, 2, 0, update(9, Name="n"), "key=1")
        journal.begin({**ABOUT, "runs": "2"}, [new], [(2, update(5, Name="b"))], [4, 5], fresh=False)
        assert {1: 2, 2: 2, 3: 2, 4: 1, 5: 1, 6: 2} == {item.id: item.run for item in journal.items()}
        second = next(item for item in journal.items() if item.id == 2)
        assert (PLANNED, None, update(5, Name="b")) == (second.state, second.error, second.change)
        assert ["key=1"] == [item.key for item in journal.items() if item.id == 6]
        journal.begin(ABOUT, items(update(1, Name="only")), (), (), fresh=True)
        assert [update(1, Name="only")] == [item.change for item in journal.items()]
        journal.close()

    def test_what_cannot_be_written_whole_is_not_written(self, journal: Journal) -> None:
        def some() -> list[Item]:
            return [Item(7, 2, 0, update(9, Name="n")), Item(1, 2, 0, update(9, Name="twice"))]

        with pytest.raises(JobError, match=r"Cannot write the journal of the job 'night' \(.*sqlite\)"):
            journal.begin({**ABOUT, "runs": "2"}, some(), (), (), fresh=False)
        assert (5, "1") == (len(list(journal.items())), journal.about["runs"])
        journal.note(ended="goes on")
        journal.close()

    def test_digests_are_those_of_earlier_versions(self) -> None:
        digest = secret_digest("salt")
        assert "d75013b1" == digest("opensesame")[:8]
        assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) != secret_digest("other")({"a": 1, "b": 2})

    def test_forgetting_leaves_nothing(self, journal: Journal) -> None:
        folder = journal.file.parent
        endings = {file.name.partition(".")[2] for file in folder.iterdir()}
        assert {"sqlite", "sqlite-wal", "sqlite-shm", "lock"} <= endings
        (folder / f"{journal.file.stem}.lock-journal").touch()
        journal.forget()
        assert [] == list(folder.iterdir())


class TestWhoMayUseIt:
    def test_files_are_private(self, journal: Journal) -> None:
        folder = journal.file.parent
        assert 0o700 == stat.S_IMODE(folder.stat().st_mode)
        assert {0o600} == {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
        journal.close()

    @pytest.mark.parametrize("mode", [0o620, 0o602])
    @pytest.mark.parametrize("ending", ["sqlite", "lock"])
    def test_what_others_can_write_is_refused(self, journal: Journal, ending: str, mode: int) -> None:
        journal.close()
        journal.file.with_suffix(f".{ending}").chmod(mode)
        with pytest.raises(JobError, match="others can write it"):
            journal.lock()
            journal.open()
        journal.close()

    def test_a_link_is_not_followed(self, journal: Journal, tmp_path: Path) -> None:
        journal.close()
        (tmp_path / "else").touch(mode=0o600)
        journal.file.unlink()
        journal.file.symlink_to(tmp_path / "else")
        with pytest.raises(JobError, match="Cannot open the journal"):
            journal.open()

    def test_a_lock_that_cannot_be_taken_names_the_job(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(JobError, match="Cannot lock the journal of the job 'night'"):
            Journal("night", tmp_path / "file").lock()
        journal = Journal("night", tmp_path)
        journal.file.with_suffix(".lock").write_text("no database " * 100)
        journal.file.with_suffix(".lock").chmod(0o600)
        with pytest.raises(JobError, match="Cannot lock the journal of the job 'night'.*not a database"):
            journal.lock()

    def test_another_one_learns_who_has_the_lock(self, journal: Journal, tmp_path: Path) -> None:
        other = Journal("night", tmp_path / "jobs")
        with pytest.raises(JobError, match=r"The job 'night' is being run by process \d+ on .* \(since "):
            other.lock()
        # The time is that of the lock, whoever looks.
        assert journal.holder == other.holder is not None
        journal.close()
        assert (None, None) == (other.holder, Journal("never run", tmp_path).holder)
        other.lock()
        other.close()

    def test_any_thread_may_go_on_with_it(self, journal: Journal) -> None:
        found: list[object] = []

        def end() -> None:
            found.append(journal.about["job"])
            journal.close()

        thread = threading.Thread(target=end)
        thread.start()
        thread.join()
        assert (["night"], False, None) == (found, journal.is_open, journal.holder)


def test_journals_of_a_folder_are_named_and_those_that_cannot_be_read_are_not(journal: Journal) -> None:
    journal.close()
    folder = journal.file.parent
    other = Journal("a day", folder)
    other.open()
    other.begin({**ABOUT, "job": "a day"}, (), (), (), fresh=True)
    other.close()
    not_begun = Journal("b", folder)
    not_begun.open()
    not_begun.close()
    (folder / "broken.sqlite").write_text("no database " * 100)
    (folder / "copy.sqlite").write_bytes(journal.file.read_bytes())
    (folder / "empty.sqlite").touch()
    named = {file.name: name for file, name in journals(folder)}
    assert {
        other.file.name: "a day",
        "broken.sqlite": None,
        "copy.sqlite": None,
        "empty.sqlite": None,
        journal.file.name: "night",
    } == named
    assert sorted(named) == list(named)


class TestRecords:
    def test_the_status_is_that_of_the_latest_plan(self, journal: Journal, tmp_path: Path) -> None:
        record = JobRecord("night", tmp_path / "jobs")
        journal.record_outcomes([(1, Done(Create(Oid.new("Story", 1), ()), Oid("Story", 9)))])
        journal.mark_sent([(2, None)])
        status = record.status
        assert ("night", "running", 1, "https://host", "ann", "now", None) == (
            *(status.name, status.state, status.runs, status.server, status.user, status.started, status.ended),
        )
        assert [(PLANNED, 3), (SENT, 1), (DONE, 1)] == list(status.counts.items())
        assert status.process == journal.holder
        assert (
            "night: running; 1 of 5 done, 3 planned, 1 sent; 1 run, the latest from now; run by process" in f"{status}"
        )
        journal.note(runs="2", ended="later")
        journal.close()
        status = record.status
        # No item of the second run is left, and none was done.
        assert ("finished", "later", None) == (status.state, status.ended, status.process)
        assert "; 2 runs, the latest from now" in str(status)
        journal.open()
        journal.note(runs="1")
        journal.close()
        assert "unfinished" == record.status.state
        assert "new" == JobRecord("other", tmp_path / "jobs").status.state

    def test_looking_at_a_job_leaves_its_file_closed(self, journal: Journal, tmp_path: Path) -> None:
        record = JobRecord("night", tmp_path / "jobs")
        journal.close()
        assert 5 == len(record.report.outcomes)
        assert not record._journal.is_open
        record.forget()
        assert 0 == len(record.report.outcomes)

    def test_each_state_of_an_item_is_an_outcome(self) -> None:
        change = update(5, Name="a")
        noted = {"kind": "ServerFailed", "text": "broken", "status": 503, "sent": True}
        found = {
            state: next(_outcomes([Item(1, 1, 1, change, None, state, oid, error)], {}))
            for state, oid, error in (
                (PLANNED, None, None),
                (SENT, None, None),
                (UNKNOWN, None, noted),
                (FAILED, None, {"kind": "os", "text": "odd"}),
                (DONE, Oid("Story", 5), {"notes": ["n"]}),
            )
        }
        assert [Skipped, Unknown, Unknown, Failed, Done] == [type(one) for one in found.values()]
        assert all(one.change == change for one in found.values())
        planned, sent, unknown, failed = (error_of(found[state]) for state in (PLANNED, SENT, UNKNOWN, FAILED))
        assert [(BrokenOff, False), (BrokenOff, True)] == [(type(one), one.sent) for one in (planned, sent)]
        assert ["Story:5"] * 2 == [planned.oid, sent.oid]
        assert (ServerFailed, "broken", 503) == (type(unknown), str(unknown), unknown.status)
        assert ("AssetmetaError", "odd") == (type(failed).__name__, str(failed))
        done = found[DONE]
        assert isinstance(done, Done)
        assert (Oid("Story", 5), ("n",)) == (done.oid, done.notes)

    def test_attributes_of_one_update_with_the_same_outcome_are_one(self) -> None:
        parts = [Item(number, 1, 4, update(5, **{name: 1})) for number, name in enumerate("abc", start=1)]
        parts[2].state = SENT
        first, second = _outcomes(parts, {})
        assert (update(5, a=1, b=1), update(5, c=1)) == (first.change, second.change)
        # Of other changes, runs, assets and errors nothing is one.
        for field, value in (
            ("run", 2),
            ("place", 5),
            ("change", update(6, b=1)),
            ("error", {"kind": "x", "text": "t"}),
        ):
            apart = [Item(number, 1, 4, update(5, **{name: 1})) for number, name in enumerate("ab", start=1)]
            setattr(apart[1], field, value)
            assert 2 == len(list(_outcomes(apart, {}))), field

    def test_what_this_process_knows_better_counts_while_the_state_is_the_same(self) -> None:
        change = update(5, Name="a")
        failed = Failed(update(5, Name="elsewhere"), AuthenticationFailed("who?"))
        for state, kind in ((FAILED, AuthenticationFailed), (SENT, BrokenOff)):
            [found] = _outcomes([Item(1, 1, 1, change, None, state)], {1: failed})
            assert (kind, change) == (type(error_of(found)), found.change)


def test_what_is_kept_of_an_error() -> None:
    """Written out: what a report of a later process shows of it."""
    assert ("type_name", "attribute", "oid", "status", "request", "server_message", "code", "sent") == KEPT


class TestRecorder:
    def recorder(self) -> tuple[Recorder, list[tuple[str, object]]]:
        heard: list[tuple[str, object]] = []
        sent = SimpleNamespace(
            mark_sent=lambda items: heard.append(("sent", items)),
            record_outcomes=lambda rows: heard.append(("settled", rows)),
        )
        observer = SimpleNamespace(
            on_send=lambda changes: heard.append(("on_send", changes)),
            on_outcomes=lambda outcomes: heard.append(("on_outcomes", outcomes)),
        )
        return Recorder(sent, observer), heard  # type: ignore[arg-type]

    def test_each_change_is_noted_before_it_is_sent_and_after(self) -> None:
        recorder, heard = self.recorder()
        create, change, delete = Create(Oid.new("Story", 1), ()), update(5, Name=1, Order=2), Delete(Oid("Task", 6))
        recorder.enter([((create.oid, "+"), 1), ((change.oid, "Name"), 2), ((change.oid, "Order"), 3)])
        recorder.enter([((delete.oid, "-"), 4)])
        recorder.marks = {"Story": {"after": 5}, "Task": {"since": "x"}}
        recorder.on_send([create, change, delete])
        marked = ('{"after": 5}', '{"after": 5}', '{"after": 5}', '{"since": "x"}')
        assert [("sent", [*enumerate(marked, start=1)]), ("on_send", [create, change, delete])] == heard
        heard.clear()
        failed, done = Failed(change, Rejected("no")), Done(create, Oid("Story", 9))
        recorder.on_outcomes([failed, done])
        assert [("settled", [(2, failed), (3, failed), (1, done)]), ("on_outcomes", [failed, done])] == heard
        assert ({1}, {2: failed, 3: failed}, [create]) == (recorder.done, recorder.latest, recorder.saved)
        assert {"Story": {"after": 9}, "Task": {"since": "x"}} == recorder.marks
        # What is done stays so, and what failed may be done by another try.
        heard.clear()
        recorder.note([Failed(create, Rejected("late"))])
        assert [] == heard
        again = Done(change, change.oid)
        recorder.note([again])
        assert ([("settled", [(2, again), (3, again)])], {}, {1, 2, 3}) == (heard, recorder.latest, recorder.done)

    def test_marks_advance_for_each_type_and_never_go_back(self) -> None:
        recorder, _ = self.recorder()
        recorder.marks = {"Story": {"after": 5, "by": 1}, "Task": {"after": 7}, "Step": {"after": 1}, "Tag": {}}
        recorder._advance(
            [Oid("Story", 8), Oid("Story", 9), Oid("Story", 6), Oid("Task", 3), Oid("Step", "7/12"), Oid("Tag", 3)]
        )
        assert {
            "Story": {"after": 9, "by": 1},
            "Task": {"after": 7},
            "Step": {"after": 12},
            "Tag": {},
        } == recorder.marks
        recorder._advance([Oid("Other", 3), Oid("Step", "a/b")])
        assert {"after": 12} == recorder.marks["Step"]

    def test_what_was_cut_out_of_a_create_is_an_item_of_its_own(self) -> None:
        recorder, _ = self.recorder()
        new, real = Oid.new("Story", 1), Oid("Story", 9)
        recorder.enter([((new, "+"), 1), ((new, "Super"), 2), ((new, "Owner"), 3)])
        some = Create(new, (AttributeChange("Name", UNREAD, "a"), AttributeChange("Owner", UNREAD, "b")))
        assert [1, 3] == recorder.items_of(some)
        assert [1] == recorder.items_of(Create(new, ()))
        assert [] == recorder.items_of(Update(real, (AttributeChange("Super", UNREAD, 1),)))
        recorder.take_done(Done(some, real), [1, 3])
        assert [2] == recorder.items_of(Update(real, (AttributeChange("Super", UNREAD, 1),)))


def test_what_a_job_takes_when_nothing_is_said() -> None:
    options = JobOptions()
    assert ({}, False, False, "error") == (options.keys, options.fresh, options.extend, options.conflicts)
    for wrong in (
        {"give_up_after": -1},
        {"give_up_after": float("nan")},
        {"conflicts": "x"},
        {"fresh": True, "extend": True},
    ):
        with pytest.raises(BadValue):
            JobOptions(**wrong)  # type: ignore[arg-type]
    assert 0 == JobOptions(give_up_after=0).give_up_after


def test_pauses_grow_to_a_minute_and_end_with_the_time_without_progress() -> None:
    waited: list[float] = []
    pauses = _Pauses(200, waited.append)
    fault = ServerFailed("away")
    while pauses.after(fault, has_advanced=False):
        pass
    assert [1, 2, 4, 8, 16, 32, 60, 60] == waited[:8]
    assert (9, True) == (len(waited), 16.0 < waited[8] <= 17)
    waited.clear()
    assert pauses.after(fault, has_advanced=True)
    assert [1] == waited
    assert not _Pauses(0, waited.append).after(fault, has_advanced=False)


def test_which_faults_pass() -> None:
    passing = [*(ServerFailed("x", status=status) for status in (502, 503, 504)), Unreachable("x"), TimedOut("x")]
    lasting = [ServerFailed("x", status=500), Rejected("x", status=400), BrokenOff("x")]
    assert ([True] * 5, [False] * 3) == tuple([*map(_is_passing, errors)] for errors in (passing, lasting))


def test_five_assets_that_have_other_values_are_named() -> None:
    def noted(number: int, state: str = DONE) -> list[str]:
        changes = [Create(Oid.new("Story", place), ()) for place in range(number)]
        known = {
            place: Item(place, 1, place, changes[place], None, state, Oid("Story", place)) for place in range(number)
        }
        parts = [Part(place, change, "+") for place, change in enumerate(changes)]
        draft = Draft(Plan(), parts, [], {}, Match(known=known, differing=list(known)))
        run = SimpleNamespace(notes=[])
        Run._note_other_values(run, draft)  # type: ignore[arg-type]
        found: list[str] = run.notes
        return found

    named = ", ".join(f"Story:{place}" for place in range(5))
    assert [f"5 assets exist by their keys, and have other values now: {named}"] == noted(5)
    assert [f"6 assets exist by their keys, and have other values now: {named} …"] == noted(6)
    assert [] == noted(0) == noted(3, PLANNED)
