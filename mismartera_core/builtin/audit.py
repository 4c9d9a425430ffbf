"""The life of every session in the log: what the hooks tell, as records with facts."""

from __future__ import annotations

import logging
import traceback
from datetime import date
from typing import TYPE_CHECKING

from mismartera_core import hookimpl

if TYPE_CHECKING:
    from mismartera_core.model.quality import QualityReport
    from mismartera_core.model.sessions import SessionPhase

log = logging.getLogger("mismartera_core.audit")
INFO, DEBUG = logging.INFO, logging.DEBUG


@hookimpl
def mismartera_session_started(session: date) -> None:
    """Log the start of a session."""
    if log.isEnabledFor(INFO):
        log.info("Session %s begins", session, extra=_facts("session_started", session))


@hookimpl
def mismartera_session_phase_changed(session: date, phase: SessionPhase) -> None:
    """Log a phase, for whoever looks closely: there are seven a session."""
    if log.isEnabledFor(DEBUG):
        facts = _facts("session_phase_changed", session, phase=phase.value)
        log.debug("Session %s: %s", session, phase.value, extra=facts)


@hookimpl
def mismartera_session_ended(session: date, equity: float, fills: int) -> None:
    """Log the end of a session."""
    if log.isEnabledFor(INFO):
        facts = _facts("session_ended", session, equity=equity, fills=fills)
        log.info("Session %s ends: equity %.2f, %d fills", session, equity, fills, extra=facts)


@hookimpl
def mismartera_quality_changed(report: QualityReport) -> None:
    """Log a symbol whose bars of a session are incomplete."""
    if log.isEnabledFor(INFO):
        facts = _facts(
            "quality_changed",
            report.session,
            symbol=report.symbol,
            interval=report.interval,
            score=report.score,
            expected=report.expected,
            missing=report.missing,
            filled=report.filled,
        )
        text = "Session %s: %s lacks %d of %d bars"
        values = (report.session, report.symbol, report.missing, report.expected)
        log.info(text, *values, extra=facts)


@hookimpl
def mismartera_error_raised(error: BaseException, where: str) -> None:
    """Log what ended a run, with its traceback.

    Not as an error: the command says it in one sentence, which the console must not say twice.
    """
    if log.isEnabledFor(INFO):
        facts = {
            "event": "error_raised",
            "where": where,
            "error": type(error).__name__,
            "traceback": "".join(traceback.format_exception(error)),
        }
        log.info("%s raised %s: %s", where, type(error).__name__, error, extra=facts)


def _facts(event: str, session: date, **more: object) -> dict[str, object]:
    return {"event": event, "session": session.isoformat(), **more}
