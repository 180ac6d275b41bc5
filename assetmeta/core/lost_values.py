"""Values that a commit made disappear: of written assets, and of those whose values are computed from others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec.structs import replace

from assetmeta.core.context import SessionContext
from assetmeta.core.ownership import oids_in, taken_along
from assetmeta.core.plan_text import label, shown
from assetmeta.core.state import Instance
from assetmeta.core.values import cell_value
from assetmeta.model.errors import AssetmetaError, InvalidResponse
from assetmeta.model.plans import Delete, Done, Outcome, Update
from assetmeta.model.schema import Attribute
from assetmeta.model.values import Missing, Oid

_NOTHING = (None, "")

_MOST = 10
"""How many other assets the notes on one change name."""

Values = dict[str, str]
"""Values in words, by attribute."""


class LostValues:
    """What is loaded of values before the outcomes of a commit are taken over, and what has become of them after that.
    Made with the context's lock held, before anything is forgotten.
    """

    def __init__(self, context: SessionContext, outcomes: Sequence[Outcome]) -> None:
        self._context = context
        self._own = [_lost(context, outcome) for outcome in outcomes]
        self._affected: dict[int, list[Oid]] = {}
        self._before: dict[Oid, Values] = {}
        self._labels: dict[Oid, str] = {}
        done = [(place, outcome) for place, outcome in enumerate(outcomes) if isinstance(outcome, Done)]
        deleted = [(place, outcome.oid) for place, outcome in done if isinstance(outcome.change, Delete)]
        # A note says that the server made something else of what was sent.
        changed = [
            (place, outcome.oid)
            for place, outcome in done
            if isinstance(outcome.change, Update) and (self._own[place] or outcome.notes)
        ]
        users = self._users() if deleted or changed else {}
        if users:
            self._find_affected([*deleted, *changed], [oid for _, oid in deleted], users)

    def _users(self) -> dict[Oid, list[Oid]]:
        """The assets whose values are computed from each, by the relations that are loaded."""
        users: dict[Oid, list[Oid]] = {}
        sources: dict[str, dict[str, Attribute]] = {}
        for asset in self._context.identity:
            oid = asset._state.oid
            if oid.moment is not None or asset._state.gone is not None:
                continue
            if oid.type not in sources:
                sources[oid.type] = _sources(self._context, oid.type)
            for name, attribute in sources[oid.type].items():
                for other in oids_in(asset._state.cell(name)):
                    if attribute.source:
                        users.setdefault(other, []).append(oid)
                    else:
                        users.setdefault(oid, []).append(other)
        return users

    def _find_affected(
        self, causes: Sequence[tuple[int, Oid]], deleted: Sequence[Oid], users: dict[Oid, list[Oid]]
    ) -> None:
        along = taken_along(self._context.schema, self._context.identity, deleted)
        gone = {*deleted, *(part for taken in along.values() for part in taken.known)}
        seen = gone | {oid for _, oid in causes}
        for place, oid in causes:
            waiting = [oid, *(along[oid].known if oid in along else ())]
            while waiting:
                reached = [user for user in dict.fromkeys(users.get(waiting.pop(), ())) if user not in seen]
                seen.update(reached)
                waiting += reached
                self._affected.setdefault(place, []).extend(reached)
        for oid in (oid for oids in self._affected.values() for oid in oids):
            asset = self._context.identity.get(oid)
            self._before[oid] = {} if asset is None else dict(_computed(self._context, asset))
            self._labels[oid] = oid.token if asset is None else _label(self._context, asset)

    def noted(self, outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
        """Return *outcomes* with notes on what had a value before an update and has none in the server's answer to it.
        Sends nothing.
        """
        return _with_notes(outcomes, [[_note("", lost.items())] if lost else [] for lost in self._own])

    def noted_beyond(self, outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
        """Return *outcomes* with notes on other assets: what is computed from deleted assets, or from one that has lost
        its value, is read, in as few requests as reading it takes; none where nothing of the kind is in memory.
        """
        if not self._affected:
            return tuple(outcomes)
        after = self._read_again()
        others = [self._affected.get(place, ()) for place in range(len(outcomes))]
        return _with_notes(outcomes, [list(self._notes_on_others(oids, after)) for oids in others])

    def _read_again(self) -> dict[Oid, Instance]:
        """Those whose values could be read again."""
        names = list(dict.fromkeys(name for values in self._before.values() for name in values))
        oids = [oid for oid, values in self._before.items() if values]
        try:
            self._context.loader.load(oids, names)
        except AssetmetaError:
            # The write is done all the same; the notes say what is not known.
            return {}
        return {oid: self._context.asset(oid) for oid in oids}

    def _notes_on_others(self, oids: Sequence[Oid], after: dict[Oid, Instance]) -> Iterator[str]:
        notes = [note for oid in oids if (note := self._note_on(oid, after.get(oid)))]
        yield from notes[:_MOST]
        if len(notes) > _MOST:
            yield f"and {len(notes) - _MOST} more assets that are computed from it"

    def _note_on(self, oid: Oid, asset: Instance | None) -> str | None:
        before = self._before[oid]
        if asset is None:
            return f"{self._labels[oid]} was computed from it, and may have no value now"
        if asset._state.gone is not None:
            return None
        lost = [(name, was) for name, was in before.items() if asset._state.cell(name) in _NOTHING]
        return _note(f"{self._labels[oid]}: ", lost) if lost else None


def _with_notes(outcomes: Sequence[Outcome], notes: Sequence[Sequence[str]]) -> tuple[Outcome, ...]:
    return tuple(
        replace(outcome, notes=(*outcome.notes, *found)) if found and isinstance(outcome, Done) else outcome
        for outcome, found in zip(outcomes, notes, strict=True)
    )


def _note(about: str, lost: Iterable[tuple[str, str]]) -> str:
    named = ", ".join(f"{name} ({was})" for name, was in lost)
    return f"{about}{named}: there was a value before this change, and there is none now"


def _sources(context: SessionContext, type_name: str) -> dict[str, Attribute]:
    """The relations of a type from which its values are computed, and those back from the others."""
    kind = context.schema.types.get(type_name)
    attributes = {} if kind is None else kind.attributes
    sources = {name: one for name, one in attributes.items() if one.source}
    backs = {f"{type_name}.{name}": None for name in sources}
    return sources | {name: one for name, one in attributes.items() if sources and one.reciprocal in backs}


def _lost(context: SessionContext, outcome: Outcome) -> Values:
    """What had a value before an update, was not written, and has none in the server's answer."""
    if not isinstance(outcome, Done) or outcome.row is None or not isinstance(outcome.change, Update):
        return {}
    asset, row = context.asset(outcome.change.oid), outcome.row
    written = {delta.name for delta in outcome.change.deltas}
    empty = {name for name, cell in zip(row.columns, row.values, strict=True) if cell in _NOTHING} - written
    return dict(_values(context, asset, lambda each: each.name in empty)) if empty else {}


def _computed(context: SessionContext, asset: Instance) -> Iterator[tuple[str, str]]:
    return _values(context, asset, lambda each: each.computed)


def _values(
    context: SessionContext, asset: Instance, is_wanted: Callable[[Attribute], bool]
) -> Iterator[tuple[str, str]]:
    """The loaded single values of an asset that are wanted and no secrets, in words."""
    state = asset._state
    attributes = context.schema.type(state.oid.type).attributes
    for name, cell in zip(state.layout.names, state.cells, strict=True):
        attribute = None if isinstance(cell, Missing) or cell in _NOTHING else attributes.get(name)
        if attribute is None or not is_wanted(attribute):
            continue
        if not (attribute.multi or attribute.is_relation or attribute.is_secret):
            yield name, _was(asset, attribute)


def _was(asset: Instance, attribute: Attribute) -> str:
    try:
        return f"was {shown(cell_value(asset, attribute, asset._state.cell(attribute.name)))}"
    except InvalidResponse:
        return "was unreadable"


def _label(context: SessionContext, asset: Instance) -> str:
    oid = asset._state.oid
    display = context.schema.type(oid.type).display
    name = asset._state.cell(display) if display else None
    return label(oid, {oid: name} if isinstance(name, str) else {}, {})
