"""A scene on a server whose every value is known here as well, so that answers can be compared with Python's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assetmeta import Session
from contract.dialect import Dialect

TEXTS = ("alpha", "beta", "alphabet", None)
MEMBERS = ((0,), (0, 1), (), (1, 2))
LETTERS = ("a", "b", "c")
ITEMS = 24
SHUFFLE = 7
"""Shares no factor with the number of items: their names are in another order than they are made in."""


@dataclass(frozen=True)
class Row:
    """One item as it was made, after *index* others. Related assets are tokens and names, None where there are none."""

    index: int
    token: str
    own: str
    text: str | None
    number: float | None
    parent: str | None
    parent_label: str | None
    root: str | None
    root_label: str | None
    members: tuple[str, ...]
    member_labels: tuple[str, ...]


@dataclass(frozen=True, repr=False)
class Scene:
    """All items of a server: *rows* as they are listed, `scene[index]` as they were made."""

    rows: tuple[Row, ...]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Row:
        return next(row for row in self.rows if row.index == index)

    @property
    def tokens(self) -> list[str]:
        """The identities of the items, as they are listed."""
        return [row.token for row in self.rows]


@dataclass(frozen=True)
class Actor:
    """One item with all that belongs to it. Parents, roots and members are what was made for the part, or None."""

    item: Any
    own: str
    values: Mapping[str, Any]
    place: int
    parent: Any
    root: Any
    members: Sequence[Any]
    letters: Sequence[str]


def play(dialect: Dialect, session: Session) -> Scene:
    """Make a scene on an empty server: parents, two roots, three members that are shared or so many of each item."""
    roots = [dialect.new_root(session, f"Root_{word}") if dialect.new_root else None for word in ("a", "b")]
    members = []
    if dialect.shared and dialect.new_member:
        members = [dialect.new_member(session, f"Member_{word}", roots[0]) for word in LETTERS]
    parents = [
        dialect.new_parent(session, f"Parent_{place}", roots[place % 2]) if dialect.new_parent else None
        for place in range(dialect.parents or ITEMS)
    ]
    cast = [_actor(dialect, session, index, parents, roots, members) for index in range(ITEMS)]
    session.commit().raise_if_failed()
    if dialect.owned:
        cast = [_with_members(dialect, session, actor) for actor in cast]
    _clear(dialect, cast)
    session.commit().raise_if_failed()
    if dialect.tidy:
        dialect.tidy(session)
        session.commit().raise_if_failed()
    rows = [_row(index, actor) for index, actor in enumerate(cast)]
    return Scene(tuple(sorted(rows, key=dialect.listed)))


def _actor(dialect: Dialect, session: Any, index: int, parents: list[Any], roots: list[Any], members: list[Any]) -> Any:
    place = index % len(parents)
    letters = [LETTERS[number] for number in MEMBERS[index % len(MEMBERS)]] if dialect.members else []
    chosen = [members[LETTERS.index(letter)] for letter in letters] if members else []
    # Steps that share no factor, so that texts, numbers and members come in all combinations.
    values = {"text": TEXTS[index // 2 % len(TEXTS)], "number": dialect.numbers[index % len(dialect.numbers)]}
    given = dialect.values(**values, **({"members": chosen} if members else {}))
    own = f"Item_{index * SHUFFLE % ITEMS}"
    item = dialect.new_item(session, own, parents[place], **given)
    known = {role: value for role, value in values.items() if dialect.has(role)}
    return Actor(item, own, known, place, parents[place], roots[place % 2], chosen, letters)


def _with_members(dialect: Dialect, session: Any, actor: Actor) -> Actor:
    """The item with members of its own, made in such an order that they are listed as their names are."""
    assert dialect.new_member is not None
    order = actor.letters[::-1] if dialect.backwards else actor.letters
    made = {letter: dialect.new_member(session, f"Member_{letter}", actor.item) for letter in order}
    return Actor(**{**vars(actor), "members": [made[letter] for letter in actor.letters]})


def _clear(dialect: Dialect, cast: list[Actor]) -> None:
    """Take out the numbers that the server filled in."""
    for actor in cast if dialect.changes("number") else ():
        if actor.values["number"] is None and actor.item[dialect.number] is not None:
            actor.item[dialect.number] = None


def _row(index: int, actor: Actor) -> Row:
    return Row(
        index=index,
        token=actor.item.idref,
        own=actor.own,
        text=actor.values.get("text"),
        number=actor.values.get("number"),
        parent=actor.parent and actor.parent.idref,
        parent_label=actor.parent and f"Parent_{actor.place}",
        root=actor.root and actor.root.idref,
        root_label=actor.root and f"Root_{'ab'[actor.place % 2]}",
        members=tuple(member.idref for member in actor.members),
        member_labels=tuple(f"Member_{letter}" for letter in actor.letters),
    )
