"""The deployment as a whole: started by name, kept in a file, spoilt by faults, changed by its settings."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent

import pytest
import requests

from assetmeta import sandbox
from sandbox.valispace.web import Web


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with sandbox.running("valispace", assets=150) as server:
        yield Web(server)


class TestStarting:
    def test_the_handle(self, web: Web) -> None:
        server = web.server
        assert server.url == f"http://127.0.0.1:{server.port}"
        assert server.credentials == {"url": server.url, "username": server.user, "password": server.secret}
        assert server.token_credentials == {"url": server.url, "token": server.token}
        assert web.log_in()["access_token"]

    def test_it_has_about_as_many_objects_as_asked(self, web: Web) -> None:
        every = sum(len(web.get(f"{name}/")) for name in web.get("") if name != "contenttypes")
        assert 100 <= every <= 500
        assert web.get("components/") and web.get("valis/") and web.get("requirements/")

    def test_same_seed_same_objects(self, web: Web) -> None:
        with sandbox.running("valispace", assets=150) as server:
            again = Web(server)
            for name in ("components", "valis", "requirements/component-vms"):
                assert again.get(f"{name}/?fields=id,name") == web.get(f"{name}/?fields=id,name")

    def test_a_file_keeps_the_objects(self, tmp_path: Path) -> None:
        file = str(tmp_path / "deployment.db")
        with sandbox.running("valispace", db=file, assets=60) as server:
            first = Web(server)
            first.component("Kept", first.project("Keeping"))
            before = first.get("components/")
        with sandbox.running("valispace", db=file, assets=60) as server:
            assert Web(server).get("components/") == before


class TestFixtures:
    SCRIPT = """
        import requests

        def projects(server):
            headers = {"Authorization": f"Bearer {server.token}"}
            return requests.get(f"{server.url}/rest/project/", headers=headers, timeout=30).json()

        def test_fresh_and_empty(valispace_sandbox):
            assert projects(valispace_sandbox) == []

        def test_shared_and_full(valispace_sandbox_shared):
            assert projects(valispace_sandbox_shared)
    """

    def test_in_a_run_of_its_own(self, tmp_path: Path) -> None:
        """A session fixture would outlive this module."""
        (tmp_path / "test_mine.py").write_text(dedent(self.SCRIPT))
        plugin = "pytest_assetmeta"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", plugin, str(tmp_path)]
        own = {"PYTHONPATH": str(Path(__file__).parents[3]), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        environment = os.environ | own
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100)
        assert "2 passed" in done.stdout, done.stdout + done.stderr


class TestFaults:
    def test_a_write_is_done_though_its_answer_is_lost(self, web: Web) -> None:
        web.server.add_fault("drop", path="/rest/tag/")
        with pytest.raises(requests.ConnectionError):
            web.send("POST", "tag/", {"name": "lost answer"})
        assert "lost answer" in [tag["name"] for tag in web.get("tag/")]

    def test_the_log(self, web: Web) -> None:
        web.server.requests.clear()
        web.get("project/?name=x")
        assert web.server.requests == [("GET", "/rest/project/?name=x", 200)]


class TestSettings:
    def test_slow_lists(self, web: Web) -> None:
        web.face.settings.slow_lists = 0.2
        try:
            started = time.perf_counter()
            web.get("tag/")
            assert time.perf_counter() - started >= 0.2
            web.face.settings.slow_lists = 60.0
            web.get("own-profile/")
        finally:
            web.face.settings.slow_lists = 0.0

    def test_lists_without_valis(self, web: Web) -> None:
        web.face.settings.bare_lists = True
        try:
            rows = web.get("components/")
            assert all("valis" not in row and "children" in row for row in rows)
            assert "valis" in web.get(f"components/{rows[0]['id']}/")
        finally:
            web.face.settings.bare_lists = False

    def test_shortest_names(self, web: Web) -> None:
        deep = next(row for row in web.get("components/") if row["parent"] is not None)
        web.face.settings.shortest_names = True
        try:
            short = web.get(f"components/{deep['id']}/")["unique_name"]
        finally:
            web.face.settings.shortest_names = False
        assert deep["unique_name"].endswith(short)
        assert web.get(f"components/{deep['id']}/")["unique_name"] == deep["unique_name"]

    @pytest.mark.parametrize("name", ["comment", "rationale"])
    def test_one_name_for_the_rationale(self, web: Web, name: str) -> None:
        web.face.settings.rationale = "comment" if name == "comment" else "rationale"
        try:
            row = web.get("requirements/")[0]
            assert {"comment", "rationale"} & row.keys() == {name}
        finally:
            web.face.settings.rationale = "both"


class TestConcurrency:
    def test_many_at_once(self, web: Web) -> None:
        """Writers and readers share one deployment: every write is there once, no answer is a fault."""
        project = web.project("Crowd")
        top = web.component("Crowd", project)
        headers = {"Authorization": f"Bearer {web.server.token}"}

        def work(number: int) -> int:
            body = {"shortname": f"V{number}", "parent": top, "formula": str(number)}
            made = requests.post(web.url("valis/"), json=body, headers=headers, timeout=30)
            listed = requests.get(web.url(f"valis/?parent={top}"), headers=headers, timeout=30)
            assert listed.status_code == 200
            return made.status_code

        with ThreadPoolExecutor(6) as pool:
            assert set(pool.map(work, range(60))) == {201}
        found = web.get(f"valis/?parent={top}")
        assert sorted(each["value"] for each in found) == [float(number) for number in range(60)]
