"""Which items of a plan are in the journal already. A change of a script that runs again is the same by:

    create     its key, where the script gives one; else its type, its values and which occurrence of them it is
    update     the asset and the attribute
    delete     the asset

Values that name an asset that the job created are the same whether it is new in this run or was found by a query.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from assetmeta.features.journal import DONE, FAILED, Item
from assetmeta.model.changes_json import value_to_json
from assetmeta.model.errors import JobError
from assetmeta.model.identities import resolve_value
from assetmeta.model.ordering import ReferencesIn
from assetmeta.model.plans import AttributeChange, Call, Change, Create, Delete, Update
from assetmeta.model.scalars import shown
from assetmeta.model.values import Oid

ADVICE = (
    "A value that differs in every run, such as a time in a name, makes each create a new one: give those a key "
    "(job.key(asset, ...)). fresh=True starts again, extend=True adds new changes to the journal."
)
"""What to do about a plan that does not fit; the command replaces it by its own options."""

_NAMED = 3
"""How many changes of a kind a message names."""


class Part(NamedTuple):
    """One item of a plan: a create (*slot* "+"), a delete ("-"), or the update of the attribute *slot*. *place* is its
    change's place in the plan.
    """

    place: int
    change: Change
    slot: str
    key: str | None = None


def parts_of(changes: Sequence[Change], keys: Mapping[Oid, str]) -> list[Part]:
    """Return the items of a plan, in its order. *keys* are those of creates."""
    found: list[Part] = []
    for place, change in enumerate(changes):
        if isinstance(change, Create):
            found.append(Part(place, change, "+", keys.get(change.oid)))
        elif isinstance(change, Update):
            found += [Part(place, Update(change.oid, (delta,), change.comment), delta.name) for delta in change.deltas]
        else:
            found.append(Part(place, change, "-"))
    return found


@dataclass(slots=True)
class Namer:
    """Gives each item of one plan, in order, a name that is the same in every run: a SHA-256 in hex, with the
    number of the occurrence for a create without a key.

    *made* has the names of assets that the job created, *real* these assets by name; *named* collects the names of this
    plan's new assets, *in_formulas* what replaces each of them in a formula. *within* finds the assets that formulas
    name, *digest* replaces secrets.
    """

    within: ReferencesIn
    digest: Callable[[object], str]
    made: Mapping[Oid, str]
    real: Mapping[str, Oid]
    named: dict[Oid, str] = field(default_factory=dict)
    in_formulas: dict[Oid, Oid] = field(default_factory=dict)
    _occurrences: Counter[str] = field(default_factory=Counter)

    def name(self, change: Change, key: str | None) -> str:
        """Return the name of the next item."""
        if isinstance(change, Create):
            return self._create(change, key)
        what = ["delete"] if isinstance(change, Delete) else ["update", *(delta.name for delta in _deltas(change))]
        return _hash([*what, self._refer(change.oid)])

    def _create(self, change: Create, key: str | None) -> str:
        if key is not None:
            found = _hash(["key", change.oid.type, key])
        else:
            values = sorted((delta.name, self._value(delta)) for delta in change.deltas)
            plain = _hash(["create", change.oid.type, values, change.context and self._refer(change.context)])
            self._occurrences[plain] += 1
            found = f"{plain}#{self._occurrences[plain]}"
        self.named[change.oid] = found
        self.in_formulas[change.oid] = self.real.get(found, Oid(change.oid.type, found))
        return found

    def value(self, change: Change) -> str:
        """Return what an item writes, as text."""
        return json.dumps([self._value(delta) for delta in _deltas(change)])

    def _value(self, delta: AttributeChange) -> str:
        if not delta.is_multi:
            return self._json(delta.new)
        # The order of members may come from a set, and differ from process to process.
        return json.dumps([sorted(map(self._json, delta.added)), sorted(map(self._json, delta.removed))])

    def _json(self, value: object) -> str:
        found = resolve_value(value, self.in_formulas, self.within) if isinstance(value, str) else value
        return json.dumps(value_to_json(found, self._refer, self.digest), sort_keys=True)

    def _refer(self, oid: Oid) -> Any:
        """How a name refers to an asset: by its own name where the job creates it, else its key."""
        made = self.named.get(oid) or self.made.get(oid)
        return {"made": made} if made else {"asset": [oid.type, oid.key]}


def _hash(found: Any) -> str:
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()


def _deltas(change: Change) -> tuple[AttributeChange, ...]:
    return () if isinstance(change, Delete | Call) else change.deltas


@dataclass(slots=True)
class Match:
    """What a plan and a journal have in common. *known* are the items of parts that the journal has, by the part's
    place in the list; *new* are the places of all others. *differing* are places of known parts that write something
    else now; *gone* are the items that no part is.
    """

    known: dict[int, Item] = field(default_factory=dict)
    new: list[int] = field(default_factory=list)
    differing: list[int] = field(default_factory=list)
    gone: list[Item] = field(default_factory=list)


def match(parts: Sequence[Part], items: Sequence[Item], within: ReferencesIn, digest: Callable[[object], str]) -> Match:
    """Compare the parts of a plan with the items of a journal. Sends nothing."""
    made: dict[Oid, str] = {}
    real: dict[str, Oid] = {}
    before = Namer(within, digest, made, real)
    by_name: dict[str, Item] = {}
    values: dict[str, str] = {}
    for item in items:
        name = before.name(item.change, item.key)
        by_name[name], values[name] = item, before.value(item.change)
        if isinstance(item.change, Create) and item.state == DONE and item.oid is not None:
            made[item.oid], real[name] = name, item.oid
            before.in_formulas[item.change.oid] = item.oid
    now = Namer(within, digest, made, real)
    found = Match()
    seen: set[int] = set()
    for index, part in enumerate(parts):
        name = now.name(part.change, part.key)
        known = by_name.get(name)
        if known is None:
            found.new.append(index)
            continue
        found.known[index] = known
        seen.add(known.id)
        if now.value(part.change) != values[name]:
            found.differing.append(index)
    found.gone = [item for item in items if item.id not in seen]
    return found


def check_fit(name: str, parts: Sequence[Part], found: Match, *, extend: bool) -> None:
    """Raise JobError for a plan that does not fit the journal of the job *name*: one with new changes or other values.
    *extend* allows these, except new creates while others that are not done have gone: they may be the same assets.
    """
    new = [parts[index] for index in found.new]
    differing = [index for index in found.differing if not isinstance(parts[index].change, Create)]
    # What the server turned down may be replaced by what it takes.
    lost = [item for item in found.gone if isinstance(item.change, Create) and item.state not in (DONE, FAILED)]
    if extend and not (lost and any(isinstance(part.change, Create) for part in new)):
        return
    if not new and not differing:
        return
    lines = []
    for verb, kind in (("create", Create), ("update", Update), ("delete", Delete)):
        some = [part.change for part in new if isinstance(part.change, kind)]
        lines += [f"  {len(some)} to {verb} are new: {_listed(some)}"] if some else []
    gone = [item.change for item in found.gone if isinstance(item.change, Create)]
    lines += [f"  {len(gone)} to create are in the journal and not in the plan: {_listed(gone)}"] if gone else []
    for index in differing[:_NAMED]:
        was, planned = (_value_text(change) for change in (found.known[index].change, parts[index].change))
        lines.append(f"  {parts[index].change.oid.token}.{parts[index].slot} was to become {was}, and now {planned}")
    lines += [f"  … and {len(differing) - _NAMED} more values differ"] if len(differing) > _NAMED else []
    title = f"The plan does not fit the journal of the job {name!r}; nothing was sent."
    raise JobError("\n".join([title, *lines, ADVICE]))


def _value_text(change: Change) -> str:
    [delta] = _deltas(change)
    if delta.is_multi:
        return f"+{[str(value) for value in delta.added]} -{[str(value) for value in delta.removed]}"[:80]
    return shown(delta.new, 60)


def _listed(changes: Iterable[Change]) -> str:
    several = list(changes)
    words = [_described(change) for change in several[:_NAMED]]
    return ", ".join(words) + (" …" if len(several) > _NAMED else "")


def _described(change: Change) -> str:
    if not isinstance(change, Create):
        return f"{change.oid.token}{''.join(f'.{delta.name}' for delta in _deltas(change))}"
    text = next((delta.new for delta in change.deltas if isinstance(delta.new, str)), None)
    return f"{change.oid.type} {shown(text, 40)}" if text is not None else change.oid.type
