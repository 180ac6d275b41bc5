"""The dialects that keep the contract, each with the types that stand for it."""

from __future__ import annotations

from collections.abc import Sequence

from contract.dialect import Dialect
from contract.testspace import METRIC, SPACE
from contract.valispace import REQUIREMENT, VALI
from contract.valohai import EXECUTION, PROJECT, STORE
from contract.versionone import STORY

DIALECTS: Sequence[Dialect] = (STORY, VALI, REQUIREMENT, SPACE, METRIC, EXECUTION, PROJECT, STORE)
