import json
import logging
import threading

import pytest

from mismartera_core.monitoring.logs import ROOT, log_to_console, log_to_file

log = logging.getLogger(f"{ROOT}.tests")


@pytest.fixture(autouse=True)
def _restore():
    logger = logging.getLogger(ROOT)
    before = (list(logger.handlers), logger.level, logger.propagate)
    yield
    logger.handlers[:], logger.propagate = before[0], before[2]
    logger.setLevel(before[1])


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_messages_become_json_lines_with_time_thread_and_extras(tmp_path):
    path = tmp_path / "log.jsonl"
    with log_to_file(path):
        log.info("session %s", "2024-01-02", extra={"symbol": "AAPL", "bars": 390})
        log.debug("not this")
    (line,) = lines(path)
    assert line["message"] == "session 2024-01-02"
    assert (line["level"], line["logger"]) == ("info", f"{ROOT}.tests")
    assert (line["symbol"], line["bars"]) == ("AAPL", 390)
    assert line["thread"] == "MainThread"
    assert line["time"].endswith("+00:00")


def test_exceptions_stay_on_one_line(tmp_path):
    path = tmp_path / "log.jsonl"
    with log_to_file(path):
        try:
            _ = 1 / 0
        except ZeroDivisionError:
            log.exception("worker died")
    (line,) = lines(path)
    assert line["message"] == "worker died"
    assert "ZeroDivisionError" in line["exception"]


def test_everything_is_written_and_no_thread_left_when_the_block_ends(tmp_path):
    path = tmp_path / "log.jsonl"
    before = threading.active_count()
    with log_to_file(path):
        workers = [
            threading.Thread(target=lambda: [log.info("x") for _ in range(100)]) for _ in range(4)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert len(lines(path)) == 400
    assert threading.active_count() == before
    log.warning("after the end")
    assert len(lines(path)) == 400


def test_the_console_hears_what_its_level_lets_through(capsys):
    log_to_console("warning")
    log_to_console("warning")
    log.info("quiet")
    log.warning("[bold]loud[/]")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("[bold]loud[/]") == 1
    assert "quiet" not in err
