"""Projects, iterations and people."""

from __future__ import annotations

DECLARED = """
Scope : BaseAsset
    Parent!^ -> Scope.Children
    BeginDate! Date, EndDate Date, Duration Duration =
    Schedule -> Schedule.ScheduledScopes
    Scheme -> Scheme.Scopes
    PlanningLevel -> PlanningLevel.Scopes
    Owner -> Member.OwnedScopes
    Status -> ScopeStatus.Scopes
    TestSuite -> TestSuite.Scopes
    Members* -> Member.Scopes
    Workers* -> Member.WorksOn
    ScopeLabels* -> ScopeLabel.Scopes
    Targets* -> Goal.TargetedBy
    BuildProjects*+ -> BuildProject.Scopes
    SecuredAssets* -> BaseAsset.SecurityScope = SecuredAssets
    Reference Text, TargetEstimate Numeric, TargetSwag Numeric
    do Inactivate, Reactivate, ConvertToTeam, AssignMemberWithRole[]

Timebox : BaseAsset order=EndDate
    BeginDate! Date, EndDate! Date, Duration Duration =
    State! -> State.Timeboxes
    Schedule! -> Schedule.Timeboxes
    Owner -> Member.OwnedTimeboxes
    TargetEstimate Numeric, IsClosedState Boolean =
    do Activate, Close, MakeFuture, Reactivate

Schedule : BaseAsset
    TimeboxLength! Duration, TimeboxGap! Duration
    EarliestActiveTimebox -> Timebox = EarliestActiveTimebox
    do Inactivate, Reactivate

Member : BaseAsset short=Nickname
    Nickname! Text, Username Text, Password Password, Email Text, Phone Text
    DefaultRole! -> Role
    Avatar -> Image
    MemberLabels* -> MemberLabel.Members
    IsSelf Boolean =, IsLoginDisabled+ Boolean =, IsCollaborator Boolean =
    do Inactivate, Reactivate, AssignToScopeWithRole[]

Team : BaseAsset
    do Inactivate, Reactivate

TeamRoom : BaseAsset
    Schedule -> Schedule.TeamRooms
    Scope -> Scope.TeamRooms
    Team -> Team.Rooms
    Participants* -> Member.TeamRooms
    do Inactivate, Reactivate

Grant
    Scope! -> Scope.Grants
    Member! -> Member.Grants
    Role! -> Role
    IsOwner Boolean

Goal : BaseAsset short=Number number=G
    Number~ Text
    Scope! -> Scope.Goals
    Team -> Team.Goals
    Category -> GoalCategory.Goals
    Priority -> GoalPriority.Goals
    PlannedBusinessValue Numeric
    Inactive Boolean =
    do Inactivate, Reactivate

ScopeLabel : BaseAsset
    do Inactivate, Reactivate

MemberLabel : BaseAsset
    do Inactivate, Reactivate

ThemeLabel : BaseAsset
    do Inactivate, Reactivate

VersionLabel : BaseAsset
    do Inactivate, Reactivate
"""
