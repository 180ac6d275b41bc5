"""What is changed is pending until the commit: tracked, taken back, shown by the plan, and sent by nothing else."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest

from assetmeta import UNREAD, BadValue, Create, Delete, ReadOnly, Update, inspect
from assetmeta.sandbox import Server
from contract.systems import Dialect


def made(dialect: Dialect, connect: Callable[..., Any], number: int = 1, **values: Any) -> list[str]:
    """The tokens of new items with a text, a number and two members."""
    author = connect()
    members = [dialect.new_member(author, dialect.fresh("Member"), None) for _ in range(2)]
    given = {dialect.text: "before", dialect.number: 3, dialect.members: members, **values}
    return [item.idref for item in dialect.items(author, number, **given)]


@pytest.fixture
def item(dialect: Dialect, session: Any, connect: Callable[..., Any]) -> Any:
    """A loaded item."""
    [token] = made(dialect, connect)
    found = session.asset_from_oid(token)
    assert ("before", 3, 2) == (found[dialect.text], found[dialect.number], len(found[dialect.members]))
    return found


def test_a_change_is_seen_at_once_and_sent_by_nobody(dialect: Dialect, session: Any, server: Server, item: Any) -> None:
    server.requests.clear()
    item[dialect.text] = "after"
    setattr(item, dialect.number, "4.5")
    assert ("after", 4.5) == (item[dialect.text], item[dialect.number])
    assert isinstance(item[dialect.number], dialect.numeric)
    assert (1, True) == (session.pending, inspect(item).pending)
    assert [(dialect.text, "before", "after"), (dialect.number, 3, 4.5)] == [
        (delta.name, delta.old, delta.new) for delta in inspect(item).changes
    ]
    assert "after" in repr(item) and "pending" in repr(session)
    assert [] == server.requests


def test_setting_a_value_back_leaves_nothing_to_commit(
    dialect: Dialect, session: Any, server: Server, item: Any
) -> None:
    parent, members = item[dialect.parent], list(item[dialect.members])
    server.requests.clear()
    item.set(**{dialect.text: "after", dialect.number: 9, dialect.members: [], dialect.parent: parent})
    assert 1 == session.pending
    item[dialect.text], item[dialect.number] = "before", "3.0"
    assert [dialect.members] == [delta.name for delta in inspect(item).changes]
    item[dialect.members].add(*members)
    assert (0, False, "Nothing to commit.") == (session.pending, inspect(item).pending, str(session.plan()))
    assert members == list(item[dialect.members])
    assert not session.commit()
    assert [] == server.requests


def test_a_revert_brings_back_what_was_loaded(dialect: Dialect, session: Any, server: Server, item: Any) -> None:
    members = list(item[dialect.members])
    new = session[dialect.item].new(**{dialect.own: dialect.fresh("Item")})
    server.requests.clear()
    item.set(**{dialect.text: None, dialect.number: None})
    item[dialect.members].remove(members[0])
    assert [members[1]] == list(item[dialect.members])
    assert 2 == session.pending
    inspect(item).revert()
    assert 1 == session.pending
    session.revert()
    assert 0 == session.pending
    assert ("before", 3, members) == (item[dialect.text], item[dialect.number], list(item[dialect.members]))
    with pytest.raises(ReadOnly, match="dropped"):
        new[dialect.text] = "too late"
    assert [] == server.requests


def test_members_are_added_and_removed_one_by_one(dialect: Dialect, session: Any, item: Any) -> None:
    first, second = item[dialect.members]
    third = session[dialect.member_type](987)
    item[dialect.members].remove(first)
    item[dialect.members] += [third]
    item[dialect.members].add(second)
    assert [second, third] == list(item[dialect.members])
    assert third in item[dialect.members] and first not in item[dialect.members]
    [delta] = inspect(item).changes
    assert ((third._state.oid,), (first._state.oid,)) == (delta.added, delta.removed)
    item[dialect.members].remove(third)
    item[dialect.members].add(first)
    assert 0 == session.pending


def test_what_was_never_loaded_is_changed_without_a_request(
    dialect: Dialect, session: Any, server: Server, connect: Callable[..., Any]
) -> None:
    [token] = made(dialect, connect)
    bare = session.asset_from_oid(token)
    server.requests.clear()
    bare[dialect.text] = "after"
    bare[dialect.members].add(session[dialect.member_type](987))
    assert {UNREAD} == {delta.old for delta in inspect(bare).changes}
    assert "? → 'after'" in str(session.plan())
    assert [] == server.requests
    assert 3 == bare[dialect.number]
    assert "after" == bare[dialect.text]


@pytest.mark.parametrize("way", ["attribute", "item", "set", "new"])
def test_what_cannot_be_is_refused_and_leaves_nothing_pending(
    dialect: Dialect, session: Any, server: Server, item: Any, way: str
) -> None:
    server.requests.clear()
    for name, value in (
        (dialect.number, "no number"),
        (dialect.number, object()),
        (dialect.parent, item),
        (dialect.parent, "no token"),
        (dialect.members, [item]),
        (dialect.members, "no list"),
        (dialect.readonly, 5),
    ):
        with pytest.raises((BadValue, ReadOnly)) as caught:
            if way == "attribute":
                setattr(item, name, value)
            elif way == "item":
                item[name] = value
            elif way == "set":
                item.set(**{dialect.text: "after", name: value})
            else:
                session[dialect.item].new(**{dialect.text: "after", name: value})
        assert name in str(caught.value)
        assert 0 == session.pending
    assert ("before", 3) == (item[dialect.text], item[dialect.number])
    assert [] == server.requests


def test_a_pending_change_outlives_whoever_made_it(
    dialect: Dialect, connect: Callable[..., Any], server: Server
) -> None:
    tokens = made(dialect, connect, 3)
    session = connect(keep=0)
    for token in tokens:
        session.asset_from_oid(token)[dialect.text] = "after"
    gc.collect()
    assert 3 == session.pending
    assert not session.commit()
    assert ["after"] * 3 == [connect().asset_from_oid(token)[dialect.text] for token in tokens]


def test_a_pending_change_survives_a_fresh_read(
    dialect: Dialect, session: Any, connect: Callable[..., Any], item: Any
) -> None:
    item[dialect.text] = "mine"
    with connect() as other:
        other.asset_from_oid(item.idref).set(**{dialect.text: "theirs", dialect.number: 8})
    inspect(item).refresh()
    assert ("mine", 8) == (item[dialect.text], item[dialect.number])
    session.revert()
    assert "theirs" == item[dialect.text]


def test_the_plan_sends_nothing_and_is_what_the_commit_does(
    dialect: Dialect, session: Any, server: Server, connect: Callable[..., Any], item: Any
) -> None:
    doomed = [session.asset_from_oid(token) for token in made(dialect, connect, 2)]
    assert ["before"] * 2 == [one[dialect.text] for one in doomed]
    server.requests.clear()
    root = dialect.new_root(session, dialect.fresh("Root"))
    parent = dialect.new_parent(session, dialect.fresh("Parent"), root)
    new = dialect.new_item(session, dialect.fresh("Item"), parent, **{dialect.number: 7})
    item.set(**{dialect.text: "after", dialect.number: None, dialect.parent: parent})
    session.delete(*doomed)
    plan = session.plan()
    assert plan.changes == session.plan().changes
    assert [Create, Create, Create, Update, Delete, Delete] == [type(change) for change in plan]
    assert "6 changes: 3 create, 1 update, 2 delete" in str(plan)
    for line in (
        f"create {new.idref}",
        f"update {item.idref}",
        "'before' → 'after'",
        f"→ {parent.idref}",
        f"delete {doomed[0].idref}",
    ):
        assert line in str(plan)
    assert [] == server.requests
    report = session.commit()
    assert not report, report
    assert list(plan) == [outcome.change for outcome in report.outcomes]
    assert 0 == len(session.plan()) == session.pending


def test_a_query_makes_a_change_to_all_that_match_pending(
    dialect: Dialect, session: Any, connect: Callable[..., Any], server: Server
) -> None:
    text = dialect.fresh("text")
    tokens = made(dialect, connect, 4, **{dialect.text: text})
    query = session[dialect.item].where({dialect.text: text})
    writes = dialect.writes(server)
    assert 4 == query.set(**{dialect.number: 5}) == session.pending
    with pytest.raises(BadValue):
        query.set(**{dialect.number: "no number"})
    assert writes == dialect.writes(server)
    assert not session.commit()
    assert [5] * 4 == [connect().asset_from_oid(token)[dialect.number] for token in tokens]
    assert 4 == session[dialect.item].where({dialect.text: text}).delete() == session.pending
    assert not session.commit()
    assert 0 == connect()[dialect.item].where({dialect.text: text}).count()
