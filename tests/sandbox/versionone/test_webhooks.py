"""api/webhook: subscriptions, what is delivered to them, and what becomes of deliveries that fail."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ..conftest import Instance


class Receiver:
    """A server that keeps what is posted to it, and answers with *status*."""

    def __init__(self) -> None:
        self.status = 200
        self.posted: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.posted.append(json.loads(body))
                receiver.headers.append(dict(self.headers))
                self.send_response(receiver.status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def stop(self) -> None:
        """Listen no more; does nothing the second time."""
        if self.thread.is_alive():
            self.server.shutdown()
            self.thread.join()
            self.server.server_close()

    def events(self, v1: Instance) -> list[dict[str, Any]]:
        """The events of all deliveries, once everything is delivered."""
        v1.face.webhooks.wait()
        return [event for body in self.posted for event in body["events"]]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.stop()


def subscribe(v1: Instance, url: str, *events: dict[str, Any], **more: Any) -> dict[str, Any]:
    given = {"url": url, "webhookId": "mine", "description": "d", "eventTypes": list(events), **more}
    made: dict[str, Any] = v1.json("api/webhook", given)
    return made


CHANGED = {"type": "AssetChanged", "from": "Story"}


class TestSubscriptions:
    def test_one_is_made_changed_listed_and_deleted(self, v1: Instance) -> None:
        made = subscribe(v1, "https://external.example/x", CHANGED, authorizationHeader="Bearer secret")
        assert made == {
            "id": made["id"],
            "webhookId": "mine",
            "url": "https://external.example/x",
            "description": "d",
            "enabled": True,
            "eventTypes": [CHANGED],
            "lastResponseAt": "0001-01-01T00:00:00Z",
            "retryCount": 0,
            "createdAt": "2024-05-01T12:00:00.0000000Z",
            "updatedAt": "2024-05-01T12:00:00.0000000Z",
            "createdBy": "Member:20",
        }
        changed = v1.json(f"api/webhook/{made['id']}", {"enabled": False, "eventTypes": []})
        assert changed == {**made, "enabled": False, "eventTypes": []}
        page = {"total": 1, "pageSize": 25, "pageStart": 0, "_type": "WebhookSubscription"}
        assert v1.json("api/webhook") == {**page, "results": [changed]}
        assert v1.json("api/webhook?page=5,1") == {**page, "pageSize": 5, "pageStart": 1, "results": []}
        assert v1.json(f"api/webhook/status/{made['id']}") == []
        assert v1.json(f"api/webhook/delete/{made['id']}", {}) == changed
        assert v1.json("api/webhook")["total"] == 0

    def test_five_can_be_enabled(self, v1: Instance) -> None:
        made = [subscribe(v1, "https://external.example/x") for _ in range(5)]
        v1.json("api/webhook", {"url": "https://external.example/x"}, status=400)
        other = subscribe(v1, "https://external.example/x", enabled=False)
        v1.json(f"api/webhook/{other['id']}", {"enabled": True}, status=400)
        v1.json(f"api/webhook/{made[0]['id']}", {"enabled": False})
        assert v1.json(f"api/webhook/{other['id']}", {"enabled": True})["enabled"]

    @pytest.mark.parametrize(
        "given",
        [
            {},
            {"url": "ftp://x"},
            {"url": 5},
            {"url": "http://x", "colour": 1},
            {"url": "http://x", "enabled": "yes"},
            {"url": "http://x", "eventTypes": {}},
            {"url": "http://x", "eventTypes": [{"type": "AssetGone", "from": "Story"}]},
            {"url": "http://x", "eventTypes": [{"type": "AssetChanged", "from": "Animal"}]},
            {"url": "http://x", "eventTypes": [{**CHANGED, "attributes": ["Nonsense"]}]},
            {"url": "http://x", "eventTypes": [{**CHANGED, "attribute": ["Status"]}]},
            {"url": "http://x", "eventTypes": [{**CHANGED, "filter": ["Name="]}]},
            {"url": "http://x", "eventTypes": [{**CHANGED, "filter": ["Nonsense='x'"]}]},
            {"url": "http://x", "eventTypes": [{**CHANGED, "filter": ["Name=$Unset"]}]},
            {"url": "http://x", "eventTypes": [{**CHANGED, "select": ["Name", "Nonsense.Name"]}]},
            [],
        ],
    )
    def test_what_is_refused(self, v1: Instance, given: Any) -> None:
        v1.json("api/webhook", given, status=400)
        assert v1.json("api/webhook")["total"] == 0

    @pytest.mark.parametrize("path", ["nothing", "status/nothing", "delete/nothing", "a/b", "status/a/b"])
    def test_what_is_not_there(self, v1: Instance, path: str) -> None:
        assert v1.post(f"api/webhook/{path}", "{}").status in (404, 405)
        assert v1.get(f"api/webhook/{path}").status in (404, 405)


class TestDeliveries:
    def test_a_change_is_delivered_with_who_what_and_the_selection(self, v1: Instance, receiver: Receiver) -> None:
        story = v1.create("Story", Name="before", Owners=["Member:20"])
        subscribe(v1, receiver.url, {**CHANGED, "select": ["Name", "Owners.Name"]}, authorizationHeader="Bearer me")
        v1.update(story, Name="after", Owners=["Member:20"], Status="StoryStatus:135")
        [event] = receiver.events(v1)
        assert receiver.headers[0]["Authorization"] == "Bearer me"
        assert event["targetAsset"].pop("_oid").rpartition(":")[0] == story
        assert event == {
            "webhookId": "mine",
            "sequenceId": 1,
            "eventType": "AssetChanged",
            "timestamp": "2024-05-01T12:00:00.0000000Z",
            "instigator": {
                "_oid": "Member:20",
                "href": "/VersionOne/assetdetail.v1?oid=Member:20",
                "name": "Administrator",
                "nickName": "Admin",
                "email": "admin@example.com",
                "role": "Role:1",
                "avatar": None,
            },
            "targetAsset": {"assetType": "Story", "href": f"/VersionOne/assetdetail.v1?oid={story}"},
            "changes": [
                {"name": "Name", "old": "before", "new": "after", "act": "Set"},
                {"name": "Status", "old": None, "new": "StoryStatus:135", "act": "Set"},
            ],
            "snapshot": [{"_oid": story, "Name": "after", "Owners.Name": ["Administrator"]}],
        }

    def test_only_what_was_requested_is_delivered(self, v1: Instance, receiver: Receiver) -> None:
        status = {"type": "AssetUpdated", "from": "PrimaryWorkitem", "attributes": ["Status", "Owners"]}
        subscribe(v1, receiver.url, {**status, "filter": ["Estimate>$Least"], "with": {"$Least": "3"}})
        big, small = v1.create("Story", Estimate="5"), v1.create("Story", Estimate="1")
        for asset in (big, small, v1.create("Issue")):
            v1.update(asset, Name="renamed")
        for asset in (big, small):
            v1.update(asset, Owners=["Member:20"])
        v1.operate(big, "Inactivate")
        [event] = receiver.events(v1)
        assert event["snapshot"] == [{"_oid": big}]
        assert event["changes"] == [{"name": "Owners", "old": None, "new": "Member:20", "act": "Added"}]

    def test_what_is_made_is_delivered_of_every_way_of_making(self, v1: Instance, receiver: Receiver) -> None:
        before = v1.create("Story")
        subscribe(v1, receiver.url, {"type": "AssetCreated", "from": "Workitem", "select": ["Name"]})
        story = v1.create("Story", Name="single")
        v1.json("api/asset", [{"AssetType": "Task", "Parent": story, "Name": f"bulk {n}"} for n in (1, 2)])
        v1.update(before, Name="no creation")
        events = receiver.events(v1)
        assert [event["snapshot"][0]["Name"] for event in events] == ["single", "bulk 1", "bulk 2"]
        assert [event["sequenceId"] for event in events] == [1, 2, 3]
        assert [len(body["events"]) for body in receiver.posted] == [1, 2]

    def test_a_failure_is_counted_and_the_fifth_disables(self, v1: Instance, receiver: Receiver) -> None:
        made = subscribe(v1, receiver.url, CHANGED)
        story = v1.create("Story")
        receiver.status = 503
        for count in range(1, 5):
            v1.update(story, Name=f"name {count}")
            v1.face.webhooks.wait()
        receipts = v1.json(f"api/webhook/status/{made['id']}")
        assert [(each["status"], each["retryCount"], each["wasReceived"]) for each in receipts] == [
            (503, count, False) for count in (4, 3, 2, 1)
        ]
        assert (receipts[0]["url"], receipts[0]["response"]) == (receiver.url, "ok")
        receiver.status = 200
        v1.update(story, Name="received")
        v1.face.webhooks.wait()
        assert v1.json("api/webhook")["results"][0]["retryCount"] == 0
        receiver.stop()
        for count in range(6):
            v1.update(story, Name=f"again {count}")
            v1.face.webhooks.wait()
        [shown] = v1.json("api/webhook")["results"]
        assert (shown["enabled"], shown["retryCount"]) == (False, 5)
        assert v1.json(f"api/webhook/status/{made['id']}")[0]["status"] == 0
        assert len(receiver.posted) == 5

    def test_status_shows_the_last_twenty(self, v1: Instance, receiver: Receiver) -> None:
        made = subscribe(v1, receiver.url, CHANGED)
        story = v1.create("Story")
        for count in range(22):
            v1.update(story, Name=f"name {count}")
        v1.face.webhooks.wait()
        assert len(v1.json(f"api/webhook/status/{made['id']}")) == 20
