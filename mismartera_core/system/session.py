"""Session: a whole session config, run from Python or by the command line."""

from __future__ import annotations

import gc
import hashlib
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mismartera_core import __version__
from mismartera_core.config.loading import config_from, config_hash, load_config
from mismartera_core.config.session_config import SessionConfig
from mismartera_core.config.settings import Settings, load_settings
from mismartera_core.contracts.clock import WallClock
from mismartera_core.contracts.context import PluginContext
from mismartera_core.contracts.report import Report
from mismartera_core.errors import Interrupted, MisMarteraError
from mismartera_core.managers.time_manager import TimeManager
from mismartera_core.monitoring.logs import log_to_file
from mismartera_core.registry import Registry, policy_of
from mismartera_core.repositories.database import open_database
from mismartera_core.repositories.recording import Recorder
from mismartera_core.repositories.run_folder import (
    create_run_folder,
    make_run_id,
    start_run,
    write_manifest,
)
from mismartera_core.services.config_resolution import Resolved, resolve
from mismartera_core.system.interruption import Interruption, heeded
from mismartera_core.system.live_account import Trading, live_account
from mismartera_core.system.live_status import StatusBoard
from mismartera_core.system.nothing_replayed import refuse_nothing
from mismartera_core.system.planning import make_plan, session_context
from mismartera_core.system.plugin_calls import blamed, build
from mismartera_core.system.recorded import LiveTape, ReplayOf, SessionTape
from mismartera_core.system.run import Run, save_run
from mismartera_core.system.system_manager import (
    Outcome,
    Progress,
    SystemManager,
    sentence,
    simulated_clock,
)

DONE = "done"
FAILED = "failed"
INTERRUPTED = "interrupted"
REPLAY = "-replay"
"""What the id of a replay ends with."""


class Session:
    """Runs a session config and keeps what came of it in a run folder.

    Args:
        config: A session config, its JSON values, or the path of its file.
        settings: Where things lie; by the environment where left out.
        registry: Plugins; discovered where left out.
        wall: What stands for the wall clock of a live session; the machine's where left out.
        replay: The run whose recording is replayed; None where the session is a new one.
        live_account: Account with real money that may be traded; "" for none.

    Attributes:
        config: The session config.
        settings: Where things lie.
        registry: The plugins there are.
        folder: Run folder of the last run; None before.
        board: How a live session stands.

    Raises:
        ConfigError: The config is wrong.
    """

    def __init__(
        self,
        config: SessionConfig | Mapping[str, Any] | str | Path,
        settings: Settings | None = None,
        registry: Registry | None = None,
        wall: WallClock | None = None,
        replay: ReplayOf | None = None,
        live_account: str = "",
    ) -> None:
        if isinstance(config, str | Path):
            config = load_config(config)
        elif not isinstance(config, SessionConfig):
            config = config_from(config)
        self.config = config
        self.settings = settings or load_settings()
        self.folder: Path | None = None
        self.board = StatusBoard()
        self._replay = replay
        self._allowed = live_account
        self._wall = wall if replay is None else replay.wall
        self.registry = registry or Registry.discover(policy=policy_of(self.settings))

    def run(self, progress: Progress | None = None) -> Run:
        """Run every session; what was computed is kept however it ends.

        Args:
            progress: Told after every session.

        Returns:
            The run, with its folder.

        Raises:
            MisMarteraError: What stopped it. There is a run folder from the first session on.
        """
        resolved = resolve(self.config, self.registry)
        with ExitStack() as stack:
            database = stack.enter_context(closing(open_database(self.settings.database_url)))
            market = self.config.exchange_group, self.config.asset_class
            clock = TimeManager(database, *market, wall=self._wall)
            recorder, tape = self._tape(clock)
            run_id = self._run_id(clock)
            context = session_context(self.config, self.registry, clock, self.settings.data_dir)
            account = None
            if tape is not None and not resolved.broker.record.simulated:
                trading = Trading(
                    config=self.config,
                    settings=self.settings,
                    database=database,
                    now_ns=clock.wall_ns,
                    tape=tape,
                    replayed=self._replay is not None,
                    run=run_id.removesuffix(REPLAY),
                    allowed=self._allowed,
                )
                make = partial(build, "broker", resolved.broker, context)
                account = stack.enter_context(live_account(make, trading))
                self.board.account = account.account
            plan = make_plan(self.config, resolved, clock, context, tape, account)
            plan = replace(plan, folder=self.settings.runs_dir)
            reports = self._reports(resolved, clock)
            states = None if account is None else account.states
            board = self.board if self._replay is None else None
            engine_clock = simulated_clock(clock)
            manager = SystemManager(
                plan, self.registry, engine_clock, progress, tape, states, board
            )
            with heeded() as asked, self._recorded(clock, run_id) as folder:
                with (
                    log_to_file(folder / "log.jsonl"),
                    _written(recorder, folder),
                    ExitStack() as guard,
                ):
                    if account is not None:
                        account.arm(manager.execution)
                        manager.resume()
                        manager.alarm = account.guarded(guard, manager.stuck)
                    outcome = manager.run(asked)
                    if self._replay is None:
                        outcome = refuse_nothing(outcome, plan, self.config)
                # The bars of the last sessions are not needed for what follows.
                del manager, plan
                gc.collect()
                return self._keep(outcome, asked, folder, reports)

    def _tape(self, clock: TimeManager) -> tuple[Recorder | None, SessionTape | None]:
        """What a live session is recorded by, or what it is replayed from."""
        if self._replay is not None:
            return None, self._replay.tape
        if self.config.mode != "live":
            return None, None
        recorder = Recorder({"began_ns": clock.wall_ns(), "versions": _versions(self.registry)})
        return recorder, LiveTape(recorder)

    def _run_id(self, clock: TimeManager) -> str:
        if self._replay is not None:
            return f"{self._replay.run_id}{REPLAY}"
        digest = config_hash(self.config)
        return make_run_id(clock.wall_now(), self.config.session_name, digest)

    def _keep(
        self,
        outcome: Outcome,
        asked: Interruption,
        folder: Path,
        reports: Sequence[tuple[str, Report]],
    ) -> Run:
        """Write the run folder, then the reports."""
        try:
            facts = {"data_fingerprint": outcome.fingerprint}
            run = save_run(Run(outcome.record, folder), folder, facts)
        except MisMarteraError as error:
            if outcome.error is None:
                raise
            # A failure to write must not hide why the run failed.
            outcome.error.add_note(f"The run folder could not be completed either: {error}.")
        if outcome.error is not None:
            raise outcome.error
        for name, report in reports:
            with blamed(f"report {name!r}"):
                report.write(run, folder)
        if asked.error is not None:
            raise asked.error
        return run

    @contextmanager
    def _recorded(self, clock: TimeManager, run_id: str) -> Iterator[Path]:
        """A run folder whose manifest says how the block ended."""
        began = clock.wall_now()
        digest = config_hash(self.config)
        folder = self.folder = create_run_folder(self.settings.runs_dir, run_id)
        facts = {
            **({} if self._replay is None else {"replay_of": self._replay.run_id}),
            "config_hash": digest,
            "started_at": began.isoformat(),
            "versions": _versions(self.registry),
            "lock_hash": _lock_hash(),
        }
        start_run(folder, self.config.model_dump(mode="json", by_alias=True), facts)
        try:
            yield folder
        except BaseException as error:
            stopped = isinstance(error, Interrupted | KeyboardInterrupt)
            error.add_note(f"What was computed until then is in {folder}.")
            try:
                _close(folder, INTERRUPTED if stopped else FAILED, sentence(error), clock)
            except MisMarteraError:
                error.add_note("Its manifest says 'running' still: there was no room to change it.")
            raise
        _close(folder, DONE, "", clock)

    def _reports(self, resolved: Resolved, clock: TimeManager) -> list[tuple[str, Report]]:
        context = PluginContext(
            data_dir=self.settings.data_dir,
            exchange_group=self.config.exchange_group,
            asset_class=self.config.asset_class,
            timezone=str(clock.zone),
            sessions=clock.session_table,
            now_ns=clock.wall_ns,
        )
        return [(c.record.name, build("report", c, context)) for c in resolved.outputs]


@contextmanager
def _written(recorder: Recorder | None, folder: Path) -> Iterator[None]:
    """Write a recording into a run folder until the end of the block."""
    if recorder is None:
        yield
        return
    recorder.open(folder)
    try:
        yield
    finally:
        recorder.close()


def _close(folder: Path, state: str, text: str, clock: TimeManager) -> None:
    """Say in the manifest how the run ended."""
    at = clock.wall_now().isoformat()
    write_manifest(folder, {"exit_state": state, "error": text, "ended_at": at})


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
