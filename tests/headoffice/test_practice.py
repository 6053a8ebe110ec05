"""Practice vouchers go the whole way and no book counts them; a store is tried out before it redeems for customers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from headoffice.desk.deeds import newest
from headoffice.practice import opening
from headoffice.practice.checks import SILENT, Looked
from headoffice.practice.vouchers import TITLE, VALID, typed
from headoffice.redemptions import standing, uploads
from headoffice.tables.outbox import deliveries
from protocol.classify import PRACTICE_PREFIX, as_typed
from protocol.messages import Intent, Method, Notice
from protocol.owner import intent_digest
from protocol.status import KioskStatus, StoreStatus
from protocol.upstream import AskHello, Entry
from protocol.vocabulary import Verdict
from tests.headoffice.conftest import client_of, opened_counter

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headoffice.office import Office
    from tests.headoffice.counter import Clock, Counter

STORE = "/api/v1/stores/nanjing-lu"


def practice_voucher(counter: Counter) -> str:
    made = counter.api.post(f"{STORE}/practice", json={"by": "zhang.wei"})
    assert made.status_code == 201, made.text
    return str(made.json()["code"])


def history(counter: Counter) -> list[tuple[str, str, bool]]:
    rows = counter.api.get(f"{STORE}/practice").raise_for_status().json()[0]["history"]
    return sorted((row["action"], row["verdict"], row["undone"]) for row in rows)


def try_out(counter: Counter) -> None:
    """Take the store back to testing."""
    counter.api.post(f"{STORE}/testing", json={"by": "zhang.wei", "reason": "moved"}).raise_for_status()


def tell(office: Office, counter: Counter, *, gateway: str = "gw-nanjing-lu", **more: Any) -> bool:
    """Let a gateway say how the store is: one kiosk that is there and sees."""
    kiosk = KioskStatus(id="till-1", name="收银台 1", online=True, since=1.0, software="0.1", camera="ready")
    at = counter.clock.at
    status = StoreStatus(**{"store": "nanjing-lu", "at": at.timestamp(), "software": "0.1", "kiosks": (kiosk,), **more})
    return office.database.write(lambda connection: opening.keep_status(connection, gateway, status, at))


def missing(counter: Counter) -> list[str]:
    found = counter.api.get(f"{STORE}/opening").raise_for_status().json()["checks"]
    return [check["check"] for check in found if not check["ok"]]


def practised(counter: Counter, **more: Any) -> str:
    """Redeem a practice voucher at the kiosk; return its rid."""
    intent = counter.intent(practice_voucher(counter), **more)
    assert counter.confirm(intent).verdict is Verdict.REDEEMED
    return intent.rid


def test_practice_goes_the_whole_way_and_no_book_counts_it(office: Office, counter: Counter) -> None:
    counter.api.post("/api/v1/webhooks", {"url": "https://erp.example/", "events": ["*"]}).raise_for_status()
    code = practice_voucher(counter)
    assert code.startswith(PRACTICE_PREFIX)
    looked = counter.look(code)
    assert (looked.verdict, looked.detail.title, looked.detail.practice) == (Verdict.REDEEMABLE, TITLE, True)
    assert looked.stores == ("nanjing-lu",)
    intent = counter.intent(code)
    answer = counter.confirm(intent, looked.terms)
    assert (answer.verdict, answer.detail.practice) == (Verdict.REDEEMED, True)
    assert counter.confirm(intent, looked.terms) == answer, "a repeat is answered alike"
    assert counter.settle(intent.rid) == answer
    again = counter.look(code)
    assert (again.verdict, again.detail.kiosk) == (Verdict.ALREADY_REDEEMED, "till-1")
    assert counter.redeem(code).verdict is Verdict.ALREADY_REDEEMED
    undone = counter.undo(intent.rid)
    assert (undone.verdict, undone.detail.practice) == (Verdict.UNDONE, True)
    assert counter.look(code).verdict is Verdict.REDEEMABLE
    assert history(counter) == [
        ("redeem", "already_redeemed", False),
        ("redeem", "redeemed", True),
        ("undo", "undone", False),
    ]
    assert counter.books() == []
    assert counter.api.get("/api/v1/records.csv").text.count("\n") == 1
    assert office.database.read(lambda connection: connection.execute(deliveries.select()).all()) == []


def test_practice_of_a_gateways_own_counter_is_ended_by_the_gateway_that_replaces_it(counter: Counter) -> None:
    old = replace(counter, kiosk=counter.gateway)
    intent = old.intent(practice_voucher(counter))
    redeemed = old.confirm(intent)
    counter.api.put("/api/v1/gateways/gw-new", {"name": "新网关", "stores": [counter.store]}).raise_for_status()
    new = replace(counter, gateway="gw-new", kiosk="gw-new")
    assert (new.resolve(intent), new.settle(intent.rid)) == (redeemed, redeemed)


def test_practice_never_leaves_its_store_nor_its_day(counter: Counter, clock: Clock) -> None:
    code = practice_voucher(counter)
    elsewhere = counter.in_store("jingan")
    assert elsewhere.look(code).verdict is Verdict.WRONG_STORE
    assert elsewhere.redeem(code).verdict is Verdict.WRONG_STORE
    assert counter.look(PRACTICE_PREFIX + "NONE").verdict is Verdict.UNKNOWN_CODE
    clock.pass_by(VALID)
    assert counter.look(code).verdict is Verdict.EXPIRED
    assert counter.redeem(code).verdict is Verdict.EXPIRED
    assert counter.books() == []


def test_no_real_voucher_can_have_the_code_of_practice(counter: Counter) -> None:
    for code in (f"{PRACTICE_PREFIX}X", "PPPPABCD2345"):
        refused = counter.api.post("/api/v1/vouchers", json={"code": code})
        assert refused.status_code == 422
        assert "practice" in refused.json()["hint"]


def test_what_is_typed_in_its_place_means_a_practice_voucher_and_nothing_else_does(counter: Counter) -> None:
    code = practice_voucher(counter)
    assert as_typed(typed(code)) == as_typed(typed(code).lower().replace(" ", "-")) == code
    for other in ("PPPP", "PPPPABCD234", "PPPPABCD23456", "PPPPABCDUUUU", "1PPPABCD2345", code, "556120487733"):
        assert as_typed(other) == other


def test_a_rid_of_practice_is_what_it_was_and_ends_where_nothing_has_begun(counter: Counter) -> None:
    code = practice_voucher(counter)
    intent = counter.intent(code)
    assert counter.resolve(intent).verdict is Verdict.ABORTED
    assert counter.confirm(intent).verdict is Verdict.ABORTED, "what was given up begins no more"
    other = Intent(rid=intent.rid, code=code, quantity=2, offer="sealed")
    for gateway, ask in ((counter.gateway, counter.ask(other)), ("gw-jingan", counter.ask(counter.intent(code)))):
        refused = counter.ledger.answer(gateway, ask)
        assert isinstance(refused, Notice)
        assert refused.verdict is Verdict.FAULT, "other fields, or a gateway that speaks for another store"
    clerk = counter.intent(code, clerk="777")
    counter.api.put(STORE, {"name": "南京路店", "clerk_policy": "shift"}).raise_for_status()
    assert counter.look(code, clerk="777").verdict is Verdict.CLERK_WRONG_STORE
    assert counter.confirm(clerk).verdict is Verdict.CLERK_WRONG_STORE
    assert counter.books() == []


def test_a_journal_that_is_uploaded_brings_no_practice_into_the_books(office: Office, counter: Counter) -> None:
    intent = counter.intent(practice_voucher(counter))
    answer = counter.confirm(intent)
    entry = Entry(
        requester=counter.kiosk,
        store=counter.store,
        at=counter.clock.at.isoformat(),
        intent=replace_code(intent),
        digest=intent_digest(intent).hex(),
        voucher=answer.voucher,
        answer=answer,
    )

    def take(connection: Connection) -> None:
        peer = standing.meet(connection, counter.gateway, AskHello())
        assert uploads.take_up(connection, peer, entry, counter.clock.at) == []

    office.database.write(take)
    assert counter.books() == []


def replace_code(intent: Intent) -> Intent:
    """Return an intent as a gateway keeps it once it has ended."""
    return Intent(rid=intent.rid, code="****ABCD", quantity=intent.quantity)


def test_a_store_that_is_tried_out_redeems_practice_only(counter: Counter) -> None:
    real, expired = counter.issue(), counter.issue(valid_until="2026-01-01T00:00:00+08:00")
    held = counter.intent(real)
    done = counter.redeem(counter.issue())
    try_out(counter)
    looked = counter.look(real)
    assert (looked.verdict, looked.detail.testing) == (Verdict.WRONG_STORE, True)
    refused = counter.confirm(held)
    assert (refused.verdict, refused.detail.testing) == (Verdict.WRONG_STORE, True), "judged when it is spent, too"
    assert counter.spent(real) == 0
    assert counter.look(expired).verdict is Verdict.EXPIRED, "what is not redeemable anyway says so"
    assert counter.look("NO-SUCH-CODE").verdict is Verdict.UNKNOWN_CODE
    assert counter.in_store("jingan").redeem(real).verdict is Verdict.REDEEMED
    assert counter.undo(done.rid).verdict is Verdict.UNDONE, "what was redeemed before can be undone"
    assert counter.redeem(practice_voucher(counter)).verdict is Verdict.REDEEMED


def test_a_store_goes_live_once_its_check_and_one_practice_have_passed(
    office: Office, counter: Counter, clock: Clock
) -> None:
    before = practised(counter)
    counter.settle(before)
    clock.pass_by(timedelta(minutes=1))
    try_out(counter)
    assert missing(counter) == ["gateway", "clock", "kiosk", "camera", "software", "practice"]
    refused = counter.api.post(f"{STORE}/live", json={"by": "li.lei"})
    assert refused.status_code == 409
    assert refused.json()["hint"].endswith("A practice voucher was redeemed")
    assert tell(office, counter)
    assert missing(counter) == ["practice"], "what was practised before it was taken back does not count"
    counter.settle(practised(counter, method=Method.WEB))
    assert missing(counter) == ["practice"], "a page has tried no kiosk out"
    rid = practised(counter)
    assert missing(counter) == ["practice"], "nobody has seen it yet"
    counter.settle(rid)
    counter.settle(rid)
    live = counter.api.post(f"{STORE}/live", json={"by": "li.lei"})
    assert live.json() == {"state": "live", "since": None, "checks": []}
    assert counter.redeem(counter.issue()).verdict is Verdict.REDEEMED
    assert counter.api.post(f"{STORE}/live", json={"by": "li.lei"}).status_code == 409
    assert counter.redeem(practice_voucher(counter)).verdict is Verdict.REDEEMED, "clerks are trained in live stores"
    deeds = {(row["deed"], row["by"], row["why"]) for row in office.database.read(newest)}
    assert {("go-live", "li.lei", ""), ("back-to-testing", "zhang.wei", "moved")} <= deeds


def test_only_its_own_gateway_is_believed_and_only_as_long_as_it_speaks(
    office: Office, counter: Counter, clock: Clock
) -> None:
    try_out(counter)
    assert not tell(office, counter, gateway="gw-jingan")
    assert "gateway" in missing(counter)
    assert tell(office, counter)
    assert missing(counter) == ["practice"]
    clock.pass_by(SILENT + timedelta(seconds=1))
    assert missing(counter) == ["gateway", "clock", "kiosk", "camera", "software", "practice"]


@pytest.mark.parametrize(
    ("kiosk", "more", "wrong"),
    [
        ({"online": False}, {}, [Looked.KIOSK]),
        ({"camera": "fault"}, {}, [Looked.CAMERA]),
        ({"software": "0.0"}, {}, [Looked.SOFTWARE]),
        ({}, {"at": 0.0}, [Looked.CLOCK]),
        (None, {}, [Looked.KIOSK, Looked.CAMERA, Looked.SOFTWARE]),
    ],
)
def test_what_is_not_well_is_named(
    office: Office, counter: Counter, kiosk: dict[str, Any] | None, more: dict[str, Any], wrong: list[Looked]
) -> None:
    try_out(counter)
    well = {"id": "till-1", "online": True, "software": "0.1", "camera": "ready"}
    kiosks = () if kiosk is None else (KioskStatus(**{**well, **kiosk}),)
    tell(office, counter, kiosks=kiosks, **more)
    assert missing(counter) == [*wrong, Looked.PRACTICE]


def test_a_store_that_asks_for_clerks_has_some(office: Office, counter: Counter) -> None:
    counter.api.put(STORE, {"name": "南京路店", "clerk_policy": "shift"}).raise_for_status()
    try_out(counter)
    tell(office, counter)
    assert missing(counter) == ["clerks", "practice"]
    counter.api.post("/api/v1/clerks", json={"name": "王小明", "stores": ["nanjing-lu"]}).raise_for_status()
    assert missing(counter) == ["practice"]


def test_a_new_store_is_tried_out_and_one_that_was_there_stays_as_it_is(office: Office, clock: Clock) -> None:
    office = replace(office, tries_out=True)
    api = client_of(office)
    counter = opened_counter(api, office, clock)
    assert api.put(STORE, json={"name": "again"}).json()["state"] == "testing"
    assert [store["state"] for store in api.get("/api/v1/stores").json()] == ["testing", "testing"]
    assert counter.look(counter.issue()).verdict is Verdict.WRONG_STORE
    tell(office, counter)
    counter.settle(practised(counter))
    api.post(f"{STORE}/live", json={"by": "li.lei"}).raise_for_status()
    assert api.put(STORE, json={"name": "renamed"}).json()["state"] == "live"
    sheet = "id,name\nwuhan,武汉店\nnanjing-lu,南京路店\n".encode()
    assert api.post("/api/v1/sheets/stores", content=sheet).text.endswith('{"taken": 2}\n')
    states = {store["id"]: store["state"] for store in api.get("/api/v1/stores").json()}
    assert states == {"jingan": "testing", "nanjing-lu": "live", "wuhan": "testing"}


def test_what_was_told_of_a_store_is_sent_back_whole_and_neither_goes_live_nor_changes_its_name_by_that(
    office: Office,
) -> None:
    api = client_of(replace(office, tries_out=True))
    told = api.put(STORE, json={"name": "武汉店"}).raise_for_status().json()
    assert api.put(STORE, json={**told, "name": "武汉一店"}).json() == {**told, "name": "武汉一店"}
    for other in ({"state": "live"}, {"id": "another"}):
        assert api.put(STORE, json={**told, "name": "改名", **other}).status_code == 422
    assert api.get("/api/v1/stores").json() == [{**told, "name": "武汉一店"}]


def test_a_store_that_is_not_there_is_neither_tried_out_nor_practised_in(counter: Counter) -> None:
    for method, path, body in (
        ("GET", "opening", None),
        ("GET", "practice", None),
        ("POST", "live", {"by": "li.lei"}),
        ("POST", "testing", {"by": "li.lei", "reason": "-"}),
    ):
        assert counter.api.request(method, f"/api/v1/stores/none/{path}", body).status_code == 404
    assert counter.api.post("/api/v1/stores/none/practice", json={"by": "li.lei"}).status_code == 422
