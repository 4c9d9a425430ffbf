"""A strategy that raises in a live session opens nothing more; the session goes on, and replays."""

from recorded_sessions import Crosses

from mismartera_core import Strategy
from mismartera_core.system.recorded.replaying import replay


class Raises(Strategy):
    """Holds a share behind a stop, has an entry rest, and raises from the fifth bar on."""

    def on_session_start(self):
        self.count = 0

    def on_bar(self, bar):
        self.count += 1
        if self.count == 2:
            self.buy(5)
            self.buy(1, limit=round(bar.close * 0.98, 2))
        if self.count == 3:
            self.sell(5, stop=round(bar.close * 0.9, 2))
        if self.count >= 5:
            self.buy(2 + self.count)
            raise ValueError("a strategy's mistake")


def test_it_opens_nothing_more_and_its_exits_stay(live):
    session = live(Raises)
    run = session.run()
    (words,) = session.board.status().quarantined
    assert "opens nothing more: 3 strikes" in words
    assert [note for note in run.record.notes if words.split(":")[0] in note]
    rows = run.signals[run.signals["symbol"] == "AAPL"]
    blamed = rows["reason"].str.contains("quarantined")
    assert rows[blamed & (rows["status"] == "rejected")]["quantity"].min() > 7
    assert (blamed & (rows["status"] == "cancelled")).any()
    assert not blamed[rows["type"] == "stop"].any()
    assert (blamed.sum() > 40, run.record.error) == (True, "")
    again = replay(run.folder, session.settings, session.registry)
    assert (again.difference, again.trade_hash) == ("", run.trade_hash)


def test_a_session_of_which_nobody_is_late_says_nothing(live):
    session = live(Crosses)
    session.run()
    assert session.board.status().quarantined == ()
