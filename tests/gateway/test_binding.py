"""The gateway's own rules, as a table."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
import pytest

from gateway.binding import (
    Bound,
    bind,
    objection_to_redeem,
    objection_to_undo,
    refusal_before_asking,
    verdict_here,
)
from gateway.offers import Offer, Seal
from gateway.places import Kiosk, KioskState, Store
from protocol.messages import Action, Intent
from protocol.relay import Relay
from protocol.upstream import Looked
from protocol.vocabulary import Verdict
from tests.gateway.shop import rid

HERE = Store(id="nanjing-lu", name="南京路店")
STRICT = Store(id="pudong", name="浦东店", clerk_required=True)
SEAL = Seal(boot="b00t", key=b"k" * 32)
CODE = "4006123456781234"
OFFER = Offer(
    made_at=100.0, kiosk="till-1", store="nanjing-lu", clerk="8001", voucher="v-1", terms=3, code=SEAL.hash(CODE)
)
INTENT = Intent(rid=rid(1), code=CODE, clerk="8001")
AT_TILL = Bound("till-1", HERE)


@dataclass
class Shelf:
    """A directory of a few."""

    kiosks: dict[str, Kiosk] = field(default_factory=dict)
    stores: dict[str, Store] = field(default_factory=dict)

    def kiosk(self, identity: str) -> Kiosk | None:
        return self.kiosks.get(identity)

    def store(self, store_id: str) -> Store | None:
        return self.stores.get(store_id)


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        ("till-1", Bound("till-1", HERE)),
        ("gone", Verdict.DEVICE_REVOKED),
        ("orphan", Verdict.DEVICE_UNBOUND),
        ("stranger", Verdict.DEVICE_UNBOUND),
    ],
)
def test_who_stands_where(identity: str, expected: Bound | Verdict) -> None:
    directory = Shelf(
        kiosks={
            "till-1": Kiosk(id="till-1", name="one", store="nanjing-lu"),
            "gone": Kiosk(id="gone", name="stolen", store="nanjing-lu", state=KioskState.REVOKED),
            "orphan": Kiosk(id="orphan", name="its store was given away", store="closed"),
        },
        stores={"nanjing-lu": HERE},
    )
    assert bind(identity, directory) == expected


@pytest.mark.parametrize(
    ("store", "clerk", "expected"),
    [
        (HERE, None, None),
        (STRICT, None, Verdict.CLERK_REQUIRED),
        (STRICT, "", Verdict.CLERK_REQUIRED),
        (STRICT, "8001", None),
    ],
)
def test_what_is_refused_before_anyone_is_asked(store: Store, clerk: str | None, expected: Verdict | None) -> None:
    assert refusal_before_asking(Bound("till-1", store), clerk) is expected


@pytest.mark.parametrize(
    ("said", "stores", "expected"),
    [
        (Verdict.REDEEMABLE, None, Verdict.REDEEMABLE),
        (Verdict.REDEEMABLE, ("nanjing-lu", "pudong"), Verdict.REDEEMABLE),
        (Verdict.REDEEMABLE, ("pudong",), Verdict.WRONG_STORE),
        (Verdict.REDEEMABLE, (), Verdict.WRONG_STORE),
        (Verdict.EXPIRED, ("pudong",), Verdict.EXPIRED),
        (Verdict.WRONG_STORE, None, Verdict.WRONG_STORE),
        (Verdict.CLERK_SIGNED_IN, ("nanjing-lu",), Verdict.FAULT),
        (Verdict.CLERK_SIGNED_OUT, None, Verdict.FAULT),
        (Verdict.PENDING, None, Verdict.FAULT),
        (Verdict.ACCEPTED_OFFLINE, None, Verdict.FAULT),
    ],
)
def test_what_the_head_offices_word_means_here(
    said: Verdict, stores: tuple[str, ...] | None, expected: Verdict
) -> None:
    assert verdict_here(Looked(verdict=said, stores=stores), AT_TILL) is expected


@pytest.mark.rule(4, 12)
@pytest.mark.parametrize(
    ("offer", "intent", "bound", "now", "expected"),
    [
        (OFFER, INTENT, AT_TILL, 100.0, None),
        (OFFER, INTENT, AT_TILL, 160.0, None),
        (OFFER, INTENT, AT_TILL, 160.1, "the offer is older than 60 s"),
        (OFFER, INTENT, AT_TILL, 99.0, "the offer is older than 60 s"),
        (None, INTENT, AT_TILL, 100.0, "no offer of this gateway since its start"),
        (OFFER, INTENT, Bound("till-2", HERE), 100.0, "the offer was made to another kiosk"),
        (OFFER, INTENT, Bound("till-1", STRICT), 100.0, "the kiosk was moved since the offer"),
        (OFFER, msgspec.structs.replace(INTENT, clerk=None), AT_TILL, 100.0, "another clerk since the offer"),
        (OFFER, msgspec.structs.replace(INTENT, clerk="8002"), AT_TILL, 100.0, "another clerk since the offer"),
        (msgspec.structs.replace(OFFER, sign_in="5e55"), INTENT, AT_TILL, 100.0, "another clerk since the offer"),
        (OFFER, msgspec.structs.replace(INTENT, code="4007"), AT_TILL, 100.0, "the offer is for another code"),
        (OFFER, msgspec.structs.replace(INTENT, code=None), AT_TILL, 100.0, "the offer is for another code"),
    ],
)
def test_what_keeps_a_redemption_from_beginning(
    offer: Offer | None, intent: Intent, bound: Bound, now: float, expected: str | None
) -> None:
    assert objection_to_redeem(intent, offer, bound, SEAL, now) == expected


def test_an_undo_needs_a_redemption_of_the_same_store() -> None:
    undo = Intent(rid=rid(2), action=Action.UNDO, undoes=rid(1))
    target = Relay(requester="till-1", store="nanjing-lu", intent=INTENT)
    other_undo = Relay(requester="till-1", store="nanjing-lu", intent=undo)

    assert objection_to_undo(undo, target, AT_TILL) is None
    assert objection_to_undo(undo, target, Bound("till-9", HERE)) is None
    assert objection_to_undo(undo, target, Bound("till-1", STRICT)) == "the redemption is another store's"
    assert objection_to_undo(undo, None, AT_TILL) == "this gateway knows no such redemption"
    assert objection_to_undo(undo, other_undo, AT_TILL) == "this gateway knows no such redemption"
