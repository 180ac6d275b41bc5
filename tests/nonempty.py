"""Loops of tests over what a server sends: an empty answer would let every assertion in them pass."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

Item = TypeVar("Item")


def nonempty(found: Iterable[Item]) -> list[Item]:
    """All items, of which there is at least one."""
    items = list(found)
    assert items, "nothing to look at: the loop would prove nothing"
    return items
