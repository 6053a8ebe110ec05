"""A PostgreSQL of the suite's own: Debian's programs, a folder and a port of its own, gone when the suite is."""

from __future__ import annotations

import ctypes
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


@contextmanager
def running_postgresql(programs: Path, port: int) -> Iterator[str]:
    """Run a server and yield the URL of its first database, ``postgresql+psycopg://…/postgres``."""
    folder = Path(tempfile.mkdtemp(prefix="hexiao-pg-"))
    run_as: str | None = None
    if os.geteuid() == 0:  # the server refuses to run as root
        run_as = "postgres" if "postgres" in {user.pw_name for user in pwd.getpwall()} else "nobody"
        shutil.chown(folder, run_as)
    data = folder / "data"
    try:
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
            check=True,
            user=run_as,
            cwd=folder,
            stdout=subprocess.DEVNULL,
        )
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": folder,
            "fsync": "off",  # a test's data may be lost with the machine
            "max_connections": 200,
            "log_min_messages": "fatal",
        }
        with subprocess.Popen(
            [programs / "postgres", "-D", data, *(f"--{name}={value}" for name, value in settings.items())],
            user=run_as,
            cwd=folder,
            stderr=subprocess.DEVNULL,
            preexec_fn=_die_with_the_suite,  # noqa: PLW1509 - calls nothing that could take a lock
        ) as server:
            try:
                _wait_for(port, server)
                yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
            finally:
                server.send_signal(signal.SIGINT)  # fast shutdown
                server.wait(START_S)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _die_with_the_suite() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_S
    while True:
        try:
            psycopg.connect(host="127.0.0.1", port=port, user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return
