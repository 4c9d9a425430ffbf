"""Runs contenders in turns (A, B, A, B), so that noise of the machine falls on all alike."""

from __future__ import annotations

import gc
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.bare import Result

HALF_A_CENT = 0.005
SLOW_SECONDS = 5.0
"""A contender that takes longer than this runs once, however many rounds are asked for."""
QUICK_SECONDS = 3.0
"""One that takes less, loading included, runs in more rounds: they cost little and tell much."""
QUICK_ROUNDS = 5
"""So many times as many."""


class Missing(Exception):  # noqa: N818 - a state of the machine, not a fault
    """A contender that cannot run here: a package or an interpreter is not installed."""


@dataclass(frozen=True)
class Sample:
    """One measurement of a contender.

    Attributes:
        value: In the unit of the scenario; seconds are those of the engine's run alone, without
            import and load.
        fills: Number of executions; a list for a sweep.
        cash: Change of cash; a list for a sweep.
        rule: The fill rule it follows, a name in `reference.RULES`.
        note: What a reader should know.
    """

    value: float
    fills: Any = None
    cash: Any = None
    rule: str = "next open"
    note: str = ""


@dataclass(frozen=True)
class Contender:
    """One way of doing the work of a scenario.

    Attributes:
        name: As in the table.
        run: Does the work once.
        warm_up: Whether a first run is thrown away, which compiles and fills caches.
    """

    name: str
    run: Callable[[], Sample]
    warm_up: bool = False


@dataclass(frozen=True)
class Target:
    """What the project promises: at most `most`, times what `versus` takes where one is named."""

    name: str
    most: float
    versus: str = ""


@dataclass(frozen=True)
class Scenario:
    """The same work for all its contenders; the first is what ratios are made against.

    Attributes:
        name: As `--only` takes it.
        title: What the work is.
        contenders: In the order of the table.
        targets: What the project promises of them.
        unit: Of the values: "s", "MiB", "ms CPU".
        parts: How many parts the work has ("bar", 98280), for the time of one.
        expected: What a fill rule must give; None where there is nothing to trade.
    """

    name: str
    title: str
    contenders: list[Contender]
    targets: tuple[Target, ...] = ()
    unit: str = "s"
    parts: tuple[str, int] | None = None
    expected: Callable[[str], list[Result]] | None = None


@dataclass
class Row:
    """A line of the table."""

    scenario: str
    engine: str
    unit: str
    value: float | None = None
    values: list[float] = field(default_factory=list)
    per_part: str = ""
    ratio: float | None = None
    fills: int | None = None
    agrees: bool | None = None
    rule: str = ""
    target: str = ""
    met: bool | None = None
    note: str = ""


def timed(work: Callable[[Any], Any], *given: Any) -> Callable[[], Sample]:
    """A function of this package as a contender: its call is what is timed."""

    def run() -> Sample:
        gc.collect()
        start = time.perf_counter()
        result = work(*given)
        seconds = time.perf_counter() - start
        if result is None:
            return Sample(seconds)
        if isinstance(result, list):
            return Sample(seconds, [r.fills for r in result], [r.cash for r in result])
        return Sample(seconds, result.fills, result.cash)

    return run


def race(scenario: Scenario, repeat: int) -> list[Row]:
    """Every contender once in each round; medians, and medians of the ratios within a round.

    Args:
        scenario: What is run.
        repeat: Rounds; more for what is quick, one for what is slow.
    """
    samples: dict[str, list[Sample]] = {c.name: [] for c in scenario.contenders}
    rounds = dict.fromkeys(samples, repeat * QUICK_ROUNDS)
    failures: dict[str, str] = {}
    for turn in range(repeat * QUICK_ROUNDS):
        for contender in scenario.contenders:
            name, done = contender.name, samples[contender.name]
            if turn >= rounds[name]:
                continue
            print(f"  {scenario.name} {turn + 1}/{rounds[name]} {name}", file=sys.stderr)
            try:
                if contender.warm_up and not turn:
                    contender.run()
                start = time.perf_counter()
                done.append(contender.run())
                rounds[name] = min(rounds[name], _rounds(scenario, done[-1], start, repeat))
            except (Missing, ImportError) as error:
                failures[name], rounds[name] = f"not installed: {error}", 0
            except Exception as error:  # noqa: BLE001 - one contender's fault must not end the table
                failures[name], rounds[name] = f"failed: {type(error).__name__}: {error}", 0
    rows = [_row(scenario, name, samples) for name in samples]
    for row in rows:
        row.note = failures.get(row.engine, row.note)
    return rows


def _rounds(scenario: Scenario, sample: Sample, start: float, repeat: int) -> int:
    """How often a contender runs, by how long it took."""
    if scenario.unit != "s":
        return repeat
    if sample.value > SLOW_SECONDS:
        return 1
    return repeat * QUICK_ROUNDS if time.perf_counter() - start < QUICK_SECONDS else repeat


def _row(scenario: Scenario, name: str, samples: dict[str, list[Sample]]) -> Row:
    row, done = Row(scenario.name, name, scenario.unit), samples[name]
    if done:
        row.values, row.note = [s.value for s in done], done[-1].note
        row.value = statistics.median(row.values)
        row.ratio = _ratio(done, samples[scenario.contenders[0].name])
        if scenario.parts:
            part, count = scenario.parts
            row.per_part = f"{row.value / count * 1e6:.3g} us/{part}"
        if scenario.expected:
            fills, row.rule = done[-1].fills, done[-1].rule
            row.fills = sum(fills) if isinstance(fills, list) else fills
            row.agrees = all(_agree(s, scenario.expected(s.rule)) for s in done)
    for target in scenario.targets:
        if target.name == name:
            _judge(row, target, samples)
    return row


def _ratio(done: list[Sample], base: list[Sample]) -> float | None:
    """Median of the ratios within a round, where the machine was as fast for both."""
    if not done or not base:
        return None
    if 1 in (len(done), len(base)):  # one round says little of the other's speed
        of, to = (statistics.median(s.value for s in each) for each in (done, base))
        return of / to
    return statistics.median(s.value / b.value for s, b in zip(done, base, strict=False))


def _judge(row: Row, target: Target, samples: dict[str, list[Sample]]) -> None:
    if target.versus:
        row.target = f"<= {target.most:.3g} x {target.versus}"
        found = _ratio(samples[row.engine], samples[target.versus])
    else:
        row.target, found = f"<= {target.most:g} {row.unit}", row.value
    if found is not None:
        row.met = found <= target.most and row.agrees is not False


def _agree(sample: Sample, expected: list[Result]) -> bool:
    fills = sample.fills if isinstance(sample.fills, list) else [sample.fills]
    cash = sample.cash if isinstance(sample.cash, list) else [sample.cash]
    return fills == [r.fills for r in expected] and all(
        abs(c - r.cash) < HALF_A_CENT for c, r in zip(cash, expected, strict=True)
    )
