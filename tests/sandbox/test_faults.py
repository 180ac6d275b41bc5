"""Faults on request: how they are written, which requests they hit, and what a client sees."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from assetmeta import sandbox
from assetmeta.sandbox.face import Setup
from assetmeta.sandbox.faces import KEPT, Snapshots
from assetmeta.sandbox.faults import Fault, Faults, parse_fault
from assetmeta.sandbox.messages import Request

READ = Request("GET", "/VersionOne/rest-1.v1/Data/Story", "sel=Name")
WRITE = Request("POST", "/VersionOne/rest-1.v1/Data/Story")


class TestWrittenForm:
    def test_a_kind_alone_hits_one_request_of_any_path(self) -> None:
        assert Fault("drop", None, 1, None, "") == parse_fault("drop")

    def test_all_parts(self) -> None:
        assert Fault("429", 5.0, None, "POST", "/api/asset") == parse_fault("429=5:*:post /api/asset")

    def test_count_and_path(self) -> None:
        assert Fault("429", None, 2, None, "/query.v1") == parse_fault("429:2:/query.v1")

    def test_a_path_may_hold_colons(self) -> None:
        assert parse_fault("500:1:where=ID='Story:5'").path == "where=ID='Story:5'"

    @pytest.mark.parametrize("spec", ["", "explode", "429:x", "429=x", "429:0", "slow=-1", "slow=inf", "slow=nan"])
    def test_what_cannot_be_read_is_refused(self, spec: str) -> None:
        with pytest.raises(ValueError, match="fault"):
            parse_fault(spec)


class TestMatching:
    def test_drop_spares_reads_unless_a_method_is_named(self) -> None:
        assert not Fault("drop").matches(READ)
        assert Fault("drop").matches(WRITE)
        assert Fault("drop", method="GET").matches(READ)

    def test_path_is_a_part_of_path_and_query_case_ignored(self) -> None:
        assert Fault("500", path="DATA/story?sel").matches(READ) is False
        assert Fault("500", path="data/STORY").matches(READ)
        assert Fault("500", path="*/Data/Story?sel=*").matches(READ)

    def test_each_use_counts(self) -> None:
        faults = Faults([parse_fault("500:2")])
        assert [faults.take(READ, late=False) is not None for _ in range(3)] == [True, True, False]

    def test_early_and_late_faults_do_not_mix(self) -> None:
        faults = Faults([parse_fault("truncate"), parse_fault("503")])
        assert faults.take(READ, late=False) == parse_fault("503")
        assert faults.take(READ, late=True) == parse_fault("truncate")


def story(server: sandbox.Server, name: str) -> requests.Response:
    document = {"Attributes": {"Name": {"value": name, "act": "set"}, "Scope": {"value": "Scope:0", "act": "set"}}}
    return requests.post(f"{server.url}/rest-1.v1/Data/Story", json=document, auth=("admin", "admin"), timeout=30)


def names(server: sandbox.Server) -> list[str]:
    headers = {"Accept": "application/json", "Authorization": f"Bearer {server.token}"}
    found = requests.get(f"{server.url}/rest-1.v1/Data/Story?sel=Name", headers=headers, timeout=30).json()
    return [each["Attributes"]["Name"]["value"] for each in found["Assets"]]


def meta(server: sandbox.Server) -> requests.Response:
    return requests.get(f"{server.url}/meta.v1/Story", auth=("admin", "admin"), timeout=30)


class TestWhatAClientSees:
    def test_drop_cuts_the_line_after_the_write_was_performed(self, versionone_sandbox: sandbox.Server) -> None:
        versionone_sandbox.add_fault("drop")
        with pytest.raises(requests.ConnectionError):
            story(versionone_sandbox, "written anyway")
        assert names(versionone_sandbox) == ["written anyway"]
        assert versionone_sandbox.requests[0] == ("POST", "/VersionOne/rest-1.v1/Data/Story", 0)

    def test_drop_waits_for_a_write_that_succeeds(self, versionone_sandbox: sandbox.Server) -> None:
        versionone_sandbox.add_fault("drop")
        refused = requests.post(f"{versionone_sandbox.url}/rest-1.v1/Data/Story", data=b"<Asset/>", timeout=30)
        assert refused.status_code == 401
        with pytest.raises(requests.ConnectionError):
            story(versionone_sandbox, "second")

    def test_a_refused_request_is_answered_as_usual(self, versionone_sandbox: sandbox.Server) -> None:
        """The fault waits for a request that succeeds: a 400, the least of the refusals, does not use it up."""
        versionone_sandbox.add_fault("drop")
        assert story(versionone_sandbox, "").status_code == 400
        with pytest.raises(requests.ConnectionError):
            story(versionone_sandbox, "A")

    def test_drop_before_cuts_the_line_before_anything_is_written(self, versionone_sandbox: sandbox.Server) -> None:
        versionone_sandbox.add_fault("drop-before", method="POST")
        with pytest.raises(requests.ConnectionError):
            story(versionone_sandbox, "never written")
        assert names(versionone_sandbox) == []

    def test_429_says_when_to_come_back_and_writes_nothing(self, versionone_sandbox: sandbox.Server) -> None:
        versionone_sandbox.add_fault("429=7:2")
        answers = [story(versionone_sandbox, "third time lucky") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [429, 429, 200]
        assert answers[0].headers["Retry-After"] == "7"
        assert names(versionone_sandbox) == ["third time lucky"]

    @pytest.mark.parametrize("status", [500, 503])
    def test_error_pages_are_not_xml_documents(self, versionone_sandbox: sandbox.Server, status: int) -> None:
        versionone_sandbox.add_fault(str(status))
        answer = meta(versionone_sandbox)
        assert (status, "text/html") == (answer.status_code, answer.headers["Content-Type"])

    def test_truncate_ends_in_the_middle_of_the_body(self, versionone_sandbox: sandbox.Server) -> None:
        versionone_sandbox.add_fault("truncate")
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            meta(versionone_sandbox)
        assert meta(versionone_sandbox).status_code == 200

    def test_a_slow_body_takes_its_time_and_holds_nobody_up(self, versionone_sandbox: sandbox.Server) -> None:
        versionone_sandbox.add_fault("slow", value=0.6)
        started = time.monotonic()
        slow = requests.get(f"{versionone_sandbox.url}/meta.v1/Story", auth=("admin", "admin"), stream=True, timeout=30)
        assert meta(versionone_sandbox).status_code == 200
        whole = slow.content
        assert time.monotonic() - started >= 0.5
        assert meta(versionone_sandbox).content == whole

    def test_faults_can_be_called_off(self, versionone_sandbox: sandbox.Server) -> None:
        versionone_sandbox.add_fault("500", count=None)
        assert meta(versionone_sandbox).status_code == 500
        versionone_sandbox.clear_faults()
        assert meta(versionone_sandbox).status_code == 200


class Held:
    """What is reached while a lock is held only."""

    def __init__(self, lock: Any, inner: Any) -> None:
        self.__dict__.update(lock=lock, inner=inner)

    def __getattr__(self, name: str) -> Any:
        assert self.lock.locked(), f"{name} is reached without the lock"
        return getattr(self.inner, name)

    def __iter__(self) -> Any:
        assert self.lock.locked()
        return iter(self.inner)

    def __setitem__(self, place: Any, value: Any) -> None:
        assert self.lock.locked()
        self.inner[place] = value

    def __delitem__(self, place: Any) -> None:
        assert self.lock.locked()
        del self.inner[place]

    def __len__(self) -> int:
        return len(self.inner)


def test_threads_that_serve_requests_take_faults_one_at_a_time() -> None:
    faults = Faults()
    faults._left = Held(faults._lock, [])  # type: ignore[assignment]
    faults.add(Fault("500", None, 2))
    request = Request("GET", "/x", "", {}, b"")
    assert ["500", "500", None] == [
        taken and taken.kind for taken in (faults.take(request, late=False) for _ in range(3))
    ]
    faults.add(Fault("500", None, 1))
    faults.clear()
    assert faults.take(request, late=False) is None
    assert not faults._lock.locked()


def test_snapshots_are_kept_and_found_one_at_a_time_and_are_few() -> None:
    snapshots = Snapshots()
    snapshots._kept = Held(snapshots._lock, {})  # type: ignore[assignment]
    setups = [Setup(assets=assets, seed=1) for assets in range(KEPT + 1)]
    for number, setup in enumerate(setups):
        snapshots.keep("x", setup, bytes([number]))
    assert [None, *(bytes([number]) for number in range(1, KEPT + 1))] == [snapshots.get("x", each) for each in setups]
    assert snapshots.get("y", setups[-1]) is None
