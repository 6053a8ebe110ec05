"""Parts start until they are ready, end when told, are missed when they end by themselves, and die with the counter."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from simulator.logfile import LogFile
from simulator.processes import PartError, Process, Program
from tests.simulator.waiting import soon, until

if TYPE_CHECKING:
    from collections.abc import Callable

READY = "from service.notify import notify; notify('READY=1')"


def program(tmp_path: Path, script: str, **more: int) -> Program:
    command = (sys.executable, "-c", textwrap.dedent(script))
    return Program(name="gateway", command=command, log=tmp_path / "log", folder=tmp_path, **more)


def ended(part: PartError) -> None:
    pytest.fail(f"ended: {part}")


def is_alive(pid: int) -> bool:
    """Return whether a process runs; one that only waits to be buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_part_is_ready_when_it_says_so(tmp_path: Path) -> None:
    async def story() -> None:
        part = Process(program(tmp_path, f"import time\nprint('hello')\n{READY}\ntime.sleep(60)"), ended)
        took = await part.start()
        assert part.pid is not None
        assert took > 0
        assert await part.start() == 0
        await soon(lambda: part.tail() == ["hello"])
        await part.stop()
        assert not part.running
        assert (tmp_path / "log").read_text() == "hello\n"

    asyncio.run(story())


def test_a_part_may_say_more_than_that_it_is_ready(tmp_path: Path) -> None:
    async def story() -> None:
        script = f"""
            import signal, sys, time
            from service.notify import notify
            def stop(*_):
                notify("STOPPING=1")
                print("stopping")
                sys.exit(0)
            signal.signal(signal.SIGTERM, stop)
            {READY}
            for _ in range(100):
                notify("WATCHDOG=1")
            print("talked")
            time.sleep(60)
        """
        part = Process(program(tmp_path, script), ended)
        await part.start()
        await soon(lambda: part.tail() == ["talked"])
        await part.stop()
        assert part.tail() == ["talked", "stopping"]

    asyncio.run(story())


def test_a_part_with_a_port_is_ready_when_it_takes_connections(tmp_path: Path, free_port: Callable[[], int]) -> None:
    async def story() -> None:
        port = free_port()
        script = f"import socket\ndoor = socket.create_server(('127.0.0.1', {port}))\ndoor.accept()\ndoor.accept()"
        part = Process(program(tmp_path, script, port=port), ended)
        await part.start()
        assert part.running
        pid = part.pid
        assert pid is not None
        assert await part.kill() == pid
        assert await part.kill() is None, "nothing runs that could be killed"

    asyncio.run(story())


def test_a_part_that_ends_at_its_start_says_why(tmp_path: Path) -> None:
    async def story() -> None:
        part = Process(program(tmp_path, "raise SystemExit('no such broker')"), ended)
        with pytest.raises(PartError, match=r"gateway ended at its start \(exit code 1\)") as caught:
            await part.start()
        assert caught.value.lines == ["no such broker"]
        assert not part.running

    asyncio.run(story())


def test_a_part_that_is_never_ready_is_ended(tmp_path: Path) -> None:
    async def story() -> None:
        part = Process(program(tmp_path, "import time\nprint('thinking')\ntime.sleep(60)"), ended)
        with pytest.raises(PartError, match="was not ready within") as caught:
            await part.start(within_s=1)
        assert caught.value.lines == ["thinking"]
        assert not part.running

    asyncio.run(story())


def test_a_command_that_is_missing_says_so(tmp_path: Path) -> None:
    async def story() -> None:
        command = ("/nowhere/mosquitto",)
        part = Process(Program(name="broker", command=command, log=tmp_path / "log", folder=tmp_path), ended)
        with pytest.raises(PartError) as caught:
            await part.start()
        assert "cannot be started: No such file" in caught.value.lines[-1]

    asyncio.run(story())


def test_an_unexpected_end_is_reported_once_with_the_last_lines(tmp_path: Path) -> None:
    script = f"""
        import os, pathlib, signal, time
        {READY}
        while not pathlib.Path("crash").exists():
            time.sleep(0.01)
        print("journal is gone")
        os.kill(os.getpid(), signal.SIGSEGV)
    """

    async def story() -> None:
        reports: list[PartError] = []
        part = Process(program(tmp_path, script), reports.append)
        await part.start()
        (tmp_path / "crash").touch()
        await soon(lambda: reports)
        assert str(reports[0]) == "gateway has ended unexpectedly (SIGSEGV)"
        assert reports[0].lines == ["journal is gone"]
        assert part.pid is None
        await part.stop()
        assert len(reports) == 1

    asyncio.run(story())


def test_killing_takes_the_children_along_and_leaves_a_restart(tmp_path: Path) -> None:
    script = f"""
        import subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        print(child.pid)
        {READY}
        time.sleep(60)
    """

    async def story() -> None:
        part = Process(program(tmp_path, script), ended)
        await part.start()
        await soon(part.tail)
        first, child = part.pid, int(part.tail()[0])
        assert is_alive(child)
        await part.kill()
        await soon(lambda: not is_alive(child))
        assert not part.running
        await part.start()
        assert part.pid not in (None, first)
        await part.kill()

    asyncio.run(story())


def test_a_part_deaf_to_sigterm_is_killed_after_a_while(tmp_path: Path) -> None:
    async def story() -> None:
        script = f"import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{READY}\ntime.sleep(60)"
        part = Process(program(tmp_path, script), ended)
        await part.start()
        pid = part.pid
        assert pid is not None
        await part.stop(within_s=0.2)
        assert not is_alive(pid)

    asyncio.run(story())


def test_signals_that_the_counter_ignores_reach_its_parts(tmp_path: Path) -> None:
    async def story() -> None:
        part = Process(program(tmp_path, f"import time\n{READY}\ntime.sleep(60)"), ended)
        await part.start()
        pid = part.pid
        assert pid is not None
        await part.stop(within_s=60)
        assert not is_alive(pid)

    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        asyncio.run(story())
    finally:
        signal.signal(signal.SIGTERM, before)


def test_parts_die_with_a_counter_that_is_killed(tmp_path: Path) -> None:
    script = f"""
        import asyncio, sys, textwrap
        from pathlib import Path
        from simulator.processes import Process, Program

        async def main():
            home = Path({str(tmp_path)!r})
            command = (sys.executable, "-c", {f"import time; {READY}; time.sleep(60)"!r})
            part = Process(Program(name="gateway", command=command, log=home / "log", folder=home), print)
            await part.start()
            print(part.pid, flush=True)
            await asyncio.sleep(60)

        asyncio.run(main())
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE) as counter:
        assert counter.stdout is not None
        part = int(counter.stdout.readline())
        assert is_alive(part)
        os.kill(counter.pid, signal.SIGKILL)
        until(lambda: not is_alive(part))


def test_a_log_stays_small_and_keeps_its_end(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "kiosk.log", largest=1000)
    for number in range(100):
        log.write(b"line %04d of the log\n" % number)
    log.close()
    assert log.tail(2) == ["line 0098 of the log", "line 0099 of the log"]
    assert (tmp_path / "kiosk.log").read_text().endswith("line 0099 of the log\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kiosk.log", "kiosk.log.1"]
    assert all(path.stat().st_size <= 1000 for path in tmp_path.iterdir())
