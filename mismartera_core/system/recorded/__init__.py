"""Live sessions that are recorded, and recordings that are replayed."""

from mismartera_core.system.recorded.live_tape import LiveTape as LiveTape
from mismartera_core.system.recorded.replay_of import ReplayOf as ReplayOf
from mismartera_core.system.recorded.session_tape import SessionTape as SessionTape
