"""Promises of a report."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mismartera_core.contracts.report import Report, RunView
from mismartera_core.testing.finished_runs import finished_run
from mismartera_core.testing.suite import MadeConformance, breach, expect, not_applicable, survives

_TABLES = ("fills", "signals", "orders", "trades", "equity", "daily_returns", "quality", "gaps")

_NAMES = {
    "unicode": "Öl & Gas / 日本株 📈",
    "markup": "a|b\n<b>c</b>",
    "path": "../up",
    "quotes": 'C:\\new "quoted"',
}

_HARMFUL = {
    "formula": ("=1+2", (".csv", ".tsv"), "put an apostrophe before texts that begin with = + - @"),
    "markup": ("<script>x</script>", (".html", ".htm", ".svg"), "html.escape() every text"),
}
"""What a name must not be: the name, files it matters in, and the cure."""


class ReportConformance(MadeConformance):
    """What a report promises."""

    kind = "report"

    @pytest.fixture
    def run(self) -> RunView:
        """A finished run with trades, refusals and a gap."""
        return finished_run()

    @pytest.fixture
    def folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """The run folder; the process works in another one."""
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        monkeypatch.chdir(elsewhere)
        made = tmp_path / "run"
        made.mkdir()
        (made / "manifest.json").write_text("{}", encoding="utf-8")
        return made

    def test_files_are_written_and_listed(self, made: Report, run: RunView, folder: Path) -> None:
        """What it returns is what it wrote, inside the folder and nowhere else."""
        before = _files(folder.parent)
        written = _write(made, run, folder)
        listed = {Path(path).resolve() for path in written}
        absent = sorted(str(path) for path in listed if not path.is_file())
        contract = "a report returns the files it wrote"
        expect(listed, contract, "an empty list", "return the paths of the files")
        expect(not absent, contract, f"there is no {', '.join(absent)}", "return what was written")
        after = _files(folder.parent)
        new = {path.resolve() for path in after if after[path] != before.get(path)}
        outside = sorted(str(path) for path in new | listed if folder.resolve() not in path.parents)
        expect(
            not outside,
            "a report writes into the folder it is given and nowhere else",
            f"{', '.join(outside)}",
            "write to folder / 'name'; relative paths go to the working folder",
        )
        silent = sorted(path.name for path in new - listed)
        expect(not silent, contract, f"{', '.join(silent)} is not among them", "list it, too")
        lost = sorted(path.name for path in before if path not in after)
        expect(not lost, "a report removes no file", f"{', '.join(lost)}", "leave the folder alone")

    def test_run_without_trades_is_a_report_too(self, made: Report, folder: Path) -> None:
        """Empty tables, and figures that are not defined (None)."""
        written = _write(made, finished_run(trades=False), folder)
        expect(
            written,
            "a run without trades has a report",
            "no file",
            "say that nothing was traded, and why: run.signals has the reasons",
        )

    @pytest.mark.parametrize("name", _NAMES.values(), ids=_NAMES)
    def test_names_of_all_kinds_are_written(self, made: Report, folder: Path, name: str) -> None:
        """Names of sessions, strategies and symbols are text, never paths or markup."""
        run = finished_run(session_name=name, strategies=(name, "slow"), symbols=(name, "BRK.B"))
        before = _files(folder.parent)
        for path in _write(made, run, folder):
            expect(
                folder.resolve() in Path(path).resolve().parents,
                "a report writes into the folder it is given, whatever names the run has",
                f"{path} for the name {name!r}",
                "do not make file names of the names in a run",
            )
        new = [path for path in _files(folder.parent) if path not in before]
        expect(
            all(folder in path.parents for path in new),
            "a report writes into the folder it is given, whatever names the run has",
            f"{', '.join(map(str, new))} for the name {name!r}",
            "do not make file names of the names in a run",
        )

    @pytest.mark.parametrize("kind", _HARMFUL)
    def test_names_do_no_harm_where_they_are_opened(
        self, made: Report, folder: Path, kind: str
    ) -> None:
        """A name is no formula in a spreadsheet, and no markup in a browser."""
        name, suffixes, cure = _HARMFUL[kind]
        run = finished_run(session_name=name, strategies=(name, "slow"), symbols=(name, "BRK.B"))
        texts = {
            Path(path).name: Path(path).read_text(encoding="utf-8")
            for path in _write(made, run, folder)
            if Path(path).suffix.lower() in suffixes
        }
        if not texts:
            not_applicable(f"it writes no {' or '.join(suffixes)}")
        for file, text in texts.items():
            seen = [cell for cell in _cells(text, file) if cell.startswith(name)]
            expect(
                not seen and not (kind == "markup" and name in text),
                "names of a run are text wherever a file is opened",
                f"{file} has {name!r} as it is",
                cure,
            )

    def test_run_is_not_changed(self, made: Report, run: RunView, folder: Path) -> None:
        """The record and the tables are read, never written."""
        tables = {name: getattr(run, name).copy() for name in _TABLES}
        figures = {**run.summary}, {**run.metrics}
        _write(made, run, folder)
        contract = "a report reads the run and does not change it"
        cure = "copy a table before you add columns, sort or rename: df = run.trades.copy()"
        for name, table in tables.items():
            expect(table.equals(getattr(run, name)), contract, f"run.{name} is another", cure)
        for name, past, now in zip(
            ("summary", "metrics"), figures, (run.summary, run.metrics), strict=True
        ):
            changed = sorted(key for key in {*past, *now} if _differ(past, now, key))
            expect(not changed, contract, f"run.{name}: {', '.join(changed)} changed", cure)
        same = _equal(run.record, finished_run().record)
        expect(same, contract, "run.record is another", cure)

    def test_report_can_be_written_again(self, made: Report, run: RunView, folder: Path) -> None:
        """A second time it writes the same files over."""
        first, second = (sorted(map(str, _write(made, run, folder))) for _ in range(2))
        expect(
            first == second,
            "a report that is written again replaces its files",
            f"{second} after {first}",
            "use fixed file names",
        )


def _write(made: Report, run: RunView, folder: Path) -> list[Path]:
    with survives(
        "a report is written whatever the run has: no trades, odd names, figures that are None",
        "test for empty tables and None; open files with encoding='utf-8'",
    ):
        written = made.write(run, folder)
    if not isinstance(written, list | tuple):
        breach(
            "write() returns the files written as a list of paths",
            f"{written!r}",
            "return [path]",
        )
    return list(written)


def _cells(text: str, file: str) -> list[str]:
    """Cells of a table; a file of another kind has none."""
    if not file.lower().endswith((".csv", ".tsv")):
        return []
    rows = csv.reader(text.splitlines(), delimiter="\t" if file.lower().endswith("tsv") else ",")
    return [cell for row in rows for cell in row]


def _files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _differ(past: Mapping[str, Any], now: Mapping[str, Any], key: str) -> bool:
    one, other = past.get(key, ...), now.get(key, ...)
    return not (one is other or one == other or (one != one and other != other))


def _equal(one: Any, other: Any) -> bool:
    """Whether two records, or columns of records, have equal values."""
    for field in fields(one):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        if hasattr(mine, "__dataclass_fields__"):
            if not _equal(mine, theirs):
                return False
        elif isinstance(mine, np.ndarray):
            if not np.array_equal(mine, theirs, equal_nan=mine.dtype.kind == "f"):
                return False
        elif mine != theirs:
            return False
    return True
