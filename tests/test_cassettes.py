"""Whole conversations, recorded once and replayed without a server.

`ASSETMETA_RECORD=1 python -m pytest tests/test_cassettes.py` records them anew from the sandbox.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from assetmeta import Cassette, Refused, V1Meta, inspect
from assetmeta import sandbox as sandboxes

FOLDER = Path(__file__).parent.parent / "cassettes" / "versionone"
RECORDING = bool(os.environ.get("ASSETMETA_RECORD"))


def reading(v1: V1Meta) -> None:
    """Reflection type by type, a single asset, a query with related assets, a walk, an aggregate."""
    story = v1.Story.where(v1.Story.Super.exists()).sort("ID").select("Name", "Estimate", "Owners.Name")[0]
    assert story.idref.startswith("Story:")
    assert isinstance(story.Estimate, Decimal)
    assert [member.Name for member in story.Owners] == story["Owners.Name"]
    assert isinstance(story.Super.Scope.Name, str)
    total = "Workitems:Story.Estimate.@Sum"
    assert any(scope.data[total] for scope in v1.Scope.select(total))
    assert v1.Member(20).Name == "Administrator"


def writing(v1: V1Meta) -> None:
    """A create, an update of several attributes, a refused change, an operation, the history of it all."""
    story = v1.Story.create(Name='It\'s "recorded" & kept 😀', Scope="Scope:0")
    story.Estimate = Decimal("2.5")
    story.Owners.add(v1.Member(20))
    assert not v1.commit()
    story.Scope = None
    [error] = v1.commit()
    assert isinstance(error, Refused)
    v1.revert()
    story.Inactivate()
    assert story.IsClosed
    assert [past.Estimate for past in inspect(story).history("Estimate")] == [None, Decimal("2.5"), Decimal("2.5")]


CONVERSATIONS = {"reading": reading, "writing": writing}


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_recorded_conversation_is_replayed(name: str) -> None:
    path = FOLDER / f"{name}.json"
    if RECORDING:
        record(path, CONVERSATIONS[name])
    cassette = Cassette.replay(path)
    v1 = V1Meta(
        instance_url="http://sandbox.invalid/VersionOne",
        allow_http=True,
        username="admin",
        password="admin",
        reflect="types",
        cassette=cassette,
    )
    CONVERSATIONS[name](v1)
    assert not cassette.unused


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_cassette_holds_no_secret_and_no_address(name: str) -> None:
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    assert "Basic " not in text
    assert "YWRtaW46YWRtaW4" not in text
    assert "127.0.0.1" not in text


def record(path: Path, conversation: Callable[[V1Meta], None]) -> None:
    """Hold a conversation with a fresh sandbox and keep it."""
    path.unlink(missing_ok=True)
    with sandboxes.running("versionone", assets=40, seed=1) as server:
        v1 = V1Meta(**server.credentials, reflect="types", cassette=Cassette.record(path))
        conversation(v1)
        v1.close()
