"""What customers say themselves of being told: where a voucher is claimed, and on the page of one."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from headoffice.notices.kinds import Channel
from headoffice.office import Office
from headoffice.tables.pages import contacts as kept
from tests.headoffice.conftest import NOON
from tests.headoffice.notices.conftest import NUMBER, issue, notices, put_type
from tests.headoffice.test_wallets import Phone

if TYPE_CHECKING:
    from headoffice.database import Database
    from tests.headoffice.counter import Clock, Counter

TYPED = b"sms=138+0013+8000&agree=1"
NOTHING = b"agree=1"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Return an SQLite database's: of these tests none asks which it is."""
    return sqlite_url


def _kept(database: Database) -> list[tuple[str, str, str, str]]:
    columns = kept.c.channel, kept.c.address, kept.c.lang, kept.c.agreed_by
    return [tuple(row) for row in database.read(lambda found: found.execute(select(*columns).order_by("channel")))]


def _page(counter: Counter, **more: object) -> str:
    return str(counter.api.post("/api/v1/vouchers", {"type": "latte", **more}).json()["page"])


def _claim(phone: Phone, typed: bytes) -> int:
    (form,) = re.findall(r'action="([^"]+)"', phone.open("/lingquan/autumn/door").text)
    return phone.send(unescape(form), typed).status_code


def test_who_leaves_a_telephone_on_the_page_is_told_from_then_on(
    counter: Counter, office: Office, database: Database
) -> None:
    put_type(counter, "sms", "email", uses=2)
    wanted = counter.api.post("/api/v1/vouchers", {"type": "latte"}).json()
    phone = Phone(office)
    assert phone.send(f"{wanted['page']}/notices?lang=en", TYPED + b"&email=li.lei%40example.com").status_code == 303
    word = "/v: I agree to be told about my vouchers"
    assert _kept(database) == [("email", "li.lei@example.com", "en", word), ("sms", "138 0013 8000", "en", word)]
    counter.redeem(wanted["code"])
    assert [occasion for occasion, _ in notices(database)] == ["redeemed"]
    shown = phone.open(wanted["page"]).text
    assert "138****8000" in shown
    assert phone.press(wanted["page"], "/quiet").status_code == 303
    assert [address for _, address, *_ in _kept(database)] == ["", ""]


def test_their_word_comes_after_the_end_that_they_put_to_it_before(
    counter: Counter, office: Office, database: Database, clock: Clock
) -> None:
    put_type(counter)
    page, phone = _page(counter, customer=NUMBER), Phone(office)
    phone.send(f"{page}/notices", TYPED)
    phone.send(f"{page}/quiet")
    clock.pass_by(timedelta(minutes=1))
    phone.send(f"{page}/notices", b"sms=13900139000&agree=1")
    assert [address for _, address, *_ in _kept(database)] == ["13900139000"]


@pytest.mark.parametrize("typed", [b"", b"sms=13800138000", NOTHING, b"email=li.lei%40example.com&agree=1"])
def test_without_their_word_or_an_address_that_is_asked_for_nothing_is_kept(
    counter: Counter, office: Office, database: Database, typed: bytes
) -> None:
    put_type(counter)
    assert Phone(office).send(f"{_page(counter)}/notices", typed).status_code == 303
    assert _kept(database) == []


@pytest.mark.parametrize(
    ("typed", "status"), [(b"sms=tomorrow&agree=1", 400), (b"sms=" + b"1" * 40 + b"&agree=1", 400), (b"x" * 3000, 413)]
)
def test_what_no_page_sends_is_refused(counter: Counter, office: Office, typed: bytes, status: int) -> None:
    put_type(counter)
    counter.api.put("/api/v1/campaigns/autumn", {"type": "latte", "sources": ["door"]}).raise_for_status()
    assert Phone(office).send(f"{_page(counter)}/notices", typed).status_code == status
    assert _claim(Phone(office), typed) == status


def test_a_friends_page_and_a_voucher_that_is_over_ask_nothing(
    counter: Counter, office: Office, database: Database, clock: Clock
) -> None:
    put_type(counter, kind="friend")
    code, phone = issue(counter, notify=None), Phone(office)
    friends = counter.api.post(f"/api/v1/vouchers/{code}/shares", {"name": "王芳"}).json()["page"]
    assert "/notices" not in phone.open(friends).text
    assert phone.send(f"{friends}/notices", TYPED).status_code == 404
    over = _page(counter, valid_until=(clock() + timedelta(days=1)).isoformat())
    assert "/notices" in phone.open(over).text
    clock.pass_by(timedelta(days=2))
    assert "/notices" not in phone.open(over).text
    phone.send(f"{over}/notices", TYPED)
    assert _kept(database) == []


def test_no_page_asks_for_an_address_that_nothing_would_be_sent_to(counter: Counter, office: Office) -> None:
    put_type(counter, "wechat", "sms", "email")
    shown = Phone(office).open(_page(counter)).text
    assert re.findall(r'name="(sms|email|wechat)"', shown) == ["sms", "email"]
    mails = Office(**{name: getattr(office, name) for name in Office.__slots__} | {"ways": frozenset({Channel.EMAIL})})
    assert re.findall(r'name="(sms|email|wechat)"', Phone(mails).open(_page(counter)).text) == ["email"]
    put_type(counter, type_id="silent", notices=[])
    assert "/notices" not in Phone(office).open(_page(counter, type="silent")).text


def test_who_says_so_at_claiming_hears_of_that_very_voucher(
    counter: Counter, office: Office, database: Database
) -> None:
    put_type(counter)
    counter.api.put("/api/v1/campaigns/autumn", {"type": "latte", "sources": ["door"], "each": 2}).raise_for_status()
    phone = Phone(office)
    assert 'name="sms"' in phone.open("/lingquan/autumn/door").text
    assert _claim(phone, TYPED) == 303
    assert _kept(database) == [("sms", "138 0013 8000", "zh", "/lingquan/autumn/door: 我同意接收我的券的通知")]
    assert [occasion for occasion, _ in notices(database)] == ["issued"]
    assert 'name="sms"' not in phone.open("/lingquan/autumn/door").text
    assert _claim(phone, b"") == 303
    assert [occasion for occasion, _ in notices(database)] == ["issued", "issued"]


def test_of_a_claim_that_gives_nothing_nothing_is_kept(
    counter: Counter, office: Office, database: Database, clock: Clock
) -> None:
    put_type(counter)
    ended = {"type": "latte", "sources": ["door"], "ends_at": (NOON + timedelta(hours=1)).isoformat()}
    counter.api.put("/api/v1/campaigns/autumn", ended).raise_for_status()
    late, unsaid = Phone(office), Phone(office)
    (form,) = re.findall(r'action="([^"]+)"', late.open("/lingquan/autumn/door").text)
    assert _claim(unsaid, b"sms=13800138000") == 303
    clock.pass_by(timedelta(hours=1))
    assert late.send(unescape(form), TYPED).status_code == 409
    assert _kept(database) == []
