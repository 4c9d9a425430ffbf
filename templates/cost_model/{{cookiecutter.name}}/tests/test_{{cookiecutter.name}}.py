"""{{ cookiecutter.name }} keeps the promises of its kind, and its own."""

from __future__ import annotations

import pytest
from mismartera_core import CostModelReg
from mismartera_core.testing import CostModelConformance

from {{ cookiecutter.name }}.commission import fee
from {{ cookiecutter.name }}.plugin import mismartera_cost_models


class Test{{ cookiecutter.__class }}(CostModelConformance):
    @pytest.fixture
    def registration(self) -> CostModelReg:
        (record,) = mismartera_cost_models()
        return record


def test_a_fill_of_ten_thousand_costs_one_and_a_half() -> None:
    assert fee(1.0, 100.0, 100.0, 99.0, 101.0, 99.0, 100.0, 5e4, 1.0, 0.5e-4) == 1.5
