"""The SQL of every computed attribute: one expression for each rule name of the catalogue."""

from __future__ import annotations

from collections.abc import Callable

from .bindings import Binding, Place, during
from .catalogue import SECURED_BY
from .literals import NUMBERS
from .store import FOREVER, column
from .types import AttributeDef, Column, Computed

Rule = Callable[[Place, Binding], str]


def scalar(attribute: AttributeDef, place: Place, binding: Binding) -> str:
    """The SQL of a single scalar attribute of the record at *place*. Passwords are nobody's to read."""
    if attribute.kind == "Password":
        return "NULL"
    if isinstance(attribute.storage, Column):
        return f"{place.alias}.{column(attribute.storage.name)}"
    if isinstance(attribute.storage, Computed):
        return scalar_rule(attribute.storage.rule, place, binding)
    raise TypeError(f"{attribute.name} has no single value")


def listed(link: str, attribute: AttributeDef) -> str:
    """The SQL of one value of a multi-value scalar, which the link table holds as a text."""
    return f"CAST({link}.target AS NUMERIC)" if attribute.kind in NUMBERS else f"{link}.target"


def scalar_rule(rule: str, place: Place, binding: Binding) -> str:
    """The SQL of computed attribute *rule* of a record: a scalar, or the OID token of a single relation."""
    return RULES[rule](place, binding)


def _plain(template: str) -> Rule:
    """A rule that reads only the record: `{o}` is its alias, `{Name}` one of its columns."""

    def rule(place: Place, binding: Binding) -> str:
        return template.format_map(_Columns(place.alias))

    return rule


class _Columns(dict[str, str]):
    def __init__(self, alias: str) -> None:
        super().__init__(o=alias)

    def __missing__(self, name: str) -> str:
        return f"{self['o']}.{column(name)}"


def _first(what: str) -> Rule:
    """From the asset's first record."""

    def rule(place: Place, binding: Binding) -> str:
        f = binding.alias("f")
        return f"(SELECT {f}.{what} FROM record {f} WHERE {f}.asset = {place.alias}.asset ORDER BY {f}.since LIMIT 1)"

    return rule


def _entered(what: str, state: int) -> Rule:
    """From the record that brought the asset into *state*, in which it still is."""

    def rule(place: Place, binding: Binding) -> str:
        f, g, o = binding.alias("f"), binding.alias("g"), place.alias
        return (
            f"CASE WHEN {o}.state = {state} THEN (SELECT {f}.{what} FROM record {f} WHERE {f}.asset = {o}.asset"
            f" AND {f}.since > IFNULL((SELECT MAX({g}.since) FROM record {g} WHERE {g}.asset = {o}.asset"
            f" AND {g}.state <> {state} AND {g}.since < {o}.since), -1) ORDER BY {f}.since LIMIT 1) END"
        )

    return rule


def _mine(what: str) -> Rule:
    """From the asset's latest record made by the calling member."""

    def rule(place: Place, binding: Binding) -> str:
        f, o = binding.alias("f"), place.alias
        return (
            f"(SELECT {f}.{what} FROM record {f} WHERE {f}.asset = {o}.asset AND {f}.since <= {o}.since"
            f" AND {f}.changed_by = {binding.bind(binding.member)} ORDER BY {f}.since DESC LIMIT 1)"
        )

    return rule


def _days(place: Place, binding: Binding) -> str:
    n, o = binding.alias("n"), place.alias
    following = f"(SELECT {n}.changed_at FROM record {n} WHERE {n}.asset = {o}.asset AND {n}.since = {o}.until)"
    end = f"IFNULL({following}, {binding.bind(binding.now)})"
    return f"CAST(julianday({end}) - julianday({o}.changed_at) AS INTEGER)"


def _deletable(place: Place, binding: Binding) -> str:
    if "Delete" not in place.kind.operations and not place.kind.abstract:
        return "0"
    o = place.alias
    return (
        f"({o}.state <> 255 AND {o}.id >= 0 AND {o}.asset NOT IN ('Scope:0', 'Member:20')"
        f" AND {o}.type NOT IN ('Role', 'State'))"
    )


def _is_self(place: Place, binding: Binding) -> str:
    return f"({place.alias}.asset = {binding.bind(binding.member)})"


def _owned(place: Place, binding: Binding, member: str = "") -> str:
    """Whether the work item has owners, or one certain owner."""
    link = binding.alias("l")
    who = f" AND {link}.target = {member}" if member else ""
    return (
        f"EXISTS (SELECT 1 FROM link {link} WHERE {link}.relation IN ('Workitem.Owners', 'RegressionTest.Owners')"
        f" AND {link}.source = {place.alias}.asset AND {during(link, place.time)}{who})"
    )


def _allocated(template: str) -> Rule:
    def rule(place: Place, binding: Binding) -> str:
        return f"CASE WHEN {_owned(place, binding)} THEN {template.format_map(_Columns(place.alias))} END"

    return rule


def _quick_signup(place: Place, binding: Binding) -> str:
    return f"({place.alias}.state = 64 AND NOT {_owned(place, binding, binding.bind(binding.member))})"


def _earliest_active(place: Place, binding: Binding) -> str:
    t = binding.alias("t")
    return (
        f"(SELECT {t}.asset FROM record {t} WHERE {t}.{column('Schedule')} = {place.alias}.asset"
        f" AND {t}.type = 'Timebox'"
        f" AND {during(t, place.time)} AND {t}.state = 64 ORDER BY {t}.{column('BeginDate')}, {t}.id LIMIT 1)"
    )


def _sendable(place: Place, binding: Binding) -> str:
    r = binding.alias("r")
    return (
        f"({place.alias}.state = 64 AND NOT EXISTS (SELECT 1 FROM record {r} WHERE {r}.{column('Message')} ="
        f" {place.alias}.asset AND {r}.type = 'MessageReceipt' AND {r}.until = {FOREVER}))"
    )


def security_scope(place: Place, binding: Binding) -> str:
    """The project whose rights hold for the record at *place*."""
    o, p = place.alias, binding.alias("p")
    lent = "".join(
        f" WHEN {o}.type = '{name}' THEN (SELECT {p}.{column('Scope')} FROM record {p}"
        f" WHERE {p}.asset = {o}.{column(relation)} AND {during(p, place.time)})"
        for name, relation in SECURED_BY.items()
    )
    return f"CASE WHEN {o}.type = 'Scope' THEN {o}.asset{lent} ELSE {o}.{column('Scope')} END"


def _content(place: Place, binding: Binding) -> str:
    b = binding.alias("b")
    return f"(SELECT {b}.content FROM blob {b} WHERE {b}.asset = {place.alias}.asset)"


_AUDITED = {"Date": "changed_at", "DateUTC": "changed_at", "Reason": "reason", "Comment": "comment"}

RULES: dict[str, Rule] = {
    "AssetType": _plain("{o}.type"),
    "Key": _plain("{o}.id"),
    "Moment": _plain("{o}.since"),
    "Is": _plain("({o}.state < 255)"),
    "Days": _days,
    "SecurityScope": security_scope,
    "Content": _content,
    "CreatedBy": _first("changed_by"),
    "ChangedBy": _plain("{o}.changed_by"),
    "RetiredBy": _entered("changed_by", 255),
    "ClosedBy": _entered("changed_by", 128),
    "ClosedDate": _entered("changed_at", 128),
    "MyLastChangeMoment": _mine("since"),
    **{f"Create{part}": _first(kept) for part, kept in _AUDITED.items()},
    **{f"Change{part}": _plain(f"{{o}}.{kept}") for part, kept in _AUDITED.items()},
    **{f"Retire{part}": _entered(kept, 255) for part, kept in _AUDITED.items()},
    **{f"MyLastChange{part}": _mine(kept) for part, kept in _AUDITED.items()},
    "AssetState": _plain("{o}.state"),
    "FakeAssetState": _plain("{o}.state"),
    "SubState": _plain("CASE WHEN {o}.state BETWEEN 200 AND 254 THEN {o}.state END"),
    "IsDeleted": _plain("({o}.state = 255)"),
    "IsUndeletable": _plain("({o}.state = 255)"),
    "IsDead": _plain("({o}.state >= 192)"),
    **{rule: _plain("({o}.state = 128)") for rule in ("IsClosed", "IsCompleted", "IsClosedState")},
    **{rule: _plain("({o}.state >= 128)") for rule in ("IsInactive", "Inactive", "IsReadOnly")},
    "CanUpdate": _plain("({o}.state <> 255)"),
    "IsDeletable": _deletable,
    "OpenEstimate": _plain("CASE WHEN {o}.state < 128 THEN {Estimate} END"),
    "ClosedEstimate": _plain("CASE WHEN {o}.state = 128 THEN {Estimate} END"),
    "CompleteEstimate": _plain("CASE WHEN {o}.state = 128 THEN {Estimate} END"),
    "IncompleteEstimate": _plain("CASE WHEN {o}.state <> 128 THEN {Estimate} END"),
    "AllocatedDetailEstimate": _allocated("{DetailEstimate}"),
    "AllocatedToDo": _allocated("{ToDo}"),
    "EstimatedDone": _plain("({DetailEstimate} - {ToDo})"),
    "EstimatedAllocatedDone": _allocated("({DetailEstimate} - {ToDo})"),
    "Jeopardy": _plain("(CAST({ToDo} AS REAL) / NULLIF({DetailEstimate}, 0))"),
    "Duration": _plain(
        "(CAST(ROUND(julianday({EndDate}) - julianday({BeginDate})) AS INTEGER) || ' Days')",
    ),
    "IsSelf": _is_self,
    "IsLoginDisabled": _plain("({Username} IS NULL OR {o}.state <> 64)"),
    "IsCollaborator": _plain("({o}.state = 209)"),
    "IsUnread": _plain("(IFNULL({IsRead}, 0) = 0)"),
    "IsUnarchived": _plain("(IFNULL({IsArchived}, 0) = 0)"),
    "EarliestActiveTimebox": _earliest_active,
    "CheckActivate": _plain("({o}.state NOT IN (64, 255))"),
    "CheckClose": _plain("({o}.state < 128)"),
    "CheckMakeFuture": _plain("({o}.state IN (64, 128))"),
    "CheckInactivate": _plain("({o}.state < 128)"),
    "CheckReactivate": _plain("({o}.state = 128)"),
    "CheckQuickClose": _plain("({o}.state = 64)"),
    "CheckQuickSignup": _quick_signup,
    **{f"Check{name}": _plain("({o}.state <> 255)") for name in ("Copy", "DeepCopy", "ShallowCopy")},
    **{f"Check{name}": _plain("({o}.state = 64)") for name in ("Split", "MakeTemplate", "StoryToEpic")},
    "CheckEpicToStory": _plain("({o}.state = 208)"),
    "CheckGenerateSubStory": _plain("({o}.state IN (64, 208))"),
    "CheckGenerateSubEpic": _plain("({o}.state = 64)"),
    "CheckCopyAcceptanceTestsFromRegressionSuite": _plain("({o}.state = 64 AND {RegressionSuite} IS NOT NULL)"),
    "CheckConvertToTeam": _plain("({o}.state = 64 AND {o}.asset <> 'Scope:0')"),
    "CheckSend": _sendable,
}
"""The SQL of each computed scalar, by the name of its rule."""
