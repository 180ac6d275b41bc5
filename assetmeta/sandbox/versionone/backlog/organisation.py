"""The frame of the data set: members, teams, schedules, projects, iterations, goals, regression suites, builds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .drafts import ADMINISTRATOR, ROOT, SPAN, START, TODAY, Book, Draft
from .phrases import paragraph, words

_SPRINT = timedelta(days=14)


@dataclass(slots=True)
class Project:
    """A project and what its work draws from."""

    scope: Draft
    members: list[Draft]
    team: Draft
    timeboxes: list[Draft]
    goals: list[Draft] = field(default_factory=list)
    themes: list[Draft] = field(default_factory=list)
    epics: list[Draft] = field(default_factory=list)
    suites: list[Draft] = field(default_factory=list)
    environments: list[Draft] = field(default_factory=list)
    change_sets: list[Draft] = field(default_factory=list)
    build_runs: list[Draft] = field(default_factory=list)
    requests: list[Draft] = field(default_factory=list)
    issues: list[Draft] = field(default_factory=list)
    stories: list[Draft] = field(default_factory=list)


def found(book: Book, assets: int) -> list[Project]:
    """Draft the frame for a data set of about *assets*, and return its projects."""
    members = [_member(book, place) for place in range(_share(assets, 100, 4, 300))]
    teams = [_team(book, place) for place in range(_share(assets, 500, 2, 60))]
    schedules = [_schedule(book, place) for place in range(_share(assets, 2500, 1, 12))]
    boxes = {id(schedule): _timeboxes(book, schedule, assets) for schedule in schedules}
    projects: list[Project] = []
    for place in range(_share(assets, 300, 2, 120)):
        schedule = schedules[place % len(schedules)]
        scope = _project(book, place, schedule, projects, members)
        projects.append(Project(scope, _crew(book, scope, members), book.random.choice(teams), boxes[id(schedule)]))
    for project in projects:
        _equip(book, project, assets)
    return projects


def _share(assets: int, each: int, least: int, most: int) -> int:
    return min(max(assets // each, least), most)


def _early(book: Book, days: float) -> datetime:
    return book.between(START, START + timedelta(days=days))


def _member(book: Book, place: int) -> Draft:
    random = book.random
    given, family = random.choice(words.given), random.choice(words.family)
    handle = f"{''.join(filter(str.isascii, given)).lower()}{place + 1}"
    member = book.new(
        "Member",
        _early(book, 5),
        Name=f"{given} {family}",
        Nickname=f"{given[:2]}{place + 1}",
        Username=handle,
        Password=handle,
        Email=f"{handle}@example.com",
        Phone=f"+49 30 555 {1000 + place}" if book.chance(0.6) else None,
        DefaultRole=f"Role:{random.choice((3, 4, 4, 5, 5, 6, 7, 8))}",
    )
    if book.chance(0.2):
        avatar = book.new("Image", member.created, ContentType="image/png")
        book.blobs.append((avatar, b"\x89PNG\r\n\x1a\n" + bytes([place % 256]) * 32))
        book.change(member, member.created, ADMINISTRATOR, Avatar=avatar)
    if place % 25 == 24:
        book.change(member, book.between(TODAY - SPAN / 10), ADMINISTRATOR, 128, "Left the company")
    return member


def _team(book: Book, place: int) -> Draft:
    name = words.teams[place % len(words.teams)]
    number = place // len(words.teams)
    return book.new("Team", _early(book, 5), Name=f"{name} {number + 1}" if number else name)


def _schedule(book: Book, place: int) -> Draft:
    name = "Two-week sprints" if place == 0 else f"Schedule {chr(ord('A') + place)}"
    return book.new("Schedule", _early(book, 2), Name=name, TimeboxLength="2 Weeks", TimeboxGap="0 Days")


def _timeboxes(book: Book, schedule: Draft, assets: int) -> list[Draft]:
    """Iterations without a gap over the whole span, the later part of it for a small data set, and two to come."""
    shown = _share(assets, 40, 4, SPAN // _SPRINT + 2)
    return [_timebox(book, schedule, 2 - place) for place in range(shown, 0, -1)]


def _timebox(book: Book, schedule: Draft, ahead: int) -> Draft:
    """One iteration; *ahead* 0 is the current one."""
    midnight = TODAY.replace(hour=0, minute=0)
    begin = midnight - timedelta(days=5) + ahead * _SPRINT
    number = SPAN // _SPRINT + 1 + ahead
    timebox = book.new(
        "Timebox",
        schedule.created + timedelta(minutes=number),
        ADMINISTRATOR,
        0,
        Name=f"Sprint {number}",
        Schedule=schedule,
        BeginDate=begin.date(),
        EndDate=(begin + _SPRINT).date(),
        State="State:100",
        TargetEstimate=book.random.choice((20, 30, 40, None)),
    )
    if ahead <= 0:
        book.change(timebox, max(begin, timebox.created), ADMINISTRATOR, 64, State="State:101")
    if ahead < 0:
        book.change(timebox, begin + _SPRINT, ADMINISTRATOR, 128, State="State:102")
    return timebox


def _project(book: Book, place: int, schedule: Draft, above: list[Project], members: list[Draft]) -> Draft:
    """A project, some of them below another one, the first always below the root."""
    name = words.products[place % len(words.products)]
    release = place // len(words.products)
    parent = book.random.choice(above).scope if above and book.chance(0.5) else ROOT
    begin = START.date() + timedelta(days=book.random.randint(0, 20))
    return book.new(
        "Scope",
        max(START + timedelta(days=5), _early(book, 10), parent.created),
        Name=f"{name} {release + 1}.0" if release else name,
        Description=paragraph(book.random, 1),
        Parent=parent,
        BeginDate=begin,
        EndDate=begin + timedelta(days=365) if book.chance(0.5) else None,
        Schedule=schedule,
        Scheme="Scheme:1001",
        Owner=book.random.choice(members),
        Status=f"ScopeStatus:{book.random.choice((355, 355, 356, 357))}",
        PlanningLevel=f"PlanningLevel:{374 if parent is ROOT else 375}",
    )


def _crew(book: Book, project: Draft, members: list[Draft]) -> list[Draft]:
    """The members of a project: granted a role, and listed among its members."""
    crew = book.random.sample(members, min(len(members), book.random.randint(3, 9)))
    assigned = book.change(project, book.after(project.created, 2), ADMINISTRATOR, None, "Team assigned")
    for place, member in enumerate(crew):
        assigned.links.append(("Members", member))
        role = f"Role:{2 if place == 0 else book.random.choice((3, 4, 5, 6, 8))}"
        book.new("Grant", assigned.at, Scope=project, Member=member, Role=role, IsOwner=place == 0)
    return crew


def _equip(book: Book, project: Project, assets: int) -> None:
    """Goals, themes, and, in a data set of some size, the regression plan and the builds of one project."""
    at = book.after(project.scope.last.at, 10)
    lead = project.members[0]
    for place in range(2):
        goal = book.new(
            "Goal",
            at,
            lead,
            Name=("Cut support calls by 20 %", "Win the “Retail & Beyond” tender")[place],
            Scope=project.scope,
            Category=f"GoalCategory:{190 + book.random.randint(0, 4)}",
            Priority=f"GoalPriority:{187 + place}",
        )
        goal.last.links.append(("TargetedBy", project.scope))
        project.goals.append(goal)
    project.themes.append(book.new("Theme", at, lead, Name="Platform", Scope=project.scope, Status="ThemeStatus:363"))
    below = book.new("Theme", book.after(at, 5), lead, Name="Usability", Scope=project.scope, Parent=project.themes[0])
    project.themes.append(below)
    if assets >= 400:
        _regression(book, project, at)
        _builds(book, project, at)


def _regression(book: Book, project: Project, at: datetime) -> None:
    owner = book.random.choice(project.members)
    plan = book.new("RegressionPlan", at, owner, Name="Release regression", Scope=project.scope, Owner=owner)
    suite = book.new("RegressionSuite", book.after(at, 3), owner, Name="Smoke tests", RegressionPlan=plan, Owner=owner)
    project.suites.append(suite)
    project.environments.append(
        book.new("Environment", at, owner, Name="Staging, Chrome & Firefox", Scope=project.scope)
    )
    for check in book.random.sample(words.checks, 4):
        test = book.new(
            "RegressionTest",
            suite.created,
            owner,
            Name=check,
            Scope=project.scope,
            Status="RegressionTestStatus:371",
            Category="TestCategory:116",
            Steps=paragraph(book.random, 1),
            ExpectedResults="<p>No error</p>",
        )
        test.last.links += [("RegressionSuites", suite), ("Owners", owner)]


def _builds(book: Book, project: Project, at: datetime) -> None:
    name = str(project.scope.get("Name"))
    builder = book.new("BuildProject", at, Name=f"{name} CI", Reference=f"ci/{name.lower().replace(' ', '-')}")
    builder.last.links.append(("Scopes", project.scope))
    for place in range(3):
        made = book.between(at)
        change = book.new("ChangeSet", made, Name=f"r{4000 + place}", Reference=f"{book.random.getrandbits(28):07x}")
        run = book.new(
            "BuildRun",
            made,
            Name=f"{name} #{place + 1}",
            BuildProject=builder,
            Date=made,
            Elapsed=book.random.randint(20, 900),
            Status=f"BuildStatus:{book.random.choice((195, 195, 196))}",
            Source="BuildSource:197",
        )
        run.last.links.append(("ChangeSets", change))
        project.change_sets.append(change)
        project.build_runs.append(run)
