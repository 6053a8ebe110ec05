"""A customer's wallet, and what its owner does with a voucher from its page."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from headoffice.public import public_app
from headoffice.vouchers.issued import MOST_FRIENDS
from protocol.messages import Method
from protocol.vocabulary import Verdict
from tests.headoffice.asgi import Client
from tests.headoffice.racing import race

if TYPE_CHECKING:
    from collections.abc import Callable

    from headoffice.office import Office
    from tests.headoffice.asgi import Reply
    from tests.headoffice.counter import Clock, Counter

HOST = "http://vouchers.example"
RACES = 10
LI, WANG = "+86 138 0013 8000", "+86 139 0013 9000"


class Phone:
    """A customer's browser: it keeps the cookie that it is given."""

    def __init__(self, office: Office) -> None:
        self._client = Client(public_app(office), {"accept-language": "zh"})
        self.cookie = ""

    def open(self, page: str) -> Reply:
        return self._kept(self._client.get(page.removeprefix(HOST), {"cookie": self.cookie}))

    def send(self, form: str, content: bytes = b"") -> Reply:
        return self._kept(self._client.post(form.removeprefix(HOST), headers={"cookie": self.cookie}, content=content))

    def press(self, page: str, action: str) -> Reply:
        """Press the button of the form that leads to this action, as it stands on the page."""
        forms = re.findall(r'<form method="post" action="([^"]+)"', self.open(page).text)
        (form,) = [form for form in forms if action in form]
        return self.send(form)

    def titles(self, wallet: str) -> list[str]:
        return re.findall(r'<span class="title">(.*?)</span>', self.open(wallet).raise_for_status().text)

    def _kept(self, reply: Reply) -> Reply:
        self.cookie = reply.headers.get("set-cookie", self.cookie).partition(";")[0]
        return reply


@pytest.fixture
def phone(office: Office) -> Phone:
    return Phone(office)


def _issue(counter: Counter, **wanted: Any) -> dict[str, str]:
    issued: dict[str, str] = counter.api.post("/api/v1/vouchers", wanted).raise_for_status().json()
    return issued


def _gift_of(phone: Phone, page: str) -> str:
    """Give a voucher away on its page and return the link."""
    assert phone.press(page, "/do/gift").status_code == 303
    link = re.search(r'value="(http://vouchers\.example/g/[^"]+)"', phone.open(page).text)
    assert link
    return link[1]


def test_a_wallet_shows_what_can_be_used_now_first_and_folds_what_is_over(
    counter: Counter, phone: Phone, clock: Clock
) -> None:
    day = timedelta(days=1)
    wanted = {
        "明天过期": {"valid_until": (clock() + day).isoformat()},
        "长期": {},
        "下月开始": {"valid_from": (clock() + 30 * day).isoformat()},
        "用过": {},
        "删掉": {},
    }
    issued = {title: _issue(counter, title=title, customer=LI, **more) for title, more in wanted.items()}
    (wallet,) = {one["wallet"] for one in issued.values()}
    assert _issue(counter, title="别人的", customer=WANG)["wallet"] != wallet
    counter.redeem(issued["用过"]["code"])
    counter.step(issued["删掉"]["code"], "delete")
    assert phone.titles(wallet) == ["明天过期", "长期", "下月开始", "用过"]
    folded = phone.open(wallet).text.partition('<details class="past">')[2]
    assert "已使用或已失效（1）" in folded
    assert "用过" in folded


def test_a_wallets_address_can_be_renewed_and_the_old_one_leads_nowhere(counter: Counter, phone: Phone) -> None:
    before = _issue(counter, title="拿铁", customer=LI)["wallet"]
    assert counter.api.post("/api/v1/wallets", {"customer": LI}).json()["page"] == before
    after = counter.api.post("/api/v1/wallets", {"customer": LI, "renew": True}).json()["page"]
    assert phone.open(before).status_code == 404
    assert phone.titles(after) == ["拿铁"]
    assert phone.open("/w/" + "x" * 32).status_code == 404


def test_a_link_that_somebody_sends_does_not_replace_the_wallet_that_a_browser_has(
    counter: Counter, phone: Phone
) -> None:
    own, other = (_issue(counter, customer=customer)["wallet"] for customer in (LI, WANG))
    phone.open(own)
    kept = phone.cookie
    assert own.endswith(kept.removeprefix("wallet="))
    phone.open(other)
    assert phone.cookie == kept


def test_a_voucher_leads_back_to_the_wallet_in_its_own_customers_browser_alone(
    counter: Counter, office: Office, phone: Phone
) -> None:
    issued = _issue(counter, customer=LI)
    assert "返回卡包" not in phone.open(issued["page"]).text
    phone.open(issued["wallet"])
    assert issued["wallet"].removeprefix(HOST) in phone.open(issued["page"]).text
    assert "返回卡包" not in Phone(office).open(issued["page"]).text


def test_a_gift_is_received_once_and_what_the_giver_knows_is_worth_nothing_then(
    counter: Counter, office: Office, phone: Phone, clock: Clock
) -> None:
    given = _issue(counter, title="十次卡", kind="multi_use", uses=10, customer=LI)
    counter.redeem(given["code"], 3)
    clock.pass_by(timedelta(seconds=1))
    link = _gift_of(phone, given["page"])
    assert counter.look(given["code"]).verdict is Verdict.GIFTING
    clock.pass_by(timedelta(seconds=1))
    friend = Phone(office)
    assert given["code"] not in friend.open(link).text
    page = friend.press(link, "/g/").headers["location"]
    received = friend.open(page).text
    assert "待使用" in received
    assert "剩余次数 <strong>7</strong> / 7" in received
    assert given["code"] not in received
    assert counter.look(given["code"]).verdict is Verdict.GIFTING
    assert "已转赠" in phone.open(given["page"]).text
    assert "已经领走或已收回" in Phone(office).open(link).text
    number = "".join(re.findall(r"<span>(\w{4})</span>", received))
    assert counter.redeem(number, 7).verdict is Verdict.REDEEMED
    history = counter.api.get(f"/api/v1/vouchers/{given['code']}").json()["history"]
    assert [entry["step"] for entry in history if entry["step"]] == ["gift", "receive"]


def test_what_is_received_lies_in_the_wallet_that_the_browser_keeps(
    counter: Counter, office: Office, phone: Phone, clock: Clock
) -> None:
    friend, wallet = Phone(office), _issue(counter, title="自己的", customer=WANG)["wallet"]
    friend.open(wallet)
    link = _gift_of(phone, _issue(counter, title="礼物")["page"])
    clock.pass_by(timedelta(seconds=1))
    friend.press(link, "/g/")
    assert friend.titles(wallet) == ["礼物", "自己的"]
    stranger = Phone(office)
    stranger.press(_gift_of(phone, _issue(counter, title="又一张")["page"]), "/g/")
    assert stranger.titles("/w/" + stranger.cookie.removeprefix("wallet=")) == ["又一张"]


def test_what_an_undo_gives_back_after_a_gift_was_received_is_its_receivers(
    counter: Counter, office: Office, phone: Phone
) -> None:
    given = _issue(counter, title="瑜伽次卡", uses=5)
    spent = counter.redeem(given["code"])
    # And given on, by the one who received it.
    friend, last = Phone(office), Phone(office)
    friends = str(friend.press(_gift_of(phone, given["page"]), "/g/").headers["location"])
    lasts = str(last.press(_gift_of(friend, friends), "/g/").headers["location"])
    assert "<strong>4</strong> / 4" in last.open(lasts).text
    assert counter.undo(spent.rid).verdict is Verdict.UNDONE
    assert "<strong>5</strong> / 5" in last.open(lasts).text
    # Nobody else has any: not on a page, not in the books, not in the sheet.
    assert "<strong>0</strong> / 5" in phone.open(given["page"]).text
    assert counter.api.get(f"/api/v1/vouchers/{given['code']}").json()["uses_left"] == 0
    sheet = csv.DictReader(counter.api.get("/api/v1/sheets/codes.csv").text.removeprefix("\ufeff").splitlines())
    assert sorted(int(row["uses_left"]) for row in sheet) == [0, 0, 5]
    assert counter.look(given["code"]).verdict is Verdict.GIFTING


def test_a_gift_is_not_received_by_a_form_of_another_site(counter: Counter, office: Office, phone: Phone) -> None:
    link = _gift_of(phone, _issue(counter)["page"])
    friend = Phone(office)
    assert friend.send(link).status_code == 403
    friend.open(link)
    for forged in ("", "?proof=", f"?proof={'0' * 32}"):
        assert friend.send(link + forged).status_code == 403
    assert friend.press(link, "/g/").status_code == 303


def test_a_gift_that_is_taken_back_is_its_owners_again_and_its_link_gives_nothing(
    counter: Counter, office: Office, phone: Phone
) -> None:
    given = _issue(counter)
    first = _gift_of(phone, given["page"])
    assert phone.press(given["page"], "/do/take-back").status_code == 303
    friend = Phone(office)
    assert "已经领走或已收回" in friend.open(first).text
    second = _gift_of(phone, given["page"])
    assert second != first
    assert friend.open(first).status_code == 404
    assert friend.press(second, "/g/").status_code == 303


def test_of_a_receiver_and_a_giver_who_takes_it_back_exactly_one_wins(
    counter: Counter, office: Office, phone: Phone
) -> None:
    for _ in range(RACES):
        given = _issue(counter)
        link = _gift_of(phone, given["page"])
        friend = Phone(office)
        friend.open(link)
        (form,) = re.findall(r'action="(/g/[^"]+)"', friend.open(link).text)
        taken_back = f"{given['page']}/do/take-back"
        received, _ = race(partial(friend.send, form), partial(phone.send, taken_back))
        verdict = counter.look(given["code"]).verdict
        assert (received.status_code, verdict) in {(303, Verdict.GIFTING), (409, Verdict.REDEEMABLE)}


def test_of_two_friends_with_one_link_exactly_one_receives_it(counter: Counter, office: Office, phone: Phone) -> None:
    for _ in range(RACES):
        link = _gift_of(phone, _issue(counter)["page"])
        friends = [Phone(office), Phone(office)]
        forms = [re.findall(r'action="(/g/[^"]+)"', friend.open(link).text)[0] for friend in friends]
        answers = race(*(partial(friend.send, form) for friend, form in zip(friends, forms, strict=True)))
        assert sorted(answer.status_code for answer in answers) == [303, 409]


def test_a_refund_is_asked_for_where_something_was_paid_and_races_with_a_counter(
    counter: Counter, phone: Phone
) -> None:
    counter.put_type("lunch", title="午市套餐", price=5850)
    for _ in range(RACES):
        bought = _issue(counter, type="lunch")
        intent = counter.intent(bought["code"])
        runners: list[Callable[[], object]] = [
            partial(phone.send, f"{bought['page']}/do/ask-refund"),
            partial(counter.confirm, intent),
        ]
        race(*runners)
        verdict = counter.confirm(intent).verdict  # the recorded answer
        state = counter.api.get(f"/api/v1/vouchers/{bought['code']}").json()["state"]
        assert (verdict, state) in {(Verdict.REDEEMED, "active"), (Verdict.REFUNDING, "refunding")}
    free = _issue(counter)
    assert "/do/ask-refund" not in phone.open(free["page"]).text
    phone.send(f"{free['page']}/do/ask-refund")
    assert counter.look(free["code"]).verdict is Verdict.REDEEMABLE


def test_what_the_shop_alone_may_do_no_page_does(counter: Counter, phone: Phone) -> None:
    issued = _issue(counter)
    for step in ("withdraw", "pay", "grant-refund", "burn"):
        assert phone.send(f"{issued['page']}/do/{step}").status_code == 303
    assert counter.look(issued["code"]).verdict is Verdict.REDEEMABLE
    assert phone.send(f"/v/{'x' * 32}/do/delete").status_code == 404


def test_a_deleted_voucher_offers_nothing_more(counter: Counter, phone: Phone) -> None:
    issued = _issue(counter)
    phone.press(issued["page"], "/do/delete")
    assert counter.look(issued["code"]).verdict is Verdict.DELETED
    assert "<form" not in phone.open(issued["page"]).text


def test_a_friend_coupon_is_shared_from_its_page_and_says_who_used_it(
    counter: Counter, office: Office, phone: Phone
) -> None:
    owners = _issue(counter, kind="friend")["page"]
    assert "/do/gift" not in phone.open(owners).text
    phone.send(f"{owners}/share", "name=小李".encode())
    phone.send(f"{owners}/share", b"name=")
    (friends,) = re.findall(rf'value="({HOST}/v/[^"]+)"', phone.open(owners).text)
    friend = Phone(office)
    assert "<form" not in friend.open(friends).text
    assert friend.send(f"{friends}/share", "name=小王".encode()).status_code == 404
    assert friend.send(f"{friends}/do/delete").status_code == 404
    phone.send(f"{owners}/open")
    code = friend.send(f"{friends}/open").json()["code"]
    assert counter.redeem(code).verdict is Verdict.REDEEMED
    for page in (owners, friends):
        assert "<dt>使用人</dt><dd>小李</dd>" in phone.open(page).text


def test_a_friend_coupon_is_shared_with_so_many_and_then_its_page_offers_it_no_more(
    counter: Counter, phone: Phone
) -> None:
    issued = _issue(counter, kind="friend")
    for number in range(MOST_FRIENDS - 1):
        counter.api.post(f"/api/v1/vouchers/{issued['code']}/shares", {"name": f"{number}"}).raise_for_status()
    for _ in range(3):
        assert phone.send(f"{issued['page']}/share", "name=小李".encode()).status_code == 303
    shown = phone.open(issued["page"]).text
    assert shown.count("小李") == 1
    assert "/share" not in shown
    assert counter.api.post(f"/api/v1/vouchers/{issued['code']}/shares", {"name": "x"}).status_code == 409


def test_a_friend_coupon_that_its_owner_used_says_so(counter: Counter, phone: Phone) -> None:
    owners = _issue(counter, kind="friend")["page"]
    assert counter.redeem(phone.send(f"{owners}/open").json()["code"]).verdict is Verdict.REDEEMED
    assert "<dt>使用人</dt><dd>券主</dd>" in phone.open(owners).text


def test_a_friend_coupon_whose_number_a_manager_typed_names_nobody(counter: Counter, phone: Phone) -> None:
    issued = _issue(counter, kind="friend")
    phone.send(f"{issued['page']}/open")
    assert counter.confirm(counter.intent(issued["code"], method=Method.WEB)).verdict is Verdict.REDEEMED
    used = phone.open(issued["page"]).text
    assert "已使用" in used
    assert "使用人" not in used


def test_a_browser_keeps_no_wallet_that_is_easy_to_guess(counter: Counter, office: Office, phone: Phone) -> None:
    link = _gift_of(phone, _issue(counter)["page"])
    friend = Phone(office)
    friend.cookie = "wallet=1234"
    friend.open(link)
    assert len(friend.cookie) == len("wallet=") + 32
