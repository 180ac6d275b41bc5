"""Where people see assets in a browser (reference 12.7: what the API calls results is `result_sets` there)."""

from __future__ import annotations

from assetmeta.backends.testspace.keys import divided
from assetmeta.backends.testspace.options import resource_of
from assetmeta.model.values import Oid


def page_of(oid: Oid) -> str | None:
    """The page of an asset below the server's URL, or of what it belongs to; None where there is none."""
    kind = resource_of(oid.type)
    if kind.page is not None:
        return kind.page.format(*str(oid.key).split("/"))
    parent = divided(kind, oid.key)[0]
    return None if parent is None or kind.parent is None else page_of(Oid(kind.parent, parent))
