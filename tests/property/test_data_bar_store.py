from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mismartera_core.errors import DataError
from mismartera_core.model.columns import BAR_FIELDS, BarColumns
from mismartera_core.model.intervals import MINUTE
from mismartera_core.repositories.bar_store import BarStore
from mismartera_core.repositories.bar_store_format import Provenance

FIRST = 1_704_067_200_000_000_000
ALWAYS = (-(2**63), 2**63 - 1)
PROVENANCE = Provenance(source="x")


def bars(minutes: list[int], price: float) -> BarColumns:
    ts = FIRST + np.array(minutes, np.int64) * MINUTE
    flat = np.full(len(ts), price)
    return BarColumns.build(ts, flat, flat, flat, flat, flat, interval_ns=MINUTE)


def store_with(columns: BarColumns, root: str) -> BarStore:
    store = BarStore(Path(root))
    store.write_bars("SPY", "1m", columns, PROVENANCE)
    return store


@settings(max_examples=100)
@given(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_any_flipped_bit_is_found(at: float, bit: int) -> None:
    with TemporaryDirectory() as root:
        store = store_with(bars(list(range(50)), 7.0), root)
        path = next(Path(root).rglob("*.parquet"))
        content = bytearray(path.read_bytes())
        content[int(at * len(content))] ^= 1 << bit
        path.write_bytes(content)
        for reader in (store, BarStore(Path(root))):
            try:
                reader.read_bars("SPY", "1m", *ALWAYS)
            except DataError as error:
                assert "damaged" in str(error)  # noqa: PT017
            else:
                raise AssertionError("a damaged file was read")


@settings(max_examples=100)
@given(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_rot_below_the_file_system_gives_an_error_or_equal_data(at: float, bit: int) -> None:
    """The disk decays after the whole file was checked: pages have checksums of their own."""
    expected = bars(list(range(50)), 7.0)
    with TemporaryDirectory() as root:
        store = store_with(expected, root)
        store.read_bars("SPY", "1m", *ALWAYS)
        path = next(Path(root).rglob("*.parquet"))
        content = bytearray(path.read_bytes())
        content[int(at * len(content))] ^= 1 << bit
        path.write_bytes(content)
        status = path.stat()
        stamp = (status.st_size, status.st_ino, status.st_ctime_ns)
        store._open[path] = replace(store._open[path], stamp=stamp)
        try:
            got = store.read_bars("SPY", "1m", *ALWAYS)
        except DataError:
            return
        for name in BAR_FIELDS:
            np.testing.assert_array_equal(getattr(got, name), getattr(expected, name))


MINUTES = st.lists(st.integers(0, 2 * 525_600), min_size=1, max_size=30, unique=True).map(sorted)


@settings(max_examples=60)
@given(writes=st.lists(st.tuples(MINUTES, st.integers(1, 3)), min_size=1, max_size=4))
def test_merging_is_a_dictionary_update(writes: list[tuple[list[int], int]]) -> None:
    with TemporaryDirectory() as root:
        store = BarStore(Path(root))
        expected: dict[int, float] = {}
        for minutes, price in writes:
            changed = sum(expected.get(m, price) != price for m in minutes)
            added = sum(m not in expected for m in minutes)
            report = store.write_bars("SPY", "1m", bars(minutes, float(price)), PROVENANCE)
            expected |= dict.fromkeys(minutes, float(price))
            assert (report.added, report.changed) == (added, changed)
            assert report.unchanged == len(minutes) - added - changed
        got = store.read_bars("SPY", "1m", *ALWAYS)
        assert dict(
            zip(((got.ts - FIRST) // MINUTE).tolist(), got.close.tolist(), strict=True)
        ) == (expected)
        assert sum(part.rows for part in store.provenance("SPY", "1m")) == len(expected)
        assert all(len(getattr(got, name)) == len(expected) for name in BAR_FIELDS)
