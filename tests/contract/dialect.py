"""What is said of one type of one server, so that the same tests can be run over all of them.

Every server shows the same small scene, as far as the type goes. *Items* each have a parent, the parents a root, and
some members:

    item ─parent→ parent ─root→ root
    item ─members→ member, member ...
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from assetmeta import Session, UnknownName
from assetmeta.model.contract import Capabilities
from assetmeta.model.values import Key
from assetmeta.sandbox import Server

NAMES = count(1)

Cost = Callable[[int], int]
"""Requests for that many items."""


def always(requests: int) -> Cost:
    """The same requests for any number of items."""
    return lambda items: requests


def once(items: int) -> int:
    """One request for all of them together; none for none."""
    return min(items, 1)


def each(items: int) -> int:
    """One request for each."""
    return items


def deletes(type_name: str, key: Key) -> Callable[[Any, Any], None]:
    """Something that deletes an asset of a type of which the server deletes none, and raises what became of it."""

    def act(session: Any, query: Any) -> None:
        session.delete(session[type_name](key))
        [error] = session.commit()
        session.revert()
        raise error

    return act


def renew_schema(session: Any) -> None:
    """Have a kept schema read anew, which the first slip of a session does, so that later ones send nothing."""
    with suppress(UnknownName):
        session["no such type"]


@dataclass(frozen=True, kw_only=True)
class Costs:
    """Requests that reading and writing take, for the first so many items of the scene.

    *walk* reads items, their parents and the roots one after the other, *select* the same asked for beforehand.
    *populate* does so for items of which only the identity is known, *peers* reads one attribute that they lack.
    *walk_members* and *select_members* read items and their members, *members_of_one* those of a single one: first
    who they are, then their names. *pages* takes the number of items and the page size. *sweep* answers one question
    about all items, *below* one about those of one parent. *creates*, *updates* and *deletes* take the number of assets
    in one commit.
    """

    walk: Cost | None = None
    select: Cost | None = None
    populate: Cost | None = None
    peers: Cost | None = None
    walk_members: Cost | None = None
    select_members: Cost | None = None
    members_of_one: tuple[int, int] = (1, 1)
    pages: Callable[[int, int], int]
    sweep: int = 1
    below: int = 1
    creates: Cost = each
    updates: Cost = each
    deletes: Cost = each


class Gauge(NamedTuple):
    """An attribute in which a change can be seen: its name, and two values."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Dialect:
    """One type of a dialect, and the parts that its attributes and their types play. None: the type has none.

    *own* is an attribute that every item has and that tells it apart, *text* and *number* may be left out; *numbers*
    are those of the scene, *no_text* is what a text that is not set reads as. *label* names parents, roots and members.
    *fixed* are the attributes that only a new item takes, if anybody may set them. *unset* is a single relation that
    new items do not have, *unasked* an attribute that a query without a selection does not load, *lazy* one that a
    query of *own* alone does not bring, *left_out* one that the schema has and answers do not, *json* one that holds
    values of any shape, with such a value. *refused* is a value that only the server turns down, with that *status*,
    *missing* a key that no asset has; *keys* are other ways to write the key of a token, *alias* is what an item can be
    called instead, *no_alias* what none is called.

    *brought*: parents come along with the items. *owned*: each member belongs to one item, and is made after it;
    *backwards* where the last one made is the first of their list. *chained*: parents, items and members can be made in
    one commit. *soft*: what was deleted can still be asked for, and says that it is `deleted`. *numbered*: keys are the
    same on every server that is used in the same way. *bundled*: the schema takes no request. *broken*: pages of a
    result end where a list of the server ends. *parents* is how many the scene has (one for each item where it is
    None), *listed* what orders the items in a list.

    *questions* are requests that read though their method writes. *cannot* are things that no capability tells about.
    *prepare* sets the server up, *tidy* takes away what else there is on it, so that nothing but the scene is left.
    """

    name: str
    sandbox: str
    kind: type[Session]
    can: Capabilities
    item: str
    own: str
    label: str
    readonly: str
    refused: tuple[str, object]
    status: int = 400
    typed: Mapping[str, type]
    costs: Costs
    new_item: Callable[..., Any]
    text: str | None = None
    no_text: str | None = None
    number: str | None = None
    numbers: tuple[float | None, ...] = (1, 2.5, None, 4, 7)
    numeric: type = float
    parent: str | None = None
    parent_type: str | None = None
    root: str | None = None
    root_type: str | None = None
    members: str | None = None
    member_type: str | None = None
    unset: str | None = None
    unasked: str | None = None
    lazy: str | None = None
    left_out: str | None = None
    json: tuple[str, object] | None = None
    operation: str | None = None
    fixed: frozenset[str] = frozenset()
    missing: Key = 987654
    keys: Callable[[str], list[object]] = lambda key: [int(key)]
    alias: Callable[[Any], str] | None = None
    no_alias: str | None = None
    brought: bool = False
    owned: bool = False
    backwards: bool = False
    chained: bool = True
    numbered: bool = True
    soft: bool = False
    bundled: bool = False
    broken: bool = False
    parents: int | None = None
    listed: Callable[[Any], Any] = lambda row: row.index
    questions: tuple[str, ...] = ()
    new_root: Callable[[Any, str], Any] | None = None
    new_parent: Callable[[Any, str | None, Any], Any] | None = None
    new_member: Callable[[Any, str, Any], Any] | None = None
    prepare: Callable[[Server], object] | None = None
    tidy: Callable[[Any], object] | None = None
    cannot: Mapping[str, Callable[[Any, Any], Any]] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    __repr__ = __str__

    def has(self, role: str) -> bool:
        """Whether the type has that part."""
        return getattr(self, role) not in (None, False)

    def changes(self, role: str) -> bool:
        """Whether the type has that part, and it can be changed."""
        return self.has(role) and getattr(self, role) not in self.fixed

    @property
    def fastened(self) -> bool:
        """Whether an item keeps the parent that it was made with."""
        return self.has("parent") and not self.changes("parent")

    @property
    def refuses(self) -> bool:
        """Whether the server turns a change down that the client would make."""
        return self.refused[0] not in self.fixed

    @property
    def apart(self) -> bool:
        """Whether there are parents that do not come along with the items."""
        return self.has("parent") and not self.brought

    @property
    def shared(self) -> bool:
        """Whether there are members that several items can have, and that are put in and taken out."""
        return self.has("members") and not self.owned

    @property
    def gauge(self) -> Gauge | None:
        """The number, or else the text: 3 and then 7, "before" and then "after"."""
        if self.changes("number"):
            return Gauge(str(self.number), 3, 7)
        return Gauge(str(self.text), "before", "after") if self.changes("text") else None

    @property
    def far(self) -> str:
        """The path to the name of what is furthest above an item."""
        return ".".join(str(step) for step in (self.parent, self.root, self.label) if step)

    def values(self, **given: object) -> dict[str, Any]:
        """Values by role as values by attribute, as far as the type has these."""
        return {getattr(self, role): value for role, value in given.items() if self.has(role)}

    def changed(self, **given: object) -> dict[str, Any]:
        """Values by role as values by attribute, as far as items can be changed so."""
        return {getattr(self, role): value for role, value in given.items() if self.changes(role)}

    def seen(self, item: Any, *roles: str) -> dict[str, Any]:
        """What an item shows of these parts, by attribute."""
        return {name: item[name] for name in self.values(**dict.fromkeys(roles))}

    def amount(self, number: float) -> Any:
        """A number as near to it as the attribute can hold."""
        return int(number) if self.numeric is int else number

    def open(self, server: Server, shelf: Path | None = None, **options: Any) -> Any:
        """A session of its own, logged in by token, so that no login mixes with what is counted."""
        return self.kind(**{**server.token_credentials, "schema_cache": shelf, **options})

    def writes(self, server: Server) -> list[str]:
        """The requests so far that could have changed something."""
        asked = [entry for entry in server.requests if entry.method not in ("GET", "OPTIONS", "HEAD")]
        return [entry.path for entry in asked if not any(part in entry.path for part in self.questions)]

    def above(self, session: Any) -> Any:
        """A new parent with a new root, pending; None for items without."""
        root = self.new_root(session, self.fresh("Root")) if self.new_root else None
        return self.new_parent(session, self.fresh("Parent"), root) if self.new_parent else None

    def items(self, session: Any, number: int = 1, **values: Any) -> list[Any]:
        """That many items with a parent of their own, committed."""
        root = self.new_root(session, self.fresh("Root")) if self.new_root else None
        parents = [
            self.new_parent(session, self.fresh("Parent"), root) if self.new_parent else None for _ in range(number)
        ]
        made = [self.new_item(session, self.fresh("Item"), parent, **values) for parent in parents]
        session.commit().raise_if_failed()
        return made

    @staticmethod
    def fresh(word: str) -> str:
        """A name that no asset has yet."""
        return f"{word}_{next(NAMES)}"
