"""Terms as filters: user text stays out of them, and they mean what the term means."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path as File
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assetmeta.backends.asset_state import AssetState
from assetmeta.backends.responses import parse_xml
from assetmeta.backends.versionone.schema import read_schema
from assetmeta.backends.versionone.tokens import TokenBuilder
from assetmeta.model.conditions import And, Compare, Exists, Not, Or, RawFilter, Term
from assetmeta.model.errors import BadValue
from assetmeta.model.http import Response
from assetmeta.model.paths import Path, Step
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid
from assetmeta.sandbox.versionone import tokens as grammar

_META = File(__file__).parents[1] / "cases" / "versionone" / "meta.xml"
SCHEMA = read_schema(parse_xml(Response(200, {}, _META.read_bytes())))
GRAMMATICAL = re.compile(r"[A-Za-z0-9_.:@#+\-=!<>~'$,;|()\[\]]*\Z")


def spelled(schema: Schema, term: Term) -> tuple[list[str], dict[str, str]]:
    spelling = TokenBuilder(schema)
    return spelling.filters(term, "Story"), spelling.variables


def eq(path: str, *values: object, op: str = "=") -> Compare:
    return Compare(Path.parse(path), op, values)


def has(path: str, present: bool = True) -> Exists:
    return Exists(Path.parse(path), present)


PLAIN = [
    (eq("Estimate", Decimal("3.50"), op=">"), ["Estimate>'3.5'"]),
    (eq("Estimate", Decimal(1), Decimal(2)), ["Estimate='1','2'"]),
    (eq("Estimate", Decimal(1), Decimal(2), op="<"), ["(Estimate<'1'|Estimate<'2')"]),
    (eq("Scope", Oid("Scope", 0), Oid("Scope", -5)), ["Scope='Scope:0','Scope:-5'"]),
    (eq("AssetState", AssetState.Dead, op="!="), ["AssetState!='Dead'"]),
    (eq("AssetState", AssetState.Active, 77), ["AssetState='64','77'"]),
    (eq("Custom_Flag", True), ["Custom_Flag='true'"]),
    (eq("Custom_Due", datetime(2026, 3, 1, 17, 30, tzinfo=UTC), op="<="), ["Custom_Due<='2026-03-01T17:30:00.000'"]),
    (eq("Custom_Due", datetime(2026, 3, 1, tzinfo=UTC)), ["Custom_Due='2026-03-01'"]),
    (eq("ChangeDateUTC", datetime(2026, 3, 1, 17, tzinfo=UTC), op=">"), ["ChangeDateUTC>'2026-03-01T17:00:00.000Z'"]),
    (eq("Owners.@Count", 2, op=">="), ["Owners.@Count>='2'"]),
    (has("Super"), ["+Super"]),
    (has("Super.Scope", present=False), ["-Super.Scope"]),
    (Not(has("Super")), ["-Super"]),
    (eq("Estimate", None), ["-Estimate"]),
    (eq("Estimate", None, Decimal(3)), ["(Estimate='3'|-Estimate)"]),
    (eq("Estimate", None, op="!="), ["+Estimate"]),
    (eq("Estimate", None, Decimal(3), op="!="), ["((Estimate!='3'|-Estimate);+Estimate)"]),
    (eq("Estimate"), ["-ID"]),
    (eq("Estimate", op="!="), ["+ID"]),
    (And(()), []),
    (Or(()), ["-ID"]),
    (And((has("Super"), has("Status"))), ["+Super", "+Status"]),
    (Or((has("Super"), And((has("Status"), has("Parent"))))), ["(+Super|(+Status;+Parent))"]),
    (RawFilter("Name='it''s'|-Super"), ["Name='it''s'|-Super"]),
    (And((has("Super"), Or((RawFilter("A;B"), has("Status"))))), ["+Super", "((A;B)|+Status)"]),
    (eq("Estimate", Decimal(3), op="!="), ["(Estimate!='3'|-Estimate)"]),
    (Not(eq("Estimate", Decimal(3))), ["(Estimate!='3'|-Estimate)"]),
    (Not(eq("Estimate", Decimal(3), op=">")), ["(Estimate<='3'|-Estimate)"]),
    (Not(eq("Estimate", Decimal(3), op="!=")), ["Estimate='3'"]),
    (Not(And((has("Super"), eq("Estimate", Decimal(3), op="<")))), ["(-Super|(Estimate>='3'|-Estimate))"]),
    (Not(Or((has("Super"), has("Status")))), ["(-Super;-Status)"]),
    (Not(Not(has("Super"))), ["+Super"]),
    (Not(RawFilter("A;B")), ["-ID[A;B]"]),
    (Not(eq("Scope", Oid("Scope", 0))), ["(Scope!='Scope:0'|-Scope)"]),
    (Not(eq("Owners", Oid("Member", 20))), ["-Owners[ID='Member:20']"]),
    (eq("Super.Owners", Oid("Member", 20), op="!="), ["-Super.Owners[ID='Member:20']"]),
    (Not(eq("Owners.Ideas", 5)), ["-Owners[Ideas='5']"]),
    (Not(eq("Children:Task.ToDo", Decimal(0))), ["-Children:Task[ToDo='0']"]),
    (Not(eq("Ideas", 5)), ["-ID[Ideas='5']"]),
]


@pytest.mark.parametrize(("term", "expected"), [pytest.param(t, e, id=str(t)) for t, e in PLAIN])
def test_typed_values_stand_in_quotes(v1_schema: Schema, term: Term, expected: list[str]) -> None:
    assert (expected, {}) == spelled(v1_schema, term)


TEXTUAL = [
    (eq("Name", "it's"), ["Name=$v1"], ["it's"]),
    (eq("Name", "a", "b"), ["(Name=$v1|Name=$v2)"], ["a", "b"]),
    (eq("Name", "a", "b", op="!="), ["((Name!=$v1;Name!=$v2)|-Name)"], ["a", "b"]),
    (eq("RequestedBy", "a", op="!="), ["(RequestedBy!=$v1|-RequestedBy)"], ["a"]),
    (Not(eq("Name", "a", op="~=")), ["-ID[Name~=$v1]"], ["a"]),
    (Not(eq("Owners.Name", "a", "b")), ["-Owners[(Name=$v1|Name=$v2)]"], ["a", "b"]),
    (Not(eq("TaggedWith", "ux")), ["-ID[TaggedWith=$v1]"], ["ux"]),
    (eq("Status", "Done"), ["Status.Name=$v1"], ["Done"]),
    (Not(eq("Owners", "Joe")), ["-Owners[Name=$v1]"], ["Joe"]),
    (Not(eq("Children[-Owners].Name", "a")), ["-Children[((-Owners);Name=$v1)]"], ["a"]),
]


@pytest.mark.parametrize(("term", "expected", "values"), [pytest.param(t, e, v, id=str(t)) for t, e, v in TEXTUAL])
def test_text_goes_into_variables(v1_schema: Schema, term: Term, expected: list[str], values: list[str]) -> None:
    variables = {f"$v{number}": value for number, value in enumerate(values, 1)}
    assert (expected, variables) == spelled(v1_schema, term)


def test_terms_inside_brackets_use_the_same_variables(v1_schema: Schema) -> None:
    step = Step("Children", downcast="Task", where=Or((eq("Name", "x';|"), eq("ToDo", Decimal(0)))))
    spelling = TokenBuilder(v1_schema)
    token = spelling.token(Path((step, Step("ToDo")), "Sum"), "Story")
    assert token == "Children:Task[(Name=$v1|ToDo='0')].ToDo.@Sum"
    assert spelling.variables == {"$v1": "x';|"}


def test_raw_text_in_brackets_and_the_present_are_kept(v1_schema: Schema) -> None:
    text = "Parent#.Name"
    assert text == TokenBuilder(v1_schema).token(Path.parse(text), "Story")
    text = "Children:Task[Name='a.b'].@Count"
    assert text == TokenBuilder(v1_schema).token(Path.parse(text), "Story")


@pytest.mark.parametrize(
    ("name", "value", "literal"),
    [
        ("ID", Oid("Story", 5), "Story:5"),
        ("AssetState", AssetState.Closed, "128"),
        ("Key", 5, "5"),
        ("Moment", 7, "7"),
    ],
)
def test_what_every_asset_has_is_never_missing(v1_schema: Schema, name: str, value: object, literal: str) -> None:
    assert name in v1_schema.type("Story").attributes
    assert ([f"{name}!='{literal}'"], {}) == spelled(v1_schema, eq(name, value, op="!="))
    assert (["AssetType!=$v1"], {"$v1": "Story"}) == spelled(v1_schema, eq("AssetType", "Story", op="!="))


def test_several_values_of_which_none_may_match(v1_schema: Schema) -> None:
    """Texts have a variable each, and every one of them is excluded."""
    term = eq("Name", "a", "b", op="!=")
    assert (["((Name!=$v1;Name!=$v2)|-Name)"], {"$v1": "a", "$v2": "b"}) == spelled(v1_schema, term)


def test_an_uncommitted_asset_cannot_be_compared_with(v1_schema: Schema) -> None:
    with pytest.raises(BadValue, match="not on the server yet"):
        spelled(v1_schema, eq("Super", Oid.new("Epic", 1)))


@pytest.mark.parametrize("key", ["1'|+ID", "a,b", "ä"])
def test_identities_of_another_alphabet_are_refused(v1_schema: Schema, key: str) -> None:
    with pytest.raises(BadValue):
        TokenBuilder(v1_schema).oids([Oid("Story", key)])
    filters, variables = spelled(v1_schema, eq("Super", Oid("Epic", key)))
    assert (["Super=$v1"], {"$v1": f"Epic:{key}"}) == (filters, variables)


HOSTILE = st.text(min_size=1) | st.sampled_from(
    ["'", '"', "a','b", "x';+ID", "$v1", "&;|", "\n\r\t", "😀", "\u2028", "[", "]"]
)
TEXT_PATHS = st.sampled_from(["Name", "RequestedBy", "Owners.Name", "Super.Name", "TaggedWith", "Status.Name"])
NUMBER_PATHS = st.sampled_from(["Estimate", "Value", "Super.Swag", "Children:Task.ToDo", "Owners.@Count"])
OPERATORS = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
TERMS = st.recursive(
    st.builds(
        lambda path, op, values: eq(path, *values, op=op),
        TEXT_PATHS,
        st.sampled_from(["=", "!=", "~="]),
        st.lists(HOSTILE, min_size=1, max_size=3),
    )
    | st.builds(
        lambda path, op, values: eq(path, *values, op=op),
        NUMBER_PATHS,
        OPERATORS,
        st.lists(st.integers(-9, 9), min_size=1, max_size=3),
    )
    | st.builds(has, TEXT_PATHS | NUMBER_PATHS, st.booleans()),
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(lambda terms: And(tuple(terms)), st.lists(inner, max_size=3))
        | st.builds(lambda terms: Or(tuple(terms)), st.lists(inner, max_size=3))
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(term=TERMS)
@example(term=Not(eq("Owners.Name", "x'];+ID[Name='")))
def test_no_text_reaches_a_filter_and_every_filter_is_grammatical(term: Term) -> None:
    filters, variables = spelled(SCHEMA, term)
    for entry in filters:
        assert GRAMMATICAL.match(entry)
        grammar.parse_filter(entry)
    assert set(re.findall(r"\$v\d+", " ".join(filters))) == set(variables)


STORIES: list[dict[str, Any]] = [
    {"Estimate": None, "Value": 1, "Name": "a", "Owners": [], "TaggedWith": []},
    {"Estimate": 3, "Value": None, "Name": "b", "Owners": [{"Name": "ann"}], "TaggedWith": ["ux"]},
    {
        "Estimate": 5,
        "Value": 3,
        "Name": None,
        "Owners": [{"Name": "ann"}, {"Name": "bob"}],
        "TaggedWith": ["ux", "api"],
    },
    {"Estimate": 0, "Value": 2, "Name": "ab", "Owners": [{"Name": None}, {"Name": "joe"}], "TaggedWith": ["api"]},
]
SMALL = st.recursive(
    st.builds(
        lambda path, op, values: eq(path, *values, op=op),
        st.sampled_from(["Estimate", "Value"]),
        OPERATORS,
        st.lists(st.sampled_from([0, 2, 3]), min_size=1, max_size=2),
    )
    | st.builds(
        lambda path, op, values: eq(path, *values, op=op),
        st.sampled_from(["Name", "Owners.Name", "TaggedWith"]),
        st.sampled_from(["=", "!=", "~="]),
        st.lists(st.sampled_from(["a", "b", "ann", "ux"]), min_size=1, max_size=2),
    )
    | st.builds(has, st.sampled_from(["Estimate", "Name", "Owners", "TaggedWith"]), st.booleans()),
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(lambda a, b: And((a, b)), inner, inner)
        | st.builds(lambda a, b: Or((a, b)), inner, inner)
    ),
    max_leaves=5,
)


@settings(max_examples=80, deadline=None)
@given(term=SMALL)
def test_a_term_and_its_opposite_divide_all_assets(term: Term) -> None:
    """Whatever the server's own `!=` makes of null and of several values."""
    for strict in (True, False):
        chosen, rest = ([_admits(each, story, strict) for story in STORIES] for each in (term, Not(term)))
        assert [not one for one in chosen] == rest


def _admits(term: Term, story: dict[str, Any], strict: bool) -> bool:
    filters, variables = spelled(SCHEMA, term)
    return all(_true(grammar.parse_filter(entry), story, variables, strict) for entry in filters)


def _true(found: Any, asset: dict[str, Any], variables: dict[str, str], strict: bool) -> bool:
    """A little server. *strict* makes `!=` false on null, as SQL does, and "some value differs" on several."""
    if isinstance(found, grammar.Combined):
        results = [_true(term, asset, variables, strict) for term in found.terms]
        return all(results) if found.word == "and" else any(results)
    if isinstance(found, grammar.Presence):
        return bool(_reached(found.token, asset, variables, strict)) is found.present
    assert isinstance(found, grammar.Comparison)
    wanted = found.values if found.variable is None else (variables[f"${found.variable}"],)
    values = _reached(found.token, asset, variables, strict)
    if found.op == "!=":
        differs = [all(str(value) != each for each in wanted) for value in values]
        return any(differs) if strict else all(differs)
    return any(_holds(found.op, value, each) for value in values for each in wanted)


def _holds(op: str, value: Any, wanted: str) -> bool:
    if op == "~=":
        return wanted in str(value)
    if op == "=":
        return str(value) == wanted
    number = int(wanted)
    return {"<": value < number, "<=": value <= number, ">": value > number, ">=": value >= number}[op]


def _reached(token: Any, asset: dict[str, Any], variables: dict[str, str], strict: bool) -> list[Any]:
    level: list[Any] = [asset]
    for part in token.parts:
        stepped = []
        for item in level:
            value = item if part.name == "ID" else item.get(part.name)
            stepped += value if isinstance(value, list) else [] if value is None else [value]
        level = [item for item in stepped if part.where is None or _true(part.where, item, variables, strict)]
    return level
