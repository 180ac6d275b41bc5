"""One object per identity, and nothing sent before a value is looked at."""

from __future__ import annotations

import copy
import io
import pickle
import pydoc
from collections.abc import Callable
from typing import Any

import pytest

from assetmeta import BadValue, NotFound, NotLoaded, ReadOnly, Snapshot, UnknownName, inspect
from assetmeta.sandbox import Server
from contract.dialect import Dialect, renew_schema
from contract.needs import needs
from contract.scene import Scene
from contract.systems import DISTINCT

TYPES = DISTINCT


def helped(asset: Any, name: str, plainly: Callable[[], Any], surely: Callable[[], Any]) -> str:
    """What an asset's own helper of that name shows; an attribute of the server of the same name goes before it."""
    named = [surely] if name in asset._type.attributes else [plainly, surely]
    return "".join(f"{found()!r}{found()}" for found in named)


SILENT: dict[str, Callable[[Any], object]] = {
    "repr": repr,
    "str": str,
    "dir": dir,
    "help": lambda asset: pydoc.render_doc(asset) and pydoc.render_doc(type(asset)),
    "hash": hash,
    "equality": lambda asset: asset == object(),
    "truth": bool,
    "pickle": pickle.dumps,
    "copy": lambda asset: (copy.copy(asset), copy.deepcopy(asset)),
    "data": lambda asset: helped(asset, "data", lambda: asset.data, lambda: inspect(asset).loaded),
    "inspect": lambda asset: repr(inspect(asset)),
    "address": lambda asset: helped(asset, "url", lambda: asset.url, lambda: inspect(asset).url),
    "identity": lambda asset: (asset.idref, asset.intid),
    "completion": lambda asset: asset._ipython_key_completions_(),
    "class": lambda asset: (repr(type(asset)), dir(type(asset)), type(asset).__doc__),
}


def test_an_asset_is_the_same_object_however_it_is_named(
    dialect: Dialect, session: Any, server: Server, scene: Scene
) -> None:
    row = scene.rows[0]
    key = row.token.partition(":")[2]
    server.requests.clear()
    item = session[dialect.item](key)
    assert item is session[dialect.item](row.token)
    assert item is session.asset_from_oid(row.token)
    for other in dialect.keys(key):
        assert item is session[dialect.item](other)
        assert item is getattr(session, dialect.item)(other)
    assert [] == server.requests


@needs("alias")
def test_an_alias_leads_to_the_same_object_in_one_request(
    dialect: Dialect, session: Any, connect: Callable[..., Any], scene: Scene
) -> None:
    for row in (scene[1], scene[5]):
        alias = dialect.alias(connect().asset_from_oid(row.token))
        with session.trace() as trace:
            found = session[dialect.item](alias)
            assert found is session.asset_from_oid(row.token)
            assert row.own == found[dialect.own]
        assert 1 == len(trace)


@needs("alias")
def test_an_alias_of_nothing_is_found_out_at_once(dialect: Dialect, session: Any, server: Server, scene: Scene) -> None:
    server.requests.clear()
    with pytest.raises(NotFound):
        session[dialect.item](dialect.no_alias)
    assert 1 == len(server.requests)


def test_queries_and_relations_lead_to_the_same_object(dialect: Dialect, session: Any, scene: Scene) -> None:
    row = scene.rows[0]
    item = session.asset_from_oid(row.token)
    assert item is next(iter(session[dialect.item]))
    assert item is session.query(dialect.item).where({dialect.own: row.own}).one()


@needs("parent")
def test_a_relation_leads_to_the_same_object(dialect: Dialect, session: Any, scene: Scene) -> None:
    item = session.asset_from_oid(scene.rows[0].token)
    assert session.asset_from_oid(scene.rows[0].parent) is item[dialect.parent]


@needs("parent", "root")
def test_relations_of_relations_lead_to_the_same_object(dialect: Dialect, session: Any, scene: Scene) -> None:
    item = session.asset_from_oid(scene.rows[0].token)
    assert session.asset_from_oid(scene.rows[0].root) is item[dialect.parent][dialect.root]


@needs("members")
def test_relations_to_several_lead_to_the_same_objects(dialect: Dialect, session: Any, scene: Scene) -> None:
    row = scene[1]
    item = session.asset_from_oid(row.token)
    assert 2 == len(row.members)
    for token, member in zip(row.members, item[dialect.members], strict=True):
        assert session.asset_from_oid(token) is member


def test_names_that_cannot_be_assets_are_refused(dialect: Dialect, session: Any, server: Server, scene: Scene) -> None:
    renew_schema(session)
    server.requests.clear()
    stranger = scene.rows[0].parent or scene[1].members[0]
    for name in (True, 1.5, None, stranger):
        with pytest.raises(BadValue):
            session[dialect.item](name)
    with pytest.raises(BadValue):
        session.asset_from_oid("no token")
    with pytest.raises(UnknownName):
        session.asset_from_oid("Nothing:1")
    with pytest.raises(UnknownName, match=f"Did you mean .*{dialect.item}"):
        session[f"{dialect.item}x"]
    assert [] == server.requests


@pytest.mark.parametrize("is_loaded", [False, True], ids=["bare", "loaded"])
def test_looking_at_an_asset_from_outside_sends_nothing(
    dialect: Dialect, session: Any, server: Server, scene: Scene, is_loaded: bool
) -> None:
    item = session.asset_from_oid(scene[1].token)
    if is_loaded:
        assert scene[1].own == item[dialect.own]
    server.requests.clear()
    for name, look in SILENT.items():
        look(item)
        look(item)
        assert [] == server.requests, name
    assert inspect(item).would_fetch(dialect.own) is not is_loaded


@needs("members")
def test_relations_are_shown_without_being_loaded(dialect: Dialect, session: Any, server: Server, scene: Scene) -> None:
    item = session.asset_from_oid(scene[1].token)
    server.requests.clear()
    members = item[dialect.members]
    assert "not loaded" in repr(members)
    dir(members), hash(members)
    assert [] == server.requests


def test_the_first_miss_takes_one_request_and_brings_the_basic_attributes_along(
    dialect: Dialect, session: Any, scene: Scene
) -> None:
    row = scene[1]
    item = session.asset_from_oid(row.token)
    with session.trace() as trace:
        assert row.own == item[dialect.own]
    assert 1 == len(trace)
    with session.trace() as trace:
        assert dialect.values(text=row.text, number=row.number) == dialect.seen(item, "text", "number")
        if dialect.parent:
            assert row.parent == item[dialect.parent].idref
        if dialect.unset:
            assert not item[dialect.unset]
    assert 0 == len(trace)
    with session.trace() as trace:
        if dialect.unasked:
            assert not item[dialect.unasked]
    assert int(dialect.unasked is not None) == len(trace)


def test_a_read_that_is_not_allowed_names_the_selection(dialect: Dialect, session: Any, scene: Scene) -> None:
    row = scene.rows[0]
    item = session.asset_from_oid(row.token)
    with session.trace() as trace, session.loading("raise"), pytest.raises(NotLoaded, match="select") as caught:
        item[dialect.own]
    assert (row.token, dialect.own, 0) == (caught.value.oid, caught.value.attribute, len(trace))
    assert row.own == item[dialect.own]


def test_what_the_server_leaves_out_is_not_requested_again(dialect: Dialect, session: Any, scene: Scene) -> None:
    item = session.asset_from_oid(scene.rows[0].token)
    if dialect.left_out:
        assert item[dialect.left_out] is None
        with session.trace() as trace:
            assert item[dialect.left_out] is None
            assert not inspect(item).would_fetch(dialect.left_out)
    else:
        every = [name for name, one in session.schema.type(dialect.item).attributes.items() if not one.multi]
        session.populate([item], *every)
        with session.trace() as trace:
            assert [] == [name for name in every if inspect(item).would_fetch(name)]
    assert 0 == len(trace)


def test_an_asset_that_is_not_there_is_requested_once(dialect: Dialect, session: Any) -> None:
    missing = session[dialect.item](dialect.missing)
    with session.trace() as trace:
        for _ in range(2):
            with pytest.raises(NotFound, match=str(dialect.missing)):
                missing[dialect.own]
            with pytest.raises(NotFound):
                missing[dialect.parent or dialect.readonly]
    assert 1 == len(trace)
    assert str(dialect.missing) in repr(missing)


@needs("unset")
def test_an_unset_relation_goes_on_and_ends_in_nothing(dialect: Dialect, session: Any, scene: Scene) -> None:
    item = session.asset_from_oid(scene.rows[0].token)
    nothing = item[dialect.unset]
    renew_schema(session)
    with session.trace() as trace:
        assert not nothing
        assert nothing == None  # noqa: E711
        assert "None" == str(nothing)
        attributes = session.schema.attribute(dialect.item, dialect.unset).related
        for name, attribute in session.schema.type(attributes).attributes.items():
            found = nothing[name]
            assert [] == list(found) if attribute.multi else found == None, name  # noqa: E711
        with pytest.raises(UnknownName):
            nothing.no_such_attribute
        with pytest.raises(ReadOnly):
            nothing.name = "never"
        assert None is pickle.loads(pickle.dumps(nothing))
    assert 0 == len(trace)


def test_values_have_their_types(dialect: Dialect, session: Any, scene: Scene) -> None:
    item = session.asset_from_oid(scene[1].token)
    for name, kind in dialect.typed.items():
        value = item[name]
        assert isinstance(value, kind), name
        assert getattr(value, "tzinfo", True), name


@needs("text")
def test_a_text_that_is_not_set_is_empty(dialect: Dialect, session: Any, scene: Scene) -> None:
    empty = session.asset_from_oid(next(row.token for row in scene if row.text is None))
    assert dialect.no_text == empty[dialect.text]


@needs("number")
def test_numbers_have_their_type_unless_they_are_not_set(dialect: Dialect, session: Any, scene: Scene) -> None:
    assert len(dialect.numbers) == len({row.number for row in scene})
    for row in scene:
        number = session.asset_from_oid(row.token)[dialect.number]
        assert (row.number, type(None) if row.number is None else dialect.numeric) == (number, type(number))


@needs("members")
def test_several_related_assets_are_in_their_order(dialect: Dialect, session: Any, scene: Scene) -> None:
    for row in (scene[0], scene[1], scene[2]):
        item = session.asset_from_oid(row.token)
        assert [session.asset_from_oid(token) for token in row.members] == list(item[dialect.members])


def test_a_misspelt_attribute_is_explained_and_sends_nothing(
    dialect: Dialect, session: Any, server: Server, scene: Scene
) -> None:
    item = session.asset_from_oid(scene.rows[0].token)
    renew_schema(session)
    server.requests.clear()
    known = dialect.text or dialect.own
    slip = f"{known}x"
    for act in (
        lambda: getattr(item, slip),
        lambda: item[slip],
        lambda: setattr(item, slip, 1),
        lambda: getattr(session[dialect.item], slip),
        lambda: session.query(dialect.item).select(slip),
        lambda: session.query(dialect.item).where({slip: 1}),
        lambda: session.query(dialect.item).sort(slip),
        lambda: inspect(item).would_fetch(slip),
        lambda: session[dialect.item].new(**{slip: 1}),
    ):
        with pytest.raises(UnknownName, match=f"Did you mean .*{known}"):
            act()
    assert [] == server.requests
    assert 0 == session.pending


def test_a_pickled_asset_comes_alive_in_another_session_without_a_request(
    dialect: Dialect, session: Any, connect: Callable[..., Any], scene: Scene
) -> None:
    row = scene[1]
    item = session.asset_from_oid(row.token)
    loaded = dialect.seen(item, "own", "text", "number")
    assert dialect.values(own=row.own, text=row.text, number=row.number) == loaded
    above = [item[dialect.parent].idref] if dialect.parent else []
    members = [member.idref for member in item[dialect.members]] if dialect.members else []
    snapshot = pickle.loads(pickle.dumps(item))
    assert isinstance(snapshot, Snapshot)
    assert row.token == snapshot.oid.token
    other = connect()
    with other.trace() as trace:
        attached = other.attach(snapshot)
        assert other.asset_from_oid(row.token) is attached
        assert loaded == {name: attached[name] for name in loaded}
        assert above == ([attached[dialect.parent].idref] if dialect.parent else [])
        assert members == ([member.idref for member in attached[dialect.members]] if dialect.members else [])
    assert (0, 0) == (len(trace), other.pending)
    if dialect.parent:
        assert row.parent_label == attached[dialect.parent][dialect.label]


def test_a_bare_asset_is_pickled_bare(dialect: Dialect, session: Any, server: Server, scene: Scene) -> None:
    server.requests.clear()
    snapshot = pickle.load(io.BytesIO(pickle.dumps(session.asset_from_oid(scene[2].token))))
    assert (scene[2].token, {}) == (snapshot.oid.token, snapshot.values)
    assert [] == server.requests
