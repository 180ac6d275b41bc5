"""Attribute paths: `Super.Scope.Name`, `Workitems:Story[Estimate>'3'].Estimate.@Sum`, as data.

The grammar is the widest one that a dialect has (VersionOne's attribute tokens); a dialect refuses the pieces that
it cannot send. Text in brackets is never interpreted here, and a path that was parsed reads back letter by letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from assetmeta.model.codecs import Codec, Composite
from assetmeta.model.errors import BadValue, UnknownName, nearest
from assetmeta.model.schema import Attribute, Schema

AGGREGATES = ("Count", "DistinctCount", "Sum", "Min", "Max", "MinDate", "MaxDate", "And", "Or", "MaxState")
LOCAL_AGGREGATES = ("Count", "DistinctCount", "Sum", "Min", "Max", "MinDate", "MaxDate")
"""Those that are worked out here where the server only sends lists."""
CLEANED = ("CleanText", "CleanHtml")
"""Not aggregates, but written like them: a text without its markup, or with its references turned into text."""

_NUMBER_RESULT = frozenset({"Count", "DistinctCount"})
_STEP = re.compile(r"(?P<name>\w+)(?P<now>#)?(?::(?P<type>\w+))?(?:\[(?P<where>.*)\])?\Z", re.DOTALL)


class Step(Struct, frozen=True):
    """One step of a path: follow *name*, keep only *downcast* assets, and only those that *where* admits.

    *where* is either raw filter text as the user wrote it or a term (assetmeta.model.conditions). *now* reads the
    related asset as it is today in a query about the past.
    """

    name: str
    downcast: str | None = None
    where: object = None
    now: bool = False

    def __str__(self) -> str:
        where = "" if self.where is None else f"[{self.where}]"
        return f"{self.name}{'#' if self.now else ''}{':' + self.downcast if self.downcast else ''}{where}"

    @property
    def is_plain(self) -> bool:
        """True for a bare name."""
        return self.downcast is None and self.where is None and not self.now


class Path(Struct, frozen=True):
    """Steps from a type to a value, with an optional aggregate over everything reached. *part* names a part of the
    value (`case_counts.failed`), for conditions and sorting.
    """

    steps: tuple[Step, ...]
    aggregate: str | None = None
    part: str | None = None

    @classmethod
    def parse(cls, text: str) -> Path:
        """Read a path. Raises BadValue when it is not one."""
        pieces = list(_split(text))
        aggregate = None
        if pieces and pieces[-1].startswith("@"):
            aggregate = pieces.pop()[1:]
            if aggregate not in AGGREGATES + CLEANED:
                raise BadValue(f"{text!r}: there is no aggregate @{aggregate}; there are {', '.join(AGGREGATES)}.")
        steps = tuple(_step(piece, text) for piece in pieces)
        if not steps:
            raise BadValue(f"{text!r} is not an attribute; write a name or a path such as Scope.Name.")
        return cls(steps, aggregate)

    def __str__(self) -> str:
        plain = ".".join(map(str, self.steps))
        plain = f"{plain}.{self.part}" if self.part else plain
        return f"{plain}.@{self.aggregate}" if self.aggregate else plain

    @property
    def head(self) -> str:
        """The name of the first step."""
        return self.steps[0].name

    @property
    def is_plain(self) -> bool:
        """True when the path is names only: what it reaches are attributes of assets, not computed values."""
        return self.aggregate is None and self.part is None and all(step.is_plain for step in self.steps)

    @property
    def is_name(self) -> bool:
        """True for a single bare name."""
        return len(self.steps) == 1 and self.is_plain


class Resolved(Struct, frozen=True):
    """What a path reaches: the last attribute, the type that has it, and whether there may be many values."""

    attribute: Attribute
    type_name: str
    multi: bool
    is_relation: bool


def resolve(schema: Schema, type_name: str, path: Path) -> Resolved:
    """Follow *path* from *type_name*. Raises UnknownName or BadValue at the first step that does not exist."""
    multi, owner = False, type_name
    attribute = schema.attribute(owner, path.head)
    for index, step in enumerate(path.steps):
        if index:
            parts = parts_of(attribute.codec) if attribute.related is None else {}
            if parts and step.name not in parts:
                raise UnknownName(
                    f"{type_name}.{path}: {attribute.name} has no part {step.name!r}; it has {', '.join(parts)}."
                    f"{nearest(step.name, parts)}",
                    type_name=type_name,
                    attribute=str(path),
                )
            if parts and path.aggregate:
                part = ".".join(each.name for each in path.steps)
                raise BadValue(
                    f"{type_name}.{path}: over parts of values a query works out nothing. {part} reads them, and"
                    f" {type_name}.{part}.{path.aggregate.lower()}() is that of all assets.",
                    type_name=type_name,
                    attribute=str(path),
                )
            if attribute.related is None:
                raise UnknownName(
                    f"{type_name}.{path}: {attribute.name} is a value ({attribute.kind}), no relation: a query "
                    f"reaches no {step.name} in it. Read the value of each asset, and look there.",
                    type_name=type_name,
                    attribute=str(path),
                )
            owner = path.steps[index - 1].downcast or attribute.related
            attribute = schema.attribute(owner, step.name)
        if step.downcast is not None:
            schema.type(step.downcast)
        multi = multi or attribute.multi
    if path.part:
        codec = parts_of(attribute.codec)[path.part]
        attribute = replace(attribute, name=f"{attribute.name}.{path.part}", kind="Part", codec=codec, computed=True)
    if path.aggregate:
        return Resolved(attribute, owner, multi=False, is_relation=False)
    return Resolved(attribute, owner, multi, attribute.is_relation)


def in_parts(schema: Schema, type_name: str, path: Path) -> Path:
    """Return *path* with its last step as a part, where that is a part of the value before it."""
    if len(path.steps) < 2 or path.aggregate or path.part or not path.steps[-1].is_plain:
        return path
    whole = Path(path.steps[:-1])
    codec = resolve(schema, type_name, whole).attribute.codec
    return Path(whole.steps, part=path.steps[-1].name) if path.steps[-1].name in parts_of(codec) else path


def first_narrowed(paths: Iterable[Path]) -> Path | None:
    """The first of *paths* that narrows the assets of a step: by a type, a condition or a moment; None for none."""
    return next((path for path in paths if not all(step.is_plain for step in path.steps)), None)


def parts_of(codec: Codec) -> Mapping[str, Codec]:
    """The parts that the values of a kind have, by their names; none for most."""
    return codec.parts if isinstance(codec, Composite) else {}


def counts(path: Path) -> bool:
    """True when the path's value is a number of assets, whatever the last attribute's kind."""
    return path.aggregate in _NUMBER_RESULT


def _split(text: str) -> Iterator[str]:
    """Split at dots outside brackets and quotes."""
    depth, quote, start = 0, "", 0
    for index, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"" and depth:
            quote = char
        elif char == "[":
            depth += 1
        elif char == "]":
            depth -= 1
        elif char == "." and not depth:
            yield text[start:index]
            start = index + 1
    if depth or quote:
        raise BadValue(f"{text!r}: a bracket or a quote is not closed.")
    if text:
        yield text[start:]


def _step(piece: str, text: str) -> Step:
    match = _STEP.match(piece)
    if match is None:
        where = "" if piece == text else f"{text!r}: "
        names = [name.strip() for name in piece.split(",")]
        several = f" Several names are given one by one: {', '.join(map(repr, names))}." if len(names) > 1 else ""
        raise BadValue(f"{where}{piece!r} is not an attribute name.{several}")
    return Step(match["name"], match["type"], match["where"], bool(match["now"]))


def split_outside(text: str, separator: str) -> list[str]:
    """Split *text* at each *separator* that is not in square brackets."""
    parts, depth = [""], 0
    for char in text:
        depth += {"[": 1, "]": -1}.get(char, 0)
        if char == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return parts


def split_selection(text: str) -> list[str]:
    """Split a comma-separated selection; commas in square brackets belong to their part."""
    return [part.strip() for part in split_outside(text, ",") if part.strip()]
