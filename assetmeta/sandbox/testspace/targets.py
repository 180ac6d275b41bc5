"""From a path below `/api` to what it means. Parts are split before they are decoded, so a name may hold a slash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Target:
    """What a path means: a *kind* of resource, and the texts that stood for its owners and for the *item* itself.

    A space without a *project* was addressed by the flat form. *path* is that of a content item.
    """

    kind: str
    project: str | None = None
    space: str | None = None
    item: str = ""
    path: str = ""


def target_of(parts: Sequence[str], *, joining: bool) -> Target | None:
    """The target of a path, None where there is no such path.

    *joining* lets a space's name below a project take several parts, for readers who do not escape its slashes; that
    is tried only where the path means nothing otherwise.
    """
    found = strict(parts)
    if found is None and joining:
        match list(parts):
            case ["projects", project, "spaces", *rest]:
                return joined(project, rest)
    return found


def strict(parts: Sequence[str]) -> Target | None:
    """The target of a path whose every part stands for itself."""
    match list(parts):
        case []:
            return Target("root")
        case ["projects" | "users" as kind]:
            return Target(kind)
        case ["projects", project]:
            return Target("project", project)
        case ["projects", project, "users"]:
            return Target("members", project)
        case ["projects", project, "users", user]:
            return Target("member", project, item=user)
        case ["projects", project, "spaces"]:
            return Target("spaces", project)
        case ["projects", project, "spaces", space, *tail]:
            return below(Target("space", project, space), tail)
        case ["spaces", space, *tail]:
            return below(Target("space", None, space), tail)
        case ["users", user]:
            return Target("user", item=user)
        case ["files", file]:
            return Target("file", item=file)
    return None


def below(space: Target, tail: Sequence[str]) -> Target | None:
    """The target of what follows a space."""
    match list(tail):
        case []:
            return space
        case ["results" | "metrics" as kind]:
            return replace(space, kind=kind)
        case ["results" | "metrics" as kind, item]:
            return replace(space, kind=kind.removesuffix("s"), item=item)
        case ["results", item, "failures"]:
            return replace(space, kind="failures", item=item)
        case ["results", item, "contents"]:
            return replace(space, kind="contents", item=item)
        case ["results", item, "contents", *path]:
            return replace(space, kind="content", item=item, path="/".join(path))
        case ["metrics", item, "datasets"]:
            return replace(space, kind="datasets", item=item)
    return None


def joined(project: str, rest: Sequence[str]) -> Target | None:
    """The target of a nested path in which a space's name takes as few parts as make sense, two or more."""
    for count in range(2, len(rest) + 1):
        found = below(Target("space", project, "/".join(rest[:count])), rest[count:])
        if found is not None:
            return found
    return None
