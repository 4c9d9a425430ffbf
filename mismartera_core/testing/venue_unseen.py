"""What can be said of a broker of a venue without a fake of the venue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from mismartera_core.contracts.venue import VenueBroker
from mismartera_core.registrations import BrokerReg
from mismartera_core.testing.suite import not_applicable
from mismartera_core.testing.venue_brokers import VenueBrokerConformance


class UnseenVenueConformance(VenueBrokerConformance):
    """The promises of a broker whose registration names no suite with a fake of its venue."""

    @pytest.fixture
    def faults(self) -> Any:
        """There is none."""
        not_applicable(
            "it needs a fake of the venue, and the registration names no suite that has one: "
            "suites=('my_plugin.promises:MyBrokerPromises',)"
        )

    @pytest.fixture
    def plugin_config(self, registration: BrokerReg) -> Mapping[str, Any]:
        """The example of the registration: it is validated, and connects to nothing."""
        return registration.example if self.config is None else self.config

    @pytest.fixture
    def broker(self, faults: Any) -> VenueBroker:
        """None without a fake: nothing is sent to a real venue."""
        del faults
        raise AssertionError("the fixture `faults` skips")
