"""Stories of one project, each with an epic of its own, and that epic in a project of its own: nothing is shared on the
way, and nothing at its end is told along with the stories.
"""

from __future__ import annotations

from assetmeta import V1Meta

MARK = "benchmark"
"""The Reference of every story at the beginning of a chain."""


def build(v1: V1Meta, count: int) -> None:
    """Create *count* chains."""
    scheme = v1.Scope(0).Scheme
    home = v1.Scope.new(Name="Home", Parent=v1.Scope(0), BeginDate="2025-01-01", Scheme=scheme)
    for number in range(count):
        scope = v1.Scope.new(Name=f"Project {number}", Parent=v1.Scope(0), BeginDate="2025-01-01", Scheme=scheme)
        epic = v1.Epic.new(Name=f"Epic {number}", Scope=scope)
        v1.Story.new(Name=f"Story {number}", Reference=MARK, Scope=home, Super=epic)
    v1.commit().raise_if_failed()
