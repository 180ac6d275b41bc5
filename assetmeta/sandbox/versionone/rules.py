"""The names of all computed attributes' rules, and what each one means. The engine gives each its SQL."""

from __future__ import annotations

_IDENTITY = {
    "ID": "the asset itself",
    "AssetType": "the name of the asset's concrete type",
    "Key": "the numeric id",
    "Moment": "the moment of this record",
    "Prior": "the asset at its previous record, or null for the first",
    "Now": "the asset at its current record",
    "History": "the asset at each of its records, oldest first",
    "Is": "true while the asset is not deleted (state below 255)",
    "Days": "whole days from this record's date to the next one's, or to now",
    "Viewers": "the active members (state 64)",
    "SecurityScope": "the asset's own Scope; the asset itself when it is a Scope; that of its RegressionPlan for a"
    " RegressionSuite; null where there is neither",
    "SecuredAssets": "reverse of SecurityScope: the assets whose SecurityScope this one is",
    "Content": "the bytes kept for the asset in the blob table, as base64; null without bytes",
}
_AUDIT = {
    f"{prefix}{part}": f"{meaning}: {what}"
    for prefix, meaning in (
        ("Create", "of the asset's first record"),
        ("Change", "of this record"),
        ("Retire", "of the record that deleted the asset, null while it is not deleted"),
        ("MyLastChange", "of the asset's latest record made by the calling member, else null"),
    )
    for part, what in (
        ("Date", "its date in the member's zone"),
        ("DateUTC", "its date in UTC"),
        ("Reason", "its reason"),
        ("Comment", "its comment"),
    )
} | {
    "CreatedBy": "of the asset's first record: its member",
    "ChangedBy": "of this record: its member",
    "RetiredBy": "of the record that deleted the asset: its member, null while it is not deleted",
    "MyLastChangeMoment": "of the asset's latest record made by the calling member: its moment, else null",
    "ClosedDate": "date of the record that closed the asset, null while it is not closed (state 128)",
    "ClosedBy": "member of the record that closed the asset, null while it is not closed",
}
_STATE = {
    "AssetState": "the state of this record",
    "FakeAssetState": "the state of this record",
    "SubState": "the state of this record where it is a variant (200 to 254), else null",
    "IsDeleted": "state is 255",
    "IsDead": "state is 192 or more",
    "IsClosed": "state is 128",
    "IsCompleted": "state is 128",
    "IsClosedState": "state is 128",
    "IsInactive": "state is 128 or more",
    "Inactive": "state is 128 or more",
    "IsReadOnly": "state is 128 or more",
    "CanUpdate": "state is not 255",
    "IsDeletable": "state is not 255, and it is no shipped row (Scope:0, Member:20, Role, State, id below 0)",
    "IsUndeletable": "state is 255",
}
_ESTIMATES = {
    "OpenEstimate": "Estimate while state is below 128, else null",
    "ClosedEstimate": "Estimate while state is 128, else null",
    "CompleteEstimate": "Estimate where IsCompleted, else null",
    "IncompleteEstimate": "Estimate where not IsCompleted, else null",
    "AllocatedDetailEstimate": "DetailEstimate where the asset has an owner, else null",
    "AllocatedToDo": "ToDo where the asset has an owner, else null",
    "EstimatedDone": "DetailEstimate minus ToDo, null where either is null",
    "EstimatedAllocatedDone": "EstimatedDone where the asset has an owner, else null",
    "Jeopardy": "ToDo divided by DetailEstimate, null where either is null or DetailEstimate is 0",
    "Duration": "days from BeginDate to EndDate as 'N Days', null where either is null",
}
_PEOPLE = {
    "IsSelf": "the member is the calling member",
    "IsLoginDisabled": "the member has no Username or is not active",
    "IsCollaborator": "state is 209",
    "IsUnread": "IsRead is not true",
    "IsUnarchived": "IsArchived is not true",
    "EarliestActiveTimebox": "the schedule's Timebox in state 64 with the earliest BeginDate, else null",
}
_VALIDATORS = {
    "CheckActivate": "state is neither 64 nor 255",
    "CheckClose": "state is below 128",
    "CheckMakeFuture": "state is 64 or 128",
    "CheckInactivate": "state is below 128",
    "CheckReactivate": "state is 128",
    "CheckQuickClose": "state is 64",
    "CheckQuickSignup": "state is 64 and the calling member is not among Owners",
    "CheckCopy": "state is not 255",
    "CheckDeepCopy": "state is not 255",
    "CheckShallowCopy": "state is not 255",
    "CheckSplit": "state is 64",
    "CheckMakeTemplate": "state is 64",
    "CheckStoryToEpic": "state is 64",
    "CheckEpicToStory": "state is 208",
    "CheckGenerateSubStory": "state is 64 or 208",
    "CheckGenerateSubEpic": "state is 64",
    "CheckCopyAcceptanceTestsFromRegressionSuite": "state is 64 and RegressionSuite is set",
    "CheckConvertToTeam": "state is 64 and the asset is not Scope:0",
    "CheckSend": "state is 64 and the message has no receipts yet",
}

RULES: dict[str, str] = _IDENTITY | _AUDIT | _STATE | _ESTIMATES | _PEOPLE | _VALIDATORS

SECURED_BY: dict[str, str] = {"RegressionSuite": "RegressionPlan"}
"""The single relation to the asset that a type without a Scope of its own has its SecurityScope from."""

CARRIED: dict[str, tuple[str, ...]] = {"Task": ("Scope", "Timebox", "Team"), "Test": ("Scope", "Timebox", "Team")}
"""Read-only relations that a type keeps in its own record, copied from its Parent whenever that is set or changes."""
