"""The names that commands of one request have for the assets they made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..problems import invalid_oid
from .document import Document

_QUOTED = re.compile(r"(['\"])(@[^'\"]+)\1")


class Aliases:
    """`@name` to OID token, as far as the request has been carried out."""

    def __init__(self) -> None:
        self._oids: dict[str, str] = {}

    def learn(self, alias: str, oid: str) -> None:
        """An alias stands for the asset it named last."""
        self._oids[alias] = oid

    def forget(self, alias: str) -> None:
        """An alias whose command failed stands for nothing."""
        self._oids.pop(alias, None)

    def oid(self, text: str) -> str:
        """The token an alias stands for; other texts as they are. Raises a 400 problem for an unknown alias."""
        if not text.startswith("@"):
            return text
        try:
            return self._oids[text]
        except KeyError:
            raise invalid_oid(text) from None

    def within(self, query: Document) -> Document:
        """A query with the aliases in `from`, `where`, `filter` and `with` replaced, in its nested queries too.

        An unknown alias in `from` raises a 400 problem; elsewhere it is a text like any other.
        """
        name = query.get("from")
        if isinstance(name, str) and name.startswith("@"):
            query = {**query, "from": self.oid(name)}
        return self._replaced(query) if self._oids else query

    def _replaced(self, query: Document) -> Document:
        found = dict(query)
        for key in ("where", "with"):
            if isinstance(found.get(key), Mapping):
                found[key] = {name: self._value(value) for name, value in found[key].items()}
        if "filter" in found:
            found["filter"] = self._filters(found["filter"])
        if isinstance(found.get("select"), list):
            found["select"] = [self._replaced(each) if isinstance(each, Mapping) else each for each in found["select"]]
        return found

    def _value(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._value(each) for each in value]
        return self._oids.get(value, value) if isinstance(value, str) else value

    def _filters(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._filters(each) for each in value]
        return _QUOTED.sub(self._quoted, value) if isinstance(value, str) else value

    def _quoted(self, found: re.Match[str]) -> str:
        return f"{found[1]}{self._oids.get(found[2], found[2])}{found[1]}"
