"""Typed code of users. Nothing runs it: `make lint` holds it, and the examples, to mypy --strict."""

from __future__ import annotations

from typing import assert_type

from assetmeta import OAuth2, TestspaceMeta, V1Meta, ValispaceMeta, ValohaiMeta, sandbox
from assetmeta.sandbox import InstanceCredentials, UrlCredentials
from assetmeta.v1pysdk import V1Meta as SdkMeta
from pytest_assetmeta import RequestBudget, RequestTrace


def sessions() -> None:
    with sandbox.running("versionone", assets=10) as server, V1Meta(**server.credentials, timeout=5) as v1:
        assert_type(server.credentials, InstanceCredentials)
        print(v1.Story.count())
        SdkMeta(**server.credentials, retries=0, timezone="Europe/Berlin")
        V1Meta(**server.token_credentials, page_size=50, loading="one")
        V1Meta(server.url, auth=OAuth2(**server.oauth))
    with sandbox.running("valispace") as plant, ValispaceMeta(**plant.credentials, survey="none") as vs:
        assert_type(plant.credentials, UrlCredentials)
        print(vs.types)
    started = sandbox.start("versionone", assets=10)
    V1Meta(**started.credentials).close()
    assert_type(sandbox.start("valohai").credentials, UrlCredentials)
    started.stop()
    with sandbox.running("valohai") as lab:
        ValohaiMeta(**lab.token_credentials, read_only=True).close()
    with sandbox.running("testspace") as tests:
        TestspaceMeta(**tests.credentials, schema_cache="folder").close()


def slips() -> None:
    """Each is an error for the type checker: an unused `ignore` would be one too."""
    V1Meta("https://host/Instance", token="x", timeuot=5)  # type: ignore[call-arg]
    V1Meta("https://host/Instance", token="x", page_size="many")  # type: ignore[arg-type]
    ValispaceMeta(username="ann", password="x")  # type: ignore[call-arg]


def test_report(
    versionone_sandbox: sandbox.VersionOneServer, request_trace: RequestTrace, request_budget: RequestBudget
) -> None:
    v1 = V1Meta(**versionone_sandbox.credentials)
    request_budget(v1, requests=10)
    trace = request_trace(v1)
    assert len(trace) == 0
