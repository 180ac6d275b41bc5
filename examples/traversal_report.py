"""A report over the object graph: open work per project and person, walked the plain way, in a handful of requests."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal

from assetmeta import V1Meta, sandbox


def report(v1: V1Meta) -> None:
    work: dict[str, Counter[str]] = defaultdict(Counter)
    points: dict[str, Decimal] = defaultdict(Decimal)
    with v1.trace() as ledger:
        # Nothing is selected: whatever the walk touches is loaded for all stories of a page at once.
        for story in v1.Story.where(AssetState="Active"):
            project = story.Scope.Name
            points[project] += story.Estimate or 0
            for owner in story.Owners:
                work[project][owner.Nickname] += 1
            for task in story.Children:
                for owner in task.Owners:
                    work[project][owner.Nickname] += 1
    for project, people in sorted(work.items()):
        busiest = ", ".join(f"{name} {number}" for name, number in people.most_common(3))
        print(f"{project[:40]:<40} {points[project]:>6} points   {busiest}")
    print(f"\n{len(ledger)} requests for {sum(sum(people.values()) for people in work.values())} pieces of work")


def by_aggregate(v1: V1Meta) -> None:
    """The same kind of total, worked out by the server: one request."""
    open_points = v1.Scope.Workitems.of_type("Story")[v1.Story.AssetState == "Active"].Estimate.sum()
    with v1.trace() as ledger:
        for project in v1.Scope.select("Name", open_points).sort("Name"):
            total = project[str(open_points)]
            if total:
                print(f"{project.Name[:40]:<40} {total:>6} points")
    print(f"\n{len(ledger)} request")


def main() -> None:
    with sandbox.running("versionone", assets=800, seed=5) as server, V1Meta(**server.credentials) as v1:
        report(v1)
        print()
        by_aggregate(v1)


if __name__ == "__main__":
    main()
