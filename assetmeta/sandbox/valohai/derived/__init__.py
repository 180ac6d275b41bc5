"""All values that are worked out when they are read, by kind and field."""

from __future__ import annotations

from ..catalogue import KINDS
from ..model import Key, Row
from ..reader import Deriver, Reader
from . import files, projects, runs, serving


def own_address(kind_name: str) -> Deriver:
    """An object's own `url`."""

    def address(reader: Reader, id: Key, row: Row) -> str:
        return reader.url(kind_name, id)

    return address


DERIVED: dict[tuple[str, str], Deriver] = {
    **{
        (kind.name, "url"): own_address(kind.name)
        for kind in KINDS.values()
        if "url" in kind.by_name and not kind.by_name["url"].stored
    },
    **projects.DERIVED,
    **files.DERIVED,
    **runs.DERIVED,
    **serving.DERIVED,
}
