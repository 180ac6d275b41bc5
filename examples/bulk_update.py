"""A bulk change as a night job would do it: find, plan, commit, look at every outcome, run again safely."""

from __future__ import annotations

from assetmeta import V1Meta, inspect, sandbox


def hand_over(v1: V1Meta, leaver: str, successor: str) -> int:
    """Give the open stories of one member to another; returns how many were not saved."""
    old, new = v1.Member.where(Name=leaver).one(), v1.Member.where(Name=successor).one()
    stories = v1.Story.where(v1.Story.Owners == old, AssetState="Active").select("Name", "Owners")
    for story in stories:
        story.Owners.remove(old)
        story.Owners.add(new)

    plan = v1.plan()
    print("\n".join(str(plan).splitlines()[:8]))
    if not plan:
        return 0

    report = v1.commit()
    print(repr(report))
    for outcome in report.failed:
        story = v1.asset_from_oid(outcome.change.oid)
        print(f"  {story!r} is still pending: {inspect(story).error}")
    return len(report)


def main() -> None:
    with sandbox.running("versionone", assets=600, seed=11) as server, V1Meta(**server.credentials) as v1:
        owners = v1.Member.select("Name", "OwnedWorkitems.@Count").sort("-OwnedWorkitems.@Count").all()
        leaver, successor = owners[0].Name, owners[-1].Name
        print(f"{leaver} leaves, {successor} takes over\n")
        assert hand_over(v1, leaver, successor) == 0
        print("\nThe same job again finds nothing to do:")
        assert hand_over(v1, leaver, successor) == 0


if __name__ == "__main__":
    main()
