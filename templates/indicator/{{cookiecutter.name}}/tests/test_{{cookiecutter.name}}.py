"""{{ cookiecutter.name }} keeps the promises of its kind, and its own."""

from __future__ import annotations

import pytest
from mismartera_core import IndicatorReg
from mismartera_core.testing import IndicatorConformance

from {{ cookiecutter.name }}.plugin import mismartera_indicators


class Test{{ cookiecutter.__class }}(IndicatorConformance):
    @pytest.fixture
    def registration(self) -> IndicatorReg:
        (record,) = mismartera_indicators()
        return record
