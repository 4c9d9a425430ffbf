"""One process per account, until it has ended, however it ends."""

import importlib.util
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from mismartera_core.errors import BrokerError
from mismartera_core.repositories import account_lease
from mismartera_core.repositories.account_lease import AccountLease

HOLD = """
import sys
from pathlib import Path
from mismartera_core.repositories.account_lease import AccountLease
lease = AccountLease(Path(sys.argv[1]), "alpaca:PA/1", "20260105-1")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    words = [sys.executable, "-c", HOLD, str(tmp_path)]
    process = subprocess.Popen(words, stdin=-1, stdout=-1, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_process_is_refused_and_told_who_is_first(holder, tmp_path):
    with pytest.raises(BrokerError) as refusal:
        AccountLease(tmp_path, "alpaca:PA/1", "20260105-2")
    assert f"process {holder.pid}, run 20260105-1" in str(refusal.value)
    AccountLease(tmp_path, "alpaca:PA/2", "20260105-2").release()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_killed_process_holds_nothing(holder, tmp_path):
    holder.send_signal(signal.SIGKILL)
    holder.wait(30)
    lease = AccountLease(tmp_path, "alpaca:PA/1", "20260105-2")
    assert "20260105-2" in lease.path.read_text()
    lease.release()
    lease.release()


def test_a_holder_that_has_not_said_who_it_is(tmp_path):
    lease = AccountLease(tmp_path, "PA1", "run")
    lease.path.write_text("")
    with pytest.raises(BrokerError, match="not yet said"):
        AccountLease(tmp_path, "PA1", "run")
    lease.release()


def test_on_windows_one_byte_beyond_the_text_is_locked(tmp_path, monkeypatch):
    held = {}

    def locking(handle, mode, count):
        where = os.fstat(handle).st_ino
        if held.setdefault(where, (handle, mode, count)) != (handle, mode, count):
            raise OSError("another process has it")

    spec = importlib.util.find_spec("mismartera_core.repositories.file_lock")
    module = importlib.util.module_from_spec(spec)
    with monkeypatch.context() as windows:
        windows.setitem(sys.modules, "msvcrt", SimpleNamespace(LK_NBLCK=2, locking=locking))
        windows.setattr(os, "name", "nt")
        spec.loader.exec_module(module)
    monkeypatch.setattr(account_lease, "lock", module.lock)
    lease = AccountLease(tmp_path, "PA1", "first")
    with pytest.raises(BrokerError, match="run first"):
        AccountLease(tmp_path, "PA1", "second")
    assert [(mode, count) for _, mode, count in held.values()] == [(2, 1)]
    lease.release()
