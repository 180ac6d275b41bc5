"""api/ActivityStream: what has happened to one asset, as activities made from its records.

Back (the usual direction) goes from the anchor into the past, the latest activity first; Forward goes from the anchor
towards now, the earliest first. The anchor is now, or for Forward the beginning, where none is given.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from assetmeta.sandbox.messages import Response

from .call import Call, no_such_path
from .engine import Engine
from .json_out import CONTENT_TYPE
from .literals import DELETED, parse_time, spell_time
from .problems import bad_parameter, missing
from .requests import History, Query, Ref, RowOut, Value
from .spelling import STATES
from .tokens import Part, Token, equality, parse_selection
from .types import AttributeDef, Column, Link, TypeDef

VERBS = (
    *("Added", "Blocked", "Deleted", "Deprecated", "Closed", "Created", "Moved"),
    *("Reopened", "Removed", "UnBlocked", "Updated", "Undeleted", "Activated", "Deactivated"),
)
MOST = 25
LENGTH = len("2024-05-01T12:00:00.000")
FIXED = ("AssetState", "ChangedBy", "ChangeDateUTC", "Moment")
PERSON = ("Name", "Username", "Email", "Avatar")

Json = dict[str, object]


class ActivityStream:
    """api/ActivityStream/{oid or number} over one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def __call__(self, call: Call) -> Response:
        """Answer one request: an array of activities. 404 where there is no such asset, deleted ones included."""
        call.only("GET")
        call.known({"anchordate", "direction", "maxcount", "verbs"})
        if len(call.rest) != 2:
            raise no_such_path(call.request.path)
        forward = direction(call)
        anchor, most, verbs = anchor_date(call), max_count(call), wanted_verbs(call)
        found = [
            activity
            for time, verb, activity in self._activities(call.rest[1], call.member)
            if (not verbs or verb in verbs) and (anchor is None or (time >= anchor if forward else time <= anchor))
        ]
        chosen = found if forward else found[::-1]
        return Response(200, json.dumps(chosen[:most]).encode(), CONTENT_TYPE)

    def _activities(self, text: str, member: str) -> Iterator[tuple[str, str, Json]]:
        """Time, verb and document of every activity, the earliest first."""
        oid = self._oid(text, member)
        kind = self.engine.catalogue.find(oid.partition(":")[0])
        if kind is None:
            raise missing(text)
        kept = recorded(kind)
        tokens = parse_selection(",".join(FIXED)) + tuple(Token(each.name, (Part(each.name),)) for each in kept)
        rows = self.engine.select(Query(kind.name, tokens, oid=oid, lenient=True, at=History(), member=member)).rows
        if not rows:
            raise missing(text)
        people: dict[str, Json] = {}
        before: RowOut | None = None
        for row in rows:
            author = row.values["ChangedBy"]
            actor = self._actor(author.oid if isinstance(author, Ref) else "NULL", people)
            targets = list(changes(kept, before, row))
            verb = verb_of(before, row)
            time = str(row.values["ChangeDateUTC"])[:LENGTH]
            yield time, verb, activity(row, kind, actor, verb, targets)
            before = row

    def _oid(self, text: str, member: str) -> str:
        """The asset of an OID token or of a number."""
        if ":" in text:
            name, _, key = text.partition(":")
            if self.engine.catalogue.find(name) is None or not key.lstrip("-").isdecimal():
                raise missing(text)
            return text
        for kind in self.engine.catalogue.types.values():
            if kind.number_prefix and text.upper().startswith(f"{kind.number_prefix}-"):
                found = self.engine.select(Query(kind.name, (), where=equality("Number", text), member=member)).rows
                if found:
                    return found[0].asset
        raise missing(text)

    def _actor(self, oid: str, known: dict[str, Json]) -> Json:
        if oid not in known:
            tokens = parse_selection(",".join(PERSON))
            rows = self.engine.select(Query("Member", tokens, oid=oid, lenient=True)).rows if oid != "NULL" else []
            values = rows[0].values if rows else dict.fromkeys(PERSON)
            avatar = values["Avatar"]
            known[oid] = {
                "id": oid,
                "assetType": "Member",
                "displayName": values["Name"],
                "username": values["Username"],
                "email": values["Email"],
                "avatar": avatar.oid if isinstance(avatar, Ref) else None,
            }
        return known[oid]


def direction(call: Call) -> bool:
    """Whether the stream goes forward. Raises a 400 problem for a word that is neither."""
    word = call.parameters.get("direction", "Back").lower()
    if word not in ("forward", "back"):
        raise bad_parameter("DIRECTION", f"Neither Forward nor Back: {word}")
    return word == "forward"


def anchor_date(call: Call) -> str | None:
    """The anchor as the database holds times; None where none is given. Raises a 400 problem for what is no date."""
    text = call.parameters.get("anchordate")
    if not text:
        return None
    try:
        return spell_time(parse_time(text))
    except ValueError:
        raise bad_parameter("ANCHORDATE", f"Not a date: {text}") from None


def max_count(call: Call) -> int:
    """How many activities are sent at most. Raises a 400 problem for what is no number."""
    text = call.parameters.get("maxcount", str(MOST))
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise bad_parameter("MAXCOUNT", f"Not a number: {text}")
    return int(text)


def wanted_verbs(call: Call) -> set[str]:
    """The verbs asked for; none where all are. Raises a 400 problem for an unknown one."""
    known = {verb.lower(): verb for verb in VERBS}
    words = [word.strip() for word in call.parameters.get("verbs", "").split(",") if word.strip()]
    for word in words:
        if word.lower() not in known:
            raise bad_parameter("VERBS", f"Unknown verb: {word}")
    return {known[word.lower()] for word in words}


def recorded(kind: TypeDef) -> list[AttributeDef]:
    """The attributes whose changes are told: what the asset's own record and its own links hold, without secrets."""
    return [
        each
        for each in kind.attributes.values()
        if (isinstance(each.storage, Column) or (isinstance(each.storage, Link) and each.storage.side == "source"))
        and each.kind not in ("Password", "Blob")
    ]


def verb_of(before: RowOut | None, row: RowOut) -> str:
    """What a record did to its asset, told by the state before and after."""
    if before is None:
        return "Created"
    old, new = int(str(before.values["AssetState"])), int(str(row.values["AssetState"]))
    if old == new:
        return "Updated"
    if DELETED in (old, new):
        return "Deleted" if new == DELETED else "Undeleted"
    if new == 128:
        return "Closed"
    if old == 128:
        return "Reopened"
    return {64: "Activated", 0: "Deactivated"}.get(new, "Updated")


def changes(kept: list[AttributeDef], before: RowOut | None, row: RowOut) -> Iterator[Json]:
    """What a record changed, one entry for each value of a list that came or went."""
    for each in kept:
        old = texts(before.values.get(each.name), each.kind) if before else []
        new = texts(row.values.get(each.name), each.kind)
        if each.multi:
            for text in [text for text in old if text not in new]:
                yield target(each.name, text, None, "Removed")
            for text in [text for text in new if text not in old]:
                yield target(each.name, None, text, "Added")
        elif old != new:
            yield target(each.name, old[0] if old else None, new[0] if new else None, "Updated")


def target(name: str, old: str | None, new: str | None, verb: str) -> Json:
    """One changed value."""
    summary = {"Added": f"added {new} to {name}", "Removed": f"removed {old} from {name}"}.get(verb)
    return {
        "name": name,
        "newValue": new,
        "oldValue": old,
        "verb": verb,
        "summary": summary or f"changed {name} from {old} to {new}",
    }


def texts(value: Value, kind: str) -> list[str]:
    """A value as texts: numbers with two decimals, related assets as OID tokens."""
    return [text_of(each, kind) for each in (value if isinstance(value, list) else [value]) if each is not None]


def text_of(value: object, kind: str) -> str:
    """One value as text."""
    if isinstance(value, Ref):
        return value.oid
    if isinstance(value, bool):
        return "True" if value else "False"
    return f"{value:.2f}" if kind == "Numeric" else str(value)


def activity(row: RowOut, kind: TypeDef, actor: Json, verb: str, targets: list[Json]) -> Json:
    """The document of one activity."""
    values = row.values
    scope = values.get("Scope")
    shown = values.get(kind.display_by or "Name")
    title = shown if isinstance(shown, str) else row.asset
    thing: Json = {
        "id": row.asset,
        "assetType": kind.name,
        "displayName": shown,
        "number": values.get("Number"),
        "assetState": STATES.get(int(str(values["AssetState"])), str(values["AssetState"])),
        "scope": scope.oid if isinstance(scope, Ref) else None,
    }
    body: Json = {
        "actor": actor,
        "verb": verb,
        "object": thing,
        "time": f"{str(values['ChangeDateUTC'])[:LENGTH]}Z",
        "summary": f"{actor['displayName']} {verb.lower()} {title}",
        "provider": {"stream": kind.name, "commitSeq": row.moment, "commitId": f"{row.asset}:{row.moment}"},
        "target": targets,
    }
    return {"body": body}
