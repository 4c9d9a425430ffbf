"""One process per account, until it has ended, however it ends."""

import signal
import subprocess
import sys

import pytest

from mismartera_core.errors import BrokerError
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
