"""Lists and dicts that belong to an asset."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from assetmeta.model.errors import ReadOnly
from assetmeta.model.frozen import FrozenDict, FrozenList, frozen

VALUE = {"a": [1, {"b": [2]}], "c": None}

CHANGES: list[Callable[[Any], object]] = [
    lambda value: value.__setitem__("a", 1),
    lambda value: value.__delitem__("a"),
    lambda value: value.pop("a"),
    lambda value: value.popitem(),
    lambda value: value.clear(),
    lambda value: value.update(a=1),
    lambda value: value.setdefault("d", 1),
    lambda value: value.__ior__({"d": 1}),
    lambda value: value["a"].append(1),
    lambda value: value["a"].extend([1]),
    lambda value: value["a"].insert(0, 1),
    lambda value: value["a"].remove(1),
    lambda value: value["a"].pop(),
    lambda value: value["a"].clear(),
    lambda value: value["a"].sort(key=str),
    lambda value: value["a"].reverse(),
    lambda value: value["a"].__setitem__(0, 1),
    lambda value: value["a"].__setitem__(slice(None), []),
    lambda value: value["a"].__delitem__(0),
    lambda value: value["a"].__iadd__([1]),
    lambda value: value["a"].__imul__(2),
    lambda value: value["a"][1].update(b=1),
    lambda value: value["a"][1]["b"].append(1),
]


@pytest.mark.parametrize("change", CHANGES)
def test_no_change_in_place(change: Callable[[Any], object]) -> None:
    value = frozen(VALUE, "Execution:5.parameters")
    with pytest.raises(ReadOnly, match=r"Execution:5\.parameters is not changed in place.*deepcopy.*assign"):
        change(value)
    assert value == {"a": [1, {"b": [2]}], "c": None}


def test_all_methods_that_change_are_refused() -> None:
    for kind, plain in ((FrozenList, list), (FrozenDict, dict)):
        reading = {"copy", "count", "index", "fromkeys", "get", "items", "keys", "values"}
        changing = {name for name in vars(plain) if not name.startswith("_")} - reading
        changing |= {name for name in vars(plain) if name in ("__setitem__", "__delitem__")}
        changing |= {name for name in vars(plain) if name in ("__iadd__", "__imul__", "__ior__")}
        assert changing
        assert {name for name in changing if getattr(kind, name) is getattr(plain, name)} == set()


def test_it_reads_like_a_list_and_a_dict() -> None:
    value = frozen(VALUE)
    assert value == VALUE
    assert repr(value) == repr(VALUE)
    assert isinstance(value, dict)
    assert isinstance(value["a"], list)
    assert json.dumps(value) == json.dumps(VALUE)
    assert json.dumps(value, indent=1) == json.dumps(VALUE, indent=1)
    assert sorted(frozen([2, 1])) == [1, 2] == frozen([1, 2])
    assert [*frozen([1]), 2] == [1, 2]
    assert {**frozen({"a": 1}), "b": 2} == {"a": 1, "b": 2} == frozen({"a": 1}) | {"b": 2}


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_deep_copies_and_pickles_are_plain(copied: Callable[[Any], Any]) -> None:
    value = copied(frozen(VALUE))
    assert value == VALUE
    assert {dict, list} == {type(value), type(value["a"])}
    value["a"][1]["b"].append(3)
    value["d"] = 1
    assert value == {"a": [1, {"b": [2, 3]}], "c": None, "d": 1}
    assert VALUE == {"a": [1, {"b": [2]}], "c": None}


def test_shallow_copies_are_plain_outside() -> None:
    for copied in (copy.copy, lambda value: value.copy()):
        assert type(copied(frozen({"a": [1]}))) is dict
        assert type(copied(frozen([1]))) is list
    assert type(frozen([1, 2])[:1]) is list


def test_what_is_concealed_shows_its_keys_only() -> None:
    value = frozen({"TOKEN": "hush", "on": True, "none": None, "more": [{"key": "hush", "port": 5}]}, concealed=True)
    shown = "{'TOKEN': '***', 'on': True, 'none': None, 'more': [{'key': '***', 'port': '***'}]}"
    assert shown == repr(value) == str(value) == f"{value}"
    assert repr(value["more"]) == "[{'key': '***', 'port': '***'}]"
    assert value["TOKEN"] == "hush"
    assert repr(frozen(value, "Somewhere.else")) == shown
