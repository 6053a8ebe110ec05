"""What a customer's page says of the counter's last word, where the voucher itself stays as it is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from headoffice.pages import words
from headoffice.pages.lately import LATELY, PASSING
from headoffice.public import public_app
from protocol.vocabulary import Verdict
from tests.headoffice.asgi import Client

if TYPE_CHECKING:
    from headoffice.office import Office
    from tests.headoffice.counter import Clock, Counter


@pytest.fixture
def phone(office: Office) -> Client:
    """Return a customer's browser: no token."""
    return Client(public_app(office), {"accept-language": "zh"})


def _page(counter: Counter, code: str) -> str:
    page = str(counter.api.get(f"/api/v1/vouchers/{code}").json()["page"])
    return page.removeprefix("http://vouchers.example")


def test_a_refusal_is_said_by_its_name_with_what_to_do_and_then_forgotten(
    counter: Counter, phone: Client, clock: Clock
) -> None:
    code = counter.issue(stores=["jingan"])
    page = _page(counter, code)
    before = phone.get(f"{page}/state").json()["seal"]
    assert counter.look(code).verdict is Verdict.WRONG_STORE
    told = phone.get(page).text
    assert 'data-lately="wrong_store"' in told
    for text in ("当前门店不适用", "请到下面列出的适用门店使用", "南京路店", "12:00:00", "待使用"):
        assert text in told
    assert phone.get(f"{page}/state").json()["seal"] != before
    clock.pass_by(LATELY)
    assert "data-lately" not in phone.get(page).text
    assert phone.get(f"{page}/state").json()["seal"] == before


def test_a_refusal_at_the_confirm_is_said_too(counter: Counter, phone: Client) -> None:
    code = counter.issue(minimum=10_000)
    looked = counter.look(code)
    short = counter.confirm(counter.intent(code, amount=900), looked.terms)
    assert short.verdict is Verdict.BELOW_MINIMUM
    assert "未达使用门槛" in phone.get(_page(counter, code)).text


def test_a_use_of_a_card_is_green_with_what_is_left_until_it_is_undone(
    counter: Counter, phone: Client, clock: Clock
) -> None:
    code = counter.issue(kind="multi_use", uses=5)
    page = _page(counter, code)
    intent = counter.intent(code, 2)
    counter.confirm(intent, counter.look(code).terms)
    told = phone.get(page).text
    assert 'class="lately good"' in told
    assert "本次使用 2 次，还可使用 3 次" in told
    clock.pass_by(timedelta(seconds=1))
    counter.undo(intent.rid)
    assert "data-lately" not in phone.get(page).text


def test_the_newest_word_counts_and_another_vouchers_does_not(counter: Counter, phone: Client, clock: Clock) -> None:
    card, other = counter.issue(kind="multi_use", uses=5), counter.issue(stores=["jingan"])
    counter.look(other)
    counter.redeem(card, 1)
    clock.pass_by(timedelta(seconds=1))
    counter.redeem(card, 4)
    assert "data-lately" not in phone.get(_page(counter, card)).text  # its state says it all
    card = counter.issue(kind="multi_use", uses=5, stores=["nanjing-lu"])
    counter.redeem(card)
    clock.pass_by(timedelta(seconds=1))
    counter.in_store("jingan").look(card)
    assert 'data-lately="wrong_store"' in phone.get(_page(counter, card)).text


def test_there_are_words_for_everything_that_is_said() -> None:
    for lang in words.LANGUAGES:
        for verdict in PASSING | {Verdict.REDEEMED}:
            said = words.lately(verdict, 1, 2, lang)
            assert said.name
            assert "{" not in said.meaning
