"""The rows every instance has from its first moment on: root project, administrator, roles, states, lists, schema."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from assetmeta.sandbox.data import data

from .requests import LoadLink, LoadRow
from .schema_rows import schema_rows
from .types import Catalogue

_SHIPPED = data(__package__, "shipped.json")
"""Roles, the rows of the list types by their keys, and the RollupState of those that have one. Well-known rows have the
ids of real instances; the others are below 1000 as well."""

ROLES: tuple[str, ...] = tuple(_SHIPPED["roles"])
_STATES = {100: ("FUTR", 0), 101: ("ACTV", 64), 102: ("CLSD", 128)}

TIMEBOX_STATES: dict[str, int] = {f"State:{key}": state for key, (_, state) in _STATES.items()}
"""The asset state that goes with each value of `Timebox.State`."""


def rows(catalogue: Catalogue) -> Iterator[LoadRow]:
    """All shipped rows, of moment 0. The only id of 1000 or more is that of Scheme:1001."""
    yield from _fixed()
    for type_name, names in _SHIPPED["lists"].items():
        for place, (key, name) in enumerate(names.items(), start=1):
            asset = f"{type_name}:{key}"
            rollup = {"RollupState": _SHIPPED["rollup"][asset]} if asset in _SHIPPED["rollup"] else {}
            yield _row(asset, {"Name": name, "Order": place, **rollup})
    yield from schema_rows(catalogue)


def links(catalogue: Catalogue) -> Iterator[LoadLink]:
    """The shipped many-to-many values: the administrator belongs to the root project."""
    if catalogue.attribute("Scope", "Members") is not None:
        yield LoadLink("Scope.Members", "Scope:0", "Member:20", 0)


def _row(asset: str, values: dict[str, object]) -> LoadRow:
    return LoadRow(asset, since=0, state=64, values=values)


def _fixed() -> Iterator[LoadRow]:
    for key, role in enumerate(ROLES):
        yield _row(f"Role:{key}", {"Name": f"Role.Name'{role}"})
    for key, (code, _) in _STATES.items():
        yield _row(f"State:{key}", {"Code": code})
    yield _row("Scheme:1001", {"Name": "Default Scheme"})
    yield _row("Scope:0", {"Name": "System (All Projects)", "BeginDate": date(2005, 1, 1), "Scheme": "Scheme:1001"})
    person = {"Name": "Administrator", "Nickname": "Admin", "Username": "admin", "Password": "admin"}
    yield _row("Member:20", {**person, "Email": "admin@example.com", "DefaultRole": "Role:1"})
    yield _row("Grant:21", {"Scope": "Scope:0", "Member": "Member:20", "Role": "Role:1", "IsOwner": True})
