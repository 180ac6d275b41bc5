"""The dialects that keep the contract, each with the types that stand for it."""

from __future__ import annotations

from collections.abc import Sequence

from contract.dialect import Dialect
from contract.testspace import METRIC, RESULT, SPACE
from contract.valispace import REQUIREMENT, VALI
from contract.valohai import DEPLOYMENT, EXECUTION, PROJECT, STORE
from contract.versionone import STORY

DIALECTS: Sequence[Dialect] = (STORY, VALI, REQUIREMENT, SPACE, RESULT, METRIC, EXECUTION, DEPLOYMENT, PROJECT, STORE)
