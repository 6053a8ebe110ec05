"""A desk over an office whose counter has served somebody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from headoffice.public import public_app
from headoffice.staff import passwords
from headoffice.staff.roles import Role
from tests.headoffice.desk.browsing import let_in

if TYPE_CHECKING:
    from fastapi import FastAPI

    from headoffice.office import Office
    from tests.headoffice.counter import Counter
    from tests.headoffice.desk.browsing import Browsing

#: scrypt's memory, a thousandth of the real one.
CHEAP = 2**4


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let passwords cost little: hundreds are asked for here, and test_passwords.py has the full cost."""
    monkeypatch.setattr(passwords, "_N", CHEAP)
    monkeypatch.setattr(passwords, "_NONE", passwords.hash_password("nobody's"))


@pytest.fixture
def app(office: Office) -> FastAPI:
    """Return the public door."""
    return public_app(office)


@pytest.fixture
def administrator(office: Office, app: FastAPI) -> Browsing:
    """Return the browser of an administrator."""
    return let_in(office, app, "li.lei", Role.ADMINISTRATOR)


@pytest.fixture
def staff(office: Office, app: FastAPI) -> Browsing:
    """Return the browser of somebody at head office."""
    return let_in(office, app, "wang.fang", Role.STAFF)


@pytest.fixture
def manager(office: Office, app: FastAPI, counter: Counter) -> Browsing:
    """Return the browser of the manager of 静安."""
    return let_in(office, app, "chen.jing", Role.MANAGER, ["jingan"])
