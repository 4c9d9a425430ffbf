"""Tracks of a recording: who took an item in."""

from __future__ import annotations

from threading import current_thread

ENGINE = "AnalysisEngine"
COORDINATOR = "SessionCoordinator"
SETUP = "setup"
"""Whoever makes the plan, before the threads run."""
ASIDE = "aside"
"""Threads whose answers reach the engine by its inbox, and are recorded there once more."""

CHANGING = "changing "
"""What tracks of readings begin with, of which only changes are recorded."""

FRAME = "frame"
NEWS = "news"
EVENT = "event"
ANSWER = "answer"
STEP = "step"
LISTEN = "listen"


def here() -> str:
    """The track of the thread that runs."""
    name = current_thread().name
    if name in (ENGINE, COORDINATOR):
        return name
    return ASIDE if name in _ASIDE else SETUP


_ASIDE = ("venue questions", "DataQualityManager", "DataProcessor")
