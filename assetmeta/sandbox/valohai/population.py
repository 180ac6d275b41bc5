"""A realistic, connected data set of any size, the same for the same seed: `populate(space, 10_000, seed=1)`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from .generated.book import Book, words
from .generated.products import Shelf
from .generated.runs import Runs
from .model import Key
from .workspace import Workspace

PER_PROJECT = 2000
COMMITS = 3
SHARE_OF_COMMITS = 0.1
ADMIN, ADA, OUTSIDER = "admin", "ada", "outsider"
TEAM = "vision"


def populate(space: Workspace, assets: int, seed: int = 1) -> int:
    """Fill a fresh deployment with about *assets* objects and return how many there are.

    There is one project of the organization per some thousand objects, one of its team, and one of a user who is no
    member; the three take some 60 objects at least. The same *assets* and *seed* give the same data, times included.
    """
    clock, book = space.clock, Book(space, seed)
    space.clock = book.clock
    try:
        with space.store.lock, space.store.transaction():
            _write(book, assets)
    finally:
        space.clock = clock
    return book.count


def _write(book: Book, assets: int) -> None:
    store = book.space.store
    accounts = {row["username"]: id for id, row in store.rows("user").items()}
    people = [accounts[ADMIN], accounts[ADA]]
    organization = store.ids("organization")[0]
    member = {"user": people[1], "ctime": book.space.now(), "allow_project_administration": True, "is_read_only": False}
    team = book.add("team", name=TEAM, organization=organization, members=[member])
    count = max(1, round(assets / PER_PROJECT))
    owners: list[tuple[Key, Key | None, list[Key]]] = [(organization, None, people)] * count
    owners += [(organization, team, people[1:]), (accounts[OUTSIDER], None, [accounts[OUTSIDER]])]
    for number, (owner, of_team, makers) in enumerate(owners):
        until = round(assets * (number + 1) / count) if number < count else 0
        _project(book, number, max(0, until - SMALL * 2), owner, of_team, makers)


SMALL = 20
"""About how many objects a project has at least."""


def _project(book: Book, number: int, until: int, owner: Key, team: Key | None, people: list[Key]) -> None:
    """One project; it ends when the book has *until* objects."""
    name, description = words.projects[number % len(words.projects)]
    name += f"-{number // len(words.projects) + 1}" if number >= len(words.projects) else ""
    variables = {"BUCKET": {"value": "harbour-raw", "secret": False}, "API_KEY": {"value": "hush", "secret": True}}
    project = book.add(
        "project",
        name=name,
        description=description,
        owner=owner,
        team=team,
        creator=people[0],
        environment_variables=variables,
        tags=[{"name": "ships", "color": "#1F77B4"}],
    )
    repository = book.add("repository", project=project, url=f"https://git.example.org/harbour/{number}.git")
    commits = [_commit(book, project, repository) for _ in range(COMMITS)]
    runs = Runs(book, project, commits, people)
    runs.execution("preprocess", status="complete")
    runs.execution("train", status="complete")
    shelf = Shelf(book, runs, owner, number)
    actions: list[Callable[[], Key]] = [*[runs.execution] * 8, runs.pipeline, runs.task]
    actions += [shelf.dataset_version, shelf.model_version, shelf.deployment_version]
    while book.count < until:
        book.one(actions)()
        if book.random.random() < SHARE_OF_COMMITS:
            commits.append(_commit(book, project, repository))


def _commit(book: Book, project: Key, repository: Key) -> Key:
    """The next commit of a project."""
    branch = book.one(words.branches) if book.space.store.pointing("commit", "project", project) else words.branches[0]
    moment = book.space.now()
    return book.add(
        "commit",
        project=project,
        repository=repository,
        identifier=hashlib.sha1(f"{project} {book.count}".encode(), usedforsecurity=False).hexdigest(),
        ref=branch,
        ref_names=[branch],
        commit_time=f"{moment[:19]}Z",
        ctime=moment,
        description=book.one(words.messages),
        adhoc=False,
        has_config=True,
        yaml_path="valohai.yaml",
        config=words.config,
    )
