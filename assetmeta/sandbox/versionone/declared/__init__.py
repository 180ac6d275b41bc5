"""The asset types of the VersionOne face, declared compactly, one module a family.

The notation is read by `notation`:

    Story : PrimaryWorkitem number=S           a type, its base, its number prefix (also order=, display=, short=)
        RequestedBy Text, Value Numeric        scalars
        Category -> StoryCategory.Stories      a single relation, and the name of its reverse on the related type
        Owners* -> Member.OwnedWorkitems       many to many, writable from both ends
        Parent^ -> Theme.Children              a hierarchy: six closure relations come with it
        IsClosed Boolean =                     worked out by the rule of the same name
        do Copy, Delete[IsDeletable]           operations; without brackets the validator is Check{Name}

`extend Story` adds to a type declared elsewhere. Flags follow a name: `!` required, `~` read-only, `*` multi-value,
`^` hierarchy, `+` among the default attributes although the general rule would leave it out. `Self` as a related type
is the type itself, in every type that inherits the attribute.
"""

from __future__ import annotations

from . import (
    collaboration,
    custom,
    foundation,
    lists,
    planning,
    quality,
    schema,
    workitems,
)

FAMILIES: tuple[str, ...] = (
    foundation.DECLARED,
    schema.DECLARED,
    planning.DECLARED,
    workitems.DECLARED,
    quality.DECLARED,
    collaboration.DECLARED,
    lists.DECLARED,
    custom.DECLARED,
)
EVERY_TYPE: str = foundation.EVERY_TYPE
EVERY_ROOT: str = foundation.EVERY_ROOT
