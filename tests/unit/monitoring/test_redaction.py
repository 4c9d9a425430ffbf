import base64
import io
import json
import logging
import sys
from urllib.parse import quote

import pytest

from mismartera_core.monitoring import redaction
from mismartera_core.monitoring.logs import ROOT, log_to_file
from mismartera_core.monitoring.redaction import conceal, redacted

SECRET = 'Zq7/+canary"of=the~keys%41'  # noqa: S105 - it opens nothing


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    """Nothing that is concealed here stays so."""
    factory = logging.getLogRecordFactory()
    monkeypatch.setattr(redaction, "_parts", {})
    yield
    logging.setLogRecordFactory(factory)


@pytest.fixture
def said():
    """What a handler of the root logger writes, whoever logs."""
    stream, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(stream), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.parametrize(
    "shown",
    [
        SECRET,
        SECRET[-20:],
        SECRET[3:14],
        quote(SECRET, safe=""),
        json.dumps(SECRET),
        repr(SECRET.encode()),
        SECRET.encode().hex(),
        SECRET.encode().hex(" "),
    ],
)
def test_a_secret_is_struck_out_in_whole_in_part_and_in_every_form(shown):
    conceal(SECRET)
    found = redacted(f"auth {shown} sent")
    assert "***" in found
    assert found.startswith("auth ")
    assert found.endswith(" sent")
    assert not any(found[at : at + 8] in shown for at in range(5, len(found) - 12))


@pytest.mark.parametrize("before", ["key:", "key1:", "key12:"])
def test_a_secret_within_base64_is_struck_out(before):
    conceal(SECRET)
    found = redacted(base64.b64encode(f"{before}{SECRET}".encode()).decode())
    first, last = found.split("***")
    shown = base64.b64decode(first + "=" * (-len(first) % 4)).decode()
    assert shown.startswith(before)
    assert len(shown.removeprefix(before)) + len(last) < 8


def test_what_is_no_secret_stays():
    conceal(SECRET)
    for text in ("", "short", "the keys of canary islands", SECRET[:7]):
        assert redacted(text) == text


def test_a_short_secret_is_struck_out_as_a_whole():
    conceal("hush!")
    assert redacted("say hush! and hus") == "say *** and hus"


def test_what_is_too_short_to_be_a_secret_strikes_nothing_out():
    conceal("abc")
    assert redacted("abc abc") == "abc abc"


def test_no_logger_shows_a_secret(said):
    conceal(SECRET)
    log = logging.getLogger("websockets.client")
    log.debug("> TEXT %r", f'{{"secret": "{SECRET}"}}')
    log.debug("> BINARY %s", SECRET.encode().hex(" "))
    log.info("plain words stay, %d of them", 5)
    log.error("it failed", exc_info=ValueError(f"cannot log in with {SECRET}"))
    text = said.getvalue()
    assert "plain words stay, 5 of them" in text
    assert "ValueError: cannot log in" in text
    assert SECRET not in text
    assert SECRET[-20:] not in text
    assert text.count("***") >= 3


def test_a_message_that_cannot_be_formatted_shows_nothing(said, monkeypatch):
    conceal(SECRET)
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    logging.getLogger("careless").warning("%d is no number", SECRET)
    assert SECRET not in said.getvalue() + stderr.getvalue()
    assert "could not be formatted" in said.getvalue()


def test_extras_and_exceptions_of_the_log_file_are_struck_out(tmp_path):
    conceal(SECRET)
    log = logging.getLogger(f"{ROOT}.tests")
    with log_to_file(tmp_path / "log.jsonl"):
        log.warning("with an extra", extra={"headers": {"APCA": SECRET}})
        log.error("it failed", exc_info=ValueError(SECRET))
    first, second = map(json.loads, (tmp_path / "log.jsonl").read_text().splitlines())
    assert first["headers"] == {"APCA": "***"}
    assert "ValueError: ***" in second["exception"]
