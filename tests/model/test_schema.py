"""Questions to a schema that a server has bent."""

from __future__ import annotations

from assetmeta.model.schema import AssetType, Schema


def test_bases_that_go_round_in_a_circle_end() -> None:
    schema = Schema({"A": AssetType("A", {}, base="B"), "B": AssetType("B", {}, base="A")})
    assert list(schema.lineage("A")) == ["A", "B"]
    assert schema.is_a("A", "B")
    assert not schema.is_a("A", "C")
