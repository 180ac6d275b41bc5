"""What a read needs to know of which assets, as a tree of names.

Name, parent.name, parent.project.name      ->  {"Name": {}, "parent": {"name": {}, "project": {"name": {}}}}
"""

from __future__ import annotations

from collections.abc import Iterable

from assetmeta.backends.local.operators import paths_in
from assetmeta.model.errors import Unsupported
from assetmeta.model.paths import CLEANED, Path
from assetmeta.model.plans import Fetch

Tree = dict[str, "Tree"]


def path_tree(paths: Iterable[Path]) -> Tree:
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
    found = [*fetch.select, *paths_in(fetch.where), *(sort.path for sort in fetch.sort)]
    for path in found:
        if not all(step.is_plain for step in path.steps):
            raise Unsupported(f"{path}: related assets cannot be narrowed in a path here.", attribute=str(path))
        if path.aggregate in CLEANED and len(path.steps) > 1:
            raise Unsupported(f"{path}: the text of a related asset cannot be cleaned along.", attribute=str(path))
    return found


def own_names(fetch: Fetch) -> list[str]:
    """The names of the assets' own attributes that a fetch needs."""
    return list(path_tree(all_paths(fetch)))
