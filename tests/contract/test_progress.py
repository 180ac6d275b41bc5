"""Progress, whatever the server: a commit is followed to its end, and a stream knows its size."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from contract.committed import Connect
from contract.dialect import Dialect
from contract.needs import needs
from contract.systems import DISTINCT

TYPES = DISTINCT


@needs("gauge")
def test_a_commit_is_followed_to_its_end_and_logged(dialect: Dialect, session: Any, tmp_path: Path) -> None:
    items = dialect.items(session, 3)
    assert dialect.gauge is not None
    for item in items:
        item[dialect.gauge.name] = dialect.gauge.after
    told: list[tuple[int, int | None, str]] = []
    report = session.commit(progress=lambda *given: told.append(given), log=tmp_path / "outcomes.jsonl")
    assert not report
    assert ((0, 3, "commit"), (3, 3, "commit")) == (told[0], told[-1])
    lines = [json.loads(line) for line in (tmp_path / "outcomes.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {(item.idref, "done") for item in items} == {(line["asset"], line["outcome"]) for line in lines}
    assert 3 == len(lines)


@needs("own")
def test_a_stream_has_the_size_of_what_it_yields(dialect: Dialect, session: Any, connect: Connect) -> None:
    dialect.items(session, 5)
    reader = connect(page_size=2)
    query = reader.query(dialect.item).select(dialect.own)
    tokens = [item.idref for item in query]
    window = reader.query(dialect.item).select(dialect.own).page(3, 1)
    assert len(tokens) == len(query.progress())
    assert tokens == [item.idref for item in query.progress()]
    assert 3 == len(window.progress()) == len(list(window.progress()))


@needs("own")
def test_the_size_of_a_stream_is_counted_once(dialect: Dialect, session: Any, connect: Connect) -> None:
    dialect.items(session, 5)
    reader = connect(page_size=2)
    query = reader.query(dialect.item).select(dialect.own)
    with reader.trace() as plain:
        number = sum(1 for _ in query)
    with reader.trace() as counting:
        query.count()
    with reader.trace() as streamed:
        stream = query.progress()
        assert number == len(stream) == len(list(stream))
    # Where a plain read of several pages counts, that is the count.
    counted = len(counting) if reader.backend.can.windows else 0
    assert len(plain) + len(counting) - counted == len(streamed)
