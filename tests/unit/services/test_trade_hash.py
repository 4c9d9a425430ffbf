"""Equal trades, equal hash; other trades, another."""

import hashlib
import os
import struct
import subprocess
import sys

import numpy as np
import pytest
from builders import OPEN, fill_columns

from mismartera_core.model.intervals import MINUTE
from mismartera_core.services.trade_hash import trade_hash

ROWS = [
    (0, 0, 1, 100, 10.5, 1.0, 0),
    (1, 1, -1, 7, 20.0, 0.35, 0),
    (0, 0, -1, 100, 11.0, 1.0, 3),
]
NAMES = ("fast", "slow"), ("AAA", "BBB")


def test_the_bytes_are_those_of_the_documentation():
    def ints(*values):
        return struct.pack(f"<{len(values)}q", *values)

    def floats(*values):
        return struct.pack(f"<{len(values)}d", *values)

    known = [OPEN + minute * MINUTE for minute in (1, 1, 4)]
    wanted = b"".join(
        (
            b'mismartera fills 1\n["fast","slow"]\n["AAA","BBB"]\n',
            ints(3),
            ints(*known),
            ints(0, 1, 0),
            ints(0, 1, 0),
            ints(*(at - MINUTE for at in known)),
            ints(1, -1, -1),
            floats(10.5, 20.0, 11.0),
            floats(100.0, 7.0, 100.0),
            ints(1_000_000, 350_000, 1_000_000),
        )
    )
    assert trade_hash(fill_columns(*ROWS), *NAMES) == hashlib.sha256(wanted).hexdigest()


def test_order_ids_row_order_and_order_of_names_do_not_matter():
    plain = trade_hash(fill_columns(*ROWS), *NAMES)
    turned = [(1 - s, 1 - y, *rest) for s, y, *rest in reversed(ROWS)]
    names = ("slow", "fast"), ("BBB", "AAA", "NEVER TRADED")
    assert trade_hash(fill_columns(*turned, order_ids=[9, 5, 7]), *names) == plain


def test_fills_of_one_instant_and_symbol_are_put_in_order():
    rows = [(0, 0, side, size, 10.0, 0, 0) for side, size in ((1, 2), (-1, 1), (1, 1), (-1, 2))]
    hashes = {trade_hash(fill_columns(*rows[k:], *rows[:k]), *NAMES) for k in range(4)}
    assert len(hashes) == 1


@pytest.mark.parametrize("column", range(7))
def test_every_property_of_a_fill_counts(column):
    change = list(ROWS[0])
    change[column] = {2: -1}.get(column, change[column] + 1)
    assert trade_hash(fill_columns(tuple(change), *ROWS[1:]), *NAMES) != trade_hash(
        fill_columns(*ROWS), *NAMES
    )


def test_no_fills_have_a_hash_too():
    assert trade_hash(fill_columns(), *NAMES) == trade_hash(fill_columns(), (), ())


def test_the_hash_seed_of_python_does_not_matter():
    code = (
        "import numpy as np; from mismartera_core.model.results import FillColumns;"
        "from mismartera_core.services.trade_hash import trade_hash; n = np.arange(5);"
        "f = FillColumns(n, n, n, n, n * 1.5, n * 2.5, n, n, n, n);"
        "print(trade_hash(f, list('cbade'), list('vwxyz')))"
    )
    shown = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(shown) == 1


def test_a_zero_has_one_sign():
    free = [(0, 0, 1, 1, zero, 0, 0) for zero in (0.0, -0.0)]
    assert len({trade_hash(fill_columns(row), *NAMES) for row in free}) == 1
    assert np.signbit(fill_columns(free[1]).price[0])
