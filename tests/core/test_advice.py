"""What is said to those who write queries as other libraries do: how it is written here. Nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from assetmeta import BadValue, UnknownName
from assetmeta.core import advice
from tests.core.fake import Bench


class TestConditions:
    @pytest.mark.parametrize(
        ("given", "written"),
        [
            ("Estimate>3", "where(Story.Estimate > 3)"),
            (" Estimate  <=  -2.5 ", "where(Story.Estimate <= -2.5)"),
            ("Name != 'a b'", "where(Story.Name != 'a b')"),
            ("Name<>x", "where(Story.Name != 'x')"),
            ("Status=Done", "where(Status='Done')"),
            ('Status=="Done"', "where(Status='Done')"),
            ("Estimate=3", "where(Estimate=3)"),
            ("Super=", "where(Super=None)"),
            ("Owners.Name=Ann", "where({'Owners.Name': 'Ann'})"),
            ("Owners.Name~Ann", "where(Story.Owners.Name.contains('Ann'))"),
            ("nonsense", "where(Story.Attribute > value), or where(Attribute=value)"),
            (3, "where(Story.Attribute > value), or where(Attribute=value)"),
        ],
    )
    @pytest.mark.parametrize("has_filter", [True, False])
    def test_a_text_is_written_as_a_condition(self, given: object, written: str, has_filter: bool) -> None:
        found = advice.on_condition("Story", given, has_filter=has_filter)
        assert f" Write {written}." in found
        assert ("filter(...)" in found) == (has_filter and "Attribute" not in written)

    def test_a_column_is_compared_with_what_columns_have(self) -> None:
        column = Bench().Story.Name
        found = advice.on_condition("Story", column, has_filter=True)
        assert "where(Story.Name.exists())" in found
        assert str(column.exists()) == "+Name"

    def test_what_python_works_out_itself(self) -> None:
        assert "&, | and ~" in advice.on_condition("Story", True, has_filter=True)
        assert "one by one" in advice.on_condition("Story", ["Estimate>3"], has_filter=True)

    @pytest.mark.parametrize(
        ("name", "written"),
        [
            ("Estimate__gt", " Write where(Story.Estimate > value)."),
            ("Estimate__lte", " Write where(Story.Estimate <= value)."),
            ("Owners__Name__icontains", " Write where(Story.Owners.Name.contains(...))."),
            ("Estimate__range", " Write where(Story.Estimate.between(...))."),
            ("Estimate__in", " Write where(Story.Estimate.in_(...))."),
            ("Name__iexact", " Write where(Story.Name == value)."),
            ("Estimate__isnull", " Write where(Story.Estimate.missing()), or exists()."),
            ("Owners__Name", " Write where({'Owners.Name': value})."),
            ("Nothing__gt", ""),
            ("Estimate", ""),
        ],
    )
    def test_suffixes_of_names(self, name: str, written: str) -> None:
        assert advice.on_suffix("Story", name, ["Estimate", "Owners", "Name"]) == written


@pytest.mark.parametrize(
    ("text", "before", "written"),
    [
        ("Estimate desc", None, "'-Estimate'"),
        ("Owners.Name ASC", None, "'Owners.Name'"),
        ("Estimate:desc", None, "'-Estimate'"),
        ("Estimate descending, Name", None, "'-Estimate', 'Name'"),
        ("desc", "Estimate", "'-Estimate'"),
        ("desc", None, None),
        ("Estimate", None, None),
        ("Description", None, None),
    ],
)
def test_orders(text: str, before: object, written: str | None) -> None:
    expected = "" if written is None else f" Write sort({written}): a minus is for largest first."
    assert advice.on_order(text, before) == expected


@pytest.mark.parametrize(
    ("name", "types", "meant"),
    [
        ("users", ["Member", "Story"], "Member"),
        ("users", ["User"], "User"),
        ("stories", ["Story", "StoryStatus"], "Story"),
        ("issues", ["Issue", "Defect"], "Issue, Defect"),
        ("runs", ["Execution"], "Execution"),
        ("sprint", ["Project"], None),
    ],
)
def test_types_by_other_words(name: str, types: list[str], meant: str | None) -> None:
    found = advice.on_type(name, types)
    assert found.startswith(f" Did you mean {meant}? search(" if meant else "\0") or (not found and not meant)


class TestVerbs:
    """The verbs of types and queries, as a user meets them."""

    @pytest.fixture
    def story(self) -> Iterator[Any]:
        bench = Bench()
        yield bench.Story
        assert bench.requests == 0

    @pytest.mark.parametrize(
        ("call", "words"),
        [
            (lambda story: story(), r"Story\(\) missing .* Story\(1005\)\. .* Story.all\(\)"),
            (lambda story: story(Name="a"), r"Story.where\(Name='a'\), and Story.new\(Name='a'\)"),
            (lambda story: story.filter(Name="a"), r"^filter\(\) got .* conditions are given to where\(Name='a'\)\.$"),
            (lambda story: story.first(3), r"^first\(\) takes .* query\[:3\]"),
            (lambda story: story.where().first(Name="a"), r"where\(Name='a'\).first\(\)"),
            (lambda story: story.one(Name="a"), r"where\(Name='a'\).one\(\)"),
            (lambda story: story.where().all(3), "those that match"),
            (lambda story: story.count(Estimate=3), r"where\(Estimate=3\).count\(\)"),
            (lambda story: story.exists(3), r"\.exists\(\)"),
            (lambda story: story.sort(Estimate="desc"), r"sort\('-Estimate', 'Name'\)"),
            (lambda story: story.select(Name=1), r"select\('Name', 'Owners.Name'\)"),
            (lambda story: story.where().set("Name", "a"), r"set\(Estimate=3\)"),
        ],
    )
    def test_arguments_that_a_verb_does_not_take(self, story: Any, call: Any, words: str) -> None:
        with pytest.raises(TypeError, match=words):
            call(story)

    @pytest.mark.parametrize(
        ("call", "error", "words"),
        [
            (lambda story: story.where("Estimate>3"), BadValue, r"Write where\(Story.Estimate > 3\)"),
            (lambda story: story.where(story.Estimate), BadValue, r"where\(Story.Estimate == value\)"),
            (lambda story: story.where(Estimate__gt=3), UnknownName, r"Write where\(Story.Estimate > value\)"),
            (lambda story: story.where(Nmae__gt=3), UnknownName, "has no attribute 'Nmae__gt'"),
            (lambda story: story.sort("Estimate desc"), BadValue, r"Write sort\('-Estimate'\)"),
            (lambda story: story.sort("Estimate", "desc"), BadValue, r"Write sort\('-Estimate'\)"),
            (lambda story: story.sort(["Estimate"]), BadValue, "one by one, without the list"),
            (lambda story: story.select("Name, Estimate"), BadValue, "one by one: 'Name', 'Estimate'"),
            (lambda story: story.filter({"Name": "a"}), BadValue, r"Conditions are given to where\(...\)"),
        ],
    )
    def test_words_of_other_libraries(self, story: Any, call: Any, error: type[Exception], words: str) -> None:
        with pytest.raises(error, match=words):
            call(story)

    def test_a_minus_before_a_column_sorts_largest_first(self, story: Any) -> None:
        assert story.sort(-story.Estimate, +story.Name) == story.sort("-Estimate", "Name")

    def test_a_type_error_within_a_verb_stays_what_it_is(self, story: Any) -> None:
        class Odd:
            def __iter__(self) -> Any:
                raise TypeError("odd")

        with pytest.raises(TypeError, match="^odd$"):
            story.find("a", Odd())
        with pytest.raises(TypeError, match="^odd$"):
            story.where(Name=Odd())
