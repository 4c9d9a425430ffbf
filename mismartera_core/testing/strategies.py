"""Promises of a strategy, whichever of the three styles it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from importlib.util import find_spec
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from mismartera_core.contracts.strategy import (
    PortfolioStrategy,
    SignalStrategy,
    Strategy,
    StrategyParams,
)
from mismartera_core.errors import ConfigError
from mismartera_core.model.columns import BAR_FIELDS, BarColumns
from mismartera_core.model.market import from_ns
from mismartera_core.model.results import RunRecord
from mismartera_core.registrations import StrategyReg
from mismartera_core.registry import Registry, config_model, resolve_attribute
from mismartera_core.registry.attributes import one_line
from mismartera_core.system.compiled_choice import why_stepped
from mismartera_core.testing import strategy_bars as days
from mismartera_core.testing.builders import sealed
from mismartera_core.testing.causality import Compute, check_cut, check_scrambled, telling_rows
from mismartera_core.testing.parameters import refuses_unknown, variations
from mismartera_core.testing.strategy_runs import (
    AT_ONCE,
    asked_for,
    first_change,
    run_plan,
    strategy_plan,
    targets_of,
)
from mismartera_core.testing.strategy_streams import TICKS, Streams, handled, streams_of
from mismartera_core.testing.suite import Conformance, breach, expect, not_applicable
from mismartera_core.threads.plan import StrategyClass
from mismartera_core.threads.replay.blame import where_it_raised

Run = Callable[..., RunRecord]

_CUTS = 8
_SILENT = (
    "it asks for no order in four sessions of a random walk, so this shows nothing; give the "
    "registration an example (or the suite a config) with shorter lookbacks or smaller thresholds"
)


@cache
def _installed() -> Registry:
    return Registry.discover()


class StrategyConformance(Conformance):
    """What a strategy promises; it is run by the real engine on made-up bars.

    Attributes:
        least_symbols: Symbols it needs to be of use; one where it looks at each by itself.
        historical: Historical indicators it asks for by name, as a session config writes them.
        streams: What is streamed to it beside bars, "ticks" or "quotes"; where left out, what it
            has handlers for (`on_tick`, `on_quote`), and trades where one of its indicators needs
            them.
    """

    kind = "strategy"
    least_symbols: ClassVar[int] = 1
    historical: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    streams: ClassVar[tuple[str, ...] | None] = None

    @pytest.fixture
    def registry(self) -> Registry:
        """The plugins whose indicators it may ask for: all that are installed."""
        return _installed()

    @pytest.fixture
    def made(self, registration: StrategyReg) -> StrategyClass:
        """The class."""
        found: StrategyClass = resolve_attribute(registration.factory)
        expect(
            isinstance(found, type)
            and issubclass(found, Strategy | PortfolioStrategy | SignalStrategy),
            "a strategy is a class derived from Strategy, PortfolioStrategy or SignalStrategy",
            repr(found),
            "name the class itself as the factory: factory='my_plugin.mine:Mine'",
        )
        return found

    @pytest.fixture
    def kinds(self, made: StrategyClass, settings: Any, registry: Registry) -> tuple[str, ...]:
        """What is streamed to it beside bars."""
        if self.streams is not None:
            return self.streams
        found = handled(made)
        if TICKS not in found and _needs_trades(made, settings, registry, self.historical):
            found = (TICKS, *found)
        return found

    @pytest.fixture
    def run(
        self, made: StrategyClass, settings: Any, registry: Registry, kinds: tuple[str, ...]
    ) -> Run:
        """Runs it: `run((bars, sessions), speed=..., block_sessions=..., compiled=...)`."""
        return partial(_run, made, settings, registry, historical=self.historical, kinds=kinds)

    @pytest.fixture
    def signals(self, made: StrategyClass, settings: Any, registry: Registry) -> Compute:
        """Its targets for columns, where it is a SignalStrategy."""
        if not issubclass(made, SignalStrategy):
            not_applicable("only a SignalStrategy is a function of columns")
        return partial(targets_of, made, settings, registry)

    def test_parameters_are_typed_and_frozen(self, made: StrategyClass) -> None:
        """The nested `Params` derives from StrategyParams: checked once, never changed."""
        params = getattr(made, "Params", None)
        expect(
            isinstance(params, type) and issubclass(params, StrategyParams),
            "parameters are a nested class Params derived from StrategyParams",
            f"{made.__name__}.Params is {params!r}",
            "class Params(StrategyParams): fast: int = 10",
        )

    @pytest.mark.usefixtures("made")
    def test_unknown_parameters_are_refused(self, registration: StrategyReg, settings: Any) -> None:
        """A misspelt parameter is an error."""
        refuses_unknown(config_model(registration), settings)

    def test_every_choice_of_parameters_runs(
        self,
        registration: StrategyReg,
        made: StrategyClass,
        settings: Any,
        registry: Registry,
        kinds: tuple[str, ...],
    ) -> None:
        """The smallest numbers and each choice that its parameters allow can be run."""
        model = config_model(registration)
        if not model.model_fields:
            not_applicable("it has no parameters")
        for params in variations(model, settings):
            other: Run = partial(
                _run, made, model(**params), registry, historical=self.historical, kinds=kinds
            )
            other(days.half_day(), what=f"with {params}")

    def test_orders_do_not_depend_on_the_future(self, run: Run, kinds: tuple[str, ...]) -> None:
        """What is asked for at t is the same, whatever bars, trades and quotes follow."""
        sessions = days.week()[1]
        first = run(days.week())
        times = sorted({asked[0] for asked in asked_for(first)})
        if not times:
            not_applicable(_SILENT)
        past = streams_of(days.week()[0], kinds)
        chosen = {times[int(at)] for at in np.linspace(0, len(times) - 1, _CUTS)}
        cuts = sorted(chosen | set(sessions.open_ns[1:3].tolist()))
        for cut, others in days.other_futures(days.week(), cuts):
            streams = streams_of(others[0], kinds).after(cut, past)
            other = run(others, streams=streams)
            found = first_change(first, asked_for(first, cut), asked_for(other, cut))
            if found is not None:
                breach(
                    "no look-ahead: what is asked for at an instant depends on nothing but the "
                    "bars, trades and quotes known at it",
                    f"{found[0]}; with another future from {_time(cut, first)} on: {found[1]}",
                    "row i may look at rows up to i only; keep nothing of other runs in a global "
                    "or a class attribute, read no file that holds later prices, draw no random "
                    "numbers without a seed, and ask no clock but self.now",
                )

    def test_targets_do_not_depend_on_the_future(self, signals: Compute) -> None:
        """Row i of a SignalStrategy depends on rows up to i: cut or scrambled, bit for bit."""
        bars = days.week()[0][days.SYMBOLS[1]]
        starts = (np.flatnonzero(np.diff(bars.session)) + 1).tolist()
        rows = (1, 40, *starts, *telling_rows(signals(bars)), len(bars) - 1)
        check_cut(signals, bars, rows)
        check_scrambled(signals, bars, rows)

    def test_targets_have_one_row_a_bar(self, signals: Compute) -> None:
        """One target a bar, also of no bar and of one."""
        bars = days.week()[0][days.SYMBOLS[0]]
        for part in (BarColumns.empty(), bars.slice(0, 1), bars):
            signals(sealed(part))

    def test_same_bars_give_same_trades(self, run: Run) -> None:
        """Run twice, and loaded session by session, it does the same."""
        self._same(run, days.week(), "run again", {})
        self._same(run, days.week(), "run with one session loaded at a time", {"block_sessions": 1})

    def test_steps_give_the_trades_of_whole_sessions(self, run: Run) -> None:
        """Fed step by step, as live, it does what it does in a backtest."""
        self._same(run, days.half_day(), "fed step by step, as live", {"speed": AT_ONCE})

    def test_compiled_loop_gives_the_stepped_trades(
        self, made: StrategyClass, settings: Any, registry: Registry
    ) -> None:
        """The compiled loop, which long backtests and sweeps use, gives the same trades."""
        if not issubclass(made, SignalStrategy):
            not_applicable("only a SignalStrategy is compiled")
        if find_spec("numba") is None:
            not_applicable("numba is not installed: pip install 'mismartera-core[fast]'")
        why = why_stepped(strategy_plan(made, settings, registry, *days.week()))
        if why is not None:
            not_applicable(why)
        run = partial(_run, made, settings, registry, compiled=False)
        for note in run(days.week(), compiled=True).notes:
            if note.startswith("stepped"):
                not_applicable(note)
        self._same(run, days.week(), "compiled", {"compiled": True})

    def test_it_writes_to_no_column(
        self, made: StrategyClass, settings: Any, registry: Registry, kinds: tuple[str, ...]
    ) -> None:
        """The bars belong to everybody: they are what they were."""
        contract = "bars are shared by all strategies and indicators: nobody writes to them"
        cure = "work on a copy: close = bars.close.copy()"
        bars, sessions = days.half_day()
        plan = strategy_plan(made, settings, registry, bars, sessions, historical=self.historical)
        try:
            run_plan(streams_of(bars, kinds).into(plan), registry)
        except Exception as error:  # noqa: BLE001 - whatever a plugin raises is looked at
            if "read-only" not in str(error):
                not_applicable(f"it raised before it could: {one_line(error)}")
            breach(contract, f"{one_line(error)}, at {_where(error)}", cure)
        if not issubclass(made, SignalStrategy):
            return
        whole = bars[days.SYMBOLS[0]]
        given = BarColumns(**{name: getattr(whole, name).copy() for name in BAR_FIELDS})
        targets_of(made, settings, registry, given)
        for name in BAR_FIELDS:
            before, after = getattr(whole, name), getattr(given, name)
            for row in np.flatnonzero(before.view(np.int64) != after.view(np.int64))[:1]:
                found = f"{name} at row {row} was {before[row]}, is {after[row]} after signals()"
                breach(contract, found, cure)

    def test_survives_a_half_day(self, run: Run) -> None:
        """A session that ends early, and one of which only the first hour is there."""
        run(days.half_day(), what="on a half day")

    def test_survives_an_empty_session(self, run: Run) -> None:
        """A session without a bar of any symbol, and one without a bar of the first."""
        run(days.empty_sessions(), what="on a session without a bar")

    def test_survives_missing_minutes(self, run: Run) -> None:
        """Half of the minutes are not there; a symbol begins at noon."""
        run(days.missing_minutes(), what="where minutes are missing")

    def test_survives_a_symbol_without_bars(self, run: Run) -> None:
        """One of its symbols never has a bar."""
        run(days.silent_symbol(), what="where a symbol has no bar at all")

    def test_survives_untraded_bars(self, run: Run) -> None:
        """Nothing traded in any bar, or nobody knows how much."""
        run(days.untraded(0.0), what="where every volume is 0")
        run(days.untraded(float("nan")), what="where every volume is unknown (NaN)")

    def test_survives_flat_prices(self, run: Run) -> None:
        """No price ever moves: ranges and deviations are 0."""
        run(days.flat(), what="where no price moves")

    def test_survives_a_day_without_trades_and_quotes(
        self, run: Run, kinds: tuple[str, ...]
    ) -> None:
        """Bars come, but no trade or quote; of what it does not take there is none anyway."""
        if not kinds:
            not_applicable(
                "neither trades nor quotes are streamed to it: it defines neither on_tick nor "
                "on_quote, and none of its indicators needs trades"
            )
        given = days.two_days()
        silent = streams_of(given[0], kinds, silent=True)
        run(given, streams=silent, what="where no trade and no quote comes")

    def test_survives_one_bar(self, run: Run) -> None:
        """A session of one bar."""
        run(days.one_bar(), what="on one bar")

    def test_survives_one_symbol(self, run: Run) -> None:
        """A session config with one symbol only."""
        if self.least_symbols > 1:
            not_applicable(f"it says that it needs {self.least_symbols} symbols (least_symbols)")
        run(days.one_symbol(), what="on one symbol")

    @staticmethod
    def _same(run: Run, given: days.Days, how: str, options: dict[str, Any]) -> None:
        """Run in two ways; both ask for the same and trade the same."""
        one, other = run(given), run(given, **options)
        found = first_change(one, asked_for(one), asked_for(other))
        if found is None and one.trade_hash != other.trade_hash:
            found = (f"trade_hash {one.trade_hash[:12]}", other.trade_hash[:12])
        if found is not None:
            breach(
                "the same bars give the same trades, however they are fed",
                f"{found[0]}; {how}: {found[1]}",
                "seed what is random, keep no state in globals or class attributes (begin anew "
                "in setup), iterate over no set, ask self.now for the time",
            )


def _run(
    made: StrategyClass,
    settings: Any,
    registry: Registry,
    given: days.Days,
    *,
    what: str = "",
    kinds: tuple[str, ...] = (),
    streams: Streams | None = None,
    **options: Any,
) -> RunRecord:
    """Run a strategy; what it raises is a breach."""
    try:
        plan = strategy_plan(made, settings, registry, *given, **options)
        if kinds:
            plan = (streams or streams_of(given[0], kinds)).into(plan)
        return run_plan(plan, registry)
    except Exception as error:  # noqa: BLE001 - whatever a plugin raises is the finding
        breach(
            f"a strategy raises nothing{f' {what}' if what else ''}",
            f"{one_line(error)}, at {_where(error)}",
            "the bars belong to everybody: work on copies"
            if "read-only" in str(error)
            else "ask whether there is a value before it is used: `if not value > 0: return` is "
            "false for NaN; before the first bar there is nothing to look at",
        )


def _needs_trades(
    made: StrategyClass,
    settings: Any,
    registry: Registry,
    historical: Mapping[str, Mapping[str, Any]],
) -> bool:
    """Whether a run without trades ends because an indicator needs them."""
    plan = strategy_plan(made, settings, registry, *days.one_bar(), historical=historical)
    try:
        run_plan(plan, registry)
    except Exception as error:  # noqa: BLE001 - the promises tell what else it raises
        causes = (error, error.__cause__)
        return any(isinstance(it, ConfigError) and "needs trades" in str(it) for it in causes)
    return False


def _where(error: BaseException) -> str:
    return where_it_raised(error.__cause__ or error)


def _time(instant: int, record: RunRecord) -> str:
    return from_ns(instant, ZoneInfo(record.timezone)).isoformat()
