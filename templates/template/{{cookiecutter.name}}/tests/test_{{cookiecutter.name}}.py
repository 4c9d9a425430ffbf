"""{{ cookiecutter.name }} keeps the promises of its kind, and its own."""

from __future__ import annotations

import pytest
from mismartera_core import TemplateReg
from mismartera_core.testing import TemplateConformance

from {{ cookiecutter.name }}.plugin import mismartera_templates


class Test{{ cookiecutter.__class }}(TemplateConformance):
    @pytest.fixture
    def registration(self) -> TemplateReg:
        (record,) = mismartera_templates()
        return record
