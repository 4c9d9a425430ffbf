"""{{ cookiecutter.name }} keeps the promises of its kind, and its own."""

from __future__ import annotations

import pytest
from mismartera_core import DataProviderReg
from mismartera_core.testing import DataProviderConformance

from {{ cookiecutter.name }}.plugin import mismartera_data_providers


class Test{{ cookiecutter.__class }}(DataProviderConformance):
    @pytest.fixture
    def registration(self) -> DataProviderReg:
        (record,) = mismartera_data_providers()
        return record
