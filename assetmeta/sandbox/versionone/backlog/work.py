"""The work of the projects: epics, stories, defects and test sets, with their tasks, tests and effort, as they went."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from .drafts import SPAN, START, TODAY, Book, Draft
from .organisation import Project
from .phrases import defect_name, paragraph, story_name, words

_STAGES = 5
"""How far an item got: 0 written, 1 estimated, 2 planned, 3 under way, 4 done, 5 accepted and closed."""

_STATUS = {2: "StoryStatus:133", 3: "StoryStatus:134", 4: "StoryStatus:135", 5: "StoryStatus:137"}


def epic(book: Book, project: Project) -> None:
    """Draft an epic, half of them below another of the project."""
    above = book.random.choice(project.epics) if project.epics and book.chance(0.5) else None
    at = book.after(above.created if above else project.goals[-1].created, 30)
    begin = at.date() + timedelta(days=book.random.randint(5, 40))
    drafted = book.new(
        "Epic",
        at,
        book.random.choice(project.members),
        Name=book.random.choice(words.epics),
        Description=paragraph(book.random),
        Scope=project.scope,
        Super=above,
        Category=f"EpicCategory:{325 if above else 326}",
        Priority=f"EpicPriority:{book.random.randint(328, 330)}",
        Status="EpicStatus:320",
        Swag=book.random.choice((None, 20, 40, 60.5, 100)),
        Value=book.random.choice((None, 3, 5, 8)),
        Risk=book.random.choice((None, 1, 2.5)),
        PlannedStart=begin,
        PlannedEnd=begin + timedelta(days=60),
    )
    drafted.last.links += _tags(book) + [
        ("Custom_Regions", f"Custom_Region:{key}") for key in _some(book, range(410, 415))
    ]
    drafted.last.links += [("Owners", project.members[0]), ("Goals", book.random.choice(project.goals))]
    if book.chance(0.6):
        book.change(drafted, book.after(at, 20), project.members[0], Status="EpicStatus:322")
    project.epics.append(drafted)


def story(book: Book, project: Project) -> None:
    """Draft a story with its history, its tasks and tests, and now and then what came of it."""
    item = _written(book, project, "Story", story_name(book.random))
    first = item.records[0].values
    first |= {
        "Category": f"StoryCategory:{book.random.randint(331, 334)}",
        "Risk": _maybe(book, 0.4, f"WorkitemRisk:{book.random.randint(335, 337)}"),
        "Value": _maybe(book, 0.5, book.random.randint(1, 10)),
        "RequestedBy": _maybe(book, 0.3, "Sales & Marketing"),
        "Custom_testfield": _maybe(book, 0.4, f"CC-{book.random.randint(100, 999)}"),
        "Custom_FundingLevel": _maybe(book, 0.5, f"Custom_FundingLevel:{book.random.randint(400, 402)}"),
        "Custom_AnticipatedBODDate2": _maybe(book, 0.2, item.created.date() + timedelta(days=90)),
    }
    _connect(book, project, item)
    _carry_out(book, project, item)
    _fate(book, project, item)
    project.stories.append(item)


def defect(book: Book, project: Project) -> None:
    """Draft a defect with its history, its tasks and tests."""
    item = _written(book, project, "Defect", defect_name(book.random))
    item.records[0].values |= {
        "Type": f"DefectType:{book.random.randint(338, 341)}",
        "FoundBy": book.random.choice(("Customer", "QA", None)),
        "FoundInBuild": _maybe(book, 0.4, f"2.{book.random.randint(0, 9)}"),
        "Environment": _maybe(book, 0.4, "Staging"),
        "Custom_DowntimeMinutes": _maybe(book, 0.3, book.random.choice((0.5, 5, 30, 240))),
    }
    _connect(book, project, item)
    if known := [each for each in project.stories[-40:] if each.created <= item.created]:
        item.last.links.append(("AffectedPrimaryWorkitems", book.random.choice(known)))
    if known := [each for each in project.build_runs if each.created <= item.created]:
        item.last.links.append(("FoundInBuildRuns", book.random.choice(known)))
    _carry_out(book, project, item)
    if len(item.records) == 1 and book.chance(0.1):
        book.change(item, book.after(item.last.at, 9), project.members[0], 255, "Cannot reproduce")
    if item.last.state == 128:
        resolved = {"Resolution": paragraph(book.random, 1), "ResolutionReason": "DefectResolution:342"}
        book.change(item, book.after(item.last.at, 1), project.members[0], VerifiedBy=project.members[-1], **resolved)


def test_set(book: Book, project: Project) -> None:
    """Draft a run of the project's regression suite, with its tests. Needs a suite."""
    suite = project.suites[0]
    item = _written(book, project, "TestSet", f"Regression run {book.random.randint(1, 60)}", suite.created)
    item.records[0].values |= {"RegressionSuite": suite, "Environment": project.environments[0]}
    _carry_out(book, project, item)


def _maybe(book: Book, share: float, value: object) -> object:
    return value if book.chance(share) else None


def _some(book: Book, choices: range) -> list[int]:
    return sorted(book.random.sample(choices, book.random.randint(0, 2)))


def _tags(book: Book) -> list[tuple[str, Draft | str]]:
    return [("TaggedWith", words.tags[place]) for place in _some(book, range(len(words.tags)))]


def _written(book: Book, project: Project, type_name: str, name: str, earliest: datetime = START) -> Draft:
    """The first record of a backlog item, some time after its project and, where it has them, its epic and theme."""
    at = book.between(max(project.scope.last.at, earliest))
    epics = [each for each in project.epics[-20:] if each.created <= at]
    themes = [each for each in project.themes if each.created <= at]
    item = book.new(
        type_name,
        at,
        book.random.choice(project.members),
        Name=name,
        Description=_maybe(book, 0.8, paragraph(book.random)),
        Scope=project.scope,
        Super=book.random.choice(epics) if epics and book.chance(0.7) else None,
        Parent=book.random.choice(themes) if themes and book.chance(0.4) else None,
        Priority=_maybe(book, 0.8, f"WorkitemPriority:{book.random.randint(138, 140)}"),
        Source=_maybe(book, 0.5, f"StorySource:{book.random.choice((148, 149, 150, 156))}"),
        Reference=_maybe(book, 0.2, f"EXT-{book.random.randint(1000, 9999)}"),
    )
    item.last.links += _tags(book)
    return item


def _connect(book: Book, project: Project, item: Draft) -> None:
    """Point a new item at earlier goals, requests, issues and stories of its project."""
    sources = {
        "Goals": (project.goals, 0.1),
        "Requests": (project.requests, 0.1),
        "Issues": (project.issues, 0.08),
        "BlockingIssues": (project.issues, 0.05),
        "Dependencies": (project.stories[-20:], 0.1),
        "ChangeSets": (project.change_sets, 0.05),
    }
    for name, (others, share) in sources.items():
        known = [each for each in others if each.created <= item.created]
        if known and book.chance(share):
            item.last.links.append((name, book.random.choice(known)))


def _carry_out(book: Book, project: Project, item: Draft) -> None:
    """Take an item through its stages, the further the older it is, each stage a record of its own."""
    age = (TODAY - item.created) / SPAN
    reached = min(_STAGES, int(book.random.random() * 2.5 + age * 5))
    owners = book.random.sample(project.members, min(len(project.members), book.random.choice((1, 1, 2))))
    if reached >= 1:
        estimate = book.random.choice((0.5, 1, 2, 3, 5, 8, 13))
        book.change(item, book.after(item.last.at, 4), owners[0], None, "Planning poker", Estimate=estimate)
    if reached >= 2:
        at = book.after(item.last.at, 6)
        planned = {"Timebox": _timebox_at(project, at.date()), "Team": project.team, "Status": _STATUS[2]}
        book.change(item, at, owners[0], **planned).links += [("Owners", owner) for owner in owners]
        children = _break_down(book, project, item, owners)
    for stage in range(3, reached + 1):
        state = 128 if stage == _STAGES else None
        book.change(item, book.after(item.last.at, 8), book.random.choice(owners), state, Status=_STATUS[stage])
    if reached >= 3:
        for child in children:
            _progress(book, child, owners, reached)


def _timebox_at(project: Project, day: date) -> Draft:
    """The iteration under way on a day; the nearest one where there is none."""
    ends = [each for each in project.timeboxes if each.get("EndDate") > day]  # type: ignore[operator]
    return ends[0] if ends else project.timeboxes[-1]


def _break_down(book: Book, project: Project, item: Draft, owners: list[Draft]) -> list[Draft]:
    """The tasks and tests of a planned item; Scope, Timebox and Team are carried over from it."""
    carried = {name: item.get(name) for name in ("Scope", "Timebox", "Team")}
    children = []
    for type_name, names, most in (("Task", words.chores, 3), ("Test", words.checks, 2)):
        if item.type_name == "TestSet" and type_name == "Task":
            continue
        for _ in range(book.random.randint(0, most)):
            child = book.new(
                type_name,
                book.after(item.last.at, 1),
                book.random.choice(owners),
                Name=book.random.choice(names),
                Description=_maybe(book, 0.3, paragraph(book.random, 1)),
                Parent=item,
                **carried,
            )
            _detail(book, child, owners)
            children.append(child)
    return children


def _detail(book: Book, child: Draft, owners: list[Draft]) -> None:
    first = child.records[0].values
    hours = _maybe(book, 0.85, book.random.choice((1, 2, 2.5, 4, 6, 8, 16)))
    first |= {"DetailEstimate": hours, "ToDo": hours}
    if child.type_name == "Task":
        first["Category"] = _maybe(book, 0.5, f"TaskCategory:{book.random.choice((112, 310, 311, 312))}")
        first["Source"] = "TaskSource:157"
    else:
        first["Category"] = f"TestCategory:{book.random.randint(114, 116)}"
        first["Steps"] = "<ol><li>Open</li><li>Check &amp; compare</li></ol>"
        first["ExpectedResults"] = "<p>As specified</p>"
    if book.chance(0.7):
        child.last.links.append(("Owners", book.random.choice(owners)))


def _progress(book: Book, child: Draft, owners: list[Draft], reached: int) -> None:
    """What happened to a task or test of an item that is under way, done, or closed."""
    who = book.random.choice(owners)
    done = reached >= 4 or book.chance(0.3)
    if child.type_name == "Task":
        status = "TaskStatus:125" if done else f"TaskStatus:{book.random.choice((123, 126))}"
    else:
        status = f"TestStatus:{129 if done else 155}"
    hours = child.get("DetailEstimate")
    todo = 0 if done else hours / 2 if isinstance(hours, int | float) else None
    book.change(child, book.after(child.last.at, 5), who, ToDo=todo, Status=status)
    if isinstance(hours, int | float) and book.chance(0.5):
        _effort(book, child, who, hours if done else hours / 2)
    if reached == _STAGES:
        book.change(child, book.after(child.last.at, 4), who, 128)


def _effort(book: Book, child: Draft, who: Draft, hours: float) -> None:
    at = child.last.at
    carried = {name: child.get(name) for name in ("Scope", "Timebox", "Team")}
    book.new("Actual", at, who, Value=hours, Date=at.date(), Workitem=child, Member=who, **carried)


def _fate(book: Book, project: Project, item: Draft) -> None:
    """A few items come from the idea portal, become templates, are split, or are deleted."""
    at, who = item.last.at, project.members[0]
    untouched = len(item.records) < 3
    if book.chance(0.03):
        item.last.links.append(("Ideas", str(book.random.randint(10**9, 10**11))))
    if untouched and book.chance(0.06):
        book.change(item, book.after(at, 9), who, 255, "Not needed after all")
    elif untouched and book.chance(0.03):
        item.last.state = 200
    elif item.last.state == 64 and book.chance(0.03):
        rest = {name: item.get(name) for name in ("Name", "Description", "Scope", "Super", "Parent", "Priority")}
        book.new("Story", book.after(at, 3), who, SplitFrom=item, **rest)
