"""What is not given, and how much of something there may be: written out, the same on a type and on a query."""

from __future__ import annotations

import inspect
from typing import Any

from assetmeta.core import (
    attributes,
    identity_map,
    lost_values,
    names,
    part_file,
    plan,
    plan_text,
    row_report,
    schema_gaps,
    values,
    vocabulary,
)
from assetmeta.core.asset import Asset
from assetmeta.core.commit import Committer
from assetmeta.core.context import FrameOptions
from assetmeta.core.frames import Frames
from assetmeta.core.inspect import Inspector
from assetmeta.core.metaclass import AssetClass
from assetmeta.core.query import Query
from assetmeta.core.state import Edit, State
from assetmeta.core.vocabulary import Vocabulary
from assetmeta.core.whole_file import write_whole
from assetmeta.model.values import Oid

FRAME = {"decimals": "decimal", "explode": (), "plain": False}
TABLES = {
    "deleted": {"included": True},
    "head": {"number": 10},
    "history_frame": {"decimals": "decimal", "every": "week", "plain": False},
    "progress": {"bar": False},
    **dict.fromkeys(("to_arrow", "to_dask", "to_jsonl", "to_pandas", "to_parquet", "to_polars"), FRAME),
    **{name: {**FRAME, "neutralise": True} for name in ("to_csv", "to_excel")},
}


def given(kind: type) -> dict[str, dict[str, Any]]:
    """What the public methods of a class take for granted, apart from None."""
    found = {}
    for name, method in inspect.getmembers(kind):
        if inspect.isfunction(method) and not name.startswith("_"):
            defaults = {each.name: each.default for each in inspect.signature(method).parameters.values()}
            found[name] = {each: one for each, one in defaults.items() if one not in (None, inspect.Parameter.empty)}
    return {name: defaults for name, defaults in found.items() if defaults}


def test_what_queries_and_types_do_by_default() -> None:
    assert given(Query) == TABLES
    assert given(AssetClass) == {**TABLES, "upsert": {"empty": "leave", "missing": "create"}}
    frames = ("history_frame", *(name for name in TABLES if name.startswith("to_")))
    assert given(Frames) == {name: TABLES[name] for name in frames}
    assert given(Inspector) == given(Asset) == {}
    assert given(Committer)["commit"]["conflicts"] == "overwrite"
    assert FrameOptions() == ("decimal", False, (), None)
    parameters = inspect.signature(write_whole).parameters
    assert (parameters["replace"].default, parameters["source"].default) == (False, "")


def test_what_is_empty_at_first() -> None:
    query = {name: each.default for name, each in inspect.signature(Query).parameters.items()}
    assert {
        name: query[name] for name in ("terms", "sorts", "start", "size", "moments", "with_deleted", "finding")
    } == {"terms": (), "sorts": (), "start": 0, "size": None, "moments": (), "with_deleted": False, "finding": None}
    state = State(Oid("Story", 1))
    assert (state.cells, state.edits, state.cohort, state.gone, state.sending, state.changed) == (
        *((), None, None, None, frozenset(), 0),
    )
    edit = Edit()
    assert (edit.new, edit.is_multi, edit.added, edit.removed) == (None, False, [], [])
    assert Vocabulary()._folded("A") == "a"
    assert Vocabulary(exact=True)._folded("A") == "A"


def test_how_much_there_may_be() -> None:
    assert (attributes._SHORT, values.READS, lost_values._MOST) == (256, 3, 10)
    assert (schema_gaps._SHAPES, identity_map._FIRST_SWEEP, vocabulary._LONGEST) == (10_000, 1000, 1000)
    assert (names._SHOWN, names._SUGGESTED) == (20, 1000)
    assert (part_file.CHUNK, part_file._SLOTS, part_file._LONGEST_HEAD) == (65536, 100, 65536)
    assert (plan._FORMAT, row_report._SHOWN) == (1, 10)
    assert (plan_text.SCREEN, plan_text._NAMED, plan_text._KINDS, plan_text._STANDING_OUT) == (50, 5, 12, 5)
