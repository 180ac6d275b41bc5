"""Conditions of a command line: `Estimate>3`, `Status=Done`, `Name~invoice`, `Super=`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from assetmeta import BadValue, Query, Session
from assetmeta.model.conditions import Term
from assetmeta.model.paths import Path, resolve

_CONDITION = re.compile(r"\s*(?P<path>[\w.:]+?)\s*(?P<operator>!=|<=|>=|=|<|>|~)(?P<value>.*)\Z", re.DOTALL)
_VALUE = re.compile(r'\s*(?:"(?P<quoted>(?:[^"]|"")*)"|([^,]*))\s*(,|\Z)')
_TOKEN = re.compile(r"(?P<type>[A-Za-z]\w*):\S+\Z")


def conditions(session: Session, query: Query, texts: Sequence[str]) -> Iterator[Term]:
    """Yield the conditions that *texts* mean. `=` and `!=` without a value select what is not set, and set; several
    values are separated by commas, and a value with a comma is quoted (`Name="Smith, John",Lee`); `~` selects by a part
    of a text. Sends nothing. Raises BadValue, UnknownName.
    """
    for text in texts:
        found = _CONDITION.match(text)
        if found is None:
            raise BadValue(f"{text!r} is not a condition; write NAME=VALUE, or !=, <, <=, >, >= and ~ (contains).")
        column = query[found["path"]]
        operator, value = found["operator"], found["value"].strip()
        if operator == "~":
            yield column.contains(value)
        elif not value:
            if operator not in ("=", "!="):
                raise BadValue(f"{text!r} has no value to compare with.")
            yield column == None if operator == "=" else column != None  # noqa: E711
        else:
            values = [_value(session, query, found["path"], one) for one in _split_values(value)]
            yield _comparison(column, operator, values)


def _split_values(text: str) -> list[str]:
    """Split at commas. Quotes around a value keep its commas and are dropped; a doubled quote within is one quote."""
    values: list[str] = []
    position, has_more = 0, True
    while has_more:
        found = _VALUE.match(text, position)
        assert found is not None, "an empty text is a value, too"
        values.append(found[2].strip() if found["quoted"] is None else found["quoted"].replace('""', '"'))
        position, has_more = found.end(), bool(found[3])
    return values


def _comparison(column: Any, operator: str, values: list[Any]) -> Term:
    """The condition that a column has one of the values, or none of them, or compares with one. Raises BadValue."""
    if operator in ("=", "!="):
        term: Term = column.in_(values) if operator == "=" else column.not_in(values)
        return term
    if len(values) != 1:
        raise BadValue(f"{column!r} {operator} is compared with one value.")
    compare = {"<": column.__lt__, "<=": column.__le__, ">": column.__gt__, ">=": column.__ge__}
    found: Term = compare[operator](values[0])
    return found


def _value(session: Session, query: Query, name: str, text: str) -> Any:
    """The asset where a relation is compared with a token such as Scope:0; else the text, which the column parses."""
    token = _TOKEN.match(text)
    reached = resolve(session.schema, query.type_name, Path.parse(name))
    if reached.is_relation and token and token["type"] in session.schema.types:
        return session.asset_from_oid(text)
    return text
