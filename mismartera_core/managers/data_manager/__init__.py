"""Market data: from the provider, into the store, as frames and as streams."""

from __future__ import annotations

from mismartera_core.managers.data_manager.api import DataManager as DataManager
from mismartera_core.managers.data_manager.imports import ImportReport as ImportReport
from mismartera_core.managers.data_manager.streams import StreamEnded as StreamEnded
from mismartera_core.managers.data_manager.streams import StreamItem as StreamItem
