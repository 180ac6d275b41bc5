"""What others do at the same time: other sessions, and other threads of the same one."""

from __future__ import annotations

import threading
from typing import Any

from assetmeta import Conflict, Done, Failed
from contract.committed import Connect, kinds, loaded, stored
from contract.dialect import Dialect
from contract.needs import needs
from contract.systems import DISTINCT

TYPES = DISTINCT


@needs(changing=["text"])
def test_somebody_elses_change_is_noticed_before_it_is_lost(dialect: Dialect, session: Any, connect: Connect) -> None:
    clashing, other, untouched = items = loaded(dialect, session, connect, 3)
    for item in items:
        item.set(**dialect.changed(text="mine", number=4))
    with connect() as somebody:
        somebody.asset_from_oid(clashing.idref)[dialect.text] = "theirs"
        if dialect.changes("parent"):
            somebody.asset_from_oid(other.idref)[dialect.parent] = untouched[dialect.parent].idref
    report = session.commit(conflicts="error")
    assert [Failed, Done, Done] == kinds(report)
    [error] = report
    assert isinstance(error, Conflict)
    [clash] = error.clashes
    assert (dialect.text, "before", "mine", "theirs") == (clash.name, clash.was, clash.mine, clash.theirs)
    assert clashing.idref == error.oid
    assert ["theirs", "mine", "mine"] == stored(connect, items, dialect.text)
    if dialect.changes("number"):
        assert [3, 4, 4] == stored(connect, items, dialect.number)
    assert 1 == len(session.commit(conflicts="merge"))
    if dialect.changes("number"):
        assert [4, 4, 4] == stored(connect, items, dialect.number)
    assert ["theirs", "mine", "mine"] == stored(connect, items, dialect.text)
    assert not session.commit(conflicts="overwrite")
    assert ["mine"] * 3 == stored(connect, items, dialect.text)


@needs("gauge")
def test_looking_for_conflicts_takes_one_read_more(dialect: Dialect, session: Any, connect: Connect) -> None:
    mark = dialect.gauge.name
    [item] = loaded(dialect, session, connect)
    values = [type(item[mark])(number) for number in (0, 1, 2)]
    with session.trace() as trace:
        for value, policy in zip(values, ("overwrite", "error", "merge"), strict=True):
            item[mark] = value
            assert not session.commit(conflicts=policy)
    assert 1 + 2 + 2 == len(trace)
    assert values[-1:] == stored(connect, [item], mark)


@needs("gauge")
def test_several_threads_change_assets_of_one_session(dialect: Dialect, session: Any, connect: Connect) -> None:
    items = loaded(dialect, session, connect, 6)
    mark = dialect.gauge.name
    parent = items[0][dialect.parent] if dialect.parent else None
    word = dialect.fresh("thread")
    failures: list[BaseException] = []
    start = threading.Barrier(len(items))

    def work(item: Any, number: int) -> None:
        start.wait()
        try:
            item.set(**dialect.changed(number=number, text=f"thread {number}"))
            new = dialect.new_item(session, f"{word}_{number}", parent, **dialect.values(number=100 + number))
            assert not [error for error in session.commit() if new.idref in str(error)]
            assert f"{word}_{number}" == new[dialect.own]
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work, args=(item, number)) for number, item in enumerate(items, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [] == failures
    assert not session.commit()
    expected = [number if mark == dialect.number else f"thread {number}" for number in range(10, 16)]
    assert expected == stored(connect, items, mark)
    other = connect()[dialect.item]
    below = other.where({dialect.parent: parent.idref}) if parent is not None else other
    assert sorted(f"{word}_{number}" for number in range(10, 16)) == sorted(
        own for own in below[dialect.own] if own.startswith(word)
    )
    if dialect.number:
        made = [number for number in below[dialect.number] if number and number > 100]
        assert list(range(110, 116)) == sorted(made)
