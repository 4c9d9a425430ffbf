"""Run folders: readable by pandas in one line, whole, found by name, readable when cut short."""

import errno
import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from builders import run_record
from pandas.testing import assert_frame_equal

from mismartera_core.errors import DataError, MisMarteraError, UsageError
from mismartera_core.model.quality import FilledGap, Gap, MinuteState, QualityReport
from mismartera_core.repositories.run_files import write_atomically, write_table
from mismartera_core.repositories.run_folder import (
    TABLES,
    create_run_folder,
    list_runs,
    make_run_id,
    read_run,
    start_run,
)
from mismartera_core.system.run import Run, load_run, save_run

FILLS = ((0, 0, 1, 100, 10.1, 1.000001, 0), (0, 0, -1, 40, 11.123456, 0.35, 30))
ORDERS = (
    (1, 0, 0, 1, 100, 100, "filled", "", 0),
    (2, 0, 0, -1, 40, 40, "filled", "", 29),
    (0, 1, 1, 1, 9, 0, "rejected", "=HYPERLINK(1)", 40),
)
SESSIONS = ([(10_000, 0), (1e4 + 1 / 3, 600.0)], [(9_900.1, 0)])
PROPERTIES = ("fills", "orders", "signals", "trades", "equity", "daily_returns", "quality", "gaps")


def example(**changes):
    gap = Gap(start_ns=1_719_840_660_000_000_000, bars=2, state=MinuteState.SILENT)
    mended = FilledGap(start_ns=1_719_840_600_000_000_000, bars=1, source="again")
    day = datetime(2024, 7, 1, tzinfo=UTC).date()
    report = QualityReport(
        session=day, symbol="AAA", interval="1m", expected=390, traded=388, silent=2, missing=0,
        source="csv", filled=1, gaps=(gap,), filled_gaps=(mended,),
    )  # fmt: skip
    options = {
        "quality": (report,),
        "closing_prices": np.array([11.0, np.nan]),
        "bars": 780,
        "seconds": 0.25,
        "notes": ("no risk block",),
        "threads": {"engine": {"busy": 0.2}},
    }
    return Run(run_record(FILLS, ORDERS, SESSIONS, **{**options, **changes}))


def stored(runs_dir, run=None, name="20240701-133000.000-example-abcdef0"):
    folder = create_run_folder(runs_dir, name)
    start_run(folder, {"session_name": "example"}, {"session_name": "example", "seed": 7})
    return save_run(run or example(), folder, {"exit_state": "done"})


def test_run_ids_sort_by_time_and_are_safe_names():
    early = make_run_id(datetime(2024, 7, 1, 9, 30, tzinfo=UTC), "My Köln: run/..", "abcdef012")
    late = make_run_id(datetime(2024, 7, 1, 10, tzinfo=UTC), "a", "0")
    assert early == "20240701-093000.000-my-k-ln-run-abcdef0"
    assert early < late


def test_two_runs_of_one_instant_get_two_folders(tmp_path):
    names = [create_run_folder(tmp_path / "runs", "same").name for _ in range(3)]
    assert names == ["same", "same-002", "same-003"]


def test_a_run_read_back_has_the_same_tables_figures_and_hash(tmp_path):
    run = stored(tmp_path)
    back = load_run("@last", tmp_path)
    for name in PROPERTIES:
        assert_frame_equal(getattr(back, name), getattr(run, name), check_exact=True)
    assert back.summary == run.summary
    assert back.metrics == run.metrics
    assert back.trade_hash == run.trade_hash
    assert back.record.quality == run.record.quality
    assert back.folder == run.folder


def test_a_run_without_any_row_can_be_read_back(tmp_path):
    run = stored(tmp_path, Run(run_record()))
    back = load_run("@last", tmp_path)
    for name in PROPERTIES:
        assert_frame_equal(getattr(back, name), getattr(run, name), check_exact=True)


@pytest.mark.parametrize("name", TABLES)
def test_pandas_opens_everything_in_one_line(tmp_path, name):
    run = stored(tmp_path)
    parquet = pd.read_parquet(run.folder / f"{name}.parquet")
    csv = pd.read_csv(run.folder / f"{name}.csv")
    assert list(csv.columns) == list(parquet.columns)
    assert len(csv) == len(parquet)
    for column in parquet.select_dtypes("number").columns:
        assert csv[column].astype(float).tolist() == pytest.approx(
            parquet[column].astype(float).tolist(), rel=0, abs=0, nan_ok=True
        )


def test_csv_times_carry_their_offset_and_prices_all_digits(tmp_path):
    first = (stored(tmp_path).folder / "fills.csv").read_text().splitlines()[2]
    assert "2024-07-01T10:01:00-04:00" in first
    assert "11.123456" in first
    equity = (tmp_path / "20240701-133000.000-example-abcdef0/equity.csv").read_text()
    assert repr(1e4 + 1 / 3) in equity


def test_csv_times_keep_fractions_of_a_second_and_follow_daylight_saving(tmp_path):
    texts = ["2024-01-05T14:30:00.500Z", "2024-07-05T13:30:00.000Z", None]
    stamps = pd.to_datetime(texts, utc=True)
    write_table(
        tmp_path, "t", lambda: [pd.DataFrame({"at": stamps.tz_convert("America/New_York")})]
    )
    at = pd.read_csv(tmp_path / "t.csv", skip_blank_lines=False)["at"].tolist()
    assert at[:2] == ["2024-01-05T09:30:00.500000000-05:00", "2024-07-05T09:30:00.000000000-04:00"]
    assert pd.isna(at[2])


def test_csv_of_parts_is_written_alike_and_what_is_missing_changes_nothing(tmp_path):
    days = pd.to_datetime(["2024-01-05", None])
    parts = [
        pd.DataFrame(
            {
                "at": pd.to_datetime([text, None], utc=True),
                "day": days,
                "text": pd.array([word, None], dtype="str"),
                "price": [1.5, None],
            }
        )
        for text, word in [("2024-01-05T14:30:00Z", "a"), ("2024-01-05T14:31:00Z", "=b")]
    ]
    write_table(tmp_path, "t", lambda: parts)
    assert (tmp_path / "t.csv").read_text().splitlines() == [
        '"at","day","text","price"',
        '"2024-01-05T14:30:00+00:00","2024-01-05","a",1.5',
        ",,,",
        '"2024-01-05T14:31:00+00:00","2024-01-05","\'=b",1.5',
        ",,,",
    ]


def test_text_that_a_spreadsheet_would_run_is_made_harmless_in_csv_only(tmp_path):
    run = stored(tmp_path)
    assert pd.read_csv(run.folder / "signals.csv")["reason"].iloc[2] == "'=HYPERLINK(1)"
    assert load_run("@last", tmp_path).signals["reason"].iloc[2] == "=HYPERLINK(1)"


def test_the_manifest_says_where_a_run_comes_from_and_how_it_ended(tmp_path):
    manifest = read_run(stored(tmp_path).folder).manifest
    assert (manifest["seed"], manifest["exit_state"], manifest["error"]) == (7, "done", "")
    assert manifest["run_id"] == "20240701-133000.000-example-abcdef0"


def test_json_has_null_where_a_figure_is_undefined(tmp_path):
    folder = stored(tmp_path, Run(run_record())).folder
    assert json.loads((folder / "summary.json").read_text())["sharpe"] is None


@pytest.mark.parametrize("name", ["@last", "20240702", "other", "20240702-1-other-1111111"])
def test_runs_are_found_by_name_beginning_or_part(tmp_path, name):
    stored(tmp_path)
    stored(tmp_path, name="20240702-1-other-1111111")
    assert load_run(name, tmp_path).folder.name == "20240702-1-other-1111111"


def test_a_run_is_found_by_its_path(tmp_path):
    folder = stored(tmp_path).folder
    assert load_run(folder).folder == folder
    assert load_run(str(folder)).folder == folder


def test_an_ambiguous_or_unknown_name_is_a_usage_error_with_choices(tmp_path):
    with pytest.raises(UsageError, match="was empty"):
        load_run("@last", tmp_path / "none")
    stored(tmp_path)
    stored(tmp_path, name="20240702-1-other-1111111")
    with pytest.raises(UsageError, match="2 that match '2024'"):
        load_run("2024", tmp_path)
    with pytest.raises(UsageError, match="no run") as unknown:
        load_run("20240702-1-ohter-1111111", tmp_path)
    assert "20240702-1-other-1111111" in unknown.value.hint
    with pytest.raises(UsageError, match=r"manifest\.json"):
        load_run(tmp_path)


def test_runs_are_listed_the_oldest_first_and_other_folders_left_alone(tmp_path):
    stored(tmp_path, name="20240702-1-other-1111111")
    stored(tmp_path)
    (tmp_path / "something").mkdir()
    listed = list_runs(tmp_path)
    assert [run.folder.name[:8] for run in listed] == ["20240701", "20240702"]
    assert listed[0].summary["trades"] == 1
    assert listed[0].config() == {"session_name": "example"}


def test_a_run_that_was_killed_is_listed_as_running_and_can_be_opened(tmp_path):
    folder = create_run_folder(tmp_path, "killed")
    start_run(folder, {}, {"session_name": "example"})
    assert list_runs(tmp_path)[0].manifest["exit_state"] == "running"
    back = load_run("killed", tmp_path)
    assert "killed" in back.summary["error"]
    assert back.summary["session_name"] == "example"


def test_a_full_disk_leaves_what_was_written_before_whole(tmp_path, monkeypatch):
    written = []
    real = os.fsync

    def full(number):
        written.append(number)
        if len(written) > 10:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(number)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MisMarteraError, match="No space left on device") as error:
        stored(tmp_path)
    assert error.value.hint
    monkeypatch.undo()
    folder = next(tmp_path.iterdir())
    assert not [path for path in folder.iterdir() if path.suffix == ".tmp"]
    back = load_run("@last", tmp_path)
    assert_frame_equal(back.fills, example().fills)
    assert read_run(folder).manifest["exit_state"] == "running"


def test_a_file_that_cannot_be_written_whole_leaves_the_old_one(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("old")

    def fails(file):
        file.write(b"half")
        raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(MisMarteraError, match="Input/output error"):
        write_atomically(path, fails)
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]
    assert path.read_text() == "old"


@pytest.mark.parametrize("name", ["record.json", "fills.parquet"])
def test_a_damaged_file_is_a_data_error_that_names_it(tmp_path, name):
    folder = stored(tmp_path).folder
    (folder / name).write_bytes(b"{ not what it says")
    with pytest.raises(DataError, match=name):
        load_run(folder)


def test_making_a_run_loads_no_pandas():
    code = (
        "import sys; from mismartera_core.system.run import Run;"
        "from mismartera_core.services import run_summary;"
        "assert not {'pandas', 'pyarrow', 'rich'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
