"""What happens to a job when things go wrong, each story against the sandbox with its faults."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from decimal import Decimal

import pytest

from assetmeta import (
    AuthenticationFailed,
    Conflict,
    Done,
    Failed,
    Rejected,
    ResultChanged,
    Skipped,
    Unknown,
    Unreachable,
    V1Meta,
    inspect,
)
from assetmeta import sandbox as sandboxes


@pytest.fixture
def server() -> Iterator[sandboxes.Server]:
    with sandboxes.running("versionone") as running:
        yield running


@pytest.fixture
def v1(server: sandboxes.Server) -> V1Meta:
    return V1Meta(**server.credentials)


def backlog(v1: V1Meta, number: int) -> list:
    """That many stories of our own, loaded."""
    for index in range(number):
        v1.Story.new(Name=f"story {index}", Scope="Scope:0", Estimate=1)
    v1.commit().raise_if_failed()
    return v1.Story.where(Estimate=1).select("Name", "Estimate").all()


def writes(server: sandboxes.Server) -> int:
    """How many requests so far could have changed something."""
    return sum(1 for entry in server.requests if entry.method == "POST" and "query.v1" not in entry.path)


def test_two_servers_in_one_process_never_mix(server: sandboxes.Server, v1: V1Meta) -> None:
    with sandboxes.running("versionone") as another:
        other = V1Meta(**another.credentials)
        mine, theirs = backlog(v1, 3), backlog(other, 3)
        for one, two in zip(mine, theirs, strict=True):
            assert one.idref == two.idref
            one.Name, two.Name = "mine", "theirs"
        assert not v1.commit()
        assert {"mine"} == set(v1.Story.Name)
        assert "theirs" not in set(V1Meta(**another.credentials).Story.Name)
        assert other.pending == 3
        assert not other.commit()
        assert {"theirs"} == set(V1Meta(**another.credentials).Story.Name)


def test_an_exception_in_the_body_sends_nothing(server: sandboxes.Server, v1: V1Meta) -> None:
    stories = backlog(v1, 2)
    before = writes(server)
    with pytest.raises(ZeroDivisionError), v1:
        stories[0].Name = "never"
        v1.Story.new(Name="never", Scope="Scope:0")
        stories[1].Estimate = 1 / 0
    assert before == writes(server)
    assert v1.pending == 2


def test_one_of_ten_is_refused_and_nine_land(v1: V1Meta) -> None:
    stories = backlog(v1, 10)
    for story in stories:
        story.Name = "renamed"
    stories[2].Name = None
    report = v1.commit()
    assert [type(outcome) for outcome in report.outcomes] == [Done, Done, Failed, *[Done] * 7]
    assert isinstance(report.errors[0], Rejected)
    assert stories[2].idref in str(report)
    assert v1.pending == 1
    assert v1.Story.where(Name="renamed").count() == 9
    stories[2].Name = "renamed too"
    assert not v1.commit()


@pytest.mark.parametrize("number", [1, 30])
def test_a_connection_that_drops_after_the_server_applied_a_write(
    server: sandboxes.Server, v1: V1Meta, number: int
) -> None:
    stories = backlog(v1, number)
    for story in stories:
        story.Estimate = 5
    server.add_fault("drop", path="/api/asset" if number > 1 else "/Data/Story")
    report = v1.commit()
    assert {Unknown} == {type(outcome) for outcome in report.outcomes}
    assert v1.pending == number
    before = writes(server)
    assert not v1.commit()
    assert before == writes(server)
    assert v1.pending == 0
    assert [Decimal(5)] * number == list(V1Meta(**server.credentials).Story.Estimate)


def test_creates_that_were_never_answered_are_not_repeated(server: sandboxes.Server, v1: V1Meta) -> None:
    news = [v1.Story.new(Name=f"new {index}", Scope="Scope:0") for index in range(3)]
    v1.Task.new(Name="below", Parent=news[0])
    server.add_fault("drop", path="/api/asset")
    report = v1.commit()
    assert len(report.done) == 0
    for _ in range(2):
        again = v1.commit()
        assert {type(outcome) for outcome in again.outcomes} <= {Unknown, Skipped}
    assert v1.Story.where(v1.Story.Name.contains("new ")).count() == 3
    v1.revert()
    assert v1.pending == 0


def test_a_server_that_breaks_before_applying_loses_nothing(server: sandboxes.Server, v1: V1Meta) -> None:
    stories = backlog(v1, 5)
    for story in stories:
        story.Estimate = 8
    server.add_fault("drop-before", path="/api/asset")
    assert v1.commit()
    assert not v1.commit()
    assert [Decimal(8)] * 5 == list(V1Meta(**server.credentials).Story.Estimate)


JOB = """
    import sys
    from assetmeta import V1Meta
    v1 = V1Meta(instance_url=sys.argv[1], username="admin", password="admin")
    print("started", flush=True)
    while True:
        stories = v1.Story.where(Estimate=1).select("Name", "Estimate")[:20].all()
        if not stories:
            break
        for story in stories:
            story.Estimate = 2
            v1.Task.new(Name="done for " + story.Name, Parent=story)
        v1.commit().raise_if_failed()
        print("chunk", flush=True)
"""


def test_a_job_that_is_killed_and_run_again_ends_where_it_should(server: sandboxes.Server, v1: V1Meta) -> None:
    backlog(v1, 100)
    command = [sys.executable, "-c", textwrap.dedent(JOB), server.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as job:
        assert job.stdout is not None
        for _ in range(3):
            job.stdout.readline()
        job.send_signal(signal.SIGKILL)
    assert v1.Story.where(Estimate=1).count() > 0
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    assert v1.Story.where(Estimate=1).count() == 0
    assert v1.Story.where(Estimate=2).count() == 100


def test_a_page_that_disappears_while_paging_is_reported(server: sandboxes.Server) -> None:
    session = V1Meta(**server.credentials, page_size=10)
    backlog(session, 40)
    pages = session.Story.sort("Name").select("Name").pages()
    assert len(next(pages)) == 10
    V1Meta(**server.credentials).Story.sort("Name")[5:15].delete()
    other = V1Meta(**server.credentials)
    other.Story.sort("Name")[5:15].delete()
    assert not other.commit()
    with pytest.raises(ResultChanged, match="changed while it was being read"):
        list(pages)


def test_a_refused_login_in_mid_job_is_one_attempt(server: sandboxes.Server, v1: V1Meta) -> None:
    stories = backlog(v1, 4)
    with V1Meta(**server.token_credentials) as admin:
        admin.Member(20).Password = "another"
    for story in stories:
        story.Estimate = 3
    server.requests.clear()
    report = v1.commit()
    assert {Failed} == {type(outcome) for outcome in report.outcomes}
    assert {AuthenticationFailed} == {type(error) for error in report}
    assert [entry.status for entry in server.requests] == [401]
    assert v1.pending == 4


def test_retry_after_is_obeyed(server: sandboxes.Server) -> None:
    waited: list[float] = []
    v1 = V1Meta(**server.credentials, sleep=waited.append, clock=lambda: sum(waited))
    stories = backlog(v1, 3)
    for story in stories:
        story.Estimate = 3
    server.add_fault("429=1", path="/api/asset")
    assert not v1.commit()
    assert waited == [1]
    assert [entry.status for entry in server.requests if "/api/asset" in entry.path][-2:] == [429, 200]


def test_somebody_else_changes_the_same_and_another_attribute(server: sandboxes.Server, v1: V1Meta) -> None:
    one, two = backlog(v1, 2)
    one.Estimate = two.Estimate = 5
    with V1Meta(**server.credentials) as other:
        other.Story(one.intid).Estimate = 8
        other.Story(two.intid).Name = "theirs"
    report = v1.commit(conflicts="error")
    [error] = report
    assert isinstance(error, Conflict)
    assert (error.clashes[0].was, error.clashes[0].mine, error.clashes[0].theirs) == (1, 5, 8)
    assert one.idref == error.oid
    fresh = V1Meta(**server.credentials)
    assert (fresh.Story(one.intid).Estimate, fresh.Story(two.intid).Estimate) == (8, 5)
    assert fresh.Story(two.intid).Name == "theirs"
    inspect(one).revert()
    assert inspect(one).refresh().Estimate == 8


def test_what_an_operation_without_an_answer_may_have_changed_is_read_again(
    server: sandboxes.Server, v1: V1Meta
) -> None:
    one, two = backlog(v1, 2)
    assert {"Active"} == {story.AssetState.name for story in (one, two)}
    server.add_fault("drop", method="POST", path="/Data/Story")
    with pytest.raises(Unreachable):
        one.QuickClose()
    assert one.AssetState.name == "Closed"
    server.add_fault("drop", method="POST", path="/Data/Story")
    assert {Unknown} == {type(outcome) for outcome in v1.Story.where(Number=two.Number).execute("QuickClose").outcomes}
    assert two.AssetState.name == "Closed"


def test_lists_that_may_have_a_create_without_an_answer_are_read_again(server: sandboxes.Server, v1: V1Meta) -> None:
    [story] = backlog(v1, 1)
    assert len(story.Children) == 0
    server.add_fault("drop", method="POST", path="/Data/Task")
    with pytest.raises(Unreachable):
        v1.Task.create(Name="now", Parent=story)
    assert ["now"] == [child.Name for child in story.Children]
    server.add_fault("drop", method="POST", path="/Data/Task")
    task = v1.Task.new(Name="later", Parent=story)
    assert v1.commit().unknown
    inspect(task).revert()
    assert {"now", "later"} == {child.Name for child in story.Children}
