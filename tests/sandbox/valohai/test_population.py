"""What an installation holds: the same for the same seed, about as much as asked for, and still there in a file."""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from assetmeta import sandbox
from assetmeta.sandbox.messages import Request
from assetmeta.sandbox.rest.clock import utc_now
from assetmeta.sandbox.valohai import ids
from assetmeta.sandbox.valohai.app import Valohai
from assetmeta.sandbox.valohai.catalogue import BELONGING, KINDS
from assetmeta.sandbox.valohai.model import Row
from assetmeta.sandbox.valohai.settings import Settings
from assetmeta.sandbox.valohai.store import Store
from assetmeta.sandbox.valohai.workspace import Workspace
from digest import digest
from nonempty import nonempty
from sandbox.valohai.web import Web


def everything(face: Valohai) -> dict[str, dict[Any, Row]]:
    return {name: dict(face.space.store.rows(name)) for name in KINDS}


def size(face: Valohai) -> int:
    return sum(len(face.space.store.ids(name)) for name in KINDS)


def ask(face: Valohai, path: str) -> Any:
    headers = {"authorization": f"Token {face.token}"}
    where, _, query = path.partition("?")
    return json.loads(face.answer(Request("GET", f"/api/v0/{where}", query, headers, b"", "http://h")).body)


class TestPopulation:
    def test_the_same_for_the_same_seed(self) -> None:
        faces = [Valohai.filled(150, seed, None) for seed in (4, 4, 5)]
        one, same, other = (everything(face) for face in faces)
        assert one == same != other
        # In every version: what changes it is meant to.
        plain = {kind: sorted(map(json.dumps, rows.values())) for kind, rows in one.items()}
        assert "11e6e370cae81976" == digest(plain)

    @pytest.mark.parametrize("assets", [150, 400, 1200])
    def test_about_as_many_as_requested(self, assets: int) -> None:
        face = Valohai.filled(assets, 1, None)
        assert abs(size(face) - assets) <= 0.1 * assets + 15

    def test_without_assets_there_is_what_everybody_has(self) -> None:
        face = Valohai.filled(0, 1, None)
        held = {name for name in KINDS if face.space.store.ids(name)}
        assert held == {"user", "organization", "environment", "store"}

    def test_everything_hangs_together(self) -> None:
        store = Valohai.filled(400, 2, None).space.store
        for kind in KINDS.values():
            for row in store.rows(kind.name).values():
                for field in kind.relations:
                    targets = row[field.name] if field.type == "refs" else [row[field.name]]
                    assert not field.required or targets[0] is not None
                    for target in targets:
                        found = [
                            name for name in field.to if target is not None and store.get(name, target) is not None
                        ]
                        assert found or target is None, (kind.name, field.name, target)

    def test_counters_run_from_one_without_gaps(self) -> None:
        store = Valohai.filled(400, 2, None).space.store
        for kind in (kind for kind in KINDS.values() if kind.counted):
            owners = {row[kind.counted] for row in store.rows(kind.name).values()}
            for owner in owners:
                own = store.pointing(kind.name, kind.counted, owner)
                assert [store.rows(kind.name)[id]["counter"] for id in own] == list(range(1, len(own) + 1))

    def test_runs_have_come_to_their_end(self) -> None:
        for row in nonempty(Valohai.filled(400, 2, None).space.store.rows("execution").values()):
            assert row["status"] in ("complete", "error", "stopped", "crashed")
            assert row["ctime"] < row["started"] < row["end_time"]
            assert all("Z" not in event["time"] for event in row["events"])

    def test_every_datum_has_its_bytes(self) -> None:
        store = Valohai.filled(150, 2, None).space.store
        for id, row in nonempty(store.rows("datum").items()):
            found = store.read_blob("datum", id)
            assert found is not None and len(found[2]) == row["size"]

    def test_names_that_careless_clients_stumble_over(self) -> None:
        store = Valohai.filled(1000, 1, None).space.store
        names = {row["name"] for row in store.rows("datum").values()}
        assert any("/" in name for name in names) and "../../escape.txt" in names and "数据/测量.csv" in names

    def test_somebody_sees_a_part_only(self) -> None:
        with sandbox.running("valohai", assets=300) as server:
            counts = {
                user: Web(server, user).get("projects/")["count"] for user in ("admin", "ada", "reader", "outsider")
            }
        assert counts == {"admin": 2, "ada": 2, "reader": 1, "outsider": 1}


class TestFile:
    def test_it_is_there_again(self, tmp_path: Path) -> None:
        path = str(tmp_path / "valohai.db")
        with sandbox.running("valohai", assets=100, db=path) as server:
            web = Web(server)
            project = web.project("Kept")
            web.delete(f"projects/{web.project('Gone')}/")
            run = web.execution(project)
            before, rows = everything(web.face), web.get("executions/?limit=1000")["results"]
        with sandbox.running("valohai", assets=100, db=path) as server:
            web = Web(server)
            assert everything(web.face) == before
            assert [row["id"] for row in web.get("executions/?limit=1000")["results"]] == [row["id"] for row in rows]
            assert web.get(f"executions/{project}:1/")["id"] == run
            assert web.get(f"executions/{web.execution(project)}/")["counter"] == 2
            assert web.project("New") > project

    def test_another_sort_of_file_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "text.db"
        path.write_text("no database at all, but a text that is long enough to be taken for one" * 20)
        with pytest.raises(sqlite3.DatabaseError):
            Valohai.filled(0, 1, str(path))


class TestStore:
    def test_all_or_nothing(self) -> None:
        face = Valohai.filled(80, 1, None)
        store, before = face.space.store, everything(face)
        project, datum = store.ids("project")[0], store.ids("datum")[0]
        blob = store.read_blob("datum", datum)
        with pytest.raises(ZeroDivisionError), store.lock, store.transaction():
            face.space.add("datum", name="x", project=project)
            face.space.change("project", project, name="y")
            store.remove("datum", datum)
            store.next("key")
            raise ZeroDivisionError
        assert everything(face) == before and store.read_blob("datum", datum) == blob
        assert store.pointing("datum", "project", project) == [
            id for id in store.ids("datum") if before["datum"][id]["project"] == project
        ]

    def test_nothing_is_written_outside_of_a_transaction(self) -> None:
        face = Valohai.filled(0, 1, None)
        with pytest.raises(RuntimeError, match="outside of a transaction"):
            face.space.add("project", name="x", owner=1)
        with pytest.raises(RuntimeError, match="outside of a transaction"):
            face.space.store.write_blob("datum", "x", "x", "x", b"")

    def test_defaults_are_not_shared(self) -> None:
        space = Workspace(Store(), Settings())
        with space.store.transaction():
            one, two = space.add("project", name="a"), space.add("project", name="b")
        space.store.rows("project")[one]["tags"].append("x")
        assert space.store.rows("project")[two]["tags"] == []

    def test_many_at_once(self) -> None:
        with sandbox.running("valohai") as server:
            web = Web(server)
            project = web.project()
            with ThreadPoolExecutor(8) as pool:
                alias = lambda number: Web(server).post(  # noqa: E731
                    "datum-aliases/", {"name": str(number), "project": project}
                )
                made = list(pool.map(alias, range(40)))
            assert web.get(f"datum-aliases/?project={project}")["count"] == len({one["id"] for one in made}) == 40


class TestKeys:
    def test_they_sort_by_time_and_then_by_number(self) -> None:
        now = utc_now()
        made = [ids.ordered(now, serial) for serial in range(1, 500)]
        assert made == sorted(made) and len(set(made)) == 499
        assert all(ids.read(key) == key for key in made)

    @pytest.mark.parametrize("text", ["", "x", "1", "0" * 32 + "0", "{" + "0" * 34 + "}", "٠" * 32, "g" * 32])
    def test_what_is_none(self, text: str) -> None:
        assert ids.read(text) is None


class TestCatalogue:
    def test_every_relation_leads_somewhere(self) -> None:
        for kind in KINDS.values():
            assert kind.parent == "" or kind.parent in kind.by_name
            assert all(target in KINDS for field in kind.fields for target in field.to)
            assert all(filter.field.partition(".")[0] in kind.by_name for filter in kind.filters.values())

    def test_what_belongs_to_a_project(self) -> None:
        names = {name for name, _ in BELONGING["project"]}
        assert names == {
            *("repository", "commit", "execution", "task", "pipeline", "datum", "datum_alias", "deployment"),
        }

    def test_bodies_have_exactly_the_fields_of_their_shape(self) -> None:
        face = Valohai.filled(200, 1, None)
        for kind in KINDS.values():
            page = ask(face, f"{kind.path}/?limit=1")
            if page["results"]:
                row = page["results"][0]
                assert list(row) == [field.name for field in kind.shape("r")]
                if kind.single:
                    assert list(ask(face, f"{kind.path}/{row[kind.key]}/")) == [field.name for field in kind.shape("d")]
