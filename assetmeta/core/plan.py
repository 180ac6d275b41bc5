"""The plan of a commit: every change in the order in which it is sent (model.ordering), as a value that prints well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field

from assetmeta.core.ownership import TakenAlong
from assetmeta.model.plans import AttributeChange, Call, Change, Create, Delete, Update
from assetmeta.model.printable import printable
from assetmeta.model.record import Record
from assetmeta.model.values import UNREAD, Oid

_NAMED = 5
"""How many assets or types are named in one line."""

_VERBS = {Create: "create", Update: "update", Delete: "delete", Call: "execute"}


class Plan(Record):
    """Changes in sending order. *names* maps identities to what people call the assets, as far as that is loaded;
    *along* says what goes with assets that are deleted.
    """

    changes: tuple[Change, ...] = ()
    names: Mapping[Oid, str] = field(default_factory=dict)
    along: Mapping[Oid, TakenAlong] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)

    def __len__(self) -> int:
        return len(self.changes)

    def __getitem__(self, index: int) -> Change:
        return self.changes[index]

    def __repr__(self) -> str:
        return f"<Plan {counted(self.changes)}>" if self.changes else "<Plan: nothing to commit>"

    def __str__(self) -> str:
        if not self.changes:
            return "Nothing to commit."
        lines = (line for change in self.changes for line in self._lines(change))
        return printable("\n".join([counted(self.changes), *lines]))

    def _repr_pretty_(self, printer: object, cycle: bool) -> None:
        printer.text(str(self))  # type: ignore[attr-defined]

    def _lines(self, change: Change) -> Iterator[str]:
        yield f"  {_VERBS[type(change)]} {self._called(change.oid)}"
        deltas = change.deltas if isinstance(change, Create | Update) else ()
        width = max((len(delta.name) for delta in deltas), default=0)
        for delta in deltas:
            yield f"      {delta.name:<{width}}  {before_and_after(delta, isinstance(change, Create), self.names)}"
        if change.oid in self.along and isinstance(change, Delete):
            yield f"      takes along {self._taken(self.along[change.oid])}"

    def _called(self, oid: Oid) -> str:
        """The token of an asset, and its name where that is known."""
        return shown(oid, self.names)

    def _taken(self, along: TakenAlong) -> str:
        """What goes with a deleted asset, in words: those known here by name, and the types of all others."""
        known = ", ".join(map(self._called, along.known[:_NAMED]))
        more = f" and {len(along.known) - _NAMED} more" if len(along.known) > _NAMED else ""
        types = ", ".join(along.types[:_NAMED]) + (" ..." if len(along.types) > _NAMED else "")
        every = f"any {types} that is part of it on the server"
        return f"{known}{more}, and {every}" if known else every


def counted(changes: Sequence[Change]) -> str:
    """Return `3 changes: 1 create, 2 update`."""
    counts = Counter(_VERBS[type(change)] for change in changes)
    number = len(changes)
    return f"{number} change{'s' if number != 1 else ''}: " + ", ".join(f"{n} {verb}" for verb, n in counts.items())


def before_and_after(delta: AttributeChange, created: bool = False, names: Mapping[Oid, str] | None = None) -> str:
    """Return one attribute's change in words: `3 → 5`, `+ Member:20  - Member:31`; `?` for what was never read.

    Assets are followed by their *names*, where those are given.
    """
    if delta.is_multi:
        added = [f"+ {shown(value, names)}" for value in delta.added]
        return "  ".join(added + [f"- {shown(value, names)}" for value in delta.removed])
    new = shown(delta.new, names)
    return f"→ {new}" if created else f"{shown(delta.old, names)} → {new}"


def shown(value: object, names: Mapping[Oid, str] | None = None) -> str:
    """Return a value as it stands in plans and messages, long ones shortened; an asset with its name among *names*."""
    if value is UNREAD:
        return "?"
    if isinstance(value, Oid):
        name = (names or {}).get(value.current)
        return f"{value.token} {_shortened(repr(name))}" if name else value.token
    return _shortened(repr(value) if isinstance(value, str) else str(value))


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
