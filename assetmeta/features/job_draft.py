"""The plan of one run beside the journal of earlier runs: which of its changes are known, which are new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from assetmeta.core.plan import Plan
from assetmeta.features.journal import DONE, SENT, UNKNOWN, Item, secret_digest
from assetmeta.features.recognition import Match, Part, match
from assetmeta.model.errors import JobError, UsageError
from assetmeta.model.ordering import ReferencesIn, references
from assetmeta.model.plans import Create
from assetmeta.model.scalars import shown
from assetmeta.model.values import Oid

NATURAL = ": "
"""Between the attribute and the value of a natural key. Other keys do not begin with the name of an attribute."""


@dataclass(slots=True)
class Draft:
    """A *plan* and its *parts*, the *items* of the journal and its properties (*about*), and which items the parts are
    (*found*, once `match` was called).
    """

    plan: Plan
    parts: Sequence[Part]
    items: Sequence[Item]
    about: Mapping[str, str]
    found: Match = field(default_factory=Match)

    @property
    def run(self) -> int:
        """The number of this run."""
        return int(self.about["runs"]) + 1

    def match(self, within: ReferencesIn) -> None:
        """Find the items of the journal that the parts are. *within* finds the assets that formulas name."""
        if self.items:
            self.found = match(self.parts, self.items, within, secret_digest(self.about["salt"]))
        else:
            self.found = Match(new=list(range(len(self.parts))))

    @property
    def is_finished(self) -> bool:
        """True when all parts are done, and no other item is open: one of the latest run that the plan no longer has,
        or one in doubt.
        """
        left = (item for item in self.found.gone if item.state != DONE)
        is_left = any(item.run == self.run - 1 or item.state in (SENT, UNKNOWN) for item in left)
        is_done = all(item.state == DONE for item in self.found.known.values())
        return bool(self.items) and is_done and not self.found.new and not is_left

    def numbers(self) -> Iterator[tuple[tuple[Oid, str], int]]:
        """Yield the asset and the slot of each part, and the number of its item: an unused one for a new part."""
        free = count(max((item.id for item in self.items), default=0) + 1)
        for place, part in enumerate(self.parts):
            item = self.found.known.get(place)
            yield (part.change.oid, part.slot), next(free) if item is None else item.id

    def identities(self) -> dict[Oid, Oid]:
        """What the journal calls this run's new assets; nothing in the first run, whose own identities it has."""
        if not self.items:
            return {}
        numbers = (str(item.change.oid.key).rpartition("-")[2] for item in self.items if item.change.oid.is_new)
        free = count(max(map(int, numbers), default=0) + 1)
        creates = [(place, part.change.oid) for place, part in enumerate(self.parts) if part.slot == "+"]
        known = self.found.known
        return {
            oid: known[place].change.oid if place in known else Oid.new(oid.type, next(free)) for place, oid in creates
        }


def refuse_strangers(name: str, plan: Plan) -> None:
    """Raise UsageError for a change of the job *name* that refers to a new asset from before its block."""
    created = {change.oid for change in plan.changes if isinstance(change, Create)}
    for change in plan.changes:
        own = () if isinstance(change, Create) else (change.oid,)
        for oid in (*own, *references(change)):
            if not oid.is_new or oid in created:
                continue
            raise UsageError(
                f"{change.oid.token} refers to {oid.token}, which is new and none of the job {name!r}: commit it "
                "before the block, or make it inside. Nothing was sent.",
                oid=change.oid.token,
            )


def keys_of(plan: Plan, given: Mapping[Oid, str], natural: Mapping[str, str]) -> dict[Oid, str]:
    """Return the keys of the creates that have one: *given* by the script, or the value of the attribute that is the
    *natural* key of their type. Raises JobError for a key that two creates have, or that has no value.
    """
    found: dict[Oid, str] = {}
    seen: set[tuple[str, str]] = set()
    for change in plan.changes if given or natural else ():
        key = (given.get(change.oid) or _natural_key(change, natural)) if isinstance(change, Create) else None
        if key is None:
            continue
        if (change.oid.type, key) in seen:
            raise JobError(f"Two new assets of type {change.oid.type} have the key {shown(key)}. Nothing was sent.")
        seen.add((change.oid.type, key))
        found[change.oid] = key
    return found


def _natural_key(change: Create, natural: Mapping[str, str]) -> str | None:
    name = natural.get(change.oid.type)
    if name is None:
        return None
    value = next((delta.new for delta in change.deltas if delta.name == name), None)
    if value is None:
        raise JobError(
            f"{change.oid.token} has no {name}, by which keys= knows assets of its type.", oid=change.oid.token
        )
    return f"{name}{NATURAL}{value}"
