"""A bulk update of margins as a night job would do it: find, plan, commit, see what it did to the whole, run again."""

from __future__ import annotations

from assetmeta import ValispaceMeta, inspect, sandbox
from assetmeta.tools.valispace import quantity

RULES = {"Battery": 15.0, "Tank": 12.0, "Transponder": 8.0}
"""The margin in percent that masses of parts of these kinds should have."""


def apply(vs: ValispaceMeta) -> int:
    """Set the margins that the rules ask for; return how many changes were not saved."""
    for vali in vs.Vali.where(shortname="Mass").select("shortname", "margin_plus", "parent.name"):
        margin = RULES.get((vali.parent.name or "").partition("_")[0])
        if margin is not None and vali.margin_plus != margin:
            vali.margin_plus = margin

    plan = vs.plan()
    print("\n".join(str(plan).splitlines()[:9]))
    if not plan:
        return 0

    report = vs.commit(conflicts="error")
    print(repr(report))
    for outcome in report.failed:
        vali = vs.asset_from_oid(outcome.change.oid)
        print(f"  {vali!r} is still pending: {inspect(vali).error}")
    return len(report)


def main() -> None:
    with (
        sandbox.running("valispace", assets=400, seed=7) as server,
        ValispaceMeta(**server.credentials, survey="none") as vs,
    ):
        top = vs.Component.where(parent=None).first()
        total = vs.Vali.where(parent=top, shortname="Mass").one()
        print(f"{total.name}: {quantity(total):~P}, at worst {quantity(total, 'wc_plus'):.3f~P}\n")
        with vs.trace() as trace:
            assert apply(vs) == 0
        print(f"{len(trace)} requests; at worst {quantity(total, 'wc_plus'):.3f~P} now\n")
        print("The same job again finds nothing to do:")
        assert apply(vs) == 0


if __name__ == "__main__":
    main()
