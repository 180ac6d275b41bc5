"""Changes that were sent and not answered: their outcome is unknown, and nothing is sent twice by accident."""

from __future__ import annotations

from typing import Any

import pytest

from assetmeta import Done, NotFound, Unknown, inspect
from assetmeta.sandbox import Server
from contract.committed import Connect, kinds, loaded, stored
from contract.dialect import Dialect
from contract.needs import needs
from contract.systems import DISTINCT

TYPES = DISTINCT


@pytest.mark.parametrize("number", [1, 3])
@needs("gauge")
def test_an_update_without_an_answer_is_looked_up_and_not_sent_again(
    dialect: Dialect, session: Any, server: Server, connect: Connect, number: int
) -> None:
    mark, _, after = dialect.gauge
    items = loaded(dialect, session, connect, number)
    for item in items:
        item.set(**{**dialect.changed(text="after"), mark: after})
    server.add_fault("drop")
    report = session.commit()
    assert {Unknown} <= set(kinds(report)) <= {Unknown, Done}
    assert len(report.unknown) == session.pending == len(report)
    assert [after] * number == stored(connect, items, mark)
    writes = dialect.writes(server)
    assert not session.commit()
    assert writes == dialect.writes(server)
    assert 0 == session.pending
    assert [after] * number == [item[mark] for item in items]


@needs("gauge")
def test_an_update_that_never_arrived_is_sent_again(
    dialect: Dialect, session: Any, server: Server, connect: Connect
) -> None:
    mark, before, after = dialect.gauge
    [item] = loaded(dialect, session, connect)
    item[mark] = after
    count = len(dialect.writes(server))
    server.add_fault("drop-before")
    assert 1 == len(session.commit())
    assert [before] == stored(connect, [item], mark)
    assert not session.commit()
    assert [after] == stored(connect, [item], mark)
    assert count + 2 == len(dialect.writes(server))


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
    parent = item[dialect.parent] if dialect.parent else None
    name = dialect.fresh("Item")
    new = dialect.new_item(session, name, parent)
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
    again = dialect.new_item(session, dialect.fresh("Item"), parent)
    server.add_fault("drop-before")
    assert 1 == len(session.commit())
    inspect(again).retry()
    assert not session.commit()
    assert "new-" not in again.idref


@needs("gauge")
def test_an_update_in_doubt_that_is_reverted_is_read_again(
    dialect: Dialect, session: Any, server: Server, connect: Connect
) -> None:
    mark, before, after = dialect.gauge
    landed, lost = loaded(dialect, session, connect, 2)
    for item, fault in ((landed, "drop"), (lost, "drop-before")):
        item[mark] = after
        server.add_fault(fault)
        assert [Unknown] == kinds(session.commit())
        session.revert()
    assert [after, before] == [landed[mark], lost[mark]] == stored(connect, [landed, lost], mark)


def test_a_delete_in_doubt_that_is_reverted_is_read_again(
    dialect: Dialect, session: Any, server: Server, connect: Connect
) -> None:
    landed, lost = loaded(dialect, session, connect, 2)
    name = lost[dialect.own]
    for item, fault in ((landed, "drop"), (lost, "drop-before")):
        session.delete(item)
        server.add_fault(fault)
        assert [Unknown] == kinds(session.commit())
        session.revert()
    assert name == lost[dialect.own]
    if dialect.soft:
        assert landed.deleted
    else:
        with pytest.raises(NotFound):
            landed[dialect.own]
