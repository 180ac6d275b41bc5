"""Items that a session has read, what the server has of them, and what became of changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contract.dialect import Dialect

Connect = Callable[..., Any]
"""Opens another session to the server."""


def loaded(dialect: Dialect, session: Any, connect: Connect, number: int = 1, **values: Any) -> list[Any]:
    """New items that *session* has read."""
    given = {**dialect.values(text="before", number=3), **values}
    items = [session.asset_from_oid(item.idref) for item in dialect.items(connect(), number, **given)]
    session.populate(items, *dialect.values(own=1, text=1, number=1, parent=1, members=1))
    return items


def stored(connect: Connect, items: list[Any], name: str) -> list[Any]:
    """What the server has, as a session sees it that had no part in it."""
    other = connect()
    return [other.asset_from_oid(item.idref)[name] for item in items]


def kinds(report: Any) -> list[type]:
    return [type(outcome) for outcome in report.outcomes]
