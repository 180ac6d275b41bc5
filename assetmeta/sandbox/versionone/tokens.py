"""The one grammar of attribute tokens, filters, sort lists and variables of the VersionOne face.

    Workitems:Story[Status.Name='Done';-Owners].Estimate.@Sum
    \\_ part: name, downcast, filter ____________/ \\_ part / \\_ aggregate

What is outside the grammar raises a `Problem` with status 400; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal, NoReturn

from .problems import Problem, bad_filter, bad_parameter, unknown_token

AGGREGATES = ("Count", "DistinctCount", "Sum", "Min", "Max", "MinDate", "MaxDate", "And", "Or", "MaxState")
OPERATORS = ("!=", "<=", ">=", "~=", "=", "<", ">")
DEEPEST = 40
"""How many brackets and parentheses may nest; more would exhaust the parser before it exhausts anyone's needs."""
LONGEST = 60
"""How many parts a token may have, for the same reason."""

_NAME = re.compile("[A-Za-z0-9_]+")
_NAMES_ALONE = re.compile(r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*(?![A-Za-z0-9_.#:\[])")
"""A whole token in which every part is a bare name, as nearly all are."""
_OPERATOR = re.compile("|".join(OPERATORS))


@dataclass(frozen=True, slots=True)
class Part:
    """One step of a token: `Parent#`, `Workitems:Story`, `Children[ToDo='0']`. *present* is the `#`."""

    name: str
    present: bool = False
    downcast: str | None = None
    where: Filter | None = None

    @property
    def plain(self) -> bool:
        """True when the part is a bare name."""
        return not self.present and self.downcast is None and self.where is None


@dataclass(frozen=True, slots=True)
class Token:
    """An attribute token. *text* is what was written, letter by letter."""

    text: str
    parts: tuple[Part, ...]
    aggregate: str | None = None

    def unqualified(self) -> Token:
        """The token without its first part, for a first part that turned out to be a type name."""
        return replace(self, text=self.text.split(".", 1)[1], parts=self.parts[1:])

    def then(self, name: str) -> Token:
        """The token of attribute *name* of what this token reaches."""
        return Token(f"{self.text}.{name}", (*self.parts, Part(name)))


@dataclass(frozen=True, slots=True)
class Comparison:
    """`token op 'a','b'` or `token op $name`. *variable* is "" for `$`, the context asset; None for plain values."""

    token: Token
    op: str
    values: tuple[str, ...] = ()
    variable: str | None = None
    text: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Presence:
    """`+token` (has a value) or `-token` (has none)."""

    token: Token
    present: bool
    text: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Truth:
    """A bare token: true when the Boolean is true, or when any other value exists."""

    token: Token
    text: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Combined:
    """Two or more filters joined by one word."""

    word: Literal["and", "or"]
    terms: tuple[Filter, ...]


Filter = Comparison | Presence | Truth | Combined


@dataclass(frozen=True, slots=True)
class SortKey:
    """One entry of a sort list."""

    token: Token
    descending: bool = False


class _Outside(Exception):
    """The text leaves the grammar."""


class _Parser:
    """A recursive descent over one text; every method reads from the current place and moves it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.depth = 0

    def take(self, sign: str) -> bool:
        """Step over *sign* if it comes next."""
        if self.text.startswith(sign, self.place):
            self.place += len(sign)
            return True
        return False

    def expect(self, sign: str) -> None:
        if not self.take(sign):
            self.fail()

    def fail(self) -> NoReturn:
        raise _Outside(self.text)

    def end(self) -> None:
        if self.place != len(self.text):
            self.fail()

    def name(self) -> str:
        found = self.taken(_NAME)
        if found is None:
            self.fail()
        return found

    def taken(self, pattern: re.Pattern[str]) -> str | None:
        """Step over what the pattern matches, if it comes next."""
        match = pattern.match(self.text, self.place)
        if match is None:
            return None
        self.place = match.end()
        return match.group()

    def token(self) -> Token:
        start = self.place
        if names := self.taken(_NAMES_ALONE):
            found = _of_names(names)
            if len(found.parts) > LONGEST:
                self.fail()
            return found
        parts = [self.part()]
        aggregate = None
        while self.take("."):
            if self.take("@"):
                aggregate = self.name()
                if aggregate not in AGGREGATES:
                    self.fail()
                break
            parts.append(self.part())
            if len(parts) > LONGEST:
                self.fail()
        return Token(self.text[start : self.place], tuple(parts), aggregate)

    def part(self) -> Part:
        name = self.name()
        present = self.take("#")
        downcast = self.name() if self.take(":") else None
        where = None
        if self.take("["):
            where = self.nested()
            self.expect("]")
        return Part(name, present, downcast, where)

    def nested(self) -> Filter:
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail()
        found = self.filter()
        self.depth -= 1
        return found

    def filter(self) -> Filter:
        terms, joined = [self.term()], None
        while word := self.junction():
            if joined not in (None, word):
                terms = [Combined(joined, tuple(terms))]
            joined = word
            terms.append(self.term())
        return terms[0] if joined is None else Combined(joined, tuple(terms))

    def junction(self) -> Literal["and", "or"] | None:
        if self.take(";") or self.take("&"):
            return "and"
        return "or" if self.take("|") else None

    def term(self) -> Filter:
        if self.take("("):
            found = self.nested()
            self.expect(")")
            return found
        return self.simple()

    def simple(self) -> Filter:
        start = self.place
        for sign, present in (("+", True), ("-", False)):
            if self.take(sign):
                token = self.token()
                return Presence(token, present, self.text[start : self.place])
        token = self.token()
        op = self.taken(_OPERATOR)
        if op is None:
            return Truth(token, self.text[start : self.place])
        if self.take("$"):
            variable = self.taken(_NAME) or ""
            return Comparison(token, op, variable=variable, text=self.text[start : self.place])
        values = [self.quoted()]
        while self.take(","):
            values.append(self.quoted())
        return Comparison(token, op, tuple(values), text=self.text[start : self.place])

    def quoted(self) -> str:
        quote = "'" if self.take("'") else '"'
        if quote == '"':
            self.expect('"')
        pieces: list[str] = []
        while self.place < len(self.text):
            sign = self.text[self.place]
            self.place += 1
            if sign in "'\"" and self.take(sign):
                pieces.append(sign)
            elif sign == quote:
                return "".join(pieces)
            else:
                pieces.append(sign)
        raise _Outside(self.text)

    def listed(self) -> Iterator[Token]:
        yield self.token()
        while self.take(","):
            yield self.token()


@lru_cache(maxsize=256)
def _of_names(text: str) -> Token:
    """The token of bare names: one object wherever it stands, since filters repeat it for thousands of values."""
    return Token(text, tuple(map(Part, text.split("."))))


def parse_token(text: str, parameter: str = "SEL") -> Token:
    """Parse one attribute token. *parameter* names the query parameter in the problem."""
    parser = _Parser(text)
    try:
        token = parser.token()
        parser.end()
    except _Outside:
        raise unknown_token(parameter, text) from None
    return token


def parse_selection(text: str, parameter: str = "SEL") -> tuple[Token, ...]:
    """Parse a comma-separated list of tokens (`sel`, `findin`). The empty text is the empty list."""
    if not text:
        return ()
    parser = _Parser(text)
    try:
        tokens = tuple(parser.listed())
        parser.end()
    except _Outside:
        raise unknown_token(parameter, text) from None
    return tokens


def parse_filter(text: str) -> Filter:
    """Parse a filter. `;`, `&` and `|` are of equal rank and read from left to right."""
    parser = _Parser(text)
    try:
        found = parser.filter()
        parser.end()
    except _Outside:
        raise bad_filter(text) from None
    return found


def parse_sort(text: str) -> tuple[SortKey, ...]:
    """Parse a comma-separated sort list: `-Estimate,+Name`. The empty text is the empty list."""
    if not text:
        return ()
    parser = _Parser(text)
    keys: list[SortKey] = []
    try:
        while True:
            descending = parser.take("-")
            if not descending:
                parser.take("+")
            keys.append(SortKey(parser.token(), descending))
            if not parser.take(","):
                break
        parser.end()
    except _Outside:
        raise unknown_token("SORT", text) from None
    return tuple(keys)


def parse_variables(text: str) -> dict[str, tuple[str, ...]]:
    """Parse the `with` parameter, `$A=v1,v2|$B=v`, into values by name (without the dollar sign)."""
    found: dict[str, tuple[str, ...]] = {}
    for assignment in text.split("|") if text else ():
        name, sign, values = assignment.partition("=")
        if not sign or not name.startswith("$") or not name[1:] or not _NAME.fullmatch(name, 1):
            raise bad_parameter("WITH", f"Invalid variable assignment: {assignment}")
        found[name[1:]] = tuple(values.split(","))
    return found


def quote(value: str) -> str:
    """Spell a value so that it reads back as itself whatever it contains."""
    return "'" + value.replace("'", "''").replace('"', '""') + "'"


def equality(token: str, value: str) -> Comparison:
    """The filter `token='value'`, for callers that have the value as data (query.v1 `where`)."""
    text = f"{token}={quote(value)}"
    try:
        return Comparison(parse_token(token), "=", (value,), text=text)
    except Problem:
        raise bad_filter(f"{token}='{value}'") from None


def all_of(filters: tuple[Filter, ...]) -> Filter | None:
    """The conjunction of some filters; None of none."""
    if len(filters) < 2:
        return filters[0] if filters else None
    return Combined("and", filters)


def asks_for_deleted(found: Filter | None, known: Container[str]) -> bool:
    """Whether the filter speaks of IsDeleted itself, which ends the hiding of deleted assets on its level.

    *known* are the attributes of the type it filters, which tell `Story.IsDeleted` (qualified) from `Parent.IsDeleted`.
    """
    if found is None:
        return False
    if isinstance(found, Combined):
        return any(asks_for_deleted(term, known) for term in found.terms)
    *before, last = found.token.parts
    qualified = len(before) == 1 and before[0].name not in known
    return last.name == "IsDeleted" and (not before or qualified)


def uses_context(found: Filter | None) -> bool:
    """Whether the filter refers to `$`, the asset whose attribute is being computed."""
    if found is None:
        return False
    if isinstance(found, Combined):
        return any(uses_context(term) for term in found.terms)
    inside = any(uses_context(part.where) for part in found.token.parts)
    return inside or (isinstance(found, Comparison) and found.variable == "")
