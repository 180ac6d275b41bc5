"""Identities, moments, paths and terms as the server takes them (attribute tokens; filters; query parameters: asof):
the one place that escapes.

The filter grammar has no trustworthy escape, so text never enters a filter: it goes into a variable of query.v1's
`with`, which the server does not parse. Only literals that a codec made of a typed value are quoted, and only
when they consist of harmless characters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from msgspec.structs import replace

from assetmeta.backends.versionone.codecs import Rank
from assetmeta.model.codecs import Codec, Number, condition_text
from assetmeta.model.conditions import And, Compare, Exists, Not, Or, RawFilter, Term
from assetmeta.model.errors import BadValue
from assetmeta.model.paths import Path, Resolved, Step, counts, resolve
from assetmeta.model.schema import Schema
from assetmeta.model.values import AsOf, Oid
from assetmeta.model.zones import local_moment, wall_time, zone_named

EVERYTHING = "+ID"
NOTHING = "-ID"
"""Every asset has an ID, so these are an empty *and* and an empty *or*."""

_LITERAL = re.compile(r"[A-Za-z0-9_:.\-]+\Z")
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_ALWAYS_THERE = frozenset({"ID", "AssetType", "AssetState", "Key", "Moment"})
_COUNT = Number()
_DATE = len("2026-03-01")
_LOCAL = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?\Z", re.ASCII)


def require_key(oid: Oid) -> Oid:
    """Return *oid* without its moment, safe in a path or a filter.

    Raises BadValue for an asset that was not created yet, and for what is no VersionOne identity: ids are numbers.
    """
    if oid.is_new:
        raise BadValue(f"{oid} is not on the server yet.", oid=oid.token)
    if not isinstance(oid.key, int) or not oid.type.isidentifier():
        raise BadValue(f"{oid.token!r} is not the identity of a VersionOne asset: its id is a number.", oid=oid.token)
    return oid.current


def place(oid: Oid) -> str:
    """Return `Story/1005`. Raises BadValue like `require_key`."""
    found = require_key(oid)
    return f"{found.type}/{found.key}"


def asof_text(moment: AsOf, zone: str) -> str:
    """Return `asof` for a time: a datetime is converted to the member's *zone*, text without offset stays as it is.

    Raises BadValue for a datetime without zone, for local times that occur twice or never, for text that is no
    ISO time, and for change numbers, which only reads of single assets take.
    """
    if isinstance(moment, int):
        raise BadValue(f"{moment} is a change number: it reads single assets; a list takes a date or a time.")
    try:
        if isinstance(moment, str):
            found = _read(moment)
            if _LOCAL.match(moment):
                if len(moment) > _DATE:
                    local_moment(found, zone_named(zone))
                return moment
            moment = found
        if moment.tzinfo is None:
            raise BadValue(f"{moment.isoformat()} has no time zone; give it one, or write the time as text.")
        local = wall_time(moment, zone_named(zone))
    except ValueError as error:
        if isinstance(error, BadValue):
            raise
        raise BadValue(f"asof: {error}.") from error
    return local.isoformat(timespec="milliseconds" if local.microsecond % 1000 == 0 else "microseconds")


def _read(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise BadValue(f"{text!r} is not an ISO date or time such as 2026-03-01 or 2026-03-01T17:30:00.") from None


def moment_of(asof: AsOf | None, oids: tuple[Oid, ...] | None) -> AsOf | None:
    """The moment of a fetch: its own, or that of its assets."""
    return asof if asof is not None or not oids else oids[0].moment


class TokenBuilder:
    """Builds the tokens and filters of one query, with the variables that they need in `variables`."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.variables: dict[str, str] = {}

    def token(self, path: Path, owner: str) -> str:
        """Return the token of *path*, which starts at type *owner*."""
        pieces = []
        for step in path.steps:
            related = self._behind(owner, step)
            pieces.append(self._step(step, related))
            owner = related or owner
        if path.aggregate:
            pieces.append(f"@{path.aggregate}")
        return ".".join(pieces)

    def filters(self, term: Term | None, owner: str) -> list[str]:
        """Return *term* as the entries of a `filter` list, which the server joins by *and*."""
        if term is None:
            return []
        if isinstance(term, And):
            return [entry for inner in term.terms for entry in self.filters(inner, owner)]
        return [self.filter(term, owner)]

    def filter(self, term: Term, owner: str) -> str:
        """Return one term as a filter. Raw filter text stays as it is."""
        match term:
            case RawFilter():
                return term.text
            case Exists():
                return self._exists(term.path, owner, term.present)
            case And():
                return _joined(";", [self._part(inner, owner) for inner in term.terms], EVERYTHING)
            case Or():
                return _joined("|", [self._part(inner, owner) for inner in term.terms], NOTHING)
            case Not():
                return self._negated(term.term, owner)
            case Compare():
                return self._compared(term, owner)
            case _:
                assert_never(term)

    def oids(self, oids: Sequence[Oid]) -> str:
        """Return the filter for exactly these assets. Raises BadValue for a key that no VersionOne asset can have."""
        literals = [f"'{require_key(oid).token}'" for oid in oids]
        return f"ID={','.join(literals)}"

    def _part(self, term: Term, owner: str) -> str:
        """Return a part of a larger term. All but raw text is one comparison or in parentheses already."""
        text = self.filter(term, owner)
        return f"({text})" if isinstance(term, RawFilter) else text

    def _negated(self, term: Term, owner: str) -> str:
        """Return the filter for every asset that *term* does not admit."""
        match term:
            case Not():
                return self.filter(term.term, owner)
            case And():
                return self.filter(Or(tuple(Not(inner) for inner in term.terms)), owner)
            case Or():
                return self.filter(And(tuple(Not(inner) for inner in term.terms)), owner)
            case Exists():
                return self._exists(term.path, owner, not term.present)
            case RawFilter():
                return f"-ID[{term.text}]"
            case Compare():
                if term.operator == "!=":
                    return self.filter(replace(term, operator="="), owner)
                return self._none(term, owner)
            case _:
                assert_never(term)

    def _compared(self, term: Compare, owner: str) -> str:
        """`=`, `<` and the others admit an asset when any value matches. `!=` is the opposite of `=`: none does."""
        if term.operator == "!=":
            return self._none(replace(term, operator="="), owner)
        return self._any(term, owner)

    def _any(self, term: Compare, owner: str) -> str:
        term, nothing = _without_null(term)
        term = self._by_name(term, owner)
        parts = self._comparisons(term, owner)
        if nothing:
            parts.append(self._exists(term.path, owner, present=False))
        return _joined("|", parts, NOTHING)

    def _none(self, term: Compare, owner: str) -> str:
        """Return the filter for assets of which no value matches, those without a value included.

        What `!=` means on several values and on null is not documented, so neither is used: "none of the related assets
        matches" is `-Owners[...]`, and a missing value has a condition of its own.
        """
        term, nothing = _without_null(term)
        term = self._by_name(term, owner)
        reached = resolve(self.schema, owner, term.path)
        if nothing:
            present = self._exists(term.path, owner, present=True)
            return _joined(";", [self._none(term, owner), present], EVERYTHING) if term.values else present
        if not term.values:
            return EVERYTHING
        if reached.multi:
            return self._none_reached(term, owner, reached)
        if term.operator == "~=":
            return f"-ID[{self._any(term, owner)}]"
        opposite = replace(term, operator=_OPPOSITE.get(term.operator, "!="))
        outside = self._each(opposite, owner)
        # Required attributes too: one that became required later is still missing from older assets.
        if term.path.is_name and reached.attribute.name in _ALWAYS_THERE:
            return outside
        return _joined("|", [outside, self._exists(term.path, owner, present=False)], NOTHING)

    def _none_reached(self, term: Compare, owner: str, reached: Resolved) -> str:
        """`-Owners[Name=$v1]`; for a multi-value scalar of the asset itself, `-ID[TaggedWith=$v1]`."""
        path = term.path
        if reached.is_relation:
            inner, holder = Path((Step("ID"),)), path.steps
        elif len(path.steps) > 1:
            inner, holder = Path(path.steps[-1:]), path.steps[:-1]
        else:
            return f"-ID[{self._any(term, owner)}]"
        *before, last = holder
        wanted: Term = replace(term, path=inner)
        where = wanted if last.where is None else And((_as_term(last.where), wanted))
        return f"-{self.token(Path((*before, replace(last, where=where))), owner)}"

    def _each(self, term: Compare, owner: str) -> str:
        """Return the filter for assets for which *term* holds with every one of its values."""
        reached = resolve(self.schema, owner, term.path)
        literals = [self._literal(value, self._codec(term.path, reached)) for value in term.values]
        if term.operator == "!=" and None not in literals:
            return self._comparison(term.path, owner, "!=", ",".join(f"'{literal}'" for literal in literals))
        parts = [part for value in term.values for part in self._comparisons(replace(term, values=(value,)), owner)]
        return _joined(";", parts, EVERYTHING)

    def _comparisons(self, term: Compare, owner: str) -> list[str]:
        """Return *term* as few comparisons: literals share one, each text has its own variable."""
        codec = self._codec(term.path, resolve(self.schema, owner, term.path))
        literals, texts = [], []
        for value in term.values:
            literal = self._literal(value, codec)
            if literal is None:
                texts.append(self._variable(codec.encode(value)))
            else:
                literals.append(f"'{literal}'")
        lists = [",".join(literals)] if term.operator == "=" and literals else literals
        return [self._comparison(term.path, owner, term.operator, values) for values in (*lists, *texts)]

    def _comparison(self, path: Path, owner: str, operator: str, values: str) -> str:
        return f"{self.token(path, owner)}{operator}{values}"

    def _exists(self, path: Path, owner: str, present: bool) -> str:
        return f"{'+' if present else '-'}{self.token(path, owner)}"

    def _variable(self, text: str) -> str:
        name = f"$v{len(self.variables) + 1}"
        self.variables[name] = text
        return name

    def _literal(self, value: object, codec: Codec) -> str | None:
        """Return the canonical text of a typed value when it can be quoted, else None."""
        if isinstance(value, str):
            return None
        if isinstance(value, Oid) and value.is_new:
            raise BadValue(f"{value} is not on the server yet, so nothing can be compared with it.", oid=value.token)
        text = condition_text(codec, value)
        return text if _LITERAL.match(text) else None

    def _codec(self, path: Path, reached: Resolved) -> Codec:
        if counts(path) or isinstance(reached.attribute.codec, Rank):
            return _COUNT
        return reached.attribute.codec

    def _by_name(self, term: Compare, owner: str) -> Compare:
        """Texts compared with a relation are names of the related asset: `Status='Done'` is `Status.Name`."""
        if not term.values or not all(isinstance(value, str) for value in term.values):
            return term
        reached = resolve(self.schema, owner, term.path)
        if not reached.is_relation or reached.attribute.related is None:
            return term
        name = self.schema.type(term.path.steps[-1].downcast or reached.attribute.related).display or "Name"
        return replace(term, path=Path((*term.path.steps, *Path.parse(name).steps)))

    def _behind(self, owner: str, step: Step) -> str | None:
        return step.downcast or self.schema.attribute(owner, step.name).related

    def _step(self, step: Step, related: str | None) -> str:
        if step.where is None:
            return str(step)
        where = _as_term(step.where)
        return f"{replace(step, where=None)}[{self.filter(where, related or '')}]"


def _as_term(where: object) -> Term:
    """The condition in the brackets of a step, as a term; text is the user's own."""
    if isinstance(where, Compare | Exists | And | Or | Not | RawFilter):
        return where
    return RawFilter(str(where))


def _without_null(term: Compare) -> tuple[Compare, bool]:
    """Return the term without None among its values, and whether it had one."""
    values = tuple(value for value in term.values if value is not None)
    return replace(term, values=values), len(values) < len(term.values)


def _joined(sign: str, parts: Sequence[str], empty: str) -> str:
    """Join. *and* and *or* have no precedence on the server, so several parts are always in parentheses."""
    if not parts:
        return empty
    return f"({sign.join(parts)})" if len(parts) > 1 else parts[0]
