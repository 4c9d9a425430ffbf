"""{{ cookiecutter.name }} keeps the promises of its kind, and its own."""

from __future__ import annotations

import pytest
from mismartera_core import CostModelReg
from mismartera_core.testing import CostModelConformance

from {{ cookiecutter.name }}.plugin import mismartera_cost_models


class Test{{ cookiecutter.__class }}(CostModelConformance):
    @pytest.fixture
    def registration(self) -> CostModelReg:
        (record,) = mismartera_cost_models()
        return record
