"""What each operation does. An operation is one moment; it returns the asset acted on, or the one it made."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .creation import children, copy_asset, deep_copy
from .literals import DELETED, parse_boolean, parse_oid
from .problems import violation
from .records import Pen, Record
from .requests import Change, Ref
from .seed import TIMEBOX_STATES
from .store import column
from .templates import template
from .types import TypeDef
from .writes import create

Arguments = Mapping[str, object]
Effect = Callable[[Pen, Record, Arguments], str]

_TIMEBOX_STATES = {state: oid for oid, state in TIMEBOX_STATES.items()}


def effect_of(kind: TypeDef, operation: str) -> Effect | None:
    """The effect of an operation the type has; None when it is not a name of the schema."""
    return _EFFECTS[operation] if operation in kind.operations else None


def _to_state(state: int, **values: object) -> Effect:
    def effect(pen: Pen, record: Record, arguments: Arguments) -> str:
        changed = dict(values)
        if record.type_name == "Timebox" and state in _TIMEBOX_STATES:
            changed["State"] = _TIMEBOX_STATES[state]
        pen.put(record.asset, changed, state, touch=True)
        return record.asset

    return effect


def _set(**values: object) -> Effect:
    def effect(pen: Pen, record: Record, arguments: Arguments) -> str:
        pen.put(record.asset, values, touch=True)
        return record.asset

    return effect


def _undelete(pen: Pen, record: Record, arguments: Arguments) -> str:
    before = pen.store.one(
        f"SELECT state FROM record WHERE asset = ? AND state <> {DELETED} ORDER BY since DESC LIMIT 1", (record.asset,)
    )
    pen.put(record.asset, {}, 64 if before is None else int(str(before)))
    return record.asset


def _quick_signup(pen: Pen, record: Record, arguments: Arguments) -> str:
    pen.link("Workitem.Owners", record.asset, pen.member)
    pen.put(record.asset, {}, touch=True)
    return record.asset


def _copy(pen: Pen, record: Record, arguments: Arguments) -> str:
    return copy_asset(pen, record)


def _deep_copy(pen: Pen, record: Record, arguments: Arguments) -> str:
    return deep_copy(pen, record)


def _make_template(pen: Pen, record: Record, arguments: Arguments) -> str:
    return deep_copy(pen, record, state=200)


def _split(pen: Pen, record: Record, arguments: Arguments) -> str:
    """The rest of the work goes to a copy: the open children move to it."""
    asset = copy_asset(pen, record, {"SplitFrom": record.asset})
    for child in children(pen, record.asset):
        if child.state < 128:
            pen.put(child.asset, {"Parent": asset})
    return asset


def _made_from(pen: Pen, record: Record, type_name: str, context: str) -> str:
    suggested = template(pen, type_name, context)
    given = {change.name for change in suggested}
    kept = [
        Change(name, "set", str(value))
        for name in ("Name", "Description", "Scope", "Team")
        if name not in given and (value := record.values.get(name)) is not None
    ]
    return create(pen, type_name, [*suggested, *kept]).asset


def _story_to_epic(pen: Pen, record: Record, arguments: Arguments) -> str:
    """The story is broken down: an Epic takes its place, with the story below it."""
    above = record.values.get("Super")
    epic = _made_from(pen, record, "Epic", "")
    pen.put(epic, {"Super": above})
    pen.put(record.asset, {"Super": epic}, 208)
    return epic


def _generate_sub_story(pen: Pen, record: Record, arguments: Arguments) -> str:
    """A story below the Epic; below a broken-down story's Epic, or beside a story that has none."""
    context = record.asset if record.type_name == "Epic" else str(record.values.get("Super") or "")
    return _made_from(pen, record, "Story", context)


def _generate_sub_epic(pen: Pen, record: Record, arguments: Arguments) -> str:
    return _made_from(pen, record, "Epic", record.asset)


def _copy_regression_tests(pen: Pen, record: Record, arguments: Arguments) -> str:
    copied = ("Name", "Description", "Category", "Setup", "Inputs", "Steps", "ExpectedResults", "Reference")
    for asset in pen.linked("RegressionSuite.RegressionTests", str(record.values["RegressionSuite"])):
        test = pen.read(asset)
        if test is None or test.state == DELETED:
            continue
        changes = [Change(name, "set", str(value)) for name in copied if (value := test.values.get(name)) is not None]
        relations = [Change("Parent", "set", Ref(record.asset)), Change("GeneratedFrom", "set", Ref(asset))]
        create(pen, "Test", [*changes, *relations])
    pen.put(record.asset, {}, touch=True)
    return record.asset


def _convert_to_team(pen: Pen, record: Record, arguments: Arguments) -> str:
    """A Team of the project's name takes over its open work."""
    team = _made_from(pen, record, "Team", "")
    for workitem in pen.find(f"{column('Scope')} = ? AND {column('Team')} IS NULL AND state < 128", record.asset):
        kind = pen.catalogue.types[workitem.type_name]
        if "Workitem" in kind.lineage and not kind.attributes["Team"].readonly:
            pen.put(workitem.asset, {"Team": team})
    return team


def _assign(near: str, far: str) -> Effect:
    """Give a member a role in a project: one Grant for the two, and the member among the project's Members."""

    def effect(pen: Pen, record: Record, arguments: Arguments) -> str:
        type_name = record.type_name
        other, role = (_argument(pen, arguments, name, type_name) for name in (far, "Role"))
        ends = {near: record.asset, far: other}
        values = {**ends, "Role": role, "IsOwner": _flag(arguments.get("IsOwner"), type_name)}
        tie = f"type = 'Grant' AND {column('Scope')} = ? AND {column('Member')} = ?"
        present = pen.find(tie, ends["Scope"], ends["Member"])
        if present:
            pen.put(present[0].asset, values)
        else:
            pen.create("Grant", 64, values)
        pen.link("Scope.Members", ends["Scope"], ends["Member"])
        pen.put(record.asset, {}, touch=True)
        return record.asset

    return effect


def _argument(pen: Pen, arguments: Arguments, name: str, type_name: str) -> str:
    value = arguments.get(name)
    if value is None or value == "":
        raise violation("Required", type_name, name)
    try:
        parsed = parse_oid(value.oid if isinstance(value, Ref) else str(value))
    except ValueError:
        parsed = None
    asset = f"{parsed[0]}:{parsed[1]}" if parsed and parsed[0] == name else ""
    record = pen.read(asset)
    if record is None or record.state == DELETED:
        raise violation("Invalid", type_name, name)
    return asset


def _flag(value: object, type_name: str) -> int:
    try:
        return int(value) if isinstance(value, bool) else parse_boolean(str(value or "false"))
    except ValueError:
        raise violation("Invalid", type_name, "IsOwner") from None


def _send(pen: Pen, record: Record, arguments: Arguments) -> str:
    for member in pen.linked("Message.Recipients", record.asset):
        values = {"Message": record.asset, "Recipient": member, "IsRead": 0, "IsArchived": 0}
        pen.create("MessageReceipt", 64, values)
    pen.put(record.asset, {}, touch=True)
    return record.asset


_EFFECTS: dict[str, Effect] = {
    "Delete": _to_state(DELETED),
    "Undelete": _undelete,
    "Inactivate": _to_state(128),
    "Reactivate": _to_state(64),
    "Activate": _to_state(64),
    "Close": _to_state(128),
    "MakeFuture": _to_state(0),
    "QuickClose": _to_state(128, ToDo=0),
    "QuickSignup": _quick_signup,
    "Copy": _copy,
    "ShallowCopy": _copy,
    "DeepCopy": _deep_copy,
    "Split": _split,
    "MakeTemplate": _make_template,
    "StoryToEpic": _story_to_epic,
    "EpicToStory": _to_state(64),
    "GenerateSubStory": _generate_sub_story,
    "GenerateSubEpic": _generate_sub_epic,
    "CopyAcceptanceTestsFromRegressionSuite": _copy_regression_tests,
    "ConvertToTeam": _convert_to_team,
    "AssignMemberWithRole": _assign("Scope", "Member"),
    "AssignToScopeWithRole": _assign("Member", "Scope"),
    "Send": _send,
    "MarkAsRead": _set(IsRead=1),
    "MarkAsUnread": _set(IsRead=0),
    "MarkAsArchived": _set(IsArchived=1),
    "MarkAsUnarchived": _set(IsArchived=0),
}
