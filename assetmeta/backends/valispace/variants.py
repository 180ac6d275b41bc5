"""The parameters with which objects are read: which texts are cleaned by the server, and which fields are sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assetmeta.backends.rest.http import Pairs
from assetmeta.backends.rest.spec import Resource, field_of
from assetmeta.model.schema import Schema

_PARAMETERS = {"CleanText": "clean_text", "CleanHtml": "clean_html"}


@dataclass(frozen=True, slots=True)
class ReadVariant:
    """One way of reading the same objects: the parameters of the request, and the keys that are cleaned by them."""

    query: Pairs
    cleaned: Mapping[str, str]
    names: tuple[str, ...]


def read_variants(resource: Resource, schema: Schema, names: Iterable[str]) -> list[ReadVariant]:
    """Return how often, and with which parameters, the objects have to be read for *names*: mostly once, plainly.

    The server cleans a text in place of sending it, so a text that is wanted both ways takes two reads.
    """
    plain = [name for name in names if ".@" not in name]
    cleanings: list[dict[str, str]] = []
    for name in names:
        text, _, word = name.partition(".@")
        if word and resource.cleans:
            _place(cleanings, text, word)
        elif word:
            plain.append(text)
    found = [_variant(resource, schema, cleaning) for cleaning in cleanings]
    if not found or any(name in found[0].cleaned for name in plain):
        return [ReadVariant(sparse(resource, schema, plain), {}, tuple(plain)), *found]
    first = found[0]
    return [ReadVariant(first.query, first.cleaned, (*first.names, *plain)), *found[1:]]


def _place(cleanings: list[dict[str, str]], text: str, word: str) -> None:
    """Put a text into the first read in which it is not to be cleaned otherwise."""
    for cleaning in cleanings:
        if cleaning.get(text, word) == word:
            cleaning[text] = word
            return
    cleanings.append({text: word})


def _variant(resource: Resource, schema: Schema, cleaning: Mapping[str, str]) -> ReadVariant:
    cleaned: dict[str, str] = {}
    for text, word in cleaning.items():
        either = field_of(resource, schema, text).alternative_key
        cleaned.update({name: word for name in (text, either) if name})
    query = [
        (parameter, ",".join(name for name, given in cleaned.items() if given == word))
        for word, parameter in _PARAMETERS.items()
        if word in cleaned.values()
    ]
    return ReadVariant(tuple(query), cleaned, tuple(cleaning))


def sparse(resource: Resource, schema: Schema, names: Iterable[str]) -> Pairs:
    """Return the `fields` parameter, where the endpoint knows it and not everything is wanted (reference 5.2)."""
    wanted = set(names)
    if not resource.fields_parameter or wanted >= set(schema.type(resource.type).basic):
        return ()
    found = ["id"]
    for name in sorted(wanted):
        known = field_of(resource, schema, name)
        if known.reverse_of is None:
            found += [known.source_key or name, *(flag for flag, _ in known.when), *filter(None, [known.type_in])]
    if any(schema.type(resource.type).attributes[name].is_relation for name in wanted):
        found.append("project")
    known_names = schema.type(resource.type).attributes
    return (("fields", ",".join(dict.fromkeys(name for name in found if name in known_names))),)
