"""The first voucher of a rehearsal, redeemed the way every other one is: issued, held up, confirmed, written down."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from device.ports import Button
from device.scan.pictures import fit
from protocol.vocabulary import Colour, Verdict
from simulator.api.books import all_books
from simulator.api.errors import LONGEST_WORDS
from simulator.counter import GATEWAY, HEADOFFICE
from simulator.frames import write_frame
from simulator.hub import KioskSilentError
from simulator.phone import phone_png
from simulator.processes import PartError

if TYPE_CHECKING:
    from device.view import View
    from simulator.counter import Counter, Kiosk
    from simulator.narrator import Narrator

TITLE = "欢迎券 Welcome"
SHOWN_WITHIN_S = 15.0
BOOKS_WITHIN_S = 10.0
_BOOKS_EVERY_S = 0.05


async def redeem_first_voucher(counter: Counter, narrator: Narrator) -> None:
    """Redeem a voucher at the first kiosk that serves, and leave every kiosk idle; raise PartError where it fails."""
    await asyncio.gather(*(kiosk.come_to_rest() for kiosk in counter.kiosks.values()))
    kiosk = next((kiosk for kiosk in counter.kiosks.values() if kiosk.in_service), None)
    if kiosk is None:
        narrator.say("no kiosk is in service: all are revoked here, so no first voucher is redeemed")
        return
    with narrator.step("a first voucher is issued:") as more:
        text = await _issued(counter)
        more.append(f"{TITLE}, code ending in {text[-4:]}")
    with narrator.step(f"a phone with its QR before the camera of {kiosk.identity}:") as more:
        picture = await asyncio.to_thread(lambda: fit(phone_png(text, title="HEXIAO")))
        write_frame(kiosk.folder.frame, picture)
        offer = await _shown(counter, kiosk, Verdict.REDEEMABLE)
        more.append(_said(offer))
    with narrator.step("OK is pressed:") as more:
        await kiosk.hub.press(Button.OK, 0.1)
        green = await _shown(counter, kiosk, Verdict.REDEEMED)
        if green.light.colour is not Colour.GREEN:
            raise _trouble(counter, kiosk, f"says redeemed, but its light is {green.light.colour}")
        more.append(f"green, {_said(green)}")
    with narrator.step("the books of kiosk, gateway and head office agree on it"):
        await _agreed(counter, kiosk, green.rid or "")
    with narrator.step("every counter is empty again"):
        kiosk.clear_camera()
        await kiosk.come_to_rest()


async def _issued(counter: Counter) -> str:
    """Return the text of the QR of a fresh voucher."""
    reply = await counter.headoffice.call("POST", "/api/v1/vouchers", {"title": TITLE, "kind": "gift"})
    if not reply.is_good:
        what = f"did not issue the first voucher: {reply.body.decode(errors='replace')[:LONGEST_WORDS]}"
        raise PartError(HEADOFFICE, what, counter.parts[HEADOFFICE].tail())
    text: str = reply.json()["qr_text"]
    return text


async def _shown(counter: Counter, kiosk: Kiosk, wanted: Verdict) -> View:
    """Return the view with this verdict; raise PartError where the kiosk comes to another end, or to none."""
    passing = {None, Verdict.LOOKING, Verdict.REDEEMABLE, Verdict.PENDING}
    try:
        view = await kiosk.hub.until_view(
            lambda view: view.verdict is wanted or view.verdict not in passing, SHOWN_WITHIN_S
        )
    except KioskSilentError as error:
        raise _trouble(counter, kiosk, f"does not come to show {wanted}: {kiosk.hub.state()}") from error
    if view.verdict is not wanted:
        raise _trouble(counter, kiosk, f"shows {view.verdict} ({_said(view)}) instead of {wanted}")
    return view


async def _agreed(counter: Counter, kiosk: Kiosk, rid: str) -> None:
    """Return when all three books say redeemed of this rid; raise PartError where they do not in time."""
    said: dict[str, list[str]] = {}
    try:
        async with asyncio.timeout(BOOKS_WITHIN_S):
            while True:
                books = await all_books(counter)
                parties = {kiosk.identity: books["kiosks"][kiosk.identity], **books}
                del parties["kiosks"]
                said = {party: [row["verdict"] for row in rows if row["rid"] == rid] for party, rows in parties.items()}
                if all(verdicts == [Verdict.REDEEMED] for verdicts in said.values()):
                    return
                await asyncio.sleep(_BOOKS_EVERY_S)  # what need not be on disk at once follows in a moment
    except TimeoutError as error:
        raise _trouble(counter, kiosk, f"is not alone in what it says of the first redemption: {said}") from error


def _trouble(counter: Counter, kiosk: Kiosk, what: str) -> PartError:
    """Return what a kiosk did instead, with the last words of those who may be the reason."""
    return PartError(kiosk.identity, what, [*kiosk.process.tail(), *counter.parts[GATEWAY].tail()])


def _said(view: View) -> str:
    return " / ".join(line.text for line in view.lines if line.text)
