"""Filter terms as data. They hold values, never quoted text: each dialect spells and escapes them in one place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn

from msgspec import Struct

from assetmeta.model.errors import BadValue
from assetmeta.model.paths import Path
from assetmeta.model.printable import OwnRepr, printable
from assetmeta.model.texts import Hidden
from assetmeta.model.values import LastUncompared

OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "~=", "==", "^=", "$=")
EXACT = "=="
"""Equality that respects letter case, where `=` does not."""

STARTS, ENDS = "^=", "$="
"""How a text begins and ends, letter case aside."""

LOOSER = {EXACT: "=", STARTS: "~=", ENDS: "~="}
"""What a server is sent instead of a condition that is checked again here: it admits all that the condition does."""


class _Combinable(OwnRepr, Struct, frozen=True):
    """`&`, `|` and `~` build larger terms; `and`, `or` and `not` raise BadValue."""

    def __and__(self, other: Term) -> And:
        return And((self, other))  # type: ignore[arg-type]

    def __or__(self, other: Term) -> Or:
        return Or((self, other))  # type: ignore[arg-type]

    def __repr__(self) -> str:
        return printable(f"<condition {self}>")

    def __invert__(self) -> Not:
        return Not(self)  # type: ignore[arg-type]

    def __bool__(self) -> NoReturn:
        raise BadValue(f"({self}) is a condition for the server; combine conditions with &, | and ~, in parentheses.")


class _OnPath(_Combinable, LastUncompared, frozen=True):
    """A condition on one path. Its last field, *owner*, names the type whose column built it, if a column did."""


class Compare(_OnPath, frozen=True):
    """*path* *operator* any of *values* (Python values as the attribute's codec parses them; Oids for relations; a Path
    for what another attribute of the same asset holds).

    With *any_text* the values may be names that no list of the server has. With *by_name* they are what a relation was
    compared with: names of related assets.
    """

    path: Path
    operator: str
    values: tuple[object, ...]
    any_text: bool = False
    by_name: bool = False
    owner: str | None = None

    def __str__(self) -> str:
        return f"{self.path}{self.operator}{','.join(map(_shown, self.values))}"


class Exists(_OnPath, frozen=True):
    """*path* has a value (or has none, when *present* is False)."""

    path: Path
    present: bool = True
    owner: str | None = None

    def __str__(self) -> str:
        return f"{'+' if self.present else '-'}{self.path}"


class And(_Combinable, frozen=True):
    """All of *terms*."""

    terms: tuple[Term, ...]

    def __str__(self) -> str:
        return "; ".join(f"({term})" for term in self.terms)


class Or(_Combinable, frozen=True):
    """Any of *terms*."""

    terms: tuple[Term, ...]

    def __str__(self) -> str:
        return " | ".join(f"({term})" for term in self.terms)


class Not(_Combinable, frozen=True):
    """Every asset that *term* does not admit, those without a value included."""

    term: Term

    def __str__(self) -> str:
        return f"not ({self.term})"


class RawFilter(_Combinable, frozen=True):
    """Filter text in the server's own language, exactly as the user wrote it."""

    text: str

    def __str__(self) -> str:
        return self.text


def _shown(value: object) -> str:
    """A value, or the path of another attribute, for people to read."""
    if isinstance(value, Path):
        return str(value)
    return _quoted(value)


def _quoted(value: object) -> str:
    """A value for people to read; the doubled quotes keep a path that holds the text readable as one."""
    return "'***'" if isinstance(value, Hidden) else "'" + str(value).replace("'", "''").replace('"', '""') + "'"


Term = Compare | Exists | And | Or | Not | RawFilter


def and_terms(term: Term | None) -> tuple[Term, ...]:
    """The terms that must all hold."""
    if term is None:
        return ()
    if isinstance(term, And):
        return tuple(part for inner in term.terms for part in and_terms(inner))
    return (term,)


def is_exact(term: Term) -> bool:
    """True when any part of *term* is checked again here where the server filters by itself (LOOSER)."""
    return any(isinstance(leaf, Compare) and leaf.operator in LOOSER for leaf in leaves(term))


def leaves(term: Term) -> Iterator[Compare | Exists | RawFilter]:
    """Yield the simple terms that *term* is made of."""
    if isinstance(term, And | Or):
        for inner in term.terms:
            yield from leaves(inner)
    elif isinstance(term, Not):
        yield from leaves(term.term)
    else:
        yield term
