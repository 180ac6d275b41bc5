"""Places in the one order of all ranked assets.

Ranks leave gaps. When one is used up its neighbours move apart, and when they have no room either, all are spread out.
"""

from __future__ import annotations

import re

from .store import FOREVER, Store, column

STEP = 1024
NEIGHBOURS = 64
_RANK = re.compile(r"(-?\d{1,17})([+-]?)", re.ASCII)
_ORDER = column("Order")


def last_rank(store: Store) -> int:
    """The rank behind all others."""
    highest = store.one(f"SELECT MAX({_ORDER}) FROM record WHERE until = {FOREVER}")
    return STEP if highest is None else int(str(highest)) + STEP


def placed_rank(store: Store, text: str, asset: str | None, present: int | None) -> int:
    """The rank that "454+", "454-" or "454" asks for. *asset*, now at rank *present*, is not its own neighbour.

    May change the ranks of other assets, never their order. Raises ValueError for any other text.
    """
    found = _RANK.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"not a rank: {text}")
    anchor, side = int(found[1]), found[2]
    if not side:
        return anchor
    if _is_there(store, anchor, side, asset, present):
        return anchor if present is None else present
    free = _between(store, anchor, side, asset)
    if free is None and _loosen(store, anchor, side):
        free = _between(store, anchor, side, asset)
    if free is not None:
        return free
    anchor = _spread(store, anchor)
    free = _between(store, anchor, side, asset)
    return anchor if free is None else free


def _is_there(store: Store, anchor: int, side: str, asset: str | None, present: int | None) -> bool:
    """Whether the asset is next to the anchor on that side already, or is the anchor itself."""
    if present is None or asset is None:
        return False
    if present == anchor:
        others = f"SELECT 1 FROM record WHERE until = {FOREVER} AND {_ORDER} = ? AND asset <> ?"
        return store.one(others, (anchor, asset)) is None
    if (present > anchor) != (side == "+"):
        return False
    low, high = sorted((anchor, present))
    between = f"SELECT 1 FROM record WHERE until = {FOREVER} AND {_ORDER} > ? AND {_ORDER} < ? LIMIT 1"
    return store.one(between, (low, high)) is None


def _between(store: Store, anchor: int, side: str, asset: str | None) -> int | None:
    extreme, sign, away = ("MIN", ">", STEP) if side == "+" else ("MAX", "<", -STEP)
    neighbour = store.one(
        f"SELECT {extreme}({_ORDER}) FROM record WHERE until = {FOREVER} AND {_ORDER} {sign} ? AND asset IS NOT ?",
        (anchor, asset),
    )
    if neighbour is None:
        return anchor + away
    middle = (anchor + int(str(neighbour))) // 2
    return middle if middle not in (anchor, int(str(neighbour))) else None


def _loosen(store: Store, anchor: int, side: str) -> bool:
    """Give the next ranks on one side of *anchor* equal gaps, keeping order and ties. False where there is no room."""
    sign, direction = (">", "ASC") if side == "+" else ("<", "DESC")
    found = store.rows(
        f"SELECT DISTINCT {_ORDER} FROM record WHERE until = {FOREVER} AND {_ORDER} {sign} ?"
        f" ORDER BY {_ORDER} {direction} LIMIT {NEIGHBOURS}",
        (anchor,),
    )
    near = [int(str(rank)) for (rank,) in found]
    gap = abs(near[-1] - anchor) // len(near)
    if gap < 4:
        return False
    gap = gap if side == "+" else -gap
    moved = {old: anchor + gap * place for place, old in enumerate(near[:-1], start=1)}
    low, high = sorted((anchor, near[-1]))
    rows = store.rows(
        f"SELECT row, {_ORDER} FROM record WHERE until = {FOREVER} AND {_ORDER} > ? AND {_ORDER} < ?", (low, high)
    )
    store.many(f"UPDATE record SET {_ORDER} = ? WHERE row = ?", ((moved[int(str(old))], row) for row, old in rows))
    return True


def _spread(store: Store, anchor: int) -> int:
    """Renumber all current ranks with gaps, keeping order and ties, and return the new rank of *anchor*."""
    below = store.number(
        f"SELECT COUNT(DISTINCT {_ORDER}) FROM record WHERE until = {FOREVER} AND {_ORDER} <= ?", (anchor,)
    )
    store.rows(
        f"UPDATE record SET {_ORDER} = spread.place * {STEP}"
        f" FROM (SELECT row, DENSE_RANK() OVER (ORDER BY {_ORDER}) AS place FROM record"
        f" WHERE until = {FOREVER} AND {_ORDER} IS NOT NULL) spread WHERE record.row = spread.row"
    )
    return below * STEP
