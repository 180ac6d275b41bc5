"""A mass budget rolled up over a component tree, with units and worst cases, against what the server works out."""

from __future__ import annotations

from typing import Any

from assetmeta import ValispaceMeta, sandbox
from assetmeta.tools.valispace import quantity


def leaves(component: Any) -> list[Any]:
    """The components at the bottom of the tree below *component*; itself when nothing is below."""
    children = list(component.children)
    return [leaf for child in children for leaf in leaves(child)] if children else [component]


def budget(top: Any, masses: dict[Any, Any]) -> None:
    """Print one line per part of *top*, and the sums."""
    print(f"{'part':<28}{'mass':>12}{'worst case':>14}{'margin':>10}")
    total: Any = 0
    worst: Any = 0
    for part in sorted(top.children, key=lambda component: component.name):
        valis = [masses[leaf] for leaf in leaves(part) if leaf in masses]
        mass: Any = sum(map(quantity, valis))
        most: Any = sum(quantity(vali, "wc_plus") for vali in valis)
        if valis:
            print(f"{part.name:<28}{mass.to('kg'):>12.2f~P}{most.to('kg'):>14.2f~P}{(most / mass - 1).m:>10.1%}")
        total, worst = total + mass, worst + most
    print(f"{top.name:<28}{total.to('kg'):>12.2f~P}{worst.to('kg'):>14.2f~P}{(worst / total - 1).m:>10.1%}")
    told = masses[top]
    print(f"{'as the server says':<28}{quantity(told).to('kg'):>12.2f~P}{quantity(told, 'wc_plus').to('kg'):>14.2f~P}")
    print(f"in other units: {total.to('lb'):.1f~P}, {total.to('g'):,.0f~P}")


def main() -> None:
    with (
        sandbox.running("valispace", assets=400, seed=7) as server,
        ValispaceMeta(**server.credentials, survey="none") as vs,
        vs.trace() as trace,
    ):
        masses = {vali.parent: vali for vali in vs.Vali.where(shortname="Mass")}
        for top in vs.Component.where(parent=None):
            budget(top, masses)
        print(f"\n{len(masses)} masses, {len(trace)} requests")


if __name__ == "__main__":
    main()
