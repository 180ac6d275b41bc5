"""What a read needs to know of which assets: a tree of names, and the texts to be cleaned.

Name, parent.name, parent.project.name      ->  {"name": {}, "parent": {"name": {}, "project": {"name": {}}}}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assetmeta.backends.jsonrest import Pairs
from assetmeta.backends.matching import asked_paths
from assetmeta.backends.valispace.meta import field_of
from assetmeta.backends.valispace.table import Endpoint
from assetmeta.model.errors import Unsupported
from assetmeta.model.paths import CLEANED, Path
from assetmeta.model.plans import Fetch
from assetmeta.model.schema import Schema

Tree = dict[str, "Tree"]

_PARAMETERS = {"CleanText": "clean_text", "CleanHtml": "clean_html"}


def tree(paths: Iterable[Path]) -> Tree:
    """Return the names that *paths* go through, as a tree. A text to be cleaned counts as its column."""
    found: Tree = {}
    for path in paths:
        names = [step.name for step in path.steps]
        if path.aggregate in CLEANED:
            names[-1] = f"{names[-1]}.@{path.aggregate}"
        here = found
        for name in names:
            here = here.setdefault(name, {})
    return found


def all_paths(fetch: Fetch) -> list[Path]:
    """Every path that a fetch mentions. Raises Unsupported for one that cannot be followed here."""
    found = [*fetch.select, *asked_paths(fetch.where), *(sort.path for sort in fetch.sort)]
    for path in found:
        if not all(step.is_plain for step in path.steps):
            raise Unsupported(f"{path}: related assets cannot be narrowed in a path here.", attribute=str(path))
        if path.aggregate in CLEANED and len(path.steps) > 1:
            raise Unsupported(f"{path}: the text of a related asset cannot be cleaned along.", attribute=str(path))
    return found


@dataclass(frozen=True, slots=True)
class Variant:
    """One way of asking for the same objects: the parameters that go along, and the keys that come cleaned by them."""

    query: Pairs
    cleaned: Mapping[str, str]
    names: tuple[str, ...]


def variants(endpoint: Endpoint, schema: Schema, names: Iterable[str]) -> list[Variant]:
    """Return how often, and with which parameters, the objects have to be read for *names*: mostly once, plainly.

    The server cleans a text in place of sending it, so a text that is wanted both ways takes two reads.
    """
    plain = [name for name in names if ".@" not in name]
    cleanings: list[dict[str, str]] = []
    for name in names:
        text, _, word = name.partition(".@")
        if word and endpoint.cleans:
            _place(cleanings, text, word)
        elif word:
            plain.append(text)
    found = [_cleaned(endpoint, schema, cleaning) for cleaning in cleanings]
    if not found or any(name in found[0].cleaned for name in plain):
        return [Variant(sparse(endpoint, schema, plain), {}, tuple(plain)), *found]
    first = found[0]
    return [Variant(first.query, first.cleaned, (*first.names, *plain)), *found[1:]]


def _place(cleanings: list[dict[str, str]], text: str, word: str) -> None:
    """Put a text into the first read in which it is not to be cleaned otherwise."""
    for cleaning in cleanings:
        if cleaning.get(text, word) == word:
            cleaning[text] = word
            return
    cleanings.append({text: word})


def _cleaned(endpoint: Endpoint, schema: Schema, cleaning: Mapping[str, str]) -> Variant:
    cleaned: dict[str, str] = {}
    for text, word in cleaning.items():
        either = field_of(endpoint, schema, text).either
        cleaned.update({name: word for name in (text, either) if name})
    query = [
        (parameter, ",".join(name for name, said in cleaned.items() if said == word))
        for word, parameter in _PARAMETERS.items()
        if word in cleaned.values()
    ]
    return Variant(tuple(query), cleaned, tuple(cleaning))


def sparse(endpoint: Endpoint, schema: Schema, names: Iterable[str]) -> Pairs:
    """Return the `fields` parameter, where the endpoint knows it and not everything is wanted (reference 5.2)."""
    wanted = set(names)
    if not endpoint.sparse or wanted >= set(schema.type(endpoint.type).basic):
        return ()
    found = ["id"]
    for name in sorted(wanted):
        known = field_of(endpoint, schema, name)
        if known.via is None:
            found += [known.same_as or name, *(flag for flag, _ in known.when), *filter(None, [known.type_in])]
    if any(schema.type(endpoint.type).attributes[name].is_relation for name in wanted):
        found.append("project")
    known_names = schema.type(endpoint.type).attributes
    return (("fields", ",".join(dict.fromkeys(name for name in found if name in known_names))),)
