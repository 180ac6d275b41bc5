"""Changes in words: how many of them, of names and of lines there are before something is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assetmeta.core.ownership import TakenAlong
from assetmeta.core.plan import Plan
from assetmeta.core.plan_text import ENDING, PlanText, before_and_after, counted, label, shown
from assetmeta.model.plans import AttributeChange, Call, Change, Create, Delete, Update
from assetmeta.model.values import UNREAD, Oid

STORY, OTHER = Oid("Story", 1), Oid("Story", 2)


def text(changes: Sequence[Change], names: Mapping[Oid, str] | None = None, **more: Any) -> PlanText:
    return PlanText(changes, names or {}, more.get("numbers", {}), more.get("along", {}), more.get("required", {}))


def update(key: int, *deltas: AttributeChange, kind: str = "Story") -> Update:
    return Update(Oid(kind, key), deltas or (AttributeChange("Name", "a", "b"),))


def test_a_value_before_and_after() -> None:
    called = {STORY: "the story"}.__getitem__
    cases = [
        (AttributeChange("A", 3, 5), "3 → 5"),
        (AttributeChange("A", UNREAD, "x"), "? → 'x'"),
        (AttributeChange("A", STORY, None), "the story → None"),
        (AttributeChange("A", "y" * 59, "x" * 58), f"{'y' * 59!r}"[:59] + f"… → {'x' * 58!r}"),
        (AttributeChange("A", (), None, (STORY, "a"), (5,), is_multi=True), "+ the story  + 'a'  - 5"),
    ]
    for delta, words in cases:
        assert before_and_after(delta, called=called) == words
    assert before_and_after(AttributeChange("A", None, 5), True) == "→ 5"
    assert (shown(STORY), shown(UNREAD), shown("a"), shown(2.5)) == ("Story:1", "?", "'a'", "2.5")


def test_what_an_asset_is_called() -> None:
    assert label(STORY, {}, {}) == label(STORY, {STORY: ""}, {}) == "Story:1"
    assert label(STORY, {STORY: "Write"}, {STORY: "S-1"}) == "Story:1 S-1 'Write'"
    assert label(STORY, {STORY: "x" * 100}, {}) == "Story:1 '" + "x" * 58 + "…"
    past = Oid("Story", 1, 5)
    assert text([Update(past, ())], {STORY: "Write"}).full().splitlines()[1] == "  update Story:1 'Write'"
    assert text([Update(past, ())], numbers={STORY: "S-1"}).full().splitlines()[1] == "  update Story:1 S-1"


def test_changes_are_counted_by_what_they_do() -> None:
    changes = [Create(STORY, ()), Update(STORY, ()), Update(OTHER, ()), Delete(STORY), Call(STORY, "Close")]
    assert counted(changes) == "5 changes: 1 create, 2 update, 1 delete, 1 execute"
    assert (counted(changes[:1]), counted([])) == ("1 change: 1 create", "0 changes: ")
    plan = Plan(tuple(changes))
    assert (repr(plan), repr(Plan())) == (f"<Plan {counted(changes)}>", "<Plan: nothing to commit>")
    assert (str(Plan()), Plan().full()) == ("Nothing to commit.", "Nothing to commit.")
    assert (plan[1], len(plan)) == (changes[1], 5)


def test_required_attributes_that_are_left_empty_are_named() -> None:
    required = {STORY: ("Name", "Scope"), OTHER: ("Name",)}
    few = text([Create(STORY, ()), Update(OTHER, ())], required=required).full().splitlines()
    assert few[2] == "      required, and empty unless the server fills it in: Name, Scope"
    assert few[4] == "      required, and empty: Name"
    many = text([Update(Oid("Story", key), ()) for key in range(1, 60)], required=required).screen()
    assert "  Story.Name is required, and empty in 2 assets: Story:1, Story:2" in many.splitlines()
    assert "  Story.Scope is required, and empty in 1 assets: Story:1" in many.splitlines()


def test_names_of_attributes_are_aligned() -> None:
    long, short = AttributeChange("Estimate", 1, 2), AttributeChange("A", 1, 2)
    assert text([update(1, short, long)]).full().splitlines()[2:] == ["      A         1 → 2", "      Estimate  1 → 2"]
    assert text([Create(STORY, (short,))]).full().endswith("      A  → 2")


def test_fifty_lines_are_a_screen() -> None:
    exact = [*(update(key) for key in range(24)), Delete(STORY)]
    assert text(exact).screen() == text(exact).full()
    assert len(text(exact).full().splitlines()) == 50
    more = text([*exact, Delete(OTHER)])
    lines = more.screen().splitlines()
    assert (lines[-1], lines[0]) == (ENDING, "26 changes: 24 update, 2 delete")
    assert "For example:" in lines
    assert 48 <= len(lines) <= 50
    assert lines[1:3] == ["  update Story      24  Name", "  delete Story       2"]


def test_a_sample_takes_the_first_of_each_kind_then_the_second() -> None:
    changes = [*(update(key) for key in range(60)), *(Delete(Oid("Task", key)) for key in range(60))]
    lines = text(changes).screen().splitlines()
    sample = [
        line.split()[1] for line in lines[lines.index("For example:") + 1 : -1] if line.startswith("  ") and ":" in line
    ]
    assert sample[:4] == ["Story:0", "Task:0", "Story:1", "Task:1"]


def test_twelve_kinds_have_a_line_of_their_own() -> None:
    def kinds(number: int) -> list[str]:
        changes = [update(key, kind=f"T{kind}") for kind in range(number) for key in range(3)]
        lines = text(changes * 2).screen().splitlines()
        return lines[1 : lines.index("For example:")]

    assert len(kinds(12)) == 12
    assert kinds(13)[12:] == ["  … and 1 more kinds of changes"]
    assert len(kinds(13)) == 13


def test_five_attributes_are_named_with_how_many_changes_have_them() -> None:
    def summary(number: int) -> str:
        deltas = [AttributeChange(f"A{place}", 1, 2) for place in range(number)]
        changes = [update(1, *deltas, AttributeChange("B", 1, 2)), *(update(2, *deltas) for _ in range(30))]
        return text(changes).screen().splitlines()[1]

    assert summary(4) == "  update Story      31  A0, A1, A2, A3, B (1)"
    assert summary(5) == "  update Story      31  A0, A1, A2, A3, A4 and 1 more"


def test_five_deletes_that_take_others_along_and_five_cleared_values_stand_out() -> None:
    def notable(number: int) -> list[str]:
        deletes = [Delete(Oid("Epic", key)) for key in range(number)]
        along = {
            each.oid: TakenAlong(tuple(Oid("Story", key) for key in range(place)), ("Story",))
            for place, each in enumerate(deletes)
        }
        cleared = [update(9, *(AttributeChange(f"A{place}", 1, None) for place in range(number)))]
        lines = text([*deletes, *cleared, *(update(key) for key in range(50))], along=along).screen().splitlines()
        return lines[lines.index("Notable:") + 1 : lines.index("For example:")]

    five, six = notable(5), notable(6)
    assert [line.split()[1] for line in five[:5]] == ["Epic:4", "Epic:3", "Epic:2", "Epic:1", "Epic:0"]
    assert len(five) == 10
    assert six[5] == "  … and 1 more deletes that take others along"
    assert len(six) == 11
    assert five[5] == "  Story.A0 is cleared in 1 assets: Story:9"


def test_what_is_cleared_is_a_single_value_of_an_update() -> None:
    def cleared(change: Change) -> bool:
        return "is cleared" in text([change, *(update(key) for key in range(50))]).screen()

    assert [cleared(update(9, AttributeChange("A", 1, new))) for new in (None, "", 0, "x")] == [
        True,
        True,
        False,
        False,
    ]
    assert not cleared(update(9, AttributeChange("A", (), None, (STORY,), is_multi=True)))
    assert not cleared(Create(STORY, (AttributeChange("A", None, None),)))


def test_what_a_delete_takes_along() -> None:
    def words(known: int, types: int, change: Change | None = None) -> str:
        along = TakenAlong(tuple(Oid("Task", key) for key in range(known)), tuple(f"T{kind}" for kind in range(types)))
        return text([change or Delete(STORY)], along={STORY: along}).full().splitlines()[-1].strip()

    assert words(0, 1) == "takes along any T0 that is part of it on the server"
    assert words(2, 5) == "takes along Task:0, Task:1, and any T0, T1, T2, T3, T4 that is part of it on the server"
    assert words(5, 1).startswith("takes along Task:0, Task:1, Task:2, Task:3, Task:4, and any T0 that")
    assert words(6, 6).startswith("takes along Task:0, Task:1, Task:2, Task:3, Task:4 and 1 more, and any T0,")
    assert "T4 ... that is part" in words(6, 6)
    assert words(1, 1, Call(STORY, "Close")) == "execute Story:1"
