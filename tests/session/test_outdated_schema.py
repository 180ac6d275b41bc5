"""A schema that is older than the server: read anew once, and what stays unknown is raw and harms nothing beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from assetmeta import TestspaceMeta, UnknownName, V1Meta, ValispaceMeta, ValohaiMeta, sandbox
from assetmeta.model.codecs import AnyValue
from assetmeta.model.http import Response
from assetmeta.model.paths import Path as Way
from assetmeta.model.plans import Fetch, Row, Rows
from assetmeta.model.schema import AssetType, Attribute, Schema
from assetmeta.model.texts import JsonText
from assetmeta.model.values import Oid


class Old:
    """A session whose schema lacks what the server has now. *readings* counts how often the schema was read."""

    def __init__(self, session: Any, type_name: str, *attributes: str, without: str = "") -> None:
        source = session._schemas
        whole: Schema = session.schema
        types = dict(whole.types)
        kept = {name: one for name, one in types[type_name].attributes.items() if name not in attributes}
        types[type_name] = _but(types[type_name], kept)
        types.pop(without, None)
        source.current = Schema(types, whole.version)
        self.readings = 0
        read = source._read

        def counting() -> Schema:
            self.readings += 1
            return read()

        source._read = counting


def _but(kind: AssetType, attributes: dict[str, Attribute]) -> AssetType:
    return replace(kind, attributes=attributes)


@pytest.fixture
def server() -> Iterator[sandbox.Server]:
    with sandbox.running("versionone", assets=200) as running:
        yield running


@pytest.fixture
def v1(server: sandbox.Server) -> Iterator[Any]:
    with V1Meta(**server.credentials) as session:
        yield session


class TestVersionOne:
    def test_a_new_subtype_in_a_result(self, v1: Any, server: sandbox.Server) -> None:
        kinds = {type(one).__name__ for one in v1.Workitem}
        assert {"Story", "Task"} <= kinds
        with V1Meta(**server.credentials) as other:
            old = Old(other, "Story", without="Task")
            held = other.Story
            assert kinds == {type(one).__name__ for one in other.Workitem}
            assert old.readings == 1
            assert other.Story is held
            assert isinstance(other.Story.first(), held)
            assert other.Task.first().Name
            assert old.readings == 1

    def test_a_relation_to_a_new_subtype(self, v1: Any, server: sandbox.Server) -> None:
        expected = {one.idref: one.Parent.idref for one in v1.Task.select("Parent")}
        assert expected
        with V1Meta(**server.credentials) as other:
            old = Old(other, "Task", without="Story")
            found = {one.idref: one.Parent.idref for one in other.Task.select("Name", "Parent")}
            assert expected == found
            assert old.readings == 1

    def test_a_type_that_stays_unknown_is_raw(self, v1: Any) -> None:
        old = Old(v1, "Story")
        story = v1.Story.first()
        name = story.Name
        columns = ("Name", "Shape", "Super")
        row = Row(Oid("Saga", 7), columns, ("new", JsonText('{"edges": 3}'), Oid("Opus", 8)))
        v1._context.know([row, row])
        [saga] = v1._context.merge_rows([row])
        assert (saga.Name, saga.Shape, saga.idref) == ("new", {"edges": 3}, "Saga:7")
        assert isinstance(saga, type(v1.asset_from_oid("Saga:8")))
        assert "Saga" not in v1.types
        with pytest.raises(UnknownName):
            _ = saga.Nothing
        assert story.Name == name
        assert old.readings == 1
        v1._context.know([row])
        assert v1.Story.first().Name
        assert old.readings == 1

    def test_a_kind_that_nobody_knows_may_hold_anything(self, v1: Any) -> None:
        assert v1.Story.first()
        kind = v1.schema.type("Story")
        odd = Attribute("Aura", "Telepathy", AnyValue())
        types = {**v1.schema.types, "Story": _but(kind, {**kind.attributes, "Aura": odd})}
        schema = Schema(types, v1.schema.version)
        fetch = v1.backend.fetch(schema, [_fetch("Story", "Name", "Aura")])
        next(fetch)
        values = [{"a": [1, {"b": 2}]}, [1, [2]], {"_oid": "Story:1"}, {"_oid": 5}, {"_oid": "x"}, {}, None, "text"]
        items = [{"_oid": f"Story:{n}", "Name": f"s{n}", "Aura": value} for n, value in enumerate(values, 1)]
        rows = _answer(fetch, [items])
        assert [f"s{n}" for n in range(1, len(values) + 1)] == [row.values[0] for row in rows.rows]
        cells = [row.values[1] for row in rows.rows]
        assert cells[0] == '{"a":[1,{"b":2}]}'
        assert cells[2] == Oid("Story", 1)
        assert cells[3] == '{"_oid":5}'
        assert [None, "text"] == cells[6:]


class TestKeys:
    """Keys of objects that the schema lacks."""

    @pytest.mark.parametrize(
        ("name", "meta", "options", "type_name", "attribute"),
        [
            ("valispace", ValispaceMeta, {"survey": "none"}, "Component", "description"),
            ("valohai", ValohaiMeta, {}, "Project", "description"),
            ("testspace", TestspaceMeta, {}, "Space", "description"),
        ],
    )
    def test_a_new_attribute_is_there_after_one_reading(
        self, name: str, meta: Any, options: dict[str, Any], type_name: str, attribute: str
    ) -> None:
        with sandbox.running(name, assets=300) as server, meta(**server.credentials, **options) as session:
            old = Old(session, type_name, attribute)
            held = session[type_name]
            assert attribute not in held._type.attributes
            assets = session[type_name].all()
            assert len(assets) > 1
            assert old.readings == 1
            assert all(isinstance(asset, held) for asset in assets)
            assert attribute in held._type.attributes
            assert getattr(assets[0], attribute) is not None or attribute in vars(held)
            setattr(assets[0], attribute, "mine")
            assert session.pending == 1
            session.revert()
            assert session[type_name].all()
            assert old.readings == 1

    @pytest.mark.parametrize(
        ("name", "meta", "options", "type_name"),
        [
            ("valispace", ValispaceMeta, {"survey": "none"}, "Component"),
            ("valohai", ValohaiMeta, {}, "Project"),
            ("testspace", TestspaceMeta, {}, "Space"),
        ],
    )
    def test_a_key_that_stays_unknown_is_readable(
        self, name: str, meta: Any, options: dict[str, Any], type_name: str
    ) -> None:
        with sandbox.running(name, assets=300) as server, meta(**server.credentials, **options) as session:
            old = Old(session, type_name)
            asset = session[type_name].first()
            token, known = asset._state.oid, asset.name
            row = Row(token, ("name", "novelty", "parts"), (known, 5, JsonText("[1, 2]")))
            session._context.know([row])
            session._context.merge_rows([row])
            assert (asset.name, asset.novelty, asset.parts) == (known, 5, [1, 2])
            before = old.readings
            session._context.know([row._replace(columns=("name", "parts", "novelty"))])
            assert (before, old.readings) == (1, 1)


def test_a_kept_schema_is_kept_again(tmp_path: Path) -> None:
    with sandbox.running("versionone", assets=100) as server:
        with V1Meta(**server.credentials, schema_cache=tmp_path) as first:
            assert first.Story.first().Name
        [file] = tmp_path.iterdir()
        text = re.sub(r'"Task":', '"Chore":', file.read_text(encoding="utf-8"), count=1)
        file.write_text(text, encoding="utf-8")
        with V1Meta(**server.credentials, schema_cache=tmp_path) as second:
            assert "Task" not in second.types
            assert any(type(one).__name__ == "Task" for one in second.Workitem)
            assert "Task" in second.types
            assert [1] == [sum("meta.v1" in request.path for request in second.ledger)]
        with V1Meta(**server.credentials, schema_cache=tmp_path) as third:
            assert "Task" in third.types
            assert len(third.ledger) == 0


def _fetch(type_name: str, *names: str) -> Any:
    return Fetch(type_name, tuple(Way.parse(name) for name in names))


def _answer(flow: Any, document: Any) -> Rows:
    try:
        flow.send(Response(200, {"content-type": "application/json"}, json.dumps(document).encode()))
    except StopIteration as end:
        return end.value[0]
    raise AssertionError("another request")
