"""{{ cookiecutter.name }} keeps the promises of its kind, and its own."""

from __future__ import annotations

import pytest
from mismartera_core import GapFillerReg
from mismartera_core.testing import GapFillerConformance

from {{ cookiecutter.name }}.plugin import mismartera_gap_fillers


class Test{{ cookiecutter.__class }}(GapFillerConformance):
    @pytest.fixture
    def registration(self) -> GapFillerReg:
        (record,) = mismartera_gap_fillers()
        return record
