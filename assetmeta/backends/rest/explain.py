"""What a read sends, what the server does of it, and what is done here: as text, without sending anything."""

from __future__ import annotations

from collections.abc import Iterator

from assetmeta.backends.local.prefetch import Tree, all_paths, path_tree
from assetmeta.backends.rest.reader import ListChoice, RestReader
from assetmeta.backends.rest.spec import Field, Resource
from assetmeta.model.plans import Fetch


def explain(reader: RestReader, wanted: Fetch) -> str:
    """Return the requests of a read, one a line, and below them who filters, sorts and cuts. *reader* is a new one."""
    resource = reader.resource(wanted.type_name)
    chosen = reader.choose_lists(resource, wanted)
    # What the parents of a list are comes with their own lists, on the way to it.
    along = resource.up if wanted.oids is None else None
    lines = [
        *_request_lines(reader, resource, wanted, chosen),
        *_relation_lines(reader, wanted.type_name, path_tree(all_paths(wanted)), "", along),
        *_side_lines(reader, resource, wanted, chosen),
    ]
    return "\n".join(lines)


def _request_lines(reader: RestReader, resource: Resource, wanted: Fetch, chosen: ListChoice) -> Iterator[str]:
    keys = chosen.keys if wanted.oids is None else tuple(oid.key for oid in wanted.oids)
    if keys is None:
        yield from reader.explain_lists(resource, wanted)
    else:
        yield f"read {len(set(keys))} {resource.type} by identity"


def _relation_lines(reader: RestReader, type_name: str, names: Tree, trail: str, along: str | None) -> Iterator[str]:
    """One line for each relation that is followed, and for what lists do not contain."""
    resource = reader.api.types.get(type_name)
    for name, beyond in names.items():
        attribute = reader.schema.type(type_name).attributes.get(name.partition(".@")[0])
        if attribute is None:
            continue
        path, known = f"{trail}{name}", resource.fields.get(name) if resource else None
        yield from _list_lines(reader, type_name, path, known)
        if not attribute.related:
            continue
        if beyond and name != along and not (known and known.listed_separately):
            yield f"then what {path} leads to, as far as it is not there already, for all at once"
        there = reader.api.types.get(attribute.related)
        yield from _relation_lines(
            reader, attribute.related, beyond, f"{path}.", there.up if there and name == along else None
        )


def _list_lines(reader: RestReader, type_name: str, path: str, known: Field | None) -> Iterator[str]:
    if known is not None and known.reverse_of:
        yield f"then {path}: a list by {known.reverse_of} for each {type_name}{reader.LIST_NOTE}"
    elif known is not None and known.listed_separately:
        yield f"then {path}: a list for each {type_name}, concurrently"
    elif known is not None and known.detail_only:
        yield f"then {path}: each {type_name} by itself, concurrently; lists do not contain it"


def _side_lines(reader: RestReader, resource: Resource, wanted: Fetch, chosen: ListChoice) -> Iterator[str]:
    """Who filters, sorts and cuts: the server, or the client here."""
    if chosen.pushed:
        yield f"the server filters: {'; '.join(map(str, chosen.pushed))}"
    elif wanted.oids is None and resource.listed and chosen.whole:
        yield "the server filters nothing: the whole list is read"
    if wanted.where is not None:
        yield f"filtered here{', again' if chosen.pushed else ''}: {wanted.where}"
    if wanted.sort:
        yield f"sorted {_side(reader.sorts(wanted))}: {', '.join(map(str, wanted.sort))}"
    if wanted.start or wanted.size is not None:
        amount = "all" if wanted.size is None else wanted.size
        yield f"cut {_side(reader.cuts(wanted))}: {amount} from {wanted.start}"


def _side(is_server: bool) -> str:
    return "by the server" if is_server else "here"
