"""What a kiosk says to one code: its panel, light and sound against the vocabulary, and what the books hold of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.vocabulary import PHRASES
from tests.simulator.waiting import until

if TYPE_CHECKING:
    from protocol.vocabulary import Verdict
    from tests.scenarios.counter import Counter, State

#: Who writes down a refusal that the head office has spoken; what a kiosk refuses alone, the first two.
PARTIES = ("till-1", "gateway", "headoffice")
#: Rows of one second have no order.
_NEWEST = 3


def assert_says(state: State, verdict: Verdict, *lines: str) -> None:
    """Require a panel that begins with these lines, else with the verdict's own, and the verdict's light and sound."""
    phrase = PHRASES[verdict]
    wanted = list(lines or phrase.zh)
    said = (state["verdict"], state["lines"][: len(wanted)], state["light"], state["sound"])
    light = {"colour": phrase.light.colour, "pattern": phrase.light.pattern}
    assert said == (verdict, wanted, light, phrase.sound), state


def assert_refused_in_books(
    counter: Counter, verdict: Verdict, tail: str | None, parties: tuple[str, ...] = PARTIES
) -> None:
    """Require that each of these parties comes to hold one row of the refusal, which spent nothing: it has no rid.

    A code of which nothing is kept has no tail: then it is one of the newest rows.
    """

    def found() -> set[int]:
        books = counter.books()
        kept = [(books["kiosks"] | books)[party] for party in parties]
        rows = [[(row["rid"], row["verdict"], row["code_tail"]) for row in rows] for rows in kept]
        return {(said if tail else said[-_NEWEST:]).count((None, verdict, tail)) for said in rows}

    until(lambda: found() == {1})  # they are written after the screen


def assert_ended_in_books(counter: Counter, rid: str, verdict: Verdict) -> None:
    """Require that kiosk, gateway and head office come to hold the redemption, with this end."""

    def ends() -> dict[str, set[str]]:
        return {party: {row["verdict"] for row in rows} for party, rows in counter.rows(rid).items()}

    until(lambda: len(found := ends()) == len(PARTIES) and set.union(*found.values()) == {verdict})
