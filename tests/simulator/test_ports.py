"""Ports are free, not the kernel's to give away, and never another counter's."""

from __future__ import annotations

import socket
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from simulator import ports as rooms
from simulator.ports import PortError, Ports

if TYPE_CHECKING:
    from pathlib import Path


def test_two_counters_never_choose_the_same_port() -> None:
    with closing(Ports()) as one, closing(Ports()) as two:
        mine = {one.choose() for _ in range(50)}
        assert len(mine) == 50
        assert all(not two.claim(port) for port in mine)
        assert mine.isdisjoint({two.choose() for _ in range(50)})


def test_a_port_is_free_again_when_its_counter_is_gone() -> None:
    with closing(Ports()) as one:
        port = one.choose()
    with closing(Ports()) as two:
        assert two.claim(port)


def test_a_port_on_which_somebody_listens_is_not_chosen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, closing(Ports()) as ports:
        assert not ports.claim(other.getsockname()[1])
        assert ports.choose(other.getsockname()[1]) != other.getsockname()[1]


def test_chosen_ports_are_below_those_of_outgoing_connections() -> None:
    first = rooms._first_ephemeral()
    with closing(Ports()) as ports:
        assert all(ports.choose() < first for _ in range(20))


def test_a_machine_that_gives_every_port_away_is_served_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    range_file = tmp_path / "range"
    range_file.write_text("1024 65535\n")
    monkeypatch.setattr(rooms, "_EPHEMERAL", range_file)
    with closing(Ports()) as ports:
        assert ports.choose() > 1024


def test_no_free_port_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "is_free", lambda _port: False)
    with closing(Ports()) as ports, pytest.raises(PortError, match="no free port"):
        ports.choose()
