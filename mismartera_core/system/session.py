"""Session: a whole session config, run from Python or by the command line."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mismartera_core import __version__
from mismartera_core.config.loading import config_from, config_hash, load_config
from mismartera_core.config.session_config import SessionConfig
from mismartera_core.config.settings import Settings, load_settings
from mismartera_core.contracts.context import PluginContext
from mismartera_core.errors import Interrupted, MisMarteraError
from mismartera_core.managers.time_manager import TimeManager
from mismartera_core.monitoring.logs import log_to_file
from mismartera_core.registry import Registry, resolve_attribute
from mismartera_core.repositories.database import open_database
from mismartera_core.repositories.run_folder import create_run_folder, make_run_id, start_run
from mismartera_core.services.config_resolution import Resolved, resolve
from mismartera_core.system.planning import make_plan
from mismartera_core.system.run import Run, save_run
from mismartera_core.system.system_manager import (
    Outcome,
    Progress,
    SystemManager,
    simulated_clock,
)

DONE = "done"
FAILED = "failed"
INTERRUPTED = "interrupted"


class Session:
    """Runs a session config and keeps what came of it in a run folder.

    Args:
        config: A session config, its JSON values, or the path of its file.
        settings: Where things lie; by the environment where left out.
        registry: Plugins; discovered where left out.

    Raises:
        ConfigError: The config is wrong.
    """

    def __init__(
        self,
        config: SessionConfig | Mapping[str, Any] | str | Path,
        settings: Settings | None = None,
        registry: Registry | None = None,
    ) -> None:
        if isinstance(config, str | Path):
            config = load_config(config)
        elif not isinstance(config, SessionConfig):
            config = config_from(config)
        self.config = config
        self.settings = settings or load_settings()
        self.registry = registry or Registry.discover()

    def run(self, progress: Progress | None = None) -> Run:
        """Run every session; what was computed is kept however it ends.

        Args:
            progress: Told after every session.

        Returns:
            The run, with its folder.

        Raises:
            MisMarteraError: What stopped it, after the run folder was written.
        """
        resolved = resolve(self.config, self.registry)
        database = open_database(self.settings.database_url)
        clock = TimeManager(database, self.config.exchange_group, self.config.asset_class)
        plan = make_plan(self.config, resolved, clock, self.settings.data_dir)
        began = clock.wall_now()
        digest = config_hash(self.config)
        folder = create_run_folder(
            self.settings.runs_dir, make_run_id(began, self.config.session_name, digest)
        )
        facts = {
            "config_hash": digest,
            "started_at": began.isoformat(),
            "versions": _versions(self.registry),
            "lock_hash": _lock_hash(),
        }
        start_run(folder, self.config.model_dump(mode="json", by_alias=True), facts)
        with log_to_file(folder / "log.jsonl"):
            outcome = SystemManager(plan, self.registry, simulated_clock(clock), progress).run()
        ended = {"ended_at": clock.wall_now().isoformat(), "data_fingerprint": outcome.fingerprint}
        run = self._keep(outcome, folder, ended)
        database.close()
        if outcome.error is not None:
            raise outcome.error
        self._report(run, resolved, clock)
        return run

    def _keep(self, outcome: Outcome, folder: Path, facts: Mapping[str, Any]) -> Run:
        """Write the run folder; a failure to write must not hide why the run failed."""
        state = {type(None): DONE, Interrupted: INTERRUPTED}.get(type(outcome.error), FAILED)
        try:
            return save_run(Run(outcome.record, folder), folder, {"exit_state": state, **facts})
        except MisMarteraError as error:
            if outcome.error is None:
                raise
            outcome.error.add_note(f"the run folder could not be completed either: {error}")
            return Run(outcome.record, folder)

    def _report(self, run: Run, resolved: Resolved, clock: TimeManager) -> None:
        context = PluginContext(
            data_dir=self.settings.data_dir,
            exchange_group=self.config.exchange_group,
            asset_class=self.config.asset_class,
            timezone=str(clock.zone),
            sessions=clock.session_table,
        )
        for choice in resolved.outputs:
            report = resolve_attribute(choice.record.factory)(choice.config, context)
            report.write(run, run.folder)


def _versions(registry: Registry) -> dict[str, str]:
    libraries = ("numpy", "pandas", "pyarrow", "exchange-calendars")
    return {
        "mismartera-core": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in libraries},
        **{plugin.source: plugin.version for plugin in registry.plugins()[1:]},
    }


def _lock_hash() -> str:
    """sha256 of requirements.lock beside the package; empty in an installation without one."""
    lock = Path(__file__).parents[2] / "requirements.lock"
    return hashlib.sha256(lock.read_bytes()).hexdigest() if lock.is_file() else ""
