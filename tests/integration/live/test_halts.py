"""A symbol that is halted is not entered, until it has resumed and a bar has come."""

import pytest
from live_sessions import SECOND

from mismartera_core import Strategy, StreamedStatus
from mismartera_core.system.recorded.replaying import replay


class Buys(Strategy):
    """Asks for a share more at every bar."""

    def on_session_start(self):
        self.count = 0

    def on_bar(self, bar):
        self.count += 1
        self.buy(self.count, limit=round(bar.close * 0.98, 2))


def refused(run, symbol):
    """How many orders a halt kept back, and how many there were."""
    rows = run.signals[run.signals["symbol"] == symbol]
    return int(rows["reason"].str.contains("trading_halt").sum()), len(rows)


@pytest.mark.parametrize("resumes", [False, True])
def test_entries_wait_for_the_resumption_and_a_bar_after_it(live, resumes):
    told = [(live.open_ns + SECOND, StreamedStatus("AAPL", "LULD pause (P)"))]
    if resumes:
        told.append((live.open_ns + 2 * SECOND, StreamedStatus("AAPL", "")))
    session = live(Buys, script=[*told, *live.script(30)])
    run = session.run()
    kept, asked = refused(run, "AAPL")
    assert asked == refused(run, "IBM")[1] == 30
    # The first bar comes within the first minute, in which there are no entries anyway.
    assert (kept, refused(run, "IBM")[0]) == (0 if resumes else asked, 0)
    again = replay(run.folder, session.settings, session.registry)
    assert again.difference == ""
