"""The expressions of metrics."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assetmeta.sandbox.testspace.expressions import RAW, Value, compiled, evaluate, plain

KNOWN: dict[str, Value] = {
    "d1": Fraction(4),
    "d2": Fraction(5),
    "d3": None,
    "d4": Fraction(1),
    "v1": Fraction(4),
    "v2": Fraction(6),
    "t1": Fraction(10),
}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("d1", 4),
        ("D1", 4),
        (" d2 + d4 ", 6),
        ("(d1+d2+d4)*1", 10),
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 2 - 3", 5),
        ("12 / 2 / 3", 2),
        ("-d1 + 1", -3),
        ("2 * -3", -6),
        ("d1 / 8", Fraction(1, 2)),
        (".5 + 1.25", Fraction(7, 4)),
        ("v1 >= t1", False),
        ("d2 < 1", False),
        ("d4 <= 1", True),
        ("d4 = 1", True),
        ("d4 == 1", True),
        ("d4 <> 1", False),
        ("d4 != 2", True),
        ("1 + 1 > 1", True),
        ("d3", None),
        ("d3 + 1", None),
        ("d3 < 1", None),
        ("d1 / 0", None),
        ("d1 / (d2 - 5)", None),
        ("rounddown(v1 / (v1 + v2))", Fraction(2, 5)),
        ("rounddown(1 / 3)", Fraction(33, 100)),
        ("rounddown(-1 / 3)", Fraction(-34, 100)),
        ("ROUNDDOWN(5)", 5),
        ("rounddown(d3)", None),
        ('concat(rounddown(v1 / (v1 + v2)),"%")', "40%"),
        ('concat(rounddown(1 / 3), "%")', "33%"),
        ('concat(d1, " of ", d2)', "4 of 5"),
        ('concat(1 / 2, "x")', "0.5x"),
        ('concat("a")', "a"),
        ('concat(d3, "%")', None),
        ('concat(1 > 2, "x")', None),
        ('"a" + 1', None),
        ('1 + (2 > 1)', None),
    ],
)  # fmt: skip
def test_values(text: str, wanted: Value | int) -> None:
    found = evaluate(text, KNOWN)
    assert (wanted, isinstance(wanted, bool)) == (found, isinstance(found, bool))


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "1 +", "+ 1", "1 2", "(1", "1)", "()", "d1 d2", "d11", "d0", "x", "1 < 2 < 3", "d1 & d2", "'a'"),
        *('"a', "concat()", "concat", "rounddown(1, 2)", "rounddown()", "eval(1)", "d1.real", "__import__", "1e5"),
        *("d1[0]", "2 ** 3", "d1 if d2 else d4", "lambda: 1", "1;2", "=", ",", "d1, d2", "concat(1,)", "\0", "ä", "１"),
        "(" * 50 + "1" + ")" * 50,
        "-" * 501,
        "1+" * 250 + "1",
    ],
)
def test_what_is_no_expression(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        compiled(text, tuple(KNOWN))


def test_minus_signs_do_not_pile_up() -> None:
    with pytest.raises(ValueError, match="unexpected"):
        compiled("--1", ())


@given(st.text(alphabet='d12v+-*/()<>=,"% concatrounddown.', max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = compiled(text, RAW)
    except ValueError:
        return
    value = found(dict.fromkeys(RAW, Fraction(3)))
    assert value is None or isinstance(value, Fraction | str | bool)


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=2), st.sampled_from("+-*"))
def test_arithmetic_is_exact(pair: list[int], mark: str) -> None:
    values: dict[str, Value] = {"d1": Fraction(pair[0], 7), "d2": Fraction(pair[1], 7)}
    wanted = {"+": Fraction(sum(pair), 7), "-": Fraction(pair[0] - pair[1], 7), "*": Fraction(pair[0] * pair[1], 49)}
    assert wanted[mark] == evaluate(f"d1 {mark} d2", values)


def test_numbers_for_json() -> None:
    huge = Fraction(10**400 + 1, 2)
    assert (2, 0.5, None) == (plain(Fraction(4, 2)), plain(Fraction(1, 2)), plain(huge))
    assert isinstance(plain(Fraction(4, 2)), int)
