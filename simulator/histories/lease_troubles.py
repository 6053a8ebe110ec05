"""What befalls a store that has accepted something by itself: it forgets it, while its request is still on its way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.marks import stamped
from protocol.messages import Confirm
from protocol.relay import TELL_S
from simulator.histories.faults import LATE_S, Fault
from simulator.histories.lease_gateway import LeaseGateway

if TYPE_CHECKING:
    from protocol.messages import Answer
    from simulator.histories.history import History
    from simulator.histories.kiosk import Kiosk

#: How long after its requester was told the journal is put back, how long that takes, and how much later a message of
#: before still comes, seconds: a late message's time in all.
TOLD_S, DOWN_S, COMES_S = (0.1, 1.0), (0.2, 0.6), (0.1, 6.0)
#: How often it is looked whether a late word would now do harm, seconds: less than an answer of the office takes.
LOOKED_S = 0.01


def has_accepted(kiosk: Kiosk, rid: str) -> bool:
    """Whether a kiosk's gateway has accepted this rid, and has not heard its end yet."""
    row = kiosk.gateway.disk.rows.get(rid)
    return row is not None and row.requester == kiosk.name and row.accepted is not None


def forget_accepted(history: History, kiosk: Kiosk, rid: str) -> None:
    """Put the journal of a kiosk's gateway back once it has said that it accepted a rid, and let something come late.

    That is a copy of the kiosk's REQ, or the gateway's word once the kiosk has asked for the end. The office, which
    knows nothing of it, is the first whom the gateway meets then.
    """
    gateway, world, random = kiosk.gateway, history.world, history.world.random
    request = stamped(Confirm(intent=history.oracle.trails[rid].intent), kiosk.disk.mark)
    word_is_late = random.choice((True, False))
    if word_is_late:
        kiosk.line.cut = True

    def come() -> None:
        if not kiosk.line.cut:
            history.faults.met(Fault.TWICE, rid)
            gateway.take(kiosk.name, request)

    def come_late(word: Answer, tries: int) -> None:
        if gateway.up and gateway.known(rid) is not None:  # it has just taken the kiosk's RESOLVE
            history.faults.met(Fault.LATE, rid)
            kiosk.hear(gateway, word)
        elif tries > 0:
            world.at(world.now + LOOKED_S, come_late, word, tries - 1)

    def forget() -> None:
        kiosk.line.cut = kiosk.line.cut and not word_is_late
        answer = gateway.disk.rows[rid].answer if has_accepted(kiosk, rid) else None
        if history.faults.calm or not isinstance(gateway, LeaseGateway) or answer is None:
            return
        word = gateway.standing.stamped(kiosk.name, answer)
        history.faults.met_by_all(Fault.GATEWAY_BACK, history.oracle.live(gateway=gateway.name))
        down_s = random.uniform(*DOWN_S)
        gateway.upstream.cut = False
        gateway.put_back(gateway.before, down_s)
        if word_is_late:
            world.at(world.now + down_s, come_late, word, int(LATE_S[1] / LOOKED_S))
        else:
            world.at(world.now + down_s + random.uniform(*COMES_S), come)

    world.at(world.now + TELL_S + random.uniform(*TOLD_S), forget)
