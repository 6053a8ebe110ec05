"""The broker's files: what stands in them, who may read them, and that a revocation is never lost."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from provisioning.authority import Authority
from provisioning.broker import Broker
from provisioning.errors import AuthorityError, BrokerDownError, BrokerError
from provisioning.mosquitto import BrokerSettings, access_list, mosquitto_conf, pid_file
from tests.provisioning.mqtt import RunningBroker, certify_kiosk, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SETTINGS = BrokerSettings(port=8883, gateways=("gw-1",), listen="0.0.0.0", hosts=("192.168.1.10",))  # noqa: S104 - a text
ACCESS = """\
# Written by `hexiao provision`; what is changed by hand is lost at the next change.

# Kiosks
pattern write hexiao/v1/%u/request
pattern read hexiao/v1/%u/verdict
pattern write hexiao/v1/%u/presence

# Gateway
user gw-1
topic read hexiao/v1/+/request
topic write hexiao/v1/+/verdict
topic read hexiao/v1/+/presence

# Revoked
user till-2
topic deny hexiao/v1/till-2/request
topic deny hexiao/v1/till-2/presence
"""


def test_the_access_list_reads_like_this() -> None:
    assert access_list(["gw-1"], ["till-2"]) == ACCESS


def test_the_configuration_asks_for_certificates_and_rests_nothing_on_the_broker() -> None:
    lines = mosquitto_conf(Path("/b"), SETTINGS).splitlines()
    for line in (
        "listener 8883 0.0.0.0",
        "tls_version tlsv1.2",
        "cafile /b/ca.pem",
        "require_certificate true",
        "use_identity_as_username true",
        "use_username_as_clientid true",
        "allow_anonymous false",
        "acl_file /b/acl",
        "persistence false",
        "set_tcp_nodelay true",
        "max_packet_size 17408",
    ):
        assert line in lines


def test_what_is_written_can_be_read_back(authority: Authority, tmp_path: Path) -> None:
    broker = Broker(tmp_path / "broker")
    broker.write(SETTINGS, authority)
    assert broker.settings() == SETTINGS
    assert broker.authority.read_bytes() == authority.pem
    assert (broker.folder / "server.key").stat().st_mode & 0o777 == 0o600


def test_writing_again_keeps_the_key_and_every_revocation(authority: Authority, tmp_path: Path) -> None:
    broker = Broker(tmp_path / "broker")
    broker.write(SETTINGS, authority)
    key = (broker.folder / "server.key").read_bytes()
    certificate = (broker.folder / "server.pem").read_bytes()
    broker.revoke("till-2")
    broker.write(SETTINGS, authority)
    assert (broker.folder / "server.key").read_bytes() == key
    assert (broker.folder / "server.pem").read_bytes() != certificate
    assert (broker.folder / "acl").read_text() == ACCESS


def test_revocations_at_the_same_moment_are_all_kept(authority: Authority, tmp_path: Path) -> None:
    broker = Broker(tmp_path / "broker")
    broker.write(SETTINGS, authority)
    names = [f"till-{number}" for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(broker.revoke, names))
    assert broker.settings().revoked == tuple(sorted(names))


def test_a_name_that_would_write_lines_of_its_own_is_refused(authority: Authority, tmp_path: Path) -> None:
    broker = Broker(tmp_path / "broker")
    broker.write(SETTINGS, authority)
    for name in ("x\ntopic readwrite #", "+", "#"):
        with pytest.raises(AuthorityError):
            broker.revoke(name)
        with pytest.raises(AuthorityError):
            broker.write(BrokerSettings(port=1, gateways=(name,)), authority)
    with pytest.raises(AuthorityError):
        broker.write(BrokerSettings(port=1, gateways=("gw-1",), listen="0.0.0.0\nallow_anonymous true"), authority)
    assert broker.settings() == SETTINGS


def test_the_gateway_itself_is_not_revoked_by_a_slip(authority: Authority, tmp_path: Path) -> None:
    broker = Broker(tmp_path / "broker")
    broker.write(SETTINGS, authority)
    with pytest.raises(BrokerError, match="gateway"):
        broker.revoke("gw-1")


def test_a_folder_without_a_broker_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match="hexiao provision broker write"):
        Broker(tmp_path).revoke("till-1")


def test_a_damaged_memory_of_revocations_is_not_written_over(authority: Authority, tmp_path: Path) -> None:
    broker = Broker(tmp_path / "broker")
    broker.write(SETTINGS, authority)
    (broker.folder / "broker.json").write_text("{")
    with pytest.raises(BrokerError, match="damaged"):
        broker.write(SETTINGS, authority)
    with pytest.raises(BrokerError, match="damaged"):
        broker.revoke("till-1")


def test_a_broker_that_does_not_run_is_said_not_to_run(authority: Authority, tmp_path: Path) -> None:
    broker = Broker(tmp_path / "broker")
    broker.write(SETTINGS, authority)
    with pytest.raises(BrokerDownError, match="no broker runs"):
        broker.reload()


def test_another_process_with_the_old_broker_s_number_gets_no_signal(authority: Authority, tmp_path: Path) -> None:
    broker = Broker(tmp_path / "broker")
    broker.write(SETTINGS, authority)
    with subprocess.Popen(["sleep", "60"]) as bystander:
        pid_file(broker.folder).write_text(f"{bystander.pid}\n")
        with pytest.raises(BrokerDownError):
            broker.reload()
        assert bystander.poll() is None
        bystander.kill()


def test_a_broker_of_another_folder_gets_no_signal(
    running: RunningBroker, authority: Authority, tmp_path: Path
) -> None:
    other = Broker(tmp_path / "other")
    other.write(SETTINGS, authority)
    shutil.copy(pid_file(running.broker.folder), pid_file(other.folder))
    with pytest.raises(BrokerDownError):
        other.reload()


def test_a_killed_broker_s_file_is_not_taken_for_a_running_one(running: RunningBroker) -> None:
    running.process.send_signal(signal.SIGKILL)
    running.process.wait()
    assert pid_file(running.broker.folder).exists()
    with pytest.raises(BrokerDownError):
        running.broker.reload()


def test_an_unknown_system_user_is_refused(authority: Authority, tmp_path: Path) -> None:
    settings = BrokerSettings(port=8883, gateways=("gw-1",), user="nobody-of-that-name")
    with pytest.raises(BrokerError, match="no user nobody-of-that-name"):
        Broker(tmp_path / "broker").write(settings, authority)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Give a folder that every user of the machine can reach; pytest's own ones are not."""
    with tempfile.TemporaryDirectory(prefix="hexiao-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a broker that becomes another user")
def test_a_broker_that_becomes_its_own_user_can_read_its_key_again_and_again(
    open_folder: Path, free_port: Callable[[], int], mosquitto_program: Path
) -> None:
    broker, port = Broker(open_folder / "broker"), free_port()
    authority = Authority.create(open_folder / "ca", "Test")
    broker.write(BrokerSettings(port=port, gateways=("gw-1",), user="mosquitto"), authority)
    broker.revoke("till-2")
    user = pwd.getpwnam("mosquitto")
    for secret in ("server.key", "acl"):  # newer mosquittos want their access list to be theirs alone
        status = (broker.folder / secret).stat()
        assert (status.st_mode & 0o777, status.st_uid, status.st_gid) == (0o600, user.pw_uid, user.pw_gid)
    certify_kiosk(authority, "till-1", open_folder / "till-1")
    process = subprocess.Popen([mosquitto_program, "-c", broker.configuration], stderr=subprocess.DEVNULL)
    running = RunningBroker(broker, port, open_folder, process)
    try:
        wait_until(lambda: running.is_up() or process.poll() is not None)
        assert Path(f"/proc/{process.pid}").stat().st_uid == user.pw_uid
        before = running.certificate("till-1")
        broker.write(broker.settings(), authority)
        broker.reload()
        wait_until(lambda: running.certificate("till-1") != before)
    finally:
        running.close()
