"""Formulas: reading them, their values, units and worst cases, and what is none."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assetmeta.sandbox.valispace.formula.curve import Curve
from assetmeta.sandbox.valispace.formula.evaluate import evaluate
from assetmeta.sandbox.valispace.formula.latex import latex
from assetmeta.sandbox.valispace.formula.parser import parse
from assetmeta.sandbox.valispace.formula.quantity import Quantity, exact
from assetmeta.sandbox.valispace.formula.tree import FormulaError, Reference, references
from assetmeta.sandbox.valispace.formula.units import ONE, Unit, is_unit, unit


class Table:
    """References to numbers: `$1` is 10 kg between 9 and 12, `$2` is 4 m between 3 and 5, `$3` is a dataset."""

    def quantity(self, reference: Reference) -> Quantity:
        if reference.target == "1":
            return Quantity(10.0, 9.0, 12.0, unit("kg"))
        if reference.target == "2":
            return Quantity(4.0, 3.0, 5.0, unit("m"))
        raise FormulaError("unknown")

    def children(self) -> list[Quantity]:
        return [exact(1.0, unit("kg")), exact(3.0, unit("kg"))]

    def curve(self, reference: Reference | None) -> tuple[Curve, Unit]:
        return Curve.of([(0, 0), (10, 5), (20, None)]), ONE


def value(formula: str) -> Quantity:
    return evaluate(parse(formula), Table())


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("5", 5),
        (" 2 + 3*4 ", 14),
        ("2^3^2", 512),
        ("-2^2", -4),
        ("2**-1", 0.5),
        ("(1+2)*(3-4)/2", -1.5),
        ("8/4/2", 1),
        ("1.5e3", 1500),
        (".5", 0.5),
        ("sqrt(16)", 4),
        ("exp(0)", 1),
        ("log10(1000)", 3),
        ("ln(e)", 1),
        ("logbase(8, 2)", 3),
        ("sin(30 deg)", 0.5),
        ("cos(pi)", -1),
        ("tan(45deg)", 1),
        ("if(2 > 1, 10, 20)", 10),
        ("if(1 = 2 or 3 <= 2, 10, 20)", 20),
        ("if(1 != 2 and 3 >= 2, 10, ln(-1))", 10),
        ("max(1, 5, 3)", 5),
        ("min(1, 5, 3)", 1),
        ("soc()", 4),
        ("sum_of_children()", 4),
        ("aoc()", 2),
        ("minoc() + maxoc()", 4),
        ("aod($3)", 2.5),
        ("sum_of_datasets($3)", 5),
        ("$3(4)", 2),
        ("vsum(1, 2, 3) + vprod(2, 3) + vnorm(3, 4)", 17),
        ("abs(-3)", 3),
        ("1 + 10 %", 1.1),
        ("$1 + 5", 15),
        ("$1 - 1 t", -990),
        ("$1 / $2", 2.5),
        ("10 m / 2 s", 5),
        ("5 m^2 / (1 m)", 5),
        ("21.26degC", 294.41),
        ("3.4min", 204),
    ],
)
def test_value_in_base_units(formula: str, expected: float) -> None:
    assert value(formula).value == pytest.approx(expected)


@pytest.mark.parametrize(
    "formula",
    [
        "",
        " ",
        "5 +",
        "* 3",
        "(1",
        "1)",
        "1 2",
        "$",
        "#",
        "1/0",
        "0^-1",
        "ln(-1)",
        "sqrt(-1)",
        "exp(99999)",
        "10^400",
        "nosuch(3)",
        "sin()",
        "sin(1, 2)",
        "if(1, 2)",
        "max()",
        "wibble",
        "5 wibble",
        "$1 + $2",
        "$99",
        "$3(11)",
        "$3(1, 2)",
        "max($1, $2)",
        "sin($1)",
        "$1^$1",
        "aod(5)",
        "logbase(2, 1)",
        "1,5",
        "1e999",
        "sin(1e999)",
        "cos(1e999 - 1e999)",
        "2^1e999",
        "(5 m)^(1e999 - 1e999)",
        "(5 m)^65",
        "1e308 * $1",
    ],
)
def test_no_value(formula: str) -> None:
    with pytest.raises(FormulaError):
        value(formula)


@pytest.mark.parametrize(
    "formula",
    [
        "(" * 5000 + "1" + ")" * 5000,
        "-" * 5000 + "1",
        "2^" * 5000 + "1",
        "sqrt(" * 5000 + "1" + ")" * 5000,
        "9^9^9^9^9",
        "1 m^99999999999",
        "5 " + "m" * 100_000,
    ],
)
def test_hostile_formulas_are_refused(formula: str) -> None:
    with pytest.raises(FormulaError):
        value(formula)


def test_long_sums_are_no_matter() -> None:
    formula = "+".join(["1"] * 20_000)
    assert value(formula).value == 20_000
    assert references(parse("+".join(["$1"] * 20_000)))[-1] == Reference("1")
    assert latex(formula).startswith("1 + 1")


def test_references() -> None:
    found = references(parse(r"$12 + $Fan.Motor_1.Mass\wc_plus * max($02_Nose.x, $3(5))"))
    assert found == [
        Reference("12"),
        Reference("Fan.Motor_1.Mass", "wc_plus"),
        Reference("02_Nose.x"),
        Reference("3"),
    ]


@pytest.mark.parametrize(
    ("formula", "low", "high"),
    [
        ("$1", 9, 12),
        ("-$1", -12, -9),
        ("2*$1 + 1", 19, 25),
        ("5 kg - $1", -7, -4),
        ("$1 * $2", 27, 60),
        ("$1 / $2", 9 / 5, 4),
        ("$1 - $1", 0, 0),
        ("$1 / $1", 1, 1),
        ("$1 * ($1 - 20)", -100, -96),
        ("$2^2", 9, 25),
        ("sqrt($2 * 1 m)", math.sqrt(3), math.sqrt(5)),
        ("max($1, 11)", 11, 12),
        ("if($1 > 5, $1, 0)", 9, 12),
        ("cos($2 / (1 m))", -1, math.cos(5)),
        ("ln($2 / (1 m) - 3.5)", math.log(0.5), math.log(1.5)),
        ("$3($2 / (1 m))", 1.5, 2.5),
    ],
)
def test_worst_cases(formula: str, low: float, high: float) -> None:
    found = value(formula)
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        ("5", ""),
        ("5 km", "km"),
        ("$1 * $2", "kg*m"),
        ("$1 / $1", ""),
        ("10 meter + 100 cm", "meter"),
        ("1 W / (1 V)", "W/V"),
        ("sqrt(4 m^2)", "m"),
        ("2 h / (1 min)", ""),
        ("20 degC - 10 degC", "kelvin"),
    ],
)
def test_unit_of_the_formula(formula: str, shown: str) -> None:
    assert value(formula).unit.text == shown


def test_ten_metres_and_a_hundred_centimetres_in_yards() -> None:
    found = value("10 meter + 100 cm")
    assert unit("yd").from_base(found.value) == pytest.approx(12.030, abs=1e-3)


@pytest.mark.parametrize(
    "text", ["kg", "kg*m^2", "m/s**2", "%", "degC", "µm", "1/s", "kg m", "m^-1.5", "", "dimensionless"]
)
def test_units(text: str) -> None:
    assert is_unit(text)


@pytest.mark.parametrize(
    "text", ["wibble", "5", "2**9**9**9", "(9^9)^99", "kg +", "__import__('os')", "m" * 500, "9**99*m"]
)
def test_no_units(text: str) -> None:
    assert not is_unit(text)


@pytest.mark.parametrize("text", ["g", "degC", "degF", "km/h", "%", "mm", "Wh", "ft"])
@given(number=st.floats(-1e6, 1e6).map(lambda number: float(f"{number:.6g}")))
def test_a_value_comes_back_in_its_unit(text: str, number: float) -> None:
    known = unit(text)
    assert known.from_base(known.to_base(number)) == pytest.approx(number, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("formula", "spelled"),
    [
        ("3*$200", r"3 \cdot \mathrm{\$200}"),
        ("(1+2)/3", r"\frac{1 + 2}{3}"),
        ("(1+2)*3", r"\left(1 + 2\right) \cdot 3"),
        ("1-(2-3)", r"1 - \left(2 - 3\right)"),
        ("2^(1+x)", r"2^{1 + \mathrm{x}}"),
        ("sqrt(2*pi)", r"\sqrt{2 \cdot \pi}"),
        ("not a formula", "not a formula"),
    ],
)
def test_latex(formula: str, spelled: str) -> None:
    assert latex(formula) == spelled


LEAVES = st.integers(0, 50).map(str)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda parts: "".join(parts)),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"(-{text})"),
    ),
    max_leaves=25,
)


@given(TREES)
def test_arithmetic_is_that_of_numbers(formula: str) -> None:
    assert value(formula).value == eval(formula)


@given(st.text(alphabet="$12ab.+-*/^()<>=, \\kgm%e", max_size=40))
def test_any_text_has_a_value_or_is_refused(formula: str) -> None:
    try:
        found = value(formula)
    except FormulaError:
        return
    assert math.isfinite(found.value)
    assert found.low <= found.high
