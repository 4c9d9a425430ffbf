"""Promises of a data provider."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from mismartera_core.contracts.context import PluginContext
from mismartera_core.contracts.provider import DataProvider
from mismartera_core.errors import DataError
from mismartera_core.managers.time_manager.live_clock import LiveClock
from mismartera_core.model.intervals import DAY, interval_ns
from mismartera_core.registrations import DataProviderReg
from mismartera_core.registry.attributes import one_line
from mismartera_core.testing import rows
from mismartera_core.testing.listening import STOP_SECONDS
from mismartera_core.testing.provider_bars import (
    ROWS,
    STORED,
    BarPromises,
    described,
    offered_intervals,
)
from mismartera_core.testing.streams import StreamPromises
from mismartera_core.testing.suite import breach, build, expect, not_applicable, survives

NO_SYMBOL = "NO_SUCH_SYMBOL"
NO_INTERVAL = "7s"

_OPTIONAL = {"ticks": "get_ticks", "quotes": "get_quotes", "stream": "stream"}


class DataProviderConformance(StreamPromises, BarPromises):
    """What a data provider promises.

    Where `symbols()` or `coverage()` cannot tell, override the fixtures `symbol` and `window`;
    where capabilities name no interval, `interval` too.
    """

    kind = "data_provider"

    def test_it_is_a_data_provider(self, made: Any) -> None:
        """The factory returns a DataProvider."""
        expect(
            isinstance(made, DataProvider),
            "the factory returns a DataProvider",
            f"a {type(made).__name__}",
            "derive it from mismartera_core.DataProvider",
        )

    def test_symbols_are_sorted(self, made: DataProvider, symbol: str) -> None:
        """Each symbol once, in order."""
        known = list(made.symbols()) or [symbol]
        expect(
            known == sorted(set(known)),
            "symbols() is sorted and unique",
            f"{known[:20]}",
            "return sorted(set(...))",
        )

    def test_capabilities_are_honest(
        self, registration: DataProviderReg, made: DataProvider
    ) -> None:
        """What the registration claims is implemented, and intervals are intervals."""
        claims = registration.capabilities
        for flag, method in _OPTIONAL.items():
            implemented = getattr(type(made), method) is not getattr(DataProvider, method)
            expect(
                implemented or not getattr(claims, flag),
                "a capability that is claimed is delivered",
                f"capabilities say {flag}=True, {type(made).__name__} does not define {method}",
                f"define {method}, or take {flag} out of the capabilities",
            )
        fixed = [name for name in claims.bars if name != STORED]
        with survives("capabilities.bars are intervals such as '1m' or '1d'", "correct them"):
            lengths = [interval_ns(name) for name in fixed]
        expect(
            lengths == sorted(lengths),
            "capabilities.bars come finest first",
            f"{claims.bars}",
            "order them",
        )

    def test_every_interval_offered_is_delivered(
        self, registration: DataProviderReg, made: DataProvider, symbol: str, interval: str
    ) -> None:
        """Each interval of the capabilities, or of the symbol, can be asked for."""
        for name in offered_intervals(registration, made, symbol):
            span = made.coverage(symbol, name)
            end = LiveClock().now_ns if span is None else span[1] + 1
            start = end - min(5 * DAY, ROWS * interval_ns(name))
            contract = f"{name!r} bars are offered (finest: {interval!r}), so they are delivered"
            with survives(contract, "deliver them, or offer them no longer"):
                found = made.get_bars(symbol, name, start, end)
            rows.bars_are_columns(found, described(symbol, name))

    def test_unknown_interval_is_an_error(
        self, registration: DataProviderReg, made: DataProvider, symbol: str
    ) -> None:
        """An interval that is not offered is a DataError, never another interval's bars."""
        if NO_INTERVAL in offered_intervals(registration, made, symbol):
            not_applicable(f"it delivers {NO_INTERVAL} bars")
        refused(
            lambda: made.get_bars(symbol, NO_INTERVAL, 0, DAY),
            f"an interval that is not offered ({NO_INTERVAL!r}) is a DataError",
            "compare the interval with those you have before reading",
        )

    def test_unknown_symbol_is_an_error_that_names_what_exists(
        self, made: DataProvider, interval: str
    ) -> None:
        """An unknown symbol is a DataError whose message or hint lists what exists."""
        contract = "an unknown symbol is a DataError that names what exists"
        cure = (
            "raise DataError(f'... {symbol!r}', hint=did_you_mean(...)): an empty result would "
            "look like a quiet market"
        )
        known = made.symbols()
        for call in (
            lambda: made.get_bars(NO_SYMBOL, interval, 0, DAY),
            lambda: made.load_bars([NO_SYMBOL], interval, 0, DAY),
        ):
            text = refused(call, contract, cure)
            named = any(name in text.replace(NO_SYMBOL, "") for name in known)
            expect(named or not known, contract, f"{text!r}", cure)
            expect(NO_SYMBOL in text, "the error names the symbol asked for", f"{text!r}", cure)

    @pytest.mark.parametrize("what", ["ticks", "quotes"])
    def test_trades_and_quotes_are_in_order(
        self,
        registration: DataProviderReg,
        made: DataProvider,
        symbol: str,
        window: tuple[int, int],
        what: str,
    ) -> None:
        """Ticks and quotes: within the range, ascending, finite, alike when asked twice."""
        if not getattr(registration.capabilities, what):
            not_applicable(f"it offers no {what}")
        ask = getattr(made, _OPTIONAL[what])
        try:
            found = ask(symbol, *window)
        except DataError as error:
            not_applicable(f"it holds no {what} of {symbol}: {error}")
        whose = f"{what} of {symbol}"
        rows.within(found.ts, *window, whose)
        rows.ticks_are_possible(found, whose)
        rows.same_rows(
            ask(symbol, *window), found, "the same request gives the same rows", whose, "see ts"
        )

    def test_close_can_be_called_twice(self, made: DataProvider) -> None:
        """Closing what is closed does nothing."""
        with survives("close() can be called at any time and twice", "remember what is closed"):
            made.close()
            made.close()

    def test_close_leaves_no_thread(
        self,
        registration: DataProviderReg,
        settings: Any,
        context: PluginContext,
        symbol: str,
        interval: str,
        window: tuple[int, int],
    ) -> None:
        """Threads that a provider starts end when it is closed."""
        before = set(threading.enumerate())
        made = build(registration, settings, context)
        made.get_bars(symbol, interval, *window)
        made.close()
        left = [thread for thread in threading.enumerate() if thread not in before]
        for thread in left:
            thread.join(STOP_SECONDS)
        names = ", ".join(thread.name for thread in left if thread.is_alive())
        expect(
            not names,
            "a provider that is closed leaves no thread behind",
            f"still running: {names}",
            "end and join in close() what you started; no daemon threads",
        )


def refused(call: Callable[[], object], contract: str, cure: str) -> str:
    """Expect a DataError.

    Args:
        call: What should raise it.
        contract: Why.
        cure: What to do where it does not.

    Returns:
        Its message and hint.
    """
    try:
        found = f"no error, an answer: {type(call()).__name__}"
    except DataError as error:
        return f"{error}; {error.hint}"
    except Exception as error:  # noqa: BLE001 - whatever a plugin raises is the finding
        found = one_line(error)
    return breach(contract, found, cure)
