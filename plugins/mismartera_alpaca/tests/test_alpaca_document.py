"""What docs/alpaca.md shows works as it stands."""

import json
import re
from pathlib import Path

import pytest
from alpaca_rows import ACCOUNT, SECRETS
from alpaca_server import AlpacaServer
from mismartera_alpaca.config import BrokerConfig, DataConfig

from mismartera_core.cli import main
from mismartera_core.config.loading import config_from
from mismartera_core.registry import Registry
from mismartera_core.services.config_resolution import resolve

PAGE = (Path(__file__).parents[3] / "docs/alpaca.md").read_text(encoding="utf-8")
CONFIG = json.loads(re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)[1])


def test_its_config_is_right():
    found = resolve(config_from(CONFIG), Registry.discover())
    assert found.data_provider.config == DataConfig(feed="iex")
    assert found.gap_filler.config == DataConfig(feed="iex")
    assert found.broker.config == BrokerConfig(paper=True)


def test_every_field_of_data_is_in_its_table():
    table = PAGE.partition("## Data")[2].partition("## Orders")[0]
    named = set(re.findall(r"`(\w+)`", table))
    assert set(DataConfig.model_fields) - {"keys", "page_size"} <= named
    for name, field in DataConfig.model_fields.items():
        if row := re.search(rf"^\| `{name}` \| (.*?) \|", table, re.MULTILINE):
            assert row[1].strip("`") == str(field.default).lower().removesuffix(".0")


@pytest.mark.parametrize("names", [list(SECRETS), ["APCA_API_KEY_ID", "APCA_API_SECRET_KEY"]])
def test_its_command_says_whose_account_it_is(tmp_path, monkeypatch, capsys, names):
    for name in (*SECRETS, "APCA_API_KEY_ID", "APCA_API_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.chdir(tmp_path)
    lines = [f"{name}={text}\n" for name, text in zip(names, SECRETS.values(), strict=True)]
    (tmp_path / ".env").write_text("".join(lines))
    (tmp_path / "alpaca.json").write_text(json.dumps(CONFIG))
    with AlpacaServer() as server:
        url = f"broker.config.trading_url={server.http.url}"
        code = main(["account", "alpaca.json", "--set", url])
    out, err = capsys.readouterr()
    assert (code, err) == (0, "")
    assert ACCOUNT["account_number"] in out
    assert "paper" in out


def test_without_keys_it_says_where_they_were_looked_for(tmp_path, monkeypatch, capsys):
    for name in (*SECRETS, "APCA_API_KEY_ID", "APCA_API_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "alpaca.json").write_text(json.dumps(CONFIG))
    code = main(["account", "alpaca.json"])
    err = capsys.readouterr().err
    assert code == 2
    for words in ("ALPACA_API_KEY", "the environment, .env, the keyring", "app.alpaca.markets"):
        assert words in err
