"""Commits: one outcome for each change, what did not land stays pending, and nothing is sent twice by accident."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from assetmeta import (
    CommitError,
    Conflict,
    Done,
    Failed,
    NotFound,
    Refused,
    Skipped,
    Unknown,
    inspect,
)
from assetmeta.sandbox import Server
from contract.systems import Dialect

Connect = Callable[..., Any]


def loaded(dialect: Dialect, session: Any, connect: Connect, number: int = 1, **values: Any) -> list[Any]:
    """New items that *session* has read."""
    given = {dialect.text: "before", dialect.number: 3, **values}
    items = [session.asset_from_oid(item.idref) for item in dialect.items(connect(), number, **given)]
    session.populate(items, dialect.own, dialect.text, dialect.number, dialect.parent, dialect.members)
    return items


def stored(connect: Connect, items: list[Any], name: str) -> list[Any]:
    """What the server has, as a session sees it that had no part in it."""
    other = connect()
    return [other.asset_from_oid(item.idref)[name] for item in items]


def kinds(report: Any) -> list[type]:
    return [type(outcome) for outcome in report.outcomes]


@pytest.mark.parametrize("number", [1, 2, 5])
def test_a_commit_takes_the_promised_requests(dialect: Dialect, session: Any, connect: Connect, number: int) -> None:
    items = loaded(dialect, session, connect, number)
    parent = items[0][dialect.parent]
    for item in items:
        item.set(**{dialect.text: "after", dialect.number: 4})
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


def test_what_was_written_is_read_without_a_request_and_is_what_the_server_has(
    dialect: Dialect, session: Any, connect: Connect
) -> None:
    [item] = loaded(dialect, session, connect)
    [other] = loaded(dialect, session, connect)
    member = dialect.new_member(session, dialect.fresh("Member"), None)
    item.set(**{dialect.text: "it's <b>\n&amp; 😀", dialect.number: "2.5", dialect.parent: other[dialect.parent]})
    item[dialect.members].add(member)
    report = session.commit()
    assert (False, 2, []) == (bool(report), len(report.done), list(report))
    with session.trace() as trace:
        seen = (item[dialect.text], item[dialect.number], item[dialect.parent], list(item[dialect.members]))
    assert ("it's <b>\n&amp; 😀", 2.5, other[dialect.parent], [member]) == seen
    assert 0 == len(trace)
    fresh = connect().asset_from_oid(item.idref)
    assert seen[:2] == (fresh[dialect.text], fresh[dialect.number])
    assert other[dialect.parent].idref == fresh[dialect.parent].idref
    assert [member.idref] == [one.idref for one in fresh[dialect.members]]


def test_values_can_be_taken_away(dialect: Dialect, session: Any, connect: Connect) -> None:
    member = dialect.new_member(session, dialect.fresh("Member"), None)
    assert not session.commit()
    [item] = loaded(dialect, session, connect, **{dialect.members: [member.idref]})
    delattr(item, dialect.text)
    item[dialect.number] = None
    item[dialect.members].clear()
    assert not session.commit()
    fresh = connect().asset_from_oid(item.idref)
    assert (dialect.no_text, None, []) == (fresh[dialect.text], fresh[dialect.number], list(fresh[dialect.members]))


def test_new_assets_that_refer_to_each_other_are_created_in_one_commit(
    dialect: Dialect, session: Any, connect: Connect
) -> None:
    root = dialect.new_root(session, dialect.fresh("Root"))
    parent = dialect.new_parent(session, dialect.fresh("Parent"), root)
    member = dialect.new_member(session, dialect.fresh("Member"), root)
    items = [
        dialect.new_item(session, dialect.fresh("Item"), parent, **{dialect.number: number, dialect.members: [member]})
        for number in (1, 2)
    ]
    assert all("new-" in one.idref for one in (root, parent, member, *items))
    assert not session.commit()
    assert not any("new-" in one.idref for one in (root, parent, member, *items))
    for item in items:
        assert item is session.asset_from_oid(item.idref) is session[dialect.item](item.intid)
        assert (parent, root, [member]) == (
            item[dialect.parent],
            item[dialect.parent][dialect.root],
            list(item[dialect.members]),
        )
    fresh = connect()
    for item in items:
        other = fresh.asset_from_oid(item.idref)
        assert (parent.idref, root.idref) == (other[dialect.parent].idref, other[dialect.parent][dialect.root].idref)
        assert [member.idref] == [one.idref for one in other[dialect.members]]


def test_an_asset_can_be_created_at_once(dialect: Dialect, session: Any, connect: Connect) -> None:
    [item] = loaded(dialect, session, connect)
    name = dialect.fresh("Item")
    pending = dialect.new_item(session, dialect.fresh("Item"), item[dialect.parent])
    values = {delta.name: delta.new for delta in inspect(pending).changes}
    with session.trace() as trace:
        created = session[dialect.item].create(**{**values, dialect.own: name})
        assert name == created[dialect.own]
    assert (1, 1) == (len(trace), session.pending)
    assert [name] == stored(connect, [created], dialect.own)
    session.revert()
    with pytest.raises(Refused):
        session[dialect.item].create(**{**values, dialect.refused[0]: dialect.refused[1]})
    assert 0 == session.pending


def test_one_of_several_is_refused_and_the_others_land(dialect: Dialect, session: Any, connect: Connect) -> None:
    items = loaded(dialect, session, connect, 5)
    for item in items:
        item[dialect.number] = 7
    name, value = dialect.refused
    items[2][name] = value
    report = session.commit()
    assert [Done, Done, Failed, Done, Done] == kinds(report)
    [error] = report
    assert isinstance(error, Refused)
    assert (items[2].idref, 400) == (error.oid, error.status)
    assert name in str(error)
    assert items[2].idref in str(report)
    assert error is inspect(items[2]).error
    assert (1, True) == (session.pending, inspect(items[2]).pending)
    assert [7, 7, 3, 7, 7] == stored(connect, items, dialect.number)
    items[2][name] = dialect.fresh("Item")
    assert not session.commit()
    assert [7] * 5 == stored(connect, items, dialect.number)
    assert inspect(items[2]).error is None


def test_what_needs_a_refused_create_is_not_sent(dialect: Dialect, session: Any, connect: Connect) -> None:
    root = dialect.new_root(session, dialect.fresh("Root"))
    parent = dialect.new_parent(session, None, root)
    item = dialect.new_item(session, dialect.fresh("Item"), parent)
    report = session.commit()
    assert [Done, Failed, Skipped] == kinds(report)
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
    new = dialect.new_item(session, dialect.fresh("Item"), kept[dialect.parent])
    name = doomed[dialect.own]
    doomed[dialect.text] = "never"
    session.delete(doomed, new)
    assert 1 == session.pending
    assert not session.commit()
    with session.trace() as trace, pytest.raises(NotFound):
        doomed[dialect.own]
    assert 0 == len(trace)
    with pytest.raises(NotFound):
        connect().asset_from_oid(doomed.idref)[dialect.own]
    assert ["before"] == stored(connect, [kept], dialect.text)
    assert None is session[dialect.item].where({dialect.own: name}).first()


@pytest.mark.parametrize("number", [1, 3])
def test_an_update_without_an_answer_is_looked_up_and_not_sent_again(
    dialect: Dialect, session: Any, server: Server, connect: Connect, number: int
) -> None:
    items = loaded(dialect, session, connect, number)
    for item in items:
        item.set(**{dialect.text: "after", dialect.number: 5})
    server.add_fault("drop")
    report = session.commit()
    assert {Unknown} <= set(kinds(report)) <= {Unknown, Done}
    assert len(report.unknown) == session.pending == len(report)
    assert ["after"] * number == stored(connect, items, dialect.text)
    writes = dialect.writes(server)
    assert not session.commit()
    assert writes == dialect.writes(server)
    assert 0 == session.pending
    assert ["after"] * number == [item[dialect.text] for item in items]


def test_an_update_that_never_arrived_is_sent_again(
    dialect: Dialect, session: Any, server: Server, connect: Connect
) -> None:
    [item] = loaded(dialect, session, connect)
    item[dialect.text] = "after"
    before = len(dialect.writes(server))
    server.add_fault("drop-before")
    assert 1 == len(session.commit())
    assert ["before"] == stored(connect, [item], dialect.text)
    assert not session.commit()
    assert ["after"] == stored(connect, [item], dialect.text)
    assert before + 2 == len(dialect.writes(server))


def test_a_delete_without_an_answer_is_looked_up_and_not_sent_again(
    dialect: Dialect, session: Any, server: Server, connect: Connect
) -> None:
    [item] = loaded(dialect, session, connect)
    session.delete(item)
    server.add_fault("drop")
    assert [Unknown] == kinds(session.commit())
    writes = dialect.writes(server)
    assert not session.commit()
    assert writes == dialect.writes(server)
    assert 0 == session.pending


def test_a_create_without_an_answer_waits_for_a_word(
    dialect: Dialect, session: Any, server: Server, connect: Connect
) -> None:
    [item] = loaded(dialect, session, connect)
    name = dialect.fresh("Item")
    new = dialect.new_item(session, name, item[dialect.parent])
    server.add_fault("drop")
    assert [Unknown] == kinds(session.commit())
    writes = dialect.writes(server)
    report = session.commit()
    assert [Unknown] == kinds(report)
    assert "retry" in str(report)
    assert writes == dialect.writes(server)
    assert 1 == connect()[dialect.item].where({dialect.own: name}).count()
    inspect(new).revert()
    assert not session.commit()
    again = dialect.new_item(session, dialect.fresh("Item"), item[dialect.parent])
    server.add_fault("drop-before")
    assert 1 == len(session.commit())
    inspect(again).retry()
    assert not session.commit()
    assert "new-" not in again.idref


def test_somebody_elses_change_is_noticed_before_it_is_lost(dialect: Dialect, session: Any, connect: Connect) -> None:
    clashing, other, untouched = items = loaded(dialect, session, connect, 3)
    for item in items:
        item.set(**{dialect.text: "mine", dialect.number: 4})
    with connect() as somebody:
        somebody.asset_from_oid(clashing.idref)[dialect.text] = "theirs"
        somebody.asset_from_oid(other.idref)[dialect.parent] = untouched[dialect.parent].idref
    report = session.commit(conflicts="error")
    assert [Failed, Done, Done] == kinds(report)
    [error] = report
    assert isinstance(error, Conflict)
    [clash] = error.clashes
    assert (dialect.text, "before", "mine", "theirs") == (clash.name, clash.was, clash.mine, clash.theirs)
    assert clashing.idref == error.oid
    assert ["theirs", "mine", "mine"] == stored(connect, items, dialect.text)
    assert [3, 4, 4] == stored(connect, items, dialect.number)
    assert 1 == len(session.commit(conflicts="merge"))
    assert [4, 4, 4] == stored(connect, items, dialect.number)
    assert ["theirs", "mine", "mine"] == stored(connect, items, dialect.text)
    assert not session.commit(conflicts="overwrite")
    assert ["mine"] * 3 == stored(connect, items, dialect.text)


def test_looking_for_conflicts_takes_one_read_more(dialect: Dialect, session: Any, connect: Connect) -> None:
    [item] = loaded(dialect, session, connect)
    with session.trace() as trace:
        for number, policy in enumerate(("overwrite", "error", "merge")):
            item[dialect.number] = number
            assert not session.commit(conflicts=policy)
    assert 1 + 2 + 2 == len(trace)
    assert [2] == stored(connect, [item], dialect.number)


def test_a_block_commits_at_its_end_and_sends_nothing_after_an_error(
    dialect: Dialect, server: Server, connect: Connect
) -> None:
    session = connect()
    one, two = loaded(dialect, session, connect, 2)
    writes = dialect.writes(server)
    with pytest.raises(ZeroDivisionError), session:
        one[dialect.text] = "after"
        two[dialect.number] = 1 / 0
    assert writes == dialect.writes(server)
    with session:
        two[dialect.text] = "after"
    assert ["after"] * 2 == stored(connect, [one, two], dialect.text)
    name, value = dialect.refused
    with pytest.raises(CommitError) as caught, session:
        one[name] = value
    assert [Failed] == kinds(caught.value.report)


def test_several_threads_change_assets_of_one_session(dialect: Dialect, session: Any, connect: Connect) -> None:
    items = loaded(dialect, session, connect, 6)
    parent = items[0][dialect.parent]
    failures: list[BaseException] = []
    start = threading.Barrier(len(items))

    def work(item: Any, number: int) -> None:
        start.wait()
        try:
            item.set(**{dialect.number: number, dialect.text: f"thread {number}"})
            new = dialect.new_item(session, dialect.fresh("Item"), parent, **{dialect.number: 100 + number})
            assert not [error for error in session.commit() if new.idref in str(error)]
            assert 100 + number == new[dialect.number]
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work, args=(item, number)) for number, item in enumerate(items, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [] == failures
    assert not session.commit()
    assert [f"thread {number}" for number in range(10, 16)] == stored(connect, items, dialect.text)
    below = connect()[dialect.item].where({dialect.parent: parent.idref})
    assert [110, 111, 112, 113, 114, 115] == sorted(number for number in below[dialect.number] if number > 100)
