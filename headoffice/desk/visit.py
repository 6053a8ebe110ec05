"""A request to the desk by somebody who is signed in, and what a page is."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from headoffice.desk.deeds import Deed, note

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection
    from starlette.responses import Response

    from headoffice.office import Office
    from headoffice.staff.people import Person
    from headoffice.staff.roles import Right

#: A voucher type's picture is the largest thing that a form brings.
LARGEST_FORM = 400_000


class Form:
    """What a form or an address's query brought: text, with blanks around it taken off."""

    def __init__(self, encoded: str) -> None:
        # No database holds a NUL, and nobody types one.
        self._fields = parse_qs(encoded.replace("%00", ""), keep_blank_values=True)

    def __call__(self, name: str, otherwise: str = "") -> str:
        """Return a field's text."""
        return self._fields.get(name, [otherwise])[0].strip()

    def secret(self, name: str) -> str:
        """Return a password as it was typed."""
        return self._fields.get(name, [""])[0]

    def every(self, name: str) -> list[str]:
        """Return each word that a field was sent with, however often: one a tick, or all in one text."""
        return [word for sent in self._fields.get(name, []) for word in sent.replace(",", " ").split()]

    def __contains__(self, name: str) -> bool:
        return name in self._fields


def form_key(token: str) -> str:
    """Return what every form of a session carries, so that no other site can send one."""
    return hmac.digest(token.encode(), b"a form of the desk", hashlib.sha256).hex()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Who came, in which language, with what."""

    office: Office
    person: Person
    token: str
    lang: str
    path: Mapping[str, str]
    query: Form
    form: Form = field(default_factory=lambda: Form(""))
    problem: str = ""
    """Why what the form asked for was not done."""

    @property
    def now(self) -> datetime:
        """The office's time."""
        return self.office.clock()

    def note(self, connection: Connection, deed: Deed, about: str = "", why: str = "") -> None:
        """Write down what this person does, in the transaction that does it."""
        note(connection, self.now, self.person.login, deed, about, why)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A template and its values, to be set in the frame of the desk."""

    template: str
    values: Mapping[str, object]
    status: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """Where to go after something was done, and the word for it; it is said there."""

    to: str
    done: str = ""


Outcome = Shown | Gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An address of the desk: what it shows, what its forms do, and which right each needs.

    ``right`` None: everybody who is signed in. What ``do`` refuses is said on what ``show`` shows. ``name`` is the word
    by which the menu knows it; a page without one is reached from another.
    """

    path: str
    right: Right | None
    show: Callable[[Visit], Outcome | Response]
    name: str = ""
    under: str = ""
    """The name of the page in the menu to which it belongs."""
    do: Callable[[Visit], Outcome] | None = None
    do_right: Right | None = None
