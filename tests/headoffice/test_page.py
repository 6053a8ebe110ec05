"""The customer's page as it leaves the head office: its words in every state, its languages, what it lets in."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest

from headoffice.pages import words
from headoffice.public import public_app
from protocol.owner import VoucherState
from tests.headoffice.asgi import Client, Reply

if TYPE_CHECKING:
    from headoffice.office import Office
    from tests.headoffice.counter import Clock, Counter


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Return an SQLite database only: pages read what other tests have read from both."""
    return sqlite_url


@pytest.fixture
def phone(office: Office) -> Client:
    """Return a customer's browser: no token."""
    return Client(public_app(office), {"accept-language": "zh-CN,zh;q=0.9,en;q=0.8"})


def _page(counter: Counter, code: str) -> str:
    page = str(counter.api.get(f"/api/v1/vouchers/{code}").json()["page"])
    return page.removeprefix("http://vouchers.example")


def _state(reply: Reply) -> tuple[str, str]:
    """Return the page's verdict and the words that stand for it."""
    verdict = re.search(r'data-verdict="(\w+)"', reply.text)
    said = re.search(r'<section class="state".*?<h2>(.*?)</h2>', reply.text, re.DOTALL)
    assert verdict
    assert said
    return verdict[1], said[1]


def test_a_voucher_is_shown_with_everything_a_customer_wants_to_know(counter: Counter, phone: Client) -> None:
    counter.api.put(
        "/api/v1/stores/jingan",
        {"name": "静安店", "address": "愚园路 68 号", "phone": "+86 21 5555 0101", "hours": "08:00–22:00"},
    )
    lunch = {
        "title": "午市套餐",
        "brand": "山间咖啡",
        "colour": "#135e46",
        "logo": "data:image/png;base64,iVBORw0KGgo=",
        "value": 5850,
        "details": "每桌一张\n不与其他优惠同享",
        "stores": ["jingan"],
        "valid_until": "2026-12-01T00:00:00+08:00",
        "weekdays": ["mon", "tue", "wed", "sat"],
        "hours": {"from": "11:00", "until": "14:00"},
    }
    counter.put_type("lunch", **lunch)
    code = counter.issue(type="lunch")
    page = phone.get(_page(counter, code)).raise_for_status()
    assert _state(page) == ("redeemable", "待使用")
    for text in (
        *("午市套餐", "山间咖啡", "¥58.50", "优惠券", "#135e46", "data:image/png;base64,iVBORw0KGgo="),
        *("至 2026-11-30", "周一–周三、周六 11:00–14:00", "每桌一张\n不与其他优惠同享"),
        *("静安店", "愚园路 68 号", "08:00–22:00", "tel:+862155550101"),
        " ".join(f"<span>{code[at : at + 4]}</span>" for at in range(0, 16, 4)),
        '<svg class="qr"',
    ):
        assert text in page.text
    assert "南京路店" not in page.text


def test_each_store_leads_to_a_map_by_its_own_link_or_by_its_address(counter: Counter, phone: Client) -> None:
    own = "https://uri.amap.com/marker?position=121.475,31.235&name=x"
    counter.api.put("/api/v1/stores/nanjing-lu", {"name": "南京路店", "map": own}).raise_for_status()
    counter.api.put("/api/v1/stores/jingan", {"name": "静安店", "address": "愚园路 68 号"}).raise_for_status()
    text = phone.get(_page(counter, counter.issue())).text
    assert f'href="{own.replace("&", "&amp;")}"' in text
    assert 'href="https://uri.amap.com/search?keyword=%E6%84%9A%E5%9B%AD%E8%B7%AF%2068%20%E5%8F%B7%20' in text
    refused = counter.api.put("/api/v1/stores/jingan", {"name": "静安店", "map": "javascript:alert(1)"})
    assert refused.status_code == 422


def test_the_chains_account_is_shown_where_there_is_one_and_folded(counter: Counter, office: Office) -> None:
    page = _page(counter, counter.issue())
    assert 'class="follow"' not in Client(public_app(office)).get(page).text
    followed = Client(public_app(replace(office, follow="http://weixin.qq.com/r/abc"))).get(page).text
    assert '<details class="follow">' in followed
    assert followed.count('<svg class="qr"') == 2


def test_a_used_one_says_when_and_where(counter: Counter, phone: Client) -> None:
    code = counter.issue()
    page = _page(counter, code)
    before = phone.get(f"{page}/state").json()
    counter.redeem(code)
    after = phone.get(f"{page}/state").json()
    assert (before["verdict"], after["verdict"]) == ("redeemable", "already_redeemed")
    assert before["seal"] != after["seal"]
    used = phone.get(page)
    assert _state(used) == ("already_redeemed", "已使用")
    for text in ("2026-11-21 12:00:00", "南京路店", "till-1", after["seal"]):
        assert text in used.text


def test_its_seal_stays_while_nothing_changes_and_changes_with_each_use(
    counter: Counter, phone: Client, clock: Clock
) -> None:
    code = counter.issue(kind="multi_use", uses=3)
    page = _page(counter, code)
    seals = [phone.get(f"{page}/state").json()["seal"]]
    clock.pass_by(timedelta(minutes=5))
    assert phone.get(f"{page}/state").json()["seal"] == seals[0]
    for _ in range(3):
        counter.redeem(code)
        seals.append(phone.get(f"{page}/state").json()["seal"])
    assert len(set(seals)) == 4
    assert _state(phone.get(page)) == ("uses_exhausted", "次数已用完")


@pytest.mark.parametrize(
    ("steps", "verdict", "name"),
    [
        (["gift"], "gifting", "转赠中"),
        (["delete"], "deleted", "已删除"),
        (["withdraw"], "invalidated", "已失效"),
        (["ask-refund"], "refunding", "退款中"),
        (["ask-refund", "grant-refund"], "refunded", "已退款"),
    ],
)
def test_each_step_of_its_life_is_said_in_plain_words(
    counter: Counter, phone: Client, steps: list[str], verdict: str, name: str
) -> None:
    code = counter.issue()
    for step in steps:
        counter.step(code, step)
    assert _state(phone.get(_page(counter, code))) == (verdict, name)


def test_time_is_said_in_plain_words(counter: Counter, phone: Client) -> None:
    expired = counter.issue(valid_until="2020-01-01T00:00:00+08:00")
    early = counter.issue(valid_from="2027-01-01T08:30:00+08:00")
    assert _state(phone.get(_page(counter, expired))) == ("expired", "已过期")
    page = phone.get(_page(counter, early))
    assert _state(page) == ("not_yet_valid", "未生效")
    assert "2027-01-01 08:30 起" in page.text


def test_there_are_words_for_every_state_that_an_own_voucher_can_be_in() -> None:
    from protocol.owner import _STATE_VERDICTS  # noqa: PLC0415 - the table that says which there are

    assert set(_STATE_VERDICTS) == set(VoucherState) - {VoucherState.ACTIVE}
    for lang in words.LANGUAGES:
        assert set(_STATE_VERDICTS.values()) <= set(words.STATES[lang])
        assert words.LABELS[lang].keys() == words.LABELS["zh"].keys()


@pytest.mark.parametrize(
    ("asked", "accepted", "spoken"),
    [
        (None, "", "zh"),
        (None, "en-GB,en;q=0.9,zh;q=0.8", "en"),
        (None, "fr-FR,zh-TW;q=0.9", "zh"),
        (None, "fr", "zh"),
        ("en", "zh-CN", "en"),
        ("zh", "en-GB", "zh"),
        ("xx", "en", "en"),
    ],
)
def test_it_speaks_the_language_asked_for_or_the_browsers(
    counter: Counter, office: Office, asked: str | None, accepted: str, spoken: str
) -> None:
    path = _page(counter, counter.issue()) + (f"?lang={asked}" if asked else "")
    page = Client(public_app(office), {"accept-language": accepted}).get(path)
    assert ("Ready to use" in page.text, "待使用" in page.text) == (spoken == "en", spoken == "zh")


def test_it_lets_nothing_in_is_not_kept_and_not_found_by_search_engines(counter: Counter, phone: Client) -> None:
    headers = phone.get(_page(counter, counter.issue())).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert "noindex" in headers["x-robots-tag"]


def test_only_configured_origins_can_frame_it(counter: Counter, office: Office) -> None:
    framed = replace(office, frames=("https://desk.example", "http://127.0.0.1:8000"))
    page = Client(public_app(framed)).get(_page(counter, counter.issue()))
    assert "frame-ancestors https://desk.example http://127.0.0.1:8000" in page.headers["content-security-policy"]


def test_what_the_shop_wrote_is_shown_and_not_run(counter: Counter, phone: Client) -> None:
    evil = "<script>alert(1)</script>"
    code = counter.issue(title=evil, value_text='"><img src=x>', code='x" onload="alert(1)')
    page = phone.get(_page(counter, code.replace('"', "%22").replace(" ", "%20")))
    assert evil not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert "<img src=x>" not in page.text


@pytest.mark.parametrize("path", ["", "/ticket"])
def test_no_such_voucher_is_said_kindly(phone: Client, path: str) -> None:
    answer = phone.get(f"/v/{'x' * 32}{path}")
    assert answer.status_code == 404
    assert "没有找到这张券" in answer.text
    assert phone.get(f"/v/{'x' * 32}/qr.svg").status_code == 404
    assert phone.get(f"/v/{'x' * 32}/state").status_code == 404


def test_style_and_script_are_the_head_offices_own_and_are_not_sent_twice(phone: Client) -> None:
    style = phone.get("/assets/voucher.css").raise_for_status()
    assert phone.get("/assets/voucher.css", {"if-none-match": style.headers["etag"]}).status_code == 304
    assert phone.get("/assets/voucher.js").headers["content-type"].startswith("text/javascript")
    assert phone.get("/assets/voucher.py").status_code == 404
    assert phone.get("/assets/..%2Fvoucher.py").status_code == 404


NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("begin", "end", "zh", "en"),
    [
        (None, None, "长期有效", "No end date"),
        (NEW_YEAR, None, "2027-01-01 起", "from 2027-01-01"),
        (None, NEW_YEAR, "至 2026-12-31", "until 2026-12-31"),
        (NEW_YEAR, NEW_YEAR + timedelta(days=31), "2027-01-01 – 2027-01-31", "2027-01-01 – 2027-01-31"),
        (None, NEW_YEAR + timedelta(hours=9), "至 2027-01-01 09:00", "until 2027-01-01 09:00"),
    ],
)
def test_validity_in_words(begin: datetime | None, end: datetime | None, zh: str, en: str) -> None:
    assert words.validity(begin, end, "zh") == zh
    assert words.validity(begin, end, "en") == en


@pytest.mark.parametrize(
    ("days", "hours", "zh", "en"),
    [
        (range(7), None, "", ""),
        (range(5), None, "周一–周五", "Mon–Fri"),
        ([5, 6], (time(9), time(21, 30)), "周六、周日 09:00–21:30", "Sat, Sun 09:00–21:30"),
        ([0, 2, 3, 4], None, "周一、周三–周五", "Mon, Wed–Fri"),
    ],
)
def test_times_in_words(days: list[int], hours: tuple[time, time] | None, zh: str, en: str) -> None:
    assert words.times(days, hours, "zh") == zh
    assert words.times(days, hours, "en") == en
