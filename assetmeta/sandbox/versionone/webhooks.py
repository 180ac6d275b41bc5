"""api/webhook: subscriptions, and the events that are sent to their URLs after each request that changed assets."""

from __future__ import annotations

import http.client
import json
import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from assetmeta.sandbox.messages import Response

from .activity import changes, recorded
from .call import Call, no_such_path
from .engine import Engine
from .json_out import CONTENT_TYPE
from .parameters import read_page
from .query import result_set
from .question import malformed, read_documents, read_question
from .requests import History, Query, Ref, RowOut
from .subscriptions import CHANGED, CREATED, TYPES, Json, Subscription, asked, new_subscription, read_events
from .tokens import Part, Token, parse_selection
from .types import AttributeDef, TypeDef

MOST = 5
PAGE = 25
PATIENCE = 10.0
ACTS = {"Updated": "Set", "Added": "Added", "Removed": "Removed"}
PERSON = ("Name", "Nickname", "Email", "DefaultRole", "Avatar")


@dataclass(frozen=True)
class Happening:
    """One new record of an asset: when it was, whose it is, and what it changed."""

    asset: str
    kind: TypeDef
    row: RowOut
    is_new: bool
    changes: tuple[Json, ...]


class Webhooks:
    """api/webhook over one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._lock = threading.Lock()
        self._subscriptions: dict[str, Subscription] = {}
        self._seen = 0
        self._sequence = 0
        self._deliveries: queue.Queue[tuple[Subscription, bytes] | None] = queue.Queue()
        self._worker: threading.Thread | None = None

    def __call__(self, call: Call) -> Response:
        """Answer one request; 404 for a subscription that is not there."""
        words = call.rest[1:]
        if len(words) > 2 or (len(words) == 2 and words[0].lower() not in ("status", "delete")):
            raise no_such_path(call.request.path)
        if not words and call.request.method == "GET":
            return self._page(call)
        call.known(())
        with self._lock:
            if len(words) == 2 and words[0].lower() == "status":
                call.only("GET")
                return answered(list(self._found(call, words[1]).receipts))
            call.only("POST")
            if len(words) == 2:
                return answered(self._subscriptions.pop(self._found(call, words[1]).id).document())
            return answered(self._take(call, self._found(call, words[0]) if words else None).document())

    def _page(self, call: Call) -> Response:
        call.known({"page"})
        size, start = read_page(call.parameters.get("page"))
        size = PAGE if size is None else size
        with self._lock:
            rows = [each.document() for each in self._subscriptions.values()]
        page = {"total": len(rows), "pageSize": size, "pageStart": start, "_type": "WebhookSubscription"}
        return answered({**page, "results": rows[start : start + size]})

    def _found(self, call: Call, id: str) -> Subscription:
        if id not in self._subscriptions:
            raise no_such_path(call.request.path)
        return self._subscriptions[id]

    def _take(self, call: Call, known: Subscription | None) -> Subscription:
        documents = read_documents(call.request.body)
        if len(documents) != 1 or not isinstance(documents[0], dict):
            raise malformed("The body must be a map")
        now, catalogue = self.engine.now(), self.engine.catalogue
        for event in read_events(documents[0].get("eventTypes", []), call.member, catalogue):
            # Asked of an asset that there never is: what it names is looked up, and nothing is found.
            result_set(self.engine, read_question(asked(event, f"{event['from']}:0"), call.member))
        others = sum(each.enabled for each in self._subscriptions.values() if each is not known)
        if documents[0].get("enabled", known is None or known.enabled) is True and others >= MOST:
            raise malformed(f"No more than {MOST} subscriptions can be enabled")
        if not others:
            self._seen = self.engine.latest()
        if known is not None:
            known.take(documents[0], catalogue, now)
            return known
        made = new_subscription(documents[0], call.member, catalogue, now)
        self._subscriptions[made.id] = made
        return made

    def notice(self, base: str) -> None:
        """Send what has happened since the last time to whom it concerns. *base* is the address of the instance."""
        with self._lock:
            enabled = [each for each in self._subscriptions.values() if each.enabled]
            if not enabled:
                return
            seen, self._seen = self._seen, self.engine.latest()
            happened = list(self._happened(seen)) if self._seen > seen else []
            for subscription in enabled:
                events = [event for each in happened for event in self._events(subscription, each, base)]
                if events:
                    self._send(subscription, json.dumps({"events": events}).encode())

    def _happened(self, since: int) -> Iterator[Happening]:
        for asset, moment in self.engine.changed_since(since):
            kind = self.engine.catalogue.types[asset.partition(":")[0]]
            kept = recorded(kind)
            fixed = parse_selection("AssetState,ChangedBy,ChangeDateUTC")
            select = fixed + tuple(Token(each.name, (Part(each.name),)) for each in kept)
            rows = self.engine.select(Query(kind.name, select, oid=asset, lenient=True, at=History())).rows
            place = next((place for place, row in enumerate(rows) if row.moment == moment), None)
            if place is not None:
                before = rows[place - 1] if place else None
                yield Happening(asset, kind, rows[place], before is None, tuple(acts(kept, before, rows[place])))

    def _events(self, subscription: Subscription, happening: Happening, base: str) -> Iterator[Json]:
        for event in subscription.events:
            if not concerns(event, happening):
                continue
            question = read_question(asked(event, happening.asset), subscription.member)
            snapshot = result_set(self.engine, question)
            if snapshot:
                self._sequence += 1
                yield {
                    "webhookId": subscription.webhook_id,
                    "sequenceId": self._sequence,
                    "eventType": CREATED if happening.is_new else CHANGED,
                    "timestamp": happening.row.values["ChangeDateUTC"],
                    "instigator": self._person(happening.row.values["ChangedBy"], base),
                    "targetAsset": {
                        "_oid": happening.row.oid,
                        "assetType": happening.kind.name,
                        "href": f"{base}/assetdetail.v1?oid={happening.asset}",
                    },
                    "changes": list(happening.changes),
                    "snapshot": snapshot,
                }

    def _person(self, member: object, base: str) -> Json:
        oid = member.oid if isinstance(member, Ref) else "NULL"
        query = Query("Member", parse_selection(",".join(PERSON)), oid=oid, lenient=True)
        rows = self.engine.select(query).rows if oid != "NULL" else []
        values = rows[0].values if rows else dict.fromkeys(PERSON)
        role, avatar = values["DefaultRole"], values["Avatar"]
        return {
            "_oid": oid,
            "href": f"{base}/assetdetail.v1?oid={oid}",
            "name": values["Name"],
            "nickName": values["Nickname"],
            "email": values["Email"],
            "role": role.oid if isinstance(role, Ref) else None,
            "avatar": f"{base}/Image.mvc/Show?imageOid={avatar.oid}" if isinstance(avatar, Ref) else None,
        }

    def _send(self, subscription: Subscription, body: bytes) -> None:
        if self._worker is None:
            self._worker = threading.Thread(target=self._deliver, name="sandbox webhooks", daemon=True)
            self._worker.start()
        self._deliveries.put((subscription, body))

    def _deliver(self) -> None:
        for subscription, body in iter(self._deliveries.get, None):
            if subscription.enabled:
                status, headers, answer = post(subscription, body)
                with self._lock:
                    subscription.note(status, headers, answer, self.engine.now())
            self._deliveries.task_done()

    def wait(self) -> None:
        """Wait until everything noticed so far is delivered, or could not be."""
        self._deliveries.join()

    def close(self) -> None:
        """Deliver nothing more."""
        with self._lock:
            self._subscriptions.clear()
        if self._worker is not None:
            self._deliveries.put(None)
            self._worker.join(PATIENCE)


def concerns(event: Json, happening: Happening) -> bool:
    """Whether an event type is about what happened."""
    if event["from"] not in happening.kind.lineage or TYPES[event["type"]] != (
        CREATED if happening.is_new else CHANGED
    ):
        return False
    names = event.get("attributes")
    return not names or happening.is_new or any(change["name"] in names for change in happening.changes)


def acts(kept: list[AttributeDef], before: RowOut | None, row: RowOut) -> Iterator[Json]:
    """What a record changed, as these events have it."""
    for change in changes(kept, before, row):
        act = ACTS[str(change["verb"])]
        yield {"name": change["name"], "old": change["oldValue"], "new": change["newValue"], "act": act}


def post(subscription: Subscription, body: bytes) -> tuple[int, dict[str, str], str]:
    """Deliver a body: status, headers and text of the answer; status 0 where there was none."""
    address = urlsplit(subscription.url)
    secure = address.scheme == "https"
    connection = (http.client.HTTPSConnection if secure else http.client.HTTPConnection)(
        address.netloc.rpartition("@")[2], timeout=PATIENCE
    )
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if subscription.header is not None:
        headers["Authorization"] = subscription.header
    target = f"{address.path or '/'}{'?' if address.query else ''}{address.query}"
    try:
        connection.request("POST", target, body, headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.headers), answer.read(2000).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException, ValueError) as error:
        return 0, {}, f"{type(error).__name__}: {error}"
    finally:
        connection.close()


def answered(document: object) -> Response:
    """A JSON answer."""
    return Response(200, json.dumps(document).encode(), CONTENT_TYPE)
