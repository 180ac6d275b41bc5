"""The main job in a minute: servers of your own, and assetmeta working with them.

Run it with `make demo`, or `python examples/demo.py`. It starts the sandbox of each server on a free port, shows each
step with the number of requests it took, and ends by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from assetmeta import Session, TestspaceMeta, V1Meta, ValispaceMeta, ValohaiMeta, inspect, sandbox
from assetmeta.tools import testspace as suites
from assetmeta.tools import valohai as runs


def main() -> None:
    versionone()
    valispace()
    valohai()
    testspace()
    print("\nNext: the tour in README.md, and examples/.")


def versionone() -> None:
    with sandbox.running("versionone", assets=600, seed=7) as server:
        print(f"A VersionOne sandbox with about 600 assets runs at {server.url}")
        with V1Meta(**server.credentials) as v1:
            reflect(v1)
            one_asset(v1)
            a_query(v1)
            a_walk(v1)
            a_bulk_change(v1)
            history(v1)
            print(f"\nAll in all: {len(v1.ledger)} requests.")


def valispace() -> None:
    with sandbox.running("valispace", assets=400, seed=7) as server:
        print(f"\nThe same with another server: a Valispace sandbox runs at {server.url}")
        with ValispaceMeta(**server.credentials, survey="none") as vs:
            components(vs)
            a_formula(vs)
            print(f"\nAll in all: {len(vs.ledger)} requests.")


def valohai() -> None:
    with sandbox.running("valohai", assets=300, seed=7) as server:
        print(f"\nA third one: a Valohai sandbox runs at {server.url}")
        with ValohaiMeta(**server.credentials) as vh:
            executions(vh)
            last_words(vh)
            a_launch(vh)
            print(f"\nAll in all: {len(vh.ledger)} requests.")


def testspace() -> None:
    with sandbox.running("testspace") as server:
        print(f"\nAnd a fourth: a Testspace sandbox runs at {server.url}")
        with TestspaceMeta(**server.credentials) as ts:
            spaces(ts)
            a_failing_test(ts)
            renamed(ts)
            print(f"\nAll in all: {len(ts.ledger)} requests.")


@contextmanager
def step(session: Session, title: str) -> Iterator[None]:
    print(f"\n{title}")
    with session.trace() as ledger:
        yield
    print(f"    -> {len(ledger)} request{'' if len(ledger) == 1 else 's'}")


def reflect(v1: V1Meta) -> None:
    with step(v1, "1. The server's schema becomes classes"):
        print(f"    {len(v1.types)} types, among them {', '.join(name for name in v1.types if name in TYPES)}")
        print(f"    {v1.Story!r}")
        print(f"    {v1.schema.attribute('Story', 'Estimate').kind=} {v1.schema.attribute('Story', 'Scope').related=}")


TYPES = ("Epic", "Member", "Scope", "Story", "Task", "Test", "Timebox")


def one_asset(v1: V1Meta) -> None:
    number = v1.Story.where(v1.Story.Super.exists(), v1.Story.Estimate > 0).select("ID").first().intid
    with step(v1, "2. One asset, loaded when it is first looked at"):
        story = v1.Story(number)
        print(f"    {story!r} is one object: {story is v1.asset_from_oid(f'Story:{number}')}")
        print(f"    Name {story.Name!r}, Estimate {story.Estimate!r}, Scope {story.Scope!r}")
        try:
            print(story.Estimat)
        except AttributeError as error:
            print(f"    a slip is explained: {error}")


def a_query(v1: V1Meta) -> None:
    with step(v1, "3. A query, with what it needs from related assets"):
        large = v1.Story.where(v1.Story.Estimate >= 5, Status="In Progress").select("Name", "Estimate", "Owners.Name")
        for story in large.sort("-Estimate").page(size=4):
            owners = ", ".join(member.Name for member in story.Owners) or "nobody"
            print(f"    {story.Estimate:>4}  {story.Name[:48]:<48}  {owners}")


def a_walk(v1: V1Meta) -> None:
    with step(v1, "4. A walk over two relations, from every story, with nothing selected"):
        projects: dict[str, int] = {}
        for story in v1.Story:
            name = story.Super.Scope.Name or "(no epic)"
            projects[name] = projects.get(name, 0) + 1
        for name, number in sorted(projects.items(), key=lambda item: -item[1])[:4]:
            print(f"    {number:>4} stories under epics of {name}")


def a_bulk_change(v1: V1Meta) -> None:
    with step(v1, "5. A bulk change: first the plan; making it sends nothing beyond the query ..."):
        admin = v1.Member(20)
        ready = v1.Story.where(v1.Story.Estimate > 0, AssetState="Active").select("Name", "Estimate", "Owners")
        stories = list(ready.page(size=3))
        for story in stories:
            story.Estimate += 1
            story.Owners.add(admin)
        v1.Task.new(Name="Tell the team", Parent=stories[-1])
        print(indented(v1.plan()))
    with step(v1, "   ... then the commit"):
        report = v1.commit()
        print(f"    {report!r}")
        report.raise_if_failed()


def history(v1: V1Meta) -> None:
    story = v1.Story.where(v1.Story.Owners == v1.Member(20), AssetState="Active").select("Name").first()
    with step(v1, "6. The past: every change of an asset, and a query as of a moment"):
        for past in inspect(story).history("Estimate", "ChangeDate")[-3:]:
            print(f"    {past.ChangeDate:%Y-%m-%d %H:%M}  Estimate {past.Estimate}")
        before = v1.Story.where(ID=story).asof("2026-01-01").select("Estimate").first()
        print(f"    as of 2026-01-01: {before.Estimate if before else 'not there yet'}")


def components(vs: ValispaceMeta) -> None:
    with step(vs, "7. Components and the values they hold, walked"):
        for component in vs.Component.where(vs.Component.name != "").sort("name")[:4]:
            values = ", ".join(f"{vali.shortname} {vali.value:g} {vali.unit}" for vali in component.valis[:3])
            print(f"    {component.unique_name:<32} {values}")


def a_formula(vs: ValispaceMeta) -> None:
    vali = next(vali for vali in vs.Vali if len(vali.used_by_valis))
    with step(vs, "8. A formula changed, and what is worked out from it"):
        user = vali.used_by_valis[0]
        print(f"    {vali.name} = {vali.value} {vali.unit}, and {user.name} = {user.value}")
        vali.formula = "2 * " + vali.formula
        print(indented(vs.plan()))
        vs.commit().raise_if_failed()
        print(f"    {vali.name} = {vali.value} {vali.unit}, and {user.name} = {user.value}")


def executions(vh: ValohaiMeta) -> None:
    with step(vh, "9. Executions of all projects, walked to what they were made of and what they made"):
        for execution in vh.Execution.where(step="train").sort("-ctime")[:4]:
            outputs = ", ".join(datum.name for datum in execution.outputs) or "nothing"
            run = f"{execution.project.name} #{execution.counter}"
            print(f"    {run:<20} {execution.commit.description:<26} {outputs}")


def last_words(vh: ValohaiMeta) -> None:
    with step(vh, "10. What failed, and the last line that it wrote"):
        for execution in vh.Execution.where(status=["error", "crashed"]).sort("-ctime")[:3]:
            *_, last = runs.logs(execution, limit=5)
            print(f"    #{execution.counter:<3} {execution.step:<11} {execution.creator_name:<6} {last}")


def a_launch(vh: ValohaiMeta) -> None:
    project = vh.Project("harbour-vision")
    with step(vh, "11. A launch, followed to its end"):
        execution = vh.Execution.create(project=project, commit="main", step="train", parameters={"epochs": 3})
        for event in runs.events(execution, follow=True, interval=0.2):
            print(f"    {event.time:%H:%M:%S}  {event.stream:<7} {event.message}")
        print(f"    #{execution.counter} is {execution.status} with {execution.parameters}")


def spaces(ts: TestspaceMeta) -> None:
    with step(ts, "12. Every result of every space, walked down from the projects"):
        cases: dict[str, list[str]] = {}
        for result in ts.Result:
            passed = f"{result.case_counts.passed}/{sum(result.case_counts)}"
            cases.setdefault(f"{result.space.project.name} / {result.space.name}", []).insert(0, passed)
        for name, results in cases.items():
            print(f"    {name:<34} {' '.join(results)}")


def a_failing_test(ts: TestspaceMeta) -> None:
    result = ts.Result("abccorp:application/master/result.6")
    with step(ts, "13. Failing tests: how they did in the last results, and what the worst one wrote"):
        for failure in ts.Failure.where(result=result, state=["consistent", "flaky"]):
            print(f"    {'.'.join(suites.suite_and_case(failure)):<26} {''.join(failure.history)}  {failure.state}")
        case = next(case for _, case in suites.cases(result) if case.status == "failed")
        print(indented(case.annotations[0].text))


def renamed(ts: TestspaceMeta) -> None:
    with step(ts, "14. A space is made, another renamed: one plan, one commit"):
        ts.Space.new(project=ts.Project("samples"), name="nightly", description="made by the demo")
        ts.Space("samples/by hand").name = "manual tests"
        print(indented(ts.plan()))
        ts.commit().raise_if_failed()


def indented(text: object) -> str:
    return "\n".join(f"    {line}" for line in str(text).splitlines())


if __name__ == "__main__":
    main()
