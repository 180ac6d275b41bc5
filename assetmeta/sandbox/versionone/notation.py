"""Read the compact declarations of `declared/` into records; inheritance and reverse relations come later."""

from __future__ import annotations

import re
from collections.abc import Iterable
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


def read_types(families: Iterable[str]) -> dict[str, DeclaredType]:
    """All declared types by name, in order of declaration. Raises ValueError on a line that is not in the notation."""
    types: dict[str, DeclaredType] = {}
    for line in (line for text in families for line in text.splitlines() if line.strip()):
        if not line.startswith(" "):
            current = _header(line, types)
            types[current.name] = current
        elif line.lstrip().startswith("do "):
            current.operations.update(_operations(line.strip().removeprefix("do ")))
        else:
            current.attributes.update((each.name, each) for each in read_attributes(line))
    return types


def read_attributes(text: str) -> list[DeclaredAttribute]:
    """The attributes of some indented lines, in order."""
    items = (item.strip() for line in text.splitlines() for item in line.split(","))
    return [_attribute(item) for item in items if item]


def _header(line: str, types: dict[str, DeclaredType]) -> DeclaredType:
    match = _HEADER.fullmatch(line.rstrip())
    if match is None:
        raise ValueError(f"not a type header: {line!r}")
    if match["word"] == "extend ":
        return types[match["name"]]
    options = dict(option.split("=") for option in match["options"].split())
    return DeclaredType(match["name"], match["base"], match["word"] == "abstract ", options)


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
