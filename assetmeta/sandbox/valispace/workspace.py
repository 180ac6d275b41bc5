"""What every operation works on: the store, the names, the calculator, the time and the user who asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from assetmeta.sandbox.database import Source
from assetmeta.sandbox.rest.clock import Clock, spell

from .calculation import Calculator
from .model import Row
from .names import Names
from .settings import Switches
from .store import Store


class Workspace:
    """One deployment's data with everything that keeps it consistent."""

    def __init__(self, source: Source, clock: Clock, switches: Switches) -> None:
        self.store = Store(source)
        self.names = Names(self.store)
        self.calculator = Calculator(self.store, self.names, switches)
        self.clock = clock
        self.switches = switches
        self.user: int | None = None
        self._due: datetime | None = None

    @property
    def now(self) -> str:
        """The time, as rows have it."""
        return spell(self.clock())

    def row(self, endpoint: str, id: int | None) -> Row | None:
        """A row, or None for no id or an unknown one."""
        return None if id is None else self.store.get(endpoint, id)

    @contextmanager
    def writing(self, user: int | None) -> Iterator[None]:
        """One change by *user*: all of it or, when the block raises, nothing."""
        with self.store.lock:
            dangling, postponed = set(self.calculator.dangling), set(self.calculator.postponed)
            self.user = user
            self.names.touched = False
            try:
                with self.store.transaction():
                    yield
            except BaseException:
                if self.names.touched:
                    self.names.forget()
                self.calculator.dangling, self.calculator.postponed = dangling, postponed
                raise
            finally:
                self.user = None

    def settle(self) -> None:
        """Carry out recalculations that were put off and are due."""
        if self._due is not None and self.clock() >= self._due:
            self._due = None
            with self.store.transaction():
                self.calculator.settle()

    def finish(self) -> None:
        """Calculate what is still put off, and close the store."""
        with self.store.lock:
            if self.calculator.postponed:
                with self.store.transaction():
                    self.calculator.settle()
            self.store.close()

    def recalculate(self, ids: set[int], relinked: set[int] | None = None) -> None:
        """Recalculate after a change, at once or, where the switch says so, partly later."""
        late = self.switches.late
        self.calculator.changed(ids, relinked=relinked or (), now=late <= 0)
        if late > 0 and self.calculator.postponed and self._due is None:
            self._due = self.clock() + timedelta(seconds=late)
