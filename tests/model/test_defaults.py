"""What is not given: written out, since everything else leans on it."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import pytest
from msgspec import Struct

from assetmeta import core, model, wire
from assetmeta.model.codecs import Text
from assetmeta.model.http import Request
from assetmeta.model.plans import AttributeChange, Call, Create, Done, Fetch, Rows, Skipped, Update
from assetmeta.model.schema import AssetType, Attribute, Operation
from assetmeta.model.values import Oid

STORY = Oid("Story", 1)
NOTHING: dict[Any, dict[str, Any]] = {
    Fetch("Story"): {
        "select": (),
        "where": None,
        "sort": (),
        "start": 0,
        "size": None,
        "find": None,
        "asof": None,
        "oids": None,
        "history": False,
        "deleted": False,
        "counted": False,
        "page_size": None,
        "cursor": None,
        "optional": frozenset(),
    },
    Rows(): {"rows": (), "related": (), "total": None, "more": False, "next_cursor": None},
    AttributeChange("Name", "old"): {"new": None, "added": (), "removed": (), "is_multi": False},
    Create(STORY, ()): {"context": None, "comment": None},
    Update(STORY, ()): {"comment": None},
    Call(STORY, "Close"): {"arguments": ()},
    Done(Update(STORY, ()), STORY): {"row": None, "notes": (), "stale": False},
    Skipped(Update(STORY, ())): {"needs": None, "error": None},
    Attribute("Name", "Text", Text()): {
        "related": None,
        "reciprocal": None,
        "required": False,
        "readonly": False,
        "writable": True,
        "multi": False,
        "custom": False,
        "computed": False,
        "basic": False,
        "label": "",
        "affects_related": False,
        "cascades": False,
    },
    Operation("Close"): {"validator": None},
}


@pytest.mark.parametrize("made", NOTHING, ids=lambda made: type(made).__name__)
def test_what_is_not_given(made: Any) -> None:
    given = {name: getattr(made, name) for name in made.__struct_fields__ if name in NOTHING[made]}
    assert NOTHING[made] == given
    assert all(type(NOTHING[made][name]) is type(value) for name, value in given.items())


def test_a_type_of_which_only_the_name_is_known() -> None:
    kind = AssetType("Story", {})
    assert (kind.operations, kind.base, kind.abstract, kind.display, kind.short) == ({}, None, False, None, None)
    assert (kind.order, kind.label, kind.endpoint, kind.number, kind.deleted) == (None, "", "", None, None)
    assert (kind.members, kind.choices) == ((), False)


def test_a_request_of_which_only_the_path_is_known() -> None:
    request = Request("GET", "a")
    assert (request.query, request.headers, request.body, request.sink) == ((), (), None, None)
    assert (request.writes, request.idempotent) == (False, False)


MUTABLE = {"State"}
"""What is known of an asset changes; it has no place in a set, and is itself alone."""


def test_values_are_never_changed_and_are_equal_by_what_they_hold() -> None:
    """But for states, which the core changes under its lock."""
    modules = [
        importlib.import_module(f"{package.__name__}.{found.name}")
        for package in (model, core, wire)
        for found in pkgutil.iter_modules(package.__path__)
    ]
    kinds = {one for module in modules for one in vars(module).values() if isinstance(one, type)}
    structs = {kind for kind in kinds if issubclass(kind, Struct) and kind.__module__.startswith("assetmeta.")}
    assert len(structs) > 40
    assert {kind.__name__ for kind in structs if not kind.__struct_config__.frozen} == MUTABLE
    assert {kind.__name__ for kind in structs if not kind.__struct_config__.eq} == MUTABLE
