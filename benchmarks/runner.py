"""Runs contenders in turns (A, B, A, B), so that noise of the machine falls on all alike."""

from __future__ import annotations

import gc
import math
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.bare import Result

HALF_A_CENT = 0.005
SLOW_SECONDS = 5.0
"""A contender that takes longer than this runs once, however many repetitions are asked for."""


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
    """Every contender once in each round; medians and their ratios."""
    samples: dict[str, list[Sample]] = {c.name: [] for c in scenario.contenders}
    failures: dict[str, str] = {}
    for turn in range(repeat):
        for contender in scenario.contenders:
            name, done = contender.name, samples[contender.name]
            if name in failures or (turn and _slow(scenario, done[0])):
                continue
            print(f"  {scenario.name} {turn + 1}/{repeat} {name}", file=sys.stderr)
            try:
                if contender.warm_up and not turn:
                    contender.run()
                done.append(contender.run())
            except (Missing, ImportError) as error:
                failures[name] = f"not installed: {error}"
            except Exception as error:  # noqa: BLE001 - one contender's fault must not end the table
                failures[name] = f"failed: {type(error).__name__}: {error}"
    medians = {n: statistics.median(s.value for s in done) for n, done in samples.items() if done}
    rows = [_row(scenario, name, done, medians) for name, done in samples.items()]
    for row in rows:
        row.note = failures.get(row.engine, row.note)
    return rows


def _slow(scenario: Scenario, first: Sample) -> bool:
    return scenario.unit == "s" and first.value > SLOW_SECONDS


def _row(scenario: Scenario, name: str, done: list[Sample], medians: dict[str, float]) -> Row:
    row = Row(scenario.name, name, scenario.unit)
    if done:
        base = medians.get(scenario.contenders[0].name)
        row.value, row.values, row.note = medians[name], [s.value for s in done], done[-1].note
        row.ratio = row.value / base if base else None
        if scenario.parts:
            part, count = scenario.parts
            row.per_part = f"{row.value / count * 1e6:.3g} us/{part}"
        if scenario.expected:
            fills, row.rule = done[-1].fills, done[-1].rule
            row.fills = sum(fills) if isinstance(fills, list) else fills
            row.agrees = all(_agree(s, scenario.expected(s.rule)) for s in done)
    for target in scenario.targets:
        if target.name == name:
            _judge(row, target, medians)
    return row


def _judge(row: Row, target: Target, medians: dict[str, float]) -> None:
    if not target.versus:
        row.target, limit = f"<= {target.most:g} {row.unit}", target.most
    else:
        row.target = f"<= {target.most:.3g} x {target.versus}"
        limit = target.most * medians.get(target.versus, float("nan"))
    if row.value is not None and not math.isnan(limit):
        row.met = row.value <= limit and row.agrees is not False


def _agree(sample: Sample, expected: list[Result]) -> bool:
    fills = sample.fills if isinstance(sample.fills, list) else [sample.fills]
    cash = sample.cash if isinstance(sample.cash, list) else [sample.cash]
    return fills == [r.fills for r in expected] and all(
        abs(c - r.cash) < HALF_A_CENT for c, r in zip(cash, expected, strict=True)
    )
