"""What the schemas of the JSON faces are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from assetmeta.sandbox.rest.schema import BaseField, BaseKind, frozen


@dataclass(frozen=True, slots=True)
class Field(BaseField):
    option_types: ClassVar[Mapping[str, str]] = {"str": "string"}


def test_lists_of_the_file_are_tuples_also_inside_maps() -> None:
    assert frozen({"a": [1, ["b"], {"c": [2]}]}) == {"a": (1, ("b",), {"c": (2,)})}


def test_a_new_row_has_the_stored_fields_with_copies_of_their_defaults() -> None:
    kind = BaseKind((Field("id", "str"), Field("tags", "str", "rw", default=()), Field("map", "str", "rw", default={})))
    row = kind.blank()
    assert row == {"tags": [], "map": {}}
    row["map"]["changed"] = True
    assert kind.blank()["map"] == {}


def test_what_cannot_be_written_is_not_required_in_metadata() -> None:
    field = Field("host_name", "str", "rw", required=True, max_length=9, choices=("a_b",))
    about = {"type": "choice", "label": "Host name", "max_length": 9}
    about |= {"choices": [{"value": "a_b", "display_name": "a b"}]}
    assert field.described(writable=True) == {**about, "required": True, "read_only": False}
    assert field.described(writable=False) == {**about, "required": False, "read_only": True}
