"""Upsert, whatever the server: rows are made into changes, once, in requests that do not grow with them."""

from __future__ import annotations

from typing import Any

import pytest

from assetmeta import BadValue, NotExactlyOne, NotFound, UnknownName
from contract.committed import Connect
from contract.dialect import Dialect
from contract.needs import needs
from contract.systems import ONE_EACH

TYPES = ONE_EACH


def rows_of(dialect: Dialect, items: list[Any], **roles: object) -> list[dict[str, Any]]:
    return [{dialect.own: item[dialect.own], **dialect.changed(**roles)} for item in items]


def as_row(session: Any, item: Any) -> dict[str, Any]:
    """The values of an item that is pending, as a row of texts and lists; it is dropped."""
    [create] = [change for change in session.plan() if change.oid == item._state.oid]
    session.revert(item)
    return {each.name: [str(one) for one in each.added] if each.is_multi else each.new for each in create.deltas}


@needs("gauge")
def test_only_what_differs_becomes_pending_and_a_second_run_changes_nothing(
    dialect: Dialect, session: Any, connect: Connect
) -> None:
    items = dialect.items(session, 4)
    name, before, after = dialect.gauge  # type: ignore[misc]
    rows = [{dialect.own: item[dialect.own], name: str(before)} for item in items]
    connect_one = connect()
    connect_one[dialect.item].upsert(rows, dialect.own)
    connect_one.commit().raise_if_failed()
    rows[1][name] = rows[3][name] = str(after)
    again = connect()
    report = again[dialect.item].upsert(rows, dialect.own)
    assert [2, 4] == [row.number for row in report.changed]
    assert [1, 3] == [row.number for row in report.unchanged]
    assert {(name,)} == {row.attributes for row in report.changed}
    assert [items[1].idref, items[3].idref] == [row.asset.idref for row in report.changed]
    assert 2 == again.pending == len(again.plan())
    assert not again.commit()
    third = connect()
    report = third[dialect.item].upsert(rows, dialect.own)
    assert ([], 4, 0) == (report.changed, len(report.unchanged), third.pending)


@needs("gauge")
def test_requests_do_not_grow_with_the_rows(dialect: Dialect, session: Any, connect: Connect) -> None:
    items = dialect.items(session, 6)
    name, _, after = dialect.gauge  # type: ignore[misc]
    counts = []
    for number in (1, 6):
        reader = connect()
        rows = [{dialect.own: item[dialect.own], name: after} for item in items[:number]]
        # What a dialect learns of its server with the first read of all is not what the rows cost.
        list(reader.query(dialect.item).select(dialect.own, name).page(1))
        with reader.trace() as trace:
            assert number == len(reader[dialect.item].upsert(rows, dialect.own).changed)
        counts.append(len(trace))
    assert counts[0] == counts[1]


def test_rows_without_an_asset_are_created_once(dialect: Dialect, session: Any, connect: Connect) -> None:
    root = dialect.new_root(session, dialect.fresh("Root")) if dialect.new_root else None
    parent = dialect.new_parent(session, dialect.fresh("Parent"), root) if dialect.new_parent else None
    session.commit().raise_if_failed()
    rows = [as_row(session, dialect.new_item(session, dialect.fresh("Item"), parent)) for _ in range(3)]
    report = session[dialect.item].upsert(rows, dialect.own)
    assert [1, 2, 3] == [row.number for row in report.created]
    assert [row[dialect.own] for row in rows] == [row.key for row in report.created]
    session.commit().raise_if_failed()
    assert all(not row.asset._state.oid.is_new for row in report.created)
    again = connect()
    report = again[dialect.item].upsert(rows, dialect.own)
    assert ([], 3, 0) == (report.created, len(report.unchanged), again.pending)


@needs("parent", "label")
def test_a_parent_is_found_by_its_name(dialect: Dialect, session: Any, connect: Connect) -> None:
    [item] = dialect.items(session)
    root = dialect.new_root(session, dialect.fresh("Root")) if dialect.new_root else None
    assert dialect.new_parent is not None
    parent = dialect.new_parent(session, dialect.fresh("Parent"), root)
    session.commit().raise_if_failed()
    row = {**as_row(session, dialect.new_item(session, dialect.fresh("Item"), parent))}
    name = parent[dialect.label]
    by_name = connect()
    report = by_name[dialect.item].upsert([{**row, dialect.parent: name}], dialect.own)
    assert [parent.idref] == [made.asset[dialect.parent].idref for made in report.created]
    by_path = connect()
    path = f"{dialect.parent}.{dialect.label}"
    report = by_path[dialect.item].upsert(
        [{**row, "The parent": name}], dialect.own, columns={"The parent": path, str(dialect.parent): None}
    )
    assert [parent.idref] == [made.asset[dialect.parent].idref for made in report.created]
    wrong = by_path[dialect.item].upsert([{**row, dialect.parent: f"{name}x"}], dialect.own)
    [refused] = wrong.refused
    assert f"'{name}x'" in refused.reason
    assert name in refused.reason.partition("Did you mean")[2]
    assert item.idref


@needs("gauge")
def test_what_is_wrong_with_the_rows_is_reported_before_anything_is_read(dialect: Dialect, session: Any) -> None:
    [item] = dialect.items(session)
    kind, own, gauge = session[dialect.item], item[dialect.own], dialect.gauge
    assert gauge is not None
    stranger = [{f"{dialect.own}x": own, "nothing like it": 1}]
    with pytest.raises(UnknownName):
        # A schema that was kept may lack the name: it is read anew for it, once.
        kind.upsert(stranger, dialect.own)
    with session.trace() as trace:
        with pytest.raises(UnknownName, match=f"Did you mean {dialect.own}"):
            kind.upsert(stranger, dialect.own)
        with pytest.raises(BadValue, match="occurs in several rows: .* in rows 1, 3"):
            kind.upsert([{dialect.own: own}, {dialect.own: "other"}, {dialect.own: own}], dialect.own)
        with pytest.raises(BadValue, match="no column for the key"):
            kind.upsert([{gauge.name: gauge.after}], dialect.own)
    assert (0, 0) == (len(trace), session.pending)


@needs("gauge")
def test_missing_rows_are_skipped_or_an_error_and_refused_rows_leave_the_rest(dialect: Dialect, session: Any) -> None:
    items = dialect.items(session, 2)
    assert dialect.gauge is not None
    name, after = dialect.gauge.name, dialect.gauge.after
    fresh = dialect.fresh("Item")
    rows = [
        {dialect.own: items[0][dialect.own], name: after},
        {dialect.own: fresh, name: after},
        {dialect.own: items[1][dialect.own], name: "\x00"},
        {dialect.own: None, name: after},
    ]
    kind = session[dialect.item]
    with pytest.raises(NotFound, match=rf"{fresh} \(row 2\)"):
        kind.upsert(rows, dialect.own, missing="error")
    assert 0 == session.pending
    report = kind.upsert(rows, dialect.own, missing="skip")
    assert [[1], [2], [3, 4]] == [
        [row.number for row in rows] for rows in (report.changed, report.missing, report.refused)
    ]
    assert f"{dialect.item}.{name}" in report.refused[0].reason
    assert [items[0].idref] == [change.oid.token for change in session.plan()]
    assert repr(report) == f"<Upsert of {dialect.item} by {dialect.own}: 1 changed, 1 missing, 2 refused>"


@needs("text", changing=["text"])
def test_empty_cells_leave_alone_unless_they_clear(dialect: Dialect, session: Any) -> None:
    items = dialect.items(session, 2)
    for item in items:
        item[dialect.text] = "full"
    session.commit().raise_if_failed()
    rows = [{dialect.own: items[0][dialect.own], dialect.text: ""}, {dialect.own: items[1][dialect.own]}]
    kind = session[dialect.item]
    assert 2 == len(kind.upsert(rows, dialect.own).unchanged)
    report = kind.upsert(rows, dialect.own, empty="clear")
    assert ([1], [2]) == ([row.number for row in report.changed], [row.number for row in report.unchanged])
    assert not session.commit()
    assert items[0][dialect.text] in (None, "")


@needs("text", changing=["text"])
def test_a_key_that_several_assets_have_is_an_error(dialect: Dialect, session: Any) -> None:
    items = dialect.items(session, 2)
    for item in items:
        item[dialect.text] = "the same"
    session.commit().raise_if_failed()
    key = str(dialect.text)
    with pytest.raises(NotExactlyOne, match=f"the same {dialect.item}.{key}: the same") as refused:
        session[dialect.item].upsert([{key: "the same"}], key)
    assert all(item.idref in str(refused.value) for item in items)
    assert 0 == session.pending
    session.delete(*items)
    session.commit().raise_if_failed()
