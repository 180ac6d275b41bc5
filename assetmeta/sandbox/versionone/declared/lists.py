"""The list types, whose rows fill the drop-down fields. Their reverse relations come from the relations to them."""

from __future__ import annotations

_PLAIN = """
    TaskStatus TestStatus WorkitemPriority WorkitemRisk TaskCategory TaskSource TestCategory StorySource
    StoryCategory GoalPriority GoalCategory IssuePriority IssueCategory IssueResolution RequestPriority
    RequestStatus RequestCategory RequestResolution BuildStatus BuildSource EpicCategory EpicPriority
    DefectType DefectResolution ScopeStatus ThemeCategory ThemeSource ThemeStatus NoteCategory
    AttachmentCategory RegressionTestStatus PlanningLevel ClassOfService
"""

DECLARED = """
StoryStatus : List
    RollupState State

EpicStatus : List
    RollupState State
""" + "".join(f"\n{name} : List\n" for name in _PLAIN.split())
