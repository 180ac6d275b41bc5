"""What a context suggests for a new asset: rest-1.v1/New, and `ctx` on a create."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from .catalogue import SECURED_BY
from .literals import DELETED, parse_oid, parse_time, spell_time
from .problems import bad_parameter, invalid_oid, unknown_type
from .records import Pen, Record
from .requests import Change, Ref
from .store import FOREVER, column
from .types import AttributeDef, Catalogue, Column, TypeDef

_TEXTS = ("Name", "Description")
_DAYS = {"Days": 1, "Weeks": 7, "Months": 30}

_BY_WHOM = {("Actual", "Member"), ("Expression", "Author"), ("Subscription", "Subscriber")}

# For each context type: the texts it hands over, its own relations it hands over, and the relations that may lead back
# to it, of which a new asset gets the first it has.
_CONTEXTS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "Scope": ((), ("Schedule",), ("Scope", "Parent")),
    "Request": (_TEXTS, ("Scope",), ("Requests",)),
    "Issue": (_TEXTS, ("Scope",), ("Issues",)),
    "Retrospective": (_TEXTS, ("Scope",), ("IdentifiedIn", "Retrospectives")),
    "Epic": (_TEXTS, ("Scope",), ("Super",)),
    "PrimaryWorkitem": ((), ("Scope", "Timebox", "Team"), ("Parent", "Workitem")),
    "Workitem": ((), ("Scope", "Timebox", "Team"), ("Parent", "Workitem")),
    "Test": (("Name", "Description", "Setup", "Inputs", "Steps", "ExpectedResults"), ("Scope",), ("GeneratedFrom",)),
    "Goal": ((), ("Scope",), ("Goals",)),
    "Schedule": ((), (), ("Schedule",)),
    "Timebox": ((), (), ("Timebox",)),
    "Team": ((), (), ("Team",)),
    "Member": ((), (), ("Owners", "Owner", "Member")),
    "RegressionPlan": ((), ("Scope",), ("RegressionPlan",)),
    "RegressionSuite": ((), (), ("RegressionSuite", "RegressionSuites")),
    "Environment": ((), ("Scope",), ("Environment",)),
    "BuildProject": ((), (), ("BuildProject",)),
    "Message": ((), (), ("Message",)),
    "Conversation": ((), (), ("BelongsTo",)),
    "Expression": ((), (), ("InReplyTo",)),
    "Note": ((), ("Asset",), ("InResponseTo",)),
    "BaseAsset": ((), (), ("Asset", "Mentions")),
}


def template(pen: Pen, type_name: str, context: str | None) -> list[Change]:
    """The changes a new asset of the type starts from; none without a context. Raises a 400 problem."""
    kind = pen.catalogue.find(type_name)
    if kind is None:
        raise unknown_type(type_name)
    if context is None or context == "":
        return []
    record = _context(pen, context)
    lineage = pen.catalogue.types[record.type_name].lineage
    for above in lineage:
        if above in _CONTEXTS:
            found = list(_suggested(kind, record, above, pen))
            if found:
                return [*found, *_required(kind, record, pen, {change.name for change in found})]
    relation = _required_relation(kind, record.type_name, pen.catalogue)
    if relation is None:
        return []
    return [Change(relation, "set", Ref(record.asset)), *_required(kind, record, pen, {relation})]


def back_relation(kind: TypeDef, context: TypeDef, catalogue: Catalogue) -> str | None:
    """The relation of a new asset that a context of that type fills with itself; None when it suggests nothing."""
    for above in context.lineage:
        for name in _CONTEXTS[above][2] if above in _CONTEXTS else ():
            if _leads_to(kind, name, context.name, catalogue):
                return name
    return _required_relation(kind, context.name, catalogue)


def _required_relation(kind: TypeDef, context: str, catalogue: Catalogue) -> str | None:
    """The only required relation that can hold an asset of the context's type: what the context must then be."""
    fitting = [
        each.name
        for each in kind.attributes.values()
        if each.required and not each.multi and _leads_to(kind, each.name, context, catalogue)
    ]
    return fitting[0] if len(fitting) == 1 else None


def _context(pen: Pen, text: str) -> Record:
    try:
        parsed = parse_oid(text)
    except ValueError:
        raise invalid_oid(text) from None
    record = pen.read(f"{parsed[0]}:{parsed[1]}") if parsed else None
    if record is None or record.state == DELETED:
        raise bad_parameter("CTX", f"Asset not found: {text}")
    return record


def _suggested(kind: TypeDef, record: Record, above: str, pen: Pen) -> Iterator[Change]:
    texts, shared, back = _CONTEXTS[above]
    relation = next((name for name in back if _leads_to(kind, name, record.type_name, pen.catalogue)), None)
    if relation is None and kind.name != "Timebox":
        return
    if relation is not None:
        yield Change(relation, "add" if kind.attributes[relation].multi else "set", Ref(record.asset))
    for name in texts:
        if name in kind.attributes and record.values.get(name) is not None:
            yield Change(name, "set", str(record.values[name]))
    for name in shared:
        value = record.values.get(name)
        if value is not None and name != relation and _is_writable(kind, name):
            yield Change(name, "set", Ref(str(value)))
    if kind.name == "Timebox" and above in ("Schedule", "Scope"):
        yield from _dates(pen, record.asset if above == "Schedule" else str(record.values.get("Schedule")))


def _required(kind: TypeDef, record: Record, pen: Pen, given: set[str]) -> Iterator[Change]:
    """The values that are required and can be told, though the context says nothing of them."""
    for attribute in kind.attributes.values():
        if not attribute.required or attribute.name in given or not _is_writable(kind, attribute.name):
            continue
        value = _told(kind, attribute, record, pen)
        if value is not None:
            yield Change(attribute.name, "set", value)


def _told(kind: TypeDef, attribute: AttributeDef, record: Record, pen: Pen) -> Ref | str | None:
    """Today for a date; the project of the context; who asks; the role that a member has elsewhere."""
    if attribute.kind == "Date":
        return _day(pen.now)
    if attribute.name == "Scope":
        project = project_of(pen, record)
        return None if project is None else Ref(project)
    if (kind.name, attribute.name) in _BY_WHOM:
        return Ref(pen.member)
    if attribute.related == "Role":
        role = record.values.get("DefaultRole")
        return None if role is None else Ref(str(role))
    return None


def project_of(pen: Pen, record: Record) -> str | None:
    """The project that an asset belongs to; None where it belongs to none."""
    if record.type_name == "Scope":
        return record.asset
    lender = record.values.get(SECURED_BY.get(record.type_name, ""))
    above = pen.read(str(lender)) if lender is not None else None
    found = (above or record).values.get("Scope")
    return None if found is None else str(found)


def _leads_to(kind: TypeDef, name: str, context: str, catalogue: Catalogue) -> bool:
    attribute = kind.attributes.get(name)
    if attribute is None or attribute.readonly or attribute.related is None:
        return False
    return context in catalogue.types[attribute.related].concrete


def _is_writable(kind: TypeDef, name: str) -> bool:
    attribute = kind.attributes.get(name)
    return attribute is not None and not attribute.readonly and isinstance(attribute.storage, Column)


def _dates(pen: Pen, schedule: str) -> Iterator[Change]:
    """State and dates of the schedule's next iteration: it begins after the last one and the gap."""
    record = pen.read(schedule)
    if record is None:
        return
    latest = pen.store.one(
        f"SELECT MAX({column('EndDate')}) FROM record WHERE type = 'Timebox' AND {column('Schedule')} = ?"
        f" AND until = {FOREVER} AND state <> {DELETED}",
        (schedule,),
    )
    begin = pen.now.replace(hour=0, minute=0, second=0, microsecond=0)
    if latest is not None:
        begin = parse_time(str(latest)) + _length(record.values.get("TimeboxGap"))
    yield Change("State", "set", Ref("State:100"))
    yield Change("BeginDate", "set", _day(begin))
    yield Change("EndDate", "set", _day(begin + _length(record.values.get("TimeboxLength"))))


def _length(duration: object) -> timedelta:
    number, _, unit = str(duration or "0 Days").partition(" ")
    return timedelta(days=int(number) * _DAYS.get(unit, 1))


def _day(time: datetime) -> str:
    return spell_time(time)[:10]
