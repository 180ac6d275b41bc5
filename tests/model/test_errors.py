"""Errors: what the caller may do next, and what they point to."""

from __future__ import annotations

import copy

import pytest

from assetmeta.model import errors
from assetmeta.model.errors import AssetmetaError, Finding, elsewhere, nearest, quoted

USAGE = {"UsageError", "UnknownName", "BadValue", "ReadOnly", "Unsupported", "NotLoaded", "BudgetExceeded"}
UNSENT = {*USAGE, "NotExactlyOne", "SessionClosed"}
ALSO = {
    "UnknownName": AttributeError,
    "BadValue": ValueError,
    "ReadOnly": AttributeError,
    "NotExactlyOne": LookupError,
    "NotFound": LookupError,
    "StillWaiting": TimeoutError,
}
ELSEWHERE = {
    *("delete", "remove", "save", "update", "refresh", "reload", "get", "filter_by", "exclude", "having", "search"),
    *("find_one", "find_all", "scalar", "scalars", "one_or_none", "order_by", "limit", "offset", "head", "tail"),
    *("objects", "list", "iterator", "values_list", "only", "defer", "distinct", "aggregate", "annotate", "group_by"),
    *("select_related", "prefetch_related", "join", "as_dict", "pk", "refresh_from_db", "bulk_update", "bulk_create"),
    *("get_or_create", "begin", "transaction", "expunge", "disconnect", "logout", "execute", "is_modified"),
    *("rollback", "undo", "discard", "expire", "flush", "sync", "submit", "dirty", "is_dirty", "changed"),
    *("has_changes", "new", "add", "add_all", "insert", "merge", "oid", "commit", "create", "find"),
}


def test_what_each_error_is() -> None:
    kinds = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and name in errors.__doc__}
    assert len(kinds) == 25
    assert {name for name, kind in kinds.items() if not kind.sent} == UNSENT
    assert {name for name, kind in kinds.items() if getattr(kind, "permanent", False)} == {"BrokenOff"}
    for kind in kinds.values():
        plain = {each for each in (AttributeError, ValueError, LookupError, TimeoutError) if issubclass(kind, each)}
        assert plain == {ALSO[kind.__name__]} if kind.__name__ in ALSO else not plain
    assert errors.Unreachable.permanent is errors.TimedOut.permanent is errors.RateLimited.permanent is False


def test_what_an_error_does_not_know() -> None:
    error = AssetmetaError("no")
    details = ("type_name", "attribute", "oid", "status", "request", "server_message", "code", "report")
    assert [getattr(error, name) for name in details] == [None] * len(details)
    assert (error.causes, error.findings, error.sent) == ((), (), True)
    assert (errors.Conflict("").clashes, errors.StillWaiting("").remaining) == ((), ())
    assert (errors.RateLimited("").retry_after, errors.ResultChanged("").expected) == (None, 0)
    assert errors.ResultChanged("").received == 0


def test_an_error_is_copied_with_its_details() -> None:
    error = errors.Rejected("no", status=400, oid="Story:5", causes=("a", "b"), findings=(Finding("x", "y", "z"),))
    again = copy.copy(error)
    assert vars(again) == vars(error)
    assert (again.status, again.oid, again.causes, again.findings) == (400, "Story:5", ("a", "b"), (("x", "y", "z"),))


def test_three_names_are_offered_whatever_their_case() -> None:
    assert nearest("NAME", ["Name", "Order"]) == " Did you mean Name?"
    assert nearest("aaab", ["aaaa", "aaac", "aaad", "aaae"]).count(",") == 2
    assert nearest("Name", ["Estimate"]) == nearest("Name", []) == ""
    # Three of five letters are alike: no more and no less than enough.
    assert nearest("abcxx", ["abcyy"]) == " Did you mean abcyy?"


def test_what_other_libraries_have_is_named_here() -> None:
    assert {name for name in ELSEWHERE if len(elsewhere(name)) > 20 and elsewhere(name).startswith(" ")} == ELSEWHERE
    assert set(errors._ELSEWHERE) == ELSEWHERE
    assert elsewhere("Name") == ""


@pytest.mark.parametrize("text", ["a" * 200, "a" * 201])
def test_a_quoted_body_is_one_short_line(text: str) -> None:
    assert quoted(text) == quoted(text.encode()) == (text if len(text) == 200 else "a" * 200 + "…")
    assert quoted(b" a\r\n\tb \xff ") == "a b \ufffd"
