import sys

from mismartera_core.cli.plugins_text import columns

ROWS = [("sma", "Average of the last closes"), ("ema_long_name", "x")]


def test_lines_stay_whole_where_nobody_watches():
    assert columns(("name", "summary"), ROWS).splitlines() == [
        "name           summary",
        "sma            Average of the last closes",
        "ema_long_name  x",
    ]


def test_the_last_column_is_wrapped_on_a_terminal(monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "40")
    assert columns(("name", "summary"), ROWS).splitlines() == [
        "name           summary",
        "sma            Average of the last",
        "               closes",
        "ema_long_name  x",
    ]
