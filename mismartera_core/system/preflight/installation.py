"""Checks of the installation: plugins, database, disk, folders."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import sqlalchemy as sa

from mismartera_core import __version__
from mismartera_core.registry.plugins import BUILTIN
from mismartera_core.system.access import Access
from mismartera_core.system.preflight.rows import CheckRow, go, no_go, warn

GIB = 1 << 30
LEAST_DISK = GIB
"""Free bytes below which nothing may start: a journal that cannot be written stops everything."""
SHORT_DISK = 5 * GIB
"""Free bytes below which somebody should make room."""


def config(access: Access) -> CheckRow:
    """The config names plugins that exist, and says to each what it takes."""
    resolved = access.resolved
    names = [resolved.data_provider.record.name, resolved.broker.record.name]
    names += [choice.record.name for choice in resolved.strategies]
    return go("config", f"resolves: {', '.join(names)}")


def versions(access: Access) -> CheckRow:
    """The versions of core and plugins in use."""
    wanted = access.resolved
    chosen = [
        ("data_provider", wanted.data_provider),
        ("broker", wanted.broker),
        *(("strategy", choice) for choice in wanted.strategies),
        *(("risk_check", choice) for choice in wanted.risk or ()),
    ]
    if wanted.gap_filler is not None:
        chosen.append(("gap_filler", wanted.gap_filler))
    named = {(kind, choice.record.name) for kind, choice in chosen}
    offers = access.registry.offers()
    used = {o.plugin.name: o.plugin.version for o in offers if (o.kind, o.record.name) in named}
    used.pop(BUILTIN, None)
    told = [f"mismartera-core {__version__}", *(f"{n} {v}".strip() for n, v in used.items())]
    return go("versions", ", ".join(dict.fromkeys(told)))


def database(access: Access) -> CheckRow:
    """The database answers and is of this version."""
    with access.database.session() as db:
        db.execute(sa.text("SELECT 1"))
    return go("database", f"answers: {access.database.url}")


def disk(access: Access) -> CheckRow:
    """There is room for the journal and the run folder."""
    place = _existing(access.settings.runtime_dir)
    free = shutil.disk_usage(place).free
    found = f"{free / GIB:.1f} GiB free at {access.settings.runtime_dir}"
    hint = f"make room there, or choose another runtime_dir; {LEAST_DISK / GIB:.0f} GiB at least"
    if free < LEAST_DISK:
        return no_go("disk", found, hint)
    return warn("disk", found, hint) if free < SHORT_DISK else go("disk", found)


def writable(check: str, folder: Path) -> CheckRow:
    """A file can be written into a folder; the folder is made where it is not there.

    Args:
        check: Name of the check.
        folder: The folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".preflight-") as file:
            file.write(b"1")
            file.flush()
    except OSError as error:
        hint = "make it writable, or choose another runtime_dir"
        return no_go(check, f"{folder} cannot be written: {error.strerror or error}", hint)
    return go(check, f"{folder} can be written")


def run_folder(access: Access) -> CheckRow:
    """Run folders can be made."""
    return writable("run folder", access.settings.runs_dir)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    return place
