import sys

import pytest

from mismartera_core.cli.plugins_text import columns

ROWS = [("sma", "Average of the last closes"), ("ema_long_name", "x")]


def test_lines_stay_whole_where_nobody_says_how_wide_they_may_be(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    assert columns(("name", "summary"), ROWS).splitlines() == [
        "name           summary",
        "sma            Average of the last closes",
        "ema_long_name  x",
    ]


@pytest.mark.parametrize("terminal", [True, False])
def test_the_last_column_is_wrapped_where_that_is_known(monkeypatch, terminal):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal, raising=False)
    monkeypatch.setenv("COLUMNS", "40")
    assert columns(("name", "summary"), ROWS).splitlines() == [
        "name           summary",
        "sma            Average of the last",
        "               closes",
        "ema_long_name  x",
    ]
