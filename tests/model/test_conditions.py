"""Conditions: how they are combined, read and taken apart."""

from __future__ import annotations

import pytest

from assetmeta.model.conditions import (
    LOOSER,
    OPERATORS,
    And,
    Compare,
    Exists,
    Not,
    Or,
    RawFilter,
    and_terms,
    is_exact,
    leaves,
)
from assetmeta.model.errors import BadValue
from assetmeta.model.paths import Path
from assetmeta.model.texts import Hidden

NAME, OTHER = Path.parse("Name"), Path.parse("Scope.Name")
A, B, C = Compare(NAME, "=", ("a", "b")), Exists(NAME), RawFilter("x='y'")


def test_operators_are_written_out() -> None:
    assert OPERATORS == ("=", "!=", "<", "<=", ">", ">=", "~=", "==", "^=", "$=")
    assert LOOSER == {"==": "=", "^=": "~=", "$=": "~="}


def test_conditions_are_combined_by_signs_and_not_by_words() -> None:
    assert (A & B, A | B, ~A) == (And((A, B)), Or((A, B)), Not(A))
    assert [str(each) for each in (A & B, A | B, ~A, C)] == [
        "(Name='a','b'); (+Name)",
        "(Name='a','b') | (+Name)",
        "not (Name='a','b')",
        "x='y'",
    ]
    with pytest.raises(BadValue, match=r"\(\+Name\) is a condition for the server"):
        bool(B)
    assert repr(B) == "<condition +Name>"


def test_how_a_condition_is_read() -> None:
    assert str(Exists(NAME, present=False)) == "-Name"
    assert str(Compare(NAME, "=", ('it\'s "so"',))) == "Name='it''s \"\"so\"\"'"
    assert str(Compare(NAME, "=", (Hidden("pw"),))) == "Name='***'"
    assert str(Compare(NAME, "<", (OTHER, 5))) == "Name<Scope.Name,'5'"


def test_who_built_a_condition_does_not_count() -> None:
    assert Exists(NAME, owner="Story") == Exists(NAME)
    assert Exists(NAME) != Exists(NAME, present=False)
    assert Compare(NAME, "=", (1,), any_text=True) != Compare(NAME, "=", (1,))
    assert (Compare(NAME, "=", (1,)).any_text, Exists(NAME).present) == (False, True)
    assert len({Compare(NAME, "=", (1,), owner="A"), Compare(NAME, "=", (1,))}) == 1


def test_what_must_all_hold() -> None:
    assert and_terms(None) == ()
    assert and_terms(A) == (A,)
    assert and_terms(And((A, And((B, C))))) == (A, B, C)
    assert and_terms(And((Or((A, B)), Not(C)))) == (Or((A, B)), Not(C))


def test_the_simple_terms_of_a_condition() -> None:
    assert list(leaves(And((A, Or((B, Not(And((C, A))))))))) == [A, B, C, A]
    exact = [is_exact(Not(Or((A, Compare(NAME, operator, ("a",)))))) for operator in OPERATORS]
    assert exact == [operator in ("==", "^=", "$=") for operator in OPERATORS]
    assert not is_exact(And((B, C)))
