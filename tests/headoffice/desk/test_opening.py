"""Practice and go-live at the desk: who may make practice vouchers, who sets a store live, and what is written down."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from headoffice.desk.deeds import newest
from headoffice.practice import opening, vouchers
from headoffice.staff.roles import Role
from protocol.classify import PRACTICE_PREFIX
from protocol.status import KioskStatus, StoreStatus
from protocol.vocabulary import Verdict
from tests.headoffice.desk.browsing import let_in

if TYPE_CHECKING:
    from fastapi import FastAPI

    from headoffice.office import Office
    from tests.headoffice.counter import Counter
    from tests.headoffice.desk.browsing import Browsing

PATH = "/stores/jingan/opening"


@pytest.fixture
def technician(office: Office, app: FastAPI) -> Browsing:
    """Return the browser of a technician."""
    return let_in(office, app, "zhao.jun", Role.TECHNICIAN)


def code_of(office: Office) -> str:
    return str(office.database.read(lambda connection: vouchers.newest(connection, "jingan"))[0]["code"])


def test_a_manager_makes_practice_vouchers_for_the_own_store_alone(
    office: Office, counter: Counter, manager: Browsing
) -> None:
    manager.get(PATH)
    assert manager.post(PATH, do="practise").status_code == 303
    shown = manager.get(PATH).text
    assert "PRACTICE 练习" in shown
    assert "Not used" in shown
    assert PRACTICE_PREFIX not in shown, "the picture alone has the whole code"
    assert f"Or type {vouchers.typed(code_of(office))}" in shown
    assert counter.in_store("jingan").redeem(code_of(office)).verdict is Verdict.REDEEMED
    assert "Redeemed" in manager.get(PATH).text
    assert manager.get("/stores/nanjing-lu/opening").status_code == 404
    assert manager.post("/stores/nanjing-lu/opening", do="practise").status_code in {404, 409}
    assert office.database.read(lambda connection: vouchers.newest(connection, "nanjing-lu")) == []
    for do in ("live", "testing"):
        refused = manager.post(PATH, do=do, why="-")
        assert refused.status_code == 409
        assert "head office or a technician" in refused.text
    assert ("chen.jing", "practise") in {(row["by"], row["deed"]) for row in office.database.read(newest)}


def test_a_technician_sets_a_store_live_once_all_is_well_and_takes_it_back_with_a_reason(
    office: Office, counter: Counter, technician: Browsing
) -> None:
    here, at = counter.in_store("jingan", "till-2"), office.clock()
    technician.get(PATH)
    assert technician.post(PATH, do="testing").status_code == 409, "a reason is wanted"
    assert technician.post(PATH, do="testing", why="rebuilt").status_code == 303
    assert "Testing" in technician.get("/stores").text
    assert here.redeem(counter.issue()).verdict is Verdict.WRONG_STORE
    refused = technician.post(PATH, do="live")
    assert refused.status_code == 409
    assert "The kiosks are online" in refused.text
    kiosk = KioskStatus(id="till-2", online=True, software="1", camera="ready")
    status = StoreStatus(store="jingan", at=at.timestamp(), software="1", kiosks=(kiosk,))
    office.database.write(lambda connection: opening.keep_status(connection, "gw-jingan", status, at))
    technician.post(PATH, do="practise")
    here.settle(here.redeem(code_of(office)).rid)
    assert technician.post(PATH, do="live").status_code == 303
    assert here.redeem(counter.issue()).verdict is Verdict.REDEEMED
    deeds = [(row["by"], row["deed"], row["about"], row["why"]) for row in office.database.read(newest)]
    assert ("zhao.jun", "back-to-testing", "jingan 静安店", "rebuilt") in deeds
    assert ("zhao.jun", "go-live", "jingan 静安店", "") in deeds


def test_who_only_reads_is_offered_nothing_to_press(office: Office, app: FastAPI, counter: Counter) -> None:
    auditor = let_in(office, app, "ma.li", Role.AUDITOR)
    shown = auditor.get(PATH)
    assert shown.status_code == 200
    assert 'method="post"' not in shown.text.partition("<main")[2]
    assert auditor.get("/stores/none/opening").status_code == 404


def test_practice_is_found_by_its_code_and_by_its_redemption_where_it_is_of_an_own_store(
    office: Office, app: FastAPI, counter: Counter, manager: Browsing
) -> None:
    manager.post(PATH, do="practise")
    code = code_of(office)
    there = counter.in_store("jingan")
    intent = there.intent(code)
    there.confirm(intent)
    elsewhere = let_in(office, app, "somebody.else", Role.MANAGER, ["nanjing-lu"])
    for asked in (code, vouchers.typed(code).lower(), intent.rid):
        assert f"{PATH}" in manager.get(f"/vouchers?q={quote(asked)}").text
        assert f"{PATH}" not in elsewhere.get(f"/vouchers?q={quote(asked)}").text
