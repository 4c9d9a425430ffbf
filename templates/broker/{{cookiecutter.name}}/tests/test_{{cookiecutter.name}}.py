"""{{ cookiecutter.name }} keeps the promises of its kind, and its own."""

from __future__ import annotations

import pytest
from mismartera_core import BrokerReg
from mismartera_core.testing import BrokerConformance

from {{ cookiecutter.name }}.plugin import mismartera_brokers


class Test{{ cookiecutter.__class }}(BrokerConformance):
    @pytest.fixture
    def registration(self) -> BrokerReg:
        (record,) = mismartera_brokers()
        return record
