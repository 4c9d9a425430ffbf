"""What waits for a coordinator that fell behind: all bars and trades, and the newest quotes."""

from threading import Event, Thread

import numpy as np
from live_sessions import MINUTE

from mismartera_core import StreamedBars, StreamedQuotes, StreamedTicks, TickColumns
from mismartera_core.managers.data_manager import arrivals as module
from mismartera_core.managers.data_manager.arrivals import Arrivals
from mismartera_core.managers.data_manager.streams import StreamItem
from mismartera_core.model.columns import QuoteColumns
from mismartera_core.testing import sessions_of, walk_bars

BARS = walk_bars(sessions_of([60]), seed=1)


def quote(symbol, number):
    row = [np.array([number])] + [np.array([float(number)])] * 4
    return StreamItem("s", StreamedQuotes(symbol, QuoteColumns(*row)), number)


def trade(symbol, number):
    row = TickColumns(np.array([number]), np.array([1.0]), np.array([1.0]))
    return StreamItem("s", StreamedTicks(symbol, row), number)


def bar(number):
    return StreamItem("s", StreamedBars("AAPL", BARS.slice(number, number + 1)), number)


def drained(queue):
    return [queue.get_nowait() for _ in range(queue.qsize())]


def test_until_there_are_many_everything_stays_in_order():
    queue, sent = Arrivals(), [quote("AAPL", n) for n in range(100)]
    for item in sent:
        queue.put(item)
    assert drained(queue) == sent
    assert (queue.conflated, queue.empty()) == (0, True)


def test_in_a_flood_quotes_are_replaced_and_bars_and_trades_never_dropped(monkeypatch, caplog):
    monkeypatch.setattr(module, "FLOOD", 10)
    queue, kept = Arrivals(), []
    for number in range(50):
        kept += [bar(number), trade("AAPL", number)]
        for item in (*kept[-2:], quote("AAPL", number), quote("MSFT", number)):
            queue.put(item)
    found = drained(queue)
    assert [item for item in found if not isinstance(item.event, StreamedQuotes)] == kept
    quotes = [item for item in found if isinstance(item.event, StreamedQuotes)]
    assert [(q.event.symbol, q.arrived_ns) for q in quotes[-2:]] == [("AAPL", 49), ("MSFT", 49)]
    assert len(quotes) + queue.conflated == 100
    assert len(quotes) < 10
    assert len(caplog.records) == 1


def test_a_stream_is_never_made_to_wait_and_a_reader_is_woken():
    queue, found, ready = Arrivals(), [], Event()

    def read():
        ready.set()
        found.append(queue.get(timeout=30))

    reader = Thread(target=read)
    reader.start()
    ready.wait(30)
    queue.put(bar(0), timeout=MINUTE)
    reader.join(30)
    assert [item.arrived_ns for item in found] == [0]
    for number in range(20_000):
        queue.put_nowait(bar(number % 60))
    assert queue.qsize() == 20_000
