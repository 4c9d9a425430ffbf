"""The table of what is measured: work, contenders, and what the project promises."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks import bare, extra_plugins, reference, startup, storage
from benchmarks.data import MINUTES, SHAPES, Market, Shape, make
from benchmarks.peers import PEERS, run_peer
from benchmarks.runner import Contender, Sample, Scenario, Target, timed

OURS = "mismartera"
EVENT_RATIO, PORTFOLIO_RATIO, SIGNALS_RATIO, SWEEP_RATIO, LOAD_RATIO = 5.0, 2.0, 1 / 3, 2.0, 2.0
MEMORY_RATIO = 1.05
EXTRA_PLUGINS, EXTRA_PLUGINS_RATIO = 50, 1.05
INDICATORS_RATIO = 1.3
HELP_MS, QUICKSTART_MS = 300.0, 3000.0
LIVE_MS, BURST_MS = 250.0, 5000.0


@dataclass(frozen=True)
class Setup:
    """What all scenarios share.

    Attributes:
        folder: Scratch space.
        peers: Whether peers take part.
    """

    folder: Path
    peers: bool


def event(name: str, setup: Setup) -> Scenario:
    """S1 in event style, beside bare loops and every peer."""
    market = _market(name)
    contenders = [
        Contender("bare loop", timed(bare.python_loop, market), warm_up=True),
        Contender("bare loop by time", timed(bare.python_loop_by_time, market)),
        _compiled("numba event loop", "event_loop", market),
        _ours(f"{OURS} Strategy", "EventCross", market),
        *_peers(setup, market, PEERS),
    ]
    target = Target(f"{OURS} Strategy", EVENT_RATIO, "bare loop")
    return _s1(f"event-{name}", f"SMA cross, {_size(name)}", market, contenders, target)


def plugins(name: str, setup: Setup) -> Scenario:
    """S1 in event style with no plugin more than are installed, and with many."""
    market = _market(name)
    run = _ours(f"{OURS} Strategy", "EventCross", market).run
    contenders = [
        Contender(
            f"{count} more plugins",
            extra_plugins.beside(count, setup.folder / f"plugins-{count}", run),
            warm_up=True,
        )
        for count in (0, EXTRA_PLUGINS)
    ]
    target = Target(f"{EXTRA_PLUGINS} more plugins", EXTRA_PLUGINS_RATIO, "0 more plugins")
    return _s1(
        f"plugins-{name}", f"SMA cross beside plugins, {_size(name)}", market, contenders, target
    )


def indicators(name: str, setup: Setup) -> Scenario:
    """Every indicator, those of TA-Lib beside TA-Lib."""
    del setup
    market = _market(name)
    contenders = [
        Contender(title, lambda task=task: getattr(_load("indicators"), task)(market), warm_up=True)
        for title, task in (
            ("plain TA-Lib", "plain"),
            (f"{OURS}, of TA-Lib", "ours"),
            (f"{OURS}, all", "every"),
        )
    ]
    return Scenario(
        name=f"indicators-{name}",
        title=f"Indicators over a year of minutes, {_size(name)}",
        contenders=contenders,
        targets=(Target(f"{OURS}, of TA-Lib", INDICATORS_RATIO, "plain TA-Lib"),),
        parts=("bar", market.bars),
    )


def portfolio(name: str, setup: Setup) -> Scenario:
    """One call a minute for all symbols."""
    del setup
    market = _market(name)
    contenders = [
        Contender("numpy minute loop", timed(bare.numpy_minute_loop, market), warm_up=True),
        _ours(f"{OURS} PortfolioStrategy", "PortfolioCross", market),
    ]
    target = Target(f"{OURS} PortfolioStrategy", PORTFOLIO_RATIO, "numpy minute loop")
    title = f"SMA cross, one call a minute, {_size(name)}"
    return _s1(f"portfolio-{name}", title, market, contenders, target, part="step")


def signals(name: str, setup: Setup) -> Scenario:
    """Whole columns at once, compiled."""
    market = _market(name)
    contenders = [
        *_peers(setup, market, ("vectorbt",)),
        _ours(f"{OURS} SignalStrategy", "SignalCross", market),
        _compiled("numba event loop", "event_loop", market),
        Contender("bare loop", timed(bare.python_loop, market)),
    ]
    target = Target(f"{OURS} SignalStrategy", SIGNALS_RATIO, "vectorbt")
    return _s1(f"signals-{name}", f"SMA cross, columns, {_size(name)}", market, contenders, target)


def sweep(name: str, setup: Setup) -> Scenario:
    """Many pairs of averages on one symbol."""
    market, pairs = _market(name), bare.PAIRS
    contenders = [
        _compiled("numba loop", "sweep", market),
        Contender(f"{OURS} sweep", lambda: _load("ours").sweep(market)),
        *_peers(setup, market, ("vectorbt",), task="sweep"),
    ]
    return Scenario(
        name=f"sweep-{name}",
        title=f"SMA cross, {len(pairs)} pairs, {_size(name)}",
        contenders=contenders,
        targets=(Target(f"{OURS} sweep", SWEEP_RATIO, "numba loop"),),
        parts=("bar", market.bars * len(pairs)),
        expected=lambda rule: [reference.expected(market, rule, *pair) for pair in pairs],
    )


def parquet(name: str, setup: Setup) -> Scenario:
    """A store read whole."""
    market = _market(name)
    root = storage.fill_store(setup.folder / f"store-{name}", market)
    contenders = [
        Contender("pyarrow ParquetFile", timed(storage.read_by_pyarrow, root), warm_up=True),
        Contender("pyarrow read_table", timed(storage.read_by_pyarrow_table, root), warm_up=True),
        Contender(f"{OURS} store", timed(storage.read_by_store, root), warm_up=True),
    ]
    return Scenario(
        name=f"parquet-{name}",
        title=f"Parquet to columns, {_size(name)}",
        contenders=contenders,
        targets=(Target(f"{OURS} store", LOAD_RATIO, "pyarrow read_table"),),
        parts=("bar", market.bars),
    )


def memory(setup: Setup) -> Scenario:
    """Peak memory of longer and longer runs of 500 symbols."""
    market = make(Shape("memory", symbols=500, sessions=40, seed=1))
    root = storage.fill_store(setup.folder / "store-memory", market)
    days = np.unique(market.ts.view("M8[ns]").astype("M8[D]")).astype(str).tolist()
    contenders = [
        Contender(f"{n} sessions", storage.peak_memory(root, days[0], days[n - 1]))
        for n in (10, 5, 20, 40)
    ]
    return Scenario(
        name="memory",
        title="Peak memory, SMA cross, 500 symbols from Parquet",
        contenders=contenders,
        targets=(Target("40 sessions", MEMORY_RATIO, "10 sessions"),),
        unit="MiB",
    )


def commands(setup: Setup) -> Scenario:
    """CPU time of short commands and of the quickstart."""
    startup.compile_bytecode()
    folder = setup.folder / "commands"
    folder.mkdir()
    quickstart = startup.QUICKSTART
    contenders = [
        Contender("python -c pass", startup.bare_python, warm_up=True),
        *(
            Contender(" ".join(words), startup.cpu_ms(folder, *words), warm_up=True)
            for words in (("--version",), ("--help",), ("plugins", "list"))
        ),
        Contender("quickstart", startup.cpu_ms(folder, *quickstart), warm_up=True),
        Contender("quickstart, empty folder", startup.cpu_ms_in_empty_folder(*quickstart)),
    ]
    return Scenario(
        name="commands",
        title="CPU time of commands, bytecode compiled",
        contenders=contenders,
        targets=(
            Target("--help", HELP_MS),
            Target("plugins list", HELP_MS),
            Target("quickstart", QUICKSTART_MS),
        ),
        unit="ms CPU",
    )


def live_load(setup: Setup) -> Scenario:
    """From the arrival of a minute's bars to the last decision on them."""
    del setup
    from benchmarks import live

    p99, storm = "500 symbols, p99", "500 symbols, 2,000 quotes a second, p99"
    return Scenario(
        name="live",
        title="Live: 1m bars with 5m, 15m, 60m and ten indicators a symbol; arrival to decision",
        contenders=[
            Contender("500 symbols, p50", lambda: live.percentile(50, 500)),
            Contender(p99, lambda: live.percentile(99, 500)),
            Contender(storm, lambda: live.percentile(99, 500, 2_000, 8)),
            Contender("11,000 bars at once", lambda: live.burst(11_000)),
        ],
        targets=(
            Target(p99, LIVE_MS),
            Target(storm, LIVE_MS),
            Target("11,000 bars at once", BURST_MS),
        ),
        unit="ms",
    )


def compilation(setup: Setup) -> Scenario:
    """The first compiled run of a process."""
    kept = setup.folder / "numba-cache"
    kept.mkdir()
    return Scenario(
        name="compilation",
        title="First compiled run of a process, load included, 500 x 5",
        contenders=[
            Contender("warm numba cache", startup.compiled_once(kept), warm_up=True),
            Contender("empty numba cache", startup.compiled_once(None)),
        ],
    )


SCENARIOS: dict[str, Callable[[Setup], Scenario]] = {
    **{f"event-{w}": lambda setup, w=w: event(w, setup) for w in SHAPES},
    "indicators-W1": lambda setup: indicators("W1", setup),
    "portfolio-W3": lambda setup: portfolio("W3", setup),
    "signals-W3": lambda setup: signals("W3", setup),
    "sweep-W1": lambda setup: sweep("W1", setup),
    "parquet-W1": lambda setup: parquet("W1", setup),
    "parquet-W3": lambda setup: parquet("W3", setup),
    "memory": memory,
    "commands": commands,
    "live": live_load,
    "plugins-W1": lambda setup: plugins("W1", setup),
    "compilation": compilation,
}


@cache
def _market(name: str) -> Market:
    """Bars in every form, made before anything is timed."""
    market = make(SHAPES[name])
    _ = market.lists, market.rows, market.frames
    return market


def _size(name: str) -> str:
    return f"{SHAPES[name].symbols} x {SHAPES[name].sessions} x {MINUTES}"


def _s1(
    name: str,
    title: str,
    market: Market,
    contenders: list[Contender],
    target: Target,
    part: str = "bar",
) -> Scenario:
    return Scenario(
        name=name,
        title=title,
        contenders=contenders,
        targets=(target,),
        parts=(part, market.bars if part == "bar" else len(market.ts)),
        expected=cache(lambda rule: [reference.expected(market, rule)]),
    )


def _load(module: str):
    """A module whose imports may be missing here; then its contender says so."""
    return importlib.import_module(f"benchmarks.{module}")


def _compiled(name: str, function: str, market: Market) -> Contender:
    def run() -> Sample:
        return timed(getattr(_load("compiled"), function), market)()

    return Contender(name, run, warm_up=True)


def _ours(name: str, strategy: str, market: Market) -> Contender:
    def run() -> Sample:
        ours = _load("ours")
        return ours.engine(market, getattr(ours, strategy))()

    return Contender(name, run, warm_up=True)


def _peers(
    setup: Setup, market: Market, names: tuple[str, ...], task: str = "s1"
) -> list[Contender]:
    if not setup.peers:
        return []
    path = setup.folder / f"{market.name}.npz"
    if not path.exists():
        market.save(path, pairs=np.array(bare.PAIRS))
    return [Contender(name, lambda name=name: run_peer(name, path, task)) for name in names]
