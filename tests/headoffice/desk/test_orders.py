"""Orders that are picked up, at the desk: moved on by whoever works there, and what lies ready in a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headoffice.desk.deeds import Deed, newest
from headoffice.staff.roles import Role
from protocol.vocabulary import Verdict
from tests.headoffice.desk.browsing import let_in

if TYPE_CHECKING:
    from fastapi import FastAPI

    from headoffice.office import Office
    from tests.headoffice.counter import Counter
    from tests.headoffice.desk.browsing import Browsing


def _ordered(counter: Counter, type_id: str, *stores: str) -> tuple[str, str]:
    """Place an order of something that is picked up in these stores; return its code and its voucher."""
    counter.put_type(type_id, title=f"蛋糕 {type_id}", kind="pick_up", stores=list(stores) or None)
    code = counter.issue(type=type_id, stage="placed")
    return code, str(counter.api.get(f"/api/v1/vouchers/{code}").json()["id"])


def test_an_order_is_taken_on_prepared_and_handed_out(office: Office, counter: Counter, manager: Browsing) -> None:
    there = counter.in_store("jingan")
    code, voucher = _ordered(counter, "cake", "jingan")
    assert there.look(code).verdict is Verdict.NOT_READY
    page = manager.get("/orders").text
    assert "蛋糕 cake" in page
    assert "Placed" in page
    assert code not in page
    for step, state in (("accept", "Accepted"), ("prepare", "Being prepared"), ("ready", "Ready for pick-up")):
        assert manager.post("/orders", voucher=voucher, step=step).status_code == 303
        assert state in manager.get("/orders").text
    assert manager.post("/orders", voucher=voucher, step="accept").status_code == 409
    assert manager.post("/orders", voucher=voucher, step="eat").status_code == 409
    assert there.redeem(code).verdict is Verdict.REDEEMED
    assert "蛋糕 cake" not in manager.get("/orders").text.partition("In stock")[0]
    assert manager.post("/orders", voucher=voucher, step="prepare").status_code == 409
    done = [(row["deed"], row["about"]) for row in office.database.read(newest)]
    assert done[:3] == [(Deed.MOVE_ORDER, f"{code[-4:]} {step}") for step in ("ready", "prepare", "accept")]


def test_a_manager_moves_and_counts_only_what_is_of_their_own_stores(counter: Counter, manager: Browsing) -> None:
    _, voucher = _ordered(counter, "cake", "nanjing-lu")
    _ordered(counter, "tea", "nanjing-lu", "jingan")
    page = manager.get("/orders?store=nanjing-lu").text
    assert "蛋糕 tea" in page
    assert "蛋糕 cake" not in page
    assert manager.post("/orders", voucher=voucher, step="ready").status_code == 409
    assert manager.post("/orders", store="nanjing-lu", type="cake", pieces="3").status_code == 409
    assert manager.post("/orders", store="jingan", type="cake", pieces="3").status_code == 409
    assert counter.api.get("/api/v1/types/cake/stock").json() == {}


def test_what_lies_ready_is_counted_until_somebody_says_otherwise(
    office: Office, app: FastAPI, counter: Counter, staff: Browsing
) -> None:
    code, voucher = _ordered(counter, "cake")
    staff.post("/orders", voucher=voucher, step="ready")
    assert staff.post("/orders", store="nanjing-lu", type="cake", pieces="1").status_code == 303
    assert staff.post("/orders", store="nanjing-lu", type="cake", pieces="many").status_code == 409
    assert staff.post("/orders", store="nanjing-lu", type="cake", pieces="-1").status_code == 409
    assert counter.api.get("/api/v1/types/cake/stock").json() == {"nanjing-lu": 1}
    assert counter.redeem(code).verdict is Verdict.REDEEMED
    assert 'name="pieces" inputmode="numeric" maxlength="7" value="0"' in staff.get("/orders?store=nanjing-lu").text
    auditor = let_in(office, app, "qian", Role.AUDITOR)
    assert "<button>Save" not in auditor.get("/orders").text
    assert staff.post("/orders", store="nanjing-lu", type="cake", pieces="").status_code == 303
    assert counter.api.get("/api/v1/types/cake/stock").json() == {}
