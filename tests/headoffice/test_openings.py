"""Codes that change while a page shows them: what counts, for how long, and that a friend coupon is spent once."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from headoffice.public import public_app
from headoffice.vouchers.codes import ALPHABET
from protocol.messages import Method
from protocol.upstream import AskLook, Looked
from protocol.vocabulary import Verdict
from tests.headoffice.asgi import Client
from tests.headoffice.racing import race

if TYPE_CHECKING:
    from collections.abc import Callable

    from headoffice.office import Office
    from tests.headoffice.counter import Clock, Counter

    Issue = Callable[..., tuple[str, "Phone"]]

RACES = 12


class Phone:
    """A customer's browser on a voucher's page."""

    def __init__(self, office: Office, page: str) -> None:
        self._client = Client(public_app(office))
        self._page = page.removeprefix("http://vouchers.example")
        self.opening = ""

    def tap(self) -> str:
        """Tap 立即使用, and return the code that is shown."""
        shown = self._client.post(f"{self._page}/open").raise_for_status().json()
        self.opening = shown["opening"]
        return str(shown["code"])

    def beat(self) -> str | None:
        """Say that the page is there, and return the code that it shows then; None: it folds."""
        answer = self._client.post(f"{self._page}/open/{self.opening}")
        assert answer.status_code in {200, 410}
        return str(answer.json()["code"]) if answer.status_code == 200 else None

    def close(self) -> None:
        """Close the page."""
        assert self._client.post(f"{self._page}/open/{self.opening}/close").status_code == 204

    def refused(self) -> bool:
        """Return whether a tap opens nothing."""
        return self._client.post(f"{self._page}/open").status_code == 410

    def verdict(self) -> str:
        return str(self._client.get(f"{self._page}/state").json()["verdict"])


@pytest.fixture
def issue(counter: Counter, office: Office) -> Callable[..., tuple[str, Phone]]:
    """Return what issues a voucher and gives its number and its customer's phone."""

    def issued(**wanted: Any) -> tuple[str, Phone]:
        voucher = counter.api.post("/api/v1/vouchers", wanted).raise_for_status().json()
        assert voucher["qr_text"] is None
        return voucher["code"], Phone(office, voucher["page"])

    return issued


def _pass(phone: Phone, clock: Clock, seconds: int) -> str | None:
    """Let time pass while the page goes on saying that it is there; return what it shows then."""
    shown: str | None = None
    for _ in range(seconds // 10):
        clock.pass_by(timedelta(seconds=10))
        shown = phone.beat()
    return shown


def test_a_code_that_its_page_shows_is_redeemed(counter: Counter, issue: Issue) -> None:
    number, phone = issue(dynamic=True)
    code = phone.tap()
    assert code != number
    assert set(code) <= set(ALPHABET)
    redeemed = counter.redeem(code)
    assert (redeemed.verdict, redeemed.detail.code_tail) == (Verdict.REDEEMED, code[-4:])
    assert counter.spent(number) == 1
    assert counter.look(code).verdict is Verdict.ALREADY_REDEEMED
    assert phone.beat() is None
    assert phone.verdict() == "already_redeemed"


def test_its_own_number_is_stale_but_for_a_manager_on_the_console(counter: Counter, issue: Issue) -> None:
    number, _ = issue(dynamic=True)
    assert counter.look(number).verdict is Verdict.STALE_CODE
    assert counter.redeem(number).verdict is Verdict.STALE_CODE
    by_till = counter.intent(number, method=Method.API)
    assert counter.confirm(by_till).verdict is Verdict.STALE_CODE
    ask = AskLook(requester="console", store=counter.store, code=number, method=Method.WEB)
    looked = counter.ledger.answer(counter.gateway, ask)
    assert isinstance(looked, Looked)
    assert looked.verdict is Verdict.REDEEMABLE
    assert counter.confirm(counter.intent(number, method=Method.WEB)).verdict is Verdict.REDEEMED
    assert {row["method"] for row in counter.books() if row["verdict"] == "redeemed"} == {"web"}


def test_the_code_changes_every_half_minute_and_the_one_before_is_stale(
    counter: Counter, clock: Clock, issue: Issue
) -> None:
    _, phone = issue(dynamic=True)
    first = phone.tap()
    clock.pass_by(timedelta(seconds=29))
    assert phone.beat() == first
    clock.pass_by(timedelta(seconds=1))
    second = phone.beat()
    assert second is not None
    assert second[:8] == first[:8]
    assert second != first
    assert counter.look(first).verdict is Verdict.REDEEMABLE  # on its way from the page to the camera
    clock.pass_by(timedelta(seconds=5))
    assert counter.look(first).verdict is Verdict.STALE_CODE
    assert counter.look(second).verdict is Verdict.REDEEMABLE


def test_one_that_was_looked_up_in_time_is_spent_within_its_offer(counter: Counter, clock: Clock, issue: Issue) -> None:
    _, phone = issue(dynamic=True)
    code = phone.tap()
    assert counter.look(code).verdict is Verdict.REDEEMABLE
    _pass(phone, clock, 60)
    assert counter.confirm(counter.intent(code)).verdict is Verdict.REDEEMED


def test_the_page_has_to_be_there_when_the_use_is_spent_and_not_at_the_look_alone(
    counter: Counter, clock: Clock, issue: Issue
) -> None:
    number, phone = issue(dynamic=True)
    code = phone.tap()
    assert counter.look(code).verdict is Verdict.REDEEMABLE
    clock.pass_by(timedelta(seconds=45))
    assert counter.confirm(counter.intent(code)).verdict is Verdict.STALE_CODE
    assert phone.beat() is None
    assert counter.spent(number) == 0
    assert counter.redeem(phone.tap()).verdict is Verdict.REDEEMED


def test_a_page_that_is_closed_takes_its_code_with_it(counter: Counter, issue: Issue) -> None:
    _, phone = issue(dynamic=True)
    code = phone.tap()
    phone.close()
    assert counter.redeem(code).verdict is Verdict.STALE_CODE
    assert phone.beat() is None


def test_after_five_minutes_the_page_folds_and_a_photograph_of_it_is_stale(
    counter: Counter, clock: Clock, issue: Issue
) -> None:
    _, phone = issue(dynamic=True)
    phone.tap()
    last = _pass(phone, clock, 290)
    assert last is not None
    assert _pass(phone, clock, 10) is None
    assert counter.redeem(last).verdict is Verdict.STALE_CODE
    clock.pass_by(timedelta(days=3))
    assert counter.look(last).verdict is Verdict.STALE_CODE
    assert counter.redeem(phone.tap()).verdict is Verdict.REDEEMED


def test_a_code_is_typed_as_its_number_is_read(counter: Counter, issue: Issue) -> None:
    _, phone = issue(dynamic=True)
    code = phone.tap()
    typed = "-".join(code[at : at + 4] for at in range(0, 16, 4)).lower()
    assert counter.redeem(typed).verdict is Verdict.REDEEMED


def test_a_code_of_an_open_page_cannot_be_made_up(counter: Counter, issue: Issue) -> None:
    _, phone = issue(dynamic=True)
    code = phone.tap()
    other = ALPHABET[(ALPHABET.index(code[-1]) + 1) % len(ALPHABET)]
    assert counter.look(code[:-1] + other).verdict is Verdict.UNKNOWN_CODE


def test_no_other_page_speaks_for_an_opening(counter: Counter, issue: Issue) -> None:
    (_, phone), (_, stranger) = issue(dynamic=True), issue(dynamic=True)
    code = phone.tap()
    stranger.opening = phone.opening
    assert stranger.beat() is None
    stranger.close()
    assert counter.redeem(code).verdict is Verdict.REDEEMED


def test_what_cannot_be_used_and_what_never_changes_opens_nothing(
    counter: Counter, office: Office, issue: Issue
) -> None:
    number, phone = issue(dynamic=True)
    counter.step(number, "gift")
    assert phone.refused()
    plain = counter.api.post("/api/v1/vouchers", {}).json()
    assert Phone(office, plain["page"]).refused()


def test_a_step_of_its_life_refuses_the_code_that_is_shown(counter: Counter, issue: Issue) -> None:
    number, phone = issue(dynamic=True)
    code = phone.tap()
    assert counter.step(number, "withdraw") == 200
    assert counter.redeem(code).verdict is Verdict.INVALIDATED
    assert phone.beat() is None


def _friends(counter: Counter, office: Office, issue: Issue) -> tuple[str, Phone, Phone]:
    number, owner = issue(kind="friend")
    shared = counter.api.post(f"/api/v1/vouchers/{number}/shares", {"name": "小李"})
    assert shared.status_code == 201
    return number, owner, Phone(office, shared.json()["page"])


def test_a_friend_coupon_is_opened_on_every_friends_phone_and_used_once(
    counter: Counter, office: Office, issue: Issue
) -> None:
    number, owner, friend = _friends(counter, office, issue)
    codes = owner.tap(), friend.tap()
    assert codes[0] != codes[1]
    assert counter.look(number).verdict is Verdict.STALE_CODE
    assert counter.look(codes[0]).verdict is Verdict.REDEEMABLE
    assert counter.redeem(codes[1]).verdict is Verdict.REDEEMED
    assert counter.redeem(codes[0]).verdict is Verdict.ALREADY_REDEEMED
    assert (owner.verdict(), friend.verdict()) == ("already_redeemed", "already_redeemed")
    assert owner.refused()


def test_of_two_friends_who_meet_at_two_counters_exactly_one_wins(
    counter: Counter, office: Office, issue: Issue
) -> None:
    elsewhere = counter.in_store("jingan")
    for _ in range(RACES):
        number, owner, friend = _friends(counter, office, issue)
        intents = counter.intent(owner.tap()), elsewhere.intent(friend.tap())
        verdicts = race(partial(counter.confirm, intents[0]), partial(elsewhere.confirm, intents[1]))
        assert sorted(answer.verdict for answer in verdicts) == [Verdict.ALREADY_REDEEMED, Verdict.REDEEMED]
        assert counter.spent(number) == 1


def test_only_a_friend_coupon_is_shared(counter: Counter, issue: Issue) -> None:
    number, _ = issue(dynamic=True)
    assert counter.api.post(f"/api/v1/vouchers/{number}/shares", {"name": "小李"}).status_code == 409
    assert counter.api.post("/api/v1/vouchers/NONE/shares", {"name": "小李"}).status_code == 404
