"""How one deployment differs from another, as far as the engine is concerned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass
class Switches:
    """All of them are as the reference of the protocol has it unless a test turns them.

    *shortest_names*: `unique_name` is the shortest dotted name that is unique. *rationale*: which of the two names of a
    requirement's rationale answers have. *bare_lists*: lists of components lack `valis`. *late*: seconds after which
    what depends on a changed vali is recalculated; the vali itself is at once. *strict_units*: a formula whose units do
    not fit is refused instead of leaving the vali empty. *media_url*: what the addresses of uploaded files begin with,
    `<media_url>/files/<id>/<name>`.
    """

    shortest_names: bool = False
    rationale: Literal["both", "comment", "rationale"] = "both"
    bare_lists: bool = False
    late: float = 0.0
    strict_units: bool = False
    media_url: str = "/media"
