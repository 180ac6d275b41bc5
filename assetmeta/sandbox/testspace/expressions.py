"""The expressions of metrics: arithmetic, comparison, `concat` and `rounddown` over d1..d10, v1..v5, t1 and t2.

    comparison  sum [(< | <= | > | >= | = | == | <> | !=) sum]
    sum         product {(+ | -) product}
    product     sign {(* | /) sign}
    sign        [-] (number | "text" | name | name(comparison, ...) | (comparison))

Numbers are exact. What has no value makes the whole thing have none, and so does division by zero. A share is kept to
the hundredth by `rounddown`, and `concat` of a number with a text that begins with % writes it in percent: the badge
`concat(rounddown(v1 / (v1 + v2)),"%")` of 4 and 6 is "40%". That is read off the service's samples, not documented.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache

Value = Fraction | str | bool | None
Compiled = Callable[[Mapping[str, Value]], Value]

RAW = tuple(f"d{number}" for number in range(1, 11))
VARIABLES = tuple(f"v{number}" for number in range(1, 6))
THRESHOLDS = ("t1", "t2")
LONGEST = 500
DEEPEST = 40

TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<name>[A-Za-z_]\w*)|"(?P<text>[^"]*)"|"""
    r"""(?P<mark><=|>=|==|<>|!=|[-+*/()<>=,]))""",
    re.ASCII,
)
COMPARISONS: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "==": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
}
OPERATIONS: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


@lru_cache(maxsize=512)
def compiled(text: str, names: tuple[str, ...]) -> Compiled:
    """A function of the values of *names*. Raises ValueError where *text* is no expression over them."""
    if len(text) > LONGEST:
        raise ValueError(f"an expression has {LONGEST} characters at most")
    return Parser(tokens_of(text), names).whole()


def evaluate(text: str, values: Mapping[str, Value]) -> Value:
    """The value of an expression over *values*, None where it has none."""
    return compiled(text, tuple(values))(values)


def tokens_of(text: str) -> list[tuple[str, str]]:
    """Kind and text of every token. Raises ValueError for a character that begins none."""
    found, place, text = [], 0, text.rstrip()
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise ValueError(f"unexpected {text[place:].strip()[:10]!r}")
        found.append((match.lastgroup, match[match.lastgroup]))
        place = match.end()
    return found


class Parser:
    """Reads tokens from left to right, one method per rule of the grammar."""

    def __init__(self, tokens: list[tuple[str, str]], names: tuple[str, ...]) -> None:
        self._tokens = tokens
        self._names = names
        self._place = 0
        self._depth = 0

    def whole(self) -> Compiled:
        """All of the tokens as one expression."""
        found = self._comparison()
        if self._place < len(self._tokens):
            raise ValueError(f"unexpected {self._tokens[self._place][1]!r}")
        return found

    def _comparison(self) -> Compiled:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ValueError("parentheses are nested too deeply")
        left = self._sum()
        mark = self._accept(*COMPARISONS)
        self._depth -= 1
        return left if mark is None else both(COMPARISONS[mark], left, self._sum())

    def _sum(self) -> Compiled:
        left = self._product()
        while (mark := self._accept("+", "-")) is not None:
            left = both(OPERATIONS[mark], left, self._product())
        return left

    def _product(self) -> Compiled:
        left = self._sign()
        while (mark := self._accept("*", "/")) is not None:
            left = both(OPERATIONS[mark], left, self._sign())
        return left

    def _sign(self) -> Compiled:
        if self._accept("-") is None:
            return self._operand()
        return both(OPERATIONS["-"], lambda values: Fraction(0), self._operand())

    def _operand(self) -> Compiled:
        kind, text = self._next()
        if kind == "number":
            return constant(Fraction(text))
        if kind == "text":
            return constant(text)
        if kind == "name" and self._accept("(") is not None:
            return call_of(text.lower(), self._arguments())
        if kind == "name":
            return self._variable(text.lower())
        if text != "(":
            raise ValueError(f"unexpected {text!r}")
        found = self._comparison()
        self._expect(")")
        return found

    def _variable(self, name: str) -> Compiled:
        if name not in self._names:
            raise ValueError(f"unknown name {name!r}")
        return lambda values: values[name]

    def _arguments(self) -> list[Compiled]:
        found = [self._comparison()]
        while self._accept(",") is not None:
            found.append(self._comparison())
        self._expect(")")
        return found

    def _next(self) -> tuple[str, str]:
        if self._place == len(self._tokens):
            raise ValueError("something is missing at the end")
        self._place += 1
        return self._tokens[self._place - 1]

    def _accept(self, *marks: str) -> str | None:
        if self._place < len(self._tokens):
            kind, text = self._tokens[self._place]
            if kind == "mark" and text in marks:
                self._place += 1
                return text
        return None

    def _expect(self, mark: str) -> None:
        if self._accept(mark) is None:
            raise ValueError(f"{mark!r} is missing")


def constant(value: Value) -> Compiled:
    """Always *value*."""
    return lambda values: value


def both(operation: Callable[[Fraction, Fraction], Fraction | bool], left: Compiled, right: Compiled) -> Compiled:
    """An operation on two numbers; None where either is none, or where it divides by zero."""

    def apply(values: Mapping[str, Value]) -> Value:
        one, other = left(values), right(values)
        if not isinstance(one, Fraction) or not isinstance(other, Fraction):
            return None
        try:
            return operation(one, other)
        except ZeroDivisionError:
            return None

    return apply


def call_of(name: str, arguments: list[Compiled]) -> Compiled:
    """A call of one of the two functions. Raises ValueError for another, or for other arguments than it takes."""
    if name == "concat":
        return lambda values: concat([argument(values) for argument in arguments])
    if name == "rounddown" and len(arguments) == 1:
        return lambda values: rounddown(arguments[0](values))
    raise ValueError(f"unknown function {name!r} of {len(arguments)}")


def rounddown(value: Value) -> Value:
    """A number, down to the hundredth."""
    return Fraction(math.floor(value * 100), 100) if isinstance(value, Fraction) else None


def concat(values: list[Value]) -> Value:
    """Numbers and texts in a row; a number before a % in percent."""
    written = ""
    for value, following in zip(values, [*values[1:], ""], strict=True):
        if value is None or isinstance(value, bool):
            return None
        if isinstance(value, str):
            written += value
        else:
            percent = isinstance(following, str) and following.startswith("%")
            written += str(plain(value * 100 if percent else value))
    return written


def plain(value: Fraction) -> int | float | None:
    """A number for JSON: whole where it is whole, None where it is too large to be a float."""
    if value.denominator == 1:
        return value.numerator
    try:
        return float(value)
    except OverflowError:
        return None
