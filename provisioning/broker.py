"""Mosquitto's folder: configuration, access list, server certificate, and the signal that makes a broker read them.

``broker.json`` is what the other files are made from; nobody else reads it. Facts about mosquitto here were tried with
2.0.11 (Debian 12): certificates, too, are read again at SIGHUP, but port and address are not.
"""

from __future__ import annotations

import os
import pwd
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from provisioning.certificates import certificate_pem, keep_or_make_key
from provisioning.errors import BrokerDownError, BrokerError, FolderError
from provisioning.files import PUBLIC_FOLDER, SECRET, WRITER, Owner, make_folder, one_at_a_time, read_file, write_file
from provisioning.mosquitto import BrokerSettings, access_list, mosquitto_conf, pid_file
from provisioning.names import checked_identity

if TYPE_CHECKING:
    from provisioning.authority import Authority


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker's folder."""

    folder: Path

    @property
    def configuration(self) -> Path:
        """The file to start it with: ``mosquitto -c FILE``."""
        return self.folder / "mosquitto.conf"

    @property
    def authority(self) -> Path:
        """The authority's certificate that its clients check it by."""
        return self.folder / "ca.pem"

    def settings(self) -> BrokerSettings:
        """Return what the folder was written with; raise BrokerError where it holds no broker."""
        path = self.folder / "broker.json"
        if not path.exists():
            msg = f"{self.folder}: holds no broker; make one with: hexiao provision broker write --dir {self.folder}"
            raise BrokerError(msg)
        try:
            return msgspec.json.decode(read_file(path), type=BrokerSettings)
        except msgspec.DecodeError as error:
            msg = f"{path}: is damaged ({error}); restore it from a backup, else revocations would be forgotten"
            raise BrokerError(msg) from error

    def write(self, settings: BrokerSettings, authority: Authority) -> None:
        """Write everything that mosquitto needs, with a new certificate for the key that is there or made now.

        Kiosks that were revoked here stay revoked. Raises ProvisioningError.
        """
        for name in (*settings.gateways, *settings.revoked):
            checked_identity(name)
        make_folder(self.folder, PUBLIC_FOLDER)
        with one_at_a_time(self.folder):
            if (self.folder / "broker.json").exists():
                revoked = {*settings.revoked, *self.settings().revoked}
                settings = msgspec.structs.replace(settings, revoked=tuple(sorted(revoked)))
            key_file = self.folder / "server.key"
            key = keep_or_make_key(key_file)
            certificate = authority.issue_server(key.public_key(), settings.hosts)
            self._hand_over(key_file, settings.user)
            write_file(self.folder / "server.pem", certificate_pem(certificate))
            write_file(self.authority, authority.pem)
            write_file(self.configuration, mosquitto_conf(self.folder.absolute(), settings))
            self._write_access(settings)

    def revoke(self, identity: str) -> None:
        """Deny a kiosk everything but to read its verdicts, from the next reload on; raise ProvisioningError."""
        with one_at_a_time(self.folder):
            settings = self.settings()
            if checked_identity(identity) in settings.gateways:
                msg = f"{identity} is the broker's gateway, no kiosk; take it off with: hexiao provision broker write"
                raise BrokerError(msg)
            revoked = tuple(sorted({*settings.revoked, identity}))
            self._write_access(msgspec.structs.replace(settings, revoked=revoked))

    def reload(self) -> None:
        """Make the running broker read access list and certificates again; connections stay.

        Raises BrokerDownError where no broker runs on this folder, BrokerError where it may not be told.
        """
        process = self._running()
        try:
            signal.pidfd_send_signal(process, signal.SIGHUP)
        except PermissionError as error:
            msg = f"the broker of {self.folder} is another user's; give the command with sudo"
            raise BrokerError(msg) from error
        except ProcessLookupError as error:
            raise BrokerDownError(self._down) from error
        finally:
            os.close(process)

    def _hand_over(self, key_file: Path, user: str | None) -> None:
        """Let the broker's user read the key, which it opens after it has become that user, and write its pid file."""
        run = pid_file(self.folder).parent
        make_folder(run, PUBLIC_FOLDER)
        owner = _owner(user)
        try:
            os.chown(run, *owner)
            os.chown(key_file, *owner)
        except OSError as error:
            msg = f"{self.folder}: cannot be given to the user {user} ({error.strerror}); give the command with sudo"
            raise FolderError(msg) from error

    @property
    def _down(self) -> str:
        return f"no broker runs on {self.configuration}; what was written counts as soon as it starts"

    def _running(self) -> int:
        """Return a handle of the mosquitto that runs on this folder: a number alone may be another process's by now."""
        try:
            process = int(pid_file(self.folder).read_text())
            handle = os.pidfd_open(process)
        except (OSError, ValueError) as error:
            raise BrokerDownError(self._down) from error
        if not _runs_mosquitto(process, self.configuration):
            os.close(handle)
            raise BrokerDownError(self._down)
        return handle

    def _write_access(self, settings: BrokerSettings) -> None:
        write_file(self.folder / "broker.json", msgspec.json.format(msgspec.json.encode(settings)))
        # Mosquitto since 2.0.17 wants it to be its own user's alone, and warns that it will refuse any other.
        access = access_list(settings.gateways, settings.revoked)
        write_file(self.folder / "acl", access, SECRET, _owner(settings.user))


def _owner(user: str | None) -> Owner:
    """Return the broker's user and group, to whom its secrets are given."""
    if user is None:
        return WRITER
    try:
        entry = pwd.getpwnam(user)
    except KeyError as error:
        msg = f"this machine has no user {user}; install mosquitto, or name another one with --user"
        raise BrokerError(msg) from error
    return entry.pw_uid, entry.pw_gid


def _runs_mosquitto(process: int, configuration: Path) -> bool:
    """Return whether this process is a mosquitto that was started with this file."""
    home = Path(f"/proc/{process}")
    try:
        name = (home / "comm").read_text().strip()
        arguments = (home / "cmdline").read_bytes().split(b"\0")
        given = [(home / "cwd" / os.fsdecode(argument)).resolve() for argument in arguments]
    except OSError:
        return False
    return name == "mosquitto" and configuration.resolve() in given
