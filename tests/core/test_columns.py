"""Columns: the condition, the sort key and the number that each of their methods makes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from assetmeta.core.comparisons import refuse_foreign, refuse_order
from assetmeta.model.codecs import Boolean, Duration, Span, Text
from assetmeta.model.conditions import And, Compare, Exists, Not, Or, RawFilter
from assetmeta.model.errors import BadValue, UnknownName, Unsupported
from assetmeta.model.paths import Path, Step, resolve
from assetmeta.model.plans import Sort
from assetmeta.model.schema import Attribute, Schema
from assetmeta.model.values import Oid
from core.fake import ALL_ROUND, SCHEMA, Bench, FakeBackend, attribute

STORY = SCHEMA.types["Story"]


class Listed(Text, frozen=True):
    """A text that the server lists."""

    listed: tuple[str, ...] = ()


class Localized(Text, frozen=True):
    """A text that the server sends with the name of its attribute."""

    localized: bool = True


TYPES = Schema(
    {
        **SCHEMA.types,
        "Story": replace(
            STORY,
            attributes={
                **STORY.attributes,
                "IsOpen": Attribute("IsOpen", "Boolean", Boolean()),
                "Length": Attribute("Length", "Duration", Duration()),
                "Color": Attribute("Color", "Color", Listed("red, green or blue", listed=("red", "green", "blue"))),
                "Role": Attribute("Role", "Text", Localized()),
                "Due": attribute("Due", "Date"),
                "Dues": attribute("Dues", "Date", multi=True),
                "Points": attribute("Points", "Numeric", multi=True),
            },
        ),
        "Bug": replace(STORY, name="Bug", base="Story"),
    }
)


@pytest.fixture
def bench() -> Bench:
    return Bench(FakeBackend(), schema=TYPES)


@pytest.fixture
def local() -> Bench:
    """Where the dialect evaluates conditions itself."""
    return Bench(FakeBackend(can=replace(ALL_ROUND, evaluates=True, exact=False)), schema=TYPES)


def shown(term: Any) -> str:
    return str(term)


def test_each_comparison_is_the_condition_it_reads_as(bench: Bench) -> None:
    size = bench.Story.Estimate
    found = [size == 3, size != 3, size < 3, size <= 3, size > 3, size >= 3]
    assert [shown(each) for each in found] == [
        f"Estimate{operator}'3'" for operator in ("=", "!=", "<", "<=", ">", ">=")
    ]
    assert {each.owner for each in found} == {"Story"}
    assert size.between(1, 5) == And((size >= 1, size <= 5))
    assert (size.exists(), size.missing()) == (Exists(Path.parse("Estimate")), Exists(Path.parse("Estimate"), False))
    assert {size.exists().owner, size.missing().owner} == {"Story"}
    assert shown(size.in_([1, 2])) == "Estimate='1','2'"
    assert shown(size.not_in([1, 2])) == "Estimate!='1','2'"
    assert shown(bench.Story.Name.contains("x")) == "Name~='x'"
    assert [shown(bench.Story.Name.startswith("x")), shown(bench.Story.Name.endswith("x"))] == [
        "Name^='x'",
        "Name$='x'",
    ]
    assert (size.asc(), size.desc()) == (Sort(Path.parse("Estimate")), Sort(Path.parse("Estimate"), True))


def test_nothing_is_a_value_that_may_be_missing(bench: Bench) -> None:
    size = bench.Story.Estimate
    there, gone = size.exists(), size.missing()
    assert (size == None, size != None) == (gone, there)  # noqa: E711
    assert size.in_([None, 1]) == Or((gone, size == 1))
    assert size.not_in([None, 1]) == And((there, size != 1))
    assert size.exact(None) == gone
    assert (size.in_([]), size.not_in([])) == (And((there, gone)), Or((there, gone)))
    for operator in ("__lt__", "__le__", "__gt__", "__ge__"):
        with pytest.raises(BadValue, match="None means nothing"):
            getattr(size, operator)(None)
    for bad in ("ab", b"ab", 5):
        with pytest.raises(BadValue, match="give a list of them"):
            size.in_(bad)
        with pytest.raises(BadValue, match="give a list of them"):
            size.not_in(bad)
    with pytest.raises(BadValue, match=r"exact\(\) takes the value, or several"):
        size.exact()


def test_a_text_for_a_relation_is_a_token_or_a_name(bench: Bench) -> None:
    owner = bench.Story.Super
    assert shown(owner == "Epic:5") == "Super='Epic:5'"
    assert shown(owner == "Web") == "Super.Name='Web'"
    assert shown(owner == "Epik:5") == "Super.Name='Epik:5'"
    assert shown(owner.in_(["Web", "Epic:5", bench.Epic(6)])) == "(Super='Epic:5','Epic:6') | (Super.Name='Web')"
    assert shown(owner.not_in(["Web", "Epic:5"])) == "(Super!='Epic:5'); (Super.Name!='Web')"
    assert shown(owner == 5) == "Super='Epic:5'"
    with pytest.raises(BadValue, match="Story.Super takes assets of type Epic"):
        owner == bench.Member(5)  # noqa: B015
    with pytest.raises(BadValue, match="Estimate is Numeric, not an asset"):
        bench.Story.Estimate == bench.Story(5)  # noqa: B015


def test_letter_case_is_checked_again_where_the_server_ignores_it(bench: Bench, local: Bench) -> None:
    assert shown(bench.Story.Name.exact("x")) == "Name='x'"
    assert shown(local.Story.Name.exact("x", "y")) == "Name=='x','y'"
    assert shown(local.Story.Estimate.exact(5)) == "Estimate='5'"
    assert shown(local.Story.Super.exact("Epic:5")) == "Super='Epic:5'"
    assert not local.Story.Name.exact("x").any_text
    blind = Bench(FakeBackend(can=replace(ALL_ROUND, exact=False)), schema=TYPES)
    narrowed = blind.Story.Owners[RawFilter("x")].Name
    with pytest.raises(Unsupported, match="what the server works out is compared by the server"):
        narrowed.exact("x")
    with pytest.raises(Unsupported, match="begins and ends cannot be looked for"):
        narrowed.startswith("x")
    for bad in ("", 5, None):
        with pytest.raises(BadValue, match="begins or ends with a text"):
            bench.Story.Name.endswith(bad)


def test_what_has_no_order_is_not_compared_by_size(bench: Bench) -> None:
    story = bench.Story
    for column, value, why in (
        (story.IsOpen, True, r"is Boolean.*or where\(IsOpen=True\)"),
        (story.Super, bench.Epic(5), "leads to Epic, and assets have no order"),
        (story.Length, "2 Weeks", "is Duration, of which the server compares the texts"),
    ):
        for operator in ("__lt__", "__le__", "__gt__", "__ge__"):
            with pytest.raises(BadValue, match=f"{column} .*: it {why}"):
                getattr(column, operator)(value)
        assert isinstance(column == value, Compare)
        assert isinstance(column != value, Compare)
        assert isinstance(column.exact(value), Compare)
    with pytest.raises(BadValue, match="is Boolean"):
        story.IsOpen.contains("t")
    with pytest.raises(BadValue, match=r'where\({"Twin.IsOpen": True}\)'):
        story.Twin.IsOpen < True  # noqa: B015
    for free in (story.Length.contains("2 Weeks"), story.Super.contains("Epic:5"), story.Name < "x"):
        assert isinstance(free, Compare)
    assert isinstance(story.Owners.count() > 3, Compare)
    number = Path.parse("IsOpen.@Count")
    refuse_order("x", resolve(TYPES, "Story", number), number, "<")


def test_numbers_of_assets_are_compared_with_whole_numbers(bench: Bench) -> None:
    count = bench.Story.Owners.count()
    assert shown(count >= 2) == "Owners.@Count>='2'"
    for bad in ("x", 2.5, True):
        with pytest.raises(BadValue, match="Owners.@Count is a number of assets"):
            count > bad  # noqa: B015


def test_attributes_are_compared_with_each_other_where_the_dialect_evaluates(bench: Bench, local: Bench) -> None:
    story = local.Story
    found = story.Estimate > story.Points
    assert (found.operator, found.values, found.owner) == (">", (Path.parse("Points"),), "Story")
    assert isinstance(story.Name == story.Number, Compare)
    assert isinstance(story.Super != story.Twin, Compare)
    for call, why in (
        (lambda: story.Estimate > local.Bug.Estimate, "both have to be attributes of one type"),
        (lambda: story.Super == story.Name, "a relation is compared with a relation"),
        (lambda: story.Super > story.Twin, "assets have no order"),
        (lambda: story.Due > story.Estimate, "cannot be compared"),
        (lambda: story.Name == story.Estimate, "a text and a number cannot be compared"),
        (lambda: story.Name.contains(story.Name), "compares attributes with values, not attributes"),
        (lambda: bench.Story.Name == bench.Story.Number, "compares attributes with values, not attributes"),
    ):
        with pytest.raises(BadValue, match=why):
            call()


def test_a_relation_is_narrowed_by_a_type_or_a_condition(bench: Bench) -> None:
    twin = bench.Story.Twin
    assert str(twin.of_type(bench.Bug)) == str(twin.of_type("Bug")) == "Twin:Bug"
    assert str(twin.of_type(bench.Story)) == "Twin:Story"
    assert str(twin[bench.Story.Estimate > 3].Name) == "Twin[Estimate>'3'].Name"
    assert str(bench.Bug.Twin.of_type("Bug")["Name"]) == "Twin:Bug.Name"
    assert str(bench.Story.Twin.Twin[RawFilter("x='1'")]) == "Twin.Twin[x='1']"
    assert str(twin[(bench.Bug.Estimate > 3) & ~bench.Story.Name.missing()]) == ("Twin[(Estimate>'3'); (not (-Name))]")
    for call, error, why in (
        (lambda: twin.of_type(bench.Epic), BadValue, "leads to Story, and no Epic is one"),
        (lambda: twin.of_type("Nothing"), UnknownName, "no asset type 'Nothing'"),
        (lambda: bench.Story.Name.of_type("Bug"), BadValue, "is not a relation"),
        (lambda: bench.Story.Name[bench.Story.Name == "x"], BadValue, "is not a relation"),
        (lambda: twin[bench.Epic.Name == "x"], BadValue, "is a condition on Epic, and this is a query of Story"),
        (lambda: twin[bench.Story.Name.startswith("x")], Unsupported, "does not support it"),
        (lambda: twin[5], BadValue, "takes an attribute name or a condition, not 5"),
        (lambda: bench.Story.Owners.count().Name, UnknownName, "is a value, no relation"),
        (lambda: bench.Story.Estimat, AttributeError, "Did you mean Estimate"),
    ):
        with pytest.raises(error, match=why):
            call()
    for good in ("Story", "Bug"):
        refuse_foreign(TYPES, good, Exists(Path.parse("Name"), owner="Story"))
        refuse_foreign(TYPES, "Story", Exists(Path.parse("Name"), owner=good))
    refuse_foreign(TYPES, "Epic", Exists(Path.parse("Name")))


def test_over_related_assets_the_server_works_out_numbers(bench: Bench) -> None:
    story = bench.Story
    found = [story.Owners.count(), story.Points.sum(), story.Points.min(), story.Points.max(), story.Dues.max()]
    assert [str(each) for each in [*found, story.Dues.min()]] == [
        *("Owners.@Count", "Points.@Sum", "Points.@Min", "Points.@Max", "Dues.@MaxDate", "Dues.@MinDate")
    ]
    assert str(bench.Scope.Stories.Estimate.sum()) == "Stories.Estimate.@Sum"
    for call in (lambda: story.Tags.sum(), lambda: bench.Scope.Stories.Name.sum(), lambda: story.Name.sum()):
        with pytest.raises(BadValue, match="only numbers have a sum"):
            call()
    with pytest.raises(BadValue, match="servers work out numbers alone"):
        bench.Scope.Stories.Length.sum()
    with pytest.raises(Unsupported, match="no mean"):
        bench.Scope.Stories.Estimate.avg()
    with pytest.raises(Unsupported, match="no mean"):
        story.Points.avg()


def test_over_own_values_numbers_are_worked_out_here(bench: Bench) -> None:
    for key, size, length in ((1, "2", "1 Weeks"), (2, None, None), (3, "3.5", "3 Days")):
        bench.add(f"Story:{key}", Name=f"s{key}", Estimate=size, Length=length)
    story = bench.Story
    size = story.Estimate
    assert (size.count(), size.sum(), size.min(), size.max()) == (2, Decimal("5.5"), Decimal(2), Decimal("3.5"))
    assert size.avg() == Decimal("2.75")
    assert (story.Length.min(), story.Length.max()) == (Span(3, "Days"), Span(1, "Weeks"))
    assert story.Length.sum() == Span(10, "Days")
    with pytest.raises(BadValue, match="is Duration, which has no mean"):
        story.Length.avg()
    with pytest.raises(BadValue, match="only numbers have a sum"):
        story.Name.avg()
    bench.backend.assets.clear()
    assert (size.count(), size.sum(), size.min(), size.max(), size.avg()) == (0, 0, None, None, None)
    assert (story.Length.sum(), story.Length.max()) == (Span(0, "Days"), None)


def test_a_column_is_shown_and_completed(bench: Bench) -> None:
    column = bench.Story.Super
    assert str(column.Name) == "Super.Name"
    assert repr(column).endswith(".Super")
    assert column.__doc__ == "Super: one Epic."
    assert {"Name", "Scope", "data", "count"} <= set(dir(column))
    assert "Scope" not in dir(bench.Story.Name)
    with pytest.raises(BadValue, match="compare it with a value, or iterate over it"):
        bool(column)
    with pytest.raises(AttributeError):
        column.__array__
    assert column._path == Path((Step("Super"),))
    assert isinstance(~(column == Oid("Epic", 5)), Not)


def test_only_what_the_server_lists_is_looked_for_unless_it_is_meant(bench: Bench) -> None:
    color = bench.Story.Color
    assert shown(color.in_(["red", "blue"])) == "Color='red','blue'"
    for call in (lambda: color == "blau", lambda: color != "blau", lambda: color.in_(["red", "blau"])):
        with pytest.raises(BadValue) as caught:
            call()
        assert str(caught.value) == (
            "Story.Color: 'blau' is none of its values. Did you mean blue? It takes red, green or blue. "
            "column.exact(...) takes any other."
        )
        assert (caught.value.type_name, caught.value.attribute) == ("Story", "Color")
    assert shown(color.exact("blau")) == "Color='blau'"
    assert shown(color.contains("bl")) == "Color~='bl'"


def test_the_last_part_of_a_localized_text_stands_for_all_of_it(bench: Bench) -> None:
    role = bench.Story.Role
    whole = "Story.Role''Observer"
    assert [shown(each) for each in (role == "Observer", role != "Observer", role.exact("Observer"))] == [
        *(f"Role='{whole}'", f"Role!='{whole}'", f"Role='{whole}'"),
    ]
    assert shown(role == "Story.Role'Observer") == f"Role='{whole}'"
    assert shown(role.contains("Obs")) == "Role~='Obs'"
