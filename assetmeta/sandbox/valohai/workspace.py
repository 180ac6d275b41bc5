"""What every part of the face works on: the store, the clock and the settings."""

from __future__ import annotations

from assetmeta.sandbox.rest.clock import Clock, read, spell, utc_now

from .catalogue import KINDS
from .code.remote import Remote
from .code.triggers import Triggers
from .ids import ordered
from .login_links import LoginLinks
from .model import Key, Kind, Row
from .settings import Settings
from .storage.objects import Storage
from .store import Store


class Workspace:
    """One deployment's data. *clock* may be replaced. *storage* gives out the bytes of files where somebody does."""

    storage: Storage | None = None

    def __init__(self, store: Store, settings: Settings, clock: Clock = utc_now) -> None:
        self.store = store
        self.settings = settings
        self.clock = clock
        self.remote = Remote()
        self.triggers = Triggers()
        self.login_links = LoginLinks()

    def now(self) -> str:
        """The time as answers spell it."""
        return spell(self.clock())

    def new_id(self) -> str:
        """A key for something new."""
        return ordered(self.clock(), self.store.next("key"))

    def add(self, kind_name: str, **values: object) -> Key:
        """Store a new object and return its key.

        Key, times and the counter are set unless they are given; every other field that is not given gets its default.
        """
        kind = KINDS[kind_name]
        row = kind.blank() | values
        moment = row.get("ctime") or self.now()
        for name in ("ctime", "mtime"):
            if name in kind.by_name and row.get(name) is None:
                row[name] = moment
        if kind.counted and row["counter"] is None:
            row["counter"] = self.store.next(f"{kind.name} of {row[kind.counted]}")
        id = self._key(kind, moment)
        if "id" in kind.by_name:
            row["id"] = id
        self.store.write(kind.name, id, row)
        return id

    def change(self, kind_name: str, id: Key, **values: object) -> None:
        """Change some fields of an object, and with them the time of its last change unless that is given."""
        if "mtime" in KINDS[kind_name].by_name:
            values.setdefault("mtime", self.now())
        self.store.put(kind_name, id, values)

    def row(self, kind_name: str, id: Key | None) -> Row:
        """The row of an object that exists. Raises KeyError otherwise."""
        found = self.store.get(kind_name, id)
        if found is None:
            raise KeyError((kind_name, id))
        return found

    def owner_kind(self, account: Key | None) -> str:
        """Whether an account is a "user" or an "organization"; both draw their numbers from one tally."""
        return "organization" if self.store.get("organization", account) is not None else "user"

    def _key(self, kind: Kind, moment: str) -> Key:
        if kind.numbered:
            return self.store.next(kind.numbered)
        return ordered(read(moment), self.store.next("key"))
