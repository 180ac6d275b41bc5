"""The grammar of attribute tokens, filters, sort lists and variables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assetmeta.sandbox.versionone.problems import Problem
from assetmeta.sandbox.versionone.tokens import (
    DEEPEST,
    Combined,
    Comparison,
    Filter,
    Part,
    Presence,
    Truth,
    equality,
    parse_filter,
    parse_selection,
    parse_sort,
    parse_token,
    parse_variables,
    quote,
)


def outline(found: Filter) -> str:
    """A filter with every pair of parentheses that its structure implies."""
    if isinstance(found, Combined):
        return "(" + f" {found.word} ".join(outline(term) for term in found.terms) + ")"
    return found.text


def values(text: str) -> tuple[str, ...]:
    found = parse_filter(text)
    assert isinstance(found, Comparison)
    return found.values


class TestTokens:
    def test_a_path_has_one_part_a_step(self) -> None:
        assert (Part("Super"), Part("Status"), Part("Name")) == parse_token("Super.Status.Name").parts

    def test_a_part_is_name_present_downcast_filter_in_this_order(self) -> None:
        (part, last) = parse_token("Children#:Test[ToDo='0'].Name").parts
        assert ("Children", True, "Test") == (part.name, part.present, part.downcast)
        assert "ToDo='0'" == outline(part.where) if part.where else False
        assert last.plain

    def test_a_token_keeps_its_text_letter_by_letter(self) -> None:
        text = """Subs:Story[Name="it's a.b, [c]";Estimate>'3'].Estimate.@Sum"""
        assert text == parse_token(text).text
        assert "Sum" == parse_token(text).aggregate

    def test_dots_commas_and_brackets_inside_a_filter_do_not_split_a_list(self) -> None:
        listed = parse_selection("Name,Subs[Status.Name='a.b','c,d]'].@Count,Number")
        assert ["Name", "Subs[Status.Name='a.b','c,d]'].@Count", "Number"] == [token.text for token in listed]

    @pytest.mark.parametrize(
        "text",
        [
            "",
            ".",
            "Name.",
            ".Name",
            "Name,",
            "Na me",
            "Name.@",
            "Name.@Sun",
            "Owners.@Count.Name",
            "A[",
            "A[]",
            "A[B='1'",
            "A:",
            "A::B",
            "A:B#",
            "A[B='1']:C",
            "A##",
            "Näme",
            "A]",
            "A;B",
            "@Count",
        ],
    )
    def test_what_is_outside_the_grammar_is_refused(self, text: str) -> None:
        with pytest.raises(Problem) as caught:
            parse_token(text)
        assert (400, "Invalid SEL parameter", f"Unknown token: {text}") == (
            caught.value.status,
            caught.value.message,
            caught.value.reason,
        )

    def test_an_empty_selection_selects_nothing(self) -> None:
        assert () == parse_selection("")


class TestFilters:
    def test_and_and_or_are_read_from_left_to_right(self) -> None:
        assert "((A='1' or B='2') and C='3')" == outline(parse_filter("A='1'|B='2';C='3'"))
        assert "((A='1' and B='2') or C='3')" == outline(parse_filter("A='1'&B='2'|C='3'"))

    def test_parentheses_group(self) -> None:
        assert "(A='1' or (B='2' and C='3'))" == outline(parse_filter("A='1'|(B='2';C='3')"))

    @pytest.mark.parametrize("op", ["=", "!=", "<", "<=", ">", ">=", "~="])
    def test_every_operator_is_known(self, op: str) -> None:
        found = parse_filter(f"Estimate{op}'1'")
        assert isinstance(found, Comparison)
        assert (op, ("1",)) == (found.op, found.values)

    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ("""'it''s'""", "it's"),
            ('''"it's"''', "it's"),
            ('''"it''s"''', "it's"),
            ("""'say ""hi""'""", 'say "hi"'),
            ("""'say "hi"'""", 'say "hi"'),
            ('''"a""b"''', 'a"b'),
            ("''", ""),
            ('""', ""),
            ("""''''""", "'"),
            ("""'a;b|c,d.e[f]&$x'""", "a;b|c,d.e[f]&$x"),
        ],
    )
    def test_doubled_quotes_of_either_kind_are_one(self, written: str, meant: str) -> None:
        assert (meant,) == values(f"Name={written}")

    def test_a_comma_list_may_mix_quote_styles(self) -> None:
        assert ("a", "b'c", "d") == values("""Name='a',"b'c",'d'""")

    @given(st.text())
    def test_any_text_survives_quoting(self, text: str) -> None:
        assert (text,) == values(f"Name={quote(text)}")
        assert equality("Name", text) == parse_filter(equality("Name", text).text)

    def test_variables_are_named_or_the_context(self) -> None:
        named, context = parse_filter("Scope=$S"), parse_filter("Scope=$")
        assert isinstance(named, Comparison)
        assert isinstance(context, Comparison)
        assert ("S", "") == (named.variable, context.variable)

    def test_signs_ask_whether_there_is_a_value(self) -> None:
        assert isinstance(parse_filter("+Super"), Presence)
        absent = parse_filter("-SuperAndUp[Scope=$Scope]")
        assert isinstance(absent, Presence)
        assert not absent.present

    def test_a_bare_token_is_a_filter(self) -> None:
        assert isinstance(parse_filter("IsSelf"), Truth)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "Name='open",
            "Name=",
            "='x'",
            "Name='x';",
            ";Name='x'",
            "(Name='x'",
            "Name='x')",
            "Name~~'x'",
            "Name='it's'",
            "Name=x",
            "Name=='x'",
            "Name='a',",
            "Name='a'b",
            "()",
            "Name <'1'",
            "-",
            "A='1' ;B='2'",
            "A='1'||B='2'",
            "$X='1'",
        ],
    )
    def test_what_is_outside_the_grammar_is_refused(self, text: str) -> None:
        with pytest.raises(Problem) as caught:
            parse_filter(text)
        assert (400, f"Invalid QueryFilter2 token {text}") == (caught.value.status, caught.value.reason)

    def test_deep_nesting_is_refused_before_it_hurts(self) -> None:
        with pytest.raises(Problem):
            parse_filter("(" * 100000 + "A='1'" + ")" * 100000)
        with pytest.raises(Problem):
            parse_filter("A[" * 100000)


class TestSortAndVariables:
    def test_a_sort_list_has_signs(self) -> None:
        keys = parse_sort("-Estimate,+Super.Number,Name")
        assert [("Estimate", True), ("Super.Number", False), ("Name", False)] == [
            (key.token.text, key.descending) for key in keys
        ]

    @pytest.mark.parametrize("text", ["--Name", "Name,", "Name desc", "+", ",Name"])
    def test_a_bad_sort_list_is_refused(self, text: str) -> None:
        with pytest.raises(Problem, match="Invalid SORT parameter"):
            parse_sort(text)

    def test_variables_are_separated_by_bars_and_their_values_by_commas(self) -> None:
        assert {"S": ("Scope:0", "Scope:1"), "T": ("Team:5",)} == parse_variables("$S=Scope:0,Scope:1|$T=Team:5")

    def test_a_value_may_contain_an_equals_sign(self) -> None:
        assert {"A": ("x=y",)} == parse_variables("$A=x=y")

    @pytest.mark.parametrize("text", ["A=1", "$A", "$=1", "$A=1||$B=2", "$A B=1"])
    def test_a_bad_assignment_is_refused(self, text: str) -> None:
        with pytest.raises(Problem, match="Invalid WITH parameter"):
            parse_variables(text)


@pytest.mark.parametrize(("opened", "closed"), [("(", ")"), ("Owners[", "].@Count>'0'")])
def test_brackets_are_nested_forty_deep_at_most(opened: str, closed: str) -> None:
    def nested(depth: int) -> str:
        return f"{opened * depth}Name='x'{closed * depth}"

    # What stands side by side is not nested.
    for text in (nested(DEEPEST), ";".join([nested(2)] * DEEPEST)):
        assert parse_filter(text)
    with pytest.raises(Problem):
        parse_filter(nested(DEEPEST + 1))
    assert 40 == DEEPEST
