"""Changes as JSON: every value comes back as it was, and no secret is in the text."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from assetmeta.model.changes_json import Withheld, change_from_json, change_to_json, value_from_json, value_to_json
from assetmeta.model.codecs import Span
from assetmeta.model.frozen import frozen
from assetmeta.model.plans import AttributeChange, Call, Create, Delete, Update
from assetmeta.model.texts import Hidden
from assetmeta.model.values import UNREAD, Oid
from assetmeta.model.zones import zone_named

STORY, TASK = Oid("Story", 1005), Oid("Task", "new-3")


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        7,
        2.5,
        "text",
        "",
        Decimal("3.50"),
        date(2026, 3, 1),
        datetime(2026, 3, 1, 17, 30, 0, 250, tzinfo=UTC),
        datetime(2026, 3, 1, tzinfo=zone_named("Europe/Berlin")),
        datetime(2026, 3, 1, 1, tzinfo=timezone(timedelta(hours=2))),
        timedelta(days=1, microseconds=5),
        b"\x00bytes",
        Span(2, "Weeks"),
        STORY,
        TASK,
        Oid("Commit", "0a/~ff"),
        UNREAD,
        (STORY, TASK),
        [1, {"a": [Decimal("1.5"), None]}],
        {"asset": 5, "list": []},
    ],
)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    text = json.dumps(value_to_json(frozen(value)))
    found = value_from_json(json.loads(text))
    assert (value, type(frozen(value))) == (found, type(found))
    if isinstance(value, datetime):
        assert value.utcoffset() == found.utcoffset()  # type: ignore[attr-defined]


@pytest.mark.parametrize("secret", [Hidden("opensesame"), frozen({"key": "opensesame"}, concealed=True)])
def test_a_secret_is_left_out_or_is_its_digest(secret: Any) -> None:
    assert {"secret": None} == value_to_json(secret)
    kept = value_to_json(secret, digest=lambda given: "digest")
    found = value_from_json(kept)
    assert isinstance(found, Withheld)
    assert ("digest", kept) == (str(found), value_to_json(found))
    assert "'***'" == repr(found)


def test_changes_come_back_as_they_were() -> None:
    changes = [
        Create(
            TASK, (AttributeChange("Name", None, "x"), AttributeChange("Owners", (), None, (STORY,), (), True)), STORY
        ),
        Update(STORY, (AttributeChange("Estimate", UNREAD, Decimal(5)),), "why"),
        Update(
            STORY, (AttributeChange("Owners", (TASK,), None, (), (TASK,), True), AttributeChange("Name", "a", None))
        ),
        Delete(STORY),
    ]
    assert changes == [change_from_json(json.loads(json.dumps(change_to_json(change)))) for change in changes]


def test_what_cannot_be_kept_is_refused() -> None:
    with pytest.raises(ValueError, match="object cannot be kept"):
        value_to_json(object())
    with pytest.raises(ValueError, match="operation Close"):
        change_to_json(Call(STORY, "Close"))
