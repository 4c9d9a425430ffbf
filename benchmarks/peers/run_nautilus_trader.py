"""S1 with nautilus_trader: one strategy a symbol, risk engine and analysis switched off."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
from common import CASH, FAST, FIELDS, SHARES, SLOW, Job, main
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, RiskEngineConfig, StrategyConfig
from nautilus_trader.indicators import SimpleMovingAverage
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

VENUE = Venue("XNAS")
MINUTE_NS = 60 * 10**9


class SmaCrossConfig(StrategyConfig, frozen=True):
    bar_type: BarType


class SmaCross(Strategy):
    def __init__(self, config: SmaCrossConfig) -> None:
        super().__init__(config)
        self.instrument_id = config.bar_type.instrument_id
        self.fast = SimpleMovingAverage(FAST)
        self.slow = SimpleMovingAverage(SLOW)
        self.shares = Quantity.from_int(SHARES)
        self.is_long = False

    def on_start(self) -> None:
        self.register_indicator_for_bars(self.config.bar_type, self.fast)
        self.register_indicator_for_bars(self.config.bar_type, self.slow)
        self.subscribe_bars(self.config.bar_type)

    def on_bar(self, bar: Bar) -> None:  # noqa: ARG002 - the call they get
        if not self.slow.initialized:
            return
        if self.fast.value > self.slow.value:
            if not self.is_long:
                self._send(OrderSide.BUY)
        elif self.fast.value < self.slow.value and self.is_long:
            self._send(OrderSide.SELL)

    def _send(self, side: OrderSide) -> None:
        self.submit_order(self.order_factory.market(self.instrument_id, side, self.shares))
        self.is_long = side == OrderSide.BUY


def s1(data: dict[str, Any]) -> Job:
    engine = BacktestEngine(
        BacktestEngineConfig(
            logging=LoggingConfig(bypass_logging=True),
            risk_engine=RiskEngineConfig(bypass=True),
            run_analysis=False,
        )
    )
    start = CASH * len(data["symbols"])
    engine.add_venue(
        venue=VENUE,
        oms_type=OmsType.NETTING,
        account_type=AccountType.CASH,
        base_currency=USD,
        starting_balances=[Money(start, USD)],
    )
    known = (data["ts"] + MINUTE_NS).astype(np.uint64)
    for i, symbol in enumerate(data["symbols"].tolist()):
        equity = _equity(symbol)
        engine.add_instrument(equity)
        bar_type = BarType.from_str(f"{equity.id}-1-MINUTE-LAST-EXTERNAL")
        prices = [np.ascontiguousarray(data[name][i]) for name in FIELDS]
        engine.add_data(Bar.from_raw_arrays_to_list(bar_type, 4, 0, *prices, known, known))
        engine.add_strategy(SmaCross(SmaCrossConfig(bar_type=bar_type, order_id_tag=symbol)))

    def read(_: Any) -> tuple[int, float]:
        fills = sum(order.is_closed and order.filled_qty > 0 for order in engine.cache.orders())
        cash = engine.portfolio.account(VENUE).balance_total(USD).as_double() - start
        engine.dispose()
        return fills, cash

    return Job(engine.run, read)


def _equity(symbol: str) -> Equity:
    return Equity(
        instrument_id=InstrumentId(Symbol(symbol), VENUE),
        raw_symbol=Symbol(symbol),
        currency=USD,
        price_precision=4,
        price_increment=Price.from_str("0.0625"),
        lot_size=Quantity.from_int(1),
        ts_event=0,
        ts_init=0,
        maker_fee=Decimal(0),
        taker_fee=Decimal(0),
    )


if __name__ == "__main__":
    main("nautilus_trader", "signal close", {"s1": s1})
