"""Renames and moves: names in formulas follow the valis they mean."""

from __future__ import annotations

from .derived import below
from .formula.parser import Token, tokens
from .formula.tree import FormulaError, Reference
from .scope import Scope
from .store import Store
from .workspace import Workspace


class Renaming:
    """Made before a rename or a move of the container *root* or of some *valis*: remembers what all names mean.

    After it, `apply` spells those names anew that would mean something else.
    """

    def __init__(self, space: Workspace, store: Store, root: int | None, valis: set[int] | None = None) -> None:
        self._space = space
        self._store = store
        self._containers = containers_below(space, root) if root is not None else []
        self._moved = set(valis or ())
        self._moved.update(vali for id in self._containers for vali in store.pointing("valis", "parent", id))
        users = space.calculator.using(self._moved)
        self._meant = {user: found for user in users | self._moved if (found := self._meanings(user))}

    def _meanings(self, vali: int) -> list[tuple[Token, int]]:
        row = self._store.rows("valis")[vali]
        if "$" not in row["formula"]:
            return []
        try:
            pieces = tokens(row["formula"])
        except FormulaError:
            return []
        scope = Scope(self._store, self._space.names, vali)
        found = []
        for piece in pieces:
            if piece.kind == "reference" and not piece.text.isdigit():
                target = scope.target(Reference(piece.text))
                if target is not None:
                    found.append((piece, target))
        return found

    def apply(self) -> set[int]:
        """Change the formulas whose names mean something else now; the ids of their valis."""
        self._space.names.moved(self._containers, self._moved)
        changed = set()
        for vali, meant in self._meant.items():
            row = self._store.rows("valis")[vali]
            scope = Scope(self._store, self._space.names, vali)
            formula = row["formula"]
            for piece, target in reversed(meant):
                if scope.target(Reference(piece.text)) != target:
                    formula = formula[: piece.start] + self._spelled(scope, target) + formula[piece.end :]
            if formula != row["formula"]:
                self._store.put("valis", vali, {"formula": formula})
                changed.add(vali)
        return changed

    def _spelled(self, scope: Scope, target: int) -> str:
        """The full name of a vali, or its id where the name would mean another one."""
        name = self._space.names.vali(self._store.rows("valis")[target])
        return name if scope.target(Reference(name)) == target else str(target)


def containers_below(space: Workspace, root: int) -> list[int]:
    """A container, the components below it and all their matrices."""
    components = list(below(space, "components", root))
    return components + [matrix for id in components for matrix in space.store.pointing("matrices", "parent", id)]
