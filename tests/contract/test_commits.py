"""Commits: one outcome for each change, and what did not land stays pending."""

from __future__ import annotations

from typing import Any

import pytest

from assetmeta import CommitError, Done, Failed, NotFound, ReadOnly, Rejected, Skipped, inspect
from assetmeta.sandbox import Server
from contract.committed import Connect, kinds, loaded, stored
from contract.dialect import Dialect
from contract.needs import needs
from contract.systems import DIALECTS

TYPES = DIALECTS


@pytest.mark.parametrize("number", [1, 2, 5])
@needs("gauge")
def test_a_commit_takes_the_promised_requests(dialect: Dialect, session: Any, connect: Connect, number: int) -> None:
    items = loaded(dialect, session, connect, number)
    parent = items[0][dialect.parent] if dialect.parent else None
    for item in items:
        item.set(**dialect.changed(text="after", number=4))
    with session.trace() as updates:
        assert not session.commit()
    new = [dialect.new_item(session, dialect.fresh("Item"), parent) for _ in range(number)]
    with session.trace() as creates:
        assert not session.commit()
    session.delete(*items)
    with session.trace() as deletes:
        assert not session.commit()
    costs = dialect.costs
    assert [costs.creates(number), costs.updates(number), costs.deletes(number)] == [
        len(creates),
        len(updates),
        len(deletes),
    ]
    assert [0, number] == [session.pending, len({item.idref for item in new})]


@needs("gauge")
def test_what_was_written_is_read_without_a_request_and_is_what_the_server_has(
    dialect: Dialect, session: Any, connect: Connect
) -> None:
    [item] = loaded(dialect, session, connect)
    half = dialect.amount(2.5)
    after = dialect.changed(text="it's <b>\n&amp; 😀", number=half)
    item.set(**{**after, **dialect.changed(number=str(half))})
    report = session.commit()
    assert (False, 1, []) == (bool(report), len(report.done), list(report))
    with session.trace() as trace:
        assert after == {name: item[name] for name in after}
    assert 0 == len(trace)
    assert after == {name: connect().asset_from_oid(item.idref)[name] for name in after}


@needs(changing=["parent"])
def test_an_item_gets_another_parent(dialect: Dialect, session: Any, connect: Connect) -> None:
    item, other = loaded(dialect, session, connect, 2)
    parent = other[dialect.parent]
    assert item[dialect.parent] is not parent
    item[dialect.parent] = parent
    assert not session.commit()
    with session.trace() as trace:
        assert parent is item[dialect.parent]
    assert 0 == len(trace)
    assert [parent.idref] == [one.idref for one in stored(connect, [item], dialect.parent)]


@needs("fastened")
def test_a_parent_that_is_given_for_good_cannot_be_changed(
    dialect: Dialect, session: Any, server: Server, connect: Connect
) -> None:
    item, other = loaded(dialect, session, connect, 2)
    parent = item[dialect.parent]
    writes = dialect.writes(server)
    item[dialect.parent] = other[dialect.parent]
    [error] = session.commit()
    assert isinstance(error, ReadOnly)
    assert str(dialect.parent) in str(error)
    assert writes == dialect.writes(server)
    inspect(item).revert()
    assert (parent, 0) == (item[dialect.parent], session.pending)


@needs("shared", changing=["members"])
def test_members_that_were_put_in_and_taken_out_are_what_the_server_has(
    dialect: Dialect, session: Any, connect: Connect
) -> None:
    first, second, third = (dialect.new_member(session, dialect.fresh("Member"), None) for _ in range(3))
    assert not session.commit()
    [item] = loaded(dialect, session, connect, **{dialect.members: [first.idref, second.idref]})
    item[dialect.members].add(third)
    item[dialect.members].remove(first)
    new = dialect.new_member(session, dialect.fresh("Member"), None)
    item[dialect.members].add(new)
    report = session.commit()
    assert (False, 2, []) == (bool(report), len(report.done), list(report))
    with session.trace() as trace:
        assert [second, third, new] == list(item[dialect.members])
    assert 0 == len(trace)
    [members] = stored(connect, [item], dialect.members)
    assert [second.idref, third.idref, new.idref] == [one.idref for one in members]
    item[dialect.members].clear()
    assert not session.commit()
    assert [[]] == [list(members) for members in stored(connect, [item], dialect.members)]


@needs(changing=["text"])
def test_texts_and_numbers_can_be_taken_away(dialect: Dialect, session: Any, connect: Connect) -> None:
    [item] = loaded(dialect, session, connect)
    delattr(item, dialect.text)
    gone = {dialect.text: dialect.no_text}
    if dialect.changes("number") and None in dialect.numbers:
        item[dialect.number] = None
        gone[dialect.number] = None
    assert not session.commit()
    fresh = connect().asset_from_oid(item.idref)
    assert gone == {name: fresh[name] for name in gone} == {name: item[name] for name in gone}


@needs("parent", "chained")
def test_new_assets_that_refer_to_each_other_are_created_in_one_commit(
    dialect: Dialect, session: Any, connect: Connect
) -> None:
    parent = dialect.above(session)
    items = [
        dialect.new_item(session, dialect.fresh("Item"), parent, **dialect.values(number=number)) for number in (1, 2)
    ]
    above = [parent, *([parent[dialect.root]] if dialect.root else [])]
    assert len(items) + len(above) == session.pending
    assert all("new-" in one.idref for one in (*above, *items))
    assert not session.commit()
    assert not any("new-" in one.idref for one in (*above, *items))
    for item in items:
        key = item.idref.partition(":")[2]
        assert item is session.asset_from_oid(item.idref) is session[dialect.item](key)
        assert parent is item[dialect.parent]
    fresh = connect()
    for item in items:
        other = fresh.asset_from_oid(item.idref)
        assert parent.idref == other[dialect.parent].idref
        if dialect.root:
            assert above[1] is parent[dialect.root]
            assert above[1].idref == other[dialect.parent][dialect.root].idref


@needs("members", "chained")
def test_new_members_are_created_with_their_items(dialect: Dialect, session: Any, connect: Connect) -> None:
    parent = dialect.above(session)
    if dialect.owned:
        item = dialect.new_item(session, dialect.fresh("Item"), parent)
        member = dialect.new_member(session, dialect.fresh("Member"), item)
    else:
        member = dialect.new_member(session, dialect.fresh("Member"), None)
        item = dialect.new_item(session, dialect.fresh("Item"), parent, **{dialect.members: [member]})
    assert "new-" in item.idref and "new-" in member.idref
    assert not session.commit()
    assert "new-" not in item.idref and "new-" not in member.idref
    assert [member] == list(item[dialect.members])
    [members] = stored(connect, [item], dialect.members)
    assert [member.idref] == [one.idref for one in members]


def test_an_asset_can_be_created_at_once(dialect: Dialect, session: Any, connect: Connect) -> None:
    [item] = loaded(dialect, session, connect)
    name = dialect.fresh("Item")
    pending = dialect.new_item(session, dialect.fresh("Item"), item[dialect.parent] if dialect.parent else None)
    values = {delta.name: delta.new for delta in inspect(pending).changes}
    with session.trace() as trace:
        created = session[dialect.item].create(**{**values, dialect.own: name})
        assert name == created[dialect.own]
    assert (1, 1) == (len(trace), session.pending)
    assert [name] == stored(connect, [created], dialect.own)
    session.revert()
    with pytest.raises(Rejected):
        session[dialect.item].create(**{**values, dialect.refused[0]: dialect.refused[1]})
    assert 0 == session.pending


@needs("gauge", "refuses")
def test_one_of_several_is_refused_and_the_others_land(dialect: Dialect, session: Any, connect: Connect) -> None:
    mark, before, after = dialect.gauge
    items = loaded(dialect, session, connect, 5)
    for item in items:
        item[mark] = after
    name, value = dialect.refused
    items[2][name] = value
    report = session.commit()
    assert [Done, Done, Failed, Done, Done] == kinds(report)
    [error] = report
    assert isinstance(error, Rejected)
    assert (items[2].idref, dialect.status) == (error.oid, error.status)
    assert name in str(error)
    assert items[2].idref in str(report)
    assert error is inspect(items[2]).error
    assert (1, True) == (session.pending, inspect(items[2]).pending)
    assert [after, after, before, after, after] == stored(connect, items, mark)
    items[2].set(**{name: dialect.fresh("Item"), mark: after})
    assert not session.commit()
    assert [after] * 5 == stored(connect, items, mark)
    assert inspect(items[2]).error is None


@needs("parent", "chained")
def test_what_needs_a_refused_create_is_not_sent(dialect: Dialect, session: Any, connect: Connect) -> None:
    root = dialect.new_root(session, dialect.fresh("Root")) if dialect.new_root else None
    parent = dialect.new_parent(session, None, root)
    item = dialect.new_item(session, dialect.fresh("Item"), parent)
    report = session.commit()
    assert [*([Done] if root is not None else []), Failed, Skipped] == kinds(report)
    assert (2, 2) == (len(report), session.pending)
    assert "needs" in str(inspect(item).error)
    with pytest.raises(CommitError):
        report.raise_if_failed()
    parent[dialect.label] = dialect.fresh("Parent")
    assert not session.commit()
    assert parent is item[dialect.parent]
    assert [item[dialect.own]] == stored(connect, [item], dialect.own)


def test_a_deleted_asset_is_gone(dialect: Dialect, session: Any, connect: Connect) -> None:
    kept, doomed = loaded(dialect, session, connect, 2)
    new = dialect.new_item(session, dialect.fresh("Item"), kept[dialect.parent] if dialect.parent else None)
    names = kept[dialect.own], doomed[dialect.own]
    doomed.set(**dialect.changed(text="never"))
    session.delete(doomed, new)
    assert 1 == session.pending
    assert not session.commit()
    with session.trace() as trace, pytest.raises(NotFound):
        doomed[dialect.own]
    assert 0 == len(trace)
    gone = connect().asset_from_oid(doomed.idref)
    if dialect.soft:
        assert gone["deleted"] is True
    else:
        with pytest.raises(NotFound):
            gone[dialect.own]
    assert [names[0]] == stored(connect, [kept], dialect.own)
    assert [names[0]] == list(session[dialect.item].where({dialect.own: list(names)})[dialect.own])


@needs("gauge")
def test_a_block_commits_at_its_end_and_sends_nothing_after_an_error(
    dialect: Dialect, server: Server, connect: Connect
) -> None:
    mark, _, after = dialect.gauge
    session = connect()
    one, two = loaded(dialect, session, connect, 2)
    writes = dialect.writes(server)
    with pytest.raises(ZeroDivisionError), session:
        one[mark] = after
        two[mark] = 1 / 0
    assert writes == dialect.writes(server)
    with session:
        two[mark] = after
    assert [after] * 2 == stored(connect, [one, two], mark)


@needs("refuses")
def test_a_block_whose_commit_fails_says_so(dialect: Dialect, connect: Connect) -> None:
    session = connect()
    [item] = loaded(dialect, session, connect)
    name, value = dialect.refused
    with pytest.raises(CommitError) as caught, session:
        item[name] = value
    assert [Failed] == kinds(caught.value.report)
