"""Parameters of steps: what is given, in which type, and how commands have it."""

from __future__ import annotations

from typing import Any

import pytest

from assetmeta.sandbox.valohai.code.parameters import arguments, boolean, cast, checked, filled, merged

STEP: dict[str, Any] = {
    "parameters": [
        {"name": "epochs", "type": "integer", "default": 3, "min": 1, "max": 9},
        {"name": "rate", "type": "float", "min": 0.5},
        {"name": "name", "default": "x y", "choices": ["x y", "z"]},
        {"name": "fast", "type": "flag", "default": True},
        {"name": "tags", "multiple": "repeat", "default": "a"},
        {"name": None},
    ]
}


def test_what_is_given_goes_before_defaults_and_flags_have_none() -> None:
    assert {"epochs": 3, "name": "x y", "tags": ["a"]} == merged(STEP, {})
    given = {"epochs": "5", "rate": "1e1", "fast": "yes", "name": None, "tags": ["b", "c"]}
    assert {"epochs": 5, "rate": 10.0, "fast": True, "tags": ["b", "c"]} == merged(STEP, given)
    assert {"free": "x"} == merged({}, {"free": "x", "none": None})
    with pytest.raises(ValueError, match="other: the step has no such parameter"):
        merged(STEP, {"epochs": 1, "other": 2})


@pytest.mark.parametrize(
    ("one", "value", "why"),
    [
        ({"type": "integer"}, "1.5", "'1.5' is not a valid integer"),
        ({"type": "float"}, "inf", "'inf' is not a valid float"),
        ({"type": "float"}, "x", "'x' is not a valid float"),
        ({"type": "flag"}, "maybe", "'maybe' is not a valid flag"),
        ({"type": "integer", "min": 2}, 1, r"1 is less than the minimum allowed \(2\)"),
        ({"type": "integer", "max": 2}, 3, r"3 is greater than the maximum allowed \(2\)"),
        ({"choices": ["a"]}, "b", "'b' is not among the choices allowed"),
        ({}, ["a"], "only a single value is allowed"),
        ({"multiple": "repeat", "type": "integer"}, [1, "x"], "'x' is not a valid integer"),
    ],
)
def test_values_that_do_not_fit(one: dict[str, Any], value: Any, why: str) -> None:
    with pytest.raises(ValueError, match=f"p: {why}"):
        checked({"name": "p", **one}, value)


def test_values_in_their_types() -> None:
    bounds = {"name": "p", "type": "integer", "min": 1, "max": 3}
    assert [1, 3] == [checked(bounds, value) for value in ("1", 3)]
    assert ["a", "b"] == checked({"name": "p", "choices": ["a", "b"], "multiple": "separate"}, ["a", "b"])
    assert [["a"], "b"] == [
        checked({"name": "p", "multiple": "repeat"}, "a"),
        checked({"name": "p", "choices": []}, "b"),
    ]
    assert (5, 2.5, True, "x") == (cast("integer", "5"), cast("float", 2.5), cast("flag", True), cast("string", "x"))
    assert all(boolean(text) for text in ("true", "T", "yes", "y", "1", " ON "))
    assert not any(boolean(text) for text in ("false", "F", "no", "n", "0", "off", ""))


def test_how_parameters_are_passed() -> None:
    flag, plain = {"name": "f", "type": "flag"}, {"name": "p"}
    assert [] == arguments(plain, None) == arguments(flag, False) == arguments({"name": "p", "multiple": "x"}, [])
    assert ["--f"] == arguments(flag, True)
    assert ["--p=a b"] == arguments(plain, "a b")
    assert ["-p", "5"] == arguments({"name": "p", "pass-as": "-{name} {v}"}, 5)
    both = {**flag, "pass-true-as": "--on", "pass-false-as": "--no-{name}"}
    assert (["--on"], ["--no-f"]) == (arguments(both, True), arguments(both, False))
    assert [] == arguments({**flag, "pass-false-as": "--off"}, True)
    assert ["--p=a", "--p=b"] == arguments({"name": "p", "multiple": "repeat"}, ["a", "b"])
    assert ["--p=a,b"] == arguments({"name": "p", "multiple": "separate"}, ["a", "b"])
    assert ["--p=a;b"] == arguments({"name": "p", "multiple-separator": ";"}, ["a", "b"])


def test_commands_with_their_parameters() -> None:
    values = {"epochs": 3, "name": "x y", "fast": True}
    assert "run --epochs=3 '--name=x y' --fast" == filled(STEP, "run {parameters}", values)
    assert filled(STEP, "run {params}", values) == filled(STEP, "run {parameters}", values)
    assert "a --epochs=3 && b 'x y'" == filled(STEP, ["a {parameter:epochs}", "", "b {parameter-value:name}"], values)
    # What nothing is known of stays as it is.
    assert "{parameter:odd} {parameter-value:rate} {x}" == filled(
        STEP, "{parameter:odd} {parameter-value:rate} {x}", values
    )
    assert "a" == filled(STEP, "a {parameter:rate}", values)
