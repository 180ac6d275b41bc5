"""Reads formula text (section 4.1 of the protocol): tokens, then a tree by precedence.

    condition:  sum (("<" | "<=" | ">" | ">=" | "=" | "==" | "!=") sum)?  joined by "and", then "or"
    sum:        product (("+" | "-") product)*
    product:    signed (("*" | "/") signed)*
    signed:     ("-" | "+") signed | power
    power:      value ("^" signed)?
    value:      number unit? | unit | constant | reference | function "(" condition, ... ")" | "(" condition ")"

A unit right behind a number belongs to it, with its power: `5 m^2` are five square metres.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from .tree import At, Binary, Call, FormulaError, Name, Negative, Node, Number, Reference

TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | \$(?P<reference>\d+(?![\w.])|\w+(?:\.\w+)*)(?:\\(?P<part>\w+))?
    | (?P<name>[^\W\d]\w*|[%°µΩ]\w*)
    | (?P<operator>\*\*|<=|>=|==|!=|[-+*/^(),<>=])
    )""",
    re.VERBOSE,
)
COMPARISONS = {"<", "<=", ">", ">=", "=", "==", "!="}
DEPTH = 60
"""How many operations may be nested in each other."""


class Token(NamedTuple):
    """A piece of a formula. *kind* is the name of the pattern's group, "" at the end."""

    kind: str
    text: str
    part: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """The pieces of a formula. Raises FormulaError where none begins."""
    found, position, text = [], 0, text.rstrip()
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            raise FormulaError(f"unexpected {text[position:].lstrip()[:1]!r}")
        kind = next(name for name in ("number", "reference", "name", "operator") if match[name] is not None)
        start = match.start(kind)
        found.append(Token(kind, match[kind], match["part"] or "", start, match.end(kind)))
        position = match.end()
    return found


@lru_cache(maxsize=50_000)
def parse(text: str) -> Node:
    """The tree of a formula. Raises FormulaError for a text that is none, an empty one included."""
    parser = _Parser(tokens(text))
    node = parser.condition()
    parser.expect_end()
    return node


class _Parser:
    def __init__(self, pieces: list[Token]) -> None:
        self._pieces = pieces
        self._next = 0
        self._depth = 0

    def condition(self) -> Node:
        self._depth += 1
        if self._depth > DEPTH:
            raise FormulaError("nested too deeply")
        left = self._conjunction()
        while self._take("or", kind="name"):
            left = Binary("or", left, self._conjunction())
        self._depth -= 1
        return left

    def _conjunction(self) -> Node:
        left = self._comparison()
        while self._take("and", kind="name"):
            left = Binary("and", left, self._comparison())
        return left

    def _comparison(self) -> Node:
        left = self._sum()
        if self._peek().kind == "operator" and self._peek().text in COMPARISONS:
            operator = self._advance().text
            return Binary("==" if operator == "=" else operator, left, self._sum())
        return left

    def _sum(self) -> Node:
        left = self._product()
        while (operator := self._take_any("+", "-")) is not None:
            left = Binary(operator, left, self._product())
        return left

    def _product(self) -> Node:
        left = self._signed()
        while (operator := self._take_any("*", "/")) is not None:
            left = Binary(operator, left, self._signed())
        return left

    def _signed(self) -> Node:
        self._depth += 1
        if self._depth > DEPTH:
            raise FormulaError("nested too deeply")
        sign = self._take_any("-", "+")
        operand = self._power() if sign is None else self._signed()
        self._depth -= 1
        return Negative(operand) if sign == "-" else operand

    def _power(self) -> Node:
        return self._raised(self._value())

    def _raised(self, base: Node) -> Node:
        if self._take_any("^", "**") is None:
            return base
        return Binary("^", base, self._signed())

    def _value(self) -> Node:
        token = self._advance()
        if token.kind == "number":
            return self._with_unit(Number(token.text))
        if token.kind == "reference":
            return self._referring(Reference(token.text, token.part))
        if token.kind == "name":
            return Call(token.text, self._arguments()) if self._take("(") else Name(token.text)
        if token.text == "(":
            inner = self.condition()
            self._expect(")")
            return inner
        raise FormulaError(f"unexpected {token.text or 'end'!r}")

    def _with_unit(self, number: Number) -> Node:
        following = self._pieces[self._next + 1 : self._next + 2]
        called = bool(following) and following[0].text == "("
        if self._peek().kind != "name" or called or self._peek().text in ("and", "or"):
            return number
        return Binary("of", number, self._raised(Name(self._advance().text)))

    def _referring(self, reference: Reference) -> Node:
        if reference.part or not self._take("("):
            return reference
        points = self._arguments()
        if len(points) != 1:
            raise FormulaError("a dataset is evaluated at one point")
        return At(reference, points[0])

    def _arguments(self) -> tuple[Node, ...]:
        if self._take(")"):
            return ()
        found = [self.condition()]
        while self._take(","):
            found.append(self.condition())
        self._expect(")")
        return tuple(found)

    def _peek(self) -> Token:
        return self._pieces[self._next] if self._next < len(self._pieces) else Token("", "", "", 0, 0)

    def _advance(self) -> Token:
        token = self._peek()
        self._next += 1
        return token

    def _take(self, text: str, kind: str = "operator") -> bool:
        if self._peek().kind == kind and self._peek().text == text:
            self._next += 1
            return True
        return False

    def _take_any(self, *texts: str) -> str | None:
        return next((text for text in texts if self._take(text)), None)

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise FormulaError(f"{text!r} expected, not {self._peek().text or 'the end'!r}")

    def expect_end(self) -> None:
        if self._peek().kind:
            raise FormulaError(f"unexpected {self._peek().text!r}")
