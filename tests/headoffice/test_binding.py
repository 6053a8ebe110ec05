"""Who may speak for which store: the head office's own check, from the gateway's certificate, beside the gateway's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from headoffice.errors import GatewayUnknownError
from protocol.messages import Answer, Notice
from protocol.upstream import AskLook, AskRedeem, AskResolve, AskSettled, Looked
from protocol.vocabulary import Verdict
from tests.headoffice.counter import new_rid, unmarked

if TYPE_CHECKING:
    from tests.headoffice.counter import Counter


def test_a_gateway_cannot_redeem_for_a_store_that_is_not_its(counter: Counter) -> None:
    code = counter.issue(stores=["nanjing-lu"])
    # The gateway of 静安 lies: it says that its kiosk stands in 南京路, where the voucher is valid.
    looked = counter.ledger.answer("gw-jingan", AskLook(requester="till-2", store="nanjing-lu", code=code))
    assert isinstance(looked, Looked)
    assert (looked.verdict, looked.voucher, looked.detail.title) == (Verdict.WRONG_STORE, None, None)

    intent = counter.intent(code)
    for ask in (
        AskRedeem(requester="till-2", store="nanjing-lu", intent=intent, terms=1),
        AskResolve(requester="till-2", store="nanjing-lu", intent=intent, terms=1),
    ):
        answer = counter.ledger.answer("gw-jingan", ask)
        assert isinstance(answer, Notice)
        assert (answer.verdict, answer.rid) == (Verdict.FAULT, intent.rid)
        assert "store" in (answer.hint or "")
    assert counter.books() == []
    assert counter.spent(code) == 0
    assert counter.confirm(intent).verdict is Verdict.REDEEMED


def test_a_voucher_of_other_stores_is_refused_whatever_the_gateway_thought(counter: Counter) -> None:
    code = counter.issue(stores=["jingan"])
    # A gateway whose own check is gone confirms all the same.
    assert counter.confirm(counter.intent(code)).verdict is Verdict.WRONG_STORE
    assert counter.spent(code) == 0


@pytest.mark.parametrize(
    ("stores", "disabled", "verdict"),
    [(["jingan"], False, Verdict.CLERK_WRONG_STORE), (["nanjing-lu"], True, Verdict.CLERK_DISABLED)],
)
def test_a_clerk_who_may_not_work_there_redeems_nothing_whatever_the_gateway_thought(
    counter: Counter,
    stores: list[str],
    disabled: bool,  # noqa: FBT001 - a case
    verdict: Verdict,
) -> None:
    number = counter.api.post("/api/v1/clerks", {"stores": ["nanjing-lu"]}).json()["number"]
    code = counter.issue()
    assert counter.look(code, clerk=number).verdict is Verdict.REDEEMABLE
    change = {"name": "王小明", "stores": stores, "disabled": disabled}
    counter.api.put(f"/api/v1/clerks/{number}", change).raise_for_status()
    # A gateway whose own check is gone looks, and confirms all the same.
    assert counter.look(code, clerk=number).verdict is verdict
    intent = counter.intent(code, clerk=number)
    assert counter.confirm(intent).verdict is verdict
    assert counter.spent(code) == 0
    counter.api.put(f"/api/v1/clerks/{number}", {"name": "王小明", "stores": ["nanjing-lu"]}).raise_for_status()
    assert counter.confirm(intent).verdict is verdict, "what was refused under a rid stays refused"
    assert counter.confirm(counter.intent(code, clerk=number)).verdict is Verdict.REDEEMED


def test_a_number_that_is_nobodys_is_refused_where_the_store_asks_for_its_clerks(counter: Counter) -> None:
    code = counter.issue()
    counter.api.put("/api/v1/stores/nanjing-lu", {"name": "南京路店", "clerk_policy": "shift"}).raise_for_status()
    assert counter.look(code, clerk="777").verdict is Verdict.CLERK_WRONG_STORE
    assert counter.confirm(counter.intent(code, clerk="777")).verdict is Verdict.CLERK_WRONG_STORE
    counter.api.put("/api/v1/stores/nanjing-lu", {"name": "南京路店"}).raise_for_status()
    assert counter.confirm(counter.intent(code, clerk="777")).verdict is Verdict.REDEEMED


def test_a_look_names_the_stores_by_id_for_the_gateways_own_check(counter: Counter) -> None:
    assert counter.look(counter.issue(stores=["jingan", "nanjing-lu"])).stores == ("nanjing-lu", "jingan")
    assert counter.look(counter.issue(stores=["jingan"])).stores == ("jingan",)
    assert counter.look(counter.issue()).stores is None


def test_however_many_stores_a_voucher_has_the_answer_is_small_and_names_this_one(counter: Counter) -> None:
    everywhere = [f"a-{number:03}" for number in range(60)]
    for store in everywhere:
        counter.api.put(f"/api/v1/stores/{store}", json={"name": store}).raise_for_status()
    looked = counter.look(counter.issue(stores=[*everywhere, "nanjing-lu"]))
    assert looked.verdict is Verdict.REDEEMABLE
    assert looked.stores is not None
    assert "nanjing-lu" in looked.stores
    assert len(looked.stores) <= 21


def test_a_gateway_that_nobody_registered_is_told_so(counter: Counter) -> None:
    code = counter.issue()
    for ask in (
        AskLook(requester="till-1", store="nanjing-lu", code=code),
        counter.ask(counter.intent(code)),
        AskSettled(requester="till-1", rid=new_rid()),
    ):
        with pytest.raises(GatewayUnknownError, match="gw-stranger"):
            counter.ledger.answer("gw-stranger", ask)
    assert counter.books() == []


def test_a_rid_is_answered_through_whichever_gateway_now_vouches_for_its_kiosk(counter: Counter) -> None:
    code = counter.issue()
    intent = counter.intent(code)
    redeemed = counter.confirm(intent)
    moved = AskResolve(requester=counter.kiosk, store="jingan", intent=intent, terms=1)
    answer = counter.ledger.answer("gw-jingan", moved)
    assert isinstance(answer, Answer)
    assert unmarked(answer) == redeemed

    # And the old gateway still hears how it ended, though the store is no longer its.
    counter.api.put("/api/v1/gateways/gw-nanjing-lu", {"name": "南京路店", "stores": []}).raise_for_status()
    answer = counter.ledger.answer(counter.gateway, counter.ask(intent))
    assert isinstance(answer, Answer)
    assert unmarked(answer) == redeemed


def test_a_gateway_bound_anew_speaks_for_its_new_stores_only(counter: Counter) -> None:
    code = counter.issue()
    counter.api.put("/api/v1/gateways/gw-jingan", {"name": "两店", "stores": ["jingan", "nanjing-lu"]})
    looked = counter.ledger.answer("gw-jingan", AskLook(requester="till-1", store="nanjing-lu", code=code))
    assert isinstance(looked, Looked)
    assert looked.verdict is Verdict.REDEEMABLE
    counter.api.put("/api/v1/gateways/gw-jingan", {"name": "改名"}).raise_for_status()
    (bound,) = (row for row in counter.api.get("/api/v1/gateways").json() if row["id"] == "gw-jingan")
    assert bound == {"id": "gw-jingan", "name": "改名", "stores": ["jingan", "nanjing-lu"]}
