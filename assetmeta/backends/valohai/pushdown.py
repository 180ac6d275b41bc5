"""Conditions as the server can apply them: the meaning of words that only conditions have, and conditions on the name
of a project, a model or a dataset, replaced by conditions on its id (reference 4).

The server filters by the id of those and not by their name, and there are few of them: their list, read first, saves
reader the whole list of what belongs to any of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from assetmeta.backends.local.operators import equality, matches
from assetmeta.backends.rest.spec import Api, Resource
from assetmeta.backends.valohai.lookup import LookupReader
from assetmeta.backends.valohai.pages import read_all
from assetmeta.model.conditions import And, Compare, Not, Or, Term, and_terms
from assetmeta.model.http import Flow
from assetmeta.model.paths import Path, resolve
from assetmeta.model.plans import Fetch
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid

NOTHING = Compare(Path.parse("id"), "=", ("",))
"""A condition that no asset satisfies: it is answered without a request."""


def conditions_on_names(api: Api, resource: Resource, wanted: Fetch) -> Iterator[tuple[Term, str, Resource]]:
    """Yield the conditions that can be replaced so: each with its relation, and the resource that this leads to."""
    for term in and_terms(wanted.where) if resource.listed and wanted.oids is None else ():
        path, values = equality(term) or ("", ())
        relation, dot, name = path.partition(".")
        known = resource.fields.get(relation)
        if dot and "." not in name and len(values) == 1 and relation in resource.filters and known is not None:
            there = api.types[known.to[0]]
            if there.short_list and not _is_hidden(there, name):
                yield term, relation, there


def _is_hidden(resource: Resource, name: str) -> bool:
    known = resource.fields.get(name)
    return known is None or known.detail_only or known.listed_separately or not known.is_readable


def resolve_names(reader: LookupReader, resource: Resource, wanted: Fetch) -> Flow[Fetch]:
    """Return the fetch with those conditions replaced. One request for the list of each; where several assets have the
    name the condition stays as it is.
    """
    found: dict[Term, Term] = {}
    for term, relation, there in conditions_on_names(reader.api, resource, wanted):
        objects = yield from read_all(reader.options.endpoint_path(there.path), (), reader.options)
        assert isinstance(term, Compare)
        own = replace(term, path=Path(term.path.steps[1:]))
        matched = [oid for oid in reader.take(there, objects) if matches(own, reader.known, oid)]
        if len(matched) < 2:
            found[term] = Compare(Path.parse(relation), "=", tuple(matched)) if matched else NOTHING
    if not found:
        return wanted
    return replace(wanted, where=And(tuple(found.get(term, term) for term in and_terms(wanted.where))))


def interpret(schema: Schema, api: Api, resource: Resource, term: Term) -> Term:
    """Put what is meant in the place of words that only filters know (`incomplete`), and of owners, of which bodies
    do not show whether an id is a user's or an organization's.
    """
    if isinstance(term, And | Or):
        return type(term)(tuple(interpret(schema, api, resource, inner) for inner in term.terms))
    if isinstance(term, Not):
        return Not(interpret(schema, api, resource, term.term))
    if not isinstance(term, Compare):
        return term
    words = resource.words.get(str(term.path), {})
    values = [one for value in term.values for one in words.get(str(value), (value,))]
    union = api.unions.get(resolve(schema, resource.type, term.path).attribute.related or "")
    kinds = union.members if union else ()
    values += [Oid(name, value.key) for value in values if isinstance(value, Oid) for name in kinds]
    return replace(term, values=_once(values))


def _once(values: Sequence[object]) -> tuple[object, ...]:
    """Each value once, as far as that shows: pieces of JSON have no hash."""
    try:
        return tuple(dict.fromkeys(values))
    except TypeError:
        return tuple(values)
