from dataclasses import replace
from decimal import Decimal
from threading import Event

import numpy as np
import pytest
from still_venue import StillProvider, StillVenue, order, position

from mismartera_core import (
    MisMarteraError,
    OrderRejected,
    OrderTerms,
    OrderType,
    Side,
    StreamRequest,
)
from mismartera_core.repositories.recording import Recorder, read_recording
from mismartera_core.repositories.recording_player import Player, ReplayDiffers
from mismartera_core.system.recorded.taped import TapedProvider, TapedVenue

TERMS = OrderTerms(
    client_id="c1", symbol="SPY", side=Side.BUY, type=OrderType.MARKET, quantity=Decimal(1)
)
CALLS = [
    lambda venue: venue.capabilities,
    lambda venue: venue.account(),
    lambda venue: venue.now_ns(),
    lambda venue: venue.listen(lambda event: None),
    lambda venue: venue.find("c1"),
    lambda venue: venue.order("nobody"),
    lambda venue: venue.open_orders(),
    lambda venue: venue.executions(5),
    lambda venue: venue.positions(),
    lambda venue: venue.cancel("v1"),
    lambda venue: refusal(lambda: venue.submit(TERMS)),
    lambda venue: refusal(lambda: venue.replace("v1", TERMS)),
]


def recorder(folder):
    made = Recorder({})
    made.open(folder)
    return made


def refusal(call):
    with pytest.raises(OrderRejected) as raised:
        call()
    return str(raised.value)


@pytest.fixture
def world():
    StillVenue.reset()
    StillProvider.reset()
    StillVenue.orders, StillVenue.holds = [order()], [position()]


def test_a_venue_answers_as_it_did_without_being_asked(world, tmp_path):
    tape = recorder(tmp_path)
    venue = TapedVenue(tape, StillVenue())
    live = [call(venue) for call in CALLS]
    venue.close()
    tape.close()
    sent = list(StillVenue.sent)
    player = Player(read_recording(tmp_path).items)
    again = TapedVenue(player, None)
    assert [call(again) for call in CALLS] == live
    again.close()
    assert player.left() == []
    assert (StillVenue.sent, StillVenue.closed) == (sent, 1)


def test_another_order_than_the_recorded_one_is_named(world, tmp_path):
    tape = recorder(tmp_path)
    refusal(lambda: TapedVenue(tape, StillVenue()).submit(TERMS))
    tape.close()
    again = TapedVenue(Player(read_recording(tmp_path).items), None)
    with pytest.raises(ReplayDiffers, match=r"venue\.submit .* symbol was \"SPY\", is \"QQQ\""):
        again.submit(replace(TERMS, symbol="QQQ"))


def test_a_provider_answers_as_it_did(world, tmp_path):
    tape = recorder(tmp_path)
    live = TapedProvider(tape, StillProvider())
    asked = ("SPY", "1m", 0, 600_000_000_000)
    one = live.get_bars(*asked)
    many = live.load_bars(["SPY"], *asked[1:])
    facts = live.symbols(), list(live.intervals("SPY")), live.coverage("SPY", "1m")
    with pytest.raises(MisMarteraError, match="delivers no ticks"):
        live.get_ticks("SPY", 0, 1)
    with pytest.raises(MisMarteraError, match="delivers no quotes"):
        live.get_quotes("SPY", 0, 1)
    live.close()
    tape.close()
    again = TapedProvider(Player(read_recording(tmp_path).items), None)
    for bars, kept in (
        (one, again.get_bars(*asked)),
        (many["SPY"], again.load_bars(["SPY"], *asked[1:])["SPY"]),
    ):
        assert np.array_equal(bars.ts, kept.ts)
        assert np.array_equal(bars.close, kept.close)
    assert (again.symbols(), list(again.intervals("SPY")), again.coverage("SPY", "1m")) == facts
    with pytest.raises(MisMarteraError, match="delivers no ticks"):
        again.get_ticks("SPY", 0, 1)


def test_at_a_replay_nothing_streams(world, tmp_path):
    recorder(tmp_path).close()
    heard, stop = [], Event()
    stop.set()
    again = TapedProvider(Player(read_recording(tmp_path).items), None)
    again.stream(StreamRequest(symbols=("SPY",)), heard.append, stop)
    again.close()
    assert heard == []


def test_what_is_streamed_passes_by(world, tmp_path):
    heard, stop = [], Event()
    stop.set()
    live = TapedProvider(recorder(tmp_path), StillProvider())
    live.stream(StreamRequest(symbols=("SPY",)), heard.append, stop)
    assert len(heard) == 1
