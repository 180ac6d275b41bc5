"""Errors carry what they are about: type, attribute and asset, for programs to read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from assetmeta.core.criteria import _LACKS
from assetmeta.core.inspect import inspect
from assetmeta.core.loading import checked_mode
from assetmeta.core.schema_source import SchemaSource
from assetmeta.model.errors import AssetmetaError, BadValue, NotFound, NotLoaded, ReadOnly, UnknownName, Unsupported
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid
from core.fake import ALL_ROUND, SCHEMA, Bench, FakeBackend

NOTHING = replace(ALL_ROUND, operations=False, delete=False, templates=False, history=False)


@pytest.fixture
def bench() -> Bench:
    types = {**SCHEMA.types, "Base": replace(SCHEMA.types["Scope"], name="Base", abstract=True)}
    bench = Bench(schema=Schema(types))
    bench.stories(3)
    return bench


Case = tuple[Callable[[Bench], Any], type[AssetmetaError], str, tuple[str | None, str | None, str | None]]

CASES: list[Case] = [
    (lambda b: b.Story(1).Nam, UnknownName, "Story has no attribute 'Nam'. Did you mean Name?", ("Story", "Nam", None)),
    (lambda b: setattr(b.Story(1), "Nam", 1), UnknownName, "no attribute 'Nam'", ("Story", "Nam", None)),
    (
        lambda b: setattr(b.Story(1), "Close", 1),
        ReadOnly,
        r"Story\(1\).Close is an operation: call it",
        ("Story", "Close", None),
    ),
    (lambda b: setattr(b.Story(1), "idref", 1), ReadOnly, r"Story\(1\).idref cannot be set", ("Story", "idref", None)),
    (lambda b: b.Story(1).set(Estimate="x"), BadValue, "Story.Estimate does not take 'x'", ("Story", "Estimate", None)),
    (lambda b: b.Story(1).set(Number="x"), ReadOnly, "works Number out itself", (None, "Number", "Story:1")),
    (lambda b: b.query("Story").set(Number="x"), ReadOnly, "Story.Number is read-only", (None, "Number", None)),
    (lambda b: b.Story(1).set(Tags="x"), BadValue, "holds several values", ("Story", "Tags", None)),
    (lambda b: b.Story(1).set(Owners="x"), BadValue, "holds several Member", ("Story", "Owners", None)),
    (lambda b: b.Story(1).set(Super="Story:5"), BadValue, "not the Story Story:5", ("Story", "Super", "Story:5")),
    (lambda b: b.Story(1).set(Super=2.5), BadValue, "takes assets of type Epic, not 2.5", ("Story", "Super", None)),
    (lambda b: b.Story(1).set(Super="x" * 1001), BadValue, "1000 characters at most", ("Story", "Super", None)),
    (lambda b: b.Story(1).set(Super="Nowhere"), BadValue, "there is no Epic", ("Story", "Super", None)),
    (lambda b: b.Base.new(Name="x"), AssetmetaError, "Base is abstract", ("Base", None, None)),
    (
        lambda b: b.Story.new(Name="x").Close(),
        AssetmetaError,
        "commit the new asset first",
        (None, None, "Story:new-1"),
    ),
    (lambda b: b.Story(1).Close(5), BadValue, r"Story.Close\(\) takes no arguments without a name", (None, None, None)),
    (lambda b: b.query("Story").execute("Clos"), UnknownName, "Did you mean Close", ("Story", "Clos", None)),
    (lambda b: b.unit.delete("x"), BadValue, r"delete\(\) takes an asset", (None, None, None)),
    (lambda b: b.unit.revert([5]), BadValue, r"revert\(\) takes an asset", (None, None, None)),
    (lambda b: b.loader.populate([5], ["Name"]), BadValue, r"populate\(\) takes an asset", (None, None, None)),
    (
        lambda b: b.writer.commit("x"),
        BadValue,
        "no conflict policy 'x'; there are overwrite, error, merge",
        (None,) * 3,
    ),
    (lambda b: b.writer.commit("mine") if b.Story(1).set(Name="x") else 0, BadValue, "policy 'mine'", (None,) * 3),
    (lambda b: checked_mode("all"), BadValue, "no loading mode 'all'; there are peers, one, raise", (None,) * 3),
    (lambda b: SchemaSource(None, None, "x"), BadValue, "no way 'x' to reflect; there are all, types", (None,) * 3),
    (lambda b: b.Story(1).Twin.Close(), ReadOnly, "no Story here to Close", (None, "Close", None)),
    (lambda b: setattr(b.Story(1).Twin, "Name", 1), ReadOnly, "no Story here to set Name of", (None, "Name", None)),
    (lambda b: b.Story(1).Twin.Owners.add(5), ReadOnly, "Story.Owners cannot be changed", (None, None, None)),
    (lambda b: b.Story(1).Owners.append(5), ReadOnly, "Story:1.Owners is not changed in place", (None, "Owners", None)),
    (lambda b: b.Story(99).Name, NotFound, "Story:99 is not there", (None, None, "Story:99")),
    (lambda b: inspect(b.Story(1)).history(), Unsupported, "keeps no history", (None, None, "Story:1")),
    (lambda b: b.Story(1).clean("Name"), Unsupported, "does not clean texts", (None, "Name", "Story:1")),
    (lambda b: b.Story.template(), Unsupported, "suggests no values for new assets", ("Story", None, None)),
    (lambda b: b.context.asset(Oid("Story", 1, 5)).set(Name="x"), ReadOnly, "as of 5", (None, "Name", "Story:1:5")),
    (lambda b: b.context.asset(Oid("Story", 1, 5)).Close(), ReadOnly, "as of 5", (None, None, "Story:1:5")),
]


@pytest.mark.parametrize(("call", "kind", "words", "about"), CASES)
def test_an_error_names_what_it_is_about(
    bench: Bench, call: Callable[[Bench], Any], kind: type[AssetmetaError], words: str, about: tuple[str | None, ...]
) -> None:
    with pytest.raises(kind, match=words) as caught:
        call(bench)
    assert (caught.value.type_name, caught.value.attribute, caught.value.oid) == about
    assert bench.backend.written == []


def test_where_loading_is_forbidden_the_error_names_the_select(bench: Bench) -> None:
    with bench.loader.using("raise"), pytest.raises(NotLoaded, match=r"\.select\('Name'\)") as caught:
        bench.Story(1).Name
    assert (caught.value.oid, caught.value.attribute) == ("Story:1", "Name")
    assert (bench.requests, bench.loader.mode) == (0, "peers")


def test_what_a_server_cannot_do_is_refused_before_anything_is_sent() -> None:
    bench = Bench(FakeBackend(can=NOTHING))
    bench.stories(1)
    for call, words, type_name in (
        (lambda: bench.unit.delete(bench.Story(1)), "fake deletes nothing", None),
        (lambda: bench.Story(1).Close(), "fake has no operations", "Story"),
        (lambda: bench.writer.execute([Oid("Story", 1)], "Close", {}), "fake has no operations", "Story"),
    ):
        with pytest.raises(Unsupported, match=words) as caught:
            call()
        assert caught.value.type_name == type_name
    new = bench.Story.new(Name="x")
    bench.unit.delete(new)
    assert (bench.requests, len(bench.unit)) == (0, 0)


def test_each_thing_that_only_some_servers_do_has_words_of_its_own() -> None:
    assert set(_LACKS) == {"asof", "find", "raw_filter", "sort", "paths", "aggregates", "cleaning", "delete"}
    assert all(words.split()[0] in ("does", "has", "works", "deletes") for words in _LACKS.values())


def test_operations_show_what_they_are(bench: Bench) -> None:
    operation = bench.Story.Close
    assert repr(operation) == "<operation Story.Close>"
    assert repr(bench.Story(1).Close) == "<operation Close of Story:1>"
    assert operation.__doc__.startswith("Execute Close on this asset at once: one request.")
    assert operation.__doc__.endswith("Allowed while CheckClose is true.")
    assert bench.Story(1).Close.__doc__ == operation.__doc__
    assert bench.requests == 0
    bench.backend.assets[Oid("Story", 1)]["CheckClose"] = "1"
    assert (bench.Story(1).Close.allowed, bench.Story(2).Close.allowed, bench.requests) == (True, False, 2)
