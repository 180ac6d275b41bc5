"""SQLAlchemy loading the recorded stories from SQLite in memory: the same rows, the same columns."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Boolean, Column, DateTime, Engine, Integer, Numeric, String, create_engine, exc, select
from sqlalchemy.orm import Session, declarative_base
from sqlalchemy.pool import StaticPool

from benchmarks.stories import NAMES

Row = Mapping[str, str | None]

TYPED: Mapping[str, tuple[Any, Callable[[str], object]]] = {
    "Estimate": (Numeric(12, 2), Decimal),
    "ToDo": (Numeric(12, 2), Decimal),
    "CreateDate": (DateTime(), datetime.fromisoformat),
    "ChangeDate": (DateTime(), datetime.fromisoformat),
    "IsClosed": (Boolean(), lambda text: text.lower() == "true"),
}


class Hydration:
    """A database with one table of stories. With *typed* columns dates, numbers and Booleans are converted as they are
    loaded; without, every column is text, which is the quickest that SQLAlchemy can be.
    """

    def __init__(self, rows: Sequence[Row], *, typed: bool = False) -> None:
        self._count = len(rows)
        warnings.simplefilter("ignore", exc.SAWarning)
        base: Any = declarative_base()
        types = {name: TYPED[name][0] if typed and name in TYPED else String() for name in NAMES}
        members = {name: Column(kind) for name, kind in types.items()}
        self.kind = type(
            "Story", (base,), {"__tablename__": "story", "id": Column(Integer, primary_key=True), **members}
        )
        self._engine: Engine = create_engine(
            "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
        )
        base.metadata.create_all(self._engine)
        with Session(self._engine) as session:
            session.execute(self.kind.__table__.insert(), [self._values(row, typed) for row in rows])
            session.commit()

    def _values(self, row: Row, typed: bool) -> dict[str, object]:
        values: dict[str, object] = {"id": int(str(row["_oid"]).rpartition(":")[2])}
        for name in NAMES:
            text = row[name]
            values[name] = TYPED[name][1](text) if typed and text and name in TYPED else text
        return values

    def load(self) -> list[Any]:
        """Load every row into a new session; the objects stay in use after it."""
        session = Session(self._engine, expire_on_commit=False)
        found = [session, *session.scalars(select(self.kind))]
        assert len(found) == self._count + 1
        return found
