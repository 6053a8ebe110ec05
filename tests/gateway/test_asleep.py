"""A machine that sleeps: ten seconds, an offer's minute and a lease pass meanwhile, as they do at the counter."""

from __future__ import annotations

import inspect
import time
from typing import TYPE_CHECKING

import pytest

from gateway.activations import Activations
from gateway.alarms import Watch
from gateway.approvals import Approvals
from gateway.changes import Changes
from gateway.desk import Desk
from gateway.duties import Duties
from gateway.leases import machine_clock
from gateway.looks import Looks
from gateway.relays import Relays
from gateway.undos import Undos
from gateway.webcounter import WebCounter
from protocol.relay import Relay
from protocol.upstream import AskRedeem, AskResolve
from service.clock import since_boot_s
from tests.gateway.shop import SilentOwner, intent_of, open_shop, rid

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

AN_HOUR_S = 3_600.0


@pytest.fixture
def sleep(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return what lets the machine sleep for an hour: of its clocks only that of its start goes on, as on Linux."""
    told, slept = time.clock_gettime, [0.0]

    def clock_gettime(clock: int) -> float:
        return told(clock) + (slept[0] if clock == time.CLOCK_BOOTTIME else 0.0)

    def sleep() -> None:
        slept[0] += AN_HOUR_S

    monkeypatch.setattr(time, "clock_gettime", clock_gettime)
    return sleep


@pytest.mark.rule(8)
async def test_rule_8_the_ten_seconds_go_on_while_the_machine_sleeps(data: Path, sleep: Callable[[], None]) -> None:
    owner = SilentOwner()
    async with open_shop(data, owner) as shop:
        relays = Relays(shop.journal, owner, lambda _, __: None, Changes())
        relays.confirm(Relay(requester="till-1", store="nanjing-lu", intent=intent_of(None, rid(1))), None)
        await relays.drain(5)
        sleep()
        relays.tick()
        await relays.drain(5)
    assert [type(ask) for ask in owner.asked] == [AskRedeem, AskResolve]


@pytest.mark.parametrize(
    "part",
    [Activations, Approvals, Desk, Duties, Looks, Relays, Undos, Watch, WebCounter],
    ids=lambda part: part.__name__,
)
def test_every_part_counts_by_that_clock_since_they_compare_what_they_counted(part: type) -> None:
    assert inspect.signature(part).parameters["clock"].default is since_boot_s


def test_a_leases_time_is_counted_by_it_too(sleep: Callable[[], None]) -> None:
    before = machine_clock()
    sleep()
    assert machine_clock().now - before.now >= AN_HOUR_S
