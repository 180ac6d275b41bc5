"""What a dialect remembers of its server is bounded and goes together; what it writes back is what it read."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from assetmeta.backends.local.records import aggregate
from assetmeta.backends.rest import options
from assetmeta.backends.rest.codecs import choice_kind, choice_of
from assetmeta.backends.rest.encode import as_read
from assetmeta.backends.rest.spec import Api
from assetmeta.backends.valispace import Valispace
from assetmeta.backends.valispace.keys import resolve_text
from assetmeta.backends.valohai import Valohai
from assetmeta.backends.valohai.connection import bundled
from assetmeta.model.errors import BadValue, Unsupported
from assetmeta.model.http import Request, Response
from assetmeta.model.paths import LOCAL_AGGREGATES
from assetmeta.model.plans import AttributeChange, Delete, Done, Update
from assetmeta.model.schema import AssetType, Attribute, Schema
from assetmeta.model.schema_json import from_text, to_text
from assetmeta.model.values import UNREAD, Oid

Play = Callable[..., tuple[Any, list[Request]]]
STORED = {"nested": [1, {"deep": None}], "text": "ü"}


def js(document: object, status: int = 200) -> Response:
    return Response(status, {"content-type": "application/json"}, json.dumps(document).encode())


class TestLock:
    """Several threads read through one memory: what changes it, and what goes through it, holds its lock."""

    @pytest.fixture
    def memory(self) -> options.ServerMemory:
        memory = options.ServerMemory()

        class Guarded(dict[Any, Any]):
            def __setitem__(self, key: object, value: object) -> None:
                assert memory.lock.locked()
                super().__setitem__(key, value)

            def pop(self, key: object, default: object = None) -> Any:
                assert memory.lock.locked()
                return super().pop(key, default)

            def setdefault(self, key: object, default: Any = None) -> Any:
                assert memory.lock.locked()
                return super().setdefault(key, default)

            def __reversed__(self) -> Any:
                assert memory.lock.locked() or len(self) < 2
                return super().__reversed__()

        for name in ("places", "numbered", "projects", "present", "absent", "short"):
            setattr(memory, name, Guarded())
        return memory

    def test_it_is_held_for_every_change(self, memory: options.ServerMemory) -> None:
        memory.remember(Oid("Execution", "e"), "p", 7)
        memory.remember(Oid("Execution", "e"), "q", 8)
        memory.remember_project("p")
        memory.remember_keys("Project", ["id"])
        memory.remember_missing("Project", "name", whole=True)
        memory.remember_missing("Project", "name", whole=False)
        assert {("Execution", "q", 8): Oid("Execution", "e")} == memory.numbered
        assert (["p"], {"Project": {"id"}}) == (list(memory.projects), memory.present)
        assert {"Project": {"name"}} == memory.absent == memory.short
        assert not memory.lock.locked()

    def test_it_is_held_while_the_projects_are_listed(self, memory: options.ServerMemory) -> None:
        dict.update(memory.projects, {"p": None, "q": None})
        assert ["q", "p"] == memory.recent_projects()

    def test_what_is_known_takes_no_lock(self, memory: options.ServerMemory) -> None:
        memory.remember(Oid("Execution", "e"), "p", 7)
        memory.remember_project("p")
        memory.remember_keys("Project", ["id", "name"])
        with memory.lock:
            memory.remember(Oid("Execution", "e"), "p")
            memory.remember(Oid("Execution", "e"), None, 9)
            memory.remember_project("p")
            memory.remember_keys("Project", ["name"])
            assert [False, True] == [memory.is_unseen("Project", key) for key in ("id", "size")]

    def test_how_many_are_in_which_project(self, memory: options.ServerMemory) -> None:
        oids = [Oid("Execution", key) for key in "abcd"]
        for oid, project in zip(oids, "ppq", strict=False):
            memory.remember(oid, project)
        assert {"p": 2, "q": 1, None: 1} == memory.projects_of(oids)

    def test_the_latest_project_is_the_first(self, memory: options.ServerMemory) -> None:
        latest = options.ServerMemory()
        for project in ("p", "q", None, "p"):
            latest.remember_project(project)
        assert ["p", "q"] == latest.recent_projects()

    def test_a_forked_process_has_a_free_lock(self, memory: options.ServerMemory) -> None:
        with memory.lock:
            memory.after_fork()
            assert not memory.lock.locked()


class TestBounds:
    """What a session remembers of a server is bounded, and what it has forgotten does no harm."""

    def test_the_latest_projects_and_organizations_are_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(options, "_PROJECTS", 3)
        monkeypatch.setattr(options, "_REMEMBERED", 2)
        memory = options.ServerMemory()
        for project in (1, 2, 3, 1, 4, 5):
            memory.remember_project(project)
            memory.remember_organization(project)
        assert [5, 4, 1] == memory.recent_projects()
        assert [4, 5] == list(memory.organizations)

    def test_what_one_write_creates_is_kept_until_the_next(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(options, "_REMEMBERED", 2)
        memory = options.ServerMemory()
        memory.begin_write()
        for number in range(1, 6):
            memory.remember_created(Oid.new("Vali", number), Oid("Vali", 100 + number))
        assert [101, 105] == [getattr(memory.real_oid(Oid.new("Vali", number)), "key", None) for number in (1, 5)]
        memory.begin_write()
        assert [104, 105] == [oid.key for oid in memory.created.values()]

    def test_a_formula_never_names_another_vali_than_it_did(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(options, "_REMEMBERED", 1)
        memory = options.ServerMemory()
        for number in (1, 2):
            memory.remember_created(Oid.new("Vali", number), Oid("Vali", 100 + number))
        memory.begin_write()
        assert "$102*2" == resolve_text("$new-2*2", memory.real_oid)
        # Nothing was ever created under this name, which is then a property called "new".
        assert "$new-3*2" == resolve_text("$new-3*2", memory.real_oid)
        with pytest.raises(BadValue, match=r"created as new-1 is not remembered any more; name it by its id"):
            resolve_text("$new-1*2", memory.real_oid)

    def test_every_write_forgets(self, vs_schema: Schema, play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(options, "_REMEMBERED", 1)
        dialect = Valispace()
        for number in (1, 2):
            dialect.memory.remember_created(Oid.new("Vali", number), Oid("Vali", 100 + number))
        play(dialect.write(vs_schema, [Delete(Oid("Vali", 7))]), Response(204, {}, b""))
        assert [Oid("Vali", 102)] == list(dialect.memory.created.values())


class TestValohai:
    def test_what_was_numbered_is_forgotten_with_its_place(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(options, "_REMEMBERED", 3)
        learned = options.ServerMemory()
        for number in range(1, 6):
            learned.remember(Oid("Execution", f"e{number}"), "p", number)
        assert ["e3", "e4", "e5"] == [oid.key for oid in learned.places]
        assert [3, 4, 5] == [number for _, _, number in learned.numbered]

    def test_an_asset_that_moved_has_one_number(self) -> None:
        learned = options.ServerMemory()
        oid = Oid("Execution", "e")
        learned.remember(oid, "p", 7)
        learned.remember(oid, "p")
        assert {("Execution", "p", 7): oid} == learned.numbered
        learned.remember(oid, "q", 8)
        assert {("Execution", "q", 8): oid} == learned.numbered

    def test_a_put_of_a_whole_object_repeats_its_json_unchanged(self, vh_schema: Schema) -> None:
        needed = [
            (endpoint, name)
            for endpoint in bundled().types.values()
            for name, known in endpoint.fields.items()
            if "update" in endpoint.writes
            and known.kind == "Json"
            and known.is_updatable
            and not known.secret
            and not known.shape
        ]
        assert needed
        for endpoint, name in needed:
            attribute = vh_schema.attribute(endpoint.type, name)
            assert as_read(attribute, endpoint.fields[name], json.dumps(STORED)) == STORED

    def test_it_is_sent_as_it_was(self, vh_schema: Schema, play: Play) -> None:
        """No field of JSON goes along with every PUT today; one that does is sent as it was read."""
        table = bundled()
        store = table.types["Store"]
        store = replace(store, fields={**store.fields, "paths": replace(store.fields["paths"], always_sent=True)})
        table = replace(table, types={**table.types, "Store": store})
        oid = Oid("Store", "01943a8e-45d0-0006-89de-38def875223b")
        change = Update(oid, (AttributeChange("allow_write", UNREAD, False),))
        item = {"id": oid.key, "name": "s", "access_mode": "public", "allow_write": False, "paths": STORED}

        class Changed(Valohai):
            @property
            def api(self) -> Api:
                return table

        flow = Changed().write(vh_schema, [change])
        [outcome], made = play(flow, js({}, 405), js({**item, "allow_write": True}), js(item))
        assert isinstance(outcome, Done)
        assert ["PATCH", "GET", "PUT"] == [request.method for request in made]
        assert isinstance(made[-1].body, bytes)
        assert json.loads(made[-1].body)["paths"] == STORED


class TestTestspace:
    def test_remembered_projects_stay_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(options, "_REMEMBERED", 3)
        memory = options.ServerMemory()
        spaces = [Oid("Space", number) for number in range(1, 6)]
        for number, space in enumerate(spaces, start=101):
            memory.remember(space, number)
        assert spaces[2:] == list(memory.places)
        assert {None: 1, 105: 1} == memory.projects_of([spaces[0], spaces[4]])

    def test_an_attribute_that_cannot_be_written_is_read_only(self, ts_schema: Schema) -> None:
        for type_name, written in {"Project": {"name", "description", "is_private", "source_repo"}}.items():
            attributes = ts_schema.type(type_name).attributes.values()
            assert written == {one.name for one in attributes if one.writable}
            assert all(one.readonly is not one.writable for one in attributes)
        result = ts_schema.type("Result").attributes
        assert [True, False, False] == [result[name].writable for name in ("complete", "case_counts", "id")]


class TestChoices:
    @pytest.mark.parametrize("is_open", [True, False])
    def test_open_ones_take_unknown_values_through_the_schema_and_back(self, is_open: bool) -> None:
        kind = choice_kind((("a", "First"), ("b", "")), open=is_open)
        codec = choice_of(kind)
        assert codec is not None
        attribute = Attribute("state", kind, codec)
        schema = Schema({"T": AssetType("T", {"state": attribute})})
        again = from_text(to_text(schema), Valispace().codec).attribute("T", "state")
        for one in (attribute, again):
            assert one.codec.parse("a") == "a"
            if is_open:
                assert one.codec.parse("unheard of") == "unheard of"
            else:
                with pytest.raises(ValueError, match="unheard of"):
                    one.codec.parse("unheard of")
            assert str(one.codec.decode("unheard of")) == "unheard of"


class TestAggregates:
    def test_those_that_only_other_servers_know_are_refused(self) -> None:
        assert (2, 3) == (aggregate("Count", [1, 2]), aggregate("Sum", [1, 2]))
        assert all(aggregate(word, [1]) == 1 for word in LOCAL_AGGREGATES)
        for word in ("Average", "Distinct", "Median", "count", ""):
            with pytest.raises(Unsupported):
                aggregate(word, [1, 2])
