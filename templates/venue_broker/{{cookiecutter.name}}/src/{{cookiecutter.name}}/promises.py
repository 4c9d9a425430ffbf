"""The suite that tests the broker against the fake venue; needs mismartera-core[testing]."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from mismartera_core import PluginContext
from mismartera_core.testing import VenueBrokerConformance, plugin_context

from {{ cookiecutter.name }}.fake import KEY, PAGE, Fake{{ cookiecutter.__class }}


class Promises(VenueBrokerConformance):
    """What the core relies on, with every fault that a venue can have."""

    page = PAGE

    @pytest.fixture
    def faults(self) -> Iterator[Fake{{ cookiecutter.__class }}]:
        """The fake venue."""
        with Fake{{ cookiecutter.__class }}() as fake:
            yield fake

    @pytest.fixture
    def plugin_config(self, faults: Fake{{ cookiecutter.__class }}) -> Mapping[str, Any]:
        """Points to the fake, with short time limits."""
        urls = {"url": faults.url, "events_url": faults.events_url}
        return {**urls, "key": "FAKE_KEY", "connect_seconds": 1.0, "read_seconds": 0.4}

    @pytest.fixture
    def context(self, tmp_path: Path) -> PluginContext:
        """Knows the key of the fake."""
        return plugin_context(tmp_path, secrets={"FAKE_KEY": KEY})

    @pytest.fixture
    def secrets(self) -> list[str]:
        """What is shown nowhere."""
        return [KEY]
