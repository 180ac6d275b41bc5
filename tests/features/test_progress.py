"""Progress and logs: what is shown of commits, files and queries, where, and for how many requests."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from assetmeta import BadValue, Rejected, V1Meta, inspect, sandbox
from assetmeta.core.checksums import ReadMeter
from assetmeta.features import progress
from assetmeta.features.progress import LineMeter, OutcomeFile, meter, metered


class Terminal(io.StringIO):
    """What a person sees."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(scope="module")
def server() -> Iterator[sandbox.Server]:
    with sandbox.running("versionone", assets=100) as running:
        yield running


@pytest.fixture
def v1(server: sandbox.Server) -> Iterator[V1Meta]:
    session = V1Meta(**server.credentials)
    assert session.types
    yield session
    session.close()


Told = list[tuple[int, int | None, str]]


def note(told: Told) -> Any:
    return lambda done, total, what: told.append((done, total, what))


def new_stories(v1: V1Meta, number: int) -> list[Any]:
    return [v1.Story.new(Name=f"Story {place}", Scope="Scope:0") for place in range(number)]


def test_a_function_hears_of_each_round_of_a_commit(server: sandbox.Server) -> None:
    with V1Meta(**server.credentials, bulk=False) as v1:
        new_stories(v1, 100)
        told: Told = []
        v1.commit(progress=note(told)).raise_if_failed()
    assert (0, 100, "commit") == told[0]
    assert (100, 100, "commit") == told[-1]
    assert sorted(done for done, _, _ in told) == [done for done, _, _ in told]
    assert 3 <= len(told)


def test_failed_changes_count_and_skipped_ones_do_not(v1: V1Meta) -> None:
    told: Told = []
    bad = v1.Story.new(Name="x", Scope="Scope:0", Estimate=-1, Status="StoryStatus:999999")
    v1.Task.new(Name="needs it", Parent=bad)
    new_stories(v1, 1)
    report = v1.commit(progress=note(told))
    assert (1, 1, 1) == (len(report.done), len(report.failed), len(report.skipped))
    assert (2, 3) == told[-1][:2]
    v1.revert()


def test_what_a_function_raises_breaks_the_commit_off_and_nothing_is_lost(v1: V1Meta) -> None:
    stories = new_stories(v1, 2)

    def broken(done: int, total: int | None, what: str) -> None:
        if done:
            raise RuntimeError("no more")

    with pytest.raises(RuntimeError):
        v1.commit(progress=broken)
    assert not any(story._state.oid.is_new for story in stories)
    assert 0 == v1.pending


def test_nothing_to_commit_shows_nothing(v1: V1Meta, capsys: pytest.CaptureFixture[str]) -> None:
    told: Told = []
    v1.commit(progress=note(told))
    v1.commit(progress=True)
    assert ([], "") == (told, capsys.readouterr().err)


def test_without_a_terminal_there_are_plain_lines(v1: V1Meta, capsys: pytest.CaptureFixture[str]) -> None:
    new_stories(v1, 3)
    v1.commit(progress=True).raise_if_failed()
    assert ["commit: 0 of 3 changes", "commit: 3 of 3 changes"] == capsys.readouterr().err.splitlines()


def test_in_a_terminal_there_is_a_bar(v1: V1Meta, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    new_stories(v1, 3)
    v1.commit(progress=True).raise_if_failed()
    assert "3/3" in screen.getvalue()
    assert "commit" in screen.getvalue()
    assert "changes" not in screen.getvalue()


def test_a_bar_is_left_when_nothing_is_sent(server: sandbox.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    v1 = V1Meta(**server.credentials)
    new_stories(v1, 1)
    v1.close()
    with pytest.raises(Exception, match="closed"):
        v1.commit(progress=True)
    # Another bar can be drawn, which rich refuses while there is one.
    with metered(True, "x", 1, "") as tell:
        tell(1)


def test_how_far_it_came_is_shown_also_where_it_breaks_off(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), metered(True, "x", 1000, "bytes") as tell:
        tell(100)
        tell(150)
        1 / 0
    assert [
        "x: 0 of 1000 bytes",
        "x: 100 of 1000 bytes",
        "x: 150 of 1000 bytes",
    ] == capsys.readouterr().err.splitlines()


def test_several_observers_hear_of_everything() -> None:
    heard: list[tuple[str, str, object]] = []

    class Observer:
        def __init__(self, name: str) -> None:
            self.name = name

        def __getattr__(self, word: str) -> Any:
            return lambda given: heard.append((self.name, word, given))

    both = progress._Several([Observer("a"), Observer("b")])
    words = ("on_start", "on_send", "on_outcomes", "on_end")
    for word in words:
        getattr(both, word)(word)
    assert [(name, word, word) for word in words for name in "ab"] == heard


def test_without_rich_there_are_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich.console", None)
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert isinstance(meter(True, "x"), LineMeter)


def test_a_notebook_gets_a_bar_where_it_can_show_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "_is_notebook", lambda: True)
    monkeypatch.setitem(sys.modules, "ipywidgets", SimpleNamespace())
    monkeypatch.setattr(progress, "BarMeter", lambda rich, console, what, unit: (rich.__name__, console.stderr, what))
    assert ("rich.progress", False, "x") == meter(True, "x")
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    capsys.readouterr()
    with metered(True, "x", 1, "") as tell:
        tell(1)
    assert ("x: 0 of 1\nx: 1 of 1\n", "") == tuple(capsys.readouterr())


@pytest.mark.parametrize("wrong", ["yes", 1, []], ids=repr)
def test_what_shows_nothing_is_refused_before_anything_is_sent(v1: V1Meta, wrong: Any) -> None:
    new_stories(v1, 1)
    with v1.trace() as trace, pytest.raises(BadValue, match="progress= takes True or a function"):
        v1.commit(progress=wrong)
    assert (0, 1) == (len(trace), v1.pending)


def test_lines_come_at_every_tenth_part_and_at_the_end() -> None:
    stream = io.StringIO()
    lines = LineMeter("read", "", stream)
    for done in range(1001):
        lines.update(done, 1000)
    lines.close()
    assert [f"read: {done} of 1000" for done in range(0, 1001, 100)] == stream.getvalue().splitlines()


def test_lines_double_where_the_size_is_not_known() -> None:
    stream = io.StringIO()
    lines = LineMeter("read", "bytes", stream)
    for done in range(1001):
        lines.update(done, None)
    lines.close()
    assert [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000] == [
        int(line.split()[1]) for line in stream.getvalue().splitlines()
    ]


class TestFiles:
    def test_a_file_is_followed_on_both_ways(self, v1: V1Meta, tmp_path: Path) -> None:
        content = bytes(300_000)
        [story] = new_stories(v1, 1)
        v1.commit().raise_if_failed()
        attachment = v1.Attachment.create(Name="file", Filename="file.bin", ContentType="x/y", Asset=story, Content=b"")
        up: Told = []
        inspect(attachment).upload(content, progress=note(up))
        assert (0, 300_000, f"upload {attachment.idref}") == up[0]
        assert 300_000 == up[-1][0]
        assert len(up) > 3
        down: Told = []
        sink = io.BytesIO()
        inspect(attachment).download(sink, progress=note(down))
        assert (content, 300_000, f"download {attachment.idref}") == (sink.getvalue(), down[-1][0], down[-1][2])
        saved: Told = []
        assert content == inspect(attachment).save(tmp_path, progress=note(saved)).read_bytes()
        assert 300_000 == saved[-1][0]

    def test_what_is_read_again_counts_again(self) -> None:
        told: list[int] = []
        read = ReadMeter(io.BytesIO(b"abcdef"), told.append)
        assert (6, b"abcd") == (read.size, read.read(4))
        read.seek(0)
        assert b"abcdef" == read.read()
        assert [4, 6] == told
        begun = io.BytesIO(b"abcdef")
        begun.seek(2)
        assert (4, b"cdef", 6) == ((rest := ReadMeter(begun, told.append)).size, rest.read(None), rest.tell())


class TestQueries:
    def test_a_stream_knows_its_size_by_one_request(self, v1: V1Meta) -> None:
        query = v1.Story.select("Name")
        number = len(list(query))
        with v1.trace() as trace:
            stream = query.progress()
            assert number == len(stream) == len(stream)
        assert 1 == len(trace)
        with v1.trace() as trace:
            assert number == len(list(stream))
        assert 1 == len(trace)

    def test_pages_are_read_one_by_one_and_not_counted_again(self, server: sandbox.Server) -> None:
        v1 = V1Meta(**server.credentials, page_size=10)
        for story in new_stories(v1, 40):
            story.Reference = "paged"
        v1.commit().raise_if_failed()
        query = v1.Story.where(Reference="paged").select("Name").page(35)
        with v1.trace() as trace:
            stream = query.progress()
            assert 35 == len(stream)
            first = next(iter(stream))
        assert 2 == len(trace)
        with v1.trace() as trace:
            found = list(stream)
        assert (35, first, 4) == (len(found), found[0], len(trace))

    def test_a_result_that_changes_meanwhile_is_read_as_it_is_now(self, server: sandbox.Server) -> None:
        v1, other = (V1Meta(**server.credentials, page_size=5) for _ in range(2))
        made = new_stories(other, 12)
        for story in made:
            story.Reference = "changes"
        other.commit().raise_if_failed()
        query = v1.Story.where(Reference="changes").select("Name")
        stream = query.progress()
        assert 12 == len(stream)
        other.delete(made[0])
        other.commit().raise_if_failed()
        assert 11 == len(list(stream))
        for story in new_stories(other, 9):
            story.Reference = "changes"
        other.commit().raise_if_failed()
        assert 20 == len(list(stream))

    def test_it_draws_its_own_bar(self, v1: V1Meta, capsys: pytest.CaptureFixture[str]) -> None:
        number = len(list(v1.Story.select("Name").progress(bar=True)))
        assert capsys.readouterr().err.splitlines()[-1] == f"read Story: {number} of {number}"

    def test_its_repr_sends_nothing(self, v1: V1Meta) -> None:
        with v1.trace() as trace:
            assert "not counted yet" in repr(v1.Story.progress())
        assert 0 == len(trace)

    def test_rich_tracks_it(self, v1: V1Meta) -> None:
        from rich.progress import track

        stream = v1.Story.select("Name").progress()
        screen = io.StringIO()
        assert len(stream) == len(list(track(stream, console=Console(file=screen, force_terminal=True))))
        assert "100%" in screen.getvalue()


class TestLogs:
    def test_each_outcome_is_one_line_of_json(self, v1: V1Meta, tmp_path: Path) -> None:
        file = tmp_path / "outcomes.jsonl"
        [fine] = new_stories(v1, 1)
        bad = v1.Story.new(Name="x", Scope="Scope:0", Status="StoryStatus:999999")
        task = v1.Task.new(Name="needs it", Parent=bad)
        tokens = [asset.idref for asset in (fine, bad, task)]
        v1.commit(log=file)
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        assert 3 == len(lines)
        by_key = {line["create"][1]: line for line in lines}
        assert ["done", "failed", "skipped"] == [by_key[token.partition(":")[2]]["outcome"] for token in tokens]
        done, failed, skipped = (by_key[token.partition(":")[2]] for token in tokens)
        assert fine.idref == done["asset"]
        assert {"name": "Name", "new": "Story 0"} in done["values"]
        assert Rejected.__name__ == failed["error"]["type"]
        assert "Status" in failed["error"]["message"]
        assert bad.idref == skipped["needs"]
        assert datetime.fromisoformat(done["time"]).tzinfo is not None
        assert 0o600 == file.stat().st_mode & 0o777
        v1.revert()
        fine.Name = "another"
        v1.commit(log=file)
        last = json.loads(file.read_text(encoding="utf-8").splitlines()[-1])
        assert (4, "done", ["Story", fine.intid]) == (
            len(file.read_text(encoding="utf-8").splitlines()),
            last["outcome"],
            last["update"],
        )

    def test_no_secret_is_in_it(self, v1: V1Meta, tmp_path: Path) -> None:
        file = tmp_path / "outcomes.jsonl"
        role = v1.Member.first().DefaultRole
        v1.Member.new(Name="Ann", Nickname="Ann", Username="ann", DefaultRole=role, Password="hunter2hunter2")
        v1.commit(log=file).raise_if_failed()
        text = file.read_text(encoding="utf-8")
        assert "Password" in text
        assert "hunter2" not in text

    def test_a_log_that_cannot_be_written_stops_the_commit_before_anything_is_sent(
        self, v1: V1Meta, tmp_path: Path
    ) -> None:
        new_stories(v1, 1)
        with v1.trace() as trace, pytest.raises(OSError):
            v1.commit(log=tmp_path / "none" / "outcomes.jsonl")
        assert (0, 1) == (len(trace), v1.pending)

    def test_a_line_has_the_time_of_its_outcome(self, v1: V1Meta, tmp_path: Path) -> None:
        log = OutcomeFile(tmp_path / "x.jsonl", lambda: datetime(2026, 3, 1, 2, tzinfo=UTC))
        new_stories(v1, 1)
        report = v1.commit()
        log.on_end(report.outcomes)
        log.on_end(report.outcomes)
        [line] = (tmp_path / "x.jsonl").read_text().splitlines()
        assert "2026-03-01T02:00:00.000+00:00" == json.loads(line)["time"]

    def test_a_commit_is_logged_with_its_rounds_and_counts(self, v1: V1Meta, caplog: pytest.LogCaptureFixture) -> None:
        new_stories(v1, 3)
        with caplog.at_level(logging.INFO, logger="assetmeta"):
            v1.commit().raise_if_failed()
        told = [record.getMessage() for record in caplog.records if record.name.startswith("assetmeta.core.")]
        assert ["commit of 3 changes: 3 create", "round 1: 3 changes", "commit ended: 3 done"] == told
        assert all(record.levelno >= logging.INFO for record in caplog.records)
        caplog.clear()
        with caplog.at_level(logging.DEBUG, logger="assetmeta"):
            v1.commit()
            v1.Story.count()
        assert ["assetmeta.wire.sender"] == [record.name for record in caplog.records]


class TestJobs:
    def test_a_job_is_followed_over_passing_faults(self, server: sandbox.Server, tmp_path: Path) -> None:
        v1 = V1Meta(**server.credentials, bulk=False, pool=1, sleep=lambda seconds: None)
        assert v1.types
        told: Told = []
        file = tmp_path / "outcomes.jsonl"
        server.add_fault("drop", path="/Data/Story", method="POST")
        with v1.job("followed", folder=tmp_path, progress=note(told), log=file) as job:
            new_stories(v1, 70)
        assert 70 == len(job.report.done)
        assert {"job followed"} == {what for _, _, what in told}
        assert (70, 70) == told[-1][:2]
        assert {70} == {total for _, total, _ in told}
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        last = {line["create"][1]: line["outcome"] for line in lines if "create" in line}
        assert {"done"} == set(last.values())
        with v1.job("followed", folder=tmp_path, progress=note(again := []), log=file):
            new_stories(v1, 70)
        assert [] == again
        assert len(lines) == len(file.read_text(encoding="utf-8").splitlines())
        v1.close()
