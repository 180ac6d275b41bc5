"""What a read will send, what the server does about it, and what is done here: as text, without sending anything."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from assetmeta.backends.local.prefetch import Tree, all_paths, own_names, path_tree
from assetmeta.backends.rest.pushdown import Pushdown, push_down
from assetmeta.backends.rest.spec import Api, Field, Resource, field_of
from assetmeta.backends.valohai.connection import Settings
from assetmeta.backends.valohai.keys import condition_key, spell
from assetmeta.backends.valohai.pushdown import named
from assetmeta.backends.valohai.queries import held, ordering, page_limit, parents, uncounted, understood_as
from assetmeta.model.plans import Fetch
from assetmeta.model.schema import Schema


def explain(schema: Schema, wanted: Fetch, table: Api, settings: Settings) -> str:
    """Return the requests of a read, one a line, and below them who filters, sorts and cuts. Raises Unsupported."""
    wanted = understood_as(schema, table, wanted)
    endpoint = table.resource(schema, wanted.type_name)
    narrow = push_down(endpoint, wanted, condition_key, spell)
    lines = [
        *_requests(schema, endpoint, narrow, wanted, table, settings),
        *_beyond(schema, table, endpoint.type, path_tree(all_paths(wanted)), ""),
        *_rest(endpoint, narrow, wanted),
    ]
    return "\n".join(lines)


def _requests(
    schema: Schema, endpoint: Resource, narrow: Pushdown, wanted: Fetch, table: Api, settings: Settings
) -> Iterator[str]:
    keys = narrow.keys if wanted.oids is None else tuple(oid.key for oid in wanted.oids)
    if keys is not None:
        yield f"read {len(set(keys))} {endpoint.type} by identity"
        return
    if not endpoint.listed:
        within = endpoint.nested_in.type if endpoint.nested_in else ""
        yield f"read {len(parents(endpoint, table, wanted))} {within} that they stand in"
        return
    for term, relation, there in named(table, endpoint, wanted):
        path = settings.endpoint_path(there.path)
        yield f"GET {path}, for the {relation} that {term} means; below, its id is filtered by"
    names = held(endpoint, schema, own_names(wanted))
    include = [name for name in names if field_of(endpoint, schema, name).include]
    more = (("include", ",".join(include)),) if include else ()
    for query in narrow.queries:
        limit = (("limit", str(page_limit(endpoint, wanted, narrow, 0, settings))),)
        parameters = (*query, *ordering(endpoint, wanted), *more, *uncounted(endpoint, wanted), *limit)
        pairs = urlencode(parameters, safe=",")
        end = "end" if wanted.size is None else "window is full"
        yield f"GET {settings.endpoint_path(endpoint.path)}?{pairs}, and on until the {end}"


def _beyond(schema: Schema, table: Api, type_name: str, names: Tree, trail: str) -> Iterator[str]:
    """One line for each relation that is followed, and for what only whole objects hold."""
    for name, more in names.items():
        attribute = schema.type(type_name).attributes.get(name)
        endpoint = table.types.get(type_name)
        known = endpoint.fields.get(name) if endpoint else None
        if attribute is None:
            continue
        yield from _step(known, type_name, f"{trail}{name}", bool(more), attribute.related)
        if more and attribute.related:
            yield from _beyond(schema, table, attribute.related, more, f"{trail}{name}.")


def _step(known: Field | None, type_name: str, path: str, followed: bool, related: str | None) -> Iterator[str]:
    if known is not None and known.reverse_of:
        yield f"then {path}: a list by {known.reverse_of} for each {type_name}, or for all of a project at once"
    elif known is not None and known.sublist:
        yield f"then {path}: a list for each {type_name}"
    elif known is not None and known.detail_only:
        yield f"then {path}: each {type_name} on its own, side by side; lists do not hold it"
    if followed and related:
        yield f"then what {path} leads to and rows do not show of it, for all at once"


def _rest(endpoint: Resource, narrow: Pushdown, wanted: Fetch) -> Iterator[str]:
    if narrow.pushed:
        yield f"the server filters: {'; '.join(map(str, narrow.pushed))}"
    elif wanted.oids is None and endpoint.listed:
        yield "the server filters nothing: the whole list comes"
    if wanted.where is not None:
        yield f"filtered here{', again' if narrow.pushed else ''}: {wanted.where}"
    if wanted.sort:
        side = "by the server" if ordering(endpoint, wanted) else "here"
        yield f"sorted {side}: {', '.join(map(str, wanted.sort))}"
    if wanted.start or wanted.size is not None:
        side = "by the server" if narrow.exact and (not wanted.sort or ordering(endpoint, wanted)) else "here"
        yield f"cut {side}: {'all' if wanted.size is None else wanted.size} from {wanted.start}"
