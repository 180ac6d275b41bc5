"""The English texts of localisation tags, as loc.v1 and loc-2.v1 give them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from .seed import ROLES
from .types import Catalogue

TYPES = {
    "Scope": "Project",
    "Timebox": "Iteration",
    "Story": "Backlog Item",
    "Theme": "Feature Group",
    "Epic": "Portfolio Item",
    "Test": "Acceptance Test",
    "Actual": "Effort",
}
ATTRIBUTES = {
    "AttributeDefinition'Scope": "Project",
    "AttributeDefinition'Timebox": "Iteration",
    "AttributeDefinition'Super": "Portfolio Item",
    "AttributeDefinition'AssetState": "Status",
}
VIOLATIONS = {
    "Violation'Required": "A required value is missing",
    "Violation'Invalid": "The value is not valid",
    "Violation'ReadOnly": "The value cannot be changed",
    "Violation'NotAllowed": "The operation is not allowed",
    "Resolution'Unresolved": "The name could not be resolved",
    "Resolution'Ambiguous": "The name is ambiguous",
}

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def words(name: str) -> str:
    """A wire name as words: "TargetEstimate" is "Target Estimate"."""
    return _HUMP.sub(" ", name.removeprefix("Custom_"))


class Localizer:
    """Looks tags up. An unknown tag loses its last `'` term until it is known; the last resort is its own text."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._texts = _texts(catalogue)

    def text(self, tag: str) -> str:
        """The text of *tag*."""
        terms = tag.split("'")
        for length in range(len(terms), 0, -1):
            found = self._texts.get("'".join(terms[:length]))
            if found is not None:
                return found
        return tag


@lru_cache(maxsize=4)
def _texts(catalogue: Catalogue) -> Mapping[str, str]:
    """All texts by tag."""
    texts = {f"Role.Name'{role}": role for role in ROLES} | VIOLATIONS
    for kind in catalogue.types.values():
        name = TYPES.get(kind.name, words(kind.name))
        texts[f"AssetType'{kind.name}"] = name
        if kind.name in TYPES:
            texts[kind.name] = name
        for attribute in kind.attributes:
            texts[f"AttributeDefinition'{attribute}"] = words(attribute)
        if "Workitem" in kind.lineage:
            texts[f"AttributeDefinition'Name'{kind.name}"] = "Title"
    texts |= ATTRIBUTES
    return texts
