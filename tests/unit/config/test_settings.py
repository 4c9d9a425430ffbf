import json
from pathlib import Path

import pytest

from mismartera_core.config.settings import load_settings, write_setting
from mismartera_core.errors import ConfigError


@pytest.fixture(autouse=True)
def _clean(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("RUNTIME_DIR", "RUNS_DIR", "DATA_DIR", "DATABASE_URL", "LOG_LEVEL", "NO_COLOR"):
        monkeypatch.delenv(f"MISMARTERA_{name}", raising=False)


def test_everything_lies_below_runtime():
    found = load_settings()
    assert found.runtime_dir == Path("runtime")
    assert found.data_dir == Path("runtime/data")
    assert found.runs_dir == Path("runtime/runs")
    assert found.database_url == "sqlite:///runtime/mismartera.db"


def test_one_variable_moves_everything_and_another_only_its_own(monkeypatch):
    monkeypatch.setenv("MISMARTERA_RUNTIME_DIR", "/elsewhere")
    monkeypatch.setenv("MISMARTERA_RUNS_DIR", "/runs")
    found = load_settings()
    assert found.data_dir == Path("/elsewhere/data")
    assert found.runs_dir == Path("/runs")
    assert found.database_url == "sqlite:////elsewhere/mismartera.db"


def test_dotenv_is_read_and_the_environment_goes_before_it(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text(
        "MISMARTERA_LOG_LEVEL=debug\nMISMARTERA_NO_COLOR=true\nOTHER=1\n"
    )
    monkeypatch.setenv("MISMARTERA_LOG_LEVEL", "error")
    found = load_settings()
    assert (found.log_level, found.no_color) == ("error", True)


def test_an_argument_goes_before_both(monkeypatch):
    monkeypatch.setenv("MISMARTERA_RUNTIME_DIR", "/elsewhere")
    assert load_settings(runtime_dir=Path("mine")).data_dir == Path("mine/data")


def test_a_wrong_setting_names_its_variable(monkeypatch):
    monkeypatch.setenv("MISMARTERA_LOG_LEVEL", "loud")
    with pytest.raises(ConfigError, match=r"MISMARTERA_LOG_LEVEL: .*'loud'"):
        load_settings()


def test_a_damaged_dotenv_is_one_sentence(tmp_path):
    (tmp_path / ".env").write_bytes(b"\xff\xfe\x00A")
    with pytest.raises(ConfigError, match=r"\.env cannot be read"):
        load_settings()


def test_the_settings_file_goes_after_dotenv_and_the_environment(monkeypatch, tmp_path):
    write_setting("log_level", "info")
    write_setting("plugins_disabled", ["news"])
    assert load_settings().plugins_disabled == ["news"]
    assert load_settings().log_level == "info"
    (tmp_path / ".env").write_text("MISMARTERA_LOG_LEVEL=debug\n")
    assert load_settings().log_level == "debug"
    monkeypatch.setenv("MISMARTERA_LOG_LEVEL", "error")
    assert load_settings().log_level == "error"


def test_writing_a_setting_keeps_the_others(tmp_path):
    write_setting("log_level", "info")
    write_setting("plugins_disabled", ["news"])
    assert json.loads((tmp_path / "mismartera.settings.json").read_text()) == {
        "log_level": "info",
        "plugins_disabled": ["news"],
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"mismartera\.settings\.json, line 1"),
        ("[]", "expected an object of settings"),
        ('{"log_levle": "info"}', "there is no setting 'log_levle'"),
        ('{"plugin_seconds": 0}', "MISMARTERA_PLUGIN_SECONDS: .*greater than 0"),
    ],
)
def test_a_wrong_settings_file_is_one_sentence(tmp_path, text, message):
    (tmp_path / "mismartera.settings.json").write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_settings()


def test_a_list_that_is_no_json_is_one_sentence(monkeypatch):
    monkeypatch.setenv("MISMARTERA_PLUGINS_DISABLED", "news")
    with pytest.raises(ConfigError, match=r"expected a JSON list: .*plugins_disabled"):
        load_settings()
