"""Changes in words: each of them, or what a screen holds of very many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from assetmeta.core.ownership import TakenAlong
from assetmeta.model.plans import AttributeChange, Call, Change, Create, Delete, Update
from assetmeta.model.values import UNREAD, Oid

SCREEN = 50
"""Lines of a printed plan at most."""

_NAMED = 5
"""How many assets, attributes or types are named in one line."""

_KINDS = 12
"""How many kinds of changes (`update Story`) are counted in lines of their own."""

_STANDING_OUT = 5
"""How many lines there are for deletes that take others along, and for values that are cleared."""

ENDING = "All of them are in plan.changes; print(plan.full()) shows each."
"""The last line about changes that do not fit a screen."""

_VERBS = {Create: "create", Update: "update", Delete: "delete", Call: "execute"}

Names = Mapping[Oid, str]


class PlanText:
    """The words for *changes*. *names* has what people call assets, *numbers* the numbers by which they refer to them,
    *along* what deleted assets take with them, *required* the attributes that changes leave empty and the schema
    requires.
    """

    def __init__(
        self,
        changes: Sequence[Change],
        names: Names,
        numbers: Names,
        along: Mapping[Oid, TakenAlong],
        required: Mapping[Oid, Sequence[str]],
    ) -> None:
        self._changes = changes
        self._labels = {oid: label(oid, names, numbers) for oid in {**names, **numbers}}
        self._along = along
        self._required = required

    def full(self) -> str:
        """All changes, before and after, field by field."""
        return "\n".join([counted(self._changes), *(line for each in self._changes for line in self._lines(each))])

    def screen(self) -> str:
        """All changes where they fit, else their counts, what is notable, and a sample."""
        lines = [counted(self._changes)]
        for change in self._changes:
            lines += self._lines(change)
            if len(lines) > SCREEN:
                return "\n".join(self._summary())
        return "\n".join(lines)

    def _summary(self) -> list[str]:
        lines = [counted(self._changes), *self._kinds()]
        notable = [*self._taking_along(), *self._cleared(), *self._left_empty()]
        if notable:
            lines += ["Notable:", *notable]
        lines.append("For example:")
        for change in self._sample():
            more = list(self._lines(change))
            if len(lines) + len(more) >= SCREEN:
                break
            lines += more
        return [*lines, ENDING]

    def _kinds(self) -> Iterator[str]:
        """One line for each verb and type, with the attributes and how many changes have each."""
        attributes: dict[tuple[str, str], Counter[str]] = {}
        numbers: Counter[tuple[str, str]] = Counter()
        for change in self._changes:
            kind = (_VERBS[type(change)], change.oid.type)
            numbers[kind] += 1
            attributes.setdefault(kind, Counter()).update(delta.name for delta in _deltas(change))
        width = max(len(f"{verb} {name}") for verb, name in numbers)
        for (verb, name), number in numbers.most_common(_KINDS):
            found = (
                each if among == number else f"{each} ({among})" for each, among in attributes[verb, name].most_common()
            )
            yield f"  {f'{verb} {name}':<{width}}  {number:>6}  {_some(list(found))}".rstrip()
        if len(numbers) > _KINDS:
            yield f"  … and {len(numbers) - _KINDS} more kinds of changes"

    def _taking_along(self) -> Iterator[str]:
        deleted = [change.oid for change in self._changes if change.oid in self._along and isinstance(change, Delete)]
        # Those that surely take something along come first.
        ordered = sorted(deleted, key=lambda oid: -len(self._along[oid].known))
        for oid in ordered[:_STANDING_OUT]:
            yield f"  delete {self._called(oid)} takes along {self._taken(self._along[oid])}"
        if len(deleted) > _STANDING_OUT:
            yield f"  … and {len(deleted) - _STANDING_OUT} more deletes that take others along"

    def _cleared(self) -> Iterator[str]:
        found: dict[str, list[str]] = {}
        for change in self._changes:
            for delta in _deltas(change) if isinstance(change, Update) else ():
                if not delta.is_multi and delta.new in (None, ""):
                    found.setdefault(f"{change.oid.type}.{delta.name}", []).append(self._called(change.oid))
        for place, tokens in sorted(found.items(), key=lambda item: -len(item[1]))[:_STANDING_OUT]:
            yield f"  {place} is cleared in {len(tokens)} assets: {_some(tokens)}"

    def _left_empty(self) -> Iterator[str]:
        found: dict[str, list[str]] = {}
        for oid, names in self._required.items():
            for name in names:
                found.setdefault(f"{oid.type}.{name}", []).append(self._called(oid))
        for place, tokens in sorted(found.items(), key=lambda item: -len(item[1]))[:_STANDING_OUT]:
            yield f"  {place} is required, and empty in {len(tokens)} assets: {_some(tokens)}"

    def _sample(self) -> list[Change]:
        """The first change of each kind, then the second of each, and so on."""
        turns: dict[tuple[type[Change], str], int] = {}
        numbered: list[tuple[int, Change]] = []
        for change in self._changes:
            kind = (type(change), change.oid.type)
            turns[kind] = turns.get(kind, 0) + 1
            if turns[kind] <= SCREEN:
                numbered.append((turns[kind], change))
        return [change for _, change in sorted(numbered, key=lambda item: item[0])]

    def _lines(self, change: Change) -> Iterator[str]:
        yield f"  {_VERBS[type(change)]} {self._called(change.oid)}"
        deltas = _deltas(change)
        width = max((len(delta.name) for delta in deltas), default=0)
        for delta in deltas:
            words = before_and_after(delta, isinstance(change, Create), self._called)
            yield f"      {delta.name:<{width}}  {words}"
        if change.oid in self._required and not isinstance(change, Delete):
            unless = " unless the server fills it in" if isinstance(change, Create) else ""
            yield f"      required, and empty{unless}: {', '.join(self._required[change.oid])}"
        if change.oid in self._along and isinstance(change, Delete):
            yield f"      takes along {self._taken(self._along[change.oid])}"

    def _called(self, oid: Oid) -> str:
        """The token of an asset, and its number and name where those are known."""
        return self._labels.get(oid.current, oid.token)

    def _taken(self, along: TakenAlong) -> str:
        """What goes with a deleted asset, in words: those known here by name, and the types of all others."""
        known = ", ".join(map(self._called, along.known[:_NAMED]))
        more = f" and {len(along.known) - _NAMED} more" if len(along.known) > _NAMED else ""
        types = ", ".join(along.types[:_NAMED]) + (" ..." if len(along.types) > _NAMED else "")
        every = f"any {types} that is part of it on the server"
        return f"{known}{more}, and {every}" if known else every


def _deltas(change: Change) -> tuple[AttributeChange, ...]:
    return change.deltas if isinstance(change, Create | Update) else ()


def _some(words: Sequence[str]) -> str:
    more = f" and {len(words) - _NAMED} more" if len(words) > _NAMED else ""
    return ", ".join(words[:_NAMED]) + more


def label(oid: Oid, names: Names, numbers: Names) -> str:
    """Return `Task:1021 TK-01021 'Write tests'`, as far as number and name are known."""
    words = [oid.token, *([numbers[oid]] if oid in numbers else [])]
    if names.get(oid):
        words.append(_shortened(repr(names[oid])))
    return " ".join(words)


def counted(changes: Sequence[Change]) -> str:
    """Return `3 changes: 1 create, 2 update`."""
    counts = Counter(_VERBS[type(change)] for change in changes)
    number = len(changes)
    return f"{number} change{'s' if number != 1 else ''}: " + ", ".join(f"{n} {verb}" for verb, n in counts.items())


def before_and_after(
    delta: AttributeChange, created: bool = False, called: Callable[[Oid], str] = lambda oid: oid.token
) -> str:
    """Return one attribute's change in words: `3 → 5`, `+ Member:20  - Member:31`; `?` for what was never read.

    *called* returns what represents an asset.
    """
    if delta.is_multi:
        added = [f"+ {shown(value, called)}" for value in delta.added]
        return "  ".join(added + [f"- {shown(value, called)}" for value in delta.removed])
    new = shown(delta.new, called)
    return f"→ {new}" if created else f"{shown(delta.old, called)} → {new}"


def shown(value: object, called: Callable[[Oid], str] = lambda oid: oid.token) -> str:
    """Return a value as plans and messages show it, long ones shortened."""
    if value is UNREAD:
        return "?"
    if isinstance(value, Oid):
        return called(value)
    return _shortened(repr(value) if isinstance(value, str) else str(value))


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
