"""Servers that know assets by more than their key."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from assetmeta.model.errors import BadValue, NotFound, Rejected
from assetmeta.model.http import Request
from assetmeta.model.plans import Row
from assetmeta.model.values import Key, Oid
from core.fake import Bench, FakeBackend


class Named(FakeBackend):
    """Scopes and epics are known by number and by name; relations to scopes may be written by name."""

    def key_of(self, type_name: str, text: str) -> Key | None:
        return int(text) if text.isdecimal() else None

    def taken_by_alias(self, type_name: str) -> bool:
        return type_name == "Scope"

    def look_up(self, schema: Any, type_name: str, alias: str) -> Generator[Any, Any, Row]:
        yield Request("GET", "alias")
        for oid, values in self.assets.items():
            if oid.type == type_name and values["Name"] == alias:
                return Row(oid, ("Name",), (alias,))
        raise NotFound(f"there is no {type_name} {alias}", status=404)


@pytest.fixture
def bench() -> Bench:
    bench = Bench(Named())
    bench.add("Scope:7", Name="web:shop")
    bench.add("Epic:8", Name="Story:5", Scope=Oid("Scope", 7))
    return bench


def test_a_key_sends_nothing_and_an_alias_one_request(bench: Bench) -> None:
    by_key = bench.Scope("7")
    assert bench.requests == 0
    assert bench.Scope("web:shop") is by_key
    assert bench.requests == 1


def test_what_the_answer_contained_is_loaded(bench: Bench) -> None:
    scope = bench.Scope("web:shop")
    assert scope.Name == "web:shop"
    assert bench.requests == 1


def test_a_token_stays_a_token(bench: Bench) -> None:
    assert bench.Scope("Scope:7") is bench.Scope(7)
    with pytest.raises(BadValue, match="is no Epic"):
        bench.Epic("Story:5")
    assert bench.requests == 0


def test_an_alias_of_nothing_is_not_found(bench: Bench) -> None:
    with pytest.raises(NotFound, match="no Scope nothing"):
        bench.Scope("nothing")


def test_a_relation_takes_an_alias_where_the_server_resolves_it(bench: Bench) -> None:
    bench.Epic.new(Name="New", Scope="web:shop")
    [create] = bench.unit.plan().changes
    assert {delta.name: delta.new for delta in create.deltas}["Scope"] == Oid("Scope", "web:shop")
    assert bench.requests == 0


def test_a_relation_looks_an_alias_up_where_the_server_takes_keys(bench: Bench) -> None:
    bench.add("Epic:9", Name="an epic")
    bench.Story.new(Name="New", Super="8")
    assert bench.requests == 0
    assert bench.Story.new(Name="New", Super="an epic").Super is bench.Epic(9)
    assert bench.requests == 1
    with pytest.raises(BadValue, match="Story.Super: .*there is no Epic nothing") as refused:
        bench.Story.new(Name="New", Super="nothing")
    assert ("Super", 404) == (refused.value.attribute, refused.value.status)
    with pytest.raises(BadValue, match="takes assets of type Epic"):
        bench.Story.new(Name="New", Super=" ")


def test_a_condition_tells_keys_from_names(bench: Bench) -> None:
    by_key = bench.query("Epic").where(Scope="7").terms[0]
    by_name = bench.query("Epic").where(Scope="web:shop").terms[0]
    assert (str(by_key.path), by_key.values) == ("Scope", (Oid("Scope", 7),))  # type: ignore[union-attr]
    assert (str(by_name.path), by_name.values) == ("Scope.Name", ("web:shop",))  # type: ignore[union-attr]
    both = bench.query("Epic").where(Scope=["web:shop", "7"]).terms[0]
    assert "(Scope='Scope:7') | (Scope.Name='web:shop')" == str(both)
    assert bench.requests == 0


class Ordinal(Named):
    """Its scopes have names only, some of which are numbers."""

    def key_of(self, type_name: str, text: str) -> Key | None:
        return None if type_name == "Scope" else super().key_of(type_name, text)


def test_a_number_is_a_name_where_a_type_has_no_numbers() -> None:
    bench = Bench(Ordinal())
    bench.add("Scope:7", Name="2024")
    assert bench.Scope(2024) is bench.Scope("2024") is bench.Scope("Scope:7")
    with pytest.raises(BadValue):
        bench.Scope(True)
    with pytest.raises(NotFound):
        bench.Scope(7)


class Failing(Named):
    """Refuses to look anything up."""

    def look_up(self, schema: Any, type_name: str, alias: str) -> Generator[Any, Any, Row]:
        yield Request("GET", "alias")
        raise Rejected("The server has had enough.", status=400)


class Searching(Named):
    """Looks names up below a project, which may be missing."""

    def look_up(self, schema: Any, type_name: str, alias: str) -> Generator[Any, Any, Row]:
        yield Request("GET", "alias")
        project, _, name = alias.partition("/")
        raise NotFound(f"there is no project {project}" if name else f"nothing is called {alias!r}", status=410)


def test_only_what_is_not_found_is_said_to_be_so() -> None:
    with pytest.raises(Rejected, match=r"^The server has had enough\.$"):
        Bench(Failing()).Scope("web")
    with pytest.raises(NotFound, match=r"^Scope\('shop/web'\): there is no project shop$") as caught:
        Bench(Searching()).Scope("shop/web")
    assert caught.value.status == 410
    with pytest.raises(NotFound, match=r"^nothing is called 'web'$"):
        Bench(Searching()).Scope("web")
