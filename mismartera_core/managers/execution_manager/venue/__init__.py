"""Orders at a venue: written ahead, sent once, looked up when unclear, reconciled."""

from mismartera_core.managers.execution_manager.venue.desk import VenueDesk
from mismartera_core.managers.execution_manager.venue.fetching import Fetcher, InlineFetcher
from mismartera_core.managers.execution_manager.venue.notices import DeskNotice, NoticeKind
from mismartera_core.managers.execution_manager.venue.timing import Timing

__all__ = ["DeskNotice", "Fetcher", "InlineFetcher", "NoticeKind", "Timing", "VenueDesk"]
