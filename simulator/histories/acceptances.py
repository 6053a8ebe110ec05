"""What the gateways of a history have accepted by themselves, held against what was lent and who has spent what.

Nobody but an onlooker of them all can know it; that is why it stands beside the head office.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from protocol.lease import Cause
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from protocol.messages import Answer
    from protocol.relay import Relay
    from simulator.histories.books import Loan
    from simulator.histories.oracle import Oracle

#: What a use is worth, fen.
WORTH = 1_000
#: How far the clocks of a history go wrong; quartz is far better.
RATE = 0.021
_ENDS = frozenset({Verdict.REDEEMED, Verdict.OFFLINE_CONFLICT})


class Acceptances:
    """What gateways have accepted, as nobody but an onlooker of all of them can know it."""

    def __init__(self, oracle: Oracle) -> None:
        """Keep the oracle, to which violations are told."""
        self._oracle = oracle
        self.lent: dict[str, Loan] = {}
        """What was lent in truth, whatever the books know of it."""
        self._accepted: dict[str, Answer] = {}
        self.forgetful: set[str] = set()
        """Gateways whose journals were put back: what they accept twice is a lost journal's."""
        self.conflicts: Counter[str] = Counter()
        """What could not be redeemed, by cause."""

    @property
    def count(self) -> int:
        """How much was accepted, by gateways that have lost nothing."""
        return len(self._accepted)

    def accepted(self, gateway: str, asked: Relay, answer: Answer, now: float, *, met: bool) -> None:
        """Check something that a gateway has just accepted: as the owner's claims are checked, and under its lease."""
        rid, said = answer.rid, answer.accepted
        loan = None if said is None else self.lent.get(said.lease)
        if said is None or loan is None or loan.gateway != gateway:
            self._violated(rid, "accepted under no lease of this gateway")
            return
        self._oracle.claimed(asked.requester, asked.store, asked.intent, (loan.store,), loan.terms)
        if not met:
            self._violated(rid, "accepted before anybody has shown how far the journal had come")
        if now > loan.until + RATE * (loan.until - loan.at):
            self._violated(rid, "accepted after the lease's time")
        if gateway in self.forgetful:
            return
        others = [one for other, one in self._accepted.items() if other != rid and self._counts(other)]
        claimed = {number for one in others if one.voucher == answer.voucher for number in one.uses}
        spent = {
            number
            for (voucher, number), by in self._oracle.holders.items()
            if voucher == said.voucher and by != rid and self._counts(by)
        }
        if (claimed | spent) & set(answer.uses):
            self._violated(rid, "accepted though somebody else has the use")
        under_way = [one for one in others if one.accepted is not None and one.accepted.lease == loan.id]
        open_uses = sum(len(one.uses) for one in under_way if self._is_open(one.rid))
        if open_uses + len(answer.uses) > loan.most_uses:
            self._violated(rid, "accepted above the lease's limit")
        if loan.most_value is not None and (open_uses + len(answer.uses)) * WORTH > loan.most_value:
            self._violated(rid, "accepted above the value that the lease is limited to")
        self._accepted[rid] = answer

    def kept(self, gateway: str, journal: set[str]) -> None:
        """Note what a gateway's journal holds as it starts; what died before it was on disk was never accepted."""
        if gateway in self.forgetful:
            return
        for rid, answer in list(self._accepted.items()):
            mine = answer.accepted is not None and answer.accepted.gateway == gateway
            if mine and rid not in journal:
                del self._accepted[rid]

    def given_back(self, loan: Loan) -> None:
        """Check that a lease comes back with everything told."""
        for rid, answer in self._accepted.items():
            mine = answer.accepted is not None and answer.accepted.lease == loan.id
            if mine and self._is_open(rid) and loan.gateway not in self.forgetful:
                self._violated(rid, "its lease is given back before it was told")

    def ruled(self, rid: str, verdict: Verdict) -> None:
        """Check that what somebody was shown as accepted does not end as if nothing had happened.

        Where the journals of its kiosk and of its gateway were both put back, nobody is left who could know.
        """
        trail, answer = self._oracle.trails.get(rid), self._accepted.get(rid)
        if trail is None or not trail.accepted or verdict in _ENDS:
            return
        gateway = answer.accepted.gateway if answer is not None and answer.accepted is not None else ""
        forgotten = gateway in self.forgetful or answer is None
        if not (forgotten and trail.accepted_forgotten):
            self._violated(rid, f"{verdict} is ruled, though it was shown as accepted")

    def brought(self, rid: str, lease_id: str, cause: str | None, *, revoked: bool) -> None:
        """Check how something ends that was accepted: as a conflict only for a cause, which it names."""
        if cause is None:
            if revoked:
                self._violated(rid, "redeemed by a signature whose key was revoked")
            return
        loan = self.lent[lease_id]
        forgot = Cause.JOURNAL_LOST if loan.gateway in self.forgetful else None
        if cause != (Cause.KEY_REVOKED if revoked else Cause.DECLARED_LOST if loan.lost else forgot):
            self._violated(rid, f"a conflict for which there is no cause, told as {cause}")
        self.conflicts[cause] += 1

    def _counts(self, rid: str) -> bool:
        trail = self._oracle.trails.get(rid)
        if trail is None or trail.undo_forgotten:
            return False
        said = trail.ruled or trail.forgotten  # its gateway remembers what restored books have forgotten
        return said is None or (said.verdict is Verdict.REDEEMED and trail.undone_at is None)

    def _is_open(self, rid: str) -> bool:
        trail = self._oracle.trails.get(rid)
        # What restored books have forgotten its gateway remembers, and uploads before anybody else gets the use.
        return trail is not None and trail.ruled is None and trail.forgotten is None

    def _violated(self, rid: str, what: str) -> None:
        self._oracle.violated("offline", rid, what)
