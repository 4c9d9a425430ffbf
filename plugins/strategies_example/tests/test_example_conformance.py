"""The examples keep the promises of every strategy."""

from __future__ import annotations

import pytest
from strategies_example.plugin import mismartera_strategies

from mismartera_core.testing import StrategyConformance


class TestExamples(StrategyConformance):
    """Every example of this package."""

    @pytest.fixture(params=mismartera_strategies(), ids=lambda record: record.name)
    def registration(self, request):
        """One after the other."""
        return request.param
