"""Promises of an indicator."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any, ClassVar, Literal

import numpy as np
import pytest

from mismartera_core.model.columns import (
    BAR_FIELDS,
    PRICE_FIELDS,
    BarColumns,
    FloatArray,
    TickColumns,
)
from mismartera_core.registrations import IndicatorReg
from mismartera_core.registry import config_model, resolve_attribute
from mismartera_core.testing.builders import (
    sealed,
    sessions_of,
    ticks_of,
    walk_bars,
    without_volume,
)
from mismartera_core.testing.causality import (
    check_cut,
    check_scrambled,
    check_steps,
    first_difference,
    telling_rows,
)
from mismartera_core.testing.indicator_calls import (
    IndicatorCall,
    Values,
    outputs_of,
    quietly,
    returned,
    session_trades,
)
from mismartera_core.testing.parameters import refuses_unknown, variations
from mismartera_core.testing.suite import Conformance, breach, expect, not_applicable

CATEGORIES = (
    "trend",
    "momentum",
    "volatility",
    "volume",
    "statistics",
    "candlestick",
    "chart_pattern",
)

_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")
_LENGTHS = (60, 45, 35, 60, 50) * 6
"""Minutes of thirty sessions: a month of trailing days, and more bars than most lookbacks."""


@cache
def a_month() -> BarColumns:
    """Thirty sessions of unequal length without a gap."""
    return sealed(walk_bars(sessions_of(_LENGTHS), seed=1))


@cache
def odd_sessions() -> BarColumns:
    """Sessions of 1 to 120 minutes with missing and idle minutes and unknown values."""
    sessions = sessions_of((90, 1, 45, 120, 2, 60))
    return sealed(walk_bars(sessions, seed=2, missing=0.2, idle=0.2, unknown=0.01))


class IndicatorConformance(Conformance):
    """What an indicator promises: a causal pure function of columns.

    Attributes:
        sparse: Names of registered indicators whose values come and go by nature, such as the line
            above the price that gives way to one below it.
        endless: Names of those whose sums never end, so that an unknown value stays in them.
    """

    kind = "indicator"
    sparse: ClassVar[Sequence[str]] = ()
    endless: ClassVar[Sequence[str]] = ()

    @pytest.fixture
    def made(self, registration: IndicatorReg) -> IndicatorCall:
        """The function: `compute(bars, **params)`, with trades `compute(bars, ticks, **params)`."""
        function: IndicatorCall = resolve_attribute(registration.factory)
        return function

    @pytest.fixture
    def parameters(self, settings: Any) -> Mapping[str, Any]:
        """What it is called with beside the bars."""
        return {} if settings is None else dict(settings)

    @pytest.fixture
    def compute(
        self, registration: IndicatorReg, made: IndicatorCall, parameters: Mapping[str, Any]
    ) -> Callable[[BarColumns], Values]:
        """Its outputs on some bars; whatever breaks the contract of a call ends the test."""
        return partial(outputs_of, registration, made, parameters)

    def test_category_is_known(self, registration: IndicatorReg) -> None:
        """The category is one of those that listings and pages are ordered by."""
        expect(
            registration.category in CATEGORIES,
            f"a category is one of {', '.join(CATEGORIES)}",
            repr(registration.category),
            "choose the one a trader would look under",
        )

    def test_outputs_are_as_registered(
        self, registration: IndicatorReg, compute: Callable[[BarColumns], Values]
    ) -> None:
        """Arrays have the names and the order of the record, the principal one first."""
        names = registration.outputs
        expect(
            names and len(set(names)) == len(names) and all(n.isidentifier() for n in names),
            "outputs are different names that can be written after a dot",
            repr(names),
            'IndicatorReg(outputs=("upper", "middle", "lower")), the principal one first',
        )
        compute(a_month())

    def test_empty_and_one_row(self, compute: Callable[[BarColumns], Values]) -> None:
        """No bar gives no value, one bar one."""
        compute(BarColumns.empty())
        for bars in (a_month(), odd_sessions()):
            compute(sealed(bars.slice(0, 1)))

    def test_cutting_the_future_changes_nothing(
        self, compute: Callable[[BarColumns], Values]
    ) -> None:
        """Row i depends on the bars up to i: without later ones it is the same bit for bit."""
        month, odd = a_month(), odd_sessions()
        telling = telling_rows(compute(month))
        check_cut(compute, month, (1, 2, 59, 60, 61, *telling, len(month) - 1))
        check_cut(compute, odd, (0, *_cuts_of(odd)))

    def test_scrambling_the_future_changes_nothing(
        self, compute: Callable[[BarColumns], Values]
    ) -> None:
        """Row i depends on the bars up to i: with other later ones it is the same bit for bit."""
        month = a_month()
        telling = telling_rows(compute(month))
        check_scrambled(compute, month, (1, 59, 60, *telling, len(month) - 30))
        check_scrambled(compute, odd_sessions(), _cuts_of(odd_sessions()))

    def test_steps_equal_one_batch(self, compute: Callable[[BarColumns], Values]) -> None:
        """Computed anew at every step, as live, the values are those of one computation."""
        size = len(a_month())
        boundary = sum(_LENGTHS[:25])
        check_steps(compute, a_month(), (*range(boundary - 6, boundary + 6), size - 2, size - 1))

    def test_trades_count_from_the_bar_after_them(
        self, registration: IndicatorReg, made: IndicatorCall, parameters: Mapping[str, Any]
    ) -> None:
        """Row i depends on trades before its close; those at the close are the next bar's."""
        if not registration.ticks:
            not_applicable("it takes no trades")
        call = partial(returned, registration, made, parameters)
        for start, bars, ticks in session_trades(odd_sessions()):
            rows = np.linspace(start, len(bars) - 1, 8, dtype=np.int64)
            _check_trades(call, sealed(bars), ticks, rows.tolist())

    def test_values_come_and_stay(
        self, registration: IndicatorReg, compute: Callable[[BarColumns], Values]
    ) -> None:
        """NaN until it has warmed up, then values, without a hole within a session."""
        if registration.category == "chart_pattern":
            not_applicable("a chart pattern has values where there is one only")
        if registration.name in self.sparse:
            not_applicable(f"{registration.name} is named in `sparse`: its values come and go")
        bars = a_month()
        values = compute(bars)
        principal = registration.outputs[0]
        expect(
            not np.isnan(values[principal]).all(),
            "a warm-up ends: NaN first, then values",
            f"{principal!r} has no value in {len(bars)} bars of {len(_LENGTHS)} sessions",
            "give the registration an example with shorter lookbacks, or look for a NaN that "
            "spoils all that follows",
        )
        for name, column in values.items():
            row = _first_hole(column, bars)
            if row is not None:
                breach(
                    "once there is a value, there is one at every bar to the end of the session",
                    f"{name!r} at row {row} is NaN after {float(column[row - 1])!r}",
                    "carry the last value on, or give 0 where the formula divides by 0; where "
                    "values come and go by nature, name the indicator in `sparse` of your suite",
                )

    def test_an_unknown_bar_does_not_spoil_all_that_follows(
        self, registration: IndicatorReg, compute: Callable[[BarColumns], Values]
    ) -> None:
        """After a bar of NaN, values come back when it has left the window."""
        if registration.name in self.endless:
            not_applicable(f"{registration.name} is named in `endless`: its sums never end")
        bars, row = a_month(), sum(_LENGTHS[:2]) + 7
        late = slice(2 * len(bars) // 3, None)
        columns = {name: getattr(bars, name).copy() for name in BAR_FIELDS}
        for name in PRICE_FIELDS:
            columns[name][row] = np.nan
        known, spoilt = compute(bars), compute(sealed(BarColumns(**columns)))
        for name, column in known.items():
            expect(
                np.isnan(column[late]).all() or not np.isnan(spoilt[name][late]).all(),
                "a bar of unknown values (NaN) makes NaN for as long as it counts, not for ever",
                f"{name!r}: NaN in row {row} alone leaves no value after row {late.start} of "
                f"{len(bars)}",
                "start anew after a NaN (or leave such rows out); a running sum or a recursion "
                "carries it on for ever. Where that is meant, name the indicator in `endless`",
            )

    def test_unknown_columns_raise_nothing(self, compute: Callable[[BarColumns], Values]) -> None:
        """A column that nobody knows (NaN), such as volume, raises nothing."""
        bars = walk_bars(sessions_of((60, 30)), seed=3)
        for name in PRICE_FIELDS:
            columns = {field: getattr(bars, field).copy() for field in BAR_FIELDS}
            columns[name][:] = np.nan
            compute(sealed(BarColumns(**columns)))

    def test_zero_volume_and_flat_prices_give_no_infinity(
        self, compute: Callable[[BarColumns], Values]
    ) -> None:
        """Nothing traded, nothing moved: no division by zero."""
        sessions = sessions_of((60, 30, 60))
        flat, moving = walk_bars(sessions, step=0.0), walk_bars(sessions, seed=4, idle=0.3)
        for what, bars in (
            ("flat prices", flat),
            ("volume 0 at every bar", without_volume(moving)),
            ("flat prices and volume 0", without_volume(flat)),
            ("volume 0 at some bars", moving),
        ):
            for name, values in compute(sealed(bars)).items():
                for row in np.flatnonzero(np.isinf(values))[:1]:
                    breach(
                        "a value is finite, or NaN where there is none",
                        f"{what}: {name!r} at row {row} is {values[row]!r}",
                        "say what the formula gives where it divides by 0: "
                        "np.divide(a, b, out=np.zeros(len(a)), where=b != 0)",
                    )

    def test_it_writes_to_no_column(
        self, registration: IndicatorReg, made: IndicatorCall, parameters: Mapping[str, Any]
    ) -> None:
        """The bars belong to everybody: after the call they are what they were."""
        bars = odd_sessions()
        given = BarColumns(**{name: getattr(bars, name).copy() for name in BAR_FIELDS})
        # Trades are read-only throughout.
        quietly(made, given, parameters, ticks_of(bars) if registration.ticks else None)
        for name in BAR_FIELDS:
            before, after = getattr(bars, name), getattr(given, name)
            for row in np.flatnonzero(before.view(np.int64) != after.view(np.int64))[:1]:
                breach(
                    "bars are shared by all strategies and indicators: nobody writes to them",
                    f"{name} at row {row} was {before[row]}, is {after[row]} after the call",
                    "work on a copy: close = bars.close.copy()",
                )

    def test_same_bars_give_same_values(self, compute: Callable[[BarColumns], Values]) -> None:
        """It is a pure function: what it computed before, and chance, play no part."""
        first = compute(a_month())
        compute(odd_sessions())
        found = first_difference(first, compute(a_month()))
        if found is not None:
            name, row, one, other = found
            breach(
                "the same bars give the same values, bit for bit",
                f"{name!r} at row {row} is {one!r}, computed again {other!r}",
                "keep nothing between calls, seed what is random, return new arrays",
            )

    def test_unknown_parameters_are_refused(
        self, registration: IndicatorReg, made: IndicatorCall, settings: Any
    ) -> None:
        """A misspelt parameter is an error; the config model has a field for each one."""
        model = config_model(registration)
        arguments = inspect.signature(made).parameters
        columns = 2 if registration.ticks else 1
        named = [n for n, p in list(arguments.items())[columns:] if p.kind is not p.VAR_KEYWORD]
        fields = [] if model is None else list(model.model_fields)
        expect(
            set(named) <= set(fields),
            "each parameter of the function is a field of its config model, and so validated",
            f"function: {', '.join(named) or 'none'}; config model: {', '.join(fields) or 'none'}",
            "give the registration config_model= with a field, bounds and a default for each",
        )
        if model is None:
            expect(
                len(arguments) == len(named) + columns,
                "unknown parameters are refused: a misspelt one must never be ignored",
                "the function takes **params and there is no config model",
                "name the parameters, or give the registration a config model",
            )
            return
        refuses_unknown(model, settings)

    def test_every_choice_of_parameters_keeps_the_contract(
        self, registration: IndicatorReg, made: IndicatorCall, settings: Any
    ) -> None:
        """The smallest numbers and each choice of the config model work, and are causal."""
        model = config_model(registration)
        if model is None or not model.model_fields:
            not_applicable("it has no parameters")
        bars = odd_sessions()
        for params in variations(model, settings):
            other = partial(outputs_of, registration, made, params)
            check_cut(other, bars, (100,), f"{params}: ")
            check_scrambled(other, bars, (200,), f"{params}: ")


def _check_trades(
    call: Callable[[BarColumns, TickColumns], Values],
    bars: BarColumns,
    ticks: TickColumns,
    rows: Sequence[int],
) -> None:
    """At each of the rows, the trades from its close on change no value up to it."""
    whole = call(bars, ticks)
    for row in rows:
        head = {name: values[: row + 1] for name, values in whole.items()}
        for side in _SIDES:  # without and with the trades at the close
            known = int(np.searchsorted(ticks.ts, bars.available_at[row], side=side))
            other = call(bars.slice(0, row + 1), ticks.slice(0, known))
            found = first_difference(head, other)
            if found is not None:
                name, at, one, two = found
                breach(
                    "row i depends on trades with ts < bars.available_at[i] only, bit for bit",
                    f"{name!r} at row {at} is {one!r} with all trades of the session, but {two!r} "
                    f"with those up to row {row}",
                    'count them by np.searchsorted(ticks.ts, bars.available_at, side="left") and '
                    "sum in their order (np.add.accumulate)",
                )


def _cuts_of(bars: BarColumns) -> tuple[int, ...]:
    """Rows around the start of each session."""
    starts = np.flatnonzero(np.diff(bars.session)) + 1
    return tuple(sorted({int(row) + by for row in starts for by in (-1, 0, 1)}))


def _first_hole(values: FloatArray, bars: BarColumns) -> int | None:
    """First row without a value after one with, within a session."""
    nan = np.isnan(values)
    rows = np.flatnonzero(nan[1:] & ~nan[:-1] & (np.diff(bars.session) == 0)) + 1
    return int(rows[0]) if len(rows) else None
