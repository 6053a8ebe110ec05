"""How long things last at the counter, in seconds. All of it is configuration; none of it is a rule of redemption."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from service.config import Section

Seconds = Annotated[float, Meta(gt=0, le=3600)]


class Timing(Section, frozen=True, kw_only=True):
    """Every time that the conversation goes by."""

    starting_s: Seconds = 40.0
    """At most this long the kiosk waits for a word about its camera, good or bad, before it says that there is none."""
    look_repeat_s: Seconds = 1.0
    slow_s: Seconds = 1.5
    """From when on a customer is told why it takes so long."""
    look_s: Seconds = 8.0
    """A code that nobody has answered for by then is given up; nothing was spent."""
    look_offline_s: Seconds = 3.0
    """The same where there was no network to begin with."""
    offer_s: Annotated[float, Meta(ge=2, lt=55)] = 30.0
    """How long an offer may be confirmed. A gateway refuses one older than 60 s, so this stays clear of that."""
    offer_margin_s: Annotated[float, Meta(ge=1, le=30)] = 5.0
    """An offer lapses this long before its gateway would refuse it, whatever ``offer_s`` says."""
    choice_s: Seconds = 10.0
    """After so long without an answer the clerk may wait on or give up."""
    result_min_s: Seconds = 3.0
    """A result stands at least so long, and then counts as seen."""
    result_s: Seconds = 8.0
    question_pause_s: Seconds = 15.0
    """A question that was pressed away comes back after this long at rest."""
    typing_s: Seconds = 30.0
    """What a clerk sets with the buttons is given up so long after the last press."""
    hello_s: Seconds = 10.0
    welcome_s: Seconds = 25.0
    """Without a word from the gateway for so long, only the broker is known to be there."""
    offline_sign_s: Seconds = 3.0
    """A shorter interruption than this is not shown to customers."""
    tidy_s: Seconds = 5.0
    """So long after a redemption has ended the journal is tidied, once nobody is being served: its raw code leaves the
    files."""
