"""Triggers: what a call from outside may start. There is no API to make them, so they are added by hand."""

from __future__ import annotations

import hmac
import json
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

STATIC_TOKEN, HMAC = "static_token", "hmac"
RUN_EXECUTION, RUN_PIPELINE = "run_execution", "run_pipeline"
ANSWER = '{"run_id": "{run_id}"}'


@dataclass(frozen=True)
class Trigger:
    """One trigger.

    *bodies* are what is created, with the name of the action: an execution's create body, or the body of
    `pipelines/create-from-template/`. *user* is whose rights it has. A call must carry *prefix* and *secret* in
    *header*, the secret as it is or as the HMAC of the body by *algorithm*. *conditions* are keys of a JSON body with
    the values they must have. *answer* is the text that a launch gets, with `{run_id}` filled in.
    """

    id: str
    user: str
    bodies: tuple[tuple[str, Mapping[str, Any]], ...]
    auth: str = STATIC_TOKEN
    header: str = "Authorization"
    secret: str = ""
    prefix: str = ""
    algorithm: str = "sha256"
    conditions: Mapping[str, object] = field(default_factory=dict)
    answer: str = ANSWER

    def lets_in(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether a call is signed as it must be."""
        expected = self.secret
        if self.auth == HMAC:
            expected = hmac.new(self.secret.encode(), body, self.algorithm).hexdigest()
        given = headers.get(self.header.lower(), "")
        return hmac.compare_digest(given.encode("utf-8", "replace"), f"{self.prefix}{expected}".encode())

    def failing(self, body: bytes) -> str | None:
        """The first condition that a body does not meet, None where it meets all."""
        try:
            found = json.loads(body or b"{}")
        except (ValueError, RecursionError):
            found = {}
        values = found if isinstance(found, dict) else {}
        return next((key for key, value in self.conditions.items() if values.get(key) != value), None)


class Triggers:
    """All triggers, and what came of their launches.

    `server.face.triggers.add("admin", ("run_execution", {"project": ..., "commit": "main", "step": "train"}))` makes
    one with a secret of its own.
    """

    def __init__(self) -> None:
        self._triggers: dict[str, Trigger] = {}
        self.runs: dict[tuple[str, str], dict[str, Any]] = {}

    def add(self, user: str, *bodies: tuple[str, Mapping[str, Any]], **more: Any) -> Trigger:
        """Make a trigger; *more* are its other properties."""
        chosen = {"secret": secrets.token_hex(16), **more}
        trigger = Trigger(str(uuid.uuid4()), user, bodies, **chosen)
        self._triggers[trigger.id] = trigger
        return trigger

    def get(self, id: str) -> Trigger | None:
        """A trigger by its id."""
        return self._triggers.get(id)
