"""The suite that the small venue's broker names in its registration."""

from __future__ import annotations

import pytest
from venue_server import PAGE, VenueServer

from mismartera_core.testing import VenueBrokerConformance


class Promises(VenueBrokerConformance):
    deadline = 2.0
    reconnect_seconds = 2.0
    page = PAGE

    @pytest.fixture
    def faults(self):
        with VenueServer() as server:
            yield server

    @pytest.fixture
    def plugin_config(self, faults):
        return faults.config
