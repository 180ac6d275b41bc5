"""A realistic, connected data set of any size, the same for the same seed: `populate(engine, 10_000, seed=1)`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol

from .backlog import talk, work
from .backlog.drafts import Book
from .backlog.organisation import Project, found
from .requests import LoadLink, LoadRow
from .types import Catalogue

_KINDS: tuple[tuple[Callable[[Book, Project], None], int], ...] = (
    (work.story, 50),
    (work.defect, 18),
    (work.epic, 3),
    (work.test_set, 2),
    (talk.request, 6),
    (talk.issue, 5),
    (talk.retrospective, 1),
    (talk.note, 6),
    (talk.link, 3),
    (talk.attachment, 2),
    (talk.conversation, 3),
    (talk.message, 1),
)
"""What is drafted, and how often out of a hundred times."""


class Loader(Protocol):
    """The part of the engine that a data set needs."""

    catalogue: Catalogue

    def load(self, rows: Iterable[LoadRow], links: Iterable[LoadLink]) -> None: ...

    def reserve(self, count: int) -> int: ...

    def tick(self, at: datetime) -> int: ...

    def write_blob(self, asset: str, content: bytes) -> None: ...


def populate(engine: Loader, assets: int, seed: int = 1) -> int:
    """Fill a fresh instance with about *assets* assets and return how many there are.

    The same *assets* and *seed* give the same data, dates included: all of it lies in the ten months before the end of
    June 2025. Ids follow from the engine's counter, in order of creation. Some dozen assets are the least: projects,
    members and iterations come first.
    """
    book = draft(engine.catalogue, assets, seed)
    numbers = {kind.name: 1001 for kind in engine.catalogue.types.values() if kind.number_prefix}
    for record in book.finish(engine.reserve(len(book.drafts)), numbers):
        record.moment = engine.tick(record.at)
    engine.load(book.rows(), book.links())
    for asset, content in book.blobs:
        engine.write_blob(asset.oid, content)
    return len(book.drafts)


def draft(catalogue: Catalogue, assets: int, seed: int) -> Book:
    """Draft the data set without storing it."""
    book = Book(catalogue, seed)
    projects = found(book, assets)
    for project in projects:
        work.epic(book, project)
        work.story(book, project)
    kinds, weights = [kind for kind, _ in _KINDS], [weight for _, weight in _KINDS]
    while len(book.drafts) < assets:
        kind = book.random.choices(kinds, weights)[0]
        project = book.random.choice(projects)
        if kind is not work.test_set or project.suites:
            kind(book, project)
    return book
