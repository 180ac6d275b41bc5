"""Recalculation: what depends on what, in which order, and what comes out (sections 4.1 to 4.3 of the protocol)."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from assetmeta.sandbox.rest.refusals import Refused

from .formula.evaluate import evaluate
from .formula.functions import CHILDREN
from .formula.latex import latex
from .formula.parser import parse
from .formula.tree import Cancelled, FormulaError, functions, references
from .model import Row
from .names import Names
from .results import outcome
from .scope import Scope
from .settings import Switches
from .store import Store


class Calculator:
    """Keeps the computed fields of all valis true. *dangling* are the valis that refer to what is not there."""

    def __init__(self, store: Store, names: Names, switches: Switches) -> None:
        self._store = store
        self._names = names
        self._switches = switches
        self.dangling = {id for id, row in store.rows("valis").items() if row.get("dangling")}
        self.postponed: set[int] = set()

    def changed(self, ids: Collection[int], *, relinked: Iterable[int] = (), now: bool = True) -> None:
        """Recalculate what follows from a change of the valis *ids*; the formulas of *relinked* may mean others now.

        With *now* False only *ids* themselves are calculated, and the rest is put off until `settle`. Raises Refused
        when valis would depend on themselves.
        """
        alive = {id for id in ids if self._store.get("valis", id) is not None}
        for id in {*alive, *relinked, *self.dangling}:
            if self._store.get("valis", id) is not None and self._link(id):
                alive.add(id)
        self.dangling = {id for id in self.dangling if self._store.get("valis", id) is not None}
        order = self._order(alive)
        if now:
            self._calculate(order, alive)
            return
        self._calculate([id for id in order if id in alive], alive)
        self.postponed.update(id for id in order if id not in alive)

    def settle(self) -> None:
        """Calculate what was put off."""
        waiting, self.postponed = self.postponed, set()
        alive = {id for id in waiting if self._store.get("valis", id) is not None}
        self._calculate(self._order(alive), alive)

    def using(self, ids: Iterable[int]) -> set[int]:
        """The valis whose formulas refer to any of *ids*."""
        return {user for id in ids for user in self._store.pointing("valis", "valis_used", id)}

    def collectors(self, components: Iterable[int | None]) -> set[int]:
        """The valis of *components* whose formulas look at child components."""
        return {
            id
            for component in components
            if component is not None
            for id in self._store.pointing("valis", "parent", component)
            if self._collects(self._store.rows("valis")[id]["formula"])
        }

    def _collects(self, formula: str) -> bool:
        if "c" not in formula:
            return False
        try:
            return not functions(parse(formula)).isdisjoint(CHILDREN)
        except FormulaError:
            return False

    def _link(self, id: int) -> bool:
        """Work out anew which valis a formula uses; whether that or the formula's spelling changed."""
        row = self._store.rows("valis")[id]
        used, meant = self._used(id, row)
        missing = None in meant.values()
        (self.dangling.add if missing else self.dangling.discard)(id)
        after = {"valis_used": used, "meant": meant, "dangling": missing, "latex_formula": latex(row["formula"])}
        if all(row.get(key) == value for key, value in after.items()):
            return False
        self._store.put("valis", id, after)
        return True

    def _used(self, id: int, row: Row) -> tuple[list[int], dict[str, int | None]]:
        """The valis a formula uses, and what each of its references means."""
        try:
            tree = parse(row["formula"])
        except FormulaError:
            return [], {}
        scope = Scope(self._store, self._names, id)
        found = {reference.target: scope.target(reference) for reference in references(tree)}
        children = scope.children_ids() if not functions(tree).isdisjoint(CHILDREN) else []
        used = dict.fromkeys([*(target for target in found.values() if target is not None), *children])
        return list(used), found

    def _order(self, changed: Collection[int]) -> list[int]:
        """The changed valis and all that depend on them, each after what it depends on."""
        affected, front = set(changed), list(changed)
        while front:
            for user in self._store.pointing("valis", "valis_used", front.pop()):
                if user not in affected:
                    affected.add(user)
                    front.append(user)
        rows = self._store.rows("valis")
        waiting = {id: sum(used in affected for used in rows[id]["valis_used"]) for id in affected}
        ready = sorted(id for id, count in waiting.items() if count == 0)
        order: list[int] = []
        while ready:
            done = ready.pop()
            order.append(done)
            for user in self._store.pointing("valis", "valis_used", done):
                waiting[user] -= 1
                if waiting[user] == 0:
                    ready.append(user)
        if len(order) < len(affected):
            raise self._circular(affected.difference(order))
        return order

    def _circular(self, among: set[int]) -> Refused:
        """The refusal of a circle, with the names of the valis in it."""
        rows = self._store.rows("valis")
        path = [min(among)]
        while path.count(path[-1]) < 2:
            path.append(next(id for id in rows[path[-1]]["valis_used"] if id in among))
        circle = path[path.index(path[-1]) :]
        names = " -> ".join(self._names.vali(rows[id]) for id in circle)
        return Refused.of("formula", f"Circular reference: {names}.")

    def _calculate(self, order: Iterable[int], changed: Collection[int]) -> None:
        """Calculate those of *order* that changed or use something whose results came out different."""
        moved = set(changed)
        rows = self._store.rows("valis")
        for id in order:
            row = rows[id]
            if id not in moved and moved.isdisjoint(row["valis_used"]):
                continue
            after = self._outcome(id, row, strict=self._switches.strict_units and id in changed)
            if any(row.get(key) != value for key, value in after.items()):
                self._store.put("valis", id, after)
                moved.add(id)

    def _outcome(self, id: int, row: Row, *, strict: bool) -> Row:
        try:
            found = evaluate(parse(row["formula"]), Scope(self._store, self._names, id))
            return outcome(row, found)
        except Cancelled as error:
            if strict:
                raise Refused.of("formula", f"The units do not fit: {error}.") from error
            return outcome(row, None)
        except FormulaError:
            return outcome(row, None)
