"""The dialects that keep the contract, each with the types that stand for it."""

from __future__ import annotations

from collections.abc import Sequence

from contract.dialect import Dialect
from contract.testspace import METRIC, RESULT, SPACE
from contract.valispace import REQUIREMENT, VALI
from contract.valohai import DEPLOYMENT, EXECUTION, PROJECT, STORE
from contract.versionone import STORY

DIALECTS: Sequence[Dialect] = (STORY, VALI, REQUIREMENT, SPACE, RESULT, METRIC, EXECUTION, DEPLOYMENT, PROJECT, STORE)
"""Every type. A module says in `TYPES` for which of them it is run."""

DISTINCT: Sequence[Dialect] = (STORY, VALI, SPACE, RESULT, EXECUTION, PROJECT)
"""The types that are read or kept in ways of their own. The others are read as one of these is."""

ONE_EACH: Sequence[Dialect] = (STORY, VALI, SPACE, PROJECT)
"""One of each system, for rules that know no types."""
