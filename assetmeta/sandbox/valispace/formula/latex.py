"""A formula as LaTeX, for people to look at."""

from __future__ import annotations

from .parser import parse
from .tree import At, Binary, Call, FormulaError, Name, Negative, Node, Number, Reference, spine

SIGNS = {
    "*": r" \cdot ",
    "<=": r" \leq ",
    ">=": r" \geq ",
    "!=": r" \neq ",
    "==": " = ",
    "and": r" \land ",
    "or": r" \lor ",
    "of": r"\,",
}
STRENGTH = {"or": 0, "and": 1, "+": 3, "-": 3, "*": 4, "/": 4, "of": 5, "^": 6}
COMPARED = 2
WHOLE = 9


def latex(formula: str) -> str:
    """The formula as LaTeX; what cannot be read stays as it is."""
    try:
        return _spell(parse(formula))
    except FormulaError:
        return formula


def _spell(node: Node) -> str:
    match node:
        case Number(text):
            return text
        case Name(name):
            return r"\pi" if name == "pi" else rf"\mathrm{{{_safe(name)}}}"
        case Reference():
            return _reference(node)
        case Negative(operand):
            return f"-{_bracketed(_spell(operand), _strength(operand) <= STRENGTH['-'])}"
        case Binary():
            return _chain(node)
        case Call("sqrt", (inside,)):
            return rf"\sqrt{{{_spell(inside)}}}"
        case Call(function, arguments):
            spelled = ", ".join(_spell(argument) for argument in arguments)
            return rf"\mathrm{{{_safe(function)}}}\left({spelled}\right)"
        case At(dataset, point):
            return rf"{_reference(dataset)}\left({_spell(point)}\right)"


def _chain(node: Node) -> str:
    """Operands joined from the left, in brackets where an operation binds stronger than what it is applied to."""
    first, rest = spine(node)
    spelled, bound = _spell(first), _strength(first)
    for operator, operand in rest:
        strength = STRENGTH.get(operator, COMPARED)
        if operator == "/":
            spelled, bound = rf"\frac{{{spelled}}}{{{_spell(operand)}}}", WHOLE
            continue
        left = _bracketed(spelled, bound < strength + (operator == "^"))
        if operator == "^":
            spelled = f"{left}^{{{_spell(operand)}}}"
        else:
            right = _bracketed(_spell(operand), _strength(operand) < strength + (operator == "-"))
            spelled = f"{left}{SIGNS.get(operator, f' {operator} ')}{right}"
        bound = strength
    return spelled


def _strength(node: Node) -> int:
    """How strongly the parts of a tree hold together."""
    if isinstance(node, Negative):
        return STRENGTH["-"]
    if isinstance(node, Binary):
        return WHOLE if node.operator == "/" else STRENGTH.get(node.operator, COMPARED)
    return WHOLE


def _bracketed(spelled: str, needed: bool) -> str:
    return rf"\left({spelled}\right)" if needed else spelled


def _reference(node: Reference) -> str:
    part = rf"_{{\mathrm{{{_safe(node.part)}}}}}" if node.part else ""
    return rf"\mathrm{{\${_safe(node.target)}}}{part}"


def _safe(name: str) -> str:
    return name.replace("_", r"\_").replace("%", r"\%")
