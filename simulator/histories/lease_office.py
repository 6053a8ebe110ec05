"""The head office of a history with leases: it lends vouchers to gateways, and takes what those have accepted.

What it grants and takes back is known to it alone; what the gateways make of that ``Acceptances`` holds against it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from protocol import lease
from protocol.lease import Granted
from protocol.leasing import Lease, LeasedVoucher, PublicKey
from protocol.messages import Answer
from protocol.owner import VoucherState
from protocol.signed import SignedCode
from protocol.upstream import AskHello, AskResolve, Met
from protocol.values import replace
from protocol.vocabulary import Verdict
from simulator.histories.acceptances import WORTH, Acceptances
from simulator.histories.books import Item, Loan
from simulator.histories.office import Office

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.owner import Known, Moment, Ruling
    from protocol.upstream import AskRedeem, Entry, UpstreamAnswer
    from simulator.histories.books import Peer
    from simulator.histories.net import Question
    from simulator.histories.office import Asked
    from simulator.histories.party import Stage

#: When leases are granted and how long they last, seconds; so many uses may be accepted under one.
GRANTED_S = (0.0, 8.0)
LASTS_S = (15.0, 60.0)
#: So many uses, and so much in value, may be accepted under a lease at once.
LIMITS: tuple[tuple[int, int | None], ...] = ((1, None), (1, None), (2, None), (9, WORTH), (9, 2 * WORTH))
GRANTS = (4, 8)
#: How many vouchers are signed.
SIGNED = 0.9
#: How many of each there are then.
MORE = (1, 2, 3)
#: When a person first looks for leases whose holders have lost their journals, and how often then, seconds; how soon
#: somebody comes with such a voucher after it was declared free.
LOOKED_S, LOOKED_AGAIN_S = (15.0, 60.0), 10.0
COMES_S = (0.0, 4.0)
#: How often the key that signs the vouchers is revoked, and when.
REVOKED = 0.15
REVOKED_S = (10.0, 45.0)


class LeaseOffice(Office):
    """An owner that can lend."""

    def __init__(self, stage: Stage) -> None:
        """Begin with nothing lent; loans come as time goes by."""
        super().__init__(stage)
        self.acceptances = Acceptances(self.oracle)
        self.served: dict[str, Callable[[], list[str]]] = {}
        """The stores in which each gateway's kiosks stand."""
        self.lends_by_itself = True
        """Whether somebody there lends vouchers as time goes by."""
        self._asking: str | None = None
        self._private = Ed25519PrivateKey.from_private_bytes(self.world.random.randbytes(32))
        public = self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.keys: tuple[PublicKey, ...] = (PublicKey(id=public[:4].hex(), public=public.hex()),)
        """The keys that count; none once it was revoked."""
        self._key = self.keys[0].id

    @property
    def loans(self) -> dict[str, Loan]:
        """What is lent, as far as the books know."""
        return self.disk.loans

    def sell(self) -> list[str]:
        """Put vouchers into the books, most of them signed, and return their codes."""
        super().sell()
        random = self.world.random
        for code, item in list(self.items.items()):
            if random.random() < SIGNED:
                del self.items[code]
                for _ in range(random.choice(MORE)):
                    self._sign(item)
        for _ in range(random.choice(GRANTS)):
            self.world.at(random.uniform(*GRANTED_S), self._grant)
        self.world.at(random.uniform(*LOOKED_S), self._declare_lost)
        if random.random() < REVOKED:
            self.world.at(random.uniform(*REVOKED_S), self._revoke)
        return list(self.items)

    def _sign(self, item: Item) -> None:
        voucher = self.world.random.randbytes(16).hex()
        unsigned = SignedCode(key=self._key, voucher=voucher)
        code = replace(unsigned, signature=self._private.sign(unsigned.statement)).text
        uses = self.world.random.choice((1, item.voucher.uses, item.voucher.uses))
        self.items[code] = Item(replace(item.voucher, id=voucher, code_tail=code[-4:], uses=uses))

    def take(self, gateway: str, ask: Asked, question: Question) -> None:
        """Answer a gateway; its greeting may give leases back."""
        if self.up:
            self._asking = gateway
        super().take(gateway, ask, question)

    def _meet(self, gateway: str, ask: Asked) -> Peer:
        peer = super()._meet(gateway, ask)
        if isinstance(ask, AskResolve) and ask.accepted is not None:
            self._is_shown_more(self._has_forgotten(ask.accepted.lease), gateway)
        if isinstance(ask, AskHello) and not self.disk.stopped and not self._wants_upload(peer):
            self._give_back(gateway, ask)
        return peer

    def _has_forgotten(self, lease_id: str) -> bool:
        """Whether these books are a copy of before they granted a lease: those of earlier generations are lost."""
        return lease_id not in self.loans and self.acceptances.lent[lease_id].granted_in >= self.disk.generation

    def marked(self, gateway: str, answer: UpstreamAnswer) -> UpstreamAnswer:
        """Return an answer as it leaves for a gateway; its greeting's names the leases that it holds."""
        if isinstance(answer, Met):
            held = tuple(self._told(loan) for loan in self.loans.values() if self._holds(gateway, loan))
            answer = msgspec.structs.replace(answer, leases=held, keys=self.keys)
        return super().marked(gateway, answer)

    def leased(self, lease_id: str) -> LeasedVoucher:
        """Return the voucher that a lease is of."""
        item = self.items[self.loans[lease_id].code]
        return LeasedVoucher(id=item.voucher.id, uses=item.voucher.uses, taken=tuple(sorted(item.uses)))

    def moment(self, store: str, requester: str) -> Moment:
        """Return where and when something is asked, and through which gateway."""
        return replace(super().moment(store, requester), gateway=self._asking)

    def redeem_elsewhere(self, code: str, rid: str) -> None:
        """Let somebody who holds no lease redeem a voucher."""
        self._asking = None
        super().redeem_elsewhere(code, rid)

    def fresh(self) -> list[str]:
        """Return the codes of vouchers that have uses left: those that are lent, where any is."""
        fresh = super().fresh()
        return [code for code in fresh if self.items[code].voucher.holder is not None] or fresh

    def home(self, code: str) -> tuple[str, str] | None:
        """Return the gateway and the store to which the voucher with this code is lent."""
        return self.items[code].voucher.holder

    def change(self, code: str) -> None:
        """Change what a voucher promises, or withdraw it, unless it is lent or some journal may know more of it."""
        item = self.items[code]
        if item.voucher.holder is None and not self._is_older and not self.disk.missing:
            self._drive(item)
            super().change(code)

    def _rule_redeem(self, ask: AskRedeem | AskResolve, known: Known | None) -> Ruling:
        if known is not None or not isinstance(ask, AskResolve) or ask.accepted is None:
            return super()._rule_redeem(ask, known)
        item, loan = self.items.get(ask.intent.code or ""), self.loans.get(ask.accepted.lease)
        granted = Granted(length_s=math.inf)  # granted after the copy was made with which these books go on
        if loan is not None:
            granted = Granted(length_s=loan.until - loan.at, declared_lost=loan.lost)
        moment = self.moment(ask.store, ask.requester)
        ruling = lease.rule_accepted(ask, item.now() if item else None, granted, moment, key_good=bool(self.keys))
        if isinstance(ruling.answer, Answer):
            cause = ruling.answer.detail.reason if ruling.answer.verdict is Verdict.OFFLINE_CONFLICT else None
            self.acceptances.brought(ask.intent.rid, ask.accepted.lease, cause, revoked=not self.keys)
        return ruling

    def _rule_driven(self, entry: Entry, item: Item, moment: Moment) -> Ruling:
        accepted = None if entry.answer is None else entry.answer.accepted
        if accepted is None:
            return super()._rule_driven(entry, item, moment)
        said = AskResolve(requester=entry.requester, store=entry.store, intent=entry.intent, accepted=accepted)
        return self._rule_redeem(said, None)

    def _commit(self, ask: AskRedeem | AskResolve, ruling: Ruling, *, driven: bool = False) -> None:
        accepted = isinstance(ask, AskResolve) and ask.accepted is not None
        loan = self.loans.get(ask.accepted.lease) if isinstance(ask, AskResolve) and ask.accepted else None
        if loan is not None:
            ask = msgspec.structs.replace(ask, store=loan.store)  # whichever kiosk has brought it
        if accepted and ruling.claim:
            self.oracle.booked(ask.intent, ask.store)
        if ruling.record:
            self.acceptances.ruled(ask.intent.rid, ruling.answer.verdict)
        super()._commit(ask, ruling, driven=driven or accepted)

    # --- lending ----------------------------------------------------------------------------------------------------

    def _grant(self) -> None:
        free = [code for code in self.items if self._may_lend(code)]
        if free and self.lends_by_itself:
            self._lend(self.world.random.choice(free), self.world.random.choice(list(self.disk.peers)))

    def lend_changed(self, code: str, gateway: str) -> None:
        """Change what a voucher promises, and lend it at once."""
        if self._may_lend(code):
            item = self.items[code]
            item.voucher = replace(item.voucher, terms=item.voucher.terms + 1)
            self._lend(code, gateway)

    def _may_lend(self, code: str) -> bool:
        voucher = self.items[code].now()
        fresh = voucher.holder is None and voucher.state is VoucherState.ACTIVE and voucher.left > 0
        return fresh and code.startswith("HX:") and self.up and not self._is_older and not self.disk.missing

    def _lend(self, code: str, gateway: str) -> None:
        random, item = self.world.random, self.items[code]
        self._drive(item)
        served = [store for store in self.served[gateway]() if store in (item.voucher.stores or (store,))]
        if not served:
            return
        store = random.choice(served)
        lasts_s = random.uniform(*LASTS_S)
        most_uses, most_value = random.choice(LIMITS)
        loan = Loan(
            id=random.randbytes(16).hex(),
            granted_in=self.disk.generation,
            gateway=gateway,
            generation=max(1, self.disk.peers[gateway].heard.generation),
            store=store,
            code=code,
            at=self.world.now,
            until=self.world.now + lasts_s,
            most_uses=most_uses,
            most_value=most_value,
            terms=item.voucher.terms,
        )
        self.loans[loan.id] = self.acceptances.lent[loan.id] = loan
        item.voucher = replace(item.voucher, holder=(gateway, store))
        self.world.tell(self.name, "lends %s to %s for %.0f s", item.voucher.id[:4], gateway, lasts_s)
        if random.choice((True, False, False)):
            self.world.at(self.world.now + random.uniform(0.0, lasts_s), self._recall, loan.id)

    def _recall(self, lease_id: str) -> None:
        if lease_id in self.loans:
            self.loans[lease_id].recalled = True

    def _begin_generation(self) -> None:
        """Recall everything that is lent: who has redeemed what since, nobody can say before all journals are in."""
        for loan in self.loans.values():
            loan.recalled = True
        super()._begin_generation()

    def _give_back(self, gateway: str, ask: AskHello) -> None:
        for returned in ask.returned:
            loan = self.loans.get(returned)
            if loan is not None and not loan.ended and self._holds(gateway, loan):
                self.acceptances.given_back(loan)
                self._end(loan)
                self.disk.peers[gateway].sequence += 1

    def _declare_lost(self) -> None:
        """Let a person end the loans whose holders have begun another generation since."""
        for loan in self.loans.values():
            if not loan.ended and loan.generation != max(1, self.disk.peers[loan.gateway].heard.generation):
                loan.lost = True
                self._end(loan)
                rid = self.world.random.randbytes(16).hex()
                self.world.at(self.world.now + self.world.random.uniform(*COMES_S), self._come, loan.code, rid)
        self.world.at(self.world.now + LOOKED_AGAIN_S, self._declare_lost)

    def _come(self, code: str, rid: str) -> None:
        """Let a customer of another store come with a voucher that has been declared free."""
        if self.up:
            self.redeem_elsewhere(code, rid)

    def _revoke(self) -> None:
        """Revoke the key that has signed everything; gateways hear of it with their next greeting."""
        self.world.tell(self.name, "revokes its key")
        self.keys = ()

    def _end(self, loan: Loan) -> None:
        loan.ended = True
        item = self.items[loan.code]
        item.voucher = replace(item.voucher, holder=None)
        self.world.tell(self.name, "has %s back", item.voucher.id[:4])

    def _holds(self, gateway: str, loan: Loan) -> bool:
        generation = max(1, self.disk.peers[gateway].heard.generation)
        return not loan.ended and (loan.gateway, loan.generation) == (gateway, generation)

    def _told(self, loan: Loan) -> Lease:
        voucher, now = self.items[loan.code].voucher, self.world.now
        return Lease(
            id=loan.id,
            store=loan.store,
            at=self.moment(loan.store, self.name).at.isoformat(),
            age_s=now - loan.at,
            left_s=max(0.0, loan.until - now),
            recalled=loan.recalled,
            most_uses=loan.most_uses,
            most_value=loan.most_value,
            value_fen=WORTH,
            title=voucher.title,
            terms=voucher.terms,
            weekdays=tuple(range(7)),
        )
