"""What every organization has from the start: four users, four projects, and a space whose failures tell a story."""

from __future__ import annotations

from datetime import UTC, datetime

from .moments import COORDINATED, EASTERN, moment_of
from .publication import publish
from .rights import ADMIN, MANAGER, MEMBER, VIEWER
from .spaces import add_space
from .store import Store
from .suites import ERRORED, FAILED, NOT_APPLICABLE, PASSED, UNTESTED, Annotation, Case, Suite
from .users import add_user

START = moment_of(datetime(2024, 3, 4, 17, 30, tzinfo=UTC))
MINUTE = 60_000
DAY = 24 * 60 * MINUTE
STATUSES = {"P": PASSED, "F": FAILED, "E": ERRORED, "N": NOT_APPLICABLE}

STORY = {
    "login": {"rejects a wrong password": "PPPPPP", "keeps the session": "FFFFPP"},
    "orders": {"adds an item": "FFFFFF", "empties the cart": "FMFMFM", "pays by card": "EEEEEE"},
    "search": {"finds by title": "FPFPFP", "ranks by date": "PPFEFF", "pages": "PPPFFN"},
    "export": {"writes a table": "FPPPPP", "keeps umlauts": "PPPPPP", "needs a printer": "NNNNNN"},
}
"""Suites, their cases, and the outcomes of six results: P passed, F failed, E errored, N not applicable, M missing."""

MANUAL = {"first start": {"shows the tour": PASSED, "asks for a name": FAILED, "remembers it": UNTESTED}}


def plant(store: Store) -> None:
    """Fill a database that is new. Call it within a transaction."""
    add_user(store, "admin", "Ada", "Minister", START, role=ADMIN)
    add_user(store, "mara", "Mara", "Lindqvist", START, zone=COORDINATED)
    add_user(store, "theo", "Theo", "Okafor", START, zone=EASTERN)
    add_user(store, "vera", "Vera", "Santos", START)
    application = add_project(store, "abccorp:application", "Framework", source="github:abccorp/application")
    server = add_project(store, "abccorp:server", "Server", source="github:abccorp/server")
    tests = add_project(store, "abccorp:test", "System tests", source="github:abccorp/test", private=True)
    samples = add_project(store, "samples", "Trials of all kinds")
    for project, user, role in ((application, 2, MEMBER), (tests, 2, MANAGER), (tests, 3, VIEWER)):
        row = {"project_id": project, "user_id": user, "role": role, "notifications": "[]"}
        store.insert("member", row)
    fill_application(store, application)
    for project in (server, tests):
        fill_briefly(store, project)
    fill_samples(store, samples)


def add_project(
    store: Store,
    name: str,
    description: str | None,
    *,
    source: str | None = None,
    private: bool = False,
    moment: int = START,
) -> int:
    """A project; with *source* a connected one."""
    values = {"name": name, "description": description, "is_private": int(private), "archived": 0}
    return store.insert("project", values | {"source_repo": source, "created_at": moment, "updated_at": moment})


def fill_application(store: Store, project: int) -> None:
    """A release, a feature branch, and the main branch with its six results."""
    release = add_space(store, project, {"name": "release", "result_set_aggregation": 1}, START)
    publish(store, release, "build.1", told(0), moment=START + MINUTE, user=1)
    feature = add_space(store, project, {"name": "feature/abc"}, START + DAY)
    publish(store, feature, "build.1", told(5), moment=START + DAY + MINUTE, user=2)
    main = add_space(store, project, {"name": "master", "result_set_aggregation": 1}, START + 2 * DAY)
    for number in range(6):
        moment = START + (number + 2) * DAY + 2 * MINUTE
        publish(store, main, f"result.{number + 1}", told(number), moment=moment, user=1, message="nightly build")


def fill_briefly(store: Store, project: int) -> None:
    """A main branch with a complete result and an incomplete one after it."""
    space = add_space(store, project, {"name": "master"}, START)
    suites = list(told(5))[:2]
    publish(store, space, "build.1", suites, moment=START + MINUTE, user=2)
    publish(store, space, "build.2", suites[:1], moment=START + DAY, user=2, complete=False)


def fill_samples(store: Store, project: int) -> None:
    """A space of manual tests, one whose name is a number, and one that nothing was published to."""
    manual = add_space(store, project, {"name": "by hand", "type": "manual"}, START)
    suites = [
        Suite(f"guide/{path}", tuple(Case(name, status, 90.0) for name, status in cases.items()), manual=True)
        for path, cases in MANUAL.items()
    ]
    publish(store, manual, "session 1", suites, moment=START + MINUTE, user=3)
    add_space(store, project, {"name": "2024", "description": "a name that could be an id"}, START)
    add_space(store, project, {"name": "100% empty?"}, START)


def told(number: int) -> list[Suite]:
    """The suites of one result of the story."""
    return [
        Suite(
            path,
            tuple(
                told_case(name, STATUSES[letters[number]]) for name, letters in cases.items() if letters[number] != "M"
            ),
        )
        for path, cases in STORY.items()
    ]


def told_case(name: str, status: str) -> Case:
    """A case of the story; a failing one says why."""
    if status not in (FAILED, ERRORED):
        return Case(name, status, 0.125)
    text = f"{name}: expected 1, got 2"
    note = Annotation("output", "error", "what the program wrote", f"{text}\nexit status 1\n".encode())
    return Case(name, status, 0.25, message=text, annotations=(note,))
