"""The query of a request: parameters may be repeated, lists may be joined by commas, booleans come in any case."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs

from assetmeta.sandbox.rest.paging import number
from assetmeta.sandbox.rest.values import FALSE, TRUE


class Query:
    """Read access to the parameters."""

    def __init__(self, text: str) -> None:
        self.values: Mapping[str, list[str]] = parse_qs(text, keep_blank_values=True)

    def one(self, name: str) -> str | None:
        """A parameter; of a repeated one the last counts."""
        found = self.values.get(name)
        return found[-1] if found else None

    def all(self, name: str) -> list[str]:
        """All values of a parameter that are not empty."""
        return [value for value in self.values.get(name, ()) if value != ""]

    def flag(self, name: str) -> bool | None:
        """A boolean; None where it is not given or is none."""
        return flag(self.one(name) or "")

    def words(self, name: str) -> frozenset[str]:
        """The words of comma lists; blanks around them are no matter."""
        parts = ",".join(self.values.get(name, ())).split(",")
        return frozenset(part.strip() for part in parts if part.strip())

    def number(self, name: str, least: int, default: int) -> int:
        """A whole number of at least *least*, *default* for anything else."""
        found = number(self.one(name), least)
        return default if found is None else found


def flag(text: str) -> bool | None:
    """A boolean by one of its names, None for any other text."""
    word = text.strip().lower()
    return True if word in TRUE else False if word in FALSE else None
