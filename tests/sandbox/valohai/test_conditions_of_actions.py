"""The conditions of a pipeline's actions: how values are spelled and compared."""

from __future__ import annotations

import pytest

from assetmeta.sandbox.valohai.life.actions import compared, literal


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("5", 5.0),
        ("-1.5e3", -1500.0),
        ("abc", "abc"),
        ("'abc'", "abc"),
        ('"abc"', "abc"),
        ("'abc\"", "'abc\""),
        ("''", ""),
        ("'", "'"),
        ("", ""),
        ("aba", "aba"),
        ("'5'", "5"),
    ],
)
def test_values_as_conditions_spell_them(text: str, value: object) -> None:
    assert (value, type(value)) == (literal(text), type(literal(text)))


@pytest.mark.parametrize(
    ("sign", "results"),
    [
        ("==", [False, True, False]),
        ("!=", [True, False, True]),
        ("<", [True, False, False]),
        ("<=", [True, True, False]),
        (">", [False, False, True]),
        (">=", [False, True, True]),
    ],
)
def test_comparisons(sign: str, results: list[bool]) -> None:
    assert results == [compared(value, sign, 2.0) for value in (1, 2, 3)]


@pytest.mark.parametrize("sign", ["<", "<=", ">", ">=", "=="])
def test_values_of_different_types_are_unequal_and_have_no_order(sign: str) -> None:
    assert not compared("2", sign, 2.0)
    assert not compared(None, sign, 2.0)
    assert compared("2", "!=", 2.0)
