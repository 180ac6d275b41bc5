"""A scene on a server whose every value is known here as well, so that answers can be compared with Python's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from assetmeta import Session
from contract.systems import Dialect

TEXTS = ("alpha", "beta", "alphabet", None)
NUMBERS = (1, 2.5, None, 4, 7)
MEMBERS = ((0,), (0, 1), (), (1, 2))
ITEMS = 24


@dataclass(frozen=True)
class Row:
    """One item as it was made. Related assets are tokens and names."""

    token: str
    own: str
    text: str | None
    number: float | None
    parent: str
    parent_label: str
    root: str
    root_label: str
    members: tuple[str, ...]
    member_labels: tuple[str, ...]


@dataclass(frozen=True)
class Scene:
    """All items of a server, in the order in which they were made, and the members that they have."""

    rows: tuple[Row, ...]
    members: tuple[str, ...]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def tokens(self) -> list[str]:
        """The identities of the items."""
        return [row.token for row in self.rows]


def play(dialect: Dialect, session: Session, items: int = ITEMS) -> Scene:
    """Make a scene on an empty server: a parent for each item, two roots, three members."""
    roots = [dialect.new_root(session, f"Root_{word}") for word in ("a", "b")]
    members = [dialect.new_member(session, f"Member_{word}", roots[0]) for word in ("a", "b", "c")]
    made = []
    for index in range(items):
        parent = dialect.new_parent(session, f"Parent_{index}", roots[index % 2])
        chosen = [members[place] for place in MEMBERS[index % len(MEMBERS)]]
        # Steps that share no factor, so that texts, numbers and members come in all combinations.
        values = {dialect.text: TEXTS[index // 2 % len(TEXTS)], dialect.number: NUMBERS[index % len(NUMBERS)]}
        item = dialect.new_item(session, f"Item_{index}", parent, **values, **{dialect.members: chosen})
        made.append((item, parent, roots[index % 2], chosen, values))
    session.commit().raise_if_failed()
    for item, *_, values in made:
        # Where the server fills in a number, it is taken out again.
        if values[dialect.number] is None and item[dialect.number] is not None:
            item[dialect.number] = None
    session.commit().raise_if_failed()
    rows = tuple(_row(dialect, index, *one) for index, one in enumerate(made))
    return Scene(rows, tuple(member.idref for member in members))


def _row(dialect: Dialect, index: int, item: Any, parent: Any, root: Any, members: list[Any], values: Any) -> Row:
    return Row(
        token=item.idref,
        own=f"Item_{index}",
        text=values[dialect.text],
        number=values[dialect.number],
        parent=parent.idref,
        parent_label=f"Parent_{index}",
        root=root.idref,
        root_label=f"Root_{'ab'[index % 2]}",
        members=tuple(member.idref for member in members),
        member_labels=tuple(f"Member_{'abc'[place]}" for place in MEMBERS[index % len(MEMBERS)]),
    )
