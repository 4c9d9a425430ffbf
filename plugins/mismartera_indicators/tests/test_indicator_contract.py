"""Every indicator of this package keeps the contract of its kind."""

from __future__ import annotations

from typing import ClassVar

import pytest
from mismartera_indicators.plugin import mismartera_indicators

from mismartera_core.testing import IndicatorConformance


class TestIndicators(IndicatorConformance):
    # Bars of regular hours have nothing before the open.
    sparse: ClassVar = ("premarket",)

    @pytest.fixture(params=mismartera_indicators(), ids=lambda record: record.name)
    def registration(self, request):
        return request.param
