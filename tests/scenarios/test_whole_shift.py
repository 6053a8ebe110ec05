"""A clerk's whole shift by the buttons alone: signs in, serves twenty customers, undoes two mistakes, hands over."""

from __future__ import annotations

from collections import Counter as Tally
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.scenarios.counter import Counter, running_counter
from tests.scenarios.test_clerks import sign_in_by_buttons

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.scenarios.counter import Kiosk

STORE, TILL = "jing-an", "till-2"
REASONS = ("扫错券", "顾客改主意", "商品缺货", "重复核销", "其他")
#: What customers hold up: kind and what is particular about it, how many, and how many uses each wants.
SERVED: tuple[tuple[dict[str, Any], int, int], ...] = (
    ({"kind": "cash"}, 3, 1),
    ({"kind": "discount"}, 2, 1),
    ({"kind": "gift"}, 2, 1),
    ({"kind": "group_buy"}, 2, 1),
    ({"kind": "coupon"}, 2, 1),
    ({"kind": "multi_use", "uses": 5}, 2, 3),
    ({"kind": "pick_up"}, 1, 1),
    ({"kind": "booking", "booked_for": "now"}, 1, 1),
    ({"kind": "friend"}, 1, 1),
    ({"kind": "cash", "dynamic": True}, 1, 1),
    ({"kind": "cash", "valid_from": "2020-01-01T00:00:00+08:00", "valid_until": "2020-02-01T00:00:00+08:00"}, 1, 0),
    ({"kind": "cash", "stores": ["nanjing-lu"]}, 1, 0),
)
CARD = "760000000042"


@pytest.fixture(scope="module")
def shop(mosquitto_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    """Give a counter with a store that asks for its clerks, in a chain where a platform of cards takes part."""
    folder = tmp_path_factory.mktemp("shift")
    with running_counter(folder, kiosks=2, more=("--platform",)) as counter:
        yield counter


def shown_for(shop: Counter, order: dict[str, Any]) -> str:
    """Issue a voucher and return what its phone shows, on a page that was opened where its code changes."""
    if order.get("booked_for") == "now":
        order = {**order, "booked_for": datetime.now(UTC).isoformat()}
    voucher = shop.issue(**order)
    if voucher["qr_text"] is not None:
        return str(voucher["qr_text"])
    token = voucher["page"].rpartition("/")[2]
    return str(shop.good("POST", f"/v/{token}/open")["code"])


def serve(kiosk: Kiosk, code: str, uses: int) -> str | None:
    """Serve a customer; return the rid, None where the code is refused at the look."""
    kiosk.tidy()
    said = kiosk.looked(code)
    if said["verdict"] != "redeemable":
        assert said["light"]["colour"] == "red", said
        return None
    for _ in range(uses - 1):
        kiosk.press("up")
    kiosk.press("ok")
    done = kiosk.until_verdict("redeemed")
    assert done["light"]["colour"] == "green"
    return str(done["rid"])


def undo_the_newest(kiosk: Kiosk, down: int, reason: str, pin: str) -> str:
    """Undo by the buttons the redemption so far down in the list, and return the undo's rid."""
    kiosk.tidy()
    kiosk.press("up")
    kiosk.until(lambda state: state["screen"] == "choosing")
    for _ in range(down):
        kiosk.press("down")
    kiosk.press("ok")
    for _ in range(REASONS.index(reason)):
        kiosk.press("down")
    kiosk.until(lambda state: reason in state["lines"])
    kiosk.press("ok")
    kiosk.until(lambda state: state["screen"] == "typing")
    kiosk.set_digits(pin)
    kiosk.until(lambda state: state["screen"] == "undoing")
    kiosk.press("ok")
    return str(kiosk.until_verdict("undone")["rid"])


@pytest.mark.timeout(600)
def test_a_clerks_whole_shift_by_the_buttons_alone(shop: Counter) -> None:
    kiosk = shop.kiosk(TILL)
    clerk = shop.good("POST", "/api/clerks", {"name": "王小明", "stores": [STORE]})
    shop.good("POST", "/api/platform/cards", {"codes": [CARD]})
    kiosk.until(lambda state: "请店员登录 ×" in state["lines"])
    came = sign_in_by_buttons(kiosk, clerk["number"], clerk["pin"])
    assert (came["verdict"], came["lines"]) == ("clerk_signed_in", ["已登录", "王小明"])

    served = [serve(kiosk, shown_for(shop, order), uses) for order, times, uses in SERVED for _ in range(times)]
    served.append(serve(kiosk, CARD, 1))
    assert len(served) == 20
    redeemed = [rid for rid in served if rid is not None]
    assert len(redeemed) == 18

    # The newest is the platform's, which takes nothing back; so the two before it were the mistakes.
    undos = [undo_the_newest(kiosk, 1, "扫错券", clerk["pin"]), undo_the_newest(kiosk, 1, "重复核销", clerk["pin"])]

    kiosk.tidy()
    kiosk.press("cancel")
    kiosk.press("down")
    day = kiosk.until(lambda state: state["screen"] == "reviewing")
    assert day["lines"][:2] == [f"今日核销 {len(redeemed) - len(undos)}", f"撤销 {len(undos)}"]
    kiosk.press("down")
    assert kiosk.state()["lines"][0].startswith(f"1/{len(redeemed)} ")
    kiosk.press("cancel")

    kiosk.press("cancel")
    kiosk.press("ok")
    went = kiosk.until_verdict("clerk_signed_out")
    assert went["lines"] == ["已退出", "王小明", f"本班核销 {len(redeemed) - len(undos)}"]
    _the_books_agree(shop, clerk["number"], redeemed, undos)


def _the_books_agree(shop: Counter, clerk: str, redeemed: list[str], undos: list[str]) -> None:
    """Every party's books hold the same redemptions and undos, of this clerk, and what is left of them is the total."""
    books = shop.books()
    parties = {"kiosk": books["kiosks"][TILL], "gateway": books["gateway"], "headoffice": books["headoffice"]}
    for party, everything in parties.items():
        rows = [row for row in everything if row["kiosk"] == TILL]
        of_rid = {row["rid"]: row for row in rows if row["rid"] is not None}
        assert set(of_rid) == {*redeemed, *undos}, party
        assert {row["clerk"] for row in of_rid.values()} == {clerk}, party
        refused = Tally(row["verdict"] for row in rows if row["rid"] is None)
        assert refused == {"expired": 1, "wrong_store": 1}, party
    given_back = {row["rid"]: row["undone_by"] for row in parties["gateway"] if row["rid"] and row["undone_by"]}
    assert set(given_back.values()) == set(undos)
    assert set(given_back) < set(redeemed)

    (shift,) = shop.at_gateway("GET", "/api/shifts")["shifts"]
    assert (shift["clerk"], shift["kiosk"], shift["redeemed"]) == (clerk, TILL, len(redeemed) - len(undos))
    assert shift["until"] is not None
