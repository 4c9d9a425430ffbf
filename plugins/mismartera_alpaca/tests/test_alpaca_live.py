"""A live session on the real alpaca-py: the bars of a stream trade like those of history."""

import threading
from datetime import date

import pytest
from alpaca_rows import until
from engine_sessions import session
from mismartera_alpaca.config import DataConfig
from mismartera_alpaca.plugin import mismartera_data_providers
from mismartera_alpaca.provider import AlpacaProvider

from mismartera_core import Strategy, StreamChanged
from mismartera_core.testing import AlpacaVenue, session_table, walk_bars

DAY, FIRST = date(2024, 11, 20), date(2024, 10, 15)
SYMBOLS = ["AAPL", "MSFT"]
SECRETS = {"ALPACA_API_KEY": "PKTEST-LOOPBACK", "ALPACA_SECRET_KEY": "none-of-your-business"}
MINUTE = 60_000_000_000
DATA = {
    "symbols": SYMBOLS,
    "historical": {"data": [{"apply_to": "all", "intervals": ["1m"], "trailing_days": 1}]},
}


class Turns(Strategy):
    """Buys after a rise, sells after a fall, by one and by five minutes."""

    seen = 0

    def on_bar(self, bar):
        Turns.seen += 1
        five = self.bars("5m")
        rises = len(five) > 1 and five[-1].close > five[-2].close
        if self.position.is_flat and rises and bar.close > bar.open:
            self.buy(5, stop_loss=bar.close * 0.998)
        elif self.position.is_long and bar.close < bar.open:
            self.close()


@pytest.fixture
def venue():
    table = session_table(FIRST, DAY)
    bars = {name: walk_bars(table, seed=seed) for seed, name in enumerate(SYMBOLS)}
    key, secret = SECRETS.values()
    start = int(table.open_ns[-1]) - 5 * MINUTE
    with AlpacaVenue(bars, key=key, secret=secret, start_ns=start, sessions=table) as venue:
        venue.limit.per_minute = 100_000
        yield venue


def test_a_live_session_trades_like_a_backtest(venue, tmp_path, monkeypatch):
    monkeypatch.setenv("MISMARTERA_RUNTIME_DIR", str(tmp_path))
    for name, text in SECRETS.items():
        monkeypatch.setenv(name, text)
    live_now = threading.Event()

    class Told(AlpacaProvider):
        def stream(self, wanted, emit, stop):
            def told(event):
                emit(event)
                if isinstance(event, StreamChanged):
                    live_now.set()

            super().stream(wanted, told, stop)

    def provider(config, context):
        urls = {"data_url": venue.url, "trading_url": venue.url, "stream_url": venue.data_url}
        return Told(DataConfig(**urls, requests_per_minute=10_000), context)

    (record,) = mismartera_data_providers()
    common = {"data": DATA, "risk": [{"name": "standard"}]}
    offered = (provider, record.capabilities)
    ended = threading.Event()

    def play():
        live_now.wait(30)
        try:
            steps()
        finally:  # whatever happened, the session comes to its end
            while not ended.wait(0.02):
                venue.advance(venue.clock.now_ns + MINUTE)

    def steps():
        while not ended.is_set() and (due := venue.next_ns) is not None:
            venue.advance(due)
            # The clock stands until the strategy has seen what was sent.
            until(lambda: Turns.seen >= venue.faults.seen("data b *") or ended.is_set())

    driver = threading.Thread(target=play)
    driver.start()
    try:
        live = session(Turns, None, offered, wall=venue.clock, **common).run()
    finally:
        ended.set()
        live_now.set()
        driver.join()
    days = {"start_date": str(DAY), "end_date": str(DAY)}
    past = session(Turns, days, offered, wall=venue.clock, **common).run()
    assert len(past.fills) > 20
    assert live.record.bars == past.record.bars == 2 * 390
    assert live.trade_hash == past.trade_hash
    assert live.equity.equals(past.equity)
    files = [it for it in tmp_path.rglob("*") if it.is_file()]
    assert len(files) > 10
    for secret in SECRETS.values():
        assert [it.name for it in files if secret.encode() in it.read_bytes()] == []
