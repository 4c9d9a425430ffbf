"""A fake venue on this machine, which real clients of brokers talk to.

`FakeVenue` is a venue without a dialect: an account, an order book, a market that replays bars.
`AlpacaVenue` is one that speaks Alpaca's REST and sockets on 127.0.0.1; the real alpaca-py talks to
it, unmodified:

    from mismartera_core.testing import AlpacaVenue, Fault, FrameFault, sessions_of, walk_bars

    bars = {"AAPL": walk_bars(sessions_of([390]))}          # or DataFrames by open time
    with AlpacaVenue(bars, cash=100_000) as venue:
        trading = TradingClient(venue.key, venue.secret, url_override=venue.url)
        history = StockHistoricalDataClient(venue.key, venue.secret, url_override=venue.url)
        data = StockDataStream(venue.key, venue.secret, url_override=venue.data_url)
        updates = TradingStream(venue.key, venue.secret, url_override=venue.trading_url)
        ...
        venue.advance(venue.next_ns)   # the clock goes to the next close: orders fill, bars come

Time: `venue.clock.now_ns` is the venue's clock; give `venue.clock`, or `venue.clock.skewed(3.0)`,
to the system under test. It stands until `advance(to_ns)`; `play(minute_seconds)` lets it run in a
thread, `wait_for_end(timeout)` waits for the end of the tape, `pause()` stops it.

Orders fill by docs/order-semantics.md: a market order placed at t at the open of the next bar, told
of at that bar's close (or at once, with `prompt=True`), stamped within that bar.

Faults: `venue.faults.on(what, fault, times=1, after=0)`.

    venue.faults.on("POST /orders", Fault.status(504).after_acting())   # taken, answer lost
    venue.faults.on("GET /account", Fault.silence())                    # accepts, never answers
    venue.faults.on("GET /*", Fault.too_many(1), times=None)
    venue.faults.on("POST /orders", Fault.garbled().after_acting())     # no JSON
    venue.faults.on("GET /orders/*", Fault.with_values(status="brand_new"))
    venue.faults.on("trades fill *", FrameFault.silence())              # one fill is never told
    venue.faults.on("trades fill *", FrameFault.twice())
    venue.faults.on("data b AAPL", FrameFault.swapped())                # after the next frame
    venue.faults.on("data *", FrameFault.silence(), times=None)         # mute while connected
    venue.faults.on("data auth", FrameFault.answered({"T": "error", "code": 406, "msg": "..."}))
    venue.drop("trades"); venue.hang_up("data"); venue.mute("data")
    venue.restart(); venue.go_down(); venue.come_up()

The market: `venue.tape.delay(symbol, seconds)`, `.late(symbol, ts, seconds)`, `.lose(symbol, ts)`
(not streamed, but there over REST), `venue.revise(symbol, ts, close=...)`, `venue.halt(symbol)`,
`venue.resume(symbol)`, `venue.at(instant, action)`. Others in the account:
`venue.submit(Terms(...))`, `venue.foreign_position(symbol, quantity, price)`,
`venue.execute(order_id, quantity, price)`, `venue.reject(order_id, reason)`.
"""
