"""{{ cookiecutter.name }} keeps the promises of its kind, and its own."""

from __future__ import annotations

import pytest
from mismartera_core import RiskCheckReg
from mismartera_core.testing import RiskCheckConformance

from {{ cookiecutter.name }}.plugin import mismartera_risk_checks


class Test{{ cookiecutter.__class }}(RiskCheckConformance):
    @pytest.fixture
    def registration(self) -> RiskCheckReg:
        (record,) = mismartera_risk_checks()
        return record
