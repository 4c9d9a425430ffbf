"""Seeds of trouble: a desk and a venue stepped by one thread, with faults that a seed chooses.

    python -m mismartera_core.testing.simulation --seeds 20000

What a seed does is the same on every machine; a seed that fails is given alone to see it again:

    python -m mismartera_core.testing.simulation --first 4711 --seeds 1
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from mismartera_core.contracts.crashpoints import on_crashpoint
from mismartera_core.model.orders import Side
from mismartera_core.model.venue import Execution, VenueOrder
from mismartera_core.repositories.database import Database, open_database
from mismartera_core.testing.simulated_faults import FaultyWorld

ACTS = 25
"""What happens in one simulation."""
HALTING = 3
"""Of five seeds, the one in which the account is halted now and then."""
COUNTING = ("rest", "whole", "rest", "whole", "rest", "anew", "rest", "whole")
"""What a changed order is for at the venue, by seed; one in eight counts wrongly."""
PER_DATABASE = 200
"""Simulations that share a database in memory."""


@dataclass(slots=True)
class Tally:
    """What simulations came to.

    Attributes:
        seeds: How many there were.
        failed: What was wrong, by seed.
        counts: How often what happened in all of them.
    """

    seeds: int = 0
    failed: dict[int, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Add another tally."""
        self.seeds += other.seeds
        self.failed |= other.failed
        self.counts += other.counts


def simulate(seed: int, database: Database, name: str = "") -> Counter[str]:
    """Run one simulation.

    Args:
        seed: Chooses everything.
        database: Where its journal is; a simulation has an account of its own.
        name: Name of the account; the seed where left out.

    Returns:
        How often what happened.

    Raises:
        AssertionError: An invariant is broken.
    """
    dice = Random(seed)  # noqa: S311 - not a secret
    world = FaultyWorld(database, name or f"seed {seed}")
    world.venue.listed_ids = seed % 2 == 0
    world.venue.replacing = COUNTING[seed // 2 % len(COUNTING)]
    acts: list[Callable[[Random], None]] = [
        *(world.place,) * 6,
        *(world.execute,) * 6,
        *(world.withdraw,) * 2,
        *(world.amend,) * 2,
        world.finish,
        world.others,
        *(world.trouble,) * 4,
        world.disk,
        world.die,
        *(world.halt,) * (2 if seed % 5 == HALTING else 0),
    ]
    try:
        for _ in range(dice.randint(5, ACTS)):
            dice.choice(acts)(dice)
            if dice.random() < 0.7:
                world.pass_time(dice.choice((0.0, 0.0, 0.5, 2.0, 8.0)), 1.0)
            world.look()
        world.heal()
    finally:
        on_crashpoint(None)
        world.read_only(False)
    check(world)
    counts = Counter({notice.kind.value: 0 for notice in world.rig.notices})
    counts.update(notice.kind.value for notice in world.rig.notices)
    counts.update(killed=world.deaths, sent=len(world.venue.sent), fills=len(world.venue.booked))
    return counts


def check(world: FaultyWorld) -> None:
    """What must be so once all is found out.

    Raises:
        AssertionError: It is not.
    """
    _check_orders(world)
    _check_positions(world)
    verdicts = [v.limit for v in world.rig.verdicts if v.limit != "journal"]
    if verdicts:
        raise AssertionError(f"halted by {verdicts}: {world.rig.verdicts[-1].reason}")
    if world.rig.desk.blocked or world.rig.desk.frozen:
        raise AssertionError(f"not armed: {world.rig.desk.blocked} {world.rig.desk.frozen}")


def _check_orders(world: FaultyWorld) -> None:
    venue = world.venue
    if found := world.rig.wrong():
        raise AssertionError("; ".join(found))
    ours = [o for o in venue.orders.values() if o.client_id.startswith("mm-")]
    known = world.known_ids()
    unknown = [o.client_id for o in ours if o.client_id not in known]
    if unknown:
        raise AssertionError(f"orders at the venue that the journal does not know: {unknown}")
    there = Counter(
        (o.symbol, o.side, o.type, _left(o)) for o in venue.orders.values() if _is_open(world, o)
    )
    here = Counter(
        (o.owner.symbol_name, Side.BUY if o.side > 0 else Side.SELL, o.type, Decimal(o.remaining))
        for o in world.alive()
    )
    if there != here:
        raise AssertionError(f"the venue works {there - here}, the engine {here - there}")


def _check_positions(world: FaultyWorld) -> None:
    rig, venue = world.rig, world.venue
    held = {symbol: units for symbol, units in venue.held.items() if units}
    ours = rig.engine.units()
    for symbol, units in rig.desk.external_positions.items():
        ours[symbol] = ours.get(symbol, Decimal(0)) + units
    ours = {symbol: units for symbol, units in ours.items() if units}
    if ours != held:
        raise AssertionError(f"the venue holds {held}, we {ours}")
    booked = Counter(map(_which, (e.execution for e in rig.journal.executions())))
    there = Counter(map(_which, venue.booked))
    if booked != there:
        raise AssertionError(f"executions: we have {booked - there}, the venue {there - booked}")
    if not world.foreign and rig.cash != venue.account().cash:
        raise AssertionError(f"cash is {rig.cash}, at the venue {venue.account().cash}")


def _which(execution: Execution) -> tuple[str, Decimal | None, Decimal]:
    """What an execution is, whatever it is called."""
    return execution.venue_id, execution.cumulative, execution.quantity


def _left(order: VenueOrder) -> Decimal:
    assert order.quantity is not None  # noqa: S101 - this venue has no notional orders
    return order.quantity - order.filled_quantity


def _is_open(world: FaultyWorld, order: VenueOrder) -> bool:
    known = {o.venue_id for o in world.rig.desk.external_orders}
    return not order.status.is_final and order.venue_id not in known


def run_seeds(first: int, count: int) -> Tally:
    """Run simulations one after the other.

    Args:
        first: The first seed.
        count: How many.
    """
    tally = Tally()
    for begin in range(first, first + count, PER_DATABASE):
        database = open_database("sqlite://")
        for seed in range(begin, min(begin + PER_DATABASE, first + count)):
            tally.seeds += 1
            try:
                tally.counts += simulate(seed, database)
            except Exception as error:  # noqa: BLE001 - whatever it was, the seed has failed
                tally.failed[seed] = f"{type(error).__name__}: {error}"
        database.close()
    return tally


def main(words: list[str] | None = None) -> int:
    """Run seeds, and say what failed.

    Args:
        words: Command line; that of the process where left out.

    Returns:
        The exit code: 1 where a seed failed.
    """
    parser = argparse.ArgumentParser(description="Simulate the order path under faults.")
    parser.add_argument("--seeds", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args(words)
    tally = Tally()
    parts = [
        (begin, min(PER_DATABASE, asked.first + asked.seeds - begin))
        for begin in range(asked.first, asked.first + asked.seeds, PER_DATABASE)
    ]
    if asked.processes > 1 and len(parts) > 1:
        with ProcessPoolExecutor(asked.processes) as pool:
            for part in pool.map(run_seeds, *zip(*parts, strict=True)):
                tally.add(part)
    else:
        for begin, count in parts:
            tally.add(run_seeds(begin, count))
    _say(tally)
    return 1 if tally.failed else 0


def _say(tally: Tally) -> None:
    out = sys.stdout.write
    out(f"{tally.seeds} seeds, {len(tally.failed)} failed\n")
    for what, times in sorted(tally.counts.items()):
        out(f"  {what}: {times}\n")
    for seed, why in sorted(tally.failed.items())[:20]:
        out(f"seed {seed}: {why}\n")


if __name__ == "__main__":
    sys.exit(main())
