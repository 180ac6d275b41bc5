"""What a read will send, what the server does about it, and what is done here: as text, without sending anything."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from assetmeta.backends.local.executor import explain_local
from assetmeta.backends.local.prefetch import Tree, all_paths, own_names, path_tree
from assetmeta.backends.rest.pushdown import push_down
from assetmeta.backends.rest.spec import Api, Resource, field_of
from assetmeta.backends.valispace.connection import Settings
from assetmeta.backends.valispace.keys import parse_key, spell
from assetmeta.backends.valispace.queries import refuse
from assetmeta.backends.valispace.variants import read_variants
from assetmeta.model.plans import Fetch
from assetmeta.model.schema import Schema


def explain(schema: Schema, wanted: Fetch, table: Api, settings: Settings) -> str:
    """Return the requests of a read, one a line, and below them who filters, sorts and cuts. Raises Unsupported."""
    refuse(wanted)
    endpoint = table.resource(schema, wanted.type_name)
    return "\n".join([*_requests(schema, endpoint, wanted, table, settings), *_rest(endpoint, wanted)])


def _requests(schema: Schema, endpoint: Resource, wanted: Fetch, table: Api, settings: Settings) -> Iterator[str]:
    narrow = push_down(endpoint, wanted, parse_key, spell)
    keys = narrow.keys if wanted.oids is None else tuple(oid.key for oid in wanted.oids)
    attributes = schema.type(endpoint.type).attributes
    names = [name for name in own_names(wanted) if name.partition(".@")[0] in attributes]
    own = [name for name in names if not field_of(endpoint, schema, name.partition(".@")[0]).reverse_of]
    for variant in read_variants(endpoint, schema, own):
        if keys is not None:
            yield f"read {len(set(keys))} {endpoint.type} by identity"
        elif not endpoint.listed and endpoint.search:
            yield f"POST {settings.endpoint_path(endpoint.path, 'search')}"
        else:
            for query in narrow.queries:
                pairs = urlencode((*query, *variant.query), safe=",")
                yield f"GET {settings.endpoint_path(endpoint.path)}{'?' if pairs else ''}{pairs}"
    yield from _beyond(schema, table, endpoint.type, path_tree(all_paths(wanted)), "")


def _beyond(schema: Schema, table: Api, type_name: str, names: Tree, trail: str) -> Iterator[str]:
    """One line for each relation that is followed."""
    for name, more in names.items():
        attribute = schema.type(type_name).attributes.get(name.partition(".@")[0])
        endpoint = table.types.get(type_name)
        known = endpoint.fields.get(name) if endpoint else None
        if attribute is None or attribute.related is None:
            continue
        if known is not None and known.reverse_of:
            by = f"a list by {known.reverse_of} for each"
            yield f"then the {attribute.related} of each {type_name} in {trail}{name}: {by}"
        elif more:
            yield f"then what {trail}{name} leads to, by identity, for all at once"
        if more:
            yield from _beyond(schema, table, attribute.related, more, f"{trail}{name}.")


def _rest(endpoint: Resource, wanted: Fetch) -> Iterator[str]:
    pushed = push_down(endpoint, wanted, parse_key, spell).pushed
    if pushed:
        yield f"the server filters: {'; '.join(map(str, pushed))}"
    elif wanted.oids is None:
        yield "the server filters nothing: the whole list comes"
    yield from explain_local(wanted, again=bool(pushed))
