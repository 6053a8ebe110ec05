"""What a soak does to a rehearsal really happens: disks are full, clocks are wrong, books are as they were."""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import numpy as np
import psycopg
import pytest

from headoffice.database import run_of
from headoffice.redemptions import standing
from service.clock import since_boot_s
from simulator.configurations import PortPlan, headoffice_configuration, write
from simulator.frames import write_frame
from simulator.layout import Layout
from simulator.postgresql import newest_programs, running_postgresql
from simulator.soak.clock import WallClock
from simulator.soak.copies import Copies
from simulator.soak.disk import small_disks
from simulator.soak.memory import books_at
from simulator.soak.restoring import Restoring
from simulator.soak.suffered import BOOKS, Suffered

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from simulator.soak.troubles import Victims

AN_HOUR_S = 3600
#: Nobody listens anywhere here.
PORTS = PortPlan(**dict.fromkeys(PortPlan.__struct_fields__, 1))
ASK = "import time; time.sleep(0.001); print(time.time(), time.monotonic(), time.clock_gettime(time.CLOCK_BOOTTIME))"


def test_a_full_disk_takes_nothing_and_an_emptied_one_does(tmp_path: Path) -> None:
    folder = tmp_path / "gateway"
    with small_disks(folder) as disks:
        if os.geteuid() != 0:
            assert disks == (), "who may not mount fills nothing"
            return
        (disk,) = disks
        disk.fill()
        with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
            (folder / "journal").write_bytes(b"\0" * 4096)
        with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
            write_frame(folder / "camera.frame", np.zeros((48, 64), np.uint8))
        assert list(folder.glob("camera*")) == [], "half a picture is no picture"
        disk.empty()
        (folder / "journal").write_bytes(b"\0" * 4096)
    assert list(folder.iterdir()) == [], "it is unmounted"


def test_a_wall_clock_is_set_while_time_goes_on(tmp_path: Path) -> None:
    clock = WallClock(tmp_path / "clock")

    def asked() -> tuple[float, float, float]:
        environment = {**os.environ, **clock.environment}
        said = subprocess.run([sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, check=True)
        wall, monotonic, since_boot = map(float, said.stdout.split())
        return wall - time.time(), monotonic - time.monotonic(), since_boot - since_boot_s()

    for ahead_s in (0, AN_HOUR_S, -AN_HOUR_S):
        clock.set(ahead_s)
        wall, monotonic, since_boot = asked()
        assert wall == pytest.approx(ahead_s, abs=60)
        assert monotonic == pytest.approx(0, abs=60)
        assert since_boot == pytest.approx(0, abs=60)


@pytest.mark.timeout(120)
def test_books_are_put_back_and_begin_a_generation(tmp_path: Path, free_port: Callable[[], int]) -> None:
    layout = Layout(tmp_path / "shop")
    copies = Copies(layout, tmp_path / "copies", lambda: 0.0)
    with running_postgresql(newest_programs(), free_port(), durable=True) as server:
        with books_at(server.url) as books:
            assert books.read(standing.status)["generation"] == 1
            before = books.read(run_of)
        with books_at(server.url) as books:
            assert books.read(run_of) == before, "many processes may use one server"
        server.kill()
        assert not copies.meddle_with_books(server), "the first time a copy is made"
        address = server.url.replace("+psycopg", "")
        with psycopg.connect(address) as connection:
            connection.execute("create table since as select 1 as one")
        server.kill()
        assert copies.meddle_with_books(server), "the second time it is put back"
        with psycopg.connect(address) as connection:
            assert connection.execute("select to_regclass('since')").fetchone() == (None,)
        with books_at(server.url) as books:
            assert books.read(standing.status)["generation"] == 1, "nobody has said restore"
            assert books.read(run_of) != before
        write(layout.headoffice / "headoffice.toml", headoffice_configuration(layout, PORTS, server.url))
        victims = cast("Victims", SimpleNamespace(shop=None, database=server, data=layout.root))
        asyncio.run(Restoring(victims, Suffered(), asyncio.Lock()).say(BOOKS))
        with books_at(server.url) as books:
            assert books.read(standing.status)["generation"] == 2
        server.kill()
        copies.forget(BOOKS)
        assert not copies.meddle_with_books(server), "a copy is used once"
