"""What is changed is pending until the commit: tracked, taken back, shown by the plan, and sent by nothing else."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from assetmeta import UNREAD, BadValue, Create, Delete, ReadOnly, Update, inspect
from assetmeta.sandbox import Server
from contract.dialect import Dialect
from contract.needs import needs
from contract.systems import DIALECTS

TYPES = DIALECTS


def shown(value: object) -> str:
    """A value as a plan shows it."""
    return repr(value) if isinstance(value, str) else str(value)


WRONG = (("number", "no number"), ("number", object()), ("parent", "no token"), ("readonly", 5))
"""Values that an attribute of that part cannot have."""


def made(dialect: Dialect, connect: Callable[..., Any], number: int = 1, **values: Any) -> list[str]:
    """The tokens of new items with a text, a number and two members, as far as they can be set."""
    author = connect()
    members = [dialect.new_member(author, dialect.fresh("Member"), None) for _ in range(2)] if dialect.shared else []
    given = {**dialect.values(text="before", number=3), **({dialect.members: members} if members else {}), **values}
    return [item.idref for item in dialect.items(author, number, **given)]


@pytest.fixture
def item(dialect: Dialect, session: Any, connect: Callable[..., Any]) -> Any:
    """A loaded item."""
    [token] = made(dialect, connect)
    found = session.asset_from_oid(token)
    assert dialect.values(text="before", number=3) == dialect.seen(found, "text", "number")
    if dialect.shared:
        assert 2 == len(found[dialect.members])
    return found


@needs("gauge")
def test_a_change_is_seen_at_once_and_sent_by_nobody(dialect: Dialect, session: Any, server: Server, item: Any) -> None:
    server.requests.clear()
    half = dialect.amount(4.5)
    if dialect.changes("text"):
        item[dialect.text] = "after"
    if dialect.changes("number"):
        setattr(item, dialect.number, str(half))
        assert isinstance(item[dialect.number], dialect.numeric)
    after, before = dialect.changed(text="after", number=half), dialect.changed(text="before", number=3)
    assert after == {name: item[name] for name in after}
    assert (1, True) == (session.pending, inspect(item).pending)
    assert [(name, before[name], after[name]) for name in after] == [
        (delta.name, delta.old, delta.new) for delta in inspect(item).changes
    ]
    assert all(str(value) in repr(item) for value in after.values()) and "pending" in repr(session)
    assert [] == server.requests


@needs("gauge")
def test_setting_a_value_back_leaves_nothing_to_commit(
    dialect: Dialect, session: Any, server: Server, item: Any
) -> None:
    same = {dialect.parent: item[dialect.parent]} if dialect.parent else {}
    server.requests.clear()
    item.set(**dialect.changed(text="after", number=9), **same)
    assert 1 == session.pending
    item.set(**dialect.changed(text="before", number=str(dialect.amount(3.0))))
    assert () == tuple(inspect(item).changes)
    assert (0, False, "Nothing to commit.") == (session.pending, inspect(item).pending, str(session.plan()))
    assert not session.commit()
    assert [] == server.requests


@needs("shared", changing=["members"])
def test_setting_members_back_leaves_nothing_to_commit(
    dialect: Dialect, session: Any, server: Server, item: Any
) -> None:
    members = list(item[dialect.members])
    server.requests.clear()
    item.set(**{dialect.members: []})
    assert [dialect.members] == [delta.name for delta in inspect(item).changes]
    item[dialect.members].add(*members)
    assert (0, False, "Nothing to commit.") == (session.pending, inspect(item).pending, str(session.plan()))
    assert members == list(item[dialect.members])
    assert not session.commit()
    assert [] == server.requests


@needs("gauge")
def test_a_revert_brings_back_what_was_loaded(dialect: Dialect, session: Any, server: Server, item: Any) -> None:
    new = session[dialect.item].new(**{dialect.own: dialect.fresh("Item")})
    server.requests.clear()
    item.set(**dialect.changed(text=None, number=None))
    assert 2 == session.pending
    inspect(item).revert()
    assert 1 == session.pending
    session.revert()
    assert 0 == session.pending
    assert dialect.values(text="before", number=3) == dialect.seen(item, "text", "number")
    with pytest.raises(ReadOnly, match="dropped"):
        new[dialect.own] = "too late"
    assert [] == server.requests


@needs("shared", changing=["members"])
def test_a_revert_brings_members_back(dialect: Dialect, session: Any, server: Server, item: Any) -> None:
    members = list(item[dialect.members])
    server.requests.clear()
    item[dialect.members].remove(members[0])
    assert ([members[1]], 1) == (list(item[dialect.members]), session.pending)
    inspect(item).revert()
    assert (members, 0) == (list(item[dialect.members]), session.pending)
    assert [] == server.requests


@needs("shared", changing=["members"])
def test_members_are_added_and_removed_one_by_one(dialect: Dialect, session: Any, item: Any) -> None:
    first, second = item[dialect.members]
    third = session[dialect.member_type](dialect.missing)
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


@needs("gauge")
def test_what_was_never_loaded_is_changed_without_a_request(
    dialect: Dialect, session: Any, server: Server, connect: Callable[..., Any]
) -> None:
    [token] = made(dialect, connect)
    name, _, after = dialect.gauge
    bare = session.asset_from_oid(token)
    server.requests.clear()
    bare[name] = after
    assert {UNREAD} == {delta.old for delta in inspect(bare).changes}
    assert f"? → {shown(bare[name])}" in str(session.plan())
    assert [] == server.requests
    others = dialect.values(text="before", number=3)
    others.pop(name)
    assert others == {other: bare[other] for other in others}
    assert after == bare[name]


@needs("shared", changing=["members"])
def test_members_that_were_never_loaded_are_added_to_without_a_request(
    dialect: Dialect, session: Any, server: Server, connect: Callable[..., Any]
) -> None:
    [token] = made(dialect, connect)
    bare = session.asset_from_oid(token)
    server.requests.clear()
    bare[dialect.members].add(session[dialect.member_type](dialect.missing))
    assert {UNREAD} == {delta.old for delta in inspect(bare).changes}
    assert f"{dialect.member_type}:{dialect.missing}" in str(session.plan())
    assert [] == server.requests


def times_asked(server: Server) -> list[int]:
    """How often each of the requests so far was sent."""
    return list(Counter((entry.method, entry.path) for entry in server.requests).values())


@pytest.mark.parametrize("way", ["attribute", "item", "set", "new"])
def test_what_cannot_be_is_refused_and_leaves_nothing_pending(
    dialect: Dialect, session: Any, server: Server, item: Any, way: str
) -> None:
    server.requests.clear()
    wrong: list[tuple[str, object]] = [
        *((role, value) for role, value in WRONG if dialect.has(role)),
        *(("parent", item) for _ in range(dialect.has("parent"))),
        *(("members", value) for value in ([item], "no list") if dialect.shared),
    ]
    for role, value in wrong:
        name = getattr(dialect, role)
        with pytest.raises((BadValue, ReadOnly)) as caught:
            if way == "attribute":
                setattr(item, name, value)
            elif way == "item":
                item[name] = value
            elif way == "set":
                item.set(**{dialect.own: "after", name: value})
            else:
                session[dialect.item].new(**{dialect.own: "after", name: value})
        assert name in str(caught.value)
        assert 0 == session.pending
    assert dialect.values(text="before", number=3) == dialect.seen(item, "text", "number")
    # A text that is no key may be a name: each list is read to look it up and, once per session, for names to suggest.
    assert max(times_asked(server), default=0) <= 2
    assert [] == dialect.writes(server)
    server.requests.clear()
    for role, value in wrong:
        with pytest.raises((BadValue, ReadOnly)):
            item[getattr(dialect, role)] = value
    assert max(times_asked(server), default=0) <= dialect.has("parent")
    assert [] == dialect.writes(server)


@needs("gauge")
def test_a_pending_change_outlives_whoever_made_it(
    dialect: Dialect, connect: Callable[..., Any], server: Server
) -> None:
    tokens = made(dialect, connect, 3)
    session = connect(keep=0)
    name, _, after = dialect.gauge
    for token in tokens:
        session.asset_from_oid(token)[name] = after
    gc.collect()
    assert 3 == session.pending
    assert not session.commit()
    assert [after] * 3 == [connect().asset_from_oid(token)[name] for token in tokens]


@needs(changing=["text"])
def test_a_pending_change_survives_a_fresh_read(
    dialect: Dialect, session: Any, connect: Callable[..., Any], item: Any
) -> None:
    item[dialect.text] = "mine"
    with connect() as other:
        other.asset_from_oid(item.idref).set(**dialect.changed(text="theirs", number=8))
    inspect(item).refresh()
    assert dialect.changed(text="mine", number=8) == {name: item[name] for name in dialect.changed(text=1, number=1)}
    session.revert()
    assert "theirs" == item[dialect.text]


@needs("chained", "gauge")
def test_the_plan_sends_nothing_and_is_what_the_commit_does(
    dialect: Dialect, session: Any, server: Server, connect: Callable[..., Any], item: Any
) -> None:
    name, before, after = dialect.gauge
    doomed = [session.asset_from_oid(token) for token in made(dialect, connect, 2)]
    assert [before] * 2 == [one[name] for one in doomed]
    server.requests.clear()
    parent = dialect.above(session)
    new = dialect.new_item(session, dialect.fresh("Item"), parent, **dialect.values(number=7))
    above = session.pending - 1
    was = item[name]
    item.set(**{name: after}, **(dialect.changed(parent=parent) if parent is not None else {}))
    session.delete(*doomed)
    plan = session.plan()
    assert plan.changes == session.plan().changes
    assert [Create] * (above + 1) + [Update, Delete, Delete] == [type(change) for change in plan]
    assert f"{above + 4} changes: {above + 1} create, 1 update, 2 delete" in str(plan)
    for line in (
        f"create {new.idref}",
        f"update {item.idref}",
        f"{shown(was)} → {shown(item[name])}",
        *(f"→ {parent.idref}" for _ in range(dialect.has("parent"))),
        f"delete {doomed[0].idref}",
    ):
        assert line in str(plan)
    assert [] == server.requests
    report = session.commit()
    assert not report, report
    assert list(plan) == [outcome.change for outcome in report.outcomes]
    assert 0 == len(session.plan()) == session.pending


@needs("gauge")
def test_a_query_makes_a_change_to_all_that_match_pending(
    dialect: Dialect, session: Any, connect: Callable[..., Any], server: Server
) -> None:
    name, _, after = dialect.gauge
    tokens = made(dialect, connect, 4)
    owns = [session.asset_from_oid(token)[dialect.own] for token in tokens]
    query = session[dialect.item].where({dialect.own: owns})
    writes = dialect.writes(server)
    assert 4 == query.set(**{name: after}) == session.pending
    with pytest.raises((BadValue, ReadOnly)):
        query.set(**{dialect.readonly: 5})
    with pytest.raises(BadValue):
        query.set(**{name: object()})
    assert writes == dialect.writes(server)
    assert not session.commit()
    assert [after] * 4 == [connect().asset_from_oid(token)[name] for token in tokens]
    assert 4 == session[dialect.item].where({dialect.own: owns}).delete() == session.pending
    assert not session.commit()
    assert 0 == connect()[dialect.item].where({dialect.own: owns}).count()
