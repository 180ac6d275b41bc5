"""The rows of the list types. Well-known rows have the ids of real instances; the others are below 1000 as well."""

from __future__ import annotations

from collections.abc import Iterator

_ROWS = """
StoryStatus: 133 Future, 134 In Progress, 135 Done, 137 Accepted
TaskStatus: 123 In Progress, 125 Completed, 126 On Hold
TestStatus: 155 Failed, 129 Passed
WorkitemPriority: 138 Low, 139 Medium, 140 High
TaskCategory: 112 Code, 310 Design, 311 Documentation, 312 Deployment
TaskSource: 157 Planned, 313 Unplanned
TestCategory: 114 Performance, 115 Usability, 116 Functional
StorySource: 148 Customer, 149 Product Management, 150 Support, 156 Engineering
GoalPriority: 187 Low, 188 Medium, 189 High
GoalCategory: 190 Competitive, 191 Financial, 192 Market, 193 Operations, 194 Strategic
IssuePriority: 159 Low, 160 Medium, 161 High
IssueCategory: 164 Impediment, 314 Decision, 315 Risk
RequestPriority: 167 Low, 168 Medium, 169 High
RequestStatus: 170 Reviewed, 171 Approved, 172 Rejected
BuildStatus: 195 Passed, 196 Failed
BuildSource: 197 Trigger, 198 Forced
EpicStatus: 320 Funnel, 321 Analysis, 322 Implementing, 323 Done
EpicCategory: 324 Epic, 325 Feature, 326 Initiative, 327 Sub-Feature
EpicPriority: 328 Low, 329 Medium, 330 High
StoryCategory: 331 Functional, 332 Technical Debt, 333 Spike, 334 Non-functional
WorkitemRisk: 335 Low, 336 Medium, 337 High
DefectType: 338 Functional, 339 Cosmetic, 340 Performance, 341 Security
DefectResolution: 342 Fixed, 343 Cannot Reproduce, 344 Works as Designed, 345 Duplicate
IssueResolution: 346 Solved, 347 Accepted, 348 No Longer Relevant
RequestCategory: 349 Enhancement, 350 New Feature, 351 Question
RequestResolution: 352 Delivered, 353 Deferred, 354 Declined
ScopeStatus: 355 Green, 356 Yellow, 357 Red
ThemeCategory: 358 Business, 359 Architecture
ThemeSource: 360 Roadmap, 361 Customer
ThemeStatus: 362 Planned, 363 Under Way, 364 Finished
NoteCategory: 365 General, 366 Decision
AttachmentCategory: 367 Screenshot, 368 Log, 369 Specification
RegressionTestStatus: 370 Draft, 371 Ready, 372 Retired
PlanningLevel: 373 Portfolio, 374 Program, 375 Team
ClassOfService: 376 Standard, 377 Expedite, 378 Fixed Date
Custom_FundingLevel: 400 Seed, 401 Growth, 402 Sustaining
Custom_Region: 410 Europe, 411 North America, 412 South America, 413 Asia-Pacific, 414 Africa & Middle East
"""

ROLLUP: dict[str, int] = {
    "StoryStatus:133": 0,
    "StoryStatus:134": 64,
    "StoryStatus:135": 64,
    "StoryStatus:137": 128,
    "EpicStatus:320": 0,
    "EpicStatus:321": 64,
    "EpicStatus:322": 64,
    "EpicStatus:323": 128,
}
"""The RollupState of the rows that have one."""


def list_rows() -> Iterator[tuple[str, str, int]]:
    """The OID token, the name and the place in its list of each row."""
    for line in _ROWS.strip().splitlines():
        type_name, _, rows = line.partition(": ")
        for place, row in enumerate(rows.split(", "), start=1):
            key, _, name = row.partition(" ")
            yield f"{type_name}:{key}", name, place
