"""An exploration, as one would do it at an IPython prompt: what is there, how it hangs together, what it costs.

Runs against a sandbox of its own; give it a session of yours instead to explore a real server.
"""

from __future__ import annotations

from assetmeta import V1Meta, inspect, sandbox


def explore(v1: V1Meta) -> None:
    print(v1)
    print(f"{len(v1.types)} asset types: {', '.join(v1.types[:12])}, ...")
    print(v1)

    print("\nA class explains itself, without a request:")
    print(v1.Story)
    print("\n".join((v1.Story.__doc__ or "").splitlines()[:8]))
    print(v1.Story.QuickClose)
    kind = v1.schema.type("Story")
    print("custom fields:", ", ".join(name for name, attribute in kind.attributes.items() if attribute.custom))
    print("required:", ", ".join(name for name, attribute in kind.attributes.items() if attribute.required))

    print("\nSo does a query, and nothing is sent before it runs:")
    query = (
        v1.Story.where(v1.Story.Estimate > 3, v1.Story.Owners.exists()).select("Name", "Owners.Name").sort("-Estimate")
    )
    print(query)
    story = query.first()
    print(story)
    print(f"{story.Owners=}")

    print("\nWhat a read would cost can be asked beforehand:")
    for name in ("Name", "Owners.Name", "Description", "Scope.Name"):
        print(f"  {name:<12} {'one request' if inspect(story).would_fetch(name) else 'loaded'}")
    print(inspect(story))

    print("\nAn unset relation goes on, a slip does not:")
    lone = v1.Story.where(v1.Story.Super.missing()).first()
    print(f"{lone.Super!r}, {lone.Super.Scope.Name!r}")
    try:
        print(lone.Super.Scope.Nmae)
    except AttributeError as error:
        print(error)

    print("\nEvery request is in the ledger:")
    print(v1.ledger)


def main() -> None:
    with sandbox.running("versionone", assets=400, seed=3) as server, V1Meta(**server.credentials) as v1:
        explore(v1)


if __name__ == "__main__":
    main()
