"""The way to the gateway: greeting it, knowing when it is silent, being told where the kiosk stands, if anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.counter import looking, redeeming
from device.counter.effects import Effect, Ignored, Placed, ReadOut, Send
from device.counter.events import LinkDown, LinkUp
from device.counter.states import Counter, Idle, Looking, OutOfService, Starting, Step, enter, rest
from device.view import LinkState
from protocol.messages import LONGEST_CLAIM, Hello, Notice, Welcome
from protocol.values import replace
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from protocol.comparing import AskBook

_OUT_OF_SERVICE = {Verdict.DEVICE_REVOKED, Verdict.DEVICE_UNBOUND}


def changed(counter: Counter, event: LinkUp | LinkDown, now: float) -> Step:
    """Note that the connection is gone, or use one that has just come up."""
    if isinstance(event, LinkDown):
        return replace(_lost(counter, now), link=LinkState.DOWN, hello_at=None), ()
    # First whatever somebody waits for, then the greeting.
    counter = replace(counter, link=LinkState.BROKER_ONLY)
    counter, effects = redeeming.link_back(counter, now)
    if isinstance(counter.phase, Looking):
        counter, asked = looking.link_back(counter, counter.phase, now)
        effects += asked
    effects += tuple(Send(report.message) for report in counter.reports)
    counter = replace(counter, reports=tuple(replace(report, sent_at=now) for report in counter.reports))
    counter, greeting = _greet(counter, now)
    return counter, effects + greeting


def heard(counter: Counter, message: Welcome | Notice | AskBook, now: float) -> Step:
    """Take what the gateway says of this kiosk, or wants to know of it."""
    match message:
        case Welcome():
            return _welcome(counter, message, now)
        case Notice():
            return _notice(counter, message, now)
        case _:
            return counter, (ReadOut(message),)


def _welcome(counter: Counter, message: Welcome, now: float) -> Step:
    """Note that the gateway answers, and what it says of this kiosk.

    Messages of one connection keep their order, so a report that left before the greeting that is answered here has
    arrived.
    """
    counter = replace(
        counter,
        link=LinkState.UP,
        link_lost_at=None,
        offline_shown=False,
        welcome_until=now + counter.timing.welcome_s,
        clerk_required=message.clerk_required,
        clerk_each=message.clerk_each,
        testing=message.testing,
        claim_qr=message.claim_qr if len(message.claim_qr.encode()) <= LONGEST_CLAIM else "",
        on_duty=message.on_duty,
        store_name=message.store_name,
        reports=tuple(report for report in counter.reports if report.sent_at > counter.greeted_at),
    )
    if isinstance(counter.phase, OutOfService) and not counter.phase.lasting:
        counter = rest(counter, now)
    return counter, (Placed(message.gateway, message.store, message.store_name, message.time),)


def concerns_the_device(message: Notice) -> bool:
    """Whether a notice says that this kiosk may not serve at all, whichever message it answers."""
    return message.verdict in _OUT_OF_SERVICE


def _notice(counter: Counter, message: Notice, now: float) -> Step:
    """Take what a hop says about this device; it ends no redemption, and those that are open go on being resolved."""
    if concerns_the_device(message):
        return (counter if _stopped(counter) is message.verdict else _stop(counter, message.verdict)), ()
    ticket = counter.ticket(message.rid or "")
    if message.verdict is Verdict.FAULT and ticket is not None:
        return redeeming.turned_away(counter, ticket, message, now)
    # A gateway that does not welcome the kiosk but says this instead cannot serve it: of another version, most likely.
    refused = message.rid is None and counter.link is not LinkState.UP and isinstance(counter.phase, Starting | Idle)
    if refused:
        return _stop(counter, message.verdict, message.hint), ()
    return counter, (Ignored(f"notice {message.verdict} rid {message.rid}: {message.hint}"),)


def journal_behind(counter: Counter) -> Counter:
    """Stop serving: the journal is an older copy, and only a person can say what became of the rest of it."""
    if isinstance(counter.phase, OutOfService) and counter.phase.lasting:
        return counter
    return _stop(counter, Verdict.FAULT, "journal: restore", lasting=True)


def tick(counter: Counter, now: float) -> Step:
    """Greet again, and notice a gateway that has fallen silent."""
    if counter.link is LinkState.UP and now >= counter.welcome_until:
        counter = replace(_lost(counter, now), link=LinkState.BROKER_ONLY)
    sign_at = _sign_at(counter)
    if sign_at is not None and now >= sign_at:
        counter = replace(counter, offline_shown=True)
    if counter.hello_at is None or now < counter.hello_at:
        return counter, ()
    return _greet(counter, now)


def deadlines(counter: Counter) -> tuple[float | None, ...]:
    """Return when the link wants to be ticked next."""
    silent_at = counter.welcome_until if counter.link is LinkState.UP else None
    return counter.hello_at, silent_at, _sign_at(counter)


def _greet(counter: Counter, now: float) -> Step:
    setup = counter.setup
    open_rids = len(counter.still_open)
    hello = Hello(boot=setup.boot, software=setup.software, camera=counter.camera.value, open_rids=open_rids)
    greeted: tuple[Effect, ...] = (Send(hello),)
    return replace(counter, hello_at=now + counter.timing.hello_s, greeted_at=now), greeted


def _lost(counter: Counter, now: float) -> Counter:
    return counter if counter.link_lost_at is not None else replace(counter, link_lost_at=now)


def _sign_at(counter: Counter) -> float | None:
    """Return when customers are to be told that there is no network; None where they have been, or there is one."""
    if counter.link_lost_at is None or counter.offline_shown:
        return None
    return counter.link_lost_at + counter.timing.offline_sign_s


def _stopped(counter: Counter) -> Verdict | None:
    return counter.phase.verdict if isinstance(counter.phase, OutOfService) else None


def _stop(counter: Counter, verdict: Verdict, hint: str | None = None, *, lasting: bool = False) -> Counter:
    return enter(replace(counter, waiting=None), OutOfService(verdict, hint, lasting))
