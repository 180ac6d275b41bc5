"""Webhook subscriptions: what api/webhook keeps of each, how a document becomes one, and how it is shown.

Source: the pages `webhookSubscription/` of versionone/api-docs-staging. Subscriptions are kept in memory.
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from .question import checked, malformed, read_question
from .types import Catalogue

CREATED, CHANGED = "AssetCreated", "AssetChanged"
TYPES = {CREATED: CREATED, CHANGED: CHANGED, "AssetUpdated": CHANGED}
"""The types of events; one page calls the second one AssetUpdated."""

KEYS = frozenset({"url", "authorizationHeader", "webhookId", "enabled", "description", "eventTypes"})
EVENT_KEYS = frozenset({"type", "from", "attributes", "filter", "with", "select", "userContext"})
NEVER = "0001-01-01T00:00:00Z"
RECEIPTS = 20
FAILURES = 5

Json = dict[str, Any]


@dataclass
class Subscription:
    """One subscription. *retry_count* are the failed deliveries since the last that was received."""

    id: str
    member: str
    created: str
    url: str = ""
    header: str | None = None
    webhook_id: str = ""
    enabled: bool = True
    description: str = ""
    events: list[Json] = field(default_factory=list)
    updated: str = ""
    answered: str = NEVER
    retry_count: int = 0
    receipts: deque[Json] = field(default_factory=lambda: deque(maxlen=RECEIPTS))

    def document(self) -> Json:
        """What the API shows; the authorization header is never shown."""
        return {
            "id": self.id,
            "webhookId": self.webhook_id,
            "url": self.url,
            "description": self.description,
            "enabled": self.enabled,
            "eventTypes": self.events,
            "lastResponseAt": self.answered,
            "retryCount": self.retry_count,
            "createdAt": self.created,
            "updatedAt": self.updated,
            "createdBy": self.member,
        }

    def take(self, given: Mapping[str, Any], catalogue: Catalogue, now: datetime) -> None:
        """Change what a document gives. Raises a 400 problem for what cannot be, and nothing has changed then."""
        node = checked(given, KEYS, "root")
        url = text(node, "url", self.url)
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise malformed(f"url must be an http or https URL, not {url}")
        enabled = node.get("enabled", self.enabled)
        if not isinstance(enabled, bool):
            raise malformed("enabled must be a Boolean")
        events = read_events(node.get("eventTypes", self.events), self.member, catalogue)
        header = text(node, "authorizationHeader", self.header or "") or None
        webhook_id, description = text(node, "webhookId", self.webhook_id), text(node, "description", self.description)
        if enabled and not self.enabled:
            self.retry_count = 0
        self.url, self.header, self.webhook_id, self.description = url, header, webhook_id, description
        self.enabled, self.events, self.updated = enabled, events, stamp(now)

    def note(self, status: int, headers: Mapping[str, str], answer: str, now: datetime) -> None:
        """Keep what became of a delivery; status 0 is no answer. The fifth failure in a row disables it."""
        received = status == 200
        self.retry_count = 0 if received else self.retry_count + 1
        self.enabled = self.enabled and self.retry_count < FAILURES
        self.answered = stamp(now) if status else self.answered
        self.receipts.appendleft(
            {
                "subscriptionId": self.id,
                "hasAuthorizationHeader": self.header is not None,
                "url": self.url,
                "response": answer,
                "headers": dict(headers),
                "status": status,
                "timeStamp": stamp(now),
                "retryCount": self.retry_count,
                "wasReceived": received,
            }
        )


def new_subscription(given: Mapping[str, Any], member: str, catalogue: Catalogue, now: datetime) -> Subscription:
    """A subscription of a document. Raises a 400 problem."""
    made = Subscription(str(uuid.uuid4()), member, stamp(now))
    made.take(given, catalogue, now)
    return made


def read_events(value: object, member: str, catalogue: Catalogue) -> list[Json]:
    """The event types of a document, each of which names a type, attributes and a filter that there are."""
    if not isinstance(value, list):
        raise malformed("eventTypes must be a list")
    return [read_event(each, member, catalogue) for each in value]


def read_event(value: object, member: str, catalogue: Catalogue) -> Json:
    """One event type."""
    node = checked(value, EVENT_KEYS, "root->eventTypes")
    if node.get("type") not in TYPES:
        raise malformed(f"type must be one of {', '.join(TYPES)}")
    kind = catalogue.find(str(node.get("from")))
    if kind is None:
        raise malformed(f"Unknown AssetType: {node.get('from')}")
    names = node.get("attributes", [])
    if not isinstance(names, list) or any(name not in kind.attributes for name in names):
        raise malformed(f"attributes must be a list of attributes of {kind.name}")
    read_question(asked(node, kind.name), member)
    return dict(node)


def asked(event: Mapping[str, Any], asset: str) -> Json:
    """The query that an event type makes of an asset: whether it passes the filter, and what is selected of it."""
    return {"from": asset} | {key: event[key] for key in ("select", "filter", "with") if key in event}


def text(node: Mapping[str, Any], key: str, known: str) -> str:
    """A text of a document, or the one that is *known*. Raises a 400 problem for what is no text."""
    value = node.get(key, known)
    if not isinstance(value, str):
        raise malformed(f"{key} must be a text")
    return value


def stamp(time: datetime) -> str:
    """A time as these documents have it."""
    return f"{time.replace(tzinfo=None).isoformat(timespec='microseconds')}0Z"
