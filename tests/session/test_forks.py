"""Forked processes: a session that was made before a fork is used by parent and children, and nothing crosses."""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from assetmeta import NotFound, TestspaceMeta, V1Meta, ValispaceMeta, ValohaiMeta, sandbox
from assetmeta.model import processes
from assetmeta.model.http import Request
from assetmeta.wire.auth import SharedAttempt
from assetmeta.wire.oauth import OAuth2

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")

CLASSES: dict[str, Any] = {
    "versionone": V1Meta,
    "valispace": ValispaceMeta,
    "valohai": ValohaiMeta,
    "testspace": TestspaceMeta,
}
TYPES = {"versionone": "Story", "valispace": "Component", "valohai": "Project", "testspace": "Space"}
TEXTS = {"versionone": "Name", "valispace": "name", "valohai": "name", "testspace": "name"}


@pytest.fixture(scope="module", params=CLASSES)
def server(request: pytest.FixtureRequest) -> Iterator[sandbox.Server]:
    with sandbox.running(request.param, assets=60) as running:
        yield running


@pytest.fixture(scope="module")
def versionone() -> Iterator[sandbox.Server]:
    with sandbox.running("versionone", assets=60) as running:
        yield running


def forked(work: Callable[[], Any]) -> Callable[[], Any]:
    """Begin a child that does *work*; what is returned waits for it and gives its JSON, or raises what it met."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            answer = {"value": work()}
        except BaseException as error:  # noqa: BLE001
            answer = {"error": f"{type(error).__name__}: {error}"}
        with os.fdopen(writing, "w") as pipe:
            json.dump(answer, pipe)
        os._exit(0)
    os.close(writing)

    def result() -> Any:
        with os.fdopen(reading) as pipe:
            answer = json.load(pipe)
        os.waitpid(child, 0)
        assert "error" not in answer, answer["error"]
        return answer["value"]

    return result


def session_for(server: sandbox.Server, **settings: Any) -> Any:
    return CLASSES[server.name](**server.credentials, **settings)


def names_read(session: Any, server: sandbox.Server, tokens: list[str]) -> list[Any]:
    """Every name, read from the server anew, from several threads and one request each."""
    text = TEXTS[server.name]

    def read(token: str) -> Any:
        kind = token.partition(":")[0]
        with session.loading("one"):
            asset = session.asset_from_oid(token)
            from_server = session.query(kind).where(**{text: getattr(asset, text)}).first()
            return getattr(from_server, text)

    with ThreadPoolExecutor(4) as threads:
        return list(threads.map(read, tokens))


def test_answers_of_parent_and_children_never_cross(server: sandbox.Server) -> None:
    with session_for(server) as session:
        assets = list(session.query(TYPES[server.name]))[:12]
        tokens = [asset.idref if hasattr(asset, "idref") else asset.oid for asset in assets]
        known = {token: getattr(asset, TEXTS[server.name]) for token, asset in zip(tokens, assets, strict=True)}
        children = [forked(lambda: names_read(session, server, list(map(str, tokens)) * 2)) for _ in range(3)]
        mine = names_read(session, server, list(map(str, tokens)) * 2)
        expected = [known[token] for token in tokens] * 2
        assert mine == expected
        assert [child() for child in children] == [expected] * 3


def test_what_was_loaded_is_usable_without_a_request(server: sandbox.Server) -> None:
    with session_for(server) as session:
        asset = session.query(TYPES[server.name]).first()
        name = getattr(asset, TEXTS[server.name])

        def work() -> Any:
            return [getattr(asset, TEXTS[server.name]), len(session.ledger)]

        assert len(session.ledger) > 0
        assert forked(work)() == [name, 0]


def test_pending_changes_are_committed_by_the_process_that_made_them(versionone: sandbox.Server) -> None:
    with session_for(versionone) as v1:
        story, doomed = v1.Story.where(AssetState="Active")[:2]
        before = story.Name
        story.Name = "written by the parent"
        v1.delete(doomed)
        new = v1.Story.new(Name="made once", Scope="Scope:0")

        def work() -> Any:
            report = v1.commit()
            with pytest.raises(NotFound, match="which alone creates it"):
                _ = new.Name
            shown = [len(v1.ledger), bool(report), str(report), v1.pending, doomed.Name != "", story.Name]
            story.Name = f"{story.Name} (child)"
            with v1:
                pass
            return [*shown, str(v1.commit())]

        sent, failed, text, pending, alive, name, again = forked(work)()
        assert (sent, failed, pending, alive, name) == (0, False, 0, True, before)
        assert f"3 pending changes of process {os.getpid()}, made before the fork, are left to that process" in text
        assert again == "0 done"
        assert v1.pending == 3
        assert len(v1.commit().done) == 3
        assert len(v1.Story.where(Name="made once")) == 1
        assert story.Name == "written by the parent"


def test_locks_that_other_threads_hold_are_free_in_the_child(
    server: sandbox.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_PATIENCE", 0.02)
    with session_for(server) as session:
        asset = session.query(TYPES[server.name]).first()
        held, go_on = threading.Event(), threading.Event()
        backend, driver = session.backend, session._driver
        locks = [
            session._context.lock,
            session._context.identity._lock,
            session._schemas._lock,
            session._writer._committing,
            driver._lock,
            driver.ledger._lock,
            driver._guard._lock,
            driver._transport._shared.adapters["https://"].poolmanager.pools.lock,
        ]
        if hasattr(backend, "learned"):
            locks.append(backend.memory.lock)

        def hold() -> None:
            for lock in locks:
                lock.acquire()
            held.set()
            go_on.wait(20)
            for lock in locks:
                lock.release()

        thread = threading.Thread(target=hold)
        thread.start()
        assert held.wait(5)

        def work() -> Any:
            setattr(asset, TEXTS[server.name], getattr(asset, TEXTS[server.name]))
            session.commit()
            return len(list(session.query(TYPES[server.name]))) > 0

        child = forked(work)
        go_on.set()
        thread.join()
        assert child() is True


def test_threads_that_ran_before_the_fork_are_started_again(server: sandbox.Server) -> None:
    several = tuple(Request("GET", "", idempotent=True) for _ in range(6))

    def ask() -> Any:
        return (yield several)

    with session_for(server) as session:
        list(session.query(TYPES[server.name])[:1])
        assert len(session.run(ask())) == 6
        assert session._driver._threads is not None
        assert forked(lambda: len(session.run(ask())))() == 6


def test_workers_after_a_preload_each_serve_with_threads(versionone: sandbox.Server) -> None:
    """As a web server that loads the application before it forks: workers with threads, replaced when they end."""
    with session_for(versionone) as v1:
        numbers = [story.Number for story in v1.Story]

        def serve() -> Any:
            with ThreadPoolExecutor(4) as threads:
                return list(threads.map(lambda number: v1.Story.where(Number=number).first().Number, numbers))

        for _ in range(2):
            workers = [forked(serve) for _ in range(2)]
            assert [worker() for worker in workers] == [numbers] * 2


def test_a_pool_of_workers_that_commit(versionone: sandbox.Server) -> None:
    """As a task queue that forks its workers: each task edits an asset of its own and commits."""
    with session_for(versionone) as v1:
        stories = list(v1.Story)

        def task(place: int) -> Any:
            stories[place].Name = f"task {place}"
            return len(v1.commit().done)

        workers = [forked(lambda place=place: task(place)) for place in range(len(stories))]  # type: ignore[misc]
        assert [worker() for worker in workers] == [1] * len(stories)
        assert sorted(story.Name for story in v1.Story if story.Name.startswith("task ")) == [
            f"task {place}" for place in range(len(stories))
        ]


def test_multiprocessing_with_forks(versionone: sandbox.Server) -> None:
    context = multiprocessing.get_context("fork")
    with session_for(versionone) as v1:
        stories = list(v1.Story)
        for story in stories:
            assert story.Number
        answers: Any = context.SimpleQueue()

        def work(place: int) -> None:
            answers.put((place, v1.Story.where(Number=stories[place].Number).first().Number))

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            workers = [context.Process(target=work, args=(place,)) for place in range(len(stories))]
            for worker in workers:
                worker.start()
        found = dict(answers.get() for _ in workers)
        for worker in workers:
            worker.join()
        assert found == {place: story.Number for place, story in enumerate(stories)}


def test_cookies_and_connections_are_new(versionone: sandbox.Server) -> None:
    with session_for(versionone) as v1:
        list(v1.Story[:1])
        line = v1._driver._transport
        line._cookies.set("node", "7")
        shared = line._shared

        def work() -> Any:
            return [len(line._cookies), line._shared is shared, v1._driver._guard.is_open]

        assert forked(work)() == [0, False, False]
        assert len(line._cookies) == 1


def test_an_attempt_under_way_is_not_waited_for() -> None:
    attempts = SharedAttempt()
    running, go_on = threading.Event(), threading.Event()

    def slow() -> bool:
        running.set()
        return go_on.wait(20)

    thread = threading.Thread(target=attempts.run, args=(lambda: False, slow))
    thread.start()
    assert running.wait(5)
    child = forked(lambda: attempts.run(lambda: False, lambda: True))
    go_on.set()
    thread.join()
    assert child() is True


def test_a_token_that_can_be_got_again_is_the_childs_own() -> None:
    given: dict[str, Any] = {"client_id": "app", "token_uri": "https://host/token", "access_token": "a1"}
    alone = OAuth2(**given, refresh_token="r1")
    by_name = OAuth2(**given, refresh_token="r1", username="joe", password="pw")
    assert forked(lambda: [alone.is_due, by_name.is_due, by_name._refresh_token])() == [False, True, None]
    assert not by_name.is_due
