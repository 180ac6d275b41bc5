"""A realistic, connected data set of any size, the same for the same seed: `populate(engine, 10_000, seed=1)`."""

from __future__ import annotations

from .engine import Engine
from .mission.book import Book, words
from .mission.documents import Library
from .mission.physics import describe
from .mission.sharing import Desk
from .mission.tree import Builder
from .rules.structure import DEFAULT_LISTS
from .seed import add_user

PER_PROJECT = 3000
SHARE_OF_COMPONENTS = 0.1
SHARE_OF_TALK = 0.15


def populate(engine: Engine, assets: int, seed: int = 1) -> int:
    """Fill a fresh deployment with about *assets* objects and return how many there are.

    There is one spacecraft per some thousand objects; the first takes some 250 objects at least. The same *assets* and
    *seed* give the same data, dates included. Everything is calculated once, at the end.
    """
    space = engine.workspace
    with space.writing(None):
        book = Book(space, seed)
        users = _people(book)
        tags = [book.add("tag", name=name, color=color) for name, color in words.tags]
        types = [book.add("components/types", name=name, workspace=1) for name in ("Assembly", "Unit", "Part")]
        ratio = book.add("valitype", name="Reliability", formula="0.995^8", description="Chance to live")
        count = max(1, round(assets / PER_PROJECT))
        for number in range(count):
            until = max(book.count, round(assets * (number + 1) / count))
            _project(book, number, until, users, tags, types, [ratio])
        space.names.forget()
        space.calculator.changed(space.store.ids("valis"))
    return book.count


def _people(book: Book) -> list[int]:
    ids = []
    for number, (username, first, last) in enumerate(words.people):
        ids.append(add_user(book.space, username, first, last, username, [1 + number % 2]))
        book.count += 1
    return ids


def _project(
    book: Book, number: int, until: int, users: list[int], tags: list[int], types: list[int], valitypes: list[int]
) -> None:
    """One project; it ends when the book has *until* objects."""
    room = until - book.count
    name = words.missions[number % len(words.missions)]
    name += str(number // len(words.missions) + 1) if number >= len(words.missions) else ""
    project = book.add("project", name=name, workspace=1, start_date="2025-01-06", description=f"<p>Mission {name}</p>")
    for endpoint, entries in DEFAULT_LISTS.items():
        for entry in entries:
            book.add(endpoint, name=entry, project=project)
    builder = Builder(book, project, name, types, tags)
    craft = builder.build(round(room * SHARE_OF_COMPONENTS))
    describe(book, builder, valitypes)
    library = Library(book, craft, users, tags)
    desk = Desk(book, craft, library, users)
    library.write()
    while book.count < until:
        (desk.write if book.random.random() < SHARE_OF_TALK else library.write)()
