"""Values of conditions as the server takes them, and what is meant by words that only conditions have (reference 4)."""

from __future__ import annotations

from collections.abc import Sequence

from assetmeta.backends.rest.pushdown import spell_plain
from assetmeta.backends.rest.spec import Api, Resource
from assetmeta.backends.valohai import keys
from assetmeta.model.conditions import And, Compare, Not, Or, Term
from assetmeta.model.paths import resolve
from assetmeta.model.schema import Schema
from assetmeta.model.values import Key, Oid


def parse_key(endpoint: Resource, value: object) -> Key | None:
    """The key that a value in a condition is."""
    return keys.parse_key(endpoint, str(value))


def spell(value: object) -> str | None:
    """A value as a query parameter; None also for a text with a comma, which would be several values."""
    if isinstance(value, Oid):
        return str(value.key)
    return None if isinstance(value, str) and "," in value else spell_plain(value)


def meant(schema: Schema, table: Api, endpoint: Resource, term: Term) -> Term:
    """Put what is meant in the place of words that only filters know (`incomplete`), and of owners: whether an id is a
    user's or an organization's, bodies do not say.
    """
    if isinstance(term, And | Or):
        return type(term)(tuple(meant(schema, table, endpoint, inner) for inner in term.terms))
    if isinstance(term, Not):
        return Not(meant(schema, table, endpoint, term.term))
    if not isinstance(term, Compare):
        return term
    words = endpoint.words.get(str(term.path), {})
    values = [one for value in term.values for one in words.get(str(value), (value,))]
    union = table.unions.get(resolve(schema, endpoint.type, term.path).attribute.related or "")
    kinds = union.members if union else ()
    values += [Oid(name, value.key) for value in values if isinstance(value, Oid) for name in kinds]
    return Compare(term.path, term.operator, _once(values), term.any_text, term.owner)


def _once(values: Sequence[object]) -> tuple[object, ...]:
    """Each value once, as far as that shows: pieces of JSON have no hash."""
    try:
        return tuple(dict.fromkeys(values))
    except TypeError:
        return tuple(values)
