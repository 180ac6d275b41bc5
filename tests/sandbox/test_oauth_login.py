"""What a running system says of its OAuth2 client is enough to log in, and to log in again."""

from __future__ import annotations

from typing import Any

import pytest

from assetmeta import OAuth2
from assetmeta import sandbox as sandboxes
from assetmeta.model.http import Flow, Request, Response
from assetmeta.wire.driver import Driver


def ask(path: str) -> Flow[Any]:
    return (yield Request("GET", path, idempotent=True))


@pytest.mark.parametrize(("name", "path"), [("versionone", "rest-1.v1/Data/Scope/0"), ("valispace", "rest/project/")])
def test_the_arguments_log_in(name: str, path: str) -> None:
    with sandboxes.running(name) as server:
        renewed: list[dict[str, Any]] = []
        login: dict[str, Any] = dict(server.oauth)
        for _ in range(2):
            with Driver(server.url, OAuth2(**login, on_renewed=renewed.append)) as driver:
                answer = driver.run(ask(path))
                assert isinstance(answer, Response)
                assert answer.status == 200
            login = {**server.oauth, "refresh_token": renewed[-1]["refresh_token"]}
        assert renewed[0]["access_token"] != renewed[1]["access_token"]
