"""A live session once more, from its recording: is everything as it was?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mismartera_core.config.loading import config_from
from mismartera_core.config.settings import Settings
from mismartera_core.errors import DataError, MisMarteraError
from mismartera_core.registry import Registry
from mismartera_core.repositories.recording import FILE
from mismartera_core.repositories.recording_player import RecordingEnded, ReplayDiffers
from mismartera_core.repositories.run_folder import read_run, resolve_run
from mismartera_core.system.recorded.replay_of import ReplayOf
from mismartera_core.system.run import Run, load_run
from mismartera_core.system.session import Session

if TYPE_CHECKING:
    import pandas as pd

COMPARED = ("signals", "decisions", "fills", "equity")
"""Tables that are compared, in this order: a decision comes before what follows from it."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a replay.

    Attributes:
        run_id: The session that was replayed.
        folder: Run folder of the replay; None where it did not get that far.
        items: Items of the recording.
        torn: Bytes at the end of the recording that were lost when the session was killed.
        difference: The first difference in a sentence; "" where there is none.
        trade_hash: Of the replay; "" where it did not get that far.
        complete: Whether the session had written its own results to compare with.
    """

    run_id: str
    folder: Path | None
    items: int
    torn: int
    difference: str
    trade_hash: str
    complete: bool


def recorded_folder(runs_dir: Path, name: str) -> Path:
    """The folder of a recorded run; for a replay that of the run it replays.

    Args:
        runs_dir: Where the runs are.
        name: "@last", a run id, or a unique part of one.

    Raises:
        UsageError: There is no such run.
    """
    folder = resolve_run(runs_dir, name)
    of = read_run(folder).manifest.get("replay_of")
    return folder.with_name(str(of)) if of else folder


def replay(folder: Path, settings: Settings, registry: Registry) -> Replayed:
    """Replay a recorded session and compare.

    Args:
        folder: Its run folder.
        settings: Where things lie.
        registry: The plugins there are.

    Raises:
        DataError: It has no recording, or it is damaged.
        MisMarteraError: The replay could not be made.
    """
    stored = read_run(folder)
    of = ReplayOf.of(folder)
    session = Session(config_from(stored.config(), str(folder)), settings, registry, replay=of)
    difference = ""
    try:
        session.run()
    except RecordingEnded as error:
        difference = str(error) if stored.record else ""
    except ReplayDiffers as error:
        difference = str(error)
    except MisMarteraError as error:
        # What the session itself ended with belongs to it, and comes again.
        if str(error) != stored.manifest.get("error"):
            raise
    made = session.folder
    complete = bool(stored.record)
    if made is not None and not difference:
        was = load_run(folder) if complete else None
        difference = next(_differences(of, was, load_run(made)), "")
    hashed = load_run(made).trade_hash if made is not None and not difference else ""
    return Replayed(
        of.run_id, made, len(of.recording.items), of.recording.torn, difference, hashed, complete
    )


def results(folder: Path, settings: Settings, registry: Registry) -> Run:
    """What a run came to; of a session that was killed before it wrote that, what its replay does.

    Args:
        folder: Its run folder.
        settings: Where things lie.
        registry: The plugins there are.

    Raises:
        DataError: The replay leaves the way of the session.
    """
    if read_run(folder).record or not (folder / FILE).exists():
        return load_run(folder)
    done = replay(folder, settings, registry)
    if done.difference or done.folder is None:
        raise DataError(
            f"{folder.name} was killed before it wrote its results, and its replay is not the "
            f"same: {done.difference or 'it was killed before it began'}",
            hint="replay it with the versions and plugins that recorded it",
        )
    return load_run(done.folder)


def _differences(of: ReplayOf, was: Run | None, now: Run) -> Iterator[str]:
    left = of.tape.left()
    if left is not None:
        yield (
            f"line {left.number} of the recording: the session asked for {left.kind}, and the "
            "replay did not"
        )
    if was is None:
        return
    for name in COMPARED:
        one, other = getattr(was, name), getattr(now, name)
        if not one.equals(other):
            yield f"{name}: {_first(one.reset_index(), other.reset_index())}"
    if was.trade_hash != now.trade_hash:
        yield f"trade_hash was {was.trade_hash[:16]}, is {now.trade_hash[:16]}"


def _first(one: pd.DataFrame, other: pd.DataFrame) -> str:
    """The first row and column at which two tables differ."""
    if len(one) != len(other):
        return f"the session has {len(one)} rows, the replay {len(other)}"
    for row in range(len(one)):
        for column in one.columns:
            was, now = one[column].iloc[row], other[column].iloc[row]
            if was != now and not (was != was and now != now):
                return f"row {row + 1}, {column} was {was}, is {now}"
    raise DataError("the tables differ in form only")
