"""A PostgreSQL for tests and long runs: Debian's programs, a folder and a port of its own, gone when its user is."""

from __future__ import annotations

import ctypes
import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator

START_S = 30
_PR_SET_PDEATHSIG = 1


class PostgresqlMissingError(RuntimeError):
    """No PostgreSQL is installed."""


class Postgresql:
    """A server that can be killed and started again on what is left on its disk."""

    def __init__(self, programs: Path, port: int, folder: Path, *, durable: bool) -> None:
        """Keep where its programs and its folder are; a server that is not ``durable`` may forget with the machine."""
        self.url = f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
        self._programs = programs
        self._port = port
        self._folder = folder
        self._durable = durable
        self._server: subprocess.Popen[bytes] | None = None
        self._user: str | None = None
        if os.geteuid() == 0:  # the server refuses to run as root
            self._user = "postgres" if "postgres" in {user.pw_name for user in pwd.getpwall()} else "nobody"

    def prepare(self) -> None:
        """Make its folder; raise CalledProcessError where initdb fails."""
        if self._user:
            shutil.chown(self._folder, self._user)
        command = (self._programs / "initdb", "-D", self._folder / "data", "-U", "postgres", "-A", "trust")
        subprocess.run(  # noqa: S603 - Debian's program
            [*command, "-E", "UTF8", "--locale=C", "--no-sync"],
            check=True,
            user=self._user,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
        )

    def start(self) -> None:
        """Start it, and return once it serves; raise OperationalError where it does not.

        After a kill it refuses for as long as one of the old server's processes is still there.
        """
        end = time.monotonic() + START_S
        while True:
            try:
                self._start(end)
            except psycopg.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
            else:
                return

    def _start(self, end: float) -> None:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self._port,
            "unix_socket_directories": self._folder,
            "fsync": "on" if self._durable else "off",
            "max_connections": 200,
            "log_min_messages": "fatal",
        }
        self._server = subprocess.Popen(  # noqa: S603 - Debian's program
            [
                self._programs / "postgres",
                "-D",
                self._folder / "data",
                *(f"--{name}={value}" for name, value in settings.items()),
            ],
            user=self._user,
            cwd=self._folder,
            stderr=subprocess.DEVNULL,
            preexec_fn=_die_with_its_user,  # noqa: PLW1509 - calls nothing that could take a lock
        )
        _wait_for(self._port, self._server, end)

    def kill(self) -> int | None:
        """End its first process with -9; those that it has begun notice, and end by themselves.

        Returns the id of that process; None where it had ended before.
        """
        if self._server is None or self._server.poll() is not None:
            return None
        self._server.kill()
        self._server.wait()
        return self._server.pid

    def copy(self, to: Path) -> None:
        """Copy its files, while it is dead, to a folder that is not there yet."""
        _until_nobody_works_in(self._folder / "data")
        shutil.copytree(self._folder / "data", to, symlinks=True)

    def put_back(self, copy: Path) -> None:
        """Take a copy in place of its files, while it is dead."""
        _until_nobody_works_in(self._folder / "data")
        shutil.rmtree(self._folder / "data")
        shutil.copytree(copy, self._folder / "data", symlinks=True)
        if self._user:
            for path in (self._folder / "data", *(self._folder / "data").rglob("*")):
                shutil.chown(path, self._user)

    def stop(self) -> None:
        """Shut it down, if it runs."""
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(signal.SIGINT)  # fast shutdown
            self._server.wait(START_S)


@contextmanager
def running_postgresql(programs: Path, port: int, *, durable: bool = False) -> Iterator[Postgresql]:
    """Run a server for as long as the block lasts."""
    folder = Path(tempfile.mkdtemp(prefix="hexiao-pg-"))
    server = Postgresql(programs, port, folder, durable=durable)
    try:
        server.prepare()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def newest_programs() -> Path:
    """Return the folder of the newest PostgreSQL's own programs: initdb, postgres; raise PostgresqlMissingError."""
    servers = glob.glob("/usr/lib/postgresql/*/bin/initdb")  # noqa: PTH207 - a pattern over the whole system
    newest = max(servers, key=lambda path: int(Path(path).parts[-3]), default=shutil.which("initdb"))
    if newest is None:
        msg = "no PostgreSQL is installed (no initdb): make setup"
        raise PostgresqlMissingError(msg)
    return Path(newest).parent


def _until_nobody_works_in(folder: Path) -> None:
    """Return when no process is left in a server's folder: its children notice its death only by and by."""
    end = time.monotonic() + START_S
    while any(_works_in(process, folder) for process in Path("/proc").glob("[0-9]*")):
        if time.monotonic() > end:
            msg = f"somebody still works in {folder}"
            raise TimeoutError(msg)
        time.sleep(0.02)


def _works_in(process: Path, folder: Path) -> bool:
    try:
        return (process / "cwd").readlink() == folder
    except OSError:
        return False  # it has ended meanwhile, or is another user's


def _die_with_its_user() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def _wait_for(port: int, server: subprocess.Popen[bytes], end: float) -> None:
    while True:
        try:
            psycopg.connect(host="127.0.0.1", port=port, user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return
