"""The file of a job by itself: what is in it, who may use it, and what a later run makes of it."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from assetmeta.core.report import error_of
from assetmeta.features.job_record import JobRecord, _outcomes
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
from assetmeta.model.errors import AuthenticationFailed, BrokenOff, JobError, Rejected, ServerFailed
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
        journal.sent([(1, '{"after": 3}'), (2, None), (3, None)])
        real = Oid("Story", 9, 77)
        failed = Failed(changes[1], Rejected("no", status=400, oid="Story:5", attribute="Name"))
        journal.settled([(1, Done(changes[0], real, notes=("a", "b"))), (2, failed), (3, None)])
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
        journal.sent([(2, None)])
        assert [(2, None)] == [(item.id, item.error) for item in journal.items(SENT)]
        journal.close()

    def test_a_later_run_keeps_what_it_does_not_replace(self, journal: Journal) -> None:
        changes = [item.change for item in journal.items()]
        journal.settled([(2, Failed(changes[1], Rejected("no")))])
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
        journal.settled([(1, Done(Create(Oid.new("Story", 1), ()), Oid("Story", 9)))])
        journal.sent([(2, None)])
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
