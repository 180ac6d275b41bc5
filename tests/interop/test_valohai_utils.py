"""The vendor's library for code that runs in executions, where it speaks HTTP: inputs by address, and webhooks."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from assetmeta import sandbox

pytest.importorskip("valohai")
pytest.importorskip("valohai_cli", minversion="0.37")

import valohai
import valohai.internals.download
import valohai.internals.global_state
import valohai.webhooks
from valohai_cli.settings import settings
from valohai_cli.settings.persistence import FilePersistence

from interop.vh import CONFIG, Desk

REPOSITORY = "https://git.example.org/ada/utils.git"
CONTENT = "weights\n"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A client with a linked project."""
    with sandbox.running("valohai") as server:
        desk = Desk(server, tmp_path_factory.mktemp("utils"))
        desk.log_in()
        desk("project", "create", "--name", desk.linked, "--owner", "admin")
        server.face.remote.push(REPOSITORY, CONFIG)  # type: ignore[attr-defined]
        desk.api("PATCH", f"projects/{desk.project}/", {"repository": {"url": REPOSITORY}})
        desk("project", "fetch")
        yield desk


@pytest.fixture(scope="module")
def datum(desk: Desk) -> dict[str, Any]:
    """The output of an execution, with the alias "weights"."""
    body = {"project": desk.project, "commit": "main", "step": "train"}
    execution = desk.api("POST", "executions/", body)["id"]
    desk.pass_time()
    (found,) = desk.api("GET", f"executions/{execution}/outputs/")
    desk.api("POST", f"data/{found['id']}/metadata/", {"valohai.alias": "weights"})
    return dict(found)


@pytest.fixture
def inside(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The folder of the code with the client's settings; the folder that inputs go to."""
    with desk.environment():
        settings.reset()
        settings.persistence = FilePersistence(lambda: str(desk.home / "config" / "config.json"))
        monkeypatch.setenv("VH_INPUTS_DIR", str(tmp_path))
        monkeypatch.setenv("VH_CONFIG_DIR", str(tmp_path / "none"))
        monkeypatch.setattr(sys, "argv", ["train.py"])
        yield tmp_path
    valohai.internals.global_state.flush_global_state()


class TestInputs:
    @pytest.mark.parametrize("name", ["id", "alias"])
    def test_a_datum_is_downloaded(self, desk: Desk, datum: dict[str, Any], inside: Path, name: str) -> None:
        """The library checks the digest that the server tells, and sends the storage no token."""
        storage = desk.server.face.storage  # type: ignore[attr-defined]
        storage.fetched.clear()
        address = f"datum://{datum['id'] if name == 'id' else 'weights'}"
        valohai.prepare(step="train", default_inputs={"model": address})
        path = valohai.inputs("model").path()
        assert Path(path) == inside / "model" / "model.bin"
        assert Path(path).read_text() == CONTENT
        assert [(200, None)] == [(each.status, each.authorization) for each in storage.fetched]

    def test_an_address_of_the_storage(self, desk: Desk, datum: dict[str, Any], inside: Path) -> None:
        url = desk.api("GET", f"data/{datum['id']}/download/")["url"]
        valohai.internals.download.download_url(url, str(inside / "plain.bin"))
        assert (inside / "plain.bin").read_text() == CONTENT

    def test_the_datum_behind_an_id(self, datum: dict[str, Any], inside: Path) -> None:
        """The library asks without the closing slash."""
        found = valohai.internals.download.resolve_datum(datum["id"])
        assert (found["name"], found["sha256"]) == ("model.bin", hashlib.sha256(CONTENT.encode()).hexdigest())

    def test_no_such_datum(self, inside: Path) -> None:
        from valohai_cli.exceptions import APINotFoundError

        with pytest.raises(APINotFoundError):
            valohai.internals.download.resolve_datum("nowhere")


class TestWebhooks:
    def launched(self, answer: Any, headers: dict[str, str]) -> Any:
        """What the trigger tells of the run that *answer* started."""
        url = f"{answer.request.url.partition('?')[0]}run/"
        told = requests.get(url, params={"run_id": answer.json()["run_id"]}, headers=headers, timeout=30)
        return told.json()

    def test_a_static_token(self, desk: Desk) -> None:
        body = {"project": desk.project, "commit": "main", "step": "preprocess"}
        trigger = desk.server.face.triggers.add("ada", ("run_execution", body), header="X-Key")  # type: ignore[attr-defined]
        hook = valohai.webhooks.Webhook(
            f"{desk.server.url}/api/v0/launch/{trigger.id}/",
            auth_type=valohai.webhooks.AuthType.static_token,
            auth_key="X-Key",
            auth_secret=trigger.secret,
        )
        told = self.launched(hook.post({"any": "body"}), {"X-Key": trigger.secret})
        assert told == {"status": "error", "result": []}, "the project is the administrator's own"

    def test_a_signature(self, desk: Desk) -> None:
        body = {"project": desk.project, "commit": "main", "step": "preprocess"}
        add = desk.server.face.triggers.add  # type: ignore[attr-defined]
        trigger = add(
            "admin", ("run_execution", body), auth="hmac", header="X-Sign", prefix="sha512=", algorithm="sha512"
        )
        hook = valohai.webhooks.Webhook(
            f"{desk.server.url}/api/v0/launch/{trigger.id}/",
            auth_type=valohai.webhooks.AuthType.hmac,
            auth_key="X-Sign",
            auth_secret=trigger.secret,
            auth_secret_prefix="sha512=",
            auth_algorithm="sha512",
        )
        answer = hook.post({"any": "body"})
        empty = hook.hmac_authentication_header(b"")
        told = self.launched(answer, {"X-Sign": f"sha512={empty}"})
        assert told["status"] == "completed"
        (done,) = told["result"]
        assert desk.api("GET", f"executions/{done['execution_id']}/")["step"] == done["execution_step"] == "preprocess"

    def test_a_wrong_signature(self, desk: Desk) -> None:
        trigger = desk.server.face.triggers.add("admin", header="X-Key")  # type: ignore[attr-defined]
        hook = valohai.webhooks.Webhook(
            f"{desk.server.url}/api/v0/launch/{trigger.id}/",
            auth_type=valohai.webhooks.AuthType.static_token,
            auth_key="X-Key",
            auth_secret="wrong",
        )
        with pytest.raises(valohai.webhooks.WebhookException, match="401"):
            hook.post({})

    def test_a_condition(self, desk: Desk) -> None:
        trigger = desk.server.face.triggers.add("admin", conditions={"action": "push"}, answer="started")  # type: ignore[attr-defined]
        hook = valohai.webhooks.Webhook(
            f"{desk.server.url}/api/v0/launch/{trigger.id}/",
            auth_type=valohai.webhooks.AuthType.static_token,
            auth_secret=trigger.secret,
        )
        assert hook.post({"action": "push"}).text == "started"
        with pytest.raises(valohai.webhooks.WebhookException, match="400"):
            hook.post({"action": "merge"})


def test_parameters_reach_the_program(desk: Desk) -> None:
    """What the library would be called with stands in the command that the server shows."""
    body = {"project": desk.project, "commit": "main", "step": "train", "command": "python train.py {parameters}"}
    made = desk.api("POST", "executions/", {**body, "parameters": {"rate": 0.1}})
    assert made["interpolated_command"] == "python train.py --rate=0.1"
    assert made["parameters"] == {"rate": 0.1}
