"""The commands that write many changes: load, plan, apply, jobs."""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assetmeta import V1Meta, sandbox
from assetmeta.features.journal import folder_for
from assetmeta.model.folders import STATE_VARIABLE
from assetmeta.tools.cli import bulk, connection

from .conftest import Result, Run


@pytest.fixture(scope="module")
def server() -> Iterator[sandbox.VersionOneServer]:
    with sandbox.running("versionone") as running:
        yield running


class Desk:
    """A shell with a profile, a folder of tables and one of journals."""

    def __init__(
        self, run: Run, server: sandbox.VersionOneServer, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.run, self.server, self.folder = run, server, folder
        self._monkeypatch = monkeypatch
        monkeypatch.setenv("ASSETMETA_PROFILES", str(folder / "profiles.toml"))
        monkeypatch.setenv("ASSETMETA_PROFILE", "work")
        monkeypatch.setenv("WORK_TOKEN", server.token)
        monkeypatch.setenv(STATE_VARIABLE, str(folder / "state"))
        (folder / "profiles.toml").write_text(
            f'[work]\nurl = "versionone+{server.url}"\ntoken_env = "WORK_TOKEN"\nbulk = false\npool = 1\nretries = 0\n',
            encoding="utf-8",
        )

    def table(self, prefix: str, number: int = 3, **more: str) -> str:
        """A table of new stories."""
        path = self.folder / f"{prefix}.csv"
        rows = [[f"{prefix} {each}", "Scope:0", *more.values()] for each in range(number)]
        path.write_text("\n".join(map(",".join, [["Name", "Scope", *more], *rows])) + "\n", encoding="utf-8")
        return str(path)

    def load(self, table: str, *more: str) -> Result:
        return self.run("load", table, "--type", "Story", "--key", "Name", *more)

    def writes(self) -> int:
        return sum(entry.method == "POST" and "query.v1" not in entry.path for entry in self.server.requests)

    def names(self, prefix: str) -> Counter[str]:
        with V1Meta(**self.server.credentials) as v1:
            found = [story.Name for story in v1.Story.select("Name")]
        return Counter(name for name in found if name.startswith(prefix))

    def after(self, writes: int, event: Callable[[], None]) -> None:
        """Let something happen before the command's next write after so many."""

        def connected(*given: Any, **settings: Any) -> Any:
            session: Any = connection.connected(*given, sleep=lambda seconds: None, **settings)
            deliver, left = session._driver._sender.deliver, [writes]

            def delivered(request: Any, *given: Any) -> Any:
                left[0] -= request.writes
                if request.writes and left[0] == -1:
                    event()
                return deliver(request, *given)

            session._driver._sender.deliver = delivered
            return session

        self._monkeypatch.setattr(bulk, "connected", connected)

    def server_goes_away(self, kind: str = "503") -> None:
        if kind == "drop":
            # The write under way arrives, and its answer does not.
            self.server.add_fault("drop", method="POST")
        self.server.add_fault("503", count=None)

    def back_to_normal(self) -> None:
        """No faults, and no waiting."""
        self.server.clear_faults()
        self.after(-1, lambda: None)


@pytest.fixture
def desk(run: Run, server: sandbox.VersionOneServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    yield Desk(run, server, tmp_path, monkeypatch)
    server.clear_faults()


def interrupt() -> None:
    raise KeyboardInterrupt


class TestLoad:
    def test_without_apply_it_prints_the_plan_and_writes_nothing(self, desk: Desk) -> None:
        table, before = desk.table("Looked at"), desk.writes()
        found = desk.load(table)
        assert (found.code, desk.writes(), desk.names("Looked at")) == (0, before, {}), found.err
        assert "Story by Name: 3 created" in found.out
        assert "Looked at 2" in found.out
        assert not (desk.folder / "state").exists()

    def test_apply_writes_once(self, desk: Desk) -> None:
        table = desk.table("Applied", Estimate="3")
        found = desk.load(table, "--apply")
        assert (found.code, found.out.splitlines()[-1]) == (0, "3 done"), found.err
        before = desk.writes()
        again = desk.load(table, "--apply")
        assert (again.code, again.out) == (0, "Story by Name: 3 unchanged\n0 done\n")
        assert (desk.writes(), desk.names("Applied")) == (before, {f"Applied {number}": 1 for number in range(3)})

    def test_columns_are_mapped_and_left_out(self, desk: Desk) -> None:
        (desk.folder / "mapped.csv").write_text("Title = short,Points,Remark\nMapped,2.5,none\n", encoding="utf-8")
        found = desk.load(
            str(desk.folder / "mapped.csv"), "--map", "Title = short=Name", "--map", "Points=Estimate",
            "--map", "Remark=", "--missing", "skip",
        )  # fmt: skip
        assert found.code == 0, found.err
        assert "row 1 (Mapped): missing" in found.err

    def test_empty_cells_leave_alone_or_clear(self, desk: Desk) -> None:
        assert desk.load(desk.table("Empty", 1, Estimate="3"), "--apply").code == 0
        table = desk.table("Empty", 1, Estimate="")
        assert "1 unchanged" in desk.load(table, "--apply").out
        assert "1 changed" in desk.load(table, "--apply", "--empty", "clear").out
        with V1Meta(**desk.server.credentials) as v1:
            assert v1.Story.where(Name="Empty 0").one().Estimate is None

    def test_refused_rows_are_1_with_their_numbers(self, desk: Desk) -> None:
        path = desk.folder / "refused.csv"
        rows = [f"Refused {number},Scope:0,{'many' if number % 2 else number}" for number in range(30)]
        path.write_text("\n".join(["Name,Scope,Estimate", *rows]) + "\n", encoding="utf-8")
        for more in ((), ("--apply", "--quiet")):
            found = desk.load(str(path), *more)
            assert found.code == 1
            assert len(found.err.splitlines()) == 15
            assert "row 30 (Refused 29): refused: " in found.err
            assert bool(found.out) == (not more)
        assert len(desk.names("Refused")) == 15

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            (("--map", "Scop=Scope"), "--map names Scop, which the rows do not have"),
            (
                ("--map", "Scope=Scpoe"),
                "Name the attribute of a column with --map, or leave it out with --map 'Scope'=.",
            ),
            (("--map", "Scope"), "COLUMN=ATTRIBUTE"),
            (("--plan", "plan.json", "--apply"), "not both"),
            (("--job", "x"), "give --apply"),
            (("--log", "x.jsonl"), "give --apply"),
            (("--apply", "--log", "/no/such/folder/x.jsonl"), "no folder"),
            (("--plan", "/no/such/folder/plan.json"), "no folder"),
            (("--conflicts", "error"), "give --apply"),
            (("--apply", "--conflicts", "mine"), "mine"),
            (("--apply", "--fresh"), "give --job"),
            (("--apply", "--job", "x", "--fresh", "--extend"), "give one of them"),
            (("--empty", "perhaps"), "perhaps"),
            (("--apply", "--rate", "often"), "rate"),
            (("--apply", "--job", " "), "called by a text"),
            (("--missing", "perhaps"), "perhaps"),
            (("--profile", "wrok"), "Did you mean"),
        ],
    )
    def test_wrong_use_is_2_and_nothing_is_written(self, desk: Desk, more: tuple[str, ...], words: str) -> None:
        table, before = desk.table("Wrong"), desk.writes()
        found = desk.load(table, *more)
        assert (found.code, found.out, desk.writes()) == (2, "", before), found.err
        assert words in found.err

    def test_an_unknown_column_is_2_and_no_row_is_read(self, desk: Desk) -> None:
        table, before = desk.table("Unknown", Estmate="3"), len(desk.server.requests)
        found = desk.load(table, "--apply")
        assert (found.code, found.out) == (2, "")
        assert "Did you mean Estimate" in found.err
        assert not any("/Data/" in entry.path for entry in list(desk.server.requests)[before:])
        assert desk.load(str(desk.folder / "nowhere.csv")).code == 2

    def test_what_the_server_refuses_is_1_and_in_the_log(self, desk: Desk) -> None:
        table, log = desk.table("Refusing", 2), desk.folder / "log.jsonl"
        desk.after(1, lambda: desk.server.add_fault("500", method="POST"))
        found = desk.load(table, "--apply", "--log", str(log))
        assert found.code == 1
        assert found.err.startswith("1 done, 1 ")
        outcomes = [json.loads(line)["outcome"] for line in log.read_text(encoding="utf-8").splitlines()]
        assert sorted(outcomes)[0] == "done"
        assert len(outcomes) == 2

    def test_a_server_that_cannot_be_reached_is_3(self, desk: Desk) -> None:
        desk.back_to_normal()
        found = desk.load(desk.table("Nowhere"), "--apply", "--url", "versionone+http://127.0.0.1:9/V1")
        assert found.code == 3

    def test_a_server_that_is_gone_before_the_first_write_is_3(self, desk: Desk) -> None:
        table = desk.table("Gone")
        desk.after(0, lambda: desk.server.add_fault("drop-before", count=None))
        assert desk.load(table, "--apply").code == 3
        desk.server.clear_faults()
        assert desk.names("Gone") == {}

    def test_interrupted_is_130_with_what_was_done_and_how_to_go_on(self, desk: Desk) -> None:
        table = desk.table("Stopped")
        desk.after(1, interrupt)
        found = desk.load(table, "--apply")
        assert found.code == 130
        # Another request may have been under way.
        assert re.search(r"interrupted: [12] done, ", found.err)
        assert "Run the same command again" in found.err
        desk.back_to_normal()
        assert desk.load(table, "--apply").code == 0
        assert desk.names("Stopped") == {f"Stopped {number}": 1 for number in range(3)}

    def test_interrupted_before_anything_was_written(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bulk, "_show_rows", lambda *given: interrupt())
        for more in ((), ("--job", "early")):
            found = desk.load(desk.table("Early"), "--apply", *more)
            assert (found.code, "nothing was written" in found.err) == (130, True)

    def test_a_rate_is_kept_to(self, desk: Desk) -> None:
        found = desk.load(desk.table("Paced"), "--apply", "--rate", "1000/minute", "--rate", "20000/hour")
        assert found.code == 0, found.err


class TestPlans:
    def test_a_plan_of_many_changes_says_how_a_shell_shows_each(self, desk: Desk) -> None:
        table, file = desk.table("Many", 60), str(desk.folder / "plan.json")
        assert desk.load(table).out.endswith("--plan FILE saves all of them; assetmeta plan FILE --full shows each.\n")
        desk.load(table, "--plan", file)
        assert desk.run("plan", file).out.endswith(f"assetmeta plan {file} --full shows each.\n")
        assert "'Many 59'" in desk.run("plan", file, "--full").out

    def test_a_plan_is_saved_printed_and_applied(self, desk: Desk) -> None:
        table, file = desk.table("Planned"), str(desk.folder / "plan.json")
        saved = desk.load(table, "--plan", file)
        assert (saved.code, desk.names("Planned")) == (0, {}), saved.err
        assert f"assetmeta apply {file}" in saved.err
        before = len(desk.server.requests)
        shown = desk.run("plan", file, ASSETMETA_PROFILE="")
        assert (shown.code, len(desk.server.requests)) == (0, before)
        assert desk.server.url.split("/")[2] in shown.out.splitlines()[0]
        assert re.search(r" as (user \S+|token [0-9a-f]{8}…) at ", shown.out.splitlines()[0])
        assert "Planned 1" in shown.out
        assert "Planned 1" in desk.run("plan", file, "--full").out
        applied = desk.run("apply", file, ASSETMETA_PROFILE="work")
        assert (applied.code, applied.out) == (0, "3 done\n"), applied.err
        assert desk.names("Planned") == {f"Planned {number}": 1 for number in range(3)}

    def test_a_value_that_has_changed_since_is_1_and_nothing_is_written(self, desk: Desk) -> None:
        table, file = desk.table("Moved", Estimate="3"), str(desk.folder / "plan.json")
        assert desk.load(table, "--apply").code == 0
        assert desk.load(desk.table("Moved", Estimate="5"), "--plan", file).code == 0
        with V1Meta(**desk.server.credentials) as v1:
            v1.Story.where(Name="Moved 1").one().Estimate = 4
        before = desk.writes()
        found = desk.run("apply", file)
        assert (found.code, desk.writes()) == (1, before)
        assert "Values have changed" in found.err
        # Within a job the assets that nobody changed are written.
        found = desk.run("apply", file, "--job", "moved")
        assert found.code == 1
        assert "2 done, 1 failed" in found.err
        assert "was Decimal('3')" in found.err or "was 3" in found.err
        assert "assetmeta jobs resume moved" in found.err

    @pytest.mark.parametrize(
        ("more", "code", "words", "values"),
        [
            (("--conflicts", "overwrite"), 0, "2 done", [5, 5]),
            (("--conflicts", "error"), 1, "1 done, 1 failed", [5, 4]),
            (("--conflicts", "overwrite", "--job", "policy"), 0, "2 done", [5, 5]),
        ],
    )
    def test_conflicts_are_what_the_policy_makes_of_them(
        self, desk: Desk, more: tuple[str, ...], code: int, words: str, values: list[int]
    ) -> None:
        prefix, file = f"Policy {'-'.join(more)}", str(desk.folder / "plan.json")
        assert desk.load(desk.table(prefix, 2, Estimate="3"), "--apply").code == 0
        assert desk.load(desk.table(prefix, 2, Estimate="5"), "--plan", file).code == 0
        with V1Meta(**desk.server.credentials) as v1:
            v1.Story.where(Name=f"{prefix} 1").one().Estimate = 4
        found = desk.run("apply", file, *more)
        assert found.code == code, found.err
        assert words in found.out + found.err
        with V1Meta(**desk.server.credentials) as v1:
            assert values == [v1.Story.where(Name=f"{prefix} {number}").one().Estimate for number in range(2)]

    def test_what_is_no_plan_is_2(self, desk: Desk) -> None:
        (desk.folder / "no.json").write_text("{}", encoding="utf-8")
        for command in ("plan", "apply"):
            for file in ("no.json", "nowhere.json"):
                found = desk.run(command, str(desk.folder / file))
                assert (found.code, found.out) == (2, "")

    def test_interrupted_is_130(self, desk: Desk) -> None:
        file = str(desk.folder / "plan.json")
        desk.load(desk.table("Halted"), "--plan", file)
        desk.after(1, interrupt)
        found = desk.run("apply", file)
        assert found.code == 130
        # Another request may have been under way.
        assert re.search(r"interrupted: [12] done, ", found.err)
        assert "Make a new plan" in found.err


class TestJobs:
    def started(self, desk: Desk, prefix: str, job: str) -> Result:
        """A plan of five new assets, applied in a job whose server goes away in the middle of the third one."""
        file = str(desk.folder / f"{prefix}.json")
        assert desk.load(desk.table(prefix, 5), "--plan", file).code == 0
        desk.after(2, lambda: desk.server_goes_away("drop"))
        return desk.run("apply", file, "--job", job, "--give-up-after", "0")

    def test_a_job_that_broke_off_is_resumed_from_its_journal_alone(self, desk: Desk) -> None:
        found = self.started(desk, "Broken", "night 1")
        assert found.code == 1
        assert "2 done" in found.err
        assert "To go on: assetmeta jobs resume 'night 1'" in found.err
        listed = desk.run("jobs", ASSETMETA_PROFILE="")
        assert ["night 1", "unfinished", "2 of 5"] in [row[:3] for row in listed.rows]
        shown = desk.run("jobs", "show", "night 1")
        assert (shown.code, shown.out.startswith("night 1: unfinished; 2 of 5 done")) == (0, True)
        for file in desk.folder.glob("Broken.*"):
            file.unlink()
        desk.back_to_normal()
        resumed = desk.run("jobs", "resume", "night 1", ASSETMETA_PROFILE="work")
        assert (resumed.code, resumed.out) == (0, "5 done\n"), resumed.err
        assert desk.names("Broken") == {f"Broken {number}": 1 for number in range(5)}
        before = desk.writes()
        again = desk.run("jobs", "resume", "night 1")
        assert (again.code, desk.writes()) == (0, before)
        assert "nothing is sent" in again.out
        assert "night 1: finished" in desk.run("jobs", "forget", "night 1").out
        assert desk.run("jobs").rows[1:] == []
        assert list(folder_for(None).iterdir()) == []

    def test_the_same_command_goes_on_too(self, desk: Desk) -> None:
        self.started(desk, "Same", "same")
        desk.back_to_normal()
        found = desk.run("apply", str(desk.folder / "Same.json"), "--job", "same", "--quiet")
        assert found == (0, "", "")
        assert desk.names("Same") == {f"Same {number}": 1 for number in range(5)}

    def test_a_table_in_a_job_is_known_by_its_key(self, desk: Desk) -> None:
        table = desk.table("Keyed", 4)
        desk.after(1, lambda: desk.server_goes_away("drop"))
        broken = desk.load(table, "--apply", "--job", "keyed", "--give-up-after", "0")
        assert broken.code == 1
        desk.back_to_normal()
        assert desk.run("jobs", "resume", "keyed").code == 0
        assert desk.load(table, "--apply", "--job", "keyed").code == 0
        assert desk.names("Keyed") == {f"Keyed {number}": 1 for number in range(4)}

    def test_a_journal_is_extended_or_forgotten(self, desk: Desk) -> None:
        assert desk.load(desk.table("Grown", 2), "--apply", "--job", "grown").code == 0
        table = desk.table("Grown", 3)
        found = desk.load(table, "--apply", "--job", "grown")
        assert found.code == 1
        assert "does not fit" in found.err
        assert "--extend adds new changes to it" in found.err
        found = desk.load(table, "--apply", "--job", "grown", "--extend")
        assert (found.code, "3 done" in found.out) == (0, True), found.err
        found = desk.load(table, "--apply", "--job", "grown", "--fresh")
        assert (found.code, "0 done" in found.out) == (0, True), found.err
        assert desk.names("Grown") == {f"Grown {number}": 1 for number in range(3)}

    def test_interrupted_is_130_and_says_how_to_go_on(self, desk: Desk) -> None:
        desk.after(1, interrupt)
        found = desk.load(desk.table("Cut"), "--apply", "--job", "cut", "--profile", "work")
        assert found.code == 130
        assert "interrupted: cut: unfinished; 1 of 3 done" in found.err
        command = found.err.partition("To go on: ")[2].strip()
        assert command == "assetmeta jobs resume cut --profile work"
        desk.back_to_normal()
        assert desk.run(*shlex.split(command)[1:]).code == 0
        assert desk.names("Cut") == {f"Cut {number}": 1 for number in range(3)}

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("show",), "Which job?"),
            (("show", "nihgt"), "Did you mean night?"),
            (("resume", "other"), "There is no job"),
            (("stop", "night"), "stop"),
        ],
    )
    def test_wrong_use_is_2(self, desk: Desk, arguments: tuple[str, ...], words: str) -> None:
        assert desk.load(desk.table("Once"), "--apply", "--job", "night").code == 0
        found = desk.run("jobs", *arguments)
        assert (found.code, found.out) == (2, "")
        assert words in found.err

    def test_files_that_are_no_journals_are_named_and_left_alone(self, desk: Desk) -> None:
        assert desk.run("jobs").code == 0
        folder_for(None).mkdir(parents=True)
        odd = folder_for(None) / "odd.sqlite"
        odd.write_text("not a database, but text that is long enough to be looked at" * 20, encoding="utf-8")
        found = desk.run("jobs")
        assert (found.code, "odd.sqlite is not a journal" in found.err) == (0, True)
        assert odd.exists()
