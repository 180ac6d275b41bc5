"""One session used by several threads at once, and commits broken off, against the sandbox."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
import requests

from assetmeta import Done, Unknown, V1Meta, inspect
from assetmeta import sandbox as sandboxes
from core.fake import Bench
from nonempty import nonempty


@pytest.fixture(scope="module")
def server() -> Iterator[sandboxes.Server]:
    with sandboxes.running("versionone", assets=60, seed=4) as running:
        yield running


@pytest.fixture
def v1(server: sandboxes.Server) -> V1Meta:
    session = V1Meta(**server.credentials)
    assert "Story" in session.types
    return session


@contextmanager
def restless() -> Iterator[None]:
    """Let threads take turns as often as can be."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def together(*works: Callable[[], object]) -> None:
    """Do everything at the same time; raise what one of them raises."""
    errors: list[BaseException] = []

    def doing(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=doing, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def named(server: sandboxes.Server, text: str) -> list[str]:
    """The names on the server that contain a text, as a fresh session sees them."""
    fresh = V1Meta(**server.credentials)
    return sorted(fresh.Story.where(fresh.Story.Name.contains(text)).select("Name").Name)


def test_the_last_touched_are_kept_from_several_threads() -> None:
    bench = Bench(keep=5)

    def touching(start: int) -> None:
        for number in range(2000):
            assert bench.Story(number % 97 + start).intid == number % 97 + start

    with restless():
        together(*(lambda start=start: touching(start) for start in range(4)))
    assert len(bench.context.identity) == 5
    assert bench.requests == 0


def test_identities_are_renamed_while_others_are_touched() -> None:
    bench = Bench(keep=5)

    def creating() -> None:
        for number in range(100):
            bench.Story.create(Name=f"story {number}")

    def touching() -> None:
        for number in range(2000):
            bench.Story(1000 + number % 120)

    with restless():
        together(creating, touching, touching)
    assert len(bench.unit) == 0
    assert [f"story {number}" for number in range(100)] == [story.Name for story in bench.Story]


def test_creates_and_commits_at_the_same_time_create_once(server: sandboxes.Server, v1: V1Meta) -> None:
    created = threading.Event()

    def committing() -> None:
        while not created.is_set():
            assert not v1.commit()

    def creating() -> None:
        try:
            for number in range(8):
                v1.Story.create(Name=f"at once {number}", Scope="Scope:0")
                v1.Story.new(Name=f"at once, pending {number}", Scope="Scope:0")
        finally:
            created.set()

    together(committing, creating)
    assert not v1.commit()
    assert v1.pending == 0
    expected = [f"at once {number}" for number in range(8)] + [f"at once, pending {number}" for number in range(8)]
    assert sorted(expected) == named(server, "at once")


def test_several_commits_at_the_same_time_send_every_change_once(server: sandboxes.Server, v1: V1Meta) -> None:
    for number in range(20):
        v1.Story.new(Name=f"committed {number}", Scope="Scope:0")
    together(*[v1.commit] * 4)
    assert v1.pending == 0
    assert len(named(server, "committed")) == 20


def test_an_edit_in_another_thread_during_a_commit_is_not_lost(server: sandboxes.Server, v1: V1Meta) -> None:
    stories = [v1.Story.create(Name=f"edited {number}", Scope="Scope:0") for number in range(4)]
    finished = threading.Event()

    def editing(story: object) -> None:
        for number in range(40):
            story.Estimate = number  # type: ignore[attr-defined]
            story.Owners.add("Member:20")  # type: ignore[attr-defined]
            story.Owners.remove("Member:20")  # type: ignore[attr-defined]

    def committing() -> None:
        while not finished.is_set():
            assert not v1.commit()

    commits = threading.Thread(target=committing)
    commits.start()
    try:
        together(*(lambda story=story: editing(story) for story in stories))
    finally:
        finished.set()
        commits.join()
    assert not v1.commit()
    assert v1.pending == 0
    fresh = V1Meta(**server.credentials)
    assert [(Decimal(39), 0)] * 4 == [
        (fresh.Story(story.intid).Estimate, len(fresh.Story(story.intid).Owners)) for story in stories
    ]


def test_new_assets_that_are_read_while_they_are_committed_have_one_state(server: sandboxes.Server) -> None:
    # Written one by one, so that the first exist long before the last.
    v1 = V1Meta(**server.credentials, bulk=False)
    news = [v1.Story.new(Name=f"early {number}", Scope="Scope:0") for number in range(40)]
    early = []

    def reading() -> None:
        while len(early) == 0 and v1.pending:
            early.extend(v1.Story.where(v1.Story.Name.contains("early ")).select("Name"))

    together(lambda: v1.commit().raise_if_failed(), reading)
    by_token = {story.idref: story for story in news}
    assert 1 <= len(early) <= 40
    for story in early:
        story.Estimate = 7
        assert by_token[story.idref].Estimate == 7
    assert not v1.commit()
    assert len(early) == V1Meta(**server.credentials).Story.where(Estimate=7, Name=[s.Name for s in news]).count()


def test_many_threads_walk_and_edit_the_same_assets(server: sandboxes.Server) -> None:
    v1 = V1Meta(**server.credentials, keep=20)
    assert "Story" in v1.types

    def working() -> None:
        for story in nonempty(v1.Story.select("Name")):
            assert story.Scope.Name is not None
            assert all(task.Name for task in story.Children)
            story.Estimate = 1
            inspect(story).revert()
        v1.plan()

    with restless():
        together(*[working] * 4)
    assert v1.pending == 0


@pytest.mark.parametrize("bulk", [True, False])
def test_a_commit_that_was_interrupted_is_not_sent_again(
    server: sandboxes.Server, monkeypatch: pytest.MonkeyPatch, bulk: bool
) -> None:
    name = f"interrupted {'at once' if bulk else 'one by one'}"
    v1 = V1Meta(**server.credentials, bulk=bulk)
    for _ in range(6):
        v1.Story.new(Name=name, Scope="Scope:0")
    send = requests.Session.send

    def interrupted(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        # The server has carried it out, and Ctrl-C comes before the answer is read.
        send(session, request, **options).close()
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(requests.Session, "send", interrupted)
        with pytest.raises(KeyboardInterrupt):
            v1.commit()
    with v1.trace() as ledger:
        for _ in range(2):
            # What had not been sent is sent now; what was under way is not, for it may be there.
            kinds = [type(outcome) for outcome in v1.commit().outcomes]
            assert Unknown in kinds
            assert {Unknown, Done} >= set(kinds)
        v1.revert()
        assert not v1.commit()
    assert len(ledger) == 0 or not bulk
    assert 6 == len(named(server, name))
