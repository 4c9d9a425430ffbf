"""Which symbols of a live session do not trade: halts and pauses, as the feed tells of them."""

from __future__ import annotations

from mismartera_core.contracts.stream import StreamedBars, StreamedStatus

RESUMED = "it has resumed, and no bar has come since"


class LiveHalts:
    """Keeps why symbols do not trade. One that has resumed waits for a bar that ended after that.

    Attributes:
        now: Ticker and reason of each, by ticker.
    """

    def __init__(self) -> None:
        self.now: tuple[tuple[str, str], ...] = ()
        self._resumed: dict[str, int] = {}

    def take(self, event: object, arrived_ns: int) -> bool:
        """Take what the stream brings; most of it says nothing of this.

        Args:
            event: An event of the stream.
            arrived_ns: When it came, nanoseconds UTC.

        Returns:
            Whether something has changed.
        """
        before = self.now
        if isinstance(event, StreamedStatus):
            self._status(event, arrived_ns)
        elif self._resumed and isinstance(event, StreamedBars) and not event.revised:
            since = self._resumed.get(event.symbol)
            if since is not None and len(event.bars) and event.bars.available_at[-1] > since:
                del self._resumed[event.symbol]
                self._set(event.symbol, "")
        return self.now != before

    def _status(self, event: StreamedStatus, arrived_ns: int) -> None:
        if event.halted:
            self._resumed.pop(event.symbol, None)
            self._set(event.symbol, event.halted)
        elif event.symbol in dict(self.now):
            self._resumed[event.symbol] = arrived_ns
            self._set(event.symbol, RESUMED)

    def _set(self, symbol: str, why: str) -> None:
        kept = {**dict(self.now), symbol: why}
        self.now = tuple(sorted((name, words) for name, words in kept.items() if words))
