"""A symbol that is halted waits for its resumption, and for a bar after that."""

from dataclasses import replace

import numpy as np

from mismartera_core import BarColumns, StreamedBars, StreamedStatus
from mismartera_core.managers.execution_manager.surroundings import Surroundings
from mismartera_core.system.account_watch import AccountWatch
from mismartera_core.testing import ScriptedVenue
from mismartera_core.threads.live_halts import RESUMED, LiveHalts

MINUTE = 60_000_000_000


def bar(symbol, minute, *, revised=False):
    one = np.ones(1)
    ts = np.array([minute * MINUTE])
    columns = BarColumns.build(ts, one, one, one, one, one, interval_ns=MINUTE)
    return StreamedBars(symbol, columns, revised)


def told(*events):
    """What is known of halts after each event; each comes at its minute."""
    halts, seen = LiveHalts(), []
    for minute, event in events:
        before = halts.now
        assert halts.take(event, int(minute * MINUTE)) is (halts.now != before)
        seen.append(dict(halts.now))
    return seen


HALT, GO = StreamedStatus("AAPL", "Trading Halt (T1)"), StreamedStatus("AAPL", "")
HALTED, WAITS = {"AAPL": "Trading Halt (T1)"}, {"AAPL": RESUMED}


def test_it_trades_again_with_the_first_bar_that_ended_after_the_resumption():
    halted, resumed = [(5, HALT), (6, bar("AAPL", 5))], [(9.5, GO), (9.6, bar("AAPL", 8))]
    seen = told(*halted, *resumed, (10, bar("AAPL", 9)))
    assert seen == [HALTED, HALTED, WAITS, WAITS, {}]


def test_neither_a_correction_nor_another_symbol_is_a_fresh_bar():
    others = [(11, bar("AAPL", 10, revised=True)), (11, bar("IBM", 10))]
    assert told((5, HALT), (9.5, GO), *others)[-2:] == [WAITS, WAITS]


def test_a_halt_after_a_resumption_is_a_halt():
    assert told((5, HALT), (6, GO), (7, HALT), (8, bar("AAPL", 7)))[-1] == HALTED


def test_a_symbol_that_was_never_halted_does_not_wait():
    assert told((5, GO), (6, bar("AAPL", 5))) == [{}, {}]


class Venue(ScriptedVenue):
    """Says more of its account."""

    easy = ("AAPL",)

    def account(self):
        return replace(super().account(), day_trades=2, pdt_applies=True)

    def easy_to_borrow(self, symbols):
        return None if self.easy is None else [s for s in symbols if s in self.easy]


def looked(venue):
    around = Surroundings(shortable=())
    AccountWatch(venue, ("AAPL", "MSFT"), around).look()
    return around


def test_what_the_venue_says_of_the_account_is_known():
    around = looked(Venue())
    assert (around.buying_power, around.day_trades, around.pdt_applies) == (100_000.0, 2, True)
    assert around.shortable == ("AAPL",)


def test_a_venue_that_does_not_say_what_can_be_borrowed_leaves_it_open():
    venue = Venue()
    venue.easy = None
    assert looked(venue).shortable is None


def test_while_the_venue_does_not_answer_nothing_changes():
    venue = Venue()
    venue.down = True
    assert looked(venue).buying_power is None
