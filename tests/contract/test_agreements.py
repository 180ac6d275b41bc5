"""Small agreements: completion, contexts, kept schemas, cleared texts, values of any shape."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assetmeta import Unsupported
from assetmeta.sandbox import Server
from contract.dialect import Dialect
from contract.needs import needs
from contract.systems import DISTINCT

TYPES = DISTINCT


def test_a_query_lists_its_attributes(dialect: Dialect, session: Any) -> None:
    assert {*dialect.values(own=1, text=1, number=1, members=1), "where"} <= set(dir(session.query(dialect.item)))


def test_a_context_is_refused_where_there_is_none(dialect: Dialect, session: Any, server: Server) -> None:
    [item] = dialect.items(session)
    context = item[dialect.parent] if dialect.parent else item
    server.requests.clear()
    if dialect.can.context:
        assert session[dialect.item].new(context)
    else:
        with pytest.raises(Unsupported):
            session[dialect.item].new(context)
    assert [] == server.requests
    session.revert()


def test_the_schema_is_kept_for_a_login_by_name(dialect: Dialect, server: Server, tmp_path: Path) -> None:
    assert dialect.kind(**server.credentials, schema_cache=tmp_path).types
    second = dialect.kind(**server.credentials, schema_cache=tmp_path)
    assert dialect.item in second.types
    assert 0 == len(second.ledger)


@needs(changing=["text"])
def test_a_cleared_text_without_an_answer_is_not_sent_again(
    dialect: Dialect, session: Any, server: Server, connect: Callable[..., Any]
) -> None:
    [made] = dialect.items(connect(), 1, **{dialect.text: "before"})
    item = session.asset_from_oid(made.idref)
    assert "before" == item[dialect.text]
    item[dialect.text] = None
    server.add_fault("drop")
    assert 1 == len(session.commit().unknown)
    writes = dialect.writes(server)
    assert not session.commit()
    assert writes == dialect.writes(server)


@needs(changing=["text"])
def test_clearing_what_is_empty_is_no_change(dialect: Dialect, session: Any) -> None:
    [item] = dialect.items(session)
    assert dialect.no_text == item[dialect.text]
    item[dialect.text] = None
    assert 0 == session.pending


@needs("json")
def test_a_json_value_is_committed(dialect: Dialect, session: Any, connect: Callable[..., Any]) -> None:
    [item] = dialect.items(session, 1)
    name, value = dialect.json
    item[name] = value
    assert not session.commit()
    assert value == item[name] == connect().asset_from_oid(item.idref)[name]
