"""Clock and calendar: whoever needs the time or the hours of a market asks here."""

from __future__ import annotations

from mismartera_core.managers.time_manager.api import TimeManager as TimeManager
