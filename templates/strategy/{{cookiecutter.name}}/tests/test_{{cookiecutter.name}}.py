"""{{ cookiecutter.name }} keeps the promises of its kind, and its own."""

from __future__ import annotations

import pytest
from mismartera_core import StrategyReg
from mismartera_core.testing import StrategyConformance

from {{ cookiecutter.name }}.plugin import mismartera_strategies


class Test{{ cookiecutter.__class }}(StrategyConformance):
    @pytest.fixture
    def registration(self) -> StrategyReg:
        (record,) = mismartera_strategies()
        return record
