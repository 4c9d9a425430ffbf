"""{{ cookiecutter.name }} keeps the promises of its kind, and its own."""

from __future__ import annotations

import pytest
from mismartera_core import ReportReg
from mismartera_core.testing import ReportConformance

from {{ cookiecutter.name }}.plugin import mismartera_reports


class Test{{ cookiecutter.__class }}(ReportConformance):
    @pytest.fixture
    def registration(self) -> ReportReg:
        (record,) = mismartera_reports()
        return record
