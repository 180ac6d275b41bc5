"""Work items, and the requests, issues and effort that go with them."""

from __future__ import annotations

DECLARED = """
abstract Workitem : BaseAsset short=Number
    Number~ Text, Reference Text
    Scope! -> Scope.Workitems
    Timebox -> Timebox.Workitems
    Team -> Team.Workitems
    Owners* -> Member.OwnedWorkitems
    Goals* -> Goal.Workitems
    Parent^ -> Workitem.Children
    Super~^ -> Workitem.Subs
    DetailEstimate Numeric, ToDo Numeric
    AllocatedDetailEstimate Numeric =, AllocatedToDo Numeric =
    EstimatedDone Numeric =, EstimatedAllocatedDone Numeric =
    IsCompleted Boolean =, Inactive Boolean =, CheckInactivate Boolean =, CheckReactivate Boolean =

abstract PrimaryWorkitem : Workitem order=Order
    Order Rank, Estimate Numeric
    Parent -> Theme.Children
    Super -> Epic.Subs
    SplitFrom~^ -> PrimaryWorkitem.SplitTo
    Status -> StoryStatus.PrimaryWorkitems
    Priority -> WorkitemPriority.PrimaryWorkitems
    Source -> StorySource.PrimaryWorkitems
    ClassOfService -> ClassOfService.PrimaryWorkitems
    Requests* -> Request.PrimaryWorkitems
    Issues* -> Issue.PrimaryWorkitems
    BlockingIssues* -> Issue.BlockedPrimaryWorkitems
    AffectedByDefects* -> Defect.AffectedPrimaryWorkitems
    ChangeSets* -> ChangeSet.PrimaryWorkitems
    CompletedInBuildRuns* -> BuildRun.CompletesPrimaryWorkitems
    Dependencies* -> PrimaryWorkitem.Dependants
    TaggedWith* Text
    OpenEstimate Numeric =, ClosedEstimate Numeric =, CompleteEstimate Numeric =, IncompleteEstimate Numeric =
    CheckSplit Boolean =

Story : PrimaryWorkitem number=S
    Category -> StoryCategory.Stories
    Risk -> WorkitemRisk.Stories
    Customer -> Member.CustomeredStories
    IdentifiedIn -> Retrospective.IdentifiedStories
    RequestedBy Text, Benefits LongText, Value Numeric, LastVersion Text, OriginalEstimate Numeric, Jeopardy Numeric =
    do Copy, DeepCopy, ShallowCopy, Split, MakeTemplate, GenerateSubStory, StoryToEpic, EpicToStory
    do QuickClose, QuickSignup, Inactivate, Reactivate

Defect : PrimaryWorkitem number=D
    Type -> DefectType.Defects
    Resolution LongText
    ResolutionReason -> DefectResolution.Defects
    DuplicateOf -> Defect.DuplicatedBy
    VerifiedBy -> Member.VerifiedDefects
    FoundBy Text, FoundInBuild Text, FixedInBuild Text, Environment Text, VersionAffected Text
    FoundInBuildRuns* -> BuildRun.FoundDefects
    Versions* -> VersionLabel.Defects
    do Copy, DeepCopy, Split, MakeTemplate, QuickClose, QuickSignup, Inactivate, Reactivate

TestSet : PrimaryWorkitem number=TS
    RegressionSuite! -> RegressionSuite.TestSets
    Environment -> Environment.TestSets
    do Copy, Split, CopyAcceptanceTestsFromRegressionSuite, Inactivate, Reactivate

Task : Workitem order=Order number=TK
    Parent! -> PrimaryWorkitem.Children
    Scope~ -> Scope.Workitems
    Timebox~ -> Timebox.Workitems
    Team~ -> Team.Workitems
    Status -> TaskStatus.Tasks
    Category -> TaskCategory.Tasks
    Source -> TaskSource.Tasks
    Customer -> Member.CustomeredTasks
    Estimate Numeric, LastVersion Text, Order Rank, TaggedWith* Text
    do DeepCopy, QuickClose, QuickSignup, Inactivate, Reactivate

Test : Workitem order=Order number=AT
    Parent! -> PrimaryWorkitem.Children
    Scope~ -> Scope.Workitems
    Timebox~ -> Timebox.Workitems
    Team~ -> Team.Workitems
    Status -> TestStatus.Tests
    Category -> TestCategory.Tests
    GeneratedFrom -> RegressionTest.GeneratedTests
    Setup LongText, Inputs LongText, Steps LongText, ExpectedResults LongText, ActualResults LongText
    Estimate Numeric, Order Rank, VersionTested Text, TaggedWith* Text
    do DeepCopy, QuickClose, QuickSignup, Inactivate, Reactivate

Theme : Workitem number=FG
    Parent -> Theme.Children
    Timebox~ -> Timebox.Workitems
    Area -> ThemeLabel.Themes
    Category -> ThemeCategory.Themes
    Priority -> WorkitemPriority.Themes
    Risk -> WorkitemRisk.Themes
    Source -> ThemeSource.Themes
    Status -> ThemeStatus.Themes
    Customer -> Member.CustomeredThemes
    Estimate Numeric, Value Numeric, LastVersion Text, Order Rank
    do Inactivate, Reactivate

Epic : Workitem order=Order number=E
    Super -> Epic.Subs
    Parent -> Theme.Children
    Category -> EpicCategory.Epics
    Status -> EpicStatus.Epics
    Priority -> EpicPriority.Epics
    Source -> StorySource.Epics
    Swag Numeric, Value Numeric, Risk Numeric, Estimate Numeric, Order Rank, RequestedBy Text
    PlannedStart Date, PlannedEnd Date
    Requests* -> Request.Epics
    Issues* -> Issue.Epics
    BlockingIssues* -> Issue.BlockedEpics
    TaggedWith* Text
    do GenerateSubStory, GenerateSubEpic, Inactivate, Reactivate

Actual order=Date
    Value! Numeric, Date! Date
    Workitem! -> Workitem.Actuals
    Member! -> Member.Actuals
    Scope! -> Scope.Actuals
    Timebox -> Timebox.Actuals
    Team -> Team.Actuals

Issue : BaseAsset order=Order short=Number number=I
    Number~ Text, Order Rank, Reference Text, IdentifiedBy Text, Resolution LongText
    EndDate Date, TargetDate Date, Inactive Boolean =
    Scope! -> Scope.Issues
    Team -> Team.Issues
    Owner -> Member.OwnedIssues
    Category -> IssueCategory.Issues
    Priority -> IssuePriority.Issues
    Source -> StorySource.Issues
    ResolutionReason -> IssueResolution.Issues
    Retrospectives* -> Retrospective.Issues
    Requests* -> Request.Issues
    do Inactivate, Reactivate

Request : BaseAsset order=Order short=Number number=R
    Number~ Text, Order Rank, Reference Text, RequestedBy Text, Resolution LongText, Inactive Boolean =
    Scope! -> Scope.Requests
    Owner -> Member.OwnedRequests
    Category -> RequestCategory.Requests
    Status -> RequestStatus.Requests
    Priority -> RequestPriority.Requests
    Source -> StorySource.Requests
    ResolutionReason -> RequestResolution.Requests
    do Inactivate, Reactivate

Retrospective : BaseAsset
    Scope! -> Scope.Retrospectives
    Timebox -> Timebox.Retrospectives
    Team -> Team.Retrospectives
    FacilitatedBy -> Member.FacilitatedRetrospectives
    Date Date, Summary LongText
    do Inactivate, Reactivate
"""
