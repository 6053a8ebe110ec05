"""What is held up to a counter: a table of examples, each made up in the shape that its platform prints."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.classify import BADGE_PREFIX, SETUP_PREFIX, classify
from protocol.messages import LONGEST_CODE
from protocol.vocabulary import Verdict

WECHAT_PAYS, ALIPAY_PAYS, UNIONPAY_PAYS = "134567890123456789", "281234567890123456", "6212345678901234567"

NOT_A_VOUCHER = {
    "WeChat Pay, on the customer's phone": (WECHAT_PAYS, Verdict.PAYMENT_CODE),
    "Alipay, 18 digits": (ALIPAY_PAYS, Verdict.PAYMENT_CODE),
    "Alipay, the shortest": ("2512345678901234", Verdict.PAYMENT_CODE),
    "Alipay, the longest": ("301234567890123456789012", Verdict.PAYMENT_CODE),
    "UnionPay": (UNIONPAY_PAYS, Verdict.PAYMENT_CODE),
    "a WeChat Pay number, typed as the phone groups it": ("1345 6789 0123 4567 89", Verdict.PAYMENT_CODE),
    "a WeChat Pay number from a gun that ends with Enter": (WECHAT_PAYS + "\r\n", Verdict.PAYMENT_CODE),
    "WeChat: the shop's own code to be paid": ("wxp://f2f0AbCdEfGh", Verdict.PAYMENT_CODE),
    "WeChat: a page to pay at": ("weixin://wxpay/bizpayurl?pr=AbCdEf", Verdict.PAYMENT_CODE),
    "WeChat: a merchant's payment page": ("https://payapp.weixin.qq.com/qrpay/order/home2?key=x", Verdict.PAYMENT_CODE),
    "Alipay: the shop's own code to be paid": ("HTTPS://QR.ALIPAY.COM/FKX0ABCDEF", Verdict.PAYMENT_CODE),
    "UnionPay: the shop's own code to be paid": ("https://qr.95516.com/00010000/62abc", Verdict.PAYMENT_CODE),
    "a kiosk's setup code": (SETUP_PREFIX + "v1:abc", Verdict.SETUP_CODE),
    "a setup code in small letters": (SETUP_PREFIX.lower() + "v1:abc", Verdict.SETUP_CODE),
    "the shop's Wi-Fi": ("WIFI:T:WPA;S:shop;P:secret;;", Verdict.SETUP_CODE),
    "the shop's Wi-Fi in small letters": ("wifi:S:shop;;", Verdict.SETUP_CODE),
    "WeChat: follow an official account": ("http://weixin.qq.com/r/AbCdEf0", Verdict.FOLLOW_CODE),
    "WeChat: follow, with a scene": ("http://weixin.qq.com/q/02AbCdEf", Verdict.FOLLOW_CODE),
    "WeChat: a group": ("https://weixin.qq.com/g/AwYAAbCd", Verdict.FOLLOW_CODE),
    "WeChat: a person": ("https://u.wechat.com/MAbCdEf", Verdict.FOLLOW_CODE),
    "WeCom: a member of staff": ("https://work.weixin.qq.com/ca/cawcde0123", Verdict.FOLLOW_CODE),
    "WeChat: a poster's page": ("https://mp.weixin.qq.com/a/~~AbCd~~", Verdict.CLAIM_CODE),
    "WeChat: a card package": ("https://mp.weixin.qq.com/bizmall/cardlandingpage?biz=x", Verdict.CLAIM_CODE),
    "nothing": ("", Verdict.BAD_CODE),
    "only white space": (" \n", Verdict.BAD_CODE),
    "bytes that are no text": (None, Verdict.BAD_CODE),
    "a control character": ("6000\x0000001", Verdict.BAD_CODE),
    "a text that turns the line around": ("6000\u202e00001", Verdict.BAD_CODE),
    "a business card": ("BEGIN:VCARD\n" + "X" * LONGEST_CODE, Verdict.BAD_CODE),
}
MAY_BE_A_VOUCHER = {
    "a WeChat card, a Youzan ticket, a Douyin or Meituan code: 12 digits": "110201201245",
    "12 digits, grouped as they are printed": "1102 0120 1245",
    "a WeChat card with the merchant's own code": "SPRING2026A0001",
    "a Douyin link": "https://v.douyin.com/iAbCdEf/",
    "a Douyin mini-program order": "https://example.com/share?encrypted_data=CgYIASAHKAES",
    "a WeChat shop's code, percent-encoded": "XXIzTtMqCxwOaawoE91%2BVJdsFmv7b8g0VZIZkqf4GWA%3D",
    "a clerk's badge: the gateway is asked": BADGE_PREFIX + "0123456789ABCDEF",
    "17 digits": "13456789012345678",
    "19 digits that begin as WeChat Pay does": "1345678901234567890",
    "18 digits that begin as nobody's payment does": "334567890123456789",
    "Chinese": "券码一二三",
    "a line break inside, as other systems print": "line\r\nbreak\tand tab",
    "digits of another script in the shape of a payment": "１３４５６７８９０１２３４５６７８９",
}


@pytest.mark.parametrize(("text", "verdict"), NOT_A_VOUCHER.values(), ids=NOT_A_VOUCHER)
def test_what_is_no_voucher_is_told_by_name(text: str | None, verdict: Verdict | None) -> None:
    assert classify(text).verdict is verdict


@pytest.mark.parametrize("text", MAY_BE_A_VOUCHER.values(), ids=MAY_BE_A_VOUCHER)
def test_what_may_be_a_voucher_is_asked_about(text: str) -> None:
    assert classify(text).verdict is None


def test_payment_and_setup_codes_are_private_and_nothing_else_is() -> None:
    texts = [text for text, _ in NOT_A_VOUCHER.values()] + list(MAY_BE_A_VOUCHER.values())
    for text in texts:
        kind = classify(text)
        assert kind.private is (kind.verdict in {Verdict.PAYMENT_CODE, Verdict.SETUP_CODE}), text


@given(
    number=st.from_regex(r"1[0-5][0-9]{16}|(2[5-9]|30)[0-9]{14,22}|62[0-9]{17}", fullmatch=True),
    gaps=st.lists(st.tuples(st.integers(0, 24), st.sampled_from(" -\t\n\u00a0\u2013")), max_size=6),
    after=st.sampled_from(["", "\r", "\n", "\r\n", "\t", " "]),
)
def test_a_number_that_pays_is_private_however_it_is_grouped(
    number: str, gaps: list[tuple[int, str]], after: str
) -> None:
    for place, gap in gaps:
        number = number[:place] + gap + number[place:]
    assert classify(number + after).private


@given(st.from_regex(r"[0-9]{12}", fullmatch=True))
def test_twelve_digits_are_always_asked_about(code: str) -> None:
    assert classify(code).verdict is None


@given(
    head=st.sampled_from(["", "WXP", "WXPAY", "62", "28", "13"]),
    rest=st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=16, max_size=16),
)
def test_no_code_that_a_head_office_draws_is_taken_for_anything_else(head: str, rest: str) -> None:
    code = (head + rest)[:16]
    assert classify(code).verdict is None or code.isdecimal()
