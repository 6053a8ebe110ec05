"""Each channel by its own carrier, over real HTTP and SMTP: what it is sent, and what its answers mean."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from headoffice.notices import looking
from headoffice.notices.carrier import PATIENCE
from headoffice.notices.kinds import Occasion
from headoffice.notices.sms import Call, Key, signed
from headoffice.notices.words import SENTENCES, registered
from provisioning.authority import Authority
from provisioning.verbs import certify_headoffice
from tests.headoffice.notices.carriers import following, mailing
from tests.headoffice.notices.conftest import (
    AGREED,
    MAIL,
    OPENID,
    all_over,
    config_of,
    issue,
    names_number,
    notices,
    put_type,
    sending,
    why,
)
from tests.headoffice.outbox.receiver import served
from tests.headoffice.outbox.test_dispatcher import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from headoffice.database import Database
    from tests.headoffice.counter import Clock, Counter
    from tests.headoffice.notices.carriers import Texting
    from tests.headoffice.notices.conftest import Sends

    Texts = Callable[..., Sends]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Return an SQLite database's: of these tests none asks which it is."""
    return sqlite_url


def tries_of(database: Database, number: int) -> int:
    """Return how often a notice was tried."""
    found = database.read(lambda connection: looking.listed(connection, looking.Wanted()))
    return int(found[number]["tries"])


def test_a_number_that_is_none_is_tried_once_and_not_written_down(
    counter: Counter, database: Database, carrier: Texting, texts: Texts, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    put_type(counter)
    issue(counter)
    carrier.code = lambda _: "isv.MOBILE_NUMBER_ILLEGAL"
    with texts():
        until(lambda: all_over(database))
    assert why(database) == ["answered 400 isv.MOBILE_NUMBER_ILLEGAL"]
    assert not names_number(caplog.text)
    assert "notice_not_sent" in caplog.text


def test_what_has_no_template_or_no_carrier_says_so(counter: Counter, database: Database, texts: Texts) -> None:
    put_type(counter, "sms", "email")
    issue(counter)
    counter.issue(type="latte", notify={"email": MAIL, **AGREED})
    with texts(templates={"zh": {"redeemed": "SMS_1"}}):
        until(lambda: all(why(database)))
    assert why(database) == [
        "[notices.sms.templates] has none for issued",
        "there is no [notices.email] in the configuration",
    ]
    assert [state for _, state in notices(database)] == ["dropped", "waiting"]


def test_a_follower_hears_by_wechat_under_a_token_that_may_end_before_its_time(
    counter: Counter, database: Database, clock: Clock, tmp_path: Path
) -> None:
    put_type(counter, "wechat", title="一个长得任何字段都放不下的券名,真的非常非常长")
    follower: dict[str, Any] = {"notify": {"wechat": OPENID, **AGREED}, "customer": ""}
    with served(following()) as account:
        with served(sending(database, config_of(tmp_path, wechat={"url": account.url}), clock)):
            issue(counter, **follower)
            until(lambda: len(account.messages) == 1)
            account.forget()
            issue(counter, **follower)
            until(lambda: len(account.messages) == 2)
            assert account.tokens == 2

            account.errcode = lambda body: 43004
            issue(counter, **follower)
            until(lambda: all_over(database))
        message = account.messages[0]
        assert message["path"] == "/cgi-bin/message/template/send"
        assert (message["touser"], message["template_id"]) == (OPENID, "tpl-1")
        assert message["data"] == {"thing1": {"value": "一个长得任何字段都放不下的…"}, "const2": {"value": "长期有效"}}
        assert message["url"].startswith("https://v.example/v/")
        assert re.fullmatch(r"[0-9a-f]{32}", message["client_msg_id"])
        assert why(database) == ["", "", "answered errcode 43004"]

        account.errcode = lambda _: 0
        config = config_of(tmp_path, wechat={"url": account.url, "form": "subscribe"})
        with served(sending(database, config, clock)):
            issue(counter, **follower)
            until(lambda: len(account.messages) == 3)
        assert account.messages[2]["path"] == "/cgi-bin/message/subscribe/bizsend"
        assert account.messages[2]["page"].startswith("https://v.example/v/")


def test_where_the_first_way_fails_the_next_one_of_the_type_is_taken(
    counter: Counter, database: Database, clock: Clock, tmp_path: Path, carrier: Texting
) -> None:
    put_type(counter, "wechat", "email", "sms", uses=3)
    both: dict[str, Any] = {"notify": {"wechat": OPENID, "sms": "13800138000", **AGREED}}
    with served(following()) as account:
        config = config_of(tmp_path, wechat={"url": account.url}, sms={"url": carrier.url})
        with served(sending(database, config, clock)):
            account.errcode = lambda _: 43004  # who follows no more never will be told by it
            code = issue(counter, **both)
            until(lambda: len(carrier.messages) == 1)
            until(lambda: all_over(database))

            account.errcode = lambda _: 45009  # for now it takes no more
            issue(counter, **both)
            until(lambda: why(database) == ["", "answered errcode 45009"])
            clock.pass_by(PATIENCE - timedelta(seconds=1))
            until(lambda: tries_of(database, 1) > 1)
            assert len(carrier.messages) == 1
            clock.pass_by(timedelta(minutes=15))
            until(lambda: len(carrier.messages) == 2)
            until(lambda: all_over(database))

            carrier.code = lambda _: "isv.MOBILE_NUMBER_ILLEGAL"
            counter.redeem(code)  # no template of the account has it
            until(lambda: all_over(database))
    assert notices(database) == [("issued", "delivered"), ("issued", "delivered"), ("redeemed", "dropped")]
    assert why(database) == ["", "", "answered 400 isv.MOBILE_NUMBER_ILLEGAL"]
    assert account.messages == []


def test_an_account_that_gives_no_token_is_asked_again(
    counter: Counter, database: Database, clock: Clock, tmp_path: Path
) -> None:
    put_type(counter, "wechat")
    with served(following()) as account:
        config = config_of(tmp_path, wechat={"url": account.url, "app_id": "wx-of-somebody-else"})
        with served(sending(database, config, clock)):
            issue(counter, notify={"wechat": OPENID, **AGREED})
            until(lambda: why(database) == ["no token: errcode 40125"])
    assert notices(database) == [("issued", "waiting")]


def test_mail_goes_over_tls_signed_in_and_can_be_ended_with_one_click(
    counter: Counter, database: Database, clock: Clock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put_type(counter, "email", uses=2)
    bundle = certify_headoffice(Authority.create(tmp_path / "ca", "test"), ["127.0.0.1"], tmp_path / "mail")
    reader: dict[str, Any] = {"customer": "", "notify": {"email": MAIL, **AGREED, "lang": "en"}}
    with served(mailing(bundle.certificate, bundle.key)) as server:
        said = {"port": server.port, "sender": "核销咖啡 <noreply@cafe.example>"}
        config = config_of(tmp_path, email=said, authority=str(bundle.authority))
        with served(sending(database, config, clock)):
            counter.redeem(issue(counter, **reader))
            until(lambda: len(server.mails) == 2)
            server.reply = lambda _: "550 no such user li.lei@example.com"
            issue(counter, **reader)
            until(lambda: all_over(database))
        assert set(server.signed_in) == {"shop"}

        with served(sending(database, config_of(tmp_path, email=said), clock)):  # nobody vouches for its certificate
            server.reply = lambda _: "250 OK"
            issue(counter, **reader)
            until(lambda: all(why(database)[2:]))
    came, redeemed = server.mails
    assert came["to"] == MAIL
    assert came["from"] == "核销咖啡 <noreply@cafe.example>"
    assert came["subject"] == "拿铁一杯 is yours"
    assert re.fullmatch(r"<https://v\.example/v/[\w-]{32}/quiet>", came["list-unsubscribe"])
    assert came["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert came["message-id"].endswith("@cafe.example>")
    assert "拿铁一杯: 1 used at 南京路店, 11-21 12:00; 1 left." in redeemed.get_content()
    assert why(database)[2:] == [
        "the server does not take mail for this customer: 550",
        "the server cannot be used: SSLCertVerificationError",
    ]
    assert "li.lei" not in caplog.text


@pytest.mark.parametrize(("lang", "most"), [("zh", 62), ("en", 124)])
def test_a_sentence_is_short_enough_for_a_text_message(lang: str, most: int) -> None:
    """Of 70 characters, or 134 where it takes two, 8 are for the shop's signature; a page's address comes on top."""
    values = {
        "title": "券" * 14,
        "store": "店" * 10,
        "at": "11-21 12:00",
        "uses": "10",
        "left": "10",
        "valid": "有效期至2026-12-31 23:59" if lang == "zh" else "valid until 2026-12-31 23:59",
        "page": "",
        "carrier": "运" * 10,
        "number": "S" * 20,
    }
    for sentence in SENTENCES[lang].values():
        assert len(sentence.format_map(values)) <= most, sentence


def test_a_call_is_signed_as_the_carriers_documentation_has_it_in_its_example() -> None:
    call = Call(
        "RunInstances",
        "2014-05-26",
        {"RegionId": "cn-shanghai", "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"},
    )
    at = datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC)
    key = Key("YourAccessKeyId", "YourAccessKeySecret")
    url, headers = signed(key, "https://ecs.cn-shanghai.aliyuncs.com", call, at, "3156853299f313e23d1673dc12e1703d")
    assert url.startswith("https://ecs.cn-shanghai.aliyuncs.com/?ImageId=win2019")
    assert headers["authorization"].endswith(
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_the_documentation_has_every_sentence_as_it_is_registered() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "notices.md").read_text(encoding="utf-8")
    for occasion in Occasion:
        assert f"| `{occasion}` | {registered('zh', occasion)} | {registered('en', occasion)} |" in text
