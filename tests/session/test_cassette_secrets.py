"""What the schema of a server calls secret is in no cassette, and is replayed all the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assetmeta import Cassette, V1Meta, ValohaiMeta
from assetmeta import sandbox as sandboxes

SECRET = 'key-ü"s3cret\\end'


def store(vh: Any) -> None:
    made = vh.Store.new(
        name="results", type="azure", configuration={"account_name": "acme", "account_key": SECRET, "container": "c"}
    )
    vh.commit().raise_if_failed()
    assert made.name == "results"


def member(v1: Any) -> None:
    made = v1.Member.new(
        Name="Ann", Nickname="ann", DefaultRole="Role:1", Username="ann", Password=SECRET, Email="ann@host.example"
    )
    v1.commit().raise_if_failed()
    made.Password = f"{SECRET}2"
    v1.commit().raise_if_failed()


@pytest.mark.parametrize(
    ("system", "kind", "conversation"), [("valohai", ValohaiMeta, store), ("versionone", V1Meta, member)]
)
def test_secret_attributes_are_not_recorded(tmp_path: Path, system: str, kind: Any, conversation: Any) -> None:
    path = tmp_path / "recorded.yaml"
    with sandboxes.running(system) as server:
        session = kind(**server.credentials, cassette=Cassette.record(path))
        conversation(session)
        session.close()
        credentials = server.credentials
    text = path.read_text("utf-8")
    assert "s3cret" not in text
    assert "REDACTED" in text
    cassette = Cassette.replay(path)
    session = kind(**credentials, cassette=cassette)
    conversation(session)
    session.close()
    assert not cassette.unused
