"""Keys are seen nowhere: a session of data, stream and orders at log level debug, searched."""

import base64
import logging
import pickle
import threading
import traceback
from dataclasses import replace
from decimal import Decimal

import alpaca_rows
import pytest
from alpaca_rows import OPEN, bar, order, streamed, until
from alpaca_server import AlpacaServer, bars_pages
from mismartera_alpaca.broker import AlpacaBroker
from mismartera_alpaca.config import BrokerConfig, DataConfig
from mismartera_alpaca.data_line import DataLine
from mismartera_alpaca.keys import find_keys
from mismartera_alpaca.provider import AlpacaProvider

from mismartera_core import MisMarteraError, OrderTerms, OrderType, Session, Side, StreamRequest
from mismartera_core.config.settings import Settings
from mismartera_core.model.intervals import MINUTE
from mismartera_core.monitoring import redaction
from mismartera_core.registry import Registry
from mismartera_core.system.secrets import Secrets
from mismartera_core.testing import Fault, Reply, plugin_context

KEY, SECRET = "PKCANARYKEY7QX2M", "canary/Zq83+secret=of~nobody@all"
PART = 8


@pytest.fixture
def environment(monkeypatch, tmp_path):
    """The keys in the environment, and logging as it was afterwards."""
    factory = logging.getLogRecordFactory()
    monkeypatch.setattr(redaction, "_parts", {})
    monkeypatch.setenv("ALPACA_API_KEY", KEY)
    monkeypatch.setenv("ALPACA_SECRET_KEY", SECRET)
    monkeypatch.setattr(alpaca_rows, "KEY", KEY)
    monkeypatch.setattr(alpaca_rows, "SECRET", SECRET)
    monkeypatch.chdir(tmp_path)
    yield
    logging.setLogRecordFactory(factory)


def shown(text):
    """Parts of the keys within a text, plain, in hexadecimal and in base64."""
    parts = set()
    for secret in (KEY, SECRET):
        raw = secret.encode()
        forms = [secret, base64.b64encode(raw).decode(), raw.hex(), raw.hex(" ")]
        for form, length in zip(forms, (PART, PART, 2 * PART, 3 * PART - 1), strict=True):
            parts |= {form[at : at + length] for at in range(len(form) - length + 1)}
    return {part for part in parts if part in text}


def test_the_search_finds_what_is_shown():
    assert shown(f"auth {SECRET[-20:]}")
    assert shown(SECRET.encode().hex(" "))
    assert not shown("nothing of that kind")


def test_a_session_at_debug_shows_no_key(environment, tmp_path, caplog):
    registry = Registry.from_modules({})
    context = plugin_context(tmp_path)
    secrets = Secrets(registry)
    context = replace(context, secret=secrets)
    said = []
    held = {("AAPL", MINUTE): [(OPEN, bar(OPEN))]}
    routes = {
        "/v2/stocks/bars": bars_pages(held, 3),
        "/v2/orders": lambda request: Reply.json(order()),
    }
    caplog.set_level(logging.DEBUG)
    with AlpacaServer(routes) as server:
        provider = AlpacaProvider(DataConfig(**server.data_config(deadline_seconds=0.7)), context)
        broker = AlpacaBroker(BrokerConfig(**server.broker_config(deadline_seconds=0.7)), context)
        provider.get_bars("AAPL", "1m", OPEN, OPEN + MINUTE)
        events = []
        broker.account()
        broker.listen(events.append)
        terms = OrderTerms(
            client_id="mm-1",
            symbol="AAPL",
            side=Side.BUY,
            type=OrderType.MARKET,
            quantity=Decimal(1),
        )
        broker.submit(terms)
        _stream(provider, server, events)
        for fault in (Fault.status(401), Fault.status(500), Fault.dropped(), Fault.silence()):
            server.http.script([], then=fault)
            said += [
                _failed(lambda: provider.get_bars("AAPL", "1m", OPEN, OPEN + MINUTE)),
                _failed(broker.account),
                _failed(lambda: broker.submit(terms)),
            ]
        said += [repr(it) for it in (provider, broker, events, secrets, context)]
        said += [repr(vars(it)) for it in (provider, broker, secrets)]
        broker.close()
        provider.close()
    keys = find_keys(secrets, "ALPACA")
    line = DataLine(DataConfig(), keys, StreamRequest(symbols=("AAPL",)), events.append)
    said += [repr(keys), repr(line), repr(vars(line))]
    logging.getLogger("anybody").error("it says %s", SECRET)
    assert "it says ***" in caplog.text
    assert len(caplog.records) > 10
    found = {
        where: shown(text) for where, text in {"log": caplog.text, "said": " ".join(said)}.items()
    }
    assert found == {"log": set(), "said": set()}
    for file in (it for it in tmp_path.rglob("*") if it.is_file()):
        assert not shown(file.read_text(errors="replace")), file


def _stream(provider, server, events):
    """A bar comes, the key is refused, the connection is lost."""
    stop, before = threading.Event(), len(events)
    wanted = StreamRequest(symbols=("AAPL",), interval="1m")
    thread = threading.Thread(target=provider.stream, args=(wanted, events.append, stop))
    thread.start()
    until(lambda: len(events) > before, "LIVE")
    server.data.push(streamed(), {"T": "error", "code": 500, "msg": "internal error"})
    until(lambda: len(events) > before + 3, "LIVE again")
    stop.set()
    thread.join()


def _failed(ask):
    """What a failed call says, with everything that is beneath it."""
    with pytest.raises(MisMarteraError) as caught:
        ask()
    return "".join(traceback.format_exception(caught.value)) + repr(caught.value.__dict__)


def test_configs_are_written_without_keys(environment):
    for config in (DataConfig(), BrokerConfig()):
        assert not shown(config.model_dump_json() + repr(config) + str(pickle.dumps(config)))


def test_a_run_keeps_the_keys_of_env_out_of_its_folder_and_database(tmp_path, monkeypatch, caplog):
    """A backtest on Alpaca's bars with keys in .env: they are used, and written nowhere else."""
    for name in ("ALPACA_API_KEY", "ALPACA_SECRET_KEY", "APCA_API_KEY_ID", "APCA_API_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(redaction, "_parts", {})
    monkeypatch.setattr(alpaca_rows, "KEY", KEY)
    monkeypatch.setattr(alpaca_rows, "SECRET", SECRET)
    monkeypatch.chdir(tmp_path)
    env = tmp_path / ".env"
    env.write_text(f"ALPACA_API_KEY={KEY}\nALPACA_SECRET_KEY='{SECRET}'\n")
    stamps = [OPEN + row * MINUTE for row in range(390)]
    held = {("AAPL", MINUTE): [(ns, bar(ns)) for ns in stamps]}
    factory = logging.getLogRecordFactory()
    caplog.set_level(logging.DEBUG)
    with AlpacaServer({"/v2/stocks/bars": bars_pages(held, 100)}) as server:
        provider = {"name": "alpaca", "config": server.data_config(page_size=100)}
        run = Session(
            {**CONFIG, "data_provider": provider},
            Settings(runtime_dir=tmp_path / "runtime", log_level="debug", _env_file=None),
        ).run()
        assert len(server.requests) >= 4
    logging.setLogRecordFactory(factory)
    assert run.summary["bars"] == 390
    files = [it for it in tmp_path.rglob("*") if it.is_file() and it != env]
    assert {"manifest.json", "mismartera.db"} <= {it.name for it in files}
    assert [it.name for it in files if shown(it.read_bytes().decode("latin-1"))] == []
    assert not shown(caplog.text)


CONFIG = {
    "session_name": "canary",
    "exchange_group": "US_EQUITY",
    "asset_class": "EQUITY",
    "mode": "backtest",
    "backtest_config": {"start_date": "2024-11-20", "end_date": "2024-11-20"},
    "session_data_config": {"symbols": ["AAPL"], "streams": ["bars_1m"]},
    "strategies": [{"name": "sma_cross"}],
    "broker": {"name": "simulated", "config": {"cash": "100000", "leverage": None}},
}
