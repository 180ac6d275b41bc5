"""Read the notation of `schema.txt` into records; inheritance and reverse relations come later.

    Story : PrimaryWorkitem number=S           a type, its base, its number prefix (also order=, display=, short=)
        RequestedBy Text, Value Numeric        scalars
        Category -> StoryCategory.Stories      a single relation, and the name of its reverse on the related type
        Owners* -> Member.OwnedWorkitems       many to many, writable from both ends
        Parent^ -> Theme.Children              a hierarchy: six closure relations come with it
        IsClosed Boolean =                     worked out by the rule of the same name
        do Copy, Delete[IsDeletable]           operations; without brackets the validator is Check{Name}

`extend Story` adds to a type declared elsewhere. Flags follow a name: `!` required, `~` read-only, `*` multi-value,
`^` hierarchy, `+` among the default attributes although the general rule would leave it out. `Self` as a related type
is the type itself, in every type that inherits the attribute.
`EveryType` and `EveryRoot` hold the attributes of each type and of each type without a base. `#` starts a comment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_HEADER = re.compile(r"(?P<word>abstract |extend )?(?P<name>\w+)(?: : (?P<base>\w+))?(?P<options>(?: \w+=\w+)*)")
_ATTRIBUTE = re.compile(
    r"(?P<name>\w+)(?P<flags>[!~*^+]*)(?: (?P<kind>\w+))?"
    r"(?: -> (?P<related>\w+)(?:\.(?P<reverse>\w+))?)?(?P<computed> =(?: (?P<rule>\w+))?)?"
)
_OPERATION = re.compile(r"(?P<name>\w+)(?:\[(?P<validator>\w*)\])?")


@dataclass(frozen=True, slots=True)
class DeclaredAttribute:
    """One attribute as written. *rule* is set when it is computed; *reverse* names the attribute at the other end."""

    name: str
    kind: str
    related: str | None = None
    reverse: str | None = None
    rule: str | None = None
    required: bool = False
    readonly: bool = False
    multi: bool = False
    hierarchy: bool = False
    basic: bool = False


@dataclass(slots=True)
class DeclaredType:
    """One asset type as written, own attributes and operations only. Operations map to their validators."""

    name: str
    base: str | None
    abstract: bool
    options: dict[str, str]
    attributes: dict[str, DeclaredAttribute] = field(default_factory=dict)
    operations: dict[str, str | None] = field(default_factory=dict)


def read_types(text: str) -> dict[str, DeclaredType]:
    """All declared types by name, in order of declaration. Raises ValueError on a line that is not in the notation."""
    types: dict[str, DeclaredType] = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if not line.startswith(" "):
            current = _header(line, types)
            types[current.name] = current
        elif line.lstrip().startswith("do "):
            current.operations.update(_operations(line.strip().removeprefix("do ")))
        else:
            current.attributes.update((each.name, each) for each in _attributes(line))
    return types


def _header(line: str, types: dict[str, DeclaredType]) -> DeclaredType:
    match = _HEADER.fullmatch(line.rstrip())
    if match is None:
        raise ValueError(f"not a type header: {line!r}")
    if match["word"] == "extend ":
        return types[match["name"]]
    options = dict(option.split("=") for option in match["options"].split())
    return DeclaredType(match["name"], match["base"], match["word"] == "abstract ", options)


def _attributes(line: str) -> list[DeclaredAttribute]:
    return [_attribute(item.strip()) for item in line.split(",")]


def _attribute(item: str) -> DeclaredAttribute:
    match = _ATTRIBUTE.fullmatch(item)
    if match is None or (match["kind"] is None) == (match["related"] is None):
        raise ValueError(f"not an attribute: {item!r}")
    flags = match["flags"]
    kind = match["kind"] or "Relation"
    rule = (match["rule"] or match["name"]) if match["computed"] else None
    return DeclaredAttribute(
        name=match["name"],
        kind=kind,
        related=match["related"],
        reverse=match["reverse"],
        rule="Content" if kind == "Blob" else rule,
        required="!" in flags,
        readonly="~" in flags or rule is not None,
        multi="*" in flags,
        hierarchy="^" in flags,
        basic="+" in flags,
    )


def _operations(text: str) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for item in text.split(","):
        match = _OPERATION.fullmatch(item.strip())
        if match is None:
            raise ValueError(f"not an operation: {item!r}")
        validator = match["validator"]
        found[match["name"]] = f"Check{match['name']}" if validator is None else validator or None
    return found
