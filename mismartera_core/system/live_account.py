"""The account of a live session: its lease, its journal, the desk that trades it, and its guard."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from time import monotonic

from mismartera_core.config.session_config import SessionConfig
from mismartera_core.config.settings import Settings
from mismartera_core.contracts.broker import WorkingOrder
from mismartera_core.contracts.venue import VenueBroker
from mismartera_core.errors import BrokerError, ConfigError, UsageError
from mismartera_core.managers.execution_manager.api import ExecutionManager
from mismartera_core.managers.execution_manager.risk_control import RiskControl
from mismartera_core.managers.execution_manager.surroundings import Surroundings
from mismartera_core.managers.execution_manager.venue import DeskNotice, VenueDesk
from mismartera_core.managers.execution_manager.venue.fetching import ThreadFetcher
from mismartera_core.model.intervals import interval_ns
from mismartera_core.model.risk import RiskVerdict
from mismartera_core.model.venue import VenueAccount
from mismartera_core.repositories.account_lease import AccountLease
from mismartera_core.repositories.database import Database
from mismartera_core.repositories.journal import OrderJournal
from mismartera_core.repositories.journal_states import StateStore
from mismartera_core.repositories.live_files import LiveFiles, LiveSession
from mismartera_core.system.account_watch import AccountWatch, tell
from mismartera_core.system.clock_watch import ClockWatch, skew
from mismartera_core.system.guard import Guard
from mismartera_core.system.recorded import SessionTape
from mismartera_core.system.strategy_states import StrategyStates

log = logging.getLogger("mismartera_core.audit")


@dataclass(slots=True)
class LiveAccount:
    """An account that a session trades.

    Attributes:
        account: As the venue tells of it.
        desk: Works the orders.
        control: The state of risk.
        states: Keeps what strategies want to know again.
        guarded: Enters the guard of the session, which is told who is stuck; gives what is to be
            told of a thread that has failed. A replay has none.
    """

    account: VenueAccount
    desk: VenueDesk
    control: RiskControl
    states: StrategyStates
    guarded: Callable[[ExitStack, Callable[[], str]], Callable[[str], None] | None]
    _gate: _Gate

    def arm(self, execution: ExecutionManager) -> None:
        """Recover what an earlier process left, and let orders leave from now on.

        Args:
            execution: The engine's books, with the holdings of every strategy.
        """
        self._gate.execution = execution
        self.desk.recover(execution)


class _Gate:
    """Asks the state of risk at the last moment before a send."""

    def __init__(self) -> None:
        self.execution: ExecutionManager | None = None

    def __call__(self, order: WorkingOrder) -> str:
        assert self.execution is not None  # noqa: S101 - armed before the first order
        return self.execution.gate(order)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trading:
    """What an account is opened with.

    Attributes:
        config: The session config.
        settings: Where things lie.
        database: Holds the journal.
        now_ns: The wall clock, nanoseconds UTC.
        tape: What the inputs of the session pass through.
        replayed: Whether they come from a recording: then nothing of the world is touched.
        run: Id of the run, or of the one that is replayed.
        allowed: Account with real money that a human has named; "" for none.
    """

    config: SessionConfig
    settings: Settings
    database: Database
    now_ns: Callable[[], int]
    tape: SessionTape
    replayed: bool
    run: str
    allowed: str


@contextmanager
def live_account(make: Callable[[], VenueBroker], trading: Trading) -> Iterator[LiveAccount]:
    """Open the account of a venue, and close it at the end of the block.

    Args:
        make: Builds the adapter.
        trading: What it is opened with.

    Raises:
        BrokerError: Credentials are refused, the account may not trade, or another process does.
        UsageError: It is an account with real money that nobody has named.
        ConfigError: The broker is no adapter of a venue.
    """
    config, tape, now_ns = trading.config, trading.tape, trading.now_ns
    with ExitStack() as stack:
        adapters: list[VenueBroker] = []

        def adapter() -> VenueBroker:
            adapters.append(_adapter(make(), config.broker.name))
            return adapters[0]

        venue = tape.venue(adapter)
        _refuse_hours(config, venue)
        stack.callback(venue.close)
        account = venue.account()
        _refuse(account, trading.allowed)
        files = LiveFiles(trading.settings.runtime_dir, account.account_id)
        if not trading.replayed:
            lease = AccountLease(
                trading.settings.runtime_dir / "locks", account.account_id, trading.run
            )
            stack.callback(lease.release)
        apart = tape.reading("skew", lambda: skew(adapters[0].now_ns, now_ns))()
        wall = tape.reading("wall", now_ns)
        controls: list[RiskControl] = []

        def controlled() -> RiskControl:
            controls.append(RiskControl(files, _surroundings(account, apart)))
            return controls[0]

        # The engine asks through the tape; a kill switch acts on the control itself.
        control = tape.control(controlled)
        gate = _Gate()
        desk = VenueDesk(
            venue,
            account,
            tape.calls(
                "journal", lambda: OrderJournal(trading.database, account.account_id, trading.run)
            ),
            wall,
            run=trading.run,
            gate=gate,
            on_notice=_log_notice,
            on_verdict=lambda verdict: _escalate(control, verdict, wall()),
            bar_open=_bar_open(config),
            timer=tape.reading("timer", monotonic),
            fetcher=tape.fetcher(ThreadFetcher),
        )
        stack.callback(desk.close)

        def guarded(inner: ExitStack, stuck: Callable[[], str]) -> Callable[[str], None] | None:
            if trading.replayed:
                return None
            session = LiveSession(
                account=account.account_id,
                pid=os.getpid(),
                broker=config.broker.name,
                config=config.broker.model_dump(mode="json")["config"],
                exchange_group=config.exchange_group,
                asset_class=config.asset_class,
                run=trading.run,
                started_ns=now_ns(),
            )
            # Past the tape: what these threads ask is nothing that the engine takes in.
            (bare,), (real,) = adapters, controls
            guard = inner.enter_context(Guard(files, session, real, bare, now_ns, stuck=stuck))
            inner.enter_context(ClockWatch(bare.now_ns, now_ns, real.surroundings))
            symbols = config.session_data_config.symbols
            inner.enter_context(AccountWatch(bare, symbols, real.surroundings))
            return guard.failed

        _log_account(account)
        states = StrategyStates(
            tape.calls("states", lambda: StateStore(trading.database)),
            account.account_id,
            tape.reading("wall", now_ns),
            control,
        )
        yield LiveAccount(account, desk, control, states, guarded, gate)


def _adapter(made: object, name: str) -> VenueBroker:
    if not isinstance(made, VenueBroker):
        raise ConfigError(
            f"broker.name: {name!r} fills no orders at a venue and is not simulated",
            hint="choose 'simulated', or a broker of a venue such as 'alpaca'",
        )
    return made


def _refuse(account: VenueAccount, allowed: str) -> None:
    """Refuse an account that may not trade, or that nobody has allowed to lose money."""
    if account.blocked:
        raise BrokerError(
            f"account {account.account_id} may not trade: {account.blocked}",
            hint="look at the account at the broker's own site",
        )
    if not account.paper and allowed != account.account_id:
        said = f", was {allowed!r}" if allowed else ""
        raise UsageError(
            f"account {account.account_id} holds real money: it is traded only where its number is "
            f"given{said}",
            hint=f"mismartera run CONFIG --live-account {account.account_id}",
        )
    if account.paper and allowed:
        raise UsageError(
            f"--live-account names {allowed!r}, and the broker's account {account.account_id} is a "
            "paper account",
            hint="leave --live-account out, or set the broker's config to the live account",
        )


def _refuse_hours(config: SessionConfig, venue: VenueBroker) -> None:
    if config.session_data_config.hours == "extended" and not venue.capabilities.extended_hours:
        raise ConfigError(
            f"session_data_config.hours: 'extended', and broker {config.broker.name!r} fills "
            "nothing outside of regular hours",
            hint='choose "hours": "regular"',
        )


def _surroundings(account: VenueAccount, apart: float) -> Surroundings:
    around = Surroundings(clock_skew=apart, shortable=())  # until the venue has said which
    tell(around, account)
    return around


def _bar_open(config: SessionConfig) -> Callable[[int], int]:
    """Open of the base bar that holds an instant, where bars are not longer than an hour."""
    length = interval_ns(config.session_data_config.base_interval or "1m")
    return lambda at_ns: at_ns - at_ns % length


def _escalate(control: RiskControl, verdict: RiskVerdict, now_ns: int) -> None:
    control.escalate(verdict, now_ns)


def _log_notice(notice: DeskNotice) -> None:
    text = f"{notice.symbol}: {notice.words}" if notice.symbol else notice.words
    facts = {"event": f"desk_{notice.kind.value}", "symbol": notice.symbol}
    log.warning("Orders: %s", text, extra=facts)


def _log_account(account: VenueAccount) -> None:
    kind = "PAPER" if account.paper else "LIVE"
    log.warning("%s account %s: %s %s", kind, account.account_id, account.equity, account.currency)
