"""A run whose rows lie in a file: what is read of it does not grow with its rows."""

import pickle
from dataclasses import replace

import pytest
from builders import run_record

from mismartera_core.model.intervals import MINUTE
from mismartera_core.model.parity import Circumstances
from mismartera_core.services.parity import compare
from mismartera_core.store.shelf import Shelf
from mismartera_core.system import run_rendering
from mismartera_core.system.run import Run

SESSIONS = ([(10_000, 0)],)
STATES = (("filled", ""), ("expired", ""), ("cancelled", "needs 7, has 5"), ("replaced", ""))
AROUND = Circumstances(interval_ns=MINUTE, began_ns=0, ended_ns=0, troubles=(), lost=())


def shelved(rows):
    shelf = Shelf(type(rows), None)
    for start in (0, len(rows) // 2):
        shelf.add(rows.part(start, start + len(rows) // 2))
        shelf.settle()
    return shelf.rows()


def long_run(count):
    """Orders that were filled and not, some of them refused, in memory and in a file."""
    fills = [(0, 0, 1, 10, 5.0, 0.0, n) for n in range(count)]
    orders = [
        (n * (n % 5 > 0), 0, 0, 1, 10, 10 * (n % 4 == 0), *STATES[n % 4], n) for n in range(count)
    ]
    record = run_record(fills=fills, orders=orders, sessions=SESSIONS)
    return record, replace(record, fills=shelved(record.fills), orders=shelved(record.orders))


def itself(run):
    return compare(run.record, run.record, AROUND).orders


LOOKS = {
    "signals": lambda run: run.signals.to_dict("records").__repr__(),
    "orders": lambda run: run.orders.to_dict("records").__repr__(),
    "trades": lambda run: run.trades.to_dict("records").__repr__(),
    "funnel": lambda run: run.funnel.to_dict("records"),
    "text": str,
    "parity": itself,
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_a_look_reads_the_file_as_often_however_many_rows_it_has(look, monkeypatch):
    reads, load = [], pickle.load

    def counted(file):
        reads.append(file)
        return load(file)

    monkeypatch.setattr(pickle, "load", counted)
    often = []
    for count in (20, 200):
        held, lying = long_run(count)
        reads.clear()
        assert look(Run(lying)) == look(Run(held))
        often.append(len(reads))
    assert often[0] == often[1] > 0


def test_many_open_trades_are_shown_in_part(monkeypatch):
    monkeypatch.setattr(run_rendering, "MOST_OPEN", 1)
    fills = [(n % 2, n // 2 % 2, 1, 10, 5.0, 0.0, n) for n in range(12)]
    _, left = str(Run(run_record(fills=fills))).split("Left open")
    assert "fast" in left
    assert "slow" not in left
    assert "and 3 more" in left
