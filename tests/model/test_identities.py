"""Real identities in the place of provisional ones: in values, in formulas, and whether a change is there."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from assetmeta.model.identities import resolve_change, resolve_deltas, resolve_value
from assetmeta.model.plans import AttributeChange, Call, Change, Create, Delete, Update
from assetmeta.model.values import UNREAD, Oid, is_stored, same_value

NEW, REAL, OTHER = Oid.new("Vali", 1), Oid("Vali", 205), Oid("Vali", 7)


def named(delta: AttributeChange) -> Iterable[Oid]:
    return [NEW] if "$new-1" in str(delta.new) else []


def test_a_formula_names_the_real_asset_where_the_dialect_finds_it() -> None:
    real = {NEW: REAL}
    assert resolve_value("2 * $new-1 + $new-12", real, named) == "2 * $205 + $new-12"
    assert resolve_value("2 * $new-1", real) == "2 * $new-1"
    [delta] = resolve_deltas([AttributeChange("formula", "$new-1", "$new-1")], real, named)
    assert (delta.old, delta.new) == ("$new-1", "$205")


@pytest.mark.parametrize(
    ("change", "resolved"),
    [
        (Create(NEW, (), NEW, "why"), Create(REAL, (), REAL, "why")),
        (Delete(NEW), Delete(REAL)),
        (Call(NEW, "Close", (("n", 1),)), Call(REAL, "Close", (("n", 1),))),
        (
            Update(OTHER, (AttributeChange("parts", UNREAD, added=(NEW,), removed=(OTHER,), is_multi=True),)),
            Update(OTHER, (AttributeChange("parts", UNREAD, added=(REAL,), removed=(OTHER,), is_multi=True),)),
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_change_names_the_real_assets(change: Change, resolved: Change) -> None:
    assert resolve_change(change, {NEW: REAL}) == resolved


@pytest.mark.parametrize(
    ("sent", "stored", "is_kept"),
    [
        (" a ", "a", True),
        (None, "", True),
        (0.1 + 0.2, 0.3, True),
        (Oid("Member", 20), Oid("BaseAsset", 20), True),
        ("a", "b", False),
        (0.3, 0.4, False),
        ("a", None, False),
    ],
)
def test_servers_keep_values_trimmed_and_rounded(sent: object, stored: object, is_kept: bool) -> None:
    assert is_stored(sent, stored) is is_kept
    assert AttributeChange("x", UNREAD, sent).holds(stored) is is_kept


def test_a_user_who_adds_a_blank_changes_a_text() -> None:
    assert not same_value("a ", "a")
    assert same_value("", None)


def test_members_that_others_added_are_no_difference_to_a_list_change() -> None:
    change = AttributeChange("parts", UNREAD, added=(REAL,), removed=(OTHER,), is_multi=True)
    assert change.holds((REAL, NEW))
    assert not change.holds((REAL, OTHER))
    assert not change.holds(())
    assert AttributeChange("parts", UNREAD, (REAL, NEW)).holds((NEW, REAL))
    assert not AttributeChange("parts", UNREAD, (REAL,)).holds((NEW, REAL))
