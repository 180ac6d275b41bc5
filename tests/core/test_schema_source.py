"""Where a schema comes from, and what is kept of it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import pytest

from assetmeta.core.schema_source import SchemaSource
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
