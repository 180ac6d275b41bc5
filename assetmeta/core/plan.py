"""The plan of a commit: every change in the order in which it is sent (model.ordering), as a value that prints well and
can be kept in a file.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import field

from assetmeta.core.ownership import TakenAlong
from assetmeta.core.plan_text import PlanText, counted
from assetmeta.model.changes_json import change_from_json, change_to_json
from assetmeta.model.errors import BadValue
from assetmeta.model.optional import load
from assetmeta.model.plans import Change
from assetmeta.model.printable import OwnRepr, printable
from assetmeta.model.scalars import shown
from assetmeta.model.values import LastUncompared, Oid
from assetmeta.version import __version__

_FORMAT = 1
"""Files of a later format are refused."""


class Origin(LastUncompared, frozen=True):
    """Where a plan was made: the *server* and the *user* who was logged in there, as far as the login shows who that
    is, the time, and the *version* of this package. *session* is the session whose pending changes the plan lists; a
    plan from a file belongs to none.
    """

    server: str = ""
    user: str | None = None
    made: str = ""
    version: str = __version__
    session: object = None

    @classmethod
    def here(cls, server: str, user: str | None, session: object = None) -> Origin:
        """The origin of a plan that is made now."""
        return cls(server, user, datetime.now(UTC).isoformat(timespec="seconds"), __version__, session)


class Plan(OwnRepr, LastUncompared, frozen=True):
    """Changes in sending order: `plan.changes`. Printed, it fits a screen; `full()` has everything.

    *names* maps identities to what people call the assets, *numbers* to the numbers that they know them by, as far as
    that is loaded; *along* lists what goes with assets that are deleted, *required* the attributes that the schema
    requires and a change leaves empty.
    """

    changes: tuple[Change, ...] = ()
    names: Mapping[Oid, str] = field(default_factory=dict)
    along: Mapping[Oid, TakenAlong] = field(default_factory=dict)
    numbers: Mapping[Oid, str] = field(default_factory=dict)
    origin: Origin = field(default_factory=Origin)
    required: Mapping[Oid, tuple[str, ...]] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)

    def __len__(self) -> int:
        return len(self.changes)

    def __getitem__(self, index: int) -> Change:
        return self.changes[index]

    def __repr__(self) -> str:
        return f"<Plan {counted(self.changes)}>" if self.changes else "<Plan: nothing to commit>"

    def __str__(self) -> str:
        return printable(self._text.screen()) if self.changes else "Nothing to commit."

    def full(self) -> str:
        """All changes in words, before and after, field by field."""
        return printable(self._text.full()) if self.changes else "Nothing to commit."

    @property
    def _text(self) -> PlanText:
        return PlanText(self.changes, self.names, self.numbers, self.along, self.required)

    def _repr_pretty_(self, printer: object, cycle: bool) -> None:
        printer.text(str(self))  # type: ignore[attr-defined]

    def __rich__(self) -> Any:
        return load("rich.text", extra="cli").Text(str(self))

    def save(self, path: str | Path) -> None:
        """Write the plan to a file, as JSON, readable by this user only and in one step. Secrets are left out, so that
        a plan that writes some is refused when it is committed from the file. Raises OSError.
        """
        document = {
            "assetmeta": "plan",
            "format": _FORMAT,
            "version": self.origin.version,
            "server": self.origin.server,
            "user": self.origin.user,
            "made": self.origin.made,
            "changes": list(map(change_to_json, self.changes)),
            "names": [[*oid[:2], name] for oid, name in self.names.items()],
            "numbers": [[*oid[:2], number] for oid, number in self.numbers.items()],
            "required": [[*oid[:2], list(names)] for oid, names in self.required.items()],
            "along": [
                [*oid[:2], [list(part[:2]) for part in along.known], list(along.types)]
                for oid, along in self.along.items()
            ],
        }
        target = Path(path).expanduser()
        number, name = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".part")
        try:
            with os.fdopen(number, "w", encoding="utf-8") as file:
                json.dump(document, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    @classmethod
    def load(cls, path: str | Path) -> Plan:
        """Return the plan of a file that `save` wrote. Sends nothing. Raises OSError, and BadValue for anything else
        than such a file.
        """
        text = Path(path).expanduser().read_bytes()
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict) or document.get("assetmeta") != "plan":
            raise BadValue(
                f"{path} is not a saved plan, which is JSON that plan.save(...) or assetmeta load --plan has written. "
                "A table is read by upsert(...) or assetmeta load."
            )
        try:
            if document["format"] > _FORMAT:
                raise ValueError(f"it is of format {shown(document['format'], 20)}")
            return cls._from_json(document)
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, ArithmeticError, RecursionError) as error:
            why = shown(error, 100)
            raise BadValue(f"{path} does not contain a plan that this version can read ({why}).") from error

    @classmethod
    def _from_json(cls, found: Mapping[str, Any]) -> Plan:
        along = {
            Oid(type_name, key): TakenAlong(tuple(Oid(*part) for part in known), tuple(types))
            for type_name, key, known, types in found["along"]
        }
        return cls(
            tuple(map(change_from_json, found["changes"])),
            {Oid(type_name, key): name for type_name, key, name in found["names"]},
            along,
            {Oid(type_name, key): number for type_name, key, number in found["numbers"]},
            Origin(str(found["server"]), found["user"], str(found["made"]), str(found["version"])),
            {Oid(type_name, key): tuple(names) for type_name, key, names in found.get("required", ())},
        )
