"""What each role sees and does: every page and every deed, tried by everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from headoffice.desk.pages import PAGES
from headoffice.staff import people
from headoffice.staff.roles import RIGHTS, Right, Role
from tests.headoffice.desk.browsing import let_in

if TYPE_CHECKING:
    from fastapi import FastAPI

    from headoffice.office import Office
    from tests.headoffice.counter import Counter
    from tests.headoffice.desk.browsing import Browsing

#: An address for each page that has a part of its own in it.
ADDRESSES = {"/vouchers/{voucher}": "/vouchers/none", "/types/{type}": "/types/new", "/stores/{store}": "/stores/new"}
ADDRESSES["/webhooks/{hook}"] = "/webhooks/new"
ADDRESSES["/campaigns/{campaign}"] = "/campaigns/new"
ADDRESSES["/stores/{store}/opening"] = "/stores/jingan/opening"


@pytest.mark.parametrize("role", Role)
def test_a_page_opens_to_those_who_have_its_right_and_to_nobody_else(
    office: Office, app: FastAPI, counter: Counter, role: Role
) -> None:
    browsing = let_in(office, app, "some.body", role, ["jingan"])
    for page in PAGES:
        may = page.right is None or page.right in RIGHTS[role]
        status = browsing.get(ADDRESSES.get(page.path, page.path)).status_code
        if page.path == "/vouchers/{voucher}" and may:
            assert status == 404
        elif page.path == "" and not may:
            assert status == 303  # to the first page that is theirs
        else:
            assert status == (200 if may else 403), page.path


@pytest.mark.parametrize("role", Role)
def test_what_a_form_does_is_done_for_those_who_have_the_right_and_for_nobody_else(
    office: Office, app: FastAPI, counter: Counter, role: Role
) -> None:
    browsing = let_in(office, app, "some.body", role, ["jingan"])
    for page in PAGES:
        if page.do is None or page.do_right is None:
            continue
        status = browsing.post(ADDRESSES.get(page.path, page.path)).status_code
        refused = not {page.right, page.do_right} <= RIGHTS[role]
        assert (status == 403) == refused, page.path


def test_nobody_but_administrators_makes_administrators() -> None:
    assert {role for role in Role if Right.CHANGE_PEOPLE in RIGHTS[role]} == {Role.ADMINISTRATOR}


def test_a_manager_sees_and_changes_only_what_is_of_their_own_stores(
    counter: Counter, manager: Browsing, administrator: Browsing
) -> None:
    here, there = counter.issue(title="静安茶"), counter.issue(title="南京茶")
    counter.in_store("jingan").redeem(here)
    other = counter.redeem(there)
    text = manager.get("").text
    assert "静安茶" in text
    assert "南京茶" not in text
    assert "南京茶" in administrator.get("").text
    assert "南京茶" not in manager.get("/reports?store=nanjing-lu").text

    voucher = counter.api.get(f"/api/v1/vouchers/{there}").json()["id"]
    refused = manager.post(f"/vouchers/{voucher}", undo=other.rid, why="wrong one")
    assert refused.status_code == 409
    assert counter.spent(there) == 1
    assert manager.post(f"/vouchers/{voucher}", withdraw="1", why="because").status_code == 409


def test_a_manager_adds_and_disables_clerks_of_their_own_stores_alone(counter: Counter, manager: Browsing) -> None:
    assert manager.post("/clerks", do="add", name="张三", stores="nanjing-lu").status_code == 409
    assert manager.post("/clerks", do="add", name="张三", stores="jingan").status_code == 200
    counter.api.post("/api/v1/clerks", {"number": "2000", "name": "共享", "stores": ["jingan", "nanjing-lu"]})
    assert manager.post("/clerks", do="change", number="2000", name="x", stores="jingan").status_code == 409
    assert manager.post("/clerks", do="reset", number="2000").status_code == 409
    assert manager.post("/clerks", do="activate", number="2000").status_code == 409
    shown = manager.post("/clerks", do="activate", number="1001")
    assert shown.status_code == 200
    assert "<svg" in shown.text
    assert manager.post("/clerks", do="change", number="1001", name="张三", stores="nanjing-lu").status_code == 409
    done = manager.post("/clerks", do="change", number="1001", name="张三", stores="jingan", disabled="1")
    assert done.status_code == 303
    listed = {clerk["number"]: clerk for clerk in counter.api.get("/api/v1/clerks").json()}
    assert listed["1001"]["disabled"]
    assert listed["2000"]["stores"] == ["jingan", "nanjing-lu"]


def test_who_is_disabled_or_moved_feels_it_at_once(
    office: Office, administrator: Browsing, manager: Browsing, counter: Counter
) -> None:
    counter.redeem(counter.issue(title="南京茶"))
    changed = {"login": "chen.jing", "name": "陈静", "role": "manager"}
    administrator.post("/people", do="change", stores="nanjing-lu", **changed)
    assert "南京茶" in manager.get("").text
    administrator.post("/people", do="change", stores="nanjing-lu", disabled="1", **changed)
    assert manager.get("").status_code == 303
    assert manager.sign_in("chen.jing").status_code == 401


def test_the_last_administrator_stays_one(office: Office, administrator: Browsing, staff: Browsing) -> None:
    lowered = {"do": "change", "login": "li.lei", "name": "x", "role": "staff"}
    assert "last administrator" in administrator.post("/people", **lowered).text
    administrator.post("/people", do="change", login="wang.fang", name="王芳", role="administrator")
    assert administrator.post("/people", **lowered).status_code == 303
    assert administrator.get("/people").status_code == 403
    roles = {row["login"]: row["role"] for row in office.database.read(people.all_people)}
    assert roles == {"li.lei": "staff", "wang.fang": "administrator"}
