"""Generated organizations: their size, that they can be made again, that they hang together; and the data file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from assetmeta import sandbox
from assetmeta.sandbox.testspace.app import Testspace as Organization
from assetmeta.sandbox.testspace.population import count
from digest import digest
from nonempty import nonempty
from sandbox.testspace.web import Web, outcomes

TABLES = ("user", "project", "member", "space", "result", "content", "failure", "metric", "dataset")


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with sandbox.running("testspace", assets=2000, seed=4) as server:
        yield Web(server)


def dump(face: Organization) -> list[object]:
    return [face.store.all(f"SELECT * FROM {table}") for table in TABLES]


class TestSize:
    @pytest.mark.parametrize("assets", [0, 100, 300, 1000, 2000])
    def test_about_as_many_as_requested(self, assets: int) -> None:
        face = Organization.filled(assets, 1, None)
        rows = sum(face.store.number(f"SELECT COUNT(*) FROM {table}") for table in TABLES)
        seeded = 202
        assert (rows, True) == (count(face.store), max(assets, seeded) <= rows <= max(assets, seeded) + 60)
        face.close()

    def test_the_same_seed_gives_the_same_data(self) -> None:
        faces = [Organization.filled(800, seed, None) for seed in (1, 1, 2)]
        first, second, third = (dump(face) for face in faces)
        assert first == second
        # In every version: what changes it is meant to.
        assert "f2c335c0ea92bec3" == digest([[list(row) for row in table] for table in first])
        assert first != third
        for face in faces:
            face.close()


class TestCoherence:
    def test_lists_take_more_than_one_page(self, web: Web) -> None:
        spaces = [space for project in web.get("projects") for space in web.get(f"projects/{project['id']}/spaces")]
        paged = [space for space in spaces if "next" in web.send("GET", f"spaces/{space['id']}/results").links]
        assert paged
        metric = web.get(f"spaces/{paged[0]['id']}/metrics")[0]["id"]
        assert "next" in web.send("GET", f"spaces/{paged[0]['id']}/metrics/{metric}/datasets").links

    def test_states_of_all_kinds(self, web: Web) -> None:
        rows = web.face.store.all("SELECT DISTINCT state FROM failure")
        assert {"new", "consistent", "flaky", "passing", "resolved"} == {row["state"] for row in rows}
        assert web.face.store.number("SELECT COUNT(*) FROM failure WHERE exempt")
        assert web.face.store.number("SELECT COUNT(*) FROM content WHERE type = 'folder'")

    def test_counts_of_failures_are_those_of_the_list(self, web: Web) -> None:
        states = ("new", "flaky", "consistent", "passing", "resolved")
        for space in nonempty(web.get("projects/abccorp%3Abilling/spaces")[:2]):
            for result in nonempty(web.get(f"spaces/{space['id']}/results")):
                rows = web.all(f"spaces/{space['id']}/results/{result['id']}/failures")
                plain = [row["state"] for row in rows if not row["exempt"]]
                wanted = [*(plain.count(state) for state in states), sum(row["exempt"] for row in rows)]
                assert wanted == result["failure_counts"]

    def test_histories_agree_with_the_outcomes(self, web: Web) -> None:
        """A failing case that is exempt counts as not applicable: its letter stays the outcome."""
        space = web.get("projects/abccorp%3Abilling/spaces?name=main")[0]["id"]
        results = [row for row in reversed(web.all(f"spaces/{space}/results")) if row["complete"]]
        before = [outcomes(web, f"spaces/{space}/results/{row['id']}") for row in results]
        checked = 0
        for number, result in enumerate(results, 1):
            for failure in web.all(f"spaces/{space}/results/{result['id']}/failures"):
                known = [cases.get(failure["key"], "M") for cases in before[:number]][-len(failure["history"]) :]
                if not failure["exempt"] and "N" not in known:
                    checked += 1
                    assert known == failure["history"], failure
        assert checked > 30

    def test_counts_of_cases_are_those_of_the_files(self, web: Web) -> None:
        space = web.get("projects/abccorp%3Abilling/spaces?name=main")[0]["id"]
        for result in nonempty(web.get(f"spaces/{space}/results")[:5]):
            letters = list(outcomes(web, f"spaces/{space}/results/{result['id']}").values())
            assert [letters.count(letter) for letter in "PFNE"] == result["case_counts"][:4]

    def test_health_agrees_with_the_counts(self, web: Web) -> None:
        space = web.get("projects/abccorp%3Abilling/spaces?name=main")[0]["id"]
        for result in nonempty(web.all(f"spaces/{space}/results")):
            passed, failed, _, errored, _ = result["case_counts"]
            if result["complete"]:
                badge = next(row for row in result["health"]["badges"] if row["name"] == "test")
                assert passed * 100 // (passed + failed + errored) == badge["value"]
                assert ("passing" if failed + errored == 0 else "failing") == badge["status"]


class TestTheFile:
    def test_data_stay(self, tmp_path: Path) -> None:
        path = str(tmp_path / "ts.db")
        with sandbox.running("testspace", assets=400, db=path) as server:
            web = Web(server)
            project = web.project("kept")
            before = web.get("projects")
        with sandbox.running("testspace", assets=900, db=path) as server:
            web = Web(server)
            shown = [row | {"spaces_url": ""} for row in web.get("projects")]
            assert [row | {"spaces_url": ""} for row in before] == shown
            web.delete(f"projects/{project}")
            assert project < web.project("next")

    def test_another_kind_of_file_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "note.txt"
        path.write_text("no database at all, but long enough to be one " * 50, encoding="utf-8")
        with pytest.raises(sqlite3.DatabaseError), sandbox.running("testspace", db=str(path)):
            pass

    def test_a_failed_change_leaves_nothing(self, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
        """A space is stored with its metrics or not at all."""
        store, insert = web.face.store, web.face.store.insert

        def failing(table: str, values: dict[str, object]) -> int:
            if table == "metric":
                raise OSError("disk full")
            return insert(table, values)

        monkeypatch.setattr(store, "insert", failing)
        answer = web.send("POST", "projects/4/spaces", {"name": "half"})
        monkeypatch.undo()
        assert 500 == answer.status_code
        web.refused("GET", "projects/4/spaces/half", 404)

    def test_many_writers_at_once(self, web: Web) -> None:
        space = web.space(4, "busy")

        def write(number: int) -> int:
            body, url = {"name": f"r{number}"}, web.url(f"spaces/{space}/results")
            return requests.post(url, json=body, auth=("admin", "admin"), timeout=30).status_code

        with ThreadPoolExecutor(8) as pool:
            assert {201} == set(pool.map(write, range(40)))
        numbers = [row["sequence_number"] for row in web.all(f"spaces/{space}/results")]
        assert list(range(40, 0, -1)) == numbers
