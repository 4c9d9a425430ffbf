"""Rows that are set aside read like rows in memory, and leave nothing behind."""

import errno
from itertools import pairwise

import numpy as np
import pytest
from builders import order_columns

from mismartera_core.errors import MisMarteraError
from mismartera_core.model.results import OrderColumns
from mismartera_core.store import shelf as module
from mismartera_core.store.shelf import Shelf

ROWS = order_columns(*((n, 0, n % 2, 1, 10 + n, n, "filled", f"why {n}", n) for n in range(1, 12)))


def shelved(folder=None, cuts=(0, 3, 4, 9, 11), settled=3):
    """ROWS on a shelf in parts, of which the first few are settled."""
    shelf = Shelf(OrderColumns, folder)
    for number, (start, stop) in enumerate(pairwise(cuts)):
        shelf.add(ROWS.part(start, stop))
        if number < settled:
            shelf.settle()
    return shelf


def lists(rows):
    return [list(column) for column in rows.columns()]


@pytest.mark.parametrize("settled", range(5))
def test_a_shelf_reads_like_its_rows(settled):
    shelf = shelved(settled=settled)
    rows = shelf.rows()
    assert len(shelf) == len(rows) == 11
    np.testing.assert_equal(lists(rows), lists(ROWS))
    np.testing.assert_equal(lists(OrderColumns.joined(list(rows.parts()))), lists(ROWS))
    for start in range(12):
        for stop in range(12):
            np.testing.assert_equal(lists(rows.part(start, stop)), lists(ROWS.part(start, stop)))
    chosen = np.array([0, 2, 3, 8, 10])
    np.testing.assert_equal(lists(rows.take(chosen)), lists(ROWS.take(chosen)))
    assert list(rows.reason) == ROWS.reason
    assert rows.quantity.dtype == np.float64


def test_an_empty_shelf_has_columns():
    np.testing.assert_equal(lists(Shelf(OrderColumns, None).rows()), lists(OrderColumns.none()))


def test_what_is_not_a_column_is_no_attribute():
    assert not hasattr(shelved(), "colour")


def test_the_file_of_a_shelf_has_no_name(tmp_path):
    shelf = shelved(tmp_path)
    assert len(shelf.rows().part(0, 3)) == 3
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_and_loses_no_row(tmp_path, monkeypatch):
    shelf = shelved(tmp_path)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module.pickle, "dump", full)
    with pytest.raises(MisMarteraError, match="No space left on device") as error:
        shelf.settle()
    assert "runs_dir" in error.value.hint
    np.testing.assert_equal(lists(shelf.rows()), lists(ROWS))
    monkeypatch.undo()
    shelf.settle()
    np.testing.assert_equal(lists(shelf.rows()), lists(ROWS))
