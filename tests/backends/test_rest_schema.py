"""From the description of a REST server, and what the server reports, to attributes: one rule at a time."""

from __future__ import annotations

from typing import Any

import pytest

from assetmeta.backends.rest.discovery import Discovery, FieldInfo
from assetmeta.backends.rest.schema import build_schema
from assetmeta.backends.rest.spec import Api, Field, read_api
from assetmeta.backends.testspace.connection import bundled as ts_api
from assetmeta.backends.valispace.codecs import codec_for
from assetmeta.backends.valispace.connection import bundled as vs_api
from assetmeta.backends.valohai.connection import bundled as vh_api
from assetmeta.model.codecs import Integer
from assetmeta.model.schema import AssetType, Attribute

BUNDLED = pytest.mark.parametrize("api", [vs_api(), vh_api(), ts_api()], ids=["vs", "vh", "ts"])


def described(field: dict[str, Any], info: FieldInfo | None = None, **api: Any) -> Attribute:
    """The attribute that becomes of one field of a description, and of what the server reports about it."""
    types = {
        "Thing": {"path": "things", "fields": {"size": field}},
        "Box": {"path": "boxes", "fields": {}},
        "Bag": {"path": "bags", "fields": {}},
    }
    found = Discovery(fields={"things": {"size": info}} if info else {})
    return build_schema(read_api({"types": types, **api}), codec_for, found).attribute("Thing", "size")


def reported(name: str, info: FieldInfo, **found: Any) -> Attribute:
    """The attribute that becomes of a field that only the server has."""
    api = read_api({"types": {"Thing": {"path": "things"}, "BigBox": {"path": "boxes", "model": "bigbox"}}})
    return build_schema(api, codec_for, Discovery(fields={"things": {name: info}}, **found)).attribute("Thing", name)


class TestDescribed:
    """A field of the description."""

    @pytest.mark.parametrize(
        "field",
        [
            {"detail_only": True},
            {"include": True},
            {"heavy": True},
            {"hidden": True},
            {"unshown": True},
            {"access": "wo"},
            {"access": "wn"},
            {"kind": "File"},
            {"kind": "Relation", "to": "Box", "many": True, "reverse_of": "thing"},
            {"kind": "Relation", "to": "Box", "many": True, "sublist": "boxes"},
        ],
        ids=str,
    )
    def test_what_not_every_answer_has_is_loaded_only_when_it_is_selected(self, field: dict[str, Any]) -> None:
        assert described({"kind": "Text"}).basic
        assert not described({"kind": "Text", **field}).basic

    def test_what_no_answer_of_the_server_has_is_not_loaded_by_default(self) -> None:
        api = read_api(
            {"types": {"Thing": {"path": "things", "fields": {"a": {"kind": "Text"}, "b": {"kind": "Text"}}}}}
        )
        fields = {"things": {"a": FieldInfo("Text")}}
        whole = build_schema(api, codec_for, Discovery(fields=fields, complete=frozenset({"things"})))
        part = build_schema(api, codec_for, Discovery(fields=fields))
        assert [True, False, True, True] == [
            schema.attribute("Thing", name).basic for schema in (whole, part) for name in ("a", "b")
        ]

    @pytest.mark.parametrize(
        ("access", "writable"),
        [("ro", False), ("rw", True), ("new", True), ("parent", True), ("wo", True), ("wn", True)],
    )
    def test_who_writes_it(self, access: str, writable: bool) -> None:
        found = described({"kind": "Text", "access": access})
        assert (writable, not writable) == (found.writable, found.readonly)

    def test_the_server_can_withdraw_it_but_not_a_list_that_an_action_writes(self) -> None:
        info = FieldInfo("Text", read_only=True)
        assert described({"kind": "Text", "access": "rw"}, info).readonly
        assert not described({"kind": "Text", "access": "rw", "action": "add"}, info).readonly
        assert described({"kind": "Text", "access": "ro"}, FieldInfo("Text", read_only=False)).readonly

    def test_a_file_is_not_written_as_a_value(self) -> None:
        found = described({"kind": "File", "access": "rw"})
        assert (False, False) == (found.writable, found.readonly)

    def test_what_must_be_given(self) -> None:
        needed, told = {"kind": "Text", "access": "rw"}, FieldInfo("Text", required=True)
        assert described({**needed, "required": True}).required
        assert not described(needed).required
        assert not described(needed, told).required
        assert described(needed, told, options_tell_required=True).required
        assert not described(needed, FieldInfo("Text"), options_tell_required=True).required
        assert not described({"kind": "Text"}, told, options_tell_required=True).required

    def test_relations_lead_to_their_type_or_to_the_one_that_stands_for_several(self) -> None:
        one = described({"kind": "Relation", "to": "Box", "reciprocal": "thing", "cascades": True})
        assert ("Box", "Box.thing", True, False) == (one.related, one.reciprocal, one.cascades, one.multi)
        unions = {"Holder": {"members": ["Box", "Bag"]}}
        several = described({"kind": "Relation", "to": ["Box", "Bag"], "union": "Holder", "many": True}, unions=unions)
        assert ("Holder", None, False, True) == (several.related, several.reciprocal, several.cascades, several.multi)

    def test_computed_and_rippling_values(self) -> None:
        found = described({"kind": "Number", "computed": True, "affects_related": True})
        plain = described({"kind": "Number"})
        assert (True, True, False, False) == (
            found.computed,
            found.affects_related,
            plain.computed,
            plain.affects_related,
        )

    @pytest.mark.parametrize("kind", ["Text", "Integer", "Number", "Html"])
    def test_the_server_may_list_the_values_of_texts_and_numbers(self, kind: str) -> None:
        listed = FieldInfo(described({"kind": "Choice", "choices": ["a", "b"]}).kind, "Size")
        found = described({"kind": kind}, listed)
        assert (listed.kind if kind in ("Text", "Integer") else kind, "Size") == (found.kind, found.label)

    def test_the_values_of_a_choice(self) -> None:
        for field in ({"choices": ["a", "b", "c"]}, {"choices": {"1": "a", "2": "b", "3": "c"}}):
            parse = described({"kind": "Choice", **field}).codec.parse
            assert (["a", "b", "c"] if isinstance(field["choices"], list) else [1, 2, 3]) == [*map(parse, "abc")]


class TestReported:
    """A field that only the server has."""

    def test_who_writes_it_and_what_is_computed(self) -> None:
        free, locked = reported("x", FieldInfo("Number", "X")), reported("x", FieldInfo("Number", read_only=True))
        assert (True, False, False, True, "X") == (free.writable, free.readonly, free.computed, free.basic, free.label)
        assert (False, True, True, True) == (locked.writable, locked.readonly, locked.computed, locked.basic)
        assert not reported("id", FieldInfo("Integer", read_only=True)).computed

    def test_what_must_be_given(self) -> None:
        assert reported("x", FieldInfo("Text", required=True)).required
        assert not reported("x", FieldInfo("Text", required=True, read_only=True)).required

    def test_a_file(self) -> None:
        found = reported("x", FieldInfo("File"))
        assert (False, False, False) == (found.writable, found.readonly, found.basic)

    @pytest.mark.parametrize(
        ("kind", "related"), [("Json", "BigBox"), ("Uuid", "BigBox"), ("Integer", "BigBox"), ("Text", None)]
    )
    def test_one_with_the_name_of_a_model_is_a_relation(self, kind: str, related: str | None) -> None:
        found = reported("big_box", FieldInfo(kind))
        assert (related, "Relation" if related else kind) == (found.related, found.kind)

    def test_an_id_without_a_word_for_it_is_a_uuid(self) -> None:
        assert ["Uuid", "Json"] == [reported(name, FieldInfo("Json")).kind for name in ("id", "size")]

    def test_what_is_written_under_another_key_is_no_second_attribute(self) -> None:
        types = {"Thing": {"path": "things", "fields": {"size": {"kind": "Text", "written_key": "set_size"}}}}
        info = FieldInfo("Text")
        found = Discovery(fields={"things": {"set_size": info, "size": info, "no-name": info, "other": info}})
        attributes = build_schema(read_api({"types": types}), codec_for, found).type("Thing").attributes
        assert {"size", "other", "id"} == attributes.keys()


class TestIdentity:
    """Every asset of a server of lists has an id."""

    @pytest.mark.parametrize(("key", "kind"), [("int", "Integer"), ("uuid", "Uuid")])
    def test_an_id_that_is_not_described(self, key: str, kind: str) -> None:
        api = read_api({"types": {"Thing": {"path": "things"}, "Part": {"path": "parts", "own": "name"}}, "key": key})
        schema = build_schema(api, codec_for)
        found = schema.attribute("Thing", "id")
        assert (kind, True, False, True) == (found.kind, found.readonly, found.writable, found.basic)
        assert isinstance(found.codec, Integer) is (key == "int")
        assert {} == schema.type("Part").attributes

    def test_it_is_what_people_know_an_asset_by_where_there_is_nothing_better(self) -> None:
        def display(*names: str, **more: str) -> str | None:
            thing = {"path": "things", "fields": {name: {"kind": "Text"} for name in names}, **more}
            return build_schema(read_api({"types": {"Thing": thing}}), codec_for).type("Thing").display

        assert ["label", "name", "title", "id", "id"] == [
            display("name", "label", display="label"),
            display("title", "name"),
            display("title"),
            display("size"),
            display("size", display="label"),
        ]


class TestTypes:
    """A type of the description, and one that only the server has."""

    def test_what_it_is(self) -> None:
        thing = {
            "path": "things", "model": "thing", "label": "A thing", "short": "number", "soft": True, "choices": True,
            "part_of": ["Box", "Bag"], "actions": {"open": {"method": "POST", "path": "open"}},
        }  # fmt: skip
        api = read_api({"types": {"Thing": thing, "Part": {"path": "parts", "parent": "Thing", "up": "thing"}}})
        schema = build_schema(api, codec_for, Discovery(content_types={"thing": 7}), "2.1")
        found, part = schema.type("Thing"), schema.type("Part")
        assert ("things", 7, "A thing", "number", "deleted", True, ("Box", "Bag"), ["open"], "2.1") == (
            found.endpoint, found.number, found.label, found.short, found.deleted, found.choices, found.part_of,
            list(found.operations), schema.version,
        )  # fmt: skip
        assert ("", None, None, False) == (part.endpoint, part.number, part.deleted, part.choices)

    def test_a_path_that_only_the_server_has_gets_a_name_of_its_own(self) -> None:
        api = read_api({"types": {"Gadget": {"path": "old/gadgets"}}, "unions": {"Tool": {"members": ["Gadget"]}}})
        schema = build_schema(api, codec_for, Discovery(paths=("gadgets", "tools", "old/gadgets")))
        concrete: list[AssetType] = [kind for kind in schema.types.values() if not kind.abstract]
        assert ["old/gadgets", "gadgets", "tools"] == [kind.endpoint for kind in concrete]
        assert 3 == len({kind.name for kind in concrete} - {"Tool"})

    def test_a_union_without_members_stands_for_all(self) -> None:
        api = read_api({"types": {"A": {"path": "a"}, "B": {"path": "b"}}, "unions": {"Any": {"display": "id"}}})
        union = build_schema(api, codec_for).type("Any")
        assert (("A", "B"), "id", True) == (union.members, union.display, union.abstract)


@BUNDLED
def test_a_relation_to_several_types_names_the_type_that_stands_for_them(api: Api) -> None:
    fields: list[Field] = [field for resource in api.types.values() for field in resource.fields.values()]
    assert [field.to for field in fields if field.to]
    assert [] == [field for field in fields if len(field.to) > 1 and field.union is None]
