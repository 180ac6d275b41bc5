"""What a server can do is done; what it cannot do is refused before anything is sent."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import asdict

from assetmeta import BadValue, UnknownName, Unsupported, inspect
from assetmeta.model.contract import Capabilities
from assetmeta.sandbox import Server
from contract.dialect import Dialect
from contract.scene import Scene
from contract.systems import DIALECTS, DISTINCT
from contract.valohai import DEPLOYMENT

TYPES = (*DISTINCT, DEPLOYMENT)

Ask = Callable[[Dialect, Any, Any], Any]


def relation(dialect: Dialect, session: Any, *, multi: bool = False) -> str:
    """A relation of the items, to one asset or to several."""
    attributes = session.schema.type(dialect.item).attributes.values()
    chosen = dialect.members if multi else dialect.parent
    return chosen or next(one.name for one in attributes if one.is_relation and one.multi is multi)


ASKED: dict[str, Ask] = {
    "asof": lambda dialect, session, item: session[dialect.item].asof("2026-01-01").all(),
    "find": lambda dialect, session, item: session[dialect.item].find("word", dialect.own).all(),
    "history": lambda dialect, session, item: inspect(item).history(dialect.own),
    "raw_filter": lambda dialect, session, item: session[dialect.item].filter(f"{dialect.own}='x'").all(),
    "paths": lambda dialect, session, item: (
        session[dialect.item].select(f"{relation(dialect, session)}.{dialect.label}").all()
    ),
    "aggregates": lambda dialect, session, item: (
        session[dialect.item].select(session[dialect.item][relation(dialect, session, multi=True)].count()).all()
    ),
    "sort": lambda dialect, session, item: session[dialect.item].sort(dialect.own).all(),
    "count": lambda dialect, session, item: session[dialect.item].count(),
    "operations": lambda dialect, session, item: (
        session[dialect.item].where({dialect.own: "nobody"}).execute(dialect.operation or "anything")
    ),
    # By way of the class of the class: an attribute of the server may have the name.
    "templates": lambda dialect, session, item: type(session[dialect.item]).template(session[dialect.item]),
    "delete": lambda dialect, session, item: session.delete(item),
    "cleaning": lambda dialect, session, item: session[dialect.item].select(f"{dialect.own}.@CleanText").all(),
}


ABLE = {
    "versionone": {
        "asof",
        "find",
        "history",
        "raw_filter",
        "paths",
        "aggregates",
        "sort",
        "count",
        "operations",
        "context",
        "templates",
        "delete",
        "windows",
    },
    "valispace": {
        "evaluates",
        "exact",
        "paths",
        "aggregates",
        "sort",
        "count",
        "operations",
        "delete",
        "cleaning",
    },
    "testspace": {"evaluates", "exact", "paths", "aggregates", "sort", "count", "delete"},
    "valohai": {"evaluates", "exact", "paths", "aggregates", "sort", "count", "operations", "delete"},
}
"""What each server can do, word by word: not taken from the dialects, which are compared with it."""

KEEPS: dict[str, tuple[frozenset[str], str | None]] = {
    "versionone": (frozenset({"Attachment", "EmbeddedImage"}), "Key"),
    "valispace": (frozenset({"File"}), None),
    "testspace": (frozenset({"File"}), None),
    "valohai": (frozenset({"Datum"}), None),
}
"""The types that keep bytes, and the attribute by which lists go on."""


def vars_of(can: Capabilities) -> dict[str, object]:
    """The capabilities by name."""
    return asdict(can)


@pytest.mark.parametrize("capability", ASKED)
def test_a_server_does_what_it_can_and_the_rest_is_refused_before_anything_is_sent(
    dialect: Dialect, capability: str, session: Any, server: Server, scene: Scene
) -> None:
    item = session.asset_from_oid(scene.tokens[0])
    server.requests.clear()
    able = capability in ABLE[dialect.sandbox]
    if able and (capability != "operations" or dialect.operation):
        ASKED[capability](dialect, session, item)
        assert server.requests or session.pending
    else:
        # A type may have no operation where others have some.
        with pytest.raises(UnknownName if able else Unsupported):
            ASKED[capability](dialect, session, item)
        assert ([], 0) == (server.requests, session.pending)


def test_the_session_tells_what_its_server_can_do(dialect: Dialect, session: Any) -> None:
    can = session.backend.can
    assert {name for name, value in vars_of(can).items() if value is True} == ABLE[dialect.sandbox]
    assert (can.file_types, can.keyset_column) == KEEPS[dialect.sandbox]
    assert can == dialect.can


@pytest.mark.parametrize("word", ["And", "Or", "MaxState"])
@pytest.mark.parametrize("verb", ["select", "sort", "where", "column"])
def test_aggregates_that_a_server_of_lists_cannot_do_are_refused_before_anything_is_sent(
    dialect: Dialect, session: Any, server: Server, scene: Scene, verb: str, word: str
) -> None:
    if not dialect.can.evaluates:
        pytest.skip("the server works them out")
    path = f"{relation(dialect, session, multi=True)}.@{word}"
    kind, query = session[dialect.item], session.query(dialect.item)
    asked: dict[str, Callable[[], Any]] = {
        "select": lambda: query.select(path),
        "sort": lambda: query.sort(f"-{path}"),
        "where": lambda: query.where({path: 1}),
        "column": lambda: kind[path],
    }
    server.requests.clear()
    with pytest.raises(Unsupported, match=f"no @{word}; there are @Count"):
        asked[verb]()
    with pytest.raises(BadValue, match="only numbers have a sum"):
        query.select(path.replace(word, "Sum"))
    assert [] == server.requests


def test_every_dialect_has_its_capabilities_written_out() -> None:
    assert set(ABLE) == set(KEEPS) == {dialect.sandbox for dialect in DIALECTS}


def test_no_bytes_are_kept_with_what_is_no_file(dialect: Dialect, session: Any, server: Server, scene: Scene) -> None:
    item = session.asset_from_oid(scene.tokens[0])
    server.requests.clear()
    for act in (
        lambda: inspect(item).download(io.BytesIO()),
        lambda: inspect(item).upload(b"x"),
    ):
        with pytest.raises(Unsupported):
            act()
    assert [] == server.requests


def test_what_no_capability_tells_is_refused_all_the_same(
    dialect: Dialect, impossible: str, session: Any, server: Server, scene: Scene
) -> None:
    query = session.query(dialect.item)
    assert scene.tokens[0] == query.first().idref
    server.requests.clear()
    with pytest.raises(Unsupported):
        dialect.cannot[impossible](session, query)
    assert [] == server.requests
