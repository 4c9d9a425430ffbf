"""Run folders: `runs/<run id>/`, one for each run, readable whatever became of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mismartera_core.errors import MisMarteraError, UsageError, did_you_mean
from mismartera_core.repositories.run_files import read_json, read_table, write_json, write_table

if TYPE_CHECKING:
    import pandas as pd

LAST = "@last"
TABLES = (
    "fills",
    "orders",
    "signals",
    "trades",
    "equity",
    "daily",
    "quality",
    "gaps",
    "decisions",
)
RUNNING = "running"


@dataclass(frozen=True, slots=True)
class StoredRun:
    """What a run folder says of its run.

    Attributes:
        folder: The folder; its name is the run id.
        manifest: Where the run comes from and how it ended.
        summary: The figures of its summary, empty where it did not get that far.
        record: What else is needed to make the run of its tables, empty likewise.
    """

    folder: Path
    manifest: dict[str, Any]
    summary: dict[str, Any]
    record: dict[str, Any]

    def table(self, name: str) -> pd.DataFrame | None:
        """One of `TABLES`, None where the run did not get that far."""
        return read_table(self.folder, name)

    def config(self) -> dict[str, Any]:
        """The session config that was run."""
        return read_json(self.folder / "config.json")


def make_run_id(moment: datetime, session_name: str, config_hash: str) -> str:
    """A name that sorts by time: "20250704-133000.125-quickstart-3fa2b1c".

    Args:
        moment: When the run began, aware.
        session_name: From the session config.
        config_hash: Hexadecimal digits.
    """
    at = moment.astimezone(UTC)
    slug = re.sub(r"[^a-z0-9]+", "-", session_name.lower()).strip("-")[:40] or "run"
    stamp = f"{at:%Y%m%d-%H%M%S}.{at.microsecond // 1000:03d}"
    return f"{stamp}-{slug}-{config_hash[:7]}"


def create_run_folder(runs_dir: Path, run_id: str) -> Path:
    """A new folder; a number is added to the name where it is taken.

    Raises:
        MisMarteraError: The folder cannot be made.
    """
    for number in range(1, 1000):
        folder = runs_dir / (run_id if number == 1 else f"{run_id}-{number:03d}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise MisMarteraError(
                f"could not make the run folder {folder}: {error.strerror or error}",
                hint="choose another runs_dir (MISMARTERA_RUNS_DIR)",
            ) from error
        return folder
    raise MisMarteraError(f"expected a free run id in {runs_dir}, was taken: {run_id}")


def start_run(folder: Path, config: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
    """Write what is known before the first bar, so that even a killed run is listed.

    Args:
        folder: Made by `create_run_folder`.
        config: The session config as it is run.
        manifest: Identity of the run: config hash, data fingerprint, versions, times, seed.
    """
    write_json(folder / "config.json", config)
    write_json(folder / "manifest.json", {"run_id": folder.name, "exit_state": RUNNING, **manifest})


def write_run(
    folder: Path,
    documents: Mapping[str, Mapping[str, Any]],
    tables: Mapping[str, Callable[[], Iterable[pd.DataFrame]]],
    manifest: Mapping[str, Any],
) -> None:
    """Write what a run has computed; the manifest last, so that it never promises too much.

    Args:
        folder: Made by `create_run_folder`.
        documents: JSON files by name without ending ("record", "summary", "metrics").
        tables: What makes the parts of each table, by name.
        manifest: Joins (and overrides) what `start_run` wrote, with `exit_state` and `error`.

    Raises:
        MisMarteraError: A file cannot be written; those before it are whole.
    """
    for name, document in documents.items():
        write_json(folder / f"{name}.json", document)
    for name, table in tables.items():
        write_table(folder, name, table)
    write_manifest(folder, manifest)


def write_manifest(folder: Path, changes: Mapping[str, Any]) -> None:
    """Change entries of the manifest."""
    path = folder / "manifest.json"
    write_json(path, {"run_id": folder.name, **read_json(path), **changes})


def list_runs(runs_dir: Path) -> list[StoredRun]:
    """All runs, the oldest first."""
    if not runs_dir.is_dir():
        return []
    folders = [path for path in runs_dir.iterdir() if (path / "manifest.json").is_file()]
    return [read_run(folder) for folder in sorted(folders)]


def read_run(folder: Path) -> StoredRun:
    """What a folder says of its run.

    Raises:
        UsageError: It is no run folder.
        DataError: One of its files is damaged.
    """
    manifest = read_json(folder / "manifest.json")
    if not manifest:
        raise UsageError(
            f"expected a run folder with a manifest.json, was {folder}",
            hint="list the runs with: mismartera runs ls",
        )
    summary, record = (read_json(folder / f"{name}.json") for name in ("summary", "record"))
    return StoredRun(folder, manifest, summary, record)


def resolve_run(runs_dir: Path, name: str | Path) -> Path:
    """The folder of a run.

    Args:
        runs_dir: Where the runs are.
        name: "@last", a run id, the unique beginning or a unique part of one, or a path.

    Raises:
        UsageError: There is no such run, or more than one.
    """
    if isinstance(name, Path) or (Path(name) / "manifest.json").is_file():
        return Path(name)
    ids = _ids(runs_dir)
    if not ids:
        raise UsageError(
            f"expected a run in {runs_dir}, was empty",
            hint="make one with: mismartera run CONFIG",
        )
    if name == LAST:
        return runs_dir / ids[-1]
    if name in ids:
        return runs_dir / name
    near = [i for i in ids if i.startswith(name)] or [i for i in ids if name and name in i]
    if len(near) == 1:
        return runs_dir / near[0]
    if near:
        raise UsageError(
            f"expected one run, was {len(near)} that match {name!r}: {', '.join(near[-5:])}"
        )
    raise UsageError(f"no run {name!r} in {runs_dir}", hint=did_you_mean(name, ids[-20:]))


def _ids(runs_dir: Path) -> list[str]:
    if not runs_dir.is_dir():
        return []
    return sorted(path.name for path in runs_dir.iterdir() if (path / "manifest.json").is_file())
