"""Where a schema comes from, and what is kept of it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import pytest

from assetmeta.core.schema_source import SchemaSource, TypesOnDemand
from assetmeta.model.codecs import Secret, Text
from assetmeta.model.http import Request
from assetmeta.model.schema import AssetType, Attribute, Schema


def story(*secrets: str) -> AssetType:
    return AssetType("Story", {name: Attribute(name, "Password", Secret()) for name in secrets} | {"Name": NAME})


NAME = Attribute("Name", "Text", Text())
OTHER = AssetType("Other", {"Name": NAME})


class Growing:
    """A server whose schemas are *versions*, one after the other."""

    name = "growing"

    def __init__(self, *versions: AssetType) -> None:
        self.versions = list(versions)
        self.reflected: list[Any] = []

    def codec(self, kind: str, name: str, related: str | None = None) -> Any:
        return Secret() if kind == "Password" else Text()

    def reflect(self, names: Sequence[str] | None = None) -> Generator[Any, Any, Schema]:
        yield Request("GET", "schema")
        self.reflected.append(names)
        return Schema({"Story": self.versions.pop(0), "Other": OTHER})


def run(flow: Any) -> Any:
    try:
        while True:
            next(flow)
    except StopIteration as end:
        return end.value


@pytest.mark.parametrize("way", ["all", "types"])
def test_secrets_are_those_of_the_types_as_they_were_read_last(way: str) -> None:
    backend = Growing(story("Pin"), story("Pin", "Key"))
    source = SchemaSource(backend, run, way)  # type: ignore[arg-type]
    assert source.secret_names() == frozenset()
    assert "Pin" in source().type("Story").attributes
    assert source.secret_names() == {"Pin"}
    assert source.renew([("Story", "Key")])
    assert source.secret_names() == source.secret_names() == {"Pin", "Key"}
    assert len(backend.reflected) == 2
    assert not source.renew([("Story", "Key")])
    assert len(backend.reflected) == 2


class Shelf:
    """Keeps a text, and checks that the schema's lock is held while it is looked at and changed."""

    def __init__(self, text: str | None = None) -> None:
        self.text, self.source = text, None  # type: tuple[str | None, Any]

    def load(self) -> str | None:
        assert self.source is None or self.source._lock.locked()
        return self.text

    def save(self, text: str) -> None:
        assert self.source is None or self.source._lock.locked()
        self.text = text


class TestLocks:
    """Threads that arrive together read the schema once: it is read, kept and replaced under the lock."""

    def source(self, way: str, backend: Growing, keep: Shelf | None = None, **more: Any) -> SchemaSource:
        def locked_run(flow: Any) -> Any:
            types = made[0].current.types if made and made[0].current else None
            inner = types._lock._is_owned() if isinstance(types, TypesOnDemand) else made[0]._lock.locked()
            assert inner
            return run(flow)

        made: list[SchemaSource] = []
        made.append(SchemaSource(backend, locked_run, way, keep, **more))  # type: ignore[arg-type]
        if keep is not None:
            keep.source = made[0]
        return made[0]

    def test_a_schema_that_is_read_kept_and_renewed(self) -> None:
        backend, keep, renewed = Growing(story(), story("Pin"), story("Key")), Shelf(), list[bool]()
        source = self.source("all", backend, keep, on_renewed=lambda: renewed.append(source._lock.locked()))
        assert "Pin" not in source().type("Story").attributes
        assert source.renew([("Story", "Pin")])
        assert "Pin" in source().type("Story").attributes
        again = self.source("all", backend, Shelf(keep.text))
        assert ["Other", "Story"] == again.known
        assert "Pin" in again().type("Story").attributes
        assert "Key" == again().attribute("Story", "Key").name
        # What is told of the renewal may ask for the schema.
        assert [False] == renewed
        assert not source._lock.locked() and not again._lock.locked()

    def test_types_that_are_read_on_demand(self) -> None:
        backend = Growing(story(), story("Pin"))
        source = self.source("types", backend)
        types = source().types
        assert isinstance(types, TypesOnDemand)
        types._types = Watched(types._lock)
        assert "Pin" not in types["Story"].attributes
        types.read_again(["Story"])
        assert "Pin" in types["Story"].attributes
        types.add({"More": OTHER})
        assert {"Story", "Other", "More"} == set(types)


class Watched(dict[str, AssetType]):
    """A dict that is changed while a lock is held only."""

    def __init__(self, lock: Any) -> None:
        super().__init__()
        self.lock = lock

    def update(self, *given: Any) -> None:  # type: ignore[override]
        assert self.lock._is_owned()
        super().update(*given)
