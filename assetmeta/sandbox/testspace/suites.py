"""What is published: suites of cases, with annotations and figures, and how they are counted."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field

PASSED, FAILED, NOT_APPLICABLE, ERRORED, UNTESTED = "passed", "failed", "not_applicable", "errored", "tbd"
STATUSES = (PASSED, FAILED, NOT_APPLICABLE, ERRORED, UNTESTED)
"""The statuses of a case, in the order in which counts have them."""

COUNTED = ("passed", "failed", "not_applicable", "errored", "untested")
"""The columns that count them."""

SEVERITIES = ("error", "warning", "info")


@dataclass(frozen=True)
class Annotation:
    """A note on a case: a text of its own, or a *payload* of some type; it may hold further ones and comments."""

    name: str
    level: str = "info"
    description: str | None = None
    payload: bytes | None = None
    mime_type: str = "text/plain"
    children: tuple[Annotation, ...] = ()
    comments: tuple[str, ...] = ()

    def document(self) -> dict[str, object]:
        """As it is stored; the payload compressed and in base64, the same at every time."""
        packed = None if self.payload is None else base64.b64encode(gzip.compress(self.payload, mtime=0)).decode()
        return {
            "name": self.name,
            "level": self.level,
            "description": self.description,
            "mime_type": self.mime_type,
            "payload": packed,
            "children": [child.document() for child in self.children],
            "comments": list(self.comments),
        }

    def severities(self) -> list[str]:
        """Its own level and those of the annotations in it."""
        return [self.level, *(level for child in self.children for level in child.severities())]


@dataclass(frozen=True)
class Case:
    """One test case. An *exempt* one may fail: it counts as not applicable, and its failure is tracked all the same."""

    name: str
    status: str = PASSED
    duration: float = 0.0
    description: str | None = None
    message: str | None = None
    annotations: tuple[Annotation, ...] = ()
    exempt: bool = False

    @property
    def counted(self) -> str:
        """The status that counts."""
        return NOT_APPLICABLE if self.exempt and self.status in (FAILED, ERRORED) else self.status

    def document(self) -> dict[str, object]:
        """As it is stored: the *status* that counts, and the *outcome* that is tracked."""
        return {
            "name": self.name,
            "status": self.counted,
            "outcome": self.status,
            "exempt": self.exempt,
            "message": self.message,
            "duration": self.duration,
            "description": self.description,
            "annotations": [note.document() for note in self.annotations],
        }


@dataclass(frozen=True)
class Suite:
    """A suite at *path*, whose leading parts are folders. *figures* are the labelled data sets that metrics read.

    *metric* is one that its space gets when such a suite is published to it for the first time.
    """

    path: str
    cases: tuple[Case, ...] = ()
    description: str | None = None
    manual: bool = False
    figures: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    custom_data: Mapping[str, object] = field(default_factory=dict)
    metric: Mapping[str, object] | None = None

    def counts(self) -> dict[str, int]:
        """How many cases of each status and annotations of each severity, by column."""
        statuses = [case.counted for case in self.cases]
        found = {column: statuses.count(status) for column, status in zip(COUNTED, STATUSES, strict=True)}
        levels = [level for case in self.cases for note in case.annotations for level in note.severities()]
        return found | {severity: levels.count(severity) for severity in SEVERITIES}

    @property
    def duration(self) -> float:
        """Seconds of all cases together."""
        return round(sum(case.duration for case in self.cases), 6)
