"""Sessions: what starting one costs, what they keep apart, and how they are guarded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assetmeta import BadValue, ReadOnly, SessionClosed, inspect, sandbox
from assetmeta.sandbox import Server
from contract.dialect import Dialect
from contract.needs import needs
from contract.systems import ONE_EACH

TYPES = ONE_EACH

Connect = Callable[..., Any]


def test_making_a_session_sends_nothing_and_the_schema_is_read_once(dialect: Dialect, server: Server) -> None:
    server.requests.clear()
    session = dialect.kind(**server.credentials)
    assert "0 requests" in repr(session)
    assert "commit" in dir(session)
    assert (0, False) == (session.pending, bool(session.commit()))
    assert [] == server.requests
    assert dialect.item in session.types
    first = len(server.requests)
    assert first == len(session.ledger)
    assert dialect.bundled is (first == 0)
    for act in (
        lambda: session[dialect.item].__doc__,
        lambda: session[dialect.item][dialect.own],
        lambda: session[dialect.item](dialect.missing),
        lambda: [session.schema.type(name) for name in session.types],
        lambda: dir(session),
    ):
        act()
    assert first == len(server.requests)
    session.close()


def test_the_schema_is_kept_for_the_next_session(dialect: Dialect, server: Server, tmp_path: Path) -> None:
    first = dialect.open(server, tmp_path)
    types = first.types
    assert dialect.bundled is (len(first.ledger) == 0)
    second = dialect.open(server, tmp_path)
    assert types == second.types
    for name in types:
        assert first.schema.type(name) == second.schema.type(name)
    assert first.schema.version == second.schema.version
    assert 0 == len(second.ledger)
    [item] = dialect.items(second, 1, **dialect.values(number=2))
    for name, value in dialect.values(own=item[dialect.own], number=2).items():
        assert [value] == list(second[dialect.item].where({dialect.own: item[dialect.own]})[name])


def test_two_servers_share_no_identity(dialect: Dialect, shelf: Path) -> None:
    with sandbox.running(dialect.sandbox) as one, sandbox.running(dialect.sandbox) as two:
        first, second = (dialect.open(server, shelf) for server in (one, two))
        [mine], [theirs] = dialect.items(first), dialect.items(second)
        assert dialect.numbered is (mine.idref == theirs.idref)
        twin = second.asset_from_oid(mine.idref)
        assert twin is not mine
        assert dialect.numbered is (twin is theirs)
        assert first[dialect.item] is not second[dialect.item]


@needs(changing=["text"])
def test_two_servers_share_no_change(dialect: Dialect, shelf: Path) -> None:
    with sandbox.running(dialect.sandbox) as one, sandbox.running(dialect.sandbox) as two:
        first, second = (dialect.open(server, shelf) for server in (one, two))
        [mine], [theirs] = (dialect.items(session, 1, **{dialect.text: "before"}) for session in (first, second))
        mine[dialect.text] = "after"
        assert ("before", 1, 0) == (theirs[dialect.text], first.pending, second.pending)
        two.requests.clear()
        assert not first.commit()
        assert [] == two.requests
        assert "before" == inspect(theirs).refresh()[dialect.text]


def test_another_sessions_assets_are_refused(dialect: Dialect, server: Server, connect: Connect) -> None:
    mine, other = connect(), connect()
    [theirs] = dialect.items(other)
    server.requests.clear()
    for act in (
        lambda: mine[dialect.item](theirs),
        lambda: mine.delete(theirs),
        lambda: mine.revert(theirs),
        lambda: mine.populate([theirs], dialect.own),
    ):
        with pytest.raises(BadValue, match="session"):
            act()
    assert [] == server.requests
    assert (0, 0) == (mine.pending, other.pending)


@needs("parent")
def test_another_sessions_parents_are_refused(dialect: Dialect, server: Server, connect: Connect) -> None:
    mine, other = connect(), connect()
    [item] = dialect.items(mine)
    parent = dialect.items(other)[0][dialect.parent]
    server.requests.clear()
    for act in (
        lambda: item.set(**{dialect.parent: parent}),
        lambda: mine[dialect.item].new(**{dialect.parent: parent}),
        lambda: mine[dialect.item].where({dialect.parent: parent}),
        lambda: mine[dialect.item].where(mine[dialect.item][dialect.parent] == parent),
    ):
        with pytest.raises(BadValue, match="session"):
            act()
    assert [] == server.requests
    assert (0, 0) == (mine.pending, other.pending)


@needs("shared", changing=["members"])
def test_another_sessions_members_are_refused(dialect: Dialect, server: Server, connect: Connect) -> None:
    mine, other = connect(), connect()
    [item] = dialect.items(mine)
    member = dialect.new_member(other, dialect.fresh("Member"), None)
    server.requests.clear()
    with pytest.raises(BadValue, match="session"):
        item[dialect.members].add(member)
    with pytest.raises(BadValue, match="session"):
        mine[dialect.item].where({dialect.members: member})
    assert [] == server.requests
    assert (0, 1) == (mine.pending, other.pending)
    other.revert()


@needs(changing=["text"])
def test_two_sessions_to_one_server_see_each_other_when_they_look_again(dialect: Dialect, connect: Connect) -> None:
    one, two = connect(), connect()
    [item] = dialect.items(one, 1, **{dialect.text: "before"})
    same = two.asset_from_oid(item.idref)
    assert "before" == same[dialect.text]
    item[dialect.text] = "after"
    assert not one.commit()
    assert "before" == same[dialect.text]
    assert "after" == inspect(same).refresh()[dialect.text]


@needs(changing=["text"])
def test_a_read_only_session_reads_and_sends_no_write(dialect: Dialect, server: Server, connect: Connect) -> None:
    made = dialect.items(connect(), 6, **{dialect.text: "before"})
    session = connect(read_only=True)
    items = [session.asset_from_oid(item.idref) for item in made]
    session.populate(items, *([dialect.far] if dialect.parent else [dialect.own]))
    assert ["before"] * 6 == [item[dialect.text] for item in items]
    above = {dialect.parent: made[0][dialect.parent].idref} if dialect.parent else {}
    server.requests.clear()
    for item in items:
        item[dialect.text] = "after"
    for act in (
        session.commit,
        lambda: session[dialect.item].create(**{dialect.own: "never", **above}),
    ):
        with pytest.raises(ReadOnly):
            act()
    assert (6, []) == (session.pending, server.requests)
    session.revert()
    session.delete(items[0])
    with pytest.raises(ReadOnly):
        session.commit()
    assert (1, []) == (session.pending, server.requests)


@needs(changing=["text"])
def test_a_closed_session_shows_what_is_loaded_and_sends_nothing_more(
    dialect: Dialect, server: Server, connect: Connect
) -> None:
    author, session = connect(), connect()
    first, second = dialect.items(author, 2, **{dialect.text: "before"})
    one = session.asset_from_oid(first.idref)
    assert "before" == one[dialect.text]
    # Named later, so that it did not come along.
    two = session.asset_from_oid(second.idref)
    session.close()
    server.requests.clear()
    assert "before" == one[dialect.text]
    one[dialect.text] = "after"
    for act in (lambda: two[dialect.text], session.commit, lambda: list(session[dialect.item])):
        with pytest.raises(SessionClosed):
            act()
    assert [] == server.requests
