"""Redemptions without an end, and a person's word where nothing else can end one (rule 7)."""

from datetime import datetime

from pydantic import Field

from headoffice.api.access import TheOffice, part_of_api
from headoffice.api.fields import GivenReason, Id, Model, Name, Rid
from headoffice.api.problems import problems
from headoffice.errors import NotAllowedError, NotFoundError
from headoffice.office import Office
from headoffice.platforms import cases
from headoffice.platforms.cases import Unfinished
from headoffice.platforms.ports import Spent
from headoffice.redemptions import rids
from headoffice.redemptions.rids import Decision, platform_of
from protocol.ids import code_tail
from protocol.platform import Phase
from protocol.vocabulary import Verdict

router = part_of_api("redemptions")


class OpenRedemption(Model):
    """A redemption without an end. The customer's goods stay on the counter, or were left there under a number."""

    rid: Rid
    phase: Phase = Field(
        description="claimed: the platform is being asked, nothing has left. sent: a consume is under way. "
        "open: whether it was this one that spent the voucher can only be said by others."
    )
    since: datetime = Field(description="When it was confirmed, in the store's own time.")
    store: Id
    store_name: str
    gateway: Id
    kiosk: Id
    clerk: str | None
    platform: str | None = Field(description="Known once the platform has said whose code it is.")
    voucher: str | None = Field(description="The platform's own name of the voucher: look for this in its records.")
    code_tail: str | None
    title: str | None
    quantity: int
    attempts: int = Field(description="Consumes that have left.")
    decidable: bool = Field(description="Whether a person may say whose it was.")
    nothing_spent_in_s: float | None = Field(
        description="In how many seconds a person may also say that nothing, or somebody else, was it: until then a "
        "consume can still be under way. Null where nothing can be decided."
    )


class DecisionIn(Model):
    """What a person has found in the platform's records."""

    spent: Spent = Field(
        description="ours: this redemption spent the voucher, it becomes redeemed. others: somebody else did, it "
        "becomes already_redeemed. nobody: it is unspent, the redemption becomes aborted."
    )
    by: Name = Field(description="Whose word this is; it is kept.", examples=["li.lei"])
    why: GivenReason = Field(description="What it is founded on; it is kept.", examples=["not in the list of uses"])


class Decided(Model):
    """How it has ended now."""

    rid: Rid
    verdict: Verdict


@router.get("/redemptions/open", summary="Redemptions without an end, the oldest first")
def get_open(here: TheOffice) -> list[OpenRedemption]:
    """Return them. Most end by themselves within seconds; one that is `open` may need a person."""
    return [_shown(here, found) for found in here.database.read(cases.unfinished)]


@router.post("/redemptions/{rid}/decide", summary="Say how a redemption ended", responses=problems(404, 409, 503))
async def post_decision(rid: Rid, decision: DecisionIn, here: TheOffice) -> Decided:
    """Give a person's word on a redemption that is `open`; who and why are kept in the record.

    409 `not_allowed`: a consume can still be under way, or it has ended. The hint says how long to wait. 503
    `restoring`: the books were put back, and a journal that may know more of it is missing.
    """
    driver = here.driver
    done = None
    if driver is not None:
        done = await driver.decide(rid, decision.spent, Decision(by=decision.by, why=decision.why))
    if driver is None or done is None:
        known = here.database.read(lambda connection: rids.known_under(connection, rid))
        if known is None:
            msg = "no redemption has this id"
            raise NotFoundError(msg)
        msg = f"it has ended: {known.answer.verdict}"
        raise NotAllowedError(msg)
    if done.case.answer is None:
        raise NotAllowedError(
            "it may still end by itself; try again once it is open"
            if done.case.phase is not Phase.OPEN
            else f"a consume can still be under way; try again in {driver.quiet_in_s(rid):.0f} s"
        )
    return Decided(rid=rid, verdict=done.case.answer.verdict)


def _shown(here: Office, found: Unfinished) -> OpenRedemption:
    case, is_open = found.case, found.case.phase is Phase.OPEN
    platform = platform_of(case.voucher)
    return OpenRedemption(
        rid=case.rid,
        phase=case.phase,
        since=found.claimed_at,
        store=case.store,
        store_name=found.store_name,
        gateway=found.gateway,
        kiosk=case.requester,
        clerk=case.intent.clerk,
        platform=platform,
        voucher=case.voucher[len(platform) + 1 :] if case.voucher and platform else None,
        code_tail=code_tail(case.intent.code) if case.intent.code else None,
        title=case.detail.title,
        quantity=case.intent.quantity,
        attempts=case.attempts,
        decidable=is_open,
        nothing_spent_in_s=here.driver.quiet_in_s(case.rid) if is_open and here.driver else None,
    )
