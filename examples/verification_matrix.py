"""A requirement verification matrix: requirements down, methods across, and how far each component is."""

from __future__ import annotations

from collections import Counter
from typing import Any

from assetmeta import ValispaceMeta, sandbox

WALK = ("identifier", "title", "vms.method.name", "vms.component_vms.component.name", "vms.component_vms.status.name")


def cell(requirement: Any, method: str) -> str:
    """What one method says about a requirement: verified components of all, or nothing when it is not used."""
    items = [item for vm in requirement.vms if vm.method.name == method for item in vm.component_vms]
    return f"{sum(item.status.name == 'Verified' for item in items)}/{len(items)}" if items else ""


def matrix(specification: Any, requirements: list[Any]) -> Counter[str]:
    """Print the matrix of one specification; count the statuses in it."""
    methods = sorted({vm.method.name for each in requirements for vm in each.vms if vm.method})
    print(f"\n{specification.name}")
    print(f"  {'':<10}{'':<34}{''.join(f'{method:>12}' for method in methods)}")
    for each in requirements:
        print(f"  {each.identifier:<10}{each.title[:32]:<34}{''.join(f'{cell(each, name):>12}' for name in methods)}")
    return Counter(
        item.status.name or "(none)" for each in requirements for vm in each.vms for item in vm.component_vms
    )


def main() -> None:
    with (
        sandbox.running("valispace", assets=900, seed=7) as server,
        ValispaceMeta(**server.credentials, survey="none") as vs,
        vs.trace() as trace,
    ):
        statuses: Counter[str] = Counter()
        by_specification: dict[Any, list[Any]] = {}
        for requirement in vs.Requirement.select(*WALK, "specification.name").sort("identifier"):
            by_specification.setdefault(requirement.specification, []).append(requirement)
        for specification, requirements in by_specification.items():
            statuses += matrix(specification, requirements)
        print("\nall in all: " + ", ".join(f"{number} {status}" for status, number in statuses.most_common()))
        print(f"{sum(map(len, by_specification.values()))} requirements, {len(trace)} requests")


if __name__ == "__main__":
    main()
