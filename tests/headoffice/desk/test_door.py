"""Who comes in at the desk: the first administrator, links, passwords, pauses, sessions, forms of other sites."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from headoffice.desk.links import first_link
from headoffice.errors import NotAllowedError, NotFoundError, RefusedError
from headoffice.staff import people
from headoffice.staff.passwords import check_password, hash_password
from headoffice.staff.roles import Role
from tests.headoffice.desk.browsing import PASSWORD, Browsing
from tests.headoffice.racing import race

if TYPE_CHECKING:
    from fastapi import FastAPI

    from headoffice.database import Database
    from headoffice.office import Office
    from tests.headoffice.counter import Clock


def token_of(address: str | None) -> str:
    assert address is not None
    return address.rpartition("/")[2]


def test_the_first_administrator_comes_in_by_a_link_that_works_once(office: Office, app: FastAPI, clock: Clock) -> None:
    link = first_link(office.database, office.url, clock())
    other = first_link(office.database, office.url, clock())
    first, second = Browsing(app), Browsing(app)
    assert first.get(f"/join/{token_of(link)}").status_code == 200
    assert first.join(token_of(link), login="li.lei", name="李雷").headers["location"] == "/desk"
    assert "李雷" in first.get("").text
    assert first_link(office.database, office.url, clock()) is None
    for token in (token_of(link), token_of(other)):
        assert second.get(f"/join/{token}").status_code == 404
        assert second.join(token, login="me.too", name="x").status_code == 404
    assert [row["login"] for row in office.database.read(people.all_people)] == ["li.lei"]


def test_of_two_who_follow_first_links_at_once_one_becomes_administrator(database: Database, clock: Clock) -> None:
    tokens = [database.write(lambda connection: people.make_link(connection, None, clock())) for _ in range(4)]
    made = hash_password(PASSWORD)

    def follow(number: int) -> str | None:
        first = (f"person-{number}", "x")
        try:
            return database.write(
                lambda connection: people.follow_link(connection, tokens[number], first, made, clock())
            )
        except NotFoundError:
            return None

    assert len([login for login in race(*(partial(follow, number) for number in range(4))) if login]) == 1
    assert len(database.read(people.all_people)) == 1


def test_a_link_is_worth_nothing_after_two_days(office: Office, app: FastAPI, clock: Clock) -> None:
    token = token_of(first_link(office.database, office.url, clock()))
    clock.pass_by(people.LINK_FOR)
    assert Browsing(app).get(f"/join/{token}").status_code == 404


def test_a_new_link_resets_a_password_and_ends_every_session(
    office: Office, app: FastAPI, administrator: Browsing, staff: Browsing
) -> None:
    shown = administrator.post("/people", do="link", login="wang.fang").text
    token = shown.partition("/desk/join/")[2].partition('"')[0]
    assert staff.get("").status_code == 200  # until it is followed
    fresh = {"password": "a new one, hard to guess", "again": "a new one, hard to guess"}
    assert Browsing(app).join(token, **fresh).status_code == 303
    assert staff.get("").status_code == 303
    assert Browsing(app).sign_in("wang.fang").status_code == 401
    assert Browsing(app).sign_in("wang.fang", "a new one, hard to guess").status_code == 303


@pytest.mark.parametrize("password", ["short", "li.lei-li.lei-1", "aaaaaaaaaaaaaa", "x" * 201])
def test_a_password_that_is_easily_guessed_is_refused(password: str) -> None:
    with pytest.raises(RefusedError):
        check_password(password, "li.lei")


def test_wrong_passwords_make_a_pause_that_grows_and_even_the_right_one_waits(
    administrator: Browsing, app: FastAPI, clock: Clock
) -> None:
    guesser = Browsing(app)
    for _ in range(people.FREE_TRIES):
        assert guesser.sign_in("li.lei", "wrong").status_code == 401
    grown = []
    for _ in range(4):
        paused = timedelta()
        while (status := guesser.sign_in("li.lei", "wrong").status_code) == 429:
            clock.pass_by(people.FIRST_PAUSE)
            paused += people.FIRST_PAUSE
        assert status == 401
        grown.append(paused)
    assert grown == [people.FIRST_PAUSE * 2**n for n in range(4)]
    assert guesser.sign_in("li.lei").status_code == 429
    clock.pass_by(people.LONGEST_PAUSE)
    assert guesser.sign_in("li.lei").status_code == 303


def test_however_many_guess_at_once_no_more_passwords_are_looked_at(database: Database, clock: Clock) -> None:
    database.write(lambda connection: people.add_person(connection, "li.lei", "x", Role.ADMINISTRATOR, ()))

    def guess() -> bool:
        try:
            database.write(lambda connection: people.begin_try(connection, "li.lei", clock()))
        except NotAllowedError:
            return False
        return True

    assert sum(race(*[guess] * 12)) == people.FREE_TRIES


def test_nobody_learns_by_the_answer_who_there_is(administrator: Browsing, app: FastAPI) -> None:
    known, unknown = Browsing(app), Browsing(app)
    replies = [known.sign_in("li.lei", "wrong"), unknown.sign_in("nobody", "wrong")]
    assert [reply.status_code for reply in replies] == [401, 401]
    assert replies[0].text.replace("li.lei", "") == replies[1].text.replace("nobody", "")


def test_the_cookie_goes_to_the_desk_alone_and_no_script_reads_it(administrator: Browsing, app: FastAPI) -> None:
    cookie = Browsing(app).sign_in("li.lei").headers["set-cookie"]
    assert cookie.startswith("__Secure-hexiao_desk=")
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/desk"} <= set(cookie.split("; "))


def test_no_database_row_opens_a_session(administrator: Browsing, office: Office) -> None:
    token = administrator.cookie.partition("=")[2]
    kept = office.database.read(lambda connection: connection.exec_driver_sql("SELECT digest FROM desk_sessions").all())
    assert kept
    assert token.encode() not in b"".join(bytes(row[0]) for row in kept)


def test_a_session_ends_after_two_idle_hours_and_after_twelve_in_all(
    administrator: Browsing, app: FastAPI, clock: Clock
) -> None:
    for _ in range(11):
        clock.pass_by(timedelta(hours=1))
        assert administrator.get("").status_code == 200
    clock.pass_by(timedelta(hours=1))
    assert administrator.get("").headers["location"].startswith("/desk/sign-in")
    again = Browsing(app)
    again.sign_in("li.lei")
    clock.pass_by(people.IDLE_FOR)
    assert again.get("").status_code == 303


def test_signing_out_ends_the_session_and_not_only_the_cookie(administrator: Browsing) -> None:
    cookie = administrator.cookie
    assert administrator.post("/sign-out").status_code == 303
    administrator.cookie = cookie
    assert administrator.get("").status_code == 303


def test_a_password_is_changed_with_the_old_one_and_signs_out(administrator: Browsing, app: FastAPI) -> None:
    fresh = {"password": "nine red balloons fly", "again": "nine red balloons fly"}
    assert "present password" in administrator.post("/me", old="wrong", **fresh).text
    assert administrator.post("/me", old=PASSWORD, **fresh).headers["location"].startswith("/desk/sign-in")
    assert administrator.get("").status_code == 303
    assert Browsing(app).sign_in("li.lei", fresh["password"]).status_code == 303


@pytest.mark.parametrize("how", [{"origin": "https://evil.example"}, {"origin": None}, {"key": ""}, {"key": "0" * 32}])
def test_a_form_that_another_site_sends_does_nothing(
    administrator: Browsing, office: Office, how: dict[str, str | None]
) -> None:
    wanted = {"do": "add", "login": "mallory", "name": "M", "role": "administrator"}
    assert administrator.post("/people", **how, **wanted).status_code == 403
    assert [row["login"] for row in office.database.read(people.all_people)] == ["li.lei"]
    assert administrator.post("/people", **wanted).status_code == 200


def test_a_sign_in_leads_back_to_where_one_was_going_and_nowhere_else(administrator: Browsing, app: FastAPI) -> None:
    asked = Browsing(app).get("/reports").headers["location"]
    assert asked == "/desk/sign-in?to=%2Freports"
    for to, leads in {
        "/reports": "/desk/reports",
        "//evil.example": "/desk//evil.example",
        "https://evil": "/desk",
    }.items():
        reply = Browsing(app).post("/sign-in", login="li.lei", password=PASSWORD, to=to)
        assert reply.headers["location"] == leads


def test_a_page_loads_nothing_from_elsewhere_and_is_framed_by_nobody(administrator: Browsing) -> None:
    policy = administrator.get("").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_the_api_knows_no_cookie(administrator: Browsing, app: FastAPI) -> None:
    from tests.headoffice.asgi import Client  # noqa: PLC0415

    assert Client(app).get("/api/v1/stores", headers={"cookie": administrator.cookie}).status_code == 401
    assert not any(path.startswith("/desk") for path in app.openapi()["paths"])
