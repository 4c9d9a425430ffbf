"""`mismartera data`: what the commands answer, write and refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from csv_files import session_csv


@pytest.fixture
def command(tmp_path: Path, monkeypatch, capsys):
    """Runs `mismartera data ...`; returns exit code and output."""
    monkeypatch.setenv("MISMARTERA_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        from mismartera_core.cli import main

        code = main(["data", *words])
        out = capsys.readouterr()
        return code, out.out, out.err

    return run


def test_import_list_show_judge_and_export(command, tmp_path: Path) -> None:
    session_csv(tmp_path / "XYZ.csv", "2024-03-18 16:00,10,9,11,10,5")
    code, out, _ = command("import", "XYZ.csv", "--json")
    found = json.loads(out)["files"][0]
    assert code == 0
    assert (found["symbol"], found["kept"], found["quarantined"]) == ("XYZ", 390, 1)
    assert found["understanding"]["stamp"].startswith("start of the bar")
    assert json.loads(command("ls", "--json")[1])["series"][0]["rows"] == 390
    shown = json.loads(command("show", "XYZ", "--json", "--rows", "1")[1])
    assert [bar["timestamp"][11:16] for bar in shown["bars"]] == ["09:30", "15:59"]
    assert "... 388 more" in command("show", "XYZ", "--rows", "1")[1]
    assert " more" not in command("show", "XYZ", "--rows", "195")[1]
    quality = json.loads(command("quality", "XYZ", "--json")[1])
    assert (quality["score"], quality["expected"], quality["traded"]) == (1.0, 390, 390)
    assert "beside" not in command("quality", "XYZ")[1]
    for kind, read in (("csv", pd.read_csv), ("parquet", pd.read_parquet)):
        code, _, _ = command("export", "XYZ", "--format", kind, "--out", f"out.{kind}")
        assert code == 0
        assert len(read(tmp_path / f"out.{kind}")) == 390
    assert "392" in command("import", "XYZ.csv")[1]
    (tmp_path / "XYZ_ticks.csv").write_text("time,price,size\n2024-03-18T13:30:00Z,1.5,100\n")
    assert command("import", "XYZ_ticks.csv", "--kind", "ticks")[0] == 0
    series = json.loads(command("ls", "--json")[1])["series"]
    assert [(s["symbol"], s["interval"], s["rows"]) for s in series] == [
        ("XYZ", "1m", 390),
        ("XYZ", "ticks", 1),
    ]


def test_bars_that_no_session_expects_are_counted(command, tmp_path: Path) -> None:
    odd = ("2024-03-18 18:00", "2024-03-18 20:30", "2024-03-23 10:00", "2024-03-29 10:00")
    session_csv(tmp_path / "XYZ.csv", "\n".join(f"{when},10,11,9,10,5" for when in odd))
    command("import", "XYZ.csv", "--tz", "America/New_York")
    found = json.loads(command("quality", "XYZ", "--json")[1])
    assert (found["traded"], found["outside"], found["without_session"]) == (390, 1, 3)
    shown = command("quality", "XYZ")[1]
    assert "bars beside them: 1 outside of regular hours and 3 in no session" in shown


def test_sessions_that_begin_on_the_evening_before_have_their_bars(command, tmp_path: Path) -> None:
    days = ("2024-03-17 17:0", "2024-03-18 10:0", "2024-03-18 17:0")  # Sunday's evening, and Monday
    rows = "\n".join(f"{day}{m},10,11,9,10,5" for day in days for m in range(3))
    (tmp_path / "ES.csv").write_text(f"time,open,high,low,close,volume\n{rows}\n")
    market = ("--exchange-group", "CME", "--asset-class", "FUTURES")
    zone = ("--tz", "America/Chicago", "--label", "start", "--interval", "1m")
    assert command("import", "ES.csv", *zone, *market)[0] == 0
    for start in ((), ("--start", "2024-03-18")):
        found = json.loads(command("quality", "ES", "--json", *market, *start)[1])
        assert (found["traded"], found["outside"], found["without_session"]) == (6, 0, 0)


def test_what_was_exported_is_imported_again_unchanged(command, tmp_path: Path) -> None:
    session_csv(tmp_path / "XYZ.csv")
    command("import", "XYZ.csv")
    command("export", "XYZ", "--out", "again.csv")
    code, out, _ = command("import", "again.csv", "--symbol", "XYZ", "--json")
    found = json.loads(out)["files"][0]
    assert (code, found["unchanged"], found["added"], found["changed"]) == (0, 390, 0, 0)


def test_an_export_does_not_overwrite_the_file_that_was_imported(command, tmp_path: Path) -> None:
    original = session_csv(tmp_path / "XYZ_1m.csv", "2024-03-18 16:00,10,9,11,10,5")
    before = original.read_bytes()
    command("import", "XYZ_1m.csv")
    code, out, err = command("export", "XYZ")
    assert code == 2
    assert "XYZ_1m.csv is there already" in out + err
    assert original.read_bytes() == before
    assert command("export", "XYZ", "--out", "XYZ_1m.csv")[0] == 0


def test_one_bad_file_of_several_does_not_hide_the_good(command, tmp_path: Path) -> None:
    session_csv(tmp_path / "XYZ.csv")
    (tmp_path / "BAD.csv").write_text("hello\n")
    code, out, err = command("import", "BAD.csv", "XYZ.csv", "--json")
    assert code == 3
    assert [file["symbol"] for file in json.loads(out.splitlines()[0])["files"]] == ["XYZ"]
    assert "expected a table" in out + err


def test_what_was_imported_before_a_mistake_is_told(command, tmp_path: Path) -> None:
    for name, day in (("ABC.csv", "2024-03-18"), ("XYZ.csv", "18.03.2024")):
        lines = [f"{day} 09:3{m},10,11,9,10,5" for m in range(3)]
        (tmp_path / name).write_text("\n".join(["time,open,high,low,close,volume", *lines]))
    files = ("ABC.csv", "XYZ.csv", "--tz", "UTC", "--date-format", "%Y-%m-%d %H:%M", "--json")
    code, out, err = command("import", *files)
    assert code == 2
    assert [file["symbol"] for file in json.loads(out.splitlines()[0])["files"]] == ["ABC"]
    assert "does not fit" in out + err


def test_files_of_one_symbol_replace_what_was_stored_and_not_each_other(command, tmp_path) -> None:
    for month in (1, 2, 3):
        lines = [f"2024-0{month}-18T14:3{m}:00Z,10,11,9,10,5" for m in range(3)]
        text = "\n".join(["time,open,high,low,close,volume", *lines])
        (tmp_path / f"XYZ_{month}.csv").write_text(text)
    command("import", "XYZ_1.csv")
    code, out, _ = command("import", "XYZ_2.csv", "XYZ_3.csv", "--replace", "--json")
    assert (code, [file["removed"] for file in json.loads(out)["files"]]) == (0, [3, 0])
    assert json.loads(command("ls", "--json")[1])["series"][0]["rows"] == 6


@pytest.mark.parametrize(
    ("span", "count"),
    [
        (("--start", "0001-01-01", "--end", "9999-12-31"), 390),
        (("--start", "1500-01-01"), 390),
        (("--end", "2500-01-01"), 390),
        (("--end", "1600-01-01"), None),
        (("--start", "2024-03-19", "--end", "2024-03-18"), None),
    ],
)
def test_any_range_of_days_can_be_asked_for(command, tmp_path: Path, span, count) -> None:
    session_csv(tmp_path / "XYZ.csv")
    command("import", "XYZ.csv")
    code, out, err = command("export", "XYZ", *span, "--json")
    if count is None:
        assert code == 2
        assert "before --end" in out + err
    else:
        assert (code, json.loads(out)["rows"]) == (0, count)


def test_errors_name_what_there_is(command, tmp_path: Path) -> None:
    session_csv(tmp_path / "XYZ.csv")
    command("import", "XYZ.csv")
    code, _, err = command("show", "XYY")
    assert code == 3
    assert "did you mean 'XYZ'?" in err
    assert command("show", "XYZ", "--interval", "5m")[0] == 3
    assert command("export", "XYZ", "--format", "xlsx")[0] == 2
    assert command("export", "XYZ", "--out", "no/such/folder.csv")[0] == 3
    assert command("import", "XYZ.csv", "ABC.csv", "--symbol", "Q")[0] == 3
