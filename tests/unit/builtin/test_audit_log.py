import json
import logging
from datetime import date

import pytest

from mismartera_core.errors import DataError
from mismartera_core.model.quality import QualityReport
from mismartera_core.model.sessions import SessionPhase
from mismartera_core.monitoring.logs import log_to_file
from mismartera_core.registry import Registry

DAY = date(2024, 7, 3)
REPORT = QualityReport(
    session=DAY,
    symbol="AAPL",
    interval="1m",
    expected=210,
    traded=200,
    silent=4,
    missing=6,
    score=204 / 210,
)


@pytest.fixture
def observe():
    return Registry.from_modules({}).observe


def fail():
    raise DataError("the disk is gone")


def tell_everything(observe):
    observe("session_phase_changed", session=DAY, phase=SessionPhase.QUALITY)
    observe("session_started", session=DAY)
    observe("quality_changed", report=REPORT)
    observe("session_ended", session=DAY, equity=100_012.5, fills=3)
    try:
        fail()
    except DataError as error:
        observe("error_raised", error=error, where="DataProcessor")


def written(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_log_of_a_run_has_the_life_of_a_session(observe, tmp_path):
    path = tmp_path / "log.jsonl"
    with log_to_file(path, "debug"):
        tell_everything(observe)
    lines = written(path)
    assert {line["logger"] for line in lines} == {"mismartera_core.audit"}
    assert [(line["event"], line["message"]) for line in lines] == [
        ("session_phase_changed", "Session 2024-07-03: quality"),
        ("session_started", "Session 2024-07-03 begins"),
        ("quality_changed", "Session 2024-07-03: AAPL lacks 6 of 210 bars"),
        ("session_ended", "Session 2024-07-03 ends: equity 100012.50, 3 fills"),
        ("error_raised", "DataProcessor raised DataError: the disk is gone"),
    ]
    phase, started, quality, ended, error = lines
    assert started["session"] == "2024-07-03"
    assert phase["phase"] == "quality"
    assert (quality["symbol"], quality["missing"], quality["filled"]) == ("AAPL", 6, 0)
    assert (ended["equity"], ended["fills"]) == (100_012.5, 3)
    assert (error["where"], error["error"]) == ("DataProcessor", "DataError")
    assert "in fail" in error["traceback"]


def test_phases_are_for_a_closer_look(observe, tmp_path):
    path = tmp_path / "log.jsonl"
    with log_to_file(path):
        tell_everything(observe)
    assert [line["event"] for line in written(path)] == [
        "session_started",
        "quality_changed",
        "session_ended",
        "error_raised",
    ]


def test_an_error_is_left_to_the_command_to_say(observe, caplog):
    with caplog.at_level(logging.INFO, "mismartera_core"):
        tell_everything(observe)
    assert max(record.levelno for record in caplog.records) == logging.INFO


def test_nothing_is_made_where_nobody_listens(observe, monkeypatch):
    made = []
    monkeypatch.setattr("logging.Logger.makeRecord", lambda *args, **more: made.append(args))
    logger = logging.getLogger("mismartera_core")
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        tell_everything(observe)
    finally:
        logger.setLevel(before)
    assert made == []
